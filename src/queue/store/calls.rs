//! Calls of ours as people look them up: by number, whatever job they were made for.

use super::{Store, columns};
use crate::model::AttemptId;
use crate::queue::MAX_ROWS;
use crate::queue::error::{QueueError, Refusal};
use crate::queue::rows::{Attempt, PlacedCall};
use rusqlite::{OptionalExtension, Row, params};

impl Store {
    /// The newest calls we made.
    ///
    /// # Errors
    /// A failing disk.
    pub fn placed_calls(&self, limit: u32) -> Result<Vec<PlacedCall>, QueueError> {
        self.read(|connection| {
            let mut query = connection.prepare_cached("SELECT * FROM attempts ORDER BY id DESC LIMIT ?1")?;
            let rows = query.query_map(params![limit.min(MAX_ROWS)], placed)?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// One call we made.
    ///
    /// # Errors
    /// When there is none, or a failing disk.
    pub fn placed_call(&self, attempt: AttemptId) -> Result<PlacedCall, QueueError> {
        self.read(|connection| {
            let mut query = connection.prepare_cached("SELECT * FROM attempts WHERE id = ?1")?;
            query.query_row([attempt.0], placed).optional()?.ok_or_else(|| Refusal::NoAttempt(attempt).into())
        })
    }

    /// The attempts of one call, in the order of the line.
    ///
    /// # Errors
    /// A failing disk.
    pub fn attempts_of_call(&self, call: AttemptId) -> Result<Vec<Attempt>, QueueError> {
        self.read(|connection| {
            let mut query =
                connection.prepare_cached("SELECT * FROM attempts WHERE id = ?1 OR call = ?1 ORDER BY id LIMIT ?2")?;
            let rows = query.query_map(params![call.0, MAX_ROWS], columns::attempt)?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }
}

fn placed(row: &Row<'_>) -> rusqlite::Result<PlacedCall> {
    Ok(PlacedCall { attempt: columns::attempt(row)?, number: columns::number(row, "number")? })
}
