//! Which parts of a message become pages, in which order, and the words that say what does not.
//!
//! The text of the mail comes first, by the rule set for it, then the attachments in their order. Signature logos,
//! business cards, calendar entries and signatures are passed over, and a note says so. What cannot become pages
//! refuses the whole message with the name of the file: a fax with a page missing is worse than none.

use super::mime::body::html_to_text;
use super::mime::{Content, Incoming, Part};

mod kind;

/// What is chosen, as an administrator or a sender wishes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SelectionRules {
    /// What becomes of the text of the mail.
    pub body: BodyText,
    /// Pictures narrower than this are logos, in picture elements.
    pub min_picture_width: u32,
    /// Pictures lower than this are logos, in picture elements.
    pub min_picture_height: u32,
    /// Pictures whose size cannot be told are logos below this many octets.
    pub min_picture_bytes: usize,
    /// Most documents in one fax.
    pub max_documents: usize,
}

impl Default for SelectionRules {
    fn default() -> Self {
        Self {
            body: BodyText::OnlyWithoutAttachment,
            min_picture_width: 300,
            min_picture_height: 100,
            min_picture_bytes: 10 * 1024,
            max_documents: 100,
        }
    }
}

/// What becomes of the text of the mail itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum BodyText {
    /// It comes before the attachments, when there is any.
    FirstPage,
    /// It is faxed when nothing is attached.
    #[default]
    OnlyWithoutAttachment,
    /// It is not faxed.
    Never,
}

/// What to fax.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Selection {
    /// In the order of their pages; at least one.
    pub documents: Vec<Document>,
    /// One sentence for each part passed over, for the report.
    pub notes: Vec<String>,
}

/// One document to be drawn.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Document {
    /// The file name, or words in its place.
    pub name: String,
    /// How it is drawn.
    pub kind: DocumentKind,
    /// Whether it is the text of the mail itself.
    pub is_body: bool,
    /// The file; text is UTF-8 with LF.
    pub bytes: Vec<u8>,
}

/// How a document is drawn. Told by its first octets, not by what the mail calls it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DocumentKind {
    /// UTF-8 text.
    Text,
    /// PDF.
    Pdf,
    /// TIFF, of one page or more.
    Tiff,
    /// PNG, JPEG, GIF, BMP or WebP.
    Image,
}

/// Why a message cannot be faxed; each names the part. For reports: 5.6.1, media not supported.
// RFC 3463 §3.7
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum SelectError {
    /// Nothing is left to fax.
    #[error("there is nothing to fax in the message{}", because(.notes))]
    Nothing {
        /// What was passed over.
        notes: Vec<String>,
    },
    /// A file of a type that cannot be drawn.
    #[error("{name} ({content_type}) cannot be turned into pages; send it as PDF")]
    Unsupported {
        /// The file.
        name: String,
        /// What the mail calls it.
        content_type: String,
    },
    /// A file that is not what the mail says it is.
    #[error("{name} is said to be {content_type}, but it is not")]
    Mislabelled {
        /// The file.
        name: String,
        /// What the mail calls it.
        content_type: String,
    },
    /// A part whose encoding or structure is broken.
    #[error("{name} cannot be read: {reason}")]
    Unreadable {
        /// The part.
        name: String,
        /// Why.
        reason: &'static str,
    },
    /// A file without a single octet.
    #[error("{name} is empty")]
    Empty {
        /// The file.
        name: String,
    },
    /// Encrypted, or signed in a way that wraps the text.
    #[error("{name} is encrypted or wrapped by S/MIME or PGP; send it without")]
    Encrypted {
        /// The part.
        name: String,
    },
    /// Outlook's rich text.
    #[error(
        "{name} is in Outlook's own format (TNEF); send the mail as HTML or plain text, or have Exchange do so for this domain (Set-RemoteDomain -TNEFEnabled $false)"
    )]
    OutlookFormat {
        /// The file.
        name: String,
    },
    /// Messages within messages beyond [`MAX_MESSAGE_DEPTH`].
    #[error("{name} is a message within more than {MAX_MESSAGE_DEPTH} messages")]
    TooDeep {
        /// The inner message.
        name: String,
    },
    /// More than [`SelectionRules::max_documents`].
    #[error("the message has more than {0} documents in it")]
    TooMany(usize),
}

/// How many messages may be nested in the one that came.
pub const MAX_MESSAGE_DEPTH: usize = 3;

