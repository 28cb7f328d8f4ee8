//! Render: the documents of an accepted message become pages, a TIFF in the spool that all its jobs share.
//!
//! The documents are drawn by the sandboxed child, one after the other; several messages are drawn at once. What cannot be drawn
//! fails all jobs of the message with a reason that names the document, before anything is dialled.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{Semaphore, watch};

use super::pages::local_time;
use super::settings::Render;
use super::{Fault, Office, attend, now_ms};
use crate::image::tiff;
use crate::io::worker;
use crate::mail::header::for_people;
use crate::mail::{DocumentKind, Incoming, Limits, Selection, select};
use crate::model::{JobState, MessageId, Resolution, Width};
use crate::pages::plan::{Plan, Role, Source};
use crate::pages::worker::{Event, HeadingField, Kind, RenderedPage};
use crate::queue::{Bell, Job, Message};
use crate::spool::{Kind as SpoolKind, SpoolName};

/// Messages drawn at once.
const MESSAGES_AT_ONCE: usize = 4;
/// Messages looked for at once.
const LOOK_FOR: u32 = 64;

/// Runs the stage until `stop`.
pub async fn run(office: Office, stop: watch::Receiver<bool>) {
    let places = Arc::new(Semaphore::new(MESSAGES_AT_ONCE));
    let busy: Arc<Mutex<BTreeSet<MessageId>>> = Arc::default();
    attend(office, "render", Bell::Render, stop, move |office| look(office, Arc::clone(&places), Arc::clone(&busy)))
        .await;
}

async fn look(office: Office, places: Arc<Semaphore>, busy: Arc<Mutex<BTreeSet<MessageId>>>) -> Result<bool, Fault> {
    let waiting = office.blocking(|office| Ok(office.store().messages_to_render(LOOK_FOR)?)).await?;
    for message in waiting {
        if !busy.lock().unwrap_or_else(PoisonError::into_inner).insert(message.id) {
            continue;
        }
        let place = Arc::clone(&places).acquire_owned().await.expect("the semaphore is never closed");
        let (office, busy) = (office.clone(), Arc::clone(&busy));
        tokio::spawn(async move {
            let id = message.id;
            if let Err(fault) = one(&office, message).await {
                tracing::error!(message = %id, %fault, "a message could not be rendered; it will be tried again");
                // The row still says so; a fault of the disk is not made worse by trying at once.
                let _ = tokio::time::timeout(super::FAULT_REST, std::future::pending::<()>()).await;
            }
            busy.lock().unwrap_or_else(PoisonError::into_inner).remove(&id);
            drop(place);
        });
    }
    Ok(false)
}

async fn one(office: &Office, message: Message) -> Result<(), Fault> {
    let id = message.id;
    let settings = office.settings();
    let name = SpoolName::from_stored(&message.spool_file)
        .ok_or_else(|| Fault::Inconsistent(format!("{} is no file of the spool", message.spool_file)))?;
    let limit = message.size_bytes;
    let usual = settings.render.plan.stock.resolution;
    let read = move |office: &Office| {
        let wishes = wishes(&office.store().jobs_of(id)?, usual);
        Ok((office.spool().read(&name, limit)?, wishes))
    };
    let (raw, wishes) = office.blocking(read).await?;
    for (resolution, wishes) in wishes {
        match draw(&settings.render.at(resolution), &raw).await {
            Ok(pages) => {
                let count = pages.len();
                office.blocking(move |office| keep(office, id, &wishes, &pages)).await?;
                tracing::info!(message = %id, pages = count, resolution = resolution.name(), "pages rendered");
            }
            Err(reason) => {
                tracing::info!(message = %id, reason, "cannot be rendered");
                let failed = move |office: &Office| Ok(office.store().render_failed(id, &wishes, &reason, now_ms())?);
                office.blocking(failed).await?;
            }
        }
    }
    Ok(())
}

/// The resolutions in which a message is to be drawn, each with the wishes it fulfils; pages that were a fax before keep a coarser one. It is drawn once for each, rather than once for
/// all and made coarser for the call: the dots of pictures and the strokes of letters are chosen for the resolution they are
/// drawn in.
fn wishes(jobs: &[Job], usual: Resolution) -> BTreeMap<Resolution, Vec<Option<Resolution>>> {
    let mut wishes: BTreeMap<Resolution, Vec<Option<Resolution>>> = BTreeMap::new();
    for wish in jobs.iter().filter(|job| job.state == JobState::Accepted).map(|job| job.options.resolution) {
        let same = wishes.entry(wish.unwrap_or(usual)).or_default();
        if !same.contains(&wish) {
            same.push(wish);
        }
    }
    wishes
}

