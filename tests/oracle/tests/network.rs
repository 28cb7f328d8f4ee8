//! What the network does to a call, for all four pairs of makers: SpanDSP with itself is the measure.

use std::time::Duration;

use faxramp::image::tiff::FaxPage;
use faxramp::model::{Resolution, Width};
use faxramp_oracle::call;
use faxramp_oracle::pages;
use faxramp_oracle::path::PathSettings;
use faxramp_oracle::peer::{Maker, Manner, PAIRS, Pair, Peer, Protection, pair_name};
use faxramp_oracle::table::Table;

use crate::common::{all_exact, base, ensure};

/// An ill of the network.
#[derive(Clone, Copy)]
struct Weather {
    name: &'static str,
    path: PathSettings,
}

fn calm() -> PathSettings {
    PathSettings { jitter: Duration::from_millis(10), ..PathSettings::default() }
}

fn losing(name: &'static str, per_cent: u32, burst: u32) -> Weather {
    Weather { name, path: PathSettings { loss_per_mille: per_cent * 10, burst, ..calm() } }
}

fn far(name: &'static str, round_trip_ms: u64) -> Weather {
    let delay = Duration::from_millis(round_trip_ms / 2);
    Weather { name, path: PathSettings { delay, ..PathSettings::default() } }
}

fn weathers() -> Vec<Weather> {
    let late_by = Duration::from_millis(70);
    vec![
        losing("no loss", 0, 1),
        losing("1 %", 1, 1),
        losing("5 %", 5, 1),
        losing("10 %", 10, 1),
        losing("15 %", 15, 1),
        losing("20 %", 20, 1),
        losing("25 %", 25, 1),
        losing("30 %", 30, 1),
        losing("40 %", 40, 1),
        losing("5 % in bursts of 4", 5, 4),
        losing("5 % in bursts of 8", 5, 8),
        losing("10 % in bursts of 4", 10, 4),
        losing("10 % in bursts of 8", 10, 8),
        Weather { name: "5 % late by 70 ms", path: PathSettings { late_per_mille: 50, late_by, ..calm() } },
        Weather { name: "5 % twice", path: PathSettings { duplicate_per_mille: 50, ..calm() } },
        Weather { name: "jitter 60 ms", path: PathSettings { jitter: Duration::from_millis(60), ..calm() } },
        far("round trip 0 s", 0),
        far("round trip 1 s", 1000),
        far("round trip 2 s", 2000),
    ]
}

/// What a call came to.
enum Result {
    /// Both ends are content and every page is exact.
    Exact,
    /// All pages are confirmed and exact, but an end is not content: its last signal was lost.
    LastSignalLost,
    /// Pages are missing, and the caller knows.
    Failed(String),
    /// The caller believes of a page that is missing or wrong that it arrived.
    Wrong(String),
}

fn play(pair: Pair, manner: &Manner, weather: &Weather, seed: u64, sent: &[FaxPage]) -> Result {
    let now = base();
    let mut caller = Peer::caller(pair.0, manner, sent.to_vec(), now);
    let mut answerer = Peer::answerer(pair.1, manner, now);
    let report = call::run(&mut caller, &mut answerer, PathSettings { seed, ..weather.path }, now);
    let words = || format!("{:?}: caller {}; answerer {}", report.lasted, caller.words(), answerer.words());
    let held = answerer.pages_held();
    let confirmed = caller.pages_confirmed();
    let there = ensure(held.len() >= confirmed, || format!("{confirmed} confirmed, {} held", held.len()))
        .and_then(|()| all_exact(&sent[..confirmed], &held[..confirmed]));
    if let Err(why) = there {
        return Result::Wrong(format!("{why}; {}", words()));
    }
    if confirmed < sent.len() || held.len() > sent.len() {
        return Result::Failed(words());
    }
    if caller.is_content() && answerer.is_content() { Result::Exact } else { Result::LastSignalLost }
}

/// How many calls of one kind came to what.
#[derive(Clone, Copy, Default)]
struct Count {
    exact: u64,
    last_signal_lost: u64,
}

