//! Times of two things in the same run, turn by turn, so that whatever else the machine does meets both. Time is the
//! processor's, so that waiting for it counts for neither.

use rustix::time::{ClockId, clock_gettime};
use std::time::Duration;

/// Turns that each thing is given.
const ROUNDS: usize = 31;

/// Two things compared.
#[derive(Clone, Copy, Debug)]
pub struct Comparison {
    /// Shortest time of ours.
    pub ours: Duration,
    /// Shortest time of theirs.
    pub theirs: Duration,
    /// Median of how many times as long theirs took in the same round.
    pub ratio: f64,
}

/// Measures two things. Each tells its own time, so that it can leave out its preparations.
pub fn compare(mut ours: impl FnMut() -> Duration, mut theirs: impl FnMut() -> Duration) -> Comparison {
    // The first turns only fill caches.
    ours();
    theirs();
    let rounds: Vec<(Duration, Duration)> = (0..ROUNDS).map(|_| (ours(), theirs())).collect();
    let ratios = rounds.iter().map(|(ours, theirs)| theirs.as_secs_f64() / ours.as_secs_f64());
    Comparison {
        ours: rounds.iter().map(|round| round.0).min().expect("there are rounds"),
        theirs: rounds.iter().map(|round| round.1).min().expect("there are rounds"),
        ratio: median(ratios.collect()),
    }
}

/// How much of the processor's time something takes, and what comes out of it.
pub fn timed<T>(work: impl FnOnce() -> T) -> (Duration, T) {
    let start = now();
    let result = work();
    (now() - start, result)
}

fn now() -> Duration {
    Duration::try_from(clock_gettime(ClockId::ThreadCPUTime)).expect("a thread has run for some time or none")
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
