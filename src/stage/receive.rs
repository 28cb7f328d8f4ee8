//! Receive: an incoming call becomes pages, a TIFF in the spool, and a mail to each mailbox of the called number.
//!
//! A page is on the disk and in its row before it is confirmed (MCF). A call cut off by a crash leaves a file of whole pages, which
//! start-up mails as an incomplete fax.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{mpsc, watch};
use tracing::Instrument as _;

use super::line::{self, Line, ReceptionCount};
use super::live::{CallView, Subject};
use super::pages::{StoredPage, local_time, tiff_of};
use super::reception::{Reception, read_pages};
use super::report::{mailbox_from, thumbnail};
use super::settings::{Formats, Settings};
use super::{Fault, Office, chance, later_ms, now_ms};
use crate::call::{Call, Codec, Ending, InboundSettings};
use crate::clock;
use crate::io::call::{run as run_call, run_leg};
use crate::io::sip::Arrived;
use crate::mail::header::Mailbox;
use crate::mail::pdf::{PdfPage, pdf};
use crate::mail::received::{ReceivedFacts, received};
use crate::model::{Cause, ReceivedId};
use crate::queue::{Bell, NewMail, NewReceived, Received};
use crate::sip::{Command, EndpointSettings, Input, Leg, Message, Transport};
use crate::spool::{Kind, SpoolName};

/// Takes calls until `stop`; those on the line go on until `hang_up`.
pub async fn run(
    office: Office,
    line: Line,
    mut new_calls: mpsc::Receiver<Arrived>,
    hang_up: watch::Receiver<Option<Cause>>,
    mut stop: watch::Receiver<bool>,
    calls: super::dial::Calls,
) {
    let taken = Taken::default();
    loop {
        let arrived = tokio::select! {
            arrived = new_calls.recv() => arrived,
            _ = stop.wait_for(|stop| *stop) => None,
        };
        let Some(Arrived { message, source }) = arrived else { return };
        let settings = office.settings();
        if !settings.receive.peers.iter().any(|network| network.contains(source.ip())) {
            // Not even refused: an answer would cost a transaction for each, and tell a stranger that somebody is here.
            tracing::debug!(%source, "a call from a peer that is not in sip.allowed_peers was ignored");
            continue;
        }
        let Some(taken) = taken.take(&message) else { continue };
        let called = called_number(&message);
        let span = tracing::info_span!("call", from = %source, called);
        let answering =
            Answering { office: office.clone(), settings, line: line.clone(), invite: message, source, called };
        // One after the other, so that two calls never both take the last line.
        let counted = answering.refusal(calls.len()).map_or_else(|| Ok(line.count_reception()), Err);
        let hang_up = hang_up.clone();
        let answered = async move {
            answering.run(counted, hang_up).await;
            drop(taken);
        };
        tokio::spawn(answered.instrument(span));
    }
}

/// The INVITEs that are being dealt with. One that is repeated before its leg is known to the socket, while the disk is slow, is the
/// same call.
#[derive(Clone, Default)]
struct Taken(Arc<Mutex<BTreeSet<InviteKey>>>);

/// Call-ID, tag and number.
// RFC 3261 §8.2.2.2
type InviteKey = (Vec<u8>, String, u32);

/// One INVITE that is being dealt with, until this is dropped.
struct TakenOne {
    all: Taken,
    key: InviteKey,
}

impl Taken {
    /// Nothing when it is being dealt with already.
    fn take(&self, invite: &Message) -> Option<TakenOne> {
        let number = invite.cseq().map_or(0, |cseq| cseq.number);
        let key = (invite.call_id()?.to_vec(), invite.from_tag().unwrap_or_default(), number);
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.insert(key.clone()).then(|| TakenOne { all: self.clone(), key })
    }
}

impl Drop for TakenOne {
    fn drop(&mut self) {
        self.all.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.key);
    }
}

/// The called number as the trunk wrote it: the user part of the Request-URI.
fn called_number(invite: &Message) -> String {
    invite.uri().and_then(|uri| uri.user_decoded()).unwrap_or_default()
}

/// The caller's number: the user part of P-Asserted-Identity, else of From.
// RFC 3325 §9.1
fn caller_number(invite: &Message) -> Option<String> {
    let asserted = invite.address("P-Asserted-Identity").and_then(|address| address.uri.user_decoded());
    let from = || invite.from().and_then(|address| address.uri.user_decoded());
    asserted.or_else(from).filter(|user| !user.is_empty() && user != "anonymous")
}

/// One incoming call.
struct Answering {
    office: Office,
    settings: Arc<Settings>,
    line: Line,
    invite: Message,
    source: std::net::SocketAddr,
    called: String,
}

