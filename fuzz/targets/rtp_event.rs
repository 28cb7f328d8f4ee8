//! Telephone events, reports, and audio that is sent twice. Input: a kind, then octets with a count before.
//!
//! Holds: an event ends only after it began, and once; a report that is written can be read.
#![no_main]

use faxramp::rtp::event::{Listener, Told};
use faxramp::rtp::playout::Playout;
use faxramp::rtp::rtcp::Reporter;
use faxramp::rtp::{Packet, Sender, redundancy};
use faxramp_fuzz::{Feed, base};
use libfuzzer_sys::fuzz_target;
use std::time::Duration;

fuzz_target!(|octets: &[u8]| {
    let mut feed = Feed::new(octets);
    let mut now = base();
    let (mut listener, mut reporter) = (Listener::new(), Reporter::new(7, "name".into(), now));
    let (mut playout, mut sender) = (Playout::new(), Sender::new(7, 1, 1));
    let mut running = None;
    while !feed.is_empty() {
        let kind = feed.octet();
        now += Duration::from_millis(u64::from(kind));
        match kind % 5 {
            0 | 1 => {
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
            2 => _ = reporter.receive(feed.counted(), now),
            3 => {
                let payload = feed.counted();
                let packet =
                    Packet { marker: false, payload_type: 0, sequence: 0, timestamp: 0, ssrc: 0, payload: &[] };
                let Ok(blocks) = redundancy::decode(payload) else { continue };
                for block in blocks {
                    playout.receive_again(&packet, &block);
                    assert!(block.payload.len() <= payload.len());
                }
                let _ = playout.play(now);
            }
            _ => {
                let _ = sender.send(0, feed.counted(), 160);
                let written = reporter.report(sender.sent(), &playout.statistics(), now);
                let other = Reporter::new(9, "other".into(), now).receive(&written, now);
                assert!(other.is_ok(), "{other:?}");
            }
        }
    }
});
