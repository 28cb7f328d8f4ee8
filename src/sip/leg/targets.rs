//! Ways that fail: the next target of our INVITE, the hop in place of an address that the peer named.

use super::{Event, Exchange, Leg, Purpose, State, calling::Calling};
use crate::sip::{
    dialog::Dialog,
    message::Message,
    timer::{TARGET_LIMIT, Timer},
    transport::Destination,
};
use std::time::Instant;

/// Most destinations remembered as unreachable; a peer that names more of them is not worth it.
const UNREACHABLE_MAX: usize = 8;

impl Leg {
    /// Where the requests of a dialog go.
    pub(super) fn towards(&self, dialog: &Dialog) -> Destination {
        reachable(&self.unreachable, dialog.next_hop(&self.hop), &self.hop)
    }

    /// Starts the wait for a word from the target, when another one is left.
    pub(super) fn wait_for_target(&mut self, calling: &Calling, now: Instant) {
        if !calling.targets.is_empty() {
            self.timers.set(Timer::Target, now + TARGET_LIMIT);
        }
    }

    /// Sends the INVITE to the next target: the same call, with the next number. Nothing when no target is left.
    // RFC 3263 §4.3, RFC 3261 §8.1.3.4
    pub(super) fn try_next(&mut self, mut calling: Calling, invite: &Message, now: Instant) -> Option<Calling> {
        self.timers.stop(Timer::Target);
        let next = calling.targets.pop_front()?;
        self.transactions.abandon(&calling.branch, Purpose::Abandoned);
        self.hop = next.clone();
        let mut again = invite.clone();
        again.headers.set("CSeq", format!("{} INVITE", self.next_number(invite)));
        self.forks.clear();
        again.headers.set("Contact", format!("<{}>", self.settings.contact(&next)));
        calling.branch = self.send_invite(Purpose::Call, again, next, now);
        calling.proceeding = false;
        self.wait_for_target(&calling, now);
        Some(calling)
    }

    /// The target has said nothing, and there is another.
    pub(super) fn target_is_silent(&mut self, now: Instant) {
        match self.take_state() {
            State::Calling(calling) if !calling.proceeding && !calling.targets.is_empty() => {
                let Some(invite) = self.transactions.invite(&calling.branch).cloned() else {
                    self.state = State::Calling(calling);
                    return;
                };
                if let Some(calling) = self.try_next(calling, &invite, now) {
                    self.state = State::Calling(calling);
                }
            }
            other @ (State::Calling(_)
            | State::Cancelling(_)
            | State::Called(_)
            | State::Established(_)
            | State::AckThenBye(..)
            | State::Over(_)) => self.state = other,
        }
    }

    /// A target speaks up after another one was tried: it is told that we want nothing any more.
    pub(super) fn abandoned_response(&mut self, purpose: Purpose, invite: &Message, response: &Message, now: Instant) {
        match response.status().unwrap_or_default() {
            ..200 if purpose == Purpose::Abandoned => {
                let branch = invite.branch();
                self.transactions.abandon(&branch, Purpose::AbandonedAndCancelled);
                self.cancel(&branch, None, now);
            }
            200..300 => self.hang_up_fork(invite, response, now),
            // The transaction has acknowledged a failure.
            _ => {}
        }
    }

    /// There is no way to a destination.
    pub(super) fn on_transport_failure(&mut self, to: &Destination, now: Instant) {
        if *to != self.hop && to.moved_back().is_none() && !self.unreachable.contains(to) {
            if self.unreachable.len() >= UNREACHABLE_MAX {
                self.unreachable.remove(0);
            }
            self.unreachable.push(to.clone());
        }
        for (purpose, request) in self.transactions.transport_failed(to) {
            // RFC 3261 §18.1.1: a large request that no connection could be had for goes in a datagram after all.
            let detour = to.moved_back().or_else(|| (*to != self.hop).then(|| self.hop.clone()));
            match purpose {
                Purpose::Call => self.call_without_way(request, to.moved_back(), now),
                Purpose::Offer => self.offer_without_way(request, detour, now),
                Purpose::Bye | Purpose::StrayBye | Purpose::Prack | Purpose::Refresh => {
                    if let Some(detour) = detour {
                        self.send_request(purpose, request, detour, now);
                    }
                }
                Purpose::Abandoned | Purpose::AbandonedAndCancelled | Purpose::Cancel => {}
            }
        }
        self.acknowledge_by_detour(to);
    }

    fn call_without_way(&mut self, invite: Message, moved_back: Option<Destination>, now: Instant) {
        match self.take_state() {
            State::Calling(mut calling) => {
                if let Some(udp) = moved_back {
                    calling.targets.push_front(udp);
                }
                self.other_way(calling, &invite, Event::Unreachable, now);
            }
            State::Cancelling(_) => self.finish(None, now),
            other @ (State::Called(_) | State::Established(_) | State::AckThenBye(..) | State::Over(_)) => {
                self.state = other;
            }
        }
    }

    /// Our re-INVITE went nowhere: it is the same request by another way, or the call cannot go on.
    // RFC 3263 §4.3
    fn offer_without_way(&mut self, invite: Message, detour: Option<Destination>, now: Instant) {
        let Some(detour) = detour else {
            return self.offer_unanswered(&invite, now);
        };
        let before = invite.branch();
        let State::Established(session) = &self.state else {
            return;
        };
        if !matches!(&session.exchange, Exchange::Offering(offering) if offering.branch == before) {
            return;
        }
        let branch = self.send_invite(Purpose::Offer, invite, detour, now);
        if let State::Established(session) = &mut self.state
            && let Exchange::Offering(offering) = &mut session.exchange
        {
            offering.branch = branch;
        }
    }

    /// ACKs have no transaction: those for a place that cannot be reached go to the hop.
    fn acknowledge_by_detour(&mut self, to: &Destination) {
        if *to == self.hop {
            return;
        }
        let detour = self.hop.clone();
        for sent in self.acknowledgements.iter_mut().filter(|sent| sent.datagram.to == *to) {
            let Ok(mut ack) = Message::parse(&sent.datagram.bytes) else {
                continue;
            };
            ack.headers.set("Via", self.settings.via(&ack.branch(), &detour));
            sent.datagram.to = detour.clone();
            sent.datagram.bytes = ack.to_bytes();
            self.outputs.push_back(super::Output::Send { to: detour.clone(), bytes: sent.datagram.bytes.clone() });
        }
    }
}

/// A destination, or the hop in its place when there is no way to it.
pub(super) fn reachable(unreachable: &[Destination], to: Destination, hop: &Destination) -> Destination {
    if unreachable.contains(&to) { hop.clone() } else { to }
}
