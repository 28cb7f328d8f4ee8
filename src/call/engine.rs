//! The call itself: what each input leads to, and the order in which its engines are asked.
//!
//! Not here: what SIP events mean ([`super::switch`]), how a call ends ([`super::farewell`]).

use std::collections::VecDeque;
use std::time::Instant;

use super::audio::Audio;
use super::fax::Fax;
use super::interface::{Input, Output};
use super::offer::{Descriptions, Far, What};
use super::settings::{FirstOffer, InboundSettings, LineSettings, OutboundSettings, T38Policy};
use super::timer::{Timer, Timers};
use crate::model::{Sound, T38Trial};
use crate::sip::{self, Leg};
use crate::t30;

/// Which side we are, and what we keep until T.38 starts.
pub(super) enum Role {
    Caller(Box<t30::Errand>),
    Answerer(Box<t30::AnswererSettings>),
}

/// Where the call stands; see the diagram of the module.
pub(super) enum State {
    /// Our INVITE is out.
    Calling {
        /// Whether anybody has answered it at all, be it with 100.
        reached: bool,
    },
    /// Their INVITE is here with this offer, we let it ring.
    Ringing { offer: Vec<u8> },
    /// Our 200 is out, the ACK is not here; then what was agreed on begins.
    Answering(Option<Far>),
    /// Audio is up, T.38 is not agreed on yet, and the fax goes over nothing else.
    Audio(Box<Audio>),
    /// Answered without knowing where to send audio; T.38 is being asked for.
    Waiting,
    /// T.30 runs, over T.38 or audio.
    Fax(Box<Fax>),
    /// The outcome is told; our last word of T.30 is repeated.
    Parting(Box<Fax>),
    /// The outcome is told; SIP says farewell.
    Leaving(Farewell),
    /// Nothing is left.
    Over,
}

/// How much of the farewell is still to come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Farewell {
    /// Our request is to be answered; then the line is free.
    Saying,
    /// Our request had no answer in time: the line is free, and the leg still waits for it.
    Unanswered,
    /// All is said; repetitions are waited for.
    Lingering,
}

/// Who hears and speaks in a call that is up.
pub(super) enum Speaker<'a> {
    /// Our tone alone.
    Tone(&'a mut Audio),
    /// The fax, over whatever carrier.
    Fax(&'a mut Fax),
}

impl State {
    /// Who hears and speaks, while somebody does.
    pub(super) const fn speaker(&mut self) -> Option<Speaker<'_>> {
        match self {
            Self::Audio(audio) => Some(Speaker::Tone(audio)),
            Self::Fax(fax) | Self::Parting(fax) => Some(Speaker::Fax(fax)),
            Self::Calling { .. }
            | Self::Ringing { .. }
            | Self::Answering(_)
            | Self::Waiting
            | Self::Leaving(_)
            | Self::Over => None,
        }
    }

    /// The fax, while there is one.
    pub(super) const fn fax(&self) -> Option<&Fax> {
        match self {
            Self::Fax(fax) | Self::Parting(fax) => Some(fax),
            Self::Calling { .. }
            | Self::Ringing { .. }
            | Self::Answering(_)
            | Self::Audio(_)
            | Self::Waiting
            | Self::Leaving(_)
            | Self::Over => None,
        }
    }
}

/// Targets of one INVITE that lengthen the wait for a word.
const MAX_TARGETS: u32 = 8;

/// One fax call.
pub struct Call {
    pub(super) leg: Leg,
    pub(super) line: LineSettings,
    pub(super) role: Role,
    pub(super) state: State,
    pub(super) timers: Timers,
    pub(super) t38: T38Policy,
    /// Whether the far end was heard to be a fax (CED or CNG in the audio).
    pub(super) fax_tone_heard: bool,
    pub(super) t38_trial: T38Trial,
    /// A page has begun over audio.
    stays_in_audio: bool,
    /// What was heard instead of a fax.
    pub(super) heard_instead: Option<Sound>,
    /// What the far end told with its hang-up.
    pub(super) hang_up_heard: sip::Reason,
    /// Of each document that we send.
    pub(super) pages: Vec<PageCount>,
    /// Pages given out for which no verdict has come.
    unjudged: usize,
    pub(super) seed: u64,
    pub(super) descriptions: Descriptions,
    pub(super) outputs: VecDeque<Output>,
}

/// Pages of one document, the whole of it.
#[derive(Clone, Copy, Default)]
pub(super) struct PageCount {
    pub(super) total: u32,
    /// Confirmed before this call.
    pub(super) earlier: u32,
    /// Confirmed in all, as last told.
    pub(super) confirmed: u32,
}

impl PageCount {
    /// Those of the documents that an errand sends.
    pub(super) fn of(errand: &t30::Errand) -> Vec<Self> {
        let count = |document: &t30::DocumentToSend| {
            let total = u32::try_from(document.pages.len()).unwrap_or(u32::MAX);
            Self { total, earlier: document.first_page, confirmed: document.first_page }
        };
        match errand {
            t30::Errand::Send(send) | t30::Errand::SendThenPoll(send, _) => send.documents.iter().map(count).collect(),
            t30::Errand::Poll(_) => Vec::new(),
        }
    }
}

