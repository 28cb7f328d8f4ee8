//! What the receiver hears: which carrier is up, and frames that become one command, acted on when the far end has fallen
//! silent and our own answer has left.
//!
//! Not here: what a command means in a phase.

use super::{Receiver, State};
use crate::model::Cause;
use crate::signal::{Frame, Heard, Tone};
use crate::t30::capability::Capability;
use crate::t30::frame::{Following, Name, PartialPage, View, read_identification};
use crate::t30::timers::{CARRIER_SILENCE, CLOSING_FLAGS, LONGEST_SIGNAL, SETTLE, Timer};
use std::time::Instant;

/// A command of the far end.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Command {
    Dcs(Capability),
    /// MPS, EOM, EOP, with or without a call for the operator.
    AfterPage(Following),
    Pps(PartialPage),
    Eor(Following),
    Ctc(Capability),
    Rr,
    Crp,
    /// DTC: it wants to fetch a document.
    Poll(Capability),
    /// DIS: to one who fetches, it did not hear the DTC; to an answerer, its operator wants to receive.
    Dis(Capability),
}

/// Which carrier of the far end is up.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
enum Up {
    #[default]
    None,
    Control,
    Fast,
}

/// The state of hearing.
#[derive(Debug, Default)]
pub(super) struct Ear {
    up: Up,
    /// When the control signal that is up, or was last, began.
    pub(super) signal_began: Option<Instant>,
    /// Whether it began while we were sending: its sender cannot have heard all of that.
    crossed: bool,
    command: Option<Command>,
    /// The command acted on last.
    last_command: Option<Command>,
}

impl Ear {
    /// Whether the far end is sending.
    pub(super) fn busy(&self) -> bool {
        self.up != Up::None
    }

    /// All of ours has left. What began within its closing flags has heard all that matters of it.
    pub(super) fn forgive_overlap(&mut self, now: Instant) {
        if self.signal_began.is_some_and(|began| now.saturating_duration_since(began) < CLOSING_FLAGS) {
            self.crossed = false;
        }
    }

    /// Whether it sends at the fast rate.
    pub(super) fn fast(&self) -> bool {
        self.up == Up::Fast
    }
}

impl Receiver {
    pub(super) fn on_heard(&mut self, heard: Heard, now: Instant) {
        match heard {
            Heard::Tone(Tone::Cng) => self.somebody_is_there(),
            // Only our own echo.
            Heard::Tone(Tone::Ced) => {}
            Heard::Preamble => self.on_control(now),
            Heard::Carrier { .. } => self.on_carrier(now),
            Heard::Frame(frame) => self.on_frame(&frame, now),
            Heard::DamagedFrame => self.on_damaged_frame(now),
            Heard::Bits(bits) => self.on_bits(&bits, now),
            Heard::End => self.on_signal_over(now),
        }
    }

    /// V.21 is up.
    fn on_control(&mut self, now: Instant) {
        if self.ear.fast() {
            self.on_carrier_over(now);
        }
        self.somebody_is_there();
        if self.ear.up != Up::Control {
            self.ear.up = Up::Control;
            self.ear.signal_began = Some(now);
            self.ear.crossed = self.line.busy();
            if let State::Receiving(receiving) = &mut self.state {
                receiving.control_began(now);
            }
            self.line.timers.cancel(Timer::T2);
            self.line.timers.set(Timer::Signal, now + LONGEST_SIGNAL);
        }
    }

    /// A fast carrier is up.
    fn on_carrier(&mut self, now: Instant) {
        // The end of the command before it went unheard.
        if self.ear.up == Up::Control {
            self.on_signal_over(now);
        }
        self.somebody_is_there();
        self.searches = 0;
        self.line.timers.cancel(Timer::T2);
        self.line.timers.set(Timer::CarrierSilence, now + CARRIER_SILENCE);
        if self.ear.up != Up::Fast {
            self.ear.up = Up::Fast;
            self.message_since = true;
            self.carrier_began();
        }
    }

    fn on_bits(&mut self, bits: &[u8], now: Instant) {
        if bits.is_empty() {
            return;
        }
        self.on_carrier(now);
        match &mut self.state {
            State::Checking(checking) => checking.take(bits),
            State::Receiving(receiving) => receiving.take_bits(bits),
            State::Idle
            | State::Identifying(_)
            | State::Retraining
            | State::Judging(_)
            | State::Releasing(_)
            | State::Ended => {}
        }
    }

