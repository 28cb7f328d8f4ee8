//! What fields of several bits say: length, least row times, modems.
//!
//! Not here: the bits. T.30 (09/2005) Table 2.

use crate::model::Resolution;
use crate::signal::Modulation;

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
            Self::A4 => Some(rows_in(297, resolution)),
            Self::B4 => Some(rows_in(364, resolution)),
            Self::Unlimited => None,
        }
    }
}

/// Rows in so many millimetres, rounded up.
// T.4 (07/2003) §2.2: 3.85, 7.7 and 15.4 lines per millimetre; 300 and 400 lines per 25.4 mm
const fn rows_in(millimetres: u32, resolution: Resolution) -> u32 {
    match resolution {
        Resolution::Standard | Resolution::Fine | Resolution::Superfine | Resolution::Ultrafine => {
            (millimetres * 385).div_ceil(100) * resolution.factor()
        }
        Resolution::Dots300 | Resolution::Dots400 => (millimetres * resolution.lines_per_inch() * 10).div_ceil(254),
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
    /// Whether a row at more than 7.7 lines takes half of that at 7.7.
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
            // DCS has no 2 ms: half of 5 ms stays 5 ms.
            Resolution::Superfine | Resolution::Dots300 | Resolution::Ultrafine | Resolution::Dots400
                if self.half_at_superfine && fine >= 10 =>
            {
                fine / 2
            }
            Resolution::Fine
            | Resolution::Superfine
            | Resolution::Dots300
            | Resolution::Ultrafine
            | Resolution::Dots400 => fine,
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
