//! A burst as steps: one packet each and how long the line is busy with it.
//!
//! Made piece by piece, so a page costs no more memory than its bits. Serves ITU-T T.38 §7.3 and §8.2.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use super::FAST_GAP;
use super::timing::{self, HdlcBits};
use crate::signal::{Burst, Frame, Modulation, Tone, Training};
use crate::t38::ifp::{DataKind, Field, FieldKind, Indicator, Packet};

/// One packet, or none, and the time until the next step.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Step {
    pub(super) packet: Option<Packet>,
    /// Whether the line turns here to something else, so that the packet is worth copies.
    pub(super) is_turn: bool,
    pub(super) lasts: Duration,
}

impl Step {
    /// The line falls silent.
    pub(super) const fn no_signal() -> Self {
        Self { packet: Some(Packet::Indicator(Indicator::NoSignal)), is_turn: true, lasts: Duration::ZERO }
    }
}

/// How steps are cut and timed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Pace {
    /// Whether no modem is played to.
    pub(super) is_fast: bool,
    /// Whether the far end needs the pauses between signals also when no modem is played to.
    pub(super) needs_pauses: bool,
    pub(super) chunk: Duration,
    /// Octets of data that fit in a packet.
    pub(super) most_octets: usize,
    /// Octets of data in a packet when no modem is played to.
    pub(super) fast_octets: usize,
    /// Octets of a page that the far end can keep until its modem plays them.
    pub(super) far_buffer_octets: usize,
    pub(super) talker_echo_protection: bool,
}

impl Pace {
    /// The time of something that a modem needs `modem` for.
    const fn time(&self, modem: Duration) -> Duration {
        if self.is_fast { FAST_GAP } else { modem }
    }

    /// The same for data that comes after so many octets of one signal.
    const fn data_time(&self, modem: Duration, octets_before: usize) -> Duration {
        if octets_before > self.far_buffer_octets { modem } else { self.time(modem) }
    }

    const fn pause(&self, pause: Duration) -> Duration {
        if self.is_fast && !self.needs_pauses { FAST_GAP } else { pause }
    }

    fn chunk_octets(&self, bits_per_second: u32) -> usize {
        let wanted = if self.is_fast { self.fast_octets } else { timing::octets_in(self.chunk, bits_per_second) };
        wanted.min(self.most_octets)
    }

    fn training_time(&self, modulation: Modulation, training: Training) -> Duration {
        let time = timing::training(modulation, training);
        if self.talker_echo_protection { time + timing::ECHO_PROTECTION } else { time }
    }
}

/// The steps of one burst that are still to come.
#[derive(Debug)]
pub(super) struct Script {
    segments: VecDeque<Segment>,
    kind: Kind,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    Silence,
    CallingTone,
    Signal,
}

#[derive(Debug)]
enum Segment {
    /// Nothing is said for a while, whatever the pacing.
    Quiet(Duration),
    Indicate(Indicator, Duration),
    /// Calling tone, for ever.
    CallingTone,
    Frames(Frames),
    Bits(Bits),
}

/// HDLC frames on one modem.
#[derive(Debug)]
struct Frames {
    kind: DataKind,
    bits_per_second: u32,
    frames: VecDeque<Frame>,
    /// Octets of the first frame already sent.
    sent_octets: usize,
    /// Octets of the frames before it.
    earlier_octets: usize,
    bits: HdlcBits,
}

/// A stream of bits without frames, then zeros.
#[derive(Debug)]
struct Bits {
    modulation: Modulation,
    bits: Arc<[u8]>,
    sent_octets: usize,
    zeros: usize,
    /// How long a gateway may still play when all is sent.
    wait: Duration,
}

