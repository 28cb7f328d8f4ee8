//! A stream cut into messages. Octets go in as they come, messages come out by their `Content-Length`; between messages stand the
//! line ends that keep a connection alive.
//!
//! ```text
//!  Between ──octet──→ Head ──blank line──→ Body ──Content-Length octets──→ message, Between
//!    │ CRLF CRLF: ping
//!    └ CRLF: pong
//! ```
//! Who has lost the place where a message begins cannot find it again, so the first error is the last thing that comes, and the
//! stream is to be closed. All errors are the peer's fault.
// RFC 3261 §7.5, §18.3; RFC 5626 §4.4.1

use super::{
    message::{HEADER_LINES_MAX, LINE_BYTES_MAX, MESSAGE_BYTES_MAX, ParseError, headers_of},
    text::digits,
};

/// Longest head read, in octets: first line and headers with the blank line behind them.
pub const HEAD_BYTES_MAX: usize = 32 * 1024;

/// What a client says to keep a connection open.
pub const PING: &[u8] = b"\r\n\r\n";
/// What the other side answers.
pub const PONG: &[u8] = b"\r\n";

/// What comes out of a stream.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Frame {
    /// The octets of one message, for [`super::Message::parse`].
    Message(Vec<u8>),
    /// The peer wants a [`PONG`].
    Ping,
}

/// Why a stream cannot be read any further: the peer's fault. The connection is to be closed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum FrameError {
    /// What stands where a message begins is none.
    #[error("the peer sent something that is no SIP message, or a body of another length than its Content-Length says")]
    NotSip,
    /// The head is longer than [`HEAD_BYTES_MAX`], or one of its parts than the parser's bounds.
    #[error(
        "the peer sent a message head of more than {HEAD_BYTES_MAX} octets, {HEADER_LINES_MAX} headers or {LINE_BYTES_MAX} \
         octets in a line"
    )]
    HeadTooLarge,
    /// The whole message would be longer than [`MESSAGE_BYTES_MAX`].
    #[error("the peer announced a message of more than {MESSAGE_BYTES_MAX} octets")]
    MessageTooLarge,
    /// `Content-Length` is no number, or is there with two values.
    #[error("the peer sent a Content-Length that is no number, or two that differ")]
    Length,
}

/// The reader of one direction of one stream.
#[derive(Debug, Default)]
pub struct Framer {
    /// What came and is not given out yet.
    buffer: Vec<u8>,
    state: State,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
enum State {
    /// Between messages; whether the last thing seen was one line end.
    #[default]
    Between,
    AfterLineEnd,
    /// A message has begun; its first octets, so many, hold no end of the head.
    Head {
        scanned: usize,
        first_line_seen: bool,
    },
    /// So many octets make the message whole.
    Body {
        total: usize,
    },
    Failed(FrameError),
}

impl Framer {
    /// A reader at the begin of a stream.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes octets as they came. Then call [`Self::poll`] until it gives nothing.
    pub fn push(&mut self, octets: &[u8]) {
        if !matches!(self.state, State::Failed(_)) {
            self.buffer.extend_from_slice(octets);
        }
    }

    /// The next frame that is whole.
    ///
    /// # Errors
    /// When the stream cannot be read any further; from then on always the same.
    pub fn poll(&mut self) -> Result<Option<Frame>, FrameError> {
        let frame = self.advance();
        if let Err(error) = frame {
            self.state = State::Failed(error);
            self.buffer = Vec::new();
        }
        frame
    }

    /// Whether a message has begun that is not whole: the peer owes octets.
    pub fn is_within_message(&self) -> bool {
        matches!(self.state, State::Head { .. } | State::Body { .. })
    }

