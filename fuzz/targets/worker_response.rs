//! What a render worker that a document has taken over may say. Input: the seed of the pieces, then its octets.
//!
//! Holds: the same events whatever the pieces; the bounds on pages, words and warnings.
#![no_main]

use faxramp::model::{Resolution, Width};
use faxramp::pages::sheet::{Paper, Stock};
use faxramp::pages::worker::{
    Event, Failure, Finished, Kind, Limits, MAX_MESSAGE_CHARACTERS, MAX_ROWS, MAX_WARNINGS, PdfEngine, Request,
    Response, Sandbox, TextOptions,
};
use faxramp_fuzz::{Feed, split};
use libfuzzer_sys::fuzz_target;

const PAGES: u32 = 4;

fn request() -> Request {
    Request {
        kind: Kind::Pdf,
        name: "a.pdf".into(),
        stock: Stock { widest: Width::A3, resolution: Resolution::Fine, paper: Paper::A4, long_pages: true },
        limits: Limits { pages: PAGES, ..Limits::default() },
        sandbox: Sandbox::BestEffort,
        pdf_engine: PdfEngine::Auto,
        pdf_library: None,
        text: TextOptions::default(),
        length: 1,
    }
}

fn hear<'a>(pieces: impl Iterator<Item = &'a [u8]>) -> (Vec<Event>, Result<Finished, Failure>) {
    let mut response = Response::new(&request());
    for piece in pieces {
        if response.handle(piece).is_err() {
            break;
        }
    }
    let events = std::iter::from_fn(|| response.poll()).collect();
    (events, response.finish())
}

fuzz_target!(|octets: &[u8]| {
    let mut feed = Feed::new(octets);
    let seed = feed.octet();
    let (events, end) = hear(std::iter::once(feed.rest()));
    assert_eq!(hear(split(feed.rest(), seed)).0, events);
    let (mut pages, mut warnings) = (0, 0);
    for event in &events {
        match event {
            Event::Began { engine, .. } => assert!(engine.chars().count() <= 40),
            Event::Warning(text) => {
                warnings += 1;
                assert!(text.chars().count() <= MAX_MESSAGE_CHARACTERS && !text.contains(|c: char| c.is_control()));
            }
            Event::Page(page) => {
                pages += 1;
                assert_eq!(page.number, pages);
                assert!(page.resolution <= Resolution::Fine);
                assert!(Width::from_pels(page.width, page.resolution).is_some());
                assert!((1..=MAX_ROWS).contains(&page.rows));
                if let Ok(bitmap) = page.bitmap() {
                    assert_eq!((bitmap.width(), bitmap.rows()), (page.width, page.rows));
                }
            }
        }
    }
    assert!(pages <= PAGES && warnings <= MAX_WARNINGS);
    if let Ok(finished) = end {
        assert_eq!(finished.pages, pages);
    }
});
