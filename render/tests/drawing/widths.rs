//! Pages of every width: each on a sheet as wide as itself, and made smaller for machines that take none so wide.

use crate::harness::{FINE, black_in, draw, inked_columns, inked_rows, keep, request};
use crate::pdf::{A4, document, engines};

use faxramp::image::scale::{Shape, fit};
use faxramp::image::tiff::{FaxPage, Labels, write};
use faxramp::image::{Bitmap, Coding, encode};
use faxramp::model::{Compression, Resolution, Width};
use faxramp::pages::headline::{HeadlineText, headline, headline_rows};
use faxramp::pages::sheet::{Paper, Stock};
use faxramp::pages::worker::{Kind, Limits, Request};

use image::{DynamicImage, GrayImage, ImageFormat, Luma};
use std::io::Cursor;

const A3: &str = "/MediaBox [0 0 841.89 1190.551]";
/// A square of 100 points near the left upper corner of an A3 page, and small print.
const PLAN: &str = "0 g 100 1000 100 100 re f 0.3 w 60 640 m 780 640 l S 60 100 m 60 1100 l S 0.1 w 60 620 m 780 600 l S \
    BT /F1 10 Tf 60 930 Td (Plan 4711-B, scale 1:50. All dimensions in millimetres; check on site before manufacture.) Tj ET \
    BT /F3 6 Tf 60 910 Td (Six points: steel S235JR, galvanised, welds a = 4 mm all round, tolerances ISO 2768-m.) Tj ET \
    1 w 60 660 200 200 re S 0.85 g 300 660 200 200 re f 0.5 g 520 660 200 200 re f";

#[test]
fn each_page_is_drawn_as_wide_as_it_is_at_its_own_size() {
    let square = "0 g 100 300 100 100 re f";
    let file = document(&[
        (A4, square),
        ("/MediaBox [0 0 841.89 595.276]", square),
        (A3, square),
        ("/MediaBox [0 0 1190.551 841.89]", square),
        ("/MediaBox [0 0 1190.551 841.89] /Rotate 90", square),
        ("/MediaBox [0 0 708.661 1000.63]", square),
        // Print-shop sheets: what is to be seen is A4.
        ("/MediaBox [0 0 841.89 1190.551] /CropBox [50 200 645.276 1041.89]", square),
        ("/MediaBox [0 0 612 792]", square),
        ("/MediaBox [0 0 792 1224]", square),
    ]);
    for request in engines("widths", &file) {
        let drawn = draw(&request, &file).expect("nine pages");
        let widths: Vec<u32> = drawn.pages.iter().map(Bitmap::width).collect();
        assert_eq!(widths, [1728, 1728, 2432, 2432, 2432, 2048, 1728, 1728, 2432], "{}", drawn.engine);
        let rows: Vec<u32> = drawn.pages.iter().map(Bitmap::rows).collect();
        assert_eq!(rows[..7], [2292, 2292, 3241, 3241, 3241, 2724, 2292], "{}", drawn.engine);
        // 100 pt by 100 pt at 204 by 196 are 283 by 272. Letter and Tabloid are a little smaller, as A4 paper is asked for.
        for (number, page) in (1..).zip(&drawn.pages[..7]) {
            let (left, right) = inked_columns(page).expect("a square");
            let (top, bottom) = inked_rows(page).expect("a square");
            let (across, down) = (right + 1 - left, bottom + 1 - top);
            assert!(across.abs_diff(283) <= 2 && down.abs_diff(272) <= 2, "page {number}: {across} by {down}");
        }
    }
}

#[test]
fn an_a3_page_has_the_elements_of_the_recommendation_at_every_resolution() {
    let file = document(&[(A3, PLAN)]);
    for resolution in Resolution::ALL {
        let stock = Stock { resolution, ..FINE };
        for request in engines("a3", &file) {
            let drawn = draw(&Request { stock, ..request }, &file).expect("a page");
            let wide = &drawn.pages[0];
            assert_eq!(wide.width(), Width::A3.pels(resolution), "{resolution:?}");
            assert_eq!(wide.rows(), stock.sheet(Width::A3).rows(), "{resolution:?}");
            let words =
                HeadlineText { left: "2026-11-22".into(), right: "page 1 of 2".into(), ..HeadlineText::default() };
            let stamped = headline(wide, resolution, &words);
            assert_eq!(stamped.rows(), wide.rows());
            let strip = stamped.crop_rows(0, headline_rows(resolution));
            let (left, right) = inked_columns(&strip).expect("letters");
            let edge = wide.width() / 30;
            assert!(left < edge && right > wide.width() - edge, "{resolution:?}: {left} to {right}");
        }
    }
}

