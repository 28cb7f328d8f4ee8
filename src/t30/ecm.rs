//! Error correction mode: a page cut into blocks of up to 256 frames, and blocks put together again.
//!
//! Not here: the commands about blocks (phase D of both engines). T.30 (09/2005) Annex A, T.4 (07/2003) Annex A.

use super::frame::{self, Following, Name, PartialPage};
use crate::signal::Frame;
use std::sync::Arc;

/// Frames in a block.
// T.30 (09/2005) §A.3.1
pub const FRAMES_IN_BLOCK: usize = 256;
/// RCP frames that end a burst.
// T.4 (07/2003) §A.3.6.2
pub const CLOSING_FRAMES: usize = 3;
/// Octets of the PPR's map of frames.
// T.30 (09/2005) §A.4.4
pub const MAP_OCTETS: usize = FRAMES_IN_BLOCK / 8;

/// Octets of page in a frame.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum FrameSize {
    /// 256, the usual.
    Octets256,
    /// 64.
    Octets64,
}

impl FrameSize {
    /// As a number.
    #[must_use]
    pub const fn octets(self) -> usize {
        match self {
            Self::Octets256 => 256,
            Self::Octets64 => 64,
        }
    }
}

/// The map of a PPR: which of 256 frames are wanted again.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Map([u8; MAP_OCTETS]);

impl Map {
    /// Reads the information field of a PPR; nothing when it is too short.
    #[must_use]
    pub fn read(information: &[u8]) -> Option<Self> {
        Some(Self(*information.first_chunk()?))
    }

    /// The information field.
    #[must_use]
    pub const fn write(&self) -> &[u8; MAP_OCTETS] {
        &self.0
    }

    /// Whether a frame is wanted.
    #[must_use]
    pub fn wants(&self, number: u8) -> bool {
        self.0[usize::from(number) / 8] & (0x80 >> (number % 8)) != 0
    }
}

/// A page going out.
#[derive(Clone, Debug)]
pub struct Outgoing {
    page: Arc<[u8]>,
    size: FrameSize,
    counter: u8,
    block: usize,
    unsent: Vec<u8>,
    requests: u32,
    /// Frames sent at this rate and asked about, repeats counted again, and those of them that came.
    sent: usize,
    came: usize,
}

impl Outgoing {
    /// Cuts a page. `counter` is the page counter: pages sent in this call, modulo 256.
    #[must_use]
    pub fn new(page: Arc<[u8]>, size: FrameSize, counter: u8) -> Self {
        let mut outgoing = Self { page, size, counter, block: 0, unsent: Vec::new(), requests: 0, sent: 0, came: 0 };
        outgoing.unsent = outgoing.all_frames();
        outgoing
    }

    /// The burst: the frames that are not yet known to have arrived, and the closing ones.
    #[must_use]
    pub fn burst(&self) -> Vec<Frame> {
        let data = self.unsent.iter().map(|number| self.frame(*number));
        let closing = (0..CLOSING_FRAMES).map(|_| frame_of(Name::Rcp, &[]));
        data.chain(closing).collect()
    }

    /// The PPS for that burst, with `after_page` on the last block.
    #[must_use]
    pub fn partial_page(&self, after_page: Following) -> PartialPage {
        PartialPage {
            following: if self.on_last_block() { after_page } else { Following::MoreOfPage },
            page: self.counter,
            block: low_octet(self.block),
            last_frame: low_octet(self.unsent.len().max(1) - 1),
        }
    }

    /// Takes a PPR. True when fewer frames are wanted than were sent last: progress. Where it wants none of ours, all sent last
    /// are sent again.
    pub fn request(&mut self, map: &Map) -> bool {
        self.requests += 1;
        let wanted: Vec<u8> = self.all_frames().into_iter().filter(|number| map.wants(*number)).collect();
        if wanted.is_empty() {
            return false;
        }
        let progress = wanted.len() < self.unsent.len();
        self.sent += self.unsent.len();
        self.came += self.unsent.len().saturating_sub(wanted.len());
        self.unsent = wanted;
        progress
    }

    /// Whether most of the frames that were sent at this rate have come.
    #[must_use]
    pub const fn most_come(&self) -> bool {
        self.came * 2 > self.sent
    }

    /// Another rate: what came at the one before says nothing of it.
    pub const fn rate_changes(&mut self) {
        (self.sent, self.came) = (0, 0);
    }

    /// Goes to the next block; false when there is none.
    pub fn next_block(&mut self) -> bool {
        if self.on_last_block() {
            return false;
        }
        self.block += 1;
        self.requests = 0;
        self.unsent = self.all_frames();
        true
    }

    /// PPRs for this block.
    #[must_use]
    pub const fn requests(&self) -> u32 {
        self.requests
    }

