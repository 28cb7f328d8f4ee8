//! Good lines and such that are a little off: every mode, long and short training.

use super::*;

/// Half a second of data.
fn bits_of(mode: Mode) -> Vec<bool> {
    data(mode.bits_per_second() as usize / 2)
}

const WELL: [Event; 3] = [Event::Carrier, Event::Trained, Event::CarrierLost];

#[test]
fn every_mode_is_received() {
    for mode in Mode::ALL {
        let bits = bits_of(mode);
        let mut receiver = Receiver::new(mode);
        let heard = hear(&mut receiver, &coded(&send(mode, Training::Long, false, &bits)));
        assert_eq!(heard.signs(), WELL, "{mode:?}");
        assert_eq!(heard.wrong(&bits), 0, "{mode:?}");
        assert!(receiver.signal_to_noise_db() > 33.0, "{mode:?}: {}", receiver.signal_to_noise_db());
    }
}

#[test]
fn it_does_not_matter_in_what_portions_samples_come() {
    let mode = Mode::V29At9600;
    let signal = coded(&send(mode, Training::Long, false, &bits_of(mode)));
    let mut whole = Vec::new();
    Receiver::new(mode).receive(&signal, &mut |event| whole.push(event));
    for portion in [1, 7, 160, 1000] {
        let mut receiver = Receiver::new(mode);
        let mut events = Vec::new();
        for samples in signal.chunks(portion) {
            receiver.receive(samples, &mut |event| events.push(event));
        }
        assert!(events == whole, "{portion}");
    }
}

#[test]
fn levels_frequencies_and_clocks_may_be_off() {
    for mode in [Mode::V27ter2400, Mode::V27ter4800, Mode::V29At9600, Mode::V17At14400] {
        let bits = bits_of(mode);
        let signal = send(mode, Training::Long, false, &bits);
        for (db, hertz, ppm) in [(-30.0, 7.0, 0.0), (9.0, -7.0, 200.0), (-20.0, 0.0, -200.0)] {
            let gain = 10.0_f64.powf(db / 20.0);
            let louder: Vec<f64> = signal.iter().map(|sample| sample * gain).collect();
            let heard = hear(&mut Receiver::new(mode), &coded(&resampled(&shifted(&louder, hertz), ppm)));
            assert_eq!(heard.signs(), WELL, "{mode:?} {db} dB {hertz} Hz {ppm} ppm");
            assert_eq!(heard.wrong(&bits), 0, "{mode:?} {db} dB {hertz} Hz {ppm} ppm");
        }
    }
}

#[test]
fn echo_protection_is_no_training_and_a_clipped_beginning_does_no_harm() {
    for mode in [Mode::V27ter4800, Mode::V29At7200, Mode::V17At12000] {
        let bits = bits_of(mode);
        let heard = hear(&mut Receiver::new(mode), &coded(&send(mode, Training::Long, true, &bits)));
        assert_eq!((heard.signs(), heard.wrong(&bits)), (WELL.to_vec(), 0), "{mode:?}");
        let signal = send(mode, Training::Long, false, &bits);
        let start = signal.iter().position(|sample| sample.abs() > 50.0).unwrap();
        let clipped = [&signal[..start.min(400)], &signal[start + 240..]].concat();
        let heard = hear(&mut Receiver::new(mode), &coded(&clipped));
        assert_eq!((heard.signs(), heard.wrong(&bits)), (WELL.to_vec(), 0), "{mode:?} clipped by 30 ms");
    }
}

#[test]
fn short_training_is_enough_after_a_long_one_though_clocks_drift_in_between() {
    for mode in [Mode::V17At7200, Mode::V17At14400] {
        let bits = bits_of(mode);
        let mut signal = send(mode, Training::Long, false, &bits);
        let mut starts = vec![0];
        for pause in [311, 5432] {
            signal.extend(vec![0.0; pause]);
            starts.push(signal.len());
            signal.extend(send(mode, Training::Short, false, &bits));
        }
        let signal = coded(&resampled(&shifted(&signal, 3.0), 150.0));
        let mut receiver = Receiver::new(mode);
        for (carrier, start) in starts.iter().enumerate() {
            let end = starts.get(carrier + 1).copied().unwrap_or(signal.len());
            if carrier > 0 {
                receiver.restart(mode, Training::Short);
            }
            let heard = hear(&mut receiver, &signal[*start..end]);
            assert_eq!((heard.signs(), heard.wrong(&bits)), (WELL.to_vec(), 0), "{mode:?} {carrier}");
        }
    }
}

#[test]
fn a_receiver_changes_from_mode_to_mode() {
    let mut receiver = Receiver::new(Mode::V17At14400);
    for mode in [Mode::V29At9600, Mode::V27ter2400, Mode::V17At9600, Mode::V29At7200] {
        receiver.restart(mode, Training::Long);
        let bits = bits_of(mode);
        let heard = hear(&mut receiver, &coded(&send(mode, Training::Long, false, &bits)));
        assert_eq!((heard.signs(), heard.wrong(&bits)), (WELL.to_vec(), 0), "{mode:?}");
    }
}
