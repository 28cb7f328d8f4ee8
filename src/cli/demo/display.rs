//! What is shown of calls under way: events in, lines out. Knows no terminal and no clock.
//!
//! On a terminal [`Display::lines`] is drawn over and over, a line a call. Elsewhere [`Display::handle`] gives a line for each step
//! that a person would tell (rings, answered, page 2, over), not for each frame.

use std::time::Duration;

use serde_json::{Value, json};

use crate::call::{FaxProgress, Progress};
use crate::cli::console::{Line, Style};
use crate::cli::moments::span;
use crate::model::{Cause, Outcome, Phase};
use crate::stage::live::{Event, Subject};

/// Characters of the bar of frames.
const BAR: u64 = 16;
/// Characters of the phase, before the details.
const WORDS: usize = 24;
/// Calls that are shown at once; of more, the newest.
const MAX_ROWS: usize = 24;

/// The calls seen so far, in the order they began.
#[derive(Debug, Default)]
pub(super) struct Display {
    rows: Vec<Row>,
}

#[derive(Debug)]
struct Row {
    subject: Subject,
    number: String,
    pages_total: u32,
    began: Duration,
    state: State,
}

#[derive(Debug)]
enum State {
    Began,
    Under(Progress),
    Over { outcome: Outcome, lasted: Duration },
}

impl Display {
    /// Takes what happened, `at` so long after the start. Gives a line when it is a step worth telling.
    pub(super) fn handle(&mut self, event: &Event, at: Duration) -> Option<Line> {
        match event {
            Event::Began(subject, view) => {
                if self.rows.len() >= MAX_ROWS {
                    self.rows.remove(0);
                }
                self.rows.push(Row {
                    subject: *subject,
                    number: view.number.clone(),
                    pages_total: view.pages_total,
                    began: at,
                    state: State::Began,
                });
                self.rows.last().map(|row| row.step(at))
            }
            Event::Progress(subject, progress) => {
                let row = self.rows.iter_mut().rev().find(|row| row.subject == *subject)?;
                let before = row.words();
                row.state = State::Under(progress.clone());
                (row.words() != before).then(|| row.step(at))
            }
            Event::Ended(subject, outcome) => {
                let row = self.rows.iter_mut().rev().find(|row| row.subject == *subject)?;
                let lasted = at.saturating_sub(row.began);
                row.state = State::Over { outcome: outcome.clone(), lasted };
                Some(row.step(at))
            }
        }
    }

    /// All calls, a line each.
    pub(super) fn lines(&self, at: Duration) -> Vec<Line> {
        self.rows.iter().map(|row| row.line(at)).collect()
    }

    /// Whether no call is on the line.
    #[cfg(test)]
    fn is_quiet(&self) -> bool {
        self.rows.iter().all(|row| matches!(row.state, State::Over { .. }))
    }
}

