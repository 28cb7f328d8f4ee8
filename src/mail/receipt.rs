//! The receipt: an ordinary mail that tells the sender how the fax ended. Never claims more than the outcome proves.
//!
//! An ordinary mail and not a delivery report by default, because Exchange shows its own words for reports and drops
//! pictures from them. It answers the original, so it stands in the same thread. RFC 3834 (automatic answers).

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::time::Duration;

use jiff::Zoned;

use super::compose::{Attachment, Content, Letter, PICTURE_ID};
use super::header::{Mailbox, for_people, span_for_people};
use super::html::{Page, Table, Tone, facts_as_text};
use crate::model::{Cause, JobId, Number, Outcome, Resolution};

mod advice;
pub(super) mod fetch;
mod rows;

pub use rows::Labels;
use rows::rows;

/// The most attempts a receipt lists; of more, the newest.
pub const MAX_ATTEMPTS_LISTED: usize = 30;
/// The most notes a receipt carries.
pub const MAX_NOTES: usize = 20;

/// The mail that asked for the fax, as far as the answer needs it. All as it stands there; empty when missing.
#[derive(Clone, Copy, Default, Debug)]
pub struct Original<'a> {
    /// Message-ID.
    pub message_id: &'a str,
    /// References.
    pub references: &'a str,
    /// Subject, decoded.
    pub subject: &'a str,
}

/// One attempt.
#[derive(Clone, Debug)]
pub struct AttemptFacts {
    /// When it began.
    pub at: Zoned,
    /// How it ended.
    pub outcome: Outcome,
    /// How long the call was, from the answer on; nothing when it was not answered.
    pub duration: Option<Duration>,
}

/// All that a receipt tells.
#[derive(Clone, Debug)]
pub struct ReceiptFacts<'a> {
    /// The mail that asked for the fax.
    pub original: Original<'a>,
    /// Who the receipt is from.
    pub from: &'a Mailbox,
    /// Who gets it: the sender of the envelope.
    pub to: &'a Mailbox,
    /// The number dialled.
    pub number: &'a Number,
    /// The recipient as the sender wrote it.
    pub original_address: &'a str,
    /// What else the sender wrote into it.
    pub labels: Labels<'a>,
    /// Of a document that was to be fetched: who gets it. Nothing for a fax that was to be sent.
    pub fetched_for: Option<&'a [String]>,
    /// How the fax ended, all attempts together: pages confirmed in earlier attempts count.
    pub outcome: &'a Outcome,
    /// The attempts, oldest first.
    pub attempts: &'a [AttemptFacts],
    /// When it will be tried again; only for a fax that is late, not ended.
    pub next_try: Option<&'a Zoned>,
    /// When the mail was taken.
    pub accepted: &'a Zoned,
    /// When the call began that ended the fax.
    pub started: Option<&'a Zoned>,
    /// How long that call was.
    pub duration: Option<Duration>,
    /// What the receiving machine calls itself (CSI).
    pub remote_id: Option<&'a str>,
    /// Maker and model of the receiving machine, if it told.
    pub remote_machine: Option<&'a str>,
    /// Speed of the last page, bit/s.
    pub speed: Option<u32>,
    /// Whether errors were corrected.
    pub ecm: Option<bool>,
    /// The resolutions of the pages sent, in the order in which they are told; none when no page was sent.
    pub resolutions: &'a BTreeSet<Resolution>,
    /// What became no page, or was changed: a sentence each.
    pub notes: &'a [String],
    /// The first page as a small PNG, at most a few kB; about 300 picture elements wide.
    pub thumbnail: Option<&'a [u8]>,
    /// All pages as sent.
    pub attachment: Option<Attachment<'a>>,
    /// The job.
    pub job: JobId,
    /// The name of this server.
    pub hostname: &'a str,
    /// Now.
    pub date: &'a Zoned,
}

