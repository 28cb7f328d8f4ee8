//! The 49 messages of RFC 4475, octet for octet the files of its Appendix A, and what a user agent that only takes and
//! makes calls does with each.
// RFC 4475 §3

use crate::sip::{
    Ignored, Message, ParseError, Reason, Routed, Router,
    content::Content,
    tests::world::{base, outputs, settings, source},
};

/// What is done with a message.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Reaction {
    /// It is a call.
    Call,
    /// It is answered with this status.
    Answer(u16),
    /// It is a response to nobody here, whole.
    NobodysResponse,
    /// It is dropped as broken.
    Dropped,
}
use Reaction::{Answer, Call, Dropped, NobodysResponse};

macro_rules! message {
    ($name:literal, $reaction:expr) => {
        ($name, include_bytes!(concat!($name, ".dat")).as_slice(), $reaction)
    };
}

const MESSAGES: [(&str, &[u8], Reaction); 49] = [
    // §3.1.1: valid. We are no registrar and take no messages: 405.
    message!("wsinv", Answer(481)),
    message!("intmeth", Answer(501)),
    message!("esc01", Call),
    message!("escnull", Answer(405)),
    message!("esc02", Answer(501)),
    message!("lwsdisp", Answer(200)),
    message!("longreq", Call),
    message!("dblreq", Answer(405)),
    message!("semiuri", Answer(200)),
    message!("transports", Answer(200)),
    message!("mpart01", Answer(405)),
    message!("unreason", NobodysResponse),
    message!("noreason", NobodysResponse),
    // §3.1.2: invalid. Where it lets an element choose, what is plain in its meaning is taken.
    message!("badinv01", Call),
    message!("clerr", Answer(400)),
    message!("ncl", Answer(400)),
    message!("scalar02", Answer(400)),
    message!("scalarlg", Dropped),
    message!("quotbal", Answer(400)),
    message!("ltgtruri", Answer(400)),
    message!("lwsruri", Answer(400)),
    message!("lwsstart", Call),
    message!("trws", Answer(200)),
    message!("escruri", Answer(400)),
    message!("baddate", Call),
    message!("regbadct", Answer(405)),
    message!("badaspec", Answer(200)),
    message!("baddn", Answer(400)),
    message!("badvers", Answer(505)),
    message!("mismatch01", Answer(400)),
    message!("mismatch02", Answer(400)),
    message!("bigcode", Dropped),
    // §3.2: transactions
    message!("badbranch", Answer(200)),
    // §3.3: what the application makes of it
    message!("insuf", Answer(400)),
    message!("unkscm", Answer(416)),
    message!("novelsc", Answer(416)),
    message!("unksm2", Answer(405)),
    message!("bext01", Answer(420)),
    message!("invut", Answer(415)),
    message!("regaut01", Answer(405)),
    message!("multi01", Answer(400)),
    message!("mcl01", Answer(400)),
    message!("bcast", NobodysResponse),
    message!("zeromf", Answer(200)),
    message!("cparam01", Answer(405)),
    message!("cparam02", Answer(405)),
    message!("regescrt", Answer(405)),
    message!("sdp01", Answer(406)),
    // §3.4: an INVITE of RFC 2543
    message!("inv2543", Call),
];

fn octets(name: &str) -> &'static [u8] {
    MESSAGES.iter().find(|(own, _, _)| *own == name).unwrap().1
}

fn parse(name: &str) -> Message {
    Message::parse(octets(name)).unwrap()
}

fn reply(name: &str) -> Message {
    let Routed::Reply(bytes, _) = Router::new("x").route(octets(name), source(0)) else {
        panic!("{name} is not answered");
    };
    Message::parse(&bytes).unwrap()
}

fn value(message: &Message, name: &str) -> String {
    String::from_utf8(message.headers.first(name).unwrap_or_default().to_vec()).unwrap()
}

#[test]
fn every_message_has_the_right_reaction() {
    for (name, octets, wanted) in MESSAGES {
        let reaction = match Router::new("x").route(octets, source(0)) {
            Routed::NewCall(_) => Call,
            Routed::Reply(bytes, _) => Answer(Message::parse(&bytes).unwrap().status().unwrap()),
            Routed::Ignore(Ignored::StrayResponse) => NobodysResponse,
            Routed::Ignore(Ignored::Incomplete | Ignored::Noise(ParseError::StartLine)) => Dropped,
            other @ (Routed::Ignore(_) | Routed::Leg(..)) => panic!("{name}: {other:?}"),
        };
        assert_eq!(reaction, wanted, "{name}");
    }
}

