//! The tester: plays the steps of a script against one of our engines, in virtual time, with the durations of real modems.
//!
//! Beside what a script expects it always holds the device to these: it leaves 75 ms of silence before each signal and within its own,
//! sends one burst at a time, writes the X bit as a station that has (or has not) received a DIS, marks the last frame and
//! only the last as final, sends of a page what its owner gave, and hands to its owner what the tester sent.

use super::super::line::{A4_FINE, answerer_settings, caller_settings, page_bits, timeline};
use super::parse::{Block, Expected, Gap, Information, Pattern, Step, code_for, parse};
use crate::model::{Cause, Phase, Resolution};
use crate::signal::{Burst, Frame, Heard, Modulation, Tone, Training};
use crate::t30::capability::Capability;
use crate::t30::{
    AnswererSettings, Document, DocumentToSend, Ending, Errand, Input, Output, PageShape, PollSettings, Procedure,
    ReceivedPage, ReceiverSettings, SenderSettings, Transport, Verdict,
};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long the tester waits for what it expects.
const PATIENCE: Duration = Duration::from_secs(300);
/// The pause before a signal.
// T.30 (09/2005) §5.3.2.4: 75 ms ± 20 ms
const PAUSE: Duration = Duration::from_millis(75);
const SHORTEST_PAUSE: Duration = Duration::from_millis(55);
const LONGEST_PAUSE: Duration = Duration::from_millis(95);
/// The code of a frame, the X bit clear.
const DCN: u8 = 0x5F;
/// Octets of a page that the device sends.
const PAGE_OCTETS: usize = 3000;
/// The same with error correction: two frames more than half a block.
const PAGE_OCTETS_IN_FRAMES: usize = 130 * 256;

/// A burst of the device, as the tester hears it.
#[derive(Debug)]
struct Signal {
    burst: Burst,
    began: Instant,
    ended: Instant,
}

pub(super) struct Tester {
    transport: Transport,
    device: Procedure,
    begin: Instant,
    now: Instant,
    events: BTreeMap<(Instant, usize), Input>,
    next_event: usize,
    sending: Option<(usize, Signal)>,
    heard: VecDeque<Signal>,
    /// When the last signal of either side ended.
    line_free: Instant,
    /// Whether the device heard a DIS.
    dis_heard: bool,
    deaf: bool,
    /// Frames that the device broke off, which only a collision excuses.
    cut_short: u32,
    /// The tester speaks whether the device does or not.
    colliding: bool,
    after_ctr: bool,
    /// The device's last signal was a training check.
    after_check: bool,
    /// The device's DCN was heard.
    has_parted: bool,
    /// The next signal of the tester follows without its usual pause.
    waited: bool,
    page: u32,
    /// Frames of 256 octets that each page has, where the script says so.
    page_frames: Vec<usize>,
    supplied: Vec<(u32, Arc<[u8]>)>,
    frames: Vec<Frame>,
    verdicts: VecDeque<Verdict>,
    sent_pages: Vec<Vec<u8>>,
    /// Pages of the documents that are over.
    pages_over: u32,
    ending: Option<Ending>,
    log: Vec<String>,
}

/// Plays one script; the reason when the device does other than it expects.
pub(super) fn play(script: &str, transport: Transport) -> Result<(), String> {
    let (device, steps) = parse(script);
    let elsewhere = match transport {
        Transport::Audio => "over-t38",
        Transport::InternetAware => "over-audio",
    };
    if device.contains(&elsewhere) {
        return Ok(());
    }
    let mut tester = Tester::new(&device, transport);
    let played = steps.iter().try_for_each(|step| tester.step(step));
    played.and_then(|()| tester.nothing_more()).map_err(|reason| format!("{reason}\n  {}", tester.log.join("\n  ")))
}

/// What follows a word of the first line.
fn after<'a>(words: &[&'a str], word: &str) -> Option<&'a str> {
    words.iter().skip_while(|other| **other != word).nth(1).copied()
}

fn frames_of(list: &str) -> Vec<usize> {
    list.split(',').map(|count| count.parse().expect("a count of frames")).collect()
}

