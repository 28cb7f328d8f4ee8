//! Receipts read back with another hand's parser.

use jiff::Zoned;
use mail_parser::{Message, MessageParser, MimeHeaders as _};

use super::{AttemptFacts, Labels, MAX_ATTEMPTS_LISTED, Original, ReceiptFacts, Verdict, receipt};
use crate::mail::header::Mailbox;
use crate::mail::{Attachment, Letter};
use crate::model::{Cause, JobId, Number, Outcome, Phase, RetryClass};

/// A picture of one white element, by hand. PNG (ISO/IEC 15948) §5
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x01\0\0\0\0\x37\x6e\xf9\x24";

fn at(minute: i8) -> Zoned {
    jiff::civil::date(2026, 11, 22).at(19, minute, 31, 0).in_tz("UTC").expect("a time")
}

fn counter() -> impl FnMut() -> u64 {
    let mut next = 0x1234_5678_9abc_def0_u64;
    move || {
        next = next.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        next
    }
}

fn outcome(pages_confirmed: u32, pages_total: u32, cause: Cause) -> Outcome {
    Outcome { pages_confirmed, pages_total, cause }
}

fn write(outcome: &Outcome, change: impl FnOnce(&mut ReceiptFacts<'_>)) -> Vec<u8> {
    let number = Number::from_stored("+390612345").expect("a number");
    let (from, to) = (
        Mailbox { name: "Fax".into(), address: "fax-noreply@fax.example.com".into() },
        Mailbox::bare("anna@example.com"),
    );
    let (accepted, started, date) = (at(8), at(10), at(12));
    let attempts = [
        AttemptFacts { at: at(9), outcome: Outcome::nothing_sent(outcome.pages_total, Cause::Busy), duration: None },
        AttemptFacts { at: at(10), outcome: outcome.clone(), duration: Some(std::time::Duration::from_secs(102)) },
    ];
    let resolutions = std::collections::BTreeSet::from([crate::model::Resolution::Fine]);
    let mut facts = ReceiptFacts {
        original: Original {
            message_id: "<original@example.com>",
            references: "<first@example.com>",
            subject: "Order 17",
        },
        from: &from,
        to: &to,
        number: &number,
        original_address: "06-12345@fax.example.com",
        labels: Labels::default(),
        fetched_for: None,
        outcome,
        attempts: &attempts,
        next_try: None,
        accepted: &accepted,
        started: Some(&started),
        duration: Some(std::time::Duration::from_secs(102)),
        remote_id: Some("+39 06 12345"),
        remote_machine: Some("Canon iR-ADV"),
        speed: Some(14_400),
        ecm: Some(true),
        resolutions: &resolutions,
        notes: &[],
        thumbnail: Some(PNG),
        attachment: None,
        job: JobId(17),
        hostname: "fax.example.com",
        date: &date,
    };
    change(&mut facts);
    receipt(&facts, &mut counter())
}

fn read(octets: &[u8]) -> Message<'_> {
    MessageParser::default().parse(octets).expect("a message")
}

fn subject(octets: &[u8]) -> String {
    read(octets).subject().expect("a subject").to_owned()
}

#[test]
fn only_a_fully_confirmed_fax_is_called_sent() {
    for cause in Cause::examples() {
        for (confirmed, total) in [(0, 0), (0, 1), (1, 1), (0, 3), (2, 3), (3, 3), (4, 3)] {
            let outcome = outcome(confirmed, total, cause.clone());
            let octets = write(&outcome, |_| ());
            let message = read(&octets);
            let text = message.body_text(0).expect("text").into_owned();
            let says_sent = message.subject().expect("a subject").starts_with("Fax sent: ");
            let proven = cause.retry_class() == RetryClass::Delivered && total > 0 && confirmed == total;
            assert_eq!(says_sent, proven, "{outcome:?}");
            assert_eq!(
                text.contains("confirmed all") || text.contains("confirmed the page."),
                proven,
                "{outcome:?}\n{text}"
            );
        }
    }
}

