//! T.38 of one side, or what modems heard in its audio → what T.30 said and sent.

use std::time::{Duration, Instant};

use super::step::{Layer, Loss, Side, Step, What};
use super::words;
use crate::signal::{Heard, Modulation};
use crate::t30::frame::{ADDRESS, Name, View};
use crate::t38::ifp::{DataKind, Field, FieldKind, Grammar, Indicator, Packet};
use crate::t38::udptl::{Delivery, Receiver, Statistics};

/// The packets of one side.
#[derive(Debug)]
pub(super) struct Stream {
    side: Side,
    /// Stands for the beginning of the call in the receiver's time.
    origin: Instant,
    receiver: Receiver,
    grammar: Grammar,
    modem: Option<Modulation>,
    control: Vec<u8>,
    control_began: Option<Duration>,
    burst: Option<Burst>,
    last_name: Option<Name>,
    /// A DCS went out, so what a fast modem says next is the training check.
    check_is_due: bool,
}

/// Data of a fast modem.
#[derive(Debug)]
struct Burst {
    began: Duration,
    last: Duration,
    modem: Option<Modulation>,
    /// With error correction: whole frames, damaged ones, octets of page in them, and the end frames (RCP).
    frames: u32,
    damaged: u32,
    ends: u32,
    frame: Vec<u8>,
    /// Without it, and for training checks: octets.
    octets: usize,
    /// How many of them are zero, how many between those are not, and how many are not since the last one: a modem says something before and
    /// behind a training check.
    zeros: usize,
    spoilt: usize,
    behind: usize,
}

/// Octets of one frame that are kept.
const FRAME_MAX: usize = 4096;

impl Stream {
    pub(super) fn new(side: Side, origin: Instant) -> Self {
        Self {
            side,
            origin,
            receiver: Receiver::new(),
            grammar: Grammar::Version0,
            modem: None,
            control: Vec::new(),
            control_began: None,
            burst: None,
            last_name: None,
            check_is_due: false,
        }
    }

    /// Takes a datagram.
    pub(super) fn datagram(&mut self, octets: &[u8], at: Duration, steps: &mut Vec<Step>) {
        let now = self.origin + at;
        self.receiver.expire(now);
        // What is no UDPTL is a stray, or a keep-alive.
        let _ = self.receiver.accept(octets, now);
        self.deliver(at, steps);
    }

    /// No more comes.
    pub(super) fn finish(&mut self, at: Duration, steps: &mut Vec<Step>) {
        if let Some(deadline) = self.receiver.deadline() {
            self.receiver.expire(deadline);
        }
        self.deliver(at, steps);
        self.end_burst(steps);
    }

    /// Packets and holes.
    pub(super) const fn loss(&self) -> Loss {
        let Statistics { datagrams, repeated, rebuilt, lost, .. } = self.receiver.statistics();
        Loss { arrived: datagrams, rebuilt: repeated + rebuilt, lost }
    }

    fn deliver(&mut self, at: Duration, steps: &mut Vec<Step>) {
        while let Some(delivery) = self.receiver.poll() {
            match delivery {
                Delivery::Packet(octets) => self.packet(&octets, at, steps),
                Delivery::Lost => {
                    let step = self.step(at, "packets lost", "neither they nor their repetitions arrived");
                    steps.push(Step { what: What::Fault, ..step });
                }
            }
        }
    }

    fn packet(&mut self, octets: &[u8], at: Duration, steps: &mut Vec<Step>) {
        match Packet::decode_tolerantly(octets, self.grammar) {
            Ok((Packet::Indicator(indicator), _)) => self.indicator(indicator, at, steps),
            Ok((Packet::Data { kind, fields }, grammar)) => {
                self.grammar = grammar;
                for field in fields {
                    self.field(kind, &field, at, steps);
                }
            }
            Err(error) => {
                let step = self.step(at, "unreadable packet", &error.to_string());
                steps.push(Step { what: What::Fault, ..step });
            }
        }
    }

