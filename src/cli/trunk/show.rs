//! Listing trunks and showing one.

use serde_json::{Value, json};

use crate::cli::console::{Console, Line, Style};
use crate::cli::exit::{Ended, Exit};
use crate::cli::moments::{Moment, for_programs};
use crate::cli::queue;
use crate::cli::table::{Cell, Table};
use crate::config::{Config, Trunk};
use crate::policy::Standing;
use crate::queue::{Store, TrunkCalls, TrunkFailure, TrunkRow};

/// Failures of one trunk that are shown.
const FAILURES_SHOWN: u32 = 10;
/// The word of the outcome of a fax that went through.
const SENT: &str = "sent";

/// All that is known of one trunk.
struct Known<'c> {
    trunk: &'c Trunk,
    row: Option<TrunkRow>,
    calls: TrunkCalls,
    failures: Vec<TrunkFailure>,
}

fn known<'c>(trunk: &'c Trunk, store: &Store, moment: &Moment) -> Result<Known<'c>, crate::queue::QueueError> {
    let midnight =
        moment.zoned(moment.now_ms).start_of_day().map_or(moment.now_ms, |day| day.timestamp().as_millisecond());
    let row = store.trunks()?.into_iter().find(|row| row.name == trunk.name);
    let calls = store.trunk_calls(midnight)?.into_iter().find(|calls| calls.trunk == trunk.name);
    let failures = store.trunk_failures(&trunk.name, FAILURES_SHOWN)?;
    Ok(Known { trunk, row, calls: calls.unwrap_or_default(), failures })
}

impl Known<'_> {
    /// How it stands at this moment: a rest that is over, or a registration that lapsed, is so without anybody writing it.
    fn standing(&self, now_ms: i64) -> Option<Standing> {
        let report = &self.row.as_ref()?.report;
        Some(match &report.standing {
            Standing::Resting { until_ms, .. } if *until_ms <= now_ms => Standing::Up,
            Standing::Up
                if report.registers && report.registered_until_ms.is_none_or(|until_ms| until_ms <= now_ms) =>
            {
                Standing::Unregistered { reason: "the registration was not renewed; does the server run?".into() }
            }
            standing @ (Standing::Up
            | Standing::Down { .. }
            | Standing::Resting { .. }
            | Standing::Unregistered { .. }) => standing.clone(),
        })
    }

    fn words(&self, moment: &Moment) -> (Style, String) {
        match self.standing(moment.now_ms) {
            None => (Style::Dim, "not seen yet".into()),
            Some(Standing::Up) => (Style::Good, "up".into()),
            Some(Standing::Down { .. }) => (Style::Bad, "down".into()),
            Some(Standing::Unregistered { .. }) => (Style::Bad, "unregistered".into()),
            Some(Standing::Resting { until_ms, .. }) => {
                (Style::Notable, format!("resting until {}", moment.show(until_ms)))
            }
        }
    }

    fn registration(&self, moment: &Moment) -> String {
        let Some(report) = self.row.as_ref().map(|row| &row.report).filter(|report| report.registers) else {
            return if self.trunk.register { "not seen yet".into() } else { "none needed".into() };
        };
        match report.registered_until_ms.filter(|until_ms| *until_ms > moment.now_ms) {
            Some(until_ms) => format!("until {}", moment.show(until_ms)),
            None => "no".into(),
        }
    }

    fn for_program(&self, moment: &Moment) -> Value {
        let standing = self.standing(moment.now_ms);
        let report = self.row.as_ref().map(|row| &row.report);
        let at = |moment: Option<i64>| moment.map(for_programs);
        let noted =
            |noted: Option<&(String, i64)>| noted.map(|(text, at)| json!({ "text": text, "at": for_programs(*at) }));
        let counted = |counts: &[(String, u32)]| -> Value {
            counts
                .iter()
                .map(|(cause, number)| (cause.clone(), json!(number)))
                .collect::<serde_json::Map<_, _>>()
                .into()
        };
        json!({
            "name": self.trunk.name,
            "proxy": self.trunk.proxy.to_string(),
            "order": self.trunk.order,
            "weight": self.trunk.weight,
            "channels": self.trunk.channels,
            "calls_now": self.calls.open,
            "standing": standing.as_ref().map(Standing::word),
            "reason": standing.as_ref().and_then(Standing::reason),
            "since": at(report.map(|report| report.since_ms)),
            "until": at(standing.as_ref().and_then(|standing| match standing {
                Standing::Resting { until_ms, .. } => Some(*until_ms),
                Standing::Up | Standing::Down { .. } | Standing::Unregistered { .. } => None,
            })),
            "answers_options": report.and_then(|report| report.answers),
            "registers": self.trunk.register,
            "registered_until": at(report.and_then(|report| report.registered_until_ms)),
            "registration_trouble": noted(report.and_then(|report| report.registration_trouble.as_ref())),
            "last_trouble": noted(report.and_then(|report| report.last_trouble.as_ref())),
            "seen_at": self.row.as_ref().and_then(|row| row.seen_at.clone()),
            "today": { "outgoing": counted(&self.calls.outgoing), "incoming": counted(&self.calls.incoming) },
            "failures": self.failures.iter().map(|failure| json!({
                "at": for_programs(failure.closed_ms),
                "job": failure.job.0,
                "cause": failure.cause,
                "sentence": failure.sentence,
            })).collect::<Vec<_>>(),
            "written": at(self.row.as_ref().map(|row| row.written_ms)),
        })
    }
}

