//! An answerer hears whatever a caller may send, in virtual time.
//!
//! Input: settings, then moves as in [`faxramp_fuzz::line`]. Holds: the call ends, once; pages are bounded; no more pages are
//! claimed than the owner took.
#![no_main]

use faxramp::model::{Cause, Compression, Resolution, Width};
use faxramp::signal::Modulation;
use faxramp::t30::capability::Length;
use faxramp::t30::{Input, Output, Receiver, ReceiverSettings, Transport, Verdict};
use faxramp_fuzz::line::{Line, switched};
use faxramp_fuzz::{Feed, base};
use libfuzzer_sys::fuzz_target;
use std::cell::Cell;

const LARGEST_PAGE: usize = 16 << 20;

fn settings(choice: u8) -> ReceiverSettings {
    ReceiverSettings {
        station_id: "+1 555 3000".into(),
        non_standard_facilities: if choice & 16 == 0 { Vec::new() } else { vec![0xB5, 0, 0x42] },
        ecm: choice & 1 == 0,
        max_modulation: Modulation::ALL[usize::from(choice >> 5)],
        widest: Width::A4,
        finest: Resolution::Superfine,
        longest: Length::Unlimited,
        compressions: vec![Compression::Mh, Compression::Mr, Compression::Mmr],
        row_time_ms: 0,
        sub_address: choice & 2 == 0,
        transport: if choice & 4 == 0 { Transport::InternetAware } else { Transport::Audio },
        send_ced: choice & 8 == 0,
    }
}

fn answer(choice: u8, waiting: &Cell<u32>, taken: &Cell<u32>) -> Option<Input> {
    match choice % 8 {
        0 => Some(Input::Stop(Cause::Cancelled)),
        1 => Some(switched(Transport::Audio)),
        2 => Some(switched(Transport::InternetAware)),
        _ if waiting.get() == 0 => None,
        other => {
            waiting.set(waiting.get() - 1);
            let verdict = match other {
                3 => Verdict::Bad,
                4 => Verdict::Poor,
                _ => Verdict::Good,
            };
            taken.set(taken.get() + u32::from(verdict != Verdict::Bad));
            Some(Input::PageVerdict(verdict))
        }
    }
}

fuzz_target!(|octets: &[u8]| {
    let mut feed = Feed::new(octets);
    let now = base();
    let (waiting, taken) = (Cell::new(0), Cell::new(0));
    let mut owner = |output| {
        if let Output::PageReceived(page) = output {
            assert!(page.bits.len() <= LARGEST_PAGE);
            assert!(page.index <= taken.get(), "page {} of {}", page.index, taken.get());
            waiting.set(waiting.get() + u32::from(page.wants_verdict));
        }
    };
    let mut line = Line::new(Receiver::new(settings(feed.octet()), now), now, &mut owner);
    while !feed.is_empty() && line.ending.is_none() {
        line.play(&mut feed, |choice| answer(choice, &waiting, &taken), &mut owner);
    }
    let ending = line.finish(&mut owner);
    assert!(ending.pages <= taken.get(), "{} pages claimed, {} taken", ending.pages, taken.get());
});
