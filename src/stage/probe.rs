//! A look at one trunk from outside: it is asked OPTIONS, and its registrar whether it knows us; what comes of it is told in words,
//! with what to do next.
//!
//! Nothing is changed by it: the REGISTER has no Contact, so it only asks for what is bound.
// RFC 3261 §10.2.3, §11

use std::net::SocketAddr;
use std::time::Duration;

use tokio::sync::watch;

use super::line::Line;
use super::settings::{SipServer, TrunkLine};
use super::{chance, identity, trunks};
use crate::clock;
use crate::io::outside;
use crate::io::sip::SipSocket;
use crate::sip::digest::Unanswerable;
use crate::sip::{
    Answer, CallSettings, Destination, EndpointSettings, Host, Inquiry, Message, Method, Question, Transport, health,
    seen_at,
};

/// How long one question may go unanswered by one place.
pub const PATIENCE: Duration = Duration::from_secs(6);
/// Places that are waited for one by one; whoever looks at a screen is not kept for longer.
const PLACES_WAITED_FOR: u32 = 4;
/// The clocks of both ends may be apart by this much; nonces and certificates are believed for minutes.
const CLOCKS_APART: Duration = Duration::from_secs(120);
/// Bindings that are told by name.
const BINDINGS_TOLD: usize = 5;

/// How a finding is to be taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Weight {
    /// As it should be.
    Good,
    /// Worth knowing.
    Note,
    /// Faxes will not go through as it is.
    Bad,
}

impl Weight {
    /// A word for programs.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Note => "note",
            Self::Bad => "bad",
        }
    }
}

/// One thing that was found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Finding {
    /// How it is to be taken.
    pub weight: Weight,
    /// What it is about: `name`, `answer`, `methods`, `media`, `address`, `registration`, `clock`.
    pub subject: &'static str,
    /// What was found.
    pub sentence: String,
    /// What to do; empty when there is nothing to do.
    pub advice: String,
}

impl Finding {
    fn new(weight: Weight, subject: &'static str, sentence: impl Into<String>) -> Self {
        Self { weight, subject, sentence: sentence.into(), advice: String::new() }
    }

    fn advising(mut self, advice: impl Into<String>) -> Self {
        self.advice = advice.into();
        self
    }
}

/// Asks the trunk, and its registrar where it has one, from the sockets of this line.
pub async fn run(trunk: &TrunkLine, line: &Line, user_agent: &str) -> Vec<Finding> {
    let endpoint = EndpointSettings {
        local: line.addresses.clone(),
        contact_user: String::new(),
        user_agent: user_agent.to_owned(),
        credentials: trunk.credentials.clone(),
        calls: CallSettings::default(),
    };
    let mut findings = Vec::new();
    if let Some((places, answer)) = ask_trunk(trunk, line, endpoint.clone(), &mut findings).await {
        let own = line.addresses.towards(&places[0]).advertised;
        findings.extend(of_options(&answer, &places, own));
        if let Answer::Final(response, _) | Answer::Challenged(response, _) = &answer {
            findings.extend(of_address(response, &places[0], own));
            findings.extend(of_clock(response, clock::wall().0));
        }
    }
    if let Some(registration) = &trunk.registration {
        let account = identity::account(trunk);
        let question = Question {
            method: Method::Register,
            uri: trunks::registrar_uri(trunk),
            from: account.clone(),
            to: account,
            contact: None,
            headers: Vec::new(),
        };
        if let Some(places) = locate(&registration.registrar, "trunk.registrar", line, &mut findings).await {
            let answer = ask(endpoint, question, &places, &line.sip).await;
            findings.push(of_register(&answer, &places, &registration.user));
        }
    }
    findings
}

async fn ask_trunk(
    trunk: &TrunkLine,
    line: &Line,
    endpoint: EndpointSettings,
    findings: &mut Vec<Finding>,
) -> Option<(Vec<Destination>, Answer)> {
    let places = locate(&trunk.server, "trunk.proxy", line, findings).await?;
    let question = health::question(&identity::domain_of(trunk), &identity::account(trunk));
    let answer = ask(endpoint, question, &places, &line.sip).await;
    Some((places, answer))
}

