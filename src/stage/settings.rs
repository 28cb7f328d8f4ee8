//! What the stages are told by the configuration, checked and in the words of the modules they use.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::call::{Codec, T38Policy};
use crate::io::smtp_out;
use crate::mail::SelectionRules;
use crate::model::{Network, NumberPattern, Resolution};
use crate::pages::plan;
use crate::policy::address::AddressRules;
use crate::policy::{InboundRoutes, RetrySettings, Rules, Schedule, Trunks};
use crate::queue::due::Batch;
use crate::signal::Modulation;
use crate::sip::{self, CalledFrom};
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
    /// How long it is remembered what T.38 came to with a number; not at all when zero.
    pub remember: Duration,
}

/// A SIP server as it is configured; where it is now is looked up for each call.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SipServer {
    /// Its host, and port and transport when they are given.
    pub place: sip::Place,
    /// What becomes of requests too large for a datagram.
    pub large: sip::Large,
    /// Whom it must prove to be when TLS is spoken.
    pub tls: Arc<sip::TlsPeer>,
}

/// What SIP needs beyond the dialplan.
#[derive(Clone, PartialEq, Debug)]
pub struct TrunkLine {
    /// Where its messages go.
    pub server: SipServer,
    /// How we are known to its registrar; nothing where it has none.
    pub registration: Option<Registering>,
    /// How it is watched; nothing where it is not.
    pub watch: Option<Watching>,
    /// Calls begun in one second.
    pub calls_per_second: Option<u32>,
    /// Who we say we are, and how numbers are written.
    pub identity: Identity,
    /// How long it may say nothing at all to a call.
    pub response_timeout: Duration,
    /// Domain in From, To and the Request-URI.
    pub domain: String,
    /// What to answer a challenge with.
    pub credentials: Option<sip::Credentials>,
    /// Calls at once.
    pub channels: u32,
    /// Voice codecs offered before the switch, best first.
    pub codecs: Vec<Codec>,
    /// What of SIP's extensions is used.
    pub calls: sip::CallSettings,
    /// Whether audio is encrypted.
    pub srtp: Srtp,
    /// How long nothing may come from the far end during a fax.
    pub media_timeout: Duration,
    /// How its calls come to T.38.
    pub t38: T38Policy,
    /// How long it may ring.
    pub answer_timeout: Duration,
    /// Longest call.
    pub call_limit: Duration,
}

/// Whether the audio of a trunk is encrypted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Srtp {
    /// How much it is wished.
    pub wish: SrtpWish,
    /// Whether keys may be told in SIP that is not encrypted.
    pub without_tls: bool,
}

impl Srtp {
    /// None of it.
    pub const OFF: Self = Self { wish: SrtpWish::Off, without_tls: false };
}

/// How much encrypted audio is wished.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SrtpWish {
    /// Not at all.
    Off,
    /// Where the other side can.
    Offer,
    /// No call without.
    Require,
}

/// How we register.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Registering {
    /// Where.
    pub registrar: SipServer,
    /// The user that is registered.
    pub user: String,
    /// How long a registration is asked for.
    pub expires: Duration,
    /// Whether a NAT is kept open even where none shows itself.
    pub keep_alive: bool,
}

/// How a trunk is watched by OPTIONS.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Watching {
    /// How often it is asked.
    pub interval: Duration,
    /// Misses in a row that mean it is down.
    pub misses: u32,
}

/// Where our own number is told.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Telling {
    /// In From.
    From,
    /// In P-Asserted-Identity; From has the account.
    Asserted,
    /// In P-Preferred-Identity; From has the account.
    Preferred,
    /// In From and P-Asserted-Identity.
    Both,
}

/// In which kind of address numbers are written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NumberUri {
    /// `sip:+390612345@example.net`.
    Sip,
    /// The same with `;user=phone`.
    SipPhone,
    /// `tel:+390612345`.
    Tel,
}

/// Who we say we are on a trunk, and how numbers are written there.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Identity {
    /// Where our number is told.
    pub telling: Telling,
    /// The user in From where that is not our number.
    pub from_user: Option<String>,
    /// The domain in From.
    pub from_domain: String,
    /// The name beside our number; empty for none.
    pub display_name: String,
    /// Whether the called side is kept from seeing it.
    pub hidden: bool,
    /// A number that calls are said to be diverted from, spelled as the trunk wants it.
    pub diversion: Option<String>,
    /// The kind of address.
    pub number_uri: NumberUri,
    /// What numbers without `+` are relative to.
    pub phone_context: Option<String>,
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

/// One answer to a called number, beyond what routing knows.
#[derive(Clone, Debug)]
pub struct Receive {
    /// Who may call; the first that fits holds.
    pub peers: Vec<InboundPeer>,
    /// Whose calls are declined.
    pub blocked: BlockedCallers,
    /// Called number to mailboxes.
    pub routes: InboundRoutes,
    /// What each rule of `routes` wants beyond its mailboxes, in the same order.
    pub wishes: Vec<InboundWishes>,
    /// Calls at once, both ways.
    pub max_calls: usize,
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
    /// Who a caller is; nothing for a stranger.
    ///
    /// `located` tells whether a trunk's name leads to an address.
    #[must_use]
    pub fn peer(
        &self,
        address: IpAddr,
        names: &[String],
        located: impl Fn(&str, IpAddr) -> bool,
    ) -> Option<&InboundPeer> {
        // RFC 4291 §2.5.5.2: a socket for both kinds of addresses shows the older kind so.
        let address = address.to_canonical();
        let by_name =
            |peer: &InboundPeer| peer.has_name && peer.trunk.as_ref().is_some_and(|name| located(name, address));
        self.peers.iter().find(|peer| peer.is(address, names) || by_name(peer))
    }

