//! Every flow of a call, on a clean path, with each datagram lost once, and on a bad path.

use super::world::{
    CALLEE, CALLER, Path, World, accept, accept_offer, bad, clean, delaying, doubling, hang_up, losing, offer,
};
use crate::sip::{Command, Reason};
use std::time::Duration;

/// A flow: what each party does when, and what each must be told in the end.
struct Flow {
    name: &'static str,
    script: fn(&mut World),
    caller: &'static str,
    callee: &'static str,
}

const FLOWS: [Flow; 19] = [
    Flow {
        name: "answered, the caller hangs up",
        script: |world| {
            answer(world);
            world.at(60_000, CALLER, hang_up());
        },
        caller: "answered sound, ended by us",
        callee: "called, acknowledged, ended by peer 16",
    },
    Flow {
        name: "answered, the callee hangs up",
        script: |world| {
            answer(world);
            world.at(60_000, CALLEE, hang_up());
        },
        caller: "answered sound, ended by peer 16",
        callee: "called, acknowledged, ended by us",
    },
    Flow {
        name: "refused as busy",
        script: |world| {
            let headers = vec![("Reason".into(), Reason::q850(17).to_string())];
            world.at(1_000, CALLEE, Command::Refuse { status: 486, reason: String::new(), headers: headers.clone() });
            world.at(40_000, CALLEE, Command::Refuse { status: 486, reason: String::new(), headers });
        },
        caller: "failed 486 17",
        callee: "called, ended by us",
    },
    Flow {
        name: "cancelled while ringing",
        script: |world| {
            world.at(1_000, CALLEE, Command::Ring);
            world.at(8_000, CALLER, hang_up());
            world.at(70_000, CALLEE, accept("sound"));
        },
        caller: "ended by us",
        callee: "called, ended by peer 16",
    },
    Flow {
        name: "re-INVITE of the callee",
        script: |world| {
            answer(world);
            world.at(60_000, CALLEE, offer("t38"));
            world.at(120_000, CALLEE, hang_up());
        },
        caller: "answered sound, offered t38, acknowledged, ended by peer 16",
        callee: "called, acknowledged, offer answered yes, ended by us",
    },
    Flow {
        name: "re-INVITE of the caller",
        script: |world| {
            answer(world);
            world.at(60_000, CALLER, offer("t38"));
            world.at(120_000, CALLER, hang_up());
        },
        caller: "answered sound, offer answered yes, ended by us",
        callee: "called, acknowledged, offered t38, acknowledged, ended by peer 16",
    },
    Flow {
        name: "re-INVITE refused, then another one",
        script: |world| {
            answer(world);
            world.on_offer[CALLEE] = Some(Command::RefuseOffer { status: 488 });
            world.at(60_000, CALLER, offer("t38"));
            world.at(120_000, CALLEE, offer("sound"));
            world.at(180_000, CALLER, hang_up());
        },
        caller: "answered sound, offer refused 488, offered sound, acknowledged, ended by us",
        callee: "called, acknowledged, offered t38, offer answered yes, ended by peer 16",
    },
    Flow {
        name: "the offer of the other waits while one is being decided",
        script: |world| {
            answer(world);
            world.on_offer[CALLEE] = None;
            world.at(60_000, CALLER, offer("t38"));
            world.at(70_000, CALLEE, offer("mine"));
            world.at(75_000, CALLEE, accept_offer("yes"));
            world.at(150_000, CALLER, hang_up());
        },
        caller: "answered sound, offer answered yes, offered mine, acknowledged, ended by us",
        callee: "called, acknowledged, offered t38, acknowledged, offer answered yes, ended by peer 16",
    },
    Flow {
        name: "challenged",
        script: |world| {
            world.challenge = Some(r#"Digest realm="pbx",nonce="n1",algorithm=SHA-256,qop="auth""#);
            answer(world);
            world.at(60_000, CALLER, hang_up());
        },
        caller: "answered sound, ended by us",
        callee: "called, acknowledged, ended by peer 16",
    },
    Flow {
        name: "rung reliably",
        script: |world| {
            world.headers = vec![("Require".into(), "100rel".into())];
            answer(world);
            world.at(60_000, CALLER, hang_up());
        },
        caller: "answered sound, ended by us",
        callee: "called, acknowledged, ended by peer 16",
    },
    Flow {
        name: "rung reliably, then cancelled",
        script: |world| {
            world.headers = vec![("Require".into(), "100rel".into())];
            world.at(1_000, CALLEE, Command::Ring);
            world.at(8_000, CALLER, hang_up());
        },
        caller: "ended by us",
        callee: "called, ended by peer 16",
    },
    Flow {
        name: "refreshed by UPDATE of the caller",
        script: |world| {
            world.calls.session_interval = Some(Duration::from_secs(90));
            answer(world);
            world.at(200_000, CALLEE, hang_up());
        },
        caller: "answered sound, ended by peer 16",
        callee: "called, acknowledged, ended by us",
    },
    Flow {
        name: "refreshed by re-INVITE of the caller, with the T.38 that is in force",
        script: |world| {
            world.calls.session_interval = Some(Duration::from_secs(90));
            world.rewrite = Some((", UPDATE", ""));
            answer(world);
            world.at(50_000, CALLEE, offer("t38"));
            world.at(200_000, CALLER, hang_up());
        },
        caller: "answered sound, offered t38, acknowledged, ended by us",
        callee: "called, acknowledged, offer answered yes, offered yes, acknowledged, ended by peer 16",
    },
    Flow {
        name: "refreshed by the callee, for a caller that cannot",
        script: |world| {
            world.calls.session_interval = Some(Duration::from_secs(90));
            world.rewrite = Some(("Supported: 100rel, timer", "Supported: 100rel"));
            answer(world);
            world.at(200_000, CALLER, hang_up());
        },
        caller: "answered sound, ended by us",
        callee: "called, acknowledged, ended by peer 16",
    },
    Flow {
        name: "asked for a longer session interval",
        script: |world| {
            world.least_interval = Some(3600);
            answer(world);
            world.at(60_000, CALLER, hang_up());
        },
        caller: "answered sound, ended by us",
        callee: "called, acknowledged, ended by peer 16",
    },
    Flow {
        name: "sent elsewhere",
        script: |world| {
            world.redirect = Some("<sip:2000@192.0.2.2:5060>");
            answer(world);
            world.at(60_000, CALLEE, offer("t38"));
            world.at(90_000, CALLEE, hang_up());
        },
        caller: "answered sound, offered t38, acknowledged, ended by peer 16",
        callee: "called, acknowledged, offer answered yes, ended by us",
    },
    Flow {
        name: "sent to a name",
        script: |world| {
            world.redirect = Some("<sip:2000@gw.example.com>");
            answer(world);
            world.at(60_000, CALLER, hang_up());
        },
        caller: "answered sound, ended by us",
        callee: "called, acknowledged, ended by peer 16",
    },
    Flow {
        name: "an offer that our side never decides is refused in time",
        script: |world| {
            answer(world);
            world.on_offer[CALLEE] = None;
            world.at(60_000, CALLER, offer("t38"));
            world.at(150_000, CALLER, hang_up());
        },
        caller: "answered sound, offer refused 488, ended by us",
        callee: "called, acknowledged, offered t38, offer withdrawn, ended by peer 16",
    },
    Flow {
        name: "BYE while the own offer is under way",
        script: |world| {
            answer(world);
            world.at(60_000, CALLEE, offer("sound again"));
            world.at(60_030, CALLEE, hang_up());
        },
        caller: "answered sound, offered sound again, ended by peer 16",
        callee: "called, acknowledged, ended by us",
    },
];

/// The callee rings and answers; said twice more, because the call may come late on a bad path.
fn answer(world: &mut World) {
    for at in [2_000, 20_000, 40_000] {
        world.at(at, CALLEE, Command::Ring);
        world.at(at + 1_000, CALLEE, accept("sound"));
    }
}

fn play(flow: &Flow, path: Path, seed: u64) -> World {
    let mut world = World::new(path);
    world.on_offer = [Some(accept_offer("yes")), Some(accept_offer("yes"))];
    (flow.script)(&mut world);
    world.play(seed);
    world
}

/// The words of one party without those that a lost or late datagram may add or leave out.
fn essential(words: &str) -> String {
    let words = words.split(", ").filter(|word| !word.starts_with("acknowledged") && !word.starts_with("offer"));
    words.map(|word| word.trim_end_matches(" 16")).collect::<Vec<_>>().join(", ")
}

#[test]
fn every_flow_ends_as_it_should_on_a_clean_path() {
    for flow in &FLOWS {
        let world = play(flow, clean(), 1);
        assert_eq!(world.words(CALLER), flow.caller, "caller of: {}", flow.name);
        assert_eq!(world.words(CALLEE), flow.callee, "callee of: {}", flow.name);
    }
}

/// Every flow with what a path does to each datagram by itself. In the last two a loss may decide which of two things
/// comes first; their ends are the same all the same.
fn with_each_datagram(what_happens: &str, path: fn(usize) -> Path) {
    for (index, flow) in FLOWS.iter().enumerate() {
        let count = play(flow, clean(), 1).sent.len();
        for number in 0..count {
            let world = play(flow, path(number), 1);
            let (by, what) = &world.sent[number];
            let case = format!("{}; {what} of {by}, datagram {number}, {what_happens}", flow.name);
            let words = |side| match index {
                0..FIRST_RACE => world.words(side),
                _ => essential(&world.words(side)),
            };
            let wanted = |words: &str| if index < FIRST_RACE { words.to_owned() } else { essential(words) };
            assert_eq!(words(CALLER), wanted(flow.caller), "caller of: {case}");
            assert_eq!(words(CALLEE), wanted(flow.callee), "callee of: {case}");
        }
    }
}

/// The flows from here on have two things happen at once.
const FIRST_RACE: usize = FLOWS.len() - 2;

#[test]
fn every_flow_ends_as_it_should_with_any_one_datagram_lost() {
    with_each_datagram("lost", losing);
}

#[test]
fn every_flow_ends_as_it_should_with_any_one_datagram_doubled() {
    with_each_datagram("doubled", doubling);
}

#[test]
fn every_flow_ends_as_it_should_with_any_one_datagram_late() {
    with_each_datagram("late", delaying);
}

/// Both change the session at once, both end it at once: whatever datagram is lost, doubled or late.
#[test]
fn every_collision_ends_the_same_on_both_sides_whatever_happens_to_one_datagram() {
    let scripts: [fn(&mut World); 3] = [
        |world| {
            world.at(10_000, CALLER, offer("from caller"));
            world.at(10_000, CALLEE, offer("from callee"));
            world.at(60_000, CALLER, hang_up());
        },
        |world| {
            world.at(10_000, CALLER, hang_up());
            world.at(10_000, CALLEE, hang_up());
        },
        |world| {
            world.at(10_000, CALLER, offer("from caller"));
            world.at(10_010, CALLEE, hang_up());
        },
    ];
    for (number, script) in scripts.into_iter().enumerate() {
        let play = |path| {
            let mut world = World::new(path);
            world.on_offer = [Some(accept_offer("yes")), Some(accept_offer("yes"))];
            answer(&mut world);
            script(&mut world);
            world.play(5);
            world
        };
        let count = play(clean()).sent.len();
        for (path, what) in [(losing as fn(usize) -> Path, "lost"), (doubling, "doubled"), (delaying, "late")] {
            for datagram in 0..count {
                let world = play(path(datagram));
                let (caller, callee) = (essential(&world.words(CALLER)), essential(&world.words(CALLEE)));
                let case = format!("collision {number}, datagram {datagram} {what}: {caller}; {callee}");
                // Neither outlives the other, and nobody is told that it failed. Who hung up first may be either.
                assert!(caller.starts_with("answered sound, ended by"), "{case}");
                assert!(callee.starts_with("called, ended by"), "{case}");
                assert!(caller.ends_with("by us") || callee.ends_with("by us"), "{case}");
            }
        }
    }
}

#[test]
fn every_flow_ends_the_same_on_both_sides_of_a_bad_path() {
    for flow in &FLOWS {
        for seed in 0..40 {
            let world = play(flow, bad(seed), seed);
            let case = format!("{} with seed {seed}", flow.name);
            assert_eq!(essential(&world.words(CALLER)), essential(flow.caller), "caller of: {case}");
            assert_eq!(essential(&world.words(CALLEE)), essential(flow.callee), "callee of: {case}");
        }
    }
}

#[test]
fn ringing_without_end_is_given_up_by_both() {
    let mut world = World::new(clean());
    world.at(1_000, CALLEE, Command::Ring);
    world.play(1);
    assert!(world.words(CALLER) == "timed out", "{}", world.words(CALLER));
    // Either limit may run out first; the callee then sees a CANCEL or gives up itself.
    let callee = world.words(CALLEE);
    assert!(callee == "called, timed out" || callee == "called, ended by peer", "{callee}");
}

#[test]
fn glare_is_resolved_and_both_offers_are_answered() {
    for seed in 0..20 {
        let mut world = World::new(clean());
        world.on_offer = [Some(accept_offer("yes")), Some(accept_offer("yes"))];
        answer(&mut world);
        world.at(10_000, CALLER, offer("from caller"));
        world.at(10_000, CALLEE, offer("from callee"));
        world.at(40_000, CALLER, hang_up());
        world.play(seed);
        assert_eq!((world.count(CALLER, "491 INVITE"), world.count(CALLEE, "491 INVITE")), (1, 1));
        let caller = world.words(CALLER);
        let callee = world.words(CALLEE);
        // The callee waits less, always.
        assert_eq!(
            caller, "answered sound, offered from callee, acknowledged, offer answered yes, ended by us",
            "seed {seed}"
        );
        assert_eq!(
            callee,
            "called, acknowledged, offer answered yes, offered from caller, acknowledged, ended by peer 16"
        );
    }
}

#[test]
fn an_offer_withdrawn_during_back_off_is_never_sent_again() {
    let mut world = World::new(clean());
    world.on_offer = [Some(accept_offer("yes")), Some(accept_offer("yes"))];
    answer(&mut world);
    world.at(10_000, CALLER, offer("from caller"));
    world.at(10_000, CALLEE, offer("from callee"));
    world.at(10_100, CALLER, Command::WithdrawOffer);
    world.at(40_000, CALLER, hang_up());
    world.play(3);
    assert_eq!(world.words(CALLER), "answered sound, offered from callee, acknowledged, ended by us");
}

#[test]
fn both_hanging_up_at_once_is_the_end_by_themselves_for_both() {
    for (path, seed) in [(clean(), 0), (losing(6), 1), (losing(7), 2), (losing(8), 3), (bad(4), 4)] {
        let mut world = World::new(path);
        answer(&mut world);
        world.at(60_000, CALLER, hang_up());
        world.at(60_000, CALLEE, hang_up());
        world.play(seed);
        assert_eq!(essential(&world.words(CALLER)), "answered sound, ended by us");
        assert_eq!(essential(&world.words(CALLEE)), "called, ended by us");
    }
}

#[test]
fn a_cancel_that_crosses_the_answer_ends_the_call_on_both_sides() {
    // Every relative time from well before to well after, over a path of 20 ms.
    for moment in (2_900..3_100).step_by(5) {
        let mut world = World::new(clean());
        world.at(2_000, CALLEE, Command::Ring);
        world.at(3_000, CALLEE, accept("sound"));
        world.at(moment, CALLER, hang_up());
        world.play(moment);
        let (caller, callee) = (world.words(CALLER), world.words(CALLEE));
        assert!(caller.ends_with("ended by us"), "{moment}: {caller}");
        assert!(callee.ends_with("ended by peer") || callee.ends_with("ended by peer 16"), "{moment}: {callee}");
        assert_eq!(caller.contains("answered"), moment >= 3_020, "{moment}: {caller}");
    }
}

#[test]
fn a_cancel_that_crosses_the_answer_survives_the_loss_of_any_datagram() {
    let play = |path| {
        let mut world = World::new(path);
        world.at(2_000, CALLEE, Command::Ring);
        world.at(3_000, CALLEE, accept("sound"));
        world.at(3_010, CALLER, hang_up());
        world.play(9);
        world
    };
    let count = play(clean()).sent.len();
    for lost in 0..count {
        let world = play(losing(lost));
        let (caller, callee) = (world.words(CALLER), world.words(CALLEE));
        assert!(caller.ends_with("ended by us"), "lost {lost}: {caller}");
        assert!(callee.contains("ended by peer"), "lost {lost}: {callee}");
    }
}

#[test]
fn a_callee_that_hangs_up_before_the_ack_waits_for_it() {
    let mut world = World::new(clean());
    world.at(1_000, CALLEE, accept("sound"));
    world.at(1_001, CALLEE, hang_up());
    world.play(1);
    assert_eq!(world.words(CALLEE), "called, ended by us");
    assert_eq!(world.words(CALLER), "answered sound, ended by peer 16");
    let order: Vec<_> = world.sent.iter().map(|(_, word)| word.as_str()).collect();
    let position = |wanted: &str| order.iter().position(|word| *word == wanted).unwrap();
    assert!(position("ACK") < position("BYE"), "{order:?}");
}

#[test]
fn hanging_up_before_any_response_sends_cancel_only_after_the_first_one() {
    let mut world = World::new(clean());
    world.at(0, CALLER, hang_up());
    world.play(1);
    let order: Vec<_> = world.sent.iter().map(|(_, word)| word.as_str()).collect();
    assert_eq!(order, ["INVITE", "100 INVITE", "CANCEL", "200 CANCEL", "487 INVITE", "ACK"]);
}

#[test]
fn a_dead_peer_is_a_timeout_after_seven_invites() {
    let mut world = World::new(Box::new(|_| Vec::new()));
    world.play(1);
    assert_eq!(world.words(CALLER), "timed out");
    assert_eq!(world.count(CALLER, "INVITE"), 7);
}

#[test]
fn a_challenge_that_nobody_understands_is_a_failure() {
    let mut world = World::new(clean());
    world.challenge = Some(r#"Digest realm="pbx", nonce="n", qop="auth", algorithm=TOKEN"#);
    world.play(1);
    assert_eq!(world.words(CALLER), "failed 401 0");
    assert_eq!(world.count(CALLER, "INVITE"), 1);
}

#[test]
fn an_answer_that_is_never_acknowledged_ends_in_bye_after_32_seconds() {
    // The path loses every ACK: the third datagram of the caller and all that repeat it.
    let mut world = World::new(Box::new(|number| {
        let delays = vec![Duration::from_millis(20)];
        if (3..4 + 11 * 2).contains(&number) && number % 2 == 1 { Vec::new() } else { delays }
    }));
    world.at(1_000, CALLEE, accept("sound"));
    world.play(1);
    assert_eq!(world.words(CALLEE), "called, ended by us");
    assert_eq!(world.words(CALLER), "answered sound, ended by peer");
    assert_eq!(world.count(CALLEE, "200 INVITE"), 11);
}
