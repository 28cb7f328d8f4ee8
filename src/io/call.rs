//! Drives one [`Call`]: its SIP messages, its two media sockets and its clock.
//!
//! Decides nothing: pages are prepared, stored and judged by the [`CallOwner`].

use std::collections::VecDeque;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use tokio::net::UdpSocket;
use tokio::sync::{mpsc, watch};
use tokio::time::Sleep;

use super::media::{DATAGRAM_OCTETS, MediaSockets, Medium};
use super::sip::{Delivery, SipSocket};
use crate::call::{Call, Ending, Input, Output, PageFormat, Progress, ReceivedPage, Verdict};
use crate::clock;
use crate::model::Cause;
use crate::sip::{self, Leg};

/// Calls over audio wake together at multiples of this: 20 ms have four of them, however many calls there are.
const SHARED_TICK: Duration = Duration::from_millis(5);
/// Packets taken from a socket in one turn; more than a second's worth wait for the next.
const MOST_WAITING_PACKETS: usize = 64;

/// Whoever a call is made for.
pub trait CallOwner: Send + Sync + 'static {
    /// The bits of page `index` (from 0) of a document in the form the far end takes. `document` is its place in the list to be sent, and 0
    /// after [`CallOwner::polled`].
    fn page(
        &self,
        document: usize,
        index: u32,
        format: PageFormat,
    ) -> impl Future<Output = Result<Arc<[u8]>, String>> + Send;
    /// A page came in: stores it durably, then says how good it is. A page with the index of an earlier one replaces it.
    fn received(&self, page: ReceivedPage) -> impl Future<Output = Verdict> + Send;
    /// The far end fetches the document at this place of those offered: [`CallOwner::page`] is asked for its pages from now on.
    /// Only owners that offer documents need it.
    fn polled(&self, _document: usize) {}
    /// Where an address leads that the far end sent the call to, in the order in which it is to be tried. Where it is left
    /// out, or gives nothing, the call goes to the new address by the way it went before.
    // RFC 3263 §4
    fn locate(&self, _uri: &sip::Uri) -> impl Future<Output = Vec<sip::Destination>> + Send {
        std::future::ready(Vec::new())
    }
    /// The far end confirmed this many pages of a document in all.
    fn confirmed(&self, document: usize, pages: u32);
    /// A document is done with, and the call goes on with the next one. Only owners that send several need it.
    fn document_over(&self, _over: Ending) {}
    /// Something to show.
    fn progress(&self, progress: &Progress);
}

/// What is wanted of a call while it is on the line.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Wish {
    /// Its end, for this reason.
    pub hang_up: Option<Cause>,
    /// Documents that are not wanted any more: places in the list to be sent. To say it again does nothing.
    pub withdrawn: Vec<usize>,
}

impl From<Cause> for Wish {
    /// That the call ends for this reason.
    fn from(cause: Cause) -> Self {
        Self { hang_up: Some(cause), ..Self::default() }
    }
}

/// Which way of a call a packet took.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Way {
    /// Signalling.
    Sip,
    /// One of the media.
    Media(Medium),
}

/// Whoever wants to see every packet of a call. Must not wait.
pub trait Tap: Send + Sync {
    /// A packet that we sent to `peer`.
    fn sent(&self, way: Way, peer: SocketAddr, octets: &[u8]);
    /// A packet that came from `peer`.
    fn received(&self, way: Way, peer: SocketAddr, octets: &[u8]);
}

/// A page being prepared or stored while the call goes on.
type Pending = Pin<Box<dyn Future<Output = Done> + Send>>;

enum Done {
    Page(Result<Arc<[u8]>, String>),
    Verdict(Verdict),
    /// A page that nobody waits to hear about was stored.
    Kept,
    /// Where an address leads.
    Located(sip::Uri, Vec<sip::Destination>),
}

/// The timer of a call, moved from deadline to deadline instead of made anew for each packet.
struct Alarm {
    sleep: Pin<Box<Sleep>>,
    /// What it is set for.
    rings: Instant,
}

impl Alarm {
    fn new() -> Self {
        let now = clock::now();
        Self { sleep: Box::pin(tokio::time::sleep_until(now.into())), rings: now }
    }

    /// Waits for a deadline; for ever when there is none. Calls that go by frames wake together: each is late by a part of
    /// [`SHARED_TICK`], always by the same.
    async fn at(&mut self, deadline: Option<Instant>, shares: bool) {
        let Some(deadline) = deadline else { return std::future::pending().await };
        let deadline = if shares { on_shared_tick(deadline) } else { deadline };
        if self.rings != deadline {
            self.rings = deadline;
            self.sleep.as_mut().reset(deadline.into());
        } else if self.sleep.is_elapsed() {
            return;
        }
        self.sleep.as_mut().await;
    }
}

