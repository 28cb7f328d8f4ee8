//! Phase C of the sender of pages: getting a page from the owner and putting it on the line, with the command that follows it.
//!
//! T.30 (09/2005) §5.3.6.1.6 and Annex A, Figure 5-2a places I and V.

use super::{Sender, State};
use crate::model::Cause;
use crate::signal::{Burst, Frame, Training};
use crate::t30::Output;
use crate::t30::ecm::Outgoing;
use crate::t30::ending::PageRecord;
use crate::t30::frame::{Following, Name};
use crate::t30::line::Line;
use crate::t30::negotiate::{Agreement, PageFormat};
use crate::t30::timers::{PAGE_SUPPLY, PAUSE, Timer};
use std::sync::Arc;
use std::time::Instant;

/// Octets of a coded page that are taken from the owner: hours at 14 400 bit/s.
const MAX_PAGE_OCTETS: usize = 32 << 20;
/// So many answers that could not be read are no accident.
const UNREAD_ANSWERS: u32 = 2;

/// A page the owner is coding.
#[derive(Debug)]
pub(super) struct AwaitedPage {
    index: u32,
    agreement: Agreement,
    rejections: u32,
}

/// A page in hand.
#[derive(Debug)]
pub(super) struct PageInHand {
    pub(super) index: u32,
    pub(super) agreement: Agreement,
    pub(super) following: Following,
    /// The last of its document, whatever comes after it in the call.
    is_last: bool,
    pub(super) content: Content,
    format: PageFormat,
    bits: Arc<[u8]>,
    /// Times it went out whole and was not taken.
    pub(super) rejections: u32,
    pub(super) partial_page_requests: u32,
}

/// How it goes.
#[derive(Debug)]
pub(super) enum Content {
    Plain,
    Blocks(Outgoing),
}

/// The command the far end has to answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Command {
    /// MPS, EOM, EOP or a PPS.
    AfterPage,
    /// RR, because it was not ready.
    ReceiveReady,
    /// CTC.
    Continue,
    /// EOR.
    EndRetransmission,
}

/// A page on the line.
#[derive(Debug)]
pub(super) struct Sending {
    pub(super) page: PageInHand,
    pub(super) command: Command,
    /// Times the command was sent without an answer.
    pub(super) tries: u32,
    /// Times an answer to it came that could not be read.
    pub(super) unread: u32,
}

impl Sending {
    /// Whether the command is the one after the last page.
    pub(super) fn waits_for_last_answer(&self) -> bool {
        self.command == Command::AfterPage && self.page.is_last && self.page.on_last_part()
    }

    /// Whether silence after the command leaves it likely that the fax is there. Where answers to blocks came again and again that
    /// could not be read it does not: a line that spoils every one of them spoils a PPR of 35 octets sooner than an MCF of three.
    pub(super) fn is_likely_received(&self) -> bool {
        let asks_for_frames = self.page.has_blocks() && self.unread >= UNREAD_ANSWERS;
        self.waits_for_last_answer() && !asks_for_frames
    }
}

impl PageInHand {
    /// Whether it goes with error correction.
    pub(super) const fn has_blocks(&self) -> bool {
        matches!(self.content, Content::Blocks(_))
    }

    /// Block, frames acknowledged, frames in it.
    pub(super) fn standing(&self) -> Option<(u32, u32, u32)> {
        match &self.content {
            Content::Plain => None,
            Content::Blocks(outgoing) => Some(outgoing.standing()),
        }
    }

    /// Whether nothing of this page comes after what was sent last.
    fn on_last_part(&self) -> bool {
        match &self.content {
            Content::Plain => true,
            Content::Blocks(outgoing) => outgoing.partial_page(self.following).following == self.following,
        }
    }

    /// The command after the page or block.
    pub(super) fn command_frame(&self, line: &Line) -> Frame {
        match &self.content {
            Content::Plain => {
                let name = self.following.command().expect("nobody plans PPS-NULL for a whole page");
                line.frame(name, &[])
            }
            Content::Blocks(outgoing) => line.frame(Name::Pps, &outgoing.partial_page(self.following).write(line.x)),
        }
    }
}

