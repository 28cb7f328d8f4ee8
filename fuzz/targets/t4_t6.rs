//! Coded pages of any width. Input: coding, width in two octets, then the page.
//!
//! Holds: at most the rows allowed; the same page whether it comes whole or in pieces; what was decoded is coded so that it
//! decodes the same.
#![no_main]

use faxramp::image::{Coding, DecodeLimits, Decoder, Ended, Framing, decode, decode_framed, encode};
use faxramp::model::Compression;
use faxramp_fuzz::{Feed, split};
use libfuzzer_sys::fuzz_target;

const LIMITS: DecodeLimits = DecodeLimits { max_rows: 200 };

fuzz_target!(|octets: &[u8]| {
    let mut feed = Feed::new(octets);
    let choice = feed.octet();
    let compression = [Compression::Mh, Compression::Mr, Compression::Mmr][usize::from(choice % 3)];
    let width = u32::from(feed.number() % 3000);
    let page = decode(feed.rest(), compression, width, LIMITS);
    assert!(page.rows <= LIMITS.max_rows && page.rows == page.bitmap.rows());
    assert!(page.bad_rows <= page.rows + 1 && page.longest_bad_run <= page.bad_rows);
    let mut decoder = Decoder::new(compression, width, LIMITS);
    split(feed.rest(), choice).for_each(|piece| decoder.feed(piece));
    assert_eq!(decoder.finish(), page);
    let _ = decode_framed(feed.rest(), Compression::Mh, Framing::AlignedRows, width, LIMITS);
    let coding = Coding { compression, two_dimensional_every: u32::from(choice / 32), minimum_row_bits: 0 };
    let limits = DecodeLimits { max_rows: LIMITS.max_rows + 1 };
    let again = decode(&encode(&page.bitmap, &coding), compression, page.bitmap.width(), limits);
    assert_eq!((&again.bitmap, again.bad_rows, again.ended), (&page.bitmap, 0, Ended::ByMarker));
});
