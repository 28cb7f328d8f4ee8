//! Filters of telephone lines: attenuation and envelope delay over frequency, as the test lines of V.56bis have them.

use std::f64::consts::{PI, TAU};

/// Attenuation distortion, by V.56bis's names.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Attenuation {
    /// A digital connection with the filters of its two ends.
    Ad1,
    /// A short loop.
    Ad5,
    /// A longer loop.
    Ad6,
    /// A long loop.
    Ad7,
    /// Carrier systems that cut the lower band.
    Ad8,
    /// The same twice.
    Ad9,
}

/// Envelope delay distortion, by V.56bis's names.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Delay {
    /// Little.
    Edd1,
    /// More, at both edges.
    Edd2,
    /// Much.
    Edd3,
}

/// Decibels over those at 1000 Hz, in steps of 100 Hz from 200 Hz on: AD-1, AD-5, AD-6, AD-7, AD-8, AD-9.
// V.56bis (08/1995) Table A.10
const LOSS: [[f64; 6]; 38] = [
    [6.0, 3.2, 3.0, 2.9, 11.6, 23.3],
    [1.3, 1.4, 1.2, 1.1, 6.9, 13.9],
    [0.0, 0.4, 0.3, 0.3, 4.0, 7.9],
    [0.0, -0.1, 0.0, 0.1, 2.0, 4.1],
    [0.0, -0.1, 0.0, 0.1, 1.2, 2.4],
    [0.0, 0.1, 0.0, 0.0, 0.8, 1.7],
    [0.0, 0.0, 0.0, -0.1, 0.5, 1.1],
    [0.0, 0.0, 0.0, -0.1, 0.2, 0.4],
    [0.0, 0.0, 0.0, 0.0, 0.0, 0.0],
    [0.0, 0.0, 0.1, 0.0, -0.1, -0.2],
    [0.0, 0.0, 0.1, 0.1, -0.1, -0.2],
    [0.0, 0.1, 0.2, 0.3, -0.1, -0.2],
    [0.0, 0.2, 0.3, 0.4, -0.1, -0.3],
    [0.0, 0.2, 0.3, 0.4, -0.2, -0.4],
    [0.0, 0.3, 0.5, 0.5, -0.1, -0.3],
    [0.0, 0.3, 0.5, 0.6, -0.1, -0.1],
    [0.0, 0.3, 0.5, 0.6, 0.0, 0.0],
    [0.0, 0.4, 0.7, 0.7, 0.1, 0.2],
    [0.0, 0.5, 0.8, 0.9, 0.2, 0.5],
    [0.1, 0.6, 1.0, 1.0, 0.5, 0.9],
    [0.2, 0.7, 1.1, 1.1, 0.6, 1.1],
    [0.3, 0.9, 1.2, 1.4, 0.8, 1.5],
    [0.4, 1.1, 1.5, 1.6, 0.9, 1.8],
    [0.5, 1.3, 1.8, 2.0, 1.1, 2.3],
    [0.6, 1.6, 2.4, 2.7, 1.4, 2.8],
    [0.7, 2.0, 3.0, 3.5, 1.7, 3.4],
    [0.7, 2.3, 3.5, 4.3, 2.0, 4.0],
    [0.9, 2.8, 4.2, 5.0, 2.4, 4.9],
    [1.1, 3.2, 4.9, 5.8, 3.0, 5.9],
    [1.2, 3.5, 5.6, 6.7, 3.4, 6.8],
    [1.3, 4.1, 6.7, 8.0, 3.9, 7.7],
    [1.6, 4.8, 8.0, 9.6, 4.6, 9.2],
    [1.8, 5.3, 9.1, 11.0, 5.4, 10.7],
    [2.4, 5.7, 10.3, 12.2, 6.3, 12.6],
    [3.0, 6.6, 12.1, 13.9, 7.8, 15.5],
    [5.7, 8.9, 15.8, 17.3, 10.3, 20.5],
    [13.5, 15.7, 24.4, 25.7, 16.2, 32.4],
    [31.2, 31.1, 42.2, 43.3, 29.9, 59.9],
];
/// Milliseconds over those at 1800 Hz, in steps of 100 Hz from 200 Hz on: EDD-1, EDD-2, EDD-3. Where the Recommendation leaves one open, its
/// neighbour stands.
// V.56bis (08/1995) Table A.11
const DELAY: [[f64; 3]; 33] = [
    [3.98, 3.76, 8.00],
    [2.70, 3.76, 8.00],
    [1.69, 2.20, 6.90],
    [1.15, 1.36, 5.50],
    [0.80, 0.91, 4.40],
    [0.60, 0.64, 3.40],
    [0.50, 0.46, 2.80],
    [0.40, 0.34, 2.00],
    [0.30, 0.24, 1.50],
    [0.20, 0.16, 1.00],
    [0.20, 0.11, 0.70],
    [0.10, 0.07, 0.40],
    [0.05, 0.05, 0.30],
    [0.00, 0.03, 0.20],
    [0.00, 0.01, 0.10],
    [0.00, 0.00, 0.10],
    [0.00, 0.00, 0.00],
    [0.00, 0.02, 0.10],
    [0.00, 0.04, 0.10],
    [0.02, 0.08, 0.10],
    [0.02, 0.12, 0.20],
    [0.02, 0.16, 0.20],
    [0.02, 0.20, 0.30],
    [0.10, 0.27, 0.40],
    [0.12, 0.36, 0.50],
    [0.15, 0.47, 0.80],
    [0.20, 0.60, 1.10],
    [0.27, 0.77, 1.50],
    [0.40, 1.01, 2.00],
    [0.56, 1.32, 2.60],
    [0.83, 1.78, 3.20],
    [1.07, 1.78, 4.00],
    [1.39, 1.78, 4.00],
];
/// The first frequency of the tables and their step, in Hz.
const FIRST_HERTZ: f64 = 200.0;
const STEP_HERTZ: f64 = 100.0;

