//! Whether there is a modem anywhere between the two ends, proved by time.
//!
//! A page may go faster than its modem only if nobody plays it. That both ends are T.38 machines (bit 3 of the DIS) does not
//! prove it, for a gateway passes the bit on. What does prove it is an effect that comes sooner than a modem could have
//! brought its cause: no modem plays a DCS and its training check in less than some four seconds.
//!
//! - The end that sends says DCS and check once, fast. A CFR (or FTT) whose signal begins before a modem could have played
//!   them answers what no modem has played.
//! - The end that answers counts from the moment its first DIS has left. A DCS and check that are over before a modem could
//!   have played them since, were not played by one: nobody answers a DIS he has not heard.
//!
//! A network that stalls and lets everything through at once cannot fake this: both times run on one clock and begin with our
//! own sending, so whatever the network does makes them longer. A proof that comes too late is none; the call then goes on
//! as with a modem, and costs neither T.30's tries nor its rates: DCS and check are said again at the modem's pace
//! before T.30 hears that the first ones have left.
//!
//! This is the one place in T.38 that looks into frames. T.38 (09/2010) §8.1 leaves the pace of Internet-aware ends open;
//! T.30 (09/2005) Table 2 bit 3.

use std::time::{Duration, Instant};

use super::timing;
use crate::signal::{Burst, Frame, Heard, Modulation, Training};

/// What is known of the path.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Standing {
    /// Nothing yet.
    Open,
    /// No modem is on it.
    Free,
    /// There may be one, and the question is closed.
    Modem,
}

/// The evidence for one call.
#[derive(Debug)]
pub(super) struct Proof {
    /// Whether the proof is looked for: the pace is not settled by hand.
    is_sought: bool,
    standing: Standing,
    /// When the last packet of our first DIS left.
    identified: Option<Instant>,
    /// Whether the far end's DIS says that it is a T.38 machine.
    far_is_terminal: bool,
    trial: Trial,
    command: Command,
    saying: Saying,
    /// Whether the far end's own control signals come faster than V.21.
    far_hurries: bool,
    signal_began: Option<Instant>,
    repeats: Repeats,
    /// How much longer than at best the page's packets take: 1, 2, 4 or 8 times.
    slowness: u32,
}

/// Our DCS and check as an experiment.
#[derive(Debug)]
enum Trial {
    None,
    /// The DCS goes out fast.
    Command {
        control: Burst,
        began: Instant,
    },
    /// The check does too.
    Check {
        control: Burst,
        began: Instant,
    },
    /// Both have left; T.30 does not know yet.
    Awaiting(Awaiting),
}

#[derive(Debug)]
struct Awaiting {
    control: Burst,
    check: Burst,
    /// An answer that begins before this proves the path free.
    limit: Instant,
    /// Nobody answers any more.
    until: Instant,
    answer_began: Option<Instant>,
    damaged: bool,
    /// The answer asked for DCS and check again.
    again: bool,
}

/// The far end's DCS and check.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Command {
    None,
    /// Octets of the control signal heard so far.
    Signal {
        octets: usize,
        has_dcs: bool,
    },
    /// The check, and how long the control signal took a modem.
    Check {
        before: Duration,
        modulation: Modulation,
        octets: usize,
    },
}

/// What T.30 has on the line.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Saying {
    Identification,
    Check(Modulation),
    Other,
}

/// Commands that go unanswered, because the far end cannot follow after all.
#[derive(Debug, Default)]
struct Repeats {
    said: Vec<Frame>,
    heard: Option<Frame>,
    answered: bool,
    page_between: bool,
    strikes: u32,
}

/// What to do with something heard.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Advice {
    /// It is for T.30.
    Pass,
    /// It is not.
    Drop,
    /// The trial is over: T.30 is told that its check has left, then what was heard.
    Release,
    /// What was heard is for T.30; then DCS and check go again.
    Again,
}

impl Awaiting {
    fn new(control: Burst, modulation: Modulation, began: Instant) -> Self {
        let octets = timing::octets_in(timing::TRAINING_CHECK, modulation.bits_per_second());
        let took = least_time(control_octets(&control)) + least_check(modulation, octets);
        Self {
            control,
            check: Burst::TrainingCheck { modulation },
            limit: began + took * 3 / 4,
            until: began + took + ANSWER_WAIT,
            answer_began: None,
            damaged: false,
            again: false,
        }
    }
}

