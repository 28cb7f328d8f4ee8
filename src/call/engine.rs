//! The call itself: what each SIP event, datagram and timer leads to.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::audio::Audio;
use super::fax::Fax;
use super::offer::{Descriptions, Far, What};
use super::settings::{InboundSettings, LineSettings, OutboundSettings};
use super::{Ending, PageFormat, Progress, ReceivedPage, Verdict};
use crate::model::Cause;
use crate::sip::{self, Leg};
use crate::t30;

/// After our farewell the far end has this long to answer before we forget the call; its own repeats then get 481.
pub(super) const LEAVING_LIMIT: Duration = Duration::from_secs(5);
/// After a refused re-INVITE to T.38, or one that nobody answers, the far end has this long to ask itself.
pub(super) const SECOND_CHANCE: Duration = Duration::from_secs(5);

/// What a call is told.
#[derive(Debug)]
pub enum Input<'a> {
    /// A SIP message of this call.
    Sip {
        /// The message.
        message: sip::Message,
        /// Where it came from.
        source: SocketAddr,
    },
    /// A datagram on our audio port.
    Audio {
        /// RTP.
        datagram: &'a [u8],
        /// Where it came from.
        source: SocketAddr,
    },
    /// A datagram on our T.38 port.
    T38 {
        /// UDPTL.
        datagram: &'a [u8],
        /// Where it came from.
        source: SocketAddr,
    },
    /// The bits asked for with [`Output::NeedPage`].
    Page(Arc<[u8]>),
    /// The judgement of the page given with [`Output::PageReceived`], which is now stored durably.
    PageVerdict(Verdict),
    /// End the call for this reason.
    HangUp(Cause),
    /// The deadline has passed.
    Timeout,
}

/// What a call wants done.
#[derive(Debug)]
pub enum Output {
    /// Send a SIP message.
    Sip {
        /// To whom.
        to: SocketAddr,
        /// The message.
        bytes: Vec<u8>,
    },
    /// Send from the audio port.
    Audio {
        /// To whom.
        to: SocketAddr,
        /// RTP.
        datagram: Vec<u8>,
    },
    /// Send from the T.38 port.
    T38 {
        /// To whom.
        to: SocketAddr,
        /// UDPTL.
        datagram: Vec<u8>,
    },
    /// Code page `index` (from 0) as the far end takes it and answer with [`Input::Page`].
    NeedPage {
        /// Which page.
        index: u32,
        /// In which form.
        format: PageFormat,
    },
    /// Store and judge this page and answer with [`Input::PageVerdict`].
    PageReceived(ReceivedPage),
    /// The far end has confirmed this many pages in all.
    Confirmed {
        /// Pages, those of earlier attempts included.
        pages: u32,
    },
    /// Something to show.
    Progress(Progress),
    /// The outcome. Packets may still have to be sent.
    Ended(Ending),
    /// Nothing more will come.
    Finished,
}

/// Which side we are, and what we keep until T.38 starts.
pub(super) enum Role {
    Caller(Box<t30::CallerSettings>),
    Answerer(Box<t30::AnswererSettings>),
}

/// Where the call stands; see the diagram of the module.
pub(super) enum State {
    /// Our INVITE is out.
    Calling,
    /// Our 200 is out, the ACK is not here; then what was agreed on begins.
    Answering(Option<Far>),
    /// Audio is up, T.38 is not agreed on yet.
    Audio(Box<Audio>),
    /// Answered without knowing where to send audio; T.38 is being asked for.
    Waiting,
    /// T.30 runs.
    Fax(Box<Fax>),
    /// The outcome is known; SIP says farewell.
    Leaving,
    /// Nothing is left.
    Over,
}

/// The timers of a call itself; those of SIP, T.38 and T.30 are in their engines.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Timer {
    /// It has rung long enough: `OutboundSettings::answer_timeout`.
    Answer,
    /// Time to send our own re-INVITE to T.38: `reinvite_after`.
    Reinvite,
    /// Neither side got T.38 going: [`SECOND_CHANCE`].
    NoFax,
    /// The call as a whole: `LineSettings::call_limit`.
    Limit,
    /// The farewell: [`LEAVING_LIMIT`].
    Leaving,
}

