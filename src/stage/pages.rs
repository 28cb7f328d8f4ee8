//! Pages between spool and line: read from TIFF, given their header line, recoded for what the far end takes; and back.
//!
//! The header line is a function of the job and of the moment the attempt was opened, so the pages as sent can be made again for the
//! receipt, exactly.

use std::sync::Arc;

use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

use crate::call::PageFormat;
use crate::image::{self, Bitmap, Coding, DecodeLimits, scale, tiff};
use crate::model::{Compression, Resolution, Width};
use crate::pages::headline::{HeadlineText, headline};
use crate::t30::PageShape;

/// A page kept in memory while its fax is on the line: coded, as a page laid out flat has half a megabyte.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StoredPage {
    /// The lines as T.6.
    pub coded: Vec<u8>,
    /// Width.
    pub width: Width,
    /// Lines.
    pub rows: u32,
    /// Resolution.
    pub resolution: Resolution,
}

impl StoredPage {
    /// Codes a page for keeping.
    #[must_use]
    pub fn of(bitmap: &Bitmap, width: Width, resolution: Resolution) -> Self {
        let coded = image::encode(bitmap, &Coding::new(Compression::Mmr, resolution));
        Self { coded, width, rows: bitmap.rows(), resolution }
    }

    /// Its shape, as T.30 asks for it.
    #[must_use]
    pub const fn shape(&self) -> PageShape {
        PageShape { width: self.width, resolution: self.resolution, rows: self.rows }
    }

    /// Picture elements in a line.
    #[must_use]
    pub const fn pels(&self) -> u32 {
        self.width.pels(self.resolution)
    }

    /// The page laid out.
    #[must_use]
    pub fn bitmap(&self) -> Bitmap {
        let limits = DecodeLimits { max_rows: self.rows.max(1) };
        image::decode(&self.coded, Compression::Mmr, self.pels(), limits).bitmap
    }
}

/// Reads the pages of a TIFF of the spool.
///
/// # Errors
/// In words, when it is not what the render stage writes.
pub fn load(octets: &[u8]) -> Result<Vec<StoredPage>, String> {
    let mut pages = Vec::new();
    let reader = tiff::Reader::new(octets).map_err(|error| error.to_string())?;
    for page in reader {
        let page = page.map_err(|error| error.to_string())?;
        let resolution = page.resolution().unwrap_or(Resolution::Fine);
        let tiff::PageImage::Bilevel(bitmap) = page.image else {
            return Err("a page of the spool is not bilevel".into());
        };
        let width = Width::from_pels(bitmap.width(), resolution)
            .ok_or_else(|| format!("a page of the spool is {} picture elements wide", bitmap.width()))?;
        pages.push(StoredPage::of(&bitmap, width, resolution));
    }
    Ok(pages)
}

/// Writes pages as one TIFF.
///
/// # Errors
/// In words, when there is no page or the file would be too large.
pub fn tiff_of(pages: &[StoredPage], description: Option<String>) -> Result<Vec<u8>, String> {
    let labels = tiff::Labels { description, date_time: None };
    let mut octets = std::io::Cursor::new(Vec::new());
    let total = u16::try_from(pages.len()).ok();
    let mut writer = tiff::Writer::new(&mut octets, total, labels).map_err(|error| error.to_string())?;
    for page in pages {
        writer.push_coded(&page.coded, page.pels(), page.rows, page.resolution).map_err(|error| error.to_string())?;
    }
    Ok(octets.into_inner())
}

/// What the header line of a fax says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Header {
    /// When the call was placed, Unix milliseconds.
    pub sent_ms: i64,
    /// Our name.
    pub sender_name: String,
    /// Our number.
    pub station_id: String,
    /// The number called, or that of who fetches; empty when it is not known.
    pub called: String,
}

impl Header {
    fn text(&self, page: u32, total: u32) -> HeadlineText {
        let middle: Vec<&str> =
            [self.sender_name.as_str(), self.station_id.as_str()].into_iter().filter(|word| !word.is_empty()).collect();
        HeadlineText {
            left: local_time(self.sent_ms).strftime("%Y-%m-%d %H:%M").to_string(),
            middle: match self.called.as_str() {
                "" => middle.join("  "),
                called => format!("{}  →  {called}", middle.join("  ")).trim_start().to_owned(),
            },
            right: format!("page {page} of {total}"),
        }
    }

    /// The page as it goes on the line at its own resolution: with its header line. `index` counts from 0.
    #[must_use]
    pub fn stamped(&self, page: &StoredPage, index: u32, total: u32) -> Bitmap {
        headline(&page.bitmap(), page.resolution, &self.text(index + 1, total))
    }
}

/// Local time of the server.
#[must_use]
pub fn local_time(unix_ms: i64) -> Zoned {
    let moment = Timestamp::from_millisecond(unix_ms).unwrap_or(Timestamp::UNIX_EPOCH);
    moment.to_zoned(TimeZone::system())
}

/// The page as this far end takes it, laid out: scaled, never cropped.
#[must_use]
pub fn fitted(bitmap: &Bitmap, resolution: Resolution, format: &PageFormat) -> Bitmap {
    let to = scale::Shape {
        width: format.width.pels(format.resolution),
        resolution: format.resolution,
        maximum_rows: format.maximum_rows,
    };
    scale::fit(bitmap, resolution, to)
}

/// A stored page as the bits that go on the line, with its header line where it has one. `place` is the page's, from 0, and how many
/// there are.
#[must_use]
pub fn prepared(page: &StoredPage, header: Option<&Header>, place: (u32, u32), format: &PageFormat) -> Arc<[u8]> {
    let (index, total) = place;
    let bitmap = header.map_or_else(|| page.bitmap(), |header| header.stamped(page, index, total));
    coded(&fitted(&bitmap, page.resolution, format), format)
}

/// The bits of the page as this far end takes it.
#[must_use]
pub fn coded(bitmap: &Bitmap, format: &PageFormat) -> Arc<[u8]> {
    let coding = Coding {
        compression: format.compression,
        two_dimensional_every: format.two_dimensional_every,
        minimum_row_bits: format.minimum_row_bits,
    };
    image::encode(bitmap, &coding).into()
}
