//! An outgoing call before it is answered: INVITE, provisional responses, challenges, failures, CANCEL.

use super::{Asked, Event, Leg, Purpose, Reliability, State, ended_by_peer, redirect};
use crate::sip::{
    chance::Chance,
    content::BODY_TYPE,
    dialog::MAX_FORWARDS,
    digest::Authenticator,
    extension::{RELIABLE_PROVISIONAL, SESSION_TIMER},
    header::{NameAddress, Reason},
    leg::{EndpointSettings, Invitation, session::Session, transactions::Transactions},
    message::Message,
    method::Method,
    timer::{RINGING_LIMIT, T1_64, Timer, Timers},
    transport::Destination,
};
use std::{
    collections::VecDeque,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    time::Instant,
};

/// Our INVITE without a final response.
#[derive(Debug)]
pub(super) struct Calling {
    /// The branch of the INVITE that counts; a challenged one is replaced.
    pub(super) branch: String,
    /// A provisional response came, so a CANCEL may go.
    pub(super) proceeding: bool,
    /// Where else it may go, in this order.
    pub(super) targets: VecDeque<Destination>,
    /// What is offered instead when the first offer is refused.
    fallback: Option<Vec<u8>>,
    /// Where else the peer sends it.
    pub(super) route: Box<redirect::Route>,
    ringing: bool,
}

/// An INVITE we no longer want.
#[derive(Debug)]
pub(super) struct Cancelling {
    branch: String,
    /// The CANCEL waits for a provisional response.
    // RFC 3261 §9.1
    unsent: Option<Option<Reason>>,
}

/// First CSeq numbers are below this, well below 2^31.
const FIRST_NUMBER_BOUND: u64 = 30_000;

/// The hop of a call that has no target; nothing is ever sent there.
const NOWHERE: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0);

impl Leg {
    /// Makes a call. The INVITE is in the first outputs. The seed is chance: no two calls may have the same.
    pub fn outgoing(settings: EndpointSettings, mut invitation: Invitation, seed: u64, now: Instant) -> Self {
        let mut chance = Chance::new(seed);
        let local_tag = chance.token();
        let call_id = format!("{}{}", chance.token(), chance.token()).into_bytes();
        let number = chance.below(FIRST_NUMBER_BOUND) + 1;
        let mut targets = VecDeque::from(std::mem::take(&mut invitation.targets));
        let hop = targets.pop_front();
        let fallback = invitation.fallback.take();
        let asked = Asked::new(&settings.calls);
        let mut leg = Self {
            authenticator: Authenticator::new(settings.credentials.clone()),
            settings,
            chance,
            call_id,
            local_tag,
            made_call_id: true,
            hop: hop.clone().unwrap_or(Destination::udp(NOWHERE)),
            unreachable: Vec::new(),
            invite_key: None,
            state: State::Over(None),
            transactions: Transactions::default(),
            acknowledgements: Vec::new(),
            forks: Vec::new(),
            reliable: None,
            asked,
            timers: Timers::default(),
            outputs: VecDeque::new(),
        };
        let Some(hop) = hop else {
            leg.tell(Event::Unreachable);
            leg.finish(None, now);
            return leg;
        };
        let invite = leg.first_invite(invitation, number);
        let branch = leg.send_invite(Purpose::Call, invite, hop, now);
        leg.timers.set(Timer::Ringing, now + RINGING_LIMIT);
        let route = Box::default();
        let calling = Calling { branch, proceeding: false, targets, fallback, route, ringing: false };
        leg.wait_for_target(&calling, now);
        leg.state = State::Calling(calling);
        leg
    }

