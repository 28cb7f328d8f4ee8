//! A voice, and whether it is an answering machine's.

use super::block::Sound;
use super::{Progress, is_calling_tone};

/// Follows a voice.
#[derive(Clone, Debug)]
pub(super) struct Voice {
    /// The last blocks, oldest at `next`: the strongest bin of each voiced one.
    recent: [Option<u8>; WINDOW_BLOCKS],
    next: usize,
    /// How often each bin is among them.
    counts: [u8; MOST_BINS],
    /// Blocks from the first sound of this voice on, while it is not over; of the pause after its last sound.
    spoken: u32,
    pause: u32,
    beep: Option<Beep>,
}

/// A tone after a voice.
#[derive(Clone, Copy, Debug)]
struct Beep {
    hertz: f32,
    blocks: u32,
    /// Blocks of silence after it.
    silence: u32,
}

impl Default for Voice {
    fn default() -> Self {
        Self { recent: [None; WINDOW_BLOCKS], next: 0, counts: [0; MOST_BINS], spoken: 0, pause: 0, beep: None }
    }
}

impl Voice {
    /// Takes a block; what it makes sure.
    pub(super) fn hear(&mut self, sound: Sound) -> Option<Progress> {
        let voiced = match sound {
            Sound::Voiced(bin) => u8::try_from(bin).ok(),
            Sound::Quiet | Sound::Network | Sound::Tone(_) | Sound::DataModem | Sound::Other => None,
        };
        if let Some(count) = voiced.and_then(|bin| self.counts.get_mut(usize::from(bin))) {
            *count += 1;
        }
        let oldest = std::mem::replace(&mut self.recent[self.next], voiced);
        if let Some(count) = oldest.and_then(|bin| self.counts.get_mut(usize::from(bin))) {
            *count -= 1;
        }
        self.next = (self.next + 1) % WINDOW_BLOCKS;
        let is_voice = voiced.is_some() && self.is_voice();
        if is_voice || voiced.is_some() && self.spoken > 0 {
            (self.spoken, self.pause) = (self.spoken + self.pause + 1, 0);
        } else if self.spoken > 0 {
            self.pause += 1;
            if self.pause > PAUSE_BLOCKS {
                (self.spoken, self.pause) = (0, 0);
            }
        }
        if self.hear_beep(sound) {
            return Some(Progress::AnsweringMachine);
        }
        is_voice.then_some(Progress::Voice)
    }

    /// Whether enough voiced sounds of different kinds were heard lately.
    fn is_voice(&self) -> bool {
        let voiced: u32 = self.counts.iter().map(|count| u32::from(*count)).sum();
        voiced >= VOICED_BLOCKS && self.counts.iter().filter(|count| **count >= 2).count() >= DIFFERENT_BINS
    }

    /// Follows the tone after a greeting; whether it has been followed by silence.
    fn hear_beep(&mut self, sound: Sound) -> bool {
        let hertz = match sound {
            Sound::Tone(hertz) if BEEP_HERTZ.contains(&hertz) && !is_calling_tone(hertz) => Some(hertz),
            // Lower tones than 660 Hz are the network's by their sound.
            Sound::Network => Some(500.0),
            Sound::Tone(_) | Sound::Quiet | Sound::DataModem | Sound::Voiced(_) | Sound::Other => None,
        };
        match (&mut self.beep, hertz) {
            (Some(beep), Some(hertz)) if beep.silence == 0 && (hertz - beep.hertz).abs() < BEEP_DRIFT => {
                beep.blocks += 1
            }
            (beep, Some(hertz)) => {
                let is_greeted = self.spoken >= GREETING_BLOCKS;
                *beep = is_greeted.then_some(Beep { hertz, blocks: 1, silence: 0 });
            }
            (Some(beep), None)
                if sound == Sound::Quiet || matches!(sound, Sound::Tone(hertz) if is_calling_tone(hertz)) =>
            {
                beep.silence += 1;
                return beep.silence == AFTER_BEEP_BLOCKS && BEEP_BLOCKS.contains(&beep.blocks);
            }
            // The edge of the tone, or of a sound that was none.
            (Some(beep), None) if beep.silence == 0 && beep.blocks >= *BEEP_BLOCKS.start() => beep.silence = 1,
            (beep, None) => *beep = None,
        }
        false
    }
}

/// Bins of a block, and room.
const MOST_BINS: usize = 64;
/// Sounds are weighed over 3 s.
const WINDOW_BLOCKS: usize = 150;
/// 0.3 s of voiced sounds in them: one "hello?".
const VOICED_BLOCKS: u32 = 15;
/// Their strongest bins are at least so many different ones, each twice: a voice changes, a tone or hum does not.
const DIFFERENT_BINS: usize = 3;
/// A greeting goes on for 1.5 s after it was sure to be a voice; a person says hello in less, and no tone after it.
const GREETING_BLOCKS: u32 = 75;
/// Speech that pauses for longer than 4 s is over.
const PAUSE_BLOCKS: u32 = 200;
/// The tone of answering machines: most have 0.9 kHz to 1.4 kHz, 0.15 s to 2 s long. V.21 lies above.
const BEEP_HERTZ: std::ops::RangeInclusive<f32> = 650.0..=1600.0;
const BEEP_BLOCKS: std::ops::RangeInclusive<u32> = 7..=100;
/// From block to block it stays within 30 Hz.
const BEEP_DRIFT: f32 = 30.0;
/// The silence in which one is to speak: 1 s.
const AFTER_BEEP_BLOCKS: u32 = 50;
