//! Receive: an incoming call becomes pages, a TIFF in the spool, and a mail to each mailbox of the called number.
//!
//! A page is on the disk and in its row before it is confirmed (MCF). A call cut off by a crash leaves a file of whole pages, which
//! start-up mails as an incomplete fax; a fax that cannot be mailed, as the disk is full, is mailed later. A caller may also fetch what we
//! offer ([`super::offer`]).

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tracing::Instrument as _;

use super::dial::Calls;
use super::line::{self, Line, ReceptionCount};
use super::live::{CallView, Subject};
use super::offer::{Answerer, Offered};
use super::reception::Reception;
use super::settings::{InboundPeer, Settings, WhenFull};
use super::{Fault, Office, chance, fax_mail, now_ms, trace};
use crate::call::{Call, Codec, Ending, InboundSettings, LineSettings, Record};
use crate::clock;
use crate::io::call::{Tap, Way, Wish, run as run_call, run_leg};
use crate::io::sip::Arrived;
use crate::model::{CallId, Cause, ReceivedId};
use crate::queue::{Bell, NewReceived, Received};
use crate::sip::guard::Counts;
use crate::sip::parties::{self, called_number};
use crate::sip::{
    Caller, Command, EndpointSettings, Gatekeeper, Guard, Input, Judgement, Leg, Message, Source, stateless_response,
};
use crate::spool::Kind;

/// Takes calls until `stop`; those on the line go on until `hang_up`.
pub async fn run(
    office: Office,
    line: Line,
    mut new_calls: mpsc::Receiver<Arrived>,
    hang_up: watch::Receiver<Wish>,
    mut stop: watch::Receiver<bool>,
    calls: Calls,
) {
    let taken = Taken::default();
    let guarded = office.clone();
    let rate_of = move |address: IpAddr, names: &[String]| {
        guarded.settings().receive.peer(address, names, at_trunk(&guarded)).map(|peer| peer.rate)
    };
    line.sip.guard(Guard::new(office.settings().receive.user_agent.clone(), Box::new(rate_of)));
    let mut gatekeeper = Gatekeeper::new(office.settings().hostname.clone(), key(), clock::now());
    let mut told = line.sip.not_let_in();
    loop {
        let arrived = tokio::select! {
            arrived = tokio::time::timeout(TELL_EVERY, new_calls.recv()) => arrived,
            _ = stop.wait_for(|stop| *stop) => return,
        };
        told = tell_not_let_in(told, line.sip.not_let_in());
        let Ok(arrived) = arrived else { continue };
        let Some(Arrived { message, source, names }) = arrived else { return };
        let settings = office.settings();
        let Some(peer) = settings.receive.peer(source.address.ip(), &names, at_trunk(&office)).cloned() else {
            // Not even refused: an answer would cost a transaction for each, and tell a stranger that somebody is here.
            tracing::debug!(%source, "a call from nobody we know was ignored; see [[peer]] and sip.allowed_peers");
            continue;
        };
        let Some(taken) = taken.take(&message) else { continue };
        if let Some(credentials) = &peer.credentials
            && let Judgement::Challenge(values) =
                gatekeeper.judge(&message, source.address.ip(), (credentials, peer.digest), clock::now())
        {
            challenge(&line, &message, source, &values).await;
            continue;
        }
        let called = called_number(&message, peer.called);
        let mut caller = parties::caller(&message);
        caller.number = caller.number.map(|number| settings.receive.routes.normal(&number));
        let span = tracing::info_span!("call", from = %source, peer = peer.name, called);
        let (office, line) = (office.clone(), line.clone());
        let answering = Answering { office, settings, line, peer, invite: message, source, called, caller };
        // One after the other, so that two calls never both take the last line.
        let counted = answering.refusal(&calls).map_or_else(|| Ok(answering.count()), Err);
        let hang_up = hang_up.clone();
        let answered = async move {
            answering.run(counted, hang_up).await;
            drop(taken);
        };
        tokio::spawn(answered.instrument(span));
    }
}

