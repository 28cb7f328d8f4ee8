//! The waits of a registration by name.

use std::time::{Duration, Instant};

/// After the first failure; each further one doubles it, up to [`LONGEST_WAIT`].
pub const FIRST_WAIT: Duration = Duration::from_secs(10);
/// Longest wait after failures.
// RFC 5626 §4.5: max-time
pub const LONGEST_WAIT: Duration = Duration::from_secs(30 * 60);
/// After the registrar refused who we say we are. It is for a person to mend, and who tries often is locked out.
pub const CREDENTIALS_REST: Duration = Duration::from_secs(30 * 60);
/// Longest wait that a Retry-After can ask of us.
pub const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(60 * 60);
/// Longest binding that is asked for or believed in.
pub const LONGEST_EXPIRES: Duration = Duration::from_secs(7 * 24 * 3600);
/// How long the registrar may take to let us go.
pub const FAREWELL_LIMIT: Duration = Duration::from_secs(2);
/// Between line ends that keep a NAT open; NATs forget UDP after 30 s.
// RFC 5626 §4.4.2: 24 to 29 s over UDP
pub const KEEP_ALIVE_INTERVAL: Duration = Duration::from_secs(25);
/// A refresh comes at least so long before the binding lapses, if that leaves half of it: two transactions that nobody answers
/// fit, with the first wait between them.
const LEAST_MARGIN: Duration = Duration::from_secs(90);
/// And at most so long.
const MOST_MARGIN: Duration = Duration::from_secs(600);

/// The waits of a registration. All run from when they are set; the driver may be late, never early.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum RegistrationTimer {
    /// Time to try again after a failure: [`FIRST_WAIT`] to [`LONGEST_WAIT`], half of it chance; or [`CREDENTIALS_REST`]; or what
    /// Retry-After said. RFC 5626 §4.5, RFC 3261 §20.33
    Try,
    /// Time to renew the binding: [`refresh_after`]. RFC 3261 §10.2.4
    Refresh,
    /// The binding is over: what the registrar granted. RFC 3261 §10.2.1.1
    Lapse,
    /// Line ends: [`KEEP_ALIVE_INTERVAL`]. RFC 5626 §4.4
    KeepAlive,
    /// The name of a redirect is being looked up by the owner: [`super::super::timer::RESOLVE_LIMIT`]. Ours
    Resolve,
    /// No answer to our farewell: [`FAREWELL_LIMIT`]. Ours
    Farewell,
}

/// When to renew a binding that was granted for so long: a tenth before its end, but no less than a minute and a half and no more
/// than ten before it, and never before half of it has passed. Chance makes it up to a tenth sooner, so that those who started
/// together do not come together for ever.
#[must_use]
pub fn refresh_after(granted: Duration, chance: u64) -> Duration {
    let margin = (granted / 10).clamp(LEAST_MARGIN, MOST_MARGIN);
    let after = granted.saturating_sub(margin).max(granted / 2);
    after - part(after / 10, chance)
}

/// How long to wait after so many failures in a row before this one: half of the doubled time is sure, half is chance.
// RFC 5626 §4.5
pub(super) fn back_off(failures: u32, chance: u64) -> Duration {
    let wait = FIRST_WAIT.saturating_mul(1 << failures.min(16)).min(LONGEST_WAIT);
    wait / 2 + part(wait / 2, chance)
}

/// A wait that must not be shortened, made up to a tenth longer.
pub(super) fn lengthened(wait: Duration, chance: u64) -> Duration {
    wait + part(wait / 10, chance)
}

/// Between nothing and `whole`, as chance has it.
fn part(whole: Duration, chance: u64) -> Duration {
    let whole_ms = u64::try_from(whole.as_millis()).unwrap_or(u64::MAX - 1);
    Duration::from_millis(chance % (whole_ms + 1))
}

/// The timers that run; one of each at most.
#[derive(Clone, Debug, Default)]
pub(super) struct Timers(Vec<(RegistrationTimer, Instant)>);

impl Timers {
    pub(super) fn set(&mut self, timer: RegistrationTimer, at: Instant) {
        self.stop(timer);
        self.0.push((timer, at));
    }

    pub(super) fn stop(&mut self, timer: RegistrationTimer) {
        self.0.retain(|(running, _)| *running != timer);
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        self.0.iter().map(|(_, at)| *at).min()
    }

    pub(super) fn expired(&mut self, now: Instant) -> Option<RegistrationTimer> {
        let (timer, _) = *self.0.iter().filter(|(_, at)| *at <= now).min_by_key(|(timer, at)| (*at, *timer))?;
        self.stop(timer);
        Some(timer)
    }
}