#[test]
fn a_lost_last_confirmation_is_neither_success_nor_failure() {
    let lost = outcome(2, 3, Cause::LastConfirmationLost);
    let octets = write(&lost, |_| ());
    assert_eq!(subject(&octets), "Fax sent, last page not confirmed: +390612345 (3 pages)");
    let text = read(&octets).body_text(0).expect("text").into_owned();
    assert!(text.contains("confirmed the first 2") && text.contains("was not sent again"), "{text}");
    // With fewer pages confirmed the cause proves less than it says.
    assert_eq!(Verdict::of(&outcome(1, 3, Cause::LastConfirmationLost), false), Verdict::Failed);
    assert_eq!(Verdict::of(&outcome(0, 0, Cause::LastConfirmationLost), false), Verdict::Failed);
}

#[test]
fn a_fax_that_was_never_called_says_so_and_blames_no_machine() {
    for cause in [Cause::CannotRender("the file is broken".into()), Cause::Cancelled, Cause::Expired] {
        let never = outcome(0, 3, cause);
        let octets = write(&never, |facts| facts.attempts = &[]);
        let text = read(&octets).body_text(0).expect("text").into_owned();
        assert!(text.contains("The number was never called."), "{text}");
        assert!(!text.contains("receiving machine"), "{text}");
        let octets = write(&never, |_| ());
        let text = read(&octets).body_text(0).expect("text").into_owned();
        assert!(text.contains("The receiving machine confirmed no page."), "{text}");
    }
}

#[test]
fn a_failure_names_cause_tries_and_next_step() {
    let octets = write(&outcome(2, 5, Cause::Disconnected(Phase::C)), |_| ());
    assert_eq!(subject(&octets), "Fax FAILED: +390612345 (2 of 5 pages confirmed)");
    let message = read(&octets);
    for body in [message.body_text(0).expect("text"), message.body_html(0).expect("html")] {
        assert!(body.contains("hung up in the middle of a page"), "{body}");
        assert!(body.contains("What to do next") && body.contains("Pages 3 to 5 are missing"), "{body}");
        assert!(body.contains("The line was busy") && body.contains("22 Nov 2026, 19:09:31 UTC"), "{body}");
    }
    assert_eq!(subject(&write(&outcome(0, 1, Cause::Busy), |_| ())), "Fax FAILED: +390612345 (the line was busy)");
}

#[test]
fn a_late_fax_is_not_called_failed() {
    let next: &Zoned = Box::leak(Box::new(at(40)));
    let octets = write(&outcome(0, 1, Cause::Busy), |facts| facts.next_try = Some(next));
    assert_eq!(subject(&octets), "Fax not sent yet: +390612345 (the line was busy)");
    assert!(read(&octets).body_text(0).expect("text").contains("19:40:31 UTC. You need do nothing."));
}

#[test]
fn text_says_all_that_html_says() {
    let octets = write(&outcome(3, 3, Cause::Sent), |_| ());
    let message = read(&octets);
    let (text, html) = (message.body_text(0).expect("text"), message.body_html(0).expect("html"));
    for fact in [
        "+39 06 12345",
        "Order 17",
        "3 of 3",
        "14400 bit/s, with error correction",
        "1 min 42 s",
        "06-12345@fax.example.com",
    ] {
        assert!(text.contains(fact) && html.contains(fact), "{fact}");
    }
}

#[test]
fn the_receipt_stands_in_the_thread_and_is_not_answered_by_machines() {
    let octets = write(&outcome(1, 1, Cause::Sent), |_| ());
    let message = read(&octets);
    assert_eq!(message.in_reply_to().as_text(), Some("original@example.com"));
    assert_eq!(message.references().as_text_list().expect("list").join(" "), "first@example.com original@example.com");
    let raw = |name| message.header_raw(name).map(str::trim);
    assert_eq!(raw("Auto-Submitted"), Some("auto-replied"));
    assert_eq!(raw("X-Auto-Response-Suppress"), Some("All"));
    assert_eq!(raw("X-Faxramp-Outcome"), Some("sent; 1/1"));
    assert_eq!(raw("Date"), Some("Sun, 22 Nov 2026 19:12:31 +0000"));
    assert!(message.message_id().expect("an identifier").ends_with("@fax.example.com"));
}