pub(super) fn list(as_json: bool, config: &Config, moment: &Moment, console: &mut Console) -> Ended {
    let store = queue::open(config)?;
    let all = config.trunk.iter().map(|trunk| known(trunk, &store, moment)).collect::<Result<Vec<_>, _>>();
    let all = all.map_err(|error| queue::failure(&error))?;
    if as_json {
        console.say_json(&Value::Array(all.iter().map(|known| known.for_program(moment)).collect()));
        return Ok(Exit::Ok);
    }
    if all.is_empty() {
        console.say("The configuration has no [[trunk]].");
        return Ok(Exit::Ok);
    }
    let heading = ["NAME", "STATE", "SINCE", "CALLS", "TODAY", "SENT", "REGISTERED", "WHY"];
    let mut table = Table::new(&heading, &[3, 4, 5]);
    for known in &all {
        let (style, state) = known.words(moment);
        let count = |counts: &[(String, u32)]| counts.iter().map(|(_, number)| *number).sum::<u32>();
        let sent = known.calls.outgoing.iter().find(|(cause, _)| cause == SENT).map_or(0, |(_, number)| *number);
        let reason = known.standing(moment.now_ms).and_then(|standing| standing.reason().map(str::to_owned));
        let since = known.row.as_ref().map(|row| moment.show(row.report.since_ms));
        table.push(vec![
            known.trunk.name.clone().into(),
            Cell::styled(style, state),
            since.unwrap_or_default().into(),
            format!("{}/{}", known.calls.open, known.trunk.channels).into(),
            (count(&known.calls.outgoing) + count(&known.calls.incoming)).to_string().into(),
            sent.to_string().into(),
            known.registration(moment).into(),
            reason.unwrap_or_default().into(),
        ]);
    }
    for line in table.lines(console.columns()) {
        console.say(line);
    }
    Ok(Exit::Ok)
}

pub(super) fn one(trunk: &Trunk, as_json: bool, config: &Config, moment: &Moment, console: &mut Console) -> Ended {
    let store = queue::open(config)?;
    let known = known(trunk, &store, moment).map_err(|error| queue::failure(&error))?;
    if as_json {
        console.say_json(&known.for_program(moment));
        return Ok(Exit::Ok);
    }
    let (style, state) = known.words(moment);
    console.say(Line::new().and(Style::Bold, format!("{}  ", trunk.name)).and(style, state));
    for (title, text) in facts(&known, moment) {
        console.say(Line::new().and(Style::Dim, format!("  {title:<14}")).and(Style::Plain, text));
    }
    if !known.failures.is_empty() {
        console.say("Calls that it could not place, newest first:");
        for failure in &known.failures {
            let when = moment.show(failure.closed_ms);
            let line = Line::new().and(Style::Dim, format!("  {when}  fax {}  ", failure.job.0));
            console.say(line.and(Style::Plain, &failure.sentence));
        }
    }
    Ok(Exit::Ok)
}

fn facts(known: &Known<'_>, moment: &Moment) -> Vec<(&'static str, String)> {
    let trunk = known.trunk;
    let mut facts = Vec::new();
    if let Some(standing) = known.standing(moment.now_ms)
        && let Some(reason) = standing.reason()
    {
        facts.push(("why", reason.to_owned()));
    }
    let report = known.row.as_ref().map(|row| &row.report);
    if let Some(report) = report {
        facts.push(("since", moment.show_full(report.since_ms)));
    }
    facts.push(("proxy", trunk.proxy.to_string()));
    let answers = match report.and_then(|report| report.answers) {
        Some(true) => "answered",
        Some(false) => "not answered",
        None if trunk.options_interval.is_zero() => "not asked (options_interval is 0 s)",
        None => "not known yet",
    };
    facts.push(("OPTIONS", answers.to_owned()));
    facts.push(("registration", known.registration(moment)));
    if let Some((text, at)) = report.and_then(|report| report.registration_trouble.as_ref()) {
        facts.push(("", format!("{} {text}", moment.show(*at))));
    }
    if let Some(seen) = known.row.as_ref().and_then(|row| row.seen_at.as_ref()) {
        facts.push(("seen at", format!("{seen}; a NAT is between us and the registrar")));
    }
    facts.push(("channels", format!("{} of {} in use", known.calls.open, trunk.channels)));
    for (title, counts) in [("calls today", &known.calls.outgoing), ("came today", &known.calls.incoming)] {
        let counts: Vec<String> = counts.iter().map(|(cause, number)| format!("{number} {cause}")).collect();
        facts.push((title, if counts.is_empty() { "none".into() } else { counts.join(", ") }));
    }
    if let Some((text, at)) = report.and_then(|report| report.last_trouble.as_ref()) {
        facts.push(("last trouble", format!("{} {text}", moment.show(*at))));
    }
    facts
}
