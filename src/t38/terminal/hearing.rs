//! Packets in order → signals heard.
//!
//! Makes whole signals of what gateways send: ends that are missing or said twice, data without its indicator,
//! frames with a hole. Serves ITU-T T.38 §7.3 and §7.4.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::signal::{Heard, Modulation, Tone, Training};
use crate::t38::ifp::{DataKind, Field, FieldKind, Indicator, Packet};

/// What the far end's line does.
#[derive(Debug)]
pub(super) struct Hearing {
    line: Line,
    /// The element with data that ended the last signal; gateways repeat it under new numbers.
    ended_with: Option<(DataKind, Field)>,
    heard: VecDeque<Heard>,
}

#[derive(Debug)]
enum Line {
    Quiet,
    Tone(Tone),
    Open(Signal),
}

/// A carrier that is up.
#[derive(Debug)]
struct Signal {
    carrier: Carrier,
    /// The modem that the data named; none before the first data.
    spoken: Option<DataKind>,
    frame: Vec<u8>,
    condition: Condition,
    last: Instant,
    /// When data opened it before its indicator, which may still come.
    unannounced: Option<Instant>,
    /// Octets of zeros outside frames, as long as nothing else came.
    zeros: Option<usize>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Carrier {
    V21,
    Fast(Modulation, Training),
}

/// What is known of the frame being received.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Condition {
    /// Nothing is missing.
    Sound,
    /// Something was lost where the frame begins; its first octets tell whether it was the frame's.
    Doubtful,
    /// Something of it was lost, or it is too long.
    Broken,
}

impl Hearing {
    pub(super) const fn new() -> Self {
        Self { line: Line::Quiet, ended_with: None, heard: VecDeque::new() }
    }

    pub(super) fn poll(&mut self) -> Option<Heard> {
        self.heard.pop_front()
    }

    /// When [`Hearing::stall`] is to be called.
    pub(super) fn deadline(&self) -> Option<Instant> {
        match &self.line {
            Line::Quiet | Line::Tone(_) => None,
            Line::Open(signal) => Some(signal.last + signal.wait()),
        }
    }

    /// Nothing more came for too long.
    pub(super) fn stall(&mut self) {
        self.close();
    }

    /// Packets were lost here.
    pub(super) fn lost(&mut self) {
        if let Line::Open(signal) = &mut self.line {
            signal.condition = match (signal.condition, signal.frame.is_empty()) {
                (Condition::Broken, _) | (Condition::Sound | Condition::Doubtful, false) => Condition::Broken,
                (Condition::Sound | Condition::Doubtful, true) => Condition::Doubtful,
            };
        }
    }

    /// Whether a control frame has begun of which nothing is missing.
    pub(super) fn is_inside_whole_frame(&self) -> bool {
        match &self.line {
            Line::Open(signal) => {
                signal.carrier == Carrier::V21 && signal.condition == Condition::Sound && begins_as_frame(&signal.frame)
            }
            Line::Quiet | Line::Tone(_) => false,
        }
    }

    pub(super) fn packet(&mut self, packet: Packet, now: Instant) {
        match packet {
            Packet::Indicator(indicator) => self.indicator(indicator, now),
            Packet::Data { kind, fields } => {
                for field in fields {
                    self.field(kind, field, now);
                }
            }
        }
    }

    fn indicator(&mut self, indicator: Indicator, now: Instant) {
        match indicator {
            Indicator::NoSignal
            | Indicator::V8Signal
            | Indicator::V34ControlChannel1200
            | Indicator::V34PrimaryChannel
            | Indicator::V34ControlRetrain
            | Indicator::V33Training12000
            | Indicator::V33Training14400 => self.close(),
            Indicator::Cng => self.tone(Tone::Cng),
            // To a group 3 terminal the answer tone of V.8 is an answer tone.
            Indicator::Ced | Indicator::V8Ansam => self.tone(Tone::Ced),
            Indicator::V21Preamble => self.open(Carrier::V21, Condition::Sound, now),
            Indicator::Training(modulation, training) => {
                self.open(Carrier::Fast(modulation, training), Condition::Sound, now);
            }
        }
    }

    fn tone(&mut self, tone: Tone) {
        if matches!(self.line, Line::Tone(current) if current == tone) {
            return;
        }
        self.close();
        self.line = Line::Tone(tone);
        self.heard.push_back(Heard::Tone(tone));
    }

