//! Trunks and the transports of SIP in the words of the stages.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::{SettingsError, fax, number_plan, retry, rule};
use crate::call::{Ask, Codec, FirstOffer, T38Policy};
use crate::config::{self, Config, SipHost, SipTransport, TlsClients, TrunkTransport};
use crate::io::tls::{ClientCertificates, ClientFiles, IdentityFiles, ServerFiles, TlsError, TlsSettings};
use crate::model::{Number, NumberPlan};
use crate::policy::{NumberFormat, Rate, Trunk, Trunks};
use crate::queue::due::{Batch, MOST_PAGES};
use crate::sip::{self, Credentials};
use crate::stage::settings::{
    Dial, Fax, Identity, NumberUri, Registering, SipServer, Srtp, SrtpWish, Telling, TrunkLine, Watching,
};

/// A SIP server as the stages know it; `trunk` says whose certificates and roots are used.
fn sip_server(host: &SipHost, transport: TrunkTransport, trunk: &str) -> SipServer {
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

pub(in crate::app) const fn transport_of(transport: SipTransport) -> sip::Transport {
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
pub(in crate::app) fn tls(config: &Config) -> Result<TlsSettings, TlsError> {
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

pub(super) fn dial(config: &Config, plan: &NumberPlan, fax: &Fax) -> Result<Dial, SettingsError> {
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
        batch: Batch { faxes: config.queue.faxes_per_call, pages: MOST_PAGES },
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
        calls: call_settings(trunk),
        srtp: srtp(trunk),
        media_timeout: trunk.media_timeout,
        t38: t38_policy(trunk),
        answer_timeout: trunk.answer_timeout,
        call_limit: trunk.max_call,
    })
}

/// One trunk as the stages know it, without the rest of the settings.
///
/// # Errors
/// What does not fit.
pub(in crate::app) fn one_trunk(config: &Config, trunk: &config::Trunk) -> Result<TrunkLine, SettingsError> {
    trunk_line(trunk, &number_plan(config), &fax(config))
}

fn call_settings(trunk: &config::Trunk) -> sip::CallSettings {
    sip::CallSettings {
        reliable: match trunk.reliable_provisional {
            config::Reliable::Off => sip::Reliability::Off,
            config::Reliable::Supported => sip::Reliability::Supported,
            config::Reliable::Required => sip::Reliability::Required,
        },
        session_interval: (!trunk.session_timer.is_zero()).then_some(trunk.session_timer),
        least_interval: trunk.session_timer_min,
        redirects: trunk.redirects as usize,
    }
}

const fn srtp(trunk: &config::Trunk) -> Srtp {
    let wish = match trunk.srtp {
        config::Srtp::Off => SrtpWish::Off,
        config::Srtp::Offer => SrtpWish::Offer,
        config::Srtp::Require => SrtpWish::Require,
    };
    Srtp { wish, without_tls: trunk.srtp_without_tls }
}

fn t38_policy(trunk: &config::Trunk) -> T38Policy {
    // Who requires encryption means the pages.
    if trunk.srtp == config::Srtp::Require && !trunk.t38_without_srtp {
        return T38Policy::audio_only();
    }
    let audio = match trunk.fax {
        config::FaxWay::Auto => true,
        config::FaxWay::T38 => false,
        config::FaxWay::Audio => return T38Policy::audio_only(),
    };
    T38Policy {
        audio,
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
pub(super) fn number(text: Option<&str>, plan: &NumberPlan, key: String) -> Result<Option<Number>, SettingsError> {
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