/// One fax call.
pub struct Call {
    pub(super) leg: Leg,
    pub(super) line: LineSettings,
    pub(super) role: Role,
    pub(super) state: State,
    timers: Vec<(Timer, Instant)>,
    pub(super) reinvite_after: Duration,
    /// Whether the far end was heard to be a fax (CED or CNG in the audio).
    pub(super) fax_tone_heard: bool,
    pub(super) pages: PageCount,
    pub(super) seed: u64,
    pub(super) descriptions: Descriptions,
    pub(super) outputs: VecDeque<Output>,
}

/// Pages of the whole fax.
#[derive(Clone, Copy, Default)]
pub(super) struct PageCount {
    pub(super) total: u32,
    /// Confirmed before this call.
    pub(super) earlier: u32,
    /// Confirmed in all, as last told.
    confirmed: u32,
}

impl Call {
    /// Calls out. `seed` is chance for tags, branches and RTP: unpredictable and new for each call.
    #[must_use]
    pub fn outbound(settings: OutboundSettings, seed: u64, now: Instant) -> Self {
        let OutboundSettings { line, endpoint, mut invitation, answer_timeout, reinvite_after, fax } = settings;
        let mut descriptions = Descriptions::new(seed);
        invitation.body = descriptions.offer(What::Audio, &line);
        let leg = Leg::outgoing(endpoint, invitation, seed, now);
        let total = u32::try_from(fax.pages.len()).unwrap_or(u32::MAX);
        let pages = PageCount { total, earlier: fax.first_page, confirmed: fax.first_page };
        let timers = vec![(Timer::Answer, now + answer_timeout)];
        let role = Role::Caller(Box::new(fax));
        let mut call = Self::new(leg, line, role, State::Calling, reinvite_after, seed);
        (call.descriptions, call.pages, call.timers) = (descriptions, pages, timers);
        call.settle(now);
        call
    }

    /// Answers an INVITE at once. The decision to answer is the caller's of this function.
    ///
    /// Nothing when the request is no complete INVITE; the router gives no other.
    #[must_use]
    pub fn inbound(
        settings: InboundSettings,
        invite: &sip::Message,
        source: SocketAddr,
        seed: u64,
        now: Instant,
    ) -> Option<Self> {
        let InboundSettings { line, endpoint, reinvite_after, fax } = settings;
        let leg = Leg::incoming(invite, source, endpoint, seed, now).ok()?;
        let limit = now + line.call_limit;
        let role = Role::Answerer(Box::new(fax));
        let mut call = Self::new(leg, line, role, State::Answering(None), reinvite_after, seed);
        call.set(Timer::Limit, limit);
        call.answer(&invite.body, now);
        call.settle(now);
        Some(call)
    }

    fn new(leg: Leg, line: LineSettings, role: Role, state: State, reinvite_after: Duration, seed: u64) -> Self {
        Self {
            leg,
            line,
            role,
            state,
            timers: Vec::new(),
            reinvite_after,
            fax_tone_heard: false,
            pages: PageCount::default(),
            seed,
            descriptions: Descriptions::new(seed),
            outputs: VecDeque::new(),
        }
    }

    /// The SIP leg, for the socket that routes messages to this call.
    #[must_use]
    pub const fn leg(&self) -> &Leg {
        &self.leg
    }

    /// Takes one input.
    pub fn handle(&mut self, input: Input<'_>, now: Instant) {
        match input {
            Input::Sip { message, source } => self.leg.handle(sip::Input::Message { message, source }, now),
            Input::Audio { datagram, .. } => self.audio(datagram, now),
            Input::T38 { datagram, source } => {
                if let State::Fax(fax) = &mut self.state {
                    fax.datagram(datagram, source, now);
                }
            }
            Input::Page(bits) => {
                if let State::Fax(fax) = &mut self.state {
                    fax.page(bits, now);
                }
            }
            Input::PageVerdict(verdict) => {
                if let State::Fax(fax) = &mut self.state {
                    fax.verdict(verdict, now);
                }
            }
            Input::HangUp(cause) => self.hang_up(cause, now),
            Input::Timeout => self.timeout(now),
        }
        self.settle(now);
    }

