//! The samples that wait for their turn.

use super::limits::{CAPACITY, FRAME};
use crate::dsp::FRAME_SAMPLES;
use crate::dsp::g711::Law;

/// A sample that has not come, and one that the sender left out. No code word of G.711 decodes to them.
pub(super) const ABSENT: i16 = i16::MIN;
pub(super) const PAUSE: i16 = i16::MIN + 1;

/// Samples by their place, modulo its length.
#[derive(Clone, Debug)]
pub(super) struct Ring {
    samples: Box<[i16; CAPACITY]>,
}

impl Ring {
    pub(super) fn new() -> Self {
        Self { samples: Box::new([ABSENT; CAPACITY]) }
    }

    /// Writes the part of a packet whose turn has not come; `cursor` is the next place to be played.
    pub(super) fn write(&mut self, place: i64, codes: &[u8], law: Law, cursor: i64) {
        let table = law.table();
        let begin = place.max(cursor);
        let skipped = usize::try_from(begin - place).unwrap_or(0).min(codes.len());
        for (at, code) in (begin as usize..).zip(&codes[skipped..]) {
            self.samples[at % CAPACITY] = table[usize::from(*code)];
        }
    }

    /// Marks what the sender left out.
    pub(super) fn pause(&mut self, places: std::ops::Range<i64>) {
        for at in places {
            self.samples[at as usize % CAPACITY] = PAUSE;
        }
    }

    /// Takes a frame out; nothing is left behind.
    pub(super) fn take(&mut self, cursor: i64, frame: &mut [i16; FRAME_SAMPLES]) {
        let begin = cursor as usize % CAPACITY;
        let head = (CAPACITY - begin).min(FRAME_SAMPLES);
        for (part, place) in [(begin..begin + head, 0..head), (0..FRAME_SAMPLES - head, head..FRAME_SAMPLES)] {
            frame[place].copy_from_slice(&self.samples[part.clone()]);
            self.samples[part].fill(ABSENT);
        }
    }

    /// The mean square of the next two frames; none when some of it is absent, unless that is silence.
    pub(super) fn level_ahead(&self, cursor: i64, absent_is_silence: bool) -> Option<u64> {
        let mut sum = 0;
        for at in cursor..cursor + 2 * FRAME {
            match self.samples[at as usize % CAPACITY] {
                ABSENT if !absent_is_silence => return None,
                ABSENT | PAUSE => {}
                sample => sum += u64::from(sample.unsigned_abs()) * u64::from(sample.unsigned_abs()),
            }
        }
        Some(sum / (2 * FRAME_SAMPLES as u64))
    }
}
