//! Pages without error correction, as an answerer gets them.

use super::*;

/// An answerer without error correction that has sent CFR.
fn trained_without_correction() -> Bench<Receiver> {
    let mut bench = answerer();
    bench.give(Input::Start);
    bench.let_send();
    // V.29 at 9600, MR: the DCS of Asterisk with ecm=no, modem=v29.
    bench.hear(&[&TSI, &[0xFF, 0xC8, 0xC1, 0x00, 0x63, 0x1E]]);
    bench.hear_carrier(&[0; 1800]);
    assert_eq!(controls(&bench.let_send()), [CFR.to_vec()]);
    bench
}

const MPS: [u8; 3] = [0xFF, 0xC8, 0xF2];
const RTN: [u8; 3] = [0xFF, 0xC8, 0x32];

#[test]
fn a_page_whose_carrier_went_long_before_its_command_is_refused_however_good_it_looks() {
    for (gap_ms, answer) in [(200, MCF), (7000, RTN)] {
        let mut bench = trained_without_correction();
        bench.hear_carrier(&[0x55; 4000]);
        bench.wait(Duration::from_millis(gap_ms));
        bench.hear(&[&MPS]);
        bench.give(Input::PageVerdict(Verdict::Good));
        assert_eq!(controls(&bench.let_send()), [answer.to_vec()], "{gap_ms}");
    }
}

#[test]
fn a_command_repeated_after_t4_is_confirmed_again_but_a_page_that_went_unheard_is_not() {
    for (gap_ms, answer) in [(3000, MCF), (12_000, RTN)] {
        let mut bench = trained_without_correction();
        bench.hear_carrier(&[0x55; 4000]);
        bench.hear(&[&MPS]);
        bench.give(Input::PageVerdict(Verdict::Good));
        bench.let_send();
        bench.wait(Duration::from_millis(gap_ms));
        bench.hear(&[&MPS]);
        assert_eq!(controls(&bench.let_send()), [answer.to_vec()], "{gap_ms}");
        assert_eq!(bench.pages.len(), 1);
    }
}

#[test]
fn a_command_with_no_page_before_it_is_never_confirmed() {
    let mut bench = trained_without_correction();
    bench.hear(&[&MPS]);
    assert_eq!(controls(&bench.let_send()), [RTN.to_vec()]);
    assert!(bench.pages.is_empty());
}

#[test]
fn half_a_page_is_handed_over_when_the_call_breaks_and_is_not_counted() {
    let mut bench = trained_without_correction();
    bench.give(Input::Heard(Heard::Bits(vec![0x55; 100])));
    bench.give(Input::Stop(Cause::MediaLost));
    assert_eq!((bench.pages[0].ended, bench.pages[0].wants_verdict), (PageEnd::CallLost, false));
    assert_eq!(bench.ending.map(|ending| ending.pages), Some(0));
}
