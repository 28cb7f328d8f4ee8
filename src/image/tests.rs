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
    for width in [1, 7, 8, 63, 64, 65, 1727, 1728, 2048, 2432, 4864, 5321, 9728, 32_752, 32_753, MAX_WIDTH] {
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

/// Turns bits round from position `from` on.
fn flip(data: &mut [u8], bits: std::ops::Range<usize>) {
    for bit in bits {
        data[bit / 8] ^= 0x80 >> (bit % 8);
    }
}

#[test]
fn one_damaged_row_of_mh_costs_that_row_and_shows_the_row_above() {
    let page = page(1728, 60, 5);
    let whole = encode(&page, &coding(Compression::Mh));
    let mut shown_above = 0;
    for place in (40..whole.len() * 8 - 200).step_by(211) {
        let mut data = whole.clone();
        flip(&mut data, place..place + 1);
        let decoded = decode(&data, Compression::Mh, 1728, DecodeLimits::default());
        // A damaged end of line joins two rows; a made-up one splits a row.
        assert!(decoded.rows.abs_diff(60) <= 1 && decoded.bad_rows <= 2, "{place}: {decoded:?}");
        assert_eq!(decoded.ended, Ended::ByMarker, "{place}");
        let wrong: Vec<u32> =
            (0..decoded.rows.min(60)).filter(|&row| decoded.bitmap.row(row) != page.row(row)).collect();
        if decoded.rows == 60 && decoded.bad_rows == 1 {
            assert!(wrong.len() <= 1, "{place}");
            if let [row @ 1..=59] = wrong[..] {
                assert_eq!(decoded.bitmap.row(row), page.row(row - 1));
                shown_above += 1;
            }
        }
    }
    assert!(shown_above > 10, "{shown_above}");
}

#[test]
fn damage_of_mr_lasts_until_the_next_one_dimensional_row_at_most() {
    let page = page(1728, 60, 6);
    let whole = encode(&page, &coding(Compression::Mr));
    for place in (40..whole.len() * 8 - 200).step_by(997) {
        let mut data = whole.clone();
        flip(&mut data, place..place + 1);
        let decoded = decode(&data, Compression::Mr, 1728, DecodeLimits::default());
        assert!(decoded.rows.abs_diff(60) <= 1, "{place}: {} rows", decoded.rows);
        assert!(decoded.bad_rows <= 5, "{place}: {} bad", decoded.bad_rows);
        assert_eq!(decoded.ended, Ended::ByMarker, "{place}");
    }
}

#[test]
fn damaged_mmr_breaks_off_and_says_so() {
    let page = page(1728, 60, 7);
    let mut data = encode(&page, &coding(Compression::Mmr));
    let middle = data.len() / 2;
    data[middle..middle + 2].fill(0);
    let decoded = decode(&data, Compression::Mmr, 1728, DecodeLimits::default());
    assert_eq!((decoded.ended, decoded.bad_rows), (Ended::ByDamage, 1));
    assert!(decoded.rows > 0 && decoded.rows < 60);
    let good = decoded.rows - 1;
    assert_eq!(decoded.bitmap.crop_rows(0, good), page.crop_rows(0, good));
}

/// A run of many short make-up codes, which nobody writes but damage and strangers, took more bits than were made ready.
// T.4 (07/2003) Table 3a: white 64 is 11011; Table 2: white 56 is 01011001
#[test]
fn a_run_may_have_more_make_up_codes_than_it_needs() {
    let end_of_line = "000000000001";
    let text = format!("{end_of_line}{}01011001{}", "11011".repeat(46), end_of_line.repeat(6));
    let octets: Vec<u8> = text
        .as_bytes()
        .chunks(8)
        .map(|bits| bits.iter().fold(0, |octet, bit| octet << 1 | (bit - b'0')) << (8 - bits.len()))
        .collect();
    let page = decode(&octets, Compression::Mh, 46 * 64 + 56, DecodeLimits::default());
    assert_eq!((page.rows, page.bad_rows, page.bitmap.black_count()), (1, 0, 0));
    assert_eq!(page.ended, Ended::ByMarker);
}

// T.6 (11/1988) §2.2.5: 0000001111 would begin uncompressed mode
#[test]
fn uncompressed_mode_is_refused_as_damage() {
    let decoded = decode(&[0b0000_0011, 0b1101_0101, 0x55, 0x55], Compression::Mmr, 16, DecodeLimits::default());
    assert_eq!((decoded.rows, decoded.ended), (0, Ended::ByDamage));
}

// Written by hand from T.4 (07/2003) Table 2: EOL, white 5 (1100), black 3 (10), 3 times; 8 pels wide.
#[test]
fn bits_written_by_hand_are_what_the_encoder_writes() {
    let page = Bitmap::from_packed(8, vec![0b0000_0111; 2]).unwrap();
    let bits = "000000000001 1100 10 000000000001 1100 10".to_owned() + &" 000000000001".repeat(6);
    assert_eq!(encode(&page, &coding(Compression::Mh)), octets(&bits));
    // Two-dimensional: tags 1 and 0; the second row is V0 V0.
    let bits = "000000000001 1 1100 10 000000000001 0 1 1".to_owned() + &" 0000000000011".repeat(6);
    assert_eq!(encode(&page, &coding(Compression::Mr)), octets(&bits));
    // First row VL3 V0 against the right edge of a white row, then V0 V0; EOFB.
    assert_eq!(encode(&page, &coding(Compression::Mmr)), octets("0000010 1 1 1 000000000001 000000000001"));
}

fn octets(text: &str) -> Vec<u8> {
    let bits: Vec<u8> = text.bytes().filter(|&octet| octet != b' ').map(|octet| octet - b'0').collect();
    bits.chunks(8).map(|eight| eight.iter().fold(0, |sum, bit| sum << 1 | bit) << (8 - eight.len())).collect()
}

#[test]
fn every_row_lasts_the_minimum_with_its_fill_and_end_of_line() {
    let page = page(1728, 20, 9);
    // 20 ms at 14400 bit/s.
    let data = encode(&page, &coding(Compression::Mh).with_minimum_row_bits(288));
    let bits: String = data.iter().map(|octet| format!("{octet:08b}")).collect();
    let rows: Vec<&str> = bits.split("00000000001").collect();
    assert_eq!(bits.find('1'), Some(11));
    let blank = encode(&Bitmap::white(1728, 3), &coding(Compression::Mh).with_minimum_row_bits(288));
    // EOL, three blank rows of 9 bits data, fill and EOL, five more EOLs.
    assert_eq!(blank.len(), (12_usize + 3 * 288 + 5 * 12).div_ceil(8));
    assert!(rows.len() > 20);
    assert_eq!(decode(&data, Compression::Mh, 1728, DecodeLimits::default()).bitmap, page);
}

#[test]
fn a_stream_that_begins_in_fill_or_garbage_or_lost_its_first_end_of_line_loses_nothing_else() {
    let page = page(200, 30, 3);
    let limits = DecodeLimits::default();
    for compression in [Compression::Mh, Compression::Mr] {
        let data = encode(&page, &coding(compression));
        let in_fill = [&[0, 0, 0][..], &data].concat();
        assert_eq!(decode(&in_fill, compression, 200, limits).bitmap, page);
        let garbage = [&[0xFF, 0xA5, 0x3C][..], &data].concat();
        let decoded = decode(&garbage, compression, 200, limits);
        assert_eq!((&decoded.bitmap, decoded.bad_rows), (&page, 0));
    }
    let data = encode(&page, &coding(Compression::Mh));
    let text: String = data.iter().map(|octet| format!("{octet:08b}")).collect();
    let decoded = decode(&octets(&text[12..]), Compression::Mh, 200, limits);
    assert_eq!((decoded.bitmap, decoded.bad_rows), (page, 0));
}

#[test]
fn a_page_cut_off_ends_by_end_of_data_and_keeps_its_rows() {
    let page = page(1728, 40, 11);
    for compression in COMPRESSIONS {
        let data = encode(&page, &coding(compression));
        let decoded = decode(&data[..data.len() / 2], compression, 1728, DecodeLimits::default());
        assert_eq!((decoded.ended, decoded.bad_rows), (Ended::ByEndOfData, 0), "{compression:?}");
        assert!(decoded.rows > 10);
        assert_eq!(decoded.bitmap, page.crop_rows(0, decoded.rows));
    }
}

#[test]
fn rows_show_while_the_page_arrives_and_the_limit_holds() {
    let page = page(1728, 100, 13);
    for compression in COMPRESSIONS {
        let data = encode(&page, &coding(compression));
        let mut decoder = Decoder::new(compression, 1728, DecodeLimits { max_rows: 90 });
        decoder.feed(&data[..data.len() / 2]);
        assert!(decoder.page().rows() > 20, "{compression:?}");
        decoder.feed(&data[data.len() / 2..]);
        assert_eq!(decoder.ended(), Some(Ended::ByLimit));
        assert_eq!(decoder.finish().bitmap, page.crop_rows(0, 90));
    }
}

#[test]
fn white_rows_that_are_read_together_count_one_by_one() {
    let mut page = Bitmap::white(1728, 100);
    page.set(500, 40, true);
    for compression in [Compression::Mh, Compression::Mr, Compression::Mmr] {
        let coded = encode(&page, &Coding::new(compression, Resolution::Fine));
        for max_rows in [1, 7, 40, 41, 42, 99] {
            let decoded = decode(&coded, compression, 1728, DecodeLimits { max_rows });
            assert_eq!(
                (decoded.rows, decoded.bad_rows, decoded.ended),
                (max_rows, 0, Ended::ByLimit),
                "{compression:?}"
            );
            assert!(decoded.bitmap == page.crop_rows(0, max_rows), "{compression:?} {max_rows}");
        }
    }
}
