//! Single bits to and from octets, most significant bit first, through a 64-bit accumulator.
//!
//! FillOrder of TIFF (least significant bit first) is no matter of this module: such octets are turned round as a
//! whole, see [`reverse_bits`].

/// Writes codes one after the other.
pub(super) struct BitWriter {
    /// Octets written, and room behind them.
    octets: Vec<u8>,
    /// Whole octets written.
    written: usize,
    /// Bits not yet written, left-aligned; bits below them are 0.
    pending: u64,
    /// Number of pending bits, below 8 between calls.
    count: u32,
}

/// Bits that [`BitWriter::put`] takes at once.
pub(super) const MAX_PUT: u32 = 56;

impl BitWriter {
    pub(super) fn with_capacity(octets: usize) -> Self {
        Self { octets: vec![0; octets + 8], written: 0, pending: 0, count: 0 }
    }

    /// Makes room for so many bits more, without which [`BitWriter::put`] panics.
    pub(super) fn reserve(&mut self, bits: usize) {
        let wanted = self.written + bits / 8 + 16;
        if wanted > self.octets.len() {
            self.octets.resize(wanted.max(self.octets.len() * 2), 0);
        }
    }

    /// Appends the lower `length` bits of `code`, 1 to [`MAX_PUT`]; higher bits of `code` are 0.
    #[inline]
    pub(super) fn put(&mut self, code: u64, length: u32) {
        debug_assert!((1..=MAX_PUT).contains(&length) && code >> length == 0);
        let pending = self.pending | code << (64 - length) >> self.count;
        let count = self.count + length;
        self.octets[self.written..self.written + 8].copy_from_slice(&pending.to_be_bytes());
        self.written += count as usize / 8;
        self.pending = if count < 64 { pending << (count & !7) } else { 0 };
        self.count = count & 7;
    }

    /// Appends `count` zero bits.
    pub(super) fn put_zeros(&mut self, count: u32) {
        self.put_many(count, 0);
    }

    /// Appends `count` one bits.
    pub(super) fn put_ones(&mut self, count: u32) {
        self.put_many(count, u64::MAX);
    }

    fn put_many(&mut self, count: u32, bits: u64) {
        self.reserve(count as usize);
        let mut left = count;
        while left > 0 {
            let some = left.min(MAX_PUT);
            self.put(bits >> (64 - some), some);
            left -= some;
        }
    }

    /// Bits written so far.
    pub(super) fn bits(&self) -> u64 {
        self.written as u64 * 8 + u64::from(self.count)
    }

    /// The octets, the last one filled up with zero bits.
    pub(super) fn finish(mut self) -> Vec<u8> {
        self.reserve(0);
        self.octets[self.written..self.written + 8].copy_from_slice(&self.pending.to_be_bytes());
        self.octets.truncate(self.written + usize::from(self.count > 0));
        self.octets
    }
}

/// Reads bits of a slice. Behind the end it reads zeros, which is told by [`BitReader::overran`].
#[derive(Clone)]
pub(super) struct BitReader<'a> {
    /// Octets that are not loaded yet.
    rest: &'a [u8],
    /// Octets of the whole slice.
    length: usize,
    /// Octets of zeros made up behind the end.
    made_up: usize,
    /// Loaded bits, left-aligned; bits below the first [`BitReader::ready`] may be loaded already, and are right.
    loaded: u64,
    /// The lower 6 bits are the number of loaded bits. The rest is of no use, so that [`BitReader::skip_entry`] needs no
    /// mask.
    count: u32,
}

/// What stands at a place where an end of line is expected.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum LineEnd {
    /// An EOL; it has been read, with all its fill.
    Found,
    /// Data without an EOL; nothing has been read.
    Missing,
    /// Zeros, or nothing, up to the end of the data.
    OutOfData,
}

/// Zeros in front of the 1 of an EOL, at least.
// T.4 (07/2003) §4.1.2
pub(super) const EOL_ZEROS: u32 = 11;

/// Bits that are ready after [`BitReader::refill`].
pub(super) const READY_BITS: u32 = 56;

impl<'a> BitReader<'a> {
    /// A reader that starts at bit `position`.
    pub(super) fn new(octets: &'a [u8], position: u64) -> Self {
        let next = usize::try_from(position / 8).unwrap_or(usize::MAX).min(octets.len());
        let mut reader = Self { rest: &octets[next..], length: octets.len(), made_up: 0, loaded: 0, count: 0 };
        reader.refill();
        reader.skip((position % 8) as u32);
        reader
    }

