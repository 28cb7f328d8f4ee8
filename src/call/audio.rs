//! The audio before the switch to T.38: our tone goes out in 20 ms packets, the far end's tone is listened for.
//!
//! No fax is sent over audio here; the packets keep the far end and its network alive until T.38 is agreed on.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use crate::dsp::{Law, ToneDetector, ToneGenerator};
use crate::rtp;
use crate::signal::Tone;

/// One packet holds 20 ms at 8000 samples a second.
// RFC 3551 §4.5.14
pub(super) const SAMPLES_A_PACKET: usize = 160;
const PACKET_TIME: Duration = Duration::from_millis(20);
/// A driver that was held up does not send more than this many packets in a row to catch up.
const LATE_PACKETS: u32 = 10;

/// The audio of one call.
pub(super) struct Audio {
    remote: SocketAddr,
    law: Law,
    sender: rtp::Sender,
    generator: ToneGenerator,
    detector: ToneDetector,
    next_packet: Instant,
}

impl Audio {
    pub(super) fn new(remote: SocketAddr, law: Law, tone: Tone, seed: u64, now: Instant) -> Self {
        let generator = match tone {
            Tone::Cng => ToneGenerator::cng(),
            Tone::Ced => ToneGenerator::ced(),
        };
        Self {
            remote,
            law,
            sender: rtp::Sender::new(law.payload_type(), seed),
            generator,
            detector: ToneDetector::new(),
            next_packet: now,
        }
    }

    /// The far end's address, as its description names it.
    pub(super) fn remote(&self) -> SocketAddr {
        self.remote
    }

    /// When the next packet is due.
    pub(super) fn deadline(&self) -> Instant {
        self.next_packet
    }

    /// The packets due by `now`.
    pub(super) fn packets(&mut self, now: Instant) -> VecDeque<Vec<u8>> {
        let mut due = VecDeque::new();
        if now > self.next_packet + PACKET_TIME * LATE_PACKETS {
            self.next_packet = now;
        }
        while self.next_packet <= now {
            let mut samples = [0u8; SAMPLES_A_PACKET];
            self.generator.fill(self.law, &mut samples);
            due.push_back(self.sender.packet(&samples));
            self.next_packet += PACKET_TIME;
        }
        due
    }

    /// Takes a packet of the far end; the tone it completes, if any.
    pub(super) fn heard(&mut self, datagram: &[u8]) -> Option<Tone> {
        let packet = rtp::Packet::parse(datagram).ok()?;
        let law = Law::from_payload_type(packet.payload_type)?;
        self.detector.feed(law, packet.payload)
    }
}
