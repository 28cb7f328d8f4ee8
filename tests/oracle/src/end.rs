//! What the simulated call needs to know of either end.

use std::time::{Duration, Instant};

/// One end of a fax call over UDPTL.
pub trait End {
    /// A datagram has arrived.
    fn datagram(&mut self, octets: &[u8], now: Instant);
    /// Does what is due.
    fn run(&mut self, now: Instant);
    /// When [`End::run`] is due.
    fn deadline(&self) -> Option<Instant>;
    /// The next datagram to send, until there is none.
    fn sent(&mut self) -> Option<Vec<u8>>;
    /// Whether its procedure is over.
    fn is_over(&self) -> bool;
    /// The telephone call has ended.
    fn hang_up(&mut self, now: Instant);
    /// Real time spent in the engines of this end, without the harness.
    fn busy(&self) -> Duration;
}

/// An end that never says anything, as when a person answers and listens.
#[derive(Debug)]
pub struct Silent;

impl End for Silent {
    fn datagram(&mut self, _octets: &[u8], _now: Instant) {}

    fn run(&mut self, _now: Instant) {}

    fn deadline(&self) -> Option<Instant> {
        None
    }

    fn sent(&mut self) -> Option<Vec<u8>> {
        None
    }

    fn is_over(&self) -> bool {
        true
    }

    fn hang_up(&mut self, _now: Instant) {}

    fn busy(&self) -> Duration {
        Duration::ZERO
    }
}
