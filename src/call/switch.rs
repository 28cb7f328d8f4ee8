//! From SIP's events to the call's states: answered, switched to T.38, refused, hung up.

use std::time::Instant;

use super::audio::Audio;
use super::ending::cause_of_refusal;
use super::engine::{Call, LEAVING_LIMIT, Output, Role, SECOND_CHANCE, State, Timer};
use super::fax::{Fax, Procedure};
use super::offer::{self, Far, What};
use super::{Ending, Progress, Record};
use crate::model::{Cause, Outcome, Phase};
use crate::signal::Tone;
use crate::sip;
use crate::t30::{self, Answerer, Caller};

impl Call {
    pub(super) fn event(&mut self, event: sip::Event, now: Instant) {
        match event {
            sip::Event::Ringing | sip::Event::Progress { .. } => {
                self.outputs.push_back(Output::Progress(Progress::Ringing));
            }
            sip::Event::Answered { body } => self.answered(&body, now),
            sip::Event::Failed { status, q850, .. } => {
                let record = Record { sip_status: Some(status), ..Record::default() };
                self.leave(cause_of_refusal(status, q850), record, now);
            }
            sip::Event::TimedOut => {
                let ringing = matches!(self.role, Role::Caller(_)) && !matches!(self.state, State::Calling);
                self.end(if ringing { Cause::NoAnswer } else { Cause::TrunkDown }, now);
            }
            sip::Event::Acknowledged { body } => self.acknowledged(body.as_deref(), now),
            sip::Event::Offered { body } => self.offered(body.as_deref(), now),
            sip::Event::OfferAnswered { body } => match self.descriptions.answered(&body) {
                Some(far @ Far::T38 { .. }) => self.begin(far, now),
                Some(Far::Audio { .. }) | None => self.t38_refused(now),
            },
            sip::Event::OfferRefused { .. } => self.t38_refused(now),
            sip::Event::Ended { by_peer, .. } => {
                if by_peer {
                    self.far_end_left(now);
                }
            }
            sip::Event::Trying | sip::Event::OfferWithdrawn => {}
        }
    }

    /// Our INVITE got its 200.
    fn answered(&mut self, body: &[u8], now: Instant) {
        self.clear(Timer::Answer);
        self.set(Timer::Limit, now + self.line.call_limit);
        self.outputs.push_back(Output::Progress(Progress::Answered));
        match self.descriptions.answered(body) {
            Some(far) => self.begin(far, now),
            None => self.end(Cause::NoCommonTransport, now),
        }
    }

    /// Answers the INVITE that made this call.
    pub(super) fn answer(&mut self, body: &[u8], now: Instant) {
        // RFC 3261 §13.2.1: an INVITE without an offer gets ours in the 200.
        if body.is_empty() {
            let body = self.descriptions.offer(What::Audio, &self.line);
            return self.command(sip::Command::Accept { body }, now);
        }
        match self.descriptions.answer(body, What::Either, &self.line) {
            Some((answer, far)) => {
                self.state = State::Answering(Some(far));
                self.command(sip::Command::Accept { body: answer }, now);
            }
            None => {
                let refuse = sip::Command::Refuse { status: 488, reason: String::new(), headers: Vec::new() };
                self.command(refuse, now);
                self.end(Cause::NoCommonTransport, now);
            }
        }
    }

    /// The ACK for our 200 is here: media may flow.
    fn acknowledged(&mut self, body: Option<&[u8]>, now: Instant) {
        let State::Answering(agreed) = &mut self.state else { return };
        let agreed = agreed.take();
        self.outputs.push_back(Output::Progress(Progress::Answered));
        match agreed.or_else(|| self.descriptions.answered(body?)) {
            Some(far) => self.begin(far, now),
            // Without an answer to our offer there is no audio; T.38 is asked for at once.
            None => self.wait_for_t38(now),
        }
    }

    /// Begins what was agreed on.
    fn begin(&mut self, far: Far, now: Instant) {
        match far {
            Far::T38 { settings, address } => {
                self.clear(Timer::Reinvite);
                self.clear(Timer::NoFax);
                if let State::Fax(fax) = &mut self.state {
                    return fax.moved(address);
                }
                // An offer of ours that still waits its turn is settled by the far end's.
                self.command(sip::Command::WithdrawOffer, now);
                self.outputs.push_back(Output::Progress(Progress::Switched));
                let procedure = match &self.role {
                    Role::Caller(fax) => Procedure::Caller(Box::new(Caller::new((**fax).clone(), now))),
                    Role::Answerer(fax) => Procedure::Answerer(Box::new(Answerer::new((**fax).clone(), now))),
                };
                let terminal = offer::terminal(&self.line, &settings);
                self.state = State::Fax(Box::new(Fax::start(procedure, terminal, address, now)));
            }
            Far::Audio { codec, address: Some(address) } => {
                let tone = match self.role {
                    Role::Caller(_) => Tone::Cng,
                    Role::Answerer(_) => Tone::Ced,
                };
                self.state = State::Audio(Box::new(Audio::new(address, codec, tone, self.seed, now)));
                self.set(Timer::Reinvite, now + self.reinvite_after);
            }
            Far::Audio { address: None, .. } => self.wait_for_t38(now),
        }
    }

