//! Copy quality: whether a page received without error correction is confirmed, confirmed with a wish to train
//! again, or refused.
//!
//! T.30 leaves the measure to the receiver (T.30 (09/2005) §5.3.6.1.7); these are the thresholds that fax servers
//! of the field have settled on.

use super::Decoded;
use crate::model::Resolution;

/// What to tell the sender.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum CopyQuality {
    /// Nothing to complain of: MCF.
    Good,
    /// Readable, but the line should be trained again: RTP.
    Poor,
    /// Not readable in part, or empty: RTN.
    Bad,
}

/// Bad rows of a good page, in thousandths of all rows, at most.
pub const GOOD_BAD_ROWS_PER_MILLE: u64 = 50;
/// Bad rows of a poor page, in thousandths of all rows, at most.
pub const POOR_BAD_ROWS_PER_MILLE: u64 = 150;
/// Bad rows in one piece of a good page, in rows of standard resolution, at most: 1.3 mm, less than a small letter.
pub const GOOD_BAD_RUN: u32 = 5;
/// Bad rows in one piece of a poor page, in rows of standard resolution, at most: 4 mm, a line of text.
pub const POOR_BAD_RUN: u32 = 15;

/// Judges a decoded page. Whether it is complete is not judged: that is told by [`Decoded::ended`] and the signals.
#[must_use]
pub fn judge(page: &Decoded, resolution: Resolution) -> CopyQuality {
    if page.rows == 0 {
        return CopyQuality::Bad;
    }
    let share = u64::from(page.bad_rows) * 1000;
    let (rows, run, factor) = (u64::from(page.rows), page.longest_bad_run, resolution.factor());
    if share <= GOOD_BAD_ROWS_PER_MILLE * rows && run <= GOOD_BAD_RUN * factor {
        CopyQuality::Good
    } else if share <= POOR_BAD_ROWS_PER_MILLE * rows && run <= POOR_BAD_RUN * factor {
        CopyQuality::Poor
    } else {
        CopyQuality::Bad
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::{Bitmap, Ended};

    /// White rows in MH, some of them one make-up code short.
    // T.4 (07/2003) §4.1
    fn rows_with_bad(rows: u32, bad: impl Fn(u32) -> bool) -> CopyQuality {
        let row = |row: u32| if bad(row) { "00000000000101100000110101" } else { "00000000000101001101100110101" };
        let bits: String = (0..rows).map(row).chain(["000000000001"; 6]).collect();
        let octet = |bits: &[u8]| bits.iter().fold(0, |octet, bit| octet << 1 | (bit - b'0')) << (8 - bits.len());
        let octets: Vec<u8> = bits.as_bytes().chunks(8).map(octet).collect();
        let limits = crate::image::DecodeLimits { max_rows: 10_000 };
        let decoded = crate::image::decode(&octets, crate::model::Compression::Mh, 1728, limits);
        assert_eq!(decoded.bad_rows, (0..rows).filter(|row| bad(*row)).count() as u32);
        judge(&decoded, Resolution::Standard)
    }

    #[test]
    fn one_bad_row_in_twenty_is_borne_and_three_are_not() {
        // 4.9 % and 15.1 %, as TSB-85 MRGN04 has them.
        assert_eq!(rows_with_bad(388, |row| row % 20 == 7 && row < 380), CopyQuality::Good);
        assert_eq!(rows_with_bad(404, |row| row % 6 == 1 && row < 366), CopyQuality::Bad);
    }

    fn page(rows: u32, bad_rows: u32, longest_bad_run: u32) -> Decoded {
        Decoded { bitmap: Bitmap::white(8, rows), rows, bad_rows, longest_bad_run, ended: Ended::ByMarker }
    }

    #[test]
    fn a_page_without_rows_is_bad_and_one_without_bad_rows_is_good() {
        assert_eq!(judge(&page(0, 0, 0), Resolution::Fine), CopyQuality::Bad);
        assert_eq!(judge(&page(1, 0, 0), Resolution::Fine), CopyQuality::Good);
    }

    #[test]
    fn share_and_longest_run_each_spoil_a_page() {
        assert_eq!(judge(&page(1000, 50, 5), Resolution::Standard), CopyQuality::Good);
        assert_eq!(judge(&page(1000, 51, 1), Resolution::Standard), CopyQuality::Poor);
        assert_eq!(judge(&page(1000, 151, 1), Resolution::Standard), CopyQuality::Bad);
        assert_eq!(judge(&page(1000, 6, 6), Resolution::Standard), CopyQuality::Poor);
        assert_eq!(judge(&page(1000, 16, 16), Resolution::Standard), CopyQuality::Bad);
    }

    #[test]
    fn the_same_gap_in_millimetres_weighs_the_same_at_every_resolution() {
        assert_eq!(judge(&page(4000, 20, 20), Resolution::Superfine), CopyQuality::Good);
        assert_eq!(judge(&page(4000, 21, 21), Resolution::Superfine), CopyQuality::Poor);
    }
}
