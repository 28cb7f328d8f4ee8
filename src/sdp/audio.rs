//! The audio of a description: its codecs, each under the payload type that packets have, and all that is said beside them.
// RFC 8866 §6.4, §6.6

use std::net::{IpAddr, SocketAddr};

use sdp_types::Attribute;

use super::{Direction, Profile, Protection};
use crate::dsp::g711::Law;

/// Audio over RTP.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Audio {
    /// Where to send; none if a name was given or nothing: send where packets come from.
    pub address: Option<IpAddr>,
    /// Where to send; 0 refuses.
    pub port: u16,
    /// The G.711 codecs in order of preference.
    pub codecs: Vec<Coding>,
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

/// A codec we speak.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Codec {
    /// G.711 µ-law.
    Pcmu,
    /// G.711 A-law.
    Pcma,
}

impl Codec {
    const ALL: [Self; 2] = [Self::Pcmu, Self::Pcma];

    /// The payload type that it has unless another is said.
    // RFC 3551 §6, Table 4
    #[must_use]
    pub const fn static_payload_type(self) -> u8 {
        match self {
            Self::Pcmu => 0,
            Self::Pcma => 8,
        }
    }

    /// How it writes a sample.
    #[must_use]
    pub const fn law(self) -> Law {
        match self {
            Self::Pcmu => Law::Mu,
            Self::Pcma => Law::A,
        }
    }

    /// Its name, as `a=rtpmap` has it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pcmu => "PCMU",
            Self::Pcma => "PCMA",
        }
    }
}

/// A codec under the payload type that its packets have.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Coding {
    /// Which codec.
    pub codec: Codec,
    /// Below 128.
    pub payload_type: u8,
}

impl Coding {
    /// A codec under the payload type that it has unless another is said.
    #[must_use]
    pub const fn usual(codec: Codec) -> Self {
        Self { codec, payload_type: codec.static_payload_type() }
    }
}

