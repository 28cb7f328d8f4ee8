//! Texts.

use crate::harness::{STANDARD, draw, failure, inked_columns, inked_rows, request};

use faxramp::pages::worker::{ErrorKind, HeadingField, Kind, Request, TextOptions, Typeface};

const LETTER: &str = "Sehr geehrte Damen und Herren,\n\nhiermit bestellen wir 12 Stück des Artikels 4711-B zum Preis von \
    je 12,50 € (netto). Bitte bestätigen Sie den Auftrag bis zum 30.11.2026 per Fax an die unten genannte Nummer, damit \
    wir die Lieferung noch in diesem Jahr einplanen können.\n\n\tPos.\tMenge\tArtikel\n\t1\t12\t4711-B Winkel, verzinkt\n\
    \t2\t200\tSchrauben M6×20\n\nΕλλάδα, Москва, Łódź, İstanbul, Århus, naïve façade, “quotes” – and dashes.\n\
    https://example.com/a/very/long/address/that/does/not/fit/on/one/line/because/it/goes/on/and/on/and/on/forever.html\n\
    שלום עולם\n\nMit freundlichen Grüßen\nErika Mustermann\n";

fn heading() -> Vec<HeadingField> {
    [
        ("From", "Erika Mustermann <erika@example.com>"),
        ("To", "+39 06 1234567"),
        ("Date", "Sunday, 22 November 2026, 19:15 +0100"),
        (
            "Subject",
            "Bestellung 4711: a subject that is so long that it has to be wrapped onto a second line of the heading",
        ),
    ]
    .map(|(label, value)| HeadingField { label: label.into(), value: value.into() })
    .to_vec()
}

fn letter(typeface: Typeface, name: &str) -> Request {
    let text = TextOptions { typeface, heading: heading() };
    Request { text, ..request(Kind::Text, name, LETTER.as_bytes()) }
}

#[test]
fn a_letter_stands_within_the_margins_at_every_resolution() {
    for (typeface, name) in [(Typeface::Proportional, "letter"), (Typeface::Monospace, "listing")] {
        for (stock, rows) in [(crate::harness::FINE, 2292), (STANDARD, 1146)] {
            let drawn = draw(&Request { stock, ..letter(typeface, name) }, LETTER.as_bytes()).expect("a page");
            assert_eq!(drawn.pages.len(), 1);
            let page = &drawn.pages[0];
            assert_eq!((page.width(), page.rows()), (1728, rows));
            let (left, right) = inked_columns(page).expect("text");
            // 20 mm of A4, and the 20 elements beside it.
            assert!(left >= 178 && right <= 1728 - 178, "{left} to {right}");
            let (top, bottom) = inked_rows(page).expect("text");
            let lines = stock.resolution.lines_per_inch();
            assert!(top >= 180 * lines / 254 && bottom < rows / 2 + rows / 4, "{top} to {bottom}");
            assert!(drawn.warnings.is_empty(), "{:?}", drawn.warnings);
        }
    }
}

#[test]
fn a_form_feed_begins_a_page_and_long_texts_run_over() {
    let drawn = draw(&request(Kind::Text, "feed", b"one\x0Ctwo\n"), b"one\x0Ctwo\n").expect("two pages");
    assert_eq!(drawn.pages.len(), 2);
    let long = "line\n".repeat(120);
    let drawn = draw(&request(Kind::Text, "long", long.as_bytes()), long.as_bytes()).expect("pages");
    assert_eq!(drawn.pages.len(), 3);
    let (_, bottom) = inked_rows(&drawn.pages[0]).expect("text");
    assert!(bottom <= 2292 - 150 * 196 / 254, "{bottom}");
}

#[test]
fn a_text_without_end_stops_at_the_limit_that_it_names() {
    let long = "word\n".repeat(200_000);
    let mut request = request(Kind::Text, "endless", long.as_bytes());
    request.limits.pages = 2;
    let (kind, message) = failure(draw(&request, long.as_bytes()));
    assert_eq!(kind, ErrorKind::TooManyPages);
    assert_eq!(message, "it has more than the 2 pages allowed");
}

#[test]
fn an_empty_text_has_no_page_and_an_empty_text_with_a_heading_has_one() {
    let drawn = draw(&request(Kind::Text, "empty", b""), b"").expect("nothing");
    assert_eq!(drawn.pages.len(), 0);
    let text = TextOptions { typeface: Typeface::Proportional, heading: heading() };
    let drawn = draw(&Request { text, ..request(Kind::Text, "heading", b"\n") }, b"\n").expect("a heading");
    assert_eq!(drawn.pages.len(), 1);
}

#[test]
fn letters_without_a_font_are_told() {
    let text = "\u{10ffff} is no letter";
    let drawn = draw(&request(Kind::Text, "unknown", text.as_bytes()), text.as_bytes()).expect("a page");
    assert_eq!(drawn.warnings.len(), 1);
    assert!(drawn.warnings[0].contains("U+10FFFF"), "{:?}", drawn.warnings);
}
