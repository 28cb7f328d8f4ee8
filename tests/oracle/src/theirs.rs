//! SpanDSP's end: its T.38 terminal with its T.30, sending a TIFF file or receiving into one.
//!
//! Its IFP packets travel in faxramp's UDPTL (SpanDSP has none of its own); everything above is SpanDSP's.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use faxramp::image::Bitmap;
use faxramp::t38::ifp::{DataKind, FieldKind, Grammar, Packet};
pub use faxramp::t38::udptl::Correction;
pub use spandsp::t38_core::T38TerminalOptions;
use spandsp::t38_core::T38Version;
use tempfile::TempDir;

use crate::bindings::Terminal;
use crate::end::End;
use crate::link::Link;
pub use crate::their_settings::{Modems, TheirSettings, TheirStatistics};
use crate::their_settings::{completion_words, read_pages};

/// How often SpanDSP is told that time has passed, as Asterisk and FreeSWITCH do.
pub const TICK: Duration = Duration::from_millis(20);
/// The same in samples at 8000 a second.
const TICK_SAMPLES: i32 = 160;

/// SpanDSP's end.
pub struct Theirs {
    terminal: Terminal,
    settings: TheirSettings,
    folder: TempDir,
    link: Link,
    next_tick: Instant,
    busy: Duration,
    /// Packets that SpanDSP could not read.
    pub unreadable: u32,
    trace: bool,
    base: Instant,
}

impl Theirs {
    /// An end that begins at `now`.
    ///
    /// # Panics
    /// When SpanDSP does not take a setting, or the disk is full.
    #[must_use]
    pub fn new(settings: TheirSettings, now: Instant) -> Self {
        let begun = real_time();
        let terminal = Terminal::new(settings.calling);
        let folder = tempfile::tempdir().expect("a folder for TIFF files");
        let end = Self {
            link: Link::new(settings.max_datagram_octets, settings.correction, settings.one_copy),
            next_tick: now,
            busy: Duration::ZERO,
            unreadable: 0,
            trace: tracing(),
            base: now,
            terminal,
            folder,
            settings,
        };
        end.configure();
        Self { busy: begun.elapsed(), ..end }
    }

    fn configure(&self) {
        let settings = &self.settings;
        settings.configure(self.terminal.procedure(), &self.file());
        let safe = self.terminal.safe();
        let core = safe.get_t38_core_state().expect("a terminal has a T.38 core");
        core.set_t38_version(version(settings.version));
        safe.set_config(settings.options);
        safe.set_tep_mode(settings.talker_echo_protection);
        if self.trace {
            self.terminal.log();
        }
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("pages.tif")
    }

    /// What it received, read back from its file.
    ///
    /// # Panics
    /// When the file cannot be read as black and white pages.
    #[must_use]
    pub fn received(&self) -> Vec<Bitmap> {
        read_pages(&self.file())
    }

    /// SpanDSP's completion code: 0 is good. Nothing while the call goes on.
    #[must_use]
    pub fn completion(&self) -> Option<i32> {
        self.terminal.procedure().completion()
    }

    /// The completion code in SpanDSP's words.
    #[must_use]
    pub fn completion_words(&self) -> String {
        completion_words(self.completion())
    }

    /// SpanDSP's own counts.
    #[must_use]
    pub fn statistics(&self) -> TheirStatistics {
        TheirStatistics::of(self.terminal.procedure())
    }

    /// Identification and sub-address of the far end.
    #[must_use]
    pub fn heard_identification(&self) -> (String, String) {
        self.terminal.procedure().heard_identification()
    }

    fn spoil(&self, ifp: Vec<u8>) -> Vec<u8> {
        let Some(limit) = self.settings.spoil_above else { return ifp };
        let grammar = Grammar::of_version(self.settings.version);
        let Ok((Packet::Data { kind: DataKind::Fast(modulation), mut fields }, grammar)) =
            Packet::decode_tolerantly(&ifp, grammar)
        else {
            return ifp;
        };
        // Nothing but training checks is all zeros at a rate that never passes one.
        if !faxramp::t30::fallback::within(modulation, limit) {
            for field in &mut fields {
                if matches!(field.kind, FieldKind::T4NonEcmData | FieldKind::T4NonEcmSigEnd) {
                    field.data.fill(0x5A);
                }
            }
        }
        Packet::Data { kind: DataKind::Fast(modulation), fields }.encode(grammar)
    }

    fn collect(&mut self) {
        while let Some(packet) = self.terminal.packet() {
            let octets = self.spoil(packet.octets);
            self.show(">", &octets);
            self.link.send(octets, packet.times);
        }
    }

    fn show(&self, direction: &str, octets: &[u8]) {
        if self.trace {
            let at = self.next_tick.saturating_duration_since(self.base);
            let packet = Packet::decode_tolerantly(octets, Grammar::of_version(self.settings.version));
            let text = format!("{packet:?}");
            eprintln!("{at:>9.3?} SpanDSP {direction} {:.200}", text);
        }
    }
}

impl End for Theirs {
    fn datagram(&mut self, octets: &[u8], now: Instant) {
        self.link.accept(octets, now);
        self.deliver();
    }

    fn run(&mut self, now: Instant) {
        self.link.expire(now);
        self.deliver();
        if self.settings.vanish_after.is_some_and(|after| now >= self.base + after) {
            self.hang_up(now);
            self.link.go_silent();
        }
        while self.next_tick <= now {
            let begun = real_time();
            let _ = self.terminal.safe().send_timeout(TICK_SAMPLES);
            self.busy += begun.elapsed();
            self.next_tick += TICK;
            self.collect();
        }
    }

    fn deadline(&self) -> Option<Instant> {
        [Some(self.next_tick), self.link.deadline()].into_iter().flatten().min()
    }

    fn sent(&mut self) -> Option<Vec<u8>> {
        self.link.sent()
    }

    fn is_over(&self) -> bool {
        self.completion().is_some()
    }

    fn hang_up(&mut self, _now: Instant) {
        if self.completion().is_none() {
            self.terminal.procedure().terminate();
        }
    }

    fn busy(&self) -> Duration {
        self.busy
    }
}

impl Theirs {
    fn deliver(&mut self) {
        while let Some((octets, number)) = self.link.received() {
            let octets = self.spoil(octets);
            self.show("<", &octets);
            let core = self.terminal.safe().get_t38_core_state().expect("a terminal has a T.38 core");
            let begun = real_time();
            let result = core.rx_ifp_packet(&octets, number);
            let spent = begun.elapsed();
            drop(core);
            self.busy += spent;
            if result.is_err() {
                self.unreadable += 1;
            }
            self.collect();
        }
    }
}

/// SpanDSP's name of a version of T.38.
pub(crate) const fn version(number: u8) -> T38Version {
    match number {
        0 => T38Version::V0,
        1 => T38Version::V1,
        2 => T38Version::V2,
        _ => T38Version::V3,
    }
}

/// Whether the environment asks for every packet: `ORACLE_TRACE=1`, best with one test only.
#[must_use]
pub fn tracing() -> bool {
    std::env::var_os("ORACLE_TRACE").is_some()
}

/// The computer's clock, to count what an end costs; the call itself runs in virtual time.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "what an end costs is real time")]
pub fn real_time() -> Instant {
    Instant::now()
}
