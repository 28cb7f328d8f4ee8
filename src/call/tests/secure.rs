//! Audio that is encrypted: what is offered and taken by each policy, and a fax over it.
// RFC 3711, RFC 4568

use super::network::{Action, Callee, DELAY, Kind, Network};
use super::party::{CALLEE, CALLER, inbound, outbound};
use super::peer::{Answer, OnOffer, Peer, Sound, audio_description};
use super::transport::{assert_sent, network};
use crate::call::offer::What;
use crate::call::{InboundSettings, OurProtection, OutboundSettings, Output, Progress, T38Policy};
use crate::model::{Cause, Phase};
use crate::sip::Method;
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;
use std::time::Duration;

fn protection(required: bool, chance: u8) -> Option<OurProtection> {
    Some(OurProtection { required, chance: [chance; 32], number: 0 })
}

fn play(caller: Option<OurProtection>, called: Option<OurProtection>) -> Network {
    let (mut out, mut back): (OutboundSettings, InboundSettings) = (outbound(), inbound());
    (out.line.srtp, back.line.srtp) = (caller, called);
    let mut network = network(out, back);
    network.play();
    network
}

#[test]
fn each_pair_of_policies_comes_to_the_audio_that_both_want_or_to_no_call() {
    for (caller, called, invites) in [
        (protection(true, 1), protection(true, 2), Some(1)),
        (protection(true, 1), protection(false, 2), Some(1)),
        (protection(false, 1), protection(true, 2), Some(1)),
        (None, protection(false, 2), Some(1)),
        (None, protection(true, 2), None),
        (protection(true, 1), None, None),
    ] {
        let network = play(caller, called);
        let Some(invites) = invites else {
            let expected = if caller.is_some() { Cause::TrunkEncryption } else { Cause::NoCommonTransport };
            assert_eq!(network.caller().ended().outcome.cause, expected, "{}", network.story());
            continue;
        };
        assert_sent(&network);
        assert_eq!(network.said(CALLER, "INVITE"), invites, "{}", network.story());
        assert_eq!(network.caller().ended().record.carrier.as_deref(), Some("T.38"), "T.38 follows as ever");
    }
}

#[test]
fn where_encrypted_audio_is_refused_plain_audio_follows_in_the_same_call_unless_it_must_be() {
    for (required, invites) in [(false, 2), (true, 1)] {
        let mut caller = outbound();
        caller.line.srtp = protection(required, 1);
        let answer = Answer::After(Duration::from_secs(1), audio_description());
        let mut peer = Peer::new(answer, OnOffer::Refuse(488), Sound::None);
        peer.refuse_image = Some(488);
        let mut network = Network::new(What::Audio, caller, Callee::Scripted(Box::new(peer)), 42);
        network.play();
        assert_eq!(network.said(CALLER, "INVITE") >= 2, invites == 2, "{}", network.story());
        let cause = &network.caller().ended().outcome.cause;
        assert_eq!(*cause == Cause::TrunkEncryption, required, "{cause:?}");
    }
}

#[test]
fn a_fax_goes_over_encrypted_audio() {
    let (mut caller, mut called) = (outbound(), inbound());
    (caller.t38, called.t38) = (T38Policy::audio_only(), T38Policy::audio_only());
    (caller.line.srtp, called.line.srtp) = (protection(true, 1), protection(true, 2));
    let mut network = network(caller, called);
    network.play();
    assert_sent(&network);
    assert_eq!((network.said(CALLER, "INVITE"), network.said(CALLEE, "INVITE"), network.count(Kind::T38)), (1, 0, 0));
    for party in [network.caller(), network.called()] {
        let audio = party.ended().record.audio.as_deref().expect("it went over audio");
        assert_eq!(audio.srtp.as_deref(), Some("AES_CM_128_HMAC_SHA1_80"));
    }
}

fn over_encrypted_audio() -> Network {
    let (mut caller, mut called) = (outbound(), inbound());
    (caller.t38, called.t38) = (T38Policy::audio_only(), T38Policy::audio_only());
    (caller.line.srtp, called.line.srtp) = (protection(true, 1), protection(true, 2));
    network(caller, called)
}

/// Two descriptions of this side's audio in the middle of the second page, behind this action.
fn described_again(network: &mut Network, side: usize, before: Option<fn() -> Action>) {
    let mut is_done = false;
    network.watch = Box::new(move |by, output| {
        let is_it = by == CALLER
            && matches!(output, Output::Progress(Progress::Fax(fax)) if fax.phase == Phase::C && fax.page == 1);
        if !is_it || std::mem::replace(&mut is_done, true) {
            return Vec::new();
        }
        let offers = (1..3).map(|count| (count * Duration::from_secs(1), side, Action::Offer(What::Audio)));
        let change = before.map(|action| (Duration::from_millis(300), side, action()));
        change.into_iter().chain(offers).collect()
    });
}

