//! Scrambling: what makes any data look like noise on the line, and undoes it.

use super::{Family, Mode};

/// A scrambler, or the descrambler of one: both remember the last bits on the line.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Scrambler {
    /// V.27ter's: 1 + x⁻⁶ + x⁻⁷, and a guard against patterns that repeat after 1, 2, 3, 4, 6, 8, 9 or 12 bits.
    // V.27ter Appendix I
    Guarded {
        /// The last bits, the newest the least significant.
        line: u32,
        /// For how many bits one of those patterns has gone on.
        repeated: u32,
    },
    /// That of V.29 and V.17: 1 + x⁻¹⁸ + x⁻²³.
    // V.29 Appendix I; V.17, scrambler
    Plain {
        /// The last bits, the newest the least significant.
        line: u32,
    },
}

/// After so many bits of a pattern that repeats the next bit is inverted.
// V.27ter Appendix I
const GUARD_BITS: u32 = 33;

impl Scrambler {
    /// The scrambler of a mode as its training begins with it.
    // V.27ter §2.5.1; V.29: all zero before its segment 4; V.17: so that its conditioning begins with C and D in turns
    #[must_use]
    pub const fn new(mode: Mode) -> Self {
        match mode.family() {
            Family::V27ter => Self::Guarded { line: 0b011_1100, repeated: 0 },
            Family::V29 => Self::Plain { line: 0 },
            Family::V17 => Self::Plain { line: 0x2E_CDD5 },
        }
    }

    /// Scrambles a bit.
    pub fn scramble(&mut self, bit: bool) -> bool {
        let line_bit = bit ^ self.feedback();
        self.push(line_bit);
        line_bit
    }

    /// Descrambles a bit of the line.
    pub fn descramble(&mut self, line_bit: bool) -> bool {
        let bit = line_bit ^ self.feedback();
        self.push(line_bit);
        bit
    }

    /// Scrambles up to six bits at once; the first is the least significant.
    pub fn scramble_bits(&mut self, bits: u32, count: u32) -> u32 {
        match self {
            Self::Plain { line } => {
                // The taps lie further back than the bits go, so that all are known at once, the newest least significant.
                let newest_last = reversed(bits, count);
                let mask = (1 << count) - 1;
                let scrambled = (newest_last ^ (*line >> (18 - count)) ^ (*line >> (23 - count))) & mask;
                *line = *line << count | scrambled;
                reversed(scrambled, count)
            }
            Self::Guarded { .. } => {
                let mut scrambled = 0;
                let mut at = 0;
                while at < count {
                    scrambled |= (self.scramble(bits >> at & 1 == 1) as u32) << at;
                    at += 1;
                }
                scrambled
            }
        }
    }

    /// Descrambles up to six bits of the line at once; the first is the least significant.
    #[inline]
    pub fn descramble_bits(&mut self, line_bits: u32, count: u32) -> u32 {
        match self {
            Self::Plain { line } => {
                let mask = (1 << count) - 1;
                let newest_last = reversed(line_bits, count) & mask;
                let bits = (newest_last ^ (*line >> (18 - count)) ^ (*line >> (23 - count))) & mask;
                *line = *line << count | newest_last;
                reversed(bits, count)
            }
            // The guard does not act on any of them.
            Self::Guarded { line, repeated } if *repeated + count <= GUARD_BITS => {
                *line = *line << count | reversed(line_bits, count);
                let (line, mask) = (*line, (1 << count) - 1);
                let unlike_all = (line >> 8 ^ line) & (line >> 9 ^ line) & (line >> 12 ^ line) & mask;
                *repeated = if unlike_all == 0 { *repeated + count } else { unlike_all.trailing_zeros() };
                let bits = (line ^ line >> 6 ^ line >> 7) & mask;
                reversed(bits, count)
            }
            Self::Guarded { .. } => {
                let descrambled = |at: u32| u32::from(self.descramble(line_bits >> at & 1 == 1)) << at;
                (0..count).map(descrambled).fold(0, |bits, bit| bits | bit)
            }
        }
    }

