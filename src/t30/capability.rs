//! DIS, DTC and DCS as one row of numbered bits, with names for those that are used here.
//!
//! Every bit a stranger sent is kept, also those without a name here; the extension bits are worked out when writing.
//! Not here: choosing a DCS for a DIS ([`super::negotiate`]). T.30 (09/2005) §5.3.6.2.1 and Table 2.

use crate::model::{Compression, Resolution, Width};
use crate::signal::Modulation;

/// Octets of a DIS or DCS that are kept: bits 1 to 128, the last that Table 2 names is 127.
pub const MAX_OCTETS: usize = 16;
/// Octets always sent: bits 1 to 24.
const LEAST_OCTETS: usize = 3;

/// The numbered bits of Table 2, as far as they are used.
mod bit {
    pub(super) const T38: usize = 3;
    pub(super) const V8: usize = 6;
    pub(super) const FRAMES_OF_64: usize = 7;
    pub(super) const READY_TO_SEND: usize = 9;
    pub(super) const RECEIVER: usize = 10;
    pub(super) const RATE: usize = 11;
    pub(super) const FINE: usize = 15;
    pub(super) const TWO_DIMENSIONAL: usize = 16;
    pub(super) const WIDTH: usize = 17;
    pub(super) const LENGTH: usize = 19;
    pub(super) const ROW_TIME: usize = 21;
    pub(super) const UNCOMPRESSED: usize = 26;
    pub(super) const ERROR_CORRECTION: usize = 27;
    pub(super) const COMMANDED_FRAMES_OF_64: usize = 28;
    pub(super) const T6: usize = 31;
    pub(super) const T43: usize = 36;
    pub(super) const SUPERFINE: usize = 41;
    pub(super) const PREFERS_METRIC: usize = 45;
    pub(super) const HALF_TIME_AT_SUPERFINE: usize = 46;
    pub(super) const SELECTIVE_POLLING: usize = 47;
    pub(super) const SUB_ADDRESS: usize = 49;
    pub(super) const PASSWORD: usize = 50;
    pub(super) const BINARY_FILE: usize = 53;
    pub(super) const JPEG: usize = 68;
    pub(super) const LETTER: usize = 76;
    pub(super) const LEGAL: usize = 77;
    pub(super) const JBIG: usize = 78;
    pub(super) const INTERNET_AWARE: usize = 123;
}

/// Longest page that can be recorded.
// T.30 (09/2005) Table 2, bits 19, 20
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Length {
    /// 297 mm.
    A4,
    /// 364 mm.
    B4,
    /// As long as it comes.
    Unlimited,
}

impl Length {
    /// Rows that fit at a resolution; nothing when there is no limit. 3.85 lines per millimetre at standard.
    #[must_use]
    pub const fn rows(self, resolution: Resolution) -> Option<u32> {
        match self {
            // 297 mm and 364 mm times 3.85, rounded up: T.4 (07/2003) §2.2 allows one per cent more.
            Self::A4 => Some(1144 * resolution.factor()),
            Self::B4 => Some(1402 * resolution.factor()),
            Self::Unlimited => None,
        }
    }
}

/// The shortest time in which a row may arrive, by resolution, in milliseconds.
// T.30 (09/2005) Table 2, bits 21-23 and 46
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct RowTimes {
    /// At 3.85 lines per millimetre: 0, 5, 10, 20 or 40 ms.
    pub standard_ms: u32,
    /// Whether a row at 7.7 lines takes half of that.
    pub half_at_fine: bool,
    /// Whether a row at 15.4 lines takes half of that at 7.7.
    pub half_at_superfine: bool,
}

impl RowTimes {
    /// No least time at all.
    pub const NONE: Self = Self { standard_ms: 0, half_at_fine: false, half_at_superfine: false };

