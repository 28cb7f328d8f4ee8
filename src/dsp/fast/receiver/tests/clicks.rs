//! Clicks: some milliseconds of something much louder than the signal.

use super::*;

/// Samples that a click lasts, and what it is: a step, a square of 1000 Hz, or noise.
const CLICKS: [(usize, u32); 6] = [(8, 0), (40, 0), (8, 1), (40, 1), (8, 2), (40, 2)];

/// Adds a click at the full scale of the law.
fn click(samples: &mut [i16], at: usize, (length, kind): (usize, u32)) {
    let mut noise = noise();
    for (place, sample) in samples[at..at + length].iter_mut().enumerate() {
        let size = match kind {
            0 => 1.0,
            1 if place / 4 % 2 == 0 => 1.0,
            1 => -1.0,
            _ => noise(),
        };
        *sample = sample.saturating_add((32_767.0 * size) as i16);
        *sample = Law::Mu.decode(Law::Mu.encode(*sample));
    }
}

/// Symbols by which a click is over: the filters of both ends, the equaliser, the memory of the code, and the descrambler.
const SYMBOLS_AFTER: usize = 24;

#[test]
fn a_click_in_a_long_training_does_no_harm() {
    for mode in Mode::ALL {
        let bits = data(mode.bits_per_second() as usize / 4);
        let whole = coded(&send(mode, Training::Long, false, &bits));
        let start = whole.iter().position(|sample| *sample != 0).unwrap();
        // The last segment is received as data are; a click in its end reaches into them.
        let training = whole.len() - MARGIN - 2000 - start - 600;
        for place in 0..40 {
            let mut samples = whole.clone();
            click(&mut samples, start + place * training / 40, CLICKS[place % CLICKS.len()]);
            let heard = hear(&mut Receiver::new(mode), &samples);
            assert_eq!(heard.wrong(&bits), 0, "{mode:?} {place}: {:?}", heard.signs);
        }
    }
}

#[test]
fn a_click_in_a_short_training_costs_no_more_than_the_first_data() {
    for mode in [Mode::V17At7200, Mode::V17At14400] {
        let bits = data(mode.bits_per_second() as usize / 2);
        let mut trained = Receiver::new(mode);
        hear(&mut trained, &coded(&send(mode, Training::Long, false, &bits)));
        trained.restart(mode, Training::Short);
        let whole = coded(&send(mode, Training::Short, false, &bits));
        let start = whole.iter().position(|sample| *sample != 0).unwrap();
        for place in 0..40 {
            let mut samples = whole.clone();
            // The training lasts 142 ms.
            click(&mut samples, start + place * 1136 / 40, CLICKS[place % CLICKS.len()]);
            let heard = hear(&mut trained.clone(), &samples);
            let last = &bits[bits.len() * 3 / 5..];
            assert!(heard.bits.windows(last.len()).any(|bits| bits == last), "{mode:?} {place}: {:?}", heard.signs);
        }
    }
}

#[test]
fn a_click_in_data_costs_its_own_bits_and_few_more() {
    const SECONDS: usize = 6;
    for mode in Mode::ALL {
        let rate = mode.bits_per_second() as usize;
        let bits = data(SECONDS * rate);
        let mut samples = coded(&send(mode, Training::Long, false, &bits));
        let start = samples.len() - MARGIN - 8000 * SECONDS;
        for turn in 0..2 * SECONDS - 1 {
            click(&mut samples, start + 2000 + 4000 * turn + 37 * turn, CLICKS[turn % CLICKS.len()]);
        }
        let heard = hear(&mut Receiver::new(mode), &samples);
        assert_eq!(heard.signs(), [Event::Carrier, Event::Trained, Event::CarrierLost], "{mode:?}");
        // Half a second around each.
        for (turn, part) in bits.chunks(rate / 2).enumerate().take(2 * SECONDS - 1) {
            let part = turn * rate / 2..turn * rate / 2 + part.len();
            let (first, last) = spread(&bits[part.clone()], &heard.bits[part]).unwrap_or_default();
            let (length, _) = CLICKS[turn % CLICKS.len()];
            let most = length * rate / 8000 + SYMBOLS_AFTER * mode.bits_per_symbol() as usize;
            assert!(last - first <= most, "{mode:?} {turn}: {first} to {last}, {most} allowed");
        }
    }
}
