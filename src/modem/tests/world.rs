//! Two ends, each a procedure of T.30 over a terminal, joined by lines of samples in virtual time.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::dsp::{FRAME_SAMPLES, PEAK_AT_0_DBM0};
use crate::model::{Compression, Resolution, Width};
use crate::modem::{Counts, Input, Output, Settings, Terminal};
use crate::signal::Modulation;
use crate::t30::capability::Length;
use crate::t30::ecm::FrameSize;
use crate::t30::{
    self, AnswererSettings, Document, DocumentToSend, Ending, Errand, PageFormat, PageShape, PollSettings, Procedure,
    ReceivedPage, ReceiverSettings, RtnMeaning, SenderSettings, Transport, Verdict,
};

/// A call that is not over by then hangs.
const LONGEST_CALL: Duration = Duration::from_secs(1800);
/// Of a page, before it is padded.
pub(super) const PAGE_OCTETS: usize = 3000;
pub(super) const CALLER: usize = 0;
pub(super) const ANSWERER: usize = 1;

pub(super) fn sender(pages: usize, ecm: bool, max_modulation: Modulation) -> SenderSettings {
    SenderSettings {
        station_id: "+39 02 1234567".into(),
        documents: vec![DocumentToSend::of(vec![
            PageShape {
                width: Width::A4,
                resolution: Resolution::Fine,
                rows: 2292
            };
            pages
        ])],
        ecm,
        compressions: vec![Compression::Mh, Compression::Mr, Compression::Mmr],
        max_modulation,
        transport: Transport::Audio,
        send_cng: true,
        frame_size: FrameSize::Octets256,
        rtn: RtnMeaning::default(),
    }
}

pub(super) fn receiver() -> ReceiverSettings {
    ReceiverSettings {
        station_id: "+1 555 3000".into(),
        non_standard_facilities: Vec::new(),
        ecm: true,
        max_modulation: Modulation::V17At14400,
        widest: Width::A4,
        finest: Resolution::Superfine,
        longest: Length::Unlimited,
        compressions: vec![Compression::Mh, Compression::Mr, Compression::Mmr],
        row_time_ms: 0,
        sub_address: false,
        transport: Transport::Audio,
        send_ced: true,
    }
}

pub(super) fn poll() -> PollSettings {
    PollSettings {
        receive: ReceiverSettings { station_id: "+39 02 1234567".into(), ..receiver() },
        selective: None,
        password: None,
        send_cng: true,
    }
}

pub(super) fn with_document(pages: usize) -> AnswererSettings {
    let pages = sender(pages, true, Modulation::V17At14400).documents.remove(0).pages;
    AnswererSettings { receive: receiver(), documents: vec![Document { pages, selective: None, password: None }] }
}

/// A page that is coded in no particular way: T.30 does not look.
pub(super) fn page_bits(index: u32, octets: usize) -> Arc<[u8]> {
    let mut state = u64::from(index) * 7919 + 12_345;
    (0..octets)
        .map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 40).to_le_bytes()[0] | 1
        })
        .collect()
}

/// What happens to samples from one end to the other.
pub(super) struct Wire {
    delay: VecDeque<i16>,
    /// Level of what comes back to who sent it, and after how long.
    pub(super) echo: Option<(f32, VecDeque<i16>)>,
    pub(super) gain: f32,
    pub(super) noise_dbm0: Option<f32>,
    /// Of a thousand frames, those lost.
    pub(super) lost_per_mille: u64,
    /// Whether the terminal is told; a lost frame is then the one before, otherwise zeros.
    pub(super) is_told: bool,
    last: Vec<i16>,
    is_lost: bool,
    pub(super) chance: u64,
}

impl Wire {
    pub(super) fn new(delay_ms: usize) -> Self {
        Self {
            delay: vec![0; delay_ms * 8].into(),
            echo: None,
            gain: 0.5,
            noise_dbm0: None,
            lost_per_mille: 0,
            is_told: true,
            last: vec![0; FRAME_SAMPLES],
            is_lost: false,
            chance: 0x2545_F491_4F6C_DD1D,
        }
    }

