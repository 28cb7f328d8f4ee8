//! RTP: the header, the counters of a stream that we send, the playout of one that we receive, and the reports of both.
//!
//! Values and their bytes; no sockets, no clock. Serves RFC 3550 §5.1.

pub mod event;
mod payload;
pub mod playout;
pub mod rtcp;

pub use payload::{Content, PayloadTypes};

use thiserror::Error;

/// One packet, borrowing its payload.
// RFC 3550 §5.1
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Packet<'a> {
    /// The first packet after silence.
    pub marker: bool,
    /// What the payload is; below 128.
    pub payload_type: u8,
    /// Goes up by one with each packet; wraps.
    pub sequence: u16,
    /// Sampling time of the first sample, in samples; wraps.
    pub timestamp: u32,
    /// The stream.
    pub ssrc: u32,
    /// The media, padding taken off.
    pub payload: &'a [u8],
}

/// Why bytes are no RTP packet; always the peer's fault.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum RtpError {
    /// Shorter than its header says.
    #[error("malformed RTP packet: it ends inside its header")]
    Truncated,
    /// Not version 2: STUN, DTLS, UDPTL or junk.
    #[error("malformed RTP packet: version {0} instead of 2")]
    Version(u8),
    /// Padding longer than the payload, or of no octets.
    #[error("malformed RTP packet: {0} octets of padding")]
    Padding(u8),
}

impl<'a> Packet<'a> {
    /// Reads a packet; contributing sources and a header extension are stepped over.
    ///
    /// # Errors
    /// [`RtpError`] when the bytes are no RTP packet.
    pub fn decode(octets: &'a [u8]) -> Result<Self, RtpError> {
        let (header, mut rest) = octets.split_first_chunk::<HEADER_OCTETS>().ok_or(RtpError::Truncated)?;
        let [flags, kind, sequence0, sequence1, time @ .., _, _, _, _] = *header;
        if flags >> 6 != VERSION {
            return Err(RtpError::Version(flags >> 6));
        }
        rest = rest.get(usize::from(flags & 0x0F) * 4..).ok_or(RtpError::Truncated)?;
        if flags & 0x10 != 0 {
            // RFC 3550 §5.3.1: 16 bits for the profile, 16 bits for the length in words
            let (extension, behind) = rest.split_first_chunk::<4>().ok_or(RtpError::Truncated)?;
            let words = u16::from_be_bytes([extension[2], extension[3]]);
            rest = behind.get(usize::from(words) * 4..).ok_or(RtpError::Truncated)?;
        }
        if flags & 0x20 != 0 {
            let padding = rest.last().copied().ok_or(RtpError::Truncated)?;
            let kept = rest.len().checked_sub(usize::from(padding)).filter(|_| padding > 0);
            rest = &rest[..kept.ok_or(RtpError::Padding(padding))?];
        }
        Ok(Self {
            marker: kind & 0x80 != 0,
            payload_type: kind & 0x7F,
            sequence: u16::from_be_bytes([sequence0, sequence1]),
            timestamp: u32::from_be_bytes(time),
            ssrc: u32::from_be_bytes([header[8], header[9], header[10], header[11]]),
            payload: rest,
        })
    }

    /// Writes the packet without padding, sources or extension. Bits of the payload type above the seventh are lost.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut octets = Vec::with_capacity(HEADER_OCTETS + self.payload.len());
        self.encode_into(&mut octets);
        octets
    }

    /// The same into a buffer, whose contents are lost.
    pub fn encode_into(&self, octets: &mut Vec<u8>) {
        octets.clear();
        octets.push(VERSION << 6);
        octets.push(u8::from(self.marker) << 7 | self.payload_type & 0x7F);
        octets.extend_from_slice(&self.sequence.to_be_bytes());
        octets.extend_from_slice(&self.timestamp.to_be_bytes());
        octets.extend_from_slice(&self.ssrc.to_be_bytes());
        octets.extend_from_slice(self.payload);
    }
}

/// The counters of a stream that we send.
#[derive(Clone, Debug)]
pub struct Sender {
    ssrc: u32,
    sequence: u16,
    timestamp: u32,
    packets: u32,
    octets: u32,
    /// Whether the next packet comes after silence.
    is_start: bool,
}

/// What was sent of a stream.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Sent {
    /// Packets; wraps.
    pub packets: u32,
    /// Octets of their payloads; wraps.
    pub octets: u32,
    /// The timestamp of this moment.
    pub timestamp: u32,
}

impl Sender {
    /// A stream beginning at these numbers, which are to be chosen by chance.
    // RFC 3550 §5.1: random, against attacks on encryption
    #[must_use]
    pub const fn new(ssrc: u32, first_sequence: u16, first_timestamp: u32) -> Self {
        Self { ssrc, sequence: first_sequence, timestamp: first_timestamp, packets: 0, octets: 0, is_start: true }
    }

