//! The code tables of T.4 as printed, and the tables computed from them at compile time: by run length for the
//! encoder, by the next bits for the decoder.

/// Longest run for which [`RunCodes`] has a ready code: make-up 2560 and terminating 63.
pub(super) const LONGEST_READY_RUN: u32 = 2560 + 63;
/// The longest make-up code; longer runs repeat it.
// T.4 (07/2003) §4.1.1, note to Table 3b
pub(super) const LONGEST_MAKE_UP: u32 = 2560;

/// Bits that tell every code of a run.
pub(super) const RUN_BITS: u32 = 13;

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

    /// Whether this is a code that ends a run, other than that of 0 pels, which joins its neighbours.
    #[inline]
    pub(super) const fn ends_with_pels(self) -> bool {
        self.run().wrapping_sub(1) < 63
    }
}

/// Bits that [`RunsEntry`] looks at.
pub(super) const RUNS_BITS: u32 = 12;

/// As many codes of one row as fit into [`RUNS_BITS`] bits: up to two ends of runs, with make-up codes in front of each
/// and behind the first. No run of 0 pels is among them.
///
/// The lower 6 bits are the length, so that shifting by it needs no mask; then a bit that is set if two runs end, and how
/// many end in 2 bits; bit [`RUNS_BITS`] is set if one ends, to turn to the other half of [`RUNS`]; then the second run in
/// 7 bits and the first in 12.
#[derive(Clone, Copy)]
pub(super) struct RunsEntry(u32);

/// Longest second run of a [`RunsEntry`].
const LONGEST_SECOND_RUN: u32 = 127;

impl RunsEntry {
    const fn new(length: u32, ends: u32, runs: [u32; 2]) -> Self {
        assert!(length <= RUNS_BITS && ends <= 2 && runs[0] < 1 << 12 && runs[1] <= LONGEST_SECOND_RUN);
        Self(length | ends >> 1 << 6 | ends << 7 | (ends & 1) << RUNS_BITS | runs[1] << 13 | runs[0] << 20)
    }

    /// Bits of the codes; 0 if there is none to be taken here.
    #[inline]
    pub(super) const fn length(self) -> u32 {
        self.0 & 63
    }

    /// All of it, whose lower 6 bits are the length.
    #[inline]
    pub(super) const fn bits(self) -> u32 {
        self.0
    }

    /// How many runs end, 0 to 2.
    #[inline]
    pub(super) const fn ends(self) -> usize {
        (self.0 >> 7 & 3) as usize
    }

    /// Whether two runs end.
    #[inline]
    pub(super) const fn ends_two(self) -> bool {
        self.0 & 1 << 6 != 0
    }

    /// What to turn over in the index into [`RUNS`]: the colour, if one run ends.
    #[inline]
    pub(super) const fn turn(self) -> usize {
        self.0 as usize & BLACK_RUNS_FIRST
    }

    /// Pels of the first run; where none ends, pels of it so far.
    #[inline]
    pub(super) const fn first(self) -> i32 {
        (self.0 >> 20).cast_signed()
    }

    /// Pels of the second run; where one ends, pels of the second so far.
    #[inline]
    pub(super) const fn second(self) -> i32 {
        (self.0 >> 13 & LONGEST_SECOND_RUN).cast_signed()
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
/// Several runs by the next [`RUNS_BITS`] bits, the first white; behind them the same with the first black.
pub(super) static RUNS: [RunsEntry; 2 << RUNS_BITS] = runs_entries();
/// A half of [`RUNS`].
pub(super) type RunsTable = [RunsEntry; 1 << RUNS_BITS];

/// The half of [`RUNS`] that begins with white, and the other.
#[inline]
pub(super) fn runs_by_colour() -> (&'static RunsTable, &'static RunsTable) {
    let half = "each half is as long as that";
    (RUNS.first_chunk().expect(half), RUNS.last_chunk().expect(half))
}

/// Index in [`RUNS`] of the half that begins with black.
pub(super) const BLACK_RUNS_FIRST: usize = 1 << RUNS_BITS;
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

const fn runs_entries() -> [RunsEntry; 2 << RUNS_BITS] {
    let mut entries = [RunsEntry(0); 2 << RUNS_BITS];
    let mut index = 0;
    while index < entries.len() {
        let (bits, black) = (index & (BLACK_RUNS_FIRST - 1), index >= BLACK_RUNS_FIRST);
        const LONGEST: [u32; 2] = [(1 << 12) - 1, LONGEST_SECOND_RUN];
        let (mut length, mut ends, mut runs) = (0, 0, [0; 2]);
        while ends < 2 {
            let table = if black == (ends == 0) { &BLACK_RUNS } else { &WHITE_RUNS };
            let entry = table[bits << (RUN_BITS - RUNS_BITS + length) & ((1 << RUN_BITS) - 1)];
            let run = runs[ends] + entry.run();
            if entry.length() == 0 || length + entry.length() > RUNS_BITS || run == 0 || run > LONGEST[ends] {
                break;
            }
            runs[ends] = run;
            length += entry.length();
            if entry.run() < 64 {
                ends += 1;
            }
        }
        entries[index] = RunsEntry::new(length, ends as u32, runs);
        index += 1;
    }
    entries
}

const fn make_up_code(make_up: &[&'static str; 27], index: usize) -> &'static str {
    if index < 27 { make_up[index] } else { EXTENDED_MAKE_UP[index - 27] }
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
    fn an_entry_has_as_many_runs_as_fit() {
        let entry = |colour: usize, bits: usize| {
            let entry = RUNS[colour << RUNS_BITS | bits];
            (entry.length(), entry.ends(), entry.first(), entry.second())
        };
        // White 5 (1100), black 3 (10); then white 64 (11011), which is no more a matter of these two.
        assert_eq!(entry(0, 0b1100_1011_0110), (6, 2, 5, 3));
        // Black 1 (010), white 64 (11011) and no room for the rest of it.
        assert_eq!(entry(1, 0b0101_1011_0011), (8, 1, 1, 64));
        // White 64 (11011), then white 2 (0111), then black 2 (11).
        assert_eq!(entry(0, 0b1101_1011_1110), (11, 2, 66, 2));
        // White 0 (00110101), and an end of line.
        assert_eq!(entry(0, 0b0011_0101_0000), (0, 0, 0, 0));
        assert_eq!(entry(0, 0b0000_0000_0001), (0, 0, 0, 0));
    }
}
