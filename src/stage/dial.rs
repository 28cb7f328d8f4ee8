//! Dial: ready jobs become calls.
//!
//! Which jobs are dialled now is decided by [`due::plan`], and which go with them in the same call by [`due::companions`]. The attempts
//! of a call are committed before the INVITE leaves; each confirmed page is committed as it comes; the outcome of each fax closes its
//! attempt. So a crash never makes a silent second call. A call that its trunk cannot place goes to the next trunk at once, as an attempt
//! of its own.
//!
//! This file chooses and begins; `placing` is one call, `owner` what it asks of us while it is up, `closing` what is written when a fax
//! of it is over.

mod closing;
mod owner;
mod placing;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::watch;
use tracing::Instrument as _;

use super::line::Line;
use super::pages::Header;
use super::settings::Settings;
use super::trunks::{Board, ring_later};
use super::{Fault, Office, attend, chance, now_ms};
use crate::io::call::Wish;
use crate::model::{AttemptId, Cause, JobId, JobState, Number};
use crate::policy::{Known, Note, Route};
use crate::queue::due::{self, Lines};
use crate::queue::{Bell, DueJob, JobFilter, OpenedCall};
use placing::{FaxOfCall, Placing};

/// Due jobs looked at once.
const LOOK_FOR: u32 = 256;

/// The calls on the line, shared with those who have to count or end them.
#[derive(Clone, Default)]
pub struct Calls {
    table: Arc<Mutex<BTreeMap<AttemptId, OnTheLine>>>,
}

struct OnTheLine {
    /// In the order of the call.
    jobs: Vec<JobId>,
    number: Number,
    /// Of the first.
    sender: String,
    trunk: String,
    wishes: watch::Sender<Wish>,
}

impl Calls {
    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.lock().len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Ends every call for this reason.
    pub fn end_all(&self, cause: &Cause) {
        for call in self.lock().values() {
            let _ = call.wishes.send(cause.clone().into());
        }
    }

    /// Takes these jobs out of their calls; one that is on the line ends its call.
    fn withdraw(&self, jobs: &[JobId]) {
        for call in self.lock().values() {
            let unwanted = (0..call.jobs.len()).filter(|at| jobs.contains(&call.jobs[*at])).collect::<Vec<_>>();
            if unwanted.is_empty() {
                continue;
            }
            call.wishes.send_if_modified(|wish| {
                let before = wish.clone();
                if call.jobs.len() == 1 {
                    wish.hang_up.get_or_insert(Cause::Cancelled);
                } else {
                    wish.withdrawn = unwanted;
                }
                *wish != before
            });
        }
    }

    /// How many take a channel of a trunk.
    #[must_use]
    pub fn on_trunk(&self, trunk: &str) -> usize {
        self.lock().values().filter(|call| call.trunk == trunk).count()
    }

