//! Mails on their way out, and the reports that make most of them.

use super::writer::Tx;
use super::{Store, bounded, columns, step};
use crate::model::{JobEvent, JobId, MailId, ReceivedId};
use crate::queue::MAX_ROWS;
use crate::queue::bell::Bell;
use crate::queue::error::{QueueError, Refusal};
use crate::queue::rows::{JobDetail, Mail, MailKind, MailState, NewMail};
use rusqlite::{OptionalExtension, params};

/// What a mail belongs to.
#[derive(Clone, Copy)]
pub(super) enum About {
    /// A job.
    Job(JobId),
    /// A received fax.
    Received(ReceivedId),
}

impl Store {
    /// Ended jobs whose sender is owed a report, with all that it says, oldest first. A job cancelled in a call waits
    /// for the end of that call.
    ///
    /// # Errors
    /// A failing disk.
    pub fn jobs_to_report(&self, limit: u32) -> Result<Vec<JobDetail>, QueueError> {
        self.read(|connection| {
            let mut query = connection.prepare_cached(
                "SELECT id FROM jobs WHERE state IN ('done', 'failed', 'cancelled') AND NOT EXISTS \
                 (SELECT 1 FROM attempts WHERE attempts.job = jobs.id AND attempts.closed_ms IS NULL) \
                 ORDER BY ended_ms, id LIMIT ?1",
            )?;
            let rows = query.query_map([limit.min(MAX_ROWS)], |row| row.get(0).map(JobId))?;
            let jobs = rows.collect::<Result<Vec<_>, _>>()?;
            jobs.into_iter().map(|job| super::admin::detail(connection, job)).collect()
        })
    }

    /// Queues the report on an ended job, in the same transaction that makes it the only one. Without a mail the
    /// sender wanted none.
    ///
    /// # Errors
    /// The job has not ended, is still in a call, or was reported before.
    pub fn report_queued(&self, job: JobId, mails: Vec<NewMail>, now_ms: i64) -> Result<Vec<MailId>, QueueError> {
        mails.iter().try_for_each(check)?;
        self.write("report-queued", move |tx| {
            if step::in_call(tx.connection, job)? {
                return Err(Refusal::CallOpen(job).into());
            }
            step::step(tx, job, JobEvent::Report)?;
            mails.iter().map(|mail| insert(tx, MailKind::Receipt, About::Job(job), mail, now_ms)).collect()
        })
    }

    /// Jobs accepted before `accepted_before_ms` that are still waiting, and whose sender was not told so yet.
    ///
    /// # Errors
    /// A failing disk.
    pub fn delayed_jobs(&self, accepted_before_ms: i64, limit: u32) -> Result<Vec<JobDetail>, QueueError> {
        self.read(|connection| {
            let mut query = connection.prepare_cached(
                "SELECT id FROM jobs WHERE state IN ('accepted', 'ready') AND delay_reported_ms IS NULL \
                 AND created_ms < ?1 ORDER BY id LIMIT ?2",
            )?;
            let rows =
                query.query_map(params![accepted_before_ms, limit.min(MAX_ROWS)], |row| row.get(0).map(JobId))?;
            let jobs = rows.collect::<Result<Vec<_>, _>>()?;
            jobs.into_iter().map(|job| super::admin::detail(connection, job)).collect()
        })
    }

    /// Queues the word that a job takes long, once; without a mail it is only noted.
    ///
    /// # Errors
    /// No such job, or a failing disk.
    pub fn delay_queued(&self, job: JobId, mail: Option<NewMail>, now_ms: i64) -> Result<Option<MailId>, QueueError> {
        mail.iter().try_for_each(check)?;
        self.write("delay-queued", move |tx| {
            let row = step::job(tx.connection, job)?;
            if row.delay_reported_ms.is_some() {
                return Ok(None);
            }
            tx.connection
                .prepare_cached("UPDATE jobs SET delay_reported_ms = ?2 WHERE id = ?1")?
                .execute(params![job.0, now_ms])?;
            mail.map(|mail| insert(tx, MailKind::Delay, About::Job(job), &mail, now_ms)).transpose()
        })
    }

