//! SRTCP: the reports of a stream, protected by the same master key as its packets.
// RFC 3711 §3.4, RFC 7714 §9

use super::cipher::{CONTROL_HEADER_OCTETS, Cipher};
use super::derivation::Labels;
use super::index::Received;
use super::{MasterKey, STREAMS_MAX, SrtpError};

/// Octets of the tag of HMAC-SHA1, which a suite with short tags does not shorten.
// RFC 4568 §6.2.2
const TAG_OCTETS: usize = 10;
/// Packets under one key.
// RFC 3711 §9.2: 2^31
const MOST_PACKETS: u32 = 1 << 31;

/// The reports that we send.
#[derive(Debug)]
pub struct Sender {
    cipher: Cipher,
    /// The index of the next one.
    next: u32,
}

impl Sender {
    /// Under this key.
    #[must_use]
    pub fn new(key: &MasterKey) -> Self {
        Self { cipher: cipher(key), next: 0 }
    }

    /// Encrypts a packet of RTCP in its place and puts its index and tag behind.
    ///
    /// # Errors
    /// [`SrtpError::Malformed`] when it is no RTCP, [`SrtpError::KeyUsedUp`].
    pub fn protect(&mut self, packet: &mut Vec<u8>) -> Result<(), SrtpError> {
        let ssrc = source(packet)?;
        let index = Some(self.next).filter(|next| *next < MOST_PACKETS).ok_or(SrtpError::KeyUsedUp)?;
        self.next += 1;
        self.cipher.seal_control(packet, ssrc, index);
        Ok(())
    }
}

/// The reports that come to us.
#[derive(Debug)]
pub struct Receiver {
    cipher: Cipher,
    streams: Vec<(u32, Received)>,
}

impl Receiver {
    /// Under this key.
    #[must_use]
    pub fn new(key: &MasterKey) -> Self {
        Self { cipher: cipher(key), streams: Vec::new() }
    }

    /// Checks a packet, takes its tag and index off and decrypts it in its place. A packet that is refused changes nothing; its octets
    /// are of no use any more.
    ///
    /// # Errors
    /// [`SrtpError`], but not `KeyUsedUp`.
    pub fn unprotect(&mut self, packet: &mut Vec<u8>) -> Result<(), SrtpError> {
        let ssrc = source(packet)?;
        let index = self.cipher.control_index(packet)?;
        let known = self.streams.iter().position(|(known, _)| *known == ssrc);
        if known.is_some_and(|place| !self.streams[place].1.is_new(index.into())) {
            return Err(SrtpError::Replayed);
        }
        if known.is_none() && self.streams.len() >= STREAMS_MAX {
            return Err(SrtpError::TooManyStreams);
        }
        self.cipher.open_control(packet, ssrc, index)?;
        match known {
            Some(place) => self.streams[place].1.take(index.into()),
            None => self.streams.push((ssrc, Received::beginning(index.into()))),
        }
        Ok(())
    }
}

fn cipher(key: &MasterKey) -> Cipher {
    Cipher::derive(key, &Labels::RTCP, TAG_OCTETS)
}

/// The source of a packet of RTCP.
// RFC 3550 §6.4.1
fn source(packet: &[u8]) -> Result<u32, SrtpError> {
    let header = packet.first_chunk::<CONTROL_HEADER_OCTETS>().ok_or(SrtpError::Malformed)?;
    let [flags, _, _, _, ssrc @ ..] = *header;
    if flags >> 6 == 2 { Ok(u32::from_be_bytes(ssrc)) } else { Err(SrtpError::Malformed) }
}
