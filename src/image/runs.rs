//! Changing elements: the places in a row where the colour turns, which is what all three codings speak of.
//!
//! From a packed row 64 pels at a time, and back.

use std::hint::select_unpredictable;

/// The changing elements of one row, left to right. The first is white to black, then the colours take turns; the
/// width of the row is appended several times, so that looking ahead needs no test for the end.
// T.4 (07/2003) §4.2.1.1
#[derive(Clone, Debug)]
pub(super) struct Changes {
    places: Vec<u16>,
    count: usize,
    width: u16,
}

/// The changing elements of one row for those who look them up: with a 0 in front, so that the first is at [`FIRST`], and
/// whatever room there is behind them.
#[derive(Clone, Copy)]
pub(super) struct Guarded<'a> {
    /// The places.
    pub(super) places: &'a [u16],
    /// Index of the first copy of the width.
    pub(super) edge: usize,
}

/// Copies of the width behind the last changing element.
pub(super) const SENTINELS: usize = 8;
/// Index of the first changing element; in front of it stands a 0, so that looking back needs no test.
pub(super) const FIRST: usize = 1;
/// Places behind the last changing element that may be written to without need, because it is quicker.
const ROOM: usize = 8;

/// The places of a row, in so many that any index with [`narrow_mask`] is a right one, and the next 16 too, which is known
/// at compile time.
pub(super) type Narrow<const PLACES: usize> = [u16; PLACES];
/// Places of a [`Narrow`] for a row up to [`WIDEST_A4`]. Fewer places are quicker to prepare, which a short page notices.
pub(super) const A4_PLACES: usize = 2048 + 16;
/// Places of a [`Narrow`] for a row up to [`WIDEST_NARROW`].
pub(super) const NARROW_PLACES: usize = 8192 + 16;
/// Pels of a row whose changing elements are within [`A4_PLACES`]: A4 at 200 dots per inch among them.
pub(super) const WIDEST_A4: i32 = 2032;
/// Pels of a row whose changing elements are within [`NARROW_PLACES`]; all widths of T.30 are among them.
pub(super) const WIDEST_NARROW: i32 = 8176;

/// What to take an index of a [`Narrow`] with, which changes none that is in use.
pub(super) const fn narrow_mask<const PLACES: usize>() -> usize {
    PLACES.saturating_sub(17)
}

impl Changes {
    /// A white row, with room for the worst row of this width.
    pub(super) fn white(width: u32) -> Self {
        let width = u16::try_from(width).expect("the width is at most MAX_WIDTH");
        let room = FIRST + usize::from(width) + 2 + SENTINELS + ROOM;
        let places = if i32::from(width) <= WIDEST_A4 { A4_PLACES } else { NARROW_PLACES };
        let mut changes = Self { places: vec![0; room.max(places)], count: 0, width };
        changes.close();
        changes
    }

    /// Width of the row in pels.
    #[inline]
    pub(super) fn width(&self) -> i32 {
        self.width.into()
    }

    /// All places, the copies of the width included.
    #[inline]
    pub(super) fn places(&self) -> &[u16] {
        &self.places[FIRST..FIRST + self.count + SENTINELS]
    }