    /// Mails that may be sent now, oldest first.
    ///
    /// # Errors
    /// A failing disk.
    pub fn due_mails(&self, now_ms: i64, limit: u32) -> Result<Vec<Mail>, QueueError> {
        self.read(|connection| {
            let mut query = connection.prepare_cached(
                "SELECT * FROM mails WHERE state = 'queued' AND due_ms <= ?1 ORDER BY due_ms, id LIMIT ?2",
            )?;
            let rows = query.query_map(params![now_ms, limit.min(MAX_ROWS)], columns::mail)?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// When the next mail becomes due after `now_ms`.
    ///
    /// # Errors
    /// A failing disk.
    pub fn next_mail_ms(&self, now_ms: i64) -> Result<Option<i64>, QueueError> {
        self.read(|connection| {
            let mut query =
                connection.prepare_cached("SELECT min(due_ms) FROM mails WHERE state = 'queued' AND due_ms > ?1")?;
            Ok(query.query_row([now_ms], |row| row.get(0))?)
        })
    }

    /// Mails in one state, newest first.
    ///
    /// # Errors
    /// A failing disk.
    pub fn mails(&self, state: MailState, limit: u32) -> Result<Vec<Mail>, QueueError> {
        self.read(|connection| {
            let mut query =
                connection.prepare_cached("SELECT * FROM mails WHERE state = ?1 ORDER BY id DESC LIMIT ?2")?;
            let rows = query.query_map(params![state.word(), limit.min(MAX_ROWS)], columns::mail)?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// The next server took the mail. `reply` is what it said.
    ///
    /// # Errors
    /// The mail is no longer waiting.
    pub fn mail_sent(&self, mail: MailId, reply: &str, now_ms: i64) -> Result<(), QueueError> {
        self.try_mail("mail-sent", mail, reply, MailState::Sent, Some(now_ms), None)
    }

    /// The mail could not be sent now; to be tried again at `due_ms`.
    ///
    /// # Errors
    /// The mail is no longer waiting.
    pub fn mail_later(&self, mail: MailId, reply: &str, due_ms: i64) -> Result<(), QueueError> {
        self.try_mail("mail-later", mail, reply, MailState::Queued, None, Some(due_ms))
    }

    /// The mail is given up.
    ///
    /// # Errors
    /// The mail is no longer waiting.
    pub fn mail_failed(&self, mail: MailId, reply: &str, now_ms: i64) -> Result<(), QueueError> {
        self.try_mail("mail-failed", mail, reply, MailState::Failed, Some(now_ms), None)
    }

    /// A person asks for a failed mail to be tried again.
    ///
    /// # Errors
    /// The mail has not failed.
    pub fn mail_again(&self, mail: MailId, now_ms: i64, expires_ms: i64) -> Result<(), QueueError> {
        self.write("mail-again", move |tx| {
            let changed = tx
                .connection
                .prepare_cached(
                    "UPDATE mails SET state = 'queued', due_ms = ?2, expires_ms = ?3, ended_ms = NULL, tries = 0 \
                     WHERE id = ?1 AND state = 'failed'",
                )?
                .execute(params![mail.0, now_ms, expires_ms])?;
            tx.ring(Bell::Deliver);
            if changed == 1 { Ok(()) } else { Err(not_waiting(tx, mail)?) }
        })
    }

    fn try_mail(
        &self,
        label: &'static str,
        mail: MailId,
        reply: &str,
        state: MailState,
        ended_ms: Option<i64>,
        due_ms: Option<i64>,
    ) -> Result<(), QueueError> {
        bounded("the reply", reply)?;
        let reply = reply.to_owned();
        self.write(label, move |tx| {
            let changed = tx
                .connection
                .prepare_cached(
                    "UPDATE mails SET state = ?2, tries = tries + 1, last_reply = ?3, ended_ms = ?4, \
                     due_ms = coalesce(?5, due_ms) WHERE id = ?1 AND state = 'queued'",
                )?
                .execute(params![mail.0, state.word(), reply, ended_ms, due_ms])?;
            if state == MailState::Queued {
                // The stage is to set its alarm to the new time.
                tx.ring(Bell::Deliver);
            }
            if changed == 1 { Ok(()) } else { Err(not_waiting(tx, mail)?) }
        })
    }
}

fn not_waiting(tx: &Tx<'_>, mail: MailId) -> Result<QueueError, QueueError> {
    let found: Option<i64> = tx
        .connection
        .prepare_cached("SELECT id FROM mails WHERE id = ?1")?
        .query_row([mail.0], |row| row.get(0))
        .optional()?;
    Ok(if found.is_some() { Refusal::MailEnded(mail).into() } else { Refusal::NoMail(mail).into() })
}

pub(super) fn check(mail: &NewMail) -> Result<(), QueueError> {
    bounded("the sender", &mail.envelope_from)?;
    bounded("the recipient", &mail.envelope_to)?;
    bounded("the spool file", &mail.spool_file)
}

pub(super) fn insert(
    tx: &Tx<'_>,
    kind: MailKind,
    about: About,
    mail: &NewMail,
    now_ms: i64,
) -> Result<MailId, QueueError> {
    let (job, received) = match about {
        About::Job(job) => (Some(job.0), None),
        About::Received(received) => (None, Some(received.0)),
    };
    tx.connection
        .prepare_cached(
            "INSERT INTO mails (kind, job, received, envelope_from, envelope_to, spool_file, state, created_ms, \
             due_ms, expires_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6, 'queued', ?7, ?8, ?9)",
        )?
        .execute(params![
            kind.word(),
            job,
            received,
            mail.envelope_from,
            mail.envelope_to,
            mail.spool_file,
            now_ms,
            mail.due_ms,
            mail.expires_ms
        ])?;
    tx.ring(Bell::Deliver);
    Ok(MailId(tx.connection.last_insert_rowid()))
}
