//! A session description and its text.
//!
//! The text itself is the `sdp-types` crate's; here it is freed of what strangers get wrong in lines that do not
//! matter. Serves RFC 8866.

use std::net::IpAddr;

use sdp_types::{Attribute, Connection, Session};
use thiserror::Error;

use super::{Audio, Profile, T38Parameters};

/// An offer or an answer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Description {
    /// Who describes, and how often it has changed.
    pub origin: Origin,
    /// The media lines in order; an answer has as many as its offer.
    pub media: Vec<Media>,
}

/// Identity and version of a description.
// RFC 8866 §5.2
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Origin {
    /// The same for the whole dialog; digits.
    pub session_id: String,
    /// Goes up by one with each change.
    // RFC 3264 §8
    pub version: u64,
    /// Our address; of a far end, none if it wrote a name.
    pub address: Option<IpAddr>,
}

/// A media line.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Media {
    /// `m=audio … RTP/AVP`, or another [`Profile`].
    Audio(Audio),
    /// `m=image … udptl t38`.
    T38(T38),
    /// Anything else, to be refused.
    Other(OtherMedia),
}

/// T.38 over UDPTL.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct T38 {
    /// Where to send; none if a name was given or nothing: send where packets come from.
    pub address: Option<IpAddr>,
    /// Where to send; 0 refuses. May be odd.
    pub port: u16,
    /// What the end can do.
    pub parameters: T38Parameters,
}

/// A media line we do not speak.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OtherMedia {
    /// `video`, `image`, …
    pub kind: String,
    /// Its port.
    pub port: u16,
    /// `UDP/TLS/RTP/SAVPF`, `udptl`, …
    pub protocol: String,
    /// Its formats as written.
    pub formats: String,
}

/// Which way a medium flows.
// RFC 8866 §6.7
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Direction {
    /// Both ways.
    #[default]
    SendReceive,
    /// The describing end only sends.
    SendOnly,
    /// The describing end only receives.
    ReceiveOnly,
    /// Neither way: on hold.
    Inactive,
}

impl Direction {
    const ALL: [(Self, &'static str); 4] = [
        (Self::SendReceive, "sendrecv"),
        (Self::SendOnly, "sendonly"),
        (Self::ReceiveOnly, "recvonly"),
        (Self::Inactive, "inactive"),
    ];

    /// What to answer to it, being ready for both ways.
    // RFC 3264 §6.1
    #[must_use]
    pub const fn answer(self) -> Self {
        match self {
            Self::SendReceive => Self::SendReceive,
            Self::SendOnly => Self::ReceiveOnly,
            Self::ReceiveOnly => Self::SendOnly,
            Self::Inactive => Self::Inactive,
        }
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::SendReceive => "sendrecv",
            Self::SendOnly => "sendonly",
            Self::ReceiveOnly => "recvonly",
            Self::Inactive => "inactive",
        }
    }
}

/// Why bytes are no description; always the peer's fault.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum SdpError {
    /// Longer than [`LARGEST_BODY_OCTETS`].
    #[error("malformed SDP: {0} octets are more than a description has")]
    TooLong(usize),
    /// More than [`MOST_MEDIA`] media lines.
    #[error("malformed SDP: {0} media lines are more than a description has")]
    TooManyMedia(usize),
    /// Not the grammar.
    #[error("malformed SDP: {0}")]
    Malformed(String),
}

impl Description {
    /// Reads a description. Lines that do not matter here are not looked at, in any order and with any line end.
    ///
    /// # Errors
    /// [`SdpError`] when it cannot be understood.
    pub fn parse(octets: &[u8]) -> Result<Self, SdpError> {
        if octets.len() > LARGEST_BODY_OCTETS {
            return Err(SdpError::TooLong(octets.len()));
        }
        let text = needed_lines(&String::from_utf8_lossy(octets));
        let session = Session::parse(text.as_bytes()).map_err(|error| SdpError::Malformed(error.to_string()))?;
        if session.medias.len() > MOST_MEDIA {
            return Err(SdpError::TooManyMedia(session.medias.len()));
        }
        let origin = Origin {
            address: session.origin.unicast_address.parse().ok(),
            session_id: session.origin.sess_id,
            version: session.origin.sess_version,
        };
        let common = Common {
            address: session.connection.as_ref().and_then(address_of),
            direction: direction_of(&session.attributes),
        };
        let media = session.medias.iter().map(|media| read_media(media, &common)).collect();
        Ok(Self { origin, media })
    }

    /// Writes the description, with CR LF.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let address = self.origin.address.unwrap_or(IpAddr::from([0, 0, 0, 0]));
        let origin = sdp_types::Origin::with_ip_addr(&self.origin.session_id, self.origin.version, address);
        let mut session = Session::new(origin, "-");
        session.set_connection(Connection::from_ip_addr(address));
        for media in &self.media {
            session.add_media(media.write(address));
        }
        let mut octets = Vec::new();
        session.write(&mut octets).expect("writing to memory does not fail");
        octets
    }
}

