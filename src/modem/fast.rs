//! Hearing a fast carrier: training, then bits or frames, until it ends.

use std::collections::VecDeque;

use tracing::debug;

use super::playing::{fast_training, mode};
use super::settings::Counts;
use crate::dsp::PEAK_AT_0_DBM0;
use crate::dsp::fast::{Bits, Event, Receiver};
use crate::dsp::hdlc::{Deframer, Found};
use crate::signal::{Heard, Modulation, Training};

/// Listens for one fast carrier after the other.
#[derive(Debug)]
pub(super) struct Fast {
    receiver: Receiver,
    modulation: Modulation,
    training: Training,
    framed: bool,
    carrier: Carrier,
    level: Level,
    deframer: Deframer,
    packer: Packer,
}

/// Where we are in a carrier.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Carrier {
    Waiting,
    /// Something that may be training, for so many samples.
    Training(usize),
    /// Data come.
    Up,
    /// It could not be trained to; it has lasted for so many samples and was told, or not yet.
    Untrained {
        lasted: usize,
        is_told: bool,
    },
}

/// The level of what is heard.
#[derive(Clone, Copy, Debug)]
struct Level {
    /// Its usual mean square.
    usual: f32,
    /// Samples for which it has been quiet.
    quiet: usize,
}

/// Bits that become octets.
#[derive(Debug, Default)]
struct Packer {
    octets: Vec<u8>,
    /// The last bits, the newest the least significant, and how many of them are in no octet yet.
    line: u32,
    left: u8,
}

impl Packer {
    fn push(&mut self, Bits { bits, count }: Bits) {
        self.line = self.line << count | u32::from(bits.reverse_bits() >> (8 - count));
        self.left += count;
        if self.left >= 8 {
            self.left -= 8;
            self.octets.push((self.line >> self.left) as u8);
        }
    }

    /// The octets that are whole; at the end of all bits the last one too, filled with zeros.
    fn take(&mut self, is_end: bool) -> Option<Heard> {
        if is_end && self.left > 0 {
            self.octets.push((self.line << (8 - self.left)) as u8);
            self.left = 0;
        }
        (!self.octets.is_empty()).then(|| Heard::Bits(std::mem::take(&mut self.octets)))
    }
}

impl Fast {
    pub(super) fn new(modulation: Modulation) -> Self {
        Self {
            receiver: Receiver::new(mode(modulation)),
            modulation,
            training: Training::Long,
            framed: false,
            carrier: Carrier::Waiting,
            level: Level::NEW,
            deframer: Deframer::new(),
            packer: Packer::default(),
        }
    }

    /// Waits for this carrier.
    pub(super) fn expect(&mut self, modulation: Modulation, training: Training, framed: bool) {
        (self.modulation, self.training, self.framed) = (modulation, training, framed);
        self.wait();
    }

    fn wait(&mut self) {
        self.receiver.restart(mode(self.modulation), fast_training(self.training));
        self.carrier = Carrier::Waiting;
        self.level = Level::NEW;
        self.deframer.restart();
        self.packer = Packer::default();
    }

    /// Whether data come, or a carrier that could not be trained to.
    pub(super) const fn is_busy(&self) -> bool {
        match self.carrier {
            Carrier::Waiting | Carrier::Training(_) => false,
            Carrier::Up | Carrier::Untrained { .. } => true,
        }
    }

    /// Whether data come, and come so well that it cannot be anything else.
    pub(super) fn is_well_heard(&self) -> bool {
        self.carrier == Carrier::Up && self.receiver.signal_to_noise_db() > WELL_HEARD_DB
    }

    /// As the equaliser sees it.
    pub(super) fn signal_to_noise_db(&self) -> f32 {
        self.receiver.signal_to_noise_db()
    }

    /// The carrier is over as far as anybody can hear it.
    pub(super) fn interrupt(&mut self, heard: &mut VecDeque<Heard>) {
        match self.carrier {
            Carrier::Waiting | Carrier::Training(_) | Carrier::Untrained { is_told: false, .. } => {}
            Carrier::Up | Carrier::Untrained { is_told: true, .. } => self.over(heard),
        }
        self.wait();
    }

    fn over(&mut self, heard: &mut VecDeque<Heard>) {
        if self.framed && self.deframer.end() {
            heard.push_back(Heard::DamagedFrame);
        }
        heard.extend(self.packer.take(true));
        heard.push_back(Heard::End);
    }

