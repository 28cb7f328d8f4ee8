//! The call itself: what each SIP event, datagram and timer leads to.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::audio::Audio;
use super::fax::{Fax, Procedure};
use super::offer::{self, Description};
use super::settings::{InboundSettings, LineSettings, OutboundSettings};
use super::{Ending, PageFormat, Progress, ReceivedPage, Verdict};
use crate::model::{Cause, Phase};
use crate::signal::Tone;
use crate::sip::{self, Leg};
use crate::t30;

/// After our BYE the far end has this long to answer before we forget the call.
const LEAVING_LIMIT: Duration = Duration::from_secs(5);
/// After a refused re-INVITE to T.38, or none at all, the far end has this long to ask itself.
const SECOND_CHANCE: Duration = Duration::from_secs(5);

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
enum Role {
    Caller(Option<Box<t30::CallerSettings>>),
    Answerer(Option<Box<t30::AnswererSettings>>),
}

/// Where the call stands; see the diagram of the module.
enum State {
    /// Our INVITE is out.
    Calling,
    /// Our 200 is out, the ACK is not here.
    Answering,
    /// Audio is up, T.38 is not agreed on yet.
    Audio(Box<Audio>),
    /// T.30 runs.
    Fax(Box<Fax>),
    /// The outcome is known; SIP says farewell.
    Leaving,
    /// Nothing is left.
    Over,
}

/// The timers of a call itself; those of SIP, T.38 and T.30 are in their engines.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Timer {
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
    leg: Leg,
    line: LineSettings,
    role: Role,
    state: State,
    timers: Vec<(Timer, Instant)>,
    reinvite_after: Duration,
    /// Whether the far end was heard to be a fax (CED or CNG in the audio).
    fax_tone_heard: bool,
    pages: PageCount,
    seed: u64,
    descriptions_made: u64,
    outputs: VecDeque<Output>,
}

/// Pages to send, those confirmed earlier, and what was last told.
#[derive(Clone, Copy)]
struct PageCount {
    total: u32,
    confirmed: u32,
}

impl Call {
    /// Calls out. `seed` is chance for tags, branches and RTP.
    #[must_use]
    pub fn outbound(settings: OutboundSettings, seed: u64, now: Instant) -> Self {
        let OutboundSettings { line, leg, answer_timeout, reinvite_after, fax } = settings;
        let body = offer::audio(&line.media, seed, 1);
        let leg = Leg::outgoing(leg, body, offer::CONTENT_TYPE.to_owned(), seed, now);
        let pages = PageCount { total: u32::try_from(fax.pages.len()).unwrap_or(u32::MAX), confirmed: fax.first_page };
        let timers = vec![(Timer::Answer, now + answer_timeout), (Timer::Limit, now + answer_timeout + line.call_limit)];
        let mut call = Self {
            leg,
            line,
            role: Role::Caller(Some(Box::new(fax))),
            state: State::Calling,
            timers,
            reinvite_after,
            fax_tone_heard: false,
            pages,
            seed,
            descriptions_made: 1,
            outputs: VecDeque::new(),
        };
        call.settle(now);
        call
    }

    /// Answers an INVITE at once. The decision to answer is the caller's of this function.
    #[must_use]
    pub fn inbound(settings: InboundSettings, invite: &sip::Message, source: SocketAddr, seed: u64, now: Instant) -> Self {
        let InboundSettings { line, leg, reinvite_after, fax } = settings;
        let leg = Leg::incoming(invite, source, leg, seed, now);
        let timers = vec![(Timer::Limit, now + line.call_limit)];
        let mut call = Self {
            leg,
            line,
            role: Role::Answerer(Some(Box::new(fax))),
            state: State::Answering,
            timers,
            reinvite_after,
            fax_tone_heard: false,
            pages: PageCount { total: 0, confirmed: 0 },
            seed,
            descriptions_made: 0,
            outputs: VecDeque::new(),
        };
        call.answer(invite.body(), now);
        call.settle(now);
        call
    }

    /// The key under which the SIP socket routes messages to this call.
    #[must_use]
    pub fn key(&self) -> sip::LegKey {
        self.leg.key()
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
            State::Calling | State::Answering | State::Leaving => None,
            State::Over => return None,
        };
        let timer = self.timers.iter().map(|(_, at)| *at).min();
        [media, timer, self.leg.deadline()].into_iter().flatten().min()
    }

    fn set(&mut self, timer: Timer, at: Instant) {
        self.clear(timer);
        self.timers.push((timer, at));
    }

    fn clear(&mut self, timer: Timer) {
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
            State::Calling | State::Answering | State::Leaving | State::Over => {}
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
                if matches!(self.state, State::Audio(_)) {
                    let body = self.describe(Description::T38);
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
        let Role::Caller(_) = self.role else { return };
        let risen = self.outputs.iter().skip(from).filter_map(|output| match output {
            Output::Progress(progress) => Some(progress.pages_confirmed),
            _ => None,
        });
        let confirmed = risen.max().unwrap_or(0);
        if confirmed > self.pages.confirmed {
            self.pages.confirmed = confirmed;
            self.outputs.push_back(Output::Confirmed { pages: confirmed });
        }
    }

    fn command(&mut self, command: sip::Command, now: Instant) {
        self.leg.handle(sip::Input::Command(command), now);
    }

    fn describe(&mut self, what: Description) -> Vec<u8> {
        self.descriptions_made += 1;
        offer::describe(what, &self.line, self.seed, self.descriptions_made)
    }
}
