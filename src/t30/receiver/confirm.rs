//! Phase D of the receiver: the owner's verdict on a page, RNR while it is awaited, the answer, and the same answer again when
//! the command is repeated.
//!
//! T.30 (09/2005) §5.3.6.1.7 and Annex A, Figure 5-2b places III and IV.

use super::hear::Command;
use super::page::{Fingerprint, Receiving};
use super::{ReceivedPage, Receiver, State, Terms};
use crate::model::Cause;
use crate::signal::Frame;
use crate::t30::capability::Capability;
use crate::t30::ecm::Incoming;
use crate::t30::ending::PageRecord;
use crate::t30::frame::{Following, Name, PartialPage};
use crate::t30::timers::{NOT_READY_AFTER, Timer, VERDICT_LIMIT};
use crate::t30::{Output, Verdict};
use std::time::{Duration, Instant};

/// The same command again without a page between, if it begins this long after the end of the one before: T4 of the caller,
/// 2.55 s to 5.2 s, with room for jitter. A page with its training that takes as little time and of which nothing was heard cannot be
/// told from it; T.30 has no counters without error correction.
// T.30 (09/2005) §5.4.3.1: T4 is 3 s ± 15 %, or 4.5 s ± 15 % for manual terminals.
const REPEAT_EARLIEST: Duration = Duration::from_millis(2200);
/// See [`REPEAT_EARLIEST`].
pub(super) const REPEAT_LATEST: Duration = Duration::from_millis(5700);

/// A command that begins so soon after our answer has left is that before it: the shortest page with its training takes longer.
const SOONEST_AFTER_PAGE: Duration = Duration::from_millis(1000);
/// How often MCF to the last page is given again when what the caller said then could not be read. It may have been DCN; but it may
/// have been the command again, and only with MCF does the caller know that its fax has arrived.
const ANSWERS_TO_UNREAD_GOODBYE: u32 = 2;

/// What marks a command as the one before.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Mark {
    Plain(Following),
    Block(PartialPage),
}

/// The answer given last to a command after a page.
#[derive(Debug)]
pub(super) struct LastAnswer {
    mark: Mark,
    frames: Vec<Frame>,
    command_ended: Instant,
}

/// The page confirmed last, with error correction.
#[derive(Debug)]
pub(super) struct LastPage {
    fingerprint: Fingerprint,
    /// A DCS has come since: a page that comes again is told by its content.
    pub(super) trained_since: bool,
}

/// A page the owner is looking at.
#[derive(Debug)]
pub(super) struct Judging {
    pub(super) next: Terms,
    following: Following,
    mark: Mark,
    fingerprint: Option<Fingerprint>,
    /// The best that can be said of the page, whatever the owner thinks.
    at_best: Verdict,
    verdict: Option<Verdict>,
    /// The caller has asked, and no answer has gone out.
    owed: bool,
    command_ended: Instant,
    octets: u32,
    requests: u32,
}

impl Judging {
    pub(super) const fn plain(next: Terms, following: Following, cut_short: bool) -> JudgingPlan {
        JudgingPlan { next, following, mark: Mark::Plain(following), fingerprint: None, requests: 0, spoilt: cut_short }
    }

    pub(super) const fn blocks(
        next: Terms,
        partial: PartialPage,
        fingerprint: Fingerprint,
        requests: u32,
        overlong: bool,
    ) -> JudgingPlan {
        JudgingPlan {
            next,
            following: partial.following,
            mark: Mark::Block(partial),
            fingerprint: Some(fingerprint),
            requests,
            spoilt: overlong,
        }
    }

    const fn has_error_correction(&self) -> bool {
        self.next.agreement.ecm.is_some()
    }
}

/// What is known of a page before the owner has seen it.
#[derive(Debug)]
pub(super) struct JudgingPlan {
    next: Terms,
    following: Following,
    mark: Mark,
    fingerprint: Option<Fingerprint>,
    requests: u32,
    spoilt: bool,
}

