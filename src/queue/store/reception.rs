//! Faxes received. The row is opened before the call is answered, so that pages we confirmed survive a crash.

use super::attempt;
use super::mail::{self, About};
use super::writer::Tx;
use super::{Store, bounded, bounded_some, columns, mailboxes};
use crate::model::{AttemptId, JobState, MailId, Outcome, ReceivedId};
use crate::policy::Next;
use crate::queue::error::{QueueError, Refusal};
use crate::queue::rows::{MailKind, NewReceived, Received, ReceptionEnd};
use crate::queue::{MAX_RECORD_BYTES, MAX_ROWS, cause};
use rusqlite::{OptionalExtension, params};

impl Store {
    /// Writes down that a call is being answered.
    ///
    /// # Errors
    /// A text that is too long, or a failing disk.
    pub fn open_reception(&self, new: NewReceived) -> Result<ReceivedId, QueueError> {
        check(&new)?;
        self.write("open-reception", move |tx| insert(tx, &new))
    }

    /// Writes down that the file holds `pages` pages; only after this may the last of them be confirmed (MCF).
    ///
    /// # Errors
    /// The reception is closed.
    pub fn reception_page(
        &self,
        received: ReceivedId,
        pages: u32,
        remote_id: Option<String>,
        sub_address: Option<String>,
    ) -> Result<(), QueueError> {
        bounded_some("the station identification", remote_id.as_ref())?;
        bounded_some("the sub-address", sub_address.as_ref())?;
        self.write("reception-page", move |tx| {
            open_row(tx, received)?;
            tx.connection
                .prepare_cached(
                    "UPDATE received SET pages = max(pages, ?2), remote_id = coalesce(?3, remote_id), \
                     sub_address = coalesce(?4, sub_address) WHERE id = ?1",
                )?
                .execute(params![received.0, pages, remote_id, sub_address])?;
            Ok(())
        })
    }

    /// Writes down how the call ended and queues the mails that bring the fax, in one transaction.
    ///
    /// # Errors
    /// The reception is closed already.
    pub fn close_reception(
        &self,
        received: ReceivedId,
        end: ReceptionEnd,
        now_ms: i64,
    ) -> Result<Vec<MailId>, QueueError> {
        check_end(&end)?;
        self.write("close-reception", move |tx| close(tx, received, &end, now_ms))
    }

    /// Writes down how a call ended that fetched a document: what came, as [`Store::close_reception`], and what follows for the job,
    /// as [`Store::close_attempt`], in one transaction. Otherwise a document could be mailed and fetched again. A reception without a
    /// page is forgotten.
    ///
    /// # Errors
    /// The reception or the attempt is closed already, or `next` does not fit the outcome.
    pub fn close_fetch(
        &self,
        attempt: AttemptId,
        outcome: &Outcome,
        next: Next,
        (received, end): (ReceivedId, ReceptionEnd),
        now_ms: i64,
    ) -> Result<JobState, QueueError> {
        check_end(&end)?;
        let outcome = outcome.clone();
        self.write("close-fetch", move |tx| {
            close(tx, received, &end, now_ms)?;
            if end.spool_file.is_none() {
                // Nothing came: all there is to tell is in the attempt.
                tx.connection.prepare_cached("DELETE FROM received WHERE id = ?1")?.execute([received.0])?;
            }
            let open = attempt::open_attempt(tx, attempt)?;
            attempt::close(tx, &open, &outcome, next, end.record.as_deref(), now_ms)
        })
    }

    /// One received fax.
    ///
    /// # Errors
    /// When there is none, or a failing disk.
    pub fn received(&self, received: ReceivedId) -> Result<Received, QueueError> {
        self.read(|connection| {
            connection
                .prepare_cached("SELECT * FROM received WHERE id = ?1")?
                .query_row([received.0], columns::received)
                .optional()?
                .ok_or_else(|| Refusal::NoReceived(received).into())
        })
    }

    /// Received faxes, newest first; those older than `before` when it is given.
    ///
    /// # Errors
    /// A failing disk.
    pub fn list_received(&self, before: Option<ReceivedId>, limit: u32) -> Result<Vec<Received>, QueueError> {
        self.read(|connection| {
            let mut query = connection
                .prepare_cached("SELECT * FROM received WHERE (?1 IS NULL OR id < ?1) ORDER BY id DESC LIMIT ?2")?;
            let rows =
                query.query_map(params![before.map(|before| before.0), limit.min(MAX_ROWS)], columns::received)?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }
}

fn check_end(end: &ReceptionEnd) -> Result<(), QueueError> {
    bounded_some("the spool file", end.spool_file.as_ref())?;
    mailboxes(&end.mailboxes)?;
    end.mails.iter().try_for_each(mail::check)
}

fn close(tx: &Tx<'_>, received: ReceivedId, end: &ReceptionEnd, now_ms: i64) -> Result<Vec<MailId>, QueueError> {
    open_row(tx, received)?;
    let record = end.record.as_ref().filter(|record| record.len() <= MAX_RECORD_BYTES);
    tx.connection
        .prepare_cached(
            "UPDATE received SET closed_ms = ?2, cause = ?3, cause_detail = ?4, sentence = ?5, record = ?6, \
             spool_file = coalesce(?7, spool_file), mailboxes = ?8 WHERE id = ?1",
        )?
        .execute(params![
            received.0,
            now_ms,
            end.cause.word(),
            cause::detail(&end.cause),
            end.cause.sentence_when_receiving(),
            record,
            end.spool_file,
            end.mailboxes.join("\n"),
        ])?;
    let insert = |mail| mail::insert(tx, MailKind::Received, About::Received(received), mail, now_ms);
    end.mails.iter().map(insert).collect()
}

fn check(new: &NewReceived) -> Result<(), QueueError> {
    bounded("the called number", &new.called)?;
    bounded_some("the caller", new.caller.as_ref())?;
    bounded_some("the caller's name", new.caller_name.as_ref())?;
    bounded_some("the trunk", new.trunk.as_ref())?;
    bounded("the spool file", &new.spool_file)?;
    mailboxes(&new.mailboxes)
}

fn insert(tx: &Tx<'_>, new: &NewReceived) -> Result<ReceivedId, QueueError> {
    tx.connection
        .prepare_cached(
            "INSERT INTO received (called, caller, trunk, mailboxes, spool_file, opened_ms, job, caller_name, caller_withheld) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        )?
        .execute(params![
            new.called,
            new.caller,
            new.trunk,
            new.mailboxes.join("\n"),
            new.spool_file,
            new.opened_ms,
            new.job.map(|job| job.0),
            new.caller_name,
            new.caller_withheld
        ])?;
    Ok(ReceivedId(tx.connection.last_insert_rowid()))
}

fn open_row(tx: &Tx<'_>, received: ReceivedId) -> Result<(), QueueError> {
    let closed_ms: Option<Option<i64>> = tx
        .connection
        .prepare_cached("SELECT closed_ms FROM received WHERE id = ?1")?
        .query_row([received.0], |row| row.get(0))
        .optional()?;
    match closed_ms {
        None => Err(Refusal::NoReceived(received).into()),
        Some(Some(_)) => Err(Refusal::ReceptionClosed(received).into()),
        Some(None) => Ok(()),
    }
}
