//! Where the time of a call goes, second by second, against what the Recommendation asks for at least.

use std::time::Duration;

use faxramp::image::tiff::FaxPage;
use faxramp::image::{Coding, encode};
use faxramp::model::{Compression, Resolution, Width};
use faxramp_oracle::call;
use faxramp_oracle::chance::Chance;
use faxramp_oracle::pages::{self, Picture};
use faxramp_oracle::path::PathSettings;
use faxramp_oracle::peer::{Maker, Manner, Pair, Peer, pair_name};
use faxramp_oracle::table::Table;
use faxramp_oracle::timeline::Timeline;

use crate::common::{all_exact, base};

/// Octets of MMR of the three pages that Asterisk was timed with.
const OCTETS: [usize; 3] = [24_700, 12_600, 20_800];

/// A page of so many octets of MMR: text, with some noise for what is missing.
fn page_of(octets: usize, seed: u64) -> FaxPage {
    let mut page = pages::draw(Picture::Text, Width::A4, Resolution::Fine, seed);
    let mut chance = Chance::new(seed);
    let coding = Coding { compression: Compression::Mmr, two_dimensional_every: 0, minimum_row_bits: 0 };
    let rows = page.bitmap.rows();
    let mut row = rows;
    while encode(&page.bitmap, &coding).len() > octets {
        row -= 8;
        for row in row..row + 8 {
            page.bitmap.row_mut(row).fill(0);
        }
    }
    while encode(&page.bitmap, &coding).len() < octets {
        for _ in 0..octets / 100 {
            page.bitmap.set(chance.below(1700), chance.below(rows), true);
        }
    }
    page
}

/// The parts of a call of three pages.
struct Account {
    until_first_page: Duration,
    pages: [Duration; 3],
    between: [Duration; 2],
    after: Duration,
    total: Duration,
}

impl Account {
    fn parts(&self) -> [(&'static str, Duration); 8] {
        let [first, second, third] = self.pages;
        let [one, two] = self.between;
        [
            ("until first page", self.until_first_page),
            ("page 1", first),
            ("page 2", second),
            ("page 3", third),
            ("between", one),
            ("between", two),
            ("after", self.after),
            ("all", self.total),
        ]
    }
}

fn account(pair: Pair, sent: &[FaxPage]) -> Account {
    let now = base();
    let mut caller = Peer::caller(pair.0, &Manner::USUAL, sent.to_vec(), now);
    let mut answerer = Peer::answerer(pair.1, &Manner::USUAL, now);
    let mut timeline = Timeline::new(now);
    let mut note = |side, at, octets: &[u8]| timeline.note(side, at, octets);
    let report = call::run_watched(&mut caller, &mut answerer, PathSettings::default(), now, &mut note);
    assert!(caller.is_content() && answerer.is_content(), "{}, {}", caller.words(), answerer.words());
    all_exact(sent, &answerer.pages_held()).expect("every page is exact");
    if std::env::var_os("ORACLE_TIMELINE").is_some() {
        for signal in &timeline.signals {
            eprintln!("{signal:?}");
        }
    }
    let blocks: Vec<_> = timeline.blocks().collect();
    assert_eq!(blocks.len(), 3, "a block for each page");
    Account {
        until_first_page: blocks[0].first_data,
        pages: [0, 1, 2].map(|page| blocks[page].ended - blocks[page].first_data),
        between: [0, 1].map(|page| blocks[page + 1].first_data - blocks[page].ended),
        after: report.lasted - blocks[2].ended,
        total: report.lasted,
    }
}

fn seconds(duration: Duration) -> String {
    format!("{:.2}", duration.as_secs_f64())
}

#[test]
fn no_part_of_a_call_of_ours_is_longer_than_spandsps() {
    let sent: Vec<FaxPage> = OCTETS.iter().zip(1..).map(|(&octets, seed)| page_of(octets, seed)).collect();
    let columns =
        ["caller, answerer", "until first page", "page 1", "page 2", "page 3", "between", "between", "after", "all"];
    let mut table = Table::new("seconds of three pages of 24.7, 12.6 and 20.8 kB, MMR, ECM, V.17 14400", &columns);
    let ours = Maker::Faxramp;
    let theirs = Maker::Spandsp;
    let pairs = [(theirs, theirs), (ours, theirs), (theirs, ours), (ours, ours)];
    let accounts: Vec<(Pair, Account)> = pairs.into_iter().map(|pair| (pair, account(pair, &sent))).collect();
    for (pair, account) in &accounts {
        let parts = account.parts().map(|(_, part)| seconds(part));
        let cells = [pair_name(*pair)].into_iter().chain(parts).collect();
        table.row(cells);
    }
    table.row(least());
    table.print();

    let measure = &accounts[0].1;
    for (pair, account) in &accounts[1..] {
        let parts = account.parts().into_iter().zip(measure.parts());
        for ((name, part), (_, theirs)) in parts {
            assert!(part <= theirs + SLACK, "{}, {name}: {part:?} for {theirs:?}", pair_name(*pair));
        }
    }
    let alone = &accounts[3].1;
    let limits = [("until first page", 12_100), ("between", 3000), ("between", 3000), ("after", 4000)];
    for (name, limit) in limits {
        for (_, part) in alone.parts().into_iter().filter(|(part, _)| *part == name) {
            assert!(part <= Duration::from_millis(limit), "{name}: {part:?}");
        }
    }
}

/// Ticks of SpanDSP and the way through the network.
const SLACK: Duration = Duration::from_millis(60);

/// The same of the Recommendation, with every time at the lower end of its tolerance, no stuffed bits and no network.
// T.30 (09/2005) §4.3.3.1, §5.3.1, §5.3.6.1.4 and clause 5 figures; V.17 (02/1991) clause 5; T.4 (07/2003) Annex A
fn least() -> Vec<String> {
    const CED: u64 = 2600;
    const GAP: u64 = 55;
    const PREAMBLE: u64 = 850;
    const TRAINING: u64 = 1393;
    const TRAINING_CHECK: u64 = 1350;
    const RESYNCHRONISED: u64 = 142 + 100;
    // Octets of all frames with check sequence and flag, at 300 bit/s.
    const fn control(octets: u64) -> u64 {
        GAP + PREAMBLE + octets * 8 * 1000 / 300
    }
    let (identified, commanded, short, partial) = (control(26 + 13), control(26 + 10), control(6), control(10));
    let until_first = CED + identified + commanded + GAP + TRAINING + TRAINING_CHECK + short + GAP + RESYNCHRONISED;
    let between = partial + short + GAP + RESYNCHRONISED;
    let after = partial + short + short;
    let milliseconds = |time: u64| seconds(Duration::from_millis(time));
    let mut cells = vec!["the least that T.30 allows".into(), milliseconds(until_first)];
    cells.extend(OCTETS.map(|octets| milliseconds(octets as u64 * 8000 / 14_400)));
    cells.extend([between, between, after].map(milliseconds));
    cells.push(milliseconds(until_first + 2 * between + after + OCTETS.iter().sum::<usize>() as u64 * 8000 / 14_400));
    cells
}
