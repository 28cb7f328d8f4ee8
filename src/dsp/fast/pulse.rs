//! The shape of a symbol on the line: a root-raised-cosine pulse on its carrier.
//!
//! Symbol k lies at a time t that is a multiple of a third of a sample, and adds Re{a · e^{iωt} · h(n − t) · e^{iω(n − t)}} to the samples n around
//! it. The last two factors depend only on which third t falls on, so they are in a table; the second turns by a multiple of 15° per symbol in
//! every mode. So no carrier is made sample by sample.

use std::f64::consts::{PI, TAU};
use std::sync::LazyLock;

use super::{Complex, Mode};
use crate::dsp::SAMPLES_PER_SECOND;

/// Samples a pulse lasts.
pub(super) const PULSE_SAMPLES: usize = 48;
/// Steps of 15° in a turn.
const TURN_STEPS: usize = 24;

/// The pulse of a mode.
#[derive(Debug)]
pub(super) struct Pulse {
    /// Thirds of a sample from one symbol to the next.
    pub(super) symbol_thirds: u32,
    /// For each third that a symbol may lie behind a sample, the pulse on the carrier: its cosine and its sine.
    pub(super) shapes: [[[f32; PULSE_SAMPLES]; 2]; 3],
    /// How far the carrier turns from a symbol to the next, in steps of 15°.
    turn: usize,
    turns: [Complex; TURN_STEPS],
}

impl Pulse {
    /// The pulse of a mode. Symbols of mean power 1 make samples of mean power 1.
    pub(super) fn of(mode: Mode) -> &'static Self {
        static V27TER_2400: LazyLock<Pulse> = LazyLock::new(|| Pulse::new(Mode::V27ter2400));
        static V27TER_4800: LazyLock<Pulse> = LazyLock::new(|| Pulse::new(Mode::V27ter4800));
        static V29: LazyLock<Pulse> = LazyLock::new(|| Pulse::new(Mode::V29At9600));
        static V17: LazyLock<Pulse> = LazyLock::new(|| Pulse::new(Mode::V17At14400));
        match mode {
            Mode::V27ter2400 => &V27TER_2400,
            Mode::V27ter4800 => &V27TER_4800,
            Mode::V29At7200 | Mode::V29At9600 => &V29,
            Mode::V17At7200 | Mode::V17At9600 | Mode::V17At12000 | Mode::V17At14400 => &V17,
        }
    }

    fn new(mode: Mode) -> Self {
        let samples_per_symbol = f64::from(SAMPLES_PER_SECOND) / f64::from(mode.symbols_per_second());
        let carrier_step = TAU * f64::from(mode.carrier_hertz()) / f64::from(SAMPLES_PER_SECOND);
        // The middle lies at the same time after the symbol for each third.
        let place = |third: usize, at: usize| at as f64 - (PULSE_SAMPLES / 2) as f64 + 0.5 - third as f64 / 3.0;
        let shape = |third: usize, at: usize| {
            let time = place(third, at);
            let edge = (PI * time / PULSE_SAMPLES as f64).cos().max(0.0);
            root_raised_cosine(time / samples_per_symbol, mode.roll_off()) * edge.powf(EDGE_POWER)
        };
        let energy: f64 =
            (0..3).flat_map(|third| (0..PULSE_SAMPLES).map(move |at| shape(third, at).powi(2))).sum::<f64>() / 3.0;
        // Half the energy is lost to the carrier.
        let scale = (2.0 * samples_per_symbol / energy).sqrt();
        let mut shapes = [[[0.0; PULSE_SAMPLES]; 2]; 3];
        for (third, [cosine, sine]) in shapes.iter_mut().enumerate() {
            for at in 0..PULSE_SAMPLES {
                let angle = carrier_step * place(third, at);
                cosine[at] = (scale * shape(third, at) * angle.cos()) as f32;
                sine[at] = (scale * shape(third, at) * angle.sin()) as f32;
            }
        }
        let mut turns = [Complex::ZERO; TURN_STEPS];
        for (step, turn) in turns.iter_mut().enumerate() {
            *turn = Complex::at_angle((TAU * step as f64 / TURN_STEPS as f64) as f32);
        }
        let turn = TURN_STEPS * mode.carrier_hertz() as usize / mode.symbols_per_second() as usize % TURN_STEPS;
        Self { symbol_thirds: 3 * SAMPLES_PER_SECOND / mode.symbols_per_second(), shapes, turn, turns }
    }

    /// A symbol's point turned to where the carrier is, and the step of the next symbol.
    pub(super) fn turned(&self, point: Complex, step: usize) -> (Complex, usize) {
        (point * self.turns[step], (step + self.turn) % TURN_STEPS)
    }
}

/// How steeply the pulse is let down at its ends: a little, so that its spectrum has no long skirts.
const EDGE_POWER: f64 = 0.25;

/// The pulse whose convolution with itself is 0 at every other symbol; time in symbols.
fn root_raised_cosine(time: f64, roll_off: f64) -> f64 {
    let quadruple = 4.0 * roll_off * time;
    if time.abs() < 1e-9 {
        return 1.0 - roll_off + 4.0 * roll_off / PI;
    }
    if (quadruple.abs() - 1.0).abs() < 1e-9 {
        let corner = PI / (4.0 * roll_off);
        return roll_off / 2.0_f64.sqrt() * ((1.0 + 2.0 / PI) * corner.sin() + (1.0 - 2.0 / PI) * corner.cos());
    }
    let angle = PI * time;
    ((angle * (1.0 - roll_off)).sin() + quadruple * (angle * (1.0 + roll_off)).cos())
        / (angle * (1.0 - quadruple * quadruple))
}
