//! A call as a ladder: we at the left, the far end at the right, time downwards, T.30 beside SIP.
//!
//! ```text
//!     4.311  us ──── INVITE ───────────────────▶ far   T.38 version 0, 14400 bit/s, redundancy
//!     8.020  us ◀═══ DIS ═══════════════════════ far   up to 14400 bit/s V.17, error correction, MMR/MR/MH
//! ```
//! Signalling is drawn with single lines, the fax with double ones, sound with dots.

use std::time::Duration;

use super::dissect::Trace;
use super::step::{Layer, Side, Step, What};

/// A ladder, row by row.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Ladder {
    /// The rows.
    pub rows: Vec<Row>,
}

/// One row, in the pieces that are coloured differently.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Row {
    /// Seconds from the beginning: `   4.311`.
    pub time: String,
    /// The rung with its name.
    pub rung: String,
    /// What it says, with how long it lasted.
    pub detail: String,
    /// How to look at it.
    pub what: What,
    /// Where it happened.
    pub layer: Layer,
}

/// Characters between the two ends.
const RUNG: usize = 34;
/// A moment is shorter than this.
const MOMENT: Duration = Duration::from_millis(300);
/// Steps of one kind in a row that are drawn as one.
const FOLDED_FROM: usize = 4;

/// Draws a call.
#[must_use]
pub fn ladder(trace: &Trace) -> Ladder {
    let mut rows = Vec::new();
    let mut rest = &trace.steps[..];
    while let Some(first) = rest.first() {
        let alike = rest.iter().take_while(|step| is_alike(step, first)).count();
        if alike >= FOLDED_FROM {
            rows.push(row(first, &format!("{} times; {}", alike, first.detail)));
            rest = &rest[alike..];
        } else {
            rows.push(row(first, &first.detail));
            rest = &rest[1..];
        }
    }
    Ladder { rows }
}

/// Whether two steps in a row can be drawn as one with a count.
fn is_alike(step: &Step, first: &Step) -> bool {
    (step.side, step.layer, step.what) == (first.side, first.layer, first.what)
        && step.name == first.name
        && step.detail == first.detail
}

fn row(step: &Step, detail: &str) -> Row {
    let lasted = if step.lasted >= MOMENT { format!("{:.1} s", step.lasted.as_secs_f64()) } else { String::new() };
    let again = if step.what == What::Again { "again" } else { "" };
    let pieces = [again, detail, &lasted];
    let detail = pieces.into_iter().filter(|piece| !piece.is_empty()).collect::<Vec<_>>().join(", ");
    Row { time: format!("{:8.3}", step.at.as_secs_f64()), rung: rung(step), detail, what: step.what, layer: step.layer }
}

fn rung(step: &Step) -> String {
    let line = match step.layer {
        Layer::Sip => '─',
        Layer::Fax => '═',
        Layer::Audio => '┄',
    };
    let name: String = step.name.chars().take(RUNG - 8).collect();
    let lead: String = std::iter::repeat_n(line, 3).collect();
    let used = 3 + 2 + name.chars().count();
    let trail: String = std::iter::repeat_n(line, RUNG.saturating_sub(used + 1)).collect();
    match step.side {
        Side::Near => format!("us {line}{lead} {name} {trail}▶ far"),
        Side::Far => format!("us ◀{lead} {name} {trail}{line} far"),
    }
}