    /// How many bits are ready.
    #[inline]
    const fn ready(&self) -> u32 {
        self.count & 63
    }

    /// Makes at least [`READY_BITS`] bits ready.
    #[inline]
    pub(super) fn refill(&mut self) {
        if !self.refill_within() {
            *self = self.clone().refilled_at_the_end();
        }
    }

    /// The same except near the end, where it does nothing and returns false.
    #[inline]
    pub(super) fn refill_within(&mut self) -> bool {
        let Some(eight) = self.rest.first_chunk() else { return false };
        self.loaded |= u64::from_be_bytes(*eight) >> self.ready();
        // As many as there is room for: 63 less those ready, in octets.
        self.rest = &self.rest[(!self.count >> 3 & 7) as usize..];
        self.count |= READY_BITS;
        true
    }

    /// Takes and returns the reader, so that one which is not at its end may live in registers.
    #[cold]
    #[inline(never)]
    fn refilled_at_the_end(mut self) -> Self {
        self.count = self.ready();
        while self.count < READY_BITS {
            if let Some((&octet, rest)) = self.rest.split_first() {
                self.loaded |= u64::from(octet) << (56 - self.count);
                self.rest = rest;
            } else {
                self.made_up += 1;
            }
            self.count += 8;
        }
        self
    }

    /// The next `length` bits, 1 to 32, of those made ready.
    #[inline]
    pub(super) fn peek(&self, length: u32) -> usize {
        (self.loaded >> (64 - length)) as usize
    }

    /// How many 1 bits come next, of those made ready.
    #[inline]
    pub(super) fn leading_ones(&self) -> u32 {
        (!self.loaded).leading_zeros().min(self.ready())
    }

    /// Whether the next `length` bits, 1 to [`READY_BITS`], of those made ready are all 1.
    #[inline]
    pub(super) fn are_ones(&self, length: u32) -> bool {
        !self.loaded >> (64 - length) == 0
    }

    /// Passes over bits made ready.
    #[inline]
    pub(super) fn skip(&mut self, length: u32) {
        debug_assert!(length <= self.ready());
        self.loaded <<= length;
        self.count = self.count.wrapping_sub(length);
    }

    /// Passes over bits made ready, as many as the lower 6 bits of a table's entry say.
    #[inline]
    pub(super) fn skip_entry(&mut self, entry: u32) {
        debug_assert!(entry & 63 <= self.ready());
        self.loaded <<= entry & 63;
        self.count = self.count.wrapping_sub(entry);
    }

    /// Reads one bit.
    #[inline]
    pub(super) fn bit(&mut self) -> bool {
        self.refill();
        let bit = self.peek(1) == 1;
        self.skip(1);
        bit
    }

    /// Bits read so far, from the start of the slice; may be more than there are.
    #[inline]
    pub(super) fn position(&self) -> u64 {
        (self.length - self.rest.len() + self.made_up) as u64 * 8 - u64::from(self.ready())
    }

    /// Bits left.
    #[inline]
    pub(super) fn remaining(&self) -> u64 {
        (self.length as u64 * 8).saturating_sub(self.position())
    }

    /// Whether fewer than `octets` octets may be left.
    #[inline]
    pub(super) const fn is_near_end(&self, octets: usize) -> bool {
        self.rest.len() < octets
    }

    /// Whether bits behind the end were read.
    #[inline]
    pub(super) fn overran(&self) -> bool {
        self.made_up > 0 && self.position() > self.length as u64 * 8
    }

    /// Goes on at the next octet.
    pub(super) fn align(&mut self) {
        self.skip(self.count % 8);
    }

    /// Reads fill and an EOL if they are next.
    #[inline(always)]
    pub(super) fn take_line_end(&mut self) -> LineEnd {
        self.refill();
        // What is made up behind the end is zeros, so a 1 is there.
        if self.peek(EOL_ZEROS) != 0 {
            return LineEnd::Missing;
        }
        // Mostly there is no fill, and to know the length beforehand is quicker than to count.
        if self.peek(EOL_ZEROS + 1) == 1 {
            self.skip(EOL_ZEROS + 1);
            return LineEnd::Found;
        }
        let zeros = self.loaded.leading_zeros();
        if zeros < self.ready() {
            self.skip(zeros + 1);
            return LineEnd::Found;
        }
        self.take_long_fill()
    }