impl Media {
    /// Whether the line is refused or gone.
    // RFC 3264 §6: port zero
    #[must_use]
    pub const fn is_refused(&self) -> bool {
        let port = match self {
            Self::Audio(audio) => audio.port,
            Self::T38(t38) => t38.port,
            Self::Other(other) => other.port,
        };
        port == 0
    }

    /// The line, where it is audio.
    #[must_use]
    pub const fn as_audio(&self) -> Option<&Audio> {
        match self {
            Self::Audio(audio) => Some(audio),
            Self::T38(_) | Self::Other(_) => None,
        }
    }

    /// The same line, refused.
    #[must_use]
    pub fn refusal(&self) -> Self {
        let (kind, protocol, formats) = match self {
            Self::Audio(audio) => ("audio", audio.protection.profile.name(), audio.formats.as_str()),
            Self::T38(_) => ("image", "udptl", "t38"),
            Self::Other(other) => (other.kind.as_str(), other.protocol.as_str(), other.formats.as_str()),
        };
        let (kind, protocol, formats) = (kind.into(), protocol.into(), formats.into());
        Self::Other(OtherMedia { kind, port: 0, protocol, formats })
    }

    fn write(&self, session_address: IpAddr) -> sdp_types::Media {
        let (kind, port, protocol, formats) = match self {
            Self::Audio(audio) => ("audio", audio.port, audio.protection.profile.name(), audio.formats.as_str()),
            Self::T38(t38) => ("image", t38.port, "udptl", "t38"),
            Self::Other(other) => (other.kind.as_str(), other.port, other.protocol.as_str(), other.formats.as_str()),
        };
        let mut media = sdp_types::Media {
            media: kind.into(),
            port,
            num_ports: None,
            proto: protocol.into(),
            fmt: formats.into(),
            media_title: None,
            connections: Vec::new(),
            bandwidths: Vec::new(),
            key: None,
            attributes: Vec::new(),
        };
        let address = match self {
            Self::Audio(audio) => {
                media.attributes = audio.attributes();
                audio.address
            }
            Self::T38(t38) => {
                media.attributes = t38.parameters.write();
                t38.address
            }
            Self::Other(_) => None,
        };
        if let Some(address) = address.filter(|address| *address != session_address) {
            media.add_connection(Connection::from_ip_addr(address));
        }
        media
    }
}

/// What the session level says for media that say nothing themselves.
struct Common {
    address: Option<IpAddr>,
    direction: Option<Direction>,
}

/// Keeps the lines that matter and rids them of what the grammar forbids.
fn needed_lines(text: &str) -> String {
    let mut needed = String::with_capacity(text.len());
    for line in text.split(['\r', '\n', '\0']).map(str::trim) {
        let mut letters = line.chars();
        let matters = matches!((letters.next(), letters.next()), (Some('v' | 'o' | 'c' | 'm' | 'a'), Some('=')));
        if matters {
            needed.push_str(line);
            needed.push_str("\r\n");
        }
    }
    needed
}

fn read_media(media: &sdp_types::Media, common: &Common) -> Media {
    let address = media.connections.first().map_or(common.address, address_of);
    let is = |text: &str, expected: &str| text.eq_ignore_ascii_case(expected);
    let formats = media.fmt.trim();
    if let Some(profile) = Profile::named(&media.proto).filter(|_| is(&media.media, "audio")) {
        let direction = direction_of(&media.attributes).or(common.direction).unwrap_or_default();
        return Media::Audio(Audio::read(media, profile, address, direction));
    }
    if is(&media.media, "image") && is(&media.proto, "udptl") && formats.split_whitespace().any(|one| is(one, "t38")) {
        return Media::T38(T38 { address, port: media.port, parameters: T38Parameters::read(&media.attributes) });
    }
    let (kind, protocol) = (media.media.clone(), media.proto.clone());
    Media::Other(OtherMedia { kind, port: media.port, protocol, formats: formats.into() })
}

fn address_of(connection: &Connection) -> Option<IpAddr> {
    // A multicast address may be followed by a time to live; nobody faxes to one.
    connection.connection_address.split('/').next().and_then(|address| address.parse().ok())
}

fn direction_of(attributes: &[Attribute]) -> Option<Direction> {
    attributes.iter().find_map(|attribute| {
        let known = Direction::ALL.iter().find(|(_, name)| attribute.attribute.trim().eq_ignore_ascii_case(name));
        known.map(|(direction, _)| *direction)
    })
}

/// The longest description read; a UDP datagram of SIP is shorter.
pub const LARGEST_BODY_OCTETS: usize = 65_535;
/// The most media lines read.
pub const MOST_MEDIA: usize = 16;
