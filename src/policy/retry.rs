//! When a failed fax is dialled again, and when no more.
//!
//! Each [`RetryClass`] has a [`Schedule`], a list as administrators know it from mail servers: `1m,5m*2,1h*3` waits
//! one minute, then five minutes twice, then an hour three times, and then gives up. The classes count apart: two busy
//! signals do not use up the tries left for a failed training.

use crate::model::{Outcome, RetryClass};
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// Items one list may have.
pub const MAX_STEPS: usize = 64;
/// The largest `*n` of one item.
pub const MAX_TIMES: u32 = 1000;
/// The longest wait of one item: 30 days.
pub const MAX_DELAY: Duration = Duration::from_hours(30 * 24);
/// A wait is lengthened by chance by up to one part in this many, so that faxes that failed together part again.
pub const JITTER_PART: u64 = 10;

/// Waits before each further try. Its text form is `2m,4m,30m*4`; the empty text means no further try.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Schedule {
    steps: Vec<Step>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Step {
    delay: Duration,
    times: u32,
}

/// Why a text is no list of waits.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ScheduleError {
    /// An item that is not `number unit` or `number unit*times`.
    #[error("{0:?} is no waiting time; write a number and s, m, h or d, as in 5m or 5m*2")]
    Item(String),
    /// A repeat of zero or beyond [`MAX_TIMES`].
    #[error("{0:?} repeats too often or never; write *1 to *{MAX_TIMES}")]
    Times(String),
    /// Longer than [`MAX_DELAY`].
    #[error("{0:?} is longer than 30 days")]
    TooLong(String),
    /// More than [`MAX_STEPS`] items.
    #[error("the list has more than {MAX_STEPS} items")]
    TooMany,
}

impl Schedule {
    /// The wait before the try that follows `failures` earlier failures of this class, or nothing when the list is at
    /// its end.
    #[must_use]
    pub fn delay(&self, failures: u32) -> Option<Duration> {
        let mut left = failures;
        for step in &self.steps {
            if left < step.times {
                return Some(step.delay);
            }
            left -= step.times;
        }
        None
    }

    /// How many further tries the list grants in all.
    #[must_use]
    pub fn tries(&self) -> u32 {
        self.steps.iter().fold(0, |sum: u32, step| sum.saturating_add(step.times))
    }
}

impl FromStr for Schedule {
    type Err = ScheduleError;

    fn from_str(text: &str) -> Result<Self, ScheduleError> {
        if text.trim().is_empty() {
            return Ok(Self::default());
        }
        let mut steps = Vec::new();
        for item in text.split(',') {
            if steps.len() == MAX_STEPS {
                return Err(ScheduleError::TooMany);
            }
            steps.push(step(item.trim())?);
        }
        Ok(Self { steps })
    }
}

fn step(item: &str) -> Result<Step, ScheduleError> {
    let (delay, times) = match item.split_once('*') {
        Some((delay, times)) => (delay.trim(), Some(times.trim())),
        None => (item, None),
    };
    let bad = || ScheduleError::Item(item.chars().take(40).collect());
    let unit = delay.chars().last().ok_or_else(bad)?;
    let seconds_each: u64 = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3600,
        'd' => 86_400,
        _ => return Err(bad()),
    };
    let digits = delay[..delay.len() - unit.len_utf8()].trim_end();
    // `u64::from_str` would take "+5" as well.
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(bad());
    }
    let too_long = || ScheduleError::TooLong(item.chars().take(40).collect());
    let seconds = digits.parse::<u64>().ok().and_then(|count| count.checked_mul(seconds_each)).ok_or_else(too_long)?;
    let delay = Duration::from_secs(seconds);
    if delay > MAX_DELAY {
        return Err(too_long());
    }
    let times = match times {
        None => 1,
        Some(text) if text.bytes().all(|byte| byte.is_ascii_digit()) => text.parse::<u32>().unwrap_or(0),
        Some(_) => 0,
    };
    if times == 0 || times > MAX_TIMES {
        return Err(ScheduleError::Times(item.chars().take(40).collect()));
    }
    Ok(Step { delay, times })
}

