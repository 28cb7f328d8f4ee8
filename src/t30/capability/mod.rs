//! DIS, DTC and DCS as one row of numbered bits: [`Feature`] names each single bit of Table 2, methods read the fields of
//! several bits, [`Capability::describe`] says it all in words.
//!
//! Every bit a stranger sent is kept, also those without a name; what was read is written as the same octets. Not here:
//! choosing a DCS for a DIS ([`super::negotiate`]). T.30 (09/2005) §5.3.6.2.1 and Table 2.

use crate::model::{Compression, Resolution, Width};
use crate::signal::Modulation;

mod describe;
mod feature;
mod value;

pub use feature::{Feature, Reading};
pub use value::{Length, Modems, RowTimes};

/// Octets of a DIS, DTC or DCS that are kept: bits 1 to 256. The last bit that Table 2 names is 127.
pub const MAX_OCTETS: usize = 32;
/// Octets always sent: bits 1 to 24.
const LEAST_OCTETS: usize = 3;

/// The first bits of fields.
mod field {
    pub(super) const RATE: usize = 11;
    pub(super) const WIDTH: usize = 17;
    pub(super) const LENGTH: usize = 19;
    pub(super) const ROW_TIME: usize = 21;
    pub(super) const MIXED_RASTER: usize = 92;
    pub(super) const MEMORY: usize = 117;
    pub(super) const T88: usize = 124;
}

/// The information field of a DIS, DTC or DCS.
#[derive(Clone, PartialEq, Eq, Hash, Default)]
pub struct Capability {
    octets: Vec<u8>,
}

impl Capability {
    /// Reads an information field: as far as the extension bits say that more follows, at most [`MAX_OCTETS`]. A bit that
    /// was not sent is 0.
    #[must_use]
    pub fn read(information: &[u8]) -> Self {
        let mut octets = Vec::with_capacity(information.len().min(MAX_OCTETS));
        for octet in information.iter().take(MAX_OCTETS) {
            octets.push(*octet);
            // T.30 (09/2005) §5.3.6.2.1: bit 24 and every eighth after it say whether another octet follows.
            if octets.len() >= LEAST_OCTETS && octet & 1 == 0 {
                break;
            }
        }
        Self { octets }
    }

    /// Writes the information field: at least three octets, extension bits set. What was read and not changed since has its
    /// octets again, empty ones at its end too.
    #[must_use]
    pub fn write(&self) -> Vec<u8> {
        let mut octets = self.octets.clone();
        octets.resize(octets.len().max(LEAST_OCTETS), 0);
        let last = octets.len() - 1;
        for octet in &mut octets[LEAST_OCTETS - 1..last] {
            *octet |= 1;
        }
        octets[last] &= !1;
        octets
    }

    /// Whether a bit is set.
    #[must_use]
    pub fn has(&self, feature: Feature) -> bool {
        self.bit(feature.number())
    }

    /// Sets or clears a bit.
    pub fn set(&mut self, feature: Feature, value: bool) {
        self.set_bit(feature.number(), value);
    }

    /// One bit by its number in Table 2, from 1.
    #[must_use]
    pub fn bit(&self, number: usize) -> bool {
        let place = number.saturating_sub(1);
        self.octets.get(place / 8).is_some_and(|octet| octet & (0x80 >> (place % 8)) != 0)
    }

