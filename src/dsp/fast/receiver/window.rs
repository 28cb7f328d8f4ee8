//! The last half symbols, each at its number since the receiver began.

use super::super::Complex;

/// The signal at the last half symbols. Real and imaginary parts lie apart, so that several are worked on at once.
#[derive(Clone, Debug)]
pub(super) struct Window {
    re: [f32; CAPACITY],
    im: [f32; CAPACITY],
    held: usize,
    /// The number of the first one held.
    first: u64,
}

const CAPACITY: usize = 1024;
/// Half symbols that are always there: the beginning of the conditioning while the equaliser is found from it.
const KEPT: usize = 512;

/// Some half symbols in a row.
#[derive(Clone, Copy, Debug)]
pub(super) struct Run<'a> {
    pub(super) re: &'a [f32],
    pub(super) im: &'a [f32],
}

impl Window {
    pub(super) const fn new() -> Self {
        Self { re: [0.0; CAPACITY], im: [0.0; CAPACITY], held: KEPT, first: 0 }
    }

    /// The number of the next half symbol.
    pub(super) const fn end(&self) -> u64 {
        self.first + self.held as u64
    }

    pub(super) fn push(&mut self, signal: Complex) {
        if self.held == CAPACITY {
            self.re.copy_within(CAPACITY - KEPT.., 0);
            self.im.copy_within(CAPACITY - KEPT.., 0);
            self.first += (CAPACITY - KEPT) as u64;
            self.held = KEPT;
        }
        (self.re[self.held], self.im[self.held]) = (signal.re, signal.im);
        self.held += 1;
    }

    /// So many half symbols from a number on. They must be among the last [`KEPT`].
    pub(super) fn run(&self, from: u64, count: usize) -> Run<'_> {
        let start = (from.saturating_sub(self.first) as usize).min(self.held - count);
        Run { re: &self.re[start..start + count], im: &self.im[start..start + count] }
    }
}

impl Run<'_> {
    /// The sum of products with as many complex numbers, a multiple of eight. The run may be longer.
    #[inline]
    pub(super) fn dot<const COUNT: usize>(&self, re: &[f32; COUNT], im: &[f32; COUNT]) -> Complex {
        let (own_re, own_im) = (fixed(self.re), fixed(self.im));
        Complex::new(products(own_re, re) - products(own_im, im), products(own_re, im) + products(own_im, re))
    }

    /// The sum of the powers of so many half symbols, a multiple of eight.
    #[inline]
    pub(super) fn energy<const COUNT: usize>(&self) -> f32 {
        let (re, im) = (fixed::<COUNT>(self.re), fixed::<COUNT>(self.im));
        products(re, re) + products(im, im)
    }

    /// The first one.
    pub(super) fn first(&self) -> Complex {
        Complex::new(self.re[0], self.im[0])
    }
}

/// The first numbers of a row, whose count the compiler then knows.
#[inline]
pub(super) fn fixed<const COUNT: usize>(row: &[f32]) -> &[f32; COUNT] {
    row.first_chunk().unwrap_or(const { &[0.0; COUNT] })
}

/// The sum of the products of two rows, whose length is a multiple of eight. Never inlined: beside another sum like it, the compiler works on parts of
/// both at once, which takes three times as long as one after the other.
#[inline(never)]
pub(super) fn products<const COUNT: usize>(one: &[f32; COUNT], other: &[f32; COUNT]) -> f32 {
    let mut sums = [0.0; LANES];
    for chunk in 0..COUNT / LANES {
        for lane in 0..LANES {
            sums[lane] += one[LANES * chunk + lane] * other[LANES * chunk + lane];
        }
    }
    let pairs: [f32; 4] = std::array::from_fn(|lane| sums[lane] + sums[lane + 4]);
    (pairs[0] + pairs[2]) + (pairs[1] + pairs[3])
}

/// Numbers worked on at once.
const LANES: usize = 8;
