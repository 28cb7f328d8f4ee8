//! The configuration in the words of the stages.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crate::call::{Ask, Codec, FirstOffer, T38Policy};
use crate::config::{self, Config, SipHost, SipTransport, TlsClients, TrunkTransport};
use crate::io::smtp_out::{self, Tls};
use crate::io::tls::{ClientCertificates, ClientFiles, IdentityFiles, ServerFiles, TlsError, TlsSettings};
use crate::mail::{BodyText, SelectionRules};
use crate::model::{Network, Number, NumberPlan};
use crate::pages::plan;
use crate::pages::sheet::{Paper, Stock};
use crate::pages::worker::{self, PdfEngine, Sandbox};
use crate::policy::address::AddressRules;
use crate::policy::authorize::{Action, Rule, Rules};
use crate::policy::{InboundRoutes, InboundRule, NumberFormat, Rate, RetrySettings, SubAddressRule, Trunk, Trunks};
use crate::signal::Modulation;
use crate::sip::{self, CalledFrom, Credentials};
use crate::stage::settings::{
    Accept, BlockedCallers, Deliver, Dial, Fax, Formats, Identity, InboundPeer, InboundWishes, Keep, NumberUri,
    Receive, Registering, Render, Report, Route, Settings, SipServer, Telling, Trace, TrunkLine, Watching, WhenFull,
};
use crate::t30::RtnMeaning;
use crate::t38::{ErrorCorrection, Pacing};

/// The program that draws, by name.
const WORKER: &str = "faxramp-render";
/// The caller hears our tone this long before we ask for T.38, unless it shows itself to be a fax sooner.
const CED_BEFORE_REINVITE: Duration = Duration::from_millis(1200);
/// Longest call we answer.
const RECEIVE_LIMIT: Duration = Duration::from_secs(3600);
/// How long a mail is tried beyond its retry list.
const MAIL_LIFETIME: Duration = Duration::from_secs(5 * 24 * 3600);
/// Limit for each step of a conversation with the smarthost.
const SMARTHOST_STEP: Duration = Duration::from_secs(120);
/// The domain of our mails where none is configured; such a server takes no mail either.
const NAMELESS_DOMAIN: &str = "localhost";

/// Why a sound configuration does not fit.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// A certificate or key.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The renderer is missing.
    #[error("the renderer {WORKER} is not beside this program ({}); install it there or set render.worker", folder.display())]
    NoWorker {
        /// Where it was looked for.
        folder: PathBuf,
    },
    /// A rule that the module it is for refuses.
    #[error("{key}: {reason}")]
    Rule {
        /// The section.
        key: String,
        /// Why.
        reason: String,
    },
}

fn rule(key: impl Into<String>) -> impl FnOnce(String) -> SettingsError {
    let key = key.into();
    move |reason| SettingsError::Rule { key, reason }
}

/// Fills the settings of every stage; finds the renderer.
///
/// # Errors
/// What does not fit.
pub fn settings(config: &Config) -> Result<Settings, SettingsError> {
    let plan = number_plan(config);
    let fax = fax(config);
    let dial = dial(config, &plan, &fax)?;
    Ok(Settings {
        hostname: config.server.hostname.clone(),
        accept: accept(config, &plan)?,
        render: render(config)?,
        receive: receive(config, &plan, fax, &dial.lines)?,
        dial,
        report: report(config),
        deliver: deliver(config)?,
        trace: trace(config),
    })
}

fn number_plan(config: &Config) -> NumberPlan {
    NumberPlan {
        country_code: config.numbers.country_code.clone(),
        international_prefix: config.numbers.international_prefix.clone(),
        national_prefix: config.numbers.national_prefix.clone(),
        extension_digits: config.numbers.extension_digits as usize,
    }
}

fn accept(config: &Config, plan: &NumberPlan) -> Result<Accept, SettingsError> {
    let mut rules = Vec::new();
    for allow in &config.allow {
        let key = format!("allow {:?}", allow.name);
        let wrong = |error: &dyn std::fmt::Display| rule(key.clone())(error.to_string());
        let senders = allow.senders.iter().map(|pattern| pattern.parse().map_err(|error| wrong(&error)));
        rules.push(Rule {
            name: allow.name.clone(),
            peers: allow.peers.clone(),
            senders: senders.collect::<Result<_, _>>()?,
            numbers: allow.numbers.clone(),
            caller: number(allow.caller_number.as_deref(), plan, format!("{key}: caller_number"))?,
            action: match allow.action {
                config::Action::Allow => Action::Allow { max_pages: allow.max_pages },
                config::Action::Deny => Action::Deny,
            },
        });
    }
    Ok(Accept {
        peers: config.smtp.trusted_peers.clone(),
        addresses: AddressRules {
            fax_domains: config.smtp.fax_domains.clone(),
            encapsulated_domains: Vec::new(),
            plan: plan.clone(),
        },
        rules: Rules(rules),
        max_message_bytes: config.smtp.max_message_size,
        lifetime: config.queue.lifetime,
    })
}

