//! TIFF files.

use crate::harness::{FINE, STANDARD, black_in, draw, failure, inked_columns, request};

use faxramp::image::Bitmap;
use faxramp::image::tiff::{FaxPage, Labels, write};
use faxramp::model::{Resolution, Width};
use faxramp::pages::sheet::Stock;
use faxramp::pages::worker::{ErrorKind, Kind, Request};

/// Squares of odd sizes, so that any scaling shows.
fn page(rows: u32) -> Bitmap {
    let mut page = Bitmap::white(1728, rows);
    for (x, y) in (0..rows).flat_map(|y| (0..1728).map(move |x| (x, y))) {
        if (x / 7 + y / 5) % 3 == 0 && (100..1600).contains(&x) {
            page.set(x, y, true);
        }
    }
    page
}

fn file(pages: &[(u32, Resolution)]) -> Vec<u8> {
    let pages: Vec<_> = pages.iter().map(|&(rows, resolution)| FaxPage { bitmap: page(rows), resolution }).collect();
    write(&pages, &Labels::default()).expect("a TIFF file")
}

#[test]
fn a_fax_comes_out_element_by_element_as_it_went_in() {
    let file = file(&[(300, Resolution::Fine), (2400, Resolution::Fine)]);
    let drawn = draw(&request(Kind::Tiff, "fax", &file), &file).expect("two pages");
    assert_eq!(drawn.pages, [page(300), page(2400)]);
}

#[test]
fn each_page_of_a_fax_keeps_its_own_resolution_element_by_element() {
    let file = file(&[(200, Resolution::Standard), (400, Resolution::Fine), (201, Resolution::Standard)]);
    let drawn = draw(&request(Kind::Tiff, "mixed-fax", &file), &file).expect("three pages");
    assert_eq!(drawn.resolutions, [Resolution::Standard, Resolution::Fine, Resolution::Standard]);
    assert_eq!(drawn.pages, [page(200), page(400), page(201)]);
}

#[test]
fn every_width_and_resolution_of_a_fax_comes_out_as_it_went_in_when_the_finest_is_asked_for() {
    let shapes = Width::ALL.into_iter().flat_map(|width| Resolution::ALL.map(|resolution| (width, resolution)));
    let pages: Vec<FaxPage> = shapes
        .map(|(width, resolution)| {
            let mut bitmap = Bitmap::white(width.pels(resolution), 90);
            for at in 0..90 {
                bitmap.set(at * 19, at, true);
            }
            bitmap.set(bitmap.width() - 1, 89, true);
            FaxPage { bitmap, resolution }
        })
        .collect();
    let file = write(&pages, &Labels::default()).expect("a TIFF file");
    let finest = Stock { resolution: Resolution::Dots400, ..FINE };
    let drawn = draw(&Request { stock: finest, ..request(Kind::Tiff, "every-fax", &file) }, &file).expect("18 pages");
    assert_eq!(drawn.resolutions, pages.iter().map(|page| page.resolution).collect::<Vec<_>>());
    assert!(drawn.pages.iter().eq(pages.iter().map(|page| &page.bitmap)));
}

#[test]
fn a_page_finer_than_what_was_asked_for_is_made_coarser_and_the_others_stay() {
    let file = file(&[(400, Resolution::Fine), (200, Resolution::Standard), (800, Resolution::Superfine)]);
    let standard = Request { stock: STANDARD, ..request(Kind::Tiff, "fine-fax", &file) };
    let drawn = draw(&standard, &file).expect("three pages");
    assert_eq!(drawn.resolutions, [Resolution::Standard; 3]);
    assert_eq!(drawn.pages.iter().map(Bitmap::rows).collect::<Vec<_>>(), [200; 3]);
    assert_eq!(drawn.pages[1], page(200));
}

#[test]
fn a_file_that_says_inches_is_the_fax_beside_it_and_one_that_fits_none_is_a_picture() {
    let drawn = |rows, across, down| {
        let file = plain(1728, rows, (across, down));
        let drawn = draw(&request(Kind::Tiff, "inch-fax", &file), &file).expect("a page");
        (drawn.resolutions[0], drawn.pages[0].rows())
    };
    assert_eq!(drawn(600, 200, 100), (Resolution::Standard, 600));
    assert_eq!(drawn(600, 200, 200), (Resolution::Fine, 600));
    assert_eq!(drawn(600, 204, 96), (Resolution::Standard, 600));
    // 3000 lines at 300 to the inch are ten inches, 1960 lines at 196; the picture is 215 mm wide and gets 210.
    assert_eq!(drawn(3000, 204, 300), (Resolution::Fine, 1913));
}

/// An uncompressed bilevel TIFF by hand: black, `width` by `rows`, so many dots per inch across and down.
fn plain(width: u32, rows: u32, (across, down): (u32, u32)) -> Vec<u8> {
    let picture = vec![0xFFu8; (width.div_ceil(8) * rows) as usize];
    let density_at = 8u32;
    let picture_at = 24u32;
    let directory_at = picture_at + u32::try_from(picture.len()).expect("short");
    let mut file = b"II*\0".to_vec();
    file.extend(directory_at.to_le_bytes());
    for dots in [across, down] {
        file.extend(dots.to_le_bytes());
        file.extend(1u32.to_le_bytes());
    }
    file.extend(&picture);
    let entries: [(u16, u16, u32); 11] = [
        (256, 4, width),
        (257, 4, rows),
        (258, 3, 1),
        (259, 3, 1),
        (262, 3, 0),
        (273, 4, picture_at),
        (277, 3, 1),
        (278, 4, rows),
        (279, 4, u32::try_from(picture.len()).expect("short")),
        (282, 5, density_at),
        (283, 5, density_at + 8),
    ];
    file.extend(11u16.to_le_bytes());
    for (tag, kind, value) in entries {
        file.extend(tag.to_le_bytes());
        file.extend(kind.to_le_bytes());
        file.extend(1u32.to_le_bytes());
        file.extend(value.to_le_bytes());
    }
    file.extend(0u32.to_le_bytes());
    file
}

#[test]
fn a_scan_at_300_dots_per_inch_becomes_a_page_of_its_size() {
    let file = plain(2480, 3508, (300, 300));
    let drawn = draw(&request(Kind::Tiff, "scan", &file), &file).expect("a page");
    assert_eq!(drawn.pages[0].rows(), 2292);
    assert_eq!(inked_columns(&drawn.pages[0]), Some((20, 1706)));
    assert!(black_in(&drawn.pages[0], 30, 10, 1600, 2270) > 990);
}

#[test]
fn pages_beyond_the_limit_end_the_document_with_its_name() {
    let file = file(&[(20, Resolution::Fine); 4]);
    let mut request = Request { stock: FINE, ..request(Kind::Tiff, "many-fax", &file) };
    request.limits.pages = 3;
    let (kind, message) = failure(draw(&request, &file));
    assert_eq!((kind, message.as_str()), (ErrorKind::TooManyPages, "it has more than the 3 pages allowed"));
}

#[test]
fn what_is_no_tiff_is_malformed() {
    let whole = file(&[(300, Resolution::Fine)]);
    for file in [&whole[..6], b"II*\0\xFF\xFF\xFF\xFF", b"no picture"] {
        let (kind, message) = failure(draw(&request(Kind::Tiff, "cut-fax", file), file));
        assert_eq!(kind, ErrorKind::Malformed, "{message}");
    }
}
