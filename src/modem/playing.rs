//! Playing: bursts become samples, one after the other, and gaps between them are kept to the sample.
//!
//! Serves T.30 (09/2005) §5.3.1, §5.3.6.1.4 and T.4 (07/2003) Annex A.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use tracing::error;

use super::hearing::Voice;
use super::settings::Settings;
use crate::dsp::fast::{Mode, Training as FastTraining, Transmitter as FastTransmitter};
use crate::dsp::hdlc::Framer;
use crate::dsp::tone::{Sound, Tone as DspTone};
use crate::dsp::{SAMPLES_PER_SECOND, v21};
use crate::signal::{Burst, Frame, Modulation, Tone, Training};

/// What is played, and what waits for it.
#[derive(Debug)]
pub(super) struct Player {
    level_dbm0: f32,
    talker_echo_protection: bool,
    current: Option<Playing>,
    waiting: VecDeque<Burst>,
    /// Samples of silence owed before the next burst: the end of a pause whose `Sent` was given a little early, so that what follows
    /// begins to the sample and not with the next packet.
    lead: usize,
    /// Samples since the end of our last sound, where it ended within the samples asked for last.
    ended_ago: usize,
}

/// One burst on its way.
#[derive(Debug)]
enum Playing {
    /// So many samples of nothing.
    Silence(usize),
    Tone(Tone, Sound),
    Control {
        transmitter: v21::Transmitter,
        framer: Framer,
    },
    Fast {
        transmitter: Box<FastTransmitter>,
        source: Source,
    },
}

/// Where a fast modem's bits come from.
#[derive(Debug)]
enum Source {
    /// So many zeros.
    Zeros(u64),
    /// A page; this is the next bit's place.
    Page {
        bits: Arc<[u8]>,
        place: usize,
    },
    Frames(Framer),
}

impl Source {
    fn next_bit(&mut self) -> Option<bool> {
        match self {
            Self::Zeros(0) => None,
            Self::Zeros(left) => {
                *left -= 1;
                Some(false)
            }
            Self::Page { bits, place } => {
                let octet = bits.get(*place / 8)?;
                let bit = octet >> (7 - *place % 8) & 1 == 1;
                *place += 1;
                Some(bit)
            }
            Self::Frames(framer) => framer.next_bit(),
        }
    }
}

impl Player {
    pub(super) const fn new(settings: &Settings) -> Self {
        Self {
            level_dbm0: settings.level_dbm0,
            talker_echo_protection: settings.talker_echo_protection,
            current: None,
            waiting: VecDeque::new(),
            lead: 0,
            ended_ago: 0,
        }
    }

    /// Sends a burst, behind those that wait. Calling tone waits for nobody, and makes nobody wait.
    pub(super) fn send(&mut self, burst: Burst) {
        match &self.current {
            None | Some(Playing::Tone(Tone::Cng, _)) => self.begin(burst),
            Some(
                Playing::Silence(_) | Playing::Tone(Tone::Ced, _) | Playing::Control { .. } | Playing::Fast { .. },
            ) => {
                if self.waiting.len() < MOST_WAITING {
                    self.waiting.push_back(burst);
                } else {
                    error!("a burst is dropped: {MOST_WAITING} wait already, T.30 does not wait for Sent");
                }
            }
        }
    }

    /// Falls silent.
    pub(super) fn stop(&mut self) {
        self.current = None;
        self.waiting.clear();
        (self.lead, self.ended_ago) = (0, 0);
    }

    /// What waits is not sent any more.
    pub(super) fn forget_waiting(&mut self) {
        self.waiting.clear();
    }

    pub(super) const fn is_idle(&self) -> bool {
        self.current.is_none()
    }

    /// What is being sent, as far as the far end cannot be heard through it; calling tone leaves room for that.
    pub(super) const fn voice(&self) -> Voice {
        match &self.current {
            None | Some(Playing::Silence(_) | Playing::Tone(Tone::Cng, _)) => Voice::Silent,
            Some(Playing::Control { .. }) => Voice::Control,
            Some(Playing::Tone(Tone::Ced, _) | Playing::Fast { .. }) => Voice::Other,
        }
    }

    /// Fills `samples`; `sent` is called for every burst that has left.
    pub(super) fn play(&mut self, samples: &mut [i16], mut sent: impl FnMut()) {
        let lead = self.lead.min(samples.len());
        self.lead -= lead;
        self.ended_ago = 0;
        samples[..lead].fill(0);
        let mut at = lead;
        while at < samples.len() {
            let Some(playing) = &mut self.current else {
                samples[at..].fill(0);
                return;
            };
            let was_sound = !matches!(playing, Playing::Silence(_));
            at += playing.fill(&mut samples[at..]);
            if at < samples.len() {
                self.current = None;
                self.ended_ago = if was_sound { samples.len() - at } else { 0 };
                sent();
                if let Some(next) = self.waiting.pop_front() {
                    self.ended_ago = 0;
                    self.begin(next);
                }
            }
        }
        // What comes after a pause is to begin in the middle of the next samples.
        if let Some(Playing::Silence(left)) = self.current
            && left <= samples.len()
            && self.waiting.is_empty()
        {
            self.current = None;
            self.lead = left;
            sent();
        }
    }

