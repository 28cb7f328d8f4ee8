//! Where a page or a picture goes on the fax page, how large, and on how wide a sheet. Pure geometry; lengths are tenths of a
//! millimetre.
//!
//! The rules: nothing is cropped. A page gets the narrowest sheet it fits across, lying pages being turned first, so A4 stays on A4
//! whichever way it lies and A3 gets A3. What is wider than the widest sheet is made smaller, and so is what is longer than its sheet, unless
//! it is longer than any paper is cut: that keeps its scale, as a roll would, for machines take pages of any length. What
//! is nearly as wide as the common sheet is made as wide. What is clearly smaller keeps its size, centred at the top. A fax page
//! ends where its page ends, so a short page costs a short call.

use faxramp::model::Width;
use faxramp::pages::sheet::{Sheet, Stock, pels_in, rows_in};

/// A page at least this share of the common sheet's width is fitted to it.
const NEARLY_AS_WIDE: f64 = 0.8;
/// A page at most this much wider than a sheet is still drawn on it: what is printed over the edge to be cut off costs less by being
/// a little smaller than by a wider sheet. Japan's B4 is 257 mm wide, that of fax machines 255.
const STILL_FITS: f64 = 1.04;
/// Left free around a picture that is not a scanned page.
const PICTURE_MARGIN: f64 = 100.0;
/// A picture without a size of its own is taken as 96 dots per inch and enlarged at most so many times.
pub(crate) const MOST_ENLARGEMENT: f64 = 2.0;
const DOTS_PER_INCH_ASSUMED: f64 = 96.0;
/// A picture is turned only when it becomes this much larger.
const WORTH_TURNING: f64 = 1.2;
/// How far the proportions of a picture may be from the sheet's to be taken as a photographed sheet.
const SAME_PROPORTIONS: f64 = 0.03;
/// The longest sheet on a scanner's plate: 17 in.
const TABLOID_LENGTH: u32 = 4318;
/// No page is shorter: 20 mm.
const SHORTEST: u32 = 200;
/// Elements or lines by which a whole sheet may be missed: sizes in points and pixels are rounded.
const ROUNDING: u32 = 2;
/// Widest and longest source page that is believed: what PDF allows without a unit of its own (200 in, 14400 units).
// ISO 32000-1 Annex C, table C.1
pub(crate) const LARGEST_SOURCE: f64 = 50_800.0;

/// Whether the source is turned before it is drawn.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Turn {
    /// As it is.
    No,
    /// A quarter turn to the left: its top comes to lie at the left edge, where sheets are bound.
    Left,
}

/// Where the source goes, in picture elements of the fax page.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Placement {
    /// What it is drawn on.
    pub(crate) sheet: Sheet,
    /// Turned or not; the sizes below are after turning.
    pub(crate) turn: Turn,
    /// Elements across that the source takes.
    pub(crate) width: u32,
    /// Lines that the source takes.
    pub(crate) rows: u32,
    /// White elements left of it.
    pub(crate) left: u32,
    /// White lines above it.
    pub(crate) top: u32,
    /// Lines of the whole page.
    pub(crate) page_rows: u32,
}

#[derive(Clone, Copy, Debug)]
struct Bounds {
    width: f64,
    height: f64,
    longest: f64,
}

fn bounds(sheet: Sheet) -> Bounds {
    let line = line(sheet);
    let width = match sheet.width {
        Width::A4 => line.min(sheet.paper.width().into()),
        Width::B4 | Width::A3 => line,
    };
    Bounds { width, height: sheet.height().into(), longest: sheet.longest().into() }
}

/// Length of a line of the sheet.
fn line(sheet: Sheet) -> f64 {
    f64::from(sheet.pels()) * 254.0 / f64::from(sheet.resolution.dots_per_inch())
}

