//! Capture files as we write them: bare IP packets, a datagram each.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use super::file::{FILE_HEADER, MAGIC_MICROSECONDS};
use super::network::{IPV4_HEADER, IPV6_HEADER, LINK_RAW, UDP, UDP_HEADER};

/// Octets of a datagram kept.
const SNAP_LENGTH: u32 = 65_535;

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
