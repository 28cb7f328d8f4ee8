//! Changes of size, of grey pictures and of bilevel pages. Nothing is ever cropped.

use super::{Bitmap, Grey, MAX_WIDTH, reduce};
use crate::model::Resolution;

/// Most rows that a scaled picture can have.
pub const MAX_ROWS: u32 = 1 << 17;

/// Scales a grey picture: by area average where it shrinks, so that nothing is passed over, and bilinearly where
/// it grows. Sizes are held between 1 and [`MAX_WIDTH`] or [`MAX_ROWS`]. An empty picture gives a white one.
#[must_use]
pub fn resize_grey(picture: &Grey, width: u32, rows: u32) -> Grey {
    let (width, rows) = (width.clamp(1, MAX_WIDTH), rows.clamp(1, MAX_ROWS));
    if picture.width() == 0 || picture.rows() == 0 {
        return Grey::white(width, rows);
    }
    if (width, rows) == (picture.width(), picture.rows()) {
        return picture.clone();
    }
    let (across, down) = (Axis::new(picture.width(), width), Axis::new(picture.rows(), rows));
    let mut scaled = Grey::white(width, rows);
    let mut column_sums = vec![0_u32; picture.width() as usize];
    let mut column_means = vec![0_u32; picture.width() as usize];
    for (row, tap) in down.taps.iter().enumerate() {
        column_sums.fill(0);
        for (source, &weight) in (tap.first..).zip(down.weights(tap)) {
            for (sum, &octet) in column_sums.iter_mut().zip(picture.row(source)) {
                *sum += weight * u32::from(octet);
            }
        }
        for (mean, &sum) in column_means.iter_mut().zip(&column_sums) {
            *mean = (sum << 4) / down.total;
        }
        let target = scaled.row_mut(u32::try_from(row).expect("held below MAX_ROWS"));
        for (octet, tap) in target.iter_mut().zip(&across.taps) {
            let from = tap.first as usize;
            let sum: u64 = column_means[from..]
                .iter()
                .zip(across.weights(tap))
                .map(|(&mean, &weight)| u64::from(mean) * u64::from(weight))
                .sum();
            let divisor = u64::from(across.total) << 4;
            *octet = u8::try_from((sum + divisor / 2) / divisor).unwrap_or(u8::MAX);
        }
    }
    scaled
}

/// How much each place along one axis takes from which places of the source.
pub(super) struct Axis {
    pub(super) taps: Vec<Tap>,
    weights: Vec<u32>,
    /// Sum of the weights of every tap.
    pub(super) total: u32,
}

pub(super) struct Tap {
    /// The first place of the source.
    pub(super) first: u32,
    start: usize,
    count: usize,
}

/// Weights are made coarser until their sum is at most this, so that sums of octets fit 28 bits.
const MAX_TOTAL: u64 = 1 << 20;

impl Axis {
    fn new(source: u32, target: u32) -> Self {
        if target > source { Self::bilinear(source, target) } else { Self::area(source, target) }
    }

    /// A target place is `source` units wide, a source place `target` units.
    pub(super) fn area(source: u32, target: u32) -> Self {
        let (wide, narrow) = (u64::from(source), u64::from(target));
        let mut axis = Self::empty(target, source);
        for index in 0..narrow {
            let (start, end) = (index * wide, (index + 1) * wide);
            let first = start / narrow;
            let last = (end - 1) / narrow;
            let weights = (first..=last).map(|place| {
                let overlap = end.min((place + 1) * narrow) - start.max(place * narrow);
                u32::try_from(overlap).expect("at most the target size")
            });
            axis.push(first, weights);
        }
        axis
    }

