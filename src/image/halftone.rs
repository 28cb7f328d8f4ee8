//! Grey to bilevel, so that text stays crisp and photographs readable.
//!
//! The paper is made white first. Then each tile of the page is judged: where there are many pels of middle grey
//! without an edge there is a picture, and thresholds come from a clustered-dot screen; elsewhere there is text or
//! line art, and the threshold lies midway between the darkest and the lightest around, which also keeps white
//! text on dark ground. Both thresholds are blended from tile centre to tile centre, so there are no seams.
//!
//! Error diffusion is not offered: its scattered dots make MR and MMR longer than the page uncoded, and clustered
//! dots also survive the printing of the receiving machine better.

use super::{Bitmap, Grey};

/// Pels along the edge of a tile.
const TILE: usize = 16;
/// Tone at which text is told from paper where there is no contrast to go by.
const PLAIN_THRESHOLD: i32 = 128;
/// Least difference of tone that counts as contrast.
const CONTRAST: i32 = 56;
/// Text thresholds stay within these, so that noise of paper and of ink does not show.
const TEXT_THRESHOLDS: (i32, i32) = (40, 212);
/// Tones between these are neither ink nor paper.
const MIDDLE: (u8, u8) = (48, 216);
/// Where the lightest tone around is this light at least, it is paper in a shadow, and what is an eighth darker is
/// what counts as middle there.
const SHADED_PAPER: i32 = 190;
/// Tiles on each side that are looked at for paper.
const PAPER_REACH: usize = 3;
/// Differences to the right and lower neighbour that make no edge yet, added.
const SMOOTH: u32 = 40;
/// Share of smooth middle tones, of 256, below which a tile is all text.
const PICTURE_FROM: i32 = 64;
/// Share of smooth middle tones, of 256, from which a tile is all picture.
const PICTURE_FULL: i32 = 128;
/// Tones lighter than this can be paper.
const DARKEST_PAPER: usize = 150;

/// Order in which the pels of a screen cell turn white as the tone gets lighter: two dots at 45°, 36 to the inch
/// at 204 dots per inch.
const SCREEN: [[u8; 8]; 8] = [
    [24, 10, 12, 26, 35, 47, 49, 37],
    [8, 0, 2, 14, 45, 59, 61, 51],
    [22, 6, 4, 16, 43, 57, 63, 53],
    [30, 20, 18, 28, 33, 41, 55, 39],
    [34, 46, 48, 36, 25, 11, 13, 27],
    [44, 58, 60, 50, 9, 1, 3, 15],
    [42, 56, 62, 52, 23, 7, 5, 17],
    [32, 40, 54, 38, 31, 21, 19, 29],
];

/// Makes a grey picture black and white, pel by pel. Scale it to the fax's width and lines first.
#[must_use]
pub fn to_bilevel(picture: &Grey) -> Bitmap {
    let mut page = Bitmap::white(picture.width(), picture.rows());
    if picture.width() == 0 || picture.rows() == 0 {
        return page;
    }
    let tones = ToneCurve::of(picture);
    let tiles = Tiles::judge(picture, &tones);
    let (mut text, mut share) = (Vec::new(), Vec::new());
    for y in 0..picture.rows() {
        tiles.row(&tiles.thresholds, y as usize, &mut text);
        tiles.row(&tiles.shares, y as usize, &mut share);
        let screen = &SCREEN[y as usize % 8];
        let row = picture.row(y);
        let mut target = page.row_mut(y);
        for (index, octet) in target.iter_mut().enumerate() {
            let first = index * 8;
            let pels = &row[first..row.len().min(first + 8)];
            for (offset, &pel) in pels.iter().enumerate() {
                let x = first + offset;
                if tones.is_black(pel, text[x], share[x], screen[offset]) {
                    *octet |= 0x80 >> offset;
                }
            }
        }
    }
    page
}

/// Makes a grey picture black where it is darker than `threshold` (0 to 255): for pages drawn by ourselves.
#[must_use]
pub fn by_threshold(picture: &Grey, threshold: u8) -> Bitmap {
    let mut page = Bitmap::white(picture.width(), picture.rows());
    if picture.width() == 0 {
        return page;
    }
    for y in 0..picture.rows() {
        let mut target = page.row_mut(y);
        for (octet, pels) in target.iter_mut().zip(picture.row(y).chunks(8)) {
            for (offset, &pel) in pels.iter().enumerate() {
                *octet |= u8::from(pel < threshold) << (7 - offset);
            }
        }
    }
    page
}

/// From the tones of the picture to tones with white paper and black ink.
struct ToneCurve {
    text: [u8; 256],
    /// Lighter in the middle, because fax machines print dots larger than they are.
    picture: [u8; 256],
    /// Whether most of the page is paper.
    on_paper: bool,
}

