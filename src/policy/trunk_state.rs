//! Whether a trunk can be used now: what OPTIONS, the registrar and the calls themselves told about it, as one value.
//!
//! ```text
//!            OPTIONS answered ┌────┐ OPTIONS unanswered
//!                    ┌────────│ Up │────────┐
//!                    ▼        └────┘        ▼
//!       registered ┌────┐  call failed   ┌──────┐
//!       ─────────→ │ Up │ ─────────────→ │ Down │  Resting ──time──→ Up, one call at a time
//!                  └────┘  → Resting     └──────┘
//! ```
//! A trunk that cannot place a call is left at once and rests; the rest grows with each failure after it, within limits. After the
//! rest one call at a time finds out whether it works again.

use std::time::Duration;

use super::retry::lengthened_ms;
use crate::model::Cause;

/// First rest of a trunk that did not answer.
pub const UNREACHABLE_REST: Duration = Duration::from_secs(30);
/// First rest of a trunk that says it is overloaded without saying for how long.
pub const CONGESTION_REST: Duration = Duration::from_secs(5);
/// First rest of a trunk that refused our password: who insists is locked out.
pub const CREDENTIALS_REST: Duration = Duration::from_secs(300);
/// No rest of ours is longer.
pub const LONGEST_REST: Duration = Duration::from_secs(600);
/// No Retry-After is believed beyond this.
pub const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(3600);
/// Server failures other than 503 are often about one number only; so many in a row are about the trunk.
pub const FAILURES_BEFORE_REST: u32 = 3;
/// A trunk that has carried calls may forbid (403) one number or another; so many in a row, and it forbids us.
pub const FORBIDDEN_BEFORE_FAULT: u32 = 3;
/// Characters of a reason that are kept.
const MAX_REASON: usize = 300;

/// Why a trunk could not place a call, by whose fault it is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum TrunkFault {
    /// Nobody answered, or there is no way to it.
    Unreachable,
    /// It does not take our user name or password.
    Credentials,
    /// It could not, or would not, carry the call.
    Congested {
        /// The SIP status.
        status: u16,
    },
}

impl TrunkFault {
    const fn first_rest(self) -> Duration {
        match self {
            Self::Unreachable => UNREACHABLE_REST,
            Self::Credentials => CREDENTIALS_REST,
            Self::Congested { .. } => CONGESTION_REST,
        }
    }
}

/// What the end of a call says about its trunk.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum TrunkProof {
    /// It works: somebody behind it spoke, or the network knew the number. A busy number is busy over every trunk.
    Works,
    /// It could not place the call, and another one might.
    Fails(TrunkFault),
    /// Nothing: it was the network behind it, one call of it, or ourselves.
    Nothing,
}

impl TrunkProof {
    /// What a call that ended so says.
    #[must_use]
    pub const fn of(cause: &Cause) -> Self {
        match cause {
            Cause::Sent
            | Cause::LastConfirmationLost
            | Cause::Busy
            | Cause::NoAnswer
            | Cause::Unallocated
            | Cause::Rejected
            | Cause::NoFaxHeard
            | Cause::Heard(_)
            | Cause::NoCommonTransport
            | Cause::Incompatible(_)
            | Cause::TrainingFailed
            | Cause::NoResponse(_)
            | Cause::Disconnected(_)
            | Cause::PageRejected
            | Cause::NothingToPoll
            | Cause::PollPassword
            | Cause::PollRefused
            | Cause::ProtocolError(_)
            | Cause::MediaLost
            | Cause::TooLong => Self::Works,
            Cause::TrunkDown => Self::Fails(TrunkFault::Unreachable),
            Cause::TrunkAuthentication => Self::Fails(TrunkFault::Credentials),
            // RFC 3261 §21.5; 402: the account is empty; 482, 483: it runs in circles behind the trunk.
            Cause::Congestion { status: status @ (402 | 482 | 483 | 500..=599) } => {
                Self::Fails(TrunkFault::Congested { status: *status })
            }
            Cause::Congestion { .. }
            // The next number may lead to somebody who encrypts.
            | Cause::TrunkEncryption
            | Cause::Interrupted
            | Cause::Cancelled
            | Cause::CannotRender(_)
            | Cause::TooManyPages { .. }
            | Cause::Expired
            | Cause::Local(_) => Self::Nothing,
        }
    }
}

