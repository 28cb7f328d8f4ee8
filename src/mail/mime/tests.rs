//! Messages as the field sends them, and as nobody should.

use proptest::prelude::{any, proptest};

use super::{Automatic, Content, Incoming, Limits, MimeError, Part};

fn parse(raw: &str) -> Incoming {
    Incoming::parse(raw.replace('\n', "\r\n").as_bytes(), &Limits::default()).expect("within the limits")
}

fn text(part: &Part) -> &str {
    let Content::Text(text) = &part.content else { panic!("{part:?}") };
    text
}

fn parts(part: &Part) -> &[Part] {
    let Content::Multipart(parts) = &part.content else { panic!("{part:?}") };
    parts
}

#[test]
fn header_fields_are_decoded_and_stripped_of_control_characters() {
    let incoming = parse(
        "Received: from a by b; Mon, 1 Jun 2026 10:00:00 +0200\n\
         Received: from c by d; Mon, 1 Jun 2026 09:00:00 +0200\n\
         From: =?utf-8?q?J=C3=BCrgen_M=C3=BCller?= <jm@company.example>\n\
         Subject: =?utf-8?b?RmF4DQpCY2M6IGV2aWxAZXZpbC5leGFtcGxl?=\n\
         Date: Mon, 1 Jun 2026 10:00:00 +0200\n\
         Message-ID: <1@company.example>\n\
         References: <a@b> <c@d>\n\
         In-Reply-To: <c@d>\n\n\
         text\n",
    );
    assert_eq!(incoming.subject.as_deref(), Some("Fax Bcc: evil@evil.example"));
    assert_eq!(incoming.from.len(), 1);
    assert_eq!(incoming.from[0].name.as_deref(), Some("Jürgen Müller"));
    assert_eq!(incoming.from[0].address, "jm@company.example");
    assert_eq!(incoming.message_id.as_deref(), Some("1@company.example"));
    assert_eq!(incoming.references, ["a@b", "c@d"]);
    assert_eq!((incoming.date, incoming.received_fields), (Some(1_780_300_800), 2));
    assert_eq!(incoming.automatic, None);
    assert_eq!((incoming.body.content_type.as_str(), text(&incoming.body)), ("text/plain", "text\n"));
}

#[test]
fn every_from_field_and_mailbox_is_seen() {
    let incoming = parse("From: a@one.example, b@two.example\nFrom: c@three.example\n\n");
    let addresses: Vec<&str> = incoming.from.iter().map(|mailbox| mailbox.address.as_str()).collect();
    assert_eq!((incoming.from_fields, addresses), (2, vec!["a@one.example", "b@two.example", "c@three.example"]));
}

#[test]
fn mail_of_programs_is_recognised() {
    let automatic = |field: &str| parse(&format!("{field}\nFrom: a@b.example\n\nx\n")).automatic("a@b.example");
    assert_eq!(
        automatic("Auto-Submitted: auto-replied (vacation)"),
        Some(Automatic::AutoSubmitted("auto-replied".into()))
    );
    assert_eq!(
        automatic("auto-submitted: Auto-Generated; x=y"),
        Some(Automatic::AutoSubmitted("auto-generated".into()))
    );
    assert_eq!(automatic("Auto-Submitted: no"), None);
    assert_eq!(automatic("Precedence: bulk"), Some(Automatic::Precedence("bulk".into())));
    assert_eq!(automatic("Precedence: first-class"), None);
    assert_eq!(automatic("List-Id: <l.example>"), Some(Automatic::List));
    assert_eq!(parse("From: a@b.example\n\nx\n").automatic(""), Some(Automatic::NullSender));
}

const NESTED: &str = "Content-Type: multipart/mixed; boundary=\"outer\"\n\n\
    preamble\n\
    --outer\n\
    Content-Type: multipart/alternative; boundary=outer2\n\n\
    --outer2\n\
    Content-Type: text/plain; charset=iso-8859-1\n\
    Content-Transfer-Encoding: quoted-printable\n\n\
    gr=FC=DF --outer=\n dich\n\
    --outer2\n\
    Content-Type: text/html\n\n\
    <p>gr&uuml;&szlig; dich</p>\n\
    --outer2--\n\
    --outer  \n\
    Content-Type: application/pdf; name=\"=?utf-8?q?=C3=9Cbersicht.pdf?=\"\n\
    Content-Disposition: attachment; filename*=utf-8''C%3A%5Ctemp%5C%C3%9Cbersicht.pdf\n\
    Content-Transfer-Encoding: base64\n\n\
    JVBE\n\
    Ri0x\n\
    --outer--\n\
    epilogue\n\
    --outer\n\n\
    not a part\n";

#[test]
fn a_tree_of_parts_is_read_with_names_and_encodings() {
    let incoming = parse(NESTED);
    let outer = parts(&incoming.body);
    assert_eq!(outer.len(), 2);
    let alternatives = parts(&outer[0]);
    assert_eq!(alternatives.len(), 2);
    assert_eq!(text(&alternatives[0]), "grüß --outer dich");
    assert_eq!((outer[1].name.as_deref(), outer[1].attachment), (Some("Übersicht.pdf"), true));
    assert_eq!(outer[1].content, Content::Binary(b"%PDF-1".to_vec()));
}

#[test]
fn a_message_with_bare_line_feeds_has_the_same_tree() {
    let incoming = Incoming::parse(NESTED.as_bytes(), &Limits::default()).expect("within the limits");
    assert_eq!(incoming, parse(NESTED));
}

#[test]
fn a_multipart_cut_short_keeps_what_came() {
    let incoming =
        parse("Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain\n\none\n--b\n\ntwo");
    assert_eq!(parts(&incoming.body).iter().map(text).collect::<Vec<_>>(), ["one", "two"]);
}

