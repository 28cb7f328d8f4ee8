//! Whole faxes over the audio of a call, between two of ours: every frame through two modems, two laws and the network.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use super::network::{Action, DELAY, Flight, Kind, Network, bad, chance};
use super::party::{CALLEE, CALLER, PAGES, asking_or_audio, fetching, inbound, offering, outbound, sending};
use super::transport::{assert_sent, network};
use crate::call::offer::What;
use crate::call::{Ask, Codec, InboundSettings, OutboundSettings, Output, Progress, T38Policy};
use crate::model::{Cause, Phase, T38Trial};
use crate::signal::Modulation;
use crate::sip::Message;
use crate::t30::Errand;

pub(super) fn over_audio() -> (OutboundSettings, InboundSettings) {
    let t38 = T38Policy::audio_only();
    (OutboundSettings { t38, ..outbound() }, InboundSettings { t38, ..inbound() })
}

/// Both ends let the far end have T.38, and would go over audio without it.
pub(super) fn either() -> (OutboundSettings, InboundSettings) {
    let (caller, callee) = (Duration::from_secs(8), Duration::from_millis(1200));
    (
        OutboundSettings { t38: asking_or_audio(caller), ..outbound() },
        InboundSettings { t38: asking_or_audio(callee), ..inbound() },
    )
}

fn played(settings: (OutboundSettings, InboundSettings)) -> Network {
    let mut network = network(settings.0, settings.1);
    network.play();
    network
}

/// The carriers and what became of T.38, of either end.
fn carriers(network: &Network) -> [(Option<&str>, T38Trial); 2] {
    [network.caller(), network.called()].map(|party| {
        let record = &party.ended().record;
        (record.carrier.as_deref(), record.t38)
    })
}

#[test]
fn three_pages_arrive_bit_for_bit_over_audio() {
    let network = played(over_audio());
    assert_sent(&network);
    assert_eq!((network.said(CALLER, "INVITE"), network.said(CALLEE, "INVITE")), (1, 0), "{}", network.story());
    assert_eq!(network.count(Kind::T38), 0);
    let record = &network.caller().ended().record;
    assert_eq!((record.rate, record.ecm, record.carrier.as_deref()), (Some(14_400), true, Some("G.711")));
    assert_eq!(network.called().ended().record.remote_id.as_deref(), Some("+39 02 1234567"));
    assert_eq!(carriers(&network)[CALLEE], (Some("G.711"), T38Trial::NotTried));
}

#[test]
fn either_law_and_every_packet_length_carry_a_fax() {
    for (codec, wanted, sent_ms) in [
        (Codec::Pcmu, ["ptime:10", "ptime:60"], [10, 60]),
        (Codec::Pcma, ["ptime:30", "ptime:40"], [30, 40]),
        (Codec::Pcmu, ["ptime:40\r\na=maxptime:10", "ptime:10"], [10, 10]),
        (Codec::Pcma, ["ptime:60", "maxptime:150"], [60, 20]),
    ] {
        let (mut caller, callee) = over_audio();
        caller.line.codecs = vec![codec];
        let mut network = network(caller, callee);
        network.edit = Box::new(move |message, from| {
            let text = String::from_utf8_lossy(&message.body).replace("ptime:20", wanted[from]);
            if !message.body.is_empty() {
                message.set_body("application/sdp", text.into_bytes());
            }
        });
        network.path = Box::new(move |flight| {
            let is_as_wanted = flight.kind != Kind::Audio || flight.bytes.len() == 12 + 8 * sent_ms[1 - flight.from];
            assert!(is_as_wanted, "{} octets from {}", flight.bytes.len(), flight.from);
            vec![DELAY]
        });
        network.play();
        assert_sent(&network);
        for party in [network.caller(), network.called()] {
            let audio = party.ended().record.audio.as_deref().expect("over audio");
            let spoilt = (audio.lost, audio.late, audio.slips, audio.concealed_frames);
            assert_eq!(spoilt, (0, 0, 0, 0), "{codec:?} {wanted:?}: {audio:?}");
        }
    }
}

