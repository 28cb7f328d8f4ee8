//! RTCP: what each side tells the other of its packets.
//!
//! Reports of a call between two, so that both see what is lost on the way that the other end alone can judge, and a goodbye behind the last
//! one. Of the descriptions only our own name, which RFC 3550 wants; no profiles. Serves RFC 3550 §6.

use std::time::{Duration, Instant};

use thiserror::Error;

use super::Sent;
use super::playout::Statistics;
use crate::dsp::SAMPLES_PER_SECOND;

/// Time between two reports, before chance makes it longer or shorter by half.
// RFC 3550 §6.2: the least interval
pub const INTERVAL: Duration = Duration::from_secs(5);

/// Why octets are no RTCP; always the peer's fault.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum RtcpError {
    /// A packet longer than what came, or shorter than its kind needs.
    #[error("malformed RTCP packet: it ends too early")]
    Truncated,
    /// Not version 2.
    #[error("malformed RTCP packet: version {0} instead of 2")]
    Version(u8),
    /// Not beginning with a report.
    #[error("malformed RTCP packet: type {0} instead of a report")]
    Kind(u8),
}

/// What the far end told of our packets.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Told {
    /// Packets of ours that it has missed since the beginning; fewer than none where some came twice.
    pub lost: i32,
    /// How much their distances vary on arrival.
    pub jitter: Duration,
    /// Time to the far end and back, when it has seen a report of ours.
    pub round_trip: Option<Duration>,
}

/// What a packet of the far end says.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Heard {
    /// What it tells of our packets; nothing where it tells nothing of our stream.
    pub told: Option<Told>,
    /// That a stream of its own is over. It ends nothing by itself: calls are ended by SIP.
    pub goodbye: Option<Goodbye>,
}

/// A stream of the far end is over.
// RFC 3550 §6.6
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Goodbye {
    /// The first of the sources that leave; nothing where none is named.
    pub ssrc: Option<u32>,
    /// Why, in its words; mostly empty.
    pub reason: String,
}

/// Our side of the reports of one call.
#[derive(Clone, Debug)]
pub struct Reporter {
    ssrc: u32,
    name: String,
    began: Instant,
    /// The far end's last sender report: its time, and when it came.
    last_report: Option<(u32, Instant)>,
    /// Packets expected and received at our last report.
    before: (u64, u64),
    /// Whether a report of ours was made.
    has_reported: bool,
}

impl Reporter {
    /// Reports for the stream that we send as `ssrc`, under a name that says nothing of the machine; at most 255 octets of it are sent.
    // RFC 3550 §6.5.1, RFC 7022 §4.2: a name of chance
    #[must_use]
    pub const fn new(ssrc: u32, name: String, now: Instant) -> Self {
        Self { ssrc, name, began: now, last_report: None, before: (0, 0), has_reported: false }
    }

    /// A report, written: as a sender when something was `sent`, of the far end's stream when there is one.
    // RFC 3550 §6.1: a compound of a report and our name
    #[must_use]
    pub fn report(&mut self, sent: Sent, received: &Statistics, now: Instant) -> Vec<u8> {
        self.has_reported = true;
        let blocks = u8::from(received.ssrc.is_some());
        let mut octets = Vec::with_capacity(96);
        if sent.packets > 0 {
            octets.extend(head(blocks, SENDER_REPORT, 6 + 6 * usize::from(blocks)));
            octets.extend(self.ssrc.to_be_bytes());
            octets.extend(self.time(now).to_be_bytes());
            for number in [sent.timestamp, sent.packets, sent.octets] {
                octets.extend(number.to_be_bytes());
            }
        } else {
            octets.extend(head(blocks, RECEIVER_REPORT, 1 + 6 * usize::from(blocks)));
            octets.extend(self.ssrc.to_be_bytes());
        }
        if let Some(ssrc) = received.ssrc {
            self.block(ssrc, received, now, &mut octets);
        }
        self.describe(&mut octets);
        octets
    }

