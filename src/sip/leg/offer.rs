//! The peer's offers within a call: re-INVITE and UPDATE.

use super::{BODY_TYPE, Event, Exchange, Leg, Session, State, refresh::TimerHeaders, session::Answering};
use crate::sip::{
    message::Message,
    method::{ALLOW, Method},
    timer::{ANSWER_LIMIT, Timer},
    transaction::{ServerInvite, ServerKey, ServerRequest},
    transport::Source,
};
use std::time::Instant;

/// Seconds of `Retry-After` are drawn below this.
// RFC 3261 §14.2
pub(super) const RETRY_AFTER_BOUND: u64 = 11;

impl Leg {
    /// A re-INVITE, or an UPDATE with a body, in an answered call. Its order has been judged.
    pub(super) fn peer_offers(
        &mut self,
        mut session: Box<Session>,
        request: Message,
        source: Source,
        key: ServerKey,
        now: Instant,
    ) {
        let is_invite = request.method() == Some(&Method::Invite);
        self.admit(&request, source, &key, now);
        let answering = Box::new(Answering { request, source, key, is_invite });
        if let Exchange::AwaitingAck(waiting) = &session.exchange
            && !waiting.answer_is_due
        {
            // The peer goes on, so it has our 2xx; its ACK is late or lost.
            self.timers.stop(Timer::OkRetransmission);
            self.timers.stop(Timer::OkWithoutAck);
            if !waiting.is_refresh {
                self.tell(Event::Acknowledged { body: None });
            }
            session.exchange = Exchange::Idle;
        }
        if matches!(session.exchange, Exchange::Idle) && session.is_repeated_by(&answering.request.body) {
            let body = session.description.clone();
            self.answer_offer(&mut session, &answering, body, now);
            if let Exchange::AwaitingAck(waiting) = &mut session.exchange {
                waiting.is_refresh = true;
            }
        } else if let Exchange::Idle = session.exchange {
            session.exchange = self.ask_for_answer(answering, now);
        } else {
            self.answer_in_the_way(&session.exchange, &answering, now);
        }
        self.state = State::Established(session);
    }

    fn ask_for_answer(&mut self, answering: Box<Answering>, now: Instant) -> Exchange {
        let body = (!answering.request.body.is_empty()).then(|| answering.request.body.clone());
        self.timers.set(Timer::Answer, now + ANSWER_LIMIT);
        self.tell(Event::Offered { body });
        Exchange::Answering(answering)
    }

    /// Another exchange is in the way.
    // RFC 3261 §14.2: 491 for ours, 500 with Retry-After for a second one of the peer
    fn answer_in_the_way(&mut self, exchange: &Exchange, answering: &Answering, now: Instant) {
        let status = match exchange {
            Exchange::Answering(_) => 500,
            Exchange::Idle | Exchange::Offering(_) | Exchange::AwaitingAck(_) => 491,
        };
        self.answer_peer(answering, status, None, Vec::new(), now);
    }

    /// Opens the transaction; an INVITE is answered 100 at once.
    fn admit(&mut self, request: &Message, source: Source, key: &ServerKey, now: Instant) {
        let to = request.via().map_or_else(|| source.back(), |via| via.response_destination(source));
        if request.method() == Some(&Method::Invite) {
            self.transactions.add_invite(ServerInvite::new(key.clone(), to));
            let trying = self.response(request, source, 100, "");
            self.sending(|transactions, sends| transactions.respond_to_invite(key, &trying, now, sends));
        } else {
            self.transactions.add_request(ServerRequest::new(key.clone(), Method::Update, to));
        }
    }

    pub(super) fn accept_offer(&mut self, body: Vec<u8>, now: Instant) {
        let Some((mut session, answering)) = self.take_answering() else {
            return;
        };
        self.answer_offer(&mut session, &answering, body, now);
        self.state = State::Established(session);
        self.send_queued_offer(now);
    }