#[test]
fn a_part_without_header_is_plain_text_and_in_a_digest_a_message() {
    let incoming = parse("Content-Type: multipart/mixed; boundary=b\n\n--b\n\nSubject: no field\n--b--\n");
    assert_eq!(text(&parts(&incoming.body)[0]), "Subject: no field");
    let incoming = parse("Content-Type: multipart/digest; boundary=b\n\n--b\n\nSubject: field\n\nbody\n--b--\n");
    let Content::Message(inner) = &parts(&incoming.body)[0].content else { panic!("no message") };
    assert_eq!((inner.subject.as_deref(), text(&inner.body)), (Some("field"), "body"));
}

#[test]
fn a_message_within_is_read_even_when_it_is_encoded() {
    for (encoding, body) in [("7bit", "Subject: in\n\nx"), ("base64", "U3ViamVjdDogaW4NCg0KeA==")] {
        let incoming = parse(&format!("Content-Type: message/rfc822\nContent-Transfer-Encoding: {encoding}\n\n{body}"));
        let Content::Message(inner) = &incoming.body.content else { panic!("no message") };
        assert_eq!((inner.subject.as_deref(), text(&inner.body)), (Some("in"), "x"));
    }
}

#[test]
fn what_cannot_be_read_is_marked_and_not_guessed() {
    for raw in [
        "Content-Type: multipart/mixed\n\nx\n",
        "Content-Type: multipart/mixed; boundary=b\n\n--c\n\nx\n",
        "Content-Type: application/pdf\nContent-Transfer-Encoding: x-uuencode\n\nx\n",
    ] {
        assert!(matches!(parse(raw).body.content, Content::Unreadable(_)), "{raw}");
    }
}

#[test]
fn text_of_no_known_charset_is_read_as_people_would() {
    let read = |charset: &str, bytes: &[u8]| {
        let head = format!("Content-Type: text/plain{charset}\r\n\r\n");
        let incoming =
            Incoming::parse(&[head.as_bytes(), bytes].concat(), &Limits::default()).expect("within the limits");
        text(&incoming.body).to_owned()
    };
    assert_eq!(read("", b"\x80 5"), "€ 5");
    assert_eq!(read("; charset=us-ascii", "€ 5".as_bytes()), "€ 5");
    assert_eq!(read("; charset=x-nobody", b"gr\xfc\xdf"), "grüß");
    assert_eq!(read("; charset=koi8-r", b"\xc6\xc1\xcb\xd3"), "факс");
    assert_eq!(read("", b"a\x1b[31m\0\x0cb\r\nc\td"), "a[31m\u{c}b\nc\td");
}

#[test]
fn nests_and_crowds_are_refused_before_they_cost() {
    let mut deep = String::new();
    for level in 0..100_000 {
        deep.push_str(&format!("Content-Type: multipart/mixed; boundary={level}\n\n--{level}\n"));
    }
    assert_eq!(Incoming::parse(deep.as_bytes(), &Limits::default()), Err(MimeError::TooDeep(16)));
    let messages = "Content-Type: message/rfc822\n\n".repeat(1_000_000);
    assert_eq!(Incoming::parse(messages.as_bytes(), &Limits::default()), Err(MimeError::TooDeep(16)));
    let crowd = format!("Content-Type: multipart/mixed; boundary=b\n\n{}", "--b\n".repeat(1_000_000));
    assert_eq!(Incoming::parse(crowd.as_bytes(), &Limits::default()), Err(MimeError::TooManyParts(500)));
    let fields = "X: y\n".repeat(200_000);
    assert_eq!(Incoming::parse(fields.as_bytes(), &Limits::default()), Err(MimeError::HeaderTooBig(512 * 1024)));
}

#[test]
fn a_field_longer_than_anybody_reads_is_cut() {
    let incoming = parse(&format!("Subject: {}\nReferences: {}\n\n", "x".repeat(5000), "<a@b>\n ".repeat(500)));
    assert_eq!(incoming.subject.map(|subject| subject.len()), Some(1000));
    assert!(incoming.references.len() <= 50);
}

proptest! {
    #[test]
    fn no_bytes_panic(raw: Vec<u8>) {
        let _ = Incoming::parse(&raw, &Limits::default());
    }

    #[test]
    fn no_message_of_likely_lines_panics_or_leaves_control_characters(
        lines in proptest::collection::vec((0..16usize, any::<u8>()), 0..60),
    ) {
        let likely: [&[u8]; 16] = [
            b"Content-Type: multipart/mixed; boundary=b\n", b"--b\n", b"--b--\n", b"\n", b"\r\n",
            b"Content-Type: message/rfc822\n", b"Content-Transfer-Encoding: base64\n",
            b"Content-Transfer-Encoding: quoted-printable\n", b"=?utf-8?b?DQo=?= =0D=0A=ZZ\n", b"AAAA====BB\n",
            b"Subject: =?utf-8?q?=00=0A=7F?=\n", b"From: \"a\" <a@b>, g: c@d;\n", b" folded\n",
            b"Content-Type: multipart/digest; boundary*=utf-8''%62\n", b"Date: 99 Foo\n",
            b"Content-Disposition: attachment; filename=\"..\\\\..\\a/b\x01.pdf\"\n",
        ];
        let raw: Vec<u8> = lines.iter().flat_map(|&(which, byte)| [likely[which], if byte < 8 { &[0xff, 0x00] } else { &[] }].concat()).collect();
        if let Ok(incoming) = Incoming::parse(&raw, &Limits::default()) {
            let texts = incoming.subject.iter().chain(incoming.from.iter().map(|mailbox| &mailbox.address));
            for text in texts.chain(&incoming.body.name) {
                assert!(!text.chars().any(char::is_control));
            }
        }
    }
}
