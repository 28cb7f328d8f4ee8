//! A bilevel page in memory: rows of packed picture elements, as fax machines see them.
//!
//! It knows nothing of resolutions, files or codings. One bit is one picture element (pel), the most
//! significant bit of an octet is the leftmost, and 1 is black as in T.4 (07/2003) §4.1.1.

use std::fmt;
use std::ops::{Deref, DerefMut};

/// Widest page that any coder or scaler here takes, in pels: twice A3 at 1200 dots per inch.
pub const MAX_WIDTH: u32 = 32_768;

/// A bilevel page. Bits beyond `width` in the last octet of a row are always 0, so that rows and pages compare
/// octet by octet.
#[derive(Clone, PartialEq, Eq)]
pub struct Bitmap {
    width: u32,
    stride: usize,
    rows: u32,
    data: Vec<u8>,
}

impl Bitmap {
    /// A page of this width in pels without any row. The width is held between 1 and [`MAX_WIDTH`].
    #[must_use]
    pub fn new(width: u32) -> Self {
        let width = width.clamp(1, MAX_WIDTH);
        Self { width, stride: width.div_ceil(8) as usize, rows: 0, data: Vec::new() }
    }

    /// A white page of `width` pels and `rows` rows.
    #[must_use]
    pub fn white(width: u32, rows: u32) -> Self {
        let mut page = Self::new(width);
        page.push_white_rows(rows);
        page
    }

    /// A page from rows that are packed already, each `width` rounded up to whole octets. `None` if the data is
    /// no whole number of rows or the width is 0 or above [`MAX_WIDTH`]. Padding bits are cleared.
    #[must_use]
    pub fn from_packed(width: u32, data: Vec<u8>) -> Option<Self> {
        if width == 0 || width > MAX_WIDTH {
            return None;
        }
        let stride = width.div_ceil(8) as usize;
        if !data.len().is_multiple_of(stride) {
            return None;
        }
        let rows = u32::try_from(data.len() / stride).ok()?;
        let mut page = Self { width, stride, rows, data };
        let mask = page.padding_mask();
        if mask != 0xFF {
            for row in page.data.chunks_exact_mut(stride) {
                row[stride - 1] &= mask;
            }
        }
        Some(page)
    }

    /// Width in pels.
    #[must_use]
    pub const fn width(&self) -> u32 {
        self.width
    }

    /// Octets from one row to the next.
    #[must_use]
    pub const fn stride(&self) -> usize {
        self.stride
    }

    /// Number of rows.
    #[must_use]
    pub const fn rows(&self) -> u32 {
        self.rows
    }

    /// All rows, packed, `stride` octets each.
    #[must_use]
    pub fn packed(&self) -> &[u8] {
        &self.data
    }

    /// One row.
    ///
    /// # Panics
    /// If there is no such row.
    #[must_use]
    pub fn row(&self, row: u32) -> &[u8] {
        let start = row as usize * self.stride;
        &self.data[start..start + self.stride]
    }

    /// One row to be written to; bits set beyond the width are cleared when the guard is dropped.
    ///
    /// # Panics
    /// If there is no such row.
    pub fn row_mut(&mut self, row: u32) -> RowMut<'_> {
        let mask = self.padding_mask();
        let start = row as usize * self.stride;
        RowMut { octets: &mut self.data[start..start + self.stride], mask }
    }

    /// The rows from top to bottom.
    pub fn iter_rows(&self) -> impl ExactSizeIterator<Item = &[u8]> {
        self.data.chunks_exact(self.stride)
    }

    /// Adds a row below. A row that is too short is filled up with white, one that is too long is cut.
    pub fn push_row(&mut self, octets: &[u8]) {
        let used = octets.len().min(self.stride);
        self.push_white_rows(1);
        let row = self.rows - 1;
        self.row_mut(row)[..used].copy_from_slice(&octets[..used]);
    }

    /// Adds white rows below.
    pub fn push_white_rows(&mut self, rows: u32) {
        self.rows += rows;
        self.data.resize(self.rows as usize * self.stride, 0);
    }

    /// Makes room for so many rows more, which costs nothing as long as they do not come.
    pub(super) fn reserve_rows(&mut self, rows: u32) {
        self.data.reserve(rows as usize * self.stride);
    }

    /// Adds all rows of `below`, cut or filled with white to this width.
    pub fn append(&mut self, below: &Self) {
        if below.stride == self.stride && below.width <= self.width {
            self.data.extend_from_slice(&below.data);
            self.rows += below.rows;
        } else {
            for row in below.iter_rows() {
                self.push_row(row);
            }
        }
    }

    /// One row for those who keep the padding bits clear themselves.
    pub(super) fn row_unmasked(&mut self, row: u32) -> &mut [u8] {
        let start = row as usize * self.stride;
        &mut self.data[start..start + self.stride]
    }

    /// Makes a row the same as the one above it.
    pub(super) fn copy_row_above(&mut self, row: u32) {
        let start = row as usize * self.stride;
        self.data.copy_within(start - self.stride..start, start);
    }

    /// Drops every row from `rows` on.
    pub fn truncate(&mut self, rows: u32) {
        if rows < self.rows {
            self.rows = rows;
            self.data.truncate(rows as usize * self.stride);
        }
    }

    /// Whether the pel is black; outside the page everything is white.
    #[must_use]
    pub fn is_black(&self, x: u32, y: u32) -> bool {
        x < self.width && y < self.rows && self.row(y)[x as usize / 8] & (0x80 >> (x % 8)) != 0
    }

    /// Makes a pel black or white; outside the page nothing happens.
    pub fn set(&mut self, x: u32, y: u32, black: bool) {
        if x >= self.width || y >= self.rows {
            return;
        }
        let octet = &mut self.data[y as usize * self.stride + x as usize / 8];
        let mask = 0x80 >> (x % 8);
        if black {
            *octet |= mask;
        } else {
            *octet &= !mask;
        }
    }

    /// Replaces the rectangle at `x`, `y` by a smaller page, white pels included; what falls outside is dropped.
    pub fn stamp(&mut self, stamp: &Self, x: u32, y: u32) {
        if x >= self.width || y >= self.rows {
            return;
        }
        let pels = stamp.width.min(self.width - x);
        let rows = stamp.rows.min(self.rows - y);
        for row in 0..rows {
            let mut target = self.row_mut(y + row);
            replace_bits(&mut target, x, stamp.row(row), pels);
        }
    }

    /// The rows from `first` on, at most `rows` of them, as a page of its own.
    #[must_use]
    pub fn crop_rows(&self, first: u32, rows: u32) -> Self {
        let first = first.min(self.rows);
        let rows = rows.min(self.rows - first);
        let start = first as usize * self.stride;
        let data = self.data[start..start + rows as usize * self.stride].to_vec();
        Self { width: self.width, stride: self.stride, rows, data }
    }

    /// Turns black to white and white to black.
    pub fn invert(&mut self) {
        let mask = self.padding_mask();
        for row in self.data.chunks_exact_mut(self.stride) {
            row.iter_mut().for_each(|octet| *octet = !*octet);
            row[self.stride - 1] &= mask;
        }
    }

    /// Number of black pels.
    #[must_use]
    pub fn black_count(&self) -> u64 {
        self.data.iter().map(|octet| u64::from(octet.count_ones())).sum()
    }

    /// The bits of a row's last octet that lie within the page.
    const fn padding_mask(&self) -> u8 {
        match self.width % 8 {
            0 => 0xFF,
            used => !(0xFF_u8 >> used),
        }
    }
}