/// What was learned about a trunk.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum TrunkEvent {
    /// It answers OPTIONS.
    Answers,
    /// It does not, for this reason.
    Silent(String),
    /// It is watched no longer.
    Unwatched,
    /// Its registrar keeps us until then, Unix milliseconds.
    Registered {
        /// Until when.
        until_ms: i64,
    },
    /// A try to register failed; a binding of before holds as long as it does.
    RegistrationFailed(String),
    /// The binding is over.
    Unregistered,
    /// A call got as far as the called side: the trunk works.
    Placed,
    /// The trunk could not place a call.
    Failed {
        /// Whose fault.
        fault: TrunkFault,
        /// In words.
        reason: String,
        /// When to come again, when it told.
        retry_after: Option<Duration>,
    },
}

/// Whether we are known to the trunk's registrar.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Registered {
    /// It has none.
    NotNeeded,
    /// Not yet, or no longer.
    No { since_ms: i64 },
    /// Until then.
    Until(i64),
}

/// A time in which the trunk is left alone.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Rest {
    since_ms: i64,
    until_ms: i64,
    reason: String,
    /// An answer to OPTIONS ends it.
    unreachable: bool,
}

/// A text with the moment it was learned at, Unix milliseconds.
pub type Noted = (String, i64);

/// What is known of one trunk.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TrunkState {
    /// Why it counts as down; nothing while OPTIONS are answered or not asked.
    silent: Option<Noted>,
    /// Whether OPTIONS were answered, as far as known.
    answers: Option<bool>,
    /// Whether OPTIONS were ever answered. Some trunks never do and carry calls all the same: their silence says nothing.
    has_answered: bool,
    registered: Registered,
    registration_trouble: Option<Noted>,
    rest: Option<Rest>,
    /// Calls in a row that it could not place.
    failures: u32,
    /// Whether it has taken our credentials since we know it: it registered us, or carried a call.
    has_taken_us: bool,
    /// Calls in a row that it forbade though they had our credentials.
    forbidden: u32,
    last_trouble: Option<Noted>,
    since_ms: i64,
}

/// How a trunk stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Standing {
    /// It can be used.
    Up,
    /// It does not answer.
    Down {
        /// In words.
        reason: String,
    },
    /// It is left alone for a while.
    Resting {
        /// Until then, Unix milliseconds.
        until_ms: i64,
        /// In words.
        reason: String,
    },
    /// Its registrar does not know us.
    Unregistered {
        /// In words.
        reason: String,
    },
}

impl Standing {
    /// A word for rows and programs.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Down { .. } => "down",
            Self::Resting { .. } => "resting",
            Self::Unregistered { .. } => "unregistered",
        }
    }

    /// Takes back what a row keeps: the word, the end of a rest, and the reason.
    #[must_use]
    pub fn stored(word: &str, until_ms: Option<i64>, reason: Option<String>) -> Option<Self> {
        let reason = reason.unwrap_or_default();
        match word {
            "up" => Some(Self::Up),
            "down" => Some(Self::Down { reason }),
            "resting" => Some(Self::Resting { until_ms: until_ms?, reason }),
            "unregistered" => Some(Self::Unregistered { reason }),
            _ => None,
        }
    }

    /// Why it cannot be used; nothing when it can.
    #[must_use]
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::Up => None,
            Self::Down { reason } | Self::Resting { reason, .. } | Self::Unregistered { reason } => Some(reason),
        }
    }
}