impl Call {
    /// Calls out. `seed` is chance for tags, branches and RTP: unpredictable and new for each call.
    #[must_use]
    pub fn outbound(settings: OutboundSettings, seed: u64, now: Instant) -> Self {
        let OutboundSettings { line, endpoint, mut invitation, response_timeout, answer_timeout, t38, fax } = settings;
        let mut descriptions = Descriptions::new(seed);
        let what = match t38.first_offer {
            FirstOffer::Audio => What::Audio,
            FirstOffer::T38 => What::T38,
            FirstOffer::Both => What::Either,
        };
        invitation.body = descriptions.offer(what, &line);
        // The leg gives each of its targets a time of its own.
        let targets = u32::try_from(invitation.targets.len()).unwrap_or(u32::MAX).clamp(1, MAX_TARGETS);
        let has_more = t38.first_offer != FirstOffer::Audio || line.srtp.is_some_and(|srtp| !srtp.required);
        invitation.fallback = has_more.then(|| descriptions.offer_to_fall_back(&line));
        let leg = Leg::outgoing(endpoint, invitation, seed, now);
        let pages = PageCount::of(&fax);
        let role = Role::Caller(Box::new(fax));
        let mut call = Self::new(leg, line, role, State::Calling { reached: false }, t38, seed);
        (call.descriptions, call.pages) = (descriptions, pages);
        call.timers.set(Timer::Response, now + response_timeout * targets);
        call.timers.set(Timer::Answer, now + answer_timeout);
        call.settle(now);
        call
    }

    /// Answers an INVITE, after letting it ring where that is wanted. The decision to answer is the caller's of this function.
    ///
    /// Nothing when the request is no complete INVITE; the router gives no other.
    #[must_use]
    pub fn inbound(
        settings: InboundSettings,
        invite: &sip::Message,
        source: sip::Source,
        seed: u64,
        now: Instant,
    ) -> Option<Self> {
        let InboundSettings { line, endpoint, answer_after, t38, fax } = settings;
        let leg = Leg::incoming(invite, source, endpoint, seed, now).ok()?;
        let limit = now + answer_after + line.call_limit;
        let role = Role::Answerer(Box::new(fax));
        let mut call = Self::new(leg, line, role, State::Answering(None), t38, seed);
        call.timers.set(Timer::Limit, limit);
        if answer_after.is_zero() {
            call.answer(&invite.body, now);
        } else {
            call.state = State::Ringing { offer: invite.body.clone() };
            call.timers.set(Timer::PickUp, now + answer_after);
            call.command(sip::Command::Ring, now);
        }
        call.settle(now);
        Some(call)
    }

    fn new(leg: Leg, line: LineSettings, role: Role, state: State, t38: T38Policy, seed: u64) -> Self {
        Self {
            leg,
            line,
            role,
            state,
            timers: Timers::default(),
            t38,
            fax_tone_heard: false,
            t38_trial: T38Trial::NotTried,
            stays_in_audio: false,
            heard_instead: None,
            hang_up_heard: sip::Reason::default(),
            pages: Vec::new(),
            unjudged: 0,
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

    /// Whether the outcome is told, every page judged, and the far end knows that it is over: what follows is only to acknowledge
    /// its repetitions.
    #[must_use]
    pub fn line_is_free(&self) -> bool {
        let is_free = matches!(self.state, State::Leaving(Farewell::Lingering | Farewell::Unanswered) | State::Over);
        is_free && self.all_judged()
    }

    /// Takes one input. After [`Output::Finished`] it does nothing.
    pub fn handle(&mut self, input: Input<'_>, now: Instant) {
        if matches!(self.state, State::Over) {
            return;
        }
        match input {
            Input::Sip { message, source } => self.leg.handle(sip::Input::Message { message, source }, now),
            Input::Resolved { uri, targets } => self.leg.handle(sip::Input::Resolved { uri, targets }, now),
            Input::SipFailed { to } => self.leg.handle(sip::Input::TransportFailed { to }, now),
            Input::Audio { datagram, source } => self.audio(datagram, source, now),
            Input::Report { datagram, source } => match self.state.speaker() {
                Some(Speaker::Tone(audio)) => audio.reported(datagram, source, now),
                Some(Speaker::Fax(fax)) => fax.reported(datagram, source, now),
                None => {}
            },
            Input::T38 { datagram, source } => {
                if let State::Fax(fax) | State::Parting(fax) = &mut self.state {
                    fax.t38_datagram(datagram, source, now);
                }
            }
            Input::Page(bits) => {
                if let State::Fax(fax) = &mut self.state {
                    fax.page(bits, now);
                }
            }
            Input::PageVerdict(verdict) => {
                self.unjudged = self.unjudged.saturating_sub(1);
                if let State::Fax(fax) = &mut self.state {
                    fax.verdict(verdict, now);
                }
            }
            Input::HangUp(cause) => self.hang_up(cause, now),
            Input::Withdraw { document } => self.withdraw(document, now),
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
            State::Fax(fax) | State::Parting(fax) => fax.deadline(),
            State::Calling { .. }
            | State::Ringing { .. }
            | State::Answering(_)
            | State::Waiting
            | State::Leaving(_) => None,
            State::Over => return None,
        };
        [media, self.timers.deadline(), self.leg.deadline()].into_iter().flatten().min()
    }

    fn timeout(&mut self, now: Instant) {
        if self.leg.deadline().is_some_and(|deadline| deadline <= now) {
            self.leg.handle(sip::Input::Timeout, now);
        }
        match self.state.speaker() {
            Some(Speaker::Tone(audio)) => audio.timeout(now, &mut self.outputs),
            Some(Speaker::Fax(_)) => self.fax_timeout(now),
            None => {}
        }
        while let Some(timer) = self.timers.expired(now) {
            self.expired(timer, now);
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
                    sip::Output::Resolve { uri } => self.outputs.push_back(Output::Resolve { uri }),
                    sip::Output::Event(event) => self.event(event, now),
                }
            }
            quiet &= self.settle_fax(now);
            if quiet {
                break;
            }
        }
        if matches!(self.state, State::Fax(_)) && !self.timers.runs(Timer::Media) {
            self.timers.set(Timer::Media, now + self.line.media_timeout);
        }
        self.finish_if_settled(now);
    }