    /// Centres are compared in half places of the target, in units of which a source place has `2 * target`.
    fn bilinear(source: u32, target: u32) -> Self {
        let (few, many) = (u64::from(source), u64::from(target));
        let mut axis = Self::empty(target, 2 * target);
        for index in 0..many {
            let centre = ((2 * index + 1) * few).saturating_sub(many).min((few - 1) * 2 * many);
            let (first, right) = (centre / (2 * many), centre % (2 * many));
            let right = u32::try_from(right).expect("less than twice the target");
            if right == 0 {
                axis.push(first, std::iter::once(axis.total));
            } else {
                axis.push(first, [axis.total - right, right].into_iter());
            }
        }
        axis
    }

    fn empty(target: u32, total: u32) -> Self {
        debug_assert!(u64::from(total) <= MAX_TOTAL);
        Self { taps: Vec::with_capacity(target as usize), weights: Vec::new(), total }
    }

    fn push(&mut self, first: u64, weights: impl Iterator<Item = u32>) {
        let start = self.weights.len();
        self.weights.extend(weights);
        let first = u32::try_from(first).expect("within the source");
        self.taps.push(Tap { first, start, count: self.weights.len() - start });
    }

    pub(super) fn weights(&self, tap: &Tap) -> &[u32] {
        &self.weights[tap.start..tap.start + tap.count]
    }
}

/// Scales a bilevel page so that no black pel vanishes, no stroke gets bolder, and pictures stay as grey as they were; doubling
/// repeats pels. Sizes are held between 1 and [`MAX_WIDTH`] or [`MAX_ROWS`].
#[must_use]
pub fn resize(page: &Bitmap, width: u32, rows: u32) -> Bitmap {
    let (width, rows) = (width.clamp(1, MAX_WIDTH), rows.clamp(1, MAX_ROWS));
    if (width, rows) == (page.width(), page.rows()) {
        page.clone()
    } else if page.rows() == 0 {
        Bitmap::white(width, rows)
    } else {
        reduce::resampled(page, width, rows)
    }
}

/// A shape that pages are to have.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Shape {
    /// Picture elements in a line.
    pub width: u32,
    /// Resolution.
    pub resolution: Resolution,
    /// The most rows.
    pub maximum_rows: Option<u32>,
}

/// How much longer than its nominal length a page may come out, in per cent.
// T.4 (07/2003) §2.2: the tolerance of the lines per millimetre
const LENGTH_TOLERANCE: u64 = 1;

/// Whether a page of so many rows may go where at most `most` are recorded.
#[must_use]
pub fn is_short_enough(rows: u32, most: Option<u32>) -> bool {
    most.is_none_or(|most| u64::from(rows) * 100 <= u64::from(most) * (100 + LENGTH_TOLERANCE))
}

/// The page in another shape, as large as it gets and with its proportions. A page that is too long loses white rows at its end
/// first; if that is not enough it is made smaller as a whole and set in the middle. Nothing but white is ever cut off.
#[must_use]
pub fn fit(page: &Bitmap, from: Resolution, to: Shape) -> Bitmap {
    let whole = whole_rows(page, from, to.resolution);
    let page = whole.as_ref().unwrap_or(page);
    let width = to.width.clamp(1, MAX_WIDTH);
    let rows = rows_in(page, from, width, to.resolution);
    let Some(most) = to.maximum_rows.filter(|most| !is_short_enough(rows, Some(*most))) else {
        return resize(page, width, rows);
    };
    let end = last_black(page).map_or(1, |last| last + 1);
    // The rows of the source that give the most rows of the target.
    let room = u64::from(page.rows()) * u64::from(most) / u64::from(rows);
    if u64::from(end) <= room {
        return resize(&page.crop_rows(0, u32::try_from(room).unwrap_or(end)), width, most);
    }
    let page = page.crop_rows(0, end);
    let narrow = u64::from(width) * u64::from(most) / u64::from(rows_in(&page, from, width, to.resolution));
    let narrow = u32::try_from(narrow).unwrap_or(width).clamp(1, width);
    let mut placed = Bitmap::white(width, most);
    placed.stamp(&resize(&page, narrow, most), (width - narrow) / 2, 0);
    placed
}

