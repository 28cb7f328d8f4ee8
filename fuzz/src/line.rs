//! What a T.30 engine may hear and be told, out of fuzz octets, and its bursts and ends kept account of.

use crate::Feed;
use faxramp::signal::{Burst, Heard, Modulation, Tone, Training};
use faxramp::t30::{Ending, Input, Output, Procedure, Receiver, Sender, Switch, Transport};
use std::time::{Duration, Instant};

/// The carrier was changed to this one.
#[must_use]
pub fn switched(transport: Transport) -> Input {
    Input::Switched(Switch { transport, fastest: Modulation::V17At14400, ced_was_heard: transport == Transport::Audio })
}

/// Either end.
pub trait Engine {
    /// As the engines have it.
    fn handle(&mut self, input: Input, now: Instant);
    /// As the engines have it.
    fn poll(&mut self) -> Option<Output>;
    /// As the engines have it.
    fn deadline(&self) -> Option<Instant>;
}

macro_rules! engine {
    ($name:ident) => {
        impl Engine for $name {
            fn handle(&mut self, input: Input, now: Instant) {
                Self::handle(self, input, now);
            }

            fn poll(&mut self) -> Option<Output> {
                Self::poll(self)
            }

            fn deadline(&self) -> Option<Instant> {
                Self::deadline(self)
            }
        }
    };
}

engine!(Sender);
engine!(Receiver);
engine!(Procedure);

/// A carrier's side of an engine.
#[derive(Debug)]
pub struct Line<E> {
    engine: E,
    now: Instant,
    begin: Instant,
    /// Bursts asked for and neither left nor stopped.
    bursts: u32,
    /// How it ended.
    pub ending: Option<Ending>,
}

/// No call lasts longer, whoever is at the far end.
const LONGEST_CALL: Duration = Duration::from_secs(4 * 3600);
/// Timers of one call after the far end fell silent; so many do not run in any sound engine.
const MOST_WAKES: u32 = 5000;

impl<E: Engine> Line<E> {
    /// An engine that has begun.
    pub fn new(engine: E, now: Instant, owner: &mut impl FnMut(Output)) -> Self {
        let mut line = Self { engine, now, begin: now, bursts: 0, ending: None };
        line.tell(Input::Start, owner);
        line
    }

    /// Gives an input and takes all outputs; those that are for the owner go to it.
    pub fn tell(&mut self, input: Input, owner: &mut impl FnMut(Output)) {
        self.engine.handle(input, self.now);
        while let Some(output) = self.engine.poll() {
            assert!(self.ending.is_none(), "{output:?} after the end");
            match output {
                // Calling tone goes on until it is stopped.
                Output::Send(Burst::Tone(Tone::Cng)) => {}
                Output::Send(burst) => {
                    check_burst(&burst);
                    self.bursts += 1;
                }
                Output::Listen(_) => {}
                Output::StopSending => self.bursts = 0,
                Output::Ended(ending) => self.ending = Some(ending),
                output @ (Output::NeedPage { .. }
                | Output::Confirmed { .. }
                | Output::DocumentOver(_)
                | Output::Polled { .. }
                | Output::PageReceived(_)
                | Output::Progress(_)) => owner(output),
            }
        }
    }

    /// Lets time go by, with the timers that run out in it.
    pub fn wait(&mut self, time: Duration, owner: &mut impl FnMut(Output)) {
        let until = self.now + time;
        for wake in 0.. {
            let Some(deadline) = self.engine.deadline().filter(|at| *at <= until && self.ending.is_none()) else {
                break;
            };
            assert!(wake < MOST_WAKES, "a deadline that stays");
            self.now = self.now.max(deadline);
            self.tell(Input::Timeout, owner);
        }
        self.now = until;
    }

    /// One move of the far end, the carrier or the owner; `answer` is what the owner may say.
    pub fn play(
        &mut self,
        feed: &mut Feed<'_>,
        answer: impl FnOnce(u8) -> Option<Input>,
        owner: &mut impl FnMut(Output),
    ) {
        let choice = feed.octet();
        self.wait(Duration::from_millis(u64::from(choice / 16) * 300), owner);
        match choice % 16 {
            0 => {
                let next = self.engine.deadline().map_or(Duration::ZERO, |at| at.saturating_duration_since(self.now));
                self.wait(next, owner);
            }
            1 if self.bursts > 0 => {
                self.bursts -= 1;
                self.tell(Input::Sent, owner);
            }
            2 => {
                if let Some(input) = answer(feed.octet()) {
                    self.tell(input, owner);
                }
            }
            3 => {
                for heard in control(feed) {
                    self.tell(Input::Heard(heard), owner);
                }
            }
            4 => {
                for heard in block(feed) {
                    self.tell(Input::Heard(heard), owner);
                }
            }
            other => self.tell(Input::Heard(heard(other, feed)), owner),
        }
    }

