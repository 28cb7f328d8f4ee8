//! The equaliser: a filter over half symbols that undoes the line.

use super::super::Complex;
use super::window::{Run, Window, whole};

/// Half symbols it looks at.
pub(super) const TAPS: usize = 32;
/// Half symbols of them before the symbol's own.
pub(super) const BEFORE: u64 = 16;
/// Half symbols that must be there after the symbol's own.
pub(super) const AFTER: u64 = TAPS as u64 - BEFORE;

/// The taps, and whole numbers in their stead.
#[derive(Clone, Debug)]
pub(super) struct Equaliser {
    re: [f32; TAPS],
    im: [f32; TAPS],
    whole_re: [i16; TAPS],
    whole_im: [i16; TAPS],
    /// What one of the whole numbers is.
    unit: f32,
}

impl Equaliser {
    pub(super) const fn new() -> Self {
        Self { re: [0.0; TAPS], im: [0.0; TAPS], whole_re: [0; TAPS], whole_im: [0; TAPS], unit: 0.0 }
    }

    /// With these taps.
    pub(super) fn with(re: [f32; TAPS], im: [f32; TAPS]) -> Self {
        let mut equaliser = Self { re, im, ..Self::new() };
        equaliser.settle();
        equaliser
    }

    fn settle(&mut self) {
        (self.whole_re, self.whole_im, self.unit) = whole(&self.re, &self.im);
    }

    /// What it looks at for the symbol at a half symbol.
    pub(super) fn run(window: &Window, at: u64) -> Run<'_> {
        window.run(at - BEFORE, TAPS)
    }

    /// The symbol, carrier and all.
    #[inline]
    pub(super) fn output(&self, run: Run<'_>) -> Complex {
        run.dot(&self.whole_re, &self.whole_im) * self.unit
    }

    /// Moves against an error: `step` times error over the power of what it looked at.
    pub(super) fn adapt(&mut self, run: Run<'_>, error: Complex) {
        let (run_re, run_im) = run.floats::<TAPS>();
        for at in 0..TAPS {
            self.re[at] += error.re * run_re[at] + error.im * run_im[at];
        }
        for at in 0..TAPS {
            self.im[at] += error.im * run_re[at] - error.re * run_im[at];
        }
        self.settle();
    }

    /// Gives what it would have given a small share of a symbol before. The carrier turns by so much in half a symbol.
    pub(super) fn hasten(&mut self, symbols: f32, half: Complex) {
        let tap = |at: Option<usize>| {
            at.filter(|at| *at < TAPS).map_or(Complex::ZERO, |at| Complex::new(self.re[at], self.im[at]))
        };
        // Less what the output changes by from half a symbol before to half a symbol behind.
        let slope = |at: usize| tap(at.checked_sub(1)) * half.conjugate() - tap(Some(at + 1)) * half;
        let taps: [Complex; TAPS] = std::array::from_fn(|at| tap(Some(at)) - slope(at) * symbols);
        *self = Self::with(taps.map(|tap| tap.re), taps.map(|tap| tap.im));
    }

    /// Stretches all taps.
    pub(super) fn scale(&mut self, factor: f32) {
        for tap in self.re.iter_mut().chain(self.im.iter_mut()) {
            *tap *= factor;
        }
        self.unit *= factor;
    }
}
