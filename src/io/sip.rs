//! The SIP socket: datagrams in, to the call they belong to; datagrams out.
//!
//! One task reads the socket and asks [`Router`] where each datagram belongs. A call takes its messages from a bounded
//! queue of its own; when that is full the datagram is dropped, as a full network would, and SIP repeats it.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::net::UdpSocket;
use tokio::sync::mpsc;

use super::buffer;
use crate::clock;
use crate::sip::guard::Counts;
use crate::sip::{Admission, Destination, Guard, Leg, LegKey, Message, Routed, Router, Source, Transport};

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

/// The names in a certificate: domains, and addresses as SIP URIs.
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

/// The socket, shared by all calls.
#[derive(Clone)]
pub struct SipSocket {
    inner: Arc<Inner>,
}

struct Inner {
    socket: UdpSocket,
    local: SocketAddr,
    routes: Mutex<Routes>,
    guard: Mutex<Option<Guard>>,
}

struct Routes {
    router: Router,
    calls: BTreeMap<LegKey, mpsc::Sender<Delivery>>,
}

impl SipSocket {
    /// Takes a bound socket and the router of its calls.
    ///
    /// # Errors
    /// When the socket has no local address.
    pub fn new(socket: UdpSocket, router: Router) -> std::io::Result<Self> {
        let local = socket.local_addr()?;
        buffer::widen(&socket, buffer::SIP_OCTETS);
        let routes = Mutex::new(Routes { router, calls: BTreeMap::new() });
        Ok(Self { inner: Arc::new(Inner { socket, local, routes, guard: Mutex::new(None) }) })
    }

    /// Our address.
    #[must_use]
    pub fn local(&self) -> SocketAddr {
        self.inner.local
    }

    /// Sends one message of a leg, or of nobody. That it cannot be sent is told to the leg as [`Delivery::Failed`].
    pub async fn send(&self, from: Option<&LegKey>, to: Destination, bytes: Vec<u8>) {
        let sent = match to.transport {
            Transport::Udp => self.inner.socket.send_to(&bytes, to.address).await,
            Transport::Tcp | Transport::Tls => Err(std::io::ErrorKind::Unsupported.into()),
        };
        if let Err(error) = sent {
            tracing::warn!(%to, %error, "a SIP message could not be sent");
            self.failed(from, to);
        }
    }

    fn failed(&self, from: Option<&LegKey>, to: Destination) {
        if let Some(call) = from.and_then(|key| self.routes().calls.get(key).cloned()) {
            let _ = call.try_send(Delivery::Failed { to });
        }
    }

    /// From now on INVITEs that would make a call are judged before they are read.
    pub fn guard(&self, guard: Guard) {
        *self.inner.guard.lock().unwrap_or_else(PoisonError::into_inner) = Some(guard);
    }

    /// The calls that were not let in.
    #[must_use]
    pub fn not_let_in(&self) -> Counts {
        let guard = self.inner.guard.lock().unwrap_or_else(PoisonError::into_inner);
        guard.as_ref().map(Guard::counts).unwrap_or_default()
    }

    fn admission(&self, datagram: &[u8], source: Source, names: &PeerNames) -> Admission {
        let mut guard = self.inner.guard.lock().unwrap_or_else(PoisonError::into_inner);
        guard.as_mut().map_or(Admission::Pass, |guard| guard.judge(datagram, source, names, clock::now()))
    }

    /// Messages for `leg` go to the receiver from now on, until [`SipSocket::close`].
    #[must_use]
    pub fn open(&self, leg: &Leg) -> mpsc::Receiver<Delivery> {
        let (sender, receiver) = mpsc::channel(MESSAGES_WAITING);
        let mut routes = self.routes();
        routes.router.add(leg);
        routes.calls.insert(leg.key(), sender);
        receiver
    }

    /// The call is over; late messages for it are answered without it.
    pub fn close(&self, key: &LegKey) {
        let mut routes = self.routes();
        routes.router.remove(key);
        routes.calls.remove(key);
    }

    fn routes(&self) -> std::sync::MutexGuard<'_, Routes> {
        self.inner.routes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads the socket until the returned receiver of new calls is dropped.
    #[must_use]
    pub fn listen(&self) -> mpsc::Receiver<Arrived> {
        let (new_calls, receiver) = mpsc::channel(CALLS_WAITING);
        let this = self.clone();
        tokio::spawn(async move { this.read(new_calls).await });
        receiver
    }

    async fn read(&self, new_calls: mpsc::Sender<Arrived>) {
        let mut buffer = vec![0u8; DATAGRAM_OCTETS];
        loop {
            let received = tokio::select! {
                received = self.inner.socket.recv_from(&mut buffer) => received,
                () = new_calls.closed() => return,
            };
            match received {
                Ok((length, source)) => self.dispatch(&buffer[..length], source, &new_calls).await,
                // ICMP errors of earlier sends come back here; the transaction's timers deal with them.
                Err(error) => tracing::debug!(%error, "SIP socket"),
            }
        }
    }

    async fn dispatch(&self, datagram: &[u8], address: SocketAddr, new_calls: &mpsc::Sender<Arrived>) {
        let source = Source { local: Some(self.inner.local), ..Source::udp(address) };
        let names = PeerNames::default();
        match self.admission(datagram, source, &names) {
            Admission::Pass => {}
            Admission::Refuse(bytes, to) => return self.send(None, to, bytes).await,
            Admission::Drop(_) => return,
        }
        let routed = {
            let routes = self.routes();
            match routes.router.route(datagram, source) {
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
                let _ = new_calls.try_send(Arrived { message, source, names });
            }
            Routed::Reply(bytes, to) => self.send(None, to, bytes).await,
            Routed::Ignore(reason) => tracing::debug!(%source, %reason, "ignored a datagram on the SIP port"),
        }
    }
}
