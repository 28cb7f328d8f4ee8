//! A router and one leg are fed datagrams and commands in virtual time.
//!
//! Input: flags (bit 0 an outgoing leg, bit 1 over TCP, bit 2 with a second target, bit 3 a caller that requires reliable
//! ringing and a session timer, bit 4 a session timer of ours, bit 5 a redirection leads somewhere), then pieces parted by
//! octet 0xFF; the octet behind it is a command and a wait. In a piece `%T` stands for the leg's tag, `%C` for its Call-ID,
//! `%B` for the branch and `%N` for the number of its last request, `%R` for the number of its last reliable response, so
//! that strangers' datagrams can belong to the call.
//! Holds: every message we send can be read and is complete; one end is told; after hanging up the leg finishes.
#![no_main]

use faxramp::sip::{
    CallSettings, Command, Credentials, Destination, EndpointSettings, Event, Input, Invitation, Leg, LocalAddresses,
    Message, Output, Reason, Routed, Router, Source, Transport, Uri,
};
use faxramp_fuzz::{Feed, base};
use libfuzzer_sys::fuzz_target;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

const INVITE: &[u8] = b"INVITE sip:2000@192.0.2.2 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1:5060;rport;branch=z9hG4bKa\r\n\
    From: <sip:a@h>;tag=ft\r\nTo: <sip:2000@192.0.2.2>\r\nCall-ID: c1\r\nCSeq: 1 INVITE\r\n\
    Contact: <sip:a@192.0.2.1>\r\nContent-Type: application/sdp\r\n\r\nv=0";
/// The same from a caller that requires reliable ringing and has a session timer.
const DEMANDING: &[u8] =
    b"INVITE sip:2000@192.0.2.2 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1:5060;rport;branch=z9hG4bKa\r\n\
    From: <sip:a@h>;tag=ft\r\nTo: <sip:2000@192.0.2.2>\r\nCall-ID: c1\r\nCSeq: 1 INVITE\r\n\
    Contact: <sip:a@192.0.2.1>\r\nRequire: 100rel\r\nSupported: timer\r\nSession-Expires: 90;refresher=uas\r\n\
    Allow: UPDATE\r\nContent-Type: application/sdp\r\n\r\nv=0";
const MOST_WAKES: u32 = 2000;

struct World {
    leg: Leg,
    flags: u8,
    last: Option<Destination>,
    router: Router,
    now: Instant,
    ends: u32,
    branch: String,
    number: String,
    /// The number of our last reliable response.
    reliable: String,
}

fn peer() -> SocketAddr {
    ([192, 0, 2, 1], 5060).into()
}

fn transport(flags: u8) -> Transport {
    if flags & 2 == 2 { Transport::Tcp } else { Transport::Udp }
}

fn source(flags: u8) -> Source {
    Source { transport: transport(flags), ..Source::udp(peer()) }
}

fn settings(flags: u8) -> EndpointSettings {
    EndpointSettings {
        local: LocalAddresses::single(transport(flags), ([192, 0, 2, 2], 5060).into()),
        contact_user: "fax".into(),
        user_agent: "faxramp".into(),
        credentials: Some(Credentials { user: "fax".into(), password: "secret".into(), realm: None }),
        calls: CallSettings {
            session_interval: (flags & 16 == 16).then_some(Duration::from_secs(90)),
            ..CallSettings::default()
        },
    }
}

fn invitation(flags: u8) -> Invitation {
    let first = Destination::new(transport(flags), peer());
    let second = (flags & 4 == 4).then(|| Destination::udp(peer()));
    let uri = |text| Uri::parse(text).expect("a URI");
    Invitation {
        from: uri("sip:+3902@192.0.2.2"),
        from_name: Some("Fax".into()),
        to: uri("sip:2000@192.0.2.1"),
        request_uri: uri("sip:2000@192.0.2.1"),
        targets: std::iter::once(first).chain(second).collect(),
        headers: Vec::new(),
        body: b"offer".to_vec(),
        fallback: None,
    }
}

fn command(choice: u8) -> Option<Command> {
    let body = b"body".to_vec();
    Some(match choice % 16 {
        1 => Command::Ring,
        2 => Command::Accept { body },
        3 => Command::Refuse { status: 486, reason: String::new(), headers: Vec::new() },
        4 => Command::Offer { body },
        5 => Command::WithdrawOffer,
        6 => Command::AcceptOffer { body },
        7 => Command::RefuseOffer { status: 488 },
        8 => Command::HangUp { reason: Some(Reason::q850(16)) },
        _ => return None,
    })
}

