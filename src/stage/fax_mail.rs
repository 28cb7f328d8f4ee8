//! What becomes of pages that came to us, in a call that came in or one that fetched a document: a TIFF in the spool and a mail to
//! each mailbox.
//!
//! All is made from the row and the file of whole pages, so start-up makes the same of what a crash cut off.

use super::pages::{StoredPage, local_time, tiff_of};
use super::reception::{KeptPage, read_pages};
use super::report::{mailbox_from, original, thumbnail};
use super::settings::{Formats, Settings};
use super::{Fault, Office, chance, later_ms, now_ms};
use crate::call::Record;
use crate::clock;
use crate::mail::header::Mailbox;
use crate::mail::pdf::{PdfPage, pdf};
use crate::mail::received::{Fetched, ReceivedFacts, received};
use crate::model::Cause;
use crate::queue::{JobDetail, NewMail, Received, ReceptionEnd};
use crate::spool::{Kind, SpoolName};

/// Pages whose damage is told one by one; of more, how many there are.
const DAMAGED_PAGES_TOLD: usize = 10;

/// How a reception is to be closed. The mails and the TIFF are in the spool, and the file it grew in may be removed after that.
///
/// # Errors
/// A failing disk.
pub fn end_of(office: &Office, row: &Received, cause: &Cause, record: Option<&Record>) -> Result<ReceptionEnd, Fault> {
    let settings = office.settings();
    let pages = read_pages(office, &row.spool_file)?;
    let routes = &settings.receive.routes;
    let wanted = row.sub_address.as_deref().filter(|_| row.job.is_none());
    let own = wanted.and_then(|sub_address| routes.for_sub_address(&row.called, sub_address));
    let row = Received { mailboxes: own.map_or_else(|| row.mailboxes.clone(), <[String]>::to_vec), ..row.clone() };
    let mut end = ReceptionEnd {
        cause: cause.clone(),
        mailboxes: row.mailboxes.clone(),
        spool_file: None,
        record: record.and_then(|record| serde_json::to_string(record).ok()),
        mails: Vec::new(),
    };
    if pages.is_empty() {
        return Ok(end);
    }
    let description = match row.job {
        None => format!("Fax from {} to {}", caller_for_people(&row), row.called),
        Some(_) => format!("Document fetched from {}", row.called),
    };
    let plain: Vec<StoredPage> = pages.iter().map(|kept| kept.page.clone()).collect();
    let tiff = tiff_of(&plain, Some(description)).map_err(Fault::Inconsistent)?;
    let mut writer = office.spool().create(Kind::Received)?;
    writer.write(&tiff)?;
    end.spool_file = Some(writer.commit()?.to_string());
    if let Some(spool_file) = write_mail(office, &settings, &row, &pages, &tiff, cause, record)? {
        end.mails = mails_to(&settings, &row, &spool_file);
    }
    Ok(end)
}

fn caller_for_people(row: &Received) -> &str {
    row.caller.as_deref().unwrap_or(if row.caller_withheld { "a withheld number" } else { "an unknown number" })
}

/// Removes the file in which a reception grew, once its row names another.
///
/// # Errors
/// A failing disk.
pub fn remove_growing(office: &Office, row: &Received) -> Result<(), Fault> {
    if let Some(old) = SpoolName::from_stored(&row.spool_file) {
        office.spool().remove(&old)?;
    }
    Ok(())
}

fn mails_to(settings: &Settings, row: &Received, spool_file: &str) -> Vec<NewMail> {
    let mail = |mailbox: &String| NewMail {
        envelope_from: String::new(),
        envelope_to: mailbox.clone(),
        spool_file: spool_file.to_owned(),
        due_ms: now_ms(),
        expires_ms: later_ms(settings.deliver.lifetime),
    };
    row.mailboxes.iter().map(mail).collect()
}

