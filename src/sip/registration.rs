//! Registration: a registrar is told where we are, told again in time, and told when we go.
//!
//! ```text
//!           ┌──────── failure: wait, longer each time ────────┐
//!           ▼                                                 │
//!  Resting ──Try──→ Asking ──2xx──→ Resting (bound) ──Refresh─┘
//!                     │ 423: longer; 3xx: elsewhere; 401, 407: again, at once
//!  any ──stop──→ Leaving ──answer or Farewell──→ Over
//! ```
//! Whether we are bound is apart from what is being asked: a refresh that fails leaves the binding as it is until it lapses.
// RFC 3261 §10

mod timer;
mod trouble;

pub use timer::{
    CREDENTIALS_REST, FAREWELL_LIMIT, FIRST_WAIT, KEEP_ALIVE_INTERVAL, LONGEST_EXPIRES, LONGEST_RETRY_AFTER,
    LONGEST_WAIT, refresh_after,
};
pub use trouble::RegistrationTrouble;

use super::{
    header::NameAddress,
    inquiry::{Answer, Inquirer, Outside, OutsideInput, OutsideOutput, Question, seen_at},
    leg::{EndpointSettings, LegKey},
    message::Message,
    method::Method,
    text::{digits, lossy},
    timer::RESOLVE_LIMIT,
    transport::{Destination, Transport},
    uri::{Scheme, Uri},
};
use std::{
    collections::VecDeque,
    net::SocketAddr,
    time::{Duration, Instant},
};
use timer::{RegistrationTimer, Timers, back_off, lengthened};

/// Whom we register with, and as whom.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RegistrationSettings {
    /// Our own side; its Contact is what is bound.
    pub endpoint: EndpointSettings,
    /// The Request-URI: the domain of the registrar.
    pub registrar: Uri,
    /// The address that is registered.
    pub address_of_record: Uri,
    /// Where requests are sent, best first.
    pub targets: Vec<Destination>,
    /// How long a binding we ask for; the registrar may grant another time.
    pub expires: Duration,
    /// Send line ends in between even where no NAT shows itself.
    pub keep_alive: bool,
}

/// What the registrar keeps of us.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Binding {
    /// Until when.
    pub until: Instant,
    /// How long it granted.
    pub granted: Duration,
    /// Routes that our calls are to take, as written, in order.
    // RFC 3608 §5
    pub service_route: Vec<String>,
    /// Proxies that calls to us pass, as written, in order.
    // RFC 3327 §5
    pub path: Vec<String>,
    /// Where the registrar saw us; differs from our own address behind a NAT.
    pub seen_at: SocketAddr,
    /// Bindings of others to the same address.
    pub others: usize,
}

/// What happened.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum RegistrationEvent {
    /// We are bound, for the first time or anew.
    Registered(Binding),
    /// It could not be done; the binding of before holds as long as it does.
    Failed {
        /// Why.
        trouble: RegistrationTrouble,
        /// When it is tried again.
        again: Instant,
    },
    /// The binding is over and could not be renewed.
    Lapsed,
    /// We are gone: nothing more will come.
    Over,
}

/// What the registrar is being asked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Work {
    /// Nothing; a timer runs.
    Resting,
    /// To bind us.
    Asking,
    /// To forget us.
    Leaving,
    /// All is said.
    Over,
}

/// The engine of one registration.
#[derive(Debug)]
pub struct Registration {
    inquirer: Inquirer,
    settings: RegistrationSettings,
    /// Where and whom to ask; other than the settings say after a redirect.
    target: (Uri, Vec<Destination>),
    /// What to ask for; longer than the settings say after 423.
    expires: Duration,
    work: Work,
    binding: Option<Binding>,
    failures: u32,
    /// Corrections (423, 3xx) of one question.
    corrections: u32,
    /// Where the registrar sent us, while its name is being looked up.
    looked_for: Option<Uri>,
    timers: Timers,
    outputs: VecDeque<OutsideOutput<RegistrationEvent>>,
}

/// Corrections that one question may need: intervals too brief and redirects.
const CORRECTIONS_MAX: u32 = 4;
/// Routes of a kind that are kept.
const ROUTES_MAX: usize = 16;

