//! A session description and its text.
//!
//! The text itself is the `sdp-types` crate's; here it is freed of what strangers get wrong in lines that do not
//! matter. Serves RFC 8866.

use std::net::{IpAddr, SocketAddr};

use sdp_types::{Attribute, Connection, Session};
use thiserror::Error;

use super::{Profile, Protection, T38Parameters};

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
    /// `m=audio … RTP/AVP` or `RTP/SAVP`.
    Audio(Audio),
    /// `m=image … udptl t38`.
    T38(T38),
    /// Anything else, to be refused.
    Other(OtherMedia),
}

/// Audio over RTP.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Audio {
    /// Where to send; none if a name was given or nothing: send where packets come from.
    pub address: Option<IpAddr>,
    /// Where to send; 0 refuses.
    pub port: u16,
    /// The G.711 codecs in order of preference.
    pub codecs: Vec<Codec>,
    /// All payload types as written, for a refusal to echo.
    pub formats: String,
    /// Milliseconds of audio in a packet, if said.
    pub ptime_ms: Option<u32>,
    /// Whether packets are SRTP, and the keys.
    pub protection: Protection,
    /// Most milliseconds of audio in a packet, if said.
    pub most_ptime_ms: Option<u32>,
    /// The payload type of telephone events, if it takes them.
    // RFC 4733 §2.4
    pub events: Option<u8>,
    /// Where to send reports of the audio, if it is not the next port: the address, if another, and the port.
    // RFC 3605 §2.1
    pub reports: Option<(Option<IpAddr>, u16)>,
    /// Which way audio flows, as the describing end sees it.
    pub direction: Direction,
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
    /// `RTP/SAVPF`, `udptl`, …
    pub protocol: String,
    /// Its formats as written.
    pub formats: String,
}

/// A codec we speak, under its static payload type.
// RFC 3551 §6, Table 4
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Codec {
    /// G.711 µ-law, payload type 0.
    Pcmu,
    /// G.711 A-law, payload type 8.
    Pcma,
}

impl Codec {
    /// The payload type in RTP.
    #[must_use]
    pub const fn payload_type(self) -> u8 {
        match self {
            Self::Pcmu => 0,
            Self::Pcma => 8,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Pcmu => "PCMU",
            Self::Pcma => "PCMA",
        }
    }
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

    const fn name(self) -> &'static str {
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

impl Audio {
    /// A line of ours for these codecs.
    #[must_use]
    pub fn new(address: IpAddr, port: u16, codecs: Vec<Codec>, ptime_ms: u32) -> Self {
        let formats: Vec<_> = codecs.iter().map(|codec| codec.payload_type().to_string()).collect();
        Self {
            address: Some(address),
            port,
            codecs,
            formats: formats.join(" "),
            ptime_ms: Some(ptime_ms),
            protection: Protection::default(),
            most_ptime_ms: None,
            events: None,
            reports: None,
            direction: Direction::SendReceive,
        }
    }

    /// Milliseconds of audio in the packets that this end wants to get.
    // RFC 8866 §6.4: ptime is a wish, maxptime a bound
    #[must_use]
    pub fn packet_ms(&self) -> u32 {
        let usual = |ms: &u32| PACKET_MS.contains(ms) && ms.is_multiple_of(10);
        let wanted = self.ptime_ms.filter(usual).unwrap_or(USUAL_PACKET_MS);
        let most = self.most_ptime_ms.map_or(*PACKET_MS.end(), |most| most / 10 * 10).max(*PACKET_MS.start());
        wanted.min(most)
    }

    /// Where to send reports of the audio.
    // RFC 3550 §11: the next port, unless it is said
    #[must_use]
    pub fn reports_at(&self) -> Option<SocketAddr> {
        let (address, port) = match self.reports {
            Some((address, port)) => (address.or(self.address), port),
            None => (self.address, self.port.checked_add(1)?),
        };
        address.filter(|address| !address.is_unspecified()).map(|address| SocketAddr::new(address, port))
    }

    fn attributes(&self) -> Vec<Attribute> {
        let map =
            |codec: &Codec| Attribute::with_value("rtpmap", format!("{} {}/8000", codec.payload_type(), codec.name()));
        let mut attributes: Vec<_> = self.codecs.iter().map(map).collect();
        attributes.extend(self.ptime_ms.map(|ptime| Attribute::with_value("ptime", ptime)));
        attributes.extend(self.protection.write());
        // RFC 3108 §5.6.3.2: what follows off says how, and is left out; a modem is not speech, and its silence not to be cut out
        attributes.push(Attribute::with_value("silenceSupp", "off - - - -"));
        attributes.push(Attribute::new(self.direction.name()));
        attributes
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
        let number = |name: &str| {
            let text = media.get_first_attribute_value(name).flatten();
            text.and_then(|text| text.trim().parse().ok())
        };
        return Media::Audio(Audio {
            address,
            port: media.port,
            codecs: formats.split_whitespace().filter_map(read_codec).collect(),
            formats: formats.into(),
            ptime_ms: number("ptime"),
            protection: Protection::read(profile, &media.attributes),
            most_ptime_ms: number("maxptime"),
            events: events_of(&media.attributes),
            reports: media.get_first_attribute_value("rtcp").flatten().and_then(reports_of),
            direction,
        });
    }
    if is(&media.media, "image") && is(&media.proto, "udptl") && formats.split_whitespace().any(|one| is(one, "t38")) {
        return Media::T38(T38 { address, port: media.port, parameters: T38Parameters::read(&media.attributes) });
    }
    let (kind, protocol) = (media.media.clone(), media.proto.clone());
    Media::Other(OtherMedia { kind, port: media.port, protocol, formats: formats.into() })
}

fn read_codec(format: &str) -> Option<Codec> {
    [Codec::Pcmu, Codec::Pcma].into_iter().find(|codec| format.parse() == Ok(codec.payload_type()))
}

/// The payload type that is mapped to telephone events.
fn events_of(attributes: &[Attribute]) -> Option<u8> {
    let maps = attributes.iter().filter(|attribute| attribute.attribute.trim().eq_ignore_ascii_case("rtpmap"));
    maps.filter_map(|map| map.value.as_deref()?.trim().split_once(' ')).find_map(|(number, coding)| {
        let is_events = coding.trim().to_ascii_lowercase().starts_with("telephone-event/8000");
        number.parse().ok().filter(|number| is_events && *number < 128)
    })
}

/// `53020`, or `53020 IN IP4 126.16.64.4`.
// RFC 3605 §2.1
fn reports_of(value: &str) -> Option<(Option<IpAddr>, u16)> {
    let mut words = value.split_whitespace();
    let port = words.next()?.parse().ok().filter(|port| *port != 0)?;
    Some((words.nth(2).and_then(|address| address.parse().ok()), port))
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

/// Milliseconds of audio in a packet that are granted.
const PACKET_MS: std::ops::RangeInclusive<u32> = 10..=60;
/// What is sent to an end that does not say.
// RFC 3551 §4.2
const USUAL_PACKET_MS: u32 = 20;
/// The longest description read; a UDP datagram of SIP is shorter.
pub const LARGEST_BODY_OCTETS: usize = 65_535;
/// The most media lines read.
pub const MOST_MEDIA: usize = 16;
