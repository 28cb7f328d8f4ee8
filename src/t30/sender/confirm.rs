//! Phase D of the sender of pages: the answers to the command after a page or block.
//!
//! T.30 (09/2005) §5.3.6.1.7 and Annex A, Figure 5-2a places II to IV.

use super::hear::Answer;
use super::send_page::{Command, Content, PageInHand, Sending};
use super::train::Training;
use super::{RtnMeaning, Sender, State};
use crate::model::{Cause, Phase};
use crate::signal::Frame;
use crate::t30::Output;
use crate::t30::capability::Capability;
use crate::t30::ecm::Map;
use crate::t30::frame::{Following, Name};
use crate::t30::negotiate::Agreement;
use crate::t30::timers::{T5, Timer};
use std::time::Instant;

/// A page that was not taken is sent again at a lower rate so many times.
// HylaFAX: RTNHandlingMethod "Retransmit"
const REPEATS_OF_REJECTED_PAGE: u32 = 2;
/// The same where the far end begins anew, as it does when it could not train to a page, over audio that was heard to be bad.
const REPEATS_OVER_BAD_LINE: u32 = 5;
/// After so many PPRs for a block the rate is lowered by CTC, or the block given up by EOR.
// T.30 (09/2005) §A.4.4
const REQUESTS_BEFORE_CONTINUE: u32 = 4;
/// PPRs for one block in all, whatever the progress.
const MAX_REQUESTS_FOR_BLOCK: u32 = 32;

impl Sender {
    pub(super) fn on_page_answer(&mut self, sending: Sending, answer: Answer, now: Instant) {
        let in_blocks = matches!(sending.page.content, Content::Blocks(_));
        let after_page = matches!(sending.command, Command::AfterPage | Command::ReceiveReady);
        match answer {
            Answer::Confirmed | Answer::ConfirmedRetrain if after_page => {
                self.ready_again();
                self.on_confirmed(sending.page, answer == Answer::ConfirmedRetrain, now);
            }
            Answer::Rejected if after_page && self.settings.rtn == RtnMeaning::Printed => {
                self.ready_again();
                self.on_confirmed(sending.page, true, now);
            }
            Answer::Rejected | Answer::RefusedByOperator if after_page => {
                self.ready_again();
                self.on_rejected(sending.page, now);
            }
            Answer::Ppr(map) if after_page && in_blocks => {
                self.ready_again();
                self.on_request(sending.page, &map, now);
            }
            Answer::Rnr if in_blocks && sending.command != Command::Continue => self.on_not_ready(sending.page, now),
            Answer::Ctr if sending.command == Command::Continue => {
                self.long_training = true;
                self.send_page(sending.page, now);
            }
            // ERR closes what EOR opened: frames are missing for good.
            Answer::Err | Answer::Confirmed if sending.command == Command::EndRetransmission => {
                self.give_up_page(&sending.page, now);
            }
            Answer::Dis(capability) => self.on_forgotten(sending.page, capability, now),
            Answer::Crp => self.repeat_command(sending, now),
            // Late answers, or answers of another mode.
            Answer::Confirmed
            | Answer::ConfirmedRetrain
            | Answer::Rejected
            | Answer::RefusedByOperator
            | Answer::Ppr(_)
            | Answer::Rnr
            | Answer::Err
            | Answer::Cfr
            | Answer::Ftt
            | Answer::Ctr => {
                self.state = State::Sending(sending);
                self.wait_on(now);
            }
        }
    }

    /// What was heard was no answer; the wait begins again, the tries do not.
    pub(super) fn wait_on(&mut self, now: Instant) {
        if self.line.busy() {
            return;
        }
        self.line.timers.at_least(Timer::T4, now + self.answer_wait());
    }

    /// A command without an answer: again, or the end.
    pub(super) fn repeat_command(&mut self, mut sending: Sending, now: Instant) {
        if !self.may_try_again(sending.tries, sending.unread) {
            let lost = sending.is_likely_received();
            self.note_page(&sending.page, false);
            self.finish(if lost { Cause::LastConfirmationLost } else { Cause::NoResponse(Phase::D) }, now);
            return;
        }
        if !self.may_command(now) {
            return;
        }
        self.forget_answers();
        sending.tries += 1;
        let frame = self.frame_of(&sending);
        self.state = State::Sending(sending);
        self.line.send_control(vec![frame], now);
    }

