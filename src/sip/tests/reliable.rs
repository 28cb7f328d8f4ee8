//! Ringing reliably for callers that require it, and as ever for those that only could.
// RFC 3262 §3

use super::{
    scripted::{Call, statuses},
    world::{accept, base, invitation, message, outputs, settings, source},
};
use crate::sip::{CallSettings, Command, EndpointSettings, Event, Input, Leg, Message, Reliability};
use std::time::{Duration, Instant};

struct Called {
    leg: Leg,
    now: Instant,
}

impl Called {
    fn new(headers: &str, body: &str) -> Self {
        Self::at(headers, body, Reliability::Supported)
    }

    fn at(headers: &str, body: &str, reliable: Reliability) -> Self {
        let invite = message(&format!(
            "INVITE sip:2000@192.0.2.1 SIP/2.0\nVia: SIP/2.0/UDP 192.0.2.2;rport;branch=z9hG4bKi\n\
             From: <sip:a@h>;tag=ft\nTo: <sip:b@h>\nCall-ID: c\nCSeq: 4 INVITE\nContact: <sip:a@192.0.2.2>\n{headers}\n{body}"
        ));
        let now = base();
        let calls = CallSettings { reliable, ..CallSettings::default() };
        let settings = EndpointSettings { calls, ..settings(0) };
        let mut leg = Leg::incoming(&invite, source(1), settings, 3, now).unwrap();
        assert_eq!(statuses(&outputs(&mut leg).0), [100]);
        Self { leg, now }
    }

    fn input(&mut self, input: Input) -> (Vec<Message>, Vec<Event>) {
        self.leg.handle(input, self.now);
        outputs(&mut self.leg)
    }

    fn ring(&mut self) -> Vec<Message> {
        self.input(Input::Command(Command::Ring)).0
    }

    fn pass(&mut self, milliseconds: u64) -> (Vec<Message>, Vec<Event>) {
        self.now += Duration::from_millis(milliseconds);
        self.input(Input::Timeout)
    }

    fn request(&mut self, number: u32, method: &str, headers: &str, body: &str) -> Message {
        let tag = self.leg.local_tag();
        let request = message(&format!(
            "{method} sip:x@192.0.2.1 SIP/2.0\nVia: SIP/2.0/UDP 192.0.2.2;rport;branch=z9hG4bK{method}{number}\n\
             From: <sip:a@h>;tag=ft\nTo: <sip:b@h>;tag={tag}\nCall-ID: c\nCSeq: {number} {method}\n{headers}\n{body}"
        ));
        let (messages, _) = self.input(Input::Message { message: request, source: source(1) });
        messages[0].clone()
    }
}

fn number(response: &Message) -> Option<u32> {
    crate::sip::extension::reliable_number(response)
}

#[test]
fn a_caller_that_only_could_hears_a_plain_180() {
    for headers in ["Supported: 100rel\n", ""] {
        let mut called = Called::new(headers, "v=0");
        let ringing = called.ring();
        assert_eq!((statuses(&ringing), number(&ringing[0])), (vec![180], None));
        assert_eq!(called.pass(40_000).0, []);
    }
}

#[test]
fn a_trunk_may_ring_every_caller_reliably_that_can_hear_it_so() {
    for (headers, body, reliable) in [
        ("Supported: 100rel\n", "v=0", Reliability::Required),
        ("Require: 100rel\n", "v=0", Reliability::Required),
        ("Require: 100rel\n", "v=0", Reliability::Off),
    ] {
        let ringing = Called::at(headers, body, reliable).ring();
        assert!(number(&ringing[0]).is_some(), "{headers}{reliable:?}");
        let tells = ringing[0].headers.lists_token("Supported", "100rel");
        assert_eq!(tells, reliable != Reliability::Off, "{headers}{reliable:?}");
    }
    for (headers, body) in [("", "v=0"), ("Supported: 100rel\n", "")] {
        let ringing = Called::at(headers, body, Reliability::Required).ring();
        assert_eq!((statuses(&ringing), number(&ringing[0])), (vec![180], None), "{headers}");
    }
}

