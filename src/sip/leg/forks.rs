//! Early dialogs of our INVITE: one for each fork that has spoken. Their reliable provisional responses are taken in
//! order and acknowledged (PRACK); the one that answers becomes the dialog of the call.
// RFC 3261 §13.2.2.1, RFC 3262 §4

use super::{Leg, Purpose};
use crate::sip::{
    dialog::Dialog,
    extension::{RAck, reliable_number},
    message::Message,
    method::Method,
};
use std::time::Instant;

/// Most forks that are remembered; what more of them say is heard and not acknowledged.
const FORKS_MAX: usize = 16;

/// One fork.
#[derive(Debug)]
pub(super) struct Fork {
    dialog: Dialog,
    /// What it sent as a description of its own side.
    description: Vec<u8>,
    /// It was sent reliably and so is the answer, whatever comes later.
    // RFC 3261 §13.2.1
    is_answer: bool,
    /// The number of its last reliable response.
    last: Option<u32>,
}

impl Leg {
    /// Takes a provisional response into the early dialog it belongs to; whether it is news.
    pub(super) fn fork_spoke(&mut self, invite: &Message, response: &Message, now: Instant) -> bool {
        let number = reliable_number(response);
        let tag = response.to_tag();
        if number.is_none() && response.body.is_empty() && tag.is_none() {
            return true;
        }
        let known = self.forks.iter().position(|fork| fork.dialog.remote_tag() == tag.as_deref());
        let Some(index) = known.or_else(|| self.new_fork(invite, response)) else {
            return number.is_none();
        };
        let fork = &mut self.forks[index];
        if let Some(number) = number {
            // RFC 3262 §4: what is repeated or comes too early is dropped; what comes too early is repeated.
            if fork.last.is_some_and(|last| number != last.wrapping_add(1)) {
                return false;
            }
            fork.last = Some(number);
        }
        fork.dialog.refresh_target(response);
        if !fork.is_answer && !response.body.is_empty() {
            fork.description.clone_from(&response.body);
            fork.is_answer = number.is_some();
        }
        if let (Some(number), Some(request)) = (number, invite.cseq()) {
            self.acknowledge_provisional(index, &RAck { response: number, request }, now);
        }
        // RFC 6228 §5: this fork will not answer.
        if response.status() == Some(199) {
            self.forks.remove(index);
        }
        true
    }

    fn new_fork(&mut self, invite: &Message, response: &Message) -> Option<usize> {
        if self.forks.len() >= FORKS_MAX {
            return None;
        }
        let dialog = Dialog::as_caller(invite, response);
        self.forks.push(Fork { dialog, description: Vec::new(), is_answer: false, last: None });
        Some(self.forks.len() - 1)
    }

    fn acknowledge_provisional(&mut self, index: usize, rack: &RAck, now: Instant) {
        let mut prack = self.forks[index].dialog.request(Method::Prack);
        prack.headers.push("RAck", rack.to_string());
        let to = self.towards(&self.forks[index].dialog);
        self.send_request(Purpose::Prack, prack, to, now);
    }

    /// A challenged PRACK is said again with credentials. Any other refusal is the business of who waits for the PRACK.
    pub(super) fn prack_response(&mut self, request: &Message, response: &Message, now: Instant) {
        let rack = request.headers.first("RAck").and_then(RAck::parse);
        let tag = request.to_tag();
        let index = self.forks.iter().position(|fork| fork.dialog.remote_tag() == tag.as_deref());
        if let (Some(401 | 407), Some(rack), Some(index)) = (response.status(), rack, index)
            && self.authenticator.learn(response).is_ok()
        {
            self.acknowledge_provisional(index, &rack, now);
        }
    }

    /// The dialog that a 2xx makes, and the description that counts as the answer. Other forks are kept: they may still
    /// answer.
    pub(super) fn take_fork(&mut self, invite: &Message, response: &Message) -> (Dialog, Vec<u8>) {
        let tag = response.to_tag();
        let index = self.forks.iter().position(|fork| fork.dialog.remote_tag() == tag.as_deref());
        let Some(mut fork) = index.map(|index| self.forks.remove(index)) else {
            return (Dialog::as_caller(invite, response), response.body.clone());
        };
        fork.dialog.confirm(response);
        // Peers that gave their answer in an unreliable 183 may leave it out of the 200.
        let counts = fork.is_answer || response.body.is_empty();
        (fork.dialog, if counts { fork.description } else { response.body.clone() })
    }

    /// The early dialog of a request of the peer.
    pub(super) fn fork_of(&mut self, request: &Message) -> Option<&mut Dialog> {
        let tag = request.from_tag();
        let fork = self.forks.iter_mut().find(|fork| fork.dialog.remote_tag() == tag.as_deref());
        fork.map(|fork| &mut fork.dialog)
    }

    /// The number for the INVITE that takes the place of this one: above all that were used.
    pub(super) fn next_number(&self, invite: &Message) -> u32 {
        let own = invite.cseq().map_or(0, |cseq| cseq.number);
        self.forks.iter().map(|fork| fork.dialog.local_number()).fold(own, u32::max) + 1
    }
}
