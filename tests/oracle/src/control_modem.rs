//! The modem of control signals, V.21, of both makers behind one face.

use faxramp::dsp::v21;

use crate::bindings::{FskReceiver, FskTransmitter, Sign};
use crate::modem::{MARGIN, Maker};

/// Samples that modems are given at once: a packet of 20 ms.
const PACKET: usize = 160;

/// The signal of these bits, with silence around it, at −13 dBm0.
#[must_use]
pub fn send(maker: Maker, bits: &[bool]) -> Vec<i16> {
    let mut signal = vec![0; MARGIN];
    let mut packet = [0; PACKET];
    let mut bits_left = bits.iter().copied();
    let mut ours = v21::Transmitter::new(-13.0);
    let mut theirs = FskTransmitter::new(bits, -13.0);
    loop {
        let count = match maker {
            Maker::Faxramp => ours.transmit(&mut packet, &mut || bits_left.next()),
            Maker::Spandsp => theirs.transmit(&mut packet),
        };
        signal.extend_from_slice(&packet[..count]);
        if count < PACKET {
            break;
        }
    }
    signal.extend(std::iter::repeat_n(0, MARGIN));
    signal
}

/// The bits that a receiver hears while it hears a carrier.
#[must_use]
pub fn hear(maker: Maker, signal: &[i16]) -> Vec<bool> {
    let mut heard = Vec::new();
    match maker {
        Maker::Faxramp => {
            let mut receiver = v21::Receiver::new();
            for packet in signal.chunks(PACKET) {
                receiver.receive(packet, &mut |_, event| match event {
                    v21::Event::Bit { bit, is_sure: _ } => heard.push(bit),
                    v21::Event::CarrierUp | v21::Event::CarrierDown => {}
                });
            }
        }
        Maker::Spandsp => {
            let mut receiver = FskReceiver::new();
            for packet in signal.chunks(PACKET) {
                receiver.receive(packet);
                heard.extend(receiver.take().into_iter().filter_map(|sign| match sign {
                    Sign::Bit(bit) => Some(bit),
                    Sign::CarrierUp | Sign::CarrierDown | Sign::Trained | Sign::TrainingFailed => None,
                }));
            }
        }
    }
    heard
}

/// Bits by which what is heard may begin before what was sent, or after it.
const MOST_SLIP: usize = 60;

/// How many of the bits sent did not arrive as they were, those at the beginning left out that a preamble is for.
#[must_use]
pub fn bit_errors(sent: &[bool], heard: &[bool], preamble: usize) -> usize {
    let from = &sent[preamble..];
    let errors = |begin: usize| {
        let rest = heard.get(begin..).unwrap_or_default();
        let wrong = from.iter().zip(rest).filter(|(one, other)| one != other).count();
        wrong + from.len().saturating_sub(rest.len())
    };
    let places = preamble.saturating_sub(MOST_SLIP)..preamble + MOST_SLIP;
    places.map(errors).min().unwrap_or(from.len()).min(from.len() / 2)
}