fn device(words: &[&str], transport: Transport, now: Instant) -> Procedure {
    let shape = |letter: char| {
        let resolution = if letter == 'f' { Resolution::Fine } else { Resolution::Standard };
        PageShape { resolution, ..A4_FINE }
    };
    let pages = |letters: &str| letters.chars().map(shape).collect::<Vec<_>>();
    let password = after(words, "password").map(str::to_owned);
    let sub_address = words.contains(&"sub");
    let non_standard_facilities = if words.contains(&"nsf") { vec![0xB5, 0x00, 0x42] } else { Vec::new() };
    let receive = ReceiverSettings { transport, sub_address, non_standard_facilities, ..answerer_settings() };
    match words {
        ["calls", letters, ..] => {
            let documents = letters.split('+').map(|letters| DocumentToSend::of(pages(letters))).collect();
            let send = SenderSettings { documents, transport, ..caller_settings(0, true) };
            Procedure::caller(Errand::Send(send), now)
        }
        ["polls", ..] => {
            let poll = PollSettings { receive, selective: None, password, send_cng: true };
            Procedure::caller(Errand::Poll(poll), now)
        }
        ["answers", ..] => {
            let document = |letters| Document { pages: pages(letters), selective: None, password: password.clone() };
            let documents = after(words, "has").map(document).into_iter().collect();
            Procedure::answerer(AnswererSettings { receive, documents }, now)
        }
        _ => panic!("no device: {words:?}"),
    }
}

impl Tester {
    fn new(words: &[&str], transport: Transport) -> Self {
        #[expect(clippy::disallowed_methods, reason = "the one base of this test's virtual time")]
        let now = Instant::now();
        let verdict = |word: &&str| match *word {
            "good" => Some(Verdict::Good),
            "poor" => Some(Verdict::Poor),
            "bad" => Some(Verdict::Bad),
            _ => None,
        };
        let mut tester = Self {
            transport,
            device: device(words, transport, now),
            begin: now,
            now,
            events: BTreeMap::new(),
            next_event: 0,
            sending: None,
            heard: VecDeque::new(),
            line_free: now,
            dis_heard: false,
            deaf: false,
            cut_short: 0,
            colliding: false,
            after_ctr: false,
            after_check: false,
            has_parted: false,
            waited: false,
            page: 0,
            page_frames: after(words, "frames").map(frames_of).unwrap_or_default(),
            supplied: Vec::new(),
            frames: Vec::new(),
            verdicts: words.iter().filter_map(verdict).collect(),
            sent_pages: Vec::new(),
            pages_over: 0,
            ending: None,
            log: Vec::new(),
        };
        tester.give(Input::Start);
        tester
    }

    fn note(&mut self, text: &str) {
        self.log.push(format!("{:>7} ms {text}", (self.now - self.begin).as_millis()));
    }

    // The device.

    fn deadline(&self) -> Option<Instant> {
        self.device.deadline()
    }

    fn give(&mut self, input: Input) {
        if self.ending.is_some() {
            return;
        }
        self.device.handle(input, self.now);
        while let Some(output) = self.device.poll() {
            self.on_output(output);
        }
    }

    fn after(&mut self, time: Duration, input: Input) -> usize {
        self.next_event += 1;
        self.events.insert((self.now + time, self.next_event), input);
        self.next_event
    }

    fn on_output(&mut self, output: Output) {
        match output {
            Output::Send(burst) => self.on_burst(burst),
            Output::StopSending => {
                if let Some((sent, signal)) = self.sending.take() {
                    self.events.retain(|(_, number), _| *number != sent);
                    self.note(&format!("it cuts short {}", brief(&signal.burst)));
                    if matches!(signal.burst, Burst::Control(_)) && !self.colliding {
                        self.cut_short += 1;
                    }
                }
            }
            Output::NeedPage { index, format, .. } => {
                let index = index + self.pages_over;
                let wanted = usize::try_from(index).ok().and_then(|index| self.page_frames.get(index));
                let octets = match wanted {
                    Some(frames) => frames * 256,
                    None if format.ecm => PAGE_OCTETS_IN_FRAMES,
                    None => PAGE_OCTETS,
                };
                let bits = page_bits(index, octets);
                self.page = index;
                self.supplied.push((index, Arc::clone(&bits)));
                self.after(Duration::from_millis(10), Input::Page(bits));
            }
            Output::PageReceived(page) => self.on_page(&page),
            Output::DocumentOver(over) => {
                self.note(&format!("document over: {} after {} pages", over.cause.word(), over.pages));
                self.pages_over += over.pages;
            }
            Output::Confirmed { .. } | Output::Polled { .. } | Output::Progress(_) | Output::Listen(_) => {}
            Output::Ended(ending) => {
                self.note(&format!("it ends: {} after {} pages", ending.cause.word(), ending.pages));
                self.sending = None;
                self.ending = Some(ending);
            }
        }
    }

