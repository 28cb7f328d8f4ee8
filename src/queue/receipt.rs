//! The proof that a message is safe.

use crate::model::{JobId, MessageId};

/// A message that is committed to the disk. Only [`Store::accept`](super::Store::accept) makes one, so whoever holds it
/// may answer 250.
#[derive(Clone, PartialEq, Eq, Debug)]
#[must_use = "the peer is owed an answer"]
pub struct Queued {
    message: MessageId,
    jobs: Vec<JobId>,
    duplicate: bool,
}

impl Queued {
    pub(super) const fn new(message: MessageId, jobs: Vec<JobId>, duplicate: bool) -> Self {
        Self { message, jobs, duplicate }
    }

    /// The message's row.
    #[must_use]
    pub const fn message(&self) -> MessageId {
        self.message
    }

    /// One job per recipient, in the order given; for a duplicate the earlier ones.
    #[must_use]
    pub fn jobs(&self) -> &[JobId] {
        &self.jobs
    }

    /// Whether the same message was accepted before: nothing new was queued, and the spool file just written is not
    /// named by any row.
    #[must_use]
    pub const fn is_duplicate(&self) -> bool {
        self.duplicate
    }
}
