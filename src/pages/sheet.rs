//! The sheets that fax pages are drawn on: the paper at the far end, in picture elements.
//!
//! Lengths are tenths of a millimetre. A line is as wide as the scanner of a fax machine (215 mm for [`Width::A4`]), so
//! an A4 sheet has a small strip left and right of it. Each page gets a sheet as wide as itself: a plan on A3 would lose half its
//! detail on A4, and the far machine may well take A3. Where it does not, the page is made smaller when the call is made.
//! What is drawn has the resolution that was asked for; a page that was a fax before keeps its own, if that is no finer.

use crate::model::{Resolution, Width};

use serde::{Deserialize, Serialize};

/// The paper that pages of the common width are laid out for.
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
            Self::Letter => LEGAL_HEIGHT,
        }
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

/// Height of a sheet of B4 in tenths of a millimetre, as T.30 has it.
// T.30 (09/2005) Table 2, bits 19 and 20
const B4_HEIGHT: u32 = 3640;
/// Height of a sheet of A3; a machine so wide takes pages of any length.
const A3_HEIGHT: u32 = 4200;
/// The same where Letter is used: 17 in.
const TABLOID_HEIGHT: u32 = 4318;

/// Length of a sheet of Legal, 14 in: the longest that is cut as wide as A4.
const LEGAL_HEIGHT: u32 = 3556;
/// The longest roll that is drawn at its own scale, in tenths of a millimetre: a metre. Longer ones are made smaller.
// T.4 (07/2003) §2.1: a page may be of unlimited length
pub const LONGEST_ROLL: u32 = 10_000;
/// Picture elements of a roll, at most; they bound its length where it is wide and fine. A sheet of A3 at 400 dots per inch has as many.
const MOST_ROLL_ELEMENTS: u32 = 32_250_000;

/// What one page is drawn on: the width of a line, the lines per inch, the paper.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Sheet {
    /// Width of the scan line.
    pub width: Width,
    /// Resolution.
    pub resolution: Resolution,
    /// The paper, of which sheets of the common width are.
    pub paper: Paper,
}

impl Sheet {
    /// Picture elements in a line.
    #[must_use]
    pub const fn pels(self) -> u32 {
        self.width.pels(self.resolution)
    }

    /// Height of a whole sheet in tenths of a millimetre.
    #[must_use]
    pub const fn height(self) -> u32 {
        match (self.width, self.paper) {
            (Width::A4, paper) => paper.height(),
            (Width::B4, _) => B4_HEIGHT,
            (Width::A3, Paper::A4) => A3_HEIGHT,
            (Width::A3, Paper::Letter) => TABLOID_HEIGHT,
        }
    }

    /// The longest page that is drawn as it is, in tenths of a millimetre; longer ones are made smaller.
    #[must_use]
    pub const fn longest(self) -> u32 {
        match self.width {
            Width::A4 => self.paper.longest(),
            Width::B4 | Width::A3 => self.height(),
        }
    }

    /// The longest that paper of this width is cut, in tenths of a millimetre. What is longer comes from a roll, or was never meant for
    /// paper.
    #[must_use]
    pub const fn longest_cut(self) -> u32 {
        match self.width {
            Width::A4 => LEGAL_HEIGHT,
            Width::B4 => B4_HEIGHT,
            Width::A3 => TABLOID_HEIGHT,
        }
    }

    /// The longest roll of this width, in tenths of a millimetre.
    #[must_use]
    pub fn longest_roll(self) -> u32 {
        let length = MOST_ROLL_ELEMENTS / self.pels() * 254 / self.resolution.lines_per_inch();
        length.clamp(self.longest(), LONGEST_ROLL)
    }

    /// Lines of a whole sheet.
    #[must_use]
    pub const fn rows(self) -> u32 {
        rows_in(self.height(), self.resolution)
    }
}

/// The sheets that a document may be drawn on: each page on the one that is as wide as it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Stock {
    /// Width of the widest; written as its picture elements at standard resolution.
    #[serde(with = "width_as_pels")]
    pub widest: Width,
    /// Resolution of what is drawn, and the finest of what was a fax before; written as its name.
    #[serde(with = "resolution_as_name")]
    pub resolution: Resolution,
    /// The paper of the narrowest.
    pub paper: Paper,
    /// Whether pages longer than any sheet keep their scale, up to [`Sheet::longest_roll`].
    pub long_pages: bool,
}

impl Stock {
    /// The sheet of this width, or the widest there is.
    #[must_use]
    pub fn sheet(self, width: Width) -> Sheet {
        Sheet { width: width.min(self.widest), resolution: self.resolution, paper: self.paper }
    }

    /// The same for a page that has a resolution of its own, which it keeps if it is no finer than what was asked for: to repeat its
    /// lines would make it longer on the line and no better.
    #[must_use]
    pub fn sheet_at(self, width: Width, own: Resolution) -> Sheet {
        Sheet { resolution: own.min(self.resolution), ..self.sheet(width) }
    }

