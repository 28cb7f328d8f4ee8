//! The one thread that writes. Operations that wait are run one after the other, each in a savepoint of one
//! transaction, committed together with one synchronisation of the disk, and only then answered.

use crate::model::crash_point;
use crate::queue::bell::{Bell, Bells, Rung};
use crate::queue::error::{LocalFault, QueueError};
use rusqlite::Connection;
use std::cell::Cell;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

/// Operations that may wait; the next caller blocks.
const MAX_WAITING: usize = 1024;
/// Operations committed together.
const MAX_BATCH: usize = 256;

/// An operation's view of the open transaction.
pub(super) struct Tx<'c> {
    /// The connection, within the operation's savepoint.
    pub(super) connection: &'c Connection,
    rung: Cell<Rung>,
}

impl Tx<'_> {
    /// Rings `bell` once the transaction is committed.
    pub(super) fn ring(&self, bell: Bell) {
        self.rung.set(self.rung.get().with(bell));
    }
}

type Answer = Box<dyn FnOnce(Result<(), QueueError>) + Send>;

/// What an operation leaves: whether to keep its changes, and how to answer once the fate of the commit is known.
struct Ran {
    keep: bool,
    answer: Answer,
}

struct Request {
    label: &'static str,
    /// Given no transaction, the operation is not run, only answered.
    run: Box<dyn FnOnce(Option<&Tx<'_>>) -> Ran + Send>,
}

/// The writer's end that callers hold.
pub(super) struct Writer {
    requests: Mutex<Option<SyncSender<Request>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Writer {
    /// Starts the thread, which owns `connection` until the writer is dropped.
    pub(super) fn start(connection: Connection, bells: Arc<Bells>) -> Result<Self, QueueError> {
        let (sender, receiver) = sync_channel(MAX_WAITING);
        let thread = std::thread::Builder::new()
            .name("queue".into())
            .spawn(move || serve(&connection, &receiver, &bells))
            .map_err(|error| LocalFault::Storage(error.to_string()))?;
        Ok(Self { requests: Mutex::new(Some(sender)), thread: Mutex::new(Some(thread)) })
    }

    /// Hands in an operation and waits for its commit.
    pub(super) fn run<T: Send + 'static>(
        &self,
        label: &'static str,
        operation: impl FnOnce(&Tx<'_>) -> Result<T, QueueError> + Send + 'static,
    ) -> Result<T, QueueError> {
        let (reply, answer) = sync_channel(1);
        let run = Box::new(move |tx: Option<&Tx<'_>>| {
            let result = tx.map(operation);
            let keep = matches!(result, Some(Ok(_)));
            let answer: Answer = Box::new(move |committed| {
                let not_run = || Err(QueueError::Bug(format!("the operation {label:?} was not run")));
                let answer = match (result, committed) {
                    (Some(Err(error)), _) | (_, Err(error)) => Err(error),
                    (Some(Ok(value)), Ok(())) => Ok(value),
                    (None, Ok(())) => not_run(),
                };
                // The caller waits below; it cannot have gone.
                let _ = reply.send(answer);
            });
            Ran { keep, answer }
        });
        let gone = || QueueError::Bug(format!("the operation {label:?} broke off"));
        let requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner).clone().ok_or_else(gone)?;
        requests.send(Request { label, run }).map_err(|_| gone())?;
        answer.recv().map_err(|_| gone())?
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        drop(self.requests.lock().unwrap_or_else(PoisonError::into_inner).take());
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        // A bell's callback may hold the last handle; the thread cannot wait for itself.
        if let Some(thread) = thread.filter(|thread| thread.thread().id() != std::thread::current().id()) {
            let _ = thread.join();
        }
    }
}

impl fmt::Debug for Writer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Writer")
    }
}

fn serve(connection: &Connection, requests: &Receiver<Request>, bells: &Bells) {
    while let Ok(first) = requests.recv() {
        let mut batch = vec![first];
        while batch.len() < MAX_BATCH {
            let Ok(next) = requests.try_recv() else { break };
            batch.push(next);
        }
        let rung = commit_together(connection, batch);
        let listened = catch_unwind(AssertUnwindSafe(|| bells.ring(rung)));
        if listened.is_err() {
            tracing::error!("a listener of the queue's bells panicked");
        }
    }
}

/// Runs all of `batch` in one transaction and answers each; gives the bells to ring.
fn commit_together(connection: &Connection, batch: Vec<Request>) -> Rung {
    let labels: Vec<&'static str> = batch.iter().map(|request| request.label).collect();
    let mut answers: Vec<Answer> = Vec::with_capacity(batch.len());
    let mut rung = Rung::default();
    let mut fate = connection.execute_batch("BEGIN IMMEDIATE").map_err(QueueError::from);
    for request in batch {
        if fate.is_err() {
            // With the transaction gone, those before and those after are lost alike.
            answers.push((request.run)(None).answer);
            continue;
        }
        let (answer, ended) = run_in_savepoint(connection, request);
        answers.extend(answer);
        match ended {
            Ok(bells) => rung = rung.and(bells),
            Err(error) => fate = Err(error),
        }
    }
    if fate.is_ok() {
        labels.iter().for_each(|label| crash_point("before-commit", label));
        fate = connection.execute_batch("COMMIT").map_err(QueueError::from);
        labels.iter().for_each(|label| crash_point("after-commit", label));
    }
    if !connection.is_autocommit()
        && let Err(error) = connection.execute_batch("ROLLBACK")
    {
        tracing::error!(%error, "the queue could not take back a transaction");
    }
    if let Err(error) = &fate {
        tracing::error!(%error, operations = answers.len(), "the queue could not commit");
    }
    for answer in answers {
        answer(fate.clone());
    }
    if fate.is_ok() { rung } else { Rung::default() }
}

/// Runs one operation. The error is one that ends the whole transaction; an operation's own is in its answer.
fn run_in_savepoint(connection: &Connection, request: Request) -> (Option<Answer>, Result<Rung, QueueError>) {
    if let Err(error) = connection.execute_batch("SAVEPOINT operation") {
        return (Some((request.run)(None).answer), Err(error.into()));
    }
    let tx = Tx { connection, rung: Cell::default() };
    // A panic is a fault of one operation; its caller sees the answer dropped, and the others go on.
    let (answer, keep) = match catch_unwind(AssertUnwindSafe(|| (request.run)(Some(&tx)))) {
        Ok(ran) => (Some(ran.answer), ran.keep),
        Err(_) => (None, false),
    };
    // A full disk can make SQLite take back the whole transaction by itself.
    if connection.is_autocommit() {
        return (answer, Err(LocalFault::Storage("the transaction was taken back".into()).into()));
    }
    let end = if keep { "RELEASE operation" } else { "ROLLBACK TO operation; RELEASE operation" };
    let rung = if keep { tx.rung.get() } else { Rung::default() };
    (answer, connection.execute_batch(end).map(|()| rung).map_err(QueueError::from))
}
