//! Report: each ended job gets exactly one answer to its sender.
//!
//! The mail is written to the spool first; its row and the job's last step are one transaction, so a crash neither loses nor doubles a
//! report. What is said comes from the rows alone: the pages as sent are made again from the stored pages and the moment of the attempt.

use std::time::Duration;

use tokio::sync::watch;

use super::pages::{self, StoredPage, local_time};
use super::settings::{Formats, Settings};
use super::{Fault, Office, attend, chance, later_ms, now_ms};
use crate::call::Record;
use crate::clock::UnixMillis;
use crate::image::Grey;
use crate::image::scale::{self, Shape};
use crate::mail::compose::Attachment;
use crate::mail::dsn::{DsnFacts, MAX_RETURNED_HEADERS, dsn};
use crate::mail::header::Mailbox;
use crate::mail::receipt::{AttemptFacts, Labels, Original, ReceiptFacts, receipt};
use crate::mail::{Incoming, Limits, select};
use crate::model::{Cause, Outcome};
use crate::policy::{AddressOptions, address};
use crate::queue::{Attempt, Bell, JobDetail, NewMail};
use crate::spool::{Kind, SpoolName};

/// Jobs reported in one look.
const LOOK_FOR: u32 = 32;
/// Width of the picture of the first page, picture elements.
const THUMBNAIL_WIDTH: u32 = 320;
/// Octets of a pages file.
const MAX_PAGES_FILE: u64 = 512 * 1024 * 1024;
/// Octets of an original's header section that a delivery report brings back.
const MAX_ORIGINAL: u64 = 256 * 1024 * 1024;

/// Runs the stage until `stop`.
pub async fn run(office: Office, stop: watch::Receiver<bool>) {
    attend(office, "report", Bell::Report, stop, look).await;
}

async fn look(office: Office) -> Result<bool, Fault> {
    let settings = office.settings();
    office
        .blocking(move |office| {
            let ended = office.store().jobs_to_report(LOOK_FOR)?;
            let more = !ended.is_empty();
            for detail in ended {
                one(office, &settings, &detail)?;
            }
            Ok(more)
        })
        .await
}

/// What the sender asked for in NOTIFY.
// RFC 3461 §4.1
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Wish {
    /// Nothing was said: a receipt, as the configuration has it.
    Unsaid,
    /// A delivery report for this outcome.
    Report,
    /// Nothing for this outcome.
    Silence,
}

fn wish(notify: Option<&str>, delivered: bool) -> Wish {
    let Some(words) = notify else { return Wish::Unsaid };
    let wanted = if delivered { "SUCCESS" } else { "FAILURE" };
    if words.split(',').any(|word| word == wanted) { Wish::Report } else { Wish::Silence }
}

fn one(office: &Office, settings: &Settings, detail: &JobDetail) -> Result<(), Fault> {
    let job = detail.job.id;
    let outcome =
        detail.job.outcome().unwrap_or_else(|| Outcome::nothing_sent(detail.job.pages_total, Cause::Cancelled));
    let delivered = matches!(outcome.cause, Cause::Sent | Cause::LastConfirmationLost);
    let mut mails = Vec::new();
    // RFC 3834 §2: never an answer to the null sender.
    let answerable = !detail.message.envelope_from.is_empty();
    let wish = wish(detail.job.notify.as_deref(), delivered);
    // The document itself tells that it was fetched.
    let told =
        delivered && detail.job.fetch.as_ref().is_some_and(|fetch| is_among(&detail.job.sender, &fetch.mailboxes));
    let receipts = (settings.report.enabled || !delivered) && !told;
    if answerable && wish != Wish::Silence && receipts {
        mails.push(write_receipt(office, settings, detail, &outcome)?);
    }
    if answerable && wish == Wish::Report {
        mails.push(write_dsn(office, settings, detail, &outcome)?);
    }
    let lifetime = settings.deliver.lifetime;
    let new = mails.into_iter().map(|spool_file| NewMail {
        envelope_from: String::new(),
        envelope_to: detail.message.envelope_from.clone(),
        spool_file,
        due_ms: now_ms(),
        expires_ms: later_ms(lifetime),
    });
    office.store().report_queued(job, new.collect(), now_ms())?;
    tracing::info!(%job, outcome = outcome.cause.word(), "reported");
    Ok(())
}

