//! A call that is sent elsewhere (3xx), within the same call: to the contacts in the order of their preference, never twice
//! to the same, and only so often.
// RFC 3261 §8.1.3.4

use super::{Event, Leg, Output, State, calling::Calling};
use crate::sip::{
    dialog::literal,
    header::NameAddress,
    message::{Message, StartLine},
    timer::{RESOLVE_LIMIT, Timer},
    transport::Destination,
    uri::{Host, Scheme, Uri},
};
use std::{collections::VecDeque, time::Instant};

/// Most addresses that one call is sent to.
pub const REDIRECTS_MAX: usize = 8;

/// Where else a call may go, and where it went.
#[derive(Debug, Default)]
pub(super) struct Route {
    /// Addresses that were told and not tried, the best first.
    alternatives: VecDeque<Alternative>,
    /// All that were told, as they are compared.
    seen: Vec<String>,
    /// The INVITE that waits until a name is looked up.
    waiting: Option<(Message, Uri)>,
    /// What is told when nothing of it leads on.
    failure: Option<Event>,
}

#[derive(Clone, Debug)]
struct Alternative {
    uri: Uri,
    /// It is a proxy to go through (305), not a new address of the callee.
    is_proxy: bool,
}

impl Route {
    /// Whether a name is being looked up, and no INVITE is out.
    pub(super) fn is_waiting(&self) -> bool {
        self.waiting.is_some()
    }
}

impl Leg {
    /// The peer sends the call elsewhere.
    pub(super) fn redirected(&mut self, mut calling: Calling, invite: &Message, response: &Message, now: Instant) {
        let status = response.status().unwrap_or_default();
        // They were other ways to who has answered now.
        calling.targets.clear();
        let most = self.settings.calls.redirects.min(REDIRECTS_MAX);
        if most > 0 && matches!(status, 300 | 301 | 302 | 305) {
            let route = &mut calling.route;
            if let Some(uri) = invite.uri() {
                route.is_new(&uri, most);
            }
            let told = contacts(response).into_iter().map(|uri| Alternative { uri, is_proxy: status == 305 });
            let mut fresh: VecDeque<_> = told.filter(|alternative| route.is_new(&alternative.uri, most)).collect();
            // Those told last are nearer to the callee than those left over.
            fresh.append(&mut route.alternatives);
            route.alternatives = fresh;
        }
        self.other_way(calling, invite, failure(invite, response), now);
    }

    /// The call did not come about by the way it went: the next target, else the next address, else this is its end.
    pub(super) fn other_way(&mut self, mut calling: Calling, invite: &Message, end: Event, now: Instant) {
        if calling.targets.is_empty() {
            calling.route.failure = Some(end);
            self.next_alternative(calling, invite, now);
        } else if let Some(calling) = self.try_next(calling, invite, now) {
            self.state = State::Calling(calling);
        }
    }

    fn next_alternative(&mut self, mut calling: Calling, invite: &Message, now: Instant) {
        let Some(Alternative { uri, is_proxy }) = calling.route.alternatives.pop_front() else {
            let end = calling.route.failure.take().unwrap_or(Event::TimedOut);
            self.tell(end);
            return self.finish(None, now);
        };
        self.forks.clear();
        let mut again = invite.clone();
        if is_proxy {
            let mut proxy = uri.clone();
            proxy.parameters.set("lr", None);
            again.headers.set("Route", format!("<{proxy}>"));
        } else if let StartLine::Request { uri: target, .. } = &mut again.start {
            *target = uri.to_string();
        }
        if matches!(uri.host, Some(Host::Name(_))) {
            self.timers.stop(Timer::Target);
            self.timers.set(Timer::Resolve, now + RESOLVE_LIMIT);
            calling.route.waiting = Some((again, uri.clone()));
            self.state = State::Calling(calling);
            return self.outputs.push_back(Output::Resolve { uri });
        }
        // A number, or an address that only the one who told it can reach.
        let target = literal(&uri, &self.hop).unwrap_or_else(|| self.hop.clone());
        self.send_elsewhere(calling, &again, vec![target], now);
    }

    fn send_elsewhere(&mut self, mut calling: Calling, invite: &Message, targets: Vec<Destination>, now: Instant) {
        calling.targets = targets.into();
        if let Some(calling) = self.try_next(calling, invite, now) {
            self.state = State::Calling(calling);
        }
    }

    /// The owner has looked up a name, or did not in time. A name that leads nowhere is left to who told it.
    pub(super) fn resolved(&mut self, uri: Option<&Uri>, mut targets: Vec<Destination>, now: Instant) {
        match self.take_state() {
            State::Calling(mut calling) => {
                let is_it = calling.route.waiting.as_ref().is_some_and(|(_, own)| uri.is_none_or(|uri| uri == own));
                match calling.route.waiting.take_if(|_| is_it) {
                    Some((invite, _)) => {
                        self.timers.stop(Timer::Resolve);
                        if targets.is_empty() {
                            targets.push(self.hop.clone());
                        }
                        self.send_elsewhere(calling, &invite, targets, now);
                    }
                    None => self.state = State::Calling(calling),
                }
            }
            other @ (State::Cancelling(_)
            | State::Called(_)
            | State::Established(_)
            | State::AckThenBye(..)
            | State::Over(_)) => self.state = other,
        }
    }
}

impl Route {
    /// Whether an address was not told before, and there is room for it.
    fn is_new(&mut self, uri: &Uri, most: usize) -> bool {
        let uri = comparable(&uri.to_string());
        // The first one is that of the call itself.
        let is_new = self.seen.len() <= most && !self.seen.contains(&uri);
        if is_new {
            self.seen.push(uri);
        }
        is_new
    }
}

/// The failure that a response to an INVITE is.
pub(super) fn failure(invite: &Message, response: &Message) -> Event {
    let credentials = ["Authorization", "Proxy-Authorization"];
    Event::Failed {
        authenticated: credentials.iter().any(|name| invite.headers.first(name).is_some()),
        status: response.status().unwrap_or_default(),
        reason: response.said(),
        q850: response.reason().and_then(|reason| reason.q850),
        retry_after: response.retry_after(),
    }
}

/// The addresses of a redirection that a call can go to, the best first. Headers in them are not for us to send.
// RFC 3261 §19.1.5, §20.10
fn contacts(response: &Message) -> Vec<Uri> {
    let told = response.headers.list("Contact").into_iter().filter_map(NameAddress::parse);
    let usable = told.filter(|contact| match contact.uri.scheme {
        Scheme::Sip | Scheme::Sips | Scheme::Tel => true,
        Scheme::Other(_) => false,
    });
    let mut contacts: Vec<_> =
        usable.map(|contact| (preference(&contact), Uri { headers: None, ..contact.uri })).collect();
    // Those of the same preference stay in their order.
    contacts.sort_by_key(|(preference, _)| std::cmp::Reverse(*preference));
    contacts.into_iter().map(|(_, uri)| uri).collect()
}

/// The q-value in thousandths; 1 when there is none.
// RFC 3261 §25.1: up to three digits behind the point
fn preference(contact: &NameAddress) -> u32 {
    let value = contact.parameters.value("q").and_then(|value| value.trim().parse::<f32>().ok());
    let value = value.filter(|value| (0.0..=1.0).contains(value)).unwrap_or(1.0);
    // Between 0 and 1000, as just made sure.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and 1000")]
    let thousandths = (value * 1000.0).round() as u32;
    thousandths
}

/// An address as it is compared, roughly: a loop must be found, two spellings of one address are only one try more.
fn comparable(uri: &str) -> String {
    uri.to_ascii_lowercase()
}
