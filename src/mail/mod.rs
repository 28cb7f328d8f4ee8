//! RFC 5322 and MIME as values: what is read from a mail (with bounds), which of its parts become pages, and the mails that are
//! written. No sockets, no clock, no drawing.

pub mod compose;
pub mod dsn;
pub mod header;
mod html;
pub mod mime;
pub mod pdf;
pub mod receipt;
pub mod received;
pub mod select;
pub mod trace;

pub use compose::{Attachment, Letter};
pub use dsn::{DsnFacts, dsn};
pub use header::Mailbox;
pub use mime::{Automatic, Content, Incoming, Limits, MimeError, Part};
pub use receipt::{AttemptFacts, Labels, Original, ReceiptFacts, Verdict, receipt};
pub use received::{Fetched, NothingAttached, ReceivedFacts, received};
pub use select::{BodyText, Document, DocumentKind, SelectError, Selection, SelectionRules, select};
