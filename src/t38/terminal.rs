//! The terminal: bursts in, datagrams out; datagrams in, what was heard out.
//!
//! Stands where a modem would. It paces what it sends as a modem would be able to play it, so that gateways that
//! modulate it again accept it, and makes whole signals of packets that come late, twice or not at all. Does not
//! know what a frame means.
//!
//! ```text
//! sending:   idle ──Send──▶ [no-signal, 75 ms] ─▶ indicator, its time ─▶ fields, their time ─▶ Sent, no-signal ─▶ idle
//! hearing:   quiet ──indicator or data──▶ open ──fields──▶ open ──end of signal, other indicator, silence──▶ quiet
//! ```
//!
//! With [`Pacing::Auto`] a DCS and its training check go fast once; if that proves that no modem is between the ends, all does. If
//! it does not, `Sent` for the check comes after both went again at the modem's pace.
//!
//! Serves ITU-T T.38 (09/2010) clauses 7 to 9 with transferred TCF.

mod hearing;
mod incoming;
mod limits;
mod proof;
mod script;
mod settings;
mod timing;

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use tracing::{debug, error, trace};

use super::ifp::{DataKind, Grammar, Packet};
use super::udptl::{Correction, Receiver, Sender};
use crate::signal::{Burst, Heard};
use hearing::Hearing;
pub use limits::{COPY_GAP, FAST_BITS_PER_SECOND, FAST_GAP};
use limits::{
    FAST_OVERHEAD_OCTETS, FEC_ENTRIES, FEC_SPAN, FEWEST_FAST_OCTETS, FEWEST_TO_JUDGE, FIELD_OVERHEAD_OCTETS,
    LONGEST_CHUNK, MOST_COPIES, MOST_FAST_OCTETS, MOST_LATE, MOST_REDUNDANCY, MOST_WAITING, PACKET_HEADS_OCTETS,
    PARTING_REDUNDANCY, SHORTEST_CHUNK, SHORTEST_KEEP_ALIVE, TAIL,
};
use proof::Proof;
use script::{Pace, Script, Step};
pub use settings::{Counts, ErrorCorrection, Pacing, Settings};

/// What the terminal is told.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Input<'a> {
    /// Put this on the line. One asked for while another is being sent waits for it; calling tone does not, it stops.
    Send(Burst),
    /// Stop sending at once; there will be no `Sent`.
    StopSending,
    /// T.30 is over: what was said last is said again and again, whatever the far end says.
    Part,
    /// A datagram from the far end.
    Datagram(&'a [u8]),
    /// The time of [`Terminal::deadline`] has come.
    Timeout,
}

/// What the terminal says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Output {
    /// Send this to the far end.
    Datagram(Vec<u8>),
    /// This was heard from the far end.
    Heard(Heard),
    /// The last bit of the burst would have left the modem.
    Sent,
}

/// One end of a T.38 connection.
#[derive(Debug)]
pub struct Terminal {
    settings: Settings,
    sender: Sender,
    receiver: Receiver,
    hearing: Hearing,
    proof: Proof,
    /// The grammar the far end really speaks.
    heard_grammar: Grammar,
    /// Data packets in a row that made sense in it.
    grammar_proofs: u8,
    /// The grammar we speak.
    spoken_grammar: Grammar,
    line: Line,
    waiting: VecDeque<Burst>,
    /// Bursts that go again before T.30 hears that they have left.
    again: VecDeque<Burst>,
    copies: VecDeque<(Instant, Vec<u8>)>,
    last_datagram: Option<(Instant, Vec<u8>)>,
    /// How often the last datagram has been sent again since the line fell silent.
    tail: usize,
    /// Whether the last control signal is ours, and the far end has said nothing since.
    has_last_word: bool,
    /// Whether T.30 is over.
    is_parting: bool,
    /// Until when the line stays silent after a signal of either end.
    quiet_until: Instant,
    counts: Counts,
    outputs: VecDeque<Output>,
}

/// What is being sent.
#[derive(Debug)]
enum Line {
    /// Nothing.
    Idle,
    /// A burst; `due` is when its next step is.
    Playing { script: Script, due: Instant },
}

