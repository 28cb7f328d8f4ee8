//! Decoding of one row: one-dimensional (run lengths) and two-dimensional (against the row above).
//!
//! It knows nothing of ends of line, pages or damage control: [`super::t4`] and [`super::t6`] frame these rows.

mod one_dimensional;
mod two_dimensional;

use super::bits::BitReader;
use super::codes::{BLACK_RUNS, RUN_BITS, RunTable, WHITE_RUNS};

pub(super) use one_dimensional::{WhiteCode, decode_one_dimensional};
pub(super) use two_dimensional::{Row, decode_two_dimensional, next_change, other_colour};

/// The bits are no row of this width.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Damaged;

/// Runs one by one, of the colour that 0 or [`super::codes::BLACK_RUNS_FIRST`] stands for.
#[inline]
fn single_runs(colour: usize) -> &'static RunTable {
    if colour == 0 { &WHITE_RUNS } else { &BLACK_RUNS }
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

#[cfg(test)]
mod tests;