#[test]
fn no_page_is_wider_than_the_widest_that_is_asked_for() {
    let file = document(&[(A3, "0 g 0 0 841.89 1190.551 re f"), (A4, "")]);
    for (widest, expected) in [(Width::A4, [1728, 1728]), (Width::B4, [2048, 1728]), (Width::A3, [2432, 1728])] {
        for request in engines("widest", &file) {
            let drawn = draw(&Request { stock: Stock { widest, ..FINE }, ..request }, &file).expect("two pages");
            assert_eq!(drawn.pages.iter().map(Bitmap::width).collect::<Vec<_>>(), expected, "{widest:?}");
            // All of the page is there: it is black from its first row to its last.
            let rows = drawn.pages[0].rows();
            assert_eq!(inked_rows(&drawn.pages[0]), Some((0, rows - 1)), "{widest:?}");
        }
    }
}

/// Squares of odd sizes, so that any scaling shows.
fn fax(width: Width, rows: u32) -> Bitmap {
    let mut page = Bitmap::white(width.pels(Resolution::Fine), rows);
    for (x, y) in (0..rows).flat_map(|y| (0..page.width()).map(move |x| (x, y))).collect::<Vec<_>>() {
        if (x / 7 + y / 5) % 3 == 0 {
            page.set(x, y, true);
        }
    }
    page
}

#[test]
fn a_fax_of_any_width_comes_out_element_by_element_as_it_went_in() {
    let pages = [fax(Width::A3, 600), fax(Width::A4, 300), fax(Width::B4, 400)];
    let faxes = pages.clone().map(|bitmap| FaxPage { bitmap, resolution: Resolution::Fine });
    let file = write(&faxes, &Labels::default()).expect("a TIFF file");
    let drawn = draw(&request(Kind::Tiff, "wide-fax", &file), &file).expect("three pages");
    assert_eq!(drawn.pages, pages);
    let narrow = Request { stock: Stock { widest: Width::B4, ..FINE }, ..request(Kind::Tiff, "narrowed-fax", &file) };
    let drawn = draw(&narrow, &file).expect("three pages");
    assert_eq!(drawn.pages.iter().map(Bitmap::width).collect::<Vec<_>>(), [2048, 1728, 2048]);
    assert_eq!(drawn.pages[1..], pages[1..]);
}

#[test]
fn a_scan_of_an_a3_sheet_gets_an_a3_page() {
    let picture = GrayImage::from_fn(2339, 3307, |x, y| Luma([if x % 200 < 8 || y % 200 < 8 { 20 } else { 250 }]));
    let mut file = Cursor::new(Vec::new());
    DynamicImage::from(picture).write_to(&mut file, ImageFormat::Png).expect("a picture");
    let mut file = file.into_inner();
    // The chunk pHYs behind the header: 200 dots per inch are 7874 a metre.
    let mut density = b"pHYs\0\0\x1e\xc2\0\0\x1e\xc2\x01".to_vec();
    let checksum = crate::picture::crc(&density);
    density.extend(checksum.to_be_bytes());
    file.splice(33..33, [9_u32.to_be_bytes().to_vec(), density].concat());
    let drawn = draw(&request(Kind::Image, "a3-scan", &file), &file).expect("a page");
    assert_eq!((drawn.pages[0].width(), drawn.pages[0].rows()), (2432, 3241));
}

#[test]
fn the_finest_and_widest_page_stays_within_the_memory_and_time_of_a_document() {
    // Greys from edge to edge are the most work.
    let shades: String = (0..84).map(|step| format!("0.{step:02} g {} 0 10 1190 re f ", step * 10)).collect();
    let file = document(&[(A3, &shades)]);
    let stock = Stock { resolution: Resolution::Dots400, ..FINE };
    for request in engines("largest", &file) {
        let limits = Limits { processor_seconds: 60, memory_mebibytes: 1000, ..Limits::default() };
        let drawn = draw(&Request { stock, limits, ..request }, &file).expect("a page");
        assert_eq!((drawn.pages[0].width(), drawn.pages[0].rows()), (4864, 6614), "{}", drawn.engine);
    }
}

/// Made smaller as the call does it for a machine that takes A4 only.
fn on_a4(page: &Bitmap, resolution: Resolution, to: Resolution) -> Bitmap {
    fit(page, resolution, Shape { width: Width::A4.pels(to), resolution: to, maximum_rows: None })
}

