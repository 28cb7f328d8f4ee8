//! The extensions we know, by their option tags, and the headers they brought: RAck and RSeq (reliable provisional
//! responses), Session-Expires and Min-SE (session timers), Replaces.

use super::{
    header::CSeq,
    message::{Headers, Message},
    method::Method,
    text::{Parameters, digits, lossy},
};
use std::{fmt, time::Duration};

/// Provisional responses that are acknowledged.
// RFC 3262 §7.1
pub const RELIABLE_PROVISIONAL: &str = "100rel";

/// Sessions that end unless they are refreshed.
// RFC 4028 §12.1
pub const SESSION_TIMER: &str = "timer";

/// The shortest session interval there may be.
// RFC 4028 §5
pub const SESSION_INTERVAL_MIN: Duration = Duration::from_secs(90);

/// The extensions we have, as the `Supported` header lists them.
pub const SUPPORTED: &str = "100rel, timer";

/// The extensions we say that we have, as the `Supported` header lists them; the first one only where it is wished.
pub(super) const fn supported(reliable: bool) -> &'static str {
    if reliable { SUPPORTED } else { SESSION_TIMER }
}

/// The extensions a request requires that we do not have, as a list for `Unsupported`; empty when there are none.
// RFC 3261 §8.2.2.3
pub(super) fn unknown_requirements(request: &Message) -> String {
    let known =
        |tag: &&[u8]| [RELIABLE_PROVISIONAL, SESSION_TIMER].iter().any(|own| own.as_bytes().eq_ignore_ascii_case(tag));
    let required = request.headers.list("Require").into_iter().filter(|tag| !known(tag));
    required.map(lossy).collect::<Vec<_>>().join(", ")
}

/// Whether a message says that its sender has an extension, or needs it.
pub(super) fn supports(message: &Message, tag: &str) -> bool {
    message.headers.lists_token("Supported", tag) || message.headers.lists_token("Require", tag)
}

/// The number of a reliable provisional response; `None` for any other response.
// RFC 3262 §4, §7.1
pub(super) fn reliable_number(response: &Message) -> Option<u32> {
    let is_provisional = response.status().is_some_and(|status| (101..200).contains(&status));
    let number = response.headers.first("RSeq").and_then(digits::<u32>).filter(|number| *number > 0);
    number.filter(|_| is_provisional && response.headers.lists_token("Require", RELIABLE_PROVISIONAL))
}

/// Which provisional response a PRACK acknowledges.
// RFC 3262 §7.2
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RAck {
    /// The RSeq of the response.
    pub response: u32,
    /// The CSeq of the request that it answered.
    pub request: CSeq,
}

impl RAck {
    /// Reads `RSeq number METHOD`.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let bytes = bytes.trim_ascii();
        let cut = bytes.iter().position(u8::is_ascii_whitespace)?;
        Some(Self { response: digits(&bytes[..cut])?, request: CSeq::parse(&bytes[cut..])? })
    }
}

impl fmt::Display for RAck {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.response, self.request)
    }
}

/// Who refreshes a session, as the parameter says it: the client or the server of the transaction at hand.
// RFC 4028 §4
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Refresher {
    /// Who sent the request.
    Client,
    /// Who answers it.
    Server,
}

/// How long a session lasts without a refresh, and who sends it.
// RFC 4028 §4
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SessionExpires {
    /// The interval.
    pub interval: Duration,
    /// Who refreshes; not said in most first requests.
    pub refresher: Option<Refresher>,
}

impl SessionExpires {
    /// What the headers say; `None` when they say nothing readable.
    pub fn of(headers: &Headers) -> Option<Self> {
        let value = lossy(headers.first("Session-Expires")?);
        let (interval, parameters) = value.split_once(';').unwrap_or((&value, ""));
        let refresher = Parameters::parse(parameters).value("refresher").and_then(|refresher| {
            let named = [("uac", Refresher::Client), ("uas", Refresher::Server)];
            named.into_iter().find(|(name, _)| name.eq_ignore_ascii_case(&refresher)).map(|(_, refresher)| refresher)
        });
        Some(Self { interval: seconds(interval.trim().as_bytes())?, refresher })
    }
}

impl fmt::Display for SessionExpires {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.interval.as_secs())?;
        match self.refresher {
            Some(Refresher::Client) => formatter.write_str(";refresher=uac"),
            Some(Refresher::Server) => formatter.write_str(";refresher=uas"),
            None => Ok(()),
        }
    }
}

/// The shortest session interval that the sender of a message takes, when it says one.
// RFC 4028 §5
pub(super) fn least_interval(headers: &Headers) -> Option<Duration> {
    let value = lossy(headers.first("Min-SE")?);
    seconds(value.split(';').next().unwrap_or_default().trim().as_bytes())
}

fn seconds(text: &[u8]) -> Option<Duration> {
    digits::<u32>(text).map(|seconds| Duration::from_secs(u64::from(seconds)))
}

