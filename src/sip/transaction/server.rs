//! The server side of every request but INVITE and ACK: the final response is kept and said again.
//!
//! ```text
//!  (answered at once) ──→ Completed ──J──→ Terminated
//! ```
//! We answer such requests when they come, or (UPDATE with an offer) a little later; the states Trying and
//! Proceeding of the standard are one here.
// RFC 3261 §17.2.2

use super::{Datagram, ServerKey};
use crate::sip::{
    message::Message,
    method::Method,
    timer::{T1_64, Timer, Timers},
    transport::Destination,
};
use std::{collections::VecDeque, time::Instant};

/// One request that we received.
#[derive(Debug)]
pub struct ServerRequest {
    key: ServerKey,
    method: Method,
    to: Destination,
    state: State,
    timers: Timers,
}

#[derive(Clone, Debug)]
enum State {
    Trying,
    Completed { bytes: Vec<u8> },
    Terminated,
}

impl ServerRequest {
    /// Begins with a new request; responses go to `to`.
    pub fn new(key: ServerKey, method: Method, to: Destination) -> Self {
        Self { key, method, to, state: State::Trying, timers: Timers::default() }
    }

    /// Whether this is the same request once more.
    pub fn is(&self, key: &ServerKey, method: &Method) -> bool {
        !self.is_terminated() && self.key == *key && self.method == *method
    }

    /// Takes the request once more.
    pub fn repeated(&self, sends: &mut VecDeque<Datagram>) {
        if let State::Completed { bytes } = &self.state {
            sends.push_back(Datagram { to: self.to.clone(), bytes: bytes.clone() });
        }
    }

    /// Sends the final response, once.
    pub fn respond(&mut self, response: &Message, now: Instant, sends: &mut VecDeque<Datagram>) {
        if matches!(self.state, State::Trying) {
            let bytes = response.to_bytes();
            sends.push_back(Datagram { to: self.to.clone(), bytes: bytes.clone() });
            self.state = if self.to.transport.is_reliable() { State::Terminated } else { State::Completed { bytes } };
            self.timers.set(Timer::J, now + T1_64);
        }
    }

    /// Does what is due.
    pub fn expire(&mut self, now: Instant) {
        if self.timers.expired(now).is_some() {
            self.state = State::Terminated;
        }
    }

    /// When to call [`Self::expire`].
    pub fn deadline(&self) -> Option<Instant> {
        if self.is_terminated() { None } else { self.timers.deadline() }
    }

    /// Whether it can be forgotten.
    pub fn is_terminated(&self) -> bool {
        matches!(self.state, State::Terminated)
    }
}
