//! The receiving filter: band-pass and resampler in one.
//!
//! A root raised cosine around the carrier, of the positive frequencies alone, at 192 places within a sample, so that it gives the complex
//! signal at any instant. The carrier is left on: what follows works in the pass band and turns once a symbol.

use super::super::{Complex, Family, Mode};
use super::window::{fixed, products};
use crate::dsp::SAMPLES_PER_SECOND;
use std::f64::consts::{PI, TAU};
use std::sync::LazyLock;

/// The places within a sample. A multiple of three, because most half symbols last five thirds of a sample.
pub(super) const PLACES: usize = 192;

/// The filters of a symbol rate and carrier.
#[derive(Debug)]
pub(super) struct Bank {
    /// Taps of each.
    length: usize,
    /// Place after place, first the real parts of the taps and then the imaginary ones.
    taps: Vec<f32>,
}

/// Taps at 2400 symbols a second, at 1600 and at 1200.
const SHORT: usize = 24;
const MIDDLE: usize = 32;
const LONG: usize = 48;

impl Bank {
    /// The filters of a mode.
    pub(super) fn of(mode: Mode) -> &'static Self {
        match mode {
            Mode::V27ter2400 => &V27TER_AT_2400,
            Mode::V27ter4800 => &V27TER_AT_4800,
            Mode::V29At7200 | Mode::V29At9600 => &V29,
            Mode::V17At7200 | Mode::V17At9600 | Mode::V17At12000 | Mode::V17At14400 => &V17,
        }
    }

    fn new(mode: Mode) -> Self {
        let length = match mode {
            Mode::V27ter2400 => LONG,
            Mode::V27ter4800 => MIDDLE,
            Mode::V29At7200
            | Mode::V29At9600
            | Mode::V17At7200
            | Mode::V17At9600
            | Mode::V17At12000
            | Mode::V17At14400 => SHORT,
        };
        let roll_off = match mode.family() {
            Family::V27ter => 0.5,
            Family::V29 | Family::V17 => 0.4,
        };
        let rate = f64::from(SAMPLES_PER_SECOND);
        let symbol = rate / f64::from(mode.symbols_per_second());
        let carrier = TAU * f64::from(mode.carrier_hertz()) / rate;
        let middle = (length / 2) as f64;
        let mut taps = Vec::with_capacity(PLACES * length * 2);
        // Gain 1 at the carrier.
        let gain: f64 = (0..length).map(|tap| pulse((tap as f64 - middle) / symbol, roll_off)).sum();
        for place in 0..PLACES {
            let instant = middle - 1.0 + place as f64 / PLACES as f64;
            let tap = |tap: usize| {
                let before = tap as f64 - instant;
                let window = (PI * before / (length as f64 + 1.0)).cos().powf(0.7);
                let size = pulse(before / symbol, roll_off) * window / gain;
                // The signal at the instant, whose carrier has turned on by as much as the sample lies before it.
                let (im, re) = (-carrier * before).sin_cos();
                (size * re, size * im)
            };
            taps.extend((0..length).map(|at| tap(at).0 as f32));
            taps.extend((0..length).map(|at| tap(at).1 as f32));
        }
        Self { length, taps }
    }

    /// Taps of each filter.
    pub(super) const fn length(&self) -> usize {
        self.length
    }

    /// The signal at an instant that lies so many places after the sample before the middle of these.
    pub(super) fn at(&self, samples: &[f32], place: usize) -> Complex {
        match self.length {
            SHORT => self.filter::<SHORT>(samples, place),
            MIDDLE => self.filter::<MIDDLE>(samples, place),
            _ => self.filter::<LONG>(samples, place),
        }
    }

    #[inline]
    fn filter<const LENGTH: usize>(&self, samples: &[f32], place: usize) -> Complex {
        let taps = &self.taps[2 * LENGTH * place..];
        let samples = fixed::<LENGTH>(samples);
        Complex::new(products(samples, fixed(taps)), products(samples, fixed(&taps[LENGTH..])))
    }
}

/// A root raised cosine, `time` in symbols.
fn pulse(time: f64, roll_off: f64) -> f64 {
    let edge = 4.0 * roll_off * time;
    if time.abs() < 1e-9 {
        return 1.0 - roll_off + 4.0 * roll_off / PI;
    }
    if (edge.abs() - 1.0).abs() < 1e-6 {
        let (sin, cos) = (PI / (4.0 * roll_off)).sin_cos();
        return roll_off / 2.0_f64.sqrt() * ((1.0 + 2.0 / PI) * sin + (1.0 - 2.0 / PI) * cos);
    }
    let inner = (PI * time * (1.0 - roll_off)).sin() + edge * (PI * time * (1.0 + roll_off)).cos();
    inner / (PI * time * (1.0 - edge * edge))
}

static V27TER_AT_2400: LazyLock<Bank> = LazyLock::new(|| Bank::new(Mode::V27ter2400));
static V27TER_AT_4800: LazyLock<Bank> = LazyLock::new(|| Bank::new(Mode::V27ter4800));
static V29: LazyLock<Bank> = LazyLock::new(|| Bank::new(Mode::V29At9600));
static V17: LazyLock<Bank> = LazyLock::new(|| Bank::new(Mode::V17At14400));
