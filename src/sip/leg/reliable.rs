//! Ringing reliably, for a caller that requires it, or that can where the trunk wishes it: our 180 is repeated until its PRACK.
// RFC 3262 §3

use super::{Called, Leg, Reliability, State, ended_by_us};
use crate::sip::{
    extension::{RAck, RELIABLE_PROVISIONAL},
    header::CSeq,
    message::Message,
    method::Method,
    timer::{T1, T1_64, Timer},
    transaction::ServerKey,
    transport::Source,
};
use std::time::{Duration, Instant};

/// First numbers are below this, so that no number ever wraps.
// RFC 3262 §3: between 1 and 2^31 - 1
const FIRST_NUMBER_BOUND: u64 = 1 << 31;

/// Our last reliable provisional response.
#[derive(Debug)]
pub(super) struct Reliable {
    number: u32,
    /// The INVITE that it answers.
    request: CSeq,
    interval: Duration,
    is_acknowledged: bool,
}

/// How our ringing is to be sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Ringing {
    /// As usual.
    Plain,
    /// Acknowledged.
    Reliable,
    /// Not at all now: the last one waits for its PRACK, or it would have to carry an offer that we make only when we
    /// answer.
    // RFC 3262 §5
    Silent,
}

impl Leg {
    /// How a caller wants us to ring.
    pub(super) fn ringing(&self, called: &Called) -> Ringing {
        let waits = self.reliable.as_ref().is_some_and(|reliable| !reliable.is_acknowledged);
        let headers = &called.invite.headers;
        let is_required = headers.lists_token("Require", RELIABLE_PROVISIONAL);
        // An offer that is ours to make would have to come first; who only could is rung plainly then.
        let is_wished = self.settings.calls.reliable == Reliability::Required
            && headers.lists_token("Supported", RELIABLE_PROVISIONAL)
            && !called.invite.body.is_empty();
        if !is_required && !is_wished {
            Ringing::Plain
        } else if waits || called.invite.body.is_empty() {
            Ringing::Silent
        } else {
            Ringing::Reliable
        }
    }

    /// Numbers a provisional response to the INVITE, and sets the timers that repeat it.
    pub(super) fn make_reliable(&mut self, invite: &Message, response: &mut Message, now: Instant) {
        let Some(request) = invite.cseq() else {
            return;
        };
        let first = || u32::try_from(self.chance.below(FIRST_NUMBER_BOUND - 1)).unwrap_or(0) + 1;
        let number = self.reliable.take().map_or_else(first, |last| last.number + 1);
        response.headers.push("Require", RELIABLE_PROVISIONAL);
        response.headers.push("RSeq", number.to_string());
        self.reliable = Some(Reliable { number, request, interval: T1, is_acknowledged: false });
        self.timers.set(Timer::Provisional, now + T1);
        self.timers.set(Timer::ProvisionalWithoutPrack, now + T1_64);
    }

    pub(super) fn repeat_provisional(&mut self, now: Instant) {
        let State::Called(called) = &self.state else {
            return;
        };
        let key = called.key.clone();
        if let Some(reliable) = self.reliable.as_mut().filter(|reliable| !reliable.is_acknowledged) {
            reliable.interval *= 2;
            self.timers.set(Timer::Provisional, now + reliable.interval);
            self.sending(|transactions, sends| transactions.repeated(&key, &Method::Invite, sends));
        }
    }

    pub(super) fn provisional_never_acknowledged(&mut self, now: Instant) {
        if let State::Called(called) = self.take_state_if(|state| matches!(state, State::Called(_))) {
            self.refuse_call(*called, 504, "", &[], now);
            self.tell(ended_by_us("the peer never acknowledged our ringing"));
        }
    }

    pub(super) fn on_prack(&mut self, request: &Message, source: Source, key: &ServerKey, now: Instant) {
        let rack = request.headers.first("RAck").and_then(RAck::parse);
        let waiting = self.reliable.as_mut().filter(|reliable| !reliable.is_acknowledged);
        let meant = waiting
            .zip(rack)
            .filter(|(reliable, rack)| (rack.response, &rack.request) == (reliable.number, &reliable.request));
        let Some((reliable, _)) = meant else {
            return self.reply(request, source, key, 481, now);
        };
        reliable.is_acknowledged = true;
        self.timers.stop(Timer::Provisional);
        self.timers.stop(Timer::ProvisionalWithoutPrack);
        self.reply(request, source, key, 200, now);
    }
}
