//! What the body of a message is to a call: a session description, nothing, or something that nobody here reads. A
//! description may come among other parts: ISUP from a telephone exchange, a location, a picture of the caller.
// RFC 5621

use super::{
    message::Message,
    text::{Parameters, lossy},
};

/// The only type of body we make, and the only one we act on.
pub(super) const BODY_TYPE: &str = "application/sdp";

/// The types we accept, as the `Accept` header lists them.
pub(super) const ACCEPT: &str = "application/sdp, multipart/mixed, multipart/alternative";

/// Most parts that are looked at within one body.
pub const PARTS_MAX: usize = 32;

/// How deep multipart bodies may stand in one another.
pub const NESTING_MAX: usize = 4;

/// Longest boundary between parts, in octets.
// RFC 2046 §5.1.1
pub const BOUNDARY_OCTETS_MAX: usize = 70;

/// What a body is to a call.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Content<'a> {
    /// Nothing, or only what may be left unread.
    Nothing,
    /// A session description.
    Description(&'a [u8]),
    /// Something that must be understood and is not: the request is answered 415.
    Unknown(Unknown),
}

/// Why a body that must be understood is not.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Unknown {
    /// Its type.
    #[error("a body of a type that is not read here")]
    Type,
    /// How it is packed: `Content-Encoding`, or a transfer encoding other than plain octets.
    #[error("a body that is packed in a way not read here")]
    Encoding,
}

/// The headers of a body or of one part of it.
struct Labels {
    /// Lower case, without parameters; empty when not said.
    media_type: String,
    boundary: Option<String>,
    is_session: bool,
    is_optional: bool,
    is_required: bool,
    is_packed: bool,
}

impl Message {
    /// What the body is to a call.
    pub fn content(&self) -> Content<'_> {
        if self.body.is_empty() {
            return Content::Nothing;
        }
        let labels = Labels::new(|name| self.headers.first(name));
        content_of(&labels, &self.body, 0)
    }

    /// Makes the body the session description within it, or empty when there is nothing that must be read.
    ///
    /// # Errors
    /// [`Unknown`] when there is something that must be understood and is not; the body is empty then too.
    pub fn reduce_body(&mut self) -> Result<(), Unknown> {
        let (description, result) = match self.content() {
            Content::Nothing => (Vec::new(), Ok(())),
            // The whole body, mostly.
            Content::Description(description) if description.len() == self.body.len() => return Ok(()),
            Content::Description(description) => (description.to_vec(), Ok(())),
            Content::Unknown(unknown) => (Vec::new(), Err(unknown)),
        };
        self.set_body(BODY_TYPE, description);
        result
    }
}

impl Labels {
    fn new<'a>(header: impl Fn(&str) -> Option<&'a [u8]>) -> Self {
        let content_type = lossy(header("Content-Type").unwrap_or_default()).into_owned();
        let (media_type, parameters) = content_type.split_once(';').unwrap_or((&content_type, ""));
        let media_type = media_type.trim().to_ascii_lowercase();
        let disposition = lossy(header("Content-Disposition").unwrap_or_default()).to_ascii_lowercase();
        let (use_of_it, handling) = disposition.split_once(';').unwrap_or((&disposition, ""));
        let is_plain = |value: &[u8]| {
            let value = lossy(value);
            ["", "identity", "binary", "8bit", "7bit"].iter().any(|plain| plain.eq_ignore_ascii_case(value.trim()))
        };
        let packing = ["Content-Encoding", "Content-Transfer-Encoding"];
        let handling = Parameters::parse(handling).value("handling");
        let handled = |how: &str| handling.as_deref() == Some(how);
        Self {
            boundary: Parameters::parse(parameters).value("boundary"),
            // RFC 3261 §20.11: a description is for the session when nothing else is said.
            is_session: matches!(use_of_it.trim(), "" | "session" | "early-session"),
            is_optional: handled("optional"),
            is_required: handled("required"),
            is_packed: packing.into_iter().filter_map(header).any(|value| !is_plain(value)),
            media_type,
        }
    }
}

fn content_of<'a>(labels: &Labels, body: &'a [u8], depth: usize) -> Content<'a> {
    let content = match labels.media_type.as_str() {
        _ if labels.is_packed => Content::Unknown(Unknown::Encoding),
        BODY_TYPE if labels.is_session => Content::Description(body),
        // Some leave the type away, and nothing but a description is expected. A part without a type is a text.
        "" if depth == 0 || body.starts_with(b"v=0") => Content::Description(body),
        "multipart/alternative" => alternative(&parts(labels, body), depth + 1),
        multipart if multipart.starts_with("multipart/") => together(&parts(labels, body), depth + 1),
        _ => Content::Unknown(Unknown::Type),
    };
    match content {
        Content::Unknown(_) if labels.is_optional => Content::Nothing,
        content @ (Content::Nothing | Content::Description(_) | Content::Unknown(_)) => content,
    }
}

