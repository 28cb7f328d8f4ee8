//! One call, from either side: INVITE to BYE, with re-INVITE both ways. It speaks to the call engine in [`Command`]s and
//! [`Event`]s and knows nothing of media.
//!
//! ```text
//!  outgoing ─→ Calling ──2xx──→ Established ──BYE──→ Over
//!                │ └─hang up→ Cancelling ────────────↗ ↑
//!                └──failure────────────────────────────┤
//!  incoming ─→ Called ──accept──→ Established          │
//!                │                   └─hang up before ACK→ AckThenBye
//!                └──refusal, CANCEL────────────────────┘
//! ```
//! A leg tells its end exactly once: `Failed`, `TimedOut`, `Unreachable` or `Ended`. After that it lives on to answer repetitions, until
//! [`Leg::finished`].

mod called;
mod calling;
mod established;
mod forks;
mod offer;
mod redirect;
mod refresh;
mod reliable;
mod requests;
mod session;
mod targets;
mod transactions;

pub use redirect::REDIRECTS_MAX;
pub use session::{
    CallSettings, Command, EndpointSettings, Event, Input, Invitation, LegKey, NotAnInvite, Output, Reliability,
    SESSION_INTERVAL,
};

use super::{
    chance::Chance,
    content::BODY_TYPE,
    dialog::Dialog,
    digest::{Authenticator, Subject},
    extension::supported,
    header::Reason,
    message::Message,
    method::{ALLOW, Method},
    timer::{Timer, Timers, WIND_DOWN},
    transaction::{Datagram, ServerKey},
    transport::{Destination, Large, Source},
    uri::Uri,
};
use called::Called;
use calling::{Calling, Cancelling};
use forks::Fork;
use refresh::Asked;
use reliable::Reliable;
use session::{Exchange, Session};
use std::{borrow::Cow, collections::VecDeque, time::Instant};
use targets::reachable;
use transactions::{Purpose, Transactions};

/// The engine of one call. Feed it with [`Leg::handle`], empty it with [`Leg::poll`], wake it at [`Leg::deadline`].
#[derive(Debug)]
pub struct Leg {
    settings: EndpointSettings,
    chance: Chance,
    call_id: Vec<u8>,
    local_tag: String,
    /// Whether we made the Call-ID: decides who waits longer after glare.
    made_call_id: bool,
    /// The hop the call was made through; where everything goes that has no better address.
    hop: Destination,
    /// Destinations that the peer named and to which there is no way; the hop is taken in their place.
    unreachable: Vec<Destination>,
    /// The INVITE that made an incoming call, for the router.
    invite_key: Option<ServerKey>,
    state: State,
    transactions: Transactions,
    acknowledgements: Vec<Acknowledgement>,
    /// The early dialogs of our INVITE.
    forks: Vec<Fork>,
    /// Our last reliable provisional response.
    reliable: Option<Reliable>,
    /// The session timer we ask for.
    asked: Asked,
    authenticator: Authenticator,
    timers: Timers,
    outputs: VecDeque<Output>,
}

#[derive(Debug)]
enum State {
    /// Our INVITE has no final response.
    Calling(Calling),
    /// We gave up, the end is told; the INVITE may still be answered.
    Cancelling(Cancelling),
    /// The peer's INVITE has no final response.
    Called(Box<Called>),
    /// Answered.
    Established(Box<Session>),
    /// We hung up before the ACK for our 2xx; the BYE waits for it.
    // RFC 3261 §15
    AckThenBye(Box<Session>, Option<Reason>),
    /// The end is told; transactions fade out. The dialog is kept to acknowledge and to repeat a challenged BYE.
    Over(Option<Box<Dialog>>),
}

/// An ACK for a 2xx, kept to be said again.
// RFC 3261 §13.2.2.4
#[derive(Debug)]
struct Acknowledgement {
    number: u32,
    remote_tag: Option<String>,
    datagram: Datagram,
}

/// Most ACKs kept: one for each fork that answered and for the latest re-INVITEs.
const ACKNOWLEDGEMENTS_MAX: usize = 32;

impl Leg {
    /// Takes one input. Then call [`Self::poll`] until it is empty, and [`Self::deadline`].
    pub fn handle(&mut self, input: Input, now: Instant) {
        match input {
            Input::Message { mut message, source } => match message.status() {
                Some(_) => {
                    // What cannot be read of a response is as if it were not there.
                    let _ = message.reduce_body();
                    self.on_response(&message, now);
                }
                None => self.on_request(message, source, now),
            },
            Input::TransportFailed { to } => self.on_transport_failure(&to, now),
            Input::Resolved { uri, targets } => self.resolved(Some(&uri), targets, now),
            Input::Timeout => self.on_timeout(now),
            Input::Command(command) => self.on_command(command, now),
        }
        self.transactions.forget_terminated();
    }