    /// The next thing to do.
    pub fn poll(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When [`Input::Timeout`] is wanted.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        let media = match &self.state {
            State::Audio(audio) => Some(audio.deadline()),
            State::Fax(fax) => fax.deadline(),
            State::Calling | State::Answering(_) | State::Waiting | State::Leaving => None,
            State::Over => return None,
        };
        let timer = self.timers.iter().map(|(_, at)| *at).min();
        [media, timer, self.leg.deadline()].into_iter().flatten().min()
    }

    pub(super) fn set(&mut self, timer: Timer, at: Instant) {
        self.clear(timer);
        self.timers.push((timer, at));
    }

    pub(super) fn is_set(&self, timer: Timer) -> bool {
        self.timers.iter().any(|(set, _)| *set == timer)
    }

    pub(super) fn clear_all(&mut self) {
        self.timers.clear();
    }

    pub(super) fn clear(&mut self, timer: Timer) {
        self.timers.retain(|(set, _)| *set != timer);
    }

    fn timeout(&mut self, now: Instant) {
        if self.leg.deadline().is_some_and(|deadline| deadline <= now) {
            self.leg.handle(sip::Input::Timeout, now);
        }
        match &mut self.state {
            State::Audio(audio) => {
                let to = audio.remote();
                let packets = audio.packets(now);
                self.outputs.extend(packets.into_iter().map(|datagram| Output::Audio { to, datagram }));
            }
            State::Fax(fax) => fax.timeout(now),
            State::Calling | State::Answering(_) | State::Waiting | State::Leaving | State::Over => {}
        }
        let due: Vec<Timer> = self.timers.iter().filter(|(_, at)| *at <= now).map(|(timer, _)| *timer).collect();
        for timer in due {
            self.clear(timer);
            self.expired(timer, now);
        }
    }

    fn expired(&mut self, timer: Timer, now: Instant) {
        match timer {
            Timer::Answer => self.end(Cause::NoAnswer, now),
            Timer::Reinvite => {
                if matches!(self.state, State::Audio(_) | State::Waiting) {
                    let body = self.descriptions.offer(What::T38, &self.line);
                    self.command(sip::Command::Offer { body }, now);
                }
            }
            Timer::NoFax => {
                let cause = if self.fax_tone_heard { Cause::NoCommonTransport } else { Cause::NoFaxHeard };
                self.end(cause, now);
            }
            Timer::Limit => self.hang_up(Cause::TooLong, now),
            Timer::Leaving => self.finish(),
        }
    }

    /// Moves everything that engines have to say to where it belongs, until all are quiet.
    fn settle(&mut self, now: Instant) {
        loop {
            let mut quiet = true;
            while let Some(output) = self.leg.poll() {
                quiet = false;
                match output {
                    sip::Output::Send { to, bytes } => self.outputs.push_back(Output::Sip { to, bytes }),
                    sip::Output::Event(event) => self.event(event, now),
                }
            }
            if let State::Fax(fax) = &mut self.state {
                let before = self.outputs.len();
                let ending = fax.settle(&mut self.outputs, now);
                self.note_confirmed(before);
                if let Some(ending) = ending {
                    quiet = false;
                    self.fax_ended(ending, now);
                }
            }
            if quiet {
                break;
            }
        }
        if matches!(self.state, State::Leaving) && self.leg.finished() {
            self.finish();
        }
    }

    /// Turns a rise of confirmed pages in the progress into an output of its own.
    fn note_confirmed(&mut self, from: usize) {
        if matches!(self.role, Role::Answerer(_)) {
            return;
        }
        let told = self.outputs.iter().skip(from).filter_map(|output| match output {
            // The page under way is the first that is not confirmed.
            Output::Progress(Progress::Fax(fax)) => Some(fax.page),
            _ => None,
        });
        self.confirm(told.max().unwrap_or(0));
    }

    pub(super) fn confirm(&mut self, pages: u32) {
        if pages > self.pages.confirmed {
            self.pages.confirmed = pages;
            self.outputs.push_back(Output::Confirmed { pages });
        }
    }

    pub(super) fn finish(&mut self) {
        if !matches!(self.state, State::Over) {
            self.state = State::Over;
            self.timers.clear();
            self.outputs.push_back(Output::Finished);
        }
    }

    pub(super) fn command(&mut self, command: sip::Command, now: Instant) {
        self.leg.handle(sip::Input::Command(command), now);
    }
}
