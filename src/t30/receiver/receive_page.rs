//! Phase C of the receiver: the carrier and the commands of a page.
//!
//! Not here: what has come of it ([`super::page`]). T.30 (09/2005) §5.3.6.1.6 and Annex A, Figure 5-2b place F.

use super::confirm::{Judging, REPEAT_LATEST};
use super::hear::Command;
use super::page::{Content, Fingerprint, Receiving};
use super::{PageEnd, Receiver, State};
use crate::model::Cause;
use crate::t30::ecm::Incoming;
use crate::t30::frame::{Following, Name, PartialPage};
use std::time::{Duration, Instant};

/// From the loss of the carrier to the first signal after the page: longer, and the page was cut short by the line. A sender
/// may take up to T2 for its command.
// T.30 (09/2005) §5.4.3.1
const PREMATURE_END: Duration = Duration::from_secs(6);

impl Receiver {
    pub(super) fn carrier_began(&mut self) {
        match &mut self.state {
            State::Checking(checking) => checking.restart(),
            State::Receiving(receiving) => receiving.carrier_began(),
            State::Idle
            | State::Identifying(_)
            | State::Retraining
            | State::Judging(_)
            | State::Releasing(_)
            | State::Ended => {}
        }
    }

    pub(super) fn on_data_frame(&mut self, information: &[u8]) {
        if let State::Receiving(receiving) = &mut self.state
            && let Content::Blocks(blocks) = &mut receiving.content
            && blocks.incoming.take(information)
        {
            self.answers_without_progress = 0;
        }
    }

    /// A command, when nothing is being sent by either side.
    pub(super) fn on_command(&mut self, command: Command, now: Instant) {
        match std::mem::replace(&mut self.state, State::Ended) {
            State::Identifying(identifying) => self.on_command_before_dcs(identifying, command, now),
            State::Receiving(receiving) => self.on_command_after_page(receiving, command, now),
            State::Judging(judging) => self.on_command_while_judging(judging, command, now),
            state @ (State::Checking(_) | State::Retraining) => {
                self.state = state;
                match command {
                    Command::Dcs(command) => self.on_dcs(&command, now),
                    Command::Crp if !self.last_sent.is_empty() => self.answer(self.last_sent.clone(), now),
                    Command::Poll(_)
                    | Command::Dis(_)
                    | Command::Crp
                    | Command::AfterPage(_)
                    | Command::Pps(_)
                    | Command::Eor(_)
                    | Command::Ctc(_)
                    | Command::Rr => self.search_command(now),
                }
            }
            state @ (State::Idle | State::Releasing(_) | State::Ended) => self.state = state,
        }
    }

    fn on_command_after_page(&mut self, receiving: Receiving, command: Command, now: Instant) {
        match command {
            Command::Dcs(command) => {
                self.state = State::Receiving(receiving);
                self.on_dcs(&command, now);
            }
            Command::AfterPage(following) => self.on_plain_end(receiving, following, now),
            Command::Pps(partial) => self.on_block_end(receiving, partial, now),
            Command::Eor(following) => self.on_given_up(receiving, following, now),
            Command::Ctc(command) => self.on_continue(receiving, &command, now),
            Command::Rr | Command::Crp => {
                self.state = State::Receiving(receiving);
                self.on_asked_again(now);
            }
            Command::Poll(asked) if !receiving.has_data() => {
                self.state = State::Receiving(receiving);
                self.on_polled(asked, Name::Dtc, now);
            }
            Command::Poll(_) | Command::Dis(_) => {
                self.state = State::Receiving(receiving);
                self.search_command(now);
            }
        }
    }

    /// CRP or RR. What we said last answers it only if no message has come since and it follows at once: MCF does not say to which
    /// page it belongs, and the one before must not pass for that of a page whose command went unheard.
    fn on_asked_again(&mut self, now: Instant) {
        let began = self.ear.signal_began.unwrap_or(now);
        let at_once = self.answered.is_some_and(|left| began.saturating_duration_since(left) < REPEAT_LATEST);
        if at_once && !self.message_since {
            self.answer(self.last_sent.clone(), now);
        } else {
            self.ask_again(now);
        }
    }

    /// MPS, EOM or EOP without error correction.
    fn on_plain_end(&mut self, receiving: Receiving, following: Following, now: Instant) {
        let Content::Plain(plain) = &receiving.content else {
            self.state = State::Receiving(receiving);
            self.search_command(now);
            return;
        };
        let began = plain.signal_after.unwrap_or(now);
        let cut_short = plain.zeros.too_long(receiving.modulation)
            || plain.carrier_ended.is_some_and(|ended| began.saturating_duration_since(ended) > PREMATURE_END);
        if receiving.has_data() {
            let terms = receiving.terms();
            let end = page_end(following);
            let page = receiving.into_page(self.document, self.confirmed, end).expect("a page with data is a page");
            let cut_short = cut_short || page.overlong;
            self.judge(page, Judging::plain(terms, following, cut_short), now);
            return;
        }
        let heard_carrier = plain.carriers > 0;
        let (over, terms) = (receiving.is_over(), receiving.terms());
        self.state = State::Receiving(receiving);
        // T.30 has no counters here: without any carrier since our answer it is the command again, if the time fits.
        if heard_carrier || !self.repeat_answer(&Command::AfterPage(following), over, now) {
            self.reject_missing_page(following, terms, now);
        }
    }

