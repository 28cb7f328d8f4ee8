//! Documents that others may fetch from us, and every fetching.

use super::writer::Tx;
use super::{Store, bounded, bounded_some, columns};
use crate::model::{Cause, FetchingId, OfferId};
use crate::queue::error::{QueueError, Refusal};
use crate::queue::offers::{Fetching, MAX_OFFERS, NewFetching, NewOffer, Offer, OfferEnd, OfferedPage};
use crate::queue::{MAX_ROWS, MAX_TEXT_BYTES, cause};
use rusqlite::{OptionalExtension, params};

impl Store {
    /// Offers a document whose pages are safe in the spool.
    ///
    /// # Errors
    /// No page, no number, more than [`MAX_OFFERS`] at a time, a text that is too long, or a failing disk.
    pub fn add_offer(&self, new: NewOffer) -> Result<OfferId, QueueError> {
        bounded("the name", &new.name)?;
        bounded("the spool file", &new.pages_file)?;
        if new.pages.is_empty() {
            return Err(Refusal::OutOfRange("the number of pages").into());
        }
        if new.numbers.is_empty() {
            return Err(Refusal::OutOfRange("the list of numbers").into());
        }
        let numbers = new.numbers.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
        bounded("the list of numbers", &numbers)?;
        let shapes = shapes_text(&new.pages);
        self.write("add-offer", move |tx| {
            let live: u32 = tx
                .connection
                .prepare_cached(
                    "SELECT count(*) FROM offers WHERE ended_ms IS NULL AND (until_ms IS NULL OR until_ms > ?1)",
                )?
                .query_row([new.created_ms], |row| row.get(0))?;
            if live >= MAX_OFFERS {
                return Err(Refusal::TooManyOffers.into());
            }
            tx.connection
                .prepare_cached(
                    "INSERT INTO offers (name, numbers, selective, password, once, pages_file, shapes, created_ms, \
                     until_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
                )?
                .execute(params![
                    new.name,
                    numbers,
                    new.selective,
                    new.password.as_ref().map(|password| password.reveal().to_owned()),
                    new.once,
                    new.pages_file,
                    shapes,
                    new.created_ms,
                    new.until_ms,
                ])?;
            Ok(OfferId(tx.connection.last_insert_rowid()))
        })
    }

