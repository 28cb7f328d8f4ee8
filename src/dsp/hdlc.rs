//! HDLC as T.30 uses it: flags, stuffed zeros, check sequences. Frames to bits and bits to frames.
//!
//! The bit sent first is the most significant one of the first octet, as in [`crate::signal`]. Not here: what a frame means. Serves
//! T.30 (09/2005) §5.3 and T.4 (07/2003) Annex A.

mod mend;

use std::collections::VecDeque;

pub use mend::Mender;

/// Octets of a frame, its check sequence included, that are kept. Error correction has 262, and NSF is not known to be longer.
pub const MOST_OCTETS: usize = 512;

/// Turns frames into bits: flags, the frames with a flag behind each, flags.
#[derive(Clone, Debug)]
pub struct Framer {
    frames: VecDeque<Vec<u8>>,
    closing_flags: u32,
    part: Part,
    /// The bits to leave next, the first one the most significant, and how many.
    bits: u16,
    left: u32,
    /// Ones in a row, where zeros are stuffed.
    ones: u32,
}

/// What leaves now.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Part {
    /// Flags; so many are to follow.
    Flags(u32),
    /// The first frame; so many octets of it were taken, and this is their check.
    Frame { taken: usize, check: u16 },
    /// The check sequence.
    Check,
    /// Flags behind everything; so many are to follow.
    Closing(u32),
}

impl Framer {
    /// Frames from address to information field. `opening_flags` come before, one at least; `closing_flags` behind the one that ends the
    /// last frame. Empty frames are left out.
    #[must_use]
    pub fn new(frames: impl IntoIterator<Item = Vec<u8>>, opening_flags: u32, closing_flags: u32) -> Self {
        Self {
            frames: frames.into_iter().filter(|frame| !frame.is_empty()).collect(),
            closing_flags,
            part: Part::Flags(opening_flags.max(1)),
            bits: 0,
            left: 0,
            ones: 0,
        }
    }

    /// The next bit; nothing when all has left.
    pub fn next_bit(&mut self) -> Option<bool> {
        if self.ones == MOST_ONES {
            self.ones = 0;
            return Some(false);
        }
        if self.left == 0 {
            self.load()?;
        }
        self.left -= 1;
        let bit = self.bits >> self.left & 1 == 1;
        let is_stuffed = matches!(self.part, Part::Frame { .. } | Part::Check);
        self.ones = if bit && is_stuffed { self.ones + 1 } else { 0 };
        Some(bit)
    }

    fn load(&mut self) -> Option<()> {
        (self.bits, self.left) = match &mut self.part {
            Part::Flags(left @ 1..) | Part::Closing(left @ 1..) => {
                *left -= 1;
                (FLAG, 8)
            }
            Part::Flags(0) if self.frames.is_empty() => {
                self.part = Part::Closing(self.closing_flags);
                return self.load();
            }
            Part::Flags(0) => {
                self.part = Part::Frame { taken: 0, check: PRESET };
                return self.load();
            }
            Part::Frame { taken, check } => match self.frames.front().and_then(|frame| frame.get(*taken)) {
                Some(octet) => {
                    *taken += 1;
                    *check = advance(*check, *octet);
                    (u16::from(*octet), 8)
                }
                None => {
                    let sequence = !*check;
                    self.part = Part::Check;
                    self.frames.pop_front();
                    (sequence, 16)
                }
            },
            Part::Check => {
                self.part = Part::Flags(1);
                return self.load();
            }
            Part::Closing(0) => return None,
        };
        Some(())
    }
}

/// What a [`Deframer`] finds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Found<'a> {
    /// A flag; so many have come in a row with nothing between.
    Flag(u32),
    /// A frame with a good check sequence, without it.
    Frame(&'a [u8]),
    /// A frame whose check sequence was wrong, or that was aborted, was too long, or did not end with an octet.
    Damaged,
    /// Seven ones or more where no frame was: no HDLC.
    Abort,
}

/// Turns bits into frames.
#[derive(Clone, Debug)]
pub struct Deframer {
    octets: Vec<u8>,
    /// Bits since the last flag, without stuffed ones.
    bits: u32,
    octet: u8,
    ones: u32,
    flags: u32,
    /// Bits count for nothing until a flag comes.
    is_lost: bool,
}

impl Default for Deframer {
    fn default() -> Self {
        Self::new()
    }
}

impl Deframer {
    /// A deframer that waits for a flag.
    #[must_use]
    pub fn new() -> Self {
        Self { octets: Vec::with_capacity(MOST_OCTETS), bits: 0, octet: 0, ones: 0, flags: 0, is_lost: true }
    }