    /// The far end said something to the last command that is neither yes nor no.
    pub(super) fn leave_unconfirmed(&mut self, now: Instant) {
        if let State::Sending(sending) = std::mem::replace(&mut self.state, State::AwaitingDis) {
            self.note_page(&sending.page, false);
        }
        self.finish(Cause::LastConfirmationLost, now);
    }

    fn frame_of(&self, sending: &Sending) -> Frame {
        match sending.command {
            Command::AfterPage => sending.page.command_frame(&self.line),
            Command::ReceiveReady => self.line.frame(Name::Rr, &[]),
            Command::Continue => {
                // Only bits 11 to 14 count, and others are not set.
                let mut rate = Capability::default();
                rate.set_modulation(self.modulation());
                self.line.frame(Name::Ctc, &rate.first_octets())
            }
            Command::EndRetransmission => {
                let following = if self.goes_on() { sending.page.following } else { Following::Nothing };
                self.line.frame(Name::Eor, &[following.code(self.line.x)])
            }
        }
    }

    fn command(&mut self, page: PageInHand, command: Command, now: Instant) {
        self.forget_answers();
        let sending = Sending { page, command, tries: 1, unread: 0 };
        let frame = self.frame_of(&sending);
        self.state = State::Sending(sending);
        self.line.send_control(vec![frame], now);
        self.show();
    }

    fn on_confirmed(&mut self, mut page: PageInHand, retrain: bool, now: Instant) {
        self.commands_without_progress = 0;
        if let Content::Blocks(outgoing) = &mut page.content
            && outgoing.next_block()
        {
            self.send_page(page, now);
            return;
        }
        self.note_page(&page, true);
        self.next += 1;
        if !self.skipped {
            self.confirmed += 1;
            self.record.sent += 1;
            self.record.v17.pages += u32::from(self.modulation().has_short_training());
            self.line.output(Output::Confirmed { document: self.document, pages: self.confirmed });
        }
        self.go_on(page.following, page.agreement, retrain, now);
    }

    /// After a page that is done with, what its command said would follow.
    fn go_on(&mut self, following: Following, agreement: Agreement, retrain: bool, now: Instant) {
        match following {
            Following::Nothing => self.all_sent(now),
            Following::NewFormat => {
                let goes_on = self.shape(self.next).is_some() || self.next_document() || self.fetch.is_some();
                // If not, what was to come was withdrawn meanwhile.
                if goes_on { self.new_format(now) } else { self.all_sent(now) }
            }
            Following::Page | Following::MoreOfPage if retrain => {
                // It took the page and found the line poor: a rung lower is what helps.
                self.record.retrains += 1;
                self.step_down();
                self.train(Training::new(agreement, None), now);
            }
            Following::Page | Following::MoreOfPage => self.message(agreement, None, now),
        }
    }

    /// Back to phase B after EOM. A caller waits for the DIS; who was polled knows what the other takes from its DTC, and a
    /// receiver in this place takes a DCS at any time.
    // T.30 (09/2005) §5.3.6.1.6, Figure 5-2b place R
    fn new_format(&mut self, now: Instant) {
        if self.asked_by == Name::Dis && self.line.x {
            self.identify_again(now);
            return;
        }
        self.new_training(now);
    }

    /// After the last page.
    fn all_sent(&mut self, now: Instant) {
        let cause = match (self.skipped, self.nothing_to_fetch) {
            (true, _) => Cause::PageRejected,
            (false, true) => Cause::NothingToPoll,
            (false, false) => Cause::Sent,
        };
        self.finish(cause, now);
    }

    /// Whether the call goes on after a page that the far end does not get.
    fn goes_on(&self) -> bool {
        self.settings.rtn == RtnMeaning::ResendThenGoOn
    }

    /// ERR has closed a page that frames are missing of.
    fn give_up_page(&mut self, page: &PageInHand, now: Instant) {
        self.note_page(page, false);
        if !self.goes_on() {
            self.finish(Cause::PageRejected, now);
            return;
        }
        self.skipped = true;
        self.next += 1;
        self.commands_without_progress = 0;
        self.go_on(page.following, page.agreement, false, now);
    }

    fn on_rejected(&mut self, mut page: PageInHand, now: Instant) {
        page.rejections += 1;
        self.note_page(&page, false);
        // After EOP the far end goes to phase E whatever it answered; the page goes again in another call.
        // T.30 (09/2005) Figure 5-2a
        if page.rejections > REPEATS_OF_REJECTED_PAGE || page.following == Following::Nothing {
            self.skip_rejected(&page, now);
            return;
        }
        self.record.retrains += 1;
        self.step_down();
        if page.following == Following::NewFormat {
            // After EOM it begins phase B anew, with a DIS.
            self.rejected = Some(page);
            self.identify_again(now);
        } else {
            self.train(Training::new(page.agreement, Some(page)), now);
        }
    }

