//! Reports of a far end's, and ours between them. Input: a kind, then octets with a count before.
//!
//! Holds: what we write, the other side reads; a round trip is never longer than a minute.
#![no_main]

use faxramp::rtp::Sent;
use faxramp::rtp::playout::Statistics;
use faxramp::rtp::rtcp::Reporter;
use faxramp_fuzz::{Feed, base};
use libfuzzer_sys::fuzz_target;
use std::time::Duration;

fuzz_target!(|octets: &[u8]| {
    let mut feed = Feed::new(octets);
    let mut now = base();
    let mut ours = Reporter::new(1, "ours".into(), now);
    let mut theirs = Reporter::new(2, "theirs".into(), now);
    while !feed.is_empty() {
        let kind = feed.octet();
        now += Duration::from_millis(u64::from(kind) * 16);
        if let Ok(Some(told)) = ours.receive(feed.counted(), now) {
            assert!(told.round_trip.is_none_or(|trip| trip <= Duration::from_secs(60)));
        }
        let number = u64::from(feed.number());
        let received = Statistics {
            ssrc: (kind & 1 == 0).then_some(2),
            received: number,
            lost: number << (kind / 8),
            jitter: Duration::from_micros(number),
            ..Statistics::default()
        };
        let sent = Sent { packets: u32::from(kind & 2), octets: 0, timestamp: 0 };
        let report = ours.report(sent, &received, now);
        let told = theirs.receive(&report, now).expect("our own report is sound");
        assert_eq!(told.is_some(), kind & 1 == 0);
        // The far end has seen one of ours and answers to it.
        let answer = theirs.report(sent, &Statistics { ssrc: Some(1), ..received }, now);
        assert!(ours.receive(&answer, now).expect("likewise").is_some());
    }
});
