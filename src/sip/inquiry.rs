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
    transaction::{ClientRequest, Datagram},
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
        to: SocketAddr,
        /// One message, or the line ends that keep a NAT open.
        bytes: Vec<u8>,
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
    /// More headers, such as Contact.
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
}

#[derive(Debug)]
struct Asked {
    transaction: ClientRequest,
    to: SocketAddr,
    since: Instant,
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
        Self { settings, chance, authenticator, call_id, local_tag, number, asked: None, old: Vec::new() }
    }

    pub(super) fn key(&self) -> LegKey {
        LegKey::new(&self.local_tag)
    }

    pub(super) fn call_id_bytes(&self) -> &[u8] {
        &self.call_id
    }

    /// Asks; a question still open is dropped.
    pub(super) fn ask(&mut self, question: Question, to: SocketAddr, now: Instant, sends: &mut VecDeque<Datagram>) {
        let Question { method, uri, from, to: about, headers } = question;
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
        self.send(request, to, now, now, sends);
    }

    /// Sends a request with the next number, our Via and what answers the challenges learned so far.
    fn send(
        &mut self,
        mut request: Message,
        to: SocketAddr,
        since: Instant,
        now: Instant,
        sends: &mut VecDeque<Datagram>,
    ) {
        self.number += 1;
        let branch = self.chance.branch();
        let client_nonce = self.chance.token();
        request.headers.remove("Via");
        request.headers.push_front("Via", self.settings.via(&branch));
        let Message { start, headers, body } = &mut request;
        if let StartLine::Request { method, uri } = start {
            // RFC 3261 §10.2: REGISTER of one Call-ID count upwards, challenged ones too.
            headers.set("CSeq", format!("{} {method}", self.number));
            let subject = Subject { method: method.as_str(), uri, body };
            self.authenticator.authorize(headers, subject, &client_nonce);
        }
        let reliable = self.settings.transport.is_reliable();
        let transaction = ClientRequest::start(request, to, reliable, now, sends);
        self.asked = Some(Asked { transaction, to, since });
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
        let status = response.status().filter(|status| *status >= 200)?;
        let Asked { transaction, to, since } = self.asked.take()?;
        let request = transaction.request().clone();
        self.retire(transaction);
        if matches!(status, 401 | 407) {
            if let Err(reason) = self.authenticator.learn(response) {
                // The next question begins anew.
                self.authenticator.forget();
                return Some(Answer::Challenged(Box::new(response.clone()), reason));
            }
            self.send(request, to, since, now, sends);
            return None;
        }
        self.authenticator.satisfied();
        self.authenticator.take_next_nonce(response);
        Some(Answer::Final(Box::new(response.clone()), now.saturating_duration_since(since)))
    }

    fn retire(&mut self, transaction: ClientRequest) {
        self.old.retain(|old| !old.is_terminated());
        if self.old.len() >= OLD_MAX {
            self.old.remove(0);
        }
        self.old.push(transaction);
    }

    /// Does what is due; gives [`Answer::Silence`] when the question was asked long enough.
    pub(super) fn expire(&mut self, now: Instant, sends: &mut VecDeque<Datagram>) -> Option<Answer> {
        for old in &mut self.old {
            old.expire(now, sends);
        }
        self.old.retain(|old| !old.is_terminated());
        let asked = self.asked.as_mut()?;
        asked.transaction.expire(now, sends)?;
        self.give_up();
        Some(Answer::Silence)
    }

    /// Waits for the answer no longer.
    pub(super) fn give_up(&mut self) {
        self.asked = None;
        self.authenticator.satisfied();
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        let asked = self.asked.as_ref().and_then(|asked| asked.transaction.deadline());
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
    /// Asks at once, and takes it for silence when nothing has come after `patience`. The seed is chance.
    pub fn new(
        settings: EndpointSettings,
        question: Question,
        to: SocketAddr,
        patience: Duration,
        seed: u64,
        now: Instant,
    ) -> Self {
        let mut inquiry =
            Self { inquirer: Inquirer::new(settings, seed), limit: Some(now + patience), outputs: VecDeque::new() };
        let mut sends = VecDeque::new();
        inquiry.inquirer.ask(question, to, now, &mut sends);
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
            OutsideInput::Timeout => self.inquirer.expire(now, &mut sends),
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
