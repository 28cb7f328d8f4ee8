//! What the tests of the whole crate share: a place for a server of their own, a client that speaks SMTP, the server as a
//! process, documents to be faxed, and waiting without sleeping.

pub(crate) mod certificates;
pub(crate) mod client;
pub(crate) mod dns;
pub(crate) mod documents;
pub(crate) mod machine;
pub(crate) mod middle;
pub(crate) mod process;
pub(crate) mod sip_peer;
pub(crate) mod site;

use std::path::Path;
use std::time::Duration;

use faxramp::app::Server;
use faxramp::image::tiff::{PageImage, read};
use faxramp::model::{Cause, JobState};
use faxramp::queue::{JobDetail, JobFilter, MailState, Store};
use faxramp::spool::SpoolName;
use faxramp::stage::report::pages_as_sent;

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

/// Whether the fax that the server sent itself for this job, in one call, came as it was sent, bit for bit.
pub(crate) fn assert_came_as_sent(server: &Server, detail: &JobDetail) {
    let office = server.office();
    assert_eq!(detail.job.cause, Some(Cause::Sent), "{:?}", detail.attempts);
    assert_eq!(detail.attempts.len(), 1, "{:?}", detail.attempts);
    let attempt = &detail.attempts[0];
    let span = attempt.opened_ms..=attempt.closed_ms.expect("closed");
    let number = detail.job.number.to_string();
    let received = office.store().list_received(None, 1000).expect("rows").into_iter();
    let mut of_it = received.filter(|received| received.called == number && span.contains(&received.opened_ms));
    let received = of_it.next().expect("a reception");
    assert!(of_it.next().is_none(), "one call was received twice");
    assert_eq!(received.pages, detail.job.pages_total);
    let name = SpoolName::from_stored(&received.spool_file).expect("a name");
    let tiff = office.spool().read(&name, 100_000_000).expect("the fax");
    let came: Vec<_> = read(&tiff).expect("a TIFF").into_iter().map(|page| page.image).collect();
    let sent = pages_as_sent(office, &office.settings(), detail, attempt).expect("pages");
    let sent: Vec<_> = sent.iter().map(|page| PageImage::Bilevel(page.bitmap())).collect();
    assert!(came == sent, "the pages received are not those sent");
}

/// Waits until every fax that is being received is written down and mailed.
pub(crate) async fn all_received(server: &Server) {
    let store = server.office().store();
    until("all receptions end", async || {
        let open = store.list_received(None, 1000).expect("rows").iter().any(|received| received.closed_ms.is_none());
        (!open && store.mails(MailState::Queued, 1000).expect("rows").is_empty()).then_some(())
    })
    .await;
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
