//! A scripted called side: rings, refuses, answers, sends a tone or silence, and treats an offer as told.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use super::network::Kind;
use super::party::{CALLEE, CALLER, at, endpoint, sip_address};
use crate::dsp::FRAME_SAMPLES;
use crate::dsp::g711::Law;
use crate::dsp::tone::{Generator, Tone};
use crate::rtp;
use crate::sip::{Command, Event, Input, Leg, Message, Method, Output, Source, stateless_response};

/// What it does with the INVITE.
#[derive(Clone, Debug)]
pub(super) enum Answer {
    /// Not a word.
    Nothing,
    /// 180 and no more.
    Ring,
    /// 180, and 200 with this body so much later.
    After(Duration, String),
    /// A refusal.
    Refuse(u16, Option<&'static str>),
}

/// What it does with a re-INVITE.
#[derive(Clone, Debug)]
pub(super) enum OnOffer {
    Refuse(u16),
    Accept(String),
    Nothing,
}

/// What it sends in audio.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Sound {
    /// No packets at all.
    None,
    Silence,
    Ced,
    /// [`Peer::line`], and then silence.
    Line,
}

/// The party.
pub(super) struct Peer {
    pub(super) answer: Answer,
    pub(super) on_offer: OnOffer,
    pub(super) sound: Sound,
    /// Hangs up so long after its 200.
    pub(super) hang_up_after: Option<Duration>,
    /// Refuses an INVITE that offers T.38 or encrypted audio with this, and does not count it as the call.
    pub(super) refuse_image: Option<u16>,
    /// What it sends with [`Sound::Line`].
    pub(super) line: VecDeque<i16>,
    leg: Option<Leg>,
    answer_at: Option<Instant>,
    hang_up_at: Option<Instant>,
    audio: Option<(Instant, rtp::Sender, Generator)>,
    /// What it was told.
    pub(super) told: Vec<Event>,
}

type Sends = Vec<(Kind, SocketAddr, SocketAddr, Vec<u8>)>;

/// A description of audio at the peer's port, as a gateway writes it.
pub(super) fn audio_description() -> String {
    "v=0\r\no=- 1 1 IN IP4 192.0.2.2\r\ns=-\r\nc=IN IP4 192.0.2.2\r\nt=0 0\r\nm=audio 4000 RTP/AVP 8\r\n\
     a=rtpmap:8 PCMA/8000\r\n"
        .into()
}

impl Peer {
    pub(super) fn new(answer: Answer, on_offer: OnOffer, sound: Sound) -> Self {
        Self {
            answer,
            on_offer,
            sound,
            hang_up_after: None,
            refuse_image: None,
            line: VecDeque::new(),
            leg: None,
            answer_at: None,
            hang_up_at: None,
            audio: None,
            told: Vec::new(),
        }
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        let leg = self.leg.as_ref().and_then(Leg::deadline);
        let audio = self.audio.as_ref().map(|(at, _, _)| *at);
        [leg, self.answer_at, self.hang_up_at, audio].into_iter().flatten().min()
    }

    pub(super) fn sip(&mut self, message: Message, source: Source, now: Instant) -> Sends {
        if matches!(self.answer, Answer::Nothing) {
            return Vec::new();
        }
        if let Some(leg) = &mut self.leg {
            leg.handle(Input::Message { message, source }, now);
            return self.drain(now);
        }
        let offers = |what: &[u8]| message.body.windows(what.len()).any(|part| part == what);
        let offers_more = offers(b"m=image") || offers(b"RTP/SAVP");
        if let Some(status) = self.refuse_image.filter(|_| offers_more && message.method() == Some(&Method::Invite))
            && let Some((response, to)) = stateless_response(&message, source, status, "", &[])
        {
            return vec![(Kind::Sip, sip_address(CALLEE), to.address, response.to_bytes())];
        }
        let Ok(leg) = Leg::incoming(&message, source, endpoint(CALLEE), 5, now) else { return Vec::new() };
        self.leg = Some(leg);
        match self.answer.clone() {
            Answer::Nothing => {}
            Answer::Ring => self.command(Command::Ring, now),
            Answer::After(wait, _) => {
                self.command(Command::Ring, now);
                self.answer_at = Some(now + wait);
            }
            Answer::Refuse(status, reason) => {
                let headers = reason.map(|reason| ("Reason".to_owned(), reason.to_owned())).into_iter().collect();
                self.command(Command::Refuse { status, reason: String::new(), headers }, now);
            }
        }
        self.drain(now)
    }

