//! Hears the preamble of V.21: a fax is about to speak, in audio. Told from its spectrum alone, the modem is another's business.
//!
//! Flags at 300 bit/s move between 1650 Hz and 1850 Hz, so that each 20 ms hold nearly all energy between 1500 Hz and 2000 Hz and some
//! of it around the higher one. Speech and music do not for half a second, and neither does the last of the three special
//! information tones (1777 Hz), which lasts 0.4 s at most.
// V.21 §4: channel 2; T.30 (09/2005) §5.3.1: 1 s ± 15 % of flags

use super::FRAME_SAMPLES;
use super::g711::Law;
use super::tone::share;

/// Hears preambles.
#[derive(Clone, Debug)]
pub struct PreambleDetector {
    law: Law,
    block: Vec<f64>,
    blocks: u32,
    missed: u32,
}

impl PreambleDetector {
    /// A detector that has heard nothing.
    #[must_use]
    pub fn new(law: Law) -> Self {
        Self { law, block: Vec::with_capacity(FRAME_SAMPLES), blocks: 0, missed: 0 }
    }

    /// Takes G.711 samples, any number; whether a preamble has now been heard for long enough. Each is told once.
    pub fn hear(&mut self, codes: &[u8]) -> bool {
        let mut heard = false;
        for code in codes {
            self.block.push(f64::from(self.law.decode(*code)));
            if self.block.len() == FRAME_SAMPLES {
                heard |= self.judge();
                self.block.clear();
            }
        }
        heard
    }

    fn judge(&mut self) -> bool {
        if is_flags(&self.block) {
            (self.blocks, self.missed) = (self.blocks.saturating_add(1), 0);
            return self.blocks == BLOCKS_NEEDED;
        }
        self.missed += 1;
        if self.missed > MOST_MISSED_BLOCKS {
            self.blocks = 0;
        }
        false
    }
}

fn is_flags(block: &[f64]) -> bool {
    let energy: f64 = block.iter().map(|sample| sample * sample).sum();
    if energy < LEAST_ENERGY {
        return false;
    }
    // Bins of a block of 20 ms are 50 Hz wide, and these stand apart from one another.
    let within = |bins: std::ops::RangeInclusive<u32>| -> f64 {
        bins.map(|bin| share(block, f64::from(bin * BIN_HERTZ), energy)).sum()
    };
    let space = within(36..=38);
    within(30..=40) > LEAST_SHARE && (LEAST_SPACE..MOST_SPACE).contains(&space)
}

/// Width of a bin.
const BIN_HERTZ: u32 = 50;
/// Energy of a block at −43 dBm0.
const LEAST_ENERGY: f64 = super::tone::LEAST_ENERGY;
/// Share of a block's energy that must lie in the band of channel 2.
const LEAST_SHARE: f64 = 0.85;
/// Share around 1850 Hz: two bits of a flag's eight, more or less of them in six bits' time. A tone has none of it, or all.
const LEAST_SPACE: f64 = 0.03;
const MOST_SPACE: f64 = 0.9;
/// 500 ms.
const BLOCKS_NEEDED: u32 = 25;
/// Blocks without it that do not end it: a lost packet, or six ones at once.
const MOST_MISSED_BLOCKS: u32 = 1;

#[cfg(test)]
mod tests {
    use super::super::SAMPLES_PER_SECOND;
    use super::*;
    use std::f64::consts::TAU;

    fn heard(law: Law, codes: &[u8]) -> usize {
        let mut detector = PreambleDetector::new(law);
        codes.chunks(FRAME_SAMPLES).filter(|frame| detector.hear(frame)).count()
    }

    /// Flags as V.21's channel 2 plays them.
    fn flags(milliseconds: usize, peak: f64) -> Vec<u8> {
        let rate = f64::from(SAMPLES_PER_SECOND);
        let mut phase: f64 = 0.0;
        (0..milliseconds * 8)
            .map(|index| {
                let bit = (index as f64 * 300.0 / rate) as usize % 8;
                let hertz = if (1..7).contains(&bit) { 1650.0 } else { 1850.0 };
                phase = (phase + TAU * hertz / rate) % TAU;
                Law::A.encode((peak * phase.sin()).round() as i16)
            })
            .collect()
    }

    #[test]
    fn flags_are_heard_once_and_only_when_they_last() {
        for peak in [300.0, 5000.0, 20_000.0] {
            assert_eq!(heard(Law::A, &flags(850, peak)), 1, "{peak}");
            assert_eq!(heard(Law::A, &flags(400, peak)), 0, "{peak}");
        }
        assert_eq!(heard(Law::A, &flags(850, 60.0)), 0, "too faint");
    }

    #[test]
    fn tones_noise_and_the_network_are_no_preamble() {
        let tone = |hertz: f64, milliseconds: usize| -> Vec<u8> {
            let step = TAU * hertz / f64::from(SAMPLES_PER_SECOND);
            (0..milliseconds * 8).map(|index| Law::A.encode((5000.0 * (step * index as f64).sin()) as i16)).collect()
        };
        for hertz in [425.0, 1100.0, 1650.0, 1700.0, 1850.0, 2100.0] {
            assert_eq!(heard(Law::A, &tone(hertz, 3000)), 0, "{hertz} Hz");
        }
        // The three special information tones before an announcement.
        let special: Vec<u8> = [950.0, 1400.0, 1776.7].into_iter().flat_map(|hertz| tone(hertz, 380)).collect();
        assert_eq!(heard(Law::A, &special), 0);
        let mut state = 1_u32;
        let noise: Vec<u8> = (0..80_000)
            .map(|_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (state >> 24) as u8
            })
            .collect();
        assert_eq!(heard(Law::A, &noise), 0);
    }

    #[test]
    fn a_recorded_preamble_is_heard_and_recorded_tones_are_not() {
        assert_eq!(heard(Law::Mu, include_bytes!("testdata/asterisk-preamble.ulaw")), 1);
        assert_eq!(heard(Law::Mu, include_bytes!("testdata/asterisk-cng.ulaw")), 0);
        assert_eq!(heard(Law::Mu, include_bytes!("testdata/asterisk-ced.ulaw")), 0);
    }
}
