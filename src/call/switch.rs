//! From SIP's events to the call's states: answered, switched to T.38, refused.
//!
//! Not here: hanging up and all other ends ([`super::farewell`]).

use std::net::SocketAddr;
use std::time::Instant;

use super::audio::{Audio, Heard};
use super::engine::{Call, Role, State};
use super::fax::Fax;
use super::interface::Output;
use super::offer::{self, Far, What};
use super::refusal::Refusal;
use super::settings::Ask;
use super::timer::{ASKED_LIMIT, CED_AND_PREAMBLE, FAR_END_ASKS, PREAMBLE, SECOND_CHANCE, Timer};
use super::{Codec, Progress};
use crate::model::Cause;
use crate::sdp::T38Parameters;
use crate::signal::Tone;
use crate::sip;
use crate::t30::Procedure;

impl Call {
    pub(super) fn event(&mut self, event: sip::Event, now: Instant) {
        match event {
            sip::Event::Trying => self.reached(),
            // Early media is not listened to: announcements and ringing tones come there.
            sip::Event::Ringing | sip::Event::Progress { .. } => {
                self.outputs.push_back(Output::Progress(Progress::Ringing));
            }
            sip::Event::FellBack { status } => {
                tracing::debug!(status, "T.38 was refused in the INVITE; audio is offered");
                self.descriptions.fell_back();
            }
            sip::Event::Answered { body } => self.answered(&body, now),
            sip::Event::Failed { status, q850, reason, retry_after, authenticated } => {
                self.refused(Refusal { status, q850, said: reason, retry_after, authenticated }, now);
            }
            sip::Event::TimedOut => self.unanswered(now),
            sip::Event::Unreachable => self.end(Cause::TrunkDown, now),
            sip::Event::Acknowledged { body } => self.acknowledged(body.as_deref(), now),
            sip::Event::Offered { body } => self.offered(body.as_deref(), now),
            sip::Event::OfferAnswered { body } => match self.descriptions.answered(&body) {
                Some(far @ Far::T38 { .. }) => self.begin(far, now),
                Some(Far::Audio { .. }) | None => self.stay_in_audio(now),
            },
            sip::Event::OfferRefused { .. } => self.stay_in_audio(now),
            sip::Event::Ended { by_peer: true, reason, q850 } => self.far_end_left(q850, reason, now),
            sip::Event::Ended { by_peer: false, .. } => self.broken_off(now),
            sip::Event::OfferWithdrawn => {}
        }
    }

