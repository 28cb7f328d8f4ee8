//! Receipts, reports and covers of received faxes whose facts come from strangers: another parser reads them back.
//!
//! Input: numbers, then texts with a count before each. Holds: no header that we did not write; the words for people are there.
#![no_main]

use faxramp::mail::{AttemptFacts, Labels, Mailbox, Original, ReceiptFacts, receipt};
use faxramp::model::{Cause, JobId, Number, Outcome, Phase, Resolution};
use faxramp_fuzz::{Feed, chance};
use jiff::Zoned;
use jiff::tz::TimeZone;
use libfuzzer_sys::fuzz_target;
use mail_parser::{HeaderName, MessageParser};
use std::time::Duration;

fn cause(choice: u8, words: &str) -> Cause {
    match choice % 10 {
        0 => Cause::Sent,
        1 => Cause::LastConfirmationLost,
        2 => Cause::Busy,
        3 => Cause::Congestion { status: u16::from(choice) * 3 },
        4 => Cause::NoResponse(Phase::D),
        5 => Cause::CannotRender(words.to_owned()),
        6 => Cause::Local(words.to_owned()),
        7 => Cause::Cancelled,
        8 => Cause::Expired,
        _ => Cause::TrainingFailed,
    }
}

fn at(second: u16) -> Zoned {
    let moment = jiff::Timestamp::from_second(1_795_000_000 + i64::from(second) * 60).expect("a moment of 2026");
    moment.to_zoned(TimeZone::UTC)
}

fn check(octets: &[u8]) {
    let text = std::str::from_utf8(octets).expect("mail is text here");
    assert!(!text.replace("\r\n", "").contains(['\r', '\n', '\0']), "a bare line end");
    assert!(text.split("\r\n").all(|line| line.len() <= 998), "a line too long");
    let message = MessageParser::default().parse(octets).expect("a message");
    for header in message.headers() {
        let name = header.name.as_str();
        let ours = [
            "From",
            "To",
            "Subject",
            "Date",
            "Message-ID",
            "In-Reply-To",
            "References",
            "MIME-Version",
            "Content-Type",
            "Auto-Submitted",
            "Content-Transfer-Encoding",
            "X-Auto-Response-Suppress",
            "X-Faxramp-Job",
            "X-Faxramp-Outcome",
            "X-Faxramp-Billing",
            "X-Faxramp-Tag",
        ];
        assert!(ours.iter().any(|known| known.eq_ignore_ascii_case(name)), "a header {name:?}");
    }
    for once in [HeaderName::From, HeaderName::To, HeaderName::Subject, HeaderName::Date, HeaderName::MessageId] {
        assert_eq!(message.headers().iter().filter(|header| header.name == once).count(), 1, "{once:?}");
    }
    assert!(message.subject().is_some_and(|subject| subject.contains("ax")), "{:?}", message.subject());
    assert!(message.body_text(0).is_some_and(|body| body.contains("+390612345")));
}

fuzz_target!(|octets: &[u8]| {
    let mut feed = Feed::new(octets);
    let (choice, confirmed, total, moment) = (feed.octet(), feed.octet(), feed.octet(), feed.number());
    let mut words = || String::from_utf8_lossy(feed.counted()).into_owned();
    let (subject, message_id, references, remote, address) = (words(), words(), words(), words(), words());
    let (name, sender, reason, note) = (words(), words(), words(), words());
    let number = Number::from_stored("+390612345").expect("a number");
    let outcome = Outcome {
        pages_confirmed: u32::from(confirmed.min(total)),
        pages_total: u32::from(total),
        cause: cause(choice, &reason),
    };
    let attempt = AttemptFacts {
        at: at(moment),
        outcome: outcome.clone(),
        duration: Some(Duration::from_secs(u64::from(moment))),
    };
    let attempts = vec![attempt; usize::from(choice / 4)];
    let (from, to) = (Mailbox { name, address: "fax@fax.example".into() }, Mailbox::bare(&sender));
    let next_try = at(moment);
    let facts = ReceiptFacts {
        fetched_for: None,
        labels: Labels { attention: Some(&sender), billing: Some(&remote), tag: Some(&address), ..Labels::default() },
        original: Original { message_id: &message_id, references: &references, subject: &subject },
        from: &from,
        to: &to,
        number: &number,
        original_address: &address,
        outcome: &outcome,
        attempts: &attempts,
        next_try: (choice & 16 != 0).then_some(&next_try),
        accepted: &at(0),
        started: Some(&at(1)),
        duration: Some(Duration::from_secs(77)),
        remote_id: Some(&remote),
        remote_machine: Some(&remote),
        speed: Some(14_400),
        ecm: (choice & 32 != 0).then_some(true),
        resolutions: &std::collections::BTreeSet::from([Resolution::Fine]),
        notes: &vec![note; usize::from(choice % 30)],
        thumbnail: None,
        attachment: None,
        job: JobId(7),
        hostname: "fax.example",
        date: &at(2),
    };
    let written = receipt(&facts, &mut chance(7));
    check(&written);
    assert_eq!(receipt(&facts, &mut chance(7)), written, "the same facts give the same mail");
});
