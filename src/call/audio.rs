//! The audio before the switch to T.38: our tone goes out in 20 ms packets, the far end's tone is listened for.
//!
//! No fax is sent over audio here; the packets keep the far end and its network alive until T.38 is agreed on.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use super::offer::PACKET_MS;
use super::remote::Remote;
use crate::dsp::FRAME_SAMPLES;
use crate::dsp::g711::Law;
use crate::dsp::preamble::PreambleDetector;
use crate::dsp::tone::{Detector, Generator, Tone as DspTone};
use crate::rtp;
use crate::sdp::Codec;
use crate::signal::Tone;

const PACKET_TIME: Duration = Duration::from_millis(PACKET_MS as u64);
/// A driver that was held up does not send more than this many packets in a row to catch up.
const LATE_PACKETS: u32 = 10;
/// A tone that sounded for so long needs no repeating after the switch to T.38; detectors of answer tones take half a second.
const LONG_ENOUGH: Duration = Duration::from_millis(1000);

/// What proves a fax.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Heard {
    /// Its tone.
    Tone(Tone),
    /// It begins to speak V.21.
    Preamble,
}

/// The audio of one call.
pub(super) struct Audio {
    began: Instant,
    described: SocketAddr,
    remote: Remote,
    codec: Codec,
    tone: DspTone,
    sender: rtp::Sender,
    generator: Generator,
    detector: Detector,
    preamble: PreambleDetector,
    next_packet: Instant,
}

impl Audio {
    pub(super) fn new(remote: SocketAddr, codec: Codec, tone: Tone, seed: u64, now: Instant) -> Self {
        let law = law(codec);
        // RFC 3550 §5.1: source, sequence and time start anywhere; three parts of one number of chance.
        let [a, b, c, d, e, f, g, h] = seed.to_le_bytes();
        let sender = rtp::Sender::new(
            u32::from_le_bytes([a, b, c, d]),
            u16::from_le_bytes([e, f]),
            u32::from_le_bytes([g, h, a, c]),
        );
        let tone = match tone {
            Tone::Cng => DspTone::Cng,
            Tone::Ced => DspTone::Ced,
        };
        let (generator, detector) = (Generator::new(tone, law), Detector::new(law));
        let preamble = PreambleDetector::new(law);
        let described = remote;
        let remote = Remote::new(Some(remote));
        Self { began: now, described, remote, codec, tone, sender, generator, detector, preamble, next_packet: now }
    }

    /// A later description of the same audio: it may have moved, or speak the other law. The stream goes on.
    pub(super) fn described(&mut self, remote: SocketAddr, codec: Codec) {
        self.described = remote;
        self.remote.described(Some(remote));
        if codec != self.codec {
            self.codec = codec;
            (self.generator, self.detector) = (Generator::new(self.tone, law(codec)), Detector::new(law(codec)));
            self.preamble = PreambleDetector::new(law(codec));
        }
    }

    /// Where packets go.
    pub(super) fn remote(&self) -> SocketAddr {
        self.remote.address().unwrap_or(self.described)
    }

    /// Whether our tone was there for the far end to hear.
    pub(super) fn tone_was_heard(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.began) >= LONG_ENOUGH
    }

    /// When the next packet is due.
    pub(super) const fn deadline(&self) -> Instant {
        self.next_packet
    }

    /// The packets due by `now`.
    pub(super) fn packets(&mut self, now: Instant) -> Vec<Vec<u8>> {
        let mut due = Vec::new();
        if now > self.next_packet + PACKET_TIME * LATE_PACKETS {
            self.next_packet = now;
        }
        while self.next_packet <= now {
            let silence = || [law(self.codec).silence(); FRAME_SAMPLES];
            let samples = self.generator.next_frame().unwrap_or_else(silence);
            let count = u32::try_from(samples.len()).unwrap_or(u32::MAX);
            due.push(self.sender.send(self.codec.payload_type(), &samples, count));
            self.next_packet += PACKET_TIME;
        }
        due
    }

    /// Takes a packet of the far end; the sound of a fax that it completes, if any.
    pub(super) fn heard(&mut self, datagram: &[u8], source: SocketAddr) -> Option<Heard> {
        let packet = rtp::Packet::decode(datagram).ok()?;
        if !self.remote.believes(source) || packet.payload_type != self.codec.payload_type() {
            return None;
        }
        let tone = self.detector.hear(packet.payload).map(|tone| match tone {
            DspTone::Cng => Heard::Tone(Tone::Cng),
            DspTone::Ced => Heard::Tone(Tone::Ced),
        });
        let speaks = self.preamble.hear(packet.payload);
        tone.or(speaks.then_some(Heard::Preamble))
    }
}

const fn law(codec: Codec) -> Law {
    match codec {
        Codec::Pcmu => Law::Mu,
        Codec::Pcma => Law::A,
    }
}
