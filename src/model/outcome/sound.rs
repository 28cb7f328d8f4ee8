//! What answers a call in place of a fax.

use super::RetryClass;

/// What a call that was answered sounds like when it is no fax.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Sound {
    /// A person, or a recording that cannot be told from one.
    Voice,
    /// A greeting, and the tone after which one is to speak.
    AnsweringMachine,
    /// A dial tone: somebody waits for more digits.
    DialTone,
    /// The busy tone of a network that answers before the called side does.
    BusyTone,
    /// The faster one of a network without a way through.
    CongestionTone,
    /// The three tones before an announcement that a number cannot be reached.
    InformationTone,
    /// A modem that carries data and no faxes.
    DataModem,
    /// Nothing.
    Silence,
}

impl Sound {
    /// Every sound.
    pub const ALL: [Self; 8] = [
        Self::Voice,
        Self::AnsweringMachine,
        Self::DialTone,
        Self::BusyTone,
        Self::CongestionTone,
        Self::InformationTone,
        Self::DataModem,
        Self::Silence,
    ];

    pub(super) const fn sentence(self) -> &'static str {
        match self {
            Self::Voice => "a person or a voice answered instead of a fax machine",
            Self::AnsweringMachine => "an answering machine answered instead of a fax machine",
            Self::DialTone => "a dial tone answered instead of a fax machine; the number may be incomplete",
            Self::BusyTone => "the line was busy (busy tone)",
            Self::CongestionTone => "the telephone network could not place the call (congestion tone)",
            Self::InformationTone => "the telephone network announced that the number cannot be reached",
            Self::DataModem => "a data modem answered instead of a fax machine",
            Self::Silence => "the call was answered, but nothing at all was heard",
        }
    }

    /// The word in rows.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Voice => "voice",
            Self::AnsweringMachine => "answering-machine",
            Self::DialTone => "dial-tone",
            Self::BusyTone => "busy-tone",
            Self::CongestionTone => "congestion-tone",
            Self::InformationTone => "information-tone",
            Self::DataModem => "data-modem",
            Self::Silence => "silence",
        }
    }

    pub(super) const fn enhanced_code(self) -> &'static str {
        match self {
            Self::Voice | Self::AnsweringMachine | Self::DialTone | Self::DataModem | Self::Silence => "5.4.4",
            Self::BusyTone => "4.4.1",
            Self::CongestionTone => "4.4.2",
            Self::InformationTone => "5.1.2",
        }
    }

    pub(super) const fn retry_class(self) -> RetryClass {
        match self {
            // It is somebody's telephone that rings, or a number that is none.
            Self::Voice
            | Self::AnsweringMachine
            | Self::DialTone
            | Self::InformationTone
            | Self::DataModem
            | Self::Silence => RetryClass::NotAFax,
            // Of a network that is full another try soon is as good as one to a busy line.
            Self::BusyTone | Self::CongestionTone => RetryClass::Busy,
        }
    }
}
