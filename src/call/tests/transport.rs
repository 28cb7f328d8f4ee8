//! The ways to T.38: whose re-INVITE, both at once, in the first INVITE, without an offer; and the limits of its description.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use super::network::{Callee, Kind, Network};
use super::party::{CALLEE, CALLER, PAGES, asking, at, inbound, outbound, sending};
use crate::call::offer::What;
use crate::call::{InboundSettings, OutboundSettings};
use crate::model::Cause;
use crate::sip::Method;
use crate::t38::{ErrorCorrection, Pacing};

pub(super) fn network(caller: OutboundSettings, callee: InboundSettings) -> Network {
    Network::new(What::Audio, caller, Callee::Ours(Box::new(callee)), 42)
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
    let took = |party: &super::party::Party| party.free_at.unwrap() - network.base;
    let between = took(network.caller()).abs_diff(took(network.called()));
    assert!(between < Duration::from_millis(100), "{between:?}");
}

#[test]
fn a_called_side_that_lets_it_ring_answers_when_told_and_the_fax_follows() {
    let callee = InboundSettings { answer_after: Duration::from_secs(6), ..inbound() };
    let mut network = network(outbound(), callee);
    network.play();
    assert_sent(&network);
    assert_eq!(network.said(CALLEE, "SIP/2.0 180"), 1, "{}", network.story());
}

#[test]
fn a_caller_that_gives_up_while_it_rings_leaves_nothing_behind() {
    let caller = OutboundSettings { answer_timeout: Duration::from_secs(4), ..outbound() };
    let callee = InboundSettings { answer_after: Duration::from_secs(20), ..inbound() };
    let mut network = network(caller, callee);
    network.play();
    assert_eq!(network.caller().ended().outcome.cause, Cause::NoAnswer);
    assert_eq!(network.called().ended().outcome.pages_confirmed, 0);
    assert_eq!(network.said(CALLEE, "SIP/2.0 200 OK"), 1, "only the CANCEL is granted: {}", network.story());
}

/// Delays such that the caller's re-INVITE is sent first, and the called side's would come late.
#[test]
fn the_caller_asks_for_t38_when_the_called_side_does_not() {
    let caller = OutboundSettings { t38: asking(Duration::from_millis(100)), ..outbound() };
    let callee = InboundSettings { t38: asking(Duration::from_secs(60)), ..inbound() };
    let mut network = network(caller, callee);
    network.play();
    assert_sent(&network);
    assert_eq!((network.said(CALLER, "INVITE"), network.said(CALLEE, "INVITE")), (2, 0), "{}", network.story());
}

#[test]
fn re_invites_that_meet_are_refused_by_both_and_the_second_try_serves_both() {
    for offset_ms in [90, 100, 110, 120, 130, 140, 150] {
        // The caller has audio one delay before the called side.
        let caller = OutboundSettings { t38: asking(Duration::from_millis(offset_ms)), ..outbound() };
        let callee = InboundSettings { t38: asking(Duration::from_millis(100)), ..inbound() };
        let mut network = network(caller, callee);
        network.play();
        assert_sent(&network);
        let collisions = (network.said(CALLER, "SIP/2.0 491"), network.said(CALLEE, "SIP/2.0 491"));
        // The called side begins 130 ms after the caller's clock, and 30 ms pass on the way.
        if (110..150).contains(&offset_ms) {
            assert_eq!(collisions, (1, 1), "{offset_ms} ms: {}", network.story());
            assert_eq!(network.said(CALLER, "INVITE"), 2, "the called side's second try is enough");
        } else if offset_ms < 100 {
            assert_eq!(collisions, (0, 0), "{offset_ms} ms: {}", network.story());
        }
    }
}