impl Registration {
    /// Begins to register at once. The seed is chance.
    pub fn new(settings: RegistrationSettings, seed: u64, now: Instant) -> Self {
        let mut registration = Self {
            inquirer: Inquirer::new(settings.endpoint.clone(), seed),
            target: (settings.registrar.clone(), settings.targets.clone()),
            expires: settings.expires,
            settings,
            work: Work::Resting,
            binding: None,
            failures: 0,
            corrections: 0,
            looked_for: None,
            timers: Timers::default(),
            outputs: VecDeque::new(),
        };
        registration.ask(Work::Asking, now);
        registration
    }

    /// What the registrar keeps of us now.
    pub fn binding(&self) -> Option<&Binding> {
        self.binding.as_ref()
    }

    fn ask(&mut self, work: Work, now: Instant) {
        let seconds = if work == Work::Leaving { 0 } else { self.expires.as_secs() };
        let headers = vec![
            // Some registrars read only this one.
            ("Expires".to_owned(), seconds.to_string()),
            // RFC 3327 §5.1: a registrar may not send Path to who does not say this
            ("Supported".to_owned(), "path".to_owned()),
        ];
        let question = Question {
            method: Method::Register,
            uri: self.target.0.clone(),
            from: self.settings.address_of_record.clone(),
            to: self.settings.address_of_record.clone(),
            contact: Some(format!(";expires={seconds}")),
            headers,
        };
        let mut sends = VecDeque::new();
        self.inquirer.ask(question, &self.target.1, now, &mut sends);
        self.outputs.extend(sends.into_iter().map(OutsideOutput::from));
        self.work = work;
    }

    fn answered(&mut self, answer: Answer, now: Instant) {
        match self.work {
            Work::Asking => {}
            // Whatever the registrar says to our farewell, we are gone.
            Work::Leaving => return self.finish(),
            Work::Resting | Work::Over => return,
        }
        self.work = Work::Resting;
        let response = match answer {
            Answer::Silence => return self.failed(RegistrationTrouble::Silence, now),
            Answer::NoWay => return self.failed(RegistrationTrouble::NoWay, now),
            Answer::Challenged(response, reason) => {
                let status = response.status().unwrap_or_default();
                return self.failed(RegistrationTrouble::challenged(status, reason), now);
            }
            Answer::Final(response, _) => response,
        };
        match response.status().unwrap_or_default() {
            200..300 => self.accepted(&response, now),
            423 => self.too_brief(&response, now),
            300..400 => self.redirected(&response, now),
            _ => self.failed(RegistrationTrouble::of(&response), now),
        }
    }

    // RFC 3261 §10.2.4
    fn accepted(&mut self, response: &Message, now: Instant) {
        let Some(place) = self.inquirer.place().cloned() else { return };
        let Some((granted, others)) = self.granted(response, &self.settings.endpoint.contact(&place)) else {
            return self.failed(RegistrationTrouble::NotKept, now);
        };
        let own_address = self.settings.endpoint.local.towards(&place).advertised;
        let texts = |name: &str| -> Vec<String> {
            response.headers.list(name).into_iter().take(ROUTES_MAX).map(|text| lossy(text).into_owned()).collect()
        };
        let binding = Binding {
            until: now + granted,
            granted,
            service_route: texts("Service-Route"),
            path: texts("Path"),
            seen_at: seen_at(response, own_address),
            others,
        };
        self.failures = 0;
        self.corrections = 0;
        self.timers.clear();
        self.timers.set(RegistrationTimer::Lapse, binding.until);
        self.timers.set(RegistrationTimer::Refresh, now + refresh_after(granted, self.inquirer.chance.number()));
        // A stream's outer port is another by nature, and says nothing about a NAT.
        let behind_nat = place.transport == Transport::Udp && binding.seen_at != own_address;
        if self.settings.keep_alive || behind_nat {
            self.timers.set(RegistrationTimer::KeepAlive, now + KEEP_ALIVE_INTERVAL);
        }
        self.binding = Some(binding.clone());
        self.tell(RegistrationEvent::Registered(binding));
    }

