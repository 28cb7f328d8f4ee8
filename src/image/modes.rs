//! The two-dimensional modes of T.4 and T.6 as printed, and the tables computed from them at compile time: by the next bits
//! for the decoder.

use super::codes::{BLACK_RUNS_FIRST, RUNS_BITS};

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
/// Several modes by the next [`PACKET_BITS`] bits.
pub(super) static PACKETS: [Packet; 1 << PACKET_BITS] = packets();
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

/// Bits that [`Packet`] looks at.
pub(super) const PACKET_BITS: u32 = 10;
/// Vertical modes in a [`Packet`] at most.
pub(super) const PACKET_MODES: usize = 4;

/// As many two-dimensional modes as fit into [`PACKET_BITS`] bits: up to [`PACKET_MODES`] vertical ones, then perhaps a
/// pass or horizontal mode. There is a lane of 16 bits for each vertical mode, the first in the lowest: a1 - b1 + 3 in its
/// lower bits, or 3 if it is not used, and its highest bit set if it is used.
#[derive(Clone, Copy)]
pub(super) struct Packet(u64);

/// What stands behind the vertical modes of a [`Packet`]: nothing more that is known.
pub(super) const THEN_MORE: u32 = 0;
/// A pass mode.
pub(super) const THEN_PASS: u32 = 1;
/// A horizontal mode, of which the mode itself is in the packet and its runs follow.
pub(super) const THEN_HORIZONTAL: u32 = 2;
/// Set beside these where there is no mode at all.
const NO_MODE: u32 = 4;

impl Packet {
    /// Bits of all modes; 0 if there is none to be taken here.
    #[cfg(test)]
    const fn length(self) -> u32 {
        (self.0 >> 4 & 15) as u32
    }

    /// The bits of all modes in the lower 6 bits, 0 if there is none to be taken here; more above them.
    #[inline]
    pub(super) const fn length_bits(self) -> u32 {
        (self.0 >> 4) as u32
    }

    /// Vertical modes.
    #[inline]
    pub(super) const fn vertical(self) -> usize {
        (self.0 >> 20 & 7) as usize
    }

    /// [`THEN_MORE`], [`THEN_PASS`] or [`THEN_HORIZONTAL`].
    #[inline]
    pub(super) const fn then(self) -> u32 {
        (self.0 >> 36 & 3) as u32
    }

    /// Bits of the first modes, 1 to 3 of several vertical ones.
    #[inline]
    pub(super) const fn length_of(self, modes: usize) -> u32 {
        (self.0 >> (47 + 4 * modes) & 15) as u32
    }

    /// Whether neither a horizontal mode is behind the vertical ones nor something that is no mode in their place.
    #[inline]
    pub(super) const fn then_no_runs(self) -> bool {
        self.0 >> 36 & 6 == 0
    }

    /// The colour, 0 or [`BLACK_RUNS_FIRST`], behind the vertical modes if it is this one in front of them.
    #[inline]
    pub(super) const fn turned(self, colour: usize) -> usize {
        colour ^ (self.0 >> (20 - RUNS_BITS)) as usize & BLACK_RUNS_FIRST
    }

    /// The a1 - b1 + 3 of the vertical modes, in their lanes; 3 in the others.
    #[inline]
    pub(super) const fn differences(self) -> u64 {
        self.0 & 0x0007_0007_0007_0007
    }

    /// The highest bit of each lane that is used.
    #[inline]
    pub(super) const fn used(self) -> u64 {
        self.0 & 0x8000_8000_8000_8000
    }
}

const fn packets() -> [Packet; 1 << PACKET_BITS] {
    let mut packets = [Packet(0); 1 << PACKET_BITS];
    let mut bits = 0;
    while bits < packets.len() {
        let (mut length, mut vertical, mut then) = (0, 0, THEN_MORE);
        let (mut differences, mut lengths) = (0x0003_0003_0003_0003, 0);
        while then == THEN_MORE {
            let left = PACKET_BITS - length;
            let next = bits & ((1 << left) - 1);
            let entry = MODES[if left > MODE_BITS { next >> (left - MODE_BITS) } else { next << (MODE_BITS - left) }];
            if length + entry.length as u32 > PACKET_BITS {
                break;
            }
            match entry.mode {
                Mode::Vertical if vertical < PACKET_MODES => {
                    let lane = 16 * vertical;
                    differences = differences & !(7 << lane) | ((entry.difference + 3) as u64 | 0x8000) << lane;
                    if vertical < 3 {
                        lengths |= ((length + entry.length as u32) as u64) << (4 * vertical);
                    }
                    vertical += 1;
                }
                Mode::Pass => then = THEN_PASS,
                Mode::Horizontal => then = THEN_HORIZONTAL,
                Mode::Vertical | Mode::Other => break,
            }
            length += entry.length as u32;
        }
        let then = then | if length == 0 { NO_MODE } else { 0 };
        let numbers = (length as u64) << 4 | (vertical as u64) << 20 | (then as u64) << 36 | lengths << 51;
        packets[bits] = Packet(differences | numbers);
        bits += 1;
    }
    packets
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_packet_has_as_many_modes_as_fit() {
        let packet = |bits: usize| {
            let packet = PACKETS[bits];
            (packet.length(), packet.vertical(), packet.then(), packet.differences())
        };
        // V0, VR1 (011), VL1 (010), H (001).
        assert_eq!(packet(0b1_011_010_001), (10, 3, THEN_HORIZONTAL, 0x0003_0002_0004_0003));
        // P (0001), and what follows waits.
        assert_eq!(packet(0b0001_111111), (4, 0, THEN_PASS, 0x0003_0003_0003_0003));
        assert_eq!(packet(0b1111111111), (4, 4, THEN_MORE, 0x0003_0003_0003_0003));
        // VR3 (0000011), then half a VL3.
        assert_eq!(packet(0b00_0001_1000), (7, 1, THEN_MORE, 0x0003_0003_0003_0006));
        // An end of line.
        assert_eq!(packet(0), (0, 0, THEN_MORE, 0x0003_0003_0003_0003));
    }
}
