//! Mails as programs send them, and what is faxed of each.

use proptest::prelude::proptest;

use super::kind::picture_size;
use super::{BodyText, DocumentKind, SelectError, Selection, SelectionRules, select};
use crate::mail::mime::{Incoming, Limits};

fn try_with(raw: &str, rules: &SelectionRules) -> Result<Selection, SelectError> {
    let incoming = Incoming::parse(raw.as_bytes(), &Limits::default()).expect("within the limits");
    select(incoming.body, rules)
}

fn with_body(raw: &str, body: BodyText) -> Result<Selection, SelectError> {
    try_with(raw, &SelectionRules { body, ..SelectionRules::default() })
}

/// A multipart/mixed of these parts.
fn mixed(parts: &[&str]) -> String {
    let parts: String = parts.iter().map(|part| format!("--mix\n{part}\n")).collect();
    format!("Content-Type: multipart/mixed; boundary=mix\n\n{parts}--mix--\n")
}

fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let word = chunk.iter().fold(0u32, |word, &byte| (word << 8) | u32::from(byte)) << (8 * (3 - chunk.len()));
        for place in 0..4 {
            let digit = char::from(ALPHABET[(word >> (18 - 6 * place)) as usize & 63]);
            text.push(if place <= chunk.len() { digit } else { '=' });
        }
    }
    text
}

fn png(width: u32, height: u32, extra: usize) -> Vec<u8> {
    let head = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR";
    [&head[..], &width.to_be_bytes(), &height.to_be_bytes(), &vec![0; extra]].concat()
}

fn file(content_type: &str, name: &str, more: &str, bytes: &[u8]) -> String {
    format!(
        "Content-Type: {content_type}; name=\"{name}\"\nContent-Transfer-Encoding: base64\n{more}\n{}",
        base64(bytes)
    )
}

fn pdf(name: &str) -> String {
    file("application/pdf", name, "Content-Disposition: attachment\n", b"%PDF-1.4 ...")
}

const TEXT: &str = "Content-Type: text/plain\n\nplease read";

fn names(selection: &Selection) -> Vec<(&str, DocumentKind)> {
    selection.documents.iter().map(|document| (document.name.as_str(), document.kind)).collect()
}

#[test]
fn the_text_of_the_mail_goes_where_the_rule_puts_it() {
    let attached = mixed(&[TEXT, &pdf("a.pdf")]);
    let first = with_body(&attached, BodyText::FirstPage).expect("faxed");
    assert_eq!(names(&first), [("text of the mail", DocumentKind::Text), ("a.pdf", DocumentKind::Pdf)]);
    assert_eq!((first.documents[0].bytes.as_slice(), first.documents[0].is_body), (&b"please read"[..], true));
    let only = with_body(&attached, BodyText::OnlyWithoutAttachment).expect("faxed");
    assert_eq!(names(&only), [("a.pdf", DocumentKind::Pdf)]);
    assert_eq!(only.notes, ["the text of the mail was not faxed, because there are attachments"]);
    let alone = with_body(TEXT, BodyText::OnlyWithoutAttachment).expect("faxed");
    assert_eq!((alone.documents.len(), alone.notes.len()), (1, 0));
    let never = with_body(TEXT, BodyText::Never).expect_err("nothing");
    assert_eq!(never.to_string(), "there is nothing to fax in the message: the text of the mail was not faxed");
}

#[test]
fn a_blank_text_is_no_page_and_an_empty_mail_is_refused() {
    let blank = mixed(&["Content-Type: text/plain\n\n \n\n", &pdf("a.pdf")]);
    let selection = with_body(&blank, BodyText::FirstPage).expect("faxed");
    assert_eq!((selection.documents.len(), selection.notes.len()), (1, 0));
    assert_eq!(with_body("Subject: x\n\n", BodyText::FirstPage), Err(SelectError::Nothing { notes: vec![] }));
}

