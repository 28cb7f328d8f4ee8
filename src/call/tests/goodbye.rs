//! The end of audio: it is told by RTCP, whatever follows; and what a far end tells so ends nothing.
// RFC 3550 §6.3.7, §6.6

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use super::audio::{either, over_audio};
use super::network::{Action, DELAY, Kind, Network};
use super::party::{CALLEE, CALLER, at, inbound, outbound};
use super::transport::{assert_sent, network};
use crate::call::{InboundSettings, OutboundSettings, Output, Progress};
use crate::model::{Cause, Phase};
use crate::rtp::Packet;
use crate::rtp::rtcp::{Heard, Reporter};

/// The sources of what one side sent of its audio: of packets, of reports (none) and of goodbyes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Sent {
    Packet(u32),
    Report,
    Goodbye(u32),
}

/// A call, and what each side sent of its audio.
fn played(settings: (OutboundSettings, InboundSettings)) -> (Network, [Vec<Sent>; 2]) {
    let mut network = network(settings.0, settings.1);
    let sent = Rc::new(RefCell::new([Vec::new(), Vec::new()]));
    let (seen, base) = (Rc::clone(&sent), network.base);
    network.path = Box::new(move |flight| {
        let what = match flight.kind {
            Kind::Audio => Packet::decode(&flight.bytes).map(|packet| Sent::Packet(packet.ssrc)).expect("RTP"),
            Kind::Report => {
                let heard = Reporter::new(0, String::new(), base).receive(&flight.bytes, base).expect("RTCP");
                heard.goodbye.map_or(Sent::Report, |goodbye| Sent::Goodbye(goodbye.ssrc.expect("a source")))
            }
            Kind::Sip | Kind::T38 => return vec![DELAY],
        };
        seen.borrow_mut()[flight.from].push(what);
        vec![DELAY]
    });
    network.play();
    let sent = sent.take();
    (network, sent)
}

/// Each stream has one goodbye, which is the last thing of it.
fn assert_left(sent: &[Sent], streams: usize) {
    let mut sources: Vec<_> =
        sent.iter().filter_map(|sent| if let Sent::Packet(ssrc) = sent { Some(*ssrc) } else { None }).collect();
    sources.dedup();
    assert_eq!(sources.len(), streams, "one stream after another");
    let goodbyes: Vec<_> =
        sent.iter().filter_map(|sent| if let Sent::Goodbye(ssrc) = sent { Some(*ssrc) } else { None }).collect();
    assert_eq!(goodbyes, sources);
    assert!(matches!(sent.last(), Some(Sent::Goodbye(_))), "{:?}", sent.last());
    for (ssrc, goodbye) in sources.iter().map(|ssrc| (ssrc, Sent::Goodbye(*ssrc))) {
        let place = sent.iter().position(|sent| *sent == goodbye).expect("a goodbye");
        assert!(!sent[place..].contains(&Sent::Packet(*ssrc)), "nothing comes after it");
    }
}

#[test]
fn a_call_over_audio_ends_with_a_goodbye_of_each_side() {
    let (network, sent) = played(over_audio());
    assert_sent(&network);
    for sent in &sent {
        assert_left(sent, 1);
        assert!(sent.contains(&Sent::Report));
    }
}

#[test]
fn audio_that_gives_way_to_t38_ends_with_a_goodbye_of_each_side() {
    // A tone only, and a fax that had begun.
    for settings in [(outbound(), inbound()), either()] {
        let (network, sent) = played(settings);
        assert_sent(&network);
        assert!(network.count(Kind::T38) > 0);
        sent.iter().for_each(|sent| assert_left(sent, 1));
    }
}

#[test]
fn a_stream_that_follows_on_t38_that_was_dead_has_a_goodbye_of_its_own() {
    let mut network = network(either().0, either().1);
    let goodbyes = Rc::new(RefCell::new(Vec::new()));
    let (seen, base) = (Rc::clone(&goodbyes), network.base);
    network.path = Box::new(move |flight| {
        if flight.kind == Kind::Report && flight.from == CALLER {
            let Heard { goodbye, .. } =
                Reporter::new(0, String::new(), base).receive(&flight.bytes, base).expect("RTCP");
            seen.borrow_mut().extend(goodbye.and_then(|goodbye| goodbye.ssrc));
        }
        if flight.kind == Kind::T38 { Vec::new() } else { vec![DELAY] }
    });
    network.play();
    assert_sent(&network);
    let goodbyes = goodbyes.borrow();
    assert!(goodbyes.len() == 2 && goodbyes[0] != goodbyes[1], "{goodbyes:?}");
}

#[test]
fn who_was_never_answered_says_no_goodbye() {
    let mut network = network(outbound(), inbound());
    network.after(Duration::from_millis(10), CALLER, Action::HangUp(Cause::Cancelled));
    network.play();
    assert_eq!((network.count(Kind::Audio), network.count(Kind::Report)), (0, 0));
}

/// What a far end says of the stream that began with this seed.
fn goodbye(ssrc: u8) -> Vec<u8> {
    let mut octets = vec![0x80, 201, 0, 1, 0, 0, 0, ssrc, 0x81, 203, 0, 3, 0, 0, 0, ssrc, 6];
    octets.extend(b"enough\0");
    octets
}

#[test]
fn a_goodbye_of_the_far_end_is_noted_and_ends_no_fax() {
    // The source of a stream is the beginning of its call's seed: 42 and 77.
    for (side, ssrc, from, is_noted) in [
        (CALLER, 77, at(CALLEE, 4001), true),
        (CALLEE, 42, at(CALLER, 4001), true),
        // Of another stream, and of somebody else.
        (CALLER, 78, at(CALLEE, 4001), false),
        (CALLER, 77, at(7, 4001), false),
    ] {
        let mut network = network(over_audio().0, over_audio().1);
        let mut is_done = false;
        network.watch = Box::new(move |by, output| {
            let in_page =
                matches!(output, Output::Progress(Progress::Fax(fax)) if fax.phase == Phase::C && fax.page == 1);
            if by != CALLER || !in_page || std::mem::replace(&mut is_done, true) {
                return Vec::new();
            }
            let inject = Action::Inject { kind: Kind::Report, source: from, bytes: goodbye(ssrc) };
            vec![(Duration::from_millis(300), side, inject)]
        });
        network.play();
        assert_sent(&network);
        let party = network.parties[side].as_ref().unwrap();
        let audio = party.ended().record.audio.as_deref().expect("over audio");
        // What both say at the end has no words.
        assert_eq!(audio.goodbye.as_deref() == Some("enough"), is_noted, "{side} {ssrc}: {audio:?}");
    }
}
