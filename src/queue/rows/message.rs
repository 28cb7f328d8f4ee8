//! Accepted mails.

use crate::model::MessageId;

/// A mail about to be accepted.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct NewMessage {
    /// Reverse path; empty for the null sender.
    pub envelope_from: String,
    /// Who handed it in, for people: address and, where known, name or login.
    pub peer: String,
    /// When.
    pub received_ms: i64,
    /// Name of its file in the spool.
    pub spool_file: String,
    /// Size of that file.
    pub size_bytes: u64,
    /// The Message-ID field without its brackets, if there is one.
    pub message_id: Option<String>,
    /// Subject, decoded.
    pub subject: String,
    /// The From field, decoded.
    pub header_from: String,
    /// The References field, for threading the receipt.
    pub references: String,
    /// ENVID of MAIL, decoded.
    // RFC 3461 §4.4
    pub envelope_id: Option<String>,
    /// RET of MAIL: `FULL` or `HDRS`.
    // RFC 3461 §4.3
    pub return_content: Option<String>,
    /// Digest of the message as received, without the trace fields that differ each time it is sent.
    pub content_hash: [u8; 32],
}

/// An accepted mail.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Message {
    /// Its row.
    pub id: MessageId,
    /// Reverse path; empty for the null sender.
    pub envelope_from: String,
    /// Who handed it in.
    pub peer: String,
    /// When.
    pub received_ms: i64,
    /// Name of its file in the spool.
    pub spool_file: String,
    /// Size of that file.
    pub size_bytes: u64,
    /// Message-ID without brackets.
    pub message_id: Option<String>,
    /// Subject, decoded.
    pub subject: String,
    /// From, decoded.
    pub header_from: String,
    /// References.
    pub references: String,
    /// ENVID, decoded.
    pub envelope_id: Option<String>,
    /// RET.
    pub return_content: Option<String>,
}
