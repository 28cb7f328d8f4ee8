//! Contradictions: keys that are sound by themselves, but not together. A check whose keys are at fault already is left out.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::Path;

use super::problem::Findings;
use super::value::{
    Action, DeliveryTls, FaxWay, Identity, NumberFormat, NumberUri, SipTransport, Srtp, T38, TrunkTransport,
};
use super::{Config, SubAddress, Trunk};
use crate::model::{Network, NumberPattern};

pub(super) fn contradictions(config: &Config, findings: &mut Findings) {
    if findings.has_syntax_faults() {
        // What seems to be missing may stand in the part that could not be parsed.
        return;
    }
    server(config, findings);
    rules(config, findings);
    sip(config, findings);
    trunks(config, findings);
    peers(config, findings);
    inbound(config, findings);
    sub_addresses(config, findings);
    delivery(config, findings);
}

fn server(config: &Config, findings: &mut Findings) {
    if !config.server.data_directory.is_absolute() {
        let reason = "must be an absolute path".to_owned();
        findings.complain_at("server.data_directory", reason, "begin it with /");
    }
    for (index, listen) in config.smtp.listen.iter().enumerate() {
        if config.smtp.listen[..index].contains(listen) {
            let key = format!("smtp.listen[{index}]");
            findings.complain_at(&key, format!("{listen} is in the list twice"), "leave one out");
        }
    }
    if config.smtp.max_connections_per_peer > config.smtp.max_connections
        && findings.is_set("smtp.max_connections_per_peer")
        && sound(findings, &["smtp.max_connections_per_peer", "smtp.max_connections"])
    {
        let reason = format!("is more than smtp.max_connections, {}", config.smtp.max_connections);
        findings.complain_at("smtp.max_connections_per_peer", reason, "one peer cannot have more than there are");
    }
}

fn rules(config: &Config, findings: &mut Findings) {
    if !config.allow.is_empty() && config.smtp.fax_domains.is_empty() && sound(findings, &["smtp.fax_domains"]) {
        let reason = "there are [[allow]] rules, but no mail domain to take faxes for".to_owned();
        findings.complain_at("smtp.fax_domains", reason, "set it, for instance fax_domains = [\"fax.example.com\"]");
    }
    unique(findings, "allow", "name", config.allow.iter().map(|rule| rule.name.as_str()));
    for (index, rule) in config.allow.iter().enumerate() {
        let whole_world = rule.peers.iter().any(Network::is_everywhere);
        let everybody = rule.senders.iter().any(|sender| sender == "*");
        let every_number = rule.numbers.iter().any(NumberPattern::is_every_number);
        let key = format!("allow[{index}]");
        if rule.action == Action::Allow && whole_world && everybody && every_number && sound(findings, &[&key]) {
            let reason = "lets anybody in the whole Internet dial every number".to_owned();
            findings.complain_at(&format!("{key}.peers"), reason, "name your mail servers in peers");
        }
        if rule.action == Action::Deny && rule.max_pages.is_some() && sound(findings, &[&key]) {
            let reason = "limits the pages of faxes that the rule denies".to_owned();
            findings.complain_at(&format!("{key}.max_pages"), reason, "leave it out, or write action = \"allow\"");
        }
        for name in ["peers", "senders", "numbers"] {
            let empty = match name {
                "peers" => rule.peers.is_empty(),
                "senders" => rule.senders.is_empty(),
                _ => rule.numbers.is_empty(),
            };
            if empty {
                let reason = "is an empty list, so the rule can never fit".to_owned();
                findings.complain_at(&format!("{key}.{name}"), reason, "fill the list, or leave the rule out");
            }
        }
    }
}

