//! Requests outside of any call, one at a time: what REGISTER and OPTIONS share. It repeats a request, answers challenges,
//! and gives the final response or the silence after it.
//!
//! [`Outside`] is how the engines over it are driven; [`Inquiry`] is the plainest of them, one question and its answer.

use super::{
    chance::Chance,
    dialog::MAX_FORWARDS,
    digest::{Authenticator, Subject, Unanswerable},
    header::NameAddress,
    leg::{EndpointSettings, LegKey},
    message::{Message, StartLine},
    method::{ALLOW, Method},
    text::digits,
    timer::TARGET_LIMIT,
    transaction::{ClientRequest, Datagram},
    transport::Destination,
    uri::Uri,
};
use std::{
    collections::VecDeque,
    net::SocketAddr,
    time::{Duration, Instant},
};

/// What an engine outside of calls takes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum OutsideInput {
    /// A response that the router gave to it.
    Message(Message),
    /// A message of its own could not be sent there.
    TransportFailed(Destination),
    /// The peer is to be found there from now on, best first.
    Places(Vec<Destination>),
    /// Where [`OutsideOutput::Resolve`] leads; none when it leads nowhere.
    Resolved {
        /// As it was said.
        uri: Uri,
        /// Best first.
        targets: Vec<Destination>,
    },
    /// The deadline has passed.
    Timeout,
    /// It is to come to its end.
    Stop,
}

/// What such an engine gives.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum OutsideOutput<E> {
    /// Send these bytes.
    Send {
        /// Where to.
        to: Destination,
        /// One message, or the line ends that keep a NAT open.
        bytes: Vec<u8>,
    },
    /// Look up where this address leads and give it as [`OutsideInput::Resolved`]: the question was sent there.
    Resolve {
        /// The address; it has a name for a host.
        uri: Uri,
    },
    /// Something happened.
    Event(E),
}

/// An engine that asks outside of calls: fed, emptied and woken as a [`super::Leg`] is.
pub trait Outside {
    /// What it tells.
    type Event;

    /// Takes one input. Then call [`Self::poll`] until it is empty, and [`Self::deadline`].
    fn handle(&mut self, input: OutsideInput, now: Instant);
    /// The next thing to be done.
    fn poll(&mut self) -> Option<OutsideOutput<Self::Event>>;
    /// When to hand in [`OutsideInput::Timeout`].
    fn deadline(&self) -> Option<Instant>;
    /// Whether nothing more will come.
    fn finished(&self) -> bool;
    /// What the router knows it by.
    fn key(&self) -> LegKey;
    /// The Call-ID of all its requests.
    fn call_id_bytes(&self) -> &[u8];
}

/// What is asked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Question {
    /// REGISTER or OPTIONS.
    pub method: Method,
    /// The Request-URI.
    pub uri: Uri,
    /// Who asks.
    pub from: Uri,
    /// About whom.
    pub to: Uri,
    /// What follows our address in Contact, such as `;expires=60`; no Contact when nothing.
    pub contact: Option<String>,
    /// More headers.
    pub headers: Vec<(String, String)>,
}

/// What came of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Answer {
    /// A final response, and how long it took.
    Final(Box<Message>, Duration),
    /// A challenge that we could not, or no longer, answer.
    Challenged(Box<Message>, Unanswerable),
    /// Nobody answered.
    Silence,
    /// There is no way to any of the places asked.
    NoWay,
}

/// One request after the other, all with the same Call-ID and tag.
#[derive(Debug)]
pub(super) struct Inquirer {
    pub(super) settings: EndpointSettings,
    pub(super) chance: Chance,
    authenticator: Authenticator,
    call_id: Vec<u8>,
    local_tag: String,
    number: u32,
    asked: Option<Asked>,
    old: Vec<ClientRequest>,
    place: Option<Destination>,
    /// A question was asked of nobody, at this moment.
    without_place: Option<Instant>,
}

