//! An incoming call before it is answered: 100, 180, 200, or a refusal; CANCEL.

use super::{Asked, BODY_TYPE, Event, Exchange, Leg, NotAnInvite, Session, State, ended_by_peer, reliable::Ringing};
use crate::sip::{
    chance::Chance,
    dialog::Dialog,
    digest::Authenticator,
    leg::{EndpointSettings, session::AwaitingAck, transactions::Transactions},
    message::Message,
    method::Method,
    timer::{RINGING_AGAIN, RINGING_LIMIT, T1, T1_64, Timer, Timers},
    transaction::{ServerInvite, ServerKey},
    transport::{Destination, Source},
};
use std::{collections::VecDeque, time::Instant};

/// The peer's INVITE without a final response.
#[derive(Debug)]
pub(super) struct Called {
    pub(super) invite: Message,
    pub(super) source: Source,
    pub(super) key: ServerKey,
    pub(super) dialog: Dialog,
}

impl Leg {
    /// Takes a call: answers 100 at once and waits for `Ring`, `Accept` or `Refuse`.
    ///
    /// # Errors
    /// [`NotAnInvite`] when the request is anything but an INVITE with all that it must have; the router gives no
    /// other.
    pub fn incoming(
        request: &Message,
        source: Source,
        settings: EndpointSettings,
        seed: u64,
        now: Instant,
    ) -> Result<Self, NotAnInvite> {
        let key = ServerKey::of(request).filter(|_| request.method() == Some(&Method::Invite)).ok_or(NotAnInvite)?;
        request.check().map_err(|_| NotAnInvite)?;
        let mut chance = Chance::new(seed);
        let local_tag = chance.token();
        let number = u32::try_from(chance.below(30_000)).unwrap_or(0) + 1;
        let dialog = Dialog::as_callee(request, &local_tag, number);
        let asked = Asked::new(&settings.calls);
        let mut leg = Self {
            authenticator: Authenticator::new(settings.credentials.clone()),
            settings,
            chance,
            call_id: request.call_id().unwrap_or_default().to_vec(),
            local_tag,
            made_call_id: false,
            hop: source.back(),
            unreachable: Vec::new(),
            invite_key: Some(key.clone()),
            state: State::Over(None),
            transactions: Transactions::default(),
            acknowledgements: Vec::new(),
            forks: Vec::new(),
            reliable: None,
            asked,
            timers: Timers::default(),
            outputs: VecDeque::new(),
        };
        let destination = request.via().map_or_else(|| source.back(), |via| via.response_destination(source));
        leg.transactions.add_invite(ServerInvite::new(key.clone(), destination));
        let called = Called { invite: request.clone(), source, key, dialog };
        leg.respond_to_call(&called, leg.response(request, source, 100, ""), now);
        leg.timers.set(Timer::Ringing, now + RINGING_LIMIT);
        leg.state = State::Called(Box::new(called));
        Ok(leg)
    }

    pub(super) fn ring(&mut self, now: Instant) {
        let State::Called(called) = self.take_state_if(|state| matches!(state, State::Called(_))) else {
            return;
        };
        let ringing = self.ringing(&called);
        if ringing != Ringing::Silent {
            let mut response = self.response(&called.invite, called.source, 180, "");
            self.add_session_headers(&mut response);
            if ringing == Ringing::Reliable {
                self.make_reliable(&called.invite, &mut response, now);
            }
            self.respond_to_call(&called, response, now);
        }
        self.timers.set(Timer::RingingAgain, now + RINGING_AGAIN);
        self.state = State::Called(called);
    }

    pub(super) fn ring_again(&mut self, now: Instant) {
        self.ring(now);
    }

    pub(super) fn accept(&mut self, body: Vec<u8>, now: Instant) {
        let State::Called(called) = self.take_state_if(|state| matches!(state, State::Called(_))) else {
            return;
        };
        let mut response = self.response(&called.invite, called.source, 200, "");
        self.add_session_headers(&mut response);
        response.set_body(BODY_TYPE, body.clone());
        self.timers.clear();
        let mut session = Session::new(called.dialog.clone(), body, &called.invite);
        for (name, value) in self.grant_timer(&mut session, &called.invite, now) {
            response.headers.push(name, value);
        }
        self.respond_to_call(&called, response.clone(), now);
        let Called { invite, source, .. } = *called;
        let to = invite.via().map_or_else(|| source.back(), |via| via.response_destination(source));
        session.exchange = self.await_ack(&invite, to, &response, true, now);
        self.state = State::Established(Box::new(session));
    }

    /// Sets the timers that repeat a 2xx until its ACK.
    // RFC 3261 §13.3.1.4
    pub(super) fn await_ack(
        &mut self,
        invite: &Message,
        to: Destination,
        response: &Message,
        is_first: bool,
        now: Instant,
    ) -> Exchange {
        let number = invite.cseq().map_or(0, |cseq| cseq.number);
        let answer_is_due = invite.body.is_empty();
        let bytes = response.to_bytes();
        let mut waiting = AwaitingAck { number, to, bytes, interval: T1, is_first, answer_is_due, is_refresh: false };
        // Also over TCP: a proxy further on may use UDP.
        self.timers.set(Timer::OkRetransmission, waiting.next(now));
        self.timers.set(Timer::OkWithoutAck, now + T1_64);
        Exchange::AwaitingAck(waiting)
    }

    pub(super) fn refuse(&mut self, status: u16, reason: &str, headers: &[(String, String)], now: Instant) {
        let State::Called(called) = self.take_state_if(|state| matches!(state, State::Called(_))) else {
            return;
        };
        let status = if (300..700).contains(&status) { status } else { 500 };
        self.refuse_call(*called, status, reason, headers, now);
        self.tell(Event::Ended { by_peer: false, reason: None, q850: None });
    }

    /// Sends the final failure and ends, telling nothing.
    pub(super) fn refuse_call(
        &mut self,
        called: Called,
        status: u16,
        reason: &str,
        headers: &[(String, String)],
        now: Instant,
    ) {
        let mut response = self.response(&called.invite, called.source, status, reason);
        for (name, value) in headers {
            response.headers.push(name, value);
        }
        self.respond_to_call(&called, response, now);
        self.finish(None, now);
    }

    /// CANCEL, or BYE in the early dialog: the INVITE is answered 487.
    // RFC 3261 §9.2, §15.1.2
    pub(super) fn call_withdrawn(&mut self, called: Called, request: &Message, now: Instant) {
        self.refuse_call(called, 487, "", &[], now);
        self.tell(ended_by_peer(request));
    }

    fn respond_to_call(&mut self, called: &Called, response: Message, now: Instant) {
        self.sending(|transactions, sends| transactions.respond_to_invite(&called.key, &response, now, sends));
    }

    /// The state to be consumed if it is the right one; otherwise it stays, and what is given is of no use.
    pub(super) fn take_state_if(&mut self, right: impl Fn(&State) -> bool) -> State {
        if right(&self.state) { self.take_state() } else { State::Over(None) }
    }
}
