//! The log: lines for people or JSON objects, to the standard error output, where journald and terminals look for them.

use std::fs::OpenOptions;
use std::io::IsTerminal as _;
use std::path::Path;
use std::sync::{Mutex, OnceLock};

use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::reload;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{Layer as _, Registry};

use super::arguments::Level;
use super::exit::{Exit, Failure};
use crate::config::{LogFormat, LogLevel};

/// Lets the level be changed while the server runs.
static LEVEL: OnceLock<reload::Handle<Targets, Registry>> = OnceLock::new();

impl From<Level> for LogLevel {
    fn from(level: Level) -> Self {
        match level {
            Level::Error => Self::Error,
            Level::Warn => Self::Warn,
            Level::Info => Self::Info,
            Level::Debug => Self::Debug,
            Level::Trace => Self::Trace,
        }
    }
}

/// Our own lines down to `level`; of the libraries below us only what they warn of.
fn filter(level: LogLevel) -> Targets {
    let level = match level {
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
        LogLevel::Trace => LevelFilter::TRACE,
    };
    Targets::new().with_target("faxramp", level).with_default(level.min(LevelFilter::WARN))
}

/// Begins to log to the standard error output. A second call does nothing.
pub(super) fn start(level: LogLevel, format: LogFormat) {
    let (level, handle) = reload::Layer::new(filter(level));
    // journald stamps each line itself.
    let journal = std::env::var_os("JOURNAL_STREAM").is_some();
    let colour = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    let base = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_target(false).with_ansi(colour);
    let layer = match (format, journal) {
        (LogFormat::Json, _) => base.json().flatten_event(true).boxed(),
        (LogFormat::Text, true) => base.without_time().boxed(),
        (LogFormat::Text, false) => base.boxed(),
    };
    if tracing_subscriber::registry().with(level).with(layer).try_init().is_ok() {
        let _ = LEVEL.set(handle);
    }
}

/// Begins to log to a file, for a command whose terminal shows something else.
pub(super) fn into_file(path: &Path) -> Result<(), Failure> {
    let file =
        OpenOptions::new().create(true).append(true).open(path).map_err(|error| {
            Failure::new(Exit::Unavailable, format!("{} cannot be written: {error}", path.display()))
        })?;
    let layer = tracing_subscriber::fmt::layer().with_writer(Mutex::new(file)).with_target(false).with_ansi(false);
    // Only a second log of the process fails, which there is only in tests.
    let _ = tracing_subscriber::registry().with(filter(LogLevel::Debug)).with(layer).try_init();
    Ok(())
}

/// Begins to log, in text, when somebody asked for it; for commands that run once.
pub(super) fn on_request(level: Option<Level>) {
    if let Some(level) = level {
        start(level.into(), LogFormat::Text);
    }
}

/// Changes the level.
pub(super) fn change_level(level: LogLevel) {
    if let Some(handle) = LEVEL.get()
        && let Err(error) = handle.reload(filter(level))
    {
        tracing::warn!(%error, "the log level could not be changed");
    }
}
