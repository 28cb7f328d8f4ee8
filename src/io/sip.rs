//! SIP's sockets: messages in, to the call they belong to; messages out, by datagram or stream.
//!
//! A task for each socket reads and asks [`Router`] where each message belongs. A call takes its messages from a bounded queue of its
//! own; when that is full the message is dropped, as a full network would, and SIP repeats it. Streams are in `streams`.

mod connection;
mod streams;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::net::{TcpListener, UdpSocket};
use tokio::sync::{mpsc, watch};

use super::buffer;
use super::tls::TlsSettings;
use crate::clock;
use crate::sip::guard::Counts;
use crate::sip::{
    Admission, Destination, Guard, Leg, LegKey, LocalAddress, LocalAddresses, Message, Routed, Router, Source,
    Transport,
};
use streams::{Outgoing, Table};

/// The largest datagram UDP can carry.
const DATAGRAM_OCTETS: usize = 65_535;
/// Messages waiting for one call.
const MESSAGES_WAITING: usize = 32;
/// New calls waiting to be taken up; more are left to the caller's repeats.
const CALLS_WAITING: usize = 64;

/// An INVITE that makes a new call, and where it came from.
#[derive(Debug)]
pub struct Arrived {
    /// The message.
    pub message: Message,
    /// Its sender.
    pub source: Source,
    /// The names in the certificate that the sender proved to have; none without TLS, and none without a certificate.
    pub names: PeerNames,
}

/// The names in a certificate, in lower case: SIP domains when it has any, else DNS names.
pub type PeerNames = Arc<[String]>;

/// What comes for one leg.
#[derive(Debug)]
pub enum Delivery {
    /// A message.
    Message {
        /// The message.
        message: Message,
        /// Its sender.
        source: Source,
    },
    /// A message of the leg could not be sent.
    Failed {
        /// Where it should have gone.
        to: Destination,
    },
}

/// Where to listen.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Port {
    /// For what.
    pub transport: Transport,
    /// Where.
    pub address: SocketAddr,
}

/// A port that could not be had.
#[derive(Debug, thiserror::Error)]
#[error("{} by {}: {source}", port.address, port.transport)]
pub struct PortError {
    /// Which.
    pub port: Port,
    /// What the system said.
    pub source: std::io::Error,
}

/// The sockets, shared by all calls. They are open until the last copy is dropped.
#[derive(Clone)]
pub struct SipSocket {
    shared: Shared,
    /// The tasks that read end with it.
    _open: Arc<watch::Sender<()>>,
}

/// What the tasks hold: the sockets, and a word when they are to be closed.
#[derive(Clone)]
struct Shared {
    inner: Arc<Inner>,
    closing: watch::Receiver<()>,
}

struct Inner {
    addresses: LocalAddresses,
    datagrams: Vec<UdpSocket>,
    /// Until they are listened at.
    listeners: Mutex<Vec<(Port, TcpListener)>>,
    routes: Mutex<Routes>,
    streams: Mutex<Table>,
    tls: Mutex<TlsSettings>,
    new_calls: mpsc::Sender<Arrived>,
    calls_waiting: Mutex<Option<mpsc::Receiver<Arrived>>>,
    guard: Mutex<Option<Guard>>,
}

struct Routes {
    router: Router,
    calls: BTreeMap<LegKey, mpsc::Sender<Delivery>>,
}

