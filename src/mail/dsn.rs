//! A delivery status notification: the report for programs, written when the sender's mail server asked for one.
//!
//! One recipient a report always: Exchange keeps only the recipients of the gravest action of a report. The original's
//! headers go back, never its document. RFC 3461, RFC 3464, RFC 6522, RFC 6533.

use std::fmt::Write as _;

use jiff::Zoned;
use mail_builder::headers::content_type::ContentType;
use mail_builder::mime::{BodyPart, MimePart};

use super::compose::{Letter, multipart, text_type, with_crlf};
use super::header::{Mailbox, clean, date, for_people};
use super::receipt::{Original, Verdict, fetch, outcome_field, summary};
use crate::model::{JobId, Number, Outcome};

/// More of the original's headers than this is not sent back, octets.
pub const MAX_RETURNED_HEADERS: usize = 64 * 1024;

/// All that the report tells.
#[derive(Clone, Debug)]
pub struct DsnFacts<'a> {
    /// The mail reported on.
    pub original: Original<'a>,
    /// The mail's header section as it came, or the whole mail: what is behind the first empty line is left out.
    pub original_headers: &'a [u8],
    /// Who the report is from.
    pub from: &'a Mailbox,
    /// The sender of the envelope; the report itself goes out with an empty one.
    pub to: &'a Mailbox,
    /// ENVID of MAIL, decoded.
    pub envelope_id: Option<&'a str>,
    /// ORCPT of RCPT, decoded, with its type: `rfc822;+39…@fax.example.com`.
    pub original_recipient: Option<&'a str>,
    /// The recipient of the envelope.
    pub final_recipient: &'a str,
    /// The number dialled; nothing when it never came to that.
    pub number: Option<&'a Number>,
    /// Of a document that was to be fetched: who gets it. Nothing for a fax that was to be sent.
    pub fetched_for: Option<&'a [String]>,
    /// How the fax ended, or stands.
    pub outcome: &'a Outcome,
    /// When it will be tried again, for a fax that is late.
    pub next_try: Option<&'a Zoned>,
    /// When it will be given up, for a fax that is late.
    pub retry_until: Option<&'a Zoned>,
    /// When the mail came.
    pub arrival: &'a Zoned,
    /// When the last call was made.
    pub last_attempt: Option<&'a Zoned>,
    /// What the receiving machine calls itself.
    pub remote_id: Option<&'a str>,
    /// The job.
    pub job: JobId,
    /// The name of this server.
    pub hostname: &'a str,
    /// Now.
    pub date: &'a Zoned,
}

/// Writes the report.
#[must_use]
pub fn dsn(facts: &DsnFacts<'_>, chance: &mut impl FnMut() -> u64) -> Vec<u8> {
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
        fields: vec![("X-Faxramp-Job", facts.job.to_string()), ("X-Faxramp-Outcome", outcome_field(facts.outcome))],
    };
    let was_called = facts.last_attempt.is_some();
    let happened = match facts.fetched_for {
        None => summary(verdict, facts.outcome, was_called),
        Some(mailboxes) => fetch::summary(verdict, facts.outcome, mailboxes, was_called),
    };
    let mut text = happened.join("\n");
    let _ = write!(text, "\n\nRecipient: {}\n", clean(facts.final_recipient));
    if let Some(number) = facts.number {
        let _ = writeln!(text, "Number:    {number}");
    }
    if let Some(next) = facts.next_try {
        let _ = writeln!(text, "Next try:  {}", for_people(next));
    }
    let _ = write!(text, "\n-- \nFax job {} on {}.\n", facts.job, facts.hostname);

    let status = status_part(verdict, facts);
    let international = !status.is_ascii();
    // RFC 6533 §3: a report with addresses beyond ASCII is of a type of its own.
    let (media_type, encoding) = match international {
        false => ("message/delivery-status", "7bit"),
        true => ("message/global-delivery-status", "8bit"),
    };
    let status = MimePart::new(ContentType::new(media_type), BodyPart::Binary(status.into_bytes().into()))
        .transfer_encoding(encoding);
    let parts = vec![
        MimePart::new(text_type("text/plain"), with_crlf(&text)),
        status,
        MimePart::new(text_type("text/rfc822-headers"), returned_headers(facts.original_headers)),
    ];
    // RFC 6522 §3
    let body = multipart("multipart/report", parts, &[("report-type", "delivery-status")], chance);
    letter.write_body(body, chance)
}

