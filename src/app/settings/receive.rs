//! Calls that come in, in the words of the stages: who may call, and where what comes goes.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use super::{SettingsError, formats, rule};
use crate::call::{Ask, MEDIA_TIMEOUT, T38Policy};
use crate::config::{self, Config};
use crate::model::{Network, NumberPlan};
use crate::policy::{InboundRoutes, InboundRule, SubAddressRule};
use crate::sip::{self, CalledFrom, Credentials};
use crate::stage::settings::{BlockedCallers, Fax, InboundPeer, InboundWishes, Receive, Srtp, TrunkLine, WhenFull};

/// The caller hears our tone this long before we ask for T.38, unless it shows itself to be a fax sooner.
const CED_BEFORE_REINVITE: Duration = Duration::from_millis(1200);
/// Longest call we answer.
const RECEIVE_LIMIT: Duration = Duration::from_secs(3600);

pub(super) fn receive(
    config: &Config,
    plan: &NumberPlan,
    fax: Fax,
    lines: &BTreeMap<String, TrunkLine>,
) -> Result<Receive, SettingsError> {
    let mut rules = Vec::new();
    let mut wishes = Vec::new();
    for inbound in &config.inbound {
        rules.push(InboundRule {
            numbers: inbound.numbers.clone(),
            mailboxes: inbound.mailboxes.clone(),
            station_id: inbound.station_id.clone(),
        });
        wishes.push(InboundWishes { formats: formats(inbound.formats), answer_after: inbound.answer_after });
    }
    let routes = InboundRoutes::new(rules, plan.clone()).map_err(|error| rule("inbound")(error.to_string()))?;
    let routes = routes.with_sub_addresses(sub_addresses(config));
    let routes = routes.map_err(|error| rule("sub_address")(error.to_string()))?;
    Ok(Receive {
        peers: inbound_peers(config, lines),
        blocked: BlockedCallers {
            numbers: config.inbound_block.callers.clone(),
            anonymous: config.inbound_block.anonymous,
        },
        routes,
        wishes,
        max_calls: config.queue.max_calls as usize,
        call_limit: RECEIVE_LIMIT,
        fetched_formats: formats(config.fetch.formats),
        fax,
        user_agent: config.sip.user_agent.clone(),
    })
}

/// Those with a section, then the trunks by the addresses of their proxies, then any address that is allowed.
fn inbound_peers(config: &Config, lines: &BTreeMap<String, TrunkLine>) -> Vec<InboundPeer> {
    let t38_of = |trunk: Option<&String>| {
        let policy = trunk.and_then(|name| lines.get(name)).map(|line| line.t38).unwrap_or_default();
        // The caller is to hear our tone, and nobody calls a fax server to talk.
        let ask = match policy.ask {
            Ask::After(wait) => Ask::After(wait.min(CED_BEFORE_REINVITE)),
            Ask::Never => Ask::Never,
        };
        T38Policy { ask, ..policy }
    };
    let line_of = |trunk: Option<&String>| trunk.and_then(|name| lines.get(name));
    let allowed = config.sip.allowed_peers.clone();
    let rate = sip::Rate { per_second: config.sip.calls_per_second, burst: config.sip.calls_burst };
    let unnamed = |name: String, trunk: Option<String>, addresses: Vec<Network>| InboundPeer {
        name,
        calls: line_of(trunk.as_ref()).map(|line| line.calls).unwrap_or_default(),
        srtp: line_of(trunk.as_ref()).map_or(Srtp::OFF, |line| line.srtp),
        media_timeout: line_of(trunk.as_ref()).map_or(MEDIA_TIMEOUT, |line| line.media_timeout),
        t38: t38_of(trunk.as_ref()),
        trunk,
        addresses,
        has_name: false,
        certificates: Vec::new(),
        credentials: None,
        digest: sip::digest::server::Asked::Any,
        called: CalledFrom::RequestUri,
        channels: usize::MAX,
        when_full: WhenFull::Busy,
        rate,
    };
    let mut peers = Vec::new();
    for peer in &config.peer {
        let password = peer.password.as_ref().map(|password| password.reveal().to_owned());
        peers.push(InboundPeer {
            certificates: peer.certificates.clone(),
            credentials: peer.username.as_ref().map(|user| Credentials {
                user: user.clone(),
                password: password.unwrap_or_default(),
                realm: None,
            }),
            digest: match peer.digest {
                config::Digest::Any => sip::digest::server::Asked::Any,
                config::Digest::Sha256 => sip::digest::server::Asked::Sha256,
            },
            called: called_from(peer.called_number),
            channels: peer.channels as usize,
            when_full: match peer.when_full {
                config::WhenFull::Busy => WhenFull::Busy,
                config::WhenFull::Unavailable => WhenFull::Unavailable(peer.retry_after),
            },
            rate: sip::Rate { per_second: peer.calls_per_second, burst: peer.calls_burst },
            ..unnamed(peer.name.clone(), peer.trunk.clone(), peer.addresses.clone())
        });
    }
    for (name, line) in lines {
        let sip::Host::Address(address) = line.server.place.host else {
            let peer = unnamed(name.clone(), Some(name.clone()), Vec::new());
            peers.push(InboundPeer { has_name: true, ..peer });
            continue;
        };
        let port = line.server.place.port.unwrap_or(sip::Transport::Udp.default_port());
        // A call to ourselves comes from no trunk.
        let is_own = config.sip.listen.iter().any(|listen| listen.address == SocketAddr::new(address, port));
        if !is_own {
            peers.push(unnamed(name.clone(), Some(name.clone()), single(address)));
        }
    }
    peers.push(unnamed(String::new(), None, allowed));
    peers
}

/// The network of one address.
fn single(address: IpAddr) -> Vec<Network> {
    let length = if address.is_ipv4() { 32 } else { 128 };
    format!("{address}/{length}").parse().into_iter().collect()
}

const fn called_from(place: config::CalledNumber) -> CalledFrom {
    match place {
        config::CalledNumber::RequestUri => CalledFrom::RequestUri,
        config::CalledNumber::To => CalledFrom::To,
        config::CalledNumber::Diversion => CalledFrom::Diversion,
        config::CalledNumber::HistoryInfo => CalledFrom::HistoryInfo,
        config::CalledNumber::CalledParty => CalledFrom::CalledParty,
    }
}

fn sub_addresses(config: &Config) -> Vec<SubAddressRule> {
    let one = |section: &config::SubAddress| SubAddressRule {
        address: section.address.clone(),
        numbers: section.numbers.clone(),
        mailboxes: section.mailboxes.clone(),
    };
    config.sub_address.iter().map(one).collect()
}