/// What is shown of a trunk, and kept in its row.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TrunkReport {
    /// How it stands.
    pub standing: Standing,
    /// Since when it has stood so, Unix milliseconds.
    pub since_ms: i64,
    /// Whether it answers OPTIONS; nothing when that is not known or not asked.
    pub answers: Option<bool>,
    /// Whether it has a registrar.
    pub registers: bool,
    /// Until when the registrar keeps us.
    pub registered_until_ms: Option<i64>,
    /// What went wrong with the registration last.
    pub registration_trouble: Option<Noted>,
    /// Why it last could not place a call.
    pub last_trouble: Option<Noted>,
    /// Calls in a row that it could not place.
    pub failures: u32,
}

impl TrunkState {
    /// A trunk of which nothing is known. One that has to register is not used before it has.
    #[must_use]
    pub const fn new(registers: bool, now_ms: i64) -> Self {
        let registered = if registers { Registered::No { since_ms: now_ms } } else { Registered::NotNeeded };
        Self {
            silent: None,
            answers: None,
            has_answered: false,
            registered,
            registration_trouble: None,
            rest: None,
            failures: 0,
            has_taken_us: false,
            forbidden: 0,
            last_trouble: None,
            since_ms: now_ms,
        }
    }

    /// Takes what was learned. `chance` makes rests up to a tenth longer.
    pub fn learn(&mut self, event: TrunkEvent, now_ms: i64, chance: u64) {
        let before = self.standing(now_ms).word();
        self.take(event, now_ms, chance);
        if self.standing(now_ms).word() != before {
            self.since_ms = now_ms;
        }
    }

    fn take(&mut self, event: TrunkEvent, now_ms: i64, chance: u64) {
        match event {
            TrunkEvent::Answers => {
                (self.answers, self.silent, self.has_answered) = (Some(true), None, true);
                self.rest.take_if(|rest| rest.unreachable);
            }
            TrunkEvent::Silent(reason) => {
                self.answers = Some(false);
                let reason = kept(reason);
                self.last_trouble = Some((reason.clone(), now_ms));
                if self.has_answered {
                    self.silent.get_or_insert((reason, now_ms));
                }
            }
            TrunkEvent::Unwatched => (self.answers, self.silent, self.has_answered) = (None, None, false),
            TrunkEvent::Registered { until_ms } => {
                self.registered = Registered::Until(until_ms);
                (self.has_taken_us, self.forbidden) = (true, 0);
                self.registration_trouble = None;
            }
            TrunkEvent::RegistrationFailed(reason) => self.registration_trouble = Some((kept(reason), now_ms)),
            TrunkEvent::Unregistered => {
                if self.registered != Registered::NotNeeded {
                    self.registered = Registered::No { since_ms: now_ms };
                }
            }
            TrunkEvent::Placed => {
                (self.failures, self.rest, self.silent) = (0, None, None);
                (self.has_taken_us, self.forbidden) = (true, 0);
                self.answers = self.answers.map(|_| true);
            }
            TrunkEvent::Failed { fault, reason, retry_after } => {
                self.call_failed(fault, kept(reason), retry_after, now_ms, chance);
            }
        }
    }

    /// A call with our credentials was forbidden (403): whether that means the credentials. Some servers refuse a wrong password so;
    /// others forbid a number so. Where the trunk has taken us before it is the number, unless it happens again and again.
    pub fn forbids_us(&mut self) -> bool {
        self.forbidden = self.forbidden.saturating_add(1);
        !self.has_taken_us || self.forbidden >= FORBIDDEN_BEFORE_FAULT
    }

