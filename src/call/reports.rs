//! RTCP of one call: our reports of the audio go out every few seconds, and what the far end's tell is kept.
//!
//! It is the only way to see what is lost between us and the far end. Not here: what stands in a report ([`rtcp`]), and its encryption.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use crate::rtp::Sent;
use crate::rtp::playout::Statistics;
use crate::rtp::rtcp::{self, Goodbye, Heard, Reporter, Told};

/// The reports of one call, both ways.
pub(super) struct Reports {
    reporter: Reporter,
    /// Where the far end's come from.
    latched: Option<SocketAddr>,
    /// When ours is due.
    next: Instant,
    chance: u64,
    told: Option<Told>,
    /// What the far end said last when it left.
    goodbye: Option<Goodbye>,
}

impl Reports {
    /// Reports on the stream of this source. `seed` is chance.
    pub(super) fn new(ssrc: u32, seed: u64, now: Instant) -> Self {
        // RFC 7022 §4.2: a name that says nothing of the machine, new for each call. The source is of chance.
        let reporter = Reporter::new(ssrc, format!("{ssrc:08x}"), now);
        let mut reports = Self { reporter, latched: None, next: now, chance: seed | 1, told: None, goodbye: None };
        // RFC 3550 §6.2: the first after half the interval
        let first = reports.interval() / 2;
        reports.next += first;
        reports
    }

    /// Whether one of ours is due.
    pub(super) fn is_due(&self, now: Instant) -> bool {
        now >= self.next
    }

    /// A report, and where to: there unless the far end's own come from elsewhere. The next one is due some seconds later.
    pub(super) fn next(
        &mut self,
        there: Option<SocketAddr>,
        sent: Sent,
        received: &Statistics,
        now: Instant,
    ) -> Option<(SocketAddr, Vec<u8>)> {
        self.next = now + self.interval();
        let to = self.latched.or(there)?;
        Some((to, self.reporter.report(sent, received, now)))
    }

    /// The last report, which says goodbye, and where to.
    pub(super) fn last(
        &mut self,
        there: Option<SocketAddr>,
        sent: Sent,
        received: &Statistics,
        now: Instant,
    ) -> Option<(SocketAddr, Vec<u8>)> {
        let to = self.latched.or(there)?;
        Some((to, self.reporter.goodbye(sent, received, now)?))
    }

    /// Takes a datagram of the port beside the audio's. The far end is believed at the address that its audio goes to.
    pub(super) fn datagram(&mut self, octets: &[u8], source: SocketAddr, far: SocketAddr, now: Instant) {
        if source.ip() == far.ip()
            && let Ok(Heard { told, goodbye }) = self.reporter.receive(octets, now)
        {
            self.latched = Some(source);
            self.told = told.or(self.told);
            // Who says it again means the same.
            let before = self.goodbye.as_ref().map(|goodbye| goodbye.ssrc);
            self.goodbye = goodbye.filter(|goodbye| before != Some(goodbye.ssrc)).or(self.goodbye.take());
        }
    }

    /// What the far end said when it left this stream, where it did.
    pub(super) fn goodbye(&self, stream: Option<u32>) -> Option<&str> {
        let goodbye = self.goodbye.as_ref().filter(|goodbye| stream.is_some() && goodbye.ssrc == stream);
        goodbye.map(|goodbye| goodbye.reason.as_str())
    }

    /// What the far end said last of our packets.
    pub(super) const fn told(&self) -> Option<Told> {
        self.told
    }

    /// Half to one and a half of the least interval, lest the reports of many calls go together.
    // RFC 3550 §6.3.1: divided by e − 3/2
    fn interval(&mut self) -> Duration {
        // Marsaglia's xorshift.
        self.chance ^= self.chance << 13;
        self.chance ^= self.chance >> 7;
        self.chance ^= self.chance << 17;
        let share = (self.chance >> 40) as f64 / (1u64 << 24) as f64;
        rtcp::INTERVAL.mul_f64((0.5 + share) / (std::f64::consts::E - 1.5))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn base() -> Instant {
        #[expect(clippy::disallowed_methods, reason = "a base for virtual time")]
        Instant::now()
    }

    fn at(last: u8, port: u16) -> SocketAddr {
        SocketAddr::from(([192, 0, 2, last], port))
    }

    fn sent() -> Sent {
        Sent { packets: 100, octets: 16_000, timestamp: 16_000 }
    }

    #[test]
    fn they_go_out_every_few_seconds_and_not_in_step() {
        let now = base();
        let times = |seed| {
            let mut reports = Reports::new(1, seed, now);
            let is_due = |milliseconds: &u64| {
                let moment = now + Duration::from_millis(*milliseconds);
                let is_due = reports.is_due(moment);
                if is_due {
                    reports.next(Some(at(2, 4001)), sent(), &Statistics::default(), moment).expect("a report");
                }
                is_due
            };
            (0..100_000).step_by(20).filter(is_due).collect::<Vec<u64>>()
        };
        let some = times(3);
        assert!((1000..3200).contains(&some[0]), "{some:?}");
        let between: Vec<_> = some.windows(2).map(|pair| pair[1] - pair[0]).collect();
        assert!(between.iter().all(|between| (2050..6200).contains(between)), "{between:?}");
        assert_ne!(some, times(4));
    }

    #[test]
    fn each_end_learns_what_the_other_missed() {
        let now = base();
        let seconds = |count: f64| now + Duration::from_secs_f64(count);
        let (mut near, mut far) = (Reports::new(1, 5, now), Reports::new(2, 6, now));
        let heard = Statistics { ssrc: Some(1), received: 97, lost: 3, ..Statistics::default() };
        let (to, report) =
            near.next(Some(at(2, 4001)), sent(), &Statistics::default(), seconds(4.0)).expect("a report");
        assert_eq!(to, at(2, 4001));
        far.datagram(&report, at(1, 6001), at(1, 6000), seconds(4.05));
        assert_eq!(far.told(), None, "nothing was heard yet");
        let (to, report) = far.next(Some(at(1, 6003)), sent(), &heard, seconds(7.0)).expect("a report");
        assert_eq!(to, at(1, 6001), "where the other's came from");
        near.datagram(&report, at(9, 4001), at(2, 4000), seconds(7.05));
        assert_eq!(near.told(), None, "a stranger's");
        near.datagram(&report, at(2, 4001), at(2, 4000), seconds(7.05));
        let told = near.told().expect("told");
        assert_eq!(told.lost, 3);
        assert_eq!(told.round_trip.map(|time| time.as_millis()), Some(99));
        near.datagram(b"no report", at(2, 4009), at(2, 4000), seconds(7.1));
        assert_eq!(near.next(None, sent(), &heard, seconds(20.0)).expect("a report").0, at(2, 4001));
    }
}