#[test]
fn the_picture_is_shown_by_its_content_id_and_nothing_is_remote() {
    let octets = write(&outcome(1, 1, Cause::Sent), |facts| {
        facts.attachment =
            Some(Attachment { name: "../fax 17.pdf", media_type: "application/pdf", octets: b"%PDF-1.4" });
    });
    let message = read(&octets);
    let html = message.body_html(0).expect("html").into_owned();
    let picture = message.parts.iter().find(|part| part.contents() == PNG).expect("the picture");
    assert!(html.contains(&format!("cid:{}", picture.content_id().expect("a Content-ID"))));
    assert!(!html.contains("http:") && !html.contains("https:") && !html.contains("<script"));
    assert!(
        message
            .parts
            .iter()
            .any(|part| part.contents() == b"%PDF-1.4" && part.attachment_name() == Some("_fax_17.pdf"))
    );
    let kinds: Vec<String> = message
        .parts
        .iter()
        .filter_map(|part| part.content_type())
        .map(|kind| format!("{}/{}", kind.ctype(), kind.subtype().unwrap_or_default()))
        .collect();
    assert_eq!(
        kinds,
        [
            "multipart/mixed",
            "multipart/related",
            "multipart/alternative",
            "text/plain",
            "text/html",
            "image/png",
            "application/pdf"
        ]
    );
}

#[test]
fn hostile_values_start_no_header_and_no_element() {
    let evil = "x\r\nBcc: all@example.com\r\n\r\n<script>alert(1)</script>\u{202e}";
    let octets = write(&outcome(0, 1, Cause::CannotRender(evil.into())), |facts| {
        facts.original = Original { message_id: "<a@b>\r\nBcc: c@d", references: "<e@f\r\nBcc: g@h>", subject: evil };
        facts.remote_id = Some(evil);
        facts.remote_machine = Some(evil);
        facts.original_address = evil;
    });
    let message = read(&octets);
    assert!(message.bcc().is_none());
    assert!(message.in_reply_to().as_text().is_none());
    assert!(!message.body_html(0).expect("html").contains("<script"));
    let raw = String::from_utf8(octets).expect("ASCII on the wire");
    assert!(!raw.lines().any(|line| line.starts_with("Bcc:")), "{raw}");
}

#[test]
fn thousands_of_attempts_stay_a_small_mail() {
    let attempt = AttemptFacts { at: at(9), outcome: outcome(0, 1, Cause::Busy), duration: None };
    let attempts: &[AttemptFacts] = vec![attempt; 5000].leak();
    let notes: &[String] = vec!["a note that is rather long, to fill the mail".repeat(20); 500].leak();
    let octets = write(&outcome(0, 1, Cause::Expired), |facts| {
        facts.attempts = attempts;
        facts.notes = notes;
    });
    let text = read(&octets).body_text(0).expect("text").into_owned();
    assert_eq!(text.matches("The line was busy").count(), MAX_ATTEMPTS_LISTED);
    assert!(text.contains("The last 30 of 5000 attempts") && text.contains("and 480 more"), "{text}");
    assert!(octets.len() < 100_000, "{}", octets.len());
}

#[test]
fn the_same_facts_and_chance_give_the_same_octets_and_lines_fit() {
    let first = write(&outcome(3, 3, Cause::Sent), |_| ());
    assert_eq!(first, write(&outcome(3, 3, Cause::Sent), |_| ()));
    // RFC 5322 §2.1.1 and RFC 5321 §2.3.8: at most 998 octets, and no line end but CRLF.
    let text = String::from_utf8(first).expect("ASCII on the wire");
    assert!(text.split("\r\n").all(|line| line.len() <= 998 && !line.contains(['\r', '\n'])), "{text}");
    assert!(text.is_ascii());
}

#[test]
fn a_letter_to_nobody_says_so() {
    let (from, date) = (Mailbox::bare("fax@example.com"), at(1));
    let letter = Letter {
        from: &from,
        to: &[],
        subject: "x".into(),
        date: &date,
        hostname: "b\u{e4}d host",
        in_reply_to: "",
        references: "",
        auto_submitted: "auto-generated",
        fields: Vec::new(),
    };
    let content =
        crate::mail::compose::Content { text: "x".into(), html: "x".into(), picture: None, attachments: Vec::new() };
    let octets = letter.write(content, &mut counter());
    let text = String::from_utf8(octets).expect("ASCII");
    assert!(text.contains("\r\nTo: undisclosed-recipients:;\r\n") && text.contains("@bdhost>\r\n"), "{text}");
    assert!(!text.contains("References:") && !text.contains("In-Reply-To:"));
}

