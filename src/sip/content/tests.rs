//! Bodies as exchanges, gateways and phones send them.

use super::*;
use crate::sip::{Method, Router};

fn message(headers: &str, body: &str) -> Message {
    let text = format!("INVITE sip:a@h SIP/2.0\n{headers}\n{body}").replace('\n', "\r\n");
    Message::parse(text.as_bytes()).unwrap()
}

/// The shape that a softswitch gives an INVITE from an exchange: the description first, then ISUP in binary.
const SIP_I: &str = "preamble
--unique-boundary-1
Content-Type: application/sdp

v=0
s=-
--unique-boundary-1
Content-Type: application/ISUP;version=itu-t92+;base=itu-t92+
Content-Disposition: signal;handling=HANDLING

\u{1}\u{0}I\u{0}
--unique-boundary-1--
epilogue
";

fn sip_i(handling: &str) -> Message {
    message("Content-Type: multipart/mixed; boundary=\"unique-boundary-1\"\n", &SIP_I.replace("HANDLING", handling))
}

#[test]
fn the_description_beside_isup_is_found_when_the_isup_is_optional() {
    let mut optional = sip_i("optional");
    assert_eq!(optional.content(), Content::Description(b"v=0\r\ns=-"));
    assert_eq!(optional.reduce_body(), Ok(()));
    assert_eq!((optional.body.as_slice(), optional.content_type().as_str()), (&b"v=0\r\ns=-"[..], "application/sdp"));
    assert_eq!(sip_i("required").content(), Content::Unknown(Unknown::Type));
}

#[test]
fn a_part_of_which_nothing_is_said_may_be_unreadable_beside_a_description_only() {
    let both = "--b\nContent-Type: application/isup\n\nx\n--b\nContent-Type: application/sdp\n\nv=0\n--b--\n";
    let headers = "Content-Type: multipart/mixed;boundary=b\n";
    assert_eq!(message(headers, both).content(), Content::Description(b"v=0"));
    let alone = "--b\nContent-Type: application/isup\n\nx\n--b--\n";
    assert_eq!(message(headers, alone).content(), Content::Unknown(Unknown::Type));
}

#[test]
fn a_body_that_is_not_for_us_is_nothing_when_it_is_optional() {
    let location = "Content-Type: application/pidf+xml\nContent-Disposition: render;handling=optional\n";
    assert_eq!(message(location, "<presence/>").content(), Content::Nothing);
    assert_eq!(message("Content-Type: text/plain\n", "hello").content(), Content::Unknown(Unknown::Type));
    assert_eq!(message("c: application/SDP;charset=utf-8\n", "v=0").content(), Content::Description(b"v=0"));
    assert_eq!(message("", "v=0").content(), Content::Description(b"v=0"));
    let untyped = message("Content-Type: multipart/mixed;boundary=b\n", "--b\n\nhello\n--b--\n");
    assert_eq!(untyped.content(), Content::Unknown(Unknown::Type));
    assert_eq!(message("Content-Type: text/plain\n", "").content(), Content::Nothing);
}

#[test]
fn packed_bodies_are_named_as_such() {
    let gzip = "Content-Type: application/sdp\ne: gzip\n";
    assert_eq!(message(gzip, "\u{1f}").content(), Content::Unknown(Unknown::Encoding));
    assert_eq!(
        message("Content-Type: application/sdp\nContent-Encoding: identity\n", "v=0").content(),
        Content::Description(b"v=0")
    );
    let packed =
        SIP_I.replace("\n\nv=0", "\nContent-Transfer-Encoding: base64\n\ndj0w").replace("HANDLING", "optional");
    let headers = "Content-Type: multipart/mixed;boundary=unique-boundary-1\n";
    assert_eq!(message(headers, &packed).content(), Content::Unknown(Unknown::Encoding));
}

#[test]
fn of_alternatives_the_last_that_is_understood_counts() {
    let body = "--b\nContent-Type: application/sdp\n\nv=0\nold\n--b\nC: application/sdp\n\nv=0\nnew\n--b\n\
                Content-Type: application/sdpng\n\nx\n--b--\n";
    assert_eq!(
        message("Content-Type: multipart/alternative;boundary=b\n", body).content(),
        Content::Description(b"v=0\r\nnew")
    );
}

#[test]
fn multipart_within_multipart_is_read_to_a_depth_and_no_further() {
    let nested = |depth: usize| {
        let mut body = "v=0".to_owned();
        let mut kind = "application/sdp".to_owned();
        for level in 0..depth {
            body = format!("--b{level}\nContent-Type: {kind}\n\n{body}\n--b{level}--\n");
            kind = format!("multipart/mixed;boundary=b{level}");
        }
        message(&format!("Content-Type: {kind}\n"), &body).content() == Content::Description(b"v=0")
    };
    assert!((0..=NESTING_MAX).all(nested));
    assert!(!nested(NESTING_MAX + 1));
}

#[test]
fn a_body_without_its_last_boundary_or_without_any_is_borne_or_named() {
    let headers = "Content-Type: multipart/mixed;boundary=b\n";
    assert_eq!(message(headers, "--b\nContent-Type: application/sdp\n\nv=0\n").content(), Content::Description(b"v=0"));
    assert_eq!(message(headers, "no part at all").content(), Content::Unknown(Unknown::Type));
    assert_eq!(message("Content-Type: multipart/mixed\n", "--b\n").content(), Content::Unknown(Unknown::Type));
    let many = "--b\n\nx\n".repeat(PARTS_MAX * 4);
    assert_eq!(message(headers, &many).content(), Content::Unknown(Unknown::Type));
}

#[test]
fn a_new_call_with_parts_comes_with_its_description_alone() {
    let text = format!(
        "INVITE sip:2000@192.0.2.1 SIP/2.0\nVia: SIP/2.0/UDP 192.0.2.9;branch=z9hG4bKm\nFrom: <sip:a@h>;tag=f\n\
         To: <sip:b@h>\nCall-ID: c\nCSeq: 1 INVITE\nContent-Type: multipart/mixed;boundary=unique-boundary-1\n\n{}",
        SIP_I.replace("HANDLING", "optional")
    );
    let routed = Router::new("x").route(text.replace('\n', "\r\n").as_bytes(), crate::sip::tests::world::source(0));
    let crate::sip::Routed::NewCall(invite) = routed else {
        panic!("{routed:?}");
    };
    assert_eq!((invite.method(), invite.body.as_slice()), (Some(&Method::Invite), &b"v=0\r\ns=-"[..]));
}