fn sip(config: &Config, findings: &mut Findings) {
    let sip = &config.sip;
    ports(config, findings);
    let same_family = |ip: IpAddr| sip.public_address.is_some_and(|public| public.is_ipv4() == ip.is_ipv4());
    for listen in &sip.listen {
        let ip = listen.address.ip();
        if ip.is_unspecified() && !same_family(ip) && sound(findings, &["sip.public_address"]) {
            let reason = format!("{ip} is every address and none: nobody could answer to it");
            findings.complain_at("sip.listen", reason, "name the address, or set sip.public_address");
        }
    }
    if sip.listen.is_empty() && sound(findings, &["sip.listen"]) {
        findings.complain_at("sip.listen", "is an empty list".into(), "write listen = [\"127.0.0.1:5062\"]");
    }
    let mut taken = Vec::new();
    for port in sip.listen.iter().flat_map(|listen| listen.transports().into_iter().map(|one| (one, listen.address))) {
        // Two kinds of stream cannot share a port.
        let stream = port.0 != SipTransport::Udp;
        if taken.contains(&(stream, port.1)) && port.1.port() != 0 && sound(findings, &["sip.listen"]) {
            let reason = format!("has {} twice", port.1);
            findings.complain_at("sip.listen", reason, "leave one out; an address without a transport is UDP and TCP");
        }
        taken.push((stream, port.1));
    }
    tls(config, findings);
}

fn tls(config: &Config, findings: &mut Findings) {
    let sip = &config.sip;
    let listens = sip.listen.iter().any(|listen| listen.transport == Some(SipTransport::Tls));
    if listens && sip.tls_certificate.is_none() && sound(findings, &["sip.listen", "sip.tls_certificate"]) {
        let reason = "is not set, and sip.listen has a tls: address".to_owned();
        findings.complain_at("sip.tls_certificate", reason, "set tls_certificate and tls_key");
    }
    pair(findings, "sip", sip.tls_certificate.as_deref(), sip.tls_key.as_deref());
    absolute(findings, "sip.tls_ca", sip.tls_ca.as_deref());
    for (index, trunk) in config.trunk.iter().enumerate() {
        let section = format!("trunk[{index}]");
        pair(findings, &section, trunk.tls_certificate.as_deref(), trunk.tls_key.as_deref());
        absolute(findings, &format!("{section}.tls_ca"), trunk.tls_ca.as_deref());
        let plain = matches!(trunk.transport, TrunkTransport::Udp | TrunkTransport::Tcp);
        for name in ["tls_ca", "tls_verify", "tls_certificate", "tls_key"] {
            let key = format!("{section}.{name}");
            if plain && findings.is_set(&key) && sound(findings, &[&key, &format!("{section}.transport")]) {
                let reason = "means nothing to a trunk without TLS".to_owned();
                findings.complain_at(&key, reason, "write transport = \"tls\", or leave it out");
            }
        }
        if !trunk.tls_verify && trunk.tls_ca.is_some() && sound(findings, &[&format!("{section}.tls_verify")]) {
            let reason = "cannot be false beside tls_ca: the roots would not be looked at".to_owned();
            findings.complain_at(&format!("{section}.tls_verify"), reason, "leave one of them out");
        }
    }
}

/// A certificate and its key, which need one another.
fn pair(findings: &mut Findings, section: &str, certificate: Option<&Path>, key: Option<&Path>) {
    let full = |name: &str| format!("{section}.{name}");
    absolute(findings, &full("tls_certificate"), certificate);
    absolute(findings, &full("tls_key"), key);
    if !sound(findings, &[&full("tls_certificate"), &full("tls_key")]) {
        return;
    }
    match (certificate, key) {
        (Some(_), None) => {
            findings.complain_at(&full("tls_certificate"), "has no key beside it".into(), "set tls_key");
        }
        (None, Some(_)) => {
            findings.complain_at(&full("tls_key"), "has no certificate beside it".into(), "set tls_certificate");
        }
        (Some(_), Some(_)) | (None, None) => {}
    }
}

fn absolute(findings: &mut Findings, key: &str, path: Option<&Path>) {
    if path.is_some_and(|path| !path.is_absolute()) && sound(findings, &[key]) {
        findings.complain_at(key, "must be an absolute path".into(), "begin it with /");
    }
}

