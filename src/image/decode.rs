//! Coded bits into a page, row by row as they arrive or all at once, with an account of the damage.

use super::bitmap::Bitmap;
use super::bits::BitReader;
use super::lines::{Row, WhiteCode};
use super::runs::{Changes, FIRST, Painter};
use super::{t4, t6};
use crate::model::Compression;

/// Rows that [`DecodeLimits::default`] allows: 4 m at 15.4 lines per millimetre, beyond any roll of paper.
pub const DEFAULT_MAX_ROWS: u32 = 61_600;

/// Rows that there is room for at once: A4 at fine resolution.
const USUAL_ROWS: u32 = 2400;
/// Rows that are made white at once.
const ROWS_AHEAD: u32 = 8;

/// Bits that must be there before a row is read from a stream that goes on: a longer code than any, and the fill
/// that may follow.
const LOOK_AHEAD_BITS: u64 = 64;
/// Octets read already that are kept in a stream before the rest is moved to the front.
const KEPT_OCTETS: usize = 16 * 1024;
/// Octets that a stream may have without getting on (a row, its fill, or garbage in front of the first end of
/// line) before they are dropped: 36 seconds at 14400 bit/s.
const STUCK_OCTETS: usize = 64 * 1024;

/// What the caller allows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct DecodeLimits {
    /// Rows of the page, at most; decoding ends there.
    pub max_rows: u32,
}

impl Default for DecodeLimits {
    fn default() -> Self {
        Self { max_rows: DEFAULT_MAX_ROWS }
    }
}

/// Why a page ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ended {
    /// By its own mark: return to control, or end of facsimile block.
    ByMarker,
    /// The data ended first.
    ByEndOfData,
    /// By damage behind which nothing can be read (T.6, or rows without ends of line).
    ByDamage,
    /// By [`DecodeLimits::max_rows`].
    ByLimit,
}

/// A decoded page.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Decoded {
    /// The page; each bad row is a copy of the row above it.
    pub bitmap: Bitmap,
    /// Rows in `bitmap`, bad ones included.
    pub rows: u32,
    /// Rows that could not be read. The row at which T.6 broke off counts, but is not in `bitmap`.
    pub bad_rows: u32,
    /// Most bad rows one after the other.
    pub longest_bad_run: u32,
    /// Why it ended.
    pub ended: Ended,
}

/// How rows are framed, beyond the compression.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Framing {
    /// As T.30 sends it: MH and MR with ends of line. Without a single one in the data, MH is read as rows that
    /// follow each other directly.
    Line,
    /// MH rows without ends of line, each starting at an octet.
    // TIFF 6.0 section 10, Compression 2
    AlignedRows,
}

/// Decodes a whole page as it came from the line.
#[must_use]
pub fn decode(data: &[u8], compression: Compression, width: u32, limits: DecodeLimits) -> Decoded {
    decode_framed(data, compression, Framing::Line, width, limits)
}

/// Decodes a whole page or strip with a framing of its own.
#[must_use]
pub fn decode_framed(
    data: &[u8],
    compression: Compression,
    framing: Framing,
    width: u32,
    limits: DecodeLimits,
) -> Decoded {
    let mut rows = Rows::new(compression, framing, width, limits);
    let mut bits = BitReader::new(data, 0);
    while rows.next(&mut bits) {}
    rows.finish()
}

/// Decodes a page while it arrives.
#[derive(Debug)]
pub struct Decoder {
    rows: Rows,
    buffer: Vec<u8>,
    /// Bits of `buffer` that are done with.
    position: u64,
}

impl Decoder {
    /// A decoder for a page of this width in pels.
    #[must_use]
    pub fn new(compression: Compression, width: u32, limits: DecodeLimits) -> Self {
        Self { rows: Rows::new(compression, Framing::Line, width, limits), buffer: Vec::new(), position: 0 }
    }

    /// Takes the next octets; afterwards all rows that are surely complete are in [`Decoder::page`].
    pub fn feed(&mut self, octets: &[u8]) {
        if self.rows.ended.is_some() {
            return;
        }
        self.buffer.extend_from_slice(octets);
        let mut bits = BitReader::new(&self.buffer, self.position);
        while self.rows.ended.is_none() && bits.remaining() > LOOK_AHEAD_BITS {
            let before = (self.rows.place, bits.clone());
            let counted = self.rows.next_if(&mut bits, LOOK_AHEAD_BITS);
            if !counted {
                (self.rows.place, bits) = before;
                break;
            }
        }
        self.position = bits.position();
        self.rows.bitmap.truncate(self.rows.count);
        self.drop_old_octets();
    }

