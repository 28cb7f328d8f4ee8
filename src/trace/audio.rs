//! RTP of one side → its sounds, what the modems say in it, and what was lost.
//!
//! The same playout and the same modems listen as in a call. They have to be told what fast carrier comes next; that stands in the frames
//! that were heard before ([`Stream::commanded`], [`Stream::confirmed`]).

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::step::{Layer, Loss, Side, Step, What};
use crate::dsp::g711::Law;
use crate::dsp::tone::{Detector, Tone};
use crate::modem::{Input, Output, Settings, Terminal};
use crate::rtp;
use crate::rtp::playout::{Part, Playout};
use crate::rtp::{Content, PayloadTypes};
use crate::sdp::{Coding, Protection};
use crate::signal::{Heard, Listen, Modulation, Training};
use crate::srtp;

/// The stream of one side.
#[derive(Debug)]
pub(super) struct Stream {
    side: Side,
    began: Option<Duration>,
    last: Duration,
    law: Option<Law>,
    detector: Option<Detector>,
    ear: Ear,
    /// The number of the packet that was highest, widened.
    highest: Option<u64>,
    first: u64,
    arrived: u64,
    /// What opens encrypted packets of this side: a receiver for each key that it told, the one that last did first.
    receivers: VecDeque<srtp::Receiver>,
    /// Whether all packets are encrypted.
    is_encrypted: bool,
}

/// Modems that listen.
#[derive(Debug)]
struct Ear {
    /// Stands for the beginning of the call in their time.
    origin: Instant,
    /// What its packets carry.
    types: PayloadTypes,
    playout: Playout,
    terminal: Terminal,
    /// When the next frame is played.
    next: Option<Duration>,
    /// What the DCS of this side commanded: the modem, and whether its pages have error correction.
    command: Option<(Modulation, bool)>,
    heard: VecDeque<(Duration, Heard)>,
}

/// The time of a frame of the playout.
const FRAME: Duration = Duration::from_millis(20);
/// How long is listened behind the last packet, for what still waits in the playout.
const BEHIND_LAST: Duration = Duration::from_millis(600);
/// After a gap as long as this without a packet nothing is listened to until the next one.
const LONGEST_GAP: Duration = Duration::from_secs(3);

/// Keys of one side that are remembered.
const KEYS_MAX: usize = 16;

impl Stream {
    pub(super) fn new(side: Side, origin: Instant) -> Self {
        let (began, last, law, detector) = (None, Duration::ZERO, None, None);
        let ear = Ear::new(origin);
        Self {
            side,
            began,
            last,
            law,
            detector,
            ear,
            highest: None,
            first: 0,
            arrived: 0,
            receivers: VecDeque::new(),
            is_encrypted: false,
        }
    }

    /// This side has described its audio: packets of it may be made with these keys.
    pub(super) fn described(&mut self, protection: &Protection) {
        self.is_encrypted = protection.profile.is_secure();
        for crypto in &protection.keys {
            self.receivers.push_front(srtp::Receiver::new(&crypto.key));
        }
        self.receivers.truncate(KEYS_MAX);
    }

    /// One of the sides has named these payload types.
    pub(super) fn named(&mut self, codings: &[Coding]) {
        for Coding { codec, payload_type } in codings {
            self.ear.types.set(*payload_type, Some(codec.law()));
        }
        self.ear.playout.set_payload_types(self.ear.types);
    }

    /// The packet in an encrypted one; nothing where no key opens it.
    fn open(&mut self, octets: &[u8]) -> Option<Vec<u8>> {
        let opens = |receiver: &mut srtp::Receiver| {
            let mut packet = octets.to_vec();
            receiver.unprotect(&mut packet).is_ok().then_some(packet)
        };
        let (place, packet) =
            self.receivers.iter_mut().enumerate().find_map(|(place, receiver)| Some((place, opens(receiver)?)))?;
        self.receivers.swap(0, place);
        Some(packet)
    }

    /// Takes a datagram.
    pub(super) fn datagram(&mut self, octets: &[u8], at: Duration, steps: &mut Vec<Step>) {
        let opened = self.open(octets);
        if self.is_encrypted && opened.is_none() {
            return;
        }
        let Ok(packet) = rtp::Packet::decode(opened.as_deref().unwrap_or(octets)) else { return };
        self.count(packet.sequence);
        self.last = at;
        let law = match self.ear.types.content(packet.payload_type) {
            Content::Audio(law) => Some(law),
            Content::ComfortNoise | Content::Other => None,
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
        self.ear.packet(&packet, at);
    }

    /// No more comes.
    pub(super) fn finish(&mut self) {
        if self.began.is_some() {
            self.ear.listen(self.last + BEHIND_LAST);
            // A frame in which the packets end was cut off, which is no fault of the line.
            self.ear.heard.retain(|(_, heard)| *heard != Heard::DamagedFrame);
        }
    }

    /// The next thing that the modems heard, and when.
    pub(super) fn heard(&mut self) -> Option<(Duration, Heard)> {
        self.ear.heard.pop_front()
    }

    /// This side has said which modem it uses: the training check follows.
    // T.30 (09/2005) §5.3.6.1.4
    pub(super) fn commanded(&mut self, modulation: Modulation, error_correction: bool) {
        self.ear.command = Some((modulation, error_correction));
        self.ear.expect(Listen::Fast { modulation, training: Training::Long, framed: false });
    }

    /// The other side is ready for a page of this one.
    // T.30 (09/2005) §5.3.6.1.5
    pub(super) fn confirmed(&mut self) {
        if let Some((modulation, framed)) = self.ear.command {
            let training = if modulation.has_short_training() { Training::Short } else { Training::Long };
            self.ear.expect(Listen::Fast { modulation, training, framed });
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

impl Ear {
    fn new(origin: Instant) -> Self {
        let terminal = Terminal::new(&Settings::default(), origin);
        let types = PayloadTypes::default();
        Self { origin, types, playout: Playout::new(), terminal, next: None, command: None, heard: VecDeque::new() }
    }

    fn packet(&mut self, packet: &rtp::Packet<'_>, at: Duration) {
        if self.next.is_some_and(|next| at > next + LONGEST_GAP) {
            // Nobody plays an hour of silence.
            (self.playout, self.next) = (Playout::new(), None);
            self.playout.set_payload_types(self.types);
        }
        self.next.get_or_insert(at);
        self.listen(at);
        self.playout.receive(packet, self.origin + at);
    }

    /// Plays and hears what is due by then.
    fn listen(&mut self, until: Duration) {
        while let Some(at) = self.next.filter(|next| *next <= until) {
            self.next = Some(at + FRAME);
            let now = self.origin + at;
            let frame = self.playout.play(now);
            for part in frame.parts() {
                let input = match part {
                    Part::Came(samples) => Input::Samples(samples),
                    Part::MadeUp(samples) => Input::Concealed(samples),
                };
                self.terminal.handle(input, now);
            }
            // The packets came before they were played.
            let came = at.saturating_sub(self.playout.statistics().delay);
            while let Some(output) = self.terminal.poll() {
                match output {
                    Output::Heard(heard) => self.heard.push_back((came, heard)),
                    // Nothing is sent.
                    Output::Sent => {}
                }
            }
        }
    }

    fn expect(&mut self, listen: Listen) {
        let now = self.origin + self.next.unwrap_or_default();
        self.terminal.handle(Input::Listen(listen), now);
    }
}