/// Where a server is; at least one place.
async fn locate(server: &SipServer, key: &str, line: &Line, findings: &mut Vec<Finding>) -> Option<Vec<Destination>> {
    let host = &server.place.host;
    match line.locate(server, chance()).await {
        Ok(places) if !places.is_empty() => {
            if matches!(host, Host::Name(_)) {
                let list: Vec<String> = places.iter().map(ToString::to_string).collect();
                findings.push(Finding::new(Weight::Good, "name", format!("{host} is {}", list.join(", then "))));
            }
            Some(places)
        }
        Ok(_) => {
            findings.push(nameless(host, "it has no address", key));
            None
        }
        Err(reason) => {
            findings.push(nameless(host, &reason, key));
            None
        }
    }
}

fn nameless(host: &Host, reason: &str, key: &str) -> Finding {
    Finding::new(Weight::Bad, "name", format!("{host} is not found: {reason}")).advising(format!(
        "check {key} and the name service of this machine; an address in its place needs no name service"
    ))
}

/// How long one question may go unanswered by all of these places, which are asked one after the other.
fn patience(places: &[Destination]) -> Duration {
    PATIENCE * u32::try_from(places.len()).unwrap_or(PLACES_WAITED_FOR).clamp(1, PLACES_WAITED_FOR)
}

async fn ask(endpoint: EndpointSettings, question: Question, places: &[Destination], sip: &SipSocket) -> Answer {
    let inquiry = Inquiry::new(endpoint, question, places, patience(places), chance(), clock::now());
    let (_running, stop) = watch::channel(false);
    let (_staying, moves) = watch::channel(Vec::new());
    let mut answer = Answer::Silence;
    // One question goes nowhere else.
    let locate: outside::Locate = Box::new(|_| Box::pin(std::future::ready(Vec::new())));
    outside::run(inquiry, sip.clone(), stop, moves, locate, |told| answer = told).await;
    answer
}

/// What the answer to OPTIONS says; at least one place was asked.
fn of_options(answer: &Answer, places: &[Destination], own: SocketAddr) -> Vec<Finding> {
    let place = &places[0];
    let (response, round_trip) = match answer {
        Answer::Silence => return vec![silence(places, own)],
        Answer::NoWay => {
            let sentence =
                format!("there is no way to {}: the connection is refused, or there is no route", one_of(places));
            let advice = if place.transport == Transport::Tls {
                "is the port right, and is the certificate of the other side one that trunk.tls_ca or the system trusts, in the name of \
                 trunk.proxy? With --log-level debug the reason is told"
            } else {
                "is the port right, is SIP listened for there by this transport, and is the machine up?"
            };
            return vec![Finding::new(Weight::Bad, "answer", sentence).advising(advice)];
        }
        // Who is told to show a password for OPTIONS is known to be there.
        Answer::Challenged(response, why) => {
            let status = response.status().unwrap_or_default();
            let sentence = format!("{place} answers, and asks for a password (SIP {status})");
            let (weight, advice) = match why {
                Unanswerable::Refused => (
                    Weight::Bad,
                    "it refused the password that is configured: look at trunk.username, trunk.password_file and trunk.realm",
                ),
                Unanswerable::NoCredentials => (
                    Weight::Note,
                    "set trunk.username and trunk.password_file, if calls are to be placed with a password",
                ),
                Unanswerable::UnknownScheme => (
                    Weight::Note,
                    "it asks in a way that is not known here; have it use digest, if calls need a password",
                ),
            };
            return vec![Finding::new(weight, "answer", sentence).advising(advice)];
        }
        Answer::Final(response, round_trip) => (response, round_trip),
    };
    let (status, reason) = (response.status().unwrap_or_default(), response.reason_phrase());
    let after = round_trip.as_millis();
    let sentence = format!("{place} answers OPTIONS with SIP {status} {reason} after {after} ms{}", who(response));
    let finding = |weight, advice: &str| Finding::new(weight, "answer", sentence.clone()).advising(advice);
    let first = match status {
        200..300 => finding(Weight::Good, ""),
        404 | 405 | 480 | 481 | 483 | 484 | 488 | 489 | 501 => {
            finding(Weight::Good, "that it knows no OPTIONS for its domain is no harm: somebody is there")
        }
        403 | 603 => finding(
            Weight::Bad,
            "it is there, and does not want us: have our address or account entered on the trunk's side",
        ),
        408 | 503 | 504 => {
            finding(Weight::Bad, "it is there, and says that it cannot serve now; try again, then ask whoever runs it")
        }
        _ => finding(Weight::Note, "it is there; the status says why it did not like the question"),
    };
    let mut findings = vec![first];
    if (200..300).contains(&status) {
        findings.extend(of_capabilities(response));
    }
    findings
}

