//! Many calls at once, calls that must not meet, and an administrator's hand in the middle of it all.

use std::collections::BTreeSet;
use std::time::Duration;

use faxramp::app::Server;
use faxramp::call::Progress;
use faxramp::model::{Cause, JobId, JobState};
use faxramp::queue::{Attempt, JobFilter, Release, Resend, Store};
use faxramp::stage::live::{Event, Subject};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

use crate::support::client::{Client, message};
use crate::support::site::{Site, Wishes};
use crate::support::{all_received, all_reported, assert_came_as_sent, delivered, documents, until};

/// Follows the outgoing calls until `calls` of them are over; gives the most there were at once.
async fn most_at_once(mut feed: Receiver<Event>, calls: usize) -> usize {
    let mut up = BTreeSet::new();
    let (mut most, mut over) = (0, 0);
    while over < calls {
        match feed.recv().await {
            Ok(Event::Began(Subject::Sending(job), _)) => assert!(up.insert(job), "one job, two calls"),
            Ok(Event::Ended(Subject::Sending(job), _)) => {
                assert!(up.remove(&job));
                over += 1;
            }
            Ok(_) => {}
            Err(RecvError::Lagged(missed)) => panic!("{missed} events were missed"),
            Err(RecvError::Closed) => panic!("the server is gone"),
        }
        most = most.max(up.len());
    }
    most
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_numbers_over_five_channels_are_never_more_than_five_calls() {
    let site = Site::new(Wishes { channels: Some(5), fax: "resolution = \"standard\"", ..Wishes::default() });
    let server = Server::start(&site.config()).await.unwrap_or_else(|error| panic!("{error}"));
    let watching = tokio::spawn(most_at_once(server.office().live().watch(), 20));
    let numbers: Vec<String> = (10..30).map(|number| format!("+3902000{number}@fax.test")).collect();
    let to: Vec<&str> = numbers.iter().map(String::as_str).collect();
    let mut client = Client::connect(site.smtp_address()).await;
    let (code, reply) = client.mail("jane@company.test", &to, &message("p1", "Circular", &documents::text(1))).await;
    assert_eq!(code, 250, "{reply}");
    let jobs = all_reported(&server, 20).await;
    all_received(&server).await;
    for detail in &jobs {
        assert_came_as_sent(&server, detail);
    }
    let called: BTreeSet<_> = jobs.iter().map(|detail| detail.job.number.clone()).collect();
    assert_eq!(called.len(), 20);
    assert_eq!(watching.await.expect("watched"), 5, "all channels are used, and no more");
    assert_eq!(delivered(site.folder()).len(), 40, "a receipt and a fax for each");
    server.drain(Duration::ZERO).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn three_mails_to_one_number_are_sent_one_after_the_other() {
    let site = Site::new(Wishes { fax: "resolution = \"standard\"", ..Wishes::default() });
    let server = Server::start(&site.config()).await.unwrap_or_else(|error| panic!("{error}"));
    for id in ["q1", "q2", "q3"] {
        let mut client = Client::connect(site.smtp_address()).await;
        let mail = message(id, "Offer", &documents::text(1));
        assert_eq!(client.mail("jane@company.test", &["+39021111@fax.test"], &mail).await.0, 250);
    }
    let jobs = all_reported(&server, 3).await;
    all_received(&server).await;
    let mut calls: Vec<&Attempt> = jobs.iter().flat_map(|detail| &detail.attempts).collect();
    calls.sort_by_key(|attempt| attempt.opened_ms);
    assert_eq!(calls.len(), 3);
    for pair in calls.windows(2) {
        assert!(pair[0].closed_ms.expect("closed") <= pair[1].opened_ms, "{pair:?}");
    }
    for detail in &jobs {
        assert_came_as_sent(&server, detail);
    }
    server.drain(Duration::ZERO).await;
}

/// The job for a number.
fn job_to(store: &Store, number: &str) -> JobId {
    let jobs = store.list(&JobFilter::default()).expect("the queue");
    jobs.iter().find(|job| job.number.to_string() == number).expect("a job").id
}

fn state(store: &Store, job: JobId) -> JobState {
    store.show(job).expect("a job").job.state
}

/// Waits until pages of this job are on the line.
async fn faxing(server: &Server, job: JobId) {
    until("the fax has begun", async || {
        let calls = server.office().live().calls();
        let of_it = |(subject, _): &&(Subject, _)| *subject == Subject::Sending(job);
        let (_, view) = calls.iter().find(of_it)?;
        matches!(view.progress, Some(Progress::Fax(_))).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_administrator_beside_the_server_holds_releases_cancels_and_retries_in_the_middle_of_it() {
    let fax = "resolution = \"standard\"";
    let mut site = Site::new(Wishes { channels: Some(1), slow: true, fax, ..Wishes::default() });
    let server = Server::start(&site.config()).await.unwrap_or_else(|error| panic!("{error}"));
    let mut client = Client::connect(site.smtp_address()).await;
    let long = message("r1", "Long", &documents::text(4));
    assert_eq!(client.mail("jane@company.test", &["+39021111@fax.test"], &long).await.0, 250);
    let office = Store::open_beside(&site.queue_file()).expect("the queue");
    let first = job_to(&office, "+39021111");
    faxing(&server, first).await;
    // The line is taken, so these two wait.
    let short = message("r2", "Short", &documents::text(1));
    let to = ["+39022222@fax.test", "+39023333@fax.test"];
    assert_eq!(client.mail("jane@company.test", &to, &short).await.0, 250);
    let (second, third) = (job_to(&office, "+39022222"), job_to(&office, "+39023333"));
    office.hold(second, "not today").expect("held");
    // The call on the line keeps the speed it began with; nobody need wait as long for the others.
    site.wishes.slow = false;
    server.reload(&site.config()).await.expect("the configuration is taken");
    let now = faxramp::clock::wall().0;
    let later = now + 3_600_000;
    assert!(office.retry(first, Resend::Whole, now, later).is_err(), "a fax on the line cannot be sent again");
    assert!(office.cancel(first, now).expect("cancelled").is_some(), "there was a call to be ended");

    until("the cancelled fax and the third are over", async || {
        [first, third].iter().all(|job| state(&office, *job) == JobState::Reported).then_some(())
    })
    .await;
    let cancelled = office.show(first).expect("a job");
    assert_eq!(cancelled.job.cause, Some(Cause::Cancelled));
    assert!(cancelled.job.pages_confirmed < cancelled.job.pages_total);
    assert_eq!(cancelled.attempts.len(), 1);
    assert_eq!(cancelled.attempts[0].cause, Some(Cause::Cancelled));
    assert_eq!(office.show(third).expect("a job").job.cause, Some(Cause::Sent));
    // Held, it was rendered but never dialled, though the line was free.
    assert_eq!(state(&office, second), JobState::Held);
    assert!(office.show(second).expect("a job").attempts.is_empty());

    assert_eq!(office.release(second, later).expect("released"), Release::Rendered);
    office.retry(third, Resend::Whole, now, later).expect("sent once more");
    assert!(office.cancel(first, now).is_err(), "what is over cannot be cancelled");
    let jobs = all_reported(&server, 3).await;
    all_received(&server).await;
    assert_came_as_sent(&server, &jobs[1]);
    assert_eq!(jobs[2].attempts.iter().map(|attempt| attempt.first_page).collect::<Vec<_>>(), [1, 1]);
    assert_eq!(jobs[2].job.cause, Some(Cause::Sent));
    assert!(server.office().live().calls().is_empty());
    let mails = delivered(site.folder());
    let receipts = |words: &str| mails.iter().filter(|mail| mail.contains(&format!("\r\nSubject: {words}"))).count();
    assert_eq!((receipts("Fax cancelled"), receipts("Fax sent")), (1, 3));
    server.drain(Duration::ZERO).await;
}