    fn lines(&self, settings: &Settings, trunks: &Board, line: &Line, now_ms: i64) -> Lines {
        let table = self.lock();
        let mut lines = Lines::default();
        let taken_by_receptions = |trunk: &str| line.receptions_on(trunk);
        for (name, line) in &settings.dial.lines {
            let used = table.values().filter(|call| &call.trunk == name).count() + taken_by_receptions(name);
            let used = u32::try_from(used).unwrap_or(u32::MAX);
            if let Some(open) = trunks.open_channels(name, line.channels, used, now_ms) {
                lines.free.insert(name.clone(), open.calls);
                if open.is_paced {
                    lines.paced.insert(name.clone());
                }
            }
        }
        lines.calls =
            table.values().map(|call| due::Call { number: call.number.clone(), sender: call.sender.clone() }).collect();
        let free = settings.dial.max_calls.saturating_sub(table.len() + line.receptions());
        lines.at_most = u32::try_from(free).unwrap_or(u32::MAX);
        lines
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<AttemptId, OnTheLine>> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Runs the stage until `stop`; calls on the line go on.
pub async fn run(office: Office, line: Line, calls: Calls, stop: watch::Receiver<bool>) {
    attend(office, "dial", Bell::Dial, stop, move |office| look(office, line.clone(), calls.clone())).await;
}

async fn look(office: Office, line: Line, calls: Calls) -> Result<bool, Fault> {
    let settings = office.settings();
    let now = now_ms();
    let found = office.blocking(move |office| {
        let store = office.store();
        let expired = store.expire(now)?;
        let withdrawn = JobFilter { states: vec![JobState::Cancelled], ..JobFilter::default() };
        let cancelled = store.list(&withdrawn)?.into_iter().map(|job| job.id).collect::<Vec<_>>();
        Ok((expired, cancelled, store.due_jobs(now, LOOK_FOR)?))
    });
    let (expired, cancelled, due) = found.await?;
    for job in expired {
        tracing::info!(%job, "the lifetime of the fax is over");
    }
    calls.withdraw(&cancelled);
    let lines = calls.lines(&settings, office.trunks(), &line, now);
    let plan = due::plan(&due, &settings.dial.trunks, &lines, chance());
    for job in plan.unroutable {
        let cause = Cause::Local("no trunk is configured for this number; see trunk.prefixes".into());
        tracing::warn!(%job, "no trunk serves the number");
        office.blocking(move |office| Ok(office.store().give_up(job, &cause, now_ms())?)).await?;
    }
    for dial in plan.dial {
        let Some(due) = due.iter().find(|due| due.job.id == dial.job) else { continue };
        place(&office, &line, &calls, &settings, due.clone(), dial.route).await?;
    }
    Ok(false)
}

/// Opens the attempts and starts the call.
async fn place(
    office: &Office,
    line: &Line,
    calls: &Calls,
    settings: &Arc<Settings>,
    due: DueJob,
    route: Route,
) -> Result<(), Fault> {
    let known = known(office, settings, &due.job.number, &route.trunk).await?;
    let with_it = companions(office, settings, &due, &route, &known).await?;
    let (id, trunk, opened_ms) = (due.job.id, route.trunk.clone(), now_ms());
    let further = with_it.iter().map(|due| due.job.id).collect::<Vec<_>>();
    let opened = office.blocking(move |office| Ok(office.store().open_call(id, &further, &trunk, opened_ms)?)).await;
    let opened = match opened {
        Ok(opened) => opened,
        // A person was faster (cancel, hold): nothing is lost.
        Err(Fault::Queue(error)) if error.is_refusal() => {
            tracing::debug!(job = %id, %error, "not dialled");
            return Ok(());
        }
        Err(fault) => return Err(fault),
    };
    if let Some(wait) = office.trunks().begin_call(&route.trunk, opened_ms) {
        ring_later(office, Bell::Dial, wait);
    }
    let attempt = opened.first.attempt;
    let faxes = faxes_of(due, with_it, opened);
    let (wishes, wished) = watch::channel(Wish::default());
    let first = &faxes[0].job;
    let on_the_line = OnTheLine {
        jobs: faxes.iter().map(|fax| fax.job.id).collect(),
        number: first.number.clone(),
        sender: first.sender.clone(),
        trunk: route.trunk.clone(),
        wishes,
    };
    calls.lock().insert(attempt, on_the_line);
    let span = tracing::info_span!("call", job = %id, %attempt, trunk = route.trunk, faxes = faxes.len());
    let (office_of_call, line, settings) = (office.clone(), line.clone(), Arc::clone(settings));
    let call = Placing { office: office_of_call, line, settings, faxes, route, known, opened_ms };
    let (calls, bell) = (calls.clone(), office.bell(Bell::Dial));
    tokio::spawn(
        async move {
            Arc::new(call).run(wished).await;
            calls.lock().remove(&attempt);
            // The row's own bell rang while the line was still taken.
            bell.notify_one();
        }
        .instrument(span),
    );
    Ok(())
}

/// The faxes that go in the same call.
async fn companions(
    office: &Office,
    settings: &Settings,
    first: &DueJob,
    route: &Route,
    known: &Known,
) -> Result<Vec<DueJob>, Fault> {
    let batch = settings.dial.batch;
    if batch.faxes <= 1 || first.job.fetch.is_some() || known.has(Note::OneFaxACall) {
        return Ok(Vec::new());
    }
    let number = first.job.number.clone();
    let found = office.blocking(move |office| Ok(office.store().due_to(&number, now_ms(), LOOK_FOR)?)).await?;
    let chosen = due::companions(first, route, &found, &settings.dial.trunks, batch, chance());
    Ok(found.into_iter().filter(|due| chosen.contains(&due.job.id)).collect())
}

/// What is remembered of a number over a trunk.
async fn known(office: &Office, settings: &Settings, number: &Number, trunk: &str) -> Result<Known, Fault> {
    let remember = i64::try_from(settings.dial.fax.remember.as_millis()).unwrap_or(i64::MAX);
    if remember == 0 {
        return Ok(Known::default());
    }
    let (number, trunk, since_ms) = (number.clone(), trunk.to_owned(), now_ms().saturating_sub(remember));
    office.blocking(move |office| Ok(office.store().known(&trunk, number.as_str(), since_ms)?)).await
}

/// The faxes of a call, each with its attempt.
fn faxes_of(first: DueJob, with_it: Vec<DueJob>, opened: OpenedCall) -> Vec<FaxOfCall> {
    let mut faxes = vec![FaxOfCall { job: first.job, tried_trunks: first.tried_trunks, opened: opened.first }];
    for (job, opened) in opened.further {
        let due = with_it.iter().find(|due| due.job.id == job).cloned();
        faxes.extend(due.map(|due| FaxOfCall { job: due.job, tried_trunks: due.tried_trunks, opened }));
    }
    faxes
}

/// The header line of an attempt.
#[must_use]
pub fn header(fax: &super::settings::Fax, number: &Number, opened_ms: i64) -> Header {
    Header {
        sent_ms: opened_ms,
        sender_name: fax.sender_name.clone(),
        station_id: fax.station_id.clone(),
        called: number.to_string(),
    }
}
