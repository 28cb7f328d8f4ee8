//! A bilevel page in other sizes: how much black each new picture element covers is counted exactly, then decided.
//!
//! - Text and lines: black where half is covered. A stroke thinner than an element is kept at its darkest place, and so is a
//!   speck: nothing that was on the page vanishes, and edges do not get bolder, as they would if any black counted.
//! - Pictures in dots: what is black or white too much is handed on to the neighbours (error diffusion), so that greys stay as
//!   grey as they were. A part of the page is a picture where blocks side by side are about equally grey; text is not.
//!
//! Not here: which size ([`super::scale`]). All in whole numbers.

use super::Bitmap;
use super::scale::Axis;

/// A picture element that is covered wholly.
const FULL: u32 = 1 << 14;
/// From here on an element is black by itself.
const HALF: u32 = FULL / 2;
/// Edge of the blocks that are compared, for pages up to [`WIDE`]: about a millimetre, more than a dot of a screen and less than a
/// line of text with the white below it.
const BLOCK: usize = 8;
/// The same for finer pages.
const FINE_BLOCK: usize = 12;
/// Widest page of 204 dots per inch.
const WIDE: u32 = 2432;
/// Shares of black within which a block can belong to a picture. Lighter ones may be single lines, and a screen so light has dots
/// that stand by themselves.
const GREY: std::ops::RangeInclusive<u32> = FULL / 8..=FULL * 7 / 8;
/// How much the shares of neighbours in a picture differ at most.
const ALIKE: u32 = FULL / 6;
/// Grey and alike neighbours, of eight, that make a block the inside of a picture.
const NEIGHBOURS_INSIDE: usize = 5;

/// The page in another size; both are at least 1.
pub(super) fn resampled(page: &Bitmap, width: u32, rows: u32) -> Bitmap {
    let cover = Cover::of(page, width, rows);
    let blocks = Blocks::judge(&cover);
    let strokes = Strokes { across: thin(page.width(), width), down: thin(page.rows(), rows) };
    let mut scaled = Bitmap::white(width, rows);
    let mut owed = Owed::new(cover.width);
    for y in 0..cover.rows {
        owed.next_row();
        let pictures = blocks.row(y);
        let above_is_white = y == 0 || cover.is_white(y - 1);
        if above_is_white && cover.is_white(y) && !pictures.contains(&true) {
            continue;
        }
        let mut target = scaled.row_mut(u32::try_from(y).expect("within the rows"));
        for x in 0..cover.width {
            let black = if pictures[x / blocks.edge] {
                owed.decide(x, cover.at(x, y))
            } else {
                cover.at(x, y) > 0 && strokes.is_black(&cover, x, y)
            };
            target[x / 8] |= u8::from(black) << (7 - x % 8);
        }
    }
    scaled
}

/// What the darkest element of a stroke as thin as one element of the source and its neighbour cover together, with an eighth
/// less for rounding.
fn thin(source: u32, target: u32) -> u32 {
    let covered = u64::from(FULL) * u64::from(target) / u64::from(source.max(1));
    u32::try_from(covered).unwrap_or(FULL).min(FULL) * 7 / 8
}

/// How much of each element is covered, of [`FULL`]; never 0 where there is any black.
struct Cover {
    width: usize,
    rows: usize,
    shares: Vec<u16>,
    white_rows: Vec<bool>,
}

impl Cover {
    fn of(page: &Bitmap, width: u32, rows: u32) -> Self {
        let (across, down) = (Axis::area(page.width(), width), Axis::area(page.rows(), rows));
        let whole = u64::from(across.total) * u64::from(down.total);
        let mut sums = vec![0_u32; page.width() as usize];
        let mut cover = Self {
            width: width as usize,
            rows: rows as usize,
            shares: Vec::with_capacity(width as usize * rows as usize),
            white_rows: Vec::with_capacity(rows as usize),
        };
        for tap in &down.taps {
            sums.fill(0);
            let mut white = true;
            for (source, &weight) in (tap.first..).zip(down.weights(tap)) {
                white &= !add_row(&mut sums, page.row(source), weight);
            }
            cover.white_rows.push(white);
            if white {
                cover.shares.resize(cover.shares.len() + width as usize, 0);
                continue;
            }
            cover.shares.extend(across.taps.iter().map(|tap| {
                let pairs = sums[tap.first as usize..].iter().zip(across.weights(tap));
                let sum: u64 = pairs.map(|(&sum, &weight)| u64::from(sum) * u64::from(weight)).sum();
                u16::try_from((sum * u64::from(FULL)).div_ceil(whole)).expect("at most FULL")
            }));
        }
        cover
    }

    fn at(&self, x: usize, y: usize) -> u32 {
        u32::from(self.shares[y * self.width + x])
    }

