//! Several documents in one call: every history with one fault, a far end that does not come back after EOM, and one taken out.

use super::line::{
    CALLER, Fate, Item, Line, Outcome, answerer_settings, caller_settings, first_page_of_document, page_bits,
};
use crate::model::{Cause, Phase};
use crate::t30::{DocumentToSend, ReceivedPage, ReceiverSettings, SenderSettings, Verdict};
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;
use std::time::Duration;

/// Pages of each document.
type Pages = &'static [u32];

const PLAIN_OCTETS: usize = 14_000;
const ECM_OCTETS: usize = 1500;

const fn octets(ecm: bool) -> usize {
    if ecm { ECM_OCTETS } else { PLAIN_OCTETS }
}

fn settings(pages: Pages, ecm: bool) -> SenderSettings {
    let settings = caller_settings(1, ecm);
    let shape = settings.documents[0].pages[0];
    let document = |(place, count): (usize, &u32)| DocumentToSend {
        sub_address: Some(format!("100{place}")),
        ..DocumentToSend::of(vec![shape; *count as usize])
    };
    SenderSettings { documents: pages.iter().enumerate().map(document).collect(), ..settings }
}

/// All pages of the call, in order, each as its document and its place there.
fn all(pages: Pages) -> Vec<(usize, u32)> {
    pages.iter().enumerate().flat_map(|(document, count)| (0..*count).map(move |page| (document, page))).collect()
}

fn which(page: &ReceivedPage, pages: Pages, ecm: bool) -> Option<(usize, u32)> {
    all(pages).into_iter().find(|(document, index)| {
        let sent = page_bits(index + first_page_of_document(*document), octets(ecm));
        page.bits.starts_with(&sent) && page.bits[sent.len()..].iter().all(|octet| *octet == 0)
    })
}

fn line(pages: Pages, ecm: bool) -> Line {
    let receive = ReceiverSettings { ecm, sub_address: true, ..answerer_settings() };
    let mut line = Line::new(settings(pages, ecm), receive);
    line.page_octets = octets(ecm);
    line.judge = Box::new(move |page| if which(page, pages, ecm).is_some() { Verdict::Good } else { Verdict::Bad });
    line
}

