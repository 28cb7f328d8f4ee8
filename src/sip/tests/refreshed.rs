//! Session timers: asked for, granted, refreshed by either side, and their end.
// RFC 4028

use super::{
    scripted::{Call, statuses},
    world::{accept, accept_offer, base, invitation, message, offer, outputs, sent, settings, source},
};
use crate::sip::{CallSettings, EndpointSettings, Event, Input, Leg, Message, Method, Reliability};
use std::time::Duration;

const UPDATES: &str = "Allow: INVITE, ACK, BYE, CANCEL, UPDATE\n";

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn value(message: &Message, name: &str) -> String {
    String::from_utf8(message.headers.first(name).unwrap_or_default().to_vec()).unwrap()
}

/// Answered with these headers.
fn answered(headers: &str) -> Call {
    let mut call = Call::outgoing();
    let invite = call.invite.clone();
    call.respond(&invite, 200, "t1", &format!("Contact: <sip:x@192.0.2.2>\n{headers}"), "sound");
    call
}

/// An incoming call with these headers, answered; with our 200.
fn taken(headers: &str) -> (Call, Message) {
    let invite = message(&format!(
        "INVITE sip:2000@192.0.2.1 SIP/2.0\nVia: SIP/2.0/UDP 192.0.2.2;rport;branch=z9hG4bKi\n\
         From: <sip:2000@192.0.2.2>;tag=t1\nTo: <sip:+3902@192.0.2.1>\nCall-ID: c\nCSeq: 1 INVITE\n\
         Contact: <sip:a@192.0.2.2>\n{headers}\nv=0"
    ));
    let now = base();
    let mut leg = Leg::incoming(&invite, source(1), settings(0), 3, now).unwrap();
    leg.handle(Input::Command(accept("sound")), now);
    let (messages, _) = outputs(&mut leg);
    let mut call = Call { leg, invite, now };
    call.request(1, "ACK", "", "");
    (call, messages[1].clone())
}

#[test]
fn a_session_that_we_refresh_is_refreshed_at_half_time_by_update_without_a_description() {
    let mut call = answered(&format!("{UPDATES}Session-Expires: 1800;refresher=uac\nRequire: timer\n"));
    assert_eq!(call.pass(seconds(899)).0, []);
    for _ in 0..3 {
        let (messages, events) = call.pass(seconds(1));
        let update = sent(&messages, &Method::Update);
        assert_eq!((messages.len(), events), (1, vec![]));
        assert!(update.body.is_empty());
        assert_eq!(value(&update, "Session-Expires"), "1800;refresher=uac");
        assert!(value(&update, "Supported").contains("timer") && update.address("Contact").is_some());
        let granted = call.respond(&update, 200, "t1", "Session-Expires: 1800;refresher=uac\n", "");
        assert_eq!(granted, (vec![], vec![]));
        assert_eq!(call.pass(seconds(899)).0, []);
    }
}

#[test]
fn a_peer_without_update_is_refreshed_by_a_re_invite_with_the_description_in_force() {
    let mut call = answered("Session-Expires: 1800;refresher=uac\n");
    let (messages, _) = call.command(offer("t38 of ours"));
    let re_invite = sent(&messages, &Method::Invite);
    assert_eq!(value(&re_invite, "Session-Expires"), "1800;refresher=uac");
    let headers = "Contact: <sip:x@192.0.2.2>\nSession-Expires: 1800;refresher=uac\n";
    call.respond(&re_invite, 200, "t1", headers, "t38 of theirs");
    // Refused offers change nothing.
    let (messages, _) = call.command(offer("something else"));
    call.respond(&sent(&messages, &Method::Invite), 488, "t1", "", "");
    let (messages, events) = call.pass(seconds(900));
    let refresh = sent(&messages, &Method::Invite);
    assert_eq!((refresh.body.as_slice(), events), (&b"t38 of ours"[..], vec![]));
    let (messages, events) = call.respond(&refresh, 200, "t1", headers, "t38 of theirs");
    let (offer, answer) = (b"t38 of ours".to_vec(), b"t38 of theirs".to_vec());
    assert_eq!(events, [Event::Refreshed { offer, answer }], "no change, but perhaps other keys");
    sent(&messages, &Method::Ack);
    assert_eq!(call.pass(seconds(899)).0, []);
    sent(&call.pass(seconds(1)).0, &Method::Invite);
}

