//! Early dialogs of several forks, and the races between CANCEL and the answer.

use super::{
    scripted::Call,
    world::{hang_up, sent},
};
use crate::sip::{Event, Message, Method};
use std::time::Duration;

const RELIABLE: &str = "Require: 100rel\nRSeq: ";

fn racks(messages: &[Message]) -> Vec<(String, String)> {
    let pracks = messages.iter().filter(|message| message.method() == Some(&Method::Prack));
    let text = |prack: &Message| String::from_utf8(prack.headers.first("RAck").unwrap().to_vec()).unwrap();
    pracks.map(|prack| (prack.to_tag().unwrap(), text(prack))).collect()
}

impl Call {
    fn ring(&mut self, tag: &str, number: u32, body: &str) -> (Vec<Message>, Vec<Event>) {
        let invite = self.invite.clone();
        self.respond(&invite, 180, tag, &format!("{RELIABLE}{number}\nContact: <sip:{tag}@192.0.2.2>\n"), body)
    }
}

#[test]
fn reliable_responses_are_acknowledged_in_order_and_for_each_fork_by_itself() {
    let mut call = Call::outgoing();
    let number = call.invite.cseq().unwrap().number;
    let (messages, events) = call.ring("a", 100, "");
    assert_eq!(racks(&messages), [("a".to_owned(), format!("100 {number} INVITE"))]);
    assert_eq!(events, [Event::Trying, Event::Ringing]);
    let prack = sent(&messages, &Method::Prack);
    assert_eq!((prack.request_uri(), prack.cseq().unwrap().number), (Some("sip:a@192.0.2.2"), number + 1));
    // A repetition, one too early, the right one, one of another fork.
    assert_eq!(call.ring("a", 100, ""), (vec![], vec![]));
    assert_eq!(call.ring("a", 102, "early"), (vec![], vec![]));
    let (messages, _) = call.ring("a", 101, "");
    assert_eq!(racks(&messages), [("a".to_owned(), format!("101 {number} INVITE"))]);
    assert_eq!(sent(&messages, &Method::Prack).cseq().unwrap().number, number + 2);
    let (messages, _) = call.ring("b", 7, "");
    assert_eq!(racks(&messages), [("b".to_owned(), format!("7 {number} INVITE"))]);
    assert_eq!(sent(&messages, &Method::Prack).cseq().unwrap().number, number + 1);
}

#[test]
fn an_answer_in_a_reliable_response_is_the_answer_of_its_fork_and_the_numbers_go_on() {
    let mut call = Call::outgoing();
    let invite = call.invite.clone();
    call.ring("b", 1, "of b");
    call.ring("a", 1, "of a");
    call.ring("a", 2, "another");
    let (messages, events) = call.respond(&invite, 200, "a", "Contact: <sip:new@192.0.2.2>\n", "later");
    assert_eq!(events, [Event::Answered { body: b"of a".to_vec() }]);
    let ack = sent(&messages, &Method::Ack);
    assert_eq!(
        (ack.request_uri(), ack.cseq().unwrap().number),
        (Some("sip:new@192.0.2.2"), invite.cseq().unwrap().number)
    );
    let (messages, _) = call.command(hang_up());
    assert_eq!(sent(&messages, &Method::Bye).cseq().unwrap().number, invite.cseq().unwrap().number + 3);
    let (messages, _) = call.respond(&invite, 200, "b", "Contact: <sip:b@192.0.2.3>\n", "x");
    assert_eq!(sent(&messages, &Method::Bye).cseq().unwrap().number, invite.cseq().unwrap().number + 2);
}

#[test]
fn an_unreliable_description_gives_way_to_that_of_the_200() {
    let mut call = Call::outgoing();
    let invite = call.invite.clone();
    call.respond(&invite, 183, "a", "", "early");
    let (_, events) = call.respond(&invite, 200, "a", "Contact: <sip:a@192.0.2.2>\n", "final");
    assert_eq!(events, [Event::Answered { body: b"final".to_vec() }]);
}

