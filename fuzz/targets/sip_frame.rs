//! A stream cut into messages, in pieces of any size.
//!
//! Input: an octet with the size of the pieces, then the stream.
//! Holds: the frames, and the error that ends them, are the same however the stream is cut; what is kept is bounded.
#![no_main]

use faxramp::sip::{Frame, FrameError, Framer};
use faxramp_fuzz::Feed;
use libfuzzer_sys::fuzz_target;

fn read(stream: &[u8], size: usize) -> (Vec<Frame>, Option<FrameError>) {
    let (mut framer, mut frames) = (Framer::new(), Vec::new());
    for piece in stream.chunks(size) {
        framer.push(piece);
        loop {
            match framer.poll() {
                Ok(Some(frame)) => frames.push(frame),
                Ok(None) => break,
                Err(error) => return (frames, Some(error)),
            }
        }
    }
    (frames, None)
}

fuzz_target!(|octets: &[u8]| {
    let mut feed = Feed::new(octets);
    let size = usize::from(feed.octet()).max(1);
    let stream = feed.rest();
    assert_eq!(read(stream, size), read(stream, stream.len().max(1)));
});
