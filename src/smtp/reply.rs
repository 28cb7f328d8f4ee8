//! A reply of the server: code, enhanced code, text. Written here and nowhere else, so that no reply lacks its
//! enhanced code and no text brings a line end of its own.

// RFC 5321 §4.2, RFC 2034, RFC 3463

/// What the server answers to one command.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reply {
    /// Three digits: `550`.
    pub code: u16,
    /// `5.7.1`; empty only where RFC 2034 §4 wants none (greeting, EHLO, 354).
    pub enhanced: &'static str,
    /// For people. Line feeds part the lines of the reply; other control characters become spaces.
    pub text: String,
}

impl Reply {
    /// A reply with an enhanced code.
    #[must_use]
    pub fn new(code: u16, enhanced: &'static str, text: impl Into<String>) -> Self {
        Self { code, enhanced, text: text.into() }
    }

    /// A reply that carries no enhanced code.
    pub(super) fn bare(code: u16, text: impl Into<String>) -> Self {
        Self::new(code, "", text)
    }

    /// The octets on the wire, each line at most 512 octets long with its CRLF (RFC 5321 §4.5.3.1.5).
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let prefix = if self.enhanced.is_empty() { String::new() } else { format!("{} ", self.enhanced) };
        let room = MAX_REPLY_LINE - 2 - 4 - prefix.len().min(MAX_REPLY_LINE / 2);
        let lines: Vec<String> = self.text.split('\n').flat_map(|line| wrap(&printable(line), room)).collect();
        let last = lines.len().saturating_sub(1);
        let mut bytes = Vec::new();
        for (index, line) in lines.iter().enumerate() {
            let mark = if index == last { ' ' } else { '-' };
            bytes.extend_from_slice(format!("{}{mark}{prefix}{line}\r\n", self.code).as_bytes());
        }
        bytes
    }
}

/// One line without control characters and without what is not ASCII, so that it can be sent to any client.
// RFC 5321 §4.2: textstring is %d09 / %d32-126
fn printable(line: &str) -> String {
    line.trim_end_matches('\r').chars().map(visible).collect()
}

const fn visible(character: char) -> char {
    match character {
        ' '..='~' => character,
        '\0'..='\u{1f}' | '\u{7f}' => ' ',
        _ => '?',
    }
}

/// Breaks an ASCII line at spaces where it can, so that no piece is longer than `room` octets.
fn wrap(line: &str, room: usize) -> Vec<String> {
    let mut pieces = Vec::new();
    let mut rest = line;
    while rest.len() > room {
        let cut = rest[..room].rfind(' ').filter(|&at| at > 0).unwrap_or(room);
        pieces.push(rest[..cut].to_owned());
        rest = rest[cut..].trim_start();
    }
    pieces.push(rest.to_owned());
    pieces
}

/// Longest reply line with its code and CRLF, in octets.
// RFC 5321 §4.5.3.1.5
pub(super) const MAX_REPLY_LINE: usize = 512;

#[cfg(test)]
mod tests {
    use super::{MAX_REPLY_LINE, Reply};

    #[test]
    fn every_line_of_a_long_reply_carries_both_codes_and_only_the_last_a_space() {
        let bytes = Reply::new(550, "5.7.1", "no\nand why").to_bytes();
        assert_eq!(bytes, b"550-5.7.1 no\r\n550 5.7.1 and why\r\n");
    }

    #[test]
    fn a_text_cannot_bring_a_reply_of_its_own() {
        let bytes = Reply::new(250, "2.6.0", "ok\r\n221 bye\u{1b}\u{e9}").to_bytes();
        assert_eq!(bytes, b"250-2.6.0 ok\r\n250 2.6.0 221 bye ?\r\n");
    }

    #[test]
    fn no_line_is_longer_than_the_standard_allows() {
        let bytes = Reply::new(550, "5.1.3", format!("{} {}", "word ".repeat(300), "x".repeat(2000))).to_bytes();
        let text = String::from_utf8(bytes).expect("ASCII");
        assert!(text.split_inclusive("\r\n").all(|line| line.len() <= MAX_REPLY_LINE && line.starts_with("550")));
        assert_eq!(text.matches("word").count(), 300);
        assert_eq!(text.matches('x').count(), 2000);
    }
}