/// The keys that each side told.
fn keys(network: &Network) -> [BTreeSet<String>; 2] {
    [CALLER, CALLEE].map(|side| {
        let of = network.bodies.iter().filter(|(from, _)| *from == side).flat_map(|(_, body)| body.lines());
        let crypto = of.filter(|line| line.starts_with("a=crypto") && line.contains("SHA1_80"));
        crypto.filter_map(|line| Some(line.split_once("inline:")?.1.to_owned())).collect()
    })
}

#[test]
fn a_session_described_again_by_either_side_keeps_its_keys_and_loses_no_packet() {
    for side in [CALLER, CALLEE] {
        let mut network = over_encrypted_audio();
        described_again(&mut network, side, None);
        network.play();
        assert_sent(&network);
        assert_eq!(network.said(CALLER, "INVITE") + network.said(CALLEE, "INVITE"), 3, "{}", network.story());
        assert_eq!(keys(&network).map(|keys| keys.len()), [1, 1]);
        assert_eq!(network.caller().ended().record.partial_page_requests, 0);
    }
}

#[test]
fn a_far_end_that_changes_its_key_in_the_middle_of_a_fax_is_heard_before_and_after() {
    for side in [CALLER, CALLEE] {
        let mut network = over_encrypted_audio();
        described_again(&mut network, side, Some(|| Action::ChangeKeys));
        network.play();
        assert_sent(&network);
        let mut expected = [1, 1];
        expected[side] = 2;
        assert_eq!(keys(&network).map(|keys| keys.len()), expected, "the other side's key stays");
        for party in [network.caller(), network.called()] {
            assert_eq!(party.ended().record.audio.as_deref().map(|audio| audio.lost), Some(0));
        }
    }
}

#[test]
fn packets_that_come_again_are_heard_once() {
    let mut network = over_encrypted_audio();
    let again = Rc::new(RefCell::new(0));
    let count = Rc::clone(&again);
    network.path = Box::new(move |flight| {
        let mut ways = vec![DELAY];
        if flight.kind == Kind::Audio && flight.from == CALLER {
            *count.borrow_mut() += 1;
            // Right behind it, and two seconds later.
            ways.extend([DELAY + Duration::from_millis(1), DELAY + Duration::from_secs(2)]);
        }
        ways
    });
    network.play();
    assert_sent(&network);
    assert!(network.count(Kind::Report) > 10);
    for party in [network.caller(), network.called()] {
        let audio = party.ended().record.audio.as_deref().expect("over audio");
        assert!(audio.missed_there.is_some(), "the far end's reports are understood: {audio:?}");
    }
    let received = network.called().ended().record.audio.as_deref().map(|audio| audio.received);
    assert!(*again.borrow() > 1000 && received.is_some_and(|received| received <= *again.borrow()), "{received:?}");
}

#[test]
fn a_refused_offer_hears_what_is_missing() {
    let audio = "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\nm=";
    for (media, srtp, word) in [
        ("video 4000 RTP/AVP 31", None, "T.38"),
        ("audio 4000 RTP/AVP 18", None, "G.711"),
        ("audio 4000 RTP/SAVP 8", None, "not taken"),
        (
            "audio 4000 RTP/SAVPF 8\r\na=crypto:1 F8_128_HMAC_SHA1_80 inline:d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj",
            protection(false, 1),
            "known here",
        ),
        ("audio 4000 RTP/SAVPF 8\r\na=fingerprint:sha-256 00", protection(false, 1), "needs keys"),
        ("audio 4000 UDP/TLS/RTP/SAVPF 8\r\na=fingerprint:sha-256 00", None, "DTLS"),
        ("audio 4000 UDP/TLS/RTP/SAVPF 8\r\na=fingerprint:sha-256 00", protection(true, 1), "DTLS"),
        ("audio 4000 RTP/AVPF 18", None, "G.711"),
        ("audio 4000 RTP/AVP 0\r\na=rtpmap:0 G729/8000", None, "G.711"),
        ("audio 4000 RTP/AVP 8", protection(true, 1), "required"),
    ] {
        let mut called = inbound();
        called.line.srtp = srtp;
        let mut network = network(outbound(), called);
        network.edit = Box::new(move |message, _| {
            if message.method() == Some(&Method::Invite) {
                message.set_body("application/sdp", format!("{audio}{media}\r\n").into_bytes());
            }
        });
        network.play();
        let record = &network.caller().ended().record;
        let said = record.sip_said.as_deref().unwrap_or_default();
        assert!(record.sip_status == Some(488) && said.contains(word), "{media}: {said}");
    }
}