    /// Takes samples; `are_real` unless they were made up for lost ones.
    pub(super) fn hear(&mut self, samples: &[i16], are_real: bool, heard: &mut VecDeque<Heard>, counts: &mut Counts) {
        if samples.is_empty() {
            return;
        }
        let mut is_lost = false;
        {
            let Self { receiver, modulation, training, framed, carrier, deframer, packer, .. } = self;
            let opened = Heard::Carrier { modulation: *modulation, training: *training };
            let mut take = |event| match event {
                Event::Carrier => {
                    if *carrier == Carrier::Waiting {
                        *carrier = Carrier::Training(0);
                    }
                }
                Event::Trained => {
                    counts.carriers += 1;
                    *carrier = Carrier::Up;
                    heard.push_back(opened.clone());
                }
                Event::Bits(bits) if *carrier == Carrier::Up => {
                    if *framed {
                        bits.iter().for_each(|bit| frame_bit(deframer, bit, heard, counts));
                    } else {
                        packer.push(bits);
                    }
                }
                Event::Bits(_) => {}
                Event::TrainingFailed => {
                    debug!("training failed");
                    *carrier = Carrier::Untrained { lasted: 0, is_told: false };
                }
                Event::CarrierLost => is_lost = true,
            };
            if are_real {
                receiver.receive(samples, &mut take);
            } else {
                receiver.receive_concealed(samples, &mut take);
            }
        }
        heard.extend(self.packer.take(false));
        let real = if are_real { samples } else { &[] };
        self.judge(real, is_lost, heard, counts);
    }

    fn judge(&mut self, samples: &[i16], is_lost: bool, heard: &mut VecDeque<Heard>, counts: &mut Counts) {
        let is_over = match self.carrier {
            Carrier::Waiting => false,
            // A receiver that decides between many points takes noise for them.
            Carrier::Training(_) | Carrier::Up | Carrier::Untrained { .. } => is_lost || self.level.is_over(samples),
        };
        match &mut self.carrier {
            Carrier::Waiting => {}
            Carrier::Training(lasted) => {
                *lasted += samples.len();
                if is_over {
                    self.wait();
                } else if *lasted > LONGEST_TRAINING_SAMPLES {
                    self.carrier = Carrier::Untrained { lasted: LONGEST_TRAINING_SAMPLES, is_told: false };
                }
            }
            Carrier::Up => {
                if is_over {
                    self.over(heard);
                    self.wait();
                }
            }
            Carrier::Untrained { lasted, is_told } => {
                *lasted += samples.len();
                // What is shorter was no carrier with data: a tone against echoes, a click.
                if *lasted > SHORTEST_CARRIER_SAMPLES && !*is_told {
                    *is_told = true;
                    counts.failed_trainings += 1;
                    heard.push_back(Heard::Carrier { modulation: self.modulation, training: self.training });
                }
                let was_told = *is_told;
                if is_over {
                    if was_told {
                        heard.push_back(Heard::End);
                    }
                    self.wait();
                }
            }
        }
    }
}

impl Level {
    const NEW: Self = Self { usual: 0.0, quiet: 0 };

    /// Whether the signal has ended.
    fn is_over(&mut self, samples: &[i16]) -> bool {
        for part in samples.chunks(LEVEL_SAMPLES) {
            let sum: f32 = part.iter().map(|sample| f32::from(*sample) * f32::from(*sample)).sum();
            let power = sum / part.len() as f32;
            if power < LEAST_POWER.max(self.usual * QUIET_SHARE) {
                self.quiet += part.len();
            } else {
                self.quiet = 0;
                // A click does not raise what is usual.
                let power = if self.usual > 0.0 { power.min(self.usual * CLICK_SHARE) } else { power };
                self.usual += (power - self.usual) * USUAL_SMOOTHING;
            }
        }
        self.quiet >= QUIET_SAMPLES
    }
}

fn frame_bit(deframer: &mut Deframer, bit: bool, heard: &mut VecDeque<Heard>, counts: &mut Counts) {
    match deframer.push(bit) {
        Some(Found::Frame(frame)) => {
            counts.frames += 1;
            heard.push_back(Heard::Frame(frame.to_vec()));
        }
        Some(Found::Damaged) => {
            counts.damaged_frames += 1;
            heard.push_back(Heard::DamagedFrame);
        }
        Some(Found::Flag(_) | Found::Abort) | None => {}
    }
}

/// A carrier's signal to noise from which nothing else can be there.
const WELL_HEARD_DB: f32 = 7.0;
/// No training takes longer: V.17's 1393 ms, with protection against echoes.
const LONGEST_TRAINING_SAMPLES: usize = 14_400;
/// A carrier without data: the tone against talker echo is 200 ms.
const SHORTEST_CARRIER_SAMPLES: usize = 3200;
/// Mean square of samples at −48 dBm0.
const LEAST_POWER: f32 = (PEAK_AT_0_DBM0 * PEAK_AT_0_DBM0 / 2.0) * 1.6e-5;
/// 3 dB below what is usual is quiet: a line may be nearly as loud as a carrier that cannot be trained to.
const QUIET_SHARE: f32 = 0.5;
/// What is 6 dB above what is usual is a click.
const CLICK_SHARE: f32 = 4.0;
/// Samples whose level is looked at.
const LEVEL_SAMPLES: usize = 40;
/// Of the usual level, for each of them: 100 ms.
const USUAL_SMOOTHING: f32 = 0.05;
/// 50 ms of quiet are the end; a lost packet or two are shorter, the pause before the far end's next signal is not.
// T.30 (09/2005) clause 4: 75 ms ± 20 ms
const QUIET_SAMPLES: usize = 400;
