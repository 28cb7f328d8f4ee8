//! `faxramp queue show`, and jobs as JSON for programs.

use serde_json::{Value, json};

use super::super::console::{Console, Line, Style};
use super::super::exit::{Ended, Exit};
use super::super::moments::{Moment, between, for_programs, span};
use super::super::table::{Cell, Table};
use super::{calls, failure, shown_state, style, word};
use crate::model::{Cause, JobId, JobState, Resolution};
use crate::policy::GiveUp;
use crate::queue::{Attempt, Job, JobDetail, Message, Store};

/// Characters before a value.
const LABEL: usize = 12;

pub(super) fn run(ids: &[i64], json: bool, store: &Store, moment: &Moment, console: &mut Console) -> Ended {
    let mut worst = Exit::Ok;
    let mut shown = Vec::new();
    for (index, id) in ids.iter().enumerate() {
        match store.show(JobId(*id)) {
            Ok(detail) if json => shown.push(of_detail(&detail)),
            Ok(detail) => {
                if index > 0 {
                    console.say("");
                }
                print(&detail, moment, console);
            }
            Err(error) => {
                let failure = failure(&error);
                console.tell(&failure.clone().advising("faxramp queue list tells which there are"));
                worst = if worst == Exit::Ok { failure.exit } else { worst };
            }
        }
    }
    if json {
        console.say_json(&Value::Array(shown));
    }
    Ok(worst)
}

fn print(detail: &JobDetail, moment: &Moment, console: &mut Console) {
    let JobDetail { job, message, attempts } = detail;
    let state = shown_state(job);
    let title = match job.fetch {
        None => format!("Fax {} to {}  ", job.id, job.number),
        Some(_) => format!("Fax {}, fetched from {}  ", job.id, job.number),
    };
    let title = Line::new().and(Style::Bold, title);
    console.say(title.and(style(state), word(state)));
    for (label, value) in facts(job, message, moment) {
        if !value.is_empty() {
            console.say(Line::new().and(Style::Dim, format!("  {label:LABEL$}")).and(Style::Plain, value));
        }
    }
    if attempts.is_empty() {
        return;
    }
    if let Some(machine) = attempts.iter().rev().find_map(machine) {
        console.say(Line::new().and(Style::Dim, format!("  {:LABEL$}", "machine")).and(Style::Plain, machine));
    }
    let mut table = Table::new(&["CALL", "PLACED", "LASTED", "TRUNK", "FROM PAGE", "CONFIRMED", "OUTCOME"], &[0, 4, 5]);
    for attempt in attempts {
        table.push(call(attempt, moment));
    }
    for line in table.lines(console.columns()) {
        console.say(line);
    }
}

fn facts(job: &Job, message: &Message, moment: &Moment) -> Vec<(&'static str, String)> {
    let sender = if job.sender.is_empty() { "<> (a mail program)".into() } else { job.sender.clone() };
    let sub_address = job.sub_address.as_ref().map_or_else(String::new, |sub| format!(", sub-address {sub}"));
    let options = &job.options;
    let next = match job.state {
        JobState::Ready if job.due_ms > moment.now_ms => format!("is dialled again at {}", moment.show(job.due_ms)),
        JobState::Ready => "waits for a free line".into(),
        JobState::Accepted => "is being drawn".into(),
        JobState::Dialling => "is on the line".into(),
        JobState::Held => format!("held: {}", job.hold_reason.clone().unwrap_or_default()),
        JobState::Done | JobState::Failed | JobState::Cancelled => "its receipt is being written".into(),
        JobState::Reported => String::new(),
    };
    let expires = match job.state {
        JobState::Accepted | JobState::Ready | JobState::Dialling | JobState::Held => moment.show_full(job.expires_ms),
        JobState::Done | JobState::Failed | JobState::Cancelled | JobState::Reported => String::new(),
    };
    vec![
        ("sender", sender),
        ("from", message.header_from.clone()),
        ("subject", message.subject.clone()),
        ("addressed", format!("{}{sub_address}", job.original_address)),
        (
            "for",
            [&options.attention, &options.organization].into_iter().flatten().cloned().collect::<Vec<_>>().join(", "),
        ),
        ("sent for", options.from.clone().unwrap_or_default()),
        ("resolution", options.resolution.map_or_else(String::new, |wish| format!("{} wished for", wish.name()))),
        ("billing", options.billing.clone().unwrap_or_default()),
        ("tag", options.tag.clone().unwrap_or_default()),
        ("selective", job.fetch.as_ref().and_then(|fetch| fetch.request.selective.clone()).unwrap_or_default()),
        ("password", if has_password(job) { "given, not shown".into() } else { String::new() }),
        ("mailed to", job.fetch.as_ref().map_or_else(String::new, |fetch| fetch.mailboxes.join(", "))),
        ("taken", format!("{} from {}", moment.show_full(job.created_ms), message.peer)),
        ("message", message.message_id.as_ref().map_or_else(String::new, |id| format!("<{id}>"))),
        ("size", format!("{} octets", message.size_bytes)),
        ("pages", pages(job)),
        ("trunk", job.trunk.clone().unwrap_or_default()),
        ("now", next),
        ("given up at", expires),
        ("outcome", outcome(job)),
        ("ended", job.ended_ms.map_or_else(String::new, |at| moment.show_full(at))),
    ]
}

