//! Phase B of the sender of pages from DIS or DTC on: TSI, SUB, DCS and the training check, until CFR.
//!
//! T.30 (09/2005) §5.3.6.1.3, §5.3.6.1.4, Figure 5-2a place D.

use super::hear::Answer;
use super::send_page::PageInHand;
use super::{Sender, State};
use crate::model::{Cause, Phase};
use crate::signal::{Burst, Modulation};
use crate::t30::Transport;
use crate::t30::ecm::FrameSize;
use crate::t30::fallback::Ladder;
use crate::t30::frame::{Name, write_identification};
use crate::t30::negotiate::Agreement;
use crate::t30::timers::PAUSE;
use std::time::Instant;

/// Bits per second, from which on a rate is left only after several failures over bad audio.
const COSTLY_RATE: u32 = 9600;
const FAILURES_AT_COSTLY_RATE: u32 = 2;
const FAILURES_ABOVE_V27TER: u32 = 3;
/// The same at the lowest rate there is.
const FAILURES_AT_LOWEST_RATE: u32 = 4;
/// Bits per second, up to which blocks go in small frames over bad audio.
const SMALL_FRAMES_RATE: u32 = 4800;

/// A training under way.
#[derive(Debug)]
pub(super) struct Training {
    pub(super) agreement: Agreement,
    /// A page that was rejected or not heard and is to go again.
    pub(super) page: Option<PageInHand>,
    /// Times this DCS was sent without an answer of any kind.
    pub(super) tries: u32,
    /// Times an answer to it came that could not be read.
    pub(super) unread: u32,
    /// Times it was answered by DIS: the far end did not hear it.
    repeated_dis: u32,
    /// Times it failed at this rate.
    failures: u32,
}

impl Training {
    pub(super) const fn new(agreement: Agreement, page: Option<PageInHand>) -> Self {
        Self { agreement, page, tries: 0, unread: 0, repeated_dis: 0, failures: 0 }
    }
}

impl Sender {
    /// Sends DCS and training check.
    pub(super) fn train(&mut self, mut training: Training, now: Instant) {
        if !self.may_command(now) {
            return;
        }
        self.forget_answers();
        training.tries += 1;
        self.long_training = false;
        let modulation = self.modulation();
        self.small_frames = self.settings.transport == Transport::Audio
            && modulation.bits_per_second() <= SMALL_FRAMES_RATE
            && (self.has_bad_audio() || self.record.retrains > 0);
        if let Some(size) = training.agreement.ecm.as_mut().filter(|_| self.small_frames) {
            *size = FrameSize::Octets64;
        }
        self.begun = true;
        let mut frames = vec![self.line.leading_frame(Name::Tsi, &write_identification(&self.settings.station_id))];
        let document = self.settings.documents.get(self.document);
        let sub_address = document.and_then(|document| document.sub_address.as_deref());
        let sub_address = sub_address.filter(|_| self.remote.sub_address());
        let password = document.and_then(|document| document.sender_password.as_deref());
        let password = password.filter(|_| self.remote.password());
        if let Some(sub_address) = sub_address {
            frames.push(self.line.leading_frame(Name::Sub, &write_identification(sub_address)));
            self.record.sub_address_sent = true;
        }
        if let Some(password) = password {
            frames.push(self.line.leading_frame(Name::Sid, &write_identification(password)));
            self.record.password_sent = true;
        }
        let mut command = training.agreement.command(modulation);
        // T.30 (09/2005) Table 2 note 19: bits 49 and 50 of a DCS say that SUB and SID were sent with it.
        if sub_address.is_some() {
            command.set_sub_address();
        }
        command.set_password(password.is_some());
        frames.push(self.line.frame(Name::Dcs, &command.write()));
        self.state = State::Training(training);
        self.line.send(
            [Burst::Silence(PAUSE), Burst::Control(frames), Burst::Silence(PAUSE), Burst::TrainingCheck { modulation }],
            now,
        );
        self.show();
    }