/// The next moment, not before this one, at which calls wake together.
fn on_shared_tick(moment: Instant) -> Instant {
    static FIRST: OnceLock<Instant> = OnceLock::new();
    let first = *FIRST.get_or_init(clock::now);
    let since = moment.saturating_duration_since(first).as_micros();
    let ticks = since.div_ceil(SHARED_TICK.as_micros());
    // A moment so far ahead that its ticks cannot be counted needs no company: 250 days.
    u32::try_from(ticks).map_or(moment, |ticks| first + SHARED_TICK * ticks)
}

/// Runs a call until its line is free. `wishes` may end it early. The far end's repetitions after that are answered
/// by a task of their own: nobody waits for them, and no tap sees them.
pub async fn run<O: CallOwner>(
    mut call: Call,
    sockets: MediaSockets,
    sip: SipSocket,
    mut wishes: watch::Receiver<Wish>,
    owner: Arc<O>,
    tap: Option<Arc<dyn Tap>>,
) -> Ending {
    let sent = |way, to, octets: &[u8]| tap.iter().for_each(|tap| tap.sent(way, to, octets));
    let seen = |way, from, octets: &[u8]| tap.iter().for_each(|tap| tap.received(way, from, octets));
    let send = async |medium, to, datagram: &[u8]| {
        sent(Way::Media(medium), to, datagram);
        sockets.send(medium, to, datagram).await;
    };
    let mut arrived = sip.open(call.leg());
    let key = call.leg().key();
    let (mut ending, mut is_finished) = (None, false);
    let mut pending: VecDeque<Pending> = VecDeque::new();
    let mut alarm = Alarm::new();
    let mut buffer = [0u8; DATAGRAM_OCTETS];
    loop {
        while let Some(output) = call.poll() {
            match output {
                Output::Finished => is_finished = true,
                Output::Ended(end) => ending = Some(end),
                Output::Sip { to, bytes } => {
                    sent(Way::Sip, to.address, &bytes);
                    sip.send(Some(&key), to, bytes).await;
                }
                Output::Resolve { uri } => pending.push_back(locate(&owner, uri)),
                Output::Audio { to, datagram } => {
                    send(Medium::Audio, to, &datagram).await;
                    call.give_back(datagram);
                }
                Output::Report { to, datagram } => send(Medium::Report, to, &datagram).await,
                Output::T38 { to, datagram } => send(Medium::T38, to, &datagram).await,
                Output::Polled { document } => owner.polled(document),
                Output::NeedPage { document, index, format } => {
                    pending.push_back(prepare(&owner, document, index, format));
                }
                Output::PageReceived(page) => pending.push_back(keep(&owner, page)),
                Output::Confirmed { document, pages } => owner.confirmed(document, pages),
                Output::DocumentOver(over) => owner.document_over(over),
                Output::Progress(progress) => owner.progress(&progress),
            }
        }
        if call.line_is_free() {
            // A last page that broke off is still on its way to the disk.
            for work in pending {
                work.await;
            }
            let_go(call, is_finished, sip, arrived);
            return ending.unwrap_or_else(|| Ending::local("the call ended without an outcome", 0, 0));
        }
        tokio::select! {
            Some(delivery) = arrived.recv() => {
                if let (Some(_), Delivery::Message { message, source }) = (&tap, &delivery) {
                    seen(Way::Sip, source.address, &message.to_bytes());
                }
                call.handle(input(delivery), clock::now());
            }
            // A fax over audio goes by frames: what came waits in the socket for the next of them, and wakes nobody.
            (medium, length, source) = sockets.receive(&mut buffer, !call.hears_by_frames()) => {
                seen(Way::Media(medium), source, &buffer[..length]);
                call.handle(heard(medium, &buffer[..length], source), clock::now());
            }
            done = wait_for(&mut pending) => {
                pending.pop_front();
                match done {
                    Done::Page(Ok(bits)) => call.handle(Input::Page(bits), clock::now()),
                    Done::Page(Err(reason)) => call.handle(Input::HangUp(Cause::Local(reason)), clock::now()),
                    Done::Verdict(verdict) => call.handle(Input::PageVerdict(verdict), clock::now()),
                    Done::Kept => {}
                    Done::Located(uri, targets) => call.handle(Input::Resolved { uri, targets }, clock::now()),
                }
            }
            wish = wished(&mut wishes) => fulfil(wish, &mut call),
            () = alarm.at(call.deadline(), call.hears_by_frames()) => {
                if call.hears_by_frames() {
                    hear_waiting(&mut call, &sockets.audio, &mut buffer, |source, octets| seen(Way::Media(Medium::Audio), source, octets));
                }
                call.handle(Input::Timeout, clock::now());
            }
        }
    }
}