impl fmt::Display for Schedule {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, step) in self.steps.iter().enumerate() {
            if index > 0 {
                formatter.write_str(",")?;
            }
            let seconds = step.delay.as_secs();
            let (count, unit) = match seconds {
                0 => (0, 's'),
                _ if seconds % 86_400 == 0 => (seconds / 86_400, 'd'),
                _ if seconds % 3600 == 0 => (seconds / 3600, 'h'),
                _ if seconds % 60 == 0 => (seconds / 60, 'm'),
                _ => (seconds, 's'),
            };
            write!(formatter, "{count}{unit}")?;
            if step.times > 1 {
                write!(formatter, "*{}", step.times)?;
            }
        }
        Ok(())
    }
}

/// Failed attempts of one job so far, by class. Rows keep one count each.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Tries {
    /// The number was busy.
    pub busy: u32,
    /// Nobody answered.
    pub no_answer: u32,
    /// The trunk or the network failed.
    pub trunk: u32,
    /// The call was up, but the fax failed.
    pub fax: u32,
    /// No fax answered.
    pub not_a_fax: u32,
    /// Our own side stopped the call.
    pub resume: u32,
}

impl Tries {
    /// Failures of this class; none for classes that are not tried again.
    #[must_use]
    pub const fn count(&self, class: RetryClass) -> u32 {
        match class {
            RetryClass::Busy => self.busy,
            RetryClass::NoAnswer => self.no_answer,
            RetryClass::Trunk => self.trunk,
            RetryClass::Fax => self.fax,
            RetryClass::NotAFax => self.not_a_fax,
            RetryClass::Resume => self.resume,
            RetryClass::Delivered | RetryClass::DoNotRepeat | RetryClass::Never => 0,
        }
    }

    /// The counts after one more failure of this class.
    #[must_use]
    pub const fn plus(mut self, class: RetryClass) -> Self {
        match class {
            RetryClass::Busy => self.busy = self.busy.saturating_add(1),
            RetryClass::NoAnswer => self.no_answer = self.no_answer.saturating_add(1),
            RetryClass::Trunk => self.trunk = self.trunk.saturating_add(1),
            RetryClass::Fax => self.fax = self.fax.saturating_add(1),
            RetryClass::NotAFax => self.not_a_fax = self.not_a_fax.saturating_add(1),
            RetryClass::Resume => self.resume = self.resume.saturating_add(1),
            RetryClass::Delivered | RetryClass::DoNotRepeat | RetryClass::Never => {}
        }
        self
    }
}

/// One schedule for each class that is tried again.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RetrySettings {
    /// After a busy signal.
    pub busy: Schedule,
    /// After ringing without an answer.
    pub no_answer: Schedule,
    /// After a failure of the trunk or the network.
    pub trunk: Schedule,
    /// After a fax that failed in the call.
    pub fax: Schedule,
    /// After an answer that was no fax: few, as a person is being rung.
    pub not_a_fax: Schedule,
    /// After a call that our own stop cut off.
    pub resume: Schedule,
}

impl Default for RetrySettings {
    fn default() -> Self {
        let schedule = |text: &str| text.parse().expect("the default lists are well-formed; a test reads each");
        Self {
            busy: schedule("2m,4m,8m,15m,30m*4"),
            no_answer: schedule("10m,30m,1h*3"),
            trunk: schedule("1m,2m,5m*5"),
            fax: schedule("5m*3"),
            not_a_fax: schedule("30m"),
            resume: schedule("0s*3"),
        }
    }
}

/// Why a job is not dialled again.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum GiveUp {
    /// The cause is one that dialling again cannot mend.
    Final,
    /// The schedule of the class is at its end.
    TriesUsedUp,
    /// The next try would come after the job's lifetime.
    LifetimeOver,
}

impl GiveUp {
    /// Every reason.
    pub const ALL: [Self; 3] = [Self::Final, Self::TriesUsedUp, Self::LifetimeOver];

    /// The word stored in rows.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Final => "final",
            Self::TriesUsedUp => "tries-used-up",
            Self::LifetimeOver => "lifetime-over",
        }
    }

    /// The reason that [`GiveUp::word`] names.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.word() == word)
    }

    /// For people, as the end of a sentence.
    #[must_use]
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::Final => "dialling again would not help",
            Self::TriesUsedUp => "it was tried as often as allowed",
            Self::LifetimeOver => "its lifetime would be over before the next try",
        }
    }
}

