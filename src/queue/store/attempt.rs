//! Calls: which jobs may be dialled, and what is written before, during and after each call.

use super::step::{self, ended};
use super::writer::Tx;
use super::{Store, bounded, columns};
use crate::model::{AttemptId, Cause, JobEvent, JobId, JobState, Number, Outcome, RetryClass};
use crate::policy::{GiveUp, Next};
use crate::queue::bell::Bell;
use crate::queue::error::{QueueError, Refusal};
use crate::queue::rows::{Attempt, DueJob, Job, Opened, OpenedCall};
use crate::queue::{MAX_RECORD_BYTES, MAX_ROWS, cause};
use rusqlite::{OptionalExtension, params};

impl Store {
    /// Jobs that may be dialled now: ready, due, alive, and to a number that no call is open to.
    ///
    /// At most one job for each pair of number and sender is given, and the senders of equal priority take turns, so
    /// that neither one number nor one sender can fill the `limit`. [`due::plan`](crate::queue::due::plan) chooses
    /// among them.
    ///
    /// # Errors
    /// A failing disk.
    pub fn due_jobs(&self, now_ms: i64, limit: u32) -> Result<Vec<DueJob>, QueueError> {
        self.read(|connection| {
            let mut query = connection.prepare_cached(DUE_JOBS)?;
            let rows = query.query_map(params![now_ms, limit.min(MAX_ROWS)], columns::due_job)?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// Faxes to this number that may be dialled now, in the order in which they would go; for a call that is about to be placed there.
    ///
    /// # Errors
    /// A failing disk.
    pub fn due_to(&self, number: &Number, now_ms: i64, limit: u32) -> Result<Vec<DueJob>, QueueError> {
        self.read(|connection| {
            let mut query = connection.prepare_cached(
                "SELECT jobs.*, coalesce(senders.served_ms, 0) AS turn_ms \
                 FROM jobs LEFT JOIN senders ON senders.sender = jobs.sender \
                 WHERE number = ?1 AND state = 'ready' AND kind = 'send' AND due_ms <= ?2 AND expires_ms > ?2 \
                 ORDER BY priority DESC, due_ms, id LIMIT ?3",
            )?;
            let rows = query.query_map(params![number.as_str(), now_ms, limit.min(MAX_ROWS)], columns::due_job)?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// The next moment at which a waiting job becomes due or a job's lifetime ends, if any does after `now_ms`.
    ///
    /// # Errors
    /// A failing disk.
    pub fn next_wake_ms(&self, now_ms: i64) -> Result<Option<i64>, QueueError> {
        self.read(|connection| {
            let mut query = connection.prepare_cached(
                "SELECT min(wake_ms) FROM (\
                 SELECT min(due_ms) AS wake_ms FROM jobs WHERE state = 'ready' AND due_ms > ?1 UNION ALL \
                 SELECT min(expires_ms) FROM jobs WHERE state IN ('accepted', 'ready') AND expires_ms > ?1)",
            )?;
            Ok(query.query_row([now_ms], |row| row.get(0))?)
        })
    }

    /// Writes down that a call is about to be placed. Only after this returns may the INVITE leave.
    ///
    /// # Errors
    /// The job is not ready, or a call to its number is open: of two that race, one is refused.
    pub fn open_attempt(&self, job: JobId, trunk: &str, now_ms: i64) -> Result<Opened, QueueError> {
        Ok(self.open_call(job, &[], trunk, now_ms)?.first)
    }

    /// Writes down that a call is about to be placed for a fax, and that these go with it, in one transaction. Of those that go with it, one that
    /// cannot be dialled any more is left out.
    ///
    /// # Errors
    /// The first job is not ready, or a call to its number is open: of two that race, one is refused.
    pub fn open_call(
        &self,
        first: JobId,
        further: &[JobId],
        trunk: &str,
        now_ms: i64,
    ) -> Result<OpenedCall, QueueError> {
        bounded("the trunk", trunk)?;
        let (trunk, further) = (trunk.to_owned(), further.to_vec());
        self.write("open-attempt", move |tx| {
            let row = step::job(tx.connection, first)?;
            // The index on open attempts would refuse most of them as well; this names the call that is in the way.
            if row.state == JobState::Ready
                && let Some(attempt) = open_to(tx, &row.number)?
            {
                return Err(Refusal::NumberInCall { number: row.number, attempt }.into());
            }
            let opened = open(tx, first, None, &trunk, now_ms)?;
            let mut call = OpenedCall { first: opened, further: Vec::new() };
            for job in further {
                let goes_with = step::job(tx.connection, job)?;
                if goes_with.state == JobState::Ready && goes_with.number == row.number && goes_with.fetch.is_none() {
                    call.further.push((job, open(tx, job, Some(opened.attempt), &trunk, now_ms)?));
                }
            }
            Ok(call)
        })
    }

    /// Writes down that the far end confirmed the fax up to and including `page`, counted from 1 over the whole fax.
    ///
    /// # Errors
    /// The attempt is closed, or there is no such page.
    pub fn page_confirmed(&self, attempt: AttemptId, page: u32) -> Result<(), QueueError> {
        self.write("page-confirmed", move |tx| {
            let open = open_attempt(tx, attempt)?;
            let job = step::job(tx.connection, open.job)?;
            if page == 0 || page > job.pages_total {
                return Err(Refusal::NoSuchPage { attempt, page, total: job.pages_total }.into());
            }
            confirm(tx, attempt, job.id, page)
        })
    }

    /// Writes down how the call ended and what follows. `outcome` counts the pages of the whole fax, `record` is JSON.
    ///
    /// A job whose pages are all confirmed is done, however the call ended. One that a person cancelled during the
    /// call stays cancelled, with what the call had achieved.
    ///
    /// # Errors
    /// The attempt is closed already, or `next` does not fit the outcome.
    pub fn close_attempt(
        &self,
        attempt: AttemptId,
        outcome: &Outcome,
        next: Next,
        record: Option<String>,
        now_ms: i64,
    ) -> Result<JobState, QueueError> {
        let outcome = outcome.clone();
        self.write("close-attempt", move |tx| {
            let open = open_attempt(tx, attempt)?;
            close(tx, &open, &outcome, next, record.as_deref(), now_ms)
        })
    }

    /// Takes back the attempt of a fax whose turn in a call never came. Nothing of it was sent, so no attempt remains, it costs no try, and
    /// the fax is due again at `due_ms`. One that a person cancelled meanwhile stays so.
    ///
    /// # Errors
    /// The attempt is closed already.
    pub fn not_begun(&self, attempt: AttemptId, due_ms: i64, now_ms: i64) -> Result<JobState, QueueError> {
        self.write("not-begun", move |tx| {
            let open = open_attempt(tx, attempt)?;
            tx.ring(Bell::Dial);
            if step::state(tx.connection, open.job)? == JobState::Cancelled {
                close_row(tx, attempt, &Cause::Cancelled, &Cause::Cancelled.sentence(), None, now_ms)?;
                tx.ring(Bell::Report);
                return Ok(JobState::Cancelled);
            }
            tx.connection.prepare_cached("DELETE FROM attempts WHERE id = ?1")?.execute([attempt.0])?;
            due_again(tx, open.job, due_ms)?;
            step::step(tx, open.job, JobEvent::Retry)
        })
    }

    /// Gives up all jobs whose lifetime is over, but for held ones and those on the line; gives their ids.
    ///
    /// # Errors
    /// A failing disk.
    pub fn expire(&self, now_ms: i64) -> Result<Vec<JobId>, QueueError> {
        self.write("expire", move |tx| {
            let mut query = tx.connection.prepare_cached(
                "SELECT id, state FROM jobs WHERE state IN ('accepted', 'ready') AND expires_ms <= ?1 \
                 ORDER BY id LIMIT ?2",
            )?;
            let rows = query.query_map(params![now_ms, MAX_ROWS], |row| {
                Ok((JobId(row.get("id")?), columns::job_state(row, "state")?))
            })?;
            let expired = rows.collect::<Result<Vec<_>, _>>()?;
            for (job, state) in &expired {
                let event = if *state == JobState::Accepted { JobEvent::RenderFailed } else { JobEvent::GiveUp };
                step::step(tx, *job, event)?;
                ended(tx, *job, &Cause::Expired, now_ms)?;
                give_up(tx, *job, GiveUp::LifetimeOver)?;
            }
            Ok(expired.into_iter().map(|(job, _)| job).collect())
        })
    }

    /// Gives up a ready job without a call, for example because no trunk serves its number.
    ///
    /// # Errors
    /// The job is not ready.
    pub fn give_up(&self, job: JobId, cause: &Cause, now_ms: i64) -> Result<(), QueueError> {
        let cause = cause.clone();
        self.write("give-up", move |tx| {
            step::step(tx, job, JobEvent::GiveUp)?;
            ended(tx, job, &cause, now_ms)?;
            give_up(tx, job, GiveUp::Final)
        })
    }
}

/// `call`: the attempt that the call is placed for first, when it is another.
fn open(tx: &Tx<'_>, job: JobId, call: Option<AttemptId>, trunk: &str, now_ms: i64) -> Result<Opened, QueueError> {
    step::step(tx, job, JobEvent::Dial)?;
    let row = step::job(tx.connection, job)?;
    // A document is fetched from its beginning each time.
    let confirmed = if row.fetch.is_some() { 0 } else { row.pages_confirmed };
    let first_page = confirmed + 1;
    tx.connection
        .prepare_cached(
            "INSERT INTO attempts (job, number, call, trunk, opened_ms, first_page, pages_confirmed) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?
        .execute(params![job.0, row.number.as_str(), call.map(|call| call.0), trunk, now_ms, first_page, confirmed])?;
    let attempt = AttemptId(tx.connection.last_insert_rowid());
    tx.connection
        .prepare_cached(
            "INSERT INTO senders (sender, served_ms) VALUES (?1, ?2) \
             ON CONFLICT (sender) DO UPDATE SET served_ms = max(served_ms, excluded.served_ms)",
        )?
        .execute(params![row.sender, now_ms])?;
    let ordinal = tx
        .connection
        .prepare_cached("SELECT count(*) FROM attempts WHERE job = ?1")?
        .query_row([job.0], |row| row.get(0))?;
    Ok(Opened { attempt, first_page, ordinal })
}

fn open_to(tx: &Tx<'_>, number: &Number) -> Result<Option<AttemptId>, QueueError> {
    Ok(tx
        .connection
        .prepare_cached("SELECT id FROM attempts WHERE number = ?1 AND closed_ms IS NULL ORDER BY id LIMIT 1")?
        .query_row([number.as_str()], |row| row.get(0).map(AttemptId))
        .optional()?)
}

/// The attempt, if it is open.
pub(super) fn open_attempt(tx: &Tx<'_>, attempt: AttemptId) -> Result<Attempt, QueueError> {
    let row = tx
        .connection
        .prepare_cached("SELECT * FROM attempts WHERE id = ?1")?
        .query_row([attempt.0], columns::attempt)
        .optional()?
        .ok_or(Refusal::NoAttempt(attempt))?;
    if row.closed_ms.is_some() { Err(Refusal::AttemptClosed(attempt).into()) } else { Ok(row) }
}

/// Pages confirmed never become fewer.
fn confirm(tx: &Tx<'_>, attempt: AttemptId, job: JobId, page: u32) -> Result<(), QueueError> {
    for (sql, id) in [
        ("UPDATE attempts SET pages_confirmed = max(pages_confirmed, ?2) WHERE id = ?1", attempt.0),
        ("UPDATE jobs SET pages_confirmed = max(pages_confirmed, ?2) WHERE id = ?1", job.0),
    ] {
        tx.connection.prepare_cached(sql)?.execute(params![id, page])?;
    }
    Ok(())
}

/// Closes an open attempt and takes its job on; gives the job's new state.
pub(super) fn close(
    tx: &Tx<'_>,
    open: &Attempt,
    outcome: &Outcome,
    next: Next,
    record: Option<&str>,
    now_ms: i64,
) -> Result<JobState, QueueError> {
    let class = outcome.cause.retry_class();
    let over = matches!(class, RetryClass::Delivered | RetryClass::DoNotRepeat);
    if over != (next == Next::Done) {
        return Err(Refusal::NextDoesNotFit { attempt: open.id, outcome: outcome.cause.word() }.into());
    }
    let before = step::job(tx.connection, open.job)?;
    let whole = match before.fetch {
        None => {
            let confirmed = confirmed_pages(class, outcome, &before);
            confirm(tx, open.id, open.job, confirmed)?;
            confirmed.max(before.pages_confirmed) == before.pages_total
        }
        Some(_) => {
            fetched(tx, open, outcome.pages_confirmed)?;
            class == RetryClass::Delivered
        }
    };
    let sentence =
        if before.fetch.is_some() { outcome.cause.sentence_when_receiving() } else { outcome.cause.sentence() };
    close_row(tx, open.id, &outcome.cause, &sentence, record, now_ms)?;
    // The line is free for another job, whatever becomes of this one.
    tx.ring(Bell::Dial);
    if before.state == JobState::Cancelled {
        if over || whole {
            let cause = if whole { &Cause::Sent } else { &outcome.cause };
            ended(tx, open.job, cause, now_ms)?;
        }
        tx.ring(Bell::Report);
        return Ok(JobState::Cancelled);
    }
    if !matches!(next, Next::Elsewhere | Next::Uncounted(_)) {
        count_try(tx, &before, class)?;
    }
    if whole {
        // Every page has its confirmation; how the call was released no longer matters.
        ended(tx, open.job, &Cause::Sent, now_ms)?;
        return step::step(tx, open.job, JobEvent::Delivered);
    }
    ended(tx, open.job, &outcome.cause, now_ms)?;
    match next {
        Next::Done => step::step(tx, open.job, JobEvent::Delivered),
        Next::At(due_ms) | Next::Uncounted(due_ms) => {
            due_again(tx, open.job, due_ms)?;
            step::step(tx, open.job, JobEvent::Retry)
        }
        Next::Elsewhere => {
            go_elsewhere(tx, open, now_ms)?;
            step::step(tx, open.job, JobEvent::Retry)
        }
        Next::GiveUp(reason) => {
            give_up(tx, open.job, reason)?;
            step::step(tx, open.job, JobEvent::GiveUp)
        }
    }
}

fn due_again(tx: &Tx<'_>, job: JobId, due_ms: i64) -> Result<(), QueueError> {
    tx.connection
        .prepare_cached("UPDATE jobs SET due_ms = ?2, ended_ms = NULL WHERE id = ?1")?
        .execute(params![job.0, due_ms])?;
    Ok(())
}

/// Pages of a fax that is sent, confirmed by the end of a call.
const fn confirmed_pages(class: RetryClass, outcome: &Outcome, before: &Job) -> u32 {
    match class {
        RetryClass::Delivered => before.pages_total,
        RetryClass::DoNotRepeat
        | RetryClass::Busy
        | RetryClass::NoAnswer
        | RetryClass::Trunk
        | RetryClass::Fax
        | RetryClass::NotAFax
        | RetryClass::Never
        | RetryClass::Resume => {
            if outcome.pages_confirmed < before.pages_total {
                outcome.pages_confirmed
            } else {
                before.pages_total
            }
        }
    }
}

/// Pages that came in the call of a fetch. Each call fetches the document anew, so those of an earlier one do not count.
fn fetched(tx: &Tx<'_>, open: &Attempt, pages: u32) -> Result<(), QueueError> {
    tx.connection
        .prepare_cached("UPDATE attempts SET pages_confirmed = ?2 WHERE id = ?1")?
        .execute(params![open.id.0, pages])?;
    tx.connection
        .prepare_cached("UPDATE jobs SET pages_total = ?2, pages_confirmed = ?2 WHERE id = ?1")?
        .execute(params![open.job.0, pages])?;
    Ok(())
}

fn close_row(
    tx: &Tx<'_>,
    attempt: AttemptId,
    cause: &Cause,
    sentence: &str,
    record: Option<&str>,
    now_ms: i64,
) -> Result<(), QueueError> {
    let record = record.filter(|record| record.len() <= MAX_RECORD_BYTES);
    tx.connection
        .prepare_cached(
            "UPDATE attempts SET closed_ms = ?2, cause = ?3, cause_detail = ?4, sentence = ?5, record = ?6 WHERE id = ?1",
        )?
        .execute(params![attempt.0, now_ms, cause.word(), cause::detail(cause), sentence, record])?;
    Ok(())
}

/// The job is due at once, on a trunk that was not tried in this round. It costs no try.
fn go_elsewhere(tx: &Tx<'_>, open: &Attempt, now_ms: i64) -> Result<(), QueueError> {
    tx.connection
        .prepare_cached(
            "UPDATE jobs SET due_ms = ?2, ended_ms = NULL, \
             tried_trunks = iif(tried_trunks IS NULL, ?3, tried_trunks || char(10) || ?3) WHERE id = ?1",
        )?
        .execute(params![open.job.0, now_ms, open.trunk])?;
    Ok(())
}

/// A round over the trunks is over: it counts as one try, and the next begins with all of them.
fn count_try(tx: &Tx<'_>, job: &Job, class: RetryClass) -> Result<(), QueueError> {
    let tries = job.tries.plus(class);
    tx.connection
        .prepare_cached(
            "UPDATE jobs SET tries_busy = ?2, tries_no_answer = ?3, tries_trunk = ?4, tries_fax = ?5, \
             tries_not_a_fax = ?6, tries_resume = ?7, tried_trunks = NULL WHERE id = ?1",
        )?
        .execute(params![
            job.id.0,
            tries.busy,
            tries.no_answer,
            tries.trunk,
            tries.fax,
            tries.not_a_fax,
            tries.resume
        ])?;
    Ok(())
}

fn give_up(tx: &Tx<'_>, job: JobId, reason: GiveUp) -> Result<(), QueueError> {
    tx.connection
        .prepare_cached("UPDATE jobs SET give_up = ?2 WHERE id = ?1")?
        .execute(params![job.0, reason.word()])?;
    Ok(())
}

/// `place` finds the first job of each number and sender, `turn` deals the rest out in rounds.
const DUE_JOBS: &str = "
    SELECT jobs.*, coalesce(senders.served_ms, 0) AS turn_ms
    FROM (
        SELECT id, row_number() OVER (PARTITION BY priority, sender ORDER BY due_ms, id) AS turn
        FROM (
            SELECT id, priority, sender, due_ms,
                   row_number() OVER (PARTITION BY number, sender ORDER BY priority DESC, due_ms, id) AS place
            FROM jobs
            WHERE state = 'ready' AND due_ms <= ?1 AND expires_ms > ?1
              AND NOT EXISTS (SELECT 1 FROM attempts
                              WHERE attempts.number = jobs.number AND attempts.closed_ms IS NULL)
        )
        WHERE place = 1
    ) AS chosen
    JOIN jobs ON jobs.id = chosen.id
    LEFT JOIN senders ON senders.sender = jobs.sender
    ORDER BY jobs.priority DESC, chosen.turn, turn_ms, jobs.due_ms, jobs.id
    LIMIT ?2";
