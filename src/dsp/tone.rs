//! The tones that open a fax call, made and heard.
//!
//! Calling tone and called terminal identification, as samples and as G.711 frames of 20 ms. Not busy tone or modems. Serves T.30
//! §4.3.3.

use std::f64::consts::TAU;

use super::g711::Law;
use super::{FRAME_SAMPLES, PEAK_AT_0_DBM0, SAMPLES_PER_SECOND};

/// A tone.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Tone {
    /// Calling tone: 1100 Hz ± 38 Hz, 0.5 s on, 3 s off, ± 15 %.
    // T.30 (09/2005) §4.3.3.2
    Cng,
    /// Called terminal identification: 2100 Hz ± 15 Hz, 2.6 s to 4.0 s.
    // T.30 (09/2005) §4.3.3.1
    Ced,
}

impl Tone {
    const fn hertz(self) -> f64 {
        match self {
            Self::Cng => 1100.0,
            Self::Ced => 2100.0,
        }
    }
}

/// Makes a tone, sample by sample.
#[derive(Clone, Debug)]
pub struct Sound {
    tone: Tone,
    peak: f32,
    /// A turning pointer of length one, whose imaginary part is the signal, and its turn per sample.
    pointer: [f32; 2],
    turn: [f32; 2],
    /// Samples since the beginning; calling tone begins anew after each pause.
    at: usize,
}

impl Sound {
    /// A tone from its beginning, at a level in dBm0.
    #[must_use]
    pub fn new(tone: Tone, level_dbm0: f32) -> Self {
        let angle = (TAU * tone.hertz() / f64::from(SAMPLES_PER_SECOND)) as f32;
        Self {
            tone,
            peak: PEAK_AT_0_DBM0 * 10_f32.powf(level_dbm0 / 20.0),
            pointer: [1.0, 0.0],
            turn: [angle.cos(), angle.sin()],
            at: 0,
        }
    }

    /// Fills as much of `samples` as the tone lasts and says how much. Calling tone lasts for ever, its pauses included.
    pub fn fill(&mut self, samples: &mut [i16]) -> usize {
        let (on, turn) = match self.tone {
            Tone::Cng => (CNG_ON_FRAMES as usize * FRAME_SAMPLES, Some(CNG_TURN_FRAMES as usize * FRAME_SAMPLES)),
            Tone::Ced => (CED_FRAMES as usize * FRAME_SAMPLES, None),
        };
        for (index, sample) in samples.iter_mut().enumerate() {
            if Some(self.at) == turn {
                self.at = 0;
                self.pointer = [1.0, 0.0];
            }
            if self.at < on {
                *sample = (self.pointer[1] * self.peak).round() as i16;
                self.advance();
            } else if turn.is_some() {
                *sample = 0;
            } else {
                return index;
            }
            self.at += 1;
        }
        samples.len()
    }

    fn advance(&mut self) {
        let ([a, b], [c, d]) = (self.pointer, self.turn);
        let (re, im) = (a * c - b * d, a * d + b * c);
        // Keeps the pointer's length in spite of rounding.
        let correction = 1.5 - 0.5 * (re * re + im * im);
        self.pointer = [re * correction, im * correction];
    }
}

/// Makes a tone, frame by frame, as G.711.
#[derive(Clone, Debug)]
pub struct Generator {
    sound: Sound,
    law: Law,
}

impl Generator {
    /// A tone from its beginning.
    #[must_use]
    pub fn new(tone: Tone, law: Law) -> Self {
        Self { sound: Sound::new(tone, LEVEL_DBM0), law }
    }

    /// The next 20 ms; none when the tone is over. Calling tone never is.
    pub fn next_frame(&mut self) -> Option<[u8; FRAME_SAMPLES]> {
        let mut samples = [0; FRAME_SAMPLES];
        let count = self.sound.fill(&mut samples);
        (count > 0).then(|| samples.map(|sample| self.law.encode(sample)))
    }
}

/// Hears tones in G.711.
#[derive(Clone, Debug)]
pub struct Detector {
    law: Law,
    ear: ToneEar,
}

impl Detector {
    /// A detector that has heard nothing.
    #[must_use]
    pub fn new(law: Law) -> Self {
        Self { law, ear: ToneEar::new() }
    }

    /// Takes G.711 samples, any number, and says which tone has now been heard for long enough. Each sounding of a
    /// tone is told once.
    pub fn hear(&mut self, codes: &[u8]) -> Option<Tone> {
        codes.iter().filter_map(|code| self.ear.take(self.law.decode(*code))).last()
    }
}

/// Hears tones in samples.
#[derive(Clone, Debug, Default)]
pub struct ToneEar {
    block: Vec<f64>,
    /// The tone of the last blocks, how many there were and how many in a row were without it.
    run: Option<Run>,
}

#[derive(Clone, Copy, Debug)]
struct Run {
    tone: Tone,
    blocks: u32,
    missed: u32,
}

