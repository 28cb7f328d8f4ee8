//! A SIP message in a few words, and what it says about media.

use std::net::SocketAddr;
use std::time::Duration;

use super::step::{Layer, Side, Step, What};
use crate::sdp::{Audio, Description, ErrorCorrection, Media, T38Parameters};
use crate::sip::{Message, Method};

/// A message of a call.
#[derive(Debug)]
pub(super) struct Seen {
    pub(super) message: Message,
    /// Its session description, if it has one that can be read.
    description: Option<Description>,
}

/// What tells a repetition from a new message.
type Identity = (String, String, Vec<u8>);

impl Seen {
    /// The message in a datagram, if it is one.
    pub(super) fn read(octets: &[u8]) -> Option<Self> {
        let message = Message::parse(octets).ok()?;
        message.call_id()?;
        let is_description = message.content_type() == "application/sdp";
        let description = is_description.then(|| Description::parse(&message.body).ok()).flatten();
        Some(Self { message, description })
    }

    pub(super) fn call_id(&self) -> &[u8] {
        self.message.call_id().unwrap_or_default()
    }

    /// Branch, number and first line: the same in what is said again.
    pub(super) fn identity(&self) -> Identity {
        let cseq = self.message.cseq().map_or_else(String::new, |cseq| format!("{} {:?}", cseq.number, cseq.method));
        (self.message.branch(), format!("{cseq} {}", self.name()), self.message.body.clone())
    }

    /// The media addresses that its sender wants packets at: for audio, for T.38.
    pub(super) fn media(&self) -> Vec<(Layer, SocketAddr)> {
        let Some(description) = &self.description else { return Vec::new() };
        let own = description.origin.address;
        let address = |address: Option<_>, port| address.or(own).map(|address| SocketAddr::new(address, port));
        let lines = description.media.iter().filter(|media| !media.is_refused());
        lines
            .filter_map(|media| match media {
                Media::Audio(audio) => Some((Layer::Audio, address(audio.address, audio.port)?)),
                Media::T38(t38) => Some((Layer::Fax, address(t38.address, t38.port)?)),
                Media::Other(_) => None,
            })
            .collect()
    }

    /// The audio that its sender describes.
    pub(super) fn audio(&self) -> impl Iterator<Item = &Audio> {
        let media = self.description.iter().flat_map(|description| &description.media);
        media.filter(|media| !media.is_refused()).filter_map(Media::as_audio)
    }

    /// Whether it asks for T.38, or takes it up.
    pub(super) fn has_t38(&self) -> bool {
        self.media().iter().any(|(layer, _)| *layer == Layer::Fax)
    }

    /// `INVITE`, `180 Ringing`.
    pub(super) fn name(&self) -> String {
        match (self.message.status(), self.message.method()) {
            (Some(status), _) => format!("{status} {}", printable(self.message.reason_phrase())).trim_end().to_owned(),
            (None, Some(method)) => method.as_str().to_owned(),
            (None, None) => String::new(),
        }
    }

    pub(super) fn step(&self, at: Duration, side: Side, again: bool) -> Step {
        // A challenge is refused in form only.
        let refused = self.message.status().is_some_and(|status| status >= 300 && !matches!(status, 401 | 407));
        let what = match (refused, again) {
            (true, _) => What::Fault,
            (false, true) => What::Again,
            (false, false) => What::Ordinary,
        };
        let name = self.name();
        Step { at, lasted: Duration::ZERO, side, layer: Layer::Sip, what, name, detail: self.detail() }
    }

    fn detail(&self) -> String {
        let mut words = Vec::new();
        if self.is_new_call() {
            words.extend(
                self.message.uri().and_then(|uri| uri.user_decoded()).map(|user| format!("to {}", printable(&user))),
            );
            let from = self.message.from().and_then(|from| from.uri.user_decoded());
            words.extend(from.map(|user| format!("from {}", printable(&user))));
        }
        if let Some(description) = &self.description {
            words.extend(description.media.iter().map(media));
        } else if !self.message.body.is_empty() {
            words.push(format!("{} octets of {}", self.message.body.len(), printable(&self.message.content_type())));
        }
        let answered = self.message.cseq().filter(|_| self.message.status().is_some()).map(|cseq| cseq.method);
        words.extend(
            answered.filter(|method| *method != Method::Invite).map(|method| format!("to {}", method.as_str())),
        );
        if let Some(reason) = self.message.reason() {
            words.extend(reason.q850.map(|cause| format!("Q.850 cause {cause}")));
            words.extend(reason.text.map(|text| format!("\"{}\"", printable(&text))));
        }
        for header in ["Warning", "Retry-After"] {
            let value = self.message.headers.first(header).map(|value| printable(&String::from_utf8_lossy(value)));
            words.extend(value.map(|value| format!("{header}: {value}")));
        }
        words.join(", ")
    }

    /// Whether it is an INVITE outside a dialog.
    pub(super) fn is_new_call(&self) -> bool {
        self.message.method() == Some(&Method::Invite) && self.message.to_tag().is_none()
    }
}

fn media(media: &Media) -> String {
    match media {
        media if media.is_refused() => "a medium refused".into(),
        Media::Audio(audio) => {
            let codecs: Vec<_> = audio.codecs.iter().map(|coding| coding.codec.name()).collect();
            let codecs = if codecs.is_empty() { "no codec that is known here".to_owned() } else { codecs.join("/") };
            let how = if audio.protection.keys.is_empty() { "" } else { "encrypted " };
            format!("{how}audio {codecs}")
        }
        Media::T38(t38) => format!("T.38 {}", parameters(&t38.parameters)),
        Media::Other(other) => format!("{} over {}", printable(&other.kind), printable(&other.protocol)),
    }
}

fn parameters(parameters: &T38Parameters) -> String {
    let correction = match parameters.error_correction {
        ErrorCorrection::None => "no protection",
        ErrorCorrection::Redundancy => "redundancy",
        ErrorCorrection::Fec => "parity",
    };
    let limit = parameters.max_datagram.map_or_else(String::new, |octets| format!(", datagrams up to {octets}"));
    format!("version {}, {} bit/s, {correction}{limit}", parameters.version, parameters.max_bit_rate)
}

/// Characters kept of a stranger's text.
const SHOWN: usize = 120;

/// A stranger's text without what moves a terminal's cursor.
fn printable(text: &str) -> String {
    text.chars().filter(|character| !character.is_control()).take(SHOWN).collect()
}
