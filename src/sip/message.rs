//! A SIP message as it is on the wire: start line, headers in order as (name, value) bytes, and a body of bytes.
//! Typed views ([`Via`], [`NameAddress`], [`CSeq`]) are read on demand, so a header nobody asks for cannot spoil a
//! message. This module judges syntax only; what a message means is the business of transactions and dialogs.

mod headers;
mod parse;

pub use headers::{Header, Headers};
pub use parse::{HEADER_LINES_MAX, LINE_BYTES_MAX, MESSAGE_BYTES_MAX, ParseError};
pub(super) use parse::{headers_of, salvage_headers};

use super::{
    header::{CSeq, NameAddress, Reason, Via, stamp_via},
    method::{Method, reason_phrase},
    text::{digits, lossy, unquote},
    uri::{Uri, UriError},
};
use std::{net::SocketAddr, time::Duration};

/// Characters of what a response says to people.
pub const SAID_MAX: usize = 200;

/// A request or a response.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Message {
    /// The first line.
    pub start: StartLine,
    /// The headers in the order they came; `Content-Length` is written anew.
    pub headers: Headers,
    /// The body, as many bytes as `Content-Length` says or as came.
    pub body: Vec<u8>,
}

/// The first line of a message.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum StartLine {
    /// `METHOD uri SIP/2.0`
    Request {
        /// What is asked.
        method: Method,
        /// The Request-URI as written.
        uri: String,
    },
    /// `SIP/2.0 status reason`
    Response {
        /// 100 to 699.
        status: u16,
        /// For people; may be empty and need not be UTF-8 on the wire.
        reason: String,
    },
}

