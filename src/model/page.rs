//! Page widths, resolutions and codings, as the standards name them.

/// Width of the scan line.
// T.4 (07/2003) §2.1, T.30 (09/2005) Table 2 bits 17, 18
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Width {
    /// 215 mm: A4, Letter and Legal.
    A4,
    /// 255 mm.
    B4,
    /// 303 mm.
    A3,
}

impl Width {
    /// Picture elements in a line at R8 (8.04 per millimetre); R16 has twice as many.
    #[must_use]
    pub const fn pels(self) -> u32 {
        match self {
            Self::A4 => 1728,
            Self::B4 => 2048,
            Self::A3 => 2432,
        }
    }

    /// The width that has this many picture elements at R8.
    #[must_use]
    pub const fn from_pels(pels: u32) -> Option<Self> {
        match pels {
            1728 => Some(Self::A4),
            2048 => Some(Self::B4),
            2432 => Some(Self::A3),
            _ => None,
        }
    }
}

/// Vertical resolution at R8 horizontally (204 dots per inch).
// T.4 (07/2003) §2.2
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Resolution {
    /// 3.85 lines per millimetre: 204 × 98.
    Standard,
    /// 7.7 lines per millimetre: 204 × 196.
    Fine,
    /// 15.4 lines per millimetre: 204 × 391.
    Superfine,
}

impl Resolution {
    /// Lines per inch, as TIFF files of fax gear write them.
    // RFC 3949 §2.2.2, RFC 2306 §2.1
    #[must_use]
    pub const fn lines_per_inch(self) -> u32 {
        match self {
            Self::Standard => 98,
            Self::Fine => 196,
            Self::Superfine => 391,
        }
    }

    /// Dots per inch in a line.
    #[must_use]
    pub const fn dots_per_inch(self) -> u32 {
        204
    }

    /// Lines for each line at standard resolution: 1, 2 or 4.
    #[must_use]
    pub const fn factor(self) -> u32 {
        match self {
            Self::Standard => 1,
            Self::Fine => 2,
            Self::Superfine => 4,
        }
    }

    /// The resolution nearest to this many lines per inch.
    #[must_use]
    pub const fn nearest(lines_per_inch: u32) -> Self {
        match lines_per_inch {
            0..=146 => Self::Standard,
            147..=293 => Self::Fine,
            _ => Self::Superfine,
        }
    }
}

/// Coding of the picture.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Compression {
    /// Modified Huffman, one-dimensional. T.4 (07/2003) §4.1.
    Mh,
    /// Modified READ, two-dimensional. T.4 (07/2003) §4.2.
    Mr,
    /// Modified modified READ. T.6 (11/1988); in T.30 only with error correction.
    Mmr,
}

impl Compression {
    /// The field's short name: `MMR`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Mh => "MH",
            Self::Mr => "MR",
            Self::Mmr => "MMR",
        }
    }
}
