//! Photographs in black and white: dots on a screen from edge to edge.
//!
//! The halftone for pages looks for text and paper everywhere, as it must; in a photograph a bright sky is no paper and
//! a dark wood no ink. So a picture that is mostly tones is screened as a whole here.
//!
//! The screen has dots at 45°, 36 to the inch: coarse enough to survive a fax machine's printing, and to be coded in fewer
//! octets than the page has.

use faxramp::image::{Bitmap, Grey};
use faxramp::model::Resolution;

/// Paper or a screen's background: more than this share of the picture, in percent, is of one light tone.
const PAPER_PERCENT: u64 = 40;
/// How far tones may be from the most frequent light one to be the same.
const SAME_TONE: usize = 10;
/// A sheet that was photographed: more than this share is around one light tone.
const SHADED_PAPER_PERCENT: u64 = 80;
/// How far the tones of a sheet in uneven light are apart.
const SHADE: usize = 48;
/// Tones from here on can be paper.
const DARKEST_PAPER: usize = 150;
/// Tones that so few of a thousand picture elements are darker, or lighter, than, become black, or white.
const STRETCHED_PER_MILLE: u64 = 5;
/// Edge of the screen's cell.
const CELL: usize = 8;

/// Whether a picture is mostly tones, and not ink on paper.
pub(super) fn is_photograph(picture: &Grey) -> bool {
    let histogram = histogram(picture);
    let total = picture.octets().len() as u64;
    let around = |tone: usize, reach: usize| {
        histogram[tone.saturating_sub(reach)..(tone + reach + 1).min(256)].iter().sum::<u64>()
    };
    let percent = |count: u64| count * 100 / total.max(1);
    let light = (DARKEST_PAPER..256).max_by_key(|&tone| around(tone, SAME_TONE)).unwrap_or(255);
    let sheet = (DARKEST_PAPER..256).max_by_key(|&tone| around(tone, SHADE)).unwrap_or(255);
    percent(around(light, SAME_TONE)) < PAPER_PERCENT && percent(around(sheet, SHADE)) < SHADED_PAPER_PERCENT
}

/// The photograph in dots.
pub(super) fn screened(picture: &Grey, resolution: Resolution) -> Bitmap {
    let tones = stretched(&histogram(picture), picture.octets().len() as u64);
    let screen = screen();
    let mut page = Bitmap::white(picture.width(), picture.rows());
    // The cell is as large on paper, and as high as it is wide, whatever the resolution.
    let places: Vec<usize> = (0..picture.width())
        .map(|x| (x * Resolution::Fine.dots_per_inch() / resolution.dots_per_inch()) as usize % CELL)
        .collect();
    for y in 0..picture.rows() {
        let line = &screen[(y * 2 / resolution.factor()) as usize % CELL];
        let mut target = page.row_mut(y);
        let chunks = picture.row(y).chunks(8).zip(places.chunks(8));
        for (octet, (elements, places)) in target.iter_mut().zip(chunks) {
            for (bit, (&element, &place)) in elements.iter().zip(places).enumerate() {
                *octet |= u8::from(tones[usize::from(element)] < line[place]) << (7 - bit);
            }
        }
    }
    page
}

fn histogram(picture: &Grey) -> [u64; 256] {
    let mut histogram = [0; 256];
    for &tone in picture.octets() {
        histogram[usize::from(tone)] += 1;
    }
    histogram
}

/// Tones from black to white, and lighter between, because fax machines print dots larger than they are.
fn stretched(histogram: &[u64; 256], total: u64) -> [u8; 256] {
    let few = total * STRETCHED_PER_MILLE / 1000;
    let reached = |sum: &mut u64, count: u64| {
        *sum += count;
        *sum > few
    };
    let (mut below, mut above) = (0, 0);
    let black = histogram.iter().position(|&count| reached(&mut below, count)).unwrap_or(0);
    let white = histogram.iter().rposition(|&count| reached(&mut above, count)).unwrap_or(255);
    // A picture of a single tone keeps it.
    let (black, white) = if white > black { (black, white) } else { (0, 255) };
    std::array::from_fn(|tone| {
        let even = (tone.clamp(black, white) - black) * 255 / (white - black);
        let lighter = even + (255 - even) * even / 255 / 3;
        u8::try_from(lighter).unwrap_or(u8::MAX)
    })
}

