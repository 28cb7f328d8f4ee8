//! RTP of one side → the tones in it, and what was lost.

use std::time::Duration;

use super::step::{Layer, Loss, Side, Step, What};
use crate::dsp::g711::Law;
use crate::dsp::tone::{Detector, Tone};
use crate::rtp;

/// The stream of one side.
#[derive(Debug)]
pub(super) struct Stream {
    side: Side,
    began: Option<Duration>,
    last: Duration,
    law: Option<Law>,
    detector: Option<Detector>,
    /// The number of the packet that was highest, widened.
    highest: Option<u64>,
    first: u64,
    arrived: u64,
}

// RFC 3551 §6
const PAYLOAD_PCMU: u8 = 0;
const PAYLOAD_PCMA: u8 = 8;

impl Stream {
    pub(super) const fn new(side: Side) -> Self {
        Self { side, began: None, last: Duration::ZERO, law: None, detector: None, highest: None, first: 0, arrived: 0 }
    }

    /// Takes a datagram.
    pub(super) fn datagram(&mut self, octets: &[u8], at: Duration, steps: &mut Vec<Step>) {
        let Ok(packet) = rtp::Packet::decode(octets) else { return };
        self.count(packet.sequence);
        self.last = at;
        let law = match packet.payload_type {
            PAYLOAD_PCMU => Some(Law::Mu),
            PAYLOAD_PCMA => Some(Law::A),
            _ => None,
        };
        if self.began.is_none() || (law.is_some() && law != self.law) {
            self.began.get_or_insert(at);
            self.law = law;
            self.detector = law.map(Detector::new);
            let coding = match law {
                Some(Law::Mu) => "PCMU".to_owned(),
                Some(Law::A) => "PCMA".to_owned(),
                None => format!("payload type {}", packet.payload_type),
            };
            steps.push(self.step(at, "audio begins", &coding));
        }
        if let Some(tone) = self.detector.as_mut().and_then(|detector| detector.hear(packet.payload)) {
            let (name, detail) = match tone {
                Tone::Cng => ("CNG", "calling tone, 1100 Hz"),
                Tone::Ced => ("CED", "answer tone, 2100 Hz"),
            };
            steps.push(self.step(at, name, detail));
        }
    }

    fn step(&self, at: Duration, name: &str, detail: &str) -> Step {
        Step {
            at,
            lasted: Duration::ZERO,
            side: self.side,
            layer: Layer::Audio,
            what: What::Ordinary,
            name: name.into(),
            detail: detail.into(),
        }
    }

    /// Widens the sequence number by the way nearest to the highest one.
    fn count(&mut self, sequence: u16) {
        self.arrived += 1;
        let Some(highest) = self.highest else {
            // Room below for packets that come late.
            self.first = u64::from(sequence) + 0x1_0000;
            self.highest = Some(self.first);
            return;
        };
        let ahead = sequence.wrapping_sub((highest & 0xFFFF) as u16);
        if ahead < 0x8000 {
            self.highest = Some(highest + u64::from(ahead));
        }
    }

    /// Packets and holes.
    pub(super) fn loss(&self) -> Loss {
        let expected = self.highest.map_or(0, |highest| highest - self.first + 1);
        Loss { arrived: self.arrived, rebuilt: 0, lost: expected.saturating_sub(self.arrived) }
    }

    /// Whether anything came, and until when.
    pub(super) fn span(&self) -> Option<(Duration, Duration)> {
        self.began.map(|began| (began, self.last))
    }
}
