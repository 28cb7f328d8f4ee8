//! What SpanDSP's transmitters send, µ-law at −20 dBm0, as one carrier of each mode.

use super::*;

fn received(mode: Mode, codes: &[u8], bits: usize) {
    let samples: Vec<i16> = codes.iter().map(|code| Law::Mu.decode(*code)).collect();
    let heard = hear(&mut Receiver::new(mode), &samples);
    assert_eq!(heard.signs(), [Event::Carrier, Event::Trained, Event::CarrierLost], "{mode:?}");
    assert_eq!(heard.wrong(&data(bits)), 0, "{mode:?}");
}

#[test]
fn v27ter_of_spandsp_is_received() {
    received(Mode::V27ter2400, include_bytes!("../../../testdata/spandsp-v27ter-2400.ulaw"), 1200);
    received(Mode::V27ter4800, include_bytes!("../../../testdata/spandsp-v27ter-4800.ulaw"), 2400);
}

#[test]
fn v29_of_spandsp_is_received() {
    received(Mode::V29At7200, include_bytes!("../../../testdata/spandsp-v29-7200.ulaw"), 5760);
    received(Mode::V29At9600, include_bytes!("../../../testdata/spandsp-v29-9600.ulaw"), 9600);
}

#[test]
fn v17_of_spandsp_is_received() {
    received(Mode::V17At7200, include_bytes!("../../../testdata/spandsp-v17-7200.ulaw"), 2880);
    received(Mode::V17At9600, include_bytes!("../../../testdata/spandsp-v17-9600.ulaw"), 3840);
    received(Mode::V17At12000, include_bytes!("../../../testdata/spandsp-v17-12000.ulaw"), 4800);
    received(Mode::V17At14400, include_bytes!("../../../testdata/spandsp-v17-14400.ulaw"), 7200);
}
