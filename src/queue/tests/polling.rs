//! Documents that are fetched, and documents that others fetch.

use super::{Bench, DAY, HOUR, NOW, bench, job_to, mail_to, message_from};
use crate::model::{AttemptId, Cause, FetchRequest, JobId, JobState, OfferId, Outcome, Password, Phase, ReceivedId};
use crate::policy::{GiveUp, Next, RetrySettings};
use crate::queue::{
    Fetch, NewFetching, NewJob, NewOffer, NewReceived, OfferEnd, OfferedPage, QueueError, ReceptionEnd, Refusal,
    Release, Resend,
};

fn request() -> FetchRequest {
    FetchRequest { selective: Some("77".into()), password: Password::parse("4711") }
}

fn fetch_of(number: &str, request: FetchRequest) -> NewJob {
    NewJob { fetch: Some(Fetch { request, mailboxes: vec!["b@example.com".into()] }), ..job_to(number) }
}

/// A fetch whose call is on the line and has brought so many pages.
fn on_the_line(store: &Bench, pages: u32) -> (JobId, AttemptId, ReceivedId) {
    let queued =
        store.accept(message_from("a@example.com", 1), vec![fetch_of("+390212345", request())]).expect("accepted");
    let job = queued.jobs()[0];
    let (attempt, received) = dial(store, job);
    for page in 1..=pages {
        store.reception_page(received, page, None, None).expect("noted");
    }
    (job, attempt, received)
}

fn dial(store: &Bench, job: JobId) -> (AttemptId, ReceivedId) {
    let attempt = store.open_attempt(job, "main", NOW).expect("opened").attempt;
    let new = NewReceived {
        called: "+390212345".into(),
        job: Some(job),
        mailboxes: vec!["b@example.com".into()],
        spool_file: "received/1".into(),
        opened_ms: NOW,
        ..NewReceived::default()
    };
    (attempt, store.open_reception(new).expect("opened"))
}

fn end(cause: Cause, file: Option<&str>) -> ReceptionEnd {
    ReceptionEnd {
        cause,
        mailboxes: vec!["b@example.com".into()],
        spool_file: file.map(str::to_owned),
        record: None,
        mails: file.map(|_| mail_to("b@example.com", "mail/1")).into_iter().collect(),
    }
}

const fn came(pages: u32, cause: Cause) -> Outcome {
    Outcome { pages_confirmed: pages, pages_total: pages, cause }
}

#[test]
fn a_fetch_waits_for_no_pages_and_is_never_drawn() {
    let store = bench();
    let both = vec![fetch_of("+390212345", request()), job_to("+390212346")];
    let queued = store.accept(message_from("a@example.com", 1), both).expect("accepted");
    let [fetch, send] = [0, 1].map(|index: usize| queued.jobs()[index]);
    let row = store.show(fetch).expect("found").job;
    assert_eq!((row.state, row.fetch.as_ref().map(|fetch| &fetch.request)), (JobState::Ready, Some(&request())));
    assert_eq!(store.due_jobs(NOW, 9).expect("listed").iter().map(|due| due.job.id).collect::<Vec<_>>(), [fetch]);
    store.hold(fetch, "ask first").expect("held");
    let rendered = store.rendered(queued.message(), &[None], ("pages/1", 2), NOW).expect("rendered");
    assert_eq!((rendered.ready, rendered.held), (vec![send], Vec::new()));
    assert_eq!(store.release(fetch, NOW), Ok(Release::Rendered));
    assert_eq!(store.show(fetch).expect("found").job.state, JobState::Ready);
}

#[test]
fn the_same_mail_for_another_document_is_another_wish() {
    let store = bench();
    let ask = |request| store.accept(message_from("a@example.com", 1), vec![fetch_of("+390212345", request)]);
    assert!(!ask(request()).expect("accepted").is_duplicate());
    assert!(ask(request()).expect("accepted").is_duplicate());
    assert!(!ask(FetchRequest::default()).expect("accepted").is_duplicate());
    let other = FetchRequest { password: Password::parse("4712"), ..request() };
    assert!(!ask(other).expect("accepted").is_duplicate());
}

