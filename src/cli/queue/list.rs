//! `faxramp queue list`.

use serde_json::Value;

use super::super::arguments::{List, State};
use super::super::console::Console;
use super::super::exit::{Ended, Exit};
use super::super::moments::Moment;
use super::super::table::{Cell, Table};
use super::{calls, failure, number, show, shown_state, style, word};
use crate::model::{JobId, JobState, NumberPlan};
use crate::queue::{Job, JobFilter, MAX_ROWS, Store};

pub(super) fn run(what: &List, store: &Store, plan: &NumberPlan, moment: &Moment, console: &mut Console) -> Ended {
    let jobs = find(what, store, plan)?;
    if what.json {
        console.say_json(&Value::Array(jobs.iter().map(show::of_job).collect()));
        return Ok(Exit::Ok);
    }
    if jobs.is_empty() {
        let narrowed = !what.states.is_empty() || what.number.is_some() || what.sender.is_some();
        console.say(if narrowed { "No fax fits." } else { "The queue is empty." });
        return Ok(Exit::Ok);
    }
    for line in table(&jobs, moment).lines(console.columns()) {
        console.say(line);
    }
    if jobs.len() == what.limit as usize {
        let line = format!("Only the newest {} are listed; --limit lists more.", what.limit);
        console.complain(super::super::console::Style::Dim, &line);
    }
    Ok(Exit::Ok)
}

fn find(what: &List, store: &Store, plan: &NumberPlan) -> Result<Vec<Job>, super::super::exit::Failure> {
    let mut filter = JobFilter {
        states: rows_for(&what.states),
        number: what.number.as_deref().map(|text| number(text, plan)).transpose()?,
        sender: what.sender.clone(),
        limit: if what.states.is_empty() { what.limit } else { MAX_ROWS },
        ..JobFilter::default()
    };
    let limit = what.limit as usize;
    let mut found: Vec<Job> = Vec::new();
    loop {
        let page = store.list(&filter).map_err(|error| failure(&error))?;
        let oldest: Option<JobId> = page.last().map(|job| job.id);
        let full = page.len() == filter.limit as usize;
        found.extend(page.into_iter().filter(|job| fits(job, &what.states)));
        if found.len() >= limit || !full {
            break;
        }
        filter.before = oldest;
    }
    found.truncate(limit);
    Ok(found)
}

/// The states of rows in which a job can be shown as one of these.
fn rows_for(states: &[State]) -> Vec<JobState> {
    let mut rows = Vec::new();
    for state in states {
        match state {
            State::Accepted => rows.push(JobState::Accepted),
            State::Ready => rows.push(JobState::Ready),
            State::Dialling => rows.push(JobState::Dialling),
            State::Held => rows.push(JobState::Held),
            State::Done => rows.extend([JobState::Done, JobState::Reported]),
            State::Failed => rows.extend([JobState::Failed, JobState::Reported]),
            State::Cancelled => rows.extend([JobState::Cancelled, JobState::Reported]),
            State::Reported => rows.push(JobState::Reported),
        }
    }
    rows
}

fn fits(job: &Job, states: &[State]) -> bool {
    let reported = job.state == JobState::Reported && states.contains(&State::Reported);
    states.is_empty() || reported || states.contains(&shown_state(job))
}

fn table(jobs: &[Job], moment: &Moment) -> Table {
    let mut table =
        Table::new(&["ID", "STATE", "NUMBER", "SENDER", "PAGES", "FAILED CALLS", "NEXT TRY OR OUTCOME"], &[0, 4, 5]);
    for job in jobs {
        let state = shown_state(job);
        let sender = if job.sender.is_empty() { "<>" } else { &job.sender };
        table.push(vec![
            job.id.to_string().into(),
            Cell::styled(style(state), word(state)),
            match job.fetch {
                None => job.number.to_string().into(),
                Some(_) => format!("fetch {}", job.number).into(),
            },
            sender.into(),
            pages(job).into(),
            calls(job).to_string().into(),
            what_next(job, moment).into(),
        ]);
    }
    table
}

fn pages(job: &Job) -> String {
    if job.fetch.is_some() && job.pages_total > 0 {
        return job.pages_total.to_string();
    }
    if job.pages_total == 0 { "-".into() } else { format!("{}/{}", job.pages_confirmed, job.pages_total) }
}

/// When it is dialled next and why it was not delivered yet; or how it ended.
fn what_next(job: &Job, moment: &Moment) -> String {
    let cause = job.sentence();
    match job.state {
        JobState::Accepted => "being drawn".into(),
        JobState::Ready => {
            let when = if job.due_ms <= moment.now_ms { "due now".into() } else { moment.show(job.due_ms) };
            cause.map_or_else(|| when.clone(), |cause| format!("{when}; {cause}"))
        }
        JobState::Dialling => "on the line".into(),
        JobState::Held => job.hold_reason.clone().unwrap_or_default(),
        JobState::Done | JobState::Failed | JobState::Cancelled | JobState::Reported => cause.unwrap_or_default(),
    }
}
