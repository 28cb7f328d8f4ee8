//! The tester: the steps of one script over one call.
//!
//! Times are held to what the script says, with room for a busy machine.

mod calling;
mod ending;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use faxramp::signal::{Frame, Modulation, Tone, Training};

use crate::lab::Lab;
use crate::pages;
use crate::parse::{Block, Expected, Gap, Information, Pattern, Step, code_for, parse};
use crate::sip::{Dialog, Message};
use crate::wire::{Kind, Signal, Wire};

/// How long the tester waits for what it expects.
const PATIENCE: Duration = Duration::from_secs(300);
// T.30 (09/2005) §5.3.2.4
const PAUSE: Duration = Duration::from_millis(75);
/// T4 with its tolerance, and the pause before the signal.
// T.30 (09/2005) §5.4.3.1
const T4_MS: (u64, u64) = (2550, 3545);
/// Two hundred calls share the machine.
const EARLY: Duration = Duration::from_millis(60);
/// See [`EARLY`].
const LATE: Duration = Duration::from_millis(700);
/// A telephone does not hang up before it has heard a signal's closing flags.
const HANGING_UP: Duration = Duration::from_millis(200);
const TICK: Duration = Duration::from_millis(5);
/// Facsimile control fields, the X bit clear.
// T.30 (09/2005) §5.3.6.1
const DCS: u8 = 0x41;
const EOM: u8 = 0x71;

/// What was on the line, for a person.
pub type Log = Arc<Mutex<Vec<String>>>;

struct Player {
    lab: Arc<Lab>,
    number: String,
    is_caller: bool,
    wire: Wire,
    dialog: Option<Dialog>,
    messages: Vec<Message>,
    device_left: bool,
    tester_left: bool,
    dis_sent: bool,
    deaf: bool,
    colliding: bool,
    waited: bool,
    /// Numbers of the frames in the last block of the device, and those asked for again.
    frames: Vec<u8>,
    wanted: Option<Vec<u8>>,
    pages: BTreeMap<u32, Vec<u8>>,
    /// How many pages each document of the device has, where it sends, and how many of the documents were begun: a DCS came.
    documents: Vec<u64>,
    begun: usize,
    /// No DCS has come since the beginning or an EOM.
    between: bool,
    began: Instant,
    log: Log,
}

/// Plays one script.
///
/// # Errors
/// What was other than it expects.
pub fn play(lab: &Arc<Lab>, place: usize, script: &str, log: Log) -> Result<(), String> {
    let (device, steps) = parse(script);
    let is_caller = device[0] != "answers";
    let commands_mmr = script.contains("> DCS 00 50 0F 22");
    let mut player = Player {
        number: format!("{}{place:03}", if is_caller { "+3906000" } else { "+3902000" }),
        is_caller,
        wire: Wire::new(&lab.tester)?,
        dialog: None,
        messages: Vec::new(),
        device_left: false,
        tester_left: false,
        dis_sent: false,
        deaf: false,
        colliding: false,
        waited: false,
        frames: Vec::new(),
        wanted: None,
        pages: pages::in_blocks(&steps, commands_mmr),
        documents: Vec::new(),
        begun: 0,
        between: true,
        began: Instant::now(),
        log,
        lab: Arc::clone(lab),
    };
    if is_caller {
        player.be_called(place, &device)?
    } else {
        player.call(place, &device)?
    }
    let played = steps.iter().try_for_each(|step| player.step(step).map_err(|fault| format!("{step:02x?}: {fault}")));
    player.leave();
    played
}

/// What follows a word of the first line.
fn after<'a>(words: &[&'a str], word: &str) -> Option<&'a str> {
    words.iter().skip_while(|other| **other != word).nth(1).copied()
}

fn milliseconds(count: u64) -> Duration {
    Duration::from_millis(count)
}

impl Player {
    fn note(&self, text: &str) {
        if let Ok(mut log) = self.log.lock() {
            log.push(format!("{:9.3} {text}", self.began.elapsed().as_secs_f64()));
        }
    }