/// What may be said about a fax.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Verdict {
    /// Every page was confirmed.
    Sent,
    /// Every page but the last was confirmed, and the last was sent.
    LastUnconfirmed,
    /// Not yet; it will be tried again.
    Delayed,
    /// Withdrawn by a person.
    Cancelled,
    /// It failed.
    Failed,
}

impl Verdict {
    /// What an outcome proves. A cause that says more than the confirmed pages do is not believed.
    #[must_use]
    pub fn of(outcome: &Outcome, tried_again: bool) -> Self {
        let Outcome { pages_confirmed, pages_total, cause } = outcome;
        if *cause == Cause::Sent && *pages_total > 0 && pages_confirmed == pages_total {
            return Self::Sent;
        }
        if *cause == Cause::LastConfirmationLost && pages_confirmed.checked_add(1) == Some(*pages_total) {
            return Self::LastUnconfirmed;
        }
        if tried_again {
            return Self::Delayed;
        }
        if *cause == Cause::Cancelled { Self::Cancelled } else { Self::Failed }
    }

    const fn tone(self) -> Tone {
        match self {
            Self::Sent => Tone::Good,
            Self::LastUnconfirmed | Self::Delayed => Tone::Unsure,
            Self::Cancelled => Tone::Plain,
            Self::Failed => Tone::Bad,
        }
    }

    const fn title(self, outcome: &Outcome) -> &'static str {
        match self {
            Self::Sent => "Fax sent",
            Self::LastUnconfirmed => "Fax sent, last page not confirmed",
            Self::Delayed => "Fax not sent yet",
            Self::Cancelled => "Fax cancelled",
            Self::Failed if outcome.pages_confirmed > 0 => "Fax sent only in part",
            Self::Failed => "Fax NOT sent",
        }
    }
}

/// Writes the receipt.
#[must_use]
pub fn receipt(facts: &ReceiptFacts<'_>, chance: &mut impl FnMut() -> u64) -> Vec<u8> {
    let verdict = Verdict::of(facts.outcome, facts.next_try.is_some());
    let letter = Letter {
        from: facts.from,
        to: std::slice::from_ref(facts.to),
        subject: subject(verdict, facts),
        date: facts.date,
        hostname: facts.hostname,
        in_reply_to: facts.original.message_id,
        references: facts.original.references,
        auto_submitted: "auto-replied",
        fields: fields(facts),
    };
    let content = content(verdict, facts);
    letter.write(content, chance)
}

/// What programs read: those that keep the books, above all.
fn fields(facts: &ReceiptFacts<'_>) -> Vec<(&'static str, String)> {
    let mut fields =
        vec![("X-Faxramp-Job", facts.job.to_string()), ("X-Faxramp-Outcome", outcome_field(facts.outcome))];
    let labels = [("X-Faxramp-Billing", facts.labels.billing), ("X-Faxramp-Tag", facts.labels.tag)];
    fields.extend(labels.into_iter().filter_map(|(name, label)| Some((name, label?.to_owned()))));
    fields
}

/// `busy; 0/3`: for programs.
pub(super) fn outcome_field(outcome: &Outcome) -> String {
    format!("{}; {}/{}", outcome.cause.word(), outcome.pages_confirmed, outcome.pages_total)
}

fn subject(verdict: Verdict, facts: &ReceiptFacts<'_>) -> String {
    let number = facts.number;
    if facts.fetched_for.is_some() {
        return fetch::subject(verdict, number, facts.outcome);
    }
    let Outcome { pages_confirmed, pages_total, cause } = facts.outcome;
    match verdict {
        Verdict::Sent => format!("Fax sent: {number} ({})", pages(*pages_total)),
        Verdict::LastUnconfirmed => format!("Fax sent, last page not confirmed: {number} ({})", pages(*pages_total)),
        Verdict::Delayed => format!("Fax not sent yet: {number} ({})", cause.sentence()),
        Verdict::Cancelled => format!("Fax cancelled: {number}"),
        Verdict::Failed if *pages_confirmed > 0 => {
            format!("Fax FAILED: {number} ({pages_confirmed} of {} confirmed)", pages(*pages_total))
        }
        Verdict::Failed => format!("Fax FAILED: {number} ({})", failure(cause)),
    }
}

