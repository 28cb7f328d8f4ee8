//! Capture files as tcpdump and Wireshark write them: written with bare IP packets, read with what a network card or `any` gives.
//!
//! Only UDP is kept. A SIP message that went over a stream is written as a datagram of its own, so that analysers show it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

/// One datagram.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Packet {
    /// When, since 1970.
    pub at: Duration,
    /// Who sent it.
    pub from: SocketAddr,
    /// To whom.
    pub to: SocketAddr,
    /// What is in it.
    pub octets: Vec<u8>,
}

/// A capture file as it was read.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Capture {
    /// Its datagrams, in the order of the file.
    pub packets: Vec<Packet>,
    /// Packets that are no whole UDP datagram: other protocols, fragments, cut ones.
    pub passed_over: usize,
    /// Whether the file ends in the middle of a packet.
    pub cut_off: bool,
}

/// Why octets are no capture; the fault of who made the file.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum CaptureError {
    /// It does not begin as one.
    #[error(
        "this is no capture file (pcap); a pcapng file is turned into one by `tcpdump -r FILE -w NEW` or `editcap -F pcap`"
    )]
    NotACapture,
    /// Its packets are wrapped in something unknown.
    #[error("packets of link type {0} cannot be read; capture with `tcpdump -i any`")]
    LinkType(u32),
    /// It is longer than any call.
    #[error("the capture has more than {MOST_PACKETS} packets; cut out the call with a filter")]
    TooLong,
}

/// Packets read of one file: ten hours of two audio streams.
pub const MOST_PACKETS: usize = 4_000_000;
/// Octets of a datagram kept.
const SNAP_LENGTH: u32 = 65_535;
/// Bare IP packets.
const LINK_RAW: u32 = 101;
const MAGIC_MICROSECONDS: u32 = 0xA1B2_C3D4;
const MAGIC_NANOSECONDS: u32 = 0xA1B2_3C4D;
const FILE_HEADER: usize = 24;
const RECORD_HEADER: usize = 16;
const UDP: u8 = 17;
const UDP_HEADER: usize = 8;
const IPV4_HEADER: usize = 20;
const IPV6_HEADER: usize = 40;
const ETHERTYPE_IPV4: u16 = 0x0800;
const ETHERTYPE_IPV6: u16 = 0x86DD;
const ETHERTYPE_VLAN: u16 = 0x8100;

/// The beginning of a file.
#[must_use]
pub fn file_header() -> Vec<u8> {
    let mut octets = Vec::with_capacity(FILE_HEADER);
    octets.extend(MAGIC_MICROSECONDS.to_le_bytes());
    octets.extend(2_u16.to_le_bytes());
    octets.extend(4_u16.to_le_bytes());
    octets.extend([0; 8]);
    octets.extend(SNAP_LENGTH.to_le_bytes());
    octets.extend(LINK_RAW.to_le_bytes());
    octets
}

/// Appends one packet to what is to be written. Between addresses of both families that of the sender decides; the other is mapped.
pub fn record(at: Duration, from: SocketAddr, to: SocketAddr, octets: &[u8], file: &mut Vec<u8>) {
    let payload = &octets[..octets.len().min(SNAP_LENGTH as usize - IPV6_HEADER - UDP_HEADER)];
    let header = if from.is_ipv4() && to.is_ipv4() { IPV4_HEADER } else { IPV6_HEADER };
    let length = u32::try_from(header + UDP_HEADER + payload.len()).unwrap_or(SNAP_LENGTH);
    let seconds = u32::try_from(at.as_secs()).unwrap_or(u32::MAX);
    for field in [seconds, at.subsec_micros(), length, length] {
        file.extend(field.to_le_bytes());
    }
    let udp_length = u16::try_from(UDP_HEADER + payload.len()).unwrap_or(u16::MAX);
    match (from.ip(), to.ip()) {
        (IpAddr::V4(source), IpAddr::V4(destination)) => ipv4(source, destination, udp_length, file),
        (source, destination) => ipv6(mapped(source), mapped(destination), udp_length, file),
    }
    for field in [from.port(), to.port(), udp_length, 0] {
        file.extend(field.to_be_bytes());
    }
    file.extend_from_slice(payload);
}

