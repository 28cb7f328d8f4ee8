//! Every way a call ends: refused, hung up by either side, broken off, the fax over; then the farewell.

use std::time::Instant;

use super::engine::{Call, Farewell, PageCount, Role, Speaker, State};
use super::interface::Output;
use super::refusal::{Refusal, cause_of_hang_up, cause_of_refusal};
use super::timer::{FAREWELL_LIMIT, LEAVING_LIMIT, LINGER, Timer};
use super::{Ending, Record};
use crate::model::{Cause, Outcome, Phase};
use crate::sip;
use crate::t30;

impl Call {
    /// The called side, or the network, refused.
    pub(super) fn refused(&mut self, refusal: Refusal, now: Instant) {
        let Refusal { status, q850, said, retry_after, authenticated } = refusal;
        let retry_after_seconds = retry_after.map(|after| after.as_secs());
        let record = Record {
            sip_status: Some(status),
            q850,
            sip_said: Some(said),
            retry_after_seconds,
            authenticated,
            ..Record::default()
        };
        let refusal = cause_of_refusal(status, q850);
        let is_about_media = refusal == Cause::NoCommonTransport && q850.is_none();
        let cause = if is_about_media { self.without_transport() } else { refusal };
        self.end_with(cause, record, now);
    }

    /// It has rung too long, or there was no response at all.
    pub(super) fn unanswered(&mut self, now: Instant) {
        let unreachable = matches!(self.state, State::Calling { reached: false });
        self.end(if unreachable { Cause::TrunkDown } else { Cause::NoAnswer }, now);
    }

    /// The far end hung up.
    pub(super) fn far_end_left(&mut self, q850: Option<u8>, said: Option<String>, now: Instant) {
        self.hang_up_heard = sip::Reason { q850, text: said, ..sip::Reason::default() };
        match &mut self.state {
            // Before a fax was heard, what the network says of the hang-up says more than T.30 can.
            State::Fax(fax) if fax.may_switch() && !fax.is_fax() => {
                let heard = self.heard_instead.map_or(Cause::NoFaxHeard, Cause::Heard);
                self.end(cause_of_hang_up(q850).unwrap_or(heard), now);
            }
            // T.30 knows in which phase that was, and whether all was said already.
            State::Fax(fax) => fax.stop(Cause::Disconnected(Phase::B), now),
            State::Audio(_) | State::Waiting => {
                let cause = match cause_of_hang_up(q850) {
                    _ if self.fax_tone_heard => Cause::Disconnected(Phase::A),
                    Some(cause) => cause,
                    None => Cause::NoFaxHeard,
                };
                self.end(cause, now);
            }
            State::Calling { .. } | State::Ringing { .. } | State::Answering(_) => {
                self.end(Cause::Disconnected(Phase::A), now)
            }
            // It has heard our last word, or does not wait for it.
            State::Parting(_) => self.leave(now),
            State::Leaving(_) | State::Over => {}
        }
    }

    /// SIP gave the call up: the far end acknowledges or answers nothing any more, or has forgotten the call.
    pub(super) fn broken_off(&mut self, now: Instant) {
        match &mut self.state {
            State::Fax(fax) => fax.stop(Cause::MediaLost, now),
            State::Calling { .. } | State::Ringing { .. } | State::Answering(_) | State::Audio(_) | State::Waiting => {
                self.end(Cause::NoResponse(Phase::A), now);
            }
            State::Parting(_) => self.leave(now),
            // We hung up ourselves.
            State::Leaving(_) | State::Over => {}
        }
    }

    /// Our side ends the call.
    pub(super) fn hang_up(&mut self, cause: Cause, now: Instant) {
        match &mut self.state {
            State::Fax(fax) => fax.stop(cause, now),
            State::Calling { .. } | State::Ringing { .. } | State::Answering(_) | State::Audio(_) | State::Waiting => {
                self.end(cause, now)
            }
            State::Parting(_) | State::Leaving(_) | State::Over => {}
        }
    }

    /// A document is not wanted any more.
    pub(super) fn withdraw(&mut self, document: usize, now: Instant) {
        match &mut self.state {
            State::Fax(fax) => fax.withdraw(document, now),
            State::Calling { .. } | State::Ringing { .. } | State::Answering(_) | State::Audio(_) | State::Waiting => {
                if let Role::Caller(errand) = &mut self.role
                    && !errand.withdraw(document)
                {
                    self.end(Cause::Cancelled, now);
                }
            }
            State::Parting(_) | State::Leaving(_) | State::Over => {}
        }
    }

    /// T.30 is over: its outcome is the call's.
    pub(super) fn fax_ended(&mut self, ending: t30::Ending, now: Instant) {
        let cause = match (ending.cause, self.heard_instead) {
            (Cause::NoFaxHeard, Some(sound)) => Cause::Heard(sound),
            (cause, _) => cause,
        };
        let ending = self.ending_of(t30::Ending { cause, ..ending });
        self.tell(ending);
        self.part(now);
    }

    /// A document is done with, and the call goes on.
    pub(super) fn document_over(&mut self, over: t30::Ending) {
        let mut over = self.ending_of(over);
        self.note_carrier(&mut over.record);
        self.outputs.push_back(Output::DocumentOver(over));
    }

