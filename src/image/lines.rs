//! Coding of one row: one-dimensional (run lengths) and two-dimensional (against the row above).
//!
//! It knows nothing of ends of line, pages or damage control: [`super::t4`] and [`super::t6`] frame these rows.

use super::bits::{BitReader, BitWriter};
use super::codes::{
    BLACK_CODES, BLACK_RUNS, HORIZONTAL, LONGEST_MAKE_UP, LONGEST_READY_RUN, MODE_BITS, MODES, Mode, PAIRS, PASS,
    RUN_BITS, RunCodes, RunTable, VERTICAL, WHITE_CODES, WHITE_RUNS,
};
use super::runs::{Changes, FIRST};

/// The bits are no row of this width.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Damaged;

/// Bits that a row of this width has at most, whichever way it is coded, and some more: one pel alternating with
/// the next costs 9 bits for two in one dimension; every coding of two elements in two dimensions costs less than a
/// horizontal mode with its two runs, so less than 3 bits more.
const fn most_bits(width: i32) -> usize {
    width.cast_unsigned() as usize * 8 + 256
}

/// Writes a row as run lengths.
// T.4 (07/2003) §4.1.1
pub(super) fn encode_one_dimensional(bits: &mut BitWriter, row: &Changes) {
    bits.reserve(most_bits(row.width()));
    let mut start = 0;
    let (pairs, rest) = row.places()[..row.count()].as_chunks::<2>();
    for &[black, white] in pairs {
        put_runs(bits, (0, 0), (&WHITE_CODES, black - start), (&BLACK_CODES, white - black));
        start = white;
    }
    let width = row.width();
    if let [black] = rest {
        put_runs(bits, (0, 0), (&WHITE_CODES, black - start), (&BLACK_CODES, width - black));
    } else if start < width {
        put_run(bits, &WHITE_CODES, width - start);
    }
}

/// Writes a row by its differences from the row above.
// T.4 (07/2003) §4.2.1.3, T.6 (11/1988) §2.2
pub(super) fn encode_two_dimensional(bits: &mut BitWriter, above: &Changes, row: &Changes) {
    if row.same_as(above) {
        bits.put_ones(u32::try_from(row.count() + 1).expect("no more changes than pels"));
        return;
    }
    let width = row.width();
    bits.reserve(most_bits(width));
    let (reference, current) = (above.guarded_places(), row.places());
    let (mut b1_index, mut a1_index) = (FIRST, 0);
    let mut a0 = -1;
    loop {
        let (a1, b1, b2) = (current[a1_index], reference[b1_index], reference[b1_index + 1]);
        if b2 < a1 {
            bits.put(PASS.0, PASS.1);
            a0 = b2;
            b1_index += 2;
            continue;
        }
        let difference = a1 - b1;
        if let Some(&(code, length)) = VERTICAL.get((difference + 3).cast_unsigned() as usize) {
            bits.put(code, length);
            if a1 == width {
                return;
            }
            a0 = a1;
            a1_index += 1;
            b1_index = other_colour(reference, b1_index, a0);
        } else {
            let a2 = current[a1_index + 1];
            let (first, second) =
                if a1_index % 2 == 0 { (&WHITE_CODES, &BLACK_CODES) } else { (&BLACK_CODES, &WHITE_CODES) };
            put_runs(bits, HORIZONTAL, (first, a1 - a0.max(0)), (second, a2 - a1));
            if a2 == width {
                return;
            }
            a0 = a2;
            a1_index += 2;
        }
        b1_index = next_change(reference, b1_index, a0);
    }
}

/// Reads a row of run lengths; on success the reader stands behind its last code.
// T.4 (07/2003) §4.1.1
pub(super) fn decode_one_dimensional(bits: &mut BitReader<'_>, row: &mut Changes) -> Result<(), Damaged> {
    // A reader of its own can live in registers.
    let mut reader = bits.clone();
    let result = decode_runs(&mut reader, row);
    *bits = reader;
    result
}

#[inline]
fn decode_runs(reader: &mut BitReader<'_>, row: &mut Changes) -> Result<(), Damaged> {
    let width = row.width();
    row.clear();
    let mut place = 0;
    while place < width {
        reader.refill();
        let pair = PAIRS[reader.peek(RUN_BITS)];
        let black_start = place + pair.white();
        let black_end = black_start + pair.black();
        if pair.length() > 0 && black_end < width {
            reader.skip(pair.length());
            row.push_right(black_start);
            row.push_right(black_end);
            place = black_end;
            continue;
        }
        place = run(reader, &WHITE_RUNS, place, width)?;
        row.push(place);
        if place < width {
            place = run(reader, &BLACK_RUNS, place, width)?;
            row.push(place);
        }
    }
    row.close();
    Ok(())
}