/// Tells whether the name of a trunk leads to an address.
fn at_trunk(office: &Office) -> impl Fn(&str, IpAddr) -> bool {
    |trunk, address| office.trunks().is_at(trunk, address, now_ms())
}

/// Asks for the password, without keeping anything: whoever repeats the request is asked again.
async fn challenge(line: &Line, invite: &Message, source: Source, values: &[String]) {
    let headers: Vec<(&str, &str)> = values.iter().map(|value| ("WWW-Authenticate", value.as_str())).collect();
    if let Some((response, to)) = stateless_response(invite, source, 401, "", &headers) {
        line.sip.send(None, to, response.to_bytes()).await;
    }
}

/// Chance that nobody can guess.
fn key() -> [u8; 32] {
    let mut key = [0; 32];
    for part in key.chunks_exact_mut(8) {
        part.copy_from_slice(&chance().to_le_bytes());
    }
    key
}

/// How often calls that were not let in are told in the log.
const TELL_EVERY: Duration = Duration::from_secs(60);

fn tell_not_let_in(before: Counts, now: Counts) -> Counts {
    let Counts { strangers, refused, flooded } = now;
    if refused + flooded > before.refused + before.flooded {
        tracing::warn!(
            refused,
            flooded,
            "more calls came than calls_per_second allows; the counts are since the start"
        );
    }
    if strangers > before.strangers {
        tracing::debug!(strangers, "calls from nobody we know were ignored; the count is since the start");
    }
    now
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

/// One incoming call.
struct Answering {
    office: Office,
    settings: Arc<Settings>,
    line: Line,
    peer: InboundPeer,
    invite: Message,
    source: Source,
    called: String,
    caller: Caller,
}

/// Why a call is not answered.
struct Refusal {
    status: u16,
    /// For the log.
    why: &'static str,
    /// What the peer is told beside it.
    header: Option<(&'static str, Duration)>,
}

impl Refusal {
    const fn new(status: u16, why: &'static str) -> Self {
        Self { status, why, header: None }
    }
}

impl Answering {
    async fn run(self, counted: Result<ReceptionCount, Refusal>, hang_up: watch::Receiver<Wish>) {
        let counted = match counted {
            Ok(counted) => counted,
            Err(refusal) => {
                tracing::info!(refusal.status, refusal.why, "an incoming call was refused");
                return self.refuse(&refusal).await;
            }
        };
        match self.open().await {
            Ok((id, file)) => self.answer(id, file, hang_up, counted).await,
            Err(fault) => {
                tracing::error!(%fault, "an incoming call cannot be taken");
                self.refuse(&Refusal::new(503, "the disk")).await;
            }
        }
    }

    /// Takes a line.
    fn count(&self) -> ReceptionCount {
        self.line.count_reception(&self.peer.name, self.peer.trunk.as_deref())
    }

    /// Why the call is not answered, with these outgoing calls on the line. A refused call takes no line itself, though its
    /// transaction lasts another half minute.
    // RFC 3261 §17.2.1: timer H
    fn refusal(&self, outgoing: &Calls) -> Option<Refusal> {
        let receive = &self.settings.receive;
        if receive.routes.route(&self.called).is_err() {
            return Some(Refusal::new(404, "no [[inbound]] names the called number"));
        }
        if let Some(why) = receive.declines(&self.caller) {
            return Some(Refusal::new(603, why));
        }
        if self.peer.calls.finds_too_short(&self.invite) {
            // RFC 4028 §6
            let why = "it asked for a session shorter than trunk.session_timer_min";
            return Some(Refusal { status: 422, why, header: Some(("Min-SE", self.peer.calls.least())) });
        }
        if line::protection(self.peer.srtp, self.source.transport).is_err() {
            return Some(Refusal::new(488, "trunk.srtp requires SRTP, and the call did not come by TLS"));
        }
        let all = self.line.receptions() + outgoing.len() >= receive.max_calls;
        let peer = self.line.receptions_from(&self.peer.name) >= self.peer.channels;
        let trunk = self.peer.trunk.as_ref().is_some_and(|trunk| {
            let channels = self.settings.dial.lines.get(trunk).map_or(usize::MAX, |line| line.channels as usize);
            self.line.receptions_on(trunk) + outgoing.on_trunk(trunk) >= channels
        });
        let why = match (all, peer, trunk) {
            (true, _, _) => "all lines are busy (queue.max_calls)",
            (false, true, _) => "all channels of the peer are busy (peer.channels)",
            (false, false, true) => "all channels of the trunk are busy (trunk.channels)",
            (false, false, false) => return None,
        };
        Some(match self.peer.when_full {
            WhenFull::Busy => Refusal::new(486, why),
            // RFC 3261 §20.33
            WhenFull::Unavailable(wait) => Refusal { status: 503, why, header: Some(("Retry-After", wait)) },
        })
    }

    async fn refuse(&self, refusal: &Refusal) {
        let leg = Leg::incoming(&self.invite, self.source, self.endpoint(), chance(), clock::now());
        let Ok(mut leg) = leg else { return };
        let header = refusal.header.map(|(name, time)| (name.to_owned(), time.as_secs().to_string()));
        let headers = header.into_iter().collect();
        let refuse = Command::Refuse { status: refusal.status, reason: String::new(), headers };
        leg.handle(Input::Command(refuse), clock::now());
        run_leg(leg, self.line.sip.clone()).await;
    }

    fn endpoint(&self) -> EndpointSettings {
        EndpointSettings {
            local: self.line.addresses.clone(),
            contact_user: self.called.clone(),
            user_agent: self.settings.receive.user_agent.clone(),
            credentials: None,
            calls: self.peer.calls,
        }
    }

    /// The row and the file, before the call is answered.
    async fn open(&self) -> Result<(ReceivedId, crate::spool::Growing), Fault> {
        let mailboxes = self.settings.receive.routes.route(&self.called).map(|rule| rule.mailboxes.clone());
        let new = NewReceived {
            called: self.called.clone(),
            caller: self.caller.number.clone(),
            caller_name: self.caller.name.clone(),
            caller_withheld: self.caller.withheld,
            trunk: self.peer.trunk.clone(),
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
        hang_up: watch::Receiver<Wish>,
        counted: ReceptionCount,
    ) {
        let subject = Subject::Receiving(id);
        let number = self.caller.number.clone().unwrap_or_else(|| "unknown".into());
        let view = CallView { number, pages_total: 0, since: clock::now(), progress: None };
        self.office.live().begin(subject, view);
        tracing::info!(received = %id, "answering");
        let reception = Reception::new(self.office.clone(), id, subject, file);
        let mut last = id;
        let ending = match self.offered(id).await {
            Ok(offered) => {
                let answerer = Arc::new(Answerer::new(reception, offered));
                let ending = self.call(id, Arc::clone(&answerer), hang_up, counted).await;
                // The call may have brought several faxes; those before are closed.
                last = answerer.received_last();
                ending
            }
            Err(reason) => Err(reason),
        };
        let unanswered = ending.is_err();
        let ending = ending.unwrap_or_else(|reason| Ending::local(reason, 0, 0));
        let outcome = ending.outcome.clone();
        tracing::info!(received = %id, outcome = outcome.cause.word(), pages = outcome.pages_confirmed, "the call is over");
        close_at_leisure(self.office.clone(), last, ending.outcome.cause, Some(ending.record)).await;
        self.office.live().end(subject, outcome);
        if unanswered {
            self.refuse(&Refusal::new(503, "a fault of ours")).await;
        }
    }

    /// What the caller may fetch.
    async fn offered(&self, id: ReceivedId) -> Result<Offered, String> {
        let caller = self.caller.number.clone();
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

    async fn call(
        &self,
        id: ReceivedId,
        answerer: Arc<Answerer>,
        hang_up: watch::Receiver<Wish>,
        counted: ReceptionCount,
    ) -> Result<Ending, String> {
        let receive = &self.settings.receive;
        let peer = self.source.back();
        let ours = self.line.addresses.towards(&peer).advertised;
        let sockets = self.line.media_sockets(&peer).await.map_err(|error| error.to_string())?;
        let media = self.line.media(&sockets, &peer).map_err(|error| error.to_string())?;
        let settings = InboundSettings {
            line: LineSettings {
                srtp: line::protection(self.peer.srtp, self.source.transport).map_err(|error| error.to_string())?,
                media_timeout: self.peer.media_timeout,
                ..line::settings(&receive.fax, media, vec![Codec::Pcma, Codec::Pcmu], receive.call_limit)
            },
            endpoint: self.endpoint(),
            answer_after: receive.wishes_for(&self.called).answer_after,
            t38: self.peer.t38,
            fax: line::answerer(&receive.fax, &self.station(), answerer.documents()),
        };
        let call = Call::inbound(settings, &self.invite, self.source, chance(), clock::now())
            .ok_or("the INVITE was not complete")?;
        let recording = self.line.recorder.begin(CallId::In(id), &self.settings.trace, ours, media);
        let tap = recording.clone().map(|recording| recording as Arc<dyn Tap>);
        if let Some(tap) = &tap {
            // The call was made of it before anybody could see it come.
            tap.received(Way::Sip, self.source.address, &self.invite.to_bytes());
        }
        let sip = self.line.sip.clone();
        let ending = run_call(call, sockets, sip, hang_up, Arc::clone(&answerer), tap).await;
        // The next call may come while this one is still written down.
        drop(counted);
        self.office.bell(Bell::Dial).notify_one();
        trace::end(recording, &ending).await;
        answerer.close(&ending).await;
        Ok(ending)
    }
}

/// Mails and closes receptions that a crash left open. One that cannot be closed keeps neither the others nor the server from going on:
/// [`close_again`].
pub fn finish_interrupted(office: &Office, receptions: &[Received]) {
    for reception in receptions {
        tracing::info!(received = %reception.id, "a reception was cut off; what came is mailed");
        close_or_note(office, reception.id, &Cause::Interrupted, None);
    }
}

/// Receptions that are over and could not be closed, as the disk was full perhaps, and how each ended. Their rows are open, so that after a
/// crash the next start closes them.
#[derive(Default)]
pub(super) struct Unclosed(Mutex<BTreeMap<ReceivedId, Cause>>);

impl Unclosed {
    fn table(&self) -> std::sync::MutexGuard<'_, BTreeMap<ReceivedId, Cause>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Tries again to mail and close what could not be closed.
pub fn close_again(office: &Office) {
    let unclosed = std::mem::take(&mut *office.unclosed().table());
    for (id, cause) in unclosed {
        close_or_note(office, id, &cause, None);
    }
}

/// Mails and closes a reception that is over, when no call waits for the processors.
pub(super) async fn close_at_leisure(office: Office, id: ReceivedId, cause: Cause, record: Option<Box<Record>>) {
    let close = move |office: &Office| {
        close_or_note(office, id, &cause, record.as_deref());
        Ok(())
    };
    if let Err(fault) = office.at_leisure(close).await {
        tracing::error!(received = %id, %fault, "a received fax could not be mailed; the next start tries again");
    }
}

fn close_or_note(office: &Office, id: ReceivedId, cause: &Cause, record: Option<&Record>) {
    if let Err(fault) = close(office, id, cause, record) {
        tracing::error!(
            received = %id,
            %fault,
            "a received fax could not be mailed; its pages are kept in the spool, and it is tried again within the hour"
        );
        office.unclosed().table().insert(id, cause.clone());
    }
}

/// Makes the TIFF, the mails, and closes the row; nothing if it is closed.
fn close(office: &Office, id: ReceivedId, cause: &Cause, record: Option<&Record>) -> Result<(), Fault> {
    let row = office.store().received(id)?;
    if row.closed_ms.is_some() {
        return Ok(());
    }
    let end = fax_mail::end_of(office, &row, cause, record)?;
    let is_kept = end.spool_file.is_none();
    office.store().close_reception(id, end, now_ms())?;
    if !is_kept && let Err(fault) = fax_mail::remove_growing(office, &row) {
        // No row names it any more.
        tracing::warn!(received = %id, %fault, "a file of the spool could not be removed; it is swept later");
    }
    Ok(())
}

#[cfg(test)]
mod tests;
