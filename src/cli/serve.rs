//! `faxramp serve`: the server as a process. Signals, the log, the service manager; what a server is, is the business of `app`.

use tokio::signal::unix::{Signal, SignalKind, signal};

use super::arguments::Level;
use super::console::Console;
use super::exit::{Ended, Exit, Failure};
use super::logging;
use super::readiness::Readiness;
use super::{Source, runtime};
use crate::app::{Server, StartError};
use crate::config::{self as configuration, Config};

pub(super) fn run(level: Option<Level>, source: &Source, console: &mut Console) -> Ended {
    let config = source.load(console)?;
    logging::start(level.map_or(config.log.level, Into::into), config.log.format);
    let runtime = runtime()?;
    let ended = runtime.block_on(serve(config, level, source));
    // Whatever still runs was told to end and had its time.
    runtime.shutdown_background();
    ended
}

/// The signals the server lives by.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hang_up: Signal,
}

/// What a signal asks for.
enum Wish {
    Stop,
    Reload,
}

impl Signals {
    fn listen() -> Result<Self, Failure> {
        let open = |kind| {
            signal(kind)
                .map_err(|error| Failure::new(Exit::Unavailable, format!("signals cannot be listened for: {error}")))
        };
        Ok(Self {
            terminate: open(SignalKind::terminate())?,
            interrupt: open(SignalKind::interrupt())?,
            hang_up: open(SignalKind::hangup())?,
        })
    }

    async fn next(&mut self) -> Wish {
        tokio::select! {
            _ = self.terminate.recv() => Wish::Stop,
            _ = self.interrupt.recv() => Wish::Stop,
            _ = self.hang_up.recv() => Wish::Reload,
        }
    }

    /// Waits for another signal to stop; reloading makes no sense any more.
    async fn stop(&mut self) {
        while let Wish::Reload = self.next().await {}
    }
}

async fn serve(config: Config, level: Option<Level>, source: &Source) -> Ended {
    let mut signals = Signals::listen()?;
    let readiness = Readiness::of_process();
    let server = Server::start(&config).await.map_err(|error| not_started(&error))?;
    let status = format!("SMTP on {:?}, SIP on {}", server.smtp_addresses(), server.sip_address());
    readiness.ready(&status);
    let mut patience = config.server.drain_timeout;
    while let Wish::Reload = signals.next().await {
        if let Some(new) = reload(&server, &config, source).await {
            if level.is_none() {
                logging::change_level(new.log.level);
            }
            patience = new.server.drain_timeout;
        }
        readiness.ready(&status);
    }
    readiness.stopping();
    tracing::info!(seconds = patience.as_secs(), "told to stop; calls on the line may go on for so long");
    tokio::select! {
        () = server.drain(patience) => {}
        () = signals.stop() => tracing::warn!("told to stop again; calls on the line are resumed at the next start"),
    }
    Ok(Exit::Ok)
}

/// Reads the configuration again; nothing when the old one stays. `started` is the one the server was started with.
async fn reload(server: &Server, started: &Config, source: &Source) -> Option<Config> {
    let new = match configuration::load(&source.path) {
        Ok(new) => new,
        Err(errors) => {
            for problem in errors.problems() {
                tracing::error!("{problem}");
            }
            tracing::error!("the configuration has faults; the old one stays in force");
            return None;
        }
    };
    if let Err(error) = server.reload(&new).await {
        tracing::error!(%error, "the configuration does not fit this machine; the old one stays in force");
        return None;
    }
    let waiting = needs_restart(started, &new);
    if waiting.is_empty() {
        tracing::info!(file = %source.path.display(), "the configuration was read again and is in force");
    } else {
        let keys = waiting.join(", ");
        tracing::warn!(keys, "the configuration was read again; these keys need a restart");
    }
    Some(new)
}

/// The changed keys that a running server does not take.
fn needs_restart(old: &Config, new: &Config) -> Vec<&'static str> {
    let keys = [
        ("server.data_directory", old.server.data_directory == new.server.data_directory),
        ("server.hostname in SMTP", old.server.hostname == new.server.hostname),
        ("smtp.listen", old.smtp.listen == new.smtp.listen),
        ("smtp.max_connections", old.smtp.max_connections == new.smtp.max_connections),
        ("smtp.max_connections_per_peer", old.smtp.max_connections_per_peer == new.smtp.max_connections_per_peer),
        ("smtp.max_message_size in SMTP", old.smtp.max_message_size == new.smtp.max_message_size),
        ("smtp.max_recipients", old.smtp.max_recipients == new.smtp.max_recipients),
        ("sip.listen", old.sip.listen == new.sip.listen),
        ("sip.public_address", old.sip.public_address == new.sip.public_address),
        ("sip.media_ports", old.sip.media_ports == new.sip.media_ports),
        ("queue.keep_history", old.queue.keep_history == new.queue.keep_history),
        ("log.format", old.log.format == new.log.format),
        ("log.redact_numbers", old.log.redact_numbers == new.log.redact_numbers),
    ];
    keys.into_iter().filter(|(_, same)| !same).map(|(key, _)| key).collect()
}

/// Why the server does not run, as an exit code.
pub(super) fn not_started(error: &StartError) -> Failure {
    let sentence = error.to_string();
    match error {
        StartError::Settings(_) => Failure::new(Exit::Config, sentence),
        StartError::Queue { source, .. } => {
            let failure = super::queue::failure(source);
            Failure { sentence, ..failure }
        }
        StartError::Spool(_) => Failure::new(Exit::Unavailable, sentence)
            .advising("server.data_directory must be a folder that the user of the server may write to"),
        StartError::Listen { .. } | StartError::Thread(_) | StartError::Recovery(_) => {
            Failure::new(Exit::Unavailable, sentence)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::needs_restart;
    use crate::config::{Config, check_text};

    #[test]
    fn only_what_a_running_server_does_not_take_needs_a_restart() {
        let old = Config::default();
        let new =
            check_text("new.toml", "[sip]\nlisten = \"127.0.0.1:5099\"\n[fax]\necm = false\n[log]\nformat = \"json\"");
        assert_eq!(needs_restart(&old, &new.expect("sound")), ["sip.listen", "log.format"]);
        assert!(needs_restart(&old, &old).is_empty());
    }
}