fn render(config: &Config) -> Result<Render, SettingsError> {
    let render = &config.render;
    let paper = match config.fax.paper {
        config::Paper::A4 => Paper::A4,
        config::Paper::Letter => Paper::Letter,
    };
    let stock = Stock { widest: config.fax.widest, resolution: config.fax.resolution, paper };
    let processor_seconds = u32::try_from(render.timeout.as_secs()).unwrap_or(u32::MAX).max(1);
    let plan = plan::Settings {
        limits: worker::Limits {
            pages: render.max_pages,
            processor_seconds,
            memory_mebibytes: u32::try_from(render.memory >> 20).unwrap_or(u32::MAX),
            ..worker::Limits::default()
        },
        sandbox: if render.strict_sandbox { Sandbox::Strict } else { Sandbox::BestEffort },
        pdf_engine: match render.engine {
            config::Engine::Auto => PdfEngine::Auto,
            config::Engine::Pdfium => PdfEngine::Pdfium,
            config::Engine::Hayro => PdfEngine::Hayro,
        },
        pdf_library: pdf_library(render.pdfium_library.as_deref()),
        ..plan::Settings::new(stock)
    };
    let body = match render.body {
        config::Body::FirstPage => BodyText::FirstPage,
        config::Body::OnlyAlone => BodyText::OnlyWithoutAttachment,
        config::Body::Never => BodyText::Never,
    };
    let selection = SelectionRules { body, ..SelectionRules::default() };
    Ok(Render { worker: worker_program(render.worker.as_deref())?, plan, timeout: render.timeout, selection })
}

/// The folder this program is in; that of a test binary is one deeper.
fn program_folder() -> PathBuf {
    let program = std::env::current_exe().unwrap_or_default();
    let folder = program.parent().map(Path::to_path_buf).unwrap_or_default();
    if folder.ends_with("deps") { folder.parent().map(Path::to_path_buf).unwrap_or_default() } else { folder }
}

fn worker_program(configured: Option<&Path>) -> Result<PathBuf, SettingsError> {
    if let Some(program) = configured {
        return Ok(program.to_path_buf());
    }
    let folder = program_folder();
    let program = folder.join(WORKER);
    if program.is_file() { Ok(program) } else { Err(SettingsError::NoWorker { folder }) }
}

/// Where libpdfium is, as far as it is known here; the renderer looks where libraries usually are.
fn pdf_library(configured: Option<&Path>) -> Option<PathBuf> {
    if let Some(library) = configured {
        return Some(library.to_path_buf());
    }
    let folder = program_folder();
    let named = std::env::var_os("LIBPDFIUM").map(PathBuf::from);
    let beside = folder.join("libpdfium.so");
    // target/release/faxramp and build/pdfium/libpdfium.so share the project's folder.
    let built = folder.join("../../build/pdfium/libpdfium.so");
    let found = named.into_iter().chain([beside, built]).find(|library| library.is_file())?;
    Some(found.canonicalize().unwrap_or(found))
}

fn fax(config: &Config) -> Fax {
    let fax = &config.fax;
    let within = |modulation: &&Modulation| modulation.bits_per_second() <= fax.max_rate;
    let max_modulation = Modulation::ALL.iter().rev().find(within).copied().unwrap_or(Modulation::V27ter2400);
    Fax {
        station_id: fax.station_id.clone(),
        sender_name: fax.sender_name.clone(),
        headline: fax.headline,
        ecm: fax.ecm,
        ecm_small_frames: fax.ecm_small_frames,
        max_modulation,
        error_correction: ErrorCorrection::Redundancy,
        control_redundancy: u8::try_from(fax.control_redundancy).unwrap_or(u8::MAX),
        image_redundancy: u8::try_from(fax.image_redundancy).unwrap_or(u8::MAX),
        rtn: match fax.rejected_page {
            config::RejectedPage::Resend => RtnMeaning::Resend,
            config::RejectedPage::ResendThenGoOn => RtnMeaning::ResendThenGoOn,
            config::RejectedPage::Printed => RtnMeaning::Printed,
        },
        pacing: match fax.pacing {
            config::Pacing::Modem => Pacing::Modem,
            config::Pacing::Auto => Pacing::Auto,
            config::Pacing::Fast => Pacing::Fast,
        },
    }
}

