//! Wiring: a checked configuration becomes a running server, and a running server comes to rest.
//!
//! Start: spool and store are opened and what a crash left over is settled, then the sockets are bound, then the stages begin. Stop: the
//! listeners close, no new call is made, calls on the line get `drain_timeout`, what is still up then is ended as interrupted and
//! resumed at the next start.

mod settings;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::clock;
use crate::config::Config;
use crate::io::background;
use crate::io::call::Wish;
use crate::io::dns::{DnsError, Names};
use crate::io::media::MediaPorts;
use crate::io::sip::{Port, PortError, SipSocket};
use crate::io::smtp_in::{self, Limits};
use crate::model::Cause;
use crate::queue::{QueueError, Store};
use crate::sip::{Router, Transport};
use crate::smtp;
use crate::spool::{Spool, SpoolError, SpoolName, Traces};
use crate::stage::accept::Accept;
use crate::stage::dial::{self, Calls};
use crate::stage::line::Line;
use crate::stage::probe::{self, Finding};
use crate::stage::trace::Recorder;
use crate::stage::{Fault, Office, deliver, receive, render, report, trunks};

pub use settings::{SettingsError, settings};

/// How often received faxes that could not be mailed are tried again, what is over is forgotten, and orphans are swept.
const HOUSEKEEPING: Duration = Duration::from_secs(3600);
/// How often the drain looks whether all calls are over.
const DRAIN_LOOK: Duration = Duration::from_millis(100);
/// Time for the interrupted calls to say farewell and be written down.
const FAREWELL: Duration = Duration::from_secs(8);

