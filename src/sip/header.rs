//! The headers that SIP itself acts on, as values: Via, addresses with a name, CSeq, Reason.

use super::{
    message::Headers,
    method::Method,
    text::{Parameters, digits, end_of_quoted, lossy, quote, split_outside_quotes, unquote},
    transport::{Destination, Source},
    uri::{Host, Uri, parse_host_port},
};
use std::{fmt, net::SocketAddr};

/// One hop of the path a request took.
// RFC 3261 §20.42
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Via {
    /// `UDP`, `TCP`, `TLS`, … as written.
    pub transport: String,
    /// Who says to have sent it.
    pub host: Host,
    /// The port it wants responses at, when written.
    pub port: Option<u16>,
    /// `branch`, `rport`, `received`, …
    pub parameters: Parameters,
}

/// An address with an optional name and header parameters, as in From, To, Contact, Route, P-Asserted-Identity.
// RFC 3261 §20.10
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NameAddress {
    /// The display name without quotes.
    pub display_name: Option<String>,
    /// The address.
    pub uri: Uri,
    /// The parameters of the header, not of the address: `tag`, `expires`, …
    pub parameters: Parameters,
}

/// Number and method that order the requests of a dialog.
// RFC 3261 §20.16
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CSeq {
    /// Below 2^31.
    pub number: u32,
    /// The method of the request.
    pub method: Method,
}

/// Why a call was ended or refused, as the `Reason` header tells.
// RFC 3326
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Reason {
    /// The cause of Q.850, such as 16 (normal clearing) or 17 (user busy).
    pub q850: Option<u8>,
    /// The status of a SIP response, such as 200 (answered elsewhere).
    pub sip: Option<u16>,
    /// A text for people.
    pub text: Option<String>,
}

impl Via {
    /// Reads one element of a Via header.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let text = lossy(bytes);
        let (first, parameters) = text.split_once(';').unwrap_or((&text, ""));
        // RFC 3261 §25.1: blanks may stand around the slashes and the colon.
        let mut parts = first.splitn(3, '/').map(str::trim);
        let (name, _version, rest) = (parts.next()?, parts.next()?, parts.next()?);
        let (transport, place) = rest.split_once(|blank: char| blank.is_ascii_whitespace())?;
        if !name.eq_ignore_ascii_case("SIP") || transport.is_empty() {
            return None;
        }
        let (host, port) = parse_host_port(place).ok()?;
        Some(Self { transport: transport.to_owned(), host, port, parameters: Parameters::parse(parameters) })
    }

    /// Where the response to a request with this Via goes when the request came from `source`.
    // RFC 3261 §18.2.2, RFC 3581 §4
    pub fn response_destination(&self, source: Source) -> Destination {
        let address = source.address;
        let written = SocketAddr::new(address.ip(), self.port.unwrap_or(source.transport.default_port()));
        if source.transport.is_reliable() {
            return Destination { reopen: Some(written), ..source.back() };
        }
        let behind_nat = matches!(self.host, Host::Address(host) if host != address.ip());
        // Without rport the port is the one in the Via, unless the address in it shows a NAT on the way, whose outside
        // port is the only one that leads back.
        let to = if self.parameters.has("rport") || behind_nat { address } else { written };
        Destination { address: to, ..source.back() }
    }
}

/// The first line of Via with `received` and `rport` of its topmost element filled in; the rest is left as it is.
// RFC 3261 §18.2.1, RFC 3581 §4
pub(super) fn stamp_via(value: &[u8], source: SocketAddr) -> Vec<u8> {
    let elements = split_outside_quotes(value, b',');
    let top = elements.first().copied().unwrap_or_default();
    let mut stamped: Vec<u8> = Vec::with_capacity(value.len() + 40);
    let mut has_rport = false;
    for (position, piece) in split_outside_quotes(top, b';').into_iter().enumerate() {
        let name = piece.split(|byte| *byte == b'=').next().unwrap_or_default().trim_ascii();
        let is_rport = position > 0 && name.eq_ignore_ascii_case(b"rport");
        has_rport |= is_rport;
        if position > 0 && name.eq_ignore_ascii_case(b"received") {
            continue;
        }
        if position > 0 {
            stamped.push(b';');
        }
        if is_rport {
            stamped.extend_from_slice(format!("rport={}", source.port()).as_bytes());
        } else {
            stamped.extend_from_slice(piece);
        }
    }
    let same_host = Via::parse(top).is_some_and(|via| via.host == Host::Address(source.ip()));
    if has_rport || !same_host {
        stamped.extend_from_slice(format!(";received={}", source.ip()).as_bytes());
    }
    for element in elements.iter().skip(1) {
        stamped.extend_from_slice(b", ");
        stamped.extend_from_slice(element);
    }
    stamped
}

impl NameAddress {
    /// An address without a name.
    pub fn new(uri: Uri) -> Self {
        Self { display_name: None, uri, parameters: Parameters::default() }
    }

