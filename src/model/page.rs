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
    /// Every width, the narrowest first.
    pub const ALL: [Self; 3] = [Self::A4, Self::B4, Self::A3];

    /// Picture elements in a line: 1728, 2048 or 2432 at 204 dots per inch, 3/2 of that at 300, twice that at 408 and 400.
    // T.4 (07/2003) §2.1
    #[must_use]
    pub const fn pels(self, resolution: Resolution) -> u32 {
        let pels = match self {
            Self::A4 => 1728,
            Self::B4 => 2048,
            Self::A3 => 2432,
        };
        match resolution {
            Resolution::Standard | Resolution::Fine | Resolution::Superfine => pels,
            Resolution::Dots300 => pels * 3 / 2,
            Resolution::Ultrafine | Resolution::Dots400 => pels * 2,
        }
    }

    /// The word for it in reports: `A4`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::A4 => "A4",
            Self::B4 => "B4",
            Self::A3 => "A3",
        }
    }

    /// The width that has this many picture elements at a resolution.
    #[must_use]
    pub fn from_pels(pels: u32, resolution: Resolution) -> Option<Self> {
        Self::ALL.into_iter().find(|width| width.pels(resolution) == pels)
    }
}

/// Resolution across and down the page, the coarsest first. Equal ones in inches (200 × 100, 200 × 200, 200 × 400 dots) are
/// taken as the metric ones beside them: they differ by two per cent.
// T.4 (07/2003) §2.2; T.30 (09/2005) Table 2 bits 15, 41-45 and its note on metric and inch-based information: either is
// taken for the other
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Resolution {
    /// R8 × 3.85 lines per millimetre: 204 × 98.
    Standard,
    /// R8 × 7.7 lines per millimetre: 204 × 196.
    Fine,
    /// R8 × 15.4 lines per millimetre: 204 × 391.
    Superfine,
    /// 300 × 300.
    Dots300,
    /// R16 × 15.4 lines per millimetre: 408 × 391.
    Ultrafine,
    /// 400 × 400.
    Dots400,
}

impl Resolution {
    /// Every resolution, the coarsest first.
    pub const ALL: [Self; 6] =
        [Self::Standard, Self::Fine, Self::Superfine, Self::Dots300, Self::Ultrafine, Self::Dots400];

    /// Lines per inch, as TIFF files of fax gear write them.
    // RFC 3949 §2.2.2, RFC 2306 §2.1
    #[must_use]
    pub const fn lines_per_inch(self) -> u32 {
        match self {
            Self::Standard => 98,
            Self::Fine => 196,
            Self::Superfine | Self::Ultrafine => 391,
            Self::Dots300 => 300,
            Self::Dots400 => 400,
        }
    }

    /// Dots per inch in a line.
    // RFC 3949 §2.2.2
    #[must_use]
    pub const fn dots_per_inch(self) -> u32 {
        match self {
            Self::Standard | Self::Fine | Self::Superfine => 204,
            Self::Dots300 => 300,
            Self::Ultrafine => 408,
            Self::Dots400 => 400,
        }
    }

    /// Lines for each line at standard resolution: 1, 2, 3 or 4; rounded where it is no whole number.
    #[must_use]
    pub const fn factor(self) -> u32 {
        match self {
            Self::Standard => 1,
            Self::Fine => 2,
            Self::Dots300 => 3,
            Self::Superfine | Self::Ultrafine | Self::Dots400 => 4,
        }
    }

    /// The resolution nearest to these dots and lines per inch.
    #[must_use]
    pub const fn nearest(dots_per_inch: u32, lines_per_inch: u32) -> Self {
        match (dots_per_inch, lines_per_inch) {
            (0..=251, 0..=146) => Self::Standard,
            (0..=251, 147..=293) => Self::Fine,
            (0..=251, _) => Self::Superfine,
            (252..=349, _) => Self::Dots300,
            (350..=403, _) => Self::Dots400,
            (404.., _) => Self::Ultrafine,
        }
    }

    /// The width and resolution of a line with so many picture elements on a page with so many lines per inch; nothing where no fax
    /// line is so long.
    #[must_use]
    pub fn of_line(pels: u32, lines_per_inch: u32) -> Option<(Width, Self)> {
        Self::ALL
            .into_iter()
            .filter_map(|resolution| Some((Width::from_pels(pels, resolution)?, resolution)))
            .min_by_key(|(_, resolution)| resolution.lines_per_inch().abs_diff(lines_per_inch))
    }

    /// Whether it is stated per millimetre, and so a whole multiple of standard resolution.
    #[must_use]
    pub const fn is_metric(self) -> bool {
        match self {
            Self::Standard | Self::Fine | Self::Superfine | Self::Ultrafine => true,
            Self::Dots300 | Self::Dots400 => false,
        }
    }

    /// The word for it in settings and reports: `fine`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Standard => "standard",
            Self::Fine => "fine",
            Self::Superfine => "superfine",
            Self::Dots300 => "300dpi",
            Self::Ultrafine => "ultrafine",
            Self::Dots400 => "400dpi",
        }
    }

    /// The resolution of this name, whatever its case.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|resolution| resolution.name().eq_ignore_ascii_case(name))
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

#[cfg(test)]
mod tests {
    use super::{Resolution, Width};

    #[test]
    fn lines_have_the_picture_elements_of_the_recommendation() {
        let of = |resolution| Width::ALL.map(|width| width.pels(resolution));
        assert_eq!(of(Resolution::Superfine), [1728, 2048, 2432]);
        assert_eq!(of(Resolution::Dots300), [2592, 3072, 3648]);
        assert_eq!(of(Resolution::Ultrafine), [3456, 4096, 4864]);
        assert_eq!(of(Resolution::Dots400), [3456, 4096, 4864]);
    }

    #[test]
    fn a_shape_is_known_again_from_what_is_kept_of_it() {
        for resolution in Resolution::ALL {
            for width in Width::ALL {
                let kept = (width.pels(resolution), resolution.lines_per_inch());
                assert_eq!(Resolution::of_line(kept.0, kept.1), Some((width, resolution)));
            }
            let (dots, lines) = (resolution.dots_per_inch(), resolution.lines_per_inch());
            assert_eq!(Resolution::nearest(dots, lines), resolution);
            assert_eq!(Resolution::from_name(&resolution.name().to_uppercase()), Some(resolution));
        }
        assert_eq!(Resolution::of_line(1700, 196), None);
    }

    #[test]
    fn inch_resolutions_are_taken_as_the_metric_ones_beside_them() {
        assert_eq!(Resolution::nearest(200, 100), Resolution::Standard);
        assert_eq!(Resolution::nearest(200, 200), Resolution::Fine);
        assert_eq!(Resolution::nearest(200, 400), Resolution::Superfine);
        assert_eq!(Resolution::nearest(406, 392), Resolution::Ultrafine);
        assert_eq!(Resolution::of_line(3456, 392), Some((Width::A4, Resolution::Ultrafine)));
    }
}