/// Why the server does not start. Each says what to do.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The configuration is sound in itself but does not fit this machine.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// The queue.
    #[error("the queue in {}: {source}", path.display())]
    Queue {
        /// Its file.
        path: PathBuf,
        /// What is wrong.
        source: QueueError,
    },
    /// The spool.
    #[error(transparent)]
    Spool(#[from] SpoolError),
    /// A port.
    #[error("cannot listen on {address} for {what}: {source}; another program may have the port, see {key}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// The protocol.
        what: &'static str,
        /// The key of the configuration.
        key: &'static str,
        /// What the system said.
        source: std::io::Error,
    },
    /// The name service.
    #[error(transparent)]
    Names(#[from] DnsError),
    /// The system gives no thread.
    #[error("no thread could be started: {0}; is a limit on tasks set too low?")]
    Thread(std::io::Error),
    /// Leftovers of a crash could not be settled.
    #[error("what was left over from the last run could not be settled: {0}")]
    Recovery(#[from] Fault),
}

/// A server that runs.
pub struct Server {
    office: Office,
    calls: Calls,
    line: Line,
    smtp: Vec<SocketAddr>,
    stop: watch::Sender<bool>,
    hang_up: watch::Sender<Wish>,
    tasks: Vec<JoinHandle<()>>,
}

/// The file of the queue in the data directory.
#[must_use]
pub fn queue_file(config: &Config) -> PathBuf {
    config.server.data_directory.join("queue.sqlite")
}

/// The spool in the data directory.
#[must_use]
pub fn spool_directory(config: &Config) -> PathBuf {
    config.server.data_directory.join("spool")
}

/// The captures of calls in the data directory.
#[must_use]
pub fn traces_directory(config: &Config) -> PathBuf {
    config.server.data_directory.join("traces")
}

impl Server {
    /// Starts everything the configuration asks for.
    ///
    /// # Errors
    /// The first thing that does not fit; then nothing runs.
    pub async fn start(config: &Config) -> Result<Self, StartError> {
        let settings = settings(config)?;
        let (store, spool) = open(config)?;
        let office = Office::new(store, spool, settings);
        settle_leftovers(&office)?;
        let (line, new_calls) = open_line(config).await?;
        let listeners = listen(config).await?;
        let smtp = listeners.iter().filter_map(|listener| listener.local_addr().ok()).collect();
        let (stop, stopped) = watch::channel(false);
        let (hang_up, wanted_end) = watch::channel(Wish::default());
        let calls = Calls::default();
        let mut tasks = Vec::new();
        for listener in listeners {
            let owner = Arc::new(Accept::new(office.clone()));
            let limits = Limits {
                connections: config.smtp.max_connections as usize,
                connections_per_peer: config.smtp.max_connections_per_peer as usize,
            };
            tasks.push(tokio::spawn(smtp_in::serve(listener, session(config), limits, owner, stopped.clone())));
        }
        tasks.push(tokio::spawn(render::run(office.clone(), stopped.clone())));
        tasks.push(tokio::spawn(dial::run(office.clone(), line.clone(), calls.clone(), stopped.clone())));
        tasks.push(tokio::spawn(trunks::run(office.clone(), line.clone(), stopped.clone())));
        tasks.push(tokio::spawn(report::run(office.clone(), stopped.clone())));
        tasks.push(tokio::spawn(deliver::run(office.clone(), stopped.clone())));
        let receiving =
            receive::run(office.clone(), line.clone(), new_calls, wanted_end, stopped.clone(), calls.clone());
        tasks.push(tokio::spawn(receiving));
        let traces = line.recorder.traces().clone();
        tasks.push(tokio::spawn(keep_house(office.clone(), traces, config.queue.keep_history, stopped)));
        let bound: Vec<SocketAddr> = line.addresses.iter().map(|local| local.bound).collect();
        tracing::info!(sip = ?bound, smtp = ?smtp, "faxramp is ready");
        Ok(Self { office, calls, line, smtp, stop, hang_up, tasks })
    }

    /// What the stages share: rows, files, settings, and the calls on the line.
    #[must_use]
    pub fn office(&self) -> &Office {
        &self.office
    }

    /// Where SMTP is listened for.
    #[must_use]
    pub fn smtp_addresses(&self) -> &[SocketAddr] {
        &self.smtp
    }

    /// The first address that SIP is listened for at.
    #[must_use]
    pub fn sip_address(&self) -> SocketAddr {
        self.line.addresses.first().bound
    }

    /// Each address that SIP is listened for at, with its transport.
    #[must_use]
    pub fn sip_addresses(&self) -> Vec<String> {
        self.line.addresses.iter().map(|local| format!("{} by {}", local.bound, local.transport)).collect()
    }

    /// Puts a new configuration in force: everything but listeners, data directory and logging, which need a restart.
    ///
    /// # Errors
    /// When it does not fit this machine; then the old one stays.
    pub async fn reload(&self, config: &Config) -> Result<(), SettingsError> {
        let tls = settings::tls(config)?;
        self.office.reload(settings(config)?);
        self.line.sip.reload_tls(tls);
        Ok(())
    }

    /// Comes to rest: takes nothing new, lets calls finish for `patience`, ends the others. What they brought is written down.
    pub async fn drain(self, patience: Duration) {
        let _ = self.stop.send(true);
        let waiting = async {
            // A reception gives its channel back before its fax is mailed.
            while !(self.calls.is_empty() && self.line.receptions() == 0) || self.office.live().is_receiving() {
                let _ = tokio::time::timeout(DRAIN_LOOK, std::future::pending::<()>()).await;
            }
        };
        tokio::pin!(waiting);
        if tokio::time::timeout(patience, &mut waiting).await.is_err() {
            let left = self.calls.len() + self.line.receptions();
            if left > 0 {
                tracing::warn!(calls = left, "calls are still up and are ended; they are resumed at the next start");
            }
            self.calls.end_all(&Cause::Interrupted);
            let _ = self.hang_up.send(Cause::Interrupted.into());
            let _ = tokio::time::timeout(FAREWELL, &mut waiting).await;
        }
        for task in self.tasks {
            let _ = tokio::time::timeout(FAREWELL, task).await;
        }
        tracing::info!("faxramp has stopped");
    }
}

/// Asks one trunk whether it works, from ports of its own at the addresses of `sip.listen`, beside a server that may run.
///
/// # Errors
/// What keeps it from being asked.
pub async fn probe(config: &Config, trunk: &crate::config::Trunk) -> Result<Vec<Finding>, StartError> {
    let line = settings::one_trunk(config, trunk)?;
    let mut config = config.clone();
    for listen in &mut config.sip.listen {
        listen.address.set_port(0);
    }
    let (socket, calls) = open_line(&config).await?;
    let findings = probe::run(&line, &socket, &config.sip.user_agent).await;
    drop(calls);
    Ok(findings)
}

fn open(config: &Config) -> Result<(Store, Spool), StartError> {
    let spool = Spool::open(&spool_directory(config))?;
    spool.sweep_unfinished()?;
    let path = queue_file(config);
    let store = Store::open(&path).map_err(|source| StartError::Queue { path, source })?;
    Ok((store, spool))
}

/// What a crash left over: open attempts become interrupted, receptions are mailed as far as they came.
fn settle_leftovers(office: &Office) -> Result<(), Fault> {
    let settings = office.settings();
    let recovered = office.store().recover(&settings.dial.retry, clock::wall().0)?;
    for job in &recovered.resumed {
        tracing::warn!(%job, "the call was cut off by the last stop; the fax goes on at the first page not confirmed");
    }
    for job in recovered.done.iter().chain(&recovered.given_up).chain(&recovered.cancelled) {
        tracing::warn!(%job, "the call was cut off by the last stop; the fax is not dialled again");
    }
    receive::finish_interrupted(office, &recovered.receptions);
    sweep(office)
}

fn sweep(office: &Office) -> Result<(), Fault> {
    let named = office.store().spool_files()?;
    for orphan in office.spool().sweep_orphans(&named, SystemTime::from(clock::wall()))? {
        tracing::info!(file = %orphan, "a file that no row names was removed");
    }
    Ok(())
}

async fn open_line(
    config: &Config,
) -> Result<(Line, tokio::sync::mpsc::Receiver<crate::io::sip::Arrived>), StartError> {
    let listens = config.sip.listen.iter();
    let ports: Vec<Port> = listens
        .flat_map(|listen| {
            let address = listen.address;
            listen.transports().into_iter().map(move |one| Port { transport: settings::transport_of(one), address })
        })
        .collect();
    let public = config.sip.public_address;
    let advertise = |bound: SocketAddr| {
        let seen = public.filter(|public| public.is_ipv4() == bound.is_ipv4() && !bound.ip().is_loopback());
        SocketAddr::new(seen.unwrap_or(bound.ip()), bound.port())
    };
    let tls = settings::tls(config).map_err(SettingsError::from)?;
    let router = Router::new(config.sip.user_agent.clone());
    let opened = SipSocket::open_ports(&ports, router, tls, advertise).await;
    let sip = opened.map_err(|PortError { port, source }| StartError::Listen {
        address: port.address,
        what: match port.transport {
            Transport::Udp => "SIP by UDP",
            Transport::Tcp => "SIP by TCP",
            Transport::Tls => "SIP by TLS",
        },
        key: "sip.listen",
        source,
    })?;
    let names = Names::new(&config.sip.name_servers)?;
    let media = MediaPorts::new(config.sip.media_ports.first, config.sip.media_ports.last);
    let new_calls = sip.listen();
    let recorder = Recorder::new(Traces::at(&traces_directory(config))).map_err(StartError::Thread)?;
    Ok((Line::new(sip, media, names, config.log.redact_numbers, recorder), new_calls))
}

async fn listen(config: &Config) -> Result<Vec<TcpListener>, StartError> {
    let mut listeners = Vec::new();
    for &address in &config.smtp.listen {
        let refused = |source| StartError::Listen { address, what: "SMTP", key: "smtp.listen", source };
        listeners.push(TcpListener::bind(address).await.map_err(refused)?);
    }
    Ok(listeners)
}

fn session(config: &Config) -> smtp::Settings {
    smtp::Settings {
        hostname: config.server.hostname.clone(),
        max_message_bytes: config.smtp.max_message_size,
        max_recipients: config.smtp.max_recipients as usize,
        ..smtp::Settings::default()
    }
}

/// Mails what could not be mailed when it came, forgets what is over and sweeps orphans, every now and then.
async fn keep_house(office: Office, traces: Traces, history: Duration, mut stop: watch::Receiver<bool>) {
    loop {
        tokio::select! {
            _ = stop.wait_for(|stop| *stop) => return,
            _ = tokio::time::timeout(HOUSEKEEPING, std::future::pending::<()>()) => {}
        }
        let (office, traces) = (office.clone(), traces.clone());
        let done = background::run_at_leisure(move || {
            let trace = office.settings().trace;
            receive::close_again(&office);
            traces.tidy(trace.keep_for, trace.max_total, SystemTime::from(clock::wall()))?;
            forget(&office, history)
        })
        .await;
        if let Ok(Err(fault)) = done {
            tracing::error!(%fault, "old faxes could not be forgotten; it is tried again in an hour");
        }
    }
}

fn forget(office: &Office, history: Duration) -> Result<(), Fault> {
    let age = i64::try_from(history.as_millis()).unwrap_or(i64::MAX);
    let now = clock::wall().0;
    let remember = i64::try_from(office.settings().dial.fax.remember.as_millis()).unwrap_or(i64::MAX);
    office.store().purge_notes(now.saturating_sub(remember))?;
    for file in office
        .store()
        .purge_offers(now.saturating_sub(age), now)?
        .iter()
        .filter_map(|file| SpoolName::from_stored(file))
    {
        office.spool().remove(&file)?;
    }
    loop {
        let purged = office.store().purge(clock::wall().0.saturating_sub(age))?;
        for file in purged.files.iter().filter_map(|file| SpoolName::from_stored(file)) {
            office.spool().remove(&file)?;
        }
        if purged.messages == 0 && purged.received == 0 {
            return sweep(office);
        }
    }
}