#[test]
fn an_answer_of_ours_is_what_a_refresh_repeats_too() {
    let mut call = answered("Session-Expires: 1800;refresher=uac\n");
    let headers = "Content-Type: application/sdp\nSupported: timer\nSession-Expires: 1800;refresher=uas\n";
    call.request(5, "INVITE", headers, "t38");
    let (messages, _) = call.command(accept_offer("our t38"));
    assert_eq!(value(&messages[0], "Session-Expires"), "1800;refresher=uas");
    call.request(5, "ACK", "", "");
    let (messages, _) = call.pass(seconds(900));
    assert_eq!(sent(&messages, &Method::Invite).body, b"our t38");
}

#[test]
fn a_session_that_nobody_refreshes_is_ended_before_it_expires() {
    // Less a third of the interval or 32 seconds, whichever is less.
    for (interval, end) in [(1800, 1768), (90, 60)] {
        let mut call = answered(&format!("{UPDATES}Session-Expires: {interval};refresher=uas\n"));
        assert_eq!(call.pass(seconds(end - 1)), (vec![], vec![]));
        let (messages, events) = call.pass(seconds(1));
        sent(&messages, &Method::Bye);
        assert!(matches!(&events[..], [Event::Ended { by_peer: false, reason: Some(_), .. }]), "{events:?}");
    }
}

#[test]
fn the_peers_refreshes_of_either_kind_keep_the_session() {
    let mut call = answered(&format!("{UPDATES}Session-Expires: 1800;refresher=uas\n"));
    let headers = "Supported: timer\nSession-Expires: 1800;refresher=uac\n";
    for number in 0..4 {
        call.pass(seconds(900));
        let (messages, events) = call.request(5 + number, "UPDATE", headers, "");
        assert_eq!((statuses(&messages), events), (vec![200], vec![]));
        assert_eq!(value(&messages[0], "Session-Expires"), "1800;refresher=uac");
        assert_eq!(value(&messages[0], "Require"), "timer");
    }
    call.pass(seconds(900));
    let headers = format!("{headers}Content-Type: application/sdp\n");
    call.request(10, "INVITE", &headers, "their t38");
    let (messages, _) = call.command(accept_offer("our t38"));
    assert_eq!(value(&messages[0], "Session-Expires"), "1800;refresher=uac");
    call.request(10, "ACK", "", "");
    // The same again is the same again, and no news for the call engine; another one is.
    for number in 11..14 {
        call.pass(seconds(900));
        let (messages, events) = call.request(number, "INVITE", &headers, "their t38");
        assert_eq!(
            (statuses(&messages), messages[1].body.as_slice(), events),
            (vec![100, 200], &b"our t38"[..], vec![])
        );
        assert_eq!(call.request(number, "ACK", "", ""), (vec![], vec![]));
    }
    let (_, events) = call.request(14, "INVITE", &headers, "their other t38");
    assert!(matches!(events[..], [Event::Offered { .. }]));
    call.command(accept_offer("our t38"));
    call.request(14, "ACK", "", "");
    let (messages, events) = call.pass(seconds(1767));
    assert_eq!((messages, events), (vec![], vec![]));
}

#[test]
fn a_peer_without_session_timers_is_left_alone() {
    let mut call = answered(UPDATES);
    assert_eq!(call.pass(seconds(100_000)), (vec![], vec![]));
    assert_eq!(call.leg.deadline(), None);
}

