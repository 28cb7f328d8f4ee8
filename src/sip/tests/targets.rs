//! Several targets for one INVITE: which failures move on to the next, and what becomes of the earlier ones.

use super::world::{address, base, hang_up, invitation, settings, source};
use crate::sip::{
    Command, Destination, EndpointSettings, Event, Input, Invitation, Large, Leg, LocalAddress, LocalAddresses,
    Message, Method, Output, Source, Transport,
};
use std::time::{Duration, Instant};

struct Call {
    leg: Leg,
    now: Instant,
}

type Sent = Vec<(Destination, Message)>;

fn tcp(side: usize) -> Destination {
    Destination::new(Transport::Tcp, address(side))
}

fn endpoint() -> EndpointSettings {
    let local = |transport| LocalAddress { transport, bound: address(0), advertised: address(0) };
    EndpointSettings { local: LocalAddresses::new(local(Transport::Udp), [local(Transport::Tcp)]), ..settings(0) }
}

impl Call {
    fn to(targets: Vec<Destination>, body: &[u8]) -> (Self, Sent, Vec<Event>) {
        let now = base();
        let invitation = Invitation { targets, body: body.to_vec(), ..invitation() };
        let mut call = Self { leg: Leg::outgoing(endpoint(), invitation, 5, now), now };
        let (sent, events) = call.outputs();
        (call, sent, events)
    }

    fn outputs(&mut self) -> (Sent, Vec<Event>) {
        let (mut sent, mut events) = (Vec::new(), Vec::new());
        while let Some(output) = self.leg.poll() {
            match output {
                Output::Send { to, bytes } => sent.push((to, Message::parse(&bytes).unwrap())),
                Output::Event(event) => events.push(event),
                Output::Resolve { uri } => panic!("nobody sends a call to {uri}"),
            }
        }
        (sent, events)
    }

    fn input(&mut self, input: Input) -> (Sent, Vec<Event>) {
        self.leg.handle(input, self.now);
        self.outputs()
    }

    fn fails(&mut self, to: &Destination) -> (Sent, Vec<Event>) {
        self.input(Input::TransportFailed { to: to.clone() })
    }

    fn answer(&mut self, request: &Message, status: u16, contact: &str) -> (Sent, Vec<Event>) {
        let mut message = Message::response(request, status, "", "t1", address(0));
        if !contact.is_empty() {
            message.headers.push("Contact", contact);
        }
        self.input(Input::Message { message, source: source(1) })
    }

    /// Passes time, deadline by deadline.
    fn pass(&mut self, time: Duration) -> (Sent, Vec<Event>) {
        let until = self.now + time;
        let (mut sent, mut events) = (Vec::new(), Vec::new());
        while let Some(at) = self.leg.deadline().filter(|at| *at <= until) {
            self.now = self.now.max(at);
            let (more, told) = self.input(Input::Timeout);
            sent.extend(more);
            events.extend(told);
        }
        self.now = until;
        (sent, events)
    }
}

fn number(message: &Message) -> u32 {
    message.cseq().unwrap().number
}

fn methods(sent: &Sent) -> Vec<String> {
    sent.iter().map(|(_, message)| message.method().map_or_else(String::new, Method::to_string)).collect()
}

#[test]
fn without_a_way_the_next_target_gets_the_same_call_as_a_new_transaction() {
    let (mut call, sent, _) = Call::to(vec![tcp(1), Destination::udp(address(2))], b"sound");
    let (first, before) = &sent[0];
    assert_eq!(*first, tcp(1));
    assert_eq!(before.via().unwrap().transport, "TCP");
    assert_eq!(before.address("Contact").unwrap().uri.to_string(), "sip:party0@192.0.2.1:5060;transport=tcp");
    let (sent, events) = call.fails(first);
    let (to, after) = &sent[0];
    assert_eq!((to, events.as_slice()), (&Destination::udp(address(2)), &[][..]));
    assert_eq!(after.via().unwrap().transport, "UDP");
    assert_eq!(after.address("Contact").unwrap().uri.to_string(), "sip:party0@192.0.2.1:5060");
    assert_eq!((after.call_id(), after.from_tag(), &after.body), (before.call_id(), before.from_tag(), &before.body));
    assert_eq!(number(after), number(before) + 1);
    assert_ne!(after.branch(), before.branch());
    let (_, events) = call.fails(to);
    assert_eq!(events, [Event::Unreachable]);
}

