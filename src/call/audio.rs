//! The audio of a call whose fax goes over T.38 only: our tone goes out, the far end's sounds are listened for.
//!
//! The packets keep the far end and its network alive until T.38 is agreed on. Not here: a fax over audio ([`super::modems`]).

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use super::interface::Output;
use super::offer::FarAudio;
use super::stream::Stream;
use crate::dsp::FRAME_SAMPLES;
use crate::dsp::preamble::PreambleDetector;
use crate::dsp::tone::{Detector, Generator, Tone as DspTone};
use crate::rtp::Content;
use crate::rtp::playout::Statistics;
use crate::signal::Tone;

/// A tone that sounded for so long needs no repeating after the switch to T.38; detectors of answer tones take half a second.
pub(super) const LONG_ENOUGH: Duration = Duration::from_millis(1000);

/// What proves a fax.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Sign {
    /// Its tone.
    Tone(Tone),
    /// It begins to speak V.21.
    Preamble,
}

/// The audio of one call.
pub(super) struct Audio {
    began: Instant,
    stream: Stream,
    tone: DspTone,
    generator: Generator,
    detector: Detector,
    preamble: PreambleDetector,
}

impl Audio {
    pub(super) fn new(stream: Stream, tone: Tone, now: Instant) -> Self {
        let tone = match tone {
            Tone::Cng => DspTone::Cng,
            Tone::Ced => DspTone::Ced,
        };
        let law = stream.law();
        let (generator, detector) = (Generator::new(tone, law), Detector::new(law));
        Self { began: now, stream, tone, generator, detector, preamble: PreambleDetector::new(law) }
    }

    /// A later description of the same audio: it may have moved, or speak the other law. The stream goes on.
    pub(super) fn described(&mut self, far: FarAudio) {
        let before = self.stream.law();
        self.stream.described(far);
        let law = self.stream.law();
        if law != before {
            (self.generator, self.detector) = (Generator::new(self.tone, law), Detector::new(law));
            self.preamble = PreambleDetector::new(law);
        }
    }

    /// The far end hears nothing for now.
    pub(super) const fn hold(&mut self) {
        self.stream.hold();
    }

    /// No more is said or heard.
    pub(super) fn leave(&mut self, now: Instant, outputs: &mut VecDeque<Output>) {
        self.stream.leave(&Statistics::default(), now, outputs);
    }

    /// Takes a report of the far end.
    pub(super) fn reported(&mut self, datagram: &[u8], source: SocketAddr, now: Instant) {
        self.stream.reported(datagram, source, now);
    }

    /// Whether our tone was there for the far end to hear.
    pub(super) fn tone_was_heard(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.began) >= LONG_ENOUGH
    }

    /// When the next frame is due.
    pub(super) const fn deadline(&self) -> Instant {
        self.stream.deadline()
    }

    /// Says what is due by `now`.
    pub(super) fn timeout(&mut self, now: Instant, outputs: &mut VecDeque<Output>) {
        while self.stream.turn(now).is_some() {
            let silence = || [self.stream.law().silence(); FRAME_SAMPLES];
            let codes = self.generator.next_frame().unwrap_or_else(silence);
            self.stream.say_codes(&codes, outputs);
        }
    }

    /// Takes a packet of the far end; the sound of a fax that it completes, if any.
    pub(super) fn heard(&mut self, datagram: &[u8], source: SocketAddr) -> Option<Sign> {
        let (types, expected) = (self.stream.payload_types(), Content::Audio(self.stream.law()));
        let packet = self.stream.packet(datagram, source)?;
        if types.content(packet.payload_type) != expected {
            return None;
        }
        let tone = self.detector.hear(packet.payload).map(|tone| match tone {
            DspTone::Cng => Sign::Tone(Tone::Cng),
            DspTone::Ced => Sign::Tone(Tone::Ced),
        });
        let speaks = self.preamble.hear(packet.payload);
        tone.or(speaks.then_some(Sign::Preamble))
    }

    /// A buffer that was sent may be filled again.
    pub(super) fn give_back(&mut self, buffer: Vec<u8>) {
        self.stream.give_back(buffer);
    }
}