    fn advance(&mut self) -> Result<Option<Frame>, FrameError> {
        loop {
            match self.state {
                State::Between | State::AfterLineEnd => match self.skip_line_end() {
                    Skipped::Ping => return Ok(Some(Frame::Ping)),
                    Skipped::LineEnd => {}
                    Skipped::Message => self.state = State::Head { scanned: 0, first_line_seen: false },
                    Skipped::Nothing => return Ok(None),
                },
                State::Head { scanned, first_line_seen } => {
                    let first_line_seen = first_line_seen || self.check_first_line()?;
                    let Some(end) = end_of_head(&self.buffer, scanned) else {
                        if self.buffer.len() > HEAD_BYTES_MAX {
                            return Err(FrameError::HeadTooLarge);
                        }
                        // The last octets may be the begin of the blank line.
                        let scanned = self.buffer.len().saturating_sub(3);
                        self.state = State::Head { scanned, first_line_seen };
                        return Ok(None);
                    };
                    self.state = State::Body { total: total_length(&self.buffer[..end])? };
                }
                State::Body { total } => {
                    if self.buffer.len() < total {
                        return Ok(None);
                    }
                    let rest = self.buffer.split_off(total);
                    self.state = State::Between;
                    return Ok(Some(Frame::Message(std::mem::replace(&mut self.buffer, rest))));
                }
                State::Failed(error) => return Err(error),
            }
        }
    }

    /// Takes one line end from between messages.
    fn skip_line_end(&mut self) -> Skipped {
        let length = match self.buffer.as_slice() {
            [] | [b'\r'] => return Skipped::Nothing,
            [b'\r', b'\n', ..] => 2,
            [b'\n', ..] => 1,
            _ => {
                self.state = State::Between;
                return Skipped::Message;
            }
        };
        self.buffer.drain(..length);
        if self.state == State::AfterLineEnd {
            self.state = State::Between;
            return Skipped::Ping;
        }
        self.state = State::AfterLineEnd;
        Skipped::LineEnd
    }

    /// Whether the first line is whole; one that is not of SIP ends the stream before more of it is kept.
    fn check_first_line(&self) -> Result<bool, FrameError> {
        let Some(end) = self.buffer.iter().take(LINE_BYTES_MAX + 1).position(|octet| *octet == b'\n') else {
            return if self.buffer.len() > LINE_BYTES_MAX { Err(FrameError::HeadTooLarge) } else { Ok(false) };
        };
        let line = self.buffer[..end].trim_ascii();
        let is_version =
            |word: Option<&[u8]>| word.is_some_and(|word| word.len() > 4 && word[..4].eq_ignore_ascii_case(b"SIP/"));
        let mut words = line.split(u8::is_ascii_whitespace);
        if is_version(words.next()) || is_version(words.next_back()) { Ok(true) } else { Err(FrameError::NotSip) }
    }
}

enum Skipped {
    LineEnd,
    Ping,
    Message,
    Nothing,
}

/// Where the head ends: behind the first blank line. Line feeds alone will do, as they do for the parser.
fn end_of_head(octets: &[u8], from: usize) -> Option<usize> {
    let line_ends = (from..octets.len()).filter(|at| octets[*at] == b'\n');
    for at in line_ends {
        match &octets[at + 1..] {
            [b'\n', ..] => return Some(at + 2),
            [b'\r', b'\n', ..] => return Some(at + 3),
            _ => {}
        }
    }
    None
}

/// The octets of head and body. Without a `Content-Length` there is no body.
// RFC 3261 §18.3, §20.14: a stream must have one; some leave it out where there is no body
fn total_length(head: &[u8]) -> Result<usize, FrameError> {
    if head.len() > HEAD_BYTES_MAX {
        return Err(FrameError::HeadTooLarge);
    }
    let headers = headers_of(head).map_err(|error| match error {
        ParseError::TooLarge => FrameError::HeadTooLarge,
        ParseError::Empty | ParseError::StartLine | ParseError::Version => FrameError::NotSip,
    })?;
    let mut values = headers.all("Content-Length");
    let first = values.next().unwrap_or(b"0");
    // Two that differ are two places where the next message could begin.
    if values.any(|other| other != first) {
        return Err(FrameError::Length);
    }
    if first.is_empty() || !first.iter().all(u8::is_ascii_digit) {
        return Err(FrameError::Length);
    }
    // More digits than the number has room for are too large as well.
    let body = digits::<usize>(first).unwrap_or(usize::MAX);
    let total = head.len().saturating_add(body);
    if total > MESSAGE_BYTES_MAX { Err(FrameError::MessageTooLarge) } else { Ok(total) }
}

#[cfg(test)]
mod tests;
