//! Carriers so loud that a law of G.711 clips them.

use super::*;

#[test]
fn what_a_law_has_clipped_is_received_as_if_it_had_not() {
    // V.27ter hardly has peaks.
    for mode in [Mode::V29At9600, Mode::V17At9600, Mode::V17At14400] {
        let bits = data(mode.bits_per_second() as usize * 2);
        let signal = send(mode, Training::Long, false, &bits);
        // From −13 dBm0 to 0 dBm0.
        let gain = 10.0_f64.powf(13.0 / 20.0);
        for law in [Law::Mu, Law::A] {
            let loud = signal.iter().map(|sample| law.decode(law.encode((sample * gain).round() as i16)));
            let loud: Vec<i16> = loud.collect();
            let greatest = loud.iter().map(|sample| sample.unsigned_abs()).max();
            assert_eq!(greatest, Some(law.decode(law.encode(i16::MAX)).unsigned_abs()), "{mode:?} {law:?}");
            let heard = hear(&mut Receiver::new(mode), &loud);
            assert_eq!(heard.wrong(&bits), 0, "{mode:?} {law:?}");
        }
    }
}
