//! Calls that are sent elsewhere.
// RFC 3261 §8.1.3.4

use super::{
    scripted::Call,
    world::{address, hang_up, invitation, sent, settings},
};
use crate::sip::{CallSettings, Destination, EndpointSettings, Event, Input, Message, Method, Output, Uri};
use std::time::Duration;

impl Call {
    /// The peer sends the call to these contacts; gives what comes out.
    fn redirect(&mut self, invite: &Message, status: u16, contacts: &str) -> Vec<Output> {
        let mut response = Message::response(invite, status, "", "p", address(0));
        response.headers.push("Contact", contacts);
        self.leg.handle(Input::Message { message: response, source: super::world::source(1) }, self.now);
        std::iter::from_fn(|| self.leg.poll()).collect()
    }

    fn fail(&mut self, invite: &Message, status: u16) -> Vec<Output> {
        let response = Message::response(invite, status, "", "p", address(0));
        self.leg.handle(Input::Message { message: response, source: super::world::source(1) }, self.now);
        std::iter::from_fn(|| self.leg.poll()).collect()
    }
}

/// The INVITE that is sent, and where to.
fn invite(outputs: &[Output]) -> Option<(Message, String)> {
    outputs.iter().find_map(|output| match output {
        Output::Send { to, bytes } => {
            let message = Message::parse(bytes).unwrap();
            (message.method() == Some(&Method::Invite)).then(|| (message, to.address.to_string()))
        }
        Output::Resolve { .. } | Output::Event(_) => None,
    })
}

fn end(outputs: &[Output]) -> Option<u16> {
    outputs.iter().find_map(|output| match output {
        Output::Event(Event::Failed { status, .. }) => Some(*status),
        Output::Event(Event::TimedOut) => Some(0),
        Output::Event(_) | Output::Send { .. } | Output::Resolve { .. } => None,
    })
}

#[test]
fn contacts_are_tried_by_their_preference_within_the_same_call() {
    let mut call = Call::outgoing();
    let first = call.invite.clone();
    let outputs = call.redirect(
        &first,
        302,
        "<sip:c@192.0.2.13>;q=0.1, <mailto:x@h>, \"B\" <sip:b@192.0.2.12:5070?Subject=x>;q=0.5, <sip:a@192.0.2.11>",
    );
    let (second, to) = invite(&outputs).unwrap();
    assert_eq!((second.request_uri(), to.as_str()), (Some("sip:a@192.0.2.11"), "192.0.2.11:5060"));
    assert_eq!((second.call_id(), second.from_tag()), (first.call_id(), first.from_tag()));
    assert_eq!((second.to().unwrap().uri, second.to_tag()), (first.to().unwrap().uri, None));
    assert_eq!(second.cseq().unwrap().number, first.cseq().unwrap().number + 1);
    assert_eq!(second.body, first.body);
    let outputs = call.fail(&second, 480);
    let (third, to) = invite(&outputs).unwrap();
    assert_eq!((third.request_uri(), to.as_str()), (Some("sip:b@192.0.2.12:5070"), "192.0.2.12:5070"));
    assert_eq!(third.headers.first("Subject"), None, "nobody else writes our headers");
    let (fourth, _) = invite(&call.fail(&third, 486)).unwrap();
    assert_eq!(fourth.request_uri(), Some("sip:c@192.0.2.13"));
    assert_eq!(end(&call.fail(&fourth, 404)), Some(404), "the last one decides");
}

#[test]
fn a_refusal_for_all_ends_the_search() {
    let mut call = Call::outgoing();
    let first = call.invite.clone();
    let (second, _) = invite(&call.redirect(&first, 300, "<sip:a@192.0.2.11>, <sip:b@192.0.2.12>")).unwrap();
    assert_eq!(end(&call.fail(&second, 603)), Some(603));
}

#[test]
fn loops_and_what_is_no_call_end_with_the_status_of_the_redirection() {
    for contacts in ["<sip:2000@192.0.2.2>", "<mailto:x@h>", "<http://h>", "*", "", "<urn:service:sos>"] {
        let mut call = Call::outgoing();
        let first = call.invite.clone();
        let outputs = call.redirect(&first, 302, contacts);
        assert_eq!((end(&outputs), invite(&outputs)), (Some(302), None), "{contacts}");
    }
    let mut call = Call::outgoing();
    let first = call.invite.clone();
    let (second, _) = invite(&call.redirect(&first, 301, "<sip:a@192.0.2.11>")).unwrap();
    assert_eq!(end(&call.redirect(&second, 302, "<sip:2000@192.0.2.2>, <sip:A@192.0.2.11>")), Some(302));
    let mut call = Call::outgoing();
    let first = call.invite.clone();
    assert_eq!(end(&call.redirect(&first, 380, "<sip:a@192.0.2.11>")), Some(380));
}

#[test]
fn a_call_is_sent_on_only_so_often() {
    let mut call = Call::outgoing();
    let mut last = call.invite.clone();
    for number in 1..100 {
        let outputs = call.redirect(&last, 302, &format!("<sip:{number}@192.0.2.11>"));
        match invite(&outputs) {
            Some((next, _)) => last = next,
            None => {
                assert_eq!((number, end(&outputs)), (crate::sip::leg::REDIRECTS_MAX + 1, Some(302)));
                return;
            }
        }
    }
    panic!("it never ends");
}

