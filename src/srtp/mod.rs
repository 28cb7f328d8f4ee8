//! SRTP: packets of RTP encrypted and authenticated, in the three suites that gateways agree on by SDES.
//!
//! Values and their bytes, over the ciphers of well-kept libraries; RTCP likewise ([`control`]); no key agreement, no master key
//! identifiers. A key of ours lasts for its call; a far end may change its own. Serves RFC 3711, RFC 4568 §6.2 and
//! RFC 7714.

mod cipher;
pub mod control;
mod derivation;
mod index;

use thiserror::Error;

use ring::hmac;

use cipher::Cipher;
use derivation::Labels;
use index::{Received, Sent};

/// A pair of transforms, by its name in `a=crypto`.
// RFC 4568 §6.2, RFC 7714 §14.2
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Suite {
    /// AES in counter mode, tags of 80 bits: what every implementation has.
    AesCm128HmacSha1Tag80,
    /// The same with tags of 32 bits.
    AesCm128HmacSha1Tag32,
    /// AES in Galois counter mode, tags of 128 bits.
    AeadAes128Gcm,
}

impl Suite {
    /// All of them, the one we like best first.
    pub const ALL: [Self; 3] = [Self::AeadAes128Gcm, Self::AesCm128HmacSha1Tag80, Self::AesCm128HmacSha1Tag32];

    /// The name in `a=crypto`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::AesCm128HmacSha1Tag80 => "AES_CM_128_HMAC_SHA1_80",
            Self::AesCm128HmacSha1Tag32 => "AES_CM_128_HMAC_SHA1_32",
            Self::AeadAes128Gcm => "AEAD_AES_128_GCM",
        }
    }

    /// The suite with this name, in any case.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|suite| suite.name().eq_ignore_ascii_case(name))
    }

    /// Octets of the master salt.
    // RFC 3711 §8.2: 112 bits; RFC 7714 §12: 96 bits
    const fn salt_octets(self) -> usize {
        match self {
            Self::AesCm128HmacSha1Tag80 | Self::AesCm128HmacSha1Tag32 => 14,
            Self::AeadAes128Gcm => 12,
        }
    }

    /// Octets of master key and salt together, as `inline:` carries them.
    // RFC 4568 §6.1: the key first, then the salt
    #[must_use]
    pub const fn key_and_salt_octets(self) -> usize {
        KEY_OCTETS + self.salt_octets()
    }

    /// Octets behind the payload of a packet.
    #[must_use]
    pub const fn tag_octets(self) -> usize {
        match self {
            Self::AesCm128HmacSha1Tag80 => 10,
            Self::AesCm128HmacSha1Tag32 => 4,
            Self::AeadAes128Gcm => 16,
        }
    }
}

/// Octets of a key of AES-128.
const KEY_OCTETS: usize = 16;

/// A master key and salt for one direction of one call. It shows itself in no log.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct MasterKey {
    suite: Suite,
    key: [u8; KEY_OCTETS],
    /// What the suite has no use for is zero.
    // RFC 7714 §11: the key derivation of RFC 3711, which takes 112 bits
    salt: [u8; SALT_OCTETS],
}

/// Octets of the longest salt.
const SALT_OCTETS: usize = 14;

impl MasterKey {
    /// The key of this suite in these octets, key and salt; none when they are not as many as it has.
    #[must_use]
    pub fn new(suite: Suite, octets: &[u8]) -> Option<Self> {
        let whole = Some(octets).filter(|octets| octets.len() == suite.key_and_salt_octets())?;
        let (key, salt) = whole.split_first_chunk::<KEY_OCTETS>()?;
        let mut padded = [0; SALT_OCTETS];
        padded[..salt.len()].copy_from_slice(salt);
        Some(Self { suite, key: *key, salt: padded })
    }

    /// The key of this suite that chance draws, which nobody may guess. Another suite or number draws another key.
    #[must_use]
    pub fn drawn(suite: Suite, chance: &[u8; 32], number: u64) -> Self {
        let what = [suite.name().as_bytes(), &number.to_be_bytes()].concat();
        let drawn = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, chance), &what);
        let (mut key, mut salt) = ([0; KEY_OCTETS], [0; SALT_OCTETS]);
        let (first, rest) = drawn.as_ref().split_at(KEY_OCTETS);
        key.copy_from_slice(first);
        salt[..suite.salt_octets()].copy_from_slice(&rest[..suite.salt_octets()]);
        Self { suite, key, salt }
    }

    /// Its suite.
    #[must_use]
    pub const fn suite(&self) -> Suite {
        self.suite
    }

    /// Key and salt, as they were given.
    #[must_use]
    pub fn octets(&self) -> Vec<u8> {
        [&self.key[..], &self.salt[..self.suite.salt_octets()]].concat()
    }
}

impl std::fmt::Debug for MasterKey {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("MasterKey").field("suite", &self.suite).finish_non_exhaustive()
    }
}

/// Why a packet is not taken, or cannot be sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum SrtpError {
    /// Shorter than its header and tag, or no RTP at all. The peer's fault.
    #[error("no SRTP packet: it ends too soon, or is of another kind")]
    Malformed,
    /// It was not made with the key, or was changed on the way. The peer's fault, or an attack.
    #[error("the authentication of an SRTP packet fails")]
    Authentication,
    /// It came before, or so late that nobody can say. The path's fault, or an attack.
    #[error("an SRTP packet came twice, or too late")]
    Replayed,
    /// More streams than a call has. The peer's fault.
    #[error("more SRTP streams than a call has")]
    TooManyStreams,
    /// The key has protected as many packets as it may.
    // RFC 3711 §9.2
    #[error("the SRTP key is used up")]
    KeyUsedUp,
}

