//! From SIP's events to the call's states: answered, switched to T.38, refused, hung up.

use std::net::SocketAddr;
use std::time::Instant;

use super::audio::Audio;
use super::engine::{Call, LEAVING_LIMIT, Output, Role, SECOND_CHANCE, State, Timer};
use super::fax::{Fax, Procedure};
use super::offer::{self, Description, Remote};
use super::{Ending, Progress};
use crate::model::{Cause, Outcome};
use crate::signal::Tone;
use crate::sip;
use crate::t30;

impl Call {
    pub(super) fn event(&mut self, event: sip::Event, now: Instant) {
        match event {
            sip::Event::Trying => {}
            sip::Event::Ringing | sip::Event::Progress { .. } => {
                self.outputs.push_back(Output::Progress(Progress::Ringing));
            }
            sip::Event::Answered { body } => self.answered(&body, now),
            sip::Event::Failed { status, q850, .. } => {
                self.sip_status = Some(status);
                self.end(cause_of_refusal(status, q850), now);
            }
            sip::Event::TimedOut => self.end(Cause::TrunkDown, now),
            sip::Event::Acknowledged => self.acknowledged(now),
            sip::Event::Offered { body } => self.offered(body.as_deref(), now),
            sip::Event::OfferAnswered { body } => {
                if let Some(Remote::T38(remote)) = offer::read(&body) {
                    self.start_fax(remote, now);
                } else {
                    self.t38_refused(now);
                }
            }
            sip::Event::OfferRefused { .. } => self.t38_refused(now),
            sip::Event::Ended { .. } => self.far_end_left(now),
        }
    }

    /// Our INVITE got its 200.
    fn answered(&mut self, body: &[u8], now: Instant) {
        self.clear(Timer::Answer);
        self.set(Timer::Limit, now + self.line.call_limit);
        self.outputs.push_back(Output::Progress(Progress::Answered));
        match offer::read(body) {
            Some(Remote::T38(remote)) => self.start_fax(remote, now),
            Some(Remote::Audio { address, law }) => {
                let audio = Audio::new(address, law, Tone::Cng, self.seed, now);
                self.state = State::Audio(Box::new(audio));
                self.set(Timer::Reinvite, now + self.reinvite_after);
            }
            None => self.end(Cause::NoCommonTransport, now),
        }
    }

    /// Answers the INVITE that made this call.
    pub(super) fn answer(&mut self, body: &[u8], now: Instant) {
        let accepted = match offer::read(body) {
            Some(Remote::T38(_)) => offer::answer(body, Description::T38, &self.line, self.seed),
            Some(Remote::Audio { .. }) => offer::answer(body, Description::Audio, &self.line, self.seed),
            // RFC 3261 §13.2.1: an INVITE without an offer gets ours in the 200.
            None if body.is_empty() => Some(offer::audio(&self.line, self.seed, 1)),
            None => None,
        };
        self.descriptions_made = 1;
        match accepted {
            Some(answer) => {
                self.first_offer = body.to_vec();
                self.command(sip::Command::Accept { body: answer }, now);
            }
            None => {
                self.command(sip::Command::Refuse { status: 488, reason: String::new(), headers: Vec::new() }, now);
                self.end(Cause::NoCommonTransport, now);
            }
        }
    }

    /// The ACK for our 200 is here: media may flow.
    fn acknowledged(&mut self, now: Instant) {
        if !matches!(self.state, State::Answering) {
            return;
        }
        self.outputs.push_back(Output::Progress(Progress::Answered));
        match offer::read(&self.first_offer) {
            Some(Remote::T38(remote)) => self.start_fax(remote, now),
            Some(Remote::Audio { address, law }) => {
                let audio = Audio::new(address, law, Tone::Ced, self.seed, now);
                self.state = State::Audio(Box::new(audio));
                self.set(Timer::Reinvite, now + self.reinvite_after);
            }
            // Our own offer was in the 200; its answer names an audio address that we do not need: T.38 is asked for at once.
            None => {
                self.state = State::Waiting;
                self.set(Timer::Reinvite, now);
            }
        }
    }

    /// The far end's re-INVITE.
    fn offered(&mut self, body: Option<&[u8]>, now: Instant) {
        let Some(body) = body else {
            // RFC 3261 §14.2: an INVITE without an offer asks for ours; we repeat what is in use.
            let ours = if matches!(self.state, State::Fax(_)) { Description::T38 } else { Description::Audio };
            let body = self.describe(ours);
            self.command(sip::Command::AcceptOffer { body }, now);
            return;
        };
        match offer::read(body) {
            Some(Remote::T38(remote)) => match offer::answer(body, Description::T38, &self.line, self.next_description()) {
                Some(answer) => {
                    self.command(sip::Command::AcceptOffer { body: answer }, now);
                    self.start_fax(remote, now);
                }
                None => self.command(sip::Command::RefuseOffer { status: 488 }, now),
            },
            // Back to audio at the end of a fax: agreed to, and nothing is sent any more; the BYE follows.
            Some(Remote::Audio { .. }) => match offer::answer(body, Description::Audio, &self.line, self.next_description()) {
                Some(answer) => self.command(sip::Command::AcceptOffer { body: answer }, now),
                None => self.command(sip::Command::RefuseOffer { status: 488 }, now),
            },
            // A medium with port 0: some peers close T.38 this way before they hang up.
            None => self.command(sip::Command::RefuseOffer { status: 488 }, now),
        }
    }
}
