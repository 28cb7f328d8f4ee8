//! Which datagram goes where.

use super::*;
use crate::sip::tests::world::{base, invitation, settings, source as party};
use crate::sip::uri::URI_BYTES_MAX;
use crate::sip::{Input, Output};

fn source() -> Source {
    Source::udp("192.0.2.9:5060".parse().unwrap())
}

fn request(method: &str, to: &str, extra: &str) -> Vec<u8> {
    format!(
        "{method} sip:2000@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.9;rport;branch=z9hG4bK{method}\r\n\
         From: <sip:a@h>;tag=ft\r\nTo: <sip:b@h>{to}\r\nCall-ID: c\r\nCSeq: 1 {method}\r\n{extra}\r\n"
    )
    .into_bytes()
}

fn reply(routed: Routed) -> Message {
    let Routed::Reply(bytes, to) = routed else {
        panic!("no reply: {routed:?}");
    };
    assert_eq!(to, source().back());
    Message::parse(&bytes).unwrap()
}

fn status(datagram: &[u8]) -> u16 {
    reply(Router::new("x").route(datagram, source())).status().unwrap()
}

#[test]
fn what_belongs_to_no_call_is_answered_here() {
    assert_eq!(status(&request("OPTIONS", "", "")), 200);
    assert_eq!(status(&request("BYE", ";tag=gone", "")), 481);
    assert_eq!(status(&request("INVITE", ";tag=gone", "")), 481);
    assert_eq!(status(&request("CANCEL", "", "")), 481);
    assert_eq!(status(&request("REGISTER", "", "")), 405);
    assert_eq!(status(&request("MESSAGE", "", "")), 405);
    assert_eq!(status(&request("REFER", "", "Refer-To: <sip:+4990@h>\r\n")), 405);
    assert_eq!(status(&request("SUBSCRIBE", "", "Event: dialog\r\n")), 405);
    assert_eq!(status(&request("PUBLISH", "", "")), 405);
    assert_eq!(status(&request("NOTIFY", "", "Event: message-summary\r\n")), 481);
    assert_eq!(status(&request("INFO", "", "")), 481);
    assert_eq!(status(&request("PRACK", ";tag=gone", "RAck: 1 1 INVITE\r\n")), 481);
    assert_eq!(status(&request("REFER", ";tag=gone", "Refer-To: <sip:+4990@h>\r\n")), 481);
    assert_eq!(status(&request("OPTIONS", "", "Require: magic\r\n")), 420);
    assert_eq!(status(&request("OPTIONS", "", "").replace(b"OPTIONS sip:", b"OPTIONS xmpp:")), 416);
    assert_eq!(status(&request("INVITE", "", "Accept: text/html, audio/*\r\n")), 406);
    assert_eq!(status(&request("FLY", "", "")), 501);
    assert_eq!(status(&request("INVITE", "", "Require: magic\r\n")), 420);
    assert_eq!(status(&request("INVITE", "", "Content-Type: text/plain\r\n\r\nhi")), 415);
    assert_eq!(status(&request("OPTIONS", "", "Call-ID:\r\n").replace(b"Call-ID: c\r\n", b"")), 400);
}

trait Replace {
    fn replace(&self, from: &[u8], to: &[u8]) -> Vec<u8>;
}

impl Replace for Vec<u8> {
    fn replace(&self, from: &[u8], to: &[u8]) -> Vec<u8> {
        let text = String::from_utf8(self.clone()).unwrap();
        text.replace(std::str::from_utf8(from).unwrap(), std::str::from_utf8(to).unwrap()).into_bytes()
    }
}

#[test]
fn options_tell_what_we_can() {
    let options = reply(Router::new("x").route(&request("OPTIONS", ";tag=gone", ""), source()));
    let value = |name| String::from_utf8(options.headers.first(name).unwrap().to_vec()).unwrap();
    assert_eq!(value("Allow"), "INVITE, ACK, BYE, CANCEL, OPTIONS, PRACK, INFO, UPDATE");
    assert_eq!(value("Supported"), "100rel, timer");
    assert_eq!(value("Accept"), "application/sdp, multipart/mixed, multipart/alternative");
}

#[test]
fn a_call_that_wants_the_place_of_another_is_declined_or_finds_none() {
    let mut router = Router::new("x");
    let leg = Leg::outgoing(settings(0), invitation(), 1, base());
    router.add(&leg);
    let status = |call: &str, to: &str| {
        let replaces = format!("Replaces: {call};to-tag={to};from-tag=any\r\n");
        reply(router.route(&request("INVITE", "", &replaces), source())).status().unwrap()
    };
    assert_eq!(status(&leg.call_id(), leg.local_tag()), 603);
    assert_eq!(status("other", leg.local_tag()), 481);
    assert_eq!(status(&leg.call_id(), "other"), 481);
    let unreadable = request("INVITE", "", "Replaces: x;to-tag=1\r\n");
    assert_eq!(reply(router.route(&unreadable, source())).status(), Some(400));
    let required = request("INVITE", "", "Require: replaces\r\nReplaces: x;to-tag=1;from-tag=2\r\n");
    let refused = reply(router.route(&required, source()));
    assert_eq!((refused.status(), refused.headers.first("Unsupported")), (Some(420), Some(&b"replaces"[..])));
}