    fn first_invite(&self, invitation: Invitation, number: u64) -> Message {
        let Invitation { from, from_name, to, request_uri, headers, body, fallback: _, targets: _ } = invitation;
        let mut from = NameAddress { display_name: from_name, ..NameAddress::new(from) };
        from.parameters.set("tag", Some(&self.local_tag));
        let mut invite = Message::request(Method::Invite, request_uri.to_string());
        invite.headers.push("Max-Forwards", MAX_FORWARDS);
        invite.headers.push("From", from.to_string());
        invite.headers.push("To", NameAddress::new(to).to_string());
        invite.headers.push("Call-ID", &self.call_id);
        invite.headers.push("CSeq", format!("{number} INVITE"));
        self.add_session_headers(&mut invite);
        // Without our offer the first reliable response would bring the peer's, and want an answer in the PRACK.
        // RFC 3262 §5
        if body.is_empty() {
            invite.headers.set("Supported", SESSION_TIMER);
        } else if self.settings.calls.reliable == Reliability::Required {
            invite.headers.push("Require", RELIABLE_PROVISIONAL);
        }
        self.ask_for_timer(&mut invite);
        invite.headers.push("User-Agent", &self.settings.user_agent);
        for (name, value) in headers {
            invite.headers.push(name, value);
        }
        invite.set_body(BODY_TYPE, body);
        invite
    }

    /// A response to the INVITE that makes the call.
    pub(super) fn call_response(&mut self, invite: &Message, response: &Message, now: Instant) {
        let status = response.status().unwrap_or_default();
        self.timers.stop(Timer::Target);
        match self.take_state() {
            State::Calling(calling) => match status {
                ..200 => self.progress(calling, invite, response, now),
                200..300 => self.answered(invite, response, now),
                300..=399 => self.redirected(calling, invite, response, now),
                401 | 407 if self.authenticator.learn(response).is_ok() => self.call_again(calling, invite, now),
                406 | 415 | 488 | 606 if calling.fallback.is_some() => self.fall_back(calling, invite, status, now),
                422 if self.interval_was_too_short(response) => self.call_again(calling, invite, now),
                // RFC 3263 §4.3
                503 => self.other_way(calling, invite, redirect::failure(invite, response), now),
                _ => self.failed(calling, invite, response, now),
            },
            State::Cancelling(cancelling) => match status {
                ..200 => self.cancel_now(cancelling, now),
                // The 200 was faster than the CANCEL.
                // RFC 3261 §15: a call that is not wanted any more is ended by BYE.
                200..300 => {
                    let (dialog, _) = self.take_fork(invite, response);
                    self.acknowledge(&dialog, invite);
                    self.bye(dialog, None, now);
                }
                _ => self.finish(None, now),
            },
            other @ (State::Called(_) | State::Established(_) | State::AckThenBye(..) | State::Over(_)) => {
                self.state = other;
                if (200..300).contains(&status) {
                    self.hang_up_fork(invite, response, now);
                }
            }
        }
    }

    /// A fork answered after another one: acknowledged and ended.
    // RFC 3261 §13.2.2.4
    pub(super) fn hang_up_fork(&mut self, invite: &Message, response: &Message, now: Instant) {
        let (mut dialog, _) = self.take_fork(invite, response);
        self.acknowledge(&dialog, invite);
        let bye = dialog.request(Method::Bye);
        let to = self.towards(&dialog);
        self.send_request(Purpose::StrayBye, bye, to, now);
    }

    fn progress(&mut self, mut calling: Calling, invite: &Message, response: &Message, now: Instant) {
        if !calling.proceeding {
            calling.proceeding = true;
            self.tell(Event::Trying);
        }
        if self.fork_spoke(invite, response, now) {
            let status = response.status().unwrap_or_default();
            if matches!(status, 180..183) && !calling.ringing {
                calling.ringing = true;
                self.tell(Event::Ringing);
            }
            let body = (!response.body.is_empty()).then(|| response.body.clone());
            if status == 183 || body.is_some() {
                self.tell(Event::Progress { body });
            }
        }
        self.state = State::Calling(calling);
    }

    fn answered(&mut self, invite: &Message, response: &Message, now: Instant) {
        let (dialog, body) = self.take_fork(invite, response);
        self.acknowledge(&dialog, invite);
        self.authenticator.satisfied();
        self.timers.clear();
        self.tell(Event::Answered { body });
        let mut session = Box::new(Session::new(dialog, invite.body.clone(), response));
        self.timer_is_granted(&mut session, response, now);
        self.state = State::Established(session);
    }

