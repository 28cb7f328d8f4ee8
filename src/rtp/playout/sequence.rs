//! Sequence numbers of one stream: which packets are new, which came again, how many are missing.

use super::limits::{MOST_DROPOUT, MOST_MISORDER};

/// What a sequence number means.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Place {
    /// Behind the newest one; how many steps.
    Next(u64),
    /// Before the newest one, and not seen until now.
    Earlier,
    /// Seen already.
    Again,
    /// So far off that the sender must have begun anew, if the packet is its own.
    Elsewhere,
}

/// The sequence numbers seen.
#[derive(Clone, Debug)]
pub(super) struct Sequence {
    /// The newest number, with the turns of the 16-bit counter above it.
    highest: u64,
    first: u64,
    /// Which of the newest numbers were seen: bit 0 is `highest`.
    seen: u128,
    received: u64,
}

impl Sequence {
    pub(super) const fn new(first: u16) -> Self {
        // One turn is added, so that a packet from before the first has a number too.
        let first = first as u64 + TURN;
        Self { highest: first, first, seen: 1, received: 1 }
    }

    /// Places a number and remembers that it was seen.
    // RFC 3550 Appendix A.1: jumps forwards and back that are still taken for loss and reordering
    pub(super) fn see(&mut self, number: u16) -> Place {
        let ahead = number.wrapping_sub(self.highest as u16);
        if ahead != 0 && ahead < MOST_DROPOUT {
            let steps = u64::from(ahead);
            self.highest += steps;
            self.seen = if steps < u64::from(u128::BITS) { self.seen << steps | 1 } else { 1 };
            self.received += 1;
            return Place::Next(steps);
        }
        let behind = u64::from((self.highest as u16).wrapping_sub(number));
        if behind >= u64::from(MOST_MISORDER) {
            return Place::Elsewhere;
        }
        let bit = 1 << behind;
        if self.seen & bit != 0 {
            return Place::Again;
        }
        self.seen |= bit;
        self.first = self.first.min(self.highest - behind);
        self.received += 1;
        Place::Earlier
    }

    /// The newest number with the turns of its counter, as a report has it.
    // RFC 3550 §6.4.1: extended highest sequence number received
    pub(super) const fn extended(&self) -> u32 {
        (self.highest - TURN) as u32
    }

    /// Packets that should have come from the first to the newest.
    pub(super) const fn expected(&self) -> u64 {
        self.highest - self.first + 1
    }

    /// Packets that did come, each counted once.
    pub(super) const fn received(&self) -> u64 {
        self.received
    }
}

/// Numbers of the 16-bit counter.
const TURN: u64 = 1 << 16;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_wrap_and_are_counted_once() {
        let mut sequence = Sequence::new(65_534);
        assert_eq!(sequence.see(65_535), Place::Next(1));
        assert_eq!(sequence.see(1), Place::Next(2));
        assert_eq!(sequence.see(0), Place::Earlier);
        assert_eq!(sequence.see(0), Place::Again);
        assert_eq!(sequence.see(1), Place::Again);
        assert_eq!(sequence.see(65_533), Place::Earlier);
        assert_eq!((sequence.expected(), sequence.received()), (5, 5));
        assert_eq!(sequence.extended(), 65_537);
    }

    #[test]
    fn a_far_number_is_elsewhere_and_changes_nothing() {
        let mut sequence = Sequence::new(100);
        for number in [20_000, 60_000, 65_500] {
            assert_eq!(sequence.see(number), Place::Elsewhere, "{number}");
        }
        assert_eq!(sequence.see(101), Place::Next(1));
        assert_eq!(sequence.see(3100), Place::Next(2999));
        assert_eq!((sequence.expected(), sequence.received()), (3001, 3));
    }
}
