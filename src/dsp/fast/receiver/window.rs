//! The last half symbols, each at its number since the receiver began.
//!
//! They are whole numbers, as samples are: of those a processor multiplies four times as many at once as of others. What rounding adds to the
//! faintest carrier lies below what the codes of G.711 add to it.

use super::super::Complex;

/// The signal at the last half symbols. Real and imaginary parts lie apart, so that several are worked on at once.
#[derive(Clone, Debug)]
pub(super) struct Window {
    re: [i16; CAPACITY],
    im: [i16; CAPACITY],
    held: usize,
    /// The number of the first one held.
    first: u64,
}

const CAPACITY: usize = 1024;
/// Half symbols that are always there: the beginning of the conditioning while the equaliser is found from it.
const KEPT: usize = 512;

/// The signal at a half symbol.
#[derive(Clone, Copy, Debug)]
pub(super) struct Half {
    pub(super) re: i16,
    pub(super) im: i16,
}

/// Some half symbols in a row.
#[derive(Clone, Copy, Debug)]
pub(super) struct Run<'a> {
    pub(super) re: &'a [i16],
    pub(super) im: &'a [i16],
}

impl Half {
    pub(super) const ZERO: Self = Self { re: 0, im: 0 };

    pub(super) fn power(self) -> f32 {
        self.complex().power()
    }

    pub(super) fn complex(self) -> Complex {
        Complex::new(f32::from(self.re), f32::from(self.im))
    }
}

impl Window {
    pub(super) const fn new() -> Self {
        Self { re: [0; CAPACITY], im: [0; CAPACITY], held: KEPT, first: 0 }
    }

    /// The number of the next half symbol.
    pub(super) const fn end(&self) -> u64 {
        self.first + self.held as u64
    }

    pub(super) fn push(&mut self, half: Half) {
        if self.held == CAPACITY {
            self.re.copy_within(CAPACITY - KEPT.., 0);
            self.im.copy_within(CAPACITY - KEPT.., 0);
            self.first += (CAPACITY - KEPT) as u64;
            self.held = KEPT;
        }
        (self.re[self.held], self.im[self.held]) = (half.re, half.im);
        self.held += 1;
    }

    /// So many half symbols from a number on. They must be among the last [`KEPT`].
    pub(super) fn run(&self, from: u64, count: usize) -> Run<'_> {
        let start = (from.saturating_sub(self.first) as usize).min(self.held - count);
        Run { re: &self.re[start..start + count], im: &self.im[start..start + count] }
    }
}

impl Run<'_> {
    /// The sum of products with as many complex numbers, the run may be longer. The sizes of their parts must not add up to more than 32 768.
    #[inline]
    pub(super) fn dot<const COUNT: usize>(&self, re: &[i16; COUNT], im: &[i16; COUNT]) -> Complex {
        let (own_re, own_im) = (fixed(self.re), fixed(self.im));
        let (whole_re, whole_im) =
            (products(own_re, re) - products(own_im, im), products(own_re, im) + products(own_im, re));
        Complex::new(whole_re as f32, whole_im as f32)
    }

    /// The sum of the powers of so many half symbols, a multiple of eight.
    pub(super) fn energy<const COUNT: usize>(&self) -> f32 {
        squares::<COUNT>(fixed(self.re)) + squares::<COUNT>(fixed(self.im))
    }

    /// So many half symbols as floats: real parts and imaginary ones.
    pub(super) fn floats<const COUNT: usize>(&self) -> ([f32; COUNT], [f32; COUNT]) {
        (floats(fixed(self.re)), floats(fixed(self.im)))
    }

    /// The first one.
    pub(super) fn first(&self) -> Half {
        Half { re: self.re[0], im: self.im[0] }
    }
}

/// The first numbers of a row, whose count the compiler then knows.
#[inline]
pub(super) fn fixed<const COUNT: usize>(row: &[i16]) -> &[i16; COUNT] {
    row.first_chunk().unwrap_or(const { &[0; COUNT] })
}

/// The sum of the products of two rows, whose length is a multiple of 32. Never inlined: beside another sum like it, the compiler works on parts of
/// both at once, which takes three times as long as one after the other.
#[inline(never)]
pub(super) fn products<const COUNT: usize>(one: &[i16; COUNT], other: &[i16; COUNT]) -> i32 {
    one.iter().zip(other).map(|(one, other)| i32::from(*one) * i32::from(*other)).sum()
}

#[inline]
fn floats<const COUNT: usize>(row: &[i16; COUNT]) -> [f32; COUNT] {
    let mut floats = [0.0; COUNT];
    for (float, whole) in floats.iter_mut().zip(row) {
        *float = f32::from(*whole);
    }
    floats
}

/// The sum of the squares of a row, which may be too great for 32 bits.
#[inline(never)]
fn squares<const COUNT: usize>(row: &[i16; COUNT]) -> f32 {
    let mut sums = [0.0; LANES];
    for chunk in 0..COUNT / LANES {
        for lane in 0..LANES {
            let number = f32::from(row[LANES * chunk + lane]);
            sums[lane] += number * number;
        }
    }
    sums.iter().sum()
}

/// Numbers worked on at once.
const LANES: usize = 8;

/// Whole numbers in proportion to some complex ones, for [`Run::dot`], and what one of them stands for.
pub(super) fn whole<const COUNT: usize>(re: &[f32; COUNT], im: &[f32; COUNT]) -> ([i16; COUNT], [i16; COUNT], f32) {
    let mut sums = [1e-30; LANES];
    for row in [re, im] {
        for chunk in row.chunks_exact(LANES) {
            for (sum, number) in sums.iter_mut().zip(chunk) {
                *sum += number.abs();
            }
        }
    }
    let most = MOST_SUM / sums.iter().sum::<f32>();
    // Added to a great number the whole part stands in the last bits, negative or not.
    let (mut whole_re, mut whole_im) = ([0; COUNT], [0; COUNT]);
    for (whole, number) in whole_re.iter_mut().zip(re) {
        *whole = (number * most + SHIFTER).to_bits() as i16;
    }
    for (whole, number) in whole_im.iter_mut().zip(im) {
        *whole = (number * most + SHIFTER).to_bits() as i16;
    }
    (whole_re, whole_im, 1.0 / most)
}

/// The sizes of whole numbers in a dot product add up to no more, with room for rounding.
const MOST_SUM: f32 = 32_000.0;
const SHIFTER: f32 = 12_582_912.0;
