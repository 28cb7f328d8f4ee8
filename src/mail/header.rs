//! Values of header fields made safe to write: no control characters, no endless lines, only sound message identifiers.
//!
//! What comes from strangers (subjects, names, the identification of a far machine) passes through here before it is
//! written; folding and encoded words are mail-builder's. RFC 5322, RFC 2047.

use jiff::Zoned;

/// Most characters of a subject or a name that are kept.
pub const MAX_TEXT: usize = 200;
/// Most octets of a message identifier that are believed.
// RFC 5322 §2.1.1: a line has at most 998 characters.
pub const MAX_MESSAGE_ID: usize = 900;
/// Most identifiers kept in References; the oldest, then the newest are what threading needs.
pub const MAX_REFERENCES: usize = 20;

/// Who a mail is from or for.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Mailbox {
    /// The name shown; may be empty.
    pub name: String,
    /// The address.
    pub address: String,
}

impl Mailbox {
    /// An address without a name.
    #[must_use]
    pub fn bare(address: &str) -> Self {
        Self { name: String::new(), address: address.to_owned() }
    }

    /// As mail-builder takes it, cleaned.
    pub(super) fn to_header(&self) -> mail_builder::headers::address::Address<'static> {
        let name = clean(&self.name);
        let address: String = self.address.chars().filter(|character| is_address(*character)).collect();
        mail_builder::headers::address::Address::new_address(Some(name).filter(|name| !name.is_empty()), address)
    }
}

fn is_address(character: char) -> bool {
    !is_unwanted(character) && !character.is_whitespace() && !matches!(character, '<' | '>' | ',' | ';')
}

/// Control characters, line ends of Unicode, and those that turn the direction of a text around: a name could pretend to be
/// another with them.
fn is_unwanted(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// One line of text: unwanted characters become blanks, blanks are single, at most [`MAX_TEXT`] characters are kept.
#[must_use]
pub fn clean(text: &str) -> String {
    let mut out = String::with_capacity(text.len().min(MAX_TEXT));
    let mut length = 0;
    // More blanks than this in front of the text are not worth skipping.
    for character in text.chars().take(MAX_TEXT * 8) {
        let blank = is_unwanted(character) || character.is_whitespace();
        if blank && (out.is_empty() || out.ends_with(' ')) {
            continue;
        }
        if length == MAX_TEXT {
            out.push('…');
            break;
        }
        out.push(if blank { ' ' } else { character });
        length += 1;
    }
    out.truncate(out.trim_end().len());
    out
}

/// The identifier in `text` without its brackets, if it is sound.
// RFC 5322 §3.6.4, with what the field writes inside the brackets
#[must_use]
pub fn message_id(text: &str) -> Option<String> {
    let text = text.trim();
    let inner = text.strip_prefix('<').and_then(|text| text.strip_suffix('>')).unwrap_or(text);
    let sound = !inner.is_empty()
        && inner.len() <= MAX_MESSAGE_ID
        && inner.bytes().all(|octet| octet.is_ascii_graphic() && !matches!(octet, b'<' | b'>'));
    sound.then(|| inner.to_owned())
}

/// References of an answer: those of the original, then the original itself; the first and the newest when there are many.
// RFC 5322 §3.6.4
#[must_use]
pub fn references(of_original: &str, original: &str) -> Vec<String> {
    let mut chain: Vec<String> =
        of_original.split_whitespace().filter(|id| id.starts_with('<')).filter_map(message_id).collect();
    if let Some(original) = message_id(original) {
        chain.retain(|id| *id != original);
        chain.push(original);
    }
    if chain.len() > MAX_REFERENCES {
        let surplus = chain.len() - MAX_REFERENCES;
        chain.drain(1..=surplus);
    }
    chain
}

/// The value of a Date field.
// RFC 5322 §3.3
#[must_use]
pub fn date(at: &Zoned) -> String {
    at.strftime("%a, %d %b %Y %H:%M:%S %z").to_string()
}

/// A time for people: `22 Nov 2026, 19:08:31 CET`.
#[must_use]
pub fn for_people(at: &Zoned) -> String {
    at.strftime("%-d %b %Y, %H:%M:%S %Z").to_string()
}

/// A time span for people: `1 min 42 s`.
#[must_use]
pub fn span_for_people(span: std::time::Duration) -> String {
    let seconds = span.as_secs();
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, seconds) => format!("{seconds} s"),
        (0, minutes, seconds) => format!("{minutes} min {seconds} s"),
        (hours, minutes, _) => format!("{hours} h {minutes} min"),
    }
}

#[cfg(test)]
mod tests {
    use super::{MAX_REFERENCES, MAX_TEXT, Mailbox, clean, message_id, references, span_for_people};
    use proptest::prelude::*;

    #[test]
    fn a_line_end_in_a_subject_starts_no_header() {
        assert_eq!(clean("Invoice\r\nBcc: all@example.com"), "Invoice Bcc: all@example.com");
        assert_eq!(clean("\0\u{202e}gpj.exe\u{2028} "), "gpj.exe");
    }

    #[test]
    fn long_texts_are_cut_with_a_mark() {
        let cut = clean(&"ä".repeat(5000));
        assert_eq!(cut.chars().count(), MAX_TEXT + 1);
        assert!(cut.ends_with('…'));
    }

    #[test]
    fn an_identifier_with_blanks_or_brackets_is_none() {
        assert_eq!(message_id(" <a.b@c> ").as_deref(), Some("a.b@c"));
        for bad in ["", "<>", "<a b@c>", "<a>b@c>", "<a@c\r\nX: y>", "<ä@c>"] {
            assert_eq!(message_id(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn long_threads_keep_their_first_and_their_newest_mail() {
        let many: String = (0..60).map(|index| format!("<{index}@x>\r\n ")).collect();
        let chain = references(&many, "<me@x>");
        assert_eq!(chain.len(), MAX_REFERENCES);
        assert_eq!((chain[0].as_str(), chain[1].as_str()), ("0@x", "42@x"));
        assert_eq!(chain[MAX_REFERENCES - 1], "me@x");
    }

    #[test]
    fn a_mail_that_names_itself_is_named_once() {
        assert_eq!(references("<a@x> junk <me@x>", "<me@x>"), ["a@x", "me@x"]);
    }

    #[test]
    fn spans_are_told_in_two_units() {
        let told: Vec<String> =
            [5, 102, 3725].map(|seconds| span_for_people(std::time::Duration::from_secs(seconds))).into();
        assert_eq!(told, ["5 s", "1 min 42 s", "1 h 2 min"]);
    }

    proptest! {
        #[test]
        fn what_is_cleaned_is_one_line_without_controls(text in "(\\PC|\\p{Cc}){0,80}") {
            let cleaned = clean(&text);
            prop_assert!(!cleaned.contains(char::is_control), "{cleaned:?}");
            prop_assert_eq!(cleaned.trim(), &cleaned);
            let _ = (message_id(&text), references(&text, &text), Mailbox::bare(&text).to_header());
        }
    }
}
