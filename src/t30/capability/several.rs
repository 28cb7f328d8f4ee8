//! What takes several bits of a DIS, DTC or DCS: modems, resolution, width, length, row time and coding.
//!
//! T.30 (09/2005) Table 2.

use super::{Capability, Feature, Length, Modems, RowTimes, field};
use crate::model::{Compression, Resolution, Width};
use crate::signal::Modulation;

impl Capability {
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

    /// Offers one coding more in a DIS.
    pub fn add_compression(&mut self, compression: Compression) {
        match compression {
            Compression::Mh => {}
            Compression::Mr => self.set(Feature::TwoDimensional, true),
            Compression::Mmr => self.set(Feature::T6, true),
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
