//! Dialogues as text, every way to cut them into segments, and octets at random.
//!
//! A dialogue's lines: `C:` a line the client sends, `c:` octets it sends (`\r \n \0`), `L: n` a text of n octets,
//! `S:` a line of a reply, `D:` octets of the message given out, `O:` another output, `V:` the verdict given,
//! `X:` closed or shutdown, `+3s` time passes, `P:` a setting. Every output must be expected, in its order.

use std::time::{Duration, Instant};

use proptest::prelude::{any, prop_oneof, proptest};
use proptest::strategy::{Just, Strategy};

use super::{AbortReason, DATA_CHUNK, Input, MAX_WAITING_INPUT, Notify, Output, Protocol, Reply, Session, Settings};
use super::{Timeouts, Verdict};

const DIALOGUES: [(&str, &str); 16] = [
    ("simple", include_str!("dialogues/simple.txt")),
    ("pipelined", include_str!("dialogues/pipelined.txt")),
    ("order", include_str!("dialogues/order.txt")),
    ("limits", include_str!("dialogues/limits.txt")),
    ("smuggling", include_str!("dialogues/smuggling.txt")),
    ("early_data", include_str!("dialogues/early_data.txt")),
    ("eager", include_str!("dialogues/eager.txt")),
    ("browser", include_str!("dialogues/browser.txt")),
    ("silence", include_str!("dialogues/silence.txt")),
    ("silent_message", include_str!("dialogues/silent_message.txt")),
    ("slow_verdict", include_str!("dialogues/slow_verdict.txt")),
    ("lost", include_str!("dialogues/lost.txt")),
    ("shutdown", include_str!("dialogues/shutdown.txt")),
    ("lmtp", include_str!("dialogues/lmtp.txt")),
    ("early_talker", include_str!("dialogues/early_talker.txt")),
    ("patient", include_str!("dialogues/patient.txt")),
];

#[expect(clippy::disallowed_methods, reason = "a base for virtual time; an Instant cannot be made otherwise")]
fn base() -> Instant {
    Instant::now()
}

fn settings() -> Settings {
    Settings { hostname: "fax.example".into(), max_message_bytes: 2000, max_recipients: 3, ..Settings::default() }
}

fn session(settings: Settings, now: Instant) -> Session {
    Session::new(settings, "192.0.2.1:40000".parse().expect("an address"), now)
}

/// An output as the dialogues write it.
fn words(output: Output, into: &mut Vec<String>) {
    match output {
        Output::Write(bytes) => {
            let text = String::from_utf8(bytes).expect("replies are ASCII");
            assert!(text.ends_with("\r\n"));
            into.extend(text.split_terminator("\r\n").map(|line| format!("S: {line}")));
        }
        Output::Data(bytes) => into.push(format!("D: {}", bytes.escape_ascii())),
        Output::Close => into.push("O: close".into()),
        Output::DataAborted { reason } => into.push(format!("O: aborted: {reason}")),
        Output::DataEnds { verdicts } => into.push(format!("O: ends {verdicts}")),
        Output::Sender { path, size } => {
            into.push(format!("O: sender <{path}>{}", size.map(|size| format!(" size {size}")).unwrap_or_default()));
        }
        Output::Recipient(recipient) => {
            let orcpt = recipient.orcpt.map(|orcpt| format!(" orcpt {};{}", orcpt.address_type, orcpt.address));
            let notify = recipient.notify.map(|notify| format!(" notify {notify:?}"));
            let (orcpt, notify) = (orcpt.unwrap_or_default(), notify.unwrap_or_default());
            into.push(format!("O: recipient <{}>{orcpt}{notify}", recipient.address));
        }
        Output::DataBegins { envelope } => {
            let to: String = envelope.recipients.iter().map(|recipient| format!(" <{}>", recipient.address)).collect();
            into.push(format!(
                "O: begins <{}> to{to} body {:?} ret {:?} envid {:?} helo {}",
                envelope.sender, envelope.body, envelope.ret, envelope.envid, envelope.helo
            ));
        }
    }
}

fn unescape(text: &str) -> Vec<u8> {
    text.replace("\\r", "\r").replace("\\n", "\n").replace("\\0", "\0").into_bytes()
}

