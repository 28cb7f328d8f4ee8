//! From SIP's events to the call's states: answered, switched to T.38, refused.
//!
//! What the fax goes over is settled in `carrier`, what is heard before it in `hearing`, what a timer means in `timing`. Not here: hanging
//! up and all other ends ([`super::farewell`]).

mod carrier;
mod hearing;
mod timing;

use std::time::Instant;

use super::Progress;
use super::engine::{Call, State};
use super::interface::Output;
use super::offer::{Descriptions, Far, What};
use super::refusal::Refusal;
use super::settings::{Ask, FirstOffer};
use super::timer::Timer;
use crate::model::{Cause, T38Trial};
use crate::sip;

impl Call {
    pub(super) fn event(&mut self, event: sip::Event, now: Instant) {
        match event {
            sip::Event::Trying => self.heard_back(),
            // Early media is not listened to: announcements and ringing tones come there.
            sip::Event::Ringing | sip::Event::Progress { .. } => {
                self.outputs.push_back(Output::Progress(Progress::Ringing));
            }
            sip::Event::FellBack { status } => {
                tracing::debug!(status, "the first offer was refused; plain audio is offered");
                self.descriptions.fell_back();
                if self.t38.first_offer != FirstOffer::Audio {
                    self.t38_trial = T38Trial::Refused;
                }
            }
            sip::Event::Answered { body } => self.answered(&body, now),
            sip::Event::Failed { status, q850, reason, retry_after, authenticated } => {
                self.refused(Refusal { status, q850, said: reason, retry_after, authenticated }, now);
            }
            sip::Event::TimedOut => self.unanswered(now),
            sip::Event::Unreachable => self.end(Cause::TrunkDown, now),
            sip::Event::Acknowledged { body } => self.acknowledged(body.as_deref(), now),
            sip::Event::Offered { body } => self.offered(body.as_deref(), now),
            sip::Event::OfferAnswered { body } => match self.descriptions.answered(&body, &self.line) {
                Some(Far::T38 { .. }) if self.has_page_over_audio() => self.return_to_audio(now),
                Some(far @ Far::T38 { .. }) => self.begin(far, now),
                Some(far @ Far::Audio(_)) => {
                    self.adopt(far, now);
                    self.stay_in_audio(now);
                }
                None => self.stay_in_audio(now),
            },
            sip::Event::Refreshed { offer, answer } => {
                if let Some(far) = self.descriptions.refreshed(&offer, &answer, &self.line) {
                    self.adopt(far, now);
                }
            }
            sip::Event::OfferRefused { .. } => self.stay_in_audio(now),
            sip::Event::OfferUnanswered => self.offer_unanswered(now),
            sip::Event::Ended { by_peer: true, reason, q850 } => self.far_end_left(q850, reason, now),
            sip::Event::Ended { by_peer: false, .. } => self.broken_off(now),
            sip::Event::OfferWithdrawn => {}
        }
    }

    fn heard_back(&mut self) {
        if let State::Calling { reached } = &mut self.state {
            *reached = true;
        }
    }

    /// Our INVITE got its 200.
    fn answered(&mut self, body: &[u8], now: Instant) {
        self.timers.clear(Timer::Answer);
        self.timers.set(Timer::Limit, now + self.line.call_limit);
        self.outputs.push_back(Output::Progress(Progress::Answered));
        match self.descriptions.answered(body, &self.line) {
            Some(far) => self.begin(far, now),
            // What it wants is offered in so many words.
            None if Descriptions::takes_only_t38(body) && self.t38.ask != Ask::Never => self.wait_for_t38(now),
            None => self.end(self.without_transport(), now),
        }
    }

    /// Why there is no transport that both ends have.
    pub(super) fn without_transport(&self) -> Cause {
        let is_required = self.line.srtp.is_some_and(|srtp| srtp.required);
        if is_required { Cause::TrunkEncryption } else { Cause::NoCommonTransport }
    }

    /// Answers the INVITE that made this call.
    pub(super) fn answer(&mut self, body: &[u8], now: Instant) {
        // RFC 3261 §13.2.1: an INVITE without an offer gets ours in the 200.
        if body.is_empty() {
            let body = self.descriptions.offer(What::Audio, &self.line);
            return self.command(sip::Command::Accept { body }, now);
        }
        let what = if self.t38.accept { What::Either } else { What::Audio };
        match self.descriptions.answer(body, what, &self.line) {
            Some((answer, far)) => {
                self.state = State::Answering(Some(far));
                self.command(sip::Command::Accept { body: answer }, now);
            }
            None => {
                // RFC 3261 §21.4.26
                let headers = vec![("Warning".to_owned(), Descriptions::refusal(body, &self.line))];
                let refuse = sip::Command::Refuse { status: 488, reason: String::new(), headers };
                self.command(refuse, now);
                self.end(Cause::NoCommonTransport, now);
            }
        }
    }

    /// The ACK for a 200 of ours is here: media may flow. Where the 200 had the offer, this is its answer.
    fn acknowledged(&mut self, body: Option<&[u8]>, now: Instant) {
        let answer = body.and_then(|body| self.descriptions.answered(body, &self.line));
        let State::Answering(agreed) = &mut self.state else {
            if let Some(far) = answer {
                self.adopt(far, now);
            }
            return;
        };
        let agreed = agreed.take().or(answer);
        self.outputs.push_back(Output::Progress(Progress::Answered));
        match agreed {
            Some(far) => self.begin(far, now),
            // Without an answer to our offer there is no audio; T.38 is asked for at once.
            None => self.wait_for_t38(now),
        }
    }

    /// The far end's re-INVITE.
    fn offered(&mut self, body: Option<&[u8]>, now: Instant) {
        let over_t38 = self.state.fax().is_some_and(|fax| !fax.is_audio());
        let Some(body) = body else {
            // RFC 3261 §14.2: an INVITE without an offer asks for ours; we repeat what is in use.
            let body = self.descriptions.offer(if over_t38 { What::T38 } else { What::Audio }, &self.line);
            return self.command(sip::Command::AcceptOffer { body }, now);
        };
        // What we asked for ourselves goes on, whoever describes it again. A page that has begun over audio stays there.
        let may_be_t38 = over_t38 || self.t38.accept && self.may_switch();
        let what = if may_be_t38 { What::Either } else { What::Audio };
        match self.descriptions.answer(body, what, &self.line) {
            Some((answer, far)) => {
                self.command(sip::Command::AcceptOffer { body: answer }, now);
                self.adopt(far, now);
            }
            // Some close T.38 with port 0 before they hang up: nothing in common, nothing changes.
            None => self.command(sip::Command::RefuseOffer { status: 488 }, now),
        }
    }

    /// Our re-INVITE had no answer. SIP would have us hang up, as who does not answer is gone; a far end whose media come is not, but only its
    /// SIP is deaf to T.38, and the fax goes on as after a refusal.
    // RFC 3261 §14.1
    fn offer_unanswered(&mut self, now: Instant) {
        self.stay_in_audio(now);
        if !self.state.fax().is_some_and(|fax| fax.is_heard(now)) {
            self.command(sip::Command::HangUp { reason: None }, now);
        }
    }
}
