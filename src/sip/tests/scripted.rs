//! One leg against messages written by hand: what the other side of a call may do beyond what we would do ourselves.

use super::world::{
    accept, accept_offer, address, base, hang_up, invitation, message, offer, outputs, sent, settings, source,
};
use crate::sip::{Command, EndpointSettings, Event, Input, Invitation, Leg, Message, Method};
use std::time::{Duration, Instant};

pub(super) struct Call {
    pub(super) leg: Leg,
    pub(super) invite: Message,
    pub(super) now: Instant,
}

impl Call {
    pub(super) fn outgoing() -> Self {
        Self::with(settings(0), invitation())
    }

    pub(super) fn with(settings: EndpointSettings, invitation: Invitation) -> Self {
        let now = base();
        let mut leg = Leg::outgoing(settings, invitation, 11, now);
        let (messages, _) = outputs(&mut leg);
        Self { leg, invite: messages[0].clone(), now }
    }

    /// Answered by a fork with this tag.
    pub(super) fn answered(tag: &str) -> Self {
        let mut call = Self::outgoing();
        call.respond(
            &call.invite.clone(),
            200,
            tag,
            "Contact: <sip:x@192.0.2.2>\nContent-Type: application/sdp\n",
            "sound",
        );
        call
    }

    pub(super) fn respond(
        &mut self,
        request: &Message,
        status: u16,
        tag: &str,
        headers: &str,
        body: &str,
    ) -> (Vec<Message>, Vec<Event>) {
        let mut response = Message::response(request, status, "", tag, address(0));
        for line in headers.lines() {
            let (name, value) = line.split_once(':').unwrap();
            response.headers.push(name, value);
        }
        response.body = body.as_bytes().to_vec();
        self.input(Input::Message { message: response, source: source(1) })
    }

    pub(super) fn request(
        &mut self,
        number: u32,
        method: &str,
        headers: &str,
        body: &str,
    ) -> (Vec<Message>, Vec<Event>) {
        let to = self.leg.local_tag().to_owned();
        let text = format!(
            "{method} sip:party0@192.0.2.1 SIP/2.0\nVia: SIP/2.0/UDP 192.0.2.2;rport;branch=z9hG4bK{method}{number}\n\
             From: <sip:2000@192.0.2.2>;tag=t1\nTo: <sip:+3902@192.0.2.1>;tag={to}\nCall-ID: {}\n\
             CSeq: {number} {method}\n{headers}\n{body}",
            self.leg.call_id()
        );
        self.input(Input::Message { message: message(&text), source: source(1) })
    }

    pub(super) fn input(&mut self, input: Input) -> (Vec<Message>, Vec<Event>) {
        self.leg.handle(input, self.now);
        outputs(&mut self.leg)
    }

    pub(super) fn command(&mut self, command: Command) -> (Vec<Message>, Vec<Event>) {
        self.input(Input::Command(command))
    }

    pub(super) fn pass(&mut self, time: Duration) -> (Vec<Message>, Vec<Event>) {
        self.now += time;
        self.input(Input::Timeout)
    }
}

pub(super) fn statuses(messages: &[Message]) -> Vec<u16> {
    messages.iter().filter_map(Message::status).collect()
}

#[test]
fn the_invite_has_what_every_request_must_have() {
    let call = Call::outgoing();
    assert_eq!(call.invite.check(), Ok(()));
    let text = String::from_utf8(call.invite.to_bytes()).unwrap();
    assert!(
        text.starts_with("INVITE sip:2000@192.0.2.2 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1:5060;rport;branch=z9hG4bK")
    );
    for line in [
        "Max-Forwards: 70\r\n",
        "From: \"Fax\" <sip:+3902@192.0.2.1>;tag=",
        "To: <sip:2000@192.0.2.2>\r\n",
        "Contact: <sip:party0@192.0.2.1:5060>\r\n",
        "Allow: INVITE, ACK, BYE, CANCEL, OPTIONS, PRACK, INFO, UPDATE\r\n",
        "User-Agent: faxramp\r\n",
        "P-Asserted-Identity: <sip:+3902@192.0.2.1>\r\n",
        "Content-Type: application/sdp\r\nContent-Length: 5\r\n\r\naudio",
    ] {
        assert!(text.contains(line), "{line} is not in {text}");
    }
    assert!(text.contains("Supported: 100rel, timer\r\n") && text.contains("Session-Expires: 1800\r\n"));
    assert!(!text.contains("Require") && !text.contains("Authorization"));
}

