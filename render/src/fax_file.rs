//! TIFF files, above all those of fax gear, by the program's own reader; one fax page for each page.
//!
//! A page that is as wide as a fax line, A4, B4 or A3, keeps every picture element and its resolution: it was a fax before. It is made
//! coarser only where it is finer than what was asked for. Others are pictures with a size.

use crate::fault::Fault;
use crate::output::Output;
use crate::picture::{draw_grey, sized};
use crate::strokes::thicken;

use faxramp::image::scale::{self, Shape};
use faxramp::image::tiff::{Page, PageImage, Reader, TiffError};
use faxramp::image::{Bitmap, Grey};
use faxramp::model::{Resolution, Width};
use faxramp::pages::sheet::Stock;
use faxramp::pages::worker::{MAX_ROWS, Request};

use image::GrayImage;
use std::io::Write;

/// How far the dots per inch across that a fax page states may be from those of its resolution: many programs round 204 to 200.
const ROUNDED_DOTS: u32 = 9;
/// How many per cent its lines per inch may be off: 96 and 100 are both meant as 98. What is farther off is no fax, and kept line by line
/// it would come out squeezed.
const ROUNDED_LINES: u32 = 10;
/// A fax page that states no lines per inch is at standard resolution up to so many rows, by its width: a sheet with a little more.
const MOST_STANDARD_ROWS: [(Width, u32); 3] = [(Width::A4, 1400), (Width::B4, 1650), (Width::A3, 1950)];
/// Dots per inch that are believed of other pages; 98 is a fax's.
const BELIEVED_DOTS: std::ops::RangeInclusive<u32> = 90..=2400;

pub(crate) fn draw<W: Write>(document: &[u8], request: &Request, output: &mut Output<W>) -> Result<(), Fault> {
    let reader = Reader::new(document).map_err(|error| refused(&error))?;
    // A TIFF file does not say how many pages it has; the limit holds when the first page too many comes.
    output.begin(None, "tiff")?;
    let mut pages = 0;
    for page in reader {
        let page = page.map_err(|error| refused(&error))?;
        pages += 1;
        if page.damaged_rows > 0 {
            output.warning(&format!("{} lines of page {pages} were damaged in the file", page.damaged_rows))?;
        }
        draw_page(page, pages, request.stock, output)?;
    }
    if pages == 0 { Err(Fault::malformed("the TIFF file has no pages")) } else { Ok(()) }
}

fn draw_page<W: Write>(page: Page, number: u32, stock: Stock, output: &mut Output<W>) -> Result<(), Fault> {
    let density = page
        .dots_per_inch
        .filter(|(across, down)| BELIEVED_DOTS.contains(across) && BELIEVED_DOTS.contains(down))
        .map(|(across, down)| (f64::from(across), f64::from(down)));
    match page.image {
        PageImage::Bilevel(bitmap) if let Some((width, resolution)) = fax_shape(&bitmap, page.dots_per_inch) => {
            let sheet = stock.sheet_at(width, resolution);
            let shape = Shape { width: sheet.pels(), resolution: sheet.resolution, maximum_rows: None };
            let changed = scale::fit(&bitmap, resolution, shape);
            if changed.rows() > MAX_ROWS {
                return Err(Fault::too_large(format!(
                    "page {number} has {} lines, and at most {MAX_ROWS} are allowed",
                    changed.rows()
                )));
            }
            output.page(&changed, sheet)
        }
        PageImage::Bilevel(bitmap) => {
            let (mut drawn, at) = sized(in_greys(&bitmap)?, density, stock)?;
            thicken(&mut drawn);
            output.grey_page(&drawn, &at)
        }
        PageImage::Grey(grey) => draw_grey(same(&grey)?, density, stock, output),
    }
}

/// The width and resolution of a page that was a fax before.
fn fax_shape(bitmap: &Bitmap, dots_per_inch: Option<(u32, u32)>) -> Option<(Width, Resolution)> {
    let Some((across, down)) = dots_per_inch else {
        let width = Width::from_pels(bitmap.width(), Resolution::Standard)?;
        let standard = MOST_STANDARD_ROWS.iter().any(|&(class, most)| class == width && bitmap.rows() <= most);
        return Some((width, if standard { Resolution::Standard } else { Resolution::Fine }));
    };
    let resolution = Resolution::nearest(across, down);
    let width = Width::from_pels(bitmap.width(), resolution)?;
    let lines = resolution.lines_per_inch();
    let close = across.abs_diff(resolution.dots_per_inch()) <= ROUNDED_DOTS
        && down.abs_diff(lines) * 100 <= lines * ROUNDED_LINES;
    close.then_some((width, resolution))
}

fn in_greys(bitmap: &Bitmap) -> Result<GrayImage, Fault> {
    if bitmap.rows() == 0 {
        return Err(Fault::malformed("a page of the TIFF file has no lines"));
    }
    let greys = bitmap
        .iter_rows()
        .flat_map(|row| (0..bitmap.width() as usize).map(|x| if row[x / 8] & 0x80 >> (x % 8) == 0 { 255 } else { 0 }));
    picture(bitmap.width(), bitmap.rows(), greys.collect())
}

fn same(grey: &Grey) -> Result<GrayImage, Fault> {
    picture(grey.width(), grey.rows(), grey.octets().to_vec())
}

fn picture(width: u32, rows: u32, greys: Vec<u8>) -> Result<GrayImage, Fault> {
    GrayImage::from_raw(width, rows, greys)
        .filter(|picture| picture.width() > 0 && picture.height() > 0)
        .ok_or_else(|| Fault::malformed("a page of the TIFF file has no size"))
}

fn refused(error: &TiffError) -> Fault {
    match error {
        TiffError::Malformed(_) => Fault::malformed(error.to_string()),
        TiffError::Unsupported(_) => Fault::unsupported(error.to_string()),
        TiffError::TooLarge { .. } => Fault::too_large(error.to_string()),
        TiffError::Local(_) => Fault::internal(error.to_string()),
    }
}
