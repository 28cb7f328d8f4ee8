//! The reader of command lines: a line ends with CR LF and nothing else, and holds no other control character.
//!
//! A bare LF ends a line too, but such a line is never obeyed: what one server takes for one command and the next for
//! two is how mail is smuggled. It is answered, not waited out, so that a person with a bare socket learns what is wrong.

/// Longest command line in octets with its CRLF.
// RFC 5321 §4.5.3.1.4 says 512 and lets extensions raise it: a path of 571, ORCPT of 500, ENVID of 100, all in xtext
pub(super) const MAX_COMMAND_LINE: usize = 4096;

/// What the reader makes of the octets that came.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Line {
    /// A line to obey, without its CRLF; no control character in it.
    Whole(Vec<u8>),
    /// A line not to obey.
    Bad(Fault),
}

/// Why a line is not obeyed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Fault {
    /// It ended with a bare LF.
    BareLineFeed,
    /// A CR, NUL, tab or other control character stands in it.
    ControlCharacter,
    /// It is longer than [`MAX_COMMAND_LINE`].
    TooLong,
}

/// Takes lines off the front of a buffer; remembers only whether it is in the middle of a line that is too long.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct LineReader {
    skipping: bool,
}

impl LineReader {
    /// The first line of `input` and the octets it took, or the octets to drop while no line is whole yet.
    pub(super) fn take(&mut self, input: &[u8]) -> (usize, Option<Line>) {
        let Some(end) = input.iter().position(|&byte| byte == b'\n') else {
            if self.skipping || input.len() >= MAX_COMMAND_LINE {
                self.skipping = true;
                return (input.len(), None);
            }
            return (0, None);
        };
        let taken = end + 1;
        if std::mem::take(&mut self.skipping) || taken > MAX_COMMAND_LINE {
            return (taken, Some(Line::Bad(Fault::TooLong)));
        }
        let line = match input[..end].strip_suffix(b"\r") {
            None => Line::Bad(Fault::BareLineFeed),
            Some(text) if text.iter().any(u8::is_ascii_control) => Line::Bad(Fault::ControlCharacter),
            Some(text) => Line::Whole(text.to_vec()),
        };
        (taken, Some(line))
    }
}

#[cfg(test)]
mod tests {
    use super::{Fault, Line, LineReader, MAX_COMMAND_LINE};

    #[test]
    fn only_crlf_ends_a_line_that_is_obeyed() {
        let mut reader = LineReader::default();
        assert_eq!(reader.take(b"NOOP\r\nQUIT"), (6, Some(Line::Whole(b"NOOP".to_vec()))));
        assert_eq!(reader.take(b"NOOP\n"), (5, Some(Line::Bad(Fault::BareLineFeed))));
        assert_eq!(reader.take(b"NO\rOP\r\n"), (7, Some(Line::Bad(Fault::ControlCharacter))));
        assert_eq!(reader.take(b"NO\0OP\r\n"), (7, Some(Line::Bad(Fault::ControlCharacter))));
        assert_eq!(reader.take(b"NOOP\r"), (0, None));
    }

    #[test]
    fn a_line_too_long_is_dropped_to_its_end_and_no_further() {
        let mut reader = LineReader::default();
        assert_eq!(reader.take(&[b'x'; MAX_COMMAND_LINE]), (MAX_COMMAND_LINE, None));
        assert_eq!(reader.take(b"still the same line"), (19, None));
        assert_eq!(reader.take(b"end\r\nNOOP\r\n"), (5, Some(Line::Bad(Fault::TooLong))));
        assert_eq!(reader.take(b"NOOP\r\n"), (6, Some(Line::Whole(b"NOOP".to_vec()))));
    }
}
