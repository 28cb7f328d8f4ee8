//! A telephone line between two modems: what it does to a signal, of our own writing and repeatable.
//!
//! A [`Line`] shapes a signal once ([`Line::shape`]: filter, echo, frequency offset, jitter of the phase, clock skew, level), and then
//! any number of [`Noise`] can be laid over it, each followed by G.711 and lost packets. So a whole curve costs one shaping.

mod filter;
mod live;
mod network;
mod noise;
mod shift;
mod skew;
mod trunk;

pub use filter::{Attenuation, Delay, Filter};
pub(crate) use live::Live;
pub use network::{Concealment, Loss, Packets};
pub use noise::Noise;
pub use trunk::Trunk;

use std::ops::Range;

use faxramp::dsp::g711::Law;

/// A line.
#[derive(Clone, Debug, Default)]
pub struct Line {
    /// Attenuation and delay over frequency.
    pub filter: Option<Filter>,
    /// What comes a second time: after so many samples, so many decibels lower.
    pub echoes: Vec<(usize, f64)>,
    /// How much all frequencies are moved, in Hz.
    pub offset_hertz: f64,
    /// Jitter of the phase: degrees from peak to peak, and its frequency in Hz.
    pub jitter: Option<(f64, f64)>,
    /// How much faster the far clock runs, in parts per million.
    pub skew_ppm: f64,
    /// Gain in dB.
    pub gain_db: f64,
    /// The law the signal is coded with, if it is.
    pub law: Option<Law>,
    /// How packets of 20 ms get lost, and what stands in for them.
    pub loss: Option<Loss>,
}

impl Line {
    /// What does not depend on chance: the signal as the noise finds it.
    #[must_use]
    pub fn shape(&self, signal: &[i16]) -> Vec<f64> {
        let mut shaped: Vec<f64> = signal.iter().map(|sample| f64::from(*sample)).collect();
        if let Some(filter) = &self.filter {
            shaped = filter.apply(&shaped);
        }
        if !self.echoes.is_empty() {
            let direct = shaped.clone();
            for (delay, db) in &self.echoes {
                let gain = 10.0_f64.powf(-db / 20.0);
                for (sum, sample) in shaped.iter_mut().skip(*delay).zip(&direct) {
                    *sum += gain * sample;
                }
            }
        }
        if self.offset_hertz != 0.0 || self.jitter.is_some() {
            shaped = shift::shift(&shaped, self.offset_hertz, self.jitter);
        }
        if self.skew_ppm != 0.0 {
            shaped = skew::resample(&shaped, self.skew_ppm);
        }
        let gain = 10.0_f64.powf(self.gain_db / 20.0);
        shaped.iter_mut().for_each(|sample| *sample *= gain);
        shaped
    }

    /// Noise and the network: what the receiver hears. The noise lies on these samples only.
    #[must_use]
    pub fn finish(&self, shaped: &[f64], noise: &mut Noise, noisy: Range<usize>) -> Vec<i16> {
        let mut heard: Vec<i16> = shaped.iter().copied().map(to_sample).collect();
        for (sample, shaped) in heard[noisy.clone()].iter_mut().zip(&shaped[noisy]) {
            *sample = to_sample(shaped + noise.next());
        }
        if let Some(law) = self.law {
            heard.iter_mut().for_each(|sample| *sample = law.decode(law.encode(*sample)));
        }
        if let Some(loss) = &self.loss {
            loss.apply(&mut heard);
        }
        heard
    }
}

fn to_sample(value: f64) -> i16 {
    // Saturates.
    value.round() as i16
}

/// The mean square of a signal.
#[must_use]
pub fn power(signal: &[f64]) -> f64 {
    signal.iter().map(|sample| sample * sample).sum::<f64>() / signal.len().max(1) as f64
}

/// Lines by name, from good to bad.
#[must_use]
pub fn named() -> Vec<(&'static str, Line)> {
    let with = |attenuation, delay| Line { filter: Some(Filter::new(attenuation, delay)), ..Line::default() };
    vec![
        ("flat", Line::default()),
        ("flat, A-law", Line { law: Some(Law::A), ..Line::default() }),
        ("AD-1 EDD-1, µ-law", Line { law: Some(Law::Mu), ..with(Attenuation::Ad1, Delay::Edd1) }),
        ("AD-5 EDD-1, µ-law", Line { law: Some(Law::Mu), ..with(Attenuation::Ad5, Delay::Edd1) }),
        ("AD-6 EDD-2, µ-law", Line { law: Some(Law::Mu), ..with(Attenuation::Ad6, Delay::Edd2) }),
        ("AD-8 EDD-2, µ-law", Line { law: Some(Law::Mu), ..with(Attenuation::Ad8, Delay::Edd2) }),
        ("AD-7 EDD-2, µ-law", Line { law: Some(Law::Mu), ..with(Attenuation::Ad7, Delay::Edd2) }),
        ("AD-7 EDD-3, µ-law", Line { law: Some(Law::Mu), ..with(Attenuation::Ad7, Delay::Edd3) }),
        (
            "far echo −22 dB",
            Line { law: Some(Law::Mu), echoes: vec![(9, 22.0), (33, 26.0)], ..with(Attenuation::Ad1, Delay::Edd1) },
        ),
        (
            "offset 7 Hz, jitter 5°",
            Line {
                law: Some(Law::Mu),
                offset_hertz: 7.0,
                jitter: Some((5.0, 50.0)),
                ..with(Attenuation::Ad1, Delay::Edd1)
            },
        ),
    ]
}
