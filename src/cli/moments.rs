//! Times as people and programs read them.

use std::time::Duration;

use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

use crate::clock;

/// The moment a command runs in, and where.
#[derive(Clone, Debug)]
pub(super) struct Moment {
    /// Unix milliseconds.
    pub(super) now_ms: i64,
    /// The zone times are shown in.
    pub(super) zone: TimeZone,
}

impl Moment {
    /// Now and here.
    #[must_use]
    pub(super) fn now() -> Self {
        Self { now_ms: clock::wall().0, zone: TimeZone::system() }
    }

    /// `after` from now, Unix milliseconds.
    #[must_use]
    pub(super) fn later(&self, after: Duration) -> i64 {
        self.now_ms.saturating_add(i64::try_from(after.as_millis()).unwrap_or(i64::MAX))
    }

    /// A moment in local time.
    #[must_use]
    pub(super) fn zoned(&self, unix_ms: i64) -> Zoned {
        Timestamp::from_millisecond(unix_ms).unwrap_or(Timestamp::UNIX_EPOCH).to_zoned(self.zone.clone())
    }

    /// In local time: `14:32:05` today, `2026-11-23 14:32` on other days.
    #[must_use]
    pub(super) fn show(&self, unix_ms: i64) -> String {
        let (then, now) = (self.zoned(unix_ms), self.zoned(self.now_ms));
        let pattern = if then.date() == now.date() { "%H:%M:%S" } else { "%Y-%m-%d %H:%M" };
        then.strftime(pattern).to_string()
    }

    /// In local time, with the date: `2026-11-23 14:32:05`.
    #[must_use]
    pub(super) fn show_full(&self, unix_ms: i64) -> String {
        self.zoned(unix_ms).strftime("%Y-%m-%d %H:%M:%S").to_string()
    }
}

/// For programs: `2026-11-22T20:02:10.123Z`.
// The form is that of RFC 3339.
#[must_use]
pub(super) fn for_programs(unix_ms: i64) -> String {
    Timestamp::from_millisecond(unix_ms).unwrap_or(Timestamp::UNIX_EPOCH).to_string()
}

/// A length of time for people: `850 ms`, `4.2 s`, `3 min 07 s`.
#[must_use]
pub(super) fn span(length: Duration) -> String {
    let (seconds, milliseconds) = (length.as_secs(), length.subsec_millis());
    match seconds {
        0 => format!("{milliseconds} ms"),
        1..60 => format!("{seconds}.{} s", milliseconds / 100),
        60..3600 => format!("{} min {:02} s", seconds / 60, seconds % 60),
        _ => format!("{} h {:02} min", seconds / 3600, seconds / 60 % 60),
    }
}

/// Milliseconds between two moments as a length; 0 when they are the wrong way round.
#[must_use]
pub(super) fn between(from_ms: i64, to_ms: i64) -> Duration {
    Duration::from_millis(u64::try_from(to_ms.saturating_sub(from_ms)).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::{Moment, for_programs, span};
    use jiff::tz::{TimeZone, offset};
    use std::time::Duration;

    #[test]
    fn other_days_are_shown_with_their_date() {
        // 2027-01-15 08:00:00 UTC
        let moment = Moment { now_ms: 1_800_000_000_000, zone: TimeZone::fixed(offset(1)) };
        assert_eq!(moment.show(1_800_000_065_000), "09:01:05");
        assert_eq!(moment.show(1_800_000_000_000 + 86_400_000), "2027-01-16 09:00");
        assert_eq!(for_programs(1_800_000_065_250), "2027-01-15T08:01:05.25Z");
    }

    #[test]
    fn a_time_beyond_the_calendar_is_shown_as_the_epoch() {
        assert_eq!(for_programs(i64::MAX), "1970-01-01T00:00:00Z");
    }

    #[test]
    fn spans_keep_two_figures_that_matter() {
        let shown: Vec<String> =
            [40, 4_250, 187_000, 3_720_000].into_iter().map(|ms| span(Duration::from_millis(ms))).collect();
        assert_eq!(shown, ["40 ms", "4.2 s", "3 min 07 s", "1 h 02 min"]);
    }
}
