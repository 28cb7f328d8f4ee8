//! Numbers IFP packets and protects them within the far end's datagram size.
//!
//! Serves ITU-T T.38 §9.1 and the attribute `T38FaxMaxDatagram`.

use std::collections::VecDeque;

use super::super::per::{LONGEST, length_octets};
use super::{Datagram, Recovery};

/// How lost packets can be rebuilt by the far end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Correction {
    /// Nothing is added.
    None,
    /// This many packets before are repeated.
    Repeat(u8),
    /// Parities are added.
    Parity {
        /// Packets under each parity.
        span: u8,
        /// Parities in each datagram.
        entries: u8,
    },
}

/// Makes the datagrams for one far end.
#[derive(Debug)]
pub struct Sender {
    sequence: u16,
    limit_octets: usize,
    /// Packets sent, latest first.
    history: VecDeque<Vec<u8>>,
}

impl Sender {
    /// A sender starting at number zero. `max_datagram_octets` is the far end's `T38FaxMaxDatagram`; values under
    /// [`SMALLEST_DATAGRAM_OCTETS`] are not believed.
    #[must_use]
    pub fn new(max_datagram_octets: usize) -> Self {
        let limit_octets = max_datagram_octets.clamp(SMALLEST_DATAGRAM_OCTETS, LARGEST_DATAGRAM_OCTETS);
        Self { sequence: 0, limit_octets, history: VecDeque::new() }
    }

    /// The longest IFP packet that fits, without any protection.
    #[must_use]
    pub const fn largest_packet_octets(&self) -> usize {
        // Number, length of the packet in two octets, kind and count of the protection.
        self.limit_octets - 6
    }

    /// Makes the next datagram. Protection that does not fit the far end's datagram size is given up, the oldest first.
    pub fn send(&mut self, ifp: Vec<u8>, correction: Correction) -> Vec<u8> {
        debug_assert!(ifp.len() <= LONGEST, "packets are cut to the datagram size before");
        let parities = self.parities(correction, &ifp);
        let recovery = match (correction, &parities) {
            (Correction::Parity { .. }, Some((span, entries))) => {
                Recovery::Parity { span: *span, entries: entries.iter().map(Vec::as_slice).collect() }
            }
            (Correction::Parity { .. }, None) => Recovery::Parity { span: 0, entries: Vec::new() },
            (Correction::Repeat(depth), _) => Recovery::Secondaries(self.fitting(0, depth, &ifp)),
            (Correction::None, _) => Recovery::Secondaries(Vec::new()),
        };
        let octets = Datagram { sequence: self.sequence, primary: &ifp, recovery }.encode();
        self.history.push_front(ifp);
        self.history.truncate(HISTORY);
        self.sequence = self.sequence.wrapping_add(1);
        octets
    }

    /// The last datagram once more, under its number, with as many of the `depth` packets before it as fit. Nothing when none was sent.
    #[must_use]
    pub fn again(&self, depth: u8) -> Option<Vec<u8>> {
        let last = self.history.front()?;
        let recovery = Recovery::Secondaries(self.fitting(1, depth, last));
        Some(Datagram { sequence: self.sequence.wrapping_sub(1), primary: last, recovery }.encode())
    }

    /// At most `depth` packets of the history, from number `first` on, that fit beside `ifp`.
    fn fitting(&self, first: usize, depth: u8, ifp: &[u8]) -> Vec<&[u8]> {
        let mut room = self.limit_octets.saturating_sub(HEAD_OCTETS + framed_octets(ifp));
        let fits = |packet: &&[u8]| {
            let taken = framed_octets(packet);
            let yes = taken <= room;
            room = room.saturating_sub(taken);
            yes
        };
        self.history.iter().skip(first).map(Vec::as_slice).take(usize::from(depth)).take_while(fits).collect()
    }

    /// Span and entries that fit, or none. At the start of a call the coverage grows with the packets sent.
    fn parities(&self, correction: Correction, ifp: &[u8]) -> Option<(u8, Vec<Vec<u8>>)> {
        let Correction::Parity { span, entries } = correction else { return None };
        let sent = self.history.len();
        let span_packets = usize::from(span).max(1);
        // One octet for the length of the span, one for the span.
        let room = self.limit_octets.saturating_sub(HEAD_OCTETS + 2 + framed_octets(ifp));
        let most = usize::from(entries).min(sent / span_packets);
        (1..=most).rev().map(|count| self.parity_entries(span_packets, count)).find_map(|list| {
            let taken: usize = list.iter().map(|entry| framed_octets(entry)).sum();
            (taken <= room).then_some((span.max(1), list))
        })
    }

    /// `count` parities over `span` packets each, interleaved; see [`Recovery::Parity`].
    fn parity_entries(&self, span: usize, count: usize) -> Vec<Vec<u8>> {
        let parity = |index: usize| {
            let mut sum = Vec::new();
            for step in 1..=span {
                // The packet sent last is number `sequence - 1` and stands first in the history.
                let packet = &self.history[count * step - index - 1];
                if sum.len() < packet.len() {
                    sum.resize(packet.len(), 0);
                }
                for (octet, other) in sum.iter_mut().zip(packet) {
                    *octet ^= other;
                }
            }
            sum
        };
        (0..count).map(parity).collect()
    }
}

const fn framed_octets(packet: &[u8]) -> usize {
    length_octets(packet.len()) + packet.len()
}

/// The least `T38FaxMaxDatagram` that is believed. Smaller values are advertised by gateways that mean the payload
/// of one packet; 72 is FaxBack's default and holds 30 ms of V.17 at 14400 bit/s.
pub const SMALLEST_DATAGRAM_OCTETS: usize = 72;
/// The largest datagram made, whatever the far end would take: one Ethernet frame with room for tunnels.
pub const LARGEST_DATAGRAM_OCTETS: usize = 1400;

/// Number, kind of protection, count of its packets.
const HEAD_OCTETS: usize = 4;
/// Packets kept to repeat or to build parities from.
const HISTORY: usize = 64;
