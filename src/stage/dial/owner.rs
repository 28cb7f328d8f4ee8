//! What a call asks of us while it is up: pages as the far end takes them, and to keep what it tells.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::mpsc;

use super::placing::{FaxOfCall, Placing};
use crate::call::{Ending, PageFormat, Progress, ReceivedPage, Verdict};
use crate::io::call::CallOwner;
use crate::policy::TrunkEvent;
use crate::sip::{Destination, Uri};
use crate::stage::chance;
use crate::stage::pages::{self, Header, StoredPage};
use crate::stage::settings::SipServer;

/// What a call tells, to be written down in its order. There are never more than pages and faxes in a call.
pub(super) enum Note {
    /// The far end has confirmed a fax up to and including this page, counted from 1.
    Confirmed { place: usize, page: u32 },
    /// A fax is over, and the call goes on.
    Over(Ending),
}

/// The owner of a call that sends.
pub(super) struct Owner {
    pub(super) call: Arc<Placing>,
    /// Of each fax; none of one that does not go.
    pub(super) pages: Vec<Vec<StoredPage>>,
    pub(super) header: Option<Header>,
    pub(super) notes: mpsc::Sender<Note>,
    /// The trunk's, which may send the call elsewhere.
    pub(super) server: SipServer,
    /// The fax that is shown.
    pub(super) shown: AtomicUsize,
}

impl Owner {
    fn fax(&self, place: usize) -> Option<&FaxOfCall> {
        self.call.faxes.get(place)
    }

    fn note(&self, note: Note) {
        if self.notes.try_send(note).is_err() {
            tracing::error!("nobody writes down what the call tells");
        }
    }
}

impl CallOwner for Owner {
    async fn locate(&self, uri: &Uri) -> Vec<Destination> {
        self.call.line.locate_elsewhere(&self.server, uri, chance()).await
    }

    async fn page(&self, document: usize, index: u32, format: PageFormat) -> Result<Arc<[u8]>, String> {
        let pages = self.pages.get(document).ok_or("there is no such fax")?;
        let page = pages.get(index as usize).ok_or("there is no such page")?.clone();
        let total = u32::try_from(pages.len()).unwrap_or(u32::MAX);
        let header = self.header.clone();
        self.call
            .office
            .blocking(move |_| Ok(pages::prepared(&page, header.as_ref(), (index, total), &format)))
            .await
            .map_err(|fault| fault.to_string())
    }

    async fn received(&self, _page: ReceivedPage) -> Verdict {
        // Only a call that fetches brings us a page, and its owner is a reception.
        Verdict::Bad
    }

    fn confirmed(&self, document: usize, pages: u32) {
        self.note(Note::Confirmed { place: document, page: pages });
    }

    fn document_over(&self, over: Ending) {
        self.note(Note::Over(over));
    }

    fn progress(&self, progress: &Progress) {
        if matches!(progress, Progress::Ringing | Progress::Answered) {
            // It need not be over for others to know that the trunk works.
            self.call.office.trunks().learn(&self.call.route.trunk, TrunkEvent::Placed);
        }
        if let Progress::Fax(fax) = progress
            && self.fax(fax.document).is_some()
            && self.shown.swap(fax.document, Ordering::Relaxed) != fax.document
        {
            self.call.show(fax.document);
        }
        if let Some(fax) = self.fax(self.shown.load(Ordering::Relaxed)) {
            self.call.office.live().progress(fax.subject(), progress);
        }
    }
}
