//! Pages: those the tester sends, coded as the script wants them, and the documents the server is given.

use std::collections::BTreeMap;

use faxramp::image::{Bitmap, Coding, encode};
use faxramp::model::{Compression, Resolution};

use crate::parse::{Block, Step};

const WIDTH: u32 = 1728;
/// Rows of a page the tester sends.
const ROWS: usize = 300;
/// 1728 white elements: make-up and terminating code.
// T.4 (07/2003) Tables 2 and 3
const WHITE_ROW: &str = "01001101100110101";
// T.4 (07/2003) §4.1.2
const END_OF_LINE: &str = "000000000001";
/// Rows of a document's page, and of one that fills two blocks.
const DOCUMENT_ROWS: u32 = 340;
/// See [`DOCUMENT_ROWS`].
const LONG_DOCUMENT_ROWS: u32 = 2280;

/// A white page in MH: so many octets, by fill in all rows alike, or with one row of so many bits.
#[must_use]
pub fn white(octets: usize, longest_row_bits: usize) -> Vec<u8> {
    let row_bits = END_OF_LINE.len() + WHITE_ROW.len();
    let end_bits = 6 * END_OF_LINE.len();
    let total = if octets == 0 { end_bits + ROWS * row_bits } else { octets * 8 };
    let rows = (total.saturating_sub(end_bits) / row_bits).min(ROWS * 6);
    let fill = (total - end_bits).saturating_sub(rows * row_bits) / rows.max(1);
    let mut bits = String::new();
    for row in 0..rows {
        bits.push_str(END_OF_LINE);
        bits.push_str(WHITE_ROW);
        let longer = if row == 100 { longest_row_bits.saturating_sub(row_bits) } else { 0 };
        bits.push_str(&"0".repeat(fill.max(longer)));
    }
    bits.push_str(&"0".repeat(total.saturating_sub(end_bits + bits.len())));
    bits.push_str(&END_OF_LINE.repeat(6));
    let octet =
        |bits: &[u8]| bits.iter().enumerate().fold(0, |octet, (place, bit)| octet | (bit - b'0') << (7 - place));
    bits.as_bytes().chunks(8).map(octet).collect()
}

/// The pages that the blocks of a script are parts of, by the number that the script gives them.
#[must_use]
pub fn in_blocks(steps: &[Step], mmr: bool) -> BTreeMap<u32, Vec<u8>> {
    let mut octets: BTreeMap<u32, usize> = BTreeMap::new();
    for step in steps {
        if let Step::Block(Block { size, page, block, numbers, .. }) = step {
            let last = numbers.iter().copied().max().map_or(0, usize::from);
            let wanted = octets.entry(*page).or_default();
            *wanted = (*wanted).max((block * 256 + last + 1) * size - size / 2);
        }
    }
    let coded = |octets: usize| {
        if !mmr {
            return white(octets, 0);
        }
        let mut page = encode(&Bitmap::white(WIDTH, 1100), &Coding::new(Compression::Mmr, Resolution::Standard));
        page.resize(octets, 0);
        page
    };
    octets.into_iter().map(|(page, octets)| (page, coded(octets))).collect()
}

/// A document of pages with rows of short runs: at standard resolution and in MH some 40 frames of 256 octets each, or, the first of
/// a long one, more than a block and less than two. Where the letters of the script differ, `s` is a page of standard resolution
/// and `f` one of fine, as the server keeps them; where they do not, the far machine decides, and all are fine.
#[must_use]
pub fn tiff(letters: &str, is_long: bool) -> Vec<u8> {
    let mixed = letters.contains('f');
    let mut file = b"II*\0\0\0\0\0".to_vec();
    let mut link = 4;
    for (page, letter) in letters.chars().enumerate() {
        let lines_per_inch = if mixed && letter == 's' { 98 } else { 196 };
        let rows = if is_long && page == 0 { LONG_DOCUMENT_ROWS } else { DOCUMENT_ROWS };
        let mut picture = Bitmap::white(WIDTH, rows);
        let mut state = 7_u32;
        for y in (20..rows - 20).filter(|y| y % 40 < 36) {
            if y % 40 == 0 || y == 20 {
                state = state.wrapping_mul(747_796_405).wrapping_add(2_891_336_453);
            }
            let mut x = 60;
            let mut chance = state;
            while x < 1650 {
                chance = chance.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let black = 2 + (chance >> 20) % 8;
                (x..x + black).for_each(|x| picture.set(x, y, true));
                x += black + 16 + (chance >> 26) % 20;
            }
        }
        let place = |file: &[u8]| u32::try_from(file.len()).expect("a short file");
        let strip = place(&file);
        file.extend_from_slice(picture.packed());
        let resolutions = place(&file);
        [204_u32, 1, lines_per_inch, 1].iter().for_each(|number| file.extend_from_slice(&number.to_le_bytes()));
        let directory = place(&file);
        let octets = WIDTH / 8 * rows;
        // Width, length, bits of an element, no compression, white is zero, strip, elements, rows and octets of it, resolutions in inches.
        let entries: [(u16, u16, u32); 12] = [
            (256, 4, WIDTH),
            (257, 4, rows),
            (258, 3, 1),
            (259, 3, 1),
            (262, 3, 0),
            (273, 4, strip),
            (277, 3, 1),
            (278, 4, rows),
            (279, 4, octets),
            (282, 5, resolutions),
            (283, 5, resolutions + 8),
            (296, 3, 2),
        ];
        file.extend_from_slice(&12_u16.to_le_bytes());
        for (tag, kind, value) in entries {
            file.extend_from_slice(&tag.to_le_bytes());
            file.extend_from_slice(&kind.to_le_bytes());
            file.extend_from_slice(&1_u32.to_le_bytes());
            file.extend_from_slice(&value.to_le_bytes());
        }
        file[link..link + 4].copy_from_slice(&directory.to_le_bytes());
        link = file.len();
        file.extend_from_slice(&[0; 4]);
    }
    file
}
