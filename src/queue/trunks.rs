//! Rows about trunks: what is known of each, and the calls over it.

use crate::model::JobId;
use crate::policy::{Note, TrunkReport};

/// What is known of one trunk.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TrunkRow {
    /// Its name.
    pub name: String,
    /// How it stands.
    pub report: TrunkReport,
    /// Where its registrar sees us.
    pub seen_at: Option<String>,
    /// When this was written, Unix milliseconds.
    pub written_ms: i64,
}

/// The calls of some time over one trunk.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct TrunkCalls {
    /// Its name.
    pub trunk: String,
    /// Calls on the line now, out and in.
    pub open: u32,
    /// Ended outgoing calls by the word of their cause.
    pub outgoing: Vec<(String, u32)>,
    /// Ended incoming calls by the word of their cause.
    pub incoming: Vec<(String, u32)>,
}

/// A call that a trunk could not place.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TrunkFailure {
    /// When it ended, Unix milliseconds.
    pub closed_ms: i64,
    /// The job it was for.
    pub job: JobId,
    /// The word of the cause.
    pub cause: String,
    /// What it was, in words.
    pub sentence: String,
}

/// What is remembered of one number.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NumberNote {
    /// The number.
    pub number: String,
    /// What it is.
    pub note: Note,
    /// When, Unix milliseconds.
    pub noted_ms: i64,
}