impl Receiver {
    /// Gives a page to the owner.
    pub(super) fn judge(&mut self, page: ReceivedPage, plan: JudgingPlan, now: Instant) {
        let at_best = if plan.spoilt {
            Verdict::Bad
        } else if page.carrier_losses > 0 {
            Verdict::Poor
        } else {
            Verdict::Good
        };
        let octets = u32::try_from(page.bits.len()).unwrap_or(u32::MAX);
        self.state = State::Judging(Judging {
            next: plan.next,
            following: plan.following,
            mark: plan.mark,
            fingerprint: plan.fingerprint,
            at_best,
            verdict: None,
            owed: true,
            command_ended: now,
            octets,
            requests: plan.requests,
        });
        self.line.timers.set(Timer::NotReady, now + NOT_READY_AFTER);
        self.line.timers.set(Timer::Verdict, now + VERDICT_LIMIT);
        self.line.output(Output::PageReceived(page));
        self.show();
    }

    pub(super) fn on_verdict(&mut self, verdict: Verdict, now: Instant) {
        if self.verdicts_to_skip > 0 {
            self.verdicts_to_skip -= 1;
            return;
        }
        if let State::Judging(judging) = &mut self.state {
            judging.verdict = Some(verdict.min(judging.at_best));
            self.line.timers.cancel(Timer::Verdict);
            self.answer_page(now);
        }
    }

    /// The verdict does not come in time for the caller's T4: RNR, or nothing where there is no error correction, for the
    /// caller asks again.
    // T.30 (09/2005) §A.5.4.1
    pub(super) fn on_verdict_late(&mut self, now: Instant) {
        if self.line.busy() || self.ear.busy() {
            return;
        }
        if let State::Judging(judging) = &mut self.state {
            judging.owed = false;
            if judging.has_error_correction() {
                self.say_not_ready(now);
            } else {
                self.search_command(now);
            }
        }
    }

    /// RNR, as often as the caller asks; the limit of the verdict bounds it.
    fn say_not_ready(&mut self, now: Instant) {
        self.answers_without_progress = 0;
        self.say(Name::Rnr, now);
    }

    pub(super) fn on_command_while_judging(&mut self, mut judging: Judging, command: Command, now: Instant) {
        match command {
            Command::Dcs(command) => {
                self.state = State::Judging(judging);
                self.on_dcs(&command, now);
            }
            Command::AfterPage(_) | Command::Pps(_) | Command::Rr | Command::Crp => {
                judging.owed = true;
                judging.command_ended = now;
                let waits = judging.verdict.is_none();
                self.state = State::Judging(judging);
                if waits {
                    self.line.timers.set(Timer::NotReady, now + NOT_READY_AFTER);
                } else {
                    self.answer_page(now);
                }
            }
            Command::Eor(_) | Command::Ctc(_) | Command::Poll(_) | Command::Dis(_) => {
                self.state = State::Judging(judging);
                self.search_command(now);
            }
        }
    }

    /// Answers the command after the page, if there is a verdict, an answer is owed, and the far end is silent.
    pub(super) fn answer_page(&mut self, now: Instant) {
        let quiet = !self.line.busy() && !self.ear.busy();
        match std::mem::replace(&mut self.state, State::Ended) {
            State::Judging(judging) => match judging.verdict {
                Some(verdict) if judging.owed && quiet => self.answer_verdict(judging, verdict, now),
                Some(_) | None => self.state = State::Judging(judging),
            },
            state @ (State::Idle
            | State::Identifying(_)
            | State::Checking(_)
            | State::Retraining
            | State::Receiving(_)
            | State::Releasing(_)
            | State::Ended) => self.state = state,
        }
    }

