//! The life of a job: one fax to one number.
//!
//! ```text
//! Accepted ──render──▶ Ready ──dial──▶ Dialling ──▶ Done ─────┐
//!    │                 ▲ │  ▲             │                    ├──report──▶ Reported
//!    │             retry │  └──later──────┤                    │
//!    │                 │ │                └─────▶ Failed ──────┤
//!    ├─────hold────▶ Held ◀──hold──┘             ▲             │
//!    │                 └──cancel──▶ Cancelled ────────────────-┘
//!    └──cannot render────────────────────────────┘
//! ```

use std::fmt;

/// Where a job stands. Each state is a row value; the legal steps are [`JobState::after`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum JobState {
    /// Taken from the mail; its pages are not rendered yet.
    Accepted,
    /// Pages are in the spool; to be dialled when due.
    Ready,
    /// An attempt is open: a call may be on the line.
    Dialling,
    /// Held by an administrator, before or after rendering.
    Held,
    /// All pages were confirmed, or only the last confirmation was lost.
    Done,
    /// Given up.
    Failed,
    /// Withdrawn by a person.
    Cancelled,
    /// Ended, and the sender's report is queued.
    Reported,
}

/// What can happen to a job.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum JobEvent {
    /// The pages are in the spool.
    Rendered,
    /// The document could not be turned into pages.
    RenderFailed,
    /// An attempt row was opened; the call starts.
    Dial,
    /// The call ended well.
    Delivered,
    /// The call ended badly; another is due later.
    Retry,
    /// The call ended badly for the last time, or the job's lifetime is over.
    GiveUp,
    /// A person holds the job.
    Hold,
    /// A person releases a held job whose pages are not rendered.
    ReleaseUnrendered,
    /// A person releases a held job whose pages are rendered.
    ReleaseRendered,
    /// A person withdraws the job.
    Cancel,
    /// A person asks for a failed or cancelled job to be tried once more.
    Again,
    /// The report is queued.
    Report,
}

impl JobState {
    /// Every state.
    pub const ALL: [Self; 8] = [
        Self::Accepted,
        Self::Ready,
        Self::Dialling,
        Self::Held,
        Self::Done,
        Self::Failed,
        Self::Cancelled,
        Self::Reported,
    ];

    /// The table of legal steps: the state after `event`, or nothing when it cannot happen here.
    #[must_use]
    pub const fn after(self, event: JobEvent) -> Option<Self> {
        match (self, event) {
            (Self::Accepted, JobEvent::Rendered)
            | (Self::Dialling, JobEvent::Retry)
            | (Self::Held, JobEvent::ReleaseRendered)
            | (Self::Failed | Self::Cancelled | Self::Reported, JobEvent::Again) => Some(Self::Ready),
            (Self::Held, JobEvent::ReleaseUnrendered) => Some(Self::Accepted),
            (Self::Ready, JobEvent::Dial) => Some(Self::Dialling),
            (Self::Dialling, JobEvent::Delivered) => Some(Self::Done),
            (Self::Accepted, JobEvent::RenderFailed) | (Self::Dialling | Self::Ready, JobEvent::GiveUp) => {
                Some(Self::Failed)
            }
            (Self::Accepted | Self::Ready, JobEvent::Hold) => Some(Self::Held),
            (Self::Accepted | Self::Ready | Self::Held | Self::Dialling, JobEvent::Cancel) => Some(Self::Cancelled),
            (Self::Done | Self::Failed | Self::Cancelled, JobEvent::Report) => Some(Self::Reported),
            _ => None,
        }
    }

    /// The word stored in rows and shown to people.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Ready => "ready",
            Self::Dialling => "dialling",
            Self::Held => "held",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Reported => "reported",
        }
    }

    /// The state that [`JobState::word`] names.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.word() == word)
    }
}

impl fmt::Display for JobState {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.word())
    }
}

#[cfg(test)]
mod tests {
    use super::{JobEvent, JobState};

    #[test]
    fn a_done_job_can_only_be_reported() {
        assert_eq!(JobState::Done.after(JobEvent::Report), Some(JobState::Reported));
        for event in [JobEvent::Dial, JobEvent::Retry, JobEvent::Again, JobEvent::Cancel, JobEvent::Hold] {
            assert_eq!(JobState::Done.after(event), None, "{event:?}");
        }
    }

    #[test]
    fn only_a_ready_job_is_dialled() {
        for state in JobState::ALL {
            assert_eq!(state.after(JobEvent::Dial).is_some(), state == JobState::Ready, "{state}");
        }
    }

    #[test]
    fn every_state_is_found_by_its_word() {
        for state in JobState::ALL {
            assert_eq!(JobState::from_word(state.word()), Some(state));
        }
        assert_eq!(JobState::from_word("lost"), None);
    }
}
