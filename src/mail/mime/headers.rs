//! Header fields: what mail-parser made of them, with every control character taken out.

use mail_parser::{Header, HeaderName, HeaderValue, MessageParser, MimeHeaders};

use super::body::Encoding;
use super::{Automatic, Content, Incoming, Mailbox, Part};

/// Longest text of one field that is kept, in characters.
const MAX_FIELD_CHARACTERS: usize = 1000;
/// Most message identifiers kept of References: the last ones.
const MAX_REFERENCES: usize = 50;
/// Most mailboxes kept of From, and of Reply-To.
const MAX_MAILBOXES: usize = 20;

/// The MIME fields of one entity.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct PartFields {
    pub(super) content_type: String,
    pub(super) boundary: Option<String>,
    pub(super) charset: Option<String>,
    pub(super) name: Option<String>,
    pub(super) content_id: Option<String>,
    pub(super) attachment: bool,
    pub(super) encoding: Encoding,
}

/// Reads the MIME fields of a header section.
pub(super) fn part_fields(header: &[u8], default_type: &str) -> PartFields {
    let parser = MessageParser::new().with_mime_headers().default_header_ignore();
    let raw = ended(header);
    let message = parser.parse_headers(&raw);
    let Some(part) = message.as_ref().and_then(|message| message.parts.first()) else {
        return PartFields {
            content_type: default_type.to_owned(),
            boundary: None,
            charset: None,
            name: None,
            content_id: None,
            attachment: false,
            encoding: Encoding::Identity,
        };
    };
    let content_type = part.content_type();
    let attribute = |name: &str| content_type.and_then(|kind| kind.attribute(name)).map(str::to_owned);
    let kind = content_type.map_or_else(
        || default_type.to_owned(),
        |kind| clean(&format!("{}/{}", kind.ctype(), kind.subtype().unwrap_or_default())).to_ascii_lowercase(),
    );
    PartFields {
        // RFC 2045 §5.2: "text" alone, or nonsense, is plain text
        content_type: if kind == "text/" { "text/plain".into() } else { kind },
        boundary: attribute("boundary").map(|boundary| boundary.trim_end().to_owned()),
        charset: attribute("charset"),
        name: part.attachment_name().map(file_name).filter(|name| !name.is_empty()),
        content_id: part.content_id().map(|id| clean(id.trim_matches(['<', '>']))),
        attachment: part.content_disposition().is_some_and(mail_parser::ContentType::is_attachment),
        encoding: part.content_transfer_encoding().map_or(Encoding::Identity, encoding),
    }
}

fn encoding(name: &str) -> Encoding {
    match name.trim().to_ascii_lowercase().as_str() {
        "7bit" | "8bit" | "binary" | "" => Encoding::Identity,
        "base64" => Encoding::Base64,
        "quoted-printable" => Encoding::QuotedPrintable,
        _ => Encoding::Unknown,
    }
}

/// The last piece of a path, as Windows and Unix write it.
fn file_name(name: &str) -> String {
    clean(name.rsplit(['/', '\\']).next().unwrap_or_default())
}

/// Reads the fields of a message; the body is left empty.
pub(super) fn message_fields(header: &[u8]) -> Incoming {
    let raw = ended(header);
    let message = MessageParser::default().parse_headers(&raw);
    let headers = message.as_ref().and_then(|message| message.parts.first()).map_or(&[][..], |part| &part.headers);
    let value = |name: HeaderName<'_>| headers.iter().find(|field| field.name == name).map(|field| &field.value);
    let text = |name| value(name).and_then(HeaderValue::as_text).map(clean).filter(|text| !text.is_empty());
    let count = |name: HeaderName<'_>| headers.iter().filter(|field| field.name == name).count();
    let date = value(HeaderName::Date).and_then(HeaderValue::as_datetime).filter(|date| date.is_valid());
    Incoming {
        message_id: text(HeaderName::MessageId),
        subject: text(HeaderName::Subject),
        from: mailboxes(headers, &HeaderName::From),
        reply_to: mailboxes(headers, &HeaderName::ReplyTo),
        from_fields: count(HeaderName::From),
        date: date.map(mail_parser::DateTime::to_timestamp),
        references: references(value(HeaderName::References), value(HeaderName::InReplyTo)),
        received_fields: count(HeaderName::Received),
        automatic: automatic(headers),
        body: Part {
            content_type: String::new(),
            name: None,
            content_id: None,
            attachment: false,
            content: Content::Unreadable("not read"),
        },
    }
}

