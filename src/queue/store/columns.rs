//! Rows of tables as values, and words of rows as states.

use super::offer::shapes_of;
use crate::model::{
    AttemptId, Cause, FetchRequest, FetchingId, JobId, JobState, MailId, MessageId, Number, NumberPattern, OfferId,
    Password, ReceivedId, Resolution,
};
use crate::policy::{AddressOptions, GiveUp, Tries};
use crate::queue::cause;
use crate::queue::offers::{Fetching, Offer, OfferEnd, OfferedPage};
use crate::queue::rows::{Attempt, DueJob, Fetch, Job, Mail, MailKind, MailState, Message, Received};
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ValueRef};
use rusqlite::{Result, Row};

/// A column that is one of the program's words.
struct Word<T>(T);

fn word<T>(value: ValueRef<'_>, read: impl Fn(&str) -> Option<T>) -> FromSqlResult<Word<T>> {
    let text = value.as_str()?;
    read(text).map(Word).ok_or_else(|| FromSqlError::Other(format!("{text:?} is no word for this column").into()))
}

/// What each kind is read from a column by.
macro_rules! read_by {
    ($($kind:ty: $read:expr;)+) => {
        $(impl FromSql for Word<$kind> {
            fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
                word(value, $read)
            }
        })+
    };
}

read_by! {
    JobState: JobState::from_word;
    GiveUp: GiveUp::from_word;
    MailKind: MailKind::from_word;
    MailState: MailState::from_word;
    OfferEnd: OfferEnd::from_word;
    Resolution: Resolution::from_name;
    Number: Number::from_stored;
    Vec<OfferedPage>: shapes_of;
    Vec<NumberPattern>: |text| text.lines().map(|line| line.parse().ok()).collect();
}

impl FromSql for Word<Password> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        // A password that a row cannot give back is not named in the error either.
        Password::parse(value.as_str()?).map(Word).ok_or_else(|| FromSqlError::Other("it is no password".into()))
    }
}

pub(super) fn number(row: &Row<'_>, column: &str) -> Result<Number> {
    Ok(row.get::<_, Word<Number>>(column)?.0)
}

pub(super) fn job_state(row: &Row<'_>, column: &str) -> Result<JobState> {
    Ok(row.get::<_, Word<JobState>>(column)?.0)
}

fn cause_of(row: &Row<'_>) -> Result<Option<Cause>> {
    let Some(word) = row.get::<_, Option<String>>("cause")? else { return Ok(None) };
    let detail: Option<String> = row.get("cause_detail")?;
    let unknown = || {
        let error = format!("{word:?} with {detail:?} is no cause").into();
        rusqlite::Error::FromSqlConversionFailure(0, rusqlite::types::Type::Text, error)
    };
    cause::cause(&word, detail.as_deref()).map(Some).ok_or_else(unknown)
}

fn size(row: &Row<'_>, column: &str) -> Result<u64> {
    let size: i64 = row.get(column)?;
    Ok(u64::try_from(size).unwrap_or(0))
}

/// A row of `messages`.
pub(super) fn message(row: &Row<'_>) -> Result<Message> {
    Ok(Message {
        id: MessageId(row.get("id")?),
        envelope_from: row.get("envelope_from")?,
        peer: row.get("peer")?,
        received_ms: row.get("received_ms")?,
        spool_file: row.get("spool_file")?,
        size_bytes: size(row, "size_bytes")?,
        message_id: row.get("message_id")?,
        subject: row.get("subject")?,
        header_from: row.get("header_from")?,
        references: row.get("reference_ids")?,
        envelope_id: row.get("envelope_id")?,
        return_content: row.get("return_content")?,
    })
}

fn password(row: &Row<'_>) -> Result<Option<Password>> {
    Ok(row.get::<_, Option<Word<Password>>>("password")?.map(|word| word.0))
}

/// Mailboxes, one a line.
fn mailboxes(row: &Row<'_>) -> Result<Vec<String>> {
    let lines: Option<String> = row.get("mailboxes")?;
    Ok(lines.unwrap_or_default().lines().map(str::to_owned).collect())
}

fn fetch(row: &Row<'_>) -> Result<Option<Fetch>> {
    let kind: String = row.get("kind")?;
    if kind != "fetch" {
        return Ok(None);
    }
    let request = FetchRequest { selective: row.get("selective")?, password: password(row)? };
    Ok(Some(Fetch { request, mailboxes: mailboxes(row)? }))
}

fn options(row: &Row<'_>) -> Result<AddressOptions> {
    Ok(AddressOptions {
        attention: row.get("attention")?,
        organization: row.get("organization")?,
        from: row.get("from_name")?,
        cover: row.get("cover")?,
        resolution: row.get::<_, Option<Word<Resolution>>>("resolution")?.map(|word| word.0),
        billing: row.get("billing")?,
        tag: row.get("tag")?,
    })
}

