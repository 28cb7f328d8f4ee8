//! The mail that brings a received fax or a fetched document: the pages as PDF or TIFF, the first of them as a picture, and how it
//! came.

use std::fmt::Write as _;
use std::time::Duration;

use jiff::Zoned;

use super::compose::{Attachment, Content, Letter, PICTURE_ID};
use super::header::{Mailbox, clean, for_people, span_for_people};
use super::html::{Page, Tone, facts_as_text};
use super::receipt::{MAX_NOTES, Original, pages};
use crate::model::{JobId, ReceivedId};

/// What a mail about a fetched document tells beside.
#[derive(Clone, Copy, Debug)]
pub struct Fetched<'a> {
    /// The fetch.
    pub job: JobId,
    /// The mail that asked for it.
    pub original: Original<'a>,
    /// The selective address that was asked for.
    pub selective: Option<&'a str>,
}

/// All that the mail tells.
#[derive(Clone, Debug)]
pub struct ReceivedFacts<'a> {
    /// Who the mail is from.
    pub from: &'a Mailbox,
    /// Who gets it.
    pub to: &'a [Mailbox],
    /// The number called.
    pub called: &'a str,
    /// The number calling; nothing when it is not known.
    pub caller: Option<&'a str>,
    /// The name the network shows with it.
    pub caller_name: Option<&'a str>,
    /// Whether the caller does not want either to be shown.
    pub caller_withheld: bool,
    /// Of a document that we fetched; then `called` is the number it was fetched from.
    pub fetched: Option<Fetched<'a>>,
    /// The sub-address (SUB) the sender named.
    pub sub_address: Option<&'a str>,
    /// What the sending machine calls itself (TSI).
    pub remote_id: Option<&'a str>,
    /// Maker and model of the sending machine, if it told.
    pub remote_machine: Option<&'a str>,
    /// Pages received.
    pub pages: u32,
    /// Why the call broke off, as a sentence without a full stop; nothing when the sender ended it well.
    pub broken_off: Option<&'a str>,
    /// When the call came.
    pub at: &'a Zoned,
    /// How long it was.
    pub duration: Duration,
    /// Speed of the last page, bit/s.
    pub speed: Option<u32>,
    /// Whether errors were corrected.
    pub ecm: Option<bool>,
    /// What is wrong with pages: a sentence each.
    pub quality: &'a [String],
    /// All pages as PDF.
    pub pdf: Option<&'a [u8]>,
    /// All pages as TIFF.
    pub tiff: Option<&'a [u8]>,
    /// The first page as a small PNG.
    pub thumbnail: Option<&'a [u8]>,
    /// The row of the fax.
    pub received: ReceivedId,
    /// The name of this server.
    pub hostname: &'a str,
    /// Now.
    pub date: &'a Zoned,
}

/// A mail about a fax that does not bring the fax is never written; the fault is ours.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("a received fax without pages, or without a file of them, is not mailed")]
pub struct NothingAttached;

/// Writes the mail.
///
/// # Errors
/// When there is no page, or neither PDF nor TIFF.
pub fn received(facts: &ReceivedFacts<'_>, chance: &mut impl FnMut() -> u64) -> Result<Vec<u8>, NothingAttached> {
    if facts.pages == 0 || facts.pdf.or(facts.tiff).is_none_or(<[u8]>::is_empty) {
        return Err(NothingAttached);
    }
    let sender = sender(facts);
    let count = pages(facts.pages);
    let incomplete = if facts.broken_off.is_some() { ", INCOMPLETE" } else { "" };
    let what = if facts.fetched.is_some() { "Fax fetched" } else { "Fax" };
    let original = facts.fetched.map(|fetched| fetched.original).unwrap_or_default();
    let mut fields = vec![
        ("X-Faxramp-Received", facts.received.to_string()),
        // RFC 3458 §2.3
        ("Message-Context", "fax-message".into()),
    ];
    fields.extend(facts.fetched.map(|fetched| ("X-Faxramp-Job", fetched.job.to_string())));
    fields.extend(facts.sub_address.map(|sub_address| ("X-Faxramp-Sub-Address", clean(sub_address))));
    let letter = Letter {
        from: facts.from,
        to: facts.to,
        subject: format!("{what} from {sender} ({count}{incomplete})"),
        date: facts.date,
        hostname: facts.hostname,
        in_reply_to: original.message_id,
        references: original.references,
        auto_submitted: if facts.fetched.is_some() { "auto-replied" } else { "auto-generated" },
        fields,
    };
    let number = if facts.fetched.is_some() { facts.called } else { facts.caller.unwrap_or("unknown") };
    let base = format!("fax-{number}-{}", facts.at.strftime("%Y%m%d-%H%M%S"));
    let names = (format!("{base}.pdf"), format!("{base}.tiff"));
    let mut attachments = Vec::new();
    if let Some(octets) = facts.pdf {
        attachments.push(Attachment { name: &names.0, media_type: "application/pdf", octets });
    }
    if let Some(octets) = facts.tiff {
        // RFC 3302 §2
        attachments.push(Attachment { name: &names.1, media_type: "image/tiff", octets });
    }
    let (text, html) = body(facts, &sender, &count);
    Ok(letter.write(Content { text, html, picture: facts.thumbnail, attachments }, chance))
}