fn verdict(text: &str) -> Verdict {
    if let Some(queue_id) = text.strip_prefix("accept") {
        let text = queue_id.trim().to_owned();
        return if text.is_empty() { Verdict::Accept } else { Verdict::AcceptMessage { text } };
    }
    let mut parts = text.splitn(3, ' ');
    let code = parts.next().and_then(|code| code.parse().ok()).expect("a code");
    let enhanced = parts.next().expect("an enhanced code").to_owned();
    Verdict::Refuse(Reply::new(code, Box::leak(enhanced.into_boxed_str()), parts.next().expect("a text")))
}

/// Plays a dialogue; what the client sends is cut as `cut` says.
fn play(name: &str, script: &str, cut: fn(&[u8]) -> Vec<&[u8]>) {
    let mut settings = settings();
    let mut now = base();
    let mut running: Option<Session> = None;
    let mut happened: Vec<String> = Vec::new();
    let mut expected: Vec<String> = Vec::new();
    for line in script.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        if let Some(setting) = line.strip_prefix("P: ") {
            match setting {
                "lmtp" => settings.protocol = Protocol::Lmtp,
                "greeting delay 3s" => settings.timeouts.greeting_delay = Duration::from_secs(3),
                other => panic!("{other}"),
            }
            continue;
        }
        let session = running.get_or_insert_with(|| session(settings.clone(), now));
        let (kind, rest) = line.split_once([':', 's']).expect("a kind");
        let rest = rest.strip_prefix(' ').unwrap_or(rest);
        let sent = match kind {
            "C" => [rest.as_bytes(), b"\r\n"].concat(),
            "c" => unescape(rest),
            "L" => [vec![b'x'; rest.parse().expect("a length")], b"\r\n".to_vec()].concat(),
            "V" => {
                session.handle(Input::Verdict(verdict(rest)), now);
                vec![]
            }
            "X" => {
                session.handle(if rest == "closed" { Input::Closed } else { Input::Shutdown }, now);
                vec![]
            }
            "S" | "O" | "D" => {
                expected.push(line.to_owned());
                vec![]
            }
            seconds => {
                now += Duration::from_secs(seconds.trim_start_matches('+').parse().expect("seconds"));
                if session.deadline().is_some_and(|at| at <= now) {
                    session.handle(Input::Timeout, now);
                }
                vec![]
            }
        };
        for piece in cut(&sent) {
            session.handle(Input::Bytes(piece), now);
        }
        while let Some(output) = session.poll() {
            words(output, &mut happened);
        }
        assert!(
            session.deadline().is_some() || happened.last().is_some_and(|last| last == "O: close"),
            "{name}: hangs"
        );
        // Pieces of a message may be cut as the input was.
        let common = expected.len().min(happened.len());
        if !happened.iter().any(|line| line.starts_with("D: ")) {
            assert_eq!(expected[..common], happened[..common], "{name} at {line}");
        }
    }
    assert_eq!(joined(&expected), joined(&happened), "{name}");
}

/// Joins the pieces of a message, and drops those of a message that is thrown away: how many came out by then depends
/// on the segments.
fn joined(lines: &[String]) -> Vec<String> {
    let mut joined: Vec<String> = Vec::new();
    for line in lines {
        if line.starts_with("O: aborted") {
            joined.pop_if(|last| last.starts_with("D: "));
        }
        match (line.strip_prefix("D: "), joined.last_mut()) {
            (Some(piece), Some(last)) if last.starts_with("D: ") => last.push_str(piece),
            _ => joined.push(line.clone()),
        }
    }
    joined
}

#[test]
fn every_dialogue_goes_as_it_is_written() {
    for (name, script) in DIALOGUES {
        play(name, script, |sent| if sent.is_empty() { vec![] } else { vec![sent] });
    }
}

/// Those that turn on what came together in one segment are left out, each for that reason.
#[test]
fn a_dialogue_sent_octet_by_octet_goes_the_same_way() {
    for (name, script) in DIALOGUES {
        if !["eager", "early_data", "browser", "early_talker"].contains(&name) {
            play(name, script, |sent| sent.chunks(1).collect());
        }
    }
}

