//! What the sender of pages hears: frames become one answer, which is acted on when the far end has fallen silent.
//!
//! Not here: what an answer means in a phase.

use super::{Sender, State};
use crate::model::Cause;
use crate::signal::{Frame, Heard, Tone};
use crate::t30::Transport;
use crate::t30::capability::Capability;
use crate::t30::ecm::Map;
use crate::t30::frame::{CONTROL_FINAL, Malformed, Name, View, read_identification};
use crate::t30::timers::{CLOSING_FLAGS, COMMAND_TRIES, LONGEST_SIGNAL, SETTLE, T1, Timer};
use std::time::{Duration, Instant};

/// After a signal that was no answer (our own echo, a damaged frame), the real one still gets this long to begin.
const AFTER_NO_ANSWER: Duration = Duration::from_millis(1000);
/// An answer without an information field is over sooner: a second of flags and a frame of three octets. A PPR takes a second more.
// T.30 (09/2005) §5.3.1, §A.4.4
const LONGEST_SHORT_ANSWER: Duration = Duration::from_millis(1650);
/// Over audio nothing else may have begun for so long before a CRP.
const BEFORE_CRP: Duration = Duration::from_millis(500);
/// CRPs for one answer.
const MOST_CRPS: u32 = 2;
/// NSF kept, in octets.
const MAX_NSF_OCTETS: usize = 128;

/// An answer of the far end.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Answer {
    Dis(Capability),
    Cfr,
    Ftt,
    Ctr,
    /// MCF.
    Confirmed,
    /// RTP; and PIP, for nobody takes the telephone here within the far end's T3.
    ConfirmedRetrain,
    /// RTN.
    Rejected,
    /// PIN.
    RefusedByOperator,
    Ppr(Map),
    Rnr,
    Err,
    Crp,
}

/// The state of hearing.
#[derive(Debug, Default)]
pub(super) struct Ear {
    receiving: bool,
    /// When the signal that is up, or was last, began.
    began: Option<Instant>,
    /// Whether an answer that began when this signal began can be one to what we sent last.
    accepting: bool,
    /// Whether it began after all of ours had left: our own echo begins earlier.
    began_in_quiet: bool,
    /// Whether a frame of it was damaged.
    damaged: bool,
    /// Whether its sender named itself, as is done before a DIS.
    named: bool,
    answer: Option<Answer>,
    /// A final frame with a code that T.30 does not have.
    unknown: bool,
}

impl Ear {
    pub(super) const fn receiving(&self) -> bool {
        self.receiving
    }

    /// When the signal that is up, or was last, began.
    pub(super) const fn began(&self) -> Option<Instant> {
        self.began
    }
}

impl Sender {
    pub(super) fn on_heard(&mut self, heard: Heard, now: Instant) {
        match heard {
            Heard::Tone(Tone::Ced) => {
                if matches!(self.state, State::AwaitingDis) {
                    self.fax_was_heard(now);
                }
            }
            Heard::Preamble => self.on_preamble(now),
            Heard::Frame(frame) => self.on_frame(&frame, now),
            // It counts as a signal: the far end is there.
            Heard::DamagedFrame => {
                self.signal_goes_on(now);
                (self.ear.damaged, self.record.v17.amid_damage) = (true, true);
            }
            Heard::End => self.on_signal_over(now),
            // Nobody sends pages or CNG to a caller but its own echo.
            Heard::Tone(Tone::Cng) | Heard::Carrier { .. } | Heard::Bits(_) => {}
        }
    }

    /// Whether an answer beginning now can be one to what we sent last: all of it has left, or at least once before.
    fn listening(&self) -> bool {
        match &self.state {
            State::AwaitingDis => true,
            State::Training(training) => self.line.on_last_burst() || training.tries > 1,
            State::Sending(sending) => self.line.on_last_burst() || sending.tries > 1,
            State::Idle | State::AwaitingPage(_) | State::Releasing(_) | State::Ended => false,
        }
    }

    fn on_preamble(&mut self, now: Instant) {
        if !self.ear.receiving {
            self.ear.accepting = self.listening();
        }
        if matches!(self.state, State::AwaitingDis) {
            // CNG ends when a signal is heard: T.30 (09/2005) §4.3.3.2.
            self.line.stop();
            self.fax_was_heard(now);
        }
        self.signal_goes_on(now);
    }

    /// From T0, for any answer at all, to T1, for one that can be used.
    fn fax_was_heard(&mut self, now: Instant) {
        if self.line.timers.runs(Timer::T0) {
            self.line.timers.cancel(Timer::T0);
            self.line.timers.set(Timer::T1, now + T1);
            self.show();
        }
    }

    fn signal_goes_on(&mut self, now: Instant) {
        if !self.ear.receiving {
            self.ear.receiving = true;
            self.ear.began = Some(now);
            self.ear.began_in_quiet = !self.line.busy();
            (self.ear.damaged, self.ear.named) = (false, false);
            self.line.timers.set(Timer::Signal, now + LONGEST_SIGNAL);
        }
    }

