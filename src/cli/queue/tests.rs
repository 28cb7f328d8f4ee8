//! The commands on a real queue, and what they print.

use std::path::Path;

use jiff::tz::{TimeZone, offset};
use serde_json::Value;
use tempfile::TempDir;

use super::super::arguments::{Arguments, Command};
use super::super::console::Console;
use super::super::exit::Exit;
use super::super::moments::Moment;
use crate::config::{self, Config};
use crate::model::{AttemptId, Cause, JobId, Number, Outcome};
use crate::policy::{GiveUp, Next};
use crate::queue::{NewJob, NewMessage, Store};
use clap::Parser as _;

/// 2027-01-15 08:00:00 UTC.
const NOW: i64 = 1_800_000_000_000;
const MINUTE: i64 = 60_000;
const DAY: i64 = 24 * 60 * MINUTE;

struct Bench {
    _directory: TempDir,
    config: Config,
    store: Store,
}

fn config_at(directory: &Path) -> Config {
    let text =
        format!("[server]\ndata_directory = {:?}\n[numbers]\ncountry_code = \"39\"\nnational_prefix = \"\"", directory);
    config::check_text("test.toml", &text).expect("a sound configuration")
}

fn bench() -> Bench {
    let directory = tempfile::tempdir().expect("a directory");
    let config = config_at(directory.path());
    let store = Store::open(&super::path(&config)).expect("a new queue");
    Bench { _directory: directory, config, store }
}

impl Bench {
    /// A fax of three pages.
    fn fax(&self, sender: &str, number: &str) -> JobId {
        let count =
            u8::try_from(self.store.list(&crate::queue::JobFilter::default()).expect("listed").len()).expect("few");
        let message = NewMessage {
            envelope_from: sender.into(),
            peer: "127.0.0.1".into(),
            received_ms: NOW,
            spool_file: format!("messages/{count}"),
            size_bytes: 1234,
            message_id: Some(format!("m{count}@example.com")),
            subject: "Offer\x1b[31m 17".into(),
            content_hash: [count; 32],
            ..NewMessage::default()
        };
        let to = Number::from_stored(number).expect("a number");
        let job = NewJob::new(to, format!("{number}@fax.example.com"), NOW, NOW + DAY);
        let queued = self.store.accept(message, vec![job]).expect("accepted");
        self.store.rendered(queued.message(), &[None], (&format!("pages/{count}"), 3), NOW).expect("rendered");
        queued.jobs()[0]
    }

    fn dialled(&self, job: JobId) -> AttemptId {
        self.store.open_attempt(job, "pbx", NOW).expect("opened").attempt
    }

    fn ended(&self, job: JobId, confirmed: u32, cause: Cause, next: Next) {
        let attempt = self.dialled(job);
        for page in 1..=confirmed {
            self.store.page_confirmed(attempt, page).expect("confirmed");
        }
        let outcome = Outcome { pages_confirmed: confirmed, pages_total: 3, cause };
        let record = Some(
            r#"{"ecm":true,"remote_id":"+39 06 12345","remote_machine":{"name":"Ricoh Nashuatec P394"}}"#.to_owned(),
        );
        self.store.close_attempt(attempt, &outcome, next, record, NOW + 42_000).expect("closed");
    }

    fn reported(&self, job: JobId) {
        self.store.report_queued(job, Vec::new(), NOW + MINUTE).expect("reported");
    }

    fn run(&self, line: &str) -> (Exit, String, String) {
        run(&self.config, line)
    }
}

fn run(config: &Config, line: &str) -> (Exit, String, String) {
    let words = ["faxramp", "queue"].into_iter().chain(line.split_whitespace());
    let arguments = Arguments::try_parse_from(words).expect("a sound command line");
    let Command::Queue(command) = arguments.command else { panic!("a queue command") };
    let (mut console, kept) = Console::kept();
    let moment = Moment { now_ms: NOW + MINUTE, zone: TimeZone::fixed(offset(1)) };
    let exit = super::run(command, config, &moment, &mut console).unwrap_or_else(|failure| {
        console.tell(&failure);
        failure.exit
    });
    (exit, kept.out(), kept.complaints())
}

