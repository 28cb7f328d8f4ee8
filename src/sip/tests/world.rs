//! Two parties, each with a router, and the path between them: loss, delay, duplication and reordering from a seed.

use crate::sip::extension::SessionExpires;
use crate::sip::{
    CallSettings, Command, Credentials, Destination, EndpointSettings, Event, Input, Invitation, Leg, LocalAddresses,
    Message, Method, Output, Reason, Routed, Router, Source, Transport, Uri,
};
use std::{
    collections::BTreeMap,
    net::SocketAddr,
    time::{Duration, Instant},
};

pub(super) const CALLER: usize = 0;
pub(super) const CALLEE: usize = 1;

/// What the path does to the datagram with this number.
pub(super) type Path = Box<dyn FnMut(usize) -> Vec<Duration>>;

pub(super) struct World {
    now: Instant,
    base: Instant,
    routers: [Router; 2],
    legs: [Option<Leg>; 2],
    ended: [bool; 2],
    /// What happened to each party, as words.
    pub(super) told: [Vec<String>; 2],
    /// What was sent, as words, with who sent it.
    pub(super) sent: Vec<(usize, String)>,
    flights: BTreeMap<(Instant, usize), (SocketAddr, SocketAddr, Vec<u8>)>,
    script: BTreeMap<(Instant, usize), (usize, Command)>,
    path: Path,
    /// How each party answers an offer: `None` says nothing.
    pub(super) on_offer: [Option<Command>; 2],
    pub(super) challenge: Option<&'static str>,
    /// Where the callee's front sends the call, once.
    pub(super) redirect: Option<&'static str>,
    /// The shortest session interval that the callee's front takes, in seconds.
    pub(super) least_interval: Option<u64>,
    /// What both ask for beyond a plain call.
    pub(super) calls: CallSettings,
    /// More headers of the INVITE.
    pub(super) headers: Vec<(String, String)>,
    /// What the path changes in every message: this text to that.
    pub(super) rewrite: Option<(&'static str, &'static str)>,
    numbered: usize,
}

#[expect(clippy::disallowed_methods, reason = "a base for virtual time; it never advances by itself")]
pub(in crate::sip) fn base() -> Instant {
    Instant::now()
}

pub(in crate::sip) fn address(side: usize) -> SocketAddr {
    SocketAddr::from(([192, 0, 2, 1 + u8::try_from(side).unwrap()], 5060))
}

/// A datagram from a party.
pub(in crate::sip) fn source(side: usize) -> Source {
    Source::udp(address(side))
}

pub(in crate::sip) fn settings(side: usize) -> EndpointSettings {
    EndpointSettings {
        local: LocalAddresses::single(Transport::Udp, address(side)),
        contact_user: format!("party{side}"),
        user_agent: "faxramp".into(),
        credentials: Some(Credentials { user: "fax".into(), password: "secret".into(), realm: None }),
        calls: CallSettings::default(),
    }
}

pub(in crate::sip) fn invitation() -> Invitation {
    Invitation {
        from: Uri::parse("sip:+3902@192.0.2.1").unwrap(),
        from_name: Some("Fax".into()),
        to: Uri::parse("sip:2000@192.0.2.2").unwrap(),
        request_uri: Uri::parse("sip:2000@192.0.2.2").unwrap(),
        targets: vec![Destination::udp(address(CALLEE))],
        headers: vec![("P-Asserted-Identity".into(), "<sip:+3902@192.0.2.1>".into())],
        body: b"audio".to_vec(),
        fallback: None,
    }
}

/// A path that only takes 20 ms.
pub(super) fn clean() -> Path {
    Box::new(|_| vec![Duration::from_millis(20)])
}

/// A path that loses one datagram.
pub(super) fn losing(lost: usize) -> Path {
    Box::new(move |number| if number == lost { Vec::new() } else { vec![Duration::from_millis(20)] })
}

/// A path that gives one datagram twice, the second time after a while.
pub(super) fn doubling(doubled: usize) -> Path {
    let delay = |milliseconds| Duration::from_millis(milliseconds);
    Box::new(move |number| if number == doubled { vec![delay(20), delay(900)] } else { vec![delay(20)] })
}

/// A path that is overtaken by one datagram's followers.
pub(super) fn delaying(delayed: usize) -> Path {
    Box::new(move |number| vec![Duration::from_millis(if number == delayed { 1_700 } else { 20 })])
}

/// A path that loses, doubles and reorders by a seed.
pub(super) fn bad(seed: u64) -> Path {
    let mut chance = crate::sip::chance::Chance::new(seed);
    Box::new(move |_| {
        let copies = match chance.below(100) {
            0..15 => 0,
            15..30 => 2,
            _ => 1,
        };
        (0..copies).map(|_| Duration::from_millis(5 + chance.below(400))).collect()
    })
}

