//! The transforms: what encrypts and authenticates one packet.

use ctr::cipher::{KeyIvInit as _, StreamCipher as _};
use ring::{aead, hmac};
use subtle::ConstantTimeEq as _;

use super::derivation::{Counter, Labels, derive};
use super::{KEY_OCTETS, MasterKey, SALT_OCTETS, SrtpError, Suite};

/// The keys of a session, for one direction.
pub(super) enum Cipher {
    /// AES in counter mode and HMAC-SHA1.
    Counter(CounterMode),
    /// AES in Galois counter mode.
    Galois { key: Box<aead::LessSafeKey>, salt: [u8; aead::NONCE_LEN] },
}

pub(super) struct CounterMode {
    key: [u8; KEY_OCTETS],
    salt: [u8; SALT_OCTETS],
    authentication: hmac::Key,
    tag_octets: usize,
}

/// Octets of the key of HMAC-SHA1.
// RFC 3711 §8.2: 160 bits
const AUTHENTICATION_KEY_OCTETS: usize = 20;

impl Cipher {
    /// The keys of a session out of a master key, with tags of so many octets where the cipher does not say itself.
    pub(super) fn derive(master: &MasterKey, labels: &Labels, tag_octets: usize) -> Self {
        let mut key = [0; KEY_OCTETS];
        derive(master, labels.encryption, &mut key);
        let mut salt = [0; SALT_OCTETS];
        derive(master, labels.salt, &mut salt[..master.suite.salt_octets()]);
        match master.suite {
            Suite::AesCm128HmacSha1Tag80 | Suite::AesCm128HmacSha1Tag32 => {
                let mut authentication = [0; AUTHENTICATION_KEY_OCTETS];
                derive(master, labels.authentication, &mut authentication);
                let authentication = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &authentication);
                Self::Counter(CounterMode { key, salt, authentication, tag_octets })
            }
            Suite::AeadAes128Gcm => Self::galois(key, salt),
        }
    }

    /// Galois counter mode under these keys of a session.
    pub(super) fn galois(key: [u8; KEY_OCTETS], salt: [u8; SALT_OCTETS]) -> Self {
        let key = aead::UnboundKey::new(&aead::AES_128_GCM, &key).expect("a key of 16 octets");
        let mut short = [0; aead::NONCE_LEN];
        short.copy_from_slice(&salt[..aead::NONCE_LEN]);
        Self::Galois { key: Box::new(aead::LessSafeKey::new(key)), salt: short }
    }

    /// Encrypts what stands behind the header and puts the tag behind.
    pub(super) fn seal(&self, packet: &mut Vec<u8>, header_octets: usize, ssrc: u32, index: u64) {
        match self {
            Self::Counter(mode) => {
                mode.apply(&mut packet[header_octets..], ssrc, index);
                let tag = mode.tag(packet, &wraps(index));
                packet.extend_from_slice(&tag.as_ref()[..mode.tag_octets]);
            }
            Self::Galois { key, salt } => {
                let (header, payload) = packet.split_at_mut(header_octets);
                let sealed =
                    key.seal_in_place_separate_tag(nonce(salt, ssrc, index), aead::Aad::from(&*header), payload);
                let tag = sealed.expect("a packet is shorter than what the cipher takes");
                packet.extend_from_slice(tag.as_ref());
            }
        }
    }

    /// Checks and takes off the tag, and decrypts what stands behind the header.
    pub(super) fn open(
        &self,
        packet: &mut Vec<u8>,
        header_octets: usize,
        ssrc: u32,
        index: u64,
    ) -> Result<(), SrtpError> {
        match self {
            Self::Counter(mode) => {
                let octets = packet.len().checked_sub(mode.tag_octets).filter(|octets| *octets >= header_octets);
                let octets = octets.ok_or(SrtpError::Malformed)?;
                let (genuine, said) = packet.split_at(octets);
                let tag = mode.tag(genuine, &wraps(index));
                if !bool::from(tag.as_ref()[..mode.tag_octets].ct_eq(said)) {
                    return Err(SrtpError::Authentication);
                }
                packet.truncate(octets);
                mode.apply(&mut packet[header_octets..], ssrc, index);
            }
            Self::Galois { key, salt } => {
                if packet.len() < header_octets + aead::AES_128_GCM.tag_len() {
                    return Err(SrtpError::Malformed);
                }
                let (header, sealed) = packet.split_at_mut(header_octets);
                let opened = key.open_in_place(nonce(salt, ssrc, index), aead::Aad::from(&*header), sealed);
                let octets = opened.map_err(|_| SrtpError::Authentication)?.len();
                packet.truncate(header_octets + octets);
            }
        }
        Ok(())
    }
}

impl Cipher {
    /// Encrypts a packet of RTCP behind its first header, and puts this word and the tag behind, in the order of the suite.
    // RFC 3711 §3.4, RFC 7714 §9.2
    pub(super) fn seal_control(&self, packet: &mut Vec<u8>, ssrc: u32, index: u32) {
        let word = (ENCRYPTED | index).to_be_bytes();
        match self {
            Self::Counter(mode) => {
                mode.apply(&mut packet[CONTROL_HEADER_OCTETS..], ssrc, index.into());
                packet.extend_from_slice(&word);
                let tag = mode.tag(packet, &[]);
                packet.extend_from_slice(&tag.as_ref()[..mode.tag_octets]);
            }
            Self::Galois { key, salt } => {
                let (header, payload) = packet.split_at_mut(CONTROL_HEADER_OCTETS);
                let known = [&*header, &word].concat();
                let sealed =
                    key.seal_in_place_separate_tag(nonce(salt, ssrc, index.into()), aead::Aad::from(known), payload);
                let tag = sealed.expect("a packet is shorter than what the cipher takes");
                packet.extend_from_slice(tag.as_ref());
                packet.extend_from_slice(&word);
            }
        }
    }