    fn drop_old_octets(&mut self) {
        let done = usize::try_from(self.position / 8).unwrap_or(usize::MAX).min(self.buffer.len());
        let stuck = self.buffer.len() - done;
        if stuck > STUCK_OCTETS {
            self.buffer.drain(..self.buffer.len() - 2);
            self.position = 0;
            self.rows.lose();
        } else if done > KEPT_OCTETS {
            self.buffer.drain(..done);
            self.position %= 8;
        }
    }

    /// The rows so far.
    #[must_use]
    pub const fn page(&self) -> &Bitmap {
        &self.rows.bitmap
    }

    /// Bad rows so far.
    #[must_use]
    pub const fn bad_rows(&self) -> u32 {
        self.rows.bad_rows
    }

    /// Whether the page's own mark, damage or the limit has ended it; more octets change nothing.
    #[must_use]
    pub const fn ended(&self) -> Option<Ended> {
        self.rows.ended
    }

    /// There is no more: reads what is left.
    #[must_use]
    pub fn finish(mut self) -> Decoded {
        let mut bits = BitReader::new(&self.buffer, self.position);
        while self.rows.next(&mut bits) {}
        self.rows.finish()
    }
}

/// The page and where its decoding stands.
#[derive(Debug)]
struct Rows {
    place: Coded,
    /// The rows so far, and some white ones that are to be drawn to.
    bitmap: Bitmap,
    /// Rows so far.
    count: u32,
    /// The row shown last that was no bad one; white at the top.
    above: Changes,
    row: Changes,
    painter: Painter,
    /// A white row of run lengths.
    white_code: WhiteCode,
    limits: DecodeLimits,
    bad_rows: u32,
    bad_run: u32,
    longest_bad_run: u32,
    ended: Option<Ended>,
}

/// The coding and the place in it.
#[derive(Clone, Copy, Debug)]
enum Coded {
    T4 { tagged: bool, place: t4::Place },
    T6,
}

/// What a step does to the page.
enum Step {
    Row,
    SameRow,
    BadRow,
    Nothing,
    RowAndEnd,
    SameRowAndEnd,
    BadRowAndEnd(Ended),
    End(Ended),
}

impl Rows {
    fn new(compression: Compression, framing: Framing, width: u32, limits: DecodeLimits) -> Self {
        let mut bitmap = Bitmap::new(width);
        bitmap.reserve_rows(limits.max_rows.min(USUAL_ROWS));
        let start = match framing {
            Framing::Line => t4::Place::Start,
            Framing::AlignedRows => t4::Place::BackToBack { aligned: true },
        };
        let place = match compression {
            Compression::Mh => Coded::T4 { tagged: false, place: start },
            Compression::Mr => Coded::T4 { tagged: true, place: start },
            Compression::Mmr => Coded::T6,
        };
        let (above, row) = (Changes::white(bitmap.width()), Changes::white(bitmap.width()));
        let white_code = WhiteCode::new(bitmap.width());
        let painter = Painter::new(bitmap.width());
        Self {
            place,
            bitmap,
            count: 0,
            above,
            row,
            painter,
            white_code,
            limits,
            bad_rows: 0,
            bad_run: 0,
            longest_bad_run: 0,
            ended: None,
        }
    }

    /// Reads on; false when the page has ended.
    fn next(&mut self, bits: &mut BitReader<'_>) -> bool {
        if self.ended.is_none() {
            self.next_if(bits, 0);
        }
        self.ended.is_none()
    }

