//! Several documents in one call: going on from one to the next after EOM, and leaving one out.
//!
//! What each came to is told when its last page is done with ([`Output::DocumentOver`]); of the last one begun, the end of the call tells
//! it. A far end that does not come back with a DIS takes nothing from those before. T.30 (09/2005) §5.3.6.1.6.

use super::{Sender, State};
use crate::model::Cause;
use crate::t30::Output;
use crate::t30::ending::{Ending, Record};
use std::time::Instant;

impl Sender {
    /// The first document with a page to send, from this place on.
    pub(super) fn document_from(&self, place: usize) -> Option<usize> {
        (place..self.settings.documents.len()).find(|at| self.settings.documents[*at].has_pages())
    }

    /// Whether another document goes after the one under way.
    pub(super) fn has_another_document(&self) -> bool {
        self.document_from(self.document + 1).is_some()
    }

    pub(super) fn turn_to(&mut self, document: usize) {
        self.document = document;
        self.next = self.settings.documents.get(document).map_or(0, |document| document.first_page);
        (self.begun, self.skipped, self.confirmed) = (false, false, 0);
    }

    /// Tells what the document that is done with came to, and turns to the next one, if there is one.
    pub(super) fn next_document(&mut self) -> bool {
        let Some(next) = self.document_from(self.document + 1) else { return false };
        let cause = if self.skipped { Cause::PageRejected } else { Cause::Sent };
        // What is known of the far end holds for the next one too; what was done with this one does not.
        let known = Record {
            remote_id: self.record.remote_id.clone(),
            remote_nsf: self.record.remote_nsf.clone(),
            remote_capability: self.record.remote_capability.clone(),
            v17: self.record.v17,
            ..Record::default()
        };
        let record = std::mem::replace(&mut self.record, known);
        let (document, pages) = (self.document, record.sent);
        let over = Ending { document, begun: true, cause, pages, record: Box::new(record) };
        self.line.output(Output::DocumentOver(over));
        let gone = self.settings.documents.get(document).map_or(0, |document| document.first_page);
        self.pages_before += self.next.saturating_sub(gone);
        self.has_gone_on = true;
        self.turn_to(next);
        true
    }

    /// A document that has not begun is left out; the one on the line ends the call; of one that is over nothing can be taken back.
    pub(super) fn on_withdrawn(&mut self, document: usize, now: Instant) {
        if matches!(self.state, State::Releasing(_) | State::Ended) || document < self.document {
            return;
        }
        if document == self.document && self.begun {
            self.on_stop(Cause::Cancelled, now);
            return;
        }
        if let Some(withdrawn) = self.settings.documents.get_mut(document) {
            withdrawn.pages.clear();
        }
        if document != self.document {
            return;
        }
        if let Some(next) = self.document_from(document + 1) {
            self.turn_to(next);
            self.show();
        } else if self.fetch.is_none() {
            self.on_stop(Cause::Cancelled, now);
        }
    }
}