    fn step(&mut self, step: &Step) -> Result<(), String> {
        match step {
            Step::Wait(time) => {
                self.nothing_unexpected()?;
                let until = self.wire.free.max(Instant::now() - PAUSE) + milliseconds(*time);
                self.pass_time(until.saturating_duration_since(Instant::now()));
                self.waited = true;
                Ok(())
            }
            Step::Deaf => {
                self.deaf = true;
                Ok(())
            }
            Step::Collide => {
                self.colliding = true;
                Ok(())
            }
            Step::Quiet(time) => {
                self.pass_time(milliseconds(*time));
                if self.wire.is_open() { Err("it speaks".into()) } else { self.nothing_unexpected() }
            }
            Step::HangUp => {
                self.pass_time(HANGING_UP);
                self.leave();
                Ok(())
            }
            Step::While { heard, reply, after, least, most } => {
                self.answer_always(heard, reply, *after, *least..=*most)
            }
            Step::Expect(expected, gap) => self.expect(expected, *gap),
            Step::End { cause, pages } => self.expect_end(cause, *pages),
            Step::Ced => self.send("CED", |wire| wire.ced()),
            Step::Frames { frames, bad } => self.send_frames(frames, *bad),
            Step::Flags(time) => {
                let preamble = milliseconds(*time);
                self.send("flags", |wire| wire.control(Some(preamble), &[], true))
            }
            Step::Check { modulation, octets, pattern } => {
                let octet = |place: usize| match pattern {
                    Pattern::Zeros => 0,
                    Pattern::Alternating => 0x55,
                    Pattern::Spoilt(count) => u8::from(place < *count) * 0x55,
                };
                let bits: Vec<u8> = (0..*octets).map(octet).collect();
                self.send("check", |wire| wire.bits(*modulation, Training::Long, &bits))
            }
            Step::CutPage(modulation) => {
                let page = pages::white(0, 0);
                self.send_page(*modulation, &page[..page.len() / 2])
            }
            Step::WhitePage(modulation) => self.send_page(*modulation, &pages::white(0, 0)),
            Step::LongRow(modulation, time) => {
                let bits = u64::from(modulation.bits_per_second()) * time / 1000;
                self.send_page(*modulation, &pages::white(0, usize::try_from(bits).unwrap_or(0)))
            }
            Step::Block(block) => self.send_block(block),
        }
    }

    fn answer_always(
        &mut self,
        heard: &Expected,
        reply: &[Frame],
        after: u64,
        times: std::ops::RangeInclusive<u32>,
    ) -> Result<(), String> {
        let mut count = 0;
        while let Some(signal) = self.next_signal() {
            let is_another = self.matches(heard, &signal)?;
            self.wire.heard.push_front(signal);
            if !is_another {
                break;
            }
            self.expect(heard, Gap::Answer)?;
            count += 1;
            self.step(&Step::Wait(after))?;
            self.send_frames(reply, false)?;
        }
        if times.contains(&count) { Ok(()) } else { Err(format!("{count} times, not {times:?}")) }
    }

    /// Sends a signal after its pause.
    fn send(&mut self, what: &str, signal: impl FnOnce(&mut Wire)) -> Result<(), String> {
        if !std::mem::take(&mut self.waited) {
            let until = self.wire.free + PAUSE;
            self.pass_time(until.saturating_duration_since(Instant::now()));
        }
        self.nothing_unexpected()?;
        self.hear_sip();
        if self.device_left && !self.deaf {
            return Err("it has hung up already".into());
        }
        self.note(&format!("> {what}"));
        signal(&mut self.wire);
        if std::mem::take(&mut self.colliding) {
            self.wire.heard.clear();
        }
        Ok(())
    }

    fn send_frames(&mut self, frames: &[Frame], bad: bool) -> Result<(), String> {
        self.dis_sent |= !bad && frames.iter().any(|frame| frame.get(2) == Some(&0x01));
        if !bad {
            match frames.last().map(|frame| (&frame[2], &frame[3..])) {
                // PPR; MCF and CFR, after which another block comes; CTR leaves the request in force.
                Some((0x3D, map)) => self.wanted = Some(numbers_in(map)),
                Some((0x31 | 0x21, _)) => self.wanted = None,
                Some(_) | None => {}
            }
        }
        let told = frames.iter().map(|frame| brief(frame)).collect::<Vec<_>>().join(" ");
        self.send(&told, |wire| wire.control(None, frames, !bad))
    }

