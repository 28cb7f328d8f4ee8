//! Rows against the row above: several modes at a time where that can be told to be right, or one by one.

use super::{Damaged, run, single_runs};
use crate::image::bits::{BitReader, READY_BITS};
use crate::image::codes::{BLACK_RUNS_FIRST, RUN_BITS, RUNS, RUNS_BITS};
use crate::image::modes::{
    MODE_BITS, MODES, Mode, PACKET_BITS, PACKET_MODES, PACKETS, Packet, THEN_HORIZONTAL, THEN_PASS,
};
use crate::image::runs::{
    A4_PLACES, Changes, FIRST, Guarded, NARROW_PLACES, Narrow, WIDEST_A4, WIDEST_NARROW, narrow_mask, push,
};
use std::hint::select_unpredictable;

/// A row that was read against the one above.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::image) enum Row {
    /// It is in the row given.
    New,
    /// It was told at once to be the same as the one above; the row given was not touched.
    Same,
}

/// Reads a row coded against the row above; on success the reader stands behind its last code.
// T.4 (07/2003) §4.2.1.3, T.6 (11/1988) §2.2
pub(in crate::image) fn decode_two_dimensional(
    bits: &mut BitReader<'_>,
    above: &Changes,
    row: &mut Changes,
) -> Result<Row, Damaged> {
    bits.refill();
    let ends = above.count() + 1;
    if ends <= READY_BITS as usize && bits.are_ones(ends as u32) {
        bits.skip(ends as u32);
        return Ok(Row::Same);
    }
    let width = row.width();
    let (guarded, places) = (above.guarded_places(), row.new_places());
    let end = if width <= WIDEST_A4 {
        decode_modes::<A4_PLACES>(bits, guarded, places, width)
    } else if width <= WIDEST_NARROW {
        decode_modes::<NARROW_PLACES>(bits, guarded, places, width)
    } else {
        decode_modes::<0>(bits, guarded, places, width)
    };
    row.close_at(end?);
    Ok(Row::New)
}

/// Where the reading of a row against the one above stands.
#[derive(Clone, Copy)]
struct Place {
    /// The starting or reference changing element on the coding line.
    // T.4 (07/2003) §4.2.1.1
    a0: i32,
    /// Index of b1 among the places above.
    b1: usize,
    /// Index behind the last place written. Each of them turns the colour, so that it tells the colour of a0.
    end: usize,
}

impl Place {
    /// White (0) or black ([`BLACK_RUNS_FIRST`]).
    #[inline]
    const fn colour(self) -> usize {
        (self.end - FIRST) % 2 * BLACK_RUNS_FIRST
    }
}

/// 1 in each lane.
const ONES: u64 = 0x0001_0001_0001_0001;

/// Several modes at a time where it can be told that their b1 follow each other, if the width allows
/// to have the places in a [`Narrow`] of so many; else, with 0, one by one.
#[inline]
pub(super) fn decode_modes<const PLACES: usize>(
    reader: &mut BitReader<'_>,
    above: Guarded<'_>,
    places: &mut [u16],
    width: i32,
) -> Result<usize, Damaged> {
    let mut at = Place { a0: -1, b1: FIRST, end: FIRST };
    while at.a0 < width {
        reader.refill();
        let left = above.edge.wrapping_sub(at.b1).wrapping_add(1);
        let straight = left.wrapping_sub(1) < READY_BITS as usize && reader.are_ones(left as u32);
        let stop = match (above.places.first_chunk::<PLACES>(), places.first_chunk_mut::<PLACES>()) {
            (_, _) if straight => Stop::Straight,
            (Some(reference), Some(places)) if PLACES > 0 => {
                let stop = take_packets(reader, &mut at, (reference, above.edge), places, width);
                reader.refill();
                stop
            }
            (_, _) => Stop::Mode,
        };
        match stop {
            Stop::Mode => one_mode(reader, &mut at, above.places, places, width)?,
            Stop::Runs => horizontal(reader, &mut at, above.places, places, width)?,
            Stop::Straight => {
                let ends = above.edge - at.b1;
                reader.skip(ends as u32 + 1);
                places[at.end..at.end + ends].copy_from_slice(&above.places[at.b1..above.edge]);
                return Ok(at.end + ends);
            }
            Stop::Row => {}
        }
    }
    Ok(at.end)
}

/// Why [`take_packets`] stopped: what comes next.
enum Stop {
    /// A mode to be taken by itself.
    Mode,
    /// The two runs of a horizontal mode, to be taken one by one.
    Runs,
    /// Nothing but V0, which is a copy of the row above, up to the right edge.
    Straight,
    /// The row has ended.
    Row,
}