#[test]
fn every_call_among_them_can_be_rung_answered_and_ended() {
    for (name, octets, _) in MESSAGES.iter().filter(|(_, _, reaction)| *reaction == Call) {
        let Routed::NewCall(invite) = Router::new("x").route(octets, source(0)) else {
            panic!("{name}");
        };
        let mut leg = crate::sip::Leg::incoming(&invite, source(0), settings(1), 5, base()).unwrap();
        for command in [crate::sip::Command::Ring, crate::sip::tests::world::accept("x")] {
            leg.handle(crate::sip::Input::Command(command), base());
        }
        let (messages, _) = outputs(&mut leg);
        assert_eq!(messages.iter().filter_map(Message::status).collect::<Vec<_>>(), [100, 180, 200], "{name}");
        assert_eq!(messages[2].headers.list("Via").len(), invite.headers.list("Via").len(), "{name}");
        assert!(matches!(invite.content(), Content::Description(_)), "{name}");
    }
}

#[test]
fn answers_tell_what_the_asker_needs_to_know() {
    assert_eq!(value(&reply("bext01"), "Unsupported"), "nothingSupportsThis, nothingSupportsThisEither");
    assert!(value(&reply("invut"), "Accept").starts_with("application/sdp"));
    assert!(value(&reply("intmeth"), "Allow").starts_with("INVITE, ACK"));
    assert_eq!(reply("mcl01").reason_phrase(), "Bad Request: Content-Length is there more than once");
    assert_eq!(reply("clerr").reason_phrase(), "Bad Request: the body is shorter than Content-Length says");
    assert_eq!(reply("transports").headers.all("Via").count(), 5);
}

#[test]
fn what_is_strange_but_valid_is_read_as_it_is_meant() {
    let esc01 = parse("esc01");
    assert_eq!(esc01.uri().unwrap().user_decoded().unwrap(), "sips:user@example.com");
    assert_eq!(esc01.from().unwrap().uri.user_decoded().unwrap(), "I have spaces");
    assert_eq!(parse("escnull").to().unwrap().uri.user_decoded().unwrap(), "null-\0-null");
    assert_eq!(parse("esc02").headers.list("Contact").len(), 2, "a header name has no escapes");
    assert_eq!(parse("lwsdisp").from().unwrap().display_name.unwrap(), "caller");
    assert_eq!(parse("longreq").headers.list("Via").len(), 34);
    assert_eq!(parse("longreq").body.len(), 150);
    assert!(parse("dblreq").body.is_empty(), "what follows a whole message is no part of it");
    let semiuri = parse("semiuri").uri().unwrap();
    assert_eq!((semiuri.user.as_deref(), semiuri.parameters.has("par")), (Some("user;par=u%40example.net"), false));
    assert_eq!(parse("unreason").reason_phrase(), "= 2**3 * 5**2 но сто девяносто девять - простое");
    assert_eq!(parse("noreason").reason_phrase(), "Trying");
    assert_eq!(parse("intmeth").from_tag().unwrap(), "_token~1'+`*%!-.");
    assert_eq!(parse("mpart01").body.len(), 553, "octets of any value");
    assert_eq!(parse("inv2543").branch(), "");
    assert_eq!(Reason::of(&parse("zeromf").headers), None);
}

/// rsip is stricter and wrong in places; where it reads a message at all, it must read the same.
#[test]
fn rsip_reads_the_same_where_it_reads() {
    use rsip::prelude::{HeadersExt, UntypedHeader};
    let mut read = 0;
    for (name, octets, _) in MESSAGES {
        let (Ok(second), Ok(first)) = (rsip::Request::try_from(octets), Message::parse(octets)) else { continue };
        if first.check().is_err() || name == "wsinv" {
            continue;
        }
        read += 1;
        assert_eq!(Some(second.method.to_string()), first.method().map(ToString::to_string), "{name}");
        // It knows only some of the compact names, and no number with zeros in front.
        if let Ok(call_id) = second.call_id_header() {
            assert_eq!(Some(call_id.value().as_bytes()), first.call_id(), "{name}");
        }
        if let Some(number) = second.cseq_header().ok().and_then(|header| header.seq().ok()) {
            assert_eq!(Some(number), first.cseq().map(|cseq| cseq.number), "{name}");
        }
    }
    assert!(read >= 12, "rsip reads {read} of them");
}