fn because(notes: &[String]) -> String {
    if notes.is_empty() { String::new() } else { format!(": {}", notes.join("; ")) }
}

/// Chooses what to fax. Takes the body of an [`Incoming`] apart, so that large files are not copied.
///
/// # Errors
/// When a part cannot be faxed, or nothing is left.
pub fn select(body: Part, rules: &SelectionRules) -> Result<Selection, SelectError> {
    let mut found = Found::default();
    let mut walk = Walk { rules, documents_seen: 0 };
    walk.part(body, Place::default(), &mut found)?;
    let Found { texts, mut documents, mut notes } = found;
    let text = joined(&texts);
    if !text.is_empty() {
        match rules.body {
            BodyText::FirstPage => documents.insert(0, body_document(text)),
            BodyText::OnlyWithoutAttachment if documents.is_empty() => documents.push(body_document(text)),
            BodyText::OnlyWithoutAttachment => {
                notes.push("the text of the mail was not faxed, because there are attachments".into());
            }
            BodyText::Never => notes.push("the text of the mail was not faxed".into()),
        }
    }
    if documents.is_empty() {
        return Err(SelectError::Nothing { notes });
    }
    Ok(Selection { documents, notes })
}

fn body_document(text: String) -> Document {
    Document { name: "text of the mail".into(), kind: DocumentKind::Text, is_body: true, bytes: text.into_bytes() }
}

fn joined(texts: &[String]) -> String {
    let texts: Vec<&str> = texts.iter().map(|text| text.trim_end()).filter(|text| !text.trim().is_empty()).collect();
    texts.join("\n\n")
}

#[derive(Default)]
struct Found {
    texts: Vec<String>,
    documents: Vec<Document>,
    notes: Vec<String>,
}

/// Where in the tree a part stands.
#[derive(Clone, Copy, Default)]
struct Place {
    messages: usize,
    related: bool,
}

struct Walk<'a> {
    rules: &'a SelectionRules,
    documents_seen: usize,
}