impl World {
    pub(super) fn new(path: Path) -> Self {
        let base = base();
        Self {
            now: base,
            base,
            routers: [Router::new("caller"), Router::new("callee")],
            legs: [None, None],
            ended: [false, false],
            told: [Vec::new(), Vec::new()],
            sent: Vec::new(),
            flights: BTreeMap::new(),
            script: BTreeMap::new(),
            path,
            on_offer: [const { None }; 2],
            challenge: None,
            redirect: None,
            least_interval: None,
            calls: CallSettings::default(),
            headers: Vec::new(),
            rewrite: None,
            numbered: 0,
        }
    }

    /// Puts a command into the script, `at` milliseconds after the start.
    pub(super) fn at(&mut self, at: u64, side: usize, command: Command) {
        self.numbered += 1;
        self.script.insert((self.base + Duration::from_millis(at), self.numbered), (side, command));
    }

    /// Starts the call and plays until nothing is left to happen.
    pub(super) fn play(&mut self, seed: u64) {
        let settings = EndpointSettings { calls: self.calls, ..settings(CALLER) };
        let mut invitation = invitation();
        invitation.headers.append(&mut self.headers.clone());
        let leg = Leg::outgoing(settings, invitation, seed, self.now);
        self.routers[CALLER].add(&leg);
        self.legs[CALLER] = Some(leg);
        self.drain(CALLER);
        let limit = self.base + Duration::from_secs(900);
        while let Some(next) = self.next() {
            assert!(next <= limit, "the call never ends: {:?} {:?}", self.told, self.sent);
            self.now = self.now.max(next);
            self.step();
        }
        for side in [CALLER, CALLEE] {
            assert!(self.legs[side].is_none(), "party {side} is left over: {:?}", self.legs[side]);
            assert!(self.ended[side] || self.told[side].is_empty(), "party {side} was told no end");
        }
    }

    pub(super) fn words(&self, side: usize) -> String {
        let is_quiet = |word: &str| matches!(word, "trying" | "ringing") || word.starts_with("refreshed");
        self.told[side].iter().filter(|word| !is_quiet(word)).cloned().collect::<Vec<_>>().join(", ")
    }

    fn next(&self) -> Option<Instant> {
        let legs = self.legs.iter().flatten().filter_map(Leg::deadline);
        let flights = self.flights.keys().map(|(at, _)| *at);
        let script = self.script.keys().map(|(at, _)| *at);
        legs.chain(flights).chain(script).min()
    }

    fn step(&mut self) {
        while let Some(entry) = self.flights.first_entry().filter(|entry| entry.key().0 <= self.now) {
            let (from, to, bytes) = entry.remove();
            self.arrive(from, to, &bytes);
        }
        while let Some(entry) = self.script.first_entry().filter(|entry| entry.key().0 <= self.now) {
            let (side, command) = entry.remove();
            self.input(side, Input::Command(command));
        }
        for side in [CALLER, CALLEE] {
            let due = self.legs[side].as_ref().and_then(Leg::deadline).is_some_and(|at| at <= self.now);
            if due {
                self.input(side, Input::Timeout);
            }
        }
    }

    fn arrive(&mut self, from: SocketAddr, to: SocketAddr, bytes: &[u8]) {
        let side = usize::from(to == address(CALLEE));
        assert_eq!(to, address(side), "a datagram to nobody: {}", String::from_utf8_lossy(bytes));
        match self.routers[side].route(bytes, Source::udp(from)) {
            Routed::Leg(key, message) => {
                assert_eq!(self.legs[side].as_ref().map(Leg::key), Some(key));
                self.input(side, Input::Message { message, source: Source::udp(from) });
            }
            Routed::NewCall(invite) => self.new_call(&invite, from),
            Routed::Reply(bytes, to) => self.send(side, to.address, bytes),
            Routed::Ignore(_) => {}
        }
    }

    fn new_call(&mut self, invite: &Message, from: SocketAddr) {
        if let Some(challenge) = self.challenge
            && invite.headers.first("Authorization").is_none()
        {
            let mut response = Message::response(invite, 401, "", "front", from);
            response.headers.push("WWW-Authenticate", challenge);
            return self.send(CALLEE, from, response.to_bytes());
        }
        if let Some(contact) = self.redirect
            && !contact.contains(invite.request_uri().unwrap())
        {
            let mut response = Message::response(invite, 302, "", "front", from);
            response.headers.push("Contact", contact);
            return self.send(CALLEE, from, response.to_bytes());
        }
        if let Some(least) = self.least_interval
            && SessionExpires::of(&invite.headers).is_some_and(|asked| asked.interval.as_secs() < least)
        {
            let mut response = Message::response(invite, 422, "", "front", from);
            response.headers.push("Min-SE", least.to_string());
            return self.send(CALLEE, from, response.to_bytes());
        }
        // An INVITE that was late on the way, after its call had ended.
        if !self.told[CALLEE].is_empty() {
            return;
        }
        let leg = Leg::incoming(invite, Source::udp(from), settings(CALLEE), 77, self.now).unwrap();
        self.routers[CALLEE].add(&leg);
        self.legs[CALLEE] = Some(leg);
        self.told[CALLEE].push("called".into());
        self.drain(CALLEE);
    }

    fn input(&mut self, side: usize, input: Input) {
        if let Some(leg) = &mut self.legs[side] {
            leg.handle(input, self.now);
            self.drain(side);
        }
    }