impl Audio {
    /// A line of ours for these codecs.
    #[must_use]
    pub fn new(address: IpAddr, port: u16, codecs: Vec<Coding>, ptime_ms: u32) -> Self {
        let formats: Vec<_> = codecs.iter().map(|coding| coding.payload_type.to_string()).collect();
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

    /// The line that was read, but for where it is and which way it flows if it does not say so itself.
    pub(super) fn read(
        media: &sdp_types::Media,
        profile: Profile,
        address: Option<IpAddr>,
        direction: Direction,
    ) -> Self {
        let number = |name: &str| {
            let text = media.get_first_attribute_value(name).flatten();
            text.and_then(|text| text.trim().parse().ok())
        };
        let formats = media.fmt.trim();
        let mapping = Mapping::read(&media.attributes);
        Self {
            address,
            port: media.port,
            codecs: mapping.codecs(formats),
            formats: formats.into(),
            ptime_ms: number("ptime"),
            protection: Protection::read(profile, &media.attributes),
            most_ptime_ms: number("maxptime"),
            events: mapping.events(),
            reports: media.get_first_attribute_value("rtcp").flatten().and_then(reports_of),
            direction,
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

    /// The codec of ours that this line names first.
    pub(super) fn first_of(&self, ours: impl Fn(Codec) -> bool) -> Option<Coding> {
        self.codecs.iter().copied().find(|coding| ours(coding.codec))
    }

    /// The codecs whose usual payload type is listed for something else.
    pub fn displaced(&self) -> impl Iterator<Item = Codec> {
        Codec::ALL.into_iter().filter(|codec| {
            let number = codec.static_payload_type();
            let is_listed = self.formats.split_whitespace().any(|format| format.parse() == Ok(number));
            is_listed && self.codecs.iter().all(|coding| coding.payload_type != number)
        })
    }

    pub(super) fn attributes(&self) -> Vec<Attribute> {
        let map = |coding: &Coding| {
            Attribute::with_value("rtpmap", format!("{} {}/8000", coding.payload_type, coding.codec.name()))
        };
        let mut attributes: Vec<_> = self.codecs.iter().map(map).collect();
        attributes.extend(self.ptime_ms.map(|ptime| Attribute::with_value("ptime", ptime)));
        attributes.extend(self.protection.write());
        // RFC 3108 §5.6.3.2: what follows off says how, and is left out; a modem is not speech, and its silence not to be cut out
        attributes.push(Attribute::with_value("silenceSupp", "off - - - -"));
        attributes.push(Attribute::new(self.direction.name()));
        attributes
    }
}

/// What the payload types of a line mean that it says something of.
// RFC 8866 §6.6
struct Mapping([Option<Meaning>; PAYLOAD_TYPES]);

/// What packets hold.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Meaning {
    Codec(Codec),
    Events,
    Other,
}

impl Mapping {
    /// All `a=rtpmap` of a line. Of two for one payload type the first one holds.
    fn read(attributes: &[Attribute]) -> Self {
        let mut mapping = [None; PAYLOAD_TYPES];
        let maps = attributes.iter().filter(|attribute| attribute.attribute.trim().eq_ignore_ascii_case("rtpmap"));
        for map in maps.filter_map(|map| map.value.as_deref()) {
            let mut words = map.split_whitespace();
            let (Some(number), Some(encoding)) = (words.next(), words.next()) else { continue };
            if let Some(place) = number.parse().ok().and_then(|number: usize| mapping.get_mut(number)) {
                place.get_or_insert_with(|| Meaning::read(encoding));
            }
        }
        Self(mapping)
    }

    /// The G.711 among the formats of the line, in their order. A payload type that nothing is said of means what it always does.
    fn codecs(&self, formats: &str) -> Vec<Coding> {
        let mut codecs: Vec<Coding> = Vec::new();
        for payload_type in formats.split_whitespace().filter_map(|format| format.parse().ok()) {
            let codec = match self.0.get(usize::from(payload_type)) {
                Some(Some(Meaning::Codec(codec))) => Some(*codec),
                Some(None) => Codec::ALL.into_iter().find(|codec| codec.static_payload_type() == payload_type),
                Some(Some(Meaning::Events | Meaning::Other)) | None => None,
            };
            let is_new = codecs.iter().all(|coding| coding.payload_type != payload_type);
            codecs.extend(codec.filter(|_| is_new).map(|codec| Coding { codec, payload_type }));
        }
        codecs
    }

    /// The first payload type of telephone events.
    fn events(&self) -> Option<u8> {
        let place = self.0.iter().position(|meaning| *meaning == Some(Meaning::Events))?;
        u8::try_from(place).ok()
    }
}

impl Meaning {
    /// Reads `PCMU/8000`, `PCMA/8000/1`, `telephone-event/8000`. Some leave out the rate, which is understood.
    // RFC 3551 §4.5.14
    fn read(encoding: &str) -> Self {
        let mut parts = encoding.split('/').map(str::trim);
        let name = parts.next().unwrap_or_default();
        let (rate, channels) = (parts.next().unwrap_or("8000"), parts.next().unwrap_or("1"));
        if (rate, channels) != ("8000", "1") {
            return Self::Other;
        }
        if name.eq_ignore_ascii_case("telephone-event") {
            return Self::Events;
        }
        let codec = Codec::ALL.into_iter().find(|codec| codec.name().eq_ignore_ascii_case(name));
        codec.map_or(Self::Other, Self::Codec)
    }
}

/// `53020`, or `53020 IN IP4 126.16.64.4`.
// RFC 3605 §2.1
fn reports_of(value: &str) -> Option<(Option<IpAddr>, u16)> {
    let mut words = value.split_whitespace();
    let port = words.next()?.parse().ok().filter(|port| *port != 0)?;
    Some((words.nth(2).and_then(|address| address.parse().ok()), port))
}

/// Payload types have seven bits.
// RFC 3550 §5.1
const PAYLOAD_TYPES: usize = 128;
/// Milliseconds of audio in a packet that are granted.
const PACKET_MS: std::ops::RangeInclusive<u32> = 10..=60;
/// What is sent to an end that does not say.
// RFC 3551 §4.2
const USUAL_PACKET_MS: u32 = 20;

#[cfg(test)]
mod tests;
