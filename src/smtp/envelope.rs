//! The envelope: who sends, to whom, and what reports they want. Kept as the client said it.

use std::net::SocketAddr;

use super::Protocol;

/// One mail transaction, as far as it was accepted.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Envelope {
    /// The dialogue it came by.
    pub protocol: Protocol,
    /// Whether the client said EHLO or LHLO, not HELO.
    pub extended: bool,
    /// The other end of the connection.
    pub peer: SocketAddr,
    /// What the client called itself in EHLO; not verified.
    pub helo: String,
    /// The reverse-path without its brackets; empty for the null sender of reports.
    pub sender: String,
    /// Octets the client declared by SIZE.
    // RFC 1870 §5
    pub size: Option<u64>,
    /// BODY, as declared.
    // RFC 6152 §2
    pub body: Body,
    /// RET: what a failure report should bring back.
    // RFC 3461 §4.3
    pub ret: Option<Return>,
    /// ENVID, decoded.
    // RFC 3461 §4.4
    pub envid: Option<String>,
    /// Recipients accepted, in the order they were.
    pub recipients: Vec<Recipient>,
}

/// A recipient: in a question, or, in the envelope, one that was accepted.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Recipient {
    /// The forward-path without its brackets; quotes of the local part are kept. `postmaster` may lack a domain.
    pub address: String,
    /// ORCPT.
    // RFC 3461 §4.2
    pub orcpt: Option<OriginalRecipient>,
    /// NOTIFY; without it a report is due on failure, and may be sent on delay.
    // RFC 3461 §4.1
    pub notify: Option<Notify>,
}

/// The recipient as the first sender wrote it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OriginalRecipient {
    /// `rfc822`, in lower case.
    pub address_type: String,
    /// The address: xtext decoded when it is of a type other than `utf-8`, which has its own escapes.
    pub address: String,
}

/// When the sender wants a report.
// RFC 3461 §4.1
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Notify {
    /// No report at all.
    Never,
    /// On any of these ends.
    On {
        /// The fax was sent.
        success: bool,
        /// It was given up.
        failure: bool,
        /// It takes long.
        delay: bool,
    },
}

/// What a report of failure should bring back.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Return {
    /// The whole message.
    Full,
    /// Its header only.
    Headers,
}

/// What the client says about the octets of the message.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Body {
    /// Nothing, or 7BIT.
    #[default]
    SevenBit,
    /// 8BITMIME.
    EightBitMime,
}
