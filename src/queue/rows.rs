//! Rows as values: what goes in and what comes out. Times are Unix milliseconds, sizes bytes, pages counted from 1.

mod attempt;
mod job;
mod mail;
mod message;
mod received;

use crate::model::{JobId, JobState, MessageId, Number};

pub use attempt::{Attempt, DueJob, JobDetail, Opened, OpenedCall, PlacedCall};
pub use job::{Fetch, Job, NewJob};
pub use mail::{Mail, MailKind, MailState, NewMail};
pub use message::{Message, NewMessage};
pub use received::{NewReceived, Received, ReceptionEnd};

/// What the rendering of a message changed.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct RenderedJobs {
    /// Jobs that are ready now.
    pub ready: Vec<JobId>,
    /// Held jobs that will be ready when released.
    pub held: Vec<JobId>,
    /// Jobs that failed, as the fax has more pages than they may have.
    pub too_long: Vec<JobId>,
}

impl RenderedJobs {
    /// Whether nobody wants the pages any more, so that their file is named by no row.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.ready.is_empty() && self.held.is_empty()
    }
}

/// From where a job is sent when a person asks for it again.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Resend {
    /// All pages.
    Whole,
    /// The pages not confirmed yet; all of them when none is missing.
    Remaining,
}

/// Where a released job went on.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Release {
    /// To be rendered.
    Unrendered,
    /// To be dialled.
    Rendered,
}

/// What start-up found left over from a crash or a hard stop.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Recovered {
    /// Jobs whose call was cut off and that will be dialled again, from the first unconfirmed page.
    pub resumed: Vec<JobId>,
    /// Jobs whose call was cut off after the last page was confirmed.
    pub done: Vec<JobId>,
    /// Jobs whose call was cut off and that are not dialled again.
    pub given_up: Vec<JobId>,
    /// Jobs that a person had cancelled while their call was on the line.
    pub cancelled: Vec<JobId>,
    /// Receptions that were cut off: their pages so far are in the spool and must still be delivered, and each must be
    /// closed with [`Store::close_reception`](super::Store::close_reception).
    pub receptions: Vec<Received>,
}

/// Which jobs to list. Nothing set lists the newest.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct JobFilter {
    /// Only these states; all when empty.
    pub states: Vec<JobState>,
    /// Only this number.
    pub number: Option<Number>,
    /// Only this envelope sender.
    pub sender: Option<String>,
    /// Only this message.
    pub message: Option<MessageId>,
    /// Only messages with this Message-ID (without brackets).
    pub message_id: Option<String>,
    /// Only jobs older than this one: the next page of a listing.
    pub before: Option<JobId>,
    /// How many; at most [`super::MAX_ROWS`].
    pub limit: u32,
}

impl Default for JobFilter {
    fn default() -> Self {
        Self {
            states: Vec::new(),
            number: None,
            sender: None,
            message: None,
            message_id: None,
            before: None,
            limit: 100,
        }
    }
}

/// Rows in each state, for metrics and the overview.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Counters {
    /// Jobs by state, every state named.
    pub jobs: Vec<(JobState, u64)>,
    /// Calls on the line.
    pub open_attempts: u64,
    /// Calls made.
    pub attempts: u64,
    /// Receptions on the line.
    pub open_receptions: u64,
    /// Faxes received.
    pub received: u64,
    /// Mails waiting.
    pub mails_queued: u64,
    /// Mails sent.
    pub mails_sent: u64,
    /// Mails given up.
    pub mails_failed: u64,
}

impl Counters {
    /// Jobs in `state`.
    #[must_use]
    pub fn jobs_in(&self, state: JobState) -> u64 {
        self.jobs.iter().find(|(named, _)| *named == state).map_or(0, |(_, count)| *count)
    }
}

/// What was forgotten.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Purged {
    /// Messages with their jobs, attempts and receipts.
    pub messages: u64,
    /// Received faxes with their mails.
    pub received: u64,
    /// Spool files that no row names any more and that can be removed.
    pub files: Vec<String>,
}
