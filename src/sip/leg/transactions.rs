//! All transactions of one leg, found by their messages.

use crate::sip::{
    message::Message,
    method::Method,
    transaction::{ClientInvite, ClientRequest, Datagram, ServerInvite, ServerKey, ServerRequest, Verdict, derived},
    transport::Destination,
};
use std::{collections::VecDeque, time::Instant};

/// What one of our requests was sent for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Purpose {
    /// The INVITE that makes the call.
    Call,
    /// An INVITE whose target said nothing, before another target was tried.
    Abandoned,
    /// The same after its target spoke up and the INVITE was cancelled.
    AbandonedAndCancelled,
    /// A re-INVITE.
    Offer,
    /// A CANCEL.
    Cancel,
    /// A PRACK for a reliable provisional response.
    Prack,
    /// An UPDATE that refreshes the session.
    Refresh,
    /// The BYE of the call.
    Bye,
    /// The BYE of a fork that answered too.
    StrayBye,
}

/// Most transactions of a kind that one leg remembers; beyond, the oldest is forgotten, and a repetition of it is
/// judged as a new request.
const TRANSACTIONS_MAX: usize = 64;

#[derive(Debug, Default)]
pub(super) struct Transactions {
    invites: Vec<(Purpose, ClientInvite)>,
    requests: Vec<(Purpose, ClientRequest)>,
    received_invites: Vec<ServerInvite>,
    received_requests: Vec<ServerRequest>,
}

impl Transactions {
    pub(super) fn start_invite(
        &mut self,
        purpose: Purpose,
        invite: Message,
        to: Destination,
        now: Instant,
        sends: &mut VecDeque<Datagram>,
    ) {
        push_bounded(&mut self.invites, (purpose, ClientInvite::start(invite, to, now, sends)));
    }

    pub(super) fn start_request(
        &mut self,
        purpose: Purpose,
        request: Message,
        to: Destination,
        now: Instant,
        sends: &mut VecDeque<Datagram>,
    ) {
        push_bounded(&mut self.requests, (purpose, ClientRequest::start(request, to, now, sends)));
    }

    /// Takes a response; gives the request it answers when it is news.
    pub(super) fn receive(
        &mut self,
        response: &Message,
        now: Instant,
        sends: &mut VecDeque<Datagram>,
    ) -> Option<(Purpose, Message)> {
        if let Some((purpose, invite)) = self.invites.iter_mut().find(|(_, invite)| invite.is_answered_by(response)) {
            let verdict = invite.receive(response, now, sends);
            return (verdict == Verdict::Pass).then(|| (*purpose, invite.request().clone()));
        }
        let (purpose, request) = self.requests.iter_mut().find(|(_, request)| request.is_answered_by(response))?;
        let verdict = request.receive(response, now);
        (verdict == Verdict::Pass).then(|| (*purpose, request.request().clone()))
    }

    /// The CANCEL for one of our INVITEs that is still pending, and where it goes.
    pub(super) fn cancel_for(&self, branch: &str) -> Option<(Message, Destination)> {
        let mut pending = self.invites.iter().map(|(_, invite)| invite);
        let invite = pending.find(|invite| invite.branch() == branch && invite.is_pending())?;
        Some((derived(invite.request(), Method::Cancel), invite.destination().clone()))
    }

    /// Whether one of our INVITEs has had a provisional response and no other.
    pub(super) fn is_proceeding(&self, branch: &str) -> bool {
        let mut invites = self.invites.iter().map(|(_, invite)| invite);
        invites.any(|invite| invite.branch() == branch && invite.is_pending() && !invite.is_unheard())
    }

    /// Gives one of our INVITEs up: only a late 2xx matters any more.
    pub(super) fn give_up_invite(&mut self, branch: &str, now: Instant) {
        let mut invites = self.invites.iter_mut().map(|(_, invite)| invite);
        if let Some(invite) = invites.find(|invite| invite.branch() == branch) {
            invite.give_up(now);
        }
    }

    /// One of our INVITEs as sent.
    pub(super) fn invite(&self, branch: &str) -> Option<&Message> {
        let mut invites = self.invites.iter().map(|(_, invite)| invite);
        invites.find(|invite| invite.branch() == branch).map(ClientInvite::request)
    }

    /// Gives one of our INVITEs another purpose: another target was tried. Its repeats end.
    pub(super) fn abandon(&mut self, branch: &str, purpose: Purpose) {
        if let Some((own, invite)) = self.invites.iter_mut().find(|(_, invite)| invite.branch() == branch) {
            *own = purpose;
            invite.stop_repeating();
        }
    }

