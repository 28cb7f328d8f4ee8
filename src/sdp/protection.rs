//! How the audio of a line is protected: its profile, and the keys that it carries for SRTP. Serves RFC 4568.

use base64::Engine as _;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use sdp_types::Attribute;

use crate::srtp::{MasterKey, Suite};

/// Whether the packets of an audio line are SRTP, and the keys that the describing end sends with.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Protection {
    /// The profile of the line.
    pub profile: Profile,
    /// The keys that can be used, in order of preference. Beside a profile without encryption they are an invitation; without any,
    /// one with it cannot be used.
    pub keys: Vec<Crypto>,
}

/// The profile of an audio line.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Profile {
    /// `RTP/AVP`.
    #[default]
    Plain,
    /// `RTP/AVPF`: the same, of an end that would take feedback between its reports. Nobody has to give any, and we do not.
    // RFC 4585 §3
    PlainWithFeedback,
    /// `RTP/SAVP`.
    // RFC 3711 §12
    Secure,
    /// `RTP/SAVPF`.
    // RFC 5124 §3
    SecureWithFeedback,
}

impl Profile {
    const ALL: [Self; 4] = [Self::Plain, Self::PlainWithFeedback, Self::Secure, Self::SecureWithFeedback];

    /// As the media line has it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Plain => "RTP/AVP",
            Self::PlainWithFeedback => "RTP/AVPF",
            Self::Secure => "RTP/SAVP",
            Self::SecureWithFeedback => "RTP/SAVPF",
        }
    }

    /// Whether packets are encrypted.
    #[must_use]
    pub const fn is_secure(self) -> bool {
        matches!(self, Self::Secure | Self::SecureWithFeedback)
    }

    pub(super) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|profile| profile.name().eq_ignore_ascii_case(name))
    }
}

/// One `a=crypto`.
// RFC 4568 §4
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Crypto {
    /// What an answer names it by.
    pub tag: u32,
    /// Suite and key.
    pub key: MasterKey,
}

/// What both ends use: each sends under a key of its own.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Keys {
    /// What we send under.
    pub ours: MasterKey,
    /// What the far end sends under.
    pub theirs: MasterKey,
}

/// How we want audio to be protected.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct OurProtection {
    /// Whether unprotected audio is refused.
    pub required: bool,
    /// Chance that nobody can guess, of which keys are made.
    pub chance: [u8; 32],
    /// Which keys: another number for each stream of a call, as no two may share one.
    pub number: u64,
}

impl std::fmt::Debug for OurProtection {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("OurProtection").field("required", &self.required).finish_non_exhaustive()
    }
}

/// The suites of an offer of ours. Some far ends look at the first one only, and that all have.
const OFFERED: [Suite; 3] = [Suite::AesCm128HmacSha1Tag80, Suite::AeadAes128Gcm, Suite::AesCm128HmacSha1Tag32];

/// The most `a=crypto` of a line that are looked at.
const MOST_KEYS: usize = 16;

/// Packets that a key must be good for: some hours of audio.
// RFC 4568 §6.1: lifetimes count packets
const LEAST_LIFETIME: u64 = 1 << 20;

impl OurProtection {
    /// What an offer has: all suites, or the one that is in use.
    #[must_use]
    pub fn offer(&self, in_use: Option<Suite>) -> Protection {
        let keys = (1..)
            .zip(OFFERED)
            .filter(|(_, suite)| in_use.is_none_or(|in_use| in_use == *suite))
            .map(|(tag, suite)| Crypto { tag, key: MasterKey::drawn(suite, &self.chance, self.number) });
        Protection { profile: Profile::Secure, keys: keys.collect() }
    }

    /// What an answer has to a line with usable keys, and what both use.
    // RFC 4568 §5.1.2: one of those offered, by its tag, with a key of our own
    pub(super) fn answer(&self, offered: &Protection) -> Option<(Protection, Keys)> {
        let theirs = offered.keys.first()?;
        let ours = MasterKey::drawn(theirs.key.suite(), &self.chance, self.number);
        let line = Protection { profile: offered.profile, keys: vec![Crypto { tag: theirs.tag, key: ours }] };
        Some((line, Keys { ours, theirs: theirs.key }))
    }
}

