//! What is known of trunks, for those who look from another process.

use super::{Store, bounded};
use crate::model::JobId;
use crate::policy::{Standing, TrunkReport};
use crate::queue::MAX_ROWS;
use crate::queue::error::QueueError;
use crate::queue::trunks::{TrunkCalls, TrunkFailure, TrunkRow};
use rusqlite::types::Type;
use rusqlite::{Connection, Error, Row, params};
use std::collections::BTreeMap;

impl Store {
    /// Writes what is known of some trunks, in place of what was known of them.
    ///
    /// # Errors
    /// A failing disk.
    pub fn write_trunks(&self, rows: Vec<TrunkRow>) -> Result<(), QueueError> {
        for row in &rows {
            bounded("the trunk", &row.name)?;
        }
        self.write("write-trunks", move |tx| rows.iter().try_for_each(|row| write(tx.connection, row)))
    }

    /// Forgets all trunks but these.
    ///
    /// # Errors
    /// A failing disk.
    pub fn keep_trunks(&self, names: Vec<String>) -> Result<(), QueueError> {
        self.write("keep-trunks", move |tx| {
            let mut query = tx.connection.prepare_cached("SELECT name FROM trunks")?;
            let known = query.query_map([], |row| row.get(0))?.collect::<Result<Vec<String>, _>>()?;
            for name in known.iter().filter(|name| !names.contains(name)) {
                tx.connection.prepare_cached("DELETE FROM trunks WHERE name = ?1")?.execute([name])?;
            }
            Ok(())
        })
    }

    /// What is known of every trunk, by name.
    ///
    /// # Errors
    /// A failing disk.
    pub fn trunks(&self) -> Result<Vec<TrunkRow>, QueueError> {
        self.read(|connection| {
            let mut query = connection.prepare_cached("SELECT * FROM trunks ORDER BY name LIMIT ?1")?;
            Ok(query.query_map([MAX_ROWS], of_row)?.collect::<Result<_, _>>()?)
        })
    }

    /// The calls that began since then, and those on the line, by trunk.
    ///
    /// # Errors
    /// A failing disk.
    pub fn trunk_calls(&self, since_ms: i64) -> Result<Vec<TrunkCalls>, QueueError> {
        self.read(|connection| {
            let mut calls: BTreeMap<String, TrunkCalls> = BTreeMap::new();
            let mut count = |sql: &str, outgoing: bool| -> Result<(), QueueError> {
                let mut query = connection.prepare_cached(sql)?;
                let mut rows = query.query([since_ms])?;
                while let Some(row) = rows.next()? {
                    let trunk: String = row.get(0)?;
                    let of_it =
                        calls.entry(trunk.clone()).or_insert_with(|| TrunkCalls { trunk, ..TrunkCalls::default() });
                    let (cause, number): (Option<String>, u32) = (row.get(1)?, row.get(2)?);
                    match cause {
                        None => of_it.open += number,
                        Some(cause) if outgoing => of_it.outgoing.push((cause, number)),
                        Some(cause) => of_it.incoming.push((cause, number)),
                    }
                }
                Ok(())
            };
            count(
                "SELECT trunk, iif(closed_ms IS NULL, NULL, coalesce(cause, '')), count(*) FROM attempts \
                 WHERE call IS NULL AND (opened_ms >= ?1 OR closed_ms IS NULL) GROUP BY 1, 2 ORDER BY 3 DESC, 2",
                true,
            )?;
            count(
                "SELECT trunk, iif(closed_ms IS NULL, NULL, coalesce(cause, '')), count(*) FROM received \
                 WHERE trunk IS NOT NULL AND job IS NULL AND (opened_ms >= ?1 OR closed_ms IS NULL) \
                 GROUP BY 1, 2 ORDER BY 3 DESC, 2",
                false,
            )?;
            Ok(calls.into_values().collect())
        })
    }

    /// The newest calls that a trunk could not place.
    ///
    /// # Errors
    /// A failing disk.
    pub fn trunk_failures(&self, trunk: &str, limit: u32) -> Result<Vec<TrunkFailure>, QueueError> {
        self.read(|connection| {
            let mut query = connection.prepare_cached(
                "SELECT closed_ms, job, cause, sentence FROM attempts WHERE trunk = ?1 AND closed_ms IS NOT NULL \
                 AND cause IN ('trunk-down', 'trunk-authentication', 'trunk-encryption', 'congestion') ORDER BY id DESC LIMIT ?2",
            )?;
            let rows = query.query_map(params![trunk, limit.min(MAX_ROWS)], |row| {
                Ok(TrunkFailure {
                    closed_ms: row.get(0)?,
                    job: JobId(row.get(1)?),
                    cause: row.get(2)?,
                    sentence: row.get::<_, Option<String>>(3)?.unwrap_or_default(),
                })
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }
}

fn write(connection: &Connection, row: &TrunkRow) -> Result<(), QueueError> {
    let report = &row.report;
    let (until_ms, reason) = match &report.standing {
        Standing::Up => (None, None),
        Standing::Down { reason } | Standing::Unregistered { reason } => (None, Some(reason)),
        Standing::Resting { until_ms, reason } => (Some(*until_ms), Some(reason)),
    };
    let parted = |noted: &Option<(String, i64)>| noted.clone().unzip();
    let (registration_trouble, registration_trouble_ms) = parted(&report.registration_trouble);
    let (last_trouble, last_trouble_ms) = parted(&report.last_trouble);
    connection
        .prepare_cached(
            "INSERT OR REPLACE INTO trunks (name, standing, since_ms, until_ms, reason, answers, registers, \
             registered_until_ms, registration_trouble, registration_trouble_ms, last_trouble, last_trouble_ms, failures, \
             seen_at, written_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)",
        )?
        .execute(params![
            row.name,
            report.standing.word(),
            report.since_ms,
            until_ms,
            reason,
            report.answers,
            report.registers,
            report.registered_until_ms,
            registration_trouble,
            registration_trouble_ms,
            last_trouble,
            last_trouble_ms,
            report.failures,
            row.seen_at,
            row.written_ms
        ])?;
    Ok(())
}

fn of_row(row: &Row<'_>) -> rusqlite::Result<TrunkRow> {
    let word: String = row.get("standing")?;
    let standing = Standing::stored(&word, row.get("until_ms")?, row.get::<_, Option<String>>("reason")?);
    let unknown =
        || Error::FromSqlConversionFailure(0, Type::Text, format!("{word:?} is no standing of a trunk").into());
    let noted = |text: &str, at: &str| -> rusqlite::Result<Option<(String, i64)>> {
        Ok(row.get::<_, Option<String>>(text)?.zip(row.get::<_, Option<i64>>(at)?))
    };
    Ok(TrunkRow {
        name: row.get("name")?,
        report: TrunkReport {
            standing: standing.ok_or_else(unknown)?,
            since_ms: row.get("since_ms")?,
            answers: row.get("answers")?,
            registers: row.get("registers")?,
            registered_until_ms: row.get("registered_until_ms")?,
            registration_trouble: noted("registration_trouble", "registration_trouble_ms")?,
            last_trouble: noted("last_trouble", "last_trouble_ms")?,
            failures: row.get("failures")?,
        },
        seen_at: row.get("seen_at")?,
        written_ms: row.get("written_ms")?,
    })
}