// RFC 791 §3.1
fn ipv4(source: Ipv4Addr, destination: Ipv4Addr, udp_length: u16, file: &mut Vec<u8>) {
    let mut header = [0; IPV4_HEADER];
    header[0] = 0x45;
    let total = u16::try_from(IPV4_HEADER).unwrap_or_default().saturating_add(udp_length);
    header[2..4].copy_from_slice(&total.to_be_bytes());
    header[8] = 64;
    header[9] = UDP;
    header[12..16].copy_from_slice(&source.octets());
    header[16..20].copy_from_slice(&destination.octets());
    let sum: u32 = header.chunks_exact(2).map(|pair| u32::from(u16::from_be_bytes([pair[0], pair[1]]))).sum();
    let folded = (sum & 0xFFFF) + (sum >> 16);
    let checksum = !u16::try_from((folded & 0xFFFF) + (folded >> 16)).unwrap_or(u16::MAX);
    header[10..12].copy_from_slice(&checksum.to_be_bytes());
    file.extend_from_slice(&header);
}

// RFC 8200 §3. The UDP checksum is left out, which analysers take for one that was not captured.
fn ipv6(source: Ipv6Addr, destination: Ipv6Addr, udp_length: u16, file: &mut Vec<u8>) {
    let mut header = [0; IPV6_HEADER];
    header[0] = 0x60;
    header[4..6].copy_from_slice(&udp_length.to_be_bytes());
    header[6] = UDP;
    header[7] = 64;
    header[8..24].copy_from_slice(&source.octets());
    header[24..40].copy_from_slice(&destination.octets());
    file.extend_from_slice(&header);
}

const fn mapped(address: IpAddr) -> Ipv6Addr {
    match address {
        IpAddr::V4(address) => address.to_ipv6_mapped(),
        IpAddr::V6(address) => address,
    }
}

/// Reads a whole file.
///
/// # Errors
/// [`CaptureError`]. A file that breaks off is read as far as it goes.
pub fn read(file: &[u8]) -> Result<Capture, CaptureError> {
    let layout = Layout::of(file)?;
    let mut capture = Capture::default();
    let mut rest = file.get(FILE_HEADER..).unwrap_or_default();
    while !rest.is_empty() {
        let Some((at, frame, behind)) = layout.next(rest) else {
            capture.cut_off = true;
            break;
        };
        match layout.link.strip(frame).and_then(datagram) {
            Some((from, to, octets)) => capture.packets.push(Packet { at, from, to, octets: octets.to_vec() }),
            None => capture.passed_over += 1,
        }
        if capture.packets.len() > MOST_PACKETS {
            return Err(CaptureError::TooLong);
        }
        rest = behind;
    }
    Ok(capture)
}

/// How a file writes its numbers and wraps its packets.
#[derive(Clone, Copy, Debug)]
struct Layout {
    big_endian: bool,
    nanoseconds: bool,
    link: Link,
}

/// What stands before the IP header.
#[derive(Clone, Copy, Debug)]
enum Link {
    Raw,
    /// BSD loopback: four octets.
    Null,
    Ethernet,
    /// Linux `any`: 16 octets.
    Cooked,
    /// Its successor: 20 octets.
    Cooked2,
}

impl Layout {
    fn of(file: &[u8]) -> Result<Self, CaptureError> {
        let magic: [u8; 4] = file.first_chunk().copied().ok_or(CaptureError::NotACapture)?;
        let (big_endian, nanoseconds) = match (u32::from_le_bytes(magic), u32::from_be_bytes(magic)) {
            (MAGIC_MICROSECONDS, _) => (false, false),
            (MAGIC_NANOSECONDS, _) => (false, true),
            (_, MAGIC_MICROSECONDS) => (true, false),
            (_, MAGIC_NANOSECONDS) => (true, true),
            _ => return Err(CaptureError::NotACapture),
        };
        let mut layout = Self { big_endian, nanoseconds, link: Link::Raw };
        // The upper bits tell of a checksum behind each frame, which is not looked at.
        let link = layout.number(file, 20).ok_or(CaptureError::NotACapture)? & 0xFFFF;
        layout.link = match link {
            LINK_RAW | 12 | 14 | 228 | 229 => Link::Raw,
            0 | 108 => Link::Null,
            1 => Link::Ethernet,
            113 => Link::Cooked,
            276 => Link::Cooked2,
            other => return Err(CaptureError::LinkType(other)),
        };
        Ok(layout)
    }

