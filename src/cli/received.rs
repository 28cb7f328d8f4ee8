//! `faxramp received`: the faxes that came, by calls that came in and by fetching.

use serde_json::{Value, json};

use super::arguments::Received as Arguments;
use super::console::{Console, Style};
use super::exit::{Ended, Exit};
use super::moments::{Moment, for_programs};
use super::queue;
use super::table::{Cell, Table};
use crate::config::Config;
use crate::model::Cause;
use crate::queue::Received;

pub(super) fn run(what: &Arguments, config: &Config, moment: &Moment, console: &mut Console) -> Ended {
    let store = queue::open(config)?;
    let faxes = store.list_received(None, what.limit).map_err(|error| queue::failure(&error))?;
    if what.json {
        console.say_json(&Value::Array(faxes.iter().map(for_program).collect()));
        return Ok(Exit::Ok);
    }
    if faxes.is_empty() {
        console.say("Nothing was received.");
        return Ok(Exit::Ok);
    }
    let mut table =
        Table::new(&["ID", "RECEIVED", "FROM", "TO", "SUB-ADDRESS", "PAGES", "MAILED TO", "OUTCOME"], &[0, 5]);
    for fax in &faxes {
        table.push(row(fax, moment));
    }
    for line in table.lines(console.columns()) {
        console.say(line);
    }
    if faxes.len() == what.limit as usize {
        console.complain(Style::Dim, &format!("Only the newest {} are listed; --limit lists more.", what.limit));
    }
    Ok(Exit::Ok)
}

fn row(fax: &Received, moment: &Moment) -> Vec<Cell> {
    let caller = || match (&fax.caller, &fax.caller_name) {
        (Some(number), Some(name)) => format!("{number} ({name})"),
        (Some(number), None) => number.clone(),
        (None, _) if fax.caller_withheld => "withheld".into(),
        (None, _) => fax.remote_id.clone().unwrap_or_else(|| "unknown".into()),
    };
    let (from, to) = match fax.job {
        None => (caller(), fax.called.clone()),
        Some(job) => (fax.called.clone(), format!("fetched, fax {job}")),
    };
    let (look, outcome) = match (&fax.cause, fax.pages) {
        (None, _) => (Style::Notable, "on the line".into()),
        // Somebody called, but sent nothing: he may have fetched something.
        (Some(Cause::Sent), 0) => (Style::Dim, "the call ended well, and brought no page".into()),
        (Some(Cause::Sent), _) => (Style::Good, Cause::Sent.sentence_when_receiving()),
        (Some(cause), _) => (Style::Bad, fax.sentence.clone().unwrap_or_else(|| cause.sentence_when_receiving())),
    };
    vec![
        fax.id.to_string().into(),
        moment.show_full(fax.opened_ms).into(),
        from.into(),
        to.into(),
        fax.sub_address.clone().unwrap_or_default().into(),
        fax.pages.to_string().into(),
        fax.mailboxes.join(", ").into(),
        Cell::styled(look, outcome),
    ]
}

/// A received fax for programs. Names are stable; what is unknown is null.
fn for_program(fax: &Received) -> Value {
    json!({
        "id": fax.id.0,
        "called": fax.called,
        "caller": fax.caller,
        "caller_name": fax.caller_name,
        "caller_withheld": fax.caller_withheld,
        "trunk": fax.trunk,
        "remote_id": fax.remote_id,
        "job": fax.job.map(|job| job.0),
        "sub_address": fax.sub_address,
        "mailboxes": fax.mailboxes,
        "pages": fax.pages,
        "spool_file": fax.spool_file,
        "opened": for_programs(fax.opened_ms),
        "closed": fax.closed_ms.map(for_programs),
        "cause": fax.cause.as_ref().map(Cause::word),
        "sentence": fax.sentence,
        "record": fax.record.as_ref().and_then(|record| serde_json::from_str::<Value>(record).ok()),
    })
}
