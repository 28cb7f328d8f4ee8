//! Writes a message: text and HTML, a picture inside the HTML, attachments. Knows nothing of faxes.
//!
//! mail-builder lays out the parts; here their shape is decided, every value is cleaned, and date, identifiers and
//! boundaries come from the caller, so that the same facts and the same chance give the same octets. RFC 5322, RFC 2045,
//! RFC 2387.

use jiff::Zoned;
use mail_builder::MessageBuilder;
use mail_builder::headers::HeaderType;
use mail_builder::headers::content_type::ContentType;
use mail_builder::headers::message_id::MessageId;
use mail_builder::headers::raw::Raw;
use mail_builder::headers::text::Text;
use mail_builder::mime::{BodyPart, MimePart};

use super::header::{self, Mailbox};

/// A file hung onto a mail.
#[derive(Clone, Copy, Debug)]
pub struct Attachment<'a> {
    /// Its name: `fax-17.pdf`.
    pub name: &'a str,
    /// Its media type: `application/pdf`.
    pub media_type: &'static str,
    /// Its content.
    pub octets: &'a [u8],
}

/// A message to be written.
#[derive(Clone, Debug)]
pub struct Letter<'a> {
    /// From.
    pub from: &'a Mailbox,
    /// To; none means `undisclosed-recipients:;`.
    pub to: &'a [Mailbox],
    /// Subject.
    pub subject: String,
    /// Date.
    pub date: &'a Zoned,
    /// The name of this machine, behind the @ of Message-ID.
    pub hostname: &'a str,
    /// Message-ID of the mail this one answers, as it stands there; empty when there is none.
    pub in_reply_to: &'a str,
    /// References of the mail this one answers, as they stand there.
    pub references: &'a str,
    /// Why a program wrote this: `auto-replied` or `auto-generated`.
    // RFC 3834 §5
    pub auto_submitted: &'static str,
    /// Further fields; their values are cleaned.
    pub fields: Vec<(&'static str, String)>,
}

/// What a message of ours says.
#[derive(Clone, Debug)]
pub struct Content<'a> {
    /// The text for those who read no HTML; says all that the HTML says.
    pub text: String,
    /// The HTML; may show the picture as `cid:` and [`PICTURE_ID`].
    pub html: String,
    /// A PNG picture shown in the HTML.
    pub picture: Option<&'a [u8]>,
    /// Files.
    pub attachments: Vec<Attachment<'a>>,
}

/// Content-ID of the picture, without the host: the HTML shows it as `cid:page1.picture@faxramp`.
pub const PICTURE_ID: &str = "page1.picture@faxramp";

impl<'a> Letter<'a> {
    /// Writes the message with text, HTML, picture and attachments; `chance` gives identifier and boundaries.
    #[must_use]
    pub fn write(&self, content: Content<'a>, chance: &mut impl FnMut() -> u64) -> Vec<u8> {
        let alternative = multipart(
            "multipart/alternative",
            vec![
                MimePart::new(text_type("text/plain"), with_crlf(&content.text)),
                MimePart::new(text_type("text/html"), with_crlf(&content.html)),
            ],
            &[],
            chance,
        );
        let shown = match content.picture {
            None => alternative,
            // RFC 2387 §3.1: the type of the root part is named.
            Some(picture) => multipart(
                "multipart/related",
                vec![
                    alternative,
                    MimePart::new(ContentType::new("image/png").attribute("name", "page1.png"), picture)
                        .header("Content-Disposition", ContentType::new("inline").attribute("filename", "page1.png"))
                        .cid(PICTURE_ID),
                ],
                &[("type", "multipart/alternative")],
                chance,
            ),
        };
        let body = if content.attachments.is_empty() {
            shown
        } else {
            let mut parts = vec![shown];
            parts.extend(content.attachments.iter().map(|attachment| {
                let name = file_name(attachment.name);
                MimePart::new(
                    ContentType::new(attachment.media_type).attribute("name", name.clone()),
                    attachment.octets,
                )
                .attachment(name)
            }));
            multipart("multipart/mixed", parts, &[], chance)
        };
        self.write_body(body, chance)
    }