#[test]
fn a_trunk_may_be_required_to_ring_reliably() {
    let invite = |reliable| {
        let calls = CallSettings { reliable, ..CallSettings::default() };
        Call::with(EndpointSettings { calls, ..settings(0) }, invitation()).invite
    };
    let said = |message: &Message, header: &str| message.headers.lists_token(header, "100rel");
    for (reliable, supported, required) in
        [(Reliability::Off, false, false), (Reliability::Supported, true, false), (Reliability::Required, true, true)]
    {
        let invite = invite(reliable);
        assert_eq!((said(&invite, "Supported"), said(&invite, "Require")), (supported, required), "{reliable:?}");
    }
}

#[test]
fn a_caller_that_requires_it_hears_180_until_its_prack() {
    let mut called = Called::new("Require: 100rel\n", "v=0");
    let first = called.ring().remove(0);
    let rseq = number(&first).unwrap();
    // T1 doubling, without the limit of T2.
    for wait in [500, 1000, 2000, 4000, 8000] {
        assert_eq!(called.pass(wait - 1).0, []);
        assert_eq!(called.pass(1).0, std::slice::from_ref(&first));
    }
    assert_eq!(called.ring(), [], "one after the other");
    assert_eq!(called.request(5, "PRACK", &format!("RAck: {} 4 INVITE\n", rseq + 1), "").status(), Some(481));
    assert_eq!(called.request(6, "PRACK", &format!("RAck: {rseq} 5 INVITE\n"), "").status(), Some(481));
    assert_eq!(called.request(7, "PRACK", "", "").status(), Some(481));
    assert_eq!(called.request(8, "PRACK", &format!("RAck: {rseq} 4 INVITE\n"), "").status(), Some(200));
    assert_eq!(called.request(9, "PRACK", &format!("RAck: {rseq} 4 INVITE\n"), "").status(), Some(481));
    assert_eq!(called.pass(30_000).0, []);
    // It goes on ringing after a minute, with the next number.
    let (again, _) = called.pass(30_000);
    assert_eq!((statuses(&again), number(&again[0])), (vec![180], Some(rseq + 1)));
}

#[test]
fn a_caller_that_never_acknowledges_is_refused_after_32_seconds() {
    let mut called = Called::new("Require: 100rel\n", "v=0");
    called.ring();
    let (messages, events) = called.pass(32_000);
    assert_eq!(statuses(&messages).last(), Some(&504));
    assert!(matches!(&events[..], [Event::Ended { by_peer: false, reason: Some(_), .. }]), "{events:?}");
}

#[test]
fn an_answer_ends_the_ringing_and_its_prack_is_still_taken() {
    let mut called = Called::new("Require: 100rel\n", "v=0");
    let rseq = number(&called.ring()[0]).unwrap();
    let (messages, _) = called.input(Input::Command(accept("x")));
    assert_eq!(statuses(&messages), [200]);
    assert_eq!(called.request(5, "PRACK", &format!("RAck: {rseq} 4 INVITE\n"), "").status(), Some(200));
    let (messages, _) = called.pass(500);
    assert_eq!(statuses(&messages), [200], "the answer alone is repeated");
}

/// The first reliable response to an INVITE without an offer would have to bring ours.
#[test]
fn without_an_offer_there_is_no_reliable_ringing() {
    let mut called = Called::new("Require: 100rel\n", "");
    assert_eq!(called.ring(), []);
    assert_eq!(statuses(&called.input(Input::Command(accept("x"))).0), [200]);
}

#[test]
fn before_the_answer_a_second_offer_waits_and_the_peer_may_move() {
    let mut called = Called::new("", "v=0");
    called.ring();
    let refused = called.request(5, "UPDATE", "Content-Type: application/sdp\n", "v=0");
    assert_eq!(refused.status(), Some(500));
    assert!(refused.retry_after().unwrap() <= Duration::from_secs(10));
    assert_eq!(called.request(6, "UPDATE", "Contact: <sip:moved@192.0.2.2>\n", "").status(), Some(200));
    assert_eq!(called.request(5, "INFO", "", "").status(), Some(500), "out of order");
    called.input(Input::Command(accept("x")));
}
