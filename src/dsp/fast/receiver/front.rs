//! From samples to half symbols: when the instants lie, and the signal at each.

use super::super::Mode;
use super::bank::{Bank, LENGTH, PLACES};
use super::clipping::REACH;
use super::window::Half;
use crate::dsp::SAMPLES_PER_SECOND;

/// Takes samples, gives the signal twice a symbol. The clock can be moved and made faster or slower.
#[derive(Clone, Debug)]
pub(super) struct FrontEnd {
    bank: &'static Bank,
    /// Half of each, so that there is room for the peaks that a law has clipped. All values of a law are even.
    samples: [i16; CAPACITY],
    held: usize,
    /// The next instant from the first sample held, in parts of a sample.
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
/// Bits that count the parts of a sample.
const PART_BITS: u32 = 32;
/// Parts in a sample.
const SAMPLE: u64 = 1 << PART_BITS;
/// The greatest difference of two clocks that is followed. Telephone networks differ by less than 50 ppm, cheap gateways by 200 ppm.
const MOST_SLOWER: f64 = 500e-6;

impl FrontEnd {
    pub(super) fn new(mode: Mode) -> Self {
        let bank = Bank::of(mode);
        let nominal = SAMPLE as f64 * f64::from(SAMPLES_PER_SECOND) / f64::from(2 * mode.symbols_per_second());
        let held = LENGTH + REACH;
        let instant = (LENGTH as u64 / 2) << PART_BITS;
        Self { bank, samples: [0; CAPACITY], held, instant, step: nominal as u64, nominal, slower: 0.0 }
    }

    /// Goes over to another mode. What was learned of the peer's clock is kept.
    pub(super) fn change(&mut self, mode: Mode) {
        let mut other = Self::new(mode);
        if other.nominal != self.nominal {
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
            let done = (whole + 1).saturating_sub(LENGTH / 2).min(self.held);
            self.samples.copy_within(done..self.held, 0);
            self.held -= done;
            self.instant -= (done as u64) << PART_BITS;
        }
        for (half, sample) in self.samples[self.held..].iter_mut().zip(samples) {
            *half = sample >> 1;
        }
        let ready = self.ready();
        self.held += samples.len();
        self.bank.clipping().undo(&mut self.samples[..self.held], ready, self.held - REACH);
    }

    /// Samples that are put right.
    const fn ready(&self) -> usize {
        self.held.saturating_sub(REACH)
    }

    /// The signal at the next instant, if the samples reach that far.
    pub(super) fn next(&mut self) -> Option<Half> {
        let (whole, place) = self.place();
        let start = (whole + 1).saturating_sub(LENGTH / 2);
        let window = self.samples[..self.ready()].get(start..)?.first_chunk()?;
        let signal = self.bank.at(window, place);
        // Whatever was learned of the peer's clock, time goes on.
        self.instant += self.step.max(SAMPLE);
        Some(signal)
    }

    /// The sample before the next instant and the place after it.
    const fn place(&self) -> (usize, usize) {
        const HALF_A_PLACE: u64 = SAMPLE / PLACES as u64 / 2;
        let instant = self.instant + HALF_A_PLACE;
        let place = instant % SAMPLE * PLACES as u64 / SAMPLE;
        ((instant / SAMPLE) as usize, place as usize)
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
