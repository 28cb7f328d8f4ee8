//! The playout of received audio: packets in whenever they come, exactly one frame of 20 ms out at each tick.
//!
//! Made for modems. A sample is played at the place that its timestamp gives it, so a loss costs the samples that were lost and no
//! receiver's clock. The delay is fixed; it is corrected by whole frames, in silence. Three things only move a signal in time: the
//! sender sets its clock anew, all packets have become too late, or two clocks drifted apart during a signal of many minutes (its
//! frame is then inserted or left out in the signal, as `slips` counts).
//!
//! What is missing is filled with the frame before it: 20 ms are whole symbols and whole carrier cycles of every modem of a fax, so that
//! a receiver sees wrong data but neither a jump in phase nor a loss of carrier. The frame is marked, so that a receiver can
//! freeze its loops instead.
//!
//! PCMU and PCMA may change from packet to packet, packets may have any length up to 200 ms; their timestamps must go on by the
//! samples that they carry. No sockets, no clock, no other codecs. Serves RFC 3550 §5.1, §6.4.1, Appendix A; RFC 3551 §4.1.

mod delay;
mod limits;
mod ring;
mod sequence;
mod stream;
#[cfg(test)]
mod tests;

use std::ops::Range;
use std::time::{Duration, Instant};

use delay::{Delay, Wish};
use limits::{CAPACITY, FRAME, MOST_ECHO, MOST_PACKET_SAMPLES, MOST_REPEATED, QUIET, QUIET_FRAMES};
use ring::{ABSENT, PAUSE, Ring};
use sequence::Place;
use stream::Stream;

use super::{Content, Packet, PayloadTypes};
use crate::dsp::g711::Law;
use crate::dsp::{FRAME_SAMPLES, SAMPLES_PER_SECOND};

/// What a frame is made of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mark {
    /// All of it was sent by the far end.
    Received,
    /// Some or all of it was lost and is filled in.
    Concealed,
    /// The far end sends nothing, or comfort noise. The samples are zero.
    Silence,
}

/// 20 ms of linear samples.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Frame<'a> {
    /// The samples, as G.711 decodes to.
    pub samples: &'a [i16; FRAME_SAMPLES],
    /// What they are.
    pub mark: Mark,
    /// From the first to the last sample that was filled in; empty unless [`Mark::Concealed`].
    pub missing: Range<usize>,
}

/// Samples of a frame in a row.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Part<'a> {
    /// They came so, or are silence.
    Came(&'a [i16]),
    /// They did not come and are filled in.
    MadeUp(&'a [i16]),
}

impl<'a> Frame<'a> {
    /// Its samples in order, by whether they came. A modem is told of a hole, and only of what is one.
    pub fn parts(&self) -> impl Iterator<Item = Part<'a>> + use<'a> {
        let (before, rest) = self.samples.split_at(self.missing.start);
        let (lost, behind) = rest.split_at(self.missing.len());
        let all = [Part::Came(before), Part::MadeUp(lost), Part::Came(behind)];
        all.into_iter().filter(|part| {
            let (Part::Came(samples) | Part::MadeUp(samples)) = part;
            !samples.is_empty()
        })
    }
}

/// What came of a stream, for the record of a call. All of it counts the current source only, except
/// for what the playout did.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Statistics {
    /// The source; of the last one, when it has changed.
    pub ssrc: Option<u32>,
    /// Packets that came, each counted once.
    pub received: u64,
    /// Packets that did not come.
    pub lost: u64,
    /// Packets that came after their turn; they count as received.
    pub late: u64,
    /// Packets that came again.
    pub duplicates: u64,
    /// Packets that were not believed: of another source, far out of order, or too long.
    pub refused: u64,
    /// The highest sequence number, with its turns above.
    // RFC 3550 §6.4.1
    pub highest_sequence: u32,
    /// Interarrival jitter.
    // RFC 3550 §6.4.1
    pub jitter: Duration,
    /// How much faster the sender's clock runs than ours, in parts per million, once that is known.
    pub drift_parts_per_million: Option<f64>,
    /// Time that the fastest packets wait.
    pub delay: Duration,
    /// Frames with samples filled in.
    pub concealed_frames: u64,
    /// Frames of silence inserted and left out.
    pub corrections: u64,
    /// Frames inserted into a signal or left out of one, as no silence came in time.
    pub slips: u64,
    /// How often the sender's clock was set anew, and its source changed.
    pub restarts: u64,
}