    pub(super) fn on_training_answer(&mut self, mut training: Training, answer: Answer, now: Instant) {
        match answer {
            Answer::Cfr => {
                if let Some(ladder) = &mut self.ladder {
                    ladder.passed();
                }
                self.record.v17.passed += u32::from(self.modulation().has_short_training());
                self.message(training.agreement, training.page, now);
            }
            Answer::Ftt => {
                (training.tries, training.unread) = (0, 0);
                self.record.retrains += 1;
                training.failures += 1;
                if training.failures >= self.failures_at_a_rate() {
                    let is_v17 = self.modulation().has_short_training();
                    if self.step_down().is_some() {
                        self.record.v17.refused += u32::from(is_v17);
                        training.failures = 0;
                    } else if training.failures >= self.failures_at_lowest_rate() {
                        self.record.v17.refused += u32::from(is_v17);
                        self.finish(Cause::TrainingFailed, now);
                        return;
                    }
                }
                self.train(training, now);
            }
            Answer::Dis(capability) => {
                // It did not hear our DCS; what it can do may have changed with its mind.
                self.learn(capability);
                training.tries = 0;
                training.repeated_dis += 1;
                self.record.retrains += 1;
                // A command is sent three times in all: T.30 (09/2005) §5.4.2.
                if !self.may_try_again(training.repeated_dis, 0) {
                    self.finish(Cause::NoResponse(Phase::B), now);
                    return;
                }
                let index = training.page.as_ref().map_or(self.next, |page| page.index);
                match self.agreement_for(index) {
                    Ok(agreement) => self.train(Training { agreement, ..training }, now),
                    Err(lacking) => self.finish(Cause::Incompatible(lacking), now),
                }
            }
            Answer::Crp => self.repeat_training(training, now),
            // Late answers to what went before.
            Answer::Ctr
            | Answer::Confirmed
            | Answer::ConfirmedRetrain
            | Answer::Rejected
            | Answer::RefusedByOperator
            | Answer::Ppr(_)
            | Answer::Rnr
            | Answer::Err => {
                self.state = State::Training(training);
                self.wait_on(now);
            }
        }
    }

    /// The command goes again if the change of carrier cut it off; else its answer comes over the new one.
    pub(super) fn train_over_new_carrier(&mut self, mut training: Training, now: Instant) {
        if self.ladder.is_none() {
            self.finish(Cause::Incompatible("it has no modem that may be used"), now);
            return;
        }
        let was_cut_off = self.line.busy();
        self.forget_answers();
        self.ear = super::Ear::default();
        if was_cut_off {
            training.tries = training.tries.saturating_sub(1);
            self.train(training, now);
        } else {
            self.state = State::Training(training);
            self.await_answer(now);
        }
    }

    /// How often a check fails before a lower rate is tried. Over audio a lost packet fails a check at any rate, half of them at one in fifty,
    /// and what it then costs to go slower is more than another check.
    fn failures_at_a_rate(&self) -> u32 {
        if !self.has_bad_audio() {
            return 1;
        }
        match self.modulation().bits_per_second() {
            // What comes below is V.27ter, whose training takes a second.
            7200 => FAILURES_ABOVE_V27TER,
            ..=COSTLY_RATE => FAILURES_AT_COSTLY_RATE,
            _ => 1,
        }
    }

    fn failures_at_lowest_rate(&self) -> u32 {
        if self.has_bad_audio() { FAILURES_AT_LOWEST_RATE } else { 1 }
    }

    /// The same command once more: silence says nothing about the rate, FTT does.
    // T.30 (09/2005) §5.4.2
    pub(super) fn repeat_training(&mut self, training: Training, now: Instant) {
        if !self.may_try_again(training.tries, training.unread) {
            self.finish(Cause::NoResponse(Phase::B), now);
            return;
        }
        self.record.retrains += 1;
        self.train(training, now);
    }

    pub(super) fn step_down(&mut self) -> Option<Modulation> {
        let line_is_bad = self.has_bad_audio();
        let next = self.ladder.as_mut().and_then(|ladder| ladder.step_down(line_is_bad));
        self.record.v17.left |= next.is_some_and(|next| !next.has_short_training());
        next
    }

    /// The modulation agreed.
    pub(super) fn modulation(&self) -> Modulation {
        self.ladder.as_ref().map_or(Modulation::V27ter2400, Ladder::current)
    }
}
