//! The path between two parties in virtual time, and the run of a whole call over it.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use super::gateway::Gateway;
use super::party::{CALLEE, CALLER, PAGES, Party, is_page, page_bits, sip_address};
use super::peer::Peer;
use crate::call::engine::PageCount;
use crate::call::offer::What;
use crate::call::{Call, FirstOffer, InboundSettings, Input, OutboundSettings, Output, Verdict};
use crate::model::Cause;
use crate::sip::{self, Message, Routed, Router, Source};

/// A call that is not over by then hangs.
pub(super) const LONGEST_CALL: Duration = Duration::from_secs(900);
/// One way, unless a path says otherwise.
pub(super) const DELAY: Duration = Duration::from_millis(30);

/// What carries a datagram.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Kind {
    Sip,
    Audio,
    Report,
    T38,
}

/// One datagram on its way, for a path to look at.
#[derive(Clone, Debug)]
pub(super) struct Flight {
    pub(super) from: usize,
    pub(super) kind: Kind,
    /// When it was sent.
    pub(super) at: Instant,
    /// Its number among those of its kind, of both ends.
    pub(super) number: usize,
    pub(super) source: SocketAddr,
    pub(super) to: SocketAddr,
    pub(super) bytes: Vec<u8>,
}

/// When a datagram arrives, each time that it does.
pub(super) type Path = Box<dyn FnMut(&Flight) -> Vec<Duration>>;
/// What a test does when something comes out of a party: actions with their side, after a while.
pub(super) type Watch = Box<dyn FnMut(usize, &Output) -> Vec<(Duration, usize, Action)>>;

/// What a middlebox does to a SIP message of a side.
pub(super) type Edit = Box<dyn FnMut(&mut Message, usize)>;

/// What a test does to a party.
#[derive(Clone, Debug)]
pub(super) enum Action {
    HangUp(Cause),
    /// Sends a re-INVITE with a description of these media.
    Offer(What),
    /// The next description has other keys.
    ChangeKeys,
    /// Moves the T.38 socket; the next description says so.
    MoveT38(SocketAddr),
    /// A media packet from somewhere else.
    Inject {
        kind: Kind,
        source: SocketAddr,
        bytes: Vec<u8>,
    },
    Page(u32),
    Verdict(Verdict),
}

/// The called side.
pub(super) enum Callee {
    /// One of ours, once the INVITE has come.
    Ours(Box<InboundSettings>),
    /// A scripted one.
    Scripted(Box<Peer>),
}

pub(super) struct Network {
    pub(super) now: Instant,
    pub(super) base: Instant,
    pub(super) parties: [Option<Party>; 2],
    pub(super) callee: Callee,
    routers: [Router; 2],
    flights: BTreeMap<(Instant, usize), Flight>,
    actions: BTreeMap<(Instant, usize), (usize, Action)>,
    pub(super) path: Path,
    pub(super) watch: Watch,
    pub(super) edit: Edit,
    /// Gateways with a telephone line between them, one for each direction.
    pub(super) gateways: Option<[Gateway; 2]>,
    numbered: usize,
    numbers: BTreeMap<Kind, usize>,
    /// First lines of the SIP messages in the order in which they were sent.
    pub(super) sip: Vec<(usize, String)>,
    /// The bodies of those messages, as edited.
    pub(super) bodies: Vec<(usize, String)>,
}

/// A path that only takes time.
pub(super) fn clean() -> Path {
    Box::new(|_| vec![DELAY])
}

/// A generator of chance that depends on nothing but its seed.
pub(super) fn chance(seed: u64) -> impl FnMut(u64) -> u64 {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    move |below| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) % below
    }
}

/// Where reports of the audio at a port come from and go to.
fn next_port(audio: SocketAddr) -> SocketAddr {
    SocketAddr::new(audio.ip(), audio.port() + 1)
}

/// A path that loses, doubles and delays, each of a hundred datagrams as often as said.
pub(super) fn bad(seed: u64, lost: u64, doubled: u64, jitter_ms: u64) -> Path {
    let mut chance = chance(seed);
    Box::new(move |_| {
        let fate = chance(100);
        let copies = if fate < lost { 0 } else { 1 + u64::from(fate < lost + doubled) };
        (0..copies).map(|_| DELAY + Duration::from_millis(chance(jitter_ms + 1))).collect()
    })
}