    fn wait_for_t38(&mut self, now: Instant) {
        self.state = State::Waiting;
        self.set(Timer::Reinvite, now);
    }

    /// The far end's re-INVITE.
    fn offered(&mut self, body: Option<&[u8]>, now: Instant) {
        let in_fax = matches!(self.state, State::Fax(_));
        let Some(body) = body else {
            // RFC 3261 §14.2: an INVITE without an offer asks for ours; we repeat what is in use.
            let body = self.descriptions.offer(if in_fax { What::T38 } else { What::Audio }, &self.line);
            return self.command(sip::Command::AcceptOffer { body }, now);
        };
        match self.descriptions.answer(body, What::Either, &self.line) {
            Some((answer, far)) => {
                self.command(sip::Command::AcceptOffer { body: answer }, now);
                // Back to audio during a fax comes from those who think it is over: agreed to, and the fax goes on until its own
                // end or their BYE.
                if !(in_fax && matches!(far, Far::Audio { .. })) && !matches!(self.state, State::Leaving) {
                    self.begin(far, now);
                }
            }
            // Some close T.38 with port 0 before they hang up: nothing in common, nothing changes.
            None => self.command(sip::Command::RefuseOffer { status: 488 }, now),
        }
    }

    /// Our re-INVITE to T.38 was refused. The far end may still ask itself; then there is no way left.
    fn t38_refused(&mut self, now: Instant) {
        if matches!(self.state, State::Audio(_) | State::Waiting) {
            self.set(Timer::NoFax, now + SECOND_CHANCE);
        }
    }

    /// A datagram on the audio port.
    pub(super) fn audio(&mut self, datagram: &[u8], now: Instant) {
        let State::Audio(audio) = &mut self.state else { return };
        let Some(tone) = audio.heard(datagram) else { return };
        self.fax_tone_heard = true;
        // The calling tone proves a fax: nothing is gained by more of our answer tone.
        if tone == Tone::Cng && matches!(self.role, Role::Answerer(_)) && self.is_set(Timer::Reinvite) {
            self.set(Timer::Reinvite, now);
        }
    }

    /// The far end hung up.
    fn far_end_left(&mut self, now: Instant) {
        match &mut self.state {
            // T.30 knows in which phase that was, and whether all was said already.
            State::Fax(fax) => fax.stop(Cause::Disconnected(Phase::B), now),
            State::Audio(_) | State::Waiting => {
                let heard = self.fax_tone_heard;
                self.end(if heard { Cause::Disconnected(Phase::A) } else { Cause::NoFaxHeard }, now);
            }
            State::Calling | State::Answering(_) => self.end(Cause::Disconnected(Phase::A), now),
            State::Leaving | State::Over => {}
        }
    }

    /// Our side ends the call.
    pub(super) fn hang_up(&mut self, cause: Cause, now: Instant) {
        match &mut self.state {
            State::Fax(fax) => fax.stop(cause, now),
            State::Calling | State::Answering(_) | State::Audio(_) | State::Waiting => self.end(cause, now),
            State::Leaving | State::Over => {}
        }
    }

    /// T.30 is over: its outcome is the call's.
    pub(super) fn fax_ended(&mut self, ending: t30::Ending, now: Instant) {
        let record = Record::of(&ending.record);
        let outcome = match self.role {
            Role::Caller(_) => {
                let confirmed = self.pages.earlier + ending.pages;
                self.confirm(confirmed);
                Outcome { pages_confirmed: confirmed, pages_total: self.pages.total, cause: ending.cause }
            }
            Role::Answerer(_) => {
                Outcome { pages_confirmed: ending.pages, pages_total: ending.pages, cause: ending.cause }
            }
        };
        self.leave_with(Ending { outcome, record }, now);
    }

    /// Ends a call in which no fax ran.
    pub(super) fn end(&mut self, cause: Cause, now: Instant) {
        self.leave(cause, Record::default(), now);
    }

    fn leave(&mut self, cause: Cause, record: Record, now: Instant) {
        let (pages_confirmed, pages_total) = (self.pages.earlier, self.pages.total);
        self.leave_with(Ending { outcome: Outcome { pages_confirmed, pages_total, cause }, record }, now);
    }

    fn leave_with(&mut self, ending: Ending, now: Instant) {
        if matches!(self.state, State::Leaving | State::Over) {
            return;
        }
        self.state = State::Leaving;
        self.clear_all();
        self.set(Timer::Leaving, now + LEAVING_LIMIT);
        self.outputs.push_back(Output::Ended(ending));
        self.command(sip::Command::HangUp { reason: None }, now);
    }
}
