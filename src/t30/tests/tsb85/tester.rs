//! The tester: plays the steps of a script against one of our engines, in virtual time, with the durations of real modems.
//!
//! Beside what a script expects it always holds the device to these: it leaves 75 ms of silence before each signal and within its own,
//! sends one burst at a time, writes the X bit as a station that has (or has not) received a DIS, marks the last frame and
//! only the last as final, sends of a page what its owner gave, and hands to its owner what the tester sent.

mod device;
mod hear;
mod send;

use super::parse::{Gap, Pattern, Step, parse};
use crate::model::{Cause, Phase};
use crate::signal::{Burst, Frame, Heard, Tone, Training};
use crate::t30::{Ending, Input, Procedure, Transport, Verdict};
use device::{after, device, frames_of};
use send::white_page;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The pause before a signal.
// T.30 (09/2005) §5.3.2.4: 75 ms ± 20 ms
const PAUSE: Duration = Duration::from_millis(75);
const SHORTEST_PAUSE: Duration = Duration::from_millis(55);
const LONGEST_PAUSE: Duration = Duration::from_millis(95);

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