#[derive(Debug)]
struct Asked {
    transaction: ClientRequest,
    since: Instant,
    /// Places to ask when this one fails, best first.
    left: VecDeque<Destination>,
    /// When the next of them is asked, if nothing is heard by then.
    move_on: Option<Instant>,
    /// What follows our address in Contact.
    contact: Option<String>,
    /// Whether some place was silent, so that not all are out of reach.
    silent: bool,
}

/// First CSeq numbers are below this, so that years of refreshes stay below 2^31.
const FIRST_NUMBER_BOUND: u64 = 30_000;
/// Ended transactions kept to absorb repeated responses.
const OLD_MAX: usize = 4;

impl Inquirer {
    pub(super) fn new(settings: EndpointSettings, seed: u64) -> Self {
        let mut chance = Chance::new(seed);
        let local_tag = chance.token();
        let call_id = format!("{}{}", chance.token(), chance.token()).into_bytes();
        let number = u32::try_from(chance.below(FIRST_NUMBER_BOUND)).unwrap_or(1);
        let authenticator = Authenticator::new(settings.credentials.clone());
        Self {
            settings,
            chance,
            authenticator,
            call_id,
            local_tag,
            number,
            asked: None,
            old: Vec::new(),
            place: None,
            without_place: None,
        }
    }

    pub(super) fn key(&self) -> LegKey {
        LegKey::new(&self.local_tag)
    }

    pub(super) fn call_id_bytes(&self) -> &[u8] {
        &self.call_id
    }

    /// Asks the first of the places, and the next ones where it fails; a question still open is dropped.
    pub(super) fn ask(
        &mut self,
        question: Question,
        places: &[Destination],
        now: Instant,
        sends: &mut VecDeque<Datagram>,
    ) {
        let Question { method, uri, from, to: about, contact, headers } = question;
        let mut left: VecDeque<Destination> = places.iter().cloned().collect();
        let Some(to) = left.pop_front() else {
            self.without_place = Some(now);
            return;
        };
        let mut request = Message::request(method, uri.to_string());
        let mut from = NameAddress::new(from);
        from.parameters.set("tag", Some(&self.local_tag));
        request.headers.push("Max-Forwards", MAX_FORWARDS);
        request.headers.push("From", from.to_string());
        request.headers.push("To", NameAddress::new(about).to_string());
        request.headers.push("Call-ID", &self.call_id);
        request.headers.push("CSeq", "0 X");
        for (name, value) in headers {
            request.headers.push(name, value);
        }
        request.headers.push("Allow", ALLOW);
        request.headers.push("User-Agent", &self.settings.user_agent);
        let transaction = self.start(request, to, contact.as_deref(), now, sends);
        let move_on = (!left.is_empty()).then(|| now + TARGET_LIMIT);
        self.asked = Some(Asked { transaction, since: now, left, move_on, contact, silent: false });
    }

    /// Sends a request with the next number, our Via and Contact, and what answers the challenges learned so far.
    fn start(
        &mut self,
        mut request: Message,
        to: Destination,
        contact: Option<&str>,
        now: Instant,
        sends: &mut VecDeque<Datagram>,
    ) -> ClientRequest {
        self.number += 1;
        let branch = self.chance.branch();
        let client_nonce = self.chance.token();
        request.headers.remove("Via");
        request.headers.push_front("Via", self.settings.via(&branch, &to));
        if let Some(parameters) = contact {
            request.headers.set("Contact", format!("<{}>{parameters}", self.settings.contact(&to)));
        }
        let Message { start, headers, body } = &mut request;
        if let StartLine::Request { method, uri } = start {
            // RFC 3261 §10.2: REGISTER of one Call-ID count upwards, challenged ones too.
            headers.set("CSeq", format!("{} {method}", self.number));
            let subject = Subject { method: method.as_str(), uri, body };
            self.authenticator.authorize(headers, subject, &client_nonce);
        }
        self.place = Some(to.clone());
        ClientRequest::start(request, to, now, sends)
    }