/// Reads a row coded against the row above; on success the reader stands behind its last code.
// T.4 (07/2003) §4.2.1.3, T.6 (11/1988) §2.2
pub(super) fn decode_two_dimensional(
    bits: &mut BitReader<'_>,
    above: &Changes,
    row: &mut Changes,
) -> Result<(), Damaged> {
    // A reader of its own can live in registers.
    let mut reader = bits.clone();
    let result = decode_modes(&mut reader, above, row);
    *bits = reader;
    result
}

#[inline]
fn decode_modes(reader: &mut BitReader<'_>, above: &Changes, row: &mut Changes) -> Result<(), Damaged> {
    reader.refill();
    if above.count() < reader.leading_ones() as usize {
        let all_same = u32::try_from(above.count() + 1).expect("at most the ones counted");
        reader.skip(all_same);
        row.copy_from(above);
        return Ok(());
    }
    let width = row.width();
    let reference = above.guarded_places();
    row.clear();
    let mut b1_index = FIRST;
    let mut a0 = -1;
    let mut colours = (&WHITE_RUNS, &BLACK_RUNS);
    while a0 < width {
        reader.refill();
        let entry = MODES[reader.peek(MODE_BITS)];
        reader.skip(u32::from(entry.length));
        // Tested one after the other, the most frequent first: that is guessed better than one jump to three places.
        if entry.mode == Mode::Vertical {
            let a1 = reference[b1_index] + i32::from(entry.difference);
            if a1 <= a0 || a1 >= width {
                if a1 < a0.max(0) || a1 > width {
                    return Err(Damaged);
                }
                row.push(a1);
                if a1 == width {
                    break;
                }
            } else {
                row.push_right(a1);
            }
            a0 = a1;
            colours = (colours.1, colours.0);
            b1_index = next_change(reference, other_colour(reference, b1_index, a0), a0);
        } else if entry.mode == Mode::Horizontal {
            let a1 = run(reader, colours.0, a0.max(0), width)?;
            let a2 = run(reader, colours.1, a1, width)?;
            row.push(a1);
            row.push(a2);
            a0 = a2;
            if a0 < width {
                b1_index = next_change(reference, b1_index, a0);
            }
        } else if entry.mode == Mode::Pass {
            a0 = reference[b1_index + 1];
            b1_index += 2;
        } else {
            return Err(Damaged);
        }
    }
    row.close();
    Ok(())
}

/// Where to look for b1 when the colour of a0 has just turned: next to the b1 before, on the left if that is still
/// right of a0.
#[inline]
fn other_colour(reference: &[i32], b1_index: usize, a0: i32) -> usize {
    if reference[b1_index - 1] > a0 { b1_index - 1 } else { b1_index + 1 }
}

/// The first changing element of the same colour right of a0, which is left of the right edge.
#[inline]
fn next_change(reference: &[i32], mut b1_index: usize, a0: i32) -> usize {
    while reference[b1_index] <= a0 {
        b1_index += 2;
    }
    b1_index
}

/// Writes two runs behind a prefix.
#[inline]
fn put_runs(bits: &mut BitWriter, prefix: (u64, u32), first: (&RunCodes, i32), second: (&RunCodes, i32)) {
    let (first_run, second_run) = (first.1.cast_unsigned(), second.1.cast_unsigned());
    if first_run.max(second_run) <= LONGEST_READY_RUN {
        let (first_code, first_length) = first.0.code(first_run);
        let (second_code, second_length) = second.0.code(second_run);
        let code = (prefix.0 << first_length | first_code) << second_length | second_code;
        bits.put(code, prefix.1 + first_length + second_length);
    } else {
        if prefix.1 > 0 {
            bits.put(prefix.0, prefix.1);
        }
        put_run(bits, first.0, first.1);
        put_run(bits, second.0, second.1);
    }
}

fn put_run(bits: &mut BitWriter, codes: &RunCodes, run: i32) {
    let mut run = run.cast_unsigned();
    while run > LONGEST_READY_RUN {
        let (code, length) = codes.code(LONGEST_MAKE_UP);
        let (_, terminating) = codes.code(0);
        bits.put(code >> terminating, length - terminating);
        run -= LONGEST_MAKE_UP;
    }
    let (code, length) = codes.code(run);
    bits.put(code, length);
}

/// Reads the codes of one run from `start` on and returns its end. The caller has made 56 bits ready, more than a mode and two
/// runs of one code each; behind each make-up code more are made ready, as strangers write as many of them as they like.
#[inline]
fn run(bits: &mut BitReader<'_>, entries: &RunTable, start: i32, width: i32) -> Result<i32, Damaged> {
    let mut place = start;
    loop {
        let entry = entries[bits.peek(RUN_BITS)];
        if entry.length() == 0 {
            return Err(Damaged);
        }
        bits.skip(entry.length());
        place += entry.run().cast_signed();
        if place > width {
            return Err(Damaged);
        }
        if entry.run() < 64 {
            return Ok(place);
        }
        bits.refill();
    }
}