    /// Why the call of this caller is declined.
    #[must_use]
    pub fn declines(&self, caller: &sip::Caller) -> Option<&'static str> {
        match &caller.number {
            Some(number) if self.routes.names(&self.blocked.numbers, number) => {
                Some("inbound_block.callers names the caller")
            }
            None if self.blocked.anonymous => {
                Some("the caller has no number or withholds it (inbound_block.anonymous)")
            }
            Some(_) | None => None,
        }
    }

    /// What the rule for `called` wants; the usual where no rule fits any more.
    #[must_use]
    pub fn wishes_for(&self, called: &str) -> InboundWishes {
        let rule = self.routes.route(called).ok();
        let index = rule.and_then(|rule| self.routes.rules().iter().position(|other| std::ptr::eq(other, rule)));
        let wishes = index.and_then(|index| self.wishes.get(index)).copied();
        wishes.unwrap_or(InboundWishes { formats: Formats::Pdf, answer_after: Duration::ZERO })
    }
}

/// Somebody who may call.
#[derive(Clone, Debug)]
pub struct InboundPeer {
    /// Its name; that of the trunk where it has none of its own, empty for any address that is allowed.
    pub name: String,
    /// The trunk its calls belong to.
    pub trunk: Option<String>,
    /// The addresses it calls from; any when empty.
    pub addresses: Vec<Network>,
    /// Whether it calls from where the name of its trunk's proxy leads to.
    pub has_name: bool,
    /// Names of which its certificate must bear one; none is asked for when empty.
    pub certificates: Vec<String>,
    /// What it must prove to know.
    pub credentials: Option<sip::Credentials>,
    /// By which algorithms.
    pub digest: sip::digest::server::Asked,
    /// Where it writes the called number.
    pub called: CalledFrom,
    /// Calls from it at once.
    pub channels: usize,
    /// What it hears when no channel is free.
    pub when_full: WhenFull,
    /// New calls it may make.
    pub rate: sip::Rate,
    /// What of SIP's extensions is used.
    pub calls: sip::CallSettings,
    /// Whether audio is encrypted.
    pub srtp: Srtp,
    /// How long nothing may come from it during a fax.
    pub media_timeout: Duration,
    /// How its calls come to T.38.
    pub t38: T38Policy,
}

impl InboundPeer {
    /// Whether a caller from that address, whose certificate bears these names, is this one.
    fn is(&self, address: IpAddr, names: &[String]) -> bool {
        let from_there = || self.addresses.iter().any(|network| network.contains(address));
        let bears = |name: &String| {
            let name = name.strip_prefix("sip:").unwrap_or(name);
            self.certificates.iter().any(|wanted| wanted.eq_ignore_ascii_case(name))
        };
        match (self.certificates.is_empty(), self.addresses.is_empty()) {
            (true, _) => from_there(),
            (false, true) => names.iter().any(bears),
            (false, false) => names.iter().any(bears) && from_there(),
        }
    }
}

/// What a caller hears when no channel is free.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum WhenFull {
    /// The line is busy.
    Busy,
    /// The server is: it may try again after this.
    Unavailable(Duration),
}

/// Whose calls are declined.
#[derive(Clone, Debug, Default)]
pub struct BlockedCallers {
    /// Their numbers.
    pub numbers: Vec<NumberPattern>,
    /// Whether those without a number are.
    pub anonymous: bool,
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

#[cfg(test)]
mod tests {
    use super::{BlockedCallers, CalledFrom, InboundPeer, WhenFull};
    use crate::call::T38Policy;
    use crate::sip::{CallSettings, Rate};

    fn peer(addresses: &[&str], certificates: &[&str]) -> InboundPeer {
        InboundPeer {
            name: "pbx".into(),
            trunk: None,
            addresses: addresses.iter().map(|network| network.parse().expect("a network")).collect(),
            has_name: false,
            certificates: certificates.iter().map(|&name| name.to_owned()).collect(),
            credentials: None,
            digest: crate::sip::digest::server::Asked::Any,
            called: CalledFrom::RequestUri,
            channels: 1,
            when_full: WhenFull::Busy,
            rate: Rate { per_second: 1, burst: 1 },
            calls: CallSettings::default(),
            srtp: super::Srtp::OFF,
            media_timeout: std::time::Duration::from_secs(70),
            t38: T38Policy::default(),
        }
    }

    #[test]
    fn a_peer_is_known_by_its_address_its_certificate_or_both_where_both_are_asked_for() {
        let (inside, outside) = ([192, 0, 2, 7].into(), [198, 51, 100, 7].into());
        let own = ["PBX.example.com".to_owned()];
        let by_address = peer(&["192.0.2.0/24"], &[]);
        assert!(by_address.is(inside, &[]) && !by_address.is(outside, &own));
        let by_certificate = peer(&[], &["pbx.example.com"]);
        assert!(by_certificate.is(outside, &own) && by_certificate.is(outside, &["sip:pbx.example.com".to_owned()]));
        assert!(!by_certificate.is(inside, &[]) && !by_certificate.is(inside, &["example.com".to_owned()]));
        let by_both = peer(&["192.0.2.0/24"], &["pbx.example.com"]);
        assert!(by_both.is(inside, &own) && !by_both.is(outside, &own) && !by_both.is(inside, &[]));
        assert!(!peer(&[], &[]).is(inside, &own), "nobody is a peer of whom nothing is known");
        assert!(BlockedCallers::default().numbers.is_empty());
    }
}