impl Proof {
    pub(super) fn new(is_sought: bool) -> Self {
        Self {
            is_sought,
            saying: Saying::Other,
            standing: Standing::Open,
            identified: None,
            far_is_terminal: false,
            trial: Trial::None,
            command: Command::None,
            far_hurries: false,
            signal_began: None,
            repeats: Repeats::default(),
            slowness: 1,
        }
    }

    /// Whether what is sent now goes fast.
    pub(super) const fn is_fast(&self) -> bool {
        matches!(self.standing, Standing::Free) || matches!(self.trial, Trial::Command { .. } | Trial::Check { .. })
    }

    /// Whether the far end's own control signals come faster than V.21: it needs no pause between signals either.
    pub(super) const fn far_hurries(&self) -> bool {
        self.far_hurries
    }

    /// How much longer than at best the page's packets take.
    pub(super) const fn slowness(&self) -> u32 {
        self.slowness
    }

    /// Whether T.30 waits to hear that its check has left.
    pub(super) const fn withholds(&self) -> bool {
        matches!(self.trial, Trial::Awaiting(_))
    }

    /// When [`Proof::give_up`] is due.
    pub(super) const fn deadline(&self) -> Option<Instant> {
        match &self.trial {
            Trial::Awaiting(awaiting) => Some(awaiting.until),
            Trial::None | Trial::Command { .. } | Trial::Check { .. } => None,
        }
    }

    /// T.30 wants this on the line, and it begins now.
    pub(super) fn begins(&mut self, burst: &Burst, now: Instant) {
        self.saying = Saying::Other;
        match burst {
            Burst::Silence(_) => {}
            Burst::Tone(_) => self.trial = Trial::None,
            Burst::Control(frames) => {
                self.says(frames);
                let command = frames.last().and_then(|frame| name(frame));
                if command == Some(DIS) {
                    self.saying = Saying::Identification;
                }
                if command == Some(DCS) && self.is_sought && self.standing == Standing::Open && self.far_is_terminal {
                    self.trial = Trial::Command { control: burst.clone(), began: now };
                } else {
                    self.close_trial();
                }
            }
            Burst::TrainingCheck { modulation } => {
                self.saying = Saying::Check(*modulation);
                self.repeats.page_between = true;
                self.trial = match std::mem::replace(&mut self.trial, Trial::None) {
                    Trial::Command { control, began } => Trial::Check { control, began },
                    Trial::None | Trial::Check { .. } | Trial::Awaiting(_) => Trial::None,
                };
            }
            Burst::Page { .. } | Burst::Block { .. } => {
                self.repeats.page_between = true;
                self.close_trial();
            }
        }
    }

    /// The last packet of what T.30 has on the line leaves.
    pub(super) fn ends(&mut self, now: Instant) {
        if self.saying == Saying::Identification {
            self.identified.get_or_insert(now);
        }
    }

    /// What T.30 had on the line has left. Whether T.30 is to be told.
    pub(super) fn left(&mut self) -> bool {
        let Saying::Check(modulation) = self.saying else { return true };
        match std::mem::replace(&mut self.trial, Trial::None) {
            Trial::Check { control, began } => {
                self.trial = Trial::Awaiting(Awaiting::new(control, modulation, began));
                false
            }
            Trial::None | Trial::Command { .. } | Trial::Awaiting(_) => true,
        }
    }

    /// T.30 dropped what it was sending.
    pub(super) fn dropped(&mut self) {
        self.close_trial();
    }

    /// Nobody has answered the trial: what goes again.
    pub(super) fn give_up(&mut self) -> Vec<Burst> {
        self.standing = Standing::Modem;
        self.repetition()
    }

    /// DCS and check once more; the trial is over.
    pub(super) fn repetition(&mut self) -> Vec<Burst> {
        match std::mem::replace(&mut self.trial, Trial::None) {
            Trial::Awaiting(awaiting) => vec![awaiting.control, Burst::Silence(timing::SIGNAL_GAP), awaiting.check],
            Trial::None | Trial::Command { .. } | Trial::Check { .. } => Vec::new(),
        }
    }