impl Row {
    /// `→` for a call of ours, `←` for one that comes in.
    fn direction(&self) -> &'static str {
        match self.subject {
            Subject::Sending(_) => "→",
            Subject::Receiving(_) => "←",
        }
    }

    fn look(&self) -> Style {
        match &self.state {
            State::Began | State::Under(_) => Style::Notable,
            State::Over { outcome, .. } if outcome.cause == Cause::Sent => Style::Good,
            State::Over { .. } => Style::Bad,
        }
    }

    /// The phase, and the page with it.
    fn words(&self) -> String {
        let sending = matches!(self.subject, Subject::Sending(_));
        match &self.state {
            State::Began if sending => "dials".into(),
            State::Began => "comes in".into(),
            State::Under(Progress::Ringing) => "rings".into(),
            State::Under(Progress::Answered) => "answered".into(),
            State::Under(Progress::Switched) => "T.38 agreed on".into(),
            State::Under(Progress::Fax(fax)) => self.fax_words(fax, sending),
            State::Over { outcome, .. } if outcome.cause == Cause::Sent => {
                let pages = if outcome.pages_confirmed == 1 { "page" } else { "pages" };
                let done = if sending { "confirmed" } else { "received" };
                format!("{} {pages} {done}", outcome.pages_confirmed)
            }
            State::Over { outcome, .. } => {
                format!(
                    "{} of {} confirmed, {}",
                    outcome.pages_confirmed,
                    outcome.pages_total,
                    outcome.cause.sentence()
                )
            }
        }
    }

    fn fax_words(&self, fax: &FaxProgress, sending: bool) -> String {
        let total = if self.pages_total == 0 { String::new() } else { format!("/{}", self.pages_total) };
        let page = format!("{}{total}", fax.page + 1);
        match (fax.phase, sending) {
            (Phase::A, true) => "calling tone".into(),
            (Phase::A, false) => "answering tone".into(),
            (Phase::B, _) => "agrees on speed".into(),
            (Phase::C, true) => format!("sends page {page}"),
            (Phase::C, false) => format!("takes page {page}"),
            (Phase::D, true) => format!("page {page} to be confirmed"),
            (Phase::D, false) => format!("judges page {page}"),
            (Phase::E, _) => "says farewell".into(),
        }
    }

    /// Speed and error correction, where they are known.
    fn details(&self) -> String {
        let State::Under(Progress::Fax(fax)) = &self.state else { return String::new() };
        let mut out = String::new();
        if let Some(modulation) = fax.modulation {
            out = format!("{} {} bit/s", modulation.family(), modulation.bits_per_second());
        }
        if let Some(block) = fax.block
            && matches!(fax.phase, Phase::C | Phase::D)
            && fax.frames_total > 0
        {
            let (arrived, total) = (fax.frames_acknowledged, fax.frames_total);
            // Until the far end has asked for some of them again, nothing is known of any.
            let known =
                if arrived == 0 { String::new() } else { format!(", {} {arrived} arrived", bar(arrived, total)) };
            out = format!("{out}  ECM block {} of {total} frames{known}", block + 1);
        }
        out
    }

    fn line(&self, at: Duration) -> Line {
        let time = match &self.state {
            State::Began | State::Under(_) => span(at.saturating_sub(self.began)),
            State::Over { lasted, .. } => span(*lasted),
        };
        Line::new()
            .and(Style::Plain, format!("  {} {:15} ", self.direction(), self.number))
            .and(Style::Dim, format!("{time:>8}  "))
            .and(self.look(), self.words())
            .and(Style::Plain, self.beside())
    }

    fn step(&self, at: Duration) -> Line {
        Line::new()
            .and(Style::Dim, format!("{:>10}  ", span(at)))
            .and(Style::Plain, format!("{} {:15} ", self.direction(), self.number))
            .and(self.look(), self.words())
            .and(Style::Plain, self.beside())
    }

    /// The details in their column.
    fn beside(&self) -> String {
        let details = self.details();
        if details.is_empty() {
            return details;
        }
        let blanks = WORDS.saturating_sub(self.words().chars().count()) + 1;
        format!("{}{details}", " ".repeat(blanks))
    }
}

/// Frames that have arrived, of all: `█████░░░`.
fn bar(done: u32, total: u32) -> String {
    let full = u64::from(done.min(total)) * BAR / u64::from(total.max(1));
    let count = |number: u64| usize::try_from(number).unwrap_or(0);
    format!("{}{}", "█".repeat(count(full)), "░".repeat(count(BAR - full)))
}

/// An event for programs.
pub(super) fn for_programs(event: &Event, at: Duration) -> Value {
    let (subject, mut value) = match event {
        Event::Began(subject, view) => {
            (subject, json!({"event": "call-began", "number": view.number, "pages_total": view.pages_total}))
        }
        Event::Progress(subject, progress) => (subject, of_progress(progress)),
        Event::Ended(subject, outcome) => (
            subject,
            json!({
                "event": "call-ended",
                "pages_confirmed": outcome.pages_confirmed,
                "pages_total": outcome.pages_total,
                "cause": outcome.cause.word(),
                "sentence": outcome.cause.sentence(),
            }),
        ),
    };
    value["milliseconds"] = u64::try_from(at.as_millis()).unwrap_or(u64::MAX).into();
    match subject {
        Subject::Sending(job) => value["job"] = job.0.into(),
        Subject::Receiving(received) => value["received"] = received.0.into(),
    }
    value
}

fn of_progress(progress: &Progress) -> Value {
    match progress {
        Progress::Ringing => json!({"event": "ringing"}),
        Progress::Answered => json!({"event": "answered"}),
        Progress::Switched => json!({"event": "t38"}),
        Progress::Fax(fax) => json!({
            "event": "fax",
            "phase": format!("{:?}", fax.phase),
            "page": fax.page + 1,
            "modem": fax.modulation.map(|modulation| modulation.family()),
            "rate": fax.modulation.map(|modulation| modulation.bits_per_second()),
            "block": fax.block.map(|block| block + 1),
            "frames_acknowledged": fax.frames_acknowledged,
            "frames_total": fax.frames_total,
            "remote_id": fax.remote_id,
        }),
    }
}

#[cfg(test)]
mod tests;
