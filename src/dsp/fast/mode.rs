//! The modulations and rates, and the figures of each.

/// A modulation at a rate.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Mode {
    /// V.27ter at 2400 bit/s: four phases, 1200 symbols a second.
    V27ter2400,
    /// V.27ter at 4800 bit/s: eight phases, 1600 symbols a second.
    V27ter4800,
    /// V.29 at 7200 bit/s: eight points.
    V29At7200,
    /// V.29 at 9600 bit/s: sixteen points.
    V29At9600,
    /// V.17 at 7200 bit/s: sixteen points, trellis-coded.
    V17At7200,
    /// V.17 at 9600 bit/s: 32 points, trellis-coded.
    V17At9600,
    /// V.17 at 12000 bit/s: 64 points, trellis-coded.
    V17At12000,
    /// V.17 at 14400 bit/s: 128 points, trellis-coded.
    V17At14400,
}

/// The Recommendation a mode belongs to.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Family {
    /// V.27ter.
    V27ter,
    /// V.29.
    V29,
    /// V.17.
    V17,
}

/// The sequence that opens a carrier.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Training {
    /// The full sequence.
    Long,
    /// V.17's resynchronisation, for a receiver that has had the long one in the same call. The other modems have none in a fax call (V.27ter's
    /// short sequence is for turning a half-duplex link round), so for them this is the full one.
    Short,
}

impl Mode {
    /// Every mode, by family and rate.
    pub const ALL: [Self; 8] = [
        Self::V27ter2400,
        Self::V27ter4800,
        Self::V29At7200,
        Self::V29At9600,
        Self::V17At7200,
        Self::V17At9600,
        Self::V17At12000,
        Self::V17At14400,
    ];

    /// The Recommendation it belongs to.
    #[must_use]
    pub const fn family(self) -> Family {
        match self {
            Self::V27ter2400 | Self::V27ter4800 => Family::V27ter,
            Self::V29At7200 | Self::V29At9600 => Family::V29,
            Self::V17At7200 | Self::V17At9600 | Self::V17At12000 | Self::V17At14400 => Family::V17,
        }
    }

    /// Bits of data that a symbol carries.
    // V.27ter §2.3, §2.4; V.29 §2; V.17 §2
    #[must_use]
    pub const fn bits_per_symbol(self) -> u32 {
        match self {
            Self::V27ter2400 => 2,
            Self::V27ter4800 | Self::V29At7200 | Self::V17At7200 => 3,
            Self::V29At9600 | Self::V17At9600 => 4,
            Self::V17At12000 => 5,
            Self::V17At14400 => 6,
        }
    }

    /// Symbols in a second.
    // V.27ter §2.3, §2.4; V.29 §2; V.17 §2
    #[must_use]
    pub const fn symbols_per_second(self) -> u32 {
        match self {
            Self::V27ter2400 => 1200,
            Self::V27ter4800 => 1600,
            Self::V29At7200
            | Self::V29At9600
            | Self::V17At7200
            | Self::V17At9600
            | Self::V17At12000
            | Self::V17At14400 => 2400,
        }
    }

    /// Bits of data in a second.
    #[must_use]
    pub const fn bits_per_second(self) -> u32 {
        self.bits_per_symbol() * self.symbols_per_second()
    }

    /// The frequency of the carrier in Hz.
    // V.27ter §2.1, V.29 §2, V.17 §2
    #[must_use]
    pub const fn carrier_hertz(self) -> u32 {
        match self.family() {
            Family::V27ter | Family::V17 => 1800,
            Family::V29 => 1700,
        }
    }

    /// How much wider than the symbol rate the spectrum is, as a share of that rate.
    // V.27ter §2: half of it, shared by transmitter and receiver. V.29 and V.17 leave it open within their masks at the edges.
    #[must_use]
    pub const fn roll_off(self) -> f64 {
        match self.family() {
            Family::V27ter => 0.5,
            Family::V29 | Family::V17 => 0.25,
        }
    }

    /// Whether two sequences exist.
    #[must_use]
    pub const fn has_short_training(self) -> bool {
        matches!(self.family(), Family::V17)
    }
}