impl fmt::Debug for Bitmap {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Bitmap {} x {}, {} black", self.width, self.rows, self.black_count())
    }
}

/// A row being written to.
#[derive(Debug)]
pub struct RowMut<'a> {
    octets: &'a mut [u8],
    mask: u8,
}

impl Deref for RowMut<'_> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.octets
    }
}

impl DerefMut for RowMut<'_> {
    fn deref_mut(&mut self) -> &mut [u8] {
        self.octets
    }
}

impl Drop for RowMut<'_> {
    fn drop(&mut self) {
        if let Some(last) = self.octets.last_mut() {
            *last &= self.mask;
        }
    }
}

/// Copies the first `pels` bits of `source` over the bits of `target` from `x` on.
fn replace_bits(target: &mut [u8], x: u32, source: &[u8], pels: u32) {
    let shift = x % 8;
    let first = x as usize / 8;
    let mut left = pels;
    for (index, &octet) in source.iter().enumerate() {
        if left == 0 {
            break;
        }
        let used = left.min(8);
        left -= used;
        let keep_mask = 0xFF00_u16 >> used & 0xFF;
        let mask = (keep_mask << 8) >> shift;
        let bits = (u16::from(octet) & keep_mask) << 8 >> shift;
        let [mask_high, mask_low] = mask.to_be_bytes();
        let [high, low] = bits.to_be_bytes();
        let place = first + index;
        target[place] = target[place] & !mask_high | high;
        if mask_low != 0 {
            target[place + 1] = target[place + 1] & !mask_low | low;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_beyond_the_width_are_always_white() {
        let mut page = Bitmap::from_packed(10, vec![0xFF; 4]).unwrap();
        assert_eq!(page.packed(), [0xFF, 0xC0, 0xFF, 0xC0]);
        page.row_mut(1).fill(0xFF);
        page.push_row(&[0xFF, 0xFF, 0xFF]);
        assert_eq!(page.packed(), [0xFF, 0xC0, 0xFF, 0xC0, 0xFF, 0xC0]);
        assert_eq!(page.black_count(), 30);
        page.set(10, 0, true);
        assert_eq!(page.black_count(), 30);
    }

    #[test]
    fn half_a_row_is_no_page() {
        assert_eq!(Bitmap::from_packed(16, vec![0; 3]), None);
        assert_eq!(Bitmap::from_packed(0, vec![]), None);
    }

    #[test]
    fn a_stamp_replaces_black_and_white_alike_and_is_cut_at_the_edge() {
        for x in 0..30 {
            let mut page = Bitmap::from_packed(27, [0xAA_u8; 12].to_vec()).unwrap();
            let stamp = Bitmap::from_packed(11, vec![0b1010_0110, 0b0100_0000, 0xFF, 0xE0]).unwrap();
            let before = page.clone();
            page.stamp(&stamp, x, 1);
            for row in 0..3 {
                for pel in 0..27 {
                    let inside = row >= 1 && pel >= x && pel < x + 11;
                    let expected = if inside { stamp.is_black(pel - x, row - 1) } else { before.is_black(pel, row) };
                    assert_eq!(page.is_black(pel, row), expected, "x {x} pel {pel} row {row}");
                }
            }
        }
    }

    #[test]
    fn cropping_takes_the_rows_that_exist() {
        let page = Bitmap::from_packed(8, vec![1, 2, 3, 4]).unwrap();
        assert_eq!(page.crop_rows(1, 2).packed(), [2, 3]);
        assert_eq!(page.crop_rows(3, 9).packed(), [4]);
        assert_eq!(page.crop_rows(9, 9).rows(), 0);
    }
}