fn mailboxes(headers: &[Header<'_>], name: &HeaderName<'_>) -> Vec<Mailbox> {
    let fields = headers.iter().filter(|field| field.name == *name);
    let addresses = fields.filter_map(|field| field.value.as_address()).flat_map(mail_parser::Address::iter);
    addresses
        .filter_map(|address| {
            let name = address.name().map(clean).filter(|name| !name.is_empty());
            Some(Mailbox { name, address: clean(address.address()?) })
        })
        .take(MAX_MAILBOXES)
        .collect()
}

fn references(references: Option<&HeaderValue<'_>>, in_reply_to: Option<&HeaderValue<'_>>) -> Vec<String> {
    let mut list = identifiers(references);
    for identifier in identifiers(in_reply_to) {
        if !list.contains(&identifier) {
            list.push(identifier);
        }
    }
    let surplus = list.len().saturating_sub(MAX_REFERENCES);
    list.split_off(surplus)
}

fn identifiers(value: Option<&HeaderValue<'_>>) -> Vec<String> {
    match value {
        Some(HeaderValue::Text(text)) => vec![clean(text)],
        // Only the last can be kept, so no more are looked at.
        Some(HeaderValue::TextList(list)) => {
            list.iter().rev().take(MAX_REFERENCES).rev().map(|text| clean(text)).collect()
        }
        _ => Vec::new(),
    }
}

// RFC 3834 §2, §5; RFC 2076 §3.9 for Precedence
fn automatic(headers: &[Header<'_>]) -> Option<Automatic> {
    let word = |name: &str| {
        let field = headers.iter().find(|field| field.name.as_str().eq_ignore_ascii_case(name))?;
        let text = field.value.as_text().map(clean)?;
        // "no; owner=x" has its parameters behind the word
        Some(text.split([';', ' ', '(']).next().unwrap_or_default().to_ascii_lowercase())
    };
    if let Some(value) = word("Auto-Submitted").filter(|value| value != "no" && !value.is_empty()) {
        return Some(Automatic::AutoSubmitted(value));
    }
    if let Some(value) = word("Precedence").filter(|value| ["bulk", "list", "junk"].contains(&value.as_str())) {
        return Some(Automatic::Precedence(value));
    }
    let of_a_list = |field: &Header<'_>| {
        [HeaderName::ListId, HeaderName::ListPost, HeaderName::ListUnsubscribe].contains(&field.name)
    };
    headers.iter().any(of_a_list).then_some(Automatic::List)
}

/// The header section with a blank line behind it, as mail-parser wants it.
fn ended(header: &[u8]) -> Vec<u8> {
    let trimmed = header.trim_ascii_end();
    // A section that begins blank has no fields; mail-parser would look for them in what follows.
    if header.starts_with(b"\r\n") || header.starts_with(b"\n") {
        return Vec::new();
    }
    [trimmed, b"\r\n\r\n"].concat()
}

/// One line of text without control characters, and no longer than anybody reads.
// RFC 5322 §2.2: decoded words may bring line ends, and with them header fields
fn clean(text: &str) -> String {
    let visible = |character: char| {
        if character.is_control() || matches!(character, '\u{2028}' | '\u{2029}') { ' ' } else { character }
    };
    let text: String = text.chars().take(MAX_FIELD_CHARACTERS).map(visible).collect();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