fn is_among(sender: &str, mailboxes: &[String]) -> bool {
    mailboxes.iter().any(|mailbox| mailbox.eq_ignore_ascii_case(sender))
}

fn write_receipt(office: &Office, settings: &Settings, detail: &JobDetail, outcome: &Outcome) -> Result<String, Fault> {
    let JobDetail { job, message, attempts } = detail;
    let last = attempts.last();
    let record = last.and_then(record_of);
    let sent = last.map_or(Ok(Vec::new()), |attempt| pages_as_sent(office, settings, detail, attempt))?;
    let thumbnail = if settings.report.thumbnail { sent.first().and_then(thumbnail) } else { None };
    let attached = attachment(settings, &sent, job.id.0, last)?;
    let started = last.map(|attempt| local_time(attempt.opened_ms));
    let facts = ReceiptFacts {
        original: original(detail),
        from: &mailbox_from(settings),
        to: &Mailbox::bare(&message.envelope_from),
        number: &job.number,
        original_address: &job.original_address,
        labels: labels(&job.options),
        fetched_for: job.fetch.as_ref().map(|fetch| fetch.mailboxes.as_slice()),
        outcome,
        attempts: &attempts.iter().map(|attempt| attempt_facts(attempt, job.pages_total)).collect::<Vec<_>>(),
        next_try: None,
        accepted: &local_time(message.received_ms),
        started: started.as_ref(),
        duration: last.and_then(duration),
        remote_id: record.as_ref().and_then(|record| record.remote_id.as_deref()),
        remote_machine: record.as_ref().and_then(|record| Some(record.remote_machine.as_ref()?.name.as_str())),
        speed: record.as_ref().and_then(|record| record.rate),
        ecm: record.as_ref().filter(|record| record.rate.is_some()).map(|record| record.ecm),
        resolutions: &record.as_ref().map(Record::resolutions).unwrap_or_default(),
        notes: &notes(office, settings, detail, record.as_ref()),
        thumbnail: thumbnail.as_deref(),
        attachment: attached.as_ref().map(|(name, media_type, octets)| Attachment {
            name: name.as_str(),
            media_type,
            octets: octets.as_slice(),
        }),
        job: job.id,
        hostname: &settings.hostname,
        date: &local_time(now_ms()),
    };
    to_spool(office, &receipt(&facts, &mut chance))
}

/// What of the mail became no page, or was not sent, a sentence each. The mail is read again: its rows keep no such thing.
fn notes(office: &Office, settings: &Settings, detail: &JobDetail, record: Option<&Record>) -> Vec<String> {
    if detail.job.fetch.is_some() {
        return Vec::new();
    }
    let mut notes: Vec<String> = untaken_sub_address(detail.job.sub_address.as_deref(), record).into_iter().collect();
    let name = SpoolName::from_stored(&detail.message.spool_file);
    let raw = name.and_then(|name| office.spool().read(&name, detail.message.size_bytes).ok());
    let mail = raw.and_then(|raw| Incoming::parse(&raw, &Limits::default()).ok());
    let selection = mail.and_then(|mail| select(mail.body, &settings.render.selection).ok());
    notes.extend(selection.map(|selection| selection.notes).unwrap_or_default());
    notes
}

/// That the far end took no sub-address, where one was wanted and it came to a fax at all.
fn untaken_sub_address(wanted: Option<&str>, record: Option<&Record>) -> Option<String> {
    let sub_address = wanted?;
    record.filter(|record| record.rate.is_some() && !record.sub_address_sent)?;
    Some(format!(
        "the receiving machine takes no sub-addresses, so {sub_address} was not sent: the fax went to the number alone"
    ))
}

