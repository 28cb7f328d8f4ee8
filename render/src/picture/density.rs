//! How many picture elements make an inch, where a picture says so in a way that can be believed.
//!
//! Scanners write 200 or 300; programs that do not know write 72 or 96, which says nothing.

use image::ImageFormat;
use image::metadata::Orientation;

/// Fewer dots per inch are what programs write that do not know.
const LEAST: f64 = 100.0;
/// More are no scanner's.
const MOST: f64 = 2400.0;
/// How far into the file the density is looked for, in octets.
const SEARCHED: usize = 64 * 1024;

/// Dots per inch.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Density {
    pub(super) across: f64,
    pub(super) down: f64,
}

impl Density {
    fn believable(across: f64, down: f64) -> Option<Self> {
        let range = LEAST..=MOST;
        (range.contains(&across) && range.contains(&down)).then_some(Self { across, down })
    }

    /// The density of the picture after it was turned as it was taken.
    pub(super) const fn turned(self, orientation: Orientation) -> Self {
        match orientation {
            Orientation::Rotate90
            | Orientation::Rotate270
            | Orientation::Rotate90FlipH
            | Orientation::Rotate270FlipH => Self { across: self.down, down: self.across },
            Orientation::NoTransforms
            | Orientation::Rotate180
            | Orientation::FlipHorizontal
            | Orientation::FlipVertical => self,
        }
    }
}

/// The density that a PNG, JPEG or BMP file states.
pub(super) fn of(file: &[u8], format: ImageFormat) -> Option<Density> {
    let head = &file[..file.len().min(SEARCHED)];
    if format == ImageFormat::Png {
        of_png(head)
    } else if format == ImageFormat::Jpeg {
        of_jpeg(head)
    } else if format == ImageFormat::Bmp {
        of_bmp(head)
    } else {
        None
    }
}

/// The chunk pHYs: elements per metre across and down, and 1.
// PNG (third edition) §11.3.4.3
fn of_png(file: &[u8]) -> Option<Density> {
    let mut chunks = file.get(8..)?;
    loop {
        let (length, rest) = chunks.split_first_chunk::<4>()?;
        let (kind, rest) = rest.split_first_chunk::<4>()?;
        let length = u32::from_be_bytes(*length) as usize;
        if kind == b"IDAT" {
            return None;
        }
        if kind == b"pHYs" && length == 9 {
            let (across, rest) = rest.split_first_chunk::<4>()?;
            let (down, rest) = rest.split_first_chunk::<4>()?;
            let metre = *rest.first()? == 1;
            return if metre { per_metre(u32::from_be_bytes(*across), u32::from_be_bytes(*down)) } else { None };
        }
        chunks = rest.get(length.checked_add(4)?..)?;
    }
}

/// The segment APP0 of JFIF: 1 is dots per inch, 2 dots per centimetre.
// ITU-T T.871 §10.1
fn of_jpeg(file: &[u8]) -> Option<Density> {
    let mut segments = file.get(2..)?;
    loop {
        let (marker, rest) = segments.split_first_chunk::<2>()?;
        let (length, _) = rest.split_first_chunk::<2>()?;
        let length = usize::from(u16::from_be_bytes(*length));
        let [0xFF, code] = *marker else { return None };
        if code == 0xDA {
            return None;
        }
        let body = rest.get(2..length.max(2))?;
        if let (0xE0, Some([b'J', b'F', b'I', b'F', 0, _, _, unit, x0, x1, y0, y1, ..])) = (code, body.get(..12)) {
            let across = f64::from(u16::from_be_bytes([*x0, *x1]));
            let down = f64::from(u16::from_be_bytes([*y0, *y1]));
            return match unit {
                1 => Density::believable(across, down),
                2 => Density::believable(across * 2.54, down * 2.54),
                _ => None,
            };
        }
        segments = rest.get(length.max(2)..)?;
    }
}

/// The fields biXPelsPerMeter and biYPelsPerMeter, 38 octets into the file.
fn of_bmp(file: &[u8]) -> Option<Density> {
    let (across, rest) = file.get(38..)?.split_first_chunk::<4>()?;
    let (down, _) = rest.split_first_chunk::<4>()?;
    per_metre(u32::from_le_bytes(*across), u32::from_le_bytes(*down))
}

fn per_metre(across: u32, down: u32) -> Option<Density> {
    Density::believable(f64::from(across) * 0.0254, f64::from(down) * 0.0254)
}

#[cfg(test)]
mod tests {
    use super::{Density, of};
    use image::ImageFormat;

    fn png(across: u32, down: u32, unit: u8) -> Vec<u8> {
        let mut file = b"\x89PNG\r\n\x1a\n".to_vec();
        file.extend(13u32.to_be_bytes());
        file.extend(b"IHDR");
        file.extend([0; 17]);
        file.extend(9u32.to_be_bytes());
        file.extend(b"pHYs");
        file.extend(across.to_be_bytes());
        file.extend(down.to_be_bytes());
        file.push(unit);
        file
    }

    #[test]
    fn a_scanners_density_is_read_and_a_screens_is_not_believed() {
        let scan = of(&png(11811, 7717, 1), ImageFormat::Png).expect("300 by 196 dots per inch");
        assert!((scan.across - 300.0).abs() < 0.1 && (scan.down - 196.0).abs() < 0.1, "{scan:?}");
        assert_eq!(of(&png(2835, 2835, 1), ImageFormat::Png), None);
        assert_eq!(of(&png(11811, 11811, 0), ImageFormat::Png), None);
    }

    #[test]
    fn jfif_states_it_per_inch_or_per_centimetre() {
        let mut file = b"\xFF\xD8\xFF\xE0\x00\x10JFIF\x00\x01\x01\x01\x00\xC8\x00\xC8\x00\x00".to_vec();
        assert_eq!(of(&file, ImageFormat::Jpeg), Some(Density { across: 200.0, down: 200.0 }));
        file[13] = 2;
        file[14..18].copy_from_slice(&[0, 100, 0, 100]);
        assert_eq!(of(&file, ImageFormat::Jpeg), Some(Density { across: 254.0, down: 254.0 }));
    }

    #[test]
    fn a_file_cut_anywhere_has_no_density() {
        let whole = png(11811, 11811, 1);
        for end in 0..whole.len() - 1 {
            assert_eq!(of(&whole[..end], ImageFormat::Png), None);
        }
        assert_eq!(of(b"\xFF\xD8\xFF\xE0\x00\x00", ImageFormat::Jpeg), None);
    }
}