    fn on_page(&mut self, page: &ReceivedPage) {
        let sent = &self.sent_pages;
        let plain = sent.contains(&page.bits);
        let in_frames = || (0..4).any(|index| *page_bits(index, page.bits.len()) == *page.bits);
        let broken = page.missing_frames > 0 || page.carrier_losses > 0 || !page.wants_verdict;
        let as_sent = broken || plain || in_frames();
        assert!(as_sent, "a page other than was sent: {} octets", page.bits.len());
        if page.wants_verdict {
            let verdict = self.verdicts.pop_front().unwrap_or(Verdict::Good);
            self.after(Duration::from_millis(20), Input::PageVerdict(verdict));
        }
    }

    fn on_burst(&mut self, burst: Burst) {
        let (_, length) = timeline(burst.clone());
        let signal = Signal { burst, began: self.now, ended: self.now + length };
        if matches!(signal.burst, Burst::Tone(Tone::Cng)) {
            self.heard.push_back(signal);
            return;
        }
        assert!(self.sending.is_none(), "a burst before the last one has left");
        let sent = self.after(length, Input::Sent);
        self.sending = Some((sent, signal));
    }

    /// Lets the time pass.
    fn pass(&mut self, until: Instant) {
        loop {
            let timer = self.deadline().filter(|at| *at <= until && self.ending.is_none());
            let event = self.events.first_key_value().map(|(key, _)| *key).filter(|(at, _)| *at <= until);
            match (timer, event) {
                (None, None) => break,
                (Some(at), event) if event.is_none_or(|(when, _)| at < when) => {
                    self.now = self.now.max(at);
                    self.give(Input::Timeout);
                }
                _ => {
                    let (key, input) = self.events.pop_first().expect("there is an event");
                    self.now = key.0;
                    if matches!(input, Input::Sent)
                        && let Some((_, signal)) = self.sending.take()
                        && !matches!(signal.burst, Burst::Silence(_))
                    {
                        self.note(&format!("< {}", brief(&signal.burst)));
                        self.heard.push_back(signal);
                    }
                    self.give(input);
                }
            }
        }
        self.now = until;
    }

    // The steps.

