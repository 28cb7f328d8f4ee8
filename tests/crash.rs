//! The server dies, at each marked place and at random moments, as a real process, and is started again: no mail is lost, no fax is
//! sent twice without a record that says why, every page that was confirmed arrives, and every sender is told exactly once.
//!
//! The server calls itself, so both the sending and the receiving end die together.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use faxramp::app::{self, queue_file, spool_directory};
use faxramp::image::tiff::{PageImage, read};
use faxramp::model::{Cause, JobState};
use faxramp::queue::{Attempt, JobDetail, MailState, Received, Store};
use faxramp::spool::{Spool, SpoolName};
use faxramp::stage::Office;
use faxramp::stage::report::pages_as_sent;
use tokio::sync::Semaphore;
use tokio::task::LocalSet;

use crate::support::client::{Client, message};
use crate::support::process::Process;
#[cfg(debug_assertions)]
use crate::support::process::last_words;
use crate::support::site::{Site, Wishes};
use crate::support::{delivered, documents, jobs, pause, until};

/// Servers that run at once, over all tests of this file; most of a call is waiting.
static AT_ONCE: Semaphore = Semaphore::const_new(16);
/// Octets of one received fax.
const LARGEST: u64 = 1 << 26;

/// A mail and whom it is for.
#[derive(Clone, Debug)]
struct Letter {
    to: Vec<String>,
    text: String,
}

impl Letter {
    fn new(id: &str, to: &[&str], pages: usize) -> Self {
        let to = to.iter().map(|number| format!("{number}@fax.test")).collect();
        Self { to, text: message(id, "Offer", &documents::text(pages)) }
    }

    /// Whether the server said that it has the mail. A server that is gone, or goes, said nothing.
    async fn send(&self, address: SocketAddr) -> bool {
        let sending = async {
            let mut client = Client::try_connect(address).await?;
            let to: Vec<&str> = self.to.iter().map(String::as_str).collect();
            client.try_mail("jane@company.test", &to, &self.text).await
        };
        match sending.await {
            Ok((code, reply)) => {
                assert_eq!(code, 250, "{reply}");
                true
            }
            Err(_) => false,
        }
    }

    async fn send_until_taken(&self, address: SocketAddr) {
        until("the mail is taken", async || self.send(address).await.then_some(())).await;
    }
}

fn site() -> Site {
    Site::new(Wishes { fax: "resolution = \"standard\"", ..Wishes::default() })
}

/// Everything that is left when all is over.
struct Story {
    jobs: Vec<JobDetail>,
    receptions: Vec<Received>,
    mails: Vec<String>,
}

/// Waits until nothing is left to be done.
async fn come_to_rest(site: &Site, count: usize) {
    let store = Store::open_beside(&site.queue_file()).expect("the queue");
    until("everything is over", async || {
        let jobs = jobs(&store);
        let reported = jobs.len() == count && jobs.iter().all(|detail| detail.job.state == JobState::Reported);
        let receptions = store.list_received(None, 1000).expect("rows");
        let closed = receptions.iter().all(|received| received.closed_ms.is_some());
        let waiting = store.mails(MailState::Queued, 1000).expect("rows");
        (reported && closed && waiting.is_empty()).then_some(())
    })
    .await;
}

impl Story {
    fn read(site: &Site, office: &Office) -> Self {
        let mut receptions = office.store().list_received(None, 1000).expect("rows");
        receptions.reverse();
        Self { jobs: jobs(office.store()), receptions, mails: delivered(site.folder()) }
    }

    /// Exactly one receipt for each job, and exactly one mail for each reception with a page.
    fn check_mails(&self, pages: &BTreeMap<i64, usize>) {
        let count = |field: String| self.mails.iter().filter(|mail| mail.contains(&field)).collect::<Vec<_>>();
        for detail in &self.jobs {
            let receipts = count(format!("\r\nX-Faxramp-Job: {}\r\n", detail.job.id));
            assert_eq!(receipts.len(), 1, "receipts for job {}", detail.job.id);
            assert!(receipts[0].contains("Fax sent"), "{}", receipts[0]);
        }
        for received in &self.receptions {
            let faxes = count(format!("\r\nX-Faxramp-Received: {}\r\n", received.id));
            let expected = usize::from(pages[&received.id.0] > 0);
            assert_eq!(faxes.len(), expected, "mails for reception {}", received.id);
            let broken_off = received.cause != Some(Cause::Sent);
            for fax in faxes {
                assert_eq!(fax.contains("INCOMPLETE"), broken_off, "{:?}", received.cause);
            }
        }
    }
}