    /// Something was heard.
    pub(super) fn hears(&mut self, heard: &Heard, now: Instant) -> Advice {
        match heard {
            Heard::Preamble => self.signal_began = Some(now),
            Heard::Carrier { .. } | Heard::Bits(_) => self.repeats.page_between = true,
            Heard::Frame(frame) => self.hears_frame(frame, now),
            Heard::Tone(_) | Heard::DamagedFrame | Heard::End => {}
        }
        self.follow_command(heard, now);
        let advice = self.weigh_answer(heard, now);
        if *heard == Heard::End {
            self.signal_began = None;
        }
        advice
    }

    fn hears_frame(&mut self, frame: &Frame, now: Instant) {
        match name(frame) {
            Some(DIS) => self.far_is_terminal = frame.get(3).is_some_and(|octet| octet & BIT_3 != 0),
            Some(PPR) if missing(frame) >= MANY_MISSING => self.slow_down(),
            Some(_) | None => {}
        }
        if is_final(frame) {
            if let Some(began) = self.signal_began {
                self.far_hurries = now.saturating_duration_since(began) < HURRIED_SIGNAL;
            }
            self.hears_final(frame);
        }
    }

    /// The far end's block came with holes: its buffers, or somebody's on the way, are too small for the pace.
    fn slow_down(&mut self) {
        if self.slowness < MOST_SLOWNESS {
            self.slowness *= 2;
        } else if self.standing == Standing::Free {
            self.standing = Standing::Modem;
        }
    }

    /// The far end says the same again: did it not hear our answer? RR asks again by nature.
    fn hears_final(&mut self, frame: &Frame) {
        self.repeats.answered = true;
        let command = name(frame);
        if command == Some(RR) || command == Some(RNR) {
            return;
        }
        let is_again = self.repeats.heard.as_ref() == Some(frame);
        if is_again && (command == Some(DCS) || !self.repeats.page_between) {
            self.strike();
        } else {
            self.repeats.strikes = 0;
        }
        self.repeats.heard = Some(frame.clone());
        self.repeats.page_between = false;
    }

    /// We say the same again without having heard anything.
    fn says(&mut self, frames: &[Frame]) {
        if !self.repeats.answered && self.repeats.said == frames {
            self.strike();
        }
        self.repeats.answered = false;
        self.repeats.said = frames.to_vec();
    }

    fn strike(&mut self) {
        self.repeats.strikes += 1;
        if self.repeats.strikes >= MOST_STRIKES && self.standing == Standing::Free {
            self.standing = Standing::Modem;
        }
    }

    fn close_trial(&mut self) {
        if !matches!(self.trial, Trial::None) {
            self.trial = Trial::None;
            self.standing = Standing::Modem;
        }
    }

    /// The far end's DCS and check after our DIS.
    fn follow_command(&mut self, heard: &Heard, now: Instant) {
        self.command = match (self.command, heard) {
            (_, Heard::Preamble) => Command::Signal { octets: 0, has_dcs: false },
            (Command::Signal { octets, has_dcs }, Heard::Frame(frame)) => Command::Signal {
                octets: octets + frame.len() + FRAME_OVERHEAD,
                has_dcs: has_dcs || name(frame) == Some(DCS),
            },
            (Command::Signal { octets, has_dcs: true }, Heard::Carrier { modulation, .. }) => {
                Command::Check { before: least_time(octets), modulation: *modulation, octets: 0 }
            }
            (Command::Check { before, modulation, octets }, Heard::Bits(bits)) => {
                Command::Check { before, modulation, octets: octets + bits.len() }
            }
            (Command::Check { before, modulation, octets }, Heard::End) => {
                self.weigh_command(before + least_check(modulation, octets), octets, now);
                Command::None
            }
            (command @ Command::Signal { .. }, Heard::End) => command,
            (command, _) => command,
        };
    }

    fn weigh_command(&mut self, took: Duration, octets: usize, now: Instant) {
        let is_sooner = self.identified.is_some_and(|at| now < at + took * 3 / 4);
        if is_sooner && octets > 0 && self.is_sought && self.standing == Standing::Open {
            self.standing = Standing::Free;
        }
    }

