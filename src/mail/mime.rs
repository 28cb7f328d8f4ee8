//! A message as a tree of parts, taken from bytes that a stranger sent.
//!
//! mail-parser reads the header fields, the transfer encodings and the character sets, and is seen nowhere outside this
//! module. The tree is ours: that parser sets no bound on parts and nesting, finds boundaries in the middle of lines, and
//! drops deep nests by recursion. Here every entity is counted before it is looked into, and text that cannot be
//! read is marked, not guessed.
//!
//! Standards: RFC 5322, 2045, 2046, 2047, 2231, 3834.

use std::ops::Range;

pub(super) mod body;
mod headers;

/// Bounds on what is read. More is an error, never a silent cut.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// Multiparts and messages within one another.
    pub max_depth: usize,
    /// Entities in all, multiparts and messages counted.
    pub max_parts: usize,
    /// Octets of one header section.
    pub max_header_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { max_depth: 16, max_parts: 500, max_header_bytes: 512 * 1024 }
    }
}

/// Why a message could not be read; all of it the sender's doing.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum MimeError {
    /// Nested deeper than [`Limits::max_depth`].
    #[error("the message has parts nested more than {0} deep")]
    TooDeep(usize),
    /// More entities than [`Limits::max_parts`].
    #[error("the message has more than {0} parts")]
    TooManyParts(usize),
    /// A header section larger than [`Limits::max_header_bytes`].
    #[error("a header of the message is larger than {0} octets")]
    HeaderTooBig(usize),
}

/// A message that came in. Every text is decoded and free of control characters.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Incoming {
    /// Message-ID without its angle brackets.
    pub message_id: Option<String>,
    /// Subject.
    pub subject: Option<String>,
    /// The mailboxes of every From field; more than one is a trick against checks of the sender.
    pub from: Vec<Mailbox>,
    /// The mailboxes of Reply-To: where the author wants answers.
    pub reply_to: Vec<Mailbox>,
    /// How many From fields there are; RFC 5322 §3.6 wants one.
    pub from_fields: usize,
    /// Date, in seconds since 1970-01-01T00:00:00Z.
    pub date: Option<i64>,
    /// References, and behind them In-Reply-To where it is not among them; without angle brackets.
    pub references: Vec<String>,
    /// How many Received fields there are: more than 100 is a loop.
    // RFC 5321 §6.3
    pub received_fields: usize,
    /// What shows that no person wrote it.
    pub automatic: Option<Automatic>,
    /// The body.
    pub body: Part,
}

/// One mailbox of a field.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Mailbox {
    /// The display name.
    pub name: Option<String>,
    /// `local@domain`.
    pub address: String,
}

/// What shows that a message was made by a program.
// RFC 3834 §2, §5
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Automatic {
    /// Auto-Submitted with a value other than `no`: `auto-replied`, `auto-generated`.
    AutoSubmitted(String),
    /// Precedence: bulk, list or junk.
    Precedence(String),
    /// A mailing list's fields.
    // RFC 2369, RFC 2919
    List,
    /// The null sender.
    NullSender,
}

/// One entity.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Part {
    /// `application/pdf`, in lower case.
    pub content_type: String,
    /// The file name, without any path before it.
    pub name: Option<String>,
    /// Content-ID without its angle brackets.
    pub content_id: Option<String>,
    /// Whether Content-Disposition says attachment.
    pub attachment: bool,
    /// What it holds, its transfer encoding taken off.
    pub content: Content,
}

/// What a part holds.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Content {
    /// Text of a known character set.
    Text(String),
    /// Anything else.
    Binary(Vec<u8>),
    /// The parts of a multipart, in their order.
    Multipart(Vec<Part>),
    /// A message within the message.
    Message(Box<Incoming>),
    /// What could not be read, and why.
    Unreadable(&'static str),
}

impl Incoming {
    /// Reads a message. Line ends may be CR LF or LF.
    ///
    /// # Errors
    /// When it is beyond a limit; everything else is read as well as it can be.
    pub fn parse(raw: &[u8], limits: &Limits) -> Result<Self, MimeError> {
        Reader { limits, parts_left: limits.max_parts }.message(raw, 0)
    }