    /// What is offered at `now_ms`, the newest first.
    ///
    /// # Errors
    /// A failing disk.
    pub fn live_offers(&self, now_ms: i64) -> Result<Vec<Offer>, QueueError> {
        self.read(|connection| {
            let mut query = connection.prepare_cached(
                "SELECT * FROM offers WHERE ended_ms IS NULL AND (until_ms IS NULL OR until_ms > ?1) \
                 ORDER BY id DESC LIMIT ?2",
            )?;
            let rows = query.query_map(params![now_ms, MAX_OFFERS], columns::offer)?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// All that was offered and is not forgotten, the newest first.
    ///
    /// # Errors
    /// A failing disk.
    pub fn offers(&self) -> Result<Vec<Offer>, QueueError> {
        self.read(|connection| {
            let mut query = connection.prepare_cached("SELECT * FROM offers ORDER BY id DESC LIMIT ?1")?;
            let rows = query.query_map([MAX_ROWS], columns::offer)?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// Takes a document away; a call that is fetching it gets it to the end.
    ///
    /// # Errors
    /// There is none, or it has ended before.
    pub fn remove_offer(&self, offer: OfferId, now_ms: i64) -> Result<(), QueueError> {
        self.write("remove-offer", move |tx| {
            let row = one(tx, offer)?;
            match row.ended_by(now_ms) {
                Some((_, end)) => Err(Refusal::OfferEnded { offer, end }.into()),
                None => end(tx, offer, OfferEnd::Removed, now_ms),
            }
        })
    }

    /// Writes down that a caller fetches a document.
    ///
    /// # Errors
    /// There is no such document, or a failing disk.
    pub fn open_fetching(&self, new: NewFetching) -> Result<FetchingId, QueueError> {
        bounded("the called number", &new.called)?;
        bounded_some("the caller", new.caller.as_ref())?;
        self.write("open-fetching", move |tx| {
            one(tx, new.offer)?;
            tx.connection
                .prepare_cached(
                    "INSERT INTO fetchings (offer, received, called, caller, opened_ms) VALUES (?1, ?2, ?3, ?4, ?5)",
                )?
                .execute(params![new.offer.0, new.received.0, new.called, new.caller, new.opened_ms])?;
            Ok(FetchingId(tx.connection.last_insert_rowid()))
        })
    }

    /// Writes down how it ended. A document that is to be fetched once ends with the first fetching that confirmed all of it.
    ///
    /// # Errors
    /// The fetching is closed already.
    pub fn close_fetching(
        &self,
        fetching: FetchingId,
        pages_confirmed: u32,
        cause: &Cause,
        remote_id: Option<String>,
        now_ms: i64,
    ) -> Result<(), QueueError> {
        let cause = cause.clone();
        let remote_id = remote_id.map(|text| text.chars().take(MAX_TEXT_BYTES / 4).collect::<String>());
        self.write("close-fetching", move |tx| {
            let changed = tx
                .connection
                .prepare_cached(
                    "UPDATE fetchings SET closed_ms = ?2, pages_confirmed = ?3, cause = ?4, cause_detail = ?5, \
                     sentence = ?6, remote_id = ?7 WHERE id = ?1 AND closed_ms IS NULL",
                )?
                .execute(params![
                    fetching.0,
                    now_ms,
                    pages_confirmed,
                    cause.word(),
                    cause::detail(&cause),
                    cause.sentence(),
                    remote_id
                ])?;
            if changed == 0 {
                return Err(Refusal::FetchingClosed(fetching).into());
            }
            let offer = tx
                .connection
                .prepare_cached(
                    "SELECT offers.* FROM offers JOIN fetchings ON fetchings.offer = offers.id WHERE fetchings.id = ?1",
                )?
                .query_row([fetching.0], columns::offer)?;
            let whole = cause == Cause::Sent && pages_confirmed as usize == offer.pages.len();
            if offer.once && offer.ended.is_none() && whole {
                end(tx, offer.id, OfferEnd::Fetched, now_ms)?;
            }
            Ok(())
        })
    }

    /// The fetchings of one document, the newest first.
    ///
    /// # Errors
    /// A failing disk.
    pub fn fetchings(&self, offer: OfferId, limit: u32) -> Result<Vec<Fetching>, QueueError> {
        self.read(|connection| {
            let mut query =
                connection.prepare_cached("SELECT * FROM fetchings WHERE offer = ?1 ORDER BY id DESC LIMIT ?2")?;
            let rows = query.query_map(params![offer.0, limit.min(MAX_ROWS)], columns::fetching)?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }
}

fn one(tx: &Tx<'_>, offer: OfferId) -> Result<Offer, QueueError> {
    tx.connection
        .prepare_cached("SELECT * FROM offers WHERE id = ?1")?
        .query_row([offer.0], columns::offer)
        .optional()?
        .ok_or_else(|| Refusal::NoOffer(offer).into())
}

fn end(tx: &Tx<'_>, offer: OfferId, reason: OfferEnd, now_ms: i64) -> Result<(), QueueError> {
    tx.connection
        .prepare_cached("UPDATE offers SET ended_ms = ?2, end_reason = ?3 WHERE id = ?1")?
        .execute(params![offer.0, now_ms, reason.word()])?;
    Ok(())
}

/// Fetchings that a crash left open: nobody knows how many pages of them were confirmed.
pub(super) fn interrupt_fetchings(tx: &Tx<'_>, now_ms: i64) -> Result<(), QueueError> {
    let cause = Cause::Interrupted;
    tx.connection
        .prepare_cached("UPDATE fetchings SET closed_ms = ?1, cause = ?2, sentence = ?3 WHERE closed_ms IS NULL")?
        .execute(params![now_ms, cause.word(), cause.sentence()])?;
    Ok(())
}

/// Shapes of pages as a row keeps them.
fn shapes_text(pages: &[OfferedPage]) -> String {
    let lines = pages.iter().map(|page| format!("{} {} {}", page.pels, page.rows, page.lines_per_inch));
    lines.collect::<Vec<_>>().join("\n")
}

/// And back.
pub(super) fn shapes_of(text: &str) -> Option<Vec<OfferedPage>> {
    let page = |line: &str| {
        let mut numbers = line.split(' ').map(|number| number.parse::<u32>().ok());
        let page = OfferedPage { pels: numbers.next()??, rows: numbers.next()??, lines_per_inch: numbers.next()?? };
        numbers.next().is_none().then_some(page)
    };
    text.lines().map(page).collect()
}
