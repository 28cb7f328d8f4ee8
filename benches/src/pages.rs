//! Pages to code: those of a folder, or pages drawn here of every kind that is faxed.

use ab_glyph::{Font, FontRef, PxScale, ScaleFont, point};
use faxramp::image::tiff::{PageImage, read};
use faxramp::image::{Bitmap, Grey, halftone};
use std::path::Path;

/// A page and what to call it.
pub struct Page {
    /// Its name in the table.
    pub name: String,
    /// The page.
    pub bitmap: Bitmap,
}

/// Names a folder of TIFF files to be used, the ITU charts of T.24 for example.
pub const FOLDER: &str = "FAXRAMP_CHARTS";

/// Pels in a row: A4 at 204 dots per inch.
const WIDTH: u32 = 1728;
/// Rows: A4 at 196 lines per inch.
const ROWS: u32 = 2292;

/// The pages of the folder in [`FOLDER`], or else [`drawn`]; and which it was.
///
/// # Panics
/// If the folder or its files cannot be read.
#[must_use]
pub fn pages() -> (String, Vec<Page>) {
    std::env::var(FOLDER).map_or_else(
        |_| ("pages drawn by the bench".into(), drawn()),
        |folder| (format!("TIFF files of {folder}"), of_folder(folder.as_ref())),
    )
}

fn of_folder(folder: &Path) -> Vec<Page> {
    let entries = folder.read_dir().unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut files: Vec<_> = entries.map(|entry| entry.expect("the folder can be read").path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "tif" || extension == "tiff"));
    files.sort();
    let mut pages = Vec::new();
    for file in files {
        let octets = std::fs::read(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let images = read(&octets).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let name = file.file_stem().expect("a file has a name").to_string_lossy().into_owned();
        for (number, page) in images.into_iter().enumerate() {
            if let PageImage::Bilevel(bitmap) = page.image {
                let name = if number == 0 { name.clone() } else { format!("{name}/{}", number + 1) };
                pages.push(Page { name, bitmap });
            }
        }
    }
    assert!(!pages.is_empty(), "no pages in {}", folder.display());
    pages
}

/// A letter, a dense page of small print, a form, a drawing and a photograph.
#[must_use]
pub fn drawn() -> Vec<Page> {
    let page = |name: &str, bitmap| Page { name: name.into(), bitmap };
    vec![
        page("letter", text(34.0, 70, &[(200, 1300), (1500, 1750)])),
        page("small print", text(21.0, 26, &[(80, 2220)])),
        page("form", form()),
        page("drawing", drawing()),
        page("photograph", photograph()),
    ]
}

/// Numbers that look like chance, the same in every run.
pub struct Chance(u64);

impl Chance {
    /// Begins with a seed.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    /// A number below `end`.
    pub fn below(&mut self, end: u32) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        ((self.0 >> 32) * u64::from(end) >> 32) as u32
    }
}

const WORDS: &str = "the Fax of invoice number 4711 and delivery on Monday, a signed copy with kind regards is attached: \
                     please confirm Q3/2024 by return mail.";

/// Lines of words between rows, `pitch` rows apart.
fn text(size: f32, pitch: u32, blocks: &[(u32, u32)]) -> Bitmap {
    let mut page = Bitmap::white(WIDTH, ROWS);
    let mut chance = Chance::new(u64::from(pitch));
    let words: Vec<&str> = WORDS.split(' ').collect();
    for &(top, bottom) in blocks {
        for base in (top..bottom).step_by(pitch as usize) {
            let mut x = 140.0;
            while x < 1450.0 {
                x = word(&mut page, words[chance.below(words.len() as u32) as usize], size, (x, base)) + size / 3.0;
            }
        }
    }
    page
}

/// Draws a word and returns its right end.
fn word(page: &mut Bitmap, word: &str, size: f32, (mut x, base): (f32, u32)) -> f32 {
    let font = FontRef::try_from_slice(dejavu::sans::regular()).expect("DejaVu is a font");
    let scale = PxScale::from(size);
    for letter in word.chars() {
        let id = font.glyph_id(letter);
        let glyph = id.with_scale_and_position(scale, point(x, base as f32));
        if let Some(outline) = font.outline_glyph(glyph) {
            let corner = outline.px_bounds().min;
            outline.draw(|dx, dy, cover| {
                let (x, y) = (corner.x as u32 + dx, corner.y as u32 + dy);
                if cover > 0.45 && x < WIDTH && y < ROWS {
                    page.set(x, y, true);
                }
            });
        }
        x += font.as_scaled(scale).h_advance(id);
    }
    x
}

fn form() -> Bitmap {
    let mut page = text(27.0, 62, &[(160, 2200)]);
    for y in (110..2230).step_by(62) {
        for x in 100..1628 {
            page.set(x, y, true);
            page.set(x, y + 1, true);
        }
    }
    for x in [100, 400, 760, 1200, 1400, 1626] {
        for y in 110..2210 {
            page.set(x, y, true);
            page.set(x + 1, y, true);
        }
    }
    page
}

/// Circles and slanted lines.
fn drawing() -> Bitmap {
    let mut page = Bitmap::white(WIDTH, ROWS);
    for circle in 1..10_u32 {
        let (centre_x, centre_y, radius) = (864.0, 700.0, f64::from(circle * 60));
        for step in 0..20_000 {
            let angle = f64::from(step) * std::f64::consts::TAU / 20_000.0;
            let (x, y) = (centre_x + radius * angle.cos(), centre_y + radius * angle.sin());
            for thick in 0..3 {
                page.set(x as u32 + thick, y as u32, true);
            }
        }
    }
    for line in 0..24_u32 {
        for y in 1350..2200 {
            let x = 120 + line * 30 + (y - 1350) * (line + 3) / 30;
            for thick in 0..4 {
                if x + thick < WIDTH {
                    page.set(x + thick, y, true);
                }
            }
        }
    }
    page
}

/// Grey that flows, in the middle third of the page, as the product halftones it.
fn photograph() -> Bitmap {
    let rows = ROWS / 3;
    let mut grey = Grey::white(WIDTH, rows);
    for y in 0..rows {
        for (x, octet) in grey.row_mut(y).iter_mut().enumerate() {
            let (x, y) = (x as f64 / 190.0, f64::from(y) / 130.0);
            *octet = (128.0 + 60.0 * (x + y).sin() + 55.0 * (x * 0.7 - y * 1.3).cos()) as u8;
        }
    }
    let mut page = Bitmap::white(WIDTH, rows);
    page.append(&halftone::to_bilevel(&grey));
    page.push_white_rows(rows);
    page
}