#[test]
fn the_second_fork_that_answers_is_acknowledged_and_hung_up() {
    let mut call = Call::answered("t1");
    let invite = call.invite.clone();
    let (messages, events) = call.respond(&invite, 200, "t2", "Contact: <sip:y@192.0.2.3>\n", "sound");
    assert_eq!(events, []);
    let ack = sent(&messages, &Method::Ack);
    assert_eq!((ack.to_tag().unwrap().as_str(), ack.request_uri().unwrap()), ("t2", "sip:y@192.0.2.3"));
    assert_eq!(sent(&messages, &Method::Bye).to_tag().unwrap(), "t2");
    // Said again, it gets the same ACK again and no other BYE; so does the first.
    let (messages, _) = call.respond(&invite, 200, "t2", "Contact: <sip:y@192.0.2.3>\n", "sound");
    assert_eq!(messages, [ack]);
    let (messages, _) = call.respond(&invite, 200, "t1", "", "sound");
    assert_eq!(sent(&messages, &Method::Ack).to_tag().unwrap(), "t1");
}

#[test]
fn an_answer_without_body_takes_that_of_its_own_early_media() {
    let mut call = Call::outgoing();
    let invite = call.invite.clone();
    call.respond(&invite, 183, "t2", "Content-Type: application/sdp\n", "other");
    let (_, events) = call.respond(&invite, 183, "t1", "Content-Type: application/sdp\n", "early");
    assert_eq!(events, [Event::Progress { body: Some(b"early".to_vec()) }]);
    let (_, events) = call.respond(&invite, 200, "t1", "Contact: <sip:x@192.0.2.2>\n", "");
    assert_eq!(events, [Event::Answered { body: b"early".to_vec() }]);
}

#[test]
fn a_failure_tells_status_phrase_cause_and_when_to_come_again() {
    let mut call = Call::outgoing();
    let invite = call.invite.clone();
    let (messages, events) = call.respond(&invite, 503, "t1", "Retry-After: 120 (busy)\nReason: Q.850;cause=34;text=\"No circuit\"\nWarning: 399 gw \"all trunks busy\", 399 gw \"No circuit\"\n", "");
    let failed = Event::Failed {
        status: 503,
        reason: "Service Unavailable: No circuit: all trunks busy".into(),
        q850: Some(34),
        retry_after: Some(Duration::from_secs(120)),
        authenticated: false,
    };
    assert_eq!(events, [failed]);
    let ack = sent(&messages, &Method::Ack);
    assert_eq!((ack.branch(), ack.cseq().unwrap().number), (invite.branch(), invite.cseq().unwrap().number));
    assert_eq!(ack.to_tag().unwrap(), "t1");
}

#[test]
fn a_challenge_is_answered_once_and_wrong_credentials_are_a_failure() {
    let mut call = Call::outgoing();
    let invite = call.invite.clone();
    let challenge = "Proxy-Authenticate: Digest realm=\"r\", nonce=\"1\", qop=\"auth\"\n";
    let (messages, events) = call.respond(&invite, 407, "p", challenge, "");
    assert_eq!(events, []);
    let again = sent(&messages, &Method::Invite);
    assert!(again.headers.first("Proxy-Authorization").is_some());
    assert_eq!(again.cseq().unwrap().number, invite.cseq().unwrap().number + 1);
    assert_eq!((again.from_tag(), again.call_id()), (invite.from_tag(), invite.call_id()));
    assert_ne!(again.branch(), invite.branch());
    let fresh = "Proxy-Authenticate: Digest realm=\"r\", nonce=\"2\", qop=\"auth\"\n";
    let (messages, events) = call.respond(&again, 407, "p", fresh, "");
    assert!(matches!(events[..], [Event::Failed { status: 407, .. }]), "{events:?}");
    assert!(messages.iter().all(|message| message.method() == Some(&Method::Ack)));
}