    /// The last report, with a goodbye behind it; nothing where nothing was sent that somebody could miss. Nothing may be sent of the stream
    /// after it.
    // RFC 3550 §6.3.7, §6.6, §6.1: the goodbye stands last
    #[must_use]
    pub fn goodbye(&mut self, sent: Sent, received: &Statistics, now: Instant) -> Option<Vec<u8>> {
        if sent.packets == 0 && !self.has_reported {
            return None;
        }
        let mut octets = self.report(sent, received, now);
        octets.extend(head(1, GOODBYE, 1));
        octets.extend(self.ssrc.to_be_bytes());
        Some(octets)
    }

    /// Reads what the far end says. Kinds that we do not know are stepped over.
    ///
    /// # Errors
    /// [`RtcpError`] when the octets are no RTCP.
    pub fn receive(&mut self, octets: &[u8], now: Instant) -> Result<Heard, RtcpError> {
        let (mut rest, mut heard, mut is_first) = (octets, Heard::default(), true);
        while is_first || !rest.is_empty() {
            let ([flags, kind, length0, length1], behind) =
                rest.split_first_chunk::<4>().ok_or(RtcpError::Truncated)?;
            if flags >> 6 != 2 {
                return Err(RtcpError::Version(flags >> 6));
            }
            // RFC 3550 Appendix A.2: the first packet is a report
            if is_first && !matches!(*kind, SENDER_REPORT | RECEIVER_REPORT) {
                return Err(RtcpError::Kind(*kind));
            }
            let length = usize::from(u16::from_be_bytes([*length0, *length1])) * 4;
            let (body, after) = behind.split_at_checked(length).ok_or(RtcpError::Truncated)?;
            let count = usize::from(flags & 0x1F);
            if *kind == GOODBYE {
                let body = if flags & PADDING == 0 { body } else { unpadded(body)? };
                heard.goodbye = Some(Goodbye::read(count, body)?);
            } else {
                heard.told = self.read(*kind, count, body, now)?.or(heard.told);
            }
            (rest, is_first) = (after, false);
        }
        Ok(heard)
    }

    fn read(&mut self, kind: u8, count: usize, body: &[u8], now: Instant) -> Result<Option<Told>, RtcpError> {
        let blocks = match kind {
            SENDER_REPORT => {
                let middle = word(body, 1)? << 16 | word(body, 2)? >> 16;
                self.last_report = Some((middle, now));
                body.get(24..)
            }
            RECEIVER_REPORT => body.get(4..),
            _ => return Ok(None),
        };
        let blocks = blocks.ok_or(RtcpError::Truncated)?;
        let mut told = None;
        for block in 0..count {
            let block = blocks.get(block * BLOCK_OCTETS..).ok_or(RtcpError::Truncated)?;
            let (ssrc, lost, jitter) = (word(block, 0)?, word(block, 1)?, word(block, 3)?);
            let (last, delay) = (word(block, 4)?, word(block, 5)?);
            if ssrc == self.ssrc {
                let away = (self.time(now) >> 16) as u32;
                let trip = away.wrapping_sub(last).wrapping_sub(delay);
                let is_sound = last != 0 && trip < MOST_ROUND_TRIP;
                told = Some(Told {
                    // 24 bits with a sign
                    lost: (lost << 8).cast_signed() >> 8,
                    jitter: Duration::from_secs(jitter.into()) / SAMPLES_PER_SECOND,
                    round_trip: is_sound.then(|| Duration::from_micros((u64::from(trip) * 1_000_000) >> 16)),
                });
            }
        }
        Ok(told)
    }

    /// What we received of a source.
    // RFC 3550 §6.4.1, Appendix A.3
    fn block(&mut self, ssrc: u32, received: &Statistics, now: Instant, octets: &mut Vec<u8>) {
        let expected = received.received + received.lost;
        let since = (expected.saturating_sub(self.before.0), received.received.saturating_sub(self.before.1));
        self.before = (expected, received.received);
        let missed = since.0.saturating_sub(since.1);
        let fraction = (missed * 256).checked_div(since.0).unwrap_or(0).min(255) as u32;
        let lost = received.lost.min(0x7F_FFFF) as u32;
        let jitter = received.jitter.as_micros() * u128::from(SAMPLES_PER_SECOND) / 1_000_000;
        let (last, delay) = self
            .last_report
            .map_or((0, 0), |(time, came)| (time, fixed_point(now.saturating_duration_since(came)) >> 16));
        for number in [ssrc, fraction << 24 | lost, received.highest_sequence, jitter as u32, last, delay as u32] {
            octets.extend(number.to_be_bytes());
        }
    }