    fn on_damaged_frame(&mut self, now: Instant) {
        if self.ear.fast() {
            self.line.timers.set(Timer::CarrierSilence, now + CARRIER_SILENCE);
            if let State::Receiving(receiving) = &mut self.state {
                receiving.damaged_frame();
            }
        } else {
            self.on_control(now);
        }
    }

    fn on_frame(&mut self, frame: &Frame, now: Instant) {
        let Ok(view) = View::parse(frame) else {
            return;
        };
        if self.is_echo(view, frame) {
            self.on_control(now);
            return;
        }
        // The others come on V.21; DCN ends the call whatever is up.
        if !matches!(view.name, Name::Fcd | Name::Rcp | Name::Dcn) {
            self.on_control(now);
        }
        match view.name {
            Name::Fcd => {
                self.on_carrier(now);
                self.on_data_frame(view.information);
            }
            Name::Rcp => {
                // RCP frames that trickle in after the carrier's end begin no new one.
                if self.ear.fast() {
                    self.line.timers.set(Timer::CarrierSilence, now + CARRIER_SILENCE);
                }
            }
            Name::Dcn => self.on_disconnect(now),
            Name::Tsi | Name::Cig => keep(self.names()[0], view),
            Name::Sub => keep(self.names()[1], view),
            Name::Sid => keep(self.names()[2], view),
            Name::Sep => keep(&mut self.record.selective, view),
            Name::Pwd => keep(&mut self.record.password, view),
            Name::Nss | Name::Nsc => {
                self.record.remote_nsf = Some(view.information.to_vec());
            }
            Name::Fnv => {
                self.record.field_not_valid = Some(view.information.to_vec());
            }
            Name::Fdm => {
                self.record.file_diagnostics = Some(view.information.to_vec());
            }
            Name::Dis
            | Name::Csi
            | Name::Nsf
            | Name::Dtc
            | Name::Dcs
            | Name::Ctc
            | Name::Cfr
            | Name::Ftt
            | Name::Ctr
            | Name::Eom
            | Name::Mps
            | Name::Eop
            | Name::PriEom
            | Name::PriMps
            | Name::PriEop
            | Name::Pps
            | Name::Eor
            | Name::Rr
            | Name::Mcf
            | Name::Rtp
            | Name::Rtn
            | Name::Pip
            | Name::Pin
            | Name::Ppr
            | Name::Rnr
            | Name::Err
            | Name::Crp => {
                if let Some(command) = command_of(view) {
                    self.ear.command = Some(command);
                    self.line.timers.set(Timer::Settle, now + SETTLE);
                }
            }
        }
    }

    /// Our own DIS or CRP come back.
    fn is_echo(&self, view: View<'_>, frame: &Frame) -> bool {
        let repeat = view.name == Name::Crp && self.asked_again && view.x == self.line.x;
        repeat || view.name == Name::Dis && self.last_dis.as_ref() == Some(frame)
    }

    fn on_disconnect(&mut self, now: Instant) {
        let cause = match &self.state {
            State::Identifying(_) if self.is_refused() => Cause::PollRefused,
            State::Receiving(receiving) if receiving.is_over() => Cause::Sent,
            State::Identifying(_)
            | State::Checking(_)
            | State::Retraining
            | State::Receiving(_)
            | State::Judging(_) => Cause::Disconnected(self.phase()),
            State::Idle | State::Releasing(_) | State::Ended => return,
        };
        self.finish(cause, now);
    }

    /// The end of whatever was up, or the time by which it must have ended.
    pub(super) fn on_signal_over(&mut self, now: Instant) {
        if self.ear.fast() {
            self.on_carrier_over(now);
            return;
        }
        self.ear.up = Up::None;
        self.line.timers.cancel(Timer::Signal);
        self.line.timers.cancel(Timer::Settle);
        self.act_if_possible(now);
        if self.ear.command.is_none() && !self.line.busy() {
            self.nothing_understood(now);
        }
    }

    /// CRP, where what is missing cannot be had otherwise. A sender that does not know it repeats its command after T4; so it does for
    /// one that was merely unreadable, to which nothing is said.
    // T.30 (09/2005) §5.3.6.1.8, §5.4.2
    pub(super) fn ask_again(&mut self, now: Instant) {
        self.asked_again = true;
        self.record.command_repeats += 1;
        let message_since = self.message_since;
        self.say(Name::Crp, now);
        self.message_since = message_since;
    }

