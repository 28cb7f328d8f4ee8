//! Polling, as far as the sender of pages is concerned: a caller that has nothing more to send and wants to fetch hands over to
//! the receiver; an answerer that is polled begins here with the DTC it got.
//!
//! Not here: the DTC itself and who gets which document ([`super::super::receiver`]). T.30 (09/2005) §5.3.6.1.2, Figure 5-2.

use super::{Sender, SenderSettings, State};
use crate::model::Cause;
use crate::t30::frame::Name;
use crate::t30::procedure::{Handover, PollSettings};
use std::time::Instant;

impl Sender {
    /// A caller that fetches a document when its pages, if there are any, are sent.
    pub(in crate::t30) fn fetching(settings: SenderSettings, fetch: PollSettings, now: Instant) -> Self {
        Self { fetch: Some(fetch), ..Self::new(settings, now) }
    }

    /// An answerer that was asked for a document, by DTC or by the DIS of a caller whose operator wants to receive.
    pub(in crate::t30) fn polled(settings: SenderSettings, asked_by: Name, handover: Handover, now: Instant) -> Self {
        let Handover { line, record, remote } = handover;
        let mut sender = Self { line, record, asked_by, state: State::AwaitingDis, ..Self::new(settings, now) };
        sender.record.polled = true;
        sender.on_dis(remote, now);
        sender
    }

    /// Whether the receiver is to go on: what it is to fetch, and all that it needs.
    pub(in crate::t30) fn turned(&mut self) -> Option<(PollSettings, Handover)> {
        if !std::mem::take(&mut self.turning) {
            return None;
        }
        let handover = Handover {
            line: std::mem::take(&mut self.line),
            record: std::mem::take(&mut self.record),
            remote: std::mem::take(&mut self.remote),
        };
        self.fetch.take().map(|fetch| (fetch, handover))
    }

    /// After a DIS: turns round when nothing is left but to fetch. True when it did, or when that ended the call.
    pub(super) fn turn_if_due(&mut self, now: Instant) -> bool {
        let Some(fetch) = &self.fetch else { return false };
        let selective = fetch.selective.is_some();
        let all_sent = self.shape(self.next).is_none();
        if !self.remote.ready_to_send() {
            self.fetch = None;
            self.nothing_to_fetch = true;
            if all_sent {
                self.finish(Cause::NothingToPoll, now);
            }
            return all_sent;
        }
        if !all_sent {
            return false;
        }
        // T.30 (09/2005) §5.3.6.1.2: SEP only to those whose DIS has bit 47. Without it another document might come.
        if selective && !self.remote.selective_polling() {
            self.finish(Cause::Incompatible("it has no selective addresses for its documents"), now);
        } else {
            self.line.timers.clear();
            self.state = State::Ended;
            self.turning = true;
        }
        true
    }
}
