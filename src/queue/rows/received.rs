//! Faxes received.

use super::NewMail;
use crate::model::{Cause, JobId, ReceivedId};

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
