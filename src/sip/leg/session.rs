//! The words of a leg: what goes in, what comes out, and what an answered call holds.

use super::redirect::REDIRECTS_MAX;
use crate::sip::{
    dialog::Dialog,
    digest::Credentials,
    extension::{SESSION_INTERVAL_MIN, SESSION_TIMER, SessionExpires, allows, supports},
    header::Reason,
    message::Message,
    method::Method,
    transaction::ServerKey,
    transport::{Destination, LocalAddresses, Source},
    uri::Uri,
};
use std::time::{Duration, Instant};

/// Our own side of calls, as the trunk has it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct EndpointSettings {
    /// The addresses peers reach us at, written in Via and Contact.
    pub local: LocalAddresses,
    /// The user part of our Contact, unescaped; may be empty.
    pub contact_user: String,
    /// Our name in `User-Agent`.
    pub user_agent: String,
    /// What to answer a challenge with.
    pub credentials: Option<Credentials>,
    /// What of the extensions is used.
    pub calls: CallSettings,
}

/// How calls go, beyond what every call has.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CallSettings {
    /// Whether calls ring reliably (100rel).
    // RFC 3262
    pub reliable: Reliability,
    /// The session interval that we ask for; none asks for no session timer. What the peer asks for is granted in any
    /// case. Below [`Self::least_interval`] means that.
    // RFC 4028
    pub session_interval: Option<Duration>,
    /// The shortest session interval that we take part in. Below 90 s means 90 s.
    // RFC 4028 §5
    pub least_interval: Duration,
    /// How many addresses one call may be sent to by the peer (3xx), at most [`super::REDIRECTS_MAX`]. None: such a call
    /// has failed with that status, as who redirects could make it an expensive one.
    pub redirects: usize,
}

/// Whether provisional responses are acknowledged. What the peer sends reliably is acknowledged in any case.
// RFC 3262
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reliability {
    /// We do not say that we can; a caller that requires it gets it.
    Off,
    /// The peer may ring reliably, and a caller that requires it gets it.
    Supported,
    /// The peer must ring reliably, or refuse the call (420); a caller that can is rung reliably.
    Required,
}

impl Default for CallSettings {
    fn default() -> Self {
        Self {
            reliable: Reliability::Supported,
            session_interval: Some(SESSION_INTERVAL),
            least_interval: SESSION_INTERVAL_MIN,
            redirects: REDIRECTS_MAX,
        }
    }
}

impl CallSettings {
    /// Whether a request asks for a session shorter than we take part in; such is refused with 422 and our `Min-SE`.
    // RFC 4028 §9: a sender that does not know session timers would not understand the answer
    pub fn finds_too_short(&self, request: &Message) -> bool {
        let asked = SessionExpires::of(&request.headers);
        asked.is_some_and(|asked| asked.interval < self.least()) && supports(request, SESSION_TIMER)
    }

    /// The shortest session interval in force.
    pub fn least(&self) -> Duration {
        self.least_interval.max(SESSION_INTERVAL_MIN)
    }
}

/// The session interval that is asked for when nothing else is set.
// RFC 4028 §4
pub const SESSION_INTERVAL: Duration = Duration::from_secs(1800);

/// An outgoing call.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Invitation {
    /// Who calls: the address of `From`.
    pub from: Uri,
    /// The name shown with it.
    pub from_name: Option<String>,
    /// Who is called: the address of `To`.
    pub to: Uri,
    /// The Request-URI.
    pub request_uri: Uri,
    /// Where the INVITE is sent, in this order: to the next one when there is no way to one, when it says nothing or is
    /// overloaded. Whatever has no better address later goes to the one that took the call. Without any the call ends
    /// at once as [`Event::Unreachable`].
    // RFC 3263 §4.3
    pub targets: Vec<Destination>,
    /// More headers for the INVITE: `P-Asserted-Identity`, `Privacy`, …
    pub headers: Vec<(String, String)>,
    /// The offer (SDP).
    pub body: Vec<u8>,
    /// The offer to fall back to, in the same call, when the far end refuses the first for what is in it: 406, 415, 488, 606.
    pub fallback: Option<Vec<u8>>,
}

/// What a leg takes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Input {
    /// A message that the router gave to this leg.
    Message {
        /// The message.
        message: Message,
        /// Where it came from.
        source: Source,
    },
    /// A message for this destination could not be sent: no connection could be had, or it broke before all was written.
    TransportFailed {
        /// As [`Output::Send`] said it.
        to: Destination,
    },
    /// Where [`Output::Resolve`] leads; none when it leads nowhere.
    Resolved {
        /// As [`Output::Resolve`] said it.
        uri: Uri,
        /// Where to send the INVITE, in this order.
        targets: Vec<Destination>,
    },
    /// The deadline has passed.
    Timeout,
    /// The call engine wants something.
    Command(Command),
}

