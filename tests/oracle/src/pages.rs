//! Pages of every kind that a fax carries, drawn from a seed.

use faxramp::image::Bitmap;
use faxramp::image::tiff::FaxPage;
use faxramp::model::{Resolution, Width};

use crate::chance::Chance;

/// What is on a page.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Picture {
    /// Lines of letters.
    Text,
    /// Frames, slanted lines and circles.
    LineArt,
    /// A dithered wedge of grey: the worst for the codes, so only a strip of it.
    Dithered,
    /// Nothing.
    White,
    /// Nothing but black.
    Black,
}

impl Picture {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Text, Self::LineArt, Self::Dithered, Self::White, Self::Black];
}

/// Rows of a page at standard resolution, within the 1143 of A4.
const ROWS: u32 = 1101;
/// Rows of the dithered strip at standard resolution.
const DITHERED_ROWS: u32 = 67;

/// Draws a page.
#[must_use]
pub fn draw(picture: Picture, width: Width, resolution: Resolution, seed: u64) -> FaxPage {
    let factor = resolution.factor();
    let pels = width.pels(resolution);
    let bitmap = match picture {
        Picture::Text => text(pels, ROWS * factor, factor, seed),
        Picture::LineArt => line_art(pels, ROWS * factor, factor),
        Picture::Dithered => dithered(pels, DITHERED_ROWS * factor, seed),
        Picture::White => Bitmap::white(pels, ROWS * factor),
        Picture::Black => filled(pels, ROWS * factor),
    };
    FaxPage { bitmap, resolution }
}

/// Three pages, not all of one kind; each number gives other ones.
#[must_use]
pub fn three(number: usize, width: Width, resolution: Resolution) -> Vec<FaxPage> {
    let picture = |page: usize| Picture::ALL[(number + page) % Picture::ALL.len()];
    (0..3).map(|page| draw(picture(page), width, resolution, (number * 3 + page) as u64)).collect()
}

fn filled(pels: u32, rows: u32) -> Bitmap {
    let mut page = Bitmap::white(pels, rows);
    for row in 0..rows {
        page.row_mut(row).fill(0xFF);
    }
    page
}

fn rectangle(page: &mut Bitmap, (x, y): (u32, u32), (width, height): (u32, u32)) {
    for row in y..y + height {
        for column in x..x + width {
            page.set(column, row, true);
        }
    }
}

/// Letters are five strokes wide and seven high, each stroke there or not.
fn text(pels: u32, rows: u32, factor: u32, seed: u64) -> Bitmap {
    let mut chance = Chance::new(seed);
    let mut page = Bitmap::white(pels, rows);
    let (stroke_width, stroke_height) = (3, factor * 2);
    let line_height = stroke_height * 12;
    let mut top = line_height;
    while top + line_height * 2 < rows {
        let letters = chance.below(pels / 20 - 12);
        for letter in 0..letters {
            if chance.per_mille(160) {
                continue;
            }
            let strokes = chance.next();
            for place in (0..35).filter(|place| strokes >> place & 1 == 1) {
                let x = 100 + letter * 20 + place % 5 * stroke_width;
                rectangle(&mut page, (x, top + place / 5 * stroke_height), (stroke_width, stroke_height));
            }
        }
        top += line_height;
    }
    page
}

fn line_art(pels: u32, rows: u32, factor: u32) -> Bitmap {
    let mut page = Bitmap::white(pels, rows);
    for step in 0..6 {
        let (left, top) = (40 + step * 60, (40 + step * 60) * factor);
        let (width, height) = (pels - 2 * left, rows - 2 * top);
        rectangle(&mut page, (left, top), (width, factor));
        rectangle(&mut page, (left, rows - top - factor), (width, factor));
        rectangle(&mut page, (left, top), (2, height));
        rectangle(&mut page, (pels - left - 2, top), (2, height));
    }
    for row in 0..rows {
        for (numerator, denominator) in [(1, 1), (3, 2), (1, 7)] {
            page.set(row * numerator / (denominator * factor), row, true);
        }
        // Rings: black where the square of the distance falls into every other band.
        let (x, y) = (i64::from(pels / 2), i64::from(rows / factor / 2));
        let down = i64::from(row / factor) - y;
        for column in 0..pels {
            let across = i64::from(column) - x;
            let square = across * across + down * down;
            if square < 90_000 && square / 9000 % 2 == 0 {
                page.set(column, row, true);
            }
        }
    }
    page
}

/// From white at the left to black at the right, by chance.
fn dithered(pels: u32, rows: u32, seed: u64) -> Bitmap {
    let mut chance = Chance::new(seed);
    let mut page = Bitmap::white(pels, rows);
    for row in 0..rows {
        for column in 0..pels {
            page.set(column, row, chance.below(pels) < column);
        }
    }
    page
}