/// Calls of one job follow one another, each begins at the first page that was not confirmed, and only an interrupted one is followed
/// by another.
fn check_attempts(detail: &JobDetail) {
    let job = &detail.job;
    assert_eq!(job.cause, Some(Cause::Sent), "{:?}", detail.attempts);
    assert_eq!(job.pages_confirmed, job.pages_total);
    assert!(!detail.attempts.is_empty());
    assert_eq!(detail.attempts[0].first_page, 1);
    for pair in detail.attempts.windows(2) {
        let (before, after) = (&pair[0], &pair[1]);
        assert_eq!(before.cause, Some(Cause::Interrupted));
        assert!(before.pages_confirmed < job.pages_total, "a fax that was wholly confirmed was dialled again");
        assert_eq!(after.first_page, before.pages_confirmed + 1);
        assert!(before.closed_ms.expect("closed") <= after.opened_ms);
    }
    let last = detail.attempts.last().expect("there is one");
    assert_eq!(last.pages_confirmed, job.pages_total);
    assert!(matches!(last.cause, Some(Cause::Sent | Cause::Interrupted)), "{:?}", last.cause);
}

/// What was received in one call: nothing but pages of the fax, in order, bit for bit, and all of them that were confirmed.
fn check_reception(office: &Office, detail: &JobDetail, attempt: &Attempt, received: Option<&Received>) -> usize {
    let before = attempt.first_page as usize - 1;
    let confirmed = attempt.pages_confirmed as usize - before;
    let Some(received) = received else {
        assert_eq!(confirmed, 0, "pages were confirmed that nobody received");
        return 0;
    };
    let name = SpoolName::from_stored(&received.spool_file).expect("a name");
    let octets = office.spool().read(&name, LARGEST).expect("the fax");
    // A reception without a whole page has no TIFF.
    let came = if octets.starts_with(b"II*\0") { read(&octets).expect("a TIFF") } else { Vec::new() };
    let sent = pages_as_sent(office, &office.settings(), detail, attempt).expect("pages");
    assert!(before + came.len() <= sent.len());
    for (index, (came, sent)) in came.iter().zip(&sent[before..]).enumerate() {
        assert!(came.image == PageImage::Bilevel(sent.bitmap()), "page {} is not as it was sent", before + index + 1);
    }
    assert!(came.len() >= confirmed, "{confirmed} pages were confirmed, {} are there", came.len());
    if received.cause == Some(Cause::Sent) {
        assert_eq!(before + came.len(), sent.len(), "a fax called complete is not");
    }
    came.len()
}

/// Every promise this file is about.
async fn check(site: &Site) -> Story {
    let config = site.config();
    let store = Store::open_beside(&queue_file(&config)).expect("the queue");
    let spool = Spool::open(&spool_directory(&config)).expect("the spool");
    let office = Office::new(store, spool, app::settings(&config).expect("settings"));
    let story = Story::read(site, &office);
    let mut pages = BTreeMap::new();
    for detail in &story.jobs {
        check_attempts(detail);
        for attempt in &detail.attempts {
            let span = attempt.opened_ms..=attempt.closed_ms.expect("closed");
            let of_it = |received: &&Received| {
                received.called == detail.job.number.to_string() && span.contains(&received.opened_ms)
            };
            let found: Vec<_> = story.receptions.iter().filter(of_it).collect();
            assert!(found.len() <= 1, "one call was received twice");
            let came = check_reception(&office, detail, attempt, found.first().copied());
            pages.extend(found.first().map(|received| (received.id.0, came)));
        }
    }
    assert_eq!(pages.len(), story.receptions.len(), "a fax was received that no attempt explains");
    story.check_mails(&pages);
    for name in office.store().spool_files().expect("names") {
        let name = SpoolName::from_stored(&name).expect("a name");
        assert!(office.spool().size(&name).is_ok(), "a row names {name}, which is gone");
    }
    story
}

