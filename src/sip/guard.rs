//! Keeps floods of calls from the server: each INVITE that would make a call is judged by who sends it before it is parsed.
//!
//! A peer has a bucket of tokens, one for each new call. What is beyond them is refused with 503 without any state, and beyond
//! [`REFUSALS_PER_SECOND`] not even that, so that an INVITE too many costs a look at its first lines. Strangers get no answer at all.
//! All memory is bounded. Calls that are up are never touched: a request with a To tag passes, and so does the repetition of an
//! INVITE that was let in.

use super::{
    message::{Message, salvage_headers},
    method::Method,
    stateless::stateless_response,
    transport::{Destination, Source},
};
use std::{
    collections::{BTreeMap, VecDeque},
    net::IpAddr,
    time::{Duration, Instant},
};

/// How many new calls a peer may make.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Rate {
    /// In a second, on average.
    pub per_second: u32,
    /// At once, after a while without any.
    pub burst: u32,
}

/// Who may call, and how often, by address and the names in its certificate; nothing for a stranger.
pub type RateOf = Box<dyn Fn(IpAddr, &[String]) -> Option<Rate> + Send + Sync>;

/// What becomes of a datagram.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Admission {
    /// It goes its way.
    Pass,
    /// A call too many: this is the answer and where it goes.
    Refuse(Vec<u8>, Destination),
    /// It is dropped.
    Drop(Dropped),
}

/// Why a datagram was dropped.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Dropped {
    /// Nobody knows the sender.
    Stranger,
    /// So many calls too many that they are not even refused.
    Flood,
}

/// How many INVITEs were not let in.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Counts {
    /// From strangers.
    pub strangers: u64,
    /// Refused with 503.
    pub refused: u64,
    /// Dropped beyond that.
    pub flooded: u64,
}

/// 503 told to one peer in a second; it repeats what is not answered.
pub const REFUSALS_PER_SECOND: u32 = 20;
/// Peers remembered; the one that has been quiet longest is forgotten, which gives it back its tokens.
pub const PEERS_MAX: usize = 4096;
/// INVITEs remembered as let in.
pub const ADMITTED_MAX: usize = 2048;
/// What `Retry-After` says, seconds.
const RETRY_AFTER: &str = "10";
/// How long an INVITE may be repeated.
// RFC 3261 §17.1.1.2: timer B
const REPEATED_FOR: Duration = Duration::from_secs(32);
/// Header lines looked at for To and Call-ID.
const LINES_LOOKED_AT: usize = 64;

/// The engine.
pub struct Guard {
    rate_of: RateOf,
    user_agent: String,
    peers: BTreeMap<IpAddr, Peer>,
    admitted: BTreeMap<Vec<u8>, Instant>,
    order: VecDeque<Vec<u8>>,
    counts: Counts,
}

/// A peer's tokens, in thousandths.
struct Peer {
    calls: u64,
    refusals: u64,
    filled: Instant,
}

const TOKEN: u64 = 1000;

impl Guard {
    /// With the peers as the configuration has them.
    #[must_use]
    pub fn new(user_agent: impl Into<String>, rate_of: RateOf) -> Self {
        Self {
            rate_of,
            user_agent: user_agent.into(),
            peers: BTreeMap::new(),
            admitted: BTreeMap::new(),
            order: VecDeque::new(),
            counts: Counts::default(),
        }
    }

    /// How many were not let in so far.
    #[must_use]
    pub const fn counts(&self) -> Counts {
        self.counts
    }

    /// Judges a datagram.
    pub fn judge(&mut self, datagram: &[u8], source: Source, names: &[String], now: Instant) -> Admission {
        let start = datagram.iter().position(|octet| !b"\r\n".contains(octet)).unwrap_or(datagram.len());
        let request = &datagram[start..];
        if !request.starts_with(b"INVITE ") {
            return Admission::Pass;
        }
        let Some(rate) = (self.rate_of)(source.address.ip(), names) else {
            return if is_in_dialog(request) { Admission::Pass } else { self.dropped(Dropped::Stranger) };
        };
        let peer = self.peer(source.address.ip(), rate, now);
        if peer.calls >= TOKEN {
            peer.calls -= TOKEN;
            self.admit(request, now);
            return Admission::Pass;
        }
        let may_refuse = peer.refusals >= TOKEN;
        if is_in_dialog(request) || call_id(request).is_some_and(|id| self.admitted.contains_key(id)) {
            return Admission::Pass;
        }
        match may_refuse.then(|| self.refusal(request, source)).flatten() {
            Some((bytes, to)) => {
                if let Some(peer) = self.peers.get_mut(&source.address.ip()) {
                    peer.refusals -= TOKEN;
                }
                self.counts.refused += 1;
                Admission::Refuse(bytes, to)
            }
            None => self.dropped(Dropped::Flood),
        }
    }