    /// The same with a 0 in front, so that the first is at [`FIRST`].
    #[inline]
    pub(super) fn guarded_places(&self) -> Guarded<'_> {
        Guarded { places: &self.places, edge: FIRST + self.count }
    }

    /// Where a new row's changing elements are to be put, from [`FIRST`] on; [`Changes::close_at`] ends it.
    #[inline]
    pub(super) fn new_places(&mut self) -> &mut [u16] {
        &mut self.places
    }

    /// Number of changing elements.
    #[inline]
    pub(super) const fn count(&self) -> usize {
        self.count
    }

    /// Whether two rows are the same.
    pub(super) fn same_as(&self, other: &Self) -> bool {
        // Most rows that are not the same tell it by few numbers; to read many of those just written takes long.
        self.count == other.count
            && self.places[FIRST] == other.places[FIRST]
            && self.places[self.count] == other.places[self.count]
            && (self.count < 2 || self.places[FIRST..FIRST + self.count] == other.places[FIRST..FIRST + other.count])
    }

    /// Adds the end of a run, as [`push`] does.
    #[cfg(test)]
    pub(super) fn push(&mut self, place: i32) {
        let mut end = FIRST + self.count;
        push(&mut self.places, &mut end, u16::try_from(place).expect("left of the right edge"), self.width);
        self.count = end - FIRST;
    }

    /// Ends the row: the width is appended.
    pub(super) fn close(&mut self) {
        self.close_at(FIRST + self.count);
    }

    /// Ends the row in front of index `end`: the width is appended.
    #[inline]
    pub(super) fn close_at(&mut self, end: usize) {
        self.count = end - FIRST;
        let width = self.width;
        self.places[end..end + SENTINELS].fill(width);
    }

    /// Finds the changing elements of a packed row.
    pub(super) fn read(&mut self, row: &[u8]) {
        let mut end = FIRST;
        let mut base = 0;
        let mut before = 0;
        let (words, rest) = row.as_chunks::<8>();
        for eight in words {
            let word = u64::from_be_bytes(*eight);
            end = self.mark(word, before, base, end);
            before = word << 63;
            base += 64;
        }
        if !rest.is_empty() {
            let mut eight = [0; 8];
            eight[..rest.len()].copy_from_slice(rest);
            end = self.mark(u64::from_be_bytes(eight), before, base, end);
        }
        // Padding makes at most one edge, at the width.
        if self.places[end - 1] >= self.width {
            end -= 1;
        }
        self.close_at(end);
    }

    /// Adds the changes within 64 pels; `before` has the pel left of them in its highest bit.
    #[inline]
    fn mark(&mut self, word: u64, before: u64, base: u16, end: usize) -> usize {
        let edges = word ^ (word >> 1 | before);
        if edges == 0 {
            return end;
        }
        // Lowest bit first, and four at a time whether there are so many or not, so that few jumps are guessed
        // wrong; what is written too much is written over.
        let mut left = edges.reverse_bits();
        let mut place = end;
        while left != 0 {
            let four = &mut self.places[place..place + 4];
            for target in four {
                *target = base + left.trailing_zeros() as u16;
                left &= left.wrapping_sub(1);
            }
            place += 4;
        }
        end + edges.count_ones() as usize
    }
}

/// With so many changes in a word, it is quicker to draw all runs together.
const MANY: usize = 3;

/// Draws rows.
#[derive(Debug)]
pub(super) struct Painter {
    /// Where pels are turned over; all 0 between calls. Each word is the sum of several, because to change the same one again
    /// at once takes long.
    turns: Vec<[u64; 4]>,
}

impl Painter {
    /// Draws rows of this width in pels.
    pub(super) fn new(width: u32) -> Self {
        Self { turns: vec![[0; 4]; width as usize / 64 + 1] }
    }

    /// Draws a row into white octets, as many as the width needs.
    pub(super) fn paint(&mut self, changes: &Changes, row: &mut [u8]) {
        let places = &changes.places[FIRST..FIRST + changes.count];
        match row.as_chunks_mut::<8>() {
            (words, []) if places.len() < MANY * words.len() => {
                // A run that goes on to the right edge ends at the first copy of the width.
                paint_few(&changes.places[FIRST..FIRST + changes.count.next_multiple_of(2)], words);
            }
            (_, _) => paint_many(places, changes.width, &mut self.turns, row),
        }
        if let (Some(last), used @ 1..) = (row.last_mut(), changes.width % 8) {
            *last &= !(0xFF_u8 >> used);
        }
    }
}

