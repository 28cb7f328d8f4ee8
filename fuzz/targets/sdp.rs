//! A session description, answered by us and taken as an answer of ours.
//!
//! Holds: what was read is written so that it reads the same; an answer has as many lines as its offer and at most one that is not
//! refused; what is agreed on is what both have.
#![no_main]

use faxramp::sdp::{
    Agreed, Codec, Description, ErrorCorrection, LARGEST_BODY_OCTETS, MOST_MEDIA, Media, Origin, OurAudio,
    OurProtection, OurT38, Ours, T38Parameters, accept, answer,
};
use libfuzzer_sys::fuzz_target;

fn ours(protection: Option<OurProtection>) -> Ours {
    let parameters = T38Parameters { error_correction: ErrorCorrection::Redundancy, ..T38Parameters::default() };
    Ours {
        address: [192, 0, 2, 1].into(),
        audio: Some(OurAudio { port: 4000, codecs: vec![Codec::Pcma, Codec::Pcmu], ptime_ms: 20, protection }),
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
    let protection = |required| OurProtection { required, chance: [7; 32], number: 1 };
    for protection in [None, Some(protection(false)), Some(protection(true))] {
        answered(&offer, protection, origin.clone());
    }
});

fn answered(offer: &Description, protection: Option<OurProtection>, origin: Origin) {
    let (answered, agreed) = answer(offer, &ours(protection), origin);
    assert_eq!(answered.media.len(), offer.media.len());
    let taken = answered.media.iter().filter(|media| !media.is_refused()).count();
    assert_eq!(taken, usize::from(agreed != Agreed::Nothing));
    if let Agreed::T38 { parameters, .. } = &agreed {
        assert!(parameters.version == 0 && parameters.max_bit_rate <= 14_400);
        assert!(matches!(accept(&answered, offer), Agreed::T38 { .. }));
    }
    if let Agreed::Audio { keys, .. } = &agreed {
        assert!(protection.is_none_or(|protection| keys.is_some() || !protection.required));
        assert!(protection.is_some() || keys.is_none());
        assert!(matches!(accept(&answered, offer), Agreed::Audio { .. } | Agreed::Nothing));
    }
    let written = Description::parse(&answered.encode()).expect("we read what we write");
    assert_eq!(
        written.media.iter().map(Media::is_refused).collect::<Vec<_>>(),
        answered.media.iter().map(Media::is_refused).collect::<Vec<_>>()
    );
}
