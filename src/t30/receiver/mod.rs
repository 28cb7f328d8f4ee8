//! The station that receives pages: the answerer, or a caller that fetches a document. An answerer whose documents are polled
//! begins here too.
//!
//! This file holds its state and what is common to all phases: timers and the end. Each phase has a file of its own. Not here:
//! turning round ([`super::procedure`]). T.30 (09/2005) Figure 5-2b, "called terminal".
//!
//! ```text
//!           fetching ─┐
//!                     ▼
//! Idle ─▶ Identifying ─▶ Checking ─▶ Receiving ◀─▶ Judging
//!              ▲          ▲    │ FTT    │  │          │
//!              │          └────┴────────┘  │ DCN      │
//!              └───────────── EOM ─────────┼──────────┘
//!                                          ▼
//!                                 Releasing ─▶ Ended
//! ```

mod confirm;
mod documents;
mod hear;
mod identify;
mod page;
mod poll;
mod receive_page;
mod release;
mod train;

use super::capability::Length;
use super::ecm::Incoming;
use super::ending::{Ending, Progress, Record};
use super::frame::Name;
use super::line::Line;
use super::negotiate::{Agreement, PageFormat};
use super::procedure::Document;
use super::timers::{COMMAND_SEARCHES, MESSAGE_SEARCHES, T2, T4, Timer};
use super::{Input, Output, Transport};
use crate::model::{Cause, Compression, Phase, Resolution, Width};
use crate::signal::{Frame, Listen, Modulation, Training};
use confirm::{Judging, LastAnswer, LastPage};
use documents::Names;
use hear::Ear;
use identify::Identifying;
use page::Receiving;
use poll::{Fetching, Turning};
use std::time::Instant;
use train::Checking;

/// How often anything may be answered without a frame or a page more having come.
pub const MAX_ANSWERS_WITHOUT_PROGRESS: u32 = 40;

/// What the receiver offers.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ReceiverSettings {
    /// Our identification, CSI, and CIG when fetching: twenty characters.
    pub station_id: String,
    /// The information field of our NSF, and of our NSC when fetching; none is sent when it is empty.
    pub non_standard_facilities: Vec<u8>,
    /// Whether error correction is offered.
    pub ecm: bool,
    /// The fastest modulation offered, and the latest family.
    pub max_modulation: Modulation,
    /// The widest line taken.
    pub widest: Width,
    /// The finest resolution taken, with all coarser ones.
    pub finest: Resolution,
    /// The longest page taken.
    pub longest: Length,
    /// Codings taken; MH always is.
    pub compressions: Vec<Compression>,
    /// Least time of a row: 0 ms, unless paper moves.
    pub row_time_ms: u32,
    /// Whether a sub-address is taken.
    pub sub_address: bool,
    /// What carries the bursts.
    pub transport: Transport,
    /// Whether to send CED; a caller that fetches never does.
    pub send_ced: bool,
}

/// How a page ended.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum PageEnd {
    /// By its command; more pages follow.
    AnotherFollows,
    /// By its command; it is the last.
    Last,
    /// The sender gave up correcting it (EOR): frames are missing.
    GivenUp,
    /// The call ended in the middle of it, or before it was confirmed.
    CallLost,
}

/// A page as it came.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ReceivedPage {
    /// The document it is of, from 0: another begins where the sender names itself or its addressee otherwise after EOM. Other changes,
    /// of resolution say, happen within one.
    pub document: u32,
    /// Count of pages confirmed before in the call, from 0. A page that was not confirmed is followed by one with the same index.
    pub index: u32,
    /// How it is coded.
    pub format: PageFormat,
    /// The coded page with whatever ends it; the bit sent first is the most significant one.
    pub bits: Vec<u8>,
    /// What ended it.
    pub ended: PageEnd,
    /// Frames that came damaged, also when a repeat was good.
    pub damaged_frames: u32,
    /// Frames missing, for which `bits` has zeros.
    pub missing_frames: u32,
    /// Times the carrier was lost within the page (no error correction): rows are missing there.
    pub carrier_losses: u32,
    /// Whether more came than is kept of one page (16 MiB); the rest is not in `bits`.
    pub overlong: bool,
    /// Whether the procedure waits for [`Input::PageVerdict`]. Where it does not, the page is not confirmed to the sender.
    pub wants_verdict: bool,
}

