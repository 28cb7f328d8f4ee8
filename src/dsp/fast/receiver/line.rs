//! The signal and what follows it: equaliser, carrier and clock.

use super::super::{Complex, Mode, constellation};
use super::carrier::Carrier;
use super::equaliser::{Equaliser, TAPS};
use super::front::FrontEnd;
use super::presence::Presence;
use super::window::{Run, Window};

/// What follows the signal.
#[derive(Clone, Debug)]
pub(super) struct Line {
    pub(super) front: FrontEnd,
    pub(super) window: Window,
    pub(super) equaliser: Equaliser,
    pub(super) carrier: Carrier,
    pub(super) presence: Presence,
    mode: Mode,
    /// The mean power of the mode's points.
    mean: f32,
}

/// How fast the loops follow.
#[derive(Clone, Copy, Debug)]
pub(super) struct Loops {
    /// The carrier's phase, as a share of the error at each symbol.
    carrier: f32,
    /// Its offset, in radians a symbol.
    offset: f32,
    /// The clock, as a share of what it is late.
    clock: f32,
    /// Its rate.
    rate: f32,
    /// The equaliser.
    equaliser: f32,
    /// Symbols from which one moves equaliser and clock, in turns; a power of two.
    every: u64,
}

impl Loops {
    /// While symbols are known beforehand.
    pub(super) const KNOWN: Self =
        Self { carrier: 0.05, offset: 0.0008, clock: 0.03, rate: 0.0002, equaliser: 0.02, every: 1 };
    /// In the few known symbols of a short training.
    pub(super) const SHORT: Self =
        Self { carrier: 0.12, offset: 0.0, clock: 0.05, rate: 0.0, equaliser: 0.0, every: 1 };
    /// While symbols are decided upon.
    pub(super) const DECIDED: Self =
        Self { carrier: 0.025, offset: 0.00015, clock: 0.02, rate: 0.00004, equaliser: 0.01, every: 8 };
}

/// Half symbols that a level is taken over.
const LEVEL_OVER: usize = 32;
/// What the slope of a symbol is to its error, on average over the band.
const SLOPE: f32 = 2.55;

impl Line {
    /// Half symbols that the level of a signal just recognised is taken from.
    pub(super) const WATCHED: u64 = 64;

    pub(super) fn new(mode: Mode) -> Self {
        Self {
            front: FrontEnd::new(mode),
            window: Window::new(),
            equaliser: Equaliser::new(),
            carrier: Carrier::new(mode),
            presence: Presence::new(mode, 0.0),
            mode,
            mean: constellation::mean_power(mode),
        }
    }

    /// Goes over to another mode; the clock goes on.
    pub(super) fn change(&mut self, mode: Mode) {
        self.front.change(mode);
        self.carrier = Carrier::new(mode);
        self.mode = mode;
        self.mean = constellation::mean_power(mode);
    }

    /// Watches for holes in a signal that has been there since a half symbol.
    pub(super) fn watch(&mut self, since: u64) {
        let run = self.window.run(since, (self.window.end() - since) as usize);
        let parts = run.re.chunks_exact(LEVEL_OVER).zip(run.im.chunks_exact(LEVEL_OVER));
        let level = parts.map(|(re, im)| Run { re, im }.energy::<LEVEL_OVER>());
        self.presence = Presence::new(self.mode, level.fold(0.0, f32::max) / LEVEL_OVER as f32);
        let heard = run.re.iter().zip(run.im).map(|(re, im)| Complex::new(*re, *im));
        for (at, signal) in heard.enumerate() {
            self.presence.hear(since + at as u64, signal);
        }
    }

    /// The symbol at a half symbol, turned back by the carrier.
    pub(super) fn heard(&self, at: u64) -> Complex {
        self.equaliser.output(Equaliser::run(&self.window, at)) * self.carrier.rotor().conjugate()
    }

    /// The mean power of the mode's points.
    pub(super) const fn mean(&self) -> f32 {
        self.mean
    }

    /// The power of an error as a share of the mean.
    pub(super) fn share(&self, error: Complex) -> f32 {
        error.power() / self.mean
    }

    /// Goes on to the next symbol without having learned anything.
    pub(super) fn coast(&mut self) {
        self.carrier.advance(0.0, 0.0);
    }

    /// Follows what the symbol at a half symbol tells, which was to be another, and goes on to the next.
    pub(super) fn follow(&mut self, at: u64, heard: Complex, aim: Complex, loops: Loops) {
        let error = aim - heard;
        let turn = (at / 2) & (loops.every - 1);
        if turn == 0 {
            self.follow_clock(at, error, loops);
        }
        if turn == loops.every / 2 {
            let step = loops.equaliser / (self.presence.level() * TAPS as f32);
            self.equaliser.adapt(Equaliser::run(&self.window, at), error * self.carrier.rotor() * step);
        }
        let turned = (heard * aim.conjugate()).im / self.mean;
        self.carrier.advance(loops.carrier * turned, loops.offset * turned);
    }

    /// Moves the clock: where the signal was just then rising along the error, the instant was late.
    fn follow_clock(&mut self, at: u64, error: Complex, loops: Loops) {
        let half = self.carrier.half();
        let after = self.equaliser.output(Equaliser::run(&self.window, at + 1)) * half.conjugate();
        let before = self.equaliser.output(Equaliser::run(&self.window, at - 1)) * half;
        let slope = (after - before) * self.carrier.rotor().conjugate();
        let late = -(error * slope.conjugate()).re / (SLOPE * self.mean);
        let late = late.clamp(-MOST_LATE, MOST_LATE);
        self.front.shift(-loops.clock * late);
        self.front.slow_down(-loops.rate * late);
    }
}

/// The most that one symbol is believed, in symbols.
const MOST_LATE: f32 = 0.3;