#[test]
fn of_two_forms_of_a_text_the_plain_one_is_taken_and_html_when_it_is_alone() {
    let both = "Content-Type: multipart/alternative; boundary=a\n\n--a\nContent-Type: text/html\n\n<b>fat</b>\n\
                --a\nContent-Type: text/plain\n\nplain\n--a--\n";
    let selection = with_body(both, BodyText::FirstPage).expect("faxed");
    assert_eq!(selection.documents[0].bytes, b"plain");
    let html = "Content-Type: text/html; charset=utf-8\n\n<html><head><title>t</title><style>p{}</style></head><body>\
                <div>one</div><div>t&uuml;</div><table><tr><td>a</td></tr><tr><td>b</td></tr></table></body></html>";
    let selection = with_body(html, BodyText::FirstPage).expect("faxed");
    assert_eq!(selection.documents[0].bytes, "one\ntü\na\nb".as_bytes());
}

/// Exchange names the pieces of a text that stand behind an attachment.
#[test]
fn a_disclaimer_behind_an_attachment_is_text_of_the_mail_and_no_document() {
    let disclaimer = "Content-Type: text/plain; name=\"ATT00001.txt\"\nContent-Disposition: inline\n\nconfidential";
    let selection = with_body(&mixed(&[TEXT, &pdf("a.pdf"), disclaimer]), BodyText::FirstPage).expect("faxed");
    assert_eq!(names(&selection), [("text of the mail", DocumentKind::Text), ("a.pdf", DocumentKind::Pdf)]);
    assert_eq!(selection.documents[0].bytes, b"please read\n\nconfidential");
}

/// Apple's mail program hangs attachments into the HTML alternative.
#[test]
fn an_attachment_within_an_alternative_is_not_lost() {
    let inner =
        mixed(&["Content-Type: text/html\n\n<p>hi</p>", &pdf("scan.pdf"), "Content-Type: text/html\n\n<p></p>"]);
    let raw = format!(
        "Content-Type: multipart/alternative; boundary=alt\n\n--alt\nContent-Type: text/plain\n\nhi\n--alt\n{inner}\n--alt--\n"
    );
    let selection = with_body(&raw, BodyText::FirstPage).expect("faxed");
    assert_eq!(names(&selection), [("text of the mail", DocumentKind::Text), ("scan.pdf", DocumentKind::Pdf)]);
    assert_eq!(selection.documents[0].bytes, b"hi");
}

#[test]
fn attachments_keep_their_order_and_are_known_by_their_first_octets() {
    let raw = mixed(&[
        &file("image/tiff", "fax.tif", "", b"II*\0...."),
        &file("application/octet-stream", "b.pdf", "", b"junk\n%PDF-1.7"),
        &file("application/octet-stream", "scan", "", b"MM\0*...."),
        &file("image/jpeg", "photo.jpg", "", &png(1000, 1000, 0)),
        &file("application/octet-stream", "notes.TXT", "", b"text"),
        "Content-Type: text/csv; name=t.csv\n\na;b",
        "Content-Type: text/html; name=page.html\nContent-Disposition: attachment\n\n<p>page</p>",
    ]);
    let selection = with_body(&raw, BodyText::FirstPage).expect("faxed");
    assert_eq!(
        names(&selection),
        [
            ("fax.tif", DocumentKind::Tiff),
            ("b.pdf", DocumentKind::Pdf),
            ("scan", DocumentKind::Tiff),
            ("photo.jpg", DocumentKind::Image),
            ("notes.TXT", DocumentKind::Text),
            ("t.csv", DocumentKind::Text),
            ("page.html", DocumentKind::Text),
        ]
    );
    assert_eq!(selection.documents[6].bytes.trim_ascii(), b"page");
}

