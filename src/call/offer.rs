//! The session descriptions of a call: what we offer and answer, and what the far end's mean for us.

use std::net::{IpAddr, SocketAddr};

use super::settings::LineSettings;
use crate::rtp;
use crate::sdp::{
    Agreed, Audio, Coding, Description, Direction, ErrorCorrection, Keys, Media, Origin, OurAudio, OurProtection,
    OurT38, Ours, RateManagement, T38, T38Parameters, accept, answer,
};
use crate::signal::Modulation;
use crate::srtp::Suite;
use crate::t30::fallback::within;
use crate::t38;

/// The audio packets that we want hold 20 ms.
const PACKET_MS: u32 = 20;
/// The largest UDPTL datagram we take: below every path's limit, with room for headers.
const MAX_DATAGRAM: u32 = 1400;
/// What a far end that names no datagram limit is believed to take.
// T.38 (09/2010) Annex D names no default; gateways that say nothing take an Ethernet frame's worth of redundancy 3 at 14400.
const UNSAID_DATAGRAM: u32 = 400;
/// A limit below this says nothing: not even an octet of V.21 fits with its repetitions. Limits above it are kept to.
const LEAST_DATAGRAM: u32 = 48;

/// Our media sockets as the far end reaches them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct MediaAddresses {
    /// RTP.
    pub audio: SocketAddr,
    /// UDPTL.
    pub t38: SocketAddr,
}

/// What media we want to speak of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum What {
    Audio,
    T38,
    /// Whichever the far end has, T.38 first.
    Either,
}

/// Writes descriptions for one call, each with the next version.
#[derive(Debug)]
pub(super) struct Descriptions {
    session_id: String,
    version: u64,
    last_offer: Option<Description>,
    /// The offer that takes the place of the last one when that is refused.
    fallback: Option<Description>,
    keys: OwnKeys,
}

/// Which keys of ours are in use. A key stays for as long as its suite does, whatever is described again: a far end that sees another
/// one may begin to count packets anew, or not, and until our answer has come it hears nothing.
// RFC 4568 §7.1.4
#[derive(Clone, Copy, Debug, Default)]
struct OwnKeys {
    /// Goes up before a suite is used a second time, as no two streams may share a key.
    number: u64,
    /// The suite in use.
    suite: Option<Suite>,
    /// Whether there was one before.
    were_used: bool,
}

impl OwnKeys {
    /// Whether these keys follow on those in use without a change.
    fn go_on_with(self, agreed: &Agreed) -> bool {
        let Agreed::Audio { keys: Some(keys), .. } = agreed else { return true };
        !self.were_used || self.suite == Some(keys.ours.suite())
    }

    /// These are in use now.
    fn note(&mut self, agreed: &Agreed) {
        if let Agreed::Audio { keys, .. } = agreed {
            self.suite = keys.map(|keys| keys.ours.suite());
            self.were_used |= keys.is_some();
        }
    }
}

/// What a far end's description leads to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Far {
    /// Audio; nothing where nobody says where to.
    Audio(Option<FarAudio>),
    T38 {
        settings: T38Parameters,
        address: Option<SocketAddr>,
    },
}

/// The audio that a far end wants to get.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct FarAudio {
    pub(super) address: SocketAddr,
    pub(super) coding: Coding,
    /// What its own packets carry.
    pub(super) payload_types: rtp::PayloadTypes,
    /// Which way audio flows, as it sees it.
    pub(super) direction: Direction,
    /// Milliseconds in a packet.
    pub(super) packet_ms: u32,
    /// The payload type of telephone events.
    pub(super) events: Option<u8>,
    /// Where it takes reports.
    pub(super) reports: Option<SocketAddr>,
    /// The keys of SRTP; none where packets are plain.
    pub(super) keys: Option<Keys>,
}

impl Descriptions {
    pub(super) fn new(seed: u64) -> Self {
        // RFC 8866 §5.2: digits only, and few enough for a signed 64-bit number.
        Self {
            session_id: (seed >> 2).to_string(),
            version: 0,
            last_offer: None,
            fallback: None,
            keys: OwnKeys::default(),
        }
    }

