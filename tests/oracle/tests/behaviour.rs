//! What goes wrong on purpose: silence, refusal, hanging up, slowness, rejected pages.

use std::time::Duration;

use faxramp::image::tiff::FaxPage;
use faxramp::model::{Cause, Phase, Resolution, Width};
use faxramp::t30::{PageEnd, Verdict};
use faxramp::t38;
use faxramp_oracle::call::{self, CallReport};
use faxramp_oracle::end::Silent;
use faxramp_oracle::ours::{Judgement, Ours, answerer_settings, caller_settings};
use faxramp_oracle::pages;
use faxramp_oracle::path::PathSettings;
use faxramp_oracle::theirs::Theirs;

use crate::common::{all_exact, base, both_succeeded};
use crate::{receiving, sending};

fn three() -> Vec<FaxPage> {
    pages::three(0, Width::A4, Resolution::Fine)
}

/// Our cause and count, and that nobody had to be helped to an end.
fn ended(report: &CallReport, ours: &Ours) -> (Cause, u32) {
    assert!(!report.hung_up && !report.endless, "an end did not notice the end: {report:?}");
    let ending = ours.ending.as_ref().expect("we ended");
    (ending.cause.clone(), ending.pages)
}

/// Pages confirmed by us are exact.
fn confirmed_exact(ours: &Ours, pages: &[FaxPage]) {
    let held: Vec<_> = ours.confirmed().map(|page| &page.decoded.bitmap).collect();
    let count = held.len();
    all_exact(&pages[..count], held).expect("confirmed pages are exact");
}

#[test]
fn a_caller_that_nobody_answers_gives_up_after_t0_and_an_answerer_after_t1() {
    let now = base();
    let pages = three();
    let mut caller = Ours::caller(caller_settings(&pages), t38::Settings::default(), pages, now);
    let report = call::run(&mut caller, &mut Silent, PathSettings::default(), now);
    assert_eq!(ended(&report, &caller), (Cause::NoFaxHeard, 0));
    assert!((55..=65).contains(&report.lasted.as_secs()), "{:?}", report.lasted);

    let mut answerer = Ours::answerer(answerer_settings(), t38::Settings::default(), now);
    let report = call::run(&mut Silent, &mut answerer, PathSettings::default(), now);
    let (cause, pages) = ended(&report, &answerer);
    assert!(matches!(cause, Cause::NoFaxHeard | Cause::NoResponse(Phase::A | Phase::B)), "{cause:?}");
    assert_eq!(pages, 0);
    assert!((30..=45).contains(&report.lasted.as_secs()), "{:?}", report.lasted);
}

#[test]
fn a_called_machine_that_refuses_our_command_has_disconnected_in_phase_b() {
    let mut setup = sending::Setup::new(three());
    // T30_ERR_IDENT_UNACCEPTABLE
    setup.theirs.refuse_with = Some(51);
    let (report, ours, theirs) = setup.call();
    assert_eq!(ended(&report, &ours), (Cause::Disconnected(Phase::B), 0));
    assert_eq!(theirs.completion(), Some(51));
}

#[test]
fn a_calling_machine_that_refuses_our_offer_has_disconnected_in_phase_b() {
    let mut setup = receiving::Setup::new(three());
    setup.theirs.refuse_with = Some(51);
    let (report, ours, theirs) = setup.call();
    assert_eq!(ended(&report, &ours), (Cause::Disconnected(Phase::B), 0));
    assert_eq!(theirs.completion(), Some(51));
}

#[test]
fn a_machine_that_cannot_receive_is_incompatible() {
    let mut setup = sending::Setup::new(three());
    setup.theirs.cannot_receive = true;
    let (report, ours, _) = setup.call();
    let (cause, pages) = ended(&report, &ours);
    assert!(matches!(cause, Cause::Incompatible(_)), "{cause:?}");
    assert_eq!(pages, 0);
}

#[test]
fn a_receiver_that_is_not_ready_is_waited_for() {
    let lasts = |not_ready: u32| {
        let mut setup = sending::Setup::new(three());
        setup.theirs.not_ready = not_ready;
        let (report, verdict) = setup.call_exact(|_, _| Ok(String::new()));
        verdict.unwrap_or_else(|why| panic!("{why} ({report:?})"));
        report.lasted
    };
    // RNR and RR are two signals of a second or more each.
    assert!(lasts(5) > lasts(0) + Duration::from_secs(10));
}

#[test]
fn a_receiver_that_vanishes_is_given_up_and_what_was_confirmed_counts() {
    for ecm in [true, false] {
        for after in [3, 8, 12, 20, 30, 40] {
            let mut setup = sending::Setup::new(three());
            setup.caller.ecm = ecm;
            setup.theirs.vanish_after = Some(Duration::from_secs(after));
            let (report, ours, theirs) = setup.call();
            let (cause, pages) = ended(&report, &ours);
            let named = matches!(cause, Cause::NoResponse(_) | Cause::NoFaxHeard | Cause::TrainingFailed);
            assert!(named, "after {after} s: {cause:?}");
            let held = theirs.received();
            let confirmed = pages as usize;
            assert!(held.len() >= confirmed, "after {after} s: {confirmed} confirmed, {} held", held.len());
            all_exact(&setup.pages[..confirmed], &held[..confirmed]).expect("confirmed pages are exact");
        }
    }
}