    /// Reads one element: `"name" <address>;parameters`, `name <address>`, or a bare address, whose parameters belong
    /// to the header. `None` for `*` and for what cannot be read.
    // RFC 3261 §20.10
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let bytes = bytes.trim_ascii();
        let after_name = if bytes.first() == Some(&b'"') { end_of_quoted(bytes, 0)? + 1 } else { 0 };
        let Some(open) = bytes[after_name..].iter().position(|byte| *byte == b'<').map(|at| at + after_name) else {
            let text = lossy(bytes);
            let (uri, parameters) = text.split_once(';').unwrap_or((&text, ""));
            let parameters = Parameters::parse(parameters);
            return Some(Self { display_name: None, uri: Uri::parse(uri).ok()?, parameters });
        };
        let close = open + bytes[open..].iter().position(|byte| *byte == b'>')?;
        let name = lossy(bytes[..open].trim_ascii()).into_owned();
        let uri = Uri::parse(&lossy(&bytes[open + 1..close])).ok()?;
        let display_name = (!name.is_empty()).then(|| unquote(&name));
        let rest = lossy(&bytes[close + 1..]);
        let parameters = rest.split_once(';').map_or_else(Parameters::default, |(_, rest)| Parameters::parse(rest));
        Some(Self { display_name, uri, parameters })
    }
}

impl fmt::Display for NameAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(name) = self.display_name.as_deref().filter(|name| !name.is_empty()) {
            write!(formatter, "{} ", quote(name))?;
        }
        write!(formatter, "<{}>{}", self.uri, self.parameters)
    }
}

impl CSeq {
    /// Reads `number METHOD`.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let mut parts = bytes.split(u8::is_ascii_whitespace).filter(|part| !part.is_empty());
        let (number, method) = (parts.next()?, parts.next()?);
        // RFC 3261 §8.1.1.5: below 2^31
        let number = digits::<u32>(number).filter(|number| *number < 1 << 31)?;
        Some(Self { number, method: Method::parse(method)? })
    }
}

impl fmt::Display for CSeq {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.number, self.method)
    }
}

impl Reason {
    /// A cause of Q.850.
    pub fn q850(cause: u8) -> Self {
        Self { q850: Some(cause), ..Self::default() }
    }