impl Sender {
    /// After CFR, or after MCF on MPS: the page rejected before, or the next one.
    pub(super) fn message(&mut self, agreement: Agreement, again: Option<PageInHand>, now: Instant) {
        let modulation = self.modulation();
        let format = agreement.format(modulation);
        let (index, rejections) = match again {
            Some(page) if page.format == format && page.agreement == agreement => {
                let fresh = self.page_in_hand(page.index, agreement, page.bits, page.rejections);
                self.send_page(fresh, now);
                return;
            }
            Some(page) => (page.index, page.rejections),
            None => (self.next, 0),
        };
        self.forget_answers();
        self.state = State::AwaitingPage(AwaitedPage { index, agreement, rejections });
        self.line.timers.set(Timer::PageSupply, now + PAGE_SUPPLY);
        self.line.output(Output::NeedPage { document: self.document, index, format });
        self.show();
    }

    pub(super) fn on_page(&mut self, bits: Arc<[u8]>, now: Instant) {
        match std::mem::replace(&mut self.state, State::Ended) {
            State::AwaitingPage(awaited) => {
                self.line.timers.cancel(Timer::PageSupply);
                if bits.len() > MAX_PAGE_OCTETS {
                    self.finish(Cause::Local("a coded page is too large to send".into()), now);
                    return;
                }
                let page = self.page_in_hand(awaited.index, awaited.agreement, bits, awaited.rejections);
                self.send_page(page, now);
            }
            state @ (State::Idle
            | State::AwaitingDis
            | State::Training(_)
            | State::Sending(_)
            | State::Releasing(_)
            | State::Ended) => self.state = state,
        }
    }

    fn page_in_hand(&self, index: u32, agreement: Agreement, bits: Arc<[u8]>, rejections: u32) -> PageInHand {
        // T.30 (09/2005) §A.4.3: it counts from the beginning of the call.
        let first = self.settings.documents.get(self.document).map_or(0, |document| document.first_page);
        let count = self.pages_before + index.saturating_sub(first);
        let counter = u8::try_from(count % 256).expect("a remainder of 256 fits an octet");
        let content = agreement
            .ecm
            .map_or(Content::Plain, |size| Content::Blocks(Outgoing::new(Arc::clone(&bits), size, counter)));
        let format = agreement.format(self.modulation());
        let following = self.following(index, agreement);
        let is_last = self.shape(index + 1).is_none();
        PageInHand { index, agreement, following, is_last, content, format, bits, rejections, partial_page_requests: 0 }
    }

    /// What comes after a page: nothing, another one alike, or one for which a new DCS is needed.
    fn following(&self, index: u32, agreement: Agreement) -> Following {
        if self.shape(index + 1).is_none() {
            // Only a new phase B lets a caller begin another document, or ask for one: T.30 (09/2005) §5.3.6.1.6.
            let goes_on = self.has_another_document() || self.fetch.is_some();
            return if goes_on { Following::NewFormat } else { Following::Nothing };
        }
        match self.agreement_for(index + 1) {
            Ok(next) if next == agreement => Following::Page,
            Ok(_) | Err(_) => Following::NewFormat,
        }
    }

    /// Sends a page, or the block or frames that are due of it, and the command after it.
    pub(super) fn send_page(&mut self, page: PageInHand, now: Instant) {
        if !self.may_command(now) {
            return;
        }
        self.forget_answers();
        let modulation = self.modulation();
        // T.30 (09/2005) §5.3.6.1.4 and §A.4.1: short training after CFR and MCF, long after CTR.
        let training =
            if modulation.has_short_training() && !self.long_training { Training::Short } else { Training::Long };
        self.long_training = false;
        let message = match &page.content {
            Content::Plain => Burst::Page { modulation, training, bits: Arc::clone(&page.bits) },
            Content::Blocks(outgoing) => Burst::Block { modulation, training, frames: outgoing.burst() },
        };
        let command = Burst::Control(vec![page.command_frame(&self.line)]);
        self.state = State::Sending(Sending { page, command: Command::AfterPage, tries: 1, unread: 0 });
        self.line.send([Burst::Silence(PAUSE), message, Burst::Silence(PAUSE), command], now);
        self.show();
    }

    /// Notes a page that is done with.
    pub(super) fn note_page(&mut self, page: &PageInHand, confirmed: bool) {
        let modulation = self.modulation();
        self.record.add_page(PageRecord {
            index: page.index,
            modulation,
            ecm: page.agreement.ecm.is_some(),
            compression: page.agreement.compression,
            width: page.agreement.width,
            resolution: page.agreement.resolution,
            octets: u32::try_from(page.bits.len()).unwrap_or(u32::MAX),
            partial_page_requests: page.partial_page_requests,
            confirmed,
        });
    }
}
