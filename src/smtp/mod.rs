//! SMTP and LMTP on the receiving side, as an engine: bytes and verdicts in, replies and a message out.
//!
//! The engine is [`Session`]; it never sees a socket, a file or a clock. The grammar of command words and of ESMTP
//! parameters is smtp-proto's; the readers of lines, of paths and of the message are ours, because a receiver must be stricter
//! about line ends, and kinder about long local parts, than that parser is.
//!
//! Not here: TLS, AUTH and CHUNKING (none is announced), who may send what (the caller's verdict), and the client.
//! Standards: RFC 5321, 1870, 2033, 2034, 2920, 3461, 3463, 6152.

mod command;
mod data;
mod envelope;
mod events;
mod line;
mod parameters;
mod path;
mod reply;
mod session;
mod settings;

pub use envelope::{Body, Envelope, Notify, OriginalRecipient, Recipient, Return};
pub use events::{AbortReason, DATA_CHUNK, Input, MAX_WAITING_INPUT, Output, Verdict};
pub use reply::Reply;
pub use session::Session;
pub use settings::{Protocol, Settings, Timeouts};

#[cfg(test)]
mod tests;
