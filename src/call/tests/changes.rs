//! Changes in the middle of a call: refreshes, a far end that moves, audio again, strangers' packets.

use std::cell::Cell;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use super::network::{Action, Callee, DELAY, Kind, Network, Watch};
use super::party::{CALLEE, CALLER, at, inbound, outbound};
use super::peer::{Answer, OnOffer, Peer, Sound, audio_description};
use super::transport::{assert_sent, network};
use crate::call::offer::What;
use crate::call::{Output, Progress};
use crate::dsp::g711::Law;
use crate::dsp::tone::{Generator, Tone};
use crate::model::{Cause, Phase};
use crate::rtp;
use crate::signal::Burst;
use crate::sip::Method;
use crate::t30::frame::{Name, build};
use crate::t38;

/// Actions in the middle of the caller's second page.
fn in_second_page(actions: Vec<(Duration, usize, Action)>) -> Watch {
    let is_it = |side, output: &Output| {
        side == CALLER
            && matches!(output, Output::Progress(Progress::Fax(fax)) if fax.phase == Phase::C && fax.page == 1)
    };
    once(is_it, actions)
}

/// Actions when an output comes for the first time.
fn once(is_it: impl Fn(usize, &Output) -> bool + 'static, actions: Vec<(Duration, usize, Action)>) -> Watch {
    let mut actions = Some(actions);
    Box::new(move |side, output| if is_it(side, output) { actions.take().unwrap_or_default() } else { Vec::new() })
}

/// Whether the caller tells the last page as confirmed.
fn is_last_confirmed(side: usize, output: &Output) -> bool {
    side == CALLER && matches!(output, Output::Confirmed { pages: 3, .. })
}

fn offers(network: &Network) -> usize {
    network.said(CALLER, "INVITE") + network.said(CALLEE, "INVITE")
}

const SOON: Duration = Duration::from_millis(300);

#[test]
fn a_session_refresh_with_the_same_t38_keeps_the_fax_going() {
    for side in [CALLER, CALLEE] {
        let mut network = network(outbound(), inbound());
        network.watch = in_second_page(vec![
            (SOON, side, Action::Offer(What::T38)),
            (4 * SOON, 1 - side, Action::Offer(What::T38)),
        ]);
        network.play();
        assert_sent(&network);
        assert_eq!(offers(&network), 4, "{}", network.story());
        assert_eq!(network.caller().ended().record.partial_page_requests, 0, "not a packet was lost");
    }
}

#[test]
fn a_refresh_without_an_offer_gets_ours_and_its_answer_is_followed() {
    let mut network = network(outbound(), inbound());
    // The called side's refresh has no description; it moves meanwhile and says so in its ACK.
    let moved = SocketAddr::from(([192, 0, 2, 2], 4900));
    network.watch =
        in_second_page(vec![(SOON, CALLEE, Action::MoveT38(moved)), (SOON, CALLEE, Action::Offer(What::T38))]);
    let (mut offer, mut number) = (None, None);
    network.edit = Box::new(move |message, from| {
        let text = String::from_utf8_lossy(&message.body).into_owned();
        let cseq = message.cseq().map(|cseq| cseq.number);
        if from == CALLEE && message.method() == Some(&Method::Invite) && text.contains("m=image 4900") {
            (offer, number) = (Some(message.body.clone()), cseq);
            message.set_body("application/sdp", Vec::new());
        } else if from == CALLEE && message.method() == Some(&Method::Ack) && cseq == number {
            message.set_body("application/sdp", offer.clone().unwrap_or_default());
        }
    });
    network.play();
    assert_sent(&network);
    let asked = network.bodies.iter().filter(|(from, body)| *from == CALLER && body.contains("m=image 4002")).count();
    assert!(asked >= 2, "the 200 to the refresh offers our T.38");
}

