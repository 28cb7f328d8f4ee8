//! Packets that are lost, and a signal that jumps.

use super::*;

/// Symbols after a hole by which everything is right again: half an equaliser, the memory of the code, and the descrambler.
const SYMBOLS_AFTER: usize = 40;

/// Loses a packet; what stands in for it is silence, or the packet before once more.
fn lose(samples: &mut [i16], packet: usize, repeat: bool) {
    for at in packet * 160..(packet + 1) * 160 {
        samples[at] = if repeat { samples[at - 160] } else { 0 };
    }
}

#[test]
fn a_lost_packet_costs_little_more_than_its_own_bits() {
    for mode in Mode::ALL {
        let bits = data(mode.bits_per_second() as usize);
        for repeat in [false, true] {
            let mut samples = coded(&send(mode, Training::Long, false, &bits));
            let packet = samples.len() / 160 - 30;
            lose(&mut samples, packet, repeat);
            let heard = hear(&mut Receiver::new(mode), &samples);
            let (first, last) = spread(&bits, &heard.bits).unwrap();
            let most = mode.bits_per_second() as usize / 50 + SYMBOLS_AFTER * mode.bits_per_symbol() as usize;
            assert!(last - first <= most, "{mode:?} repeated: {repeat}: {first} to {last}, {most} allowed");
            assert!(heard.bits.len() >= bits.len(), "{mode:?}");
        }
    }
}

#[test]
fn two_packets_lost_in_a_row_are_not_the_end() {
    let mode = Mode::V17At14400;
    let bits = data(14_400);
    let mut samples = coded(&send(mode, Training::Long, false, &bits));
    let packet = samples.len() / 160 - 30;
    lose(&mut samples, packet, false);
    lose(&mut samples, packet + 1, false);
    let heard = hear(&mut Receiver::new(mode), &samples);
    assert_eq!(heard.signs(), [Event::Carrier, Event::Trained, Event::CarrierLost]);
    assert!(heard.wrong(&bits) < 14_400 * 60 / 1000 / 2);
}

#[test]
fn nothing_is_learned_from_what_was_made_up() {
    // Noise as loud as the signal for 40 ms, and the receiver is told.
    let mode = Mode::V29At9600;
    let bits = data(9600);
    let mut samples = coded(&send(mode, Training::Long, false, &bits));
    let start = samples.len() - 4800;
    let mut noise = noise();
    samples[start..start + 320].iter_mut().for_each(|sample| *sample = (5000.0 * noise()) as i16);
    let mut receiver = Receiver::new(mode);
    let mut heard = hear(&mut receiver, &samples[..start]);
    receiver.receive_concealed(&samples[start..start + 320], &mut |event| {
        if let Event::Bits(bits) = event {
            heard.bits.extend(bits.iter());
        }
    });
    heard.bits.extend(hear(&mut receiver, &samples[start + 320..]).bits);
    let (first, last) = spread(&bits, &heard.bits).unwrap();
    assert!(last - first <= 9600 * 40 / 1000 + SYMBOLS_AFTER * 4, "{first} to {last}");
}

#[test]
fn a_packet_lost_in_training_does_no_harm() {
    for mode in [Mode::V27ter4800, Mode::V29At9600, Mode::V17At14400] {
        let bits = data(600);
        let whole = coded(&send(mode, Training::Long, false, &bits));
        let start = whole.iter().position(|sample| *sample != 0).unwrap() / 160 + 1;
        let training = whole.len() / 160 - start - 15;
        for part in 0..5 {
            let mut samples = whole.clone();
            lose(&mut samples, start + part * training / 5, false);
            let heard = hear(&mut Receiver::new(mode), &samples);
            assert_eq!(heard.wrong(&bits), 0, "{mode:?} {part}: {:?}", heard.signs);
        }
    }
}

#[test]
fn a_slip_of_the_network_and_a_change_of_level_are_overcome() {
    for mode in [Mode::V27ter4800, Mode::V29At9600, Mode::V17At14400] {
        let bits = data(mode.bits_per_second() as usize);
        let signal = send(mode, Training::Long, false, &bits);
        let slip = signal.len() - 6000;
        let slipped = [&signal[..slip], &signal[slip + 1..]].concat();
        let softer: Vec<f64> =
            signal.iter().enumerate().map(|(at, sample)| sample * if at < slip { 1.0 } else { 0.6 }).collect();
        for signal in [slipped, softer] {
            let heard = hear(&mut Receiver::new(mode), &coded(&signal));
            // The number of bits has changed; what comes last must be there, a little before the end.
            let last = &bits[bits.len() - 400..];
            assert!(heard.bits.windows(400).any(|window| window == last), "{mode:?} {:?}", heard.signs);
        }
    }
}

#[test]
fn a_packet_lost_in_a_short_training_costs_no_more_than_the_first_data() {
    let mode = Mode::V17At14400;
    let bits = data(mode.bits_per_second() as usize / 2);
    let long = coded(&send(mode, Training::Long, false, &bits));
    let short = coded(&send(mode, Training::Short, false, &bits));
    let mut trained = Receiver::new(mode);
    hear(&mut trained, &long);
    trained.restart(mode, Training::Short);
    let start = short.iter().position(|sample| *sample != 0).unwrap() / 160;
    // The training lasts 142 ms.
    for packet in start..start + 8 {
        let mut samples = short.clone();
        lose(&mut samples, packet, false);
        let heard = hear(&mut trained.clone(), &samples);
        let last = &bits[bits.len() - 4000..];
        assert!(heard.bits.windows(4000).any(|window| window == last), "{} {:?}", packet - start, heard.signs);
    }
}

#[test]
fn whatever_comes_is_borne() {
    let mut noise = noise();
    let mut receiver = Receiver::new(Mode::V17At14400);
    let signal = coded(&send(Mode::V17At14400, Training::Long, true, &data(3000)));
    for (turn, mode) in Mode::ALL.into_iter().enumerate() {
        receiver.restart(mode, if turn % 2 == 0 { Training::Long } else { Training::Short });
        // Pieces of a signal, the loudest noise, squares, and silence.
        let mut samples: Vec<i16> = signal[turn * 800..turn * 1500 + 3000].to_vec();
        samples.extend((0..2000).map(|_| (32_767.0 * noise()) as i16));
        samples.extend((0..2000).map(|at| if at / (turn + 1) % 2 == 0 { i16::MIN } else { i16::MAX }));
        samples.extend([0; 1000]);
        let heard = hear(&mut receiver, &samples);
        assert!(heard.bits.len() <= samples.len() * mode.bits_per_second() as usize / 8000, "{mode:?}");
        assert!(receiver.signal_to_noise_db().is_finite());
    }
}
