//! Who asks for T.38, when, and what becomes of a refusal: each policy of a trunk against the far ends it is for.

use std::cell::Cell;
use std::time::Duration;

use super::network::{Action, Callee, DELAY, Kind, Network};
use super::party::{CALLEE, CALLER, asking, inbound, outbound};
use super::peer::{Answer, OnOffer, Peer, Sound, audio_description};
use super::transport::{assert_sent, network};
use crate::call::offer::What;
use crate::call::{Ask, InboundSettings, OutboundSettings, Output, Progress, T38Policy};
use crate::dsp::g711::Law;
use crate::model::{Cause, Phase, RetryClass};
use crate::rtp;
use crate::sip::Method;

fn never() -> T38Policy {
    T38Policy { ask: Ask::Never, audio: false, ..T38Policy::default() }
}

fn peer(on_offer: OnOffer, sound: Sound) -> Peer {
    Peer::new(Answer::After(Duration::from_secs(1), audio_description()), on_offer, sound)
}

fn scripted(caller: OutboundSettings, peer: Peer) -> Network {
    let mut network = Network::new(What::Audio, caller, Callee::Scripted(Box::new(peer)), 42);
    network.play();
    network
}

fn took(network: &Network) -> Duration {
    network.caller().free_at.unwrap() - network.base
}

#[test]
fn at_once_asks_as_soon_as_the_call_is_up_from_either_side() {
    for side in [CALLER, CALLEE] {
        let mut policies = [never(), never()];
        policies[side] = asking(Duration::ZERO);
        let [caller, callee] = policies;
        let caller = OutboundSettings { t38: caller, ..outbound() };
        let mut network = network(caller, InboundSettings { t38: callee, ..inbound() });
        network.play();
        assert_sent(&network);
        // Its INVITE that makes the call counts too.
        let asked = network.said(side, "INVITE") - usize::from(side == CALLER);
        assert_eq!((asked, network.said(1 - side, "INVITE")), (1, usize::from(side == CALLEE)), "{}", network.story());
        assert!(network.count(Kind::Audio) < 20, "hardly any audio went: {}", network.count(Kind::Audio));
    }
}

#[test]
fn where_nobody_is_to_ask_the_call_ends_after_the_other_machines_wait() {
    let caller = OutboundSettings { t38: never(), ..outbound() };
    let mut network = network(caller, InboundSettings { t38: never(), ..inbound() });
    network.play();
    // Both tones were heard, so both know that it was a fax.
    assert_eq!(network.caller().ended().outcome.cause, Cause::NoCommonTransport, "{}", network.story());
    assert_eq!((network.said(CALLER, "INVITE"), network.said(CALLEE, "INVITE")), (1, 0));
    assert!((30..45).contains(&took(&network).as_secs()), "{:?}", took(&network));
}

#[test]
fn the_called_sides_tone_shortens_a_long_wait() {
    let caller = OutboundSettings { t38: asking(Duration::from_secs(30)), ..outbound() };
    let network = scripted(caller, peer(OnOffer::Refuse(488), Sound::Ced));
    assert_eq!(network.caller().ended().outcome.cause, Cause::NoCommonTransport);
    // 1 s of ringing, the tone, 4.5 s for the called side's own request, 5 s for its second chance.
    assert!((10..13).contains(&took(&network).as_secs()), "{:?}", took(&network));
    let silent = OutboundSettings { t38: asking(Duration::from_secs(20)), ..outbound() };
    let network = scripted(silent, peer(OnOffer::Refuse(488), Sound::Silence));
    assert_eq!(took(&network).as_secs(), 26, "nothing shortens it");
}

#[test]
fn the_called_sides_v21_in_the_audio_makes_us_ask_at_once() {
    // Its gateway heard nothing, or leaves the switch to the caller: recorded from Asterisk without T.38.
    let caller = OutboundSettings { t38: asking(Duration::from_secs(30)), ..outbound() };
    let peer = peer(OnOffer::Refuse(488), Sound::None);
    let mut network = Network::new(What::Audio, caller, Callee::Scripted(Box::new(peer)), 42);
    let recorded = include_bytes!("../../dsp/testdata/asterisk-preamble.ulaw");
    let mut sender = rtp::Sender::new(9, 9, 9);
    for (number, frame) in recorded.chunks(160).enumerate() {
        let frame: Vec<u8> = frame.iter().map(|code| Law::A.encode(Law::Mu.decode(*code))).collect();
        let at = Duration::from_millis(3000 + 20 * number as u64);
        let (source, bytes) = (super::party::at(CALLEE, 4000), sender.send(8, &frame, 160));
        network.after(at, CALLER, Action::Inject { kind: Kind::Audio, source, bytes });
    }
    network.play();
    assert_eq!(network.caller().ended().outcome.cause, Cause::NoCommonTransport, "a fax is there");
    // Heard half a second on, asked for half a second later, refused, and 5 s of second chance.
    assert!((9..11).contains(&took(&network).as_secs()), "{:?}", took(&network));
}