    /// The time at a resolution, in milliseconds.
    #[must_use]
    pub const fn at(self, resolution: Resolution) -> u32 {
        let fine = if self.half_at_fine { self.standard_ms / 2 } else { self.standard_ms };
        match resolution {
            Resolution::Standard => self.standard_ms,
            Resolution::Fine => fine,
            // DCS has no 2 ms: half of 5 ms stays 5 ms.
            Resolution::Superfine if self.half_at_superfine && fine >= 10 => fine / 2,
            Resolution::Superfine => fine,
        }
    }
}

/// Which families of modems a terminal has.
// T.30 (09/2005) Table 2, bits 11-14
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Modems {
    /// V.27ter at 4800 bit/s, not only its fallback 2400.
    pub v27ter_4800: bool,
    /// V.27ter at 2400 bit/s; every terminal but one that says "V.29 only".
    pub v27ter_2400: bool,
    /// V.29.
    pub v29: bool,
    /// V.17.
    pub v17: bool,
}

impl Modems {
    /// Whether a modulation is among them.
    #[must_use]
    pub const fn has(self, modulation: Modulation) -> bool {
        match modulation {
            Modulation::V27ter2400 => self.v27ter_2400,
            Modulation::V27ter4800 => self.v27ter_4800,
            Modulation::V29At7200 | Modulation::V29At9600 => self.v29,
            Modulation::V17At7200 | Modulation::V17At9600 | Modulation::V17At12000 | Modulation::V17At14400 => self.v17,
        }
    }
}

/// The information field of a DIS, DTC or DCS: bits 1 to 128.
#[derive(Clone, PartialEq, Eq, Hash, Default)]
pub struct Capability {
    octets: Vec<u8>,
}

impl Capability {
    /// Reads an information field: as far as the extension bits say that more follows, at most [`MAX_OCTETS`]. A bit that
    /// was not sent is 0.
    #[must_use]
    pub fn read(information: &[u8]) -> Self {
        let mut octets = Vec::with_capacity(MAX_OCTETS);
        for octet in information.iter().take(MAX_OCTETS) {
            octets.push(*octet);
            // T.30 (09/2005) §5.3.6.2.1: bit 24 and every eighth after it say whether another octet follows.
            if octets.len() >= LEAST_OCTETS && octet & 1 == 0 {
                break;
            }
        }
        Self { octets }
    }

    /// Writes the information field: at least three octets, no trailing empty ones, extension bits set.
    #[must_use]
    pub fn write(&self) -> Vec<u8> {
        let mut octets = self.octets.clone();
        for octet in octets.iter_mut().skip(LEAST_OCTETS - 1) {
            *octet &= !1;
        }
        while octets.last() == Some(&0) {
            octets.pop();
        }
        octets.resize(octets.len().max(LEAST_OCTETS), 0);
        let last = octets.len() - 1;
        for octet in octets.iter_mut().take(last).skip(LEAST_OCTETS - 1) {
            *octet |= 1;
        }
        octets
    }

    /// One bit by its number in Table 2, from 1.
    #[must_use]
    pub fn bit(&self, number: usize) -> bool {
        let place = number.saturating_sub(1);
        self.octets.get(place / 8).is_some_and(|octet| octet & (0x80 >> (place % 8)) != 0)
    }

    /// Sets one bit by its number in Table 2, from 1 to 128; other numbers do nothing.
    pub fn set_bit(&mut self, number: usize, value: bool) {
        let Some(place) = number.checked_sub(1).filter(|place| *place < MAX_OCTETS * 8) else {
            return;
        };
        if self.octets.len() <= place / 8 {
            self.octets.resize(place / 8 + 1, 0);
        }
        let mask = 0x80 >> (place % 8);
        if value {
            self.octets[place / 8] |= mask;
        } else {
            self.octets[place / 8] &= !mask;
        }
    }

    fn field(&self, first: usize, count: usize) -> u8 {
        (first..first + count).fold(0, |value, number| value << 1 | u8::from(self.bit(number)))
    }