/// The page with white rows below, so that rows join by whole numbers where the resolutions are multiples of one another.
fn whole_rows(page: &Bitmap, from: Resolution, to: Resolution) -> Option<Bitmap> {
    if !(from.is_metric() && to.is_metric()) || from.factor() <= to.factor() {
        return None;
    }
    let missing = page.rows().next_multiple_of(from.factor() / to.factor()) - page.rows();
    (missing > 0).then(|| {
        let mut whole = page.clone();
        whole.push_white_rows(missing);
        whole
    })
}

/// Rows that a page has in another width and resolution, if its proportions stay.
fn rows_in(page: &Bitmap, from: Resolution, width: u32, to: Resolution) -> u32 {
    // Metric resolutions are whole multiples of one another; the lines per inch that stand for them are rounded.
    let density = |resolution: Resolution| {
        if from.is_metric() && to.is_metric() {
            let dots = if resolution == Resolution::Ultrafine { 2 } else { 1 };
            (dots, u64::from(resolution.factor()))
        } else {
            (u64::from(resolution.dots_per_inch()), u64::from(resolution.lines_per_inch()))
        }
    };
    let ((from_dots, from_lines), (to_dots, to_lines)) = (density(from), density(to));
    let many = u64::from(page.rows()) * u64::from(width) * from_dots * to_lines;
    let few = u64::from(page.width()) * to_dots * from_lines;
    u32::try_from((many + few / 2) / few).unwrap_or(MAX_ROWS).clamp(1, MAX_ROWS)
}