/// Thresholds of the cell: an element is black where the tone is below. Two dots grow from the middle of the cell and
/// from its corners.
fn screen() -> [[u8; CELL]; CELL] {
    let wave = |place: usize| (f64::from(u32::try_from(place).unwrap_or(0)) * std::f64::consts::TAU / 8.0).cos();
    let mut places: Vec<(usize, usize)> = (0..CELL).flat_map(|y| (0..CELL).map(move |x| (x, y))).collect();
    // Where the waves agree a dot begins: it stays black longest as the tone gets lighter.
    let spot = |&(x, y): &(usize, usize)| wave(x) * wave(y) + 0.01 * (wave(x) + wave(y));
    places.sort_by(|one, other| spot(one).total_cmp(&spot(other)));
    let mut screen = [[0; CELL]; CELL];
    for (rank, (x, y)) in places.into_iter().enumerate() {
        screen[y][x] = u8::try_from(rank * 4 + 2).unwrap_or(u8::MAX);
    }
    screen
}

#[cfg(test)]
mod tests {
    use super::{is_photograph, screen, screened};
    use faxramp::image::Grey;
    use faxramp::model::Resolution;

    fn picture(tone: impl Fn(u32, u32) -> u32) -> Grey {
        let octets = (0..256).flat_map(|y| (0..256).map(move |x| (x, y)));
        let octets = octets.map(|(x, y)| u8::try_from(tone(x, y)).expect("a tone")).collect();
        Grey::from_octets(256, 256, octets).expect("as many octets")
    }

    #[test]
    fn tones_are_a_photograph_and_ink_on_paper_is_none_in_even_or_uneven_light() {
        assert!(is_photograph(&picture(|x, _| x)));
        assert!(is_photograph(&picture(|_, y| if y < 150 { 140 + y * 2 / 3 } else { 60 })));
        let ink = |x: u32, y: u32| x % 16 < 2 && y % 8 < 6;
        assert!(!is_photograph(&picture(|x, y| if ink(x, y) { 20 } else { 250 })));
        assert!(!is_photograph(&picture(|x, y| if ink(x, y) { 20 } else { 160 + x / 3 })));
    }

    #[test]
    fn a_ramp_of_tones_becomes_a_ramp_of_dots() {
        for resolution in Resolution::ALL {
            let page = screened(&picture(|x, _| x), resolution);
            let black = |from: u32| {
                let places = (from..from + 32).flat_map(|x| (0..256).map(move |y| (x, y)));
                places.filter(|&(x, y)| page.is_black(x, y)).count()
            };
            let shares: Vec<usize> = (0..256).step_by(32).map(|from| black(from) * 100 / (32 * 256)).collect();
            assert!(shares.is_sorted_by(|darker, lighter| darker > lighter), "{resolution:?}: {shares:?}");
            assert!(shares[0] > 85 && shares[7] < 10, "{shares:?}");
        }
    }

    #[test]
    fn every_threshold_stands_once_in_the_cell() {
        let mut thresholds: Vec<u8> = screen().into_iter().flatten().collect();
        thresholds.sort_unstable();
        assert_eq!(thresholds, (0..64).map(|rank| rank * 4 + 2).collect::<Vec<u8>>());
    }

    #[test]
    fn a_picture_of_one_tone_keeps_it() {
        assert_eq!(screened(&picture(|_, _| 255), Resolution::Fine).black_count(), 0);
        let grey = screened(&picture(|_, _| 128), Resolution::Fine).black_count();
        assert!((20_000..32_000).contains(&grey), "{grey}");
    }
}
