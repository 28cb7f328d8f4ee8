//! One call, from its attempts to the outcome of each fax in it.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use tokio::sync::{mpsc, watch};
use tracing::Instrument as _;

use super::header;
use super::owner::{Note, Owner};
use crate::call::{Ask, Call, Ending, FirstOffer, LineSettings, OutboundSettings, T38Policy};
use crate::clock;
use crate::io::call::{Tap, Wish, run as run_call};
use crate::model::{CallId, Cause, FetchRequest, Number, ReceivedId};
use crate::policy::{self, Known, Route};
use crate::queue::{Job, NewReceived, Opened};
use crate::spool::{Kind, SpoolName};
use crate::stage::line::{self, Line};
use crate::stage::live::{CallView, Subject};
use crate::stage::pages::{self, StoredPage};
use crate::stage::reception::Reception;
use crate::stage::settings::Settings;
use crate::stage::{Fault, Office, chance, identity, trace};
use crate::t30::DocumentToSend;
use crate::t30::fallback::without_v17;

/// Octets of a pages file: 1000 dense pages.
const MAX_PAGES_FILE: u64 = 512 * 1024 * 1024;

/// One fax of a call.
pub(super) struct FaxOfCall {
    pub(super) job: Job,
    /// Trunks that could not place it in this round.
    pub(super) tried_trunks: Vec<String>,
    pub(super) opened: Opened,
}

impl FaxOfCall {
    /// Under which it is shown.
    pub(super) const fn subject(&self) -> Subject {
        Subject::Sending(self.job.id)
    }

    /// Pages confirmed before the call, and all. Each call of a fetch begins anew.
    pub(super) const fn pages(&self) -> (u32, u32) {
        match self.job.fetch {
            None => (self.job.pages_confirmed, self.job.pages_total),
            Some(_) => (0, 0),
        }
    }
}

/// One call from its attempt rows to its outcome.
pub(super) struct Placing {
    pub(super) office: Office,
    pub(super) line: Line,
    pub(super) settings: Arc<Settings>,
    /// In the order in which they go; there is one at least, for which the call is placed.
    pub(super) faxes: Vec<FaxOfCall>,
    pub(super) route: Route,
    /// What is remembered of the number over the trunk.
    pub(super) known: Known,
    /// When the attempts were opened: the time in the header line, which the receipts repeat.
    pub(super) opened_ms: i64,
}

/// What a call is for, ready to be done.
enum Work {
    /// These pages are sent, of each fax.
    Send(Vec<Vec<StoredPage>>),
    /// A document is fetched into this reception.
    Fetch(FetchRequest, ReceivedId, Box<Reception>),
}

/// What was told and written of a call before its end.
#[derive(Default)]
pub(super) struct Told {
    /// Places of the faxes that are closed.
    pub(super) closed: BTreeSet<usize>,
    /// Faxes after which the call went on.
    pub(super) over: u32,
    /// Those of them of which a page was confirmed in this call.
    pub(super) with_pages: u32,
    /// Pages confirmed in it.
    pub(super) pages: u32,
}

impl Told {
    fn note(&mut self, over: &Ending) {
        self.over += 1;
        self.with_pages += u32::from(over.record.sent > 0);
        self.pages = self.pages.saturating_add(over.record.sent);
    }
}

impl Placing {
    /// The number called.
    pub(super) fn number(&self) -> &Number {
        &self.faxes[0].job.number
    }

    /// Shows that this fax is on the line now.
    pub(super) fn show(&self, place: usize) {
        let Some(fax) = self.faxes.get(place) else { return };
        let view = CallView {
            number: self.number().to_string(),
            pages_total: fax.job.pages_total,
            since: clock::now(),
            progress: None,
        };
        self.office.live().begin(fax.subject(), view);
    }