    fn send_page(&mut self, modulation: Modulation, bits: &[u8]) -> Result<(), String> {
        let training = if modulation.has_short_training() { Training::Short } else { Training::Long };
        self.send("page", |wire| wire.bits(modulation, training, bits))
    }

    fn send_block(&mut self, step: &Block) -> Result<(), String> {
        let Block { modulation, size, page, block, numbers, bad } = step;
        let content = &self.pages[page];
        let mut frames: Vec<(Frame, bool)> = Vec::new();
        for number in numbers {
            let from = (block * 256 + usize::from(*number)) * size;
            let data = content.get(from..content.len().min(from + size)).unwrap_or(&[]);
            let mut frame = vec![0xFF, 0xC0, 0x60, number.reverse_bits()];
            frame.extend_from_slice(data);
            frame.resize(4 + size, 0);
            frames.push((frame, !bad.contains(number)));
        }
        frames.extend([const { [0xFF, 0xC0, 0x61] }; 3].map(|frame| (frame.to_vec(), true)));
        let training = if modulation.has_short_training() { Training::Short } else { Training::Long };
        let told = format!("block of {} frames", numbers.len());
        self.send(&told, |wire| wire.frames(*modulation, training, &frames))
    }

    fn nothing_unexpected(&mut self) -> Result<(), String> {
        if self.deaf || self.colliding {
            self.wire.heard.clear();
        }
        self.wire.heard.pop_front().map_or(Ok(()), |signal| Err(format!("unexpected: {}", told(&signal))))
    }

    fn next_signal(&mut self) -> Option<Signal> {
        let end = Instant::now() + PATIENCE;
        while self.wire.heard.is_empty() && !self.device_left && Instant::now() < end {
            self.pass_time(TICK);
        }
        if self.device_left {
            // What it said before it hung up may wait to be read.
            self.wire.pass(Instant::now() + HANGING_UP);
        }
        self.wire.heard.pop_front()
    }

    fn expect(&mut self, expected: &Expected, gap: Gap) -> Result<(), String> {
        let free = self.wire.free;
        let signal = self.next_signal().ok_or("nothing comes")?;
        self.note(&format!("< {}", told(&signal)));
        match last_code(&signal, self.dis_sent) {
            Some(DCS) if std::mem::take(&mut self.between) => self.begun += 1,
            Some(EOM) => self.between = true,
            Some(_) | None => {}
        }
        if !self.matches(expected, &signal)? {
            return Err(format!("{} instead", told(&signal)));
        }
        let pause = signal.began.saturating_duration_since(free);
        let limits = match gap {
            Gap::Between(least, most) => Some((least, most)),
            Gap::T4 => Some(T4_MS),
            Gap::Answer => None,
        };
        if let Some((least, most)) = limits
            && !(milliseconds(least).saturating_sub(EARLY)..=milliseconds(most) + LATE).contains(&pause)
        {
            return Err(format!("after {pause:?}, not {least} to {most} ms"));
        }
        Ok(())
    }

    fn matches(&mut self, expected: &Expected, signal: &Signal) -> Result<bool, String> {
        Ok(match (expected, &signal.kind) {
            (Expected::Cng, Kind::Tone(Tone::Cng)) | (Expected::Ced, Kind::Tone(Tone::Ced)) => true,
            (Expected::Check(wanted), Kind::Fast { modulation, training, octets: (all, zeros), .. }) => {
                // T.30 (09/2005) §5.3.6.1.4: 1.5 s ± 10 %
                let octets = usize::try_from(modulation.bits_per_second()).unwrap_or(0) * 15 / 80;
                let is_whole = (octets * 9 / 10..=octets * 11 / 10).contains(all) && all == zeros;
                wanted == modulation && *training == Training::Long && is_whole
            }
            (Expected::Page(wanted, _), Kind::Fast { modulation, training, octets: (all, _), .. }) => {
                wanted == modulation && is_short(*modulation) == (*training == Training::Short) && *all > 0
            }
            (Expected::Block(wanted, _), Kind::Fast { modulation, frames, .. }) => {
                wanted == modulation && self.is_block(frames)?
            }
            (Expected::Control(before, code, information), Kind::Control(frames)) => {
                self.control(before, *code, information, frames)?
            }
            _ => false,
        })
    }

