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

/// Given no transaction, the operation is not run, only answered.
type Run = Box<dyn FnOnce(Option<&Tx<'_>>) -> Ran + Send>;

struct Request {
    label: &'static str,
    run: Run,
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
        let (request, answer) = request(label, operation);
        let gone = || QueueError::Bug(format!("the operation {label:?} broke off"));
        let requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner).clone().ok_or_else(gone)?;
        requests.send(request).map_err(|_| gone())?;
        answer.recv().map_err(|_| gone())?
    }
}

/// An operation ready to be handed in, and where its result will come out.
fn request<T: Send + 'static>(
    label: &'static str,
    operation: impl FnOnce(&Tx<'_>) -> Result<T, QueueError> + Send + 'static,
) -> (Request, Receiver<Result<T, QueueError>>) {
    let (reply, answer) = sync_channel(1);
    let run = Box::new(move |tx: Option<&Tx<'_>>| {
        let result = tx.map(operation);
        let keep = matches!(result, Some(Ok(_)));
        let answer: Answer = Box::new(move |committed| {
            let answer = match (result, committed) {
                (Some(Err(error)), _) | (_, Err(error)) => Err(error),
                (Some(Ok(value)), Ok(())) => Ok(value),
                (None, Ok(())) => Err(QueueError::Bug(format!("the operation {label:?} was not run"))),
            };
            // Nobody is left to tell when the caller's thread is gone.
            let _ = reply.send(answer);
        });
        Ran { keep, answer }
    });
    (Request { label, run }, answer)
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

#[cfg(test)]
mod tests {
    use super::{LocalFault, QueueError, Tx, commit_together, request};
    use crate::queue::error::Refusal;
    use rusqlite::Connection;

    type Operation = Box<dyn FnOnce(&Tx<'_>) -> Result<(), QueueError> + Send>;

    fn database() -> Connection {
        let connection = Connection::open_in_memory().expect("a database");
        connection.execute_batch("CREATE TABLE words (word TEXT)").expect("made");
        connection
    }

    fn add(tx: &Tx<'_>, word: &str) -> Result<(), QueueError> {
        tx.connection.execute("INSERT INTO words VALUES (?1)", [word])?;
        Ok(())
    }

    fn words(connection: &Connection) -> Vec<String> {
        let mut query = connection.prepare("SELECT word FROM words ORDER BY word").expect("prepared");
        let rows = query.query_map([], |row| row.get(0)).expect("read");
        rows.collect::<Result<_, _>>().expect("read")
    }

    /// Runs the operations in one transaction; gives each one's answer, nothing where it was dropped.
    fn together(connection: &Connection, operations: Vec<Operation>) -> Vec<Option<Result<(), QueueError>>> {
        let (batch, answers): (Vec<_>, Vec<_>) =
            operations.into_iter().map(|operation| request("test", operation)).unzip();
        commit_together(connection, batch);
        assert!(connection.is_autocommit(), "no transaction is left open");
        answers.into_iter().map(|answer| answer.try_recv().ok()).collect()
    }

    #[test]
    fn a_refused_operation_takes_nothing_of_its_neighbours_with_it() {
        let connection = database();
        let refused = |tx: &Tx<'_>| {
            add(tx, "b")?;
            Err(Refusal::NoRecipient.into())
        };
        let batch: Vec<Operation> = vec![Box::new(|tx| add(tx, "a")), Box::new(refused), Box::new(|tx| add(tx, "c"))];
        let results = together(&connection, batch);
        assert_eq!(results, [Some(Ok(())), Some(Err(Refusal::NoRecipient.into())), Some(Ok(()))]);
        assert_eq!(words(&connection), ["a", "c"]);
    }

    #[test]
    fn a_panic_is_one_operation_s_fault_and_the_others_are_kept() {
        let connection = database();
        let faulty = |tx: &Tx<'_>| {
            add(tx, "lost")?;
            panic!("a fault that this test makes");
        };
        let results = together(&connection, vec![Box::new(faulty), Box::new(|tx| add(tx, "kept"))]);
        assert_eq!(results, [None, Some(Ok(()))]);
        assert_eq!(words(&connection), ["kept"]);
    }

    #[test]
    fn on_a_full_disk_only_what_is_kept_is_answered_well() {
        let connection = database();
        assert_eq!(together(&connection, vec![Box::new(|tx| add(tx, "early"))]), [Some(Ok(()))]);
        connection.pragma_update(None, "max_page_count", 3).expect("set");
        let batch: Vec<Operation> = vec![
            Box::new(|tx| add(tx, "before")),
            Box::new(|tx| add(tx, &"x".repeat(100_000))),
            Box::new(|tx| add(tx, "zafter")),
        ];
        let results = together(&connection, batch);
        assert_eq!(results[1], Some(Err(LocalFault::DiskFull.into())));
        let kept = words(&connection);
        for (word, result) in [("before", &results[0]), ("zafter", &results[2])] {
            assert_eq!(kept.iter().any(|found| found == word), *result == Some(Ok(())), "{word}");
        }
        assert!(kept.contains(&"early".to_owned()));
        connection.pragma_update(None, "max_page_count", 1000).expect("set");
        assert_eq!(together(&connection, vec![Box::new(|tx| add(tx, "late"))]), [Some(Ok(()))]);
    }

    #[test]
    fn when_the_commit_fails_nobody_is_told_that_it_worked() {
        let connection = database();
        connection
            .execute_batch(
                "PRAGMA foreign_keys = ON; CREATE TABLE parents (id INTEGER PRIMARY KEY); CREATE TABLE children \
                 (parent INTEGER REFERENCES parents (id) DEFERRABLE INITIALLY DEFERRED)",
            )
            .expect("made");
        // A deferred constraint is found broken only by the commit.
        let orphan = |tx: &Tx<'_>| {
            tx.connection.execute("INSERT INTO children VALUES (7)", [])?;
            Ok(())
        };
        let results = together(&connection, vec![Box::new(|tx| add(tx, "good")), Box::new(orphan)]);
        assert!(results.iter().all(|result| matches!(result, Some(Err(QueueError::Bug(_))))), "{results:?}");
        assert_eq!(words(&connection), Vec::<String>::new());
    }
}