impl Protection {
    /// What is agreed when this is the answer to an offer of ours; an error when it is none that can be used.
    // RFC 4568 §5.1.3
    pub(super) fn answers(&self, offered: &Self) -> Result<Option<Keys>, Unusable> {
        let matching = |ours: &&Crypto| {
            self.keys.first().is_some_and(|theirs| theirs.tag == ours.tag && theirs.key.suite() == ours.key.suite())
        };
        let ours = offered.keys.iter().find(matching);
        match (ours, self.keys.first()) {
            (Some(ours), Some(theirs)) => Ok(Some(Keys { ours: ours.key, theirs: theirs.key })),
            (None, None) if !self.profile.is_secure() => Ok(None),
            (Some(_) | None, Some(_) | None) => Err(Unusable),
        }
    }

    pub(super) fn read(profile: Profile, attributes: &[Attribute]) -> Self {
        let is_crypto = |attribute: &&Attribute| attribute.attribute.trim().eq_ignore_ascii_case("crypto");
        let values = attributes.iter().filter(is_crypto).take(MOST_KEYS).filter_map(|one| one.value.as_deref());
        Self { profile, keys: values.filter_map(Crypto::read).collect() }
    }

    pub(super) fn write(&self) -> impl Iterator<Item = Attribute> {
        self.keys.iter().map(|crypto| {
            let Crypto { tag, key } = crypto;
            let inline = BASE64.encode(key.octets());
            Attribute::with_value("crypto", format!("{tag} {} inline:{inline}", key.suite().name()))
        })
    }
}

/// An answer whose keys are not those of the offer; the peer's fault.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Unusable;

impl Crypto {
    /// Reads `tag suite inline:key|lifetime|mki session-parameters`; none when it is not one we can do as it says.
    // RFC 4568 §9.1
    fn read(value: &str) -> Option<Self> {
        let mut words = value.split_ascii_whitespace();
        let tag = words.next()?.parse().ok()?;
        let suite = Suite::named(words.next()?)?;
        let inline = words.next()?;
        if !words.all(is_harmless) {
            return None;
        }
        let inline = inline
            .get(..INLINE.len())
            .filter(|method| method.eq_ignore_ascii_case(INLINE))
            .and(inline.get(INLINE.len()..))?;
        // Several keys, each with an identifier, are for groups.
        let mut parts = Some(inline).filter(|inline| !inline.contains(';'))?.split('|');
        let key = MasterKey::new(suite, &BASE64.decode(parts.next()?).ok()?)?;
        // With an identifier every packet would carry it.
        let lasts =
            parts.all(|part| !part.contains(':') && lifetime(part).is_some_and(|packets| packets >= LEAST_LIFETIME));
        lasts.then_some(Self { tag, key })
    }
}

/// How a key is told.
const INLINE: &str = "inline:";

/// Whether a session parameter changes nothing that we do: a hint about windows, and what is marked as optional.
// RFC 4568 §6.3, §6.3.7
fn is_harmless(parameter: &str) -> bool {
    let window = parameter.get(..4).filter(|name| name.eq_ignore_ascii_case("WSH=")).and(parameter.get(4..));
    parameter.starts_with('-') || window.is_some_and(|size| size.parse::<u32>().is_ok_and(|size| size >= 64))
}

/// `2^20` or a number.
fn lifetime(text: &str) -> Option<u64> {
    match text.strip_prefix("2^") {
        Some(power) => power.parse::<u32>().ok().and_then(|power| 1_u64.checked_shl(power)),
        None => text.parse().ok(),
    }
}

/// With padding, and read without it too, which some leave out.
// RFC 4568 §6.1
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

#[cfg(test)]
mod tests;
