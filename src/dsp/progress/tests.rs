//! Networks' tones of many countries, an invented voice, and what must never be taken for any of them.

use std::f64::consts::TAU;

use super::super::g711::Law;
use super::*;

/// A line that is being written.
#[derive(Default)]
pub(crate) struct Line {
    samples: Vec<f64>,
    chance: Chance,
}

struct Chance(u64);

impl Default for Chance {
    fn default() -> Self {
        Self(88_172_645_463_325_252)
    }
}

impl Chance {
    /// From −1 to 1.
    fn next(&mut self) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as f64 / (1_u64 << 52) as f64 - 1.0
    }
}

/// The peak of a sine of this level.
fn peak(dbm0: f64) -> f64 {
    22_470.0 * 10_f64.powf(dbm0 / 20.0)
}

impl Line {
    pub(crate) fn silence(mut self, milliseconds: usize) -> Self {
        self.samples.resize(self.samples.len() + milliseconds * 8, 0.0);
        self
    }

    /// Sines of these frequencies, each of the level.
    pub(crate) fn tone(mut self, hertz: &[f64], dbm0: f64, milliseconds: usize) -> Self {
        let begin = self.samples.len();
        self.samples.extend((begin..begin + milliseconds * 8).map(|index| {
            hertz.iter().map(|hertz| peak(dbm0) * (TAU * hertz * index as f64 / 8000.0).sin()).sum::<f64>()
        }));
        self
    }

    /// Tone and pause in turn, in milliseconds, the whole so many times.
    pub(crate) fn rhythm(mut self, hertz: &[f64], dbm0: f64, turns: &[(usize, usize)], times: usize) -> Self {
        for (on, off) in turns.repeat(times) {
            self = self.tone(hertz, dbm0, on).silence(off);
        }
        self
    }

    /// White noise over all of it.
    fn noise(mut self, dbm0: f64) -> Self {
        for sample in &mut self.samples {
            *sample += peak(dbm0) * 3_f64.sqrt() / 2_f64.sqrt() * self.chance.next();
        }
        self
    }

    /// Speech: pulses of a changing pitch through three resonances, or hiss, in syllables with stops between.
    pub(crate) fn voice(mut self, pitch: f64, dbm0: f64, milliseconds: usize) -> Self {
        let end = self.samples.len() + milliseconds * 8;
        let begin = self.samples.len();
        while self.samples.len() < end {
            let length = (1200.0 + 500.0 * self.chance.next()) as usize;
            let vowel = VOWELS[((self.chance.next() + 1.0) * 2.49) as usize];
            let bend = 1.0 + 0.15 * self.chance.next();
            let mut states = [[0.0; 2]; 3];
            let (mut phase, mut tilted) = (0.0_f64, 0.0);
            let mut spoken: Vec<f64> = (0..length)
                .map(|index| {
                    let share = index as f64 / length as f64;
                    phase += pitch * (1.0 + (bend - 1.0) * share) / 8000.0;
                    let pulse = if phase >= 1.0 { 1.0 } else { 0.0 } + 0.01 * self.chance.next();
                    phase %= 1.0;
                    // A glottis falls with frequency; resonators one after the other.
                    tilted = pulse + 0.9 * tilted;
                    vowel.iter().zip(&mut states).fold(tilted, |input, (hertz, state)| {
                        let radius = 0.97;
                        let output =
                            input + 2.0 * radius * (TAU * hertz / 8000.0).cos() * state[0] - radius * radius * state[1];
                        *state = [output, state[0]];
                        output
                    }) * (std::f64::consts::PI * share).sin()
                })
                .collect();
            let hiss = (400.0 + 300.0 * self.chance.next()) as usize;
            let mean = (spoken.iter().map(|sample| sample * sample).sum::<f64>() / length as f64).sqrt();
            let gain = peak(dbm0) / 2_f64.sqrt() / mean;
            spoken.iter_mut().for_each(|sample| *sample *= gain);
            self.samples.extend(spoken);
            let mut last = 0.0;
            for _ in 0..hiss {
                let next = self.chance.next();
                self.samples.push(0.1 * peak(dbm0) * (next - last));
                last = next;
            }
            self.samples.resize(self.samples.len() + (300.0 + 250.0 * self.chance.next()) as usize, 0.0);
        }
        self.samples.truncate(begin + milliseconds * 8);
        self
    }