/// Runs a session that answers every question at once: recipients with `2` in them are refused.
fn outcome(segments: &[&[u8]]) -> (String, Vec<u8>, Vec<String>) {
    let now = base();
    let mut session = session(settings(), now);
    let (mut written, mut data, mut events) = (String::new(), Vec::new(), Vec::new());
    let mut drain = |session: &mut Session| {
        while let Some(output) = session.poll() {
            match output {
                Output::Write(bytes) => written.push_str(&String::from_utf8(bytes).expect("ASCII")),
                Output::Data(bytes) => data.extend(bytes),
                Output::Recipient(recipient) => {
                    let refuse = recipient.address.contains('2');
                    let no = Verdict::Refuse(Reply::new(550, "5.7.1", "no"));
                    session.handle(Input::Verdict(if refuse { no } else { Verdict::Accept }), now);
                }
                Output::DataEnds { .. } => session.handle(Input::Verdict(Verdict::Accept), now),
                other @ (Output::Sender { .. }
                | Output::DataBegins { .. }
                | Output::DataAborted { .. }
                | Output::Close) => words(other, &mut events),
            }
        }
    };
    for segment in segments {
        session.handle(Input::Bytes(segment), now);
        drain(&mut session);
    }
    (written, data, events)
}

#[test]
fn a_stream_cut_at_any_octet_has_the_same_outcome() {
    let streams: [&[u8]; 4] = [
        b"MAIL FROM:<\"a>b\"@c.example> SIZE=9\r\nRCPT TO:<1@f>\r\nRCPT TO:<2@f>\r\nDATA\r\n..x\r\n.\r\r\n.\r\nQUIT\r\n",
        b"MAIL FROM:<>\r\nRCPT TO:<1@f>\r\nDATA\r\n.\r\nMAIL FROM:<>\r\nRCPT TO:<3@f>\r\nDATA\r\n..\r\n.\r\nNOOP\r\n",
        b"RSET\nNOOP\r\nNO\rOP\r\nMAIL FROM:<a@b>\r\nRCPT TO:<1@f>\r\nDATA\r\na\n.\nb\r\n.\nc\r\n.\r\nHELP\r\nQUIT\r\n",
        b"MAIL FROM:<a@b>\r\nRCPT TO:<1@f>\r\nDATA\r\n\r\n\r\n.\0\r\n\r\n.\r\n\r\nQUIT\r\nNOOP\r\n",
    ];
    for stream in streams {
        let hello: &[u8] = b"EHLO c\r\n";
        let whole = outcome(&[hello, stream]);
        for first in 0..=stream.len() {
            assert_eq!(outcome(&[hello, &stream[..first], &stream[first..]]), whole, "cut at {first}");
        }
        let octets: Vec<&[u8]> = std::iter::once(hello).chain(stream.chunks(1)).collect();
        assert_eq!(outcome(&octets), whole);
    }
}

#[test]
fn a_message_cut_at_any_two_octets_is_the_same_message() {
    let hello: &[u8] = b"EHLO c\r\n";
    let start: &[u8] = b"MAIL FROM:<>\r\nRCPT TO:<1@f>\r\nDATA\r\n";
    let message: &[u8] = b".\r.\r\n..a\r\n\r\n.\r\r\n.\r\nNOOP\r\n";
    let whole = outcome(&[hello, start, message]);
    assert!(whole.0.ends_with(
        "550 5.6.11 the message has a bare CR or LF in it; lines must end with CR LF\r\n250 2.0.0 here\r\n"
    ));
    for first in 0..message.len() {
        for second in first..message.len() {
            let pieces = [hello, start, &message[..first], &message[first..second], &message[second..]];
            assert_eq!(outcome(&pieces), whole, "cut at {first} and {second}");
        }
    }
}

