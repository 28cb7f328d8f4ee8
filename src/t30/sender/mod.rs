//! The station that has pages to send: the caller, or an answerer that is polled. A caller that only fetches begins here too,
//! for it looks for a DIS like any other.
//!
//! This file holds its state and what is common to all phases: hearing, timers, the end. Each phase has a file of its own. Not
//! here: turning round ([`super::procedure`]). T.30 (09/2005) Figure 5-2a, "calling terminal".
//!
//! ```text
//!                polled ───┐
//!                          ▼
//! Idle ─▶ AwaitingDis ─▶ Training ─▶ AwaitingPage ─▶ Sending ─▶ Releasing ─▶ Ended
//!              ▲            ▲  ▲___________________│  │ │  ▲ │
//!              └── EOM ─────│─────────────────────────┘ │  └─┘ next page, next block, PPR, RNR
//!                           └──── RTP, RTN, DIS ────────┘
//! ```
//!
//! EOM comes before a page that wants another DCS, before the next document of the call, and before a document is fetched.

mod confirm;
mod documents;
mod hear;
mod identify;
mod poll;
mod release;
mod send_page;
mod train;

use super::capability::Capability;
use super::ecm::FrameSize;
use super::ending::{Ending, Progress, Record};
use super::fallback::Ladder;
use super::frame::Name;
use super::line::Line;
use super::negotiate::{PageShape, Wishes};
use super::procedure::PollSettings;
use super::timers::{
    AFTER_TRAINING_CHECK, COMMAND_TRIES, MORE_TRIES_OVER_BAD_LINE, MOST_UNREAD_TRIES, Timer, answer_wait,
};
use super::{Input, Output, Transport};
use crate::model::{Cause, Compression, Phase};
use crate::signal::Modulation;
use hear::Ear;
use send_page::{AwaitedPage, PageInHand, Sending};
use std::time::{Duration, Instant};
use train::Training;

/// How often anything may be sent without a page, a block or a frame more being confirmed. Three tries of each of eight rates and
/// some repeats fit; a far end that only keeps the call busy does not.
pub const MAX_COMMANDS_WITHOUT_PROGRESS: u32 = 40;

/// What the sender of pages is to do.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SenderSettings {
    /// Our identification, TSI: twenty characters, normally the number in international form.
    pub station_id: String,
    /// What is sent, in this order: after the last page of one, EOM leads to the next. One without a page to send is left out.
    // T.30 (09/2005) §5.3.6.1.6
    pub documents: Vec<DocumentToSend>,
    /// Whether error correction may be used.
    pub ecm: bool,
    /// Codings that may be used.
    pub compressions: Vec<Compression>,
    /// The fastest modulation that may be used, and the latest family.
    pub max_modulation: Modulation,
    /// What carries the bursts.
    pub transport: Transport,
    /// Whether to send CNG.
    pub send_cng: bool,
    /// Octets in a frame of error correction, unless the far end prefers 64.
    pub frame_size: FrameSize,
    /// What is done about RTN.
    pub rtn: RtnMeaning,
}

/// One of the documents of a call.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct DocumentToSend {
    /// Its pages.
    pub pages: Vec<PageShape>,
    /// The first page to send, from 0; those before were confirmed in an earlier call.
    pub first_page: u32,
    /// Sub-address, SUB; sent if the far end takes one, see [`Record::sub_address_sent`].
    pub sub_address: Option<String>,
    /// Sender identification, SID, by which the far end knows who may send there; sent if it takes one, see
    /// [`Record::password_sent`].
    pub sender_password: Option<String>,
}

impl DocumentToSend {
    /// All of these pages, to nobody in particular.
    #[must_use]
    pub fn of(pages: Vec<PageShape>) -> Self {
        Self { pages, ..Self::default() }
    }

    /// Whether there is a page to send.
    #[must_use]
    pub fn has_pages(&self) -> bool {
        self.pages.len() > self.first_page as usize
    }
}

/// What an RTN after a page is taken to mean. T.30 says that the page was not received well and that training is to be done
/// again; machines send it for "unreadable", for "send the next one at another speed" and for "printed, with errors".
// T.30 (09/2005) §5.3.6.1.7; the choices are those the field has settled on.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum RtnMeaning {
    /// It was not taken: the page is sent again at a lower rate, twice; then the call ends as rejected, and a later one resumes
    /// at this page.
    #[default]
    Resend,
    /// The same, but after the repeats the next page goes. The page counts as not confirmed and the call as rejected; pages after
    /// it are in the record only, for a later call resumes at this one. The same is done after EOR.
    ResendThenGoOn,
    /// It was printed with errors: the page counts as confirmed, and the next one goes at a lower rate. PIN and EOR still mean that
    /// a page was not taken.
    Printed,
}