    fn begin(&mut self, burst: Burst) {
        self.current = Some(match burst {
            Burst::Silence(time) => Playing::Silence(samples_in(time).saturating_sub(self.ended_ago)),
            Burst::Tone(tone) => {
                let sound = match tone {
                    Tone::Cng => DspTone::Cng,
                    Tone::Ced => DspTone::Ced,
                };
                Playing::Tone(tone, Sound::new(sound, self.level_dbm0))
            }
            Burst::Control(frames) => Playing::Control {
                transmitter: v21::Transmitter::new(self.level_dbm0),
                framer: Framer::new(frames, PREAMBLE_FLAGS, CLOSING_FLAGS),
            },
            Burst::TrainingCheck { modulation } => {
                let zeros = u64::from(modulation.bits_per_second()) * TRAINING_CHECK_MS / 1000;
                self.fast(modulation, Training::Long, Source::Zeros(zeros))
            }
            Burst::Page { modulation, training, bits } => {
                self.fast(modulation, training, Source::Page { bits, place: 0 })
            }
            Burst::Block { modulation, training, frames } => {
                self.fast(modulation, training, Source::Frames(block_framer(modulation, frames)))
            }
        });
        self.ended_ago = 0;
    }

    fn fast(&self, modulation: Modulation, training: Training, source: Source) -> Playing {
        let mut transmitter =
            FastTransmitter::new(mode(modulation), fast_training(training), self.talker_echo_protection);
        transmitter.set_level(self.level_dbm0);
        Playing::Fast { transmitter: Box::new(transmitter), source }
    }
}

impl Playing {
    /// Fills as much of `samples` as it lasts.
    fn fill(&mut self, samples: &mut [i16]) -> usize {
        match self {
            Self::Silence(left) => {
                let count = samples.len().min(*left);
                samples[..count].fill(0);
                *left -= count;
                count
            }
            Self::Tone(_, sound) => sound.fill(samples),
            Self::Control { transmitter, framer } => transmitter.transmit(samples, &mut || framer.next_bit()),
            Self::Fast { transmitter, source } => transmitter.transmit(samples, &mut || source.next_bit()),
        }
    }
}

fn block_framer(modulation: Modulation, frames: Vec<Frame>) -> Framer {
    let flags = modulation.bits_per_second() * BLOCK_PREAMBLE_MS / 1000 / 8;
    Framer::new(frames, flags, BLOCK_CLOSING_FLAGS)
}

/// The modem's name for a modulation.
pub(super) const fn mode(modulation: Modulation) -> Mode {
    match modulation {
        Modulation::V27ter2400 => Mode::V27ter2400,
        Modulation::V27ter4800 => Mode::V27ter4800,
        Modulation::V29At7200 => Mode::V29At7200,
        Modulation::V29At9600 => Mode::V29At9600,
        Modulation::V17At7200 => Mode::V17At7200,
        Modulation::V17At9600 => Mode::V17At9600,
        Modulation::V17At12000 => Mode::V17At12000,
        Modulation::V17At14400 => Mode::V17At14400,
    }
}

/// The modem's name for a training.
pub(super) const fn fast_training(training: Training) -> FastTraining {
    match training {
        Training::Long => FastTraining::Long,
        Training::Short => FastTraining::Short,
    }
}

/// Samples in a time.
pub(super) fn samples_in(time: Duration) -> usize {
    usize::try_from(time.as_micros() * u128::from(SAMPLES_PER_SECOND) / 1_000_000).unwrap_or(usize::MAX)
}

/// Bursts that may wait for the one being sent; T.30 waits for `Sent` and has one.
const MOST_WAITING: usize = 16;
/// Flags of V.21 before the first frame: 1 s ± 15 %.
// T.30 (09/2005) §5.3.1
const PREAMBLE_FLAGS: u32 = 38;
/// Flags of V.21 behind the one that ends the last frame, so that it is whole whatever the end of the carrier does.
const CLOSING_FLAGS: u32 = 2;
/// The training check: 1.5 s ± 10 %.
// T.30 (09/2005) §5.3.6.1.4
const TRAINING_CHECK_MS: u64 = 1500;
/// Flags before a block's first frame: 200 ms ± 100 ms.
// T.4 (07/2003) Annex A
const BLOCK_PREAMBLE_MS: u32 = 200;
/// Flags behind the last RCP's own: at most 50 ms of them may follow.
// T.4 (07/2003) Annex A
const BLOCK_CLOSING_FLAGS: u32 = 3;
