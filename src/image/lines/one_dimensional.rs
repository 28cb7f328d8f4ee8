//! Rows of run lengths: many runs at a time, or one by one.

use super::{Damaged, run, single_runs};
use crate::image::bits::{BitReader, READY_BITS};
use crate::image::codes::{BLACK_RUNS_FIRST, LONGEST_MAKE_UP, RUNS_BITS, WHITE_CODES, runs_by_colour};
use crate::image::runs::{
    A4_PLACES, Changes, FIRST, NARROW_PLACES, Narrow, WIDEST_A4, WIDEST_NARROW, narrow_mask, push,
};
use std::hint::select_unpredictable;

/// The codes of a white row of run lengths.
#[derive(Clone, Copy, Debug)]
pub(in crate::image) struct WhiteCode {
    code: u64,
    /// Bits; 0 if they are more than [`READY_BITS`], so that it is not to be told at once.
    length: u32,
}

impl WhiteCode {
    /// A row of this width in pels.
    pub(in crate::image) fn new(width: u32) -> Self {
        let (mut code, mut length) = WHITE_CODES.code(width % LONGEST_MAKE_UP);
        let (longest, longest_length) = WHITE_CODES.code(LONGEST_MAKE_UP);
        let make_up = (longest >> 8, longest_length - 8);
        for _ in 0..width / LONGEST_MAKE_UP {
            if length + make_up.1 > READY_BITS {
                return Self { code: 0, length: 0 };
            }
            code |= make_up.0 << length;
            length += make_up.1;
        }
        Self { code, length }
    }

    /// How many bits it has if it comes next, of those made ready; 0 if it does not.
    #[inline]
    pub(in crate::image) fn length_if_next(self, bits: &BitReader<'_>) -> u32 {
        if self.length > 0 && bits.peek(self.length) as u64 == self.code { self.length } else { 0 }
    }
}

/// Reads a row of run lengths; on success the reader stands behind its last code.
// T.4 (07/2003) §4.1.1
pub(in crate::image) fn decode_one_dimensional(bits: &mut BitReader<'_>, row: &mut Changes) -> Result<(), Damaged> {
    let width = row.width();
    let end = match row.new_places().first_chunk_mut::<A4_PLACES>() {
        Some(places) if width <= WIDEST_A4 => decode_runs(bits, places, width),
        _ => decode_wide_runs(bits, row.new_places(), width),
    };
    row.close_at(end?);
    Ok(())
}

/// A row that is wider than [`WIDEST_A4`].
#[inline(never)]
fn decode_wide_runs(bits: &mut BitReader<'_>, places: &mut [u16], width: i32) -> Result<usize, Damaged> {
    match places.first_chunk_mut::<NARROW_PLACES>() {
        Some(places) if width <= WIDEST_NARROW => decode_runs(bits, places, width),
        _ => decode_single_runs(bits, places, width),
    }
}

/// Many runs at a time; where that does not work, one by one.
#[inline]
fn decode_runs<const PLACES: usize>(
    bits: &mut BitReader<'_>,
    places: &mut Narrow<PLACES>,
    width: i32,
) -> Result<usize, Damaged> {
    // A reader of its own can live in registers.
    let mut reader = bits.clone();
    let end = take_runs(&mut reader, places, width);
    *bits = reader;
    end
}

/// Lookups of [`RUNS_BITS`] that one refill is enough for.
const LOOKUPS: u32 = 4;

/// The same with a reader that is nobody else's.
#[inline(always)]
fn take_runs<const PLACES: usize>(
    reader: &mut BitReader<'_>,
    places: &mut Narrow<PLACES>,
    width: i32,
) -> Result<usize, Damaged> {
    let mut end = FIRST;
    let mut place = 0;
    // The table of this colour and that of the other: quicker than to have the colour in the index, as each lookup waits for
    // the one before.
    let (white, black) = runs_by_colour();
    let (mut runs, mut others) = (white, black);
    'row: while place < width {
        reader.refill();
        for lookup in 1..=LOOKUPS {
            let entry = runs[reader.peek(RUNS_BITS)];
            let first = place + entry.first();
            let second = first + entry.second();
            if second >= width {
                if second == width && (entry.ends_two() || entry.ends() == 1 && first == width) {
                    reader.skip_entry(entry.bits());
                    places[end & narrow_mask::<PLACES>()] = first as u16;
                    return Ok(end + entry.ends() - 1);
                }
            } else if lookup < LOOKUPS || entry.length() > 0 {
                reader.skip_entry(entry.bits());
                let two = &mut places[end & narrow_mask::<PLACES>()..][..2];
                two.copy_from_slice(&[first as u16, second as u16]);
                end += entry.ends();
                place = second;
                let turn = entry.turn() > 0;
                (runs, others) = (select_unpredictable(turn, others, runs), select_unpredictable(turn, runs, others));
                continue;
            }
            // Where an entry has nothing, the lookups that follow are the same one.
            reader.refill();
            let colour = if std::ptr::eq(runs, white) { 0 } else { BLACK_RUNS_FIRST };
            place = run(reader, single_runs(colour), place, width)?;
            push(places, &mut end, place as u16, width as u16);
            (runs, others) = (others, runs);
            continue 'row;
        }
    }
    Ok(end)
}

/// All runs one by one.
fn decode_single_runs(reader: &mut BitReader<'_>, places: &mut [u16], width: i32) -> Result<usize, Damaged> {
    let (mut place, mut end, mut colour) = (0, FIRST, 0);
    while place < width {
        reader.refill();
        place = run(reader, single_runs(colour), place, width)?;
        push(places, &mut end, place as u16, width as u16);
        colour ^= BLACK_RUNS_FIRST;
    }
    Ok(end)
}
