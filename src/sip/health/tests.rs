//! A peer that answers, or not, in virtual time.

use super::*;
use crate::sip::Message;
use crate::sip::tests::world::{address, base, settings as endpoint};

fn health_settings() -> HealthSettings {
    HealthSettings {
        endpoint: endpoint(0),
        target: Uri::parse("sip:example.net").unwrap(),
        from: Uri::parse("sip:fax@example.net").unwrap(),
        targets: vec![Destination::udp(address(1))],
        interval: Duration::from_secs(30),
        misses: 3,
    }
}

/// Plays `until` seconds; gives the seconds of first transmissions, and of events.
fn play(until: u64, mut answer: impl FnMut(u64) -> Option<u16>) -> (Vec<u64>, Vec<(u64, bool)>) {
    let base = base();
    let mut engine = Health::new(health_settings(), 3, base);
    let (mut asked, mut told, mut now, mut last) = (Vec::new(), Vec::new(), base, None);
    loop {
        let second = now.duration_since(base).as_secs();
        while let Some(output) = engine.poll() {
            match output {
                OutsideOutput::Event(HealthEvent::Up { .. }) => told.push((second, true)),
                OutsideOutput::Event(HealthEvent::Down(_)) => told.push((second, false)),
                OutsideOutput::Resolve { uri } => panic!("{uri} is nowhere to be asked"),
                OutsideOutput::Send { to, bytes } => {
                    assert_eq!(to, Destination::udp(address(1)));
                    let request = Message::parse(&bytes).unwrap();
                    assert_eq!((request.check(), request.method()), (Ok(()), Some(&Method::Options)));
                    if last.replace(request.branch()) != Some(request.branch()) {
                        asked.push(second);
                    }
                    if let Some(status) = answer(second) {
                        let response = Message::response(&request, status, "", "peer", address(0));
                        engine.handle(OutsideInput::Message(response), now);
                    }
                }
            }
        }
        match engine.deadline().filter(|at| *at <= base + Duration::from_secs(until)) {
            Some(at) => {
                now = now.max(at);
                engine.handle(OutsideInput::Timeout, now);
            }
            None => return (asked, told),
        }
    }
}

#[test]
fn any_answer_but_408_and_503_means_that_somebody_is_there() {
    for status in [200, 401, 403, 404, 405, 481, 486, 500, 501, 603] {
        assert_eq!(play(120, |_| Some(status)).1, [(0, true)], "{status}");
    }
    for status in [408, 503] {
        let (_, told) = play(120, |_| Some(status));
        assert_eq!(told.iter().map(|(_, up)| *up).collect::<Vec<_>>(), [false], "{status}");
    }
}

#[test]
fn while_it_answers_it_is_asked_at_the_interval() {
    let (asked, _) = play(600, |_| Some(200));
    assert!(asked.windows(2).all(|pair| (26..=30).contains(&(pair[1] - pair[0]))), "{asked:?}");
}

#[test]
fn three_misses_in_a_row_mean_down_and_one_answer_means_up() {
    let (asked, told) = play(300, |second| (!(100..=200).contains(&second)).then_some(200));
    let [(0, true), (down, false), (up, true)] = told[..] else { panic!("{told:?}") };
    assert!((116..=153).contains(&down), "{down}");
    assert!((201..=220).contains(&up), "{up}");
    let silent: Vec<u64> = asked.into_iter().filter(|second| (down..=up).contains(second)).collect();
    assert!(silent.windows(2).all(|pair| pair[1] - pair[0] <= 16), "asked more often while down: {silent:?}");
}

#[test]
fn a_single_lost_answer_is_nothing() {
    let mut count = 0;
    let (_, told) = play(600, |_| {
        count += 1;
        (count % 2 == 0).then_some(200)
    });
    assert_eq!(told.len(), 1, "{told:?}");
}

#[test]
fn a_peer_that_never_was_there_is_told_once() {
    let (_, told) = play(3600, |_| None);
    assert_eq!(told.len(), 1);
    assert!(!told[0].1 && told[0].0 <= 30, "{told:?}");
}
