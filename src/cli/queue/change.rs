//! `faxramp queue hold`, `release`, `cancel` and `retry`: one step for each job named; one that cannot be taken does not keep the
//! others from theirs.

use serde_json::{Value, json};

use super::super::console::Console;
use super::super::exit::{Ended, Exit, Failure};
use super::failure;
use crate::model::{JobId, JobState};
use crate::queue::{QueueError, Refusal, Release, Resend, Store};

/// What is to be done to each job.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Step {
    Hold { reason: String },
    Release { expires_ms: i64 },
    Cancel { now_ms: i64 },
    Retry { whole: bool, now_ms: i64, expires_ms: i64 },
}

pub(super) fn run(ids: &[i64], step: &Step, json: bool, store: &Store, console: &mut Console) -> Ended {
    let mut first_failure = Exit::Ok;
    let mut results: Vec<Value> = Vec::new();
    for id in ids {
        let job = JobId(*id);
        match take(step, job, store) {
            Ok(sentence) if json => results.push(json!({"id": id, "done": true, "sentence": sentence})),
            Ok(sentence) => console.say(format!("fax {id}: {sentence}")),
            Err(failure) => {
                if json {
                    let (sentence, advice) = (&failure.sentence, &failure.advice);
                    results.push(json!({"id": id, "done": false, "sentence": sentence, "advice": advice}));
                } else {
                    console.tell(&failure);
                }
                first_failure = if first_failure == Exit::Ok { failure.exit } else { first_failure };
            }
        }
    }
    if json {
        console.say_json(&Value::Array(results));
    }
    Ok(first_failure)
}

/// Takes the step; the sentence says what happens now.
fn take(step: &Step, job: JobId, store: &Store) -> Result<String, Failure> {
    let done = match step {
        Step::Hold { reason } => store.hold(job, reason).map(|()| "held until it is released".to_owned()),
        Step::Release { expires_ms } => store.release(job, *expires_ms).map(|release| match release {
            Release::Unrendered => "released; it will be drawn, then dialled".to_owned(),
            Release::Rendered => "released; it will be dialled".to_owned(),
        }),
        Step::Cancel { now_ms } => store.cancel(job, *now_ms).map(|call| match call {
            Some(_) => "cancelled; the server ends its call".to_owned(),
            None => "cancelled; it will not be dialled".to_owned(),
        }),
        Step::Retry { whole, now_ms, expires_ms } => return retry(*whole, *now_ms, *expires_ms, job, store),
    };
    done.map_err(|error| refused(step, job, &error))
}

fn retry(whole: bool, now_ms: i64, expires_ms: i64, job: JobId, store: &Store) -> Result<String, Failure> {
    let step = Step::Retry { whole, now_ms, expires_ms };
    let refused = |error: QueueError| refused(&step, job, &error);
    let before = store.show(job).map_err(refused)?.job;
    if matches!(before.state, JobState::Accepted | JobState::Ready) {
        if whole && before.pages_confirmed > 0 {
            let sentence =
                format!("fax {job} waits to go on behind page {}, which was confirmed", before.pages_confirmed);
            return Err(Failure::new(Exit::Failed, sentence).advising("cancel it first, then: retry --whole"));
        }
        store.reschedule(job, now_ms).map_err(refused)?;
        return Ok("will be dialled as soon as a line is free".into());
    }
    let from = if whole { Resend::Whole } else { Resend::Remaining };
    store.retry(job, from, now_ms, expires_ms).map_err(refused)?;
    let next = store.show(job).map_err(refused)?.job;
    if next.fetch.is_some() {
        return Ok("will be fetched again".into());
    }
    Ok(match next.pages_confirmed {
        0 => "will be sent again, all pages".into(),
        confirmed => format!("will be sent again from page {} of {}", confirmed + 1, next.pages_total),
    })
}

/// A refusal in the words of the command that was refused.
fn refused(step: &Step, job: JobId, error: &QueueError) -> Failure {
    let QueueError::Refused(refusal) = error else { return failure(error) };
    match refusal {
        Refusal::IllegalStep { state, .. } => {
            let (sentence, advice, exit) = reason(step, *state);
            Failure::new(exit, format!("fax {job} {sentence}")).advising(advice)
        }
        Refusal::NoJob(_) => Failure::new(Exit::Failed, format!("there is no fax {job}"))
            .advising("faxramp queue list tells which there are"),
        Refusal::CallOpen(_) => Failure::new(Exit::TryLater, format!("fax {job} has a call on the line"))
            .advising("wait until the call is over, or cancel it"),
        Refusal::NoPages(_) => {
            Failure::new(Exit::Failed, format!("fax {job} was never drawn, so there is nothing to dial"))
                .advising("the mail must be sent again")
        }
        Refusal::TextTooLong(what) => {
            Failure::new(Exit::Data, format!("{what} is too long")).advising("write a shorter one")
        }
        Refusal::NoMessage(_)
        | Refusal::NoAttempt(_)
        | Refusal::NoReceived(_)
        | Refusal::NoMail(_)
        | Refusal::NoOffer(_)
        | Refusal::OfferEnded { .. }
        | Refusal::TooManyOffers
        | Refusal::FetchingClosed(_)
        | Refusal::NumberInCall { .. }
        | Refusal::AttemptClosed(_)
        | Refusal::ReceptionClosed(_)
        | Refusal::MailEnded(_)
        | Refusal::NextDoesNotFit { .. }
        | Refusal::NoSuchPage { .. }
        | Refusal::NoRecipient
        | Refusal::TooManyRecipients
        | Refusal::OutOfRange(_) => failure(error),
    }
}

/// Why a job in this state cannot take the step, and what can be done instead.
const fn reason(step: &Step, state: JobState) -> (&'static str, &'static str, Exit) {
    match (step, state) {
        (_, JobState::Accepted) => ("is being drawn", "try again in a moment", Exit::TryLater),
        (Step::Hold { .. }, JobState::Held) => ("is held already", "faxramp queue release lets it go on", Exit::Failed),
        (Step::Hold { .. }, JobState::Dialling) => {
            ("is on the line", "faxramp queue cancel ends the call", Exit::TryLater)
        }
        (Step::Retry { .. }, JobState::Dialling) => {
            ("is on the line now", "faxramp queue show tells how it went", Exit::TryLater)
        }
        (Step::Retry { .. }, JobState::Held) => ("is held", "faxramp queue release lets it go on", Exit::Failed),
        (Step::Retry { .. }, JobState::Done) => {
            ("has just ended, and its receipt is being written", "try again in a moment", Exit::TryLater)
        }
        (Step::Release { .. }, JobState::Ready | JobState::Dialling) => {
            ("is not held", "faxramp queue retry dials it now", Exit::Failed)
        }
        (_, JobState::Done) => ("has been sent", "faxramp queue retry sends it once more", Exit::Failed),
        (_, JobState::Failed) => ("has failed", "faxramp queue retry sends it once more", Exit::Failed),
        (_, JobState::Cancelled) => ("was cancelled", "faxramp queue retry sends it after all", Exit::Failed),
        (_, JobState::Reported) => ("has ended", "faxramp queue retry sends it once more", Exit::Failed),
        (Step::Cancel { .. }, JobState::Ready | JobState::Dialling | JobState::Held)
        | (Step::Hold { .. } | Step::Retry { .. }, JobState::Ready)
        | (Step::Release { .. }, JobState::Held) => {
            ("has just changed its state", "try again in a moment", Exit::TryLater)
        }
    }
}
