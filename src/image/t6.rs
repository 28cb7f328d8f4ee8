//! T.6, modified modified READ (MMR, "Group 4"): every row against the row above, the first against white, no
//! ends of line. It can only be read to the first error, so fax sends it under error correction.

use super::bitmap::Bitmap;
use super::bits::{BitReader, BitWriter};
use super::codes::EOL;
use super::lines::{Row, decode_two_dimensional};
use super::runs::Changes;
use super::write_lines::encode_two_dimensional;

/// Codes a page and ends it with the end of facsimile block, filled up with zeros to an octet.
// T.6 (11/1988) §2.4.1.1
pub(super) fn encode(page: &Bitmap) -> Vec<u8> {
    let mut bits = BitWriter::with_capacity(page.packed().len() / 8);
    let mut above = Changes::white(page.width());
    let mut row = Changes::white(page.width());
    for octets in page.iter_rows() {
        row.read(octets);
        encode_two_dimensional(&mut bits, &above, &row);
        std::mem::swap(&mut above, &mut row);
    }
    bits.reserve(32);
    bits.put(EOL.0, EOL.1);
    bits.put(EOL.0, EOL.1);
    bits.finish()
}

/// What stood where a row was expected.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Found {
    /// A row; a new one is now in the row given.
    Row(Row),
    /// The end of facsimile block, or half of it.
    EndOfBlock,
    /// Nothing but filling up.
    OutOfData,
    /// The data ends within the row.
    CutRow,
    /// Something that is no row.
    Damage,
}

/// Reads one row.
pub(super) fn decode_row(bits: &mut BitReader<'_>, above: &Changes, row: &mut Changes) -> Found {
    bits.refill();
    if bits.is_near_end(2) && (bits.remaining() == 0 || bits.remaining() < 12 && bits.peek(12) == 0) {
        return Found::OutOfData;
    }
    if bits.peek(EOL.1) as u64 == EOL.0 && bits.remaining() >= u64::from(EOL.1) {
        bits.skip(EOL.1);
        return Found::EndOfBlock;
    }
    let result = decode_two_dimensional(bits, above, row);
    if bits.overran() || result.is_err() && bits.remaining() < 12 {
        return Found::CutRow;
    }
    result.map_or(Found::Damage, Found::Row)
}

/// Reads rows below a white row that are white too, `most` of them at most, as far as so many bits are left as are to be
/// looked ahead. Returns how many.
#[inline]
pub(super) fn take_white_rows(bits: &mut BitReader<'_>, look_ahead: u64, most: u32) -> u32 {
    // Each is a single V0, the bit 1.
    bits.refill();
    let mut rows = bits.leading_ones().min(most);
    if look_ahead > 0 {
        rows = u64::from(rows).min(bits.remaining().saturating_sub(look_ahead)) as u32;
    }
    bits.skip(rows);
    rows
}
