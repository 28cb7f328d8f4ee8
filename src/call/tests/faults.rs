//! Bad paths: each single SIP message lost, a tenth of everything lost, and much worse by seed.

use std::time::Duration;

use super::network::{Callee, DELAY, Flight, Kind, Network, Path, bad, chance};
use super::party::{asking, inbound, outbound};
use super::transport::{assert_sent, network};
use crate::call::offer::What;
use crate::call::{InboundSettings, OutboundSettings};
use crate::model::Cause;
use crate::t38::Pacing;

/// A call that takes little virtual time, for tests of many.
fn fast() -> (OutboundSettings, InboundSettings) {
    let (mut caller, mut callee) = (outbound(), inbound());
    (caller.line.pacing, callee.line.pacing) = (Pacing::Fast, Pacing::Fast);
    (caller, callee)
}

fn over(path: Path) -> Network {
    let mut network = network(outbound(), inbound());
    network.path = path;
    network.play();
    network
}

/// Loses what a test says.
fn losing(mut lost: impl FnMut(&Flight) -> bool + 'static) -> Path {
    Box::new(move |flight| if lost(flight) { Vec::new() } else { vec![DELAY] })
}

#[test]
fn a_tenth_of_all_packets_lost_is_made_good_by_redundancy() {
    for seed in 1..=8 {
        let network = over(bad(seed, 10, 3, 0));
        assert_sent(&network);
        let pages = network.caller().ended().record.pages.len();
        assert_eq!(pages, 3, "no page was sent twice");
    }
}

#[test]
fn packets_out_of_order_doubled_and_late_make_no_difference() {
    for seed in 1..=8 {
        assert_sent(&over(bad(seed, 2, 10, 80)));
    }
}

#[test]
fn a_path_of_a_second_each_way_carries_a_fax() {
    assert_sent(&over(Box::new(|_| vec![Duration::from_secs(1)])));
}

#[test]
fn whichever_sip_message_is_lost_both_ends_end_alike() {
    for what in [What::Audio, What::T38] {
        let (caller, callee) = fast();
        let build = || Network::new(what, caller.clone(), Callee::Ours(Box::new(callee.clone())), 42);
        let mut clean = build();
        clean.play();
        assert_sent(&clean);
        for lost in 0..clean.count(Kind::Sip) {
            let mut network = build();
            network.path = losing(move |flight| flight.kind == Kind::Sip && flight.number == lost);
            network.play();
            assert_sent(&network);
        }
    }
}

#[test]
fn whichever_sip_message_is_lost_at_a_glare_both_ends_end_alike() {
    let (mut caller, mut callee) = fast();
    (caller.t38, callee.t38) = (asking(Duration::from_millis(130)), asking(Duration::from_millis(100)));
    let build = || network(caller.clone(), callee.clone());
    let mut clean = build();
    clean.play();
    assert_sent(&clean);
    for lost in 0..clean.count(Kind::Sip) {
        let mut network = build();
        network.path = losing(move |flight| flight.kind == Kind::Sip && flight.number == lost);
        network.play();
        assert_sent(&network);
    }
}

#[test]
fn from_whichever_sip_message_on_all_are_lost_both_ends_end_and_nothing_is_believed() {
    let (caller, callee) = fast();
    let mut clean = network(caller.clone(), callee.clone());
    clean.play();
    for from in 0..clean.count(Kind::Sip) {
        let mut network = network(caller.clone(), callee.clone());
        network.path = losing(move |flight| flight.kind == Kind::Sip && flight.number >= from);
        network.play();
        if network.parties[1].is_none() {
            assert_eq!(network.caller().ended().outcome.cause, Cause::TrunkDown);
        }
    }
}

#[test]
fn from_whichever_t38_packet_on_all_are_lost_both_ends_end_and_nothing_is_believed() {
    let (caller, callee) = fast();
    let mut clean = network(caller.clone(), callee.clone());
    clean.play();
    let last = clean.count(Kind::T38);
    for from in (0..last).step_by(last / 60) {
        for deaf in [None, Some(0), Some(1)] {
            let mut network = network(caller.clone(), callee.clone());
            network.path = losing(move |flight| {
                flight.kind == Kind::T38 && flight.number >= from && deaf.is_none_or(|side| side == flight.from)
            });
            network.play();
        }
    }
}

#[test]
fn no_path_however_bad_hangs_a_call_or_makes_the_caller_believe_what_did_not_arrive() {
    let mut sent = 0;
    for seed in 0..SEEDS {
        let (mut caller, callee) = fast();
        if seed % 4 == 0 {
            caller.line.pacing = Pacing::Modem;
        }
        let mut network = Network::new(What::Audio, caller, Callee::Ours(Box::new(callee)), seed);
        let mut chance = chance(seed + 1000);
        let (lost, doubled, jitter) = (chance(60), chance(30), chance(400));
        let (in_bursts, sip_is_safe) = (chance(2) == 0, chance(2) == 0);
        let (mut until, mut number) = (0, 0);
        network.path = Box::new(move |flight| {
            if sip_is_safe && flight.kind == Kind::Sip {
                return vec![DELAY];
            }
            number += 1;
            if in_bursts && chance(400) < lost {
                until = number + 1 + chance(40);
            }
            let gone = if in_bursts { number < until } else { chance(100) < lost };
            let copies = if gone { 0 } else { 1 + u64::from(chance(100) < doubled) };
            (0..copies).map(|_| DELAY + Duration::from_millis(chance(jitter + 1))).collect()
        });
        network.play();
        sent += u64::from(network.caller().ended().outcome.cause == Cause::Sent);
    }
    assert!((SEEDS / 4..SEEDS).contains(&sent), "{sent} of {SEEDS}: the paths are neither all good nor all hopeless");
}

/// Calls over paths of chance; thousands were tried.
const SEEDS: u64 = 160;