    /// An offer of ours.
    pub(super) fn offer(&mut self, what: What, line: &LineSettings) -> Vec<u8> {
        let description = self.describe(what, true, line);
        let octets = description.encode();
        self.last_offer = Some(description);
        octets
    }

    /// An offer to fall back to: audio, protected only where it must be.
    pub(super) fn offer_to_fall_back(&mut self, line: &LineSettings) -> Vec<u8> {
        let must = line.srtp.is_some_and(|srtp| srtp.required);
        let description = self.describe(What::Audio, must, line);
        let octets = description.encode();
        self.fallback = Some(description);
        octets
    }

    /// That offer is made now.
    pub(super) fn fell_back(&mut self) {
        self.last_offer = self.fallback.take().or(self.last_offer.take());
    }

    fn describe(&mut self, what: What, protected: bool, line: &LineSettings) -> Description {
        let origin = self.origin(line.media.t38.ip());
        // Keys that are not in use are not offered beside one that is, but where none is they are all new.
        if self.keys.were_used && self.keys.suite.is_none() {
            self.keys.number += 1;
        }
        let ours = ours(what, self.keys.number, line);
        let mut media = Vec::new();
        // Of both, audio stands first: a far end that looks at one line only finds what it knows.
        if let Some(audio) = &ours.audio {
            let codecs = audio.codecs.iter().map(|codec| Coding::usual(*codec)).collect();
            let mut line = Audio::new(ours.address, audio.port, codecs, audio.ptime_ms);
            line.protection =
                audio.protection.filter(|_| protected).map(|own| own.offer(self.keys.suite)).unwrap_or_default();
            media.push(Media::Audio(line));
        }
        if let Some(t38) = &ours.t38 {
            let line = T38 { address: Some(ours.address), port: t38.port, parameters: t38.parameters.clone() };
            media.push(Media::T38(line));
        }
        Description { origin, media }
    }

    /// The far end's answer to [`Descriptions::offer`]; nothing when it cannot be used.
    pub(super) fn answered(&mut self, body: &[u8], line: &LineSettings) -> Option<Far> {
        let agreed = accept(self.last_offer.as_ref()?, &Description::parse(body).ok()?);
        self.agreed(agreed, line)
    }

    fn agreed(&mut self, agreed: Agreed, line: &LineSettings) -> Option<Far> {
        let is_plain = matches!(agreed, Agreed::Audio { keys: None, .. });
        if is_plain && line.srtp.is_some_and(|srtp| srtp.required) {
            return None;
        }
        self.keys.note(&agreed);
        far(agreed)
    }

    /// What the far end's answer to a description that is in force already leads to: it may have moved, or have other keys.
    // RFC 3264 §8
    pub(super) fn refreshed(&mut self, offer: &[u8], body: &[u8], line: &LineSettings) -> Option<Far> {
        let agreed = accept(&Description::parse(offer).ok()?, &Description::parse(body).ok()?);
        self.agreed(agreed, line)
    }

    #[cfg(test)]
    pub(super) const fn change_keys(&mut self) {
        self.keys.number += 1;
    }

    /// Our answer to the far end's offer, and what it leads to; nothing when no medium is common.
    pub(super) fn answer(&mut self, body: &[u8], what: What, line: &LineSettings) -> Option<(Vec<u8>, Far)> {
        let offer = Description::parse(body).ok()?;
        let origin = self.origin(line.media.t38.ip());
        let (mut description, mut agreed) = answer(&offer, &ours(what, self.keys.number, line), origin.clone());
        if !self.keys.go_on_with(&agreed) {
            self.keys.number += 1;
            (description, agreed) = answer(&offer, &ours(what, self.keys.number, line), origin);
        }
        self.keys.note(&agreed);
        Some((description.encode(), far(agreed)?))
    }

