//! A pair of gateways with a telephone line between them, seen from one direction: signals come in as packets, are played by a
//! modem in its own time, and go out as packets when the line has brought them.
//!
//! What it plays is computed from the Recommendations' times, not by the code under test.

use std::time::{Duration, Instant};

use crate::signal::{Heard, Modulation, Tone, Training};
use crate::t38::ifp::{DataKind, Field, FieldKind, Grammar, Indicator, Packet};
use crate::t38::udptl::{Correction, Sender};
use crate::t38::{Input, Output, Pacing, Settings, Terminal};

pub(super) struct Gateway {
    ear: Terminal,
    mouth: Sender,
    /// Until when the modem has something to play.
    free: Instant,
    carrier: DataKind,
    rate: u64,
    /// Octets that wait for the modem at most; what comes beyond is lost.
    buffer_octets: u64,
}

const fn ms(count: u64) -> Duration {
    Duration::from_millis(count)
}

impl Gateway {
    pub(super) fn new(buffer_octets: u64, now: Instant) -> Self {
        let settings = Settings { pacing: Pacing::Modem, keep_alive: None, ..Settings::default() };
        let (ear, mouth) = (Terminal::new(settings, now), Sender::new(1400));
        Self { ear, mouth, free: now, carrier: DataKind::V21, rate: 300, buffer_octets }
    }

    /// Takes a datagram and gives those that leave on the other side, with their times.
    pub(super) fn carry(&mut self, datagram: &[u8], now: Instant) -> Vec<(Instant, Vec<u8>)> {
        self.ear.handle(Input::Datagram(datagram), now);
        let heard: Vec<Heard> = std::iter::from_fn(|| self.ear.poll())
            .filter_map(|output| match output {
                Output::Heard(heard) => Some(heard),
                Output::Datagram(_) | Output::Sent => None,
            })
            .collect();
        heard.into_iter().filter_map(|heard| self.play(heard, now)).collect()
    }

    fn play(&mut self, heard: Heard, now: Instant) -> Option<(Instant, Vec<u8>)> {
        let waits = self.free.saturating_duration_since(now);
        let packet = match heard {
            Heard::Tone(Tone::Cng) => Packet::Indicator(Indicator::Cng),
            Heard::Tone(Tone::Ced) => Packet::Indicator(Indicator::Ced),
            Heard::Preamble => {
                (self.carrier, self.rate) = (DataKind::V21, 300);
                return Some(self.begin(Indicator::V21Preamble, ms(1000), now));
            }
            Heard::Carrier { modulation, training } => {
                (self.carrier, self.rate) = (DataKind::Fast(modulation), u64::from(modulation.bits_per_second()));
                let time = match (modulation, training) {
                    (Modulation::V17At14400, Training::Long) => ms(1393),
                    (Modulation::V17At14400, Training::Short) => ms(142),
                    _ => ms(234),
                };
                return Some(self.begin(Indicator::Training(modulation, training), time, now));
            }
            Heard::Frame(frame) => {
                if !self.occupy(frame.len() as u64 + 3, waits, now) {
                    return None;
                }
                let fields = vec![Field::with(FieldKind::HdlcData, frame), Field::bare(FieldKind::HdlcFcsOk)];
                Packet::Data { kind: self.carrier, fields }
            }
            Heard::Bits(bits) => {
                if !self.occupy(bits.len() as u64, waits, now) {
                    return None;
                }
                Packet::data(self.carrier, Field::with(FieldKind::T4NonEcmData, bits))
            }
            Heard::DamagedFrame => return None,
            Heard::End => Packet::Indicator(Indicator::NoSignal),
        };
        Some((self.free.max(now), self.datagram(&packet)))
    }

    fn begin(&mut self, indicator: Indicator, lasts: Duration, now: Instant) -> (Instant, Vec<u8>) {
        let start = now.max(self.free + ms(75));
        self.free = start + lasts;
        (start, self.datagram(&Packet::Indicator(indicator)))
    }

    /// Gives the modem octets to play, if there is room for them.
    fn occupy(&mut self, octets: u64, waits: Duration, now: Instant) -> bool {
        let ahead = waits.as_millis() as u64 * self.rate / 8000;
        if ahead + octets > self.buffer_octets && self.rate > 300 {
            return false;
        }
        // What comes at the modem's pace was played while it came.
        self.free = now.max(self.free + ms(octets * 8000 / self.rate));
        true
    }

    fn datagram(&mut self, packet: &Packet) -> Vec<u8> {
        self.mouth.send(packet.encode(Grammar::Version0), Correction::Repeat(2))
    }
}