/// What the call engine wants. A command that no longer fits (a CANCEL or BYE was faster) does nothing.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Command {
    /// Incoming: say 180.
    Ring,
    /// Incoming: say 200.
    Accept {
        /// The answer, or the offer when the INVITE had none; the answer then comes in [`Event::Acknowledged`].
        body: Vec<u8>,
    },
    /// Incoming: refuse.
    Refuse {
        /// 300 to 699; anything else becomes 500.
        status: u16,
        /// The phrase; the usual one when empty.
        reason: String,
        /// More headers: `Reason`, `Retry-After`, `Warning`, …
        headers: Vec<(String, String)>,
    },
    /// Send a re-INVITE. Waits its turn when another exchange is under way; a waiting offer is replaced.
    Offer {
        /// The offer.
        body: Vec<u8>,
    },
    /// Drop an offer that waits its turn (glare, or behind another exchange). One already sent is cancelled, which the peer's 200 may
    /// be faster than.
    WithdrawOffer,
    /// Answer [`Event::Offered`].
    AcceptOffer {
        /// The answer, or the offer when the peer made none.
        body: Vec<u8>,
    },
    /// Refuse [`Event::Offered`]; the session stays as it was.
    RefuseOffer {
        /// 400 to 699, mostly 488.
        status: u16,
    },
    /// End the call in whatever way its state demands: CANCEL, BYE, or 480.
    HangUp {
        /// Told to the peer in `Reason`.
        reason: Option<Reason>,
    },
}

/// What a leg gives.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Output {
    /// Send these bytes.
    Send {
        /// Where to.
        to: Destination,
        /// One message.
        bytes: Vec<u8>,
    },
    /// Look up where this address leads and give it as [`Input::Resolved`]; the call was sent there.
    // RFC 3261 §8.1.3.4
    Resolve {
        /// The address; it has a name for a host.
        uri: Uri,
    },
    /// Something happened.
    Event(Event),
}

/// What happened. `Failed`, `TimedOut`, `Unreachable` and `Ended` are ends; exactly one of them comes, and nothing after it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Event {
    /// Outgoing: the first provisional response.
    Trying,
    /// Outgoing: it rings; told once.
    Ringing,
    /// Outgoing: 183, or any provisional response with a body.
    Progress {
        /// Early media, when there is any.
        body: Option<Vec<u8>>,
    },
    /// Outgoing: answered.
    Answered {
        /// The answer; that of the provisional response when the 2xx had none; empty when there was none at all.
        body: Vec<u8>,
    },
    /// Outgoing: the offer was refused, and [`Invitation::fallback`] is offered now.
    FellBack {
        /// What the first offer got.
        status: u16,
    },
    /// Outgoing: refused.
    Failed {
        /// 300 to 699.
        status: u16,
        /// The phrase, and what Reason and Warning say beside it.
        reason: String,
        /// The cause, when the peer told one.
        q850: Option<u8>,
        /// When to try again, when the peer told.
        retry_after: Option<Duration>,
        /// Whether the refused INVITE carried our credentials.
        authenticated: bool,
    },
    /// No response at all to our INVITE; or nobody answered within the ringing limit, either side.
    TimedOut,
    /// There was no way to any of the targets of our INVITE.
    Unreachable,
    /// The peer wants to change the session: answer with `AcceptOffer` or `RefuseOffer`.
    Offered {
        /// Its offer; `None` when it wants ours.
        body: Option<Vec<u8>>,
    },
    /// The peer took its offer back (CANCEL), or it waited too long and was refused 488: no answer is wanted any more.
    OfferWithdrawn,
    /// Our offer was accepted.
    OfferAnswered {
        /// The answer.
        body: Vec<u8>,
    },
    /// Our own refresh of the session was answered with a description.
    Refreshed {
        /// What we described, as before.
        offer: Vec<u8>,
        /// The answer, mostly as before too.
        answer: Vec<u8>,
    },
    /// Our offer was refused; the session stays as it was.
    OfferRefused {
        /// 300 to 699.
        status: u16,
    },
    /// Our offer had no response, or 408, or could not be cancelled. The session is as it was; whether the peer is still there is for the
    /// call engine to judge, which hangs up if it is not.
    // RFC 3261 §12.2.1.2, §14.1: a SHOULD, for who has nothing else to know it by
    OfferUnanswered,
    /// The peer has our 2xx, to its first INVITE or a later one.
    Acknowledged {
        /// The answer, when our 2xx carried the offer.
        body: Option<Vec<u8>>,
    },
    /// The call is over.
    Ended {
        /// The peer ended it.
        by_peer: bool,
        /// A text, when there is one.
        reason: Option<String>,
        /// The cause, when the peer told one.
        q850: Option<u8>,
    },
}

