//! Accepting a message: its row and one job per recipient, once.

use super::writer::Tx;
use super::{Store, bounded, bounded_some, mailboxes, step};
use crate::model::{JobEvent, JobId, JobState, MessageId, Resolution};
use crate::queue::bell::Bell;
use crate::queue::error::{QueueError, Refusal};
use crate::queue::receipt::Queued;
use crate::queue::rows::{NewJob, NewMessage};
use crate::queue::{DUPLICATE_WINDOW_MS, MAX_JOBS_PER_MESSAGE};
use rusqlite::{OptionalExtension, params};
use sha2::{Digest, Sha256};

impl Store {
    /// Accepts a message whose file is safe in the spool, with one job per recipient.
    ///
    /// When the same content from the same sender to the same recipients was accepted within
    /// [`DUPLICATE_WINDOW_MS`], nothing is added and the earlier ids are given.
    ///
    /// # Errors
    /// No or too many recipients, a text that is too long, or a failing disk. Then the peer must not get 250.
    pub fn accept(&self, message: NewMessage, jobs: Vec<NewJob>) -> Result<Queued, QueueError> {
        check(&message, &jobs)?;
        self.write("accept", move |tx| {
            let fingerprint = fingerprint(&message, &jobs);
            if let Some(earlier) = earlier(tx, &fingerprint, message.received_ms)? {
                return Ok(earlier);
            }
            let id = insert_message(tx, &message, &fingerprint)?;
            let jobs = jobs.iter().map(|job| insert_job(tx, id, &message, job)).collect::<Result<Vec<_>, _>>()?;
            Ok(Queued::new(id, jobs, false))
        })
    }
}

fn check(message: &NewMessage, jobs: &[NewJob]) -> Result<(), QueueError> {
    if jobs.is_empty() {
        return Err(Refusal::NoRecipient.into());
    }
    if jobs.len() > MAX_JOBS_PER_MESSAGE {
        return Err(Refusal::TooManyRecipients.into());
    }
    bounded("the sender", &message.envelope_from)?;
    bounded("the peer", &message.peer)?;
    bounded("the spool file", &message.spool_file)?;
    bounded_some("Message-ID", message.message_id.as_ref())?;
    bounded("Subject", &message.subject)?;
    bounded("From", &message.header_from)?;
    bounded("References", &message.references)?;
    bounded_some("ENVID", message.envelope_id.as_ref())?;
    bounded_some("RET", message.return_content.as_ref())?;
    for job in jobs {
        bounded("the recipient", &job.original_address)?;
        bounded_some("the sub-address", job.sub_address.as_ref())?;
        if let Some(fetch) = &job.fetch {
            bounded_some("the selective address", fetch.request.selective.as_ref())?;
            mailboxes(&fetch.mailboxes)?;
        }
        let options = &job.options;
        for text in [&options.attention, &options.organization, &options.from, &options.billing, &options.tag] {
            bounded_some("an option of the recipient", text.as_ref())?;
        }
        bounded_some("NOTIFY", job.notify.as_ref())?;
        bounded_some("ORCPT", job.original_recipient.as_ref())?;
        bounded_some("the trunk", job.trunk.as_ref())?;
        bounded_some("the reason to hold", job.hold.as_ref())?;
    }
    Ok(())
}

/// Digest of sender, recipients (in any order) and content. Each part is preceded by its length, so that no two lists
/// of parts run together to the same bytes.
fn fingerprint(message: &NewMessage, jobs: &[NewJob]) -> [u8; 32] {
    let mut recipients: Vec<(&str, &str)> =
        jobs.iter().map(|job| (job.number.as_str(), job.sub_address.as_deref().unwrap_or_default())).collect();
    recipients.sort_unstable();
    let mut digest = Sha256::new();
    let mut part = |bytes: &[u8]| {
        digest.update((bytes.len() as u64).to_be_bytes());
        digest.update(bytes);
    };
    part(message.envelope_from.as_bytes());
    part(&message.content_hash);
    for (number, sub_address) in recipients {
        part(number.as_bytes());
        part(sub_address.as_bytes());
    }
    // The same fax at another resolution is another fax: the first may have been unreadable.
    for (job, resolution) in jobs.iter().filter_map(|job| Some((job, job.options.resolution?))) {
        part(b"resolution");
        part(job.number.as_str().as_bytes());
        part(resolution.name().as_bytes());
    }
    for fetch in jobs.iter().filter_map(|job| job.fetch.as_ref()) {
        part(b"fetch");
        part(fetch.request.selective.as_deref().unwrap_or_default().as_bytes());
        part(fetch.request.password.as_ref().map_or("", |password| password.reveal()).as_bytes());
    }
    digest.finalize().into()
}