impl ToneEar {
    /// One that has heard nothing.
    #[must_use]
    pub fn new() -> Self {
        Self { block: Vec::with_capacity(FRAME_SAMPLES), run: None }
    }

    /// Takes samples, any number, and says which tone has now been heard for long enough. Each sounding of a tone is told once.
    pub fn hear(&mut self, samples: &[i16]) -> Option<Tone> {
        samples.iter().filter_map(|sample| self.take(*sample)).last()
    }

    fn take(&mut self, sample: i16) -> Option<Tone> {
        self.block.push(f64::from(sample));
        if self.block.len() < FRAME_SAMPLES {
            return None;
        }
        let heard = self.judge();
        self.block.clear();
        heard
    }

    fn judge(&mut self) -> Option<Tone> {
        match (tone_of(&self.block), &mut self.run) {
            (Some(tone), Some(run)) if run.tone == tone => {
                run.blocks = run.blocks.saturating_add(1);
                run.missed = 0;
                (run.blocks == blocks_needed(tone)).then_some(tone)
            }
            (Some(tone), run) => {
                *run = Some(Run { tone, blocks: 1, missed: 0 });
                None
            }
            (None, Some(run)) => {
                run.missed += 1;
                if run.missed > MOST_MISSED_BLOCKS {
                    self.run = None;
                }
                None
            }
            (None, None) => None,
        }
    }
}

/// The tone that makes up most of a block, if one does.
fn tone_of(block: &[f64]) -> Option<Tone> {
    let energy: f64 = block.iter().map(|sample| sample * sample).sum();
    if energy < LEAST_ENERGY {
        return None;
    }
    let is_most = |hertz: &f64| share(block, *hertz, energy) > LEAST_SHARE;
    // A block of 20 ms is 50 Hz narrow; calling tone may be 38 Hz off.
    if [1075.0, 1100.0, 1125.0].iter().any(is_most) {
        Some(Tone::Cng)
    } else if is_most(&Tone::Ced.hertz()) {
        Some(Tone::Ced)
    } else {
        None
    }
}

/// The share of a frequency in the energy of a block, by Goertzel's algorithm: 1 for a pure tone.
pub(super) fn share(block: &[f64], hertz: f64, energy: f64) -> f64 {
    let factor = 2.0 * (TAU * hertz / f64::from(SAMPLES_PER_SECOND)).cos();
    let (last, before) =
        block.iter().fold((0.0, 0.0), |(last, before), sample| (sample + factor * last - before, last));
    let power = last * last + before * before - factor * last * before;
    2.0 * power / (block.len() as f64 * energy)
}

/// Blocks of a tone before it is told: 300 ms of calling tone's 425 ms at least; 500 ms of CED, more than speech
/// or a dial tone's harmonics hold one frequency.
const fn blocks_needed(tone: Tone) -> u32 {
    match tone {
        Tone::Cng => 15,
        Tone::Ced => 25,
    }
}

/// Of the tones in G.711 frames.
const LEVEL_DBM0: f32 = -13.0;
/// Peak of a sine at −13 dBm0.
const PEAK: f64 = 5030.0;
/// Energy of a block at −43 dBm0.
// The range of a group 3 receiver ends there.
pub(super) const LEAST_ENERGY: f64 = FRAME_SAMPLES as f64 * (PEAK * PEAK / 2.0) / 1000.0;
/// Share of a block's energy that makes it a tone.
const LEAST_SHARE: f64 = 0.6;
/// Blocks without the tone that do not end it: a lost packet, or a phase reversal of V.8's answer tone.
const MOST_MISSED_BLOCKS: u32 = 2;
/// 0.5 s.
const CNG_ON_FRAMES: u32 = 25;
/// 3.5 s.
const CNG_TURN_FRAMES: u32 = 175;
/// 3 s.
const CED_FRAMES: u32 = 150;

#[cfg(test)]
mod tests {
    use super::*;

    /// Level of an A-law sine of full scale.
    // G.711 (11/1988) §4
    const OVERLOAD_DBM0: f64 = 314.0 / 100.0;

    fn sine(hertz: f64, peak: f64, frames: usize) -> Vec<u8> {
        let step = TAU * hertz / f64::from(SAMPLES_PER_SECOND);
        (0..frames * FRAME_SAMPLES)
            .map(|index| Law::A.encode((peak * (step * index as f64).sin()).round() as i16))
            .collect()
    }

    fn heard(codes: &[u8]) -> Vec<Tone> {
        let mut detector = Detector::new(Law::A);
        codes.chunks(FRAME_SAMPLES).filter_map(|frame| detector.hear(frame)).collect()
    }