    /// Where the last request went.
    pub(super) fn place(&self) -> Option<&Destination> {
        self.place.as_ref()
    }

    /// Takes a response; gives the answer when it is one.
    pub(super) fn receive(
        &mut self,
        response: &Message,
        now: Instant,
        sends: &mut VecDeque<Datagram>,
    ) -> Option<Answer> {
        let asked = self.asked.as_mut().filter(|asked| asked.transaction.is_answered_by(response))?;
        asked.transaction.receive(response, now);
        asked.move_on = None;
        let status = response.status().filter(|status| *status >= 200)?;
        let asked = self.asked.take()?;
        let request = asked.transaction.request().clone();
        let to = asked.transaction.destination().clone();
        if matches!(status, 401 | 407) {
            self.retire(asked.transaction);
            if let Err(reason) = self.authenticator.learn(response) {
                // The next question begins anew.
                self.authenticator.forget();
                return Some(Answer::Challenged(Box::new(response.clone()), reason));
            }
            let transaction = self.start(request, to, asked.contact.as_deref(), now, sends);
            self.asked = Some(Asked { transaction, ..asked });
            return None;
        }
        // RFC 3263 §4.3: 503 sends us to the next place, as silence does.
        if status == 503 && !asked.left.is_empty() {
            self.asked = Some(asked);
            self.next_place(now, sends);
            return None;
        }
        self.retire(asked.transaction);
        self.authenticator.satisfied();
        self.authenticator.take_next_nonce(response);
        Some(Answer::Final(Box::new(response.clone()), now.saturating_duration_since(asked.since)))
    }

    /// There is no way to a place.
    pub(super) fn transport_failed(
        &mut self,
        to: &Destination,
        now: Instant,
        sends: &mut VecDeque<Datagram>,
    ) -> Option<Answer> {
        let asked = self.asked.as_ref().filter(|asked| asked.transaction.destination() == to)?;
        let answer = if asked.silent { Answer::Silence } else { Answer::NoWay };
        (!self.next_place(now, sends)).then(|| {
            self.give_up();
            answer
        })
    }

    /// Asks the next place; whether there is one.
    fn next_place(&mut self, now: Instant, sends: &mut VecDeque<Datagram>) -> bool {
        let Some(mut asked) = self.asked.take() else { return false };
        let Some(next) = asked.left.pop_front() else {
            self.asked = Some(asked);
            return false;
        };
        let request = asked.transaction.request().clone();
        let transaction = self.start(request, next, asked.contact.as_deref(), now, sends);
        let before = std::mem::replace(&mut asked.transaction, transaction);
        asked.move_on = (!asked.left.is_empty()).then(|| now + TARGET_LIMIT);
        self.asked = Some(asked);
        self.retire(before);
        true
    }

    fn retire(&mut self, transaction: ClientRequest) {
        self.old.retain(|old| !old.is_terminated());
        if self.old.len() >= OLD_MAX {
            self.old.remove(0);
        }
        self.old.push(transaction);
    }

    /// Does what is due; gives the answer when the question was asked long enough.
    pub(super) fn expire(&mut self, now: Instant, sends: &mut VecDeque<Datagram>) -> Option<Answer> {
        for old in &mut self.old {
            old.expire(now, sends);
        }
        self.old.retain(|old| !old.is_terminated());
        if self.without_place.take().is_some() {
            return Some(Answer::NoWay);
        }
        let asked = self.asked.as_mut()?;
        let over = asked.transaction.expire(now, sends).is_some();
        if !over && asked.move_on.is_none_or(|at| at > now) {
            return None;
        }
        asked.silent = true;
        if self.next_place(now, sends) {
            return None;
        }
        self.give_up();
        Some(Answer::Silence)
    }

