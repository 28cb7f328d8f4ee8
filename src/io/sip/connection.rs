//! One connection from its begin to its end: made or accepted, TLS shaken hands on, messages cut out of what comes.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::mpsc;
use tokio_rustls::{TlsAcceptor, TlsConnector};

use super::streams::{Key, Outgoing};
use super::{PeerNames, Port, Shared, locked};
use crate::clock;
use crate::io::{tls, until};
use crate::sip::frame::PONG;
use crate::sip::{Destination, Frame, Framer, Source, TlsPeer, Transport};

/// Time to make a connection, and again as much for TLS; less than a silent target of an INVITE is given.
const CONNECT_LIMIT: Duration = Duration::from_secs(4);
/// Time for a client to shake hands.
const HANDSHAKE_LIMIT: Duration = Duration::from_secs(10);
/// Time for a peer to take a message.
const WRITE_LIMIT: Duration = Duration::from_secs(10);
/// Time from the first octet of a message to its last.
const MESSAGE_LIMIT: Duration = Duration::from_secs(30);
/// How long who connected may say nothing at first.
const FIRST_MESSAGE_LIMIT: Duration = Duration::from_secs(120);
/// How long a connection is kept on which nothing is said. The next message makes another one.
const IDLE_LIMIT: Duration = Duration::from_secs(3600);
/// How long a connection is quiet before the system asks whether the peer is still there.
const KEEP_ALIVE_AFTER: Duration = Duration::from_secs(60);
/// Messages remembered until the peer says something.
const UNHEARD_MAX: usize = 16;
/// Octets read at once.
const READ_OCTETS: usize = 16 * 1024;

/// What is known of a connection that stands.
struct Link {
    key: Key,
    source: Source,
    names: PeerNames,
    /// Whether a message has come or is sure to.
    proven: bool,
    /// What was written before the peer said anything. A peer that never does and goes away has taken none of it: so ends TLS with who
    /// is not let in.
    unheard: Option<Vec<Outgoing>>,
    /// Since when a message has begun that is not whole.
    message_since: Option<Instant>,
}

