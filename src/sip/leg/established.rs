//! An answered call: our own offers (re-INVITE, glare, refusal), the ACK for our 2xx, hanging up.

use super::{
    BODY_TYPE, Event, Exchange, Leg, Purpose, Session, State, reachable,
    session::{AwaitingAck, Offering, Queued},
};
use crate::sip::{
    header::Reason,
    message::Message,
    method::Method,
    timer::{OFFER_LIMIT, T1_64, Timer},
};
use std::time::{Duration, Instant};

/// How often an offer is repeated after glare before it counts as refused with 491.
pub(super) const COLLISIONS_MAX: u32 = 6;

/// Longest `Retry-After` of a 500 to a re-INVITE that is taken as glare.
// RFC 3261 §14.2: the peer draws it from 0 to 10 seconds
const RETRY_AFTER_MAX: Duration = Duration::from_secs(10);

impl Leg {
    /// Sends our re-INVITE, or queues it behind what is under way.
    // RFC 3261 §14.1: not while another INVITE is under way in either direction
    pub(super) fn offer(&mut self, body: Vec<u8>, now: Instant) {
        let State::Established(session) = &mut self.state else {
            return;
        };
        match &mut session.queued {
            Some(queued) => queued.body = body,
            None => session.queued = Some(Queued { body, collisions: 0, backing_off: false }),
        }
        self.send_queued_offer(now);
    }

    pub(super) fn withdraw_offer(&mut self, now: Instant) {
        let State::Established(session) = &mut self.state else { return };
        session.queued = None;
        self.timers.stop(Timer::Glare);
        if let Exchange::Offering(offering) = &mut session.exchange
            && !offering.is_refresh
            && !offering.is_withdrawn
        {
            offering.is_withdrawn = true;
            self.cancel_withdrawn_offer(now);
        }
    }

    /// Cancels our re-INVITE that is not wanted any more, if the peer has said that it has it.
    // RFC 3261 §9.1: no CANCEL before a provisional response
    fn cancel_withdrawn_offer(&mut self, now: Instant) {
        if let State::Established(session) = &self.state
            && let Exchange::Offering(Offering { branch, is_withdrawn: true, .. }) = &session.exchange
            && self.transactions.is_proceeding(branch)
            && !self.timers.is_running(Timer::CancelGrace)
        {
            self.offer_takes_too_long(now);
        }
    }

    pub(super) fn glare_is_over(&mut self, now: Instant) {
        if let State::Established(session) = &mut self.state
            && let Some(queued) = &mut session.queued
        {
            queued.backing_off = false;
        }
        self.send_queued_offer(now);
    }

    /// Sends the offer that waits, when nothing is in its way.
    pub(super) fn send_queued_offer(&mut self, now: Instant) {
        let State::Established(session) = &mut self.state else {
            return;
        };
        if !matches!(session.exchange, Exchange::Idle) {
            return;
        }
        let Some(queued) = session.queued.take_if(|queued| !queued.backing_off) else {
            return;
        };
        let mut invite = session.dialog.request(Method::Invite);
        let to = reachable(&self.unreachable, session.dialog.next_hop(&self.hop), &self.hop);
        let timer = session.timer;
        self.add_session_headers(&mut invite);
        self.repeat_timer(timer, &mut invite);
        invite.set_body(BODY_TYPE, queued.body.clone());
        let branch = self.send_invite(Purpose::Offer, invite, to, now);
        self.timers.set(Timer::Offer, now + OFFER_LIMIT);
        let offering = Offering {
            branch,
            body: queued.body,
            collisions: queued.collisions,
            is_refresh: false,
            is_withdrawn: false,
        };
        if let State::Established(session) = &mut self.state {
            session.exchange = Exchange::Offering(offering);
        }
    }