    fn set_field(&mut self, first: usize, count: usize, value: u8) {
        for (index, number) in (first..first + count).enumerate() {
            self.set_bit(number, value >> (count - 1 - index) & 1 == 1);
        }
    }

    /// Bit 10: in a DIS, that it can receive; in a DCS always set.
    #[must_use]
    pub fn receiver(&self) -> bool {
        self.bit(bit::RECEIVER)
    }

    /// Bit 9: it has a document to be polled.
    #[must_use]
    pub fn ready_to_send(&self) -> bool {
        self.bit(bit::READY_TO_SEND)
    }

    /// Bit 3: real-time Internet fax, T.38.
    #[must_use]
    pub fn t38(&self) -> bool {
        self.bit(bit::T38)
    }

    /// Bit 123: an Internet-aware device that is not bound by the rates of the DIS.
    #[must_use]
    pub fn internet_aware(&self) -> bool {
        self.bit(bit::INTERNET_AWARE)
    }

    /// Bit 6: V.8 and so V.34.
    #[must_use]
    pub fn v8(&self) -> bool {
        self.bit(bit::V8)
    }

    /// Bit 7: prefers ECM frames of 64 octets.
    #[must_use]
    pub fn prefers_frames_of_64(&self) -> bool {
        self.bit(bit::FRAMES_OF_64)
    }

    /// Bits 76 and 77: takes North American Letter and Legal.
    #[must_use]
    pub fn letter_and_legal(&self) -> (bool, bool) {
        (self.bit(bit::LETTER), self.bit(bit::LEGAL))
    }

    /// Bit 49 of a DIS: takes a sub-address.
    #[must_use]
    pub fn sub_address(&self) -> bool {
        self.bit(bit::SUB_ADDRESS)
    }

    /// Bit 50 of a DIS: takes a password (SID).
    #[must_use]
    pub fn password(&self) -> bool {
        self.bit(bit::PASSWORD)
    }

    /// Bit 47 of a DIS: selective polling.
    #[must_use]
    pub fn selective_polling(&self) -> bool {
        self.bit(bit::SELECTIVE_POLLING)
    }

    /// Bit 27: error correction mode.
    #[must_use]
    pub fn ecm(&self) -> bool {
        self.bit(bit::ERROR_CORRECTION)
    }

    /// Bit 28 of a DCS: frames of 64 octets instead of 256.
    #[must_use]
    pub fn commands_frames_of_64(&self) -> bool {
        self.bit(bit::COMMANDED_FRAMES_OF_64)
    }

    /// The modems of a DIS.
    #[must_use]
    pub fn modems(&self) -> Modems {
        let rate = self.field(bit::RATE, 4);
        // 1110 once was V.27ter, V.29 and V.33; V.33 is not used here. A reserved word with the bit of V.27ter or V.29 still has
        // those modems; every terminal can do V.27ter at 2400 except "V.29 only".
        Modems {
            v27ter_2400: rate != 0b1000,
            v27ter_4800: rate & 0b0100 != 0,
            v29: rate & 0b1000 != 0,
            v17: rate == 0b1101,
        }
    }

    /// Says in a DIS that it has every modem up to this rate.
    pub fn set_modems(&mut self, fastest: Modulation) {
        let rate = match fastest {
            Modulation::V27ter2400 => 0b0000,
            Modulation::V27ter4800 => 0b0100,
            Modulation::V29At7200 | Modulation::V29At9600 => 0b1100,
            Modulation::V17At7200 | Modulation::V17At9600 | Modulation::V17At12000 | Modulation::V17At14400 => 0b1101,
        };
        self.set_field(bit::RATE, 4, rate);
    }

    /// The modulation a DCS commands; nothing for V.33, V.34 and reserved words.
    #[must_use]
    pub fn modulation(&self) -> Option<Modulation> {
        let rate = self.field(bit::RATE, 4);
        Modulation::ALL.into_iter().find(|modulation| rate_word(*modulation) == rate)
    }

