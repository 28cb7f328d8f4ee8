//! PDFs, made here octet by octet, drawn by hayro and, where its library is, by pdfium.

use crate::harness::{FINE, STANDARD, black_in, draw, failure, inked_columns, inked_rows, pdfium, request};

use faxramp::pages::worker::{ErrorKind, Kind, PdfEngine, Request};

/// A PDF file of these objects, numbered from 1; the first is the catalogue.
fn pdf(objects: &[String], trailer: &str) -> Vec<u8> {
    let mut file = b"%PDF-1.4\n".to_vec();
    let mut offsets = Vec::new();
    for (number, object) in (1..).zip(objects) {
        offsets.push(file.len());
        file.extend(format!("{number} 0 obj\n{object}\nendobj\n").bytes());
    }
    let table = file.len();
    file.extend(format!("xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1).bytes());
    for offset in offsets {
        file.extend(format!("{offset:010} 00000 n \n").bytes());
    }
    let size = objects.len() + 1;
    file.extend(format!("trailer\n<< /Size {size} /Root 1 0 R {trailer} >>\nstartxref\n{table}\n%%EOF\n").bytes());
    file
}

fn stream(content: &str) -> String {
    format!("<< /Length {} >>\nstream\n{content}\nendstream", content.len())
}

/// A document whose pages have these attributes and contents. Fonts: F1 Helvetica, F2 Times, F3 Courier.
pub(crate) fn document(pages: &[(&str, &str)]) -> Vec<u8> {
    let kids: Vec<String> = (0..pages.len()).map(|page| format!("{} 0 R", 6 + 2 * page)).collect();
    let mut objects = vec![
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        format!("<< /Type /Pages /Count {} /Kids [{}] >>", pages.len(), kids.join(" ")),
    ];
    for font in ["Helvetica", "Times-Roman", "Courier"] {
        objects.push(format!("<< /Type /Font /Subtype /Type1 /BaseFont /{font} >>"));
    }
    for (number, (attributes, content)) in pages.iter().enumerate() {
        objects.push(format!(
            "<< /Type /Page /Parent 2 0 R {attributes} /Contents {} 0 R \
             /Resources << /Font << /F1 3 0 R /F2 4 0 R /F3 5 0 R >> >> >>",
            7 + 2 * number
        ));
        objects.push(stream(content));
    }
    pdf(&objects, "")
}

pub(crate) const A4: &str = "/MediaBox [0 0 595.276 841.89]";
const LETTER_TEXT: &str = "BT /F1 24 Tf 60 770 Td (Angebot 4711) Tj ET \
    BT /F2 11 Tf 60 730 Td 14 TL (The quick brown fox jumps over the lazy dog, 0123456789.) Tj T* \
    (Sphinx of black quartz, judge my vow. Pack my box with five dozen liquor jugs.) Tj T* \
    (EUR 1,234.56 - fine print follows in six points.) Tj ET \
    BT /F3 6 Tf 60 670 Td (Delivery within 14 days. Payment within 30 days net. VAT DE123456789.) Tj ET \
    0.5 w 60 640 m 535 640 l S 60 500 200 100 re S 0.8 g 300 500 200 100 re f 0 g 60 440 20 20 re f";

/// The engines there are, each with its request.
pub(crate) fn engines(name: &str, file: &[u8]) -> Vec<Request> {
    let hayro = Request { pdf_engine: PdfEngine::Hayro, ..request(Kind::Pdf, name, file) };
    let with_library = pdfium().map(|library| Request {
        pdf_engine: PdfEngine::Pdfium,
        pdf_library: Some(library),
        ..request(Kind::Pdf, name, file)
    });
    [Some(hayro), with_library].into_iter().flatten().collect()
}

#[test]
fn three_pages_come_out_in_order_at_their_size() {
    let second = "0 g 100 700 100 100 re f";
    let file = document(&[(A4, LETTER_TEXT), (A4, second), (A4, "")]);
    for request in engines("three", &file) {
        let drawn = draw(&request, &file).expect("three pages");
        assert_eq!((drawn.announced, drawn.pages.len()), (Some(3), 3), "{}", drawn.engine);
        assert!(drawn.warnings.is_empty(), "{:?}", drawn.warnings);
        for page in &drawn.pages {
            assert_eq!((page.width(), page.rows()), (1728, 2292));
        }
        // 100 pt by 100 pt at 204 by 196: 283 by 272, 20 elements further right than on the paper.
        let (left, right) = inked_columns(&drawn.pages[1]).expect("a square");
        let (top, bottom) = inked_rows(&drawn.pages[1]).expect("a square");
        assert!(left.abs_diff(20 + 283) <= 1 && (right + 1 - left).abs_diff(283) <= 2, "{left} {right}");
        assert!(top.abs_diff(114) <= 1 && (bottom + 1 - top).abs_diff(272) <= 2, "{top} {bottom}");
        assert_eq!(inked_rows(&drawn.pages[2]), None);
        assert!(black_in(&drawn.pages[0], 180, 150, 500, 60) > 80, "the heading is black");
    }
}

#[test]
fn standard_resolution_has_half_the_lines() {
    let file = document(&[(A4, LETTER_TEXT)]);
    for request in engines("standard", &file) {
        let drawn = draw(&Request { stock: STANDARD, ..request }, &file).expect("a page");
        assert_eq!((drawn.pages[0].width(), drawn.pages[0].rows()), (1728, 1146));
        assert!(black_in(&drawn.pages[0], 180, 75, 500, 30) > 80);
    }
}

#[test]
fn a_landscape_page_is_turned_with_its_top_to_the_left() {
    // A bar along the top edge of the landscape page.
    let file = document(&[("/MediaBox [0 0 841.89 595.276]", "0 g 0 545 841 50 re f")]);
    for request in engines("landscape", &file) {
        let drawn = draw(&request, &file).expect("a page");
        let page = &drawn.pages[0];
        assert_eq!(page.rows(), 2292, "{}", drawn.engine);
        assert!(black_in(page, 30, 100, 100, 2000) > 990, "the bar is at the left");
        assert_eq!(black_in(page, 200, 100, 1400, 2000), 0);
    }
}

#[test]
fn a_rotated_page_is_drawn_as_a_viewer_shows_it() {
    // Landscape by its box, portrait by its rotation; the bar at its left edge is shown at the top.
    let file = document(&[("/MediaBox [0 0 841.89 595.276] /Rotate 90", "0 g 0 0 50 595 re f")]);
    for request in engines("rotated", &file) {
        let drawn = draw(&request, &file).expect("a page");
        let page = &drawn.pages[0];
        assert_eq!(page.rows(), 2292, "{}", drawn.engine);
        assert!(black_in(page, 100, 10, 1500, 100) > 990);
        assert_eq!(black_in(page, 100, 200, 1500, 2000), 0);
    }
}

#[test]
fn notes_and_form_fields_are_drawn() {
    let appearance = |grey: &str| {
        let content = format!("{grey} 0 0 100 50 re f");
        format!(
            "<< /Type /XObject /Subtype /Form /BBox [0 0 100 50] /Length {} >>\nstream\n{content}\nendstream",
            content.len()
        )
    };
    let objects = [
        "<< /Type /Catalog /Pages 2 0 R /AcroForm << /Fields [5 0 R] >> >>".to_owned(),
        "<< /Type /Pages /Count 1 /Kids [3 0 R] >>".into(),
        format!("<< /Type /Page /Parent 2 0 R {A4} /Annots [4 0 R 5 0 R] /Resources << >> >>"),
        "<< /Type /Annot /Subtype /Stamp /Rect [100 700 200 750] /F 4 /AP << /N 6 0 R >> >>".into(),
        "<< /Type /Annot /Subtype /Widget /FT /Tx /T (name) /V (x) /Rect [100 500 200 550] /F 4 /AP << /N 7 0 R >> >>"
            .into(),
        appearance("0 g"),
        appearance("0 g"),
    ];
    let file = pdf(&objects, "");
    for request in engines("form", &file) {
        let drawn = draw(&request, &file).expect("a page");
        let page = &drawn.pages[0];
        assert!(black_in(page, 310, 255, 260, 125) > 950, "{}: the note", drawn.engine);
        assert!(black_in(page, 310, 800, 260, 125) > 950, "{}: the field", drawn.engine);
    }
}

#[test]
fn ten_thousand_pages_are_refused_before_one_is_drawn_and_the_limit_is_named() {
    let kids: String = (3..10_003).map(|page| format!("{page} 0 R ")).collect();
    let mut objects =
        vec!["<< /Type /Catalog /Pages 2 0 R >>".to_owned(), format!("<< /Type /Pages /Count 10000 /Kids [{kids}] >>")];
    objects.resize(10_002, format!("<< /Type /Page /Parent 2 0 R {A4} >>"));
    let file = pdf(&objects, "");
    for request in engines("many", &file) {
        let (kind, message) = failure(draw(&request, &file));
        assert_eq!(kind, ErrorKind::TooManyPages);
        assert_eq!(message, "it has 10000 pages, and at most 20 are allowed");
    }
}

#[test]
fn an_encrypted_file_says_that_it_wants_a_password() {
    // The standard handler, revision 3, with keys that no empty password fits.
    let key = "28BF4E5E4E758A4164004E56FFFA01082E2E00B6D0683E802F0CA9FE6453697A";
    let objects = [
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        "<< /Type /Pages /Count 1 /Kids [3 0 R] >>".into(),
        format!("<< /Type /Page /Parent 2 0 R {A4} >>"),
        format!("<< /Filter /Standard /V 2 /R 3 /Length 128 /P -1340 /O <{key}> /U <{key}> >>"),
    ];
    let id = "0123456789ABCDEF0123456789ABCDEF";
    let file = pdf(&objects, &format!("/Encrypt 4 0 R /ID [<{id}> <{id}>]"));
    for request in engines("encrypted", &file) {
        let (kind, message) = failure(draw(&request, &file));
        assert_eq!(kind, ErrorKind::Encrypted, "{message}");
        assert!(message.contains("password"), "{message}");
    }
}

#[test]
fn what_is_no_pdf_or_cut_off_is_malformed() {
    let whole = document(&[(A4, LETTER_TEXT)]);
    for file in [&b"%PDF-1.4\n"[..], b"this is no PDF", &whole[..60], b""] {
        for request in engines("cut", file) {
            let (kind, message) = failure(draw(&request, file));
            assert_eq!(kind, ErrorKind::Malformed, "{message}");
        }
    }
}

#[test]
fn a_page_beyond_all_measure_is_too_large_and_names_the_measure() {
    let file = document(&[("/MediaBox [0 0 200000 300000]", "")]);
    for request in engines("giant", &file) {
        let (kind, message) = failure(draw(&request, &file));
        assert_eq!(kind, ErrorKind::TooLarge, "{message}");
        assert_eq!(message, "page 1 is 70556 mm by 105833 mm; a PDF page is 5080 mm at most");
    }
}

#[test]
fn a_large_plan_is_made_to_fit_and_a_small_card_keeps_its_size() {
    let file = document(&[
        ("/MediaBox [0 0 2383.94 3370.39]", "0 g 0 0 2383.94 3370.39 re f"),
        ("/MediaBox [0 0 297.64 419.53]", "0 g 0 0 297.64 419.53 re f"),
    ]);
    for request in engines("sizes", &file) {
        let drawn = draw(&request, &file).expect("two pages");
        assert_eq!(inked_columns(&drawn.pages[0]), Some((23, 2408)), "{}", drawn.engine);
        assert_eq!(inked_rows(&drawn.pages[0]), Some((0, 3240)));
        assert_eq!(inked_columns(&drawn.pages[1]), Some((442, 1284)));
        assert_eq!(drawn.pages[1].rows(), 1142);
    }
}

#[test]
fn a_page_of_no_size_gives_an_error_or_a_blank_sheet_but_never_hangs() {
    let file = document(&[("/MediaBox [0 0 0 0]", LETTER_TEXT)]);
    for request in engines("nothing", &file) {
        match draw(&request, &file) {
            Ok(drawn) => assert_eq!(drawn.pages.len(), 1, "{}", drawn.engine),
            Err(error) => assert!(error.to_string().contains("no size"), "{error}"),
        }
    }
}

#[test]
fn a_library_that_is_not_there_is_said_and_not_passed_over() {
    let file = document(&[(A4, "")]);
    let request = Request { pdf_library: Some("/nowhere/libpdfium.so".into()), ..request(Kind::Pdf, "nowhere", &file) };
    let (kind, message) = failure(draw(&request, &file));
    assert_eq!(kind, ErrorKind::Internal);
    assert!(message.contains("/nowhere/libpdfium.so"), "{message}");
}

#[test]
fn without_a_wish_one_of_the_engines_draws() {
    let file = document(&[(A4, LETTER_TEXT)]);
    let drawn = draw(&Request { stock: FINE, ..request(Kind::Pdf, "auto", &file) }, &file).expect("a page");
    assert_eq!(drawn.engine, if pdfium().is_some() { "pdfium" } else { "hayro" });
}