/// The procedure of the station that sends pages.
#[derive(Debug)]
pub struct Sender {
    settings: SenderSettings,
    line: Line,
    ear: Ear,
    record: Record,
    shown: Option<Progress>,
    remote: Capability,
    ladder: Option<Ladder>,
    /// The document to be fetched when all pages are sent.
    fetch: Option<PollSettings>,
    /// There was one to be fetched, but the far end has none.
    nothing_to_fetch: bool,
    /// Nothing is left but to fetch: the other part goes on.
    turning: bool,
    /// The signal by which the far end says what it takes: DIS, or DTC when it polls.
    asked_by: Name,
    /// The document under way, or to be begun.
    document: usize,
    /// Its DCS was sent.
    begun: bool,
    /// An earlier one of this call is over.
    has_gone_on: bool,
    /// Pages of those before it, for the page counter of error correction.
    pages_before: u32,
    /// Place in its list of the page to go next.
    next: u32,
    /// A page of the document was given up, and later ones went: nothing of it counts as confirmed after it.
    skipped: bool,
    /// Pages of the document confirmed in this call.
    confirmed: u32,
    /// CRPs sent for the answer to what was sent last.
    crps: u32,
    /// When T4 runs out it is CRP that is sent, not the command.
    crp_is_due: bool,
    commands_without_progress: u32,
    /// The next burst at the fast rate begins with long training whatever the modem: after CTR.
    long_training: bool,
    /// Blocks go in small frames whatever the settings: over bad audio at a low rate, where a large one takes half a second or more and dozens
    /// of packets, and is lost with each of them.
    small_frames: bool,
    /// Rejected after EOM; it goes again after the DIS.
    rejected: Option<PageInHand>,
    /// When T5 has run out.
    not_ready_until: Option<Instant>,
    /// An answer has come while its command was being repeated.
    late_answer: bool,
    state: State,
}

#[derive(Debug)]
enum State {
    /// Before `Start`.
    Idle,
    /// Place T of Figure 5-2a: CNG is out, or after EOM.
    AwaitingDis,
    /// Place D: DCS and TCF are out.
    Training(Training),
    /// The owner is coding a page.
    AwaitingPage(AwaitedPage),
    /// Places I to IV: a page or block is out, or the command after it.
    Sending(Sending),
    /// DCN is out.
    Releasing(Ending),
    /// Over.
    Ended,
}

impl Sender {
    /// A caller that has not begun; `now` is the time of the owner's clock.
    #[must_use]
    pub fn new(settings: SenderSettings, _now: Instant) -> Self {
        let mut line = Line::default();
        line.x = true;
        let mut sender = Self {
            settings,
            line,
            ear: Ear::default(),
            record: Record::default(),
            shown: None,
            remote: Capability::default(),
            ladder: None,
            fetch: None,
            nothing_to_fetch: false,
            turning: false,
            asked_by: Name::Dis,
            document: 0,
            begun: false,
            has_gone_on: false,
            pages_before: 0,
            next: 0,
            skipped: false,
            confirmed: 0,
            crps: 0,
            crp_is_due: false,
            commands_without_progress: 0,
            long_training: false,
            small_frames: false,
            rejected: None,
            not_ready_until: None,
            late_answer: false,
            state: State::Idle,
        };
        sender.turn_to(sender.document_from(0).unwrap_or(0));
        sender
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
            Input::Page(bits) => self.on_page(bits, now),
            // A caller receives no pages.
            Input::PageVerdict(_) => {}
            Input::Stop(cause) => self.on_stop(cause, now),
            Input::Withdraw { document } => self.on_withdrawn(document, now),
            Input::Timeout => {
                // Bounded: every timer that has run out is taken once; those set again lie after `now`.
                while let Some(timer) = self.line.timers.expired(now) {
                    self.on_timer(timer, now);
                }
            }
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

    /// T4.
    const fn answer_wait(&self) -> Duration {
        if matches!(self.state, State::Training(_)) && matches!(self.settings.transport, Transport::Audio) {
            return AFTER_TRAINING_CHECK;
        }
        answer_wait(self.settings.transport, self.late_answer)
    }

    /// Whether another try of a command is allowed after so many. Those do not count to which an answer came that could not be read over audio:
    /// the far end is there, and has heard the command. Where the line was heard to spoil signals the far end gets more of them.
    // T.30 (09/2005) §5.4.2: three
    fn may_try_again(&self, tries: u32, unread: u32) -> bool {
        let more = match self.settings.transport {
            Transport::Audio if self.has_bad_audio() => MORE_TRIES_OVER_BAD_LINE.max(unread.min(MOST_UNREAD_TRIES)),
            Transport::Audio => unread.min(MOST_UNREAD_TRIES),
            Transport::InternetAware => 0,
        };
        tries < COMMAND_TRIES + more
    }

    /// Whether the call goes over audio, and something was spoilt in it, on its way to us or from us.
    const fn has_bad_audio(&self) -> bool {
        match self.settings.transport {
            Transport::Audio => self.record.v17.amid_damage || self.record.partial_page_requests > 0,
            Transport::InternetAware => false,
        }
    }

    const fn wishes(&self) -> Wishes<'_> {
        Wishes {
            ecm: self.settings.ecm,
            compressions: self.settings.compressions.as_slice(),
            frame_size: if self.small_frames { FrameSize::Octets64 } else { self.settings.frame_size },
        }
    }

