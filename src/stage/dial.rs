//! Dial: ready jobs become calls.
//!
//! Which jobs are dialled now is decided by [`due::plan`]. The attempt is committed before the INVITE leaves; each confirmed page is
//! committed as it comes; the outcome closes the attempt. So a crash never makes a silent second call. A call that its trunk cannot place
//! goes to the next trunk at once, as an attempt of its own.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tracing::Instrument as _;

use super::line::{self, Line};
use super::live::{CallView, Subject};
use super::pages::{self, Header, StoredPage};
use super::reception::Reception;
use super::settings::{Settings, SipServer};
use super::trunks::{Board, ring_later};
use super::{Fault, Office, attend, chance, fax_mail, identity, now_ms, trace};
use crate::call::{
    Ask, Call, Ending, FirstOffer, LineSettings, OutboundSettings, PageFormat, Progress, ReceivedPage, Record,
    T38Policy, Verdict,
};
use crate::clock;
use crate::io::call::{CallOwner, Tap, run as run_call};
use crate::model::{AttemptId, CallId, Cause, FetchRequest, JobId, JobState, Number, Outcome, ReceivedId};
use crate::policy::{GiveUp, Lesson, Next, Route, T38Trouble, TrunkEvent, TrunkFault, lesson};
use crate::queue::due::{self, Lines};
use crate::queue::{Bell, DueJob, JobFilter, NewReceived, Opened};
use crate::sip::{Destination, Uri};
use crate::spool::{Kind, SpoolName};

/// Due jobs looked at once.
const LOOK_FOR: u32 = 256;
/// Octets of a pages file: 1000 dense pages.
const MAX_PAGES_FILE: u64 = 512 * 1024 * 1024;
/// Confirmations on their way to the disk; there are never more than pages in a call.
const CONFIRMATIONS_WAITING: usize = 64;

/// The calls on the line, shared with those who have to count or end them.
#[derive(Clone, Default)]
pub struct Calls {
    table: Arc<Mutex<BTreeMap<AttemptId, OnTheLine>>>,
}

