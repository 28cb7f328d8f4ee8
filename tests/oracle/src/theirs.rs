//! SpanDSP's end: its T.38 terminal with its T.30, sending a TIFF file or receiving into one.
//!
//! Its IFP packets travel in faxramp's UDPTL (SpanDSP has none of its own); everything above is SpanDSP's.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use faxramp::image::Bitmap;
use faxramp::image::tiff::{self, FaxPage, Labels, PageImage};
use faxramp::model::{Compression, Resolution};
use faxramp::signal::Modulation;
use faxramp::t38::ifp::{DataKind, FieldKind, Grammar, Packet};
pub use faxramp::t38::udptl::Correction;
use faxramp::t38::udptl::{Delivery, Receiver, Sender};
use spandsp::t30::T30ModemSupport;
pub use spandsp::t38_core::T38TerminalOptions;
use spandsp::t38_core::T38Version;
use tempfile::TempDir;

use crate::end::End;
use crate::spandsp_terminal::Terminal;

/// How often SpanDSP is told that time has passed, as Asterisk and FreeSWITCH do.
pub const TICK: Duration = Duration::from_millis(20);
/// The same in samples at 8000 a second.
const TICK_SAMPLES: i32 = 160;

/// Which modems SpanDSP has; V.27ter always.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Modems {
    /// V.27ter only.
    V27ter,
    /// And V.29.
    V29,
    /// And V.17.
    V17,
    /// V.27ter and V.17, so that V.29 is not on the ladder.
    V17WithoutV29,
}

/// What SpanDSP is to do.
#[derive(Clone, Debug)]
pub struct TheirSettings {
    /// The pages it sends; it receives when there are none.
    pub pages: Vec<FaxPage>,
    /// Whether it is the caller. A caller sends, an answerer receives.
    pub calling: bool,
    /// Error correction mode.
    pub ecm: bool,
    /// Codings it has.
    pub compressions: Vec<Compression>,
    /// Modems it has.
    pub modems: Modems,
    /// A training check at more bits per second than this one's is spoilt on its way to SpanDSP and from it, or
    /// one of a later family.
    pub spoil_above: Option<Modulation>,
    /// The finest resolution it takes.
    pub finest: Resolution,
    /// Its least time of a row, in milliseconds.
    pub row_time_ms: u32,
    /// Its CSI or TSI.
    pub identification: String,
    /// The SUB it sends.
    pub sub_address: Option<String>,
    /// What is added to each datagram so that lost ones can be rebuilt.
    pub correction: Correction,
    /// Send each packet once, whatever SpanDSP asks for: so Asterisk does.
    pub one_copy: bool,
    /// The version of T.38 it speaks.
    pub version: u8,
    /// Ways of other gateways to send: not paced, indicators repeated or left out.
    pub options: T38TerminalOptions,
    /// Whether it leaves time for the tone against talker echo.
    pub talker_echo_protection: bool,
    /// Its `T38FaxMaxDatagram` and ours.
    pub max_datagram_octets: usize,
    /// Answer so many pages or blocks with RNR first.
    pub not_ready: u32,
    /// End the call in phase B with this code of its own.
    pub refuse_with: Option<i32>,
    /// Whether a page is sent again after RTN.
    pub repeats_rejected: bool,
    /// End the telephone call so long after its start, without a word.
    pub vanish_after: Option<Duration>,
    /// Whether an answerer has no file to receive into, so that it cannot receive.
    pub cannot_receive: bool,
}

impl TheirSettings {
    /// An end that does everything it can.
    #[must_use]
    pub fn new(calling: bool, pages: Vec<FaxPage>) -> Self {
        Self {
            pages,
            calling,
            ecm: true,
            compressions: vec![Compression::Mh, Compression::Mr, Compression::Mmr],
            modems: Modems::V17,
            spoil_above: None,
            finest: Resolution::Superfine,
            row_time_ms: 0,
            identification: "+49 30 555 0199".into(),
            sub_address: None,
            correction: Correction::Repeat(3),
            one_copy: false,
            version: 0,
            options: T38TerminalOptions::empty(),
            talker_echo_protection: true,
            max_datagram_octets: MAX_DATAGRAM_OCTETS,
            not_ready: 0,
            refuse_with: None,
            repeats_rejected: true,
            vanish_after: None,
            cannot_receive: false,
        }
    }
}