#[test]
fn whoever_forbids_it_is_not_sent_elsewhere() {
    let calls = CallSettings { redirects: 0, ..CallSettings::default() };
    let mut call = Call::with(EndpointSettings { calls, ..settings(0) }, invitation());
    let first = call.invite.clone();
    let outputs = call.redirect(&first, 302, "<sip:a@192.0.2.11>");
    assert_eq!((end(&outputs), invite(&outputs)), (Some(302), None));
}

#[test]
fn a_call_is_sent_elsewhere_as_often_as_the_trunk_allows() {
    let calls = CallSettings { redirects: 1, ..CallSettings::default() };
    let mut call = Call::with(EndpointSettings { calls, ..settings(0) }, invitation());
    let first = call.invite.clone();
    let (second, _) = invite(&call.redirect(&first, 302, "<sip:a@192.0.2.11>, <sip:b@192.0.2.12>")).unwrap();
    assert_eq!(second.request_uri(), Some("sip:a@192.0.2.11"));
    assert_eq!(end(&call.redirect(&second, 302, "<sip:c@192.0.2.13>")), Some(302));
}

#[test]
fn a_name_is_looked_up_by_the_owner_and_its_targets_are_tried() {
    let mut call = Call::outgoing();
    let first = call.invite.clone();
    let outputs = call.redirect(&first, 302, "<sip:a@gw.example.com>, <sip:b@192.0.2.12>");
    let uri = Uri::parse("sip:a@gw.example.com").unwrap();
    assert!(outputs.contains(&Output::Resolve { uri: uri.clone() }) && invite(&outputs).is_none());
    let other = Uri::parse("sip:z@gw.example.com").unwrap();
    let (messages, _) = call.input(Input::Resolved { uri: other, targets: vec![] });
    assert_eq!(messages, [], "not the one that was asked for");
    let targets = ["192.0.2.21:5060", "192.0.2.22:5060"].map(|to| Destination::udp(to.parse().unwrap())).to_vec();
    let (messages, _) = call.input(Input::Resolved { uri, targets });
    assert_eq!(sent(&messages, &Method::Invite).request_uri(), Some("sip:a@gw.example.com"));
    // The first target is silent, the second overloaded; then the next contact.
    let (messages, _) = call.pass(Duration::from_secs(6));
    let second = messages.last().unwrap().clone();
    let (third, to) = invite(&call.fail(&second, 503)).unwrap();
    assert_eq!((third.request_uri(), to.as_str()), (Some("sip:b@192.0.2.12"), "192.0.2.12:5060"));
}

#[test]
fn a_name_that_leads_nowhere_and_a_number_are_left_to_the_hop_that_told_them() {
    let mut call = Call::outgoing();
    let first = call.invite.clone();
    assert!(invite(&call.redirect(&first, 302, "<sip:a@gw.example.com>")).is_none());
    let (messages, _) = call.pass(Duration::from_secs(10));
    let second = sent(&messages, &Method::Invite);
    assert_eq!(second.request_uri(), Some("sip:a@gw.example.com"));
    let (third, to) = invite(&call.redirect(&second, 302, "<tel:+4930123>")).unwrap();
    assert_eq!((third.request_uri(), to), (Some("tel:+4930123"), address(1).to_string()));
}

#[test]
fn a_call_given_up_while_a_name_is_looked_up_is_over_at_once() {
    let mut call = Call::outgoing();
    let first = call.invite.clone();
    call.redirect(&first, 302, "<sip:a@gw.example.com>");
    let (messages, events) = call.command(hang_up());
    assert_eq!(messages, []);
    assert!(matches!(events[..], [Event::Ended { by_peer: false, .. }]));
    let uri = Uri::parse("sip:a@gw.example.com").unwrap();
    let (messages, events) = call.input(Input::Resolved { uri, targets: vec![Destination::udp(address(1))] });
    assert_eq!((messages, events), (vec![], vec![]));
    assert!(call.leg.is_settled());
}

#[test]
fn use_proxy_goes_through_the_proxy_to_the_same_address() {
    let mut call = Call::outgoing();
    let first = call.invite.clone();
    let (second, to) = invite(&call.redirect(&first, 305, "<sip:192.0.2.30>")).unwrap();
    assert_eq!((second.request_uri(), to.as_str()), (first.request_uri(), "192.0.2.30:5060"));
    assert_eq!(second.headers.first("Route"), Some(&b"<sip:192.0.2.30;lr>"[..]));
}

#[test]
fn a_failure_tells_what_the_server_warns_of() {
    let mut call = Call::outgoing();
    let first = call.invite.clone();
    let warning = "Warning: 305 gw \"image not here\", 399 gw \"ask \\\"us\\\"\"\n";
    let (_, events) = call.respond(&first, 488, "p", warning, "");
    let [Event::Failed { status: 488, reason, .. }] = &events[..] else {
        panic!("{events:?}");
    };
    assert_eq!(reason, "Not Acceptable Here: image not here: ask \"us\"");
}
