//! Where the demonstration takes place: its folder, its ports, its configuration.

use std::net::{Ipv4Addr, SocketAddr, TcpListener, UdpSocket};
use std::path::{Path, PathBuf};

use crate::cli::exit::{Exit, Failure};
use crate::cli::moments::Moment;
use crate::config::{self, Config};

/// Who writes the sample mail and gets the receipts.
pub(super) const SENDER: &str = "anna@example.com";
/// The mail domain of the demonstration's faxes.
pub(super) const FAX_DOMAIN: &str = "fax.example.com";
/// The numbers the sample is faxed to, each with the mailbox that gets what arrives there.
pub(super) const LINES: [(&str, &str); 2] = [("+390655501", "rome@example.com"), ("+390255502", "milan@example.com")];
/// The first port tried for SMTP.
const SMTP_PORT: u16 = 2525;
/// The first port tried for SIP.
const SIP_PORT: u16 = 5062;
/// Ports tried.
const PORTS: u16 = 100;
/// Where folders of demonstrations are made when this is the project's own folder.
const BUILD: &str = "build/demo";

/// Makes the folder, or takes the one named when nothing is in it. Its path is absolute.
pub(super) fn folder(named: Option<&Path>, moment: &Moment) -> Result<PathBuf, Failure> {
    let unusable =
        |path: &Path, reason: String| Failure::new(Exit::Unavailable, format!("{}: {reason}", path.display()));
    if let Some(path) = named {
        std::fs::create_dir_all(path).map_err(|error| unusable(path, format!("cannot be made: {error}")))?;
        let mut entries =
            std::fs::read_dir(path).map_err(|error| unusable(path, format!("cannot be read: {error}")))?;
        if entries.next().is_some() {
            return Err(Failure::new(Exit::Data, format!("{} is not empty", path.display()))
                .advising("name another directory, or one that is not there yet"));
        }
        return path.canonicalize().map_err(|error| unusable(path, error.to_string()));
    }
    let base = if Path::new("Cargo.toml").is_file() { PathBuf::from(BUILD) } else { std::env::temp_dir() };
    std::fs::create_dir_all(&base).map_err(|error| unusable(&base, format!("cannot be made: {error}")))?;
    let prefix = moment.zoned(moment.now_ms).strftime("faxramp-demo-%Y%m%d-%H%M%S-").to_string();
    let made = tempfile::Builder::new().prefix(&prefix).tempdir_in(&base);
    let path = made.map_err(|error| unusable(&base, format!("no folder can be made in it: {error}")))?.keep();
    path.canonicalize().map_err(|error| unusable(&path, error.to_string()))
}

/// The configuration of the demonstration, as a file that could be served.
pub(super) fn configuration(folder: &Path, smtp: SocketAddr, sip: SocketAddr) -> String {
    let mut text = format!(
        r#"# The configuration of the demonstration: a server that faxes to itself.

[server]
hostname = "fax.example.com"
data_directory = {data}

[smtp]
listen = ["{smtp}"]
fax_domains = ["{FAX_DOMAIN}"]

[numbers]
country_code = "39"
national_prefix = ""

[[allow]]
name = "staff"
senders = ["*@example.com"]
numbers = ["*"]

[sip]
listen = "{sip}"

[[trunk]]
name = "loopback"
proxy = "{sip}"
channels = 8
caller_number = "+390655500"

[fax]
station_id = "+39 06 55500"
sender_name = "Ponte & Figli"
pacing = "fast"

[receipt]
attach = "pdf"

[delivery]
maildir = {maildir}
"#,
        data = quoted(&folder.join("data")),
        maildir = quoted(&maildir(folder)),
    );
    for (number, mailbox) in LINES {
        text.push_str(&format!(
            "\n[[inbound]]\nnumbers = [\"{number}\"]\nmailboxes = [\"{mailbox}\"]\nformats = \"both\"\n"
        ));
    }
    text
}

/// Where the demonstration's mail is delivered.
pub(super) fn maildir(folder: &Path) -> PathBuf {
    folder.join("maildir")
}

/// A path as TOML text.
// TOML 1.0: basic strings
fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    let escaped: String = text
        .chars()
        .map(|character| match character {
            '"' => "\\\"".to_owned(),
            '\\' => "\\\\".to_owned(),
            other if other.is_control() => format!("\\u{:04X}", u32::from(other)),
            other => other.to_string(),
        })
        .collect();
    format!("\"{escaped}\"")
}

/// Finds free ports and checks the configuration that uses them.
pub(super) fn prepare(folder: &Path) -> Result<(Config, String), Failure> {
    let smtp = free("SMTP", SMTP_PORT, |address| TcpListener::bind(address).is_ok())?;
    let sip = free("SIP", SIP_PORT, |address| UdpSocket::bind(address).is_ok() && TcpListener::bind(address).is_ok())?;
    let text = configuration(folder, smtp, sip);
    let config = config::check_text("demo.toml", &text).map_err(|errors| {
        Failure::new(Exit::Failed, format!("the demonstration's configuration has faults:\n{errors}"))
    })?;
    Ok((config, text))
}

fn free(what: &str, first: u16, is_free: impl Fn(SocketAddr) -> bool) -> Result<SocketAddr, Failure> {
    let address = |port| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    (first..first + PORTS).map(address).find(|address| is_free(*address)).ok_or_else(|| {
        let sentence = format!("none of the ports {first} to {} is free for {what}", first + PORTS - 1);
        Failure::new(Exit::Unavailable, sentence)
    })
}

#[cfg(test)]
mod tests {
    use super::{configuration, folder, free};
    use crate::cli::moments::Moment;
    use crate::config::check_text;
    use std::net::{SocketAddr, TcpListener};
    use std::path::Path;

    #[test]
    fn the_configuration_is_sound_whatever_the_folder_is_called() {
        let (smtp, sip) = ("127.0.0.1:2526".parse().expect("SMTP"), "127.0.0.1:5063".parse().expect("SIP"));
        let text = configuration(Path::new("/tmp/a \"b\" \\c"), smtp, sip);
        let config = check_text("demo.toml", &text).unwrap_or_else(|errors| panic!("{errors}"));
        assert_eq!(config.server.data_directory, Path::new("/tmp/a \"b\" \\c/data"));
        assert_eq!(config.trunk[0].proxy.port, Some(config.sip.listen[0].address.port()));
        assert_eq!(config.inbound.len(), 2);
    }

    #[test]
    fn a_port_that_is_taken_is_passed_over() {
        let held = TcpListener::bind("127.0.0.1:0").expect("a port");
        let first = held.local_addr().expect("an address").port();
        let found = free("SMTP", first, |address| TcpListener::bind(address).is_ok()).expect("another port");
        assert!(found.port() > first);
        assert!(free("SMTP", 1, |_: SocketAddr| false).is_err());
    }

    #[test]
    fn a_folder_with_something_in_it_is_not_touched() {
        let directory = tempfile::tempdir().expect("a directory");
        let fresh = directory.path().join("a/b");
        assert!(folder(Some(&fresh), &Moment::now()).expect("made").is_absolute());
        assert!(folder(Some(directory.path()), &Moment::now()).is_err());
    }
}