    /// What the headers tell: the cause of the first element of each protocol, and the first text. Where there is no `Reason`,
    /// Asterisk's own `X-Asterisk-HangupCauseCode` is taken.
    pub fn of(headers: &Headers) -> Option<Self> {
        let mut reason = Self::default();
        for element in headers.list("Reason") {
            let element = lossy(element);
            let (protocol, parameters) = element.split_once(';').unwrap_or((&element, ""));
            let parameters = Parameters::parse(parameters);
            let cause = parameters.value("cause");
            if protocol.trim().eq_ignore_ascii_case("Q.850") && reason.q850.is_none() {
                reason.q850 = cause.and_then(|cause| digits(cause.as_bytes()));
            } else if protocol.trim().eq_ignore_ascii_case("SIP") && reason.sip.is_none() {
                reason.sip =
                    cause.and_then(|cause| digits(cause.as_bytes())).filter(|status| (100..700).contains(status));
            }
            reason.text = reason.text.or_else(|| parameters.value("text"));
        }
        if reason.q850.is_none() {
            reason.q850 = headers.first("X-Asterisk-HangupCauseCode").and_then(digits);
        }
        // Asterisk writes cause 0 when it has none to tell.
        reason.q850 = reason.q850.filter(|cause| (1..=127).contains(cause));
        (reason != Self::default()).then_some(reason)
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // RFC 3326 §2: a text belongs to a protocol; without a cause it is SIP's own.
        match (self.q850, self.sip) {
            (Some(cause), Some(status)) => write!(formatter, "SIP;cause={status}, Q.850;cause={cause}")?,
            (Some(cause), None) => write!(formatter, "Q.850;cause={cause}")?,
            (None, Some(status)) => write!(formatter, "SIP;cause={status}")?,
            (None, None) => formatter.write_str("SIP")?,
        }
        match &self.text {
            Some(text) => write!(formatter, ";text={}", quote(text)),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sip::Transport;

    fn via(text: &str) -> Via {
        Via::parse(text.as_bytes()).unwrap()
    }

    #[test]
    fn via_is_read_with_blanks_anywhere_and_ipv6() {
        let read = via("SIP  / 2.0 /UDP  [2001:db8::9:1] : 5062 ;branch = z9hG4bKhjhs8ass877; rport");
        assert_eq!(read.transport, "UDP");
        assert_eq!(read.host, Host::parse("[2001:db8::9:1]").unwrap());
        assert_eq!(read.port, Some(5062));
        assert_eq!(read.parameters.value("branch").unwrap(), "z9hG4bKhjhs8ass877");
        assert!(read.parameters.has("rport"));
        assert!(Via::parse(b"SIP/2.0/UDP").is_none());
    }

    #[test]
    fn responses_follow_rport_then_nat_then_the_via() {
        let source: SocketAddr = "192.0.2.7:40000".parse().unwrap();
        let to = |text| via(text).response_destination(Source::udp(source)).address.to_string();
        assert_eq!(to("SIP/2.0/UDP 192.0.2.7:5080;rport"), "192.0.2.7:40000");
        assert_eq!(to("SIP/2.0/UDP 192.0.2.7:5080"), "192.0.2.7:5080");
        assert_eq!(to("SIP/2.0/UDP pbx.example.com"), "192.0.2.7:5060");
        assert_eq!(to("SIP/2.0/UDP 10.0.0.5:5060"), "192.0.2.7:40000");
    }

    #[test]
    fn a_response_takes_the_stream_of_its_request_and_knows_where_to_open_another() {
        let address = "192.0.2.7:40000".parse().unwrap();
        let source = Source { transport: Transport::Tls, address, local: Some("192.0.2.1:5061".parse().unwrap()) };
        let to = via("SIP/2.0/TLS 192.0.2.7").response_destination(source);
        assert_eq!((to.transport, to.address, to.local), (Transport::Tls, address, source.local));
        assert_eq!(to.reopen, Some("192.0.2.7:5061".parse().unwrap()));
    }

    #[test]
    fn stamping_touches_only_the_topmost_via() {
        let source: SocketAddr = "192.0.2.7:40000".parse().unwrap();
        let stamp = |text: &str| String::from_utf8(stamp_via(text.as_bytes(), source)).unwrap();
        assert_eq!(
            stamp("SIP/2.0/UDP h:5060;rport;branch=z9hG4bKa, SIP/2.0/UDP i;rport"),
            "SIP/2.0/UDP h:5060;rport=40000;branch=z9hG4bKa;received=192.0.2.7, SIP/2.0/UDP i;rport"
        );
        assert_eq!(stamp("SIP/2.0/UDP 192.0.2.7;branch=x"), "SIP/2.0/UDP 192.0.2.7;branch=x");
        assert_eq!(stamp("SIP/2.0/UDP h;received=6.6.6.6"), "SIP/2.0/UDP h;received=192.0.2.7");
    }

    #[test]
    fn addresses_are_read_in_all_their_shapes() {
        let read = |text: &str| NameAddress::parse(text.as_bytes()).unwrap();
        let quoted = read(r#""Fax, <room> \"2\"" <sip:f@h;transport=udp>;tag=a;+sip.instance="<urn:x>""#);
        assert_eq!(quoted.display_name.as_deref(), Some("Fax, <room> \"2\""));
        assert_eq!(quoted.uri.parameters.value("transport").unwrap(), "udp");
        assert_eq!(quoted.parameters.value("tag").unwrap(), "a");
        let bare = read("sip:f@h;tag=b");
        assert_eq!((bare.uri.to_string().as_str(), bare.parameters.value("tag").unwrap().as_str()), ("sip:f@h", "b"));
        assert_eq!(read("Fax Room<sip:f@h> ; tag = c").parameters.value("tag").unwrap(), "c");
        assert!(NameAddress::parse(b"*").is_none());
        assert!(NameAddress::parse(b"\"open <sip:f@h>").is_none());
        assert!(NameAddress::parse(b"<sip:f@h").is_none());
    }

    #[test]
    fn cseq_is_bounded_and_needs_a_method() {
        let read = CSeq::parse(b"  0009  INVITE ").unwrap();
        assert_eq!((read.number, read.method), (9, Method::Invite));
        assert!(CSeq::parse(b"2147483648 INVITE").is_none());
        assert!(CSeq::parse(b"36893488147419103232 INVITE").is_none());
        assert!(CSeq::parse(b"1").is_none());
        assert!(CSeq::parse(b"-1 INVITE").is_none());
    }

    #[test]
    fn reason_prefers_q850_and_ignores_asterisks_zero() {
        let of = |name: &str, value: &str| {
            let mut headers = Headers::default();
            headers.push(name, value);
            Reason::of(&headers)
        };
        let both = of("Reason", r#"SIP;cause=200;text="Call completed elsewhere", Q.850;cause=26"#).unwrap();
        assert_eq!(both, Reason { q850: Some(26), sip: Some(200), text: Some("Call completed elsewhere".into()) });
        assert_eq!(both.to_string(), "SIP;cause=200, Q.850;cause=26;text=\"Call completed elsewhere\"");
        assert_eq!(of("Reason", "Q.850;cause=0"), None);
        assert_eq!(of("X-Asterisk-HangupCauseCode", "17"), Some(Reason::q850(17)));
        assert_eq!(
            Reason { text: Some("done".into()), ..Reason::q850(16) }.to_string(),
            "Q.850;cause=16;text=\"done\""
        );
    }
}
