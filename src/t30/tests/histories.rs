//! Every history of small calls with one fault, and of the smallest with two: no call hangs, no page is believed that the other end did not
//! keep, none is kept twice, and what both count fits what the end that sent says of the call.
//!
//! A fault is a burst, or one thing of it, that is lost, damaged, heard twice, or comes back to the end that sent it. Pages are told apart by
//! their content. How many histories were played is printed.

use super::line::{
    ANSWERER, CALLER, Fate, Item, Line, Outcome, answerer_settings, caller_settings, first_page_of, page_bits,
    poll_settings, with_document,
};
use crate::model::{Cause, Resolution};
use crate::t30::{
    AnswererSettings, Ending, Errand, PageShape, PollSettings, ReceivedPage, ReceiverSettings, SenderSettings, Verdict,
};
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;
use std::time::Duration;

/// A page without error correction lasts longer than the time in which a repeated command is expected, as real ones nearly always do.
const PLAIN_OCTETS: usize = 14_000;
/// With it: one block of some frames.
const ECM_OCTETS: usize = 1500;

/// A call that is played over and over.
#[derive(Clone, Copy, Debug)]
struct Play {
    /// Pages that the caller sends, and pages that it fetches.
    pages: [u32; 2],
    ecm: bool,
    /// The second page the caller sends wants another DCS.
    new_format: bool,
    /// How long the owner takes to store a page.
    store: Duration,
}

impl Play {
    const fn new(pages: [u32; 2], ecm: bool) -> Self {
        Self { pages, ecm, new_format: false, store: Duration::from_millis(20) }
    }

    const fn octets(self) -> usize {
        if self.ecm { ECM_OCTETS } else { PLAIN_OCTETS }
    }

    fn line(self) -> Line {
        let receive = ReceiverSettings { ecm: self.ecm, ..answerer_settings() };
        let mut send: SenderSettings = caller_settings(self.pages[CALLER], self.ecm);
        if self.new_format {
            send.documents[0].pages[1] = PageShape { resolution: Resolution::Standard, ..send.documents[0].pages[1] };
        }
        let poll = || PollSettings { receive: receive.clone(), ..poll_settings() };
        let errand = match self.pages {
            [_, 0] => Errand::Send(send),
            [0, _] => Errand::Poll(poll()),
            _ => Errand::SendThenPoll(send, poll()),
        };
        let documents =
            if self.pages[ANSWERER] > 0 { with_document(self.pages[ANSWERER]).documents } else { Vec::new() };
        let mut line = Line::between(errand, AnswererSettings { receive, documents });
        line.page_octets = self.octets();
        line.verdict_delay = self.store;
        line.judge = Box::new(move |page| if self.which(page).is_some() { Verdict::Good } else { Verdict::Bad });
        line
    }

    /// Whose page it is, and which.
    fn which(self, page: &ReceivedPage) -> Option<(usize, u32)> {
        let is = |side: usize, index: u32| {
            let sent = page_bits(first_page_of(side) + index, self.octets());
            page.bits.starts_with(&sent) && page.bits[sent.len()..].iter().all(|octet| *octet == 0)
        };
        [CALLER, ANSWERER]
            .into_iter()
            .find_map(|side| (0..self.pages[side]).find(|index| is(side, *index)).map(|index| (side, index)))
    }