    /// The same request with the next number, and the credentials or the session interval that were asked for.
    // RFC 3261 §22.2, RFC 4028 §7.3
    fn call_again(&mut self, calling: Calling, invite: &Message, now: Instant) {
        let mut again = invite.clone();
        again.headers.set("CSeq", format!("{} INVITE", self.next_number(invite)));
        self.forks.clear();
        self.ask_for_timer(&mut again);
        let branch = self.send_invite(Purpose::Call, again, self.hop.clone(), now);
        self.state = State::Calling(Calling { branch, proceeding: false, ..calling });
    }

    /// The far end does not take what was offered: the same call again with the other offer, and the next number.
    // RFC 3261 §8.1.3.5
    fn fall_back(&mut self, mut calling: Calling, invite: &Message, status: u16, now: Instant) {
        let mut other = invite.clone();
        other.set_body(BODY_TYPE, calling.fallback.take().unwrap_or_default());
        self.authenticator.satisfied();
        self.tell(Event::FellBack { status });
        self.call_again(calling, &other, now);
    }

    /// The callee does not take the call; another address that it was sent to may.
    // RFC 3261 §8.1.3.4, §16.7: a 6xx speaks for all
    fn failed(&mut self, mut calling: Calling, invite: &Message, response: &Message, now: Instant) {
        calling.targets.clear();
        if response.status().is_some_and(|status| status >= 600) {
            calling.route = Box::default();
        }
        self.other_way(calling, invite, redirect::failure(invite, response), now);
    }

    /// Our INVITE had no response within timer B.
    pub(super) fn call_unanswered(&mut self, invite: &Message, now: Instant) {
        match self.take_state() {
            State::Calling(calling) => self.other_way(calling, invite, Event::TimedOut, now),
            State::Cancelling(_) => self.finish(None, now),
            other @ (State::Called(_) | State::Established(_) | State::AckThenBye(..) | State::Over(_)) => {
                self.state = other
            }
        }
    }

    pub(super) fn give_up_call(&mut self, calling: Calling, reason: Option<Reason>, now: Instant) {
        let Calling { branch, proceeding, route, .. } = calling;
        self.timers.clear();
        if route.is_waiting() {
            return self.finish(None, now);
        }
        let cancelling = Cancelling { branch, unsent: Some(reason) };
        if proceeding {
            self.cancel_now(cancelling, now);
        } else {
            self.timers.set(Timer::CancelGrace, now + 2 * T1_64);
            self.state = State::Cancelling(cancelling);
        }
    }

    fn cancel_now(&mut self, cancelling: Cancelling, now: Instant) {
        let Cancelling { branch, unsent } = cancelling;
        if let Some(reason) = unsent {
            self.cancel(&branch, reason.as_ref(), now);
            self.timers.set(Timer::CancelGrace, now + T1_64);
        }
        self.state = State::Cancelling(Cancelling { branch, unsent: None });
    }

    /// CANCEL was sent and the INVITE has no final response: considered cancelled.
    // RFC 3261 §9.1
    pub(super) fn cancel_without_effect(&mut self, now: Instant) {
        match self.take_state() {
            State::Cancelling(cancelling) => {
                self.transactions.give_up_invite(&cancelling.branch, now);
                self.finish(None, now);
            }
            State::Established(session) => self.offer_cannot_be_cancelled(session, now),
            other @ (State::Calling(_) | State::Called(_) | State::AckThenBye(..) | State::Over(_)) => {
                self.state = other
            }
        }
    }

    /// Nobody answered within the limit.
    pub(super) fn rang_too_long(&mut self, now: Instant) {
        match self.take_state() {
            State::Calling(calling) => self.give_up_call(calling, None, now),
            State::Called(called) => self.refuse_call(*called, 480, "", &[], now),
            other @ (State::Cancelling(_) | State::Established(_) | State::AckThenBye(..) | State::Over(_)) => {
                self.state = other;
                return;
            }
        }
        self.tell(Event::TimedOut);
    }

    /// A BYE from a callee whose 2xx we never saw: the call is over, the INVITE is cancelled.
    pub(super) fn bye_while_calling(&mut self, calling: Calling, bye: &Message, now: Instant) {
        self.tell(ended_by_peer(bye));
        self.give_up_call(calling, None, now);
    }

    /// Where the INVITE of this call went.
    pub fn next_hop(&self) -> &Destination {
        &self.hop
    }
}
