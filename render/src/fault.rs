//! Why a document cannot be drawn: whose fault, and one sentence for its sender.

use faxramp::pages::worker::ErrorKind;

/// A document that gives no pages, or no more of them.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{message}")]
pub(crate) struct Fault {
    /// Whose fault.
    pub(crate) kind: ErrorKind,
    /// The sentence.
    pub(crate) message: String,
}

impl Fault {
    fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into() }
    }

    /// They: damaged, or not what it says.
    pub(crate) fn malformed(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Malformed, message)
    }

    /// They: it wants a password.
    pub(crate) fn encrypted(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Encrypted, message)
    }

    /// Refused: more pages than allowed. `pages` is known for formats that say so before they are drawn.
    pub(crate) fn too_many_pages(pages: Option<u32>, most: u32) -> Self {
        let message = match pages {
            Some(pages) => format!("it has {pages} pages, and at most {most} are allowed"),
            None => format!("it has more than the {most} pages allowed"),
        };
        Self::new(ErrorKind::TooManyPages, message)
    }

    /// Refused: too large.
    pub(crate) fn too_large(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::TooLarge, message)
    }

    /// They: a form that is not drawn here.
    pub(crate) fn unsupported(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Unsupported, message)
    }

    /// Local or Bug.
    pub(crate) fn internal(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Internal, message)
    }
}