    /// Does what is due.
    pub(super) fn wake(&mut self, now: Instant) -> Sends {
        if let Some(leg) = self.leg.as_mut().filter(|leg| leg.deadline().is_some_and(|at| at <= now)) {
            leg.handle(Input::Timeout, now);
        }
        if self.answer_at.take_if(|at| *at <= now).is_some()
            && let Answer::After(_, body) = self.answer.clone()
        {
            self.command(Command::Accept { body: body.into() }, now);
        }
        if self.hang_up_at.take_if(|at| *at <= now).is_some() {
            self.command(Command::HangUp { reason: None }, now);
        }
        let mut sends = Vec::new();
        if let Some((at, sender, generator)) = self.audio.as_mut().filter(|(at, _, _)| *at <= now) {
            *at += Duration::from_millis(20);
            let silence = || [Law::A.silence(); FRAME_SAMPLES];
            let samples = match self.sound {
                Sound::Ced => generator.next_frame().unwrap_or_else(silence),
                Sound::Line => std::array::from_fn(|_| Law::A.encode(self.line.pop_front().unwrap_or(0))),
                Sound::None | Sound::Silence => silence(),
            };
            let datagram = sender.send(8, &samples, 160);
            sends.push((Kind::Audio, super::party::at(CALLEE, 4000), at_caller(), datagram));
        }
        sends.extend(self.drain(now));
        sends
    }

    fn command(&mut self, command: Command, now: Instant) {
        if let Some(leg) = &mut self.leg {
            leg.handle(Input::Command(command), now);
        }
    }

    fn drain(&mut self, now: Instant) -> Sends {
        let mut sends = Vec::new();
        while let Some(output) = self.leg.as_mut().and_then(Leg::poll) {
            match output {
                Output::Send { to, bytes } => sends.push((Kind::Sip, sip_address(CALLEE), to.address, bytes)),
                Output::Resolve { uri } => panic!("nobody sends a call to {uri}"),
                Output::Event(event) => {
                    self.event(&event, now);
                    self.told.push(event);
                }
            }
        }
        sends
    }

    fn event(&mut self, event: &Event, now: Instant) {
        match event {
            Event::Acknowledged { .. } if self.audio.is_none() => {
                self.hang_up_at = self.hang_up_after.map(|wait| now + wait);
                if self.sound != Sound::None {
                    self.audio = Some((now, rtp::Sender::new(1, 1, 1), Generator::new(Tone::Ced, Law::A)));
                }
            }
            Event::Offered { .. } => match self.on_offer.clone() {
                OnOffer::Refuse(status) => self.command(Command::RefuseOffer { status }, now),
                OnOffer::Accept(body) => self.command(Command::AcceptOffer { body: body.into() }, now),
                OnOffer::Nothing => {}
            },
            Event::Ended { .. } | Event::Failed { .. } | Event::TimedOut | Event::Unreachable => {
                (self.audio, self.hang_up_at) = (None, None);
            }
            Event::Acknowledged { .. }
            | Event::Trying
            | Event::Ringing
            | Event::Progress { .. }
            | Event::FellBack { .. }
            | Event::Answered { .. }
            | Event::OfferWithdrawn
            | Event::OfferAnswered { .. }
            | Event::OfferUnanswered
            | Event::Refreshed { .. }
            | Event::OfferRefused { .. } => {}
        }
    }
}

fn at_caller() -> SocketAddr {
    at(CALLER, 4000)
}