/// What becomes of a job after an attempt.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Next {
    /// The fax is over: delivered, or so likely delivered that it must not be repeated.
    Done,
    /// Dial again at this time, in Unix milliseconds.
    At(i64),
    /// Dial at once on another trunk: this one could not place the call. It costs no try.
    Elsewhere,
    /// Dial again at this time, in Unix milliseconds; the attempt was not the fax's own failure and costs no try.
    Uncounted(i64),
    /// Give up.
    GiveUp(GiveUp),
}

impl RetrySettings {
    /// Decides what follows `outcome`.
    ///
    /// `tries` counts the failures before this one. Times are Unix milliseconds. `chance` is any random number; it
    /// lengthens the wait by up to a tenth.
    #[must_use]
    pub fn next(&self, outcome: &Outcome, tries: Tries, now_ms: i64, expires_ms: i64, chance: u64) -> Next {
        let class = outcome.cause.retry_class();
        let schedule = match class {
            // A lost last confirmation is as good as delivered: a second copy would be worse than a doubt.
            RetryClass::Delivered | RetryClass::DoNotRepeat => return Next::Done,
            RetryClass::Never => return Next::GiveUp(GiveUp::Final),
            RetryClass::Busy => &self.busy,
            RetryClass::NoAnswer => &self.no_answer,
            RetryClass::Trunk => &self.trunk,
            RetryClass::Fax => &self.fax,
            RetryClass::NotAFax => &self.not_a_fax,
            RetryClass::Resume => &self.resume,
        };
        let Some(delay) = schedule.delay(tries.count(class)) else {
            return Next::GiveUp(GiveUp::TriesUsedUp);
        };
        let due_ms = now_ms.saturating_add(lengthened_ms(delay, chance));
        if due_ms >= expires_ms { Next::GiveUp(GiveUp::LifetimeOver) } else { Next::At(due_ms) }
    }
}

