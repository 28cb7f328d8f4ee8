//! Offer: documents of ours that a caller may fetch (polling), within a call that came in.
//!
//! What is offered is looked up when the call comes, so a document that is added or taken away counts from the next call on. Its pages
//! are read when it is asked for and prepared as those of a fax that is sent. Every fetching has a row.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::OnceCell;

use super::pages::{self, Header, StoredPage};
use super::reception::Reception;
use super::settings::{Fax, Receive};
use super::{Fault, Office, now_ms};
use crate::call::{Ending, PageFormat, Progress, ReceivedPage, Verdict};
use crate::io::call::CallOwner;
use crate::model::{FetchingId, ReceivedId, Resolution};
use crate::queue::{NewFetching, Offer, OfferedPage};
use crate::spool::SpoolName;
use crate::t30::{Document, PageShape};

/// Octets of a pages file.
const MAX_PAGES_FILE: u64 = 512 * 1024 * 1024;

/// What may be fetched in one call.
pub struct Offered {
    office: Office,
    received: ReceivedId,
    called: String,
    caller: Option<String>,
    fax: Fax,
    opened_ms: i64,
    offers: Vec<Offer>,
}

impl Offered {
    /// What is offered now to those who call `called`, the newest first. `station` is what we call ourselves in this call.
    ///
    /// # Errors
    /// A failing disk.
    pub fn find(
        office: &Office,
        receive: &Receive,
        received: ReceivedId,
        called: String,
        caller: Option<String>,
        station: String,
    ) -> Result<Self, Fault> {
        let opened_ms = now_ms();
        let mut offers = office.store().live_offers(opened_ms)?;
        offers.retain(|offer| receive.routes.names(&offer.numbers, &called));
        let fax = Fax { station_id: station, ..receive.fax.clone() };
        Ok(Self { office: office.clone(), received, called, caller, fax, opened_ms, offers })
    }
}

/// The shape of a page as an offer's row keeps it.
#[must_use]
pub fn offered_page(page: &StoredPage) -> OfferedPage {
    let lines_per_inch = page.resolution.lines_per_inch();
    OfferedPage { pels: page.pels(), rows: page.rows, lines_per_inch }
}

fn shape(page: &OfferedPage) -> Option<PageShape> {
    let (width, resolution) = Resolution::of_line(page.pels, page.lines_per_inch)?;
    Some(PageShape { width, resolution, rows: page.rows })
}

/// The document that is being fetched.
struct Chosen {
    offer: Offer,
    /// Read when its first page is asked for.
    opened: OnceCell<Opened>,
}

struct Opened {
    fetching: FetchingId,
    pages: Vec<StoredPage>,
}

/// The owner of a call that came in: it takes pages, and gives those that are fetched.
pub struct Answerer {
    reception: Reception,
    offered: Offered,
    chosen: Mutex<Option<Arc<Chosen>>>,
}

impl Answerer {
    /// Pages that come go into `reception`.
    #[must_use]
    pub fn new(reception: Reception, offered: Offered) -> Self {
        Self { reception, offered, chosen: Mutex::default() }
    }

    /// The documents as T.30 needs them, in the order of the offers.
    #[must_use]
    pub fn documents(&self) -> Vec<Document> {
        let document = |offer: &Offer| Document {
            pages: offer.pages.iter().filter_map(shape).collect(),
            selective: offer.selective.clone(),
            password: offer.password.as_ref().map(|password| password.reveal().to_owned()),
        };
        self.offered.offers.iter().map(document).collect()
    }

    /// The fax that came last.
    pub fn received_last(&self) -> ReceivedId {
        self.reception.id()
    }