    /// The same with white all around.
    fn near(&self, x: usize, y: usize, right: isize, down: isize) -> u32 {
        match (x.checked_add_signed(right), y.checked_add_signed(down)) {
            (Some(x), Some(y)) if x < self.width && y < self.rows => self.at(x, y),
            _ => 0,
        }
    }

    fn is_white(&self, y: usize) -> bool {
        self.white_rows[y]
    }
}

/// Adds a weight for each black element of a row and says whether there was one.
fn add_row(sums: &mut [u32], row: &[u8], weight: u32) -> bool {
    let mut any = false;
    for (sums, &octet) in sums.chunks_mut(8).zip(row) {
        if octet == 0 {
            continue;
        }
        any = true;
        for (bit, sum) in sums.iter_mut().enumerate() {
            *sum += weight * u32::from(octet >> (7 - bit) & 1);
        }
    }
    any
}

/// How strokes thinner than an element are told.
struct Strokes {
    /// Least cover of an upright one.
    across: u32,
    /// Least cover of a level one.
    down: u32,
}

impl Strokes {
    fn is_black(&self, cover: &Cover, x: usize, y: usize) -> bool {
        let here = cover.at(x, y);
        let (level, upright) =
            ([-1, 1].map(|step| cover.near(x, y, 0, step)), [-1, 1].map(|step| cover.near(x, y, step, 0)));
        here >= HALF
            || is_peak(level, upright, here, self.down)
            || is_peak(upright, level, here, self.across)
            || is_speck(cover, x, y, here)
    }
}

/// Whether a stroke that covers this element, or it and a neighbour across the stroke, is darkest here; `least` is what both cover.
/// The rim of a thick stroke has its black along the stroke and is as dark on both sides: it is none.
fn is_peak([before, after]: [u32; 2], along: [u32; 2], here: u32, least: u32) -> bool {
    let beside_black = along.iter().any(|&cover| cover >= HALF);
    before < HALF
        && after < HALF
        && here > before
        && here >= after
        && here + before.max(after) >= least
        && (!beside_black || before.min(after) <= here / 4)
}

/// Whether nothing black is around and this is the first of the darkest.
fn is_speck(cover: &Cover, x: usize, y: usize, here: u32) -> bool {
    let around = [(-1, -1), (0, -1), (1, -1), (-1, 0), (1, 0), (-1, 1), (0, 1), (1, 1)];
    around.into_iter().enumerate().all(|(place, (right, down))| {
        let other = cover.near(x, y, right, down);
        other < HALF && if place < 4 { other < here } else { other <= here }
    })
}

/// Which blocks of the page belong to pictures.
struct Blocks {
    edge: usize,
    across: usize,
    pictures: Vec<bool>,
}

impl Blocks {
    fn judge(cover: &Cover) -> Self {
        let edge = if cover.width <= WIDE as usize { BLOCK } else { FINE_BLOCK };
        let (across, down) = (cover.width.div_ceil(edge), cover.rows.div_ceil(edge));
        let mut shares = vec![0_u32; across * down];
        for y in (0..cover.rows).filter(|&y| !cover.is_white(y)) {
            let row = &cover.shares[y * cover.width..(y + 1) * cover.width];
            for (block, elements) in shares[y / edge * across..].iter_mut().zip(row.chunks(edge)) {
                *block += elements.iter().map(|&share| u32::from(share)).sum::<u32>();
            }
        }
        let whole = u32::try_from(edge * edge).expect("a small number");
        shares.iter_mut().for_each(|share| *share /= whole);
        let around = |block: usize| {
            let (x, y) = (block % across, block / across);
            let columns = x.saturating_sub(1)..(x + 2).min(across);
            let rows = y.saturating_sub(1)..(y + 2).min(down);
            rows.flat_map(move |row| columns.clone().map(move |column| row * across + column))
                .filter(move |&other| other != block)
        };
        let grey = |block: usize| GREY.contains(&shares[block]);
        let alike = |block: usize, other: usize| grey(other) && shares[block].abs_diff(shares[other]) <= ALIKE;
        let is_inside = |block: usize| {
            grey(block) && around(block).filter(|&other| alike(block, other)).count() >= NEIGHBOURS_INSIDE
        };
        let inside: Vec<bool> = (0..shares.len()).map(is_inside).collect();
        // The rim of a picture belongs to it.
        let pictures =
            (0..shares.len()).map(|block| inside[block] || grey(block) && around(block).any(|other| inside[other]));
        Self { edge, across, pictures: pictures.collect() }
    }

    fn row(&self, y: usize) -> &[bool] {
        let start = y / self.edge * self.across;
        &self.pictures[start..start + self.across]
    }
}

/// Error diffusion with the weights of Floyd and Steinberg: what is owed to this row and the next.
struct Owed {
    here: Vec<i32>,
    below: Vec<i32>,
}

