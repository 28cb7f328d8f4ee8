//! A caller hears whatever an answerer may send, in virtual time.
//!
//! Input: settings, then moves as in [`faxramp_fuzz::line`]. Holds: the call ends, once; pages are asked for that exist, in a coding
//! that is allowed; each confirmation is told once, and `Sent` is said only when every page was confirmed.
#![no_main]

use faxramp::model::{Cause, Compression, Resolution, Width};
use faxramp::signal::Modulation;
use faxramp::t30::ecm::FrameSize;
use faxramp::t30::{DocumentToSend, Input, Output, PageShape, RtnMeaning, Sender, SenderSettings, Transport};
use faxramp_fuzz::line::{Line, switched};
use faxramp_fuzz::{Feed, base};
use libfuzzer_sys::fuzz_target;
use std::cell::Cell;

const PAGES: u32 = 3;

fn settings(choice: u8) -> SenderSettings {
    let shape = PageShape { width: Width::A4, resolution: Resolution::Fine, rows: 2292 };
    let mut pages = vec![shape; PAGES as usize];
    pages[2].resolution = Resolution::Standard;
    let mut compressions = vec![Compression::Mh, Compression::Mr];
    if choice & 16 == 0 {
        compressions.push(Compression::Mmr);
    }
    SenderSettings {
        station_id: "+39 02 1234567".into(),
        documents: vec![
            DocumentToSend {
                pages,
                first_page: u32::from(choice & 8 != 0),
                sub_address: (choice & 2 == 0).then(|| "12".into()),
                sender_password: (choice & 2 != 0).then(|| "34".into()),
            },
            DocumentToSend::of(vec![shape]),
        ],
        ecm: choice & 1 == 0,
        compressions,
        max_modulation: Modulation::ALL[usize::from(choice >> 5)],
        transport: if choice & 4 == 0 { Transport::InternetAware } else { Transport::Audio },
        send_cng: true,
        frame_size: if choice & 4 == 0 { FrameSize::Octets256 } else { FrameSize::Octets64 },
        rtn: RtnMeaning::Resend,
    }
}

fuzz_target!(|octets: &[u8]| {
    let mut feed = Feed::new(octets);
    let now = base();
    let settings = settings(feed.octet());
    let (first, codings) = (settings.documents[0].first_page, settings.compressions.clone());
    let wanted = Cell::new(false);
    let confirmed = Cell::new((0, 0));
    let mut owner = |output| match output {
        Output::NeedPage { document, index, format } => {
            let is_page = if document == 0 { (first..PAGES).contains(&index) } else { (document, index) == (1, 0) };
            assert!(is_page, "page {index} of {document}");
            assert!(codings.contains(&format.compression) && (format.ecm || format.compression != Compression::Mmr));
            assert!(format.width == Width::A4 && format.resolution <= Resolution::Fine);
            wanted.set(true);
        }
        Output::Confirmed { document, pages } => {
            let (last, before) = confirmed.replace((document, pages));
            assert_eq!(pages, if last == document { before + 1 } else { 1 });
        }
        Output::DocumentOver(over) => assert!(over.document == 0 && over.begun),
        _ => {}
    };
    let answer = |choice: u8| match choice {
        0 => Some(Input::Stop(Cause::Cancelled)),
        1 => Some(switched(Transport::Audio)),
        2 => Some(switched(Transport::InternetAware)),
        3 => Some(Input::Withdraw { document: 1 }),
        octets => wanted.replace(false).then(|| Input::Page(vec![octets; usize::from(octets) * 300].into())),
    };
    let mut line = Line::new(Sender::new(settings, now), now, &mut owner);
    while !feed.is_empty() && line.ending.is_none() {
        line.play(&mut feed, answer, &mut owner);
    }
    let ending = line.finish(&mut owner);
    let total = if ending.document == 0 { PAGES - first } else { 1 };
    let (last, pages) = confirmed.get();
    assert_eq!(ending.pages, if last == ending.document { pages } else { 0 });
    assert!(ending.pages <= total);
    assert_eq!(ending.cause == Cause::Sent, ending.pages == total, "{ending:?}");
});
