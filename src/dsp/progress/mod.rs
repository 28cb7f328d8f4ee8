//! Call progress: what an outbound call has reached, when it is no fax.
//!
//! Told from samples, in blocks of 20 ms: each is silence, a tone, or a voiced sound, and their rhythm says what it means. Fax tones,
//! V.21 and the fast modems are other detectors' business and are never taken for anything here; once they hear a fax, there is nothing
//! more to be told (a fax that receives a long page is silent, too). Music, too, is a voice. Serves E.180 (03/1998).

mod block;
mod cadence;
#[cfg(test)]
pub(crate) mod tests;
mod voice;

use block::{Sound, Spectrum};
use cadence::Cadence;
use voice::Voice;

use super::FRAME_SAMPLES;

/// What was reached.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Progress {
    /// It rings at the far end.
    Ringback,
    /// The far end is busy.
    Busy,
    /// The network is; also called reorder, and fast busy.
    Congestion,
    /// Three rising tones, before an announcement that the call cannot be completed.
    SpecialInformation,
    /// More digits are waited for.
    DialTone,
    /// Somebody speaks, or a recording does.
    Voice,
    /// It spoke for seconds, a tone followed, and then silence.
    AnsweringMachine,
    /// A modem that sends and receives data, not faxes.
    DataModem,
    /// Nothing at all for 8 s.
    Silence,
}

/// Hears call progress.
#[derive(Clone, Debug)]
pub struct Detector {
    spectrum: Spectrum,
    block: [i16; FRAME_SAMPLES],
    filled: usize,
    cadence: Cadence,
    voice: Voice,
    information: Information,
    /// Blocks in a row without anything; blocks of a data modem, less those without.
    silent_blocks: u32,
    modem_blocks: u32,
    /// The level of the network's last tone.
    tone_level: f32,
    told: Option<Progress>,
}

impl Default for Detector {
    fn default() -> Self {
        Self::new()
    }
}

impl Detector {
    /// A detector that has heard nothing.
    #[must_use]
    pub fn new() -> Self {
        Self {
            spectrum: Spectrum::new(),
            block: [0; FRAME_SAMPLES],
            filled: 0,
            cadence: Cadence::default(),
            voice: Voice::default(),
            information: Information::default(),
            silent_blocks: 0,
            modem_blocks: 0,
            tone_level: 0.0,
            told: None,
        }
    }

    /// Takes linear samples, any number, and says what is now sure; the last, if it is several. The same is not told twice in a row.
    pub fn hear(&mut self, samples: &[i16]) -> Option<Progress> {
        let mut heard = None;
        let mut rest = samples;
        while !rest.is_empty() {
            let count = rest.len().min(FRAME_SAMPLES - self.filled);
            let (now, later) = rest.split_at(count);
            self.block[self.filled..self.filled + count].copy_from_slice(now);
            (self.filled, rest) = (self.filled + count, later);
            if self.filled == FRAME_SAMPLES {
                self.filled = 0;
                heard = self.judge().or(heard);
            }
        }
        heard
    }

    fn judge(&mut self) -> Option<Progress> {
        let block = self.spectrum.judge(&self.block);
        // What is left of a room's or line's noise between tones is no sound of its own.
        let is_pause = block.sound == Sound::Quiet || block.level * PAUSE_DEPTH < self.tone_level;
        let rhythm = match block.sound {
            Sound::Network if !is_pause => {
                self.tone_level = block.level.max(self.tone_level * TONE_FADES);
                self.cadence.hear(Some(block.level))
            }
            Sound::Quiet | Sound::Network | Sound::Tone(_) | Sound::DataModem | Sound::Voiced(_) | Sound::Other => {
                if is_pause {
                    self.cadence.hear(None)
                } else {
                    self.cadence.disturb();
                    self.tone_level *= TONE_FADES;
                    None
                }
            }
        };
        let information = self.information.hear(block.sound).then_some(Progress::SpecialInformation);
        let voice = self.voice.hear(block.sound);
        let found = rhythm.or(information).or(voice).or(self.data_modem(block.sound)).or(self.silence(block.sound));
        if found.is_some() && found != self.told {
            self.told = found;
            return found;
        }
        None
    }

