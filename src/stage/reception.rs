//! The file a fax grows in while it is received: whole pages, one record each, safe before they are confirmed.
//!
//! A record is the octets `fax2`, then the page's place (from 0), its width, rows and lines per inch, its length and how many of its
//! rows came damaged as big-endian 32-bit numbers, then the page as T.6. Records of `fax1`, without the last number, are read too. A later record for the same place replaces the earlier one: the sender repeated the page. What
//! a crash cut off at the end is left out when it is read.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::live::Subject;
use super::pages::StoredPage;
use super::{Fault, Office, now_ms};
use crate::call::{PageFormat, Progress, ReceivedPage, Verdict};
use crate::image::quality::{self, CopyQuality};
use crate::image::{self, DecodeLimits};
use crate::io::call::CallOwner;
use crate::model::{Cause, ReceivedId, Resolution};
use crate::queue::NewReceived;
use crate::spool::{Growing, Kind, SpoolName};

const MARK: &[u8; 4] = b"fax2";
const RECORD_HEAD: usize = 28;
/// Records of versions that did not count damaged rows.
const OLD_MARK: &[u8; 4] = b"fax1";
const OLD_RECORD_HEAD: usize = 24;
/// Octets of one reception; a fax that is longer is ended by the limit on the call.
const MAX_RECEPTION: u64 = 512 * 1024 * 1024;
/// Rows of a received page: 4.3 m at the finest resolution.
const MAX_ROWS: u32 = 65_536;

/// A page as it was received.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct KeptPage {
    /// The page.
    pub page: StoredPage,
    /// Rows that came damaged and were made good by the row above.
    pub bad_rows: u32,
}

/// One page as a record of the file.
#[must_use]
pub fn page_record(place: u32, kept: &KeptPage) -> Vec<u8> {
    let page = &kept.page;
    let mut record = Vec::with_capacity(RECORD_HEAD + page.coded.len());
    record.extend_from_slice(MARK);
    let length = u32::try_from(page.coded.len()).expect("a page is far below 4 GiB");
    for number in [place, page.pels(), page.rows, page.resolution.lines_per_inch(), length, kept.bad_rows] {
        record.extend_from_slice(&number.to_be_bytes());
    }
    record.extend_from_slice(&page.coded);
    record
}

/// The whole pages in the octets of such a file.
#[must_use]
pub fn pages_in(mut octets: &[u8]) -> Vec<KeptPage> {
    let mut pages = BTreeMap::new();
    while let Some((place, page, rest)) = first_page(octets) {
        pages.insert(place, page);
        octets = rest;
    }
    pages.into_values().collect()
}

fn first_page(octets: &[u8]) -> Option<(u32, KeptPage, &[u8])> {
    let (rest, head) = match octets.strip_prefix(MARK) {
        Some(rest) => (rest, RECORD_HEAD),
        None => (octets.strip_prefix(OLD_MARK)?, OLD_RECORD_HEAD),
    };
    let number = |index: usize| {
        let octets = rest.get(index * 4..index * 4 + 4)?;
        Some(u32::from_be_bytes(octets.try_into().ok()?))
    };
    let (rows, length) = (number(2)?, number(4)? as usize);
    let (width, resolution) = Resolution::of_line(number(1)?, number(3)?)?;
    let bad_rows = if head == RECORD_HEAD { number(5)? } else { 0 };
    let body = rest.get(head - MARK.len()..)?;
    let coded = body.get(..length)?.to_vec();
    let page = StoredPage { coded, width, rows, resolution };
    Some((number(0)?, KeptPage { page, bad_rows }, &body[length..]))
}

/// Reads the pages of a reception from the spool.
///
/// # Errors
/// A failing disk.
pub fn read_pages(office: &Office, spool_file: &str) -> Result<Vec<KeptPage>, Fault> {
    let name = SpoolName::from_stored(spool_file)
        .ok_or_else(|| Fault::Inconsistent(format!("{spool_file} is no file of the spool")))?;
    Ok(pages_in(&office.spool().read(&name, MAX_RECEPTION)?))
}

/// The owner of a call in which pages come to us: one that came in, or one that fetches.
pub struct Reception {
    office: Office,
    /// Under which it is shown.
    subject: Subject,
    state: Arc<Mutex<Growth>>,
}

struct Growth {
    id: ReceivedId,
    /// The document of the call that it is, and the count of pages before it.
    document: u32,
    pages_before: u32,
    /// The document that identification and sub-address are of.
    named: usize,
    file: Growing,
    remote_id: Option<String>,
    sub_address: Option<String>,
}

impl Reception {
    /// Pages go into `file`.
    #[must_use]
    pub fn new(office: Office, id: ReceivedId, subject: Subject, file: Growing) -> Self {
        let growth = Growth { id, document: 0, pages_before: 0, named: 0, file, remote_id: None, sub_address: None };
        Self { office, subject, state: Arc::new(Mutex::new(growth)) }
    }

    /// The fax that grows now.
    pub fn id(&self) -> ReceivedId {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).id
    }
}

impl CallOwner for Reception {
    async fn page(&self, _document: usize, _index: u32, _format: PageFormat) -> Result<Arc<[u8]>, String> {
        Err("nothing is kept to be polled".into())
    }