fn ports(config: &Config, findings: &mut Findings) {
    let sip = &config.sip;
    if !sound(findings, &["sip.listen", "sip.media_ports"]) {
        return;
    }
    let datagrams = sip.listen.iter().filter(|listen| listen.transports().contains(&SipTransport::Udp));
    for port in datagrams.map(|listen| listen.address.port()).filter(|port| sip.media_ports.contains(*port)) {
        let reason = format!("has the port {port} of sip.listen in it");
        findings.complain_at("sip.media_ports", reason, "choose other ports for one of them");
    }
    if sip.media_ports.count() / PORTS_PER_CALL < config.queue.max_calls && sound(findings, &["queue.max_calls"]) {
        let reason = format!(
            "has {} ports, and queue.max_calls = {} needs {}",
            sip.media_ports.count(),
            config.queue.max_calls,
            config.queue.max_calls.saturating_mul(PORTS_PER_CALL)
        );
        findings.complain_at("sip.media_ports", reason, "take a wider range or fewer calls");
    }
}

fn trunks(config: &Config, findings: &mut Findings) {
    unique(findings, "trunk", "name", config.trunk.iter().map(|trunk| trunk.name.as_str()));
    for (index, trunk) in config.trunk.iter().enumerate() {
        let key = |name: &str| format!("trunk[{index}].{name}");
        login(
            findings,
            &format!("trunk[{index}]"),
            trunk.username.is_some(),
            trunk.password.is_some(),
            trunk.password_file.is_some(),
        );
        if trunk.number_format == NumberFormat::National
            && config.numbers.country_code.is_empty()
            && sound(findings, &["numbers.country_code", &key("number_format")])
        {
            let reason = "needs numbers.country_code, which is not set".to_owned();
            findings.complain_at(&key("number_format"), reason, "set country_code in [numbers]");
        }
        if trunk.answer_timeout >= trunk.max_call && sound(findings, &[&key("answer_timeout"), &key("max_call")]) {
            let reason = "is not longer than answer_timeout".to_owned();
            findings.complain_at(&key("max_call"), reason, "a call must be able to go on after it was answered");
        }
        session_timer(findings, index, trunk);
        srtp(findings, index, trunk);
        registration(findings, index, trunk);
        identity(findings, index, trunk);
        if trunk.codecs.is_empty() && sound(findings, &[&key("codecs")]) {
            let reason = "is empty, and a call begins as a voice call".to_owned();
            findings.complain_at(&key("codecs"), reason, "write codecs = [\"pcma\", \"pcmu\"]");
        }
        if trunk.fax == FaxWay::Audio && trunk.t38 != T38::Reinvite && sound(findings, &[&key("fax"), &key("t38")]) {
            let reason = "offers T.38 in the INVITE, and fax = \"audio\" allows none".to_owned();
            findings.complain_at(&key("t38"), reason, "leave it out, or write fax = \"auto\"");
        }
        let far = trunk.proxy.host.parse::<IpAddr>().is_ok_and(|address| !address.is_loopback());
        let near = config.sip.listen.iter().all(|listen| listen.address.ip().is_loopback());
        if far && near && sound(findings, &["sip.listen", &key("proxy")]) {
            let listens: Vec<String> = config.sip.listen.iter().map(ToString::to_string).collect();
            let reason = format!("{} could never answer to sip.listen = {}", trunk.proxy, listens.join(", "));
            findings.complain_at(&key("proxy"), reason, "listen on an address of the network the trunk is in");
        }
    }
}

