//! Lines of audio whose payload types are not the usual ones, and the profiles of lines.

use super::*;
use crate::sdp::{Agreed, Description, Media, Origin, OurAudio, Ours, accept, answer};

const HEAD: &str = "v=0\r\no=- 1 1 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\n";

fn origin() -> Origin {
    Origin { session_id: "7".into(), version: 1, address: Some([192, 0, 2, 1].into()) }
}

fn coding(codec: Codec, payload_type: u8) -> Coding {
    Coding { codec, payload_type }
}

fn described(lines: &str) -> Description {
    Description::parse(format!("{HEAD}{lines}").replace('\n', "\r\n").as_bytes()).unwrap()
}

fn audio(lines: &str) -> Audio {
    described(lines).media.remove(0).as_audio().expect("audio").clone()
}

/// Our answer to lines of a far end, and what is agreed on.
fn answered(lines: &str) -> (String, Agreed) {
    let audio = OurAudio { port: 4000, codecs: vec![Codec::Pcma, Codec::Pcmu], ptime_ms: 20, protection: None };
    let ours = Ours { address: [192, 0, 2, 1].into(), audio: Some(audio), t38: None };
    let (description, agreed) = answer(&described(lines), &ours, origin());
    (String::from_utf8(description.encode()).unwrap(), agreed)
}

#[test]
fn a_codec_is_told_by_its_mapping_and_without_one_by_its_payload_type() {
    use Codec::{Pcma, Pcmu};
    for (line, expected) in [
        ("96\na=rtpmap:96 PCMU/8000", vec![coding(Pcmu, 96)]),
        ("101\na=rtpmap:101 PCMA/8000/1", vec![coding(Pcma, 101)]),
        ("96 8\na=rtpmap:96 pcmu/8000", vec![coding(Pcmu, 96), coding(Pcma, 8)]),
        ("8 0", vec![coding(Pcma, 8), coding(Pcmu, 0)]),
        ("0 8 0 8", vec![coding(Pcmu, 0), coding(Pcma, 8)]),
        // The static numbers for something else, or for one another.
        ("0 8\na=rtpmap:0 G729/8000", vec![coding(Pcma, 8)]),
        ("0\na=rtpmap:0 PCMA/8000", vec![coding(Pcma, 0)]),
        ("8\na=rtpmap:8 telephone-event/8000", vec![]),
        // Another rate, two channels, another codec, a number that packets have no room for.
        ("96\na=rtpmap:96 PCMU/16000", vec![]),
        ("96\na=rtpmap:96 PCMU/8000/2", vec![]),
        ("96\na=rtpmap:96 PCMU-WB/16000", vec![]),
        ("96", vec![]),
        ("128 256 -1\na=rtpmap:128 PCMU/8000\na=rtpmap:256 PCMU/8000", vec![]),
        // Mapped, but not listed; mapped twice; nothing said in the mapping; blanks.
        ("18\na=rtpmap:96 PCMU/8000", vec![]),
        ("96\na=rtpmap:96 PCMA/8000\na=rtpmap:96 PCMU/8000", vec![coding(Pcma, 96)]),
        ("0 8\na=rtpmap:0\na=rtpmap:8 ", vec![coding(Pcmu, 0), coding(Pcma, 8)]),
        ("0 97\na=rtpmap: 0  PCMU\na=rtpmap:97\tPCMA/8000", vec![coding(Pcmu, 0), coding(Pcma, 97)]),
    ] {
        assert_eq!(audio(&format!("m=audio 9000 RTP/AVP {line}\n")).codecs, expected, "{line}");
    }
}

#[test]
fn a_payload_type_of_events_is_no_audio_and_the_other_way_round() {
    for (line, events) in [
        ("8 101\na=rtpmap:101 telephone-event/8000", Some(101)),
        ("8 101\na=rtpmap:101 PCMU/8000\na=rtpmap:101 telephone-event/8000", None),
        ("8 101 102\na=rtpmap:102 telephone-event/16000\na=rtpmap:101 telephone-event/8000/1", Some(101)),
        ("8 200\na=rtpmap:200 telephone-event/8000", None),
    ] {
        let audio = audio(&format!("m=audio 9000 RTP/AVP {line}\n"));
        assert_eq!(audio.events, events, "{line}");
        assert!(audio.codecs.iter().all(|coding| Some(coding.payload_type) != audio.events), "{line}");
    }
}