    fn step(&mut self, step: &Step) -> Result<(), String> {
        match step {
            Step::Wait(milliseconds) => {
                self.nothing_unexpected()?;
                self.pass(self.now.max(self.line_free) + Duration::from_millis(*milliseconds));
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
            Step::Quiet(milliseconds) => {
                self.pass(self.now + Duration::from_millis(*milliseconds));
                if self.sending.is_some() { Err("it speaks".into()) } else { self.nothing_unexpected() }
            }
            Step::HangUp => {
                self.give(Input::Stop(Cause::Disconnected(Phase::A)));
                Ok(())
            }
            Step::While { heard, reply, after, least, most } => {
                let mut count = 0;
                while let Some(signal) = self.next_signal() {
                    let another = self.matches(heard, &signal.burst)?;
                    self.heard.push_front(signal);
                    if !another {
                        break;
                    }
                    self.expect(heard, Gap::Answer)?;
                    count += 1;
                    self.step(&Step::Wait(*after))?;
                    self.send_frames(reply, false)?;
                }
                let counted = (*least..=*most).contains(&count);
                if counted { Ok(()) } else { Err(format!("{count} times, not {least} to {most}")) }
            }
            Step::Expect(expected, gap) => self.expect(expected, *gap),
            Step::End { cause, pages } => self.expect_end(cause, *pages),
            Step::Ced => self.send(vec![(Duration::from_millis(200), Heard::Tone(Tone::Ced))], Duration::from_secs(3)),
            Step::Frames { frames, bad } => self.send_frames(frames, *bad),
            Step::Flags(milliseconds) => {
                let length = Duration::from_millis(*milliseconds);
                let heard = vec![(Duration::from_millis(100), Heard::Preamble), (length, Heard::End)];
                self.send(heard, length)
            }
            Step::Check { modulation, octets, pattern } => {
                let octet = |place: usize| match pattern {
                    Pattern::Zeros => 0,
                    Pattern::Alternating => 0x55,
                    Pattern::Spoilt(count) => u8::from(place < *count) * 0x55,
                };
                let bits: Arc<[u8]> = (0..*octets).map(octet).collect();
                self.send_burst(Burst::Page { modulation: *modulation, training: Training::Long, bits })
            }
            Step::CutPage(modulation) => {
                let page = white_page(0);
                self.send_page(*modulation, &page[..page.len() / 2])
            }
            Step::WhitePage(modulation) => self.send_page(*modulation, &white_page(0)),
            Step::LongRow(modulation, milliseconds) => {
                let bits = u64::from(modulation.bits_per_second()) * milliseconds / 1000;
                self.send_page(*modulation, &white_page(bits))
            }
            Step::Block(block) => self.send_block(block),
        }
    }

    fn send_frames(&mut self, frames: &[Frame], bad: bool) -> Result<(), String> {
        self.dis_heard |= !bad && frames.iter().any(|frame| frame.get(2) == Some(&0x01));
        self.after_ctr = !bad && frames.iter().any(|frame| frame.get(2).map(|code| code & 0x7F) == Some(0x23));
        let (mut heard, length) = timeline(Burst::Control(frames.to_vec()));
        if bad {
            for (_, heard) in &mut heard {
                if matches!(heard, Heard::Frame(_)) {
                    *heard = Heard::DamagedFrame;
                }
            }
        }
        self.send(heard, length)
    }

    fn send_burst(&mut self, burst: Burst) -> Result<(), String> {
        let (heard, length) = timeline(burst);
        self.send(heard, length)
    }

    fn send_page(&mut self, modulation: Modulation, bits: &[u8]) -> Result<(), String> {
        self.sent_pages.push(bits.to_vec());
        self.send_burst(Burst::Page { modulation, training: Training::Long, bits: bits.into() })
    }

    fn send_block(&mut self, block: &Block) -> Result<(), String> {
        let Block { modulation, size, page, block, numbers, bad } = block;
        let content = page_bits(*page, (block + 1) * size * 256);
        let frame = |number: &u8| {
            let from = (block * 256 + usize::from(*number)) * size;
            let mut frame = vec![0xFF, 0xC0, 0x60, number.reverse_bits()];
            frame.extend_from_slice(&content[from..from + size]);
            frame
        };
        let mut frames: Vec<Frame> = numbers.iter().map(frame).collect();
        frames.extend([const { [0xFF, 0xC0, 0x61] }; 3].map(Vec::from));
        let burst = Burst::Block { modulation: *modulation, training: Training::Long, frames };
        let (mut heard, length) = timeline(burst);
        for (_, heard) in &mut heard {
            if matches!(heard, Heard::Frame(frame) if frame[2] == 0x60 && bad.contains(&frame[3].reverse_bits())) {
                *heard = Heard::DamagedFrame;
            }
        }
        self.send(heard, length)
    }

    /// A signal of the tester, after its pause.
    fn send(&mut self, heard: Vec<(Duration, Heard)>, length: Duration) -> Result<(), String> {
        if !self.waited {
            self.pass(self.now.max(self.line_free) + PAUSE);
        }
        self.waited = false;
        self.nothing_unexpected()?;
        if self.ending.is_some() && !self.deaf {
            return Err("it has ended already".into());
        }
        self.note(&format!("> {}", heard.iter().map(|(_, heard)| told(heard)).collect::<Vec<_>>().join(" ")));
        for (time, heard) in heard {
            self.after(time, Input::Heard(heard));
        }
        let until = self.now + length;
        self.pass(until);
        self.line_free = until;
        self.colliding = false;
        Ok(())
    }

    /// The tester is about to send, and nobody else may be.
    fn nothing_unexpected(&mut self) -> Result<(), String> {
        if self.deaf {
            self.heard.clear();
        }
        // Over audio DCN is said in two signals: the tester has hung up at the first.
        let is_dcn = |burst: &Burst| matches!(burst, Burst::Control(frames) if frames[0][2] & 0x7F == DCN);
        while self.has_parted && self.heard.front().is_some_and(|signal| is_dcn(&signal.burst)) {
            self.heard.pop_front();
        }
        self.heard.pop_front().map_or(Ok(()), |signal| Err(format!("unexpected: {}", brief(&signal.burst))))
    }

    fn nothing_more(&mut self) -> Result<(), String> {
        self.pass(self.now + Duration::from_secs(200));
        if self.ending.is_none() {
            return Err("it hangs".into());
        }
        if self.cut_short > 0 && !self.deaf {
            return Err("it broke off a signal of its own".into());
        }
        self.nothing_unexpected()
    }

    fn next_signal(&mut self) -> Option<Signal> {
        let until = self.now + PATIENCE;
        while self.heard.is_empty() && self.now < until && self.ending.is_none() {
            let next = self.events.first_key_value().map(|(key, _)| key.0).into_iter().chain(self.deadline()).min();
            self.pass(next.unwrap_or(until).clamp(self.now, until));
            if next.is_none() {
                break;
            }
        }
        self.heard.pop_front()
    }

    fn expect(&mut self, expected: &Expected, gap: Gap) -> Result<(), String> {
        let signal = self.next_signal().ok_or_else(|| format!("nothing comes instead of {expected:02x?}"))?;
        let found = brief(&signal.burst);
        if !self.matches(expected, &signal.burst)? {
            return Err(format!("{found} instead of {expected:02x?}"));
        }
        let pause = signal.began.saturating_duration_since(self.line_free);
        let (least, most) = match gap {
            Gap::Between(least, most) => (Duration::from_millis(least), Duration::from_millis(most)),
            // T.30 (09/2005) §5.4.3.1, and the pause before the signal; after a training check over audio the value for manual terminals.
            Gap::T4 if self.transport == Transport::Audio && self.after_check => {
                (Duration::from_millis(3825), Duration::from_millis(5175) + LONGEST_PAUSE)
            }
            Gap::T4 => (Duration::from_millis(2550), Duration::from_millis(3450) + LONGEST_PAUSE),
            // What belongs to the same command follows at once.
            Gap::Answer if matches!(expected, Expected::Check(_)) => (SHORTEST_PAUSE, LONGEST_PAUSE),
            Gap::Answer if matches!(expected, Expected::Cng | Expected::Ced) => (Duration::ZERO, PATIENCE),
            Gap::Answer => (SHORTEST_PAUSE, PATIENCE),
        };
        if !(least..=most).contains(&pause) {
            return Err(format!("{found} after {pause:?}, not within {least:?} to {most:?}"));
        }
        self.after_check = matches!(expected, Expected::Check(_));
        self.has_parted |= matches!(expected, Expected::Control(_, DCN, _)) && self.transport == Transport::Audio;
        self.line_free = self.line_free.max(signal.ended);
        if matches!(expected, Expected::Cng) {
            self.line_free = self.now;
        }
        Ok(())
    }

    fn matches(&mut self, expected: &Expected, burst: &Burst) -> Result<bool, String> {
        if let Burst::Page { modulation, training, .. } | Burst::Block { modulation, training, .. } = burst {
            // T.30 (09/2005) §A.4.1: after CTR the long training; V.17 has a short one for all other messages.
            let short = modulation.has_short_training() && !self.after_ctr;
            if (*training == Training::Short) != short {
                return Err(format!("{training:?} training"));
            }
            self.after_ctr = false;
        }
        Ok(match (expected, burst) {
            (Expected::Cng, Burst::Tone(Tone::Cng)) | (Expected::Ced, Burst::Tone(Tone::Ced)) => true,
            (Expected::Check(wanted), Burst::TrainingCheck { modulation }) => wanted == modulation,
            (Expected::Page(wanted, index), Burst::Page { modulation, bits, .. }) => {
                let supplied = self.supplied.iter().rev().find(|(place, _)| place == index);
                wanted == modulation && supplied.is_some_and(|(_, supplied)| supplied == bits)
            }
            (Expected::Block(wanted, numbers), Burst::Block { modulation, frames, .. }) => {
                self.frames.clone_from(frames);
                let (closing, data) = frames.split_last_chunk::<3>().map_or((0, &frames[..]), |(data, closing)| {
                    (closing.iter().filter(|frame| ***frame == [0xFF, 0xC0, 0x61]).count(), data)
                });
                let found: Vec<u8> = data.iter().map(|frame| frame[3].reverse_bits()).collect();
                if closing != 3 {
                    return Err("a block is not closed by three RCP".into());
                }
                wanted == modulation && found == *numbers
            }
            (Expected::Control(before, code, information), Burst::Control(frames)) => {
                self.control(before, *code, information, frames)?
            }
            _ => false,
        })
    }

    fn control(&self, before: &[u8], code: u8, information: &Information, frames: &[Frame]) -> Result<bool, String> {
        let (last, earlier) = frames.split_last().ok_or("a signal without a frame")?;
        let marked = last[..2] == [0xFF, 0xC8] && earlier.iter().all(|frame| frame[..2] == [0xFF, 0xC0]);
        if !marked {
            return Err(format!("address or control field: {frames:02x?}"));
        }
        let wanted = |code: u8| code_for(code, self.dis_heard);
        let mut found = earlier.iter().map(|frame| frame[2]);
        if !before.iter().all(|code| found.any(|other| other == wanted(*code))) || last[2] != wanted(code) {
            return Ok(false);
        }
        let field = &last[3..];
        Ok(match information {
            Information::Any => true,
            Information::Bits(bits) => {
                let capability = Capability::read(field);
                bits.iter().all(|(number, set)| capability.bit(*number) == *set)
            }
            Information::Exactly(octets) => field == octets,
            Information::Following(following) => field == [wanted_following(*following, self.dis_heard)],
            Information::Wanted(numbers) => {
                let mut map = [0_u8; 32];
                for number in numbers {
                    map[usize::from(*number) / 8] |= 0x80 >> (number % 8);
                }
                field == map
            }
            Information::PartialPage(following, page, block, count) => {
                let data = &self.frames[..self.frames.len().saturating_sub(3)];
                let supplied = self.supplied.iter().rev().find(|(place, _)| *place == self.page);
                let content = supplied.map_or(&[][..], |(_, bits)| bits);
                let right = data.iter().all(|frame| {
                    let size = frame.len() - 4;
                    let from = (usize::from(*block) * 256 + usize::from(frame[3].reverse_bits())) * size;
                    let end = content.len().min(from + size);
                    frame[4..].starts_with(content.get(from..end).unwrap_or(&[0xEE]))
                });
                if !right {
                    return Err("frames with other octets than the page's".into());
                }
                let last = u8::try_from(count.unwrap_or(data.len()) - 1).expect("256 at most");
                let counters = [page.reverse_bits(), block.reverse_bits(), last.reverse_bits()];
                field[0] == wanted_following(*following, self.dis_heard) && field[1..] == counters
            }
        })
    }

    fn expect_end(&mut self, cause: &str, pages: u32) -> Result<(), String> {
        let until = self.now + PATIENCE;
        while self.ending.is_none() && self.now < until && self.heard.is_empty() {
            self.pass(self.now + Duration::from_millis(50));
        }
        self.nothing_unexpected()?;
        let ending = self.ending.as_ref().ok_or("it does not end")?;
        let in_all = self.pages_over + ending.pages;
        if (ending.cause.word(), in_all) == (cause, pages) {
            return Ok(());
        }
        Err(format!("it ended {} after {} pages, not {cause} after {pages}", ending.cause.word(), in_all))
    }
}

fn wanted_following(code: u8, has_received_dis: bool) -> u8 {
    if code == 0 { 0 } else { code_for(code, has_received_dis) }
}

fn brief(burst: &Burst) -> String {
    match burst {
        Burst::Control(frames) => {
            let field = |frame: &Frame| format!("{:02x?}", &frame[2..frame.len().min(12)]);
            frames.iter().map(field).collect::<Vec<_>>().join(" ")
        }
        Burst::Page { modulation, bits, .. } => format!("page of {} octets {modulation:?}", bits.len()),
        Burst::Block { modulation, frames, .. } => format!("block of {} frames {modulation:?}", frames.len()),
        other @ (Burst::Tone(_) | Burst::Silence(_) | Burst::TrainingCheck { .. }) => format!("{other:?}"),
    }
}

fn told(heard: &Heard) -> String {
    match heard {
        Heard::Frame(frame) => format!("{:02x?}", &frame[2..frame.len().min(10)]),
        Heard::Bits(bits) => format!("{} octets", bits.len()),
        other @ (Heard::Tone(_) | Heard::Preamble | Heard::Carrier { .. } | Heard::DamagedFrame | Heard::End) => {
            format!("{other:?}")
        }
    }
}

/// A white page in MH, with one row of at least so many bits from EOL to EOL, and RTC.
// T.4 (07/2003) §4.1
fn white_page(longest_row: u64) -> Vec<u8> {
    const ROWS: u32 = 300;
    let mut bits = Vec::new();
    let mut push = |text: &str| bits.extend(text.bytes().map(|bit| bit == b'1'));
    for row in 0..ROWS {
        push("000000000001");
        // 1728 white pels: make-up code and terminating code.
        push("01001101100110101");
        if row == 100 {
            let fill = usize::try_from(longest_row.saturating_sub(29)).expect("a row fits the memory");
            push(&"0".repeat(fill));
        }
    }
    push(&"000000000001".repeat(6));
    let octet =
        |bits: &[bool]| bits.iter().enumerate().fold(0, |octet, (place, bit)| octet | u8::from(*bit) << (7 - place));
    bits.chunks(8).map(octet).collect()
}