#[test]
fn a_trickle_of_octets_cannot_hold_a_message_open_for_ever() {
    let start = base();
    let mut now = start;
    let mut session = session(settings(), now);
    for bytes in [&b"HELO c\r\n"[..], b"MAIL FROM:<>\r\n", b"RCPT TO:<1@f>\r\n"] {
        session.handle(Input::Bytes(bytes), now);
    }
    session.handle(Input::Verdict(Verdict::Accept), now);
    session.handle(Input::Bytes(b"DATA\r\n"), now);
    while now < start + Duration::from_secs(2 * 3600) {
        now += Duration::from_secs(60);
        if session.deadline().is_some_and(|at| at <= now) {
            break;
        }
        session.handle(Input::Bytes(b"x"), now);
    }
    assert_eq!(now - start, Timeouts::default().data_total);
    session.handle(Input::Timeout, now);
    let outputs: Vec<Output> = std::iter::from_fn(|| session.poll()).collect();
    assert!(outputs.contains(&Output::DataAborted { reason: AbortReason::TimedOut }));
    assert_eq!((outputs.last(), session.deadline()), (Some(&Output::Close), None));
}

#[test]
fn a_timeout_that_comes_too_early_does_nothing() {
    let now = base();
    let mut session = session(settings(), now);
    while session.poll().is_some() {}
    session.handle(Input::Timeout, now + Duration::from_secs(299));
    assert_eq!((session.poll(), session.deadline()), (None, Some(now + Duration::from_secs(300))));
}

#[test]
fn what_waits_behind_a_question_is_bounded() {
    let now = base();
    let mut session = session(settings(), now);
    for bytes in [&b"HELO c\r\n"[..], b"MAIL FROM:<>\r\n", b"RCPT TO:<1@f>\r\n"] {
        session.handle(Input::Bytes(bytes), now);
    }
    assert!(!session.wants_input());
    session.handle(Input::Bytes(&vec![b'x'; MAX_WAITING_INPUT]), now);
    assert!(session.deadline().is_some());
    session.handle(Input::Bytes(b"x"), now);
    let last: Vec<Output> = std::iter::from_fn(|| session.poll()).collect();
    assert!(matches!(&last[..], [.., Output::Write(bytes), Output::Close] if bytes.starts_with(b"421 4.3.1")));
}

#[test]
fn noops_without_end_are_cut_off_but_a_message_earns_new_ones() {
    let (written, _, events) = outcome(&[b"HELO c\r\n", &b"NOOP\r\n".repeat(1000)]);
    assert!(written.ends_with("421 4.7.0 too many commands without a message, closing\r\n"));
    assert_eq!(events, ["O: close"]);
    let mail = b"MAIL FROM:<>\r\nRCPT TO:<1@f>\r\nDATA\r\n.\r\n".repeat(400);
    let (written, _, _) = outcome(&[b"HELO c\r\n", &mail]);
    assert_eq!(written.matches("250 2.6.0").count(), 400);
}

#[test]
fn a_mail_to_more_recipients_than_commands_are_allowed_is_taken() {
    let now = base();
    let few = Settings { max_commands: 5, max_recipients: 100, ..settings() };
    let mut session = session(few, now);
    let mut written = String::new();
    let recipients = b"RCPT TO:<1@f>\r\n".repeat(100);
    for bytes in [&b"HELO c\r\n"[..], b"MAIL FROM:<>\r\n", &recipients, b"DATA\r\n"] {
        session.handle(Input::Bytes(bytes), now);
        while let Some(output) = session.poll() {
            match output {
                Output::Write(bytes) => written.push_str(&String::from_utf8(bytes).expect("ASCII")),
                Output::Recipient(_) => session.handle(Input::Verdict(Verdict::Accept), now),
                Output::Sender { .. } | Output::Data(_) | Output::DataEnds { .. } | Output::Close => {}
                Output::DataBegins { .. } | Output::DataAborted { .. } => {}
            }
        }
    }
    assert_eq!(written.matches("250 2.1.5").count(), 100);
    assert!(written.contains("\r\n354 "), "{}", &written[written.len() - 100..]);
}

#[test]
fn a_refusal_that_would_say_yes_is_not_passed_on() {
    let now = base();
    let mut session = session(settings(), now);
    for bytes in [&b"HELO c\r\n"[..], b"MAIL FROM:<>\r\n", b"RCPT TO:<1@f>\r\n"] {
        session.handle(Input::Bytes(bytes), now);
    }
    while session.poll().is_some() {}
    session.handle(Input::Verdict(Verdict::Refuse(Reply::new(250, "2.1.5", "yes"))), now);
    assert_eq!(session.poll(), Some(Output::Write(b"451 4.3.0 local fault, try later\r\n".to_vec())));
}

