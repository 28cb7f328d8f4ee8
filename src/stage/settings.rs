//! What the stages are told by the configuration, checked and in the words of the modules they use.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use crate::call::{Codec, T38Policy};
use crate::io::smtp_out;
use crate::mail::SelectionRules;
use crate::pages::plan;
use crate::policy::address::AddressRules;
use crate::policy::authorize::{Network, Rules};
use crate::policy::{InboundRoutes, RetrySettings, Schedule, Trunks};
use crate::signal::Modulation;
use crate::sip;
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

/// How the fax itself is sent and received.
#[derive(Clone, Debug)]
pub struct Fax {
    /// Our identification (TSI, CSI).
    pub station_id: String,
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
    /// Error correction of packets that we offer.
    pub error_correction: t38::ErrorCorrection,
    /// Packets repeated behind control data.
    pub control_redundancy: u8,
    /// Packets repeated behind page data.
    pub image_redundancy: u8,
    /// How packets are paced.
    pub pacing: t38::Pacing,
}

/// What SIP needs beyond the dialplan.
#[derive(Clone, Debug)]
pub struct TrunkLine {
    /// Where its messages go.
    pub proxy: SocketAddr,
    /// Domain in From, To and the Request-URI.
    pub domain: String,
    /// What to answer a challenge with.
    pub credentials: Option<sip::Credentials>,
    /// Calls at once.
    pub channels: u32,
    /// Voice codecs offered before the switch, best first.
    pub codecs: Vec<Codec>,
    /// How its calls come to T.38.
    pub t38: T38Policy,
    /// How long it may ring.
    pub answer_timeout: Duration,
    /// Longest call.
    pub call_limit: Duration,
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
    /// When to dial again.
    pub retry: RetrySettings,
    /// The fax.
    pub fax: Fax,
    /// Our name in SIP.
    pub user_agent: String,
}

/// One answer to a called number, beyond what routing knows.
#[derive(Clone, Debug)]
pub struct Receive {
    /// Who may call.
    pub peers: Vec<Network>,
    /// Called number to mailboxes.
    pub routes: InboundRoutes,
    /// What each rule of `routes` wants beyond its mailboxes, in the same order.
    pub wishes: Vec<InboundWishes>,
    /// Calls at once, both ways.
    pub max_calls: usize,
    /// How calls come to T.38.
    pub t38: T38Policy,
    /// Longest call.
    pub call_limit: Duration,
    /// In which form a fetched document is attached.
    pub fetched_formats: Formats,
    /// The fax.
    pub fax: Fax,
    /// Our name in SIP.
    pub user_agent: String,
}

impl Receive {
    /// What the rule for `called` wants; the usual where no rule fits any more.
    #[must_use]
    pub fn wishes_for(&self, called: &str) -> InboundWishes {
        let rule = self.routes.route(called).ok();
        let index = rule.and_then(|rule| self.routes.rules().iter().position(|other| std::ptr::eq(other, rule)));
        let wishes = index.and_then(|index| self.wishes.get(index)).copied();
        wishes.unwrap_or(InboundWishes { formats: Formats::Pdf, answer_after: Duration::ZERO })
    }
}

/// What one `[[inbound]]` wants beyond its mailboxes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct InboundWishes {
    /// What is attached.
    pub formats: Formats,
    /// How long it rings before the call is answered.
    pub answer_after: Duration,
}

/// In which form a fax is attached.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Formats {
    /// PDF.
    Pdf,
    /// TIFF.
    Tiff,
    /// Both.
    Both,
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