impl ToneCurve {
    fn of(picture: &Grey) -> Self {
        let mut histogram = [0_u64; 256];
        for &octet in picture.octets() {
            histogram[usize::from(octet)] += 1;
        }
        let total = picture.octets().len() as u64;
        let (white, on_paper) = paper(&histogram, total);
        let black = darkest(&histogram, total).min(white / 3);
        let mut curve = Self { text: [0; 256], picture: [0; 256], on_paper };
        for tone in 0..256_usize {
            let stretched = ((tone.saturating_sub(black)) * 255 / (white - black)).min(255);
            let lighter = stretched + (255 - stretched) * stretched / 255 / 3;
            curve.text[tone] = u8::try_from(stretched).unwrap_or(u8::MAX);
            curve.picture[tone] = u8::try_from(lighter).unwrap_or(u8::MAX);
        }
        curve
    }

    /// `share` says, of 256, how much the pel belongs to a picture.
    #[inline]
    fn is_black(&self, pel: u8, text: i32, share: i32, screen: u8) -> bool {
        let tone = i32::from(self.text[usize::from(pel)]);
        if share == 0 {
            return tone < text;
        }
        let picture_tone = i32::from(self.picture[usize::from(pel)]);
        let dot = i32::from(screen) * 4 + 2;
        (tone - text) * (256 - share) + (picture_tone - dot) * share < 0
    }
}

/// The tone from which all is white: a little below the peak of the light tones, and whether most of the page is
/// as light as paper.
fn paper(histogram: &[u64; 256], total: u64) -> (usize, bool) {
    let around = |tone: usize| histogram[tone.saturating_sub(2)..(tone + 3).min(256)].iter().sum::<u64>();
    let peak = (DARKEST_PAPER..256).max_by_key(|&tone| around(tone)).unwrap_or(255);
    let on_paper = histogram[DARKEST_PAPER..].iter().sum::<u64>() * 2 > total;
    // A picture without paper has no such peak.
    if around(peak) * 8 < total && !on_paper { (250, false) } else { (peak - peak / 16, on_paper) }
}

/// The tone of the darkest half per cent.
fn darkest(histogram: &[u64; 256], total: u64) -> usize {
    let mut below = 0;
    histogram
        .iter()
        .position(|&count| {
            below += count;
            below * 200 > total
        })
        .unwrap_or(0)
}

/// What was found in each tile.
struct Tiles {
    across: usize,
    down: usize,
    width: usize,
    /// Threshold for text.
    thresholds: Vec<i32>,
    /// How much of 256 is picture.
    shares: Vec<i32>,
}

impl Tiles {
    fn judge(picture: &Grey, tones: &ToneCurve) -> Self {
        let (width, rows) = (picture.width() as usize, picture.rows() as usize);
        let (across, down) = (width.div_ceil(TILE), rows.div_ceil(TILE));
        let mut found = Vec::with_capacity(across * down);
        for tile_y in 0..down {
            for tile_x in 0..across {
                found.push(Tile::look(picture, tones, tile_x * TILE, tile_y * TILE));
            }
        }
        let mut tiles = Self { across, down, width, thresholds: Vec::new(), shares: Vec::new() };
        let lights: Vec<i32> = (0..found.len()).map(|tile| tiles.light_around(&found, tile)).collect();
        for (tile, light) in found.iter_mut().zip(lights) {
            let shaded_paper = tones.on_paper && light >= SHADED_PAPER;
            tile.judge_smooth(if shaded_paper { light - light / 8 } else { MIDDLE.1.into() });
        }
        for tile_y in 0..down {
            for tile_x in 0..across {
                let (threshold, share) = tiles.with_neighbours(&found, tile_x, tile_y);
                tiles.thresholds.push(threshold);
                tiles.shares.push(share);
            }
        }
        tiles
    }

    /// The lightest tone in the tiles around.
    fn light_around(&self, found: &[Tile], tile: usize) -> i32 {
        let (tile_x, tile_y) = (tile % self.across, tile / self.across);
        let columns = tile_x.saturating_sub(PAPER_REACH)..(tile_x + PAPER_REACH + 1).min(self.across);
        (tile_y.saturating_sub(PAPER_REACH)..(tile_y + PAPER_REACH + 1).min(self.down))
            .flat_map(|y| &found[y * self.across..][columns.clone()])
            .map(|tile| tile.light)
            .max()
            .unwrap_or(255)
    }