/// Writes the TIFF, then the rows.
fn keep(
    office: &Office,
    message: MessageId,
    wishes: &[Option<Resolution>],
    pages: &[RenderedPage],
) -> Result<(), Fault> {
    let octets = tiff_of(pages).map_err(Fault::Inconsistent)?;
    let mut writer = office.spool().create(SpoolKind::Pages)?;
    writer.write(&octets)?;
    let name = writer.commit()?;
    let count = u32::try_from(pages.len()).unwrap_or(u32::MAX);
    let rendered = office.store().rendered(message, wishes, (&name.to_string(), count), now_ms())?;
    for job in &rendered.too_long {
        tracing::info!(%job, pages = count, "the fax has more pages than its sender may send");
    }
    if rendered.is_empty() {
        // Everybody cancelled meanwhile, or nobody may have so many pages.
        office.spool().remove(&name)?;
    }
    Ok(())
}

/// The pages as a fax TIFF, each with the resolution it has.
///
/// # Errors
/// When a page has no width a fax can have, or the file would be too large: a bug of the renderer.
pub fn tiff_of(pages: &[RenderedPage]) -> Result<Vec<u8>, String> {
    let total = u16::try_from(pages.len()).ok();
    let mut octets = std::io::Cursor::new(Vec::new());
    let mut writer =
        tiff::Writer::new(&mut octets, total, tiff::Labels::default()).map_err(|error| error.to_string())?;
    for page in pages {
        Width::from_pels(page.width, page.resolution)
            .ok_or_else(|| format!("a page is {} picture elements wide", page.width))?;
        writer.push_coded(&page.coded, page.width, page.rows, page.resolution).map_err(|error| error.to_string())?;
    }
    Ok(octets.into_inner())
}

/// Draws all documents of a message; the error is the sentence for its sender.
async fn draw(settings: &Render, raw: &[u8]) -> Result<Vec<RenderedPage>, String> {
    let incoming = Incoming::parse(raw, &Limits::default()).map_err(|error| error.to_string())?;
    let heading = heading(&incoming);
    let selection = select(incoming.body, &settings.selection).map_err(|refusal| refusal.to_string())?;
    for note in &selection.notes {
        tracing::debug!(note, "selection");
    }
    draw_selection(settings, &selection, &heading).await
}

fn heading(incoming: &Incoming) -> Vec<HeadingField> {
    let field = |label: &str, value: String| HeadingField { label: label.into(), value };
    let from = incoming.from.first().map(|from| from.name.clone().unwrap_or_else(|| from.address.clone()));
    let date = incoming.date.map(|date| for_people(&local_time(date.saturating_mul(1000))));
    vec![
        field("From", from.unwrap_or_default()),
        field("Date", date.unwrap_or_default()),
        field("Subject", incoming.subject.clone().unwrap_or_default()),
    ]
}

/// Draws these documents in the order of the plan.
///
/// # Errors
/// The sentence for the sender.
pub async fn draw_selection(
    settings: &Render,
    selection: &Selection,
    heading: &[HeadingField],
) -> Result<Vec<RenderedPage>, String> {
    let sources = selection.documents.iter().map(|document| {
        let kind = match document.kind {
            DocumentKind::Text => Kind::Text,
            DocumentKind::Pdf => Kind::Pdf,
            DocumentKind::Image => Kind::Image,
            DocumentKind::Tiff => Kind::Tiff,
        };
        let role = if document.is_body { Role::Body } else { Role::Attachment };
        Source { name: document.name.clone(), kind, role, length: document.bytes.len() as u64 }
    });
    let plan = Plan::new(sources.collect(), heading, settings.plan.clone()).map_err(|refusal| refusal.to_string())?;
    let mut pages: Vec<RenderedPage> = Vec::new();
    for index in plan.order() {
        let document = &selection.documents[index];
        let so_far = u32::try_from(pages.len()).unwrap_or(u32::MAX);
        let Some(request) = plan.request(index, so_far) else { continue };
        let request = request.map_err(|refusal| refusal.to_string())?;
        let take = |event| match event {
            Event::Page(page) => pages.push(page),
            Event::Warning(warning) => tracing::info!(document = document.name, warning, "rendering"),
            Event::Began { engine, .. } => tracing::debug!(document = document.name, engine, "rendering"),
        };
        worker::draw(&settings.worker, &request, &document.bytes, settings.timeout, take)
            .await
            .map_err(|failure| format!("{}: {failure}", document.name))?;
    }
    if pages.is_empty() { Err("the documents of the message have no pages".into()) } else { Ok(pages) }
}
