//! Another carrier in the middle of phase B, at each step of it: what was cut off is said again, what was said is not, and no page is
//! lost.

use super::line::page_bits;
use super::script::{Bench, CFR, CSI, DCS, DIS, TSI, answerer, caller, controls, to_t38};
use crate::model::Cause;
use crate::signal::{Burst, Heard, Modulation, Tone, Training};
use crate::t30::{Input, Receiver, Sender, Switch, Transport, Verdict};
use std::time::Duration;

fn switch(fastest: Modulation) -> Input {
    Input::Switched(Switch { fastest, ..to_t38() })
}

/// A caller that has heard a DIS and begun to answer it.
fn commanding() -> Bench<Sender> {
    let mut bench = caller(1, Transport::Audio);
    bench.give(Input::Start);
    bench.let_send();
    bench.hear(&[&CSI, &DIS]);
    bench
}

/// The call goes on to its page.
fn page_goes(bench: &mut Bench<Sender>) {
    bench.hear(&[&CFR]);
    assert_eq!(bench.needs, [0]);
    bench.give(Input::Page(page_bits(0, 200)));
    assert!(matches!(&bench.let_send()[0], Burst::Block { .. }));
}

#[test]
fn a_command_that_was_cut_off_goes_again_whole() {
    let mut bench = commanding();
    // The pause before the DCS has passed, the DCS is leaving.
    bench.wait(Duration::from_millis(100));
    bench.give(Input::Sent);
    bench.sent.clear();
    bench.give(switch(Modulation::V17At14400));
    let said = bench.let_send();
    assert_eq!(controls(&said), [DCS.to_vec()]);
    assert_eq!(said.last(), Some(&Burst::TrainingCheck { modulation: Modulation::V17At14400 }));
    page_goes(&mut bench);
}

#[test]
fn a_command_that_went_out_whole_is_not_said_again_and_its_answer_counts() {
    let mut bench = commanding();
    bench.let_send();
    bench.give(switch(Modulation::V17At14400));
    assert!(bench.let_send().is_empty(), "the answer may be on its way");
    page_goes(&mut bench);
}

#[test]
fn an_answer_that_the_change_cut_off_is_asked_for_again() {
    let mut bench = commanding();
    bench.let_send();
    bench.give(Input::Heard(Heard::Preamble));
    bench.give(switch(Modulation::V17At14400));
    bench.wait(Duration::from_secs(5));
    assert_eq!(controls(&bench.let_send()), [DCS.to_vec()], "after T4, the signal of before being over");
    page_goes(&mut bench);
}

#[test]
fn the_new_carriers_rate_bounds_the_training() {
    let mut bench = commanding();
    bench.give(switch(Modulation::V29At9600));
    let said = bench.let_send();
    assert_eq!(said.last(), Some(&Burst::TrainingCheck { modulation: Modulation::V29At9600 }));
}

#[test]
fn a_caller_that_meets_an_answerer_who_began_again_begins_again_too() {
    let mut bench = commanding();
    bench.let_send();
    bench.give(switch(Modulation::V17At14400));
    bench.hear(&[&CSI, &DIS]);
    assert_eq!(controls(&bench.let_send()), [DCS.to_vec()]);
    page_goes(&mut bench);
}

/// The far end commands and trains, and the page is asked for.
fn is_trained(bench: &mut Bench<Receiver>) {
    bench.hear(&[&TSI, &DCS]);
    let carrier = Heard::Carrier { modulation: Modulation::V17At14400, training: Training::Long };
    bench.give(Input::Heard(carrier));
    bench.give(Input::Heard(Heard::Bits(vec![0; 2700])));
    bench.give(Input::Heard(Heard::End));
    assert_eq!(controls(&bench.let_send()), [CFR.to_vec()]);
}

#[test]
fn the_answer_tone_that_was_heard_is_not_played_again() {
    for (ced_was_heard, first) in [(true, 1), (false, 2)] {
        let mut bench = answerer();
        bench.give(Input::Start);
        bench.sent.clear();
        bench.give(Input::Switched(Switch { ced_was_heard, ..to_t38() }));
        let said = bench.let_send();
        assert_eq!((said.len(), controls(&said)), (first, vec![DIS.to_vec()]), "{said:?}");
        is_trained(&mut bench);
    }
}

#[test]
fn a_dis_that_was_cut_off_goes_again_without_the_tone() {
    let mut bench = answerer();
    bench.give(Input::Start);
    // The tone, and the pause behind it.
    for _ in 0..2 {
        bench.wait(Duration::from_millis(100));
        bench.give(Input::Sent);
    }
    bench.sent.clear();
    bench.give(Input::Switched(Switch { ced_was_heard: false, ..to_t38() }));
    let said = bench.let_send();
    assert_eq!(controls(&said), [DIS.to_vec()]);
    assert!(!said.contains(&Burst::Tone(Tone::Ced)));
    is_trained(&mut bench);
}

#[test]
fn a_dis_that_went_out_whole_is_answered_over_the_new_carrier() {
    let mut bench = answerer();
    bench.give(Input::Start);
    bench.let_send();
    bench.give(switch(Modulation::V17At14400));
    assert!(bench.let_send().is_empty(), "its DCS may be on its way");
    is_trained(&mut bench);
}

#[test]
fn a_dis_whose_answer_was_lost_in_the_change_goes_again_after_three_seconds() {
    let mut bench = answerer();
    bench.give(Input::Start);
    bench.let_send();
    bench.give(Input::Heard(Heard::Preamble));
    bench.give(switch(Modulation::V17At14400));
    bench.wait(Duration::from_millis(3100));
    assert_eq!(controls(&bench.let_send()), [DIS.to_vec()]);
    is_trained(&mut bench);
}

#[test]
fn a_training_check_that_was_cut_off_says_nothing_of_the_rate() {
    let mut bench = answerer();
    bench.give(Input::Start);
    bench.let_send();
    bench.hear(&[&TSI, &DCS]);
    bench.give(Input::Heard(Heard::Carrier { modulation: Modulation::V17At14400, training: Training::Long }));
    bench.give(switch(Modulation::V17At14400));
    bench.wait(Duration::from_millis(2500));
    assert!(bench.let_send().is_empty(), "no FTT");
    is_trained(&mut bench);
}

#[test]
fn once_a_page_was_asked_for_the_carrier_stays() {
    let mut bench = answerer();
    bench.give(Input::Start);
    bench.let_send();
    is_trained(&mut bench);
    bench.give(switch(Modulation::V17At14400));
    assert!(bench.let_send().is_empty());
    super::script::one_frame_block(&mut bench, 0x5A);
    bench.hear(&[&[0xFF, 0xC8, 0xFD, 0xF4, 0x00, 0x00, 0x00]]);
    bench.give(Input::PageVerdict(Verdict::Good));
    bench.let_send();
    bench.hear(&[&super::script::DCN]);
    assert_eq!(bench.cause(), Some(Cause::Sent));
}
