//! A file as the attachment of a mail: what `send` submits, and what `render` draws just as the server would.

use std::path::Path;

use super::exit::{Exit, Failure};
use super::moments::Moment;
use crate::mail::compose::Content;
use crate::mail::{Attachment, Letter, Mailbox};

/// Octets of a file that is read, at most; more than any mail.
const MAX_FILE: u64 = 256 * 1024 * 1024;

/// A file that somebody wants faxed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Document {
    /// Its name without folders.
    pub(super) name: String,
    /// What is in it.
    pub(super) octets: Vec<u8>,
}

impl Document {
    pub(super) fn read(path: &Path) -> Result<Self, Failure> {
        let unreadable = |reason: String| Failure::new(Exit::Data, format!("{} {reason}", path.display()));
        let about = std::fs::metadata(path).map_err(|error| unreadable(format!("cannot be read: {error}")))?;
        if !about.is_file() {
            return Err(unreadable("is no file".into()).advising("name a PDF, a TIFF, a picture or a text"));
        }
        if about.len() > MAX_FILE {
            return Err(unreadable(format!("is larger than {} MB", MAX_FILE >> 20)));
        }
        if about.len() == 0 {
            return Err(unreadable("is empty".into()));
        }
        let octets = std::fs::read(path).map_err(|error| unreadable(format!("cannot be read: {error}")))?;
        let name = path.file_name().map_or_else(|| "document".into(), |name| name.to_string_lossy().into_owned());
        Ok(Self { name, octets })
    }

    /// The mail that carries it; `text` stands in front of it, for whoever reads the mail.
    pub(super) fn mail(
        &self,
        envelope: (&str, &str),
        text: &str,
        hostname: &str,
        moment: &Moment,
        chance: &mut impl FnMut() -> u64,
    ) -> Vec<u8> {
        let (from, to) = envelope;
        let letter = Letter {
            from: &Mailbox::bare(from),
            to: &[Mailbox::bare(to)],
            subject: self.name.clone(),
            date: &moment.zoned(moment.now_ms),
            hostname,
            in_reply_to: "",
            references: "",
            // RFC 3834 §5: a person wrote it.
            auto_submitted: "no",
            fields: Vec::new(),
        };
        let content = Content {
            text: text.to_owned(),
            html: super::printable_html(text),
            picture: None,
            attachments: vec![Attachment {
                name: &self.name,
                media_type: media_type(&self.octets),
                octets: &self.octets,
            }],
        };
        letter.write(content, chance)
    }
}

/// A mail without a document; `answers_to` is its Reply-To.
pub(super) fn request(
    (from, to): (&str, &str),
    subject: String,
    text: &str,
    answers_to: Option<&str>,
    (hostname, moment): (&str, &Moment),
    chance: &mut impl FnMut() -> u64,
) -> Vec<u8> {
    let letter = Letter {
        from: &Mailbox::bare(from),
        to: &[Mailbox::bare(to)],
        subject,
        date: &moment.zoned(moment.now_ms),
        hostname,
        in_reply_to: "",
        references: "",
        auto_submitted: "no",
        fields: answers_to.map(|mailbox| ("Reply-To", mailbox.to_owned())).into_iter().collect(),
    };
    let html = super::printable_html(text);
    letter.write(Content { text: text.to_owned(), html, picture: None, attachments: Vec::new() }, chance)
}

/// What the first octets say; the server looks at them itself.
pub(super) fn media_type(octets: &[u8]) -> &'static str {
    let marks: [(&[u8], &str); 8] = [
        (b"%PDF-", "application/pdf"),
        (b"II*\0", "image/tiff"),
        (b"MM\0*", "image/tiff"),
        (b"\x89PNG\r\n\x1a\n", "image/png"),
        (b"\xff\xd8\xff", "image/jpeg"),
        (b"GIF8", "image/gif"),
        (b"BM", "image/bmp"),
        (b"RIFF", "image/webp"),
    ];
    match marks.into_iter().find(|(mark, _)| octets.starts_with(mark)) {
        Some((_, media_type)) => media_type,
        None if std::str::from_utf8(octets).is_ok() => "text/plain",
        None => "application/octet-stream",
    }
}

/// The Message-ID of a mail, without its brackets.
// RFC 5322 §3.6.4
pub(super) fn message_id(mail: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(mail.get(..mail.len().min(MAX_HEAD))?).unwrap_or_else(|error| {
        // The header of our own mails is ASCII; what follows may not be.
        std::str::from_utf8(&mail[..error.valid_up_to()]).unwrap_or_default()
    });
    let line = text.lines().take_while(|line| !line.is_empty()).find_map(|line| line.strip_prefix("Message-ID:"))?;
    let inside = line.trim().strip_prefix('<')?.strip_suffix('>')?;
    Some(inside.to_owned())
}

/// Octets of a mail looked at for its Message-ID.
const MAX_HEAD: usize = 8192;

#[cfg(test)]
mod tests {
    use super::{Document, media_type, message_id};
    use crate::cli::moments::Moment;
    use crate::mail::{Incoming, Limits, SelectionRules, select};
    use jiff::tz::TimeZone;

    #[test]
    fn the_mail_of_a_file_is_faxed_as_the_file_alone_and_is_written_by_a_person() {
        let document = Document { name: "offer & more.pdf".into(), octets: b"%PDF-1.4 and so on".to_vec() };
        let moment = Moment { now_ms: 1_800_000_000_000, zone: TimeZone::UTC };
        let mut count = 0;
        let mut chance = || {
            count += 1;
            count
        };
        let mail = document.mail(
            ("anna@example.com", "+39021@fax.example.com"),
            "see below",
            "host.example.com",
            &moment,
            &mut chance,
        );
        let identifier = message_id(&mail).expect("it has one");
        let incoming = Incoming::parse(&mail, &Limits::default()).expect("a mail");
        assert_eq!(incoming.message_id.as_deref(), Some(identifier.as_str()));
        assert_eq!(incoming.automatic, None);
        let selection = select(incoming.body, &SelectionRules::default()).expect("something to fax");
        let bytes: Vec<&[u8]> = selection.documents.iter().map(|document| document.bytes.as_slice()).collect();
        assert_eq!(bytes, [b"%PDF-1.4 and so on"]);
    }

    #[test]
    fn a_file_is_told_by_its_first_octets() {
        assert_eq!(media_type(b"%PDF-1.7"), "application/pdf");
        assert_eq!(media_type(b"MM\0*\0\0"), "image/tiff");
        assert_eq!(media_type("über".as_bytes()), "text/plain");
        assert_eq!(media_type(b"\x00\xff"), "application/octet-stream");
    }

    #[test]
    fn a_folder_and_an_empty_file_are_refused() {
        let directory = tempfile::tempdir().expect("a directory");
        let empty = directory.path().join("empty.pdf");
        std::fs::write(&empty, "").expect("written");
        for path in [directory.path(), &empty, &directory.path().join("missing")] {
            assert!(Document::read(path).is_err(), "{}", path.display());
        }
    }
}