/// A wait in milliseconds, lengthened by chance.
#[must_use]
pub fn lengthened_ms(delay: Duration, chance: u64) -> i64 {
    let wait_ms = u64::try_from(delay.as_millis()).unwrap_or(u64::MAX / 2);
    let extra_ms = chance % (wait_ms / JITTER_PART + 1);
    i64::try_from(wait_ms.saturating_add(extra_ms)).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::{GiveUp, MAX_STEPS, Next, RetrySettings, Schedule, ScheduleError, Tries};
    use crate::model::{Cause, Outcome, Phase, RetryClass, Sound};
    use proptest::prelude::*;

    const MINUTE_MS: i64 = 60_000;
    const FAR_MS: i64 = i64::MAX;

    fn next(cause: Cause, tries: Tries) -> Next {
        RetrySettings::default().next(&Outcome::nothing_sent(3, cause), tries, 0, FAR_MS, 0)
    }

    #[test]
    fn a_list_waits_as_long_as_it_says_and_then_ends() {
        let schedule: Schedule = "1m, 5m*2 ,1h*3".parse().expect("a list");
        let minutes: Vec<_> = (0..7).map(|failures| schedule.delay(failures).map(|d| d.as_secs() / 60)).collect();
        assert_eq!(minutes, [Some(1), Some(5), Some(5), Some(60), Some(60), Some(60), None]);
        assert_eq!(schedule.tries(), 6);
        assert_eq!(schedule.to_string(), "1m,5m*2,1h*3");
    }

    #[test]
    fn an_empty_list_never_tries_again() {
        let schedule: Schedule = "".parse().expect("the empty list");
        assert_eq!((schedule.delay(0), schedule.tries()), (None, 0));
    }

    #[test]
    fn bad_lists_are_refused_with_the_item_that_is_wrong() {
        for (text, error) in [
            ("5", ScheduleError::Item("5".into())),
            ("1m,,2m", ScheduleError::Item(String::new())),
            ("m", ScheduleError::Item("m".into())),
            ("+5m", ScheduleError::Item("+5m".into())),
            ("5µ", ScheduleError::Item("5µ".into())),
            ("5m*0", ScheduleError::Times("5m*0".into())),
            ("5m*", ScheduleError::Times("5m*".into())),
            ("5m*1001", ScheduleError::Times("5m*1001".into())),
            ("31d", ScheduleError::TooLong("31d".into())),
            ("99999999999999999999s", ScheduleError::TooLong("99999999999999999999s".into())),
        ] {
            assert_eq!(text.parse::<Schedule>(), Err(error), "{text}");
        }
        assert_eq!(["1s"; MAX_STEPS + 1].join(",").parse::<Schedule>(), Err(ScheduleError::TooMany));
    }

    #[test]
    fn busy_is_retried_but_unallocated_number_is_not() {
        assert_eq!(next(Cause::Busy, Tries::default()), Next::At(2 * MINUTE_MS));
        assert_eq!(next(Cause::Unallocated, Tries::default()), Next::GiveUp(GiveUp::Final));
        assert_eq!(next(Cause::Rejected, Tries::default()), Next::GiveUp(GiveUp::Final));
    }

    #[test]
    fn a_lost_last_confirmation_is_final_and_never_dialled_again() {
        assert_eq!(next(Cause::LastConfirmationLost, Tries::default()), Next::Done);
    }

    #[test]
    fn each_class_counts_for_itself() {
        let tries = Tries { busy: 8, ..Tries::default() };
        assert_eq!(next(Cause::Busy, tries), Next::GiveUp(GiveUp::TriesUsedUp));
        assert_eq!(next(Cause::NoAnswer, tries), Next::At(10 * MINUTE_MS));
    }

    #[test]
    fn somebody_who_is_no_fax_is_rung_twice_at_most() {
        let first = Tries::default();
        for cause in [Cause::NoFaxHeard, Cause::Heard(Sound::Voice), Cause::Heard(Sound::AnsweringMachine)] {
            assert_eq!(next(cause.clone(), first), Next::At(30 * MINUTE_MS));
            assert_eq!(next(cause, first.plus(RetryClass::NotAFax)), Next::GiveUp(GiveUp::TriesUsedUp));
        }
        for tone in [Sound::BusyTone, Sound::CongestionTone] {
            let told = next(Cause::Heard(tone), first);
            assert_eq!(told, next(Cause::Busy, first), "{tone:?}: busy is busy, however it is told");
        }
    }

    #[test]
    fn an_interrupted_call_is_resumed_at_once_but_not_for_ever() {
        assert_eq!(next(Cause::Interrupted, Tries::default()), Next::At(0));
        assert_eq!(
            next(Cause::Interrupted, Tries { resume: 3, ..Tries::default() }),
            Next::GiveUp(GiveUp::TriesUsedUp)
        );
    }

    #[test]
    fn a_try_beyond_the_lifetime_is_not_waited_for() {
        let outcome = Outcome::nothing_sent(1, Cause::TrainingFailed);
        let settings = RetrySettings::default();
        assert_eq!(settings.next(&outcome, Tries::default(), 0, 5 * MINUTE_MS, 0), Next::GiveUp(GiveUp::LifetimeOver));
        assert_eq!(settings.next(&outcome, Tries::default(), 0, 5 * MINUTE_MS + 1, 0), Next::At(5 * MINUTE_MS));
    }

    #[test]
    fn chance_lengthens_a_wait_by_a_tenth_at_most_and_never_shortens_it() {
        let outcome = Outcome::nothing_sent(1, Cause::Disconnected(Phase::C));
        for chance in [0, 1, 29_999, 30_000, 30_001, u64::MAX] {
            let Next::At(due_ms) = RetrySettings::default().next(&outcome, Tries::default(), 0, FAR_MS, chance) else {
                panic!("a failed fax is tried again");
            };
            assert!((300_000..=330_000).contains(&due_ms), "{due_ms}");
        }
    }

    #[test]
    fn every_reason_to_give_up_is_found_by_its_word() {
        for reason in GiveUp::ALL {
            assert_eq!(GiveUp::from_word(reason.word()), Some(reason));
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused_and_what_is_read_reads_back(text in "[0-9smhd*, +x]{0,40}") {
            if let Ok(schedule) = text.parse::<Schedule>() {
                prop_assert_eq!(schedule.to_string().parse::<Schedule>(), Ok(schedule));
            }
        }

        #[test]
        fn hostile_text_never_panics(text in any::<String>()) {
            let _ = text.parse::<Schedule>();
        }
    }
}
