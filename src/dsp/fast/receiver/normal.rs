//! The equaliser that fits a known sequence best: least squares.
//!
//! What the equaliser looks at moves on by two half symbols from symbol to symbol, so that all but two rows of the matrix of products follow
//! from the two above them and the first and last symbols.

use super::super::Complex;
use super::equaliser::{Equaliser, TAPS};
use super::window::{Run, fixed};

/// Sums over some symbols in a row.
#[derive(Clone, Debug)]
pub(super) struct Normal {
    /// The first two rows of the matrix: products of the conjugate of the first two half symbols with all of them.
    rows: [[[f32; TAPS]; 2]; 2],
    /// Products of the conjugate of each half symbol with what the symbol should be.
    aims: [[f32; TAPS]; 2],
    /// What the first symbol was found from.
    first: [[i16; TAPS]; 2],
    /// Symbols summed up.
    symbols: u32,
}

type Matrix = [[(f64, f64); TAPS]; TAPS];

impl Normal {
    pub(super) const fn new() -> Self {
        Self { rows: [[[0.0; TAPS]; 2]; 2], aims: [[0.0; TAPS]; 2], first: [[0; TAPS]; 2], symbols: 0 }
    }

    /// Symbols summed up.
    pub(super) const fn symbols(&self) -> u32 {
        self.symbols
    }

    /// Adds the signal of the next symbol.
    pub(super) fn add_signal(&mut self, run: Run<'_>) {
        if self.symbols == 0 {
            self.first = [*fixed(run.re), *fixed(run.im)];
        }
        self.symbols += 1;
        let (run_re, run_im) = run.floats::<TAPS>();
        for (row, [re, im]) in self.rows.iter_mut().enumerate() {
            let (own_re, own_im) = (run_re[row], run_im[row]);
            let sums = re.iter_mut().zip(im.iter_mut());
            for ((re, im), (run_re, run_im)) in sums.zip(run_re.iter().zip(&run_im)) {
                *re += own_re * run_re + own_im * run_im;
                *im += own_re * run_im - own_im * run_re;
            }
        }
    }

    /// Adds what that symbol should be, carrier and all.
    pub(super) fn add_aim(&mut self, run: Run<'_>, aim: Complex) {
        let [re, im] = &mut self.aims;
        let (run_re, run_im) = run.floats::<TAPS>();
        for ((re, im), (run_re, run_im)) in re.iter_mut().zip(im.iter_mut()).zip(run_re.iter().zip(&run_im)) {
            *re += run_re * aim.re + run_im * aim.im;
            *im += run_re * aim.im - run_im * aim.re;
        }
    }

    /// Forgets what the symbols should be.
    pub(super) fn forget_aims(&mut self) {
        self.aims = [[0.0; TAPS]; 2];
    }

    /// The equaliser that fits best, where `next` is what the symbol after the last would be found from. `load` is added noise as a share of the
    /// signal, which keeps taps small that the signal says nothing about. None without a signal.
    pub(super) fn solve(&self, next: Run<'_>, load: f64) -> Option<Equaliser> {
        let mut matrix = self.matrix(next);
        let trace: f64 = (0..TAPS).map(|at| matrix[at][at].0).sum();
        for (at, row) in matrix.iter_mut().enumerate() {
            row[at].0 += load * trace / TAPS as f64;
        }
        factor(&mut matrix)?;
        let mut sums = [(0.0, 0.0); TAPS];
        for (sum, (re, im)) in sums.iter_mut().zip(self.aims[0].iter().zip(&self.aims[1])) {
            *sum = (f64::from(*re), f64::from(*im));
        }
        substitute(&matrix, &mut sums);
        Some(Equaliser::with(sums.map(|(re, _)| re as f32), sums.map(|(_, im)| im as f32)))
    }

    /// The lower half of the matrix of products.
    fn matrix(&self, next: Run<'_>) -> Matrix {
        let mut matrix = [[(0.0, 0.0); TAPS]; TAPS];
        let product = |re: &[i16], im: &[i16], row: usize, column: usize| {
            let (re, im) = ((f64::from(re[row]), f64::from(re[column])), (f64::from(im[row]), f64::from(im[column])));
            (re.0 * re.1 + im.0 * im.1, re.0 * im.1 - im.0 * re.1)
        };
        for row in 0..TAPS {
            for column in 0..=row {
                matrix[row][column] = if column < 2 {
                    (f64::from(self.rows[column][0][row]), -f64::from(self.rows[column][1][row]))
                } else {
                    let above = matrix[row - 2][column - 2];
                    let last = product(next.re, next.im, row - 2, column - 2);
                    let first = product(&self.first[0], &self.first[1], row - 2, column - 2);
                    (above.0 + last.0 - first.0, above.1 + last.1 - first.1)
                };
            }
        }
        matrix
    }
}

/// Cholesky's factors of a Hermitian matrix, in its lower half.
#[expect(clippy::needless_range_loop, reason = "rows and columns are numbers as in the formula")]
fn factor(matrix: &mut Matrix) -> Option<()> {
    for column in 0..TAPS {
        let mut pivot = matrix[column][column].0;
        for at in 0..column {
            let (re, im) = matrix[column][at];
            pivot -= re * re + im * im;
        }
        if pivot.is_nan() || pivot <= 0.0 {
            return None;
        }
        let pivot = pivot.sqrt();
        matrix[column][column] = (pivot, 0.0);
        for row in column + 1..TAPS {
            let (mut re, mut im) = matrix[row][column];
            for at in 0..column {
                let (own, other) = (matrix[row][at], matrix[column][at]);
                re -= own.0 * other.0 + own.1 * other.1;
                im -= own.1 * other.0 - own.0 * other.1;
            }
            matrix[row][column] = (re / pivot, im / pivot);
        }
    }
    Some(())
}

/// Solves for the sums with the factors.
fn substitute(factors: &Matrix, sums: &mut [(f64, f64); TAPS]) {
    for row in 0..TAPS {
        let (mut re, mut im) = sums[row];
        for at in 0..row {
            let (factor, sum) = (factors[row][at], sums[at]);
            re -= factor.0 * sum.0 - factor.1 * sum.1;
            im -= factor.0 * sum.1 + factor.1 * sum.0;
        }
        sums[row] = (re / factors[row][row].0, im / factors[row][row].0);
    }
    for row in (0..TAPS).rev() {
        let (mut re, mut im) = sums[row];
        for at in row + 1..TAPS {
            // The other factor is the conjugate of this one, transposed.
            let (factor, sum) = (factors[at][row], sums[at]);
            re -= factor.0 * sum.0 + factor.1 * sum.1;
            im -= factor.0 * sum.1 - factor.1 * sum.0;
        }
        sums[row] = (re / factors[row][row].0, im / factors[row][row].0);
    }
}