    /// Commands a modulation in a DCS or CTC.
    pub fn set_modulation(&mut self, modulation: Modulation) {
        self.set_field(bit::RATE, 4, rate_word(modulation));
    }

    /// The finest resolution of R8 that a DIS offers or a DCS commands.
    #[must_use]
    pub fn finest(&self) -> Resolution {
        if self.bit(bit::SUPERFINE) {
            Resolution::Superfine
        } else if self.bit(bit::FINE) {
            Resolution::Fine
        } else {
            Resolution::Standard
        }
    }

    /// Whether a DIS offers a resolution.
    #[must_use]
    pub fn has_resolution(&self, resolution: Resolution) -> bool {
        match resolution {
            Resolution::Standard => true,
            Resolution::Fine => self.bit(bit::FINE),
            Resolution::Superfine => self.bit(bit::SUPERFINE),
        }
    }

    /// The widest line that a DIS offers.
    #[must_use]
    pub fn widest(&self) -> Width {
        match self.field(bit::WIDTH, 2) {
            0b00 => Width::A4,
            0b10 => Width::B4,
            // 11 is invalid and read as 01: T.30 (09/2005) Table 2 note 4.
            _ => Width::A3,
        }
    }

    /// Says in a DIS that it takes lines up to this width, or commands this width in a DCS: the same bits.
    pub fn set_width(&mut self, width: Width) {
        let word = match width {
            Width::A4 => 0b00,
            Width::B4 => 0b10,
            Width::A3 => 0b01,
        };
        self.set_field(bit::WIDTH, 2, word);
    }

    /// The longest page.
    #[must_use]
    pub fn length(&self) -> Length {
        match self.field(bit::LENGTH, 2) {
            0b00 => Length::A4,
            0b10 => Length::B4,
            _ => Length::Unlimited,
        }
    }

    /// Sets the longest page.
    pub fn set_length(&mut self, length: Length) {
        let word = match length {
            Length::A4 => 0b00,
            Length::B4 => 0b10,
            Length::Unlimited => 0b01,
        };
        self.set_field(bit::LENGTH, 2, word);
    }

    /// The least row times of a DIS.
    #[must_use]
    pub fn row_times(&self) -> RowTimes {
        let (standard_ms, half_at_fine) = match self.field(bit::ROW_TIME, 3) {
            0b000 => (20, false),
            0b001 => (40, false),
            0b010 => (10, false),
            0b011 => (10, true),
            0b100 => (5, false),
            0b101 => (40, true),
            0b110 => (20, true),
            _ => (0, false),
        };
        RowTimes { standard_ms, half_at_fine, half_at_superfine: self.bit(bit::HALF_TIME_AT_SUPERFINE) }
    }

    /// Sets a row time for all resolutions, in a DIS or a DCS: 0, 5, 10, 20 or 40 ms; what lies between is rounded up.
    pub fn set_row_time(&mut self, milliseconds: u32) {
        let word = match milliseconds {
            0 => 0b111,
            1..=5 => 0b100,
            6..=10 => 0b010,
            11..=20 => 0b000,
            _ => 0b001,
        };
        self.set_field(bit::ROW_TIME, 3, word);
    }

    /// Whether a DIS offers a coding. T.6 counts only with error correction.
    // T.30 (09/2005) Table 2 note 10
    #[must_use]
    pub fn has_compression(&self, compression: Compression) -> bool {
        match compression {
            Compression::Mh => true,
            Compression::Mr => self.bit(bit::TWO_DIMENSIONAL),
            Compression::Mmr => self.bit(bit::T6) && self.ecm(),
        }
    }

    /// The coding a DCS commands; nothing when it is one that is not known here: uncompressed mode, JPEG, JBIG, T.43, BFT.
    #[must_use]
    pub fn compression(&self) -> Option<Compression> {
        let foreign = [bit::UNCOMPRESSED, bit::T43, bit::JPEG, bit::JBIG, bit::BINARY_FILE];
        if foreign.into_iter().any(|number| self.bit(number)) {
            return None;
        }
        Some(if self.bit(bit::T6) {
            Compression::Mmr
        } else if self.bit(bit::TWO_DIMENSIONAL) {
            Compression::Mr
        } else {
            Compression::Mh
        })
    }

