//! T.4 page format: ends of line, fill, return to control, for modified Huffman (MH) and modified READ (MR).

use super::bitmap::Bitmap;
use super::bits::{BitReader, BitWriter, LineEnd};
use super::codes::EOL;
use super::lines::{Row, WhiteCode, decode_one_dimensional, decode_two_dimensional};
use super::runs::Changes;
use super::write_lines::{encode_one_dimensional, encode_two_dimensional};

/// Ends of line in a row that mean return to control.
// T.4 (07/2003) §4.1.4, §4.2.1.4.3
const RETURN_TO_CONTROL: u32 = 6;
/// So many in a row are taken for a return to control whose rest was damaged; no page has even two.
pub(super) const ENOUGH_ENDS_OF_LINE: u32 = 4;

/// Codes a page: each row behind an EOL, then RTC, filled up with zeros to an octet.
///
/// In two dimensions every `every`th row is one-dimensional; 0 stands for one-dimensional coding without tag bits.
/// A row with its fill and EOL lasts `minimum_row_bits` at least.
// T.4 (07/2003) §4.1.2, §4.1.3, §4.2.1.4
pub(super) fn encode(page: &Bitmap, every: u32, minimum_row_bits: u32) -> Vec<u8> {
    let two_dimensional = every > 0;
    let mut bits = BitWriter::with_capacity(page.packed().len() / 6);
    let mut above = Changes::white(page.width());
    let mut row = Changes::white(page.width());
    let mut until_one_dimensional = 0;
    for octets in page.iter_rows() {
        let one_dimensional = until_one_dimensional == 0;
        put_end_of_line(&mut bits, two_dimensional, one_dimensional);
        let start = bits.bits();
        row.read(octets);
        if one_dimensional {
            encode_one_dimensional(&mut bits, &row);
            until_one_dimensional = every;
        } else {
            encode_two_dimensional(&mut bits, &above, &row);
        }
        until_one_dimensional = until_one_dimensional.saturating_sub(1);
        let with_end = bits.bits() - start + u64::from(EOL.1) + u64::from(two_dimensional);
        let fill = u64::from(minimum_row_bits).saturating_sub(with_end);
        bits.put_zeros(u32::try_from(fill).expect("less than the minimum"));
        std::mem::swap(&mut above, &mut row);
    }
    for _ in 0..RETURN_TO_CONTROL {
        put_end_of_line(&mut bits, two_dimensional, true);
    }
    bits.finish()
}

fn put_end_of_line(bits: &mut BitWriter, two_dimensional: bool, one_dimensional_next: bool) {
    bits.reserve(16);
    bits.put(EOL.0, EOL.1);
    if two_dimensional {
        bits.put(u64::from(one_dimensional_next), 1);
    }
}

/// What stood at a place of the stream.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Found {
    /// A row; a new one is now in the row given.
    Row(Row),
    /// A row that cannot be read; show something else in its place.
    BadRow,
    /// Nothing to show: an end of line, or garbage in front of the first one.
    Nothing,
    /// Return to control.
    ReturnToControl,
    /// The end of the data, with a whole row in front of it.
    LastRow(Row),
    /// The end of the data.
    OutOfData,
    /// Damage in a stream that has no ends of line to go on at.
    Lost,
}

/// Where the reader stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Place {
    /// Before the first end of line.
    Start,
    /// Behind an end of line (and tag bit).
    Row {
        /// Coding of the row that follows.
        one_dimensional: bool,
        /// Ends of line read since the last row.
        ends: u32,
    },
    /// In a damaged row; going on at the next end of line.
    Damage,
    /// Between rows of a stream without ends of line.
    BackToBack {
        /// Each row starts at an octet.
        aligned: bool,
    },
}

/// Reads what comes next. `above` is the row shown last; it serves as reference. If `more_may_come`, the caller
/// forgets whatever this finds near the end of the data.
#[inline]
pub(super) fn decode_next(
    place: &mut Place,
    bits: &mut BitReader<'_>,
    tagged: bool,
    more_may_come: bool,
    (above, row): (&Changes, &mut Changes),
) -> Found {
    match *place {
        Place::Start => start(place, bits, tagged, more_may_come, row),
        Place::Row { one_dimensional, ends } => coded_row(place, bits, tagged, (one_dimensional, ends), above, row),
        Place::Damage => resume(place, bits, tagged),
        Place::BackToBack { aligned } => back_to_back(bits, aligned, row),
    }
}

