//! What a person is told of a fax under way, and with which code the command ends.

use super::{course, end, news, reachable, watch};
use crate::cli::console::Console;
use crate::cli::exit::Exit;
use crate::cli::moments::Moment;
use crate::model::{Cause, JobId, Number, Outcome};
use crate::policy::Next;
use crate::queue::{Job, NewJob, NewMessage, Store};
use jiff::tz::TimeZone;
use tempfile::TempDir;

const NOW: i64 = 1_800_000_000_000;

fn bench() -> (TempDir, Store, JobId) {
    let directory = tempfile::tempdir().expect("a directory");
    let store = Store::open(&directory.path().join("queue.sqlite")).expect("a new queue");
    let message = NewMessage {
        message_id: Some("m@example.com".into()),
        spool_file: "messages/1".into(),
        ..NewMessage::default()
    };
    let number = Number::from_stored("+390212345").expect("a number");
    let job = NewJob::new(number, "+390212345@fax.example.com", NOW, NOW + 86_400_000);
    let queued = store.accept(message, vec![job]).expect("accepted");
    store.rendered(queued.message(), &[None], ("pages/1", 2), NOW).expect("rendered");
    (directory, store, queued.jobs()[0])
}

fn close(store: &Store, id: JobId, confirmed: u32, cause: Cause, next: Next) -> Job {
    let attempt = store.open_attempt(id, "pbx", NOW).expect("opened").attempt;
    for page in 1..=confirmed {
        store.page_confirmed(attempt, page).expect("confirmed");
    }
    let outcome = Outcome { pages_confirmed: confirmed, pages_total: 2, cause };
    store.close_attempt(attempt, &outcome, next, None, NOW + 1000).expect("closed");
    store.show(id).expect("found").job
}

#[test]
fn only_a_fax_confirmed_whole_ends_with_0() {
    for (confirmed, cause, exit) in [(2, Cause::Sent, Exit::Ok), (1, Cause::LastConfirmationLost, Exit::Failed)] {
        let (_directory, store, id) = bench();
        let job = close(&store, id, confirmed, cause.clone(), Next::Done);
        assert_eq!(end(&job), Some(exit), "{cause:?}");
    }
}

#[test]
fn a_busy_line_is_told_with_the_next_try_and_waited_for() {
    let (_directory, store, id) = bench();
    let before = store.show(id).expect("found").job;
    let job = close(&store, id, 0, Cause::Busy, Next::At(NOW + 120_000));
    let moment = Moment { now_ms: NOW, zone: TimeZone::UTC };
    assert_eq!(course(&job, &moment), "0 of 2 pages confirmed; the line was busy; is dialled again at 08:02:00");
    assert_eq!(end(&job), None);
    assert!(news(Some(&before), &job) && !news(Some(&job), &job));
}

#[test]
fn the_report_of_an_ended_fax_is_no_news() {
    let (_directory, store, id) = bench();
    let done = close(&store, id, 2, Cause::Sent, Next::Done);
    store.report_queued(id, Vec::new(), NOW + 2000).expect("reported");
    assert!(!news(Some(&done), &store.show(id).expect("found").job));
}

#[test]
fn a_fax_that_has_ended_is_watched_no_longer_and_a_held_one_may_go_on_later() {
    let (_directory, store, id) = bench();
    close(&store, id, 2, Cause::Sent, Next::Done);
    let (mut console, kept) = Console::kept();
    assert_eq!(watch(&store, "m@example.com", false, &mut console), Ok(Exit::Ok));
    assert!(kept.out().contains("2 of 2 pages confirmed; all pages were confirmed"), "{}", kept.out());
    let (_directory, store, id) = bench();
    store.hold(id, "audit").expect("held");
    assert_eq!(watch(&store, "m@example.com", true, &mut console), Ok(Exit::TryLater));
    let last = kept.out().lines().last().map(str::to_owned).expect("a line");
    let value: serde_json::Value = serde_json::from_str(&last).expect("JSON");
    assert_eq!((value["event"].as_str(), value["state"].as_str()), (Some("job"), Some("held")));
}

#[test]
fn a_listener_on_every_address_is_reached_on_the_loopback() {
    let reached = |address: &str| reachable(address.parse().expect("an address")).to_string();
    assert_eq!(reached("0.0.0.0"), "127.0.0.1");
    assert_eq!(reached("::"), "::1");
    assert_eq!(reached("192.0.2.1"), "192.0.2.1");
}
