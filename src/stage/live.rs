//! What is on the line now, for people who watch: a table of calls and a feed of what happens to them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use tokio::sync::broadcast;

use crate::call::Progress;
use crate::model::{JobId, Outcome, ReceivedId};

/// Events a slow watcher may lag behind before it misses some.
const FEED_LENGTH: usize = 1024;

/// Which way a call goes, and what it is for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Subject {
    /// A job being sent.
    Sending(JobId),
    /// A fax being received.
    Receiving(ReceivedId),
}

/// One call as it stands.
#[derive(Clone, Debug)]
pub struct CallView {
    /// The other number.
    pub number: String,
    /// Pages to send; 0 for a reception.
    pub pages_total: u32,
    /// When it began.
    pub since: Instant,
    /// The latest news.
    pub progress: Option<Progress>,
}

/// What happened.
#[derive(Clone, Debug)]
pub enum Event {
    /// A call began.
    Began(Subject, CallView),
    /// It went on.
    Progress(Subject, Progress),
    /// It ended.
    Ended(Subject, Outcome),
}

/// The table and the feed.
#[derive(Clone)]
pub struct Live {
    calls: Arc<Mutex<BTreeMap<Subject, CallView>>>,
    feed: broadcast::Sender<Event>,
}

impl Default for Live {
    fn default() -> Self {
        Self { calls: Arc::default(), feed: broadcast::channel(FEED_LENGTH).0 }
    }
}

impl Live {
    /// The calls on the line.
    #[must_use]
    pub fn calls(&self) -> Vec<(Subject, CallView)> {
        self.table().iter().map(|(subject, view)| (*subject, view.clone())).collect()
    }

    /// Whether a fax is being received, or what came is still being written down.
    #[must_use]
    pub fn is_receiving(&self) -> bool {
        self.table().keys().any(|subject| matches!(subject, Subject::Receiving(_)))
    }

    /// Everything that happens from now on.
    #[must_use]
    pub fn watch(&self) -> broadcast::Receiver<Event> {
        self.feed.subscribe()
    }

    pub(super) fn begin(&self, subject: Subject, view: CallView) {
        self.table().insert(subject, view.clone());
        let _ = self.feed.send(Event::Began(subject, view));
    }

    pub(super) fn progress(&self, subject: Subject, progress: &Progress) {
        if let Some(view) = self.table().get_mut(&subject) {
            view.progress = Some(progress.clone());
        }
        let _ = self.feed.send(Event::Progress(subject, progress.clone()));
    }

    pub(super) fn end(&self, subject: Subject, outcome: Outcome) {
        self.table().remove(&subject);
        let _ = self.feed.send(Event::Ended(subject, outcome));
    }

    fn table(&self) -> std::sync::MutexGuard<'_, BTreeMap<Subject, CallView>> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