/// The playout of one call.
#[derive(Clone, Debug)]
pub struct Playout {
    began: Option<Instant>,
    last_tick: Option<Instant>,
    /// The next sample to be played, counted from the beginning.
    cursor: i64,
    ring: Ring,
    frame: [i16; FRAME_SAMPLES],
    stream: Option<Stream>,
    /// A packet out of line, and the number that would prove it right.
    candidate: Option<(u32, u16)>,
    /// Frames in a row of which nothing came; frames in a row of silence.
    absent_frames: u32,
    quiet_frames: u32,
    /// Mean square of the last frames.
    level: u64,
    line_is_silent: bool,
    types: PayloadTypes,
    counts: Statistics,
}

impl Default for Playout {
    fn default() -> Self {
        Self::new()
    }
}

impl Playout {
    /// A playout that has received nothing.
    #[must_use]
    pub fn new() -> Self {
        Self {
            began: None,
            last_tick: None,
            cursor: 0,
            ring: Ring::new(),
            frame: [0; FRAME_SAMPLES],
            stream: None,
            candidate: None,
            absent_frames: MOST_REPEATED,
            quiet_frames: 0,
            level: 0,
            line_is_silent: false,
            types: PayloadTypes::default(),
            counts: Statistics::default(),
        }
    }

    /// Packets mean this from now on; without it, what the standard has.
    pub const fn set_payload_types(&mut self, types: PayloadTypes) {
        self.types = types;
    }

    /// Takes a packet that arrived `now`. Every packet of the stream belongs here, telephone events too: their numbers count.
    pub fn receive(&mut self, packet: &Packet<'_>, now: Instant) {
        let content = self.types.content(packet.payload_type);
        if matches!(content, Content::Audio(_)) && packet.payload.len() > MOST_PACKET_SAMPLES {
            self.counts.refused += 1;
            return;
        }
        let arrival = self.arrival(now);
        let place = match &mut self.stream {
            Some(stream) if stream.ssrc == packet.ssrc => stream.sequence.see(packet.sequence),
            Some(_) => Place::Elsewhere,
            None => {
                self.begin(packet, now);
                Place::Next(1)
            }
        };
        let steps = match place {
            Place::Next(steps) => Some(steps),
            Place::Earlier => None,
            Place::Again => {
                self.counts.duplicates += 1;
                return;
            }
            Place::Elsewhere => {
                // RFC 3550 Appendix A.1: two in a row prove a new beginning
                if self.candidate != Some((packet.ssrc, packet.sequence)) {
                    self.candidate = Some((packet.ssrc, packet.sequence.wrapping_add(1)));
                    self.counts.refused += 1;
                    return;
                }
                self.counts.restarts += 1;
                self.begin(packet, now);
                Some(1)
            }
        };
        self.candidate = None;
        match content {
            Content::Audio(law) if !packet.payload.is_empty() => self.place(packet, law, steps, arrival, now),
            Content::Audio(_) | Content::Other => {}
            Content::ComfortNoise => {
                if let Some(stream) = &mut self.stream {
                    stream.rests |= steps.is_some();
                }
            }
        }
    }

