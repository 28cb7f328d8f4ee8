//! Mail as values: a message read with bounds, and the parts of it that become pages.
//!
//! Not here: SMTP, who may send, and drawing. Standards: RFC 5322, 2045–2047, 2231, 3834.

pub mod mime;
pub mod select;

pub use mime::{Automatic, Content, Incoming, Limits, Mailbox, MimeError, Part};
pub use select::{BodyText, Document, DocumentKind, SelectError, Selection, SelectionRules, select};
