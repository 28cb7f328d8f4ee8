//! Rows as values: what goes in and what comes out. Times are Unix milliseconds, sizes bytes, pages counted from 1.

use crate::model::{AttemptId, Cause, FetchRequest, JobId, JobState, MailId, MessageId, Number, Outcome, ReceivedId};
use crate::policy::{GiveUp, Tries};

/// A mail about to be accepted.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct NewMessage {
    /// Reverse path; empty for the null sender.
    pub envelope_from: String,
    /// Who handed it in, for people: address and, where known, name or login.
    pub peer: String,
    /// When.
    pub received_ms: i64,
    /// Name of its file in the spool.
    pub spool_file: String,
    /// Size of that file.
    pub size_bytes: u64,
    /// The Message-ID field without its brackets, if there is one.
    pub message_id: Option<String>,
    /// Subject, decoded.
    pub subject: String,
    /// The From field, decoded.
    pub header_from: String,
    /// The References field, for threading the receipt.
    pub references: String,
    /// ENVID of MAIL, decoded.
    // RFC 3461 §4.4
    pub envelope_id: Option<String>,
    /// RET of MAIL: `FULL` or `HDRS`.
    // RFC 3461 §4.3
    pub return_content: Option<String>,
    /// Digest of the message as received, without the trace fields that differ each time it is sent.
    pub content_hash: [u8; 32],
}

/// A document to be fetched.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fetch {
    /// Which.
    pub request: FetchRequest,
    /// Who gets it.
    pub mailboxes: Vec<String>,
}

/// One recipient of a mail about to be accepted.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewJob {
    /// The number to dial.
    pub number: Number,
    /// The recipient as the client wrote it.
    pub original_address: String,
    /// T.30 sub-address (SUB) behind the number.
    pub sub_address: Option<String>,
    /// Nothing is sent, a document is fetched.
    pub fetch: Option<Fetch>,
    /// Higher goes first.
    pub priority: i32,
    /// Not to be dialled before.
    pub due_ms: i64,
    /// Given up after.
    pub expires_ms: i64,
    /// NOTIFY of RCPT.
    // RFC 3461 §4.1
    pub notify: Option<String>,
    /// ORCPT of RCPT, with its address type.
    // RFC 3461 §4.2
    pub original_recipient: Option<String>,
    /// The only trunk to use.
    pub trunk: Option<String>,
    /// Caller number to show.
    pub caller: Option<Number>,
    /// Held from the start, with this reason.
    pub hold: Option<String>,
}

impl NewJob {
    /// A job without any option.
    #[must_use]
    pub fn new(number: Number, original_address: impl Into<String>, due_ms: i64, expires_ms: i64) -> Self {
        Self {
            number,
            original_address: original_address.into(),
            sub_address: None,
            fetch: None,
            priority: 0,
            due_ms,
            expires_ms,
            notify: None,
            original_recipient: None,
            trunk: None,
            caller: None,
            hold: None,
        }
    }
}

/// An accepted mail.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Message {
    /// Its row.
    pub id: MessageId,
    /// Reverse path; empty for the null sender.
    pub envelope_from: String,
    /// Who handed it in.
    pub peer: String,
    /// When.
    pub received_ms: i64,
    /// Name of its file in the spool.
    pub spool_file: String,
    /// Size of that file.
    pub size_bytes: u64,
    /// Message-ID without brackets.
    pub message_id: Option<String>,
    /// Subject, decoded.
    pub subject: String,
    /// From, decoded.
    pub header_from: String,
    /// References.
    pub references: String,
    /// ENVID, decoded.
    pub envelope_id: Option<String>,
    /// RET.
    pub return_content: Option<String>,
}

/// One fax to one number.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Job {
    /// Its row.
    pub id: JobId,
    /// The mail it came with.
    pub message: MessageId,
    /// Reverse path of that mail.
    pub sender: String,
    /// The number to dial.
    pub number: Number,
    /// The recipient as the client wrote it.
    pub original_address: String,
    /// T.30 sub-address.
    pub sub_address: Option<String>,
    /// Nothing is sent, a document is fetched.
    pub fetch: Option<Fetch>,
    /// Where it stands.
    pub state: JobState,
    /// Higher goes first.
    pub priority: i32,
    /// When it was accepted.
    pub created_ms: i64,
    /// Not to be dialled before.
    pub due_ms: i64,
    /// Given up after.
    pub expires_ms: i64,
    /// When it was done, failed or cancelled.
    pub ended_ms: Option<i64>,
    /// Name of its pages in the spool, once rendered.
    pub pages_file: Option<String>,
    /// Pages there are; 0 before rendering. Of a fetch, pages that came in the last call.
    pub pages_total: u32,
    /// Pages the far end has confirmed, over all attempts. Of a fetch, as `pages_total`.
    pub pages_confirmed: u32,
    /// Failed attempts by class.
    pub tries: Tries,
    /// How the last attempt, or the job, ended.
    pub cause: Option<Cause>,
    /// Why it was given up.
    pub give_up: Option<GiveUp>,
    /// Why it is held.
    pub hold_reason: Option<String>,
    /// NOTIFY.
    pub notify: Option<String>,
    /// ORCPT.
    pub original_recipient: Option<String>,
    /// The only trunk to use.
    pub trunk: Option<String>,
    /// Caller number to show.
    pub caller: Option<Number>,
    /// When the sender was told that it takes long.
    pub delay_reported_ms: Option<i64>,
}