    /// The repeats are used up: the next page, if that is wanted, trained anew as after every RTN; or the end.
    fn skip_rejected(&mut self, page: &PageInHand, now: Instant) {
        let is_last = self.shape(page.index + 1).is_none();
        if !self.goes_on() || is_last && !self.has_another_document() {
            self.finish(Cause::PageRejected, now);
            return;
        }
        self.skipped = true;
        self.next += 1;
        self.commands_without_progress = 0;
        if is_last && self.next_document() {
            self.new_format(now);
        } else {
            self.new_training(now);
        }
    }

    /// Trains for the next page without waiting for a DIS.
    fn new_training(&mut self, now: Instant) {
        match self.agreement_for(self.next) {
            Ok(agreement) => self.train(Training::new(agreement, None), now),
            Err(lacking) => self.finish(Cause::Incompatible(lacking), now),
        }
    }

    /// A DIS after a page: the far end has begun anew. Even when it did so because its MCF to an EOM was lost, nothing proves
    /// that it has the page, so the page goes again.
    fn on_forgotten(&mut self, mut page: PageInHand, capability: Capability, now: Instant) {
        page.rejections += 1;
        self.note_page(&page, false);
        let most = if self.has_bad_audio() { REPEATS_OVER_BAD_LINE } else { REPEATS_OF_REJECTED_PAGE };
        if page.rejections > most {
            self.finish(Cause::NoResponse(Phase::D), now);
            return;
        }
        self.ready_again();
        self.record.retrains += 1;
        self.learn(capability);
        match self.agreement_for(page.index) {
            Ok(agreement) => self.train(Training::new(agreement, Some(page)), now),
            Err(lacking) => self.finish(Cause::Incompatible(lacking), now),
        }
    }

    /// In place of an answer it named itself, which is done before a DIS, and that came damaged. In this place it takes no end of a page; what
    /// it can do is known.
    pub(super) fn on_damaged_dis(&mut self, now: Instant) {
        match std::mem::replace(&mut self.state, State::Ended) {
            State::Sending(sending) => self.on_forgotten(sending.page, self.remote.clone(), now),
            state @ (State::Idle
            | State::AwaitingDis
            | State::Training(_)
            | State::AwaitingPage(_)
            | State::Releasing(_)
            | State::Ended) => self.state = state,
        }
    }

    fn on_request(&mut self, mut page: PageInHand, map: &Map, now: Instant) {
        self.record.partial_page_requests += 1;
        page.partial_page_requests += 1;
        let Content::Blocks(outgoing) = &mut page.content else {
            self.state = State::Sending(Sending { page, command: Command::AfterPage, tries: 1, unread: 0 });
            return;
        };
        let progress = outgoing.request(map);
        // Where most frames come it is packets that are lost, and a slower rate would spread a frame over more of them.
        let is_too_fast = !progress || !outgoing.most_come();
        let requests = outgoing.requests();
        if progress {
            self.commands_without_progress = 0;
        }
        if !requests.is_multiple_of(REQUESTS_BEFORE_CONTINUE) {
            self.send_page(page, now);
            return;
        }
        if is_too_fast {
            outgoing.rate_changes();
        }
        // T.30 (09/2005) §A.4.1: the rate of CTC may be the same.
        if requests < MAX_REQUESTS_FOR_BLOCK && (is_too_fast && self.step_down().is_some() || progress) {
            self.record.retrains += 1;
            self.command(page, Command::Continue, now);
        } else {
            self.command(page, Command::EndRetransmission, now);
        }
    }

    /// Another answer than RNR.
    fn ready_again(&mut self) {
        self.line.timers.cancel(Timer::T5);
        self.not_ready_until = None;
    }

    /// The far end is storing: it is asked until it is ready, for no longer than T5.
    // T.30 (09/2005) §A.5.4.1
    fn on_not_ready(&mut self, page: PageInHand, now: Instant) {
        // One that had begun within T5 is answered like those before it.
        if self.not_ready_until.is_some_and(|until| self.ear.began().is_none_or(|began| began >= until)) {
            self.note_page(&page, false);
            self.finish(Cause::NoResponse(Phase::D), now);
            return;
        }
        if !self.line.timers.runs(Timer::T5) {
            self.line.timers.set(Timer::T5, now + T5);
        }
        self.command(page, Command::ReceiveReady, now);
    }
}
