//! The SMTP listener: one task a connection, each driving a [`Session`].
//!
//! Decides nothing: who may connect, which recipients are taken and when a message is safe is asked of the [`MailOwner`].

use std::collections::BTreeMap;
use std::future::Future;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use crate::clock;
use crate::smtp::{Envelope, Input, Output, Recipient, Reply, Session, Settings, Verdict};

/// Octets read from a connection at once.
const READ_OCTETS: usize = 16 * 1024;
/// A client that does not take our replies for this long is dropped.
const WRITE_LIMIT: Duration = Duration::from_secs(60);
/// After a failed accept (no file descriptors left) the listener rests this long.
const ACCEPT_REST: Duration = Duration::from_millis(200);

/// Whoever takes the mail.
pub trait MailOwner: Send + Sync + 'static {
    /// A message that is being received.
    type Incoming: IncomingMail;

    /// Whether this peer may talk to us at all.
    ///
    /// # Errors
    /// The reply it gets instead of a greeting.
    fn connected(&self, peer: SocketAddr) -> Result<(), Reply>;
    /// Whether `recipient` may be faxed to by `sender`.
    fn recipient(&self, peer: SocketAddr, sender: &str, recipient: &Recipient) -> Verdict;
    /// A message begins.
    ///
    /// # Errors
    /// The reply for the end of the message when it cannot be taken now.
    fn begin(&self, envelope: Envelope) -> Result<Self::Incoming, Reply>;
}

/// A message on its way in. Dropping it throws it away.
pub trait IncomingMail: Send + 'static {
    /// The next piece.
    ///
    /// # Errors
    /// The reply for the end of the message: the disk is full.
    fn write(&mut self, piece: &[u8]) -> Result<(), Reply>;
    /// The message is whole: makes it durable, then answers; one verdict each for `verdicts`.
    fn finish(self, verdicts: usize) -> impl Future<Output = Vec<Verdict>> + Send;
}

/// How many connections there may be.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// In all.
    pub connections: usize,
    /// From one address.
    pub connections_per_peer: usize,
}

/// Counts the connections of each peer.
#[derive(Default)]
struct Connections {
    by_peer: Mutex<BTreeMap<IpAddr, usize>>,
}

impl Connections {
    fn open(self: &Arc<Self>, peer: IpAddr, limits: Limits) -> Result<OpenConnection, Reply> {
        let mut by_peer = self.by_peer.lock().unwrap_or_else(PoisonError::into_inner);
        let all: usize = by_peer.values().sum();
        if all >= limits.connections {
            return Err(Reply::new(421, "4.3.2", "too many connections; try again later"));
        }
        let own = by_peer.entry(peer).or_default();
        if *own >= limits.connections_per_peer {
            return Err(Reply::new(421, "4.7.0", "too many connections from you; try again later"));
        }
        *own += 1;
        Ok(OpenConnection { connections: Arc::clone(self), peer })
    }
}

struct OpenConnection {
    connections: Arc<Connections>,
    peer: IpAddr,
}

impl Drop for OpenConnection {
    fn drop(&mut self) {
        let mut by_peer = self.connections.by_peer.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(own) = by_peer.get_mut(&self.peer) {
            *own -= 1;
            if *own == 0 {
                by_peer.remove(&self.peer);
            }
        }
    }
}

/// Accepts connections until `stop` turns true; those open then get 421 at their next command.
pub async fn serve<O: MailOwner>(
    listener: TcpListener,
    settings: Settings,
    limits: Limits,
    owner: Arc<O>,
    mut stop: watch::Receiver<bool>,
) {
    let connections = Arc::new(Connections::default());
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stop.wait_for(|stop| *stop) => return,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "an SMTP connection could not be accepted");
                let _ = tokio::time::timeout(ACCEPT_REST, std::future::pending::<()>()).await;
                continue;
            }
        };
        let admitted = owner.connected(peer).and_then(|()| connections.open(peer.ip(), limits));
        let (settings, owner, stop) = (settings.clone(), Arc::clone(&owner), stop.clone());
        tokio::spawn(async move {
            match admitted {
                Ok(open) => {
                    converse(stream, peer, settings, owner, stop).await;
                    drop(open);
                }
                Err(reply) => turn_away(stream, &reply).await,
            }
        });
    }
}

async fn turn_away(mut stream: TcpStream, reply: &Reply) {
    let _ = tokio::time::timeout(WRITE_LIMIT, stream.write_all(&reply.to_bytes())).await;
}

/// The message of the transaction under way.
enum Message<I> {
    None,
    Writing(I),
    /// It cannot be taken; read to its end, then answered so.
    Refused(Reply),
}

async fn converse<O: MailOwner>(
    mut stream: TcpStream,
    peer: SocketAddr,
    settings: Settings,
    owner: Arc<O>,
    mut stop: watch::Receiver<bool>,
) {
    let _ = stream.set_nodelay(true);
    let mut session = Session::new(settings, peer, clock::now());
    let mut sender = String::new();
    let mut message = Message::None;
    let mut buffer = vec![0u8; READ_OCTETS];
    let mut stopping = false;
    loop {
        while let Some(output) = session.poll() {
            match output {
                Output::Write(bytes) => {
                    let written = tokio::time::timeout(WRITE_LIMIT, stream.write_all(&bytes)).await;
                    if !matches!(written, Ok(Ok(()))) {
                        session.handle(Input::Closed, clock::now());
                    }
                }
                Output::Sender { path, .. } => sender = path,
                Output::Recipient(recipient) => {
                    let verdict = owner.recipient(peer, &sender, &recipient);
                    session.handle(Input::Verdict(verdict), clock::now());
                }
                Output::DataBegins { envelope } => {
                    message = owner.begin(envelope).map_or_else(Message::Refused, Message::Writing);
                }
                Output::Data(piece) => {
                    if let Message::Writing(incoming) = &mut message
                        && let Err(reply) = incoming.write(&piece)
                    {
                        message = Message::Refused(reply);
                    }
                }
                Output::DataEnds { verdicts } => {
                    for verdict in finish(std::mem::replace(&mut message, Message::None), verdicts).await {
                        session.handle(Input::Verdict(verdict), clock::now());
                    }
                }
                Output::DataAborted { reason } => {
                    tracing::info!(%peer, %reason, "a message was thrown away");
                    message = Message::None;
                }
                Output::Close => {
                    let _ = stream.shutdown().await;
                    return;
                }
            }
        }
        let deadline = session.deadline();
        tokio::select! {
            read = stream.read(&mut buffer), if session.wants_input() => match read {
                Ok(0) | Err(_) => session.handle(Input::Closed, clock::now()),
                Ok(length) => session.handle(Input::Bytes(&buffer[..length]), clock::now()),
            },
            _ = stop.wait_for(|stop| *stop), if !stopping => {
                stopping = true;
                session.handle(Input::Shutdown, clock::now());
            }
            () = super::until(deadline) => session.handle(Input::Timeout, clock::now()),
        }
    }
}

async fn finish<I: IncomingMail>(message: Message<I>, verdicts: usize) -> Vec<Verdict> {
    match message {
        Message::Writing(incoming) => incoming.finish(verdicts).await,
        Message::Refused(reply) => vec![Verdict::Refuse(reply); verdicts],
        Message::None => {
            vec![Verdict::Refuse(Reply::new(451, "4.3.0", "the message was lost inside the server")); verdicts]
        }
    }
}