    fn dropped(&mut self, why: Dropped) -> Admission {
        match why {
            Dropped::Stranger => self.counts.strangers += 1,
            Dropped::Flood => self.counts.flooded += 1,
        }
        Admission::Drop(why)
    }

    /// The peer with its tokens of this moment.
    fn peer(&mut self, address: IpAddr, rate: Rate, now: Instant) -> &mut Peer {
        if !self.peers.contains_key(&address) && self.peers.len() >= PEERS_MAX {
            let quietest = self.peers.iter().min_by_key(|(_, peer)| peer.filled).map(|(address, _)| *address);
            quietest.map(|address| self.peers.remove(&address));
        }
        let full = |rate: Rate| u64::from(rate.burst.max(1)) * TOKEN;
        let refusals = Rate { per_second: REFUSALS_PER_SECOND, burst: REFUSALS_PER_SECOND };
        let new = || Peer { calls: full(rate), refusals: full(refusals), filled: now };
        let peer = self.peers.entry(address).or_insert_with(new);
        let passed = u64::try_from(now.saturating_duration_since(peer.filled).as_millis()).unwrap_or(u64::MAX);
        if passed > 0 {
            // A thousandth of a token each millisecond for one in a second.
            let more = |tokens: u64, rate: Rate| {
                tokens.saturating_add(passed.saturating_mul(u64::from(rate.per_second))).min(full(rate))
            };
            (peer.calls, peer.refusals) = (more(peer.calls, rate), more(peer.refusals, refusals));
            peer.filled = now;
        }
        peer
    }

    /// Remembers that this INVITE was let in.
    fn admit(&mut self, request: &[u8], now: Instant) {
        let Some(id) = call_id(request) else { return };
        while let Some(oldest) = self.order.front() {
            let gone = self.admitted.get(oldest).is_none_or(|at| now.saturating_duration_since(*at) > REPEATED_FOR);
            if !gone && self.order.len() < ADMITTED_MAX {
                break;
            }
            if let Some(oldest) = self.order.pop_front() {
                self.admitted.remove(&oldest);
            }
        }
        if self.admitted.insert(id.to_vec(), now).is_none() {
            self.order.push_back(id.to_vec());
        }
    }

    /// 503 without a transaction.
    // RFC 3261 §21.5.4
    fn refusal(&self, request: &[u8], source: Source) -> Option<(Vec<u8>, Destination)> {
        let mut headers = salvage_headers(request)?;
        // The body is not looked at.
        headers.remove("Content-Length");
        let message = Message { headers, ..Message::request(Method::Invite, "sip:refused") };
        message.check().ok()?;
        let headers = [("Retry-After", RETRY_AFTER), ("User-Agent", self.user_agent.as_str())];
        let (response, to) = stateless_response(&message, source, 503, "", &headers)?;
        Some((response.to_bytes(), to))
    }
}

/// The value of a header, by its long or short name, looked for in the first lines only.
fn value_of<'request>(request: &'request [u8], long: &str, short: u8) -> Option<&'request [u8]> {
    request.split(|octet| *octet == b'\n').skip(1).take(LINES_LOOKED_AT).find_map(|line| {
        let colon = line.iter().position(|octet| *octet == b':')?;
        let name = line[..colon].trim_ascii();
        let is_it = name.eq_ignore_ascii_case(long.as_bytes())
            || matches!(name, [letter] if letter.to_ascii_lowercase() == short);
        is_it.then(|| line[colon + 1..].trim_ascii())
    })
}

fn call_id(request: &[u8]) -> Option<&[u8]> {
    value_of(request, "Call-ID", b'i').filter(|id| !id.is_empty())
}