#[test]
fn broken_requests_are_answered_and_broken_acks_are_not() {
    assert_eq!(status(&request("INVITE", "", "").replace(b"SIP/2.0\r\nVia", b"SIP/7.0\r\nVia")), 505);
    assert_eq!(status(&request("INVITE", "", "").replace(b"sip:2000@", b"sip:20 00@")), 400);
    let long = |letters: usize| {
        request("INVITE", "", "").replace(b"sip:2000@", format!("sip:{}@", "2".repeat(letters)).as_bytes())
    };
    assert_eq!((status(&long(3000)), status(&long(URI_BYTES_MAX))), (414, 414));
    assert!(matches!(Router::new("x").route(&long(1000), source()), Routed::NewCall(_)), "that is still an address");
    assert_eq!(status(&request("INVITE", "", "").replace(b"CSeq: 1 INVITE", b"CSeq: 1 BYE")), 400);
    let router = Router::new("x");
    let ack = request("ACK", "", "").replace(b"CSeq: 1 ACK", b"CSeq: x");
    assert_eq!(router.route(&ack, source()), Routed::Ignore(Ignored::Incomplete));
    let ack = request("ACK", ";tag=gone", "");
    assert_eq!(router.route(&ack, source()), Routed::Ignore(Ignored::StrayAck));
    let ack = request("ACK", "", "").replace(b"sip:2000@", b"sip:20 00@");
    assert_eq!(router.route(&ack, source()), Routed::Ignore(Ignored::Noise(ParseError::StartLine)));
}

#[test]
fn noise_and_keep_alives_are_dropped() {
    let router = Router::new("x");
    assert_eq!(router.route(b"\r\n\r\n", source()), Routed::Ignore(Ignored::KeepAlive));
    assert_eq!(router.route(b"\x00", source()), Routed::Ignore(Ignored::KeepAlive));
    assert_eq!(router.route(b"", source()), Routed::Ignore(Ignored::KeepAlive));
    let stun = b"\x00\x01\x00\x08\x21\x12\xA4\x42abcdefghijkl";
    assert_eq!(router.route(stun, source()), Routed::Ignore(Ignored::Noise(ParseError::StartLine)));
    let scan = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n";
    assert_eq!(router.route(scan, source()), Routed::Ignore(Ignored::Noise(ParseError::StartLine)));
    let stray = request("OPTIONS", "", "").replace(b"OPTIONS sip:2000@192.0.2.1 SIP/2.0", b"SIP/2.0 200 OK");
    assert_eq!(router.route(&stray, source()), Routed::Ignore(Ignored::StrayResponse));
}

#[test]
fn the_same_request_gets_the_same_answer_without_being_remembered() {
    let router = Router::new("x");
    let bye = request("BYE", "", "");
    assert_eq!(router.route(&bye, source()), router.route(&bye, source()));
}

#[test]
fn an_invite_makes_one_call_and_comes_back_to_it() {
    let mut router = Router::new("x");
    let invite = request("INVITE", "", "");
    let Routed::NewCall(message) = router.route(&invite, source()) else {
        panic!("no call");
    };
    let leg = Leg::incoming(&message, source(), settings(1), 1, base()).unwrap();
    router.add(&leg);
    assert!(matches!(router.route(&invite, source()), Routed::Leg(key, _) if key == leg.key()));
    let cancel = request("CANCEL", "", "").replace(b"z9hG4bKCANCEL", b"z9hG4bKINVITE");
    assert!(matches!(router.route(&cancel, source()), Routed::Leg(key, _) if key == leg.key()));
    let merged = invite.replace(b"z9hG4bKINVITE", b"z9hG4bKother");
    assert_eq!(reply(router.route(&merged, source())).status(), Some(482));
    let other_call = invite.replace(b"CSeq: 1", b"CSeq: 2").replace(b"z9hG4bKINVITE", b"z9hG4bKother");
    assert!(matches!(router.route(&other_call, source()), Routed::NewCall(_)));
    router.remove(&leg.key());
    assert!(router.is_empty() && matches!(router.route(&invite, source()), Routed::NewCall(_)));
}

/// A fax to our own number: caller and callee share the socket, the Call-ID and the tags, the other way round.
#[test]
fn both_ends_of_a_call_to_ourselves_are_told_apart() {
    let now = base();
    let mut router = Router::new("x");
    let mut caller = Leg::outgoing(settings(0), invitation(), 1, now);
    router.add(&caller);
    let Some(Output::Send { bytes, .. }) = caller.poll() else {
        panic!("no INVITE");
    };
    let Routed::NewCall(invite) = router.route(&bytes, party(0)) else {
        panic!("no call");
    };
    let mut callee = Leg::incoming(&invite, party(0), settings(0), 2, now).unwrap();
    router.add(&callee);
    callee.handle(Input::Command(crate::sip::Command::Accept { body: b"x".to_vec() }), now);
    while let Some(output) = callee.poll() {
        if let Output::Send { bytes, .. } = output {
            let Routed::Leg(key, message) = router.route(&bytes, party(0)) else {
                panic!("lost");
            };
            assert_eq!(key, caller.key());
            caller.handle(Input::Message { message, source: party(0) }, now);
        }
    }
    while let Some(output) = caller.poll() {
        if let Output::Send { bytes, .. } = output {
            assert!(matches!(router.route(&bytes, party(0)), Routed::Leg(key, _) if key == callee.key()));
        }
    }
    assert_eq!(caller.call_id(), callee.call_id());
}
