//! Encoding of one row: one-dimensional (run lengths) and two-dimensional (against the row above).
//!
//! It knows nothing of ends of line or pages: [`super::t4`] and [`super::t6`] frame these rows.

use super::bits::BitWriter;
use super::codes::{BLACK_CODES, LONGEST_MAKE_UP, LONGEST_READY_RUN, RunCodes, WHITE_CODES};
use super::lines::{next_change, other_colour};
use super::modes::{HORIZONTAL, PASS, VERTICAL};
use super::runs::{Changes, FIRST};

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
    for &pair in pairs {
        let [black, white] = pair.map(i32::from);
        put_runs(bits, (0, 0), (&WHITE_CODES, black - start), (&BLACK_CODES, white - black));
        start = white;
    }
    let width = row.width();
    if let &[black] = rest {
        let black = i32::from(black);
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
    let (reference, current) = (above.guarded_places().places, row.places());
    let (mut b1_index, mut a1_index) = (FIRST, 0);
    let mut a0 = -1;
    loop {
        let [a1, b1, b2] = [current[a1_index], reference[b1_index], reference[b1_index + 1]].map(i32::from);
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
            let a2 = i32::from(current[a1_index + 1]);
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
