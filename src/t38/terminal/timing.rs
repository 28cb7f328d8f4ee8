//! How long a modem needs: training, octets with bit stuffing, gaps.
//!
//! Numbers of the modem Recommendations and the count of stuffed bits. Serves V.17, V.27ter, V.29, T.30 §5.3 and
//! T.4 Annex A.

use std::time::Duration;

use crate::signal::{Modulation, Training};

/// V.21 flags before the first frame: 1 s ± 15 %.
// T.30 (09/2005) §5.3.1
pub(super) const PREAMBLE: Duration = Duration::from_millis(1000);
/// Silence between two signals of one end or of both: 75 ms ± 20 ms.
// T.30 (09/2005) clause 4, in the figures of all procedures
pub(super) const SIGNAL_GAP: Duration = Duration::from_millis(75);
/// Flags between training and the first frame of a block: 200 ms ± 100 ms.
// T.4 (07/2003) Annex A
pub(super) const BLOCK_PREAMBLE: Duration = Duration::from_millis(200);
/// The training check: 1.5 s ± 10 %.
// T.30 (09/2005) §5.3.6.1.4
pub(super) const TRAINING_CHECK: Duration = Duration::from_millis(1500);
/// Called terminal identification: 2.6 s to 4.0 s; the caller has heard one in the audio before already, so the shortest is enough.
// T.30 (09/2005) §4.3.3.1
pub(super) const CED: Duration = Duration::from_millis(2600);
/// One turn of calling tone and its pause: 0.5 s + 3 s, ± 15 %.
// T.30 (09/2005) §4.3.3.2
pub(super) const CNG_TURN: Duration = Duration::from_millis(3500);
/// Zeros behind a page, which carry its last bits through modems and give decoders room after the RTC.
pub(super) const PAGE_TRAILER: Duration = Duration::from_millis(60);
/// Rate of V.21 channel 2.
pub(super) const V21_BITS_PER_SECOND: u32 = 300;

/// Time of a training sequence, without [`ECHO_PROTECTION`].
// V.17 (02/1991) clause 5, V.27ter (11/1988) §2.5, V.29 (11/1988) clause 8
pub(super) const fn training(modulation: Modulation, training: Training) -> Duration {
    let milliseconds = match (modulation, training) {
        (Modulation::V27ter2400, _) => 943,
        (Modulation::V27ter4800, _) => 708,
        (Modulation::V29At7200 | Modulation::V29At9600, _) => 234,
        (
            Modulation::V17At7200 | Modulation::V17At9600 | Modulation::V17At12000 | Modulation::V17At14400,
            Training::Long,
        ) => 1393,
        (
            Modulation::V17At7200 | Modulation::V17At9600 | Modulation::V17At12000 | Modulation::V17At14400,
            Training::Short,
        ) => 142,
    };
    Duration::from_millis(milliseconds)
}

/// The unmodulated carrier against talker echo and the pause behind it: 185 ms to 200 ms and 20 ms to 25 ms.
// V.27ter (11/1988) §2.5, V.17 (02/1991) clause 5
pub(super) const ECHO_PROTECTION: Duration = Duration::from_millis(215);

/// Time that bits take, rounded down to a nanosecond.
pub(super) fn bits(count: u64, bits_per_second: u32) -> Duration {
    Duration::from_nanos(count.saturating_mul(1_000_000_000) / u64::from(bits_per_second))
}

/// Octets that a time holds, one at least.
pub(super) fn octets_in(time: Duration, bits_per_second: u32) -> usize {
    let octets = time.as_nanos() * u128::from(bits_per_second) / 8 / 1_000_000_000;
    usize::try_from(octets).unwrap_or(usize::MAX).max(1)
}

/// Counts the bits of HDLC frames as they would be on the line.
#[derive(Clone, Debug)]
pub(super) struct HdlcBits {
    ones: u8,
    check: u16,
}

impl HdlcBits {
    /// At the flag before a frame.
    pub(super) const fn new() -> Self {
        Self { ones: 0, check: 0xFFFF }
    }

    /// Bits of more octets of the frame, stuffing included.
    pub(super) fn data(&mut self, octets: &[u8]) -> u64 {
        octets.iter().map(|octet| self.octet(*octet)).sum()
    }

    /// Bits of the check sequence and the flags up to the next frame.
    // T.30 (09/2005) §5.3.7: the generator is x^16 + x^12 + x^5 + 1, the ones' complement is sent
    pub(super) fn close(&mut self) -> u64 {
        let bits = self.data(&(!self.check).to_be_bytes()) + FLAGS_BETWEEN_FRAMES * FLAG_BITS;
        *self = Self::new();
        bits
    }

    fn octet(&mut self, octet: u8) -> u64 {
        let Stuffed { bits, ones } = STUFFED[usize::from(self.ones)][usize::from(octet)];
        self.ones = ones;
        let [high, low] = self.check.to_be_bytes();
        self.check = u16::from_be_bytes([low, 0]) ^ CHECK[usize::from(high ^ octet)];
        u64::from(bits)
    }
}

