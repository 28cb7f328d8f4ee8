//! The headers of a message in order, names and values as bytes. Long and compact names are one.

use crate::sip::text::split_outside_quotes;

/// One header line, unfolded.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Header {
    name: Vec<u8>,
    value: Vec<u8>,
}

/// All header lines of a message.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Headers(Vec<Header>);

impl Header {
    /// The name as received or as given.
    pub fn name(&self) -> &[u8] {
        &self.name
    }

    /// The value without blanks around it, folding undone.
    pub fn value(&self) -> &[u8] {
        &self.value
    }

    /// Whether this is the header of that (long) name, in any case, long or compact.
    // RFC 3261 §7.3.3
    pub fn is(&self, name: &str) -> bool {
        long_name(&self.name).eq_ignore_ascii_case(name.as_bytes())
    }
}

impl Headers {
    /// All header lines in order.
    pub fn iter(&self) -> impl Iterator<Item = &Header> {
        self.0.iter()
    }

    /// How many header lines there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is no header line.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The value of the first line of that name.
    pub fn first(&self, name: &str) -> Option<&[u8]> {
        self.0.iter().find(|header| header.is(name)).map(Header::value)
    }

    /// The values of all lines of that name, in order.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
        self.0.iter().filter(move |header| header.is(name)).map(Header::value)
    }

    /// The elements of all lines of that name, cut at commas: `Via`, `Route`, `Contact`, `Require`, …
    // RFC 3261 §7.3.1
    pub fn list(&self, name: &str) -> Vec<&[u8]> {
        let lines = self.0.iter().filter(|header| header.is(name));
        let pieces = lines.flat_map(|header| split_outside_quotes(&header.value, b','));
        pieces.filter(|piece| !piece.is_empty()).collect()
    }

    /// Whether a list of tokens (`Supported`, `Require`) names this one.
    pub fn lists_token(&self, name: &str, token: &str) -> bool {
        self.list(name).iter().any(|element| element.eq_ignore_ascii_case(token.as_bytes()))
    }

    /// Adds a line at the end. Line ends within name or value become blanks, so no value can add a header.
    pub fn push(&mut self, name: impl AsRef<[u8]>, value: impl AsRef<[u8]>) {
        self.0.push(Header { name: one_line(name.as_ref()), value: one_line(value.as_ref()) });
    }

    /// Adds a line in front of all others.
    pub fn push_front(&mut self, name: impl AsRef<[u8]>, value: impl AsRef<[u8]>) {
        self.0.insert(0, Header { name: one_line(name.as_ref()), value: one_line(value.as_ref()) });
    }

    /// Removes all lines of that name.
    pub fn remove(&mut self, name: &str) {
        self.0.retain(|header| !header.is(name));
    }

    /// Replaces all lines of that name by one, in the place of the first or at the end.
    pub fn set(&mut self, name: &str, value: impl AsRef<[u8]>) {
        match self.0.iter().position(|header| header.is(name)) {
            Some(position) => {
                self.0[position].value = one_line(value.as_ref());
                let mut index = 0;
                self.0.retain(|header| {
                    index += 1;
                    index - 1 <= position || !header.is(name)
                });
            }
            None => self.push(name, value),
        }
    }

    /// Appends `;parameter` to the first line of that name.
    pub(super) fn append_parameter(&mut self, name: &str, parameter: &str) {
        if let Some(header) = self.0.iter_mut().find(|header| header.is(name)) {
            header.value.push(b';');
            header.value.extend_from_slice(parameter.as_bytes());
        }
    }
}

fn one_line(bytes: &[u8]) -> Vec<u8> {
    bytes.trim_ascii().iter().map(|byte| if matches!(byte, b'\r' | b'\n' | 0) { b' ' } else { *byte }).collect()
}

fn long_name(name: &[u8]) -> &[u8] {
    let &[letter] = name else {
        return name;
    };
    let letter = letter.to_ascii_lowercase();
    COMPACT_NAMES.iter().find(|(compact, _)| *compact == letter).map_or(name, |(_, long)| long.as_bytes())
}

// RFC 3261 §20 and the documents that registered the later ones
const COMPACT_NAMES: [(u8, &str); 18] = [
    (b'a', "Accept-Contact"),
    (b'b', "Referred-By"),
    (b'c', "Content-Type"),
    (b'd', "Request-Disposition"),
    (b'e', "Content-Encoding"),
    (b'f', "From"),
    (b'i', "Call-ID"),
    (b'j', "Reject-Contact"),
    (b'k', "Supported"),
    (b'l', "Content-Length"),
    (b'm', "Contact"),
    (b'o', "Event"),
    (b'r', "Refer-To"),
    (b's', "Subject"),
    (b't', "To"),
    (b'u', "Allow-Events"),
    (b'v', "Via"),
    (b'x', "Session-Expires"),
];