fn earlier(tx: &Tx<'_>, fingerprint: &[u8; 32], now_ms: i64) -> Result<Option<Queued>, QueueError> {
    let found: Option<i64> = tx
        .connection
        .prepare_cached(
            "SELECT id FROM messages WHERE fingerprint = ?1 AND received_ms BETWEEN ?2 AND ?3 ORDER BY id LIMIT 1",
        )?
        .query_row(
            params![
                fingerprint,
                now_ms.saturating_sub(DUPLICATE_WINDOW_MS),
                // The clock may have been set back since.
                now_ms.saturating_add(DUPLICATE_WINDOW_MS)
            ],
            |row| row.get(0),
        )
        .optional()?;
    let Some(message) = found else { return Ok(None) };
    let mut query = tx.connection.prepare_cached("SELECT id FROM jobs WHERE message = ?1 ORDER BY id")?;
    let jobs = query.query_map([message], |row| row.get(0).map(JobId))?.collect::<Result<_, _>>()?;
    Ok(Some(Queued::new(MessageId(message), jobs, true)))
}

fn insert_message(tx: &Tx<'_>, message: &NewMessage, fingerprint: &[u8; 32]) -> Result<MessageId, QueueError> {
    let size = i64::try_from(message.size_bytes).map_err(|_| Refusal::OutOfRange("the size"))?;
    tx.connection
        .prepare_cached(
            "INSERT INTO messages (envelope_from, peer, received_ms, spool_file, size_bytes, message_id, subject, \
             header_from, reference_ids, envelope_id, return_content, fingerprint) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
        )?
        .execute(params![
            message.envelope_from,
            message.peer,
            message.received_ms,
            message.spool_file,
            size,
            message.message_id,
            message.subject,
            message.header_from,
            message.references,
            message.envelope_id,
            message.return_content,
            fingerprint,
        ])?;
    Ok(MessageId(tx.connection.last_insert_rowid()))
}

fn insert_job(tx: &Tx<'_>, id: MessageId, message: &NewMessage, job: &NewJob) -> Result<JobId, QueueError> {
    // What is fetched needs no pages first.
    let (kind, state, bell) = match &job.fetch {
        None => ("send", JobState::Accepted, Bell::Render),
        Some(_) => ("fetch", JobState::Ready, Bell::Dial),
    };
    let request = job.fetch.as_ref().map(|fetch| &fetch.request);
    tx.connection
        .prepare_cached(
            "INSERT INTO jobs (message, sender, number, original_address, sub_address, state, priority, created_ms, \
             due_ms, expires_ms, notify, original_recipient, trunk, caller, hold_reason, kind, selective, password, \
             mailboxes, resolution, attention, organization, from_name, cover, billing, tag, max_pages) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, \
             ?22, ?23, ?24, ?25, ?26, ?27)",
        )?
        .execute(params![
            id.0,
            message.envelope_from,
            job.number.as_str(),
            job.original_address,
            job.sub_address,
            state.word(),
            job.priority,
            message.received_ms,
            job.due_ms,
            job.expires_ms,
            job.notify,
            job.original_recipient,
            job.trunk,
            job.caller.as_ref().map(|caller| caller.as_str().to_owned()),
            job.hold,
            kind,
            request.and_then(|request| request.selective.clone()),
            request.and_then(|request| request.password.as_ref()).map(|password| password.reveal().to_owned()),
            job.fetch.as_ref().map(|fetch| fetch.mailboxes.join("\n")),
            job.options.resolution.map(Resolution::name),
            job.options.attention,
            job.options.organization,
            job.options.from,
            job.options.cover,
            job.options.billing,
            job.options.tag,
            job.max_pages,
        ])?;
    let row = JobId(tx.connection.last_insert_rowid());
    if job.hold.is_some() {
        step::step(tx, row, JobEvent::Hold)?;
    } else {
        tx.ring(bell);
    }
    Ok(row)
}
