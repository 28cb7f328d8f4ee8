//! The session timer: who refreshes the session and when, and its end when nobody does. The call engine learns of it only
//! when the call ends, or the peer describes itself in its answer.
//!
//! A refresh is an UPDATE without a description where the peer takes UPDATE, since nothing can go wrong with a description
//! that is not sent; else a re-INVITE with our own description as it is in force, T.38 during a fax.
// RFC 4028

use super::{
    BODY_TYPE, CallSettings, Event, Exchange, Leg, Purpose, Session, State, ended_by_us, reachable,
    session::{Offering, SessionTimer},
};
use crate::sip::{
    extension::{Refresher, SESSION_INTERVAL_MIN, SESSION_TIMER, SessionExpires, allows, least_interval, supports},
    message::Message,
    method::Method,
    timer::{OFFER_LIMIT, T1_64, T2, Timer},
};
use std::time::{Duration, Instant};

/// The shortest interval that is taken from a peer's answer, so that nobody makes us send without end.
const INTERVAL_FLOOR: Duration = T1_64;

/// How often a request is repeated with a longer interval (422).
const LONGER_INTERVALS_MAX: u32 = 4;

/// Longest `Retry-After` that a refresh waits for.
const RETRY_AFTER_MAX: Duration = T1_64;

/// The session interval that we ask for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked {
    interval: Option<Duration>,
    /// The shortest that all on the way take, as far as we know.
    least: Duration,
    /// How often it was made longer.
    raised: u32,
}

impl Asked {
    pub(super) fn new(settings: &CallSettings) -> Self {
        let least = settings.least();
        Self { interval: settings.session_interval.map(|interval| interval.max(least)), least, raised: 0 }
    }

    /// Takes a 422; whether asking again makes sense.
    // RFC 4028 §7.3
    fn raise(&mut self, response: &Message) -> bool {
        let least = least_interval(&response.headers).filter(|least| *least > self.least);
        let Some(least) = least.filter(|_| self.raised < LONGER_INTERVALS_MAX) else {
            return false;
        };
        self.least = least;
        self.raised += 1;
        self.interval = self.interval.map(|interval| interval.max(least));
        true
    }
}