#[test]
fn a_fork_that_ended_is_forgotten_and_199_is_no_ringing() {
    let mut call = Call::outgoing();
    let invite = call.invite.clone();
    call.respond(&invite, 183, "a", "", "early");
    let (messages, events) = call.respond(&invite, 199, "a", "", "");
    assert_eq!((messages, events), (vec![], vec![]));
    let (_, events) = call.respond(&invite, 200, "a", "Contact: <sip:a@192.0.2.2>\n", "");
    assert_eq!(events, [Event::Answered { body: vec![] }], "its description went with it");
}

#[test]
fn a_challenged_prack_is_said_again_and_a_refused_one_is_let_be() {
    let mut call = Call::outgoing();
    let (messages, _) = call.ring("a", 5, "");
    let prack = sent(&messages, &Method::Prack);
    let (messages, _) = call.respond(&prack, 407, "a", "Proxy-Authenticate: Digest realm=\"r\", nonce=\"1\"\n", "");
    let again = sent(&messages, &Method::Prack);
    assert_eq!(again.headers.first("RAck"), prack.headers.first("RAck"));
    assert!(again.headers.first("Proxy-Authorization").is_some());
    let (messages, events) = call.respond(&again, 481, "a", "", "");
    assert_eq!((messages, events), (vec![], vec![]));
    let invite = call.invite.clone();
    let (_, events) = call.respond(&invite, 200, "a", "Contact: <sip:a@192.0.2.2>\n", "x");
    assert!(matches!(events[..], [Event::Answered { .. }]));
}

#[test]
fn in_an_early_dialog_the_peer_may_move_but_not_change_the_session() {
    let mut call = Call::outgoing();
    call.ring("t1", 5, "early");
    let (messages, _) = call.request(1, "UPDATE", "Contact: <sip:moved@192.0.2.2>\n", "");
    assert_eq!(messages[0].status(), Some(200));
    let (messages, events) = call.request(2, "UPDATE", "Content-Type: application/sdp\n", "other");
    assert_eq!((messages[0].status(), events), (Some(491), vec![]));
    let (messages, _) = call.request(1, "INFO", "", "");
    assert_eq!(messages[0].status(), Some(500), "out of order");
    let (messages, _) = call.ring("t1", 6, "");
    assert_eq!(sent(&messages, &Method::Prack).request_uri(), Some("sip:t1@192.0.2.2"));
}

#[test]
fn a_call_given_up_takes_every_late_word_without_another() {
    let mut call = Call::outgoing();
    let invite = call.invite.clone();
    call.ring("a", 5, "");
    let (messages, events) = call.command(hang_up());
    let cancel = sent(&messages, &Method::Cancel);
    assert_eq!((cancel.branch(), cancel.to_tag()), (invite.branch(), None));
    assert!(matches!(events[..], [Event::Ended { by_peer: false, .. }]));
    assert_eq!(call.respond(&invite, 183, "b", "", "late"), (vec![], vec![]));
    assert_eq!(call.respond(&cancel, 481, "x", "", ""), (vec![], vec![]));
    // One fork answers all the same, and then another.
    for (tag, messages_wanted) in [("a", 2), ("b", 2)] {
        let (messages, events) = call.respond(&invite, 200, tag, "Contact: <sip:a@192.0.2.2>\n", "x");
        assert_eq!((messages.len(), events), (messages_wanted, vec![]));
        assert_eq!(sent(&messages, &Method::Bye).to_tag().unwrap(), tag);
    }
}

#[test]
fn a_200_that_comes_after_the_call_was_given_up_for_dead_is_acknowledged_and_ended() {
    let mut call = Call::outgoing();
    let invite = call.invite.clone();
    let (_, events) = call.pass(Duration::from_secs(33));
    assert_eq!(events, [Event::TimedOut]);
    assert!(call.leg.is_settled(), "nobody has to wait for it");
    let (messages, events) = call.respond(&invite, 200, "a", "Contact: <sip:a@192.0.2.2>\n", "x");
    assert_eq!(events, []);
    sent(&messages, &Method::Ack);
    sent(&messages, &Method::Bye);
}
