//! The machines alone: when they repeat, when they give up, what they absorb.

use super::*;
use crate::sip::tests::world::{address, base};
use crate::sip::transport::Transport;
use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

fn request(method: &Method) -> Message {
    let mut request = Message::request(method.clone(), "sip:b@192.0.2.2");
    request.headers.push("Via", "SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1");
    request.headers.push("Route", "<sip:192.0.2.7;lr>");
    request.headers.push("From", "<sip:a@h>;tag=f");
    request.headers.push("To", "<sip:b@h>");
    request.headers.push("Call-ID", "c");
    request.headers.push("CSeq", format!("5 {method}"));
    request
}

fn udp(side: usize) -> Destination {
    Destination::udp(address(side))
}

fn response(method: &Method, status: u16) -> Message {
    Message::response(&request(method), status, "", "t", address(0))
}

/// Milliseconds from the start at which something was sent while time passes up to `limit`.
fn moments(
    base: Instant,
    limit: Duration,
    mut deadline_then_expire: impl FnMut(Option<Instant>, &mut VecDeque<Datagram>) -> Option<Instant>,
) -> Vec<u128> {
    let (mut sends, mut moments, mut now) = (VecDeque::new(), Vec::new(), None);
    while let Some(next) = deadline_then_expire(now, &mut sends).filter(|at| *at <= base + limit) {
        if let Some(at) = now.filter(|_| !sends.is_empty()) {
            moments.push((at - base).as_millis());
        }
        sends.clear();
        now = Some(next);
    }
    if let Some(at) = now.filter(|_| !sends.is_empty()) {
        moments.push((at - base).as_millis());
    }
    moments
}

#[test]
fn invite_is_repeated_at_doubling_intervals_and_given_up_after_32_seconds() {
    let now = base();
    let mut sends = VecDeque::new();
    let mut invite = ClientInvite::start(request(&Method::Invite), udp(1), now, &mut sends);
    assert_eq!(sends.len(), 1);
    let mut gave_up = None;
    let at = moments(now, Duration::from_secs(70), |now, sends| {
        if let Some(now) = now
            && invite.expire(now, sends).is_some()
        {
            gave_up = Some(now);
        }
        invite.deadline()
    });
    assert_eq!(at, [500, 1500, 3500, 7500, 15_500, 31_500]);
    assert_eq!(gave_up, Some(now + Duration::from_secs(32)));
    assert!(invite.is_terminated());
}

#[test]
fn other_requests_are_repeated_at_four_seconds_at_most() {
    let now = base();
    let mut bye = ClientRequest::start(request(&Method::Bye), udp(1), now, &mut VecDeque::new());
    let at = moments(now, Duration::from_secs(60), |now, sends| {
        now.map(|now| bye.expire(now, sends));
        bye.deadline()
    });
    assert_eq!(at, [500, 1500, 3500, 7500, 11_500, 15_500, 19_500, 23_500, 27_500, 31_500]);
    assert!(bye.is_terminated());
}

#[test]
fn a_refused_invite_is_answered_again_until_its_ack() {
    let now = base();
    let mut sends = VecDeque::new();
    let key = ServerKey::of(&request(&Method::Invite)).unwrap();
    let mut invite = ServerInvite::new(key.clone(), udp(0));
    invite.respond(&response(&Method::Invite, 486), now, &mut sends);
    let at = moments(now, Duration::from_secs(9), |now, sends| {
        now.into_iter().for_each(|now| invite.expire(now, sends));
        invite.deadline()
    });
    assert_eq!(at, [500, 1500, 3500, 7500]);
    assert!(invite.is(&ServerKey::of(&request(&Method::Ack)).unwrap()), "an ACK has the key of its INVITE");
    assert!(invite.acknowledge(now));
    sends.clear();
    invite.repeated(&mut sends);
    assert!(sends.is_empty());
    invite.expire(now + Duration::from_secs(5), &mut sends);
    assert!(invite.is_terminated());
}

#[test]
fn a_failure_is_acknowledged_each_time_along_the_same_route() {
    let now = base();
    let mut sends = VecDeque::new();
    let mut invite = ClientInvite::start(request(&Method::Invite), udp(1), now, &mut sends);
    sends.clear();
    let busy = response(&Method::Invite, 486);
    assert!(invite.is_answered_by(&busy) && !invite.is_answered_by(&response(&Method::Cancel, 200)));
    assert_eq!(invite.receive(&busy, now, &mut sends), Verdict::Pass);
    assert_eq!(invite.receive(&busy, now, &mut sends), Verdict::Absorbed);
    assert_eq!(sends.len(), 2);
    let ack = Message::parse(&sends[0].bytes).unwrap();
    assert_eq!((ack.branch().as_str(), ack.cseq().unwrap().number), ("z9hG4bK1", 5));
    assert_eq!(ack.headers.first("Route"), Some(&b"<sip:192.0.2.7;lr>"[..]));
    assert_eq!(ack.to_tag().as_deref(), Some("t"));
    // A 2xx after a failure is nonsense and has no ACK of this kind.
    sends.clear();
    assert_eq!(invite.receive(&response(&Method::Invite, 200), now, &mut sends), Verdict::Absorbed);
    assert!(sends.is_empty());
}

#[test]
fn after_a_2xx_more_2xx_are_passed_for_32_seconds_and_nothing_else_is() {
    let now = base();
    let mut sends = VecDeque::new();
    let mut invite = ClientInvite::start(request(&Method::Invite), udp(1), now, &mut sends);
    assert_eq!(invite.receive(&response(&Method::Invite, 200), now, &mut sends), Verdict::Pass);
    assert_eq!(invite.receive(&response(&Method::Invite, 200), now, &mut sends), Verdict::Pass);
    assert_eq!(invite.receive(&response(&Method::Invite, 180), now, &mut sends), Verdict::Absorbed);
    assert_eq!(invite.receive(&response(&Method::Invite, 486), now, &mut sends), Verdict::Absorbed);
    assert_eq!(invite.deadline(), Some(now + Duration::from_secs(32)));
    assert!(invite.expire(now + Duration::from_secs(32), &mut sends).is_none() && invite.is_terminated());
}

#[test]
fn on_a_stream_nothing_is_repeated_or_kept_for_repetitions() {
    let now = base();
    let mut sends = VecDeque::new();
    let mut invite =
        ClientInvite::start(request(&Method::Invite), Destination::new(Transport::Tcp, address(1)), now, &mut sends);
    assert_eq!(invite.deadline(), Some(now + Duration::from_secs(32)));
    invite.receive(&response(&Method::Invite, 486), now, &mut sends);
    assert!(invite.is_terminated());
    let mut bye =
        ClientRequest::start(request(&Method::Bye), Destination::new(Transport::Tcp, address(1)), now, &mut sends);
    assert_eq!(bye.receive(&response(&Method::Bye, 200), now), Verdict::Pass);
    assert!(bye.is_terminated());
}

#[test]
fn an_old_peer_without_branches_is_told_apart_by_number_and_tag() {
    let old = |number: u32| {
        let mut request = request(&Method::Invite);
        request.headers.set("Via", "SIP/2.0/UDP 192.0.2.1");
        request.headers.set("CSeq", format!("{number} INVITE"));
        ServerKey::of(&request).unwrap()
    };
    assert_eq!(old(5), old(5));
    assert_ne!(old(5), old(6));
}
