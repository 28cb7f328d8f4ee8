//! Forgetting what is over, and telling which spool files are still named.

use super::Store;
use super::writer::Tx;
use crate::queue::error::QueueError;
use crate::queue::rows::Purged;
use rusqlite::{Connection, params};
use std::collections::BTreeSet;

/// A call that was answered before a document's end may still ask for its pages; no call is as long.
const OFFER_REST_MS: i64 = 7 * 3600 * 1000;

/// Messages and received faxes forgotten in one transaction; a large backlog takes several calls.
const MAX_PURGED_AT_ONCE: i64 = 500;

impl Store {
    /// Forgets messages all of whose jobs were reported, and received faxes, that ended before `older_than_ms` and
    /// have no mail waiting. The files given may then be removed. When it gives anything, there may be more.
    ///
    /// # Errors
    /// A failing disk.
    pub fn purge(&self, older_than_ms: i64) -> Result<Purged, QueueError> {
        self.write("purge", move |tx| {
            let mut files = BTreeSet::new();
            let messages = ids(tx, OLD_MESSAGES, older_than_ms)?;
            for message in &messages {
                collect(tx.connection, FILES_OF_MESSAGE, params![message], &mut files)?;
                tx.connection.prepare_cached("DELETE FROM messages WHERE id = ?1")?.execute([message])?;
            }
            let received = ids(tx, OLD_RECEIVED, older_than_ms)?;
            for fax in &received {
                collect(tx.connection, FILES_OF_RECEIVED, params![fax], &mut files)?;
                tx.connection.prepare_cached("DELETE FROM received WHERE id = ?1")?.execute([fax])?;
            }
            tx.connection
                .prepare_cached(
                    "DELETE FROM senders WHERE served_ms < ?1 \
                     AND NOT EXISTS (SELECT 1 FROM jobs WHERE jobs.sender = senders.sender)",
                )?
                .execute([older_than_ms])?;
            // A file can be shared by rows that stay.
            let mut unnamed = Vec::new();
            for file in files {
                if !is_named(tx.connection, &file)? {
                    unnamed.push(file);
                }
            }
            Ok(Purged { messages: messages.len() as u64, received: received.len() as u64, files: unnamed })
        })
    }

    /// Writes down which offered documents have expired, gives up the files of those that ended more than `OFFER_REST_MS` ago, and
    /// forgets those that ended before `older_than_ms`. The files given may then be removed.
    ///
    /// # Errors
    /// A failing disk.
    pub fn purge_offers(&self, older_than_ms: i64, now_ms: i64) -> Result<Vec<String>, QueueError> {
        self.write("purge-offers", move |tx| {
            tx.connection
                .prepare_cached(
                    "UPDATE offers SET ended_ms = until_ms, end_reason = 'expired' WHERE ended_ms IS NULL AND until_ms <= ?1",
                )?
                .execute([now_ms])?;
            let rested = now_ms.saturating_sub(OFFER_REST_MS);
            let mut files = BTreeSet::new();
            let ended = "SELECT pages_file FROM offers WHERE ended_ms < ?1 AND pages_file IS NOT NULL";
            collect(tx.connection, ended, params![rested], &mut files)?;
            tx.connection
                .prepare_cached("UPDATE offers SET pages_file = NULL WHERE ended_ms < ?1")?
                .execute([rested])?;
            tx.connection
                .prepare_cached("DELETE FROM offers WHERE ended_ms < ?1 AND pages_file IS NULL")?
                .execute([older_than_ms])?;
            Ok(files.into_iter().collect())
        })
    }

    /// Every spool file that a row names, for the sweep of the others.
    ///
    /// # Errors
    /// A failing disk.
    pub fn spool_files(&self) -> Result<BTreeSet<String>, QueueError> {
        self.read(|connection| {
            let mut files = BTreeSet::new();
            collect(connection, ALL_FILES, params![], &mut files)?;
            Ok(files)
        })
    }
}

fn ids(tx: &Tx<'_>, sql: &str, older_than_ms: i64) -> Result<Vec<i64>, QueueError> {
    let mut query = tx.connection.prepare_cached(sql)?;
    let rows = query.query_map([older_than_ms, MAX_PURGED_AT_ONCE], |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn collect(
    connection: &Connection,
    sql: &str,
    parameters: impl rusqlite::Params,
    files: &mut BTreeSet<String>,
) -> Result<(), QueueError> {
    let mut query = connection.prepare_cached(sql)?;
    let rows = query.query_map(parameters, |row| row.get(0))?;
    for file in rows {
        files.insert(file?);
    }
    Ok(())
}

fn is_named(connection: &Connection, file: &str) -> Result<bool, QueueError> {
    let mut query = connection.prepare_cached(
        "SELECT EXISTS (SELECT 1 FROM messages WHERE spool_file = ?1) OR EXISTS (SELECT 1 FROM jobs WHERE \
         pages_file = ?1) OR EXISTS (SELECT 1 FROM received WHERE spool_file = ?1) OR EXISTS (SELECT 1 FROM mails \
         WHERE spool_file = ?1) OR EXISTS (SELECT 1 FROM offers WHERE pages_file = ?1)",
    )?;
    Ok(query.query_row([file], |row| row.get(0))?)
}

const OLD_MESSAGES: &str = "
    SELECT id FROM messages
    WHERE NOT EXISTS (SELECT 1 FROM jobs WHERE jobs.message = messages.id
                      AND (jobs.state <> 'reported' OR coalesce(jobs.ended_ms, jobs.created_ms) >= ?1))
      AND NOT EXISTS (SELECT 1 FROM mails JOIN jobs ON jobs.id = mails.job
                      WHERE jobs.message = messages.id AND mails.state = 'queued')
      AND received_ms < ?1
    ORDER BY id LIMIT ?2";

const OLD_RECEIVED: &str = "
    SELECT id FROM received
    WHERE closed_ms < ?1
      AND NOT EXISTS (SELECT 1 FROM mails WHERE mails.received = received.id AND mails.state = 'queued')
    ORDER BY id LIMIT ?2";

const FILES_OF_MESSAGE: &str = "
    SELECT spool_file FROM messages WHERE id = ?1
    UNION SELECT pages_file FROM jobs WHERE message = ?1 AND pages_file IS NOT NULL
    UNION SELECT mails.spool_file FROM mails JOIN jobs ON jobs.id = mails.job WHERE jobs.message = ?1";

const FILES_OF_RECEIVED: &str = "
    SELECT spool_file FROM received WHERE id = ?1
    UNION SELECT spool_file FROM mails WHERE received = ?1";

const ALL_FILES: &str = "
    SELECT spool_file FROM messages
    UNION SELECT pages_file FROM jobs WHERE pages_file IS NOT NULL
    UNION SELECT spool_file FROM received
    UNION SELECT spool_file FROM mails
    UNION SELECT pages_file FROM offers WHERE pages_file IS NOT NULL";