    /// Whether an answer takes T.38, though it was not offered, and nothing else. Some gateways know that a fax is coming.
    pub(super) fn takes_only_t38(body: &[u8]) -> bool {
        let media = Description::parse(body).map(|answer| answer.media).unwrap_or_default();
        let mut taken = media.iter().filter(|media| !media.is_refused()).peekable();
        taken.peek().is_some() && taken.all(|media| matches!(media, Media::T38(_)))
    }

    /// What is told with the refusal of an offer, for who has to find out.
    // RFC 3261 §20.43
    pub(super) fn refusal(body: &[u8], line: &LineSettings) -> String {
        let Ok(offer) = Description::parse(body) else {
            return "399 faxramp \"the session description cannot be read\"".into();
        };
        let audio: Vec<_> =
            offer.media.iter().filter(|media| !media.is_refused()).filter_map(Media::as_audio).collect();
        let by_dtls = |media: &Media| matches!(media, Media::Other(other) if other.protocol.contains("TLS/RTP/"));
        let is_secure = |audio: &&Audio| audio.protection.profile.is_secure();
        let text = if audio.is_empty() && offer.media.iter().any(by_dtls) {
            "302 faxramp \"SRTP by DTLS is not known here; RTP, or SRTP with keys in SDP, is needed\""
        } else if audio.is_empty() {
            "304 faxramp \"audio by RTP or T.38 by UDPTL is needed\""
        } else if audio.iter().all(|audio| audio.codecs.iter().all(|coding| !line.codecs.contains(&coding.codec))) {
            "305 faxramp \"G.711 is needed\""
        } else if line.srtp.is_some_and(|srtp| srtp.required) {
            "302 faxramp \"SRTP with keys in SDP is required, in a suite that is known here\""
        } else if line.srtp.is_some() && audio.iter().any(is_secure) {
            "302 faxramp \"SRTP needs keys in SDP, in a suite that is known here\""
        } else if audio.iter().any(is_secure) {
            "302 faxramp \"SRTP is not taken here, RTP without it is needed\""
        } else {
            "304 faxramp \"nothing offered is taken\""
        };
        text.into()
    }

    fn origin(&mut self, address: IpAddr) -> Origin {
        self.version += 1;
        Origin { session_id: self.session_id.clone(), version: self.version, address: Some(address) }
    }
}

fn ours(what: What, number: u64, line: &LineSettings) -> Ours {
    let audio = OurAudio {
        port: line.media.audio.port(),
        codecs: line.codecs.clone(),
        ptime_ms: PACKET_MS,
        protection: line.srtp.map(|srtp| OurProtection { number, ..srtp }),
    };
    let t38 = OurT38 { port: line.media.t38.port(), parameters: parameters(line) };
    Ours {
        address: line.media.t38.ip(),
        audio: (what != What::T38).then_some(audio),
        t38: (what != What::Audio).then_some(t38),
    }
}

fn parameters(line: &LineSettings) -> T38Parameters {
    T38Parameters {
        // Everybody speaks version 0, and an offer is answered with the lower one. Later versions add nothing for 14400 bit/s but another
        // grammar, about which far ends err; whichever they really speak is understood and spoken back.
        version: 0,
        max_bit_rate: line.max_rate,
        rate_management: RateManagement::TransferredTcf,
        // We take whatever comes however fast; a number would only make a far end hold back.
        max_buffer: None,
        max_datagram: Some(MAX_DATAGRAM),
        error_correction: match line.error_correction {
            t38::ErrorCorrection::None => ErrorCorrection::None,
            t38::ErrorCorrection::Redundancy => ErrorCorrection::Redundancy,
            t38::ErrorCorrection::Fec => ErrorCorrection::Fec,
        },
        fill_bit_removal: false,
        transcoding_mmr: false,
        transcoding_jbig: false,
    }
}

