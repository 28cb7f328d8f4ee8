//! The small grammar shared by header values: quoted strings, lists and parameters.

use std::{borrow::Cow, fmt, str::FromStr};

/// `;name=value` pairs in order, as written. Names compare without case; values keep their quotes.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Parameters(Vec<(String, Option<String>)>);

/// Most parameters read from one value; more are dropped.
pub const PARAMETERS_MAX: usize = 64;

/// Most elements read from one comma-separated list; more are dropped.
pub const LIST_ELEMENTS_MAX: usize = 64;

impl Parameters {
    /// Reads what follows the first `;` (with or without that `;`). Never fails: empty pieces are dropped.
    pub fn parse(text: &str) -> Self {
        let pieces = split_outside_quotes(text.as_bytes(), b';').into_iter();
        let pair = |piece: &[u8]| {
            let piece = String::from_utf8_lossy(piece).trim().to_owned();
            match piece.split_once('=') {
                Some((name, value)) => (name.trim_end().to_owned(), Some(value.trim_start().to_owned())),
                None => (piece, None),
            }
        };
        Self(pieces.map(pair).filter(|(name, _)| !name.is_empty()).take(PARAMETERS_MAX).collect())
    }

    /// Whether a parameter is there, with or without a value.
    pub fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(own, _)| own.eq_ignore_ascii_case(name))
    }

    /// The value of the first parameter of that name, quotes removed; `None` when it is absent or bare.
    pub fn value(&self, name: &str) -> Option<String> {
        let (_, value) = self.0.iter().find(|(own, _)| own.eq_ignore_ascii_case(name))?;
        value.as_deref().map(unquote)
    }

    /// The value as written between its quotes, pairs unresolved.
    pub(super) fn between_quotes(&self, name: &str) -> Option<String> {
        let (_, value) = self.0.iter().find(|(own, _)| own.eq_ignore_ascii_case(name))?;
        let value = value.as_deref()?;
        let inner = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
        Some(inner.unwrap_or(value).to_owned())
    }

    /// Sets or replaces a parameter.
    pub fn set(&mut self, name: &str, value: Option<&str>) {
        self.0.retain(|(own, _)| !own.eq_ignore_ascii_case(name));
        self.0.push((name.to_owned(), value.map(str::to_owned)));
    }
}

impl fmt::Display for Parameters {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|(name, value)| match value {
            Some(value) => write!(formatter, ";{name}={value}"),
            None => write!(formatter, ";{name}"),
        })
    }
}

/// Bytes as text; what is not UTF-8 becomes U+FFFD, for typed views only.
pub(super) fn lossy(bytes: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(bytes)
}

/// A plain decimal number without sign or blank.
pub(super) fn digits<N: FromStr>(bytes: &[u8]) -> Option<N> {
    if bytes.is_empty() || !bytes.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(bytes).ok()?.parse().ok()
}

/// Cuts at a separator outside quoted strings and angle brackets. A quote that is never closed quotes nothing.
pub(super) fn split_outside_quotes(bytes: &[u8], separator: u8) -> Vec<&[u8]> {
    let mut pieces = Vec::new();
    let (mut start, mut at, mut in_brackets, mut quotes) = (0, 0, false, true);
    while at < bytes.len() && pieces.len() + 1 < LIST_ELEMENTS_MAX {
        match bytes[at] {
            // After a quote that is never closed no other is looked for, or the work would grow with the square.
            b'"' if quotes => match end_of_quoted(bytes, at) {
                Some(end) => at = end,
                None => quotes = false,
            },
            b'<' => in_brackets = true,
            b'>' => in_brackets = false,
            byte if byte == separator && !in_brackets => {
                pieces.push(bytes[start..at].trim_ascii());
                start = at + 1;
            }
            _ => {}
        }
        at += 1;
    }
    let last = if pieces.len() + 1 < LIST_ELEMENTS_MAX { &bytes[start..] } else { &[][..] };
    pieces.push(last.trim_ascii());
    pieces
}

/// The position of the quote that closes the one at `start`.
pub(super) fn end_of_quoted(bytes: &[u8], start: usize) -> Option<usize> {
    let mut at = start + 1;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 1,
            b'"' => return Some(at),
            _ => {}
        }
        at += 1;
    }
    None
}

/// A quoted string's content with its pairs resolved; anything else unchanged.
// RFC 3261 §25.1: quoted-pair
pub(super) fn unquote(text: &str) -> String {
    let Some(inner) = text.strip_prefix('"') else {
        return text.to_owned();
    };
    let mut content = String::with_capacity(inner.len());
    let mut characters = inner.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => content.extend(characters.next()),
            '"' => break,
            _ => content.push(character),
        }
    }
    content
}

/// A text as a quoted string. Line ends cannot be quoted and become blanks.
pub(super) fn quote(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for character in text.chars() {
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            '\r' | '\n' | '\0' => quoted.push(' '),
            _ => quoted.push(character),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn separators_in_quotes_and_brackets_do_not_cut() {
        let pieces = split_outside_quotes(br#""a, \"b" <sip:x,y@h>, <sip:c@h>;d="1,2" ,"#, b',');
        assert_eq!(pieces, [&br#""a, \"b" <sip:x,y@h>"#[..], br#"<sip:c@h>;d="1,2""#, b""]);
    }

    #[test]
    fn an_unclosed_quote_quotes_nothing() {
        assert_eq!(split_outside_quotes(b"a\"b;c", b';'), [&b"a\"b"[..], b"c"]);
    }

    #[test]
    fn parameters_take_blanks_quotes_and_any_case() {
        let parameters = Parameters::parse("; Branch = z9hG4bK1 ;rport; x=\"a;\\\"b\"");
        assert_eq!(parameters.value("branch").unwrap(), "z9hG4bK1");
        assert!(parameters.has("RPORT") && parameters.value("rport").is_none());
        assert_eq!(parameters.value("x").unwrap(), "a;\"b");
        assert_eq!(parameters.to_string(), ";Branch=z9hG4bK1;rport;x=\"a;\\\"b\"");
    }

    #[test]
    fn quoting_survives_both_ways_and_lets_no_line_end_through() {
        assert_eq!(unquote(&quote("a \"b\" \\c")), "a \"b\" \\c");
        assert_eq!(quote("a\r\nBcc: x"), "\"a  Bcc: x\"");
    }
}