fn who(response: &Message) -> String {
    let name = response.headers.first("Server").or_else(|| response.headers.first("User-Agent"));
    let name: String =
        String::from_utf8_lossy(name.unwrap_or_default()).chars().filter(|c| !c.is_control()).take(60).collect();
    if name.is_empty() { name } else { format!("; it calls itself {name}") }
}

/// `A, B or C`.
fn one_of(places: &[Destination]) -> String {
    let mut names: Vec<String> = places.iter().map(ToString::to_string).collect();
    let last = names.pop().unwrap_or_default();
    if names.is_empty() { last } else { format!("{} or {last}", names.join(", ")) }
}

fn silence(places: &[Destination], own: SocketAddr) -> Finding {
    let place = &places[0];
    let sentence = format!("nobody answers at {} within {} seconds", one_of(places), patience(places).as_secs());
    let advice = if own.ip().is_loopback() && !place.address.ip().is_loopback() {
        format!(
            "sip.listen is on {own}, where {place} can never answer to; listen on an address of the network to the trunk"
        )
    } else if is_private(own) && !is_private(place.address) && !place.address.ip().is_loopback() {
        format!(
            "answers may not find back to {own}, which is a private address: set sip.public_address, let the router forward the port \
             of sip.listen, and let the firewall pass it both ways; some carriers also keep silent to addresses they do not know"
        )
    } else if place.transport == Transport::Udp {
        "is the address right, does a firewall between us let UDP pass both ways, and does the other side know our address? Some \
         are silent to strangers, some take only TCP or TLS"
            .to_owned()
    } else {
        "the connection stands, but nothing is said on it: is SIP what is listened for there?".to_owned()
    };
    Finding::new(Weight::Bad, "answer", sentence).advising(advice)
}

fn is_private(address: SocketAddr) -> bool {
    match address.ip() {
        std::net::IpAddr::V4(v4) => v4.is_private() || v4.is_link_local() || v4.is_unspecified(),
        std::net::IpAddr::V6(v6) => v6.is_unique_local() || v6.is_unicast_link_local() || v6.is_unspecified(),
    }
}

/// Whether calls with T.38 can be made of what it says to take.
fn of_capabilities(response: &Message) -> Vec<Finding> {
    let mut findings = Vec::new();
    let allows = |method: &str| response.headers.lists_token("Allow", method);
    if response.headers.first("Allow").is_some() {
        findings.push(if allows("INVITE") && allows("BYE") {
            Finding::new(
                Weight::Good,
                "methods",
                "it takes calls (INVITE, and with it the re-INVITE that switches to T.38)",
            )
        } else {
            Finding::new(
                Weight::Bad,
                "methods",
                "it does not list INVITE and BYE among what it takes: no call can be placed there",
            )
            .advising("is trunk.proxy the place for calls, and not one for registrations only?")
        });
    }
    let accepted = response.headers.list("Accept");
    if !accepted.is_empty() && !accepted.iter().any(|one| takes_sdp(one)) {
        let sentence = "it does not take session descriptions (application/sdp), so it offers neither voice nor T.38";
        findings.push(
            Finding::new(Weight::Bad, "media", sentence)
                .advising("is trunk.proxy a registrar or a presence server only?"),
        );
    }
    let body = String::from_utf8_lossy(&response.body).to_ascii_lowercase();
    if body.contains("m=image") && body.contains("udptl") {
        findings.push(Finding::new(Weight::Good, "media", "it says to take T.38 over UDPTL"));
    } else if body.contains("m=audio") {
        let sentence =
            "what it says to take is voice; T.38 is not among it, which does not yet mean that it refuses it";
        findings.push(
            Finding::new(Weight::Note, "media", sentence)
                .advising("ask whoever runs the trunk whether T.38 is enabled for this account"),
        );
    }
    findings
}

fn takes_sdp(accepted: &[u8]) -> bool {
    let text = String::from_utf8_lossy(accepted).to_ascii_lowercase();
    let kind = text.split(';').next().unwrap_or_default().trim();
    matches!(kind, "application/sdp" | "application/*" | "*/*")
}