/// The narrowest sheet that a page of this size fits across, standing; the widest when none is wide enough.
fn sheet_for(width: f64, height: f64, stock: Stock) -> Sheet {
    let fits = |width_class: &Width| width.min(height) <= line(stock.sheet(*width_class)) * STILL_FITS;
    stock.sheet(Width::ALL.into_iter().find(fits).unwrap_or(stock.widest))
}

/// Places a page of a document that has a size.
pub(crate) fn page(width: f64, height: f64, stock: Stock) -> Placement {
    let sheet = sheet_for(width, height, stock);
    let bounds = bounds(sheet);
    let turn = turn(width, height, bounds);
    let (across, down) = turned(turn, width, height);
    let fitting_across = (bounds.width / across).min(1.0);
    if stock.long_pages && down * fitting_across > f64::from(sheet.longest_cut()) * STILL_FITS {
        let scale = fitting_across.min(f64::from(sheet.longest_roll()) / down);
        return placed(turn, across * scale, down * scale, 0.0, sheet);
    }
    on_sheet(width, height, sheet)
}

/// Places a page on this sheet, not longer than it.
fn on_sheet(width: f64, height: f64, sheet: Sheet) -> Placement {
    let bounds = bounds(sheet);
    let turn = turn(width, height, bounds);
    let (width, height) = turned(turn, width, height);
    let scale = page_scale(width, height, bounds, sheet.width);
    placed(turn, width * scale, height * scale, 0.0, sheet)
}

fn turn(width: f64, height: f64, bounds: Bounds) -> Turn {
    if width > height && width > bounds.width { Turn::Left } else { Turn::No }
}

fn page_scale(width: f64, height: f64, bounds: Bounds, on: Width) -> f64 {
    let fitting = (bounds.width / width).min(bounds.longest / height);
    if fitting < 1.0 {
        fitting
    } else if on == Width::A4 && width >= NEARLY_AS_WIDE * bounds.width {
        (bounds.width / width).min((bounds.height / height).max(1.0))
    } else {
        1.0
    }
}

/// Places a picture of so many picture elements. `density` is its dots per inch across and down, where it says so.
pub(crate) fn picture(across: u32, down: u32, density: Option<(f64, f64)>, stock: Stock) -> Placement {
    let (across, down) = (f64::from(across), f64::from(down));
    let sheet = stock.common();
    let bounds = bounds(sheet);
    if let Some((dots_across, dots_down)) = density {
        let (width, height) = (across / dots_across * 254.0, down / dots_down * 254.0);
        if width.min(height) >= NEARLY_AS_WIDE * bounds.width {
            return if is_scan(width, height, stock) {
                page(width, height, stock)
            } else {
                on_sheet(width, height, sheet)
            };
        }
        let straight = size_in_margins(width, height, 1.0, bounds);
        return picture_in_margins(width, height, 1.0, straight, bounds, sheet);
    }
    let longer_than_wide = across.max(down) / across.min(down);
    let of_the_sheet = bounds.height / bounds.width;
    if (longer_than_wide / of_the_sheet - 1.0).abs() < SAME_PROPORTIONS && across.min(down) > 500.0 {
        let to_width = bounds.width / across.min(down);
        return on_sheet(across * to_width, down * to_width, sheet);
    }
    let natural = 254.0 / DOTS_PER_INCH_ASSUMED;
    let (width, height) = (across * natural, down * natural);
    let straight = size_in_margins(width, height, MOST_ENLARGEMENT, bounds);
    picture_in_margins(width, height, MOST_ENLARGEMENT, straight, bounds, sheet)
}

/// Whether a picture of this size may be a scanned sheet. Scanners have plates of A3; what is larger was taken by a camera that
/// writes 300 dots per inch into each picture, and says nothing of paper.
fn is_scan(width: f64, height: f64, stock: Stock) -> bool {
    let largest = Stock { widest: Width::A3, ..stock }.sheet(Width::A3);
    width.min(height) <= line(largest) * STILL_FITS && width.max(height) <= f64::from(TABLOID_LENGTH) * STILL_FITS
}