    #[test]
    fn calling_tone_sounds_half_a_second_in_three_and_a_half() {
        for law in [Law::Mu, Law::A] {
            let mut generator = Generator::new(Tone::Cng, law);
            let frames: Vec<_> = (0..350).map(|_| generator.next_frame().unwrap()).collect();
            let sounding: Vec<_> =
                (0..350).filter(|index| frames[*index].iter().any(|code| *code != law.silence())).collect();
            assert_eq!(sounding, (0..25).chain(175..200).collect::<Vec<_>>());
        }
    }

    #[test]
    fn ced_lasts_three_seconds_and_keeps_its_phase() {
        let mut generator = Generator::new(Tone::Ced, Law::A);
        let samples: Vec<_> = std::iter::from_fn(|| generator.next_frame())
            .flatten()
            .map(|code| f64::from(Law::A.decode(code)))
            .collect();
        assert_eq!(samples.len(), 3 * 8000);
        let energy: f64 = samples.iter().map(|sample| sample * sample).sum();
        // All energy in one bin a third of a hertz wide: no step between frames.
        assert!(share(&samples, 2100.0, energy) > 0.99);
        let level = OVERLOAD_DBM0 + 10.0 * (2.0 * energy / samples.len() as f64 / (32_256.0 * 32_256.0)).log10();
        assert!((level + 13.0).abs() < 0.2, "{level} dBm0");
    }

    #[test]
    fn our_own_tones_are_heard_once_each_sounding() {
        let mut generator = Generator::new(Tone::Cng, Law::A);
        let codes: Vec<_> = (0..350).flat_map(|_| generator.next_frame().unwrap()).collect();
        assert_eq!(heard(&codes), [Tone::Cng, Tone::Cng]);
        let mut generator = Generator::new(Tone::Ced, Law::A);
        let codes: Vec<_> = std::iter::from_fn(|| generator.next_frame()).flatten().collect();
        assert_eq!(heard(&codes), [Tone::Ced]);
    }

    #[test]
    fn tones_at_the_edges_of_their_tolerance_are_heard() {
        for hertz in [1062.0, 1100.0, 1138.0] {
            for peak in [300.0, 5000.0, 30_000.0] {
                assert_eq!(heard(&sine(hertz, peak, 22)), [Tone::Cng], "{hertz} Hz, peak {peak}");
            }
        }
        for hertz in [2085.0, 2115.0] {
            assert_eq!(heard(&sine(hertz, 5000.0, 130)), [Tone::Ced], "{hertz} Hz");
        }
    }

    #[test]
    fn other_sounds_are_not_heard() {
        // Ringing and busy tones, V.21's two frequencies, V.29's carrier, a tone too faint, one too short.
        for hertz in [425.0, 440.0, 1000.0, 1200.0, 1650.0, 1700.0, 1850.0, 2000.0, 2200.0] {
            assert_eq!(heard(&sine(hertz, 8000.0, 100)), [], "{hertz} Hz");
        }
        assert_eq!(heard(&sine(1100.0, 60.0, 100)), []);
        assert_eq!(heard(&sine(1100.0, 5000.0, 14)), []);
        let mut state = 1_u32;
        let noise: Vec<_> = (0..80_000)
            .map(|_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (state >> 24) as u8
            })
            .collect();
        assert_eq!(heard(&noise), []);
    }

    /// V.8's answer tone turns its phase every 450 ms and swells 15 times a second.
    #[test]
    fn a_v8_answer_tone_is_an_answer_tone() {
        let codes: Vec<_> = (0..24_000)
            .map(|index| {
                let time = f64::from(index) / 8000.0;
                let sign = if (index / 3600) % 2 == 0 { 1.0 } else { -1.0 };
                let swell = 0.2_f64.mul_add((TAU * 15.0 * time).sin(), 1.0);
                Law::A.encode((sign * swell * 4000.0 * (TAU * 2100.0 * time).sin()) as i16)
            })
            .collect();
        assert_eq!(heard(&codes), [Tone::Ced]);
    }

    #[test]
    fn a_lost_packet_does_not_cut_a_tone() {
        let mut codes = sine(1100.0, 5000.0, 24);
        codes[8 * FRAME_SAMPLES..9 * FRAME_SAMPLES].fill(Law::A.silence());
        assert_eq!(heard(&codes), [Tone::Cng]);
    }

    /// The beginning of both sides of a recorded Asterisk call, and two seconds of its modems.
    #[test]
    fn recorded_tones_are_heard_and_recorded_modems_are_not() {
        let recorded = |codes: &[u8]| {
            let mut detector = Detector::new(Law::Mu);
            codes.chunks(FRAME_SAMPLES).filter_map(|frame| detector.hear(frame)).collect::<Vec<_>>()
        };
        assert_eq!(recorded(include_bytes!("testdata/asterisk-cng.ulaw")), [Tone::Cng]);
        assert_eq!(recorded(include_bytes!("testdata/asterisk-ced.ulaw")), [Tone::Ced]);
        assert_eq!(recorded(include_bytes!("testdata/asterisk-signals.ulaw")), []);
    }
}
