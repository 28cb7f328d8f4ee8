//! The durable queue: what was accepted, where it stands, every call made for it, every mail on its way out.
//!
//! [`Store`] is a handle to one SQLite file. Each operation is one transaction and blocks until it is on the disk;
//! callers in an asynchronous runtime run it where blocking is allowed. Operations that wait together are committed
//! together, so the disk is synchronised once for all of them. What may happen to a job is decided by
//! [`JobState::after`](crate::model::JobState::after) alone; the store refuses any other step.
//!
//! Which of the due jobs are dialled now is decided by [`due::plan`], a function of values. The stages are woken by
//! [`Bell`]s rung after a commit. Times are Unix milliseconds given by the caller; the queue reads no clock.
//!
//! It is not a message store (files are the spool's) and sends nothing.

mod bell;
mod cause;
mod error;
mod offers;
mod receipt;
mod rows;
mod store;
mod trunks;

pub mod due;

#[cfg(test)]
mod tests;

pub use bell::Bell;
pub use error::{LocalFault, QueueError, Refusal};
pub use offers::{Fetching, MAX_OFFERS, NewFetching, NewOffer, Offer, OfferEnd, OfferedPage};
pub use receipt::Queued;
pub use rows::{
    Attempt, Counters, DueJob, Fetch, Job, JobDetail, JobFilter, Mail, MailKind, MailState, Message, NewJob, NewMail,
    NewMessage, NewReceived, Opened, OpenedCall, PlacedCall, Purged, Received, ReceptionEnd, Recovered, Release,
    RenderedJobs, Resend,
};
pub use store::Store;
pub use trunks::{NumberNote, TrunkCalls, TrunkFailure, TrunkRow};

use std::time::Duration;

/// Recipients one message may have: as many as `smtp.max_recipients` can allow.
pub const MAX_JOBS_PER_MESSAGE: usize = 10_000;
/// Bytes one text of a row may have.
pub const MAX_TEXT_BYTES: usize = 65_536;
/// Bytes the record of one call may have; a longer one is left out, as losing the outcome would be worse.
pub const MAX_RECORD_BYTES: usize = 4 * 1024 * 1024;
/// Rows one listing gives at most.
pub const MAX_ROWS: u32 = 10_000;
/// Notes on numbers of all trunks together.
pub const MAX_NUMBER_NOTES: u32 = 100_000;
/// How long a write waits for another process (an administrator's command) to finish its own.
pub const BUSY_TIMEOUT: Duration = Duration::from_secs(10);
/// A message that comes again within this time is the same message.
// RFC 1047 §2: a client that missed our reply sends again
pub const DUPLICATE_WINDOW_MS: i64 = 24 * 3600 * 1000;
