//! Calls: one to a number at a time, pages kept, nothing dialled twice.

use super::{Bench, DAY, HOUR, NOW, bench, job_to, mail_to, message_from, number, outcome};
use crate::model::{AttemptId, Cause, JobEvent, JobId, JobState, Phase, RetryClass};
use crate::policy::{GiveUp, Next, RetrySettings, Tries};
use crate::queue::{MAX_RECORD_BYTES, NewJob, QueueError, Refusal, Release, Resend, Store};
use std::sync::Barrier;

fn recover(store: &Store) -> crate::queue::Recovered {
    store.recover(&RetrySettings::default(), NOW).expect("recovered")
}

fn state(store: &Bench, job: JobId) -> JobState {
    store.show(job).expect("found").job.state
}

fn due(store: &Store) -> Vec<JobId> {
    store.due_jobs(NOW, 100).expect("listed").into_iter().map(|due| due.job.id).collect()
}

#[test]
fn of_two_that_race_for_one_number_exactly_one_calls() {
    let store = bench();
    let jobs = [store.ready("a@example.com", 1, "+390212345"), store.ready("b@example.com", 2, "+390212345")];
    for _ in 0..20 {
        let start = Barrier::new(2);
        let results = std::thread::scope(|scope| {
            let threads = jobs.map(|job| {
                let (store, start) = (&store, &start);
                scope.spawn(move || {
                    start.wait();
                    store.open_attempt(job, "main", NOW)
                })
            });
            threads.map(|thread| thread.join().expect("no panic"))
        });
        let opened: Vec<_> = results.iter().flatten().collect();
        assert_eq!(opened.len(), 1, "{results:?}");
        let refused = results.iter().find_map(|result| result.as_ref().err()).expect("one refused");
        let attempt = opened[0].attempt;
        assert_eq!(*refused, Refusal::NumberInCall { number: number("+390212345"), attempt }.into());
        store.close_attempt(attempt, &outcome(0, Cause::Busy), Next::At(NOW), None, NOW).expect("closed");
    }
}

#[test]
fn a_number_in_call_has_no_due_job_until_the_call_ends() {
    let store = bench();
    let (_, attempt) = store.dialling(1, "+390212345");
    let waiting = store.ready("b@example.com", 2, "+390212345");
    assert_eq!(due(&store), []);
    store.close_attempt(attempt, &outcome(3, Cause::Sent), Next::Done, None, NOW).expect("closed");
    assert_eq!(due(&store), [waiting]);
}

#[test]
fn a_job_cancelled_in_its_call_keeps_the_number_busy_and_its_report_back() {
    let store = bench();
    let (job, attempt) = store.dialling(1, "+390212345");
    let other = store.ready("b@example.com", 2, "+390212345");
    assert_eq!(store.cancel(job, NOW), Ok(Some(attempt)));
    assert!(matches!(store.open_attempt(other, "main", NOW), Err(QueueError::Refused(Refusal::NumberInCall { .. }))));
    assert_eq!(store.jobs_to_report(10).expect("listed"), []);
    assert_eq!(store.report_queued(job, Vec::new(), NOW), Err(Refusal::CallOpen(job).into()));
    assert_eq!(store.retry(job, Resend::Whole, NOW, NOW + DAY), Err(Refusal::CallOpen(job).into()));
    let cut = outcome(1, Cause::Cancelled);
    assert_eq!(store.close_attempt(attempt, &cut, Next::GiveUp(GiveUp::Final), None, NOW), Ok(JobState::Cancelled));
    let report = store.jobs_to_report(10).expect("listed").remove(0).job;
    assert_eq!(report.outcome(), Some(cut));
    assert_eq!(due(&store), [other]);
}

#[test]
fn a_job_cancelled_too_late_says_that_it_was_sent() {
    let store = bench();
    let (job, attempt) = store.dialling(1, "+390212345");
    store.cancel(job, NOW).expect("cancelled");
    let closed = store.close_attempt(attempt, &outcome(3, Cause::Sent), Next::Done, None, NOW);
    assert_eq!(closed, Ok(JobState::Cancelled));
    assert_eq!(store.show(job).expect("found").job.outcome(), Some(outcome(3, Cause::Sent)));
}