    /// Starts the bits of a terminal that receives, or a command to receive.
    #[must_use]
    pub fn of_receiver() -> Self {
        let mut capability = Self::default();
        capability.set_bit(bit::RECEIVER, true);
        capability
    }

    /// Sets bit 3, T.38.
    pub fn set_t38(&mut self) {
        self.set_bit(bit::T38, true);
    }

    /// Sets bit 27, error correction.
    pub fn set_ecm(&mut self) {
        self.set_bit(bit::ERROR_CORRECTION, true);
    }

    /// Sets bit 28 of a DCS, frames of 64 octets.
    pub fn set_frames_of_64(&mut self) {
        self.set_bit(bit::COMMANDED_FRAMES_OF_64, true);
    }

    /// Sets bit 49 of a DIS.
    pub fn set_sub_address(&mut self) {
        self.set_bit(bit::SUB_ADDRESS, true);
    }

    /// Sets bit 9 of a DIS: there is a document to be polled.
    pub fn set_ready_to_send(&mut self) {
        self.set_bit(bit::READY_TO_SEND, true);
    }

    /// Sets bit 10: it can receive.
    pub fn set_receiver(&mut self) {
        self.set_bit(bit::RECEIVER, true);
    }

    /// Sets bit 47: takes a selective address (DIS), or sent one (DTC).
    pub fn set_selective_polling(&mut self) {
        self.set_bit(bit::SELECTIVE_POLLING, true);
    }

    /// Sets bit 50: takes a password (DIS), sent PWD (DTC) or SID (DCS).
    pub fn set_password(&mut self) {
        self.set_bit(bit::PASSWORD, true);
    }

    /// Sets bits 76 and 77 of a DIS.
    pub fn set_letter_and_legal(&mut self) {
        self.set_bit(bit::LETTER, true);
        self.set_bit(bit::LEGAL, true);
    }

    /// Offers one coding more in a DIS.
    pub fn add_compression(&mut self, compression: Compression) {
        match compression {
            Compression::Mh => {}
            Compression::Mr => self.set_bit(bit::TWO_DIMENSIONAL, true),
            Compression::Mmr => self.set_bit(bit::T6, true),
        }
    }

    /// Offers one resolution more in a DIS, with the preference for metric ones, or commands it in a DCS.
    pub fn add_resolution(&mut self, resolution: Resolution) {
        match resolution {
            Resolution::Standard => {}
            Resolution::Fine => self.set_bit(bit::FINE, true),
            Resolution::Superfine => self.set_bit(bit::SUPERFINE, true),
        }
    }

    /// Says in a DIS that metric resolutions are preferred: bit 45.
    pub fn set_prefers_metric(&mut self) {
        self.set_bit(bit::PREFERS_METRIC, true);
    }

    /// The first two octets, the information field of CTC.
    // T.30 (09/2005) §A.4.1
    #[must_use]
    pub fn first_octets(&self) -> [u8; 2] {
        let octet = |index: usize| self.octets.get(index).copied().unwrap_or(0);
        [octet(0), octet(1)]
    }
}

impl std::fmt::Debug for Capability {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Capability({:02x?})", self.octets)
    }
}

