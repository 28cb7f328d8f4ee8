//! Datagrams → the calls among them, each as a list of steps.
//!
//! Which datagram is of which call is told by the Call-ID and by the addresses that its session descriptions name; whether a
//! datagram is RTP or UDPTL by the description too, as their octets cannot be told apart.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use super::audio;
use super::fax;
use super::pcap::Packet;
use super::signalling::Seen;
use super::step::{Layer, Loss, Side, Step, What};
use crate::signal::Heard;
use crate::sip::{Message, Method};
use crate::t30::Capability;
use crate::t30::frame::{Name, View};

/// Calls told apart in one capture.
const CALLS_MAX: usize = 1000;
/// Steps kept of one call.
const STEPS_MAX: usize = 20_000;

/// One call.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Trace {
    /// Its Call-ID.
    pub call_id: String,
    /// Its first packet, since 1970.
    pub began: Duration,
    /// What happened, in order.
    pub steps: Vec<Step>,
    /// What stands out.
    pub findings: Findings,
}

/// What stands out in a call, for who has to say why it failed.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Findings {
    /// The last final response to the INVITE that made the call, when it was a refusal.
    pub refused: Option<u16>,
    /// Whether the INVITE was answered at all, were it by 100.
    pub heard_back: bool,
    /// Whether the call was answered.
    pub answered: bool,
    /// Who asked for T.38 first.
    pub t38_asked_by: Option<Side>,
    /// The status with which T.38 was refused.
    pub t38_refused: Option<u16>,
    /// Whether T.38 was agreed on.
    pub t38_agreed: bool,
    /// The audio packets of the near and the far side.
    pub audio: [Loss; 2],
    /// The T.38 packets of the near and the far side.
    pub fax: [Loss; 2],
}

/// The calls among packets, in the order in which they began. `first_is_near` tells whether we sent the first packet; `origin`
/// is any moment, which stands for the beginning of each call in the timers of the engines.
#[must_use]
pub fn dissect(packets: &[Packet], first_is_near: bool, origin: Instant) -> Vec<Trace> {
    let mut calls: Vec<Call> = Vec::new();
    for packet in packets {
        if let Some(seen) = Seen::read(&packet.octets) {
            let known = calls.iter().position(|call| call.call_id == seen.call_id());
            match known {
                Some(index) => calls[index].signalling(&seen, packet),
                // What does not begin with an INVITE is the rest of an earlier call, or a registration.
                None if seen.is_new_call() && calls.len() < CALLS_MAX => {
                    let mut call = Call::new(&seen, packet, first_is_near, origin);
                    call.signalling(&seen, packet);
                    calls.push(call);
                }
                None => {}
            }
        } else if let Some(call) = calls.iter_mut().rev().find(|call| call.layer_of(packet).is_some()) {
            call.media(packet);
        }
    }
    calls.into_iter().map(Call::finish).collect()
}

/// A call while its packets come.
#[derive(Debug)]
struct Call {
    call_id: Vec<u8>,
    began: Duration,
    last: Duration,
    caller: Side,
    caller_tag: Option<String>,
    /// Where each side wants its media.
    wanted: [Vec<(Layer, SocketAddr)>; 2],
    /// What was said already.
    said: BTreeSet<(Side, String, String, Vec<u8>)>,
    /// An offer of T.38 without its answer.
    t38_pending: bool,
    audio: [audio::Stream; 2],
    fax: [fax::Stream; 2],
    steps: Vec<Step>,
    findings: Findings,
}

impl Call {
    fn new(seen: &Seen, packet: &Packet, first_is_near: bool, origin: Instant) -> Self {
        Self {
            call_id: seen.call_id().to_vec(),
            began: packet.at,
            last: Duration::ZERO,
            caller: if first_is_near { Side::Near } else { Side::Far },
            caller_tag: seen.message.from_tag(),
            wanted: [Vec::new(), Vec::new()],
            said: BTreeSet::new(),
            t38_pending: false,
            audio: [audio::Stream::new(Side::Near, origin), audio::Stream::new(Side::Far, origin)],
            fax: [fax::Stream::new(Side::Near, origin), fax::Stream::new(Side::Far, origin)],
            steps: Vec::new(),
            findings: Findings::default(),
        }
    }

    fn time(&mut self, packet: &Packet) -> Duration {
        let at = packet.at.saturating_sub(self.began);
        self.last = self.last.max(at);
        at
    }

    /// Who sent a message. Both ends may have one address, so the tags tell: the caller's is in the From of his requests, and of the
    /// responses to them.
    // RFC 3261 §8.2.6.2
    fn sender(&self, message: &Message) -> Side {
        let of_caller = message.from_tag() == self.caller_tag;
        if of_caller == message.status().is_none() { self.caller } else { self.caller.other() }
    }

