//! What the stages are told by the configuration, checked and in the words of the modules they use.

mod receive;
mod trunk;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

pub use receive::{BlockedCallers, Formats, InboundPeer, InboundWishes, Receive, WhenFull};
pub use trunk::{Identity, NumberUri, Registering, SipServer, Srtp, SrtpWish, Telling, TrunkLine, Watching};

use crate::io::smtp_out;
use crate::mail::SelectionRules;
use crate::model::{Network, Resolution};
use crate::pages::plan;
use crate::policy::address::AddressRules;
use crate::policy::{RetrySettings, Rules, Schedule, Trunks};
use crate::queue::due::Batch;
use crate::signal::Modulation;
use crate::t30::RtnMeaning;
use crate::t38;

/// Everything.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Our name in mails.
    pub hostname: String,
    /// Mail in.
    pub accept: Accept,
    /// Documents to pages.
    pub render: Render,
    /// Calls out.
    pub dial: Dial,
    /// Calls in.
    pub receive: Receive,
    /// What senders are told.
    pub report: Report,
    /// Mail out.
    pub deliver: Deliver,
    /// Captures of calls.
    pub trace: Trace,
}

/// Captures of calls.
#[derive(Clone, Copy, Debug)]
pub struct Trace {
    /// Of which calls one is kept.
    pub keep: Keep,
    /// How long.
    pub keep_for: Duration,
    /// Octets of all together.
    pub max_total: u64,
}

/// Of which calls a capture is kept.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Keep {
    /// Of none.
    None,
    /// Of those that did not end well.
    Failed,
    /// Of all.
    All,
}

/// Mail in.
#[derive(Clone, Debug)]
pub struct Accept {
    /// Who may connect.
    pub peers: Vec<Network>,
    /// How addresses are read.
    pub addresses: AddressRules,
    /// Who may dial what.
    pub rules: Rules,
    /// Largest message, octets.
    pub max_message_bytes: u64,
    /// How long a fax is tried.
    pub lifetime: Duration,
}

/// Documents to pages.
#[derive(Clone, Debug)]
pub struct Render {
    /// The program that draws.
    pub worker: PathBuf,
    /// What is asked of it.
    pub plan: plan::Settings,
    /// Longest time for one document.
    pub timeout: Duration,
    /// Which parts of a mail become pages.
    pub selection: SelectionRules,
}

impl Render {
    /// The same at this resolution.
    #[must_use]
    pub fn at(&self, resolution: Resolution) -> Self {
        let mut render = self.clone();
        render.plan.stock.resolution = resolution;
        render
    }
}

/// How the fax itself is sent and received.
#[derive(Clone, Debug)]
pub struct Fax {
    /// Our identification (TSI, CSI).
    pub station_id: String,
    /// What goes as NSF and NSC; none when empty.
    pub non_standard_facilities: Vec<u8>,
    /// Our name in the header line.
    pub sender_name: String,
    /// Whether pages get a header line.
    pub headline: bool,
    /// Error correction mode.
    pub ecm: bool,
    /// Whether its frames have 64 octets instead of 256.
    pub ecm_small_frames: bool,
    /// The fastest modulation.
    pub max_modulation: Modulation,
    /// What a page not taken well means.
    pub rtn: RtnMeaning,
    /// Error correction of packets that we offer.
    pub error_correction: t38::ErrorCorrection,
    /// Packets repeated behind control data.
    pub control_redundancy: u8,
    /// Packets repeated behind page data.
    pub image_redundancy: u8,
    /// How packets are paced.
    pub pacing: t38::Pacing,
    /// How long it is remembered what calls taught of a number; not at all when zero.
    pub remember: Duration,
}

/// Calls out.
#[derive(Clone, Debug)]
pub struct Dial {
    /// Number to trunk and digits.
    pub trunks: Trunks,
    /// The trunks by name.
    pub lines: BTreeMap<String, TrunkLine>,
    /// Calls at once, over all trunks.
    pub max_calls: usize,
    /// How many faxes one call carries.
    pub batch: Batch,
    /// When to dial again.
    pub retry: RetrySettings,
    /// The fax.
    pub fax: Fax,
    /// Our name in SIP.
    pub user_agent: String,
}

/// What senders are told.
#[derive(Clone, Debug)]
pub struct Report {
    /// Whether receipts are mailed to those who did not ask.
    pub enabled: bool,
    /// Name and address in From.
    pub from_name: String,
    /// The address alone.
    pub from_address: String,
    /// Whether the receipt shows the first page.
    pub thumbnail: bool,
    /// Whether the receipt carries the pages as sent.
    pub attach: Option<Formats>,
}

/// Where outbound mail goes.
#[derive(Clone, Debug)]
pub enum Route {
    /// To a mail server.
    Smarthost(smtp_out::Settings),
    /// Into a Maildir.
    Maildir(PathBuf),
    /// Nowhere is configured: mails wait.
    Nowhere,
}

/// Mail out.
#[derive(Clone, Debug)]
pub struct Deliver {
    /// Where it goes.
    pub route: Route,
    /// When to try again.
    pub retry: Schedule,
    /// How long a mail is tried.
    pub lifetime: Duration,
}