/// A row of `jobs`.
pub(super) fn job(row: &Row<'_>) -> Result<Job> {
    Ok(Job {
        id: JobId(row.get("id")?),
        message: MessageId(row.get("message")?),
        sender: row.get("sender")?,
        number: number(row, "number")?,
        original_address: row.get("original_address")?,
        sub_address: row.get("sub_address")?,
        fetch: fetch(row)?,
        options: options(row)?,
        max_pages: row.get("max_pages")?,
        state: job_state(row, "state")?,
        priority: row.get("priority")?,
        created_ms: row.get("created_ms")?,
        due_ms: row.get("due_ms")?,
        expires_ms: row.get("expires_ms")?,
        ended_ms: row.get("ended_ms")?,
        pages_file: row.get("pages_file")?,
        pages_total: row.get("pages_total")?,
        pages_confirmed: row.get("pages_confirmed")?,
        tries: Tries {
            busy: row.get("tries_busy")?,
            no_answer: row.get("tries_no_answer")?,
            trunk: row.get("tries_trunk")?,
            fax: row.get("tries_fax")?,
            not_a_fax: row.get("tries_not_a_fax")?,
            resume: row.get("tries_resume")?,
        },
        cause: cause_of(row)?,
        give_up: row.get::<_, Option<Word<GiveUp>>>("give_up")?.map(|word| word.0),
        hold_reason: row.get("hold_reason")?,
        notify: row.get("notify")?,
        original_recipient: row.get("original_recipient")?,
        trunk: row.get("trunk")?,
        caller: row.get::<_, Option<Word<Number>>>("caller")?.map(|word| word.0),
        delay_reported_ms: row.get("delay_reported_ms")?,
    })
}

/// One name a line.
fn tried_trunks(row: &Row<'_>) -> Result<Vec<String>> {
    let lines: Option<String> = row.get("tried_trunks")?;
    Ok(lines.unwrap_or_default().lines().map(str::to_owned).collect())
}

/// A row of `jobs` joined with `senders`.
pub(super) fn due_job(row: &Row<'_>) -> Result<DueJob> {
    Ok(DueJob { job: job(row)?, served_ms: row.get("turn_ms")?, tried_trunks: tried_trunks(row)? })
}

/// A row of `attempts`.
pub(super) fn attempt(row: &Row<'_>) -> Result<Attempt> {
    Ok(Attempt {
        id: AttemptId(row.get("id")?),
        job: JobId(row.get("job")?),
        call: AttemptId(row.get::<_, Option<i64>>("call")?.map_or_else(|| row.get("id"), Ok)?),
        trunk: row.get("trunk")?,
        opened_ms: row.get("opened_ms")?,
        closed_ms: row.get("closed_ms")?,
        first_page: row.get("first_page")?,
        pages_confirmed: row.get("pages_confirmed")?,
        cause: cause_of(row)?,
        sentence: row.get("sentence")?,
        record: row.get("record")?,
    })
}

/// A row of `received`.
pub(super) fn received(row: &Row<'_>) -> Result<Received> {
    Ok(Received {
        id: ReceivedId(row.get("id")?),
        called: row.get("called")?,
        caller: row.get("caller")?,
        caller_name: row.get("caller_name")?,
        caller_withheld: row.get("caller_withheld")?,
        remote_id: row.get("remote_id")?,
        trunk: row.get("trunk")?,
        job: row.get::<_, Option<i64>>("job")?.map(JobId),
        sub_address: row.get("sub_address")?,
        mailboxes: mailboxes(row)?,
        spool_file: row.get("spool_file")?,
        pages: row.get("pages")?,
        opened_ms: row.get("opened_ms")?,
        closed_ms: row.get("closed_ms")?,
        cause: cause_of(row)?,
        sentence: row.get("sentence")?,
        record: row.get("record")?,
    })
}

/// A row of `offers`.
pub(super) fn offer(row: &Row<'_>) -> Result<Offer> {
    let end = row.get::<_, Option<Word<OfferEnd>>>("end_reason")?.map(|word| word.0);
    Ok(Offer {
        id: OfferId(row.get("id")?),
        name: row.get("name")?,
        numbers: row.get::<_, Word<Vec<NumberPattern>>>("numbers")?.0,
        selective: row.get("selective")?,
        password: password(row)?,
        once: row.get("once")?,
        pages_file: row.get("pages_file")?,
        pages: row.get::<_, Word<Vec<OfferedPage>>>("shapes")?.0,
        created_ms: row.get("created_ms")?,
        until_ms: row.get("until_ms")?,
        ended: row.get::<_, Option<i64>>("ended_ms")?.zip(end),
    })
}

/// A row of `fetchings`.
pub(super) fn fetching(row: &Row<'_>) -> Result<Fetching> {
    Ok(Fetching {
        id: FetchingId(row.get("id")?),
        offer: OfferId(row.get("offer")?),
        received: row.get::<_, Option<i64>>("received")?.map(ReceivedId),
        called: row.get("called")?,
        caller: row.get("caller")?,
        remote_id: row.get("remote_id")?,
        opened_ms: row.get("opened_ms")?,
        closed_ms: row.get("closed_ms")?,
        pages_confirmed: row.get("pages_confirmed")?,
        cause: cause_of(row)?,
        sentence: row.get("sentence")?,
    })
}

/// A row of `mails`.
pub(super) fn mail(row: &Row<'_>) -> Result<Mail> {
    Ok(Mail {
        id: MailId(row.get("id")?),
        kind: row.get::<_, Word<MailKind>>("kind")?.0,
        job: row.get::<_, Option<i64>>("job")?.map(JobId),
        received: row.get::<_, Option<i64>>("received")?.map(ReceivedId),
        envelope_from: row.get("envelope_from")?,
        envelope_to: row.get("envelope_to")?,
        spool_file: row.get("spool_file")?,
        state: row.get::<_, Word<MailState>>("state")?.0,
        created_ms: row.get("created_ms")?,
        due_ms: row.get("due_ms")?,
        expires_ms: row.get("expires_ms")?,
        ended_ms: row.get("ended_ms")?,
        tries: row.get("tries")?,
        last_reply: row.get("last_reply")?,
    })
}