/// Why a call is not answered: the SIP status, and a sentence for the log.
type Refusal = (u16, &'static str);

impl Answering {
    async fn run(self, counted: Result<ReceptionCount, Refusal>, hang_up: watch::Receiver<Option<Cause>>) {
        let counted = match counted {
            Ok(counted) => counted,
            Err((status, why)) => {
                tracing::info!(status, why, "an incoming call was refused");
                return self.refuse(status).await;
            }
        };
        match self.open().await {
            Ok((id, file)) => self.answer(id, file, hang_up, counted).await,
            Err(fault) => {
                tracing::error!(%fault, "an incoming call cannot be taken");
                self.refuse(503).await;
            }
        }
    }

    /// Why the call is not answered, with so many outgoing calls on the line. A refused call takes no line itself, though its
    /// transaction lasts another half minute.
    // RFC 3261 §17.2.1: timer H
    fn refusal(&self, outgoing: usize) -> Option<Refusal> {
        let receive = &self.settings.receive;
        if receive.routes.route(&self.called).is_err() {
            return Some((404, "no [[inbound]] names the called number"));
        }
        if self.line.receptions() + outgoing >= receive.max_calls {
            return Some((486, "all lines are busy (queue.max_calls)"));
        }
        None
    }

    async fn refuse(&self, status: u16) {
        let leg = Leg::incoming(&self.invite, self.source, self.endpoint(), chance(), clock::now());
        let Ok(mut leg) = leg else { return };
        let refuse = Command::Refuse { status, reason: String::new(), headers: Vec::new() };
        leg.handle(Input::Command(refuse), clock::now());
        run_leg(leg, self.line.sip.clone()).await;
    }

    fn endpoint(&self) -> EndpointSettings {
        EndpointSettings {
            local: self.line.advertised,
            transport: Transport::Udp,
            contact_user: self.called.clone(),
            user_agent: self.settings.receive.user_agent.clone(),
            credentials: None,
        }
    }

    /// The row and the file, before the call is answered.
    async fn open(&self) -> Result<(ReceivedId, crate::spool::Growing), Fault> {
        let mailboxes = self.settings.receive.routes.route(&self.called).map(|rule| rule.mailboxes.clone());
        let new = NewReceived {
            called: self.called.clone(),
            caller: caller_number(&self.invite),
            trunk: None,
            mailboxes: mailboxes.unwrap_or_default(),
            spool_file: String::new(),
            opened_ms: now_ms(),
        };
        self.office
            .blocking(move |office| {
                let file = office.spool().grow(Kind::Received)?;
                let new = NewReceived { spool_file: file.name().to_string(), ..new };
                Ok((office.store().open_reception(new)?, file))
            })
            .await
    }

    async fn answer(
        self,
        id: ReceivedId,
        file: crate::spool::Growing,
        hang_up: watch::Receiver<Option<Cause>>,
        counted: ReceptionCount,
    ) {
        let subject = Subject::Receiving(id);
        let number = caller_number(&self.invite).unwrap_or_else(|| "unknown".into());
        let view = CallView { number, pages_total: 0, since: clock::now(), progress: None };
        self.office.live().begin(subject, view);
        tracing::info!(received = %id, "answering");
        let reception = Arc::new(Reception::new(self.office.clone(), id, file));
        let ending = self.call(Arc::clone(&reception), hang_up).await;
        let unanswered = ending.is_err();
        let ending = ending.unwrap_or_else(|reason| Ending::local(reason, 0, 0));
        let outcome = ending.outcome.clone();
        tracing::info!(received = %id, outcome = outcome.cause.word(), pages = outcome.pages_confirmed, "the call is over");
        drop(counted);
        self.office.bell(Bell::Dial).notify_one();
        let record = serde_json::to_string(&ending.record).ok();
        let office = self.office.clone();
        let closed = office.blocking(move |office| close(office, id, &ending.outcome.cause, record)).await;
        if let Err(fault) = closed {
            // The row stays open, so the next start closes it and mails what there is.
            tracing::error!(received = %id, %fault, "a received fax could not be closed");
        }
        self.office.live().end(subject, outcome);
        if unanswered {
            self.refuse(503).await;
        }
    }

    async fn call(&self, reception: Arc<Reception>, hang_up: watch::Receiver<Option<Cause>>) -> Result<Ending, String> {
        let receive = &self.settings.receive;
        let station = receive.routes.route(&self.called).ok().and_then(|rule| rule.station_id.clone());
        let station = station.unwrap_or_else(|| receive.fax.station_id.clone());
        let sockets = self.line.ports.bind().await.map_err(|error| error.to_string())?;
        let media = self.line.media(&sockets).map_err(|error| error.to_string())?;
        let settings = InboundSettings {
            line: line::settings(&receive.fax, media, vec![Codec::Pcma, Codec::Pcmu], receive.call_limit),
            endpoint: self.endpoint(),
            answer_after: receive.wishes_for(&self.called).answer_after,
            reinvite_after: receive.reinvite_after,
            fax: line::answerer(&receive.fax, &station),
        };
        let call = Call::inbound(settings, &self.invite, self.source, chance(), clock::now())
            .ok_or("the INVITE was not complete")?;
        let ending = run_call(call, sockets, self.line.sip.clone(), hang_up, reception).await;
        Ok(ending)
    }
}

/// Mails and closes receptions that a crash left open.
///
/// # Errors
/// A failing disk.
pub fn finish_interrupted(office: &Office, receptions: &[Received]) -> Result<(), Fault> {
    for reception in receptions {
        tracing::info!(received = %reception.id, "a reception was cut off; what came is mailed");
        close(office, reception.id, &Cause::Interrupted, None)?;
    }
    Ok(())
}

/// Makes the TIFF, the mails, and closes the row.
fn close(office: &Office, id: ReceivedId, cause: &Cause, record: Option<String>) -> Result<(), Fault> {
    let row = office.store().received(id)?;
    let pages = read_pages(office, &row.spool_file)?;
    if pages.is_empty() {
        office.store().close_reception(id, cause, None, record, Vec::new(), now_ms())?;
        return Ok(());
    }
    let description = format!("Fax from {} to {}", row.caller.as_deref().unwrap_or("an unknown number"), row.called);
    let tiff = tiff_of(&pages, Some(description)).map_err(Fault::Inconsistent)?;
    let mut writer = office.spool().create(Kind::Received)?;
    writer.write(&tiff)?;
    let name = writer.commit()?;
    let mail = write_mail(office, &row, &pages, &tiff, cause)?;
    let mails = mail.map(|spool_file| mails_to(office, &row, &spool_file)).unwrap_or_default();
    let old = row.spool_file.clone();
    office.store().close_reception(id, cause, Some(name.to_string()), record, mails, now_ms())?;
    if let Some(old) = SpoolName::from_stored(&old) {
        office.spool().remove(&old)?;
    }
    Ok(())
}

fn mails_to(office: &Office, row: &Received, spool_file: &str) -> Vec<NewMail> {
    let lifetime = office.settings().deliver.lifetime;
    let mail = |mailbox: &String| NewMail {
        envelope_from: String::new(),
        envelope_to: mailbox.clone(),
        spool_file: spool_file.to_owned(),
        due_ms: now_ms(),
        expires_ms: later_ms(lifetime),
    };
    row.mailboxes.iter().map(mail).collect()
}

fn write_mail(
    office: &Office,
    row: &Received,
    pages: &[StoredPage],
    tiff: &[u8],
    cause: &Cause,
) -> Result<Option<String>, Fault> {
    if row.mailboxes.is_empty() {
        return Ok(None);
    }
    let settings = office.settings();
    let formats = settings.receive.wishes_for(&row.called).formats;
    let at = local_time(row.opened_ms);
    let now = local_time(now_ms());
    let as_pdf = pdf_of(pages, &format!("Fax to {}", row.called), row.opened_ms);
    let to: Vec<Mailbox> = row.mailboxes.iter().map(|address| Mailbox::bare(address)).collect();
    let broken_off = (*cause != Cause::Sent).then(|| cause.sentence());
    let picture = thumbnail(&pages[0]);
    let facts = ReceivedFacts {
        from: &mailbox_from(&settings),
        to: &to,
        called: &row.called,
        caller: row.caller.as_deref(),
        remote_id: row.remote_id.as_deref(),
        pages: u32::try_from(pages.len()).unwrap_or(u32::MAX),
        broken_off: broken_off.as_deref(),
        at: &at,
        duration: clock::UnixMillis(now_ms()).since(clock::UnixMillis(row.opened_ms)),
        speed: None,
        ecm: None,
        quality: &[],
        pdf: (formats != Formats::Tiff).then_some(as_pdf.as_slice()),
        tiff: (formats != Formats::Pdf).then_some(tiff),
        thumbnail: picture.as_deref(),
        received: row.id,
        hostname: &settings.hostname,
        date: &now,
    };
    let mail = received(&facts, &mut chance).map_err(|error| Fault::Inconsistent(error.to_string()))?;
    let mut writer = office.spool().create(Kind::Mail)?;
    writer.write(&mail)?;
    Ok(Some(writer.commit()?.to_string()))
}

/// The pages as PDF.
#[must_use]
pub fn pdf_of(pages: &[StoredPage], title: &str, unix_ms: i64) -> Vec<u8> {
    let page = |page: &StoredPage| (page.pels(), page.rows, page.resolution);
    let pages: Vec<PdfPage<'_>> = pages
        .iter()
        .map(|stored| {
            let (width, rows, resolution) = page(stored);
            PdfPage {
                mmr: &stored.coded,
                width,
                rows,
                dots_per_inch: resolution.dots_per_inch(),
                lines_per_inch: resolution.lines_per_inch(),
            }
        })
        .collect();
    pdf(&pages, title, Some(&local_time(unix_ms)))
}
