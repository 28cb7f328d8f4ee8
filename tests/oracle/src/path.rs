//! The network between the two ends: delay, jitter that changes the order, loss one by one or in bursts, duplicates.

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
    /// Datagrams lost, of a thousand.
    pub loss_per_mille: u32,
    /// How many datagrams one loss takes with it; 1 is each on its own.
    pub burst: u32,
    /// Datagrams that others overtake, of a thousand.
    pub late_per_mille: u32,
    /// How much later these arrive.
    pub late_by: Duration,
    /// Datagrams that arrive twice, of a thousand; the second time after up to [`LATEST_DUPLICATE`].
    pub duplicate_per_mille: u32,
    /// For all that is by chance.
    pub seed: u64,
}

/// How much later than the first the second of two equal datagrams comes at most.
pub const LATEST_DUPLICATE: Duration = Duration::from_millis(100);

impl Default for PathSettings {
    /// 30 ms, in order, without loss.
    fn default() -> Self {
        Self {
            delay: Duration::from_millis(30),
            jitter: Duration::ZERO,
            loss_per_mille: 0,
            burst: 1,
            late_per_mille: 0,
            late_by: Duration::ZERO,
            duplicate_per_mille: 0,
            seed: 1,
        }
    }
}

/// One direction.
#[derive(Debug)]
pub struct Path {
    settings: PathSettings,
    chance: Chance,
    under_way: BTreeMap<(Instant, u64), Vec<u8>>,
    /// Datagrams that the burst of losses still takes.
    burst_left: u32,
    /// Numbers those under way.
    number: u64,
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
        Self { settings, chance, under_way: BTreeMap::new(), burst_left: 0, number: 0, sent: 0, lost: 0 }
    }

    /// Sends a datagram, or loses it.
    pub fn send(&mut self, octets: Vec<u8>, now: Instant) {
        self.sent += 1;
        if self.is_lost() {
            self.lost += 1;
            return;
        }
        let mut arrival = now + self.settings.delay + self.up_to(self.settings.jitter);
        if self.happens(self.settings.late_per_mille) {
            arrival += self.settings.late_by;
        }
        if self.happens(self.settings.duplicate_per_mille) {
            let again = arrival + self.up_to(LATEST_DUPLICATE);
            self.deliver(octets.clone(), again);
        }
        self.deliver(octets, arrival);
    }

    fn deliver(&mut self, octets: Vec<u8>, arrival: Instant) {
        self.number += 1;
        self.under_way.insert((arrival, self.number), octets);
    }

    /// Chance is asked only for what the path does, so that another ill does not change the losses of a seed.
    fn happens(&mut self, per_mille: u32) -> bool {
        per_mille > 0 && self.chance.per_mille(per_mille)
    }

    fn up_to(&mut self, most: Duration) -> Duration {
        let most = u32::try_from(most.as_micros()).expect("well under an hour");
        let micros = if most == 0 { 0 } else { self.chance.below(most) };
        Duration::from_micros(u64::from(micros))
    }

    /// Bursts begin so rarely that the share of the lost is the same as one by one.
    fn is_lost(&mut self) -> bool {
        if self.burst_left > 0 {
            self.burst_left -= 1;
            return true;
        }
        let (loss, burst) = (u64::from(self.settings.loss_per_mille), u64::from(self.settings.burst.max(1)));
        if loss == 0 {
            return false;
        }
        // Of every 1000 datagrams, `loss` are in bursts and the others outside, where a burst can begin.
        let begins = loss * 1_000_000 / ((1000 - loss) * burst + loss);
        let lost = u64::from(self.chance.below(1_000_000)) < begins;
        if lost {
            self.burst_left = self.settings.burst.max(1) - 1;
        }
        lost
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
