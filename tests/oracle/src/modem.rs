//! The fast modems of both makers behind one face: bits to a signal, a signal to bits.

use faxramp::dsp::fast::{self, Event, Mode, Training, Transmitter};

use crate::bindings::{FastReceiver, FastTransmitter, Sign};
use crate::chance::Chance;

/// Who made a modem.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Maker {
    /// We did.
    Faxramp,
    /// SpanDSP did.
    Spandsp,
}

impl Maker {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Spandsp, Self::Faxramp];

    /// The name, for tables.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Faxramp => "faxramp",
            Self::Spandsp => "SpanDSP",
        }
    }
}

/// Samples that modems are given at once: a packet of 20 ms.
const PACKET: usize = 160;
/// Silence before a carrier and after it, in samples.
pub const MARGIN: usize = 1600;

/// How much louder SpanDSP's transmitters are than what they were set to, as the mean power of the data against G.711's 0 dBm0.
const SPANDSP_LOUDER_DB: f32 = 3.15;

/// Bits without pattern.
#[must_use]
pub fn random_bits(count: usize, seed: u64) -> Vec<bool> {
    let mut chance = Chance::new(seed);
    (0..count).map(|_| chance.below(2) == 1).collect()
}

/// What is sent: one carrier, with silence around it.
#[derive(Clone, Copy, Debug)]
pub struct Carrier {
    /// Modulation and rate.
    pub mode: Mode,
    /// The sequence that opens it.
    pub training: Training,
    /// Whether it is protected against talker echo.
    pub talker_echo_protection: bool,
    /// Mean power of the data in dBm0.
    pub dbm0: f32,
}

impl Carrier {
    /// A carrier as a fax sends it: long training, −13 dBm0.
    #[must_use]
    pub const fn new(mode: Mode) -> Self {
        Self { mode, training: Training::Long, talker_echo_protection: false, dbm0: -13.0 }
    }

    /// The signal that a maker's transmitter makes of these bits.
    #[must_use]
    pub fn send(self, maker: Maker, bits: &[bool]) -> Vec<i16> {
        let mut signal = vec![0; MARGIN];
        let mut append = |transmit: &mut dyn FnMut(&mut [i16]) -> usize| {
            let mut packet = [0; PACKET];
            loop {
                let count = transmit(&mut packet);
                signal.extend_from_slice(&packet[..count]);
                if count < PACKET {
                    break;
                }
            }
        };
        match maker {
            Maker::Faxramp => {
                let mut transmitter = Transmitter::new(self.mode, self.training, self.talker_echo_protection);
                transmitter.set_level(self.dbm0);
                let mut bits = bits.iter().copied();
                append(&mut |packet| transmitter.transmit(packet, &mut || bits.next()));
            }
            Maker::Spandsp => {
                let mut transmitter = FastTransmitter::new(self.mode, self.training, self.talker_echo_protection, bits);
                transmitter.set_level(self.dbm0 - SPANDSP_LOUDER_DB);
                append(&mut |packet| transmitter.transmit(packet));
            }
        }
        signal.extend(std::iter::repeat_n(0, MARGIN));
        signal
    }
}

/// What a receiver made of one carrier.
#[derive(Clone, Default, Debug)]
pub struct Hearing {
    /// The bits after training.
    pub bits: Vec<bool>,
    /// Whether it trained.
    pub trained: bool,
    /// Whether it gave up on training.
    pub failed: bool,
}

/// A receiver.
#[expect(missing_debug_implementations, reason = "SpanDSP's state has no face")]
pub struct Receiver(Made);

enum Made {
    Faxramp(Box<fast::Receiver>),
    Spandsp(FastReceiver),
}

impl Receiver {
    /// A receiver that waits for long training.
    #[must_use]
    pub fn new(maker: Maker, mode: Mode) -> Self {
        Self(match maker {
            Maker::Faxramp => Made::Faxramp(Box::new(fast::Receiver::new(mode))),
            Maker::Spandsp => Made::Spandsp(FastReceiver::new(mode)),
        })
    }

    /// Makes ready for another carrier.
    pub fn restart(&mut self, mode: Mode, training: Training) {
        match &mut self.0 {
            Made::Faxramp(receiver) => receiver.restart(mode, training),
            Made::Spandsp(receiver) => receiver.restart(mode, training),
        }
    }

    /// Hears a whole carrier, in packets of 20 ms.
    pub fn hear(&mut self, signal: &[i16]) -> Hearing {
        self.hear_with_holes(signal, &[])
    }

    /// The same, told which packets are missing; what stands in their place is for it to use or not.
    pub fn hear_with_holes(&mut self, signal: &[i16], lost: &[bool]) -> Hearing {
        let mut hearing = Hearing::default();
        for (place, packet) in signal.chunks(PACKET).enumerate() {
            let is_lost = lost.get(place).copied().unwrap_or(false);
            match &mut self.0 {
                Made::Faxramp(receiver) => {
                    let mut take = |event| match event {
                        Event::Bits(bits) => hearing.bits.extend(bits.iter()),
                        Event::Trained => hearing.begin(),
                        Event::TrainingFailed => hearing.failed = true,
                        Event::Carrier | Event::CarrierLost => {}
                    };
                    if is_lost {
                        receiver.receive_concealed(packet, &mut take);
                    } else {
                        receiver.receive(packet, &mut take);
                    }
                }
                Made::Spandsp(receiver) => {
                    if is_lost {
                        receiver.fill_in(packet.len());
                    } else {
                        receiver.receive(packet);
                    }
                    for sign in receiver.take() {
                        match sign {
                            Sign::Bit(bit) => hearing.bits.push(bit),
                            Sign::Trained => hearing.begin(),
                            Sign::TrainingFailed => hearing.failed = true,
                            Sign::CarrierUp | Sign::CarrierDown => {}
                        }
                    }
                }
            }
        }
        hearing
    }
}

impl Hearing {
    /// The receiver has trained. What it said before was a first try.
    fn begin(&mut self) {
        self.bits.clear();
        self.trained = true;
    }
}

/// Bits by which a receiver may begin too early or too late without every one counting as wrong.
const MOST_SLIP: usize = 64;
/// Bits that the place is found by.
const PROBE: usize = 600;

/// How many of the bits sent did not arrive as they were. Without training that is half of them.
#[must_use]
pub fn bit_errors(sent: &[bool], hearing: &Hearing) -> usize {
    if !hearing.trained {
        return sent.len() / 2;
    }
    let heard = &hearing.bits;
    let differ = |sent: &[bool], heard: &[bool]| sent.iter().zip(heard).filter(|(one, other)| one != other).count();
    let errors = |sent_skip: usize, heard_skip: usize, most: usize| {
        let (sent, heard) = (&sent[sent_skip.min(sent.len())..], &heard[heard_skip.min(heard.len())..]);
        let (sent, heard) = (&sent[..sent.len().min(most)], &heard[..heard.len().min(most)]);
        sent_skip + differ(sent, heard) + sent.len().saturating_sub(heard.len())
    };
    let in_place = errors(0, 0, PROBE);
    let place = if in_place <= PROBE / 5 {
        (0, 0)
    } else {
        let places = (0..=MOST_SLIP).flat_map(|slip| [(slip, 0), (0, slip)]);
        places.min_by_key(|(sent_skip, heard_skip)| errors(*sent_skip, *heard_skip, PROBE)).unwrap_or((0, 0))
    };
    errors(place.0, place.1, usize::MAX).min(sent.len() / 2)
}
