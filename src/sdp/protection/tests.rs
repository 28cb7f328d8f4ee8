//! Lines with keys as far ends write them, and what comes of offers and answers with them.

use super::*;
use crate::sdp::{Agreed, Audio, Codec, Coding, Description, Media, Origin, OurAudio, Ours, accept, answer};

/// The example of RFC 4568 §4.1, and what others write.
const KEY: &str = "d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj";

fn read(value: &str) -> Option<Crypto> {
    Crypto::read(value)
}

#[test]
fn keys_are_read_as_gateways_write_them() {
    for value in [
        format!("1 AES_CM_128_HMAC_SHA1_80 inline:{KEY}"),
        format!("1 aes_cm_128_hmac_sha1_32 INLINE:{KEY}|2^20"),
        format!("1  AES_CM_128_HMAC_SHA1_80  inline:{KEY}|2^48 WSH=128"),
        format!("1 AES_CM_128_HMAC_SHA1_80 inline:{KEY}|1048576 -NEWTHING"),
        // Without padding, as the length of a GCM key wants some.
        "1 AEAD_AES_128_GCM inline:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGw".to_owned(),
        "1 AEAD_AES_128_GCM inline:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGw==".to_owned(),
    ] {
        assert!(read(&value).is_some_and(|crypto| crypto.tag == 1), "{value}");
    }
}

#[test]
fn what_we_cannot_do_as_it_says_is_no_key() {
    for value in [
        String::new(),
        "1".to_owned(),
        "x AES_CM_128_HMAC_SHA1_80 inline:AAAA".to_owned(),
        format!("1 AES_256_CM_HMAC_SHA1_80 inline:{KEY}"),
        format!("1 F8_128_HMAC_SHA1_80 inline:{KEY}"),
        format!("1 AES_CM_128_HMAC_SHA1_80 uri:{KEY}"),
        format!("1 AES_CM_128_HMAC_SHA1_80 inline:{KEY}AAAA"),
        "1 AES_CM_128_HMAC_SHA1_80 inline:****".to_owned(),
        // An identifier in each packet, several keys, a key for seconds, packets in the clear.
        format!("1 AES_CM_128_HMAC_SHA1_80 inline:{KEY}|2^20|1:4"),
        format!("1 AES_CM_128_HMAC_SHA1_80 inline:{KEY}|1:4"),
        format!("1 AES_CM_128_HMAC_SHA1_80 inline:{KEY};inline:{KEY}"),
        format!("1 AES_CM_128_HMAC_SHA1_80 inline:{KEY}|2^10"),
        format!("1 AES_CM_128_HMAC_SHA1_80 inline:{KEY} UNENCRYPTED_SRTP"),
        format!("1 AES_CM_128_HMAC_SHA1_80 inline:{KEY} KDR=1"),
        format!("1 AES_CM_128_HMAC_SHA1_80 inline:{KEY} WSH=32"),
    ] {
        assert_eq!(read(&value), None, "{value}");
    }
}

fn ours(protection: Option<OurProtection>) -> Ours {
    let audio = OurAudio { port: 4000, codecs: vec![Codec::Pcma], ptime_ms: 20, protection };
    Ours { address: [192, 0, 2, 1].into(), audio: Some(audio), t38: None }
}

fn protection(required: bool, chance: u8) -> Option<OurProtection> {
    Some(OurProtection { required, chance: [chance; 32], number: 1 })
}

fn origin() -> Origin {
    Origin { session_id: "1".into(), version: 1, address: Some([192, 0, 2, 1].into()) }
}

/// Our offer.
fn offer(protection: Option<OurProtection>) -> Description {
    let mut audio = Audio::new([192, 0, 2, 1].into(), 4000, vec![Coding::usual(Codec::Pcma)], 20);
    audio.protection = protection.map(|protection| protection.offer(None)).unwrap_or_default();
    Description { origin: origin(), media: vec![Media::Audio(audio)] }
}

fn through(description: &Description) -> Description {
    Description::parse(&description.encode()).unwrap()
}

fn keys(agreed: &Agreed) -> Option<Keys> {
    let Agreed::Audio { keys, .. } = agreed else { panic!("{agreed:?}") };
    *keys
}

#[test]
fn two_ends_agree_on_keys_and_each_sends_under_its_own() {
    let offer = offer(protection(false, 1));
    let text = String::from_utf8(offer.encode()).unwrap();
    assert!(
        text.contains("m=audio 4000 RTP/SAVP 8\r\n") && text.contains("a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:")
    );
    let (answer, agreed) = answer(&through(&offer), &ours(protection(true, 2)), origin());
    let (called, caller) = (keys(&agreed).unwrap(), keys(&accept(&offer, &through(&answer))).unwrap());
    assert_eq!((&called.ours, &called.theirs), (&caller.theirs, &caller.ours));
    assert_ne!(called.ours, called.theirs);
    assert_eq!(called.ours.suite(), Suite::AesCm128HmacSha1Tag80);
    let suites: Vec<_> = OurProtection { required: true, chance: [1; 32], number: 1 }.offer(None).keys;
    let distinct: std::collections::BTreeSet<_> =
        suites.iter().map(|crypto| crypto.key.octets()[..16].to_vec()).collect();
    assert_eq!(distinct.len(), suites.len(), "no two suites share a key");
}

