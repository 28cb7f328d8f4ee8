//! The UDPTL datagram: a numbered IFP packet and what helps to rebuild lost ones.
//!
//! The bytes of one datagram; [`Receiver`] puts many in order, [`Sender`] numbers and protects them. Knows nothing of
//! what is inside an IFP packet. Serves ITU-T T.38 §9.1.

mod receiver;
mod sender;

use thiserror::Error;

use super::per::{BitReader, Truncated, write_length};

pub use receiver::{Delivery, GAP_WAIT, Receiver, Statistics};
pub use sender::{Correction, LARGEST_DATAGRAM_OCTETS, SMALLEST_DATAGRAM_OCTETS, Sender};

/// One datagram, borrowing from its bytes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Datagram<'a> {
    /// Number of the primary packet; wraps.
    pub sequence: u16,
    /// The IFP packet of that number; strangers send empty ones.
    pub primary: &'a [u8],
    /// What helps to rebuild packets before it.
    pub recovery: Recovery<'a>,
}

/// The second part of a datagram.
// T.38 (09/2010) §9.1.4
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Recovery<'a> {
    /// The packets before the primary, nearest first; empty when there is no protection.
    Secondaries(Vec<&'a [u8]>),
    /// Parity over packets before the primary. Entry `m` of `n` is the exclusive or of the `span` packets
    /// numbered `sequence + m - n`, `sequence + m - 2n`, and so on.
    Parity {
        /// How many packets each entry covers.
        span: u8,
        /// The parities, each as long as the longest packet it covers.
        entries: Vec<&'a [u8]>,
    },
}

/// Why bytes are no datagram; always the peer's fault.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum UdptlError {
    /// The datagram ends before its primary packet does.
    #[error("malformed UDPTL datagram: it ends before its primary packet does")]
    Truncated,
}

impl From<Truncated> for UdptlError {
    fn from(_: Truncated) -> Self {
        Self::Truncated
    }
}

impl<'a> Datagram<'a> {
    /// Reads a datagram. A damaged second part costs only what is behind the damage: the primary packet is good.
    ///
    /// # Errors
    /// [`UdptlError`] when there is no whole primary packet.
    pub fn decode(octets: &'a [u8]) -> Result<Self, UdptlError> {
        let mut reader = BitReader::new(octets);
        let sequence = reader.octets(2)?;
        let sequence = u16::from_be_bytes([sequence[0], sequence[1]]);
        let length = reader.length()?;
        let primary = reader.octets(length)?;
        let is_parity = reader.flag().unwrap_or(false);
        reader.align();
        let recovery = if is_parity {
            decode_parity(&mut reader).unwrap_or(Recovery::Secondaries(Vec::new()))
        } else {
            Recovery::Secondaries(decode_list(&mut reader, MOST_SECONDARIES))
        };
        Ok(Self { sequence, primary, recovery })
    }

    /// Writes the datagram.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut octets = Vec::with_capacity(self.primary.len() + 64);
        octets.extend_from_slice(&self.sequence.to_be_bytes());
        write_packet(&mut octets, self.primary);
        match &self.recovery {
            Recovery::Secondaries(secondaries) => {
                octets.push(0x00);
                write_list(&mut octets, secondaries);
            }
            Recovery::Parity { span, entries } => {
                // The span is an INTEGER without bounds: a length, then the number.
                octets.extend_from_slice(&[0x80, 1, *span]);
                write_list(&mut octets, entries);
            }
        }
        octets
    }
}

fn decode_parity<'a>(reader: &mut BitReader<'a>) -> Result<Recovery<'a>, Truncated> {
    let length = reader.length()?;
    let number = reader.octets(length)?;
    let span = number.iter().try_fold(0_u8, |value, octet| if value == 0 { Ok(*octet) } else { Err(Truncated) })?;
    Ok(Recovery::Parity { span, entries: decode_list(reader, MOST_PARITIES) })
}

/// Reads a list of packets as far as it is whole.
fn decode_list<'a>(reader: &mut BitReader<'a>, most: usize) -> Vec<&'a [u8]> {
    let count = reader.length().unwrap_or(0).min(most);
    let mut list = Vec::new();
    for _ in 0..count {
        let packet = reader.length().and_then(|length| reader.octets(length));
        let Ok(packet) = packet else { break };
        list.push(packet);
    }
    list
}

fn write_list(octets: &mut Vec<u8>, packets: &[&[u8]]) {
    write_length(octets, packets.len());
    for packet in packets {
        write_packet(octets, packet);
    }
}

fn write_packet(octets: &mut Vec<u8>, packet: &[u8]) {
    write_length(octets, packet.len());
    octets.extend_from_slice(packet);
}

/// Most secondary packets read from one datagram; senders use one to seven.
pub const MOST_SECONDARIES: usize = 64;
/// Most parities read from one datagram; senders use one to three.
pub const MOST_PARITIES: usize = 16;

#[cfg(test)]
mod tests;
