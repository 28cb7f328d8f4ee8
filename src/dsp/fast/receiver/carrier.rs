//! The carrier: its phase at the symbols, and how far it turns from one to the next.

use super::super::{Complex, Mode};
use std::f32::consts::TAU;

/// The carrier as it arrives.
#[derive(Clone, Copy, Debug)]
pub(super) struct Carrier {
    /// Length 1 at its phase at the present symbol.
    rotor: Complex,
    /// By how much it turns from symbol to symbol at its nominal frequency, less whole turns, in radians and as a factor.
    nominal: f32,
    nominal_rotor: Complex,
    /// By how much more it turns.
    offset: f32,
    /// The most it may.
    most: f32,
    /// Half of what it turns from symbol to symbol.
    half: Complex,
}

/// The greatest offset that is followed, in Hz. The network shifts by 7 Hz at most, the peer by 1 Hz.
// V.29 §2.1, V.17 §2.1: receivers bear a shift of 7 Hz
const MOST_OFFSET_HERTZ: f32 = 20.0;

/// The most that the phase is corrected by at one symbol, in radians; beyond, its sine is not near enough to it, and the length runs away.
const MOST_CORRECTION: f32 = 0.5;

impl Carrier {
    pub(super) fn new(mode: Mode) -> Self {
        let turns = mode.carrier_hertz() as f32 / mode.symbols_per_second() as f32;
        let nominal = TAU * turns.fract();
        Self {
            rotor: Complex::new(1.0, 0.0),
            nominal,
            nominal_rotor: Complex::at_angle(nominal),
            offset: 0.0,
            most: TAU * MOST_OFFSET_HERTZ / mode.symbols_per_second() as f32,
            half: Complex::at_angle(TAU * turns / 2.0),
        }
    }

    /// Starts again at a phase with an offset in radians a symbol.
    pub(super) fn set(&mut self, angle: f32, offset: f32) {
        self.offset = offset;
        self.rotor = Complex::at_angle(angle % TAU);
    }

    /// Radians from symbol to symbol, less whole turns.
    pub(super) const fn turn(&self) -> f32 {
        self.nominal + self.offset
    }

    /// By how much more than nominally it turns, in radians a symbol.
    pub(super) const fn offset(&self) -> f32 {
        self.offset
    }

    /// Length 1 at the phase.
    pub(super) const fn rotor(&self) -> Complex {
        self.rotor
    }

    /// Length 1 at the phase so many symbols ago.
    pub(super) fn rotor_before(&self, symbols: u64) -> Complex {
        self.rotor * Complex::at_angle(-(self.turn() * symbols as f32) % TAU)
    }

    /// What it turns in half a symbol.
    pub(super) const fn half(&self) -> Complex {
        self.half
    }

    /// Turns the phase by an angle.
    pub(super) fn turn_by(&mut self, angle: f32) {
        self.rotor = self.rotor * Complex::at_angle(angle);
    }

    /// Turns on to the next symbol, corrected by a small angle and a change of offset.
    pub(super) fn advance(&mut self, correction: f32, drift: f32) {
        self.offset = (self.offset + drift).clamp(-self.most, self.most);
        let correction = correction.clamp(-MOST_CORRECTION, MOST_CORRECTION);
        // Sine and cosine of a small angle, and the length brought back to 1.
        let small = correction + self.offset;
        let rotor = self.rotor * self.nominal_rotor * Complex::new(1.0 - 0.5 * small * small, small);
        self.rotor = rotor * (1.5 - 0.5 * rotor.power());
    }
}