/// Streams that may come under one key, one after the other: a gateway that moves the call begins a new one.
pub const STREAMS_MAX: usize = 8;

/// The packets that we send, of one stream.
#[derive(Debug)]
pub struct Sender {
    cipher: Cipher,
    sent: Sent,
}

impl Sender {
    /// Under this key.
    #[must_use]
    pub fn new(key: &MasterKey) -> Self {
        Self { cipher: rtp_cipher(key), sent: Sent::default() }
    }

    /// Encrypts a packet of RTP in its place and puts its tag behind. Sequence numbers must go up by less than half their range.
    ///
    /// # Errors
    /// [`SrtpError::Malformed`] when it is no RTP, [`SrtpError::KeyUsedUp`].
    // RFC 3711 §3.3
    pub fn protect(&mut self, packet: &mut Vec<u8>) -> Result<(), SrtpError> {
        let header = Header::read(packet).ok_or(SrtpError::Malformed)?;
        let index = self.sent.next(header.sequence).ok_or(SrtpError::KeyUsedUp)?;
        self.cipher.seal(packet, header.octets, header.ssrc, index);
        Ok(())
    }
}

/// The packets that come to us, of one stream or of several one after the other.
#[derive(Debug)]
pub struct Receiver {
    cipher: Cipher,
    streams: Vec<(u32, Received)>,
    /// The newest packet of each stream under the key before this one.
    earlier: Vec<(u32, u64)>,
}

impl Receiver {
    /// Under this key.
    #[must_use]
    pub fn new(key: &MasterKey) -> Self {
        Self { cipher: rtp_cipher(key), streams: Vec::new(), earlier: Vec::new() }
    }

    /// Under another key for the same streams, which may go on counting or begin anew.
    // RFC 3711 §3.3.1 has the counter go on behind a new key, RFC 4568 §7.1.4 has it begin where the far end has moved, and not all
    // far ends keep to either.
    #[must_use]
    pub fn succeeding(&self, key: &MasterKey) -> Self {
        let newest = self.streams.iter().map(|(ssrc, received)| (*ssrc, received.highest));
        Self { cipher: rtp_cipher(key), streams: Vec::new(), earlier: newest.collect() }
    }

    /// Checks a packet, takes its tag off and decrypts it in its place. A packet that is refused changes nothing; its octets are of
    /// no use any more.
    ///
    /// # Errors
    /// [`SrtpError`], but not `KeyUsedUp`.
    // RFC 3711 §3.3
    pub fn unprotect(&mut self, packet: &mut Vec<u8>) -> Result<(), SrtpError> {
        let header = Header::read(packet).ok_or(SrtpError::Malformed)?;
        let Some((_, received)) = self.streams.iter_mut().find(|(ssrc, _)| *ssrc == header.ssrc) else {
            return self.first_of_stream(packet, &header);
        };
        let index = received.index(header.sequence).ok_or(SrtpError::Replayed)?;
        self.cipher.open(packet, header.octets, header.ssrc, index)?;
        // Nothing is learned from a packet before it is known to be genuine.
        received.take(index);
        Ok(())
    }

    /// The first packet of a stream that is heard. How often its number has wrapped is not known for certain, so what is likely is
    /// tried; only the right one passes.
    fn first_of_stream(&mut self, packet: &mut Vec<u8>, header: &Header) -> Result<(), SrtpError> {
        if self.streams.len() >= STREAMS_MAX {
            return Err(SrtpError::TooManyStreams);
        }
        let went_on = self.earlier.iter().find(|(ssrc, _)| *ssrc == header.ssrc);
        let went_on = went_on.and_then(|(_, newest)| index::nearest(*newest, header.sequence));
        // RFC 3711 §3.3.1: the first packet begins with a rollover counter of zero; what was sent before we listened may have wrapped it.
        let begun = u64::from(header.sequence);
        let mut refused = SrtpError::Authentication;
        for index in went_on.into_iter().chain([begun, begun + (1 << 16)]) {
            let mut tried = packet.clone();
            match self.cipher.open(&mut tried, header.octets, header.ssrc, index) {
                Ok(()) => {
                    *packet = tried;
                    self.streams.push((header.ssrc, Received::beginning(index)));
                    return Ok(());
                }
                Err(error) => refused = error,
            }
        }
        Err(refused)
    }
}

fn rtp_cipher(key: &MasterKey) -> Cipher {
    Cipher::derive(key, &Labels::RTP, key.suite.tag_octets())
}

/// What SRTP needs of an RTP header.
// RFC 3550 §5.1, §5.3.1
struct Header {
    /// Its length, contributing sources and extension included: what stays in the clear.
    octets: usize,
    sequence: u16,
    ssrc: u32,
}

impl Header {
    fn read(packet: &[u8]) -> Option<Self> {
        let fixed = packet.first_chunk::<FIXED_HEADER_OCTETS>()?;
        if fixed[0] >> 6 != 2 {
            return None;
        }
        let mut octets = FIXED_HEADER_OCTETS + usize::from(fixed[0] & 0x0F) * 4;
        if fixed[0] & 0x10 != 0 {
            let extension = packet.get(octets..)?.first_chunk::<4>()?;
            octets += 4 + usize::from(u16::from_be_bytes([extension[2], extension[3]])) * 4;
        }
        let sequence = u16::from_be_bytes([fixed[2], fixed[3]]);
        let ssrc = u32::from_be_bytes([fixed[8], fixed[9], fixed[10], fixed[11]]);
        (octets <= packet.len()).then_some(Self { octets, sequence, ssrc })
    }
}

/// Octets of a header without sources and extension.
const FIXED_HEADER_OCTETS: usize = 12;

#[cfg(test)]
mod tests;