    fn signalling(&mut self, seen: &Seen, packet: &Packet) {
        let at = self.time(packet);
        let side = self.sender(&seen.message);
        let (branch, line, body) = seen.identity();
        let again = !self.said.insert((side, branch, line, body));
        self.push(seen.step(at, side, again));
        for audio in seen.audio().filter(|_| !again) {
            self.audio[side.index()].described(&audio.protection);
            // A side names the payload types under which it wants to receive; some send under them too. RFC 3264 §5.1
            self.audio.iter_mut().for_each(|stream| stream.named(&audio.codecs));
        }
        let media = seen.media();
        if !media.is_empty() {
            self.wanted[side.index()].extend(media);
        }
        if !again {
            self.judge(seen, side);
        }
    }

    fn judge(&mut self, seen: &Seen, side: Side) {
        let invite = seen.message.cseq().is_some_and(|cseq| cseq.method == Method::Invite);
        match seen.message.status() {
            None if seen.has_t38() => {
                self.findings.t38_asked_by.get_or_insert(side);
                self.t38_pending = true;
            }
            Some(status) if invite => {
                self.findings.heard_back = true;
                match status {
                    200..300 => {
                        self.findings.answered = true;
                        self.findings.t38_agreed |= seen.has_t38();
                        self.t38_pending = false;
                    }
                    300.. if self.t38_pending => {
                        self.t38_pending = false;
                        self.findings.t38_refused = Some(status);
                    }
                    300.. if !self.findings.answered && !matches!(status, 401 | 407) => {
                        self.findings.refused = Some(status);
                    }
                    _ => {}
                }
            }
            None | Some(_) => {}
        }
    }

    /// What a datagram that is no SIP is for this call: by where it goes, else by where it comes from.
    fn layer_of(&self, packet: &Packet) -> Option<(Side, Layer)> {
        let find = |side: Side, address: SocketAddr| {
            let mut wanted = self.wanted[side.index()].iter().rev();
            wanted.find(|(_, known)| *known == address).map(|(layer, _)| *layer)
        };
        let sides = [Side::Near, Side::Far];
        let by_goal = sides.into_iter().find_map(|side| Some((side, find(side.other(), packet.to)?)));
        let by_source = || sides.into_iter().find_map(|side| Some((side, find(side, packet.from)?)));
        by_goal.or_else(by_source)
    }

    fn media(&mut self, packet: &Packet) {
        let Some((side, layer)) = self.layer_of(packet) else { return };
        let at = self.time(packet);
        match layer {
            Layer::Audio => {
                self.audio[side.index()].datagram(&packet.octets, at, &mut self.steps);
                self.modems_heard(side);
            }
            Layer::Fax => self.fax[side.index()].datagram(&packet.octets, at, &mut self.steps),
            Layer::Sip => {}
        }
        self.steps.truncate(STEPS_MAX);
    }

    /// What modems heard in the audio of a side becomes steps, and tells what is to be listened for next.
    fn modems_heard(&mut self, side: Side) {
        while let Some((at, heard)) = self.audio[side.index()].heard() {
            if let Heard::Frame(frame) = &heard
                && let Ok(view) = View::parse(frame)
            {
                let command = Capability::read(view.information);
                if view.name == Name::Dcs
                    && let Some(modulation) = command.modulation()
                {
                    self.audio[side.index()].commanded(modulation, command.ecm());
                } else if view.name == Name::Cfr {
                    self.audio[side.other().index()].confirmed();
                }
            }
            self.fax[side.index()].heard(heard, at, &mut self.steps);
        }
    }

    fn push(&mut self, step: Step) {
        if self.steps.len() < STEPS_MAX {
            self.steps.push(step);
        }
    }

    fn finish(mut self) -> Trace {
        for side in [Side::Near, Side::Far] {
            self.audio[side.index()].finish();
            self.modems_heard(side);
        }
        for side in [Side::Near, Side::Far] {
            self.fax[side.index()].finish(self.last, &mut self.steps);
            self.findings.audio[side.index()] = self.audio[side.index()].loss();
            self.findings.fax[side.index()] = self.fax[side.index()].loss();
            if let Some((began, last)) = self.audio[side.index()].span() {
                let Loss { arrived, lost, .. } = self.findings.audio[side.index()];
                let what = if lost > 0 { What::Fault } else { What::Ordinary };
                let (name, detail) = ("audio ends".to_owned(), format!("{arrived} packets, {lost} lost"));
                let step = Step {
                    at: last,
                    lasted: last.saturating_sub(began),
                    side,
                    layer: Layer::Audio,
                    what,
                    name,
                    detail,
                };
                self.push(step);
            }
        }
        // Those that last are told when they end.
        self.steps.sort_by_key(|step| step.at);
        Trace {
            call_id: String::from_utf8_lossy(&self.call_id).chars().filter(|c| !c.is_control()).collect(),
            began: self.began,
            steps: self.steps,
            findings: self.findings,
        }
    }
}
