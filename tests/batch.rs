//! Several faxes to one number in one call: mails wait for it, one call brings them all, each has a receipt of its own; and the server may
//! die in the middle.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use faxramp::app::{self, Server, queue_file, spool_directory};
use faxramp::image::tiff::{PageImage, read};
use faxramp::model::{AttemptId, Cause, JobId, JobState};
use faxramp::queue::{Attempt, JobDetail, MailState, Received, Store};
use faxramp::sip::Method;
use faxramp::spool::{Spool, SpoolName};
use faxramp::stage::Office;
use faxramp::stage::live::Subject;
use faxramp::stage::report::pages_as_sent;

use crate::support::client::{Client, message};
#[cfg(debug_assertions)]
use crate::support::process::{Process, last_words};
use crate::support::sip_peer::SipPeer;
use crate::support::site::{Site, Wishes};
use crate::support::{all_received, all_reported, delivered, documents, jobs, mails, until};

/// Octets of one received fax.
const LARGEST: u64 = 1 << 26;
/// Several faxes may go in one call.
const SEVERAL: &str = "[queue]\nfaxes_per_call = 20\n";
const NUMBER: &str = "+39021111";

fn site() -> Site {
    Site::new(Wishes { channels: Some(1), fax: "resolution = \"standard\"", more: SEVERAL, ..Wishes::default() })
}

/// Puts a mail into the queue for a number; its text says which it is.
async fn send(site: &Site, id: &str, to: &str, pages: usize) {
    let mut client = Client::connect(site.smtp_address()).await;
    let text = format!("This is mail {id}.\r\n{}", documents::text(pages));
    let (code, reply) = client.mail("jane@company.test", &[&format!("{to}@fax.test")], &message(id, id, &text)).await;
    assert_eq!(code, 250, "{reply}");
}

/// Waits until the jobs from `first` on are ready to be dialled.
async fn ready(store: &Store, first: usize, count: usize) {
    until("the faxes are drawn", async || {
        let jobs = jobs(store);
        let waiting = jobs.iter().skip(first).filter(|detail| detail.job.state == JobState::Ready).count();
        (waiting == count).then_some(())
    })
    .await;
}

/// The calls there were, each with its attempts in the order of the line.
fn calls(jobs: &[JobDetail]) -> BTreeMap<AttemptId, Vec<(&JobDetail, &Attempt)>> {
    let mut calls: BTreeMap<AttemptId, Vec<(&JobDetail, &Attempt)>> = BTreeMap::new();
    for detail in jobs {
        for attempt in &detail.attempts {
            calls.entry(attempt.call).or_default().push((detail, attempt));
        }
    }
    calls.values_mut().for_each(|call| call.sort_by_key(|(_, attempt)| attempt.id));
    calls
}

/// What came in one call is what was sent in it: the pages of its faxes in their order, all that were confirmed and perhaps one more.
fn check_pages(office: &Office, call: &[(&JobDetail, &Attempt)], received: &Received) {
    let octets =
        office.spool().read(&SpoolName::from_stored(&received.spool_file).expect("a name"), LARGEST).expect("the fax");
    let came = if octets.starts_with(b"II*\0") { read(&octets).expect("a TIFF") } else { Vec::new() };
    let mut sent = Vec::new();
    let mut confirmed = 0;
    for (detail, attempt) in call {
        let before = attempt.first_page as usize - 1;
        let pages = pages_as_sent(office, &office.settings(), detail, attempt).expect("pages");
        sent.extend(pages[before..].iter().map(|page| PageImage::Bilevel(page.bitmap())));
        confirmed += attempt.pages_confirmed as usize - before;
    }
    assert!(came.len() >= confirmed, "{confirmed} pages were confirmed, {} came", came.len());
    assert!(came.len() <= sent.len());
    for (index, (came, sent)) in came.iter().zip(&sent).enumerate() {
        assert!(came.image == *sent, "page {} of the call is not as it was sent", index + 1);
    }
}

/// The reception that began within the call's first attempt.
fn reception<'a>(receptions: &'a [Received], call: &[(&JobDetail, &Attempt)]) -> Option<&'a Received> {
    let closed = call.iter().filter_map(|(_, attempt)| attempt.closed_ms).max().expect("closed");
    let span = call[0].1.opened_ms..=closed;
    receptions.iter().find(|received| received.called == NUMBER && span.contains(&received.opened_ms))
}

/// A server whose only line was taken while these mails gathered, and is free now.
async fn gathered(site: &mut Site, letters: &[(&str, &str, usize)]) -> Server {
    site.wishes.slow = true;
    let server = Server::start(&site.config()).await.unwrap_or_else(|error| panic!("{error}"));
    send(site, "first", "+39029999", 3).await;
    let store = server.office().store();
    until("a call is up", async || (!server.office().live().calls().is_empty()).then_some(())).await;
    for (id, to, pages) in letters {
        send(site, id, to, *pages).await;
    }
    ready(store, 1, letters.len()).await;
    site.wishes.slow = false;
    server.reload(&site.config()).await.expect("the configuration is taken");
    store.cancel(jobs(store)[0].job.id, faxramp::clock::wall().0).expect("cancelled");
    server
}