/// Bits 11 to 14 of a DCS.
// T.30 (09/2005) Table 2
const fn rate_word(modulation: Modulation) -> u8 {
    match modulation {
        Modulation::V27ter2400 => 0b0000,
        Modulation::V27ter4800 => 0b0100,
        Modulation::V29At9600 => 0b1000,
        Modulation::V29At7200 => 0b1100,
        Modulation::V17At14400 => 0b0001,
        Modulation::V17At12000 => 0b0101,
        Modulation::V17At9600 => 0b1001,
        Modulation::V17At7200 => 0b1101,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_dis_of_asterisk_reads_as_wireshark_shows_it() {
        let octets = [0x20, 0x77, 0x1F, 0x23, 0x01, 0x89, 0x01, 0x01, 0x01, 0x18];
        let dis = Capability::read(&octets);
        assert!(dis.t38() && dis.receiver() && dis.ecm() && !dis.v8() && !dis.prefers_frames_of_64());
        assert!(dis.modems().v17 && dis.modems().v29 && dis.modems().v27ter_4800);
        assert_eq!((dis.finest(), dis.widest(), dis.length()), (Resolution::Superfine, Width::A4, Length::Unlimited));
        assert_eq!(dis.row_times().at(Resolution::Standard), 0);
        assert!(dis.has_compression(Compression::Mmr) && dis.has_compression(Compression::Mr));
        assert_eq!(dis.letter_and_legal(), (true, true));
        assert!(!dis.sub_address() && !dis.internet_aware());
        assert_eq!(dis.write(), octets);
    }

    #[test]
    fn four_real_dcs_command_what_their_calls_then_did() {
        for (octets, modulation, compression, ecm) in [
            (&[0x00, 0x46, 0x1F, 0x22][..], Modulation::V17At14400, Compression::Mmr, true),
            (&[0x00, 0x47, 0x1E][..], Modulation::V17At14400, Compression::Mr, false),
            (&[0x00, 0x63, 0x1E][..], Modulation::V29At9600, Compression::Mr, false),
            (&[0x00, 0x53, 0x1E][..], Modulation::V27ter4800, Compression::Mr, false),
        ] {
            let dcs = Capability::read(octets);
            assert_eq!(dcs.modulation(), Some(modulation), "{dcs:?}");
            assert_eq!((dcs.compression(), dcs.ecm(), dcs.finest()), (Some(compression), ecm, Resolution::Fine));
            assert_eq!(dcs.write(), octets);
        }
    }

    #[test]
    fn bits_without_a_name_survive_and_extension_bits_follow_the_length() {
        let mut capability =
            Capability::read(&[0x00, 0x40, 0x01, 0x01, 0x01, 0x01, 0x01, 0x01, 0x01, 0x01, 0x01, 0x40]);
        assert!(capability.bit(90));
        capability.set_bit(90, false);
        assert_eq!(capability.write(), [0x00, 0x40, 0x00]);
        capability.set_bit(31, true);
        assert_eq!(capability.write(), [0x00, 0x40, 0x01, 0x02]);
    }

    #[test]
    fn octets_after_a_cleared_extension_bit_do_not_count() {
        assert!(!Capability::read(&[0x00, 0x40, 0x00, 0x20]).ecm());
    }

    #[test]
    fn row_times_halve_as_the_table_says() {
        let mut dis = Capability::of_receiver();
        dis.set_field(bit::ROW_TIME, 3, 0b110);
        assert_eq!([dis.row_times().at(Resolution::Standard), dis.row_times().at(Resolution::Fine)], [20, 10]);
        assert_eq!(dis.row_times().at(Resolution::Superfine), 10);
        dis.set_bit(bit::HALF_TIME_AT_SUPERFINE, true);
        assert_eq!(dis.row_times().at(Resolution::Superfine), 5);
    }

    #[test]
    fn every_modulation_is_read_back_from_its_dcs() {
        for modulation in Modulation::ALL {
            let mut dcs = Capability::of_receiver();
            dcs.set_modulation(modulation);
            assert_eq!(dcs.modulation(), Some(modulation));
        }
    }

    proptest! {
        #[test]
        fn reading_any_octets_is_bounded_and_writing_them_again_reads_the_same(
            octets in proptest::collection::vec(any::<u8>(), 0..64),
        ) {
            let first = Capability::read(&octets);
            let written = first.write();
            prop_assert!(written.len() <= MAX_OCTETS);
            prop_assert_eq!(Capability::read(&written).write(), written);
        }
    }
}