    /// This block, from 0; frames known to have arrived; frames in all.
    #[must_use]
    pub fn standing(&self) -> (u32, u32, u32) {
        let all = self.frames_in_block();
        let narrow = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        (narrow(self.block), narrow(all - self.unsent.len().min(all)), narrow(all))
    }

    fn on_last_block(&self) -> bool {
        (self.block + 1) * self.block_octets() >= self.page.len()
    }

    const fn block_octets(&self) -> usize {
        self.size.octets() * FRAMES_IN_BLOCK
    }

    fn frames_in_block(&self) -> usize {
        let left = self.page.len().saturating_sub(self.block * self.block_octets());
        left.div_ceil(self.size.octets()).clamp(1, FRAMES_IN_BLOCK)
    }

    fn all_frames(&self) -> Vec<u8> {
        (0..self.frames_in_block()).map(low_octet).collect()
    }

    fn frame(&self, number: u8) -> Frame {
        let size = self.size.octets();
        let from = (self.block * self.block_octets() + usize::from(number) * size).min(self.page.len());
        let data = &self.page[from..(from + size).min(self.page.len())];
        let mut information = Vec::with_capacity(1 + size);
        information.push(number.reverse_bits());
        information.extend_from_slice(data);
        // T.4 (07/2003) §A.3.6.1.4: the last frame is filled with zeros.
        information.resize(1 + size, 0);
        frame_of(Name::Fcd, &information)
    }
}

/// FCD and RCP never are "final", whatever the place: the same control field as other terminals send.
fn frame_of(name: Name, information: &[u8]) -> Frame {
    frame::build(name, true, false, information)
}

fn low_octet(count: usize) -> u8 {
    u8::try_from(count % 256).expect("a remainder of 256 fits an octet")
}

/// A block coming in.
#[derive(Clone, Debug)]
pub struct Incoming {
    frames: Vec<Option<Vec<u8>>>,
    size: FrameSize,
    expected: usize,
    damaged: u32,
}

impl Incoming {
    /// Nothing has come yet.
    #[must_use]
    pub fn new(size: FrameSize) -> Self {
        Self { frames: vec![None; FRAMES_IN_BLOCK], size, expected: 0, damaged: 0 }
    }

    /// Takes the information field of an FCD. True when it brought a frame that was missing. Frames may be shorter or longer than
    /// agreed, for there are senders that always use one size; one of more than 256 octets, or none, counts as damaged.
    pub fn take(&mut self, information: &[u8]) -> bool {
        let Some((number, data)) = information.split_first() else {
            self.damaged += 1;
            return false;
        };
        if data.is_empty() || data.len() > FrameSize::Octets256.octets() {
            self.damaged += 1;
            return false;
        }
        let place = usize::from(number.reverse_bits());
        let slot = &mut self.frames[place];
        let is_new = slot.is_none();
        if is_new {
            *slot = Some(data.to_vec());
        }
        is_new
    }

    /// Counts a frame that came damaged.
    pub const fn damaged_frame(&mut self) {
        self.damaged += 1;
    }

    /// Frames that came damaged, in all bursts of this block.
    #[must_use]
    pub const fn damaged(&self) -> u32 {
        self.damaged
    }

    /// Takes the number of the last frame from a PPS. Only the first of a block says how many there are: those
    /// after a repeat count the frames repeated.
    pub fn expect(&mut self, last_frame: u8) {
        let seen = self.frames.iter().rposition(Option::is_some).map_or(0, |place| place + 1);
        if self.expected == 0 {
            self.expected = usize::from(last_frame) + 1;
        }
        self.expected = self.expected.max(seen);
    }

