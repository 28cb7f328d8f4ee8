//! Random sequences of operations against the table of steps: the store does what the table says, no more and no less,
//! and a refused operation changes nothing.

use super::{Bench, DAY, NOW, bench, job_to, message_from, outcome};
use crate::model::{AttemptId, Cause, JobEvent, JobId, JobState, MessageId, RetryClass};
use crate::policy::{GiveUp, Next, RetrySettings};
use crate::queue::{Job, JobFilter, QueueError, Resend};
use proptest::prelude::*;
use std::collections::BTreeSet;

/// An operation; the index chooses among the jobs there are.
#[derive(Clone, Debug)]
enum Operation {
    Accept { to: u8 },
    Rendered(usize),
    RenderFailed(usize),
    Open(usize),
    Page(usize, u32),
    Close(usize, u8),
    Hold(usize),
    Release(usize),
    Cancel(usize),
    Retry(usize),
    Report(usize),
    Expire,
    Crash,
}

fn operation() -> impl Strategy<Value = Operation> {
    let job = 0..6usize;
    prop_oneof![
        2 => (0..3u8).prop_map(|to| Operation::Accept { to }),
        3 => job.clone().prop_map(Operation::Rendered),
        1 => job.clone().prop_map(Operation::RenderFailed),
        5 => job.clone().prop_map(Operation::Open),
        3 => (job.clone(), 0..5u32).prop_map(|(job, page)| Operation::Page(job, page)),
        4 => (job.clone(), 0..5u8).prop_map(|(job, how)| Operation::Close(job, how)),
        1 => job.clone().prop_map(Operation::Hold),
        2 => job.clone().prop_map(Operation::Release),
        1 => job.clone().prop_map(Operation::Cancel),
        1 => job.clone().prop_map(Operation::Retry),
        2 => job.prop_map(Operation::Report),
        1 => Just(Operation::Expire),
        1 => Just(Operation::Crash),
    ]
}

/// What is done, and the events that may happen to the job it is done to.
struct Machine {
    store: Bench,
    jobs: Vec<(JobId, MessageId)>,
    attempts: Vec<Option<AttemptId>>,
}

impl Machine {
    fn rows(&self) -> Vec<Job> {
        let mut rows = self.store.list(&JobFilter::default()).expect("listed");
        rows.sort_by_key(|job| job.id);
        rows
    }

    /// Runs it; gives the job it was for and the event that must have happened when it succeeded.
    fn run(&mut self, operation: &Operation) -> Option<(usize, Result<Vec<JobEvent>, QueueError>)> {
        let one = |event| move |()| vec![event];
        let index = match operation {
            Operation::Accept { to } => {
                let message = message_from("a@example.com", self.jobs.len() as u8);
                let queued = self.store.accept(message, vec![job_to(&format!("+39020{to}"))]).expect("accepted");
                self.jobs.push((queued.jobs()[0], queued.message()));
                self.attempts.push(None);
                return None;
            }
            Operation::Expire | Operation::Crash => return self.run_for_all(operation),
            Operation::Rendered(index)
            | Operation::RenderFailed(index)
            | Operation::Open(index)
            | Operation::Page(index, _)
            | Operation::Close(index, _)
            | Operation::Hold(index)
            | Operation::Release(index)
            | Operation::Cancel(index)
            | Operation::Retry(index)
            | Operation::Report(index) => *index,
        };
        let (job, message) = *self.jobs.get(index)?;
        let open = self.attempts[index];
        let result = match operation {
            Operation::Rendered(_) => self
                .store
                .rendered(message, &[None], ("pages/x", 3), NOW)
                .map(|rendered| if rendered.ready.is_empty() { Vec::new() } else { vec![JobEvent::Rendered] }),
            Operation::RenderFailed(_) => self
                .store
                .render_failed(message, &[None], "no", NOW)
                .map(|failed| if failed.is_empty() { Vec::new() } else { vec![JobEvent::RenderFailed] }),
            Operation::Open(_) => self.store.open_attempt(job, "main", NOW).map(|opened| {
                self.attempts[index] = Some(opened.attempt);
                vec![JobEvent::Dial]
            }),
            Operation::Page(_, page) => self.store.page_confirmed(open?, *page).map(|()| Vec::new()),
            Operation::Close(_, how) => self.close(index, open?, *how),
            Operation::Hold(_) => self.store.hold(job, "").map(one(JobEvent::Hold)),
            Operation::Release(_) => self.store.release(job, NOW).map(|release| {
                vec![match release {
                    crate::queue::Release::Unrendered => JobEvent::ReleaseUnrendered,
                    crate::queue::Release::Rendered => JobEvent::ReleaseRendered,
                }]
            }),
            Operation::Cancel(_) => self.store.cancel(job, NOW).map(|_| vec![JobEvent::Cancel]),
            Operation::Retry(_) => self.store.retry(job, Resend::Remaining, NOW, NOW + DAY).map(one(JobEvent::Again)),
            Operation::Report(_) => self.store.report_queued(job, Vec::new(), NOW).map(|_| vec![JobEvent::Report]),
            Operation::Accept { .. } | Operation::Expire | Operation::Crash => unreachable!("handled above"),
        };
        Some((index, result))
    }

