//! Pages out of a TIFF file.

use super::directory::{Container, Directory, MAX_VALUES};
use super::{Page, PageImage, TiffError, tag};
use crate::image::{Bitmap, DecodeLimits, Ended, Framing, Grey, MAX_WIDTH, decode_framed, reverse_bits};
use crate::model::Compression;
use std::collections::BTreeSet;
use std::io::Cursor;
use tiff::ColorType;
use tiff::decoder::{Decoder, DecodingResult, Limits};

/// Pages of a file, at most.
pub const MAX_PAGES: usize = 1000;
/// Strips of a page, at most: one for each row of a long page.
pub const MAX_STRIPS: u32 = MAX_VALUES;
/// Octets of one decoded page, at most: A3 at 600 dots per inch in grey.
pub const MAX_PAGE_OCTETS: u64 = 72 << 20;
/// Octets of all decoded pages that [`read`] returns, at most; [`Reader`] has one at a time and no such limit.
pub const MAX_FILE_OCTETS: u64 = 512 << 20;

/// Reads all pages.
///
/// # Errors
/// The first fault met in any page, or a limit.
pub fn read(octets: &[u8]) -> Result<Vec<Page>, TiffError> {
    let mut pages = Vec::new();
    let mut total = 0;
    for page in Reader::new(octets)? {
        let page = page?;
        total += match &page.image {
            PageImage::Bilevel(bitmap) => bitmap.packed().len() as u64,
            PageImage::Grey(grey) => grey.octets().len() as u64,
        };
        if total > MAX_FILE_OCTETS {
            return Err(TiffError::TooLarge { what: "octets in all pages", limit: MAX_FILE_OCTETS });
        }
        pages.push(page);
    }
    Ok(pages)
}

/// Reads page by page; a page that cannot be read does not keep the next one back.
#[derive(Debug)]
pub struct Reader<'a> {
    container: Container<'a>,
    next: u32,
    seen: BTreeSet<u32>,
}

impl<'a> Reader<'a> {
    /// Looks at the header.
    ///
    /// # Errors
    /// [`TiffError::Malformed`] if it is no TIFF file.
    pub fn new(octets: &'a [u8]) -> Result<Self, TiffError> {
        let (container, next) = Container::open(octets)?;
        Ok(Self { container, next, seen: BTreeSet::new() })
    }
}

impl Iterator for Reader<'_> {
    type Item = Result<Page, TiffError>;

    fn next(&mut self) -> Option<Self::Item> {
        let place = std::mem::take(&mut self.next);
        if place == 0 {
            return None;
        }
        if !self.seen.insert(place) {
            return Some(Err(TiffError::Malformed("its pages go round in a circle".into())));
        }
        if self.seen.len() > MAX_PAGES {
            return Some(Err(TiffError::TooLarge { what: "pages", limit: MAX_PAGES as u64 }));
        }
        let (directory, next) = match self.container.directory(place) {
            Ok(found) => found,
            Err(error) => return Some(Err(error)),
        };
        self.next = next;
        Some(page(self.container, place, &directory))
    }
}

fn page(container: Container<'_>, place: u32, directory: &Directory<'_>) -> Result<Page, TiffError> {
    let size = |number| directory.number(number).filter(|&size| size > 0);
    let (Some(width), Some(rows)) = (size(tag::IMAGE_WIDTH), size(tag::IMAGE_LENGTH)) else {
        return Err(TiffError::Malformed("a page has no size".into()));
    };
    if width > MAX_WIDTH {
        return Err(TiffError::TooLarge { what: "picture elements in a row", limit: MAX_WIDTH.into() });
    }
    let bits = directory.number(tag::BITS_PER_SAMPLE).unwrap_or(1);
    let samples = directory.number(tag::SAMPLES_PER_PIXEL).unwrap_or(1);
    let bilevel = bits == 1 && samples == 1;
    let row_octets = if bilevel { u64::from(width.div_ceil(8)) } else { u64::from(width) };
    if row_octets * u64::from(rows) > MAX_PAGE_OCTETS {
        return Err(TiffError::TooLarge { what: "octets in a page", limit: MAX_PAGE_OCTETS });
    }
    let strips = |coding| Strips::new(container, directory, width, rows)?.bilevel(coding);
    // TIFF 6.0 sections 8, 10, 11
    let (image, damaged_rows) = match directory.number(tag::COMPRESSION).unwrap_or(1) {
        1 if bilevel && !directory.has(tag::TILE_OFFSETS) => strips(None)?,
        2 if bilevel => strips(Some((Compression::Mh, Framing::AlignedRows)))?,
        3 if bilevel => {
            let two_dimensional = directory.number(tag::T4_OPTIONS).unwrap_or(0) & 1 != 0;
            strips(Some((if two_dimensional { Compression::Mr } else { Compression::Mh }, Framing::Line)))?
        }
        4 if bilevel => strips(Some((Compression::Mmr, Framing::Line)))?,
        34661 | 34663 => return Err(TiffError::Unsupported("JBIG coding".into())),
        _ => (other_page(container, place, (width, rows))?, 0),
    };
    Ok(Page { image, dots_per_inch: dots_per_inch(directory), damaged_rows })
}

