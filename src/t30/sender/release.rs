//! Phase E of the sender of pages: DCN, and every way to get there.
//!
//! T.30 (09/2005) §5.3.6.1.8.

use super::{Sender, State};
use crate::model::Cause;
use crate::t30::ending::{Ending, line_is_gone};
use crate::t30::timers::Timer;
use std::time::Instant;

impl Sender {
    /// Ends the procedure: DCN first, unless nobody is left to hear it.
    pub(super) fn finish(&mut self, cause: Cause, now: Instant) {
        // Where nothing was heard, nobody would understand it: T.30 (09/2005) Figure 5-2a, T0.
        let gone = line_is_gone(&cause) || cause == Cause::NoFaxHeard;
        let ending = self.ending(cause);
        self.line.stop();
        self.line.timers.clear();
        if gone || matches!(self.state, State::Idle) {
            self.state = State::Ended;
            self.line.end(ending);
        } else {
            self.state = State::Releasing(ending);
            self.line.send_disconnect(self.settings.transport, now);
        }
    }

    pub(super) fn on_stop(&mut self, cause: Cause, now: Instant) {
        let cause = self.known_cause(cause);
        match std::mem::replace(&mut self.state, State::Ended) {
            // The outcome is known already; the far end has hung up a little early.
            State::Releasing(ending) => self.line.end(ending),
            State::Sending(sending) => {
                self.note_page(&sending.page, false);
                self.state = State::Sending(sending);
                self.stop_for(cause, now);
            }
            state @ (State::Idle | State::AwaitingDis | State::Training(_) | State::AwaitingPage(_) | State::Ended) => {
                self.state = state;
                self.stop_for(cause, now);
            }
        }
    }

    fn stop_for(&mut self, cause: Cause, now: Instant) {
        // These two are what a BYE was turned into.
        if matches!(cause, Cause::LastConfirmationLost | Cause::NoFaxHeard) {
            self.end_without_dcn(cause);
        } else {
            self.finish(cause, now);
        }
    }

    /// The reason for the end, as far as the procedure knows better than the owner, who sees only a BYE.
    fn known_cause(&self, cause: Cause) -> Cause {
        match (cause, &self.state) {
            // Some machines hang up on EOP instead of answering it.
            (Cause::Disconnected(_) | Cause::MediaLost, State::Sending(sending))
                if sending.waits_for_last_answer() && (!self.line.busy() || sending.tries > 1) =>
            {
                Cause::LastConfirmationLost
            }
            // A person who said hello and hung up.
            (Cause::Disconnected(_), State::AwaitingDis) if self.line.timers.runs(Timer::T0) => Cause::NoFaxHeard,
            (Cause::Disconnected(_), _) => Cause::Disconnected(self.phase()),
            (other, _) => other,
        }
    }

    /// The carrier did not report that a burst has left.
    pub(super) fn on_stuck_carrier(&mut self, now: Instant) {
        match std::mem::replace(&mut self.state, State::Ended) {
            State::Releasing(ending) => self.line.end(ending),
            state @ (State::Idle
            | State::AwaitingDis
            | State::Training(_)
            | State::AwaitingPage(_)
            | State::Sending(_)
            | State::Ended) => {
                self.state = state;
                self.finish(Cause::Local("the carrier did not send in time".into()), now);
            }
        }
    }

    fn end_without_dcn(&mut self, cause: Cause) {
        let ending = self.ending(cause);
        self.state = State::Ended;
        self.line.end(ending);
    }

    fn ending(&mut self, cause: Cause) -> Ending {
        let record = std::mem::take(&mut self.record);
        let pages = record.sent + record.received;
        Ending { document: self.document, begun: self.begun, cause, pages, record: Box::new(record) }
    }
}