/// SpanDSP's statistics at the end of a call.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TheirStatistics {
    /// Pages sent and confirmed.
    pub pages_sent: i32,
    /// Pages received.
    pub pages_received: i32,
    /// Bits per second of the last page.
    pub bits_per_second: i32,
    /// Whether error correction was on.
    pub ecm: bool,
    /// Rows it could not read.
    pub bad_rows: i32,
    /// Times RTN was sent or heard.
    pub rejections: i32,
}

/// SpanDSP's end.
pub struct Theirs {
    terminal: Terminal,
    settings: TheirSettings,
    folder: TempDir,
    sender: Sender,
    receiver: Receiver,
    /// The number of the next packet for SpanDSP, which counts itself what is missing.
    number: u16,
    lost_before: u64,
    next_tick: Instant,
    outgoing: VecDeque<Vec<u8>>,
    busy: Duration,
    /// Packets that SpanDSP could not read.
    pub unreadable: u32,
    trace: bool,
    base: Instant,
}

// `T4_SUPPORT_…` and `T4_RESOLUTION_…` of SpanDSP's t4_rx.h, which the bindings leave out.
const ANY_WIDTH_AND_LENGTH: i32 = 0x01 | 0x02 | 0x04 | 0x10000 | 0x20000 | 0x40000;
const RESOLUTION_STANDARD: u32 = 0x1;
const RESOLUTION_FINE: u32 = 0x2;
const RESOLUTION_SUPERFINE: u32 = 0x4;
/// `T30_SUPPORT_IDENTIFICATION` and `T30_SUPPORT_SUB_ADDRESSING` of t30.h.
const FEATURES: u32 = 0x01 | 0x10;
/// `T38FaxMaxDatagram` as Asterisk says it.
const MAX_DATAGRAM_OCTETS: usize = 1400;

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
            sender: Sender::new(settings.max_datagram_octets),
            receiver: Receiver::new(),
            number: 0,
            lost_before: 0,
            next_tick: now,
            outgoing: VecDeque::new(),
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
        let safe = self.terminal.safe();
        let t30 = safe.get_t30_state().expect("a terminal has a T.30 engine");
        let core = safe.get_t38_core_state().expect("a terminal has a T.38 core");
        core.set_t38_version(match settings.version {
            0 => T38Version::V0,
            1 => T38Version::V1,
            2 => T38Version::V2,
            _ => T38Version::V3,
        });
        let modems = match settings.modems {
            Modems::V27ter => T30ModemSupport::V27TER,
            Modems::V29 => T30ModemSupport::V27TER | T30ModemSupport::V29,
            Modems::V17 => T30ModemSupport::V27TER | T30ModemSupport::V29 | T30ModemSupport::V17,
            Modems::V17WithoutV29 => T30ModemSupport::V27TER | T30ModemSupport::V17,
        };
        t30.set_supported_modems(modems | T30ModemSupport::IAF).expect("SpanDSP takes its own modems");
        t30.set_ecm_capability(settings.ecm).expect("SpanDSP takes ECM");
        let coding = |compression: &Compression| match compression {
            Compression::Mh => 2,
            Compression::Mr => 4,
            Compression::Mmr => 8,
        };
        let compressions = settings.compressions.iter().map(coding).sum();
        t30.set_supported_compressions(compressions).expect("SpanDSP takes its own codings");
        t30.set_supported_image_sizes(ANY_WIDTH_AND_LENGTH).expect("SpanDSP takes its own sizes");
        self.terminal.set_resolutions(match settings.finest {
            Resolution::Standard => RESOLUTION_STANDARD,
            Resolution::Fine => RESOLUTION_STANDARD | RESOLUTION_FINE,
            Resolution::Superfine => RESOLUTION_STANDARD | RESOLUTION_FINE | RESOLUTION_SUPERFINE,
        });
        self.terminal.set_features(FEATURES);
        self.terminal.set_row_time(settings.row_time_ms);
        self.terminal.set_identification(&settings.identification, settings.sub_address.as_deref());
        self.terminal.set_retransmit_capable(settings.repeats_rejected);
        self.terminal.set_not_ready(settings.not_ready);
        self.terminal.answer_phase_b_with(settings.refuse_with.unwrap_or(0));
        safe.set_config(settings.options);
        safe.set_tep_mode(settings.talker_echo_protection);
        if self.trace {
            self.terminal.log();
        }
        let file = self.file();
        let name = file.to_str().expect("temporary names are UTF-8");
        if !settings.pages.is_empty() {
            let octets = tiff::write(&settings.pages, &Labels::default()).expect("pages make a file");
            std::fs::write(&file, octets).expect("the disk takes a file");
            t30.set_tx_file(name, -1, -1).expect("SpanDSP takes a file");
        } else if !settings.cannot_receive {
            t30.set_rx_file(name, -1).expect("SpanDSP takes a file");
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
        let Ok(octets) = std::fs::read(self.file()) else { return Vec::new() };
        let pages = tiff::read(&octets).expect("SpanDSP writes good files");
        let bilevel = |page: tiff::Page| {
            assert_eq!(page.damaged_rows, 0, "SpanDSP writes good rows");
            match page.image {
                PageImage::Bilevel(bitmap) => bitmap,
                PageImage::Grey(_) => panic!("a fax page is black and white"),
            }
        };
        pages.into_iter().map(bilevel).collect()
    }

    /// SpanDSP's completion code: 0 is good. Nothing while the call goes on.
    #[must_use]
    pub fn completion(&self) -> Option<i32> {
        self.terminal.completion()
    }

    /// The completion code in SpanDSP's words.
    #[must_use]
    pub fn completion_words(&self) -> String {
        match self.completion() {
            None => "not over".into(),
            Some(code) => match spandsp::t30::T30State::completion_code(code) {
                Some(error) => format!("{error:?}"),
                None => format!("code {code}"),
            },
        }
    }

    /// SpanDSP's own counts.
    #[must_use]
    pub fn statistics(&self) -> TheirStatistics {
        let t30 = self.terminal.safe().get_t30_state().expect("a terminal has a T.30 engine");
        let statistics = t30.get_transfer_statistics();
        TheirStatistics {
            pages_sent: statistics.pages_tx,
            pages_received: statistics.pages_rx,
            bits_per_second: statistics.bit_rate,
            ecm: statistics.error_correcting_mode != 0,
            bad_rows: statistics.bad_rows,
            rejections: statistics.rtn_events,
        }
    }

    /// Identification and sub-address of the far end.
    #[must_use]
    pub fn heard_identification(&self) -> (String, String) {
        self.terminal.heard_identification()
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
            assert!(octets.len() <= self.sender.largest_packet_octets(), "this test needs longer datagrams");
            let datagram = self.sender.send(octets, self.settings.correction);
            let times = if self.settings.one_copy { 1 } else { packet.times.max(1) };
            for _ in 0..times {
                self.outgoing.push_back(datagram.clone());
            }
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
        self.receiver.accept(octets, now).expect("faxramp writes good datagrams");
        self.deliver();
    }

    fn run(&mut self, now: Instant) {
        if self.receiver.deadline().is_some_and(|deadline| deadline <= now) {
            self.receiver.expire(now);
            self.deliver();
        }
        if self.settings.vanish_after.is_some_and(|after| now >= self.base + after) {
            self.hang_up(now);
            self.outgoing.clear();
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
        [Some(self.next_tick), self.receiver.deadline()].into_iter().flatten().min()
    }

    fn sent(&mut self) -> Option<Vec<u8>> {
        self.outgoing.pop_front()
    }

    fn is_over(&self) -> bool {
        self.completion().is_some()
    }

    fn hang_up(&mut self, _now: Instant) {
        if self.completion().is_none() {
            self.terminal.terminate();
        }
    }

    fn busy(&self) -> Duration {
        self.busy
    }
}

impl Theirs {
    fn deliver(&mut self) {
        while let Some(delivery) = self.receiver.poll() {
            let lost = self.receiver.statistics().lost;
            let missing = u16::try_from(lost - self.lost_before).unwrap_or(u16::MAX);
            self.number = self.number.wrapping_add(missing);
            self.lost_before = lost;
            let Delivery::Packet(octets) = delivery else { continue };
            let octets = self.spoil(octets);
            self.show("<", &octets);
            let core = self.terminal.safe().get_t38_core_state().expect("a terminal has a T.38 core");
            let begun = real_time();
            let result = core.rx_ifp_packet(&octets, self.number);
            let spent = begun.elapsed();
            drop(core);
            self.busy += spent;
            if result.is_err() {
                self.unreadable += 1;
            }
            self.number = self.number.wrapping_add(1);
            self.collect();
        }
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
