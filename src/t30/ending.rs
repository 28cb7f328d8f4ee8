//! How a procedure ended, what was seen on the way, and what is shown meanwhile.
//!
//! Not here: deciding to end (the phases). The mapping to the words everybody uses is [`Cause`] itself.

use super::capability::Capability;
use crate::model::{Cause, Compression, Phase, Resolution, V17Trial, Width};
use crate::signal::Modulation;

/// How a call ended, or a document that others of the call followed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Ending {
    /// The document of ours it speaks of: place in [`SenderSettings::documents`](super::SenderSettings::documents), from 0. Those after
    /// it were not begun.
    pub document: usize,
    /// Whether the DCS of this document was sent. If not, nothing of it was. True where pages come to us.
    pub begun: bool,
    /// Why. `Sent` also for an answerer that heard a DCN in its place.
    pub cause: Cause,
    /// Pages confirmed in this call: those of the document sent, counted from its `first_page`, and those received that we confirmed. Which way
    /// they went is told by [`Record::sent`] and [`Record::received`].
    pub pages: u32,
    /// What was seen.
    pub record: Box<Record>,
}

/// What was seen in a call.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Record {
    /// Pages that the far end confirmed to us, from the first one on without a gap.
    pub sent: u32,
    /// Pages that we confirmed to the far end.
    pub received: u32,
    /// CSI or TSI of the far end, if it sent one.
    pub remote_id: Option<String>,
    /// NSF of the far end, raw.
    pub remote_nsf: Option<Vec<u8>>,
    /// The last DIS or DTC of the far end.
    pub remote_capability: Option<Capability>,
    /// The last DCS of the far end.
    pub remote_command: Option<Capability>,
    /// Sub-address the far end sent.
    pub sub_address: Option<String>,
    /// Sender identification (SID) the far end sent with its pages.
    pub sender_password: Option<String>,
    /// Selective address (SEP) of the document the far end asked for.
    pub selective: Option<String>,
    /// Password (PWD) the far end sent with its request for a document.
    pub password: Option<String>,
    /// Whether a DTC made a document of ours, or of the far end, go in this call.
    pub polled: bool,
    /// Whether our sub-address was sent: the far end may not take one.
    pub sub_address_sent: bool,
    /// Whether our sender identification or, when polling, password was sent: the far end may not take one.
    pub password_sent: bool,
    /// Information field of the last FNV, by which the far end refused something we sent, raw.
    // T.30 (09/2005) §5.3.6.2.13
    pub field_not_valid: Option<Vec<u8>>,
    /// Information field of the last FDM, raw.
    pub file_diagnostics: Option<Vec<u8>>,
    /// CRPs sent or acted on: signals of which one end could read nothing.
    pub command_repeats: u32,
    /// The modulation used last.
    pub modulation: Option<Modulation>,
    /// Whether error correction was used.
    pub ecm: bool,
    /// The coding used last.
    pub compression: Option<Compression>,
    /// The resolution used last.
    pub resolution: Option<Resolution>,
    /// Training checks after the first.
    pub retrains: u32,
    /// What became of V.17, in the call up to here, where we sent.
    pub v17: V17Trial,
    /// Partial page requests sent or received.
    pub partial_page_requests: u32,
    /// One for each page begun, in the order of the line.
    pub pages: Vec<PageRecord>,
}

/// Pages kept in [`Record::pages`]; later ones are not recorded. No call has time for more.
pub const MAX_PAGE_RECORDS: usize = 2000;

impl Record {
    /// Notes a page; beyond [`MAX_PAGE_RECORDS`] it is dropped.
    pub(super) fn add_page(&mut self, page: PageRecord) {
        self.modulation = Some(page.modulation);
        self.ecm = page.ecm;
        self.compression = Some(page.compression);
        self.resolution = Some(page.resolution);
        if self.pages.len() < MAX_PAGE_RECORDS {
            self.pages.push(page);
        }
    }
}

/// One page on the line. A page sent again after RTN has a record for each time.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PageRecord {
    /// Sender: place in the list of pages. Receiver: count of pages, from 0.
    pub index: u32,
    /// Rate at its end.
    pub modulation: Modulation,
    /// Whether error correction was on.
    pub ecm: bool,
    /// Coding.
    pub compression: Compression,
    /// Width.
    pub width: Width,
    /// Resolution.
    pub resolution: Resolution,
    /// Octets of coded page, without repeats.
    pub octets: u32,
    /// Partial page requests within it.
    pub partial_page_requests: u32,
    /// Whether it was confirmed.
    pub confirmed: bool,
}

/// For a live display; sent when something in it changes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Progress {
    /// Phase of the procedure.
    pub phase: Phase,
    /// The document of ours that is under way, as in [`Ending::document`].
    pub document: usize,
    /// Page under way, from 0, as in [`PageRecord::index`].
    pub page: u32,
    /// Modulation agreed.
    pub modulation: Option<Modulation>,
    /// Block of error correction under way, from 0.
    pub block: Option<u32>,
    /// Frames of this block known to have arrived.
    pub frames_acknowledged: u32,
    /// Frames of this block.
    pub frames_total: u32,
    /// Identification of the far end.
    pub remote_id: Option<String>,
    /// Sub-address the far end sent.
    pub sub_address: Option<String>,
}

/// Whether nobody would hear a DCN after this.
#[must_use]
pub(super) const fn line_is_gone(cause: &Cause) -> bool {
    match cause {
        Cause::Disconnected(_)
        | Cause::PollRefused
        | Cause::MediaLost
        | Cause::Heard(_)
        | Cause::TrunkDown
        | Cause::NoCommonTransport => true,
        Cause::Sent
        | Cause::LastConfirmationLost
        | Cause::Busy
        | Cause::NoAnswer
        | Cause::Unallocated
        | Cause::Rejected
        | Cause::Congestion { .. }
        | Cause::TrunkAuthentication
        | Cause::TrunkEncryption
        | Cause::NoFaxHeard
        | Cause::Incompatible(_)
        | Cause::TrainingFailed
        | Cause::NoResponse(_)
        | Cause::PageRejected
        | Cause::NothingToPoll
        | Cause::PollPassword
        | Cause::ProtocolError(_)
        | Cause::TooLong
        | Cause::Interrupted
        | Cause::Cancelled
        | Cause::CannotRender(_)
        | Cause::TooManyPages { .. }
        | Cause::Expired
        | Cause::Local(_) => false,
    }
}