    fn random(&mut self) -> u64 {
        self.chance ^= self.chance << 13;
        self.chance ^= self.chance >> 7;
        self.chance ^= self.chance << 17;
        self.chance >> 20
    }

    fn gauss(&mut self) -> f32 {
        (0..12).map(|_| (self.random() >> 20) as f32 / (1_u64 << 24) as f32).sum::<f32>() - 6.0
    }

    fn carry(&mut self, samples: &mut [i16], echo_of_other: &[i16]) {
        for (sample, echo) in samples.iter_mut().zip(echo_of_other) {
            self.delay.push_back(*sample);
            let mut value = f32::from(self.delay.pop_front().unwrap_or(0)) * self.gain + f32::from(*echo);
            if let Some(level) = self.noise_dbm0 {
                value += self.gauss() * PEAK_AT_0_DBM0 / 2.0_f32.sqrt() * 10_f32.powf(level / 20.0);
            }
            *sample = value as i16;
        }
        self.is_lost = self.lost_per_mille > 0 && self.random() % 1000 < self.lost_per_mille;
        if self.is_lost && self.is_told {
            samples.copy_from_slice(&self.last);
        } else if self.is_lost {
            samples.fill(0);
        }
        self.last.copy_from_slice(samples);
    }

    /// What of these samples comes back.
    fn come_back(&mut self, sent: &[i16]) -> Vec<i16> {
        let Some((gain, delay)) = &mut self.echo else { return vec![0; sent.len()] };
        sent.iter()
            .map(|sample| {
                delay.push_back(*sample);
                (f32::from(delay.pop_front().unwrap_or(0)) * *gain) as i16
            })
            .collect()
    }
}

struct End {
    procedure: Procedure,
    terminal: Terminal,
    ending: Option<Ending>,
    sent: Vec<u32>,
    page_octets: usize,
}

/// How a call went.
#[derive(Debug)]
pub(super) struct Outcome {
    pub(super) caller: Ending,
    pub(super) answerer: Ending,
    pub(super) counts: [Counts; 2],
    pub(super) pages: Vec<ReceivedPage>,
    pub(super) formats: Vec<PageFormat>,
    pub(super) took: Duration,
    pub(super) log: Vec<String>,
}

pub(super) struct World {
    ends: [End; 2],
    pub(super) wires: [Wire; 2],
    pages: Vec<ReceivedPage>,
    formats: Vec<PageFormat>,
    begin: Instant,
    now: Instant,
    log: Vec<String>,
}

impl World {
    pub(super) fn new(errand: Errand, answerer: AnswererSettings) -> Self {
        Self::with(errand, answerer, &Settings::default())
    }

    pub(super) fn sending(send: SenderSettings) -> Self {
        Self::new(Errand::Send(send), AnswererSettings { receive: receiver(), documents: Vec::new() })
    }

    pub(super) fn with(errand: Errand, answerer: AnswererSettings, settings: &Settings) -> Self {
        #[expect(clippy::disallowed_methods, reason = "the one base of this test's virtual time")]
        let begin = Instant::now();
        let end = |procedure| End {
            procedure,
            terminal: Terminal::new(settings, begin),
            ending: None,
            sent: Vec::new(),
            page_octets: PAGE_OCTETS,
        };
        Self {
            ends: [end(Procedure::caller(errand, begin)), end(Procedure::answerer(answerer, begin))],
            wires: [Wire::new(60), Wire::new(60)],
            pages: Vec::new(),
            formats: Vec::new(),
            begin,
            now: begin,
            log: Vec::new(),
        }
    }

