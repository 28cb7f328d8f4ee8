//! Recorded offers and answers, and the habits of gateways.

use std::net::IpAddr;

use proptest::prelude::*;

use super::*;

const PCMU: Coding = Coding::usual(Codec::Pcmu);
const PCMA: Coding = Coding::usual(Codec::Pcma);

fn origin() -> Origin {
    Origin { session_id: "7".into(), version: 1, address: Some(IpAddr::from([192, 0, 2, 1])) }
}

fn parameters() -> T38Parameters {
    T38Parameters {
        version: 3,
        max_datagram: Some(1400),
        error_correction: ErrorCorrection::Redundancy,
        ..T38Parameters::default()
    }
}

fn ours() -> Ours {
    Ours {
        address: IpAddr::from([192, 0, 2, 1]),
        audio: Some(OurAudio { port: 4000, codecs: vec![Codec::Pcma, Codec::Pcmu], ptime_ms: 20, protection: None }),
        t38: Some(OurT38 { port: 4002, parameters: parameters() }),
    }
}

fn parse(text: &str) -> Description {
    Description::parse(text.as_bytes()).unwrap()
}

fn text(description: &Description) -> String {
    String::from_utf8(description.encode()).unwrap()
}

fn t38(attributes: &str) -> T38Parameters {
    let text = format!(
        "v=0\r\no=- 1 1 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\nm=image 4 udptl t38\r\n{attributes}"
    );
    match &parse(&text).media[..] {
        [Media::T38(t38)] => t38.parameters.clone(),
        other => panic!("{other:?}"),
    }
}

const ASTERISK_AUDIO: &str = "v=0\r\no=- 136098024 136098024 IN IP4 127.0.82.10\r\ns=Asterisk\r\nc=IN IP4 127.0.82.10\r\n\
    t=0 0\r\nm=audio 10068 RTP/AVP 0 8 101\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\n\
    a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-16\r\na=ptime:20\r\na=maxptime:140\r\na=sendrecv\r\n";

const ASTERISK_T38: &str = "v=0\r\no=- 1285616888 1285616891 IN IP4 127.0.178.20\r\ns=Asterisk\r\n\
    c=IN IP4 127.0.178.20\r\nt=0 0\r\nm=image 4058 udptl t38\r\na=T38FaxVersion:0\r\na=T38MaxBitRate:14400\r\n\
    a=T38FaxRateManagement:transferredTCF\r\na=T38FaxMaxDatagram:849\r\na=T38FaxUdpEC:t38UDPFEC\r\n";

const ASTERISK_HANGS_UP: &str = "v=0\r\no=- 136098024 136098028 IN IP4 127.0.82.20\r\ns=Asterisk\r\n\
    c=IN IP4 127.0.82.20\r\nt=0 0\r\nm=image 0 udptl t38\r\n";

/// In the manner of a Cisco gateway's re-INVITE: the audio line stays, refused, and flags have values.
const CISCO: &str = "v=0\no=CiscoSystemsSIP-GW-UserAgent 3163 9 IN IP4 198.51.100.7\ns=SIP Call\nc=IN IP4 198.51.100.7\n\
    t=0 0\nm=audio 0 RTP/AVP 0\nm=image 17024 udptl t38\nc=IN IP4 198.51.100.8\na=T38FaxVersion:0\na=T38MaxBitRate:9600\n\
    a=T38FaxFillBitRemoval:0\na=T38FaxTranscodingMMR:0\na=T38FaxTranscodingJBIG:0\n\
    a=T38FaxRateManagement:transferredTCF\na=T38FaxMaxBuffer:200\na=T38FaxMaxDatagram:320\na=T38FaxUdpEC:t38UDPRedundancy\n";

#[test]
fn asterisks_audio_offer_is_answered_with_its_first_codec() {
    let offer = parse(ASTERISK_AUDIO);
    assert_eq!(offer.origin.version, 136_098_024);
    let (answered, agreed) = answer(&offer, &ours(), origin());
    let Agreed::Audio { coding: PCMU, far, keys: None, .. } = agreed else { panic!("{agreed:?}") };
    assert_eq!((far.address, far.port), (Some(IpAddr::from([127, 0, 82, 10])), 10_068));
    assert_eq!((far.ptime_ms, far.codecs), (Some(20), vec![PCMU, PCMA]));
    assert_eq!(
        text(&answered),
        "v=0\r\no=- 7 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n\
         m=audio 4000 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\na=ptime:20\r\na=silenceSupp:off - - - -\r\na=sendrecv\r\n"
    );
}

