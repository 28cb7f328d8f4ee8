//! The schema and its versions. Each version is one numbered file, never changed after its release.

use crate::queue::error::{LocalFault, QueueError};
use rusqlite::{Connection, TransactionBehavior};
use std::path::Path;

/// Marks the file as ours: "FAXR".
const APPLICATION_ID: i64 = 0x4641_5852;
/// The step to each version, the first to version 1.
const STEPS: &[&str] = &[include_str!("../schema/001.sql")];
/// The newest version, written to `PRAGMA user_version`.
const NEWEST: i64 = STEPS.len() as i64;

/// Looks at the file without changing it.
///
/// # Errors
/// When it belongs to a newer version or to another program.
pub(super) fn check(connection: &Connection, path: &Path) -> Result<i64, QueueError> {
    let found = number(connection, "user_version")?;
    let application = number(connection, "application_id")?;
    let tables: i64 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    let empty = tables == 0 && found == 0 && application == 0;
    if !empty && application != APPLICATION_ID {
        return Err(LocalFault::Foreign { path: path.display().to_string() }.into());
    }
    if found > NEWEST {
        return Err(LocalFault::Newer { path: path.display().to_string(), found, known: NEWEST }.into());
    }
    if found < 0 || (!empty && found == 0) {
        return Err(LocalFault::Damaged(format!("schema version {found}")).into());
    }
    Ok(found)
}

/// Brings the file to the newest version; each step is one transaction.
pub(super) fn upgrade(connection: &mut Connection, path: &Path) -> Result<(), QueueError> {
    loop {
        // Read within the transaction: another process may be upgrading at the same time.
        let step = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let from = check(&step, path)?;
        let Some(sql) = usize::try_from(from).ok().and_then(|from| STEPS.get(from)) else {
            return Ok(());
        };
        step.execute_batch(sql)?;
        step.pragma_update(None, "application_id", APPLICATION_ID)?;
        step.pragma_update(None, "user_version", from + 1)?;
        step.commit()?;
    }
}

fn number(connection: &Connection, pragma: &str) -> Result<i64, QueueError> {
    Ok(connection.pragma_query_value(None, pragma, |row| row.get(0))?)
}

#[cfg(test)]
mod tests {
    use super::{APPLICATION_ID, NEWEST, check, upgrade};
    use crate::queue::error::{LocalFault, QueueError};
    use rusqlite::Connection;
    use std::path::Path;

    fn memory() -> Connection {
        Connection::open_in_memory().expect("a database in memory")
    }

    #[test]
    fn an_empty_file_becomes_the_newest_version_once() {
        let mut connection = memory();
        let path = Path::new("queue.db");
        assert_eq!(check(&connection, path), Ok(0));
        upgrade(&mut connection, path).expect("upgraded");
        upgrade(&mut connection, path).expect("nothing left to do");
        assert_eq!(check(&connection, path), Ok(NEWEST));
    }

    #[test]
    fn a_newer_file_is_refused_and_left_as_it_is() {
        let mut connection = memory();
        connection.pragma_update(None, "application_id", APPLICATION_ID).expect("set");
        connection.pragma_update(None, "user_version", NEWEST + 1).expect("set");
        let error = upgrade(&mut connection, Path::new("queue.db")).expect_err("refused");
        assert!(error.to_string().contains("start the newer version"), "{error}");
        let tables: i64 =
            connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0)).expect("read");
        assert_eq!(tables, 0);
    }

    #[test]
    fn a_database_of_another_program_is_refused() {
        let connection = memory();
        connection.execute_batch("CREATE TABLE places (id INTEGER)").expect("made");
        assert_eq!(
            check(&connection, Path::new("places.sqlite")),
            Err(QueueError::Local(LocalFault::Foreign { path: "places.sqlite".into() }))
        );
    }
}