    /// Sends the 200 with our description, which is in force from now on.
    fn answer_offer(&mut self, session: &mut Session, answering: &Answering, body: Vec<u8>, now: Instant) {
        session.dialog.refresh_target(&answering.request);
        session.description.clone_from(&body);
        session.answers = Some(answering.request.body.clone()).filter(|offer| !offer.is_empty());
        let timer = self.grant_timer(session, &answering.request, now);
        let response = self.answer_peer(answering, 200, Some(body), timer, now);
        if answering.is_invite {
            let Answering { request, source, .. } = answering;
            let to = request.via().map_or_else(|| source.back(), |via| via.response_destination(*source));
            session.exchange = self.await_ack(request, to, &response, false, now);
        }
    }

    pub(super) fn refuse_offer(&mut self, status: u16, now: Instant) {
        let Some((session, answering)) = self.take_answering() else {
            return;
        };
        let status = if (400..700).contains(&status) { status } else { 488 };
        self.answer_peer(&answering, status, None, Vec::new(), now);
        self.state = State::Established(session);
        self.send_queued_offer(now);
    }

    /// The call engine did not decide in time.
    pub(super) fn answer_takes_too_long(&mut self, now: Instant) {
        self.refuse_offer(488, now);
        self.tell(Event::OfferWithdrawn);
    }

    /// The peer's CANCEL for its re-INVITE.
    pub(super) fn offer_withdrawn(&mut self, now: Instant) {
        if let Some((session, answering)) = self.take_answering() {
            self.answer_peer(&answering, 487, None, Vec::new(), now);
            self.state = State::Established(session);
            self.tell(Event::OfferWithdrawn);
            self.send_queued_offer(now);
        }
    }

    /// Whether this request is the one the call engine has to answer.
    pub(super) fn is_answering(&self, key: &ServerKey) -> bool {
        match &self.state {
            State::Established(session) => match &session.exchange {
                Exchange::Answering(answering) => answering.is_invite && answering.key == *key,
                Exchange::Idle | Exchange::Offering(_) | Exchange::AwaitingAck(_) => false,
            },
            State::Calling(_) | State::Cancelling(_) | State::Called(_) | State::AckThenBye(..) | State::Over(_) => {
                false
            }
        }
    }

    /// Takes the peer's offer out of the state; the session must be put back.
    fn take_answering(&mut self) -> Option<(Box<Session>, Box<Answering>)> {
        match self.take_state() {
            State::Established(mut session) => {
                match std::mem::replace(&mut session.exchange, Exchange::Idle) {
                    Exchange::Answering(answering) => {
                        self.timers.stop(Timer::Answer);
                        return Some((session, answering));
                    }
                    other @ (Exchange::Idle | Exchange::Offering(_) | Exchange::AwaitingAck(_)) => {
                        session.exchange = other
                    }
                }
                self.state = State::Established(session);
            }
            other @ (State::Calling(_)
            | State::Cancelling(_)
            | State::Called(_)
            | State::AckThenBye(..)
            | State::Over(_)) => self.state = other,
        }
        None
    }

    /// Sends the final response to a re-INVITE or UPDATE and gives it.
    pub(super) fn answer_peer(
        &mut self,
        answering: &Answering,
        status: u16,
        body: Option<Vec<u8>>,
        more: TimerHeaders,
        now: Instant,
    ) -> Message {
        let Answering { request, source, key, is_invite } = answering;
        let mut response = self.response(request, *source, status, "");
        match status {
            200 => self.add_session_headers(&mut response),
            500 => {
                let seconds = self.chance.below(RETRY_AFTER_BOUND);
                response.headers.push("Retry-After", seconds.to_string());
            }
            _ => response.headers.push("Allow", ALLOW),
        }
        for (name, value) in more {
            response.headers.push(name, value);
        }
        response.set_body(BODY_TYPE, body.unwrap_or_default());
        self.sending(|transactions, sends| {
            if *is_invite {
                transactions.respond_to_invite(key, &response, now, sends);
            } else {
                transactions.respond(key, &Method::Update, &response, now, sends);
            }
        });
        response
    }
}
