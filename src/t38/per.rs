//! Bits of the aligned packed encoding rules, as far as an IFP packet needs them.
//!
//! Not a general ASN.1 codec: enumerations, flags, short lengths and octet strings only. Serves ITU-T X.691.

use thiserror::Error;

/// The bytes ended before the value did: the peer's datagram is cut.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
#[error("the encoding ends in the middle of a value")]
pub(super) struct Truncated;

/// Reads bits from the most significant bit of the first octet on.
#[derive(Clone, Debug)]
pub(super) struct BitReader<'a> {
    octets: &'a [u8],
    position_bits: usize,
}

impl<'a> BitReader<'a> {
    pub(super) const fn new(octets: &'a [u8]) -> Self {
        Self { octets, position_bits: 0 }
    }

    /// Reads one bit.
    pub(super) fn flag(&mut self) -> Result<bool, Truncated> {
        let octet = self.octets.get(self.position_bits / 8).ok_or(Truncated)?;
        let bit = octet >> (7 - self.position_bits % 8) & 1;
        self.position_bits += 1;
        Ok(bit == 1)
    }

    /// Reads up to eight bits as a number.
    pub(super) fn number(&mut self, width_bits: u8) -> Result<u8, Truncated> {
        let mut value = 0;
        for _ in 0..width_bits {
            value = value << 1 | u8::from(self.flag()?);
        }
        Ok(value)
    }

    /// Skips to the next octet boundary.
    pub(super) fn align(&mut self) {
        self.position_bits = self.position_bits.next_multiple_of(8);
    }

    /// Reads octets from the next octet boundary on.
    pub(super) fn octets(&mut self, count: usize) -> Result<&'a [u8], Truncated> {
        self.align();
        let start = self.position_bits / 8;
        let taken = self.octets.get(start..).and_then(|rest| rest.get(..count)).ok_or(Truncated)?;
        self.position_bits += count * 8;
        Ok(taken)
    }

    /// Reads an unconstrained length of up to 16383; the fragmented form reads as cut, for no packet is that long.
    // X.691 (07/2002) §10.9.3.6, §10.9.3.7
    pub(super) fn length(&mut self) -> Result<usize, Truncated> {
        let first = usize::from(self.octets(1)?[0]);
        match first >> 6 {
            0 | 1 => Ok(first),
            2 => Ok((first & 0x3F) << 8 | usize::from(self.octets(1)?[0])),
            _ => Err(Truncated),
        }
    }

    /// Whether all octets were read, a last one begun counting as read.
    pub(super) fn at_end(&self) -> bool {
        self.position_bits.div_ceil(8) >= self.octets.len()
    }
}

/// Writes bits from the most significant bit of the first octet on.
#[derive(Clone, Debug, Default)]
pub(super) struct BitWriter {
    octets: Vec<u8>,
    used_bits: usize,
}

impl BitWriter {
    pub(super) fn flag(&mut self, bit: bool) {
        if self.used_bits.is_multiple_of(8) {
            self.octets.push(0);
        }
        let last = self.octets.last_mut().expect("an octet was pushed before the first bit");
        *last |= u8::from(bit) << (7 - self.used_bits % 8);
        self.used_bits += 1;
    }

    pub(super) fn number(&mut self, value: u8, width_bits: u8) {
        for shift in (0..width_bits).rev() {
            self.flag(value >> shift & 1 == 1);
        }
    }

    pub(super) fn octets(&mut self, octets: &[u8]) {
        self.octets.extend_from_slice(octets);
        self.used_bits = self.octets.len() * 8;
    }

    /// Writes an unconstrained length, which must be under 16384.
    pub(super) fn length(&mut self, length: usize) {
        write_length(&mut self.octets, length);
        self.used_bits = self.octets.len() * 8;
    }

    pub(super) fn finish(self) -> Vec<u8> {
        self.octets
    }
}

/// Appends an unconstrained length determinant of up to [`LONGEST`].
// X.691 (07/2002) §10.9.3.6, §10.9.3.7
pub(super) fn write_length(octets: &mut Vec<u8>, length: usize) {
    debug_assert!(length <= LONGEST, "lengths over {LONGEST} need the fragmented form, which nobody speaks");
    if length >= 0x80 {
        octets.push(0x80 | (length >> 8 & 0x3F) as u8);
    }
    octets.push((length & 0xFF) as u8);
}

/// Octets a length determinant takes.
pub(super) const fn length_octets(length: usize) -> usize {
    if length >= 0x80 { 2 } else { 1 }
}

/// The greatest length without fragments.
pub(super) const LONGEST: usize = 0x3FFF;