/// An octet on the line.
#[derive(Clone, Copy)]
struct Stuffed {
    /// With what is stuffed: 8 to 10.
    bits: u8,
    /// Ones in a row at its end: 0 to 4.
    ones: u8,
}

/// Each octet behind so many ones: a page has a hundred thousand of them.
const STUFFED: [[Stuffed; 256]; 5] = {
    let mut table = [[Stuffed { bits: 8, ones: 0 }; 256]; 5];
    let mut place = 0;
    while place < 5 * 256 {
        let (before, octet) = (place / 256, place % 256);
        let mut stuffed = Stuffed { bits: 8, ones: before as u8 };
        let mut shift = 8;
        while shift > 0 {
            shift -= 1;
            stuffed.ones = if octet >> shift & 1 == 1 { stuffed.ones + 1 } else { 0 };
            if stuffed.ones == 5 {
                stuffed = Stuffed { bits: stuffed.bits + 1, ones: 0 };
            }
        }
        table[before][octet] = stuffed;
        place += 1;
    }
    table
};

/// The check sequence of each octet.
const CHECK: [u16; 256] = {
    let mut table = [0; 256];
    let mut octet = 0;
    while octet < 256 {
        let mut check = (octet as u16) << 8;
        let mut bit = 0;
        while bit < 8 {
            check = check << 1 ^ if check >> 15 == 1 { 0x1021 } else { 0 };
            bit += 1;
        }
        table[octet] = check;
        octet += 1;
    }
    table
};

/// Bits of a flag.
pub(super) const FLAG_BITS: u64 = 8;
/// One would do, but SpanDSP's gateway plays two. Over a block of 256 frames at 2400 bit/s it would fall behind by 0.85 s, and a
/// gateway that is behind by more than 0.3 s loses the command after the block.
const FLAGS_BETWEEN_FRAMES: u64 = 2;

/// The longest stretch between two ends of lines, in octets. Gateways play a row when they have it whole, so this is how far
/// they fall behind.
pub(super) fn longest_row_octets(bits: &[u8]) -> usize {
    let (mut longest, mut begun, mut zeros) = (0, 0, 0);
    for (index, &octet) in bits.iter().enumerate() {
        if octet == 0 {
            zeros += 8;
            continue;
        }
        if zeros + octet.leading_zeros() >= END_OF_LINE_ZEROS {
            longest = longest.max(index - begun);
            begun = index;
        }
        zeros = octet.trailing_zeros();
    }
    longest.max(bits.len() - begun)
}

/// An end of line is at least so many zeros and a one.
// T.4 (07/2003) §4.1.2
const END_OF_LINE_ZEROS: u32 = 11;

/// The longest that the end of a page waits for a gateway that is a row behind.
const LONGEST_ROW: Duration = Duration::from_secs(2);

/// How long the line stays quiet behind a page and its [`PAGE_TRAILER`].
pub(super) fn wait_for_last_row(page: &[u8], bits_per_second: u32) -> Duration {
    let row = bits(longest_row_octets(page) as u64 * 8, bits_per_second);
    row.min(LONGEST_ROW).saturating_sub(PAGE_TRAILER)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_ones_cost_a_stuffed_bit() {
        let mut bits = HdlcBits::new();
        assert_eq!(bits.data(&[0xFF]), 9);
        // Three ones were left over from the octet before.
        assert_eq!(bits.data(&[0xC0]), 9);
        assert_eq!(bits.data(&[0x00]), 8);
    }

    /// The check sequence of `123456789` under this generator and presets is D64E (catalogued as GENIBUS).
    #[test]
    fn check_sequence_is_that_of_t30() {
        let mut bits = HdlcBits::new();
        bits.data(b"123456789");
        assert_eq!(!bits.check, 0xD64E);
        // 1101 0110 0100 1110 needs no stuffing; two flags.
        assert_eq!(bits.close(), 32);
    }

    #[test]
    fn the_longest_row_is_between_two_ends_of_lines() {
        // Ends of lines in octets 1, 4 and 10; one row has nothing but ones, another is cut off.
        let page = [0x00, 0x1F, 0xFF, 0x80, 0x01, 0xFF, 0xFF, 0xFF, 0xF8, 0x00, 0x80, 0x55];
        assert_eq!(longest_row_octets(&page), 6);
        assert_eq!(longest_row_octets(&[0x55; 9]), 9);
        assert_eq!(longest_row_octets(&[]), 0);
        assert_eq!(wait_for_last_row(&page, 2400), Duration::ZERO, "a short row ends within the trailer");
        assert_eq!(wait_for_last_row(&[0x55; 75], 2400), Duration::from_millis(250) - PAGE_TRAILER);
        assert_eq!(wait_for_last_row(&[0x55; 75_000], 2400), LONGEST_ROW - PAGE_TRAILER);
    }

    #[test]
    fn thirty_milliseconds_hold_one_octet_of_v21_and_54_of_v17() {
        assert_eq!(octets_in(Duration::from_millis(30), 300), 1);
        assert_eq!(octets_in(Duration::from_millis(30), 14_400), 54);
        assert_eq!(bits(8, 300), Duration::from_nanos(26_666_666));
    }
}
