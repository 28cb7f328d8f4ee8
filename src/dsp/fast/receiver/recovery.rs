//! Finds a signal again that suddenly makes no sense: after a slip of the network, or of our own carrier.

use super::super::Complex;
use super::decoder::Decoder;
use super::line::Line;
use super::search::{BLOCK, Tones};
use std::f32::consts::{PI, TAU};

/// Tries other phases of clock and carrier once the signal has made no sense for long enough.
#[derive(Clone, Debug)]
pub(super) struct Recovery {
    tones: Tones,
    /// The phase of the band's edges at even half symbols, if symbols are there.
    timing: Complex,
    /// The last symbols that made no sense.
    heard: [Complex; LOOKED_AT],
}

const LOOKED_AT: usize = 32;
/// Symbols from one attempt at the carrier to the next, and the first: one packet later, in case another one stands in for a lost one.
const CARRIER_EVERY: u32 = 64;
const CARRIER_AT: u32 = 92;
/// Symbols from one attempt at the clock to the next, and the first.
const CLOCK_EVERY: u32 = 128;
const CLOCK_AT: u32 = 64;
/// Blocks that the clock is found from.
const BLOCKS: u64 = 4;
/// The least that a clock is moved, in symbols; less may be chance, and is found again by itself.
const LEAST_LATE: f32 = 0.12;
/// Phases tried over the quarter of a turn after which all points are as before.
const PHASES: usize = 16;
/// The most that a level changes in the middle of a signal: 12 dB.
const MOST_GAIN: f32 = 4.0;
/// The share of the error at a new phase that makes it the right one.
const MOST_SHARE: f32 = 0.6;

impl Recovery {
    pub(super) const fn new(tones: Tones, timing: Complex) -> Self {
        Self { tones, timing, heard: [Complex::ZERO; LOOKED_AT] }
    }

    /// Hears a symbol at a half symbol, the last of so many that made no sense.
    pub(super) fn hear(&mut self, line: &mut Line, decoder: &Decoder, at: u64, heard: Complex, count: u32) {
        self.heard[count as usize % LOOKED_AT] = heard;
        if count % CLOCK_EVERY == CLOCK_AT {
            self.set_clock(line, at);
        }
        if count >= CARRIER_AT && (count - CARRIER_AT).is_multiple_of(CARRIER_EVERY) {
            self.set_carrier(line, decoder);
        }
    }

    fn set_clock(&self, line: &mut Line, at: u64) {
        let end = line.window.end() & !1;
        let blocks = (0..BLOCKS).map(|block| self.tones.shares(&line.window, end - block * BLOCK as u64).timing);
        let timing = blocks.fold(Complex::ZERO, |sum, timing| sum + timing);
        let timing = if at.is_multiple_of(2) { timing } else { -timing };
        let late = (timing * self.timing.conjugate()).angle() / TAU;
        if late.abs() > LEAST_LATE {
            line.front.shift(-late);
        }
    }

    /// Tries other phases of the carrier, at the level there was and at that of the last symbols.
    fn set_carrier(&self, line: &mut Line, decoder: &Decoder) {
        let before = error(&self.heard, decoder, 1.0, 0) / LOOKED_AT as f32 / line.mean();
        let (error, angle, gain) = best_phase(&self.heard, decoder, line.mean());
        if error < MOST_SHARE * before {
            line.carrier.turn_by(angle);
            line.equaliser.scale(gain);
            line.presence.change_level(1.0 / (gain * gain));
        }
    }
}

/// How far symbols lie from points at a level and a phase.
fn error(heard: &[Complex], decoder: &Decoder, gain: f32, phase: usize) -> f32 {
    let factor = Complex::at_angle(-angle(phase)) * gain;
    heard.iter().map(|heard| decoder.apart(*heard * factor)).sum()
}

/// The phase and gain at which symbols lie nearest to points, after the error there as a share of the mean power of points.
pub(super) fn best_phase(heard: &[Complex], decoder: &Decoder, mean: f32) -> (f32, f32, f32) {
    let count = heard.len() as f32;
    let power = heard.iter().map(|heard| heard.power()).sum::<f32>() / count;
    let level = (mean / (power + 1e-9)).sqrt().clamp(1.0 / MOST_GAIN, MOST_GAIN);
    let mut best = (f32::MAX, 0.0, 1.0);
    for gain in [1.0, level] {
        for phase in 0..PHASES {
            let share = error(heard, decoder, gain, phase) / count / mean;
            if share < best.0 {
                best = (share, angle(phase), gain);
            }
        }
    }
    best
}

/// The angle of a phase that is tried.
fn angle(phase: usize) -> f32 {
    phase as f32 / PHASES as f32 * PI / 2.0
}