    /// A response to one of our re-INVITEs.
    pub(super) fn offer_response(&mut self, invite: &Message, response: &Message, now: Instant) {
        let status = response.status().unwrap_or_default();
        if status < 200 {
            return self.cancel_withdrawn_offer(now);
        }
        match self.take_state() {
            State::Established(mut session) => {
                if status < 300 {
                    session.dialog.refresh_target(response);
                    self.acknowledge(&session.dialog, invite);
                }
                let exchange = std::mem::replace(&mut session.exchange, Exchange::Idle);
                match exchange {
                    Exchange::Offering(offering) if offering.branch == invite.branch() => {
                        self.timers.stop(Timer::Offer);
                        self.timers.stop(Timer::CancelGrace);
                        self.offer_decided(session, offering, response, now);
                    }
                    other @ (Exchange::Idle
                    | Exchange::Offering(_)
                    | Exchange::Answering(_)
                    | Exchange::AwaitingAck(_)) => {
                        session.exchange = other;
                        self.state = State::Established(session);
                    }
                }
            }
            // The call ended meanwhile; the 2xx must have its ACK all the same.
            State::AckThenBye(session, reason) => {
                if status < 300 {
                    self.acknowledge(&session.dialog, invite);
                }
                self.state = State::AckThenBye(session, reason);
            }
            State::Over(Some(dialog)) => {
                if status < 300 {
                    self.acknowledge(&dialog, invite);
                }
                self.state = State::Over(Some(dialog));
            }
            other @ (State::Calling(_) | State::Cancelling(_) | State::Called(_) | State::Over(_)) => {
                self.state = other
            }
        }
    }

    fn offer_decided(&mut self, mut session: Box<Session>, offering: Offering, response: &Message, now: Instant) {
        let status = response.status().unwrap_or_default();
        let Offering { body, collisions, is_refresh, .. } = offering;
        if is_refresh && !matches!(status, 408 | 481) {
            if (200..300).contains(&status) && !response.body.is_empty() {
                self.tell(Event::Refreshed { offer: body, answer: response.body.clone() });
            }
            self.refresh_decided(&mut session, response, now);
            self.state = State::Established(session);
            return self.send_queued_offer(now);
        }
        let asked_to_wait = response.retry_after().is_some_and(|after| after <= RETRY_AFTER_MAX);
        if !matches!(status, 401 | 407) {
            self.authenticator.satisfied();
        }
        match status {
            200..300 => {
                session.description = body;
                session.answers = None;
                self.tell(Event::OfferAnswered { body: response.body.clone() });
                self.timer_is_granted(&mut session, response, now);
            }
            // A newer offer that waits takes its place.
            422 if self.interval_was_too_short(response) => {
                session.queued.get_or_insert(Queued { body, collisions, backing_off: false });
            }
            401 | 407 if self.authenticator.learn(response).is_ok() => {
                // A newer offer that waits takes its place.
                session.queued.get_or_insert(Queued { body, collisions, backing_off: false });
            }
            491 | 500 if collisions < COLLISIONS_MAX && (status == 491 || asked_to_wait) => {
                let body = session.queued.take().map_or(body, |newer| newer.body);
                session.queued = Some(Queued { body, collisions: collisions + 1, backing_off: true });
                let wait = if status == 491 { self.glare_wait() } else { response.retry_after().unwrap_or_default() };
                self.timers.set(Timer::Glare, now + wait);
            }
            408 if !is_refresh => self.tell(Event::OfferUnanswered),
            // RFC 3261 §12.2.1.2: the peer does not know the dialog any more, or is gone.
            408 | 481 => {
                self.tell_of_offer(is_refresh, Event::OfferRefused { status });
                self.state = State::Established(session);
                return self.break_off("the peer does not know the call any more", now);
            }
            _ => self.tell(Event::OfferRefused { status }),
        }
        self.state = State::Established(session);
        self.send_queued_offer(now);
    }

    // RFC 3261 §14.1, in units of 10 ms
    pub(super) fn glare_wait(&mut self) -> Duration {
        let units = if self.made_call_id { 210 + self.chance.below(191) } else { self.chance.below(201) };
        Duration::from_millis(units * 10)
    }

    /// Our re-INVITE had no response at all.
    // RFC 3261 §14.1, §12.2.1.2
    pub(super) fn offer_unanswered(&mut self, invite: &Message, now: Instant) {
        if let State::Established(session) = &self.state
            && let Exchange::Offering(offering) = &session.exchange
            && offering.branch == invite.branch()
        {
            self.offer_came_to_nothing("no response to a re-INVITE", now);
        }
    }

    /// Our re-INVITE has provisional responses only.
    pub(super) fn offer_takes_too_long(&mut self, now: Instant) {
        if let State::Established(session) = &self.state
            && let Exchange::Offering(offering) = &session.exchange
        {
            let branch = offering.branch.clone();
            self.cancel(&branch, None, now);
            self.timers.set(Timer::CancelGrace, now + T1_64);
        }
    }

