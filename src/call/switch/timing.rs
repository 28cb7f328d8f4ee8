//! What each timer of a call means when it has run out.

use std::time::Instant;

use crate::call::engine::{Call, State};
use crate::call::offer::What;
use crate::call::timer::{ASK_LATER, ASKED_LIMIT, Timer};
use crate::model::{Cause, Sound};
use crate::sip;

impl Call {
    /// What a timer of the call means.
    pub(in crate::call) fn expired(&mut self, timer: Timer, now: Instant) {
        match timer {
            Timer::Response => {
                if matches!(self.state, State::Calling { reached: false }) {
                    self.end(Cause::TrunkDown, now);
                }
            }
            Timer::Answer => self.unanswered(now),
            Timer::PickUp => {
                if let State::Ringing { offer } = &mut self.state {
                    let offer = std::mem::take(offer);
                    self.state = State::Answering(None);
                    self.answer(&offer, now);
                }
            }
            Timer::Reinvite => {
                let is_voice = self.heard_instead.is_some_and(|sound| sound != Sound::Silence);
                if is_voice && self.has_fax() {
                    self.timers.set(Timer::Reinvite, now + ASK_LATER);
                } else if self.may_switch() {
                    let body = self.descriptions.offer(What::T38, &self.line);
                    if !self.has_fax() {
                        self.timers.set(Timer::NoFax, now + ASKED_LIMIT);
                    }
                    self.command(sip::Command::Offer { body }, now);
                }
            }
            Timer::DeadT38 => {
                if self.t38_is_dead() {
                    let body = self.descriptions.offer(What::Audio, &self.line);
                    self.command(sip::Command::Offer { body }, now);
                }
            }
            Timer::NoFax => {
                let cause = if self.fax_tone_heard { Cause::NoCommonTransport } else { Cause::NoFaxHeard };
                self.end(cause, now);
            }
            Timer::Media => self.media_timed_out(now),
            Timer::Farewell => self.farewell_is_unanswered(),
            Timer::NotAFax => {
                let cause = self.heard_instead.map_or(Cause::NoFaxHeard, Cause::Heard);
                self.end(cause, now);
            }
            Timer::Limit => self.hang_up(Cause::TooLong, now),
            Timer::Parting => self.leave(now),
            // The call ends when nothing of these runs any more.
            Timer::Leaving | Timer::Linger => {}
        }
    }

    /// A far end whose packets have ceased is gone, whatever T.30 would still wait for.
    fn media_timed_out(&mut self, now: Instant) {
        let limit = self.line.media_timeout;
        if let State::Fax(fax) = &mut self.state {
            let silence = fax.silence(now);
            if silence >= limit {
                fax.stop(Cause::MediaLost, now);
            } else {
                self.timers.set(Timer::Media, now + (limit - silence));
            }
        }
    }
}
