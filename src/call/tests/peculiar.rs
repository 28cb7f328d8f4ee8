//! Far ends that describe the same audio in other words: payload types of their own, profiles with feedback.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;
use std::time::Duration;

use super::audio::over_audio;
use super::network::{Callee, DELAY, Kind, Network};
use super::party::{CALLEE, CALLER, outbound};
use super::peer::{Answer, OnOffer, Peer, Sound};
use super::transport::{assert_sent, network};
use crate::call::offer::What;
use crate::call::{OurProtection, T38Policy};
use crate::sip::Method;

/// Notes the payload types that each side sends.
fn note_payload_types(network: &mut Network) -> Rc<RefCell<[BTreeSet<u8>; 2]>> {
    let types = Rc::new(RefCell::new([BTreeSet::new(), BTreeSet::new()]));
    let seen = Rc::clone(&types);
    network.path = Box::new(move |flight| {
        if flight.kind == Kind::Audio {
            seen.borrow_mut()[flight.from].insert(flight.bytes[1] & 0x7F);
        }
        vec![DELAY]
    });
    types
}

/// A call over audio whose offer has these words in the place of ours.
fn offered(words: &'static [(&'static str, &'static str)], protection: Option<OurProtection>) -> Network {
    let (mut caller, mut callee) = over_audio();
    caller.line.srtp = protection;
    callee.line.srtp = protection.map(|ours| OurProtection { chance: [9; 32], ..ours });
    let mut network = network(caller, callee);
    network.edit = Box::new(move |message, _| {
        if message.method() == Some(&Method::Invite) {
            let text = String::from_utf8_lossy(&message.body).into_owned();
            let text = words.iter().fold(text, |text, (ours, theirs)| text.replace(ours, theirs));
            message.set_body("application/sdp", text.into_bytes());
        }
    });
    network
}

#[test]
fn a_fax_goes_under_the_payload_types_of_the_offer() {
    // The first law of the offer is taken; the last of these takes our number for the other law.
    let offers: [(&[_], u8); 3] = [
        (&[("AVP 8 0", "AVP 96 97"), ("rtpmap:8 PCMA/8000", "rtpmap:96 PCMA/8000/1"), ("rtpmap:0 ", "rtpmap:97 ")], 96),
        (
            &[("AVP 8 0", "AVP 18 101 0"), ("rtpmap:8 PCMA", "rtpmap:101 PCMU"), ("rtpmap:0 PCMU", "rtpmap:0 G726-32")],
            101,
        ),
        (&[("AVP 8 0", "AVP 0 8"), ("rtpmap:8 PCMA", "rtpmap:0 PCMA"), ("rtpmap:0 PCMU", "rtpmap:8 PCMU")], 0),
    ];
    for (words, expected) in offers {
        let mut network = offered(words, None);
        let types = note_payload_types(&mut network);
        network.play();
        assert_sent(&network);
        assert_eq!(types.borrow()[CALLEE], BTreeSet::from([expected]));
        let (_, answer) =
            network.bodies.iter().find(|(by, body)| *by == CALLEE && !body.is_empty()).expect("an answer");
        assert!(answer.contains(&format!("m=audio 4000 RTP/AVP {expected}\r\na=rtpmap:{expected} PCM")), "{answer}");
        for party in [network.caller(), network.called()] {
            let audio = party.ended().record.audio.as_deref().expect("over audio");
            assert_eq!((audio.lost, audio.concealed_frames), (0, 0));
        }
    }
}

#[test]
fn an_answer_under_another_payload_type_is_sent_to_under_it_and_heard_under_ours() {
    // It sends under the 8 that we offered, and wants 97 itself.
    let description = "v=0\r\no=- 1 1 IN IP4 192.0.2.2\r\ns=-\r\nc=IN IP4 192.0.2.2\r\nt=0 0\r\nm=audio 4000 RTP/AVP 97\r\n\
                       a=rtpmap:97 PCMA/8000\r\n";
    for t38 in [T38Policy::audio_only(), outbound().t38] {
        let answer = Answer::After(Duration::from_millis(100), description.into());
        let mut peer = Peer::new(answer, OnOffer::Refuse(488), Sound::Ced);
        peer.hang_up_after = Some(Duration::from_secs(6));
        let caller = crate::call::OutboundSettings { t38, ..outbound() };
        let mut network = Network::new(What::Audio, caller, Callee::Scripted(Box::new(peer)), 42);
        let types = note_payload_types(&mut network);
        network.play();
        assert_eq!(*types.borrow(), [BTreeSet::from([97]), BTreeSet::from([8])]);
        assert!(network.caller().call.fax_tone_heard, "{}", network.story());
    }
}

#[test]
fn profiles_with_feedback_carry_a_fax_and_are_answered_in_kind() {
    let protection = OurProtection { required: true, chance: [1; 32], number: 0 };
    let offers: [(&[_], _, _); 2] = [
        (&[("RTP/AVP ", "RTP/AVPF "), ("a=sendrecv", "a=rtcp-fb:* trr-int 5000\r\na=sendrecv")], None, "RTP/AVPF"),
        (
            &[("RTP/SAVP ", "RTP/SAVPF "), ("a=sendrecv", "a=rtcp-fb:* nack\r\na=sendrecv")],
            Some(protection),
            "RTP/SAVPF",
        ),
    ];
    for (words, protection, profile) in offers {
        let mut network = offered(words, protection);
        network.play();
        assert_sent(&network);
        let (_, answer) =
            network.bodies.iter().find(|(by, body)| *by == CALLEE && !body.is_empty()).expect("an answer");
        assert!(answer.contains(&format!("m=audio 4000 {profile} 8\r\n")) && !answer.contains("rtcp-fb"), "{answer}");
        let suite = network.called().ended().record.audio.as_deref().and_then(|audio| audio.srtp.clone());
        assert_eq!(suite.is_some(), protection.is_some());
        // What we offer ourselves has no feedback, mended or not.
        assert_eq!(network.said(CALLER, "INVITE"), 1, "{}", network.story());
    }
}