    fn run(self, fault: impl FnMut(&Item<'_>) -> Fate + 'static) -> Outcome {
        let mut line = self.line();
        line.fault = Box::new(fault);
        line.run()
    }

    /// Pages of a side that the other kept and confirmed, in order.
    fn kept(self, outcome: &Outcome, from: usize) -> Vec<u32> {
        let received = ending(outcome, 1 - from).record.received;
        let mut kept: Vec<u32> = Vec::new();
        for ((page, verdict), taker) in outcome.pages.iter().zip(&outcome.takers) {
            // A page whose answer never left is followed by another with its index, or none.
            if *taker == 1 - from && *verdict == Some(Verdict::Good) && page.index < received {
                kept.truncate(page.index as usize);
                let (side, index) = self.which(page).expect("judged good");
                assert_eq!(side, from, "a page comes back to who sent it");
                kept.push(index);
            }
        }
        kept
    }

    /// What must hold whatever happened.
    fn check(self, outcome: &Outcome, what: &str) {
        let story = || format!("{self:?}, {what}:\n{}", outcome.log.join("\n"));
        for side in [CALLER, ANSWERER] {
            let (sender, receiver) = (ending(outcome, side), ending(outcome, 1 - side));
            let (sent, total) = (sender.record.sent, self.pages[side]);
            let kept = self.kept(outcome, side);
            let in_order: Vec<u32> = (0..receiver.record.received).collect();
            assert_eq!(kept, in_order, "what is kept is not what was sent, once and in order, {}", story());
            assert!(sent <= receiver.record.received, "{sent} pages believed, {}", story());
            assert!(receiver.record.received <= sent + 1, "only one page can be under way, {}", story());
            if total == 0 {
                continue;
            }
            if sender.cause == Cause::Sent {
                assert_eq!(sent, total, "{}", story());
            } else if sender.cause == Cause::LastConfirmationLost {
                assert_eq!(sent + 1, total, "{}", story());
            } else {
                let after_all = self.pages[1 - side] > 0 || gone_after(&sender.cause);
                assert!(sent < total || after_all, "{:?} {}", sender.cause, story());
            }
        }
    }
}

/// All pages may be confirmed, and yet the call not end well: after the last one the far end had gone.
fn gone_after(cause: &Cause) -> bool {
    matches!(cause, Cause::Disconnected(_) | Cause::NoResponse(_))
}

fn ending(outcome: &Outcome, side: usize) -> &Ending {
    if side == CALLER { &outcome.caller } else { &outcome.answerer }
}

/// The plays with one fault.
fn plays() -> Vec<Play> {
    let mut plays = Vec::new();
    for ecm in [true, false] {
        plays.extend([[1, 0], [2, 0], [3, 0], [0, 1], [0, 2], [1, 1]].map(|pages| Play::new(pages, ecm)));
        plays.push(Play { new_format: true, ..Play::new([2, 0], ecm) });
    }
    plays.push(Play { store: Duration::from_secs(5), ..Play::new([2, 0], true) });
    plays
}

/// Bursts in which there is something to be heard, things heard, and all bursts, of a call without faults.
fn clean(play: Play) -> (BTreeSet<usize>, usize, usize) {
    let seen = Rc::new(RefCell::new(BTreeSet::new()));
    let noting = Rc::clone(&seen);
    let outcome = play.run(move |item| {
        noting.borrow_mut().insert(item.burst);
        Fate::Heard
    });
    play.check(&outcome, "no fault");
    for side in [CALLER, ANSWERER] {
        assert_eq!(ending(&outcome, side).record.sent, play.pages[side], "{}", outcome.log.join("\n"));
        assert_eq!(ending(&outcome, side).cause, Cause::Sent, "{}", outcome.log.join("\n"));
    }
    let bursts = seen.borrow().clone();
    (bursts, outcome.items, outcome.bursts)
}

#[test]
fn no_single_fault_hangs_a_call_or_makes_a_page_believed_that_is_not_there() {
    let mut histories = 0;
    for play in plays() {
        let (bursts, items, _) = clean(play);
        let mut tell = |what: String, outcome: &Outcome| {
            histories += 1;
            play.check(outcome, &what);
            // With error correction no single fault costs a page.
            let complete =
                [CALLER, ANSWERER].iter().all(|side| ending(outcome, *side).record.sent == play.pages[*side]);
            assert!(complete || !play.ecm, "{play:?}, {what} fails the call:\n{}", outcome.log.join("\n"));
        };
        for fate in [Fate::Lost, Fate::Damaged, Fate::Twice, Fate::Echo] {
            for at in bursts.iter().copied() {
                let outcome = play.run(move |item| if item.burst == at { fate } else { Fate::Heard });
                tell(format!("burst {at} {fate:?}"), &outcome);
            }
        }
        for fate in [Fate::Lost, Fate::Damaged, Fate::Twice] {
            for at in 0..items {
                let outcome = play.run(move |item| if item.number == at { fate } else { Fate::Heard });
                tell(format!("thing {at} {fate:?}"), &outcome);
            }
        }
    }
    println!("{histories} histories with one fault");
    assert!(histories > 1000);
}

#[test]
fn no_two_faults_in_a_short_call_do_either() {
    /// Bursts that only a fault brings about, at the end of a call.
    const MORE: usize = 8;
    let mut histories = 0;
    let plays = [[1, 0], [0, 1]].into_iter().flat_map(|pages| [true, false].map(|ecm| Play::new(pages, ecm)));
    for play in plays {
        let (heard, _, bursts) = clean(play);
        for first in [Fate::Lost, Fate::Damaged, Fate::Echo] {
            for second in [Fate::Lost, Fate::Damaged] {
                for one in heard.iter().copied() {
                    for other in one + 1..bursts + MORE {
                        let outcome = play.run(move |item| match item.burst {
                            burst if burst == one => first,
                            burst if burst == other => second,
                            _ => Fate::Heard,
                        });
                        histories += 1;
                        play.check(&outcome, &format!("burst {one} {first:?}, burst {other} {second:?}"));
                    }
                }
            }
        }
    }
    println!("{histories} histories with two faults");
    assert!(histories > 1000);
}
