//! The timers of both engines: values, tolerances, clauses; and which of them run.
//!
//! Not here: what happens when one has run out (the phase it belongs to). T3, 10 ± 5 s for an operator to answer a procedure
//! interrupt (T.30 (09/2005) §5.4.3.1), is not kept: there is no operator. PRI- commands are answered at once as their plain forms,
//! and after PIP and PIN training begins at once, which is what a far end does whose T3 has run out.

use super::Transport;
use std::time::{Duration, Instant};

/// The timers. At most one of each kind runs.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Timer {
    /// How long a caller waits for any fax signal: T0, 60 ± 5 s.
    // T.30 (09/2005) §5.4.3.1
    T0,
    /// How long two terminals try to identify each other: T1, 35 ± 5 s.
    // T.30 (09/2005) §5.4.3.1
    T1,
    /// How long an answerer looks for a command: T2, 6 ± 1 s. It looks [`COMMAND_SEARCHES`] times.
    // T.30 (09/2005) §5.4.3.1
    T2,
    /// How long to wait for an answer before a command is repeated: T4, 3 s ± 15 %; see [`answer_wait`].
    // T.30 (09/2005) §5.4.3.1
    T4,
    /// How long a receiver may stay not ready: T5, 60 ± 5 s.
    // T.30 (09/2005) §A.5.4.1
    T5,
    /// From the preamble to the end of a control signal: [`LONGEST_SIGNAL`]. A signal that never ends counts as ended.
    Signal,
    /// From the frame that answers or commands to the end of its carrier: [`SETTLE`]; not every carrier reports the end.
    Settle,
    /// From the end of a DCS to the end of the wait for its training check: [`TRAINING_CHECK_WAIT`].
    TrainingCheck,
    /// A fast carrier that is up but brings nothing: [`CARRIER_SILENCE`].
    CarrierSilence,
    /// The owner's time to code a page: [`PAGE_SUPPLY`].
    PageSupply,
    /// The owner's time to judge a page before RNR is sent: [`NOT_READY_AFTER`].
    NotReady,
    /// The owner's time to judge a page at all: [`VERDICT_LIMIT`].
    Verdict,
    /// The carrier's time to send a burst: its length and 20 s.
    Sending,
}

impl Timer {
    const ALL: [Self; 13] = [
        Self::T0,
        Self::T1,
        Self::T2,
        Self::T4,
        Self::T5,
        Self::Signal,
        Self::Settle,
        Self::TrainingCheck,
        Self::CarrierSilence,
        Self::PageSupply,
        Self::NotReady,
        Self::Verdict,
        Self::Sending,
    ];
}