#[test]
fn a_far_end_that_moves_is_followed() {
    for side in [CALLER, CALLEE] {
        let mut network = network(outbound(), inbound());
        let new_port = at(side, 4900);
        network.watch =
            in_second_page(vec![(SOON, side, Action::MoveT38(new_port)), (SOON, side, Action::Offer(What::T38))]);
        let last = Rc::new(Cell::new(None));
        let seen = Rc::clone(&last);
        network.path = Box::new(move |flight| {
            if flight.kind == Kind::T38 && flight.from != side {
                seen.set(Some(flight.to));
            }
            vec![DELAY]
        });
        network.play();
        assert_sent(&network);
        assert_eq!(last.get(), Some(new_port), "{}", network.story());
    }
}

#[test]
fn a_far_end_that_gets_another_port_from_a_translator_in_the_middle_of_a_page_is_followed() {
    let mut network = network(outbound(), inbound());
    let new_port = at(CALLER, 4900);
    network.watch = in_second_page(vec![(SOON, CALLER, Action::MoveT38(new_port))]);
    network.play();
    assert_sent(&network);
    assert_eq!(offers(&network), 2, "nobody was told: {}", network.story());
}

#[test]
fn packets_follow_a_far_end_behind_an_address_translator() {
    let mut network = network(outbound(), inbound());
    // The caller's description names an address of its own network; its packets come from elsewhere, and answers get through.
    network.edit = Box::new(|message, from| {
        if from == CALLER {
            let text = String::from_utf8_lossy(&message.body).replace("IN IP4 192.0.2.1", "IN IP4 10.0.0.5");
            message.set_body("application/sdp", text.into_bytes());
        }
    });
    network.play();
    assert_sent(&network);
}

/// What ends a fax if it is believed: the far end's DCN.
fn disconnect(network: &Network) -> Vec<Vec<u8>> {
    let mut now = network.now;
    let mut terminal = t38::Terminal::new(t38::Settings::default(), now);
    terminal.handle(t38::Input::Send(Burst::Control(vec![build(Name::Dcn, true, true, &[])])), now);
    let mut datagrams = Vec::new();
    for _ in 0..400 {
        while let Some(output) = terminal.poll() {
            match output {
                t38::Output::Datagram(datagram) => datagrams.push(datagram),
                t38::Output::Sent => return datagrams,
                t38::Output::Heard(_) => {}
            }
        }
        now = terminal.deadline().unwrap_or(now);
        terminal.handle(t38::Input::Timeout, now);
    }
    datagrams
}

#[test]
fn a_strangers_packets_are_not_heard() {
    for (port, host) in [(4002, 66), (5555, 2)] {
        for side in [CALLER, CALLEE] {
            let mut network = network(outbound(), inbound());
            let source = SocketAddr::from(([192, 0, 2, host], port));
            let datagrams = disconnect(&network);
            assert!(datagrams.len() > 3);
            let inject = |bytes: Vec<u8>| (SOON, side, Action::Inject { kind: Kind::T38, source, bytes });
            network.watch = in_second_page(datagrams.into_iter().map(inject).collect());
            let to_stranger = Rc::new(Cell::new(false));
            let seen = Rc::clone(&to_stranger);
            network.path = Box::new(move |flight| {
                seen.set(seen.get() || flight.to == source);
                vec![DELAY]
            });
            network.play();
            assert_sent(&network);
            assert!(!to_stranger.get(), "no packet goes to a stranger");
        }
    }
}

#[test]
fn a_strangers_tone_does_not_make_a_person_a_fax() {
    let peer =
        Peer::new(Answer::After(Duration::from_millis(100), audio_description()), OnOffer::Refuse(488), Sound::Silence);
    let mut network = Network::new(What::Audio, outbound(), Callee::Scripted(Box::new(peer)), 42);
    let source = SocketAddr::from(([192, 0, 2, 66], 4000));
    let (mut tone, mut sender) = (Generator::new(Tone::Ced, Law::A), rtp::Sender::new(9, 9, 9));
    for number in 0..100 {
        let bytes = sender.send(8, &tone.next_frame().unwrap(), 160);
        let at = Duration::from_millis(1000 + 20 * number);
        network.after(at, CALLER, Action::Inject { kind: Kind::Audio, source, bytes });
    }
    network.play();
    assert!(!network.caller().call.fax_tone_heard);
    assert_eq!(network.caller().ended().outcome.cause, Cause::NoFaxHeard);
}

