//! faxramp's end: T.30 over T.38, coupled as the daemon couples them.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use faxramp::image::tiff::FaxPage;
use faxramp::image::{self, Coding, DecodeLimits, Decoded};
use faxramp::model::{Cause, Compression, Phase, Resolution, Width};
use faxramp::signal::Modulation;
use faxramp::t30::capability::Length;
use faxramp::t30::{
    self, AnswererSettings, DocumentToSend, Ending, Errand, PageFormat, PageShape, Procedure, ReceivedPage,
    ReceiverSettings, SenderSettings, Transport, Verdict,
};
use faxramp::t38;

use crate::end::End;
use crate::theirs::{real_time, tracing};

/// How a received page is answered, and how long the owner thinks about it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Judgement {
    /// The answer.
    pub verdict: Verdict,
    /// How long storing it takes.
    pub after: Duration,
}

impl Judgement {
    /// Stored at once.
    pub const GOOD: Self = Self { verdict: Verdict::Good, after: Duration::ZERO };
}

/// A page as it was received.
#[derive(Clone, Debug)]
pub struct Received {
    /// As T.30 gave it, without the bits.
    pub format: PageFormat,
    /// How it ended.
    pub ended: t30::PageEnd,
    /// Frames that came damaged, then were repaired.
    pub damaged_frames: u32,
    /// Its picture.
    pub decoded: Decoded,
    /// What we answered, if we were asked.
    pub verdict: Option<Verdict>,
}

/// faxramp's end.
pub struct Ours {
    procedure: Procedure,
    terminal: t38::Terminal,
    pages: Vec<FaxPage>,
    /// What came, confirmed or not.
    pub received: Vec<Received>,
    /// Pages that were coded for the line.
    pub coded: Vec<(u32, PageFormat)>,
    /// Answers to the first pages; later ones are good.
    pub judgements: VecDeque<Judgement>,
    /// When a person cancels.
    pub cancel_at: Option<Instant>,
    /// How it ended.
    pub ending: Option<Ending>,
    verdict_due: Option<(Instant, Verdict)>,
    outgoing: VecDeque<Vec<u8>>,
    busy: Duration,
    /// Of `busy`, what coding and decoding of pages took.
    pub busy_coding: Duration,
    trace: bool,
    base: Instant,
}

/// What T.30 has to know of pages.
///
/// # Panics
/// When a page is as wide as no fax line.
#[must_use]
pub fn shapes(pages: &[FaxPage]) -> Vec<PageShape> {
    let shape = |page: &FaxPage| PageShape {
        width: Width::from_pels(page.bitmap.width(), page.resolution).expect("test pages have fax widths"),
        resolution: page.resolution,
        rows: page.bitmap.rows(),
    };
    pages.iter().map(shape).collect()
}

/// A caller that offers everything; tests take away.
#[must_use]
pub fn caller_settings(pages: &[FaxPage]) -> SenderSettings {
    SenderSettings {
        station_id: "+44 20 555 0123".into(),
        documents: vec![DocumentToSend::of(shapes(pages))],
        ecm: true,
        compressions: vec![Compression::Mh, Compression::Mr, Compression::Mmr],
        max_modulation: Modulation::V17At14400,
        transport: Transport::InternetAware,
        send_cng: true,
        frame_size: t30::ecm::FrameSize::Octets256,
        rtn: t30::RtnMeaning::default(),
    }
}

/// An answerer that offers everything; tests take away.
#[must_use]
pub fn answerer_settings() -> ReceiverSettings {
    ReceiverSettings {
        station_id: "+44 20 555 0123".into(),
        non_standard_facilities: Vec::new(),
        ecm: true,
        max_modulation: Modulation::V17At14400,
        widest: Width::A3,
        finest: Resolution::Dots400,
        longest: Length::Unlimited,
        compressions: vec![Compression::Mh, Compression::Mr, Compression::Mmr],
        row_time_ms: 0,
        sub_address: true,
        transport: Transport::InternetAware,
        send_ced: true,
    }
}