/// The procedure of the station that receives pages.
#[derive(Debug)]
pub struct Receiver {
    settings: ReceiverSettings,
    line: Line,
    ear: Ear,
    record: Record,
    shown: Option<Progress>,
    /// Pages confirmed.
    confirmed: u32,
    answers_without_progress: u32,
    /// T2 run out in a row.
    searches: u32,
    /// Verdicts on pages that no longer matter and are still to come.
    verdicts_to_skip: u32,
    /// The frames sent last, for CRP.
    last_sent: Vec<Frame>,
    /// When they had left.
    answered: Option<Instant>,
    /// A page or block has begun since, so that they answer nothing any more.
    message_since: bool,
    last_answer: Option<LastAnswer>,
    last_page: Option<LastPage>,
    /// Times the last answer was given again because what came after it could not be read.
    unread_goodbyes: u32,
    /// The block answered last, to know it again.
    last_block: Option<Incoming>,
    /// The DIS sent last, to know its echo.
    last_dis: Option<Frame>,
    /// CRP was sent for the command that is due.
    asked_again: bool,
    /// CRP was sent for a SUB that was lost; a far end that only says it sent one is not asked twice.
    asked_for_address: bool,
    /// The document that comes, from 0.
    document: u32,
    /// After EOM, and what the sender says of itself and its addressee since then.
    renamed: Option<Names>,
    manner: Manner,
    /// Training checks that were good but for short hits.
    checks_with_hits: u32,
    /// A document of ours goes: the sender is to go on.
    turning: Option<Turning>,
    state: State,
}

/// Who we are in the call, which says how phase B begins.
#[derive(Debug)]
enum Manner {
    /// Called: CSI and DIS, and perhaps something to be polled.
    Answering {
        documents: Vec<Document>,
        /// CRP was sent for a DTC whose SEP or PWD was lost.
        asked_again: bool,
    },
    /// Calling: SEP, PWD, CIG and DTC.
    Fetching(Fetching),
}

#[derive(Debug)]
enum State {
    /// Before `Start`.
    Idle,
    /// Place R of Figure 5-2b: CED and DIS are out, or EOM was confirmed.
    Identifying(Identifying),
    /// A DCS has come, its training check not yet.
    Checking(Checking),
    /// FTT is out: another DCS will come.
    Retraining,
    /// Place F: a page, or a command.
    Receiving(Receiving),
    /// Place III: the owner looks at a page.
    Judging(Judging),
    /// DCN is out.
    Releasing(Ending),
    /// Over.
    Ended,
}

impl Receiver {
    /// An answerer that has not begun; `now` is the time of the owner's clock.
    #[must_use]
    pub fn new(settings: ReceiverSettings, _now: Instant) -> Self {
        Self {
            settings,
            line: Line::default(),
            ear: Ear::default(),
            record: Record::default(),
            shown: None,
            confirmed: 0,
            answers_without_progress: 0,
            searches: 0,
            verdicts_to_skip: 0,
            last_sent: Vec::new(),
            answered: None,
            message_since: false,
            last_answer: None,
            last_page: None,
            unread_goodbyes: 0,
            last_block: None,
            last_dis: None,
            asked_again: false,
            asked_for_address: false,
            document: 0,
            renamed: None,
            manner: Manner::Answering { documents: Vec::new(), asked_again: false },
            checks_with_hits: 0,
            turning: None,
            state: State::Idle,
        }
    }

    /// Takes one input.
    pub fn handle(&mut self, input: Input, now: Instant) {
        if matches!(self.state, State::Ended) {
            return;
        }
        match input {
            Input::Start => self.on_start(now),
            Input::Switched(switch) => self.on_switched(switch, now),
            Input::Heard(heard) => self.on_heard(heard, now),
            Input::Sent => {
                if self.line.sent(now) {
                    self.on_all_sent(now);
                }
            }
            Input::PageVerdict(verdict) => self.on_verdict(verdict, now),
            // A receiver sends no pages.
            Input::Page(_) => {}
            Input::Stop(cause) => self.on_stop(cause, now),
            // Here the far end has the documents.
            Input::Withdraw { .. } => {}
            Input::Timeout => {
                // Bounded: every timer that has run out is taken once; those set again lie after `now`.
                while let Some(timer) = self.line.timers.expired(now) {
                    self.on_timer(timer, now);
                }
            }
        }
        if let Some(listen) = self.expected() {
            self.line.expect(listen);
        }
    }

    /// What the far end may send next, but for a command, which it always may; nothing when all is over.
    fn expected(&self) -> Option<Listen> {
        match &self.state {
            State::Checking(checking) => {
                Some(Listen::Fast { modulation: checking.modulation, training: Training::Long, framed: false })
            }
            State::Receiving(receiving) if !receiving.is_over() => Some(receiving.listen()),
            State::Idle
            | State::Identifying(_)
            | State::Retraining
            | State::Receiving(_)
            | State::Judging(_)
            | State::Releasing(_) => Some(Listen::Control),
            State::Ended => self.turning.is_some().then_some(Listen::Control),
        }
    }

    /// Takes the next output.
    pub fn poll(&mut self) -> Option<Output> {
        self.line.poll()
    }

