//! A call for several documents, before anybody has answered it.

use super::party::{outbound, sending};
use crate::call::{Call, Input, Output};
use crate::model::{Cause, Phase};
use std::time::{Duration, Instant};

/// A call for two documents, of three pages each, and the moment at which it was made.
fn for_two() -> (Call, Instant) {
    let mut settings = outbound();
    let documents = &mut sending(&mut settings).documents;
    documents.push(documents[0].clone());
    #[expect(clippy::disallowed_methods, reason = "the one base of this test's virtual time")]
    let now = Instant::now();
    (Call::outbound(settings, 7, now), now)
}

/// The causes told so far, each with its document.
fn ends(call: &mut Call) -> Vec<(usize, bool, Cause)> {
    std::iter::from_fn(|| call.poll())
        .filter_map(|output| if let Output::Ended(ending) = output { Some(ending) } else { None })
        .map(|ending| (ending.document, ending.begun, ending.outcome.cause))
        .collect()
}

#[test]
fn a_call_whose_documents_are_all_taken_out_ends_and_not_before() {
    let (mut call, now) = for_two();
    for _ in 0..2 {
        call.handle(Input::Withdraw { document: 0 }, now);
        assert_eq!(ends(&mut call), []);
    }
    call.handle(Input::Withdraw { document: 9 }, now);
    assert_eq!(ends(&mut call), []);
    call.handle(Input::Withdraw { document: 1 }, now);
    assert_eq!(ends(&mut call), [(0, false, Cause::Cancelled)]);
}

#[test]
fn a_call_that_ends_before_the_fax_has_begun_none_of_its_documents() {
    let (mut call, now) = for_two();
    call.handle(Input::HangUp(Cause::Disconnected(Phase::A)), now + Duration::from_secs(1));
    assert_eq!(ends(&mut call), [(0, false, Cause::Disconnected(Phase::A))]);
}