impl Network {
    /// A caller of ours whose INVITE is out.
    pub(super) fn new(what: What, mut caller: OutboundSettings, callee: Callee, seed: u64) -> Self {
        caller.t38.first_offer = match what {
            What::Audio => FirstOffer::Audio,
            What::T38 => FirstOffer::T38,
            What::Either => FirstOffer::Both,
        };
        #[expect(clippy::disallowed_methods, reason = "the one base of this test's virtual time")]
        let base = Instant::now();
        let mut router = Router::new("caller");
        let earlier = PageCount::of(&caller.fax).first().map_or(0, |count| count.earlier);
        let call = Call::outbound(caller, seed, base);
        router.add(call.leg());
        let party = Party { confirmed: earlier, earlier, ..Party::new(call) };
        Self {
            now: base,
            base,
            parties: [Some(party), None],
            callee,
            routers: [router, Router::new("callee")],
            flights: BTreeMap::new(),
            actions: BTreeMap::new(),
            path: clean(),
            watch: Box::new(|_, _| Vec::new()),
            edit: Box::new(|_, _| {}),
            gateways: None,
            numbered: 0,
            numbers: BTreeMap::new(),
            sip: Vec::new(),
            bodies: Vec::new(),
        }
    }

    pub(super) fn caller(&self) -> &Party {
        self.parties[CALLER].as_ref().unwrap()
    }

    pub(super) fn called(&self) -> &Party {
        self.parties[CALLEE].as_ref().unwrap_or_else(|| panic!("never called: {}", self.story()))
    }

    pub(super) fn after(&mut self, wait: Duration, side: usize, action: Action) {
        self.numbered += 1;
        self.actions.insert((self.now + wait, self.numbered), (side, action));
    }

    /// Plays until nothing is left to happen and checks what holds of every call.
    pub(super) fn play(&mut self) {
        let outputs = self.parties[CALLER].as_mut().unwrap().drain(self.now);
        self.apply(CALLER, outputs);
        while let Some(next) = self.next() {
            assert!(next - self.base < LONGEST_CALL, "it never ends:\n{}", self.story());
            self.now = self.now.max(next);
            self.step();
        }
        for party in self.parties.iter().flatten() {
            assert!(party.finished_at.is_some(), "one end is left over:\n{}", self.story());
        }
        if matches!(self.callee, Callee::Ours(_)) {
            self.check_pages();
        }
    }

    /// Nothing is believed to be sent that did not arrive.
    fn check_pages(&self) {
        for side in [CALLER, CALLEE] {
            let (Some(one), Some(other)) = (&self.parties[side], &self.parties[1 - side]) else { continue };
            let believed = one.confirmed - one.earlier;
            assert!(other.judged_good >= believed, "{believed} pages believed:\n{}", self.story());
            assert_eq!(one.ended().record.sent, believed, "{}", self.story());
        }
        if self.caller().call.pages.is_empty() {
            return;
        }
        let confirmed = self.caller().ended().outcome.pages_confirmed;
        assert_eq!(confirmed, self.caller().confirmed, "{}", self.story());
        let Some(called) = &self.parties[CALLEE] else {
            return assert_eq!(confirmed, self.caller().earlier, "{}", self.story());
        };
        let earlier = self.caller().earlier;
        if self.caller().ended().outcome.cause == Cause::Sent {
            assert_eq!(confirmed, PAGES, "{}", self.story());
            assert_eq!(called.delivered(), (earlier..PAGES).collect::<Vec<_>>(), "{}", self.story());
        }
    }

    /// What happened, for people who read the message of a failing test.
    pub(super) fn story(&self) -> String {
        let tell = |side: usize| self.parties[side].as_ref().map_or(String::new(), |party| party.story.join("\n  "));
        format!("after {:?}\ncaller:\n  {}\ncallee:\n  {}", self.now - self.base, tell(CALLER), tell(CALLEE))
    }

    fn next(&self) -> Option<Instant> {
        let calls = self.parties.iter().flatten().filter_map(|party| party.call.deadline());
        let peer = match &self.callee {
            Callee::Ours(_) => None,
            Callee::Scripted(peer) => peer.deadline(),
        };
        let flights = self.flights.keys().map(|(at, _)| *at);
        let actions = self.actions.keys().map(|(at, _)| *at);
        calls.chain(peer).chain(flights).chain(actions).min()
    }

