//! What is no carrier, and how a carrier ends.

use super::*;

fn tone(hertz: f64, milliseconds: usize) -> Vec<f64> {
    (0..8 * milliseconds).map(|at| 4000.0 * (TAU * hertz * at as f64 / 8000.0).sin()).collect()
}

/// V.21 as flags have it.
fn flags(milliseconds: usize) -> Vec<f64> {
    let mut phase = 0.0;
    let bit = |at: usize| at * 300 / 8000 % 8;
    let hertz = |at| if (1..7).contains(&bit(at)) { 1650.0 } else { 1850.0 };
    (0..8 * milliseconds)
        .map(|at| {
            phase += TAU * hertz(at) / 8000.0;
            4000.0 * f64::sin(phase)
        })
        .collect()
}

#[test]
fn tones_flags_noise_and_speech_are_no_carrier() {
    let mut noise = noise();
    let hiss: Vec<f64> = (0..8000).map(|_| 2000.0 * noise()).collect();
    // Pulses through a moving resonance: as far as a modem is concerned, a voice.
    let (mut last, mut before) = (0.0, 0.0);
    let voice: Vec<f64> = (0..8000)
        .map(|at| {
            let resonance = TAU * (700.0 + 500.0 * (f64::from(at) / 3000.0).sin()) / 8000.0;
            let pulse = if at % 67 == 0 { 4000.0 } else { 50.0 * noise() };
            let next = pulse + 1.94 * resonance.cos() * last - 0.94 * before;
            (before, last) = (last, next);
            next
        })
        .collect();
    let other = send(Mode::V29At9600, Training::Long, false, &data(2000));
    for mode in [Mode::V27ter2400, Mode::V27ter4800, Mode::V17At14400] {
        let mut receiver = Receiver::new(mode);
        for signal in [&tone(1100.0, 500), &tone(2100.0, 500), &tone(1800.0, 500), &flags(1000), &hiss, &voice, &other]
        {
            let heard = hear(&mut receiver, &coded(signal));
            assert_eq!(heard, Heard::default(), "{mode:?}");
        }
    }
}

#[test]
fn a_carrier_is_told_before_its_training_is_over_and_its_end_within_80_milliseconds() {
    for mode in Mode::ALL {
        let bits = data(mode.bits_per_second() as usize / 4);
        let signal = send(mode, Training::Long, false, &bits);
        let heard = hear(&mut Receiver::new(mode), &coded(&signal));
        let packet_of = |sample: Option<usize>| sample.unwrap() / 160;
        let start = packet_of(signal.iter().position(|sample| sample.abs() > 100.0));
        let end = packet_of(signal.iter().rposition(|sample| sample.abs() > 100.0));
        let (carrier, lost) = (heard.signs[0].0, heard.signs[2].0);
        assert!(carrier <= start + 4, "{mode:?}: {carrier} after {start}");
        assert!((end..end + 5).contains(&lost), "{mode:?}: {lost} after {end}");
        // Turning off takes ones and, with V.17, silence; of this silence nothing may be heard as bits.
        assert!(heard.bits.len() < bits.len() + mode.bits_per_second() as usize * 35 / 1000, "{mode:?}");
    }
}

#[test]
fn a_training_that_breaks_off_fails_and_the_next_is_heard() {
    for mode in [Mode::V27ter4800, Mode::V29At9600, Mode::V17At14400] {
        let bits = data(1000);
        let signal = send(mode, Training::Long, false, &bits);
        let start = signal.iter().position(|sample| sample.abs() > 100.0).unwrap();
        let mut receiver = Receiver::new(mode);
        let broken = [&signal[..start + 1200], &[0.0; 1600][..]].concat();
        let heard = hear(&mut receiver, &coded(&broken));
        assert_eq!(heard.signs(), [Event::Carrier, Event::TrainingFailed], "{mode:?}");
        let heard = hear(&mut receiver, &coded(&signal));
        assert_eq!(heard.signs(), [Event::Carrier, Event::Trained, Event::CarrierLost], "{mode:?}");
        assert_eq!(heard.wrong(&bits), 0, "{mode:?}");
    }
}

#[test]
fn alternations_without_end_fail_in_time() {
    let mut receiver = Receiver::new(Mode::V27ter4800);
    let both: Vec<f64> = tone(1000.0, 2000).iter().zip(tone(2600.0, 2000)).map(|(one, other)| one + other).collect();
    let heard = hear(&mut receiver, &coded(&both));
    assert_eq!(heard.signs(), [Event::Carrier, Event::TrainingFailed]);
}

#[test]
fn short_training_without_a_long_one_before_fails() {
    let mode = Mode::V17At9600;
    let mut receiver = Receiver::new(mode);
    receiver.restart(mode, Training::Short);
    let mut signal = send(mode, Training::Short, false, &data(2000));
    signal.extend([0.0; 8000]);
    assert_eq!(hear(&mut receiver, &coded(&signal)).signs(), [Event::Carrier, Event::TrainingFailed]);
}
