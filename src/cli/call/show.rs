//! `faxramp call show`: why a call ended as it did.

use std::path::Path;

use serde_json::json;

use super::super::console::{Console, Line, Style};
use super::super::exit::{Ended, Exit, Failure};
use super::super::moments::{Moment, between, span};
use super::super::queue;
use super::{Known, for_programs, rungs};
use crate::app::traces_directory;
use crate::clock;
use crate::config::{Captures, Config};
use crate::model::{CallId, Cause};
use crate::spool::Traces;
use crate::trace::{self, Loss, Trace, advice, pcap};

/// Characters before a value.
const LABEL: usize = 12;

pub(super) fn run(
    id: CallId,
    copy: Option<&Path>,
    json: bool,
    config: &Config,
    moment: &Moment,
    console: &mut Console,
) -> Ended {
    let call = Known::find(&queue::open(config)?, id)?;
    let traces = Traces::at(&traces_directory(config));
    let capture = traces.read(call.call).map_err(|error| {
        Failure::new(Exit::Unavailable, error.to_string())
            .advising("run this as the user the server runs as, or as root")
    })?;
    if let Some(path) = copy {
        write_copy(capture.as_deref(), path, config)?;
    }
    let trace = capture.as_deref().map(|octets| read(octets, id)).transpose()?.flatten();
    let findings = trace.as_ref().map(|trace| &trace.findings);
    let advice = call.cause.as_ref().map_or_else(Vec::new, |cause| advice(cause, findings, audio_losses(&call)));
    if json {
        let mut value = for_programs(&call);
        value["advice"] = advice.into();
        value["capture"] = capture.is_some().then(|| traces.path(call.call).display().to_string()).into();
        value["others"] = call.others.iter().map(|(job, id)| json!({ "job": job.0, "id": id.to_string() })).collect();
        value["ladder"] = trace.as_ref().map(rungs::for_programs).into();
        console.say_json(&value);
        return Ok(Exit::Ok);
    }
    print(&call, &advice, moment, console);
    match &trace {
        Some(trace) => {
            fact("call-id", &trace.call_id, console);
            fact("capture", &traces.path(call.call).display().to_string(), console);
            console.say("");
            rungs::print(trace, console);
        }
        None => fact("capture", &why_none(&call, config), console),
    }
    Ok(Exit::Ok)
}

/// The call in a capture of ours.
fn read(octets: &[u8], id: CallId) -> Result<Option<Trace>, Failure> {
    let capture = pcap::read(octets)
        .map_err(|error| Failure::new(Exit::Data, format!("the capture of call {id} is damaged: {error}")))?;
    let first_is_ours = matches!(id, CallId::Out(_));
    Ok(trace::dissect(&capture.packets, first_is_ours, clock::now()).into_iter().next())
}

fn write_copy(capture: Option<&[u8]>, path: &Path, config: &Config) -> Result<(), Failure> {
    let octets = capture.ok_or_else(|| {
        Failure::new(Exit::Failed, "no capture of this call was kept").advising(setting(config.trace.calls))
    })?;
    std::fs::write(path, octets)
        .map_err(|error| Failure::new(Exit::Failed, format!("{} cannot be written: {error}", path.display())))
}

/// Why there is no ladder.
fn why_none(call: &Known, config: &Config) -> String {
    if call.closed_ms.is_none() {
        return "is being written; look again when the call is over".into();
    }
    format!("none was kept; {}", setting(config.trace.calls))
}

const fn setting(captures: Captures) -> &'static str {
    match captures {
        Captures::None => "set trace.calls to \"failed\" or \"all\" to have captures of the next calls",
        Captures::Failed => "set trace.calls to \"all\" to have captures of calls that end well, too",
        Captures::All => "it may be older than trace.keep_for, or made room for others (trace.max_total)",
    }
}