fn pages(job: &Job) -> String {
    if job.fetch.is_some() {
        return format!("{} received", job.pages_confirmed);
    }
    match job.pages_total {
        0 => "not drawn yet".into(),
        total => format!("{} of {total} confirmed by the receiving machine", job.pages_confirmed),
    }
}

/// The last cause as a sentence, and why nothing more is tried.
pub(in crate::cli) fn outcome(job: &Job) -> String {
    let Some(sentence) = job.sentence() else { return String::new() };
    match job.give_up {
        Some(GiveUp::TriesUsedUp) => format!("{sentence}; all tries are used up"),
        Some(GiveUp::LifetimeOver) => format!("{sentence}; the next try would have come after its lifetime"),
        Some(GiveUp::Final) | None => sentence,
    }
}

/// What the far machine told of itself in a call, and which it is.
fn machine(attempt: &Attempt) -> Option<String> {
    let record: Value = serde_json::from_str(attempt.record.as_ref()?).ok()?;
    let told = [record["remote_id"].as_str(), record["remote_machine"]["name"].as_str()];
    let told: Vec<String> =
        told.into_iter().flatten().map(|text| text.chars().filter(|c| !c.is_control()).collect()).collect();
    (!told.is_empty()).then(|| told.join(", "))
}

fn call(attempt: &Attempt, moment: &Moment) -> Vec<Cell> {
    let lasted = attempt.closed_ms.map_or_else(|| "…".to_owned(), |closed| span(between(attempt.opened_ms, closed)));
    let sentence = match (&attempt.sentence, &attempt.cause, attempt.closed_ms) {
        (Some(sentence), _, _) => sentence.clone(),
        (None, Some(cause), _) => cause.sentence(),
        (None, None, None) => "on the line".into(),
        (None, None, Some(_)) => String::new(),
    };
    let look = match &attempt.cause {
        Some(Cause::Sent) => Style::Good,
        Some(_) => Style::Bad,
        None => Style::Notable,
    };
    vec![
        attempt.id.to_string().into(),
        moment.show_full(attempt.opened_ms).into(),
        lasted.into(),
        attempt.trunk.clone().into(),
        attempt.first_page.to_string().into(),
        attempt.pages_confirmed.to_string().into(),
        Cell::styled(look, sentence),
    ]
}

fn has_password(job: &Job) -> bool {
    job.fetch.as_ref().is_some_and(|fetch| fetch.request.password.is_some())
}

/// A job for programs. Names are stable; what is unknown is null.
pub(in crate::cli) fn of_job(job: &Job) -> Value {
    json!({
        "id": job.id.0,
        "message": job.message.0,
        "state": job.state.word(),
        "result": word(shown_state(job)),
        "number": job.number.as_str(),
        "sender": job.sender,
        "address": job.original_address,
        "sub_address": job.sub_address,
        "attention": job.options.attention,
        "organization": job.options.organization,
        "from_name": job.options.from,
        "resolution": job.options.resolution.map(Resolution::name),
        "billing": job.options.billing,
        "tag": job.options.tag,
        "max_pages": job.max_pages,
        "kind": if job.fetch.is_some() { "fetch" } else { "send" },
        "selective": job.fetch.as_ref().and_then(|fetch| fetch.request.selective.clone()),
        "password": has_password(job),
        "mailboxes": job.fetch.as_ref().map(|fetch| fetch.mailboxes.clone()),
        "pages_confirmed": job.pages_confirmed,
        "pages_total": job.pages_total,
        "failed_calls": calls(job),
        "priority": job.priority,
        "trunk": job.trunk,
        "created": for_programs(job.created_ms),
        "due": for_programs(job.due_ms),
        "expires": for_programs(job.expires_ms),
        "ended": job.ended_ms.map(for_programs),
        "hold_reason": job.hold_reason,
        "cause": job.cause.as_ref().map(Cause::word),
        "sentence": job.sentence(),
        "enhanced_code": job.cause.as_ref().map(Cause::enhanced_code),
        "give_up": job.give_up.map(GiveUp::word),
    })
}

fn of_detail(detail: &JobDetail) -> Value {
    let mut value = of_job(&detail.job);
    value["mail"] = json!({
        "envelope_from": detail.message.envelope_from,
        "peer": detail.message.peer,
        "received": for_programs(detail.message.received_ms),
        "spool_file": detail.message.spool_file,
        "size": detail.message.size_bytes,
        "message_id": detail.message.message_id,
        "subject": detail.message.subject,
        "from": detail.message.header_from,
    });
    value["calls"] = detail.attempts.iter().map(of_call).collect();
    value
}

fn of_call(attempt: &Attempt) -> Value {
    // The record was written as JSON; what is not is given as the text it is.
    let record = attempt
        .record
        .as_ref()
        .map(|text| serde_json::from_str::<Value>(text).unwrap_or_else(|_| Value::String(text.clone())));
    json!({
        "id": attempt.id.0,
        "call": attempt.call.0,
        "trunk": attempt.trunk,
        "opened": for_programs(attempt.opened_ms),
        "closed": attempt.closed_ms.map(for_programs),
        "first_page": attempt.first_page,
        "pages_confirmed": attempt.pages_confirmed,
        "cause": attempt.cause.as_ref().map(Cause::word),
        "sentence": attempt.sentence,
        "record": record,
    })
}
