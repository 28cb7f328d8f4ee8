//! Rendering: the pages of a message, shared by all its jobs.

use super::{Store, bounded, columns, step};
use crate::model::{Cause, JobEvent, JobId, JobState, MessageId, Resolution};
use crate::queue::MAX_ROWS;
use crate::queue::error::{QueueError, Refusal};
use crate::queue::rows::{Job, Message, RenderedJobs};
use rusqlite::{Connection, params};

impl Store {
    /// Messages with a job that waits for its pages, oldest first.
    ///
    /// # Errors
    /// A failing disk.
    pub fn messages_to_render(&self, limit: u32) -> Result<Vec<Message>, QueueError> {
        self.read(|connection| {
            let mut query = connection.prepare_cached(
                "SELECT * FROM messages WHERE id IN (SELECT message FROM jobs WHERE state = 'accepted') \
                 ORDER BY id LIMIT ?1",
            )?;
            let rows = query.query_map([limit.min(MAX_ROWS)], columns::message)?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// One message.
    ///
    /// # Errors
    /// When there is none, or a failing disk.
    pub fn message(&self, message: MessageId) -> Result<Message, QueueError> {
        self.read(|connection| step::message(connection, message))
    }

    /// The jobs of one message.
    ///
    /// # Errors
    /// When there is no such message, or a failing disk.
    pub fn jobs_of(&self, message: MessageId) -> Result<Vec<Job>, QueueError> {
        self.read(|connection| {
            step::message(connection, message)?;
            jobs_of(connection, message)
        })
    }

    /// Gives the pages to all jobs of the message that have none and wish for one of these resolutions, where nothing stands for
    /// those without a wish: accepted ones become ready, held ones stay held. An accepted job that may not have so many pages
    /// fails; a held one does when it is released.
    ///
    /// # Errors
    /// No such message, no page, or a failing disk.
    pub fn rendered(
        &self,
        message: MessageId,
        wishes: &[Option<Resolution>],
        (pages_file, pages): (&str, u32),
        now_ms: i64,
    ) -> Result<RenderedJobs, QueueError> {
        bounded("the pages file", pages_file)?;
        if pages == 0 {
            return Err(Refusal::OutOfRange("the number of pages").into());
        }
        let (pages_file, wishes) = (pages_file.to_owned(), wishes.to_owned());
        self.write("rendered", move |tx| {
            step::message(tx.connection, message)?;
            let mut rendered = RenderedJobs::default();
            for job in without_pages(tx.connection, message, &wishes)? {
                let too_long = job.max_pages.filter(|most| pages > *most);
                let list = match job.state {
                    JobState::Accepted if let Some(most) = too_long => {
                        step::step(tx, job.id, JobEvent::RenderFailed)?;
                        step::ended(tx, job.id, &Cause::TooManyPages { pages, most }, now_ms)?;
                        rendered.too_long.push(job.id);
                        continue;
                    }
                    JobState::Held if too_long.is_some() => continue,
                    JobState::Accepted => &mut rendered.ready,
                    JobState::Held => &mut rendered.held,
                    JobState::Ready
                    | JobState::Dialling
                    | JobState::Done
                    | JobState::Failed
                    | JobState::Cancelled
                    | JobState::Reported => continue,
                };
                list.push(job.id);
                tx.connection
                    .prepare_cached("UPDATE jobs SET pages_file = ?2, pages_total = ?3 WHERE id = ?1")?
                    .execute(params![job.id.0, pages_file, pages])?;
            }
            for job in &rendered.ready {
                step::step(tx, *job, JobEvent::Rendered)?;
            }
            Ok(rendered)
        })
    }

    /// Gives up all jobs of the message with one of these wishes that wait for pages which cannot be made. `reason` names the
    /// document.
    ///
    /// # Errors
    /// No such message, a reason that is too long, or a failing disk.
    pub fn render_failed(
        &self,
        message: MessageId,
        wishes: &[Option<Resolution>],
        reason: &str,
        now_ms: i64,
    ) -> Result<Vec<JobId>, QueueError> {
        bounded("the reason", reason)?;
        let wishes = wishes.to_owned();
        let cause = Cause::CannotRender(reason.to_owned());
        self.write("render-failed", move |tx| {
            step::message(tx.connection, message)?;
            let jobs = without_pages(tx.connection, message, &wishes)?;
            let waiting = jobs.into_iter().filter(|job| job.state == JobState::Accepted).map(|job| job.id);
            waiting
                .map(|job| {
                    step::step(tx, job, JobEvent::RenderFailed)?;
                    step::ended(tx, job, &cause, now_ms)?;
                    Ok(job)
                })
                .collect()
        })
    }
}

/// Jobs of the message that need pages, have none, and wish for one of these resolutions.
fn without_pages(
    connection: &Connection,
    message: MessageId,
    wishes: &[Option<Resolution>],
) -> Result<Vec<Job>, QueueError> {
    let mut jobs = jobs_of(connection, message)?;
    jobs.retain(|job| job.pages_file.is_none() && job.fetch.is_none() && wishes.contains(&job.options.resolution));
    Ok(jobs)
}

pub(super) fn jobs_of(connection: &Connection, message: MessageId) -> Result<Vec<Job>, QueueError> {
    let mut query = connection.prepare_cached("SELECT * FROM jobs WHERE message = ?1 ORDER BY id")?;
    let rows = query.query_map([message.0], columns::job)?;
    Ok(rows.collect::<Result<_, _>>()?)
}
