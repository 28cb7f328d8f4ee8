//! A line that joins a caller and an answerer in virtual time, with the durations of real modems, delay, and faults.

use crate::model::{Cause, Compression, Phase, Resolution, Width};
use crate::signal::{Burst, Frame, Heard, Listen, Modulation, Training};
use crate::t30::capability::Length;
use crate::t30::ecm::FrameSize;
use crate::t30::{
    AnswererSettings, Document, DocumentToSend, Ending, Errand, Input, Output, PageFormat, PageShape, PollSettings,
    Procedure, ReceivedPage, ReceiverSettings, RtnMeaning, SenderSettings, Transport, Verdict,
};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long an echo takes.
const ECHO: Duration = Duration::from_millis(60);
/// A call that is not over by then hangs.
const LONGEST_CALL: Duration = Duration::from_secs(2 * 3600);

pub(super) const CALLER: usize = 0;
pub(super) const ANSWERER: usize = 1;

const EVERY: [Compression; 3] = [Compression::Mh, Compression::Mr, Compression::Mmr];

pub(super) const A4_FINE: PageShape = PageShape { width: Width::A4, resolution: Resolution::Fine, rows: 2292 };

pub(super) fn caller_settings(pages: u32, ecm: bool) -> SenderSettings {
    SenderSettings {
        station_id: "+39 02 1234567".into(),
        documents: vec![DocumentToSend::of(vec![A4_FINE; pages as usize])],
        ecm,
        compressions: EVERY.to_vec(),
        max_modulation: Modulation::V17At14400,
        transport: Transport::InternetAware,
        send_cng: true,
        frame_size: FrameSize::Octets256,
        rtn: RtnMeaning::default(),
    }
}

pub(super) fn answerer_settings() -> ReceiverSettings {
    ReceiverSettings {
        station_id: "+1 555 3000".into(),
        ecm: true,
        max_modulation: Modulation::V17At14400,
        widest: Width::A4,
        finest: Resolution::Superfine,
        longest: Length::Unlimited,
        compressions: EVERY.to_vec(),
        row_time_ms: 0,
        non_standard_facilities: Vec::new(),
        sub_address: false,
        transport: Transport::InternetAware,
        send_ced: true,
    }
}

/// What a caller asks for that fetches.
pub(super) fn poll_settings() -> PollSettings {
    PollSettings {
        receive: ReceiverSettings { station_id: "+39 02 1234567".into(), ..answerer_settings() },
        selective: None,
        password: None,
        send_cng: true,
    }
}

/// An answerer with one document.
pub(super) fn with_document(pages: u32) -> AnswererSettings {
    let document = Document { pages: (0..pages).map(|_| A4_FINE).collect(), selective: None, password: None };
    AnswererSettings { receive: answerer_settings(), documents: vec![document] }
}

/// The first page of the answerer's document has this number in [`page_bits`], so that both ways differ.
pub(super) const fn first_page_of(side: usize) -> u32 {
    if side == CALLER { 0 } else { 100 }
}

/// The caller's documents differ by this.
pub(super) fn first_page_of_document(document: usize) -> u32 {
    u32::try_from(document).unwrap() * 10
}

/// What happens to one thing that should be heard.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Fate {
    Heard,
    Lost,
    Damaged,
    Twice,
    /// Heard, and by who sent it too.
    Echo,
}

/// One thing that should be heard, for the fault to look at.
#[derive(Debug)]
pub(super) struct Item<'a> {
    /// Who sent it.
    pub(super) from: usize,
    /// The number of its burst in the call.
    pub(super) burst: usize,
    /// Its own number in the call.
    pub(super) number: usize,
    pub(super) heard: &'a Heard,
    pub(super) modulation: Option<Modulation>,
}

impl Item<'_> {
    /// The facsimile control field, without X bit, of a frame.
    pub(super) fn code(&self) -> Option<u8> {
        match self.heard {
            Heard::Frame(frame) => frame.get(2).map(|code| code & 0x7F),
            Heard::Tone(_)
            | Heard::Preamble
            | Heard::Carrier { .. }
            | Heard::DamagedFrame
            | Heard::Bits(_)
            | Heard::End => None,
        }
    }
}

