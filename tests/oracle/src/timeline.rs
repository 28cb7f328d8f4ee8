//! Which signals a call was made of, from its datagrams: what an observer of the network sees of where the time went.

use std::time::{Duration, Instant};

use faxramp::t38::ifp::{DataKind, FieldKind, Grammar, Indicator, Packet};
use faxramp::t38::udptl::{Delivery, Receiver};

use crate::call::Side;

/// What a signal is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// Calling tone or called terminal identification.
    Tone,
    /// V.21: commands and responses.
    Control,
    /// A training check, or a page without error correction.
    Bits,
    /// A block of a page with error correction.
    Block,
}

/// A signal on the line.
#[derive(Clone, Copy, Debug)]
pub struct Signal {
    /// Who sends it.
    pub side: Side,
    /// What it is.
    pub kind: Kind,
    /// Its indicator, after the start of the call.
    pub begun: Duration,
    /// Its first data; its indicator where it has none.
    pub first_data: Duration,
    /// Its last packet.
    pub ended: Duration,
    /// Octets of data.
    pub octets: usize,
}

/// Makes signals of datagrams.
pub struct Timeline {
    base: Instant,
    caller: Receiver,
    answerer: Receiver,
    /// In the order in which they began.
    pub signals: Vec<Signal>,
    open: [Option<usize>; 2],
}

impl Timeline {
    /// Nothing yet.
    #[must_use]
    pub fn new(base: Instant) -> Self {
        Self { base, caller: Receiver::new(), answerer: Receiver::new(), signals: Vec::new(), open: [None, None] }
    }

    /// Notes a datagram in the grammar of version 0.
    ///
    /// # Panics
    /// When an end writes what cannot be read.
    pub fn note(&mut self, side: Side, now: Instant, octets: &[u8]) {
        let receiver = match side {
            Side::Caller => &mut self.caller,
            Side::Answerer => &mut self.answerer,
        };
        receiver.accept(octets, now).expect("a good datagram");
        let mut packets = Vec::new();
        while let Some(delivery) = receiver.poll() {
            if let Delivery::Packet(packet) = delivery {
                packets.push(packet);
            }
        }
        for packet in packets {
            let (packet, _) = Packet::decode_tolerantly(&packet, Grammar::of_version(0)).expect("a good packet");
            self.packet(side, now - self.base, &packet);
        }
    }

    fn packet(&mut self, side: Side, at: Duration, packet: &Packet) {
        let place = usize::from(side == Side::Answerer);
        match packet {
            Packet::Indicator(Indicator::NoSignal) => self.open[place] = None,
            Packet::Indicator(Indicator::Cng | Indicator::Ced) => self.begin(side, Kind::Tone, at),
            Packet::Indicator(Indicator::V21Preamble) => self.begin(side, Kind::Control, at),
            Packet::Indicator(_) => self.begin(side, Kind::Bits, at),
            Packet::Data { kind, fields } => {
                let fast = matches!(kind, DataKind::Fast(_));
                if self.open[place].is_none() {
                    self.begin(side, if fast { Kind::Bits } else { Kind::Control }, at);
                }
                let signal = &mut self.signals[self.open[place].expect("just begun")];
                for field in fields {
                    if fast && field.kind == FieldKind::HdlcData {
                        signal.kind = Kind::Block;
                    }
                    if signal.octets == 0 {
                        signal.first_data = at;
                    }
                    signal.octets += field.data.len();
                    signal.ended = at;
                }
            }
        }
    }

    fn begin(&mut self, side: Side, kind: Kind, at: Duration) {
        let place = usize::from(side == Side::Answerer);
        // An indicator may be said again and again while the signal lasts.
        let again =
            self.open[place].is_some_and(|open| self.signals[open].kind == kind && self.signals[open].octets == 0);
        if !again {
            self.open[place] = Some(self.signals.len());
            self.signals.push(Signal { side, kind, begun: at, first_data: at, ended: at, octets: 0 });
        }
    }

    /// The blocks of pages; a page of more than one block has several.
    pub fn blocks(&self) -> impl Iterator<Item = &Signal> {
        self.signals.iter().filter(|signal| signal.kind == Kind::Block)
    }
}
