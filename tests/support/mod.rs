//! What the tests of the whole crate share: a place for a server of their own, a client that speaks SMTP, the server as a
//! process, documents to be faxed, and waiting without sleeping.

pub(crate) mod client;
pub(crate) mod documents;
pub(crate) mod process;
pub(crate) mod site;

use std::path::Path;
use std::time::Duration;

use faxramp::app::Server;
use faxramp::model::JobState;
use faxramp::queue::{JobDetail, JobFilter, Store};

/// Longest wait for anything.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);
/// Between two looks at something that tells nobody when it changes.
const LOOK: Duration = Duration::from_millis(50);

/// Waits for `span`, or for nothing at all.
pub(crate) async fn pause(span: Duration) {
    let _ = tokio::time::timeout(span, std::future::pending::<()>()).await;
}

/// Looks until `look` finds what it looks for; gives up after [`PATIENCE`] and says what was waited for.
pub(crate) async fn until<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let waiting = async {
        loop {
            if let Some(found) = look().await {
                return found;
            }
            pause(LOOK).await;
        }
    };
    tokio::time::timeout(PATIENCE, waiting).await.unwrap_or_else(|_| panic!("waited in vain: {what}"))
}

/// Every job, oldest first.
pub(crate) fn jobs(store: &Store) -> Vec<JobDetail> {
    let mut jobs = store.list(&JobFilter { limit: 1000, ..JobFilter::default() }).expect("the queue");
    jobs.reverse();
    jobs.iter().map(|job| store.show(job.id).expect("a job")).collect()
}

/// Waits until there are so many jobs and every one is reported, and gives them, oldest first.
pub(crate) async fn all_reported(server: &Server, count: usize) -> Vec<JobDetail> {
    until("all jobs end", async || {
        let jobs = jobs(server.office().store());
        let over = jobs.len() == count && jobs.iter().all(|detail| detail.job.state == JobState::Reported);
        over.then_some(jobs)
    })
    .await
}

/// The mails delivered so far.
pub(crate) fn delivered(folder: &Path) -> Vec<String> {
    let read = |entry: std::io::Result<std::fs::DirEntry>| {
        let octets = std::fs::read(entry.expect("an entry").path()).expect("a mail");
        String::from_utf8_lossy(&octets).into_owned()
    };
    std::fs::read_dir(folder.join("maildir/new")).map(|entries| entries.map(read).collect()).unwrap_or_default()
}

/// Waits until so many mails are delivered, and gives them.
pub(crate) async fn mails(folder: &Path, count: usize) -> Vec<String> {
    until("all mails arrive", async || {
        let found = delivered(folder);
        (found.len() >= count).then_some(found)
    })
    .await
}
