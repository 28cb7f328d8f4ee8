//! Messages in the spirit of RFC 4475: strange but valid ones are understood, broken ones are named as such.

mod reactions;

use crate::sip::{Defect, Message, Method, ParseError, message};

fn parse(lines: &str) -> Result<Message, ParseError> {
    Message::parse(lines.replace('\n', "\r\n").as_bytes())
}

#[test]
fn a_message_of_odd_but_legal_spelling_is_understood() {
    let message = parse(
        "INVITE sip:vivekg@chair.example.com;unknownparam SIP/2.0\nTO :\n sip:vivekg@chair.example.com ;   tag    = 1918181833n\n\
         from   : \"J Rosenberg \\\\\\\"\"       <sip:jdrosen@example.com>\n  ;\n  tag = 98asjd8\nMaX-fOrWaRdS: 0068\n\
         Call-ID: wsinv.ndaksdj@192.0.2.1\nContent-Length   : 3\ncseq: 0009\n  INVITE\n\
         Via  : SIP  /   2.0\n /UDP\n    192.0.2.2;branch=390skdjuw\ns :\nNewFangledHeader:   newfangled value\n continued\n\
         UnknownHeaderWithUnusualValue: ;;,,;;,;\nv:  SIP  / 2.0  / TCP     spindle.example.com   ;\n  branch  =   z9hG4bK9ikj8  ,\n\
         \x20SIP  /    2.0   / UDP  192.168.255.111   ; branch=\n z9hG4bK30239\nm:\"Quoted string \\\"\\\"\" <sip:jdrosen@example.com> ; newparam =\n\
         \x20     newvalue ;\n  secondparam ; q = 0.33\n\nabcdef",
    )
    .unwrap();
    assert_eq!(message.check(), Ok(()));
    assert_eq!(message.body, b"abc");
    assert_eq!(message.to_tag().unwrap(), "1918181833n");
    assert_eq!(message.from().unwrap().display_name.unwrap(), "J Rosenberg \\\"");
    assert_eq!(message.from_tag().unwrap(), "98asjd8");
    assert_eq!(message.cseq().unwrap().to_string(), "9 INVITE");
    assert_eq!(message.headers.list("Via").len(), 3);
    assert_eq!(message.branch(), "390skdjuw");
    assert_eq!(message.headers.first("NewFangledHeader").unwrap(), b"newfangled value continued");
    assert_eq!(message.address("Contact").unwrap().parameters.value("newparam").unwrap(), "newvalue");
}

#[test]
fn every_compact_name_is_its_long_name_and_line_feeds_will_do() {
    let text = "\r\n\r\nINVITE sip:a@h SIP/2.0\nv:SIP/2.0/UDP h;branch=z\nf:<sip:a@h>;tag=1\nt:<sip:b@h>\ni:c\nl:2\nm:<sip:m@h>\nc:application/sdp\nk:timer\nCSeq: 1 INVITE\n\nv=0";
    let message = Message::parse(text.as_bytes()).unwrap();
    assert_eq!(message.check(), Ok(()));
    assert_eq!((message.body.as_slice(), message.content_type().as_str()), (&b"v="[..], "application/sdp"));
    assert!(message.address("Contact").is_some() && message.headers.lists_token("Supported", "timer"));
}

#[test]
fn bytes_that_are_no_text_pass_through() {
    let bytes = b"OPTIONS sip:a@h SIP/2.0\r\nSubject: caf\xE9 \xFF\r\nX-Empty:\r\n\r\n\x00\xFF\x80";
    let message = Message::parse(bytes).unwrap();
    assert_eq!(message.headers.first("Subject").unwrap(), b"caf\xE9 \xFF");
    assert_eq!(message.headers.first("X-Empty").unwrap(), b"");
    let again = message.to_bytes();
    assert!(again.ends_with(b"Content-Length: 3\r\n\r\n\x00\xFF\x80"));
    assert!(again.windows(7).any(|window| window == b"caf\xE9 \xFF\r"));
}

#[test]
fn a_status_line_needs_no_phrase_and_any_status_has_one_to_show() {
    let message = parse("SIP/2.0 183\nX: y\n\n").unwrap();
    assert_eq!((message.status(), message.reason_phrase()), (Some(183), "Session Progress"));
    assert_eq!(parse("SIP/2.0 299 \n\n").unwrap().reason_phrase(), "Success");
    assert_eq!(parse("sip/2.0 200 = 2**3 * 5**2 \u{43D}\u{43E}\n\n").unwrap().status(), Some(200));
}

#[test]
fn lengths_that_lie_are_cut_or_borne() {
    assert_eq!(parse("BYE sip:h SIP/2.0\nContent-Length: 1\n\nabc").unwrap().body, b"a");
    assert_eq!(parse("BYE sip:h SIP/2.0\nContent-Length: 9999\n\nabc").unwrap().body, b"abc");
    assert_eq!(parse("BYE sip:h SIP/2.0\nContent-Length: -999\n\nabc").unwrap().body, b"abc");
    assert_eq!(parse("BYE sip:h SIP/2.0\nContent-Length: 99999999999999999999999\n\nabc").unwrap().body, b"abc");
}

