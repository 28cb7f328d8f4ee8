//! What can go wrong with the queue, sorted by whose fault it is.

use super::offers::OfferEnd;
use crate::model::{AttemptId, FetchingId, JobEvent, JobId, JobState, MailId, MessageId, Number, OfferId, ReceivedId};

/// A failed operation. Nothing of it was kept: each operation is one transaction.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum QueueError {
    /// The queue's rules do not allow it; asking again will not help.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The disk or the file: a fault of this machine.
    #[error(transparent)]
    Local(#[from] LocalFault),
    /// A fault of the program.
    #[error("fault in the queue: {0}")]
    Bug(String),
}

impl QueueError {
    /// Whether the queue's rules do not allow it: somebody else was faster, nothing is broken.
    #[must_use]
    pub const fn is_refusal(&self) -> bool {
        matches!(self, Self::Refused(_))
    }
}

/// Why the queue's rules do not allow an operation.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Refusal {
    /// The step is not in the table of [`JobState::after`].
    #[error("job {job} is {state}; {event:?} cannot happen to it")]
    IllegalStep {
        /// The job.
        job: JobId,
        /// Where it stands.
        state: JobState,
        /// What was to happen.
        event: JobEvent,
    },
    /// No such row.
    #[error("there is no job {0}")]
    NoJob(JobId),
    /// No such row.
    #[error("there is no message {0}")]
    NoMessage(MessageId),
    /// No such row.
    #[error("there is no attempt {0}")]
    NoAttempt(AttemptId),
    /// No such row.
    #[error("there is no received fax {0}")]
    NoReceived(ReceivedId),
    /// No such row.
    #[error("there is no mail {0}")]
    NoMail(MailId),
    /// No such row.
    #[error("there is no offered document {0}")]
    NoOffer(OfferId),
    /// It ended before.
    #[error("document {offer} is no longer offered: {}", end.word())]
    OfferEnded {
        /// The document.
        offer: OfferId,
        /// Why.
        end: OfferEnd,
    },
    /// More documents than [`super::MAX_OFFERS`].
    #[error("{limit} documents are offered already", limit = super::MAX_OFFERS)]
    TooManyOffers,
    /// The fetching was closed before.
    #[error("fetching {0} is over")]
    FetchingClosed(FetchingId),
    /// A call to this number is open already.
    #[error("number {number} is being called by attempt {attempt}")]
    NumberInCall {
        /// The number.
        number: Number,
        /// The call that holds it.
        attempt: AttemptId,
    },
    /// The job's call has not ended yet.
    #[error("job {0} has a call on the line")]
    CallOpen(JobId),
    /// The attempt was closed before.
    #[error("attempt {0} is closed")]
    AttemptClosed(AttemptId),
    /// The reception was closed before.
    #[error("the reception of fax {0} is closed")]
    ReceptionClosed(ReceivedId),
    /// The mail was sent or given up before.
    #[error("mail {0} is no longer waiting")]
    MailEnded(MailId),
    /// What is to follow does not fit how the call ended: a fax that was delivered must not be dialled again, and one
    /// that was not must not count as done.
    #[error("the outcome {outcome:?} of attempt {attempt} does not allow this next step")]
    NextDoesNotFit {
        /// The attempt.
        attempt: AttemptId,
        /// The outcome's word.
        outcome: &'static str,
    },
    /// A page beyond the last.
    #[error("page {page} of attempt {attempt} cannot be confirmed: the fax has {total}")]
    NoSuchPage {
        /// The attempt.
        attempt: AttemptId,
        /// The page, counted from 1.
        page: u32,
        /// Pages there are.
        total: u32,
    },
    /// The pages were never made, so there is nothing to dial.
    #[error("job {0} has no pages: the message must be sent again")]
    NoPages(JobId),
    /// A message without recipients.
    #[error("the message has no recipient")]
    NoRecipient,
    /// More recipients than [`super::MAX_JOBS_PER_MESSAGE`].
    #[error("the message has more than {limit} recipients", limit = super::MAX_JOBS_PER_MESSAGE)]
    TooManyRecipients,
    /// A text longer than [`super::MAX_TEXT_BYTES`].
    #[error("{0} is longer than {limit} bytes", limit = super::MAX_TEXT_BYTES)]
    TextTooLong(&'static str),
    /// A number beyond what a row can hold.
    #[error("{0} is out of range")]
    OutOfRange(&'static str),
}

/// A fault of this machine.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum LocalFault {
    /// No space is left.
    #[error("the disk with the queue is full")]
    DiskFull,
    /// Written by a later version of the program.
    #[error(
        "the queue file {path} has schema {found}, and this version of the program knows none beyond {known}: \
         start the newer version, or restore the file from before the upgrade"
    )]
    Newer {
        /// The file.
        path: String,
        /// Its schema.
        found: i64,
        /// The newest schema known here.
        known: i64,
    },
    /// A database of another program.
    #[error("{path} is a database, but not a queue of this program")]
    Foreign {
        /// The file.
        path: String,
    },
    /// Another server has it open.
    #[error("another server is using the queue file {path}")]
    InUse {
        /// The file.
        path: String,
    },
    /// Another process held the write lock for longer than [`super::BUSY_TIMEOUT`].
    #[error("the queue is locked by another process")]
    Locked,
    /// A row that this program would not have written.
    #[error("the queue file is damaged: {0}")]
    Damaged(String),
    /// Anything else the disk or SQLite reports.
    #[error("the queue file failed: {0}")]
    Storage(String),
}

impl From<rusqlite::Error> for QueueError {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::{Error, ErrorCode};
        let damaged = matches!(
            error,
            Error::FromSqlConversionFailure(..) | Error::IntegralValueOutOfRange(..) | Error::InvalidColumnType(..)
        );
        if damaged {
            return LocalFault::Damaged(error.to_string()).into();
        }
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => LocalFault::DiskFull.into(),
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => LocalFault::Locked.into(),
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => LocalFault::Damaged(error.to_string()).into(),
            // A constraint that the code should have kept.
            Some(ErrorCode::ConstraintViolation) => Self::Bug(error.to_string()),
            _ => LocalFault::Storage(error.to_string()).into(),
        }
    }
}