/// Reads white rows, `most` of them at most, as far as each can be told with its end of line by the bits of one refill and
/// there are `look_ahead` bits behind it. Returns how many. What is anything else is left for [`decode_next`].
#[inline]
pub(super) fn take_white_rows(
    place: &mut Place,
    bits: &mut BitReader<'_>,
    tagged: bool,
    look_ahead: u64,
    (mut above_is_white, white, most): (bool, WhiteCode, u32),
) -> u32 {
    let Place::Row { mut one_dimensional, ends } = *place else { return 0 };
    let mut reader = bits.clone();
    let mut rows = 0;
    while rows < most && reader.refill_within() {
        // Against a white row it is a single V0, the bit 1.
        let length = if one_dimensional {
            white.length_if_next(&reader)
        } else {
            u32::from(above_is_white && reader.are_ones(1))
        };
        let end = reader.line_end_behind(length);
        if length == 0 || end == 0 || look_ahead > 0 && reader.remaining() < look_ahead + u64::from(end) + 1 {
            break;
        }
        reader.skip(end);
        if tagged {
            one_dimensional = reader.are_ones(1);
            reader.skip(1);
        }
        above_is_white = true;
        rows += 1;
    }
    *bits = reader;
    *place = Place::Row { one_dimensional, ends: if rows > 0 { 1 } else { ends } };
    rows
}

/// The page should start with an end of line. What is in front of it is a whole row whose end of line was lost, or
/// garbage of the training; without any end of line the rows follow each other directly.
#[cold]
fn start(place: &mut Place, bits: &mut BitReader<'_>, tagged: bool, more_may_come: bool, row: &mut Changes) -> Found {
    let mut first_row = bits.clone();
    let from = bits.position();
    let Some(end) = bits.find_line_end() else {
        if more_may_come {
            return Found::OutOfData;
        }
        *bits = first_row;
        *place = Place::BackToBack { aligned: false };
        return if bits.remaining() == 0 { Found::OutOfData } else { Found::Nothing };
    };
    let has_row = !tagged
        && end > from
        && decode_one_dimensional(&mut first_row, row).is_ok()
        && first_row.take_line_end() == LineEnd::Found
        && first_row.position() == bits.position();
    *place = Place::Row { one_dimensional: !tagged || bits.bit(), ends: 1 };
    if has_row { Found::Row(Row::New) } else { Found::Nothing }
}

#[inline]
fn coded_row(
    place: &mut Place,
    bits: &mut BitReader<'_>,
    tagged: bool,
    (one_dimensional, ends): (bool, u32),
    above: &Changes,
    row: &mut Changes,
) -> Found {
    match bits.take_line_end() {
        LineEnd::Found => {
            let ends = ends + 1;
            *place = Place::Row { one_dimensional: !tagged || bits.bit(), ends };
            return if ends >= ENOUGH_ENDS_OF_LINE { Found::ReturnToControl } else { Found::Nothing };
        }
        LineEnd::OutOfData => return if ends > 1 { Found::ReturnToControl } else { Found::OutOfData },
        LineEnd::Missing => {}
    }
    let result = if one_dimensional {
        decode_one_dimensional(bits, row).map(|()| Row::New)
    } else {
        decode_two_dimensional(bits, above, row)
    };
    if bits.overran() {
        return Found::OutOfData;
    }
    if let Ok(row) = result {
        match bits.take_line_end() {
            LineEnd::Found => {
                *place = Place::Row { one_dimensional: !tagged || bits.bit(), ends: 1 };
                return Found::Row(row);
            }
            LineEnd::OutOfData => return Found::LastRow(row),
            LineEnd::Missing => {}
        }
    }
    damaged_row(place, bits, result.is_err())
}

/// A row that is damaged within, or has something else behind it than an end of line.
#[cold]
fn damaged_row(place: &mut Place, bits: &BitReader<'_>, within: bool) -> Found {
    // A row cut off by the end of the data is not a bad row of the page: whoever needs the rest sees that there
    // was no return to control.
    if bits.clone().find_line_end().is_none() && within && bits.remaining() < CUT_ROW_BITS {
        return Found::OutOfData;
    }
    *place = Place::Damage;
    Found::BadRow
}

/// With so few bits left behind damage, the row was cut rather than damaged.
const CUT_ROW_BITS: u64 = 13;

/// After damage: the next row whose coding does not need the one above.
// T.4 (07/2003) §4.2: the parameter K limits the disturbed area
fn resume(place: &mut Place, bits: &mut BitReader<'_>, tagged: bool) -> Found {
    if bits.find_line_end().is_none() {
        return Found::OutOfData;
    }
    if tagged && !bits.bit() {
        return Found::BadRow;
    }
    *place = Place::Row { one_dimensional: true, ends: 1 };
    Found::Nothing
}

fn back_to_back(bits: &mut BitReader<'_>, aligned: bool, row: &mut Changes) -> Found {
    if aligned {
        bits.align();
    }
    bits.refill();
    // Filling up of the last octet: no row has fewer than 4 bits, none starts with 8 zeros.
    if bits.remaining() == 0 || bits.remaining() < 8 && bits.peek(8) == 0 {
        return Found::OutOfData;
    }
    let result = decode_one_dimensional(bits, row);
    if bits.overran() {
        return Found::OutOfData;
    }
    if result.is_ok() { Found::Row(Row::New) } else { Found::Lost }
}
