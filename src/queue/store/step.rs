//! The one place where a job changes its state, and the look-ups that operations share.

use super::columns;
use super::writer::Tx;
use crate::model::{Cause, JobEvent, JobId, JobState, MessageId};
use crate::queue::bell::Bell;
use crate::queue::cause;
use crate::queue::error::{QueueError, Refusal};
use crate::queue::rows::{Job, Message};
use rusqlite::{Connection, OptionalExtension, params};

/// Takes a legal step and rings the bell of the stage that goes on from there; gives the new state.
pub(super) fn step(tx: &Tx<'_>, job: JobId, event: JobEvent) -> Result<JobState, QueueError> {
    let state = state(tx.connection, job)?;
    let after = state.after(event).ok_or(Refusal::IllegalStep { job, state, event })?;
    tx.connection.prepare_cached("UPDATE jobs SET state = ?2 WHERE id = ?1")?.execute(params![job.0, after.word()])?;
    match after {
        JobState::Accepted => tx.ring(Bell::Render),
        JobState::Ready => tx.ring(Bell::Dial),
        JobState::Done | JobState::Failed | JobState::Cancelled => tx.ring(Bell::Report),
        JobState::Dialling | JobState::Held | JobState::Reported => {}
    }
    Ok(after)
}

/// Records how and when a job ended.
pub(super) fn ended(tx: &Tx<'_>, job: JobId, cause: &Cause, now_ms: i64) -> Result<(), QueueError> {
    tx.connection
        .prepare_cached("UPDATE jobs SET cause = ?2, cause_detail = ?3, ended_ms = ?4 WHERE id = ?1")?
        .execute(params![job.0, cause.word(), cause::detail(cause), now_ms])?;
    Ok(())
}

pub(super) fn state(connection: &Connection, job: JobId) -> Result<JobState, QueueError> {
    connection
        .prepare_cached("SELECT state FROM jobs WHERE id = ?1")?
        .query_row([job.0], |row| columns::job_state(row, "state"))
        .optional()?
        .ok_or_else(|| Refusal::NoJob(job).into())
}

pub(super) fn job(connection: &Connection, job: JobId) -> Result<Job, QueueError> {
    connection
        .prepare_cached("SELECT * FROM jobs WHERE id = ?1")?
        .query_row([job.0], columns::job)
        .optional()?
        .ok_or_else(|| Refusal::NoJob(job).into())
}

pub(super) fn message(connection: &Connection, message: MessageId) -> Result<Message, QueueError> {
    connection
        .prepare_cached("SELECT * FROM messages WHERE id = ?1")?
        .query_row([message.0], columns::message)
        .optional()?
        .ok_or_else(|| Refusal::NoMessage(message).into())
}

/// Whether a call for this job is on the line.
pub(super) fn in_call(connection: &Connection, job: JobId) -> Result<bool, QueueError> {
    Ok(connection
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM attempts WHERE job = ?1 AND closed_ms IS NULL)")?
        .query_row([job.0], |row| row.get(0))?)
}