#[test]
fn as_callee_we_grant_what_is_asked_and_refresh_only_who_cannot_or_will_not() {
    let granted = |headers: &str| {
        let (_, ok) = taken(headers);
        (value(&ok, "Session-Expires"), value(&ok, "Require"))
    };
    let both = |first: &str, second: &str| (first.to_owned(), second.to_owned());
    assert_eq!(granted("Supported: timer\nSession-Expires: 600\n"), both("600;refresher=uac", "timer"));
    assert_eq!(granted("Supported: timer\nx: 600;refresher=uac\n"), both("600;refresher=uac", "timer"));
    assert_eq!(granted("Supported: timer\nSession-Expires: 600;refresher=uas\n"), both("600;refresher=uas", ""));
    // A proxy asks in the name of a caller that knows nothing of it, too little even.
    assert_eq!(granted("Session-Expires: 600\n"), both("600;refresher=uas", ""));
    assert_eq!(granted("Session-Expires: 60\n"), both("90;refresher=uas", ""));
    assert_eq!(granted("Supported: timer\n"), both("", ""));
    assert_eq!(granted(""), both("", ""));
}

#[test]
fn as_callee_that_refreshes_we_do_so_at_half_time() {
    let (mut call, _) = taken(&format!("{UPDATES}Session-Expires: 600\n"));
    assert_eq!(call.pass(seconds(299)).0, []);
    let update = sent(&call.pass(seconds(1)).0, &Method::Update);
    assert_eq!(value(&update, "Session-Expires"), "600;refresher=uac");
}

#[test]
fn a_longer_interval_that_is_demanded_is_asked_for_and_remembered() {
    let mut call = Call::outgoing();
    let invite = call.invite.clone();
    let (messages, events) = call.respond(&invite, 422, "p", "Min-SE: 3600\n", "");
    assert_eq!(events, []);
    let again = sent(&messages, &Method::Invite);
    assert_eq!((value(&again, "Session-Expires"), value(&again, "Min-SE")), ("3600".into(), "3600".into()));
    assert_eq!(again.cseq().unwrap().number, invite.cseq().unwrap().number + 1);
    assert_eq!((again.call_id(), again.from_tag()), (invite.call_id(), invite.from_tag()));
    // The same demand once more leads nowhere.
    let (_, events) = call.respond(&again, 422, "p", "Min-SE: 3600\n", "");
    assert!(matches!(events[..], [Event::Failed { status: 422, .. }]));
}

#[test]
fn demands_for_ever_longer_intervals_have_an_end() {
    let mut call = Call::outgoing();
    let mut invite = call.invite.clone();
    for least in 1..100 {
        let (messages, events) = call.respond(&invite, 422, "p", &format!("Min-SE: {}\n", 2000 + least), "");
        if let [Event::Failed { status: 422, .. }] = events[..] {
            assert_eq!(least, 5);
            return;
        }
        invite = sent(&messages, &Method::Invite);
    }
    panic!("it never ends");
}

#[test]
fn a_peer_that_asks_for_too_little_is_told_the_least() {
    let mut call = answered("");
    let (messages, events) = call.request(5, "UPDATE", "Supported: timer\nSession-Expires: 60\n", "");
    assert_eq!((statuses(&messages), value(&messages[0], "Min-SE"), events), (vec![422], "90".into(), vec![]));
}

#[test]
fn a_refused_refresh_goes_another_way_or_comes_again() {
    let mut call = answered(&format!("{UPDATES}Session-Expires: 1800;refresher=uac\n"));
    let update = sent(&call.pass(seconds(900)).0, &Method::Update);
    call.respond(&update, 405, "t1", "", "");
    let (messages, _) = call.pass(seconds(0));
    let re_invite = sent(&messages, &Method::Invite);
    assert_eq!(re_invite.body, b"audio");
    // Glare, then a refusal that means nothing: tried again, and the end comes in time.
    let (_, events) = call.respond(&re_invite, 491, "t1", "", "");
    assert_eq!(events, []);
    let re_invite = sent(&call.pass(seconds(4)).0, &Method::Invite);
    let (_, events) = call.respond(&re_invite, 603, "t1", "", "");
    assert_eq!(events, []);
    assert_eq!(call.pass(seconds(224)).0, []);
    let re_invite = sent(&call.pass(seconds(1)).0, &Method::Invite);
    call.respond(&re_invite, 603, "t1", "", "");
    let (messages, events) = call.pass(seconds(1768 - 900 - 4 - 225));
    assert!(messages.iter().any(|message| message.method() == Some(&Method::Bye)));
    assert!(matches!(events[..], [Event::Ended { by_peer: false, .. }]));
}

