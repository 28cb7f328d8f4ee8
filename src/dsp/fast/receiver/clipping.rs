//! Undoes clipping: a carrier near the greatest power that a law of G.711 has loses its peaks to it.
//!
//! The signal has nothing beyond the edges of its band; what is heard there is what clipping did. So a sample at the end of the scale is moved to
//! where its neighbours leave nothing there.

use super::super::Mode;
use crate::dsp::SAMPLES_PER_SECOND;
use std::f64::consts::{PI, TAU};

/// What of a sample and its neighbours lies beyond the edges of the band, as a share of what of the sample alone does.
#[derive(Debug)]
pub(super) struct Clipping([f32; WIDTH]);

/// Samples to each side that are looked at.
pub(super) const REACH: usize = 24;
const WIDTH: usize = 2 * REACH + 1;
/// Half of where the scale of µ-law ends, a little before A-law's.
const END: i16 = 32_124 / 2;
/// The greatest that a sample may have been.
const MOST: f32 = 1.9 * END as f32;
/// Times that all clipped samples near are moved.
const TIMES: usize = 4;
/// More of them are no clipping.
const MOST_CLIPPED: usize = 10;
/// The share of the excess bandwidth in which there still is something.
const EXCESS: f64 = 0.8;

impl Clipping {
    /// For the band of a mode.
    pub(super) fn new(mode: Mode) -> Self {
        let rate = f64::from(SAMPLES_PER_SECOND);
        let half = f64::from(mode.symbols_per_second()) / 2.0 * (1.0 + EXCESS * mode.roll_off());
        let (lower, upper) = (f64::from(mode.carrier_hertz()) - half, f64::from(mode.carrier_hertz()) + half);
        let beyond = 1.0 - 2.0 * (upper - lower) / rate;
        Self(std::array::from_fn(|at| {
            let apart = at as f64 - REACH as f64;
            if at == REACH {
                return 1.0;
            }
            let edge = |hertz: f64| (TAU * hertz * apart / rate).sin();
            let window = (PI * apart / (WIDTH + 1) as f64).cos();
            (-(edge(upper) - edge(lower)) / (PI * apart) * window / beyond) as f32
        }))
    }

    /// Puts right the clipped samples from one place to another, of halved ones. There must be [`REACH`] more at either side.
    pub(super) fn undo(&self, samples: &mut [i16], from: usize, to: usize) {
        let greatest = samples[from..to].iter().map(|sample| sample.unsigned_abs()).fold(0, u16::max);
        if greatest < END.unsigned_abs() {
            return;
        }
        for at in from.max(REACH)..to {
            if is_clipped(samples[at])
                && let Some(near) = samples[at - REACH..].first_chunk()
            {
                samples[at] = self.restored(near);
            }
        }
    }

    /// What the sample in the middle was. Those before it are already put right.
    #[cold]
    fn restored(&self, near: &[i16; WIDTH]) -> i16 {
        let mut sizes = [0.0_f32; WIDTH];
        for (size, sample) in sizes.iter_mut().zip(near) {
            *size = f32::from(*sample);
        }
        let clipped = (REACH..WIDTH).filter(|at| is_clipped(near[*at]));
        if clipped.clone().count() > MOST_CLIPPED {
            return near[REACH];
        }
        for _ in 0..TIMES {
            for at in clipped.clone() {
                let tap = |other: usize| (other + REACH).checked_sub(at).and_then(|place| self.0.get(place));
                let beyond: f32 = (0..WIDTH).filter_map(|other| Some(sizes[other] * tap(other)?)).sum();
                let (sign, least) = (f32::from(near[at].signum()), f32::from(near[at].unsigned_abs()));
                sizes[at] = sign * (sign * (sizes[at] - beyond)).clamp(least, MOST);
            }
        }
        sizes[REACH] as i16
    }
}

fn is_clipped(sample: i16) -> bool {
    sample.unsigned_abs() >= END.unsigned_abs()
}
