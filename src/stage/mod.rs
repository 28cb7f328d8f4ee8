//! The program's flow, a file a stage, to be read in this order:
//!
//! [`accept`] (SMTP → queue) → [`render`] (queue → pages) → [`dial`] (pages → call) → [`report`] (outcome → mail) → [`deliver`] (mail →
//! smarthost); and [`receive`] (incoming call → pages → mail). Beside them [`trunks`] keeps us registered and knows which trunk works.
//!
//! Stages never call one another. Each takes its work from rows, commits what it did to rows, and the store then rings the bell of
//! the next. A crash at any line resumes from the rows.

pub mod accept;
pub mod deliver;
pub mod dial;
pub mod fax_mail;
pub mod identity;
pub mod line;
pub mod live;
pub mod offer;
pub mod pages;
pub mod probe;
pub mod receive;
pub mod reception;
pub mod render;
pub mod report;
pub mod settings;
pub mod trace;
pub mod trunks;

use std::future::Future;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use tokio::sync::{Notify, watch};

use crate::clock::{self, UnixMillis};
use crate::io::background;
use crate::queue::{Bell, QueueError, Store};
use crate::spool::{Spool, SpoolError};
use live::Live;
use settings::Settings;

/// A stage that waits for its bell also looks by itself this often: an administrator's command in another process writes rows
/// without ringing.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// A stage whose disk failed waits this long before it looks again.
const FAULT_REST: Duration = Duration::from_secs(5);

/// What all stages share.
#[derive(Clone)]
pub struct Office {
    inner: Arc<Inner>,
}

struct Inner {
    store: Store,
    spool: Spool,
    settings: RwLock<Arc<Settings>>,
    live: Live,
    trunks: trunks::Board,
    unclosed: receive::Unclosed,
    render: Arc<Notify>,
    dial: Arc<Notify>,
    report: Arc<Notify>,
    deliver: Arc<Notify>,
}

/// Work that failed for a reason of our own: disk, database, a bug. Never the fault of a document or a peer.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The database.
    #[error("the queue: {0}")]
    Queue(#[from] QueueError),
    /// The spool.
    #[error("the spool: {0}")]
    Spool(#[from] SpoolError),
    /// What stands in the rows does not fit what is in the spool.
    #[error("{0}")]
    Inconsistent(String),
    /// A task of ours died.
    #[error("a task of the server died: {0}")]
    Task(String),
}

impl Office {
    /// Joins store and spool under these settings and listens for the store's bells.
    #[must_use]
    pub fn new(store: Store, spool: Spool, settings: Settings) -> Self {
        let bell = |kind: Bell| {
            let notify = Arc::new(Notify::new());
            let rung = Arc::clone(&notify);
            store.subscribe(kind, move || rung.notify_one());
            notify
        };
        let (render, dial) = (bell(Bell::Render), bell(Bell::Dial));
        let (report, deliver) = (bell(Bell::Report), bell(Bell::Deliver));
        let trunks = trunks::Board::default();
        trunks.configure(&settings.dial, now_ms());
        let settings = RwLock::new(Arc::new(settings));
        let (live, unclosed) = (Live::default(), receive::Unclosed::default());
        let inner = Inner { store, spool, settings, live, trunks, unclosed, render, dial, report, deliver };
        Self { inner: Arc::new(inner) }
    }

    /// The queue.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.inner.store
    }

    /// The files.
    #[must_use]
    pub fn spool(&self) -> &Spool {
        &self.inner.spool
    }

    /// What is on the line now.
    #[must_use]
    pub fn live(&self) -> &Live {
        &self.inner.live
    }

    /// What is known of the trunks.
    #[must_use]
    pub fn trunks(&self) -> &trunks::Board {
        &self.inner.trunks
    }

    fn unclosed(&self) -> &receive::Unclosed {
        &self.inner.unclosed
    }

    /// The settings of this moment; work that has begun keeps those it began with.
    #[must_use]
    pub fn settings(&self) -> Arc<Settings> {
        Arc::clone(&self.inner.settings.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Puts new settings in force for work that begins from now on.
    pub fn reload(&self, settings: Settings) {
        self.inner.trunks.configure(&settings.dial, now_ms());
        *self.inner.settings.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(settings);
        self.inner.dial.notify_one();
    }

    fn bell(&self, kind: Bell) -> Arc<Notify> {
        Arc::clone(match kind {
            Bell::Render => &self.inner.render,
            Bell::Dial => &self.inner.dial,
            Bell::Report => &self.inner.report,
            Bell::Deliver => &self.inner.deliver,
        })
    }

    /// Runs `work`, which may wait for the disk, where waiting holds nobody up.
    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Self) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, Fault> {
        let office = self.clone();
        finished(background::run(move || work(&office)).await)
    }

    /// Runs `work` that no call waits for and that there may be much of at once: the mail of a received fax is made so.
    async fn at_leisure<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Self) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, Fault> {
        let office = self.clone();
        finished(background::run_at_leisure(move || work(&office)).await)
    }
}

fn finished<T>(done: Result<Result<T, Fault>, tokio::task::JoinError>) -> Result<T, Fault> {
    done.unwrap_or_else(|error| Err(Fault::Task(error.to_string())))
}

/// Milliseconds since 1970, as rows want them.
fn now_ms() -> i64 {
    clock::wall().0
}

/// `after` from now, as rows want it.
fn later_ms(after: Duration) -> i64 {
    let UnixMillis(now) = clock::wall();
    now.saturating_add(i64::try_from(after.as_millis()).unwrap_or(i64::MAX))
}

/// Eight octets of chance.
#[must_use]
pub fn chance() -> u64 {
    let mut octets = [0u8; 8];
    // A kernel without chance is no place for a server; tags and Message-IDs would repeat.
    getrandom::fill(&mut octets).expect("the kernel gives random octets");
    u64::from_le_bytes(octets)
}

/// Chance for keys.
#[must_use]
pub fn unpredictable() -> [u8; 32] {
    let mut octets = [0; 32];
    getrandom::fill(&mut octets).expect("the kernel gives random octets");
    octets
}

/// Runs one stage: `look` takes the work there is and says whether there may be more; then the stage waits for its bell.
async fn attend<F, W>(office: Office, name: &'static str, bell: Bell, mut stop: watch::Receiver<bool>, mut look: F)
where
    F: FnMut(Office) -> W,
    W: Future<Output = Result<bool, Fault>>,
{
    let bell = office.bell(bell);
    loop {
        if *stop.borrow() {
            return;
        }
        let rest = match look(office.clone()).await {
            Ok(true) => continue,
            Ok(false) => LOOK_EVERY,
            Err(fault) => {
                tracing::error!(stage = name, %fault, "the stage could not do its work; it tries again");
                FAULT_REST
            }
        };
        tokio::select! {
            () = bell.notified() => {}
            _ = stop.wait_for(|stop| *stop) => return,
            _ = tokio::time::timeout(rest, std::future::pending::<()>()) => {}
        }
    }
}
