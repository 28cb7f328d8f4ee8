//! Stations that fetch a document, or have two to be fetched, hear whatever a far machine may send, in virtual time.
//!
//! Input: who we are, then moves as in [`faxramp_fuzz::line`]. Holds: the call ends, once, whichever way round it has gone; a document is
//! handed out once, and only by who was called; pages are asked for that it has; no more pages are claimed than were confirmed.
#![no_main]

use faxramp::model::{Cause, Compression, Resolution, Width};
use faxramp::signal::Modulation;
use faxramp::t30::capability::Length;
use faxramp::t30::ecm::FrameSize;
use faxramp::t30::{
    AnswererSettings, Document, DocumentToSend, Errand, Input, Output, PageShape, PollSettings, Procedure,
    ReceiverSettings, RtnMeaning, SenderSettings, Transport, Verdict,
};
use faxramp_fuzz::line::{Line, switched};
use faxramp_fuzz::{Feed, base};
use libfuzzer_sys::fuzz_target;
use std::cell::Cell;

const LARGEST_PAGE: usize = 16 << 20;
/// Pages of the documents that may be fetched from us, and of the fax that is sent before a document is fetched.
const OFFERED: [u32; 2] = [2, 1];
const SENT_BEFORE: u32 = 1;

/// Who we are.
#[derive(Clone, Copy, PartialEq)]
enum Role {
    Called,
    Fetching,
    SendingThenFetching,
}

fn pages(count: u32) -> Vec<PageShape> {
    vec![PageShape { width: Width::A4, resolution: Resolution::Fine, rows: 2292 }; count as usize]
}

fn receive(choice: u8) -> ReceiverSettings {
    ReceiverSettings {
        station_id: "+1 555 3000".into(),
        non_standard_facilities: Vec::new(),
        ecm: choice & 4 == 0,
        max_modulation: Modulation::ALL[usize::from(choice >> 5)],
        widest: Width::A4,
        finest: Resolution::Superfine,
        longest: Length::Unlimited,
        compressions: vec![Compression::Mh, Compression::Mr, Compression::Mmr],
        row_time_ms: 0,
        sub_address: true,
        transport: if choice & 8 == 0 { Transport::InternetAware } else { Transport::Audio },
        send_ced: true,
    }
}

fn station(role: Role, choice: u8) -> Procedure {
    let receive = receive(choice);
    let transport = receive.transport;
    let wanted = || Some("77".to_owned()).filter(|_| choice & 16 != 0);
    let poll = || PollSettings { receive: receive.clone(), selective: wanted(), password: wanted(), send_cng: true };
    match role {
        Role::Called => {
            let open = Document { pages: pages(OFFERED[0]), selective: None, password: None };
            let closed =
                Document { pages: pages(OFFERED[1]), selective: Some("77".into()), password: Some("1234".into()) };
            Procedure::answerer(AnswererSettings { receive, documents: vec![open, closed] }, base())
        }
        Role::Fetching => Procedure::caller(Errand::Poll(poll()), base()),
        Role::SendingThenFetching => {
            let send = SenderSettings {
                station_id: "+39 02 1234567".into(),
                documents: vec![DocumentToSend::of(pages(SENT_BEFORE))],
                ecm: receive.ecm,
                compressions: receive.compressions.clone(),
                max_modulation: receive.max_modulation,
                transport,
                send_cng: true,
                frame_size: FrameSize::Octets256,
                rtn: RtnMeaning::Resend,
            };
            Procedure::caller(Errand::SendThenPoll(send, poll()), base())
        }
    }
}

fuzz_target!(|octets: &[u8]| {
    let mut feed = Feed::new(octets);
    let choice = feed.octet();
    let role = match choice & 3 {
        0 | 1 => Role::Called,
        2 => Role::Fetching,
        _ => Role::SendingThenFetching,
    };
    let (waiting, taken, wanted, confirmed) = (Cell::new(0_u32), Cell::new(0), Cell::new(false), Cell::new(0));
    let to_send = Cell::new(if role == Role::SendingThenFetching { SENT_BEFORE } else { 0 });
    let handed_out = Cell::new(false);
    let mut owner = |output| match output {
        Output::Polled { document } => {
            assert!(role == Role::Called && !handed_out.replace(true));
            to_send.set(OFFERED[document]);
        }
        Output::NeedPage { index, .. } => {
            assert!(index < to_send.get(), "page {index} of {}", to_send.get());
            wanted.set(true);
        }
        Output::Confirmed { pages, .. } => {
            assert_eq!(confirmed.replace(pages) + 1, pages);
            assert!(pages <= to_send.get());
        }
        Output::PageReceived(page) => {
            assert!(page.bits.len() <= LARGEST_PAGE);
            assert!(page.index <= taken.get(), "page {} of {}", page.index, taken.get());
            waiting.set(waiting.get() + u32::from(page.wants_verdict));
        }
        _ => {}
    };
    let answer = |choice: u8| match choice {
        0 => Some(Input::Stop(Cause::Cancelled)),
        1 => Some(switched(Transport::Audio)),
        2 => Some(switched(Transport::InternetAware)),
        _ if wanted.replace(false) => Some(Input::Page(vec![choice; usize::from(choice) * 300].into())),
        _ if waiting.get() > 0 => {
            waiting.set(waiting.get() - 1);
            let verdict = [Verdict::Bad, Verdict::Poor, Verdict::Good, Verdict::Good][usize::from(choice % 4)];
            taken.set(taken.get() + u32::from(verdict != Verdict::Bad));
            Some(Input::PageVerdict(verdict))
        }
        _ => None,
    };
    let mut line = Line::new(station(role, choice), base(), &mut owner);
    while !feed.is_empty() && line.ending.is_none() {
        line.play(&mut feed, answer, &mut owner);
    }
    let ending = line.finish(&mut owner);
    assert!(ending.pages <= taken.get() + confirmed.get(), "{ending:?}");
    if ending.cause == Cause::Sent {
        assert!(!handed_out.get() || confirmed.get() == to_send.get(), "{ending:?}");
    }
});
