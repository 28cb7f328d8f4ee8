//! What a carrier of modems is told to expect next.

use super::line::{
    ANSWERER, CALLER, Fate, Line, Outcome, answerer_settings, caller_settings, poll_settings, with_document,
};
use crate::model::Cause;
use crate::signal::{Heard, Listen, Modulation, Training};
use crate::t30::Errand;

const CHECK: Listen = Listen::Fast { modulation: Modulation::V17At14400, training: Training::Long, framed: false };
const PAGE: Listen = Listen::Fast { modulation: Modulation::V17At14400, training: Training::Short, framed: false };
const BLOCK: Listen = Listen::Fast { modulation: Modulation::V17At14400, training: Training::Short, framed: true };

fn sent(outcome: &Outcome) {
    assert_eq!((&outcome.caller.cause, &outcome.answerer.cause), (&Cause::Sent, &Cause::Sent));
}

#[test]
fn an_answerer_expects_the_check_then_each_page_and_a_command_after_the_last() {
    for (ecm, message) in [(true, BLOCK), (false, PAGE)] {
        let outcome = Line::new(caller_settings(2, ecm), answerer_settings()).run();
        sent(&outcome);
        let expected = [CHECK, message, Listen::Control, message, Listen::Control];
        assert_eq!(outcome.listens[ANSWERER], expected, "{}", outcome.log.join("\n"));
        assert_eq!(outcome.listens[CALLER], [], "a caller that sends hears commands only");
    }
}

#[test]
fn modems_without_a_short_training_are_expected_with_the_long_one() {
    let mut caller = caller_settings(1, true);
    caller.max_modulation = Modulation::V29At9600;
    let outcome = Line::new(caller, answerer_settings()).run();
    sent(&outcome);
    let expect = |framed| Listen::Fast { modulation: Modulation::V29At9600, training: Training::Long, framed };
    assert_eq!(outcome.listens[ANSWERER], [expect(false), expect(true), Listen::Control]);
}

#[test]
fn after_a_failed_check_the_next_one_is_expected_at_its_own_rate() {
    let mut line = Line::new(caller_settings(1, true), answerer_settings());
    line.fault = Box::new(|item| {
        let is_fast = item.modulation == Some(Modulation::V17At14400);
        if is_fast && matches!(item.heard, Heard::Bits(_)) { Fate::Damaged } else { Fate::Heard }
    });
    let outcome = line.run();
    sent(&outcome);
    let slower = |training, framed| Listen::Fast { modulation: Modulation::V17At12000, training, framed };
    let expected =
        [CHECK, Listen::Control, slower(Training::Long, false), slower(Training::Short, true), Listen::Control];
    assert_eq!(outcome.listens[ANSWERER], expected, "{}", outcome.log.join("\n"));
}

/// T.30 (09/2005) §A.4.1: long training after CTR, for the one burst that follows.
#[test]
fn after_ctr_one_burst_is_expected_with_long_training() {
    let mut line = Line::new(caller_settings(1, true), answerer_settings());
    line.fault = Box::new(|item| {
        let is_fast = item.modulation == Some(Modulation::V17At14400);
        let is_frame = item.code() == Some(0x60);
        if is_fast && is_frame { Fate::Damaged } else { Fate::Heard }
    });
    let outcome = line.run();
    sent(&outcome);
    let listens = &outcome.listens[ANSWERER];
    let long = Listen::Fast { modulation: Modulation::V17At12000, training: Training::Long, framed: true };
    assert_eq!(listens[..3], [CHECK, BLOCK, long], "{}", outcome.log.join("\n"));
    assert_eq!(listens[3..], [Listen::Control]);
}

#[test]
fn a_caller_that_fetches_expects_pages_and_the_answerer_does_not() {
    let outcome = Line::between(Errand::Poll(poll_settings()), with_document(1)).run();
    sent(&outcome);
    assert_eq!(outcome.listens[CALLER], [CHECK, BLOCK, Listen::Control]);
    assert_eq!(outcome.listens[ANSWERER], []);
}

#[test]
fn both_ends_expect_in_turn_where_pages_go_both_ways() {
    let errand = Errand::SendThenPoll(caller_settings(1, true), poll_settings());
    let outcome = Line::between(errand, with_document(1)).run();
    sent(&outcome);
    assert_eq!(outcome.listens[ANSWERER], [CHECK, BLOCK, Listen::Control]);
    assert_eq!(outcome.listens[CALLER], [CHECK, BLOCK, Listen::Control]);
}