    /// PPS: MCF for a whole block, PPR for one with gaps.
    // T.30 (09/2005) §A.4.3, §A.4.4
    fn on_block_end(&mut self, mut receiving: Receiving, partial: PartialPage, now: Instant) {
        let terms = receiving.terms();
        let Content::Blocks(blocks) = &mut receiving.content else {
            self.state = State::Receiving(receiving);
            self.search_command(now);
            return;
        };
        if blocks.incoming.is_empty() && self.repeat_answer(&Command::Pps(partial), false, now) {
            self.state = State::Receiving(receiving);
            self.show();
            return;
        }
        receiving.after_continue = false;
        blocks.incoming.expect(partial.last_frame);
        if blocks.incoming.missing() > 0 {
            let map = blocks.incoming.map();
            blocks.requests += 1;
            self.record.partial_page_requests += 1;
            self.state = State::Receiving(receiving);
            let frame = self.line.frame(Name::Ppr, map.write());
            self.answer(vec![frame], now);
            self.show();
            return;
        }
        if self.is_block_before(partial, &blocks.incoming) {
            blocks.incoming = Incoming::new(blocks.size);
            self.state = State::Receiving(receiving);
            self.answer_again(now);
            self.show();
            return;
        }
        self.answers_without_progress = 0;
        self.last_block = Some(blocks.incoming.clone());
        if partial.following == Following::MoreOfPage {
            receiving.overlong |= !blocks.close();
            self.state = State::Receiving(receiving);
            self.confirm_block(partial, now);
            return;
        }
        let requests = blocks.requests;
        let page = receiving
            .into_page(self.document, self.confirmed, page_end(partial.following))
            .expect("a whole block is data");
        let fingerprint = Fingerprint::of(partial.page, &page.bits);
        let judging = Judging::blocks(terms, partial, fingerprint, requests, page.overlong);
        if self.was_confirmed_before(fingerprint) {
            self.confirm_again(&judging, now);
        } else {
            self.judge(page, judging, now);
        }
    }

    /// EOR: ERR, and the page stays as it is. EOR-NULL gives up a block only; the page goes on with the next one.
    // T.30 (09/2005) §A.4.2
    fn on_given_up(&mut self, mut receiving: Receiving, following: Following, now: Instant) {
        if following == Following::MoreOfPage
            && let Content::Blocks(blocks) = &mut receiving.content
        {
            // Nothing since the last ERR: that was lost, and the block is closed already.
            receiving.overlong |= !blocks.incoming.is_empty() && !blocks.close();
            self.state = State::Receiving(receiving);
            self.say(Name::Err, now);
            return;
        }
        let terms = receiving.terms();
        if let Some(page) = receiving.into_page(self.document, self.confirmed, PageEnd::GivenUp) {
            self.line.output(super::Output::PageReceived(page));
        }
        self.state = State::Receiving(Receiving::new(terms));
        self.say(Name::Err, now);
        if following == Following::NewFormat && matches!(self.state, State::Receiving(_)) {
            self.await_names();
            self.identify_again();
        }
    }

    /// CTC: the repeats come at this rate.
    // T.30 (09/2005) §A.4.1
    fn on_continue(&mut self, mut receiving: Receiving, command: &crate::t30::Capability, now: Instant) {
        let Some(modulation) = command.modulation() else {
            self.state = State::Receiving(receiving);
            self.search_command(now);
            return;
        };
        receiving.modulation = modulation;
        receiving.after_continue = true;
        self.record.modulation = Some(modulation);
        self.record.retrains += 1;
        self.state = State::Receiving(receiving);
        self.say(Name::Ctr, now);
    }

    /// What is here of a page when the call ends goes to the owner.
    pub(super) fn hand_over_rest(&mut self) {
        match std::mem::replace(&mut self.state, State::Ended) {
            State::Receiving(receiving) if !receiving.is_over() => {
                if let Some(page) = receiving.into_page(self.document, self.confirmed, PageEnd::CallLost) {
                    self.line.output(super::Output::PageReceived(page));
                }
            }
            state @ (State::Idle
            | State::Identifying(_)
            | State::Checking(_)
            | State::Retraining
            | State::Receiving(_)
            | State::Judging(_)
            | State::Releasing(_)
            | State::Ended) => self.state = state,
        }
    }

    /// The owner did not take a page that arrived whole, for which error correction has no answer.
    pub(super) fn refuse_page(&mut self, now: Instant) {
        self.finish(Cause::Local("a received page could not be stored".into()), now);
    }
}

/// What the owner is told of a page's end.
const fn page_end(following: Following) -> PageEnd {
    match following {
        Following::Nothing => PageEnd::Last,
        Following::Page | Following::NewFormat | Following::MoreOfPage => PageEnd::AnotherFollows,
    }
}
