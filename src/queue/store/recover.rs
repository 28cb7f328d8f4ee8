//! Start-up after a crash or a hard stop: what was on the line is written down as interrupted.

use super::writer::Tx;
use super::{Store, attempt, columns, offer, step};
use crate::model::{Cause, JobState, Outcome};
use crate::policy::{Next, RetrySettings};
use crate::queue::error::QueueError;
use crate::queue::rows::{Attempt, Received, Recovered};
use std::collections::BTreeSet;

impl Store {
    /// Closes every attempt that a crash left open, keeping the pages confirmed so far, and lists the receptions left
    /// open. A server calls it once, before its stages start.
    ///
    /// A job all of whose pages were confirmed is done; another is resumed at once from the first page that was not,
    /// as long as `retry.resume` grants tries.
    ///
    /// # Errors
    /// A failing disk.
    pub fn recover(&self, retry: &RetrySettings, now_ms: i64) -> Result<Recovered, QueueError> {
        let retry = retry.clone();
        self.write("recover", move |tx| {
            let mut recovered = Recovered::default();
            let mut on_the_line = BTreeSet::new();
            for open in open_attempts(tx)? {
                // Of the faxes of one call they are closed one by one, so the first that is open was on the line.
                let was_its_turn = on_the_line.insert(open.call);
                let list = match interrupted(tx, &open, was_its_turn, &retry, now_ms)? {
                    JobState::Ready => &mut recovered.resumed,
                    JobState::Done => &mut recovered.done,
                    JobState::Cancelled => &mut recovered.cancelled,
                    JobState::Accepted
                    | JobState::Dialling
                    | JobState::Held
                    | JobState::Failed
                    | JobState::Reported => &mut recovered.given_up,
                };
                list.push(open.job);
            }
            recovered.receptions = open_receptions(tx)?;
            offer::interrupt_fetchings(tx, now_ms)?;
            Ok(recovered)
        })
    }
}

/// One whose turn may not have come is written down all the same, as nobody knows how far the call had got, but costs no try.
fn interrupted(
    tx: &Tx<'_>,
    open: &Attempt,
    was_its_turn: bool,
    retry: &RetrySettings,
    now_ms: i64,
) -> Result<JobState, QueueError> {
    let job = step::job(tx.connection, open.job)?;
    let (confirmed, total) = match job.fetch {
        None => (job.pages_confirmed, job.pages_total),
        Some(_) => (came_so_far(tx, open)?, u32::MAX),
    };
    let outcome = Outcome { pages_confirmed: confirmed, pages_total: total, cause: Cause::Interrupted };
    // With nothing left to send there is nothing to decide.
    let next = match (confirmed == total, was_its_turn) {
        (true, _) => Next::At(now_ms),
        (false, true) => retry.next(&outcome, job.tries, now_ms, job.expires_ms, 0),
        (false, false) => Next::Uncounted(now_ms),
    };
    attempt::close(tx, open, &outcome, next, None, now_ms)
}

/// Pages that came in the call of a fetch before it was cut off.
fn came_so_far(tx: &Tx<'_>, open: &Attempt) -> Result<u32, QueueError> {
    let mut query = tx
        .connection
        .prepare_cached("SELECT coalesce(max(pages), 0) FROM received WHERE job = ?1 AND closed_ms IS NULL")?;
    Ok(query.query_row([open.job.0], |row| row.get(0))?)
}

fn open_attempts(tx: &Tx<'_>) -> Result<Vec<Attempt>, QueueError> {
    let mut query = tx.connection.prepare_cached("SELECT * FROM attempts WHERE closed_ms IS NULL ORDER BY id")?;
    let rows = query.query_map([], columns::attempt)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn open_receptions(tx: &Tx<'_>) -> Result<Vec<Received>, QueueError> {
    let mut query = tx.connection.prepare_cached("SELECT * FROM received WHERE closed_ms IS NULL ORDER BY id")?;
    let rows = query.query_map([], columns::received)?;
    Ok(rows.collect::<Result<_, _>>()?)
}