impl SipSocket {
    /// Opens all ports. `advertise` says how peers see an address that we are bound to.
    ///
    /// # Errors
    /// The first port that cannot be had.
    pub async fn open_ports(
        ports: &[Port],
        router: Router,
        tls: TlsSettings,
        advertise: impl Fn(SocketAddr) -> SocketAddr,
    ) -> Result<Self, PortError> {
        let (mut datagrams, mut listeners, mut addresses) = (Vec::new(), Vec::new(), Vec::new());
        for port in ports {
            let refused = |source| PortError { port: *port, source };
            let bound = match port.transport {
                Transport::Udp => {
                    let socket = UdpSocket::bind(port.address).await.map_err(refused)?;
                    buffer::widen(&socket, buffer::SIP_OCTETS);
                    let bound = socket.local_addr().map_err(refused)?;
                    datagrams.push(socket);
                    bound
                }
                Transport::Tcp | Transport::Tls => {
                    let listener = TcpListener::bind(port.address).await.map_err(refused)?;
                    let bound = listener.local_addr().map_err(refused)?;
                    listeners.push((Port { address: bound, ..*port }, listener));
                    bound
                }
            };
            addresses.push(LocalAddress { transport: port.transport, bound, advertised: advertise(bound) });
        }
        let mut addresses = addresses.into_iter();
        let Some(first) = addresses.next() else {
            let port = Port { transport: Transport::Udp, address: SocketAddr::from(([0, 0, 0, 0], 0)) };
            return Err(PortError { port, source: std::io::Error::other("sip.listen is empty") });
        };
        let (new_calls, calls_waiting) = mpsc::channel(CALLS_WAITING);
        let inner = Inner {
            addresses: LocalAddresses::new(first, addresses),
            datagrams,
            listeners: Mutex::new(listeners),
            routes: Mutex::new(Routes { router, calls: BTreeMap::new() }),
            streams: Mutex::default(),
            tls: Mutex::new(tls),
            new_calls,
            calls_waiting: Mutex::new(Some(calls_waiting)),
            guard: Mutex::new(None),
        };
        let (open, closing) = watch::channel(());
        Ok(Self { shared: Shared { inner: Arc::new(inner), closing }, _open: Arc::new(open) })
    }

    /// Our addresses, as they are bound and as peers see them.
    #[must_use]
    pub fn addresses(&self) -> &LocalAddresses {
        &self.shared.inner.addresses
    }

    /// Sends one message of a leg, or of nobody. That it cannot be sent is told to the leg as [`Delivery::Failed`], perhaps later.
    pub async fn send(&self, from: Option<&LegKey>, to: Destination, bytes: Vec<u8>) {
        self.shared.send(Outgoing { from: from.cloned(), to, bytes, tries: 0 }).await;
    }

    /// From now on INVITEs that would make a call are judged before they are read.
    pub fn guard(&self, guard: Guard) {
        *self.shared.inner.guard.lock().unwrap_or_else(PoisonError::into_inner) = Some(guard);
    }

    /// The calls that were not let in.
    #[must_use]
    pub fn not_let_in(&self) -> Counts {
        let guard = self.shared.inner.guard.lock().unwrap_or_else(PoisonError::into_inner);
        guard.as_ref().map(Guard::counts).unwrap_or_default()
    }

    /// Messages for `leg` go to the receiver from now on, until [`SipSocket::close`].
    #[must_use]
    pub fn open(&self, leg: &Leg) -> mpsc::Receiver<Delivery> {
        let (sender, receiver) = mpsc::channel(MESSAGES_WAITING);
        let mut routes = self.shared.routes();
        routes.router.add(leg);
        routes.calls.insert(leg.key(), sender);
        receiver
    }

    /// As [`SipSocket::open`], for an engine that asks outside of calls.
    #[must_use]
    pub fn open_outside(&self, key: LegKey, call_id: &[u8]) -> mpsc::Receiver<Delivery> {
        let (sender, receiver) = mpsc::channel(MESSAGES_WAITING);
        let mut routes = self.shared.routes();
        routes.router.add_outside(key.clone(), call_id);
        routes.calls.insert(key, sender);
        receiver
    }

    /// The call is over; late messages for it are answered without it.
    pub fn close(&self, key: &LegKey) {
        let mut routes = self.shared.routes();
        routes.router.remove(key);
        routes.calls.remove(key);
    }

    /// Puts new TLS settings in force for the connections made from now on.
    pub fn reload_tls(&self, tls: TlsSettings) {
        *locked(&self.shared.inner.tls) = tls;
    }

