//! What goes into a session and what comes out of it.

use super::{Envelope, Recipient, Reply};
#[cfg(doc)]
use super::{Session, Settings};

/// What happens to a session.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Input<'a> {
    /// Octets from the client.
    Bytes(&'a [u8]),
    /// [`Session::deadline`] has come.
    Timeout,
    /// The connection is gone.
    Closed,
    /// The answer to [`Output::Recipient`] or [`Output::DataEnds`].
    Verdict(Verdict),
    /// The server stops: no new command is obeyed; a message whose verdict is awaited still gets its reply.
    Shutdown,
}

/// The caller's answer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// Yes.
    Accept,
    /// Yes, with a text of one's own, such as the queue id; for a message only after it is stored.
    AcceptMessage {
        /// What stands behind the codes.
        text: String,
    },
    /// No, for now (4xx) or for good (5xx).
    Refuse(Reply),
}

/// What a session wants done, in this order.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Output {
    /// Send these octets.
    Write(Vec<u8>),
    /// A transaction began; earlier recipients are forgotten. Wants no verdict.
    Sender {
        /// The reverse-path; empty for the null sender.
        path: String,
        /// Octets the client declared.
        size: Option<u64>,
    },
    /// Wants a verdict.
    Recipient(Recipient),
    /// The message of this envelope follows.
    DataBegins {
        /// With at least one recipient.
        envelope: Envelope,
    },
    /// A piece of the message, dots of transparency taken out, lines ended by CR LF; at most [`DATA_CHUNK`] octets.
    Data(Vec<u8>),
    /// The message is whole. Wants this many verdicts: one in SMTP, in LMTP one for each recipient in its order. When
    /// [`Output::Close`] comes before them the client does not know the end, and will send the message again.
    DataEnds {
        /// How many.
        verdicts: usize,
    },
    /// Throw away what came since [`Output::DataBegins`]; wants no verdict, no [`Output::DataEnds`] will follow.
    DataAborted {
        /// Why, for the log.
        reason: AbortReason,
    },
    /// Send what was to be written, then close. Nothing follows.
    Close,
}

/// Why a message was not taken to its end.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum AbortReason {
    /// The client went away.
    #[error("the connection was lost within the message")]
    ConnectionLost,
    /// The client fell silent, or took too long in all.
    #[error("the message did not come in time")]
    TimedOut,
    /// More octets than [`Settings::max_message_bytes`].
    #[error("the message is too big")]
    TooBig,
    /// A CR or LF of its own, which another server might read as the end of the message.
    #[error("the message has a bare CR or LF in it")]
    BareLineEnd,
    /// A NUL octet.
    #[error("the message has a NUL octet in it")]
    Nul,
    /// A line longer than [`Settings::max_text_line_bytes`].
    #[error("a line of the message is too long")]
    LineTooLong,
    /// The server stops.
    #[error("the server was stopped within the message")]
    Shutdown,
}

/// Most octets in one [`Output::Data`].
pub const DATA_CHUNK: usize = 16 * 1024;
/// Most octets that may wait behind a question; a driver that heeds [`Session::wants_input`] never comes near.
pub const MAX_WAITING_INPUT: usize = 256 * 1024;
