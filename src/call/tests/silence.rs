//! A far end that falls silent, in every phase and in either direction: our side ends the call itself, within known time, and never
//! waits for a BYE that does not come. What stands still in other servers: a peer that stops sending after the last page.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use super::network::{DELAY, Kind, Network};
use super::party::{CALLEE, CALLER, PAGES, inbound, outbound};
use super::transport::{assert_sent, network};
use crate::call::{MEDIA_TIMEOUT, OutboundSettings, Output, Progress};
use crate::model::{Cause, Phase};

/// What marks the moment from which nothing comes from a side any more.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum From {
    Switched,
    InPage(u32),
    /// The last page is on the called side.
    LastPage,
    /// The caller knows that the last page was confirmed.
    LastConfirmed,
}

fn is_it(from: From, side: usize, output: &Output) -> bool {
    match (from, output) {
        (From::Switched, Output::Progress(Progress::Switched)) => true,
        (From::InPage(index), Output::Progress(Progress::Fax(fax))) => {
            side == CALLER && fax.phase == Phase::C && fax.page == index
        }
        (From::LastPage, Output::PageReceived(page)) => side == CALLEE && page.index + 1 == PAGES,
        (From::LastConfirmed, Output::Confirmed { pages, .. }) => side == CALLER && *pages == PAGES,
        _ => false,
    }
}

/// Plays a call in which all of a side's packets are lost from that moment on, its SIP too where `wholly`. Gives the time from the
/// moment to the end of the other side.
fn silent(from: From, side: usize, wholly: bool) -> (Network, Duration) {
    let mut network = network(outbound(), inbound());
    let since = Rc::new(Cell::new(None));
    let (marked, seen) = (Rc::clone(&since), Rc::clone(&since));
    network.watch = Box::new(move |watched, output| {
        if marked.get().is_none() && is_it(from, watched, output) {
            marked.set(Some(()));
        }
        Vec::new()
    });
    network.path = Box::new(move |flight| {
        let gone = seen.get().is_some() && flight.from == side && (flight.kind == Kind::T38 || wholly);
        if gone { Vec::new() } else { vec![DELAY] }
    });
    network.play();
    assert!(since.get().is_some(), "the moment never came: {}", network.story());
    let other = network.parties[1 - side].as_ref().unwrap();
    let ended = other.free_at.unwrap() - network.base;
    (network, ended)
}

#[test]
fn whoever_falls_silent_the_other_side_ends_the_call_itself() {
    let (clean, _) = {
        let mut network = network(outbound(), inbound());
        network.play();
        let took = network.caller().free_at.unwrap() - network.base;
        (took, ())
    };
    for from in [From::Switched, From::InPage(0), From::InPage(2), From::LastPage, From::LastConfirmed] {
        for side in [CALLER, CALLEE] {
            for wholly in [false, true] {
                let (network, took) = silent(from, side, wholly);
                let other = network.parties[1 - side].as_ref().unwrap();
                let ended = other.ended_at().unwrap() - network.base;
                // T.30's own timers, or the limit of silence; T.30 §5.4.3.1: T1, 35 s
                assert!(ended < clean + MEDIA_TIMEOUT, "{from:?} {side} {wholly}: {ended:?}\n{}", network.story());
                // What is not answered holds no line: the last word of the fax, and 4 s for the answer to our BYE.
                let held = other.free_at.unwrap() - other.ended_at().unwrap();
                assert!(held < Duration::from_secs(6), "{from:?} {side} {wholly}: {held:?}\n{}", network.story());
                assert!(took < clean + MEDIA_TIMEOUT + Duration::from_secs(34), "the leg lets go too: {took:?}");
                assert!(network.said(1 - side, "BYE") <= 1 || wholly, "{from:?}");
            }
        }
    }
}