    /// Threshold and share of a tile in the light of the eight around it.
    fn with_neighbours(&self, found: &[Tile], tile_x: usize, tile_y: usize) -> (i32, i32) {
        let (mut dark, mut light, mut smooth, mut count) = (255, 0, 0, 0);
        for y in tile_y.saturating_sub(1)..(tile_y + 2).min(self.down) {
            for x in tile_x.saturating_sub(1)..(tile_x + 2).min(self.across) {
                let tile = &found[y * self.across + x];
                dark = dark.min(tile.dark);
                light = light.max(tile.light);
                smooth += tile.smooth;
                count += 1;
            }
        }
        let threshold = if light - dark < CONTRAST {
            PLAIN_THRESHOLD
        } else {
            i32::midpoint(dark, light).clamp(TEXT_THRESHOLDS.0, TEXT_THRESHOLDS.1)
        };
        let own = found[tile_y * self.across + tile_x].smooth;
        let mean = i32::midpoint(own, smooth / count);
        let share = (mean - PICTURE_FROM) * 256 / (PICTURE_FULL - PICTURE_FROM);
        (threshold, share.clamp(0, 256))
    }

    /// The values of a row of pels, blended between the centres of the tiles.
    fn row(&self, values: &[i32], y: usize, blended: &mut Vec<i32>) {
        let (above, below, weight) = between(y, self.down);
        let step = i32::try_from(2 * TILE).expect("a small number");
        let column = |tile: usize| {
            values[above * self.across + tile] * (step - weight) + values[below * self.across + tile] * weight
        };
        blended.clear();
        let (mut left, mut right) = (0, 0);
        let mut pair = (usize::MAX, usize::MAX);
        for x in 0..self.width {
            let (first, second, weight) = between(x, self.across);
            if pair != (first, second) {
                pair = (first, second);
                (left, right) = (column(first), column(second));
            }
            blended.push((left * (step - weight) + right * weight) / (step * step));
        }
    }
}

/// The two tiles whose centres are around a pel, and how much the second counts, of twice the tile's edge.
fn between(place: usize, tiles: usize) -> (usize, usize, i32) {
    let halves = (2 * place + 1).saturating_sub(TILE);
    let first = (halves / (2 * TILE)).min(tiles - 1);
    let weight = i32::try_from(halves % (2 * TILE)).expect("less than twice the tile");
    (first, (first + 1).min(tiles - 1), weight)
}

/// One tile by itself.
struct Tile {
    /// The darkest tone, but for a few specks.
    dark: i32,
    /// The lightest tone, but for a few specks.
    light: i32,
    /// Pels.
    pels: i32,
    /// Pels without an edge, by tone in steps of 8.
    smooth_by_tone: [i32; 32],
    /// How much of 256 is of middle tone without an edge; 0 until it is judged.
    smooth: i32,
}

impl Tile {
    /// Sees what is smooth between ink and a tone.
    fn judge_smooth(&mut self, below: i32) {
        let bins = usize::from(MIDDLE.0 / 8)..usize::try_from(below / 8).unwrap_or(0);
        self.smooth = self.smooth_by_tone.get(bins).map_or(0, |counts| counts.iter().sum()) * 256 / self.pels;
    }

    fn look(picture: &Grey, tones: &ToneCurve, left: usize, top: usize) -> Self {
        let right = (left + TILE).min(picture.width() as usize);
        let bottom = (top + TILE).min(picture.rows() as usize);
        let mut histogram = [0_u32; 32];
        let mut smooth_by_tone = [0; 32];
        for y in top..bottom {
            let tone = |row: &[u8], x: usize| tones.text[usize::from(row[x])];
            let row = picture.row(u32::try_from(y).expect("a row of the picture"));
            let below = picture.row(u32::try_from((y + 1).min(picture.rows() as usize - 1)).expect("likewise"));
            for x in left..right {
                let here = tone(row, x);
                histogram[usize::from(here / 8)] += 1;
                let beside = tone(row, (x + 1).min(row.len() - 1));
                let edge = u32::from(here.abs_diff(beside)) + u32::from(here.abs_diff(tone(below, x)));
                smooth_by_tone[usize::from(here / 8)] += i32::from(edge < SMOOTH);
            }
        }
        let pels = (right - left) * (bottom - top);
        let specks = u32::try_from(pels / 64).unwrap_or(0);
        let middle = |index: usize| i32::try_from(index * 8 + 4).expect("a tone");
        let pels = i32::try_from(pels).expect("a tile is small");
        Self {
            dark: middle(first_above(histogram.iter(), specks)),
            light: middle(31 - first_above(histogram.iter().rev(), specks)),
            pels,
            smooth_by_tone,
            smooth: 0,
        }
    }
}