    /// What shows that no person waits for this fax, the envelope sender considered too.
    // RFC 3834 §2
    #[must_use]
    pub fn automatic(&self, envelope_sender: &str) -> Option<Automatic> {
        if envelope_sender.is_empty() { Some(Automatic::NullSender) } else { self.automatic.clone() }
    }
}

struct Reader<'a> {
    limits: &'a Limits,
    parts_left: usize,
}

impl Reader<'_> {
    fn message(&mut self, raw: &[u8], depth: usize) -> Result<Incoming, MimeError> {
        let (header, body) = self.split(raw)?;
        let fields = headers::message_fields(&raw[header.clone()]);
        let body = self.entity(&raw[header], &raw[body], depth, "text/plain")?;
        Ok(Incoming { body, ..fields })
    }

    fn entity(&mut self, header: &[u8], body: &[u8], depth: usize, default_type: &str) -> Result<Part, MimeError> {
        if depth > self.limits.max_depth {
            return Err(MimeError::TooDeep(self.limits.max_depth));
        }
        self.parts_left = self.parts_left.checked_sub(1).ok_or(MimeError::TooManyParts(self.limits.max_parts))?;
        let fields = headers::part_fields(header, default_type);
        let content = match fields.content_type.as_str() {
            kind if kind.starts_with("multipart/") => self.multipart(&fields, body, depth)?,
            // RFC 2046 §5.2.1, RFC 6532 §3.7
            "message/rfc822" | "message/global" => match body::decode(body, fields.encoding) {
                Some(raw) => Content::Message(Box::new(self.message(&raw, depth + 1)?)),
                None => BAD_ENCODING,
            },
            kind => match body::decode(body, fields.encoding) {
                None => BAD_ENCODING,
                Some(bytes) if kind.starts_with("text/") => {
                    Content::Text(body::to_text(&bytes, fields.charset.as_deref()))
                }
                Some(bytes) => Content::Binary(bytes.into_owned()),
            },
        };
        let headers::PartFields { content_type, name, content_id, attachment, .. } = fields;
        Ok(Part { content_type, name, content_id, attachment, content })
    }

    fn multipart(&mut self, fields: &headers::PartFields, body: &[u8], depth: usize) -> Result<Content, MimeError> {
        let Some(boundary) = fields.boundary.as_deref().filter(|boundary| !boundary.is_empty()) else {
            return Ok(Content::Unreadable("it is a multipart without a boundary"));
        };
        // RFC 2046 §5.1.5
        let default_type = if fields.content_type == "multipart/digest" { "message/rfc822" } else { "text/plain" };
        let mut parts = Vec::new();
        for range in body::Parts::new(body, boundary) {
            let raw = &body[range];
            let (header, body) = self.split(raw)?;
            parts.push(self.entity(&raw[header], &raw[body], depth + 1, default_type)?);
        }
        if parts.is_empty() {
            return Ok(Content::Unreadable("its boundary is nowhere to be found"));
        }
        Ok(Content::Multipart(parts))
    }

    /// The ranges of header and body; the blank line belongs to the header.
    fn split(&self, raw: &[u8]) -> Result<(Range<usize>, Range<usize>), MimeError> {
        let mut at = 0;
        while at < raw.len() {
            let line_end = raw[at..].iter().position(|&byte| byte == b'\n').map_or(raw.len(), |found| at + found + 1);
            let blank = matches!(&raw[at..line_end], b"\n" | b"\r\n");
            at = line_end;
            if at > self.limits.max_header_bytes {
                return Err(MimeError::HeaderTooBig(self.limits.max_header_bytes));
            }
            if blank {
                break;
            }
        }
        Ok((0..at, at..raw.len()))
    }
}

const BAD_ENCODING: Content = Content::Unreadable("its transfer encoding is broken");

#[cfg(test)]
mod tests;