/// Gives a call the audio that waits in its socket.
fn hear_waiting(call: &mut Call, socket: &UdpSocket, buffer: &mut [u8], seen: impl Fn(SocketAddr, &[u8])) {
    let now = clock::now();
    for _ in 0..MOST_WAITING_PACKETS {
        let Ok((length, source)) = socket.try_recv_from(buffer) else { return };
        seen(source, &buffer[..length]);
        call.handle(Input::Audio { datagram: &buffer[..length], source }, now);
    }
}

/// Leaves a call whose line is free to itself.
fn let_go(call: Call, is_finished: bool, sip: SipSocket, arrived: mpsc::Receiver<Delivery>) {
    if is_finished {
        sip.close(&call.leg().key());
    } else {
        tokio::spawn(linger(call, sip, arrived));
    }
}

/// Acknowledges what the far end repeats after a call, until nothing more is expected.
async fn linger(mut call: Call, sip: SipSocket, mut arrived: mpsc::Receiver<Delivery>) {
    let key = call.leg().key();
    loop {
        while let Some(output) = call.poll() {
            match output {
                Output::Sip { to, bytes } => sip.send(Some(&key), to, bytes).await,
                Output::Finished => return sip.close(&key),
                // The outcome is told; media and pages ended with it.
                Output::Ended(_)
                | Output::Resolve { .. }
                | Output::Audio { .. }
                | Output::Report { .. }
                | Output::T38 { .. }
                | Output::Polled { .. }
                | Output::NeedPage { .. }
                | Output::PageReceived(_)
                | Output::Confirmed { .. }
                | Output::DocumentOver(_)
                | Output::Progress(_) => {}
            }
        }
        tokio::select! {
            Some(delivery) = arrived.recv() => call.handle(input(delivery), clock::now()),
            () = super::until(call.deadline()) => call.handle(Input::Timeout, clock::now()),
        }
    }
}

/// Drives a SIP leg that has no media, one that is only refused, until nothing more is expected.
pub async fn run_leg(mut leg: Leg, sip: SipSocket) {
    let mut arrived = sip.open(&leg);
    let key = leg.key();
    while !leg.finished() {
        while let Some(output) = leg.poll() {
            match output {
                sip::Output::Send { to, bytes } => sip.send(Some(&key), to, bytes).await,
                sip::Output::Resolve { .. } | sip::Output::Event(_) => {}
            }
        }
        let deadline = leg.deadline();
        tokio::select! {
            Some(delivery) = arrived.recv() => {
                let input = match delivery {
                    Delivery::Message { message, source } => sip::Input::Message { message, source },
                    Delivery::Failed { to } => sip::Input::TransportFailed { to },
                };
                leg.handle(input, clock::now());
            }
            () = super::until(deadline), if deadline.is_some() => leg.handle(sip::Input::Timeout, clock::now()),
            else => break,
        }
    }
    sip.close(&key);
}

const fn heard(medium: Medium, datagram: &[u8], source: SocketAddr) -> Input<'_> {
    match medium {
        Medium::Audio => Input::Audio { datagram, source },
        Medium::Report => Input::Report { datagram, source },
        Medium::T38 => Input::T38 { datagram, source },
    }
}

fn input(delivery: Delivery) -> Input<'static> {
    match delivery {
        Delivery::Message { message, source } => Input::Sip { message, source },
        Delivery::Failed { to } => Input::SipFailed { to },
    }
}

fn locate<O: CallOwner>(owner: &Arc<O>, uri: sip::Uri) -> Pending {
    let owner = Arc::clone(owner);
    Box::pin(async move {
        let targets = owner.locate(&uri).await;
        Done::Located(uri, targets)
    })
}

fn prepare<O: CallOwner>(owner: &Arc<O>, document: usize, index: u32, format: PageFormat) -> Pending {
    let owner = Arc::clone(owner);
    Box::pin(async move { Done::Page(owner.page(document, index, format).await) })
}

fn keep<O: CallOwner>(owner: &Arc<O>, page: ReceivedPage) -> Pending {
    let owner = Arc::clone(owner);
    Box::pin(async move {
        let wanted = page.wants_verdict;
        let verdict = owner.received(page).await;
        if wanted { Done::Verdict(verdict) } else { Done::Kept }
    })
}

async fn wait_for(pending: &mut VecDeque<Pending>) -> Done {
    match pending.front_mut() {
        Some(work) => work.await,
        None => std::future::pending().await,
    }
}

fn fulfil(wish: Wish, call: &mut Call) {
    for document in wish.withdrawn {
        call.handle(Input::Withdraw { document }, clock::now());
    }
    if let Some(cause) = wish.hang_up {
        call.handle(Input::HangUp(cause), clock::now());
    }
}

async fn wished(wishes: &mut watch::Receiver<Wish>) -> Wish {
    if wishes.changed().await.is_err() {
        return std::future::pending().await;
    }
    wishes.borrow_and_update().clone()
}