/// What a leg is known by: our tag.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct LegKey(String);

/// The request given to [`super::Leg::incoming`] is no INVITE that could be answered: the caller's fault.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the request is no complete INVITE")]
pub struct NotAnInvite;

impl LegKey {
    pub(in crate::sip) fn new(local_tag: &str) -> Self {
        Self(local_tag.to_owned())
    }
}

/// An answered call.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) dialog: Dialog,
    pub(super) exchange: Exchange,
    /// Our offer that waits its turn.
    pub(super) queued: Option<Queued>,
    /// Our description as it is in force; a refresh repeats it to the octet.
    pub(super) description: Vec<u8>,
    /// The peer's offer that [`Self::description`] answers; none when it is an offer of ours.
    pub(super) answers: Option<Vec<u8>>,
    /// The session timer, when one runs.
    pub(super) timer: Option<SessionTimer>,
    /// The peer takes UPDATE.
    pub(super) updates: bool,
}

/// A session that ends unless it is refreshed.
// RFC 4028
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct SessionTimer {
    pub(super) interval: Duration,
    /// It is our turn to refresh it; else the peer's.
    pub(super) ours: bool,
}

/// The one exchange of offer and answer that may be under way.
// RFC 3261 §14.1, §14.2
#[derive(Debug)]
pub(super) enum Exchange {
    /// None.
    Idle,
    /// Our re-INVITE is out.
    Offering(Offering),
    /// The peer's re-INVITE or UPDATE waits for the call engine.
    Answering(Box<Answering>),
    /// Our 2xx waits for its ACK.
    AwaitingAck(AwaitingAck),
}

#[derive(Debug)]
pub(super) struct Offering {
    pub(super) branch: String,
    pub(super) body: Vec<u8>,
    pub(super) collisions: u32,
    /// It only repeats what is in force, so that the session goes on; the call engine knows nothing of it.
    pub(super) is_refresh: bool,
    /// It is not wanted any more: CANCEL, as soon as it may be sent.
    pub(super) is_withdrawn: bool,
}

#[derive(Debug)]
pub(super) struct Queued {
    pub(super) body: Vec<u8>,
    pub(super) collisions: u32,
    /// Waits for the timer after glare, not only for the exchange under way.
    pub(super) backing_off: bool,
}

#[derive(Debug)]
pub(super) struct Answering {
    pub(super) request: Message,
    pub(super) source: Source,
    pub(super) key: ServerKey,
    pub(super) is_invite: bool,
}

#[derive(Debug)]
pub(super) struct AwaitingAck {
    pub(super) number: u32,
    pub(super) to: Destination,
    pub(super) bytes: Vec<u8>,
    pub(super) interval: Duration,
    /// Answer to the INVITE that made the call.
    pub(super) is_first: bool,
    /// Our 2xx carried the offer, so the ACK carries the answer.
    pub(super) answer_is_due: bool,
    /// It only repeats what is in force; the call engine knows nothing of it.
    pub(super) is_refresh: bool,
}

impl Session {
    /// A call just answered, with our description, and the message in which the peer told what it takes.
    pub(super) fn new(dialog: Dialog, description: Vec<u8>, peer: &Message) -> Self {
        let updates = allows(peer, &Method::Update).unwrap_or(false);
        let answers = peer.method().map(|_| peer.body.clone()).filter(|offer| !offer.is_empty());
        Self { dialog, exchange: Exchange::Idle, queued: None, description, answers, timer: None, updates }
    }

    /// Whether an offer is the one in force, repeated to refresh the session: it has the same answer.
    // RFC 3264 §8, RFC 4028 §7.4
    pub(super) fn is_repeated_by(&self, offer: &[u8]) -> bool {
        !offer.is_empty() && self.answers.as_deref() == Some(offer)
    }
}

impl AwaitingAck {
    /// When to say the 2xx again; the interval doubles.
    // RFC 3261 §13.3.1.4
    pub(super) fn next(&mut self, now: Instant) -> Instant {
        let at = now + self.interval;
        self.interval = (self.interval * 2).min(crate::sip::timer::T2);
        at
    }
}