fn subject(verdict: Verdict, facts: &DsnFacts<'_>) -> String {
    let state = match verdict {
        Verdict::Sent => "Delivered",
        Verdict::LastUnconfirmed => "Sent, last page not confirmed",
        Verdict::Delayed => "Delayed",
        Verdict::Cancelled => "Cancelled",
        Verdict::Failed => "Undeliverable",
    };
    format!("{state}: {}", clean(facts.original.subject))
}

// RFC 3464 §2.3.3
const fn action(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Sent => "delivered",
        // Handed over, but the far end took no duty for it: "delivered" would claim a confirmation that never came.
        Verdict::LastUnconfirmed => "relayed",
        Verdict::Delayed => "delayed",
        Verdict::Cancelled | Verdict::Failed => "failed",
    }
}

/// The enhanced status code. A passing trouble that ended the fax for good is a lasting one, and the other way round.
// RFC 3463 §3, RFC 3464 §2.3.4
fn status(verdict: Verdict, outcome: &Outcome) -> String {
    let code = outcome.cause.enhanced_code();
    let detail = code.get(1..).unwrap_or(".0.0");
    match verdict {
        Verdict::Sent | Verdict::LastUnconfirmed => code.to_owned(),
        // A cause of success that was not believed says nothing of the trouble.
        Verdict::Delayed | Verdict::Cancelled | Verdict::Failed if code.starts_with('2') => "5.4.0".into(),
        Verdict::Delayed => format!("4{detail}"),
        Verdict::Cancelled | Verdict::Failed => format!("5{detail}"),
    }
}

/// The fields for the message and, behind an empty line, those for the one recipient.
fn status_part(verdict: Verdict, facts: &DsnFacts<'_>) -> String {
    let mut out = String::new();
    field(&mut out, "Reporting-MTA", &format!("dns; {}", facts.hostname));
    if let Some(envelope_id) = facts.envelope_id {
        field(&mut out, "Original-Envelope-Id", envelope_id);
    }
    field(&mut out, "Arrival-Date", &date(facts.arrival));
    out.push_str("\r\n");
    if let Some(recipient) = facts.original_recipient {
        field(&mut out, "Original-Recipient", recipient);
    }
    let address_type = if facts.final_recipient.is_ascii() { "rfc822" } else { "utf-8" };
    field(&mut out, "Final-Recipient", &format!("{address_type}; {}", facts.final_recipient));
    field(&mut out, "Action", action(verdict));
    field(&mut out, "Status", &status(verdict, facts.outcome));
    if let Some(number) = facts.number {
        field(&mut out, "Remote-MTA", &format!("x-fax; {number}"));
    }
    let sentence = match facts.fetched_for {
        None => facts.outcome.cause.sentence(),
        Some(_) => facts.outcome.cause.sentence_when_receiving(),
    };
    let told = ascii(&format!("x-t30; {}: {sentence}", facts.outcome.cause.word()));
    field(&mut out, "Diagnostic-Code", &told);
    if let Some(at) = facts.last_attempt {
        field(&mut out, "Last-Attempt-Date", &date(at));
    }
    if let Some(until) = facts.retry_until.filter(|_| verdict == Verdict::Delayed) {
        field(&mut out, "Will-Retry-Until", &date(until));
    }
    let Outcome { pages_confirmed, pages_total, .. } = facts.outcome;
    let mut supplement = match facts.fetched_for {
        None => format!("{pages_confirmed} of {pages_total} pages confirmed"),
        Some(_) => format!("{pages_confirmed} pages received"),
    };
    if let Some(name) = facts.remote_id.map(clean).filter(|name| !name.is_empty()) {
        let _ = write!(supplement, ", answered as {name}");
    }
    // MS-OXCMAIL §2.2.3.7.1: what Exchange shows beside the recipient.
    field(&mut out, "X-Supplementary-Info", &ascii(&supplement));
    out
}

fn field(out: &mut String, name: &str, value: &str) {
    let _ = write!(out, "{name}: {}\r\n", clean(value));
}

/// Only an address may bring a report beyond ASCII; words of ours and of far machines may not.
fn ascii(text: &str) -> String {
    text.chars().map(|character| if character.is_ascii() { character } else { '?' }).collect()
}

/// The header section, with sound line ends and no control characters.
fn returned_headers(original: &[u8]) -> String {
    let bounded = original.get(..MAX_RETURNED_HEADERS).unwrap_or(original);
    let text = String::from_utf8_lossy(bounded);
    let section: Vec<&str> = text.lines().take_while(|line| !line.is_empty()).collect();
    with_crlf(&section.join("\n"))
}

#[cfg(test)]
mod tests;