    /// Plays the next 20 ms. To be called every 20 ms, with the time that it was due.
    pub fn play(&mut self, now: Instant) -> Frame<'_> {
        self.began.get_or_insert(now);
        self.last_tick = Some(now);
        let wish = self.stream.as_ref().map_or(Wish::Nothing, |stream| stream.delay.wish());
        let silent = wish != Wish::Nothing && self.is_silence();
        match wish {
            Wish::Insert { urgent } if silent || urgent => {
                self.moved(silent, FRAME);
                let mark = if silent { self.silence() } else { self.conceal(0..FRAME_SAMPLES) };
                return self.finish(mark);
            }
            Wish::LeaveOut { urgent } if silent || urgent => {
                self.moved(silent, -FRAME);
                self.take();
            }
            Wish::Nothing | Wish::Insert { .. } | Wish::LeaveOut { .. } => {}
        }
        let (mark, missing) = self.take();
        self.finish((mark, missing))
    }

    /// The owner knows that nothing is to be expected from the far end now, although the line is not quiet: our echo, or noise. The delay
    /// may then be corrected as in silence, until it says otherwise. While our calling tone sounds the far end may well begin.
    pub const fn set_line_is_silent(&mut self, is_silent: bool) {
        self.line_is_silent = is_silent;
    }

    /// What came so far.
    #[must_use]
    pub fn statistics(&self) -> Statistics {
        let Some(stream) = &self.stream else { return self.counts };
        let received = stream.sequence.received();
        Statistics {
            ssrc: Some(stream.ssrc),
            received,
            lost: stream.sequence.expected().saturating_sub(received),
            highest_sequence: stream.sequence.extended(),
            jitter: duration(stream.jitter >> 4),
            drift_parts_per_million: stream.drift.parts_per_million(),
            delay: duration(stream.delay.fastest().unwrap_or(0)),
            ..self.counts
        }
    }

    /// Samples of our clock from the first tick or packet on.
    fn arrival(&mut self, now: Instant) -> i64 {
        let began = *self.began.get_or_insert(now);
        samples(now.saturating_duration_since(began))
    }

    /// How much of the frame being played is over.
    fn elapsed(&self, now: Instant) -> i64 {
        self.last_tick.map_or(FRAME, |tick| samples(now.saturating_duration_since(tick)))
    }

    fn begin(&mut self, packet: &Packet<'_>, now: Instant) {
        let delay = Delay::new(self.cursor);
        let end = self.stream.take().map_or(self.cursor, |stream| stream.end.max(self.cursor));
        let place = end.max(self.cursor + delay.frames_ahead(self.elapsed(now)) * FRAME);
        self.counts = Statistics { late: 0, duplicates: 0, ..self.counts };
        self.stream = Some(Stream::new(packet, place, end, delay));
    }

    /// Puts a packet's samples where its timestamp says.
    fn place(&mut self, packet: &Packet<'_>, law: Law, steps: Option<u64>, arrival: i64, now: Instant) {
        let elapsed = self.elapsed(now);
        let Some(stream) = &mut self.stream else { return };
        let length = packet.payload.len() as i64;
        let mut place = stream.place_of(packet.timestamp);
        let is_late = place + length <= self.cursor;
        if steps.is_some() && stream.is_astray(packet.marker, place, length, self.cursor, now) {
            let least = (self.cursor + stream.delay.frames_ahead(elapsed) * FRAME).max(stream.end);
            // By whole frames, as a signal may go on.
            place += (least - place + FRAME - 1).div_euclid(FRAME) * FRAME;
            stream.restart(packet.timestamp, place, self.cursor);
            self.counts.restarts += 1;
        } else if is_late {
            self.counts.late += 1;
            stream.late_since.get_or_insert(now);
        } else {
            stream.late_since = None;
        }
        let lead = place - self.cursor + FRAME - elapsed;
        if place + length > self.cursor + CAPACITY as i64 {
            // Only a packet of before a new beginning is still so far ahead.
            self.counts.refused += 1;
            return;
        }
        stream.measure(arrival, place, lead, self.cursor);
        if steps.is_some() {
            stream.anchor = (packet.timestamp, place);
            let gap = stream.end.max(self.cursor)..place;
            stream.end = stream.end.max(place + length);
            let pauses = steps == Some(1) || stream.rests;
            stream.rests = false;
            if pauses {
                self.ring.pause(gap);
            }
        }
        self.ring.write(place, packet.payload, law, self.cursor);
    }

    /// Accounts for a frame that is inserted, or left out if `samples` is negative.
    fn moved(&mut self, in_silence: bool, samples: i64) {
        let count = if in_silence { &mut self.counts.corrections } else { &mut self.counts.slips };
        *count += 1;
        if let Some(stream) = &mut self.stream {
            stream.delay.shift(samples);
        }
    }

    /// Takes the next frame out of the ring and fills its holes.
    fn take(&mut self) -> (Mark, Range<usize>) {
        let before = self.frame;
        self.ring.take(self.cursor, &mut self.frame);
        self.cursor += FRAME;
        let first = self.frame.iter().position(|sample| *sample <= PAUSE);
        let Some(first) = first else {
            self.absent_frames = 0;
            return (Mark::Received, 0..0);
        };
        let (mut absent, mut pause, mut last) = (0, 0, first);
        for (at, sample) in self.frame.iter().enumerate().skip(first) {
            match *sample {
                ABSENT => (absent, last) = (absent + 1, at),
                PAUSE => pause += 1,
                _ => {}
            }
        }
        let is_all_absent = absent == FRAME_SAMPLES;
        self.absent_frames = if is_all_absent { self.absent_frames.saturating_add(1) } else { 0 };
        if pause == FRAME_SAMPLES || is_all_absent && (self.sender_rests() || self.absent_frames > MOST_REPEATED) {
            return self.silence();
        }
        if absent == 0 {
            for sample in &mut self.frame[first..] {
                *sample = if *sample == PAUSE { 0 } else { *sample };
            }
            return (Mark::Received, 0..0);
        }
        let start = self.frame.iter().position(|sample| *sample == ABSENT).unwrap_or(first);
        for (sample, before) in self.frame.iter_mut().zip(before) {
            *sample = match *sample {
                ABSENT => before,
                PAUSE => 0,
                received => received,
            };
        }
        self.counts.concealed_frames += 1;
        (Mark::Concealed, start..last + 1)
    }

    fn silence(&mut self) -> (Mark, Range<usize>) {
        self.frame.fill(0);
        (Mark::Silence, 0..0)
    }

    /// The frame before, once more.
    fn conceal(&mut self, missing: Range<usize>) -> (Mark, Range<usize>) {
        self.counts.concealed_frames += 1;
        (Mark::Concealed, missing)
    }

    fn finish(&mut self, (mark, missing): (Mark, Range<usize>)) -> Frame<'_> {
        let level = if mark == Mark::Silence { 0 } else { mean_square(&self.frame) };
        self.quiet_frames = if level <= self.quiet_level() { self.quiet_frames.saturating_add(1) } else { 0 };
        // The mean of the last four or so.
        self.level = (3 * self.level + level) / 4;
        Frame { samples: &self.frame, mark, missing }
    }

    /// Below this mean square is silence.
    fn quiet_level(&self) -> u64 {
        if self.line_is_silent { (2 * self.level).clamp(QUIET, MOST_ECHO) } else { QUIET }
    }

    /// Whether it has been silent for a while and stays so for two frames more.
    fn is_silence(&self) -> bool {
        if self.quiet_frames < QUIET_FRAMES {
            return false;
        }
        let rests = self.absent_frames > MOST_REPEATED || self.sender_rests();
        self.ring.level_ahead(self.cursor, rests).is_some_and(|level| level <= self.quiet_level())
    }

    /// Whether the sender said that it pauses, and all that it sent before was played; or nobody sends.
    fn sender_rests(&self) -> bool {
        self.stream.as_ref().is_none_or(|stream| stream.rests && stream.end <= self.cursor)
    }
}

fn mean_square(frame: &[i16; FRAME_SAMPLES]) -> u64 {
    let square = |sample: &i16| u64::from(sample.unsigned_abs()) * u64::from(sample.unsigned_abs());
    frame.iter().map(square).sum::<u64>() / FRAME_SAMPLES as u64
}

fn samples(time: Duration) -> i64 {
    i64::try_from(time.as_micros()).unwrap_or(i64::MAX / 8000) * i64::from(SAMPLES_PER_SECOND / 1000) / 1000
}

fn duration(samples: i64) -> Duration {
    Duration::from_micros(u64::try_from(samples).unwrap_or(0) * 125)
}