/// How many counts can be added before their sum is above `limit`.
fn first_above<'a>(counts: impl Iterator<Item = &'a u32>, limit: u32) -> usize {
    let mut sum = 0;
    for (index, count) in counts.enumerate() {
        sum += count;
        if sum > limit {
            return index;
        }
    }
    31
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::{Coding, encode};
    use crate::model::{Compression, Resolution};

    /// A picture drawn by a rule for each pel.
    fn picture(width: u32, rows: u32, tone: impl Fn(u32, u32) -> u32) -> Grey {
        let octets = (0..rows).flat_map(|y| (0..width).map(move |x| (x, y)));
        let octets = octets.map(|(x, y)| u8::try_from(tone(x, y).min(255)).unwrap()).collect();
        Grey::from_octets(width, rows, octets).unwrap()
    }

    /// Strokes of three pels, as of letters.
    fn is_stroke(x: u32, y: u32) -> bool {
        x % 14 < 3 && y % 24 < 16 || y % 24 < 3 && x % 14 < 10
    }

    fn wrong_pels(page: &Bitmap, black: impl Fn(u32, u32) -> bool) -> usize {
        let pels = (0..page.rows()).flat_map(|y| (0..page.width()).map(move |x| (x, y)));
        pels.filter(|&(x, y)| page.is_black(x, y) != black(x, y)).count()
    }

    #[test]
    fn text_on_yellowed_uneven_paper_comes_out_exactly() {
        let noise = |x: u32, y: u32| (x * 31 + y * 17) % 7;
        let scan =
            picture(400, 200, |x, y| if is_stroke(x, y) { 50 + noise(x, y) } else { 190 + x / 10 + noise(x, y) });
        assert_eq!(wrong_pels(&to_bilevel(&scan), is_stroke), 0);
    }

    #[test]
    fn white_text_on_dark_ground_stays_readable() {
        let banner = |y: u32| (64..136).contains(&y);
        let page = picture(400, 200, |x, y| match (banner(y), is_stroke(x, y)) {
            (true, true) => 235,
            (true, false) => 60,
            (false, _) => 250,
        });
        let expected = |x, y| banner(y) && !is_stroke(x, y);
        // Only at the border of the banner may anything be lost.
        assert!(wrong_pels(&to_bilevel(&page), expected) < 400, "{}", wrong_pels(&to_bilevel(&page), expected));
    }

    #[test]
    fn faint_text_is_not_lost() {
        let faint = picture(300, 150, |x, y| if is_stroke(x, y) { 170 } else { 250 });
        assert_eq!(wrong_pels(&to_bilevel(&faint), is_stroke), 0);
    }

    #[test]
    fn empty_paper_of_any_tone_is_white_and_ink_is_black() {
        for tone in [255, 240, 200, 170] {
            let blank = picture(100, 100, |x, y| tone - (x * 7 + y * 5) % 4);
            assert_eq!(to_bilevel(&blank).black_count(), 0, "{tone}");
        }
        let half = picture(200, 100, |x, _| if x < 100 { 20 } else { 250 });
        assert_eq!(wrong_pels(&to_bilevel(&half), |x, _| x < 100), 0);
    }

    #[test]
    fn a_photograph_keeps_its_tones_in_dots_that_code_well() {
        let photo = picture(1024, 256, |x, _| x / 4);
        let page = to_bilevel(&photo);
        let blacks: Vec<u64> = (0..8)
            .map(|part| {
                let columns = part * 128..(part + 1) * 128;
                columns.map(|x| (0..256).filter(|&y| page.is_black(x, y)).count() as u64).sum()
            })
            .collect();
        assert!(blacks.windows(2).all(|pair| pair[0] >= pair[1]), "{blacks:?}");
        assert!(blacks[2] > blacks[5] + 6000, "{blacks:?}");
        let coded = encode(&page, &Coding::new(Compression::Mmr, Resolution::Fine)).len();
        assert!(coded < page.packed().len() * 6 / 10, "{coded} of {}", page.packed().len());
    }

    #[test]
    fn there_is_no_seam_along_tiles_in_an_even_grey_area() {
        let grey = picture(256, 256, |x, y| if x < 32 || y < 32 { 250 } else { 128 });
        let page = to_bilevel(&grey);
        // Inside the area every column of eight screen cells holds the same number of dots.
        let black = |x0: u32| (x0..x0 + 8).map(|x| (96..224).filter(|&y| page.is_black(x, y)).count()).sum::<usize>();
        let first = black(96);
        assert!(first > 100);
        assert!((96..216).step_by(8).all(|x| black(x) == first));
    }

    #[test]
    fn pictures_of_no_size_give_pages_of_none() {
        assert_eq!(to_bilevel(&Grey::white(0, 5)).black_count(), 0);
        assert_eq!(to_bilevel(&Grey::white(5, 0)).rows(), 0);
        assert_eq!(by_threshold(&Grey::from_octets(2, 1, vec![99, 100]).unwrap(), 100).packed(), [0x80]);
    }
}
