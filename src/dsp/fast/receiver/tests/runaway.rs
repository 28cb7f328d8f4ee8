//! What becomes far louder than the signal was, and what no carrier would send: the loops must not run away, and time must go on.

use super::super::super::Complex;
use super::super::carrier::Carrier;
use super::super::equaliser::{AFTER, BEFORE, Equaliser, TAPS};
use super::super::front::FrontEnd;
use super::super::line::{Line, Loops};
use super::super::presence::Presence;
use super::super::window::Half;
use super::*;

#[test]
fn a_carrier_keeps_its_length_however_wrong_its_phase_seems() {
    for correction in [3.3, -353.0, 2e26] {
        let mut carrier = Carrier::new(Mode::V17At14400);
        for _ in 0..20 {
            carrier.advance(correction, correction);
            assert!((0.8..1.2).contains(&carrier.rotor().power()), "{correction}: {:?}", carrier.rotor());
        }
    }
}

#[test]
fn an_equaliser_does_not_grow_where_the_signal_is_a_thousand_times_as_strong_as_it_was() {
    let mode = Mode::V17At14400;
    let mut line = Line::new(mode);
    let mut next = noise();
    let mut taps = [0.0; TAPS];
    taps[BEFORE as usize] = 1e-3;
    line.equaliser = Equaliser::with(taps, [0.0; TAPS]);
    line.presence = Presence::new(mode, 1e5);
    for _ in 0..2000 {
        for _ in 0..2 {
            let half = Half { re: (next() * 17e3) as i16, im: (next() * 17e3) as i16 };
            line.hear(half, false);
        }
        let at = line.window.end() - AFTER;
        let heard = line.heard(at);
        assert!(heard.power() < 1e6, "{heard:?}");
        line.follow(at, heard, Complex::new(1.0, 1.0), Loops::DECIDED);
    }
}

#[test]
fn time_goes_on_though_the_peers_clock_made_no_sense() {
    let mut front = FrontEnd::new(Mode::V29At9600);
    front.slow_down(f32::NAN);
    front.shift(f32::NAN);
    for _ in 0..100 {
        front.take(&[1000; 160]);
        let given = std::iter::from_fn(|| front.next()).take(1000).count();
        assert!(given <= 160, "{given} half symbols of 160 samples");
    }
}
