//! A line that a signal goes through while it is made: level, frequency offset, noise with clicks.

use std::collections::VecDeque;
use std::f64::consts::{PI, TAU};

use faxramp::dsp::FRAME_SAMPLES;

use super::{Noise, to_sample};
use crate::audio::Samples;

const SAMPLES_PER_SECOND: f64 = 8000.0;
/// Taps of the filter that makes the quadrature; an odd number.
const TAPS: usize = 255;
const MIDDLE: usize = TAPS / 2;

/// One way of it.
pub(crate) struct Live {
    gain: f64,
    noise: Noise,
    shift: Option<Shift>,
}

/// Moves all frequencies; what comes out is [`MIDDLE`] samples late.
struct Shift {
    hertz: f64,
    taps: Vec<f64>,
    heard: VecDeque<f64>,
    count: u64,
}

impl Live {
    pub(crate) fn new(gain_db: f64, offset_hertz: f64, noise: Noise) -> Self {
        let shift = (offset_hertz != 0.0).then(|| Shift::new(offset_hertz));
        Self { gain: 10.0_f64.powf(gain_db / 20.0), noise, shift }
    }

    /// What comes of a frame, with an echo that is there already.
    pub(crate) fn carry(&mut self, samples: &Samples, echo: &[f64; FRAME_SAMPLES]) -> Samples {
        let mut carried = [0; FRAME_SAMPLES];
        for ((carried, sample), echo) in carried.iter_mut().zip(samples).zip(echo) {
            let sample = f64::from(*sample);
            let moved = self.shift.as_mut().map_or(sample, |shift| shift.next(sample));
            *carried = to_sample(moved * self.gain + echo + self.noise.next());
        }
        carried
    }
}

impl Shift {
    fn new(hertz: f64) -> Self {
        let tap = |place: usize| {
            let place = place as f64 - MIDDLE as f64;
            // Only every other tap is not 0.
            if place as i64 % 2 == 0 { 0.0 } else { 2.0 / (PI * place) * (PI * place / TAPS as f64).cos().powi(2) }
        };
        Self { hertz, taps: (0..TAPS).map(tap).collect(), heard: vec![0.0; TAPS].into(), count: 0 }
    }

    fn next(&mut self, sample: f64) -> f64 {
        self.heard.pop_front();
        self.heard.push_back(sample);
        let quadrature: f64 = self.taps.iter().rev().zip(&self.heard).map(|(tap, sample)| tap * sample).sum();
        let (sin, cos) = (TAU * self.hertz * self.count as f64 / SAMPLES_PER_SECOND).sin_cos();
        self.count += 1;
        self.heard[MIDDLE] * cos - quadrature * sin
    }
}