#[test]
fn on_a_machine_that_takes_a4_only_the_lines_of_an_a3_page_stay_lines_and_its_greys_as_grey() {
    let file = document(&[(A3, PLAN)]);
    for request in engines("a3-plan", &file) {
        let drawn = draw(&request, &file).expect("a page");
        let small = on_a4(&drawn.pages[0], Resolution::Fine, Resolution::Fine);
        keep(&format!("a3-plan-on-a4-{}", drawn.engine), Resolution::Fine, &small);
        let coarse = on_a4(&drawn.pages[0], Resolution::Fine, Resolution::Standard);
        keep(&format!("a3-plan-on-a4-{}", drawn.engine), Resolution::Standard, &coarse);
        assert_eq!((small.width(), small.rows()), (1728, 2303));
        let at = |points: f64, dots: f64| {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "within the page")]
            let place = (points / 72.0 * dots * 1728.0 / 2432.0).round() as u32;
            place
        };
        // The upright hair line at 60 points from the left, the level one at 640 from below: whole, and thin.
        let margin = 23.0 * 1728.0 / 2432.0;
        let upright = at(60.0, 204.0) + margin as u32;
        let gaps = (400..1900).filter(|&y| !(upright - 3..upright + 4).any(|x| small.is_black(x, y))).count();
        assert_eq!(gaps, 0, "the upright line has gaps");
        let level = at(1190.551 - 640.0, 196.0);
        let gaps = (200..1500).filter(|&x| !(level - 3..level + 4).any(|y| small.is_black(x, y))).count();
        assert_eq!(gaps, 0, "the level line has gaps");
        let thick = (level - 3..level + 4).filter(|&y| black_in(&small, 700, y, 200, 1) > 500).count();
        assert!(thick <= 2, "{thick} rows");
        // The two grey squares, as light and dark as on the wide page.
        for (left, bottom) in [(310.0, 670.0), (530.0, 670.0)] {
            let (x, y) = (at(left, 204.0) + margin as u32, at(1190.551 - bottom - 180.0, 196.0));
            let here = black_in(&small, x, y, at(170.0, 204.0), at(170.0, 196.0));
            let wide = |points: f64, dots: f64| (points / 72.0 * dots) as u32;
            let (x, y) = (wide(left, 204.0) + 23, wide(1190.551 - bottom - 180.0, 196.0));
            let before = black_in(&drawn.pages[0], x, y, wide(170.0, 204.0), wide(170.0, 196.0));
            assert!(here.abs_diff(before) < 40, "{before} of a thousand became {here}");
        }
        // Greys in dots must not become costly noise.
        let octets = |page: &Bitmap| encode(page, &Coding::new(Compression::Mmr, Resolution::Fine)).len();
        let (before, after) = (octets(&drawn.pages[0]), octets(&small));
        assert!(after < before * 3, "{before} octets became {after}");
    }
}

#[test]
fn a_roll_keeps_its_scale_and_a_machine_that_takes_the_length_of_a4_gets_all_of_it_smaller() {
    // 210 mm by 800 mm; letters along it, and a square of 100 points at its end.
    let lines: String =
        (0..70).map(|line| format!("1 0 0 1 60 {} Tm (Line {line} of the roll) Tj ", 2230 - 30 * line)).collect();
    let content = format!("0 g 100 10 100 100 re f BT /F1 12 Tf {lines} ET");
    let file = document(&[("/MediaBox [0 0 595.276 2267.717]", &content)]);
    for request in engines("roll", &file) {
        let drawn = draw(&request, &file).expect("a page");
        let roll = &drawn.pages[0];
        assert_eq!((roll.width(), roll.rows()), (1728, 6173), "{}", drawn.engine);
        let square = roll.crop_rows(5860, 313);
        let (left, right) = inked_columns(&square).expect("a square");
        let (top, bottom) = inked_rows(&square).expect("a square");
        assert!((right + 1 - left).abs_diff(283) <= 2 && (bottom + 1 - top).abs_diff(272) <= 2, "at its own size");
        let shape = Shape { width: 1728, resolution: Resolution::Fine, maximum_rows: Some(2288) };
        let short = fit(roll, Resolution::Fine, shape);
        keep(&format!("roll-on-a4-{}", drawn.engine), Resolution::Fine, &short);
        assert_eq!((short.width(), short.rows()), (1728, 2288));
        assert!(black_in(&short, 670, 2200, 60, 60) == 1000, "the square at its end is there");
        let never = Request { stock: Stock { long_pages: false, ..FINE }, ..request };
        assert_eq!(draw(&never, &file).expect("a page").pages[0].rows(), 2292);
    }
}

#[test]
fn the_longest_and_finest_roll_stays_within_the_memory_and_time_of_a_document() {
    let shades: String = (0..84).map(|step| format!("0.{step:02} g {} 0 10 2800 re f ", step * 7)).collect();
    let file = document(&[("/MediaBox [0 0 595.276 2834.646]", &shades)]);
    let stock = Stock { resolution: Resolution::Ultrafine, ..FINE };
    for request in engines("largest-roll", &file) {
        let limits = Limits { processor_seconds: 60, memory_mebibytes: 1000, ..Limits::default() };
        let drawn = draw(&Request { stock, limits, ..request }, &file).expect("a page");
        assert_eq!((drawn.pages[0].width(), drawn.pages[0].rows()), (3456, 9330), "{}", drawn.engine);
    }
}

#[test]
fn a_text_stays_on_the_common_sheet() {
    let text = b"Letters are for A4.\n";
    for paper in [Paper::A4, Paper::Letter] {
        let drawn = draw(&Request { stock: Stock { paper, ..FINE }, ..request(Kind::Text, "text", text) }, text);
        assert_eq!(drawn.expect("a page").pages[0].width(), 1728);
    }
}
