//! Calls in: who may call, whose they are, and what becomes of their faxes.

use std::net::IpAddr;
use std::time::Duration;

use super::{Fax, Srtp};
use crate::call::T38Policy;
use crate::model::{Network, NumberPattern};
use crate::policy::InboundRoutes;
use crate::sip::{self, CalledFrom};

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

#[cfg(test)]
mod tests {
    use super::{BlockedCallers, CalledFrom, InboundPeer, Srtp, WhenFull};
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
            srtp: Srtp::OFF,
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
