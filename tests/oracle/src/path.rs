//! The network between the two ends: delay, jitter that changes the order, loss.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crate::chance::Chance;

/// How a path treats datagrams, the same in both directions.
#[derive(Clone, Copy, Debug)]
pub struct PathSettings {
    /// How long a datagram is under way at least.
    pub delay: Duration,
    /// How much longer at most; more than the time between two datagrams changes their order.
    pub jitter: Duration,
    /// Datagrams lost, of a thousand, each on its own.
    pub loss_per_mille: u32,
    /// For loss and jitter.
    pub seed: u64,
}

impl Default for PathSettings {
    /// 30 ms, in order, without loss.
    fn default() -> Self {
        Self { delay: Duration::from_millis(30), jitter: Duration::ZERO, loss_per_mille: 0, seed: 1 }
    }
}

/// One direction.
#[derive(Debug)]
pub struct Path {
    settings: PathSettings,
    chance: Chance,
    under_way: BTreeMap<(Instant, u64), Vec<u8>>,
    /// Datagrams given to the path.
    pub sent: u64,
    /// Of them, those it lost.
    pub lost: u64,
}

impl Path {
    /// An empty path; `direction` makes the two of a call lose different datagrams.
    #[must_use]
    pub fn new(settings: PathSettings, direction: u64) -> Self {
        let chance = Chance::new(settings.seed.wrapping_mul(2).wrapping_add(direction));
        Self { settings, chance, under_way: BTreeMap::new(), sent: 0, lost: 0 }
    }

    /// Sends a datagram, or loses it.
    pub fn send(&mut self, octets: Vec<u8>, now: Instant) {
        self.sent += 1;
        if self.chance.per_mille(self.settings.loss_per_mille) {
            self.lost += 1;
            return;
        }
        let jitter = u32::try_from(self.settings.jitter.as_micros()).expect("jitter is well under an hour");
        let late = if jitter == 0 { 0 } else { self.chance.below(jitter) };
        let arrival = now + self.settings.delay + Duration::from_micros(u64::from(late));
        self.under_way.insert((arrival, self.sent), octets);
    }

    /// A datagram that has arrived.
    pub fn receive(&mut self, now: Instant) -> Option<Vec<u8>> {
        let entry = self.under_way.first_entry()?;
        (entry.key().0 <= now).then(|| entry.remove())
    }

    /// When the next one arrives.
    #[must_use]
    pub fn next_arrival(&self) -> Option<Instant> {
        self.under_way.first_key_value().map(|((arrival, _), _)| *arrival)
    }
}
