//! Every way a fax can end: one sentence for people, one enhanced status code, one retry class.

mod cause;
mod sound;

use std::fmt;

use serde::{Deserialize, Serialize};

pub use cause::Cause;
pub use sound::Sound;

/// How one attempt, or a job as a whole, ended. Claims no more than T.30 proved.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Outcome {
    /// Pages the far end confirmed (MCF, RTP or PIP after the page).
    pub pages_confirmed: u32,
    /// Pages there were to send.
    pub pages_total: u32,
    /// Why the call ended.
    pub cause: Cause,
}

impl Outcome {
    /// An outcome without a single page confirmed.
    #[must_use]
    pub const fn nothing_sent(pages_total: u32, cause: Cause) -> Self {
        Self { pages_confirmed: 0, pages_total, cause }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} of {} pages confirmed: {}", self.pages_confirmed, self.pages_total, self.cause.sentence())
    }
}

/// What may be done after a failed attempt.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum RetryClass {
    /// The fax is over and well; never dial again.
    Delivered,
    /// All pages went out but the last confirmation is missing: dialling again would very likely make a second copy, so it is
    /// reported and left to the sender.
    DoNotRepeat,
    /// The number is busy.
    Busy,
    /// Nobody answered.
    NoAnswer,
    /// The trunk or the network could not place the call.
    Trunk,
    /// The call was up, but the fax failed.
    Fax,
    /// A person, a voice or something that is no fax answered; few tries.
    NotAFax,
    /// Trying again cannot help.
    Never,
    /// Our own side stopped the call (crash, shut-down): dial again at once.
    Resume,
}

/// The phase of T.30 in which something went wrong.
// T.30 (09/2005) §3.1
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Phase {
    /// Call establishment.
    A,
    /// Identification and training.
    B,
    /// Message transmission.
    C,
    /// Confirmation after a page.
    D,
    /// Call release.
    E,
}

impl Phase {
    /// Every phase.
    pub const ALL: [Self; 5] = [Self::A, Self::B, Self::C, Self::D, Self::E];

    const fn words(self) -> &'static str {
        match self {
            Self::A => "before the fax began",
            Self::B => "while the machines agreed on how to send",
            Self::C => "in the middle of a page",
            Self::D => "after a page, before it was confirmed",
            Self::E => "at the end of the call",
        }
    }
}

/// What became of T.38 in a call.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum T38Trial {
    /// Nobody asked for it.
    #[default]
    NotTried,
    /// It was asked for and refused, and not agreed on later.
    Refused,
    /// It was agreed on.
    Agreed,
}

/// What became of V.17 in a call in which we sent pages.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct V17Trial {
    /// Rates of it that were given up as the far end refused the training check (FTT).
    pub refused: u32,
    /// Training checks over it that passed (CFR).
    pub passed: u32,
    /// Pages confirmed whose last octets went over it.
    pub pages: u32,
    /// Whether the call came down to another modem.
    pub left: bool,
    /// Whether control signals, which go over another modem, came damaged as well: then it may be the line.
    pub amid_damage: bool,
}