#[test]
fn a_challenged_bye_is_said_again_with_credentials() {
    let mut call = Call::answered("t1");
    let (messages, _) = call.command(hang_up());
    let bye = sent(&messages, &Method::Bye);
    let (messages, _) = call.respond(&bye, 401, "t1", "WWW-Authenticate: Digest realm=\"r\", nonce=\"1\"\n", "");
    let again = sent(&messages, &Method::Bye);
    assert!(again.headers.first("Authorization").is_some() && again.headers.first("Reason").is_some());
    assert_eq!(again.cseq().unwrap().number, bye.cseq().unwrap().number + 1);
}

#[test]
fn a_refresh_by_update_without_body_is_answered_silently() {
    let mut call = Call::answered("t1");
    let (messages, events) = call.request(5, "UPDATE", "Contact: <sip:new@192.0.2.9>\nSession-Expires: 1800\n", "");
    assert_eq!((statuses(&messages), events), (vec![200], vec![]));
    let (messages, _) = call.command(hang_up());
    assert_eq!(sent(&messages, &Method::Bye).request_uri(), Some("sip:new@192.0.2.9"));
}

#[test]
fn an_update_with_body_is_an_offer_whose_answer_needs_no_ack() {
    let mut call = Call::answered("t1");
    let (messages, events) = call.request(5, "UPDATE", "Content-Type: application/sdp\n", "t38");
    assert_eq!((messages.len(), events), (0, vec![Event::Offered { body: Some(b"t38".to_vec()) }]));
    let (messages, _) = call.command(accept_offer("yes"));
    assert_eq!((statuses(&messages), messages[0].body.as_slice()), (vec![200], &b"yes"[..]));
    let (messages, _) = call.pass(Duration::from_secs(10));
    assert_eq!(messages, []);
}

#[test]
fn an_offerless_re_invite_gets_our_offer_and_its_ack_brings_the_answer() {
    let mut call = Call::answered("t1");
    let (_, events) = call.request(5, "INVITE", "", "");
    assert_eq!(events, [Event::Offered { body: None }]);
    call.command(accept_offer("mine"));
    let (_, events) = call.request(5, "ACK", "Content-Type: application/sdp\n", "theirs");
    assert_eq!(events, [Event::Acknowledged { body: Some(b"theirs".to_vec()) }]);
}

#[test]
fn a_second_offer_of_the_peer_before_the_first_is_answered_is_500_with_a_wait() {
    let mut call = Call::answered("t1");
    call.request(5, "INVITE", "Content-Type: application/sdp\n", "a");
    let (messages, events) = call.request(6, "INVITE", "Content-Type: application/sdp\n", "b");
    assert_eq!((statuses(&messages), events), (vec![100, 500], vec![]));
    assert!(messages[1].retry_after().unwrap() <= Duration::from_secs(10));
}

#[test]
fn small_requests_within_the_call_are_answered_without_a_word() {
    let mut call = Call::answered("t1");
    let mut status = |number, method: &str, headers: &str, body: &str| {
        let (messages, events) = call.request(number, method, headers, body);
        assert_eq!(events, [], "{method}");
        statuses(&messages)[0]
    };
    assert_eq!(status(5, "OPTIONS", "", ""), 200);
    assert_eq!(status(6, "INFO", "", ""), 200);
    assert_eq!(status(7, "INFO", "Content-Type: application/dtmf-relay\n", "Signal=1"), 200);
    assert_eq!(status(8, "INFO", "Content-Type: text/x\n", "?"), 415);
    assert_eq!(status(9, "REFER", "", ""), 405);
    assert_eq!(status(10, "NOTIFY", "Event: refer\n", ""), 481);
    assert_eq!(status(11, "FLY", "", ""), 501);
    assert_eq!(status(12, "INVITE", "Require: foo, bar\n", ""), 420);
    assert_eq!(status(13, "INVITE", "Content-Type: text/plain\n", "hello"), 415);
    assert_eq!(status(14, "INFO", "Info-Package: x\nContent-Type: application/x\n", "x"), 469);
    assert_eq!(status(15, "SUBSCRIBE", "Event: dialog\n", ""), 405);
    assert_eq!(status(16, "MESSAGE", "Content-Type: text/plain\n", "hello"), 405);
    assert_eq!(status(17, "PRACK", "RAck: 1 1 INVITE\n", ""), 481);
    assert_eq!(status(18, "UPDATE", "Content-Type: application/sdp\nContent-Encoding: gzip\n", "x"), 415);
    assert_eq!(status(4, "OPTIONS", "", ""), 500, "out of order");
}

