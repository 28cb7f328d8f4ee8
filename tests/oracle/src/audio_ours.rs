//! faxramp's end of a call over audio: T.30 over its modems, coupled as the daemon couples them.

use std::time::{Duration, Instant};

use faxramp::dsp::FRAME_SAMPLES;
use faxramp::image::quality::{self, CopyQuality};
use faxramp::image::tiff::FaxPage;
use faxramp::model::{Cause, Phase};
use faxramp::modem::{self, Counts};
use faxramp::rtp::playout::{Frame, Part};
use faxramp::t30::{self, AnswererSettings, Ending, Errand, PageFormat, Procedure, Verdict};

use crate::audio::{AudioEnd, Samples};
use crate::ours::{Received, code, decode};
use crate::theirs::{real_time, tracing};

/// faxramp's end.
pub struct AudioOurs {
    procedure: Procedure,
    terminal: modem::Terminal,
    pages: Vec<FaxPage>,
    /// What came, confirmed or not.
    pub received: Vec<Received>,
    /// Pages that were coded for the line.
    pub coded: Vec<(u32, PageFormat)>,
    /// How it ended.
    pub ending: Option<Ending>,
    /// Whether a single row that could not be read is answered RTN; otherwise pages are judged as the daemon does.
    pub is_strict: bool,
    /// What was heard last.
    last: Samples,
    busy: Duration,
    /// Of `busy`, what coding and decoding of pages took.
    pub busy_coding: Duration,
    trace: bool,
    base: Instant,
}

impl AudioOurs {
    /// A caller.
    #[must_use]
    pub fn caller(errand: Errand, settings: &modem::Settings, pages: Vec<FaxPage>, now: Instant) -> Self {
        Self::start(Procedure::caller(errand, now), settings, pages, now)
    }

    /// An answerer; `pages` are those of its document, if it has one.
    #[must_use]
    pub fn answerer(answerer: AnswererSettings, settings: &modem::Settings, pages: Vec<FaxPage>, now: Instant) -> Self {
        Self::start(Procedure::answerer(answerer, now), settings, pages, now)
    }

    fn start(mut procedure: Procedure, settings: &modem::Settings, pages: Vec<FaxPage>, now: Instant) -> Self {
        let begun = real_time();
        let terminal = modem::Terminal::new(settings, now);
        procedure.handle(t30::Input::Start, now);
        let mut end = Self {
            procedure,
            terminal,
            pages,
            received: Vec::new(),
            coded: Vec::new(),
            ending: None,
            is_strict: true,
            last: [0; FRAME_SAMPLES],
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

    /// What the modems counted.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.terminal.counts()
    }

    /// Whether a signal of its own is on the line, so that nothing but echo can come.
    #[must_use]
    pub const fn is_speaking(&self) -> bool {
        self.terminal.is_speaking()
    }

    /// What the playout made of 20 ms, as the daemon passes it on: what was sent, what was lost and made up, and what was sent again.
    pub fn hear_frame(&mut self, frame: &Frame<'_>, now: Instant) {
        for part in frame.parts() {
            self.take(
                match part {
                    Part::Came(samples) => modem::Input::Samples(samples),
                    Part::MadeUp(samples) => modem::Input::Concealed(samples),
                },
                now,
            );
        }
    }

    fn settle(&mut self, now: Instant) {
        loop {
            if let Some(output) = self.procedure.poll() {
                self.show(now, &output);
                self.on_procedure(output, now);
            } else if let Some(output) = self.terminal.poll() {
                let input = match output {
                    modem::Output::Heard(heard) => {
                        self.show(now, &heard);
                        t30::Input::Heard(heard)
                    }
                    modem::Output::Sent => t30::Input::Sent,
                };
                self.procedure.handle(input, now);
            } else {
                return;
            }
        }
    }

    fn on_procedure(&mut self, output: t30::Output, now: Instant) {
        match output {
            t30::Output::Send(burst) => self.terminal.handle(modem::Input::Send(burst), now),
            t30::Output::StopSending => self.terminal.handle(modem::Input::StopSending, now),
            t30::Output::Listen(listen) => self.terminal.handle(modem::Input::Listen(listen), now),
            t30::Output::NeedPage { index, format, .. } => {
                let begun = real_time();
                let bits = code(&self.pages[index as usize], index, format);
                self.coded.push((index, format));
                self.busy_coding += begun.elapsed();
                self.procedure.handle(t30::Input::Page(bits), now);
            }
            t30::Output::PageReceived(page) => {
                let begun = real_time();
                let mut received = decode(&page);
                self.busy_coding += begun.elapsed();
                if page.wants_verdict {
                    let verdict = self.verdict(&received);
                    received.verdict = Some(verdict);
                    self.procedure.handle(t30::Input::PageVerdict(verdict), now);
                }
                self.received.push(received);
            }
            t30::Output::Progress(_)
            | t30::Output::Confirmed { .. }
            | t30::Output::DocumentOver(_)
            | t30::Output::Polled { .. } => {}
            t30::Output::Ended(ending) => {
                self.ending = Some(ending);
                self.terminal.handle(modem::Input::Part, now);
            }
        }
    }

    fn verdict(&self, received: &Received) -> Verdict {
        let Received { decoded, format, .. } = received;
        if self.is_strict {
            return if decoded.bad_rows > 0 { Verdict::Bad } else { Verdict::Good };
        }
        match quality::judge(decoded, format.resolution) {
            _ if format.ecm => Verdict::Good,
            CopyQuality::Good => Verdict::Good,
            CopyQuality::Poor => Verdict::Poor,
            CopyQuality::Bad => Verdict::Bad,
        }
    }

    fn take(&mut self, input: modem::Input<'_>, now: Instant) {
        let begun = real_time();
        self.terminal.handle(input, now);
        self.settle(now);
        if self.procedure.deadline().is_some_and(|deadline| deadline <= now) {
            self.procedure.handle(t30::Input::Timeout, now);
            self.settle(now);
        }
        self.busy += begun.elapsed();
    }

    fn show(&self, now: Instant, what: &dyn std::fmt::Debug) {
        if self.trace {
            let text = format!("{what:02x?}");
            eprintln!("{:>9.3?} faxramp {:.200}", now - self.base, text);
        }
    }
}

impl AudioEnd for AudioOurs {
    fn say(&mut self, samples: &mut Samples, now: Instant) {
        let begun = real_time();
        self.terminal.play(samples, now);
        self.settle(now);
        self.busy += begun.elapsed();
    }

    fn hear(&mut self, samples: &mut Samples, now: Instant) {
        self.take(modem::Input::Samples(samples), now);
        self.last = *samples;
    }

    /// The playout makes up something like what was before.
    fn miss(&mut self, now: Instant) {
        let last = self.last;
        self.take(modem::Input::Concealed(&last), now);
    }

    fn is_over(&self) -> bool {
        self.ending.is_some()
    }

    fn hang_up(&mut self, now: Instant) {
        if self.ending.is_none() {
            // The engine knows the phase better.
            self.procedure.handle(t30::Input::Stop(Cause::Disconnected(Phase::B)), now);
            self.settle(now);
        }
    }

    fn busy(&self) -> Duration {
        self.busy
    }
}
