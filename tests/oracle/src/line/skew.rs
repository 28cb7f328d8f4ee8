//! Two clocks that do not run alike.

use std::f64::consts::PI;

/// Samples on each side that count.
const REACH: isize = 24;

/// The signal as a receiver takes it whose clock is slower by so many parts per million.
pub(super) fn resample(signal: &[f64], ppm: f64) -> Vec<f64> {
    let step = 1.0 + ppm / 1e6;
    let count = (signal.len() as f64 / step) as usize;
    let at = |place: isize| usize::try_from(place).ok().and_then(|place| signal.get(place)).copied().unwrap_or(0.0);
    (0..count)
        .map(|sample| {
            let time = sample as f64 * step;
            let (base, share) = (time.floor() as isize, time.fract());
            // sin(π(x − k)) differs from sin(πx) only in its sign.
            let sine = (PI * share).sin();
            if sine.abs() < 1e-9 {
                return at(if share < 0.5 { base } else { base + 1 });
            }
            (-REACH + 1..=REACH)
                .map(|place| {
                    let distance = share - place as f64;
                    let window = (PI * distance / (2 * REACH) as f64).cos().powi(2);
                    let sign = if place % 2 == 0 { 1.0 } else { -1.0 };
                    at(base + place) * sign * sine / (PI * distance) * window
                })
                .sum()
        })
        .collect()
}
