//! A child that keeps its protocol, and one that does not.

use super::*;
use crate::image::{Bitmap, Coding, encode};
use crate::model::{Compression, Resolution, Width};
use crate::pages::sheet::Paper;

use proptest::prelude::*;

fn request() -> Request {
    Request {
        kind: Kind::Pdf,
        name: "offer.pdf".into(),
        stock: Stock { widest: Width::B4, resolution: Resolution::Fine, paper: Paper::A4, long_pages: true },
        limits: Limits { pages: 2, ..Limits::default() },
        sandbox: Sandbox::Strict,
        pdf_engine: PdfEngine::Auto,
        pdf_library: Some("/usr/lib/libpdfium.so".into()),
        text: TextOptions {
            typeface: Typeface::Monospace,
            heading: vec![HeadingField { label: "Subject".into(), value: "Angebot\nfür Öl".into() }],
        },
        length: 9,
    }
}

fn header(record: &Record) -> Vec<u8> {
    record.header().expect("a short record")
}

fn begin() -> Vec<u8> {
    header(&Record::Begin { pages: Some(2), engine: "pdfium".into() })
}

fn page(coded: &[u8]) -> Vec<u8> {
    let length = u32::try_from(coded.len()).expect("a short page");
    let mut octets = header(&Record::Page { width: 1728, rows: 3, resolution: Resolution::Fine, length });
    octets.extend_from_slice(coded);
    octets
}

#[test]
fn a_request_is_one_line_and_reads_back() {
    let line = request().header().expect("within the bounds");
    let (last, text) = line.split_last().expect("not empty");
    assert_eq!((*last, text.contains(&b'\n')), (b'\n', false));
    assert_eq!(Request::from_header(text), Ok(request()));
}

#[test]
fn a_request_beyond_a_bound_is_refused_on_both_sides() {
    let large = Request { length: MAX_DOCUMENT_OCTETS + 1, ..request() };
    let refusal = ProtocolError::TooLarge { what: "the document", most: MAX_DOCUMENT_OCTETS };
    assert_eq!(large.header(), Err(refusal.clone()));
    let line = line(&Versioned { version: VERSION, content: &large }).expect("a short line");
    assert_eq!(Request::from_header(&line), Err(refusal));
}

#[test]
fn another_version_is_named() {
    let line = line(&Versioned { version: 7, content: request() }).expect("a short line");
    assert_eq!(Request::from_header(&line), Err(ProtocolError::Version { theirs: 7 }));
}

#[test]
fn pages_arrive_one_by_one_however_the_octets_are_cut() {
    let mut octets = begin();
    octets.extend(page(b"a\nb\n"));
    octets.extend(header(&Record::Warning { message: "a\u{7}font".into() }));
    octets.extend(page(b""));
    octets.extend(header(&Record::End { pages: 2 }));
    for size in [1, 2, 7, octets.len()] {
        let mut response = Response::new(&request());
        let mut events = Vec::new();
        for piece in octets.chunks(size) {
            response.handle(piece).expect("a good answer");
            events.extend(std::iter::from_fn(|| response.poll()));
        }
        assert_eq!(
            events,
            [
                Event::Began { pages: Some(2), engine: "pdfium".into() },
                Event::Page(RenderedPage {
                    number: 1,
                    width: 1728,
                    rows: 3,
                    resolution: Resolution::Fine,
                    coded: b"a\nb\n".to_vec()
                }),
                Event::Warning("a font".into()),
                Event::Page(RenderedPage {
                    number: 2,
                    width: 1728,
                    rows: 3,
                    resolution: Resolution::Fine,
                    coded: vec![]
                }),
            ]
        );
        assert!(response.has_ended());
        assert_eq!(response.finish(), Ok(Finished { pages: 2, warnings_dropped: 0 }));
    }
}

#[test]
fn a_page_decodes_only_to_the_lines_it_announced() {
    let mut bitmap = Bitmap::white(1728, 3);
    bitmap.set(100, 1, true);
    let coded = encode(&bitmap, &Coding::new(Compression::Mmr, Resolution::Fine));
    let page = RenderedPage { number: 1, width: 1728, rows: 3, resolution: Resolution::Fine, coded };
    assert_eq!(page.bitmap(), Ok(bitmap));
    for wrong in [RenderedPage { rows: 4, ..page.clone() }, RenderedPage { coded: vec![0; 9], ..page }] {
        assert!(matches!(wrong.bitmap(), Err(Failure::Protocol(_))));
    }
}