fn five_faxes() -> Bench {
    let bench = bench();
    let sent = bench.fax("anna@example.com", "+390212345");
    bench.ended(sent, 3, Cause::Sent, Next::Done);
    bench.reported(sent);
    let failed = bench.fax("anna@example.com", "+390299999");
    bench.ended(failed, 1, Cause::Unallocated, Next::GiveUp(GiveUp::Final));
    bench.reported(failed);
    let again = bench.fax("bruno@example.com", "4711");
    bench.ended(again, 0, Cause::Busy, Next::At(NOW + 5 * MINUTE));
    let held = bench.fax("", "+390212345");
    bench.store.hold(held, "ask Carla").expect("held");
    let calling = bench.fax("anna@example.com", "+4989123456");
    bench.dialled(calling);
    bench
}

#[test]
fn a_list_tells_what_waits_and_what_became_of_the_rest() {
    let (exit, out, complaints) = five_faxes().run("list");
    assert_eq!((exit, complaints.as_str()), (Exit::Ok, ""));
    assert_eq!(
        out.lines().collect::<Vec<_>>(),
        [
            "ID  STATE     NUMBER       SENDER             PAGES  FAILED CALLS  NEXT TRY OR OUTCOME",
            " 5  dialling  +4989123456  anna@example.com     0/3             0  on the line",
            " 4  held      +390212345   <>                   0/3             0  ask Carla",
            " 3  ready     4711         bruno@example.com    0/3             1  09:05:00; the line was busy",
            " 2  failed    +390299999   anna@example.com     1/3             0  the number does not exist or is not in service",
            " 1  done      +390212345   anna@example.com     3/3             0  all pages were confirmed by the receiving machine",
        ]
    );
}

#[test]
fn a_reported_fax_is_found_by_what_became_of_it() {
    let bench = five_faxes();
    let ids = |line: &str| {
        let (_, out, _) = bench.run(line);
        let found: Value = serde_json::from_str(&out).expect("JSON");
        found.as_array().expect("an array").iter().map(|job| job["id"].as_i64().expect("an id")).collect::<Vec<_>>()
    };
    assert_eq!(ids("list --json --state failed"), [2]);
    assert_eq!(ids("list --json --state done --state held"), [4, 1]);
    assert_eq!(ids("list --json --state reported"), [2, 1]);
    assert_eq!(ids("list --json --number 0212345"), [4, 1], "as dialled at home");
    assert_eq!(ids("list --json --sender anna@example.com --limit 2"), [5, 2]);
    assert_eq!(ids("list --json --sender anna@example.com --state done --limit 1"), [1]);
}

#[test]
fn a_shortened_list_says_so() {
    let (_, out, complaints) = five_faxes().run("list --limit 2");
    assert_eq!(out.lines().count(), 3);
    assert!(complaints.contains("Only the newest 2"), "{complaints}");
}

#[test]
fn an_empty_list_is_a_sentence_for_people_and_an_empty_array_for_programs() {
    let bench = bench();
    assert_eq!(bench.run("list").1, "The queue is empty.\n");
    assert_eq!(bench.run("list --state held").1, "No fax fits.\n");
    assert_eq!(bench.run("list --json").1, "[]\n");
}

#[test]
fn a_fax_is_shown_with_its_mail_and_its_calls_and_without_escape_sequences() {
    let (exit, out, _) = five_faxes().run("show 2");
    assert_eq!(exit, Exit::Ok);
    assert_eq!(
        out.lines().collect::<Vec<_>>(),
        [
            "Fax 2 to +390299999  failed",
            "  sender      anna@example.com",
            "  subject     Offer\u{fffd}[31m 17",
            "  addressed   +390299999@fax.example.com",
            "  taken       2027-01-15 09:00:00 from 127.0.0.1",
            "  message     <m1@example.com>",
            "  size        1234 octets",
            "  pages       1 of 3 confirmed by the receiving machine",
            "  outcome     the number does not exist or is not in service",
            "  ended       2027-01-15 09:00:42",
            "  machine     +39 06 12345, Ricoh Nashuatec P394",
            "CALL  PLACED               LASTED  TRUNK  FROM PAGE  CONFIRMED  OUTCOME",
            "   2  2027-01-15 09:00:00  42.0 s  pbx            1          1  the number does not exist or is not in service",
        ]
    );
}

#[test]
fn programs_get_the_record_of_a_call_as_json() {
    let (_, out, _) = five_faxes().run("show 1 5 --json");
    let found: Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!(found[0]["result"], "done");
    assert_eq!(found[0]["state"], "reported");
    assert_eq!(found[0]["calls"][0]["record"]["ecm"], true);
    assert_eq!(found[0]["calls"][0]["closed"], "2027-01-15T08:00:42Z");
    assert_eq!(found[1]["calls"][0]["closed"], Value::Null);
    assert_eq!(found[1]["mail"]["message_id"], "m4@example.com");
}

