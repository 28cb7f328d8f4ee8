//! Trunks: who registers with them, who watches them, and what is known of each.
//!
//! [`Board`] holds one [`TrunkState`](crate::policy::TrunkState) a trunk, fed by the registrar, by OPTIONS and by the calls of `dial`, which
//! asks it where a call may go. What changes is written to rows, for commands that show it from another process.

mod board;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::line::Line;
use super::settings::{Settings, SipServer, TrunkLine, Watching};
use super::{Office, chance, identity, now_ms};
use crate::clock;
use crate::io::outside;
use crate::policy::TrunkEvent;
use crate::queue::Bell;
use crate::sip::{
    CallSettings, Credentials, Destination, EndpointSettings, Health, HealthEvent, HealthSettings, Host, Registration,
    RegistrationEvent, RegistrationSettings,
};
pub use board::{Board, Open};

/// How often the settings are looked at for trunks that came, went or changed, and rows for what time alone changed.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How often a server that is not found is looked for.
const LOOK_FOR_LOST: Duration = Duration::from_secs(10);
/// How often one that was found is looked for, should it have moved.
const LOOK_FOR_MOVED: Duration = Duration::from_secs(60);
/// How long all trunks together may take to say farewell to their registrars.
const FAREWELL: Duration = Duration::from_secs(3);

/// Keeps registrations and watches over all trunks until `stop`; then says farewell.
pub async fn run(office: Office, line: Line, mut stop: watch::Receiver<bool>) {
    let mut keepers: BTreeMap<String, Keeper> = BTreeMap::new();
    let mut settings: Option<Arc<Settings>> = None;
    while !*stop.borrow() {
        let newest = office.settings();
        if !settings.as_ref().is_some_and(|known| Arc::ptr_eq(known, &newest)) {
            take_on(&office, &line, &newest, &mut keepers).await;
            settings = Some(newest);
        }
        write(&office).await;
        tokio::select! {
            () = office.trunks().changed() => {}
            _ = stop.wait_for(|stop| *stop) => {}
            _ = tokio::time::timeout(LOOK_EVERY, std::future::pending::<()>()) => {}
        }
    }
    end_all(std::mem::take(&mut keepers).into_values()).await;
    write(&office).await;
}

/// Starts, ends and starts anew what the settings ask for.
async fn take_on(office: &Office, line: &Line, settings: &Settings, keepers: &mut BTreeMap<String, Keeper>) {
    office.trunks().configure(&settings.dial, now_ms());
    let gone = |name: &String, keeper: &Keeper| settings.dial.lines.get(name) != Some(&keeper.trunk);
    let ended: Vec<Keeper> =
        keepers.extract_if(.., |name, keeper| gone(name, keeper)).map(|(_, keeper)| keeper).collect();
    end_all(ended).await;
    for (name, trunk) in &settings.dial.lines {
        if !keepers.contains_key(name) {
            let keeper = Keeper::start(office, line, name, trunk, &settings.dial.user_agent);
            keepers.insert(name.clone(), keeper);
        }
    }
    let names = settings.dial.lines.keys().cloned().collect();
    if let Err(fault) = office.blocking(move |office| Ok(office.store().keep_trunks(names)?)).await {
        tracing::error!(%fault, "trunks that are gone could not be forgotten");
    }
}

async fn write(office: &Office) {
    let rows = office.trunks().unwritten(now_ms());
    if rows.is_empty() {
        return;
    }
    // A trunk that came back is what calls may have waited for.
    office.bell(Bell::Dial).notify_one();
    if let Err(fault) = office.blocking(move |office| Ok(office.store().write_trunks(rows)?)).await {
        tracing::error!(%fault, "how the trunks stand could not be written");
        office.trunks().forget_written();
    }
}

/// The engines of one trunk.
struct Keeper {
    trunk: TrunkLine,
    stop: watch::Sender<bool>,
    tasks: Vec<JoinHandle<()>>,
}

impl Keeper {
    fn start(office: &Office, line: &Line, name: &str, trunk: &TrunkLine, user_agent: &str) -> Self {
        let (stop, stopped) = watch::channel(false);
        let keeping = Keeping {
            board: office.trunks().clone(),
            line: line.clone(),
            name: name.to_owned(),
            trunk: trunk.clone(),
            user_agent: user_agent.to_owned(),
            stopped,
        };
        let mut tasks = Vec::new();
        if trunk.registration.is_some() {
            tasks.push(tokio::spawn(keeping.clone().register()));
        }
        match trunk.watch {
            Some(watching) => tasks.push(tokio::spawn(keeping.watch_over(watching))),
            None => {
                office.trunks().learn(name, TrunkEvent::Unwatched);
                tasks.push(tokio::spawn(keeping.follow()));
            }
        }
        Self { trunk: trunk.clone(), stop, tasks }
    }
}

