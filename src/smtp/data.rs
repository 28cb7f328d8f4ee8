//! The reader of a message after 354: takes the dots back out, ends only at CRLF.CRLF, and finds what must not be passed on.
//!
//! ```text
//!            ┌────────────── CR LF ──────────────┐
//!            ▼                                   │
//! ──354──▶ LineStart ──other──▶ Middle ──CR──▶ Cr┤
//!            │ '.'                 ▲             └ other: bare CR
//!            ▼                     │
//!           Dot ───other───────────┘
//!            │ CR
//!            ▼
//!          DotCr ──LF──▶ end of the message
//! ```
//!
//! A message with a bare CR, a bare LF or a NUL is refused as a whole, but only after its true end was read: whatever
//! stands behind `LF . LF` is still the message, never a command.

// RFC 5321 §2.3.8, §4.1.1.4, §4.5.2

/// Why a message is refused, found while reading it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum DataFault {
    /// A CR without LF, or a LF without CR.
    BareLineEnd,
    /// A NUL octet.
    Nul,
    /// A line longer than the settings allow.
    LineTooLong,
    /// More octets than the settings allow.
    TooBig,
}

/// Reads one message.
#[derive(Clone, Debug)]
pub(super) struct DataReader {
    position: Position,
    line_bytes: usize,
    message_bytes: u64,
    max_line_bytes: usize,
    max_message_bytes: u64,
    fault: Option<DataFault>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Position {
    LineStart,
    Middle,
    Cr,
    Dot,
    DotCr,
}

/// How far a piece of input brought the message.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Progress {
    /// All of it belonged to the message, and more will come.
    More,
    /// The message ended after this many octets of the piece.
    Ended(usize),
}

impl DataReader {
    pub(super) const fn new(max_line_bytes: usize, max_message_bytes: u64) -> Self {
        // RFC 5321 §4.1.1.4: the CRLF of the DATA line is the one before the first line.
        let position = Position::LineStart;
        Self { position, line_bytes: 0, message_bytes: 0, max_line_bytes, max_message_bytes, fault: None }
    }

    /// The first thing found wrong; from there on nothing is given out.
    pub(super) const fn fault(&self) -> Option<DataFault> {
        self.fault
    }

    /// Octets given out, the dots of transparency not counted.
    pub(super) const fn message_bytes(&self) -> u64 {
        self.message_bytes
    }

    /// Reads a piece; what belongs to the message is appended to `out`.
    pub(super) fn take(&mut self, input: &[u8], out: &mut Vec<u8>) -> Progress {
        let mut at = 0;
        while at < input.len() {
            if self.position == Position::Middle {
                let run = input[at..].iter().position(|byte| matches!(byte, b'\r' | b'\n' | 0));
                let run = run.unwrap_or(input.len() - at);
                self.give(&input[at..at + run], out);
                at += run;
                if at == input.len() {
                    break;
                }
            }
            let byte = input[at];
            at += 1;
            if self.step(byte, out) {
                return Progress::Ended(at);
            }
        }
        Progress::More
    }

    /// One octet; true at the end of the message.
    fn step(&mut self, byte: u8, out: &mut Vec<u8>) -> bool {
        self.position = match (self.position, byte) {
            (Position::LineStart, b'.') => Position::Dot,
            (Position::DotCr, b'\n') => return true,
            (Position::Dot, b'\r') => Position::DotCr,
            (Position::LineStart | Position::Middle, b'\r') => Position::Cr,
            (Position::Cr, b'\n') => {
                self.give(b"\r\n", out);
                self.line_bytes = 0;
                Position::LineStart
            }
            (Position::Cr | Position::DotCr, b'\r') => {
                self.blame(DataFault::BareLineEnd);
                Position::Cr
            }
            (Position::Cr | Position::DotCr, _) => {
                self.blame(DataFault::BareLineEnd);
                Position::Middle
            }
            (Position::LineStart | Position::Middle | Position::Dot, b'\n') => {
                self.blame(DataFault::BareLineEnd);
                Position::Middle
            }
            (Position::LineStart | Position::Middle | Position::Dot, 0) => {
                self.blame(DataFault::Nul);
                Position::Middle
            }
            (Position::LineStart | Position::Middle | Position::Dot, _) => {
                self.give(&[byte], out);
                Position::Middle
            }
        };
        false
    }