#[tokio::test(flavor = "multi_thread")]
async fn faxes_to_several_sub_addresses_are_one_call_and_arrive_each_where_it_belongs() {
    let mut site = site();
    site.wishes.more = "[queue]\nfaxes_per_call = 20\n[[sub_address]]\naddress = \"1001\"\nmailboxes = [\"anna@mail.test\"]\n\
                        [[sub_address]]\naddress = \"1002\"\nmailboxes = [\"bert@mail.test\"]\n";
    let to = |extension: &str| format!("{NUMBER}/T33S={extension}");
    let (anna, bert) = (to("1001"), to("1002"));
    let letters = [("one", anna.as_str(), 2), ("two", bert.as_str(), 1), ("three", bert.as_str(), 1)];
    let server = gathered(&mut site, &letters).await;
    let jobs = all_reported(&server, 4).await;
    all_received(&server).await;
    assert!(jobs[1..].iter().all(|detail| detail.job.cause == Some(Cause::Sent)), "{jobs:#?}");
    assert_eq!(calls(&jobs[1..]).len(), 1, "{jobs:#?}");
    let mut receptions = server.office().store().list_received(None, 100).expect("rows");
    receptions.retain(|received| received.called == NUMBER);
    receptions.reverse();
    let came: Vec<_> = receptions
        .iter()
        .map(|fax| (fax.sub_address.as_deref(), fax.pages, fax.mailboxes.join(" "), fax.cause.clone()))
        .collect();
    // Those to one extension cannot be told apart.
    assert_eq!(
        came,
        [
            (Some("1001"), 2, "anna@mail.test".to_owned(), Some(Cause::Sent)),
            (Some("1002"), 2, "bert@mail.test".to_owned(), Some(Cause::Sent)),
        ]
    );
    let mails = delivered(site.folder());
    let faxes = mails.iter().filter(|mail| mail.contains("X-Faxramp-Received: ")).count();
    assert!(faxes >= 2, "each is mailed: {faxes}");
    server.drain(Duration::ZERO).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn three_mails_that_wait_for_one_number_are_one_call_and_three_receipts() {
    let mut site = site();
    let server = gathered(&mut site, &[("one", NUMBER, 1), ("two", NUMBER, 2), ("three", NUMBER, 1)]).await;
    let jobs = all_reported(&server, 4).await;
    all_received(&server).await;
    let store = server.office().store();
    let batch = &jobs[1..];
    let calls = calls(batch);
    assert_eq!(calls.len(), 1, "one call: {batch:#?}");
    let call = calls.values().next().expect("one");
    assert_eq!(
        call.iter().map(|(detail, _)| detail.job.id).collect::<Vec<_>>(),
        [batch[0].job.id, batch[1].job.id, batch[2].job.id]
    );
    for detail in batch {
        assert_eq!(detail.job.cause, Some(Cause::Sent), "{:?}", detail.attempts);
        assert_eq!(detail.job.pages_confirmed, detail.job.pages_total);
        assert_eq!(detail.attempts.len(), 1);
        let record = detail.attempts[0].record.as_deref().expect("a record");
        assert_eq!(record.matches("\"confirmed\":true").count(), detail.job.pages_total as usize, "{record}");
    }
    let ends: Vec<i64> = batch.iter().map(|detail| detail.attempts[0].closed_ms.expect("closed")).collect();
    assert!(ends.is_sorted() && ends[0] < ends[2], "each is over when its last page is: {ends:?}");
    let receptions = store.list_received(None, 100).expect("rows");
    let received = reception(&receptions, call).expect("a reception");
    assert_eq!(received.pages, batch.iter().map(|detail| detail.job.pages_total).sum::<u32>());
    check_pages(server.office(), call, received);
    let mails = mails(site.folder(), 5).await;
    for id in ["one", "two", "three"] {
        let receipts = mails.iter().filter(|mail| mail.contains(&format!("In-Reply-To: <{id}@company.test>")));
        assert_eq!(receipts.filter(|mail| mail.contains("Fax sent")).count(), 1, "the receipt of {id}");
    }
    assert!(server.office().live().calls().is_empty());
    server.drain(Duration::ZERO).await;
}

/// Three faxes wait for one number and go at the speed of a modem; gives them when the first is on the line.
async fn three_on_the_line(site: &mut Site) -> (Server, Vec<JobId>) {
    site.wishes.slow = true;
    let server = Server::start(&site.config()).await.unwrap_or_else(|error| panic!("{error}"));
    send(site, "first", "+39029999", 3).await;
    until("a call is up", async || (!server.office().live().calls().is_empty()).then_some(())).await;
    for id in ["one", "two", "three"] {
        send(site, id, NUMBER, 1).await;
    }
    let store = server.office().store();
    ready(store, 1, 3).await;
    let ids: Vec<JobId> = jobs(store).iter().map(|detail| detail.job.id).collect();
    store.cancel(ids[0], faxramp::clock::wall().0).expect("cancelled");
    until("the three are on the line", async || {
        let calls = server.office().live().calls();
        calls.iter().any(|(subject, _)| *subject == Subject::Sending(ids[1])).then_some(())
    })
    .await;
    (server, ids[1..].to_vec())
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_is_cancelled_before_its_turn_is_taken_out_and_the_others_arrive() {
    let mut site = site();
    let (server, ids) = three_on_the_line(&mut site).await;
    let store = server.office().store();
    assert!(store.cancel(ids[1], faxramp::clock::wall().0).expect("cancelled").is_some(), "it is in the call");
    let jobs = all_reported(&server, 4).await;
    all_received(&server).await;
    let causes: Vec<_> = jobs[1..].iter().map(|detail| detail.job.cause.clone()).collect();
    assert_eq!(causes, [Some(Cause::Sent), Some(Cause::Cancelled), Some(Cause::Sent)]);
    assert_eq!(jobs[2].job.pages_confirmed, 0);
    assert_eq!(calls(&jobs[1..]).len(), 1, "{jobs:#?}");
    server.drain(Duration::ZERO).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_in_the_middle_counts_for_the_fax_on_the_line_alone() {
    let mut site = site();
    let (server, ids) = three_on_the_line(&mut site).await;
    server.drain(Duration::ZERO).await;
    let store = Store::open_beside(&site.queue_file()).expect("the queue");
    // On a busy machine the last word to the far end may outlast the patience of the drain.
    let now: Vec<JobDetail> = until("the call is written down", async || {
        let now: Vec<JobDetail> = ids.iter().map(|id| store.show(*id).expect("a job")).collect();
        now.iter().all(|detail| detail.job.state != JobState::Dialling).then_some(now)
    })
    .await;
    assert_eq!(now[0].attempts.len(), 1);
    assert_eq!((now[0].attempts[0].cause.clone(), now[0].job.tries.resume), (Some(Cause::Interrupted), 1));
    for waiting in &now[1..] {
        assert_eq!((waiting.job.state, waiting.attempts.len()), (JobState::Ready, 0), "nothing was sent of it");
        assert_eq!(waiting.job.tries, Default::default());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_busy_number_is_dialled_once_for_all_the_faxes_that_wait_for_it() {
    let are_drawn = Arc::new(AtomicBool::new(false));
    let may_answer = Arc::clone(&are_drawn);
    // Before they are drawn it says nothing, and the call that is placed first takes the only channel.
    let telephone = SipPeer::start(Box::new(move |request, _| match request.method() {
        Some(Method::Invite) if !may_answer.load(Ordering::Relaxed) => None,
        Some(Method::Invite) => Some((486, Vec::new())),
        _ => Some((200, Vec::new())),
    }))
    .await;
    let proxy: &'static str = Box::leak(telephone.address().to_string().into_boxed_str());
    let site = Site::new(Wishes {
        channels: Some(1),
        proxy,
        trunk: "response_timeout = \"32 s\"",
        more: "[queue]\nfaxes_per_call = 20\n[queue.retry]\nbusy = \"1s\"\n",
        ..Wishes::default()
    });
    let server = Server::start(&site.config()).await.unwrap_or_else(|error| panic!("{error}"));
    let store = server.office().store();
    send(&site, "first", "+39029999", 1).await;
    until("a call is up", async || (!server.office().live().calls().is_empty()).then_some(())).await;
    for id in ["one", "two", "three"] {
        send(&site, id, NUMBER, 1).await;
    }
    ready(store, 1, 3).await;
    are_drawn.store(true, Ordering::Relaxed);
    let jobs = all_reported(&server, 4).await;
    let batch = &jobs[1..];
    for detail in batch {
        let causes: Vec<_> = detail.attempts.iter().map(|attempt| attempt.cause.clone()).collect();
        assert_eq!(causes, [Some(Cause::Busy), Some(Cause::Busy)], "each has waited once and is given up");
        assert_eq!((detail.job.cause.clone(), detail.job.tries.busy), (Some(Cause::Busy), 2));
    }
    let calls = calls(batch);
    assert!(calls.len() == 2 && calls.values().all(|call| call.len() == 3), "{batch:#?}");
    let invites = telephone.heard(&Method::Invite);
    let to_it = invites.iter().filter(|invite| String::from_utf8_lossy(&invite.to_bytes()).contains(NUMBER));
    assert_eq!(to_it.count(), 2, "the telephone rang once for all three");
    server.drain(Duration::ZERO).await;
}

/// Where the server dies once the three go in one call.
#[cfg(debug_assertions)]
const PLACES: [&str; 14] = [
    "before-commit/open-attempt",
    "after-commit/open-attempt",
    "before-commit/reception-page",
    "after-commit/reception-page",
    "before-commit/page-confirmed",
    "after-commit/page-confirmed",
    "before-commit/close-attempt",
    "after-commit/close-attempt",
    "after-commit/reception-page:2",
    "after-commit/page-confirmed:2",
    "before-commit/close-attempt:2",
    "after-commit/close-attempt:2",
    "after-commit/page-confirmed:3",
    "before-commit/close-attempt:3",
];

/// The server dies while the first fax is on the line and the others have been drawn; the next start has all three to send in one call,
/// and dies at `place`; the one after that lives.
#[cfg(debug_assertions)]
async fn dies_in_a_batch(place: &'static str) {
    let mut site = site();
    // So that the first is still on the line when the third is drawn.
    site.wishes.slow = true;
    let mut process = Process::start(&site, Some("after-commit/rendered:3")).await;
    for id in ["one", "two", "three"] {
        send(&site, id, NUMBER, 1).await;
    }
    assert!(process.crashed().await, "three faxes were never drawn\n{}", last_words(&site));
    site.wishes.slow = false;
    let mut process = Process::start(&site, Some(place)).await;
    assert!(process.crashed().await, "the server never came to {place}\n{}", last_words(&site));
    let process = Process::start(&site, None).await;
    let store = Store::open_beside(&site.queue_file()).expect("the queue");
    until("everything is over", async || {
        let jobs = jobs(&store);
        let reported = jobs.len() == 3 && jobs.iter().all(|detail| detail.job.state == JobState::Reported);
        let receptions = store.list_received(None, 1000).expect("rows");
        let closed = receptions.iter().all(|received| received.closed_ms.is_some());
        (reported && closed && store.mails(MailState::Queued, 1000).expect("rows").is_empty()).then_some(())
    })
    .await;
    process.kill().await;
    check_batch(&site, place);
}

#[cfg(debug_assertions)]
fn check_batch(site: &Site, place: &str) {
    let config = site.config();
    let store = Store::open_beside(&queue_file(&config)).expect("the queue");
    let spool = Spool::open(&spool_directory(&config)).expect("the spool");
    let office = Office::new(store, spool, app::settings(&config).expect("settings"));
    let jobs = jobs(office.store());
    for detail in &jobs {
        assert_eq!(detail.job.cause, Some(Cause::Sent), "{place}: {:?}", detail.attempts);
        for pair in detail.attempts.windows(2) {
            assert_eq!(pair[0].cause, Some(Cause::Interrupted), "{place}");
            assert!(
                pair[0].pages_confirmed < detail.job.pages_total,
                "{place}: dialled again, though all was confirmed"
            );
        }
        let receipts = delivered(site.folder())
            .into_iter()
            .filter(|mail| mail.contains(&format!("\r\nX-Faxramp-Job: {}\r\n", detail.job.id)));
        assert_eq!(receipts.count(), 1, "{place}: receipts of job {}", detail.job.id);
    }
    let receptions = office.store().list_received(None, 1000).expect("rows");
    let mut explained = BTreeSet::new();
    let calls = calls(&jobs);
    assert!(calls.values().any(|call| call.len() > 1), "{place}: there was no call for several");
    for call in calls.values() {
        let confirmed: u32 = call.iter().map(|(_, attempt)| attempt.pages_confirmed - (attempt.first_page - 1)).sum();
        match reception(&receptions, call) {
            Some(received) => {
                check_pages(&office, call, received);
                assert!(explained.insert(received.id), "{place}: one reception, two calls");
            }
            None => assert_eq!(confirmed, 0, "{place}: pages were confirmed that nobody received"),
        }
    }
    assert_eq!(explained.len(), receptions.len(), "{place}: a fax was received that no call explains");
}

// The crash points are empty without debug assertions.
#[cfg(debug_assertions)]
#[tokio::test]
async fn a_server_that_dies_in_a_call_for_three_loses_none_and_sends_none_twice() {
    let here = tokio::task::LocalSet::new();
    let running: Vec<_> = PLACES.map(|place| (place, here.spawn_local(dies_in_a_batch(place)))).into_iter().collect();
    let mut failed = Vec::new();
    let ending = async {
        for (place, run) in running {
            if run.await.is_err() {
                failed.push(place);
            }
        }
    };
    here.run_until(ending).await;
    assert!(failed.is_empty(), "failed: {failed:#?}");
}
