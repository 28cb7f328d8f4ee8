//! Bodies: where the parts of a multipart begin and end, transfer encodings, character sets.

use std::borrow::Cow;
use std::ops::Range;

use mail_parser::decoders::base64::base64_decode;
use mail_parser::decoders::charsets::map::charset_decoder;
use mail_parser::decoders::quoted_printable::quoted_printable_decode;

/// How the octets of a body are written.
// RFC 2045 §6
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Encoding {
    /// 7bit, 8bit, binary, or nothing said.
    Identity,
    Base64,
    QuotedPrintable,
    /// One that nobody defined, or uuencode.
    Unknown,
}

/// The body without its transfer encoding, or nothing when it is broken.
pub(super) fn decode(body: &[u8], encoding: Encoding) -> Option<Cow<'_, [u8]>> {
    match encoding {
        Encoding::Identity => Some(Cow::Borrowed(body)),
        Encoding::Base64 => {
            // RFC 2045 §6.8: octets outside the alphabet are to be passed over
            let in_alphabet = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=');
            let clean: Vec<u8> = body.iter().copied().filter(in_alphabet).collect();
            base64_decode(&clean).map(Cow::Owned)
        }
        // RFC 2045 §6.7: what cannot be decoded is best shown as it is
        Encoding::QuotedPrintable => Some(quoted_printable_decode(body).map_or(Cow::Borrowed(body), Cow::Owned)),
        Encoding::Unknown => None,
    }
}

/// The text, its line ends made LF. Without a character set that is known: UTF-8, or else Windows-1252, which has no
/// octet without a meaning for people.
pub(super) fn to_text(bytes: &[u8], charset: Option<&str>) -> String {
    let named = charset.filter(|name| !is_utf8_or_ascii(name)).and_then(|name| charset_decoder(name.as_bytes()));
    let text = match (named, std::str::from_utf8(bytes)) {
        (Some(decoder), _) => decoder(bytes),
        (None, Ok(text)) => text.to_owned(),
        (None, Err(_)) => charset_decoder(b"windows-1252")
            .map_or_else(|| String::from_utf8_lossy(bytes).into_owned(), |decoder| decoder(bytes)),
    };
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let text = if text.contains('\r') { text.replace("\r\n", "\n").replace('\r', "\n") } else { text.to_owned() };
    // Form feed and tab mean something on paper; other control characters do not.
    text.chars().filter(|character| !character.is_control() || matches!(character, '\n' | '\t' | '\u{c}')).collect()
}

fn is_utf8_or_ascii(charset: &str) -> bool {
    ["utf-8", "utf8", "us-ascii", "ascii"].iter().any(|name| charset.eq_ignore_ascii_case(name))
}

/// The parts of a multipart body, as ranges of it. A missing last delimiter ends with the body.
// RFC 2046 §5.1.1
pub(super) struct Parts<'a> {
    body: &'a [u8],
    boundary: &'a [u8],
    at: usize,
    open: bool,
}

impl<'a> Parts<'a> {
    pub(super) fn new(body: &'a [u8], boundary: &'a str) -> Self {
        let mut parts = Self { body, boundary: boundary.as_bytes(), at: 0, open: true };
        let preamble = parts.seek_delimiter();
        parts.open = preamble.is_some_and(|(_, delimiter)| delimiter == Delimiter::Next);
        parts
    }

    /// Moves behind the next delimiter line; gives where the text before it ends.
    fn seek_delimiter(&mut self) -> Option<(usize, Delimiter)> {
        while self.at < self.body.len() {
            let start = self.at;
            let rest = &self.body[start..];
            let length = rest.iter().position(|&byte| byte == b'\n').map_or(rest.len(), |found| found + 1);
            self.at += length;
            if let Some(delimiter) = self.delimiter(&rest[..length]) {
                return Some((start, delimiter));
            }
        }
        None
    }

    fn delimiter(&self, line: &[u8]) -> Option<Delimiter> {
        let rest = line.strip_prefix(b"--")?.strip_prefix(self.boundary)?;
        let (rest, delimiter) =
            rest.strip_prefix(b"--").map_or((rest, Delimiter::Next), |rest| (rest, Delimiter::Last));
        rest.iter().all(u8::is_ascii_whitespace).then_some(delimiter)
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Delimiter {
    Next,
    Last,
}

impl Iterator for Parts<'_> {
    type Item = Range<usize>;

    fn next(&mut self) -> Option<Range<usize>> {
        if !self.open {
            return None;
        }
        let start = self.at;
        let Some((end, delimiter)) = self.seek_delimiter() else {
            self.open = false;
            // A delimiter as the very last line opens nothing.
            return (start < self.body.len()).then_some(start..self.body.len());
        };
        self.open = delimiter == Delimiter::Next;
        // The line end before a delimiter belongs to the delimiter.
        let part = &self.body[start..end];
        let part = part.strip_suffix(b"\r\n").or_else(|| part.strip_suffix(b"\n")).unwrap_or(part);
        Some(start..start + part.len())
    }
}

/// The text of an HTML body, with line ends where its blocks end.
pub(in crate::mail) fn html_to_text(html: &str) -> String {
    let mut broken = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(at) = rest.find("</") {
        let (before, tag) = rest.split_at(at);
        broken.push_str(before);
        let end = tag.find('>').map_or(tag.len(), |end| end + 1);
        broken.push_str(&tag[..end]);
        let name = tag[2..end].trim_end_matches('>').trim();
        if BLOCKS.iter().any(|block| name.eq_ignore_ascii_case(block)) {
            broken.push_str("<br>");
        }
        rest = &tag[end..];
    }
    broken.push_str(rest);
    mail_parser::decoders::html::html_to_text(&broken)
}

/// Elements after which a new line begins, besides `br` and `p`, which mail-parser knows.
const BLOCKS: [&str; 11] = ["div", "tr", "li", "h1", "h2", "h3", "h4", "h5", "h6", "pre", "blockquote"];