fn last_black(page: &Bitmap) -> Option<u32> {
    (0..page.rows()).rev().find(|&row| page.row(row).iter().any(|&octet| octet != 0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Width;
    use proptest::prelude::*;

    fn change(page: &Bitmap, from: Resolution, to: Resolution) -> Bitmap {
        fit(page, from, Shape { width: page.width(), resolution: to, maximum_rows: None })
    }

    fn page(width: u32, octets: &[u8]) -> Bitmap {
        Bitmap::from_packed(width, octets.to_vec()).unwrap()
    }

    #[test]
    fn a_thin_line_survives_from_superfine_to_standard_and_no_row_is_lost() {
        let mut fine = Bitmap::white(16, 9);
        fine.row_mut(2).fill(0xFF);
        fine.set(3, 8, true);
        let standard = change(&fine, Resolution::Superfine, Resolution::Standard);
        assert_eq!(standard.packed(), [0xFF, 0xFF, 0, 0, 0x10, 0]);
    }

    #[test]
    fn a_finer_resolution_repeats_rows() {
        let standard = page(8, &[1, 2]);
        let superfine = change(&standard, Resolution::Standard, Resolution::Superfine);
        assert_eq!(superfine.packed(), [1, 1, 1, 1, 2, 2, 2, 2]);
        assert_eq!(change(&superfine, Resolution::Superfine, Resolution::Standard), standard);
    }

    #[test]
    fn doubling_the_width_repeats_pels_and_halving_gives_the_page_back() {
        let small = page(8, &[0b1011_0001, 0b0100_1110]);
        let wide = resize(&small, 16, 2);
        assert_eq!(wide.packed(), [0b1100_1111, 0b0000_0011, 0b0011_0000, 0b1111_1100]);
        assert_eq!(resize(&wide, 8, 2), small);
    }

    #[test]
    fn a3_fits_a4_with_both_edges() {
        let mut a3 = Bitmap::white(2432, 100);
        a3.set(0, 0, true);
        a3.set(2431, 99, true);
        let to = Shape { width: 1728, resolution: Resolution::Fine, maximum_rows: None };
        let a4 = fit(&a3, Resolution::Fine, to);
        assert_eq!((a4.width(), a4.rows()), (1728, 71));
        assert!(a4.is_black(0, 0) && a4.is_black(1727, 70));
        assert_eq!(a4.black_count(), 2);
    }

    #[test]
    fn pages_keep_their_proportions_between_metric_and_inch_resolutions() {
        let size = |from: Resolution, rows, to: Resolution| {
            let page = Bitmap::white(Width::A4.pels(from), rows);
            let shape = Shape { width: Width::A4.pels(to), resolution: to, maximum_rows: None };
            fit(&page, from, shape).rows()
        };
        assert_eq!(size(Resolution::Ultrafine, 4576, Resolution::Superfine), 4576);
        assert_eq!(size(Resolution::Ultrafine, 4576, Resolution::Standard), 1144);
        // A line of 2592 at 300 dots is 219.5 mm and becomes one of 215 mm: the length follows.
        assert_eq!(size(Resolution::Dots300, 3508, Resolution::Fine), 2247);
        assert_eq!(size(Resolution::Dots400, 4677, Resolution::Fine), 2247);
        assert_eq!(size(Resolution::Dots400, 4677, Resolution::Dots300), 3508);
    }

    #[test]
    fn a_page_that_is_too_long_loses_white_rows_first_and_then_gets_smaller_as_a_whole() {
        let shape = Shape { width: 200, resolution: Resolution::Fine, maximum_rows: Some(300) };
        let mut page = Bitmap::white(200, 400);
        page.set(199, 299, true);
        let cut = fit(&page, Resolution::Fine, shape);
        assert_eq!((cut.rows(), cut.is_black(199, 299), cut.black_count()), (300, true, 1));
        page.set(199, 399, true);
        page.set(0, 0, true);
        let smaller = fit(&page, Resolution::Fine, shape);
        assert_eq!((smaller.width(), smaller.rows()), (200, 300));
        assert!(smaller.is_black(25, 0) && smaller.is_black(174, 299), "in the middle, three quarters wide");
        let slightly = Shape { maximum_rows: Some(397), ..shape };
        assert_eq!(fit(&page, Resolution::Fine, slightly).rows(), 400, "within the tolerance");
    }

    #[test]
    fn shrinking_grey_averages_areas_exactly() {
        let grey = Grey::from_octets(3, 1, vec![0, 90, 255]).unwrap();
        // 1.5 pels each: (0 + 90 / 2) / 1.5 and (90 / 2 + 255) / 1.5.
        assert_eq!(resize_grey(&grey, 2, 1).octets(), [30, 200]);
        let grey = Grey::from_octets(2, 2, vec![0, 100, 200, 100]).unwrap();
        assert_eq!(resize_grey(&grey, 1, 1).octets(), [100]);
    }

    #[test]
    fn growing_grey_blends_between_centres_and_keeps_the_ends() {
        let grey = Grey::from_octets(2, 1, vec![0, 200]).unwrap();
        assert_eq!(resize_grey(&grey, 4, 2).octets(), [0, 50, 150, 200, 0, 50, 150, 200]);
    }

    proptest! {
        #[test]
        fn no_black_pel_vanishes_and_no_white_page_gets_one(
            width in 1..90_u32, rows in 1..30_u32, to_width in 1..150_u32, to_rows in 1..50_u32, x in any::<prop::sample::Index>(), y in any::<prop::sample::Index>()) {
            let mut page = Bitmap::white(width, rows);
            prop_assert_eq!(resize(&page, to_width, to_rows).black_count(), 0);
            page.set(x.index(width as usize) as u32, y.index(rows as usize) as u32, true);
            let resized = resize(&page, to_width, to_rows);
            prop_assert_eq!((resized.width(), resized.rows()), (to_width, to_rows));
            prop_assert!(resized.black_count() > 0);
        }

        #[test]
        fn plain_grey_stays_plain(width in 1..70_u32, rows in 1..40_u32, to_width in 1..120_u32, to_rows in 1..70_u32, tone in any::<u8>()) {
            let grey = Grey::from_octets(width, rows, vec![tone; (width * rows) as usize]).unwrap();
            let resized = resize_grey(&grey, to_width, to_rows);
            prop_assert!(resized.octets().iter().all(|&octet| octet == tone));
        }
    }
}
