//! Hearing: samples become what T.30 understands. V.21 and the fast carrier that is expected are listened for side by side.
//!
//! ```text
//! V.21    quiet ──flags in a row, or a frame──▶ open ──carrier gone, no flag for long──▶ quiet
//! fast    waiting ──trained──▶ up ──carrier lost──▶ waiting
//!            └──training failed, and it goes on──▶ untrained ──energy gone──▶ waiting
//! ```
//!
//! The line is half-duplex: while we sound, nothing is heard.

use std::collections::VecDeque;

use super::control::{Control, Noticed};
use super::fast::Fast;
use super::history::History;
use super::settings::{Counts, Settings};
use crate::dsp::tone::{Tone as DspTone, ToneEar};
use crate::signal::{Frame, Heard, Listen, Tone};

/// All that listens.
#[derive(Debug)]
pub(super) struct Hearing {
    listen: Listen,
    control: Control,
    /// The receiver of the fast carrier that is or was expected; kept between carriers for what it has learnt.
    fast: Option<Box<Fast>>,
    tones: ToneEar,
    /// Whether a modem was ever heard: tones mean nothing any more.
    has_spoken: bool,
    history: History,
    own: Voice,
    counts: Counts,
    heard: VecDeque<Heard>,
}

/// What we send.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Voice {
    /// Nothing that the far end could not be heard through.
    Silent,
    /// V.21.
    Control,
    /// A fast carrier, or CED.
    Other,
}

impl Hearing {
    pub(super) fn new(settings: &Settings) -> Self {
        Self {
            listen: Listen::Control,
            control: Control::new(settings),
            fast: None,
            tones: ToneEar::new(),
            has_spoken: false,
            history: History::new(),
            own: Voice::Silent,
            counts: Counts::default(),
            heard: VecDeque::new(),
        }
    }

    pub(super) fn poll(&mut self) -> Option<Heard> {
        self.heard.pop_front()
    }

    pub(super) fn counts(&self) -> Counts {
        let signal_to_noise_db = self.fast.as_ref().map(|fast| fast.signal_to_noise_db());
        Counts { signal_to_noise_db, ..self.counts }
    }

    /// Something else is expected now. What has come of it already is heard from where the last signal ended.
    pub(super) fn expect(&mut self, listen: Listen) {
        self.listen = listen;
        let Listen::Fast { modulation, training, framed } = listen else { return };
        let fast = self.fast.get_or_insert_with(|| Box::new(Fast::new(modulation)));
        fast.interrupt(&mut self.heard);
        fast.expect(modulation, training, framed);
        if self.own == Voice::Silent && !self.control.is_open() {
            let (older, newer) = self.history.since_mark();
            for part in [older, newer] {
                fast.hear(part, true, &mut self.heard, &mut self.counts);
            }
        }
    }

    /// Frames of ours that are about to leave.
    pub(super) fn own_frames(&mut self, frames: &[Frame]) {
        self.control.own_frames(frames);
    }

    /// What we send now.
    pub(super) fn own_voice(&mut self, voice: Voice) {
        match (self.own, voice) {
            (Voice::Silent, Voice::Control | Voice::Other) => {
                // Whatever was up is over, as far as it can be heard.
                if self.control.restart() {
                    self.heard.push_back(Heard::End);
                }
                if let Some(fast) = &mut self.fast {
                    fast.interrupt(&mut self.heard);
                }
            }
            (Voice::Control | Voice::Other, Voice::Silent) => {
                self.control.own_voice_over(self.own == Voice::Control);
                self.history.forget();
            }
            (Voice::Silent, Voice::Silent) | (Voice::Control | Voice::Other, Voice::Control | Voice::Other) => {}
        }
        self.own = voice;
    }

    /// Takes samples; `are_real` unless they were made up for lost ones.
    pub(super) fn hear(&mut self, samples: &[i16], are_real: bool) {
        if self.own != Voice::Silent {
            return;
        }
        if !self.has_spoken
            && let Some(tone) = self.tones.hear(samples)
        {
            self.heard.push_back(Heard::Tone(match tone {
                DspTone::Cng => Tone::Cng,
                DspTone::Ced => Tone::Ced,
            }));
        }
        self.history.take(samples);
        self.hear_control(samples, are_real);
        let is_expected = matches!(self.listen, Listen::Fast { .. }) && !self.control.is_open();
        if let Some(fast) = self.fast.as_mut().filter(|fast| is_expected || fast.is_busy()) {
            fast.hear(samples, are_real, &mut self.heard, &mut self.counts);
        }
    }

    fn hear_control(&mut self, samples: &[i16], are_real: bool) {
        // A fast carrier that is well received leaves nothing to look for.
        if self.fast.as_ref().is_some_and(|fast| fast.is_well_heard()) {
            self.control.sleep();
            return;
        }
        let Self { control, fast, history, heard, counts, has_spoken, .. } = self;
        let count = samples.len();
        control.hear(samples, are_real, &mut |place, noticed| match noticed {
            Noticed::Begin => {
                *has_spoken = true;
                if let Some(fast) = fast {
                    fast.interrupt(heard);
                }
                heard.push_back(Heard::Preamble);
            }
            Noticed::Frame(frame) => {
                counts.frames += 1;
                history.mark(count - place);
                heard.push_back(Heard::Frame(frame.to_vec()));
            }
            Noticed::Damaged => {
                counts.damaged_frames += 1;
                heard.push_back(Heard::DamagedFrame);
            }
            Noticed::Silence => history.mark(count - place),
            Noticed::End => heard.push_back(Heard::End),
        });
    }
}
