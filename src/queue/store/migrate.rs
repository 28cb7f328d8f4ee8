//! The schema and its versions. Each version is one numbered file, never changed after its release.

use crate::queue::error::{LocalFault, QueueError};
use rusqlite::{Connection, TransactionBehavior};
use std::path::Path;

/// Marks the file as ours: "FAXR".
const APPLICATION_ID: i64 = 0x4641_5852;
/// The step to each version, the first to version 1.
const STEPS: &[&str] = &[
    include_str!("../schema/001.sql"),
    include_str!("../schema/002.sql"),
    include_str!("../schema/003.sql"),
    include_str!("../schema/004.sql"),
    include_str!("../schema/005.sql"),
    include_str!("../schema/006.sql"),
    include_str!("../schema/007.sql"),
    include_str!("../schema/008.sql"),
];
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
///
/// Foreign keys are not enforced meanwhile, as a step may make a table anew, and dropping the old one would take all rows with it
/// that refer to its own. That every one of them still refers to something is looked at before a step is committed.
// https://sqlite.org/lang_altertable.html §7
pub(super) fn upgrade(connection: &mut Connection, path: &Path) -> Result<(), QueueError> {
    let enforced: bool = connection.pragma_query_value(None, "foreign_keys", |row| row.get(0))?;
    connection.pragma_update(None, "foreign_keys", false)?;
    let upgraded = take_steps(connection, path);
    connection.pragma_update(None, "foreign_keys", enforced)?;
    upgraded
}

fn take_steps(connection: &mut Connection, path: &Path) -> Result<(), QueueError> {
    loop {
        // Read within the transaction: another process may be upgrading at the same time.
        let step = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let from = check(&step, path)?;
        let Some(sql) = usize::try_from(from).ok().and_then(|from| STEPS.get(from)) else {
            return Ok(());
        };
        step.execute_batch(sql)?;
        let dangling: i64 = step.query_row("SELECT count(*) FROM pragma_foreign_key_check", [], |row| row.get(0))?;
        if dangling > 0 {
            let reason = format!("{dangling} rows refer to rows that are not there, so schema {} is kept", from);
            return Err(LocalFault::Damaged(reason).into());
        }
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
    use crate::policy::Note;
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
    fn a_file_of_the_first_version_keeps_every_row_and_every_number() {
        let mut connection = memory();
        connection.pragma_update(None, "foreign_keys", true).expect("set");
        connection.execute_batch(super::STEPS[0]).expect("the first version");
        connection.pragma_update(None, "application_id", APPLICATION_ID).expect("set");
        connection.pragma_update(None, "user_version", 1).expect("set");
        connection
            .execute_batch(
                "INSERT INTO messages (id, envelope_from, peer, received_ms, spool_file, size_bytes, subject, header_from, \
                 reference_ids, fingerprint) VALUES (3, 'a@b', 'p', 1, 'messages/1', 9, '', '', '', x'00');
                 INSERT INTO jobs (id, message, sender, number, original_address, state, priority, created_ms, due_ms, \
                 expires_ms, pages_file, pages_total, tries_busy) \
                 VALUES (7, 3, 'a@b', '+3902', '+3902@c', 'ready', 0, 1, 1, 9, 'pages/1', 3, 2), \
                        (9, 3, 'a@b', '+3903', '+3903@c', 'accepted', 0, 1, 1, 9, NULL, 0, 0);
                 INSERT INTO attempts (id, job, number, trunk, opened_ms, first_page, pages_confirmed) \
                 VALUES (5, 7, '+3902', 't', 1, 1, 0);
                 INSERT INTO received (id, called, mailboxes, spool_file, opened_ms) VALUES (4, '1', 'x', 'received/1', 1);
                 DELETE FROM jobs WHERE id = 9;",
            )
            .expect("rows of the first version");
        upgrade(&mut connection, Path::new("queue.db")).expect("upgraded");
        let job: (i64, String, i64, i64) = connection
            .query_row("SELECT id, kind, pages_total, tries_busy FROM jobs", [], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
            })
            .expect("the job");
        assert_eq!(job, (7, "send".into(), 3, 2));
        let wishes: (Option<String>, Option<u32>) = connection
            .query_row("SELECT resolution, max_pages FROM jobs", [], |row| Ok((row.get(0)?, row.get(1)?)))
            .expect("the job");
        assert_eq!(wishes, (None, None), "a job of before wishes for nothing");
        let attempts: i64 =
            connection.query_row("SELECT count(*) FROM attempts WHERE job = 7", [], |row| row.get(0)).expect("read");
        assert_eq!(attempts, 1, "dropping the old table took nothing with it");
        connection
            .execute_batch(
                "INSERT INTO jobs (message, kind, sender, number, original_address, state, priority, created_ms, due_ms, \
                 expires_ms, mailboxes) VALUES (3, 'fetch', 'a@b', '+3904', '+3904/POLL@c', 'ready', 0, 1, 1, 9, 'a@b');",
            )
            .expect("a fetch needs no pages");
        assert_eq!(connection.last_insert_rowid(), 10, "the number of a job that was forgotten is not given again");
        connection.execute_batch("DELETE FROM messages").expect("deleted");
        let left: i64 = connection.query_row("SELECT count(*) FROM jobs", [], |row| row.get(0)).expect("read");
        assert_eq!(left, 0, "foreign keys are enforced again");
    }

    #[test]
    fn what_was_remembered_of_numbers_before_there_was_one_table_for_it_is_kept() {
        let mut connection = memory();
        for step in &super::STEPS[..7] {
            connection.execute_batch(step).expect("a version");
        }
        connection.pragma_update(None, "application_id", APPLICATION_ID).expect("set");
        connection.pragma_update(None, "user_version", 7).expect("set");
        connection
            .execute_batch(
                "INSERT INTO t38_memory VALUES ('main', '+3902', 'failed', 5), ('main', '+3903', 'refused', 6);
                 INSERT INTO single_fax_memory VALUES ('main', '+3902', 7);",
            )
            .expect("notes");
        upgrade(&mut connection, Path::new("queue.db")).expect("upgraded");
        let mut query = connection
            .prepare("SELECT trunk, number, topic, note, noted_ms FROM number_notes ORDER BY noted_ms")
            .expect("the table");
        let notes: Vec<(String, String, Option<Note>, i64)> = query
            .query_map([], |row| {
                let note = Note::from_words(&row.get::<_, String>(2)?, &row.get::<_, String>(3)?);
                Ok((row.get(0)?, row.get(1)?, note, row.get(4)?))
            })
            .and_then(Iterator::collect)
            .expect("read");
        let main = |number: &str, note, noted_ms| ("main".to_owned(), number.to_owned(), Some(note), noted_ms);
        let expected = [
            main("+3902", Note::T38Failed, 5),
            main("+3903", Note::T38Refused, 6),
            main("+3902", Note::OneFaxACall, 7),
        ];
        assert_eq!(notes, expected);
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
