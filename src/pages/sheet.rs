//! The sheet that a fax page is drawn on: the paper at the far end, in picture elements.
//!
//! Lengths are tenths of a millimetre. A line is as wide as the scanner of a fax machine (215 mm for [`Width::A4`]), so
//! an A4 sheet has a small strip left and right of it.

use crate::model::{Resolution, Width};

use serde::{Deserialize, Serialize};

/// The paper that pages are laid out for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Paper {
    /// 210 mm by 297 mm.
    #[default]
    A4,
    /// 8.5 in by 11 in.
    Letter,
}

impl Paper {
    /// Width in tenths of a millimetre.
    #[must_use]
    pub const fn width(self) -> u32 {
        match self {
            Self::A4 => 2100,
            Self::Letter => 2159,
        }
    }

    /// Height in tenths of a millimetre.
    #[must_use]
    pub const fn height(self) -> u32 {
        match self {
            Self::A4 => 2970,
            Self::Letter => 2794,
        }
    }

    /// The longest page that is sent as it is, in tenths of a millimetre; longer ones are made smaller. Where Letter is
    /// used, machines take Legal too (14 in).
    // T.30 (09/2005) Table 2, bits 19 and 20: every machine takes the length of A4.
    #[must_use]
    pub const fn longest(self) -> u32 {
        match self {
            Self::A4 => 2970,
            Self::Letter => 3556,
        }
    }

    /// Lines of a whole sheet.
    #[must_use]
    pub const fn rows(self, resolution: Resolution) -> u32 {
        rows_in(self.height(), resolution)
    }
}

/// Lines in a length, given in tenths of a millimetre; rounded to the nearest.
#[must_use]
pub const fn rows_in(tenths: u32, resolution: Resolution) -> u32 {
    (tenths * resolution.lines_per_inch() + 127) / 254
}

/// Picture elements in a length across the page, given in tenths of a millimetre; rounded to the nearest.
#[must_use]
pub const fn pels_in(tenths: u32, resolution: Resolution) -> u32 {
    (tenths * resolution.dots_per_inch() + 127) / 254
}

/// What one page is drawn to: the width of a line, the lines per inch, the paper.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Sheet {
    /// Width of the scan line; written as its picture elements at standard resolution.
    #[serde(with = "width_as_pels")]
    pub width: Width,
    /// Resolution; written as its name.
    #[serde(with = "resolution_as_name")]
    pub resolution: Resolution,
    /// The paper.
    pub paper: Paper,
}

impl Sheet {
    /// Picture elements in a line.
    #[must_use]
    pub const fn pels(self) -> u32 {
        self.width.pels(self.resolution)
    }
}

mod width_as_pels {
    use crate::model::{Resolution, Width};

    use serde::{Deserialize, Deserializer, Serializer};

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
    pub(super) fn serialize<S: Serializer>(width: &Width, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u32(width.pels(Resolution::Standard))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Width, D::Error> {
        let pels = u32::deserialize(deserializer)?;
        Width::from_pels(pels, Resolution::Standard).ok_or_else(|| serde::de::Error::custom("no width of a fax line"))
    }
}

mod resolution_as_name {
    use crate::model::Resolution;

    use serde::{Deserialize, Deserializer, Serializer};

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
    pub(super) fn serialize<S: Serializer>(resolution: &Resolution, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(resolution.name())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Resolution, D::Error> {
        let name = String::deserialize(deserializer)?;
        Resolution::from_name(&name).ok_or_else(|| serde::de::Error::custom("no resolution of a fax page"))
    }
}

#[cfg(test)]
mod tests {
    use super::{Paper, pels_in, rows_in};
    use crate::model::Resolution;

    #[test]
    fn an_a4_sheet_has_the_lines_that_fax_gear_gives_it() {
        // 297 mm at 7.7 lines per millimetre is 2287 lines; at 196 to the inch, as TIFF files say, 2292.
        assert_eq!(Paper::A4.rows(Resolution::Fine), 2292);
        assert_eq!(Paper::A4.rows(Resolution::Standard), 1146);
        assert_eq!(Paper::Letter.rows(Resolution::Fine), 2156);
    }

    #[test]
    fn a4_is_narrower_than_the_line_and_letter_wider() {
        assert_eq!(pels_in(Paper::A4.width(), Resolution::Fine), 1687);
        assert_eq!(pels_in(Paper::Letter.width(), Resolution::Fine), 1734);
        assert_eq!(rows_in(254, Resolution::Superfine), 391);
    }
}