type Fault = Box<dyn FnMut(&Item<'_>) -> Fate>;

/// How a call went.
#[derive(Debug)]
pub(super) struct Outcome {
    pub(super) caller: Ending,
    pub(super) answerer: Ending,
    /// What the caller told of documents before the last one begun.
    pub(super) over: Vec<Ending>,
    /// Pages for which the answerer's owner was asked, with its verdict; and those handed over without being asked.
    pub(super) pages: Vec<(ReceivedPage, Option<Verdict>)>,
    pub(super) formats: Vec<(u32, PageFormat)>,
    /// Who got each of `pages`.
    pub(super) takers: Vec<usize>,
    /// The document that was polled.
    pub(super) polled: Option<usize>,
    /// What each end's carrier was told to expect.
    pub(super) listens: [Vec<Listen>; 2],
    pub(super) bursts: usize,
    pub(super) items: usize,
    pub(super) took: Duration,
    /// Names of what was sent, for messages: `0:0.0 Control c1`.
    pub(super) log: Vec<String>,
}

pub(super) struct Line {
    ends: [Procedure; 2],
    now: Instant,
    begin: Instant,
    events: BTreeMap<(Instant, usize), Event>,
    next_event: usize,
    bursts: usize,
    items: usize,
    sending: [Option<(usize, Instant)>; 2],
    pub(super) delay: Duration,
    pub(super) verdict_delay: Duration,
    pub(super) page_octets: usize,
    pub(super) judge: Box<dyn FnMut(&ReceivedPage) -> Verdict>,
    pub(super) fault: Fault,
    endings: [Option<Ending>; 2],
    pages: Vec<(ReceivedPage, Option<Verdict>)>,
    formats: Vec<(u32, PageFormat)>,
    takers: Vec<usize>,
    /// Confirmations told, by side.
    confirmed: [Vec<(usize, u32)>; 2],
    over: Vec<Ending>,
    /// A document withdrawn, and how long after the beginning.
    pub(super) withdraw: Option<(Duration, usize)>,
    /// The caller's pages are all alike.
    pub(super) same_pages: bool,
    polled: Option<usize>,
    listens: [Vec<Listen>; 2],
    log: Vec<String>,
}

#[derive(Debug)]
struct Event {
    to: usize,
    input: Input,
    burst: Option<usize>,
}

/// The page the caller's owner has: not compressible, and other than any other.
pub(super) fn page_bits(index: u32, octets: usize) -> Arc<[u8]> {
    let mut state = u64::from(index) * 7919 + 12345;
    (0..octets)
        .map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 40).to_le_bytes()[0] | 1
        })
        .collect()
}

impl Line {
    pub(super) fn new(caller: SenderSettings, answerer: ReceiverSettings) -> Self {
        let answerer = AnswererSettings { receive: answerer, documents: Vec::new() };
        Self::between(Errand::Send(caller), answerer)
    }

    pub(super) fn between(caller: Errand, answerer: AnswererSettings) -> Self {
        #[expect(clippy::disallowed_methods, reason = "the one base of this test's virtual time")]
        let begin = Instant::now();
        Self {
            ends: [Procedure::caller(caller, begin), Procedure::answerer(answerer, begin)],
            now: begin,
            begin,
            events: BTreeMap::new(),
            next_event: 0,
            bursts: 0,
            items: 0,
            sending: [None, None],
            delay: Duration::from_millis(100),
            verdict_delay: Duration::from_millis(20),
            page_octets: 9000,
            judge: Box::new(|_| Verdict::Good),
            fault: Box::new(|_| Fate::Heard),
            endings: [None, None],
            pages: Vec::new(),
            formats: Vec::new(),
            takers: Vec::new(),
            confirmed: [Vec::new(), Vec::new()],
            over: Vec::new(),
            withdraw: None,
            same_pages: false,
            polled: None,
            listens: [Vec::new(), Vec::new()],
            log: Vec::new(),
        }
    }