    fn number(&self, octets: &[u8], at: usize) -> Option<u32> {
        let field = octets.get(at..at + 4)?.try_into().ok()?;
        Some(if self.big_endian { u32::from_be_bytes(field) } else { u32::from_le_bytes(field) })
    }

    /// The time and frame of the next record, and what is behind it.
    fn next<'a>(&self, rest: &'a [u8]) -> Option<(Duration, &'a [u8], &'a [u8])> {
        let seconds = self.number(rest, 0)?;
        let fraction = self.number(rest, 4)?;
        let length = self.number(rest, 8)? as usize;
        let behind = rest.get(RECORD_HEADER..)?;
        if length > behind.len() {
            return None;
        }
        let (frame, behind) = behind.split_at(length);
        let nanoseconds = if self.nanoseconds { fraction } else { fraction.saturating_mul(1000) };
        let at = Duration::from_secs(seconds.into()) + Duration::from_nanos(nanoseconds.into());
        Some((at, frame, behind))
    }
}

impl Link {
    /// The IP packet in a frame.
    fn strip(self, frame: &[u8]) -> Option<&[u8]> {
        match self {
            Self::Raw => Some(frame),
            Self::Null => frame.get(4..),
            Self::Ethernet => {
                let (mut kind, mut at) = (ethertype(frame, 12)?, 14);
                // Two tags at the most: a provider's and a customer's.
                for _ in 0..2 {
                    if kind == ETHERTYPE_VLAN {
                        kind = ethertype(frame, at + 2)?;
                        at += 4;
                    }
                }
                matches!(kind, ETHERTYPE_IPV4 | ETHERTYPE_IPV6).then(|| frame.get(at..)).flatten()
            }
            Self::Cooked => frame.get(16..),
            Self::Cooked2 => frame.get(20..),
        }
    }
}

fn ethertype(frame: &[u8], at: usize) -> Option<u16> {
    frame.get(at..at + 2).map(|field| u16::from_be_bytes([field[0], field[1]]))
}

/// The whole UDP datagram in an IP packet.
fn datagram(packet: &[u8]) -> Option<(SocketAddr, SocketAddr, &[u8])> {
    let version = packet.first()? >> 4;
    let (source, destination, udp): (IpAddr, IpAddr, &[u8]) = match version {
        4 => {
            let header = usize::from(packet[0] & 0x0F) * 4;
            let fragment = ethertype(packet, 6)? & 0x3FFF;
            if header < IPV4_HEADER || fragment != 0 || *packet.get(9)? != UDP {
                return None;
            }
            let source: [u8; 4] = packet.get(12..16)?.try_into().ok()?;
            let destination: [u8; 4] = packet.get(16..20)?.try_into().ok()?;
            (Ipv4Addr::from(source).into(), Ipv4Addr::from(destination).into(), packet.get(header..)?)
        }
        // Extension headers do not come with fax.
        6 if *packet.get(6)? == UDP => {
            let source: [u8; 16] = packet.get(8..24)?.try_into().ok()?;
            let destination: [u8; 16] = packet.get(24..40)?.try_into().ok()?;
            (Ipv6Addr::from(source).into(), Ipv6Addr::from(destination).into(), packet.get(IPV6_HEADER..)?)
        }
        _ => return None,
    };
    let length = usize::from(ethertype(udp, 4)?);
    let payload = udp.get(UDP_HEADER..length)?;
    let port = |at| ethertype(udp, at);
    let address = |ip: IpAddr, port| SocketAddr::new(ip.to_canonical(), port);
    Some((address(source, port(0)?), address(destination, port(2)?), payload))
}