/// T0.
pub const T0: Duration = Duration::from_secs(60);
/// T1.
pub const T1: Duration = Duration::from_secs(35);
/// T2, at the long end of its tolerance.
pub const T2: Duration = Duration::from_secs(7);
/// T2 of the answerer from its MCF to an EOM to the DIS that follows: 6 s.
pub const T2_BEFORE_DIS: Duration = Duration::from_secs(6);
/// T4 of the answerer between two DIS: 3 s.
pub const T4: Duration = Duration::from_millis(3000);
/// T4 of the caller at the long end of its tolerance.
pub const T4_CALLER: Duration = Duration::from_millis(3450);
/// The same over T.38 once an answer has come so late that the command was being repeated: the value T.30 has for manual terminals.
/// Two seconds of delay both ways and a gateway that buffers a signal before it passes it on do not fit into 3.45 s.
pub const T4_SLOW_PATH: Duration = Duration::from_millis(4500);
/// The same over audio after a training check: that of manual terminals, at the long end of its tolerance. A receiver that has the DCS and
/// then hears nothing that it can train to waits for T2, 7 s at most from the DCS, before it answers FTT; SpanDSP hangs up when a second DCS
/// comes before that. Training by V.17 or V.27ter and the check are 2.5 s and more.
// T.30 (09/2005) §5.4.3.1: T4, 4.5 s ± 15 %; T2, 6 ± 1 s
pub const AFTER_TRAINING_CHECK: Duration = Duration::from_millis(5175);
/// T5, at the long end of its tolerance.
pub const T5: Duration = Duration::from_secs(65);
/// The longest control signal worth waiting for: the preamble and NSF, CSI and DIS at 300 bit/s are 5 s.
pub const LONGEST_SIGNAL: Duration = Duration::from_secs(8);
/// After the last frame of a signal the carrier is off within the closing flags.
pub const SETTLE: Duration = Duration::from_millis(500);
/// 75 ms, the longest training of 1.4 s, 1.5 s of zeros and more than a second for the network; then FTT still comes within the
/// caller's T4.
pub const TRAINING_CHECK_WAIT: Duration = Duration::from_millis(4500);
/// As long as a T.38 gateway may fall silent within a page.
pub const CARRIER_SILENCE: Duration = Duration::from_secs(15);
/// Coding one page takes well under a second; the far end waits for T2.
pub const PAGE_SUPPLY: Duration = Duration::from_secs(30);
/// Within the caller's shortest T4 of 2.55 s.
pub const NOT_READY_AFTER: Duration = Duration::from_millis(1500);
/// Just under the caller's shortest T5.
pub const VERDICT_LIMIT: Duration = Duration::from_secs(54);
/// How often an answerer starts T2 before it gives up: the caller repeats a command three times, 13 s in all, and T.30's single
/// T2 would hang up between two of them.
pub const COMMAND_SEARCHES: u32 = 3;
/// The same where a page is due: a block whose training failed is heard as silence, up to 55 s long at 9600 bit/s.
pub const MESSAGE_SEARCHES: u32 = 9;
/// How often a command is sent before the caller gives up.
// T.30 (09/2005) §5.4.2
pub const COMMAND_TRIES: u32 = 3;
/// So many times more over audio that was heard to be bad: with one packet in fifty lost a far end misses every fifth command, and one call in
/// twenty would end with three misses in a row. The far end's T2 begins anew with each.
pub const MORE_TRIES_OVER_BAD_LINE: u32 = 2;
/// So many times more where answers come that cannot be read.
pub const MOST_UNREAD_TRIES: u32 = 3;
/// Silence between two signals, or after the far end's: 75 ± 20 ms.
// T.30 (09/2005) §5.3.2.4
pub const PAUSE: Duration = Duration::from_millis(75);

/// Over T.38 the far end is told of a signal's end when its last frame is checked, and may speak after the usual pause, while for us
/// the check sequence and the flags behind it, 107 ms of V.21, are still leaving.
pub const CLOSING_FLAGS: Duration = Duration::from_millis(100);

/// T4 of the caller. `late`: an answer of this call met the repeat of its command.
#[must_use]
pub const fn answer_wait(transport: Transport, late: bool) -> Duration {
    match transport {
        Transport::InternetAware if late => T4_SLOW_PATH,
        Transport::InternetAware | Transport::Audio => T4_CALLER,
    }
}

/// The timers that run.
#[derive(Clone, Debug, Default)]
pub(super) struct Timers {
    running: Vec<(Timer, Instant)>,
}

impl Timers {
    /// Starts a timer, or starts it again.
    pub(super) fn set(&mut self, timer: Timer, at: Instant) {
        self.cancel(timer);
        self.running.push((timer, at));
    }

    /// Lets a timer run at least until then.
    pub(super) fn at_least(&mut self, timer: Timer, at: Instant) {
        let running = self.running.iter().find(|(other, _)| *other == timer).map(|(_, until)| *until);
        self.set(timer, running.map_or(at, |until| until.max(at)));
    }

    /// Stops a timer.
    pub(super) fn cancel(&mut self, timer: Timer) {
        self.running.retain(|(other, _)| *other != timer);
    }

    /// Stops all.
    pub(super) fn clear(&mut self) {
        self.running.clear();
    }

    /// When it runs out.
    pub(super) fn at(&self, timer: Timer) -> Option<Instant> {
        self.running.iter().find(|(other, _)| *other == timer).map(|(_, at)| *at)
    }

    /// Whether it runs.
    pub(super) fn runs(&self, timer: Timer) -> bool {
        self.running.iter().any(|(other, _)| *other == timer)
    }

    /// When the next one runs out.
    pub(super) fn next(&self) -> Option<Instant> {
        self.running.iter().map(|(_, at)| *at).min()
    }

    /// Takes one that has run out, in the order of [`Timer::ALL`].
    pub(super) fn expired(&mut self, now: Instant) -> Option<Timer> {
        let timer =
            Timer::ALL.into_iter().find(|timer| self.running.iter().any(|(other, at)| other == timer && *at <= now))?;
        self.cancel(timer);
        Some(timer)
    }
}
