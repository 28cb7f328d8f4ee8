//! What the network does to a call, for all four pairs of makers: SpanDSP with itself is the measure.

use std::time::Duration;

use faxramp::image::tiff::FaxPage;
use faxramp::model::{Resolution, Width};
use faxramp_oracle::call;
use faxramp_oracle::pages;
use faxramp_oracle::path::PathSettings;
use faxramp_oracle::peer::{Manner, PAIRS, Pair, Peer, Protection, pair_name};
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

#[test]
fn table() {
    let calls = std::env::var("CALLS").ok().and_then(|n| n.parse().ok()).unwrap_or(8u64);
    for protection in [Protection::Redundancy, Protection::Parity, Protection::None] {
        let manner = Manner { protection, ..Manner::USUAL };
        let names: Vec<String> = PAIRS.iter().map(|&pair| pair_name(pair)).collect();
        let _ = names;
        let mut table = Table::new(
            &format!("{protection:?}: calls exact of {calls}"),
            &[
                "network",
                "Asterisk to Asterisk",
                "SpanDSP to SpanDSP",
                "faxramp to SpanDSP",
                "SpanDSP to faxramp",
                "faxramp to faxramp",
            ],
        );
        for weather in weathers() {
            let mut cells = vec![weather.name.to_owned()];
            for pair in PAIRS {
                let (mut exact, mut last, mut failed, mut wrong) = (0, 0, 0, 0);
                for seed in 0..calls {
                    let sent = pages::three(usize::try_from(seed).unwrap(), Width::A4, Resolution::Fine);
                    match play(pair, &manner, &weather, seed, &sent) {
                        Result::Exact => exact += 1,
                        Result::LastSignalLost => last += 1,
                        Result::Failed(why) => {
                            failed += 1;
                            if std::env::var("WHY").is_ok() {
                                eprintln!("{protection:?} {} {} seed {seed}: {why}", weather.name, pair_name(pair));
                            }
                        }
                        Result::Wrong(why) => {
                            wrong += 1;
                            eprintln!("WRONG {protection:?} {} {} seed {seed}: {why}", weather.name, pair_name(pair));
                        }
                    }
                }
                cells.push(format!("{exact} +{last} -{failed} !{wrong}"));
            }
            table.row(cells);
        }
        table.print();
    }
}
