//! The equaliser: a filter over half symbols that undoes the line.

use super::super::Complex;
use super::window::{Run, Window, whole};
use std::f32::consts::PI;

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

    /// Gives what it would have given a share of a symbol before, at most half of one. The carrier turns by so much in half a symbol.
    pub(super) fn hasten(&mut self, symbols: f32, half: Complex) {
        let turn = half.angle();
        let mut taps = [Complex::ZERO; TAPS];
        for away in -REACH..=REACH {
            // What the output so many half symbols away has to do with that between half symbols.
            let factor = Complex::at_angle(-turn * away as f32) * between(away as f32 + 2.0 * symbols);
            for (at, tap) in taps.iter_mut().enumerate() {
                let from = at.wrapping_add_signed(-away);
                if let (Some(re), Some(im)) = (self.re.get(from), self.im.get(from)) {
                    *tap += Complex::new(*re, *im) * factor;
                }
            }
        }
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

/// Half symbols to each side that something between them is found from.
const REACH: isize = 8;

/// The share in it of one that lies so many half symbols away.
fn between(apart: f32) -> f32 {
    let window = (PI * apart / (2 * REACH + 2) as f32).cos();
    let apart = PI * apart;
    if apart.abs() < 1e-4 { 1.0 } else { apart.sin() / apart * window * window }
}

#[cfg(test)]
mod tests {
    use super::super::window::Half;
    use super::*;

    #[test]
    fn a_hastened_equaliser_gives_what_was_there_before_up_to_the_edges_of_the_band() {
        const AMPLITUDE: f32 = 10_000.0;
        let half = Complex::at_angle(1.9);
        for turn in [-0.65, -0.4, 0.0, 0.4, 0.65].map(|share| share * PI) {
            let signal = |at: f32| Complex::at_angle(turn * at) * AMPLITUDE;
            let mut window = Window::new();
            let begin = window.end();
            for at in 0..TAPS {
                let heard = signal(at as f32) * Complex::at_angle(half.angle() * at as f32);
                window.push(Half { re: heard.re.round() as i16, im: heard.im.round() as i16 });
            }
            for symbols in [-0.3, -0.05, 0.1, 0.25] {
                let mut taps = [0.0; TAPS];
                taps[BEFORE as usize] = 1.0;
                let mut equaliser = Equaliser::with(taps, [0.0; TAPS]);
                equaliser.hasten(symbols, half);
                let given = equaliser.output(Equaliser::run(&window, begin + BEFORE));
                let given = given * Complex::at_angle(-half.angle() * BEFORE as f32);
                let error = (given - signal(BEFORE as f32 - 2.0 * symbols)).power().sqrt() / AMPLITUDE;
                assert!(error < 0.02, "{turn} {symbols}: {error}");
            }
        }
    }
}