#[test]
fn a_child_that_stops_short_has_died() {
    let mut response = Response::new(&request());
    response.handle(&begin()).expect("a beginning");
    response.handle(&page(b"1234")[..20]).expect("a part of a page");
    assert_eq!(response.finish(), Err(Failure::Died));
}

#[test]
fn a_child_that_lies_is_caught() {
    let of = |width, rows, resolution, length| header(&Record::Page { width, rows, resolution, length });
    let named = |name: &str| String::from_utf8(of(1728, 1, Resolution::Fine, 0)).expect("text").replace("fine", name);
    let lies: [(&str, Vec<u8>); 10] = [
        ("no beginning", page(b"")),
        ("width", of(1729, 1, Resolution::Fine, 0)),
        ("too wide", of(2432, 1, Resolution::Fine, 0)),
        ("finer than asked for", of(1728, 1, Resolution::Superfine, 0)),
        ("the width of another resolution", of(2592, 1, Resolution::Standard, 0)),
        ("a resolution that no fax has", named("finest").into_bytes()),
        ("rows", of(1728, MAX_ROWS + 1, Resolution::Fine, 0)),
        ("octets", of(1728, 1, Resolution::Fine, MAX_PAGE_OCTETS + 1)),
        ("count", header(&Record::End { pages: 1 })),
        ("endless line", vec![b'{'; MAX_HEADER_OCTETS]),
    ];
    for (lie, octets) in lies {
        let mut response = Response::new(&request());
        if lie != "no beginning" {
            response.handle(&begin()).expect("a beginning");
        }
        let failure = response.handle(&octets).expect_err(lie);
        assert!(matches!(failure, Failure::Protocol(_)), "{lie}: {failure}");
        assert_eq!(response.finish(), Err(failure), "{lie}");
    }
}

#[test]
fn nothing_may_follow_the_end_and_nothing_is_kept_after_a_failure() {
    let mut response = Response::new(&request());
    response.handle(&begin()).expect("a beginning");
    response.handle(&header(&Record::End { pages: 0 })).expect("an end");
    let failure = response.handle(b"more").expect_err("octets after the end");
    assert_eq!(response.handle(&begin()), Err(failure.clone()));
    assert_eq!(response.finish(), Err(failure));
}

#[test]
fn more_pages_than_allowed_stop_the_child() {
    let mut response = Response::new(&request());
    response.handle(&begin()).expect("a beginning");
    response.handle(&page(b"1")).expect("page 1");
    response.handle(&page(b"2")).expect("page 2");
    assert!(matches!(response.handle(&page(b"3")), Err(Failure::Protocol(_))));
}

#[test]
fn warnings_are_bounded_and_counted() {
    let mut response = Response::new(&request());
    response.handle(&begin()).expect("a beginning");
    for _ in 0..MAX_WARNINGS + 3 {
        response.handle(&header(&Record::Warning { message: "x".repeat(1000) })).expect("a warning");
    }
    response.handle(&header(&Record::End { pages: 0 })).expect("an end");
    let warnings: Vec<_> = std::iter::from_fn(|| response.poll()).skip(1).collect();
    assert_eq!(warnings.len(), MAX_WARNINGS);
    assert_eq!(warnings[0], Event::Warning("x".repeat(MAX_MESSAGE_CHARACTERS)));
    assert_eq!(response.finish(), Ok(Finished { pages: 0, warnings_dropped: 3 }));
}

#[test]
fn the_childs_reason_is_kept_with_its_kind() {
    let mut response = Response::new(&request());
    let error = Record::Error { kind: ErrorKind::Encrypted, message: "it wants a password".into() };
    let failure = Failure::Document { kind: ErrorKind::Encrypted, message: "it wants a password".into() };
    assert_eq!(response.handle(&header(&error)), Err(failure.clone()));
    assert_eq!(response.finish(), Err(failure));
}

proptest! {
    #[test]
    fn arbitrary_octets_never_panic(pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..200), 0..8)) {
        let mut response = Response::new(&request());
        for piece in &pieces {
            let _ = response.handle(piece);
        }
        prop_assert!(response.finish().is_err());
        prop_assert!(Request::from_header(&pieces.concat()).is_err());
    }
}
