//! Receivers on simple lines, beside losses and behind a foreign transmitter. Bit error rates against noise are measured in the oracle.

mod clicks;
mod foreign;
mod lines;
mod losses;
mod loud;
mod runaway;
mod silence;

use super::super::{Mode, Training, Transmitter};
use super::{Event, Receiver};
use crate::dsp::g711::Law;
use std::f64::consts::{PI, TAU};

/// Bits without pattern.
fn data(count: usize) -> Vec<bool> {
    let mut state = 1_u32;
    let bits = std::iter::repeat_with(|| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state >> 31 == 1
    });
    bits.take(count).collect()
}

/// Numbers from −1 to 1 without pattern.
fn noise() -> impl FnMut() -> f64 {
    let mut state = 7_u32;
    move || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        f64::from(state.cast_signed()) / f64::from(i32::MAX)
    }
}

/// A carrier with silence around it.
fn send(mode: Mode, training: Training, echo_protection: bool, bits: &[bool]) -> Vec<f64> {
    let mut transmitter = Transmitter::new(mode, training, echo_protection);
    let mut bits = bits.iter().copied();
    let mut signal = vec![0.0; MARGIN];
    loop {
        let mut samples = [0; 160];
        let written = transmitter.transmit(&mut samples, &mut || bits.next());
        signal.extend(samples[..written].iter().map(|sample| f64::from(*sample)));
        if written < samples.len() {
            break;
        }
    }
    signal.extend([0.0; MARGIN]);
    signal
}

/// Samples of silence before a carrier and after it.
const MARGIN: usize = 800;

/// As G.711 brings it.
fn coded(signal: &[f64]) -> Vec<i16> {
    signal.iter().map(|sample| Law::Mu.decode(Law::Mu.encode(sample.round() as i16))).collect()
}

/// What a receiver told.
#[derive(Default, PartialEq, Debug)]
struct Heard {
    bits: Vec<bool>,
    /// Everything else, and how many packets had come in by then.
    signs: Vec<(usize, Event)>,
}

impl Heard {
    fn signs(&self) -> Vec<Event> {
        self.signs.iter().map(|(_, sign)| *sign).collect()
    }

    /// Wrong bits among those sent. What is heard after them is not counted.
    fn wrong(&self, sent: &[bool]) -> usize {
        let compared = sent.iter().zip(&self.bits).filter(|(sent, heard)| sent != heard).count();
        compared + sent.len().saturating_sub(self.bits.len())
    }
}

/// The first and last wrong bit.
fn spread(sent: &[bool], heard: &[bool]) -> Option<(usize, usize)> {
    let wrong: Vec<usize> = (0..sent.len()).filter(|at| heard.get(*at) != Some(&sent[*at])).collect();
    Some((*wrong.first()?, *wrong.last()?))
}

fn hear(receiver: &mut Receiver, samples: &[i16]) -> Heard {
    let mut heard = Heard::default();
    for (packet, samples) in samples.chunks(160).enumerate() {
        receiver.receive(samples, &mut |event| match event {
            Event::Bits(bits) => heard.bits.extend(bits.iter()),
            Event::Carrier | Event::Trained | Event::TrainingFailed | Event::CarrierLost => {
                heard.signs.push((packet, event));
            }
        });
    }
    heard
}

/// The signal with a clock that runs so many parts per million faster.
fn resampled(signal: &[f64], ppm: f64) -> Vec<f64> {
    let step = 1.0 - ppm * 1e-6;
    let reach = 12_isize;
    (0..signal.len() - 2 * reach.unsigned_abs())
        .map(|at| {
            let place = at as f64 * step + reach as f64;
            let whole = place as isize;
            let near = (whole - reach + 1..=whole + reach).filter_map(|near| {
                let apart = place - near as f64;
                let sinc = if apart.abs() < 1e-9 { 1.0 } else { (PI * apart).sin() / (PI * apart) };
                let window = (PI * apart / (2.0 * reach as f64 + 2.0)).cos().powi(2);
                Some(signal.get(usize::try_from(near).ok()?)? * sinc * window)
            });
            near.sum()
        })
        .collect()
}

/// The signal with all frequencies moved.
fn shifted(signal: &[f64], hertz: f64) -> Vec<f64> {
    let reach = 40_usize;
    (0..signal.len())
        .map(|at| {
            let (sin, cos) = (TAU * hertz * at as f64 / 8000.0).sin_cos();
            // Hilbert's filter has its taps at odd places.
            let quadrature: f64 = (1..reach)
                .step_by(2)
                .map(|apart| {
                    let window = (PI * apart as f64 / (2.0 * reach as f64)).cos().powi(2);
                    let before = at.checked_sub(apart).map_or(0.0, |before| signal[before]);
                    let after = signal.get(at + apart).copied().unwrap_or(0.0);
                    (before - after) * window * 2.0 / (PI * apart as f64)
                })
                .sum();
            signal[at] * cos - quadrature * sin
        })
        .collect()
}
