//! The facts of a receipt, a row each.

use super::{MAX_NOTES, ReceiptFacts, Verdict};
use crate::mail::header::{clean, for_people, span_for_people};
use crate::model::{Outcome, Resolution};

/// What the sender wrote into the address for the books and for whoever reads the receipt.
#[derive(Clone, Copy, Default, Debug)]
pub struct Labels<'a> {
    /// For whom the fax is.
    pub attention: Option<&'a str>,
    /// The company of whom it is for.
    pub organization: Option<&'a str>,
    /// Who sends it.
    pub from: Option<&'a str>,
    /// For the books.
    pub billing: Option<&'a str>,
    /// What stood behind `number+`.
    pub tag: Option<&'a str>,
}

/// The rows of the table of facts, name and value.
pub(super) fn rows(verdict: Verdict, facts: &ReceiptFacts<'_>) -> Vec<(&'static str, String)> {
    let is_fetch = facts.fetched_for.is_some();
    let mut rows = vec![(if is_fetch { "Fetched from" } else { "To" }, facts.number.to_string())];
    if facts.original_address != facts.number.as_str() && !facts.original_address.is_empty() {
        rows.push(("Addressed as", clean(facts.original_address)));
    }
    let Labels { attention, organization, from, billing, tag } = facts.labels;
    let labels =
        [("For", attention), ("Company", organization), ("Sent for", from), ("Billing code", billing), ("Tag", tag)];
    let told = labels.into_iter().filter_map(|(name, label)| Some((name, clean(label?))));
    rows.extend(told.filter(|(_, label)| !label.is_empty()));
    if let Some(name) = facts.remote_id.map(clean).filter(|name| !name.is_empty()) {
        rows.push(("Answered as", name));
    }
    if let Some(machine) = facts.remote_machine.map(clean).filter(|machine| !machine.is_empty()) {
        rows.push(("Remote machine", machine));
    }
    if !facts.original.subject.is_empty() {
        rows.push(("Subject", clean(facts.original.subject)));
    }
    if facts.outcome.pages_total > 0 {
        let Outcome { pages_confirmed, pages_total, .. } = facts.outcome;
        rows.push(match facts.fetched_for {
            None => ("Pages confirmed", format!("{pages_confirmed} of {pages_total}")),
            Some(_) => ("Pages received", pages_confirmed.to_string()),
        });
    }
    if let Some(started) = facts.started {
        rows.push((if verdict == Verdict::Sent && !is_fetch { "Sent" } else { "Last call" }, for_people(started)));
    }
    if let Some(duration) = facts.duration {
        rows.push(("Duration", span_for_people(duration)));
    }
    if let Some(speed) = facts.speed {
        let correction = match facts.ecm {
            Some(true) => ", with error correction",
            Some(false) => ", without error correction",
            None => "",
        };
        rows.push(("Speed", format!("{speed} bit/s{correction}")));
    }
    if !facts.resolutions.is_empty() {
        let words = |resolution: &Resolution| {
            let (across, down) = (resolution.dots_per_inch(), resolution.lines_per_inch());
            format!("{} ({across} × {down} per inch)", resolution.name())
        };
        rows.push(("Resolution", facts.resolutions.iter().map(words).collect::<Vec<_>>().join(", ")));
    }
    rows.push(("Mail received", for_people(facts.accepted)));
    for note in facts.notes.iter().take(MAX_NOTES) {
        rows.push(("Note", clean(note)));
    }
    if let Some(more) = facts.notes.len().checked_sub(MAX_NOTES).filter(|more| *more > 0) {
        rows.push(("Note", format!("and {more} more")));
    }
    rows
}