#[test]
fn a_failed_call_counts_for_its_class_and_resumes_behind_the_confirmed_pages() {
    let store = bench();
    let (job, attempt) = store.dialling(1, "+390212345");
    store.page_confirmed(attempt, 1).expect("noted");
    let lost = outcome(1, Cause::Disconnected(Phase::C));
    let next = Next::At(NOW + HOUR);
    assert_eq!(store.close_attempt(attempt, &lost, next, Some("{}".into()), NOW + 5), Ok(JobState::Ready));
    let detail = store.show(job).expect("found");
    assert_eq!(detail.job.tries, Tries::default().plus(RetryClass::Fax));
    assert_eq!((detail.job.due_ms, detail.job.outcome()), (NOW + HOUR, Some(lost)));
    assert_eq!(
        (detail.attempts[0].closed_ms, detail.attempts[0].record.as_deref(), detail.attempts[0].pages_confirmed),
        (Some(NOW + 5), Some("{}"), 1)
    );
    assert_eq!(store.next_wake_ms(NOW), Ok(Some(NOW + HOUR)));
    let again = store.open_attempt(job, "main", NOW + HOUR).expect("opened");
    assert_eq!((again.first_page, again.ordinal), (2, 2));
}

#[test]
fn a_fax_with_all_pages_confirmed_is_done_however_the_call_was_released() {
    let store = bench();
    let (job, attempt) = store.dialling(1, "+390212345");
    store.page_confirmed(attempt, 3).expect("noted");
    let lost = outcome(3, Cause::Disconnected(Phase::E));
    assert_eq!(store.close_attempt(attempt, &lost, Next::At(NOW), None, NOW), Ok(JobState::Done));
    let detail = store.show(job).expect("found");
    assert_eq!(detail.job.cause, Some(Cause::Sent));
    assert_eq!(detail.attempts[0].cause, Some(Cause::Disconnected(Phase::E)), "the call itself is told as it was");
}

#[test]
fn what_follows_must_fit_how_the_call_ended() {
    let store = bench();
    let (_, attempt) = store.dialling(1, "+390212345");
    for (cause, next) in [
        (Cause::Busy, Next::Done),
        (Cause::Sent, Next::At(NOW)),
        (Cause::LastConfirmationLost, Next::At(NOW)),
        (Cause::LastConfirmationLost, Next::GiveUp(GiveUp::Final)),
    ] {
        let refused = Refusal::NextDoesNotFit { attempt, outcome: cause.word() };
        assert_eq!(store.close_attempt(attempt, &outcome(2, cause), next, None, NOW), Err(refused.into()));
    }
    let lost = outcome(2, Cause::LastConfirmationLost);
    assert_eq!(store.close_attempt(attempt, &lost, Next::Done, None, NOW), Ok(JobState::Done));
    assert_eq!(store.close_attempt(attempt, &lost, Next::Done, None, NOW), Err(Refusal::AttemptClosed(attempt).into()));
    assert_eq!(store.page_confirmed(attempt, 3), Err(Refusal::AttemptClosed(attempt).into()));
}

#[test]
fn a_page_that_does_not_exist_cannot_be_confirmed() {
    let store = bench();
    let (job, attempt) = store.dialling(1, "+390212345");
    for page in [0, 4, u32::MAX] {
        assert_eq!(store.page_confirmed(attempt, page), Err(Refusal::NoSuchPage { attempt, page, total: 3 }.into()));
    }
    store.page_confirmed(attempt, 2).expect("noted");
    store.page_confirmed(attempt, 1).expect("a repeat takes nothing back");
    assert_eq!(store.show(job).expect("found").job.pages_confirmed, 2);
    assert_eq!(store.page_confirmed(AttemptId(77), 1), Err(Refusal::NoAttempt(AttemptId(77)).into()));
}

#[test]
fn an_endless_record_is_left_out_but_the_outcome_is_kept() {
    let store = bench();
    let (job, attempt) = store.dialling(1, "+390212345");
    let record = Some("x".repeat(MAX_RECORD_BYTES + 1));
    store.close_attempt(attempt, &outcome(3, Cause::Sent), Next::Done, record, NOW).expect("closed");
    let attempt = store.show(job).expect("found").attempts.remove(0);
    assert_eq!((attempt.record, attempt.cause), (None, Some(Cause::Sent)));
}

