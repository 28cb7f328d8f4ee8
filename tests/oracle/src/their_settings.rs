//! What SpanDSP is to do, with whatever carries its T.30.

use std::path::Path;
use std::time::Duration;

use faxramp::image::Bitmap;
use faxramp::image::tiff::{self, FaxPage, Labels, PageImage};
use faxramp::model::{Compression, Resolution};
use faxramp::signal::Modulation;
use faxramp::t38::udptl::Correction;
use spandsp::t30::T30ModemSupport;
use spandsp::t38_core::T38TerminalOptions;

use crate::bindings::Procedure;

// `T4_SUPPORT_…` and `T4_RESOLUTION_…` of SpanDSP's t4_rx.h, which the bindings leave out.
const ANY_WIDTH_AND_LENGTH: i32 = 0x01 | 0x02 | 0x04 | 0x10000 | 0x20000 | 0x40000;
const RESOLUTION_STANDARD: u32 = 0x1;
const RESOLUTION_FINE: u32 = 0x2;
const RESOLUTION_SUPERFINE: u32 = 0x4;
/// Those, R16, 300 × 300 and 400 × 400.
const RESOLUTION_ALL: u32 = 0x7 | 0x8 | 0x100 | 0x400;
/// `T30_SUPPORT_IDENTIFICATION` and `T30_SUPPORT_SUB_ADDRESSING` of t30.h.
const FEATURES: u32 = 0x01 | 0x10 | FEATURES_OF_POLLING;
/// `T30_SUPPORT_SELECTIVE_POLLING`.
const FEATURES_OF_POLLING: u32 = 0x02;
/// `T38FaxMaxDatagram` as Asterisk says it.
const MAX_DATAGRAM_OCTETS: usize = 1400;

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

impl Modems {
    pub(crate) fn mask(self) -> T30ModemSupport {
        match self {
            Self::V27ter => T30ModemSupport::V27TER,
            Self::V29 => T30ModemSupport::V27TER | T30ModemSupport::V29,
            Self::V17 => T30ModemSupport::V27TER | T30ModemSupport::V29 | T30ModemSupport::V17,
            Self::V17WithoutV29 => T30ModemSupport::V27TER | T30ModemSupport::V17,
        }
    }
}

/// What SpanDSP is to do.
#[derive(Clone, Debug)]
pub struct TheirSettings {
    /// The pages it sends, or an answerer hands out; it receives, or a caller fetches, when there are none.
    pub pages: Vec<FaxPage>,
    /// Whether it is the caller.
    pub calling: bool,
    /// The selective address it fetches by.
    pub selective: Option<String>,
    /// The password it fetches or sends with.
    pub password: Option<String>,
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
            selective: None,
            password: None,
            ecm: true,
            compressions: vec![Compression::Mh, Compression::Mr, Compression::Mmr],
            modems: Modems::V17,
            spoil_above: None,
            finest: Resolution::Dots400,
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

    /// Tells the engine all that does not depend on what carries it. `file` is sent, or received into.
    pub(crate) fn configure(&self, procedure: &Procedure, file: &Path) {
        let t30 = procedure.safe();
        t30.set_supported_modems(self.modems.mask() | T30ModemSupport::IAF).expect("SpanDSP takes its own modems");
        t30.set_ecm_capability(self.ecm).expect("SpanDSP takes ECM");
        let coding = |compression: &Compression| match compression {
            Compression::Mh => 2,
            Compression::Mr => 4,
            Compression::Mmr => 8,
        };
        let compressions = self.compressions.iter().map(coding).sum();
        t30.set_supported_compressions(compressions).expect("SpanDSP takes its own codings");
        t30.set_supported_image_sizes(ANY_WIDTH_AND_LENGTH).expect("SpanDSP takes its own sizes");
        procedure.set_resolutions(match self.finest {
            Resolution::Standard => RESOLUTION_STANDARD,
            Resolution::Fine => RESOLUTION_STANDARD | RESOLUTION_FINE,
            Resolution::Superfine => RESOLUTION_STANDARD | RESOLUTION_FINE | RESOLUTION_SUPERFINE,
            Resolution::Dots300 | Resolution::Ultrafine | Resolution::Dots400 => RESOLUTION_ALL,
        });
        procedure.set_features(FEATURES);
        procedure.set_row_time(self.row_time_ms);
        procedure.set_identification(&self.identification, self.sub_address.as_deref());
        procedure.set_polling(self.selective.as_deref(), self.password.as_deref());
        procedure.set_retransmit_capable(self.repeats_rejected);
        procedure.set_not_ready(self.not_ready);
        procedure.answer_phase_b_with(self.refuse_with.unwrap_or(0));
        let name = file.to_str().expect("temporary names are UTF-8");
        if !self.pages.is_empty() {
            let octets = tiff::write(&self.pages, &Labels::default()).expect("pages make a file");
            std::fs::write(file, octets).expect("the disk takes a file");
            t30.set_tx_file(name, -1, -1).expect("SpanDSP takes a file");
        } else if !self.cannot_receive {
            t30.set_rx_file(name, -1).expect("SpanDSP takes a file");
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

impl TheirStatistics {
    pub(crate) fn of(procedure: &Procedure) -> Self {
        let statistics = procedure.safe().get_transfer_statistics();
        Self {
            pages_sent: statistics.pages_tx,
            pages_received: statistics.pages_rx,
            bits_per_second: statistics.bit_rate,
            ecm: statistics.error_correcting_mode != 0,
            bad_rows: statistics.bad_rows,
            rejections: statistics.rtn_events,
        }
    }
}

/// The pages of a file that SpanDSP wrote.
///
/// # Panics
/// When the file cannot be read as black and white pages.
pub(crate) fn read_pages(file: &Path) -> Vec<Bitmap> {
    let Ok(octets) = std::fs::read(file) else { return Vec::new() };
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

/// A completion code in SpanDSP's words.
pub(crate) fn completion_words(code: Option<i32>) -> String {
    match code {
        None => "not over".into(),
        Some(code) => match spandsp::t30::T30State::completion_code(code) {
            Some(error) => format!("{error:?}"),
            None => format!("code {code}"),
        },
    }
}