    fn on_frame(&mut self, frame: &Frame, now: Instant) {
        if !self.ear.receiving {
            self.ear.accepting = self.listening();
            if matches!(self.state, State::AwaitingDis) {
                self.fax_was_heard(now);
            }
            self.signal_goes_on(now);
        }
        let view = match View::parse(frame) {
            Ok(view) => view,
            Err(Malformed::Unknown(_)) => {
                self.ear.unknown |= self.ear.accepting && frame.get(1) == Some(&CONTROL_FINAL);
                return;
            }
            Err(Malformed::Short(_) | Malformed::Header(..) | Malformed::Information(_)) => return,
        };
        let Some(answer) = self.answer_of(view, now) else {
            return;
        };
        if self.ear.accepting {
            self.ear.answer = Some(answer);
            self.line.timers.set(Timer::Settle, now + SETTLE);
        }
    }

    /// The answer in a frame; what is no answer is noted or skipped: identifications, our own echo, frames of the wrong direction.
    fn answer_of(&mut self, view: View<'_>, now: Instant) -> Option<Answer> {
        match view.name {
            Name::Dis | Name::Dtc => {
                (view.name == self.asked_by).then(|| Answer::Dis(Capability::read(view.information)))
            }
            Name::Csi | Name::Cig => {
                self.record.remote_id = read_identification(view.information).or(self.record.remote_id.take());
                self.ear.named = true;
                self.show();
                None
            }
            Name::Nsf | Name::Nsc => {
                self.ear.named = true;
                self.record.remote_nsf = Some(view.information[..view.information.len().min(MAX_NSF_OCTETS)].to_vec());
                None
            }
            Name::Cfr => Some(Answer::Cfr),
            Name::Ftt => Some(Answer::Ftt),
            Name::Ctr => Some(Answer::Ctr),
            Name::Mcf => Some(Answer::Confirmed),
            Name::Rtp | Name::Pip => Some(Answer::ConfirmedRetrain),
            Name::Rtn => Some(Answer::Rejected),
            Name::Pin => Some(Answer::RefusedByOperator),
            Name::Ppr => Map::read(view.information).map(Answer::Ppr),
            Name::Rnr => Some(Answer::Rnr),
            Name::Err => Some(Answer::Err),
            // With our own X bit after one of ours it is the echo of that.
            Name::Crp => (self.crps == 0 || view.x != self.line.x).then_some(Answer::Crp),
            Name::Dcn => {
                self.on_disconnect(now);
                None
            }
            // Neither is an answer; the command is repeated.
            Name::Fnv => {
                self.record.field_not_valid = Some(view.information.to_vec());
                None
            }
            Name::Fdm => {
                self.record.file_diagnostics = Some(view.information.to_vec());
                None
            }
            Name::Pwd
            | Name::Sep
            | Name::Dcs
            | Name::Tsi
            | Name::Nss
            | Name::Sub
            | Name::Sid
            | Name::Ctc
            | Name::Eom
            | Name::Mps
            | Name::Eop
            | Name::PriEom
            | Name::PriMps
            | Name::PriEop
            | Name::Pps
            | Name::Eor
            | Name::Rr
            | Name::Fcd
            | Name::Rcp => None,
        }
    }

    fn on_disconnect(&mut self, now: Instant) {
        match self.state {
            State::AwaitingDis | State::Training(_) | State::AwaitingPage(_) | State::Sending(_) => {
                // The far end has gone; a DCN of ours would meet nobody.
                self.finish(Cause::Disconnected(self.phase()), now);
            }
            State::Idle | State::Releasing(_) | State::Ended => {}
        }
    }

    /// The far end's carrier is off, or should be.
    pub(super) fn on_signal_over(&mut self, now: Instant) {
        if self.ear.receiving && self.ear.answer.is_none() && self.is_unread() {
            match &mut self.state {
                State::Sending(sending) => sending.unread += 1,
                State::Training(training) => training.unread += 1,
                State::Idle | State::AwaitingDis | State::AwaitingPage(_) | State::Releasing(_) | State::Ended => {}
            }
        }
        let is_short = self.ear.began.is_some_and(|began| now.saturating_duration_since(began) < LONGEST_SHORT_ANSWER);
        self.ear.receiving = false;
        self.line.timers.cancel(Timer::Signal);
        self.line.timers.cancel(Timer::Settle);
        let unknown = std::mem::take(&mut self.ear.unknown);
        if self.ear.answer.is_some() {
            self.act(now);
        } else if unknown && !self.line.busy() && self.waits_for_last_answer() {
            // It has answered the last command; to ask again would not make the answer another.
            self.leave_unconfirmed(now);
        } else if self.may_ask_again(is_short) {
            match self.settings.transport {
                // What could not be read may have been our own echo, with the answer close behind it.
                Transport::Audio => {
                    self.crp_is_due = true;
                    self.line.timers.set(Timer::T4, now + BEFORE_CRP);
                }
                Transport::InternetAware => self.ask_again(now),
            }
        } else if self.ear.named && self.is_unread() && !self.line.busy() && matches!(self.state, State::Sending(_)) {
            self.on_damaged_dis(now);
        } else if !self.line.busy() && matches!(self.state, State::Training(_) | State::Sending(_)) {
            self.line.timers.at_least(Timer::T4, now + AFTER_NO_ANSWER);
        }
    }

