//! Who asks for T.38, when, and what becomes of a refusal: each policy of a trunk against the far ends it is for.

use std::time::Duration;

use super::network::{Callee, Kind, Network};
use super::party::{CALLEE, CALLER, asking, inbound, outbound};
use super::peer::{Answer, OnOffer, Peer, Sound, audio_description};
use super::transport::{assert_sent, network};
use crate::call::offer::What;
use crate::call::{Ask, InboundSettings, OutboundSettings, T38Policy};
use crate::model::{Cause, RetryClass};

fn never() -> T38Policy {
    T38Policy { ask: Ask::Never, ..T38Policy::default() }
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
    network.caller().finished_at.unwrap() - network.base
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