#[test]
fn each_end_keeps_to_its_policy() {
    let plain_answer = |protection| answer(&offer(None), &ours(protection), origin()).1;
    assert_eq!(keys(&plain_answer(protection(false, 1))), None, "who would like to is content without");
    assert_eq!(plain_answer(protection(true, 1)), Agreed::Nothing, "who must is not");
    let secure = offer(protection(false, 1));
    assert_eq!(answer(&secure, &ours(None), origin()).1, Agreed::Nothing, "who must not neither");
    // A line of each kind: the safer one, unless keys are not wanted.
    let both = Description { media: [secure.media.clone(), offer(None).media].concat(), ..secure };
    for (protection, refused, is_secure) in [(None, 0, false), (protection(false, 2), 1, true)] {
        let (description, agreed) = answer(&through(&both), &ours(protection), origin());
        assert_eq!(keys(&agreed).is_some(), is_secure);
        assert!(description.media[refused].is_refused() && !description.media[1 - refused].is_refused());
        let text = String::from_utf8(description.encode()).unwrap();
        assert!(text.contains("RTP/SAVP") && text.contains("RTP/AVP"), "a refusal has the profile of its offer");
    }
}

#[test]
fn keys_in_a_plain_line_are_an_invitation() {
    let text = format!(
        "v=0\r\no=- 1 1 IN IP4 192.0.2.2\r\ns=-\r\nc=IN IP4 192.0.2.2\r\nt=0 0\r\nm=audio 5000 RTP/AVP 8\r\n\
         a=crypto:7 AES_256_CM_HMAC_SHA1_80 inline:{KEY}\r\na=crypto:8 AES_CM_128_HMAC_SHA1_32 inline:{KEY}\r\n"
    );
    let invitation = Description::parse(text.as_bytes()).unwrap();
    let (description, agreed) = answer(&invitation, &ours(protection(true, 1)), origin());
    assert_eq!(keys(&agreed).unwrap().theirs.suite(), Suite::AesCm128HmacSha1Tag32);
    let text = String::from_utf8(description.encode()).unwrap();
    assert!(text.contains("RTP/AVP 8\r\n") && text.contains("a=crypto:8 AES_CM_128_HMAC_SHA1_32 inline:"), "{text}");
    let (description, agreed) = answer(&invitation, &ours(None), origin());
    assert_eq!(keys(&agreed), None);
    assert!(!String::from_utf8(description.encode()).unwrap().contains("crypto"));
}

#[test]
fn an_answer_with_other_keys_than_those_offered_is_none() {
    let offer = offer(protection(false, 1));
    let (right, _) = answer(&offer, &ours(protection(false, 2)), origin());
    let with = |change: &dyn Fn(&mut Audio)| {
        let mut answer = right.clone();
        if let Media::Audio(audio) = &mut answer.media[0] {
            change(audio);
        }
        accept(&offer, &answer)
    };
    assert!(keys(&with(&|_| ())).is_some());
    assert_eq!(with(&|audio| audio.protection.keys.clear()), Agreed::Nothing);
    assert_eq!(with(&|audio| audio.protection.keys[0].tag = 2), Agreed::Nothing, "the suite of another tag");
    assert_eq!(with(&|audio| audio.protection.keys[0].tag = 9), Agreed::Nothing);
    // Some answer the secure line as if it were a plain one; whether that will do is the caller's matter.
    assert_eq!(keys(&with(&|audio| audio.protection = Protection::default())), None);
}

// RFC 5124 §3.3: as RTP/SAVP, in the profile of the offer
#[test]
fn keys_beside_a_profile_with_feedback_are_taken_and_answered_in_it() {
    for (profile, required) in [("RTP/SAVPF", true), ("RTP/SAVPF", false), ("RTP/AVPF", true), ("RTP/AVPF", false)] {
        let text = format!(
            "v=0\r\no=- 1 1 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\nm=audio 9000 {profile} 8\r\n\
             a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:{KEY}\r\na=rtcp-fb:* nack\r\n"
        );
        let offered = Description::parse(text.as_bytes()).unwrap();
        let (description, agreed) = answer(&offered, &ours(protection(required, 1)), origin());
        let text = String::from_utf8(description.encode()).unwrap();
        assert!(text.contains(&format!("m=audio 4000 {profile} 8\r\n")) && text.contains("a=crypto:1 "), "{text}");
        assert!(keys(&agreed).is_some());
        // Who wants no SRTP takes the line only where it may be without.
        let (_, agreed) = answer(&offered, &ours(None), origin());
        assert_eq!(matches!(agreed, Agreed::Audio { keys: None, .. }), profile == "RTP/AVPF", "{agreed:?}");
    }
    // Without keys in the description they would have to come by DTLS.
    let text = "v=0\r\no=- 1 1 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\nm=audio 9000 RTP/SAVPF 8\r\n";
    let offered = Description::parse(text.as_bytes()).unwrap();
    assert_eq!(answer(&offered, &ours(protection(false, 1)), origin()).1, Agreed::Nothing);
}