#[test]
fn a_long_plain_subject_is_folded_not_encoded_and_one_beyond_ascii_survives() {
    let reason = "the file Quarterly report of the department.docx is of a kind that cannot be drawn here at all";
    let octets = write(&outcome(0, 1, Cause::CannotRender(reason.into())), |_| ());
    assert!(subject(&octets).ends_with("that cannot be drawn here at all)"));
    assert!(!String::from_utf8_lossy(&octets).contains("=?"));
    let octets = write(&outcome(0, 1, Cause::CannotRender("Größe ‒ 図面.pdf =?x?q?y?=".into())), |_| ());
    assert!(subject(&octets).contains("Größe ‒ 図面.pdf =?x?q?y?="), "{}", subject(&octets));
}

#[test]
fn a_fetch_is_told_as_a_fetch_whatever_became_of_it() {
    // For the rest of the run, as the facts may live for any time.
    let mailboxes: &'static [String] = Box::leak(Box::new(["anna@example.com".to_owned()]));
    let told = |outcome: &Outcome| {
        let octets = write(outcome, |facts| facts.fetched_for = Some(mailboxes));
        let text = read(&octets).body_text(0).expect("text").into_owned();
        for wrong in ["receiving machine", "send the fax", "Pages confirmed", "Fax sent"] {
            assert!(!text.contains(wrong), "{wrong} in {text}");
        }
        (subject(&octets), text)
    };
    let (subject, text) = told(&outcome(3, 3, Cause::Sent));
    assert_eq!(subject, "Document fetched: +390612345 (3 pages)");
    assert!(text.contains("All pages were received and mailed to anna@example.com."), "{text}");
    let (subject, text) = told(&outcome(0, 0, Cause::PollRefused));
    assert!(
        subject.starts_with("Fetch FAILED: +390612345 (") && text.contains("Check the password"),
        "{subject} {text}"
    );
    let (subject, text) = told(&outcome(2, 2, Cause::Disconnected(Phase::C)));
    assert_eq!(subject, "Fetch FAILED: +390612345 (only 2 pages came)");
    assert!(text.contains("the sending machine hung up in the middle of a page"), "{text}");
    for cause in Cause::examples() {
        told(&outcome(0, 0, cause));
    }
}

#[test]
fn what_was_written_into_the_address_is_told_to_people_and_the_codes_to_programs() {
    let octets = write(&outcome(3, 3, Cause::Sent), |facts| {
        facts.labels = Labels {
            attention: Some("John Doe"),
            organization: Some("ACME\r\nBcc: x@example.com"),
            from: None,
            billing: Some("4711-B"),
            tag: Some("invoices"),
        };
    });
    let message = read(&octets);
    assert_eq!(message.header_raw("X-Faxramp-Billing").map(str::trim), Some("4711-B"));
    assert_eq!(message.header_raw("X-Faxramp-Tag").map(str::trim), Some("invoices"));
    assert!(message.header_raw("Bcc").is_none());
    let text = message.body_text(0).expect("a text");
    for line in ["For:", "John Doe", "ACME Bcc: x@example.com", "Billing code:", "4711-B", "Tag:", "invoices"] {
        assert!(text.contains(line), "{line}: {text}");
    }
    assert!(!text.contains("Sent for"), "{text}");
    let octets = write(&outcome(3, 3, Cause::Sent), |_| ());
    assert!(read(&octets).header_raw("X-Faxramp-Billing").is_none());
}

#[test]
fn a_fax_with_too_many_pages_is_told_with_both_numbers_and_what_to_do() {
    let octets = write(&outcome(0, 0, Cause::TooManyPages { pages: 31, most: 20 }), |facts| facts.attempts = &[]);
    let message = read(&octets);
    let text = message.body_text(0).expect("a text");
    assert!(text.contains("has 31 pages") && text.contains("20 at most") && text.contains("fewer pages"), "{text}");
}
