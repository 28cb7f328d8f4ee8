//! The cases that matter, after those of TSB-85 and of the field: fallback, correction, patience, lost confirmations.

use super::line::{ANSWERER, CALLER, Fate, Item, Line, Outcome, answerer_settings, caller_settings, page_bits};
use crate::model::{Cause, Compression, Phase, Resolution, Width};
use crate::signal::{Heard, Modulation};
use crate::t30::receiver::{PageEnd, ReceiverSettings};
use crate::t30::sender::SenderSettings;
use crate::t30::{PageShape, Verdict};
use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

const MCF: u8 = 0x31;
const CFR: u8 = 0x21;
const FCD: u8 = 0x60;
const DCS: u8 = 0x41;
const DCN: u8 = 0x5F;

fn call(caller: SenderSettings, answerer: ReceiverSettings) -> Line {
    Line::new(caller, answerer)
}

fn with_fault(pages: u32, ecm: bool, fault: impl FnMut(&Item<'_>) -> Fate + 'static) -> Outcome {
    let mut line = call(caller_settings(pages, ecm), answerer_settings());
    line.fault = Box::new(fault);
    line.run()
}

fn lose(code: u8) -> impl FnMut(&Item<'_>) -> Fate {
    move |item| if item.code() == Some(code) { Fate::Lost } else { Fate::Heard }
}

fn control_codes(outcome: &Outcome, side: usize) -> Vec<u8> {
    let of_side = format!(" {side}:");
    outcome
        .log
        .iter()
        .filter(|entry| entry.contains(&of_side) && entry.contains("Control"))
        .filter_map(|entry| entry.rsplit('[').next()?.get(..2).and_then(|code| u8::from_str_radix(code, 16).ok()))
        .map(|code| code & 0x7F)
        .collect()
}

#[test]
fn three_pages_with_error_correction_arrive_bit_for_bit_in_a_plausible_time() {
    let outcome = with_fault(3, true, |_| Fate::Heard);
    assert_eq!((outcome.caller.cause.clone(), outcome.caller.pages), (Cause::Sent, 3));
    assert_eq!((outcome.answerer.cause.clone(), outcome.answerer.pages), (Cause::Sent, 3));
    for (index, (page, _)) in outcome.pages.iter().enumerate() {
        assert_eq!(page.bits[..9000], page_bits(u32::try_from(index).unwrap(), 9000)[..]);
        assert_eq!(page.ended, if index == 2 { PageEnd::Last } else { PageEnd::AnotherFollows });
    }
    assert_eq!(outcome.caller.record.remote_id.as_deref(), Some("+1 555 3000"));
    assert_eq!(outcome.answerer.record.remote_id.as_deref(), Some("+39 02 1234567"));
    assert_eq!(outcome.caller.record.modulation, Some(Modulation::V17At14400));
    assert_eq!(outcome.caller.record.compression, Some(Compression::Mmr));
    assert_eq!(outcome.caller.record.pages.len(), 3);
    // 11 s of identification and training, 3 pages of 5.2 s and 3 s between them.
    assert!((30..45).contains(&outcome.took.as_secs()), "{:?}", outcome.took);
}

#[test]
fn v17_that_never_trains_falls_back_to_v29() {
    let outcome = with_fault(1, true, |item| {
        let v17 = item.modulation.is_some_and(|modulation| modulation.family() == "V.17");
        if v17 && matches!(item.heard, Heard::Bits(_)) { Fate::Damaged } else { Fate::Heard }
    });
    assert_eq!(outcome.caller.cause, Cause::Sent);
    assert_eq!(outcome.caller.record.modulation, Some(Modulation::V29At9600));
    assert_eq!(outcome.caller.record.retrains, 3);
}

#[test]
fn a_line_on_which_no_rate_trains_ends_as_training_failed() {
    let outcome =
        with_fault(1, true, |item| if matches!(item.heard, Heard::Bits(_)) { Fate::Damaged } else { Fate::Heard });
    assert_eq!(outcome.caller.cause, Cause::TrainingFailed);
    assert_eq!(outcome.caller.pages, 0);
    assert_eq!(control_codes(&outcome, CALLER).last(), Some(&DCN));
}

#[test]
fn a_command_faster_than_we_take_fails_training_until_it_is_slow_enough() {
    let answerer = ReceiverSettings { max_modulation: Modulation::V17At9600, ..answerer_settings() };
    let outcome = call(caller_settings(1, true), answerer).run();
    assert_eq!(outcome.caller.cause, Cause::Sent);
    assert_eq!(outcome.caller.record.modulation, Some(Modulation::V17At9600));
}

#[test]
fn only_the_frames_missing_are_sent_again() {
    let outcome = {
        let first = Cell::new(true);
        with_fault(1, true, move |item| {
            let is_third = matches!(item.heard, Heard::Frame(frame) if frame.get(2..4) == Some(&[FCD, 0x40][..]));
            if is_third && first.replace(false) { Fate::Damaged } else { Fate::Heard }
        })
    };
    assert_eq!(outcome.caller.cause, Cause::Sent);
    assert_eq!(outcome.caller.record.partial_page_requests, 1);
    assert_eq!((outcome.pages[0].0.damaged_frames, outcome.pages[0].0.missing_frames), (1, 0));
    let blocks: Vec<&String> = outcome.log.iter().filter(|entry| entry.contains("Block of")).collect();
    assert!(blocks[0].contains("Block of 39") && blocks[1].contains("Block of 4"), "{blocks:?}");
}

#[test]
fn after_four_requests_the_rate_is_lowered_by_ctc_with_long_training() {
    let outcome = with_fault(1, true, |item| {
        let fast = item.modulation == Some(Modulation::V17At14400);
        let doomed = matches!(item.heard, Heard::Frame(frame) if frame.get(2..4) == Some(&[FCD, 0x80][..]));
        if fast && doomed { Fate::Lost } else { Fate::Heard }
    });
    assert_eq!(outcome.caller.cause, Cause::Sent);
    assert_eq!(outcome.caller.record.modulation, Some(Modulation::V17At12000));
    assert_eq!(outcome.caller.record.partial_page_requests, 4);
    assert_eq!(control_codes(&outcome, CALLER), [DCS, 0x7D, 0x7D, 0x7D, 0x7D, 0x48, 0x7D, DCN]);
    assert!(outcome.log.iter().any(|entry| entry.contains("Block of 4 V17At12000 Long")), "{:#?}", outcome.log);
    assert_eq!(outcome.pages[0].0.bits[..9000], page_bits(0, 9000)[..]);
}

#[test]
fn where_most_frames_come_ctc_keeps_the_rate() {
    // Each request finds one frame of five fewer missing, as when packets are lost.
    let losses = Cell::new([1_u32, 2, 3, 4, 5]);
    let outcome = with_fault(1, true, move |item| {
        let Heard::Frame(frame) = item.heard else { return Fate::Heard };
        let [0xFF, 0xC0, FCD, number, ..] = frame[..] else { return Fate::Heard };
        let mut left = losses.get();
        let Some(left_of_this) = left.get_mut(usize::from(number.reverse_bits())) else { return Fate::Heard };
        let is_lost = *left_of_this > 0;
        *left_of_this = left_of_this.saturating_sub(1);
        losses.set(left);
        if is_lost { Fate::Damaged } else { Fate::Heard }
    });
    assert_eq!(outcome.caller.cause, Cause::Sent);
    assert_eq!(outcome.caller.record.modulation, Some(Modulation::V17At14400), "{:#?}", outcome.log);
    assert_eq!(control_codes(&outcome, CALLER), [DCS, 0x7D, 0x7D, 0x7D, 0x7D, 0x48, 0x7D, 0x7D, DCN]);
}

#[test]
fn a_frame_that_never_arrives_ends_by_eor_and_is_not_believed_by_either_side() {
    let outcome = with_fault(2, true, |item| {
        let doomed = matches!(item.heard, Heard::Frame(frame) if frame.get(2..4) == Some(&[FCD, 0x80][..]));
        if doomed { Fate::Lost } else { Fate::Heard }
    });
    assert_eq!((outcome.caller.cause.clone(), outcome.caller.pages), (Cause::PageRejected, 0));
    assert_eq!(outcome.answerer.pages, 0);
    let (page, verdict) = &outcome.pages[0];
    assert_eq!((page.ended, page.missing_frames, *verdict), (PageEnd::GivenUp, 1, None));
    assert!(outcome.took < Duration::from_secs(600), "{:?}", outcome.took);
}

#[test]
fn a_slow_store_holds_the_caller_by_rnr_and_the_page_counts_once() {
    let mut line = call(caller_settings(2, true), answerer_settings());
    line.verdict_delay = Duration::from_secs(20);
    let outcome = line.run();
    assert_eq!((outcome.caller.cause.clone(), outcome.answerer.pages), (Cause::Sent, 2));
    assert!(control_codes(&outcome, ANSWERER).iter().filter(|code| **code == 0x37).count() >= 8);
    assert!(control_codes(&outcome, CALLER).contains(&0x76), "RR");
}

#[test]
fn a_store_that_never_answers_ends_the_call_within_t5() {
    let mut line = call(caller_settings(1, true), answerer_settings());
    line.verdict_delay = Duration::from_secs(3600);
    let outcome = line.run();
    assert!(matches!(outcome.answerer.cause, Cause::Local(_)), "{:?}", outcome.answerer.cause);
    assert_eq!(outcome.caller.pages, 0);
    assert_ne!(outcome.caller.cause, Cause::LastConfirmationLost, "RNR said that it was not stored");
}

#[test]
fn without_error_correction_a_slow_store_is_silent_until_the_command_is_repeated() {
    let mut line = call(caller_settings(2, false), answerer_settings());
    line.page_octets = 14_000;
    line.verdict_delay = Duration::from_secs(5);
    let outcome = line.run();
    assert_eq!((outcome.caller.cause.clone(), outcome.answerer.pages), (Cause::Sent, 2));
    assert_eq!(control_codes(&outcome, CALLER), [DCS, 0x72, 0x72, 0x74, 0x74, DCN]);
}

#[test]
fn mmr_and_no_fill_are_for_error_correction_only() {
    let poor = ReceiverSettings { row_time_ms: 20, ecm: false, ..answerer_settings() };
    let outcome = call(caller_settings(1, true), poor).run();
    let (_, format) = outcome.formats[0];
    assert_eq!((format.compression, format.ecm, format.two_dimensional_every), (Compression::Mr, false, 4));
    assert_eq!(format.minimum_row_bits, 288, "20 ms at 14 400 bit/s");
}

#[test]
fn the_last_confirmation_lost_is_told_apart_from_one_lost_before() {
    let last = with_fault(2, true, {
        let count = Cell::new(0);
        move |item| {
            if item.code() == Some(MCF) {
                count.set(count.get() + 1);
            }
            if item.code() == Some(MCF) && count.get() > 1 { Fate::Lost } else { Fate::Heard }
        }
    });
    assert_eq!((last.caller.cause.clone(), last.caller.pages), (Cause::LastConfirmationLost, 1));
    assert_eq!((last.answerer.cause.clone(), last.answerer.pages), (Cause::Sent, 2));
    let first = with_fault(2, true, lose(MCF));
    assert_eq!((first.caller.cause, first.caller.pages), (Cause::NoResponse(Phase::D), 0));
    assert_eq!(first.answerer.pages, 1, "repeats of the command do not count again");
}

#[test]
fn a_page_rejected_is_sent_again_slower_and_then_given_up() {
    for (rejections, cause, pages) in [(2, Cause::Sent, 2), (9, Cause::PageRejected, 0)] {
        let mut line = call(caller_settings(2, false), answerer_settings());
        let left = Rc::new(Cell::new(rejections));
        line.judge = Box::new(move |_| {
            if left.get() == 0 {
                return Verdict::Good;
            }
            left.set(left.get() - 1);
            Verdict::Bad
        });
        let outcome = line.run();
        assert_eq!((outcome.caller.cause.clone(), outcome.caller.pages, outcome.answerer.pages), (cause, pages, pages));
        assert_eq!(outcome.pages.iter().filter(|(page, _)| page.index == 0).count(), 3);
        assert_eq!(outcome.caller.record.modulation, Some(Modulation::V17At9600));
    }
}

#[test]
fn a_poor_page_is_taken_and_the_next_one_trained_again() {
    let mut line = call(caller_settings(2, false), answerer_settings());
    line.judge = Box::new(|_| Verdict::Poor);
    let outcome = line.run();
    assert_eq!((outcome.caller.cause.clone(), outcome.caller.pages, outcome.answerer.pages), (Cause::Sent, 2, 2));
    assert_eq!(control_codes(&outcome, CALLER), [DCS, 0x72, DCS, 0x74, DCN]);
}

#[test]
fn pages_of_other_width_and_resolution_go_in_one_call_by_eom() {
    let mut settings = caller_settings(3, true);
    settings.documents[0].pages[1] = PageShape { width: Width::A3, resolution: Resolution::Standard, rows: 1600 };
    let answerer = ReceiverSettings { widest: Width::A3, ..answerer_settings() };
    let outcome = call(settings, answerer).run();
    assert_eq!((outcome.caller.cause.clone(), outcome.answerer.pages), (Cause::Sent, 3));
    let widths: Vec<Width> = outcome.pages.iter().map(|(page, _)| page.format.width).collect();
    assert_eq!(widths, [Width::A4, Width::A3, Width::A4]);
    assert_eq!(outcome.formats[1].1.resolution, Resolution::Standard);
}

#[test]
fn every_resolution_goes_in_one_call_to_a_machine_that_has_all_and_r8_to_one_that_has_not() {
    let mut settings = caller_settings(6, true);
    for (page, resolution) in settings.documents[0].pages.iter_mut().zip(Resolution::ALL) {
        *page = PageShape { width: Width::B4, resolution, rows: 300 };
    }
    let had = |finest| {
        let answerer = ReceiverSettings { widest: Width::A3, finest, ..answerer_settings() };
        let outcome = call(settings.clone(), answerer).run();
        assert_eq!((outcome.caller.cause.clone(), outcome.answerer.pages), (Cause::Sent, 6));
        let sent: Vec<Resolution> = outcome.formats.iter().map(|(_, format)| format.resolution).collect();
        let taken: Vec<Resolution> = outcome.pages.iter().map(|(page, _)| page.format.resolution).collect();
        assert_eq!(sent, taken);
        assert!(outcome.pages.iter().all(|(page, _)| page.format.width == Width::B4));
        sent
    };
    assert_eq!(had(Resolution::Dots400), Resolution::ALL);
    let (standard, fine, superfine) = (Resolution::Standard, Resolution::Fine, Resolution::Superfine);
    assert_eq!(had(superfine), [standard, fine, superfine, superfine, superfine, superfine]);
    assert_eq!(had(standard), [standard; 6]);
}

#[test]
fn a_call_that_resumes_sends_only_the_pages_left() {
    let mut settings = caller_settings(4, true);
    settings.documents[0].first_page = 2;
    let outcome = call(settings, answerer_settings()).run();
    assert_eq!((outcome.caller.cause.clone(), outcome.caller.pages), (Cause::Sent, 2));
    assert_eq!(outcome.formats.iter().map(|(index, _)| *index).collect::<Vec<_>>(), [2, 3]);
}

#[test]
fn a_far_end_that_says_nothing_is_no_fax() {
    let outcome = with_fault(1, true, |item| if item.from == ANSWERER { Fate::Lost } else { Fate::Heard });
    assert_eq!(outcome.caller.cause, Cause::NoFaxHeard);
}

#[test]
fn a_lost_cfr_costs_a_training_and_no_page() {
    let lost = Cell::new(false);
    let outcome =
        with_fault(
            1,
            true,
            move |item| {
                if item.code() == Some(CFR) && !lost.replace(true) { Fate::Lost } else { Fate::Heard }
            },
        );
    assert_eq!((outcome.caller.cause.clone(), outcome.caller.pages), (Cause::Sent, 1));
    assert_eq!(control_codes(&outcome, CALLER).iter().filter(|code| **code == DCS).count(), 2);
}

#[test]
fn delay_as_on_a_satellite_hop_costs_time_but_no_repeats() {
    for delay_ms in [500, 1000, 1500] {
        let mut line = call(caller_settings(2, true), answerer_settings());
        line.delay = Duration::from_millis(delay_ms);
        let outcome = line.run();
        assert_eq!(outcome.caller.cause, Cause::Sent, "{delay_ms}");
        assert_eq!(control_codes(&outcome, CALLER), [DCS, 0x7D, 0x7D, DCN], "{delay_ms}");
    }
}

#[test]
fn a_sub_address_goes_only_to_machines_that_take_one() {
    for takes in [true, false] {
        let mut caller = caller_settings(1, true);
        caller.documents[0].sub_address = Some("4711".into());
        let answerer = ReceiverSettings { sub_address: takes, ..answerer_settings() };
        let outcome = call(caller, answerer).run();
        assert_eq!(outcome.answerer.record.sub_address.as_deref(), takes.then_some("4711"));
        assert_eq!(outcome.caller.record.sub_address_sent, takes);
        assert_eq!(outcome.caller.cause, Cause::Sent);
    }
}

#[test]
fn nothing_in_common_is_incompatible_and_ends_with_dcn() {
    let caller = SenderSettings { compressions: vec![Compression::Mmr], ..caller_settings(1, true) };
    let answerer = ReceiverSettings { ecm: false, ..answerer_settings() };
    let outcome = call(caller, answerer).run();
    assert_eq!(outcome.caller.cause, Cause::Incompatible("it has none of the allowed codings"));
    assert_eq!(control_codes(&outcome, CALLER), [DCN]);
}