#[test]
fn t38_in_the_first_invite_needs_no_re_invite() {
    let mut network = Network::new(What::T38, outbound(), Callee::Ours(Box::new(inbound())), 42);
    network.play();
    assert_sent(&network);
    assert_eq!((network.said(CALLER, "INVITE"), network.said(CALLEE, "INVITE")), (1, 0));
    assert_eq!(network.count(Kind::Audio), 0);
}

#[test]
fn of_audio_and_t38_in_the_first_invite_t38_is_taken() {
    let mut network = Network::new(What::Either, outbound(), Callee::Ours(Box::new(inbound())), 42);
    network.play();
    assert_sent(&network);
    assert_eq!((network.said(CALLER, "INVITE"), network.said(CALLEE, "INVITE")), (1, 0));
}

#[test]
fn an_invite_without_an_offer_gets_ours_and_the_answer_comes_with_the_ack() {
    let mut network = network(outbound(), inbound());
    // A third party in the middle takes the offer out and gives the answer with the ACK.
    let mut answer = None;
    network.edit = Box::new(move |message, from| match (message.method().cloned(), from) {
        (Some(Method::Invite), CALLER) if message.to_tag().is_none() => {
            answer.get_or_insert_with(|| message.body.clone());
            message.set_body("application/sdp", Vec::new());
        }
        (Some(Method::Ack), CALLER) if message.body.is_empty() => {
            if let Some(body) = answer.take() {
                message.set_body("application/sdp", body);
            }
        }
        _ => {}
    });
    network.play();
    assert_sent(&network);
    let offer = network.bodies.iter().find(|(from, body)| *from == CALLEE && !body.is_empty()).unwrap();
    assert!(offer.1.contains("m=audio 4000 RTP/AVP 8 0"), "{}", offer.1);
}

#[test]
fn an_invite_without_an_offer_whose_ack_has_no_answer_is_asked_for_t38_at_once() {
    let mut network = network(outbound(), inbound());
    network.edit = Box::new(|message, from| {
        if from == CALLER && message.method() == Some(&Method::Invite) && message.to_tag().is_none() {
            message.set_body("application/sdp", Vec::new());
        }
    });
    network.play();
    assert_sent(&network);
    assert_eq!(network.said(CALLEE, "INVITE"), 1);
}

/// Replaces a line of the descriptions that one side sends.
fn rewriting(side: usize, from: &'static str, to: &'static str) -> super::network::Edit {
    Box::new(move |message, sender| {
        let text = String::from_utf8_lossy(&message.body).into_owned();
        if sender == side && text.contains(from) {
            message.set_body("application/sdp", text.replace(from, to).into_bytes());
        }
    })
}

/// The largest T.38 datagram that a side sent.
fn largest(network: &mut Network) -> Rc<Cell<[usize; 2]>> {
    let largest = Rc::new(Cell::new([0; 2]));
    let seen = Rc::clone(&largest);
    network.path = Box::new(move |flight| {
        if flight.kind == Kind::T38 {
            let mut sizes = seen.get();
            sizes[flight.from] = sizes[flight.from].max(flight.bytes.len());
            seen.set(sizes);
        }
        vec![super::network::DELAY]
    });
    largest
}

/// 72 is the default of one fax server, 176 to 200 come from gateways that mean the packet within, 0 and 1 say nothing, and nobody
/// takes 400000.
#[test]
fn datagrams_are_no_larger_than_the_far_end_says_it_takes() {
    let said = [("72", 72), ("176", 176), ("180", 180), ("200", 200), ("0", 400), ("1", 400), ("400000", 1400)];
    for pacing in [Pacing::Modem, Pacing::Auto] {
        for (said, most) in said {
            let (mut caller, mut callee) = (outbound(), inbound());
            (caller.line.pacing, callee.line.pacing) = (pacing, pacing);
            let mut network = network(caller, callee);
            let line: &'static str = format!("T38FaxMaxDatagram:{said}").leak();
            network.edit = rewriting(CALLEE, "T38FaxMaxDatagram:1400", line);
            let sizes = largest(&mut network);
            network.play();
            assert_sent(&network);
            let [of_caller, of_callee] = sizes.get();
            assert!(of_caller <= most, "{said}: {of_caller}");
            // Redundancy is given up before the speed: a page at 14400 bit/s fills the datagram.
            assert!(of_caller > most.min(220) * 3 / 4, "{said}: {of_caller}");
            assert!(of_callee <= 1400);
        }
    }
}

