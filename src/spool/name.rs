//! Names of spool files: the directory and 32 random hexadecimal digits, as in `pages/0123456789abcdef…`.

use super::SpoolError;
use std::fmt;

const RANDOM_BYTES: usize = 16;

/// What a file is, and so the directory it is in.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Kind {
    /// A mail as received.
    Message,
    /// Rendered pages (TIFF).
    Pages,
    /// A received fax (TIFF).
    Received,
    /// A mail on its way out.
    Mail,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::Message, Self::Pages, Self::Received, Self::Mail];

    /// Its directory below the spool's root.
    #[must_use]
    pub const fn directory(self) -> &'static str {
        match self {
            Self::Message => "messages",
            Self::Pages => "pages",
            Self::Received => "received",
            Self::Mail => "mail",
        }
    }
}

/// The name of a file that was committed, in the form that rows keep. It cannot lead out of the spool.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct SpoolName {
    kind: Kind,
    digits: String,
}

impl SpoolName {
    /// A name that no file has.
    pub(super) fn fresh(kind: Kind) -> Result<Self, SpoolError> {
        let mut bytes = [0; RANDOM_BYTES];
        getrandom::fill(&mut bytes).map_err(|_| SpoolError::NoRandomness)?;
        Ok(Self { kind, digits: bytes.iter().map(|byte| format!("{byte:02x}")).collect() })
    }

    /// Takes back the form that [`fmt::Display`] gives; anything else is no name.
    #[must_use]
    pub fn from_stored(text: &str) -> Option<Self> {
        let (directory, digits) = text.split_once('/')?;
        let kind = Kind::ALL.into_iter().find(|kind| kind.directory() == directory)?;
        let sound = digits.len() == 2 * RANDOM_BYTES && digits.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        sound.then(|| Self { kind, digits: digits.to_owned() })
    }

    /// What the file is.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    pub(super) fn file_name(&self) -> &str {
        &self.digits
    }
}

impl fmt::Display for SpoolName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.kind.directory(), self.digits)
    }
}