    /// The next thing to be done outside.
    pub fn poll(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When to hand in [`Input::Timeout`].
    pub fn deadline(&self) -> Option<Instant> {
        [self.timers.deadline(), self.transactions.deadline()].into_iter().flatten().min()
    }

    /// Whether the call has ended and no message of it is expected: the leg can be dropped.
    pub fn finished(&self) -> bool {
        matches!(self.state, State::Over(_)) && self.transactions.is_empty() && self.outputs.is_empty()
    }

    /// Whether the call has ended, by whichever side.
    pub const fn is_over(&self) -> bool {
        matches!(self.state, State::Over(_))
    }

    /// Whether the call has ended and nothing that we said still waits for its answer: every request has its final
    /// response, every failure its ACK. The leg then only absorbs repetitions, until [`Self::finished`].
    pub fn is_settled(&self) -> bool {
        matches!(self.state, State::Over(_)) && self.transactions.are_settled() && self.outputs.is_empty()
    }

    /// What the router knows the leg by.
    pub fn key(&self) -> LegKey {
        LegKey::new(&self.local_tag)
    }

    /// Our tag.
    pub fn local_tag(&self) -> &str {
        &self.local_tag
    }

    /// The Call-ID, for people.
    pub fn call_id(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.call_id)
    }

    /// The Call-ID as on the wire.
    pub fn call_id_bytes(&self) -> &[u8] {
        &self.call_id
    }

    /// The INVITE that made an incoming call; `None` for an outgoing one.
    pub(super) fn invite_key(&self) -> Option<&ServerKey> {
        self.invite_key.as_ref()
    }

    fn on_timeout(&mut self, now: Instant) {
        let unanswered = self.sending(|transactions, sends| transactions.expire(now, sends));
        for (purpose, request) in unanswered {
            match purpose {
                Purpose::Call => self.call_unanswered(&request, now),
                Purpose::Offer => self.offer_unanswered(&request, now),
                Purpose::Refresh => self.refresh_unanswered(now),
                Purpose::Abandoned
                | Purpose::AbandonedAndCancelled
                | Purpose::Cancel
                | Purpose::Prack
                | Purpose::Bye
                | Purpose::StrayBye => {}
            }
        }
        while let Some(timer) = self.timers.expired(now) {
            self.on_timer(timer, now);
        }
    }

    fn on_timer(&mut self, timer: Timer, now: Instant) {
        match timer {
            Timer::OkRetransmission => self.repeat_ok(now),
            Timer::OkWithoutAck => self.ok_never_acknowledged(now),
            Timer::Target => self.target_is_silent(now),
            Timer::Glare => self.glare_is_over(now),
            Timer::CancelGrace => self.cancel_without_effect(now),
            Timer::Ringing => self.rang_too_long(now),
            Timer::RingingAgain => self.ring_again(now),
            Timer::Provisional => self.repeat_provisional(now),
            Timer::ProvisionalWithoutPrack => self.provisional_never_acknowledged(now),
            Timer::Refresh => self.refresh(now),
            Timer::SessionExpiry => self.session_expired(now),
            Timer::Resolve => self.resolved(None, Vec::new(), now),
            Timer::Offer => self.offer_takes_too_long(now),
            Timer::Answer => self.answer_takes_too_long(now),
            Timer::WindDown => self.transactions.terminate_all(),
            // These belong to transactions, which have their own table.
            Timer::A
            | Timer::B
            | Timer::D
            | Timer::E
            | Timer::F
            | Timer::G
            | Timer::H
            | Timer::I
            | Timer::J
            | Timer::K
            | Timer::L
            | Timer::M => {}
        }
    }

    fn on_command(&mut self, command: Command, now: Instant) {
        match command {
            Command::Ring => self.ring(now),
            Command::Accept { body } => self.accept(body, now),
            Command::Refuse { status, reason, headers } => self.refuse(status, &reason, &headers, now),
            Command::Offer { body } => self.offer(body, now),
            Command::WithdrawOffer => self.withdraw_offer(now),
            Command::AcceptOffer { body } => self.accept_offer(body, now),
            Command::RefuseOffer { status } => self.refuse_offer(status, now),
            Command::HangUp { reason } => self.hang_up(reason, now),
        }
    }

