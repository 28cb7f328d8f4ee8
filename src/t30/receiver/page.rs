//! A page coming in, as bits or as blocks of frames.
//!
//! Not here: the commands about it ([`super::receive_page`]). T.30 (09/2005) Annex A, T.4 (07/2003) §3.

use super::{PageEnd, ReceivedPage, Terms};
use crate::signal::{Listen, Modulation, Training};
use crate::t30::ecm::{FrameSize, Incoming};
use crate::t30::negotiate::Agreement;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::{Duration, Instant};

/// Octets kept of one page: more than an hour at 14 400 bit/s. A page that is longer is not confirmed.
const MAX_PAGE_OCTETS: usize = 16 << 20;
/// The longest a row may take, fill included. What is longer is a sender that hangs.
// T.4 (07/2003) §3
const LONGEST_ROW: Duration = Duration::from_secs(5);

/// Waiting for, or in the middle of, a page.
#[derive(Debug)]
pub(super) struct Receiving {
    pub(super) agreement: Agreement,
    pub(super) modulation: Modulation,
    pub(super) content: Content,
    pub(super) overlong: bool,
    /// CTR was sent: the next burst begins with long training, whatever the modem.
    pub(super) after_continue: bool,
    /// The last page was confirmed; only DCN, or its command again, can come.
    pub(super) over: bool,
}

#[derive(Debug)]
pub(super) enum Content {
    Plain(Plain),
    Blocks(Blocks),
}

#[derive(Debug, Default)]
pub(super) struct Plain {
    pub(super) bits: Vec<u8>,
    pub(super) carriers: u32,
    pub(super) carrier_ended: Option<Instant>,
    /// When the first signal after the carrier began, whether it could be read or not.
    pub(super) signal_after: Option<Instant>,
    pub(super) zeros: ZeroRun,
}

/// Zeros in a row, over the octets of a page: fill, for nothing else in T.4 has more than a dozen.
#[derive(Debug, Default)]
pub(super) struct ZeroRun {
    running: u64,
    longest: u64,
}

impl ZeroRun {
    pub(super) fn take(&mut self, bits: &[u8]) {
        for octet in bits {
            if *octet == 0 {
                self.running += 8;
            } else {
                self.longest = self.longest.max(self.running + u64::from(octet.leading_zeros()));
                self.running = u64::from(octet.trailing_zeros());
            }
        }
    }

    /// Whether a row took too long at a rate.
    pub(super) fn too_long(&self, modulation: Modulation) -> bool {
        self.longest > u64::from(modulation.bits_per_second()) * LONGEST_ROW.as_secs()
    }
}

#[derive(Debug)]
pub(super) struct Blocks {
    pub(super) size: FrameSize,
    pub(super) page: Vec<u8>,
    pub(super) incoming: Incoming,
    pub(super) done: u32,
    pub(super) damaged: u32,
    pub(super) missing: u32,
    pub(super) requests: u32,
}

impl Blocks {
    pub(super) fn new(size: FrameSize) -> Self {
        Self { size, page: Vec::new(), incoming: Incoming::new(size), done: 0, damaged: 0, missing: 0, requests: 0 }
    }

    /// Ends a block, whatever is missing in it; false when the page grew too large.
    pub(super) fn close(&mut self) -> bool {
        let incoming = std::mem::replace(&mut self.incoming, Incoming::new(self.size));
        self.damaged += incoming.damaged();
        self.missing += incoming.missing();
        self.done += 1;
        incoming.append_to(&mut self.page, MAX_PAGE_OCTETS)
    }
}

/// A page that is the same, by counter and content, as one before.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Fingerprint {
    counter: u8,
    length: usize,
    hash: u64,
}

impl Fingerprint {
    pub(super) fn of(counter: u8, page: &[u8]) -> Self {
        let mut hasher = DefaultHasher::new();
        page.hash(&mut hasher);
        Self { counter, length: page.len(), hash: hasher.finish() }
    }
}

