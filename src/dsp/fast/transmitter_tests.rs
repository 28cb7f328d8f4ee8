//! The transmitters held against their Recommendations; what comes of the signal is the receivers' tests' business, and the oracle's.

use std::f64::consts::TAU;

use super::{Complex, Family, Mode, Segment, Sequence, Training, Transmitter, constellation};

/// Bits without pattern.
fn bits(count: usize) -> Vec<bool> {
    let mut state = 7_u32;
    let bits = std::iter::repeat_with(|| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state >> 31 == 1
    });
    bits.take(count).collect()
}

/// The whole signal, asked for in steps of so many samples.
fn signal(mut transmitter: Transmitter, data: &[bool], step: usize) -> Vec<i16> {
    let mut data = data.iter().copied();
    let (mut signal, mut samples) = (Vec::new(), vec![0; step]);
    loop {
        let count = transmitter.transmit(&mut samples, &mut || data.next());
        signal.extend_from_slice(&samples[..count]);
        if count < step {
            assert_eq!(transmitter.transmit(&mut samples, &mut || data.next()), 0, "over is over");
            return signal;
        }
    }
}

/// Data without training, as near as it can be had: five seconds from its middle.
fn data_signal(mode: Mode, transmitter: Transmitter) -> Vec<f64> {
    let whole = signal(transmitter, &bits(mode.bits_per_second() as usize * 8), 160);
    whole[whole.len() - 48_000..whole.len() - 8000].iter().map(|sample| f64::from(*sample)).collect()
}

/// The power of a part of the band, in steps of 20 Hz, as the mean over blocks of 50 ms with a soft window.
fn spectrum(signal: &[f64]) -> Vec<f64> {
    let blocks: Vec<Vec<f64>> = signal
        .chunks_exact(400)
        .map(|block| {
            let window = |place: usize| 0.5 - 0.5 * (TAU * (place as f64 + 0.5) / 400.0).cos();
            block.iter().enumerate().map(|(place, sample)| sample * window(place)).collect()
        })
        .collect();
    let power = |bin: usize| {
        let of_block = |block: &Vec<f64>| {
            let (re, im) = block.iter().enumerate().fold((0.0, 0.0), |(re, im), (place, sample)| {
                let (sin, cos) = (TAU * (bin * place) as f64 / 400.0).sin_cos();
                (re + sample * cos, im + sample * sin)
            });
            re * re + im * im
        };
        blocks.iter().map(of_block).sum()
    };
    (0..=200).map(power).collect()
}

fn decibels(ratio: f64) -> f64 {
    10.0 * ratio.log10()
}

#[test]
fn data_have_the_level_that_was_chosen() {
    // 0 dBm0 is a sine 3.17 dB below the highest sample of µ-law, 32124.
    let zero = 32_124.0_f64.powi(2) / 2.0 / 10.0_f64.powf(0.317);
    for mode in Mode::ALL {
        let usual = Transmitter::new(mode, Training::Long, false);
        let mut loud = usual.clone();
        loud.set_level(-6.0);
        for (transmitter, dbm0) in [(usual, -13.0), (loud, -6.0)] {
            let data = data_signal(mode, transmitter);
            let level = decibels(data.iter().map(|sample| sample * sample).sum::<f64>() / data.len() as f64 / zero);
            assert!((level - dbm0).abs() < 0.25, "{mode:?}: {level:.2} dBm0 for {dbm0}");
        }
    }
}

#[test]
fn the_spectrum_keeps_to_its_band_and_falls_at_its_edges_as_it_must() {
    for mode in Mode::ALL {
        let spectrum = spectrum(&data_signal(mode, Transmitter::new(mode, Training::Long, false)));
        let half = f64::from(mode.symbols_per_second()) / 2.0;
        let carrier = f64::from(mode.carrier_hertz());
        let reach = half * (1.0 + mode.roll_off()) + 60.0;
        let all: f64 = spectrum.iter().sum();
        let outside: f64 = spectrum
            .iter()
            .enumerate()
            .filter(|(bin, _)| (*bin as f64 * 20.0 - carrier).abs() > reach)
            .map(|(_, power)| power)
            .sum();
        assert!(decibels(outside / all) < -40.0, "{mode:?}: {:.1} dB outside", decibels(outside / all));
        let around = |hertz: f64| {
            let bin = (hertz / 20.0).round() as usize;
            spectrum[bin - 2..=bin + 2].iter().sum::<f64>() / 5.0
        };
        let middle: f64 =
            (0..9).map(|step| around(carrier - half / 2.0 + f64::from(step) * half / 8.0)).sum::<f64>() / 9.0;
        // V.29 §2 and V.17 §2: 4.5 dB ± 2.5 dB; V.27ter §2: 3 dB ± 2 dB
        let (least, most) = if mode.family() == Family::V27ter { (1.0, 5.0) } else { (2.0, 7.0) };
        for edge in [carrier - half, carrier + half] {
            let fall = decibels(middle / around(edge));
            assert!((least..most).contains(&fall), "{mode:?}: {fall:.1} dB at {edge} Hz");
        }
    }
}

