//! How a command ends: an exit code for scripts and, when something went wrong, a sentence and what to do next.
//!
//! The codes are those of sysexits(3), as mail programs use them.

use std::process::ExitCode;

/// The exit codes, each with one meaning over all commands.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Exit {
    /// All that was asked for was done.
    Ok,
    /// What was asked for could not be done, or the fax was not confirmed whole.
    Failed,
    /// The command line is wrong (EX_USAGE).
    Usage,
    /// A file or number given is not what it has to be (EX_DATAERR).
    Data,
    /// Something needed is not there: the queue, the server, a socket, the disk (EX_UNAVAILABLE).
    Unavailable,
    /// The same command may work later (EX_TEMPFAIL).
    TryLater,
    /// The configuration has faults, or lacks what the command needs (EX_CONFIG).
    Config,
}

impl Exit {
    /// Every code.
    pub const ALL: [Self; 7] =
        [Self::Ok, Self::Failed, Self::Usage, Self::Data, Self::Unavailable, Self::TryLater, Self::Config];

    /// The number the shell sees.
    // sysexits(3)
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Ok => 0,
            Self::Failed => 1,
            Self::Usage => 64,
            Self::Data => 65,
            Self::Unavailable => 69,
            Self::TryLater => 75,
            Self::Config => 78,
        }
    }

    /// What it means, as the manual says it.
    #[must_use]
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Ok => "All that was asked for was done.",
            Self::Failed => "It could not be done; or the fax was not confirmed whole by the receiving machine.",
            Self::Usage => "The command line is wrong.",
            Self::Data => "A file or a number that was given is not what it has to be.",
            Self::Unavailable => "Something that is needed is not there: the queue, the server, a socket, the disk.",
            Self::TryLater => "It cannot be done now; the same command may work later.",
            Self::Config => "The configuration has faults, or lacks what the command needs.",
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

/// Why a command stopped; told on the standard error output.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{sentence}")]
pub struct Failure {
    /// The exit code, which says whose fault it is.
    pub exit: Exit,
    /// What is wrong.
    pub sentence: String,
    /// What to do next; may be empty.
    pub advice: String,
}

impl Failure {
    /// A failure without advice.
    #[must_use]
    pub fn new(exit: Exit, sentence: impl Into<String>) -> Self {
        Self { exit, sentence: sentence.into(), advice: String::new() }
    }

    /// The same with what to do next.
    #[must_use]
    pub fn advising(mut self, advice: impl Into<String>) -> Self {
        self.advice = advice.into();
        self
    }
}

/// What a command gives.
pub type Ended = Result<Exit, Failure>;