#[test]
fn a_request_of_the_far_end_is_refused_where_the_trunk_wants_it_and_ours_is_taken() {
    // The called side asks after 2 s, gets 488, and takes part when the caller asks after 4 s.
    let policy = T38Policy { accept: false, ..asking(Duration::from_secs(4)) };
    let caller = OutboundSettings { t38: policy, ..outbound() };
    let mut network = network(caller, inbound());
    network.play();
    assert_sent(&network);
    assert_eq!((network.said(CALLEE, "INVITE"), network.said(CALLER, "SIP/2.0 488")), (1, 1), "{}", network.story());
    assert_eq!(network.said(CALLER, "INVITE"), 2);
}

#[test]
fn every_refusal_of_t38_leaves_the_audio_and_gives_the_far_end_its_second_chance() {
    for status in [400, 403, 405, 406, 415, 420, 480, 488, 500, 501, 503, 600, 603, 606] {
        let caller = OutboundSettings { t38: asking(Duration::from_secs(1)), ..outbound() };
        let network = scripted(caller, peer(OnOffer::Refuse(status), Sound::Ced));
        let outcome = &network.caller().ended().outcome;
        assert_eq!(outcome.cause, Cause::NoCommonTransport, "{status}: {}", network.story());
        assert_eq!(outcome.cause.retry_class(), RetryClass::Fax);
        assert!(took(&network) < Duration::from_secs(27), "{status}: {:?}", took(&network));
        assert_eq!(network.said(CALLER, "BYE"), 1, "{status}");
    }
}

#[test]
fn t38_that_is_answered_with_audio_or_nothing_is_a_refusal_too() {
    let refused = "v=0\r\no=- 1 2 IN IP4 192.0.2.2\r\ns=-\r\nc=IN IP4 192.0.2.2\r\nt=0 0\r\nm=image 0 udptl t38\r\n";
    for body in [audio_description(), refused.to_owned(), String::new(), "nonsense".to_owned()] {
        let caller = OutboundSettings { t38: asking(Duration::from_secs(1)), ..outbound() };
        let network = scripted(caller, peer(OnOffer::Accept(body.clone()), Sound::Ced));
        assert_eq!(network.caller().ended().outcome.cause, Cause::NoCommonTransport, "{body}: {}", network.story());
        assert!(took(&network) < Duration::from_secs(20), "{body}: {:?}", took(&network));
    }
}

#[test]
fn silence_to_our_request_ends_the_call_within_a_minute() {
    let caller = OutboundSettings { t38: asking(Duration::from_secs(1)), ..outbound() };
    let network = scripted(caller, peer(OnOffer::Nothing, Sound::Ced));
    assert!(took(&network) < Duration::from_secs(60), "{:?}", took(&network));
    assert_eq!(network.caller().ended().outcome.cause.retry_class(), RetryClass::Fax);
}

/// INVITEs of the caller, as bodies: the first is that of the call.
fn offered(network: &Network) -> Vec<String> {
    let is_offer = |(from, body): &&(usize, String)| *from == CALLER && body.contains("m=");
    network.bodies.iter().filter(is_offer).map(|(_, body)| body.clone()).collect()
}

#[test]
fn t38_in_the_first_invite_falls_back_to_audio_in_the_same_call_where_it_is_refused() {
    for what in [What::T38, What::Either] {
        for status in [406, 415, 488, 606] {
            let mut peer = peer(OnOffer::Refuse(488), Sound::Ced);
            peer.refuse_image = Some(status);
            let caller = OutboundSettings { t38: asking(Duration::from_secs(1)), ..outbound() };
            let mut network = Network::new(what, caller, Callee::Scripted(Box::new(peer)), 42);
            network.play();
            let bodies = offered(&network);
            assert!(bodies[0].contains("m=image 4002") && bodies[1].contains("m=audio 4000"), "{bodies:?}");
            assert!(!bodies[1].contains("m=image"), "{bodies:?}");
            assert_eq!(bodies[0].contains("m=audio"), what == What::Either);
            // The refused INVITE and the answered one have their ACKs; the T.38 we ask for later is refused as well.
            assert_eq!((network.said(CALLER, "INVITE"), network.said(CALLER, "ACK")), (3, 3), "{}", network.story());
            assert_eq!(network.caller().ended().outcome.cause, Cause::NoCommonTransport);
            assert_eq!(network.said(CALLER, "BYE"), 1);
        }
    }
}