#[test]
fn a_crash_in_a_call_resumes_from_the_first_unconfirmed_page() {
    let store = bench();
    let (job, attempt) = store.dialling(1, "+390212345");
    store.page_confirmed(attempt, 2).expect("noted");
    assert_eq!(recover(&store).resumed, [job]);
    let detail = store.show(job).expect("found");
    assert_eq!((detail.job.state, detail.job.due_ms), (JobState::Ready, NOW));
    assert_eq!(detail.attempts[0].cause, Some(Cause::Interrupted));
    assert_eq!(detail.attempts[0].pages_confirmed, 2);
    assert_eq!(store.open_attempt(job, "main", NOW).expect("opened").first_page, 3);
}

#[test]
fn a_crash_after_the_last_page_was_confirmed_dials_nobody() {
    let store = bench();
    let (job, attempt) = store.dialling(1, "+390212345");
    store.page_confirmed(attempt, 3).expect("noted");
    assert_eq!(recover(&store).done, [job]);
    assert_eq!(store.show(job).expect("found").job.outcome(), Some(outcome(3, Cause::Sent)));
    assert_eq!(recover(&store), crate::queue::Recovered::default(), "a second start finds nothing left over");
}

#[test]
fn a_job_that_crashes_the_server_every_time_is_given_up() {
    let store = bench();
    let (job, _) = store.dialling(1, "+390212345");
    for _ in 0..3 {
        assert_eq!(recover(&store).resumed, [job]);
        store.open_attempt(job, "main", NOW).expect("opened");
    }
    assert_eq!(recover(&store).given_up, [job]);
    let job = store.show(job).expect("found").job;
    assert_eq!((job.state, job.give_up), (JobState::Failed, Some(GiveUp::TriesUsedUp)));
}

#[test]
fn a_job_cancelled_before_the_crash_stays_cancelled() {
    let store = bench();
    let (job, _) = store.dialling(1, "+390212345");
    store.cancel(job, NOW).expect("cancelled");
    assert_eq!(recover(&store).cancelled, [job]);
    assert_eq!(store.jobs_to_report(10).expect("listed")[0].job.cause, Some(Cause::Cancelled));
}

#[test]
fn a_job_beyond_its_lifetime_is_given_up_and_not_dialled() {
    let store = bench();
    let unrendered = store.accepted("a@example.com", 1, &["+390212345"]).jobs()[0];
    let ready = store.ready("a@example.com", 2, "+390212346");
    let held = store.ready("a@example.com", 3, "+390212347");
    store.hold(held, "").expect("held");
    assert_eq!(store.expire(NOW + DAY - 1), Ok(Vec::new()));
    assert_eq!(store.next_wake_ms(NOW), Ok(Some(NOW + DAY)));
    assert!(store.due_jobs(NOW + DAY, 10).expect("listed").is_empty());
    assert_eq!(store.expire(NOW + DAY), Ok(vec![unrendered, ready]));
    for job in [unrendered, ready] {
        let row = store.show(job).expect("found").job;
        assert_eq!(
            (row.state, row.cause, row.give_up),
            (JobState::Failed, Some(Cause::Expired), Some(GiveUp::LifetimeOver))
        );
    }
    assert_eq!(store.release(held, NOW + 2 * DAY), Ok(Release::Rendered));
    assert_eq!(store.expire(NOW + DAY), Ok(Vec::new()), "a release gives new life");
}

#[test]
fn a_job_no_trunk_serves_can_be_given_up_without_a_call() {
    let store = bench();
    let job = store.ready("a@example.com", 1, "+390212345");
    store.give_up(job, &Cause::Local("no trunk serves +39".into()), NOW).expect("given up");
    assert_eq!(state(&store, job), JobState::Failed);
}

