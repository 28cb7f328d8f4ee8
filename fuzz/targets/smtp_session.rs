//! A client says anything, in any pieces; every recipient and message is accepted, but for those the first octet refuses.
//!
//! Input: flags (bit 0 LMTP, bit 1 refuses recipients with a 4), the seed of the pieces, then what the client says.
//! Holds: what becomes a message does not depend on the pieces; each message is text in lines; the session has an end.
#![no_main]

use faxramp::smtp::{DATA_CHUNK, Envelope, Input, Output, Protocol, Reply, Session, Settings, Verdict};
use faxramp_fuzz::{Feed, base, split};
use libfuzzer_sys::fuzz_target;
use std::time::Instant;

const LARGEST_MESSAGE: u64 = 2000;
const MOST_WAKES: u32 = 20;

struct Client {
    session: Session,
    refuses: bool,
    writes: Vec<u8>,
    open: Option<(Envelope, Vec<u8>)>,
    messages: Vec<(Envelope, Vec<u8>)>,
    closed: bool,
}

fn settings(protocol: Protocol) -> Settings {
    Settings { protocol, max_message_bytes: LARGEST_MESSAGE, max_text_line_bytes: 500, ..Settings::default() }
}

impl Client {
    fn new(flags: u8, now: Instant) -> Self {
        let protocol = if flags & 1 == 1 { Protocol::Lmtp } else { Protocol::Smtp };
        let session = Session::new(settings(protocol), ([192, 0, 2, 9], 4711).into(), now);
        let mut client = Self {
            session,
            refuses: flags & 2 == 2,
            writes: Vec::new(),
            open: None,
            messages: Vec::new(),
            closed: false,
        };
        client.drain(now);
        client
    }

    fn input(&mut self, input: Input<'_>, now: Instant) {
        self.session.handle(input, now);
        self.drain(now);
    }

    fn drain(&mut self, now: Instant) {
        while let Some(output) = self.session.poll() {
            assert!(!self.closed, "{output:?} after the end");
            match output {
                Output::Write(octets) => {
                    assert!(octets.ends_with(b"\r\n"));
                    self.writes.extend(octets);
                }
                Output::Sender { .. } => {}
                Output::Recipient(recipient) => {
                    let refused = self.refuses && recipient.address.contains('4');
                    let no = || Verdict::Refuse(Reply::new(550, "5.1.1", "not\r\nknown"));
                    self.session.handle(Input::Verdict(if refused { no() } else { Verdict::Accept }), now);
                }
                Output::DataBegins { envelope } => {
                    assert!(!envelope.recipients.is_empty() && self.open.is_none());
                    self.open = Some((envelope, Vec::new()));
                }
                Output::Data(octets) => {
                    assert!(octets.len() <= DATA_CHUNK);
                    self.open.as_mut().expect("a message has begun").1.extend(octets);
                }
                Output::DataEnds { verdicts } => {
                    let (envelope, text) = self.open.take().expect("a message has begun");
                    let lmtp = envelope.protocol == Protocol::Lmtp;
                    assert_eq!(verdicts, if lmtp { envelope.recipients.len() } else { 1 });
                    check_text(&text);
                    self.messages.push((envelope, text));
                    for _ in 0..verdicts {
                        self.session.handle(Input::Verdict(Verdict::Accept), now);
                    }
                }
                Output::DataAborted { .. } => {
                    self.open.take().expect("a message has begun");
                }
                Output::Close => self.closed = true,
            }
        }
    }
}

fn check_text(text: &[u8]) {
    assert!(text.len() as u64 <= LARGEST_MESSAGE);
    assert!(text.is_empty() || text.ends_with(b"\r\n"));
    for line in text.split_inclusive(|octet| *octet == b'\n') {
        let line = line.strip_suffix(b"\r\n").expect("a line ends with CR LF");
        assert!(!line.contains(&b'\r') && !line.contains(&0), "a bare line end or NUL came through");
    }
}

fn check_replies(writes: &[u8]) {
    let text = std::str::from_utf8(writes).expect("replies are text");
    for line in text.split_terminator("\r\n") {
        assert!(line.len() <= 510, "{line:?} is too long");
        assert!(line.as_bytes()[..3].iter().all(u8::is_ascii_digit), "{line:?}");
        assert!(!line.contains(|c: char| c.is_control()), "{line:?}");
    }
}

fuzz_target!(|octets: &[u8]| {
    let mut feed = Feed::new(octets);
    let (flags, seed) = (feed.octet(), feed.octet());
    let mut now = base();
    let mut whole = Client::new(flags, now);
    whole.input(Input::Bytes(feed.rest()), now);
    let mut pieces = Client::new(flags, now);
    for piece in split(feed.rest(), seed) {
        pieces.input(Input::Bytes(piece), now);
    }
    // Whether text sent ahead of a refusal is seen may depend on the pieces, and then one session ends earlier.
    for (one, other) in whole.messages.iter().zip(&pieces.messages) {
        assert_eq!(one, other);
    }
    check_replies(&whole.writes);
    check_replies(&pieces.writes);
    for _ in 0..MOST_WAKES {
        let Some(deadline) = pieces.session.deadline() else { break };
        assert!(deadline > now, "a deadline that stays");
        now = deadline;
        pieces.input(Input::Timeout, now);
    }
    assert!(pieces.closed, "a session without end");
});
