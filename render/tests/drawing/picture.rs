//! Pictures, made here.

use crate::harness::{Drawn, black_in, draw, failure, inked_columns, inked_rows, request};

use faxramp::pages::worker::{ErrorKind, Failure, Kind, Request};

use image::{DynamicImage, GrayImage, ImageFormat, Luma, LumaA, Rgb, RgbImage};
use std::io::Cursor;

fn file(picture: impl Into<DynamicImage>, format: ImageFormat) -> Vec<u8> {
    let mut file = Cursor::new(Vec::new());
    picture.into().write_to(&mut file, format).expect("a picture");
    file.into_inner()
}

fn draw_picture(name: &str, file: &[u8]) -> Result<Drawn, Failure> {
    draw(&request(Kind::Image, name, file), file)
}

/// A landscape: a bright sky, dark hills, a sun.
fn photograph(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| {
        let (fx, fy) = (f64::from(x) / f64::from(width), f64::from(y) / f64::from(height));
        let hill = 0.6 + 0.12 * (fx * 9.0).sin() + 0.05 * (fx * 31.0).sin();
        let sun = ((fx - 0.75).powi(2) + (fy - 0.25).powi(2)).sqrt() < 0.1;
        let shade = if sun {
            0.98
        } else if fy > hill {
            0.45 * (1.3 - fy)
        } else {
            0.55 + 0.4 * (1.0 - fy)
        };
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of 255")]
        let level = (shade.clamp(0.0, 1.0) * 255.0) as u8;
        Rgb([level, level, level.saturating_add(20)])
    })
}

#[test]
fn every_format_gives_one_page() {
    let picture = photograph(64, 48);
    for format in [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::Gif, ImageFormat::Bmp, ImageFormat::WebP] {
        let file = file(picture.clone(), format);
        let drawn = draw_picture(&format!("{format:?}"), &file).expect("a page");
        assert_eq!((drawn.announced, drawn.pages.len(), drawn.pages[0].width()), (Some(1), 1, 1728), "{format:?}");
        assert!(inked_rows(&drawn.pages[0]).is_some());
    }
}

#[test]
fn a_photograph_keeps_its_lights_and_shadows() {
    let file = file(photograph(900, 1200), ImageFormat::Jpeg);
    let drawn = draw_picture("photo", &file).expect("a page");
    let page = &drawn.pages[0];
    let sky = black_in(page, 200, 200, 400, 300);
    let hills = black_in(page, 200, 1900, 1300, 150);
    assert!(sky < 300, "{sky}");
    assert!(hills > 650, "{hills}");
}

#[test]
fn transparent_parts_are_white_paper() {
    let picture = image::GrayAlphaImage::from_fn(400, 400, |x, _| LumaA([0, if x < 200 { 0 } else { 255 }]));
    let drawn = draw_picture("alpha", &file(picture, ImageFormat::Png)).expect("a page");
    let page = &drawn.pages[0];
    let (left, right) = inked_columns(page).expect("the right half");
    assert!(left.abs_diff(864) <= 2, "{left}");
    assert!(right > 1500, "{right}");
}

#[test]
fn the_cameras_orientation_is_obeyed() {
    // Black in the left half; turned a quarter to the right (6) it is the upper half.
    let picture = GrayImage::from_fn(80, 112, |x, _| Luma([if x < 40 { 0 } else { 255 }]));
    let plain = file(picture, ImageFormat::Jpeg);
    let exif = b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0";
    let mut turned = plain[..2].to_vec();
    turned.extend([0xFF, 0xE1, 0, u8::try_from(exif.len() + 2).expect("short")]);
    turned.extend(exif);
    turned.extend(&plain[2..]);
    // 80 and 112 elements at 96 to the inch, twice as large: 340 and 476 across, 327 and 457 down, 77 from the top.
    let upright = draw_picture("exif-none", &plain).expect("a page");
    let (left, right) = inked_columns(&upright.pages[0]).expect("black");
    assert_eq!((left, upright.pages[0].rows()), ((1728 - 340) / 2, 457 + 2 * 77));
    assert!((right + 1 - left).abs_diff(170) <= 4, "{left} to {right}");
    let turned = draw_picture("exif", &turned).expect("a page");
    let (top, bottom) = inked_rows(&turned.pages[0]).expect("black");
    assert_eq!((top, turned.pages[0].rows()), (77, 327 + 2 * 77));
    assert!((bottom + 1 - top).abs_diff(163) <= 4, "{top} to {bottom}");
    let (left, right) = inked_columns(&turned.pages[0]).expect("black");
    assert_eq!(right + 1 - left, 476);
}

#[test]
fn a_bomb_is_refused_by_its_dimensions() {
    // A PNG header that promises 60000 by 60000.
    let mut bomb = file(GrayImage::new(1, 1), ImageFormat::Png);
    bomb[16..24].copy_from_slice(&[0, 0, 0xEA, 0x60, 0, 0, 0xEA, 0x60]);
    let checksum = crc(&bomb[12..29]);
    bomb[29..33].copy_from_slice(&checksum.to_be_bytes());
    let (kind, message) = failure(draw_picture("bomb", &bomb));
    assert_eq!(kind, ErrorKind::TooLarge, "{message}");
}

pub(crate) fn crc(octets: &[u8]) -> u32 {
    !octets.iter().fold(u32::MAX, |sum, &octet| {
        (0..8).fold(sum ^ u32::from(octet), |sum, _| if sum & 1 == 1 { sum >> 1 ^ 0xEDB8_8320 } else { sum >> 1 })
    })
}

#[test]
fn the_limit_on_picture_elements_is_named() {
    let picture = file(GrayImage::new(1500, 1500), ImageFormat::Png);
    let mut request = request(Kind::Image, "large", &picture);
    request.limits.source_megapixels = 2;
    let (kind, message) = failure(draw(&request, &picture));
    assert_eq!(kind, ErrorKind::TooLarge);
    assert_eq!(message, "the picture is 1500 by 1500; at most 2 million picture elements are allowed");
}

#[test]
fn damaged_and_foreign_files_are_told_apart() {
    let whole = file(photograph(300, 200), ImageFormat::Png);
    let (kind, _) = failure(draw_picture("cut", &whole[..whole.len() / 2]));
    assert_eq!(kind, ErrorKind::Malformed);
    let (kind, message) = failure(draw_picture("foreign", b"\x00\x01no picture at all"));
    assert_eq!(kind, ErrorKind::Unsupported, "{message}");
    let (kind, _) = failure(draw_picture("empty", b""));
    assert_eq!(kind, ErrorKind::Malformed);
}

#[test]
fn a_small_logo_is_not_blown_up_to_a_page() {
    let logo = file(GrayImage::new(100, 50), ImageFormat::Png);
    let drawn = draw_picture("logo", &logo).expect("a page");
    let (left, right) = inked_columns(&drawn.pages[0]).expect("black");
    assert_eq!(right + 1 - left, 425);
    assert!(drawn.pages[0].rows() < 400);
}

#[test]
fn greys_survive_at_standard_resolution() {
    let file = file(photograph(1200, 900), ImageFormat::Png);
    let request = Request { stock: crate::harness::STANDARD, ..request(Kind::Image, "photo-standard", &file) };
    let drawn = draw(&request, &file).expect("a page");
    assert!(inked_rows(&drawn.pages[0]).is_some());
}