/// The segments of a sequence and their lengths in symbols.
fn segments(mode: Mode, training: Training, talker_echo_protection: bool) -> Vec<(Segment, usize)> {
    let mut sequence = Sequence::new(mode, training, talker_echo_protection);
    let mut segments: Vec<(Segment, usize)> = Vec::new();
    while let Some(segment) = sequence.segment() {
        assert!(sequence.next().is_some());
        match segments.last_mut() {
            Some((last, length)) if *last == segment => *length += 1,
            _ => segments.push((segment, 1)),
        }
    }
    assert!(sequence.next().is_none());
    segments
}

#[test]
fn training_has_the_segments_of_the_recommendation() {
    use Segment::{Alternations, Bridge, Conditioning, Ones, Silence};
    for mode in Mode::ALL {
        // Whole times as the Recommendations print them.
        let (long, milliseconds) = match mode {
            Mode::V27ter2400 => (vec![(Alternations, 50), (Conditioning, 1074), (Ones, 8)], 943),
            Mode::V27ter4800 => (vec![(Alternations, 50), (Conditioning, 1074), (Ones, 8)], 708),
            Mode::V29At7200 | Mode::V29At9600 => {
                (vec![(Silence, 48), (Alternations, 128), (Conditioning, 384), (Ones, 48)], 253)
            }
            Mode::V17At7200 | Mode::V17At9600 | Mode::V17At12000 | Mode::V17At14400 => {
                (vec![(Alternations, 256), (Conditioning, 2976), (Bridge, 64), (Ones, 48)], 1393)
            }
        };
        let symbols: usize = long.iter().map(|(_, length)| length).sum();
        let time = symbols as f64 * 1000.0 / f64::from(mode.symbols_per_second());
        assert!((time - f64::from(milliseconds)).abs() < 0.6, "{mode:?}: {time} ms");
        assert_eq!(segments(mode, Training::Long, false), long, "{mode:?}");
        let short =
            if mode.has_short_training() { vec![(Alternations, 256), (Conditioning, 38), (Ones, 48)] } else { long };
        assert_eq!(segments(mode, Training::Short, false), short, "{mode:?}");
    }
}

#[test]
fn talker_echo_is_kept_off_by_a_carrier_and_a_pause() {
    for mode in Mode::ALL {
        let protected = segments(mode, Training::Long, true);
        let [(Segment::EchoProtection, carrier), (Segment::Silence, pause), ..] = protected[..] else {
            panic!("{mode:?}: {protected:?}")
        };
        let milliseconds = |symbols: usize| symbols as f64 * 1000.0 / f64::from(mode.symbols_per_second());
        assert!((185.0..=200.0).contains(&milliseconds(carrier)), "{mode:?}: {carrier} symbols");
        assert!((20.0..=25.0).contains(&milliseconds(pause)), "{mode:?}: {pause} symbols");
        // On the line: one frequency, then nothing.
        let whole = signal(Transmitter::new(mode, Training::Long, true), &bits(100), 160);
        let carrier: Vec<f64> = whole[400..1200].iter().map(|sample| f64::from(*sample)).collect();
        let spectrum = spectrum(&carrier);
        let bin = mode.carrier_hertz() as usize / 20;
        let share = spectrum[bin - 2..=bin + 2].iter().sum::<f64>() / spectrum.iter().sum::<f64>();
        assert!(share > 0.999, "{mode:?}: {share}");
        // 192 ms and the half of a pulse later the pause has its middle.
        let middle = 192 * 8 + 11 * 8 + 24;
        assert!(whole[middle - 20..middle + 20].iter().all(|sample| sample.abs() < 200), "{mode:?}");
    }
}

/// The points of one segment of long training.
fn points(mode: Mode, training: Training, segment: Segment) -> Vec<Complex> {
    let mut sequence = Sequence::new(mode, training, false);
    let mut points = Vec::new();
    while let Some(at) = sequence.segment() {
        let point = sequence.next();
        points.extend(point.filter(|_| at == segment));
    }
    points
}

