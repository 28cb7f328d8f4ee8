//! Pictures: PNG, JPEG, GIF, BMP and WebP, by the `image` crate, one page each.
//!
//! The size is checked before anything is decoded. Transparent parts lie on white. A camera's orientation is obeyed.

mod density;
mod photograph;

use crate::fault::Fault;
use crate::output::Output;
use crate::placement::{Placement, Turn, picture};

use faxramp::image::Grey;
use faxramp::pages::sheet::Stock;
use faxramp::pages::worker::Request;

use fast_image_resize::images::Image;
use fast_image_resize::{FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer};
use image::metadata::Orientation;
use image::{DynamicImage, GrayImage, ImageDecoder, ImageError, ImageFormat, ImageReader, Limits};
use std::io::{Cursor, Write};

/// Octets that a decoder may take for itself and its result, for each picture element allowed.
const MOST_OCTETS_AN_ELEMENT: u64 = 8;

pub(crate) fn draw<W: Write>(document: &[u8], request: &Request, output: &mut Output<W>) -> Result<(), Fault> {
    let format = image::guess_format(document)
        .map_err(|_| Fault::unsupported("it is no picture of a kind known here (PNG, JPEG, GIF, BMP, WebP)"))?;
    let most_elements = u64::from(request.limits.source_megapixels) * 1_000_000;
    let (decoded, orientation) = decode(document, format, most_elements)?;
    let mut grey = on_white_paper(decoded);
    turn_as_taken(&mut grey, orientation);
    let density = density::of(document, format).map(|density| density.turned(orientation));
    output.begin(Some(1), "image")?;
    draw_grey(grey, density.map(|density| (density.across, density.down)), request.stock, output)
}

/// One page with this picture on it. `density` is its dots per inch across and down, where it says so.
pub(crate) fn draw_grey<W: Write>(
    grey: GrayImage,
    density: Option<(f64, f64)>,
    stock: Stock,
    output: &mut Output<W>,
) -> Result<(), Fault> {
    let (drawn, at) = sized(grey, density, stock)?;
    if photograph::is_photograph(&drawn) {
        output.placed(&photograph::screened(&drawn, stock.resolution), &at)
    } else {
        output.grey_page(&drawn, &at)
    }
}

/// The picture at the size it has on a page, and where it goes.
pub(crate) fn sized(grey: GrayImage, density: Option<(f64, f64)>, stock: Stock) -> Result<(Grey, Placement), Fault> {
    let at = picture(grey.width(), grey.height(), density, stock);
    let turned = match at.turn {
        Turn::No => grey,
        Turn::Left => image::imageops::rotate270(&grey),
    };
    let drawn = resized(turned, &at)?;
    let drawn = Grey::from_octets(at.width, at.rows, drawn);
    drawn.map(|drawn| (drawn, at)).ok_or_else(|| Fault::internal("the picture came out in another size"))
}

fn decode(document: &[u8], format: ImageFormat, most_elements: u64) -> Result<(DynamicImage, Orientation), Fault> {
    let mut reader = ImageReader::with_format(Cursor::new(document), format);
    let mut limits = Limits::no_limits();
    limits.max_alloc = Some(most_elements * MOST_OCTETS_AN_ELEMENT);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(|error| refused(&error))?;
    let (width, height) = decoder.dimensions();
    if width == 0 || height == 0 {
        return Err(Fault::malformed("the picture has no size"));
    }
    if u64::from(width) * u64::from(height) > most_elements {
        return Err(Fault::too_large(format!(
            "the picture is {width} by {height}; at most {} million picture elements are allowed",
            most_elements / 1_000_000
        )));
    }
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    DynamicImage::from_decoder(decoder).map(|decoded| (decoded, orientation)).map_err(|error| refused(&error))
}

/// The picture in greys; where it lets light through, white paper shows.
fn on_white_paper(decoded: DynamicImage) -> GrayImage {
    if !decoded.color().has_alpha() {
        return decoded.into_luma8();
    }
    let with_alpha = decoded.into_luma_alpha8();
    let (width, height) = with_alpha.dimensions();
    let elements = with_alpha
        .pixels()
        .map(|element| {
            let [grey, alpha] = element.0.map(u32::from);
            let mixed = (grey * alpha + 255 * (255 - alpha) + 127) / 255;
            u8::try_from(mixed).unwrap_or(u8::MAX)
        })
        .collect();
    GrayImage::from_raw(width, height, elements).expect("one octet for each element")
}

fn turn_as_taken(grey: &mut GrayImage, orientation: Orientation) {
    let mut dynamic = DynamicImage::ImageLuma8(std::mem::take(grey));
    dynamic.apply_orientation(orientation);
    *grey = dynamic.into_luma8();
}

fn resized(grey: GrayImage, at: &Placement) -> Result<Vec<u8>, Fault> {
    let fault = |error: &dyn std::fmt::Display| Fault::internal(format!("the picture could not be resized: {error}"));
    let (width, height) = grey.dimensions();
    let source = Image::from_vec_u8(width, height, grey.into_raw(), PixelType::U8).map_err(|error| fault(&error))?;
    let mut drawn = Image::new(at.width, at.rows, PixelType::U8);
    // Hamming does not ring as Lanczos does: no ghost lines beside letters.
    let options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::Hamming));
    Resizer::new().resize(&source, &mut drawn, &options).map_err(|error| fault(&error))?;
    Ok(drawn.into_vec())
}

fn refused(error: &ImageError) -> Fault {
    match error {
        ImageError::Limits(_) => Fault::too_large("the picture takes more memory than allowed"),
        ImageError::Unsupported(_) => Fault::unsupported(format!("this form of picture is not drawn here ({error})")),
        ImageError::Decoding(_) | ImageError::Encoding(_) | ImageError::Parameter(_) | ImageError::IoError(_) => {
            Fault::malformed(format!("the picture is damaged ({error})"))
        }
    }
}