    pub(super) fn run(mut self) -> Outcome {
        self.give(ANSWERER, Input::Start);
        self.give(CALLER, Input::Start);
        if let Some((after, document)) = self.withdraw {
            self.after(after, CALLER, Input::Withdraw { document }, None);
        }
        while self.endings.iter().any(Option::is_none) {
            let timer = [CALLER, ANSWERER]
                .into_iter()
                .filter(|side| self.endings[*side].is_none())
                .filter_map(|side| self.deadline(side).map(|at| (at, side)))
                .min();
            let event = self.events.first_key_value().map(|(key, _)| *key);
            assert!(timer.is_some() || event.is_some(), "both wait for ever:\n{}", self.log.join("\n"));
            match (timer, event) {
                (Some((at, side)), key) if key.is_none_or(|(when, _)| at < when) => {
                    self.now = self.now.max(at);
                    self.give(side, Input::Timeout);
                    assert!(self.deadline(side).is_none_or(|next| next > self.now), "a timer that has run out stays");
                }
                _ => {
                    let (key, event) = self.events.pop_first().expect("there is an event");
                    self.now = key.0;
                    if matches!(event.input, Input::Sent) {
                        self.sending[event.to] = None;
                    }
                    self.give(event.to, event.input);
                }
            }
            assert!(self.now - self.begin < LONGEST_CALL, "it hangs:\n{}", self.log.join("\n"));
        }
        let [Some(caller), Some(answerer)] = self.endings else { unreachable!("the loop ran until both ended") };
        let each_page_once =
            |over: &Ending| (1..=over.record.sent).map(|page| (over.document, page)).collect::<Vec<_>>();
        let told = [self.over.iter().chain([&caller]).flat_map(each_page_once).collect(), each_page_once(&answerer)];
        assert_eq!(self.confirmed, told, "confirmations are told one by one:\n{}", self.log.join("\n"));
        Outcome {
            caller,
            answerer,
            over: self.over,
            pages: self.pages,
            formats: self.formats,
            takers: self.takers,
            polled: self.polled,
            listens: self.listens,
            bursts: self.bursts,
            items: self.items,
            took: self.now - self.begin,
            log: self.log,
        }
    }

    fn deadline(&self, side: usize) -> Option<Instant> {
        self.ends[side].deadline()
    }

    fn give(&mut self, side: usize, input: Input) {
        let now = self.now;
        self.ends[side].handle(input, now);
        while let Some(output) = self.ends[side].poll() {
            self.on_output(side, output);
        }
    }

    fn after(&mut self, delay: Duration, to: usize, input: Input, burst: Option<usize>) {
        self.next_event += 1;
        self.events.insert((self.now + delay, self.next_event), Event { to, input, burst });
    }

    fn on_output(&mut self, side: usize, output: Output) {
        assert!(self.endings[side].is_none(), "something comes after the end: {output:?}");
        match output {
            Output::Send(burst) => self.send(side, burst),
            Output::StopSending => self.stop(side),
            Output::NeedPage { document, index, format } => {
                self.formats.push((index, format));
                let number = first_page_of(side) + first_page_of_document(document) + index;
                let bits = page_bits(if self.same_pages { 0 } else { number }, self.page_octets);
                self.after(Duration::from_millis(10), side, Input::Page(bits), None);
            }
            Output::PageReceived(page) => {
                let verdict = page.wants_verdict.then(|| (self.judge)(&page));
                self.takers.push(side);
                if let Some(verdict) = verdict {
                    self.after(self.verdict_delay, side, Input::PageVerdict(verdict), None);
                }
                self.pages.push((page, verdict));
            }
            Output::Confirmed { document, pages } => self.confirmed[side].push((document, pages)),
            Output::DocumentOver(over) => {
                self.log.push(format!("{:?} document {} over", self.now - self.begin, over.document));
                self.over.push(over);
            }
            Output::Polled { document } => self.polled = Some(document),
            Output::Listen(listen) => self.listens[side].push(listen),
            Output::Progress(_) => {}
            Output::Ended(ending) => {
                self.log.push(format!("{:?} {side} ended {:?}", self.now - self.begin, ending.cause));
                self.endings[side] = Some(ending);
                self.stop(side);
                let hang_up = Input::Stop(Cause::Disconnected(Phase::A));
                self.after(self.delay + Duration::from_millis(300), 1 - side, hang_up, None);
            }
        }
    }

    fn stop(&mut self, side: usize) {
        if let Some((burst, _)) = self.sending[side].take() {
            let cut = self.now + self.delay;
            let before = self.events.len();
            self.events.retain(|(at, _), event| event.burst != Some(burst) || event.to != side && *at <= cut);
            if self.events.len() != before {
                self.after(self.delay, 1 - side, Input::Heard(Heard::End), None);
            }
        }
    }