#[test]
fn a_refresh_that_nobody_answers_or_knows_ends_the_call() {
    let mut call = answered(&format!("{UPDATES}Session-Expires: 1800;refresher=uac\n"));
    let update = sent(&call.pass(seconds(900)).0, &Method::Update);
    let (messages, events) = call.respond(&update, 481, "t1", "", "");
    sent(&messages, &Method::Bye);
    assert!(matches!(events[..], [Event::Ended { by_peer: false, .. }]));

    let mut call = answered("Session-Expires: 1800;refresher=uac\n");
    sent(&call.pass(seconds(900)).0, &Method::Invite);
    let (messages, events) = call.pass(seconds(33));
    sent(&messages, &Method::Bye);
    assert!(matches!(events[..], [Event::Ended { by_peer: false, .. }]), "no offer is told of: {events:?}");
}

#[test]
fn a_challenged_refresh_is_said_again_with_credentials() {
    let mut call = answered(&format!("{UPDATES}Session-Expires: 1800;refresher=uac\n"));
    let update = sent(&call.pass(seconds(900)).0, &Method::Update);
    call.respond(&update, 407, "t1", "Proxy-Authenticate: Digest realm=\"r\", nonce=\"1\"\n", "");
    let again = sent(&call.pass(seconds(0)).0, &Method::Update);
    assert!(again.headers.first("Proxy-Authorization").is_some());
}

#[test]
fn a_refresh_waits_while_an_offer_is_being_decided_and_an_offer_waits_for_a_refresh() {
    let mut call = answered("Session-Expires: 1800;refresher=uac\n");
    call.pass(seconds(895));
    call.request(5, "INVITE", "Content-Type: application/sdp\n", "t38");
    assert_eq!(call.pass(seconds(5)).0, []);
    let (messages, _) = call.command(accept_offer("our t38"));
    assert!(value(&messages[0], "Session-Expires").starts_with("1800"), "an exchange refreshes the session");
    call.request(5, "ACK", "", "");
    let refresh = sent(&call.pass(seconds(900)).0, &Method::Invite);
    assert_eq!(call.command(offer("sound")).0, []);
    let (messages, events) = call.respond(&refresh, 200, "t1", "Contact: <sip:x@192.0.2.2>\n", "t38");
    assert_eq!(events, [Event::Refreshed { offer: b"our t38".to_vec(), answer: b"t38".to_vec() }]);
    assert_eq!(sent(&messages, &Method::Invite).body, b"sound");
}

#[test]
fn a_leg_may_be_told_to_ask_for_no_timer_and_no_reliable_ringing() {
    let calls = CallSettings { reliable: Reliability::Off, session_interval: None, ..CallSettings::default() };
    let call = Call::with(EndpointSettings { calls, ..settings(0) }, invitation());
    assert_eq!(value(&call.invite, "Supported"), "timer");
    assert_eq!(value(&call.invite, "Session-Expires"), "");
}

#[test]
fn the_shortest_interval_of_a_trunk_is_asked_for_and_demanded() {
    let least_interval = seconds(300);
    let calls = CallSettings { least_interval, session_interval: Some(seconds(120)), ..CallSettings::default() };
    let call = Call::with(EndpointSettings { calls, ..settings(0) }, invitation());
    assert_eq!((value(&call.invite, "Session-Expires"), value(&call.invite, "Min-SE")), ("300".into(), "300".into()));
    let mut asks = call.invite.clone();
    for (interval, supported, too_short) in [("299", "timer", true), ("300", "timer", false), ("299", "100rel", false)]
    {
        asks.headers.set("Session-Expires", interval);
        asks.headers.set("Supported", supported);
        assert_eq!(calls.finds_too_short(&asks), too_short, "{interval} {supported}");
    }
    let mut call = answered("");
    let too_short = "Supported: timer\nSession-Expires: 89\n";
    let (messages, _) = call.request(5, "UPDATE", too_short, "");
    assert_eq!((messages[0].status(), value(&messages[0], "Min-SE")), (Some(422), "90".to_owned()));
}
