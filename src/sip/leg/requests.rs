//! The peer's requests: which of them are repetitions, which belong to the call, and the answers that need nobody's
//! decision.

use super::{Exchange, Leg, Reliability, State, ended_by_peer, offer::RETRY_AFTER_BOUND};
use crate::sip::{
    content::{ACCEPT, Unknown},
    extension::{supported, unknown_requirements},
    message::Message,
    method::{ALLOW, Method},
    transaction::{ServerKey, ServerRequest},
    transport::Source,
};
use std::time::Instant;

/// Bodies of INFO that are taken and not acted on: keys pressed mean nothing to a fax.
const INFO_TYPES: [&str; 3] = ["application/dtmf-relay", "application/dtmf", "application/media_control+xml"];

impl Leg {
    pub(super) fn on_request(&mut self, mut request: Message, source: Source, now: Instant) {
        let (Some(key), Some(method)) = (ServerKey::of(&request), request.method().cloned()) else {
            return;
        };
        // The bodies of other requests are none of the session.
        let has_session = matches!(method, Method::Invite | Method::Ack | Method::Update | Method::Prack);
        let readable = if has_session { request.reduce_body() } else { Ok(()) };
        if method == Method::Ack {
            if !self.ok_acknowledged(&request, now) {
                self.transactions.acknowledge(&key, now);
            }
            return;
        }
        if self.sending(|transactions, sends| transactions.repeated(&key, &method, sends)) {
            return;
        }
        if method == Method::Cancel {
            return self.on_cancel(&request, source, &key, now);
        }
        if !self.is_of_this_call(&request) {
            return self.reply(&request, source, &key, 481, now);
        }
        if !self.is_in_order(&request) {
            return self.reply(&request, source, &key, 500, now);
        }
        let unknown = unknown_requirements(&request);
        if !unknown.is_empty() {
            // RFC 3261 §8.2.2.3
            return self.refuse_request(&request, source, &key, 420, &[("Unsupported", &unknown)], now);
        }
        match readable {
            Err(Unknown::Type) => self.refuse_request(&request, source, &key, 415, &[("Accept", ACCEPT)], now),
            Err(Unknown::Encoding) => {
                self.refuse_request(&request, source, &key, 415, &[("Accept-Encoding", "identity")], now);
            }
            Ok(()) => self.on_new_request(request, &method, source, key, now),
        }
    }

    fn refuse_request(
        &mut self,
        request: &Message,
        source: Source,
        key: &ServerKey,
        status: u16,
        headers: &[(&str, &str)],
        now: Instant,
    ) {
        let mut response = self.response(request, source, status, "");
        for (name, value) in headers {
            response.headers.push(name, value);
        }
        self.reply_with(request, source, key, &response, now);
    }

    fn on_new_request(&mut self, request: Message, method: &Method, source: Source, key: ServerKey, now: Instant) {
        match method {
            Method::Invite | Method::Update if self.settings.calls.finds_too_short(&request) => {
                let least = self.settings.calls.least().as_secs().to_string();
                self.refuse_request(&request, source, &key, 422, &[("Min-SE", &least)], now);
            }
            Method::Invite => self.on_invite(request, source, key, now),
            Method::Update if !request.body.is_empty() => self.on_invite(request, source, key, now),
            Method::Update => self.on_refresh(&request, source, &key, now),
            Method::Prack => self.on_prack(&request, source, &key, now),
            Method::Bye => self.on_bye(&request, source, &key, now),
            Method::Options => self.reply(&request, source, &key, 200, now),
            // RFC 6086 §4.2.2
            Method::Info if request.headers.first("Info-Package").is_some() => {
                self.refuse_request(&request, source, &key, 469, &[("Recv-Info", "")], now);
            }
            Method::Info => {
                let known = request.body.is_empty() || INFO_TYPES.contains(&request.content_type().as_str());
                self.reply(&request, source, &key, if known { 200 } else { 415 }, now);
            }
            Method::Other(_) => self.reply(&request, source, &key, 501, now),
            // Nobody subscribes here.
            // RFC 6665 §4.1.3
            Method::Notify => self.reply(&request, source, &key, 481, now),
            Method::Register | Method::Subscribe | Method::Message | Method::Refer | Method::Publish => {
                self.reply(&request, source, &key, 405, now);
            }
            // Both were dealt with before.
            Method::Ack | Method::Cancel => {}
        }
    }

    fn on_invite(&mut self, request: Message, source: Source, key: ServerKey, now: Instant) {
        match self.take_state() {
            State::Established(session) => self.peer_offers(session, request, source, key, now),
            State::Over(dialog) => {
                self.state = State::Over(dialog);
                self.reply(&request, source, &key, 481, now);
            }
            // Its first offer has no answer yet.
            // RFC 3311 §5.2
            State::Called(called) => {
                self.state = State::Called(called);
                let seconds = self.chance.below(RETRY_AFTER_BOUND).to_string();
                self.refuse_request(&request, source, &key, 500, &[("Retry-After", &seconds)], now);
            }
            // Before the call stands, or while it waits for its end, there is nothing to change.
            other @ (State::Calling(_) | State::Cancelling(_) | State::AckThenBye(..)) => {
                self.state = other;
                self.reply(&request, source, &key, 491, now);
            }
        }
    }

