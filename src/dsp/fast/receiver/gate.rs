//! Whether decisions can be trusted: tells noise from a signal that is somebody else's, or made up for a lost packet.

use super::super::Mode;

/// Watches how far symbols lie from the decisions.
#[derive(Clone, Copy, Debug)]
pub(super) struct Gate {
    /// The error of any signal that is not ours, as a share of the mean power.
    garbage: f32,
    /// The mean error of the last symbols.
    fast: f32,
    /// That of many more, without those not trusted.
    slow: f32,
    /// The mean error of the last symbols above which they are not trusted.
    most: f32,
    /// The worst that one symbol counts for: a click is forgotten as soon as nonsense is.
    worst: f32,
    /// Symbols for which decisions have not been trusted.
    closed: u32,
    symbols_per_second: u32,
}

/// What the errors mean.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Trust {
    /// Decisions are mostly right.
    Trusted,
    /// They are not, for now.
    Doubtful,
    /// They have not been for so long that this is no signal of ours.
    Lost,
}

/// How many times less than nonsense the errors must be for the gate to close at all.
const CERTAIN: f32 = 5.0;
/// How many times worse than nonsense a symbol may be.
const WORST: f32 = 4.0;
/// How much a symbol adds to the means.
const FAST: f32 = 0.2;
const SLOW: f32 = 0.01;
/// For so long nothing is learned from a signal that makes no sense; then it is, in case carrier or clock have jumped.
const FROZEN_MILLISECONDS: u32 = 120;
/// After so long it is no signal of ours.
const LOST_MILLISECONDS: u32 = 600;

impl Gate {
    /// A gate after training with an error.
    pub(super) fn new(mode: Mode, error: f32) -> Self {
        let garbage = match mode {
            Mode::V27ter2400 => 0.3,
            Mode::V27ter4800 => 0.22,
            Mode::V29At7200 => 0.15,
            Mode::V29At9600 => 0.09,
            Mode::V17At7200 => 0.11,
            Mode::V17At9600 => 0.065,
            Mode::V17At12000 => 0.045,
            Mode::V17At14400 => 0.028,
        };
        let mut gate = Self {
            garbage,
            fast: error,
            slow: error,
            most: 0.0,
            worst: WORST * garbage,
            closed: 0,
            symbols_per_second: mode.symbols_per_second(),
        };
        gate.set_most();
        gate
    }

    /// The mean error of what was trusted.
    pub(super) const fn error(&self) -> f32 {
        self.slow
    }

    /// Between what the errors are and what they would be if the signal made no sense. In much noise the one is hardly less than the other, and
    /// everything is trusted: the loops are slow enough, and stopping them would do more harm.
    pub(super) fn set_most(&mut self) {
        let is_certain = self.slow * CERTAIN < self.garbage;
        self.most = if is_certain { (self.slow * self.garbage).sqrt() } else { f32::MAX };
    }

    /// Takes the error of a symbol.
    #[inline]
    pub(super) fn hear(&mut self, error: f32) -> Trust {
        self.fast += FAST * (error.min(self.worst) - self.fast);
        if self.fast <= self.most {
            self.closed = 0;
            self.slow += SLOW * (error - self.slow);
            return Trust::Trusted;
        }
        self.doubt()
    }

    /// Symbols for which decisions have not been trusted.
    pub(super) const fn closed(&self) -> u32 {
        self.closed
    }

    #[cold]
    fn doubt(&mut self) -> Trust {
        self.closed += 1;
        let milliseconds = self.closed * 1000 / self.symbols_per_second;
        match milliseconds {
            0..FROZEN_MILLISECONDS => Trust::Doubtful,
            FROZEN_MILLISECONDS..LOST_MILLISECONDS => Trust::Trusted,
            _ => Trust::Lost,
        }
    }
}