struct OnTheLine {
    job: JobId,
    number: Number,
    sender: String,
    trunk: String,
    hang_up: watch::Sender<Option<Cause>>,
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
            let _ = call.hang_up.send(Some(cause.clone()));
        }
    }

    fn end_jobs(&self, jobs: &[JobId], cause: &Cause) {
        for call in self.lock().values().filter(|call| jobs.contains(&call.job)) {
            let _ = call.hang_up.send(Some(cause.clone()));
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
    calls.end_jobs(&cancelled, &Cause::Cancelled);
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

/// Opens the attempt and starts the call.
async fn place(
    office: &Office,
    line: &Line,
    calls: &Calls,
    settings: &Arc<Settings>,
    due: DueJob,
    route: Route,
) -> Result<(), Fault> {
    let DueJob { job, tried_trunks, .. } = due;
    let (id, trunk, opened_ms) = (job.id, route.trunk.clone(), now_ms());
    let opened = office.blocking(move |office| Ok(office.store().open_attempt(id, &trunk, opened_ms)?)).await;
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
    let (hang_up, wanted_end) = watch::channel(None);
    let on_the_line = OnTheLine {
        job: id,
        number: job.number.clone(),
        sender: job.sender.clone(),
        trunk: route.trunk.clone(),
        hang_up,
    };
    calls.lock().insert(opened.attempt, on_the_line);
    let span = tracing::info_span!("call", job = %id, attempt = %opened.attempt, trunk = route.trunk);
    let task = Placing {
        office: office.clone(),
        line: line.clone(),
        settings: Arc::clone(settings),
        job,
        tried_trunks,
        route,
        opened,
        opened_ms,
    };
    let calls = calls.clone();
    tokio::spawn(
        async move {
            let attempt = task.opened.attempt;
            let bell = task.office.bell(Bell::Dial);
            task.run(wanted_end).await;
            calls.lock().remove(&attempt);
            // The row's own bell rang while the line was still taken.
            bell.notify_one();
        }
        .instrument(span),
    );
    Ok(())
}

/// One call from its attempt row to its outcome.
struct Placing {
    office: Office,
    line: Line,
    settings: Arc<Settings>,
    job: crate::queue::Job,
    /// Trunks that could not place it in this round.
    tried_trunks: Vec<String>,
    route: Route,
    opened: Opened,
    /// When the attempt was opened: the time in the header line, which the receipt repeats.
    opened_ms: i64,
}

/// What a call is for, ready to be done.
enum Work {
    /// These pages are sent.
    Send(Vec<StoredPage>),
    /// A document is fetched into this reception.
    Fetch(FetchRequest, ReceivedId, Box<Reception>),
}

impl Placing {
    async fn run(self, wanted_end: watch::Receiver<Option<Cause>>) {
        let subject = Subject::Sending(self.job.id);
        let view = CallView {
            number: self.job.number.to_string(),
            pages_total: self.job.pages_total,
            since: clock::now(),
            progress: None,
        };
        self.office.live().begin(subject, view);
        tracing::info!(number = self.line.shown(&self.job.number), first_page = self.opened.first_page, "dialling");
        let work = self.work().await;
        let fetched = if let Ok(Work::Fetch(_, id, _)) = &work { Some(*id) } else { None };
        let ending = match work {
            Ok(work) => self.call(work, wanted_end).await,
            Err(reason) => Err(reason),
        };
        let ending = ending.unwrap_or_else(|reason| match self.job.fetch {
            None => Ending::local(reason, self.job.pages_confirmed, self.job.pages_total),
            Some(_) => Ending::local(reason, 0, 0),
        });
        tracing::info!(
            outcome = ending.outcome.cause.word(),
            pages = ending.outcome.pages_confirmed,
            of = ending.outcome.pages_total,
            "the call is over"
        );
        let outcome = ending.outcome.clone();
        self.learn(&ending).await;
        self.close(ending, fetched).await;
        self.office.live().end(subject, outcome);
    }

    async fn work(&self) -> Result<Work, String> {
        let Some(fetch) = &self.job.fetch else { return Ok(Work::Send(self.pages().await?)) };
        let new = NewReceived {
            called: self.job.number.to_string(),
            trunk: Some(self.route.trunk.clone()),
            job: Some(self.job.id),
            mailboxes: fetch.mailboxes.clone(),
            opened_ms: self.opened_ms,
            ..NewReceived::default()
        };
        let opened = self.office.blocking(move |office| {
            let file = office.spool().grow(Kind::Received)?;
            let new = NewReceived { spool_file: file.name().to_string(), ..new };
            Ok((office.store().open_reception(new)?, file))
        });
        let (id, file) = opened.await.map_err(|fault| fault.to_string())?;
        let reception = Reception::new(self.office.clone(), id, Subject::Sending(self.job.id), file);
        Ok(Work::Fetch(fetch.request.clone(), id, Box::new(reception)))
    }

    async fn call(&self, work: Work, wanted_end: watch::Receiver<Option<Cause>>) -> Result<Ending, String> {
        let fax = &self.settings.dial.fax;
        let trunk =
            self.settings.dial.lines.get(&self.route.trunk).ok_or("the trunk was taken out of the configuration")?;
        let targets = match self.line.locate(&trunk.server, chance()).await {
            Ok(targets) => targets,
            Err(reason) => {
                tracing::error!(%reason, "the trunk's SIP server cannot be found");
                return Ok(self.without_trunk());
            }
        };
        let Some(first) = targets.first().cloned() else { return Ok(self.without_trunk()) };
        let sockets = self.line.media_sockets(&first).await.map_err(|error| error.to_string())?;
        let our_addresses = self.line.addresses.clone();
        let user_agent = &self.settings.dial.user_agent;
        let service_route = self.office.trunks().service_route(&self.route.trunk);
        let invitation = identity::invitation(trunk, &self.route, targets, &service_route);
        let endpoint = line::endpoint(trunk, &self.route, user_agent, our_addresses);
        let media = self.line.media(&sockets, &first).map_err(|error| error.to_string())?;
        let errand = match &work {
            Work::Send(pages) => {
                let shapes = pages.iter().map(StoredPage::shape).collect();
                line::caller(fax, shapes, self.opened.first_page - 1, self.job.sub_address.clone())
            }
            Work::Fetch(request, ..) => line::fetcher(fax, request),
        };
        let settings = OutboundSettings {
            line: LineSettings {
                srtp: line::protection(trunk.srtp, first.transport).map_err(|error| error.to_string())?,
                media_timeout: trunk.media_timeout,
                ..line::settings(fax, media, trunk.codecs.clone(), trunk.call_limit)
            },
            endpoint,
            invitation,
            response_timeout: trunk.response_timeout,
            answer_timeout: trunk.answer_timeout,
            t38: self.t38_policy(trunk.t38).await,
            fax: errand,
        };
        let call = Call::outbound(settings, chance(), clock::now());
        let sip = self.line.sip.clone();
        let id = CallId::Out(self.opened.attempt);
        let ours = self.line.addresses.towards(&first).advertised;
        let recording = self.line.recorder.begin(id, &self.settings.trace, ours, media);
        let tap = recording.clone().map(|recording| recording as Arc<dyn Tap>);
        let pages = match work {
            Work::Send(pages) => pages,
            Work::Fetch(_, _, reception) => {
                let reception: Arc<Reception> = Arc::from(reception);
                let ending = run_call(call, sockets, sip, wanted_end, reception, tap).await;
                trace::end(recording, &ending).await;
                return Ok(ending);
            }
        };
        let (confirmations, waiting) = mpsc::channel(CONFIRMATIONS_WAITING);
        let owner = Arc::new(Owner {
            office: self.office.clone(),
            job: self.job.id,
            trunk: self.route.trunk.clone(),
            pages,
            header: fax.headline.then(|| header(fax, &self.job.number, self.opened_ms)),
            confirmations,
            line: self.line.clone(),
            server: trunk.server.clone(),
        });
        let writing = tokio::spawn(write_confirmations(self.office.clone(), self.opened.attempt, waiting));
        let ending = run_call(call, sockets, sip, wanted_end, owner, tap).await;
        trace::end(recording, &ending).await;
        // The owner is gone with the call, so the writer ends when all is written.
        let _ = writing.await;
        Ok(ending)
    }

    /// The trunk's way to T.38, less what is remembered of this number.
    async fn t38_policy(&self, policy: T38Policy) -> T38Policy {
        // Who may have no audio has nothing to choose.
        if !policy.audio {
            return policy;
        }
        match self.known_trouble().await {
            None => policy,
            Some(T38Trouble::Refused) => T38Policy { first_offer: FirstOffer::Audio, ask: Ask::Never, ..policy },
            Some(T38Trouble::Failed) => T38Policy::audio_only(),
        }
    }

    /// What is remembered of T.38 with this number over this trunk.
    async fn known_trouble(&self) -> Option<T38Trouble> {
        let (trunk, number) = (self.route.trunk.clone(), self.job.number.to_string());
        let remember = i64::try_from(self.settings.dial.fax.remember.as_millis()).unwrap_or(i64::MAX);
        if remember == 0 {
            return None;
        }
        let since = self.opened_ms.saturating_sub(remember);
        let known = self.office.blocking(move |office| Ok(office.store().t38_trouble(&trunk, &number, since)?)).await;
        known.unwrap_or_else(|fault| {
            tracing::warn!(%fault, "what is remembered of the number cannot be read");
            None
        })
    }

    /// Notes what the call taught about T.38 with this number.
    async fn learn(&self, ending: &Ending) {
        let audio = self.settings.dial.lines.get(&self.route.trunk).is_some_and(|trunk| trunk.t38.audio);
        if !audio || self.settings.dial.fax.remember.is_zero() {
            return;
        }
        let pages = ending.record.sent.saturating_add(ending.record.received);
        let lesson = lesson(self.known_trouble().await, ending.record.t38, pages, &ending.outcome.cause);
        let (trunk, number) = (self.route.trunk.clone(), self.job.number.to_string());
        let noted = self.office.blocking(move |office| {
            match lesson {
                Lesson::Nothing => {}
                Lesson::Remember(trouble) => office.store().remember_t38(&trunk, &number, trouble, now_ms())?,
                Lesson::Forget => drop(office.store().forget_t38(&trunk, Some(&number))?),
            }
            Ok(())
        });
        if let Err(fault) = noted.await {
            tracing::warn!(%fault, "what the call taught about T.38 could not be written");
        }
    }

    /// The end of a call whose trunk cannot even be found.
    fn without_trunk(&self) -> Ending {
        match self.job.fetch {
            None => Ending::without_fax(Cause::TrunkDown, self.job.pages_confirmed, self.job.pages_total),
            Some(_) => Ending::without_fax(Cause::TrunkDown, 0, 0),
        }
    }

    async fn pages(&self) -> Result<Vec<StoredPage>, String> {
        let stored = self.job.pages_file.as_deref().and_then(SpoolName::from_stored);
        let name = stored.ok_or("the fax has no pages in the spool")?;
        self.office
            .blocking(move |office| {
                let octets = office.spool().read(&name, MAX_PAGES_FILE)?;
                pages::load(&octets).map_err(Fault::Inconsistent)
            })
            .await
            .map_err(|fault| fault.to_string())
    }

    /// A trunk that forbids a call which had our user name and password may mean them and not the number.
    fn judged(&self, mut outcome: Outcome, record: &Record) -> Outcome {
        // RFC 3261 §21.4.4
        let is_forbidden = outcome.cause == Cause::Rejected && record.sip_status == Some(403) && record.authenticated;
        if is_forbidden && record.q850.is_none() && self.office.trunks().forbids_us(&self.route.trunk) {
            outcome.cause = Cause::TrunkAuthentication;
        }
        if outcome.cause == Cause::TrunkAuthentication {
            let said = record.sip_said.as_deref().unwrap_or_default();
            tracing::error!(
                status = record.sip_status,
                said,
                "the trunk refused our user name or password; see faxramp trunk test {}",
                self.route.trunk
            );
        }
        outcome
    }

    /// Tells what the call says about its trunk; where the trunk could not place it and another one might, the job goes there at once.
    fn elsewhere(&self, outcome: &Outcome, record: &Record) -> Option<Next> {
        let trunk = &self.route.trunk;
        let board = self.office.trunks();
        let Some(fault) = TrunkFault::of(&outcome.cause) else {
            // Who forbids a call has not placed it.
            let is_forbidden = record.sip_status == Some(403) && record.authenticated;
            if TrunkEvent::is_placed(&outcome.cause) && !is_forbidden {
                board.learn(trunk, TrunkEvent::Placed);
            }
            return None;
        };
        let retry_after = record.retry_after_seconds.map(Duration::from_secs);
        let reason = match (fault, record.sip_status, record.sip_said.as_deref()) {
            (TrunkFault::Credentials, Some(status), Some(said)) => {
                format!("it refused our credentials ({status} {said})")
            }
            _ => outcome.cause.sentence(),
        };
        board.learn(trunk, TrunkEvent::Failed { fault, reason, retry_after });
        let now = now_ms();
        let usable = |name: &str| board.is_usable(name, now);
        let next = due::elsewhere(&self.job, &self.tried_trunks, trunk, &self.settings.dial.trunks, usable);
        if next.is_some() {
            tracing::info!("the trunk could not place the call; it goes to the next one");
        }
        next
    }

    async fn close(&self, ending: Ending, fetched: Option<ReceivedId>) {
        let Ending { outcome, record } = ending;
        let outcome = self.judged(outcome, &record);
        let next = self.settings.dial.retry.next(&outcome, self.job.tries, now_ms(), self.job.expires_ms, chance());
        let next = self.elsewhere(&outcome, &record).unwrap_or(next);
        // Nobody has to wait for the resumption of what we stopped ourselves.
        let next = if outcome.cause == Cause::Cancelled { Next::GiveUp(GiveUp::Final) } else { next };
        let attempt = self.opened.attempt;
        loop {
            let (outcome, record) = (outcome.clone(), record.clone());
            let closed = self.office.blocking(move |office| match fetched {
                None => {
                    let record = serde_json::to_string(&record).ok();
                    Ok(office.store().close_attempt(attempt, &outcome, next, record, now_ms())?)
                }
                Some(id) => close_fetch(office, attempt, &outcome, next, id, &record),
            });
            match closed.await {
                Ok(state) => return tracing::debug!(%state, "attempt closed"),
                // Until the disk is back the number stays busy: better than a second call.
                Err(fault) => tracing::error!(%fault, "the outcome of a call could not be written; trying again"),
            }
            let _ = tokio::time::timeout(super::FAULT_REST, std::future::pending::<()>()).await;
        }
    }
}

/// Mails what came, and closes attempt and reception together.
fn close_fetch(
    office: &Office,
    attempt: AttemptId,
    outcome: &Outcome,
    next: Next,
    id: ReceivedId,
    record: &Record,
) -> Result<JobState, Fault> {
    let row = office.store().received(id)?;
    let end = fax_mail::end_of(office, &row, &outcome.cause, Some(record))?;
    let state = office.store().close_fetch(attempt, outcome, next, (id, end), now_ms())?;
    fax_mail::remove_growing(office, &row)?;
    Ok(state)
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

async fn write_confirmations(office: Office, attempt: AttemptId, mut waiting: mpsc::Receiver<u32>) {
    while let Some(page) = waiting.recv().await {
        let written = office.blocking(move |office| Ok(office.store().page_confirmed(attempt, page)?)).await;
        if let Err(fault) = written {
            tracing::error!(page, %fault, "a confirmed page could not be written");
        }
    }
}

struct Owner {
    office: Office,
    job: JobId,
    trunk: String,
    pages: Vec<StoredPage>,
    header: Option<Header>,
    confirmations: mpsc::Sender<u32>,
    line: Line,
    /// The trunk's, which may send the call elsewhere.
    server: SipServer,
}

impl CallOwner for Owner {
    async fn locate(&self, uri: &Uri) -> Vec<Destination> {
        self.line.locate_elsewhere(&self.server, uri, chance()).await
    }

    async fn page(&self, index: u32, format: PageFormat) -> Result<Arc<[u8]>, String> {
        let page = self.pages.get(index as usize).ok_or("there is no such page")?.clone();
        let total = u32::try_from(self.pages.len()).unwrap_or(u32::MAX);
        let header = self.header.clone();
        let prepare = move |_: &Office| Ok(pages::prepared(&page, header.as_ref(), (index, total), &format));
        self.office.blocking(prepare).await.map_err(|fault| fault.to_string())
    }

    async fn received(&self, _page: ReceivedPage) -> Verdict {
        // Only a call that fetches brings us a page, and its owner is a reception.
        Verdict::Bad
    }

    fn confirmed(&self, pages: u32) {
        if self.confirmations.try_send(pages).is_err() {
            tracing::error!(pages, "confirmations wait for the disk; the next one stands for this one too");
        }
    }

    fn progress(&self, progress: &Progress) {
        if matches!(progress, Progress::Ringing | Progress::Answered) {
            // It need not be over for others to know that the trunk works.
            self.office.trunks().learn(&self.trunk, TrunkEvent::Placed);
        }
        self.office.live().progress(Subject::Sending(self.job), progress);
    }
}