fn picture_in_margins(
    width: f64,
    height: f64,
    most: f64,
    straight: (f64, f64),
    bounds: Bounds,
    sheet: Sheet,
) -> Placement {
    let (turned_width, turned_height) = size_in_margins(height, width, most, bounds);
    if turned_width * turned_height > WORTH_TURNING * straight.0 * straight.1 {
        placed(Turn::Left, turned_width, turned_height, PICTURE_MARGIN, sheet)
    } else {
        placed(Turn::No, straight.0, straight.1, PICTURE_MARGIN, sheet)
    }
}

fn size_in_margins(width: f64, height: f64, most: f64, bounds: Bounds) -> (f64, f64) {
    let room = 2.0 * PICTURE_MARGIN;
    let scale = ((bounds.width - room) / width).min((bounds.height - room) / height).min(most);
    (width * scale, height * scale)
}

fn turned(turn: Turn, width: f64, height: f64) -> (f64, f64) {
    match turn {
        Turn::No => (width, height),
        Turn::Left => (height, width),
    }
}

fn placed(turn: Turn, width: f64, height: f64, margin: f64, sheet: Sheet) -> Placement {
    let pels = sheet.pels();
    let resolution = sheet.resolution;
    let across = f64::from(resolution.dots_per_inch()) / 254.0;
    let down = f64::from(resolution.lines_per_inch()) / 254.0;
    // What misses the line or the sheet by a rounding alone fills it.
    let drawn =
        snapped(whole(width * across), &[pels, pels_in(sheet.paper.width(), resolution).min(pels)]).clamp(1, pels);
    let rows = snapped(whole(height * down), &[sheet.rows()]).max(1);
    let top = whole(margin * down);
    Placement {
        sheet,
        turn,
        width: drawn,
        rows,
        left: (pels - drawn) / 2,
        top,
        page_rows: (rows + 2 * top).max(rows_in(SHORTEST, resolution)),
    }
}

fn snapped(value: u32, to: &[u32]) -> u32 {
    to.iter().copied().find(|&whole| whole.abs_diff(value) <= ROUNDING).unwrap_or(value)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "bounded by the sheet, never negative")]
fn whole(value: f64) -> u32 {
    value.round() as u32
}

#[cfg(test)]
mod tests {
    use super::{Placement, Turn, page, picture};
    use faxramp::model::{Resolution, Width};
    use faxramp::pages::sheet::{Paper, Stock};

    const FINE_A4: Stock =
        Stock { widest: Width::A4, resolution: Resolution::Fine, paper: Paper::A4, long_pages: true };
    const FINE_LETTER: Stock = Stock { paper: Paper::Letter, ..FINE_A4 };
    const FINE: Stock = Stock { widest: Width::A3, ..FINE_A4 };
    const FINE_B4: Stock = Stock { widest: Width::B4, ..FINE_A4 };

    #[test]
    fn an_a4_page_keeps_its_size_and_is_centred() {
        let at = page(2100.0, 2970.0, FINE_A4);
        let sheet = FINE_A4.common();
        assert_eq!(at, Placement { sheet, turn: Turn::No, width: 1687, rows: 2292, left: 20, top: 0, page_rows: 2292 });
        let standard = page(2100.0, 2970.0, Stock { resolution: Resolution::Standard, ..FINE_A4 });
        assert_eq!((standard.width, standard.rows), (1687, 1146));
    }

    #[test]
    fn a_letter_page_fills_the_line_on_letter_and_shrinks_to_a4() {
        let letter = page(2159.0, 2794.0, FINE_LETTER);
        assert_eq!((letter.width, letter.left, letter.rows), (1728, 0, 2149));
        let on_a4 = page(2159.0, 2794.0, FINE_A4);
        assert_eq!((on_a4.width, on_a4.rows), (1687, 2097));
    }

