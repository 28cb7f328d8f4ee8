//! Moves all frequencies, and shakes the phase.

use std::f64::consts::{PI, TAU};

const SAMPLES_PER_SECOND: f64 = 8000.0;
/// Taps of the filter that makes the quadrature; an odd number.
const TAPS: usize = 255;

/// The signal with all frequencies moved by `hertz`, its phase swinging by `jitter` (degrees from peak to peak, Hz).
pub(super) fn shift(signal: &[f64], hertz: f64, jitter: Option<(f64, f64)>) -> Vec<f64> {
    let middle = (TAPS / 2) as isize;
    // Only every other tap is not 0.
    let taps: Vec<(isize, f64)> = (-middle..=middle)
        .filter(|place| place % 2 != 0)
        .map(|place| {
            let window = (PI * place as f64 / TAPS as f64).cos().powi(2);
            (place, 2.0 / (PI * place as f64) * window)
        })
        .collect();
    let at = |place: isize| usize::try_from(place).ok().and_then(|place| signal.get(place)).copied().unwrap_or(0.0);
    (0..signal.len())
        .map(|place| {
            let quadrature: f64 = taps.iter().map(|(tap, value)| value * at(place as isize - tap)).sum();
            let time = place as f64 / SAMPLES_PER_SECOND;
            let swing = jitter.map_or(0.0, |(degrees, rate)| (degrees / 2.0).to_radians() * (TAU * rate * time).sin());
            let (sin, cos) = (TAU * hertz * time + swing).sin_cos();
            signal[place] * cos - quadrature * sin
        })
        .collect()
}
