//! The coders of T.4 and T.6 beside libtiff's: the same pages, the same octets, in the same run.
//!
//! Both work on memory, from and to packed rows; each result is held against the page. `make bench` runs it. Prints only:
//! what is fast enough is for the reader to say.

use faxramp::image::{Coding, DecodeLimits, decode, encode};
use faxramp::model::{Compression, Resolution};
use faxramp_benches::libtiff::{self, Scheme, Shape, Tiff};
use faxramp_benches::measure::{Comparison, compare, timed};
use faxramp_benches::pages::{self, Page};
use std::hint::black_box;
use std::time::Duration;

/// A column of the table: a coding in one direction.
struct Column {
    name: &'static str,
    compression: Compression,
    scheme: Scheme,
    kind: Kind,
}

#[derive(Clone, Copy)]
enum Kind {
    Encode,
    /// What our encoder wrote.
    Decode,
    /// The same with rows filled up to so many bits.
    DecodeFilled(u32),
    /// What libtiff's encoder wrote, with ends of line that end at octets.
    DecodeAligned,
}

const MH: Scheme = Scheme::T4 { two_dimensional: false, aligned: false };
const MR: Scheme = Scheme::T4 { two_dimensional: true, aligned: false };
const MH_ALIGNED: Scheme = Scheme::T4 { two_dimensional: false, aligned: true };
const MR_ALIGNED: Scheme = Scheme::T4 { two_dimensional: true, aligned: true };

/// Bits in 10 ms at 14400 bit/s.
const TEN_MILLISECONDS: u32 = 144;

const COLUMNS: [Column; 9] = [
    Column { name: "enc MH", compression: Compression::Mh, scheme: MH, kind: Kind::Encode },
    Column { name: "enc MR", compression: Compression::Mr, scheme: MR, kind: Kind::Encode },
    Column { name: "enc MMR", compression: Compression::Mmr, scheme: Scheme::T6, kind: Kind::Encode },
    Column { name: "dec MH", compression: Compression::Mh, scheme: MH, kind: Kind::Decode },
    Column { name: "filled", compression: Compression::Mh, scheme: MH, kind: Kind::DecodeFilled(TEN_MILLISECONDS) },
    Column { name: "aligned", compression: Compression::Mh, scheme: MH_ALIGNED, kind: Kind::DecodeAligned },
    Column { name: "dec MR", compression: Compression::Mr, scheme: MR, kind: Kind::Decode },
    Column { name: "aligned", compression: Compression::Mr, scheme: MR_ALIGNED, kind: Kind::DecodeAligned },
    Column { name: "dec MMR", compression: Compression::Mmr, scheme: Scheme::T6, kind: Kind::Decode },
];

fn main() {
    let (source, pages) = pages::pages();
    println!("{}, {source}", libtiff::version());
    println!("How many times as long libtiff takes (median of the rounds), and our milliseconds (shortest).");
    println!("The last line has the sums of the shortest times.\n");
    print!("{:12}", "");
    COLUMNS.iter().for_each(|column| print!(" {:>13}", column.name));
    println!();
    let mut table = Vec::new();
    for page in &pages {
        print!("{:12}", page.name);
        let row = COLUMNS.each_ref().map(|column| {
            let found = column.measure(page);
            print!(" {:6.2} {:6.3}", found.ratio, milliseconds(found.ours));
            found
        });
        println!();
        table.push(row);
    }
    print!("\n{:12}", "mean ratio");
    for column in 0..COLUMNS.len() {
        print!(" {:6.2} {:6}", table.iter().map(|row| row[column].ratio).sum::<f64>() / table.len() as f64, "");
    }
    print!("\n{:12}", "shortest");
    for column in 0..COLUMNS.len() {
        let ours: Duration = table.iter().map(|row| row[column].ours).sum();
        let theirs: Duration = table.iter().map(|row| row[column].theirs).sum();
        print!(" {:6.2} {:6.3}", theirs.as_secs_f64() / ours.as_secs_f64(), milliseconds(ours));
    }
    println!();
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

impl Column {
    fn measure(&self, page: &Page) -> Comparison {
        let shape = Shape { width: page.bitmap.width(), rows: page.bitmap.rows(), scheme: self.scheme };
        let coding = Coding::new(self.compression, Resolution::Fine);
        match self.kind {
            Kind::Encode => encoding(page, &coding, &shape),
            Kind::Decode => self.decoding(page, &shape, &encode(&page.bitmap, &coding)),
            Kind::DecodeFilled(bits) => {
                self.decoding(page, &shape, &encode(&page.bitmap, &coding.with_minimum_row_bits(bits)))
            }
            Kind::DecodeAligned => self.decoding(page, &shape, &libtiff::encode(&shape, page.bitmap.packed())),
        }
    }

    fn decoding(&self, page: &Page, shape: &Shape, coded: &[u8]) -> Comparison {
        let mut file = Tiff::read(libtiff::wrap(shape, coded));
        let mut packed = vec![0; shape.size()];
        let limits = DecodeLimits::default();
        compare(
            || {
                let (time, decoded) = timed(|| decode(black_box(coded), self.compression, shape.width, limits));
                assert!(decoded.bitmap == page.bitmap && decoded.bad_rows == 0, "{} {}", page.name, self.name);
                time
            },
            || {
                let (time, ()) = timed(|| file.decode(black_box(&mut packed)));
                assert!(packed == page.bitmap.packed(), "libtiff: {} {}", page.name, self.name);
                time
            },
        )
    }
}

fn encoding(page: &Page, coding: &Coding, shape: &Shape) -> Comparison {
    let packed = page.bitmap.packed();
    let (ours, theirs) = (encode(&page.bitmap, coding), libtiff::encode(shape, packed));
    assert!(libtiff::decode(shape, &ours) == packed, "libtiff reads ours: {}", page.name);
    let decoded = decode(&theirs, coding.compression, shape.width, DecodeLimits::default());
    assert!(decoded.bitmap == page.bitmap, "we read libtiff's: {}", page.name);
    compare(
        || timed(|| black_box(encode(black_box(&page.bitmap), coding))).0,
        || {
            let mut file = Tiff::create(shape);
            timed(|| file.encode(black_box(packed))).0
        },
    )
}