    fn answer_verdict(&mut self, judging: Judging, verdict: Verdict, now: Instant) {
        self.line.timers.cancel(Timer::NotReady);
        let name = match (verdict, judging.has_error_correction()) {
            (Verdict::Good, _) | (Verdict::Poor, true) => Name::Mcf,
            (Verdict::Poor, false) => Name::Rtp,
            (Verdict::Bad, false) => Name::Rtn,
            // Error correction has no answer for "arrived, but not taken": T.30 (09/2005) §A.4.4.
            (Verdict::Bad, true) => {
                self.note_page(&judging, false);
                self.state = State::Judging(judging);
                self.refuse_page(now);
                return;
            }
        };
        let confirmed = name != Name::Rtn;
        self.note_page(&judging, confirmed);
        let frames = vec![self.line.frame(name, &[])];
        self.last_answer =
            Some(LastAnswer { mark: judging.mark, frames: frames.clone(), command_ended: judging.command_ended });
        if confirmed {
            self.last_page = judging.fingerprint.map(|fingerprint| LastPage { fingerprint, trained_since: false });
        }
        self.answers_without_progress = 0;
        if confirmed {
            self.confirmed += 1;
            self.record.received += 1;
            self.go_on(judging.following, judging.next, frames, now);
        } else {
            self.go_on_rejected(judging.following, judging.next, frames, now);
        }
        self.show();
    }

    /// After a page was not taken: RTN. The caller trains again, or after EOM waits for a DIS.
    fn go_on_rejected(&mut self, following: Following, next: Terms, frames: Vec<Frame>, now: Instant) {
        self.state = State::Receiving(Receiving::new(next));
        self.answer(frames, now);
        if following == Following::NewFormat && matches!(self.state, State::Receiving(_)) {
            self.identify_again();
        }
    }

    /// RTN to a command before which no page was heard.
    pub(super) fn reject_missing_page(&mut self, following: Following, next: Terms, now: Instant) {
        let frames = vec![self.line.frame(Name::Rtn, &[])];
        let mark = Mark::Plain(following);
        self.last_answer = Some(LastAnswer { mark, frames: frames.clone(), command_ended: now });
        self.go_on_rejected(following, next, frames, now);
    }

    /// After a page was confirmed: the answer, and what its command said would follow.
    fn go_on(&mut self, following: Following, next: Terms, frames: Vec<Frame>, now: Instant) {
        self.state = State::Receiving(match following {
            Following::Nothing => Receiving::after_last(next),
            Following::Page | Following::NewFormat | Following::MoreOfPage => Receiving::new(next),
        });
        self.answer(frames, now);
        if following == Following::NewFormat && matches!(self.state, State::Receiving(_)) {
            self.await_names();
            self.identify_again();
        }
    }

    /// MCF for a block within a page.
    pub(super) fn confirm_block(&mut self, partial: PartialPage, now: Instant) {
        let frames = vec![self.line.frame(Name::Mcf, &[])];
        self.last_answer = Some(LastAnswer { mark: Mark::Block(partial), frames: frames.clone(), command_ended: now });
        self.answer(frames, now);
        self.show();
    }

    /// Whether this page, sent again after a new DCS, is the one confirmed last.
    pub(super) fn was_confirmed_before(&self, fingerprint: Fingerprint) -> bool {
        self.last_page.as_ref().is_some_and(|last| last.trained_since && last.fingerprint == fingerprint)
    }

    /// Confirms it without counting it twice.
    pub(super) fn confirm_again(&mut self, plan: &JudgingPlan, now: Instant) {
        let frames = vec![self.line.frame(Name::Mcf, &[])];
        self.last_answer = Some(LastAnswer { mark: plan.mark, frames: frames.clone(), command_ended: now });
        self.last_page = plan.fingerprint.map(|fingerprint| LastPage { fingerprint, trained_since: false });
        self.go_on(plan.following, plan.next, frames, now);
        self.show();
    }

