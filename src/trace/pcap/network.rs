//! Frames → what of UDP and TCP is in them.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

pub(super) const UDP: u8 = 17;
const TCP: u8 = 6;
pub(super) const UDP_HEADER: usize = 8;
const TCP_HEADER: usize = 20;
pub(super) const IPV4_HEADER: usize = 20;
pub(super) const IPV6_HEADER: usize = 40;
/// Bare IP packets.
pub(super) const LINK_RAW: u32 = 101;
const ETHERTYPE_IPV4: u16 = 0x0800;
const ETHERTYPE_IPV6: u16 = 0x86DD;
const ETHERTYPE_VLAN: u16 = 0x8100;
const SYN: u8 = 0x02;

/// What stands before the IP header.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Link {
    Raw,
    /// BSD loopback: four octets.
    Null,
    Ethernet,
    /// Linux `any`: 16 octets.
    Cooked,
    /// Its successor: 20 octets.
    Cooked2,
}

/// What a packet brings to whom.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Payload<'a> {
    pub(super) from: SocketAddr,
    pub(super) to: SocketAddr,
    pub(super) kind: Kind,
    pub(super) octets: &'a [u8],
}

/// How it is carried.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    /// A datagram of UDP.
    Datagram,
    /// A piece of a TCP stream: the number of its first octet, and whether a stream begins with it.
    Segment { sequence: u32, begins: bool },
}

impl Link {
    /// By the number in a file, which is given back when it is unknown.
    pub(super) const fn of(number: u32) -> Result<Self, u32> {
        Ok(match number {
            LINK_RAW | 12 | 14 | 228 | 229 => Self::Raw,
            0 | 108 => Self::Null,
            1 => Self::Ethernet,
            113 => Self::Cooked,
            276 => Self::Cooked2,
            other => return Err(other),
        })
    }

    /// The IP packet in a frame.
    fn strip(self, frame: &[u8]) -> Option<&[u8]> {
        match self {
            Self::Raw => Some(frame),
            Self::Null => frame.get(4..),
            Self::Ethernet => {
                let (mut kind, mut at) = (field(frame, 12)?, 14);
                // Two tags at the most: a provider's and a customer's.
                for _ in 0..2 {
                    if kind == ETHERTYPE_VLAN {
                        kind = field(frame, at + 2)?;
                        at += 4;
                    }
                }
                matches!(kind, ETHERTYPE_IPV4 | ETHERTYPE_IPV6).then(|| frame.get(at..)).flatten()
            }
            Self::Cooked => frame.get(16..),
            Self::Cooked2 => frame.get(20..),
        }
    }

    /// What is in a frame, if it is whole.
    pub(super) fn payload(self, frame: &[u8]) -> Option<Payload<'_>> {
        let packet = self.strip(frame)?;
        // RFC 791 §3.1, RFC 8200 §3
        let (source, destination, protocol, inner): (IpAddr, IpAddr, u8, &[u8]) = match packet.first()? >> 4 {
            4 => {
                let header = usize::from(packet[0] & 0x0F) * 4;
                let fragment = field(packet, 6)? & 0x3FFF;
                if header < IPV4_HEADER || fragment != 0 {
                    return None;
                }
                let source: [u8; 4] = *packet.get(12..)?.first_chunk()?;
                let destination: [u8; 4] = *packet.get(16..)?.first_chunk()?;
                // A card that cuts packets up by itself has not filled in the length yet.
                let length = match usize::from(field(packet, 2)?) {
                    0 => packet.len(),
                    length => length,
                };
                let (source, destination) = (Ipv4Addr::from(source).into(), Ipv4Addr::from(destination).into());
                (source, destination, packet[9], packet.get(header..length)?)
            }
            // Extension headers do not come with fax.
            6 => {
                let source: [u8; 16] = *packet.get(8..)?.first_chunk()?;
                let destination: [u8; 16] = *packet.get(24..)?.first_chunk()?;
                let length = match usize::from(field(packet, 4)?) {
                    0 => packet.len(),
                    length => IPV6_HEADER + length,
                };
                let (source, destination) = (Ipv6Addr::from(source).into(), Ipv6Addr::from(destination).into());
                (source, destination, packet[6], packet.get(IPV6_HEADER..length)?)
            }
            _ => return None,
        };
        let (kind, octets) = match protocol {
            UDP => (Kind::Datagram, inner.get(UDP_HEADER..usize::from(field(inner, 4)?))?),
            // RFC 9293 §3.1
            TCP => {
                let header = usize::from(*inner.get(12)? >> 4) * 4;
                let sequence = u32::from_be_bytes(*inner.get(4..)?.first_chunk()?);
                let kind = Kind::Segment { sequence, begins: inner.get(13)? & SYN != 0 };
                (kind, inner.get(header.max(TCP_HEADER)..)?)
            }
            _ => return None,
        };
        let address = |ip: IpAddr, at| Some(SocketAddr::new(ip.to_canonical(), field(inner, at)?));
        Some(Payload { from: address(source, 0)?, to: address(destination, 2)?, kind, octets })
    }
}

fn field(octets: &[u8], at: usize) -> Option<u16> {
    octets.get(at..at + 2).map(|field| u16::from_be_bytes([field[0], field[1]]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_packet_that_breaks_off_anywhere_brings_nothing_or_what_is_there() {
        let tcp =
            [&[0x13, 0xC4, 0x13, 0xC5, 0, 0, 0, 9, 0, 0, 0, 0, 0x50, SYN, 0, 0, 0, 0, 0, 0][..], b"octets"].concat();
        let udp = [&[0x13, 0xC4, 0x13, 0xC5, 0, 14, 0, 0][..], b"octets"].concat();
        for (protocol, header, inner) in [(TCP, TCP_HEADER, tcp), (UDP, UDP_HEADER, udp)] {
            for length in 0..=inner.len() {
                let mut packet = vec![0; IPV4_HEADER];
                (packet[0], packet[9]) = (0x45, protocol);
                packet[3] = u8::try_from(IPV4_HEADER + length).expect("short");
                packet.extend(&inner[..length]);
                let told = Link::Raw.payload(&packet).map(|payload| payload.octets.len());
                // The length of a datagram is its own.
                let whole = if protocol == UDP { inner.len() } else { header };
                assert_eq!(told, (length >= whole).then(|| length - header), "{protocol}, {length}");
                assert_eq!(Link::Raw.payload(&packet[..packet.len() / 2]), None);
            }
        }
    }
}