#[test]
fn silence_after_the_last_page_is_told_for_what_it_is() {
    // The called side has the page, and its confirmation is lost with all that would follow.
    let (network, _) = silent(From::LastPage, CALLEE, false);
    assert_eq!(network.caller().ended().outcome.cause, Cause::LastConfirmationLost, "{}", network.story());
    // The caller knows all; its DCN and BYE never come: the fax is whole, and the called side hangs up itself.
    let (network, _) = silent(From::LastConfirmed, CALLER, true);
    let called = &network.called().ended().outcome;
    assert_eq!((called.cause.clone(), called.pages_confirmed), (Cause::Sent, PAGES), "{}", network.story());
}

#[test]
fn rtp_that_stops_or_goes_on_after_the_switch_is_of_no_matter() {
    // Our own ends stop sending RTP with the switch, and the fax takes a minute.
    let mut network = network(outbound(), inbound());
    network.play();
    assert_sent(&network);
    let audio = network.count(Kind::Audio);
    assert!(audio < 600, "{audio} packets of audio in all");
    // No way back to audio at the end: BYE, and that once.
    assert_eq!(network.said(CALLER, "BYE") + network.said(CALLEE, "BYE"), 1);
    assert_eq!(network.said(CALLER, "INVITE") + network.said(CALLEE, "INVITE"), 2);
}

#[test]
fn a_trunk_may_know_sooner_that_a_far_end_without_packets_is_gone() {
    let limit = Duration::from_secs(10);
    let mut caller = outbound();
    caller.line.media_timeout = limit;
    let mut network = network(caller, inbound());
    let since = Rc::new(Cell::new(false));
    let (marked, seen) = (Rc::clone(&since), Rc::clone(&since));
    network.watch = Box::new(move |side, output| {
        marked.set(marked.get() || is_it(From::InPage(0), side, output));
        Vec::new()
    });
    network.path = Box::new(move |flight| {
        if seen.get() && flight.from == CALLEE && flight.kind == Kind::T38 { Vec::new() } else { vec![DELAY] }
    });
    network.play();
    let caller = network.caller();
    assert_eq!(caller.ended().outcome.cause, Cause::MediaLost, "{}", network.story());
    let began = caller.timeline.iter().find(|(_, what)| what == "phase C, page 1").unwrap().0;
    let waited = caller.ended_at().unwrap() - began;
    // The page first, and then the limit; T.30 would say its command three times.
    assert!(waited >= limit && waited < limit + Duration::from_secs(5), "{waited:?}");
}

#[test]
fn a_far_end_that_only_listens_to_a_long_page_is_there() {
    // A page takes 13 s at that rate, and T.38 has nothing to say meanwhile.
    let slow = |caller: OutboundSettings| {
        let mut caller = caller;
        (caller.line.media_timeout, caller.line.max_rate) = (Duration::from_secs(10), 2400);
        caller
    };
    let mut network = network(slow(outbound()), inbound());
    network.play();
    assert_sent(&network);
    assert_eq!(network.caller().ended().record.rate, Some(2400));
}

#[test]
fn a_cancel_without_an_answer_holds_no_line_either() {
    let caller = OutboundSettings { answer_timeout: Duration::from_secs(4), ..outbound() };
    let callee = crate::call::InboundSettings { answer_after: Duration::from_secs(20), ..inbound() };
    let mut network = network(caller, callee);
    let ringing = Rc::new(Cell::new(false));
    let (marked, seen) = (Rc::clone(&ringing), Rc::clone(&ringing));
    network.watch = Box::new(move |side, output| {
        marked.set(marked.get() || side == CALLER && matches!(output, Output::Progress(Progress::Ringing)));
        Vec::new()
    });
    network.path = Box::new(move |flight| if seen.get() && flight.from == CALLEE { Vec::new() } else { vec![DELAY] });
    network.play();
    let caller = network.caller();
    assert_eq!(caller.ended().outcome.cause, Cause::NoAnswer, "{}", network.story());
    let held = caller.free_at.unwrap() - caller.ended_at().unwrap();
    assert!(held <= Duration::from_secs(4), "{held:?}");
    assert!(caller.finished_at.unwrap() > caller.free_at.unwrap() + Duration::from_secs(20), "the leg waits on");
}
