//! What the targets share: fuzz octets taken apart into numbers and pieces, and a base for virtual time.
//!
//! Not here: anything of one protocol. Inputs of a target are read front to back, so that a seed can be written by hand.

pub mod line;

use std::time::Instant;

/// The octets of one run.
#[derive(Clone, Copy, Debug)]
pub struct Feed<'a> {
    rest: &'a [u8],
}

impl<'a> Feed<'a> {
    /// All of it is still to be taken.
    #[must_use]
    pub const fn new(octets: &'a [u8]) -> Self {
        Self { rest: octets }
    }

    /// Whether nothing is left.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// The next octet, 0 when nothing is left.
    pub fn octet(&mut self) -> u8 {
        self.piece(1).first().copied().unwrap_or(0)
    }

    /// The next two octets, the first the higher.
    pub fn number(&mut self) -> u16 {
        u16::from(self.octet()) << 8 | u16::from(self.octet())
    }

    /// An octet that says how many octets follow, and those.
    pub fn counted(&mut self) -> &'a [u8] {
        let count = usize::from(self.octet());
        self.piece(count)
    }

    /// At most so many octets.
    pub fn piece(&mut self, most: usize) -> &'a [u8] {
        let (piece, rest) = self.rest.split_at(most.min(self.rest.len()));
        self.rest = rest;
        piece
    }

    /// All that is left.
    #[must_use]
    pub const fn rest(self) -> &'a [u8] {
        self.rest
    }
}

/// Repeatable numbers from a seed, for what must not depend on the octets under test, such as where they are split.
pub fn chance(seed: u64) -> impl FnMut() -> u64 {
    let mut state = seed | 1;
    move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    }
}

/// Splits octets at places that the seed chooses, mostly into short pieces.
pub fn split(octets: &[u8], seed: u8) -> impl Iterator<Item = &[u8]> {
    let mut next = chance(u64::from(seed) * 0x9E37_79B9 + 1);
    let mut feed = Feed::new(octets);
    std::iter::from_fn(move || {
        let most = if next() % 4 == 0 { 200 } else { 7 };
        let count = usize::try_from(next() % most).unwrap_or(0) + 1;
        Some(feed.piece(count)).filter(|piece| !piece.is_empty())
    })
}

/// A moment to count virtual time from; the clock is not read again.
#[must_use]
pub fn base() -> Instant {
    #[expect(clippy::disallowed_methods, reason = "a base for virtual time")]
    Instant::now()
}