    /// How many bits an EOL ends in that stands, perhaps with fill, behind so many of those made ready; 0 if there is none or
    /// if it and another bit are not all ready.
    #[inline]
    pub(super) fn line_end_behind(&self, length: u32) -> u32 {
        let zeros = (self.loaded << length).leading_zeros();
        if zeros >= EOL_ZEROS && length + zeros + 1 < READY_BITS { length + zeros + 1 } else { 0 }
    }

    /// Reads on where there are only zeros in the bits made ready.
    #[cold]
    fn take_long_fill(&mut self) -> LineEnd {
        while self.remaining() > u64::from(self.ready()) {
            self.skip(self.ready());
            self.refill();
            let zeros = self.loaded.leading_zeros();
            if zeros < self.ready() {
                self.skip(zeros + 1);
                return LineEnd::Found;
            }
        }
        LineEnd::OutOfData
    }

    /// Reads on to the end of the next EOL. Returns the position of its first zero, or `None` if there is none.
    pub(super) fn find_line_end(&mut self) -> Option<u64> {
        loop {
            self.refill();
            let start = self.position();
            match self.take_line_end() {
                LineEnd::Found => return Some(start),
                LineEnd::OutOfData => return None,
                LineEnd::Missing => {
                    let zeros = self.loaded.leading_zeros().min(EOL_ZEROS);
                    self.skip(zeros);
                    self.skip(self.leading_ones());
                }
            }
        }
    }
}

/// Turns every octet round: from least to most significant bit first and back.
#[must_use]
pub fn reverse_bits(octets: &[u8]) -> Vec<u8> {
    octets.iter().map(|octet| octet.reverse_bits()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let mut writer = BitWriter::with_capacity(0);
        for length in 1..=32 {
            writer.reserve(32);
            writer.put(u64::from(u32::MAX >> (32 - length) & 0x5A5A_5A5A), length);
        }
        writer.put_zeros(70);
        writer.put_ones(70);
        let bits = writer.bits();
        assert_eq!(bits, 32 * 33 / 2 + 140);
        let octets = writer.finish();
        let mut reader = BitReader::new(&octets, 0);
        for length in 1..=32 {
            reader.refill();
            assert_eq!(reader.peek(length), u32::MAX as usize >> (32 - length) & 0x5A5A_5A5A);
            reader.skip(length);
        }
        assert!((0..70).all(|_| !reader.bit()));
        assert!((0..70).all(|_| reader.bit()));
        assert_eq!(reader.position(), bits);
        assert!(!reader.overran());
    }

    #[test]
    fn an_end_of_line_is_found_at_every_bit_and_after_any_fill() {
        for before in 0..20_u32 {
            for fill in [0, 1, 7, 60, 64, 200] {
                let mut writer = BitWriter::with_capacity(0);
                writer.put_ones(before);
                writer.put_zeros(fill);
                writer.reserve(20);
                writer.put(1, 12);
                writer.put(0b101, 3);
                let octets = writer.finish();
                let mut reader = BitReader::new(&octets, u64::from(before));
                assert_eq!(reader.take_line_end(), LineEnd::Found, "{before} {fill}");
                assert_eq!(reader.position(), u64::from(before + fill + 12));
                let mut reader = BitReader::new(&octets, 0);
                assert_eq!(reader.find_line_end(), Some(u64::from(before)));
                assert_eq!(reader.position(), u64::from(before + fill + 12));
                reader.refill();
                assert_eq!(reader.peek(3), 0b101);
            }
        }
    }

    #[test]
    fn ten_zeros_are_no_end_of_line_and_zeros_to_the_end_are_none_either() {
        let octets = [0b0000_0000, 0b0010_0000, 0];
        let mut reader = BitReader::new(&octets, 0);
        assert_eq!(reader.take_line_end(), LineEnd::Missing);
        assert_eq!(reader.position(), 0);
        assert_eq!(reader.find_line_end(), None);
        let mut reader = BitReader::new(&octets, 11);
        assert_eq!(reader.take_line_end(), LineEnd::OutOfData);
    }
}
