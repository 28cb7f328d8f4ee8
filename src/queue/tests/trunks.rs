//! What is kept of trunks.

use super::*;
use crate::model::RetryClass;
use crate::policy::{Lesson, Next, Note, Standing, Topic, TrunkEvent, TrunkFault, TrunkState};
use crate::queue::TrunkRow;

fn row(name: &str, state: &TrunkState) -> TrunkRow {
    TrunkRow { name: name.into(), report: state.report(NOW), seen_at: Some("203.0.113.7:5060".into()), written_ms: NOW }
}

#[test]
fn every_standing_reads_back_as_it_was_written() {
    let store = bench();
    let fresh = || TrunkState::new(false, NOW);
    let (mut down, mut resting, mut bound) = (fresh(), fresh(), TrunkState::new(true, NOW));
    down.learn(TrunkEvent::Silent("it does not answer OPTIONS".into()), NOW, 0);
    let failed = TrunkEvent::Failed { fault: TrunkFault::Unreachable, reason: "no answer".into(), retry_after: None };
    resting.learn(failed, NOW, 0);
    bound.learn(TrunkEvent::Registered { until_ms: NOW + 60_000 }, NOW, 0);
    bound.learn(TrunkEvent::RegistrationFailed("the registrar does not answer".into()), NOW, 0);
    let rows = vec![
        row("a", &fresh()),
        row("b", &down),
        row("c", &resting),
        row("d", &bound),
        row("e", &TrunkState::new(true, NOW)),
    ];
    store.write_trunks(rows.clone()).expect("written");
    assert_eq!(store.trunks().expect("read"), rows);
    assert!(matches!(rows[2].report.standing, Standing::Resting { .. }));
    store.write_trunks(vec![row("b", &fresh())]).expect("written");
    store.keep_trunks(vec!["b".into(), "e".into()]).expect("kept");
    let left: Vec<_> = store.trunks().expect("read").into_iter().map(|row| (row.name, row.report.standing)).collect();
    assert_eq!(left[0], ("b".into(), Standing::Up));
    assert_eq!(left.len(), 2);
}

#[test]
fn calls_are_counted_by_trunk_and_outcome_from_a_moment_on() {
    let store = bench();
    let (_, old) = store.dialling(1, "+390000001");
    store.close_attempt(old, &outcome(0, Cause::Busy), Next::At(NOW), None, NOW).expect("closed");
    for (content, cause) in [(2, Cause::Busy), (3, Cause::Busy), (4, Cause::TrunkDown)] {
        let job = store.ready("a@example.com", content, &format!("+39000000{content}"));
        let opened = store.open_attempt(job, "second", NOW + 10).expect("opened");
        store.close_attempt(opened.attempt, &outcome(0, cause), Next::At(NOW), None, NOW + 20).expect("closed");
    }
    let job = store.ready("a@example.com", 5, "+390000005");
    store.open_attempt(job, "second", NOW + 10).expect("opened");
    let calls = store.trunk_calls(NOW + 5).expect("counted");
    assert_eq!(calls.len(), 1, "the call before is not of that time: {calls:?}");
    assert_eq!((calls[0].trunk.as_str(), calls[0].open), ("second", 1));
    assert_eq!(calls[0].outgoing, [("busy".to_owned(), 2), ("trunk-down".to_owned(), 1)]);
    let failures = store.trunk_failures("second", 10).expect("listed");
    assert_eq!(failures.len(), 1);
    assert_eq!((failures[0].closed_ms, failures[0].cause.as_str()), (NOW + 20, "trunk-down"));
}

#[test]
fn every_call_that_a_trunk_could_not_place_is_among_its_failures_and_no_other() {
    let store = bench();
    let mut expected = Vec::new();
    for (content, cause) in (0..).zip(Cause::examples()) {
        let job = store.ready("a@example.com", content, "+390000001");
        let opened = store.open_attempt(job, "main", NOW).expect("opened");
        // A fault of our own is none of the trunk's.
        if cause.retry_class() == RetryClass::Trunk && !matches!(cause, Cause::Local(_)) {
            expected.insert(0, cause.word());
        }
        let is_over = matches!(cause.retry_class(), RetryClass::Delivered | RetryClass::DoNotRepeat);
        let next = if is_over { Next::Done } else { Next::At(NOW) };
        store.close_attempt(opened.attempt, &outcome(0, cause), next, None, NOW + 20).expect("closed");
    }
    let failures = store.trunk_failures("main", 100).expect("listed");
    assert_eq!(failures.iter().map(|failure| failure.cause.as_str()).collect::<Vec<_>>(), expected);
}

#[test]
fn what_calls_taught_is_remembered_by_trunk_and_number_and_topic_and_expires() {
    let store = bench();
    let learn = |trunk: &str, number: &str, lesson, at| store.learn(trunk, number, vec![lesson], at).expect("written");
    let remember = |trunk: &str, number: &str, note, at| learn(trunk, number, Lesson::Remember(note), at);
    remember("a", "+3901", Note::T38Refused, NOW);
    remember("a", "+3901", Note::V17Failed, NOW + 1);
    remember("a", "+3902", Note::OneFaxACall, NOW + 10);
    remember("b", "+3901", Note::T38Failed, NOW);
    let known = |trunk: &str, number: &str, since| {
        let known = store.known(trunk, number, since).expect("read");
        Note::ALL.into_iter().filter(|note| known.has(*note)).collect::<Vec<_>>()
    };
    assert_eq!(known("a", "+3901", NOW), [Note::T38Refused, Note::V17Failed]);
    assert_eq!(known("a", "+3901", NOW + 1), [Note::V17Failed], "the other is too long ago");
    assert_eq!((known("b", "+3901", NOW), known("b", "+3902", NOW)), (vec![Note::T38Failed], vec![]));
    remember("a", "+3901", Note::T38Failed, NOW + 20);
    let notes: Vec<_> = store.notes("a", NOW).expect("read").into_iter().map(|note| (note.number, note.note)).collect();
    let one = |note| ("+3901".to_owned(), note);
    let newest_first = [one(Note::T38Failed), ("+3902".to_owned(), Note::OneFaxACall), one(Note::V17Failed)];
    assert_eq!(notes, newest_first, "one on each topic");
    learn("a", "+3901", Lesson::Forget(Topic::T38), NOW + 30);
    assert_eq!(known("a", "+3901", 0), [Note::V17Failed]);
    assert_eq!(store.forget_notes("a", Some("+3901")).expect("forgotten"), 1);
    assert_eq!(store.forget_notes("a", Some("+3901")).expect("nothing there"), 0);
    store.purge_notes(NOW + 1).expect("purged");
    assert_eq!((store.notes("b", 0).expect("read").len(), store.notes("a", 0).expect("read").len()), (0, 1));
    assert_eq!(store.forget_notes("a", None).expect("forgotten"), 1);
}
