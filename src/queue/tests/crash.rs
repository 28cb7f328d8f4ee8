//! Crashes at marked places, in a process of their own, and files as a power cut leaves them.

use super::{DAY, NOW, bench, job_to, mail_to, message_from, outcome};
use crate::model::{Cause, JobId, JobState, crash::VARIABLE};
use crate::policy::{Next, RetrySettings};
use crate::queue::Store;
use std::fs::OpenOptions;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

/// Tells the test below that it is the process to be crashed, and where to work.
const DIRECTORY: &str = "FAXRAMP_CRASH_TEST_DIRECTORY";

/// The operations of one fax, in order, by the labels of their commits.
const STEPS: [&str; 7] =
    ["accept", "rendered", "open-attempt", "page-confirmed", "close-attempt", "report-queued", "mail-sent"];

/// One fax from acceptance to its receipt; each step is noted once its promise is given.
fn send_one_fax(directory: &Path) {
    let store = Store::open(&directory.join("queue.db")).expect("a queue");
    let noted = |step: &str| {
        let mut notes = OpenOptions::new().create(true).append(true).open(directory.join("notes")).expect("notes");
        writeln!(notes, "{step}").expect("noted");
    };
    let queued = store.accept(message_from("a@example.com", 1), vec![job_to("+390212345")]).expect("accepted");
    noted("accept");
    store.rendered(queued.message(), &[None], ("pages/1", 3), NOW).expect("rendered");
    noted("rendered");
    let job = queued.jobs()[0];
    let attempt = store.open_attempt(job, "main", NOW).expect("opened").attempt;
    noted("open-attempt");
    store.page_confirmed(attempt, 1).expect("confirmed");
    noted("page-confirmed");
    store.close_attempt(attempt, &outcome(3, Cause::Sent), Next::Done, None, NOW).expect("closed");
    noted("close-attempt");
    let mail = store.report_queued(job, vec![mail_to("a@example.com", "mail/1")], NOW).expect("queued")[0];
    noted("report-queued");
    store.mail_sent(mail, "250", NOW).expect("sent");
    noted("mail-sent");
}

/// Not a claim of its own: the body of the process that the tests below start and crash.
#[test]
fn the_process_that_is_crashed() {
    if let Some(directory) = std::env::var_os(DIRECTORY) {
        send_one_fax(Path::new(&directory));
    }
}

/// Runs the fax in another process that dies at `place`; gives the steps it had promised by then.
fn crash_at(directory: &Path, place: &str) -> Vec<String> {
    let status = Command::new(std::env::current_exe().expect("this test"))
        .args(["--exact", "queue::tests::crash::the_process_that_is_crashed"])
        .env(DIRECTORY, directory)
        .env(VARIABLE, place)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .expect("started");
    assert!(!status.success(), "{place} was never reached");
    let notes = std::fs::read_to_string(directory.join("notes")).unwrap_or_default();
    notes.lines().map(str::to_owned).collect()
}

/// How many of [`STEPS`] the rows show.
fn steps_kept(store: &Store) -> usize {
    let Ok(detail) = store.show(JobId(1)) else { return 0 };
    match detail.job.state {
        JobState::Accepted => 1,
        JobState::Ready => 2,
        JobState::Dialling if detail.job.pages_confirmed == 0 => 3,
        JobState::Dialling => 4,
        JobState::Done => 5,
        JobState::Reported if store.counters().expect("counted").mails_sent == 0 => 6,
        JobState::Reported => 7,
        JobState::Held | JobState::Failed | JobState::Cancelled => panic!("{detail:?}"),
    }
}

#[test]
fn a_crash_around_any_commit_keeps_every_promise_and_invents_nothing() {
    for (index, step) in STEPS.iter().enumerate() {
        for (moment, kept) in [("before-commit", index), ("after-commit", index + 1)] {
            let directory = tempfile::tempdir().expect("a directory");
            let promised = crash_at(directory.path(), &format!("{moment}/{step}"));
            assert_eq!(promised, STEPS[..index], "{moment}/{step}");
            let store = Store::open(&directory.path().join("queue.db")).expect("opened again");
            assert_eq!(steps_kept(&store), kept, "{moment}/{step}");
            let recovered = store.recover(&RetrySettings::default(), NOW).expect("recovered");
            let on_the_line = kept == 3 || kept == 4;
            assert_eq!(recovered.resumed.len(), usize::from(on_the_line), "{moment}/{step}");
            if on_the_line {
                let opened = store.open_attempt(JobId(1), "main", NOW).expect("opened");
                assert_eq!(opened.first_page, if kept == 4 { 2 } else { 1 }, "{moment}/{step}");
            }
        }
    }
}

#[test]
fn a_copy_of_the_files_in_the_middle_is_a_sound_queue() {
    let bench = bench();
    let (job, attempt) = bench.dialling(1, "+390212345");
    bench.page_confirmed(attempt, 2).expect("noted");
    let copy = tempfile::tempdir().expect("a directory");
    for name in ["queue.db", "queue.db-wal"] {
        std::fs::copy(bench.directory.path().join(name), copy.path().join(name)).expect("copied");
    }
    let store = Store::open(&copy.path().join("queue.db")).expect("opened");
    assert_eq!(store.show(job).expect("found"), bench.show(job).expect("found"));
    assert_eq!(store.recover(&RetrySettings::default(), NOW).expect("recovered").resumed, [job]);
}

#[test]
fn a_log_cut_off_in_the_middle_loses_the_last_operations_only() {
    let bench = bench();
    let first = bench.ready("a@example.com", 1, "+390212345");
    let copy = tempfile::tempdir().expect("a directory");
    let log = bench.directory.path().join("queue.db-wal");
    let kept = std::fs::metadata(&log).expect("a log").len();
    bench.hold(first, "last").expect("held");
    let bytes = std::fs::read(&log).expect("read");
    std::fs::copy(bench.directory.path().join("queue.db"), copy.path().join("queue.db")).expect("copied");
    // The pages of the last commit reached the disk in part.
    let cut = usize::try_from(kept).expect("small") + 1000;
    assert!(cut < bytes.len());
    std::fs::write(copy.path().join("queue.db-wal"), &bytes[..cut]).expect("written");
    let store = Store::open(&copy.path().join("queue.db")).expect("opened");
    assert_eq!(store.show(first).expect("found").job.state, JobState::Ready);
    assert_eq!(store.expire(NOW + DAY), Ok(vec![first]), "and it goes on working");
}