    fn step(&mut self) {
        while let Some(entry) = self.flights.first_entry().filter(|entry| entry.key().0 <= self.now) {
            let flight = entry.remove();
            self.arrive(&flight);
        }
        while let Some(entry) = self.actions.first_entry().filter(|entry| entry.key().0 <= self.now) {
            let (side, action) = entry.remove();
            self.act(side, action);
        }
        for side in [CALLER, CALLEE] {
            let due = |party: &Party| party.call.deadline().is_some_and(|at| at <= self.now);
            if self.parties[side].as_ref().is_some_and(due) {
                self.input(side, Input::Timeout);
            }
        }
        if let Callee::Scripted(peer) = &mut self.callee {
            let sends = peer.wake(self.now);
            self.send_peer(sends);
        }
    }

    fn arrive(&mut self, flight: &Flight) {
        let side = 1 - flight.from;
        let Flight { kind, source, to, bytes, .. } = flight;
        if *kind == Kind::Sip {
            return self.arrive_sip(side, *source, bytes);
        }
        if let (CALLEE, Callee::Scripted(_)) = (side, &self.callee) {
            return;
        }
        let Some(party) = &self.parties[side] else { return };
        let audio = party.call.line.media.audio;
        let expected = match kind {
            Kind::Audio => audio,
            Kind::Report => next_port(audio),
            Kind::T38 | Kind::Sip => party.t38_address(),
        };
        if *to == expected {
            self.media(side, *kind, *source, bytes);
        }
    }

    fn media(&mut self, side: usize, kind: Kind, source: SocketAddr, datagram: &[u8]) {
        match kind {
            Kind::Audio => self.input(side, Input::Audio { datagram, source }),
            Kind::Report => self.input(side, Input::Report { datagram, source }),
            Kind::T38 => self.input(side, Input::T38 { datagram, source }),
            Kind::Sip => panic!("SIP is no medium"),
        }
    }

    fn arrive_sip(&mut self, side: usize, source: SocketAddr, bytes: &[u8]) {
        if let (CALLEE, Callee::Scripted(peer)) = (side, &mut self.callee) {
            let sends = peer.sip(Message::parse(bytes).unwrap(), Source::udp(source), self.now);
            return self.send_peer(sends);
        }
        match self.routers[side].route(bytes, Source::udp(source)) {
            Routed::Leg(_, message) => {
                if self.parties[side].as_ref().is_some_and(|party| party.finished_at.is_none()) {
                    self.input(side, Input::Sip { message, source: Source::udp(source) });
                }
            }
            Routed::NewCall(invite) => self.new_call(&invite, Source::udp(source)),
            Routed::Reply(bytes, to) => self.send(side, Kind::Sip, sip_address(side), to.address, bytes),
            Routed::Ignore(_) => {}
        }
    }

    fn new_call(&mut self, invite: &Message, source: Source) {
        let Callee::Ours(settings) = &self.callee else { return };
        // An INVITE that was late on the way, after its call had ended.
        if self.parties[CALLEE].is_some() {
            return;
        }
        let call = Call::inbound((**settings).clone(), invite, source, 77, self.now).unwrap();
        self.routers[CALLEE].add(call.leg());
        let mut party = Party::new(call);
        let outputs = party.drain(self.now);
        self.parties[CALLEE] = Some(party);
        self.apply(CALLEE, outputs);
    }

    fn input(&mut self, side: usize, input: Input<'_>) {
        let Some(party) = &mut self.parties[side] else { return };
        let outputs = party.handle(input, self.now);
        self.apply(side, outputs);
    }

    fn act(&mut self, side: usize, action: Action) {
        match action {
            Action::HangUp(cause) => self.input(side, Input::HangUp(cause)),
            Action::Offer(what) => {
                let party = self.parties[side].as_mut().unwrap();
                let body = party.call.descriptions.offer(what, &party.call.line);
                party.call.command(sip::Command::Offer { body }, self.now);
                self.input(side, Input::Timeout);
            }
            Action::ChangeKeys => self.parties[side].as_mut().unwrap().call.descriptions.change_keys(),
            Action::MoveT38(address) => self.parties[side].as_mut().unwrap().call.line.media.t38 = address,
            Action::Inject { kind, source, bytes } => self.media(side, kind, source, &bytes),
            Action::Page(index) => self.input(side, Input::Page(page_bits(index))),
            Action::Verdict(verdict) => self.input(side, Input::PageVerdict(verdict)),
        }
    }

