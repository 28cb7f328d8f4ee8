//! A stranger's message is read, and documents are chosen from it.
//!
//! Input: how the text of the mail is treated, then the message as it came. Holds: the bounds; that no text carries
//! control characters into a report; that a chosen document has a name and octets.
#![no_main]

use faxramp::mail::header::clean;
use faxramp::mail::trace::without_trace;
use faxramp::mail::{BodyText, Content, Incoming, Limits, Part, SelectionRules, select};
use faxramp_fuzz::Feed;
use libfuzzer_sys::fuzz_target;

const LIMITS: Limits = Limits { max_depth: 6, max_parts: 40, max_header_bytes: 8 * 1024 };

fn is_plain(text: &str) -> bool {
    !text.contains(|c: char| c.is_control())
}

fn check_message(message: &Incoming, depth: usize, parts: &mut usize) {
    assert!(depth <= LIMITS.max_depth);
    assert!(message.subject.as_deref().is_none_or(is_plain), "{:?}", message.subject);
    assert!(message.message_id.as_deref().is_none_or(is_plain), "{:?}", message.message_id);
    assert!(message.references.iter().all(|id| is_plain(id)), "{:?}", message.references);
    assert!(message.from.len() >= message.from_fields.min(1) || message.from.is_empty());
    for mailbox in &message.from {
        assert!(is_plain(&mailbox.address) && mailbox.name.as_deref().is_none_or(is_plain), "{mailbox:?}");
    }
    check_part(&message.body, depth, parts);
}

fn check_part(part: &Part, depth: usize, parts: &mut usize) {
    *parts += 1;
    assert!(*parts <= LIMITS.max_parts);
    assert!(is_plain(&part.content_type) && !part.content_type.contains(|c: char| c.is_ascii_uppercase()));
    assert!(part.name.as_deref().is_none_or(|name| is_plain(name) && !name.contains(['/', '\\'])), "{:?}", part.name);
    match &part.content {
        Content::Text(_) | Content::Binary(_) | Content::Unreadable(_) => {}
        Content::Multipart(children) => children.iter().for_each(|child| check_part(child, depth + 1, parts)),
        Content::Message(message) => check_message(message, depth + 1, parts),
    }
}

fuzz_target!(|octets: &[u8]| {
    let mut feed = Feed::new(octets);
    let body = match feed.octet() % 3 {
        0 => BodyText::FirstPage,
        1 => BodyText::OnlyWithoutAttachment,
        _ => BodyText::Never,
    };
    let raw = feed.rest();
    let kept: usize = without_trace(raw).map(<[u8]>::len).sum();
    assert!(kept <= raw.len());
    let Ok(message) = Incoming::parse(raw, &LIMITS) else { return };
    check_message(&message, 0, &mut 0);
    let _ = message.automatic("someone@example.com");
    let rules = SelectionRules { body, max_documents: 10, ..SelectionRules::default() };
    match select(message.body, &rules) {
        Ok(selection) => {
            assert!((1..=10).contains(&selection.documents.len()));
            for document in &selection.documents {
                assert!(!document.name.is_empty() && is_plain(&document.name), "{:?}", document.name);
                assert!(!document.bytes.is_empty(), "{document:?}");
            }
            assert!(selection.notes.iter().all(|note| is_plain(note)), "{:?}", selection.notes);
        }
        Err(error) => {
            let told = error.to_string();
            assert!(is_plain(&told) && !clean(&told).is_empty(), "{told:?}");
        }
    }
});