#[test]
fn a_large_message_comes_out_in_bounded_pieces_and_whole() {
    let now = base();
    let mut session = session(Settings::default(), now);
    for bytes in [&b"HELO c\r\n"[..], b"MAIL FROM:<>\r\n", b"RCPT TO:<1@f> NOTIFY=NEVER\r\n"] {
        session.handle(Input::Bytes(bytes), now);
    }
    session.handle(Input::Verdict(Verdict::Accept), now);
    session.handle(Input::Bytes(b"DATA\r\n"), now);
    let line = [b".".as_slice(), &[b'y'; 70], b"\r\n"].concat();
    session.handle(Input::Bytes(&[line.repeat(5000), b".\r\n".to_vec()].concat()), now);
    let mut message = Vec::new();
    let mut notify = None;
    while let Some(output) = session.poll() {
        match output {
            Output::Data(bytes) => {
                assert!(bytes.len() <= DATA_CHUNK);
                message.extend(bytes);
            }
            Output::DataBegins { envelope } => notify = envelope.recipients[0].notify,
            Output::DataEnds { verdicts } => assert_eq!(verdicts, 1),
            Output::Write(_) | Output::Sender { .. } | Output::Recipient(_) => {}
            Output::DataAborted { .. } | Output::Close => panic!("{output:?}"),
        }
    }
    assert_eq!((message.len(), notify), (5000 * 72, Some(Notify::Never)));
}

/// What a hostile client might say.
fn utterance() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..200),
        proptest::sample::select(vec![
            &b"EHLO x\r\n"[..],
            b"MAIL FROM:<a@b>\r\n",
            b"RCPT TO:<1@f>\r\n",
            b"DATA\r\n",
            b".\r\n",
            b"\r\n.\r\n",
            b"\n",
            b"\r",
            b".",
            b"RSET\r\n",
            b"BDAT 3\r\n",
            b"QUIT\r\n",
        ])
        .prop_map(<[u8]>::to_vec),
        Just(vec![b'z'; 5000]),
    ]
}

proptest! {
    #[test]
    fn no_client_makes_the_engine_panic_or_forget_to_close(
        said in proptest::collection::vec((utterance(), 0..400u64, any::<bool>()), 0..60),
        lmtp: bool,
    ) {
        let mut now = base();
        let protocol = if lmtp { Protocol::Lmtp } else { Protocol::Smtp };
        let mut session = session(Settings { protocol, ..settings() }, now);
        let mut closed = false;
        let mut open_message = false;
        let mut asked = 0;
        for (bytes, seconds, yes) in said {
            session.handle(Input::Bytes(&bytes), now);
            now += Duration::from_secs(seconds);
            if session.deadline().is_some_and(|at| at <= now) {
                session.handle(Input::Timeout, now);
            }
            while let Some(output) = session.poll() {
                assert!(!closed, "nothing follows Close");
                match output {
                    Output::Recipient(_) => asked = 1,
                    Output::DataBegins { .. } => { assert!(!open_message); open_message = true; }
                    Output::Data(_) => assert!(open_message),
                    Output::DataEnds { verdicts } => { assert!(open_message); open_message = false; asked = verdicts; }
                    Output::DataAborted { .. } => { assert!(open_message); open_message = false; }
                    Output::Close => { assert!(!open_message); closed = true; }
                    Output::Write(_) | Output::Sender { .. } => {}
                }
                if asked > 0 && session.poll_is_empty() {
                    asked -= 1;
                    let no = Verdict::Refuse(Reply::new(450, "4.2.0", "no"));
                    session.handle(Input::Verdict(if yes { Verdict::Accept } else { no }), now);
                }
            }
            assert!(session.input_waiting() <= MAX_WAITING_INPUT);
            assert_eq!(closed, session.deadline().is_none());
        }
    }
}

impl Session {
    fn poll_is_empty(&self) -> bool {
        self.outputs.is_empty()
    }

    fn input_waiting(&self) -> usize {
        self.input.len()
    }
}