    fn give(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        if self.fault.is_some() || bytes.is_empty() {
            return;
        }
        let line_end = usize::from(bytes == b"\r\n") * 2;
        self.line_bytes += bytes.len() - line_end;
        if self.line_bytes > self.max_line_bytes {
            return self.blame(DataFault::LineTooLong);
        }
        let total = self.message_bytes + bytes.len() as u64;
        if total > self.max_message_bytes {
            return self.blame(DataFault::TooBig);
        }
        self.message_bytes = total;
        out.extend_from_slice(bytes);
    }

    fn blame(&mut self, fault: DataFault) {
        self.fault.get_or_insert(fault);
    }
}

#[cfg(test)]
mod tests {
    use super::{DataFault, DataReader, Progress};

    fn read(input: &[u8]) -> (Progress, Vec<u8>, Option<DataFault>) {
        let mut reader = DataReader::new(1000, 10_000);
        let mut out = Vec::new();
        let progress = reader.take(input, &mut out);
        (progress, out, reader.fault())
    }

    #[test]
    fn an_empty_message_ends_at_once() {
        assert_eq!(read(b".\r\nQUIT\r\n"), (Progress::Ended(3), vec![], None));
    }

    #[test]
    fn dots_of_transparency_are_taken_out_of_every_line_and_of_the_first() {
        assert_eq!(read(b"..a\r\n..\r\n.b.\r\n.\r\n"), (Progress::Ended(17), b".a\r\n.\r\nb.\r\n".to_vec(), None));
    }

    /// The endings by which one server's message became another server's two.
    #[test]
    fn no_ending_but_crlf_dot_crlf_ends_a_message() {
        for ending in [
            &b"\n.\n"[..],
            b"\n.\r\n",
            b"\r\n.\n",
            b"\r.\r",
            b"\r.\r\n",
            b"\r\n.\r",
            b"\n\n.\r\n",
            b"\r\n\0.\r\n",
            b"\r\n.\0\r\n",
            b"\r\n.\r\r\n",
            b"\r\r\n.\r\r\n",
            b"\n.\r",
        ] {
            let message = [b"text", ending, b"MAIL FROM:<x>\r\n.\r\n"].concat();
            let (progress, _, fault) = read(&message);
            assert_eq!(progress, Progress::Ended(message.len()), "{ending:?}");
            assert!(fault.is_some(), "{ending:?}");
        }
    }

    #[test]
    fn a_bare_cr_before_crlf_dot_crlf_does_not_hide_the_true_end() {
        assert_eq!(read(b"a\r\r\n.\r\n"), (Progress::Ended(7), b"a".to_vec(), Some(DataFault::BareLineEnd)));
    }

    #[test]
    fn a_message_too_big_is_read_to_its_end_but_not_kept() {
        let mut reader = DataReader::new(1000, 10);
        let mut out = Vec::new();
        assert_eq!(reader.take(b"12345678\r\n", &mut out), Progress::More);
        assert_eq!(reader.fault(), None);
        assert_eq!(reader.take(b"9\r\n.\r\n", &mut out), Progress::Ended(6));
        assert_eq!((out.len(), reader.fault()), (10, Some(DataFault::TooBig)));
    }

    #[test]
    fn a_line_of_exactly_the_limit_passes() {
        let line = |length| [vec![b'x'; length], b"\r\n.\r\n".to_vec()].concat();
        assert_eq!(read(&line(1000)).2, None);
        assert_eq!(read(&line(1001)).2, Some(DataFault::LineTooLong));
    }
}
