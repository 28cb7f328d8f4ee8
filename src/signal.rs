//! What crosses between T.30 and its carrier.
//!
//! T.30 ([`crate::t30`]) asks its carrier to put one [`Burst`] after the other on the line and hears
//! [`Heard`] events from it. The carrier is T.38 ([`crate::t38`]) or, over G.711, a set of modems; T.30
//! does not know which. This module holds values only.
//!
//! **Bit order.** Octets are written as T.30 prints them: the bit sent first is the most significant
//! bit of the first octet. So the address field is `0xFF`, the control field of a final frame `0xC8`, a DIS has
//! the facsimile control field `0x01`, and bit 1 of a DIS is the most significant bit of its first octet. T.38 carries
//! octets in the same order; a modem that shifts out the least significant bit first turns them round itself.

use std::sync::Arc;
use std::time::Duration;

/// A fast modulation and its rate, as DCS bits 11 to 14 name them.
// T.30 (09/2005) Table 2, bits 11-14
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Modulation {
    /// V.27ter at 2400 bit/s.
    V27ter2400,
    /// V.27ter at 4800 bit/s.
    V27ter4800,
    /// V.29 at 7200 bit/s.
    V29At7200,
    /// V.17 at 7200 bit/s.
    V17At7200,
    /// V.29 at 9600 bit/s.
    V29At9600,
    /// V.17 at 9600 bit/s.
    V17At9600,
    /// V.17 at 12000 bit/s.
    V17At12000,
    /// V.17 at 14400 bit/s.
    V17At14400,
}

impl Modulation {
    /// Every modulation, slowest first.
    pub const ALL: [Self; 8] = [
        Self::V27ter2400,
        Self::V27ter4800,
        Self::V29At7200,
        Self::V17At7200,
        Self::V29At9600,
        Self::V17At9600,
        Self::V17At12000,
        Self::V17At14400,
    ];

    /// The rate of image data in bits per second.
    #[must_use]
    pub const fn bits_per_second(self) -> u32 {
        match self {
            Self::V27ter2400 => 2400,
            Self::V27ter4800 => 4800,
            Self::V29At7200 | Self::V17At7200 => 7200,
            Self::V29At9600 | Self::V17At9600 => 9600,
            Self::V17At12000 => 12_000,
            Self::V17At14400 => 14_400,
        }
    }

    /// The Recommendation's name, for logs and reports: `V.17`.
    #[must_use]
    pub const fn family(self) -> &'static str {
        match self {
            Self::V27ter2400 | Self::V27ter4800 => "V.27ter",
            Self::V29At7200 | Self::V29At9600 => "V.29",
            Self::V17At7200 | Self::V17At9600 | Self::V17At12000 | Self::V17At14400 => "V.17",
        }
    }

    /// Whether the modem has a short training sequence for the message after a long one for the TCF.
    // V.17 §5.3: the resynchronisation signal; V.27ter's short turn-on sequence is not used in T.30.
    #[must_use]
    pub const fn has_short_training(self) -> bool {
        matches!(self, Self::V17At7200 | Self::V17At9600 | Self::V17At12000 | Self::V17At14400)
    }
}

/// Which training sequence opens a fast carrier.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Training {
    /// The full sequence, before a TCF and where the modem has no short one.
    Long,
    /// V.17's resynchronisation sequence, before the message.
    Short,
}

/// The tones that open a fax call.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Tone {
    /// Calling tone: 1100 Hz, 0.5 s on, 3 s off, repeated until stopped.
    // T.30 (09/2005) §4.3.3.2
    Cng,
    /// Called terminal identification: 2100 Hz for 2.6 s to 4.0 s, once.
    // T.30 (09/2005) §4.3.3.1
    Ced,
}

/// One HDLC frame from address to the last octet of its information field, without flags and FCS.
pub type Frame = Vec<u8>;

/// What T.30 asks the carrier to send. The carrier answers `Sent` when the last bit would have left the modem;
/// [`Burst::Tone`] with CNG is the exception, it goes on until the next burst or a stop.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Burst {
    /// A tone.
    Tone(Tone),
    /// Nothing on the line for this long, then `Sent`.
    Silence(Duration),
    /// V.21 channel 2: preamble, then these frames, back to back, each with its FCS.
    Control(Vec<Frame>),
    /// Training and then 1.5 s of zeros: the training check.
    // T.30 (09/2005) §5.3.6.1.4
    TrainingCheck {
        /// Modem and rate.
        modulation: Modulation,
    },
    /// Training, then a page as a plain stream of bits (no error correction).
    Page {
        /// Modem and rate.
        modulation: Modulation,
        /// Long or short training.
        training: Training,
        /// The coded page with its RTC, ready for the line.
        bits: Arc<[u8]>,
    },
    /// Training, then HDLC frames at the fast rate: one partial page of error correction mode, its three RCP frames included.
    // T.30 (09/2005) §A.3.2
    Block {
        /// Modem and rate.
        modulation: Modulation,
        /// Long or short training.
        training: Training,
        /// FCD and RCP frames in the order to send.
        frames: Vec<Frame>,
    },
}

/// What the carrier hears from the far end.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Heard {
    /// A tone was recognised.
    Tone(Tone),
    /// V.21 flags: a control signal has begun.
    Preamble,
    /// A fast carrier was trained; bits or frames follow at this modulation.
    Carrier {
        /// Modem and rate as the carrier saw it.
        modulation: Modulation,
        /// Long or short training.
        training: Training,
    },
    /// A frame with a good check sequence, on V.21 or on the fast carrier, whichever is up.
    Frame(Frame),
    /// A frame whose check sequence was wrong, or that was aborted or lost in part.
    DamagedFrame,
    /// Bits of a fast carrier that carries no HDLC: training check or page.
    Bits(Vec<u8>),
    /// The carrier, V.21 or fast, has stopped.
    End,
}

/// What T.30 expects of the far end next, so that a carrier of modems knows what to train to. T.38 is told by its packets and needs
/// none of it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Listen {
    /// V.21 only.
    Control,
    /// This fast carrier, or V.21 instead of it.
    Fast {
        /// Modem and rate.
        modulation: Modulation,
        /// Long or short training.
        training: Training,
        /// Whether HDLC frames follow the training (error correction), or bits as they are.
        framed: bool,
    },
}
