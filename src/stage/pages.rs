//! Pages between spool and line: read from TIFF, given their header line, recoded for what the far end takes; and back.
//!
//! The header line is a function of the job and of the moment the attempt was opened, so the pages as sent can be made again for the
//! receipt, exactly.

use std::sync::Arc;

use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

use crate::call::PageFormat;
use crate::image::scale::{self, Shape};
use crate::image::{self, Bitmap, Coding, DecodeLimits, tiff};
use crate::model::{Compression, Resolution, Width};
use crate::pages::headline::{HeadlineText, headline, headline_rows};
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
}

/// Local time of the server.
#[must_use]
pub fn local_time(unix_ms: i64) -> Zoned {
    let moment = Timestamp::from_millisecond(unix_ms).unwrap_or(Timestamp::UNIX_EPOCH);
    moment.to_zoned(TimeZone::system())
}

/// A stored page as it goes on the line: scaled to what this far end takes, never cropped, with its header line where it has one.
/// `place` is the page's, from 0, and how many there are.
///
/// The line is written on the page as it is sent, so its letters are as large on A4 as on A3 and never scaled with the page.
#[must_use]
pub fn as_sent(page: &StoredPage, header: Option<&Header>, place: (u32, u32), to: &Shape) -> Bitmap {
    let bitmap = page.bitmap();
    let fitted = scale::fit(&bitmap, page.resolution, *to);
    let Some(header) = header else { return fitted };
    let text = header.text(place.0 + 1, place.1);
    let stamped = headline(&fitted, to.resolution, &text);
    if scale::is_short_enough(stamped.rows(), to.maximum_rows) {
        return stamped;
    }
    // There is no room at its head and none for a longer page, so all of it is made a little smaller.
    let room = to.maximum_rows.map(|most| most.saturating_sub(headline_rows(to.resolution)).max(1));
    headline(&scale::fit(&bitmap, page.resolution, Shape { maximum_rows: room, ..*to }), to.resolution, &text)
}

/// The shape that a page is to have in this format.
#[must_use]
pub const fn shape_of(format: &PageFormat) -> Shape {
    Shape {
        width: format.width.pels(format.resolution),
        resolution: format.resolution,
        maximum_rows: format.maximum_rows,
    }
}

/// A stored page as the bits that go on the line.
#[must_use]
pub fn prepared(page: &StoredPage, header: Option<&Header>, place: (u32, u32), format: &PageFormat) -> Arc<[u8]> {
    coded(&as_sent(page, header, place, &shape_of(format)), format)
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

#[cfg(test)]
mod tests {
    use super::{Header, StoredPage, as_sent};
    use crate::image::Bitmap;
    use crate::image::scale::Shape;
    use crate::model::{Resolution, Width};
    use crate::pages::headline::headline_rows;

    fn header() -> Header {
        Header {
            sent_ms: 1_800_000_000_000,
            sender_name: "Company".into(),
            station_id: "+39 02 99999".into(),
            called: "+39021111".into(),
        }
    }

    /// A page with a line around it, from edge to edge.
    fn framed(width: Width, rows: u32, resolution: Resolution) -> StoredPage {
        let pels = width.pels(resolution);
        let mut page = Bitmap::white(pels, rows);
        for x in 0..pels {
            page.set(x, 0, true);
            page.set(x, rows - 1, true);
        }
        for y in 0..rows {
            page.set(0, y, true);
            page.set(pels - 1, y, true);
        }
        StoredPage::of(&page, width, resolution)
    }

    #[test]
    fn an_a3_page_keeps_all_its_edges_on_a_machine_that_takes_a4_only() {
        for (resolution, most) in [(Resolution::Standard, 1144), (Resolution::Fine, 2287)] {
            let page = framed(Width::A3, 3241, Resolution::Fine);
            let to = Shape { width: Width::A4.pels(resolution), resolution, maximum_rows: Some(most) };
            let sent = as_sent(&page, Some(&header()), (0, 1), &to);
            assert_eq!(sent.width(), 1728);
            assert!(sent.rows() <= most + most / 100, "{} rows of {most}", sent.rows());
            let strip = headline_rows(resolution);
            let below = sent.crop_rows(strip, sent.rows() - strip);
            let black = |row: u32| (0..1728).filter(|&x| below.is_black(x, row)).count();
            // The frame has to be a little narrower to leave room for the header line.
            assert!((1660..=1728).contains(&black(0)), "top: {}", black(0));
            assert!((0..3).any(|back| black(below.rows() - 1 - back) >= 1660), "bottom");
            let middle: Vec<u32> = (0..1728).filter(|&x| below.is_black(x, below.rows() / 2)).collect();
            assert_eq!(middle.len(), 2, "left and right: {middle:?}");
        }
    }

    #[test]
    fn the_header_line_is_as_high_on_a_page_made_smaller_as_on_any() {
        let blank = StoredPage::of(&Bitmap::white(2432, 3241), Width::A3, Resolution::Fine);
        let high = |width: Width| {
            let to = Shape { width: width.pels(Resolution::Fine), resolution: Resolution::Fine, maximum_rows: None };
            let sent = as_sent(&blank, Some(&header()), (0, 1), &to);
            let inked = (0..sent.rows()).filter(|&row| sent.row(row).iter().any(|&octet| octet != 0)).count();
            (sent.rows(), inked)
        };
        assert_eq!(high(Width::A3).0, 3241);
        assert_eq!(high(Width::A4), (2303, high(Width::A3).1));
    }
}
