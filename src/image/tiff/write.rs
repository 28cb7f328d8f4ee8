//! Fax pages into a TIFF file of profile F, each page one strip of MMR.

use super::{TiffError, tag};
use crate::image::{Bitmap, Coding, encode};
use crate::model::{Compression, Resolution};
use std::io::{Cursor, Seek, Write};
use tiff::encoder::{DirectoryEncoder, Rational, TiffEncoder, TiffKindStandard, TiffValue};
use tiff::tags::Tag;

/// What the files say of their maker.
pub const SOFTWARE: &str = "faxramp";
/// Characters of a label, at most.
const MAX_LABEL: usize = 1000;

/// A page as a fax carries it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FaxPage {
    /// The picture.
    pub bitmap: Bitmap,
    /// Its lines per inch.
    pub resolution: Resolution,
}

/// What a file says of itself. Characters beyond ASCII become question marks.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Labels {
    /// Text for people, such as sender and time.
    pub description: Option<String>,
    /// Local time as `2026:11:22 19:05:00`.
    pub date_time: Option<String>,
}

/// Writes a whole file.
///
/// # Errors
/// [`TiffError::Local`] if it would be larger than 4 GiB or have no page.
pub fn write(pages: &[FaxPage], labels: &Labels) -> Result<Vec<u8>, TiffError> {
    if pages.is_empty() {
        return Err(TiffError::Local("there is no page to write".into()));
    }
    let mut octets = Vec::new();
    let total = u16::try_from(pages.len()).ok();
    let mut writer = Writer::new(Cursor::new(&mut octets), total, labels.clone())?;
    for page in pages {
        writer.push(page)?;
    }
    Ok(octets)
}

/// Writes page by page. After each page the output is a complete file of the pages so far.
pub struct Writer<W: Write + Seek> {
    encoder: TiffEncoder<W, TiffKindStandard>,
    total: u16,
    written: u16,
    labels: Labels,
}

impl<W: Write + Seek> Writer<W> {
    /// Writes the header. `total` is the number of pages to come, if it is known.
    ///
    /// # Errors
    /// [`TiffError::Local`] if the output fails.
    pub fn new(output: W, total: Option<u16>, labels: Labels) -> Result<Self, TiffError> {
        let encoder = TiffEncoder::new(output).map_err(|error| failed(&error))?;
        Ok(Self { encoder, total: total.unwrap_or(0), written: 0, labels })
    }

    /// Codes and writes a page.
    ///
    /// # Errors
    /// [`TiffError::Local`] if the output fails.
    pub fn push(&mut self, page: &FaxPage) -> Result<(), TiffError> {
        let strip = encode(&page.bitmap, &Coding::new(Compression::Mmr, page.resolution));
        self.push_coded(&strip, page.bitmap.width(), page.bitmap.rows(), page.resolution)
    }

    /// Writes a page that is coded as MMR already.
    ///
    /// # Errors
    /// [`TiffError::Local`] if the output fails.
    pub fn push_coded(&mut self, mmr: &[u8], width: u32, rows: u32, resolution: Resolution) -> Result<(), TiffError> {
        self.write_page(mmr, width, rows, resolution).map_err(|error| failed(&error))?;
        self.written = self.written.saturating_add(1);
        Ok(())
    }

    // RFC 2306 §2 and RFC 3949 §4: the tags of profile F. FillOrder may be 1 or 2 there; 1 is what every reader of
    // TIFF takes (TIFF 6.0 section 8 calls 2 special-purpose).
    fn write_page(&mut self, strip: &[u8], width: u32, rows: u32, resolution: Resolution) -> tiff::TiffResult<()> {
        let mut page = self.encoder.image_directory()?;
        let offset = u32::try_from(page.write_data(strip)?)?;
        let count = u32::try_from(strip.len())?;
        put(&mut page, tag::NEW_SUBFILE_TYPE, 2_u32)?;
        put(&mut page, tag::IMAGE_WIDTH, width)?;
        put(&mut page, tag::IMAGE_LENGTH, rows)?;
        put(&mut page, tag::BITS_PER_SAMPLE, 1_u16)?;
        put(&mut page, tag::COMPRESSION, 4_u16)?;
        put(&mut page, tag::PHOTOMETRIC, 0_u16)?;
        put(&mut page, tag::FILL_ORDER, 1_u16)?;
        put(&mut page, tag::STRIP_OFFSETS, offset)?;
        put(&mut page, tag::ORIENTATION, 1_u16)?;
        put(&mut page, tag::SAMPLES_PER_PIXEL, 1_u16)?;
        put(&mut page, tag::ROWS_PER_STRIP, rows)?;
        put(&mut page, tag::STRIP_BYTE_COUNTS, count)?;
        put(&mut page, tag::X_RESOLUTION, Rational { n: resolution.dots_per_inch(), d: 1 })?;
        put(&mut page, tag::Y_RESOLUTION, Rational { n: resolution.lines_per_inch(), d: 1 })?;
        put(&mut page, tag::T6_OPTIONS, 0_u32)?;
        put(&mut page, tag::RESOLUTION_UNIT, 2_u16)?;
        put(&mut page, tag::PAGE_NUMBER, [self.written, self.total])?;
        put(&mut page, tag::SOFTWARE, SOFTWARE)?;
        if let Some(description) = &self.labels.description {
            put(&mut page, tag::IMAGE_DESCRIPTION, plain(description).as_str())?;
        }
        if let Some(date_time) = &self.labels.date_time {
            put(&mut page, tag::DATE_TIME, plain(date_time).as_str())?;
        }
        page.finish()
    }
}

type Directory<'a, W> = DirectoryEncoder<'a, W, TiffKindStandard>;

fn put<W: Write + Seek, T: TiffValue>(page: &mut Directory<'_, W>, number: u16, value: T) -> tiff::TiffResult<()> {
    page.write_tag(Tag::from_u16_exhaustive(number), value)
}

fn plain(text: &str) -> String {
    let keep = |character: char| if (' '..='~').contains(&character) { character } else { '?' };
    text.chars().take(MAX_LABEL).map(keep).collect()
}

fn failed(error: &tiff::TiffError) -> TiffError {
    TiffError::Local(error.to_string())
}
