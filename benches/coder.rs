//! Times of the coders on fax pages: `cargo bench --bench coder -- FILE.tif…`, in milliseconds a page.
//!
//! Without files it codes a page of its own. Prints only; nothing fails here.

#![expect(clippy::print_stdout, reason = "the times are its output")]

use faxramp::image::tiff::{PageImage, read};
use faxramp::image::{Bitmap, Coding, DecodeLimits, decode, encode};
use faxramp::model::{Compression, Resolution};
use std::hint::black_box;
use std::time::Instant;

const ROUNDS: u32 = 20;

fn main() {
    let files = std::env::args().skip(1).filter(|argument| !argument.starts_with('-'));
    let mut pages: Vec<(String, Bitmap)> = Vec::new();
    for file in files {
        let octets = std::fs::read(&file).expect("the file can be read");
        for page in read(&octets).expect("a TIFF file") {
            if let PageImage::Bilevel(bitmap) = page.image {
                pages.push((file.clone(), bitmap));
            }
        }
    }
    if pages.is_empty() {
        pages.push(("stripes".into(), stripes()));
    }
    let mut sums = [[0.0; 2]; 3];
    for (name, page) in &pages {
        for (compression, sum) in [Compression::Mh, Compression::Mr, Compression::Mmr].into_iter().zip(&mut sums) {
            let coding = Coding::new(compression, Resolution::Fine);
            let octets = encode(page, &coding);
            let encoding = best(|| drop(black_box(encode(black_box(page), &coding))));
            let decoding = best(|| {
                black_box(decode(black_box(&octets), compression, page.width(), DecodeLimits::default()));
            });
            assert!(decode(&octets, compression, page.width(), DecodeLimits::default()).bitmap == *page);
            println!(
                "{name:30} {:4} {:7} octets, encode {encoding:6.3}, decode {decoding:6.3}",
                compression.name(),
                octets.len()
            );
            sum[0] += encoding / pages.len() as f64;
            sum[1] += decoding / pages.len() as f64;
        }
    }
    for (name, [encoding, decoding]) in ["MH", "MR", "MMR"].into_iter().zip(sums) {
        println!("{name:4} mean: encode {encoding:.3}, decode {decoding:.3}");
    }
}

/// The shortest of many runs, in milliseconds.
#[expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
fn best(work: impl Fn()) -> f64 {
    let time = |_| {
        let start = Instant::now();
        work();
        start.elapsed().as_secs_f64() * 1000.0
    };
    (0..ROUNDS).map(time).fold(f64::INFINITY, f64::min)
}

fn stripes() -> Bitmap {
    let mut page = Bitmap::white(1728, 2200);
    for y in 0..2200 {
        for x in (0..1728).filter(|x| (x * 7 + y * 3) % 97 < 20 + y % 13) {
            page.set(x, y, true);
        }
    }
    page
}