#[test]
fn a_fax_is_sent_again_whole_or_from_where_it_broke_off() {
    let store = bench();
    let (job, attempt) = store.dialling(1, "+390212345");
    store.page_confirmed(attempt, 2).expect("noted");
    let failed = outcome(2, Cause::PageRejected);
    store.close_attempt(attempt, &failed, Next::GiveUp(GiveUp::TriesUsedUp), None, NOW).expect("closed");
    store.retry(job, Resend::Remaining, NOW + 1, NOW + DAY).expect("again");
    let row = store.show(job).expect("found").job;
    assert_eq!((row.state, row.pages_confirmed, row.tries, row.cause), (JobState::Ready, 2, Tries::default(), None));
    let opened = store.open_attempt(job, "main", NOW).expect("opened");
    assert_eq!(opened.first_page, 3);
    store.close_attempt(opened.attempt, &outcome(3, Cause::Sent), Next::Done, None, NOW).expect("closed");
    store.report_queued(job, vec![mail_to("a@example.com", "mail/1")], NOW).expect("reported");
    store.retry(job, Resend::Remaining, NOW, NOW + DAY).expect("a sent fax can be sent once more");
    assert_eq!(store.open_attempt(job, "main", NOW).expect("opened").first_page, 1);
}

#[test]
fn only_a_trunk_s_own_failure_sends_the_next_call_elsewhere() {
    let store = bench();
    for (content, cause, expected) in [(1, Cause::TrunkDown, Some("main")), (2, Cause::Busy, None)] {
        let (job, attempt) = store.dialling(content, &format!("+3902123{content}"));
        store.close_attempt(attempt, &outcome(0, cause), Next::At(NOW), None, NOW).expect("closed");
        let due = store.due_jobs(NOW, 10).expect("listed");
        let found = due.iter().find(|due| due.job.id == job).expect("due");
        assert_eq!(found.avoid_trunk.as_deref(), expected);
    }
}

#[test]
fn one_sender_s_thousand_faxes_do_not_hide_another_s_one() {
    let store = bench();
    for content in 0..3 {
        let jobs: Vec<NewJob> = (0..300).map(|index| job_to(&format!("+3902{content}{index:04}"))).collect();
        let queued = store.accept(message_from("loud@example.com", content), jobs).expect("accepted");
        store.rendered(queued.message(), &[None], ("pages/x", 1), NOW).expect("rendered");
    }
    let late = NewJob { due_ms: NOW, ..job_to("+4989777") };
    let queued = store.accept(message_from("quiet@example.com", 9), vec![late]).expect("accepted");
    store.rendered(queued.message(), &[None], ("pages/y", 1), NOW).expect("rendered");
    let listed = due_with(&store, 2);
    assert!(listed.contains(&queued.jobs()[0]), "{listed:?}");
    // And many faxes to one number take one place only.
    let many: Vec<_> = (0..50).map(|content| store.ready("same@example.com", content, "+4930555")).collect();
    let listed = due(&store);
    assert_eq!(listed.iter().filter(|job| many.contains(job)).collect::<Vec<_>>(), [&many[0]]);
}

fn due_with(store: &Store, limit: u32) -> Vec<JobId> {
    store.due_jobs(NOW, limit).expect("listed").into_iter().map(|due| due.job.id).collect()
}

#[test]
fn a_higher_priority_goes_before_an_older_job_and_a_later_due_time_waits() {
    let store = bench();
    let old = store.ready("a@example.com", 1, "+390212345");
    let accept = |content, job: NewJob| {
        let queued = store.accept(message_from("b@example.com", content), vec![job]).expect("accepted");
        store.rendered(queued.message(), &[None], ("pages/1", 1), NOW).expect("rendered");
        queued.jobs()[0]
    };
    let urgent = accept(2, NewJob { priority: 5, ..job_to("+390212346") });
    let later = accept(3, NewJob { due_ms: NOW + HOUR, ..job_to("+390212347") });
    assert_eq!(due(&store), [urgent, old]);
    store.reschedule(later, NOW).expect("moved");
    assert!(due(&store).contains(&later));
    store.cancel(later, NOW).expect("cancelled");
    assert_eq!(
        store.reschedule(later, NOW),
        Err(Refusal::IllegalStep { job: later, state: JobState::Cancelled, event: JobEvent::Retry }.into())
    );
}