fn run(pages: Pages, ecm: bool, fault: impl FnMut(&Item<'_>) -> Fate + 'static) -> Outcome {
    let mut line = line(pages, ecm);
    line.fault = Box::new(fault);
    line.run()
}

/// What must hold whatever happened.
fn check(outcome: &Outcome, pages: Pages, ecm: bool, what: &str) {
    let story = || format!("{pages:?}, ecm {ecm}, {what}:\n{}", outcome.log.join("\n"));
    let mut kept: Vec<(usize, u32)> = Vec::new();
    for (page, verdict) in &outcome.pages {
        if *verdict == Some(Verdict::Good) && page.index < outcome.answerer.record.received {
            kept.truncate(page.index as usize);
            kept.push(which(page, pages, ecm).expect("judged good"));
        }
    }
    let count = kept.len();
    assert_eq!(kept, all(pages)[..count], "what is kept is not what was sent, once and in order, {}", story());
    for (place, over) in outcome.over.iter().enumerate() {
        assert_eq!((over.document, &over.cause), (place, &Cause::Sent), "{}", story());
        assert_eq!(over.record.sent, pages[place], "what is over is whole, {}", story());
    }
    let last = &outcome.caller;
    assert_eq!(last.document, outcome.over.len(), "{}", story());
    let before: u32 = outcome.over.iter().map(|over| over.record.sent).sum();
    let believed = before + last.record.sent;
    assert!(believed <= outcome.answerer.record.received, "{believed} pages believed, {}", story());
    assert!(outcome.answerer.record.received <= believed + 1, "one page can be under way, {}", story());
    if last.cause == Cause::Sent {
        assert_eq!(last.document + 1, pages.len(), "{}", story());
        assert_eq!(last.record.sent, pages[last.document], "{}", story());
    }
    assert!(last.begun || last.record.sent == 0, "{}", story());
}

#[test]
fn no_single_fault_mixes_up_two_documents_or_makes_a_page_believed_that_is_not_there() {
    let mut histories = 0;
    for (pages, ecm) in [(&[1, 1][..], true), (&[2, 1], true), (&[1, 1], false), (&[1, 2], false)] {
        let seen = Rc::new(RefCell::new(BTreeSet::new()));
        let noting = Rc::clone(&seen);
        let clean = run(pages, ecm, move |item| {
            noting.borrow_mut().insert(item.burst);
            Fate::Heard
        });
        check(&clean, pages, ecm, "no fault");
        assert_eq!(clean.caller.cause, Cause::Sent, "{}", clean.log.join("\n"));
        let mut tell = |what: String, outcome: &Outcome| {
            histories += 1;
            check(outcome, pages, ecm, &what);
            let is_complete = outcome.caller.document + 1 == pages.len() && outcome.caller.cause == Cause::Sent;
            assert!(is_complete || !ecm, "{what} fails the call:\n{}", outcome.log.join("\n"));
        };
        for fate in [Fate::Lost, Fate::Damaged, Fate::Twice, Fate::Echo] {
            for at in seen.borrow().iter().copied() {
                let outcome = run(pages, ecm, move |item| if item.burst == at { fate } else { Fate::Heard });
                tell(format!("burst {at} {fate:?}"), &outcome);
            }
        }
        for fate in [Fate::Lost, Fate::Damaged, Fate::Twice] {
            for at in 0..clean.items {
                let outcome = run(pages, ecm, move |item| if item.number == at { fate } else { Fate::Heard });
                tell(format!("thing {at} {fate:?}"), &outcome);
            }
        }
    }
    println!("{histories} histories with one fault");
    assert!(histories > 500);
}

#[test]
fn each_document_is_sent_to_its_own_sub_address() {
    let subs = Rc::new(RefCell::new(Vec::new()));
    let noting = Rc::clone(&subs);
    let outcome = run(&[1, 2, 1], true, move |item| {
        if let crate::signal::Heard::Frame(frame) = item.heard
            && item.from == CALLER
            && item.code() == Some(0x43)
        {
            noting.borrow_mut().push(crate::t30::frame::read_identification(&frame[3..]).expect("a SUB"));
        }
        Fate::Heard
    });
    assert_eq!(outcome.caller.cause, Cause::Sent, "{}", outcome.log.join("\n"));
    assert_eq!(*subs.borrow(), ["1000", "1001", "1002"]);
    let taken: Vec<u32> = outcome.pages.iter().map(|(page, _)| page.document).collect();
    assert_eq!(taken, [0, 1, 1, 2], "the far end tells them apart");
    assert_eq!(outcome.answerer.record.sub_address.as_deref(), Some("1002"));
    assert!(
        outcome.over.iter().all(|over| over.record.sub_address_sent && over.record.pages.len() as u32 == over.pages)
    );
}

#[test]
fn without_names_that_differ_all_is_one_document_to_the_receiver_whatever_the_resolution() {
    let mut settings = settings(&[1, 2, 1], true);
    settings.documents.iter_mut().for_each(|document| document.sub_address = None);
    settings.documents[1].pages[1].resolution = crate::model::Resolution::Standard;
    let outcome = Line::new(settings, ReceiverSettings { sub_address: true, ..answerer_settings() }).run();
    assert_eq!(outcome.caller.cause, Cause::Sent, "{}", outcome.log.join("\n"));
    assert!(outcome.pages.iter().all(|(page, _)| page.document == 0));
}

#[test]
fn a_sub_that_is_lost_on_its_way_to_the_second_document_is_asked_for_again() {
    let seen = Rc::new(RefCell::new(0));
    let outcome = run(&[1, 1], true, move |item| {
        let is_sub = item.from == CALLER && item.code() == Some(0x43);
        *seen.borrow_mut() += u32::from(is_sub);
        if is_sub && *seen.borrow() == 2 { Fate::Damaged } else { Fate::Heard }
    });
    assert_eq!(outcome.caller.cause, Cause::Sent, "{}", outcome.log.join("\n"));
    assert_eq!(outcome.pages.iter().map(|(page, _)| page.document).collect::<Vec<_>>(), [0, 1]);
    assert_eq!(outcome.answerer.record.sub_address.as_deref(), Some("1001"));
}

#[test]
fn a_far_end_that_is_gone_after_eom_takes_nothing_from_the_document_before() {
    let eom_was_confirmed = Rc::new(RefCell::new(false));
    let outcome = run(&[2, 1, 1], true, move |item| {
        // After its MCF to the PPS-EOM nothing more is heard of it.
        let mut gone = eom_was_confirmed.borrow_mut();
        if item.from == CALLER && *gone {
            return Fate::Heard;
        }
        if item.from == CALLER && item.code() == Some(0x7D) {
            if let crate::signal::Heard::Frame(frame) = item.heard {
                *gone = frame.get(3).is_some_and(|code| code & 0x7F == 0x71);
            }
        } else if *gone && item.code() == Some(0x01) {
            return Fate::Lost;
        }
        Fate::Heard
    });
    check(&outcome, &[2, 1, 1], true, "no DIS");
    assert_eq!(outcome.over.len(), 1, "{}", outcome.log.join("\n"));
    let last = &outcome.caller;
    assert_eq!((last.document, last.begun, &last.cause), (1, false, &Cause::NoResponse(Phase::B)));
}

#[test]
fn one_taken_out_in_time_is_not_sent_and_the_others_are() {
    let mut line = line(&[1, 1, 1], true);
    line.withdraw = Some((Duration::from_secs(5), 1));
    let outcome = line.run();
    assert_eq!(outcome.caller.cause, Cause::Sent, "{}", outcome.log.join("\n"));
    assert_eq!((outcome.over[0].document, outcome.caller.document), (0, 2));
    assert_eq!(outcome.answerer.record.received, 2);
    let kept: Vec<_> = outcome.pages.iter().map(|(page, _)| which(page, &[1, 1, 1], true)).collect();
    assert_eq!(kept, [Some((0, 0)), Some((2, 0))]);
}

#[test]
fn the_last_one_taken_out_after_its_eom_was_said_ends_the_call_well() {
    let clean = run(&[1, 1], true, |_| Fate::Heard);
    // At any moment: it is left out, or ends the call where it was on the line.
    for second in 0..clean.took.as_secs() {
        let mut line = line(&[1, 1], true);
        line.withdraw = Some((Duration::from_secs(second), 1));
        let outcome = line.run();
        let what = format!("after {second} s:\n{}", outcome.log.join("\n"));
        match outcome.over.len() {
            0 => assert_eq!((&outcome.caller.cause, outcome.caller.pages), (&Cause::Sent, 1), "{what}"),
            _ => assert_eq!(outcome.over[0].cause, Cause::Sent, "{what}"),
        }
        if outcome.over.len() == 1 {
            let ends = [Cause::Cancelled, Cause::Sent];
            assert!(ends.contains(&outcome.caller.cause), "{what}");
        }
    }
}

#[test]
fn a_document_whose_pages_were_all_sent_before_is_left_out() {
    let mut settings = settings(&[1, 2], true);
    settings.documents[0].first_page = 1;
    settings.documents[1].first_page = 1;
    let outcome = Line::new(settings, answerer_settings()).run();
    assert_eq!((outcome.caller.cause, outcome.caller.document, outcome.caller.pages), (Cause::Sent, 1, 1));
    assert!(outcome.over.is_empty());
}

#[test]
fn two_documents_of_the_same_page_arrive_twice() {
    // The page counter tells them apart from a page that is repeated.
    let mut line = line(&[1, 1], true);
    line.same_pages = true;
    line.judge = Box::new(|_| Verdict::Good);
    let outcome = line.run();
    assert_eq!(outcome.caller.cause, Cause::Sent, "{}", outcome.log.join("\n"));
    assert_eq!(outcome.answerer.record.received, 2);
    assert_eq!(outcome.pages.len(), 2);
    assert_eq!(outcome.pages[0].0.bits, outcome.pages[1].0.bits);
}
