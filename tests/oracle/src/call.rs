//! One call: two ends, a path each way, and a clock that jumps to whatever happens next.

use std::time::{Duration, Instant};

use crate::end::End;
use crate::path::{Path, PathSettings};

/// How long the second end may go on after the first has ended, before the telephone call is ended under it.
pub const HANG_UP_AFTER: Duration = Duration::from_secs(120);
/// The longest call that is simulated.
pub const LONGEST_CALL: Duration = Duration::from_secs(6 * 3600);
/// Steps at one moment that no sound pair of ends takes.
const MOST_STEPS_AT_ONCE: u32 = 10_000;

/// What a call was like.
#[derive(Clone, Copy, Debug)]
pub struct CallReport {
    /// From the first datagram until both procedures were over.
    pub lasted: Duration,
    /// Whether one end had to be hung up under, because it did not notice that the other had ended.
    pub hung_up: bool,
    /// Whether the limit was reached instead of an end.
    pub endless: bool,
    /// Datagrams the paths carried.
    pub datagrams: u64,
    /// Of them, those lost.
    pub lost: u64,
}

/// Lets two ends call each other until both are over.
///
/// # Panics
/// When the ends keep each other busy without time going on, which is a fault of one of them.
pub fn run(caller: &mut dyn End, answerer: &mut dyn End, path: PathSettings, base: Instant) -> CallReport {
    run_watched(caller, answerer, path, base, &mut |_, _, _| {})
}

/// Which end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Side {
    /// The caller.
    Caller,
    /// The answerer.
    Answerer,
}

/// [`run`], with somebody who sees every datagram as it is sent.
///
/// # Panics
/// As [`run`].
pub fn run_watched(
    caller: &mut dyn End,
    answerer: &mut dyn End,
    path: PathSettings,
    base: Instant,
    watch: &mut dyn FnMut(Side, Instant, &[u8]),
) -> CallReport {
    simulate(caller, answerer, path, base, LONGEST_CALL, watch)
}

/// [`run`] until so long after the start, so that the ends can be looked at in the middle of a call. The report is `endless` if
/// the call was not over.
///
/// # Panics
/// As [`run`].
pub fn run_for(
    caller: &mut dyn End,
    answerer: &mut dyn End,
    path: PathSettings,
    base: Instant,
    longest: Duration,
) -> CallReport {
    simulate(caller, answerer, path, base, longest, &mut |_, _, _| {})
}

fn simulate(
    caller: &mut dyn End,
    answerer: &mut dyn End,
    path: PathSettings,
    base: Instant,
    longest: Duration,
    watch: &mut dyn FnMut(Side, Instant, &[u8]),
) -> CallReport {
    let mut there = Path::new(path, 0);
    let mut back = Path::new(path, 1);
    let mut now = base;
    let mut steps = 0;
    let mut first_over = None;
    let mut report = CallReport { lasted: Duration::ZERO, hung_up: false, endless: false, datagrams: 0, lost: 0 };
    loop {
        while let Some(octets) = caller.sent() {
            watch(Side::Caller, now, &octets);
            there.send(octets, now);
        }
        while let Some(octets) = answerer.sent() {
            watch(Side::Answerer, now, &octets);
            back.send(octets, now);
        }
        if caller.is_over() && answerer.is_over() {
            break;
        }
        if caller.is_over() || answerer.is_over() {
            let since: Instant = *first_over.get_or_insert(now);
            if now >= since + HANG_UP_AFTER {
                if report.hung_up {
                    // Who ignores even that never ends.
                    report.endless = true;
                    break;
                }
                report.hung_up = true;
                caller.hang_up(now);
                answerer.hang_up(now);
                first_over = Some(now);
            }
        }
        let times = [caller.deadline(), answerer.deadline(), there.next_arrival(), back.next_arrival()];
        let Some(next) = times.into_iter().flatten().min() else { break };
        steps = if next > now { 0 } else { steps + 1 };
        assert!(steps < MOST_STEPS_AT_ONCE, "the ends keep each other busy without time going on");
        now = now.max(next);
        if now > base + longest {
            report.endless = true;
            break;
        }
        while let Some(octets) = there.receive(now) {
            answerer.datagram(&octets, now);
        }
        while let Some(octets) = back.receive(now) {
            caller.datagram(&octets, now);
        }
        caller.run(now);
        answerer.run(now);
    }
    report.lasted = now - base;
    report.datagrams = there.sent + back.sent;
    report.lost = there.lost + back.lost;
    report
}