fn print(call: &Known, advice: &[String], moment: &Moment, console: &mut Console) {
    let title = match call.id {
        CallId::Out(id) => format!("Call {id} to {}  ", call.called),
        CallId::In(_) => {
            format!("Call {} from {} to {}  ", call.id, call.caller.as_deref().unwrap_or("unknown"), call.called)
        }
    };
    let (look, state) = match &call.cause {
        None => (Style::Notable, "on the line"),
        Some(Cause::Sent) => (Style::Good, "ended well"),
        Some(_) => (Style::Bad, "failed"),
    };
    console.say(Line::new().and(Style::Bold, title).and(look, state));
    let lasted =
        call.closed_ms.map_or_else(String::new, |closed| format!(", lasted {}", span(between(call.opened_ms, closed))));
    fact("placed", &format!("{}{lasted}", moment.show_full(call.opened_ms)), console);
    fact("trunk", call.trunk.as_deref().unwrap_or_default(), console);
    fact("for", &call.purpose, console);
    fact("and for", &call.others_for_people(), console);
    fact("outcome", &call.outcome(), console);
    for (index, sentence) in advice.iter().enumerate() {
        fact(if index == 0 { "what to do" } else { "" }, sentence, console);
    }
    fact("machine", &machine(call), console);
    fact("carried by", &carrier(call), console);
}

/// What the far machine told of itself, and how fast it went.
fn machine(call: &Known) -> String {
    let Some(record) = &call.record else { return String::new() };
    let told = [record["remote_id"].as_str(), record["remote_machine"]["name"].as_str()];
    let mut words: Vec<String> = told.into_iter().flatten().map(str::to_owned).collect();
    if let (Some(rate), Some(modem)) = (record["rate"].as_u64(), record["modem"].as_str()) {
        words.push(format!("{rate} bit/s {modem}"));
    }
    words.join(", ")
}

/// What became of the packets of audio, ours and the far end's.
fn audio_losses(call: &Known) -> [Loss; 2] {
    let Some(record) = &call.record else { return [Loss::default(); 2] };
    let count = |name: &str| record["audio"][name].as_u64().unwrap_or(0);
    // The far end says how many it missed, which is fewer than none where some came twice.
    let (sent, missed) = (count("sent"), count("missed_there"));
    let near = Loss { arrived: sent.saturating_sub(missed), rebuilt: 0, lost: missed };
    [near, Loss { arrived: count("received"), rebuilt: 0, lost: count("lost") }]
}

/// What carried the fax, and what the network did to it.
fn carrier(call: &Known) -> String {
    let Some(record) = &call.record else { return String::new() };
    let Some(carrier) = record["carrier"].as_str() else { return String::new() };
    let mut words = vec![carrier.to_owned()];
    let audio = &record["audio"];
    if let Some(codec) = audio["codec"].as_str() {
        words[0].push_str(&format!(" ({codec})"));
        let count = |name: &str| audio[name].as_u64().unwrap_or(0);
        words.push(format!("{} packets, {} lost, {} late", count("received"), count("lost"), count("late")));
        if let Some(missed) = audio["missed_there"].as_i64() {
            words.push(format!("{} of our {} missed there", missed.max(0), count("sent")));
        }
        words.extend(audio["round_trip_ms"].as_f64().map(|time| format!("{time:.0} ms there and back")));
        words.extend(audio["srtp"].as_str().map(|suite| format!("encrypted ({suite})")));
        words.extend(audio["jitter_ms"].as_f64().map(|jitter| format!("jitter {jitter:.0} ms")));
        words.extend(audio["signal_to_noise_db"].as_f64().map(|noise| format!("{noise:.0} dB of signal over noise")));
    }
    // At the end of a fax it is what is to be expected.
    if let Some(reason) = audio["goodbye"].as_str().filter(|_| call.failed()) {
        let because = if reason.is_empty() { String::new() } else { format!(" ({reason})") };
        words.push(format!("the far end said that its audio was over{because}"));
    }
    if record["t38"] == "refused" {
        words.push("T.38 was refused".into());
    }
    words.join(", ")
}

fn fact(label: &str, value: &str, console: &mut Console) {
    if !value.is_empty() {
        console.say(Line::new().and(Style::Dim, format!("  {label:LABEL$}")).and(Style::Plain, value));
    }
}
