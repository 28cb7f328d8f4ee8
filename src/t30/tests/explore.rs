//! Every single loss on the line, and many at random: no call hangs, no page is confirmed that did not arrive, and none
//! arrives twice.

use super::line::{Fate, Item, Line, Outcome, answerer_settings, caller_settings, page_bits};
use crate::model::{Cause, Resolution};
use crate::t30::{PageShape, ReceivedPage, Verdict};
use proptest::prelude::*;

/// A page without error correction lasts longer than the time in which a repeated command is expected, as real ones nearly always do.
const PAGE_OCTETS: usize = 14_000;

fn is_page(page: &ReceivedPage, index: u32, octets: usize) -> bool {
    let sent = page_bits(index, octets);
    page.bits.len() >= sent.len()
        && page.bits[..sent.len()] == sent[..]
        && page.bits[sent.len()..].iter().all(|octet| *octet == 0)
}

/// The owner's judgement: whether it is one of the pages.
fn judge(octets: usize, count: u32) -> impl FnMut(&ReceivedPage) -> Verdict {
    move |page| {
        if (0..count).any(|index| is_page(page, index, octets)) { Verdict::Good } else { Verdict::Bad }
    }
}

/// Pages confirmed by the answerer, by number, in order.
fn confirmed(outcome: &Outcome, octets: usize, count: u32) -> Vec<u32> {
    let mut confirmed = Vec::new();
    for (page, verdict) in &outcome.pages {
        // A page whose answer never left is followed by another with its index, or none.
        if *verdict == Some(Verdict::Good) && page.index < outcome.answerer.pages {
            confirmed.truncate(usize::try_from(page.index).unwrap());
            confirmed.push((0..count).find(|index| is_page(page, *index, octets)).expect("judged good"));
        }
    }
    confirmed
}

/// What must hold whatever was lost. The count of copies is left out where T.30 cannot know.
fn check(outcome: &Outcome, octets: usize, count: u32, what: &str) {
    let arrived = confirmed(outcome, octets, count);
    let log = || outcome.log.join("\n");
    for index in 0..outcome.caller.pages {
        assert!(arrived.contains(&index), "{what}: page {index} was believed, but never arrived\n{}", log());
    }
    let mut once = arrived.clone();
    once.sort_unstable();
    once.dedup();
    assert_eq!(once, arrived, "{what}: a page came twice or out of order\n{}", log());
    if outcome.caller.cause == Cause::Sent {
        assert_eq!(
            (outcome.caller.pages, arrived.len()),
            (count, usize::try_from(count).unwrap()),
            "{what}\n{}",
            log()
        );
    }
}

fn line(ecm: bool, octets: usize, new_format: bool) -> Line {
    let mut settings = caller_settings(3, ecm);
    if new_format {
        settings.documents[0].pages[1] =
            PageShape { resolution: Resolution::Standard, ..settings.documents[0].pages[1] };
    }
    let mut line = Line::new(settings, answerer_settings());
    line.page_octets = octets;
    line.judge = Box::new(judge(octets, 3));
    line
}

