//! Packets of 20 ms that get lost.

use crate::chance::Chance;

/// Samples of a packet.
pub(super) const PACKET: usize = 160;

/// What stands in for a lost packet.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Concealment {
    /// Nothing.
    Zeros,
    /// The packet before once more.
    Repetition,
}

/// Which packets get lost.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Packets {
    /// Each with this chance in a thousand.
    PerMille(u32),
    /// Every so many.
    Every(usize),
}

/// Loss.
#[derive(Clone, Copy, Debug)]
pub struct Loss {
    /// Which.
    pub packets: Packets,
    /// What stands in for them.
    pub concealment: Concealment,
    /// Packets at the beginning that are never lost.
    pub spared: usize,
    /// Chooses the chance.
    pub seed: u64,
}

impl Loss {
    /// Which packets of so many samples are lost.
    #[must_use]
    pub fn lost(&self, samples: usize) -> Vec<bool> {
        let mut chance = Chance::new(self.seed);
        let is_lost = |packet: usize| match self.packets {
            Packets::PerMille(many) => chance.per_mille(many),
            Packets::Every(count) => packet % count == count - 1,
        };
        let mut lost: Vec<bool> = (0..samples / PACKET).map(is_lost).collect();
        lost.iter_mut().take(self.spared).for_each(|lost| *lost = false);
        lost
    }

    pub(super) fn apply(&self, signal: &mut [i16]) {
        for (packet, _) in self.lost(signal.len()).iter().enumerate().filter(|(_, lost)| **lost) {
            let at = packet * PACKET;
            match self.concealment {
                Concealment::Repetition if packet > 0 => signal.copy_within(at - PACKET..at, at),
                Concealment::Zeros | Concealment::Repetition => signal[at..at + PACKET].fill(0),
            }
        }
    }
}