#[test]
fn what_is_no_document_is_passed_over_in_words() {
    let raw = mixed(&[
        TEXT,
        "Content-Type: text/calendar; name=invite.ics\n\nBEGIN:VCALENDAR",
        &file("application/octet-stream", "jane.vcf", "", b"BEGIN:VCARD"),
        &file("application/pkcs7-signature", "smime.p7s", "", b"\x30\x80"),
        &file("application/pgp-signature", "signature.asc", "", b"-----BEGIN"),
        &file("image/png", "image001.png", "Content-ID: <image001.png@01D>\n", &png(800, 800, 0)),
        &file("image/png", "logo.png", "", &png(250, 800, 20_000)),
        &file("image/png", "line.png", "", &png(700, 10, 20_000)),
        &file("image/webp", "tiny.webp", "", b"RIFF\0\0\0\0WEBPVP8 "),
    ]);
    let selection = with_body(&raw, BodyText::OnlyWithoutAttachment).expect("faxed");
    assert_eq!(names(&selection), [("text of the mail", DocumentKind::Text)]);
    assert_eq!(
        selection.notes,
        [
            "invite.ics was not faxed: it is a calendar entry",
            "jane.vcf was not faxed: it is a business card",
            "smime.p7s was not faxed: it is a signature",
            "signature.asc was not faxed: it is a signature",
            "image001.png was not faxed: it is a picture of the signature",
            "logo.png was not faxed: it is too small a picture to be a page",
            "line.png was not faxed: it is too small a picture to be a page",
            "tiny.webp was not faxed: it is too small a picture to be a page",
        ]
    );
}

/// A blank page as PNG has few octets, but it is a page.
#[test]
fn a_picture_of_few_octets_but_of_a_pages_size_is_faxed() {
    let selection = with_body(&mixed(&[&file("image/png", "scan.png", "", &png(1728, 2200, 100))]), BodyText::Never);
    assert_eq!(names(&selection.expect("faxed")), [("scan.png", DocumentKind::Image)]);
}

#[test]
fn pictures_within_the_text_are_no_pages_but_what_is_attached_beside_them_is() {
    let raw = format!(
        "Content-Type: multipart/related; boundary=rel\n\n--rel\nContent-Type: text/html\n\n<img src=cid:x>hello\n\
         --rel\n{}\n--rel\n{}\n--rel\n{}\n--rel--\n",
        file("image/jpeg", "banner.png", "Content-ID: <x>\nContent-Disposition: inline\n", &png(900, 900, 0)),
        file("image/png", "scan.png", "Content-ID: <y>\nContent-Disposition: attachment\n", &png(900, 900, 0)),
        pdf("a.pdf"),
    );
    let selection = with_body(&raw, BodyText::Never).expect("faxed");
    assert_eq!(names(&selection), [("scan.png", DocumentKind::Image), ("a.pdf", DocumentKind::Pdf)]);
    assert_eq!(selection.notes[0], "banner.png was not faxed: it is a picture within the text");
}

#[test]
fn a_signed_mail_is_faxed_without_its_signature() {
    let raw = format!(
        "Content-Type: multipart/signed; boundary=sig; protocol=\"application/pkcs7-signature\"\n\n--sig\n{}--sig\n{}\n--sig--\n",
        mixed(&[TEXT, &pdf("a.pdf")]),
        file("application/pkcs7-signature", "smime.p7s", "", b"\x30\x80"),
    );
    assert_eq!(names(&with_body(&raw, BodyText::Never).expect("faxed")), [("a.pdf", DocumentKind::Pdf)]);
}