    /// How long our binding holds, and how many others there are. The registrar lists the bindings of all who registered with
    /// this address, and what counts for ours stands beside ours.
    // RFC 3261 §10.2.4, §10.3 item 8
    fn granted(&self, response: &Message, ours: &Uri) -> Option<(Duration, usize)> {
        let contacts: Vec<NameAddress> =
            response.headers.list("Contact").into_iter().filter_map(NameAddress::parse).collect();
        let same_user = |contact: &&NameAddress| contact.uri.user_decoded() == ours.user_decoded();
        let same = |contact: &&NameAddress| {
            same_user(contact)
                && contact.uri.host == ours.host
                && contact.uri.port.unwrap_or(super::uri::DEFAULT_PORT) == ours.port.unwrap_or(super::uri::DEFAULT_PORT)
        };
        // A registrar that mends NATs writes the address it saw in place of ours.
        let alone = || contacts.iter().find(same_user).filter(|_| contacts.len() == 1);
        let own = contacts.iter().find(same).or_else(alone);
        if own.is_none() && !contacts.is_empty() {
            return None;
        }
        let beside = own.and_then(|own| own.parameters.value("expires")).and_then(|text| seconds(text.as_bytes()));
        let header = || response.headers.first("Expires").and_then(seconds);
        let granted = beside.or_else(header).unwrap_or(self.expires).min(LONGEST_EXPIRES);
        (!granted.is_zero()).then(|| (granted, contacts.len().saturating_sub(1)))
    }

    // RFC 3261 §10.2.8
    fn too_brief(&mut self, response: &Message, now: Instant) {
        let least = response.headers.first("Min-Expires").and_then(seconds);
        match least.filter(|least| *least > self.expires && *least <= LONGEST_EXPIRES) {
            Some(least) if self.may_correct() => {
                self.expires = least;
                self.ask(Work::Asking, now);
            }
            _ => self.failed(RegistrationTrouble::of(response), now),
        }
    }

    // RFC 3261 §8.1.3.4
    fn redirected(&mut self, response: &Message, now: Instant) {
        let contact = response.address("Contact").map(|contact| contact.uri);
        let usable = contact.clone().filter(|uri| matches!(uri.scheme, Scheme::Sip | Scheme::Sips));
        let (Some(uri), Some(near), true) = (usable, self.inquirer.place().cloned(), self.may_correct()) else {
            return self.nowhere(contact.as_ref(), now);
        };
        match uri.socket_address() {
            // The transport of the hop that sends us away holds, with the name it proved.
            Some(address) => {
                self.target = (uri, vec![Destination { address, reopen: None, ..near }]);
                self.ask(Work::Asking, now);
            }
            None => {
                self.looked_for = Some(uri.clone());
                self.timers.set(RegistrationTimer::Resolve, now + RESOLVE_LIMIT);
                self.outputs.push_back(OutsideOutput::Resolve { uri });
            }
        }
    }

    /// The registrar sent us where nobody can be found.
    fn nowhere(&mut self, contact: Option<&Uri>, now: Instant) {
        let to = contact.map(ToString::to_string).unwrap_or_default();
        self.failed(RegistrationTrouble::Redirected(to), now);
    }

    /// The owner has looked up a name, or did not in time.
    fn resolved(&mut self, targets: Vec<Destination>, now: Instant) {
        self.timers.stop(RegistrationTimer::Resolve);
        let Some(uri) = self.looked_for.take().filter(|_| self.work == Work::Resting) else { return };
        if targets.is_empty() {
            return self.nowhere(Some(&uri), now);
        }
        self.target = (uri, targets);
        self.ask(Work::Asking, now);
    }

    fn may_correct(&mut self) -> bool {
        self.corrections += 1;
        self.corrections <= CORRECTIONS_MAX
    }

    fn failed(&mut self, trouble: RegistrationTrouble, now: Instant) {
        self.corrections = 0;
        self.target = (self.settings.registrar.clone(), self.settings.targets.clone());
        let chance = self.inquirer.chance.number();
        let wait = match &trouble {
            // Registrars lock out who keeps trying with a wrong password, and often the address with it.
            RegistrationTrouble::Credentials(_)
            | RegistrationTrouble::NoCredentials
            | RegistrationTrouble::UnknownScheme
            | RegistrationTrouble::UnknownAddress(_) => lengthened(CREDENTIALS_REST, chance),
            RegistrationTrouble::Refused { retry_after: Some(after), .. } => {
                lengthened((*after).clamp(Duration::from_secs(1), LONGEST_RETRY_AFTER), chance)
            }
            RegistrationTrouble::Silence
            | RegistrationTrouble::NoWay
            | RegistrationTrouble::NotKept
            | RegistrationTrouble::Redirected(_)
            | RegistrationTrouble::Refused { retry_after: None, .. } => back_off(self.failures, chance),
        };
        self.failures = self.failures.saturating_add(1);
        self.timers.stop(RegistrationTimer::Refresh);
        let again = now + wait;
        self.timers.set(RegistrationTimer::Try, again);
        self.tell(RegistrationEvent::Failed { trouble, again });
    }

