//! Fetching documents over T.38, whole calls: by the caller, by both in one call, and what is not handed out.

use super::network::Network;
use super::party::{CALLEE, PAGES, fetching, offering, outbound, sending};
use super::transport::network;
use crate::call::{InboundSettings, OutboundSettings};
use crate::model::Cause;
use crate::t30::Errand;

fn played(fax: Errand, callee: InboundSettings) -> Network {
    let mut network = network(OutboundSettings { fax, ..outbound() }, callee);
    network.play();
    network
}

#[test]
fn a_caller_fetches_a_document_and_both_ends_count_its_pages() {
    let network = played(Errand::Poll(fetching(None)), offering(None));
    let (caller, called) = (network.caller().ended(), network.called().ended());
    assert_eq!((caller.outcome.cause.clone(), caller.outcome.pages_confirmed), (Cause::Sent, PAGES));
    assert_eq!((called.outcome.cause.clone(), called.outcome.pages_confirmed), (Cause::Sent, PAGES));
    assert_eq!((called.outcome.pages_total, called.record.sent, caller.record.received), (PAGES, PAGES, PAGES));
    assert_eq!(network.caller().delivered(), (0..PAGES).collect::<Vec<_>>());
    assert!(caller.record.polled && called.record.polled);
}

#[test]
fn the_password_opens_the_document_and_a_wrong_one_does_not() {
    let network = played(Errand::Poll(fetching(Some("4711"))), offering(Some("4711")));
    assert_eq!(network.caller().ended().outcome.cause, Cause::Sent);
    for password in [Some("0815"), None] {
        let network = played(Errand::Poll(fetching(password)), offering(Some("4711")));
        assert_eq!(network.called().ended().outcome.cause, Cause::PollPassword);
        assert_eq!(network.caller().ended().outcome.cause, Cause::PollRefused);
        assert!(network.caller().received.is_empty());
    }
}

#[test]
fn a_caller_sends_its_pages_and_fetches_in_the_same_call() {
    let mut caller = outbound();
    let send = sending(&mut caller).clone();
    let network = played(Errand::SendThenPoll(send, fetching(None)), offering(None));
    let (caller, called) = (network.caller().ended(), network.called().ended());
    assert_eq!((caller.outcome.cause.clone(), caller.outcome.pages_confirmed), (Cause::Sent, PAGES));
    assert_eq!((caller.record.sent, caller.record.received), (PAGES, PAGES));
    assert_eq!((called.record.sent, called.record.received), (PAGES, PAGES));
    assert_eq!(network.parties[CALLEE].as_ref().unwrap().received.len(), PAGES as usize);
}

#[test]
fn with_nothing_to_be_fetched_the_pages_still_go_and_the_outcome_says_so() {
    let network = played(Errand::Poll(fetching(None)), super::party::inbound());
    assert_eq!(network.caller().ended().outcome.cause, Cause::NothingToPoll);
    let mut caller = outbound();
    let send = sending(&mut caller).clone();
    let network = played(Errand::SendThenPoll(send, fetching(None)), super::party::inbound());
    let outcome = &network.caller().ended().outcome;
    assert_eq!((outcome.cause.clone(), outcome.pages_confirmed), (Cause::NothingToPoll, PAGES));
    assert_eq!(network.called().ended().outcome.cause, Cause::Sent);
}