const TAPS: usize = 513;
/// Points of the spectrum over the whole circle.
const POINTS: usize = 4096;
const SAMPLES_PER_SECOND: f64 = 8000.0;

/// A finite impulse response. Its delay is taken out again, as far as it is the same for all frequencies.
#[derive(Clone, Debug)]
pub struct Filter {
    taps: Vec<f64>,
}

impl Filter {
    /// The filter of a line.
    #[must_use]
    pub fn new(attenuation: Attenuation, delay: Delay) -> Self {
        let losses: Vec<f64> = LOSS.iter().map(|row| row[attenuation as usize]).collect();
        let delays: Vec<f64> = DELAY.iter().map(|row| row[delay as usize] / 1000.0).collect();
        // The phase is the integral of the delay.
        let step = SAMPLES_PER_SECOND / POINTS as f64;
        let middle = (TAPS / 2) as f64;
        let mut phase = 0.0;
        let spectrum: Vec<(f64, f64)> = (0..=POINTS / 2)
            .map(|point| {
                let hertz = point as f64 * step;
                let edges = (hertz / FIRST_HERTZ).min(1.0) * ((4000.0 - hertz) / 100.0).clamp(0.0, 1.0);
                let gain = edges * 10.0_f64.powf(-between(&losses, hertz) / 20.0);
                phase += TAU * between(&delays, hertz) * step;
                (gain, phase)
            })
            .collect();
        let taps = (0..TAPS).map(|tap| {
            let time = tap as f64 - middle;
            let sum: f64 = spectrum
                .iter()
                .enumerate()
                .skip(1)
                .map(|(point, (gain, phase))| gain * (TAU * point as f64 / POINTS as f64 * time - phase).cos())
                .sum();
            // Let down softly at both ends, so that cutting off leaves no ripple.
            let window = (PI * time / TAPS as f64).cos().powf(0.2);
            2.0 * sum / POINTS as f64 * window
        });
        Self { taps: taps.collect() }
    }

    /// The signal behind the filter, as long as before it.
    #[must_use]
    pub fn apply(&self, signal: &[f64]) -> Vec<f64> {
        let middle = TAPS / 2;
        let mut padded = vec![0.0; middle];
        padded.extend_from_slice(signal);
        padded.extend(std::iter::repeat_n(0.0, middle));
        let reversed: Vec<f64> = self.taps.iter().rev().copied().collect();
        padded.windows(TAPS).map(|window| dot(window, &reversed)).collect()
    }

    /// Decibels over those at 1000 Hz that the filter really has.
    #[must_use]
    pub fn loss_db(&self, hertz: f64) -> f64 {
        -20.0 * (self.response(hertz).0 / self.response(1000.0).0).log10()
    }

    /// Milliseconds over those at 1800 Hz that the filter really has.
    #[must_use]
    pub fn delay_milliseconds(&self, hertz: f64) -> f64 {
        let slope = |hertz: f64| {
            let turn = (self.response(hertz + 1.0).1 - self.response(hertz - 1.0).1 + PI).rem_euclid(TAU) - PI;
            -turn / (TAU * 2.0) * 1000.0
        };
        slope(hertz) - slope(1800.0)
    }

    /// Amplitude and phase at a frequency.
    fn response(&self, hertz: f64) -> (f64, f64) {
        let step = TAU * hertz / SAMPLES_PER_SECOND;
        let (re, im) = self.taps.iter().enumerate().fold((0.0, 0.0), |(re, im), (tap, value)| {
            let (sin, cos) = (step * (tap as f64 - (TAPS / 2) as f64)).sin_cos();
            (re + value * cos, im - value * sin)
        });
        (re.hypot(im), im.atan2(re))
    }
}

/// The value of a table at a frequency; outside it, that of its end.
fn between(table: &[f64], hertz: f64) -> f64 {
    let place = ((hertz - FIRST_HERTZ) / STEP_HERTZ).clamp(0.0, (table.len() - 1) as f64);
    let below = place as usize;
    let above = (below + 1).min(table.len() - 1);
    table[below] + (table[above] - table[below]) * (place - below as f64)
}

/// Four sums at once, so that the processor can keep up.
fn dot(one: &[f64], other: &[f64]) -> f64 {
    let mut sums = [0.0; 4];
    let (ones, others) = (one.chunks_exact(4), other.chunks_exact(4));
    let rest: f64 = ones.remainder().iter().zip(others.remainder()).map(|(one, other)| one * other).sum();
    for (one, other) in ones.zip(others) {
        for lane in 0..4 {
            sums[lane] += one[lane] * other[lane];
        }
    }
    rest + sums.iter().sum::<f64>()
}
