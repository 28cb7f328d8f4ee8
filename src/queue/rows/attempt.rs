//! Calls made for jobs, and a job with all that belongs to it.

use super::{Job, Message};
use crate::model::{AttemptId, Cause, JobId, Number};

/// One call made for a job.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Attempt {
    /// Its row.
    pub id: AttemptId,
    /// The job.
    pub job: JobId,
    /// The call it was part of: the attempt of the fax that the call was placed for first, which is this one where it was alone.
    pub call: AttemptId,
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

/// A call we made, and whom we called.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PlacedCall {
    /// The call.
    pub attempt: Attempt,
    /// The number.
    pub number: Number,
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
    /// Trunks that could not place it in this round; the others are tried before any of them is again.
    pub tried_trunks: Vec<String>,
}

/// A call that may now be placed, for one fax or several.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OpenedCall {
    /// Of the fax that it is placed for.
    pub first: Opened,
    /// Of those that go with it, in their order.
    pub further: Vec<(JobId, Opened)>,
}

/// One fax of a call that may now be placed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Opened {
    /// The open attempt.
    pub attempt: AttemptId,
    /// The first page to send, counted from 1: the one behind those already confirmed.
    pub first_page: u32,
    /// Which call for this job it is, counted from 1.
    pub ordinal: u32,
}
