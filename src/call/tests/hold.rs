//! A far end that puts the call on hold in the middle of a fax: it is not spoken to, and the fax goes on behind it.
// RFC 3264 §8.4

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::{Duration, Instant};

use super::audio::over_audio;
use super::network::{Action, DELAY, Kind, Network};
use super::party::{CALLEE, CALLER};
use super::transport::{assert_sent, network};
use crate::call::offer::What;
use crate::call::{Output, Progress};
use crate::model::Phase;
use crate::rtp::Packet;
use crate::sip::Method;

/// Longer than two reports are apart, and shorter than T.30 repeats itself.
const HELD: Duration = Duration::from_secs(7);

/// What is done to a description.
type Hold = fn(&str) -> String;

/// What goes out of one side.
#[derive(Default)]
struct Sent {
    audio: Vec<(Instant, u32)>,
    reports: Vec<Instant>,
}

/// In the second page this side describes its audio with `hold` done to the text, and as ever a while later. What the other side sends.
fn held(holder: usize, hold: Hold) -> (Network, Rc<RefCell<Sent>>) {
    let (caller, callee) = over_audio();
    let mut network = network(caller, callee);
    let mut is_done = false;
    network.watch = Box::new(move |side, output| {
        let in_page = matches!(output, Output::Progress(Progress::Fax(fax)) if fax.phase == Phase::C && fax.page == 1);
        if side != CALLER || !in_page || std::mem::replace(&mut is_done, true) {
            return Vec::new();
        }
        let soon = Duration::from_millis(300);
        [soon, soon + HELD].map(|at| (at, holder, Action::Offer(What::Audio))).to_vec()
    });
    let is_held = Cell::new(false);
    network.edit = Box::new(move |message, from| {
        let is_offer = from == holder && message.method() == Some(&Method::Invite) && message.to_tag().is_some();
        if is_offer && !is_held.replace(true) {
            let text = hold(&String::from_utf8_lossy(&message.body));
            message.set_body("application/sdp", text.into_bytes());
        }
    });
    let sent = Rc::new(RefCell::new(Sent::default()));
    let seen = Rc::clone(&sent);
    network.path = Box::new(move |flight| {
        let mut sent = seen.borrow_mut();
        match flight.kind {
            Kind::Audio if flight.from != holder => {
                let timestamp = Packet::decode(&flight.bytes).expect("RTP").timestamp;
                sent.audio.push((flight.at, timestamp));
            }
            Kind::Report if flight.from != holder => sent.reports.push(flight.at),
            Kind::Audio | Kind::Report | Kind::Sip | Kind::T38 => {}
        }
        vec![DELAY]
    });
    network.play();
    (network, sent)
}

#[test]
fn a_far_end_on_hold_gets_no_audio_but_reports_and_the_fax_goes_on_where_it_comes_back() {
    let holds: [(Hold, Option<&str>); 3] = [
        (|text| text.replace("a=sendrecv", "a=sendonly"), Some("a=recvonly")),
        (|text| text.replace("a=sendrecv", "a=inactive"), Some("a=inactive")),
        // As it was done before there were directions.
        (
            |text| {
                text.replace("c=IN IP4 192.0.2.1", "c=IN IP4 0.0.0.0").replace("c=IN IP4 192.0.2.2", "c=IN IP4 0.0.0.0")
            },
            None,
        ),
    ];
    for (hold, answer) in holds {
        for holder in [CALLER, CALLEE] {
            let (network, sent) = held(holder, hold);
            assert_sent(&network);
            let sent = sent.borrow();
            let gap = sent.audio.windows(2).max_by_key(|pair| pair[1].0 - pair[0].0).expect("packets");
            let [(from, last), (until, first)] = [gap[0], gap[1]];
            // It begins with the answer and ends with the next one.
            assert!(
                (until - from).abs_diff(HELD) <= Duration::from_millis(20),
                "{:?}: {}",
                until - from,
                network.story()
            );
            let samples = (until - from).as_millis() as u32 * 8;
            assert_eq!(first.wrapping_sub(last), samples, "the time goes on");
            assert!(sent.reports.iter().any(|at| (from..until).contains(at)), "so do reports");
            let answered = |line: &str| network.bodies.iter().any(|(by, body)| *by != holder && body.contains(line));
            assert!(answer.is_none_or(answered), "{:?}", network.bodies);
            let (_, last) =
                network.bodies.iter().rfind(|(by, body)| *by != holder && !body.is_empty()).expect("an answer");
            assert!(last.contains("a=sendrecv"), "{last}");
        }
    }
}

#[test]
fn a_far_end_that_says_from_the_beginning_that_it_only_sends_gets_its_fax() {
    for side in [CALLER, CALLEE] {
        let (caller, callee) = over_audio();
        let mut network = network(caller, callee);
        // A refresh of the session says it again.
        network.after(Duration::from_secs(12), side, Action::Offer(What::Audio));
        network.edit = Box::new(move |message, from| {
            if from == side && !message.body.is_empty() {
                let text = String::from_utf8_lossy(&message.body).replace("a=sendrecv", "a=sendonly");
                message.set_body("application/sdp", text.into_bytes());
            }
        });
        network.play();
        assert_sent(&network);
        assert_eq!(network.said(CALLER, "INVITE") + network.said(CALLEE, "INVITE"), 2, "{}", network.story());
        let audio = network.caller().ended().record.audio.as_deref().expect("over audio");
        assert_eq!((audio.lost, network.caller().ended().record.partial_page_requests), (0, 0));
    }
}