    pub(super) fn offer_cannot_be_cancelled(&mut self, session: Box<Session>, now: Instant) {
        if let Exchange::Offering(offering) = &session.exchange {
            self.transactions.give_up_invite(&offering.branch, now);
        }
        self.state = State::Established(session);
        self.offer_came_to_nothing("no final response to a re-INVITE", now);
    }

    /// Our re-INVITE will have no response. Without its refresh the session ends; else the call engine knows more of the peer.
    fn offer_came_to_nothing(&mut self, why: &str, now: Instant) {
        let State::Established(session) = &mut self.state else { return };
        match std::mem::replace(&mut session.exchange, Exchange::Idle) {
            Exchange::Offering(Offering { is_refresh: true, .. }) => self.break_off(why, now),
            Exchange::Offering(_) => {
                self.timers.stop(Timer::Offer);
                self.timers.stop(Timer::CancelGrace);
                self.tell(Event::OfferUnanswered);
                self.send_queued_offer(now);
            }
            other @ (Exchange::Idle | Exchange::Answering(_) | Exchange::AwaitingAck(_)) => session.exchange = other,
        }
    }

    /// BYE now, or after the ACK for our first 2xx.
    pub(super) fn hang_up_session(&mut self, mut session: Box<Session>, reason: Option<Reason>, now: Instant) {
        match std::mem::replace(&mut session.exchange, Exchange::Idle) {
            // RFC 3261 §15: a callee sends no BYE before the ACK.
            Exchange::AwaitingAck(waiting) if waiting.is_first => {
                session.exchange = Exchange::AwaitingAck(waiting);
                self.state = State::AckThenBye(session, reason);
            }
            Exchange::Answering(answering) => {
                self.answer_peer(&answering, 487, None, Vec::new(), now);
                self.bye(session.dialog, reason.as_ref(), now);
            }
            Exchange::Idle | Exchange::Offering(_) | Exchange::AwaitingAck(_) => {
                self.bye(session.dialog, reason.as_ref(), now);
            }
        }
    }

    /// Takes an ACK that may be the one for our 2xx; whether it was.
    pub(super) fn ok_acknowledged(&mut self, ack: &Message, now: Instant) -> bool {
        let (State::Established(session) | State::AckThenBye(session, _)) = &mut self.state else {
            return false;
        };
        let number = ack.cseq().map(|cseq| cseq.number);
        let Exchange::AwaitingAck(waiting) = &session.exchange else {
            return false;
        };
        if number != Some(waiting.number) || session.dialog.remote_tag() != ack.from_tag().as_deref() {
            return false;
        }
        let body = (waiting.answer_is_due && !ack.body.is_empty()).then(|| ack.body.clone());
        self.exchange_is_over(body, now);
        true
    }

    /// The peer has our 2xx, as an ACK or its next request shows.
    pub(super) fn exchange_is_over(&mut self, body: Option<Vec<u8>>, now: Instant) {
        self.timers.stop(Timer::OkRetransmission);
        self.timers.stop(Timer::OkWithoutAck);
        match self.take_state() {
            State::Established(mut session) => {
                let exchange = std::mem::replace(&mut session.exchange, Exchange::Idle);
                self.state = State::Established(session);
                if !matches!(exchange, Exchange::AwaitingAck(AwaitingAck { is_refresh: true, .. })) {
                    self.tell(Event::Acknowledged { body });
                }
                self.send_queued_offer(now);
            }
            State::AckThenBye(session, reason) => self.bye(session.dialog, reason.as_ref(), now),
            other @ (State::Calling(_) | State::Cancelling(_) | State::Called(_) | State::Over(_)) => {
                self.state = other
            }
        }
    }

    pub(super) fn repeat_ok(&mut self, now: Instant) {
        let (State::Established(session) | State::AckThenBye(session, _)) = &mut self.state else {
            return;
        };
        if let Exchange::AwaitingAck(waiting) = &mut session.exchange {
            let AwaitingAck { to, bytes, .. } = &*waiting;
            self.outputs.push_back(super::Output::Send { to: to.clone(), bytes: bytes.clone() });
            let at = waiting.next(now);
            self.timers.set(Timer::OkRetransmission, at);
        }
    }

    // RFC 3261 §13.3.1.4, §14.2: the call is ended by BYE
    pub(super) fn ok_never_acknowledged(&mut self, now: Instant) {
        if let State::Established(session) = &mut self.state {
            session.exchange = Exchange::Idle;
        }
        self.break_off("the peer never acknowledged our answer", now);
    }
}
