//! Pictures: the bilevel page and everything that turns something into it or it into something.
//!
//! - [`Bitmap`], the page; [`Grey`], what a scan or a photograph is before it becomes one
//! - [`encode()`], [`decode()`], [`Decoder`]: T.4 (MH, MR) and T.6 (MMR) as T.30 sends them
//! - [`tiff`]: fax TIFF files in and out
//! - [`halftone`], [`scale`]: grey to bilevel, and changes of size
//! - [`quality`]: is a received page good enough to confirm
//!
//! Everything is a pure function of values. Sockets, files, resolutions wished for and negotiated are for others.

mod bitmap;
mod bits;
mod codes;
mod decode;
mod grey;
pub mod halftone;
mod lines;
mod modes;
pub mod quality;
mod reduce;
mod runs;
pub mod scale;
mod t4;
mod t6;
pub mod tiff;
mod write_lines;

pub use bitmap::{Bitmap, MAX_WIDTH, RowMut};
pub use bits::reverse_bits;
pub use decode::{DEFAULT_MAX_ROWS, DecodeLimits, Decoded, Decoder, Ended, Framing, decode, decode_framed};
pub use grey::Grey;

use crate::model::{Compression, Resolution};

/// How a page is coded for the line.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Coding {
    /// Which code.
    pub compression: Compression,
    /// MR only: at least every so many-th row is coded one-dimensionally (the parameter K). 0 and 1 make every
    /// row one-dimensional, with tag bits.
    // T.4 (07/2003) §4.2
    pub two_dimensional_every: u32,
    /// MH and MR only: bits that a row with its fill and EOL has at least, 0 for none.
    // T.4 (07/2003) §3: minimum transmission time of the total coded scan line
    pub minimum_row_bits: u32,
}

impl Coding {
    /// The coding for a page of this resolution: K is 2 at standard resolution and 4 above it. No fill.
    // T.4 (07/2003) §4.2.1.4: K is a maximum, so a smaller one is always right
    #[must_use]
    pub const fn new(compression: Compression, resolution: Resolution) -> Self {
        let two_dimensional_every = match resolution {
            Resolution::Standard => 2,
            Resolution::Fine
            | Resolution::Superfine
            | Resolution::Dots300
            | Resolution::Ultrafine
            | Resolution::Dots400 => 4,
        };
        Self { compression, two_dimensional_every, minimum_row_bits: 0 }
    }

    /// The same with fill.
    #[must_use]
    pub const fn with_minimum_row_bits(self, minimum_row_bits: u32) -> Self {
        Self { minimum_row_bits, ..self }
    }
}

/// Codes a page with its end mark: RTC for MH and MR, EOFB for MMR. The last octet is filled up with zeros.
#[must_use]
pub fn encode(page: &Bitmap, coding: &Coding) -> Vec<u8> {
    match coding.compression {
        Compression::Mh => t4::encode(page, 0, coding.minimum_row_bits),
        Compression::Mr => t4::encode(page, coding.two_dimensional_every.max(1), coding.minimum_row_bits),
        Compression::Mmr => t6::encode(page),
    }
}

#[cfg(test)]
mod tests;