#[test]
fn other_refusals_of_t38_in_the_first_invite_are_the_calls_own() {
    for (status, cause) in [(486, Cause::Busy), (603, Cause::Rejected), (503, Cause::Congestion { status: 503 })] {
        let mut peer = peer(OnOffer::Nothing, Sound::None);
        peer.refuse_image = Some(status);
        let mut network = Network::new(What::Either, outbound(), Callee::Scripted(Box::new(peer)), 42);
        network.play();
        assert_eq!(network.caller().ended().outcome.cause, cause);
        assert_eq!(network.said(CALLER, "INVITE"), 1, "nothing is asked again");
    }
}

#[test]
fn where_audio_is_refused_too_the_call_is_over_after_two_invites() {
    let mut peer = Peer::new(Answer::Refuse(488, None), OnOffer::Nothing, Sound::None);
    peer.refuse_image = Some(488);
    let mut network = Network::new(What::T38, outbound(), Callee::Scripted(Box::new(peer)), 42);
    network.play();
    let ended = network.caller().ended();
    assert_eq!((ended.outcome.cause.clone(), ended.record.sip_status), (Cause::NoCommonTransport, Some(488)));
    assert_eq!(network.said(CALLER, "INVITE"), 2, "{}", network.story());
}

#[test]
fn a_request_that_overtakes_the_ack_of_the_call_is_served() {
    let caller = OutboundSettings { t38: asking(Duration::ZERO), ..outbound() };
    let mut network = network(caller, InboundSettings { t38: never(), ..inbound() });
    let late = Cell::new(false);
    network.path = Box::new(move |flight| {
        let is_ack = flight.kind == Kind::Sip && flight.from == CALLER && flight.bytes.starts_with(b"ACK");
        let held_up = is_ack && !late.replace(late.get() || is_ack);
        vec![if held_up { DELAY + Duration::from_millis(400) } else { DELAY }]
    });
    network.play();
    assert_sent(&network);
    assert_eq!((network.said(CALLER, "INVITE"), network.said(CALLEE, "INVITE")), (2, 0), "{}", network.story());
}

#[test]
fn hold_in_the_middle_of_a_fax_is_agreed_to_and_the_fax_goes_on() {
    // As switchboards write it for audio, old ones by the address; and the image line itself put on hold by its address.
    for (what, from, to) in [
        (What::Audio, "a=sendrecv", "a=sendonly"),
        (What::Audio, "a=sendrecv", "a=inactive"),
        (What::Audio, "c=IN IP4 192.0.2.2", "c=IN IP4 0.0.0.0"),
        (What::T38, "c=IN IP4 192.0.2.2", "c=IN IP4 0.0.0.0"),
    ] {
        let mut network = network(outbound(), inbound());
        let done = Cell::new(false);
        network.watch = Box::new(move |side, output| {
            let in_page =
                matches!(output, Output::Progress(Progress::Fax(fax)) if fax.phase == Phase::C && fax.page == 1);
            if side != CALLER || !in_page || done.replace(true) {
                return Vec::new();
            }
            vec![(Duration::from_millis(300), CALLEE, Action::Offer(what))]
        });
        let mut offers = 0;
        network.edit = Box::new(move |message, side| {
            if side == CALLEE && message.method() == Some(&Method::Invite) {
                offers += 1;
                // Its first is the one that asks for T.38.
                if offers > 1 {
                    let text = String::from_utf8_lossy(&message.body).replace(from, to);
                    assert!(text.contains(to));
                    message.set_body("application/sdp", text.into_bytes());
                }
            }
        });
        network.play();
        assert_sent(&network);
        assert_eq!(network.said(CALLEE, "INVITE"), 2, "{to}: {}", network.story());
        assert_eq!(network.said(CALLER, "SIP/2.0 488"), 0, "{to}");
    }
}

#[test]
fn a_far_end_that_answers_with_t38_alone_what_was_audio_is_asked_for_it_at_once() {
    let mut network = network(outbound(), inbound());
    network.edit = Box::new(|message, from| {
        let text = String::from_utf8_lossy(&message.body);
        if from == CALLEE && message.status() == Some(200) && text.contains("m=audio") {
            let head = text.split("m=audio").next().unwrap_or_default();
            let image = format!("{head}m=image 4002 udptl t38\r\na=T38FaxVersion:0\r\n");
            message.set_body("application/sdp", image.into_bytes());
        }
    });
    network.play();
    assert_sent(&network);
    assert_eq!((network.said(CALLER, "INVITE"), network.said(CALLEE, "INVITE")), (2, 0), "{}", network.story());
    assert_eq!(network.caller().ended().record.audio, None);
}