#[test]
fn asterisks_t38_offer_is_answered_in_its_version_and_error_correction() {
    let offer = parse(ASTERISK_T38);
    let (answered, agreed) = answer(&offer, &ours(), origin());
    let Agreed::T38 { parameters, far } = agreed else { panic!("{agreed:?}") };
    assert_eq!((parameters.version, parameters.error_correction), (0, ErrorCorrection::Fec));
    assert_eq!((far.port, far.parameters.max_datagram), (4058, Some(849)));
    assert_eq!(
        text(&answered),
        "v=0\r\no=- 7 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\nm=image 4002 udptl t38\r\n\
         a=T38FaxVersion:0\r\na=T38MaxBitRate:14400\r\na=T38FaxRateManagement:transferredTCF\r\n\
         a=T38FaxMaxDatagram:1400\r\na=T38FaxUdpEC:t38UDPFEC\r\n"
    );
    assert_eq!(accept(&answered, &offer), Agreed::T38 { parameters, far });
}

#[test]
fn asterisks_farewell_offers_nothing() {
    let offer = parse(ASTERISK_HANGS_UP);
    let (answered, agreed) = answer(&offer, &ours(), origin());
    assert_eq!(agreed, Agreed::Nothing);
    assert!(text(&answered).ends_with("m=image 0 udptl t38\r\n"));
}

#[test]
fn cisco_flags_of_zero_are_no_and_the_refused_audio_line_is_answered() {
    let offer = parse(CISCO);
    let (answered, agreed) = answer(&offer, &ours(), origin());
    let Agreed::T38 { parameters, far } = agreed else { panic!("{agreed:?}") };
    // The connection at media level goes before that of the session.
    assert_eq!(far.address, Some(IpAddr::from([198, 51, 100, 8])));
    assert_eq!((far.parameters.max_buffer, far.parameters.max_datagram), (Some(200), Some(320)));
    assert!(!far.parameters.fill_bit_removal && !far.parameters.transcoding_mmr && !far.parameters.transcoding_jbig);
    assert_eq!(parameters.max_bit_rate, 9600);
    assert_eq!(answered.media.len(), 2);
    assert!(text(&answered).contains("m=audio 0 RTP/AVP 0\r\nm=image 4002 udptl t38\r\n"));
}

#[test]
fn audio_and_image_offered_together_become_t38_unless_it_is_not_wanted() {
    let both = format!("{ASTERISK_AUDIO}m=image 4144 udptl t38\r\na=T38FaxVersion:3\r\n");
    let offer = parse(&both);
    let (answered, agreed) = answer(&offer, &ours(), origin());
    assert!(matches!(agreed, Agreed::T38 { .. }));
    assert!(text(&answered).contains("m=audio 0 RTP/AVP 0 8 101\r\nm=image 4002 udptl t38\r\na=T38FaxVersion:3\r\n"));
    let (answered, agreed) = answer(&offer, &Ours { t38: None, ..ours() }, origin());
    assert!(matches!(agreed, Agreed::Audio { .. }));
    assert_eq!(answered.media.iter().map(Media::is_refused).collect::<Vec<_>>(), [false, true]);
}

#[test]
fn strange_media_are_refused_in_their_own_words() {
    let offer = parse(&format!("{ASTERISK_AUDIO}m=video 5004 RTP/SAVP 96 97\r\na=rtpmap:96 H264/90000\r\n"));
    let (answered, _) = answer(&offer, &ours(), origin());
    assert!(text(&answered).ends_with("m=video 0 RTP/SAVP 96 97\r\n"));
    let secure = parse(
        "v=0\r\no=- 1 1 IN IP4 192.0.2.9\r\ns=-\r\nt=0 0\r\nm=audio 9 RTP/SAVP 0\r\nm=image 9 UDP/TLS/UDPTL t38\r\n",
    );
    assert_eq!(answer(&secure, &ours(), origin()).1, Agreed::Nothing);
}