    /// Waits for a flag again.
    pub fn restart(&mut self) {
        self.octets.clear();
        (self.bits, self.ones, self.flags, self.is_lost) = (0, 0, 0, true);
    }

    /// Whether the last thing was a flag, or has begun like one: no frame is under way.
    #[must_use]
    pub const fn is_between_frames(&self) -> bool {
        !self.is_lost && self.bits < 8
    }

    /// Whether no flag has come since the last thing that was no HDLC.
    #[must_use]
    pub const fn is_lost(&self) -> bool {
        self.is_lost
    }

    /// The signal is gone: whether a frame was under way.
    pub fn end(&mut self) -> bool {
        let was_under_way = self.is_in_frame();
        self.restart();
        was_under_way
    }

    const fn is_in_frame(&self) -> bool {
        !self.is_lost && self.bits >= FEWEST_OCTETS_TO_TELL * 8
    }

    /// Takes a bit.
    #[inline]
    pub fn push(&mut self, bit: bool) -> Option<Found<'_>> {
        if bit {
            self.ones += 1;
            if self.ones > FLAG_ONES {
                return self.abort();
            }
        } else {
            let ones = std::mem::take(&mut self.ones);
            if ones == MOST_ONES {
                return None;
            }
            if ones == FLAG_ONES {
                return self.flag();
            }
            if ones > FLAG_ONES {
                return None;
            }
        }
        if self.is_lost {
            return None;
        }
        self.octet = self.octet << 1 | u8::from(bit);
        self.bits += 1;
        if self.bits.is_multiple_of(8) {
            if self.bits == 8 {
                // Until now it held the frame handed out last.
                self.octets.clear();
            }
            if self.octets.len() == MOST_OCTETS {
                self.restart();
                return Some(Found::Damaged);
            }
            self.octets.push(self.octet);
        }
        None
    }

    /// A seventh one, or a later one.
    #[cold]
    fn abort(&mut self) -> Option<Found<'_>> {
        if self.is_lost {
            // Told once for each run of ones.
            return (self.ones == FLAG_ONES + 1).then_some(Found::Abort);
        }
        let was_frame = self.is_in_frame();
        let ones = self.ones;
        self.restart();
        self.ones = ones;
        Some(if was_frame { Found::Damaged } else { Found::Abort })
    }

    #[inline(never)]
    fn flag(&mut self) -> Option<Found<'_>> {
        // The flag's zero and six ones were taken for data; its zero may have been the last of the flag before.
        let data_bits = self.bits.saturating_sub(FLAG_ONES + 1);
        let was_lost = std::mem::replace(&mut self.is_lost, false);
        self.bits = 0;
        if was_lost || data_bits == 0 {
            self.flags = if was_lost { 1 } else { self.flags.saturating_add(1) };
            return Some(Found::Flag(self.flags));
        }
        self.flags = 0;
        let whole = (data_bits / 8) as usize;
        self.octets.truncate(whole);
        let is_whole = data_bits.is_multiple_of(8);
        let check = self.octets.iter().fold(PRESET, |check, octet| advance(check, *octet));
        if is_whole && whole > CHECK_OCTETS && check == GOOD {
            return Some(Found::Frame(&self.octets[..whole - CHECK_OCTETS]));
        }
        (data_bits >= FEWEST_OCTETS_TO_TELL * 8).then_some(Found::Damaged)
    }
}

/// The check after one more octet.
// T.30 (09/2005) §5.3.7: x¹⁶ + x¹² + x⁵ + 1, all ones before, the highest power first
fn advance(check: u16, octet: u8) -> u16 {
    let [high, _] = check.to_be_bytes();
    check << 8 ^ CHECKS[usize::from(high ^ octet)]
}

const CHECKS: [u16; 256] = {
    let mut checks = [0; 256];
    let mut octet = 0;
    while octet < 256 {
        let mut check = (octet as u16) << 8;
        let mut bit = 0;
        while bit < 8 {
            check = if check & 0x8000 == 0 { check << 1 } else { check << 1 ^ GENERATOR };
            bit += 1;
        }
        checks[octet] = check;
        octet += 1;
    }
    checks
};

const GENERATOR: u16 = 0x1021;
const PRESET: u16 = 0xFFFF;
/// What is left behind the inverted check sequence of a good frame.
// T.30 (09/2005) §5.3.7: 0001 1101 0000 1111
const GOOD: u16 = 0x1D0F;
const CHECK_OCTETS: usize = 2;
const FLAG: u16 = 0x7E;
const FLAG_ONES: u32 = 6;
/// Ones after which a zero is stuffed.
const MOST_ONES: u32 = 5;
/// What is shorter is not told as a damaged frame: a hit among flags.
const FEWEST_OCTETS_TO_TELL: u32 = 3;

#[cfg(test)]
mod tests;
