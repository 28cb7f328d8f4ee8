//! One source: its numbers, its clock, and where its samples belong.

use std::time::Instant;

use super::super::Packet;
use super::delay::{Delay, Drift};
use super::limits::{CAPACITY, LATE_FOR_MS, MOST_LATENESS};
use super::sequence::Sequence;

/// One source.
#[derive(Clone, Debug)]
pub(super) struct Stream {
    pub(super) ssrc: u32,
    pub(super) sequence: Sequence,
    /// A timestamp and its place.
    pub(super) anchor: (u32, i64),
    /// Behind the last sample that came.
    pub(super) end: i64,
    /// The sender said that it pauses.
    pub(super) rests: bool,
    pub(super) late_since: Option<Instant>,
    last_transit: Option<i64>,
    /// RFC 3550 Appendix A.8, in sixteenths of a sample.
    pub(super) jitter: i64,
    pub(super) delay: Delay,
    pub(super) drift: Drift,
}

impl Stream {
    /// A source whose first packet belongs at `place`; `end` is behind what came before.
    pub(super) const fn new(packet: &Packet<'_>, place: i64, end: i64, delay: Delay) -> Self {
        Self {
            ssrc: packet.ssrc,
            sequence: Sequence::new(packet.sequence),
            anchor: (packet.timestamp, place),
            end,
            rests: true,
            late_since: None,
            last_transit: None,
            jitter: 0,
            delay,
            drift: Drift::new(),
        }
    }

    pub(super) fn place_of(&self, timestamp: u32) -> i64 {
        let (anchor, place) = self.anchor;
        place + i64::from(timestamp.wrapping_sub(anchor).cast_signed())
    }

    /// Whether the newest packet's time makes no sense any more.
    pub(super) fn is_astray(&self, marker: bool, place: i64, length: i64, cursor: i64, now: Instant) -> bool {
        if place + length > cursor + CAPACITY as i64 || place < cursor - MOST_LATENESS {
            return true;
        }
        let lasts =
            self.late_since.is_some_and(|since| (now.saturating_duration_since(since)).as_millis() >= LATE_FOR_MS);
        // RFC 3551 §4.1: the marker begins a talkspurt, where a delay may be set anew
        place + length <= cursor && (lasts || marker && self.end <= cursor)
    }

    pub(super) fn restart(&mut self, timestamp: u32, place: i64, cursor: i64) {
        self.anchor = (timestamp, place);
        self.late_since = None;
        self.last_transit = None;
        self.drift = Drift::new();
        self.delay.restart(cursor);
    }

    // RFC 3550 Appendix A.8
    pub(super) fn measure(&mut self, arrival: i64, place: i64, lead: i64, cursor: i64) {
        let transit = arrival - place;
        if let Some(last) = self.last_transit.replace(transit) {
            self.jitter += (transit - last).abs() - ((self.jitter + 8) >> 4);
        }
        self.delay.record(lead, cursor);
        self.drift.record(transit, arrival);
    }
}
