//! The line: what the tester sends as T.38 packets at the pace of modems, and what it hears as whole signals.
//!
//! Sending is written here, for a tester says what no terminal would: wrong check sequences, checks of any length, preambles
//! without a frame. Hearing is the crate's.

use std::collections::VecDeque;
use std::net::{SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use faxramp::signal::{Frame, Heard, Modulation, Tone, Training};
use faxramp::t38::ifp::{DataKind, Field, FieldKind, Grammar, Indicator, Packet};
use faxramp::t38::udptl::{Correction, Sender};
use faxramp::t38::{Input, Output, Settings, Terminal};

/// V.21 flags before a frame.
// T.30 (09/2005) §5.3.1: 1 s ± 15 %
const PREAMBLE: Duration = Duration::from_millis(1000);
/// CED at its shortest.
// T.30 (09/2005) §4.3.3.1
const CED: Duration = Duration::from_millis(2600);
/// An octet of V.21.
const V21_OCTET: Duration = Duration::from_micros(26_667);
/// Flags between training and the first frame of a block.
const BLOCK_PREAMBLE: Duration = Duration::from_millis(200);
/// How finely time passes while nothing comes.
const TICK: Duration = Duration::from_millis(5);
const MAX_DATAGRAM_OCTETS: usize = 400;
/// Packets repeated in each datagram.
const REDUNDANCY: u8 = 3;

/// A signal of the device, from its first sound to its end.
#[derive(Clone, Debug)]
pub struct Signal {
    /// What it was.
    pub kind: Kind,
    /// When it began.
    pub began: Instant,
}

/// What a signal was.
#[derive(Clone, Debug)]
pub enum Kind {
    /// A tone, heard as it begins.
    Tone(Tone),
    /// V.21 frames with good check sequences.
    Control(Vec<Frame>),
    /// A fast carrier: frames of error correction, or octets outside frames.
    Fast {
        /// Modem and rate.
        modulation: Modulation,
        /// How it was opened.
        training: Training,
        /// FCD and RCP frames.
        frames: Vec<Frame>,
        /// Octets outside frames, and those of them that are zero.
        octets: (usize, usize),
    },
}

/// One end of the line.
#[derive(Debug)]
pub struct Wire {
    socket: UdpSocket,
    /// Where packets go.
    pub far: Option<SocketAddr>,
    terminal: Terminal,
    sender: Sender,
    open: Option<Signal>,
    /// Signals that were heard whole.
    pub heard: VecDeque<Signal>,
    /// When the last signal of either side ended.
    pub free: Instant,
    clock: Instant,
}

impl Wire {
    /// A port on an address.
    ///
    /// # Errors
    /// When there is none.
    pub fn new(address: &str) -> Result<Self, String> {
        let socket = UdpSocket::bind((address, 0)).map_err(|error| error.to_string())?;
        let now = Instant::now();
        Ok(Self {
            socket,
            far: None,
            terminal: Terminal::new(Settings::default(), now),
            sender: Sender::new(MAX_DATAGRAM_OCTETS),
            open: None,
            heard: VecDeque::new(),
            free: now,
            clock: now,
        })
    }

    /// The port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.socket.local_addr().map_or(0, |address| address.port())
    }

    /// Whether the device is sending.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        self.open.is_some()
    }

    /// Lets time pass, and hears.
    pub fn pass(&mut self, until: Instant) {
        loop {
            let now = Instant::now();
            if now >= until {
                return;
            }
            let wait = (until - now).clamp(Duration::from_micros(200), TICK);
            // Without a time-out the script would hang, which its own limit ends.
            let _ = self.socket.set_read_timeout(Some(wait));
            let mut buffer = [0; 2048];
            let received = self.socket.recv_from(&mut buffer);
            let input = received.map_or(Input::Timeout, |(count, _)| Input::Datagram(&buffer[..count]));
            let now = Instant::now();
            self.terminal.handle(input, now);
            while let Some(output) = self.terminal.poll() {
                if let Output::Heard(heard) = output {
                    self.hear(heard, now);
                }
            }
        }
    }

    fn hear(&mut self, heard: Heard, now: Instant) {
        match heard {
            Heard::Tone(tone) => {
                self.heard.push_back(Signal { kind: Kind::Tone(tone), began: now });
                // Its end is not told. CNG goes on until somebody speaks.
                self.free = if tone == Tone::Ced { now + CED } else { now };
            }
            Heard::Preamble => self.open = Some(Signal { kind: Kind::Control(Vec::new()), began: now }),
            Heard::Carrier { modulation, training } => {
                let kind = Kind::Fast { modulation, training, frames: Vec::new(), octets: (0, 0) };
                self.open = Some(Signal { kind, began: now });
            }
            Heard::Frame(frame) => {
                if let Some(Signal { kind: Kind::Control(frames) | Kind::Fast { frames, .. }, .. }) = &mut self.open {
                    frames.push(frame);
                }
            }
            Heard::Bits(bits) => {
                if let Some(Signal { kind: Kind::Fast { octets, .. }, .. }) = &mut self.open {
                    octets.0 += bits.len();
                    octets.1 += bits.iter().filter(|octet| **octet == 0).count();
                }
            }
            Heard::DamagedFrame => {}
            Heard::End => {
                self.heard.extend(self.open.take());
                self.free = now;
            }
        }
    }

    fn say(&mut self, packet: &Packet, lasts: Duration) {
        let datagram = self.sender.send(packet.encode(Grammar::Version0), Correction::Repeat(REDUNDANCY));
        if let Some(far) = self.far {
            // Loss is what the redundancy is for.
            let _ = self.socket.send_to(&datagram, far);
        }
        self.clock += lasts;
        self.pass(self.clock);
    }

    fn begin(&mut self) {
        self.clock = Instant::now();
    }

    /// Silence.
    pub fn fall_silent(&mut self) {
        self.say(&Packet::Indicator(Indicator::NoSignal), Duration::ZERO);
        self.free = Instant::now();
    }

    /// CED.
    pub fn ced(&mut self) {
        self.begin();
        self.say(&Packet::Indicator(Indicator::Ced), CED);
        self.fall_silent();
    }

    /// Flags for so long and, if there are any, frames.
    pub fn control(&mut self, preamble: Option<Duration>, frames: &[Frame], is_good: bool) {
        self.begin();
        self.say(&Packet::Indicator(Indicator::V21Preamble), preamble.unwrap_or(PREAMBLE));
        for frame in frames {
            for octet in frame {
                self.say(&Packet::data(DataKind::V21, Field::with(FieldKind::HdlcData, vec![*octet])), V21_OCTET);
            }
            let check = if is_good { FieldKind::HdlcFcsOk } else { FieldKind::HdlcFcsBad };
            self.clock += V21_OCTET * 2;
            self.pass(self.clock);
            self.say(&Packet::data(DataKind::V21, Field::bare(check)), V21_OCTET);
        }
        self.say(&Packet::data(DataKind::V21, Field::bare(FieldKind::HdlcSigEnd)), V21_OCTET);
        self.fall_silent();
    }

    /// A carrier with bits.
    pub fn bits(&mut self, modulation: Modulation, training: Training, bits: &[u8]) {
        self.begin();
        self.say(&Packet::Indicator(Indicator::Training(modulation, training)), training_time(modulation, training));
        let kind = DataKind::Fast(modulation);
        for part in bits.chunks(octets_in_30_ms(modulation)) {
            let time = time_of(part.len(), modulation);
            self.say(&Packet::data(kind, Field::with(FieldKind::T4NonEcmData, part.to_vec())), time);
        }
        self.say(&Packet::data(kind, Field::bare(FieldKind::T4NonEcmSigEnd)), Duration::ZERO);
        self.fall_silent();
    }

    /// A carrier with frames of error correction; each with whether its check sequence is right.
    pub fn frames(&mut self, modulation: Modulation, training: Training, frames: &[(Frame, bool)]) {
        self.begin();
        let opening = training_time(modulation, training) + BLOCK_PREAMBLE;
        self.say(&Packet::Indicator(Indicator::Training(modulation, training)), opening);
        let kind = DataKind::Fast(modulation);
        for (place, (frame, is_good)) in frames.iter().enumerate() {
            for part in frame.chunks(octets_in_30_ms(modulation)) {
                let data = Packet::data(kind, Field::with(FieldKind::HdlcData, part.to_vec()));
                self.say(&data, time_of(part.len(), modulation));
            }
            let end = match (is_good, place + 1 == frames.len()) {
                (true, false) => FieldKind::HdlcFcsOk,
                (false, false) => FieldKind::HdlcFcsBad,
                (true, true) => FieldKind::HdlcFcsOkSigEnd,
                (false, true) => FieldKind::HdlcFcsBadSigEnd,
            };
            self.say(&Packet::data(kind, Field::bare(end)), time_of(4, modulation));
        }
        self.fall_silent();
    }
}

/// Training as the modem Recommendations have it.
fn training_time(modulation: Modulation, training: Training) -> Duration {
    Duration::from_millis(match (modulation, training) {
        (Modulation::V27ter2400, _) => 943,
        (Modulation::V27ter4800, _) => 708,
        (Modulation::V29At7200 | Modulation::V29At9600, _) => 234,
        (_, Training::Long) => 1393,
        (_, Training::Short) => 142,
    })
}

fn octets_in_30_ms(modulation: Modulation) -> usize {
    usize::try_from(modulation.bits_per_second() * 3 / 800).unwrap_or(1)
}

fn time_of(octets: usize, modulation: Modulation) -> Duration {
    Duration::from_nanos(octets as u64 * 8_000_000_000 / u64::from(modulation.bits_per_second()))
}