    fn data_modem(&mut self, sound: Sound) -> Option<Progress> {
        let is_modem = sound == Sound::DataModem;
        self.modem_blocks = if is_modem { self.modem_blocks + 1 } else { self.modem_blocks.saturating_sub(5) };
        (self.modem_blocks == DATA_MODEM_BLOCKS).then_some(Progress::DataModem)
    }

    fn silence(&mut self, sound: Sound) -> Option<Progress> {
        self.silent_blocks = match sound {
            Sound::Quiet => self.silent_blocks.saturating_add(1),
            // The echo of our own calling tone.
            Sound::Tone(hertz) if is_calling_tone(hertz) => self.silent_blocks,
            Sound::Network | Sound::Tone(_) | Sound::DataModem | Sound::Voiced(_) | Sound::Other => 0,
        };
        (self.silent_blocks == SILENCE_BLOCKS).then_some(Progress::Silence)
    }
}

fn is_calling_tone(hertz: f32) -> bool {
    (hertz - 1100.0).abs() < 50.0
}

/// Follows the special information tone: its three tones one after the other.
// E.180 (03/1998): 950, 1400 and 1800 Hz ± 50 Hz, 330 ms ± 70 ms each, up to 30 ms between; North America has 914 to 985,
// 1371 to 1429 and 1777 Hz, 274 ms or 380 ms each
#[derive(Clone, Debug, Default)]
struct Information {
    /// The tones that are over, and blocks of this one.
    done: usize,
    blocks: u32,
    missed: u32,
}

impl Information {
    /// Takes a block; whether it completes the three.
    fn hear(&mut self, sound: Sound) -> bool {
        let is_at = |index: usize| match (sound, INFORMATION_HERTZ.get(index)) {
            (Sound::Tone(hertz), Some(expected)) => (hertz - expected).abs() <= INFORMATION_TOLERANCE,
            (
                Sound::Tone(_) | Sound::Quiet | Sound::Network | Sound::DataModem | Sound::Voiced(_) | Sound::Other,
                _,
            ) => false,
        };
        if is_at(self.done) {
            (self.blocks, self.missed) = (self.blocks + 1, 0);
            if self.blocks > INFORMATION_BLOCKS.1 {
                *self = Self::default();
            }
            return self.done == 2 && self.blocks == INFORMATION_BLOCKS.0;
        }
        if self.blocks >= INFORMATION_BLOCKS.0 && is_at(self.done + 1) {
            *self = Self { done: self.done + 1, blocks: 1, missed: 0 };
            return false;
        }
        self.missed += 1;
        if self.missed > INFORMATION_GAP_BLOCKS {
            *self = Self { blocks: u32::from(is_at(0)), ..Self::default() };
        }
        false
    }
}

/// So much fainter than the tone, what is heard is its pause: 12 dB.
const PAUSE_DEPTH: f32 = 16.0;
/// The level of a tone is forgotten by a tenth with each block of something else.
const TONE_FADES: f32 = 0.9;
/// A data modem is sure after 1 s; training of a fast fax modem has the same lines for 0.1 s.
const DATA_MODEM_BLOCKS: u32 = 50;
/// A fax that waits for us to speak is silent for 4.5 s at most between two tries.
const SILENCE_BLOCKS: u32 = 400;
const INFORMATION_HERTZ: [f32; 3] = [950.0, 1400.0, 1790.0];
const INFORMATION_TOLERANCE: f32 = 65.0;
/// Each lasts 0.2 s to 0.5 s, blocks at its edges not counted.
const INFORMATION_BLOCKS: (u32, u32) = (10, 25);
/// Between two of them, and a lost packet.
const INFORMATION_GAP_BLOCKS: u32 = 4;
