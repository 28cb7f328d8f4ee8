//! Capture files as tcpdump and Wireshark write them: written with bare IP packets, read with what a network card or `any` gives.
//!
//! ```text
//!  a file ──file──▶ frames ──network──▶ UDP ───────────▶ packets
//!                                       TCP ──stream──▶
//! ```
//! Kept are datagrams of UDP, and of TCP the SIP messages in it. Of our own calls a message that went over a stream is written as a datagram,
//! so that analysers show it.

mod file;
mod network;
mod stream;
mod write;

use std::net::SocketAddr;
use std::time::Duration;

use file::{Reader, Record};
use network::Kind;
use stream::Streams;
pub use write::{file_header, record};

/// One datagram, or a SIP message of a stream.
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
    /// Its datagrams and messages, in the order of the file.
    pub packets: Vec<Packet>,
    /// Packets of which nothing was kept: other protocols, fragments, cut ones.
    pub passed_over: usize,
    /// Whether the file ends in the middle of a packet.
    pub cut_off: bool,
}

/// Why octets are no capture; the fault of who made the file.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum CaptureError {
    /// It does not begin as one.
    #[error("this is no capture file (pcap or pcapng), as `tcpdump -w` and Wireshark write it")]
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

/// Reads a whole file.
///
/// # Errors
/// [`CaptureError`]. A file that breaks off is read as far as it goes.
pub fn read(file: &[u8]) -> Result<Capture, CaptureError> {
    let mut reader = Reader::new(file)?;
    let (mut capture, mut streams, mut unknown) = (Capture::default(), Streams::default(), None);
    while !reader.is_at_end() {
        let Some(record) = reader.next() else {
            capture.cut_off = true;
            break;
        };
        let Record::Frame { at, link, octets } = record else { continue };
        if let Err(number) = link {
            unknown = Some(number);
        }
        let Some(payload) = link.ok().and_then(|link| link.payload(octets)) else {
            capture.passed_over += 1;
            continue;
        };
        let (from, to) = (payload.from, payload.to);
        match payload.kind {
            Kind::Datagram => capture.packets.push(Packet { at, from, to, octets: payload.octets.to_vec() }),
            Kind::Segment { sequence, begins } => match streams.take((from, to), sequence, begins, payload.octets) {
                Some(messages) => {
                    capture.packets.extend(messages.into_iter().map(|octets| Packet { at, from, to, octets }));
                }
                None => capture.passed_over += 1,
            },
        }
        if capture.packets.len() > MOST_PACKETS {
            return Err(CaptureError::TooLong);
        }
    }
    match unknown {
        Some(number) if capture.packets.is_empty() => Err(CaptureError::LinkType(number)),
        _ => Ok(capture),
    }
}