    /// What T.30 tells of a document, as part of the whole fax.
    fn ending_of(&self, ending: t30::Ending) -> Ending {
        let t30::Ending { document, begun, cause, pages: _, record } = ending;
        let (sent, received) = (record.sent, record.received);
        // What went out is the fax; what came beside it is in the record.
        let outcome = match self.pages.get(document) {
            Some(count) if count.total > 0 => {
                let pages_confirmed = count.earlier.saturating_add(sent);
                debug_assert_eq!(pages_confirmed, count.confirmed, "each confirmation was told");
                Outcome { pages_confirmed, pages_total: count.total, cause }
            }
            Some(_) | None => Outcome { pages_confirmed: received, pages_total: received, cause },
        };
        Ending { document, begun, outcome, record: Box::new(Record::of(&record)) }
    }

    fn note_carrier(&self, record: &mut Record) {
        record.t38 = self.t38_trial;
        if let State::Fax(fax) = &self.state {
            record.carrier = Some(fax.carrier_name().to_owned());
            record.audio = fax.audio_record().map(Box::new);
        }
    }

    /// Tells the outcome, with what the far end said when it hung up.
    fn tell(&mut self, mut ending: Ending) {
        let sip::Reason { q850, text, .. } = std::mem::take(&mut self.hang_up_heard);
        let record = &mut ending.record;
        (record.q850, record.sip_said) = (record.q850.or(q850), record.sip_said.take().or(text));
        self.note_carrier(record);
        self.outputs.push_back(Output::Ended(ending));
    }

    /// Before we hang up, the far end is given time to hear our last word of T.30, unless it has left.
    fn part(&mut self, now: Instant) {
        let wait = match &self.state {
            State::Fax(fax) if !self.leg.is_over() => fax.parting(),
            State::Fax(_)
            | State::Calling { .. }
            | State::Ringing { .. }
            | State::Answering(_)
            | State::Audio(_)
            | State::Waiting
            | State::Parting(_)
            | State::Leaving(_)
            | State::Over => None,
        };
        let Some(wait) = wait else { return self.leave(now) };
        if let State::Fax(mut fax) = std::mem::replace(&mut self.state, State::Over) {
            fax.part(now);
            self.state = State::Parting(fax);
            self.timers.clear_all();
            self.timers.set(Timer::Parting, now + wait);
        }
    }

    /// Ends a call in which no fax ran.
    pub(super) fn end(&mut self, cause: Cause, now: Instant) {
        self.end_with(cause, Record::default(), now);
    }

    fn end_with(&mut self, cause: Cause, record: Record, now: Instant) {
        if matches!(self.state, State::Parting(_) | State::Leaving(_) | State::Over) {
            return;
        }
        let PageCount { total: pages_total, confirmed: pages_confirmed, .. } =
            self.pages.first().copied().unwrap_or_default();
        // Nobody has answered: there is nobody to wait for, and another trunk may have the call. Should somebody speak up late, he is
        // told that we want nothing any more.
        let unheard = cause == Cause::TrunkDown && matches!(self.state, State::Calling { reached: false });
        let outcome = Outcome { pages_confirmed, pages_total, cause };
        self.tell(Ending { document: 0, begun: false, outcome, record: Box::new(record) });
        if unheard { self.leave_by(Farewell::Lingering, now) } else { self.leave(now) }
    }

    /// Hangs up; the outcome is told.
    pub(super) fn leave(&mut self, now: Instant) {
        if !matches!(self.state, State::Leaving(_) | State::Over) {
            self.leave_by(Farewell::Saying, now);
        }
    }

    /// Audio that is up is over; whether the far end has hung up, its audio hears of it.
    pub(super) fn leave_audio(&mut self, now: Instant) {
        match self.state.speaker() {
            Some(Speaker::Tone(audio)) => audio.leave(now, &mut self.outputs),
            Some(Speaker::Fax(fax)) => fax.leave_audio(now, &mut self.outputs),
            None => {}
        }
    }

    fn leave_by(&mut self, farewell: Farewell, now: Instant) {
        self.leave_audio(now);
        self.state = State::Leaving(farewell);
        self.timers.clear_all();
        self.timers.set(Timer::Leaving, now + LEAVING_LIMIT);
        if farewell == Farewell::Lingering {
            self.timers.set(Timer::Linger, now + LEAVING_LIMIT);
        } else {
            self.timers.set(Timer::Farewell, now + FAREWELL_LIMIT);
        }
        self.command(sip::Command::HangUp { reason: None }, now);
    }

    /// Nobody answers our farewell: the line is free for others, and only the leg waits on.
    pub(super) fn farewell_is_unanswered(&mut self) {
        if let State::Leaving(farewell @ Farewell::Saying) = &mut self.state {
            *farewell = Farewell::Unanswered;
        }
    }

    /// Ends the farewell when nothing more can be expected and every page is stored, or when that takes too long. Once everything is
    /// said the line is free, and what the far end repeats is answered as long as it may be.
    pub(super) fn finish_if_settled(&mut self, now: Instant) {
        let State::Leaving(farewell) = self.state else { return };
        if farewell != Farewell::Lingering && self.leg.is_settled() {
            self.state = State::Leaving(Farewell::Lingering);
            self.timers.set(Timer::Linger, now + LINGER);
            self.timers.set(Timer::Leaving, now + LINGER);
        }
        let is_lingering = matches!(self.state, State::Leaving(Farewell::Lingering));
        let done = is_lingering && (self.leg.finished() || !self.timers.runs(Timer::Linger));
        if done && self.all_judged() || !self.timers.runs(Timer::Leaving) {
            self.state = State::Over;
            self.timers.clear_all();
            self.outputs.push_back(Output::Finished);
        }
    }
}