/// What is wrong with a message beyond its syntax: the sender's fault, answered [`Defect::status`].
// RFC 3261 §8.1.1
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Defect {
    /// A header that must be there is missing or unreadable.
    #[error("{0} is missing or unreadable")]
    Header(&'static str),
    /// `CSeq` names another method than the request line.
    #[error("CSeq names another method")]
    Method,
    /// A header that comes once is there twice, with two values.
    // RFC 3261 §7.3.1
    #[error("{0} is there more than once")]
    Repeated(&'static str),
    /// The body is shorter than `Content-Length` says: part of it is lost.
    // RFC 3261 §18.3
    #[error("the body is shorter than Content-Length says")]
    Truncated,
    /// The Request-URI has headers for a request in it, which somebody else wants us to act on.
    // RFC 3261 §19.1.1
    #[error("the Request-URI has headers")]
    UriHeaders,
    /// The Request-URI cannot be read.
    #[error("the Request-URI cannot be read: {0}")]
    Uri(#[from] UriError),
}

impl Defect {
    /// How a request is answered that has it.
    // RFC 3261 §8.2.2.1, §21.4.12
    pub const fn status(self) -> u16 {
        match self {
            Self::Uri(UriError::Length) => 414,
            Self::Uri(UriError::Scheme | UriError::Host | UriError::Port | UriError::Text)
            | Self::Header(_)
            | Self::Method
            | Self::Repeated(_)
            | Self::Truncated
            | Self::UriHeaders => 400,
        }
    }
}

/// How many octets a body may lack of its length: some count a last line end that they do not send.
const LENGTH_TOLERANCE_OCTETS: usize = 2;

impl Message {
    /// A request with no headers yet.
    pub fn request(method: Method, uri: impl Into<String>) -> Self {
        let start = StartLine::Request { method, uri: uri.into() };
        Self { start, headers: Headers::default(), body: Vec::new() }
    }

    /// The response to a request received from `source`: Via (stamped), From, To, Call-ID and CSeq are taken over, and
    /// `to_tag` is set unless the request has a tag already.
    // RFC 3261 §8.2.6.2
    pub fn response(request: &Self, status: u16, reason: &str, to_tag: &str, source: SocketAddr) -> Self {
        let reason = if reason.is_empty() { reason_phrase(status) } else { reason };
        let mut headers = Headers::default();
        for (position, via) in request.headers.all("Via").enumerate() {
            let stamped = (position == 0).then(|| stamp_via(via, source));
            headers.push("Via", stamped.as_deref().unwrap_or(via));
        }
        for name in ["From", "To", "Call-ID", "CSeq"] {
            if let Some(value) = request.headers.first(name) {
                headers.push(name, value);
            }
        }
        if status > 100 && !to_tag.is_empty() && request.to_tag().is_none() {
            headers.append_parameter("To", &format!("tag={to_tag}"));
        }
        // RFC 3261 §12.1.1: the route set of the dialog is made of these by both sides.
        if (101..300).contains(&status) {
            for route in request.headers.all("Record-Route") {
                headers.push("Record-Route", route);
            }
        }
        let reason = reason.replace(['\r', '\n'], " ");
        Self { start: StartLine::Response { status, reason }, headers, body: Vec::new() }
    }

    /// The bytes as they go on the wire: `Content-Length` last and true, line ends CRLF.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = match &self.start {
            StartLine::Request { method, uri } => format!("{method} {uri} SIP/2.0\r\n").into_bytes(),
            StartLine::Response { status, reason } => format!("SIP/2.0 {status} {reason}\r\n").into_bytes(),
        };
        for header in self.headers.iter().filter(|header| !header.is("Content-Length")) {
            bytes.extend_from_slice(header.name());
            bytes.extend_from_slice(b": ");
            bytes.extend_from_slice(header.value());
            bytes.extend_from_slice(b"\r\n");
        }
        bytes.extend_from_slice(format!("Content-Length: {}\r\n\r\n", self.body.len()).as_bytes());
        bytes.extend_from_slice(&self.body);
        bytes
    }

    /// Sets the body and its type; an empty body has no type.
    pub fn set_body(&mut self, content_type: &str, body: Vec<u8>) {
        for name in ["Content-Type", "Content-Length", "Content-Encoding", "Content-Disposition"] {
            self.headers.remove(name);
        }
        if !body.is_empty() {
            self.headers.push("Content-Type", content_type);
        }
        self.body = body;
    }

    /// The method of a request; `None` for a response.
    pub fn method(&self) -> Option<&Method> {
        match &self.start {
            StartLine::Request { method, .. } => Some(method),
            StartLine::Response { .. } => None,
        }
    }

    /// The status of a response; `None` for a request.
    pub fn status(&self) -> Option<u16> {
        match &self.start {
            StartLine::Request { .. } => None,
            StartLine::Response { status, .. } => Some(*status),
        }
    }

    /// The reason phrase of a response, or the usual one when it has none; empty for a request.
    pub fn reason_phrase(&self) -> &str {
        match &self.start {
            StartLine::Request { .. } => "",
            StartLine::Response { status, reason } if reason.is_empty() => reason_phrase(*status),
            StartLine::Response { reason, .. } => reason,
        }
    }

    /// The Request-URI as written; `None` for a response.
    pub fn request_uri(&self) -> Option<&str> {
        match &self.start {
            StartLine::Request { uri, .. } => Some(uri),
            StartLine::Response { .. } => None,
        }
    }

    /// The Request-URI read: the number that was called is its user part.
    pub fn uri(&self) -> Option<Uri> {
        Uri::parse(self.request_uri()?).ok()
    }

    /// The topmost Via.
    pub fn via(&self) -> Option<Via> {
        Via::parse(self.headers.list("Via").first()?)
    }

    /// The `From` header.
    pub fn from(&self) -> Option<NameAddress> {
        self.address("From")
    }

    /// The `To` header.
    pub fn to(&self) -> Option<NameAddress> {
        self.address("To")
    }

    /// The first address of any header that holds addresses: `Contact`, `P-Asserted-Identity`, `Diversion`, …
    pub fn address(&self, name: &str) -> Option<NameAddress> {
        NameAddress::parse(self.headers.list(name).first()?)
    }

    /// The tag of `From`.
    pub fn from_tag(&self) -> Option<String> {
        self.tag("From")
    }

    /// The tag of `To`.
    pub fn to_tag(&self) -> Option<String> {
        self.tag("To")
    }

    /// The `Call-ID` as bytes.
    pub fn call_id(&self) -> Option<&[u8]> {
        self.headers.first("Call-ID").filter(|value| !value.is_empty())
    }

    /// The `CSeq` header.
    pub fn cseq(&self) -> Option<CSeq> {
        CSeq::parse(self.headers.first("CSeq")?)
    }

    /// The branch of the topmost Via; empty when there is none (RFC 2543 peers).
    pub fn branch(&self) -> String {
        self.via().and_then(|via| via.parameters.value("branch")).unwrap_or_default()
    }

    /// The media type of the body in lower case without parameters; empty when not given.
    pub fn content_type(&self) -> String {
        let value = lossy(self.headers.first("Content-Type").unwrap_or_default()).to_ascii_lowercase();
        value.split(';').next().unwrap_or_default().trim().to_owned()
    }

    /// Why the message was sent, from its `Reason` headers.
    pub fn reason(&self) -> Option<Reason> {
        Reason::of(&self.headers)
    }

    /// What a response says to people: its phrase, then the texts of Reason and Warning; at most [`SAID_MAX`] characters.
    // RFC 3326 §2, RFC 3261 §20.43
    pub fn said(&self) -> String {
        let mut said = vec![self.reason_phrase().to_owned()];
        said.extend(self.reason().and_then(|reason| reason.text));
        said.extend(self.warnings());
        let mut seen: Vec<String> = Vec::new();
        for one in said {
            let one = one.trim().to_owned();
            if !one.is_empty() && !seen.contains(&one) {
                seen.push(one);
            }
        }
        seen.join(": ").chars().filter(|character| !character.is_control()).take(SAID_MAX).collect()
    }

    /// How long to wait before trying again; comment and parameters are ignored.
    // RFC 3261 §20.33
    pub fn retry_after(&self) -> Option<Duration> {
        let value = self.headers.first("Retry-After")?;
        let number = value.split(|byte| !byte.is_ascii_digit()).next()?;
        digits::<u32>(number).map(|seconds| Duration::from_secs(u64::from(seconds)))
    }

    /// Whether all that every message must have is there and readable.
    ///
    /// # Errors
    /// The first [`Defect`] found.
    pub fn check(&self) -> Result<(), Defect> {
        self.via().ok_or(Defect::Header("Via"))?;
        // Before To, which is mostly the same address: one that is too long has an answer of its own.
        if let StartLine::Request { uri, .. } = &self.start
            && Uri::parse(uri)?.headers.is_some()
        {
            return Err(Defect::UriHeaders);
        }
        self.from().ok_or(Defect::Header("From"))?;
        self.to().ok_or(Defect::Header("To"))?;
        self.call_id().ok_or(Defect::Header("Call-ID"))?;
        let cseq = self.cseq().ok_or(Defect::Header("CSeq"))?;
        for name in ["From", "To", "Call-ID", "CSeq", "Max-Forwards"] {
            if self.headers.all(name).any(|value| Some(value) != self.headers.first(name)) {
                return Err(Defect::Repeated(name));
            }
        }
        self.check_length()?;
        if self.method().is_some_and(|method| cseq.method != *method) {
            return Err(Defect::Method);
        }
        Ok(())
    }

    // RFC 3261 §18.3
    fn check_length(&self) -> Result<(), Defect> {
        let mut lengths = self.headers.all("Content-Length");
        let Some(first) = lengths.next() else {
            return Ok(());
        };
        let length = digits::<usize>(first).ok_or(Defect::Header("Content-Length"))?;
        if lengths.any(|other| digits(other) != Some(length)) {
            return Err(Defect::Repeated("Content-Length"));
        }
        if length > self.body.len() + LENGTH_TOLERANCE_OCTETS { Err(Defect::Truncated) } else { Ok(()) }
    }

    /// The texts of the `Warning` headers: what a server says about its refusal.
    // RFC 3261 §20.43
    pub fn warnings(&self) -> Vec<String> {
        let text = |warning: &[u8]| {
            let warning = lossy(warning);
            let quoted = warning.find('"').map(|at| unquote(&warning[at..]));
            quoted.filter(|text| !text.is_empty())
        };
        self.headers.list("Warning").into_iter().filter_map(text).collect()
    }

    fn tag(&self, name: &str) -> Option<String> {
        let value = lossy(self.headers.first(name)?).into_owned();
        let address = NameAddress::parse(value.as_bytes())?;
        address.parameters.value("tag").filter(|tag| !tag.is_empty())
    }
}
