//! Fax pages as PNG pictures, one bit a picture element, with their real proportions noted.

use crate::image::Bitmap;
use crate::model::Resolution;

/// Writes a page as PNG. Fine pages have more dots across than down; the pHYs chunk says so to viewers that care.
///
/// # Errors
/// In words, when the page has no line.
// PNG (third edition) §11.3.4.3 pHYs
pub(super) fn png(page: &Bitmap, resolution: Resolution) -> Result<Vec<u8>, String> {
    let mut octets = Vec::new();
    let mut encoder = png::Encoder::new(&mut octets, page.width(), page.rows());
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::One);
    encoder.set_pixel_dims(Some(png::PixelDimensions {
        xppu: per_metre(resolution.dots_per_inch()),
        yppu: per_metre(resolution.lines_per_inch()),
        unit: png::Unit::Meter,
    }));
    let mut writer = encoder.write_header().map_err(|error| error.to_string())?;
    // In PNG a set bit is white, in a fax black.
    let white: Vec<u8> = page.packed().iter().map(|octet| !octet).collect();
    writer.write_image_data(&white).map_err(|error| error.to_string())?;
    writer.finish().map_err(|error| error.to_string())?;
    Ok(octets)
}

/// An inch has 0.0254 m.
const fn per_metre(per_inch: u32) -> u32 {
    (per_inch * 10_000 + 127) / 254
}

#[cfg(test)]
mod tests {
    use super::png;
    use crate::image::Bitmap;
    use crate::model::Resolution;

    #[test]
    fn the_picture_has_the_pages_dots_and_proportions() {
        let mut page = Bitmap::white(1728, 3);
        page.set(0, 1, true);
        page.set(1727, 2, true);
        let octets = png(&page, Resolution::Fine).expect("a picture");
        let mut reader = png::Decoder::new(std::io::Cursor::new(octets)).read_info().expect("a PNG");
        let mut lines = vec![0; reader.output_buffer_size().expect("it fits")];
        reader.next_frame(&mut lines).expect("a frame");
        let info = reader.info();
        assert_eq!((info.width, info.height, info.bit_depth), (1728, 3, png::BitDepth::One));
        let dots = info.pixel_dims.expect("pHYs");
        assert_eq!((dots.xppu, dots.yppu), (8031, 7717));
        assert_eq!(lines[..216], [0xff; 216]);
        assert_eq!((lines[216], lines[2 * 216 + 215]), (0x7f, 0xfe));
    }

    #[test]
    fn a_page_without_lines_is_refused() {
        assert!(png(&Bitmap::new(1728), Resolution::Fine).is_err());
    }
}
