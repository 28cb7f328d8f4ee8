//! Calls over audio that no fax answers: what is heard is told for what it is, within known time, and nobody is asked for T.38 who speaks.

use std::time::Duration;

use super::network::{Callee, Network};
use super::party::{CALLER, asking_or_audio, outbound};
use super::peer::{Answer, OnOffer, Peer, Sound, audio_description};
use crate::call::offer::What;
use crate::call::{OutboundSettings, T38Policy};
use crate::dsp::progress::tests::Line;
use crate::model::{Cause, RetryClass, Sound as Heard};
use crate::rtp;

/// A call that is answered after a second by this.
fn answered_by(line: &Line, t38: T38Policy, hang_up_after: Option<Duration>) -> Network {
    let answer = Answer::After(Duration::from_secs(1), audio_description());
    let mut peer = Peer::new(answer, OnOffer::Refuse(488), Sound::Line);
    peer.line = line.samples().into();
    peer.hang_up_after = hang_up_after;
    let caller = OutboundSettings { t38, ..outbound() };
    let mut network = Network::new(What::Audio, caller, Callee::Scripted(Box::new(peer)), 42);
    network.play();
    network
}

fn cause(network: &Network) -> Cause {
    network.caller().ended().outcome.cause.clone()
}

/// Seconds from the answer to the end.
fn lasted(network: &Network) -> u64 {
    (network.caller().free_at.unwrap() - network.base).as_secs() - 1
}

fn audio() -> T38Policy {
    T38Policy::audio_only()
}

#[test]
fn tones_of_the_network_are_told_within_seconds() {
    let busy = Line::default().rhythm(&[425.0], -13.0, &[(480, 480)], 60);
    let congestion = Line::default().rhythm(&[425.0], -13.0, &[(240, 240)], 120);
    let dial = Line::default().tone(&[425.0], -13.0, 60_000);
    let information = [950.0, 1400.0, 1800.0]
        .into_iter()
        .fold(Line::default().silence(500), |line, hertz| line.tone(&[hertz], -13.0, 330));
    for (line, expected, class) in [
        (busy, Heard::BusyTone, RetryClass::Busy),
        (congestion, Heard::CongestionTone, RetryClass::Busy),
        (dial, Heard::DialTone, RetryClass::NotAFax),
        (information.voice(120.0, -15.0, 20_000), Heard::InformationTone, RetryClass::NotAFax),
    ] {
        let network = answered_by(&line, audio(), None);
        assert_eq!(cause(&network), Cause::Heard(expected), "{}", network.story());
        assert_eq!(cause(&network).retry_class(), class);
        assert!(lasted(&network) <= 15, "{expected:?}: {} s", lasted(&network));
        assert_eq!(network.said(CALLER, "BYE"), 1);
    }
}

#[test]
fn a_person_hears_our_tone_for_half_a_minute_at_most() {
    let hello = Line::default().silence(300).voice(120.0, -15.0, 1500).silence(2000).voice(120.0, -15.0, 3000);
    let network = answered_by(&hello, audio(), None);
    assert_eq!(cause(&network), Cause::Heard(Heard::Voice), "{}", network.story());
    assert!(lasted(&network) <= 30, "{} s", lasted(&network));
    // Who hangs up before, and leaves the busy tone behind, is a person all the same.
    let network = answered_by(&hello, audio(), Some(Duration::from_secs(12)));
    assert_eq!(cause(&network), Cause::Heard(Heard::Voice), "{}", network.story());
    let left = hello.rhythm(&[425.0], -13.0, &[(480, 480)], 60);
    assert_eq!(cause(&answered_by(&left, audio(), None)), Cause::Heard(Heard::Voice));
}

#[test]
fn a_greeting_and_its_tone_are_an_answering_machine() {
    let greeting = Line::default().silence(500).voice(180.0, -15.0, 9000).silence(200).tone(&[1000.0], -13.0, 500);
    let network = answered_by(&greeting, audio(), None);
    assert_eq!(cause(&network), Cause::Heard(Heard::AnsweringMachine), "{}", network.story());
    assert!(lasted(&network) <= 30, "{} s", lasted(&network));
}

#[test]
fn silence_lasts_as_long_as_the_other_machines_wait_and_is_told() {
    let network = answered_by(&Line::default(), audio(), None);
    assert_eq!(cause(&network), Cause::Heard(Heard::Silence), "{}", network.story());
    assert!((50..70).contains(&lasted(&network)), "T0: {} s", lasted(&network));
}

#[test]
fn whoever_speaks_is_not_asked_for_t38() {
    let hello = Line::default().silence(300).voice(120.0, -15.0, 12_000);
    let network = answered_by(&hello, asking_or_audio(Duration::from_secs(5)), None);
    assert_eq!(cause(&network), Cause::Heard(Heard::Voice), "{}", network.story());
    assert_eq!(network.said(CALLER, "INVITE"), 1, "{}", network.story());
    // Of silence nothing is known: T.38 may be all there is.
    let network = answered_by(&Line::default(), asking_or_audio(Duration::from_secs(5)), None);
    assert_eq!(network.said(CALLER, "INVITE"), 2, "{}", network.story());
}

#[test]
fn a_fax_behind_a_greeting_is_waited_for() {
    // It speaks, hears our calling tone, and answers with its own.
    let line = Line::default().silence(300).voice(120.0, -15.0, 6000).silence(500).tone(&[2100.0], -13.0, 3000);
    let network = answered_by(&line, audio(), None);
    // Nothing follows its tone here: from then on it counts as a fax.
    assert_eq!(cause(&network).retry_class(), RetryClass::Fax, "{:?}: {}", cause(&network), network.story());
}

#[test]
fn a_tone_that_a_gateway_names_is_as_good_as_its_sound() {
    let description =
        audio_description().replace("RTP/AVP 8", "RTP/AVP 8 101") + "a=rtpmap:101 telephone-event/8000\r\n";
    let peer = Peer::new(Answer::After(Duration::from_secs(1), description), OnOffer::Refuse(488), Sound::Silence);
    let caller = OutboundSettings { t38: audio(), ..outbound() };
    let mut network = Network::new(What::Audio, caller, Callee::Scripted(Box::new(peer)), 42);
    let mut sender = rtp::Sender::new(9, 9, 9);
    let source = super::party::at(super::party::CALLEE, 4000);
    // Its answer tone, 33 a turn of the phase: RFC 4734 §2.
    let bytes = sender.send(101, &[32, 10, 0x0C, 0x80], 0);
    let inject = super::network::Action::Inject { kind: super::network::Kind::Audio, source, bytes };
    network.after(Duration::from_secs(4), CALLER, inject);
    network.play();
    assert_eq!(cause(&network).retry_class(), RetryClass::Fax, "it is a fax: {:?}", cause(&network));
}
