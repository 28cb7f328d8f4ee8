//! The receiving filter: band-pass and resampler in one.
//!
//! A root raised cosine around the carrier, of the positive frequencies alone, at 192 places within a sample, so that it gives the complex
//! signal at any instant. The carrier is left on: what follows works in the pass band and turns once a symbol.

use super::super::{Family, Mode};
use super::clipping::Clipping;
use super::window::{Half, fixed, products};
use crate::dsp::SAMPLES_PER_SECOND;
use std::f64::consts::{PI, TAU};
use std::sync::LazyLock;

/// The places within a sample. A multiple of three, because most half symbols last five thirds of a sample.
pub(super) const PLACES: usize = 192;

/// The filters of a symbol rate and carrier.
#[derive(Debug)]
pub(super) struct Bank {
    /// Place after place, first the real parts of the taps and then the imaginary ones, in units of 2⁻¹⁵.
    taps: Vec<i16>,
    clipping: Clipping,
}

/// The bits of a tap of 1. What rounding adds lies 87 dB below the signal; the sum of all products stays within 32 bits.
const ONE_BITS: u32 = 15;
/// The bits that samples have been halved by.
const HALVED_BITS: u32 = 1;

/// Taps of each filter.
pub(super) const LENGTH: usize = 32;

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
        let roll_off = match mode.family() {
            Family::V27ter => 0.5,
            Family::V29 | Family::V17 => 0.4,
        };
        let rate = f64::from(SAMPLES_PER_SECOND);
        let symbol = rate / f64::from(mode.symbols_per_second());
        let carrier = TAU * f64::from(mode.carrier_hertz()) / rate;
        let middle = (LENGTH / 2) as f64;
        let mut taps = Vec::with_capacity(PLACES * LENGTH * 2);
        // Gain 1 at the carrier.
        let sum: f64 = (0..LENGTH).map(|tap| pulse((tap as f64 - middle) / symbol, roll_off)).sum();
        let gain = 1.0 / sum;
        for place in 0..PLACES {
            let instant = middle - 1.0 + place as f64 / PLACES as f64;
            let tap = |tap: usize| {
                let before = tap as f64 - instant;
                let window = (PI * before / (LENGTH as f64 + 1.0)).cos().powf(0.7);
                let size = pulse(before / symbol, roll_off) * window * gain;
                // The signal at the instant, whose carrier has turned on by as much as the sample lies before it.
                let (im, re) = (-carrier * before).sin_cos();
                (size * re, size * im)
            };
            let whole = |tap: f64| (tap * f64::from(1 << ONE_BITS)).round() as i16;
            taps.extend((0..LENGTH).map(|at| whole(tap(at).0)));
            taps.extend((0..LENGTH).map(|at| whole(tap(at).1)));
        }
        Self { taps, clipping: Clipping::new(mode) }
    }

    /// What undoes clipping in the same band.
    pub(super) const fn clipping(&self) -> &Clipping {
        &self.clipping
    }

    /// The signal at an instant that lies so many places after the sample before the middle of these halved ones.
    #[inline]
    pub(super) fn at(&self, samples: &[i16; LENGTH], place: usize) -> Half {
        let taps = &self.taps[2 * LENGTH * place..];
        let part = |taps: &[i16]| rounded(products(samples, fixed(taps)));
        Half { re: part(taps), im: part(&taps[LENGTH..]) }
    }
}

/// A sum of products of taps and halved samples as a sample.
fn rounded(sum: i32) -> i16 {
    const BITS: u32 = ONE_BITS - HALVED_BITS;
    (sum.saturating_add(1 << (BITS - 1)) >> BITS).clamp(i32::from(i16::MIN) + 1, i32::from(i16::MAX)) as i16
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