/// A page as the line takes it.
///
/// # Panics
/// When the far end does not take its width or resolution.
pub(crate) fn code(page: &FaxPage, index: u32, format: PageFormat) -> Arc<[u8]> {
    let width = format.width.pels(format.resolution);
    assert_eq!(width, page.bitmap.width(), "the far end takes the width of page {index}");
    assert_eq!(format.resolution, page.resolution, "the far end takes the resolution of page {index}");
    let coding = Coding {
        compression: format.compression,
        two_dimensional_every: format.two_dimensional_every,
        minimum_row_bits: format.minimum_row_bits,
    };
    image::encode(&page.bitmap, &coding).into()
}

/// A page from the line, not judged.
pub(crate) fn decode(page: &ReceivedPage) -> Received {
    let format = page.format;
    let width = format.width.pels(format.resolution);
    let decoded = image::decode(&page.bits, format.compression, width, DecodeLimits::default());
    Received { format, ended: page.ended, damaged_frames: page.damaged_frames, decoded, verdict: None }
}

impl Ours {
    /// A caller with its pages.
    #[must_use]
    pub fn caller(settings: SenderSettings, t38: t38::Settings, pages: Vec<FaxPage>, now: Instant) -> Self {
        Self::on_errand(Errand::Send(settings), t38, pages, now)
    }

    /// A caller that sends or fetches.
    #[must_use]
    pub fn on_errand(errand: Errand, t38: t38::Settings, pages: Vec<FaxPage>, now: Instant) -> Self {
        Self::start(Procedure::caller(errand, now), t38, pages, now)
    }

    /// An answerer.
    #[must_use]
    pub fn answerer(receive: ReceiverSettings, t38: t38::Settings, now: Instant) -> Self {
        let settings = AnswererSettings { receive, documents: Vec::new() };
        Self::start(Procedure::answerer(settings, now), t38, Vec::new(), now)
    }

    /// An answerer with a document to be fetched; `pages` are its.
    #[must_use]
    pub fn with_document(settings: AnswererSettings, t38: t38::Settings, pages: Vec<FaxPage>, now: Instant) -> Self {
        Self::start(Procedure::answerer(settings, now), t38, pages, now)
    }

    fn start(mut procedure: Procedure, settings: t38::Settings, pages: Vec<FaxPage>, now: Instant) -> Self {
        let begun = real_time();
        let terminal = t38::Terminal::new(settings, now);
        procedure.handle(t30::Input::Start, now);
        let mut end = Self {
            procedure,
            terminal,
            pages,
            received: Vec::new(),
            coded: Vec::new(),
            judgements: VecDeque::new(),
            cancel_at: None,
            ending: None,
            verdict_due: None,
            outgoing: VecDeque::new(),
            busy: Duration::ZERO,
            busy_coding: Duration::ZERO,
            trace: tracing(),
            base: now,
        };
        end.settle(now);
        end.busy = begun.elapsed();
        end
    }

    /// Pages that were confirmed, in order.
    pub fn confirmed(&self) -> impl Iterator<Item = &Received> {
        self.received.iter().filter(|page| matches!(page.verdict, Some(Verdict::Good | Verdict::Poor)))
    }

    fn stop(&mut self, cause: Cause, now: Instant) {
        self.procedure.handle(t30::Input::Stop(cause), now);
        self.settle(now);
    }