    /// Opens a carrier, unless it is the one that was opened and has said nothing: gateways repeat indicators.
    fn open(&mut self, carrier: Carrier, condition: Condition, now: Instant) {
        if let Line::Open(signal) = &mut self.line
            && signal.carrier == carrier
            && signal.spoken.is_none()
        {
            signal.last = now;
            return;
        }
        if let Line::Open(signal) = &mut self.line
            && signal.was_opened_by_data_of(carrier, now)
        {
            signal.unannounced = None;
            return;
        }
        self.close();
        self.ended_with = None;
        self.heard.push_back(match carrier {
            Carrier::V21 => Heard::Preamble,
            Carrier::Fast(modulation, training) => Heard::Carrier { modulation, training },
        });
        self.line = Line::Open(Signal {
            carrier,
            spoken: None,
            frame: Vec::new(),
            condition,
            last: now,
            unannounced: None,
            zeros: Some(0),
        });
    }

    /// The carrier is gone; a frame left open is damaged.
    fn close(&mut self) {
        if let Line::Open(signal) = std::mem::replace(&mut self.line, Line::Quiet) {
            if !signal.frame.is_empty() {
                self.heard.push_back(Heard::DamagedFrame);
            }
            self.heard.push_back(Heard::End);
        }
    }

    fn field(&mut self, kind: DataKind, field: Field, now: Instant) {
        if matches!(self.line, Line::Quiet) && self.ended_with.as_ref() == Some(&(kind, field.clone())) {
            return;
        }
        let repeatable = (!field.data.is_empty()).then(|| (kind, field.clone()));
        self.take(kind, field, now);
        if matches!(self.line, Line::Quiet) && repeatable.is_some() {
            self.ended_with = repeatable;
        }
    }

    fn take(&mut self, kind: DataKind, field: Field, now: Instant) {
        let Field { kind: what, data } = field;
        match what {
            FieldKind::HdlcData => {
                if let Some(signal) = self.listen(kind, !data.is_empty(), now) {
                    signal.extend(&data);
                }
            }
            FieldKind::HdlcFcsOk => self.check(kind, &data, true, false, now),
            FieldKind::HdlcFcsBad => self.check(kind, &data, false, false, now),
            FieldKind::HdlcFcsOkSigEnd => self.check(kind, &data, true, true, now),
            FieldKind::HdlcFcsBadSigEnd => self.check(kind, &data, false, true, now),
            // Some gateways end a training check with this; the carrier is gone whichever end they name.
            FieldKind::HdlcSigEnd => self.close_if_same(kind),
            FieldKind::T4NonEcmData => self.bits(kind, &data, now),
            FieldKind::T4NonEcmSigEnd => {
                self.bits(kind, &data, now);
                self.close_if_same(kind);
            }
            FieldKind::CmMessage | FieldKind::JmMessage | FieldKind::CiMessage | FieldKind::V34Rate => {}
        }
    }

    /// The carrier that data of this kind belongs to. Data opens one whose indicator was lost; a bare end of something
    /// does not, for ends are repeated.
    fn listen(&mut self, kind: DataKind, has_data: bool, now: Instant) -> Option<&mut Signal> {
        let carrier = carrier_of(kind)?;
        let fits = match &self.line {
            Line::Open(signal) => signal.takes(kind, carrier),
            Line::Quiet | Line::Tone(_) => false,
        };
        if !fits && has_data {
            self.close();
            self.open(carrier, Condition::Doubtful, now);
            if let Line::Open(signal) = &mut self.line {
                signal.unannounced = Some(now);
            }
        }
        match &mut self.line {
            Line::Open(signal) if fits || has_data => {
                if has_data {
                    signal.spoken = Some(kind);
                }
                signal.last = now;
                Some(signal)
            }
            Line::Open(_) | Line::Quiet | Line::Tone(_) => None,
        }
    }

    /// The end of a frame, with the check sequence's result.
    fn check(&mut self, kind: DataKind, data: &[u8], is_good: bool, is_end: bool, now: Instant) {
        if let Some(signal) = self.listen(kind, !data.is_empty(), now) {
            signal.extend(data);
            signal.unannounced = None;
            let heard = signal.end_frame(is_good);
            self.heard.extend(heard);
        }
        if is_end {
            self.close_if_same(kind);
        }
    }

    fn bits(&mut self, kind: DataKind, data: &[u8], now: Instant) {
        // V.21 carries nothing but frames.
        if kind == DataKind::V21 {
            return;
        }
        if let Some(signal) = self.listen(kind, !data.is_empty(), now) {
            signal.zeros =
                signal.zeros.filter(|_| data.iter().all(|octet| *octet == 0)).map(|zeros| zeros + data.len());
            self.heard.extend(data.chunks(MOST_BITS_OCTETS).map(|chunk| Heard::Bits(chunk.to_vec())));
        }
    }

    /// Ends the carrier unless the end belongs to another one: a late repeat of an end must not cut a new signal.
    fn close_if_same(&mut self, kind: DataKind) {
        if let (Line::Open(signal), Some(carrier)) = (&self.line, carrier_of(kind))
            && signal.takes(kind, carrier)
        {
            self.close();
        }
    }
}