#[test]
fn a_repeated_request_gets_the_same_response_and_no_second_event() {
    let mut call = Call::answered("t1");
    let (first, events) = call.request(5, "BYE", "Reason: Q.850;cause=31;text=\"away\"\n", "");
    assert_eq!(events, [Event::Ended { by_peer: true, reason: Some("away".into()), q850: Some(31) }]);
    let (second, events) = call.request(5, "BYE", "", "");
    assert_eq!((second, events), (first, vec![]));
}

#[test]
fn a_re_invite_that_ends_in_481_ends_the_call_and_488_does_not() {
    let mut call = Call::answered("t1");
    let (messages, _) = call.command(offer("t38"));
    let (_, events) = call.respond(&sent(&messages, &Method::Invite), 488, "t1", "", "");
    assert_eq!(events, [Event::OfferRefused { status: 488 }]);
    let (messages, _) = call.command(offer("t38"));
    let (messages, events) = call.respond(&sent(&messages, &Method::Invite), 481, "t1", "", "");
    assert!(matches!(events[..], [Event::OfferRefused { status: 481 }, Event::Ended { by_peer: false, .. }]));
    sent(&messages, &Method::Bye);
}

#[test]
fn a_re_invite_left_with_100_is_cancelled_and_the_call_goes_on() {
    let mut call = Call::answered("t1");
    let (messages, _) = call.command(offer("t38"));
    call.respond(&sent(&messages, &Method::Invite), 100, "", "", "");
    let (messages, _) = call.pass(Duration::from_secs(41));
    sent(&messages, &Method::Cancel);
    let (_, events) = call.pass(Duration::from_secs(33));
    assert_eq!(events, [Event::OfferUnanswered]);
    let (messages, _) = call.command(hang_up());
    sent(&messages, &Method::Bye);
}

#[test]
fn a_re_invite_without_a_response_or_with_408_leaves_the_call_and_481_ends_it() {
    let mut call = Call::answered("t1");
    call.command(offer("t38"));
    let (messages, events) = call.pass(Duration::from_secs(33));
    assert_eq!(events, [Event::OfferUnanswered]);
    assert!(messages.iter().all(|message| message.method() != Some(&Method::Bye)));
    let (messages, _) = call.command(offer("t38"));
    let (messages, events) = call.respond(&sent(&messages, &Method::Invite), 408, "t1", "", "");
    assert_eq!(events, [Event::OfferUnanswered]);
    sent(&messages, &Method::Ack);
    let (messages, _) = call.command(offer("t38"));
    let (_, events) = call.respond(&sent(&messages, &Method::Invite), 200, "t1", "Contact: <sip:x@192.0.2.2>\n", "t38");
    assert!(matches!(events[..], [Event::OfferAnswered { .. }]), "the next one is as good as the first: {events:?}");
}