impl Script {
    /// `line_is_silent`: whether silence is what was said last; otherwise it is said first.
    pub(super) fn new(burst: Burst, line_is_silent: bool, pace: &Pace) -> Self {
        let mut segments = VecDeque::new();
        if !line_is_silent {
            let gap = if matches!(burst, Burst::Silence(_)) { Duration::ZERO } else { timing::SIGNAL_GAP };
            segments.push_back(Segment::Indicate(Indicator::NoSignal, gap));
        }
        let kind = match burst {
            Burst::Silence(time) => {
                segments.push_back(Segment::Quiet(pace.pause(time)));
                Kind::Silence
            }
            Burst::Tone(Tone::Cng) => {
                segments.push_back(Segment::CallingTone);
                Kind::CallingTone
            }
            Burst::Tone(Tone::Ced) => {
                segments.push_back(Segment::Indicate(Indicator::Ced, timing::CED));
                Kind::Signal
            }
            Burst::Control(frames) => {
                segments.push_back(Segment::Indicate(Indicator::V21Preamble, timing::PREAMBLE));
                segments.push_back(Segment::Frames(Frames::new(DataKind::V21, timing::V21_BITS_PER_SECOND, frames)));
                Kind::Signal
            }
            Burst::TrainingCheck { modulation } => {
                let zeros = timing::octets_in(timing::TRAINING_CHECK, modulation.bits_per_second());
                let wait = Duration::ZERO;
                segments.push_back(train(modulation, Training::Long, Duration::ZERO, pace));
                segments.push_back(Segment::Bits(Bits { modulation, bits: Arc::new([]), sent_octets: 0, zeros, wait }));
                Kind::Signal
            }
            Burst::Page { modulation, training, bits } => {
                let zeros = timing::octets_in(timing::PAGE_TRAILER, modulation.bits_per_second());
                let wait = timing::wait_for_last_row(&bits, modulation.bits_per_second());
                segments.push_back(train(modulation, training, Duration::ZERO, pace));
                segments.push_back(Segment::Bits(Bits { modulation, bits, sent_octets: 0, zeros, wait }));
                Kind::Signal
            }
            Burst::Block { modulation, training, frames } => {
                segments.push_back(train(modulation, training, timing::BLOCK_PREAMBLE, pace));
                let rate = modulation.bits_per_second();
                segments.push_back(Segment::Frames(Frames::new(DataKind::Fast(modulation), rate, frames)));
                Kind::Signal
            }
        };
        Self { segments, kind }
    }

    /// The next step, or none when the last bit has left.
    pub(super) fn next_step(&mut self, pace: &Pace) -> Option<Step> {
        let (step, is_over) = match self.segments.front_mut()? {
            Segment::Quiet(time) => (Step { packet: None, is_turn: false, lasts: *time }, true),
            Segment::Indicate(indicator, time) => (indicate(*indicator, pace.time(*time)), true),
            // Said anew with each turn: the far end plays a turn per indicator or goes on by itself.
            Segment::CallingTone => (indicate(Indicator::Cng, timing::CNG_TURN), false),
            Segment::Frames(frames) => frames.next_step(pace),
            Segment::Bits(bits) => bits.next_step(pace),
        };
        if is_over {
            self.segments.pop_front();
        }
        Some(step)
    }

    /// The steps that end the burst early: the carrier that is up stops, then silence.
    pub(super) fn abandon(mut self) -> Vec<Step> {
        let stop = match self.segments.pop_front() {
            Some(Segment::Frames(frames)) if frames.has_begun() => Some((frames.kind, FieldKind::HdlcSigEnd)),
            Some(Segment::Bits(bits)) if bits.sent_octets > 0 => {
                Some((DataKind::Fast(bits.modulation), FieldKind::T4NonEcmSigEnd))
            }
            Some(
                Segment::Quiet(_)
                | Segment::Indicate(..)
                | Segment::CallingTone
                | Segment::Frames(_)
                | Segment::Bits(_),
            )
            | None => None,
        };
        let stop = stop.map(|(kind, field)| Step {
            packet: Some(Packet::data(kind, Field::bare(field))),
            is_turn: true,
            lasts: Duration::ZERO,
        });
        let silence = (self.kind != Kind::Silence).then(Step::no_signal);
        stop.into_iter().chain(silence).collect()
    }

    /// Whether it goes on until stopped.
    pub(super) fn is_endless(&self) -> bool {
        self.kind == Kind::CallingTone
    }

    /// Whether it makes a sound, so that silence has to be said after it.
    pub(super) fn is_signal(&self) -> bool {
        self.kind != Kind::Silence
    }
}

