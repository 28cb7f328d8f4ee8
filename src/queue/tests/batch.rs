//! Several faxes to one number in one call.

use super::{Bench, HOUR, NOW, bench, job_to, message_from, number, outcome};
use crate::model::{AttemptId, Cause, JobId, JobState, Phase};
use crate::policy::{GiveUp, Next, RetrySettings, Tries};
use crate::queue::{NewJob, OpenedCall, QueueError, Refusal, Store};

const TO: &str = "+390212345";

/// Three faxes to one number, in one call.
fn three(store: &Bench) -> ([JobId; 3], [AttemptId; 3]) {
    let jobs = [1, 2, 3].map(|content| store.ready("a@example.com", content, TO));
    let OpenedCall { first, further } = store.open_call(jobs[0], &jobs[1..], "main", NOW).expect("opened");
    assert_eq!(further.iter().map(|(job, _)| *job).collect::<Vec<_>>(), jobs[1..]);
    (jobs, [first.attempt, further[0].1.attempt, further[1].1.attempt])
}

fn state(store: &Store, job: JobId) -> JobState {
    store.show(job).expect("found").job.state
}

#[test]
fn the_attempts_of_all_are_written_together_and_keep_the_number_busy_until_the_last_is_closed() {
    let store = bench();
    let (jobs, attempts) = three(&store);
    let other = store.ready("b@example.com", 9, TO);
    for (job, attempt) in jobs.into_iter().zip(attempts) {
        let detail = store.show(job).expect("found");
        assert_eq!((detail.job.state, detail.attempts[0].call), (JobState::Dialling, attempts[0]));
        assert!(store.due_jobs(NOW, 10).expect("listed").is_empty());
        let refused = store.open_attempt(other, "main", NOW);
        assert!(matches!(refused, Err(QueueError::Refused(Refusal::NumberInCall { .. }))), "{refused:?}");
        let closed = store.close_attempt(attempt, &outcome(3, Cause::Sent), Next::Done, None, NOW);
        assert_eq!(closed, Ok(JobState::Done));
    }
    assert_eq!(store.due_jobs(NOW, 10).expect("listed")[0].job.id, other);
    let whole = store.attempts_of_call(attempts[0]).expect("listed");
    assert_eq!(whole.iter().map(|attempt| attempt.id).collect::<Vec<_>>(), attempts);
}

#[test]
fn one_that_cannot_be_dialled_any_more_is_left_out_and_the_call_is_placed() {
    let store = bench();
    let jobs = [1, 2, 3].map(|content| store.ready("a@example.com", content, TO));
    let elsewhere = store.ready("a@example.com", 4, "+390299999");
    store.hold(jobs[1], "").expect("held");
    let opened = store.open_call(jobs[0], &[jobs[1], elsewhere, jobs[2]], "main", NOW).expect("opened");
    assert_eq!(opened.further.iter().map(|(job, _)| *job).collect::<Vec<_>>(), [jobs[2]]);
    assert_eq!((state(&store, jobs[1]), state(&store, elsewhere)), (JobState::Held, JobState::Ready));
}

#[test]
fn a_fax_whose_turn_never_came_is_as_it_was_before() {
    let store = bench();
    let (jobs, attempts) = three(&store);
    store.page_confirmed(attempts[0], 1).expect("noted");
    let lost = outcome(1, Cause::Disconnected(Phase::C));
    store.close_attempt(attempts[0], &lost, Next::At(NOW + HOUR), None, NOW).expect("closed");
    for place in [1, 2] {
        assert_eq!(store.not_begun(attempts[place], NOW + 7, NOW), Ok(JobState::Ready));
        let detail = store.show(jobs[place]).expect("found");
        assert_eq!((detail.job.tries, detail.attempts.len(), detail.job.due_ms), (Tries::default(), 0, NOW + 7));
        assert_eq!((detail.job.cause, detail.job.ended_ms), (None, None));
        assert_eq!(store.not_begun(attempts[place], NOW, NOW), Err(Refusal::NoAttempt(attempts[place]).into()));
    }
}

#[test]
fn one_that_is_cancelled_before_its_turn_is_reported_when_its_attempt_is_taken_back() {
    let store = bench();
    let (jobs, attempts) = three(&store);
    assert_eq!(store.cancel(jobs[1], NOW), Ok(Some(attempts[1])));
    assert!(store.jobs_to_report(10).expect("listed").is_empty());
    assert_eq!(store.not_begun(attempts[1], NOW, NOW), Ok(JobState::Cancelled));
    let report = store.jobs_to_report(10).expect("listed").remove(0);
    assert_eq!((report.job.id, report.attempts[0].cause.clone()), (jobs[1], Some(Cause::Cancelled)));
}

#[test]
fn a_crash_counts_for_the_fax_on_the_line_and_for_none_behind_it() {
    let store = bench();
    let (jobs, attempts) = three(&store);
    store.close_attempt(attempts[0], &outcome(3, Cause::Sent), Next::Done, None, NOW).expect("closed");
    store.page_confirmed(attempts[1], 2).expect("noted");
    let recovered = store.recover(&RetrySettings::default(), NOW).expect("recovered");
    assert_eq!(recovered.resumed, jobs[1..]);
    let [second, third] = [jobs[1], jobs[2]].map(|job| store.show(job).expect("found"));
    assert_eq!((second.job.tries.resume, second.job.pages_confirmed), (1, 2));
    assert_eq!(third.job.tries, Tries::default());
    // Nobody knows how far the call had got, so the record of it stays.
    assert_eq!(third.attempts[0].cause, Some(Cause::Interrupted));
}

#[test]
fn what_is_due_to_a_number_comes_in_the_order_of_the_queue() {
    let store = bench();
    let jobs = [1, 2].map(|content| store.ready("a@example.com", content, TO));
    store.ready("a@example.com", 4, "+390299999");
    store.hold(jobs[1], "").expect("held");
    let urgent = NewJob { priority: 5, ..job_to(TO) };
    let urgent = store.accept(message_from("b@example.com", 5), vec![urgent]).expect("accepted");
    store.rendered(urgent.message(), &[None], ("pages/5", 1), NOW).expect("rendered");
    let due = store.due_to(&number(TO), NOW, 10).expect("listed");
    assert_eq!(due.iter().map(|due| due.job.id).collect::<Vec<_>>(), [urgent.jobs()[0], jobs[0]]);
    assert!(store.due_to(&number(TO), NOW - 1, 10).expect("listed").is_empty(), "not yet");
}

#[test]
fn given_up_for_all_when_the_number_does_not_exist() {
    let store = bench();
    let (jobs, attempts) = three(&store);
    for attempt in attempts {
        let dead = outcome(0, Cause::Unallocated);
        store.close_attempt(attempt, &dead, Next::GiveUp(GiveUp::Final), None, NOW).expect("closed");
    }
    assert!(jobs.iter().all(|job| state(&store, *job) == JobState::Failed));
}
