//! `faxramp queue`: what waits, what is on the line, what became of it, and the few steps a person may take.
//!
//! The queue's file is opened beside the running server, which looks at its rows every second; so no connection to the
//! server is needed, and all of this works while it is down.

mod change;
mod list;
mod show;

#[cfg(test)]
mod tests;

use std::path::PathBuf;

use super::arguments::{Queue, State};
use super::console::{Console, Style};
use super::exit::{Ended, Exit, Failure};
use super::moments::Moment;
use crate::config::Config;
use crate::model::{Cause, JobState, Number, NumberPlan};
use crate::queue::{Job, LocalFault, QueueError, Store};

pub(super) use show::{of_job as job_for_programs, outcome};

/// Name of the queue's file in the data directory.
pub(super) const QUEUE_FILE: &str = "queue.sqlite";

pub(super) fn run(command: Queue, config: &Config, moment: &Moment, console: &mut Console) -> Ended {
    let store = open(config)?;
    let lifetime = config.queue.lifetime;
    match command {
        Queue::List(what) => list::run(&what, &store, &plan(config), moment, console),
        Queue::Show { ids, json } => show::run(&ids, json, &store, moment, console),
        Queue::Hold { ids, reason, json } => change::run(&ids, &change::Step::Hold { reason }, json, &store, console),
        Queue::Release { ids, json } => {
            let step = change::Step::Release { expires_ms: moment.later(lifetime) };
            change::run(&ids, &step, json, &store, console)
        }
        Queue::Cancel { ids, json } => {
            let step = change::Step::Cancel { now_ms: moment.now_ms };
            change::run(&ids, &step, json, &store, console)
        }
        Queue::Retry { ids, whole, json } => {
            let (now_ms, expires_ms) = (moment.now_ms, moment.later(lifetime));
            change::run(&ids, &change::Step::Retry { whole, now_ms, expires_ms }, json, &store, console)
        }
    }
}

/// Where the queue of this configuration is.
pub(super) fn path(config: &Config) -> PathBuf {
    config.server.data_directory.join(QUEUE_FILE)
}

/// Opens the queue beside the server; never makes one.
pub(super) fn open(config: &Config) -> Result<Store, Failure> {
    let path = path(config);
    let unavailable = |reason: String| Failure::new(Exit::Unavailable, reason);
    match path.try_exists() {
        Ok(true) => {}
        Ok(false) => {
            let sentence = format!("there is no queue at {}", path.display());
            let advice = "start the server once with: faxramp serve; or name its configuration with --config";
            return Err(unavailable(sentence).advising(advice));
        }
        Err(error) => {
            let sentence = format!("{} cannot be reached: {error}", path.display());
            return Err(unavailable(sentence).advising("run this as the user the server runs as, or as root"));
        }
    }
    Store::open_beside(&path).map_err(|error| {
        let failure = failure(&error);
        let advice = "run this as the user the server runs as, or as root";
        if failure.advice.is_empty() { failure.advising(advice) } else { failure }
    })
}

/// How numbers are written where the server stands.
pub(super) fn plan(config: &Config) -> NumberPlan {
    NumberPlan {
        country_code: config.numbers.country_code.clone(),
        international_prefix: config.numbers.international_prefix.clone(),
        national_prefix: config.numbers.national_prefix.clone(),
        extension_digits: config.numbers.extension_digits as usize,
    }
}

/// Reads a number from the command line.
pub(super) fn number(text: &str, plan: &NumberPlan) -> Result<Number, Failure> {
    Number::parse(text, plan).map_err(|error| {
        Failure::new(Exit::Data, format!("{text:?} is no telephone number: {error}"))
            .advising("write it as +390212345, or as it is dialled where the server stands")
    })
}

/// A fault of the queue as a command tells it.
pub(super) fn failure(error: &QueueError) -> Failure {
    let sentence = error.to_string();
    match error {
        QueueError::Refused(_) | QueueError::Bug(_) => Failure::new(Exit::Failed, sentence),
        QueueError::Local(LocalFault::Locked) => {
            Failure::new(Exit::TryLater, sentence).advising("try again in a moment")
        }
        QueueError::Local(LocalFault::DiskFull) => {
            Failure::new(Exit::Unavailable, sentence).advising("make room on the disk of server.data_directory")
        }
        QueueError::Local(LocalFault::Damaged(_)) => Failure::new(Exit::Unavailable, sentence)
            .advising("stop the server and restore the file from a backup, or look at it with sqlite3"),
        QueueError::Local(LocalFault::Foreign { .. }) => {
            Failure::new(Exit::Unavailable, sentence).advising("is server.data_directory right?")
        }
        QueueError::Local(LocalFault::Newer { .. } | LocalFault::InUse { .. } | LocalFault::Storage(_)) => {
            Failure::new(Exit::Unavailable, sentence)
        }
    }
}

/// What became of a job, in the words people ask by: a reported one is shown as what was reported.
pub(super) fn shown_state(job: &Job) -> State {
    match job.state {
        JobState::Accepted => State::Accepted,
        JobState::Ready => State::Ready,
        JobState::Dialling => State::Dialling,
        JobState::Held => State::Held,
        JobState::Done => State::Done,
        JobState::Failed => State::Failed,
        JobState::Cancelled => State::Cancelled,
        JobState::Reported => match &job.cause {
            Some(Cause::Sent | Cause::LastConfirmationLost) => State::Done,
            Some(Cause::Cancelled) => State::Cancelled,
            Some(_) | None => State::Failed,
        },
    }
}

/// The word of a state.
pub(super) const fn word(state: State) -> &'static str {
    match state {
        State::Accepted => "accepted",
        State::Ready => "ready",
        State::Dialling => "dialling",
        State::Held => "held",
        State::Done => "done",
        State::Failed => "failed",
        State::Cancelled => "cancelled",
        State::Reported => "reported",
    }
}

/// How a state looks.
pub(super) const fn style(state: State) -> Style {
    match state {
        State::Accepted | State::Ready | State::Reported => Style::Plain,
        State::Dialling | State::Held => Style::Notable,
        State::Done => Style::Good,
        State::Failed => Style::Bad,
        State::Cancelled => Style::Dim,
    }
}

/// Calls that failed so far, and the one that is on the line or ended it.
pub(super) fn calls(job: &Job) -> u32 {
    let tries = job.tries;
    let failed = [tries.busy, tries.no_answer, tries.trunk, tries.fax, tries.not_a_fax, tries.resume];
    failed.iter().fold(0, |sum, count| sum.saturating_add(*count))
}
