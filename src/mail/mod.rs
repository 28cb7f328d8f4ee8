//! RFC 5322 and MIME as values: what is read from a mail, and the mails that are written. No sockets, no clock.

pub mod compose;
pub mod dsn;
pub mod header;
mod html;
pub mod pdf;
pub mod receipt;
pub mod received;

pub use compose::{Attachment, Letter};
pub use dsn::{DsnFacts, dsn};
pub use header::Mailbox;
pub use receipt::{AttemptFacts, Original, ReceiptFacts, Verdict, receipt};
pub use received::{NothingAttached, ReceivedFacts, received};