    /// There is no way to this destination: ends our requests to it that nobody has heard, and gives them.
    pub(super) fn transport_failed(&mut self, to: &Destination) -> Vec<(Purpose, Message)> {
        let mut failed = Vec::new();
        for (purpose, invite) in &mut self.invites {
            if invite.is_unheard() && invite.destination() == to {
                invite.terminate();
                failed.push((*purpose, invite.request().clone()));
            }
        }
        for (purpose, request) in &mut self.requests {
            if request.is_unheard() && request.destination() == to {
                request.terminate();
                failed.push((*purpose, request.request().clone()));
            }
        }
        failed
    }

    /// Takes a request that was received before; whether it was one.
    pub(super) fn repeated(&self, key: &ServerKey, method: &Method, sends: &mut VecDeque<Datagram>) -> bool {
        if *method == Method::Invite {
            let invite = self.received_invites.iter().find(|invite| invite.is(key));
            return invite.map(|invite| invite.repeated(sends)).is_some();
        }
        let request = self.received_requests.iter().find(|request| request.is(key, method));
        request.map(|request| request.repeated(sends)).is_some()
    }

    pub(super) fn add_invite(&mut self, invite: ServerInvite) {
        push_bounded(&mut self.received_invites, invite);
    }

    pub(super) fn add_request(&mut self, request: ServerRequest) {
        push_bounded(&mut self.received_requests, request);
    }

    /// The INVITE that a CANCEL is for: whether there is one.
    pub(super) fn has_invite(&self, key: &ServerKey) -> bool {
        self.received_invites.iter().any(|invite| invite.is(key))
    }

    pub(super) fn respond_to_invite(
        &mut self,
        key: &ServerKey,
        response: &Message,
        now: Instant,
        sends: &mut VecDeque<Datagram>,
    ) {
        if let Some(invite) = self.received_invites.iter_mut().find(|invite| invite.is(key)) {
            invite.respond(response, now, sends);
        }
    }

    pub(super) fn respond(
        &mut self,
        key: &ServerKey,
        method: &Method,
        response: &Message,
        now: Instant,
        sends: &mut VecDeque<Datagram>,
    ) {
        if let Some(request) = self.received_requests.iter_mut().find(|request| request.is(key, method)) {
            request.respond(response, now, sends);
        }
    }

    /// Takes the ACK of a failure response.
    pub(super) fn acknowledge(&mut self, key: &ServerKey, now: Instant) {
        if let Some(invite) = self.received_invites.iter_mut().find(|invite| invite.is(key)) {
            invite.acknowledge(now);
        }
    }

    /// Does what is due; gives our requests that had no response in time.
    pub(super) fn expire(&mut self, now: Instant, sends: &mut VecDeque<Datagram>) -> Vec<(Purpose, Message)> {
        let mut unanswered = Vec::new();
        for (purpose, invite) in &mut self.invites {
            if invite.expire(now, sends).is_some() {
                unanswered.push((*purpose, invite.request().clone()));
            }
        }
        for (purpose, request) in &mut self.requests {
            if request.expire(now, sends).is_some() {
                unanswered.push((*purpose, request.request().clone()));
            }
        }
        self.received_invites.iter_mut().for_each(|invite| invite.expire(now, sends));
        self.received_requests.iter_mut().for_each(|request| request.expire(now));
        unanswered
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        let invites = self.invites.iter().filter_map(|(_, invite)| invite.deadline());
        let requests = self.requests.iter().filter_map(|(_, request)| request.deadline());
        let received_invites = self.received_invites.iter().filter_map(ServerInvite::deadline);
        let received_requests = self.received_requests.iter().filter_map(ServerRequest::deadline);
        invites.chain(requests).chain(received_invites).chain(received_requests).min()
    }

    pub(super) fn forget_terminated(&mut self) {
        self.invites.retain(|(_, invite)| !invite.is_terminated());
        self.requests.retain(|(_, request)| !request.is_terminated());
        self.received_invites.retain(|invite| !invite.is_terminated());
        self.received_requests.retain(|request| !request.is_terminated());
    }

    /// Whether nothing of ours waits for a final response or for its ACK.
    pub(super) fn are_settled(&self) -> bool {
        let is_waited_for = |purpose| !matches!(purpose, Purpose::Abandoned | Purpose::AbandonedAndCancelled);
        !self.invites.iter().any(|(purpose, invite)| invite.is_pending() && is_waited_for(*purpose))
            && !self.requests.iter().any(|(_, request)| request.is_pending())
            && !self.received_invites.iter().any(ServerInvite::is_unacknowledged)
    }

    pub(super) fn terminate_all(&mut self) {
        *self = Self::default();
    }

    pub(super) fn is_empty(&self) -> bool {
        self.invites.is_empty()
            && self.requests.is_empty()
            && self.received_invites.is_empty()
            && self.received_requests.is_empty()
    }
}

fn push_bounded<T>(list: &mut Vec<T>, item: T) {
    if list.len() >= TRANSACTIONS_MAX {
        list.remove(0);
    }
    list.push(item);
}
