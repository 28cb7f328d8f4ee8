//! From samples to half symbols: when the instants lie, and the signal at each.

use super::super::{Complex, Mode};
use super::bank::{Bank, PLACES};
use crate::dsp::SAMPLES_PER_SECOND;

/// Takes samples, gives the signal twice a symbol. The clock can be moved and made faster or slower.
#[derive(Clone, Debug)]
pub(super) struct FrontEnd {
    bank: &'static Bank,
    samples: [f32; CAPACITY],
    held: usize,
    /// The next instant from the first sample held, in parts of a place.
    instant: u64,
    /// From instant to instant.
    step: u64,
    /// From instant to instant by our clock.
    nominal: f64,
    /// By how much the peer's clock is slower, as a share: +1e-4 is 100 ppm.
    slower: f64,
}

/// Samples taken at once.
pub(super) const MOST_AT_ONCE: usize = 160;
const CAPACITY: usize = 512;
/// Bits of a part of a place, of which a sample has [`PLACES`].
const PART_BITS: u32 = 32;
/// Parts of places in a sample.
const SAMPLE: f64 = PLACES as f64 * (1_u64 << PART_BITS) as f64;
/// The greatest difference of two clocks that is followed. Telephone networks differ by less than 50 ppm, cheap gateways by 200 ppm.
const MOST_SLOWER: f64 = 500e-6;

impl FrontEnd {
    pub(super) fn new(mode: Mode) -> Self {
        let bank = Bank::of(mode);
        let nominal = SAMPLE * f64::from(SAMPLES_PER_SECOND) / f64::from(2 * mode.symbols_per_second());
        let held = bank.length();
        let instant = ((held / 2 * PLACES) as u64) << PART_BITS;
        Self { bank, samples: [0.0; CAPACITY], held, instant, step: nominal as u64, nominal, slower: 0.0 }
    }

    /// Goes over to another mode. What was learned of the peer's clock is kept.
    pub(super) fn change(&mut self, mode: Mode) {
        let mut other = Self::new(mode);
        if other.nominal != self.nominal || other.bank.length() != self.bank.length() {
            other.slower = self.slower;
            *self = other;
        } else {
            self.bank = other.bank;
        }
        self.slow_down(0.0);
    }

    /// Takes up to [`MOST_AT_ONCE`] samples.
    pub(super) fn take(&mut self, samples: &[i16]) {
        if self.held + samples.len() > CAPACITY {
            let (whole, _) = self.place();
            let done = (whole + 1).saturating_sub(self.bank.length() / 2).min(self.held);
            self.samples.copy_within(done..self.held, 0);
            self.held -= done;
            self.instant -= ((done * PLACES) as u64) << PART_BITS;
        }
        for (place, sample) in self.samples[self.held..].iter_mut().zip(samples) {
            *place = f32::from(*sample);
        }
        self.held += samples.len();
    }

    /// The signal at the next instant, if the samples reach that far.
    pub(super) fn next(&mut self) -> Option<Complex> {
        let length = self.bank.length();
        let (whole, place) = self.place();
        let start = (whole + 1).saturating_sub(length / 2);
        let window = self.samples[..self.held].get(start..start + length)?;
        let signal = self.bank.at(window, place);
        self.instant += self.step;
        Some(signal)
    }

    /// The sample before the next instant and the place after it.
    const fn place(&self) -> (usize, usize) {
        let places = ((self.instant + (1 << (PART_BITS - 1))) >> PART_BITS) as usize;
        (places / PLACES, places % PLACES)
    }

    /// Moves all coming instants by a share of a symbol; later is positive.
    pub(super) fn shift(&mut self, symbols: f32) {
        let parts = (f64::from(symbols) * 2.0 * self.nominal) as i64;
        self.instant = self.instant.saturating_add_signed(parts);
    }

    /// Makes the peer's clock slower by a share.
    pub(super) fn slow_down(&mut self, share: f32) {
        self.slower = (self.slower + f64::from(share)).clamp(-MOST_SLOWER, MOST_SLOWER);
        self.step = (self.nominal * (1.0 + self.slower)) as u64;
    }
}
