//! DIS, DTC and DCS as one row of numbered bits: [`Feature`] names each single bit of Table 2, methods read the fields of
//! several bits, [`Capability::describe`] says it all in words.
//!
//! Every bit a stranger sent is kept, also those without a name; what was read is written as the same octets. Not here:
//! choosing a DCS for a DIS ([`super::negotiate`]). T.30 (09/2005) §5.3.6.2.1 and Table 2.

mod describe;
mod feature;
mod several;
mod single;
mod value;

pub use feature::{Feature, Reading};
pub use value::{Length, Modems, RowTimes};

/// Octets of a DIS, DTC or DCS that are kept: bits 1 to 256. The last bit that Table 2 names is 127.
pub const MAX_OCTETS: usize = 32;
/// Octets always sent: bits 1 to 24.
const LEAST_OCTETS: usize = 3;

/// The first bits of fields.
mod field {
    pub(super) const RATE: usize = 11;
    pub(super) const WIDTH: usize = 17;
    pub(super) const LENGTH: usize = 19;
    pub(super) const ROW_TIME: usize = 21;
    pub(super) const MIXED_RASTER: usize = 92;
    pub(super) const MEMORY: usize = 117;
    pub(super) const T88: usize = 124;
}

/// The information field of a DIS, DTC or DCS.
#[derive(Clone, PartialEq, Eq, Hash, Default)]
pub struct Capability {
    octets: Vec<u8>,
}

impl Capability {
    /// Reads an information field: as far as the extension bits say that more follows, at most [`MAX_OCTETS`]. A bit that
    /// was not sent is 0.
    #[must_use]
    pub fn read(information: &[u8]) -> Self {
        let mut octets = Vec::with_capacity(information.len().min(MAX_OCTETS));
        for octet in information.iter().take(MAX_OCTETS) {
            octets.push(*octet);
            // T.30 (09/2005) §5.3.6.2.1: bit 24 and every eighth after it say whether another octet follows.
            if octets.len() >= LEAST_OCTETS && octet & 1 == 0 {
                break;
            }
        }
        Self { octets }
    }

    /// Writes the information field: at least three octets, extension bits set. What was read and not changed since has its
    /// octets again, empty ones at its end too.
    #[must_use]
    pub fn write(&self) -> Vec<u8> {
        let mut octets = self.octets.clone();
        octets.resize(octets.len().max(LEAST_OCTETS), 0);
        let last = octets.len() - 1;
        for octet in &mut octets[LEAST_OCTETS - 1..last] {
            *octet |= 1;
        }
        octets[last] &= !1;
        octets
    }

    /// Whether a bit is set.
    #[must_use]
    pub fn has(&self, feature: Feature) -> bool {
        self.bit(feature.number())
    }

    /// Sets or clears a bit.
    pub fn set(&mut self, feature: Feature, value: bool) {
        self.set_bit(feature.number(), value);
    }

    /// One bit by its number in Table 2, from 1.
    #[must_use]
    pub fn bit(&self, number: usize) -> bool {
        let place = number.saturating_sub(1);
        self.octets.get(place / 8).is_some_and(|octet| octet & (0x80 >> (place % 8)) != 0)
    }

    /// Sets one bit by its number in Table 2, from 1 to 256; other numbers and extension bits do nothing. Octets that get empty
    /// at the end are dropped.
    pub fn set_bit(&mut self, number: usize, value: bool) {
        let Some(place) = number.checked_sub(1).filter(|place| *place < MAX_OCTETS * 8) else {
            return;
        };
        let (octet, mask) = (place / 8, 0x80 >> (place % 8));
        if mask == 1 && octet >= LEAST_OCTETS - 1 {
            return;
        }
        if value {
            self.octets.resize(self.octets.len().max(octet + 1), 0);
            self.octets[octet] |= mask;
        } else if let Some(octet) = self.octets.get_mut(octet) {
            *octet &= !mask;
            while self.octets.len() > LEAST_OCTETS && self.octets.last().is_some_and(|last| last & !1 == 0) {
                self.octets.pop();
            }
        }
    }

    fn field(&self, first: usize, count: usize) -> u8 {
        (first..first + count).fold(0, |value, number| value << 1 | u8::from(self.bit(number)))
    }

    fn set_field(&mut self, first: usize, count: usize, value: u8) {
        for (index, number) in (first..first + count).enumerate() {
            self.set_bit(number, value >> (count - 1 - index) & 1 == 1);
        }
    }

    /// The first two octets, the information field of CTC.
    // T.30 (09/2005) §A.4.1
    #[must_use]
    pub fn first_octets(&self) -> [u8; 2] {
        let octet = |index: usize| self.octets.get(index).copied().unwrap_or(0);
        [octet(0), octet(1)]
    }

    /// Starts the bits of a terminal that receives, or a command to receive.
    #[must_use]
    pub fn of_receiver() -> Self {
        let mut capability = Self::default();
        capability.set(Feature::Receives, true);
        capability
    }
}

impl std::fmt::Debug for Capability {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Capability({:02x?})", self.octets)
    }
}

#[cfg(test)]
mod tests;
