//! The signal and what follows it: equaliser, carrier and clock.

use super::super::{Complex, Mode, constellation};
use super::carrier::Carrier;
use super::clicks::Clicks;
use super::equaliser::{Equaliser, TAPS};
use super::front::FrontEnd;
use super::presence::Presence;
use super::window::{Half, Run, Window};

/// What follows the signal.
#[derive(Clone, Debug)]
pub(super) struct Line {
    pub(super) front: FrontEnd,
    pub(super) window: Window,
    pub(super) equaliser: Equaliser,
    pub(super) carrier: Carrier,
    pub(super) presence: Presence,
    clicks: Clicks,
    /// The last half symbol that was never received: made up, or drowned by a click.
    last_missing: u64,
    mode: Mode,
    /// The mean power of the mode's points, and one over it.
    mean: f32,
    per_mean: f32,
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
    /// While symbols are known beforehand, and heard well.
    const KNOWN: Self = Self { carrier: 0.05, offset: 0.0008, clock: 0.03, rate: 0.0002, equaliser: 0.02, every: 1 };
    /// While symbols are known beforehand, with a mean error as a share of the power. Noise must not be taken for a clock that runs at another
    /// rate: what is wrong at the end of training takes seconds of data to be put right.
    pub(super) fn known(error: f32) -> Self {
        Self { rate: Self::KNOWN.rate * (QUIET / error.max(QUIET)).max(LEAST_RATE), ..Self::KNOWN }
    }

    /// In the few known symbols of a short training.
    pub(super) const SHORT: Self =
        Self { carrier: 0.12, offset: 0.0, clock: 0.05, rate: 0.0, equaliser: 0.0, every: 1 };
    /// While symbols are decided upon.
    pub(super) const DECIDED: Self =
        Self { carrier: 0.025, offset: 0.00015, clock: 0.02, rate: 0.00004, equaliser: 0.01, every: 8 };
}

/// The mean error, as a share of the power, from which on the rate of the clock is followed more slowly, and by how much at most.
const QUIET: f32 = 0.002;
const LEAST_RATE: f32 = 0.1;
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
            clicks: Clicks::new(mode),
            last_missing: 0,
            mode,
            mean: constellation::mean_power(mode),
            per_mean: 1.0 / constellation::mean_power(mode),
        }
    }

    /// Goes over to another mode; the clock goes on.
    pub(super) fn change(&mut self, mode: Mode) {
        self.front.change(mode);
        self.carrier = Carrier::new(mode);
        self.mode = mode;
        self.mean = constellation::mean_power(mode);
        self.per_mean = 1.0 / self.mean;
    }

    /// Hears the next half symbol, which may be made up.
    pub(super) fn hear(&mut self, half: Half, is_concealed: bool) {
        let power = half.power();
        let is_click = self.clicks.hear(power);
        let (half, power) = if is_click { (Half::ZERO, 0.0) } else { (half, power) };
        self.window.push(half);
        let at = self.window.end() - 1;
        self.presence.hear(at, power);
        if is_click || is_concealed {
            self.last_missing = at;
        }
    }

    /// Nothing is known of a signal.
    pub(super) const fn forget_signal(&mut self) {
        self.clicks = Clicks::new(self.mode);
    }

    /// The last half symbols are those of a signal: what is much stronger from now on is a click.
    pub(super) fn note_signal(&mut self) {
        let last = self.window.run(self.window.end() - LEVEL_OVER as u64, LEVEL_OVER);
        self.clicks.begin(last.energy::<LEVEL_OVER>() / LEVEL_OVER as f32);
    }

    /// Whether there was a hole at or after a half symbol.
    pub(super) const fn had_hole_since(&self, at: u64) -> bool {
        self.last_missing >= at || self.presence.had_hole_since(at)
    }

    /// Watches for holes in a signal that has been there since a half symbol.
    pub(super) fn watch(&mut self, since: u64) {
        let run = self.window.run(since, (self.window.end() - since) as usize);
        let parts = run.re.chunks_exact(LEVEL_OVER).zip(run.im.chunks_exact(LEVEL_OVER));
        let level = parts.map(|(re, im)| Run { re, im }.energy::<LEVEL_OVER>());
        let level = level.fold(0.0, f32::max) / LEVEL_OVER as f32;
        // What is left of a click may be stronger than the signal. (Alternations may be weaker, where a line lets the edges of the band through
        // badly.)
        let level = if self.last_missing >= since { level.min(2.0 * self.clicks.level()) } else { level };
        self.presence = Presence::new(self.mode, level);
        for (at, (re, im)) in run.re.iter().zip(run.im).enumerate() {
            self.presence.hear(since + at as u64, Half { re: *re, im: *im }.power());
        }
    }

    /// The symbol at a half symbol, turned back by the carrier.
    pub(super) fn heard(&self, at: u64) -> Complex {
        self.equaliser.output(Equaliser::run(&self.window, at)) * self.carrier.rotor().conjugate()
    }

    /// How much the signal changes from half a symbol before a half symbol to half a symbol behind it, turned back likewise.
    fn slope(&self, at: u64) -> Complex {
        let half = self.carrier.half();
        let after = self.equaliser.output(Equaliser::run(&self.window, at + 1)) * half.conjugate();
        let before = self.equaliser.output(Equaliser::run(&self.window, at - 1)) * half;
        (after - before) * self.carrier.rotor().conjugate()
    }

    /// The mean power of the mode's points.
    pub(super) const fn mean(&self) -> f32 {
        self.mean
    }

    /// The power of an error as a share of the mean.
    pub(super) fn share(&self, error: Complex) -> f32 {
        error.power() * self.per_mean
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
            let run = Equaliser::run(&self.window, at);
            let step = loops.equaliser / (self.presence.level() * TAPS as f32);
            // What has become far louder than the signal was must not be followed faster than it can be.
            let step = step.min(MOST_STEP / run.energy::<TAPS>().max(1.0));
            self.equaliser.adapt(run, error * self.carrier.rotor() * step);
        }
        let turned = (heard * aim.conjugate()).im * self.per_mean;
        self.carrier.advance(loops.carrier * turned, loops.offset * turned);
    }

    /// Moves the clock: where the signal was just then rising along the error, the instant was late.
    fn follow_clock(&mut self, at: u64, error: Complex, loops: Loops) {
        let slope = self.slope(at);
        let late = -(error * slope.conjugate()).re * self.per_mean / SLOPE;
        let late = late.clamp(-MOST_LATE, MOST_LATE);
        self.front.shift(-loops.clock * late);
        self.front.slow_down(-loops.rate * late);
    }
}

/// The most that an equaliser's step takes of the error at one symbol: from 2 on it would grow.
const MOST_STEP: f32 = 0.5;
/// The most that one symbol is believed, in symbols.
const MOST_LATE: f32 = 0.3;