    /// UPDATE without an offer: a session refresh, or the peer has moved.
    // RFC 3311 §5.2, RFC 4028 §9
    fn on_refresh(&mut self, request: &Message, source: Source, key: &ServerKey, now: Instant) {
        let mut timer = Vec::new();
        match self.take_state() {
            State::Established(mut session) => {
                session.dialog.refresh_target(request);
                timer = self.grant_timer(&mut session, request, now);
                self.state = State::Established(session);
            }
            State::Called(mut called) => {
                called.dialog.refresh_target(request);
                self.state = State::Called(called);
            }
            State::Calling(calling) => {
                if let Some(dialog) = self.fork_of(request) {
                    dialog.refresh_target(request);
                }
                self.state = State::Calling(calling);
            }
            other @ (State::Cancelling(_) | State::AckThenBye(..) | State::Over(_)) => self.state = other,
        }
        let mut response = self.response(request, source, 200, "");
        self.add_session_headers(&mut response);
        for (name, value) in timer {
            response.headers.push(name, value);
        }
        self.reply_with(request, source, key, &response, now);
    }

    // RFC 3261 §9.2
    fn on_cancel(&mut self, request: &Message, source: Source, key: &ServerKey, now: Instant) {
        let status = if self.transactions.has_invite(key) { 200 } else { 481 };
        self.reply(request, source, key, status, now);
        if self.is_answering(key) {
            return self.offer_withdrawn(now);
        }
        match self.take_state() {
            State::Called(called) if called.key == *key => self.call_withdrawn(*called, request, now),
            other @ (State::Calling(_)
            | State::Cancelling(_)
            | State::Called(_)
            | State::Established(_)
            | State::AckThenBye(..)
            | State::Over(_)) => self.state = other,
        }
    }

    // RFC 3261 §15.1.2
    fn on_bye(&mut self, request: &Message, source: Source, key: &ServerKey, now: Instant) {
        self.reply(request, source, key, 200, now);
        match self.take_state() {
            State::Calling(calling) => self.bye_while_calling(calling, request, now),
            State::Called(called) => self.call_withdrawn(*called, request, now),
            State::Established(mut session) => {
                if let Exchange::Answering(answering) = std::mem::replace(&mut session.exchange, Exchange::Idle) {
                    self.answer_peer(&answering, 487, None, Vec::new(), now);
                }
                self.finish(Some(session.dialog), now);
                self.tell(ended_by_peer(request));
            }
            State::AckThenBye(session, _) => self.finish(Some(session.dialog), now),
            other @ (State::Cancelling(_) | State::Over(_)) => self.state = other,
        }
    }

    /// Whether Call-ID and tags are those of this call or of a fork that was hung up on.
    fn is_of_this_call(&self, request: &Message) -> bool {
        let tag = request.from_tag();
        let tag = tag.as_deref();
        let ours = request.to_tag().is_some_and(|tag| tag == self.local_tag);
        if !ours || request.call_id() != Some(&self.call_id[..]) {
            return false;
        }
        let is_bye = request.method() == Some(&Method::Bye);
        match &self.state {
            // Any fork may speak up before one has answered.
            State::Calling(_) | State::Cancelling(_) => true,
            State::Called(called) => called.invite.from_tag().as_deref() == tag,
            State::Established(session) | State::AckThenBye(session, _) => {
                session.dialog.remote_tag() == tag || is_bye && self.was_acknowledged(tag)
            }
            // Only a BYE that crossed ours makes sense now.
            State::Over(Some(dialog)) => is_bye && (dialog.remote_tag() == tag || self.was_acknowledged(tag)),
            State::Over(None) => is_bye && self.was_acknowledged(tag),
        }
    }

    fn is_in_order(&mut self, request: &Message) -> bool {
        let tag = request.from_tag();
        match &mut self.state {
            State::Established(session) | State::AckThenBye(session, _) => {
                session.dialog.remote_tag() != tag.as_deref() || session.dialog.takes(request)
            }
            State::Called(called) => called.dialog.takes(request),
            State::Calling(_) => self.fork_of(request).is_none_or(|dialog| dialog.takes(request)),
            State::Cancelling(_) | State::Over(_) => true,
        }
    }

    /// Answers a request for good.
    pub(super) fn reply(&mut self, request: &Message, source: Source, key: &ServerKey, status: u16, now: Instant) {
        let mut response = self.response(request, source, status, "");
        if matches!(status, 200 | 405 | 501) && !matches!(request.method(), Some(Method::Bye | Method::Cancel)) {
            response.headers.push("Allow", ALLOW);
        }
        match request.method() {
            Some(Method::Options) if status == 200 => {
                response.headers.push("Accept", ACCEPT);
                response.headers.push("Supported", supported(self.settings.calls.reliable != Reliability::Off));
            }
            Some(Method::Info) if status == 415 => response.headers.push("Accept", INFO_TYPES.join(", ")),
            _ => {}
        }
        self.reply_with(request, source, key, &response, now);
    }

    fn reply_with(&mut self, request: &Message, source: Source, key: &ServerKey, response: &Message, now: Instant) {
        let Some(method) = request.method().cloned() else {
            return;
        };
        let to = request.via().map_or_else(|| source.back(), |via| via.response_destination(source));
        if method == Method::Invite {
            let invite = crate::sip::transaction::ServerInvite::new(key.clone(), to);
            self.transactions.add_invite(invite);
            self.sending(|transactions, sends| transactions.respond_to_invite(key, response, now, sends));
        } else {
            self.transactions.add_request(ServerRequest::new(key.clone(), method.clone(), to));
            self.sending(|transactions, sends| transactions.respond(key, &method, response, now, sends));
        }
    }
}
