//! Reading a datagram as a SIP message, tolerant where the meaning is plain: folding, compact names, LF line ends,
//! blanks before the colon, a missing reason phrase, bytes that are no text. A line without a colon is dropped.

use super::{Headers, Message, StartLine};
use crate::sip::{
    method::Method,
    text::{digits, lossy},
};

/// Largest message read, in bytes: what a UDP datagram can carry.
pub const MESSAGE_BYTES_MAX: usize = 65_535;
/// Most header lines read.
pub const HEADER_LINES_MAX: usize = 256;
/// Longest line read, in bytes, unfolded.
pub const LINE_BYTES_MAX: usize = 8192;

/// Why bytes are no SIP message: the sender's fault.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ParseError {
    /// Nothing but line ends: a keep-alive.
    #[error("nothing but line ends")]
    Empty,
    /// The first line is neither a request line nor a status line.
    #[error("the first line is neither a request nor a status line")]
    StartLine,
    /// Another version than SIP/2.0.
    #[error("the SIP version is not 2.0")]
    Version,
    /// More than [`MESSAGE_BYTES_MAX`], [`HEADER_LINES_MAX`] or [`LINE_BYTES_MAX`].
    #[error("a message, line or number of headers too large")]
    TooLarge,
}

impl Message {
    /// Reads one datagram.
    ///
    /// A `Content-Length` smaller than what follows cuts the body; a larger one is tolerated, and the body is what
    /// came.
    // RFC 3261 §18.3
    ///
    /// # Errors
    /// [`ParseError`] when no message can be made of it.
    pub fn parse(datagram: &[u8]) -> Result<Self, ParseError> {
        let (first, rest) = first_line(datagram)?;
        let start = start_line(first)?;
        let (headers, body) = headers(rest)?;
        let length = headers.first("Content-Length").and_then(digits::<usize>);
        let body = &body[..length.unwrap_or(body.len()).min(body.len())];
        Ok(Self { start, headers, body: body.to_vec() })
    }
}

/// The headers of something that looks like a request but whose first line is broken, to answer it; `None` for
/// anything else.
pub(in crate::sip) fn salvage_headers(datagram: &[u8]) -> Option<Headers> {
    let (first, rest) = first_line(datagram).ok()?;
    let is_response = first.len() >= 4 && first[..4].eq_ignore_ascii_case(b"SIP/");
    let mentions_sip = first.windows(5).any(|window| window.eq_ignore_ascii_case(b" SIP/"));
    if is_response || !mentions_sip || first.starts_with(b"ACK ") {
        return None;
    }
    headers(rest).ok().map(|(headers, _)| headers)
}

/// The headers behind a first line, whatever that is.
pub(in crate::sip) fn headers_of(head: &[u8]) -> Result<Headers, ParseError> {
    let (_, rest) = first_line(head)?;
    headers(rest).map(|(headers, _)| headers)
}

fn first_line(datagram: &[u8]) -> Result<(&[u8], &[u8]), ParseError> {
    if datagram.len() > MESSAGE_BYTES_MAX {
        return Err(ParseError::TooLarge);
    }
    // RFC 3261 §7.5: empty lines before the start line are ignored.
    let start = datagram.iter().position(|byte| !matches!(byte, b'\r' | b'\n' | 0)).ok_or(ParseError::Empty)?;
    line(&datagram[start..])
}

/// The first line without its end, and what follows.
fn line(bytes: &[u8]) -> Result<(&[u8], &[u8]), ParseError> {
    let (line, rest) = match bytes.iter().position(|byte| *byte == b'\n') {
        Some(end) => (&bytes[..end], &bytes[end + 1..]),
        None => (bytes, &[][..]),
    };
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    if line.len() > LINE_BYTES_MAX { Err(ParseError::TooLarge) } else { Ok((line, rest)) }
}

fn start_line(line: &[u8]) -> Result<StartLine, ParseError> {
    let line = line.trim_ascii();
    let cut = line.iter().position(u8::is_ascii_whitespace).ok_or(ParseError::StartLine)?;
    let (first, rest) = (&line[..cut], line[cut..].trim_ascii_start());
    if first.len() >= 4 && first[..4].eq_ignore_ascii_case(b"SIP/") {
        check_version(first)?;
        return status_line(rest);
    }
    let cut = rest.iter().rposition(u8::is_ascii_whitespace).ok_or(ParseError::StartLine)?;
    let (uri, version) = (rest[..cut].trim_ascii_end(), &rest[cut + 1..]);
    let method = Method::parse(first).ok_or(ParseError::StartLine)?;
    if version.len() < 4 || !version[..4].eq_ignore_ascii_case(b"SIP/") {
        return Err(ParseError::StartLine);
    }
    check_version(version)?;
    // RFC 3261 §19.1.1: no blanks within; angle brackets around are a common fault and are no address.
    if uri.is_empty() || uri.iter().any(u8::is_ascii_whitespace) {
        return Err(ParseError::StartLine);
    }
    Ok(StartLine::Request { method, uri: lossy(uri).into_owned() })
}

fn status_line(rest: &[u8]) -> Result<StartLine, ParseError> {
    let cut = rest.iter().position(u8::is_ascii_whitespace).unwrap_or(rest.len());
    let status = digits::<u16>(&rest[..cut]).filter(|status| (100..700).contains(status));
    let reason = lossy(rest[cut..].trim_ascii()).into_owned();
    Ok(StartLine::Response { status: status.ok_or(ParseError::StartLine)?, reason })
}

fn check_version(token: &[u8]) -> Result<(), ParseError> {
    // RFC 3261 §7.1: the version is compared without case.
    if token.eq_ignore_ascii_case(b"SIP/2.0") { Ok(()) } else { Err(ParseError::Version) }
}

fn headers(mut rest: &[u8]) -> Result<(Headers, &[u8]), ParseError> {
    let mut headers = Headers::default();
    let mut current: Vec<u8> = Vec::new();
    loop {
        let at_end = rest.is_empty();
        let (next, after) = line(rest)?;
        rest = after;
        // RFC 3261 §7.3.1: a line that begins with a blank continues the one before.
        let continues = matches!(next.first(), Some(b' ' | b'\t')) && !current.is_empty();
        if continues {
            current.push(b' ');
            current.extend_from_slice(next.trim_ascii());
            if current.len() > LINE_BYTES_MAX {
                return Err(ParseError::TooLarge);
            }
            continue;
        }
        push_line(&mut headers, &current)?;
        if at_end || next.is_empty() {
            return Ok((headers, rest));
        }
        current = next.to_vec();
    }
}

fn push_line(headers: &mut Headers, line: &[u8]) -> Result<(), ParseError> {
    let Some(colon) = line.iter().position(|byte| *byte == b':') else {
        return Ok(());
    };
    let name = line[..colon].trim_ascii();
    // RFC 3261 §7.3.1: a malformed header is no reason to refuse the message, but a name with a blank or a control character in it
    // would become another when it is written.
    if name.is_empty() || name.iter().any(|byte| byte.is_ascii_whitespace() || byte.is_ascii_control()) {
        return Ok(());
    }
    if headers.len() >= HEADER_LINES_MAX {
        return Err(ParseError::TooLarge);
    }
    headers.push(name, &line[colon + 1..]);
    Ok(())
}