fn run(ecm: bool, octets: usize, new_format: bool, fault: impl FnMut(&Item<'_>) -> Fate + 'static) -> Outcome {
    let mut line = line(ecm, octets, new_format);
    line.fault = Box::new(fault);
    line.run()
}

/// Whether a call went as well as it can. Without error correction RTN to the last page ends it, and that page goes in another call:
/// T.30 (09/2005) Figure 5-2a.
fn as_well_as_it_can(outcome: &Outcome, ecm: bool) -> bool {
    let last_rejected = outcome.caller.cause == Cause::PageRejected && outcome.caller.pages == 2;
    outcome.caller.cause == Cause::Sent || !ecm && last_rejected
}

/// Runs the call once for each burst lost whole, each thing lost, each frame damaged; a single loss never fails a call.
fn explore(ecm: bool, octets: usize, new_format: bool) {
    let clean = run(ecm, octets, new_format, |_| Fate::Heard);
    check(&clean, octets, 3, "clean");
    assert_eq!(clean.caller.cause, Cause::Sent, "{}", clean.log.join("\n"));
    assert_eq!((clean.answerer.cause.clone(), clean.answerer.pages), (Cause::Sent, 3));
    for lost in 0..clean.bursts {
        let outcome =
            run(ecm, octets, new_format, move |item| if item.burst == lost { Fate::Lost } else { Fate::Heard });
        let what = format!("burst {lost} lost");
        check(&outcome, octets, 3, &what);
        assert!(as_well_as_it_can(&outcome, ecm), "{what}\n{}", outcome.log.join("\n"));
    }
    for lost in 0..clean.items {
        for fate in [Fate::Lost, Fate::Damaged] {
            let outcome =
                run(ecm, octets, new_format, move |item| if item.number == lost { fate } else { Fate::Heard });
            let what = format!("thing {lost} {fate:?}");
            check(&outcome, octets, 3, &what);
            assert!(as_well_as_it_can(&outcome, ecm), "{what}\n{}", outcome.log.join("\n"));
        }
    }
}

#[test]
fn no_single_loss_fails_a_call_with_error_correction() {
    explore(true, 3000, false);
}

#[test]
fn no_single_loss_fails_a_call_without_error_correction() {
    explore(false, PAGE_OCTETS, false);
}

#[test]
fn no_single_loss_fails_a_call_whose_pages_differ_in_format() {
    explore(true, 1000, true);
    explore(false, PAGE_OCTETS, true);
}

#[test]
fn no_lost_burst_fails_a_call_with_pages_of_two_blocks() {
    let octets = 256 * 256 + 5000;
    let clean = run(true, octets, false, |_| Fate::Heard);
    check(&clean, octets, 3, "clean");
    for lost in 0..clean.bursts {
        let outcome = run(true, octets, false, move |item| if item.burst == lost { Fate::Lost } else { Fate::Heard });
        check(&outcome, octets, 3, &format!("burst {lost} lost"));
        assert_eq!(outcome.caller.cause, Cause::Sent, "burst {lost}\n{}", outcome.log.join("\n"));
    }
}

#[test]
fn a_far_end_that_falls_silent_anywhere_ends_the_call_and_nothing_is_believed() {
    for ecm in [true, false] {
        let octets = if ecm { 3000 } else { PAGE_OCTETS };
        let clean = run(ecm, octets, false, |_| Fate::Heard);
        for from in 0..clean.bursts {
            for deaf in 0..2 {
                let outcome = run(ecm, octets, false, move |item| {
                    if item.from == deaf && item.burst >= from { Fate::Lost } else { Fate::Heard }
                });
                check(&outcome, octets, 3, &format!("side {deaf} mute from burst {from}"));
            }
        }
    }
}

/// A small generator: the fault must not depend on anything but the seed.
fn chance(state: &mut u64) -> u64 {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    *state
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn whatever_is_lost_no_page_is_believed_that_did_not_arrive(
        seed in 1_u64..u64::MAX, per_mille in 1_u64..400, ecm: bool, new_format: bool, delay_ms in 0_u64..1200,
    ) {
        let octets = if ecm { 6000 } else { PAGE_OCTETS };
        let mut state = seed;
        let mut line = line(ecm, octets, new_format);
        line.delay = std::time::Duration::from_millis(delay_ms);
        line.fault = Box::new(move |_| {
            if chance(&mut state) % 1000 >= per_mille {
                Fate::Heard
            } else if chance(&mut state).is_multiple_of(2) {
                Fate::Lost
            } else {
                Fate::Damaged
            }
        });
        let outcome = line.run();
        let arrived: Vec<u32> = confirmed(&outcome, octets, 3);
        for index in 0..outcome.caller.pages {
            prop_assert!(arrived.contains(&index), "page {} believed\n{}", index, outcome.log.join("\n"));
        }
    }
}