    /// Whether what has ended was an answer that could not be read and is to be asked for by CRP. That is done at the third try of a command;
    /// before, the command itself is repeated, which every far end understands.
    ///
    /// Over audio, where damage is no rarity, the command goes on being repeated, and only the confirmation of the last page is asked for, and at
    /// once: SpanDSP, once it has given that, hangs up when it hears the end of the page again, and says it again for a CRP. Any other answer it
    /// gives again for its command, but hangs up at the third CRP of a call.
    fn may_ask_again(&self, is_short: bool) -> bool {
        if !self.is_unread() || self.line.busy() {
            return false;
        }
        match (&self.state, self.settings.transport) {
            (State::Sending(sending), Transport::Audio) => {
                let is_last = sending.page.has_blocks() && sending.waits_for_last_answer() && is_short;
                is_last && self.crps < MOST_CRPS
            }
            (State::Sending(sending), Transport::InternetAware) => sending.tries >= COMMAND_TRIES && self.crps == 0,
            (State::Training(training), Transport::InternetAware) => training.tries >= COMMAND_TRIES && self.crps == 0,
            (State::Training(_), Transport::Audio)
            | (
                State::Idle | State::AwaitingDis | State::AwaitingPage(_) | State::Releasing(_) | State::Ended,
                Transport::Audio | Transport::InternetAware,
            ) => false,
        }
    }

    /// Whether the signal heard last was an answer that could not be read.
    const fn is_unread(&self) -> bool {
        self.ear.accepting && self.ear.damaged && self.ear.began_in_quiet
    }

    /// CRP instead of giving up. A far end that does not know it stays silent; then T4 is the end.
    // T.30 (09/2005) §5.3.6.1.8, §5.4.2
    pub(super) fn ask_again(&mut self, now: Instant) {
        self.crp_is_due = false;
        self.crps += 1;
        self.record.command_repeats += 1;
        self.line.timers.cancel(Timer::T4);
        let frame = self.line.frame(Name::Crp, &[]);
        self.line.send_control(vec![frame], now);
    }

    fn waits_for_last_answer(&self) -> bool {
        matches!(&self.state, State::Sending(sending) if sending.waits_for_last_answer())
    }

    /// All that was to be sent has left: the answer is due, unless it is there or coming.
    pub(super) fn await_answer(&mut self, now: Instant) {
        // What began within our closing flags has heard all that matters, and is no echo.
        self.ear.began_in_quiet |=
            self.ear.began.is_some_and(|began| now.saturating_duration_since(began) < CLOSING_FLAGS);
        self.line.timers.set(Timer::T4, now + self.answer_wait());
        if self.ear.answer.is_some() && !self.ear.receiving {
            self.act(now);
        }
        self.show();
    }

    /// Acts on the answer that is there. While the first copy of a command is leaving it waits for its end; a repeat is cut
    /// short.
    fn act(&mut self, now: Instant) {
        let first_copy = match &self.state {
            State::Training(training) => training.tries <= 1,
            State::Sending(sending) => sending.tries <= 1,
            State::Idle | State::AwaitingDis | State::AwaitingPage(_) | State::Releasing(_) | State::Ended => false,
        };
        if self.line.busy() && first_copy {
            return;
        }
        let Some(answer) = self.ear.answer.take() else {
            return;
        };
        self.late_answer |= self.line.busy() && !matches!(self.state, State::AwaitingDis);
        match std::mem::replace(&mut self.state, State::Ended) {
            State::AwaitingDis => {
                self.state = State::AwaitingDis;
                if let Answer::Dis(capability) = answer {
                    self.on_dis(capability, now);
                }
            }
            State::Training(training) => self.on_training_answer(training, answer, now),
            State::Sending(sending) => self.on_page_answer(sending, answer, now),
            state @ (State::Idle | State::AwaitingPage(_) | State::Releasing(_) | State::Ended) => self.state = state,
        }
    }

    /// Before something new is sent: what was heard before is no answer to it, and a repeat that its answer overtook is cut short.
    pub(super) fn forget_answers(&mut self) {
        self.line.stop();
        (self.crps, self.crp_is_due) = (0, false);
        self.ear.answer = None;
        self.ear.accepting = false;
        self.line.timers.cancel(Timer::T4);
        self.line.timers.cancel(Timer::Settle);
    }
}
