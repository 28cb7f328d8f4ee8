//! The headline on pages that the renderer drew.

use crate::harness::{FINE, STANDARD, draw, keep, request};

use faxramp::pages::headline::{HeadlineText, headline, headline_rows};
use faxramp::pages::sheet::Stock;
use faxramp::pages::worker::{Kind, Request};

#[test]
fn a_text_page_has_room_for_it_and_a_full_page_grows() {
    let text = b"A page of text leaves room for the headline.\n";
    let words = HeadlineText {
        left: "2026-11-22 19:15 +0100".into(),
        middle: "Müller & Söhne GmbH, +49 89 1234567 → +39 06 1234567".into(),
        right: "page 1 of 12".into(),
    };
    for stock in [STANDARD, FINE] {
        let Stock { resolution, .. } = stock;
        let drawn = draw(&Request { stock, ..request(Kind::Text, "under-headline", text) }, text).expect("a page");
        let page = &drawn.pages[0];
        let with = headline(page, resolution, &words);
        assert_eq!(with.rows(), page.rows());
        let rows = headline_rows(resolution);
        assert_eq!(with.crop_rows(rows, page.rows()), page.crop_rows(rows, page.rows()));
        keep("headline", resolution, &with.crop_rows(0, 8 * rows));
        let full = page.crop_rows(20 * resolution.factor() * 4, 300);
        let grown = headline(&full, resolution, &words);
        assert_eq!(grown.rows() > full.rows(), full.crop_rows(0, rows).black_count() > 0);
        assert_eq!(grown.crop_rows(grown.rows() - 250, 250), full.crop_rows(50, 250));
    }
}