#[test]
fn of_several_faxes_those_that_can_be_held_are() {
    let bench = five_faxes();
    let (exit, out, complaints) = bench.run("hold 3 99 1 --reason audit");
    assert_eq!(exit, Exit::Failed);
    assert_eq!(out, "fax 3: held until it is released\n");
    assert_eq!(
        complaints.lines().collect::<Vec<_>>(),
        [
            "faxramp: there is no fax 99",
            "faxramp: faxramp queue list tells which there are",
            "faxramp: fax 1 has ended",
            "faxramp: faxramp queue retry sends it once more",
        ]
    );
    assert_eq!(bench.store.show(JobId(3)).expect("found").job.hold_reason.as_deref(), Some("audit"));
}

#[test]
fn a_released_fax_is_dialled_and_a_cancelled_one_is_not() {
    let bench = five_faxes();
    assert_eq!(bench.run("release 4").1, "fax 4: released; it will be dialled\n");
    assert_eq!(
        bench.run("cancel 4 5").1,
        "fax 4: cancelled; it will not be dialled\nfax 5: cancelled; the server ends its call\n"
    );
    let (exit, _, complaints) = bench.run("release 4");
    assert_eq!(exit, Exit::Failed);
    assert!(complaints.contains("was cancelled") && complaints.contains("retry"), "{complaints}");
}

#[test]
fn a_retry_goes_on_behind_the_pages_that_were_confirmed() {
    let bench = five_faxes();
    assert_eq!(bench.run("retry 2").1, "fax 2: will be sent again from page 2 of 3\n");
    assert_eq!(bench.run("retry 1").1, "fax 1: will be sent again, all pages\n");
    let (exit, _, complaints) = bench.run("retry --whole 2");
    assert_eq!(exit, Exit::Failed);
    assert!(complaints.contains("cancel it first"), "{complaints}");
}

#[test]
fn a_retry_of_a_waiting_fax_dials_it_now_and_keeps_its_tries() {
    let bench = five_faxes();
    let (exit, out, _) = bench.run("retry 3");
    assert_eq!((exit, out.as_str()), (Exit::Ok, "fax 3: will be dialled as soon as a line is free\n"));
    let job = bench.store.show(JobId(3)).expect("found").job;
    assert_eq!((job.due_ms, job.tries.busy), (NOW + MINUTE, 1));
}

#[test]
fn a_fax_on_the_line_may_be_retried_later() {
    let (exit, _, complaints) = five_faxes().run("retry 5");
    assert_eq!(exit, Exit::TryLater, "{complaints}");
}

#[test]
fn steps_are_told_to_programs_with_their_failures() {
    let (exit, out, complaints) = five_faxes().run("cancel 3 99 --json");
    assert_eq!((exit, complaints.as_str()), (Exit::Failed, ""));
    let found: Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!((&found[0]["done"], &found[1]["done"]), (&Value::Bool(true), &Value::Bool(false)));
    assert_eq!(found[1]["sentence"], "there is no fax 99");
}

#[test]
fn a_queue_that_is_not_there_is_not_made() {
    let directory = tempfile::tempdir().expect("a directory");
    let config = config_at(directory.path());
    let (exit, _, complaints) = run(&config, "list");
    assert_eq!(exit, Exit::Unavailable);
    assert!(complaints.contains("there is no queue at") && complaints.contains("faxramp serve"), "{complaints}");
    assert!(!super::path(&config).exists());
}

#[test]
fn a_number_that_is_none_is_told_with_the_way_to_write_it() {
    let (exit, _, complaints) = five_faxes().run("list --number 12x");
    assert_eq!(exit, Exit::Data);
    assert!(complaints.contains("'x' has no place") && complaints.contains("+390212345"), "{complaints}");
}

#[test]
fn a_database_of_another_program_is_left_alone() {
    let directory = tempfile::tempdir().expect("a directory");
    let config = config_at(directory.path());
    std::fs::write(super::path(&config), "this is no database at all, but long enough to be looked at")
        .expect("written");
    let (exit, _, complaints) = run(&config, "list");
    assert_eq!(exit, Exit::Unavailable, "{complaints}");
}