    pub(super) fn run(mut self) -> Outcome {
        for side in [ANSWERER, CALLER] {
            self.tell(side, t30::Input::Start);
        }
        let mut frames = [[0_i16; FRAME_SAMPLES]; 2];
        while self.ends.iter().any(|end| end.ending.is_none()) {
            self.now += Duration::from_millis(20);
            for (end, frame) in self.ends.iter_mut().zip(&mut frames) {
                end.terminal.play(frame, self.now);
            }
            let back = [self.wires[0].come_back(&frames[0]), self.wires[1].come_back(&frames[1])];
            self.wires[0].carry(&mut frames[0], &back[1]);
            self.wires[1].carry(&mut frames[1], &back[0]);
            for side in [CALLER, ANSWERER] {
                self.settle(side);
                let wire = &self.wires[1 - side];
                let samples = frames[1 - side].as_slice();
                let is_hole = wire.is_lost && wire.is_told;
                let input = if is_hole { Input::Concealed(samples) } else { Input::Samples(samples) };
                self.ends[side].terminal.handle(input, self.now);
                self.settle(side);
                if self.ends[side].procedure.deadline().is_some_and(|at| at <= self.now) {
                    self.tell(side, t30::Input::Timeout);
                }
            }
            assert!(self.now - self.begin < LONGEST_CALL, "it hangs:\n{}", self.log.join("\n"));
        }
        let [caller, answerer] = self.ends;
        Outcome {
            counts: [caller.terminal.counts(), answerer.terminal.counts()],
            caller: caller.ending.expect("the loop ran until both ended"),
            answerer: answerer.ending.expect("the loop ran until both ended"),
            pages: self.pages,
            formats: self.formats,
            took: self.now - self.begin,
            log: self.log,
        }
    }

    fn note(&mut self, side: usize, what: &str) {
        let at = (self.now - self.begin).as_secs_f32();
        let mut what = what.to_owned();
        if what.len() > 150 {
            what.truncate(150);
        }
        self.log.push(format!("{at:7.2} {side} {what}"));
    }

    fn tell(&mut self, side: usize, input: t30::Input) {
        if self.ends[side].ending.is_none() {
            self.ends[side].procedure.handle(input, self.now);
            self.settle(side);
        }
    }

    fn settle(&mut self, side: usize) {
        loop {
            if let Some(output) = self.ends[side].procedure.poll() {
                self.on_procedure(side, output);
            } else if let Some(output) = self.ends[side].terminal.poll() {
                let input = match output {
                    Output::Heard(heard) => {
                        if !matches!(heard, crate::signal::Heard::Bits(_)) {
                            self.note(side, &format!("heard {heard:02x?}"));
                        }
                        t30::Input::Heard(heard)
                    }
                    Output::Sent => {
                        self.note(side, "sent");
                        t30::Input::Sent
                    }
                };
                if self.ends[side].ending.is_none() {
                    self.ends[side].procedure.handle(input, self.now);
                }
            } else {
                return;
            }
        }
    }

    fn on_procedure(&mut self, side: usize, output: t30::Output) {
        let now = self.now;
        match output {
            t30::Output::Send(burst) => {
                self.note(side, &format!("sends {burst:02x?}"));
                self.ends[side].terminal.handle(Input::Send(burst), now);
            }
            t30::Output::StopSending => self.ends[side].terminal.handle(Input::StopSending, now),
            t30::Output::Listen(listen) => {
                self.note(side, &format!("listens for {listen:?}"));
                self.ends[side].terminal.handle(Input::Listen(listen), now);
            }
            t30::Output::NeedPage { index, format, .. } => {
                self.formats.push(format);
                self.ends[side].sent.push(index);
                let bits = page_bits(index, self.ends[side].page_octets);
                self.ends[side].procedure.handle(t30::Input::Page(bits), now);
            }
            t30::Output::PageReceived(page) => {
                if page.wants_verdict {
                    self.ends[side].procedure.handle(t30::Input::PageVerdict(Verdict::Good), now);
                }
                self.pages.push(page);
            }
            t30::Output::Confirmed { .. }
            | t30::Output::DocumentOver(_)
            | t30::Output::Polled { .. }
            | t30::Output::Progress(_) => {}
            t30::Output::Ended(ending) => {
                self.note(side, &format!("ended {:?}", ending.cause));
                self.ends[side].terminal.handle(Input::Part, now);
                self.ends[side].ending = Some(ending);
            }
        }
    }
}