    /// Waits for the answer no longer.
    pub(super) fn give_up(&mut self) {
        self.asked = None;
        self.authenticator.satisfied();
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        // What was asked of nobody is answered at the next timeout.
        if self.without_place.is_some() {
            return self.without_place;
        }
        let asked = self.asked.iter().flat_map(|asked| [asked.transaction.deadline(), asked.move_on]).flatten();
        self.old.iter().filter_map(ClientRequest::deadline).chain(asked).min()
    }
}

/// Where the peer saw our request come from, as the Via of its response tells.
// RFC 3581 §4, RFC 3261 §18.2.1
#[must_use]
pub fn seen_at(response: &Message, sent_by: SocketAddr) -> SocketAddr {
    let Some(via) = response.via() else { return sent_by };
    let address = via.parameters.value("received").and_then(|text| text.trim_matches(['[', ']']).parse().ok());
    let port = via.parameters.value("rport").and_then(|text| digits(text.as_bytes()));
    SocketAddr::new(address.unwrap_or_else(|| sent_by.ip()), port.unwrap_or_else(|| sent_by.port()))
}

/// One question and its answer.
#[derive(Debug)]
pub struct Inquiry {
    inquirer: Inquirer,
    /// When to be content with silence.
    limit: Option<Instant>,
    outputs: VecDeque<OutsideOutput<Answer>>,
}

impl Inquiry {
    /// Asks the places one after the other, and takes it for silence when nothing has come after `patience`. The seed is chance.
    pub fn new(
        settings: EndpointSettings,
        question: Question,
        places: &[Destination],
        patience: Duration,
        seed: u64,
        now: Instant,
    ) -> Self {
        let mut inquiry =
            Self { inquirer: Inquirer::new(settings, seed), limit: Some(now + patience), outputs: VecDeque::new() };
        let mut sends = VecDeque::new();
        inquiry.inquirer.ask(question, places, now, &mut sends);
        inquiry.outputs.extend(sends.into_iter().map(OutsideOutput::from));
        inquiry
    }
}

impl<E> From<Datagram> for OutsideOutput<E> {
    fn from(Datagram { to, bytes }: Datagram) -> Self {
        Self::Send { to, bytes }
    }
}

impl Outside for Inquiry {
    type Event = Answer;

    fn handle(&mut self, input: OutsideInput, now: Instant) {
        let mut sends = VecDeque::new();
        let mut answer = match input {
            OutsideInput::Message(response) => self.inquirer.receive(&response, now, &mut sends),
            OutsideInput::TransportFailed(to) => self.inquirer.transport_failed(&to, now, &mut sends),
            OutsideInput::Timeout => self.inquirer.expire(now, &mut sends),
            // One question is asked of those it was meant for.
            OutsideInput::Places(_) | OutsideInput::Resolved { .. } => None,
            OutsideInput::Stop => {
                self.inquirer.give_up();
                self.limit = None;
                None
            }
        };
        if answer.is_none() && self.limit.is_some_and(|limit| limit <= now) {
            self.inquirer.give_up();
            answer = Some(Answer::Silence);
        }
        self.outputs.extend(sends.into_iter().map(OutsideOutput::from));
        if let Some(answer) = answer.filter(|_| self.limit.take().is_some()) {
            self.outputs.push_back(OutsideOutput::Event(answer));
        }
    }

    fn poll(&mut self) -> Option<OutsideOutput<Answer>> {
        self.outputs.pop_front()
    }

    fn deadline(&self) -> Option<Instant> {
        // An answered question absorbs no repetitions: nobody drives it any more.
        self.limit.map(|limit| self.inquirer.deadline().map_or(limit, |at| at.min(limit)))
    }

    fn finished(&self) -> bool {
        self.limit.is_none() && self.outputs.is_empty()
    }

    fn key(&self) -> LegKey {
        self.inquirer.key()
    }

    fn call_id_bytes(&self) -> &[u8] {
        self.inquirer.call_id_bytes()
    }
}
