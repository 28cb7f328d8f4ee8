//! Noise, from a seed.

use std::f64::consts::TAU;

use crate::chance::Chance;

/// Gaussian noise over the whole band, and impulses.
#[derive(Clone, Debug)]
pub struct Noise {
    chance: Chance,
    amplitude: f64,
    /// One in so many samples begins an impulse, of this height.
    impulses: Option<(u32, f64)>,
    spare: Option<f64>,
    ringing: f64,
}

impl Noise {
    /// Noise of this power, the mean square of its samples.
    #[must_use]
    pub fn of_power(power: f64, seed: u64) -> Self {
        Self { chance: Chance::new(seed), amplitude: power.sqrt(), impulses: None, spare: None, ringing: 0.0 }
    }

    /// None.
    #[must_use]
    pub fn none() -> Self {
        Self::of_power(0.0, 0)
    }

    /// Impulses too: one in so many samples, of this height, which die away within a millisecond.
    #[must_use]
    pub const fn with_impulses(mut self, one_in: u32, height: f64) -> Self {
        self.impulses = Some((one_in, height));
        self
    }

    /// The next sample.
    #[expect(clippy::should_implement_trait, reason = "it never ends, so it is no iterator")]
    pub fn next(&mut self) -> f64 {
        let mut sample = if self.amplitude > 0.0 { self.amplitude * self.normal() } else { 0.0 };
        if let Some((one_in, height)) = self.impulses {
            self.ringing *= -0.6;
            if self.chance.below(one_in) == 0 {
                self.ringing = if self.chance.below(2) == 0 { height } else { -height };
            }
            sample += self.ringing;
        }
        sample
    }

    /// A normal deviate, after Box and Muller.
    fn normal(&mut self) -> f64 {
        if let Some(spare) = self.spare.take() {
            return spare;
        }
        let mut uniform = || ((self.chance.next() >> 11) as f64 + 0.5) / (1_u64 << 53) as f64;
        let (length, angle) = ((-2.0 * uniform().ln()).sqrt(), TAU * uniform());
        let (sin, cos) = angle.sin_cos();
        self.spare = Some(length * sin);
        length * cos
    }
}
