//! A ladder on the terminal, and as JSON.

use serde_json::{Value, json};

use super::super::console::{Console, Line, Style};
use crate::trace::{Layer, Loss, Side, Step, Trace, What, ladder};

/// Draws the steps of a call, a line each.
pub(super) fn print(trace: &Trace, console: &mut Console) {
    for row in ladder(trace).rows {
        let look = match (row.what, row.layer) {
            (What::Fault, _) => Style::Bad,
            (What::Again, _) => Style::Notable,
            (What::Ordinary, Layer::Fax) => Style::Bold,
            (What::Ordinary, Layer::Sip) => Style::Plain,
            (What::Ordinary, Layer::Audio) => Style::Dim,
        };
        let line = Line::new().and(Style::Dim, row.time).and(look, format!("  {}", row.rung));
        let detail = if row.detail.is_empty() { String::new() } else { format!("  {}", row.detail) };
        console.say(line.and(Style::Plain, detail));
    }
}

/// A call for programs. Names are stable.
pub(super) fn for_programs(trace: &Trace) -> Value {
    let findings = &trace.findings;
    let [near_audio, far_audio] = findings.audio.map(loss);
    let [near_fax, far_fax] = findings.fax.map(loss);
    json!({
        "call_id": trace.call_id,
        "began_unix": trace.began.as_secs_f64(),
        "answered": findings.answered,
        "refused": findings.refused,
        "t38": {
            "asked_by": findings.t38_asked_by.map(side),
            "agreed": findings.t38_agreed,
            "refused": findings.t38_refused,
        },
        "packets": {
            "audio": { "near": near_audio, "far": far_audio },
            "t38": { "near": near_fax, "far": far_fax },
        },
        "steps": trace.steps.iter().map(step).collect::<Vec<_>>(),
    })
}

fn step(step: &Step) -> Value {
    json!({
        "at": step.at.as_secs_f64(),
        "lasted": step.lasted.as_secs_f64(),
        "side": side(step.side),
        "layer": step.layer.word(),
        "kind": step.what.word(),
        "name": step.name,
        "detail": step.detail,
    })
}

fn loss(loss: Loss) -> Value {
    json!({ "arrived": loss.arrived, "rebuilt": loss.rebuilt, "lost": loss.lost })
}

const fn side(side: Side) -> &'static str {
    match side {
        Side::Near => "near",
        Side::Far => "far",
    }
}
