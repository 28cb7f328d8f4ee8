//! Reports and goodbyes of a far end's, and ours between them. Input: a kind, then octets with a count before.
//!
//! Holds: what we write, the other side reads; a round trip is never longer than a minute; the words of a goodbye are as long as an octet counts.
//! What stands in our goodbye is what stands in our report.
#![no_main]

use faxramp::rtp::Sent;
use faxramp::rtp::playout::Statistics;
use faxramp::rtp::rtcp::{Goodbye, Reporter};
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
        if let Ok(heard) = ours.receive(feed.counted(), now) {
            let round_trip = heard.told.and_then(|told| told.round_trip);
            assert!(round_trip.is_none_or(|trip| trip <= Duration::from_secs(60)));
            assert!(heard.goodbye.is_none_or(|goodbye| goodbye.reason.chars().count() <= 255));
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
        let heard = theirs.receive(&report, now).expect("our own report is sound");
        assert!(heard.told.is_some() == (kind & 1 == 0) && heard.goodbye.is_none());
        let last = ours.goodbye(sent, &received, now).expect("a report was made");
        let heard = theirs.receive(&last, now).expect("our own goodbye is sound");
        assert_eq!(heard.told.is_some(), kind & 1 == 0);
        assert_eq!(heard.goodbye, Some(Goodbye { ssrc: Some(1), reason: String::new() }));
        // The far end has seen one of ours and answers to it.
        let answer = theirs.report(sent, &Statistics { ssrc: Some(1), ..received }, now);
        assert!(ours.receive(&answer, now).expect("likewise").told.is_some());
    }
});