    /// Whether nothing at all has come.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.frames.iter().all(Option::is_none)
    }

    /// Frames that have come, and frames expected.
    #[must_use]
    pub fn standing(&self) -> (u32, u32) {
        let have = self.frames.iter().flatten().count();
        let narrow = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        (narrow(have), narrow(self.expected.max(have)))
    }

    /// How many of the frames expected are missing.
    #[must_use]
    pub fn missing(&self) -> u32 {
        let count = self.frames.iter().take(self.expected).filter(|frame| frame.is_none()).count();
        u32::try_from(count).unwrap_or(u32::MAX)
    }

    /// What to ask for: every frame that has not come. Those beyond the block are asked for too, as other terminals do.
    #[must_use]
    pub fn map(&self) -> Map {
        let mut octets = [0; MAP_OCTETS];
        for (place, frame) in self.frames.iter().enumerate() {
            if frame.is_none() {
                octets[place / 8] |= 0x80 >> (place % 8);
            }
        }
        Map(octets)
    }

    /// Whether every frame that has come is one of another block, with the same number.
    #[must_use]
    pub fn is_part_of(&self, other: &Self) -> bool {
        self.frames.iter().zip(&other.frames).all(|(ours, theirs)| ours.is_none() || ours == theirs)
    }

    /// Appends what has come, in order, to a page of at most `limit` octets. False when that is too much. A missing frame leaves
    /// a gap of zeros.
    pub fn append_to(&self, page: &mut Vec<u8>, limit: usize) -> bool {
        for frame in self.frames.iter().take(self.expected) {
            let length = frame.as_ref().map_or(self.size.octets(), Vec::len);
            if page.len() + length > limit {
                return false;
            }
            match frame {
                Some(data) => page.extend_from_slice(data),
                None => page.resize(page.len() + length, 0),
            }
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::t30::frame::View;

    fn page(octets: usize) -> Arc<[u8]> {
        (0..octets).map(|place| u8::try_from(place * 7 % 251).unwrap()).collect()
    }

    fn deliver(frames: &[Frame], incoming: &mut Incoming, lose: impl Fn(usize) -> bool) {
        for (place, frame) in frames.iter().enumerate() {
            let view = View::parse(frame).unwrap();
            if view.name == Name::Fcd && !lose(place) {
                incoming.take(view.information);
            }
        }
    }

    #[test]
    fn the_first_frame_and_the_closing_ones_are_those_of_asterisk() {
        let burst = Outgoing::new(page(300), FrameSize::Octets256, 0).burst();
        assert_eq!(burst.len(), 5);
        assert_eq!(burst[0][..4], [0xFF, 0xC0, 0x60, 0x00]);
        assert_eq!(burst[1][..4], [0xFF, 0xC0, 0x60, 0x80], "frame 1, least significant bit first");
        assert_eq!(burst[1].len(), 260, "the last frame is filled");
        assert_eq!(burst[4], [0xFF, 0xC0, 0x61]);
    }

    #[test]
    fn a_page_of_three_blocks_arrives_whole_in_spite_of_losses() {
        let sent = page(256 * 256 * 2 + 1000);
        let mut outgoing = Outgoing::new(Arc::clone(&sent), FrameSize::Octets256, 7);
        let mut received = Vec::new();
        let mut blocks = 0;
        loop {
            let mut incoming = Incoming::new(FrameSize::Octets256);
            deliver(&outgoing.burst(), &mut incoming, |place| place % 3 == 1);
            let pps = outgoing.partial_page(Following::Page);
            assert_eq!((pps.page, usize::from(pps.block)), (7, blocks));
            incoming.expect(pps.last_frame);
            assert!(incoming.missing() > 0);
            assert!(outgoing.request(&Map::read(incoming.map().write()).unwrap()));
            deliver(&outgoing.burst(), &mut incoming, |_| false);
            let again = outgoing.partial_page(Following::Page);
            assert_eq!(u32::from(again.last_frame) + 1, u32::try_from(outgoing.burst().len() - 3).unwrap());
            incoming.expect(again.last_frame);
            assert_eq!(incoming.missing(), 0);
            assert!(incoming.append_to(&mut received, 1 << 20));
            blocks += 1;
            if !outgoing.next_block() {
                assert_eq!(again.following, Following::Page);
                break;
            }
            assert_eq!(again.following, Following::MoreOfPage);
        }
        assert_eq!(blocks, 3);
        assert_eq!(received[..sent.len()], sent[..]);
        assert!(received[sent.len()..].iter().all(|octet| *octet == 0));
    }

    #[test]
    fn a_page_that_fills_its_blocks_exactly_has_no_empty_block_after_them() {
        let mut outgoing = Outgoing::new(page(256 * 64), FrameSize::Octets64, 0);
        assert_eq!(outgoing.partial_page(Following::Nothing).following, Following::Nothing);
        assert_eq!(outgoing.partial_page(Following::Nothing).last_frame, 255);
        assert!(!outgoing.next_block());
    }

    #[test]
    fn an_empty_page_still_has_one_frame() {
        assert_eq!(Outgoing::new(page(0), FrameSize::Octets256, 0).burst().len(), 4);
    }

    #[test]
    fn a_request_for_nothing_of_ours_is_no_progress_and_sends_all_again() {
        let mut outgoing = Outgoing::new(page(600), FrameSize::Octets256, 0);
        let beyond = Map::read(&{
            let mut octets = [0xFF; MAP_OCTETS];
            octets[0] = 0x1F;
            octets
        })
        .unwrap();
        assert!(!outgoing.request(&beyond));
        assert_eq!(outgoing.burst().len(), 3 + 3);
    }

    #[test]
    fn duplicates_and_overlong_frames_change_nothing() {
        let mut incoming = Incoming::new(FrameSize::Octets64);
        assert!(incoming.take(&[0x80, 1, 2, 3]));
        assert!(!incoming.take(&[0x80, 9, 9, 9]));
        assert!(!incoming.take(&[0x40; 258]));
        assert!(!incoming.take(&[]));
        incoming.expect(1);
        let mut got = Vec::new();
        assert!(incoming.append_to(&mut got, 1000));
        assert_eq!((incoming.missing(), incoming.damaged(), got.len()), (1, 2, 67));
    }
}