impl Job {
    /// How it stands as an outcome: the pages confirmed over all attempts and the last cause; nothing before the first.
    #[must_use]
    pub fn outcome(&self) -> Option<Outcome> {
        let cause = self.cause.clone()?;
        Some(Outcome { pages_confirmed: self.pages_confirmed, pages_total: self.pages_total, cause })
    }

    /// The last cause as a sentence.
    #[must_use]
    pub fn sentence(&self) -> Option<String> {
        let cause = self.cause.as_ref()?;
        Some(if self.fetch.is_some() { cause.sentence_when_receiving() } else { cause.sentence() })
    }
}

/// One call made for a job.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Attempt {
    /// Its row.
    pub id: AttemptId,
    /// The job.
    pub job: JobId,
    /// The trunk it went over.
    pub trunk: String,
    /// When it was opened.
    pub opened_ms: i64,
    /// When it was closed; nothing while it is open.
    pub closed_ms: Option<i64>,
    /// The first page it was to send, counted from 1.
    pub first_page: u32,
    /// Pages of the whole fax confirmed by its end (or so far).
    pub pages_confirmed: u32,
    /// How it ended.
    pub cause: Option<Cause>,
    /// The cause as a sentence, as it was then.
    pub sentence: Option<String>,
    /// What was sent and heard, as JSON.
    pub record: Option<String>,
}

/// A job with all that a report or a page about it needs.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct JobDetail {
    /// The job.
    pub job: Job,
    /// Its mail.
    pub message: Message,
    /// Its calls, oldest first.
    pub attempts: Vec<Attempt>,
}

/// A job that may be dialled.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DueJob {
    /// The job.
    pub job: Job,
    /// When its sender was last given a line; 0 for never.
    pub served_ms: i64,
    /// A trunk that failed it the last time, to be tried last.
    pub avoid_trunk: Option<String>,
}

/// A call that may now be placed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Opened {
    /// The open attempt.
    pub attempt: AttemptId,
    /// The first page to send, counted from 1: the one behind those already confirmed.
    pub first_page: u32,
    /// Which call for this job it is, counted from 1.
    pub ordinal: u32,
}

/// What the rendering of a message changed.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct RenderedJobs {
    /// Jobs that are ready now.
    pub ready: Vec<JobId>,
    /// Held jobs that will be ready when released.
    pub held: Vec<JobId>,
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

/// A fax call that is being answered.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct NewReceived {
    /// The number called, as the trunk wrote it.
    pub called: String,
    /// The caller's number, if shown.
    pub caller: Option<String>,
    /// The name shown with it.
    pub caller_name: Option<String>,
    /// Whether the caller does not want number and name to be shown.
    pub caller_withheld: bool,
    /// The trunk it came over.
    pub trunk: Option<String>,
    /// The fetch that brings it, when we are who called; then `called` is the number we called.
    pub job: Option<JobId>,
    /// Where it will be mailed.
    pub mailboxes: Vec<String>,
    /// Name of the spool file the pages go into.
    pub spool_file: String,
    /// When it was answered.
    pub opened_ms: i64,
}

/// A fax received, or being received.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Received {
    /// Its row.
    pub id: ReceivedId,
    /// The number called.
    pub called: String,
    /// The caller's number, if shown.
    pub caller: Option<String>,
    /// The name shown with it.
    pub caller_name: Option<String>,
    /// Whether the caller does not want number and name to be shown.
    pub caller_withheld: bool,
    /// The far end's station identification (TSI), once heard.
    pub remote_id: Option<String>,
    /// The trunk it came over.
    pub trunk: Option<String>,
    /// The fetch that brought it, when we are who called; then `called` is the number we called.
    pub job: Option<JobId>,
    /// The sub-address (SUB) the sender named.
    // T.33 (07/1996) §5
    pub sub_address: Option<String>,
    /// Where it is mailed.
    pub mailboxes: Vec<String>,
    /// Name of the spool file with its pages.
    pub spool_file: String,
    /// Pages that we have confirmed to the sender.
    pub pages: u32,
    /// When it was answered.
    pub opened_ms: i64,
    /// When it ended; nothing while it is on the line.
    pub closed_ms: Option<i64>,
    /// How it ended.
    pub cause: Option<Cause>,
    /// The cause as a sentence.
    pub sentence: Option<String>,
    /// What was sent and heard, as JSON.
    pub record: Option<String>,
}

/// How a reception ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ReceptionEnd {
    /// Why.
    pub cause: Cause,
    /// Where the fax is mailed.
    pub mailboxes: Vec<String>,
    /// The spool file that is to be kept, where it is another than the one opened.
    pub spool_file: Option<String>,
    /// What was sent and heard, as JSON.
    pub record: Option<String>,
    /// The mails that bring it.
    pub mails: Vec<NewMail>,
}

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

    pub(super) fn from_word(word: &str) -> Option<Self> {
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

    pub(super) fn from_word(word: &str) -> Option<Self> {
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