impl Shared {
    /// Makes a connection and runs it.
    pub(super) async fn run_outgoing(self, key: Key, to: Destination, queue: mpsc::Receiver<Outgoing>) {
        let made = tokio::time::timeout(CONNECT_LIMIT, self.connect(key, &to)).await;
        let made = made.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()));
        let (stream, local) = match made {
            Ok(made) => made,
            Err(error) => {
                tracing::warn!(%to, %error, "no SIP connection could be made");
                return self.ended(key, Vec::new(), queue, false).await;
            }
        };
        let source = Source { transport: to.transport, address: key.1, local: Some(local) };
        let link = Link {
            key,
            source,
            names: PeerNames::default(),
            proven: true,
            unheard: Some(Vec::new()),
            message_since: None,
        };
        match &to.tls {
            Some(peer) if to.transport == Transport::Tls => self.run_tls_client(link, stream, peer, queue).await,
            _ => self.run(link, stream, queue).await,
        }
    }

    async fn connect(&self, key: Key, to: &Destination) -> io::Result<(TcpStream, SocketAddr)> {
        let address = key.1;
        let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
        let ours = self.inner.addresses.towards(to).bound;
        if ours.is_ipv4() == address.is_ipv4() && !ours.ip().is_unspecified() {
            socket.bind(SocketAddr::new(ours.ip(), 0))?;
        }
        let stream = socket.connect(address).await?;
        prepare(&stream);
        Ok((stream, ours))
    }

    async fn run_tls_client(self, link: Link, stream: TcpStream, peer: &TlsPeer, queue: mpsc::Receiver<Outgoing>) {
        let client = locked(&self.inner.tls).client(&peer.profile);
        let name = ServerName::try_from(peer.domain.clone());
        let (Some(client), Ok(name)) = (client, name) else {
            tracing::warn!(domain = peer.domain, "no TLS settings, or no domain a certificate could bear");
            return self.ended(link.key, Vec::new(), queue, false).await;
        };
        let connector = TlsConnector::from(client.config);
        let shaken = tokio::time::timeout(CONNECT_LIMIT, connector.connect(name, stream)).await;
        match shaken.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into())) {
            Ok(stream) => {
                let names = certified(stream.get_ref().1.peer_certificates().filter(|_| client.verified));
                self.run(Link { names, ..link }, stream, queue).await;
            }
            Err(error) => {
                let (address, domain) = (link.key.1, &peer.domain);
                tracing::warn!(%address, domain, %error, "TLS could not be agreed on with a SIP peer");
                self.ended(link.key, Vec::new(), queue, false).await;
            }
        }
    }

    /// Runs a connection that a peer made.
    pub(super) async fn run_incoming(self, key: Key, port: Port, stream: TcpStream, queue: mpsc::Receiver<Outgoing>) {
        prepare(&stream);
        let source = Source { transport: port.transport, address: key.1, local: Some(port.address) };
        let link = Link { key, source, names: PeerNames::default(), proven: false, unheard: None, message_since: None };
        if port.transport != Transport::Tls {
            return self.run(link, stream, queue).await;
        }
        let Some(server) = locked(&self.inner.tls).server.clone() else {
            return self.ended(key, Vec::new(), queue, false).await;
        };
        let shaken = tokio::time::timeout(HANDSHAKE_LIMIT, TlsAcceptor::from(server).accept(stream)).await;
        match shaken.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into())) {
            Ok(stream) => {
                let names = certified(stream.get_ref().1.peer_certificates());
                self.run(Link { names, ..link }, stream, queue).await;
            }
            Err(error) => {
                tracing::info!(peer = %key.1, %error, "a client could not agree on TLS with us");
                self.ended(key, Vec::new(), queue, false).await;
            }
        }
    }

    /// Reads and writes until one side has enough.
    async fn run<S: AsyncRead + AsyncWrite + Send>(
        mut self,
        mut link: Link,
        stream: S,
        mut queue: mpsc::Receiver<Outgoing>,
    ) {
        let (mut reader, mut writer) = tokio::io::split(stream);
        let (mut framer, mut octets) = (Framer::new(), vec![0u8; READ_OCTETS]);
        let mut unsent = Vec::new();
        let mut quiet_since = clock::now();
        let lost = loop {
            let idle = if link.proven { IDLE_LIMIT } else { FIRST_MESSAGE_LIMIT };
            let deadline = link.message_since.map_or(quiet_since + idle, |since| since + MESSAGE_LIMIT);
            tokio::select! {
                read = reader.read(&mut octets) => {
                    let length = match read {
                        // Also an error: a peer that went away.
                        Ok(0) | Err(_) => break true,
                        Ok(length) => length,
                    };
                    quiet_since = clock::now();
                    link.unheard = None;
                    framer.push(&octets[..length]);
                    if !self.take_frames(&mut framer, &mut link, &mut writer).await {
                        break false;
                    }
                    link.message_since = framer.is_within_message().then(|| link.message_since.unwrap_or(quiet_since));
                }
                message = queue.recv() => {
                    // The table has made room for another connection.
                    let Some(message) = message else { break false };
                    quiet_since = clock::now();
                    if let Err(error) = write(&mut writer, &message.bytes).await {
                        tracing::debug!(to = %message.to, %error, "a SIP connection broke");
                        unsent.push(message);
                        break true;
                    }
                    if let Some(unheard) = link.unheard.as_mut().filter(|unheard| unheard.len() < UNHEARD_MAX) {
                        unheard.push(message);
                    }
                }
                () = until(Some(deadline)) => {
                    if link.message_since.is_some() {
                        tracing::warn!(source = %link.source, "a peer did not finish a message in time");
                    }
                    break false;
                }
                _ = self.closing.changed() => break false,
            }
        };
        let _ = tokio::time::timeout(WRITE_LIMIT, writer.shutdown()).await;
        // Another connection would fare no better.
        let lost_later = lost && link.unheard.is_none();
        unsent.extend(link.unheard.take().filter(|_| lost).unwrap_or_default());
        self.ended(link.key, unsent, queue, lost_later).await;
    }

    /// Takes what is whole; whether the stream can be read any further.
    async fn take_frames<W: AsyncWrite + Unpin>(&self, framer: &mut Framer, link: &mut Link, writer: &mut W) -> bool {
        loop {
            match framer.poll() {
                Ok(Some(Frame::Message(octets))) => {
                    link.proven = true;
                    link.message_since = None;
                    self.dispatch(&octets, link.source, &link.names).await;
                }
                Ok(Some(Frame::Ping)) => {
                    if write(writer, PONG).await.is_err() {
                        return false;
                    }
                }
                Ok(None) => return true,
                Err(error) => {
                    tracing::warn!(source = %link.source, %error, "a SIP connection was closed");
                    return false;
                }
            }
        }
    }
}

async fn write<W: AsyncWrite + Unpin>(writer: &mut W, octets: &[u8]) -> io::Result<()> {
    let written = async {
        writer.write_all(octets).await?;
        writer.flush().await
    };
    tokio::time::timeout(WRITE_LIMIT, written).await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
}

/// Small messages go at once, and a peer that is gone is noticed. Neither matters enough to give the connection up for it.
fn prepare(stream: &TcpStream) {
    let _ = stream.set_nodelay(true);
    let _ = rustix::net::sockopt::set_socket_keepalive(stream, true);
    let _ = rustix::net::sockopt::set_tcp_keepidle(stream, KEEP_ALIVE_AFTER);
}

fn certified(chain: Option<&[rustls::pki_types::CertificateDer<'_>]>) -> PeerNames {
    Arc::from(chain.and_then(<[_]>::first).map(tls::names).unwrap_or_default())
}