fn write_dsn(office: &Office, settings: &Settings, detail: &JobDetail, outcome: &Outcome) -> Result<String, Fault> {
    let JobDetail { job, message, attempts } = detail;
    let headers = SpoolName::from_stored(&message.spool_file)
        .and_then(|name| office.spool().read(&name, MAX_ORIGINAL).ok())
        .unwrap_or_default();
    // All recipients stand there as they were written, those to fetch from too.
    let headers = without_passwords(headers);
    let last = attempts.last();
    let record = last.and_then(record_of);
    let last_attempt = last.map(|attempt| local_time(attempt.opened_ms));
    let facts = DsnFacts {
        original: original(detail),
        original_headers: &headers,
        from: &mailbox_from(settings),
        to: &Mailbox::bare(&message.envelope_from),
        envelope_id: message.envelope_id.as_deref(),
        original_recipient: job.original_recipient.as_deref(),
        final_recipient: &job.original_address,
        number: Some(&job.number),
        fetched_for: job.fetch.as_ref().map(|fetch| fetch.mailboxes.as_slice()),
        outcome,
        next_try: None,
        retry_until: None,
        arrival: &local_time(message.received_ms),
        last_attempt: last_attempt.as_ref(),
        remote_id: record.as_ref().and_then(|record| record.remote_id.as_deref()),
        job: job.id,
        hostname: &settings.hostname,
        date: &local_time(now_ms()),
    };
    to_spool(office, &dsn(&facts, &mut chance))
}

/// The part of a mail that a report brings back, without passwords of documents.
fn without_passwords(mut mail: Vec<u8>) -> Vec<u8> {
    mail.truncate(MAX_RETURNED_HEADERS);
    address::hide_passwords(&String::from_utf8_lossy(&mail)).into_bytes()
}

fn to_spool(office: &Office, mail: &[u8]) -> Result<String, Fault> {
    let mut writer = office.spool().create(Kind::Mail)?;
    writer.write(mail)?;
    Ok(writer.commit()?.to_string())
}

fn labels(options: &AddressOptions) -> Labels<'_> {
    Labels {
        attention: options.attention.as_deref(),
        organization: options.organization.as_deref(),
        from: options.from.as_deref(),
        billing: options.billing.as_deref(),
        tag: options.tag.as_deref(),
    }
}

/// The mail that asked for it.
#[must_use]
pub fn original(detail: &JobDetail) -> Original<'_> {
    Original {
        message_id: detail.message.message_id.as_deref().unwrap_or_default(),
        references: &detail.message.references,
        subject: &detail.message.subject,
    }
}

/// Who our mails are from.
#[must_use]
pub fn mailbox_from(settings: &Settings) -> Mailbox {
    Mailbox { name: settings.report.from_name.clone(), address: settings.report.from_address.clone() }
}

fn record_of(attempt: &Attempt) -> Option<Record> {
    serde_json::from_str(attempt.record.as_deref()?).ok()
}

fn duration(attempt: &Attempt) -> Option<Duration> {
    Some(UnixMillis(attempt.closed_ms?).since(UnixMillis(attempt.opened_ms)))
}

fn attempt_facts(attempt: &Attempt, pages_total: u32) -> AttemptFacts {
    let cause = attempt.cause.clone().unwrap_or(Cause::Interrupted);
    AttemptFacts {
        at: local_time(attempt.opened_ms),
        outcome: Outcome { pages_confirmed: attempt.pages_confirmed, pages_total, cause },
        duration: duration(attempt),
    }
}