#[test]
fn odd_ports_are_as_good_as_even_ones() {
    let (mut caller, mut callee) = (outbound(), inbound());
    (caller.line.media.t38, callee.line.media.t38) = (at(CALLER, 4219), at(CALLEE, 33_001));
    let mut network = network(caller, callee);
    network.play();
    assert_sent(&network);
}

#[test]
fn a_far_end_that_names_no_datagram_size_gets_no_more_than_400_octets() {
    let mut network = network(outbound(), inbound());
    network.edit = rewriting(CALLEE, "a=T38FaxMaxDatagram:1400\r\n", "");
    let sizes = largest(&mut network);
    network.play();
    assert_sent(&network);
    assert!(sizes.get()[CALLER] <= 400, "{:?}", sizes.get());
}

#[test]
fn every_version_offered_is_answered_with_what_both_speak() {
    for version in ["0", "1", "2", "3"] {
        let mut network = network(outbound(), inbound());
        let line: &'static str = format!("T38FaxVersion:{version}").leak();
        network.edit = rewriting(CALLEE, "T38FaxVersion:0", line);
        network.play();
        assert_sent(&network);
        let answer = network.bodies.iter().rfind(|(from, body)| *from == CALLER && body.contains("udptl")).unwrap();
        assert!(answer.1.contains("T38FaxVersion:0"), "{}", answer.1);
    }
}

#[test]
fn a_lower_bit_rate_in_the_description_bounds_the_modem() {
    for (said, rate) in [("9600", 9600), ("4800", 4800), ("2400", 2400), ("33600", 14_400), ("1", 14_400)] {
        let mut network = network(outbound(), inbound());
        let line: &'static str = format!("T38MaxBitRate:{said}").leak();
        network.edit = rewriting(CALLEE, "T38MaxBitRate:14400", line);
        network.play();
        assert_sent(&network);
        assert_eq!(network.caller().ended().record.rate, Some(rate), "{said}");
    }
}

#[test]
fn every_kind_of_error_correction_and_every_pacing_carries_three_pages() {
    for error_correction in [ErrorCorrection::None, ErrorCorrection::Redundancy, ErrorCorrection::Fec] {
        for pacing in [Pacing::Modem, Pacing::Fast, Pacing::Auto] {
            let (mut caller, mut callee) = (outbound(), inbound());
            for line in [&mut caller.line, &mut callee.line] {
                (line.error_correction, line.pacing) = (error_correction, pacing);
            }
            let mut network = network(caller, callee);
            network.play();
            assert_sent(&network);
        }
    }
}

#[test]
fn pages_without_error_correction_mode_arrive_too() {
    let mut caller = outbound();
    sending(&mut caller).ecm = false;
    let mut network = network(caller, inbound());
    network.play();
    assert_sent(&network);
    assert!(!network.caller().ended().record.ecm);
}

#[test]
fn an_attempt_that_resumes_sends_only_what_is_left_and_counts_from_there() {
    let mut caller = outbound();
    sending(&mut caller).documents[0].first_page = 2;
    let mut network = network(caller, inbound());
    network.play();
    let outcome = &network.caller().ended().outcome;
    assert_eq!((outcome.cause.clone(), outcome.pages_confirmed, outcome.pages_total), (Cause::Sent, 3, 3));
    assert_eq!(network.called().delivered(), [2]);
    assert_eq!(network.caller().formats.iter().map(|(index, _)| *index).collect::<Vec<_>>(), [2]);
}