impl Signal {
    /// Whether data of a kind belongs here. Before the first data a fast modem may turn out to be another fast one than
    /// the indicator said: some gateways send a wrong indicator.
    fn takes(&self, kind: DataKind, carrier: Carrier) -> bool {
        match (self.spoken, self.carrier, carrier) {
            (Some(spoken), _, _) => spoken == kind,
            (None, Carrier::V21, Carrier::V21) | (None, Carrier::Fast(..), Carrier::Fast(..)) => true,
            (None, Carrier::V21, Carrier::Fast(..)) | (None, Carrier::Fast(..), Carrier::V21) => false,
        }
    }

    /// Whether an indicator of a carrier is the one that should have come before the data that opened it.
    fn was_opened_by_data_of(&self, carrier: Carrier, now: Instant) -> bool {
        let is_same = match (self.carrier, carrier) {
            (Carrier::V21, Carrier::V21) => true,
            (Carrier::Fast(ours, _), Carrier::Fast(other, _)) => ours == other,
            (Carrier::V21, Carrier::Fast(..)) | (Carrier::Fast(..), Carrier::V21) => false,
        };
        is_same && self.unannounced.is_some_and(|opened| now.saturating_duration_since(opened) < LATE_INDICATOR)
    }

    /// How long it may say nothing before it is thought to be over.
    fn wait(&self) -> Duration {
        match (self.spoken, self.carrier, self.zeros) {
            (None, ..) => SIGNAL_WAIT,
            // No page begins with so many zeros: a training check of which only the end was lost.
            (Some(_), Carrier::Fast(modulation, _), Some(zeros)) if zeros as u64 >= check_octets(modulation) => {
                CHECK_WAIT
            }
            (Some(_), ..) => DATA_WAIT,
        }
    }

    fn extend(&mut self, data: &[u8]) {
        let room = LONGEST_FRAME_OCTETS - self.frame.len();
        if data.len() > room {
            self.condition = Condition::Broken;
        }
        self.frame.extend_from_slice(&data[..data.len().min(room)]);
    }

    /// What the frame was, if there was one; repeated ends have none.
    fn end_frame(&mut self, is_good: bool) -> Option<Heard> {
        let frame = std::mem::take(&mut self.frame);
        let is_whole = match std::mem::replace(&mut self.condition, Condition::Sound) {
            Condition::Sound if frame.is_empty() => return None,
            Condition::Sound => true,
            Condition::Doubtful => begins_as_frame(&frame),
            Condition::Broken => false,
        };
        Some(if is_good && is_whole { Heard::Frame(frame) } else { Heard::DamagedFrame })
    }
}

/// Octets of a training check that has come whole, at its shortest.
// T.30 (09/2005) §5.3.6.1.4: 1.5 s ± 10 %
const fn check_octets(modulation: Modulation) -> u64 {
    modulation.bits_per_second() as u64 * 135 / 100 / 8
}

/// The end of a V.21 carrier outside a frame.
pub(super) fn bare_end() -> Packet {
    Packet::data(DataKind::V21, Field::bare(FieldKind::HdlcSigEnd))
}

/// Whether octets begin with the address and a control field.
// T.30 (09/2005) §5.3.4, §5.3.5
fn begins_as_frame(frame: &[u8]) -> bool {
    matches!(frame, [0xFF, 0xC0 | 0xC8, ..])
}

const fn carrier_of(kind: DataKind) -> Option<Carrier> {
    match kind {
        DataKind::V21 => Some(Carrier::V21),
        // Without its indicator a training cannot be told; a long one is the safe guess, for it is never refused.
        DataKind::Fast(modulation) => Some(Carrier::Fast(modulation, Training::Long)),
        DataKind::V8
        | DataKind::V34PrimaryRate
        | DataKind::V34Control1200
        | DataKind::V34Primary
        | DataKind::V33At12000
        | DataKind::V33At14400 => None,
    }
}

/// After an indicator, how long data may take to come.
pub(super) const SIGNAL_WAIT: Duration = Duration::from_secs(15);
/// After data, how long more may take to come; less than T2's 6 s, so that T.30 can still answer.
pub(super) const DATA_WAIT: Duration = Duration::from_secs(5);

/// How late an indicator may come behind its own data.
const LATE_INDICATOR: Duration = Duration::from_millis(300);
/// After a whole training check, how long its end may take: more than gateways hold data back for.
pub(super) const CHECK_WAIT: Duration = Duration::from_millis(800);

/// The longest frame kept: far over an image frame of 260 octets and any NSF seen.
const LONGEST_FRAME_OCTETS: usize = 2048;
/// Most octets of one [`Heard::Bits`].
const MOST_BITS_OCTETS: usize = 1024;