/// Whoever reads the keys can read the audio.
fn srtp(findings: &mut Findings, index: usize, trunk: &Trunk) {
    let key = |name: &str| format!("trunk[{index}].{name}");
    let is_open = trunk.transport != TrunkTransport::Tls && !trunk.srtp_without_tls;
    if trunk.srtp != Srtp::Off && is_open && sound(findings, &[&key("srtp"), &key("transport")]) {
        let reason = "would tell its keys to everybody on the way: SIP is not encrypted".to_owned();
        findings.complain_at(&key("srtp"), reason, "write transport = \"tls\", or srtp_without_tls = true");
    }
    if trunk.srtp == Srtp::Off && trunk.srtp_without_tls && sound(findings, &[&key("srtp"), &key("srtp_without_tls")]) {
        let reason = "means nothing while srtp is \"off\"".to_owned();
        findings.complain_at(&key("srtp_without_tls"), reason, "set srtp, or leave it out");
    }
    if trunk.srtp != Srtp::Require
        && trunk.t38_without_srtp
        && sound(findings, &[&key("srtp"), &key("t38_without_srtp")])
    {
        let reason = "means nothing unless srtp is \"require\"".to_owned();
        findings.complain_at(&key("t38_without_srtp"), reason, "leave it out");
    }
    let no_t38 = trunk.srtp == Srtp::Require && !trunk.t38_without_srtp;
    let reason = || "wants T.38, which is not encrypted, and srtp = \"require\" allows none".to_owned();
    let advice = "write t38_without_srtp = true, or leave it out";
    if no_t38 && trunk.fax == FaxWay::T38 && sound(findings, &[&key("srtp"), &key("fax")]) {
        findings.complain_at(&key("fax"), reason(), advice);
    } else if no_t38 && trunk.t38 != T38::Reinvite && sound(findings, &[&key("srtp"), &key("t38")]) {
        findings.complain_at(&key("t38"), reason(), advice);
    }
}

fn session_timer(findings: &mut Findings, index: usize, trunk: &Trunk) {
    let key = |name: &str| format!("trunk[{index}].{name}");
    let (interval, least) = (trunk.session_timer, trunk.session_timer_min);
    if !interval.is_zero() && interval < least && sound(findings, &[&key("session_timer"), &key("session_timer_min")]) {
        let reason = format!("is shorter than session_timer_min, {} s", least.as_secs());
        findings.complain_at(&key("session_timer"), reason, "write at least as much, or 0 s for no timer");
    }
}

fn registration(findings: &mut Findings, index: usize, trunk: &Trunk) {
    let key = |name: &str| format!("trunk[{index}].{name}");
    if trunk.register {
        let nobody = trunk.username.is_none() && trunk.register_user.is_none();
        if nobody && sound(findings, &[&key("username"), &key("register_user")]) {
            let reason = "is true, and there is no user to register".to_owned();
            findings.complain_at(&key("register"), reason, "set username and password_file, or register_user");
        }
        return;
    }
    for name in ["registrar", "register_user"] {
        if findings.is_set(&key(name)) && sound(findings, &[&key(name), &key("register")]) {
            let reason = "is set, but register is false".to_owned();
            findings.complain_at(&key(name), reason, "set register = true, or leave it out");
        }
    }
}

fn peers(config: &Config, findings: &mut Findings) {
    unique(findings, "peer", "name", config.peer.iter().map(|peer| peer.name.as_str()));
    for (index, peer) in config.peer.iter().enumerate() {
        let key = |name: &str| format!("peer[{index}].{name}");
        let logs_in = peer.username.is_some();
        let (password, password_file) = (peer.password.is_some(), peer.password_file.is_some());
        login(findings, &format!("peer[{index}]"), logs_in, password, password_file);
        if peer.addresses.is_empty()
            && peer.certificates.is_empty()
            && sound(findings, &[&key("addresses"), &key("certificates")])
        {
            let reason = "is empty, and so is certificates: nobody could be this peer".to_owned();
            findings.complain_at(&key("addresses"), reason, "name the addresses it calls from");
        }
        let everybody = peer.addresses.iter().any(Network::is_everywhere);
        if everybody
            && !logs_in
            && peer.certificates.is_empty()
            && sound(findings, &[&key("addresses"), &key("username")])
        {
            let reason = "lets the whole Internet call without a password".to_owned();
            findings.complain_at(&key("addresses"), reason, "name its addresses, or set username and password_file");
        }
        if let Some(trunk) = &peer.trunk
            && !config.trunk.iter().any(|other| other.name == *trunk)
            && sound(findings, &[&key("trunk"), "trunk"])
        {
            let reason = format!("there is no [[trunk]] with the name \"{trunk}\"");
            findings.complain_at(&key("trunk"), reason, "write the name of a trunk, or leave it out");
        }
    }
}

