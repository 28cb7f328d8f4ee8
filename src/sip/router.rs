//! The front of a socket: which leg a datagram belongs to, and the answers that need no leg. It keeps no transaction:
//! an answer of its own is made the same way again when the request comes again.
// RFC 3261 §8.2.7, §16.11

use super::{
    content::{ACCEPT, BODY_TYPE, Unknown},
    extension::{Replaces, SUPPORTED, unknown_requirements},
    leg::{Leg, LegKey},
    message::{Message, ParseError, salvage_headers},
    method::{ALLOW, Method, reason_phrase},
    stateless::stateless_response,
    text::lossy,
    transaction::ServerKey,
    transport::{Destination, Source},
    uri::Scheme,
};
use std::collections::BTreeMap;

/// The table of the live legs of one socket. Both ends of a call may be ours, with the same Call-ID: legs are told
/// apart by our own tag.
#[derive(Clone, Debug, Default)]
pub struct Router {
    user_agent: String,
    legs: BTreeMap<LegKey, Entry>,
    invites: BTreeMap<ServerKey, LegKey>,
}

#[derive(Clone, Debug)]
struct Entry {
    call_id: Vec<u8>,
    invite: Option<ServerKey>,
}

/// Where a datagram belongs.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Routed {
    /// To a live leg.
    Leg(LegKey, Message),
    /// An INVITE that makes a new call; complete, with nothing required that we lack, its body the session description or
    /// none, whatever came with it.
    NewCall(Message),
    /// To nobody: send these bytes there.
    Reply(Vec<u8>, Destination),
    /// To nobody, and nothing is to be said.
    Ignore(Ignored),
}

/// Why a datagram was dropped.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Ignored {
    /// Line ends that keep a NAT open.
    // RFC 5626 §4.4.1
    #[error("a keep-alive")]
    KeepAlive,
    /// No SIP.
    #[error("no SIP message: {0}")]
    Noise(ParseError),
    /// A response to nothing we sent (any more).
    #[error("a response to no request of ours")]
    StrayResponse,
    /// An ACK for a call we do not know; ACK is never answered.
    #[error("an ACK for no call of ours")]
    StrayAck,
    /// A response or ACK without the headers every message has.
    #[error("an incomplete message that cannot be answered")]
    Incomplete,
}

impl Router {
    /// An empty table; our name goes into the answers.
    pub fn new(user_agent: impl Into<String>) -> Self {
        Self { user_agent: user_agent.into(), legs: BTreeMap::new(), invites: BTreeMap::new() }
    }

    /// Makes a leg known, right after it is made.
    pub fn add(&mut self, leg: &Leg) {
        let invite = leg.invite_key().cloned();
        if let Some(invite) = &invite {
            self.invites.insert(invite.clone(), leg.key());
        }
        self.legs.insert(leg.key(), Entry { call_id: leg.call_id_bytes().to_vec(), invite });
    }

    /// Makes an engine known that asks outside of calls: responses with its tag and Call-ID are its own.
    pub fn add_outside(&mut self, key: LegKey, call_id: &[u8]) {
        self.legs.insert(key, Entry { call_id: call_id.to_vec(), invite: None });
    }

    /// Forgets a leg, once it is finished.
    pub fn remove(&mut self, key: &LegKey) {
        if let Some(Entry { invite: Some(invite), .. }) = self.legs.remove(key) {
            self.invites.remove(&invite);
        }
    }

    /// How many legs are known.
    pub fn len(&self) -> usize {
        self.legs.len()
    }

    /// Whether no leg is known.
    pub fn is_empty(&self) -> bool {
        self.legs.is_empty()
    }

    /// Says where a datagram belongs.
    pub fn route(&self, datagram: &[u8], source: Source) -> Routed {
        let message = match Message::parse(datagram) {
            Ok(message) => message,
            Err(ParseError::Empty) => return Routed::Ignore(Ignored::KeepAlive),
            Err(error) => return self.unreadable(datagram, source, error),
        };
        match (message.method().cloned(), message.check()) {
            (None, Err(_)) | (Some(Method::Ack), Err(_)) => Routed::Ignore(Ignored::Incomplete),
            (None, Ok(())) => self.response(message),
            // RFC 3261 §8.2.2.1
            (Some(_), Err(defect)) => {
                let status = defect.status();
                self.reply(&message, source, status, &format!("{}: {defect}", reason_phrase(status)), &[])
            }
            (Some(method), Ok(())) => self.request(message, &method, source),
        }
    }

    fn response(&self, message: Message) -> Routed {
        let key = message.from_tag().map(|tag| LegKey::new(&tag));
        match key.filter(|key| self.knows(key, &message)) {
            Some(key) => Routed::Leg(key, message),
            None => Routed::Ignore(Ignored::StrayResponse),
        }
    }

