//! Trunks: who registers with them, who watches them, and what is known of each.
//!
//! [`Board`] holds one [`TrunkState`] a trunk, fed by the registrar, by OPTIONS and by the calls of `dial`, which asks it where a call
//! may go. What changes is written to rows, for commands that show it from another process.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;

use super::line::Line;
use super::settings::{Dial, Settings, SipServer, TrunkLine, Watching};
use super::{Office, chance, identity, now_ms};
use crate::clock;
use crate::io::outside;
use crate::policy::{Pace, TrunkEvent, TrunkReport, TrunkState};
use crate::queue::{Bell, TrunkRow};
use crate::sip::{
    Binding, CallSettings, Credentials, Destination, EndpointSettings, Health, HealthEvent, HealthSettings, Host,
    Registration, RegistrationEvent, RegistrationSettings,
};

/// How often the settings are looked at for trunks that came, went or changed, and rows for what time alone changed.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How often a server that is not found is looked for.
const LOOK_FOR_LOST: Duration = Duration::from_secs(10);
/// How often one that was found is looked for, should it have moved.
const LOOK_FOR_MOVED: Duration = Duration::from_secs(60);
/// How long an address still counts as the trunk's once its name leads elsewhere. Names with many addresses show some of them at a time.
const ADDRESS_KEPT_MS: i64 = 3_600_000;
/// Addresses kept for a trunk; of more, those its name led to last.
const ADDRESSES_MAX: usize = 64;
/// How long all trunks together may take to say farewell to their registrars.
const FAREWELL: Duration = Duration::from_secs(3);

/// What is known of every trunk, shared by those who learn and those who ask.
#[derive(Clone, Default)]
pub struct Board {
    inner: Arc<Inner>,
}

#[derive(Default)]
struct Inner {
    trunks: Mutex<BTreeMap<String, Entry>>,
    /// Rung when a row may have to be written.
    changed: Notify,
}

/// How many calls may begin on a trunk.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Open {
    /// So many now.
    pub calls: u32,
    /// Whether there is a channel for more, in their time.
    pub is_paced: bool,
}

struct Entry {
    state: TrunkState,
    pace: Option<Pace>,
    service_route: Vec<String>,
    /// Where its name leads to, and when it last did.
    addresses: BTreeMap<IpAddr, i64>,
    seen_at: Option<String>,
    written: Option<(TrunkReport, Option<String>)>,
}

impl Board {
    /// Takes on the trunks of these settings: new ones begin, those that are gone are forgotten.
    pub fn configure(&self, dial: &Dial, now_ms: i64) {
        let mut trunks = self.lock();
        trunks.retain(|name, _| dial.lines.contains_key(name));
        for (name, line) in &dial.lines {
            let registers = line.registration.is_some();
            let fresh = || Entry {
                state: TrunkState::new(registers, now_ms),
                pace: None,
                service_route: Vec::new(),
                addresses: BTreeMap::new(),
                seen_at: None,
                written: None,
            };
            let entry = trunks.entry(name.clone()).or_insert_with(fresh);
            if entry.state.report(now_ms).registers != registers {
                *entry = fresh();
            }
            match (&mut entry.pace, line.calls_per_second) {
                (Some(pace), Some(rate)) => pace.set_rate(rate),
                (pace, rate) => *pace = rate.map(Pace::new),
            }
        }
    }

    /// Takes what was learned about a trunk; nothing when it is gone.
    pub fn learn(&self, trunk: &str, event: TrunkEvent) {
        let now_ms = now_ms();
        if let Some(entry) = self.lock().get_mut(trunk) {
            let before = entry.state.standing(now_ms);
            entry.state.learn(event, now_ms, chance());
            let after = entry.state.standing(now_ms);
            if before.word() != after.word() {
                tracing::info!(
                    trunk,
                    standing = after.word(),
                    reason = after.reason(),
                    "the trunk changed its standing"
                );
            }
        }
        self.inner.changed.notify_one();
    }

    /// A call with our credentials was forbidden: whether the trunk does not take them, rather than the number.
    #[must_use]
    pub fn forbids_us(&self, trunk: &str) -> bool {
        self.lock().get_mut(trunk).is_some_and(|entry| entry.state.forbids_us())
    }

