//! The equaliser: a filter over half symbols that undoes the line.

use super::super::Complex;
use super::window::{Run, Window, fixed};

/// Half symbols it looks at.
pub(super) const TAPS: usize = 32;
/// Half symbols of them before the symbol's own.
pub(super) const BEFORE: u64 = 16;
/// Half symbols that must be there after the symbol's own.
pub(super) const AFTER: u64 = TAPS as u64 - BEFORE;

/// The taps.
#[derive(Clone, Debug)]
pub(super) struct Equaliser {
    pub(super) re: [f32; TAPS],
    pub(super) im: [f32; TAPS],
}

impl Equaliser {
    pub(super) const fn new() -> Self {
        Self { re: [0.0; TAPS], im: [0.0; TAPS] }
    }

    /// What it looks at for the symbol at a half symbol.
    pub(super) fn run(window: &Window, at: u64) -> Run<'_> {
        window.run(at - BEFORE, TAPS)
    }

    /// The symbol, carrier and all.
    #[inline]
    pub(super) fn output(&self, run: Run<'_>) -> Complex {
        run.dot(&self.re, &self.im)
    }

    /// Moves against an error: `step` times error over the power of what it looked at.
    pub(super) fn adapt(&mut self, run: Run<'_>, error: Complex) {
        let (run_re, run_im) = (fixed::<TAPS>(run.re), fixed::<TAPS>(run.im));
        for at in 0..TAPS {
            self.re[at] += error.re * run_re[at] + error.im * run_im[at];
        }
        for at in 0..TAPS {
            self.im[at] += error.im * run_re[at] - error.re * run_im[at];
        }
    }

    /// Stretches all taps.
    pub(super) fn scale(&mut self, factor: f32) {
        for tap in self.re.iter_mut().chain(self.im.iter_mut()) {
            *tap *= factor;
        }
    }
}