    async fn received(&self, page: ReceivedPage) -> Verdict {
        let state = Arc::clone(&self.state);
        let stored = self.office.blocking(move |office| {
            let whole = next_document(office, &state, &page)?;
            // The fax before is whole, whatever becomes of this page.
            Ok((whole, store(office, &state, &page)))
        });
        let (whole, verdict) = stored.await.unwrap_or_else(|fault| (None, Err(fault)));
        let verdict = verdict.unwrap_or_else(|fault| {
            tracing::error!(received = %self.id(), %fault, "a page could not be stored, so it is not confirmed");
            Verdict::Bad
        });
        if let Some(whole) = whole {
            // Its sender need not wait until it is mailed.
            tokio::spawn(super::receive::close_at_leisure(self.office.clone(), whole, Cause::Sent, None));
        }
        verdict
    }

    fn confirmed(&self, _document: usize, _pages: u32) {}

    fn progress(&self, progress: &Progress) {
        if let Progress::Fax(fax) = progress {
            let mut growth = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            if fax.document > growth.named {
                growth.named = fax.document;
                (growth.remote_id, growth.sub_address) = (None, None);
            }
            growth.remote_id = fax.remote_id.clone().or(growth.remote_id.take());
            growth.sub_address = fax.sub_address.clone().or(growth.sub_address.take());
        }
        self.office.live().progress(self.subject, progress);
    }
}

/// Where the page begins another fax of a call that came in, opens that; gives the one that is whole now.
fn next_document(office: &Office, state: &Mutex<Growth>, page: &ReceivedPage) -> Result<Option<ReceivedId>, Fault> {
    let mut growth = state.lock().unwrap_or_else(PoisonError::into_inner);
    if page.document <= growth.document {
        return Ok(None);
    }
    let row = office.store().received(growth.id)?;
    // What is fetched belongs to the one job; and where nothing came yet, the fax is the new one.
    if row.job.is_some() || row.pages == 0 {
        growth.document = page.document;
        return Ok(None);
    }
    let file = office.spool().grow(Kind::Received)?;
    let id = office.store().open_reception(NewReceived {
        called: row.called,
        caller: row.caller,
        caller_name: row.caller_name,
        caller_withheld: row.caller_withheld,
        trunk: row.trunk,
        job: None,
        mailboxes: row.mailboxes,
        spool_file: file.name().to_string(),
        opened_ms: now_ms(),
    })?;
    tracing::info!(received = %id, before = %growth.id, "another fax comes in the same call");
    // Not before all this is done: if the disk failed, the page comes again, and would go to whom the fax before is for.
    growth.document = page.document;
    let whole = std::mem::replace(&mut growth.id, id);
    growth.file = file;
    growth.pages_before = page.index;
    Ok(Some(whole))
}

/// Decodes, judges, and makes a page safe.
fn store(office: &Office, state: &Mutex<Growth>, page: &ReceivedPage) -> Result<Verdict, Fault> {
    let format = &page.format;
    let limits = DecodeLimits { max_rows: MAX_ROWS };
    let decoded = image::decode(&page.bits, format.compression, format.width.pels(format.resolution), limits);
    let verdict = if format.ecm {
        Verdict::Good
    } else {
        match quality::judge(&decoded, format.resolution) {
            CopyQuality::Good => Verdict::Good,
            CopyQuality::Poor => Verdict::Poor,
            CopyQuality::Bad => Verdict::Bad,
        }
    };
    tracing::debug!(page = page.index + 1, rows = decoded.bitmap.rows(), bad_rows = decoded.bad_rows, ?verdict, "page");
    if verdict == Verdict::Bad && page.wants_verdict || decoded.bitmap.rows() == 0 {
        return Ok(verdict);
    }
    let kept =
        KeptPage { page: StoredPage::of(&decoded.bitmap, format.width, format.resolution), bad_rows: decoded.bad_rows };
    let mut growth = state.lock().unwrap_or_else(PoisonError::into_inner);
    let place = page.index.saturating_sub(growth.pages_before);
    growth.file.write(&page_record(place, &kept))?;
    growth.file.sync()?;
    if page.wants_verdict {
        let (remote_id, sub_address) = (growth.remote_id.clone(), growth.sub_address.clone());
        office.store().reception_page(growth.id, place + 1, remote_id, sub_address)?;
    }
    Ok(verdict)
}

#[cfg(test)]
mod tests {
    use super::{KeptPage, page_record, pages_in};
    use crate::image::Bitmap;
    use crate::model::{Resolution, Width};
    use crate::stage::pages::StoredPage;

    fn page(rows: u32) -> KeptPage {
        KeptPage { page: StoredPage::of(&Bitmap::white(1728, rows), Width::A4, Resolution::Fine), bad_rows: rows / 3 }
    }

    #[test]
    fn a_file_of_the_version_before_is_read_after_the_upgrade() {
        let mut octets = page_record(0, &page(10));
        octets[..4].copy_from_slice(b"fax1");
        octets.drain(24..28);
        assert_eq!(pages_in(&octets), vec![KeptPage { bad_rows: 0, ..page(10) }]);
    }

    #[test]
    fn pages_before_a_cut_are_read_and_the_cut_one_is_left_out() {
        let (first, second) = (page(10), page(2000));
        let mut octets = page_record(0, &first);
        let whole = octets.len();
        octets.extend(page_record(1, &second));
        assert_eq!(pages_in(&octets), vec![first.clone(), second]);
        for cut in whole..octets.len() {
            assert_eq!(pages_in(&octets[..cut]), vec![first.clone()], "cut at {cut}");
        }
        assert_eq!(pages_in(b"something else"), Vec::new());
    }

    #[test]
    fn a_repeated_page_replaces_the_one_before() {
        let mut octets = page_record(0, &page(10));
        octets.extend(page_record(1, &page(20)));
        octets.extend(page_record(1, &page(30)));
        assert_eq!(pages_in(&octets), vec![page(10), page(30)]);
    }
}
