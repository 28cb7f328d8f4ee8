//! Receive: an incoming call becomes pages, a TIFF in the spool, and a mail to each mailbox of the called number.
//!
//! A page is on the disk and in its row before it is confirmed (MCF). A call cut off by a crash leaves a file of whole pages, which
//! start-up mails as an incomplete fax. A caller may also fetch what we offer ([`super::offer`]).

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{mpsc, watch};
use tracing::Instrument as _;

use super::line::{self, Line, ReceptionCount};
use super::live::{CallView, Subject};
use super::offer::{Answerer, Offered};
use super::reception::Reception;
use super::settings::Settings;
use super::{Fault, Office, chance, fax_mail, now_ms};
use crate::call::{Call, Codec, Ending, InboundSettings, Record};
use crate::clock;
use crate::io::call::{run as run_call, run_leg};
use crate::io::sip::Arrived;
use crate::model::{Cause, ReceivedId};
use crate::queue::{Bell, NewReceived, Received};
use crate::sip::{Command, EndpointSettings, Input, Leg, Message, Source};
use crate::spool::Kind;

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
        let Some(Arrived { message, source, .. }) = arrived else { return };
        let settings = office.settings();
        if !settings.receive.peers.iter().any(|network| network.contains(source.address.ip())) {
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
    source: Source,
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
            local: self.line.addresses.clone(),
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
            job: None,
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
        let reception = Reception::new(self.office.clone(), id, subject, file);
        let ending = match self.offered(id).await {
            Ok(offered) => self.call(Arc::new(Answerer::new(reception, offered)), hang_up).await,
            Err(reason) => Err(reason),
        };
        let unanswered = ending.is_err();
        let ending = ending.unwrap_or_else(|reason| Ending::local(reason, 0, 0));
        let outcome = ending.outcome.clone();
        tracing::info!(received = %id, outcome = outcome.cause.word(), pages = outcome.pages_confirmed, "the call is over");
        drop(counted);
        self.office.bell(Bell::Dial).notify_one();
        let office = self.office.clone();
        let close = move |office: &Office| close(office, id, &ending.outcome.cause, Some(&ending.record));
        let closed = office.blocking(close).await;
        if let Err(fault) = closed {
            // The row stays open, so the next start closes it and mails what there is.
            tracing::error!(received = %id, %fault, "a received fax could not be closed");
        }
        self.office.live().end(subject, outcome);
        if unanswered {
            self.refuse(503).await;
        }
    }

    /// What the caller may fetch.
    async fn offered(&self, id: ReceivedId) -> Result<Offered, String> {
        let caller = caller_number(&self.invite);
        let settings = Arc::clone(&self.settings);
        let (called, station) = (self.called.clone(), self.station());
        let office = self.office.clone();
        let found =
            office.blocking(move |office| Offered::find(office, &settings.receive, id, called, caller, station));
        found.await.map_err(|fault| fault.to_string())
    }

    /// What we call ourselves in this call.
    fn station(&self) -> String {
        let receive = &self.settings.receive;
        let own = receive.routes.route(&self.called).ok().and_then(|rule| rule.station_id.clone());
        own.unwrap_or_else(|| receive.fax.station_id.clone())
    }

    async fn call(&self, answerer: Arc<Answerer>, hang_up: watch::Receiver<Option<Cause>>) -> Result<Ending, String> {
        let receive = &self.settings.receive;
        let sockets = self.line.ports.bind().await.map_err(|error| error.to_string())?;
        let media = self.line.media(&sockets, &self.source.back()).map_err(|error| error.to_string())?;
        let settings = InboundSettings {
            line: line::settings(&receive.fax, media, vec![Codec::Pcma, Codec::Pcmu], receive.call_limit),
            endpoint: self.endpoint(),
            answer_after: receive.wishes_for(&self.called).answer_after,
            t38: receive.t38,
            fax: line::answerer(&receive.fax, &self.station(), answerer.documents()),
        };
        let call = Call::inbound(settings, &self.invite, self.source, chance(), clock::now())
            .ok_or("the INVITE was not complete")?;
        let ending = run_call(call, sockets, self.line.sip.clone(), hang_up, Arc::clone(&answerer)).await;
        answerer.close(&ending).await;
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
fn close(office: &Office, id: ReceivedId, cause: &Cause, record: Option<&Record>) -> Result<(), Fault> {
    let row = office.store().received(id)?;
    let end = fax_mail::end_of(office, &row, cause, record)?;
    let is_kept = end.spool_file.is_none();
    office.store().close_reception(id, end, now_ms())?;
    if is_kept { Ok(()) } else { fax_mail::remove_growing(office, &row) }
}
