//! The configuration: one TOML file, read whole, checked whole, given on as plain values.
//!
//! Every key is declared once, in `sections`: its type, default, bounds and the paragraph of the manual. Reading,
//! checking, the commented sample, the manual page and the Markdown reference all follow from that declaration, so they
//! cannot disagree. All faults of a file are told at once, each with line, column, key, reason and hint.
//!
//! Not here: what the values mean. Each module has its own settings; whoever starts the server fills them from [`Config`].
//! The file format is TOML 1.0; passwords may stay in files of their own.

mod check;
mod key;
pub mod kind;
mod problem;
mod reader;
pub mod reference;
mod secret;
mod sections;
mod value;

use std::path::Path;

pub use key::{Key, Section};
pub use problem::{Errors, Problem};
pub use reader::Reader;
pub use sections::{
    Allow, Config, Delivery, Fax, Fetch, Inbound, InboundBlock, Log, Numbers, Peer, Queue, Receipt, Render, Retry,
    Server, Sip, Smtp, SubAddress, Trace, Trunk,
};
pub use value::{
    Action, Attach, Body, CalledNumber, Captures, Codec, DeliveryTls, Digest, Engine, FaxWay, Formats, HostPort,
    Identity, LogFormat, LogLevel, Mailbox, NumberFormat, NumberUri, Pacing, Paper, PortRange, Rate, RejectedPage,
    Reliable, Secret, SipHost, SipListen, SipTransport, Srtp, T38, T38Ask, TlsClients, TrunkTransport, WhenFull,
};

use problem::Findings;
/// A configuration file larger than this is not read, octets.
pub const MAX_FILE_OCTETS: u64 = 1024 * 1024;

/// Reads and checks the file at `path`, and the password files it names.
///
/// # Errors
/// Every fault of the file at once; nothing is taken from a file that has one.
pub fn load(path: &Path) -> Result<Config, Errors> {
    let name = path.display().to_string();
    let text = match read_bounded(path) {
        Ok(text) => text,
        Err(reason) => return Err(Errors::of_file(&name, reason)),
    };
    let (mut config, mut findings) = read(&text);
    secret::fill(&mut config, path, &mut findings);
    findings.into_result(&name, &text, config)
}

/// Checks `text` as the content of the file `name`. Reads no file: a `password_file` is left unread.
///
/// # Errors
/// Every fault of the text at once.
pub fn check_text(name: &str, text: &str) -> Result<Config, Errors> {
    let (config, findings) = read(text);
    findings.into_result(name, text, config)
}

impl Default for Config {
    /// What an empty file means: listeners on the loopback only, no trunk, nobody may dial.
    fn default() -> Self {
        let (config, findings) = read("");
        debug_assert!(findings.is_empty(), "the defaults contradict one another");
        config
    }
}

fn read(text: &str) -> (Config, Findings) {
    let (root, faults) = toml::de::DeTable::parse_recoverable(text);
    let mut findings = Findings::new(faults);
    let config = Config::read(&mut Reader::root(root.get_ref(), &mut findings));
    check::contradictions(&config, &mut findings);
    (config, findings)
}

fn read_bounded(path: &Path) -> Result<String, String> {
    let size = std::fs::metadata(path).map_err(|error| format!("cannot be read: {error}"))?.len();
    if size > MAX_FILE_OCTETS {
        return Err(format!("is larger than {MAX_FILE_OCTETS} octets"));
    }
    let octets = std::fs::read(path).map_err(|error| format!("cannot be read: {error}"))?;
    String::from_utf8(octets).map_err(|error| format!("is not UTF-8 text (octet {})", error.utf8_error().valid_up_to()))
}

#[cfg(test)]
mod tests;