    /// The far end falls silent, the carrier and the timers do their work: the call ends.
    pub fn finish(&mut self, owner: &mut impl FnMut(Output)) -> Ending {
        for _ in 0..MOST_WAKES {
            if let Some(ending) = self.ending.take() {
                return ending;
            }
            if self.bursts > 0 {
                self.bursts -= 1;
                self.now += Duration::from_secs(1);
                self.tell(Input::Sent, owner);
            } else {
                let deadline = self.engine.deadline().expect("a call that is not over waits for something");
                self.wait(deadline.saturating_duration_since(self.now), owner);
            }
            assert!(self.now - self.begin < LONGEST_CALL, "a call without end");
        }
        panic!("a call without end");
    }
}

fn check_burst(burst: &Burst) {
    match burst {
        Burst::Control(frames) => {
            assert!(!frames.is_empty());
            for (index, frame) in frames.iter().enumerate() {
                // T.30 (09/2005) §5.3.5: only the last frame of a signal has the final bit; DCN over audio is that frame twice.
                let last = index + 1 == frames.len() || frames.len() == 2 && frames[0] == frames[1];
                assert_eq!((frame[0], frame[1]), (0xFF, if last { 0xC8 } else { 0xC0 }), "{frames:02x?}");
            }
        }
        Burst::Block { frames, .. } => assert!((1..=256 + 3).contains(&frames.len())),
        Burst::Page { bits, .. } => assert!(!bits.is_empty()),
        Burst::Tone(_) | Burst::Silence(_) | Burst::TrainingCheck { .. } => {}
    }
}

fn carrier(feed: &mut Feed<'_>) -> Heard {
    let choice = feed.octet();
    let training = if choice & 8 == 0 { Training::Long } else { Training::Short };
    Heard::Carrier { modulation: Modulation::ALL[usize::from(choice % 8)], training }
}

/// A frame with the address and control fields that every frame has.
fn frame(feed: &mut Feed<'_>, last: bool) -> Heard {
    let mut frame = vec![0xFF, if last { 0xC8 } else { 0xC0 }, feed.octet()];
    frame.extend_from_slice(feed.counted());
    Heard::Frame(frame)
}

/// A whole control signal of up to four frames.
fn control(feed: &mut Feed<'_>) -> Vec<Heard> {
    let frames = feed.octet() % 4;
    let mut heard = vec![Heard::Preamble];
    heard.extend((0..=frames).map(|index| frame(feed, index == frames)));
    heard.push(Heard::End);
    heard
}

/// A carrier with either a training check, image bits or numbered frames.
fn block(feed: &mut Feed<'_>) -> Vec<Heard> {
    let mut heard = vec![carrier(feed)];
    let (count, kind) = (feed.octet(), feed.octet());
    match kind % 3 {
        0 => heard.push(Heard::Bits(vec![kind / 128; usize::from(count) * 16])),
        1 => heard.push(Heard::Bits(feed.piece(usize::from(count)).to_vec())),
        _ => {
            for number in 0..count {
                let mut frame = vec![0xFF, 0xC0, 0x60, number];
                frame.extend([kind; 256]);
                heard.push(Heard::Frame(frame));
            }
            heard.extend(std::iter::repeat_n(Heard::Frame(vec![0xFF, 0xC0, 0x61]), 3));
        }
    }
    heard.push(Heard::End);
    heard
}

fn heard(choice: u8, feed: &mut Feed<'_>) -> Heard {
    match choice {
        5 => Heard::Preamble,
        6 => carrier(feed),
        7 | 8 => frame(feed, choice == 8),
        9 => Heard::Frame(feed.counted().to_vec()),
        10 => Heard::DamagedFrame,
        11 => Heard::Bits(feed.counted().to_vec()),
        12 => Heard::Tone(Tone::Cng),
        13 => Heard::Tone(Tone::Ced),
        _ => Heard::End,
    }
}
