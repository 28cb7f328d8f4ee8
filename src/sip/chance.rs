//! Tokens and numbers that nobody can guess, from a seed that is given: the same seed gives the same call.

use sha2::{Digest, Sha256};

/// A stream of chance. SHA-256 over seed and counter, so that a tag seen on the wire does not tell the next one.
#[derive(Clone, Debug)]
pub(super) struct Chance {
    seed: u64,
    drawn: u64,
}

impl Chance {
    pub(super) fn new(seed: u64) -> Self {
        Self { seed, drawn: 0 }
    }

    /// Any number.
    pub(super) fn number(&mut self) -> u64 {
        self.drawn += 1;
        let mut hash = Sha256::new();
        hash.update(self.seed.to_be_bytes());
        hash.update(self.drawn.to_be_bytes());
        let digest = hash.finalize();
        digest.iter().take(8).fold(0, |number, byte| (number << 8) | u64::from(*byte))
    }

    /// A number below `bound`, which is above 0.
    pub(super) fn below(&mut self, bound: u64) -> u64 {
        self.number() % bound
    }

    /// 16 hexadecimal digits: 64 bits, twice what RFC 3261 §19.3 asks of a tag.
    pub(super) fn token(&mut self) -> String {
        format!("{:016x}", self.number())
    }

    /// A branch of a Via.
    // RFC 3261 §8.1.1.7: the magic cookie in front
    pub(super) fn branch(&mut self) -> String {
        format!("{MAGIC_COOKIE}{}", self.token())
    }
}

const MAGIC_COOKIE: &str = "z9hG4bK";
