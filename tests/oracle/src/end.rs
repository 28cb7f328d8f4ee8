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