#[test]
fn every_modem_carries_a_fax_with_and_without_error_correction() {
    for modulation in [Modulation::V27ter4800, Modulation::V29At9600, Modulation::V17At14400] {
        for ecm in [true, false] {
            let (mut caller, callee) = over_audio();
            let send = sending(&mut caller);
            (send.max_modulation, send.ecm) = (modulation, ecm);
            let network = played((caller, callee));
            assert_sent(&network);
            let record = &network.caller().ended().record;
            assert_eq!((record.rate, record.ecm), (Some(modulation.bits_per_second()), ecm), "{modulation:?}");
        }
    }
}

#[test]
fn a_document_is_fetched_over_audio() {
    let (caller, callee) = over_audio();
    let caller = OutboundSettings { fax: Errand::Poll(fetching(None)), ..caller };
    let callee = InboundSettings { t38: callee.t38, ..offering(None) };
    let network = played((caller, callee));
    assert_eq!(network.caller().ended().outcome.cause, Cause::Sent, "{}", network.story());
    assert_eq!(network.caller().ended().record.received, PAGES);
}

#[test]
fn t38_that_is_refused_leaves_the_fax_in_the_audio_of_the_same_call() {
    for (refuses, asks) in [(CALLER, CALLEE), (CALLEE, CALLER)] {
        let (mut caller, mut callee) = either();
        let refusing = T38Policy::audio_only();
        if refuses == CALLER {
            caller.t38 = refusing
        } else {
            callee.t38 = refusing
        }
        let network = played((caller, callee));
        assert_sent(&network);
        assert_eq!(network.said(refuses, "SIP/2.0 488"), 1, "{}", network.story());
        assert_eq!(network.count(Kind::T38), 0);
        let trial = carriers(&network)[asks];
        assert_eq!(trial, (Some("G.711"), T38Trial::Refused));
    }
}

#[test]
fn t38_goes_first_where_both_take_it() {
    let network = played(either());
    assert_sent(&network);
    assert_eq!(carriers(&network), [(Some("T.38"), T38Trial::Agreed); 2]);
    assert!(network.count(Kind::Audio) < 600, "{} packets of audio", network.count(Kind::Audio));
}

/// A request for T.38 at any moment of phase B, from either side: V.21 is running, or a training check.
#[test]
fn t38_that_comes_late_is_followed_and_no_page_is_lost() {
    for side in [CALLER, CALLEE] {
        for half_seconds in 6..22 {
            let (mut caller, mut callee) = either();
            (caller.t38.ask, callee.t38.ask) = (Ask::Never, Ask::Never);
            let mut network = network(caller, callee);
            network.after(Duration::from_millis(500 * half_seconds), side, Action::Offer(What::T38));
            network.play();
            assert_sent(&network);
            let [(carrier, _), _] = carriers(&network);
            let refused = network.said(1 - side, "SIP/2.0 488");
            assert_eq!(carrier == Some("T.38"), refused == 0, "{side} {half_seconds}: {}", network.story());
        }
    }
}

#[test]
fn t38_that_comes_in_the_middle_of_a_page_is_refused_and_the_page_arrives() {
    for side in [CALLER, CALLEE] {
        let (mut caller, mut callee) = either();
        (caller.t38.ask, callee.t38.ask) = (Ask::Never, Ask::Never);
        let mut network = network(caller, callee);
        let done = Cell::new(false);
        network.watch = Box::new(move |watched, output| {
            let in_page =
                matches!(output, Output::Progress(Progress::Fax(fax)) if fax.phase == Phase::C && fax.page == 1);
            if watched != CALLER || !in_page || done.replace(true) {
                return Vec::new();
            }
            vec![(Duration::from_millis(300), side, Action::Offer(What::T38))]
        });
        network.play();
        assert_sent(&network);
        assert_eq!(network.said(1 - side, "SIP/2.0 488"), 1, "{}", network.story());
        assert_eq!(carriers(&network)[CALLER].0, Some("G.711"));
    }
}

/// Whether a message on its way answers for T.38.
fn agrees_to_t38(flight: &Flight) -> bool {
    let has = |part: &[u8]| flight.bytes.windows(part.len()).any(|found| found == part);
    flight.kind == Kind::Sip && flight.bytes.starts_with(b"SIP/2.0 200") && has(b"m=image 4002")
}

