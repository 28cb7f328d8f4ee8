//! A grey picture: what a scan, a photograph or a rendered page is before it becomes a fax page.

use std::fmt;

use super::Bitmap;

/// A grey picture, an octet per pel, rows without gaps: 0 is black, 255 is white.
#[derive(Clone, PartialEq, Eq)]
pub struct Grey {
    width: u32,
    rows: u32,
    octets: Vec<u8>,
}

impl Grey {
    /// A white picture.
    #[must_use]
    pub fn white(width: u32, rows: u32) -> Self {
        Self { width, rows, octets: vec![255; width as usize * rows as usize] }
    }

    /// A picture from its octets; `None` if there are fewer than `width` times `rows`. More are dropped.
    #[must_use]
    pub fn from_octets(width: u32, rows: u32, mut octets: Vec<u8>) -> Option<Self> {
        let wanted = (width as usize).checked_mul(rows as usize)?;
        if octets.len() < wanted {
            return None;
        }
        octets.truncate(wanted);
        Some(Self { width, rows, octets })
    }

    /// A bilevel page in black and white.
    #[must_use]
    pub fn of(page: &Bitmap) -> Self {
        let mut octets = Vec::with_capacity(page.width() as usize * page.rows() as usize);
        for row in page.iter_rows() {
            let pels =
                row.iter().flat_map(|octet| (0..8).map(move |bit| if octet << bit & 0x80 == 0 { 255 } else { 0 }));
            octets.extend(pels.take(page.width() as usize));
        }
        Self { width: page.width(), rows: page.rows(), octets }
    }

    /// Width in pels.
    #[must_use]
    pub const fn width(&self) -> u32 {
        self.width
    }

    /// Number of rows.
    #[must_use]
    pub const fn rows(&self) -> u32 {
        self.rows
    }

    /// All rows.
    #[must_use]
    pub fn octets(&self) -> &[u8] {
        &self.octets
    }

    /// One row.
    ///
    /// # Panics
    /// If there is no such row.
    #[must_use]
    pub fn row(&self, row: u32) -> &[u8] {
        let start = row as usize * self.width as usize;
        &self.octets[start..start + self.width as usize]
    }

    /// One row to be written to.
    ///
    /// # Panics
    /// If there is no such row.
    pub fn row_mut(&mut self, row: u32) -> &mut [u8] {
        let start = row as usize * self.width as usize;
        &mut self.octets[start..start + self.width as usize]
    }
}

impl fmt::Debug for Grey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Grey {} x {}", self.width, self.rows)
    }
}
