//! One thing that happened in a call, as it is shown.

use std::time::Duration;

/// Who did it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Side {
    /// We; in a capture made elsewhere the caller.
    Near,
    /// The other end.
    Far,
}

impl Side {
    /// The other one.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Near => Self::Far,
            Self::Far => Self::Near,
        }
    }

    pub(super) const fn index(self) -> usize {
        match self {
            Self::Near => 0,
            Self::Far => 1,
        }
    }
}

/// Where it happened.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Layer {
    /// Signalling.
    Sip,
    /// Sound, in RTP.
    Audio,
    /// The fax, in T.38 or in what modems say over audio.
    Fax,
}

impl Layer {
    /// A word for programs.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Sip => "sip",
            Self::Audio => "audio",
            Self::Fax => "fax",
        }
    }
}

/// How it is to be looked at.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum What {
    /// An ordinary step.
    #[default]
    Ordinary,
    /// The same once more: an answer was missing.
    Again,
    /// Something that should not be: a refusal, damage, loss.
    Fault,
}

impl What {
    /// A word for programs.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Ordinary => "ordinary",
            Self::Again => "again",
            Self::Fault => "fault",
        }
    }
}

/// One thing that happened.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Step {
    /// When it began, from the first packet of the call.
    pub at: Duration,
    /// How long it lasted; nothing for what is a moment.
    pub lasted: Duration,
    /// Who did it.
    pub side: Side,
    /// Where.
    pub layer: Layer,
    /// How to look at it.
    pub what: What,
    /// Its name in the standards: `INVITE`, `180 Ringing`, `DIS`.
    pub name: String,
    /// What it says, in words; may be empty.
    pub detail: String,
}

/// What the network did to the packets of one side.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Loss {
    /// Packets that arrived.
    pub arrived: u64,
    /// Packets that did not, but were rebuilt from those that did.
    pub rebuilt: u64,
    /// Packets that did not arrive at all.
    pub lost: u64,
}

impl Loss {
    /// Packets that did not arrive by themselves, of a hundred.
    #[must_use]
    pub fn percent(self) -> u64 {
        let sent = self.arrived + self.rebuilt + self.lost;
        ((self.rebuilt + self.lost) * 100).checked_div(sent).unwrap_or(0)
    }
}
