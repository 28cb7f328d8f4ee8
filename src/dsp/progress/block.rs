//! One block of 20 ms by its spectrum: silence, a tone, a voice.

use std::f32::consts::TAU;

use super::super::{FRAME_SAMPLES, SAMPLES_PER_SECOND};

/// What is known of a block.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Block {
    /// Mean square of its samples.
    pub(super) level: f32,
    pub(super) sound: Sound,
}

/// What a block sounds like.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum Sound {
    /// Fainter than any signal.
    Quiet,
    /// Tones between 300 Hz and 660 Hz, one or several: a network speaks.
    // E.180 (03/1998): all tones of networks but the special information tone are there
    Network,
    /// One frequency, in hertz, outside that band.
    Tone(f32),
    /// Lines of a modem that is no fax's.
    DataModem,
    /// Most of it below 1 kHz and not of one frequency: a voiced sound. Its strongest bin.
    Voiced(usize),
    /// Noise, a fast modem, a consonant.
    Other,
}

/// Bins of a block of 20 ms are 50 Hz wide and stand apart; from 200 Hz to 3050 Hz.
const FIRST_HERTZ: usize = 200;
const BIN_HERTZ: usize = 50;
const BINS: usize = 58;

/// Computes the spectrum of blocks.
#[derive(Clone, Debug)]
pub(super) struct Spectrum {
    factors: [f32; BINS],
}

impl Spectrum {
    pub(super) fn new() -> Self {
        let mut factors = [0.0; BINS];
        for (bin, factor) in factors.iter_mut().enumerate() {
            let hertz = (FIRST_HERTZ + bin * BIN_HERTZ) as f32;
            *factor = 2.0 * (TAU * hertz / SAMPLES_PER_SECOND as f32).cos();
        }
        Self { factors }
    }

    /// Tells what a block is.
    pub(super) fn judge(&self, samples: &[i16; FRAME_SAMPLES]) -> Block {
        let level =
            samples.iter().map(|sample| f32::from(*sample) * f32::from(*sample)).sum::<f32>() / FRAME_SAMPLES as f32;
        if level < LEAST_LEVEL {
            return Block { level, sound: Sound::Quiet };
        }
        let shares = self.shares(samples, level);
        Block { level, sound: sound_of(&shares) }
    }

    /// The share of each bin in the energy of a block, by Goertzel's algorithm.
    fn shares(&self, samples: &[i16; FRAME_SAMPLES], level: f32) -> [f32; BINS] {
        let (mut last, mut before) = ([0.0_f32; BINS], [0.0_f32; BINS]);
        for sample in samples {
            let sample = f32::from(*sample);
            for ((last, before), factor) in last.iter_mut().zip(&mut before).zip(&self.factors) {
                let next = sample + factor * *last - *before;
                (*before, *last) = (*last, next);
            }
        }
        let whole = FRAME_SAMPLES as f32 * FRAME_SAMPLES as f32 / 2.0 * level;
        for ((last, before), factor) in last.iter_mut().zip(before).zip(&self.factors) {
            *last = (*last * *last + before * before - factor * *last * before) / whole;
        }
        last
    }
}

const fn bin(hertz: usize) -> usize {
    (hertz - FIRST_HERTZ) / BIN_HERTZ
}

fn within(shares: &[f32; BINS], from_hertz: usize, to_hertz: usize) -> f32 {
    shares[bin(from_hertz)..=bin(to_hertz)].iter().sum()
}

fn sound_of(shares: &[f32; BINS]) -> Sound {
    if within(shares, 300, 650) > TONE_SHARE {
        return Sound::Network;
    }
    if is_data_modem(shares) {
        return Sound::DataModem;
    }
    let strongest = (0..BINS).max_by(|one, other| shares[*one].total_cmp(&shares[*other])).unwrap_or(0);
    // The strongest bin with its neighbours hold a tone between two bins; their centre of gravity is its frequency.
    let around = &shares[strongest.saturating_sub(1)..(strongest + 2).min(BINS)];
    let sum: f32 = around.iter().sum();
    if sum > TONE_SHARE {
        let first = (FIRST_HERTZ + strongest.saturating_sub(1) * BIN_HERTZ) as f32;
        let moment: f32 = around.iter().enumerate().map(|(index, share)| index as f32 * share).sum();
        return Sound::Tone(first + BIN_HERTZ as f32 * moment / sum);
    }
    if within(shares, 200, 1000) > VOICED_SHARE { Sound::Voiced(strongest) } else { Sound::Other }
}

/// V.22 and Bell 212A answer with unscrambled ones, lines of 2250 Hz and 2850 Hz, or with 2225 Hz as Bell 103 does; V.32 with
/// 600 Hz and 3000 Hz in turn. A fax sends 2100 Hz and V.21.
// V.22: unscrambled ones of the answering modem; V.32: signal AC
fn is_data_modem(shares: &[f32; BINS]) -> bool {
    let (lower, upper) = (within(shares, 2200, 2250), within(shares, 2800, 2900));
    let (bottom, top) = (within(shares, 550, 650), within(shares, 2950, 3050));
    // 2225 Hz lies in the middle between two bins, which 2100 Hz and 2400 Hz do not reach.
    lower > LEAST_LINE && lower + upper > LINES_SHARE || bottom.min(top) > LEAST_LINE && bottom + top > LINES_SHARE
}

/// Mean square at −43 dBm0, where the range of a fax receiver ends; a sine of −13 dBm0 has a peak of 5030.
const LEAST_LEVEL: f32 = 5030.0 * 5030.0 / 2.0 / 1000.0;
/// A tone holds more than this of a block's energy; with noise 10 dB below it is nine tenths, less what bins between lose.
const TONE_SHARE: f32 = 0.8;
/// Below 1 kHz a voiced sound has more of its energy than this, a fast modem less than three tenths, V.21 and answer tones none.
const VOICED_SHARE: f32 = 0.65;
/// Of a data modem's two lines together, and of each.
const LINES_SHARE: f32 = 0.75;
const LEAST_LINE: f32 = 0.15;
