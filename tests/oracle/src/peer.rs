//! An end of either maker, for what is measured of all four pairs alike.

use std::time::{Duration, Instant};

use faxramp::image::Bitmap;
use faxramp::image::tiff::FaxPage;
use faxramp::model::Cause;
use faxramp::t30::{ReceiverSettings, SenderSettings};
use faxramp::t38::{self, ErrorCorrection, Pacing};

use crate::end::End;
use crate::ours::{Ours, answerer_settings, caller_settings};
use crate::theirs::{Correction, T38TerminalOptions, TheirSettings, Theirs};

/// Who made it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Maker {
    /// This is ours.
    Faxramp,
    /// This is SpanDSP's terminal.
    Spandsp,
    /// This is SpanDSP's terminal as Asterisk has it: packets that SpanDSP wants sent several times are sent once.
    Asterisk,
}

impl Maker {
    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Faxramp => "faxramp",
            Self::Spandsp => "SpanDSP",
            Self::Asterisk => "Asterisk",
        }
    }
}

/// Caller and answerer.
pub type Pair = (Maker, Maker);

/// All pairs, SpanDSP with itself first: it is the measure of the others.
pub const PAIRS: [Pair; 5] = [
    (Maker::Asterisk, Maker::Asterisk),
    (Maker::Spandsp, Maker::Spandsp),
    (Maker::Faxramp, Maker::Spandsp),
    (Maker::Spandsp, Maker::Faxramp),
    (Maker::Faxramp, Maker::Faxramp),
];

/// A pair in words.
#[must_use]
pub fn pair_name((caller, answerer): Pair) -> String {
    format!("{} to {}", caller.name(), answerer.name())
}

/// What both makers can be told.
#[derive(Clone, Copy, Debug)]
pub struct Manner {
    /// Error correction mode.
    pub ecm: bool,
    /// How packets are sent.
    pub pacing: Pacing,
    /// What is added to datagrams.
    pub protection: Protection,
}

/// What is added to datagrams, so that lost ones can be rebuilt.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Protection {
    /// Nothing.
    None,
    /// Earlier packets: each end as it does by itself; SpanDSP three, as in Asterisk.
    Redundancy,
    /// Parities: SpanDSP three over three packets each, as in Asterisk.
    Parity,
}

impl Manner {
    /// Error correction mode and redundancy, paced as modems.
    pub const USUAL: Self = Self { ecm: true, pacing: Pacing::Modem, protection: Protection::Redundancy };

    /// Our settings.
    #[must_use]
    pub fn ours(&self) -> t38::Settings {
        let error_correction = match self.protection {
            Protection::None => ErrorCorrection::None,
            Protection::Redundancy => ErrorCorrection::Redundancy,
            Protection::Parity => ErrorCorrection::Fec,
        };
        t38::Settings { pacing: self.pacing, error_correction, ..t38::Settings::default() }
    }

    fn theirs(&self, one_copy: bool, calling: bool, pages: Vec<FaxPage>) -> TheirSettings {
        let options = match self.pacing {
            Pacing::Modem | Pacing::Auto => T38TerminalOptions::empty(),
            Pacing::Fast => T38TerminalOptions::NO_PACING,
        };
        let correction = match self.protection {
            Protection::None => Correction::None,
            Protection::Redundancy => Correction::Repeat(3),
            Protection::Parity => Correction::Parity { span: 3, entries: 3 },
        };
        TheirSettings { ecm: self.ecm, options, correction, one_copy, ..TheirSettings::new(calling, pages) }
    }
}

/// An end.
pub enum Peer {
    /// Ours.
    Ours(Box<Ours>),
    /// SpanDSP's.
    Theirs(Box<Theirs>),
}

impl Peer {
    /// A caller with pages.
    #[must_use]
    pub fn caller(maker: Maker, manner: &Manner, pages: Vec<FaxPage>, now: Instant) -> Self {
        match maker {
            Maker::Faxramp => {
                let settings = SenderSettings { ecm: manner.ecm, ..caller_settings(&pages) };
                Self::Ours(Box::new(Ours::caller(settings, manner.ours(), pages, now)))
            }
            Maker::Spandsp | Maker::Asterisk => {
                let settings = manner.theirs(maker == Maker::Asterisk, true, pages);
                Self::Theirs(Box::new(Theirs::new(settings, now)))
            }
        }
    }

    /// An answerer.
    #[must_use]
    pub fn answerer(maker: Maker, manner: &Manner, now: Instant) -> Self {
        match maker {
            Maker::Faxramp => {
                let settings = ReceiverSettings { ecm: manner.ecm, ..answerer_settings() };
                Self::Ours(Box::new(Ours::answerer(settings, manner.ours(), now)))
            }
            Maker::Spandsp | Maker::Asterisk => {
                let settings = manner.theirs(maker == Maker::Asterisk, false, Vec::new());
                Self::Theirs(Box::new(Theirs::new(settings, now)))
            }
        }
    }

    fn end(&self) -> &dyn End {
        match self {
            Self::Ours(end) => end.as_ref(),
            Self::Theirs(end) => end.as_ref(),
        }
    }

    fn end_mut(&mut self) -> &mut dyn End {
        match self {
            Self::Ours(end) => end.as_mut(),
            Self::Theirs(end) => end.as_mut(),
        }
    }

    /// Whether it believes that all went well.
    #[must_use]
    pub fn is_content(&self) -> bool {
        match self {
            Self::Ours(end) => end.ending.as_ref().is_some_and(|ending| ending.cause == Cause::Sent),
            Self::Theirs(end) => end.completion() == Some(0),
        }
    }

    /// Pages that a caller knows to be confirmed.
    #[must_use]
    pub fn pages_confirmed(&self) -> usize {
        let count = match self {
            Self::Ours(end) => end.ending.as_ref().map_or(0, |ending| ending.pages),
            Self::Theirs(end) => u32::try_from(end.statistics().pages_sent).unwrap_or(0),
        };
        usize::try_from(count).expect("a few pages")
    }

    /// Pages that an answerer holds and has confirmed.
    #[must_use]
    pub fn pages_held(&self) -> Vec<Bitmap> {
        match self {
            Self::Ours(end) => end.confirmed().map(|page| page.decoded.bitmap.clone()).collect(),
            Self::Theirs(end) => end.received(),
        }
    }

    /// How it ended, in words.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::Ours(end) => end
                .ending
                .as_ref()
                .map_or("not over".into(), |ending| format!("{:?}, {} pages", ending.cause, ending.pages)),
            Self::Theirs(end) => end.completion_words(),
        }
    }

    /// Of [`End::busy`], what coding of pages took, where it is known.
    #[must_use]
    pub fn busy_coding(&self) -> Option<Duration> {
        match self {
            Self::Ours(end) => Some(end.busy_coding),
            Self::Theirs(_) => None,
        }
    }
}

impl End for Peer {
    fn datagram(&mut self, octets: &[u8], now: Instant) {
        self.end_mut().datagram(octets, now);
    }

    fn run(&mut self, now: Instant) {
        self.end_mut().run(now);
    }

    fn deadline(&self) -> Option<Instant> {
        self.end().deadline()
    }

    fn sent(&mut self) -> Option<Vec<u8>> {
        self.end_mut().sent()
    }

    fn is_over(&self) -> bool {
        self.end().is_over()
    }

    fn hang_up(&mut self, now: Instant) {
        self.end_mut().hang_up(now);
    }

    fn busy(&self) -> Duration {
        self.end().busy()
    }
}