    fn call_failed(
        &mut self,
        fault: TrunkFault,
        reason: String,
        retry_after: Option<Duration>,
        now_ms: i64,
        chance: u64,
    ) {
        // Calls that were on their way when the rest began say nothing new.
        let news = self.rest.as_ref().is_none_or(|rest| rest.until_ms <= now_ms);
        if news {
            self.failures = self.failures.saturating_add(1);
        }
        self.last_trouble = Some((reason.clone(), now_ms));
        let wait = match (fault, retry_after) {
            // RFC 3261 §21.5.4: no requests to that server until then
            (_, Some(after)) => Some(after.clamp(Duration::from_secs(1), LONGEST_RETRY_AFTER)),
            (TrunkFault::Unreachable | TrunkFault::Credentials | TrunkFault::Congested { status: 503 }, None) => {
                let doublings = self.failures.saturating_sub(1).min(10);
                Some(fault.first_rest().saturating_mul(1 << doublings).min(LONGEST_REST))
            }
            (TrunkFault::Congested { .. }, None) => {
                let beyond = self.failures.checked_sub(FAILURES_BEFORE_REST);
                beyond.map(|beyond| CONGESTION_REST.saturating_mul(1 << beyond.min(10)).min(LONGEST_REST))
            }
        };
        let Some(wait) = wait else { return };
        let until_ms = now_ms.saturating_add(lengthened_ms(wait, chance));
        let unreachable = fault == TrunkFault::Unreachable;
        match &mut self.rest {
            Some(rest) if !news => rest.until_ms = rest.until_ms.max(if retry_after.is_some() { until_ms } else { 0 }),
            _ => self.rest = Some(Rest { since_ms: now_ms, until_ms, reason, unreachable }),
        }
    }

    /// How it stands.
    #[must_use]
    pub fn standing(&self, now_ms: i64) -> Standing {
        match self.registered {
            Registered::NotNeeded => {}
            Registered::Until(until_ms) if until_ms > now_ms => {}
            Registered::Until(_) | Registered::No { .. } => {
                let trouble = self.registration_trouble.as_ref().map(|(reason, _)| reason.clone());
                let reason = trouble.unwrap_or_else(|| "the registrar has not answered yet".into());
                return Standing::Unregistered { reason };
            }
        }
        if let Some((reason, _)) = &self.silent {
            return Standing::Down { reason: reason.clone() };
        }
        match &self.rest {
            Some(Rest { until_ms, reason, .. }) if *until_ms > now_ms => {
                Standing::Resting { until_ms: *until_ms, reason: reason.clone() }
            }
            Some(_) | None => Standing::Up,
        }
    }

    /// How many calls may begin, with so many channels free and so many calls on the trunk: none while it cannot be used, and one at a
    /// time as long as it is not sure that it works again.
    #[must_use]
    pub fn open_channels(&self, free: u32, in_use: u32, now_ms: i64) -> Option<u32> {
        if self.standing(now_ms) != Standing::Up {
            return None;
        }
        let on_trial = self.rest.is_some();
        Some(if on_trial { free.min(1_u32.saturating_sub(in_use)) } else { free })
    }

    /// When a rest ends, if one runs.
    #[must_use]
    pub fn wakes_ms(&self, now_ms: i64) -> Option<i64> {
        self.rest.as_ref().map(|rest| rest.until_ms).filter(|until_ms| *until_ms > now_ms)
    }

    /// What is shown.
    #[must_use]
    pub fn report(&self, now_ms: i64) -> TrunkReport {
        let standing = self.standing(now_ms);
        let since_ms = match (&standing, &self.rest, &self.silent, &self.registered) {
            (Standing::Resting { .. }, Some(rest), ..) => rest.since_ms,
            (Standing::Down { .. }, _, Some((_, since_ms)), _) => *since_ms,
            (Standing::Unregistered { .. }, _, _, Registered::No { since_ms }) => *since_ms,
            (Standing::Unregistered { .. }, _, _, Registered::Until(until_ms)) => *until_ms,
            (Standing::Up, Some(rest), ..) => rest.until_ms,
            _ => self.since_ms,
        };
        TrunkReport {
            standing,
            since_ms,
            answers: self.answers,
            registers: self.registered != Registered::NotNeeded,
            registered_until_ms: match self.registered {
                Registered::Until(until_ms) => Some(until_ms),
                Registered::NotNeeded | Registered::No { .. } => None,
            },
            registration_trouble: self.registration_trouble.clone(),
            last_trouble: self.last_trouble.clone(),
            failures: self.failures,
        }
    }
}

fn kept(reason: String) -> String {
    if reason.chars().count() <= MAX_REASON { reason } else { reason.chars().take(MAX_REASON).collect() }
}

#[cfg(test)]
mod tests;