    /// Writes the message around a body made elsewhere.
    pub(super) fn write_body(&self, body: MimePart<'_>, chance: &mut impl FnMut() -> u64) -> Vec<u8> {
        let identifier = format!("{:016x}{:016x}@{}", chance(), chance(), host(self.hostname));
        let to: Vec<_> = self.to.iter().map(Mailbox::to_header).collect();
        let mut message = MessageBuilder::new()
            .header("Date", Raw::new(header::date(self.date)))
            .header("From", self.from.to_header())
            .header(
                "To",
                match to.is_empty() {
                    true => HeaderType::Raw(Raw::new("undisclosed-recipients:;")),
                    false => mail_builder::headers::address::Address::new_list(to).into(),
                },
            )
            .header("Subject", unstructured(&self.subject))
            .message_id(identifier);
        if let Some(original) = header::message_id(self.in_reply_to) {
            message = message.in_reply_to(original);
        }
        let references = header::references(self.references, self.in_reply_to);
        if !references.is_empty() {
            message = message.header("References", MessageId::new_list(references.into_iter()));
        }
        message = message
            .header("Auto-Submitted", Raw::new(self.auto_submitted))
            // MS-OXCMAIL §2.1.3.2.21: no out-of-office answers, no reports about this report.
            .header("X-Auto-Response-Suppress", Raw::new("All"));
        for (name, value) in &self.fields {
            message = message.header(*name, unstructured(value));
        }
        let mut octets = Vec::new();
        message.body(body).serialize(&mut octets);
        octets
    }
}

/// A free text, cleaned; as encoded words only where it must be, so that plain text stays readable in the source.
// RFC 5322 §2.2.1, RFC 2047 §5
fn unstructured(text: &str) -> HeaderType<'static> {
    let text = header::clean(text);
    if text.is_ascii() && !text.contains("=?") { Raw::new(text).into() } else { Text::new(text).into() }
}

/// A multipart with a boundary from `chance`.
pub(super) fn multipart<'x>(
    media_type: &'static str,
    parts: Vec<MimePart<'x>>,
    attributes: &[(&'static str, &'static str)],
    chance: &mut impl FnMut() -> u64,
) -> MimePart<'x> {
    let mut content_type = ContentType::new(media_type);
    for (name, value) in attributes {
        content_type = content_type.attribute(*name, *value);
    }
    // "=_" occurs in no quoted-printable and no base64 text.
    let boundary = format!("=_{:016x}{:016x}", chance(), chance());
    MimePart::new(content_type.attribute("boundary", boundary), BodyPart::Multipart(parts))
}

pub(super) fn text_type(media_type: &'static str) -> ContentType<'static> {
    ContentType::new(media_type).attribute("charset", "utf-8")
}

/// Lines end in CRLF in a mail; what is not a line end is no control character.
// RFC 5322 §2.3
pub(super) fn with_crlf(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 40);
    for line in text.lines() {
        out.extend(line.chars().filter(|character| !character.is_control() || *character == '\t'));
        out.push_str("\r\n");
    }
    out
}

/// A name for a file that every system takes: letters, digits, and `+ - . _`.
#[must_use]
pub fn file_name(name: &str) -> String {
    let sound = |character: char| match character {
        'a'..='z' | 'A'..='Z' | '0'..='9' | '+' | '-' | '.' | '_' => character,
        _ => '_',
    };
    let name: String = name.trim_start_matches('.').chars().take(100).map(sound).collect();
    if name.is_empty() { "fax".into() } else { name }
}

fn host(hostname: &str) -> String {
    let sound: String = hostname
        .chars()
        .filter(|character| character.is_ascii_alphanumeric() || matches!(character, '.' | '-'))
        .collect();
    if sound.is_empty() { "localhost".into() } else { sound }
}
