//! Jobs: one fax to one number, or one document fetched from one.

use crate::model::{Cause, FetchRequest, JobId, JobState, MessageId, Number, Outcome};
use crate::policy::{AddressOptions, GiveUp, Tries};

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
    /// What else was written into the address.
    pub options: AddressOptions,
    /// Most pages the fax may have; no limit of its own when absent.
    pub max_pages: Option<u32>,
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
            options: AddressOptions::default(),
            max_pages: None,
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
    /// What else was written into the address.
    pub options: AddressOptions,
    /// Most pages the fax may have; no limit of its own when absent.
    pub max_pages: Option<u32>,
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