    /// Gives the last answer again, if this is the last command again. True when it did. Where no page can have come between
    /// (after EOP and EOM), the time does not matter.
    pub(super) fn repeat_answer(&mut self, command: &Command, no_page_between: bool, now: Instant) -> bool {
        let began = self.ear.signal_began.unwrap_or(now);
        let Some(last) = &self.last_answer else {
            return false;
        };
        let again = match (command, last.mark) {
            (Command::AfterPage(following), Mark::Plain(before)) => {
                let gap = began.saturating_duration_since(last.command_ended);
                let soon = self.answered.is_some_and(|at| began < at + SOONEST_AFTER_PAGE) && !self.paced_fast();
                let fits = soon || (REPEAT_EARLIEST..=REPEAT_LATEST).contains(&gap);
                *following == before && (no_page_between || fits)
            }
            (Command::Pps(partial), Mark::Block(before)) => *partial == before,
            // RR when MCF was sent asks for it again.
            (Command::Rr | Command::Crp, _) => true,
            (
                Command::AfterPage(_)
                | Command::Pps(_)
                | Command::Dcs(_)
                | Command::Eor(_)
                | Command::Ctc(_)
                | Command::Poll(_)
                | Command::Dis(_),
                _,
            ) => false,
        };
        if again {
            self.answer_again(now);
        }
        again
    }

    /// Whether the caller is an Internet-aware device, whose pages may take next to no time.
    fn paced_fast(&self) -> bool {
        self.record.remote_command.as_ref().is_some_and(Capability::internet_aware)
    }

    /// After the last page something came that could not be read.
    pub(super) fn on_unread_goodbye(&mut self, now: Instant) {
        if self.unread_goodbyes == 0 {
            self.unread_goodbyes = 1;
            self.answer_again(now);
        } else {
            self.search_command(now);
        }
    }

    /// Whether MCF is due once more though nothing is heard.
    pub(super) const fn awaits_goodbye_again(&self) -> bool {
        self.unread_goodbyes > 0 && self.unread_goodbyes < ANSWERS_TO_UNREAD_GOODBYE
    }

    /// MCF once more; false when it was said often enough.
    pub(super) fn answer_unread_goodbye_again(&mut self, now: Instant) -> bool {
        let due = self.awaits_goodbye_again();
        if due {
            self.unread_goodbyes += 1;
            self.answer_again(now);
        }
        due
    }

    /// Whether a block is the one answered last, sent once more: a PPR that was overtaken by the block's completion makes the
    /// caller repeat frames of a block that has its MCF, or lost its MCF, already. Counter, number and content tell.
    pub(super) fn is_block_before(&self, partial: PartialPage, incoming: &Incoming) -> bool {
        let Some(LastAnswer { mark: Mark::Block(before), .. }) = &self.last_answer else { return false };
        let same = (before.page, before.block, before.following) == (partial.page, partial.block, partial.following);
        same && self.last_block.as_ref().is_some_and(|last| incoming.is_part_of(last))
    }

    /// The last answer once more.
    pub(super) fn answer_again(&mut self, now: Instant) {
        if let Some(last) = &mut self.last_answer {
            last.command_ended = now;
            let frames = last.frames.clone();
            self.answer(frames, now);
        }
    }

    fn note_page(&mut self, judging: &Judging, confirmed: bool) {
        let Terms { agreement, modulation } = judging.next;
        self.record.add_page(PageRecord {
            index: self.confirmed,
            modulation,
            ecm: agreement.ecm.is_some(),
            compression: agreement.compression,
            width: agreement.width,
            resolution: agreement.resolution,
            octets: judging.octets,
            partial_page_requests: judging.requests,
            confirmed,
        });
    }

    /// The reason for the end, as far as the procedure knows better than the owner.
    pub(super) fn known_cause(&self, cause: Cause) -> Cause {
        match (cause, &self.state) {
            // The caller hung up after the last page; that its DCN was cut off changes nothing.
            (Cause::Disconnected(_) | Cause::MediaLost, State::Receiving(receiving)) if receiving.is_over() => {
                Cause::Sent
            }
            // The answer to our DTC was to hang up: the DCN before it can be overtaken by the end of the call.
            (Cause::Disconnected(_), State::Identifying(_)) if self.is_refused() => Cause::PollRefused,
            (Cause::Disconnected(_), _) => Cause::Disconnected(self.phase()),
            (other, _) => other,
        }
    }
}
