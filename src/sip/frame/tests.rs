//! The same frames, however the stream is cut.

use super::*;
use crate::sip::Message;

const INVITE: &str =
    "INVITE sip:2000@h SIP/2.0\r\nVia: SIP/2.0/TCP 192.0.2.1;branch=z9hG4bK1\r\nContent-Length: 7\r\n\r\nv=0\r\n\r\n";
const OK: &str = "SIP/2.0 200 OK\r\nl:\r\n 0\r\n\r\n";
const BARE: &str = "OPTIONS sip:h SIP/2.0\nCall-ID: c\n\n";

/// What comes out of a stream that comes in these pieces: frames as words, and the error that ended it.
fn read<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> (Vec<String>, Option<FrameError>) {
    let (mut framer, mut words) = (Framer::new(), Vec::new());
    for piece in pieces {
        framer.push(piece);
        loop {
            match framer.poll() {
                Ok(Some(Frame::Ping)) => words.push("ping".to_owned()),
                Ok(Some(Frame::Message(octets))) => words.push(String::from_utf8(octets).unwrap()),
                Ok(None) => break,
                Err(error) => return (words, Some(error)),
            }
        }
    }
    (words, None)
}

fn whole(text: &str) -> (Vec<String>, Option<FrameError>) {
    read([text.as_bytes()])
}

#[test]
fn a_stream_gives_the_same_frames_in_any_two_or_three_pieces_and_octet_by_octet() {
    let stream = format!("\r\n{INVITE}\r\n\r\n{OK}{BARE}{INVITE}");
    let octets = stream.as_bytes();
    let expected: Vec<String> = [INVITE, "ping", OK, BARE, INVITE].map(str::to_owned).into();
    assert_eq!(whole(&stream), (expected.clone(), None));
    assert_eq!(read(octets.chunks(1)), (expected.clone(), None));
    for first in 0..octets.len() {
        for second in first..octets.len() {
            let pieces = [&octets[..first], &octets[first..second], &octets[second..]];
            assert_eq!(read(pieces), (expected.clone(), None), "cut at {first} and {second}");
        }
    }
}

#[test]
fn a_frame_is_a_message_with_its_body() {
    let (words, _) = whole(INVITE);
    assert_eq!(Message::parse(words[0].as_bytes()).unwrap().body, b"v=0\r\n\r\n");
}

#[test]
fn two_line_ends_are_a_ping_and_one_is_an_answer_to_ours() {
    assert_eq!(whole("\r\n\r\n").0, ["ping"]);
    assert_eq!(whole("\r\n\r\n\r\n\r\n").0, ["ping", "ping"]);
    assert_eq!(whole("\r\n").0.len(), 0);
    assert_eq!(whole(&format!("\r\n{OK}\r\n")).0, [OK]);
}

#[test]
fn what_is_no_sip_ends_the_stream_at_its_first_line() {
    for text in ["GET / HTTP/1.1\r\n", "\x16\x03\x01\x02\n", "hello\n", "SIP/\n", " \n"] {
        assert_eq!(whole(text).1, Some(FrameError::NotSip), "{text:?}");
    }
    // Another version is SIP all the same: the router answers 505.
    assert_eq!(whole("OPTIONS sip:h SIP/7.0\r\n\r\n").0.len(), 1);
}

#[test]
fn a_body_longer_than_said_loses_the_place_and_nothing_of_it_is_taken_for_a_message() {
    let text = INVITE.replace("Content-Length: 7", "Content-Length: 3");
    let (words, error) = whole(&format!("{text}oops\r\n{OK}"));
    assert_eq!((words.len(), error), (2, Some(FrameError::NotSip)), "{words:?}");
    assert_eq!(words[1], "ping");
}

#[test]
fn lengths_that_are_none_or_differ_are_refused() {
    let with = |headers: &str| whole(&format!("OPTIONS sip:h SIP/2.0\r\n{headers}\r\n\r\n")).1;
    assert_eq!(with("Content-Length: x"), Some(FrameError::Length));
    assert_eq!(with("Content-Length: -1"), Some(FrameError::Length));
    assert_eq!(with("Content-Length:"), Some(FrameError::Length));
    assert_eq!(with("Content-Length: 1\r\nl: 2"), Some(FrameError::Length));
    assert_eq!(with("Content-Length: 0\r\nl: 0"), None);
    assert_eq!(with("Content-Length: 65536"), Some(FrameError::MessageTooLarge));
    assert_eq!(with("Content-Length: 99999999999999999999999999"), Some(FrameError::MessageTooLarge));
}

#[test]
fn bounds_hold_before_the_octets_are_kept() {
    let mut framer = Framer::new();
    framer.push(&[b'a'; LINE_BYTES_MAX + 1]);
    assert_eq!(framer.poll(), Err(FrameError::HeadTooLarge));
    framer.push(INVITE.as_bytes());
    assert_eq!(framer.poll(), Err(FrameError::HeadTooLarge), "once lost, always lost");
    let long = format!("OPTIONS sip:h SIP/2.0\r\n{}", "A: b\r\n".repeat(HEAD_BYTES_MAX / 6));
    assert_eq!(whole(&long).1, Some(FrameError::HeadTooLarge));
    let many = format!("OPTIONS sip:h SIP/2.0\r\n{}\r\n", "A: b\r\n".repeat(HEADER_LINES_MAX + 1));
    assert_eq!(whole(&many).1, Some(FrameError::HeadTooLarge));
}

#[test]
fn the_peer_owes_octets_only_within_a_message() {
    let mut framer = Framer::new();
    assert!(!framer.is_within_message());
    framer.push(&INVITE.as_bytes()[..20]);
    assert_eq!(framer.poll(), Ok(None));
    assert!(framer.is_within_message());
    framer.push(&INVITE.as_bytes()[20..]);
    assert!(matches!(framer.poll(), Ok(Some(Frame::Message(_)))));
    assert_eq!(framer.poll(), Ok(None));
    assert!(!framer.is_within_message());
}

proptest::proptest! {
    #[test]
    fn noise_never_panics_and_never_gives_more_than_came(octets: Vec<u8>, cut: usize) {
        let cut = cut % (octets.len() + 1);
        let mut framer = Framer::new();
        let mut given = 0;
        for piece in [&octets[..cut], &octets[cut..]] {
            framer.push(piece);
            while let Ok(Some(frame)) = framer.poll() {
                if let Frame::Message(message) = frame {
                    given += message.len();
                }
            }
        }
        proptest::prop_assert!(given <= octets.len());
    }
}