    fn on_response(&mut self, response: &Message, now: Instant) {
        let passed = self.sending(|transactions, sends| transactions.receive(response, now, sends));
        if self.acknowledge_again(response) {
            return;
        }
        let Some((purpose, request)) = passed else {
            return;
        };
        match purpose {
            Purpose::Call => self.call_response(&request, response, now),
            Purpose::Abandoned | Purpose::AbandonedAndCancelled => {
                self.abandoned_response(purpose, &request, response, now);
            }
            Purpose::Offer => self.offer_response(&request, response, now),
            Purpose::Bye => self.bye_response(&request, response, now),
            Purpose::Prack => self.prack_response(&request, response, now),
            Purpose::Refresh => self.refresh_response(response, now),
            // A CANCEL says nothing that the INVITE's own response does not; a stray fork is not worth a password.
            Purpose::Cancel | Purpose::StrayBye => {}
        }
    }

    fn hang_up(&mut self, reason: Option<Reason>, now: Instant) {
        match self.take_state() {
            State::Calling(calling) => self.give_up_call(calling, reason, now),
            State::Called(called) => self.refuse_call(*called, 480, "", &reason_header(reason.as_ref()), now),
            State::Established(session) => self.hang_up_session(session, reason, now),
            over @ (State::Cancelling(_) | State::AckThenBye(..) | State::Over(_)) => {
                self.state = over;
                return;
            }
        }
        self.tell(Event::Ended { by_peer: false, reason: None, q850: None });
    }

    /// Sends the BYE of a dialog and ends.
    fn bye(&mut self, mut dialog: Dialog, reason: Option<&Reason>, now: Instant) {
        let mut request = dialog.request(Method::Bye);
        for (name, value) in reason_header(reason) {
            request.headers.push(name, value);
        }
        let to = self.towards(&dialog);
        self.send_request(Purpose::Bye, request, to, now);
        self.finish(Some(dialog), now);
    }

    /// A challenged BYE is said again with credentials.
    fn bye_response(&mut self, request: &Message, response: &Message, now: Instant) {
        if !matches!(response.status(), Some(401 | 407)) || self.authenticator.learn(response).is_err() {
            return;
        }
        let State::Over(Some(dialog)) = &mut self.state else {
            return;
        };
        let mut again = dialog.request(Method::Bye);
        for reason in request.headers.all("Reason") {
            again.headers.push("Reason", reason);
        }
        let to = reachable(&self.unreachable, dialog.next_hop(&self.hop), &self.hop);
        self.send_request(Purpose::Bye, again, to, now);
    }

    /// Enters the last state; the end has been told or is being told.
    fn finish(&mut self, dialog: Option<Dialog>, now: Instant) {
        self.timers.clear();
        self.timers.set(Timer::WindDown, now + WIND_DOWN);
        self.state = State::Over(dialog.map(Box::new));
    }

    /// Sends CANCEL for one of our INVITEs.
    // RFC 3261 §9.1
    fn cancel(&mut self, branch: &str, reason: Option<&Reason>, now: Instant) {
        let Some((mut request, to)) = self.transactions.cancel_for(branch) else {
            return;
        };
        for (name, value) in reason_header(reason) {
            request.headers.push(name, value);
        }
        self.sending(|transactions, sends| {
            transactions.start_request(Purpose::Cancel, request, to, now, sends);
        });
    }

    /// Completes an INVITE with our Via and credentials and sends it; gives its branch.
    fn send_invite(&mut self, purpose: Purpose, mut invite: Message, to: Destination, now: Instant) -> String {
        let (branch, to) = self.complete(&mut invite, to);
        self.sending(|transactions, sends| transactions.start_invite(purpose, invite, to, now, sends));
        branch
    }

    fn send_request(&mut self, purpose: Purpose, mut request: Message, to: Destination, now: Instant) {
        let (_, to) = self.complete(&mut request, to);
        self.sending(|transactions, sends| transactions.start_request(purpose, request, to, now, sends));
    }

    /// Sends the ACK for a 2xx and keeps it. It carries the credentials of its INVITE.
    // RFC 3261 §13.2.2.4, §22.1
    fn acknowledge(&mut self, dialog: &Dialog, invite: &Message) {
        let number = invite.cseq().map_or(0, |cseq| cseq.number);
        let mut ack = dialog.ack(number);
        let branch = self.chance.branch();
        let to = self.towards(dialog);
        ack.headers.push_front("Via", self.settings.via(&branch, &to));
        for name in ["Authorization", "Proxy-Authorization"] {
            for value in invite.headers.all(name) {
                ack.headers.push(name, value);
            }
        }
        ack.headers.push("User-Agent", &self.settings.user_agent);
        let datagram = Datagram { to, bytes: ack.to_bytes() };
        if self.acknowledgements.len() >= ACKNOWLEDGEMENTS_MAX {
            self.acknowledgements.remove(0);
        }
        let remote_tag = dialog.remote_tag().map(str::to_owned);
        self.acknowledgements.push(Acknowledgement { number, remote_tag, datagram: datagram.clone() });
        self.outputs.push_back(Output::Send { to: datagram.to, bytes: datagram.bytes });
    }

