//! Mending: a frame with a short hole in it is found out from its check sequence.
//!
//! A lost packet of 20 ms takes six or seven bits out of V.21. Where it is known which, all their values can be tried. The check
//! sequence tells every burst of up to sixteen wrong bits, so that no two of the trials can both be right; where more than one passes all the
//! same, because zeros were stuffed, none is believed.
//!
//! What is believed wrongly needs a wrong bit outside the hole that nothing shows. Then the right frame is not among the trials, each of
//! which passes once in 2¹⁶: for the 6 or 7 bits of a packet one such frame in 500 to 1000, for [`MOST_DOUBTS`] one in 64. For MCF to become
//! another answer the wrong bit must lie in its control octet and make a code of T.30 of it: with one wrong bit in 1000 that is one holed
//! frame in 250 000.
//!
//! A frame with more holes is put together from itself and from its repetition: T.30 says everything again that was not heard.

use std::collections::VecDeque;

use super::{Deframer, FLAG, Found};

/// Mends frames. It is given the bits that a [`Deframer`] is given, and gives the frames that are to be had from them between two
/// flags that are beyond doubt.
#[derive(Clone, Debug)]
pub struct Mender {
    /// Since the last flag that is beyond doubt, the bits of the next one included.
    bits: Vec<bool>,
    /// Places of the doubtful ones.
    doubts: Vec<usize>,
    /// The last eight bits, and for how many bits in a row there was no doubt.
    last: u8,
    sure: u32,
    has_begun: bool,
    deframer: Deframer,
    /// What could not be mended, the latest last.
    earlier: VecDeque<Torn>,
}

/// Bits between two flags, and which of them are doubtful.
#[derive(Clone, Debug)]
struct Torn {
    bits: Vec<bool>,
    doubts: Vec<usize>,
}

impl Default for Mender {
    fn default() -> Self {
        Self::new()
    }
}

impl Mender {
    /// One that waits for a flag.
    #[must_use]
    pub fn new() -> Self {
        Self {
            bits: Vec::with_capacity(MOST_BITS),
            doubts: Vec::with_capacity(MOST_KEPT_DOUBTS),
            last: 0,
            sure: 0,
            has_begun: false,
            deframer: Deframer::new(),
            earlier: VecDeque::new(),
        }
    }

    /// Waits for a flag again. What could not be mended before may still be of use.
    pub fn restart(&mut self) {
        (self.last, self.sure, self.has_begun) = (0, 0, false);
        self.bits.clear();
        self.doubts.clear();
    }

    /// Takes a bit. With the flag that ends it, gives the frames that a doubtful stretch holds, if it can be told; `is_plausible` is
    /// asked of each.
    pub fn push(&mut self, bit: bool, is_sure: bool, is_plausible: fn(&[u8]) -> bool) -> Option<Vec<Vec<u8>>> {
        self.last = self.last << 1 | u8::from(bit);
        self.sure = if is_sure { self.sure.saturating_add(1) } else { 0 };
        if self.has_begun {
            if !is_sure && self.doubts.len() < MOST_KEPT_DOUBTS {
                self.doubts.push(self.bits.len());
            }
            self.bits.push(bit);
            if self.bits.len() == MOST_BITS {
                self.restart();
            }
        }
        if u16::from(self.last) != FLAG || self.sure < 8 {
            return None;
        }
        let is_torn = !self.doubts.is_empty() && self.bits.len() >= FEWEST_BITS;
        let frames = if is_torn { self.mend_or_keep(is_plausible) } else { None };
        self.has_begun = true;
        self.bits.clear();
        self.doubts.clear();
        frames
    }

    fn mend_or_keep(&mut self, is_plausible: fn(&[u8]) -> bool) -> Option<Vec<Vec<u8>>> {
        if let Some(place) = self.earlier.iter().position(|torn| torn.is_alike(&self.bits, &self.doubts))
            && let Some(torn) = self.earlier.remove(place)
        {
            for doubt in &self.doubts {
                self.bits[*doubt] = torn.bits[*doubt];
            }
            self.doubts.retain(|doubt| torn.doubts.contains(doubt));
        }
        let frames = if self.may_be_tried() { self.mend(is_plausible) } else { None };
        if frames.is_none() && self.doubts.len() < MOST_KEPT_DOUBTS {
            self.earlier.truncate(MOST_EARLIER - 1);
            self.earlier.push_front(Torn { bits: self.bits.clone(), doubts: self.doubts.clone() });
        }
        frames
    }

    fn may_be_tried(&self) -> bool {
        match (self.doubts.first(), self.doubts.last()) {
            (Some(first), Some(last)) => self.doubts.len() <= MOST_DOUBTS && last - first < LONGEST_HOLE,
            (Some(_), None) | (None, _) => true,
        }
    }

    fn mend(&mut self, is_plausible: fn(&[u8]) -> bool) -> Option<Vec<Vec<u8>>> {
        let mut mended: Option<Vec<Vec<u8>>> = None;
        for guess in 0..1_u32 << self.doubts.len() {
            for (index, place) in self.doubts.iter().enumerate() {
                self.bits[*place] = guess >> index & 1 == 1;
            }
            let Some(frames) = self.frames(is_plausible) else { continue };
            match &mended {
                Some(other) if *other != frames => return None,
                Some(_) => {}
                None => mended = Some(frames),
            }
        }
        mended
    }

    /// The frames between the flags as the bits are now, if nothing but good frames is there.
    fn frames(&mut self, is_plausible: fn(&[u8]) -> bool) -> Option<Vec<Vec<u8>>> {
        let mut frames = Vec::new();
        self.deframer.restart();
        let flag = (0..8).rev().map(|place| FLAG >> place & 1 == 1);
        for bit in flag.chain(self.bits.iter().copied()) {
            match self.deframer.push(bit) {
                Some(Found::Frame(frame)) if is_plausible(frame) => frames.push(frame.to_vec()),
                Some(Found::Frame(_) | Found::Damaged | Found::Abort) => return None,
                Some(Found::Flag(_)) | None => {}
            }
        }
        (!frames.is_empty()).then_some(frames)
    }
}

impl Torn {
    /// Whether these may be the same bits: as many, and none that differs beyond doubt.
    fn is_alike(&self, bits: &[bool], doubts: &[usize]) -> bool {
        let differs = |place: &usize| self.bits[*place] != bits[*place];
        self.bits.len() == bits.len()
            && (0..bits.len()).filter(differs).all(|place| self.doubts.contains(&place) || doubts.contains(&place))
    }
}

/// Bits between two flags that are kept.
const MOST_BITS: usize = 1600;
/// Fewer are no frame.
const FEWEST_BITS: usize = 40;
/// Doubtful bits whose values are tried.
const MOST_DOUBTS: usize = 10;
/// Doubtful bits that are kept for the frame's repetition: half a second of them.
const MOST_KEPT_DOUBTS: usize = 150;
/// Torn frames that are kept.
const MOST_EARLIER: usize = 6;
/// From the first of them to the last, at most: what the check sequence tells for certain.
const LONGEST_HOLE: usize = 16;
