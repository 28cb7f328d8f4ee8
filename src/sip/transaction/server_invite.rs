//! The server side of INVITE. The 2xx itself is repeated by the call, not here.
//!
//! ```text
//!  Proceeding ──3xx..6xx──→ Completed ──ACK──→ Confirmed ──I──→ Terminated
//!     │ INVITE: last 1xx      │ G: again                            ↑
//!     │                       └──H: no ACK──────────────────────────┤
//!     └──2xx──→ Accepted ──L────────────────────────────────────────┘
//! ```
// RFC 3261 §17.2.1, RFC 6026 §8.7

use super::{Datagram, ServerKey};
use crate::sip::{
    message::Message,
    timer::{T1, T1_64, T2, T4, Timer, Timers},
    transport::Destination,
};
use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

/// One INVITE that we received.
#[derive(Debug)]
pub struct ServerInvite {
    key: ServerKey,
    to: Destination,
    state: State,
    timers: Timers,
}

#[derive(Clone, Debug)]
enum State {
    Proceeding { provisional: Option<Vec<u8>> },
    Completed { bytes: Vec<u8>, interval: Duration },
    Confirmed,
    Accepted,
    Terminated,
}

impl ServerInvite {
    /// Begins with a new INVITE; responses go to `to`.
    pub fn new(key: ServerKey, to: Destination) -> Self {
        let state = State::Proceeding { provisional: None };
        Self { key, to, state, timers: Timers::default() }
    }

    /// Whether a request (INVITE, ACK of a failure, CANCEL) belongs to this INVITE.
    pub fn is(&self, key: &ServerKey) -> bool {
        !self.is_terminated() && self.key == *key
    }

    /// Takes the INVITE once more.
    pub fn repeated(&self, sends: &mut VecDeque<Datagram>) {
        let bytes = match &self.state {
            State::Proceeding { provisional: Some(bytes) } | State::Completed { bytes, .. } => bytes,
            State::Proceeding { provisional: None } | State::Confirmed | State::Accepted | State::Terminated => return,
        };
        sends.push_back(Datagram { to: self.to.clone(), bytes: bytes.clone() });
    }

    /// Takes an ACK; whether it belonged to a failure and is done with.
    pub fn acknowledge(&mut self, now: Instant) -> bool {
        match self.state {
            State::Completed { .. } => {
                self.timers.clear();
                self.state = if self.to.transport.is_reliable() { State::Terminated } else { State::Confirmed };
                self.timers.set(Timer::I, now + T4);
                true
            }
            State::Confirmed => true,
            State::Proceeding { .. } | State::Accepted | State::Terminated => false,
        }
    }

    /// Sends a response, once; later ones than the first final are dropped.
    pub fn respond(&mut self, response: &Message, now: Instant, sends: &mut VecDeque<Datagram>) {
        if !self.is_pending() {
            return;
        }
        let (bytes, status) = (response.to_bytes(), response.status().unwrap_or_default());
        sends.push_back(Datagram { to: self.to.clone(), bytes: bytes.clone() });
        self.state = match status {
            0..200 => State::Proceeding { provisional: Some(bytes) },
            200..300 => {
                self.timers.set(Timer::L, now + T1_64);
                State::Accepted
            }
            300.. => {
                if !self.to.transport.is_reliable() {
                    self.timers.set(Timer::G, now + T1);
                }
                self.timers.set(Timer::H, now + T1_64);
                State::Completed { bytes, interval: T1 }
            }
        };
    }

    /// Does what is due.
    pub fn expire(&mut self, now: Instant, sends: &mut VecDeque<Datagram>) {
        while let Some(timer) = self.timers.expired(now) {
            match &mut self.state {
                State::Completed { bytes, interval } if timer == Timer::G => {
                    *interval = (*interval * 2).min(T2);
                    self.timers.set(Timer::G, now + *interval);
                    sends.push_back(Datagram { to: self.to.clone(), bytes: bytes.clone() });
                }
                State::Completed { .. }
                | State::Proceeding { .. }
                | State::Confirmed
                | State::Accepted
                | State::Terminated => {
                    self.timers.clear();
                    self.state = State::Terminated;
                }
            }
        }
    }

    /// When to call [`Self::expire`].
    pub fn deadline(&self) -> Option<Instant> {
        self.timers.deadline()
    }

    /// Where responses go.
    pub fn destination(&self) -> &Destination {
        &self.to
    }

    /// Whether no final response has been sent.
    pub fn is_pending(&self) -> bool {
        matches!(self.state, State::Proceeding { .. })
    }

    /// Whether a failure response waits for its ACK.
    pub fn is_unacknowledged(&self) -> bool {
        matches!(self.state, State::Completed { .. })
    }

    /// Whether it can be forgotten.
    pub fn is_terminated(&self) -> bool {
        matches!(self.state, State::Terminated)
    }
}