    fn request(&self, message: Message, method: &Method, source: Source) -> Routed {
        let key = match message.to_tag() {
            Some(tag) => Some(LegKey::new(&tag)).filter(|key| self.knows(key, &message)),
            // The INVITE once more, or its CANCEL, before the peer knows our tag; the other methods never.
            None if matches!(method, Method::Invite | Method::Cancel | Method::Ack) => {
                ServerKey::of(&message).and_then(|key| self.invites.get(&key)).cloned()
            }
            None => None,
        };
        if let Some(key) = key {
            return Routed::Leg(key, message);
        }
        let unknown = unknown_requirements(&message);
        if *method == Method::Ack {
            return Routed::Ignore(Ignored::StrayAck);
        }
        // RFC 3261 §12.2.2
        let in_dialog = message.to_tag().is_some() && *method != Method::Options;
        if in_dialog || matches!(method, Method::Cancel | Method::Bye) {
            return self.reply(&message, source, 481, "", &[]);
        }
        if matches!(method, Method::Other(_)) {
            return self.reply(&message, source, 501, "", &[("Allow", ALLOW)]);
        }
        // RFC 3261 §8.2.2.1
        if message.uri().is_some_and(|uri| matches!(uri.scheme, Scheme::Other(_))) {
            return self.reply(&message, source, 416, "", &[]);
        }
        // RFC 3261 §8.2.2.3
        if !unknown.is_empty() {
            return self.reply(&message, source, 420, "", &[("Unsupported", &unknown)]);
        }
        match method {
            Method::Invite => self.new_call(message, source),
            // RFC 3261 §11.2
            Method::Options => self.reply(&message, source, 200, "", &CAPABILITIES),
            // They have a meaning only within a call or a subscription, and there is none.
            // RFC 3262 §3, RFC 3311 §5.2, RFC 6086 §4.2.2, RFC 6665 §4.1.3
            Method::Prack | Method::Update | Method::Info | Method::Notify => {
                self.reply(&message, source, 481, "", &[])
            }
            // RFC 3261 §8.2.1
            Method::Register | Method::Subscribe | Method::Message | Method::Refer | Method::Publish => {
                self.reply(&message, source, 405, "", &[("Allow", ALLOW)])
            }
            // These have their answer.
            Method::Ack | Method::Cancel | Method::Bye | Method::Other(_) => Routed::Ignore(Ignored::Incomplete),
        }
    }

    fn new_call(&self, mut message: Message, source: Source) -> Routed {
        // The same request by another way: forked by a proxy and come back together.
        // RFC 3261 §8.2.2.2
        let merged = ServerKey::of(&message).is_some_and(|key| self.invites.keys().any(|known| known.is_merged(&key)));
        if merged {
            return self.reply(&message, source, 482, "", &[]);
        }
        match Replaces::of(&message.headers) {
            Err(_) => return self.reply(&message, source, 400, "Bad Request: Replaces cannot be read", &[]),
            // A fax is handed over to nobody; and what is not there can be replaced by nobody.
            // RFC 3891 §3
            Ok(Some(replaces)) => {
                let status = if self.has_call(&replaces) { 603 } else { 481 };
                return self.reply(&message, source, status, "", &[]);
            }
            Ok(None) => {}
        }
        match message.reduce_body() {
            Err(Unknown::Type) => self.reply(&message, source, 415, "", &[("Accept", ACCEPT)]),
            Err(Unknown::Encoding) => {
                self.reply(&message, source, 415, "", &[("Accept", ACCEPT), ("Accept-Encoding", "identity")])
            }
            Ok(()) if !takes_descriptions(&message) => self.reply(&message, source, 406, "", &[]),
            Ok(()) => Routed::NewCall(message),
        }
    }

    fn has_call(&self, replaces: &Replaces) -> bool {
        self.legs.get(&LegKey::new(&replaces.to_tag)).is_some_and(|entry| entry.call_id == replaces.call_id)
    }

    fn knows(&self, key: &LegKey, message: &Message) -> bool {
        self.legs.get(key).is_some_and(|entry| message.call_id() == Some(&entry.call_id[..]))
    }

    /// Something that is no SIP message, or whose first line is broken.
    fn unreadable(&self, datagram: &[u8], source: Source, error: ParseError) -> Routed {
        let Some(headers) = salvage_headers(datagram) else {
            return Routed::Ignore(Ignored::Noise(error));
        };
        // Only what could be answered as a request is: all that a response takes over must be there.
        let request = Message { headers, ..Message::request(Method::Options, "sip:unreadable.invalid") };
        let whole = request.via().is_some() && request.call_id().is_some() && request.cseq().is_some();
        let is_ack = request.cseq().is_some_and(|cseq| cseq.method == Method::Ack);
        match error {
            _ if !whole || is_ack => Routed::Ignore(Ignored::Noise(error)),
            ParseError::Version => self.reply(&request, source, 505, "", &[]),
            ParseError::TooLarge => self.reply(&request, source, 513, "", &[]),
            ParseError::Empty | ParseError::StartLine => self.reply(&request, source, 400, "", &[]),
        }
    }

    /// An answer without a transaction. Its tag is always the same for the same request.
    // RFC 3261 §8.2.7
    fn reply(&self, request: &Message, source: Source, status: u16, reason: &str, headers: &[(&str, &str)]) -> Routed {
        let Some((mut response, to)) = stateless_response(request, source, status, reason, headers) else {
            return Routed::Ignore(Ignored::Incomplete);
        };
        response.headers.push("User-Agent", &self.user_agent);
        Routed::Reply(response.to_bytes(), to)
    }
}

/// What we can, as the answer to OPTIONS tells it.
// RFC 3261 §11.2
const CAPABILITIES: [(&str, &str); 4] =
    [("Allow", ALLOW), ("Accept", ACCEPT), ("Accept-Encoding", "identity"), ("Supported", SUPPORTED)];

/// Whether the sender of an INVITE takes an answer of the only type that we make.
// RFC 3261 §20.1: who says nothing takes descriptions
fn takes_descriptions(invite: &Message) -> bool {
    let accepted = invite.headers.list("Accept");
    let kind = |element: &[u8]| lossy(element).split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let will_do =
        |kind: String| kind == BODY_TYPE || kind == "*/*" || kind == "application/*" || kind.starts_with("multipart/");
    accepted.is_empty() || accepted.into_iter().map(kind).any(will_do)
}

#[cfg(test)]
mod tests;