fn indicate(indicator: Indicator, lasts: Duration) -> Step {
    Step { packet: Some(Packet::Indicator(indicator)), is_turn: true, lasts }
}

fn train(modulation: Modulation, training: Training, preamble: Duration, pace: &Pace) -> Segment {
    Segment::Indicate(Indicator::Training(modulation, training), pace.training_time(modulation, training) + preamble)
}

impl Frames {
    fn new(kind: DataKind, bits_per_second: u32, frames: Vec<Frame>) -> Self {
        let frames: VecDeque<_> = frames.into_iter().filter(|frame| !frame.is_empty()).collect();
        Self { kind, bits_per_second, frames, sent_octets: 0, earlier_octets: 0, bits: HdlcBits::new() }
    }

    const fn has_begun(&self) -> bool {
        self.earlier_octets + self.sent_octets > 0
    }

    fn next_step(&mut self, pace: &Pace) -> (Step, bool) {
        let most = pace.chunk_octets(self.bits_per_second);
        let Some(frame) = self.frames.front() else {
            // No frame at all was asked for: flags only.
            return (self.step(vec![Field::bare(FieldKind::HdlcSigEnd)], timing::FLAG_BITS, true, pace), true);
        };
        let rest = &frame[self.sent_octets..];
        let mut fields = Vec::new();
        let mut bits = 0;
        if !rest.is_empty() {
            let chunk = rest[..rest.len().min(most)].to_vec();
            let is_end = chunk.len() == rest.len();
            self.sent_octets += chunk.len();
            bits = self.bits.data(&chunk);
            fields.push(Field::with(FieldKind::HdlcData, chunk));
            // A gateway is told of the check sequence when its modem would send it.
            if !(pace.is_fast && is_end) {
                return (self.step(fields, bits, false, pace), false);
            }
        }
        self.frames.pop_front();
        self.earlier_octets += std::mem::take(&mut self.sent_octets);
        bits += self.bits.close();
        if self.frames.is_empty() {
            // The second flag lets the gateway's modem finish before silence is said.
            fields.push(Field::bare(FieldKind::HdlcFcsOkSigEnd));
            (self.step(fields, bits, true, pace), true)
        } else {
            fields.push(Field::bare(FieldKind::HdlcFcsOk));
            (self.step(fields, bits, false, pace), false)
        }
    }

    fn step(&self, fields: Vec<Field>, bits: u64, is_turn: bool, pace: &Pace) -> Step {
        let before = self.earlier_octets + self.sent_octets;
        let lasts = pace.data_time(timing::bits(bits, self.bits_per_second), before);
        Step { packet: Some(Packet::Data { kind: self.kind, fields }), is_turn, lasts }
    }
}

impl Bits {
    fn next_step(&mut self, pace: &Pace) -> (Step, bool) {
        let kind = DataKind::Fast(self.modulation);
        let rate = self.modulation.bits_per_second();
        let most = pace.chunk_octets(rate);
        let rest = &self.bits[self.sent_octets.min(self.bits.len())..];
        let mut chunk = rest[..rest.len().min(most)].to_vec();
        let zeros = self.zeros.min(most - chunk.len());
        self.zeros -= zeros;
        chunk.resize(chunk.len() + zeros, 0);
        self.sent_octets += chunk.len();
        if chunk.is_empty() {
            let end = Packet::data(kind, Field::bare(FieldKind::T4NonEcmSigEnd));
            return (Step { packet: Some(end), is_turn: true, lasts: pace.time(self.wait) }, true);
        }
        let lasts = pace.data_time(timing::bits(chunk.len() as u64 * 8, rate), self.sent_octets);
        let packet = Packet::data(kind, Field::with(FieldKind::T4NonEcmData, chunk));
        (Step { packet: Some(packet), is_turn: false, lasts }, false)
    }
}

/// Whether a packet carries the page rather than the procedure.
pub(super) const fn is_image(packet: &Packet) -> bool {
    match packet {
        Packet::Indicator(_) | Packet::Data { kind: DataKind::V21, .. } => false,
        Packet::Data { .. } => true,
    }
}