// TIFF 6.0 section 8, ResolutionUnit: 2 is the inch, and the default, 3 the centimetre
fn dots_per_inch(directory: &Directory<'_>) -> Option<(u32, u32)> {
    let unit = directory.number(tag::RESOLUTION_UNIT).unwrap_or(2);
    let dots = |number| {
        let (numerator, denominator) = directory.rational(number)?;
        let (numerator, denominator) = match unit {
            2 => (u64::from(numerator) * 100, u64::from(denominator) * 100),
            3 => (u64::from(numerator) * 254, u64::from(denominator) * 100),
            _ => return None,
        };
        let dots = (numerator + denominator / 2).checked_div(denominator)?;
        u32::try_from(dots).ok().filter(|&dots| dots > 0)
    };
    Some((dots(tag::X_RESOLUTION)?, dots(tag::Y_RESOLUTION)?))
}

/// The strips of a bilevel page.
struct Strips<'a> {
    container: Container<'a>,
    width: u32,
    rows: u32,
    rows_per_strip: u32,
    offsets: Vec<u32>,
    counts: Vec<u32>,
    least_bit_first: bool,
    black_is_zero: bool,
}

impl<'a> Strips<'a> {
    fn new(container: Container<'a>, directory: &Directory<'_>, width: u32, rows: u32) -> Result<Self, TiffError> {
        if directory.count(tag::STRIP_OFFSETS) > MAX_STRIPS {
            return Err(TiffError::TooLarge { what: "strips", limit: MAX_STRIPS.into() });
        }
        let offsets = directory.numbers(tag::STRIP_OFFSETS);
        if offsets.is_empty() {
            return Err(TiffError::Malformed("a page has no strips".into()));
        }
        let rows_per_strip = directory.number(tag::ROWS_PER_STRIP).unwrap_or(rows).clamp(1, rows);
        Ok(Self {
            container,
            width,
            rows,
            rows_per_strip,
            offsets,
            counts: directory.numbers(tag::STRIP_BYTE_COUNTS),
            least_bit_first: directory.number(tag::FILL_ORDER) == Some(2),
            black_is_zero: directory.number(tag::PHOTOMETRIC) == Some(1),
        })
    }

    /// Decodes all strips, without a coding as they stand. What is missing is white and counted as damage.
    fn bilevel(&self, coding: Option<(Compression, Framing)>) -> Result<(PageImage, u32), TiffError> {
        let mut page = Bitmap::new(self.width);
        let (mut damaged, mut used) = (0, 0);
        for (index, &offset) in self.offsets.iter().enumerate() {
            let wanted = self.rows_per_strip.min(self.rows - page.rows());
            if wanted == 0 {
                break;
            }
            // Some writers leave out the count of a single strip, or write 0.
            let count = self.counts.get(index).copied().filter(|&count| count > 0).unwrap_or(u32::MAX);
            let raw = self.container.slice(offset, count);
            used += raw.len();
            if used / 2 > self.container.len() {
                return Err(TiffError::Malformed("the strips of a page overlap".into()));
            }
            let turned;
            let data = if self.least_bit_first {
                turned = reverse_bits(raw);
                &turned
            } else {
                raw
            };
            let (strip, bad) = self.strip(data, wanted, coding);
            page.append(&strip);
            let missing = wanted - strip.rows();
            damaged += (bad + missing).min(wanted);
            self.push_background(&mut page, missing);
        }
        let missing = self.rows - page.rows();
        damaged += missing;
        if damaged >= self.rows {
            return Err(TiffError::Malformed("no row of a page can be read".into()));
        }
        self.push_background(&mut page, missing);
        if self.black_is_zero {
            page.invert();
        }
        Ok((PageImage::Bilevel(page), damaged))
    }

    fn strip(&self, data: &[u8], rows: u32, coding: Option<(Compression, Framing)>) -> (Bitmap, u32) {
        if let Some((compression, framing)) = coding {
            let decoded = decode_framed(data, compression, framing, self.width, DecodeLimits { max_rows: rows });
            // The row at which decoding broke off is one of the missing rows.
            let among_missing = u32::from(decoded.ended == Ended::ByDamage);
            return (decoded.bitmap, decoded.bad_rows - among_missing);
        }
        let mut strip = Bitmap::new(self.width);
        for row in data.chunks_exact(strip.stride()).take(rows as usize) {
            strip.push_row(row);
        }
        (strip, 0)
    }

    fn push_background(&self, page: &mut Bitmap, rows: u32) {
        let from = page.rows();
        page.push_white_rows(rows);
        if self.black_is_zero {
            (from..page.rows()).for_each(|row| page.row_mut(row).fill(0xFF));
        }
    }
}

