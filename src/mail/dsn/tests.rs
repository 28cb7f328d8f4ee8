//! Reports read back with another hand's parser.

use jiff::Zoned;
use mail_parser::{Message, MessageParser, MimeHeaders as _};

use super::{DsnFacts, MAX_RETURNED_HEADERS, dsn};
use crate::mail::header::Mailbox;
use crate::mail::receipt::Original;
use crate::model::{Cause, JobId, Number, Outcome};

const HEADERS: &[u8] = b"From: Anna <anna@example.com>\nSubject: Order 17\nX-Folded: a\n\tb\n\nThe secret document\n";

fn at(minute: i8) -> Zoned {
    jiff::civil::date(2026, 11, 22).at(19, minute, 31, 0).in_tz("UTC").expect("a time")
}

fn write(outcome: &Outcome, change: impl FnOnce(&mut DsnFacts<'_>)) -> Vec<u8> {
    let number = Number::from_stored("+390612345").expect("a number");
    let (from, to) = (Mailbox::bare("fax-noreply@fax.example.com"), Mailbox::bare("anna@example.com"));
    let (arrival, last, date) = (at(1), at(2), at(3));
    let mut facts = DsnFacts {
        original: Original { message_id: "<original@example.com>", references: "", subject: "Order 17" },
        original_headers: HEADERS,
        from: &from,
        to: &to,
        envelope_id: Some("QQ314159"),
        original_recipient: Some("rfc822;+39-06-12345@fax.example.com"),
        final_recipient: "+390612345@fax.example.com",
        number: Some(&number),
        fetched_for: None,
        outcome,
        next_try: None,
        retry_until: None,
        arrival: &arrival,
        last_attempt: Some(&last),
        remote_id: Some("+39 06 12345"),
        job: JobId(17),
        hostname: "fax.example.com",
        date: &date,
    };
    change(&mut facts);
    let mut next = 7_u64;
    dsn(&facts, &mut || {
        next += 1;
        next
    })
}

fn read(octets: &[u8]) -> Message<'_> {
    MessageParser::default().parse(octets).expect("a message")
}

/// The machine's part as text.
fn status(octets: &[u8]) -> String {
    String::from_utf8(read(octets).parts[2].contents().to_vec()).expect("UTF-8")
}

fn sent() -> Outcome {
    Outcome { pages_confirmed: 3, pages_total: 3, cause: Cause::Sent }
}

#[test]
fn a_success_is_delivered_with_all_its_fields() {
    let octets = write(&sent(), |_| ());
    let expected = "Reporting-MTA: dns; fax.example.com\r\nOriginal-Envelope-Id: QQ314159\r\n\
        Arrival-Date: Sun, 22 Nov 2026 19:01:31 +0000\r\n\r\n\
        Original-Recipient: rfc822;+39-06-12345@fax.example.com\r\nFinal-Recipient: rfc822; +390612345@fax.example.com\r\n\
        Action: delivered\r\nStatus: 2.1.5\r\nRemote-MTA: x-fax; +390612345\r\n\
        Diagnostic-Code: x-t30; sent: all pages were confirmed by the receiving machine\r\n\
        Last-Attempt-Date: Sun, 22 Nov 2026 19:02:31 +0000\r\n\
        X-Supplementary-Info: 3 of 3 pages confirmed, answered as +39 06 12345";
    assert_eq!(status(&octets).trim_end(), expected);
    let message = read(&octets);
    assert_eq!(message.subject(), Some("Delivered: Order 17"));
    let kind = message.content_type().expect("a type");
    assert_eq!((kind.subtype(), kind.attribute("report-type")), (Some("report"), Some("delivery-status")));
}

#[test]
fn the_action_follows_what_was_proven() {
    let next: &Zoned = Box::leak(Box::new(at(40)));
    let outcome = |confirmed, cause| Outcome { pages_confirmed: confirmed, pages_total: 3, cause };
    for (outcome, late, action, code) in [
        (outcome(0, Cause::Busy), false, "failed", "5.4.1"),
        (outcome(0, Cause::Busy), true, "delayed", "4.4.1"),
        (outcome(2, Cause::LastConfirmationLost), false, "relayed", "2.1.5"),
        (outcome(1, Cause::LastConfirmationLost), false, "failed", "5.4.0"),
        (outcome(2, Cause::Sent), false, "failed", "5.4.0"),
        (outcome(0, Cause::Unallocated), false, "failed", "5.1.2"),
        (outcome(0, Cause::Cancelled), false, "failed", "5.7.0"),
        (outcome(0, Cause::Local("disk full".into())), false, "failed", "5.3.0"),
    ] {
        let octets = write(&outcome, |facts| facts.next_try = late.then_some(next));
        let status = status(&octets);
        assert!(status.contains(&format!("\r\nAction: {action}\r\nStatus: {code}\r\n")), "{outcome:?}\n{status}");
    }
}

#[test]
fn the_document_never_goes_back() {
    let octets = write(&sent(), |_| ());
    let message = read(&octets);
    let returned = String::from_utf8_lossy(message.parts[3].contents()).into_owned();
    assert!(returned.contains("Subject: Order 17\r\nX-Folded: a\r\n\tb\r\n"), "{returned}");
    assert!(!String::from_utf8_lossy(&octets).contains("secret"));
    let endless: &[u8] = b"X: y\n".repeat(100_000).leak();
    assert!(write(&sent(), |facts| facts.original_headers = endless).len() < MAX_RETURNED_HEADERS * 2);
}

#[test]
fn an_address_beyond_ascii_changes_the_type_of_the_report() {
    let octets = write(&sent(), |facts| facts.final_recipient = "+390612345@faxé.example");
    assert!(status(&octets).contains("Final-Recipient: utf-8; +390612345@faxé.example\r\n"));
    let text = String::from_utf8(octets).expect("UTF-8");
    assert!(
        text.contains("Content-Type: message/global-delivery-status\r\nContent-Transfer-Encoding: 8bit\r\n"),
        "{text}"
    );
}

#[test]
fn hostile_values_start_no_field() {
    let octets = write(&sent(), |facts| {
        facts.remote_id = Some("x\r\nAction: failed\r\n\r\nFinal-Recipient: rfc822; other@example.com");
        facts.envelope_id = Some("a\nStatus: 5.0.0");
    });
    let status = status(&octets);
    assert_eq!(status.lines().filter(|line| line.starts_with("Action:")).count(), 1, "{status}");
    assert_eq!(status.lines().filter(|line| line.starts_with("Status:")).count(), 1, "{status}");
    assert_eq!(status.trim_end().split("\r\n\r\n").count(), 2, "{status}");
}
