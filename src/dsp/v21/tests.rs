//! Bits and samples: what is sent, and what is received of it through noise, skew and holes.

use super::*;

/// The longest sequence of seven registers, over and over.
fn pattern(count: usize) -> Vec<bool> {
    let mut register = 1_u32;
    (0..count)
        .map(|_| {
            let bit = (register >> 6 ^ register >> 5) & 1;
            register = register << 1 & 0x7F | bit;
            bit == 1
        })
        .collect()
}

fn sent(bits: &[bool], level_dbm0: f32) -> Vec<i16> {
    sent_by(Transmitter::new(level_dbm0), bits)
}

fn sent_by(mut transmitter: Transmitter, bits: &[bool]) -> Vec<i16> {
    let mut bits = bits.iter();
    let mut samples = vec![0; bits.len() * 27 + 100];
    let count = transmitter.transmit(&mut samples, &mut || bits.next().copied());
    samples.truncate(count);
    samples
}

fn heard(samples: &[i16]) -> (Vec<bool>, Vec<(usize, Event)>) {
    let (mut bits, mut changes) = (Vec::new(), Vec::new());
    let mut receiver = Receiver::new();
    receiver.receive(samples, &mut |place, event| match event {
        Event::Bit { bit, .. } => bits.push(bit),
        Event::CarrierUp | Event::CarrierDown => changes.push((place, event)),
    });
    (bits, changes)
}

/// Bits that differ from the pattern, at the best place, among so many.
fn errors(heard: &[bool], sent: &[bool], compared: usize) -> usize {
    (0..40)
        .map(|skip| {
            let late = &heard[heard.len().min(skip)..];
            (0..40)
                .map(|first| {
                    let pairs = late.iter().zip(&sent[first..]).take(compared);
                    let missing = compared.saturating_sub(late.len().min(sent.len() - first));
                    pairs.filter(|(a, b)| a != b).count() + missing
                })
                .min()
                .unwrap_or(compared)
        })
        .min()
        .unwrap_or(compared)
}

/// Gaussian noise by the sum of twelve.
fn with_noise(samples: &[i16], level_dbm0: f32) -> Vec<i16> {
    let mut state = 0x2545_F491_4F6C_DD1D_u64;
    let mut uniform = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 40) as f32 / (1_u64 << 24) as f32
    };
    let deviation = PEAK_AT_0_DBM0 / 2.0_f32.sqrt() * 10_f32.powf(level_dbm0 / 20.0);
    samples
        .iter()
        .map(|sample| {
            let gauss: f32 = (0..12).map(|_| uniform()).sum::<f32>() - 6.0;
            (f32::from(*sample) + gauss * deviation) as i16
        })
        .collect()
}

/// The same samples as a clock hears them that is fast by so many millionths.
fn skewed(samples: &[i16], millionths: f64) -> Vec<i16> {
    let step = 1.0 + millionths / 1e6;
    let count = ((samples.len() - 2) as f64 / step) as usize;
    (0..count)
        .map(|index| {
            let at = index as f64 * step;
            let (whole, part) = (at as usize, at.fract());
            (f64::from(samples[whole]) * (1.0 - part) + f64::from(samples[whole + 1]) * part) as i16
        })
        .collect()
}

#[test]
fn bits_last_a_three_hundredth_of_a_second_and_tones_are_those_of_channel_two() {
    let power_at = |samples: &[i16], hertz: f32| {
        let (mut re, mut im) = (0.0_f32, 0.0_f32);
        for (index, sample) in samples.iter().enumerate() {
            let angle = TAU * hertz * index as f32 / 8000.0;
            re += f32::from(*sample) * angle.cos();
            im += f32::from(*sample) * angle.sin();
        }
        2.0 * re.hypot(im) / samples.len() as f32
    };
    for (bit, hertz) in [(true, 1650.0), (false, 1850.0)] {
        let samples = sent(&[bit; 300], -13.0);
        assert_eq!(samples.len(), 8000);
        let level = 20.0 * (power_at(&samples, hertz) / PEAK_AT_0_DBM0).log10();
        assert!((level + 13.0).abs() < 0.1, "{level} dBm0");
    }
}

#[test]
fn the_phase_is_continuous() {
    let samples = sent(&pattern(1000), 0.0);
    // Steepest where a sine crosses zero.
    let steepest = PEAK_AT_0_DBM0 * TAU * SPACE_HERTZ as f32 / 8000.0;
    for pair in samples.windows(2) {
        assert!((f32::from(pair[1]) - f32::from(pair[0])).abs() < steepest, "{pair:?}");
    }
}

#[test]
fn what_is_sent_is_received_at_every_level() {
    let bits = pattern(1000);
    for level in [0.0, -13.0, -30.0, -43.0, -45.0] {
        let (received, changes) = heard(&[sent(&bits, level), vec![0; 800]].concat());
        assert_eq!(errors(&received, &bits, 950), 0, "{level} dBm0");
        assert_eq!(changes.len(), 2, "{level} dBm0: {changes:?}");
    }
    let (received, changes) = heard(&sent(&bits, -52.0));
    assert!(received.is_empty() && changes.is_empty(), "{changes:?}");
}

