//! Request methods and the reason phrases of responses. Unknown methods are kept, so they can be answered 501.

use std::fmt;

/// What a request asks for. Methods are case-sensitive.
// RFC 3261 §7.1
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Method {
    /// Begin or modify a session.
    Invite,
    /// Confirm a final response to INVITE.
    Ack,
    /// End a session.
    Bye,
    /// Give up a pending INVITE.
    Cancel,
    /// Ask for capabilities; commonly a keep-alive.
    Options,
    /// Mid-session application information.
    // RFC 6086
    Info,
    /// Modify a session without INVITE.
    // RFC 3311
    Update,
    /// Acknowledge a reliable provisional response.
    // RFC 3262
    Prack,
    /// Bind an address.
    Register,
    /// Ask for notifications.
    Subscribe,
    /// A notification.
    Notify,
    /// An instant message.
    Message,
    /// Ask to contact a third party.
    Refer,
    /// Publish event state.
    Publish,
    /// Anything else, as received.
    Other(String),
}

/// The methods we answer, as the `Allow` header lists them.
pub const ALLOW: &str = "INVITE, ACK, BYE, CANCEL, OPTIONS, PRACK, INFO, UPDATE";

impl Method {
    /// Reads a method token; `None` when the bytes are not a token.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        if bytes.is_empty() || bytes.len() > METHOD_BYTES_MAX || !bytes.iter().all(|byte| is_token(*byte)) {
            return None;
        }
        let text = std::str::from_utf8(bytes).ok()?;
        let known = KNOWN.iter().find(|(name, _)| *name == text).map(|(_, method)| method.clone());
        Some(known.unwrap_or_else(|| Self::Other(text.to_owned())))
    }

    /// The token as it goes on the wire.
    pub fn as_str(&self) -> &str {
        if let Self::Other(name) = self {
            return name;
        }
        KNOWN.iter().find(|(_, method)| method == self).map_or("", |(name, _)| name)
    }
}

impl fmt::Display for Method {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// Whether a byte may stand in a token.
// RFC 3261 §25.1
pub(super) fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-.!%*_+`'~".contains(&byte)
}

/// The usual reason phrase of a status, for people only.
// RFC 3261 §21 and the documents that registered the later ones
pub fn reason_phrase(status: u16) -> &'static str {
    PHRASES.iter().find(|(known, _)| *known == status).map_or_else(|| class_phrase(status), |(_, phrase)| phrase)
}

/// What a status means by its first digit.
// RFC 3261 §8.1.3.2
fn class_phrase(status: u16) -> &'static str {
    match status {
        ..200 => "Progress",
        200..300 => "Success",
        300..400 => "Redirection",
        400..500 => "Client Error",
        500..600 => "Server Error",
        600.. => "Failure",
    }
}

/// Longest method token we keep.
const METHOD_BYTES_MAX: usize = 64;

const KNOWN: [(&str, Method); 14] = [
    ("INVITE", Method::Invite),
    ("ACK", Method::Ack),
    ("BYE", Method::Bye),
    ("CANCEL", Method::Cancel),
    ("OPTIONS", Method::Options),
    ("INFO", Method::Info),
    ("UPDATE", Method::Update),
    ("PRACK", Method::Prack),
    ("REGISTER", Method::Register),
    ("SUBSCRIBE", Method::Subscribe),
    ("NOTIFY", Method::Notify),
    ("MESSAGE", Method::Message),
    ("REFER", Method::Refer),
    ("PUBLISH", Method::Publish),
];

const PHRASES: [(u16, &str); 74] = [
    (100, "Trying"),
    (180, "Ringing"),
    (181, "Call Is Being Forwarded"),
    (182, "Queued"),
    (183, "Session Progress"),
    (199, "Early Dialog Terminated"),
    (200, "OK"),
    (202, "Accepted"),
    (204, "No Notification"),
    (300, "Multiple Choices"),
    (301, "Moved Permanently"),
    (302, "Moved Temporarily"),
    (305, "Use Proxy"),
    (380, "Alternative Service"),
    (400, "Bad Request"),
    (401, "Unauthorized"),
    (402, "Payment Required"),
    (403, "Forbidden"),
    (404, "Not Found"),
    (405, "Method Not Allowed"),
    (406, "Not Acceptable"),
    (407, "Proxy Authentication Required"),
    (408, "Request Timeout"),
    (410, "Gone"),
    (412, "Conditional Request Failed"),
    (413, "Request Entity Too Large"),
    (414, "Request-URI Too Long"),
    (415, "Unsupported Media Type"),
    (416, "Unsupported URI Scheme"),
    (417, "Unknown Resource-Priority"),
    (420, "Bad Extension"),
    (421, "Extension Required"),
    (422, "Session Interval Too Small"),
    (423, "Interval Too Brief"),
    (424, "Bad Location Information"),
    (428, "Use Identity Header"),
    (429, "Provide Referrer Identity"),
    (430, "Flow Failed"),
    (433, "Anonymity Disallowed"),
    (436, "Bad Identity Info"),
    (437, "Unsupported Credential"),
    (438, "Invalid Identity Header"),
    (439, "First Hop Lacks Outbound Support"),
    (440, "Max-Breadth Exceeded"),
    (469, "Bad Info Package"),
    (470, "Consent Needed"),
    (480, "Temporarily Unavailable"),
    (481, "Call/Transaction Does Not Exist"),
    (482, "Loop Detected"),
    (483, "Too Many Hops"),
    (484, "Address Incomplete"),
    (485, "Ambiguous"),
    (486, "Busy Here"),
    (487, "Request Terminated"),
    (488, "Not Acceptable Here"),
    (489, "Bad Event"),
    (491, "Request Pending"),
    (493, "Undecipherable"),
    (494, "Security Agreement Required"),
    (500, "Server Internal Error"),
    (501, "Not Implemented"),
    (502, "Bad Gateway"),
    (503, "Service Unavailable"),
    (504, "Server Time-out"),
    (505, "Version Not Supported"),
    (513, "Message Too Large"),
    (555, "Push Notification Service Not Supported"),
    (580, "Precondition Failure"),
    (600, "Busy Everywhere"),
    (603, "Decline"),
    (604, "Does Not Exist Anywhere"),
    (606, "Not Acceptable"),
    (607, "Unwanted"),
    (608, "Rejected"),
];