#[test]
fn the_echo_of_our_calling_tone_does_not_make_a_person_a_fax() {
    for (tone, cause) in [(Tone::Cng, Cause::NoFaxHeard), (Tone::Ced, Cause::NoCommonTransport)] {
        let answer = Answer::After(Duration::from_millis(100), audio_description());
        let peer = Peer::new(answer, OnOffer::Refuse(488), Sound::Silence);
        let mut network = Network::new(What::Audio, outbound(), Callee::Scripted(Box::new(peer)), 42);
        let source = SocketAddr::from(([192, 0, 2, 2], 4000));
        let (mut tone, mut sender) = (Generator::new(tone, Law::A), rtp::Sender::new(9, 9, 9));
        for number in 0..100 {
            let bytes = sender.send(8, &tone.next_frame().unwrap(), 160);
            let at = Duration::from_millis(1000 + 20 * number);
            network.after(at, CALLER, Action::Inject { kind: Kind::Audio, source, bytes });
        }
        network.play();
        assert_eq!(network.caller().ended().outcome.cause, cause);
    }
}

#[test]
fn audio_again_before_the_bye_changes_nothing() {
    // As Asterisk does at the end of a fax: whoever asked for T.38 asks for audio, then says BYE.
    for side in [CALLER, CALLEE] {
        let mut network = network(outbound(), inbound());
        network.watch = once(is_last_confirmed, vec![(SOON / 3, side, Action::Offer(What::Audio))]);
        network.play();
        assert_sent(&network);
        assert_eq!(offers(&network), 3, "{}", network.story());
        assert_eq!(network.said(1 - side, "SIP/2.0 488"), 0);
    }
}

#[test]
fn a_refresh_with_stale_audio_in_the_middle_does_not_end_the_fax() {
    // ASTERISK-21232: the refresh of the session timer described audio during T.38.
    for side in [CALLER, CALLEE] {
        let mut network = network(outbound(), inbound());
        network.watch = in_second_page(vec![(SOON, side, Action::Offer(What::Audio))]);
        network.play();
        assert_sent(&network);
    }
}

#[test]
fn t38_closed_with_port_zero_is_refused_and_the_fax_ends_well() {
    let mut network = network(outbound(), inbound());
    network.watch = once(is_last_confirmed, vec![(SOON / 3, CALLEE, Action::Offer(What::T38))]);
    let mut offers = 0;
    network.edit = Box::new(move |message, from| {
        if from == CALLEE && message.method() == Some(&Method::Invite) {
            offers += 1;
            if offers > 1 {
                let text = String::from_utf8_lossy(&message.body).replace("m=image 4002", "m=image 0");
                message.set_body("application/sdp", text.into_bytes());
            }
        }
    });
    network.play();
    assert_sent(&network);
    assert_eq!(network.said(CALLER, "SIP/2.0 488"), 1, "{}", network.story());
}

#[test]
fn audio_described_again_before_t38_goes_on_without_a_new_beginning() {
    let mut network = network(outbound(), inbound());
    let is_answered = |side, output: &Output| side == CALLER && matches!(output, Output::Progress(Progress::Answered));
    network.watch = once(is_answered, vec![(Duration::from_millis(40), CALLER, Action::Offer(What::Audio))]);
    let streams = Rc::new(Cell::new((0_u32, 0_u32)));
    let seen = Rc::clone(&streams);
    network.path = Box::new(move |flight| {
        // The marker bit is on the first packet of a stream only.
        if flight.kind == Kind::Audio && flight.bytes[1] & 0x80 != 0 {
            let (caller, callee) = seen.get();
            seen.set(if flight.from == CALLER { (caller + 1, callee) } else { (caller, callee + 1) });
        }
        vec![DELAY]
    });
    network.play();
    assert_sent(&network);
    assert_eq!(streams.get(), (1, 1));
}
