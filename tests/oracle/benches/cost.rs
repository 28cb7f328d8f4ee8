//! What a T.38 call costs the processor and the memory, beside SpanDSP's terminal in the same run.
//!
//! Prints; claims nothing by itself, since a machine may be busy. Take ratios, not times: both are measured by turns, the quickest of
//! several runs counts.

use std::time::{Duration, Instant};

use faxramp::image::tiff::FaxPage;
use faxramp::model::{Resolution, Width};
use faxramp::modem;
use faxramp::signal::Modulation;
use faxramp::t30::{AnswererSettings, Errand, ReceiverSettings, SenderSettings, Transport};
use faxramp::t38::Pacing;
use faxramp_oracle::audio::{self, AudioEnd, WireSettings};
use faxramp_oracle::audio_ours::AudioOurs;
use faxramp_oracle::audio_theirs::AudioTheirs;
use faxramp_oracle::call;
use faxramp_oracle::end::End;
use faxramp_oracle::ours::{answerer_settings, caller_settings};
use faxramp_oracle::pages::{self, Picture};
use faxramp_oracle::path::PathSettings;
use faxramp_oracle::peer::{Maker, Manner, Peer};
use faxramp_oracle::table::Table;
use faxramp_oracle::theirs::{Modems, TheirSettings, real_time};

/// Runs of each pair over audio.
const AUDIO_RUNS: usize = 5;
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

/// Both ends of a call over audio of this maker with itself: what each spends in a minute of it, coding of pages left out where that is known.
fn play_audio(maker: Maker, modulation: Modulation, ecm: bool, base: Instant) -> (Duration, Duration) {
    let pages = text_pages();
    let wire = WireSettings::default();
    let modems = if modulation == Modulation::V29At9600 { Modems::V29 } else { Modems::V17 };
    let (report, caller, answerer) = if maker == Maker::Faxramp {
        let settings = modem::Settings::default();
        let send =
            SenderSettings { transport: Transport::Audio, ecm, max_modulation: modulation, ..caller_settings(&pages) };
        let receive = ReceiverSettings { transport: Transport::Audio, ..answerer_settings() };
        let mut caller = AudioOurs::caller(Errand::Send(send), &settings, pages, base);
        let answerer = AnswererSettings { receive, documents: Vec::new() };
        let mut answerer = AudioOurs::answerer(answerer, &settings, Vec::new(), base);
        let report = audio::run(&mut caller, &mut answerer, wire, base);
        assert!(answerer.ending.as_ref().is_some_and(|ending| ending.pages == 3), "three pages");
        (report, caller.busy() - caller.busy_coding, answerer.busy() - answerer.busy_coding)
    } else {
        let mut caller = AudioTheirs::new(&TheirSettings { ecm, modems, ..TheirSettings::new(true, pages) });
        let mut answerer = AudioTheirs::new(&TheirSettings { ecm, modems, ..TheirSettings::new(false, Vec::new()) });
        let report = audio::run(&mut caller, &mut answerer, wire, base);
        assert_eq!(answerer.statistics().pages_received, 3);
        (report, caller.busy(), answerer.busy())
    };
    let a_minute = |busy: Duration| busy.mul_f64(60.0 / report.lasted.as_secs_f64());
    (a_minute(caller), a_minute(answerer))
}

fn audio_processor(base: Instant) {
    let mut table = Table::new("processor time over audio", &["ms of a minute", "SpanDSP", "faxramp", "ratio"]);
    for (name, modulation, ecm) in
        [("V.17 14400, ECM", Modulation::V17At14400, true), ("V.29 9600, plain", Modulation::V29At9600, false)]
    {
        let mut best = [(Duration::MAX, Duration::MAX); 2];
        for _ in 0..AUDIO_RUNS {
            for (maker, best) in [Maker::Spandsp, Maker::Faxramp].into_iter().zip(&mut best) {
                let (caller, answerer) = play_audio(maker, modulation, ecm, base);
                *best = (caller.min(best.0), answerer.min(best.1));
            }
        }
        let [theirs, ours] = best;
        for (role, ours, theirs) in [("sends", ours.0, theirs.0), ("receives", ours.1, theirs.1)] {
            let (all, name) = (ratio(ours, theirs), format!("{role}, {name}"));
            table.row(vec![name, milliseconds(theirs), milliseconds(ours), all]);
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
    audio_processor(base);
    processor(base);
}
