//! The code tables of T.4 as printed, and the tables computed from them at compile time: by run length for the
//! encoder, by the next bits for the decoder.

/// Longest run for which [`RunCodes`] has a ready code: make-up 2560 and terminating 63.
pub(super) const LONGEST_READY_RUN: u32 = 2560 + 63;
/// The longest make-up code; longer runs repeat it.
// T.4 (07/2003) §4.1.1, note to Table 3b
pub(super) const LONGEST_MAKE_UP: u32 = 2560;

/// Bits that tell every code of a run.
pub(super) const RUN_BITS: u32 = 13;

/// Pass mode.
// T.4 (07/2003) Table 4
pub(super) const PASS: (u64, u32) = (0b0001, 4);
/// Horizontal mode; two runs follow.
// T.4 (07/2003) Table 4
pub(super) const HORIZONTAL: (u64, u32) = (0b001, 3);
/// Vertical modes VL3, VL2, VL1, V0, VR1, VR2, VR3: a1 is that far from b1.
// T.4 (07/2003) Table 4
pub(super) const VERTICAL: [(u64, u32); 7] =
    [(0b000_0010, 7), (0b00_0010, 6), (0b010, 3), (0b1, 1), (0b011, 3), (0b00_0011, 6), (0b000_0011, 7)];
/// Bits that tell every two-dimensional mode.
pub(super) const MODE_BITS: u32 = 7;
/// End of line.
// T.4 (07/2003) §4.1.2
pub(super) const EOL: (u64, u32) = (1, 12);

/// Codes by run length, make-up and terminating code in one: the length in the upper 5 bits, the code below.
pub(super) struct RunCodes([u32; LONGEST_READY_RUN as usize + 1]);

impl RunCodes {
    /// Code and its length for a run up to [`LONGEST_READY_RUN`].
    #[inline]
    pub(super) const fn code(&self, run: u32) -> (u64, u32) {
        let entry = self.0[run as usize];
        ((entry & 0x07FF_FFFF) as u64, entry >> 27)
    }
}

/// One code as the decoder meets it: the run in the upper 12 bits and the code's length in the lower 4.
#[derive(Clone, Copy)]
pub(super) struct RunEntry(u16);

impl RunEntry {
    /// Pels.
    #[inline]
    pub(super) const fn run(self) -> u32 {
        (self.0 >> 4) as u32
    }

    /// Bits of the code; 0 if these bits begin no code.
    #[inline]
    pub(super) const fn length(self) -> u32 {
        (self.0 & 15) as u32
    }
}

/// A white run and the black run behind it, both of 1 to 63 pels: the length of both codes in the lower 4 bits, then
/// the white run in 6 and the black run in 6.
#[derive(Clone, Copy)]
pub(super) struct PairEntry(u16);

impl PairEntry {
    /// Bits of both codes; 0 if these bits do not begin with two such codes.
    #[inline]
    pub(super) const fn length(self) -> u32 {
        (self.0 & 15) as u32
    }

    /// Pels of the white run.
    #[inline]
    pub(super) const fn white(self) -> i32 {
        (self.0 >> 4 & 63) as i32
    }

    /// Pels of the black run.
    #[inline]
    pub(super) const fn black(self) -> i32 {
        (self.0 >> 10) as i32
    }
}

/// White codes by run.
pub(super) static WHITE_CODES: RunCodes = run_codes(&WHITE_TERMINATING, &WHITE_MAKE_UP);
/// Black codes by run.
pub(super) static BLACK_CODES: RunCodes = run_codes(&BLACK_TERMINATING, &BLACK_MAKE_UP);
/// Runs by the next [`RUN_BITS`] bits.
pub(super) type RunTable = [RunEntry; 1 << RUN_BITS];
/// White runs.
pub(super) static WHITE_RUNS: RunTable = run_entries(&WHITE_TERMINATING, &WHITE_MAKE_UP);
/// Black runs.
pub(super) static BLACK_RUNS: RunTable = run_entries(&BLACK_TERMINATING, &BLACK_MAKE_UP);
/// White and black runs together by the next [`RUN_BITS`] bits, where both codes fit.
pub(super) static PAIRS: [PairEntry; 1 << RUN_BITS] = pair_entries();
/// Modes by the next [`MODE_BITS`] bits.
pub(super) static MODES: [ModeEntry; 1 << MODE_BITS] = mode_entries();

/// A two-dimensional mode as the decoder meets it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct ModeEntry {
    /// Which.
    pub(super) mode: Mode,
    /// a1 - b1 for the vertical modes.
    pub(super) difference: i8,
    /// Bits of the code.
    pub(super) length: u8,
}

