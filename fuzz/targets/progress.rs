//! Samples to the detector of call progress. Input: pieces of tones, noise and silence; the rest is samples as they are.
//!
//! Holds: nothing is told twice in a row; nothing depends on where samples were split; digital silence is silence in the end.
#![no_main]

use faxramp::dsp::progress::{Detector, Progress};
use faxramp_fuzz::Feed;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|octets: &[u8]| {
    let mut feed = Feed::new(octets);
    let mut samples: Vec<i16> = Vec::new();
    for _ in 0..feed.octet() {
        let (kind, length) = (feed.octet(), usize::from(feed.octet()) * 40);
        let peak = 32_767.0 / f64::from(1_u32 << (kind / 32));
        match kind % 4 {
            0 => samples.resize(samples.len() + length, 0),
            1 => {
                let step = f64::from(feed.octet()) * 16.0 * std::f64::consts::TAU / 8000.0;
                samples.extend((0..length).map(|index| (peak * (step * index as f64).sin()) as i16));
            }
            2 => {
                let mut next = faxramp_fuzz::chance(u64::from(kind));
                samples.extend((0..length).map(|_| (next() as i16) >> (kind / 32)));
            }
            _ => samples.extend((0..length).map(|index| if index % 80 < 40 { i16::MAX } else { i16::MIN })),
        }
    }
    samples.extend(feed.rest().chunks_exact(2).map(|pair| i16::from_le_bytes([pair[0], pair[1]])));
    let (mut whole, mut pieces) = (Detector::new(), Detector::new());
    let told: Vec<Progress> = samples.chunks(160).filter_map(|frame| whole.hear(frame)).collect();
    assert!(told.windows(2).all(|pair| pair[0] != pair[1]), "{told:?}");
    let again: Vec<Progress> = samples.chunks(37).filter_map(|frame| pieces.hear(frame)).collect();
    assert_eq!(told, again);
    let last = (0..8).filter_map(|_| whole.hear(&[0; 16_000])).last().or(told.last().copied());
    assert_eq!(last, Some(Progress::Silence));
});