/// Packets, each with the runs of a horizontal mode behind it, that one refill is enough for.
const PACKETS_READY: u32 = READY_BITS / (PACKET_BITS + RUNS_BITS);
/// Bits that are ready in front of the last of these.
const MOST_STRAIGHT: usize = (READY_BITS - (PACKETS_READY - 1) * (PACKET_BITS + RUNS_BITS)) as usize;

/// Takes several modes at a time as far as that goes. Nothing is called from here, so that everything lives in registers.
/// `edge` is the index of the right edge among the places above.
#[inline(never)]
fn take_packets<const PLACES: usize>(
    bits: &mut BitReader<'_>,
    place: &mut Place,
    (above, edge): (&Narrow<PLACES>, usize),
    places: &mut Narrow<PLACES>,
    width: i32,
) -> Stop {
    let (mut reader, mut at) = (bits.clone(), *place);
    let stop = 'stop: loop {
        if !reader.refill_within() {
            break Stop::Mode;
        }
        for _ in 0..PACKETS_READY {
            let left = edge.wrapping_sub(at.b1).wrapping_add(1);
            if left.wrapping_sub(1) < MOST_STRAIGHT && reader.are_ones(left as u32) {
                break 'stop Stop::Straight;
            }
            let packet = PACKETS[reader.peek(PACKET_BITS)];
            let (a1, wrong) = vertical_modes(packet, at, above);
            if wrong != 0 {
                let right = wrong.trailing_zeros() as usize / 16;
                if right == 0 {
                    break 'stop Stop::Mode;
                }
                reader.skip_entry(packet.length_of(right));
                put_lanes(places, at.end, a1);
                at.end += right;
                at.b1 += right;
                at.a0 = (a1 >> (16 * (right - 1)) & 0xFFFF) as i32;
                continue 'stop;
            }
            let colour = packet.turned(at.colour());
            reader.skip_entry(packet.length_bits());
            put_lanes(places, at.end, a1);
            let count = packet.vertical();
            at.end += count;
            at.b1 += count;
            let last = a1.rotate_left(16) >> ((16 * count as u32) & 63) & 0xFFFF;
            at.a0 = select_unpredictable(count > 0, last as i32, at.a0);
            if packet.then_no_runs() {
                let pass = packet.then() == THEN_PASS;
                at.a0 = select_unpredictable(pass, i32::from(above[(at.b1 & narrow_mask::<PLACES>()) + 1]), at.a0);
                at.b1 += 2 * usize::from(pass);
                if at.a0 >= width {
                    break 'stop Stop::Row;
                }
                continue;
            }
            if packet.then() != THEN_HORIZONTAL {
                break 'stop Stop::Mode;
            }
            let Some(Runs { behind, a1, a2, one_lookup }) = two_runs(&reader, colour, at.a0, width) else {
                break 'stop Stop::Runs;
            };
            reader = behind;
            let two = &mut places[at.end & narrow_mask::<PLACES>()..][..2];
            two.copy_from_slice(&[a1 as u16, a2 as u16]);
            at.end += 2;
            at.a0 = a2;
            at.b1 = next_change_far(above, at.b1, a2);
            if !one_lookup {
                continue 'stop;
            }
        }
    };
    (*bits, *place) = (reader, at);
    stop
}

/// The two runs behind a horizontal mode.
struct Runs<'a> {
    behind: BitReader<'a>,
    a1: i32,
    a2: i32,
    /// They are one entry of [`RUNS`], so that no more bits were needed than [`RUNS_BITS`].
    one_lookup: bool,
}

/// Two runs from a0 on, if they are one entry of [`RUNS`] or one and a code more, and end in front of the right edge.
#[inline]
fn two_runs<'a>(reader: &BitReader<'a>, colour: usize, a0: i32, width: i32) -> Option<Runs<'a>> {
    let entry = RUNS[reader.peek(RUNS_BITS) ^ colour];
    let a1 = a0.max(0) + entry.first();
    let mut a2 = a1 + entry.second();
    let mut behind = reader.clone();
    let one_lookup = entry.ends_two();
    if one_lookup {
        behind.skip_entry(entry.bits());
    } else {
        // The first run may be whole, and the rest of the second one code.
        if entry.ends() == 0 || !behind.refill_within() {
            return None;
        }
        behind.skip_entry(entry.bits());
        let rest = single_runs(colour ^ BLACK_RUNS_FIRST)[behind.peek(RUN_BITS)];
        if !rest.ends_with_pels() {
            return None;
        }
        behind.skip(rest.length());
        a2 += rest.run().cast_signed();
    }
    (a2 < width).then_some(Runs { behind, a1, a2, one_lookup })
}