impl Receiving {
    pub(super) fn new(terms: Terms) -> Self {
        let content = terms
            .agreement
            .ecm
            .map_or_else(|| Content::Plain(Plain::default()), |size| Content::Blocks(Blocks::new(size)));
        Self {
            agreement: terms.agreement,
            modulation: terms.modulation,
            content,
            overlong: false,
            after_continue: false,
            over: false,
        }
    }

    /// After the last page.
    pub(super) fn after_last(terms: Terms) -> Self {
        Self { over: true, ..Self::new(terms) }
    }

    /// The carrier that brings it.
    // T.30 (09/2005) §5.3.6.1.4 and §A.4.1: short training after CFR and MCF, long after CTR
    pub(super) fn listen(&self) -> Listen {
        let modulation = self.modulation;
        let is_short = modulation.has_short_training() && !self.after_continue;
        let training = if is_short { Training::Short } else { Training::Long };
        Listen::Fast { modulation, training, framed: self.agreement.ecm.is_some() }
    }

    pub(super) const fn is_over(&self) -> bool {
        self.over
    }

    pub(super) const fn terms(&self) -> Terms {
        Terms { agreement: self.agreement, modulation: self.modulation }
    }

    /// Block, frames that have come, frames expected.
    pub(super) fn standing(&self) -> Option<(u32, u32, u32)> {
        match &self.content {
            Content::Plain(_) => None,
            Content::Blocks(blocks) => {
                let (have, expected) = blocks.incoming.standing();
                Some((blocks.done, have, expected))
            }
        }
    }

    pub(super) const fn carrier_began(&mut self) {
        if let Content::Plain(plain) = &mut self.content {
            plain.carriers += 1;
            plain.carrier_ended = None;
            plain.signal_after = None;
        }
    }

    pub(super) const fn carrier_over(&mut self, now: Instant) {
        if let Content::Plain(plain) = &mut self.content {
            plain.carrier_ended = Some(now);
        }
    }

    /// V.21 is up.
    pub(super) const fn control_began(&mut self, now: Instant) {
        if let Content::Plain(plain) = &mut self.content
            && plain.carrier_ended.is_some()
            && plain.signal_after.is_none()
        {
            plain.signal_after = Some(now);
        }
    }

    pub(super) fn take_bits(&mut self, bits: &[u8]) {
        if let Content::Plain(plain) = &mut self.content {
            let room = MAX_PAGE_OCTETS - plain.bits.len().min(MAX_PAGE_OCTETS);
            self.overlong |= bits.len() > room;
            plain.bits.extend_from_slice(&bits[..bits.len().min(room)]);
            plain.zeros.take(bits);
        }
    }

    pub(super) const fn damaged_frame(&mut self) {
        if let Content::Blocks(blocks) = &mut self.content {
            blocks.incoming.damaged_frame();
        }
    }

    /// Whether anything of an unconfirmed page is here.
    pub(super) fn has_data(&self) -> bool {
        match &self.content {
            Content::Plain(plain) => !plain.bits.is_empty(),
            Content::Blocks(blocks) => blocks.done > 0 || !blocks.incoming.is_empty(),
        }
    }

    /// The page as far as it came. Ends the block under way.
    pub(super) fn into_page(self, document: u32, index: u32, ended: PageEnd) -> Option<ReceivedPage> {
        if !self.has_data() {
            return None;
        }
        let mut page = ReceivedPage {
            document,
            index,
            format: self.agreement.format(self.modulation),
            bits: Vec::new(),
            ended,
            damaged_frames: 0,
            missing_frames: 0,
            carrier_losses: 0,
            overlong: self.overlong,
            wants_verdict: matches!(ended, PageEnd::AnotherFollows | PageEnd::Last),
        };
        match self.content {
            Content::Plain(plain) => {
                page.bits = plain.bits;
                page.carrier_losses = plain.carriers.saturating_sub(1);
            }
            Content::Blocks(mut blocks) => {
                if !blocks.incoming.is_empty() {
                    blocks.incoming.expect(0);
                    page.overlong |= !blocks.close();
                }
                page.bits = blocks.page;
                page.damaged_frames = blocks.damaged;
                page.missing_frames = blocks.missing;
            }
        }
        Some(page)
    }
}
