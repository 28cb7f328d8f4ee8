//! Mails on their way out.

use crate::model::{JobId, MailId, ReceivedId};

/// What a mail on its way out is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum MailKind {
    /// Tells the sender how the fax ended.
    Receipt,
    /// Tells the sender that it takes long.
    Delay,
    /// A fax received.
    Received,
}

impl MailKind {
    /// The word stored in rows.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Receipt => "receipt",
            Self::Delay => "delay",
            Self::Received => "received",
        }
    }

    pub(in crate::queue) fn from_word(word: &str) -> Option<Self> {
        [Self::Receipt, Self::Delay, Self::Received].into_iter().find(|kind| kind.word() == word)
    }
}

/// Where a mail on its way out stands.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum MailState {
    /// To be sent when due.
    Queued,
    /// Taken by the next server.
    Sent,
    /// Given up.
    Failed,
}

impl MailState {
    /// The word stored in rows.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Sent => "sent",
            Self::Failed => "failed",
        }
    }

    pub(in crate::queue) fn from_word(word: &str) -> Option<Self> {
        [Self::Queued, Self::Sent, Self::Failed].into_iter().find(|state| state.word() == word)
    }
}

/// A mail to one recipient, about to be queued. Several may share a file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewMail {
    /// Reverse path; empty for the null sender, as receipts have it.
    pub envelope_from: String,
    /// The one recipient.
    pub envelope_to: String,
    /// Name of its file in the spool.
    pub spool_file: String,
    /// Not to be sent before.
    pub due_ms: i64,
    /// Given up after.
    pub expires_ms: i64,
}

/// A mail on its way out.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Mail {
    /// Its row.
    pub id: MailId,
    /// What it is.
    pub kind: MailKind,
    /// The job it reports on.
    pub job: Option<JobId>,
    /// The fax it brings.
    pub received: Option<ReceivedId>,
    /// Reverse path.
    pub envelope_from: String,
    /// The one recipient.
    pub envelope_to: String,
    /// Name of its file in the spool.
    pub spool_file: String,
    /// Where it stands.
    pub state: MailState,
    /// When it was queued.
    pub created_ms: i64,
    /// Not to be sent before.
    pub due_ms: i64,
    /// Given up after.
    pub expires_ms: i64,
    /// When it was sent or given up.
    pub ended_ms: Option<i64>,
    /// Tries so far.
    pub tries: u32,
    /// What the next server said last.
    pub last_reply: Option<String>,
}
