//! Phase E of the receiver: DCN heard or sent, and every way to get there.
//!
//! T.30 (09/2005) §5.3.6.1.8.

use super::{Receiver, State};
use crate::model::Cause;
use crate::t30::ending::{Ending, line_is_gone};
use std::time::Instant;

impl Receiver {
    /// Ends the procedure: the rest of a page goes to the owner, DCN to the far end unless it has gone.
    pub(super) fn finish(&mut self, cause: Cause, now: Instant) {
        let before_start = matches!(self.state, State::Idle);
        self.hand_over_rest();
        // Only the sender ends a good call with DCN.
        let silent = before_start || line_is_gone(&cause) || cause == Cause::Sent;
        self.end(cause, silent, now);
    }

    /// Ends the procedure with or without a DCN.
    pub(super) fn end(&mut self, cause: Cause, silent: bool, now: Instant) {
        let record = std::mem::take(&mut self.record);
        let pages = record.sent + record.received;
        let ending = Ending { document: 0, begun: true, cause, pages, record: Box::new(record) };
        self.line.stop();
        self.line.timers.clear();
        if silent {
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
            State::Releasing(ending) => self.line.end(ending),
            state @ (State::Idle
            | State::Identifying(_)
            | State::Checking(_)
            | State::Retraining
            | State::Receiving(_)
            | State::Judging(_)
            | State::Ended) => {
                self.state = state;
                self.finish(cause, now);
            }
        }
    }

    /// The carrier did not report that a burst has left.
    pub(super) fn on_stuck_carrier(&mut self, now: Instant) {
        self.on_stop(Cause::Local("the carrier did not send in time".into()), now);
    }
}