    /// What is added to the next bit.
    fn feedback(&self) -> bool {
        match self {
            Self::Guarded { line, repeated } => ((line >> 5 ^ line >> 6) & 1 == 1) ^ (*repeated >= GUARD_BITS),
            Self::Plain { line } => (line >> 17 ^ line >> 22) & 1 == 1,
        }
    }

    /// Takes the next bit of the line to memory.
    fn push(&mut self, line_bit: bool) {
        let bit = line_bit as u32;
        match self {
            Self::Guarded { line, repeated } => {
                // Periods of 8, 9 and 12 bits have all the others in them.
                let unlike_all = (*line >> 7 ^ bit) & (*line >> 8 ^ bit) & (*line >> 11 ^ bit) & 1 == 1;
                *repeated = if *repeated >= GUARD_BITS || unlike_all { 0 } else { *repeated + 1 };
                *line = *line << 1 | bit;
            }
            Self::Plain { line } => *line = *line << 1 | bit,
        }
    }
}

/// So many bits, at most six, in reverse order.
const fn reversed(bits: u32, count: u32) -> u32 {
    REVERSED[bits as usize % REVERSED.len()] as u32 >> (MOST_BITS - count)
}

const MOST_BITS: u32 = 6;
const REVERSED: [u8; 1 << MOST_BITS] = {
    let mut reversed = [0; 1 << MOST_BITS];
    let mut bits = 0;
    while bits < reversed.len() {
        reversed[bits] = (bits as u8).reverse_bits() >> (8 - MOST_BITS);
        bits += 1;
    }
    reversed
};

#[cfg(test)]
mod tests {
    use super::*;

    fn data(count: usize) -> Vec<bool> {
        let mut state = 1_u32;
        let bits = std::iter::repeat_with(|| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            state >> 31 == 1
        });
        bits.take(count).collect()
    }

    #[test]
    fn descrambling_undoes_scrambling_and_finds_in_by_itself() {
        for mode in Mode::ALL {
            let mut scrambler = Scrambler::new(mode);
            let line: Vec<bool> = data(3000).into_iter().map(|bit| scrambler.scramble(bit)).collect();
            let mut descrambler = Scrambler::new(mode);
            let back: Vec<bool> = line.iter().map(|bit| descrambler.descramble(*bit)).collect();
            assert_eq!(back, data(3000), "{mode:?}");
            let mut late = Scrambler::new(mode);
            let back: Vec<bool> = line[500..].iter().map(|bit| late.descramble(*bit)).collect();
            assert_eq!(back[500..], data(3000)[1000..], "{mode:?}");
        }
    }

    #[test]
    fn bits_at_once_are_scrambled_as_one_by_one() {
        for mode in Mode::ALL {
            let count = mode.bits_per_symbol() as usize;
            let (mut whole, mut single) = (Scrambler::new(mode), Scrambler::new(mode));
            let (mut back, mut single_back) = (Scrambler::new(mode), Scrambler::new(mode));
            for bits in data(6000).chunks_exact(count) {
                let packed = bits.iter().rev().fold(0, |packed, bit| packed << 1 | u32::from(*bit));
                let scrambled = whole.scramble_bits(packed, count as u32);
                let expected = bits.iter().map(|bit| single.scramble(*bit));
                assert!(expected.enumerate().all(|(at, bit)| bit == (scrambled >> at & 1 == 1)), "{mode:?}");
                assert_eq!(back.descramble_bits(scrambled, count as u32), packed, "{mode:?}");
                assert!(
                    (0..count).all(|at| single_back.descramble(scrambled >> at & 1 == 1) == (packed >> at & 1 == 1))
                );
                assert_eq!(back, single_back, "{mode:?}");
            }
        }
    }

    #[test]
    fn the_guard_ends_patterns_that_repeat() {
        // From all zeros, zeros scramble to zeros; the guard steps in.
        let mut scrambler = Scrambler::Guarded { line: 0, repeated: 0 };
        let line: Vec<bool> = (0..40).map(|_| scrambler.scramble(false)).collect();
        assert_eq!(line.iter().position(|bit| *bit), Some(33));
    }
}