    /// A page of the document under way.
    fn shape(&self, index: u32) -> Option<PageShape> {
        self.settings.documents.get(self.document)?.pages.get(usize::try_from(index).ok()?).copied()
    }

    /// Counts a command; false, and the end, when nothing has come of too many.
    fn may_command(&mut self, now: Instant) -> bool {
        self.commands_without_progress += 1;
        if self.commands_without_progress > MAX_COMMANDS_WITHOUT_PROGRESS {
            self.finish(Cause::ProtocolError("it kept answering, but nothing got further"), now);
            return false;
        }
        true
    }

    fn on_all_sent(&mut self, now: Instant) {
        match std::mem::replace(&mut self.state, State::Ended) {
            State::Releasing(ending) => self.line.end(ending),
            state @ (State::Training(_) | State::Sending(_)) => {
                self.state = state;
                self.await_answer(now);
            }
            state @ (State::Idle | State::AwaitingDis | State::AwaitingPage(_) | State::Ended) => self.state = state,
        }
    }

    fn on_timer(&mut self, timer: Timer, now: Instant) {
        match timer {
            Timer::T0 => self.finish(Cause::NoFaxHeard, now),
            Timer::T1 => self.finish(Cause::NoResponse(Phase::B), now),
            Timer::T4 => self.on_no_answer(now),
            // RR is out, and its answer would meet a DCN: the next RNR that begins is the last.
            Timer::T5 => self.not_ready_until = Some(now),
            Timer::Signal | Timer::Settle => self.on_signal_over(now),
            Timer::PageSupply => self.finish(Cause::Local("the page was not coded in time".into()), now),
            Timer::Sending => self.on_stuck_carrier(now),
            // Those of the answerer.
            Timer::T2 | Timer::TrainingCheck | Timer::CarrierSilence | Timer::NotReady | Timer::Verdict => {}
        }
    }

    /// T4 has run out without an answer: the command is repeated, three times in all.
    // T.30 (09/2005) §5.4.2
    fn on_no_answer(&mut self, now: Instant) {
        if self.ear.receiving() || self.line.busy() {
            // Something is coming in, and its end, or the limit of a signal, decides; or a repeat is leaving already.
            return;
        }
        if self.crp_is_due {
            return self.ask_again(now);
        }
        match std::mem::replace(&mut self.state, State::Ended) {
            State::Training(training) => self.repeat_training(training, now),
            State::Sending(sending) => self.repeat_command(sending, now),
            state
            @ (State::Idle | State::AwaitingDis | State::AwaitingPage(_) | State::Releasing(_) | State::Ended) => {
                self.state = state;
            }
        }
    }

    /// The phase for reports and displays.
    fn phase(&self) -> Phase {
        match &self.state {
            State::Idle => Phase::A,
            State::AwaitingDis if self.line.timers.runs(Timer::T0) => Phase::A,
            State::AwaitingDis | State::Training(_) => Phase::B,
            State::AwaitingPage(_) => Phase::C,
            State::Sending(_) if self.line.busy() && !self.line.on_last_burst() => Phase::C,
            State::Sending(_) => Phase::D,
            State::Releasing(_) | State::Ended => Phase::E,
        }
    }

    fn show(&mut self) {
        let (page, standing) = match &self.state {
            State::Sending(sending) => (sending.page.index, sending.page.standing()),
            State::Idle
            | State::AwaitingDis
            | State::Training(_)
            | State::AwaitingPage(_)
            | State::Releasing(_)
            | State::Ended => (self.next, None),
        };
        let progress = Progress {
            phase: self.phase(),
            document: self.document,
            page,
            modulation: self.ladder.as_ref().map(Ladder::current),
            block: standing.map(|(block, _, _)| block),
            frames_acknowledged: standing.map_or(0, |(_, acknowledged, _)| acknowledged),
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