#[test]
fn a_whole_document_is_mailed_and_the_fetch_done_in_one_transaction() {
    let store = bench();
    let (job, attempt, received) = on_the_line(&store, 2);
    let ended = (received, end(Cause::Sent, Some("received/2")));
    assert_eq!(store.close_fetch(attempt, &came(2, Cause::Sent), Next::Done, ended.clone(), NOW), Ok(JobState::Done));
    let row = store.show(job).expect("found").job;
    assert_eq!(row.outcome(), Some(came(2, Cause::Sent)));
    assert_eq!(row.sentence().as_deref(), Some("all pages were received"));
    assert_eq!(store.due_mails(NOW, 9).expect("listed").len(), 1);
    let again = store.close_fetch(attempt, &came(2, Cause::Sent), Next::Done, ended, NOW);
    assert_eq!(again, Err(Refusal::ReceptionClosed(received).into()));
    assert_eq!(store.due_mails(NOW, 9).expect("listed").len(), 1, "nothing of a refused step is kept");
}

#[test]
fn a_document_that_broke_off_is_mailed_and_fetched_from_its_beginning() {
    let store = bench();
    let (job, attempt, received) = on_the_line(&store, 2);
    let cause = Cause::Disconnected(Phase::C);
    let ended = (received, end(cause.clone(), Some("received/2")));
    let state = store.close_fetch(attempt, &came(2, cause), Next::At(NOW), ended, NOW);
    assert_eq!(state, Ok(JobState::Ready));
    let opened = store.open_attempt(job, "main", NOW).expect("opened");
    assert_eq!((opened.first_page, opened.ordinal), (1, 2));
    let before = store.show(job).expect("found").attempts.remove(0);
    assert_eq!(before.pages_confirmed, 2);
    assert!(before.sentence.expect("told").contains("the sending machine hung up"));
}

#[test]
fn a_call_that_brought_nothing_leaves_no_fax_and_can_be_tried_again() {
    let store = bench();
    let (job, attempt, received) = on_the_line(&store, 0);
    let ended = (received, end(Cause::NothingToPoll, None));
    let next = Next::GiveUp(GiveUp::Final);
    let state = store.close_fetch(attempt, &came(0, Cause::NothingToPoll), next, ended, NOW);
    assert_eq!(state, Ok(JobState::Failed), "no page of none is not success");
    assert_eq!(store.received(received), Err(Refusal::NoReceived(received).into()));
    store.retry(job, Resend::Remaining, NOW, NOW + DAY).expect("it needs no pages");
    assert_eq!(store.show(job).expect("found").job.state, JobState::Ready);
}

#[test]
fn a_fetch_cut_off_by_a_crash_is_resumed_and_what_came_is_handed_out() {
    let store = bench();
    let (job, _, received) = on_the_line(&store, 3);
    let recovered = store.recover(&RetrySettings::default(), NOW).expect("recovered");
    assert_eq!((recovered.resumed, recovered.done), (vec![job], Vec::new()), "three pages may be half of it");
    assert_eq!(recovered.receptions.iter().map(|row| (row.id, row.job)).collect::<Vec<_>>(), [(received, Some(job))]);
    assert_eq!(store.show(job).expect("found").attempts[0].pages_confirmed, 3);
}

fn document() -> NewOffer {
    NewOffer {
        name: "price list".into(),
        numbers: vec!["+3902*".parse().expect("a pattern"), "4711".parse().expect("a pattern")],
        selective: Some("77".into()),
        password: Password::parse("4711"),
        once: false,
        pages_file: "pages/1".into(),
        pages: vec![OfferedPage { pels: 1728, rows: 2200, lines_per_inch: 196 }; 2],
        created_ms: NOW,
        until_ms: None,
    }
}