    fn apply(&mut self, side: usize, outputs: Vec<Output>) {
        for output in outputs {
            for (wait, side, action) in (self.watch)(side, &output) {
                self.after(wait, side, action);
            }
            let media = self.parties[side].as_ref().map(|party| party.call.line.media);
            match output {
                Output::Resolve { uri } => panic!("nobody sends a call to {uri}"),
                Output::Sip { to, bytes } => self.send(side, Kind::Sip, sip_address(side), to.address, bytes),
                Output::Audio { to, datagram } => self.send(side, Kind::Audio, media.unwrap().audio, to, datagram),
                Output::Report { to, datagram } => {
                    self.send(side, Kind::Report, next_port(media.unwrap().audio), to, datagram);
                }
                Output::T38 { to, datagram } => self.send(side, Kind::T38, media.unwrap().t38, to, datagram),
                Output::NeedPage { index, .. } => self.after(Duration::from_millis(10), side, Action::Page(index)),
                Output::PageReceived(page) => {
                    let verdict = self.parties[side].as_mut().unwrap().verdict_of(&page);
                    if page.wants_verdict {
                        self.after(Duration::from_millis(20), side, Action::Verdict(verdict));
                    }
                }
                Output::Confirmed { pages, .. } => self.check_confirmed(side, pages),
                Output::Finished => {
                    let key = self.parties[side].as_ref().unwrap().call.leg().key();
                    self.routers[side].remove(&key);
                }
                Output::Polled { .. } | Output::Progress(_) | Output::DocumentOver(_) | Output::Ended(_) => {}
            }
        }
    }

    /// A page is told as confirmed only when the far end has it, with all those before it.
    fn check_confirmed(&self, side: usize, pages: u32) {
        let Some(called) = &self.parties[1 - side] else { return };
        let first = pages - 1;
        let has = called.received.iter().any(|page| page.wants_verdict && is_page(page, first));
        assert!(has, "page {first} is not there:\n{}", self.story());
    }

    fn send_peer(&mut self, sends: Vec<(Kind, SocketAddr, SocketAddr, Vec<u8>)>) {
        for (kind, source, to, bytes) in sends {
            self.send(CALLEE, kind, source, to, bytes);
        }
    }

    fn send(&mut self, from: usize, kind: Kind, source: SocketAddr, to: SocketAddr, mut bytes: Vec<u8>) {
        if kind == Kind::Sip {
            let mut message = Message::parse(&bytes).unwrap();
            (self.edit)(&mut message, from);
            self.bodies.push((from, String::from_utf8_lossy(&message.body).into_owned()));
            bytes = message.to_bytes();
            let line = bytes.split(|octet| *octet == b'\r').next().unwrap_or_default();
            self.sip.push((from, String::from_utf8_lossy(line).into_owned()));
        }
        if kind == Kind::T38
            && let Some(gateways) = &mut self.gateways
        {
            for (at, bytes) in gateways[from].carry(&bytes, self.now) {
                self.numbered += 1;
                let flight = Flight { from, kind, at: self.now, number: 0, source, to, bytes };
                self.flights.insert((at + DELAY, self.numbered), flight);
            }
            return;
        }
        let number = self.numbers.entry(kind).or_default();
        let flight = Flight { from, kind, at: self.now, number: *number, source, to, bytes };
        *number += 1;
        for delay in (self.path)(&flight) {
            self.numbered += 1;
            self.flights.insert((self.now + delay, self.numbered), flight.clone());
        }
    }

    /// Datagrams of a kind that were sent.
    pub(super) fn count(&self, kind: Kind) -> usize {
        self.numbers.get(&kind).copied().unwrap_or(0)
    }

    /// How often a message whose first line begins so was sent by a side.
    pub(super) fn said(&self, side: usize, begin: &str) -> usize {
        self.sip.iter().filter(|(from, line)| *from == side && line.starts_with(begin)).count()
    }
}