    /// Reads all sockets until the last copy of this is dropped. New calls come out of the receiver; when nobody takes them any more,
    /// the calls on the line go on. It is for one listener: a second one gets no calls.
    #[must_use]
    pub fn listen(&self) -> mpsc::Receiver<Arrived> {
        let inner = &self.shared.inner;
        for number in 0..inner.datagrams.len() {
            let shared = self.shared.clone();
            tokio::spawn(async move { shared.read_datagrams(number).await });
        }
        for (port, listener) in locked(&inner.listeners).drain(..) {
            tokio::spawn(self.shared.clone().accept(port, listener));
        }
        locked(&inner.calls_waiting).take().unwrap_or_else(|| mpsc::channel(1).1)
    }
}

impl Shared {
    fn routes(&self) -> MutexGuard<'_, Routes> {
        locked(&self.inner.routes)
    }

    async fn send(&self, message: Outgoing) {
        if message.to.transport != Transport::Udp {
            return self.send_by_stream(message);
        }
        let bound = self.inner.addresses.towards(&message.to).bound;
        let is_it = |socket: &&UdpSocket| socket.local_addr().is_ok_and(|local| local == bound);
        let sent = match self.inner.datagrams.iter().find(is_it) {
            Some(socket) => socket.send_to(&message.bytes, message.to.address).await.map(drop),
            None => Err(std::io::Error::other("sip.listen has no UDP address of its kind")),
        };
        if let Err(error) = sent {
            tracing::warn!(to = %message.to, %error, "a SIP message could not be sent");
            self.failed(message);
        }
    }

    /// Tells the leg whose message it was.
    fn failed(&self, message: Outgoing) {
        let call = message.from.and_then(|key| self.routes().calls.get(&key).cloned());
        if let Some(call) = call {
            let _ = call.try_send(Delivery::Failed { to: message.to });
        }
    }

    async fn read_datagrams(mut self, number: usize) {
        let Some(local) = self.inner.datagrams[number].local_addr().ok() else { return };
        let mut buffer = vec![0u8; DATAGRAM_OCTETS];
        loop {
            let received = tokio::select! {
                received = self.inner.datagrams[number].recv_from(&mut buffer) => received,
                _ = self.closing.changed() => return,
            };
            match received {
                Ok((length, address)) => {
                    let source = Source { local: Some(local), ..Source::udp(address) };
                    self.dispatch(&buffer[..length], source, &PeerNames::default()).await;
                }
                // ICMP errors of earlier sends come back here; the transaction's timers deal with them.
                Err(error) => tracing::debug!(%error, "SIP socket"),
            }
        }
    }

    fn admission(&self, datagram: &[u8], source: Source, names: &PeerNames) -> Admission {
        let mut guard = self.inner.guard.lock().unwrap_or_else(PoisonError::into_inner);
        guard.as_mut().map_or(Admission::Pass, |guard| guard.judge(datagram, source, names, clock::now()))
    }

    /// Hands a message to whom it belongs.
    async fn dispatch(&self, octets: &[u8], source: Source, names: &PeerNames) {
        match self.admission(octets, source, names) {
            Admission::Pass => {}
            Admission::Refuse(bytes, to) => return self.send(Outgoing { from: None, to, bytes, tries: 0 }).await,
            Admission::Drop(_) => return,
        }
        let routed = {
            let routes = self.routes();
            match routes.router.route(octets, source) {
                Routed::Leg(key, message) => {
                    if let Some(call) = routes.calls.get(&key) {
                        let _ = call.try_send(Delivery::Message { message, source });
                    }
                    return;
                }
                elsewhere @ (Routed::NewCall(_) | Routed::Reply(..) | Routed::Ignore(_)) => elsewhere,
            }
        };
        match routed {
            Routed::Leg(..) => {}
            Routed::NewCall(message) => {
                let _ = self.inner.new_calls.try_send(Arrived { message, source, names: Arc::clone(names) });
            }
            Routed::Reply(bytes, to) => self.send(Outgoing { from: None, to, bytes, tries: 0 }).await,
            Routed::Ignore(reason) => tracing::debug!(%source, %reason, "ignored a message on the SIP port"),
        }
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