#[test]
fn a_re_invite_that_is_withdrawn_is_cancelled_once_the_peer_has_it() {
    for withdrawn_first in [true, false] {
        let mut call = Call::answered("t1");
        let (messages, _) = call.command(offer("t38"));
        let re_invite = sent(&messages, &Method::Invite);
        let cancels =
            |messages: &[Message]| messages.iter().filter(|sent| sent.method() == Some(&Method::Cancel)).count();
        let (mut count, steps) = (0, if withdrawn_first { [true, false] } else { [false, true] });
        for (place, withdraws) in steps.into_iter().enumerate() {
            let (messages, _) = match withdraws {
                true => call.command(Command::WithdrawOffer),
                false => call.respond(&re_invite, 100, "", "", ""),
            };
            count += cancels(&messages);
            assert_eq!(count, place, "RFC 3261 §9.1: not before a provisional response");
        }
        let (messages, _) = call.respond(&re_invite, 100, "", "", "");
        assert_eq!(cancels(&messages), 0, "once is enough");
        let (messages, events) = call.respond(&re_invite, 487, "t1", "", "");
        sent(&messages, &Method::Ack);
        assert_eq!(events, [Event::OfferRefused { status: 487 }]);
    }
}

#[test]
fn a_200_to_a_re_invite_that_comes_after_the_bye_has_its_ack() {
    let mut call = Call::answered("t1");
    let (messages, _) = call.command(offer("sound"));
    let re_invite = sent(&messages, &Method::Invite);
    let (_, events) = call.request(5, "BYE", "", "");
    assert!(matches!(events[..], [Event::Ended { by_peer: true, .. }]));
    let (messages, events) = call.respond(&re_invite, 200, "t1", "Contact: <sip:x@192.0.2.2>\n", "sound");
    assert_eq!(events, []);
    assert_eq!(sent(&messages, &Method::Ack).cseq().unwrap().number, re_invite.cseq().unwrap().number);
}

#[test]
fn glare_waits_are_those_of_the_standard() {
    for seed in 0..50 {
        let now = base();
        let mut leg = Leg::outgoing(settings(0), invitation(), seed, now);
        let (messages, _) = outputs(&mut leg);
        let mut call = Call { leg, invite: messages[0].clone(), now };
        let invite = call.invite.clone();
        call.respond(&invite, 200, "t1", "Contact: <sip:x@192.0.2.2>\n", "sound");
        let (messages, _) = call.command(offer("t38"));
        call.respond(&sent(&messages, &Method::Invite), 491, "t1", "", "");
        let (early, _) = call.pass(Duration::from_millis(2_099));
        assert!(early.iter().all(|message| message.method() != Some(&Method::Invite)), "seed {seed}");
        let (late, _) = call.pass(Duration::from_millis(4_000 - 2_099));
        sent(&late, &Method::Invite);
    }
}

#[test]
fn the_re_invite_of_a_peer_cancelled_is_taken_back() {
    let mut call = Call::answered("t1");
    call.request(5, "INVITE", "Content-Type: application/sdp\n", "t38");
    // A CANCEL has the branch of its INVITE.
    let to = call.leg.local_tag().to_owned();
    let cancel = message(&format!(
        "CANCEL sip:party0@192.0.2.1 SIP/2.0\nVia: SIP/2.0/UDP 192.0.2.2;rport;branch=z9hG4bKINVITE5\n\
         From: <sip:2000@192.0.2.2>;tag=t1\nTo: <sip:+3902@192.0.2.1>;tag={to}\nCall-ID: {}\nCSeq: 5 CANCEL\n\n",
        call.leg.call_id()
    ));
    let (messages, events) = call.input(Input::Message { message: cancel, source: source(1) });
    assert_eq!((statuses(&messages), events), (vec![200, 487], vec![Event::OfferWithdrawn]));
    let (messages, _) = call.command(accept_offer("too late"));
    assert_eq!(messages, []);
}

#[test]
fn commands_that_no_longer_fit_do_nothing() {
    let mut call = Call::answered("t1");
    call.command(hang_up());
    for command in [accept("x"), Command::Ring, offer("x"), accept_offer("x"), hang_up(), Command::WithdrawOffer] {
        assert_eq!(call.command(command), (vec![], vec![]));
    }
}

#[test]
fn a_stranger_who_knows_the_tag_of_ours_but_not_of_the_peer_cannot_end_the_call() {
    let mut call = Call::answered("other");
    let (messages, events) = call.request(5, "BYE", "", "");
    assert_eq!((statuses(&messages), events), (vec![481], vec![]));
}
