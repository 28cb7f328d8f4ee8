//! What a person may see and do.

use super::step::{self, ended};
use super::{Store, bounded, columns};
use crate::model::{AttemptId, Cause, JobEvent, JobId, JobState};
use crate::queue::MAX_ROWS;
use crate::queue::error::{QueueError, Refusal};
use crate::queue::rows::{Counters, Job, JobDetail, JobFilter, Release, Resend};
use rusqlite::{Connection, OptionalExtension, params};

impl Store {
    /// Jobs that fit the filter, newest first.
    ///
    /// # Errors
    /// A failing disk.
    pub fn list(&self, filter: &JobFilter) -> Result<Vec<Job>, QueueError> {
        // The words are the program's own and need no quoting.
        let words: Vec<&str> = filter.states.iter().map(|state| state.word()).collect();
        let states = format!(",{},", words.join(","));
        self.read(|connection| {
            let mut query = connection.prepare_cached(
                "SELECT * FROM jobs WHERE (?1 = ',,' OR instr(?1, ',' || state || ',') > 0) \
                 AND (?2 IS NULL OR number = ?2) AND (?3 IS NULL OR sender = ?3) AND (?4 IS NULL OR message = ?4) \
                 AND (?5 IS NULL OR message IN (SELECT id FROM messages WHERE message_id = ?5)) \
                 AND (?6 IS NULL OR id < ?6) ORDER BY id DESC LIMIT ?7",
            )?;
            let rows = query.query_map(
                params![
                    states,
                    filter.number.as_ref().map(|number| number.as_str().to_owned()),
                    filter.sender,
                    filter.message.map(|message| message.0),
                    filter.message_id,
                    filter.before.map(|job| job.0),
                    filter.limit.min(MAX_ROWS)
                ],
                columns::job,
            )?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// One job with its message and its calls.
    ///
    /// # Errors
    /// When there is none, or a failing disk.
    pub fn show(&self, job: JobId) -> Result<JobDetail, QueueError> {
        self.read(|connection| detail(connection, job))
    }

    /// Keeps a job from being rendered or dialled until it is released.
    ///
    /// # Errors
    /// The job is neither accepted nor ready.
    pub fn hold(&self, job: JobId, reason: &str) -> Result<(), QueueError> {
        bounded("the reason to hold", reason)?;
        let reason = reason.to_owned();
        self.write("hold", move |tx| {
            step::step(tx, job, JobEvent::Hold)?;
            tx.connection
                .prepare_cached("UPDATE jobs SET hold_reason = ?2 WHERE id = ?1")?
                .execute(params![job.0, reason])?;
            Ok(())
        })
    }

    /// Lets a held job go on. Its lifetime reaches to `expires_ms` at least, as it may have run out meanwhile.
    ///
    /// # Errors
    /// The job is not held.
    pub fn release(&self, job: JobId, expires_ms: i64) -> Result<Release, QueueError> {
        self.write("release", move |tx| {
            let row = step::job(tx.connection, job)?;
            let (event, release) = if row.pages_file.is_some() || row.fetch.is_some() {
                (JobEvent::ReleaseRendered, Release::Rendered)
            } else {
                (JobEvent::ReleaseUnrendered, Release::Unrendered)
            };
            step::step(tx, job, event)?;
            tx.connection
                .prepare_cached("UPDATE jobs SET hold_reason = NULL, expires_ms = max(expires_ms, ?2) WHERE id = ?1")?
                .execute(params![job.0, expires_ms])?;
            Ok(release)
        })
    }

    /// Withdraws a job. When it is in a call, that call's attempt is given: the call is to be ended, and until it is
    /// closed the job is not reported.
    ///
    /// # Errors
    /// The job has ended.
    pub fn cancel(&self, job: JobId, now_ms: i64) -> Result<Option<AttemptId>, QueueError> {
        self.write("cancel", move |tx| {
            step::step(tx, job, JobEvent::Cancel)?;
            ended(tx, job, &Cause::Cancelled, now_ms)?;
            Ok(tx
                .connection
                .prepare_cached("SELECT id FROM attempts WHERE job = ?1 AND closed_ms IS NULL")?
                .query_row([job.0], |row| row.get(0).map(AttemptId))
                .optional()?)
        })
    }

    /// Sends an ended job once more, with all its tries and a lifetime to `expires_ms`.
    ///
    /// # Errors
    /// The job has not ended, is still in a call, or never had pages.
    pub fn retry(&self, job: JobId, from: Resend, now_ms: i64, expires_ms: i64) -> Result<(), QueueError> {
        self.write("retry", move |tx| {
            let row = step::job(tx.connection, job)?;
            if step::in_call(tx.connection, job)? {
                return Err(Refusal::CallOpen(job).into());
            }
            if row.state.after(JobEvent::Again).is_some() && row.pages_file.is_none() && row.fetch.is_none() {
                return Err(Refusal::NoPages(job).into());
            }
            step::step(tx, job, JobEvent::Again)?;
            let confirmed = match from {
                Resend::Remaining if row.pages_confirmed < row.pages_total => row.pages_confirmed,
                Resend::Remaining | Resend::Whole => 0,
            };
            tx.connection
                .prepare_cached(
                    "UPDATE jobs SET pages_confirmed = ?2, due_ms = ?3, expires_ms = ?4, ended_ms = NULL, \
                     cause = NULL, cause_detail = NULL, give_up = NULL, tried_trunks = NULL, delay_reported_ms = NULL, \
                     tries_busy = 0, tries_no_answer = 0, tries_trunk = 0, tries_fax = 0, tries_not_a_fax = 0, \
                     tries_resume = 0 WHERE id = ?1",
                )?
                .execute(params![job.0, confirmed, now_ms, expires_ms])?;
            Ok(())
        })
    }

    /// Moves a ready or accepted job's due time, for example to dial it now.
    ///
    /// # Errors
    /// The job is on the line, held or has ended.
    pub fn reschedule(&self, job: JobId, due_ms: i64) -> Result<(), QueueError> {
        self.write("reschedule", move |tx| {
            let state = step::state(tx.connection, job)?;
            if !matches!(state, JobState::Accepted | JobState::Ready) {
                return Err(Refusal::IllegalStep { job, state, event: JobEvent::Retry }.into());
            }
            tx.ring(crate::queue::bell::Bell::Dial);
            tx.connection
                .prepare_cached("UPDATE jobs SET due_ms = ?2 WHERE id = ?1")?
                .execute(params![job.0, due_ms])?;
            Ok(())
        })
    }

    /// Rows in each state.
    ///
    /// # Errors
    /// A failing disk.
    pub fn counters(&self) -> Result<Counters, QueueError> {
        self.read(|connection| {
            let count = |sql: &str| -> Result<u64, QueueError> {
                let count: i64 = connection.prepare_cached(sql)?.query_row([], |row| row.get(0))?;
                Ok(count.unsigned_abs())
            };
            let mut in_state = connection.prepare_cached("SELECT count(*) FROM jobs WHERE state = ?1")?;
            let mut jobs = Vec::with_capacity(JobState::ALL.len());
            for state in JobState::ALL {
                let found: i64 = in_state.query_row([state.word()], |row| row.get(0))?;
                jobs.push((state, found.unsigned_abs()));
            }
            Ok(Counters {
                jobs,
                open_attempts: count("SELECT count(*) FROM attempts WHERE closed_ms IS NULL")?,
                attempts: count("SELECT count(*) FROM attempts")?,
                open_receptions: count("SELECT count(*) FROM received WHERE closed_ms IS NULL")?,
                received: count("SELECT count(*) FROM received")?,
                mails_queued: count("SELECT count(*) FROM mails WHERE state = 'queued'")?,
                mails_sent: count("SELECT count(*) FROM mails WHERE state = 'sent'")?,
                mails_failed: count("SELECT count(*) FROM mails WHERE state = 'failed'")?,
            })
        })
    }
}

/// A job with its message and attempts.
pub(super) fn detail(connection: &Connection, job: JobId) -> Result<JobDetail, QueueError> {
    let job = step::job(connection, job)?;
    let message = step::message(connection, job.message)?;
    let mut query = connection.prepare_cached("SELECT * FROM attempts WHERE job = ?1 ORDER BY id")?;
    let attempts = query.query_map([job.id.0], columns::attempt)?.collect::<Result<_, _>>()?;
    Ok(JobDetail { job, message, attempts })
}
