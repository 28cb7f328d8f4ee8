//! Strangers' bytes: whatever comes, nothing panics and every wait has an end.

use super::world::{accept, base, invitation, offer, outputs, settings, source};
use crate::sip::{Input, Leg, Message, Routed, Router};
use proptest::prelude::*;

const SEEDS: [&str; 4] = [
    "INVITE sip:2000@192.0.2.2 SIP/2.0\r\nv: SIP/2.0/UDP [2001:db8::1]:5060;rport;branch=z9hG4bKa, SIP/2.0/UDP h\r\n\
     f: \"A, \\\"B\\\"\" <sip:a@h;x=y>;tag=ft\r\nt: <sip:2000@192.0.2.2>\r\ni: c1\r\nCSeq: 1 INVITE\r\n\
     m: <sip:a@192.0.2.9>\r\nRecord-Route: <sip:p;lr>,\r\n <sip:q>\r\nc: application/sdp\r\nl: 3\r\n\r\nv=0",
    "BYE sip:party1@192.0.2.2 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKb\r\nFrom: <sip:a@h>;tag=ft\r\n\
     To: <sip:b@h>;tag=LOCAL\r\nCall-ID: c1\r\nCSeq: 3 BYE\r\nReason: Q.850;cause=16;text=\"x\"\r\n\r\n",
    "SIP/2.0 401 No\r\nVia: SIP/2.0/UDP 192.0.2.1:5060;branch=BRANCH\r\nFrom: <sip:a@h>;tag=LOCAL\r\n\
     To: <sip:b@h>;tag=x\r\nCall-ID: CALLID\r\nCSeq: NUMBER INVITE\r\n\
     WWW-Authenticate: Digest realm=\"a\\\"b\", nonce=\"n\", qop=\"auth,auth-int\", algorithm=SHA-256\r\n\r\n",
    "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 192.0.2.1:5060;branch=BRANCH\r\nFrom: <sip:a@h>;tag=LOCAL\r\n\
     To: <sip:b@h>;tag=x\r\nCall-ID: CALLID\r\nCSeq: NUMBER INVITE\r\nContact: <sip:c@192.0.2.2>\r\n\r\nv=0",
];

fn mutate(text: &[u8], changes: &[(usize, u8, u8)]) -> Vec<u8> {
    let mut bytes = text.to_vec();
    for (at, kind, value) in changes {
        let at = at % bytes.len().max(1);
        match kind % 4 {
            _ if bytes.is_empty() => bytes.push(*value),
            0 => bytes[at] = *value,
            1 => bytes.insert(at, *value),
            2 => drop(bytes.remove(at)),
            _ => bytes.truncate(at),
        }
    }
    bytes
}

proptest! {
    #[test]
    fn noise_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        if let Ok(message) = Message::parse(&bytes) {
            let again = Message::parse(&message.to_bytes()).unwrap();
            prop_assert_eq!(again.body, message.body);
        }
        Router::new("x").route(&bytes, source(0));
    }

    #[test]
    fn mutated_messages_never_panic_a_leg_and_it_always_finishes(
        seed in 0..SEEDS.len(),
        changes in proptest::collection::vec((any::<usize>(), any::<u8>(), any::<u8>()), 0..6),
        incoming in any::<bool>(),
    ) {
        let mut now = base();
        let mut leg = if incoming {
            let invite = Message::parse(SEEDS[0].as_bytes()).unwrap();
            let mut leg = Leg::incoming(&invite, source(0), settings(1), 3, now).unwrap();
            leg.handle(Input::Command(accept("x")), now);
            leg.handle(Input::Command(offer("y")), now);
            leg
        } else {
            Leg::outgoing(settings(0), invitation(), 3, now)
        };
        let (messages, _) = outputs(&mut leg);
        let text = SEEDS[seed]
            .replace("LOCAL", leg.local_tag())
            .replace("CALLID", &leg.call_id())
            .replace("BRANCH", &messages[0].branch())
            .replace("NUMBER", &messages[0].cseq().unwrap().number.to_string());
        let mut router = Router::new("x");
        router.add(&leg);
        for round in 0..3 {
            let bytes = mutate(text.as_bytes(), &changes[..changes.len().min(round * 3)]);
            if let Routed::Leg(_, message) = router.route(&bytes, source(1)) {
                leg.handle(Input::Message { message, source: source(1) }, now);
            }
        }
        leg.handle(Input::Command(super::world::hang_up()), now);
        outputs(&mut leg);
        let mut wakes = 0;
        while let Some(deadline) = leg.deadline().filter(|_| !leg.finished()) {
            now = now.max(deadline);
            leg.handle(Input::Timeout, now);
            outputs(&mut leg);
            wakes += 1;
            prop_assert!(wakes < 500);
        }
        prop_assert!(leg.finished());
    }
}