/// `1 page`, `3 pages`.
pub(super) fn pages(count: u32) -> String {
    if count == 1 { "1 page".into() } else { format!("{count} pages") }
}

/// Of a fax, or a fetch, that never came to a call.
pub(super) const NEVER_CALLED: &str = "The number was never called.";

/// The cause of a failure as words. A cause that means success proves nothing here: see [`Verdict::of`].
fn failure(cause: &Cause) -> String {
    if matches!(cause, Cause::Sent | Cause::LastConfirmationLost) {
        "not all pages were confirmed".into()
    } else {
        super::header::clean(&cause.sentence())
    }
}

/// What happened, in a paragraph or two. `was_called`: at least one call was tried.
pub(super) fn summary(verdict: Verdict, outcome: &Outcome, was_called: bool) -> Vec<String> {
    let Outcome { pages_confirmed, pages_total, cause } = outcome;
    let total = pages(*pages_total);
    match verdict {
        Verdict::Sent if *pages_total == 1 => vec!["The receiving machine confirmed the page.".into()],
        Verdict::Sent => vec![format!("The receiving machine confirmed all {total}.")],
        Verdict::LastUnconfirmed => {
            let first = match *pages_confirmed {
                0 => "The page was sent, but the receiving machine's confirmation did not arrive.".into(),
                1 => format!(
                    "All {total} were sent. The receiving machine confirmed the first; its confirmation of the last \
                              page did not arrive."
                ),
                count => format!(
                    "All {total} were sent. The receiving machine confirmed the first {count}; its confirmation \
                                  of the last page did not arrive."
                ),
            };
            vec![
                first,
                "Most likely the fax was received. It was not sent again, because that could make a second copy."
                    .into(),
            ]
        }
        Verdict::Delayed => {
            vec![format!("The fax could not be sent yet: {}.", failure(cause)), confirmed(outcome, was_called)]
        }
        Verdict::Cancelled => vec!["The fax was cancelled by a person.".into(), confirmed(outcome, was_called)],
        Verdict::Failed if *pages_confirmed > 0 => {
            vec![format!("The fax was not sent completely: {}.", failure(cause)), confirmed(outcome, was_called)]
        }
        Verdict::Failed => vec![format!("The fax was not sent: {}.", failure(cause)), confirmed(outcome, was_called)],
    }
}

fn confirmed(outcome: &Outcome, was_called: bool) -> String {
    match (outcome.pages_confirmed, outcome.pages_total) {
        (0, _) if !was_called => NEVER_CALLED.into(),
        (0, _) => "The receiving machine confirmed no page.".into(),
        (1, total) => format!("The receiving machine confirmed the first of {}.", pages(total)),
        (count, total) => format!("The receiving machine confirmed the first {count} of {}.", pages(total)),
    }
}