#[test]
fn missing_attributes_mean_their_defaults() {
    assert_eq!(t38(""), T38Parameters::default());
    let zero = t38("a=T38FaxVersion\r\na=T38MaxBitRate:0\r\na=T38FaxMaxDatagram:\r\na=T38FaxUdpEC:t38UDPNoEC\r\n");
    assert_eq!(zero, T38Parameters::default());
}

#[test]
fn misspelt_attributes_are_understood() {
    let read = t38("a=t38faxversion: 3\r\na=T38FaxMaxBitRate:9600 bps\r\na=T38faxRateManagement:transferedTCF\r\n\
         a=T38MaxDatagram:176\r\na=T38UdpEC:T38UdpRedundancy\r\na=T38faxFillBitRemoval\r\na=T38FaxTranscodingMMR:1\r\n\
         a=T38FaxTranscodingJBIG:no\r\na=T38VendorInfo:0 0 37\r\n");
    let expected = T38Parameters {
        version: 3,
        max_bit_rate: 9600,
        max_datagram: Some(176),
        error_correction: ErrorCorrection::Redundancy,
        fill_bit_removal: true,
        transcoding_mmr: true,
        ..T38Parameters::default()
    };
    assert_eq!(read, expected);
    // We can do none of these.
    let answered = parameters().answer(&read);
    assert!(!answered.fill_bit_removal && !answered.transcoding_mmr);
}

#[test]
fn local_tcf_is_answered_with_what_udp_asks_for() {
    let local = t38("a=T38FaxRateManagement:localTCF\r\n");
    assert_eq!(local.rate_management, RateManagement::LocalTcf);
    assert_eq!(parameters().answer(&local).rate_management, RateManagement::TransferredTcf);
    // A far end that names its habit in the answer to our offer has agreed all the same.
    assert_eq!(parameters().answer(&local), parameters().answer(&t38("")));
}

#[test]
fn error_correction_is_answered_as_offered_or_not_at_all() {
    let offered = |error_correction| T38Parameters { error_correction, ..T38Parameters::default() };
    for kind in [ErrorCorrection::None, ErrorCorrection::Redundancy, ErrorCorrection::Fec] {
        assert_eq!(parameters().answer(&offered(kind)).error_correction, kind);
        let unable = offered(ErrorCorrection::None);
        assert_eq!(unable.answer(&offered(kind)).error_correction, ErrorCorrection::None);
    }
}

#[test]
fn addresses_of_version_six_go_both_ways() {
    let address: IpAddr = "2001:db8::1".parse().unwrap();
    let media = vec![Media::Audio(Audio::new(address, 4000, vec![PCMA], 20))];
    let offer = Description { origin: Origin { address: Some(address), ..origin() }, media };
    let written = text(&offer);
    assert!(written.contains("o=- 7 1 IN IP6 2001:db8::1\r\n") && written.contains("c=IN IP6 2001:db8::1\r\n"));
    assert_eq!(parse(&written), offer);
}

#[test]
fn an_address_of_its_own_is_written_at_the_media_line() {
    let media = IpAddr::from([192, 0, 2, 77]);
    let line = Media::T38(T38 { address: Some(media), port: 4001, parameters: parameters() });
    let offer = Description { origin: origin(), media: vec![line] };
    assert!(text(&offer).contains("m=image 4001 udptl t38\r\nc=IN IP4 192.0.2.77\r\n"));
    assert_eq!(parse(&text(&offer)), offer);
}

#[test]
fn names_and_missing_addresses_leave_the_address_open() {
    let named = parse("v=0\r\no=x 1 1 IN IP4 pbx\r\nc=IN IP4 fax.example.com\r\nm=image 4000 udptl t38\r\n");
    let Media::T38(t38) = &named.media[0] else { panic!() };
    assert_eq!((t38.address, named.origin.address), (None, None));
    let bare = parse("v=0\nm=image 4000 UDPTL T38\n");
    assert!(matches!(&bare.media[..], [Media::T38(T38 { address: None, port: 4000, .. })]));
}

