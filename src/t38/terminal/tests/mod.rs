//! One terminal by itself, and two joined by a path. This file holds how they are run and what they are fed.

use std::fmt::Write as _;
use std::sync::Arc;

use super::*;
use crate::signal::{Modulation, Tone, Training};
use crate::t38::ifp::{DataKind, Field, FieldKind, Indicator};
use crate::t38::udptl::{Datagram, Recovery};

mod gateways;
mod parting;
mod paths;
mod proof;
mod quirks;
mod recorded;
mod sending;

#[expect(clippy::disallowed_methods, reason = "a base for virtual time")]
fn base() -> Instant {
    Instant::now()
}

const fn ms(count: u64) -> Duration {
    Duration::from_millis(count)
}

/// Runs a terminal's own timers up to `until` and gives what it said with the time since `start`.
fn run(terminal: &mut Terminal, start: Instant, until: Instant) -> Vec<(Duration, Output)> {
    let mut said = Vec::new();
    let mut now = start;
    loop {
        while let Some(output) = terminal.poll() {
            said.push((now - start, output));
        }
        match terminal.deadline().filter(|at| *at <= until) {
            Some(at) => now = now.max(at),
            None => return said,
        }
        terminal.handle(Input::Timeout, now);
    }
}

/// The packets sent for the first time, with their times, and the time of `Sent`.
fn packets(said: &[(Duration, Output)]) -> (Vec<(Duration, Packet)>, Option<Duration>) {
    let mut seen = Vec::new();
    let mut packets = Vec::new();
    let mut sent = None;
    for (at, output) in said {
        match output {
            Output::Datagram(octets) => {
                let datagram = Datagram::decode(octets).unwrap();
                if !seen.contains(&datagram.sequence) {
                    seen.push(datagram.sequence);
                    packets.push((*at, Packet::decode(datagram.primary, Grammar::Version0).unwrap()));
                }
            }
            Output::Sent => sent = Some(*at),
            Output::Heard(heard) => panic!("{heard:?}"),
        }
    }
    (packets, sent)
}

fn play(settings: Settings, burst: Burst) -> (Vec<(Duration, Packet)>, Option<Duration>) {
    let start = base();
    let mut terminal = Terminal::new(settings, start);
    terminal.handle(Input::Send(burst), start);
    packets(&run(&mut terminal, start, start + ms(9000)))
}

fn hex(octets: &str) -> Vec<u8> {
    (0..octets.len()).step_by(2).map(|at| u8::from_str_radix(&octets[at..at + 2], 16).unwrap()).collect()
}

fn hdlc(kind: DataKind, data: &[u8]) -> Packet {
    Packet::data(kind, Field::with(FieldKind::HdlcData, data.to_vec()))
}

fn bare(kind: DataKind, field: FieldKind) -> Packet {
    Packet::data(kind, Field::bare(field))
}

/// Feeds packets, none being a loss, a millisecond apart, then time.
fn hear(packets: &[Option<Packet>], then: Duration) -> Vec<Heard> {
    let start = base();
    let mut terminal = Terminal::new(Settings::default(), start);
    let mut now = start;
    let mut said = Vec::new();
    for (number, packet) in (0..).zip(packets) {
        if let Some(packet) = packet {
            let primary = packet.encode(Grammar::Version0);
            let datagram =
                Datagram { sequence: number, primary: &primary, recovery: Recovery::Secondaries(Vec::new()) };
            terminal.handle(Input::Datagram(&datagram.encode()), now);
        }
        said.extend(run(&mut terminal, now, now + ms(1)));
        now += ms(1);
    }
    said.extend(run(&mut terminal, now, now + then));
    said.into_iter()
        .filter_map(|(_, output)| match output {
            Output::Heard(heard) => Some(heard),
            Output::Datagram(_) | Output::Sent => None,
        })
        .collect()
}

fn indicator(indicator: Indicator) -> Option<Packet> {
    Some(Packet::Indicator(indicator))
}

fn v21(octets: &str) -> Option<Packet> {
    Some(hdlc(DataKind::V21, &hex(octets)))
}

fn v21_end(field: FieldKind) -> Option<Packet> {
    Some(bare(DataKind::V21, field))
}

const V17: DataKind = DataKind::Fast(Modulation::V17At14400);

fn carrier(modulation: Modulation, training: Training) -> Heard {
    Heard::Carrier { modulation, training }
}

/// What was heard in the words of the files beside the recordings, which were made from Wireshark's dissection:
/// streams of bits are joined.
fn describe(heard: &[Heard]) -> String {
    let mut text = String::new();
    let mut bits: Vec<u8> = Vec::new();
    for event in heard {
        if let Heard::Bits(more) = event {
            bits.extend(more);
            continue;
        }
        if !bits.is_empty() {
            let stream = std::mem::take(&mut bits);
            let sum = if stream.iter().all(|octet| *octet == 0) {
                "zeros".into()
            } else {
                format!("crc {:08x}", crc32(&stream))
            };
            writeln!(text, "bits {} {sum}", stream.len()).unwrap();
        }
        match event {
            Heard::Tone(Tone::Cng) => text.push_str("tone cng\n"),
            Heard::Tone(Tone::Ced) => text.push_str("tone ced\n"),
            Heard::Preamble => text.push_str("preamble\n"),
            Heard::Carrier { modulation, training } => writeln!(text, "carrier {modulation:?} {training:?}").unwrap(),
            Heard::Frame(frame) => {
                let frame: String = frame.iter().map(|octet| format!("{octet:02x}")).collect();
                writeln!(text, "frame {frame}").unwrap();
            }
            Heard::DamagedFrame => text.push_str("damaged frame\n"),
            Heard::Bits(_) => {}
            Heard::End => text.push_str("end\n"),
        }
    }
    text
}

fn crc32(octets: &[u8]) -> u32 {
    !octets.iter().fold(!0_u32, |sum, octet| {
        (0..8).fold(sum ^ u32::from(*octet), |sum, _| sum >> 1 ^ if sum & 1 == 1 { 0xEDB8_8320 } else { 0 })
    })
}