    /// Sets one bit by its number in Table 2, from 1 to 256; other numbers and extension bits do nothing. Octets that get empty
    /// at the end are dropped.
    pub fn set_bit(&mut self, number: usize, value: bool) {
        let Some(place) = number.checked_sub(1).filter(|place| *place < MAX_OCTETS * 8) else {
            return;
        };
        let (octet, mask) = (place / 8, 0x80 >> (place % 8));
        if mask == 1 && octet >= LEAST_OCTETS - 1 {
            return;
        }
        if value {
            self.octets.resize(self.octets.len().max(octet + 1), 0);
            self.octets[octet] |= mask;
        } else if let Some(octet) = self.octets.get_mut(octet) {
            *octet &= !mask;
            while self.octets.len() > LEAST_OCTETS && self.octets.last().is_some_and(|last| last & !1 == 0) {
                self.octets.pop();
            }
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
        self.has(Feature::Receives)
    }

    /// Bit 9: it has a document to be polled.
    #[must_use]
    pub fn ready_to_send(&self) -> bool {
        self.has(Feature::PolledDocument)
    }

    /// Bit 3: real-time Internet fax, T.38.
    #[must_use]
    pub fn t38(&self) -> bool {
        self.has(Feature::RealTimeInternetFax)
    }

    /// Bit 123: an Internet-aware device that is not bound by the rates of the DIS.
    #[must_use]
    pub fn internet_aware(&self) -> bool {
        self.has(Feature::InternetAware)
    }

    /// Bit 6: V.8 and so V.34.
    #[must_use]
    pub fn v8(&self) -> bool {
        self.has(Feature::V8)
    }

    /// Bit 7: prefers ECM frames of 64 octets.
    #[must_use]
    pub fn prefers_frames_of_64(&self) -> bool {
        self.has(Feature::FramesOf64Preferred)
    }

    /// Bits 76 and 77: takes North American Letter and Legal.
    #[must_use]
    pub fn letter_and_legal(&self) -> (bool, bool) {
        (self.has(Feature::Letter), self.has(Feature::Legal))
    }

    /// Bit 49: in a DIS, takes a sub-address; in a DCS, one is sent.
    #[must_use]
    pub fn sub_address(&self) -> bool {
        self.has(Feature::SubAddress)
    }

    /// Bit 50: in a DIS, takes PWD and SID; in a DTC, PWD is sent; in a DCS, SID is sent.
    #[must_use]
    pub fn password(&self) -> bool {
        self.has(Feature::Password)
    }

    /// Bit 47: in a DIS, selective polling; in a DTC, SEP is sent.
    #[must_use]
    pub fn selective_polling(&self) -> bool {
        self.has(Feature::SelectivePolling)
    }

    /// Bit 27: error correction mode.
    #[must_use]
    pub fn ecm(&self) -> bool {
        self.has(Feature::ErrorCorrection)
    }

    /// Bit 28 of a DCS: frames of 64 octets instead of 256.
    #[must_use]
    pub fn commands_frames_of_64(&self) -> bool {
        self.has(Feature::FramesOf64)
    }

    /// The modems of a DIS.
    #[must_use]
    pub fn modems(&self) -> Modems {
        let rate = self.field(field::RATE, 4);
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
        self.set_field(field::RATE, 4, rate);
    }

    /// The modulation a DCS commands; nothing for V.33, V.34 and reserved words.
    #[must_use]
    pub fn modulation(&self) -> Option<Modulation> {
        let rate = self.field(field::RATE, 4);
        Modulation::ALL.into_iter().find(|modulation| rate_word(*modulation) == rate)
    }

    /// Commands a modulation in a DCS or CTC.
    pub fn set_modulation(&mut self, modulation: Modulation) {
        self.set_field(field::RATE, 4, rate_word(modulation));
    }

    /// The finest resolution that a DIS offers or a DCS commands. Bit 43 stands for two of them; bit 44 says whether it is the one
    /// in inches.
    // T.30 (09/2005) Table 2, bits 15 and 41-44
    #[must_use]
    pub fn finest(&self) -> Resolution {
        if self.has(Feature::Dots400) && self.has(Feature::Inch) {
            Resolution::Dots400
        } else if self.has(Feature::Dots400) {
            Resolution::Ultrafine
        } else if self.has(Feature::Dots300) {
            Resolution::Dots300
        } else if self.has(Feature::Superfine) {
            Resolution::Superfine
        } else if self.has(Feature::Fine) {
            Resolution::Fine
        } else {
            Resolution::Standard
        }
    }

    /// Whether a DIS offers a resolution. What it prefers of inches and millimetres does not matter.
    // T.30 (09/2005) Table 2, note on bits 44 and 45: communication shall take place with the other kind too
    #[must_use]
    pub fn has_resolution(&self, resolution: Resolution) -> bool {
        resolution_bit(resolution).is_none_or(|feature| self.has(feature))
    }

    /// The widest line that a DIS offers.
    #[must_use]
    pub fn widest(&self) -> Width {
        match self.field(field::WIDTH, 2) {
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
        self.set_field(field::WIDTH, 2, word);
    }

    /// The longest page.
    #[must_use]
    pub fn length(&self) -> Length {
        match self.field(field::LENGTH, 2) {
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
        self.set_field(field::LENGTH, 2, word);
    }

    /// The least row times of a DIS.
    #[must_use]
    pub fn row_times(&self) -> RowTimes {
        let (standard_ms, half_at_fine) = match self.field(field::ROW_TIME, 3) {
            0b000 => (20, false),
            0b001 => (40, false),
            0b010 => (10, false),
            0b011 => (10, true),
            0b100 => (5, false),
            0b101 => (40, true),
            0b110 => (20, true),
            _ => (0, false),
        };
        RowTimes { standard_ms, half_at_fine, half_at_superfine: self.has(Feature::HalfTimeAtSuperfine) }
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
        self.set_field(field::ROW_TIME, 3, word);
    }

    /// Whether a DIS offers a coding. T.6 counts only with error correction.
    // T.30 (09/2005) Table 2 note 10
    #[must_use]
    pub fn has_compression(&self, compression: Compression) -> bool {
        match compression {
            Compression::Mh => true,
            Compression::Mr => self.has(Feature::TwoDimensional),
            Compression::Mmr => self.has(Feature::T6) && self.ecm(),
        }
    }

    /// The coding a DCS commands; nothing when it is one that is not known here: uncompressed mode, JPEG, JBIG, T.43, BFT.
    #[must_use]
    pub fn compression(&self) -> Option<Compression> {
        let foreign = [Feature::Uncompressed, Feature::T43, Feature::Jpeg, Feature::Jbig, Feature::BinaryFile];
        if foreign.into_iter().any(|feature| self.has(feature)) {
            return None;
        }
        Some(if self.has(Feature::T6) {
            Compression::Mmr
        } else if self.has(Feature::TwoDimensional) {
            Compression::Mr
        } else {
            Compression::Mh
        })
    }

    /// Starts the bits of a terminal that receives, or a command to receive.
    #[must_use]
    pub fn of_receiver() -> Self {
        let mut capability = Self::default();
        capability.set(Feature::Receives, true);
        capability
    }

    /// Sets bit 3, T.38.
    pub fn set_t38(&mut self) {
        self.set(Feature::RealTimeInternetFax, true);
    }

    /// Sets bit 27, error correction.
    pub fn set_ecm(&mut self) {
        self.set(Feature::ErrorCorrection, true);
    }

    /// Sets bit 28 of a DCS, frames of 64 octets.
    pub fn set_frames_of_64(&mut self) {
        self.set(Feature::FramesOf64, true);
    }

    /// Sets bit 49: in a DIS that SUB is taken, in a DCS that one is sent.
    pub fn set_sub_address(&mut self) {
        self.set(Feature::SubAddress, true);
    }

    /// Bit 9 of a DIS: a document waits to be polled.
    // T.30 (09/2005) Table 2 note 22: no capability, but a state
    pub fn set_polled_document(&mut self, ready: bool) {
        self.set(Feature::PolledDocument, ready);
    }

    /// Bit 10: whether it receives. A DTC, and the DIS of a terminal that can only be polled, may have it clear.
    pub fn set_receiver(&mut self, receives: bool) {
        self.set(Feature::Receives, receives);
    }

    /// Bit 47: in a DIS that SEP is taken, in a DTC that one is sent.
    pub fn set_selective_polling(&mut self, value: bool) {
        self.set(Feature::SelectivePolling, value);
    }

    /// Bit 35: in a DIS that PSA is taken, in a DTC that one is sent.
    pub fn set_polled_sub_address(&mut self, value: bool) {
        self.set(Feature::PolledSubAddress, value);
    }

    /// Bit 50: in a DIS that PWD and SID are taken, in a DTC that PWD is sent, in a DCS that SID is sent.
    pub fn set_password(&mut self, value: bool) {
        self.set(Feature::Password, value);
    }

    /// Bit 33: takes field-not-valid (FNV).
    #[must_use]
    pub fn field_not_valid(&self) -> bool {
        self.has(Feature::FieldNotValid)
    }

    /// Bit 35 of a DIS: takes PSA.
    #[must_use]
    pub fn polled_sub_address(&self) -> bool {
        self.has(Feature::PolledSubAddress)
    }

    /// Bits 76 and 77: sets Letter and Legal in a DIS.
    pub fn set_letter_and_legal(&mut self) {
        self.set(Feature::Letter, true);
        self.set(Feature::Legal, true);
    }

    /// Offers one coding more in a DIS.
    pub fn add_compression(&mut self, compression: Compression) {
        match compression {
            Compression::Mh => {}
            Compression::Mr => self.set(Feature::TwoDimensional, true),
            Compression::Mmr => self.set(Feature::T6, true),
        }
    }

    /// Offers one resolution more in a DIS.
    pub fn offer_resolution(&mut self, resolution: Resolution) {
        if let Some(feature) = resolution_bit(resolution) {
            self.set(feature, true);
        }
        if resolution == Resolution::Dots400 {
            self.set(Feature::Inch, true);
        }
    }

    /// Commands a resolution in a DCS. Bit 44 has to be right: it says in what the page was measured.
    // T.30 (09/2005) Table 2, note on bits 44 and 45
    pub fn set_resolution(&mut self, resolution: Resolution) {
        for resolution in Resolution::ALL {
            if let Some(feature) = resolution_bit(resolution) {
                self.set(feature, false);
            }
        }
        if let Some(feature) = resolution_bit(resolution) {
            self.set(feature, true);
        }
        self.set(Feature::Inch, resolution == Resolution::Dots400);
    }

    /// Says in a DIS that metric resolutions are preferred: bit 45.
    pub fn set_prefers_metric(&mut self) {
        self.set(Feature::PrefersMetric, true);
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

/// The bit of a resolution; every terminal has the standard one.
// T.30 (09/2005) Table 2, bits 15 and 41-43
const fn resolution_bit(resolution: Resolution) -> Option<Feature> {
    match resolution {
        Resolution::Standard => None,
        Resolution::Fine => Some(Feature::Fine),
        Resolution::Superfine => Some(Feature::Superfine),
        Resolution::Dots300 => Some(Feature::Dots300),
        Resolution::Ultrafine | Resolution::Dots400 => Some(Feature::Dots400),
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
mod tests;