    fn send(&mut self, side: usize, burst: Burst) {
        assert!(self.sending[side].is_none(), "a burst before the last one has left");
        let number = self.bursts;
        self.bursts += 1;
        self.log.push(format!("{:?} {side}:{number} {}", self.now - self.begin, describe(&burst)));
        let modulation = modulation_of(&burst);
        let endless = matches!(burst, Burst::Tone(crate::signal::Tone::Cng));
        let (timeline, length) = timeline(burst);
        for (at, heard) in timeline {
            let item = Item { from: side, burst: number, number: self.items, heard: &heard, modulation };
            self.items += 1;
            let fate = (self.fault)(&item);
            let heard = match fate {
                Fate::Heard => heard,
                Fate::Twice => {
                    self.after(at + self.delay, 1 - side, Input::Heard(heard.clone()), Some(number));
                    heard
                }
                Fate::Echo => {
                    self.after(at + ECHO, side, Input::Heard(heard.clone()), Some(number));
                    heard
                }
                Fate::Lost => continue,
                Fate::Damaged => match heard {
                    Heard::Frame(_) => Heard::DamagedFrame,
                    Heard::Bits(bits) => Heard::Bits(bits.iter().map(|octet| octet ^ 0x55).collect()),
                    other @ (Heard::Tone(_)
                    | Heard::Preamble
                    | Heard::Carrier { .. }
                    | Heard::DamagedFrame
                    | Heard::End) => other,
                },
            };
            self.after(at + self.delay, 1 - side, Input::Heard(heard), Some(number));
        }
        if !endless {
            self.sending[side] = Some((number, self.now));
            self.after(length, side, Input::Sent, Some(number));
        }
    }
}

fn describe(burst: &Burst) -> String {
    match burst {
        Burst::Control(frames) => {
            let codes: Vec<String> =
                frames.iter().map(|frame| format!("{:02x?}", &frame[2..frame.len().min(8)])).collect();
            format!("Control {}", codes.join(" "))
        }
        Burst::Block { frames, modulation, training } => {
            format!("Block of {} {modulation:?} {training:?}", frames.len())
        }
        Burst::Page { bits, modulation, training } => format!("Page of {} {modulation:?} {training:?}", bits.len()),
        other @ (Burst::Tone(_) | Burst::Silence(_) | Burst::TrainingCheck { .. }) => format!("{other:?}"),
    }
}

fn modulation_of(burst: &Burst) -> Option<Modulation> {
    match burst {
        Burst::TrainingCheck { modulation } | Burst::Page { modulation, .. } | Burst::Block { modulation, .. } => {
            Some(*modulation)
        }
        Burst::Tone(_) | Burst::Silence(_) | Burst::Control(_) => None,
    }
}

/// Training times: V.17 Table 3, V.29 §8, V.27ter §2.4.
fn training_time(modulation: Modulation, training: Training) -> Duration {
    Duration::from_millis(match (modulation.family(), training) {
        ("V.17", Training::Long) => 1393,
        ("V.17", Training::Short) => 142,
        ("V.29", _) => 253,
        _ => 943,
    })
}

fn milliseconds(octets: usize, rate: u32) -> Duration {
    Duration::from_micros(octets as u64 * 8_000_000 / u64::from(rate))
}

/// What the far end hears when, and how long the burst is.
pub(super) fn timeline(burst: Burst) -> (Vec<(Duration, Heard)>, Duration) {
    match burst {
        Burst::Tone(tone) => (vec![(Duration::from_millis(200), Heard::Tone(tone))], Duration::from_secs(3)),
        Burst::Silence(length) => (Vec::new(), length),
        Burst::Control(frames) => {
            let start = vec![(Duration::from_millis(100), Heard::Preamble)];
            framed(start, frames, Duration::from_millis(1000), 300)
        }
        Burst::TrainingCheck { modulation } => {
            let rate = modulation.bits_per_second();
            let zeros = vec![0; usize::try_from(rate).unwrap() * 3 / 16];
            plain(modulation, Training::Long, &zeros)
        }
        Burst::Page { modulation, training, bits } => plain(modulation, training, &bits),
        Burst::Block { modulation, training, frames } => {
            let trained = training_time(modulation, training);
            let start = vec![(trained, Heard::Carrier { modulation, training })];
            framed(start, frames, trained, modulation.bits_per_second())
        }
    }
}

fn framed(
    mut heard: Vec<(Duration, Heard)>,
    frames: Vec<Frame>,
    start: Duration,
    rate: u32,
) -> (Vec<(Duration, Heard)>, Duration) {
    let mut at = start;
    for frame in frames {
        at += milliseconds(frame.len() + 3, rate);
        heard.push((at, Heard::Frame(frame)));
    }
    at += Duration::from_millis(20);
    heard.push((at, Heard::End));
    (heard, at)
}

fn plain(modulation: Modulation, training: Training, bits: &[u8]) -> (Vec<(Duration, Heard)>, Duration) {
    let rate = modulation.bits_per_second();
    let mut at = training_time(modulation, training);
    let mut heard = vec![(at, Heard::Carrier { modulation, training })];
    for chunk in bits.chunks(bits.len().div_ceil(6).max(1)) {
        at += milliseconds(chunk.len(), rate);
        heard.push((at, Heard::Bits(chunk.to_vec())));
    }
    at += Duration::from_millis(20);
    heard.push((at, Heard::End));
    (heard, at)
}