    /// What a timer of the call means.
    pub(super) fn expired(&mut self, timer: Timer, now: Instant) {
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
                if matches!(self.state, State::Audio(_) | State::Waiting) {
                    let body = self.descriptions.offer(What::T38, &self.line);
                    self.timers.set(Timer::NoFax, now + ASKED_LIMIT);
                    self.command(sip::Command::Offer { body }, now);
                }
            }
            Timer::NoFax => {
                let cause = if self.fax_tone_heard { Cause::NoCommonTransport } else { Cause::NoFaxHeard };
                self.end(cause, now);
            }
            Timer::Limit => self.hang_up(Cause::TooLong, now),
            Timer::Parting => self.leave(now),
            // The call ends when nothing of these runs any more.
            Timer::Leaving | Timer::Linger => {}
        }
    }

    fn reached(&mut self) {
        if let State::Calling { reached } = &mut self.state {
            *reached = true;
        }
    }

    /// Our INVITE got its 200.
    fn answered(&mut self, body: &[u8], now: Instant) {
        self.timers.clear(Timer::Answer);
        self.timers.set(Timer::Limit, now + self.line.call_limit);
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
        let what = if self.t38.accept { What::Either } else { What::Audio };
        match self.descriptions.answer(body, what, &self.line) {
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

    /// The ACK for a 200 of ours is here: media may flow. Where the 200 had the offer, this is its answer.
    fn acknowledged(&mut self, body: Option<&[u8]>, now: Instant) {
        let answer = body.and_then(|body| self.descriptions.answered(body));
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

    /// Begins what was agreed on, or goes on with it where it has begun.
    fn begin(&mut self, far: Far, now: Instant) {
        match far {
            Far::T38 { settings, address } => self.begin_fax(&settings, address, now),
            Far::Audio { codec, address: Some(address) } => match &mut self.state {
                State::Audio(audio) => audio.described(address, codec),
                State::Calling { .. } | State::Ringing { .. } | State::Answering(_) => {
                    self.begin_audio(address, codec, now);
                    self.await_t38(now);
                }
                // T.38 was asked for already.
                State::Waiting => self.begin_audio(address, codec, now),
                State::Fax(_) | State::Parting(_) | State::Leaving(_) | State::Over => {}
            },
            Far::Audio { address: None, .. } => {
                if matches!(self.state, State::Calling { .. } | State::Ringing { .. } | State::Answering(_)) {
                    self.wait_for_t38(now);
                }
            }
        }
    }

    fn begin_audio(&mut self, address: SocketAddr, codec: Codec, now: Instant) {
        self.state = State::Audio(Box::new(Audio::new(address, codec, self.own_tone(), self.seed, now)));
    }

    /// The tone that we send.
    // T.30 (09/2005) §4.3.3
    const fn own_tone(&self) -> Tone {
        match self.role {
            Role::Caller(_) => Tone::Cng,
            Role::Answerer(_) => Tone::Ced,
        }
    }

    fn begin_fax(&mut self, settings: &T38Parameters, address: Option<SocketAddr>, now: Instant) {
        self.timers.clear(Timer::Reinvite);
        self.timers.clear(Timer::NoFax);
        if let State::Fax(fax) = &mut self.state {
            return fax.described(address);
        }
        // An offer of ours that still waits its turn is settled by the far end's.
        self.command(sip::Command::WithdrawOffer, now);
        self.outputs.push_back(Output::Progress(Progress::Switched));
        let procedure = match &self.role {
            Role::Caller(errand) => {
                let mut errand = (**errand).clone();
                errand.limit(|fastest| offer::fastest(fastest, settings));
                Procedure::caller(errand, now)
            }
            Role::Answerer(fax) => {
                let mut fax = (**fax).clone();
                fax.receive.max_modulation = offer::fastest(fax.receive.max_modulation, settings);
                if let State::Audio(audio) = &self.state
                    && audio.tone_was_heard(now)
                {
                    fax.receive.send_ced = false;
                }
                Procedure::answerer(fax, now)
            }
        };
        let terminal = offer::terminal(&self.line, settings);
        self.state = State::Fax(Box::new(Fax::start(procedure, terminal, address, self.pages.earlier, now)));
    }

    /// Without audio there is nothing to wait for in it: T.38 is asked for at once.
    fn wait_for_t38(&mut self, now: Instant) {
        self.state = State::Waiting;
        self.await_t38(now);
        self.timers.hasten(Timer::Reinvite, now);
    }

    /// Audio is up: whoever asks for T.38 by the trunk's policy does so within a known time.
    fn await_t38(&mut self, now: Instant) {
        match self.t38.ask {
            Ask::After(wait) => self.timers.set(Timer::Reinvite, now + wait),
            Ask::Never => self.timers.set(Timer::NoFax, now + FAR_END_ASKS),
        }
    }

    /// What a later exchange in an answered call led to. Back to audio during a fax comes from those who think it is over, or who
    /// refresh the session with a stale description: agreed to, and the fax goes on until its own end or their BYE.
    // Asterisk does the first before its BYE, and did the second (ASTERISK-21232).
    fn adopt(&mut self, far: Far, now: Instant) {
        match (&self.state, &far) {
            (State::Fax(_), Far::Audio { .. }) | (State::Parting(_) | State::Leaving(_) | State::Over, _) => {}
            (
                State::Calling { .. }
                | State::Ringing { .. }
                | State::Answering(_)
                | State::Audio(_)
                | State::Waiting
                | State::Fax(_),
                Far::Audio { .. } | Far::T38 { .. },
            ) => self.begin(far, now),
        }
    }

    /// The far end's re-INVITE.
    fn offered(&mut self, body: Option<&[u8]>, now: Instant) {
        let in_fax = matches!(self.state, State::Fax(_) | State::Parting(_));
        let Some(body) = body else {
            // RFC 3261 §14.2: an INVITE without an offer asks for ours; we repeat what is in use.
            let body = self.descriptions.offer(if in_fax { What::T38 } else { What::Audio }, &self.line);
            return self.command(sip::Command::AcceptOffer { body }, now);
        };
        // What we asked for ourselves goes on, whoever describes it again.
        let what = if self.t38.accept || in_fax { What::Either } else { What::Audio };
        match self.descriptions.answer(body, what, &self.line) {
            Some((answer, far)) => {
                self.command(sip::Command::AcceptOffer { body: answer }, now);
                self.adopt(far, now);
            }
            // Some close T.38 with port 0 before they hang up: nothing in common, nothing changes.
            None => self.command(sip::Command::RefuseOffer { status: 488 }, now),
        }
    }

    /// Our re-INVITE to T.38 was refused, whatever the status: the audio stands as it was. A fax over audio would begin here and go on
    /// until the far end asks for T.38 after all; without modems all we can do is to give it that chance, and then there is no way left.
    fn stay_in_audio(&mut self, now: Instant) {
        if matches!(self.state, State::Audio(_) | State::Waiting) {
            self.timers.set(Timer::NoFax, now + SECOND_CHANCE);
        }
    }

    /// A datagram on the audio port.
    pub(super) fn audio(&mut self, datagram: &[u8], source: SocketAddr, now: Instant) {
        let State::Audio(audio) = &mut self.state else { return };
        let Some(heard) = audio.heard(datagram, source) else { return };
        // Our own tone is an echo, and says nothing of who is there.
        if heard == Heard::Tone(self.own_tone()) {
            return;
        }
        self.fax_tone_heard = true;
        match heard {
            // A gateway that means to ask has heard it as well.
            Heard::Preamble => self.timers.hasten(Timer::Reinvite, now + PREAMBLE),
            // The calling tone proves a fax: nothing is gained by more of our answer tone.
            Heard::Tone(Tone::Cng) => self.timers.hasten(Timer::Reinvite, now),
            // The called side's gateway asks when it hears the V.21 behind this tone; if it has not by then, it waits for us.
            Heard::Tone(Tone::Ced) => self.timers.hasten(Timer::Reinvite, now + CED_AND_PREAMBLE),
        }
    }
}