#[test]
fn a_sender_that_vanishes_leaves_what_we_confirmed_and_the_torn_page() {
    let mut torn = 0;
    for ecm in [true, false] {
        for after in [3, 8, 12, 20, 30, 40] {
            let mut setup = receiving::Setup::new(three());
            setup.theirs.ecm = ecm;
            setup.theirs.vanish_after = Some(Duration::from_secs(after));
            let (report, ours, _) = setup.call();
            let (cause, pages) = ended(&report, &ours);
            let named = matches!(cause, Cause::NoResponse(_) | Cause::NoFaxHeard | Cause::Disconnected(_));
            assert!(named, "after {after} s: {cause:?}");
            assert_eq!(ours.confirmed().count(), pages as usize);
            confirmed_exact(&ours, &setup.theirs.pages);
            torn += ours.received.iter().filter(|page| page.ended == PageEnd::CallLost).count();
        }
    }
    assert!(torn >= 2, "some of these calls break within a page: {torn}");
}

#[test]
fn a_person_who_cancels_ends_the_call_on_both_sides_with_dcn() {
    for after in [2, 6, 9, 15, 25, 40] {
        for ecm in [true, false] {
            let now = base();
            let pages = three();
            let mut settings = caller_settings(&pages);
            settings.ecm = ecm;
            let mut ours = Ours::caller(settings, t38::Settings::default(), pages, now);
            ours.cancel_at = Some(now + Duration::from_secs(after));
            let mut theirs = Theirs::new(faxramp_oracle::theirs::TheirSettings::new(false, Vec::new()), now);
            let report = call::run(&mut ours, &mut theirs, PathSettings::default(), now);
            let (cause, _) = ended(&report, &ours);
            assert_eq!(cause, Cause::Cancelled);
            assert_ne!(theirs.completion(), Some(0));
            let late = report.lasted.saturating_sub(Duration::from_secs(after));
            assert!(
                late < Duration::from_secs(20),
                "after {after} s, ECM {ecm}: {late:?}, {}",
                theirs.completion_words()
            );
        }
    }
}

#[test]
fn a_slow_disk_holds_the_sender_and_loses_nothing() {
    for (ecm, after) in [(true, 1), (true, 5), (true, 20), (true, 45), (false, 1), (false, 2), (false, 5)] {
        let mut setup = receiving::Setup::new(three());
        setup.theirs.ecm = ecm;
        let judgement = Judgement { verdict: Verdict::Good, after: Duration::from_secs(after) };
        setup.judgements = vec![judgement; 3];
        let (report, verdict) = setup.call_exact(|_, _| Ok(String::new()));
        verdict.unwrap_or_else(|why| panic!("ECM {ecm}, {after} s: {why} ({report:?})"));
    }
}

#[test]
fn a_page_we_reject_is_sent_again_and_one_we_find_poor_is_not() {
    for (verdict, pages_seen) in [(Verdict::Bad, 4), (Verdict::Poor, 3)] {
        for place in 0..3 {
            let mut setup = receiving::Setup::new(three());
            setup.theirs.ecm = false;
            setup.judgements = vec![Judgement::GOOD; 3];
            setup.judgements[place] = Judgement { verdict, after: Duration::ZERO };
            let (report, ours, theirs) = setup.call();
            let context =
                format!("{verdict:?} at {place}: {:?}", ours.ending.as_ref().map(|end| (&end.cause, end.pages)));
            assert_eq!(both_succeeded(&report, &ours, &theirs, 3), Ok(()), "{context}");
            assert_eq!(ours.received.len(), pages_seen, "{context}");
            confirmed_exact(&ours, &setup.theirs.pages);
        }
    }
}

#[test]
fn a_sender_that_does_not_repeat_a_rejected_last_page_leaves_two_confirmed() {
    let mut setup = receiving::Setup::new(three());
    setup.theirs.ecm = false;
    setup.theirs.repeats_rejected = false;
    let rejected = Judgement { verdict: Verdict::Bad, after: Duration::ZERO };
    setup.judgements = vec![Judgement::GOOD, Judgement::GOOD, rejected];
    let (report, ours, _) = setup.call();
    let (cause, pages) = ended(&report, &ours);
    assert!(matches!(cause, Cause::Disconnected(_)), "{cause:?}");
    assert_eq!(pages, 2);
    confirmed_exact(&ours, &setup.theirs.pages);
}

#[test]
fn a_page_that_cannot_be_stored_under_error_correction_ends_the_call() {
    let mut setup = receiving::Setup::new(three());
    setup.judgements = vec![Judgement::GOOD, Judgement { verdict: Verdict::Bad, after: Duration::ZERO }];
    let (report, ours, theirs) = setup.call();
    let (cause, pages) = ended(&report, &ours);
    assert_ne!(cause, Cause::Sent);
    assert_eq!(pages, 1);
    assert_ne!(theirs.completion(), Some(0), "SpanDSP must not believe that all was taken");
    assert!(theirs.statistics().pages_sent <= 1);
}