    pub(super) async fn run(self: Arc<Self>, wished: watch::Receiver<Wish>) {
        self.show(0);
        let first_page = self.faxes[0].opened.first_page;
        tracing::info!(number = self.line.shown(self.number()), first_page, "dialling");
        let mut closed = BTreeSet::new();
        let work = self.work(&mut closed).await;
        let fetched = if let Ok(Work::Fetch(_, id, _)) = &work { Some(*id) } else { None };
        if closed.len() == self.faxes.len() {
            return;
        }
        let called = match work {
            Ok(work) => self.call(work, wished).await,
            Err(reason) => Err(reason),
        };
        let (ending, mut told) = called.unwrap_or_else(|reason| {
            let (confirmed, total) = self.faxes[0].pages();
            (Ending::local(reason, confirmed, total), Told::default())
        });
        told.closed.extend(closed);
        tracing::info!(
            outcome = ending.outcome.cause.word(),
            pages = ending.outcome.pages_confirmed,
            of = ending.outcome.pages_total,
            "the call is over"
        );
        self.learn(&ending, &told).await;
        self.close(ending, &told, fetched).await;
    }

    async fn work(&self, closed: &mut BTreeSet<usize>) -> Result<Work, String> {
        let first = &self.faxes[0];
        let Some(fetch) = &first.job.fetch else {
            return Ok(Work::Send(self.all_pages(closed).await?));
        };
        let new = NewReceived {
            called: first.job.number.to_string(),
            trunk: Some(self.route.trunk.clone()),
            job: Some(first.job.id),
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
        let reception = Reception::new(self.office.clone(), id, first.subject(), file);
        Ok(Work::Fetch(fetch.request.clone(), id, Box::new(reception)))
    }

    /// The pages of all faxes. One whose pages cannot be read is closed, and the others go.
    async fn all_pages(&self, closed: &mut BTreeSet<usize>) -> Result<Vec<Vec<StoredPage>>, String> {
        let mut all = Vec::with_capacity(self.faxes.len());
        for (place, fax) in self.faxes.iter().enumerate() {
            all.push(match self.pages(fax).await {
                Ok(pages) => pages,
                Err(reason) if self.faxes.len() == 1 => return Err(reason),
                Err(reason) => {
                    self.close_unreadable(place, reason).await;
                    closed.insert(place);
                    Vec::new()
                }
            });
        }
        Ok(all)
    }

    async fn pages(&self, fax: &FaxOfCall) -> Result<Vec<StoredPage>, String> {
        let stored = fax.job.pages_file.as_deref().and_then(SpoolName::from_stored);
        let name = stored.ok_or("the fax has no pages in the spool")?;
        self.office
            .blocking(move |office| {
                let octets = office.spool().read(&name, MAX_PAGES_FILE)?;
                pages::load(&octets).map_err(Fault::Inconsistent)
            })
            .await
            .map_err(|fault| fault.to_string())
    }

    async fn call(self: &Arc<Self>, work: Work, wished: watch::Receiver<Wish>) -> Result<(Ending, Told), String> {
        let fax = &self.settings.dial.fax;
        let trunk =
            self.settings.dial.lines.get(&self.route.trunk).ok_or("the trunk was taken out of the configuration")?;
        let targets = match self.line.locate(&trunk.server, chance()).await {
            Ok(targets) => targets,
            Err(reason) => {
                tracing::error!(%reason, "the trunk's SIP server cannot be found");
                return Ok((self.without_trunk(), Told::default()));
            }
        };
        let Some(first) = targets.first().cloned() else { return Ok((self.without_trunk(), Told::default())) };
        let sockets = self.line.media_sockets(&first).await.map_err(|error| error.to_string())?;
        let our_addresses = self.line.addresses.clone();
        let user_agent = &self.settings.dial.user_agent;
        let service_route = self.office.trunks().service_route(&self.route.trunk);
        let invitation = identity::invitation(trunk, &self.route, targets, &service_route);
        let endpoint = line::endpoint(trunk, &self.route, user_agent, our_addresses);
        let media = self.line.media(&sockets, &first).map_err(|error| error.to_string())?;
        let mut errand = match &work {
            Work::Send(pages) => line::caller(fax, self.documents(pages)),
            Work::Fetch(request, ..) => line::fetcher(fax, request),
        };
        if self.known.has(policy::Note::V17Failed) {
            errand.limit(without_v17);
        }
        let settings = OutboundSettings {
            line: LineSettings {
                srtp: line::protection(trunk.srtp, first.transport).map_err(|error| error.to_string())?,
                media_timeout: trunk.media_timeout,
                max_rate: errand.fastest().bits_per_second(),
                ..line::settings(fax, media, trunk.codecs.clone(), trunk.call_limit)
            },
            endpoint,
            invitation,
            response_timeout: trunk.response_timeout,
            answer_timeout: trunk.answer_timeout,
            t38: self.t38_policy(trunk.t38),
            fax: errand,
        };
        let call = Call::outbound(settings, chance(), clock::now());
        let sip = self.line.sip.clone();
        let id = CallId::Out(self.faxes[0].opened.attempt);
        let ours = self.line.addresses.towards(&first).advertised;
        let recording = self.line.recorder.begin(id, &self.settings.trace, ours, media);
        let tap = recording.clone().map(|recording| recording as Arc<dyn Tap>);
        let pages = match work {
            Work::Send(pages) => pages,
            Work::Fetch(_, _, reception) => {
                let reception: Arc<Reception> = Arc::from(reception);
                let ending = run_call(call, sockets, sip, wished, reception, tap).await;
                trace::end(recording, &ending).await;
                return Ok((ending, Told::default()));
            }
        };
        // Each page is confirmed once, and each fax over once.
        let (notes, waiting) = mpsc::channel(pages.iter().map(|pages| pages.len() + 1).sum());
        let owner = Arc::new(Owner {
            call: Arc::clone(self),
            pages,
            header: fax.headline.then(|| header(fax, self.number(), self.opened_ms)),
            notes,
            server: trunk.server.clone(),
            shown: AtomicUsize::new(0),
        });
        let writing = tokio::spawn(Arc::clone(self).write_down(waiting).in_current_span());
        let ending = run_call(call, sockets, sip, wished, owner, tap).await;
        trace::end(recording, &ending).await;
        // The owner is gone with the call, so the writer ends when all is written.
        let told = writing.await.map_err(|_| "what the call told could not be written down")?;
        Ok((ending, told))
    }

    /// What T.30 is to send: the pages that are left of each fax.
    fn documents(&self, pages: &[Vec<StoredPage>]) -> Vec<DocumentToSend> {
        let document = |(fax, pages): (&FaxOfCall, &Vec<StoredPage>)| DocumentToSend {
            pages: pages.iter().map(StoredPage::shape).collect(),
            first_page: fax.opened.first_page - 1,
            sub_address: fax.job.sub_address.clone(),
            sender_password: None,
        };
        self.faxes.iter().zip(pages).map(document).collect()
    }

    /// Writes down what the call tells while it is up, one after the other.
    async fn write_down(self: Arc<Self>, mut notes: mpsc::Receiver<Note>) -> Told {
        let mut told = Told::default();
        while let Some(note) = notes.recv().await {
            match note {
                Note::Confirmed { place, page } => self.confirm(place, page).await,
                Note::Over(over) => {
                    let place = over.document;
                    told.note(&over);
                    self.close_in_passing(over).await;
                    told.closed.insert(place);
                }
            }
        }
        told
    }

    async fn confirm(&self, place: usize, page: u32) {
        let Some(attempt) = self.faxes.get(place).map(|fax| fax.opened.attempt) else { return };
        let written = self.office.blocking(move |office| Ok(office.store().page_confirmed(attempt, page)?)).await;
        if let Err(fault) = written {
            tracing::error!(page, %fault, "a confirmed page could not be written");
        }
    }

    /// The end of a call whose trunk cannot even be found.
    fn without_trunk(&self) -> Ending {
        let (confirmed, total) = self.faxes[0].pages();
        Ending::without_fax(Cause::TrunkDown, confirmed, total)
    }

    /// The trunk's way to T.38, less what is remembered of this number.
    fn t38_policy(&self, policy: T38Policy) -> T38Policy {
        // Who may have no audio has nothing to choose.
        if !policy.audio {
            return policy;
        }
        if self.known.has(policy::Note::T38Failed) {
            return T38Policy::audio_only();
        }
        if self.known.has(policy::Note::T38Refused) {
            return T38Policy { first_offer: FirstOffer::Audio, ask: Ask::Never, ..policy };
        }
        policy
    }
}