/// A 2xx of ours with the headers of a session timer in it.
pub(super) type TimerHeaders = Vec<(&'static str, String)>;

impl Leg {
    /// Asks for a session timer in the INVITE that makes a call.
    // RFC 4028 §7.1: who refreshes is left to the callee
    pub(super) fn ask_for_timer(&self, invite: &mut Message) {
        if let Some(interval) = self.asked.interval {
            invite.headers.set("Session-Expires", SessionExpires { interval, refresher: None }.to_string());
            self.set_least(invite);
        }
    }

    fn set_least(&self, request: &mut Message) {
        if self.asked.least > SESSION_INTERVAL_MIN {
            request.headers.set("Min-SE", self.asked.least.as_secs().to_string());
        }
    }

    /// Takes a 422; whether the request is to be sent again with what is asked now.
    pub(super) fn interval_was_too_short(&mut self, response: &Message) -> bool {
        response.status() == Some(422) && self.asked.raise(response)
    }

    /// Says in a request of ours within the call how the session timer runs.
    // RFC 4028 §7.4
    pub(super) fn repeat_timer(&self, timer: Option<SessionTimer>, request: &mut Message) {
        let Some(SessionTimer { interval, ours }) = timer else {
            return;
        };
        let refresher = Some(if ours { Refresher::Client } else { Refresher::Server });
        let interval = interval.max(self.asked.least);
        request.headers.set("Session-Expires", SessionExpires { interval, refresher }.to_string());
        self.set_least(request);
    }

    /// Takes what a 2xx to one of our requests says about the session timer.
    // RFC 4028 §7.2
    pub(super) fn timer_is_granted(&mut self, session: &mut Session, response: &Message, now: Instant) {
        session.updates = allows(response, &Method::Update).unwrap_or(session.updates);
        match SessionExpires::of(&response.headers) {
            Some(SessionExpires { interval, refresher }) => {
                let ours = refresher != Some(Refresher::Server);
                session.timer = Some(SessionTimer { interval: interval.max(INTERVAL_FLOOR), ours });
                self.start_timer(session, now);
            }
            // The session no longer ends by itself. What refreshed it before goes on to, in case a proxy counts on it.
            None => {
                self.timers.stop(Timer::SessionExpiry);
                self.timers.stop(Timer::Refresh);
                session.timer = session.timer.filter(|timer| timer.ours);
                if let Some(timer) = session.timer {
                    self.timers.set(Timer::Refresh, now + timer.interval / 2);
                }
            }
        }
    }

    /// Grants the session timer that a request of the peer asks for; gives what our 2xx says about it.
    // RFC 4028 §9, table 2
    pub(super) fn grant_timer(&mut self, session: &mut Session, request: &Message, now: Instant) -> TimerHeaders {
        session.updates = allows(request, &Method::Update).unwrap_or(session.updates);
        let can_refresh = supports(request, SESSION_TIMER);
        let asked = SessionExpires::of(&request.headers);
        let asked_refresher = asked.and_then(|asked| asked.refresher);
        let running = session.timer;
        let Some(interval) = asked.map(|asked| asked.interval).or(running.map(|timer| timer.interval)) else {
            return Vec::new();
        };
        let ours = match asked_refresher {
            _ if !can_refresh => true,
            Some(Refresher::Client) => false,
            Some(Refresher::Server) => true,
            None => running.is_some_and(|timer| timer.ours),
        };
        let interval = interval.max(SESSION_INTERVAL_MIN);
        session.timer = Some(SessionTimer { interval, ours });
        self.start_timer(session, now);
        let refresher = Some(if ours { Refresher::Server } else { Refresher::Client });
        let mut headers = vec![("Session-Expires", SessionExpires { interval, refresher }.to_string())];
        if !ours {
            headers.push(("Require", SESSION_TIMER.to_owned()));
        }
        headers
    }

    fn start_timer(&mut self, session: &Session, now: Instant) {
        self.timers.stop(Timer::Refresh);
        let Some(SessionTimer { interval, ours }) = session.timer else {
            return;
        };
        // RFC 4028 §10
        self.timers.set(Timer::SessionExpiry, now + interval - (interval / 3).min(T1_64));
        if ours {
            // RFC 4028 §7.2
            self.timers.set(Timer::Refresh, now + interval / 2);
        }
    }

    /// Our turn to refresh.
    pub(super) fn refresh(&mut self, now: Instant) {
        let State::Established(session) = &mut self.state else {
            return;
        };
        let timer = session.timer;
        if timer.is_none_or(|timer| !timer.ours) {
            return;
        }
        if !matches!(session.exchange, Exchange::Idle) {
            // What is under way refreshes the session itself, mostly.
            self.timers.set(Timer::Refresh, now + T2);
            return;
        }
        let method = if session.updates { Method::Update } else { Method::Invite };
        let body = session.description.clone();
        let mut request = session.dialog.request(method.clone());
        let to = reachable(&self.unreachable, session.dialog.next_hop(&self.hop), &self.hop);
        self.add_session_headers(&mut request);
        self.repeat_timer(timer, &mut request);
        if method == Method::Update {
            return self.send_request(Purpose::Refresh, request, to, now);
        }
        request.set_body(BODY_TYPE, body.clone());
        let branch = self.send_invite(Purpose::Offer, request, to, now);
        self.timers.set(Timer::Offer, now + OFFER_LIMIT);
        if let State::Established(session) = &mut self.state {
            session.exchange =
                Exchange::Offering(Offering { branch, body, collisions: 0, is_refresh: true, is_withdrawn: false });
        }
    }

    /// A final response to our UPDATE.
    pub(super) fn refresh_response(&mut self, response: &Message, now: Instant) {
        if response.status().is_none_or(|status| status < 200) {
            return;
        }
        match self.take_state() {
            State::Established(mut session) => {
                self.refresh_decided(&mut session, response, now);
                self.state = State::Established(session);
                if matches!(response.status(), Some(408 | 481)) {
                    self.break_off("the peer does not know the call any more", now);
                }
            }
            other @ (State::Calling(_)
            | State::Cancelling(_)
            | State::Called(_)
            | State::AckThenBye(..)
            | State::Over(_)) => self.state = other,
        }
    }

    /// What becomes of the session timer after a final response to a refresh of either kind.
    pub(super) fn refresh_decided(&mut self, session: &mut Session, response: &Message, now: Instant) {
        let status = response.status().unwrap_or_default();
        if !matches!(status, 401 | 407) {
            self.authenticator.satisfied();
        }
        let wait = match status {
            200..300 => {
                session.dialog.refresh_target(response);
                return self.timer_is_granted(session, response, now);
            }
            401 | 407 if self.authenticator.learn(response).is_ok() => Duration::ZERO,
            422 if self.interval_was_too_short(response) => Duration::ZERO,
            491 => self.glare_wait(),
            500 | 503 if response.retry_after().is_some_and(|after| after <= RETRY_AFTER_MAX) => {
                response.retry_after().unwrap_or_default()
            }
            408 | 481 => return,
            // A peer that takes no UPDATE after all may take a re-INVITE.
            _ if session.updates => {
                session.updates = false;
                Duration::ZERO
            }
            // The peer is there, but does not want this: tried again until the session ends.
            _ => session.timer.map_or(T1_64, |timer| (timer.interval / 8).max(T2)),
        };
        self.timers.set(Timer::Refresh, now + wait);
    }

    /// Our UPDATE had no response at all.
    // RFC 4028 §10
    pub(super) fn refresh_unanswered(&mut self, now: Instant) {
        if matches!(self.state, State::Established(_)) {
            self.break_off("no response to a session refresh", now);
        }
    }

    /// Nobody refreshed the session.
    // RFC 4028 §10
    pub(super) fn session_expired(&mut self, now: Instant) {
        self.break_off("the session was not refreshed in time", now);
    }

    /// Ends an answered call from our side because it cannot go on.
    pub(super) fn break_off(&mut self, why: &str, now: Instant) {
        match self.take_state() {
            State::Established(session) => {
                self.hang_up_session(session, None, now);
                self.tell(ended_by_us(why));
            }
            State::AckThenBye(session, reason) => self.bye(session.dialog, reason.as_ref(), now),
            other @ (State::Calling(_) | State::Cancelling(_) | State::Called(_) | State::Over(_)) => {
                self.state = other
            }
        }
    }

    /// Tells what became of our offer; of a refresh nothing.
    pub(super) fn tell_of_offer(&mut self, is_refresh: bool, event: Event) {
        if !is_refresh {
            self.tell(event);
        }
    }
}