    /// Whether these frames are a block: all from 0 on, or those of the last one that were asked for again.
    fn is_block(&mut self, frames: &[Frame]) -> Result<bool, String> {
        let closing = frames.iter().rev().take_while(|frame| ***frame == [0xFF, 0xC0, 0x61]).count();
        if closing != 3 {
            return Err(format!("a block is closed by {closing} RCP"));
        }
        let data = &frames[..frames.len() - closing];
        let found: Vec<u8> = data.iter().filter_map(|frame| frame.get(3)).map(|number| number.reverse_bits()).collect();
        let fits = match self.wanted.take() {
            Some(wanted) => {
                let again: Vec<u8> = self.frames.iter().copied().filter(|number| wanted.contains(number)).collect();
                // A request for nothing that was sent: all goes again.
                found == if again.is_empty() { self.frames.clone() } else { again }
            }
            None => found.iter().enumerate().all(|(place, number)| place == usize::from(*number)),
        };
        self.frames = found;
        Ok(fits)
    }

    fn control(&self, before: &[u8], code: u8, information: &Information, frames: &[Frame]) -> Result<bool, String> {
        let (last, earlier) = frames.split_last().ok_or("a signal without a frame")?;
        let is_marked = last[..2] == [0xFF, 0xC8] && earlier.iter().all(|frame| frame[..2] == [0xFF, 0xC0]);
        if !is_marked {
            return Err(format!("address or control field: {frames:02x?}"));
        }
        let wanted = |code: u8| code_for(code, self.dis_sent);
        let mut found = earlier.iter().map(|frame| frame[2]);
        if !before.iter().all(|code| found.any(|other| other == wanted(*code))) || last[2] != wanted(code) {
            return Ok(false);
        }
        let field = &last[3..];
        let following = |code: u8| if code == 0 { 0 } else { code_for(code, self.dis_sent) };
        Ok(match information {
            Information::Any => true,
            Information::Bits(bits) => {
                let bit =
                    |number: usize| field.get((number - 1) / 8).map_or(0, |octet| octet >> (7 - (number - 1) % 8) & 1);
                bits.iter().all(|(number, is_set)| (bit(*number) == 1) == *is_set)
            }
            // What else the page is, is for the renderer to say: the rate and that there is no error correction have to be right.
            Information::Exactly(octets) if code == 0x41 => {
                field.get(1).map(|octet| octet & 0x3C) == octets.get(1).map(|octet| octet & 0x3C)
            }
            Information::Exactly(octets) => field == octets,
            Information::Following(code) => field == [following(*code)],
            Information::Wanted(numbers) => numbers_in(field) == *numbers,
            Information::PartialPage(code, page, block, _) => {
                let count = u8::try_from(self.frames.len().saturating_sub(1)).unwrap_or(u8::MAX);
                field == [following(*code), page.reverse_bits(), block.reverse_bits(), count.reverse_bits()]
            }
        })
    }
}

/// The facsimile control field of the last frame of a signal, as [`code_for`] makes it of one with the X bit clear.
fn last_code(signal: &Signal, dis_sent: bool) -> Option<u8> {
    let Kind::Control(frames) = &signal.kind else { return None };
    let code = *frames.last()?.get(2)?;
    [DCS, EOM].into_iter().find(|known| code_for(*known, dis_sent) == code)
}

/// V.17's message has the short training.
fn is_short(modulation: Modulation) -> bool {
    modulation.has_short_training()
}

/// The frames that a map of 256 bits asks for.
fn numbers_in(map: &[u8]) -> Vec<u8> {
    let is_set = |number: &u8| map.get(usize::from(number / 8)).is_some_and(|octet| octet << (number % 8) & 0x80 != 0);
    (0..=u8::MAX).filter(is_set).collect()
}

fn brief(frame: &[u8]) -> String {
    format!("{:02x?}", &frame[2.min(frame.len())..frame.len().min(12)])
}

fn told(signal: &Signal) -> String {
    match &signal.kind {
        Kind::Tone(tone) => format!("{tone:?}"),
        Kind::Control(frames) => frames.iter().map(|frame| brief(frame)).collect::<Vec<_>>().join(" "),
        Kind::Fast { modulation, training, frames, octets } => {
            format!("{modulation:?} {training:?}, {} frames, {} octets", frames.len(), octets.0)
        }
    }
}