/// Parts that belong together: all that are said to be required must be understood. RFC 5621 §8.2 would have those required too of
/// which nothing is said, but exchanges and telephone systems put ISUP, locations and texts there that change nothing.
// RFC 2046 §5.1.3 for the other types of multipart
fn together<'a>(parts: &[Part<'a>], depth: usize) -> Content<'a> {
    let (mut found, mut unread) = (Content::Nothing, None);
    for part in parts {
        match (part.content(depth), &found) {
            (Content::Unknown(unknown), _) if part.labels.is_required => return Content::Unknown(unknown),
            (Content::Unknown(unknown), _) => unread = Some(unknown),
            (description @ Content::Description(_), Content::Nothing) => found = description,
            // A second description is none of this call.
            (Content::Description(_) | Content::Nothing, _) => {}
        }
    }
    match (found, unread) {
        _ if parts.is_empty() => Content::Unknown(Unknown::Type),
        (Content::Nothing, Some(unread)) => Content::Unknown(unread),
        (found, _) => found,
    }
}

/// Parts that say the same: the last that is understood counts.
// RFC 2046 §5.1.4
fn alternative<'a>(parts: &[Part<'a>], depth: usize) -> Content<'a> {
    let understood = parts.iter().rev().map(|part| part.content(depth));
    let mut understood = understood.filter(|content| !matches!(content, Content::Unknown(_)));
    understood.next().unwrap_or(Content::Unknown(Unknown::Type))
}

struct Part<'a> {
    labels: Labels,
    body: &'a [u8],
}

impl<'a> Part<'a> {
    fn content(&self, depth: usize) -> Content<'a> {
        if depth > NESTING_MAX { Content::Unknown(Unknown::Type) } else { content_of(&self.labels, self.body, depth) }
    }
}

/// Cuts a body at its boundaries; what stands before the first and behind the last belongs to no part.
// RFC 2046 §5.1.1
fn parts<'a>(labels: &Labels, body: &'a [u8]) -> Vec<Part<'a>> {
    let Some(boundary) = labels.boundary.as_deref().filter(|boundary| boundary.len() <= BOUNDARY_OCTETS_MAX) else {
        return Vec::new();
    };
    let mark = format!("--{boundary}");
    let (mut parts, mut begun, mut at) = (Vec::new(), None, 0);
    while at < body.len() && parts.len() < PARTS_MAX {
        let end = body[at..].iter().position(|byte| *byte == b'\n').map_or(body.len(), |end| at + end + 1);
        let line = body[at..end].trim_ascii_end();
        let is_last = line.strip_prefix(mark.as_bytes()) == Some(b"--");
        if is_last || line == mark.as_bytes() {
            if let Some(begun) = begun {
                parts.push(part(&body[begun..at]));
            }
            if is_last {
                return parts;
            }
            begun = Some(end);
        }
        at = end;
    }
    // The last boundary is missing from some bodies, and the description mostly is in the last part.
    if let Some(begun) = begun.filter(|_| parts.len() < PARTS_MAX) {
        parts.push(part(&body[begun..]));
    }
    parts
}

/// One part: headers, an empty line, a body. The line end before the boundary is the boundary's.
fn part(bytes: &[u8]) -> Part<'_> {
    let (mut headers, mut rest): (Vec<(&[u8], &[u8])>, _) = (Vec::new(), bytes);
    loop {
        let end = rest.iter().position(|byte| *byte == b'\n').map_or(rest.len(), |end| end + 1);
        let (line, behind) = (rest[..end].trim_ascii(), &rest[end..]);
        rest = behind;
        if line.is_empty() || headers.len() >= PARTS_MAX {
            break;
        }
        if let Some(colon) = line.iter().position(|byte| *byte == b':') {
            headers.push((line[..colon].trim_ascii_end(), line[colon + 1..].trim_ascii_start()));
        }
    }
    let find = |name: &str| {
        let short: &[u8] = if name == "Content-Type" { b"c" } else { b"" };
        let is_it = |own: &[u8]| own.eq_ignore_ascii_case(name.as_bytes()) || own.eq_ignore_ascii_case(short);
        headers.iter().find(|(own, _)| is_it(own)).map(|(_, value)| *value)
    };
    let body = rest.strip_suffix(b"\n").unwrap_or(rest);
    Part { labels: Labels::new(find), body: body.strip_suffix(b"\r").unwrap_or(body) }
}

#[cfg(test)]
mod tests;