    /// Writes down how the fetching ended, if there was one.
    pub async fn close(&self, ending: &Ending) {
        let Some(chosen) = self.chosen() else { return };
        let opened = match self.opened(&chosen).await {
            Ok(opened) => opened,
            Err(fault) => {
                return tracing::error!(offer = %chosen.offer.id, %fault, "a fetching could not be written down");
            }
        };
        let (fetching, pages) = (opened.fetching, ending.record.sent);
        let (cause, remote_id) = (ending.outcome.cause.clone(), ending.record.remote_id.clone());
        tracing::info!(
            offer = %chosen.offer.id,
            name = chosen.offer.name,
            remote_id,
            pages,
            of = chosen.offer.pages.len(),
            outcome = cause.word(),
            "a document was fetched from us"
        );
        let written = self
            .offered
            .office
            .blocking(move |office| Ok(office.store().close_fetching(fetching, pages, &cause, remote_id, now_ms())?));
        if let Err(fault) = written.await {
            tracing::error!(offer = %chosen.offer.id, %fault, "a fetching could not be written down");
        }
    }

    fn chosen(&self) -> Option<Arc<Chosen>> {
        self.chosen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The row and the pages of the document that is fetched.
    async fn opened<'c>(&self, chosen: &'c Chosen) -> Result<&'c Opened, Fault> {
        let open = async || {
            let new = NewFetching {
                offer: chosen.offer.id,
                received: self.offered.received,
                called: self.offered.called.clone(),
                caller: self.offered.caller.clone(),
                opened_ms: now_ms(),
            };
            let stored = chosen.offer.pages_file.clone();
            let work = move |office: &Office| {
                let fetching = office.store().open_fetching(new)?;
                let name = stored.as_deref().and_then(SpoolName::from_stored);
                let name = name.ok_or_else(|| Fault::Inconsistent("an offered document has no pages".into()))?;
                let octets = office.spool().read(&name, MAX_PAGES_FILE)?;
                Ok(Opened { fetching, pages: pages::load(&octets).map_err(Fault::Inconsistent)? })
            };
            self.offered.office.blocking(work).await
        };
        chosen.opened.get_or_try_init(open).await
    }
}

impl CallOwner for Answerer {
    async fn page(&self, _document: usize, index: u32, format: PageFormat) -> Result<Arc<[u8]>, String> {
        let chosen = self.chosen().ok_or("no document was asked for")?;
        let opened = self.opened(&chosen).await.map_err(|fault| fault.to_string())?;
        let page = opened.pages.get(index as usize).ok_or("there is no such page")?.clone();
        let total = u32::try_from(opened.pages.len()).unwrap_or(u32::MAX);
        let fax = &self.offered.fax;
        let header = fax.headline.then(|| Header {
            sent_ms: self.offered.opened_ms,
            sender_name: fax.sender_name.clone(),
            station_id: fax.station_id.clone(),
            called: self.offered.caller.clone().unwrap_or_default(),
        });
        let prepare = move |_: &Office| Ok(pages::prepared(&page, header.as_ref(), (index, total), &format));
        self.offered.office.blocking(prepare).await.map_err(|fault| fault.to_string())
    }

    fn polled(&self, document: usize) {
        let Some(offer) = self.offered.offers.get(document).cloned() else { return };
        tracing::info!(offer = %offer.id, name = offer.name, "a document is being fetched from us");
        let chosen = Chosen { offer, opened: OnceCell::new() };
        *self.chosen.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(chosen));
    }

    async fn received(&self, page: ReceivedPage) -> Verdict {
        self.reception.received(page).await
    }

    fn confirmed(&self, _document: usize, _pages: u32) {}

    fn progress(&self, progress: &Progress) {
        self.reception.progress(progress);
    }
}

#[cfg(test)]
mod tests {
    use super::{offered_page, shape};
    use crate::image::Bitmap;
    use crate::model::{Resolution, Width};
    use crate::stage::pages::{StoredPage, load, tiff_of};

    #[test]
    fn each_page_of_a_document_is_offered_in_its_own_width_and_resolution() {
        let shapes = Width::ALL.into_iter().flat_map(|width| Resolution::ALL.map(|resolution| (width, resolution)));
        let pages: Vec<StoredPage> = shapes
            .map(|(width, resolution)| StoredPage::of(&Bitmap::white(width.pels(resolution), 20), width, resolution))
            .collect();
        let stored = load(&tiff_of(&pages, None).expect("a TIFF")).expect("pages");
        assert_eq!(stored, pages);
        for page in &stored {
            assert_eq!(shape(&offered_page(page)), Some(page.shape()));
        }
    }
}