    fn close(&mut self, index: usize, open: AttemptId, how: u8) -> Result<Vec<JobEvent>, QueueError> {
        let confirmed = self.store.show(self.jobs[index].0).expect("found").job.pages_confirmed;
        let (cause, next) = match how {
            0 => (Cause::Sent, Next::Done),
            1 => (Cause::LastConfirmationLost, Next::Done),
            2 => (Cause::Busy, Next::At(NOW)),
            3 => (Cause::Rejected, Next::GiveUp(GiveUp::Final)),
            _ => (Cause::Busy, Next::Done),
        };
        let closed = self.store.close_attempt(open, &outcome(confirmed, cause), next, None, NOW)?;
        self.attempts[index] = None;
        Ok(match closed {
            JobState::Done => vec![JobEvent::Delivered],
            JobState::Ready => vec![JobEvent::Retry],
            JobState::Failed => vec![JobEvent::GiveUp],
            JobState::Cancelled => Vec::new(),
            JobState::Accepted | JobState::Dialling | JobState::Held | JobState::Reported => {
                panic!("a call cannot leave a job {closed}")
            }
        })
    }

    fn run_for_all(&mut self, operation: &Operation) -> Option<(usize, Result<Vec<JobEvent>, QueueError>)> {
        if matches!(operation, Operation::Expire) {
            assert_eq!(self.store.expire(NOW), Ok(Vec::new()), "nothing is that old");
            return None;
        }
        let recovered = self.store.recover(&RetrySettings::default(), NOW).expect("recovered");
        let open: Vec<JobId> =
            self.jobs.iter().zip(&self.attempts).filter_map(|((job, _), open)| open.map(|_| *job)).collect();
        let mut closed = [recovered.resumed, recovered.done, recovered.given_up, recovered.cancelled].concat();
        closed.sort();
        assert_eq!(closed, open, "every open call, and no other, is closed at start");
        self.attempts.fill(None);
        None
    }
}

fn check(machine: &mut Machine, operation: &Operation) {
    let before = machine.rows();
    let ran = machine.run(operation);
    let after = machine.rows();
    match &ran {
        Some((_, Err(error))) => {
            assert!(matches!(error, QueueError::Refused(_)), "{operation:?}: {error}");
            assert_eq!(before, after, "a refused {operation:?} changed something");
        }
        Some((index, Ok(events))) => {
            let expected = events.iter().try_fold(before[*index].state, |state, event| state.after(*event));
            assert_eq!(expected, Some(after[*index].state), "{operation:?}");
        }
        None => {}
    }
    for (old, new) in before.iter().zip(&after) {
        assert!(
            new.pages_confirmed >= old.pages_confirmed || matches!(operation, Operation::Retry(_)),
            "{operation:?} lost a confirmed page"
        );
        let resent = matches!(operation, Operation::Retry(_));
        assert!(old.state != JobState::Done || new.state != JobState::Ready || resent, "{operation:?}");
    }
    let mut in_call = BTreeSet::new();
    for (row, open) in after.iter().zip(&machine.attempts) {
        assert_eq!(row.state == JobState::Dialling, open.is_some() && row.state != JobState::Cancelled);
        assert!(open.is_none() || in_call.insert(row.number.clone()), "{} has two calls", row.number);
        if row.state == JobState::Done {
            let class = row.cause.as_ref().map(Cause::retry_class);
            assert!(matches!(class, Some(RetryClass::Delivered | RetryClass::DoNotRepeat)), "{row:?}");
        }
    }
    assert_eq!(machine.store.counters().expect("counted").open_attempts, in_call.len() as u64);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, max_shrink_iters: 200, ..ProptestConfig::default() })]

    #[test]
    fn no_sequence_of_operations_leaves_the_table_of_steps(operations in proptest::collection::vec(operation(), 1..60)) {
        let mut machine = Machine { store: bench(), jobs: Vec::new(), attempts: Vec::new() };
        for operation in [Operation::Accept { to: 0 }, Operation::Accept { to: 1 }, Operation::Accept { to: 0 }]
            .iter()
            .chain(&operations)
        {
            check(&mut machine, operation);
        }
    }
}