/// The server dies at each of `places`, one start after the other, and then may live. The mail has so many pages.
#[cfg(debug_assertions)]
async fn dies_at(places: Vec<String>, pages: usize) -> Story {
    let _place = AT_ONCE.acquire().await.expect("never closed");
    let site = site();
    let letter = Letter::new("a1", &["+39021111"], pages);
    let mut taken = false;
    for place in places {
        let mut process = Process::start(&site, Some(&place)).await;
        if !taken && !process.is_dead() {
            taken = letter.send(site.smtp_address()).await;
        }
        assert!(process.crashed().await, "the server never came to {place}\n{}", last_words(&site));
    }
    let process = Process::start(&site, None).await;
    if !taken {
        letter.send_until_taken(site.smtp_address()).await;
    }
    come_to_rest(&site, 1).await;
    process.kill().await;
    let story = check(&site).await;
    assert_eq!(story.jobs[0].job.pages_total as usize, pages);
    story
}

/// Runs all of it at once and names those that failed.
async fn all(runs: impl IntoIterator<Item = (String, impl Future<Output = ()> + 'static)>) {
    let here = LocalSet::new();
    let running: Vec<_> = runs.into_iter().map(|(name, run)| (name, here.spawn_local(run))).collect();
    let mut failed = Vec::new();
    let ending = async {
        for (name, run) in running {
            if run.await.is_err() {
                failed.push(name);
            }
        }
    };
    here.run_until(ending).await;
    assert!(failed.is_empty(), "failed: {failed:#?}");
}

/// One life, or several, of the server: where each ends, by spaces; pages of the mail; the first page of each call there must be in the
/// end, where the place alone decides that.
#[cfg(debug_assertions)]
type Case = (&'static str, usize, Option<&'static [u32]>);

/// Every place on the way of a mail of one page: before it is accepted nothing was dialled; from the attempt to the confirmation a
/// second call is needed, and afterwards none.
#[cfg(debug_assertions)]
const EVERY_PLACE: [Case; 38] = [
    ("before-sync/messages", 1, Some(&[1])),
    ("before-rename/messages", 1, Some(&[1])),
    ("after-rename/messages", 1, Some(&[1])),
    ("before-commit/accept", 1, Some(&[1])),
    ("after-commit/accept", 1, Some(&[1])),
    ("before-sync/pages", 1, Some(&[1])),
    ("before-rename/pages", 1, Some(&[1])),
    ("after-rename/pages", 1, Some(&[1])),
    ("before-commit/rendered", 1, Some(&[1])),
    ("after-commit/rendered", 1, Some(&[1])),
    ("before-commit/open-attempt", 1, Some(&[1])),
    ("after-commit/open-attempt", 1, Some(&[1, 1])),
    ("before-commit/open-reception", 1, Some(&[1, 1])),
    ("after-commit/open-reception", 1, Some(&[1, 1])),
    ("before-sync/received", 1, Some(&[1, 1])),
    ("before-commit/reception-page", 1, Some(&[1, 1])),
    ("after-commit/reception-page", 1, Some(&[1, 1])),
    ("before-commit/page-confirmed", 1, Some(&[1, 1])),
    ("after-commit/page-confirmed", 1, Some(&[1])),
    ("before-commit/close-attempt", 1, Some(&[1])),
    ("after-commit/close-attempt", 1, Some(&[1])),
    ("before-sync/received:2", 1, None),
    ("before-rename/received", 1, None),
    ("after-rename/received", 1, None),
    ("before-commit/close-reception", 1, None),
    ("after-commit/close-reception", 1, None),
    ("before-commit/report-queued", 1, Some(&[1])),
    ("after-commit/report-queued", 1, Some(&[1])),
    // Of two mails, receipt and received fax, either may be the first.
    ("before-sync/mail", 1, None),
    ("before-rename/mail", 1, None),
    ("after-rename/mail", 1, None),
    ("before-sync/mail:2", 1, None),
    ("before-rename/mail:2", 1, None),
    ("after-rename/mail:2", 1, None),
    ("before-commit/mail-sent", 1, None),
    ("after-commit/mail-sent", 1, None),
    ("before-commit/mail-sent:2", 1, None),
    ("after-commit/mail-sent:2", 1, None),
];

/// In the middle of a fax of two pages, and again while the leftovers are being settled.
#[cfg(debug_assertions)]
const MIDDLE_AND_START: [Case; 12] = [
    ("before-commit/page-confirmed", 2, Some(&[1, 1])),
    ("after-commit/page-confirmed", 2, Some(&[1, 2])),
    ("before-sync/received:2", 2, Some(&[1, 2])),
    ("before-commit/reception-page:2", 2, Some(&[1, 2])),
    ("after-commit/reception-page:2", 2, Some(&[1, 2])),
    ("before-commit/page-confirmed:2", 2, Some(&[1, 2])),
    ("after-commit/reception-page before-commit/recover", 1, Some(&[1, 1])),
    ("after-commit/reception-page after-commit/recover", 1, Some(&[1, 1])),
    ("after-commit/reception-page before-rename/received", 1, Some(&[1, 1])),
    ("after-commit/reception-page after-rename/mail", 1, Some(&[1, 1])),
    ("after-commit/reception-page before-commit/close-reception", 1, Some(&[1, 1])),
    ("after-commit/reception-page after-commit/close-reception", 1, Some(&[1, 1])),
];

#[cfg(debug_assertions)]
async fn run((places, pages, first_pages): Case) {
    let story = dies_at(places.split(' ').map(str::to_owned).collect(), pages).await;
    let called: Vec<u32> = story.jobs[0].attempts.iter().map(|attempt| attempt.first_page).collect();
    if let Some(first_pages) = first_pages {
        assert_eq!(called, first_pages, "first page of each call after {places}");
    }
}

// The crash points are empty without debug assertions.
#[cfg(debug_assertions)]
#[tokio::test]
async fn a_server_that_dies_at_any_commit_loses_no_mail_and_sends_no_fax_twice() {
    all(EVERY_PLACE.map(|case| (case.0.to_owned(), run(case)))).await;
}

#[cfg(debug_assertions)]
#[tokio::test]
async fn a_fax_cut_off_goes_on_at_the_first_unconfirmed_page_even_when_the_restart_dies_too() {
    all(MIDDLE_AND_START.map(|case| (format!("{}, {} pages", case.0, case.1), run(case)))).await;
}

/// Milliseconds of the run in which the kill may fall: from the first command of the client to the last mail.
const SPAN_MS: u64 = 9000;

/// Two mails to three recipients, two of them the same number; killed at a moment that the seed chooses.
async fn killed_at_random(seed: u64) {
    let _place = AT_ONCE.acquire().await.expect("never closed");
    let site = site();
    let letters = [Letter::new("b1", &["+39021111", "+39022222"], 1), Letter::new("b2", &["+39021111"], 1)];
    let process = Process::start(&site, None).await;
    let sending = async { (letters[0].send(site.smtp_address()).await, letters[1].send(site.smtp_address()).await) };
    let moment = Duration::from_millis(documents::mixed(seed) % SPAN_MS);
    let killing = async {
        pause(moment).await;
        process.kill().await
    };
    let ((first, second), _) = tokio::join!(sending, killing);
    let process = Process::start(&site, None).await;
    for (letter, taken) in letters.iter().zip([first, second]) {
        if !taken {
            letter.send_until_taken(site.smtp_address()).await;
        }
    }
    come_to_rest(&site, 3).await;
    process.kill().await;
    check(&site).await;
}

#[tokio::test]
async fn a_server_killed_at_any_moment_loses_no_mail_and_sends_no_fax_twice() {
    all((1..=10).map(|seed| (format!("seed {seed}"), killed_at_random(seed)))).await;
}
