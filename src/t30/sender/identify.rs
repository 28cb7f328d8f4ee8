//! Phases A and B of a caller up to a DIS: CNG, T0, T1, and what can be sent to this far end.
//!
//! T.30 (09/2005) §5.2.1, §4.3.3.2.

use super::train::Training;
use super::{Sender, State};
use crate::model::Cause;
use crate::t30::Switch;
use crate::t30::capability::Capability;
use crate::t30::fallback::Ladder;
use crate::t30::frame::Name;
use crate::t30::negotiate::{Agreement, choose};
use crate::t30::timers::{T0, T1, Timer};
use std::time::Instant;

impl Sender {
    pub(super) fn on_start(&mut self, now: Instant) {
        if !matches!(self.state, State::Idle) {
            return;
        }
        self.state = State::AwaitingDis;
        if self.shape(self.next).is_none() && self.fetch.is_none() {
            self.finish(Cause::Local("there is no page to send".into()), now);
            return;
        }
        self.line.timers.set(Timer::T0, now + T0);
        if self.settings.send_cng {
            self.line.start_calling_tone();
        }
        self.show();
    }

    /// Before a page nothing is lost by saying again what the old carrier may have cut off.
    pub(super) fn on_switched(&mut self, switch: Switch, now: Instant) {
        let Switch { transport, fastest, ced_was_heard: _ } = switch;
        match std::mem::replace(&mut self.state, State::Ended) {
            State::Idle => {
                (self.settings.transport, self.settings.max_modulation) = (transport, fastest);
                self.state = State::Idle;
            }
            State::AwaitingDis if self.before_the_first_page() => {
                (self.settings.transport, self.settings.max_modulation) = (transport, fastest);
                self.line.stop();
                self.line.timers.clear();
                self.ear = super::Ear::default();
                self.state = State::Idle;
                self.on_start(now);
            }
            State::Training(training) if self.before_the_first_page() => {
                (self.settings.transport, self.settings.max_modulation) = (transport, fastest);
                self.ladder = Ladder::new(self.remote.modems(), fastest);
                self.train_over_new_carrier(training, now);
            }
            state @ (State::AwaitingDis
            | State::Training(_)
            | State::AwaitingPage(_)
            | State::Sending(_)
            | State::Releasing(_)
            | State::Ended) => self.state = state,
        }
    }

    /// Whether nothing was confirmed in this call.
    const fn before_the_first_page(&self) -> bool {
        self.confirmed == 0 && !self.has_gone_on
    }

    /// Back to the beginning of phase B after EOM: the far end sends its DIS again.
    // T.30 (09/2005) §5.3.6.1.6
    pub(super) fn identify_again(&mut self, now: Instant) {
        self.forget_answers();
        self.line.timers.set(Timer::T1, now + T1);
        self.state = State::AwaitingDis;
        self.show();
    }

    pub(super) fn on_dis(&mut self, capability: Capability, now: Instant) {
        self.line.stop();
        self.line.timers.cancel(Timer::T0);
        self.line.timers.cancel(Timer::T1);
        self.learn(capability);
        if self.turn_if_due(now) {
            return;
        }
        let modems = self.remote.modems();
        self.ladder = match self.ladder.take() {
            None => Ladder::new(modems, self.settings.max_modulation),
            Some(ladder) => ladder.with_modems(modems),
        };
        if self.ladder.is_none() {
            self.finish(Cause::Incompatible("it has no modem that may be used"), now);
            return;
        }
        let page = self.rejected.take();
        match self.agreement_for(self.next) {
            Ok(agreement) => self.train(Training::new(agreement, page), now),
            Err(lacking) => self.finish(Cause::Incompatible(lacking), now),
        }
    }

    /// Keeps the far end's capabilities.
    pub(super) fn learn(&mut self, mut capability: Capability) {
        if self.asked_by == Name::Dtc {
            // Who asks for a document can receive it, whatever bit 10 says.
            capability.set_receiver(true);
        }
        self.record.remote_capability = Some(capability.clone());
        self.remote = capability;
    }

    /// How the far end can take a page.
    pub(super) fn agreement_for(&self, index: u32) -> Result<Agreement, &'static str> {
        let shape = self.shape(index).ok_or("there is no such page")?;
        choose(&self.remote, self.wishes(), shape)
    }
}