    /// The sheet of the common width, which every machine takes.
    #[must_use]
    pub fn common(self) -> Sheet {
        self.sheet(Width::A4)
    }

    /// Whether there is a sheet of this resolution with so many picture elements in a line.
    #[must_use]
    pub fn has(self, pels: u32, resolution: Resolution) -> bool {
        resolution <= self.resolution && Width::from_pels(pels, resolution).is_some_and(|width| width <= self.widest)
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

pub(in crate::pages) mod resolution_as_name {
    use crate::model::Resolution;

    use serde::{Deserialize, Deserializer, Serializer};

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
    pub(in crate::pages) fn serialize<S: Serializer>(
        resolution: &Resolution,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(resolution.name())
    }

    pub(in crate::pages) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Resolution, D::Error> {
        let name = String::deserialize(deserializer)?;
        Resolution::from_name(&name).ok_or_else(|| serde::de::Error::custom("no resolution of a fax page"))
    }
}

#[cfg(test)]
mod tests {
    use super::{LONGEST_ROLL, Paper, Stock, pels_in, rows_in};
    use crate::model::{Resolution, Width};
    use crate::pages::worker::MAX_ROWS;

    fn stock(widest: Width, resolution: Resolution, paper: Paper) -> Stock {
        Stock { widest, resolution, paper, long_pages: true }
    }

    #[test]
    fn a_sheet_has_the_lines_that_fax_gear_gives_it() {
        // 297 mm at 7.7 lines per millimetre is 2287 lines; at 196 to the inch, as TIFF files say, 2292.
        let rows = |width, resolution, paper| stock(Width::A3, resolution, paper).sheet(width).rows();
        assert_eq!(rows(Width::A4, Resolution::Fine, Paper::A4), 2292);
        assert_eq!(rows(Width::A4, Resolution::Standard, Paper::A4), 1146);
        assert_eq!(rows(Width::A4, Resolution::Fine, Paper::Letter), 2156);
        assert_eq!(rows(Width::B4, Resolution::Fine, Paper::A4), 2809);
        assert_eq!(rows(Width::A3, Resolution::Fine, Paper::A4), 3241);
        assert_eq!(rows(Width::A3, Resolution::Fine, Paper::Letter), 3332);
    }

    #[test]
    fn a4_is_narrower_than_the_line_and_letter_wider() {
        assert_eq!(pels_in(Paper::A4.width(), Resolution::Fine), 1687);
        assert_eq!(pels_in(Paper::Letter.width(), Resolution::Fine), 1734);
        assert_eq!(rows_in(254, Resolution::Superfine), 391);
    }

    #[test]
    fn no_sheet_is_wider_than_the_widest() {
        let b4 = stock(Width::B4, Resolution::Dots400, Paper::A4);
        assert_eq!(Width::ALL.map(|width| b4.sheet(width).pels()), [3456, 4096, 4096]);
        assert!([3456, 4096].into_iter().all(|pels| b4.has(pels, Resolution::Dots400)));
        assert!([4864, 1728].into_iter().all(|pels| !b4.has(pels, Resolution::Dots400)));
    }

    #[test]
    fn a_roll_is_a_metre_long_at_most_and_never_larger_than_the_largest_sheet() {
        let longest = |width, resolution| stock(Width::A3, resolution, Paper::A4).sheet(width).longest_roll();
        assert_eq!(Width::ALL.map(|width| longest(width, Resolution::Fine)), [LONGEST_ROLL; 3]);
        assert_eq!(longest(Width::A4, Resolution::Superfine), LONGEST_ROLL);
        assert_eq!(longest(Width::A4, Resolution::Dots400), 5925);
        for (width, resolution) in Width::ALL.into_iter().flat_map(|width| Resolution::ALL.map(|own| (width, own))) {
            let sheet = stock(Width::A3, resolution, Paper::A4).sheet(width);
            assert!(sheet.longest_roll() >= sheet.longest(), "{sheet:?}");
            assert!(rows_in(sheet.longest_roll(), resolution) <= MAX_ROWS, "{sheet:?}");
        }
    }

    #[test]
    fn a_page_keeps_its_own_resolution_unless_it_is_finer_than_what_was_asked_for() {
        let fine = stock(Width::B4, Resolution::Fine, Paper::A4);
        let kept = |own| (fine.sheet_at(Width::A3, own).resolution, fine.sheet_at(Width::A3, own).width);
        assert_eq!(kept(Resolution::Standard), (Resolution::Standard, Width::B4));
        assert_eq!(kept(Resolution::Fine), (Resolution::Fine, Width::B4));
        assert_eq!(kept(Resolution::Superfine), (Resolution::Fine, Width::B4));
        assert!(fine.has(1728, Resolution::Standard) && fine.has(1728, Resolution::Fine));
        assert!(!fine.has(1728, Resolution::Superfine) && !fine.has(2592, Resolution::Dots300));
    }
}
