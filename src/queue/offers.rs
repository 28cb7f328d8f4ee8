//! Rows of documents that others may fetch from us, and of who fetched them. Times are Unix milliseconds.

use crate::model::{Cause, FetchingId, NumberPattern, OfferId, Password, ReceivedId};

/// Documents offered at a time.
pub const MAX_OFFERS: u32 = 1000;

/// The shape of one page of an offered document.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct OfferedPage {
    /// Picture elements in a line.
    pub pels: u32,
    /// Lines.
    pub rows: u32,
    /// Lines per inch.
    pub lines_per_inch: u32,
}

/// A document about to be offered.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewOffer {
    /// What people call it.
    pub name: String,
    /// The called numbers it is for.
    pub numbers: Vec<NumberPattern>,
    /// Only a caller who names this selective address (SEP) gets it; without one it is for those who name none.
    pub selective: Option<String>,
    /// The password (PWD) without which nobody gets it.
    pub password: Option<Password>,
    /// Whether it ends once somebody has fetched it completely.
    pub once: bool,
    /// Name of its pages in the spool.
    pub pages_file: String,
    /// Its pages.
    pub pages: Vec<OfferedPage>,
    /// When it was made.
    pub created_ms: i64,
    /// When it ends; never by itself when nothing.
    pub until_ms: Option<i64>,
}

/// Why a document is no longer offered.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum OfferEnd {
    /// A person took it away.
    Removed,
    /// It was to be fetched once, and was.
    Fetched,
    /// Its time is over.
    Expired,
}

impl OfferEnd {
    /// The word stored in rows and shown to people.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Removed => "removed",
            Self::Fetched => "fetched",
            Self::Expired => "expired",
        }
    }

    pub(super) fn from_word(word: &str) -> Option<Self> {
        [Self::Removed, Self::Fetched, Self::Expired].into_iter().find(|end| end.word() == word)
    }
}

/// A document that is or was offered.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Offer {
    /// Its row.
    pub id: OfferId,
    /// What people call it.
    pub name: String,
    /// The called numbers it is for.
    pub numbers: Vec<NumberPattern>,
    /// Its selective address.
    pub selective: Option<String>,
    /// Its password.
    pub password: Option<Password>,
    /// Whether it ends once somebody has fetched it completely.
    pub once: bool,
    /// Name of its pages in the spool; nothing when it has ended and they were removed.
    pub pages_file: Option<String>,
    /// Its pages.
    pub pages: Vec<OfferedPage>,
    /// When it was made.
    pub created_ms: i64,
    /// When it ends by itself.
    pub until_ms: Option<i64>,
    /// When and why it ended.
    pub ended: Option<(i64, OfferEnd)>,
}

impl Offer {
    /// When and why it ended, as seen at `now_ms`: one whose time is over counts as ended before that is written down.
    #[must_use]
    pub fn ended_by(&self, now_ms: i64) -> Option<(i64, OfferEnd)> {
        self.ended.or_else(|| self.until_ms.filter(|until| *until <= now_ms).map(|until| (until, OfferEnd::Expired)))
    }
}

/// A fetching that begins.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewFetching {
    /// The document.
    pub offer: OfferId,
    /// The call.
    pub received: ReceivedId,
    /// The number called.
    pub called: String,
    /// The caller's number, if shown.
    pub caller: Option<String>,
    /// When it began.
    pub opened_ms: i64,
}

/// Somebody who fetched a document, or tried to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fetching {
    /// Its row.
    pub id: FetchingId,
    /// The document.
    pub offer: OfferId,
    /// The call.
    pub received: Option<ReceivedId>,
    /// The number called.
    pub called: String,
    /// The caller's number, if shown.
    pub caller: Option<String>,
    /// What the caller's machine calls itself (CIG).
    pub remote_id: Option<String>,
    /// When it began.
    pub opened_ms: i64,
    /// When it ended; nothing while it is on the line.
    pub closed_ms: Option<i64>,
    /// Pages the caller's machine confirmed.
    pub pages_confirmed: u32,
    /// How it ended.
    pub cause: Option<Cause>,
    /// The cause as a sentence.
    pub sentence: Option<String>,
}