#[test]
fn v29_trains_with_c_and_d_by_a_sequence_of_127() {
    for mode in [Mode::V29At7200, Mode::V29At9600] {
        let conditioning = points(mode, Training::Long, Segment::Conditioning);
        let is_d: Vec<bool> = conditioning.iter().map(|point| point.im > 0.5).collect();
        assert_eq!(is_d[..7], [false, true, false, true, false, true, false], "{mode:?}");
        assert_eq!(is_d[..257], is_d[127..384], "{mode:?}");
        assert_eq!(is_d[..127].iter().filter(|is_d| **is_d).count(), 64, "{mode:?}");
        let amplitude = if mode == Mode::V29At9600 { 3.0 } else { 1.0 };
        assert_eq!(conditioning[..2], [Complex::new(3.0, 0.0), Complex::new(-amplitude, amplitude)]);
        let alternations = points(mode, Training::Long, Segment::Alternations);
        let expected = [Complex::new(-3.0, 0.0), Complex::new(amplitude, -amplitude)];
        assert!(alternations.chunks(2).all(|pair| pair == expected), "{mode:?}");
    }
}

#[test]
fn v27ter_trains_with_reversals() {
    for mode in [Mode::V27ter2400, Mode::V27ter4800] {
        let alternations = points(mode, Training::Long, Segment::Alternations);
        assert!(alternations.windows(2).all(|pair| pair[0] == -pair[1]), "{mode:?}");
        let conditioning = points(mode, Training::Long, Segment::Conditioning);
        assert!(conditioning.iter().all(|point| point.power() > 0.99 && point.im.abs() < 0.01), "{mode:?}");
        // 1 + x⁻⁶ + x⁻⁷ repeats after 127 bits, and every third of them too.
        let turns: Vec<bool> = conditioning.windows(2).map(|pair| pair[0] != pair[1]).collect();
        assert_eq!(turns[..900], turns[127..1027], "{mode:?}");
    }
}

#[test]
fn v17_trains_with_a_to_d() {
    let [a, b, c, d] = constellation::TRAINING_V17;
    for mode in [Mode::V17At7200, Mode::V17At14400] {
        for training in [Training::Long, Training::Short] {
            let alternations = points(mode, training, Segment::Alternations);
            assert!(alternations.chunks(2).all(|pair| pair == [a, b]), "{mode:?}");
            let conditioning = points(mode, training, Segment::Conditioning);
            assert!(conditioning[..12].chunks(2).all(|pair| pair == [c, d]), "{mode:?}");
            if training == Training::Long {
                // Scrambled: all four as often.
                for point in [a, b, c, d] {
                    let share = conditioning.iter().filter(|other| **other == point).count();
                    assert!((690..800).contains(&share), "{mode:?}: {share} of 2976");
                }
            }
        }
    }
}

#[test]
fn the_signal_is_the_same_in_packets_of_any_size() {
    for mode in Mode::ALL {
        let transmitter = Transmitter::new(mode, Training::Short, true);
        let data = bits(2000);
        let whole = signal(transmitter.clone(), &data, 160);
        for step in [1, 7, 240, 100_000] {
            assert_eq!(signal(transmitter.clone(), &data, step), whole, "{mode:?} in steps of {step}");
        }
    }
}

#[test]
fn bits_are_asked_for_once_training_is_out_and_no_more_after_the_last() {
    for mode in Mode::ALL {
        let mut transmitter = Transmitter::new(mode, Training::Long, false);
        let training: usize = segments(mode, Training::Long, false).iter().map(|(_, length)| length).sum();
        let before = training * 8000 / mode.symbols_per_second() as usize - 1;
        let mut samples = vec![0; before];
        assert_eq!(transmitter.transmit(&mut samples, &mut || panic!("{mode:?} asks within training")), before);
        let mut asked = 0;
        let mut samples = vec![0; 8000];
        transmitter.transmit(&mut samples, &mut || {
            asked += 1;
            (asked <= 10).then_some(true)
        });
        assert_eq!(asked, 11, "{mode:?}");
    }
}

#[test]
fn the_carrier_is_turned_off_in_time() {
    for mode in Mode::ALL {
        let rate = mode.symbols_per_second() as usize;
        let data_symbols = 120;
        let data = bits(data_symbols * mode.bits_per_symbol() as usize);
        let training: usize = segments(mode, Training::Long, false).iter().map(|(_, length)| length).sum();
        let whole = signal(Transmitter::new(mode, Training::Long, false), &data, 160);
        // Behind the data; half a pulse of delay belongs to them.
        let rest = &whole[(training + data_symbols) * 8000 / rate + 24..];
        // Loud to within half a pulse of the last symbol.
        let sounding = rest.chunks(8).take_while(|chunk| chunk.iter().any(|sample| sample.abs() > 500)).count();
        let silent = rest.len() / 8 - sounding;
        // V.27ter §2.5.2: 5 ms to 10 ms, then 20 ms. V.17: 32 symbols, then 48.
        let (ones, silence) = match mode.family() {
            Family::V27ter => (5..=11, 19..=25),
            Family::V29 => (12..=15, 0..=4),
            Family::V17 => (12..=15, 18..=23),
        };
        assert!(ones.contains(&sounding) && silence.contains(&silent), "{mode:?}: {sounding} ms, {silent} ms");
    }
}