#[test]
fn a_call_without_any_target_is_unreachable_at_once() {
    let (mut call, sent, events) = Call::to(Vec::new(), b"sound");
    assert_eq!((sent.len(), events.as_slice()), (0, &[Event::Unreachable][..]));
    call.pass(Duration::from_secs(100));
    assert!(call.leg.finished());
}

#[test]
fn a_silent_target_is_left_after_six_seconds_and_the_last_one_after_32() {
    let (mut call, ..) = Call::to(vec![Destination::udp(address(1)), Destination::udp(address(2))], b"sound");
    let (sent, events) = call.pass(Duration::from_millis(5_999));
    assert_eq!((methods(&sent).len(), events.len()), (3, 0), "at 0.5, 1.5 and 3.5 s");
    let (sent, _) = call.pass(Duration::from_millis(1));
    assert_eq!(sent[0].0.address, address(2));
    let (sent, events) = call.pass(Duration::from_millis(31_999));
    assert!(sent.iter().all(|(to, _)| to.address == address(2)), "the first is left alone: {sent:?}");
    assert_eq!(events, []);
    let (_, events) = call.pass(Duration::from_millis(1));
    assert_eq!(events, [Event::TimedOut]);
}

#[test]
fn a_target_that_said_anything_is_not_left_but_for_503() {
    let targets = || vec![Destination::udp(address(1)), Destination::udp(address(2))];
    let (mut call, sent, _) = Call::to(targets(), b"sound");
    call.answer(&sent[0].1, 100, "");
    let (later, events) = call.pass(Duration::from_secs(60));
    assert_eq!((later.len(), events.len()), (0, 0));
    let (next, events) = call.answer(&sent[0].1, 503, "");
    assert_eq!((methods(&next), events), (vec!["ACK".to_owned(), "INVITE".to_owned()], vec![]));
    assert_eq!((next[0].0.address, next[1].0.address), (address(1), address(2)));
    let (_, events) = call.answer(&next[1].1, 503, "");
    assert!(matches!(events[..], [Event::Failed { status: 503, .. }]), "{events:?}");

    let (mut call, sent, _) = Call::to(targets(), b"sound");
    let (next, events) = call.answer(&sent[0].1, 486, "");
    assert_eq!(methods(&next), ["ACK"]);
    assert!(matches!(events[..], [Event::Failed { status: 486, .. }]), "{events:?}");
}

#[test]
fn a_challenge_is_answered_at_the_target_that_made_it() {
    let (mut call, sent, _) = Call::to(vec![Destination::udp(address(1)), Destination::udp(address(2))], b"sound");
    let mut challenge = Message::response(&sent[0].1, 407, "", "t1", address(0));
    challenge.headers.push("Proxy-Authenticate", "Digest realm=\"r\", nonce=\"1\"");
    let (sent, _) = call.input(Input::Message { message: challenge, source: source(1) });
    assert_eq!(sent[1].0.address, address(1));
    assert!(sent[1].1.headers.first("Proxy-Authorization").is_some());
}

#[test]
fn a_target_that_speaks_up_too_late_is_cancelled_and_its_answer_hung_up() {
    let (mut call, first, _) = Call::to(vec![Destination::udp(address(1)), Destination::udp(address(2))], b"sound");
    let (second, _) = call.pass(Duration::from_secs(6));
    let second = second.last().unwrap().1.clone();
    let (sent, events) = call.answer(&first[0].1, 100, "");
    assert_eq!((methods(&sent), sent[0].0.address, events), (vec!["CANCEL".to_owned()], address(1), vec![]));
    assert_eq!(call.answer(&first[0].1, 180, "").0, [], "it is cancelled once");
    let (sent, events) = call.answer(&first[0].1, 200, "<sip:x@192.0.2.2>");
    assert_eq!((methods(&sent), events), (vec!["ACK".to_owned(), "BYE".to_owned()], vec![]));
    let (_, events) = call.answer(&second, 200, "<sip:y@192.0.2.3>");
    assert_eq!(events, [Event::Answered { body: Vec::new() }]);
}

#[test]
fn a_call_given_up_while_a_stream_is_being_opened_is_over_when_it_fails() {
    let (mut call, sent, _) = Call::to(vec![tcp(1)], b"sound");
    let (_, events) = call.input(Input::Command(hang_up()));
    assert!(matches!(events[..], [Event::Ended { by_peer: false, .. }]));
    let (_, events) = call.fails(&sent[0].0);
    assert_eq!(events, []);
    assert!(call.leg.is_settled());
}