    fn indicator(&mut self, indicator: Indicator, at: Duration, steps: &mut Vec<Step>) {
        match indicator {
            Indicator::Cng => self.tone(at, "CNG", "calling tone", steps),
            Indicator::Ced => self.tone(at, "CED", "answer tone", steps),
            Indicator::V8Ansam => self.tone(at, "ANSam", "answer tone of a V.34 machine", steps),
            Indicator::Training(modem, _) => {
                // It is repeated against loss; the data tells when the next one begins.
                if self.burst.is_none() {
                    self.modem = Some(modem);
                    self.burst = Some(Burst::new(at, Some(modem)));
                }
            }
            Indicator::NoSignal => self.end_burst(steps),
            Indicator::V21Preamble => {
                self.end_burst(steps);
                self.control_began.get_or_insert(at);
            }
            Indicator::V8Signal
            | Indicator::V34ControlChannel1200
            | Indicator::V34PrimaryChannel
            | Indicator::V34ControlRetrain
            | Indicator::V33Training12000
            | Indicator::V33Training14400 => self.tone(at, "V.34 or V.33", "a modem that is not used here", steps),
        }
    }

    fn tone(&mut self, at: Duration, name: &str, detail: &str, steps: &mut Vec<Step>) {
        let again = steps.iter().rev().find(|step| step.side == self.side && step.layer == Layer::Fax);
        if again.is_none_or(|step| step.name != name) {
            steps.push(self.step(at, name, detail));
        }
    }

    fn field(&mut self, kind: DataKind, field: &Field, at: Duration, steps: &mut Vec<Step>) {
        match kind {
            DataKind::V21 => self.control_field(field, at, steps),
            DataKind::Fast(modem) => self.fast_field(modem, field, at, steps),
            DataKind::V8
            | DataKind::V34PrimaryRate
            | DataKind::V34Control1200
            | DataKind::V34Primary
            | DataKind::V33At12000
            | DataKind::V33At14400 => {}
        }
    }

    fn control_field(&mut self, field: &Field, at: Duration, steps: &mut Vec<Step>) {
        self.end_burst(steps);
        let began = *self.control_began.get_or_insert(at);
        match field.kind {
            FieldKind::HdlcData => {
                if self.control.len() < FRAME_MAX {
                    self.control.extend_from_slice(&field.data);
                }
            }
            FieldKind::HdlcFcsOk | FieldKind::HdlcFcsOkSigEnd => {
                self.control.extend_from_slice(&field.data);
                self.control_frame(began, at, steps);
            }
            FieldKind::HdlcFcsBad | FieldKind::HdlcFcsBadSigEnd => {
                let octets = std::mem::take(&mut self.control).len();
                let detail = format!("{octets} octets arrived with an error of the line");
                let step = self.step(began, "damaged frame", &detail);
                steps.push(Step { lasted: at.saturating_sub(began), what: What::Fault, ..step });
            }
            FieldKind::HdlcSigEnd
            | FieldKind::T4NonEcmData
            | FieldKind::T4NonEcmSigEnd
            | FieldKind::CmMessage
            | FieldKind::JmMessage
            | FieldKind::CiMessage
            | FieldKind::V34Rate => {}
        }
        match field.kind {
            FieldKind::HdlcSigEnd | FieldKind::HdlcFcsOkSigEnd | FieldKind::HdlcFcsBadSigEnd => {
                self.control.clear();
                self.control_began = None;
            }
            // The next frame of the same signal begins now.
            FieldKind::HdlcFcsOk | FieldKind::HdlcFcsBad => self.control_began = Some(at),
            FieldKind::HdlcData
            | FieldKind::T4NonEcmData
            | FieldKind::T4NonEcmSigEnd
            | FieldKind::CmMessage
            | FieldKind::JmMessage
            | FieldKind::CiMessage
            | FieldKind::V34Rate => {}
        }
    }

