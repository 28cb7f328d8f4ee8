//! The table of connections, over TCP and TLS: which one a message takes, and how many there may be.
//!
//! A connection is found by the peer's address. Responses take the one their request came by; requests take one that leads where
//! they go, to a peer that has proved to be whom they are for. Nothing here says what is sent or when.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Instant;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

use super::{Port, Shared, locked};
use crate::clock;
use crate::sip::{Destination, LegKey, TlsPeer, Transport};

/// Most connections at once.
const CONNECTIONS_MAX: usize = 1024;
/// Most connections at once from one address.
const CONNECTIONS_PER_PEER_MAX: usize = 32;
/// Messages waiting for one connection; a peer that takes no more is as good as gone.
const MESSAGES_WAITING: usize = 64;
/// Rest after the system could not accept a connection.
const ACCEPT_REST: std::time::Duration = std::time::Duration::from_millis(100);

/// A message to be sent.
#[derive(Debug)]
pub(super) struct Outgoing {
    /// Whose it is.
    pub(super) from: Option<LegKey>,
    pub(super) to: Destination,
    pub(super) bytes: Vec<u8>,
    /// How often a connection was lost with it unsent.
    pub(super) tries: u8,
}

/// What a connection is known by; the number tells those of one address apart.
pub(super) type Key = (Transport, SocketAddr, u64);

/// All connections, those that are still being made too.
#[derive(Default)]
pub(super) struct Table {
    open: BTreeMap<Key, Entry>,
    numbered: u64,
}

struct Entry {
    queue: mpsc::Sender<Outgoing>,
    /// Whom the peer has proved, or is about to prove, to be; none of those who connected to us.
    tls: Option<Arc<TlsPeer>>,
    used: Instant,
}

impl Table {
    /// The connection for a destination: by TLS one whose peer is whom it must be, or, for what goes back, the one it came by.
    fn find(&mut self, to: &Destination) -> Option<(Key, &mut Entry)> {
        let addresses = [Some(to.address), to.reopen];
        let fits = |entry: &Entry| to.tls.is_none() || entry.tls == to.tls;
        let key = addresses.into_iter().flatten().find_map(|address| {
            let range = (to.transport, address, 0)..=(to.transport, address, u64::MAX);
            self.open.range(range).rev().find(|(_, entry)| fits(entry)).map(|(key, _)| *key)
        })?;
        self.open.get_mut(&key).map(|entry| (key, entry))
    }

    /// Makes room for one more from this address; whether there is.
    fn make_room(&mut self, peer: IpAddr) -> bool {
        if self.open.keys().filter(|(_, address, _)| address.ip() == peer).count() >= CONNECTIONS_PER_PEER_MAX {
            return false;
        }
        if self.open.len() >= CONNECTIONS_MAX
            && let Some(key) = self.open.iter().min_by_key(|(_, entry)| entry.used).map(|(key, _)| *key)
        {
            // Its task sees the queue closed, and ends.
            self.open.remove(&key);
        }
        true
    }

    fn insert(
        &mut self,
        transport: Transport,
        peer: SocketAddr,
        tls: Option<Arc<TlsPeer>>,
    ) -> (Key, mpsc::Receiver<Outgoing>) {
        self.numbered += 1;
        let key = (transport, peer, self.numbered);
        let (queue, receiver) = mpsc::channel(MESSAGES_WAITING);
        self.open.insert(key, Entry { queue, tls, used: clock::now() });
        (key, receiver)
    }
}

impl Shared {
    /// Gives a message to its connection, which is made if there is none.
    pub(super) fn send_by_stream(&self, message: Outgoing) {
        let refused = {
            let mut table = locked(&self.inner.streams);
            let message = match table.find(&message.to) {
                None => message,
                Some((key, entry)) => {
                    entry.used = clock::now();
                    match entry.queue.try_send(message) {
                        Ok(()) => return,
                        Err(mpsc::error::TrySendError::Full(message)) => {
                            drop(table);
                            tracing::warn!(to = %message.to, "the peer takes no more messages");
                            return self.failed(message);
                        }
                        // It has just ended.
                        Err(mpsc::error::TrySendError::Closed(message)) => {
                            table.open.remove(&key);
                            message
                        }
                    }
                }
            };
            self.connect_with(&mut table, message)
        };
        if let Some((message, why)) = refused {
            tracing::warn!(to = %message.to, why, "a SIP message could not be sent");
            self.failed(message);
        }
    }

    /// Makes the connection for a message; gives it back with the reason when there may be none.
    fn connect_with(&self, table: &mut Table, message: Outgoing) -> Option<(Outgoing, &'static str)> {
        let to = message.to.clone();
        let address = to.reopen.unwrap_or(to.address);
        if to.transport == Transport::Tls && to.tls.is_none() {
            return Some((
                message,
                "the connection is gone, and nobody can be asked to prove who he is on another one",
            ));
        }
        if !table.make_room(address.ip()) {
            return Some((message, "there are too many connections to this address"));
        }
        let (key, queue) = table.insert(to.transport, address, to.tls.clone());
        if let Some(entry) = table.open.get(&key) {
            let _ = entry.queue.try_send(message);
        }
        tokio::spawn(self.clone().run_outgoing(key, to, queue));
        None
    }

    /// Forgets a connection and sees to what it left unsent: told as failed, or sent once more by a new connection where the old one
    /// was lost behind our back.
    pub(super) async fn ended(&self, key: Key, unsent: Vec<Outgoing>, mut queue: mpsc::Receiver<Outgoing>, lost: bool) {
        locked(&self.inner.streams).open.remove(&key);
        queue.close();
        let mut unsent = unsent;
        while let Some(message) = queue.recv().await {
            unsent.push(message);
        }
        for message in unsent {
            if lost && message.tries == 0 {
                self.send_by_stream(Outgoing { tries: 1, ..message });
            } else {
                self.failed(message);
            }
        }
    }

    /// Takes connections until the sockets are closed.
    pub(super) async fn accept(mut self, port: Port, listener: TcpListener) {
        loop {
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                _ = self.closing.changed() => return,
            };
            match accepted {
                Ok((stream, peer)) => self.accepted(port, stream, peer),
                Err(error) => {
                    tracing::warn!(%error, address = %port.address, "a SIP connection could not be accepted");
                    let _ = tokio::time::timeout(ACCEPT_REST, std::future::pending::<()>()).await;
                }
            }
        }
    }

    fn accepted(&self, port: Port, stream: TcpStream, peer: SocketAddr) {
        let mut table = locked(&self.inner.streams);
        if !table.make_room(peer.ip()) {
            drop(table);
            tracing::warn!(%peer, "a SIP connection was closed: this peer has {CONNECTIONS_PER_PEER_MAX} already");
            return;
        }
        let (key, queue) = table.insert(port.transport, peer, None);
        drop(table);
        tokio::spawn(self.clone().run_incoming(key, port, stream, queue));
    }
}