#[test]
fn lines_that_do_not_matter_may_be_wrong() {
    let odd = ASTERISK_T38.replace("t=0 0", "t=now\r\nb=what\r\nk\r\nz=1\r\n\r\ni=caf\u{e9}\0\r\ns=again\r\n\r\n");
    assert_eq!(parse(&odd), parse(ASTERISK_T38));
}

#[test]
fn hold_is_answered_as_hold() {
    for (offered, answered) in [("sendonly", "recvonly"), ("inactive", "inactive"), ("recvonly", "sendonly")] {
        let offer = parse(&ASTERISK_AUDIO.replace("sendrecv", offered));
        assert!(text(&answer(&offer, &ours(), origin()).0).contains(&format!("a={answered}\r\n")));
    }
    // The session's direction holds for a line without one.
    let offer = parse(&ASTERISK_AUDIO.replace("a=sendrecv\r\n", "").replace("t=0 0", "t=0 0\r\na=inactive"));
    assert!(matches!(&offer.media[0], Media::Audio(Audio { direction: Direction::Inactive, .. })));
}

#[test]
fn an_answer_is_read_line_by_line() {
    let address = IpAddr::from([192, 0, 2, 1]);
    let audio = Media::Audio(Audio::new(address, 4000, vec![PCMU, PCMA], 20));
    let image = Media::T38(T38 { address: Some(address), port: 4002, parameters: parameters() });
    let offer = Description { origin: origin(), media: vec![audio, image] };
    assert!(matches!(accept(&offer, &parse(CISCO)), Agreed::T38 { .. }));
    let agreed = accept(&offer, &parse(&ASTERISK_AUDIO.replace("AVP 0 8", "AVP 8 0")));
    assert!(matches!(agreed, Agreed::Audio { coding: PCMA, .. }));
    // Only the image line is answered, which is wrong but clear.
    assert!(matches!(accept(&offer, &parse(ASTERISK_T38)), Agreed::T38 { .. }));
    // An image where audio was offered.
    let audio_only = Description { media: offer.media[..1].to_vec(), ..offer.clone() };
    assert_eq!(accept(&audio_only, &parse(ASTERISK_T38)), Agreed::Nothing);
    assert_eq!(accept(&offer, &parse(ASTERISK_HANGS_UP)), Agreed::Nothing);
}

#[test]
fn no_codec_in_common_is_nothing() {
    let offer = parse("v=0\r\no=- 1 1 IN IP4 192.0.2.9\r\ns=-\r\nt=0 0\r\nm=audio 9 RTP/AVP 18 101\r\n");
    let (answered, agreed) = answer(&offer, &ours(), origin());
    assert_eq!(agreed, Agreed::Nothing);
    assert!(text(&answered).ends_with("m=audio 0 RTP/AVP 18 101\r\n"));
}

#[test]
fn what_is_no_description_is_refused() {
    assert!(matches!(Description::parse(b""), Err(SdpError::Malformed(_))));
    assert!(matches!(Description::parse(b"v=1\r\n"), Err(SdpError::Malformed(_))));
    assert!(matches!(Description::parse(b"v=0\r\nm=audio x RTP/AVP 0\r\n"), Err(SdpError::Malformed(_))));
    assert_eq!(Description::parse(&vec![b'a'; 70_000]), Err(SdpError::TooLong(70_000)));
    let many = format!("v=0\r\n{}", "m=audio 0 RTP/AVP 0\r\n".repeat(17));
    assert_eq!(Description::parse(many.as_bytes()), Err(SdpError::TooManyMedia(17)));
}

