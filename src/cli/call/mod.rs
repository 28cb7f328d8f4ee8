//! `faxramp call`: the calls there were, and what happened in one of them.

mod list;
mod rungs;
mod show;

use std::path::Path;

use serde_json::{Value, json};

use super::Source;
use super::arguments::Call as Command;
use super::console::Console;
use super::exit::{Ended, Exit, Failure};
use super::moments::Moment;
use super::queue;
use crate::clock;
use crate::model::{AttemptId, CallId, Cause, JobId};
use crate::queue::{PlacedCall, QueueError, Store};
use crate::trace::{self, pcap};

pub(super) fn run(command: Command, source: &Source, moment: &Moment, console: &mut Console) -> Ended {
    match command {
        Command::List { failed, limit, json } => {
            let store = queue::open(&source.load(console)?)?;
            list::run(&store, failed, limit, json, moment, console)
        }
        Command::Show { id, capture, json } => {
            let config = source.load(console)?;
            show::run(id, capture.as_deref(), json, &config, moment, console)
        }
        Command::Read { file, json } => read(&file, json, moment, console),
    }
}

/// One call of the queue, whichever way it went.
#[derive(Clone, Debug)]
struct Known {
    id: CallId,
    /// The call it was part of, under which its capture is kept: that of the fax for which it was placed.
    call: CallId,
    /// Other faxes of the same call, with their attempts.
    others: Vec<(JobId, AttemptId)>,
    /// The number called, and the caller's where it was shown.
    called: String,
    caller: Option<String>,
    trunk: Option<String>,
    opened_ms: i64,
    closed_ms: Option<i64>,
    pages: u32,
    cause: Option<Cause>,
    sentence: Option<String>,
    record: Option<Value>,
    /// What it was made for: `fax 12, from page 1`.
    purpose: String,
}

impl Known {
    fn find(store: &Store, id: CallId) -> Result<Self, Failure> {
        let found = match id {
            CallId::Out(attempt) => store.placed_call(attempt).and_then(|call| Self::with_others(store, call)),
            CallId::In(received) => store.received(received).map(Self::from),
        };
        found.map_err(|error| queue::failure(&error).advising("faxramp call list tells which there are"))
    }

    fn with_others(store: &Store, call: PlacedCall) -> Result<Self, QueueError> {
        let (own, whole) = (call.attempt.id, store.attempts_of_call(call.attempt.call)?);
        let others = whole.iter().filter(|attempt| attempt.id != own).map(|attempt| (attempt.job, attempt.id));
        Ok(Self { others: others.collect(), ..Self::from(call) })
    }

    /// The other faxes of the call, for people.
    fn others_for_people(&self) -> String {
        let other = |(job, attempt): &(JobId, AttemptId)| format!("fax {job} (call {attempt})");
        self.others.iter().map(other).collect::<Vec<_>>().join(", ")
    }

    fn newest(store: &Store, limit: u32) -> Result<Vec<Self>, Failure> {
        let failure = |error| queue::failure(&error);
        let placed = store.placed_calls(limit).map_err(failure)?.into_iter().map(Self::from);
        let received = store.list_received(None, limit).map_err(failure)?;
        // A fetched document is a reception within a call of ours.
        let received = received.into_iter().filter(|fax| fax.job.is_none()).map(Self::from);
        let mut calls: Vec<Self> = placed.chain(received).collect();
        calls.sort_by_key(|call| std::cmp::Reverse(call.opened_ms));
        Ok(calls)
    }

    fn failed(&self) -> bool {
        self.cause.as_ref().is_some_and(|cause| *cause != Cause::Sent)
    }

    fn outcome(&self) -> String {
        match (&self.sentence, &self.cause, self.closed_ms) {
            (Some(sentence), ..) => sentence.clone(),
            (None, Some(cause), _) => cause.sentence(),
            (None, None, None) => "on the line".into(),
            (None, None, Some(_)) => String::new(),
        }
    }
}

impl From<PlacedCall> for Known {
    fn from(call: PlacedCall) -> Self {
        let PlacedCall { attempt, number } = call;
        Self {
            id: CallId::Out(attempt.id),
            call: CallId::Out(attempt.call),
            others: Vec::new(),
            called: number.to_string(),
            caller: None,
            trunk: Some(attempt.trunk),
            opened_ms: attempt.opened_ms,
            closed_ms: attempt.closed_ms,
            pages: attempt.pages_confirmed,
            cause: attempt.cause,
            sentence: attempt.sentence,
            record: record(attempt.record),
            purpose: format!("fax {}, from page {}", attempt.job, attempt.first_page),
        }
    }
}

impl From<crate::queue::Received> for Known {
    fn from(fax: crate::queue::Received) -> Self {
        Self {
            id: CallId::In(fax.id),
            call: CallId::In(fax.id),
            others: Vec::new(),
            called: fax.called,
            caller: fax.caller,
            trunk: fax.trunk,
            opened_ms: fax.opened_ms,
            closed_ms: fax.closed_ms,
            pages: fax.pages,
            cause: fax.cause,
            sentence: fax.sentence,
            record: record(fax.record),
            purpose: format!("received, mailed to {}", fax.mailboxes.join(", ")),
        }
    }
}

fn record(text: Option<String>) -> Option<Value> {
    text.and_then(|text| serde_json::from_str(&text).ok())
}

/// Draws a capture that somebody else made.
fn read(file: &Path, json: bool, moment: &Moment, console: &mut Console) -> Ended {
    let octets = std::fs::read(file).map_err(|error| {
        Failure::new(Exit::Data, format!("{} cannot be read: {error}", file.display()))
            .advising("name a capture file, as tcpdump -w writes it")
    })?;
    let capture = pcap::read(&octets).map_err(|error| Failure::new(Exit::Data, error.to_string()))?;
    let calls = trace::dissect(&capture.packets, true, clock::now());
    if json {
        console.say_json(&calls.iter().map(rungs::for_programs).collect());
        return Ok(Exit::Ok);
    }
    if calls.is_empty() {
        let sentence =
            format!("no call begins in this capture of {} UDP datagrams and SIP messages", capture.packets.len());
        let advice = "capture from before the INVITE on, with SIP and media: tcpdump -i any -w FILE udp or port 5060; \
                      SIP over TLS cannot be read";
        return Err(Failure::new(Exit::Data, sentence).advising(advice));
    }
    for (index, call) in calls.iter().enumerate() {
        if index > 0 {
            console.say("");
        }
        let began = i64::try_from(call.began.as_millis()).unwrap_or(i64::MAX);
        console.say(format!("Call-ID {}, {}", call.call_id, moment.show_full(began)));
        rungs::print(call, console);
    }
    Ok(Exit::Ok)
}

/// What a program is told of a call in the queue.
fn for_programs(call: &Known) -> Value {
    json!({
        "id": call.id.to_string(),
        "call": call.call.to_string(),
        "direction": match call.id { CallId::Out(_) => "out", CallId::In(_) => "in" },
        "called": call.called,
        "caller": call.caller,
        "trunk": call.trunk,
        "opened": super::moments::for_programs(call.opened_ms),
        "closed": call.closed_ms.map(super::moments::for_programs),
        "pages_confirmed": call.pages,
        "cause": call.cause.as_ref().map(Cause::word),
        "sentence": call.sentence,
        "record": call.record,
    })
}
