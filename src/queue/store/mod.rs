//! The one SQLite file: opening it, and how operations get to it. All SQL of the program is in this directory.
//!
//! Writes go to one thread with one connection ([`writer`]), reads to a few connections of their own; in WAL mode
//! neither waits for the other.

mod accept;
mod admin;
mod attempt;
mod calls;
mod columns;
mod mail;
mod memory;
mod migrate;
mod offer;
mod purge;
mod reception;
mod recover;
mod render;
mod step;
mod trunk;
mod writer;

use super::bell::{Bell, Bells};
use super::error::{LocalFault, QueueError, Refusal};
use super::{BUSY_TIMEOUT, MAX_TEXT_BYTES};
use rusqlite::{Connection, OpenFlags};
use std::fs::{File, OpenOptions, TryLockError};
use std::io::ErrorKind;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use writer::{Tx, Writer};

/// Connections for reading that are kept open.
const MAX_IDLE_READERS: usize = 4;
/// Prepared statements each connection keeps.
const CACHED_STATEMENTS: usize = 128;
/// Others may not read who faxed whom.
const FILE_MODE: u32 = 0o600;

/// A handle to the queue; clones share it. The last one dropped ends the writer.
#[derive(Clone, Debug)]
pub struct Store {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    path: PathBuf,
    bells: Arc<Bells>,
    writer: Writer,
    readers: Mutex<Vec<Connection>>,
    /// Held as long as the store: its lock says that this server is the only one.
    _lock: Option<File>,
}

impl Store {
    /// Opens the queue for a server, making or upgrading the file as needed. Only one server can have it open.
    ///
    /// # Errors
    /// A file of a newer version, of another program, in use by another server, or a failing disk.
    pub fn open(path: &Path) -> Result<Self, QueueError> {
        let lock = lock(path)?;
        Self::open_with(path, Some(lock))
    }

    /// Opens the queue beside a running server, for an administrator's command. Its writes ring no bells there.
    ///
    /// # Errors
    /// As [`Store::open`], but for the other server.
    pub fn open_beside(path: &Path) -> Result<Self, QueueError> {
        Self::open_with(path, None)
    }

    fn open_with(path: &Path, lock: Option<File>) -> Result<Self, QueueError> {
        private_file(path)?;
        let mut connection = Connection::open(path)?;
        migrate::check(&connection, path)?;
        configure(&connection)?;
        migrate::upgrade(&mut connection, path)?;
        let bells = Arc::new(Bells::default());
        let writer = Writer::start(connection, Arc::clone(&bells))?;
        let shared = Shared { path: path.to_owned(), bells, writer, readers: Mutex::default(), _lock: lock };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// Calls `callback` after each commit that leaves work for this bell's stage.
    ///
    /// It runs on the writer's thread: it must only wake somebody, and must not wait for the store.
    pub fn subscribe(&self, bell: Bell, callback: impl Fn() + Send + Sync + 'static) {
        self.shared.bells.subscribe(bell, callback);
    }

    /// Runs one operation in a transaction and waits until it is on the disk. `label` names it for crash tests.
    fn write<T: Send + 'static>(
        &self,
        label: &'static str,
        operation: impl FnOnce(&Tx<'_>) -> Result<T, QueueError> + Send + 'static,
    ) -> Result<T, QueueError> {
        self.shared.writer.run(label, operation)
    }

    /// Reads from one consistent snapshot.
    fn read<T>(&self, query: impl FnOnce(&Connection) -> Result<T, QueueError>) -> Result<T, QueueError> {
        let idle = self.shared.readers.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let connection = match idle {
            Some(connection) => connection,
            None => reader(&self.shared.path)?,
        };
        let snapshot = connection.unchecked_transaction()?;
        let result = query(&snapshot);
        snapshot.finish()?;
        let mut readers = self.shared.readers.lock().unwrap_or_else(PoisonError::into_inner);
        if readers.len() < MAX_IDLE_READERS {
            readers.push(connection);
        }
        result
    }
}

fn configure(connection: &Connection) -> Result<(), QueueError> {
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.set_prepared_statement_cache_capacity(CACHED_STATEMENTS);
    connection.pragma_update(None, "journal_mode", "WAL")?;
    // FULL, not NORMAL: a commit that a power cut could take back is no promise.
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "trusted_schema", false)?;
    Ok(())
}

fn reader(path: &Path) -> Result<Connection, QueueError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.set_prepared_statement_cache_capacity(CACHED_STATEMENTS);
    connection.pragma_update(None, "trusted_schema", false)?;
    Ok(connection)
}

fn lock(path: &Path) -> Result<File, QueueError> {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    let name = Path::new(&name);
    private_file(name)?;
    let file = OpenOptions::new().write(true).open(name).map_err(|error| storage(name, &error))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(LocalFault::InUse { path: path.display().to_string() }.into()),
        Err(TryLockError::Error(error)) => Err(storage(path, &error)),
    }
}

/// Makes a file that others may not read; SQLite gives its log the same mode. A file that is there is not even opened:
/// closing it would drop the locks that SQLite holds on it in this process.
// fcntl(2): advisory record locks are lost when any descriptor of the file is closed
fn private_file(path: &Path) -> Result<(), QueueError> {
    match OpenOptions::new().create_new(true).write(true).mode(FILE_MODE).open(path) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(storage(path, &error)),
        Ok(_) | Err(_) => Ok(()),
    }
}

fn storage(path: &Path, error: &std::io::Error) -> QueueError {
    if error.kind() == ErrorKind::StorageFull {
        return LocalFault::DiskFull.into();
    }
    LocalFault::Storage(format!("{}: {error}", path.display())).into()
}

/// Refuses a text that no row should hold.
fn bounded(what: &'static str, text: &str) -> Result<(), QueueError> {
    if text.len() > MAX_TEXT_BYTES { Err(Refusal::TextTooLong(what).into()) } else { Ok(()) }
}

/// Refuses a list of mailboxes that no row can hold, one a line.
fn mailboxes(list: &[String]) -> Result<(), QueueError> {
    let length = list.iter().map(|mailbox| mailbox.len() + 1).sum::<usize>();
    if length > MAX_TEXT_BYTES || list.iter().any(|mailbox| mailbox.contains(['\n', '\r'])) {
        return Err(Refusal::OutOfRange("the list of mailboxes").into());
    }
    Ok(())
}

/// As [`bounded`], where there may be none.
fn bounded_some(what: &'static str, text: Option<&String>) -> Result<(), QueueError> {
    text.map_or(Ok(()), |text| bounded(what, text))
}
