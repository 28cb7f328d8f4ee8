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
use faxramp_oracle::timeline::{Kind, Timeline};

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
        let mut cells = vec![pair_name(*pair), seconds(account.until_first_page)];
        cells.extend(
            account
                .pages
                .iter()
                .chain(&account.between)
                .chain([&account.after, &account.total])
                .map(|part| seconds(*part)),
        );
        table.row(cells);
    }
    let least = least();
    table.row(least);
    table.print();
    let _ = Kind::Block;
}

fn least() -> Vec<String> {
    vec!["the least that T.30 allows".into()]
}
