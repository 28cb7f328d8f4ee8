//! What is known of each trunk: how it stands, where it is, how many calls it takes now.
//!
//! Not here: who finds that out ([`super`]).

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

use crate::policy::{Pace, TrunkEvent, TrunkReport, TrunkState};
use crate::queue::TrunkRow;
use crate::sip::Binding;
use crate::stage::settings::Dial;
use crate::stage::{chance, now_ms};

/// How long an address still counts as the trunk's once its name leads elsewhere. Names with many addresses show some of them at a time.
const ADDRESS_KEPT_MS: i64 = 3_600_000;
/// Addresses kept for a trunk; of more, those its name led to last.
const ADDRESSES_MAX: usize = 64;

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

    pub(super) fn bound(&self, trunk: &str, binding: &Binding, advertised: bool) {
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
    pub(super) fn unwritten(&self, now_ms: i64) -> Vec<TrunkRow> {
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
    pub(super) fn forget_written(&self) {
        self.lock().values_mut().for_each(|entry| entry.written = None);
    }

    /// Waits until a row may have to be written.
    pub(super) async fn changed(&self) {
        self.inner.changed.notified().await;
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, Entry>> {
        self.inner.trunks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
