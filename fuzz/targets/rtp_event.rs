//! Telephone events, and their packets in a playout. Input: a kind, then octets with a count before.
//!
//! Holds: an event ends only after it began, and once.
#![no_main]

use faxramp::rtp::Packet;
use faxramp::rtp::event::{Listener, Told};
use faxramp::rtp::playout::Playout;
use faxramp_fuzz::{Feed, base};
use libfuzzer_sys::fuzz_target;
use std::time::Duration;

fuzz_target!(|octets: &[u8]| {
    let mut feed = Feed::new(octets);
    let mut now = base();
    let (mut listener, mut playout) = (Listener::new(), Playout::new());
    let mut running = None;
    while !feed.is_empty() {
        let kind = feed.octet();
        now += Duration::from_millis(u64::from(kind));
        let timestamp = u32::from(feed.number()) << (kind / 16);
        let ssrc = u32::from(kind & 4);
        let payload = feed.counted();
        let packet = Packet { marker: false, payload_type: 101, sequence: 0, timestamp, ssrc, payload };
        playout.receive(&packet, now);
        for told in listener.hear(&packet).into_iter().flatten().flatten() {
            match told {
                Told::Began(event) => running = Some(event),
                Told::Ended(event, _) => assert_eq!(running.take(), Some(event)),
            }
        }
    }
});