fn identity(findings: &mut Findings, index: usize, trunk: &Trunk) {
    let key = |name: &str| format!("trunk[{index}].{name}");
    let in_from = matches!(trunk.identity, Identity::From | Identity::Both);
    if in_from && trunk.from_user.is_some() && trunk.caller_number.is_some() && sound(findings, &[&key("identity")]) {
        let reason = "would never be used: From has caller_number in it".to_owned();
        findings.complain_at(&key("from_user"), reason, "set identity = \"p-asserted\", or leave it out");
    }
    let no_account = trunk.from_user.is_none() && trunk.username.is_none();
    if !in_from && no_account && sound(findings, &[&key("identity"), &key("username"), &key("from_user")]) {
        let reason = "leaves From without a user: there is neither from_user nor username".to_owned();
        findings.complain_at(&key("identity"), reason, "set from_user, or write identity = \"both\"");
    }
    let local = trunk.number_format != NumberFormat::E164 || !trunk.prepend.is_empty() || trunk.strip > 0;
    if trunk.number_uri == NumberUri::Tel
        && local
        && trunk.phone_context.is_none()
        && sound(findings, &[&key("number_uri"), &key("phone_context")])
    {
        let reason = "is \"tel\", and numbers that do not begin with + need phone_context there".to_owned();
        findings.complain_at(&key("number_uri"), reason, "set phone_context = \"+39\", or number_format = \"e164\"");
    }
    if trunk.realm.is_some() && trunk.username.is_none() && sound(findings, &[&key("realm"), &key("username")]) {
        let reason = "is set, and there is no username to answer it with".to_owned();
        findings.complain_at(&key("realm"), reason, "set username and password_file, or leave it out");
    }
}

fn inbound(config: &Config, findings: &mut Findings) {
    let mut taken: BTreeMap<&NumberPattern, usize> = BTreeMap::new();
    for (index, line) in config.inbound.iter().enumerate() {
        for name in ["numbers", "mailboxes"] {
            let key = format!("inbound[{index}].{name}");
            let empty = if name == "numbers" { line.numbers.is_empty() } else { line.mailboxes.is_empty() };
            if empty && sound(findings, &[&key]) {
                findings.complain_at(&key, "is an empty list".into(), "fill the list, or leave the section out");
            }
        }
        if !sound(findings, &[&format!("inbound[{index}].numbers")]) {
            continue;
        }
        for (position, pattern) in line.numbers.iter().enumerate() {
            if let Some(first) = taken.get(pattern) {
                let key = format!("inbound[{index}].numbers[{position}]");
                let reason = format!("\"{pattern}\" is routed by inbound[{first}] already");
                findings.complain_at(&key, reason, "leave it out in one of them");
            } else {
                taken.insert(pattern, index);
            }
        }
    }
}

fn sub_addresses(config: &Config, findings: &mut Findings) {
    for (index, rule) in config.sub_address.iter().enumerate() {
        let key = |name: &str| format!("sub_address[{index}].{name}");
        if rule.mailboxes.is_empty() && sound(findings, &[&key("mailboxes")]) {
            findings.complain_at(
                &key("mailboxes"),
                "is an empty list".into(),
                "fill the list, or leave the section out",
            );
        }
        let same = |other: &SubAddress| other.address == rule.address && other.numbers == rule.numbers;
        let first = config.sub_address.iter().position(same);
        if let Some(first) = first.filter(|first| *first < index)
            && sound(findings, &[&key("address"), &key("numbers")])
        {
            let reason = format!("\"{}\" is routed by sub_address[{first}] already", rule.address);
            findings.complain_at(&key("address"), reason, "leave it out in one of them");
        }
    }
}