    /// Takes what modems heard of this side, where its fax goes over audio.
    pub(super) fn heard(&mut self, heard: Heard, at: Duration, steps: &mut Vec<Step>) {
        match (heard, &mut self.burst) {
            // Told as a sound already.
            (Heard::Tone(_), _) => {}
            (Heard::Preamble, _) => {
                self.end_burst(steps);
                self.control_began = Some(at);
            }
            (Heard::Carrier { modulation, .. }, _) => {
                self.end_burst(steps);
                self.modem = Some(modulation);
                self.burst = Some(Burst::new(at, Some(modulation)));
            }
            (Heard::Frame(frame), Some(burst)) => {
                (burst.last, burst.frame) = (at, frame);
                burst.end_frame();
            }
            (Heard::Frame(frame), None) => {
                let began = self.control_began.replace(at).unwrap_or(at);
                self.control = frame;
                self.control_frame(began, at, steps);
            }
            (Heard::DamagedFrame, Some(burst)) => (burst.last, burst.damaged) = (at, burst.damaged + 1),
            (Heard::DamagedFrame, None) => {
                let began = self.control_began.replace(at).unwrap_or(at);
                let step = self.step(began, "damaged frame", "it arrived with an error of the line");
                steps.push(Step { lasted: at.saturating_sub(began), what: What::Fault, ..step });
            }
            (Heard::Bits(bits), burst) => {
                let burst = burst.get_or_insert_with(|| Burst::new(at, self.modem));
                burst.last = at;
                burst.data(&bits);
            }
            (Heard::End, _) => {
                self.end_burst(steps);
                self.control_began = None;
            }
        }
    }

    fn control_frame(&mut self, began: Duration, at: Duration, steps: &mut Vec<Step>) {
        let octets = std::mem::take(&mut self.control);
        // Gateways say the end of a frame twice.
        if octets.is_empty() {
            return;
        }
        let step = match View::parse(&octets) {
            Ok(view) => {
                let again = self.last_name == Some(view.name) && view.last && self.was_last_on_line(steps);
                self.last_name = Some(view.name);
                self.check_is_due |= view.name == Name::Dcs;
                let (name, detail) = words::frame(&view);
                let bad = matches!(view.name, Name::Ftt | Name::Rtn | Name::Pin | Name::Ppr | Name::Crp | Name::Err);
                let what = match (bad, again) {
                    (true, _) => What::Fault,
                    (false, true) => What::Again,
                    (false, false) => What::Ordinary,
                };
                Step { what, ..self.step(began, &name, &detail) }
            }
            Err(error) => Step { what: What::Fault, ..self.step(began, "unknown frame", &error.to_string()) },
        };
        steps.push(Step { lasted: at.saturating_sub(began), ..step });
    }

    /// Whether nothing of the other side came since our last frame, so that saying it again is a repetition.
    fn was_last_on_line(&self, steps: &[Step]) -> bool {
        let mut frames = steps.iter().rev().filter(|step| step.layer == Layer::Fax);
        frames.next().is_some_and(|step| step.side == self.side && step.name != "page data")
    }

    fn fast_field(&mut self, modem: Modulation, field: &Field, at: Duration, steps: &mut Vec<Step>) {
        self.control_began = None;
        let burst = self.burst.get_or_insert_with(|| Burst::new(at, Some(modem)));
        burst.modem = Some(modem);
        burst.last = at;
        match field.kind {
            FieldKind::HdlcData => {
                if burst.frame.len() < FRAME_MAX {
                    burst.frame.extend_from_slice(&field.data);
                }
            }
            FieldKind::HdlcFcsOk | FieldKind::HdlcFcsOkSigEnd => {
                burst.frame.extend_from_slice(&field.data);
                burst.end_frame();
            }
            FieldKind::HdlcFcsBad | FieldKind::HdlcFcsBadSigEnd => {
                burst.frame.clear();
                burst.damaged += 1;
            }
            FieldKind::T4NonEcmData | FieldKind::T4NonEcmSigEnd => {
                burst.data(&field.data);
            }
            FieldKind::HdlcSigEnd
            | FieldKind::CmMessage
            | FieldKind::JmMessage
            | FieldKind::CiMessage
            | FieldKind::V34Rate => {}
        }
        let ends = matches!(
            field.kind,
            FieldKind::HdlcSigEnd
                | FieldKind::HdlcFcsOkSigEnd
                | FieldKind::HdlcFcsBadSigEnd
                | FieldKind::T4NonEcmSigEnd
        );
        if ends {
            self.end_burst(steps);
        }
    }