/// The times a terminal waits for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Timer {
    /// The next step of a burst: as long as the modem of [`timing`] needs, exactly; our own clock has no tolerance.
    NextStep,
    /// The next copy of a datagram: [`COPY_GAP`], our own choice.
    NextCopy,
    /// Keep-alive: [`Settings::keep_alive`], our own choice.
    KeepAlive,
    /// A gap in the far end's numbers: [`super::udptl`]'s 300 ms, our own choice.
    Gap,
    /// A signal of the far end that says nothing more: [`hearing::SIGNAL_WAIT`] and [`hearing::DATA_WAIT`], our
    /// own choice.
    Stalled,
    /// The answer to a training check that went fast: 3.45 s longer than a modem would have needed, T4 of T.30.
    Trial,
}

impl Terminal {
    /// A terminal that says at once that the line is silent, which also opens the way for the far end's datagrams.
    #[must_use]
    pub fn new(settings: Settings, now: Instant) -> Self {
        let mut terminal = Self {
            sender: Sender::new(settings.max_datagram_octets),
            receiver: Receiver::new(),
            hearing: Hearing::new(),
            proof: Proof::new(settings.pacing == Pacing::Auto),
            heard_grammar: Grammar::of_version(settings.version),
            grammar_proofs: 0,
            spoken_grammar: Grammar::of_version(settings.version),
            line: Line::Idle,
            waiting: VecDeque::new(),
            again: VecDeque::new(),
            copies: VecDeque::new(),
            last_datagram: None,
            tail: 0,
            has_last_word: false,
            is_parting: false,
            quiet_until: now,
            counts: Counts::default(),
            outputs: VecDeque::new(),
            settings,
        };
        terminal.emit(&Step::no_signal(), now);
        terminal
    }

    /// Takes an input; [`Terminal::poll`] then says what follows.
    pub fn handle(&mut self, input: Input<'_>, now: Instant) {
        self.run(now);
        match input {
            Input::Send(burst) => self.send(burst, now),
            Input::StopSending => self.stop(now),
            Input::Part => {
                self.is_parting = true;
                self.tail = 0;
            }
            Input::Datagram(octets) => self.datagram(octets, now),
            Input::Timeout => {}
        }
        self.run(now);
    }

    /// The next output, until there is none.
    pub fn poll(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When to give [`Input::Timeout`], unless another input comes before.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        self.timers().into_iter().filter_map(|(_, at)| at).min()
    }

    /// Whether nothing is being sent and nothing waits.
    #[must_use]
    pub const fn is_idle(&self) -> bool {
        matches!(self.line, Line::Idle) && !self.proof.withholds()
    }

    /// Whether a control signal of ours is the last there was: nothing shows that the far end has it.
    #[must_use]
    pub const fn has_last_word(&self) -> bool {
        self.has_last_word
    }

    /// Counts so far.
    #[must_use]
    pub const fn counts(&self) -> Counts {
        Counts { received: self.receiver.statistics(), ..self.counts }
    }

    fn timers(&self) -> [(Timer, Option<Instant>); 6] {
        let next_step = match &self.line {
            Line::Idle => None,
            Line::Playing { due, .. } => Some(*due),
        };
        let keep_alive = match (&self.line, &self.last_datagram) {
            (Line::Idle, Some((sent, _))) => self.keep_alive_wait().map(|wait| *sent + wait),
            (Line::Idle, None) | (Line::Playing { .. }, _) => None,
        };
        [
            (Timer::NextStep, next_step),
            (Timer::NextCopy, self.copies.front().map(|(at, _)| *at)),
            (Timer::KeepAlive, keep_alive),
            (Timer::Gap, self.receiver.deadline()),
            (Timer::Stalled, self.hearing.deadline()),
            (Timer::Trial, self.proof.deadline()),
        ]
    }

    /// Until the last datagram goes again: soon and ever later while the far end is to answer, for whatever it repeats may not have come
    /// any other way; then to keep the way open.
    fn keep_alive_wait(&self) -> Option<Duration> {
        let tail = TAIL.get(self.tail).copied();
        tail.or(self.settings.keep_alive.map(|wait| wait.max(SHORTEST_KEEP_ALIVE)))
    }

