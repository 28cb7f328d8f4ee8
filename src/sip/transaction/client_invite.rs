//! The client side of INVITE.
//!
//! ```text
//!  Calling ──1xx──→ Proceeding ──3xx..6xx──→ Completed ──D──→ Terminated
//!     │ A: again        │ 2xx                 (ACK again)         ↑
//!     ├──2xx────────────┴────→ Accepted ─────────M────────────────┤
//!     └──B: no response─────→ Accepted: a late 2xx is still acknowledged
//! ```
// RFC 3261 §17.1.1, RFC 6026 §8.4

use super::{Datagram, NoResponse, Verdict, answers};
use crate::sip::{
    message::Message,
    method::Method,
    timer::{T1, T1_64, Timer, Timers},
    transport::Destination,
};
use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

/// One INVITE that we sent.
#[derive(Debug)]
pub struct ClientInvite {
    request: Message,
    branch: String,
    to: Destination,
    state: State,
    timers: Timers,
}

#[derive(Clone, Debug)]
enum State {
    Calling { bytes: Vec<u8>, interval: Duration },
    Proceeding,
    Completed { acknowledgement: Vec<u8> },
    Accepted,
    Terminated,
}

impl ClientInvite {
    /// Sends the INVITE, which has its Via.
    pub fn start(request: Message, to: Destination, now: Instant, sends: &mut VecDeque<Datagram>) -> Self {
        let bytes = request.to_bytes();
        sends.push_back(Datagram { to: to.clone(), bytes: bytes.clone() });
        let mut timers = Timers::default();
        if !to.transport.is_reliable() {
            timers.set(Timer::A, now + T1);
        }
        timers.set(Timer::B, now + T1_64);
        let branch = request.branch();
        Self { request, branch, to, state: State::Calling { bytes, interval: T1 }, timers }
    }

    /// The INVITE as sent.
    pub fn request(&self) -> &Message {
        &self.request
    }

    /// The branch of its Via.
    pub fn branch(&self) -> &str {
        &self.branch
    }

    /// Where it went.
    pub fn destination(&self) -> &Destination {
        &self.to
    }

    /// Whether nothing has come back at all.
    pub fn is_unheard(&self) -> bool {
        matches!(self.state, State::Calling { .. })
    }

    /// Whether a response is one to this INVITE.
    pub fn is_answered_by(&self, response: &Message) -> bool {
        !self.is_terminated() && answers(response, &self.branch, &Method::Invite)
    }

    /// Takes a response that answers this INVITE.
    pub fn receive(&mut self, response: &Message, now: Instant, sends: &mut VecDeque<Datagram>) -> Verdict {
        let status = response.status().unwrap_or_default();
        match (std::mem::replace(&mut self.state, State::Terminated), status) {
            (State::Calling { .. } | State::Proceeding, 100..200) => {
                self.timers.clear();
                self.state = State::Proceeding;
                Verdict::Pass
            }
            (State::Calling { .. } | State::Proceeding, 200..300) => {
                self.timers.clear();
                self.timers.set(Timer::M, now + T1_64);
                self.state = State::Accepted;
                Verdict::Pass
            }
            (State::Calling { .. } | State::Proceeding, _) => {
                let acknowledgement = self.acknowledgement(response).to_bytes();
                sends.push_back(Datagram { to: self.to.clone(), bytes: acknowledgement.clone() });
                self.timers.clear();
                if !self.to.transport.is_reliable() {
                    self.timers.set(Timer::D, now + T1_64);
                    self.state = State::Completed { acknowledgement };
                }
                Verdict::Pass
            }
            (State::Completed { acknowledgement }, _) => {
                if status >= 300 {
                    sends.push_back(Datagram { to: self.to.clone(), bytes: acknowledgement.clone() });
                }
                self.state = State::Completed { acknowledgement };
                Verdict::Absorbed
            }
            (State::Accepted, _) => {
                self.state = State::Accepted;
                if (200..300).contains(&status) { Verdict::Pass } else { Verdict::Absorbed }
            }
            (State::Terminated, _) => Verdict::Absorbed,
        }
    }

    /// Does what is due.
    pub fn expire(&mut self, now: Instant, sends: &mut VecDeque<Datagram>) -> Option<NoResponse> {
        while let Some(timer) = self.timers.expired(now) {
            let State::Calling { bytes, interval } = &mut self.state else {
                self.state = State::Terminated;
                continue;
            };
            if timer == Timer::A {
                *interval *= 2;
                self.timers.set(Timer::A, now + *interval);
                sends.push_back(Datagram { to: self.to.clone(), bytes: bytes.clone() });
            } else {
                self.give_up(now);
                return Some(NoResponse);
            }
        }
        None
    }

    /// Waits on for a response, but sends no more.
    pub fn stop_repeating(&mut self) {
        self.timers.stop(Timer::A);
    }

    /// Nothing is expected any more, but a 2xx that comes all the same must be acknowledged and ended.
    pub fn give_up(&mut self, now: Instant) {
        self.timers.clear();
        self.timers.set(Timer::M, now + T1_64);
        self.state = State::Accepted;
    }

    /// Ends it without a word.
    pub fn terminate(&mut self) {
        self.state = State::Terminated;
        self.timers.clear();
    }

    /// When to call [`Self::expire`].
    pub fn deadline(&self) -> Option<Instant> {
        self.timers.deadline()
    }

    /// Whether it can be forgotten.
    pub fn is_terminated(&self) -> bool {
        matches!(self.state, State::Terminated)
    }

    /// Whether no final response has come.
    pub fn is_pending(&self) -> bool {
        matches!(self.state, State::Calling { .. } | State::Proceeding)
    }

    // RFC 3261 §17.1.1.3: same branch, same Route, the To of the response
    fn acknowledgement(&self, response: &Message) -> Message {
        let mut request = derived(&self.request, Method::Ack);
        if let Some(to) = response.headers.first("To") {
            request.headers.set("To", to);
        }
        request
    }
}

/// ACK (of a failure) or CANCEL for an INVITE: the same but for the method.
// RFC 3261 §9.1, §17.1.1.3
pub(in crate::sip) fn derived(invite: &Message, method: Method) -> Message {
    let number = invite.cseq().map_or(0, |cseq| cseq.number);
    let mut request = Message::request(method.clone(), invite.request_uri().unwrap_or_default());
    for name in ["Via", "Max-Forwards", "From", "To", "Call-ID"] {
        if let Some(value) = invite.headers.first(name) {
            request.headers.push(name, value);
        }
    }
    request.headers.push("CSeq", format!("{number} {method}"));
    for name in ["Route", "User-Agent"] {
        for value in invite.headers.all(name) {
            request.headers.push(name, value);
        }
    }
    request
}
