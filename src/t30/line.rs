//! Our side of the line: bursts in a row, one at a time at the carrier; the timers; the outputs.
//!
//! Not here: what is sent and why.

use super::frame::{Name, build};
use super::timers::{PAUSE, Timer, Timers};
use super::{Ending, Output, Progress, Transport};
use crate::signal::{Burst, Frame, Listen, Modulation, Tone};
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// What a carrier may take longer than its burst lasts: pacing, buffers of gateways.
pub(super) const SENDING_MARGIN: Duration = Duration::from_secs(20);
/// Preamble of V.21 at its longest.
// T.30 (09/2005) §5.3.1
const PREAMBLE: Duration = Duration::from_millis(1150);
/// Longest training sequence there is, V.17's, with protection against echoes.
const LONGEST_TRAINING: Duration = Duration::from_millis(1700);
/// Bursts in a row: silence, TCF and its like; no phase asks for more.
const MAX_BURSTS: usize = 8;

/// Bursts, timers and outputs of one engine.
#[derive(Debug, Default)]
pub(super) struct Line {
    outputs: VecDeque<Output>,
    waiting: VecDeque<Burst>,
    sending: bool,
    calling_tone: bool,
    /// The X bit of our frames: whether this station has received a DIS.
    // T.30 (09/2005) §5.3.6.1
    pub(super) x: bool,
    pub(super) timers: Timers,
    /// What the carrier was told to expect; nothing yet, and it expects V.21.
    told: Option<Listen>,
}

impl Line {
    pub(super) fn poll(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    pub(super) fn output(&mut self, output: Output) {
        self.outputs.push_back(output);
    }

    /// Shows a state, unless the one shown before is the same.
    pub(super) fn progress(&mut self, progress: Progress) {
        self.outputs.push_back(Output::Progress(progress));
    }

    /// Tells the carrier what the far end may send next, unless it knows.
    pub(super) fn expect(&mut self, listen: Listen) {
        if self.told.unwrap_or(Listen::Control) != listen {
            self.told = Some(listen);
            self.outputs.push_back(Output::Listen(listen));
        }
    }

    /// Sends bursts one after the other; nothing may be on its way.
    pub(super) fn send(&mut self, bursts: impl IntoIterator<Item = Burst>, now: Instant) {
        self.waiting.extend(bursts.into_iter().take(MAX_BURSTS));
        if !self.sending {
            self.next(now);
        }
    }

    /// Sends one V.21 signal after the pause that follows the far end's.
    pub(super) fn send_control(&mut self, frames: Vec<Frame>, now: Instant) {
        self.send([Burst::Silence(PAUSE), Burst::Control(frames)], now);
    }

    /// A frame of this station that ends its signal.
    pub(super) fn frame(&self, name: Name, information: &[u8]) -> Frame {
        build(name, self.x, true, information)
    }

    /// A frame of this station that others follow in the same signal.
    pub(super) fn leading_frame(&self, name: Name, information: &[u8]) -> Frame {
        build(name, self.x, false, information)
    }

    /// Sends DCN. Nobody answers it or asks for it again, so over audio, where a lost packet takes it, it is said twice: in two signals, as a
    /// signal has one final frame. Who has heard the first one hangs up within the second.
    // T.30 (09/2005) §5.3.5, §5.3.2.4
    pub(super) fn send_disconnect(&mut self, transport: Transport, now: Instant) {
        let signal = [Burst::Silence(PAUSE), Burst::Control(vec![self.frame(Name::Dcn, &[])])];
        match transport {
            Transport::Audio => self.send(signal.clone().into_iter().chain(signal), now),
            Transport::InternetAware => self.send(signal, now),
        }
    }

    /// Starts CNG, which goes on by itself.
    pub(super) fn start_calling_tone(&mut self) {
        self.calling_tone = true;
        self.outputs.push_back(Output::Send(Burst::Tone(Tone::Cng)));
    }

    /// The carrier has sent a burst. True when it was the last.
    pub(super) fn sent(&mut self, now: Instant) -> bool {
        if !self.sending {
            return false;
        }
        self.sending = false;
        self.timers.cancel(Timer::Sending);
        self.next(now);
        !self.sending
    }

    /// Drops what is being sent and what waits.
    pub(super) fn stop(&mut self) {
        self.waiting.clear();
        self.timers.cancel(Timer::Sending);
        if self.sending || self.calling_tone {
            self.outputs.push_back(Output::StopSending);
        }
        self.sending = false;
        self.calling_tone = false;
    }

    /// Whether something is being sent; CNG does not count.
    pub(super) const fn busy(&self) -> bool {
        self.sending
    }

    /// Whether only the last burst is still on its way, or nothing.
    pub(super) fn on_last_burst(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Ends everything.
    pub(super) fn end(&mut self, ending: Ending) {
        self.stop();
        self.timers.clear();
        self.outputs.push_back(Output::Ended(ending));
    }

    fn next(&mut self, now: Instant) {
        if let Some(burst) = self.waiting.pop_front() {
            self.sending = true;
            self.calling_tone = false;
            self.timers.set(Timer::Sending, now + duration(&burst) + SENDING_MARGIN);
            self.outputs.push_back(Output::Send(burst));
        }
    }
}

/// The longest time a burst takes on the line.
fn duration(burst: &Burst) -> Duration {
    match burst {
        Burst::Tone(_) => Duration::from_secs(4),
        Burst::Silence(duration) => *duration,
        // Ten bits an octet: HDLC may stuff every fifth bit.
        Burst::Control(frames) => PREAMBLE + bits(frames_octets(frames) * 10, 300),
        Burst::TrainingCheck { .. } => LONGEST_TRAINING + Duration::from_millis(1650),
        Burst::Page { modulation, bits, .. } => LONGEST_TRAINING + at(*modulation, bits.len() * 8),
        Burst::Block { modulation, frames, .. } => LONGEST_TRAINING + at(*modulation, frames_octets(frames) * 10),
    }
}

fn frames_octets(frames: &[Frame]) -> usize {
    frames.iter().map(|frame| frame.len() + 3).sum()
}

fn at(modulation: Modulation, count: usize) -> Duration {
    bits(count, modulation.bits_per_second())
}

fn bits(count: usize, rate: u32) -> Duration {
    Duration::from_millis(count as u64 * 1000 / u64::from(rate))
}