/// The places a1 of a packet's vertical modes, in lanes; and the highest bit of the first lane that is wrong, if one is,
/// and of some above it. Modes from there on have to be taken one by one.
///
/// The four places from b1 on and the four differences are added in one word. As long as each a1 is not left of the place in
/// front of its b1, and left of the place behind it, the next b1 is the next place. What is wrong in a lane borrows from
/// those above it alone, and the lanes in use are the lowest.
#[inline]
fn vertical_modes<const PLACES: usize>(packet: Packet, at: Place, above: &Narrow<PLACES>) -> (u64, u64) {
    let from = at.b1.wrapping_sub(1) & narrow_mask::<PLACES>();
    let (before, one, two, three) = (above[from], above[from + 1], above[from + 2], above[from + 3]);
    let (four, behind) = (above[from + 4], above[from + 5]);
    let before = u64::from(before) | u64::from(one) << 16 | u64::from(two) << 32 | u64::from(three) << 48;
    let behind = u64::from(four) | u64::from(behind) << 16;
    // Sums of what is in different lanes, in an order that no compiler makes slow double shifts of.
    let a1 = (before >> 16).wrapping_add((behind << 48).wrapping_add(packet.differences()).wrapping_sub(3 * ONES));
    let left_of_before = a1.wrapping_sub(before);
    let not_left_of_behind = (before >> 32).wrapping_sub(a1).wrapping_add((behind << 32).wrapping_sub(ONES));
    let not_onwards = a1.wrapping_sub(a1 << 16).wrapping_sub(ONES.wrapping_add_signed(at.a0.into()));
    (a1, (left_of_before | not_left_of_behind | not_onwards) & packet.used())
}

/// Writes four places.
#[inline]
fn put_lanes<const PLACES: usize>(places: &mut Narrow<PLACES>, end: usize, lanes: u64) {
    let four = &mut places[end & narrow_mask::<PLACES>()..][..PACKET_MODES];
    four.copy_from_slice(&[lanes as u16, (lanes >> 16) as u16, (lanes >> 32) as u16, (lanes >> 48) as u16]);
}

/// Takes one mode, whichever it is; the bits of the mode and of a code for each of two runs are ready.
fn one_mode(
    reader: &mut BitReader<'_>,
    at: &mut Place,
    above: &[u16],
    places: &mut [u16],
    width: i32,
) -> Result<(), Damaged> {
    let entry = MODES[reader.peek(MODE_BITS)];
    reader.skip(u32::from(entry.length));
    match entry.mode {
        Mode::Vertical => {
            let a1 = i32::from(above[at.b1]) + i32::from(entry.difference);
            if a1 < at.a0.max(0) || a1 > width {
                return Err(Damaged);
            }
            push(places, &mut at.end, a1 as u16, width as u16);
            at.a0 = a1;
            if a1 < width {
                at.b1 = next_change(above, other_colour(above, at.b1, a1), a1);
            }
            Ok(())
        }
        Mode::Pass => {
            at.a0 = i32::from(above[at.b1 + 1]);
            at.b1 += 2;
            Ok(())
        }
        Mode::Horizontal => horizontal(reader, at, above, places, width),
        Mode::Other => Err(Damaged),
    }
}

/// Takes the two runs behind a horizontal mode one by one.
fn horizontal(
    reader: &mut BitReader<'_>,
    at: &mut Place,
    above: &[u16],
    places: &mut [u16],
    width: i32,
) -> Result<(), Damaged> {
    let first = at.colour();
    for colour in [first, first ^ BLACK_RUNS_FIRST] {
        at.a0 = run(reader, single_runs(colour), at.a0.max(0), width)?;
        push(places, &mut at.end, at.a0 as u16, width as u16);
    }
    if at.a0 < width {
        at.b1 = next_change(above, at.b1, at.a0);
    }
    Ok(())
}

/// Where to look for b1 when the colour of a0 has just turned: next to the b1 before, on the left if that is still
/// right of a0.
#[inline]
pub(in crate::image) fn other_colour(reference: &[u16], b1_index: usize, a0: i32) -> usize {
    if i32::from(reference[b1_index - 1]) > a0 { b1_index - 1 } else { b1_index + 1 }
}

/// The first changing element of the same colour right of a0, which is left of the right edge.
#[inline]
pub(in crate::image) fn next_change(reference: &[u16], mut b1_index: usize, a0: i32) -> usize {
    while i32::from(reference[b1_index]) <= a0 {
        b1_index += 2;
    }
    b1_index
}

/// The same where it is not mostly the first: one of the next three is found without guessing which.
#[inline]
fn next_change_far<const PLACES: usize>(reference: &Narrow<PLACES>, b1_index: usize, a0: i32) -> usize {
    let from = b1_index & narrow_mask::<PLACES>();
    let passed = usize::from(i32::from(reference[from]) <= a0) + usize::from(i32::from(reference[from + 2]) <= a0);
    let mut b1_index = b1_index + 2 * passed;
    while i32::from(reference[b1_index & narrow_mask::<PLACES>()]) <= a0 {
        b1_index += 2;
    }
    b1_index
}