    /// When [`Input::Timeout`] is due.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        self.line.timers.next()
    }

    /// Sends an answer; the end, when too many have led nowhere.
    fn answer(&mut self, frames: Vec<Frame>, now: Instant) {
        self.answers_without_progress += 1;
        if self.answers_without_progress > MAX_ANSWERS_WITHOUT_PROGRESS {
            self.finish(Cause::ProtocolError("it kept sending, but nothing got further"), now);
            return;
        }
        self.line.timers.cancel(Timer::T2);
        self.last_sent.clone_from(&frames);
        self.answered = None;
        self.message_since = false;
        self.line.send_control(frames, now);
    }

    /// Answers with a frame that has no information field.
    fn say(&mut self, name: Name, now: Instant) {
        let frame = self.line.frame(name, &[]);
        self.answer(vec![frame], now);
    }

    fn on_all_sent(&mut self, now: Instant) {
        self.answered = Some(now);
        self.ear.forgive_overlap(now);
        match std::mem::replace(&mut self.state, State::Ended) {
            State::Releasing(ending) => {
                self.line.end(ending);
                return;
            }
            State::Identifying(identifying) => {
                self.after_identification(identifying, now);
            }
            state @ (State::Receiving(_) | State::Retraining | State::Judging(_)) => {
                self.state = state;
                self.search_command(now);
            }
            state @ (State::Idle | State::Checking(_) | State::Ended) => self.state = state,
        }
        self.act_if_possible(now);
    }

    /// Starts T2, unless something is coming in.
    // T.30 (09/2005) §5.4.3.1
    fn search_command(&mut self, now: Instant) {
        if !self.ear.busy() {
            let wait = if self.awaits_goodbye_again() { T4 } else { T2 };
            self.line.timers.set(Timer::T2, now + wait);
        }
    }

    fn on_timer(&mut self, timer: Timer, now: Instant) {
        match timer {
            Timer::T1 => self.on_nobody_identified(now),
            Timer::T2 => self.on_no_command(now),
            Timer::T4 => self.on_no_reply_to_dis(now),
            Timer::Signal | Timer::Settle => self.on_signal_over(now),
            Timer::TrainingCheck => self.judge_training(now),
            Timer::CarrierSilence => self.on_carrier_over(now),
            Timer::NotReady => self.on_verdict_late(now),
            Timer::Verdict => self.finish(Cause::Local("the page was not stored in time".into()), now),
            Timer::Sending => self.on_stuck_carrier(now),
            // Those of the caller.
            Timer::T0 | Timer::T5 | Timer::PageSupply => {}
        }
    }

    /// T2 has run out.
    fn on_no_command(&mut self, now: Instant) {
        self.searches += 1;
        match std::mem::replace(&mut self.state, State::Ended) {
            State::Identifying(identifying) => self.send_dis(identifying, now),
            // The last page was confirmed; that its DCN was lost changes nothing.
            State::Receiving(receiving) if receiving.is_over() => {
                self.state = State::Receiving(receiving);
                if !self.answer_unread_goodbye_again(now) {
                    self.finish(Cause::Sent, now);
                }
            }
            state @ (State::Receiving(_)
            | State::Retraining
            | State::Judging(_)
            | State::Checking(_)
            | State::Idle
            | State::Releasing(_)
            | State::Ended) => {
                let most = if matches!(state, State::Receiving(_)) { MESSAGE_SEARCHES } else { COMMAND_SEARCHES };
                self.state = state;
                if self.searches >= most {
                    self.finish(Cause::NoResponse(self.phase()), now);
                } else {
                    self.line.timers.set(Timer::T2, now + T2);
                }
            }
        }
    }

    fn phase(&self) -> Phase {
        match &self.state {
            State::Idle => Phase::A,
            State::Identifying(identifying) if identifying.nothing_heard() => Phase::A,
            State::Identifying(_) | State::Checking(_) | State::Retraining => Phase::B,
            State::Receiving(receiving) if receiving.is_over() => Phase::E,
            State::Receiving(_) => Phase::C,
            State::Judging(_) => Phase::D,
            State::Releasing(_) | State::Ended => Phase::E,
        }
    }

    fn show(&mut self) {
        let (modulation, standing) = match &self.state {
            State::Checking(checking) => (Some(checking.modulation), None),
            State::Receiving(receiving) => (Some(receiving.modulation), receiving.standing()),
            State::Judging(judging) => (Some(judging.next.modulation), None),
            State::Idle | State::Identifying(_) | State::Retraining | State::Releasing(_) | State::Ended => {
                (self.record.modulation, None)
            }
        };
        let progress = Progress {
            phase: self.phase(),
            document: self.document as usize,
            page: self.confirmed,
            modulation,
            block: standing.map(|(block, _, _)| block),
            frames_acknowledged: standing.map_or(0, |(_, have, _)| have),
            frames_total: standing.map_or(0, |(_, _, total)| total),
            remote_id: self.record.remote_id.clone(),
            sub_address: self.record.sub_address.clone(),
        };
        if self.shown.as_ref() != Some(&progress) {
            self.shown = Some(progress.clone());
            self.line.progress(progress);
        }
    }
}

/// How the next page will come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Terms {
    agreement: Agreement,
    modulation: Modulation,
}