    /// Does everything whose time has come, the earliest first.
    fn run(&mut self, now: Instant) {
        loop {
            let due = self.timers().into_iter().filter_map(|(timer, at)| at.map(|at| (at, timer)));
            let Some((at, timer)) = due.filter(|(at, _)| *at <= now).min_by_key(|(at, _)| *at) else { return };
            trace!(?timer, "timeout");
            match timer {
                Timer::NextStep => self.step(now),
                Timer::NextCopy => {
                    if let Some((_, datagram)) = self.copies.pop_front() {
                        self.transmit(datagram, now);
                    }
                }
                Timer::KeepAlive => {
                    self.tail += 1;
                    if let Some(datagram) = self.last_said() {
                        self.transmit(datagram, now);
                    }
                }
                Timer::Gap => {
                    self.receiver.expire(now);
                    self.deliver(now);
                }
                Timer::Stalled => {
                    debug!(?at, "the far end's signal stopped without an end");
                    self.hearing.stall();
                    self.pass_heard(now);
                }
                Timer::Trial => {
                    debug!("nobody answers at the fast pace: again as a modem");
                    let again = self.proof.give_up();
                    self.say_again(again, now);
                }
            }
        }
    }

    /// What is sent again on a silent line. At parting, the whole signal, also where the far end asked for no repeated packets or for
    /// parities, which do not rebuild one that was lost from end to end: there is no time for it to ask again.
    fn last_said(&mut self) -> Option<Vec<u8>> {
        if self.is_parting {
            return self.sender.again(PARTING_REDUNDANCY);
        }
        self.last_datagram.take().map(|(_, datagram)| datagram)
    }

    fn send(&mut self, burst: Burst, now: Instant) {
        let interrupts = match &self.line {
            Line::Idle => !self.proof.withholds(),
            Line::Playing { script, .. } => script.is_endless(),
        };
        if interrupts {
            self.begin(burst, now);
        } else if self.waiting.len() < MOST_WAITING {
            self.waiting.push_back(burst);
        } else {
            error!("a burst is dropped: {MOST_WAITING} wait already, T.30 does not wait for Sent");
        }
    }

    /// Begins a burst of T.30's.
    fn begin(&mut self, burst: Burst, now: Instant) {
        self.proof.begins(&burst, now);
        self.play(burst, now);
    }

    fn play(&mut self, burst: Burst, now: Instant) {
        // Only calling tone is interrupted, and leaves it to its successor to say that it is over.
        let is_silent = matches!(self.line, Line::Idle);
        let script = Script::new(burst, is_silent, &self.pace());
        let start = if script.is_signal() { now.max(self.quiet_until) } else { now };
        self.line = Line::Playing { script, due: start };
    }

    /// Bursts once more, of which T.30 knows nothing.
    fn say_again(&mut self, bursts: Vec<Burst>, now: Instant) {
        self.again.extend(bursts);
        if let Some(next) = self.again.pop_front() {
            self.play(next, now);
        }
    }

    const fn is_fast(&self) -> bool {
        match self.settings.pacing {
            Pacing::Modem => false,
            Pacing::Fast => true,
            Pacing::Auto => self.proof.is_fast(),
        }
    }

    fn pace(&self) -> Pace {
        let most_octets = self.sender.largest_packet_octets() - FIELD_OVERHEAD_OCTETS;
        // So much that the repeated packets fit beside it.
        let shared = self.sender.largest_packet_octets() / self.packets_in_datagram();
        Pace {
            is_fast: self.is_fast(),
            needs_pauses: !self.proof.far_hurries(),
            chunk: self.settings.chunk.clamp(SHORTEST_CHUNK, LONGEST_CHUNK),
            most_octets,
            fast_octets: shared.saturating_sub(FAST_OVERHEAD_OCTETS).clamp(FEWEST_FAST_OCTETS, MOST_FAST_OCTETS),
            far_buffer_octets: self.settings.far_buffer_octets.unwrap_or(usize::MAX),
            talker_echo_protection: self.settings.talker_echo_protection,
        }
    }

    /// Packets of image data that a datagram holds, repeated ones and parities included.
    fn packets_in_datagram(&self) -> usize {
        1 + match self.settings.error_correction {
            ErrorCorrection::None => 0,
            ErrorCorrection::Redundancy => usize::from(self.depth(self.settings.image_redundancy)),
            ErrorCorrection::Fec => usize::from(FEC_ENTRIES),
        }
    }

    fn stop(&mut self, now: Instant) {
        self.waiting.clear();
        self.again.clear();
        self.proof.dropped();
        let Line::Playing { script, .. } = std::mem::replace(&mut self.line, Line::Idle) else { return };
        for step in script.abandon() {
            self.emit(&step, now);
        }
        self.quiet_until = now + self.gap();
    }