    /// The name of a trunk's server leads to these addresses.
    pub fn located(&self, trunk: &str, found: impl IntoIterator<Item = IpAddr>, now_ms: i64) {
        if let Some(entry) = self.lock().get_mut(trunk) {
            entry.addresses.retain(|_, seen_ms| now_ms.saturating_sub(*seen_ms) <= ADDRESS_KEPT_MS);
            for address in found.into_iter().take(ADDRESSES_MAX) {
                entry.addresses.insert(address.to_canonical(), now_ms);
            }
            // Where the trunk is now counts more than where it was.
            while entry.addresses.len() > ADDRESSES_MAX {
                let longest_ago = entry.addresses.iter().min_by_key(|(_, seen_ms)| **seen_ms).map(|(at, _)| *at);
                longest_ago.map(|at| entry.addresses.remove(&at));
            }
        }
    }

    /// Whether the name of a trunk's server leads to this address, or did of late.
    #[must_use]
    pub fn is_at(&self, trunk: &str, address: IpAddr, now_ms: i64) -> bool {
        let trunks = self.lock();
        let seen_ms = trunks.get(trunk).and_then(|entry| entry.addresses.get(&address.to_canonical()));
        seen_ms.is_some_and(|seen_ms| now_ms.saturating_sub(*seen_ms) <= ADDRESS_KEPT_MS)
    }

    fn bound(&self, trunk: &str, binding: &Binding, advertised: bool) {
        if let Some(entry) = self.lock().get_mut(trunk) {
            entry.service_route.clone_from(&binding.service_route);
            entry.seen_at = (!advertised).then(|| binding.seen_at.to_string());
        }
    }

    /// How many calls may begin on a trunk, with so many channels and so many of them in use; nothing when it cannot be used.
    #[must_use]
    pub fn open_channels(&self, trunk: &str, channels: u32, in_use: u32, now_ms: i64) -> Option<Open> {
        let free = channels.saturating_sub(in_use);
        let mut trunks = self.lock();
        let Some(entry) = trunks.get_mut(trunk) else { return Some(Open { calls: free, is_paced: false }) };
        let open = entry.state.open_channels(free, in_use, now_ms)?;
        let Some(pace) = &mut entry.pace else { return Some(Open { calls: open, is_paced: false }) };
        pace.mend(now_ms);
        // One token at a time; whoever comes behind it waits for the next.
        Some(Open { calls: open.min(u32::from(pace.is_open(now_ms))), is_paced: open > 0 })
    }

    /// Whether a trunk could be used now, were it not full.
    #[must_use]
    pub fn is_usable(&self, trunk: &str, now_ms: i64) -> bool {
        self.lock().get(trunk).is_none_or(|entry| entry.state.standing(now_ms).reason().is_none())
    }

    /// A call begins on a trunk; gives how long the next one has to wait, when it has to.
    pub fn begin_call(&self, trunk: &str, now_ms: i64) -> Option<Duration> {
        let mut trunks = self.lock();
        let pace = trunks.get_mut(trunk)?.pace.as_mut()?;
        pace.take(now_ms);
        let wait_ms = pace.next_ms().saturating_sub(now_ms);
        Some(Duration::from_millis(u64::try_from(wait_ms).unwrap_or(0)))
    }

    /// The routes that the trunk's registrar wants calls to take.
    #[must_use]
    pub fn service_route(&self, trunk: &str) -> Vec<String> {
        self.lock().get(trunk).map(|entry| entry.service_route.clone()).unwrap_or_default()
    }

    /// The rows that are no longer what was written.
    fn unwritten(&self, now_ms: i64) -> Vec<TrunkRow> {
        let mut rows = Vec::new();
        for (name, entry) in self.lock().iter_mut() {
            let news = (entry.state.report(now_ms), entry.seen_at.clone());
            if entry.written.as_ref() != Some(&news) {
                let (report, seen_at) = news.clone();
                rows.push(TrunkRow { name: name.clone(), report, seen_at, written_ms: now_ms });
                entry.written = Some(news);
            }
        }
        rows
    }

    /// What could not be written is written again.
    fn forget_written(&self) {
        self.lock().values_mut().for_each(|entry| entry.written = None);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, Entry>> {
        self.inner.trunks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

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
            () = office.trunks().inner.changed.notified() => {}
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