    /// Reads on, but forgets what was read if fewer than `look_ahead` bits are left then. Returns whether it counted.
    fn next_if(&mut self, bits: &mut BitReader<'_>, look_ahead: u64) -> bool {
        if self.count >= self.limits.max_rows {
            self.ended = Some(Ended::ByLimit);
            return true;
        }
        if self.take_white_rows(bits, look_ahead) {
            return true;
        }
        let step = match &mut self.place {
            Coded::T4 { tagged, place } => {
                match t4::decode_next(place, bits, *tagged, look_ahead > 0, (&self.above, &mut self.row)) {
                    t4::Found::Row(Row::New) => Step::Row,
                    t4::Found::Row(Row::Same) => Step::SameRow,
                    t4::Found::BadRow => Step::BadRow,
                    t4::Found::Nothing => Step::Nothing,
                    t4::Found::ReturnToControl => Step::End(Ended::ByMarker),
                    t4::Found::LastRow(Row::New) => Step::RowAndEnd,
                    t4::Found::LastRow(Row::Same) => Step::SameRowAndEnd,
                    t4::Found::OutOfData => Step::End(Ended::ByEndOfData),
                    t4::Found::Lost => Step::BadRowAndEnd(Ended::ByDamage),
                }
            }
            Coded::T6 => match t6::decode_row(bits, &self.above, &mut self.row) {
                t6::Found::Row(Row::New) => Step::Row,
                t6::Found::Row(Row::Same) => Step::SameRow,
                t6::Found::EndOfBlock => Step::End(Ended::ByMarker),
                t6::Found::OutOfData | t6::Found::CutRow => Step::End(Ended::ByEndOfData),
                t6::Found::Damage => Step::BadRowAndEnd(Ended::ByDamage),
            },
        };
        if look_ahead > 0 && bits.remaining() < look_ahead {
            return false;
        }
        self.apply(step);
        true
    }

    fn apply(&mut self, step: Step) {
        match step {
            Step::Row => self.show_row(),
            Step::SameRow => self.show_same_row(),
            Step::BadRow => {
                self.count_bad_row();
                self.repeat_last_row();
            }
            Step::Nothing => {}
            Step::RowAndEnd => {
                self.show_row();
                self.ended = Some(Ended::ByEndOfData);
            }
            Step::SameRowAndEnd => {
                self.show_same_row();
                self.ended = Some(Ended::ByEndOfData);
            }
            Step::BadRowAndEnd(ended) => {
                self.count_bad_row();
                self.ended = Some(ended);
            }
            Step::End(ended) => self.ended = Some(ended),
        }
    }

    /// Takes white rows below a white row as far as they can be told by few bits. Returns whether there was one.
    #[inline]
    fn take_white_rows(&mut self, bits: &mut BitReader<'_>, look_ahead: u64) -> bool {
        let most = self.limits.max_rows - self.count;
        let above_is_white = self.above.count() == 0;
        let rows = match &mut self.place {
            Coded::T4 { tagged, place } => {
                t4::take_white_rows(place, bits, *tagged, look_ahead, (above_is_white, self.white_code, most))
            }
            Coded::T6 if above_is_white => t6::take_white_rows(bits, look_ahead, most),
            Coded::T6 => 0,
        };
        if rows > 0 {
            self.bad_run = 0;
            self.above.close_at(FIRST);
            self.count += rows;
            self.make_room(0);
        }
        rows > 0
    }

    /// Adds white rows to the page if it has not as many as there are, and `more`.
    #[inline]
    fn make_room(&mut self, more: u32) {
        let missing = (self.count + more).saturating_sub(self.bitmap.rows());
        if missing > 0 {
            self.bitmap.push_white_rows(missing + ROWS_AHEAD);
        }
    }

    /// Adds a row, which is white.
    fn add_row(&mut self) -> u32 {
        self.make_room(1);
        self.count += 1;
        self.count - 1
    }

    fn show_row(&mut self) {
        self.bad_run = 0;
        let row = self.add_row();
        self.painter.paint(&self.row, self.bitmap.row_unmasked(row));
        std::mem::swap(&mut self.row, &mut self.above);
    }

    /// The row is the one that was shown last, or white at the top of the page.
    fn show_same_row(&mut self) {
        self.bad_run = 0;
        self.repeat_last_row();
    }

    fn repeat_last_row(&mut self) {
        let row = self.add_row();
        if row > 0 {
            self.bitmap.copy_row_above(row);
        }
    }

    fn count_bad_row(&mut self) {
        self.bad_rows += 1;
        self.bad_run += 1;
        self.longest_bad_run = self.longest_bad_run.max(self.bad_run);
    }

    /// So much was dropped that at least a row is gone.
    fn lose(&mut self) {
        match &mut self.place {
            Coded::T4 { place, .. } => {
                if *place != t4::Place::Start {
                    *place = t4::Place::Damage;
                    self.count_bad_row();
                }
            }
            Coded::T6 => {
                self.count_bad_row();
                self.ended = Some(Ended::ByDamage);
            }
        }
    }

    fn finish(mut self) -> Decoded {
        self.bitmap.truncate(self.count);
        Decoded {
            rows: self.count,
            bitmap: self.bitmap,
            bad_rows: self.bad_rows,
            longest_bad_run: self.longest_bad_run,
            ended: self.ended.unwrap_or(Ended::ByEndOfData),
        }
    }
}