#[test]
fn t38_that_is_agreed_to_when_a_page_has_begun_is_taken_back_and_the_page_arrives() {
    for asks in [CALLER, CALLEE] {
        let (mut caller, mut callee) = either();
        (caller.t38.ask, callee.t38.ask) = (Ask::Never, Ask::Never);
        let mut network = network(caller, callee);
        let done = Cell::new(false);
        // While CFR sounds the called side has begun to wait for a page, and the caller has not begun it.
        network.watch = Box::new(move |side, output| {
            let waits = matches!(output, Output::Progress(Progress::Fax(fax)) if fax.phase == Phase::C);
            if side != CALLEE || !waits || done.replace(true) {
                return Vec::new();
            }
            let soon = if asks == CALLER { Duration::from_millis(900) } else { Duration::from_millis(2000) };
            vec![(soon, asks, Action::Offer(What::T38))]
        });
        // A gateway that agrees at any time; its answer takes a while.
        network.edit = Box::new(move |message, side| {
            if side != asks && message.status() == Some(488) {
                let refusal = String::from_utf8(message.to_bytes()).expect("a refusal is text");
                let (_, headers) = refusal.split_once("\r\n").expect("a first line");
                *message = Message::parse(format!("SIP/2.0 200 OK\r\n{headers}").as_bytes()).expect("a response");
                let address = format!("192.0.2.{}", side + 1);
                let body = format!(
                    "v=0\r\no=- 1 9 IN IP4 {address}\r\ns=-\r\nc=IN IP4 {address}\r\nt=0 0\r\nm=image 4002 udptl t38\r\n"
                );
                message.set_body("application/sdp", body.into_bytes());
            }
        });
        network.path =
            Box::new(|flight| vec![if agrees_to_t38(flight) { DELAY + Duration::from_millis(900) } else { DELAY }]);
        network.play();
        assert_sent(&network);
        assert_eq!(carriers(&network)[asks], (Some("G.711"), T38Trial::Agreed), "{}", network.story());
        assert!(network.said(1 - asks, "SIP/2.0 488") == 0 && network.count(Kind::T38) == 0);
        let invites = network.said(asks, "INVITE") - usize::from(asks == CALLER);
        assert_eq!(invites, 2, "T.38, and the audio again: {}", network.story());
        assert_eq!(network.said(asks, "CANCEL"), usize::from(asks == CALLER), "{}", network.story());
    }
}

#[test]
fn two_of_a_hundred_packets_lost_and_reordered_cost_no_page() {
    for seed in [1, 2, 3] {
        let mut network = network(over_audio().0, over_audio().1);
        let mut fate = chance(seed);
        network.path = Box::new(move |flight| {
            if flight.kind != Kind::Audio {
                return vec![DELAY];
            }
            match fate(1000) {
                0..20 => Vec::new(),
                20..30 => vec![DELAY + Duration::from_millis(25)],
                _ => vec![DELAY + Duration::from_millis(fate(20))],
            }
        });
        network.play();
        assert_sent(&network);
    }
}

#[test]
fn each_side_hears_from_the_other_what_was_lost_on_the_way_there() {
    let mut network = network(over_audio().0, over_audio().1);
    let lost = Rc::new(Cell::new(0));
    let count = Rc::clone(&lost);
    let mut fate = chance(6);
    network.path = Box::new(move |flight| {
        let is_lost = flight.kind == Kind::Audio && flight.from == CALLER && fate(1000) < 10;
        count.set(count.get() + i32::from(is_lost));
        if is_lost { Vec::new() } else { vec![DELAY] }
    });
    network.play();
    assert_sent(&network);
    let told = |side: usize| {
        let audio =
            network.parties[side].as_ref().unwrap().ended().record.audio.as_deref().cloned().expect("over audio");
        (audio.missed_there.expect("the far end reported"), audio.round_trip_ms.expect("both reported"), audio.sent)
    };
    let (missed, round_trip, sent) = told(CALLER);
    // What was lost after the last report nobody tells.
    assert!((lost.get() / 2..=lost.get()).contains(&missed) && missed > 5, "{missed} of {}", lost.get());
    assert!((round_trip - 2.0 * DELAY.as_secs_f64() * 1000.0).abs() < 1.0, "{round_trip} ms");
    assert!(sent > 1000, "{sent} packets");
    assert_eq!(told(CALLEE).0, 0);
}

#[test]
fn a_bad_path_never_leaves_a_page_in_doubt_that_was_claimed() {
    for seed in [4, 5] {
        let mut network = network(over_audio().0, over_audio().1);
        network.path = bad(seed, 8, 2, 60);
        // Whatever comes of it, what is believed to be sent is there: the network checks that.
        network.play();
    }
}

