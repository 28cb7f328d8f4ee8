//! What comes of an offer and its answer.
//!
//! One medium is used at a time: T.38 where both have it, otherwise audio. Serves RFC 3264 §6 and ITU-T T.38 Annex D.

use std::net::IpAddr;

use super::{Audio, Codec, Coding, Description, Keys, Media, Origin, OurProtection, Protection, T38, T38Parameters};

/// What we are willing to use for one answer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Ours {
    /// Our address in all lines.
    pub address: IpAddr,
    /// Audio, unless it is not wanted now.
    pub audio: Option<OurAudio>,
    /// T.38, unless it is not wanted now; preferred to audio.
    pub t38: Option<OurT38>,
}

/// Audio on our side.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OurAudio {
    /// Our port.
    pub port: u16,
    /// Our codecs; the far end's order decides.
    pub codecs: Vec<Codec>,
    /// Milliseconds in a packet that we send.
    pub ptime_ms: u32,
    /// How it is to be protected; none wants no SRTP.
    pub protection: Option<OurProtection>,
}

/// T.38 on our side.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OurT38 {
    /// Our port.
    pub port: u16,
    /// What we can do.
    pub parameters: T38Parameters,
}

/// What both ends use now.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Agreed {
    /// Audio.
    Audio {
        /// The codec to send, under the far end's payload type.
        // RFC 3264 §5.1, §6.1: each end says under which it wants to receive
        coding: Coding,
        /// Under which payload types of ours the far end may send.
        ours: Vec<Coding>,
        /// The far end's line.
        far: Audio,
        /// The keys of SRTP; none where packets are plain.
        keys: Option<Keys>,
    },
    /// T.38.
    T38 {
        /// What holds for both: version, rate, error correction, flags.
        parameters: T38Parameters,
        /// The far end's line; its datagram size bounds what we send.
        far: T38,
    },
    /// No medium in common: refuse the offer with 488, or end the call.
    Nothing,
}

/// Answers an offer: as many media lines, all but one refused.
#[must_use]
pub fn answer(offer: &Description, ours: &Ours, origin: Origin) -> (Description, Agreed) {
    let chosen = choose(offer, ours);
    let mut media: Vec<_> = offer.media.iter().map(Media::refusal).collect();
    let Some((index, line, agreed)) = chosen else {
        return (Description { origin, media }, Agreed::Nothing);
    };
    media[index] = line;
    (Description { origin, media }, agreed)
}

/// The offered line to use, our line for it and what is agreed.
fn choose(offer: &Description, ours: &Ours) -> Option<(usize, Media, Agreed)> {
    let lines = || offer.media.iter().enumerate().filter(|(_, media)| !media.is_refused());
    let t38 = lines().find_map(|(index, media)| {
        let (Media::T38(far), Some(our)) = (media, &ours.t38) else { return None };
        let parameters = our.parameters.answer(&far.parameters);
        let line = T38 { address: Some(ours.address), port: our.port, parameters: parameters.clone() };
        Some((index, Media::T38(line), Agreed::T38 { parameters, far: far.clone() }))
    });
    let audio = |secure: bool| {
        lines().find_map(|(index, media)| {
            let (Media::Audio(far), Some(our)) = (media, &ours.audio) else { return None };
            // RFC 3264 §6.1: the payload type of the offer is that of the answer
            let coding = far.first_of(|codec| our.codecs.contains(&codec))?;
            let (protection, keys) = our.protected(far, secure)?;
            let mut line = Audio::new(ours.address, our.port, vec![coding], our.ptime_ms);
            (line.direction, line.protection) = (far.direction.answer(), protection);
            Some((index, Media::Audio(line), Agreed::Audio { coding, ours: vec![coding], far: far.clone(), keys }))
        })
    };
    t38.or_else(|| audio(true)).or_else(|| audio(false))
}

impl OurAudio {
    /// How a line of ours is protected that answers this one with keys, or without; none where that is not wanted or cannot be.
    fn protected(&self, far: &Audio, secure: bool) -> Option<(Protection, Option<Keys>)> {
        let profile = far.protection.profile;
        match (&self.protection, secure) {
            (Some(ours), true) => ours.answer(&far.protection).map(|(line, keys)| (line, Some(keys))),
            // RFC 3264 §6: an answer has the profile of its offer
            (Some(OurProtection { required: false, .. }) | None, false) if !profile.is_secure() => {
                Some((Protection { profile, keys: Vec::new() }, None))
            }
            (None, true) | (Some(_) | None, false) => None,
        }
    }
}

/// Reads the answer to an offer of ours: of the lines that we offered and the far end did not refuse, T.38 before audio, as some
/// take both. A far end that leaves lines out, which it must not, is taken to have refused those of another kind; what was not
/// offered is not taken.
// RFC 3264 §6: "m=" lines of offer and answer match by position
#[must_use]
pub fn accept(offer: &Description, answer: &Description) -> Agreed {
    let by_position = best(offer.media.iter().zip(&answer.media));
    let by_kind = || best(offer.media.iter().flat_map(|ours| answer.media.iter().map(move |far| (ours, far))));
    let leaves_out = answer.media.len() < offer.media.len();
    by_position.or_else(|| if leaves_out { by_kind() } else { None }).unwrap_or(Agreed::Nothing)
}

fn best<'lines>(pairs: impl Iterator<Item = (&'lines Media, &'lines Media)>) -> Option<Agreed> {
    let is_t38 = |agreed: &Agreed| matches!(agreed, Agreed::T38 { .. });
    pairs.filter_map(agree).reduce(|best, other| if is_t38(&other) && !is_t38(&best) { other } else { best })
}

fn agree((ours, far): (&Media, &Media)) -> Option<Agreed> {
    if ours.is_refused() || far.is_refused() {
        return None;
    }
    match (ours, far) {
        (Media::T38(ours), Media::T38(far)) => {
            let parameters = ours.parameters.answer(&far.parameters);
            Some(Agreed::T38 { parameters, far: far.clone() })
        }
        (Media::Audio(ours), Media::Audio(far)) => {
            let coding = far.first_of(|codec| ours.codecs.iter().any(|ours| ours.codec == codec))?;
            let keys = far.protection.answers(&ours.protection).ok()?;
            Some(Agreed::Audio { coding, ours: ours.codecs.clone(), far: far.clone(), keys })
        }
        (Media::T38(_), Media::Audio(_) | Media::Other(_))
        | (Media::Audio(_), Media::T38(_) | Media::Other(_))
        | (Media::Other(_), _) => None,
    }
}
