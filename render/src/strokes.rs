//! Thin strokes, kept from vanishing.
//!
//! A hair line or the bar of a small letter covers less than half of its picture elements, so it is light grey, and
//! would be white on a page that knows only black and white. Greys that touch the white of the paper are edges and
//! thin strokes; they are made darker here. Greys amid other greys belong to a picture and stay.

use faxramp::image::Grey;

/// From this tone on it is paper.
const PAPER: u8 = 250;
/// Tones of an edge: darker ones are black anyway, lighter ones are a breath of ink.
const EDGE: std::ops::Range<u8> = 96..200;

/// Darkens the edges and thin strokes of a page.
pub(crate) fn thicken(page: &mut Grey) {
    let (width, rows) = (page.width() as usize, page.rows());
    let mut above: Vec<u8> = Vec::new();
    let mut here: Vec<u8> = Vec::new();
    for row in 0..rows {
        std::mem::swap(&mut above, &mut here);
        here.clear();
        here.extend_from_slice(page.row(row));
        let below = if row + 1 < rows { page.row(row + 1).to_vec() } else { Vec::new() };
        let target = page.row_mut(row);
        for x in 0..width {
            if EDGE.contains(&here[x]) {
                let around = x.saturating_sub(1)..(x + 2).min(width);
                let touches_paper = [&above, &here, &below]
                    .into_iter()
                    .filter_map(|line| line.get(around.clone()))
                    .any(|elements| elements.iter().any(|&element| element >= PAPER));
                if touches_paper {
                    target[x] = darker(here[x]);
                }
            }
        }
    }
}

/// A grey of 160, ink on 37 of 100 parts, becomes one that is seen as black; 200 stays.
fn darker(tone: u8) -> u8 {
    let (from, to) = (u32::from(EDGE.start), u32::from(EDGE.end));
    let above = u32::from(tone) - from;
    // A parabola through both ends of the range.
    let bent = from + above * above / (to - from);
    u8::try_from(bent.saturating_sub(from / 4 * (to - u32::from(tone)) / (to - from))).unwrap_or(tone)
}

#[cfg(test)]
mod tests {
    use super::{darker, thicken};
    use faxramp::image::Grey;

    #[test]
    fn darkening_keeps_the_order_of_tones() {
        let tones: Vec<u8> = (96..200).map(darker).collect();
        assert!(tones.is_sorted(), "{tones:?}");
        assert!(darker(160) < 128 && darker(199) > 190, "{} {}", darker(160), darker(199));
    }

    #[test]
    fn a_hair_line_on_paper_is_darkened_and_the_greys_of_a_picture_are_not() {
        let mut page = Grey::white(20, 20);
        for x in 0..20 {
            page.row_mut(3)[x] = 155;
        }
        for row in 10..20 {
            page.row_mut(row).fill(155);
        }
        thicken(&mut page);
        assert!(page.row(3).iter().all(|&tone| tone < 128));
        assert!(page.row(4).iter().all(|&tone| tone == 255));
        assert!(page.row(15).iter().all(|&tone| tone == 155));
    }
}
