//! How fast calls may begin on a trunk: a bucket of one token, filled at the trunk's rate.
//!
//! Carriers count calls per second and answer 503, or bar the account, when there are more. Tokens are not saved up: calls are
//! spaced evenly, so that no second has more than the rate, wherever the carrier's seconds begin.

/// The most calls per second that can be asked for.
pub const MAX_CALLS_PER_SECOND: u32 = 1000;

/// The bucket of one trunk.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Pace {
    per_second: u32,
    /// The token of the next call is there from now on, microseconds since 1970.
    next_us: i64,
}

impl Pace {
    /// A full bucket; a rate of 0 counts as 1.
    #[must_use]
    pub const fn new(per_second: u32) -> Self {
        Self { per_second: if per_second == 0 { 1 } else { per_second }, next_us: i64::MIN }
    }

    /// The rate changed; the last call counts on.
    pub const fn set_rate(&mut self, per_second: u32) {
        self.per_second = if per_second == 0 { 1 } else { per_second };
    }

    /// Whether a call may begin now, Unix milliseconds.
    #[must_use]
    pub const fn is_open(&self, now_ms: i64) -> bool {
        now_ms.saturating_mul(1000) >= self.next_us
    }

    /// When a call may begin, Unix milliseconds; in the past when one may begin now.
    #[must_use]
    pub const fn next_ms(&self) -> i64 {
        // Rounded up: a millisecond too early is closed still.
        self.next_us.saturating_add(999).div_euclid(1000)
    }

    /// A call begins.
    pub const fn take(&mut self, now_ms: i64) {
        let interval_us = 1_000_000 / self.per_second as i64;
        self.next_us = now_ms.saturating_mul(1000).saturating_add(interval_us);
    }

    /// The clock was set back: nobody waits longer for that than for a token.
    pub const fn mend(&mut self, now_ms: i64) {
        let latest_us = now_ms.saturating_mul(1000).saturating_add(1_000_000);
        if self.next_us > latest_us {
            self.next_us = latest_us;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Pace;

    #[test]
    fn no_second_has_more_calls_than_the_rate_wherever_it_begins() {
        for rate in [1, 2, 3, 7, 50] {
            let mut pace = Pace::new(rate);
            let mut begun = Vec::new();
            for now_ms in 0..5000 {
                if pace.is_open(now_ms) {
                    pace.take(now_ms);
                    begun.push(now_ms);
                }
            }
            for first in &begun {
                let within = begun.iter().filter(|at| (*first..first + 1000).contains(*at)).count();
                assert!(within <= rate as usize, "{rate}: {within} calls from {first}");
            }
            assert!(begun.len() >= 5 * rate as usize * 9 / 10, "{rate}: only {} calls", begun.len());
        }
    }

    #[test]
    fn the_next_token_is_there_when_it_is_said_to_be() {
        let mut pace = Pace::new(3);
        pace.take(10_000);
        assert!(!pace.is_open(pace.next_ms() - 1) && pace.is_open(pace.next_ms()));
        assert!(Pace::new(3).is_open(0), "the first call waits for nobody");
    }

    #[test]
    fn a_clock_set_back_stops_nobody_for_longer_than_a_second() {
        let mut pace = Pace::new(1);
        pace.take(1_000_000_000);
        pace.mend(5_000);
        assert!(pace.is_open(6_000));
    }
}
