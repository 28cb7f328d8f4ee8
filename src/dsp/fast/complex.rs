//! Complex numbers, as far as a modem needs them.

use std::ops::{Add, AddAssign, Mul, Neg, Sub};

/// A complex number.
#[derive(Clone, Copy, PartialEq, Default, Debug)]
pub struct Complex {
    /// The real part: in phase with the carrier.
    pub re: f32,
    /// The imaginary part: in quadrature to it.
    pub im: f32,
}

impl Complex {
    /// Nothing.
    pub const ZERO: Self = Self::new(0.0, 0.0);

    /// The number `re` + i `im`.
    #[must_use]
    pub const fn new(re: f32, im: f32) -> Self {
        Self { re, im }
    }

    /// Length 1 at an angle in radians.
    #[must_use]
    pub fn at_angle(radians: f32) -> Self {
        let (im, re) = radians.sin_cos();
        Self { re, im }
    }

    /// The conjugate.
    #[must_use]
    pub const fn conjugate(self) -> Self {
        Self { re: self.re, im: -self.im }
    }

    /// The square of the length.
    #[must_use]
    pub const fn power(self) -> f32 {
        self.re * self.re + self.im * self.im
    }

    /// The angle in radians, from −π to π.
    #[must_use]
    pub fn angle(self) -> f32 {
        self.im.atan2(self.re)
    }

    /// Turned by 90° so many times, counter-clockwise. Exact.
    #[must_use]
    pub const fn quarter_turns(self, times: usize) -> Self {
        match times & 3 {
            0 => self,
            1 => Self { re: -self.im, im: self.re },
            2 => Self { re: -self.re, im: -self.im },
            _ => Self { re: self.im, im: -self.re },
        }
    }
}

impl Add for Complex {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self { re: self.re + other.re, im: self.im + other.im }
    }
}

impl AddAssign for Complex {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sub for Complex {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self { re: self.re - other.re, im: self.im - other.im }
    }
}

impl Neg for Complex {
    type Output = Self;
    fn neg(self) -> Self {
        Self { re: -self.re, im: -self.im }
    }
}

impl Mul for Complex {
    type Output = Self;
    fn mul(self, other: Self) -> Self {
        Self { re: self.re * other.re - self.im * other.im, im: self.re * other.im + self.im * other.re }
    }
}

impl Mul<f32> for Complex {
    type Output = Self;
    fn mul(self, factor: f32) -> Self {
        Self { re: self.re * factor, im: self.im * factor }
    }
}