// RFC 3264 §6.1
#[test]
fn an_answer_has_the_payload_type_of_its_offer_and_says_what_it_means() {
    for (line, expected) in [
        ("96\na=rtpmap:96 PCMU/8000\n", "RTP/AVP 96\r\na=rtpmap:96 PCMU/8000\r\n"),
        ("101 0\na=rtpmap:101 PCMA/8000/1\n", "RTP/AVP 101\r\na=rtpmap:101 PCMA/8000\r\n"),
    ] {
        let (text, agreed) = answered(&format!("m=audio 9000 RTP/AVP {line}"));
        assert!(text.contains(&format!("m=audio 4000 {expected}")), "{text}");
        let Agreed::Audio { coding, ours, .. } = agreed else { panic!("{agreed:?}") };
        assert_eq!(ours, [coding]);
        assert!(coding.payload_type > 95, "{coding:?}");
    }
    let (_, agreed) = answered("m=audio 9000 RTP/AVP 0\na=rtpmap:0 G726-32/8000\n");
    assert_eq!(agreed, Agreed::Nothing);
}

// RFC 3264 §5.1: each end sends under what the other one named
#[test]
fn an_answer_under_another_payload_type_than_we_offered_is_sent_to_under_it() {
    let usual = vec![Coding::usual(Codec::Pcma), Coding::usual(Codec::Pcmu)];
    let line = Media::Audio(Audio::new([192, 0, 2, 1].into(), 4000, usual.clone(), 20));
    let offer = Description { origin: origin(), media: vec![line] };
    let agreed = accept(&offer, &described("m=audio 9000 RTP/AVP 97\na=rtpmap:97 PCMU/8000\n"));
    let Agreed::Audio { coding: sent, ours, .. } = agreed else { panic!("{agreed:?}") };
    assert_eq!((sent, ours), (coding(Codec::Pcmu, 97), usual));
}

#[test]
fn a_usual_payload_type_that_is_used_otherwise_is_known_to_be() {
    let displaced = |line: &str| audio(&format!("m=audio 9000 RTP/AVP {line}\n")).displaced().collect::<Vec<_>>();
    assert_eq!(displaced("8 0\na=rtpmap:0 G722/8000"), [Codec::Pcmu]);
    assert_eq!(displaced("8\na=rtpmap:8 PCMU/8000"), []);
    assert_eq!(displaced("96\na=rtpmap:96 PCMU/8000"), []);
}

// RFC 3264 §6, RFC 4585 §3
#[test]
fn a_line_with_feedback_is_answered_in_its_profile_and_without_feedback() {
    let feedback = "a=rtcp-fb:* trr-int 5000\na=rtcp-fb:8 nack\n";
    for (lines, expected) in [
        ("m=audio 9000 RTP/AVPF 8\n", "m=audio 4000 RTP/AVPF 8\r\n"),
        // Both kinds offered: the one that stands first, in its place.
        ("m=audio 9000 RTP/AVPF 8\nm=audio 9002 RTP/AVP 8\n", "m=audio 4000 RTP/AVPF 8\r\n"),
        ("m=audio 9000 RTP/SAVPF 8\nm=audio 9002 RTP/AVP 8\n", "m=audio 0 RTP/SAVPF 8\r\nm=audio 4000 RTP/AVP 8\r\n"),
    ] {
        let (text, agreed) = answered(&format!("{lines}{feedback}"));
        assert!(matches!(agreed, Agreed::Audio { keys: None, .. }), "{lines}: {agreed:?}");
        assert!(text.contains(expected) && !text.contains("rtcp-fb"), "{text}");
    }
    for refused in ["RTP/SAVPF", "UDP/TLS/RTP/SAVPF", "UDP/TLS/RTP/SAVP"] {
        let (text, agreed) =
            answered(&format!("m=audio 9000 {refused} 8\na=setup:actpass\na=fingerprint:sha-256 00\n"));
        assert_eq!(agreed, Agreed::Nothing);
        assert!(text.contains(&format!("m=audio 0 {refused} 8\r\n")), "{text}");
    }
}
