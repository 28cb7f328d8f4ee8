//! What libtiff codes, we decode, and the other way round, picture element by picture element: every coding, width and run
//! length, and rows of all shapes.

use faxramp::image::{Bitmap, Coding, DecodeLimits, Decoder, decode, encode};
use faxramp::model::Compression;
use faxramp_benches::libtiff::{self, Scheme, Shape};
use faxramp_benches::pages::Chance;

/// A4, B4, A3 at R8, 300 dpi, R16 and 400 dpi.
const WIDTHS: [u32; 9] = [1728, 2048, 2432, 2592, 3072, 3648, 3456, 4096, 4864];

const SCHEMES: [(Compression, Scheme); 5] = [
    (Compression::Mh, Scheme::T4 { two_dimensional: false, aligned: false }),
    (Compression::Mh, Scheme::T4 { two_dimensional: false, aligned: true }),
    (Compression::Mr, Scheme::T4 { two_dimensional: true, aligned: false }),
    (Compression::Mr, Scheme::T4 { two_dimensional: true, aligned: true }),
    (Compression::Mmr, Scheme::T6),
];

/// Holds a page against libtiff in both directions.
fn agree(page: &Bitmap, name: &str) {
    for (compression, scheme) in SCHEMES {
        let shape = Shape { width: page.width(), rows: page.rows(), scheme };
        let theirs = libtiff::encode(&shape, page.packed());
        let decoded = decode(&theirs, compression, shape.width, DecodeLimits::default());
        assert!(decoded.bitmap == *page, "{name}, {} wide, {scheme:?}: libtiff's rows are read otherwise", shape.width);
        assert_eq!((decoded.rows, decoded.bad_rows), (page.rows(), 0), "{name} {scheme:?}");
        let mut decoder = Decoder::new(compression, shape.width, DecodeLimits::default());
        theirs.chunks(61).for_each(|octets| decoder.feed(octets));
        assert!(decoder.finish() == decoded, "{name} {scheme:?}: in pieces it is read otherwise");
        for (two_dimensional_every, minimum_row_bits) in [(2, 0), (4, 144), (1, 600)] {
            let ours = encode(page, &Coding { compression, two_dimensional_every, minimum_row_bits });
            let read = libtiff::decode(&shape, &ours);
            assert!(
                read == page.packed(),
                "{name}, {} wide, {scheme:?}: libtiff reads our rows otherwise",
                shape.width
            );
        }
    }
}

/// A row from runs, the first white; what is behind them is white.
fn push_runs(page: &mut Bitmap, runs: impl IntoIterator<Item = u32>) {
    let mut row = vec![0_u8; page.stride()];
    let (mut x, mut black) = (0, false);
    for run in runs {
        let end = (x + run).min(page.width());
        if black {
            (x..end).for_each(|pel| row[pel as usize / 8] |= 0x80 >> (pel % 8));
        }
        (x, black) = (end, !black);
    }
    page.push_row(&row);
}

#[test]
fn runs_of_every_length_in_both_colours_agree() {
    for width in [1728, 2432, 4864] {
        let mut page = Bitmap::new(width);
        for run in 0..=width {
            // White, black; alone, and with a neighbour that makes the other colour of the same length.
            push_runs(&mut page, [run, width - run]);
            push_runs(&mut page, [0, run]);
            push_runs(&mut page, [1, run.saturating_sub(1), 1, 2, 3]);
        }
        agree(&page, "every run");
    }
}

#[test]
fn rows_of_chance_agree_at_every_width() {
    for (seed, width) in (1..).zip(WIDTHS) {
        let mut chance = Chance::new(seed);
        let mut page = Bitmap::new(width);
        for row in 0..400 {
            // From dust to bars, some of them black to both edges.
            let longest = [3, 9, 40, 300, 3000][row % 5];
            let runs: Vec<u32> = (0..width).map(|_| 1 + chance.below(longest)).collect();
            let lead = if chance.below(3) == 0 { 0 } else { chance.below(longest) };
            push_runs(&mut page, std::iter::once(lead).chain(runs));
        }
        agree(&page, "chance");
    }
}

/// Rows that differ little from the row above have vertical and pass modes of every kind next to each other.
#[test]
fn rows_that_move_a_little_agree_at_every_width() {
    for (seed, width) in (100..).zip(WIDTHS) {
        let mut chance = Chance::new(seed);
        for longest in [2, 5, 12, 60] {
            let mut page = Bitmap::new(width);
            let mut runs: Vec<u32> = (0..width / longest).map(|_| 1 + chance.below(2 * longest)).collect();
            for _ in 0..150 {
                for _ in 0..runs.len() / 6 + 1 {
                    let at = chance.below(runs.len() as u32 - 2) as usize;
                    match chance.below(9) {
                        // A change moves by up to three pels, or four.
                        0..=6 => {
                            let by = (1 + chance.below(4)).min(runs[at].saturating_sub(1));
                            (runs[at], runs[at + 1]) = (runs[at] - by, runs[at + 1] + by);
                            if chance.below(2) == 0 {
                                runs.swap(at, at + 1);
                            }
                        }
                        // A run is gone, or a new one is there.
                        7 if runs.len() > 8 => {
                            let joined: u32 = runs.drain(at..at + 2).sum();
                            runs[at] += joined;
                        }
                        _ => {
                            runs[at] += 2;
                            runs.splice(at..at, [1 + chance.below(longest), 1 + chance.below(3)]);
                        }
                    }
                }
                push_runs(&mut page, runs.iter().copied());
            }
            agree(&page, "moved");
        }
    }
}

#[test]
fn white_black_and_striped_pages_agree_at_every_width_and_at_odd_ones() {
    for width in WIDTHS.into_iter().chain([1, 2, 7, 8, 9, 63, 64, 65, 100, 1000, 1727, 2561, 5121]) {
        let mut page = Bitmap::new(width);
        page.push_white_rows(5);
        for black in 0..8 {
            push_runs(&mut page, [0, width]);
            push_runs(&mut page, [black, width]);
            push_runs(&mut page, [0, width - black.min(width)]);
            push_runs(&mut page, (0..width).map(|_| 1));
            // libtiff finds no room for a row that begins black and turns at every picture element up to the last.
            push_runs(&mut page, std::iter::once(0).chain((3..width).map(|_| 1)));
        }
        page.push_white_rows(3);
        agree(&page, "plain");
    }
}