    /// What is told of it, over A-law and in packets of 20 ms.
    /// The line as samples.
    pub(crate) fn samples(&self) -> Vec<i16> {
        self.samples.iter().map(|sample| *sample as i16).collect()
    }

    fn heard(&self) -> Vec<Progress> {
        let samples: Vec<i16> =
            self.samples.iter().map(|sample| Law::A.decode(Law::A.encode(sample.round() as i16))).collect();
        heard(&samples)
    }
}

/// The first three resonances of five vowels.
const VOWELS: [[f64; 3]; 5] = [
    [730.0, 1090.0, 2440.0],
    [270.0, 2290.0, 3010.0],
    [530.0, 1840.0, 2480.0],
    [570.0, 840.0, 2410.0],
    [300.0, 870.0, 2240.0],
];

fn heard(samples: &[i16]) -> Vec<Progress> {
    let mut detector = Detector::new();
    samples.chunks(FRAME_SAMPLES).filter_map(|frame| detector.hear(frame)).collect()
}

/// Tones of networks: frequencies, tone and pause in milliseconds, meaning.
type Row = (&'static str, &'static [f64], &'static [(usize, usize)], Progress);

// E.180 (03/1998) and its Supplement 2, and what exchanges play
#[rustfmt::skip]
const NETWORKS: [Row; 26] = [
    ("ITU ring", &[425.0], &[(1000, 4000)], Progress::Ringback),
    ("North American ring", &[440.0, 480.0], &[(2000, 4000)], Progress::Ringback),
    ("British ring", &[400.0, 450.0], &[(400, 200), (400, 2000)], Progress::Ringback),
    ("French ring", &[440.0], &[(1500, 3500)], Progress::Ringback),
    ("Japanese ring", &[400.0], &[(1000, 2000)], Progress::Ringback),
    ("Spanish ring", &[425.0], &[(1500, 3000)], Progress::Ringback),
    ("ITU busy", &[425.0], &[(500, 500)], Progress::Busy),
    ("North American busy", &[480.0, 620.0], &[(500, 500)], Progress::Busy),
    ("British busy", &[400.0], &[(375, 375)], Progress::Busy),
    ("German busy", &[425.0], &[(480, 480)], Progress::Busy),
    ("French busy", &[440.0], &[(500, 500)], Progress::Busy),
    ("Chinese busy", &[450.0], &[(350, 350)], Progress::Busy),
    ("Danish busy", &[425.0], &[(450, 450)], Progress::Busy),
    ("Chinese congestion", &[450.0], &[(700, 700)], Progress::Busy),
    ("North American reorder", &[480.0, 620.0], &[(250, 250)], Progress::Congestion),
    ("German congestion", &[425.0], &[(240, 240)], Progress::Congestion),
    ("Italian congestion", &[425.0], &[(200, 200)], Progress::Congestion),
    ("French congestion", &[440.0], &[(250, 250)], Progress::Congestion),
    ("British congestion", &[400.0], &[(400, 350), (225, 525)], Progress::Congestion),
    ("Spanish congestion", &[425.0], &[(200, 200), (200, 200), (200, 600)], Progress::Congestion),
    ("Swedish congestion", &[425.0], &[(250, 250)], Progress::Congestion),
    ("Spanish busy, as short as congestion", &[425.0], &[(200, 200)], Progress::Congestion),
    ("ITU dial tone", &[425.0], &[(5000, 0)], Progress::DialTone),
    ("North American dial tone", &[350.0, 440.0], &[(5000, 0)], Progress::DialTone),
    ("British dial tone", &[350.0, 450.0], &[(5000, 0)], Progress::DialTone),
    ("French dial tone", &[330.0, 440.0], &[(5000, 0)], Progress::DialTone),
];

#[test]
fn tones_of_networks_are_told_at_any_level_with_noise_and_off_frequency() {
    for (name, hertz, turns, meaning) in NETWORKS {
        let round: usize = turns.iter().map(|(on, off)| on + off).sum();
        let times = (6000 / round).max(2) + 1;
        for (dbm0, noise, scale) in
            [(-13.0, -90.0, 1.0), (-30.0, -60.0, 0.985), (-20.0, -38.0, 1.015), (-5.0, -35.0, 1.0)]
        {
            let hertz: Vec<f64> = hertz.iter().map(|hertz| hertz * scale).collect();
            let line = Line::default().silence(430).rhythm(&hertz, dbm0, turns, times).noise(noise);
            assert_eq!(line.heard(), [meaning], "{name}, {dbm0} dBm0, noise {noise}");
        }
    }
}

/// Exchanges keep their times within a tenth.
#[test]
fn rhythms_may_be_a_tenth_off() {
    for (name, hertz, turns, meaning) in NETWORKS {
        for scale in [91, 109] {
            let turns: Vec<_> = turns.iter().map(|(on, off)| (on * scale / 100, off * scale / 100)).collect();
            let times = (6500 / turns.iter().map(|(on, off)| on + off).sum::<usize>()).max(2) + 1;
            let line = Line::default().silence(430).rhythm(hertz, -18.0, &turns, times).noise(-55.0);
            assert_eq!(line.heard(), [meaning], "{name}, {scale} %");
        }
    }
}

#[test]
fn special_information_is_told_and_so_is_the_voice_after_it() {
    for hertz in [[950.0, 1400.0, 1800.0], [985.2, 1428.5, 1776.7], [913.8, 1370.6, 1776.7], [920.0, 1430.0, 1830.0]] {
        for (length, gap) in [(330, 0), (330, 30), (274, 0), (380, 4), (390, 20)] {
            let mut line = Line::default().silence(777);
            for hertz in hertz {
                line = line.tone(&[hertz], -20.0, length).silence(gap);
            }
            let line = line.silence(500).voice(120.0, -20.0, 3000).noise(-50.0);
            assert_eq!(line.heard(), [Progress::SpecialInformation, Progress::Voice], "{hertz:?} {length} {gap}");
        }
    }
}

#[test]
fn voices_are_voices() {
    for pitch in [85.0, 120.0, 180.0, 230.0, 280.0] {
        for (dbm0, noise) in [(-12.0, -80.0), (-28.0, -50.0)] {
            let line = Line::default().silence(900).voice(pitch, dbm0, 4000).silence(2000).noise(noise);
            assert_eq!(line.heard(), [Progress::Voice], "{pitch} Hz, {dbm0} dBm0");
        }
    }
}

#[test]
fn a_greeting_a_tone_and_silence_are_an_answering_machine() {
    for (hertz, length) in [(1000.0, 300), (1400.0, 500), (850.0, 200), (440.0, 1000), (950.0, 1500)] {
        let line = Line::default().silence(500).voice(140.0, -20.0, 5000).silence(400).tone(&[hertz], -15.0, length);
        let line = line.silence(2000).noise(-60.0);
        assert_eq!(line.heard(), [Progress::Voice, Progress::AnsweringMachine], "{hertz} Hz");
    }
    // Somebody says hello, and our calling tone comes back as an echo.
    let line = Line::default().voice(140.0, -20.0, 1200).silence(900).tone(&[1100.0], -25.0, 500).silence(3000);
    assert_eq!(line.heard(), [Progress::Voice]);
    let line = Line::default().voice(140.0, -20.0, 5000).silence(900).tone(&[1100.0], -25.0, 500).silence(3000);
    assert_eq!(line.heard(), [Progress::Voice]);
}

#[test]
fn modems_of_data_are_told() {
    for hertz in [&[2225.0][..], &[2250.0, 2850.0], &[600.0, 3000.0]] {
        let line = Line::default().tone(&[2100.0], -15.0, 3000).silence(75).tone(hertz, -18.0, 1500).noise(-50.0);
        assert_eq!(line.heard(), [Progress::DataModem], "{hertz:?}");
    }
}

#[test]
fn silence_is_told_after_8_s_whatever_we_send() {
    assert_eq!(Line::default().silence(7900).heard(), []);
    assert_eq!(Line::default().silence(8100).heard(), [Progress::Silence]);
    let echo = Line::default().rhythm(&[1100.0], -25.0, &[(500, 3000)], 4).noise(-55.0);
    assert_eq!(echo.heard(), [Progress::Silence]);
}

#[test]
fn what_follows_is_told_in_turn() {
    let busy: &[f64] = &[425.0];
    let line = Line::default()
        .rhythm(&[425.0], -18.0, &[(1000, 4000)], 2)
        .voice(120.0, -20.0, 3000)
        .silence(1000)
        .rhythm(busy, -18.0, &[(500, 500)], 5);
    assert_eq!(line.heard(), [Progress::Ringback, Progress::Voice, Progress::Busy]);
}

/// Flags and words of V.21's channel 2.
fn v21(milliseconds: usize) -> Vec<i16> {
    let (mut phase, mut chance) = (0.0_f64, Chance::default());
    let mut bits = Vec::new();
    for octet in 0..milliseconds / 26 + 1 {
        let flag = octet < 37;
        bits.extend((0..8).map(|bit| if flag { (1..7).contains(&bit) } else { chance.next() > 0.0 }));
    }
    (0..milliseconds * 8)
        .map(|index| {
            phase += TAU * if bits[index * 3 / 80] { 1650.0 } else { 1850.0 } / 8000.0;
            (peak(-15.0) * phase.sin()) as i16
        })
        .collect()
}

#[test]
fn a_fax_is_never_anything_else() {
    let decode = |codes: &[u8]| codes.iter().map(|code| Law::Mu.decode(*code)).collect::<Vec<i16>>();
    for (name, codes) in [
        ("CNG", &include_bytes!("../testdata/asterisk-cng.ulaw")[..]),
        ("CED", include_bytes!("../testdata/asterisk-ced.ulaw")),
        ("preamble", include_bytes!("../testdata/asterisk-preamble.ulaw")),
        ("modems", include_bytes!("../testdata/asterisk-signals.ulaw")),
    ] {
        assert_eq!(heard(&decode(codes)), [], "{name}");
    }
    assert_eq!(heard(&v21(8000)), []);
    for hertz in [2085.0, 2100.0, 2115.0] {
        assert_eq!(Line::default().silence(400).tone(&[hertz], -12.0, 4000).silence(75).noise(-45.0).heard(), []);
    }
    // V.8's answer tone swells 15 times a second and turns its phase every 450 ms.
    let answer: Vec<i16> = (0..32_000)
        .map(|index| {
            let time = f64::from(index) / 8000.0;
            let sign = if (index / 3600) % 2 == 0 { 1.0 } else { -1.0 };
            (sign * (1.0 + 0.2 * (TAU * 15.0 * time).sin()) * peak(-15.0) * (TAU * 2100.0 * time).sin()) as i16
        })
        .collect();
    assert_eq!(heard(&answer), []);
    // Noise alone, and the turning phases with which fast modems begin to train: V.17 and V.29 for longer than they do.
    for dbm0 in [-35.0, -15.0] {
        assert_eq!(Line::default().silence(10_000).noise(dbm0).heard(), []);
    }
    for hertz in [[600.0, 3000.0], [500.0, 2900.0], [1000.0, 2600.0], [1200.0, 2400.0]] {
        let line = Line::default().rhythm(&[1800.0], -15.0, &[(200, 25)], 1).tone(&hertz, -15.0, 300).noise(-15.0);
        assert_eq!(line.heard(), [], "{hertz:?}");
    }
}

#[test]
fn samples_may_come_in_pieces_of_any_size() {
    let line = Line::default().rhythm(&[425.0], -18.0, &[(500, 500)], 5);
    let samples: Vec<i16> = line.samples.iter().map(|sample| *sample as i16).collect();
    for size in [1, 7, 80, 240, 1000] {
        let mut detector = Detector::new();
        let told: Vec<_> = samples.chunks(size).filter_map(|piece| detector.hear(piece)).collect();
        assert_eq!(told, [Progress::Busy], "{size}");
    }
}