/// The number fetched from, or that of the caller; else what its machine says; else that it is unknown.
fn sender(facts: &ReceivedFacts<'_>) -> String {
    if facts.fetched.is_some() {
        return clean(facts.called);
    }
    let named = |text: Option<&str>| text.map(clean).filter(|text| !text.is_empty());
    let nobody = if facts.caller_withheld { "a withheld number" } else { "an unknown number" };
    named(facts.caller).or_else(|| named(facts.remote_id)).unwrap_or_else(|| nobody.into())
}

fn body(facts: &ReceivedFacts<'_>, sender: &str, count: &str) -> (String, String) {
    let (whole, broken, thing) = match facts.fetched {
        None => ("Fax received", "Fax received, INCOMPLETE", "fax"),
        Some(_) => ("Fax fetched", "Fax fetched, INCOMPLETE", "document"),
    };
    let (tone, title, paragraphs) = match facts.broken_off {
        None => (Tone::Plain, whole, vec![format!("The {thing} is attached: {count}.")]),
        Some(reason) => (
            Tone::Unsure,
            broken,
            vec![
                format!("The call broke off after {count}: {}.", clean(reason)),
                "What came until then is attached; more pages may be missing.".into(),
            ],
        ),
    };
    let from = match facts.fetched {
        None => match (facts.caller.map(clean), facts.caller_name.map(clean).filter(|name| !name.is_empty())) {
            (Some(number), Some(name)) => format!("{number} ({name})"),
            (Some(number), None) => number,
            (None, Some(name)) => name,
            (None, None) if facts.caller_withheld => "number withheld".into(),
            (None, None) => "number not known".into(),
        },
        Some(_) => clean(facts.called),
    };
    let mut rows = vec![(if facts.fetched.is_some() { "Fetched from" } else { "From" }, from)];
    if let Some(name) = facts.remote_id.map(clean).filter(|name| !name.is_empty()) {
        rows.push(("Calls itself", name));
    }
    if let Some(machine) = facts.remote_machine.map(clean).filter(|machine| !machine.is_empty()) {
        rows.push(("Remote machine", machine));
    }
    match facts.fetched {
        None => rows.push(("To", clean(facts.called))),
        Some(fetched) => rows.extend(fetched.selective.map(|selective| ("Selective address", clean(selective)))),
    }
    rows.extend(facts.sub_address.map(|sub_address| ("Sub-address", clean(sub_address))));
    rows.push(("Pages", facts.pages.to_string()));
    rows.push(("Received", for_people(facts.at)));
    rows.push(("Duration", span_for_people(facts.duration)));
    if let Some(speed) = facts.speed {
        let correction = match facts.ecm {
            Some(true) => ", with error correction",
            Some(false) => ", without error correction",
            None => "",
        };
        rows.push(("Speed", format!("{speed} bit/s{correction}")));
    }
    for note in facts.quality.iter().take(MAX_NOTES) {
        rows.push(("Quality", clean(note)));
    }
    let subtitle = format!("{sender} · {count}");
    let footer =
        format!("Received fax {} on {}. This message was written by a program.", facts.received, facts.hostname);
    let html = Page {
        tone,
        title,
        subtitle: &subtitle,
        paragraphs: &paragraphs,
        note: None,
        facts: &rows,
        picture: facts.thumbnail.map(|_| PICTURE_ID),
        table: None,
        footer: &footer,
    }
    .write();
    let mut text = format!("{title}: {subtitle}\n\n{}\n\n{}", paragraphs.join("\n"), facts_as_text(&rows));
    let _ = write!(text, "\n-- \n{footer}\n");
    (text, html)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use mail_parser::{MessageParser, MimeHeaders as _};

    use super::{Fetched, NothingAttached, ReceivedFacts, received};
    use crate::mail::header::Mailbox;
    use crate::mail::receipt::Original;
    use crate::model::{JobId, ReceivedId};

    fn write(change: impl FnOnce(&mut ReceivedFacts<'_>)) -> Result<Vec<u8>, NothingAttached> {
        let from = Mailbox::bare("fax-noreply@fax.example.com");
        let to = [Mailbox::bare("reception@example.com"), Mailbox::bare("archive@example.com")];
        let at = jiff::civil::date(2026, 11, 22).at(19, 8, 31, 0).in_tz("UTC").expect("a time");
        let mut facts = ReceivedFacts {
            from: &from,
            to: &to,
            called: "+390612345",
            caller: Some("+4989123456"),
            caller_name: None,
            caller_withheld: false,
            fetched: None,
            sub_address: None,
            remote_id: Some("+49 89 123456"),
            remote_machine: None,
            pages: 3,
            broken_off: None,
            at: &at,
            duration: Duration::from_secs(95),
            speed: Some(14_400),
            ecm: Some(true),
            quality: &[],
            pdf: Some(b"%PDF-1.4"),
            tiff: Some(b"II*\0"),
            thumbnail: None,
            received: ReceivedId(4),
            hostname: "fax.example.com",
            date: &at,
        };
        change(&mut facts);
        let mut next = 0_u64;
        received(&facts, &mut || {
            next += 1;
            next
        })
    }

    #[test]
    fn the_fax_is_attached_in_both_forms_with_a_name_that_tells_caller_and_time() {
        let octets = write(|_| ()).expect("a mail");
        let message = MessageParser::default().parse(&octets).expect("a message");
        assert_eq!(message.subject(), Some("Fax from +4989123456 (3 pages)"));
        let names: Vec<_> = message.attachments().filter_map(|part| part.attachment_name()).collect();
        assert_eq!(names, ["fax-+4989123456-20261122-190831.pdf", "fax-+4989123456-20261122-190831.tiff"]);
        assert_eq!(message.to().expect("to").as_list().expect("two").len(), 2);
    }

    #[test]
    fn a_fax_that_broke_off_says_so_in_subject_and_text() {
        let octets = write(|facts| {
            facts.broken_off = Some("the sending machine hung up in the middle of a page");
            facts.pages = 1;
        })
        .expect("a mail");
        let message = MessageParser::default().parse(&octets).expect("a message");
        assert_eq!(message.subject(), Some("Fax from +4989123456 (1 page, INCOMPLETE)"));
        let text = message.body_text(0).expect("text");
        assert!(
            text.contains("hung up in the middle of a page") && text.contains("more pages may be missing"),
            "{text}"
        );
    }

    #[test]
    fn a_fetched_document_says_from_where_and_answers_the_mail_that_asked() {
        let original = Original { message_id: "ask@company.example", references: "", subject: "price list" };
        let octets = write(|facts| {
            facts.caller = None;
            facts.fetched = Some(Fetched { job: JobId(17), original, selective: Some("77") });
        })
        .expect("a mail");
        let message = MessageParser::default().parse(&octets).expect("a message");
        assert_eq!(message.subject(), Some("Fax fetched from +390612345 (3 pages)"));
        assert_eq!(message.in_reply_to().as_text(), Some("ask@company.example"));
        let text = message.body_text(0).expect("text");
        assert!(text.contains("Fetched from") && text.contains("77") && !text.contains("withheld"), "{text}");
        let names: Vec<_> = message.attachments().filter_map(|part| part.attachment_name()).collect();
        assert_eq!(names[0], "fax-+390612345-20261122-190831.pdf");
    }

    #[test]
    fn the_sub_address_is_told_to_people_and_to_programs() {
        let octets = write(|facts| facts.sub_address = Some("4711\r\nBcc: x")).expect("a mail");
        let message = MessageParser::default().parse(&octets).expect("a message");
        assert_eq!(message.header("X-Faxramp-Sub-Address").and_then(|value| value.as_text()), Some("4711 Bcc: x"));
        assert!(message.header("Bcc").is_none());
        assert!(message.body_text(0).expect("text").contains("4711 Bcc: x"));
    }

    #[test]
    fn a_withheld_number_falls_back_on_what_the_machine_says() {
        for (remote_id, subject) in
            [(Some("ACME"), "Fax from ACME (3 pages)"), (Some(" \0"), "Fax from an unknown number (3 pages)")]
        {
            let octets = write(|facts| {
                facts.caller = None;
                facts.remote_id = remote_id;
            })
            .expect("a mail");
            assert_eq!(MessageParser::default().parse(&octets).expect("a message").subject(), Some(subject));
        }
    }

    #[test]
    fn a_mail_without_the_fax_is_never_written() {
        assert_eq!(write(|facts| facts.pages = 0), Err(NothingAttached));
        assert_eq!(
            write(|facts| {
                facts.pdf = None;
                facts.tiff = Some(b"");
            }),
            Err(NothingAttached)
        );
    }
}
