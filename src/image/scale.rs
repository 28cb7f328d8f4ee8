//! Changes of size, of grey pictures and of bilevel pages. Nothing is ever cropped.

use super::runs::Changes;
use super::{Bitmap, Grey, MAX_WIDTH};
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
struct Axis {
    taps: Vec<Tap>,
    weights: Vec<u32>,
    /// Sum of the weights of every tap.
    total: u32,
}

struct Tap {
    first: u32,
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
    fn area(source: u32, target: u32) -> Self {
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

    fn weights(&self, tap: &Tap) -> &[u32] {
        &self.weights[tap.start..tap.start + tap.count]
    }
}

/// Scales a bilevel page so that no black pel vanishes: of what a black pel becomes, the better half is black.
/// Halving therefore joins neighbours (thin lines survive), doubling repeats them. Sizes are held between 1 and
/// [`MAX_WIDTH`] or [`MAX_ROWS`].
#[must_use]
pub fn resize(page: &Bitmap, width: u32, rows: u32) -> Bitmap {
    let (width, rows) = (width.clamp(1, MAX_WIDTH), rows.clamp(1, MAX_ROWS));
    let narrowed;
    let page = if width == page.width() {
        page
    } else {
        narrowed = resize_width(page, width);
        &narrowed
    };
    if rows == page.rows() { page.clone() } else { resize_rows(page, rows) }
}

/// Scales a bilevel page to a width, and its rows in proportion.
#[must_use]
pub fn fit_width(page: &Bitmap, width: u32) -> Bitmap {
    let width = width.clamp(1, MAX_WIDTH);
    let from = u64::from(page.width());
    let rows = (u64::from(page.rows()) * u64::from(width) + from / 2) / from;
    resize(page, width, u32::try_from(rows).unwrap_or(MAX_ROWS))
}

/// The page at another resolution: rows are joined two or four at a time, or repeated. The last row is kept even
/// if its partners are missing.
#[must_use]
pub fn change_resolution(page: &Bitmap, from: Resolution, to: Resolution) -> Bitmap {
    let mut changed = Bitmap::new(page.width());
    if from.factor() >= to.factor() {
        let joined = from.factor() / to.factor();
        for first in (0..page.rows()).step_by(joined as usize) {
            push_joined(&mut changed, page, first..page.rows().min(first + joined));
        }
    } else {
        for row in page.iter_rows() {
            for _ in 0..to.factor() / from.factor() {
                changed.push_row(row);
            }
        }
    }
    changed
}

fn resize_width(page: &Bitmap, width: u32) -> Bitmap {
    let mut scaled = Bitmap::white(width, page.rows());
    let (mut changes, mut target) = (Changes::white(page.width()), Changes::white(width));
    for (index, row) in (0..).zip(page.iter_rows()) {
        changes.read(row);
        target.clear();
        let mut done = 0;
        for run in changes.places()[..changes.count() + 1].chunks_exact(2) {
            let black = i64::from(run[0])..i64::from(run[1]);
            let pels = mapped(&black, page.width().into(), width.into());
            let (start, end) = (pels.start.max(done), pels.end);
            if start < end {
                target.push(i32::try_from(start).expect("within the width"));
                target.push(i32::try_from(end).expect("within the width"));
                done = end;
            }
        }
        target.close();
        target.paint(&mut scaled.row_mut(index));
    }
    scaled
}

fn resize_rows(page: &Bitmap, rows: u32) -> Bitmap {
    let mut scaled = Bitmap::white(page.width(), rows);
    for (index, row) in (0..).zip(page.iter_rows()) {
        let targets = mapped(&(index..index + 1), page.rows().into(), rows.into());
        for target in targets {
            let mut octets = scaled.row_mut(u32::try_from(target).expect("within the rows"));
            octets.iter_mut().zip(row).for_each(|(octet, &black)| *octet |= black);
        }
    }
    scaled
}

/// The target places that a run of source places blackens: those that it covers by half a place, of source or
/// target, whichever is smaller.
fn mapped(run: &std::ops::Range<i64>, source: i64, target: i64) -> std::ops::Range<i64> {
    let enough = source.min(target);
    let (start, end) = (run.start * target, run.end * target);
    let mut first = start / source;
    if (end.min((first + 1) * source) - start) * 2 < enough {
        first += 1;
    }
    let mut last = (end - 1) / source;
    if last > first && (end - start.max(last * source)) * 2 < enough {
        last -= 1;
    }
    first..last + 1
}

fn push_joined(target: &mut Bitmap, page: &Bitmap, rows: std::ops::Range<u32>) {
    target.push_white_rows(1);
    let mut joined = target.row_mut(target.rows() - 1);
    for row in rows {
        joined.iter_mut().zip(page.row(row)).for_each(|(octet, &black)| *octet |= black);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn page(width: u32, octets: &[u8]) -> Bitmap {
        Bitmap::from_packed(width, octets.to_vec()).unwrap()
    }

    #[test]
    fn a_thin_line_survives_from_superfine_to_standard_and_no_row_is_lost() {
        let mut fine = Bitmap::white(16, 9);
        fine.row_mut(2).fill(0xFF);
        fine.set(3, 8, true);
        let standard = change_resolution(&fine, Resolution::Superfine, Resolution::Standard);
        assert_eq!(standard.packed(), [0xFF, 0xFF, 0, 0, 0x10, 0]);
    }

    #[test]
    fn a_finer_resolution_repeats_rows() {
        let standard = page(8, &[1, 2]);
        let superfine = change_resolution(&standard, Resolution::Standard, Resolution::Superfine);
        assert_eq!(superfine.packed(), [1, 1, 1, 1, 2, 2, 2, 2]);
        assert_eq!(change_resolution(&superfine, Resolution::Superfine, Resolution::Standard), standard);
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
        let a4 = fit_width(&a3, 1728);
        assert_eq!((a4.width(), a4.rows()), (1728, 71));
        assert!(a4.is_black(0, 0) && a4.is_black(1727, 70));
        assert_eq!(a4.black_count(), 2);
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
