//! The queue on a real file.

mod batch;
mod calls;
mod crash;
mod intake;
mod machine;
mod outgoing;
mod polling;
mod trunks;

use super::{NewJob, NewMail, NewMessage, Queued, Store};
use crate::model::{AttemptId, Cause, JobId, Number, Outcome};
use tempfile::TempDir;

/// Some moment.
const NOW: i64 = 1_800_000_000_000;
const HOUR: i64 = 3600 * 1000;
const DAY: i64 = 24 * HOUR;

/// A store in a directory that lasts as long as the value.
struct Bench {
    directory: TempDir,
    store: Store,
}

impl std::ops::Deref for Bench {
    type Target = Store;

    fn deref(&self) -> &Store {
        &self.store
    }
}

fn bench() -> Bench {
    let directory = tempfile::tempdir().expect("a directory");
    let store = Store::open(&directory.path().join("queue.db")).expect("a new queue");
    Bench { directory, store }
}

fn number(text: &str) -> Number {
    Number::from_stored(text).expect("a number")
}

fn job_to(text: &str) -> NewJob {
    NewJob::new(number(text), format!("{text}@fax.example"), NOW, NOW + DAY)
}

/// A message whose content no other has.
fn message_from(sender: &str, content: u8) -> NewMessage {
    NewMessage {
        envelope_from: sender.into(),
        received_ms: NOW,
        spool_file: format!("messages/{content}"),
        content_hash: [content; 32],
        ..NewMessage::default()
    }
}

impl Bench {
    fn accepted(&self, sender: &str, content: u8, to: &[&str]) -> Queued {
        let jobs = to.iter().map(|text| job_to(text)).collect();
        self.accept(message_from(sender, content), jobs).expect("accepted")
    }

    /// A job of three pages that may be dialled.
    fn ready(&self, sender: &str, content: u8, to: &str) -> JobId {
        let queued = self.accepted(sender, content, &[to]);
        self.rendered(queued.message(), &[None], (&format!("pages/{content}"), 3), NOW).expect("rendered");
        queued.jobs()[0]
    }

    fn dialling(&self, content: u8, to: &str) -> (JobId, AttemptId) {
        let job = self.ready("a@example.com", content, to);
        (job, self.open_attempt(job, "main", NOW).expect("opened").attempt)
    }
}

fn outcome(pages_confirmed: u32, cause: Cause) -> Outcome {
    Outcome { pages_confirmed, pages_total: 3, cause }
}

fn mail_to(to: &str, file: &str) -> NewMail {
    NewMail {
        envelope_from: String::new(),
        envelope_to: to.into(),
        spool_file: file.into(),
        due_ms: NOW,
        expires_ms: NOW + DAY,
    }
}
