//! The points of each mode, in the units of the Recommendations' figures.
//!
//! V.17's points come in fours that a turn by 90° carries into one another, so only the one of each four that goes with the differential
//! bits 00 is written down.

use super::{Complex, Mode};

/// The points of a mode. The index is the encoder's: for V.27ter and V.29 the phase in steps of 45°, with V.29's greater amplitude 8 higher;
/// for V.17 the uncoded bits, two differential bits and the redundant bit, from the most significant on.
#[must_use]
pub const fn points(mode: Mode) -> &'static [Complex] {
    match mode {
        Mode::V27ter2400 | Mode::V27ter4800 => &PHASES,
        Mode::V29At7200 => V29.split_at(8).0,
        Mode::V29At9600 => &V29,
        Mode::V17At7200 => &V17_AT_7200,
        Mode::V17At9600 => &V17_AT_9600,
        Mode::V17At12000 => &V17_AT_12000,
        Mode::V17At14400 => &V17_AT_14400,
    }
}

/// The mean of the points' power.
#[must_use]
pub fn mean_power(mode: Mode) -> f32 {
    let points = points(mode);
    points.iter().map(|point| point.power()).sum::<f32>() / points.len() as f32
}

/// V.27ter's eight phases; at 2400 bit/s every other one is used.
// V.27ter §2.3, §2.4
static PHASES: [Complex; 8] = {
    let diagonal = std::f32::consts::FRAC_1_SQRT_2;
    let mut points = [Complex::ZERO; 8];
    let mut turn = 0;
    while turn < 4 {
        points[2 * turn] = Complex::new(1.0, 0.0).quarter_turns(turn);
        points[2 * turn + 1] = Complex::new(diagonal, diagonal).quarter_turns(turn);
        turn += 1;
    }
    points
};

/// V.29's sixteen points; at 7200 bit/s the first eight are used.
// V.29 §2, signal space diagram: amplitudes 3 and 5 on the axes, √2 and 3√2 on the diagonals
static V29: [Complex; 16] = {
    let mut points = [Complex::ZERO; 16];
    let mut turn = 0;
    while turn < 4 {
        points[2 * turn] = Complex::new(3.0, 0.0).quarter_turns(turn);
        points[2 * turn + 1] = Complex::new(1.0, 1.0).quarter_turns(turn);
        points[8 + 2 * turn] = Complex::new(5.0, 0.0).quarter_turns(turn);
        points[8 + 2 * turn + 1] = Complex::new(3.0, 3.0).quarter_turns(turn);
        turn += 1;
    }
    points
};

/// A point of V.17's figures.
type Place = (i8, i8);

/// The points with differential bits 00 by uncoded bits, first those with redundant bit 0, then those with 1.
// V.17 §2, signal space at 7200 bit/s
const QUARTER_AT_7200: [[Place; 2]; 2] = [[(6, -6), (-2, 2)], [(-2, 6), (6, -2)]];
// V.17 §2, signal space at 9600 bit/s
const QUARTER_AT_9600: [[Place; 4]; 2] = [[(-8, 2), (0, 2), (0, -6), (8, 2)], [(-6, -4), (-6, 4), (2, -4), (2, 4)]];
// V.17 §2, signal space at 12 000 bit/s
const QUARTER_AT_12000: [[Place; 8]; 2] = [
    [(7, 1), (3, -3), (7, -7), (-1, -7), (3, 5), (-1, 1), (-5, 5), (-5, -3)],
    [(-5, -1), (-1, 3), (-5, 7), (3, 7), (-1, -5), (3, -1), (7, -5), (7, 3)],
];
// V.17 §2, signal space at 14 400 bit/s
const QUARTER_AT_14400: [[Place; 16]; 2] = [
    [
        (-8, -3),
        (-8, 1),
        (-4, -3),
        (-4, 1),
        (4, -3),
        (4, 1),
        (0, -3),
        (0, 1),
        (8, -3),
        (8, 1),
        (-4, -7),
        (-4, 5),
        (4, -7),
        (4, 5),
        (0, -7),
        (0, 5),
    ],
    [
        (9, 2),
        (9, -2),
        (5, 2),
        (5, -2),
        (-3, 2),
        (-3, -2),
        (1, 2),
        (1, -2),
        (-7, 2),
        (-7, -2),
        (5, 6),
        (5, -6),
        (-3, 6),
        (-3, -6),
        (1, 6),
        (1, -6),
    ],
];

static V17_AT_7200: [Complex; 16] = whole(QUARTER_AT_7200);
static V17_AT_9600: [Complex; 32] = whole(QUARTER_AT_9600);
static V17_AT_12000: [Complex; 64] = whole(QUARTER_AT_12000);
static V17_AT_14400: [Complex; 128] = whole(QUARTER_AT_14400);

/// All points from a quarter of them. A turn by 90° clockwise adds one to the differential bits and changes the redundant bit.
const fn whole<const UNCODED: usize, const ALL: usize>(quarter: [[Place; UNCODED]; 2]) -> [Complex; ALL] {
    let mut points = [Complex::ZERO; ALL];
    let mut index = 0;
    while index < ALL {
        let (uncoded, differential, redundant) = (index >> 3, index >> 1 & 3, index & 1);
        let (re, im) = quarter[(redundant + differential) & 1][uncoded];
        points[index] = Complex::new(re as f32, im as f32).quarter_turns(4 - differential);
        index += 1;
    }
    points
}

/// V.17's four points of training: A, B, C, D, each 90° after the one before.
// V.17 §2: they are points of the signal space at 7200 bit/s
pub const TRAINING_V17: [Complex; 4] = {
    let first = Complex::new(-6.0, -2.0);
    [first, first.quarter_turns(1), first.quarter_turns(2), first.quarter_turns(3)]
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_points_are_one_and_neighbours_stand_apart() {
        for mode in Mode::ALL {
            let points = points(mode);
            let nearest = points
                .iter()
                .enumerate()
                .flat_map(|(at, one)| points[..at].iter().map(move |other| (*one - *other).power()))
                .fold(f32::MAX, f32::min);
            let expected = match mode {
                Mode::V27ter2400 | Mode::V27ter4800 => 2.0 - std::f32::consts::SQRT_2,
                Mode::V29At7200 | Mode::V29At9600 => 4.0,
                Mode::V17At7200 => 16.0,
                Mode::V17At9600 => 8.0,
                Mode::V17At12000 => 4.0,
                Mode::V17At14400 => 2.0,
            };
            assert!((nearest - expected).abs() < 1e-5, "{mode:?}: {nearest}");
        }
    }

    #[test]
    fn every_step_of_coding_doubles_the_distance() {
        // The eight subsets that the trellis chooses among: within each, points are twice as far apart as the square of the step before says.
        for (mode, apart) in
            [(Mode::V17At7200, 128.0), (Mode::V17At9600, 64.0), (Mode::V17At12000, 32.0), (Mode::V17At14400, 16.0)]
        {
            let points = points(mode);
            for subset in 0..8 {
                let mine: Vec<Complex> = points.iter().skip(subset).step_by(8).copied().collect();
                for (at, one) in mine.iter().enumerate() {
                    assert!(mine[..at].iter().all(|other| (*one - *other).power() >= apart), "{mode:?} {subset}");
                }
            }
        }
    }

    #[test]
    fn mean_powers_are_those_of_the_figures() {
        let expected = [1.0, 1.0, 5.5, 13.5, 40.0, 40.0, 42.0, 41.0];
        for (mode, power) in Mode::ALL.into_iter().zip(expected) {
            assert!((mean_power(mode) - power).abs() < 1e-5, "{mode:?}");
        }
    }
}