/// A SIP server as the stages know it; `trunk` says whose certificates and roots are used.
pub(super) fn sip_server(host: &SipHost, transport: TrunkTransport, trunk: &str) -> SipServer {
    let (wanted, large) = match transport {
        TrunkTransport::Auto => (None, sip::Large::Moves),
        TrunkTransport::Udp => (Some(sip::Transport::Udp), sip::Large::Stays),
        TrunkTransport::Tcp => (Some(sip::Transport::Tcp), sip::Large::Stays),
        TrunkTransport::Tls => (Some(sip::Transport::Tls), sip::Large::Stays),
    };
    let parsed = sip::Host::parse(&host.host).unwrap_or_else(|| sip::Host::Name(host.host.clone()));
    SipServer {
        place: sip::Place { host: parsed, port: host.port, transport: wanted },
        large,
        tls: Arc::new(sip::TlsPeer { domain: host.host.clone(), profile: trunk.to_owned() }),
    }
}

pub(super) const fn transport_of(transport: SipTransport) -> sip::Transport {
    match transport {
        SipTransport::Udp => sip::Transport::Udp,
        SipTransport::Tcp => sip::Transport::Tcp,
        SipTransport::Tls => sip::Transport::Tls,
    }
}

/// The certificates of all sides, read from their files.
///
/// # Errors
/// The first file that is not as it should be.
pub(super) fn tls(config: &Config) -> Result<TlsSettings, TlsError> {
    let identity = |certificate: &Option<PathBuf>, key: &Option<PathBuf>| {
        certificate.clone().zip(key.clone()).map(|(certificate, key)| IdentityFiles { certificate, key })
    };
    let sip = &config.sip;
    let listens = sip.listen.iter().any(|listen| listen.transport == Some(SipTransport::Tls));
    let server = identity(&sip.tls_certificate, &sip.tls_key).filter(|_| listens).map(|identity| ServerFiles {
        identity,
        clients: match sip.tls_clients {
            TlsClients::Ignored => ClientCertificates::Ignored,
            TlsClients::Accepted => ClientCertificates::Accepted,
            TlsClients::Required => ClientCertificates::Required,
        },
        roots: sip.tls_ca.clone(),
    });
    let mut clients = BTreeMap::new();
    for trunk in &config.trunk {
        let files = ClientFiles {
            identity: identity(&trunk.tls_certificate, &trunk.tls_key),
            roots: trunk.tls_ca.clone(),
            verify: trunk.tls_verify,
        };
        let speaks = match trunk.transport {
            TrunkTransport::Tls => true,
            // A name may lead to TLS; without roots of the system or own ones that is no fault before it does.
            TrunkTransport::Auto => files.identity.is_some() || files.roots.is_some() || trunk.proxy.port.is_none(),
            TrunkTransport::Udp | TrunkTransport::Tcp => false,
        };
        if speaks && !trunk.tls_verify {
            tracing::warn!(trunk = trunk.name, "tls_verify is false: anybody on the way can be this trunk");
        }
        if speaks {
            clients.insert(trunk.name.clone(), files);
        }
    }
    TlsSettings::load(server.as_ref(), &clients)
}

fn dial(config: &Config, plan: &NumberPlan, fax: &Fax) -> Result<Dial, SettingsError> {
    let mut trunks = Vec::new();
    let mut lines = BTreeMap::new();
    for trunk in &config.trunk {
        trunks.push(dialplan(trunk, plan)?);
        lines.insert(trunk.name.clone(), trunk_line(trunk, plan, fax)?);
    }
    let trunks = Trunks::new(trunks, plan.clone()).map_err(|error| rule("trunk")(error.to_string()))?;
    Ok(Dial {
        trunks,
        lines,
        max_calls: config.queue.max_calls as usize,
        retry: retry(config)?,
        fax: fax.clone(),
        user_agent: config.sip.user_agent.clone(),
    })
}