    /// Gives T.30 and its carrier their time: frame by frame where they go by frames, so that what is heard in one is answered in the
    /// next.
    fn fax_timeout(&mut self, now: Instant) {
        while let State::Fax(fax) | State::Parting(fax) = &mut self.state
            && fax.turn(now, &mut self.outputs)
        {
            self.settle_fax(now);
        }
        if let State::Fax(fax) | State::Parting(fax) = &mut self.state {
            fax.timeout(now);
        }
    }

    /// Lets T.30 and its carrier come to rest; whether nothing follows from it.
    fn settle_fax(&mut self, now: Instant) -> bool {
        let (State::Fax(fax) | State::Parting(fax)) = &mut self.state else { return true };
        let before = self.outputs.len();
        let ending = fax.settle(&mut self.outputs, now);
        let (sign, progress, over) = (fax.sign(), fax.progress(), fax.documents_over());
        let stays_in_audio = fax.is_audio() && !fax.may_switch();
        self.note_pages(before);
        over.into_iter().for_each(|over| self.document_over(over));
        if stays_in_audio && !std::mem::replace(&mut self.stays_in_audio, true) {
            // A request for T.38 that waits its turn would only cut the page off.
            self.timers.clear(Timer::Reinvite);
            self.command(sip::Command::WithdrawOffer, now);
        }
        if let Some(progress) = progress {
            self.reached(progress, now);
        }
        if let Some(sign) = sign {
            self.sign(sign, now);
        }
        let quiet = ending.is_none() && sign.is_none();
        if let Some(ending) = ending {
            self.fax_ended(ending, now);
        }
        quiet
    }

    /// Whether the fax over audio goes by frames of 20 ms: packets of the audio port may wait for [`Input::Timeout`], and be taken
    /// before it.
    #[must_use]
    pub fn hears_by_frames(&self) -> bool {
        self.state.fax().is_some_and(Fax::is_audio)
    }

    /// The datagram of an [`Output::Audio`] was sent: its buffer is used again.
    pub fn give_back(&mut self, datagram: Vec<u8>) {
        match &mut self.state {
            State::Audio(audio) => audio.give_back(datagram),
            State::Fax(fax) | State::Parting(fax) => fax.give_back(datagram),
            State::Calling { .. }
            | State::Ringing { .. }
            | State::Answering(_)
            | State::Waiting
            | State::Leaving(_)
            | State::Over => {}
        }
    }

    /// Keeps count of the pages in the new outputs.
    fn note_pages(&mut self, from: usize) {
        for output in self.outputs.iter_mut().skip(from) {
            match output {
                Output::PageReceived(page) if page.wants_verdict => self.unjudged += 1,
                Output::PageReceived(_) => {}
                Output::Confirmed { document, pages } => {
                    if let Some(count) = self.pages.get_mut(*document) {
                        // T.30 counts those of this call.
                        *pages = pages.saturating_add(count.earlier);
                        count.confirmed = *pages;
                    }
                }
                Output::Polled { document } => {
                    if let Role::Answerer(fax) = &self.role {
                        let pages = fax.documents.get(*document).map_or(0, |document| document.pages.len());
                        let total = u32::try_from(pages).unwrap_or(u32::MAX);
                        self.pages = vec![PageCount { total, ..PageCount::default() }];
                    }
                }
                Output::Sip { .. }
                | Output::Resolve { .. }
                | Output::Audio { .. }
                | Output::Report { .. }
                | Output::T38 { .. }
                | Output::NeedPage { .. }
                | Output::Progress(_)
                | Output::DocumentOver(_)
                | Output::Ended(_)
                | Output::Finished => {}
            }
        }
    }

    /// Whether every page given out is stored.
    pub(super) const fn all_judged(&self) -> bool {
        self.unjudged == 0
    }

    pub(super) fn command(&mut self, command: sip::Command, now: Instant) {
        self.leg.handle(sip::Input::Command(command), now);
    }
}
