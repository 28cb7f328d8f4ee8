//! The index of a packet: its sequence number and how often that has wrapped; and which were there already.
// RFC 3711 §3.3.1, §3.3.2

/// One more than the highest index there can be.
// RFC 3711 §9.2: at most 2^48 packets under one key
const INDEX_BOUND: u64 = 1 << 48;

/// Half the range of sequence numbers.
const HALF: u64 = 1 << 15;

/// Packets behind the newest one that are still told apart from their repetitions. At 20 ms, two seconds and a half.
// RFC 3711 §3.3.2: at least 64
const WINDOW_PACKETS: u64 = 128;

/// The indices of what we send.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sent {
    highest: Option<u64>,
}

impl Sent {
    /// The index of the next packet; none when the key is used up.
    pub(super) fn next(&mut self, sequence: u16) -> Option<u64> {
        let index = self.highest.map_or(Some(u64::from(sequence)), |highest| nearest(highest, sequence))?;
        self.highest = Some(self.highest.map_or(index, |highest| highest.max(index)));
        Some(index)
    }
}

/// The indices of what has come.
#[derive(Clone, Copy, Debug)]
pub(super) struct Received {
    pub(super) highest: u64,
    window: Window,
}

impl Received {
    /// The index of a packet; none when it came before, or may have.
    pub(super) fn index(&self, sequence: u16) -> Option<u64> {
        nearest(self.highest, sequence).filter(|index| self.is_new(*index))
    }

    /// Whether a packet with this index cannot have come before.
    pub(super) fn is_new(&self, index: u64) -> bool {
        self.highest.checked_sub(index).is_none_or(|behind| behind < WINDOW_PACKETS && !self.window.has(behind))
    }

    /// The newest packet is the only one.
    pub(super) const fn beginning(index: u64) -> Self {
        Self { highest: index, window: Window::beginning() }
    }

    /// A packet is genuine.
    pub(super) fn take(&mut self, index: u64) {
        match self.highest.checked_sub(index) {
            Some(behind) => self.window.mark(behind),
            None => {
                self.window.shift(index - self.highest);
                self.highest = index;
            }
        }
    }
}

/// Which of the last packets have come; bit 0 is the newest.
#[derive(Clone, Copy, Debug)]
struct Window(u128);

impl Window {
    /// With the newest packet alone.
    const fn beginning() -> Self {
        Self(1)
    }

    const fn has(self, behind: u64) -> bool {
        behind < WINDOW_PACKETS && self.0 >> behind & 1 == 1
    }

    const fn mark(&mut self, behind: u64) {
        if behind < WINDOW_PACKETS {
            self.0 |= 1 << behind;
        }
    }

    const fn shift(&mut self, ahead: u64) {
        self.0 = if ahead < WINDOW_PACKETS { self.0 << ahead | 1 } else { 1 };
    }
}

/// The index with this sequence number that is nearest to another one; none when there is none.
// RFC 3711 Appendix A
pub(super) fn nearest(highest: u64, sequence: u16) -> Option<u64> {
    let same_round = highest & !0xFFFF | u64::from(sequence);
    let index = if same_round > highest + HALF {
        // Before the first packet there was none.
        same_round.checked_sub(1 << 16)?
    } else if same_round + HALF < highest {
        same_round + (1 << 16)
    } else {
        same_round
    };
    (index < INDEX_BOUND).then_some(index)
}
