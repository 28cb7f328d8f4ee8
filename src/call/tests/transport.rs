//! The ways to T.38: whose re-INVITE, both at once, in the first INVITE, without an offer; and the limits of its description.

use std::time::Duration;

use super::network::{Callee, Network};
use super::party::{CALLEE, CALLER, PAGES, inbound, outbound};
use crate::call::offer::What;
use crate::call::{InboundSettings, OutboundSettings};
use crate::model::Cause;

pub(super) fn network(caller: OutboundSettings, callee: InboundSettings) -> Network {
    Network::new(What::Audio, caller, Callee::Ours(callee), 42)
}

/// Both ends are done, all pages are there bit for bit, and both know it.
pub(super) fn assert_sent(network: &Network) {
    let (caller, called) = (network.caller().ended(), network.called().ended());
    assert_eq!(caller.outcome.cause, Cause::Sent, "{}", network.story());
    assert_eq!((caller.outcome.pages_confirmed, caller.outcome.pages_total), (PAGES, PAGES));
    assert_eq!(called.outcome.cause, Cause::Sent, "{}", network.story());
    assert_eq!(called.outcome.pages_confirmed, PAGES);
    assert_eq!(network.called().delivered(), [0, 1, 2]);
}

#[test]
fn the_called_side_asks_for_t38_and_three_pages_arrive_bit_for_bit() {
    let mut network = network(outbound(), inbound());
    network.play();
    assert_sent(&network);
    // One INVITE and one re-INVITE, from the called side.
    assert_eq!((network.said(CALLER, "INVITE"), network.said(CALLEE, "INVITE")), (1, 1), "{}", network.story());
    let record = &network.caller().ended().record;
    assert_eq!(record.remote_id.as_deref(), Some("+1 555 3000"));
    assert_eq!((record.rate, record.ecm, record.pages.len()), (Some(14_400), true, 3));
    assert_eq!(network.called().ended().record.remote_id.as_deref(), Some("+39 02 1234567"));
    // The line is free as soon as the BYE is answered.
    let took = |party: &super::party::Party| party.finished_at.unwrap() - network.base;
    let between = took(network.caller()).abs_diff(took(network.called()));
    assert!(between < Duration::from_millis(100), "{between:?}");
}