impl World {
    fn new(flags: u8) -> Self {
        let now = base();
        let leg = if flags & 1 == 1 {
            Leg::outgoing(settings(flags), invitation(flags), 3, now)
        } else {
            let invite = if flags & 8 == 8 { DEMANDING } else { INVITE };
            let invite = Message::parse(invite).expect("the INVITE above");
            Leg::incoming(&invite, source(flags), settings(flags), 3, now).expect("the INVITE above")
        };
        let mut router = Router::new("faxramp");
        router.add(&leg);
        let mut world = Self {
            leg,
            flags,
            last: None,
            router,
            now,
            ends: 0,
            branch: "z9hG4bKa".into(),
            number: "1".into(),
            reliable: "1".into(),
        };
        world.drain();
        world
    }

    fn input(&mut self, input: Input) {
        self.leg.handle(input, self.now);
        self.drain();
    }

    fn drain(&mut self) {
        while let Some(output) = self.leg.poll() {
            match output {
                Output::Send { to, bytes } => {
                    self.last = Some(to);
                    let message = Message::parse(&bytes).expect("we read what we write");
                    assert_eq!(message.check(), Ok(()), "{}", String::from_utf8_lossy(&bytes));
                    if let Some(reliable) = message.headers.first("RSeq") {
                        self.reliable = String::from_utf8_lossy(reliable).into_owned();
                    }
                    if message.method().is_some() {
                        self.branch = message.branch();
                        self.number = message.cseq().expect("it is complete").number.to_string();
                    }
                }
                Output::Resolve { uri } => {
                    let targets = (self.flags & 32 == 32).then(|| Destination::udp(peer())).into_iter().collect();
                    self.leg.handle(Input::Resolved { uri, targets }, self.now);
                }
                Output::Event(event) => {
                    assert_eq!(self.ends, 0, "{event:?} after the end");
                    self.ends += u32::from(matches!(
                        event,
                        Event::Failed { .. } | Event::TimedOut | Event::Unreachable | Event::Ended { .. }
                    ));
                }
            }
        }
    }

    /// The piece with the words of this call put in.
    fn filled(&self, piece: &[u8]) -> Vec<u8> {
        let call_id = self.leg.call_id().into_owned();
        let mut filled = Vec::with_capacity(piece.len() + 64);
        let mut octets = piece.iter().copied().peekable();
        while let Some(octet) = octets.next() {
            let word = match (octet, octets.peek()) {
                (b'%', Some(b'T')) => self.leg.local_tag(),
                (b'%', Some(b'C')) => &call_id,
                (b'%', Some(b'B')) => &self.branch,
                (b'%', Some(b'N')) => &self.number,
                (b'%', Some(b'R')) => &self.reliable,
                _ => {
                    filled.push(octet);
                    continue;
                }
            };
            filled.extend_from_slice(word.as_bytes());
            octets.next();
        }
        filled
    }

    fn datagram(&mut self, piece: &[u8]) {
        match self.router.route(&self.filled(piece), source(self.flags)) {
            Routed::Leg(key, message) => {
                assert_eq!(key, self.leg.key());
                self.input(Input::Message { message, source: source(self.flags) });
            }
            Routed::NewCall(message) => {
                Leg::incoming(&message, source(0), settings(0), 9, self.now).expect("the router gives whole INVITEs");
            }
            Routed::Reply(bytes, _) => {
                let reply = Message::parse(&bytes).expect("we read what we write");
                assert!(reply.status().is_some());
            }
            Routed::Ignore(_) => {}
        }
    }

    fn wait(&mut self, time: Duration) {
        let until = self.now + time;
        for wake in 0.. {
            let Some(deadline) = self.leg.deadline().filter(|at| *at <= until && !self.leg.finished()) else { break };
            assert!(wake < MOST_WAKES, "a deadline that stays");
            self.now = self.now.max(deadline);
            self.input(Input::Timeout);
        }
        self.now = until;
    }
}

fuzz_target!(|octets: &[u8]| {
    let mut feed = Feed::new(octets);
    let mut world = World::new(feed.octet());
    for (index, piece) in feed.rest().split(|octet| *octet == 0xFF).enumerate() {
        let mut piece = Feed::new(piece);
        if index > 0 {
            let choice = piece.octet();
            world.wait(Duration::from_millis(u64::from(choice / 16) * 400));
            match (command(choice), world.last.clone()) {
                (Some(command), _) => world.input(Input::Command(command)),
                (None, Some(to)) if choice % 16 == 9 => world.input(Input::TransportFailed { to }),
                (None, _) => {}
            }
        }
        if !piece.is_empty() {
            world.datagram(piece.rest());
        }
    }
    world.input(Input::Command(Command::HangUp { reason: None }));
    world.wait(Duration::from_secs(600));
    assert!(world.leg.finished(), "a leg without end");
    assert_eq!(world.ends, 1);
});