fn delivery(config: &Config, findings: &mut Findings) {
    let delivery = &config.delivery;
    if delivery.smarthost.is_some() && delivery.maildir.is_some() {
        let reason = "cannot be set together with delivery.smarthost".to_owned();
        findings.complain_at("delivery.maildir", reason, "leave one of them out");
    }
    let (username, password) = (delivery.username.is_some(), delivery.password.is_some());
    login(findings, "delivery", username, password, delivery.password_file.is_some());
    let none = delivery.smarthost.is_none() && delivery.maildir.is_none();
    if none && sound(findings, &["delivery"]) {
        if !config.inbound.is_empty() {
            let reason = "is not set, and received faxes have nowhere to go".to_owned();
            findings.complain_at("delivery.smarthost", reason, "set delivery.smarthost or delivery.maildir");
        } else if !config.trunk.is_empty() {
            let reason = "is not set, and receipts have nowhere to go".to_owned();
            findings.complain_at("delivery.smarthost", reason, "set delivery.smarthost or delivery.maildir");
        }
    }
    let near = delivery.smarthost.as_ref().is_some_and(|host| {
        host.host == "localhost" || host.host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
    });
    if delivery.username.is_some() && !near && sound(findings, &["delivery.tls", "delivery.smarthost"]) {
        match delivery.tls {
            DeliveryTls::Implicit | DeliveryTls::Required => {}
            DeliveryTls::Opportunistic | DeliveryTls::Off => {
                let reason = "would send the password over the network in the clear".to_owned();
                findings.complain_at("delivery.tls", reason, "write tls = \"required\" or tls = \"implicit\"");
            }
        }
    }
    loops(config, findings);
}

/// A received fax mailed to a fax domain would be dialled out again.
fn loops(config: &Config, findings: &mut Findings) {
    let inbound = config.inbound.iter().enumerate().map(|(index, line)| (format!("inbound[{index}]"), &line.mailboxes));
    let rules = config.sub_address.iter().enumerate();
    let sub_addresses = rules.map(|(index, rule)| (format!("sub_address[{index}]"), &rule.mailboxes));
    for (section, mailboxes) in inbound.chain(sub_addresses) {
        for (position, mailbox) in mailboxes.iter().enumerate() {
            let domain = mailbox.rsplit_once('@').map_or("", |(_, domain)| domain);
            if config.smtp.fax_domains.iter().any(|fax_domain| fax_domain == domain) {
                let key = format!("{section}.mailboxes[{position}]");
                let reason = format!("{domain} is one of smtp.fax_domains: the fax would be dialled out again");
                findings.complain_at(&key, reason, "name a mailbox of another domain");
            }
        }
    }
}

fn login(findings: &mut Findings, section: &str, username: bool, password: bool, password_file: bool) {
    let key = |name: &str| format!("{section}.{name}");
    if !sound(findings, &[&key("username"), &key("password"), &key("password_file")]) {
        return;
    }
    if password && password_file {
        let reason = "cannot be set together with password".to_owned();
        findings.complain_at(&key("password_file"), reason, "leave one of them out");
    }
    let any_password = password || password_file;
    if username && !any_password {
        findings.complain_at(&key("username"), "has no password beside it".into(), "set password_file or password");
    }
    if any_password && !username {
        let name = if password { "password" } else { "password_file" };
        findings.complain_at(&key(name), "has no username beside it".into(), "set username");
    }
}

fn unique<'n>(findings: &mut Findings, section: &str, key: &str, names: impl Iterator<Item = &'n str>) {
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    for (index, name) in names.enumerate() {
        let full = format!("{section}[{index}].{key}");
        if !sound(findings, &[&full]) {
            continue;
        }
        if name.trim().is_empty() {
            findings.complain_at(&full, "is empty".into(), "give it a name that people understand");
        } else if let Some(first) = seen.get(name) {
            let reason = format!("\"{name}\" is the name of {section}[{first}] already");
            findings.complain_at(&full, reason, "give each its own name");
        } else {
            seen.insert(name, index);
        }
    }
}

fn sound(findings: &Findings, keys: &[&str]) -> bool {
    !keys.iter().any(|key| findings.is_faulty(key))
}

/// UDP ports one call takes: RTP and RTCP, and a pair of which UDPTL has the first, as both may be up at once.
// RFC 3550 §11
const PORTS_PER_CALL: u32 = 4;