fn far(agreed: Agreed) -> Option<Far> {
    // RFC 3264 §8.4: 0.0.0.0 was once how a medium was put on hold; nobody is there.
    let reached = |address: Option<IpAddr>, port: u16| {
        address.filter(|address| !address.is_unspecified()).map(|address| SocketAddr::new(address, port))
    };
    match agreed {
        Agreed::Audio { coding, ours, far, keys } => {
            let (direction, packet_ms, reports) = (far.direction, far.packet_ms(), far.reports_at());
            // What we named ourselves is audio.
            let events = far.events.filter(|events| ours.iter().all(|ours| ours.payload_type != *events));
            let payload_types = payload_types(&ours, &far);
            let far_audio =
                |address| FarAudio { address, coding, payload_types, direction, packet_ms, events, reports, keys };
            Some(Far::Audio(reached(far.address, far.port).map(far_audio)))
        }
        Agreed::T38 { parameters, far } => {
            let T38Parameters { max_datagram, max_buffer, .. } = far.parameters;
            let settings = T38Parameters { max_datagram, max_buffer, ..parameters };
            Some(Far::T38 { settings, address: reached(far.address, far.port) })
        }
        Agreed::Nothing => None,
    }
}

/// What the far end's packets carry: what we said of our payload types, as those it is to send; of all others what it says of its own, as
/// some send by these.
// RFC 3264 §5.1
fn payload_types(ours: &[Coding], far: &Audio) -> rtp::PayloadTypes {
    let mut types = rtp::PayloadTypes::default();
    for codec in far.displaced() {
        types.set(codec.static_payload_type(), None);
    }
    for Coding { codec, payload_type } in far.codecs.iter().chain(ours) {
        types.set(*payload_type, Some(codec.law()));
    }
    types
}

/// The fastest modulation of ours that the agreed bit rate allows.
// T.38 (09/2010) Annex D: T38MaxBitRate
pub(super) fn fastest(ours: Modulation, agreed: &T38Parameters) -> Modulation {
    let slowest = Modulation::V27ter2400.bits_per_second();
    // A rate below every modem's says nothing.
    let rate = if agreed.max_bit_rate < slowest { u32::MAX } else { agreed.max_bit_rate };
    let allowed = Modulation::ALL.into_iter().filter(|modulation| modulation.bits_per_second() <= rate);
    allowed.filter(|modulation| within(*modulation, ours)).max().unwrap_or(Modulation::V27ter2400)
}

/// How our terminal speaks to a far end that said this.
pub(super) fn terminal(line: &LineSettings, far: &T38Parameters) -> t38::Settings {
    t38::Settings {
        version: far.version,
        max_datagram_octets: far.max_datagram.filter(|octets| *octets >= LEAST_DATAGRAM).unwrap_or(UNSAID_DATAGRAM)
            as usize,
        far_buffer_octets: far.max_buffer.map(|octets| octets as usize),
        error_correction: match far.error_correction {
            ErrorCorrection::None => t38::ErrorCorrection::None,
            ErrorCorrection::Redundancy => t38::ErrorCorrection::Redundancy,
            ErrorCorrection::Fec => t38::ErrorCorrection::Fec,
        },
        control_redundancy: line.control_redundancy,
        image_redundancy: line.image_redundancy,
        pacing: line.pacing,
        ..t38::Settings::default()
    }
}

#[cfg(test)]
mod tests {
    use super::fastest;
    use crate::sdp::T38Parameters;
    use crate::signal::Modulation;
    use crate::t30::fallback::without_v17;

    #[test]
    fn an_agreed_rate_never_brings_back_a_family_that_is_left_out() {
        let agreed = |max_bit_rate| T38Parameters { max_bit_rate, ..T38Parameters::default() };
        for (rate, with, without) in [
            (14_400, Modulation::V17At14400, Modulation::V29At9600),
            (9600, Modulation::V17At9600, Modulation::V29At9600),
            (7200, Modulation::V17At7200, Modulation::V29At7200),
            (2400, Modulation::V27ter2400, Modulation::V27ter2400),
            // A rate below every modem's says nothing.
            (0, Modulation::V17At14400, Modulation::V29At9600),
        ] {
            assert_eq!(fastest(Modulation::V17At14400, &agreed(rate)), with, "{rate}");
            assert_eq!(fastest(without_v17(Modulation::V17At14400), &agreed(rate)), without, "{rate}");
        }
    }
}