impl Count {
    fn told(self, calls: u64) -> String {
        let failed = calls - self.exact - self.last_signal_lost;
        match (self.last_signal_lost, failed) {
            (0, 0) => "all".into(),
            (0, _) => format!("{}", self.exact),
            (lost, _) => format!("{} and {lost} but for the last signal", self.exact),
        }
    }
}

/// Calls of one kind, each with its own seed: `ORACLE_CALLS`, few by default.
fn calls() -> u64 {
    std::env::var("ORACLE_CALLS").ok().and_then(|number| number.parse().ok()).unwrap_or(3)
}

/// What holds of every call of two of ours, whatever chance does.
fn must_be_exact(protection: Protection, weather: &Weather) -> bool {
    let path = &weather.path;
    let random_per_cent = path.loss_per_mille / 10;
    match protection {
        Protection::Redundancy => random_per_cent <= 30 && path.burst <= 4 || path.loss_per_mille <= 50,
        Protection::Parity => random_per_cent <= 25 && path.burst <= 4,
        Protection::None => path.loss_per_mille == 0,
    }
}

fn count(pair: Pair, manner: &Manner, weather: &Weather, failures: &mut Vec<String>) -> Count {
    let mut count = Count::default();
    for seed in 0..calls() {
        let number = usize::try_from(seed).expect("small");
        let sent = pages::three(number, Width::A4, Resolution::Fine);
        let name = || format!("{:?}, {}, {}, seed {seed}", manner.protection, weather.name, pair_name(pair));
        match play(pair, manner, weather, seed, &sent) {
            Result::Exact => count.exact += 1,
            Result::LastSignalLost => count.last_signal_lost += 1,
            Result::Failed(why) => {
                let alone = pair == (Maker::Faxramp, Maker::Faxramp);
                if alone && must_be_exact(manner.protection, weather) {
                    failures.push(format!("{}: {why}", name()));
                }
            }
            Result::Wrong(why) => failures.push(format!("{}: {why}", name())),
        }
    }
    count
}

const fn pair_heading(pair: Pair) -> &'static str {
    match pair {
        (Maker::Asterisk, _) | (_, Maker::Asterisk) => "Asterisk alone",
        (Maker::Spandsp, Maker::Spandsp) => "SpanDSP alone",
        (Maker::Faxramp, Maker::Spandsp) => "faxramp to SpanDSP",
        (Maker::Spandsp, Maker::Faxramp) => "SpanDSP to faxramp",
        (Maker::Faxramp, Maker::Faxramp) => "faxramp alone",
    }
}

fn compare(protection: Protection) {
    let manner = Manner { protection, ..Manner::USUAL };
    let heading = format!("{protection:?}: calls exact of {}", calls());
    let columns = ["network"].into_iter().chain(PAIRS.map(pair_heading));
    let columns: Vec<&'static str> = columns.collect();
    let mut table = Table::new(&heading, &columns);
    let mut failures = Vec::new();
    let mut sums = [0; PAIRS.len()];
    for weather in weathers() {
        let mut cells = vec![weather.name.to_owned()];
        for (place, pair) in PAIRS.into_iter().enumerate() {
            let count = count(pair, &manner, &weather, &mut failures);
            sums[place] += count.exact + count.last_signal_lost;
            cells.push(count.told(calls()));
        }
        table.row(cells);
    }
    table.row(["sum".to_owned()].into_iter().chain(sums.map(|sum| sum.to_string())).collect());
    table.print();
    let [asterisk, spandsp, sending, receiving, alone] = sums;
    assert!(failures.is_empty(), "{} wrong:\n{}", failures.len(), failures.join("\n"));
    let slack = calls() / 2;
    assert!(sending + slack >= spandsp.max(asterisk), "{sums:?}");
    assert!(receiving + slack >= spandsp.max(asterisk), "{sums:?}");
    assert!(alone >= spandsp.max(asterisk), "{sums:?}");
}

#[test]
fn with_redundancy_we_get_through_where_spandsp_does_and_beyond() {
    compare(Protection::Redundancy);
}

#[test]
fn with_parities_we_get_through_where_spandsp_does_and_beyond() {
    compare(Protection::Parity);
}

#[test]
fn without_protection_we_get_through_where_spandsp_does() {
    compare(Protection::None);
}