    fn end_burst(&mut self, steps: &mut Vec<Step>) {
        let Some(burst) = self.burst.take() else { return };
        // A repeated end, or a training indicator of which nothing came.
        if burst.frames + burst.damaged + burst.ends == 0 && burst.octets == 0 {
            return;
        }
        let is_check = std::mem::take(&mut self.check_is_due) && burst.octets > 0;
        let speed =
            burst.modem.or(self.modem).map_or_else(String::new, |modem| format!(", {}", words::modulation(modem)));
        let (name, detail, fault) = if is_check {
            ("TCF", format!("training check, {}{speed}", burst.judged()), false)
        } else if burst.octets > 0 {
            ("page data", format!("{} octets{speed}", burst.octets), false)
        } else {
            let damaged = if burst.damaged > 0 { format!(", {} damaged", burst.damaged) } else { String::new() };
            let end = if burst.ends == 0 { ", without its end (RCP)" } else { "" };
            ("page data", format!("{} frames{damaged}{speed}{end}", burst.frames), burst.damaged > 0 || burst.ends == 0)
        };
        // The training check may be repeated; page data is what a repeated command is about.
        if !is_check {
            self.last_name = None;
        }
        let what = if fault { What::Fault } else { What::Ordinary };
        let step = self.step(burst.began, name, &detail);
        steps.push(Step { what, lasted: burst.last.saturating_sub(burst.began), ..step });
    }

    fn step(&self, at: Duration, name: &str, detail: &str) -> Step {
        Step {
            at,
            lasted: Duration::ZERO,
            side: self.side,
            layer: Layer::Fax,
            what: What::Ordinary,
            name: name.into(),
            detail: detail.into(),
        }
    }
}

impl Burst {
    const fn new(began: Duration, modem: Option<Modulation>) -> Self {
        Self {
            began,
            last: began,
            modem,
            frames: 0,
            damaged: 0,
            ends: 0,
            frame: Vec::new(),
            octets: 0,
            zeros: 0,
            spoilt: 0,
            behind: 0,
        }
    }

    /// Takes octets that are in no frame.
    fn data(&mut self, octets: &[u8]) {
        self.octets += octets.len();
        for octet in octets {
            if *octet != 0 {
                self.behind += 1;
                continue;
            }
            if self.zeros > 0 {
                self.spoilt += self.behind;
            }
            self.zeros += 1;
            self.behind = 0;
        }
    }

    /// How a training check came, in words.
    // T.30 (09/2005) §5.3.6.1.4: zeros for 1.5 s
    fn judged(&self) -> String {
        match (self.zeros, self.spoilt) {
            (0, _) => format!("{} octets, none of them zero", self.octets),
            (zeros, 0) => format!("{zeros} octets, all zeros"),
            (zeros, spoilt) => format!("{} octets, {spoilt} are not zero", zeros + spoilt),
        }
    }

    fn end_frame(&mut self) {
        let frame = std::mem::take(&mut self.frame);
        match frame.first() {
            None => {}
            Some(&ADDRESS) => match View::parse(&frame).map(|view| view.name) {
                Ok(Name::Rcp) => self.ends += 1,
                Ok(_) => self.frames += 1,
                Err(_) => self.damaged += 1,
            },
            Some(_) => self.damaged += 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_modem_says_before_and_behind_a_training_check_is_not_counted_as_spoilt() {
        let mut check = Burst::new(Duration::ZERO, None);
        assert_eq!(check.judged(), "0 octets, none of them zero");
        check.data(&[0xFF, 0xFF]);
        assert_eq!(check.judged(), "2 octets, none of them zero");
        check.data(&[0; 100]);
        check.data(&[7, 7, 7]);
        assert_eq!(check.judged(), "100 octets, all zeros");
        check.data(&[0; 50]);
        check.data(&[9; 24]);
        assert_eq!(check.judged(), "153 octets, 3 are not zero");
    }
}
