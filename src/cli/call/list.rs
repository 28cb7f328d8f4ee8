//! `faxramp call list`.

use serde_json::Value;

use super::super::console::{Console, Style};
use super::super::exit::{Ended, Exit};
use super::super::moments::{Moment, between, span};
use super::super::table::{Cell, Table};
use super::{Known, for_programs};
use crate::model::{CallId, Cause};
use crate::queue::Store;

pub(super) fn run(
    store: &Store,
    failed: bool,
    limit: u32,
    json: bool,
    moment: &Moment,
    console: &mut Console,
) -> Ended {
    let mut calls = Known::newest(store, limit)?;
    calls.retain(|call| !failed || call.failed());
    calls.truncate(limit as usize);
    if json {
        console.say_json(&Value::Array(calls.iter().map(for_programs).collect()));
        return Ok(Exit::Ok);
    }
    if calls.is_empty() {
        console.say(if failed { "No call failed." } else { "There was no call." });
        return Ok(Exit::Ok);
    }
    let mut table = Table::new(&["CALL", "PLACED", "LASTED", "WAY", "NUMBER", "TRUNK", "PAGES", "OUTCOME"], &[0, 2, 6]);
    for call in &calls {
        table.push(row(call, moment));
    }
    for line in table.lines(console.columns()) {
        console.say(line);
    }
    console.complain(Style::Dim, "faxramp call show CALL tells what happened in one.");
    Ok(Exit::Ok)
}

fn row(call: &Known, moment: &Moment) -> Vec<Cell> {
    let (way, number) = match call.id {
        CallId::Out(_) => ("out", call.called.clone()),
        CallId::In(_) => ("in", call.caller.clone().unwrap_or_else(|| "unknown".into())),
    };
    let lasted = call.closed_ms.map_or_else(|| "…".to_owned(), |closed| span(between(call.opened_ms, closed)));
    let look = match &call.cause {
        Some(Cause::Sent) => Style::Good,
        Some(_) => Style::Bad,
        None => Style::Notable,
    };
    vec![
        call.id.to_string().into(),
        moment.show_full(call.opened_ms).into(),
        lasted.into(),
        way.into(),
        number.into(),
        call.trunk.clone().unwrap_or_default().into(),
        call.pages.to_string().into(),
        Cell::styled(look, call.outcome()),
    ]
}