    /// The next packet of `samples` samples, written.
    #[must_use]
    pub fn send(&mut self, payload_type: u8, payload: &[u8], samples: u32) -> Vec<u8> {
        let mut octets = Vec::with_capacity(HEADER_OCTETS + payload.len());
        self.send_into(payload_type, payload, samples, &mut octets);
        octets
    }

    /// The same into a buffer, whose contents are lost.
    pub fn send_into(&mut self, payload_type: u8, payload: &[u8], samples: u32, octets: &mut Vec<u8>) {
        let marker = std::mem::take(&mut self.is_start);
        let (sequence, timestamp) = (self.sequence, self.timestamp);
        self.sequence = sequence.wrapping_add(1);
        self.timestamp = timestamp.wrapping_add(samples);
        self.packets = self.packets.wrapping_add(1);
        self.octets = self.octets.wrapping_add(payload.len() as u32);
        Packet { marker, payload_type, sequence, timestamp, ssrc: self.ssrc, payload }.encode_into(octets);
    }

    /// The source of the stream.
    #[must_use]
    pub const fn ssrc(&self) -> u32 {
        self.ssrc
    }

    /// What was sent so far.
    // RFC 3550 §6.4.1
    #[must_use]
    pub const fn sent(&self) -> Sent {
        Sent { packets: self.packets, octets: self.octets, timestamp: self.timestamp }
    }

    /// Lets time pass without sending; the next packet is marked.
    pub const fn pause(&mut self, samples: u32) {
        self.timestamp = self.timestamp.wrapping_add(samples);
        self.is_start = true;
    }
}

/// The version spoken.
const VERSION: u8 = 2;
/// Octets of the header without sources and extension.
const HEADER_OCTETS: usize = 12;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The head of the first audio packet of a recorded Asterisk call.
    const RECORDED: [u8; 14] = [0x80, 0x00, 0xA3, 0x1A, 0, 0, 0, 0xA0, 0x2F, 0x51, 0xCB, 0x5F, 0xFF, 0x7F];

    #[test]
    fn a_recorded_packet_reads_and_writes_the_same() {
        let packet = Packet::decode(&RECORDED).unwrap();
        let expected = Packet {
            marker: false,
            payload_type: 0,
            sequence: 41_754,
            timestamp: 160,
            ssrc: 0x2F51_CB5F,
            payload: &[0xFF, 0x7F],
        };
        assert_eq!(packet, expected);
        assert_eq!(packet.encode(), RECORDED);
    }

    #[test]
    fn sources_extension_and_padding_are_taken_off() {
        let mut octets = RECORDED[..12].to_vec();
        octets[0] = 0x80 | 0x20 | 0x10 | 2;
        octets[1] = 0x88;
        octets.extend([1; 8]);
        octets.extend([0xBE, 0xDE, 0, 1, 9, 9, 9, 9]);
        octets.extend([0xD5, 0x55, 0, 0, 3]);
        let packet = Packet::decode(&octets).unwrap();
        assert_eq!((packet.marker, packet.payload_type, packet.payload), (true, 8, &[0xD5, 0x55][..]));
    }

    #[test]
    fn what_is_no_rtp_is_refused() {
        assert_eq!(Packet::decode(&RECORDED[..11]), Err(RtpError::Truncated));
        assert_eq!(Packet::decode(&[0; 20]), Err(RtpError::Version(0)));
        let with_first = |first: u8, last: u8| {
            let mut octets = RECORDED;
            (octets[0], octets[13]) = (first, last);
            octets
        };
        assert_eq!(Packet::decode(&with_first(0x81, 0)), Err(RtpError::Truncated));
        assert_eq!(Packet::decode(&with_first(0x90, 0)), Err(RtpError::Truncated));
        assert_eq!(Packet::decode(&with_first(0xA0, 3)), Err(RtpError::Padding(3)));
        assert_eq!(Packet::decode(&with_first(0xA0, 0)), Err(RtpError::Padding(0)));
    }

    #[test]
    fn numbers_wrap_and_a_pause_marks_the_next_packet() {
        let mut sender = Sender::new(7, u16::MAX, u32::MAX - 100);
        let mut fields = || {
            let octets = sender.send(8, &[0xD5; 160], 160);
            let packet = Packet::decode(&octets).unwrap();
            let fields = (packet.marker, packet.sequence, packet.timestamp);
            if packet.sequence == 0 {
                sender.pause(1000);
            }
            fields
        };
        assert_eq!(fields(), (true, u16::MAX, u32::MAX - 100));
        assert_eq!(fields(), (false, 0, 59));
        assert_eq!(fields(), (true, 1, 1219));
    }

    proptest! {
        #[test]
        fn strangers_bytes_never_panic(octets in prop::collection::vec(any::<u8>(), 0..60), flags in any::<u8>()) {
            let _ = Packet::decode(&octets);
            let _ = Packet::decode(&[&[0x80 | flags >> 2][..], &octets].concat());
        }
    }
}
