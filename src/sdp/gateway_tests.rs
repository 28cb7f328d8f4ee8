//! Offers in the shape that gateways, telephone systems and fax boards give them, and what must come of each.

use std::net::IpAddr;

use super::*;

/// What is expected of an offer.
enum Then {
    /// T.38 is agreed on: place of its line, its port, version, bit rate, datagram, error correction.
    T38(usize, u16, u8, u32, Option<u32>, ErrorCorrection),
    /// Audio is, with this codec.
    Audio(Codec),
    /// Nothing is; the offer is refused.
    Nothing,
}

use ErrorCorrection::{Fec, None as NoCorrection, Redundancy};

fn answered(name: &str, text: &str) -> (Description, Agreed) {
    let offer =
        Description::parse(text.replace('\n', "\r\n").as_bytes()).unwrap_or_else(|error| panic!("{name}: {error}"));
    let address = IpAddr::from([192, 0, 2, 1]);
    let parameters =
        T38Parameters { max_datagram: Some(1400), error_correction: Redundancy, ..T38Parameters::default() };
    let ours = Ours {
        address,
        audio: Some(OurAudio { port: 4000, codecs: vec![Codec::Pcma, Codec::Pcmu], ptime_ms: 20, protection: None }),
        t38: Some(OurT38 { port: 4002, parameters }),
    };
    let origin = Origin { session_id: "7".into(), version: 1, address: Some(address) };
    let (answer, agreed) = answer(&offer, &ours, origin);
    // RFC 3264 §6: an answer has a line for each of the offer, of the same kind, and all but one refused.
    let kinds = |description: &Description| {
        let text = String::from_utf8(description.encode()).unwrap();
        let lines = text.lines().filter(|line| line.starts_with("m="));
        lines.map(|line| line.split(' ').next().unwrap_or_default().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(kinds(&answer), kinds(&offer), "{name}");
    let used = answer.media.iter().filter(|media| !media.is_refused()).count();
    assert_eq!(used, usize::from(agreed != Agreed::Nothing), "{name}");
    (answer, agreed)
}

fn expect(name: &str, text: &str, then: &Then) {
    let (answer, agreed) = answered(name, text);
    match (then, agreed) {
        (Then::T38(place, port, version, rate, datagram, correction), Agreed::T38 { parameters, far }) => {
            assert!(matches!(answer.media[*place], Media::T38(_)), "{name}: {answer:?}");
            assert_eq!(far.port, *port, "{name}");
            assert_eq!((far.parameters.version, parameters.version), (*version, 0), "{name}: never above ours");
            assert_eq!(parameters.max_bit_rate, *rate, "{name}");
            assert_eq!(far.parameters.max_datagram, *datagram, "{name}");
            assert_eq!(parameters.error_correction, *correction, "{name}");
            assert!(!parameters.fill_bit_removal && !parameters.transcoding_mmr, "{name}: we can do neither");
        }
        (Then::Audio(expected), Agreed::Audio { coding, .. }) => assert_eq!(coding.codec, *expected, "{name}"),
        (Then::Nothing, Agreed::Nothing) => {}
        (_, agreed) => panic!("{name}: {agreed:?}"),
    }
}

#[test]
fn offers_of_gateways_and_telephone_systems_are_understood() {
    let head = "v=0\no=- 1 2 IN IP4 198.51.100.7\ns=-\nc=IN IP4 198.51.100.7\nt=0 0\n";
    for (name, lines, then) in [
        (
            "Cisco CUBE, the refused audio line first",
            "m=audio 0 RTP/AVP 8 101\nm=image 17024 udptl t38\nc=IN IP4 198.51.100.7\na=T38FaxVersion:0\na=T38MaxBitRate:14400\n\
             a=T38FaxFillBitRemoval:0\na=T38FaxTranscodingMMR:0\na=T38FaxTranscodingJBIG:0\na=T38FaxRateManagement:transferredTCF\n\
             a=T38FaxMaxBuffer:200\na=T38FaxMaxDatagram:180\na=T38FaxUdpEC:t38UDPRedundancy\n",
            Then::T38(1, 17_024, 0, 14_400, Some(180), Redundancy),
        ),
        (
            "Cisco with its capabilities beside audio",
            "a=sqn: 0\na=cdsc: 1 audio RTP/AVP 8 101\na=cdsc: 3 image udptl t38\na=cpar: a=T38FaxVersion:0\n\
             a=cpar: a=T38FaxUdpEC:t38UDPRedundancy\nm=audio 17024 RTP/AVP 8 101\na=rtpmap:8 PCMA/8000\na=ptime:20\n",
            Then::Audio(Codec::Pcma),
        ),
        (
            "AudioCodes Mediant: version 0, no error correction of its own lines, attributes in its order",
            "m=image 6002 udptl t38\na=T38FaxVersion:0\na=T38MaxBitRate:14400\na=T38FaxMaxBuffer:1024\na=T38FaxMaxDatagram:238\n\
             a=T38FaxRateManagement:transferredTCF\na=T38FaxUdpEC:t38UDPRedundancy\na=sendrecv\n",
            Then::T38(0, 6002, 0, 14_400, Some(238), Redundancy),
        ),
        (
            "AudioCodes offering version 3 and 33600",
            "m=image 6002 udptl t38\na=T38FaxVersion:3\na=T38MaxBitRate:33600\na=T38FaxMaxDatagram:560\na=T38FaxUdpEC:t38UDPRedundancy\n",
            Then::T38(0, 6002, 3, 14_400, Some(560), Redundancy),
        ),
        (
            "Asterisk with FEC",
            "m=image 4058 udptl t38\na=T38FaxVersion:0\na=T38MaxBitRate:14400\na=T38FaxRateManagement:transferredTCF\n\
             a=T38FaxMaxDatagram:849\na=T38FaxUdpEC:t38UDPFEC\n",
            Then::T38(0, 4058, 0, 14_400, Some(849), Fec),
        ),
        (
            "FreeSWITCH: flags without values, audio refused behind",
            "m=image 16386 udptl t38\na=T38FaxVersion:0\na=T38MaxBitRate:14400\na=T38FaxFillBitRemoval\na=T38FaxRateManagement:transferredTCF\n\
             a=T38FaxMaxBuffer:2000\na=T38FaxMaxDatagram:400\na=T38FaxUdpEC:t38UDPRedundancy\nm=audio 0 RTP/AVP 19\n",
            Then::T38(0, 16_386, 0, 14_400, Some(400), Redundancy),
        ),
        (
            "Brooktrout SR140: audio and image in one offer, both alive",
            "m=audio 56000 RTP/AVP 0 8\na=rtpmap:0 PCMU/8000\na=rtpmap:8 PCMA/8000\nm=image 56004 udptl t38\na=T38FaxVersion:0\n\
             a=T38MaxBitRate:14400\na=T38FaxMaxBuffer:200\na=T38FaxMaxDatagram:72\na=T38FaxRateManagement:transferredTCF\n\
             a=T38FaxUdpEC:t38UDPRedundancy\n",
            Then::T38(1, 56_004, 0, 14_400, Some(72), Redundancy),
        ),
        (
            "Mediatrix: odd port, no datagram size",
            "m=image 6005 udptl t38\na=T38FaxRateManagement:transferredTCF\na=T38FaxUdpEC:t38UDPRedundancy\n",
            Then::T38(0, 6005, 0, 14_400, None, Redundancy),
        ),
        (
            "Patton SmartNode: lower bit rate, no error correction named",
            "m=image 4890 udptl t38\na=T38FaxVersion:0\na=T38MaxBitRate:9600\na=T38FaxRateManagement:transferredTCF\n\
             a=T38FaxUdpEC:t38UDPNoEC\n",
            Then::T38(0, 4890, 0, 9600, None, NoCorrection),
        ),
        (
            "Sangoma Vega: fill bits and both transcodings offered with values",
            "m=image 10020 udptl t38\na=T38FaxVersion:0\na=T38MaxBitRate:14400\na=T38FaxFillBitRemoval:1\na=T38FaxTranscodingMMR:1\n\
             a=T38FaxTranscodingJBIG:1\na=T38FaxRateManagement:transferredTCF\na=T38FaxMaxBuffer:260\na=T38FaxMaxDatagram:260\n",
            Then::T38(0, 10_020, 0, 14_400, Some(260), NoCorrection),
        ),
        (
            "Avaya: spelt in its own case, blanks behind the colons",
            "m=image 3020 UDPTL T38\na=T38faxVersion: 0\na=T38FaxMaxBitRate: 14400\na=T38faxRateManagement: transferredTCF\n\
             a=T38faxMaxDatagram: 320\na=T38faxUdpEC: t38UDPRedundancy\n",
            Then::T38(0, 3020, 0, 14_400, Some(320), Redundancy),
        ),
        (
            "innovaphone: nothing but the line",
            "m=image 16420 udptl t38\n",
            Then::T38(0, 16_420, 0, 14_400, None, NoCorrection),
        ),
    ] {
        expect(name, &format!("{head}{lines}"), &then);
    }
}

#[test]
fn attributes_nobody_knows_or_can_mean_change_nothing() {
    let line = "v=0\no=- 1 2 IN IP4 198.51.100.7\ns=-\nc=IN IP4 198.51.100.7\nt=0 0\nm=image 4058 udptl t38\n";
    let usual = Then::T38(0, 4058, 0, 14_400, None, NoCorrection);
    for attributes in [
        "a=T38VendorInfo:0 0 37\na=T38ModemType:t38V34\na=T38FaxUnheardOf:1\n",
        "a=T38FaxUdpEC:t38UDPTurbo\na=T38FaxVersion:latest\na=T38MaxBitRate:\na=T38FaxRateManagement:transferedTCF\n",
        "a=T38FaxUdpEC\na=T38FaxMaxDatagram\na=T38FaxMaxBuffer:unlimited\n",
        "a=T38FaxFillBitRemoval:FALSE\na=T38FaxTranscodingMMR: no \na=T38MaxBitRate:0\n",
    ] {
        expect(attributes, &format!("{line}{attributes}"), &usual);
    }
    let equals = "a=T38FaxVersion=0\na=T38MaxBitRate=9600\na=T38FaxMaxDatagram 200\na=T38FaxUdpEC=t38UDPRedundancy\n";
    expect(
        "an equals sign for the colon",
        &format!("{line}{equals}"),
        &Then::T38(0, 4058, 0, 9600, Some(200), Redundancy),
    );
}

#[test]
fn lines_of_other_transports_are_refused_and_a_usable_one_beside_them_is_found() {
    let head = "v=0\no=- 1 2 IN IP4 198.51.100.7\ns=-\nc=IN IP4 198.51.100.7\nt=0 0\n";
    for other in [
        "m=image 4000 TCP t38\na=setup:passive\n",
        "m=image 4000 TCP/TPKT t38\n",
        "m=image 4000 tcptl t38\n",
        "m=image 4000 UDP/TLS/UDPTL t38\na=fingerprint:sha-256 00\na=setup:actpass\n",
        "m=image 4000 RTP/AVP 98\na=rtpmap:98 t38/8000\n",
        "m=audio 4000 RTP/AVP 98\na=rtpmap:98 t38/8000\n",
        "m=image 4000 udptl image/g3fax\n",
        "m=image 0 udptl t38\n",
    ] {
        expect(other, &format!("{head}{other}"), &Then::Nothing);
        let image = "m=image 4058 udptl t38\n";
        expect(other, &format!("{head}{other}{image}"), &Then::T38(1, 4058, 0, 14_400, None, NoCorrection));
        expect(other, &format!("{head}{image}{other}"), &Then::T38(0, 4058, 0, 14_400, None, NoCorrection));
    }
    // Several image lines: the first that can be used, all others refused.
    let several = "m=image 4000 TCP t38\na=setup:passive\nm=image 4058 udptl t38\nm=image 4060 udptl t38\n";
    expect("several image lines", &format!("{head}{several}"), &Then::T38(1, 4058, 0, 14_400, None, NoCorrection));
}

#[test]
fn of_an_answer_that_takes_both_lines_t38_is_used() {
    let address = IpAddr::from([192, 0, 2, 1]);
    let audio = Media::Audio(Audio::new(address, 4000, vec![Coding::usual(Codec::Pcma)], 20));
    let image = Media::T38(T38 { address: Some(address), port: 4002, parameters: T38Parameters::default() });
    let origin = Origin { session_id: "7".into(), version: 1, address: Some(address) };
    let offer = Description { origin, media: vec![audio, image] };
    let both = "v=0\r\no=- 1 1 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\nm=audio 5000 RTP/AVP 8\r\nm=image 5002 udptl t38\r\n";
    let answer = Description::parse(both.as_bytes()).unwrap();
    assert!(matches!(accept(&offer, &answer), Agreed::T38 { far: T38 { port: 5002, .. }, .. }));
}