    #[test]
    fn legal_stays_long_where_letter_is_used_and_shrinks_where_a4_is() {
        assert_eq!(page(2159.0, 3556.0, FINE_LETTER).rows, 2735);
        let on_a4 = page(2159.0, 3556.0, FINE_A4);
        assert_eq!((on_a4.rows, on_a4.width), (2292, 1448));
    }

    #[test]
    fn a_landscape_page_is_turned_unless_it_fits_across() {
        assert_eq!(page(2970.0, 2100.0, FINE_A4), Placement { turn: Turn::Left, ..page(2100.0, 2970.0, FINE_A4) });
        let a5 = page(2100.0, 1480.0, FINE_A4);
        assert_eq!((a5.turn, a5.rows), (Turn::No, 1142));
    }

    #[test]
    fn each_page_gets_the_narrowest_sheet_it_fits_across() {
        let sizes = [
            ("A4", 2100.0, 2970.0, Width::A4, Turn::No),
            ("A4 lying", 2970.0, 2100.0, Width::A4, Turn::Left),
            ("A4 with 3 mm to be cut off", 2160.0, 3030.0, Width::A4, Turn::No),
            ("Letter", 2159.0, 2794.0, Width::A4, Turn::No),
            ("a slide, 10 in by 7.5 in", 2540.0, 1905.0, Width::A4, Turn::Left),
            ("B4 of ISO", 2500.0, 3530.0, Width::B4, Turn::No),
            ("B4 of JIS, lying", 3640.0, 2570.0, Width::B4, Turn::Left),
            ("A3", 2970.0, 4200.0, Width::A3, Turn::No),
            ("A3 lying", 4200.0, 2970.0, Width::A3, Turn::Left),
            ("Tabloid", 2794.0, 4318.0, Width::A3, Turn::No),
            ("A1", 5940.0, 8410.0, Width::A3, Turn::No),
        ];
        for (name, width, height, sheet, turn) in sizes {
            let at = page(width, height, FINE);
            assert_eq!((at.sheet.width, at.turn), (sheet, turn), "{name}");
            assert!(at.left + at.width <= at.sheet.pels() && at.rows <= at.page_rows, "{name}");
            let narrow = page(width, height, FINE_B4);
            assert_eq!((narrow.sheet.width, narrow.turn), (sheet.min(Width::B4), turn), "{name}");
            assert_eq!(page(width, height, FINE_A4).sheet.width, Width::A4, "{name}");
        }
    }

    #[test]
    fn a_wide_page_keeps_its_size_on_its_sheet() {
        let a3 = page(2970.0, 4200.0, FINE);
        assert_eq!((a3.width, a3.rows, a3.left), (2385, 3241, 23));
        let b4 = page(2500.0, 3530.0, FINE);
        assert_eq!((b4.width, b4.rows, b4.left), (2008, 2724, 20));
        let tabloid = page(2794.0, 4318.0, Stock { paper: Paper::Letter, ..FINE });
        assert_eq!((tabloid.width, tabloid.rows), (2244, 3332));
        let poster = page(5940.0, 8410.0, FINE);
        assert_eq!((poster.width, poster.rows), (2383, 3241));
        // On the sheet of B4 an A3 page is as small as it must be.
        let narrow = page(2970.0, 4200.0, FINE_B4);
        assert_eq!((narrow.width, narrow.rows), (2048, 2783));
    }

    #[test]
    fn a_scan_of_a3_gets_a3_and_a_large_photograph_does_not() {
        let scan = picture(3508, 4961, Some((300.0, 300.0)), FINE);
        assert_eq!((scan.sheet.width, scan.rows, scan.top), (Width::A3, 3241, 0));
        let photograph = picture(6000, 4000, Some((300.0, 300.0)), FINE);
        assert_eq!((photograph.sheet.width, photograph.turn), (Width::A4, Turn::Left));
        let unsized_scan = picture(3508, 4961, None, FINE);
        assert_eq!(unsized_scan.sheet.width, Width::A4);
    }