    /// Says the ACK again when a 2xx to INVITE is one that had its ACK.
    fn acknowledge_again(&mut self, response: &Message) -> bool {
        let Some(cseq) = response.cseq().filter(|cseq| cseq.method == Method::Invite) else {
            return false;
        };
        let tag = response.to_tag();
        let same = |sent: &&Acknowledgement| sent.number == cseq.number && sent.remote_tag == tag;
        let Some(sent) = self.acknowledgements.iter().find(same) else {
            return false;
        };
        if response.status().is_some_and(|status| (200..300).contains(&status)) {
            let Datagram { to, bytes } = sent.datagram.clone();
            self.outputs.push_back(Output::Send { to, bytes });
        }
        true
    }

    /// Whether a tag is that of a fork we hung up on, or of any other that we acknowledged.
    fn was_acknowledged(&self, remote_tag: Option<&str>) -> bool {
        self.acknowledgements.iter().any(|sent| sent.remote_tag.as_deref() == remote_tag)
    }

    /// Puts Via and credentials in; gives the branch, and where the request goes when its size is known.
    fn complete(&mut self, request: &mut Message, to: Destination) -> (String, Destination) {
        let branch = self.chance.branch();
        request.headers.remove("Via");
        request.headers.push_front("Via", self.settings.via(&branch, &to));
        if !request.headers.iter().any(|header| header.is("User-Agent")) {
            request.headers.push("User-Agent", &self.settings.user_agent);
        }
        let client_nonce = self.chance.token();
        let Message { start, headers, body } = request;
        if let super::message::StartLine::Request { method, uri } = start {
            let subject = Subject { method: method.as_str(), uri, body };
            self.authenticator.authorize(headers, subject, &client_nonce);
        }
        if to.large != Large::Moves {
            return (branch, to);
        }
        let to = to.for_size(request.to_bytes().len());
        request.headers.set("Via", self.settings.via(&branch, &to));
        (branch, to)
    }

    /// The headers of requests and responses that set up or change the session.
    fn add_session_headers(&self, message: &mut Message) {
        message.headers.push("Contact", format!("<{}>", self.settings.contact(&self.hop)));
        message.headers.push("Allow", ALLOW);
        message.headers.push("Supported", supported(self.settings.calls.reliable != Reliability::Off));
    }

    /// A response to the peer with our tag and name.
    fn response(&self, request: &Message, source: Source, status: u16, reason: &str) -> Message {
        let mut response = Message::response(request, status, reason, &self.local_tag, source.address);
        response.headers.push("User-Agent", &self.settings.user_agent);
        response
    }

    /// Runs something on the transactions and takes over what they send.
    fn sending<R>(&mut self, act: impl FnOnce(&mut Transactions, &mut VecDeque<Datagram>) -> R) -> R {
        let mut sends = VecDeque::new();
        let result = act(&mut self.transactions, &mut sends);
        self.outputs.extend(sends.into_iter().map(|Datagram { to, bytes }| Output::Send { to, bytes }));
        result
    }

    fn tell(&mut self, event: Event) {
        self.outputs.push_back(Output::Event(event));
    }

    /// The state to be consumed by a transition, which must put the next one in its place.
    fn take_state(&mut self) -> State {
        std::mem::replace(&mut self.state, State::Over(None))
    }
}

/// The end of a call as a request or response of the peer tells it.
fn ended_by_peer(message: &Message) -> Event {
    let Reason { q850, text, .. } = message.reason().unwrap_or_default();
    Event::Ended { by_peer: true, reason: text, q850 }
}

fn reason_header(reason: Option<&Reason>) -> Vec<(String, String)> {
    reason.map(|reason| ("Reason".to_owned(), reason.to_string())).into_iter().collect()
}

/// A text for people that says why we ended it ourselves.
fn ended_by_us(why: &str) -> Event {
    Event::Ended { by_peer: false, reason: Some(why.to_owned()), q850: None }
}

impl EndpointSettings {
    // RFC 3261 §18.1.1, RFC 3581 §3
    pub(super) fn via(&self, branch: &str, to: &Destination) -> String {
        let local = self.local.towards(to);
        format!("SIP/2.0/{} {};rport;branch={branch}", to.transport, local.advertised)
    }

    pub(super) fn contact(&self, to: &Destination) -> Uri {
        let mut contact = Uri::sip(&self.contact_user, self.local.towards(to).advertised);
        if let Some(name) = to.transport.parameter() {
            contact.parameters.set("transport", Some(name));
        }
        contact
    }
}