fn content<'a>(verdict: Verdict, facts: &ReceiptFacts<'a>) -> Content<'a> {
    let was_called = !facts.attempts.is_empty();
    let (title, paragraphs) = match facts.fetched_for {
        None => (verdict.title(facts.outcome), summary(verdict, facts.outcome, was_called)),
        Some(mailboxes) => {
            (fetch::title(verdict, facts.outcome), fetch::summary(verdict, facts.outcome, mailboxes, was_called))
        }
    };
    let note = note(verdict, facts);
    let rows = rows(verdict, facts);
    let attempts = attempts(verdict, facts);
    let heading = match facts.attempts.len() {
        many if many > MAX_ATTEMPTS_LISTED => format!("The last {MAX_ATTEMPTS_LISTED} of {many} attempts"),
        _ => "What was tried".into(),
    };
    let subtitle = match verdict {
        Verdict::Sent | Verdict::LastUnconfirmed => format!("{} · {}", facts.number, pages(facts.outcome.pages_total)),
        Verdict::Delayed | Verdict::Cancelled | Verdict::Failed => facts.number.to_string(),
    };
    let footer = format!("Fax job {} on {}. This message was written by a program.", facts.job, facts.hostname);
    let html = Page {
        tone: verdict.tone(),
        title,
        subtitle: &subtitle,
        paragraphs: &paragraphs,
        note: note.as_ref().map(|(heading, text)| (*heading, text.as_str())),
        facts: &rows,
        picture: facts.thumbnail.map(|_| PICTURE_ID),
        table: (!attempts.is_empty()).then_some(Table {
            heading: &heading,
            heads: &["When", "What happened", "Duration"],
            rows: &attempts,
        }),
        footer: &footer,
    }
    .write();

    let mut text = format!("{title}: {subtitle}\n\n{}\n", paragraphs.join("\n"));
    if let Some((heading, note)) = &note {
        let _ = write!(text, "\n{heading}\n{note}\n");
    }
    let _ = write!(text, "\n{}", facts_as_text(&rows));
    if !attempts.is_empty() {
        let _ = write!(text, "\n{heading}:\n");
        for attempt in &attempts {
            let _ = writeln!(
                text,
                "  {}",
                attempt.iter().filter(|cell| !cell.is_empty()).cloned().collect::<Vec<_>>().join(" - ")
            );
        }
    }
    let _ = write!(text, "\n-- \n{footer}\n");
    Content { text, html, picture: facts.thumbnail, attachments: facts.attachment.into_iter().collect() }
}

fn note(verdict: Verdict, facts: &ReceiptFacts<'_>) -> Option<(&'static str, String)> {
    match verdict {
        Verdict::Sent | Verdict::Cancelled => None,
        Verdict::LastUnconfirmed | Verdict::Failed if facts.fetched_for.is_some() => {
            Some(("What to do next", fetch::next_step(&facts.outcome.cause).into()))
        }
        Verdict::LastUnconfirmed => Some((
            "What to do next",
            "If the last page matters, ask the recipient whether it arrived before sending it again.".into(),
        )),
        Verdict::Delayed => {
            facts.next_try.map(|next| ("Next try", format!("{}. You need do nothing.", for_people(next))))
        }
        Verdict::Failed => Some(("What to do next", advice::next_step(facts.outcome))),
    }
}

/// The rows of the table of attempts; a fax that went through at once needs none.
fn attempts(verdict: Verdict, facts: &ReceiptFacts<'_>) -> Vec<Vec<String>> {
    if verdict == Verdict::Sent && facts.attempts.len() < 2 {
        return Vec::new();
    }
    let skipped = facts.attempts.len().saturating_sub(MAX_ATTEMPTS_LISTED);
    facts.attempts[skipped..]
        .iter()
        .map(|attempt| {
            let outcome = &attempt.outcome;
            let told = attempt_told(outcome, facts.fetched_for.is_some());
            let duration = attempt.duration.map_or_else(String::new, span_for_people);
            vec![for_people(&attempt.at), told, duration]
        })
        .collect()
}

fn attempt_told(outcome: &Outcome, is_fetch: bool) -> String {
    let sentence = if is_fetch { outcome.cause.sentence_when_receiving() } else { outcome.cause.sentence() };
    let mut told = capitalised(&super::header::clean(&sentence));
    if outcome.pages_confirmed > 0 && outcome.cause != Cause::Sent {
        let _ = match is_fetch {
            false => write!(told, " ({} of {} confirmed)", outcome.pages_confirmed, pages(outcome.pages_total)),
            true => write!(told, " ({} came)", pages(outcome.pages_confirmed)),
        };
    }
    told
}

fn capitalised(sentence: &str) -> String {
    let mut characters = sentence.chars();
    characters.next().map_or_else(String::new, |first| first.to_uppercase().chain(characters).collect())
}

#[cfg(test)]
mod tests;