/// Lets trunks say farewell, all at the same time: a registrar that is silent holds none of the others up. Gives how many engines did not
/// end in time; they are left to themselves.
async fn end_all(keepers: impl IntoIterator<Item = Keeper>) -> usize {
    let keepers: Vec<Keeper> = keepers.into_iter().collect();
    for keeper in &keepers {
        let _ = keeper.stop.send(true);
    }
    let limit = clock::now() + FAREWELL;
    let mut left = 0;
    for task in keepers.into_iter().flat_map(|keeper| keeper.tasks) {
        left += usize::from(tokio::time::timeout_at(limit.into(), task).await.is_err());
    }
    if left > 0 {
        tracing::warn!(left, "registrations could not be taken back in time; they lapse by themselves");
    }
    left
}

/// What the engines of a trunk need.
#[derive(Clone)]
struct Keeping {
    board: Board,
    line: Line,
    name: String,
    trunk: TrunkLine,
    user_agent: String,
    stopped: watch::Receiver<bool>,
}

impl Keeping {
    async fn register(self) {
        let Some(registration) = self.trunk.registration.clone() else { return };
        let places = self.places(registration.registrar.clone()).await;
        let settings = RegistrationSettings {
            endpoint: self.endpoint(self.trunk.credentials.clone()),
            registrar: registrar_uri(&self.trunk),
            address_of_record: identity::account(&self.trunk),
            targets: places.borrow().clone(),
            expires: registration.expires,
            keep_alive: registration.keep_alive,
        };
        let engine = Registration::new(settings, chance(), clock::now());
        let Self { board, line, name, stopped, .. } = self;
        let addresses = line.addresses.clone();
        let is_own = move |seen| addresses.iter().any(|local| local.advertised == seen);
        let (sip, server) = (line.sip.clone(), registration.registrar);
        let locate = locate_by(line, server);
        let tell = |event| registration_news(&board, &name, event, &is_own);
        outside::run(engine, sip, stopped, places, locate, tell).await;
    }

    async fn watch_over(self, watching: Watching) {
        let places = self.places(self.trunk.server.clone()).await;
        let settings = HealthSettings {
            // No password is shown for a question that any answer answers.
            endpoint: self.endpoint(None),
            target: identity::domain_of(&self.trunk),
            from: identity::account(&self.trunk),
            targets: places.borrow().clone(),
            interval: watching.interval,
            misses: watching.misses,
        };
        let engine = Health::new(settings, chance(), clock::now());
        let Self { board, line, name, stopped, .. } = self;
        let (sip, locate) = (line.sip.clone(), locate_by(line, self.trunk.server));
        outside::run(engine, sip, stopped, places, locate, |event| board.learn(&name, health_news(event))).await;
    }

    /// Keeps to know where a trunk is that nobody asks, so that its calls are known.
    async fn follow(mut self) {
        let _places = self.places(self.trunk.server.clone()).await;
        let _ = self.stopped.wait_for(|stop| *stop).await;
    }

    fn endpoint(&self, credentials: Option<Credentials>) -> EndpointSettings {
        let user = self.trunk.registration.as_ref().map(|registration| registration.user.clone());
        EndpointSettings {
            local: self.line.addresses.clone(),
            contact_user: user.unwrap_or_default(),
            user_agent: self.user_agent.clone(),
            credentials,
            calls: CallSettings::default(),
        }
    }

    /// Where a server is now, and from now on where it has moved to; nowhere while it is not found.
    async fn places(&self, server: SipServer) -> watch::Receiver<Vec<Destination>> {
        let mut told = Told::default();
        let first = self.locate(&server, &mut told).await;
        let (sender, receiver) = watch::channel(first);
        if matches!(server.place.host, Host::Name(_)) {
            let keeping = self.clone();
            tokio::spawn(async move {
                let mut stopped = keeping.stopped.clone();
                loop {
                    let wait = if sender.borrow().is_empty() { LOOK_FOR_LOST } else { LOOK_FOR_MOVED };
                    tokio::select! {
                        _ = stopped.wait_for(|stop| *stop) => return,
                        () = sender.closed() => return,
                        _ = tokio::time::timeout(wait, std::future::pending::<()>()) => {}
                    }
                    let found = keeping.locate(&server, &mut told).await;
                    // A name service that is silent for a while does not make a server go away.
                    if !found.is_empty() {
                        sender.send_if_modified(|known| {
                            let moved = *known != found;
                            *known = found;
                            moved
                        });
                    }
                }
            });
        }
        receiver
    }