#[test]
fn a_large_invite_goes_by_tcp_and_back_to_udp_when_no_connection_can_be_had() {
    let udp = Destination { large: Large::Moves, ..Destination::udp(address(1)) };
    let (_, sent, _) = Call::to(vec![udp.clone()], b"sound");
    assert_eq!(sent[0].0, udp);
    let (mut call, sent, _) = Call::to(vec![udp.clone()], &[b'x'; 1300]);
    let (to, invite) = &sent[0];
    assert_eq!((to.transport, to.address), (Transport::Tcp, address(1)));
    assert_eq!(invite.via().unwrap().transport, "TCP");
    let (sent, events) = call.fails(to);
    let (to, invite) = &sent[0];
    assert_eq!((to.transport, invite.via().unwrap().transport.as_str(), events.len()), (Transport::Udp, "UDP", 0));
    assert_eq!(invite.body.len(), 1300);
}

#[test]
fn where_the_contact_of_the_peer_cannot_be_reached_the_way_of_the_invite_is_taken() {
    let (mut call, sent, _) = Call::to(vec![tcp(1)], b"sound");
    let (sent, _) = call.answer(&sent[0].1, 200, "<sip:x@192.0.2.77:5070;transport=tcp>");
    let contact = Destination::new(Transport::Tcp, "192.0.2.77:5070".parse().unwrap());
    assert_eq!((sent[0].0.clone(), methods(&sent)), (contact.clone(), vec!["ACK".to_owned()]));
    let (sent, events) = call.fails(&contact);
    assert_eq!((sent[0].0.clone(), methods(&sent), events), (tcp(1), vec!["ACK".to_owned()], vec![]));
    assert_eq!(sent[0].1.request_uri(), Some("sip:x@192.0.2.77:5070;transport=tcp"));
    let (sent, _) = call.input(Input::Command(Command::HangUp { reason: None }));
    assert_eq!((sent[0].0.clone(), methods(&sent)), (tcp(1), vec!["BYE".to_owned()]));
}

#[test]
fn a_re_invite_without_a_way_takes_the_detour_and_without_one_is_unanswered() {
    let (mut call, sent, _) = Call::to(vec![tcp(1)], b"sound");
    call.answer(&sent[0].1, 200, "<sip:x@192.0.2.77:5070;transport=tcp>");
    let (sent, _) = call.input(Input::Command(Command::Offer { body: b"t38".to_vec() }));
    let (to, before) = sent[0].clone();
    let (sent, events) = call.fails(&to);
    assert_eq!(events, []);
    let (to, after) = sent.iter().find(|(_, message)| message.method() == Some(&Method::Invite)).unwrap();
    assert_eq!((to, number(after)), (&tcp(1), number(&before)), "the same request");
    assert_ne!(after.branch(), before.branch());
    let (_, events) = call.fails(to);
    assert_eq!(events, [Event::OfferUnanswered]);
}

#[test]
fn an_incoming_call_is_answered_by_the_stream_and_from_the_socket_it_came_by() {
    let invite = Message::parse(
        b"INVITE sip:2000@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/TCP 192.0.2.2;rport;branch=z9hG4bKa\r\nFrom: <sip:a@h>;tag=f\r\n\
          To: <sip:2000@h>\r\nCall-ID: c\r\nCSeq: 1 INVITE\r\nContact: <sip:a@192.0.2.2>\r\n\r\n",
    )
    .unwrap();
    let source =
        Source { transport: Transport::Tcp, address: "192.0.2.2:49000".parse().unwrap(), local: Some(address(0)) };
    let mut leg = Leg::incoming(&invite, source, endpoint(), 5, base()).unwrap();
    leg.handle(Input::Command(Command::Accept { body: b"sound".to_vec() }), base());
    let mut call = Call { leg, now: base() };
    let (sent, _) = call.outputs();
    for (to, message) in &sent {
        assert_eq!(
            (to.transport, to.address, to.local),
            (Transport::Tcp, source.address, Some(address(0))),
            "{message:?}"
        );
        assert_eq!(to.reopen, Some("192.0.2.2:5060".parse().unwrap()));
    }
    let contact = sent[1].1.address("Contact").unwrap().uri.to_string();
    assert_eq!(contact, "sip:party0@192.0.2.1:5060;transport=tcp");
}