/// The pages as they went on the line in `attempt`, the first page of the fax first, made again from the stored ones.
///
/// # Errors
/// A failing disk.
pub fn pages_as_sent(
    office: &Office,
    settings: &Settings,
    detail: &JobDetail,
    attempt: &Attempt,
) -> Result<Vec<StoredPage>, Fault> {
    let Some(name) = detail.job.pages_file.as_deref().and_then(SpoolName::from_stored) else { return Ok(Vec::new()) };
    let stored = pages::load(&office.spool().read(&name, MAX_PAGES_FILE)?).map_err(Fault::Inconsistent)?;
    let fax = &settings.dial.fax;
    let header = fax.headline.then(|| super::dial::header(fax, &detail.job.number, attempt.opened_ms));
    let total = u32::try_from(stored.len()).unwrap_or(u32::MAX);
    let record = record_of(attempt);
    let sent = stored.iter().zip(0u32..).map(|(page, index)| {
        let format = record.as_ref().and_then(|record| record.format_of(index));
        let own = Shape { width: page.pels(), resolution: page.resolution, maximum_rows: None };
        let to = format.as_ref().map_or(own, pages::shape_of);
        let width = format.map_or(page.width, |format| format.width);
        StoredPage::of(&pages::as_sent(page, header.as_ref(), (index, total), &to), width, to.resolution)
    });
    Ok(sent.collect())
}

type Attached = (String, &'static str, Vec<u8>);

fn attachment(
    settings: &Settings,
    sent: &[StoredPage],
    job: i64,
    attempt: Option<&Attempt>,
) -> Result<Option<Attached>, Fault> {
    let (Some(format), Some(attempt)) = (settings.report.attach, attempt) else { return Ok(None) };
    if sent.is_empty() {
        return Ok(None);
    }
    Ok(Some(match format {
        Formats::Tiff => {
            let octets = pages::tiff_of(sent, None).map_err(Fault::Inconsistent)?;
            (format!("fax-{job}.tiff"), "image/tiff", octets)
        }
        Formats::Pdf | Formats::Both => {
            let octets = super::fax_mail::pdf_of(sent, &format!("Fax {job}"), attempt.opened_ms);
            (format!("fax-{job}.pdf"), "application/pdf", octets)
        }
    }))
}

/// A small picture of a page as PNG; nothing when it cannot be made.
#[must_use]
pub fn thumbnail(page: &StoredPage) -> Option<Vec<u8>> {
    let lines = page.resolution.lines_per_inch();
    let height = u64::from(page.rows) * u64::from(THUMBNAIL_WIDTH) * u64::from(page.resolution.dots_per_inch())
        / (u64::from(page.pels()) * u64::from(lines)).max(1);
    let height = u32::try_from(height).ok()?.clamp(1, THUMBNAIL_WIDTH * 4);
    let small = scale::resize_grey(&Grey::of(&page.bitmap()), THUMBNAIL_WIDTH, height);
    let mut octets = Vec::new();
    let mut encoder = png::Encoder::new(&mut octets, small.width(), small.rows());
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.write_header().ok()?.write_image_data(small.octets()).ok()?;
    Some(octets)
}

#[cfg(test)]
mod tests {
    use super::{Wish, untaken_sub_address, wish};
    use crate::call::Record;

    #[test]
    fn a_sub_address_that_the_far_end_does_not_take_is_told() {
        let heard = Record { rate: Some(14_400), ..Record::default() };
        let told = untaken_sub_address(Some("4711"), Some(&heard)).expect("told");
        assert!(told.contains("4711 was not sent"), "{told}");
        let sent = Record { sub_address_sent: true, ..heard.clone() };
        assert_eq!(untaken_sub_address(Some("4711"), Some(&sent)), None);
        assert_eq!(untaken_sub_address(None, Some(&heard)), None);
        assert_eq!(untaken_sub_address(Some("4711"), Some(&Record::default())), None, "the line was busy");
    }

    #[test]
    fn a_sender_who_asked_never_to_be_told_is_not_told() {
        assert_eq!(wish(Some("NEVER"), false), Wish::Silence);
        assert_eq!(wish(Some("FAILURE"), true), Wish::Silence);
        assert_eq!(wish(Some("SUCCESS,FAILURE"), true), Wish::Report);
        assert_eq!(wish(None, false), Wish::Unsaid);
    }
}