proptest! {
    #[test]
    fn strangers_text_never_panics(text in "(v=0\r\n)?([vocmabtsk]=[ -~]{0,40}\r?\n){0,12}") {
        if let Ok(description) = Description::parse(text.as_bytes()) {
            let (answered, _) = answer(&description, &ours(), origin());
            prop_assert_eq!(answered.media.len(), description.media.len());
            let again = Description::parse(&answered.encode());
            prop_assert_eq!(again.map(|again| again.media.len()), Ok(description.media.len()));
        }
    }

    #[test]
    fn strangers_bytes_never_panic(octets in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = Description::parse(&octets);
        let _ = Description::parse(&[b"v=0\r\nm=image 1 udptl t38\r\na=".as_slice(), &octets].concat());
    }

    #[test]
    fn parameters_survive_their_text(
        version in any::<u8>(),
        rate in 1..100_000_u32,
        sizes in (any::<Option<u32>>(), any::<Option<u32>>()),
        kinds in (any::<bool>(), 0..3_usize),
        flags in any::<(bool, bool, bool)>(),
    ) {
        let parameters = T38Parameters {
            version,
            max_bit_rate: rate,
            rate_management: if kinds.0 { RateManagement::LocalTcf } else { RateManagement::TransferredTcf },
            max_buffer: sizes.0,
            max_datagram: sizes.1,
            error_correction: [ErrorCorrection::None, ErrorCorrection::Redundancy, ErrorCorrection::Fec][kinds.1],
            fill_bit_removal: flags.0,
            transcoding_mmr: flags.1,
            transcoding_jbig: flags.2,
        };
        let line = Media::T38(T38 { address: origin().address, port: 4, parameters });
        let offer = Description { origin: origin(), media: vec![line] };
        prop_assert_eq!(Description::parse(&offer.encode()), Ok(offer));
    }
}

#[test]
fn packets_are_as_long_as_the_far_end_wants_them_within_reason() {
    let audio = |attributes: &str| {
        let text = format!(
            "v=0\r\no=- 1 1 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\nm=audio 4 RTP/AVP 8 101\r\n{attributes}"
        );
        match &parse(&text).media[..] {
            [Media::Audio(audio)] => audio.clone(),
            other => panic!("{other:?}"),
        }
    };
    for (attributes, ms) in [
        ("", 20),
        ("a=ptime:10\r\n", 10),
        ("a=ptime:30\r\na=maxptime:60\r\n", 30),
        ("a=ptime: 60\r\n", 60),
        ("a=ptime:25\r\n", 20),
        ("a=ptime:0\r\n", 20),
        ("a=ptime:4000\r\n", 20),
        ("a=maxptime:10\r\n", 10),
        ("a=maxptime:0\r\n", 10),
        ("a=ptime:40\r\na=maxptime:30\r\n", 30),
    ] {
        assert_eq!(audio(attributes).packet_ms(), ms, "{attributes}");
    }
}

#[test]
fn reports_go_to_the_next_port_or_where_the_description_says() {
    for (attribute, expected) in [
        ("", Some("192.0.2.9:9001")),
        ("a=rtcp:53020\r\n", Some("192.0.2.9:53020")),
        ("a=rtcp:53020 IN IP4 126.16.64.4\r\n", Some("126.16.64.4:53020")),
        ("a=rtcp:53020 IN IP4 somewhere\r\n", Some("192.0.2.9:53020")),
        ("a=rtcp:0\r\n", Some("192.0.2.9:9001")),
        ("a=rtcp\r\n", Some("192.0.2.9:9001")),
        ("a=rtcp:53020 IN IP4 0.0.0.0\r\n", None),
    ] {
        let text = format!(
            "v=0\r\no=- 1 1 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\nm=audio 9000 RTP/AVP 8\r\n{attribute}"
        );
        let audio = parse(&text).media.remove(0);
        let audio = audio.as_audio().expect("audio");
        assert_eq!(audio.reports_at().map(|at| at.to_string()).as_deref(), expected, "{attribute}");
    }
}

#[test]
fn telephone_events_and_marks_of_data_over_voice_are_read_and_harm_nothing() {
    let offer = parse(
        "v=0\r\no=- 1 1 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\nm=audio 9000 RTP/AVP 8 98 101\r\n\
         a=rtpmap:8 PCMA/8000\r\na=rtpmap:98 PCMA/8000\r\na=gpmd:98 vbd=yes;ecan=on\r\n\
         a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15,32-36\r\na=silenceSupp:off - - - -\r\na=ecan:fb on -\r\n",
    );
    let (answered, agreed) = answer(&offer, &ours(), origin());
    let Agreed::Audio { coding: PCMA, far, keys: None, .. } = agreed else { panic!("{agreed:?}") };
    assert_eq!((far.events, far.codecs), (Some(101), vec![PCMA, Coding { codec: Codec::Pcma, payload_type: 98 }]));
    assert!(text(&answered).contains("m=audio 4000 RTP/AVP 8\r\n"), "{}", text(&answered));
}
