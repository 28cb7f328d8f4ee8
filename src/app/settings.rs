//! The configuration in the words of the stages.

mod receive;
mod trunk;

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::config::{self, Config};
use crate::io::smtp_out::{self, Tls};
use crate::io::tls::TlsError;
use crate::mail::{BodyText, SelectionRules};
use crate::model::NumberPlan;
use crate::pages::plan;
use crate::pages::sheet::{Paper, Stock};
use crate::pages::worker::{self, PdfEngine, Sandbox};
use crate::policy::RetrySettings;
use crate::policy::address::AddressRules;
use crate::policy::authorize::{Action, Rule, Rules};
use crate::signal::Modulation;
use crate::stage::settings::{Accept, Deliver, Fax, Formats, Keep, Render, Report, Route, Settings, Trace};
use crate::t30::RtnMeaning;
use crate::t38::{ErrorCorrection, Pacing};
use receive::receive;
use trunk::{dial, number};
pub(super) use trunk::{one_trunk, tls, transport_of};

/// The program that draws, by name.
const WORKER: &str = "faxramp-render";
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
    let fax = &config.fax;
    let stock = Stock { widest: fax.widest, resolution: fax.resolution, paper, long_pages: fax.long_pages };
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
        non_standard_facilities: fax.non_standard_facilities.clone(),
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
        remember: fax.remember,
    }
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