/// Whether it sees us where we say to be.
fn of_address(response: &Message, place: &Destination, own: SocketAddr) -> Option<Finding> {
    let seen = seen_at(response, own);
    if place.transport != Transport::Udp || seen.ip() == own.ip() {
        return None;
    }
    let sentence = format!("it sees us at {}, and we call ourselves {}", seen.ip(), own.ip());
    let advice = format!(
        "a NAT is between us: set sip.public_address = \"{}\" and forward the ports of sip.listen and sip.media_ports there",
        seen.ip()
    );
    Some(Finding::new(Weight::Note, "address", sentence).advising(advice))
}

/// Whether both clocks tell the same time.
// RFC 3261 §20.17
fn of_clock(response: &Message, now_ms: i64) -> Option<Finding> {
    let date = String::from_utf8_lossy(response.headers.first("Date")?).into_owned();
    let theirs = jiff::fmt::rfc2822::parse(date.trim()).ok()?.timestamp().as_millisecond();
    let apart = Duration::from_millis(theirs.abs_diff(now_ms));
    (apart > CLOCKS_APART).then(|| {
        let which = if theirs > now_ms { "ahead of" } else { "behind" };
        let sentence = format!("its clock is {} seconds {which} ours", apart.as_secs());
        Finding::new(Weight::Note, "clock", sentence)
            .advising("set both by NTP: passwords are proved, and certificates believed, for a time only")
    })
}

/// What the registrar says about us.
fn of_register(answer: &Answer, places: &[Destination], user: &str) -> Finding {
    const SUBJECT: &str = "registration";
    let bad = |sentence: String, advice: &str| Finding::new(Weight::Bad, SUBJECT, sentence).advising(advice);
    let response = match answer {
        Answer::Silence => {
            return bad(
                format!("no registrar answers at {}", one_of(places)),
                "is trunk.registrar right? It is the host of proxy when left out",
            );
        }
        Answer::NoWay => {
            return bad(format!("there is no way to the registrar {}", one_of(places)), "is trunk.registrar right?");
        }
        Answer::Challenged(_, Unanswerable::Refused) => {
            return bad(
                format!("the registrar refused the user name or password of {user}"),
                "look at trunk.username and trunk.password_file; some carriers have a user of its own for authentication, which is \
                 trunk.username, and register another, which is trunk.register_user",
            );
        }
        Answer::Challenged(response, Unanswerable::NoCredentials) => {
            let realm = realm(response);
            return bad(
                format!("the registrar asks for a password in the name of {realm:?}, and there is none for it"),
                "set trunk.username and trunk.password_file, and trunk.realm to that name or not at all",
            );
        }
        Answer::Challenged(_, Unanswerable::UnknownScheme) => {
            return bad(
                "the registrar asks for a password in a way that is not known here".into(),
                "ask it to use digest",
            );
        }
        Answer::Final(response, _) => response,
    };
    let (status, reason) = (response.status().unwrap_or_default(), response.reason_phrase());
    match status {
        200..300 => {
            let bound: Vec<String> = response
                .headers
                .list("Contact")
                .iter()
                .take(BINDINGS_TOLD)
                .map(|contact| String::from_utf8_lossy(contact).into_owned())
                .collect();
            let known = if bound.is_empty() { "nobody is registered now".to_owned() } else { bound.join(", ") };
            Finding::new(
                Weight::Good,
                SUBJECT,
                format!("the registrar knows {user} and takes the password; registered: {known}"),
            )
        }
        403 => bad(
            format!("the registrar forbids {user} to register (SIP 403 {reason})"),
            "most mean the user name or password by it: look at trunk.username and trunk.password_file; or our address is not allowed",
        ),
        404 | 604 => bad(
            format!("the registrar does not know {user} (SIP {status} {reason})"),
            "look at trunk.register_user and trunk.domain",
        ),
        // RFC 3261 §10.3 item 6 lets a registrar want a Contact; some do.
        400 => Finding::new(
            Weight::Note,
            SUBJECT,
            format!("the registrar answers no questions without a registration ({status} {reason})"),
        )
        .advising("faxramp trunk show tells how the server's own registration went"),
        _ => bad(format!("the registrar answers SIP {status} {reason}"), "the status says why; ask whoever runs it"),
    }
}

fn realm(response: &Message) -> String {
    let challenges = crate::sip::digest::Challenge::all(&response.headers);
    challenges.first().map(|challenge| challenge.realm.clone()).unwrap_or_default()
}

#[cfg(test)]
mod tests;