fn write_mail(
    office: &Office,
    settings: &Settings,
    row: &Received,
    pages: &[KeptPage],
    tiff: &[u8],
    cause: &Cause,
    record: Option<&Record>,
) -> Result<Option<String>, Fault> {
    if row.mailboxes.is_empty() {
        return Ok(None);
    }
    // The job may have been forgotten; the fax is mailed all the same.
    let job: Option<JobDetail> = row.job.and_then(|job| office.store().show(job).ok());
    let formats = match row.job {
        None => settings.receive.wishes_for(&row.called).formats,
        Some(_) => settings.receive.fetched_formats,
    };
    let plain: Vec<StoredPage> = pages.iter().map(|kept| kept.page.clone()).collect();
    let title = if row.job.is_some() { format!("Fax from {}", row.called) } else { format!("Fax to {}", row.called) };
    let as_pdf = pdf_of(&plain, &title, row.opened_ms);
    let to: Vec<Mailbox> = row.mailboxes.iter().map(|address| Mailbox::bare(address)).collect();
    let broken_off = (*cause != Cause::Sent).then(|| cause.sentence_when_receiving());
    let picture = thumbnail(&plain[0]);
    let selective = job.as_ref().and_then(|detail| detail.job.fetch.as_ref()?.request.selective.clone());
    let facts = ReceivedFacts {
        from: &mailbox_from(settings),
        to: &to,
        called: &row.called,
        caller: row.caller.as_deref(),
        caller_name: row.caller_name.as_deref(),
        caller_withheld: row.caller_withheld,
        fetched: row.job.map(|id| Fetched {
            job: id,
            original: job.as_ref().map(original).unwrap_or_default(),
            selective: selective.as_deref(),
        }),
        sub_address: row.sub_address.as_deref(),
        remote_id: row.remote_id.as_deref(),
        remote_machine: record.and_then(|record| Some(record.remote_machine.as_ref()?.name.as_str())),
        pages: u32::try_from(pages.len()).unwrap_or(u32::MAX),
        broken_off: broken_off.as_deref(),
        at: &local_time(row.opened_ms),
        duration: clock::UnixMillis(now_ms()).since(clock::UnixMillis(row.opened_ms)),
        speed: record.and_then(|record| record.rate),
        ecm: record.filter(|record| record.rate.is_some()).map(|record| record.ecm),
        quality: &damage(pages),
        pdf: (formats != Formats::Tiff).then_some(as_pdf.as_slice()),
        tiff: (formats != Formats::Pdf).then_some(tiff),
        thumbnail: picture.as_deref(),
        received: row.id,
        hostname: &settings.hostname,
        date: &local_time(now_ms()),
    };
    let mail = received(&facts, &mut chance).map_err(|error| Fault::Inconsistent(error.to_string()))?;
    let mut writer = office.spool().create(Kind::Mail)?;
    writer.write(&mail)?;
    Ok(Some(writer.commit()?.to_string()))
}

/// A sentence for each page with damaged rows.
fn damage(pages: &[KeptPage]) -> Vec<String> {
    let damaged: Vec<(usize, &KeptPage)> = pages.iter().enumerate().filter(|(_, kept)| kept.bad_rows > 0).collect();
    let one = |(index, kept): &(usize, &KeptPage)| {
        let rows = kept.page.rows;
        format!("page {}: {} of {rows} rows came damaged and show the row above", index + 1, kept.bad_rows.min(rows))
    };
    let mut told: Vec<String> = damaged.iter().take(DAMAGED_PAGES_TOLD).map(one).collect();
    if let Some(more) = damaged.len().checked_sub(DAMAGED_PAGES_TOLD).filter(|more| *more > 0) {
        told.push(format!("{more} more pages came with damaged rows"));
    }
    told
}

/// The pages as PDF.
#[must_use]
pub fn pdf_of(pages: &[StoredPage], title: &str, unix_ms: i64) -> Vec<u8> {
    let page = |page: &StoredPage| (page.pels(), page.rows, page.resolution);
    let pages: Vec<PdfPage<'_>> = pages
        .iter()
        .map(|stored| {
            let (width, rows, resolution) = page(stored);
            PdfPage {
                mmr: &stored.coded,
                width,
                rows,
                dots_per_inch: resolution.dots_per_inch(),
                lines_per_inch: resolution.lines_per_inch(),
            }
        })
        .collect();
    pdf(&pages, title, Some(&local_time(unix_ms)))
}

#[cfg(test)]
mod tests {
    use super::damage;
    use crate::image::Bitmap;
    use crate::model::{Resolution, Width};
    use crate::stage::pages::StoredPage;
    use crate::stage::reception::KeptPage;

    #[test]
    fn each_damaged_page_is_told_and_whole_ones_are_not() {
        let page = StoredPage::of(&Bitmap::white(1728, 100), Width::A4, Resolution::Fine);
        let kept = |bad_rows| KeptPage { page: page.clone(), bad_rows };
        assert_eq!(damage(&[kept(0), kept(0)]), Vec::<String>::new());
        let told = damage(&[kept(0), kept(7)]);
        assert_eq!(told, ["page 2: 7 of 100 rows came damaged and show the row above"]);
        let many: Vec<KeptPage> = (0..15).map(|_| kept(1)).collect();
        assert_eq!(damage(&many).last().map(String::as_str), Some("5 more pages came with damaged rows"));
    }
}
