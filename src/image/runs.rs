//! Changing elements: the places in a row where the colour turns, which is what all three codings speak of.
//!
//! From a packed row 64 pels at a time, and back.

/// The changing elements of one row, left to right. The first is white to black, then the colours take turns; the
/// width of the row is appended several times, so that looking ahead needs no test for the end.
// T.4 (07/2003) §4.2.1.1
#[derive(Clone, Debug)]
pub(super) struct Changes {
    places: Vec<i32>,
    count: usize,
    width: i32,
}

/// Copies of the width behind the last changing element.
const SENTINELS: usize = 4;
/// Index of the first changing element; in front of it stands [`BEFORE`], so that looking back needs no test.
pub(super) const FIRST: usize = 1;
/// Left of every place.
const BEFORE: i32 = -1;
/// Places behind the last changing element that may be written to without need, because it is quicker.
const ROOM: usize = 8;

impl Changes {
    /// A white row, with room for the worst row of this width.
    pub(super) fn white(width: u32) -> Self {
        let width = i32::try_from(width).expect("the width is at most MAX_WIDTH");
        let places = vec![BEFORE; FIRST + width as usize + 2 + SENTINELS + ROOM];
        let mut changes = Self { places, count: 0, width };
        changes.close();
        changes
    }

    /// Width of the row in pels.
    #[inline]
    pub(super) const fn width(&self) -> i32 {
        self.width
    }

    /// All places, the copies of the width included.
    #[inline]
    pub(super) fn places(&self) -> &[i32] {
        &self.places[FIRST..FIRST + self.count + SENTINELS]
    }

    /// The same with -1 in front, so that the first is at [`FIRST`].
    #[inline]
    pub(super) fn guarded_places(&self) -> &[i32] {
        &self.places[..FIRST + self.count + SENTINELS]
    }

    /// Number of changing elements.
    #[inline]
    pub(super) const fn count(&self) -> usize {
        self.count
    }

    /// Whether two rows are the same.
    pub(super) fn same_as(&self, other: &Self) -> bool {
        self.count == other.count && self.places[..FIRST + self.count] == other.places[..FIRST + other.count]
    }

    /// Starts a new row.
    #[inline]
    pub(super) fn clear(&mut self) {
        self.count = 0;
    }

    /// Adds the end of a run, which must not be left of the one before. A run of length 0 takes its
    /// neighbours together; the right edge is no changing element.
    #[inline]
    pub(super) fn push(&mut self, place: i32) {
        if place >= self.width {
            return;
        }
        if self.places[FIRST + self.count - 1] == place {
            self.count -= 1;
        } else {
            self.push_right(place);
        }
    }

    /// Adds the end of a run that lies right of the one before and left of the right edge.
    #[inline]
    pub(super) fn push_right(&mut self, place: i32) {
        self.places[FIRST + self.count] = place;
        self.count += 1;
    }

    /// Makes this the same row as another.
    pub(super) fn copy_from(&mut self, other: &Self) {
        self.count = other.count;
        self.places[..FIRST + other.count].copy_from_slice(&other.places[..FIRST + other.count]);
        self.close();
    }

    /// Ends the row: the width is appended.
    #[inline]
    pub(super) fn close(&mut self) {
        let (end, width) = (FIRST + self.count, self.width);
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
        self.count = end - FIRST;
        self.close();
    }

    /// Adds the changes within 64 pels; `before` has the pel left of them in its highest bit.
    #[inline]
    fn mark(&mut self, word: u64, before: u64, base: i32, end: usize) -> usize {
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
                *target = base + left.trailing_zeros().cast_signed();
                left &= left.wrapping_sub(1);
            }
            place += 4;
        }
        end + edges.count_ones() as usize
    }

    /// Draws the row into white octets, as many as the width needs.
    pub(super) fn paint(&self, row: &mut [u8]) {
        let (words, rest) = row.as_chunks_mut::<8>();
        for &place in &self.places[FIRST..FIRST + self.count] {
            let place = place.cast_unsigned();
            if let Some(eight) = words.get_mut(place as usize / 64) {
                // Whole words, because they are read as such right after. In an octet the leftmost pel is the highest
                // bit, but the leftmost octet is the lowest of a word.
                let turned = u64::from_le_bytes(*eight) ^ (1 << ((place % 64) ^ 7));
                *eight = turned.to_le_bytes();
            } else {
                rest[place as usize % 64 / 8] ^= 0x80 >> (place % 8);
            }
        }
        let mut colour = 0;
        for eight in words {
            let edges = u64::from_be_bytes(*eight);
            if edges | colour != 0 {
                let word = fill_between(edges) ^ colour;
                *eight = word.to_be_bytes();
                colour = 0_u64.wrapping_sub(word & 1);
            }
        }
        if !rest.is_empty() {
            let mut eight = [0; 8];
            eight[..rest.len()].copy_from_slice(rest);
            let word = fill_between(u64::from_be_bytes(eight)) ^ colour;
            rest.copy_from_slice(&word.to_be_bytes()[..rest.len()]);
        }
        if let (Some(last), used @ 1..) = (row.last_mut(), self.width % 8) {
            *last &= !(0xFF_u8 >> used);
        }
    }
}

/// Every bit becomes the parity of itself and all bits above it: edges become runs.
#[inline]
const fn fill_between(edges: u64) -> u64 {
    let mut word = edges;
    word ^= word >> 1;
    word ^= word >> 2;
    word ^= word >> 4;
    word ^= word >> 8;
    word ^= word >> 16;
    word ^ word >> 32
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn changes_are_where_the_colour_turns() {
        let mut changes = Changes::white(20);
        changes.read(&[0b1110_0000, 0b0001_1111, 0b1111_0000]);
        assert_eq!(changes.places(), [0, 3, 11, 20, 20, 20, 20]);
        assert_eq!(changes.count(), 3);
    }

    #[test]
    fn a_run_of_no_pels_joins_its_neighbours() {
        let mut changes = Changes::white(16);
        changes.clear();
        for place in [0, 0, 4, 6, 6, 9, 16] {
            changes.push(place);
        }
        changes.close();
        assert_eq!(&changes.places()[..changes.count()], [4, 9]);
    }

    proptest! {
        #[test]
        fn a_row_painted_from_its_changes_is_the_row(mut row in proptest::collection::vec(any::<u8>(), 1..40), less in 0..8_u32) {
            let width = row.len() as u32 * 8 - less;
            *row.last_mut().unwrap() &= 0xFF << less;
            let mut changes = Changes::white(width);
            changes.read(&row);
            let mut again = vec![0; row.len()];
            changes.paint(&mut again);
            prop_assert_eq!(again, row);
        }
    }
}
