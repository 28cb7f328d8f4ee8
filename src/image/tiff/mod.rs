//! Fax TIFF files as values: octets in, pages out, and back.
//!
//! [`read()`] takes what fax gear, scanners and mail programs write; [`write()`] and [`Writer`] make profile F of
//! RFC 2306 and RFC 3949. The strips of fax codings go through the coders of [`crate::image`]; directories are read
//! here, because fax files in the field lack tags that a strict reader wants; all other compressions, and the
//! container when writing, are the `tiff` crate's. No file is opened here.

mod directory;
mod read;
mod write;

pub use read::{MAX_FILE_OCTETS, MAX_PAGE_OCTETS, MAX_PAGES, MAX_STRIPS, Reader, read};
pub use write::{FaxPage, Labels, SOFTWARE, Writer, write};

use super::{Bitmap, Grey};
use crate::model::Resolution;

/// A page of a TIFF file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Page {
    /// The picture.
    pub image: PageImage,
    /// Dots per inch, horizontally and vertically, if the file tells.
    pub dots_per_inch: Option<(u32, u32)>,
    /// Rows that could not be decoded: copies of the row above, or white at the end of a strip.
    pub damaged_rows: u32,
}

impl Page {
    /// The fax resolution whose dots and lines per inch are nearest, if the file tells its own.
    #[must_use]
    pub fn resolution(&self) -> Option<Resolution> {
        self.dots_per_inch.map(|(across, down)| Resolution::nearest(across, down))
    }
}

/// The picture of a page.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum PageImage {
    /// Black and white.
    Bilevel(Bitmap),
    /// Grey, or colour made grey.
    Grey(Grey),
}

/// Why a TIFF file cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum TiffError {
    /// The file breaks the format.
    #[error("the TIFF file is damaged: {0}")]
    Malformed(String),
    /// The file is right, but of a kind that is not taken.
    #[error("the TIFF file uses {0}, which is not supported")]
    Unsupported(String),
    /// The file is beyond a limit.
    #[error("the TIFF file has too many {what}: the limit is {limit}")]
    TooLarge {
        /// What there is too much of.
        what: &'static str,
        /// How much is allowed.
        limit: u64,
    },
    /// The file could not be written.
    #[error("the TIFF file could not be written: {0}")]
    Local(String),
}

/// Tag numbers.
// TIFF 6.0 appendix A, RFC 3949 §4.2
pub(super) mod tag {
    pub(in crate::image) const NEW_SUBFILE_TYPE: u16 = 254;
    pub(in crate::image) const IMAGE_WIDTH: u16 = 256;
    pub(in crate::image) const IMAGE_LENGTH: u16 = 257;
    pub(in crate::image) const BITS_PER_SAMPLE: u16 = 258;
    pub(in crate::image) const COMPRESSION: u16 = 259;
    pub(in crate::image) const PHOTOMETRIC: u16 = 262;
    pub(in crate::image) const FILL_ORDER: u16 = 266;
    pub(in crate::image) const IMAGE_DESCRIPTION: u16 = 270;
    pub(in crate::image) const STRIP_OFFSETS: u16 = 273;
    pub(in crate::image) const ORIENTATION: u16 = 274;
    pub(in crate::image) const SAMPLES_PER_PIXEL: u16 = 277;
    pub(in crate::image) const ROWS_PER_STRIP: u16 = 278;
    pub(in crate::image) const STRIP_BYTE_COUNTS: u16 = 279;
    pub(in crate::image) const X_RESOLUTION: u16 = 282;
    pub(in crate::image) const Y_RESOLUTION: u16 = 283;
    pub(in crate::image) const T4_OPTIONS: u16 = 292;
    pub(in crate::image) const T6_OPTIONS: u16 = 293;
    pub(in crate::image) const RESOLUTION_UNIT: u16 = 296;
    pub(in crate::image) const PAGE_NUMBER: u16 = 297;
    pub(in crate::image) const SOFTWARE: u16 = 305;
    pub(in crate::image) const DATE_TIME: u16 = 306;
    pub(in crate::image) const TILE_OFFSETS: u16 = 324;
}

#[cfg(test)]
mod tests;