fn fetched(store: &Bench, offer: OfferId, pages: u32, cause: &Cause) {
    let new = NewFetching {
        offer,
        received: ReceivedId(1),
        called: "+390212345".into(),
        caller: Some("+4989".into()),
        opened_ms: NOW,
    };
    let fetching = store.open_fetching(new).expect("opened");
    store.close_fetching(fetching, pages, cause, Some("+49 89".into()), NOW + 1).expect("closed");
    let again = store.close_fetching(fetching, 0, cause, None, NOW);
    assert_eq!(again, Err(Refusal::FetchingClosed(fetching).into()));
}

#[test]
fn an_offer_comes_back_as_it_was_made_the_newest_first() {
    let store = bench();
    let first = store.add_offer(document()).expect("added");
    let second = store.add_offer(NewOffer { name: "b".into(), ..document() }).expect("added");
    let live = store.live_offers(NOW).expect("listed");
    assert_eq!(live.iter().map(|offer| offer.id).collect::<Vec<_>>(), [second, first]);
    let (row, new) = (&live[1], document());
    assert_eq!((&row.numbers, &row.pages, &row.password), (&new.numbers, &new.pages, &new.password));
    assert_eq!(row.ended_by(NOW), None);
    assert!(store.spool_files().expect("listed").contains("pages/1"));
    assert!(store.add_offer(NewOffer { pages: Vec::new(), ..document() }).is_err());
}

#[test]
fn a_document_to_be_fetched_once_ends_with_the_first_whole_fetching() {
    let store = bench();
    let offer = store.add_offer(NewOffer { once: true, ..document() }).expect("added");
    fetched(&store, offer, 1, &Cause::Disconnected(Phase::C));
    fetched(&store, offer, 1, &Cause::Sent);
    assert_eq!(store.live_offers(NOW).expect("listed").len(), 1);
    fetched(&store, offer, 2, &Cause::Sent);
    assert_eq!(store.live_offers(NOW).expect("listed"), []);
    assert_eq!(store.offers().expect("listed")[0].ended, Some((NOW + 1, OfferEnd::Fetched)));
    let seen = store.fetchings(offer, 9).expect("listed");
    assert_eq!(seen.iter().map(|fetching| fetching.pages_confirmed).collect::<Vec<_>>(), [2, 1, 1]);
    assert_eq!(seen[0].remote_id.as_deref(), Some("+49 89"));
}

#[test]
fn an_offer_is_removed_once_and_expires_by_itself() {
    let store = bench();
    let offer = store.add_offer(document()).expect("added");
    store.remove_offer(offer, NOW).expect("removed");
    let again = store.remove_offer(offer, NOW);
    assert_eq!(again, Err(QueueError::Refused(Refusal::OfferEnded { offer, end: OfferEnd::Removed })));
    let late = store.add_offer(NewOffer { until_ms: Some(NOW + HOUR), ..document() }).expect("added");
    assert_eq!(store.live_offers(NOW + HOUR - 1).expect("listed").len(), 1);
    assert_eq!(store.live_offers(NOW + HOUR).expect("listed"), []);
    let expired = Refusal::OfferEnded { offer: late, end: OfferEnd::Expired };
    assert_eq!(store.remove_offer(late, NOW + HOUR), Err(expired.into()));
}

#[test]
fn the_file_of_an_ended_offer_goes_first_and_its_row_when_it_is_old() {
    let store = bench();
    let offer = store.add_offer(NewOffer { until_ms: Some(NOW + HOUR), ..document() }).expect("added");
    fetched(&store, offer, 2, &Cause::Sent);
    assert_eq!(store.purge_offers(NOW - DAY, NOW + 2 * HOUR), Ok(Vec::new()), "a call may still want its pages");
    assert_eq!(store.purge_offers(NOW - DAY, NOW + 9 * HOUR), Ok(vec!["pages/1".to_owned()]));
    assert_eq!(store.offers().expect("listed")[0].pages_file, None);
    assert!(!store.spool_files().expect("listed").contains("pages/1"));
    store.purge_offers(NOW + DAY, NOW + 2 * DAY).expect("purged");
    assert_eq!((store.offers().expect("listed"), store.fetchings(offer, 9).expect("listed")), (Vec::new(), Vec::new()));
}
