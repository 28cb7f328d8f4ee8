//! The coders against bytes of foreign make, against damage and against each other.

use super::*;
use proptest::prelude::*;

/// A page of text-like blobs, the same for the same seed.
fn page(width: u32, rows: u32, seed: u64) -> Bitmap {
    let mut chance = seed | 1;
    let mut next = move || {
        chance ^= chance << 13;
        chance ^= chance >> 7;
        chance ^= chance << 17;
        chance
    };
    let mut page = Bitmap::white(width, rows);
    for _ in 0..rows / 2 {
        let (x, y) = (next() % u64::from(width), next() % u64::from(rows));
        let (w, h) = (next() % 40 + 1, next() % 12 + 1);
        for row in y..(y + h).min(u64::from(rows)) {
            let shear = next() % 3;
            for pel in x..x + w {
                page.set((pel + shear) as u32, row as u32, true);
            }
        }
    }
    page
}

const COMPRESSIONS: [Compression; 3] = [Compression::Mh, Compression::Mr, Compression::Mmr];

fn coding(compression: Compression) -> Coding {
    Coding::new(compression, Resolution::Fine)
}

#[test]
fn every_coding_gives_the_page_back() {
    for width in [1, 7, 8, 63, 64, 65, 1728, 2048, 2432, 5321, 9728] {
        let page = page(width, 120, u64::from(width));
        for compression in COMPRESSIONS {
            let data = encode(&page, &coding(compression));
            let decoded = decode(&data, compression, width, DecodeLimits::default());
            assert_eq!(decoded.bitmap, page, "{width} {compression:?}");
            assert_eq!((decoded.bad_rows, decoded.ended, decoded.rows), (0, Ended::ByMarker, 120));
        }
    }
}

proptest! {
    #[test]
    fn random_rows_come_back(width in 1..200_u32, rows in 0..20_usize, octets in proptest::collection::vec(any::<u8>(), 25 * 20), k in 0..6_u32, fill in 0..600_u32) {
        let stride = width.div_ceil(8) as usize;
        let page = Bitmap::from_packed(width, octets[..stride * rows].to_vec()).unwrap();
        for compression in COMPRESSIONS {
            let coding = Coding { compression, two_dimensional_every: k, minimum_row_bits: fill };
            let data = encode(&page, &coding);
            let decoded = decode(&data, compression, width, DecodeLimits::default());
            prop_assert_eq!(&decoded.bitmap, &page);
            prop_assert_eq!((decoded.bad_rows, decoded.ended), (0, Ended::ByMarker));
            let mut decoder = Decoder::new(compression, width, DecodeLimits::default());
            data.chunks(3).for_each(|some| decoder.feed(some));
            prop_assert_eq!(&decoder.finish(), &decoded);
        }
    }

    #[test]
    fn arbitrary_octets_never_panic_and_streaming_makes_no_difference(
        octets in proptest::collection::vec(prop_oneof![Just(0_u8), any::<u8>()], 0..600), width in 1..300_u32, piece in 1..90_usize) {
        for compression in COMPRESSIONS {
            let limits = DecodeLimits { max_rows: 100 };
            let whole = decode(&octets, compression, width, limits);
            prop_assert!(whole.rows <= 100);
            prop_assert_eq!(whole.rows, whole.bitmap.rows());
            let mut decoder = Decoder::new(compression, width, limits);
            octets.chunks(piece).for_each(|some| decoder.feed(some));
            prop_assert_eq!(decoder.finish(), whole);
            let _ = decode_framed(&octets, compression, Framing::AlignedRows, width, limits);
        }
    }
}