    /// The registrar is elsewhere. One that could not be found is asked at once now that it is.
    fn moved(&mut self, places: Vec<Destination>, now: Instant) {
        let was_lost = self.settings.targets.is_empty() && self.binding.is_none();
        // A redirect that is being followed is not undone.
        if self.target.1 == self.settings.targets {
            self.target.1.clone_from(&places);
        }
        self.settings.targets = places;
        if was_lost && self.work == Work::Resting {
            self.timers.set(RegistrationTimer::Try, now);
        }
    }

    fn stop(&mut self, now: Instant) {
        match self.work {
            Work::Leaving | Work::Over => {}
            // A binding that was asked for may have been made, though we have not heard of it.
            Work::Resting if self.binding.is_none() => self.finish(),
            Work::Resting | Work::Asking => {
                self.timers.clear();
                self.timers.set(RegistrationTimer::Farewell, now + FAREWELL_LIMIT);
                self.binding = None;
                self.ask(Work::Leaving, now);
            }
        }
    }

    fn finish(&mut self) {
        self.inquirer.give_up();
        self.timers.clear();
        self.work = Work::Over;
        self.tell(RegistrationEvent::Over);
    }

    fn on_timer(&mut self, timer: RegistrationTimer, now: Instant) {
        match timer {
            RegistrationTimer::Try | RegistrationTimer::Refresh => {
                if self.work == Work::Resting {
                    self.ask(Work::Asking, now);
                }
            }
            RegistrationTimer::Lapse => {
                self.binding = None;
                self.timers.stop(RegistrationTimer::KeepAlive);
                self.tell(RegistrationEvent::Lapsed);
            }
            RegistrationTimer::KeepAlive => {
                self.timers.set(RegistrationTimer::KeepAlive, now + KEEP_ALIVE_INTERVAL);
                // RFC 5626 §3.5.1; over UDP it is no more than a datagram that keeps the NAT's door open
                if let Some(to) = self.inquirer.place().cloned() {
                    self.outputs.push_back(OutsideOutput::Send { to, bytes: b"\r\n\r\n".to_vec() });
                }
            }
            RegistrationTimer::Resolve => self.resolved(Vec::new(), now),
            RegistrationTimer::Farewell => self.finish(),
        }
    }

    fn tell(&mut self, event: RegistrationEvent) {
        self.outputs.push_back(OutsideOutput::Event(event));
    }
}

impl Outside for Registration {
    type Event = RegistrationEvent;

    fn handle(&mut self, input: OutsideInput, now: Instant) {
        let mut sends = VecDeque::new();
        let answer = match input {
            OutsideInput::Message(response) => self.inquirer.receive(&response, now, &mut sends),
            OutsideInput::TransportFailed(to) => self.inquirer.transport_failed(&to, now, &mut sends),
            OutsideInput::Timeout => self.inquirer.expire(now, &mut sends),
            OutsideInput::Places(places) => {
                self.moved(places, now);
                None
            }
            OutsideInput::Resolved { uri, targets } => {
                if self.looked_for.as_ref() == Some(&uri) {
                    self.resolved(targets, now);
                }
                None
            }
            OutsideInput::Stop => {
                self.stop(now);
                None
            }
        };
        self.outputs.extend(sends.into_iter().map(OutsideOutput::from));
        if let Some(answer) = answer {
            self.answered(answer, now);
        }
        while let Some(timer) = self.timers.expired(now) {
            self.on_timer(timer, now);
        }
    }

    fn poll(&mut self) -> Option<OutsideOutput<RegistrationEvent>> {
        self.outputs.pop_front()
    }

    fn deadline(&self) -> Option<Instant> {
        if self.work == Work::Over {
            return None;
        }
        [self.timers.deadline(), self.inquirer.deadline()].into_iter().flatten().min()
    }

    fn finished(&self) -> bool {
        self.work == Work::Over && self.outputs.is_empty()
    }

    fn key(&self) -> LegKey {
        self.inquirer.key()
    }

    fn call_id_bytes(&self) -> &[u8] {
        self.inquirer.call_id_bytes()
    }
}

/// A number of seconds; what is no number or beyond 32 bits is none.
// RFC 3261 §20.19
fn seconds(value: &[u8]) -> Option<Duration> {
    digits::<u32>(value.trim_ascii()).map(|seconds| Duration::from_secs(u64::from(seconds)))
}

#[cfg(test)]
mod tests;
