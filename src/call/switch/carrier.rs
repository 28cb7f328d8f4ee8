//! What the fax goes over: audio or T.38, which of them it begins on, and the ways from one to the other.

use std::net::SocketAddr;
use std::time::Instant;

use crate::call::Progress;
use crate::call::audio::Audio;
use crate::call::engine::{Call, Role, State};
use crate::call::fax::{Carrier, Fax};
use crate::call::interface::Output;
use crate::call::modems::Modems;
use crate::call::offer::{self, Far, FarAudio, What};
use crate::call::settings::Ask;
use crate::call::stream::Stream;
use crate::call::timer::{FAR_END_ASKS, SECOND_CHANCE, T38_IS_DEAD, T38_IS_DEAD_CALLED, Timer};
use crate::model::T38Trial;
use crate::modem;
use crate::sdp::T38Parameters;
use crate::sip;
use crate::t30::{Procedure, Transport};

impl Call {
    /// Begins what was agreed on, or goes on with it where it has begun.
    pub(super) fn begin(&mut self, far: Far, now: Instant) {
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

    /// Whether a fax goes on, over whatever carrier.
    pub(super) const fn has_fax(&self) -> bool {
        matches!(self.state, State::Fax(_))
    }

    /// Whether audio is up, or asked for, and the call may still come to T.38.
    pub(super) const fn may_switch(&self) -> bool {
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

    /// Without audio there is nothing to wait for in it: T.38 is asked for at once.
    pub(super) fn wait_for_t38(&mut self, now: Instant) {
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
    pub(super) fn adopt(&mut self, far: Far, now: Instant) {
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

    /// Whether T.38 was agreed on, nothing has come over it, and audio would do.
    pub(super) fn t38_is_dead(&self) -> bool {
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
    pub(super) fn has_page_over_audio(&self) -> bool {
        self.state.fax().is_some_and(|fax| fax.is_audio() && !fax.may_switch())
    }

    /// T.38 that we asked for was agreed to when a page had begun meanwhile: the 200 has crossed our CANCEL, which does nothing to a request
    /// that has its final response. What is cut off in a page cannot be said again, so the fax stays in its audio, and the session is brought
    /// back to it; until then the far end misses some of the page, which is repeated.
    // RFC 3261 §9.1, §14.1
    pub(super) fn return_to_audio(&mut self, now: Instant) {
        self.t38_trial = T38Trial::Agreed;
        let body = self.descriptions.offer(What::Audio, &self.line);
        self.command(sip::Command::Offer { body }, now);
    }

    /// Our re-INVITE to T.38 was refused, whatever the status: the audio stands as it was, and the fax that began over it goes on, until
    /// the far end asks for T.38 after all. Without one all we can do is to give it that chance, and then there is no way left.
    pub(super) fn stay_in_audio(&mut self, now: Instant) {
        if self.t38_trial == T38Trial::NotTried {
            self.t38_trial = T38Trial::Refused;
        }
        if matches!(self.state, State::Audio(_) | State::Waiting) {
            self.timers.set(Timer::NoFax, now + SECOND_CHANCE);
        }
    }
}