/// The dialog that an INVITE wants to take the place of.
// RFC 3891 §6.1
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Replaces {
    pub(super) call_id: Vec<u8>,
    /// The tag of who receives the INVITE.
    pub(super) to_tag: String,
    pub(super) from_tag: String,
}

impl Replaces {
    /// What the header says; `Err` when there is one that cannot be read, or more than one.
    // RFC 3891 §3
    pub(super) fn of(headers: &Headers) -> Result<Option<Self>, UnreadableReplaces> {
        let mut values = headers.all("Replaces");
        let Some(value) = values.next() else {
            return Ok(None);
        };
        let cut = value.iter().position(|byte| *byte == b';').ok_or(UnreadableReplaces)?;
        let parameters = Parameters::parse(&lossy(&value[cut..]));
        let tag = |name| parameters.value(name).filter(|tag| !tag.is_empty()).ok_or(UnreadableReplaces);
        let replaces =
            Self { call_id: value[..cut].trim_ascii().to_vec(), to_tag: tag("to-tag")?, from_tag: tag("from-tag")? };
        if replaces.call_id.is_empty() || values.next().is_some() {
            Err(UnreadableReplaces)
        } else {
            Ok(Some(replaces))
        }
    }
}

/// A Replaces header that cannot be read: the sender's fault.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct UnreadableReplaces;

/// Whether the sender of a message takes a method, as its `Allow` tells; nothing is told by one that has no `Allow`.
pub(super) fn allows(message: &Message, method: &Method) -> Option<bool> {
    message.headers.first("Allow")?;
    Some(message.headers.lists_token("Allow", method.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(lines: &[(&str, &str)]) -> Headers {
        let mut headers = Headers::default();
        lines.iter().for_each(|(name, value)| headers.push(name, value));
        headers
    }

    #[test]
    fn rack_is_read_with_any_blanks_and_needs_all_three() {
        let read = RAck::parse(b" 776656  1 \t INVITE ").unwrap();
        assert_eq!((read.response, read.request.number, read.to_string().as_str()), (776_656, 1, "776656 1 INVITE"));
        for broken in [&b"1 INVITE"[..], b"1", b"", b"-1 1 INVITE", b"4294967296 1 INVITE"] {
            assert_eq!(RAck::parse(broken), None);
        }
    }

    #[test]
    fn a_response_is_reliable_only_with_both_require_and_a_number_and_never_100() {
        let response = |status: u16, lines: &[(&str, &str)]| {
            let mut message = Message::request(Method::Invite, "sip:h");
            message.start = crate::sip::StartLine::Response { status, reason: String::new() };
            message.headers = headers(lines);
            reliable_number(&message)
        };
        assert_eq!(response(180, &[("Require", "100rel"), ("RSeq", "7")]), Some(7));
        assert_eq!(response(180, &[("Require", "foo, 100REL"), ("RSeq", "7")]), Some(7));
        assert_eq!(response(180, &[("RSeq", "7")]), None);
        assert_eq!(response(180, &[("Require", "100rel"), ("RSeq", "0")]), None);
        assert_eq!(response(100, &[("Require", "100rel"), ("RSeq", "7")]), None);
        assert_eq!(response(200, &[("Require", "100rel"), ("RSeq", "7")]), None);
    }

    #[test]
    fn session_expires_is_read_in_both_names_and_odd_refreshers_are_none() {
        let of = |name: &str, value: &str| SessionExpires::of(&headers(&[(name, value)]));
        let read = of("x", "1800 ; Refresher=UAC").unwrap();
        assert_eq!((read.interval.as_secs(), read.refresher), (1800, Some(Refresher::Client)));
        assert_eq!(read.to_string(), "1800;refresher=uac");
        assert_eq!(of("Session-Expires", "90;refresher=me").unwrap().refresher, None);
        assert_eq!(of("Session-Expires", "soon"), None);
        assert_eq!(least_interval(&headers(&[("Min-SE", "120;x=y")])), Some(Duration::from_secs(120)));
    }

    #[test]
    fn replaces_needs_a_call_and_both_tags_and_comes_once() {
        let of = |lines: &[(&str, &str)]| Replaces::of(&headers(lines));
        let read =
            of(&[("Replaces", "98732@sip.example.com ;from-tag=r33th4x0r;to-tag=ff87ff;early-only")]).unwrap().unwrap();
        assert_eq!((read.call_id.as_slice(), read.to_tag.as_str()), (&b"98732@sip.example.com"[..], "ff87ff"));
        assert_eq!(read.from_tag, "r33th4x0r");
        assert_eq!(of(&[]), Ok(None));
        assert_eq!(of(&[("Replaces", "a;to-tag=b")]), Err(UnreadableReplaces));
        assert_eq!(
            of(&[("Replaces", "a;to-tag=b;from-tag=c"), ("Replaces", "d;to-tag=b;from-tag=c")]),
            Err(UnreadableReplaces)
        );
    }
}