    /// The answer to our trial.
    fn weigh_answer(&mut self, heard: &Heard, now: Instant) -> Advice {
        let Trial::Awaiting(awaiting) = &mut self.trial else { return Advice::Pass };
        match heard {
            Heard::Preamble => {
                awaiting.answer_began = Some(now);
                awaiting.until = awaiting.until.max(now + LONGEST_ANSWER);
                Advice::Pass
            }
            Heard::Frame(frame) if is_final(frame) => {
                let is_sooner = awaiting.answer_began.unwrap_or(now) < awaiting.limit;
                let answer = name(frame);
                let proves = is_sooner && matches!(answer, Some(CFR | FTT));
                self.standing = if proves { Standing::Free } else { Standing::Modem };
                if matches!(answer, Some(FTT | DIS | CRP)) {
                    awaiting.again = true;
                    return Advice::Drop;
                }
                self.trial = Trial::None;
                Advice::Release
            }
            Heard::DamagedFrame => {
                awaiting.damaged = true;
                Advice::Pass
            }
            Heard::End if awaiting.again => Advice::Again,
            // So soon it can only be the answer, and who gave it waits for a page for no more than T2: asking again at once is in time,
            // asking when T4 has passed is not.
            Heard::End if awaiting.answer_began.is_some_and(|began| began < awaiting.limit) => {
                self.standing = Standing::Modem;
                Advice::Again
            }
            Heard::End if awaiting.damaged => {
                self.trial = Trial::None;
                self.standing = Standing::Modem;
                Advice::Release
            }
            Heard::End | Heard::Tone(_) | Heard::Carrier { .. } | Heard::Frame(_) | Heard::Bits(_) => Advice::Pass,
        }
    }
}

/// The facsimile control field without the bit that tells the ends apart.
// T.30 (09/2005) §5.3.6.1
fn name(frame: &[u8]) -> Option<u8> {
    match frame {
        [0xFF, 0xC0 | 0xC8, field, ..] => Some(field & 0x7F),
        _ => None,
    }
}

/// Whether it is the last frame of its signal.
// T.30 (09/2005) §5.3.5
fn is_final(frame: &[u8]) -> bool {
    matches!(frame, [0xFF, 0xC8, _, ..])
}

/// Frames that a PPR asks for.
fn missing(frame: &[u8]) -> u32 {
    frame.iter().skip(3).map(|octet| octet.count_ones()).sum()
}

fn control_octets(burst: &Burst) -> usize {
    match burst {
        Burst::Control(frames) => frames.iter().map(|frame| frame.len() + FRAME_OVERHEAD).sum(),
        Burst::Tone(_) | Burst::Silence(_) | Burst::TrainingCheck { .. } | Burst::Page { .. } | Burst::Block { .. } => {
            0
        }
    }
}

/// The least time in which a V.21 modem plays a control signal: its preamble at the short end, no stuffed bits.
fn least_time(octets: usize) -> Duration {
    timing::PREAMBLE * 85 / 100 + timing::bits(octets as u64 * 8, timing::V21_BITS_PER_SECOND)
}

/// The least time in which a modem trains and plays this much of a check.
fn least_check(modulation: Modulation, octets: usize) -> Duration {
    let octets = octets.min(timing::octets_in(timing::TRAINING_CHECK, modulation.bits_per_second()));
    timing::training(modulation, Training::Long) + timing::bits(octets as u64 * 8, modulation.bits_per_second())
}

// T.30 (09/2005) §5.3.6.1, the first bit of those that have one left off
const DIS: u8 = 0x01;
const DCS: u8 = 0x41;
const CFR: u8 = 0x21;
const FTT: u8 = 0x22;
const CRP: u8 = 0x58;
const PPR: u8 = 0x3D;
const RR: u8 = 0x76;
const RNR: u8 = 0x37;
/// Bit 3 of a DIS, in its first octet.
// T.30 (09/2005) Table 2
const BIT_3: u8 = 0x20;

/// How long an answer may take after the time a modem would have needed: T4 of a caller.
const ANSWER_WAIT: Duration = Duration::from_millis(3450);
/// From the begin of an answer to its end, with frames that nobody asked for: NSF, CSI and DIS take a modem 5 s.
const LONGEST_ANSWER: Duration = Duration::from_secs(8);
/// A control signal of which the last frame is there by then was not played by V.21, whose preamble alone is longer.
const HURRIED_SIGNAL: Duration = Duration::from_millis(400);
/// Repetitions of one thing before the pace is thought to be their cause.
const MOST_STRIKES: u32 = 2;
/// Frames that a PPR wants at which the pace is thought to be their cause; single ones are the network's.
const MANY_MISSING: u32 = 8;
/// Beyond this the pace is that of the modem.
const MOST_SLOWNESS: u32 = 8;
/// Check sequence and flag.
const FRAME_OVERHEAD: usize = 3;