#[test]
fn the_end_of_the_carrier_is_told_within_twenty_milliseconds() {
    for level in [-3.0, -13.0, -43.0] {
        let signal = sent(&pattern(300), level);
        let noisy = with_noise(&[vec![0; 400], signal.clone(), vec![0; 4000]].concat(), level - 20.0);
        let (_, changes) = heard(&noisy);
        let [(up, Event::CarrierUp), (down, Event::CarrierDown)] = changes[..] else { panic!("{changes:?}") };
        assert!((400..400 + 80).contains(&up), "{up}");
        let end = 400 + signal.len();
        assert!((end..end + 160).contains(&down), "{level} dBm0: {} samples late", down - end);
    }
}

#[test]
fn noise_clock_skew_and_frequency_offset_are_borne() {
    let bits = pattern(3000);
    let signal = sent(&bits, -20.0);
    let (received, _) = heard(&with_noise(&signal, -23.0));
    assert!(errors(&received, &bits, 2900) <= 3, "3 dB: {}", errors(&received, &bits, 2900));
    for millionths in [-500.0, -200.0, 200.0, 500.0] {
        let (received, _) = heard(&skewed(&signal, millionths));
        assert_eq!(errors(&received, &bits, 2900), 0, "{millionths}");
    }
    // T.30 lets the tones be 6 Hz off at the sender, and the line may add as much.
    for hertz in [-12.0, 12.0_f32] {
        let turn = |nominal: u32| {
            let angle = TAU * (nominal as f32 + hertz) / 8000.0;
            [angle.cos(), angle.sin()]
        };
        let transmitter = Transmitter { turns: [turn(SPACE_HERTZ), turn(MARK_HERTZ)], ..Transmitter::new(-20.0) };
        let (received, _) = heard(&with_noise(&sent_by(transmitter, &bits), -30.0));
        assert_eq!(errors(&received, &bits, 2900), 0, "{hertz} Hz");
    }
}

#[test]
fn noise_and_other_tones_are_no_carrier() {
    for level in [-40.0, -20.0, -3.0] {
        let (received, changes) = heard(&with_noise(&vec![0; 80_000], level));
        assert!(received.len() < 100, "{level} dBm0: {changes:?}");
    }
    for hertz in [425.0, 1100.0, 2100.0, 600.0, 3000.0] {
        let tone: Vec<_> =
            (0..16_000).map(|index| (6000.0 * (TAU * hertz * index as f32 / 8000.0).sin()) as i16).collect();
        assert!(heard(&tone).1.is_empty(), "{hertz} Hz");
    }
}

/// Bits that are wrong, and of them those that the receiver was sure of; after `skip` bits.
fn wrong(heard: &[(bool, bool)], sent: &[bool]) -> (usize, usize) {
    let pairs = heard.iter().zip(sent);
    let wrong: Vec<_> = pairs.filter(|((bit, _), sent)| bit != *sent).collect();
    (wrong.len(), wrong.iter().filter(|((_, is_sure), _)| *is_sure).count())
}

#[test]
fn a_hole_in_the_signal_loses_no_bit_and_what_was_in_it_is_doubtful() {
    let bits = pattern(600);
    let clean = sent(&bits, -20.0);
    let received = |samples: &[i16], concealed: std::ops::Range<usize>| {
        let mut receiver = Receiver::new();
        let mut heard = Vec::new();
        let mut take = |event| {
            if let Event::Bit { bit, is_sure } = event {
                heard.push((bit, is_sure));
            }
        };
        receiver.receive(&samples[..concealed.start], &mut |_, event| take(event));
        receiver.receive_concealed(&samples[concealed.clone()], &mut |_, event| take(event));
        receiver.receive(&samples[concealed.end..], &mut |_, event| take(event));
        heard
    };
    let undisturbed = received(&clean, 0..0);
    let aligned: Vec<_> = undisturbed.iter().map(|(bit, _)| *bit).collect();
    assert!(undisturbed[10..].iter().all(|(_, is_sure)| *is_sure));
    for start in (4000..4300).step_by(7) {
        let mut silent = clean.clone();
        silent[start..start + 160].fill(0);
        for heard in [received(&silent, 0..0), received(&clean, start..start + 160)] {
            assert_eq!(heard.len(), aligned.len(), "hole at {start}");
            let doubtful = heard[10..].iter().filter(|(_, is_sure)| !is_sure).count();
            assert!((4..10).contains(&doubtful), "{doubtful} doubtful bits");
            assert_eq!(wrong(&heard, &aligned).1, 0, "hole at {start}");
        }
    }
}

#[test]
fn a_click_is_like_a_short_hole() {
    let bits = pattern(600);
    let clean = sent(&bits, -20.0);
    let received = |samples: &[i16]| {
        let (mut receiver, mut heard) = (Receiver::new(), Vec::new());
        receiver.receive(samples, &mut |_, event| {
            if let Event::Bit { bit, is_sure } = event {
                heard.push((bit, is_sure));
            }
        });
        heard
    };
    let aligned: Vec<_> = received(&clean).iter().map(|(bit, _)| *bit).collect();
    for milliseconds in [1, 3, 5] {
        for start in (4000..4300).step_by(7) {
            // At 0 dBm0, alternating as no tone of ours does.
            let mut clicked = clean.clone();
            for (place, sample) in clicked[start..start + milliseconds * 8].iter_mut().enumerate() {
                *sample = if place % 3 == 0 { 20_000 } else { -16_000 };
            }
            let heard = received(&clicked);
            assert_eq!(heard.len(), aligned.len(), "{milliseconds} ms at {start}");
            assert_eq!(wrong(&heard, &aligned).1, 0, "{milliseconds} ms at {start}: a wrong bit that was sure");
        }
    }
}
