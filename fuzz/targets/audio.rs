//! RTP packets of a call's audio. Input: packets with a count before each.
//!
//! Holds: what was read is written so that it reads the same; tones are told, whatever is heard, one at a time.
#![no_main]

use faxramp::dsp::g711::Law;
use faxramp::dsp::tone::Detector;
use faxramp::rtp::Packet;
use faxramp_fuzz::Feed;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|octets: &[u8]| {
    let mut feed = Feed::new(octets);
    let mut detectors = [Detector::new(Law::A), Detector::new(Law::Mu)];
    while !feed.is_empty() {
        let Ok(packet) = Packet::decode(feed.counted()) else { continue };
        let written = packet.encode();
        assert_eq!(Packet::decode(&written).as_ref(), Ok(&packet));
        for detector in &mut detectors {
            let _ = detector.hear(packet.payload);
        }
    }
});
