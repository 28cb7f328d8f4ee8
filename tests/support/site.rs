//! A place for one server: a folder, an address of 127.0.0.0/8 that nobody else uses, and a configuration whose trunk leads back to
//! the server itself.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU8, Ordering};

use faxramp::config::{self, Config};
use tempfile::TempDir;

const SMTP_PORT: u16 = 2525;
const SIP_PORT: u16 = 5062;

/// What a test wants beyond the usual.
#[derive(Clone, Copy, Default)]
pub(crate) struct Wishes {
    /// Channels of the trunk; 4 when not said.
    pub(crate) channels: Option<u32>,
    /// More lines of `[smtp]`. In all of these `{address}` stands for the address of the site, `{folder}` for its folder.
    pub(crate) smtp: &'static str,
    /// Where SIP is listened for, as in the configuration; the usual place when empty.
    pub(crate) listen: &'static str,
    /// Where the trunk is; the site itself when empty.
    pub(crate) proxy: &'static str,
    /// More lines of the trunk.
    pub(crate) trunk: &'static str,
    /// More lines of `[sip]`.
    pub(crate) sip: &'static str,
    /// More lines of `[fax]`.
    pub(crate) fax: &'static str,
    /// Whether pages go at the speed of a modem, so that a call lasts.
    pub(crate) slow: bool,
    /// More sections.
    pub(crate) more: &'static str,
}

/// See above.
pub(crate) struct Site {
    folder: TempDir,
    address: Ipv4Addr,
    /// A change is in force at the next start or reload.
    pub(crate) wishes: Wishes,
}

impl Site {
    /// A site that no other test has: the address is made of the process and a counter.
    pub(crate) fn new(wishes: Wishes) -> Self {
        static COUNTER: AtomicU8 = AtomicU8::new(1);
        let [_, _, high, low] = std::process::id().to_be_bytes();
        // 127.0.x.x is left to others.
        let address = Ipv4Addr::new(127, high | 0x80, low, COUNTER.fetch_add(1, Ordering::Relaxed));
        Self { folder: tempfile::tempdir().expect("a folder"), address, wishes }
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn smtp_address(&self) -> SocketAddr {
        SocketAddr::from((self.address, SMTP_PORT))
    }

    pub(crate) fn sip_address(&self) -> SocketAddr {
        SocketAddr::from((self.address, SIP_PORT))
    }

    pub(crate) fn address(&self) -> IpAddr {
        self.address.into()
    }

    pub(crate) fn queue_file(&self) -> PathBuf {
        self.folder().join("data/queue.sqlite")
    }

    /// The configuration as a file, for a server that is a process of its own.
    pub(crate) fn config_file(&self) -> PathBuf {
        let path = self.folder().join("faxramp.toml");
        std::fs::write(&path, self.text()).expect("written");
        path
    }

    /// The configuration, checked.
    pub(crate) fn config(&self) -> Config {
        config::check_text("test.toml", &self.text()).unwrap_or_else(|errors| panic!("{errors}"))
    }

    fn text(&self) -> String {
        let Wishes { channels, smtp, listen, proxy, trunk, sip, fax, slow, more } = self.wishes;
        let usual = self.sip_address().to_string();
        let listen = if listen.is_empty() { format!("\"{usual}\"") } else { listen.to_owned() };
        let proxy = if proxy.is_empty() { &usual } else { proxy };
        let channels = channels.unwrap_or(4);
        let pacing = if slow { "modem" } else { "fast" };
        format!(
            r#"
[server]
hostname = "fax.test"
data_directory = "{folder}/data"
[smtp]
listen = ["{smtp_address}"]
fax_domains = ["fax.test"]
{smtp}
[[allow]]
name = "staff"
senders = ["*@company.test"]
numbers = ["+39*"]
[sip]
listen = {listen}
{sip}
[[trunk]]
name = "loopback"
proxy = "{proxy}"
{trunk}
channels = {channels}
caller_number = "+390299999"
[[inbound]]
numbers = ["+3902*"]
mailboxes = ["office@mail.test"]
formats = "both"
[fax]
station_id = "+39 02 99999"
sender_name = "Company"
pacing = "{pacing}"
{fax}
[delivery]
maildir = "{folder}/maildir"
{more}
"#,
            folder = self.folder().display(),
            smtp_address = self.smtp_address(),
        )
        .replace("{address}", &self.address.to_string())
        .replace("{folder}", &self.folder().display().to_string())
    }
}
