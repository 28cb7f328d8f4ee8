//! The client side of every request but INVITE and ACK.
//!
//! ```text
//!  Trying ──1xx──→ Proceeding ──final──→ Completed ──K──→ Terminated
//!    │ E: again       │ E: again, T2                          ↑
//!    ├──final─────────┴──────────→ Completed                  │
//!    └──F: no final response──────────────────────────────────┘
//! ```
// RFC 3261 §17.1.2

use super::{Datagram, NoResponse, Verdict, answers};
use crate::sip::{
    message::Message,
    method::Method,
    timer::{T1, T1_64, T2, T4, Timer, Timers},
    transport::Destination,
};
use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

/// One request that we sent.
#[derive(Debug)]
pub struct ClientRequest {
    request: Message,
    method: Method,
    branch: String,
    to: Destination,
    state: State,
    timers: Timers,
}

#[derive(Clone, Debug)]
enum State {
    Trying { bytes: Vec<u8>, interval: Duration },
    Proceeding { bytes: Vec<u8> },
    Completed,
    Terminated,
}

impl ClientRequest {
    /// Sends the request, which has its Via.
    pub fn start(request: Message, to: Destination, now: Instant, sends: &mut VecDeque<Datagram>) -> Self {
        let bytes = request.to_bytes();
        sends.push_back(Datagram { to: to.clone(), bytes: bytes.clone() });
        let mut timers = Timers::default();
        if !to.transport.is_reliable() {
            timers.set(Timer::E, now + T1);
        }
        timers.set(Timer::F, now + T1_64);
        let (branch, method) = (request.branch(), request.method().cloned().unwrap_or(Method::Options));
        Self { request, method, branch, to, state: State::Trying { bytes, interval: T1 }, timers }
    }

    /// The request as sent.
    pub fn request(&self) -> &Message {
        &self.request
    }

    /// Where it went.
    pub fn destination(&self) -> &Destination {
        &self.to
    }

    /// Whether nothing has come back at all.
    pub fn is_unheard(&self) -> bool {
        matches!(self.state, State::Trying { .. })
    }

    /// Ends it without a word.
    pub fn terminate(&mut self) {
        self.state = State::Terminated;
        self.timers.clear();
    }

    /// Whether a response is one to this request.
    pub fn is_answered_by(&self, response: &Message) -> bool {
        !self.is_terminated() && answers(response, &self.branch, &self.method)
    }

    /// Takes a response that answers this request.
    pub fn receive(&mut self, response: &Message, now: Instant) -> Verdict {
        let is_final = response.status().is_some_and(|status| status >= 200);
        match std::mem::replace(&mut self.state, State::Terminated) {
            State::Trying { .. } | State::Proceeding { .. } if is_final => {
                self.timers.clear();
                if !self.to.transport.is_reliable() {
                    self.timers.set(Timer::K, now + T4);
                    self.state = State::Completed;
                }
                Verdict::Pass
            }
            State::Trying { bytes, .. } | State::Proceeding { bytes } => {
                self.state = State::Proceeding { bytes };
                Verdict::Pass
            }
            State::Completed => {
                self.state = State::Completed;
                Verdict::Absorbed
            }
            State::Terminated => Verdict::Absorbed,
        }
    }

    /// Does what is due.
    pub fn expire(&mut self, now: Instant, sends: &mut VecDeque<Datagram>) -> Option<NoResponse> {
        while let Some(timer) = self.timers.expired(now) {
            let (bytes, interval) = match &mut self.state {
                State::Trying { bytes, interval } => {
                    *interval = (*interval * 2).min(T2);
                    (bytes, *interval)
                }
                State::Proceeding { bytes } => (bytes, T2),
                State::Completed | State::Terminated => {
                    self.state = State::Terminated;
                    continue;
                }
            };
            if timer == Timer::E {
                self.timers.set(Timer::E, now + interval);
                sends.push_back(Datagram { to: self.to.clone(), bytes: bytes.clone() });
            } else {
                self.timers.clear();
                self.state = State::Terminated;
                return Some(NoResponse);
            }
        }
        None
    }

    /// When to call [`Self::expire`].
    pub fn deadline(&self) -> Option<Instant> {
        self.timers.deadline()
    }

    /// Whether no final response has come.
    pub fn is_pending(&self) -> bool {
        matches!(self.state, State::Trying { .. } | State::Proceeding { .. })
    }

    /// Whether it can be forgotten.
    pub fn is_terminated(&self) -> bool {
        matches!(self.state, State::Terminated)
    }
}