impl Walk<'_> {
    fn part(&mut self, part: Part, place: Place, found: &mut Found) -> Result<(), SelectError> {
        let name = part.name.clone().unwrap_or_else(|| format!("attachment {}", self.documents_seen + 1));
        let Part { content_type, name: file_name, content_id, attachment, content } = part;
        match content {
            Content::Multipart(parts) => self.multipart(&content_type, parts, place, found),
            Content::Message(message) => self.message(*message, place, found),
            Content::Unreadable(reason) if kind::skipped(&content_type, &name).is_none() => {
                Err(SelectError::Unreadable { name, reason })
            }
            Content::Text(text)
                if !attachment && is_body_type(&content_type) && file_name.as_deref().is_none_or(is_fragment_name) =>
            {
                found.texts.push(if content_type == "text/html" { html_to_text(&text) } else { text });
                Ok(())
            }
            content @ (Content::Text(_) | Content::Binary(_) | Content::Unreadable(_)) => {
                if let Some(what) = kind::skipped(&content_type, &name) {
                    found.notes.push(format!("{name} was not faxed: it is {what}"));
                    return Ok(());
                }
                let file = File { name, content_type, embedded: content_id.is_some(), attachment };
                self.file(file, content, place, found)
            }
        }
    }

    fn multipart(
        &mut self,
        content_type: &str,
        parts: Vec<Part>,
        place: Place,
        found: &mut Found,
    ) -> Result<(), SelectError> {
        match content_type {
            "multipart/alternative" => return self.alternative(parts, place, found),
            "multipart/encrypted" => return Err(SelectError::Encrypted { name: "the message".into() }),
            _ => {}
        }
        let place = Place { related: place.related || content_type == "multipart/related", ..place };
        parts.into_iter().try_for_each(|part| self.part(part, place, found))
    }

    /// The same text in several forms: one of them is taken, plain before HTML. Files are taken from all: Apple's mail
    /// program hangs them into the HTML form.
    // RFC 2046 §5.1.4
    fn alternative(&mut self, parts: Vec<Part>, place: Place, found: &mut Found) -> Result<(), SelectError> {
        let mut chosen: Option<(bool, Vec<String>)> = None;
        for part in parts {
            let plain = part.content_type == "text/plain";
            let mut form = Found::default();
            self.part(part, place, &mut form)?;
            found.documents.append(&mut form.documents);
            found.notes.append(&mut form.notes);
            let better = chosen.as_ref().is_none_or(|(chosen_plain, _)| plain && !chosen_plain);
            if better && !joined(&form.texts).is_empty() {
                chosen = Some((plain, form.texts));
            }
        }
        found.texts.extend(chosen.into_iter().flat_map(|(_, texts)| texts));
        Ok(())
    }

    /// A message attached to the message: its text is a document, and its files follow.
    fn message(&mut self, message: Incoming, place: Place, found: &mut Found) -> Result<(), SelectError> {
        let subject = message.subject.clone().unwrap_or_default();
        let name = if subject.is_empty() { "attached message".to_owned() } else { format!("message \"{subject}\"") };
        let place = Place { messages: place.messages + 1, related: false };
        if place.messages > MAX_MESSAGE_DEPTH {
            return Err(SelectError::TooDeep { name });
        }
        let mut heading = String::new();
        for mailbox in &message.from {
            let person = mailbox.name.as_ref().map(|name| format!("{name} ")).unwrap_or_default();
            heading.push_str(&format!("From: {person}<{}>\n", mailbox.address));
        }
        if !subject.is_empty() {
            heading.push_str(&format!("Subject: {subject}\n"));
        }
        let mut inner = Found::default();
        self.part(message.body, place, &mut inner)?;
        let text = joined(&inner.texts);
        if !text.is_empty() {
            let bytes = format!("{heading}\n{text}").into_bytes();
            self.add(Document { name, kind: DocumentKind::Text, is_body: false, bytes }, found)?;
        }
        found.documents.append(&mut inner.documents);
        found.notes.append(&mut inner.notes);
        Ok(())
    }

    fn file(&mut self, file: File, content: Content, place: Place, found: &mut Found) -> Result<(), SelectError> {
        let File { name, content_type, embedded, attachment } = file;
        let bytes = match content {
            Content::Binary(bytes) => bytes,
            Content::Text(text) if content_type == "text/html" => html_to_text(&text).into_bytes(),
            Content::Text(text) => text.into_bytes(),
            Content::Multipart(_) | Content::Message(_) | Content::Unreadable(_) => return Ok(()),
        };
        if bytes.trim_ascii().is_empty() {
            return Err(SelectError::Empty { name });
        }
        let kind = match kind::of(&content_type, &name, &bytes) {
            Ok(kind) => kind,
            Err(kind::NotDrawn::Unsupported) => return Err(SelectError::Unsupported { name, content_type }),
            Err(kind::NotDrawn::Mislabelled) => return Err(SelectError::Mislabelled { name, content_type }),
            Err(kind::NotDrawn::Encrypted) => return Err(SelectError::Encrypted { name }),
            Err(kind::NotDrawn::OutlookFormat) => return Err(SelectError::OutlookFormat { name }),
        };
        if kind == DocumentKind::Image {
            let passed_over = if place.related && embedded && !attachment {
                Some("a picture within the text")
            } else if embedded && kind::is_outlook_logo(&name) {
                Some("a picture of the signature")
            } else {
                self.is_small(&bytes).then_some("too small a picture to be a page")
            };
            if let Some(what) = passed_over {
                found.notes.push(format!("{name} was not faxed: it is {what}"));
                return Ok(());
            }
        }
        self.add(Document { name, kind, is_body: false, bytes }, found)
    }

    fn is_small(&self, bytes: &[u8]) -> bool {
        kind::picture_size(bytes).map_or(bytes.len() < self.rules.min_picture_bytes, |(width, height)| {
            width < self.rules.min_picture_width || height < self.rules.min_picture_height
        })
    }

    fn add(&mut self, document: Document, found: &mut Found) -> Result<(), SelectError> {
        self.documents_seen += 1;
        if self.documents_seen > self.rules.max_documents {
            return Err(SelectError::TooMany(self.rules.max_documents));
        }
        found.documents.push(document);
        Ok(())
    }
}

struct File {
    name: String,
    content_type: String,
    embedded: bool,
    attachment: bool,
}

/// Types that are the text of the mail when nothing says that they are attached.
fn is_body_type(content_type: &str) -> bool {
    matches!(content_type, "text/plain" | "text/html" | "text/enriched" | "text/markdown")
}

/// `ATT00001.txt`: Exchange's name for a piece of the text, such as a disclaimer behind an attachment.
fn is_fragment_name(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let digits = name.strip_prefix("att").and_then(|rest| rest.split_once('.')).map(|(digits, _)| digits);
    digits.is_some_and(|digits| digits.len() == 5 && digits.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests;