    async fn locate(&self, server: &SipServer, told: &mut Told) -> Vec<Destination> {
        let found = self.line.find(server, chance()).await.and_then(|found| {
            // A call to ourselves comes from no trunk.
            let is_own = |at| self.line.addresses.iter().any(|own| own.bound == at || own.advertised == at);
            let others = found.iter().map(|located| located.address).filter(|at| !is_own(*at));
            self.board.located(&self.name, others.map(|at| at.ip()), now_ms());
            self.line.reachable(server, &found)
        });
        if told.is_news(found.as_ref().err()) {
            match &found {
                Ok(_) => tracing::info!(trunk = self.name, "the trunk's SIP server is found again"),
                Err(reason) => tracing::warn!(
                    trunk = self.name,
                    reason,
                    "the trunk's SIP server cannot be found, and is looked for every few seconds; see faxramp trunk test"
                ),
            }
        }
        found.unwrap_or_default()
    }
}

/// Why a server was not found, as the log was told last. It is not told again with every look, of which there are thousands in a day.
#[derive(Default)]
struct Told(Option<String>);

impl Told {
    /// Whether this is another state than the last one.
    fn is_news(&mut self, trouble: Option<&String>) -> bool {
        let is_news = self.0.as_ref() != trouble;
        if is_news {
            self.0 = trouble.cloned();
        }
        is_news
    }
}

/// Looks up where this server sends a question to.
fn locate_by(line: Line, server: SipServer) -> outside::Locate {
    Box::new(move |uri| {
        let (line, server) = (line.clone(), server.clone());
        Box::pin(async move { line.locate_elsewhere(&server, &uri, chance()).await })
    })
}

fn registration_news(
    board: &Board,
    trunk: &str,
    event: RegistrationEvent,
    is_own: &impl Fn(std::net::SocketAddr) -> bool,
) {
    match event {
        RegistrationEvent::Registered(binding) => {
            tracing::debug!(trunk, seconds = binding.granted.as_secs(), others = binding.others, "registered");
            board.bound(trunk, &binding, is_own(binding.seen_at));
            let until_ms = now_ms().saturating_add(milliseconds(binding.until.saturating_duration_since(clock::now())));
            board.learn(trunk, TrunkEvent::Registered { until_ms });
        }
        RegistrationEvent::Failed { trouble, again } => {
            let seconds = again.saturating_duration_since(clock::now()).as_secs();
            if trouble.needs_a_person() {
                tracing::error!(trunk, %trouble, seconds, "not registered; see faxramp trunk test. It is tried again later");
            } else {
                tracing::warn!(trunk, %trouble, seconds, "not registered; it is tried again");
            }
            board.learn(trunk, TrunkEvent::RegistrationFailed(trouble.to_string()));
        }
        RegistrationEvent::Lapsed | RegistrationEvent::Over => board.learn(trunk, TrunkEvent::Unregistered),
    }
}

fn health_news(event: HealthEvent) -> TrunkEvent {
    match event {
        HealthEvent::Up { .. } => TrunkEvent::Answers,
        HealthEvent::Down(trouble) => TrunkEvent::Silent(trouble.to_string()),
    }
}

fn milliseconds(span: Duration) -> i64 {
    i64::try_from(span.as_millis()).unwrap_or(i64::MAX)
}

/// The Request-URI of REGISTER: the domain, without a user.
// RFC 3261 §10.2
#[must_use]
pub fn registrar_uri(trunk: &TrunkLine) -> crate::sip::Uri {
    crate::sip::Uri { user: None, ..identity::account(trunk) }
}

/// Rings a stage's bell after a while.
pub(super) fn ring_later(office: &Office, bell: Bell, after: Duration) {
    let bell = office.bell(bell);
    let at: Instant = clock::now() + after;
    tokio::spawn(async move {
        tokio::time::sleep_until(at.into()).await;
        bell.notify_one();
    });
}

#[cfg(test)]
pub(super) mod tests;
