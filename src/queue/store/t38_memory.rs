//! What is remembered of a number over a trunk: what T.38 came to, and whether a call may bring it more than one fax.

use super::{Store, bounded};
use crate::policy::T38Trouble;
use crate::queue::error::QueueError;
use crate::queue::trunks::T38Note;
use crate::queue::{MAX_ROWS, MAX_T38_NOTES};
use rusqlite::types::Type;
use rusqlite::{Error, OptionalExtension as _, Row, params};

impl Store {
    /// Writes down what T.38 came to with a number over a trunk. Beyond [`MAX_T38_NOTES`] the oldest notes go.
    ///
    /// # Errors
    /// A failing disk.
    pub fn remember_t38(&self, trunk: &str, number: &str, trouble: T38Trouble, now_ms: i64) -> Result<(), QueueError> {
        bounded("the trunk", trunk)?;
        let (trunk, number) = (trunk.to_owned(), number.to_owned());
        self.write("remember-t38", move |tx| {
            tx.connection
                .prepare_cached(
                    "INSERT OR REPLACE INTO t38_memory (trunk, number, trouble, noted_ms) VALUES (?1, ?2, ?3, ?4)",
                )?
                .execute(params![trunk, number, trouble.word(), now_ms])?;
            tx.connection
                .prepare_cached(
                    "DELETE FROM t38_memory WHERE (trunk, number) IN (SELECT trunk, number FROM t38_memory \
                     ORDER BY noted_ms DESC, trunk, number LIMIT -1 OFFSET ?1)",
                )?
                .execute([MAX_T38_NOTES])?;
            Ok(())
        })
    }

    /// What T.38 came to with a number over a trunk, if it was noted since then.
    ///
    /// # Errors
    /// A failing disk.
    pub fn t38_trouble(&self, trunk: &str, number: &str, since_ms: i64) -> Result<Option<T38Trouble>, QueueError> {
        self.read(|connection| {
            let mut query = connection
                .prepare_cached("SELECT * FROM t38_memory WHERE trunk = ?1 AND number = ?2 AND noted_ms >= ?3")?;
            Ok(query.query_row(params![trunk, number, since_ms], of_row).optional()?.map(|note| note.trouble))
        })
    }

    /// What is remembered of a trunk, the newest first.
    ///
    /// # Errors
    /// A failing disk.
    pub fn t38_notes(&self, trunk: &str, since_ms: i64) -> Result<Vec<T38Note>, QueueError> {
        self.read(|connection| {
            let mut query = connection.prepare_cached(
                "SELECT * FROM t38_memory WHERE trunk = ?1 AND noted_ms >= ?2 ORDER BY noted_ms DESC, number LIMIT ?3",
            )?;
            Ok(query.query_map(params![trunk, since_ms, MAX_ROWS], of_row)?.collect::<Result<_, _>>()?)
        })
    }

    /// Numbers of a trunk that take one fax a call, with the time of the note, the newest first.
    ///
    /// # Errors
    /// A failing disk.
    pub fn single_notes(&self, trunk: &str, since_ms: i64) -> Result<Vec<(String, i64)>, QueueError> {
        self.read(|connection| {
            let mut query = connection.prepare_cached(
                "SELECT number, noted_ms FROM single_fax_memory WHERE trunk = ?1 AND noted_ms >= ?2 \
                 ORDER BY noted_ms DESC, number LIMIT ?3",
            )?;
            let rows = query.query_map(params![trunk, since_ms, MAX_ROWS], |row| Ok((row.get(0)?, row.get(1)?)))?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// Forgets that a number of a trunk, or any of them, takes one fax a call; how many there were.
    ///
    /// # Errors
    /// A failing disk.
    pub fn forget_single(&self, trunk: &str, number: Option<&str>) -> Result<usize, QueueError> {
        let delete = "DELETE FROM single_fax_memory WHERE trunk = ?1 AND (?2 IS NULL OR number = ?2)";
        self.forget("forget-single", delete, trunk, number)
    }

    /// Forgets a number of a trunk, or all of them; how many there were.
    ///
    /// # Errors
    /// A failing disk.
    pub fn forget_t38(&self, trunk: &str, number: Option<&str>) -> Result<usize, QueueError> {
        let delete = "DELETE FROM t38_memory WHERE trunk = ?1 AND (?2 IS NULL OR number = ?2)";
        self.forget("forget-t38", delete, trunk, number)
    }

    fn forget(
        &self,
        name: &'static str,
        delete: &'static str,
        trunk: &str,
        number: Option<&str>,
    ) -> Result<usize, QueueError> {
        let (trunk, number) = (trunk.to_owned(), number.map(str::to_owned));
        self.write(name, move |tx| Ok(tx.connection.prepare_cached(delete)?.execute(params![trunk, number])?))
    }

    /// Writes down that a number takes one fax a call over a trunk. Beyond [`MAX_T38_NOTES`] the oldest notes go.
    ///
    /// # Errors
    /// A failing disk.
    pub fn remember_single(&self, trunk: &str, number: &str, now_ms: i64) -> Result<(), QueueError> {
        bounded("the trunk", trunk)?;
        let (trunk, number) = (trunk.to_owned(), number.to_owned());
        self.write("remember-single", move |tx| {
            tx.connection
                .prepare_cached("INSERT OR REPLACE INTO single_fax_memory (trunk, number, noted_ms) VALUES (?1, ?2, ?3)")?
                .execute(params![trunk, number, now_ms])?;
            tx.connection
                .prepare_cached(
                    "DELETE FROM single_fax_memory WHERE (trunk, number) IN (SELECT trunk, number FROM single_fax_memory \
                     ORDER BY noted_ms DESC, trunk, number LIMIT -1 OFFSET ?1)",
                )?
                .execute([MAX_T38_NOTES])?;
            Ok(())
        })
    }

    /// Whether a number takes one fax a call over a trunk, as far as was noted since then.
    ///
    /// # Errors
    /// A failing disk.
    pub fn takes_one_fax(&self, trunk: &str, number: &str, since_ms: i64) -> Result<bool, QueueError> {
        self.read(|connection| {
            let mut query = connection.prepare_cached(
                "SELECT EXISTS (SELECT 1 FROM single_fax_memory WHERE trunk = ?1 AND number = ?2 AND noted_ms >= ?3)",
            )?;
            Ok(query.query_row(params![trunk, number, since_ms], |row| row.get(0))?)
        })
    }

    /// Forgets what was noted before then.
    ///
    /// # Errors
    /// A failing disk.
    pub fn purge_t38(&self, older_than_ms: i64) -> Result<(), QueueError> {
        self.write("purge-t38", move |tx| {
            tx.connection.prepare_cached("DELETE FROM t38_memory WHERE noted_ms < ?1")?.execute([older_than_ms])?;
            tx.connection
                .prepare_cached("DELETE FROM single_fax_memory WHERE noted_ms < ?1")?
                .execute([older_than_ms])?;
            Ok(())
        })
    }
}

fn of_row(row: &Row<'_>) -> rusqlite::Result<T38Note> {
    let word: String = row.get("trouble")?;
    let unknown = || Error::FromSqlConversionFailure(0, Type::Text, format!("{word:?} is no trouble of T.38").into());
    Ok(T38Note {
        number: row.get("number")?,
        trouble: T38Trouble::from_word(&word).ok_or_else(unknown)?,
        noted_ms: row.get("noted_ms")?,
    })
}