    fn drain(&mut self, side: usize) {
        while let Some(output) = self.legs[side].as_mut().and_then(Leg::poll) {
            match output {
                Output::Send { to, bytes } => self.send(side, to.address, bytes),
                Output::Resolve { uri } => {
                    let targets = vec![Destination::udp(address(CALLEE))];
                    self.legs[side].as_mut().unwrap().handle(Input::Resolved { uri, targets }, self.now);
                }
                Output::Event(event) => {
                    assert!(!self.ended[side], "party {side} is told {event:?} after its end");
                    self.ended[side] = matches!(
                        event,
                        Event::Failed { .. } | Event::TimedOut | Event::Unreachable | Event::Ended { .. }
                    );
                    self.told[side].push(word(&event));
                    if let (Event::Offered { .. }, Some(answer)) = (&event, self.on_offer[side].clone()) {
                        self.numbered += 1;
                        self.script.insert((self.now, self.numbered), (side, answer));
                    }
                }
            }
        }
        if let Some(leg) = self.legs[side].take_if(|leg| leg.finished()) {
            self.routers[side].remove(&leg.key());
        }
    }

    fn send(&mut self, side: usize, to: SocketAddr, mut bytes: Vec<u8>) {
        if let Some((this, that)) = self.rewrite {
            bytes = String::from_utf8(bytes).unwrap().replace(this, that).into_bytes();
        }
        let message = Message::parse(&bytes).expect("we write what we can read");
        assert_eq!(message.check(), Ok(()));
        let word = match (message.method(), message.status()) {
            (Some(method), _) => method.to_string(),
            (None, status) => format!("{} {}", status.unwrap(), message.cseq().unwrap().method),
        };
        self.sent.push((side, word));
        for delay in (self.path)(self.sent.len() - 1) {
            self.numbered += 1;
            self.flights.insert((self.now + delay, self.numbered), (address(side), to, bytes.clone()));
        }
    }

    pub(super) fn count(&self, side: usize, word: &str) -> usize {
        self.sent.iter().filter(|(by, sent)| *by == side && sent == word).count()
    }
}

fn word(event: &Event) -> String {
    let text = |body: &[u8]| String::from_utf8_lossy(body).into_owned();
    match event {
        Event::Trying => "trying".into(),
        Event::Ringing => "ringing".into(),
        Event::Progress { body } => format!("progress {}", text(body.as_deref().unwrap_or_default())),
        Event::Answered { body } => format!("answered {}", text(body)),
        Event::Failed { status, q850, .. } => format!("failed {status} {}", q850.unwrap_or(0)),
        Event::FellBack { status } => format!("fell back {status}"),
        Event::TimedOut => "timed out".into(),
        Event::Unreachable => "unreachable".into(),
        Event::Offered { body } => format!("offered {}", text(body.as_deref().unwrap_or(b"nothing"))),
        Event::OfferWithdrawn => "offer withdrawn".into(),
        Event::OfferAnswered { body } => format!("offer answered {}", text(body)),
        Event::OfferUnanswered => "offer unanswered".into(),
        Event::Refreshed { answer, .. } => format!("refreshed {}", text(answer)),
        Event::OfferRefused { status } => format!("offer refused {status}"),
        Event::Acknowledged { body: None } => "acknowledged".into(),
        Event::Acknowledged { body: Some(body) } => format!("acknowledged {}", text(body)),
        Event::Ended { by_peer, q850, .. } => match q850 {
            Some(cause) => format!("ended by {} {cause}", if *by_peer { "peer" } else { "us" }),
            None => format!("ended by {}", if *by_peer { "peer" } else { "us" }),
        },
    }
}

pub(super) fn accept(body: &str) -> Command {
    Command::Accept { body: body.into() }
}

pub(super) fn offer(body: &str) -> Command {
    Command::Offer { body: body.into() }
}

pub(super) fn accept_offer(body: &str) -> Command {
    Command::AcceptOffer { body: body.into() }
}

pub(super) fn hang_up() -> Command {
    Command::HangUp { reason: Some(Reason::q850(16)) }
}

/// A request or response as text with CRLF line ends.
pub(super) fn message(lines: &str) -> Message {
    Message::parse(lines.replace('\n', "\r\n").as_bytes()).unwrap()
}

/// The messages a leg gives, and its events, until now.
pub(super) fn outputs(leg: &mut Leg) -> (Vec<Message>, Vec<Event>) {
    let (mut messages, mut events) = (Vec::new(), Vec::new());
    while let Some(output) = leg.poll() {
        match output {
            Output::Send { bytes, .. } => messages.push(Message::parse(&bytes).unwrap()),
            Output::Event(event) => events.push(event),
            Output::Resolve { .. } => {}
        }
    }
    (messages, events)
}

/// The first message of a method among those sent.
pub(super) fn sent(messages: &[Message], method: &Method) -> Message {
    let found = messages.iter().find(|message| message.method() == Some(method));
    found.unwrap_or_else(|| panic!("no {method} in {messages:?}")).clone()
}
