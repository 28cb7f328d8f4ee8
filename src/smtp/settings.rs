//! What an administrator may set about receiving mail, with the limits the standards ask for.

use std::time::Duration;

/// Which of the two dialogues is spoken.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Protocol {
    /// RFC 5321.
    #[default]
    Smtp,
    /// RFC 2033: `LHLO`, and one reply for each accepted recipient after the dot.
    Lmtp,
}

/// Settings of one listener.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Settings {
    /// The dialogue spoken.
    pub protocol: Protocol,
    /// Our name in the greeting and in the reply to EHLO.
    pub hostname: String,
    /// What the greeting says behind the name; one line.
    pub banner: String,
    /// Largest message in octets, announced by SIZE.
    pub max_message_bytes: u64,
    /// Most recipients in one transaction.
    // RFC 5321 §4.5.3.1.8: at least 100
    pub max_recipients: usize,
    /// Commands that were wrong before the connection is closed with 421.
    pub max_errors: u32,
    /// Commands without a message accepted before the connection is closed with 421; accepted recipients do not count.
    pub max_commands: u32,
    /// How long one line of a message may be in octets, its CRLF not counted.
    // RFC 5321 §4.5.3.1.6 says 998; Outlook's HTML does not keep to it
    pub max_text_line_bytes: usize,
    /// The waits.
    pub timeouts: Timeouts,
}

/// How long each wait may last.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Timeouts {
    /// The greeting waits this long; whoever speaks before it is turned away. Zero greets at once.
    // RFC 5321 §4.3.1
    pub greeting_delay: Duration,
    /// Between our reply and the next whole command.
    // RFC 5321 §4.5.3.2.7: at least 5 minutes
    pub command: Duration,
    /// Between two blocks of a message.
    // RFC 5321 §4.5.3.2.5
    pub data_block: Duration,
    /// From DATA to the final dot.
    pub data_total: Duration,
    /// For the verdict on a recipient or on a message; the client waits 5 and 10 minutes.
    // RFC 5321 §4.5.3.2.3, §4.5.3.2.6
    pub verdict: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            protocol: Protocol::Smtp,
            hostname: "localhost".into(),
            banner: "faxramp".into(),
            max_message_bytes: 40 * 1024 * 1024,
            max_recipients: 100,
            max_errors: 10,
            max_commands: 1000,
            max_text_line_bytes: 64 * 1024,
            timeouts: Timeouts::default(),
        }
    }
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            greeting_delay: Duration::ZERO,
            command: Duration::from_secs(300),
            data_block: Duration::from_secs(300),
            data_total: Duration::from_secs(3600),
            verdict: Duration::from_secs(240),
        }
    }
}