/// Whether To has a tag: the request is of a call that is up. A tag that we never gave is answered 481 without any state.
fn is_in_dialog(request: &[u8]) -> bool {
    let has_tag = |to: &[u8]| to.windows(5).any(|five| five.eq_ignore_ascii_case(b";tag="));
    value_of(request, "To", b't').is_some_and(has_tag)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::SocketAddr;

    fn guard() -> Guard {
        let known = |address: IpAddr, _: &[String]| {
            (address == IpAddr::from([192, 0, 2, 2])).then_some(Rate { per_second: 10, burst: 20 })
        };
        Guard::new("faxramp", Box::new(known))
    }

    fn source(last: u8) -> Source {
        Source::udp(SocketAddr::from(([192, 0, 2, last], 5060)))
    }

    fn invite(number: usize, to_tag: &str) -> Vec<u8> {
        format!(
            "INVITE sip:1@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.2;branch=z9hG4bK{number}\r\nFrom: <sip:2@192.0.2.2>;tag=a\r\n\
             To: <sip:1@192.0.2.1>{to_tag}\r\nCall-ID: call{number}\r\nCSeq: 1 INVITE\r\nMax-Forwards: 70\r\nContent-Length: 3\r\n\r\nv=0"
        )
        .into_bytes()
    }

    #[expect(clippy::disallowed_methods, reason = "the one base of this test's virtual time")]
    fn base() -> Instant {
        Instant::now()
    }

    #[test]
    fn a_flood_lets_in_what_the_rate_allows_and_answers_little_of_the_rest() {
        let (mut guard, base) = (guard(), base());
        let (mut passed, mut refused, mut dropped) = (0, 0, 0);
        // 10,000 INVITEs a second for three seconds.
        for number in 0..30_000_usize {
            let now = base + Duration::from_micros(100 * number as u64);
            match guard.judge(&invite(number, ""), source(2), &[], now) {
                Admission::Pass => passed += 1,
                Admission::Refuse(bytes, to) => {
                    refused += 1;
                    assert_eq!(to.address, source(2).address);
                    let response = Message::parse(&bytes).unwrap();
                    assert_eq!(response.status(), Some(503));
                    assert!(response.to_tag().is_some() && response.retry_after().is_some());
                }
                Admission::Drop(Dropped::Flood) => dropped += 1,
                Admission::Drop(Dropped::Stranger) => panic!("the peer is known"),
            }
        }
        assert!((45..=50).contains(&passed), "20 at once and 10 a second: {passed}");
        assert!((75..=80).contains(&refused), "{refused}");
        assert_eq!(guard.counts(), Counts { strangers: 0, refused, flooded: dropped });
        assert!(guard.admitted.len() <= ADMITTED_MAX && guard.order.len() == guard.admitted.len());
    }

    #[test]
    fn calls_that_are_up_and_repetitions_pass_in_the_middle_of_a_flood() {
        let (mut guard, now) = (guard(), base());
        assert_eq!(guard.judge(&invite(0, ""), source(2), &[], now), Admission::Pass);
        for number in 1..1000 {
            guard.judge(&invite(number, ""), source(2), &[], now);
        }
        assert_eq!(guard.judge(&invite(0, ""), source(2), &[], now), Admission::Pass, "its 100 was lost");
        assert_eq!(guard.judge(&invite(5000, ";tag=x"), source(2), &[], now), Admission::Pass, "a re-INVITE");
        assert_eq!(guard.judge(b"BYE sip:1@192.0.2.1 SIP/2.0\r\n\r\n", source(2), &[], now), Admission::Pass);
        assert!(matches!(guard.judge(&invite(5001, ""), source(2), &[], now), Admission::Drop(Dropped::Flood)));
        let later = now + Duration::from_secs(1);
        assert_eq!(guard.judge(&invite(5002, ""), source(2), &[], later), Admission::Pass, "the bucket fills again");
    }

    #[test]
    fn strangers_get_no_answer_whatever_they_put_in_front() {
        let (mut guard, now) = (guard(), base());
        let disguised = [b"\r\n\r\n".to_vec(), invite(1, "")].concat();
        for datagram in [invite(1, ""), disguised] {
            assert_eq!(guard.judge(&datagram, source(66), &[], now), Admission::Drop(Dropped::Stranger));
        }
        assert_eq!(guard.counts().strangers, 2);
        assert_eq!(
            guard.judge(&invite(1, ";tag=x"), source(66), &[], now),
            Admission::Pass,
            "the other end of a call may be elsewhere"
        );
    }

    #[test]
    fn memory_is_bounded_however_many_peers_there_are() {
        let mut guard = Guard::new("faxramp", Box::new(|_, _| Some(Rate { per_second: 1, burst: 1 })));
        let base = base();
        for number in 0..3 * PEERS_MAX as u32 {
            let peer = Source::udp(SocketAddr::from((number.to_be_bytes(), 5060)));
            guard.judge(&invite(number as usize, ""), peer, &[], base + Duration::from_millis(u64::from(number)));
        }
        assert!(guard.peers.len() <= PEERS_MAX);
        assert!(guard.admitted.len() <= ADMITTED_MAX && guard.order.len() <= ADMITTED_MAX);
    }

    #[test]
    fn what_cannot_be_answered_is_dropped() {
        let (mut guard, now) = (guard(), base());
        for number in 0..20 {
            guard.judge(&invite(number, ""), source(2), &[], now);
        }
        for rubbish in [&b"INVITE "[..], b"INVITE sip:x SIP/2.0\r\n", b"INVITE \n:\n::\nTo\nCall-ID:\n"] {
            assert_eq!(guard.judge(rubbish, source(2), &[], now), Admission::Drop(Dropped::Flood));
        }
    }
}