    /// The fast carrier has stopped, or has said nothing for too long.
    pub(super) fn on_carrier_over(&mut self, now: Instant) {
        self.ear.up = Up::None;
        self.line.timers.cancel(Timer::CarrierSilence);
        match &mut self.state {
            State::Checking(_) => self.judge_training(now),
            State::Receiving(receiving) => {
                receiving.carrier_over(now);
                self.search_command(now);
            }
            State::Identifying(_) => self.nothing_understood(now),
            State::Retraining | State::Judging(_) => self.search_command(now),
            State::Idle | State::Releasing(_) | State::Ended => {}
        }
    }

    /// Acts on the command that is there. DCS needs no answer at once and cuts short whatever we are sending; every other one
    /// waits until our last answer has left.
    pub(super) fn act_if_possible(&mut self, now: Instant) {
        if self.ear.up == Up::Control || (self.line.busy() && !matches!(self.ear.command, Some(Command::Dcs(_)))) {
            return;
        }
        let Some(command) = self.ear.command.take() else {
            return;
        };
        self.searches = 0;
        self.asked_again = false;
        // The same command again, said while our answer to it was leaving: that is its answer. A second one would reach the caller
        // behind the first and pass for the answer to its next command; MCF does not say to which page it belongs.
        if self.ear.crossed && !matches!(command, Command::Dcs(_)) && self.ear.last_command.as_ref() == Some(&command) {
            self.search_command(now);
            return;
        }
        self.ear.last_command = Some(command.clone());
        self.on_command(command, now);
    }

    /// Something ended that was no command for us.
    fn nothing_understood(&mut self, now: Instant) {
        match &self.state {
            State::Identifying(identifying) => {
                let identified = identifying.dis_sent();
                self.wait_for_dcs(identified, now);
            }
            State::Judging(_) => {
                self.search_command(now);
                self.answer_page(now);
            }
            State::Receiving(receiving) if receiving.is_over() => self.on_unread_goodbye(now),
            State::Receiving(_) | State::Retraining => {
                if !self.line.timers.runs(Timer::T2) {
                    self.search_command(now);
                }
            }
            State::Idle | State::Checking(_) | State::Releasing(_) | State::Ended => {}
        }
    }
}

/// Keeps a text that comes before a command; a blank one takes nothing away.
fn keep(place: &mut Option<String>, view: View<'_>) {
    *place = read_identification(view.information).or(place.take());
}

/// The command in a frame; nothing in those of the wrong direction, such as our own echo.
fn command_of(view: View<'_>) -> Option<Command> {
    if let Some(following) = Following::from_command(view.name) {
        return Some(Command::AfterPage(following));
    }
    match view.name {
        Name::Dcs => Some(Command::Dcs(Capability::read(view.information))),
        Name::Pps => PartialPage::read(view.information).ok().map(Command::Pps),
        Name::Eor => {
            let code = view.information.first().copied().unwrap_or(0);
            Following::from_code(code).ok().map(Command::Eor)
        }
        Name::Ctc => Some(Command::Ctc(Capability::read(view.information))),
        Name::Rr => Some(Command::Rr),
        Name::Crp => Some(Command::Crp),
        Name::Dtc => Some(Command::Poll(Capability::read(view.information))),
        Name::Dis => Some(Command::Dis(Capability::read(view.information))),
        Name::Csi
        | Name::Nsf
        | Name::Cig
        | Name::Nsc
        | Name::Pwd
        | Name::Sep
        | Name::Tsi
        | Name::Nss
        | Name::Sub
        | Name::Sid
        | Name::Cfr
        | Name::Ftt
        | Name::Ctr
        | Name::Eom
        | Name::Mps
        | Name::Eop
        | Name::PriEom
        | Name::PriMps
        | Name::PriEop
        | Name::Mcf
        | Name::Rtp
        | Name::Rtn
        | Name::Pip
        | Name::Pin
        | Name::Ppr
        | Name::Rnr
        | Name::Err
        | Name::Fdm
        | Name::Dcn
        | Name::Fnv
        | Name::Fcd
        | Name::Rcp => None,
    }
}