    #[test]
    fn posters_shrink_and_postcards_stay() {
        let poster = page(8410.0, 11890.0, FINE_A4);
        assert_eq!((poster.width, poster.rows), (1687, 2292));
        let postcard = page(1050.0, 1480.0, FINE_A4);
        assert_eq!((postcard.width, postcard.rows, postcard.left), (843, 1142, 442));
        let narrowly_smaller = page(1800.0, 2500.0, FINE_A4);
        assert_eq!(narrowly_smaller.width, 1687);
    }

    #[test]
    fn a_scan_with_its_density_is_a_page() {
        let scan = picture(2480, 3508, Some((300.0, 300.0)), FINE_A4);
        assert_eq!((scan.turn, scan.width, scan.rows, scan.top), (Turn::No, 1687, 2292, 0));
        let lying = picture(3508, 2480, Some((300.0, 300.0)), FINE_A4);
        assert_eq!((lying.turn, lying.rows), (Turn::Left, 2292));
    }

    #[test]
    fn a_lying_photograph_is_turned_to_fill_the_page_and_a_standing_one_is_not() {
        let lying = picture(4000, 3000, None, FINE_A4);
        assert_eq!((lying.turn, lying.top), (Turn::Left, 77));
        assert_eq!(lying.width, 1526);
        assert_eq!(picture(3000, 4000, None, FINE_A4), Placement { turn: Turn::No, ..lying });
    }

    #[test]
    fn a_logo_is_enlarged_no_more_than_the_limit() {
        let logo = picture(100, 50, None, FINE_A4);
        // 100 elements at 96 to the inch, twice as large: 2.08 in.
        assert_eq!((logo.turn, logo.width, logo.rows), (Turn::No, 425, 204));
    }

    #[test]
    fn a_photographed_sheet_fills_the_page() {
        let sheet = picture(1240, 1754, None, FINE_A4);
        assert_eq!((sheet.width, sheet.top), (1687, 0));
    }

    #[test]
    fn a_page_longer_than_any_sheet_keeps_its_scale_up_to_a_metre_if_that_is_wished_for() {
        let short = Stock { long_pages: false, ..FINE };
        let size = |width, height, stock| {
            let at = page(width, height, stock);
            (at.sheet.width, at.turn, at.width, at.rows, at.page_rows)
        };
        // 800 mm are 6173 lines at 196 to the inch; a metre is 7717.
        assert_eq!(size(2100.0, 8000.0, FINE), (Width::A4, Turn::No, 1687, 6173, 6173));
        assert_eq!(size(8000.0, 2100.0, FINE), (Width::A4, Turn::Left, 1687, 6173, 6173));
        assert_eq!(size(2100.0, 8000.0, short), (Width::A4, Turn::No, 626, 2292, 2292));
        assert_eq!(size(2970.0, 9000.0, FINE), (Width::A3, Turn::No, 2385, 6945, 6945));
        assert_eq!(size(800.0, 8000.0, FINE), (Width::A4, Turn::No, 643, 6173, 6173), "a till roll");
        assert_eq!(size(2100.0, 20_000.0, FINE), (Width::A4, Turn::No, 843, 7717, 7717));
        for (width, height) in [(2159.0, 3556.0), (2970.0, 4200.0), (5940.0, 8410.0), (3387.0, 1905.0)] {
            assert_eq!(
                size(width, height, FINE),
                size(width, height, short),
                "cut sheets, posters and slides are as they were"
            );
        }
        let panorama = picture(10_000, 3000, Some((300.0, 300.0)), FINE);
        assert_eq!(panorama.page_rows, 2292, "a picture is no roll");
    }

    #[test]
    fn the_thinnest_strip_still_has_an_element() {
        let strip = page(1.0, 50_000.0, FINE_A4);
        assert_eq!((strip.width, strip.rows), (1, 7717));
        assert_eq!(picture(1, 20_000, None, FINE_A4).width, 1);
        assert!(picture(20_000, 1, None, FINE_A4).rows >= 1);
    }
}