/// The kinds of mode.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    /// a1 is near b1.
    Vertical,
    /// Two run lengths follow.
    Horizontal,
    /// b2 is left of a1.
    Pass,
    /// No mode that we take: an extension (uncompressed mode is one), an EOL or damage.
    // T.6 (11/1988) §2.2.5: extensions are by agreement only
    Other,
}

const fn run_codes(terminating: &[&str; 64], make_up: &[&'static str; 27]) -> RunCodes {
    let mut codes = [0; LONGEST_READY_RUN as usize + 1];
    let mut run = 0;
    while run < codes.len() {
        let (mut code, mut length) = (0, 0);
        if run >= 64 {
            (code, length) = parse(make_up_code(make_up, run / 64 - 1));
        }
        let (last, last_length) = parse(terminating[run % 64]);
        code = code << last_length | last;
        length += last_length;
        assert!(code <= 0x07FF_FFFF && length < 32);
        codes[run] = length << 27 | code;
        run += 1;
    }
    RunCodes(codes)
}

const fn run_entries(terminating: &[&str; 64], make_up: &[&'static str; 27]) -> RunTable {
    let mut entries = [RunEntry(0); 1 << RUN_BITS];
    let bits = RUN_BITS;
    let mut index = 0;
    while index < 64 + 40 {
        let (text, run) = if index < 64 {
            (terminating[index], index)
        } else {
            (make_up_code(make_up, index - 64), (index - 63) * 64)
        };
        let (code, length) = parse(text);
        let free = bits - length;
        let first = (code as usize) << free;
        let mut rest = 0;
        while rest < 1 << free {
            assert!(entries[first + rest].0 == 0);
            entries[first + rest] = RunEntry((run as u16) << 4 | length as u16);
            rest += 1;
        }
        index += 1;
    }
    entries
}

const fn pair_entries() -> [PairEntry; 1 << RUN_BITS] {
    let mut entries = [PairEntry(0); 1 << RUN_BITS];
    let mut bits = 0;
    while bits < entries.len() {
        let white = WHITE_RUNS[bits];
        let black = BLACK_RUNS[bits << white.length() & ((1 << RUN_BITS) - 1)];
        let length = white.length() + black.length();
        let (white_run, black_run) = (white.run(), black.run());
        let known = white.length() > 0 && black.length() > 0 && length <= RUN_BITS;
        if known && 0 < white_run && white_run < 64 && 0 < black_run && black_run < 64 {
            entries[bits] = PairEntry((black_run << 10 | white_run << 4 | length) as u16);
        }
        bits += 1;
    }
    entries
}

const fn make_up_code(make_up: &[&'static str; 27], index: usize) -> &'static str {
    if index < 27 { make_up[index] } else { EXTENDED_MAKE_UP[index - 27] }
}

const fn mode_entries() -> [ModeEntry; 1 << MODE_BITS] {
    let mut entries = [ModeEntry { mode: Mode::Other, difference: 0, length: 0 }; 1 << MODE_BITS];
    let mut index = 0;
    while index < 9 {
        let ((code, length), mode, difference) = match index {
            7 => (PASS, Mode::Pass, 0),
            8 => (HORIZONTAL, Mode::Horizontal, 0),
            _ => (VERTICAL[index], Mode::Vertical, index as i8 - 3),
        };
        let free = MODE_BITS - length;
        let mut rest = 0;
        while rest < 1 << free {
            entries[((code << free) + rest) as usize] = ModeEntry { mode, difference, length: length as u8 };
            rest += 1;
        }
        index += 1;
    }
    entries
}

const fn parse(text: &str) -> (u32, u32) {
    let octets = text.as_bytes();
    let (mut code, mut length) = (0, 0);
    while length < octets.len() {
        assert!(octets[length] == b'0' || octets[length] == b'1');
        code = code << 1 | (octets[length] - b'0') as u32;
        length += 1;
    }
    (code, length as u32)
}

// T.4 (07/2003) Table 2
/// White runs of 0 to 63 pels.
const WHITE_TERMINATING: [&str; 64] = [
    "00110101", "000111", "0111", "1000", "1011", "1100", "1110", "1111", "10011", "10100", "00111", "01000", "001000",
    "000011", "110100", "110101", "101010", "101011", "0100111", "0001100", "0001000", "0010111", "0000011", "0000100",
    "0101000", "0101011", "0010011", "0100100", "0011000", "00000010", "00000011", "00011010", "00011011", "00010010",
    "00010011", "00010100", "00010101", "00010110", "00010111", "00101000", "00101001", "00101010", "00101011",
    "00101100", "00101101", "00000100", "00000101", "00001010", "00001011", "01010010", "01010011", "01010100",
    "01010101", "00100100", "00100101", "01011000", "01011001", "01011010", "01011011", "01001010", "01001011",
    "00110010", "00110011", "00110100",
];

// T.4 (07/2003) Table 2
/// Black runs of 0 to 63 pels.
const BLACK_TERMINATING: [&str; 64] = [
    "0000110111",
    "010",
    "11",
    "10",
    "011",
    "0011",
    "0010",
    "00011",
    "000101",
    "000100",
    "0000100",
    "0000101",
    "0000111",
    "00000100",
    "00000111",
    "000011000",
    "0000010111",
    "0000011000",
    "0000001000",
    "00001100111",
    "00001101000",
    "00001101100",
    "00000110111",
    "00000101000",
    "00000010111",
    "00000011000",
    "000011001010",
    "000011001011",
    "000011001100",
    "000011001101",
    "000001101000",
    "000001101001",
    "000001101010",
    "000001101011",
    "000011010010",
    "000011010011",
    "000011010100",
    "000011010101",
    "000011010110",
    "000011010111",
    "000001101100",
    "000001101101",
    "000011011010",
    "000011011011",
    "000001010100",
    "000001010101",
    "000001010110",
    "000001010111",
    "000001100100",
    "000001100101",
    "000001010010",
    "000001010011",
    "000000100100",
    "000000110111",
    "000000111000",
    "000000100111",
    "000000101000",
    "000001011000",
    "000001011001",
    "000000101011",
    "000000101100",
    "000001011010",
    "000001100110",
    "000001100111",
];

// T.4 (07/2003) Table 3a
/// White runs of 64, 128, … 1728 pels.
const WHITE_MAKE_UP: [&str; 27] = [
    "11011",
    "10010",
    "010111",
    "0110111",
    "00110110",
    "00110111",
    "01100100",
    "01100101",
    "01101000",
    "01100111",
    "011001100",
    "011001101",
    "011010010",
    "011010011",
    "011010100",
    "011010101",
    "011010110",
    "011010111",
    "011011000",
    "011011001",
    "011011010",
    "011011011",
    "010011000",
    "010011001",
    "010011010",
    "011000",
    "010011011",
];

// T.4 (07/2003) Table 3a
/// Black runs of 64, 128, … 1728 pels.
const BLACK_MAKE_UP: [&str; 27] = [
    "0000001111",
    "000011001000",
    "000011001001",
    "000001011011",
    "000000110011",
    "000000110100",
    "000000110101",
    "0000001101100",
    "0000001101101",
    "0000001001010",
    "0000001001011",
    "0000001001100",
    "0000001001101",
    "0000001110010",
    "0000001110011",
    "0000001110100",
    "0000001110101",
    "0000001110110",
    "0000001110111",
    "0000001010010",
    "0000001010011",
    "0000001010100",
    "0000001010101",
    "0000001011010",
    "0000001011011",
    "0000001100100",
    "0000001100101",
];

// T.4 (07/2003) Table 3b
/// Runs of 1792, 1856, … 2560 pels of either colour.
const EXTENDED_MAKE_UP: [&str; 13] = [
    "00000001000",
    "00000001100",
    "00000001101",
    "000000010010",
    "000000010011",
    "000000010100",
    "000000010101",
    "000000010110",
    "000000010111",
    "000000011100",
    "000000011101",
    "000000011110",
    "000000011111",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_ready_code_is_read_back_as_its_run() {
        for (codes, entries) in [(&WHITE_CODES, &WHITE_RUNS), (&BLACK_CODES, &BLACK_RUNS)] {
            for run in 0..=LONGEST_READY_RUN {
                let (code, length) = codes.code(run);
                let mut left = code << (64 - length);
                let mut total = 0;
                loop {
                    let entry = entries[(left >> (64 - RUN_BITS)) as usize];
                    assert_ne!(entry.length(), 0);
                    left <<= entry.length();
                    total += entry.run();
                    if entry.run() < 64 {
                        break;
                    }
                }
                assert_eq!((total, left), (run, 0));
            }
        }
    }

    #[test]
    fn a_pair_is_its_two_runs() {
        // White 5 (1100), black 3 (10).
        let pair = PAIRS[0b1_1001_0000_0000];
        assert_eq!((pair.length(), pair.white(), pair.black()), (6, 5, 3));
        assert!(PAIRS.iter().filter(|pair| pair.length() > 0).count() > 6000);
    }

    #[test]
    fn no_run_begins_with_eight_zeros() {
        assert!((0..32).all(|low| WHITE_RUNS[low].length() == 0));
        assert!((0..32).all(|low| BLACK_RUNS[low].length() == 0));
    }
}