#[test]
fn silence_ends_a_call_over_audio_from_either_side() {
    for silent in [CALLER, CALLEE] {
        let mut network = network(over_audio().0, over_audio().1);
        network.path =
            Box::new(
                move |flight| {
                    if flight.kind == Kind::Audio && flight.from == silent { Vec::new() } else { vec![DELAY] }
                },
            );
        network.play();
        let other = network.parties[1 - silent].as_ref().unwrap();
        let cause = &other.ended().outcome.cause;
        assert!(matches!(cause, Cause::NoFaxHeard | Cause::Heard(_)), "{cause:?}: {}", network.story());
        assert!(other.free_at.unwrap() - network.base < Duration::from_secs(100));
    }
}

#[test]
fn a_description_of_the_audio_in_the_middle_of_a_fax_is_agreed_to_and_the_fax_goes_on() {
    let mut network = network(over_audio().0, over_audio().1);
    let done = Cell::new(false);
    network.watch = Box::new(move |side, output| {
        let in_page = matches!(output, Output::Progress(Progress::Fax(fax)) if fax.phase == Phase::C && fax.page == 1);
        if side != CALLER || !in_page || done.replace(true) {
            return Vec::new();
        }
        vec![(Duration::from_millis(300), CALLEE, Action::Offer(What::Audio))]
    });
    network.play();
    assert_sent(&network);
    assert_eq!((network.said(CALLEE, "INVITE"), network.said(CALLER, "SIP/2.0 488")), (1, 0), "{}", network.story());
}

/// T.38 is asked for once, and nobody ever answers; `lost` says which packets of the called side are lost after that.
fn unanswered(lost: impl Fn(&Flight) -> bool + 'static) -> Network {
    let (mut caller, mut callee) = either();
    caller.t38 = asking_or_audio(Duration::from_secs(1));
    callee.t38 = T38Policy::audio_only();
    // Slow enough for the fax to outlast the re-INVITE.
    sending(&mut caller).max_modulation = Modulation::V27ter2400;
    let mut network = network(caller, callee);
    let mut asked = false;
    network.path = Box::new(move |flight| {
        let offers_t38 = flight.kind == Kind::Sip && flight.bytes.windows(7).any(|part| part == b"m=image");
        asked |= offers_t38;
        if offers_t38 || asked && lost(flight) { Vec::new() } else { vec![DELAY] }
    });
    network.play();
    network
}

#[test]
fn a_request_for_t38_that_nobody_answers_leaves_the_fax_in_the_audio_of_the_same_call() {
    let network = unanswered(|_| false);
    assert_sent(&network);
    let lasted = network.caller().finished_at.unwrap() - network.base;
    assert!(lasted > Duration::from_secs(40), "longer than timer B: {lasted:?}");
    assert_eq!(carriers(&network)[CALLER], (Some("G.711"), T38Trial::Refused));
    assert_eq!(network.said(CALLER, "BYE") + network.said(CALLEE, "BYE"), 1);
}

#[test]
fn a_far_end_that_answers_no_request_and_sends_no_audio_is_gone() {
    let network = unanswered(|flight| flight.from == CALLEE);
    let caller = network.caller();
    assert_eq!(caller.ended().outcome.cause, Cause::MediaLost, "{}", network.story());
    let ended = caller.ended_at().unwrap() - network.base;
    assert!(ended < Duration::from_secs(40), "{ended:?}");
}

#[test]
fn t38_over_which_nothing_comes_is_given_up_for_the_audio_of_the_same_call() {
    for asks in [CALLER, CALLEE] {
        let (mut caller, mut callee) = either();
        let waits = T38Policy { ask: Ask::Never, ..caller.t38 };
        if asks == CALLER {
            callee.t38 = waits
        } else {
            caller.t38 = waits
        }
        let mut network = network(caller, callee);
        network.path = Box::new(|flight| if flight.kind == Kind::T38 { Vec::new() } else { vec![DELAY] });
        network.play();
        assert_sent(&network);
        assert_eq!(carriers(&network), [(Some("G.711"), T38Trial::Refused); 2], "{}", network.story());
        let invites = network.said(CALLER, "INVITE") + network.said(CALLEE, "INVITE");
        assert_eq!(invites, 3, "the call, T.38, and the audio again: {}", network.story());
    }
}