/// Draws all runs together.
fn paint_many(places: &[u16], width: u16, turns: &mut [[u64; 4]], row: &mut [u8]) {
    let (Some(&first), Some(&last)) = (places.first(), places.last()) else { return };
    // First every change turns over the rest of its word, then each word with an odd number of changes all words right of
    // it.
    let (fours, rest) = places.as_chunks::<4>();
    for four in fours {
        for (part, &place) in four.iter().enumerate() {
            turns[usize::from(place / 64)][part] ^= u64::MAX >> (place % 64);
        }
    }
    for (part, &place) in rest.iter().enumerate() {
        turns[usize::from(place / 64)][part] ^= u64::MAX >> (place % 64);
    }
    let end = if places.len().is_multiple_of(2) { last } else { width - 1 };
    let span = usize::from(first / 64)..usize::from(end / 64) + 1;
    let mut colour = 0;
    let (words, rest) = row.as_chunks_mut::<8>();
    let whole = span.start.min(words.len())..span.end.min(words.len());
    for (word, turns) in words[whole.clone()].iter_mut().zip(&mut turns[whole]) {
        let turned = take(turns);
        *word = (turned ^ colour).to_be_bytes();
        colour ^= 0_u64.wrapping_sub(turned & 1);
    }
    if span.end > words.len() {
        let turned = take(&mut turns[span.end - 1]);
        rest.copy_from_slice(&(turned ^ colour).to_be_bytes()[..rest.len()]);
    }
}

/// Draws runs one by one.
fn paint_few(places: &[u16], words: &mut [[u8; 8]]) {
    for &[start, end] in places.as_chunks::<2>().0 {
        let (first, last) = (usize::from(start / 64), usize::from(end / 64));
        // Whether the run ends in the word it began in is anyone's guess.
        let within = first == last;
        let end_pels = u64::MAX >> (end % 64);
        let pels = u64::MAX >> (start % 64) ^ select_unpredictable(within, end_pels, 0);
        let Some(word) = words.get_mut(first) else { return };
        let drawn = u64::from_ne_bytes(*word) | pels.to_be();
        *word = drawn.to_ne_bytes();
        if last > first + 1 {
            words[first + 1..last].fill([0xFF; 8]);
        }
        // No more than the right edge is behind the last word.
        let Some(word) = words.get_mut(last) else { return };
        *word = select_unpredictable(within, drawn, !end_pels.to_be()).to_ne_bytes();
    }
}

/// The sum of the parts, which are 0 afterwards.
#[inline]
fn take(turns: &mut [u64; 4]) -> u64 {
    std::mem::take(turns).into_iter().fold(0, |sum, part| sum ^ part)
}

/// Adds the end of a run in front of index `end`. It must not be left of the one before. A run of length 0 takes its
/// neighbours together; the right edge is no changing element.
#[inline]
pub(super) fn push(places: &mut [u16], end: &mut usize, place: u16, width: u16) {
    if place >= width {
        return;
    }
    if *end > FIRST && places[*end - 1] == place {
        *end -= 1;
    } else {
        places[*end] = place;
        *end += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn changes_are_where_the_colour_turns() {
        let mut changes = Changes::white(20);
        changes.read(&[0b1110_0000, 0b0001_1111, 0b1111_0000]);
        assert_eq!(changes.places()[..5], [0, 3, 11, 20, 20]);
        assert_eq!(changes.count(), 3);
    }

    #[test]
    fn a_run_of_no_pels_joins_its_neighbours() {
        let mut changes = Changes::white(16);
        let mut end = FIRST;
        for place in [0, 0, 4, 6, 6, 9, 16] {
            push(changes.new_places(), &mut end, place, 16);
        }
        changes.close_at(end);
        assert_eq!(&changes.places()[..changes.count()], [4, 9]);
    }

    proptest! {
        #[test]
        fn a_row_painted_from_its_changes_is_the_row(mut row in proptest::collection::vec(prop_oneof![6 => Just(0_u8), 2 => Just(0xFF), 1 => any::<u8>()], 1..80), less in 0..8_u32) {
            let width = row.len() as u32 * 8 - less;
            *row.last_mut().unwrap() &= 0xFF << less;
            let mut changes = Changes::white(width);
            changes.read(&row);
            let mut again = vec![0; row.len()];
            Painter::new(width).paint(&changes, &mut again);
            prop_assert_eq!(again, row);
        }
    }
}