    /// Our name.
    // RFC 3550 §6.5: items end with an octet of 0 and fill up to whole words
    fn describe(&self, octets: &mut Vec<u8>) {
        let name = &self.name.as_bytes()[..self.name.len().min(255)];
        let words = (name.len() + 2) / 4 + 1;
        octets.extend(head(1, DESCRIPTION, 1 + words));
        octets.extend(self.ssrc.to_be_bytes());
        octets.extend([CANONICAL_NAME, name.len() as u8]);
        octets.extend(name);
        octets.extend(std::iter::repeat_n(0, words * 4 - 2 - name.len()));
    }

    /// Seconds since the call began, 32 bits before and behind the point; no report tells the time of day.
    // RFC 3550 §6.4.1: the elapsed time may be used
    fn time(&self, now: Instant) -> u64 {
        // Not 0, which stands for no report.
        fixed_point(now.saturating_duration_since(self.began)) + (1 << 32)
    }
}

impl Goodbye {
    /// Reads a goodbye of so many sources.
    fn read(count: usize, body: &[u8]) -> Result<Self, RtcpError> {
        let (sources, rest) = body.split_at_checked(count * 4).ok_or(RtcpError::Truncated)?;
        let reason = match rest.split_first() {
            Some((length, text)) => text.get(..usize::from(*length)).ok_or(RtcpError::Truncated)?,
            None => &[],
        };
        let ssrc = sources.first_chunk::<4>().map(|ssrc| u32::from_be_bytes(*ssrc));
        // For people to read, on terminals too.
        let reason = String::from_utf8_lossy(reason).chars().filter(|letter| !letter.is_control()).collect();
        Ok(Self { ssrc, reason })
    }
}

/// A body without its padding, whose last octet counts it.
// RFC 3550 §6.4.1
fn unpadded(body: &[u8]) -> Result<&[u8], RtcpError> {
    let padding = body.last().map_or(0, |octets| usize::from(*octets));
    body.len().checked_sub(padding).map(|kept| &body[..kept]).ok_or(RtcpError::Truncated)
}

fn fixed_point(time: Duration) -> u64 {
    (time.as_secs() << 32) | ((u64::from(time.subsec_nanos()) << 32) / 1_000_000_000)
}

/// The first word of a packet with so many words behind it.
fn head(count: u8, kind: u8, words: usize) -> [u8; 4] {
    let [high, low] = u16::try_from(words).unwrap_or(u16::MAX).to_be_bytes();
    [0x80 | count, kind, high, low]
}

fn word(octets: &[u8], index: usize) -> Result<u32, RtcpError> {
    let word = octets.get(index * 4..).and_then(<[u8]>::first_chunk::<4>).ok_or(RtcpError::Truncated)?;
    Ok(u32::from_be_bytes(*word))
}