    /// The index that a packet of RTCP says it has. It is not known to be genuine yet.
    pub(super) fn control_index(&self, packet: &[u8]) -> Result<u32, SrtpError> {
        let behind = match self {
            Self::Counter(mode) => mode.tag_octets,
            Self::Galois { .. } => 0,
        };
        let word = packet.len().checked_sub(behind).and_then(|octets| packet[..octets].last_chunk::<4>());
        let word = u32::from_be_bytes(*word.ok_or(SrtpError::Malformed)?);
        // Those who send reports in the clear have agreed on it, which we never do.
        if word & ENCRYPTED == 0 { Err(SrtpError::Malformed) } else { Ok(word & !ENCRYPTED) }
    }

    /// Checks a packet of RTCP with this index, takes index and tag off, and decrypts what stands behind the header.
    pub(super) fn open_control(&self, packet: &mut Vec<u8>, ssrc: u32, index: u32) -> Result<(), SrtpError> {
        match self {
            Self::Counter(mode) => {
                let octets = packet.len().checked_sub(mode.tag_octets).ok_or(SrtpError::Malformed)?;
                let (genuine, said) = packet.split_at(octets);
                let tag = mode.tag(genuine, &[]);
                if !bool::from(tag.as_ref()[..mode.tag_octets].ct_eq(said)) {
                    return Err(SrtpError::Authentication);
                }
                let octets = octets.checked_sub(4).filter(|octets| *octets >= CONTROL_HEADER_OCTETS);
                packet.truncate(octets.ok_or(SrtpError::Malformed)?);
                mode.apply(&mut packet[CONTROL_HEADER_OCTETS..], ssrc, index.into());
            }
            Self::Galois { key, salt } => {
                let least = CONTROL_HEADER_OCTETS + aead::AES_128_GCM.tag_len();
                let octets = packet.len().checked_sub(4).filter(|octets| *octets >= least);
                let word: Vec<u8> = packet.drain(octets.ok_or(SrtpError::Malformed)?..).collect();
                let (header, sealed) = packet.split_at_mut(CONTROL_HEADER_OCTETS);
                let known = [&*header, &word].concat();
                let opened = key.open_in_place(nonce(salt, ssrc, index.into()), aead::Aad::from(known), sealed);
                let octets = opened.map_err(|_| SrtpError::Authentication)?.len();
                packet.truncate(CONTROL_HEADER_OCTETS + octets);
            }
        }
        Ok(())
    }
}

/// Octets at the beginning of a packet of RTCP that stay in the clear.
// RFC 3711 §3.4: the first header, and the source
pub(super) const CONTROL_HEADER_OCTETS: usize = 8;
/// The bit before the index that says that a packet is encrypted.
const ENCRYPTED: u32 = 1 << 31;

impl CounterMode {
    // RFC 3711 §4.1.1: IV = (k_s * 2^16) XOR (SSRC * 2^64) XOR (i * 2^16)
    fn apply(&self, payload: &mut [u8], ssrc: u32, index: u64) {
        let salt = self.salt.iter().fold(0_u128, |salt, octet| salt << 8 | u128::from(*octet));
        let counter = salt << 16 ^ u128::from(ssrc) << 64 ^ u128::from(index) << 16;
        Counter::new(&self.key.into(), &counter.to_be_bytes().into()).apply_keystream(payload);
    }

    fn tag(&self, packet: &[u8], behind: &[u8]) -> hmac::Tag {
        let mut context = hmac::Context::with_key(&self.authentication);
        context.update(packet);
        context.update(behind);
        context.sign()
    }
}

/// How often the sequence number has wrapped, which is authenticated behind the packet.
// RFC 3711 §4.2: M = authenticated portion || ROC
fn wraps(index: u64) -> [u8; 4] {
    // The index is the counter and the 16 bits of the sequence number.
    u32::try_from(index >> 16 & u64::from(u32::MAX)).unwrap_or_default().to_be_bytes()
}

// RFC 7714 §8.1: (00 00 || SSRC || ROC || SEQ) XOR salt; §9.1: (00 00 || SSRC || 00 00 || index) XOR salt
fn nonce(salt: &[u8; aead::NONCE_LEN], ssrc: u32, index: u64) -> aead::Nonce {
    let mut octets = [0; aead::NONCE_LEN];
    octets[2..6].copy_from_slice(&ssrc.to_be_bytes());
    octets[6..].copy_from_slice(&index.to_be_bytes()[2..]);
    octets.iter_mut().zip(salt).for_each(|(octet, salt)| *octet ^= salt);
    aead::Nonce::assume_unique_for_key(octets)
}

impl std::fmt::Debug for Cipher {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let name = match self {
            Self::Counter(_) => "counter mode",
            Self::Galois { .. } => "Galois counter mode",
        };
        formatter.debug_tuple("Cipher").field(&name).finish()
    }
}
