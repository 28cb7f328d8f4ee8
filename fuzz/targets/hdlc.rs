//! Arbitrary bits into the deframer and the mender; frames made of the same octets come back whole.
//!
//! Input: an octet that chooses how doubtful bits are spread, then bits. Holds: frames are no longer than what is kept, a framer's bits are
//! read as its frames, and the mender never gives what the check sequence does not bear out.
#![no_main]

use faxramp::dsp::hdlc::{Deframer, Found, Framer, MOST_OCTETS, Mender};
use faxramp_fuzz::Feed;
use libfuzzer_sys::fuzz_target;

fn frames(bits: impl Iterator<Item = bool>) -> Vec<Vec<u8>> {
    let mut deframer = Deframer::new();
    let mut frames = Vec::new();
    for bit in bits {
        if let Some(Found::Frame(frame)) = deframer.push(bit) {
            assert!(!frame.is_empty() && frame.len() <= MOST_OCTETS);
            frames.push(frame.to_vec());
        }
    }
    frames
}

fuzz_target!(|octets: &[u8]| {
    let mut feed = Feed::new(octets);
    let spread = usize::from(feed.octet());
    let octets = feed.rest();
    let bits = || octets.iter().flat_map(|octet| (0..8).rev().map(move |place| octet >> place & 1 == 1));
    frames(bits());

    let mut mender = Mender::new();
    for (place, bit) in bits().enumerate() {
        let is_sure = spread == 0 || !(place / 7).is_multiple_of(spread);
        for frame in mender.push(bit, is_sure, |frame| frame.len() > 2).into_iter().flatten() {
            let mut framer = Framer::new([frame.clone()], 1, 0);
            assert_eq!(frames(std::iter::from_fn(|| framer.next_bit())), [frame]);
        }
    }

    let sent: Vec<Vec<u8>> = octets.chunks(MOST_OCTETS - 2).map(<[u8]>::to_vec).collect();
    let mut framer = Framer::new(sent.clone(), 2, 1);
    assert_eq!(frames(std::iter::from_fn(|| framer.next_bit())), sent);
});