// RFC 3550 §12.1, §12.2
const SENDER_REPORT: u8 = 200;
const RECEIVER_REPORT: u8 = 201;
const DESCRIPTION: u8 = 202;
const GOODBYE: u8 = 203;
/// The bit of the first octet that says that padding stands behind.
const PADDING: u8 = 0x20;
const CANONICAL_NAME: u8 = 1;
const BLOCK_OCTETS: usize = 24;
/// A round trip longer than a minute is somebody's mistake; in 1/65536 s.
const MOST_ROUND_TRIP: u32 = 60 << 16;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn base() -> Instant {
        #[expect(clippy::disallowed_methods, reason = "a base for virtual time")]
        Instant::now()
    }

    const SENT: Sent = Sent { packets: 50, octets: 8000, timestamp: 77 };

    #[test]
    fn two_ends_measure_the_round_trip() {
        let now = base();
        let at = |milliseconds| now + Duration::from_millis(milliseconds);
        let mut near = Reporter::new(1, "near".into(), now);
        let mut far = Reporter::new(2, "a longer name".into(), at(900));
        let heard = |ssrc| Statistics {
            ssrc: Some(ssrc),
            received: 90,
            lost: 10,
            jitter: Duration::from_millis(3),
            ..Statistics::default()
        };
        let first = near.report(SENT, &Statistics::default(), at(1000));
        assert_eq!(far.receive(&first, at(1120)), Ok(Heard::default()));
        let answer = far.report(SENT, &heard(1), at(3000));
        let told = near.receive(&answer, at(3130)).unwrap().told.unwrap();
        let trip = told.round_trip.unwrap();
        assert!((249..=251).contains(&trip.as_millis()), "{trip:?}");
        assert_eq!((told.lost, told.jitter), (10, Duration::from_millis(3)));
    }

    // RFC 3550 §6.4.1: the number of packets lost may be negative
    #[test]
    fn more_came_than_was_sent_where_packets_are_doubled() {
        let mut reporter = Reporter::new(7, String::new(), base());
        let mut octets = vec![0x81, 201, 0, 7, 0, 0, 0, 9, 0, 0, 0, 7, 0, 0xFF, 0xFF, 0xFE];
        octets.extend([0; 16]);
        assert_eq!(reporter.receive(&octets, base()).unwrap().told.unwrap().lost, -2);
    }

    /// Octets worked out by hand from the figures of RFC 3550 §6.4.
    #[test]
    fn a_report_is_written_as_the_standard_draws_it() {
        let now = base();
        let mut reporter = Reporter::new(0x0102_0304, "abc".into(), now);
        let received = Statistics {
            ssrc: Some(0x0A0B_0C0D),
            received: 75,
            lost: 25,
            highest_sequence: 0x0001_0063,
            jitter: Duration::from_millis(2),
            ..Statistics::default()
        };
        let octets = reporter.report(SENT, &received, now + Duration::from_millis(500));
        #[rustfmt::skip]
        let expected = [
            0x81, 200, 0, 12, 1, 2, 3, 4, 0, 0, 0, 1, 0x80, 0, 0, 0, 0, 0, 0, 77, 0, 0, 0, 50, 0, 0, 0x1F, 0x40,
            0x0A, 0x0B, 0x0C, 0x0D, 64, 0, 0, 25, 0, 1, 0, 0x63, 0, 0, 0, 16, 0, 0, 0, 0, 0, 0, 0, 0,
            0x81, 202, 0, 3, 1, 2, 3, 4, 1, 3, b'a', b'b', b'c', 0, 0, 0,
        ];
        assert_eq!(octets, expected);
        let receiver = reporter.report(Sent::default(), &received, now);
        assert_eq!(receiver[..8], [0x81, 201, 0, 7, 1, 2, 3, 4]);
        // Nothing more was missed since.
        assert_eq!(receiver[12..16], [0, 0, 0, 25]);
    }

    // RFC 3550 §6.6, by its figure
    #[test]
    fn a_goodbye_stands_behind_a_report_and_is_said_only_where_something_was_sent() {
        let now = base();
        let mut reporter = Reporter::new(0x0102_0304, "abc".into(), now);
        assert_eq!(reporter.goodbye(Sent::default(), &Statistics::default(), now), None);
        let last = reporter.goodbye(SENT, &Statistics::default(), now).unwrap();
        assert_eq!((last[1], &last[28..30], last.len()), (200, &[0x81, 202][..], 28 + 16 + 8));
        assert_eq!(last[44..], [0x81, 203, 0, 1, 1, 2, 3, 4]);
        let heard = Reporter::new(9, String::new(), now).receive(&last, now).unwrap();
        let expected = Goodbye { ssrc: Some(0x0102_0304), reason: String::new() };
        assert_eq!(heard, Heard { told: None, goodbye: Some(expected) });
        // Who has only reported says goodbye too.
        let mut listener = Reporter::new(5, String::new(), now);
        let _ = listener.report(Sent::default(), &Statistics::default(), now);
        let last = listener.goodbye(Sent::default(), &Statistics::default(), now).unwrap();
        assert!(last.starts_with(&[0x80, 201]) && last.ends_with(&[0x81, 203, 0, 1, 0, 0, 0, 5]), "{last:?}");
    }

    #[test]
    fn goodbyes_are_read_with_their_reason_and_those_that_are_cut_off_are_refused() {
        let heard = |goodbye: &[u8]| {
            let octets = [&[0x80, 201, 0, 1, 0, 0, 0, 9], goodbye].concat();
            Reporter::new(1, String::new(), base()).receive(&octets, base()).map(|heard| heard.goodbye)
        };
        let goodbye = |ssrc, reason: &str| Ok(Some(Goodbye { ssrc, reason: reason.into() }));
        assert_eq!(heard(&[0x81, 203, 0, 2, 0, 0, 0, 9, 3, b'e', b'n', b'd']), goodbye(Some(9), "end"));
        assert_eq!(heard(&[0x81, 203, 0, 2, 0, 0, 0, 9, 3, 0x1B, b'[', b'A']), goodbye(Some(9), "[A"));
        assert_eq!(heard(&[0x82, 203, 0, 2, 0, 0, 0, 9, 0, 0, 0, 8]), goodbye(Some(9), ""));
        assert_eq!(heard(&[0x80, 203, 0, 0]), goodbye(None, ""));
        // With padding behind the source, and behind the reason.
        assert_eq!(heard(&[0xA1, 203, 0, 2, 0, 0, 0, 9, 9, 9, 9, 4]), goodbye(Some(9), ""));
        assert_eq!(heard(&[0xA1, 203, 0, 3, 0, 0, 0, 9, 1, b'x', 0, 0, 0, 0, 0, 4]), goodbye(Some(9), "x"));
        for broken in [
            &[0x82, 203, 0, 1, 0, 0, 0, 9][..],
            &[0x81, 203, 0, 2, 0, 0, 0, 9, 4, b'e', b'n', b'd'],
            &[0xA1, 203, 0, 1, 0, 0, 0, 9],
            &[0xA0, 203, 0, 1, 0, 0, 0, 5],
        ] {
            assert_eq!(heard(broken), Err(RtcpError::Truncated), "{broken:?}");
        }
        assert_eq!(heard(&[]), Ok(None));
    }

    #[test]
    fn what_is_no_rtcp_is_refused() {
        let mut reporter = Reporter::new(1, String::new(), base());
        let mut receive = |octets: &[u8]| reporter.receive(octets, base());
        assert_eq!(receive(&[]), Err(RtcpError::Truncated));
        assert_eq!(receive(&[0, 200, 0, 0]), Err(RtcpError::Version(0)));
        assert_eq!(receive(&[0x80, 203, 0, 1, 0, 0, 0, 1]), Err(RtcpError::Kind(203)));
        assert_eq!(receive(&[0x80, 200, 0, 1, 0, 0, 0, 1]), Err(RtcpError::Truncated));
        assert_eq!(receive(&[0x82, 201, 0, 1, 0, 0, 0, 1]), Err(RtcpError::Truncated));
        assert_eq!(receive(&[0x80, 201, 0, 9, 0, 0, 0, 1]), Err(RtcpError::Truncated));
    }

    proptest! {
        #[test]
        fn strangers_octets_never_panic(octets in prop::collection::vec(any::<u8>(), 0..120), kind in 200_u8..205) {
            let mut reporter = Reporter::new(1, "x".into(), base());
            let _ = reporter.receive(&octets, base());
            let _ = reporter.receive(&[&[0x81, kind, 0, 7, 0, 0, 0, 1][..], &octets].concat(), base());
            let written = reporter.report(SENT, &Statistics { ssrc: Some(3), ..Statistics::default() }, base());
            prop_assert!(reporter.receive(&written, base()).is_ok());
        }
    }
}