/// What SIP needs to know of one trunk.
fn trunk_line(trunk: &config::Trunk, plan: &NumberPlan, fax: &Fax) -> Result<TrunkLine, SettingsError> {
    let credentials = trunk.username.as_ref().map(|user| Credentials {
        user: user.clone(),
        password: trunk.password.as_ref().map(|password| password.reveal().to_owned()).unwrap_or_default(),
        realm: trunk.realm.clone(),
    });
    let watching = Watching { interval: trunk.options_interval, misses: trunk.options_misses };
    Ok(TrunkLine {
        server: sip_server(&trunk.proxy, trunk.transport, &trunk.name),
        registration: trunk.register.then(|| registering(trunk)),
        watch: (!trunk.options_interval.is_zero()).then_some(watching),
        calls_per_second: trunk.calls_per_second,
        identity: identity(trunk, plan, fax)?,
        response_timeout: trunk.response_timeout,
        domain: trunk.domain.clone().unwrap_or_else(|| trunk.proxy.host.clone()),
        credentials,
        channels: trunk.channels,
        codecs: trunk.codecs.iter().map(|codec| codec_of(*codec)).collect(),
        t38: t38_policy(trunk),
        answer_timeout: trunk.answer_timeout,
        call_limit: trunk.max_call,
    })
}

/// One trunk as the stages know it, without the rest of the settings.
///
/// # Errors
/// What does not fit.
pub(super) fn one_trunk(config: &Config, trunk: &config::Trunk) -> Result<TrunkLine, SettingsError> {
    trunk_line(trunk, &number_plan(config), &fax(config))
}

fn t38_policy(trunk: &config::Trunk) -> T38Policy {
    T38Policy {
        first_offer: match trunk.t38 {
            config::T38::Reinvite => FirstOffer::Audio,
            config::T38::First => FirstOffer::T38,
            config::T38::Both => FirstOffer::Both,
        },
        ask: match trunk.t38_ask {
            config::T38Ask::Wait => Ask::After(trunk.t38_reinvite_after),
            config::T38Ask::AtOnce => Ask::After(Duration::ZERO),
            config::T38Ask::Never => Ask::Never,
        },
        accept: trunk.t38_accept,
    }
}

const fn codec_of(codec: config::Codec) -> Codec {
    match codec {
        config::Codec::Pcma => Codec::Pcma,
        config::Codec::Pcmu => Codec::Pcmu,
    }
}

fn registering(trunk: &config::Trunk) -> Registering {
    let registrar = trunk.registrar.as_ref().unwrap_or(&trunk.proxy);
    Registering {
        registrar: sip_server(registrar, trunk.transport, &trunk.name),
        user: trunk.register_user.clone().or_else(|| trunk.username.clone()).unwrap_or_default(),
        expires: trunk.register_expires,
        keep_alive: trunk.keep_alive,
    }
}

fn identity(trunk: &config::Trunk, plan: &NumberPlan, fax: &Fax) -> Result<Identity, SettingsError> {
    let key = format!("trunk {:?}: diversion", trunk.name);
    let diversion = number(trunk.diversion.as_deref(), plan, key)?;
    let domain = trunk.domain.clone().unwrap_or_else(|| trunk.proxy.host.clone());
    Ok(Identity {
        telling: match trunk.identity {
            config::Identity::From => Telling::From,
            config::Identity::Asserted => Telling::Asserted,
            config::Identity::Preferred => Telling::Preferred,
            config::Identity::Both => Telling::Both,
        },
        from_user: trunk.from_user.clone().or_else(|| trunk.username.clone()),
        from_domain: trunk.from_domain.clone().unwrap_or(domain),
        display_name: trunk.display_name.clone().unwrap_or_else(|| fax.sender_name.clone()),
        hidden: trunk.hide_number,
        diversion: diversion.map(|number| number_format(trunk.number_format).spell(&number, plan)),
        number_uri: match trunk.number_uri {
            config::NumberUri::Sip => NumberUri::Sip,
            config::NumberUri::SipPhone => NumberUri::SipPhone,
            config::NumberUri::Tel => NumberUri::Tel,
        },
        phone_context: trunk.phone_context.clone(),
    })
}

/// A number as the configuration writes it, if it does.
fn number(text: Option<&str>, plan: &NumberPlan, key: String) -> Result<Option<Number>, SettingsError> {
    let parse = |text| Number::parse(text, plan).map_err(|error| rule(key)(error.to_string()));
    text.map(parse).transpose()
}

const fn number_format(format: config::NumberFormat) -> NumberFormat {
    match format {
        config::NumberFormat::E164 => NumberFormat::E164,
        config::NumberFormat::Digits => NumberFormat::Digits,
        config::NumberFormat::National => NumberFormat::National,
    }
}

fn dialplan(trunk: &config::Trunk, plan: &NumberPlan) -> Result<Trunk, SettingsError> {
    let key = format!("trunk {:?}: caller_number", trunk.name);
    let caller_number = number(trunk.caller_number.as_deref(), plan, key)?;
    let rate = |rate: &config::Rate| Rate { numbers: rate.numbers.clone(), price: rate.price };
    Ok(Trunk {
        name: trunk.name.clone(),
        prefixes: trunk.prefixes.clone(),
        strip: trunk.strip as usize,
        prepend: trunk.prepend.clone(),
        order: trunk.order,
        weight: trunk.weight,
        rates: trunk.rates.iter().map(rate).collect(),
        format: number_format(trunk.number_format),
        caller_number,
    })
}