#[test]
fn what_cannot_be_a_page_refuses_the_whole_mail_by_name() {
    let refusal =
        |part: &str| with_body(&mixed(&[TEXT, &pdf("a.pdf"), part]), BodyText::FirstPage).expect_err(part).to_string();
    for (part, words) in [
        (
            file(
                "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
                "offer.docx",
                "",
                b"PK\x03\x04",
            ),
            "offer.docx (application/vnd.openxmlformats-officedocument.wordprocessingml.document) cannot be turned into pages; send it as PDF",
        ),
        (file("application/pdf", "bad.pdf", "", b"<html>"), "bad.pdf is said to be application/pdf, but it is not"),
        (
            file("application/octet-stream", "x.png", "", b"<html>"),
            "x.png is said to be application/octet-stream, but it is not",
        ),
        (
            file("image/heic", "photo.heic", "", b"\0\0\0 ftypheic"),
            "photo.heic (image/heic) cannot be turned into pages; send it as PDF",
        ),
        (file("application/pdf", "none.pdf", "", b""), "none.pdf is empty"),
        (
            file("application/pkcs7-mime", "smime.p7m", "", b"\x30"),
            "smime.p7m is encrypted or wrapped by S/MIME or PGP; send it without",
        ),
        (file("text/rtf", "r.rtf", "", b"{\\rtf1}"), "r.rtf (text/rtf) cannot be turned into pages; send it as PDF"),
        (
            "Content-Type: application/pdf; name=u.pdf\nContent-Transfer-Encoding: x-uue\n\nbegin".into(),
            "u.pdf cannot be read: its transfer encoding is broken",
        ),
    ] {
        assert_eq!(refusal(&part), words);
    }
    let tnef = file("application/octet-stream", "winmail.dat", "", &[0x78, 0x9f, 0x3e, 0x22, 0]);
    assert!(refusal(&tnef).starts_with("winmail.dat is in Outlook's own format"));
    let encrypted = "Content-Type: multipart/encrypted; boundary=e\n\n--e\n\nx\n--e--\n";
    assert!(matches!(with_body(encrypted, BodyText::FirstPage), Err(SelectError::Encrypted { .. })));
}

#[test]
fn messages_within_messages_are_faxed_three_deep_and_no_deeper() {
    let mut raw = format!("From: Jane <j@x.example>\nSubject: inmost\n{TEXT}");
    for depth in 1..=3 {
        raw = format!("Subject: outer {depth}\nContent-Type: message/rfc822\n\n{raw}");
    }
    let selection = with_body(&raw, BodyText::FirstPage).expect("faxed");
    assert_eq!(names(&selection), [("message \"inmost\"", DocumentKind::Text)]);
    assert_eq!(selection.documents[0].bytes, b"From: Jane <j@x.example>\nSubject: inmost\n\nplease read");
    let deeper = format!("Content-Type: message/rfc822\n\n{raw}");
    assert_eq!(
        with_body(&deeper, BodyText::FirstPage),
        Err(SelectError::TooDeep { name: "message \"inmost\"".into() })
    );
}

#[test]
fn documents_are_counted() {
    let many: Vec<String> = (0..4).map(|number| pdf(&format!("{number}.pdf"))).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let rules = SelectionRules { max_documents: 3, ..SelectionRules::default() };
    assert_eq!(try_with(&mixed(&many), &rules), Err(SelectError::TooMany(3)));
    assert!(try_with(&mixed(&many[..3]), &rules).is_ok());
}

#[test]
fn sizes_of_pictures_are_read_from_their_headers() {
    assert_eq!(picture_size(&png(640, 480, 0)), Some((640, 480)));
    assert_eq!(picture_size(b"GIF89a\x40\x01\xc8\x00"), Some((320, 200)));
    // JFIF with one APP0 segment, a padding octet, then SOF0 of 480 rows and 640 columns
    let jpeg = b"\xff\xd8\xff\xe0\x00\x04AB\xff\xff\xc0\x00\x11\x08\x01\xe0\x02\x80\x03";
    assert_eq!(picture_size(jpeg), Some((640, 480)));
    let mut bmp = b"BM".to_vec();
    bmp.resize(18, 0);
    bmp.extend([64, 0, 0, 0, 0xe0, 0xff, 0xff, 0xff]);
    assert_eq!(picture_size(&bmp), Some((64, 32)));
    assert_eq!(picture_size(b"\xff\xd8\xff"), None);
}

proptest! {
    #[test]
    fn no_picture_header_panics(bytes: Vec<u8>, which in 0..4usize) {
        let head: &[u8] = [&b"\x89PNG"[..], b"GIF", b"BM", b"\xff\xd8\xff"][which];
        let _ = picture_size(&[head, &bytes].concat());
    }
}