    /// One step of what is being sent.
    fn step(&mut self, now: Instant) {
        let pace = self.pace();
        let Line::Playing { script, due } = &mut self.line else { return };
        if now.saturating_duration_since(*due) > MOST_LATE {
            // The machine slept; a burst of datagrams to catch up would only be lost.
            *due = now;
        }
        let Some(step) = script.next_step(&pace) else { return self.finish(now) };
        let octets = self.emit(&step, now);
        let wire = timing::bits((octets + PACKET_HEADS_OCTETS) as u64 * 8, FAST_BITS_PER_SECOND);
        let slowed = if step.is_turn { wire } else { wire * self.proof.slowness() };
        if let Line::Playing { due, .. } = &mut self.line {
            *due += if pace.is_fast && octets > 0 { step.lasts.max(slowed) } else { step.lasts };
        }
    }

    fn finish(&mut self, now: Instant) {
        let Line::Playing { script, due } = std::mem::replace(&mut self.line, Line::Idle) else { return };
        if script.is_signal() {
            self.quiet_until = due + self.gap();
            self.emit(&Step::no_signal(), now);
        }
        if let Some(next) = self.again.pop_front() {
            return self.play(next, now);
        }
        if self.proof.left() {
            self.sent(now);
        }
    }

    /// T.30 is told that its burst has left; the next one begins.
    fn sent(&mut self, now: Instant) {
        self.outputs.push_back(Output::Sent);
        if let Some(next) = self.waiting.pop_front() {
            self.begin(next, now);
        }
    }

    fn gap(&self) -> Duration {
        if self.is_fast() { FAST_GAP } else { timing::SIGNAL_GAP }
    }

    /// Sends a step's packet, if it has one; the octets of its datagram.
    fn emit(&mut self, step: &Step, now: Instant) -> usize {
        let Some(packet) = &step.packet else { return 0 };
        trace!(?packet, "sent");
        let correction = match self.settings.error_correction {
            ErrorCorrection::None => Correction::None,
            ErrorCorrection::Redundancy if script::is_image(packet) => {
                Correction::Repeat(self.depth(self.settings.image_redundancy))
            }
            ErrorCorrection::Redundancy => Correction::Repeat(self.depth(self.settings.control_redundancy)),
            ErrorCorrection::Fec => Correction::Parity { span: FEC_SPAN, entries: FEC_ENTRIES },
        };
        let ifp = packet.encode(self.spoken_grammar);
        let datagram = self.sender.send(ifp, correction);
        let octets = datagram.len();
        self.tail = 0;
        if let Packet::Data { kind, .. } = packet {
            self.has_last_word = *kind == DataKind::V21;
        }
        if step.is_turn {
            if matches!(packet, Packet::Data { .. }) {
                self.proof.ends(now);
            }
            // Copies under the same number: repeats under new numbers confuse receivers that count signal ends.
            for copy in 1..self.settings.copies.min(MOST_COPIES) {
                self.copies.push_back((now + COPY_GAP * u32::from(copy), datagram.clone()));
            }
            // Two turns close together interleave their copies.
            self.copies.make_contiguous().sort_by_key(|(at, _)| *at);
        }
        self.transmit(datagram, now);
        octets
    }

    /// Packets to repeat where `least` were wished for: more when the far end's packets get lost, for the way back is seldom better.
    fn depth(&self, least: u8) -> u8 {
        let seen = self.receiver.statistics();
        let missed = seen.repeated + seen.rebuilt + seen.lost;
        let all = seen.datagrams + missed;
        if least == 0 || all < FEWEST_TO_JUDGE {
            return least;
        }
        let more = match missed * 100 / all {
            0..3 => 0,
            3..8 => 1,
            8..15 => 2,
            15.. => 3,
        };
        // What is lost in longer rows than are repeated.
        let more = if seen.lost * 100 / all > 0 { more + 3 } else { more };
        least.max(MOST_REDUNDANCY.min(least.saturating_add(more)))
    }

    fn transmit(&mut self, datagram: Vec<u8>, now: Instant) {
        self.counts.sent += 1;
        self.last_datagram = Some((now, datagram.clone()));
        self.outputs.push_back(Output::Datagram(datagram));
    }
}

#[cfg(test)]
mod tests;