impl Owed {
    fn new(width: usize) -> Self {
        Self { here: vec![0; width + 2], below: vec![0; width + 2] }
    }

    fn next_row(&mut self) {
        std::mem::swap(&mut self.here, &mut self.below);
        self.below.fill(0);
    }

    fn decide(&mut self, x: usize, cover: u32) -> bool {
        let at = x + 1;
        let wanted = i32::try_from(cover).expect("at most FULL") + self.here[at];
        let (full, half) = (FULL.cast_signed(), HALF.cast_signed());
        let black = wanted >= half;
        let rest = (wanted - if black { full } else { 0 }).clamp(-half, half);
        self.here[at + 1] += rest * 7 / 16;
        self.below[at - 1] += rest * 3 / 16;
        self.below[at] += rest * 5 / 16;
        self.below[at + 1] += rest / 16;
        black
    }
}

#[cfg(test)]
mod tests {
    use super::resampled;
    use crate::image::Bitmap;
    use proptest::prelude::*;

    fn black_share(page: &Bitmap) -> u64 {
        let black: u64 = page.packed().iter().map(|octet| u64::from(octet.count_ones())).sum();
        black * 1000 / (u64::from(page.width()) * u64::from(page.rows()))
    }

    fn painted(width: u32, rows: u32, black: impl Fn(u32, u32) -> bool) -> Bitmap {
        let mut page = Bitmap::white(width, rows);
        for y in 0..rows {
            (0..width).for_each(|x| page.set(x, y, black(x, y)));
        }
        page
    }

    #[test]
    fn a_level_hairline_stays_one_whole_line_wherever_it_falls() {
        for at in 40..48 {
            let page = painted(256, 160, |_, y| y == at);
            let small = resampled(&page, 128, 40);
            let lines: Vec<u32> = (0..40).map(|y| (0..128).filter(|&x| small.is_black(x, y)).count() as u32).collect();
            assert_eq!(lines.iter().filter(|&&line| line == 128).count(), 1, "{at}: {lines:?}");
            assert_eq!(lines.iter().sum::<u32>(), 128, "{at}");
        }
    }

    #[test]
    fn an_upright_hairline_stays_one_whole_line_at_three_to_two() {
        for at in 60..66 {
            let page = painted(300, 60, |x, _| x == at);
            let small = resampled(&page, 200, 40);
            let columns: Vec<usize> = (0..200).map(|x| (0..40).filter(|&y| small.is_black(x, y)).count()).collect();
            assert_eq!(columns.iter().filter(|&&column| column == 40).count(), 1, "{at}");
            // Its ends may be an element wider.
            assert!(columns.iter().sum::<usize>() <= 42, "{at}");
        }
    }

    #[test]
    fn lines_that_nearly_meet_have_no_gap() {
        let page = painted(1200, 96, |x, y| y == 40 || y == 20 + x / 30);
        let small = resampled(&page, 600, 24);
        for x in 0..600 {
            assert!((0..24).any(|y| small.is_black(x, y)), "nothing at {x}");
        }
    }

    #[test]
    fn a_stroke_does_not_get_bolder() {
        // Three of four rows of the first element, all of the next, one of the third.
        let page = painted(64, 64, |_, y| (17..25).contains(&y));
        let small = resampled(&page, 32, 16);
        let rows: Vec<u32> = (0..16).filter(|&y| small.is_black(9, y)).collect();
        assert_eq!(rows, [4, 5]);
    }

    #[test]
    fn a_screened_grey_stays_as_grey_as_it_was() {
        for dot in [3_u32, 5, 7] {
            // Dots at every sixteenth element, as a page at 400 dots per inch has them.
            let page = painted(1024, 1024, |x, y| {
                x % 16 < dot * 2 && y % 16 < dot * 2 || (x + 8) % 16 < 4 && (y + 8) % 16 < 4
            });
            let small = resampled(&page, 512, 256);
            let (before, after) = (black_share(&page), black_share(&small));
            assert!(before.abs_diff(after) < 25, "{before} became {after}");
        }
    }

    proptest! {
        #[test]
        fn any_page_scales_to_any_size_and_black_stays_black(
            octets in prop::collection::vec(any::<u8>(), 12..120), width in 1..60_u32, rows in 1..60_u32) {
            let octets = octets[..octets.len() / 3 * 3].to_vec();
            let page = Bitmap::from_packed(22, octets).unwrap();
            let scaled = resampled(&page, width, rows);
            prop_assert_eq!((scaled.width(), scaled.rows()), (width, rows));
            let all = painted(22, page.rows(), |_, _| true);
            prop_assert_eq!(resampled(&all, width, rows).black_count(), u64::from(width) * u64::from(rows));
        }
    }
}