fn retry(config: &Config) -> Result<RetrySettings, SettingsError> {
    let schedule =
        |key: &str, text: &str| text.parse().map_err(|error| rule(format!("queue.retry.{key}"))(format!("{error}")));
    Ok(RetrySettings {
        busy: schedule("busy", &config.retry.busy)?,
        no_answer: schedule("no_answer", &config.retry.no_answer)?,
        trunk: schedule("trunk", &config.retry.trunk)?,
        fax: schedule("fax", &config.retry.fax)?,
        not_a_fax: schedule("not_a_fax", &config.retry.not_a_fax)?,
        ..RetrySettings::default()
    })
}

fn receive(
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

/// Those with a section, then the trunks by the address of their proxies, then any address that is allowed.
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
    let allowed = config.sip.allowed_peers.clone();
    let rate = sip::Rate { per_second: config.sip.calls_per_second, burst: config.sip.calls_burst };
    let unnamed = |name: String, trunk: Option<String>, addresses: Vec<Network>| InboundPeer {
        name,
        t38: t38_of(trunk.as_ref()),
        trunk,
        addresses,
        certificates: Vec::new(),
        credentials: None,
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
        // Whoever is named is found anew at each call; which of its addresses calls us, a [[peer]] has to say.
        let sip::Host::Address(address) = line.server.place.host else { continue };
        let port = line.server.place.port.unwrap_or(sip::Transport::Udp.default_port());
        // A call to ourselves comes from no trunk.
        let is_own = config.sip.listen.iter().any(|listen| listen.address == SocketAddr::new(address, port));
        if !is_own && allowed.iter().any(|network| network.contains(address)) {
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

const fn formats(formats: config::Formats) -> Formats {
    match formats {
        config::Formats::Pdf => Formats::Pdf,
        config::Formats::Tiff => Formats::Tiff,
        config::Formats::Both => Formats::Both,
    }
}

const fn trace(config: &Config) -> Trace {
    Trace {
        keep: match config.trace.calls {
            config::Captures::None => Keep::None,
            config::Captures::Failed => Keep::Failed,
            config::Captures::All => Keep::All,
        },
        keep_for: config.trace.keep_for,
        max_total: config.trace.max_total,
    }
}

fn report(config: &Config) -> Report {
    let (from_name, from_address) = match &config.receipt.from {
        Some(from) => (from.name.clone(), from.address.clone()),
        None => {
            let domain = config.smtp.fax_domains.first().map_or(NAMELESS_DOMAIN, String::as_str);
            ("Fax".to_owned(), format!("fax-noreply@{domain}"))
        }
    };
    let attach = match config.receipt.attach {
        config::Attach::None => None,
        config::Attach::Pdf => Some(Formats::Pdf),
        config::Attach::Tiff => Some(Formats::Tiff),
    };
    Report { enabled: config.receipt.enabled, from_name, from_address, thumbnail: config.receipt.thumbnail, attach }
}

fn deliver(config: &Config) -> Result<Deliver, SettingsError> {
    let delivery = &config.delivery;
    let route = match (&delivery.maildir, &delivery.smarthost) {
        (Some(maildir), _) => Route::Maildir(maildir.clone()),
        (None, Some(smarthost)) => Route::Smarthost(smtp_out::Settings {
            host: smarthost.host.clone(),
            port: smarthost.port,
            tls: match delivery.tls {
                config::DeliveryTls::Implicit => Tls::Implicit,
                config::DeliveryTls::Required => Tls::Required,
                config::DeliveryTls::Opportunistic => Tls::Opportunistic,
                config::DeliveryTls::Off => Tls::Off,
            },
            credentials: delivery.username.as_ref().map(|user| {
                let password = delivery.password.as_ref().map(|password| password.reveal().to_owned());
                (user.clone(), password.unwrap_or_default())
            }),
            helo: delivery.helo.clone().unwrap_or_else(|| config.server.hostname.clone()),
            timeout: SMARTHOST_STEP,
        }),
        (None, None) => Route::Nowhere,
    };
    let retry = delivery.retry.parse().map_err(|error| rule("delivery.retry")(format!("{error}")))?;
    Ok(Deliver { route, retry, lifetime: MAIL_LIFETIME })
}
