//! What a T.38 call costs the processor and the memory, beside SpanDSP's terminal in the same run.
//!
//! Prints; claims nothing by itself, since a machine may be busy. Take ratios, not times: both are measured by turns, the quickest of
//! several runs counts.

use std::time::{Duration, Instant};

use faxramp::image::tiff::FaxPage;
use faxramp::model::{Resolution, Width};
use faxramp::t38::Pacing;
use faxramp_oracle::call;
use faxramp_oracle::end::End;
use faxramp_oracle::pages::{self, Picture};
use faxramp_oracle::path::PathSettings;
use faxramp_oracle::peer::{Maker, Manner, Peer};
use faxramp_oracle::table::Table;
use faxramp_oracle::theirs::real_time;

/// Runs of each pair.
const RUNS: usize = 15;
/// Calls of one kind that are held in the middle at once, to see their memory.
const HELD: usize = 100;
/// When they are held: within the page.
const HELD_AT: Duration = Duration::from_secs(18);

/// Of one end, its quickest run.
#[derive(Clone, Copy)]
struct Cost {
    all: Duration,
    coding: Duration,
}

impl Cost {
    fn of(peer: &Peer) -> Self {
        Self { all: peer.busy(), coding: peer.busy_coding().unwrap_or_default() }
    }

    fn least(self, other: Option<Self>) -> Self {
        other.filter(|other| other.all < self.all).unwrap_or(self)
    }
}

fn text_pages() -> Vec<FaxPage> {
    (0..3).map(|page| pages::draw(Picture::Text, Width::A4, Resolution::Fine, page)).collect()
}

fn milliseconds(duration: Duration) -> String {
    format!("{:.2}", duration.as_secs_f64() * 1000.0)
}

fn ratio(ours: Duration, theirs: Duration) -> String {
    format!("{:.2}", ours.as_secs_f64() / theirs.as_secs_f64())
}

/// Both ends of a call of this maker with itself: who calls and who answers does then as much as the other pair's.
fn play(maker: Maker, manner: &Manner, base: Instant) -> (Cost, Cost) {
    let mut caller = Peer::caller(maker, manner, text_pages(), base);
    let mut answerer = Peer::answerer(maker, manner, base);
    call::run(&mut caller, &mut answerer, PathSettings::default(), base);
    assert!(caller.is_content() && answerer.is_content(), "{}, {}", caller.words(), answerer.words());
    (Cost::of(&caller), Cost::of(&answerer))
}

fn processor(base: Instant) {
    let columns =
        ["ms of a call of three pages", "SpanDSP", "faxramp", "ratio", "of ours, coding", "ratio of line alone"];
    let mut table = Table::new("processor time", &columns);
    for ecm in [true, false] {
        for pacing in [Pacing::Modem, Pacing::Fast] {
            let manner = Manner { ecm, pacing, ..Manner::USUAL };
            let mut ours: Option<(Cost, Cost)> = None;
            let mut theirs: Option<(Cost, Cost)> = None;
            for _ in 0..RUNS {
                for (maker, best) in [(Maker::Spandsp, &mut theirs), (Maker::Faxramp, &mut ours)] {
                    let (caller, answerer) = play(maker, &manner, base);
                    *best = Some((caller.least(best.map(|best| best.0)), answerer.least(best.map(|best| best.1))));
                }
            }
            let (ours, theirs) = (ours.expect("it ran"), theirs.expect("it ran"));
            for (role, ours, theirs) in [("sends", ours.0, theirs.0), ("receives", ours.1, theirs.1)] {
                let mode = if ecm { "ECM MMR" } else { "plain MR" };
                table.row(vec![
                    format!("{role}, {mode}, {pacing:?}"),
                    milliseconds(theirs.all),
                    milliseconds(ours.all),
                    ratio(ours.all, theirs.all),
                    milliseconds(ours.coding),
                    ratio(ours.all - ours.coding, theirs.all),
                ]);
            }
        }
    }
    table.print();
}

/// Resident octets of this process, as Linux counts them.
fn resident() -> u64 {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    text.split(' ').nth(1).and_then(|pages| pages.parse::<u64>().ok()).unwrap_or(0) * 4096
}

fn memory(base: Instant) {
    let heading = format!("memory of {HELD} calls held {} s after their start, both ends", HELD_AT.as_secs());
    let mut table = Table::new(&heading, &["maker", "kB a call"]);
    for maker in [Maker::Faxramp, Maker::Spandsp, Maker::Faxramp, Maker::Spandsp] {
        let before = resident();
        let mut calls = Vec::new();
        for seed in 0..HELD {
            // Little for the harness to hold: a strip of noise, 14 kB as it is and coded.
            let page = pages::draw(Picture::Dithered, Width::A4, Resolution::Standard, seed as u64);
            let mut caller = Peer::caller(maker, &Manner::USUAL, vec![page], base);
            let mut answerer = Peer::answerer(maker, &Manner::USUAL, base);
            call::run_for(&mut caller, &mut answerer, PathSettings::default(), base, HELD_AT);
            assert!(!caller.is_over() && !answerer.is_over(), "held in the middle");
            calls.push((caller, answerer));
        }
        let kilobytes = resident().saturating_sub(before) / 1000 / HELD as u64;
        table.row(vec![maker.name().into(), kilobytes.to_string()]);
    }
    table.print();
}

fn main() {
    let base = real_time();
    // Memory first: what is freed later stays with the process and would hide it.
    memory(base);
    processor(base);
}