/// A page that is no fax: decoded by the `tiff` crate.
fn other_page(container: Container<'_>, place: u32, (width, rows): (u32, u32)) -> Result<PageImage, TiffError> {
    let octets = container.with_first_directory(place);
    let limit = usize::try_from(MAX_PAGE_OCTETS * 4).unwrap_or(usize::MAX);
    let mut limits = Limits::default();
    limits.decoding_buffer_size = limit;
    limits.intermediate_buffer_size = limit;
    let mut decoder = Decoder::new(Cursor::new(octets)).map_err(|error| fault(&error))?.with_limits(limits);
    let colours = decoder.colortype().map_err(|error| fault(&error))?;
    let samples = match decoder.read_image().map_err(|error| fault(&error))? {
        DecodingResult::U8(samples) => samples,
        DecodingResult::U16(samples) => samples.into_iter().map(|sample| (sample >> 8) as u8).collect(),
        DecodingResult::U32(_)
        | DecodingResult::U64(_)
        | DecodingResult::F16(_)
        | DecodingResult::F32(_)
        | DecodingResult::F64(_)
        | DecodingResult::I8(_)
        | DecodingResult::I16(_)
        | DecodingResult::I32(_)
        | DecodingResult::I64(_) => {
            return Err(TiffError::Unsupported("signed samples or samples of more than 16 bits".into()));
        }
    };
    #[expect(clippy::wildcard_enum_match_arm, reason = "the enum is open, and all that is not listed is refused")]
    let per_pel = match colours {
        ColorType::Gray(bits @ (1 | 2 | 4)) => return packed_grey(&samples, bits, width, rows),
        ColorType::Gray(8 | 16) => 1,
        ColorType::GrayA(8 | 16) => 2,
        ColorType::RGB(8 | 16) => 3,
        ColorType::RGBA(8 | 16) | ColorType::CMYK(8 | 16) => 4,
        other => return Err(TiffError::Unsupported(format!("the colours {other:?}"))),
    };
    let inked = matches!(colours, ColorType::CMYK(_));
    let grey: Vec<u8> = samples.chunks_exact(per_pel).map(|pel| luminance(pel, inked)).collect();
    Grey::from_octets(width, rows, grey)
        .map(PageImage::Grey)
        .ok_or_else(|| TiffError::Malformed("a page has less data than its size needs".into()))
}

/// Samples of less than 8 bits, rows starting at an octet, 0 black.
fn packed_grey(samples: &[u8], bits: u8, width: u32, rows: u32) -> Result<PageImage, TiffError> {
    let stride = (width as usize * usize::from(bits)).div_ceil(8);
    if samples.len() < stride * rows as usize {
        return Err(TiffError::Malformed("a page has less data than its size needs".into()));
    }
    if bits == 1 {
        let inverse = samples[..stride * rows as usize].iter().map(|octet| !octet).collect();
        let page = Bitmap::from_packed(width, inverse).expect("the size was checked");
        return Ok(PageImage::Bilevel(page));
    }
    let white = (1_u16 << bits) - 1;
    let mut grey = Vec::with_capacity(width as usize * rows as usize);
    for row in samples.chunks_exact(stride).take(rows as usize) {
        for pel in 0..width as usize {
            let bit = pel * usize::from(bits);
            let sample = u16::from(row[bit / 8] >> (8 - usize::from(bits) - bit % 8)) & white;
            grey.push(u8::try_from(sample * 255 / white).expect("at most 255"));
        }
    }
    Ok(PageImage::Grey(Grey::from_octets(width, rows, grey).expect("the size was checked")))
}

/// Grey of one pel: of colours by their share in brightness, of transparent ones over white paper.
// ITU-R BT.601-7 §2.5.1
fn luminance(pel: &[u8], inked: bool) -> u8 {
    let sum = |red: u8, green: u8, blue: u8| (u32::from(red) * 77 + u32::from(green) * 150 + u32::from(blue) * 29) >> 8;
    let over_paper = |light: u32, opacity: u8| (light * u32::from(opacity) + 255 * u32::from(255 - opacity)) / 255;
    let light = match *pel {
        [grey] => u32::from(grey),
        [grey, opacity] => over_paper(grey.into(), opacity),
        [red, green, blue] => sum(red, green, blue),
        [cyan, magenta, yellow, black] if inked => (255 - sum(cyan, magenta, yellow)) * u32::from(255 - black) / 255,
        [red, green, blue, opacity] => over_paper(sum(red, green, blue), opacity),
        _ => 255,
    };
    u8::try_from(light).unwrap_or(u8::MAX)
}

fn fault(error: &tiff::TiffError) -> TiffError {
    match error {
        tiff::TiffError::UnsupportedError(what) => TiffError::Unsupported(what.to_string()),
        tiff::TiffError::LimitsExceeded => TiffError::TooLarge { what: "octets in a page", limit: MAX_PAGE_OCTETS },
        tiff::TiffError::FormatError(_)
        | tiff::TiffError::IoError(_)
        | tiff::TiffError::IntSizeError
        | tiff::TiffError::UsageError(_) => TiffError::Malformed(error.to_string()),
    }
}
