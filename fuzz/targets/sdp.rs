//! A session description, answered by us and taken as an answer of ours.
//!
//! Holds: what was read is written so that it reads the same; an answer has as many lines as its offer and at most one that is not
//! refused; what is agreed on is what both have.
#![no_main]

use faxramp::sdp::{
    Agreed, Codec, Description, ErrorCorrection, LARGEST_BODY_OCTETS, MOST_MEDIA, Media, Origin, OurAudio, OurT38,
    Ours, T38Parameters, accept, answer,
};
use libfuzzer_sys::fuzz_target;

fn ours() -> Ours {
    let parameters = T38Parameters { error_correction: ErrorCorrection::Redundancy, ..T38Parameters::default() };
    Ours {
        address: [192, 0, 2, 1].into(),
        audio: Some(OurAudio { port: 4000, codecs: vec![Codec::Pcma, Codec::Pcmu], ptime_ms: 20 }),
        t38: Some(OurT38 { port: 4002, parameters }),
    }
}

fuzz_target!(|octets: &[u8]| {
    let Ok(offer) = Description::parse(octets) else { return };
    assert!(octets.len() <= LARGEST_BODY_OCTETS && offer.media.len() <= MOST_MEDIA);
    let read = Description::parse(&offer.encode()).expect("we read what we write");
    assert_eq!(Description::parse(&read.encode()).as_ref(), Ok(&read));
    assert_eq!(read.media.len(), offer.media.len());
    let origin = Origin { session_id: "7".into(), version: 1, address: Some([192, 0, 2, 1].into()) };
    let (answered, agreed) = answer(&offer, &ours(), origin);
    assert_eq!(answered.media.len(), offer.media.len());
    let taken = answered.media.iter().filter(|media| !media.is_refused()).count();
    assert_eq!(taken, usize::from(agreed != Agreed::Nothing));
    assert_eq!(accept(&answered, &offer) == Agreed::Nothing, agreed == Agreed::Nothing);
    if let Agreed::T38 { parameters, .. } = &agreed {
        assert!(parameters.version == 0 && parameters.max_bit_rate <= 14_400);
    }
    let written = Description::parse(&answered.encode()).expect("we read what we write");
    assert_eq!(
        written.media.iter().map(Media::is_refused).collect::<Vec<_>>(),
        answered.media.iter().map(Media::is_refused).collect::<Vec<_>>()
    );
});