    fn settle(&mut self, now: Instant) {
        loop {
            let mut quiet = true;
            while let Some(output) = self.procedure.poll() {
                quiet = false;
                self.show(now, &output);
                match output {
                    t30::Output::Send(burst) => self.terminal.handle(t38::Input::Send(burst), now),
                    // T.38 says itself what comes.
                    t30::Output::Listen(_) => {}
                    t30::Output::StopSending => self.terminal.handle(t38::Input::StopSending, now),
                    t30::Output::NeedPage { index, format, .. } => {
                        let bits = self.code(index, format);
                        self.procedure.handle(t30::Input::Page(bits), now);
                    }
                    t30::Output::PageReceived(page) => self.page(&page, now),
                    t30::Output::Progress(_)
                    | t30::Output::Confirmed { .. }
                    | t30::Output::DocumentOver(_)
                    | t30::Output::Polled { .. } => {}
                    t30::Output::Ended(ending) => {
                        self.ending = Some(ending);
                        if self.terminal.has_last_word() {
                            self.terminal.handle(t38::Input::Part, now);
                        }
                    }
                }
            }
            while let Some(output) = self.terminal.poll() {
                quiet = false;
                match output {
                    t38::Output::Datagram(datagram) => self.outgoing.push_back(datagram),
                    t38::Output::Heard(heard) => {
                        self.show(now, &heard);
                        self.procedure.handle(t30::Input::Heard(heard), now);
                    }
                    t38::Output::Sent => self.procedure.handle(t30::Input::Sent, now),
                }
            }
            if quiet {
                return;
            }
        }
    }

    fn code(&mut self, index: u32, format: PageFormat) -> Arc<[u8]> {
        let begun = real_time();
        let bits = code(&self.pages[index as usize], index, format);
        self.coded.push((index, format));
        self.busy_coding += begun.elapsed();
        bits
    }

    fn page(&mut self, page: &ReceivedPage, now: Instant) {
        let begun = real_time();
        let mut received = decode(page);
        if page.wants_verdict {
            let judgement = self.judgements.pop_front().unwrap_or(Judgement::GOOD);
            received.verdict = Some(judgement.verdict);
            self.verdict_due = Some((now + judgement.after, judgement.verdict));
        }
        self.received.push(received);
        self.busy_coding += begun.elapsed();
    }

    fn show(&self, now: Instant, what: &dyn std::fmt::Debug) {
        if self.trace {
            let text = format!("{what:?}");
            eprintln!("{:>9.3?} faxramp {:.200}", now - self.base, text);
        }
    }
}

impl End for Ours {
    fn datagram(&mut self, octets: &[u8], now: Instant) {
        let begun = real_time();
        self.terminal.handle(t38::Input::Datagram(octets), now);
        self.settle(now);
        self.busy += begun.elapsed();
    }

    fn run(&mut self, now: Instant) {
        if self.deadline().is_none_or(|deadline| deadline > now) {
            return;
        }
        let begun = real_time();
        if self.cancel_at.is_some_and(|at| at <= now) {
            self.cancel_at = None;
            self.procedure.handle(t30::Input::Stop(Cause::Cancelled), now);
        }
        if let Some((due, verdict)) = self.verdict_due
            && due <= now
        {
            self.verdict_due = None;
            self.procedure.handle(t30::Input::PageVerdict(verdict), now);
        }
        if self.terminal.deadline().is_some_and(|deadline| deadline <= now) {
            self.terminal.handle(t38::Input::Timeout, now);
        }
        if self.procedure.deadline().is_some_and(|deadline| deadline <= now) {
            self.procedure.handle(t30::Input::Timeout, now);
        }
        self.settle(now);
        self.busy += begun.elapsed();
    }

    fn deadline(&self) -> Option<Instant> {
        let verdict = self.verdict_due.map(|(due, _)| due);
        [self.procedure.deadline(), self.terminal.deadline(), verdict, self.cancel_at].into_iter().flatten().min()
    }

    fn sent(&mut self) -> Option<Vec<u8>> {
        self.outgoing.pop_front()
    }

    fn is_over(&self) -> bool {
        self.ending.is_some()
    }

    fn hang_up(&mut self, now: Instant) {
        if self.ending.is_none() {
            // The engine knows the phase better.
            self.stop(Cause::Disconnected(Phase::B), now);
        }
    }

    fn busy(&self) -> Duration {
        self.busy
    }
}
