//! What is remembered of a number over a trunk.

use super::{Store, bounded};
use crate::policy::{Known, Lesson, Note};
use crate::queue::error::QueueError;
use crate::queue::trunks::NumberNote;
use crate::queue::{MAX_NUMBER_NOTES, MAX_ROWS};
use rusqlite::types::Type;
use rusqlite::{Error, Row, params};

impl Store {
    /// Writes down what a call to a number over a trunk taught. Beyond [`MAX_NUMBER_NOTES`] the oldest notes go.
    ///
    /// # Errors
    /// A failing disk.
    pub fn learn(&self, trunk: &str, number: &str, lessons: Vec<Lesson>, now_ms: i64) -> Result<(), QueueError> {
        bounded("the trunk", trunk)?;
        let (trunk, number) = (trunk.to_owned(), number.to_owned());
        self.write("learn", move |tx| {
            let mut put = tx.connection.prepare_cached(
                "INSERT OR REPLACE INTO number_notes (trunk, number, topic, note, noted_ms) VALUES (?1, ?2, ?3, ?4, ?5)",
            )?;
            let mut forget = tx
                .connection
                .prepare_cached("DELETE FROM number_notes WHERE trunk = ?1 AND number = ?2 AND topic = ?3")?;
            for lesson in lessons {
                match lesson {
                    Lesson::Remember(note) => {
                        put.execute(params![trunk, number, note.topic().word(), note.word(), now_ms])?
                    }
                    Lesson::Forget(topic) => forget.execute(params![trunk, number, topic.word()])?,
                };
            }
            tx.connection
                .prepare_cached(
                    "DELETE FROM number_notes WHERE (trunk, number, topic) IN (SELECT trunk, number, topic \
                     FROM number_notes ORDER BY noted_ms DESC, trunk, number, topic LIMIT -1 OFFSET ?1)",
                )?
                .execute([MAX_NUMBER_NOTES])?;
            Ok(())
        })
    }

    /// What is known of a number over a trunk, as far as it was noted since then.
    ///
    /// # Errors
    /// A failing disk.
    pub fn known(&self, trunk: &str, number: &str, since_ms: i64) -> Result<Known, QueueError> {
        self.read(|connection| {
            let mut query = connection
                .prepare_cached("SELECT * FROM number_notes WHERE trunk = ?1 AND number = ?2 AND noted_ms >= ?3")?;
            let notes = query.query_map(params![trunk, number, since_ms], |row| Ok(of_row(row)?.note))?;
            Ok(Known::new(notes.collect::<Result<_, _>>()?))
        })
    }

    /// What is remembered of a trunk's numbers, the newest first.
    ///
    /// # Errors
    /// A failing disk.
    pub fn notes(&self, trunk: &str, since_ms: i64) -> Result<Vec<NumberNote>, QueueError> {
        self.read(|connection| {
            let mut query = connection.prepare_cached(
                "SELECT * FROM number_notes WHERE trunk = ?1 AND noted_ms >= ?2 \
                 ORDER BY noted_ms DESC, number, topic LIMIT ?3",
            )?;
            Ok(query.query_map(params![trunk, since_ms, MAX_ROWS], of_row)?.collect::<Result<_, _>>()?)
        })
    }

    /// Forgets all notes of a number of a trunk, or of all its numbers; how many there were.
    ///
    /// # Errors
    /// A failing disk.
    pub fn forget_notes(&self, trunk: &str, number: Option<&str>) -> Result<usize, QueueError> {
        let (trunk, number) = (trunk.to_owned(), number.map(str::to_owned));
        self.write("forget-notes", move |tx| {
            let delete = "DELETE FROM number_notes WHERE trunk = ?1 AND (?2 IS NULL OR number = ?2)";
            Ok(tx.connection.prepare_cached(delete)?.execute(params![trunk, number])?)
        })
    }

    /// Forgets what was noted before then.
    ///
    /// # Errors
    /// A failing disk.
    pub fn purge_notes(&self, older_than_ms: i64) -> Result<(), QueueError> {
        self.write("purge-notes", move |tx| {
            tx.connection.prepare_cached("DELETE FROM number_notes WHERE noted_ms < ?1")?.execute([older_than_ms])?;
            Ok(())
        })
    }
}

fn of_row(row: &Row<'_>) -> rusqlite::Result<NumberNote> {
    let (topic, word): (String, String) = (row.get("topic")?, row.get("note")?);
    let unknown = || {
        let what = format!("{word:?} is nothing that is remembered of {topic:?}");
        Error::FromSqlConversionFailure(0, Type::Text, what.into())
    };
    Ok(NumberNote {
        number: row.get("number")?,
        note: Note::from_words(&topic, &word).ok_or_else(unknown)?,
        noted_ms: row.get("noted_ms")?,
    })
}
