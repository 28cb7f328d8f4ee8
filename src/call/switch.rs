//! From SIP's events to the call's states: answered, switched to T.38, refused.
//!
//! Not here: hanging up and all other ends ([`super::farewell`]).

use std::net::SocketAddr;
use std::time::Instant;

use super::Progress;
use super::audio::{Audio, Sign};
use super::engine::{Call, Role, State};
use super::fax::{Carrier, Fax};
use super::interface::Output;
use super::modems::Modems;
use super::offer::{self, Descriptions, Far, FarAudio, What};
use super::refusal::Refusal;
use super::settings::{Ask, FirstOffer};
use super::stream::Stream;
use super::timer::{
    AFTER_GREETING, AFTER_TONE, AFTER_VOICE, ASK_LATER, ASKED_LIMIT, CED_AND_PREAMBLE, FAR_END_ASKS, PREAMBLE,
    SECOND_CHANCE, T38_IS_DEAD, T38_IS_DEAD_CALLED, Timer,
};
use crate::dsp::progress::Progress as Reached;
use crate::model::{Cause, Sound, T38Trial};
use crate::modem;
use crate::sdp::T38Parameters;
use crate::signal::Tone;
use crate::sip;
use crate::t30::{Procedure, Transport};

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

    /// Begins what was agreed on, or goes on with it where it has begun.
    fn begin(&mut self, far: Far, now: Instant) {
        match far {
            Far::T38 { settings, address } => self.begin_t38(&settings, address, now),
            Far::Audio(Some(far)) => match &mut self.state {
                State::Audio(audio) => audio.described(far),
                State::Fax(fax) => fax.described_audio(far),
                State::Calling { .. } | State::Ringing { .. } | State::Answering(_) => {
                    self.begin_audio(far, now);
                    self.await_t38(now);
                }
                // T.38 was asked for already.
                State::Waiting => {
                    self.timers.clear(Timer::NoFax);
                    self.begin_audio(far, now);
                }
                State::Parting(_) | State::Leaving(_) | State::Over => {}
            },
            Far::Audio(None) => match &mut self.state {
                State::Calling { .. } | State::Ringing { .. } | State::Answering(_) => self.wait_for_t38(now),
                State::Audio(audio) => audio.hold(),
                State::Fax(fax) => fax.hold(),
                State::Waiting | State::Parting(_) | State::Leaving(_) | State::Over => {}
            },
        }
    }

    /// Audio is up: the fax begins over it, or only our tone until T.38 is agreed on.
    fn begin_audio(&mut self, far: FarAudio, now: Instant) {
        let stream = Stream::new(far, self.seed, now);
        if !self.t38.audio {
            self.state = State::Audio(Box::new(Audio::new(stream, self.own_tone(), now)));
            return;
        }
        let procedure = match &self.role {
            Role::Caller(errand) => {
                let mut errand = (**errand).clone();
                errand.carry_over(Transport::Audio);
                Procedure::caller(errand, now)
            }
            Role::Answerer(fax) => {
                let mut fax = (**fax).clone();
                fax.receive.transport = Transport::Audio;
                Procedure::answerer(fax, now)
            }
        };
        let mut modems = Modems::new(stream, &modem::Settings::default(), now);
        if matches!(self.role, Role::Caller(_)) {
            modems.listen_for_progress();
        }
        let carrier = Carrier::Audio(Box::new(modems));
        self.state = State::Fax(Box::new(Fax::start(procedure, carrier, now)));
    }

    /// The tone that we send.
    // T.30 (09/2005) §4.3.3
    const fn own_tone(&self) -> Tone {
        match self.role {
            Role::Caller(_) => Tone::Cng,
            Role::Answerer(_) => Tone::Ced,
        }
    }

    /// Whether a fax goes on, over whatever carrier.
    const fn has_fax(&self) -> bool {
        matches!(self.state, State::Fax(_))
    }

    /// Whether audio is up, or asked for, and the call may still come to T.38.
    const fn may_switch(&self) -> bool {
        match &self.state {
            State::Audio(_) | State::Waiting => true,
            State::Fax(fax) => fax.may_switch(),
            State::Calling { .. }
            | State::Ringing { .. }
            | State::Answering(_)
            | State::Parting(_)
            | State::Leaving(_)
            | State::Over => false,
        }
    }

    fn begin_t38(&mut self, settings: &T38Parameters, address: Option<SocketAddr>, now: Instant) {
        self.timers.clear(Timer::Reinvite);
        self.timers.clear(Timer::NoFax);
        self.timers.clear(Timer::NotAFax);
        self.t38_trial = T38Trial::Agreed;
        let terminal = offer::terminal(&self.line, settings);
        let fastest = |fastest| offer::fastest(fastest, settings);
        if let State::Fax(fax) = &mut self.state {
            if !fax.is_audio() {
                return fax.described_t38(address);
            }
            let fastest = match &self.role {
                Role::Caller(errand) => fastest(errand.fastest()),
                Role::Answerer(answerer) => fastest(answerer.receive.max_modulation),
            };
            // Where no audio comes either there is nothing to go back to.
            if fax.is_heard(now) {
                let wait = if matches!(self.role, Role::Caller(_)) { T38_IS_DEAD } else { T38_IS_DEAD_CALLED };
                self.timers.set(Timer::DeadT38, now + wait);
            }
            fax.switch_to_t38(terminal, address, fastest, now, &mut self.outputs);
            self.command(sip::Command::WithdrawOffer, now);
            self.outputs.push_back(Output::Progress(Progress::Switched));
            return;
        }
        // An offer of ours that still waits its turn is settled by the far end's.
        self.command(sip::Command::WithdrawOffer, now);
        self.outputs.push_back(Output::Progress(Progress::Switched));
        let procedure = match &self.role {
            Role::Caller(errand) => {
                let mut errand = (**errand).clone();
                errand.limit(fastest);
                Procedure::caller(errand, now)
            }
            Role::Answerer(fax) => {
                let mut fax = (**fax).clone();
                fax.receive.max_modulation = fastest(fax.receive.max_modulation);
                if let State::Audio(audio) = &self.state
                    && audio.tone_was_heard(now)
                {
                    fax.receive.send_ced = false;
                }
                Procedure::answerer(fax, now)
            }
        };
        let carrier = Carrier::t38(terminal, address, now);
        self.leave_audio(now);
        self.state = State::Fax(Box::new(Fax::start(procedure, carrier, now)));
    }

    /// Whether T.38 was agreed on, nothing has come over it, and audio would do.
    fn t38_is_dead(&self) -> bool {
        self.t38.audio && self.state.fax().is_some_and(Fax::hears_nothing_over_t38)
    }

    /// Goes back to the audio of the call: T.38 was agreed on, and its packets do not get through. It is not tried again in this call.
    fn back_to_audio(&mut self, far: FarAudio, now: Instant) {
        let State::Fax(fax) = &mut self.state else { return };
        // Another stream than the one before.
        let stream = Stream::new(far, self.seed.rotate_left(32), now);
        let fastest = match &self.role {
            Role::Caller(errand) => errand.fastest(),
            Role::Answerer(answerer) => answerer.receive.max_modulation,
        };
        let modems = Modems::new(stream, &modem::Settings::default(), now);
        fax.switch_to_audio(modems, fastest, now);
        self.t38_trial = T38Trial::Refused;
        (self.t38.accept, self.t38.ask) = (false, Ask::Never);
        self.timers.clear(Timer::DeadT38);
        self.command(sip::Command::WithdrawOffer, now);
    }

    /// Whether a page has begun over audio, which stays there.
    fn has_page_over_audio(&self) -> bool {
        self.state.fax().is_some_and(|fax| fax.is_audio() && !fax.may_switch())
    }

    /// T.38 that we asked for was agreed to when a page had begun meanwhile: the 200 has crossed our CANCEL, which does nothing to a request
    /// that has its final response. What is cut off in a page cannot be said again, so the fax stays in its audio, and the session is brought
    /// back to it; until then the far end misses some of the page, which is repeated.
    // RFC 3261 §9.1, §14.1
    fn return_to_audio(&mut self, now: Instant) {
        self.t38_trial = T38Trial::Agreed;
        let body = self.descriptions.offer(What::Audio, &self.line);
        self.command(sip::Command::Offer { body }, now);
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
            // A fax over audio has times of its own.
            Ask::Never if self.has_fax() => {}
            Ask::Never => self.timers.set(Timer::NoFax, now + FAR_END_ASKS),
        }
    }

    /// What a later exchange in an answered call led to. Back to audio during a fax over T.38 comes from those who think it is over,
    /// or who refresh the session with a stale description: agreed to, and the fax goes on until its own end or their BYE. Only where
    /// nothing has come over T.38 it is meant.
    // Asterisk does the first before its BYE, and did the second (ASTERISK-21232).
    fn adopt(&mut self, far: Far, now: Instant) {
        match (&self.state, &far) {
            (State::Fax(_), Far::Audio(Some(far))) if self.t38_is_dead() => self.back_to_audio(*far, now),
            (State::Fax(fax), Far::Audio(_)) if !fax.is_audio() => {}
            (State::Parting(_) | State::Leaving(_) | State::Over, _) => {}
            (
                State::Calling { .. }
                | State::Ringing { .. }
                | State::Answering(_)
                | State::Audio(_)
                | State::Waiting
                | State::Fax(_),
                Far::Audio(_) | Far::T38 { .. },
            ) => self.begin(far, now),
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

    /// Our re-INVITE to T.38 was refused, whatever the status: the audio stands as it was, and the fax that began over it goes on, until
    /// the far end asks for T.38 after all. Without one all we can do is to give it that chance, and then there is no way left.
    fn stay_in_audio(&mut self, now: Instant) {
        if self.t38_trial == T38Trial::NotTried {
            self.t38_trial = T38Trial::Refused;
        }
        if matches!(self.state, State::Audio(_) | State::Waiting) {
            self.timers.set(Timer::NoFax, now + SECOND_CHANCE);
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

    /// A datagram on the audio port.
    pub(super) fn audio(&mut self, datagram: &[u8], source: SocketAddr, now: Instant) {
        match &mut self.state {
            State::Audio(audio) => {
                if let Some(sign) = audio.heard(datagram, source) {
                    self.sign(sign, now);
                }
            }
            State::Fax(fax) | State::Parting(fax) => fax.audio_datagram(datagram, source, now),
            State::Calling { .. }
            | State::Ringing { .. }
            | State::Answering(_)
            | State::Waiting
            | State::Leaving(_)
            | State::Over => {}
        }
    }

    /// A fax was heard in the audio.
    pub(super) fn sign(&mut self, sign: Sign, now: Instant) {
        // Our own tone is an echo, and says nothing of who is there.
        if sign == Sign::Tone(self.own_tone()) {
            return;
        }
        self.fax_tone_heard = true;
        if let State::Fax(fax) = &mut self.state {
            fax.is_one();
        }
        self.heard_instead = None;
        self.timers.clear(Timer::NotAFax);
        match sign {
            // A gateway that means to ask has heard it as well.
            Sign::Preamble => self.timers.hasten(Timer::Reinvite, now + PREAMBLE),
            // The calling tone proves a fax: nothing is gained by more of our answer tone.
            Sign::Tone(Tone::Cng) => self.timers.hasten(Timer::Reinvite, now),
            // The called side's gateway asks when it hears the V.21 behind this tone; if it has not by then, it waits for us.
            Sign::Tone(Tone::Ced) => self.timers.hasten(Timer::Reinvite, now + CED_AND_PREAMBLE),
        }
    }

    /// Something was heard that is no fax. What was heard first says most: a busy tone after a voice is that of a person who has hung up.
    pub(super) fn reached(&mut self, reached: Reached, now: Instant) {
        let (sound, wait) = match reached {
            // Whoever answered lets it ring elsewhere; the wait for a fax goes on.
            Reached::Ringback => return,
            Reached::Voice => (Sound::Voice, Some(AFTER_VOICE)),
            Reached::AnsweringMachine => (Sound::AnsweringMachine, Some(AFTER_GREETING)),
            Reached::Busy => (Sound::BusyTone, Some(AFTER_TONE)),
            Reached::Congestion => (Sound::CongestionTone, Some(AFTER_TONE)),
            Reached::SpecialInformation => (Sound::InformationTone, Some(AFTER_TONE)),
            Reached::DialTone => (Sound::DialTone, Some(AFTER_TONE)),
            Reached::DataModem => (Sound::DataModem, Some(AFTER_TONE)),
            // T0 is the end of it.
            Reached::Silence => (Sound::Silence, None),
        };
        self.heard_instead = Some(match (self.heard_instead, sound) {
            (None | Some(Sound::Silence), sound) => sound,
            (Some(Sound::Voice), Sound::AnsweringMachine) => sound,
            (Some(before), _) => before,
        });
        let Some(wait) = wait else { return };
        if self.timers.runs(Timer::NotAFax) {
            self.timers.hasten(Timer::NotAFax, now + wait);
        } else {
            self.timers.set(Timer::NotAFax, now + wait);
        }
    }
}