#[test]
fn a_line_without_colon_is_dropped_and_the_rest_is_read() {
    let message = parse("BYE sip:h SIP/2.0\nnonsense here\nCall-ID: c\n\n").unwrap();
    assert_eq!((message.headers.len(), message.call_id()), (1, Some(&b"c"[..])));
}

/// `l` with NULs behind it was kept as a name with blanks, written so, and read again as Content-Length.
#[test]
fn a_name_with_control_characters_or_blanks_is_dropped() {
    let message =
        Message::parse(b"OPTIONS sip:h SIP/2.0\r\nl\0\0: 1\r\nContent Length: 1\r\nTo : <sip:a@h>\r\n\r\nv=0").unwrap();
    assert_eq!((message.headers.len(), message.body.as_slice()), (1, &b"v=0"[..]));
    assert_eq!(Message::parse(&message.to_bytes()).unwrap().body, b"v=0");
}

#[test]
fn unknown_methods_are_kept() {
    let message = parse("!interesting-Method0123456789_*+`.%indeed'~ sip:a@h SIP/2.0\n\n").unwrap();
    assert_eq!(message.method(), Some(&Method::Other("!interesting-Method0123456789_*+`.%indeed'~".into())));
    assert_eq!(parse("invite sip:a@h SIP/2.0\n\n").unwrap().method(), Some(&Method::Other("invite".into())));
}

#[test]
fn broken_first_lines_are_named() {
    assert_eq!(parse("\n\n\n"), Err(ParseError::Empty));
    assert_eq!(parse("INVITE sip:a@h SIP/7.0\n\n"), Err(ParseError::Version));
    assert_eq!(parse("INVITE sip:a b@h SIP/2.0\n\n"), Err(ParseError::StartLine));
    assert_eq!(parse("INVITE  SIP/2.0\n\n"), Err(ParseError::StartLine));
    assert_eq!(parse("SIP/2.0 4294967301 better not\n\n"), Err(ParseError::StartLine));
    assert_eq!(parse("SIP/2.0 099 low\n\n"), Err(ParseError::StartLine));
    assert_eq!(parse("GET / HTTP/1.1\n\n"), Err(ParseError::StartLine));
    assert_eq!(Message::parse(b"\x00\x01\x00\x08\x21\x12\xA4\x42"), Err(ParseError::StartLine));
}

#[test]
fn defects_are_named() {
    let check = |lines: &str| parse(lines).unwrap().check();
    let good = "Via: SIP/2.0/UDP h\nFrom: <sip:a@h>;tag=1\nTo: <sip:b@h>\nCall-ID: c\n";
    assert_eq!(check(&format!("BYE sip:a@h SIP/2.0\n{good}CSeq: 1 BYE\n\n")), Ok(()));
    assert_eq!(check(&format!("BYE sip:a@h SIP/2.0\n{good}CSeq: 1 INVITE\n\n")), Err(Defect::Method));
    assert_eq!(check(&format!("BYE sip:a@h SIP/2.0\n{good}\n\n")), Err(Defect::Header("CSeq")));
    assert!(matches!(check(&format!("BYE <sip:a@h> SIP/2.0\n{good}CSeq: 1 BYE\n\n")), Err(Defect::Uri(_))));
    assert_eq!(check("BYE sip:a@h SIP/2.0\nVia: SIP/2.0/UDP ;;,h\n\n"), Err(Defect::Header("Via")));
}

#[test]
fn limits_hold() {
    let lines = "X: y\n".repeat(message::HEADER_LINES_MAX + 1);
    assert_eq!(parse(&format!("BYE sip:h SIP/2.0\n{lines}\n")), Err(ParseError::TooLarge));
    let long = "x".repeat(message::LINE_BYTES_MAX);
    assert_eq!(parse(&format!("BYE sip:h SIP/2.0\nX: {long}\n\n")), Err(ParseError::TooLarge));
    let folded = " x\n".repeat(message::LINE_BYTES_MAX);
    assert_eq!(parse(&format!("BYE sip:h SIP/2.0\nX: y\n{folded}\n")), Err(ParseError::TooLarge));
    let huge = vec![b'x'; message::MESSAGE_BYTES_MAX + 1];
    assert_eq!(Message::parse(&huge), Err(ParseError::TooLarge));
}

#[test]
fn no_value_can_add_a_header() {
    let mut message = Message::request(Method::Bye, "sip:a@h");
    message.headers.push("Reason", "x\r\nInjected: yes");
    assert_eq!(Message::parse(&message.to_bytes()).unwrap().headers.first("Injected"), None);
}
