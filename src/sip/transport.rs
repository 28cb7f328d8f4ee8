//! How messages travel: transports, where a message goes and where one came from, and which of our own addresses are written in
//! it. Values only; sockets and connections are the driver's.

use super::uri::{DEFAULT_PORT, DEFAULT_TLS_PORT};
use std::{
    fmt,
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

/// How messages travel.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Transport {
    /// Messages may get lost, so they are repeated.
    Udp,
    /// A stream.
    Tcp,
    /// A stream under TLS.
    Tls,
}

/// Where a message goes.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Destination {
    /// By which transport.
    pub transport: Transport,
    /// To which address.
    pub address: SocketAddr,
    /// From which of our sockets, as it is bound; the one that fits best when none is said.
    pub local: Option<SocketAddr>,
    /// Whom the peer must prove to be; only for TLS. Without it only a connection that is already up will do.
    pub tls: Option<Arc<TlsPeer>>,
    /// Where a new connection is opened when the one that this response should take is gone; only for responses by a stream.
    // RFC 3261 §18.2.2
    pub reopen: Option<SocketAddr>,
    /// What becomes of a request that is too large for a datagram.
    pub large: Large,
}

/// Whom a peer must prove to be.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct TlsPeer {
    /// The domain or address that its certificate must bear.
    // RFC 5922 §7.1
    pub domain: String,
    /// Whose certificates and trusted roots are used: the name of a trunk.
    pub profile: String,
}

/// What becomes of a request to a UDP destination that is larger than [`DATAGRAM_REQUEST_MAX`].
// RFC 3261 §18.1.1
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub enum Large {
    /// It goes by UDP all the same: the peer is known to take no TCP.
    #[default]
    Stays,
    /// It goes by TCP.
    Moves,
    /// This is the TCP destination that such a request was moved to; UDP is left when no connection can be had.
    Moved,
}

/// Where a message came from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Source {
    /// By which transport.
    pub transport: Transport,
    /// The peer's end.
    pub address: SocketAddr,
    /// Our end: the address of the socket, as it is bound. Responses go from there.
    pub local: Option<SocketAddr>,
}

/// One of our own addresses.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LocalAddress {
    /// By which transport it is listened at.
    pub transport: Transport,
    /// The address of the socket.
    pub bound: SocketAddr,
    /// The same as peers see it, written in Via and Contact.
    pub advertised: SocketAddr,
}

/// All our own addresses, in the order of the configuration; never empty. The copies of it are shared.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LocalAddresses(Arc<[LocalAddress]>);

/// The largest request sent in a datagram where the peer takes TCP, in octets.
// RFC 3261 §18.1.1: within 200 octets of a path MTU that is known, else 1300
pub const DATAGRAM_REQUEST_MAX: usize = 1300;

impl Transport {
    /// Whether what is sent arrives or the failure is told.
    pub const fn is_reliable(self) -> bool {
        matches!(self, Self::Tcp | Self::Tls)
    }

    /// The name in a Via.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Udp => "UDP",
            Self::Tcp => "TCP",
            Self::Tls => "TLS",
        }
    }

    /// Reads the name in a Via or in the parameter `transport`, in any case.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Udp, Self::Tcp, Self::Tls].into_iter().find(|transport| transport.name().eq_ignore_ascii_case(name))
    }

    /// Where it is listened for when no port is written.
    // RFC 3261 §19.1.2
    pub const fn default_port(self) -> u16 {
        match self {
            Self::Udp | Self::Tcp => DEFAULT_PORT,
            Self::Tls => DEFAULT_TLS_PORT,
        }
    }

    /// What the Contact says; UDP is what is meant when nothing is said.
    pub(super) const fn parameter(self) -> Option<&'static str> {
        match self {
            Self::Udp => None,
            Self::Tcp => Some("tcp"),
            Self::Tls => Some("tls"),
        }
    }
}

impl fmt::Display for Transport {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

impl Destination {
    /// A destination without anything special to it.
    pub const fn new(transport: Transport, address: SocketAddr) -> Self {
        Self { transport, address, local: None, tls: None, reopen: None, large: Large::Stays }
    }

    /// A UDP destination.
    pub const fn udp(address: SocketAddr) -> Self {
        Self::new(Transport::Udp, address)
    }

    /// Where a request of this size goes that is meant for here: the same place, or its TCP twin.
    // RFC 3261 §18.1.1
    pub(super) fn for_size(&self, octets: usize) -> Self {
        let moves = self.transport == Transport::Udp && self.large == Large::Moves && octets > DATAGRAM_REQUEST_MAX;
        if !moves {
            return self.clone();
        }
        // A socket of ours that was named is one for datagrams.
        Self { transport: Transport::Tcp, large: Large::Moved, local: None, ..self.clone() }
    }

    /// Where a large request goes when the TCP twin cannot be reached; none when this is no such twin.
    pub(super) fn moved_back(&self) -> Option<Self> {
        (self.large == Large::Moved).then(|| Self { transport: Transport::Udp, large: Large::Stays, ..self.clone() })
    }
}

impl fmt::Display for Destination {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} by {}", self.address, self.transport)
    }
}

impl Source {
    /// A datagram's, when our end does not matter.
    pub const fn udp(address: SocketAddr) -> Self {
        Self { transport: Transport::Udp, address, local: None }
    }

    /// The way back: where our own requests to this peer go as long as it has told nothing better.
    pub fn back(&self) -> Destination {
        Destination { local: self.local, ..Destination::new(self.transport, self.address) }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} by {}", self.address, self.transport)
    }
}

impl LocalAddresses {
    /// Our addresses; the first is taken where none fits better.
    pub fn new(first: LocalAddress, others: impl IntoIterator<Item = LocalAddress>) -> Self {
        Self(std::iter::once(first).chain(others).collect())
    }

    /// One address, reached as it is bound.
    pub fn single(transport: Transport, address: SocketAddr) -> Self {
        Self::new(LocalAddress { transport, bound: address, advertised: address }, [])
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &LocalAddress> {
        self.0.iter()
    }

    /// Our address towards a destination: the socket it says, else one of its transport and family, of its part of the network
    /// (this machine, a private network, the world) where there is a choice. For a transport that we do not listen for, an address
    /// of the family with the usual port: the peer will use the connection that we make.
    pub fn towards(&self, to: &Destination) -> LocalAddress {
        let named = to
            .local
            .and_then(|bound| self.0.iter().find(|local| local.transport == to.transport && local.bound == bound));
        let fits = |local: &&LocalAddress| {
            let ip = local.bound.ip();
            let same_family = ip.is_ipv4() == to.address.is_ipv4();
            let same_reach = ip.is_unspecified() || reach(ip) == reach(to.address.ip());
            (same_family, local.transport == to.transport, same_reach)
        };
        // `max_by_key` takes the last of equals; the first is wanted.
        let best = named.or_else(|| self.0.iter().rev().max_by_key(fits)).copied();
        let local = best.unwrap_or(LocalAddress { transport: to.transport, bound: to.address, advertised: to.address });
        if local.transport == to.transport {
            return local;
        }
        let on_usual_port = |address: SocketAddr| SocketAddr::new(address.ip(), to.transport.default_port());
        LocalAddress {
            transport: to.transport,
            bound: on_usual_port(local.bound),
            advertised: on_usual_port(local.advertised),
        }
    }
}

/// How far an address is seen: 0 on this machine, 1 in its private network, 2 in the world.
fn reach(address: IpAddr) -> u8 {
    let (loopback, private) = match address {
        IpAddr::V4(v4) => (v4.is_loopback(), v4.is_private() || v4.is_link_local()),
        IpAddr::V6(v6) => (v6.is_loopback(), v6.is_unique_local() || v6.is_unicast_link_local()),
    };
    if loopback { 0 } else { 2 - u8::from(private) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn local(transport: Transport, bound: &str) -> LocalAddress {
        let bound = bound.parse().unwrap();
        LocalAddress { transport, bound, advertised: bound }
    }

    fn to(transport: Transport, address: &str) -> Destination {
        Destination::new(transport, address.parse().unwrap())
    }

    #[test]
    fn our_address_is_of_the_transport_family_and_reach_of_the_destination() {
        let ours = LocalAddresses::new(
            local(Transport::Udp, "127.0.0.1:5062"),
            [
                local(Transport::Udp, "10.0.0.5:5060"),
                local(Transport::Udp, "192.0.2.5:5060"),
                local(Transport::Tcp, "192.0.2.5:5070"),
                local(Transport::Udp, "[2001:db8::5]:5060"),
            ],
        );
        let towards = |transport, address| ours.towards(&to(transport, address)).bound.to_string();
        assert_eq!(towards(Transport::Udp, "127.0.0.9:5060"), "127.0.0.1:5062");
        assert_eq!(towards(Transport::Udp, "192.168.1.1:5060"), "10.0.0.5:5060");
        assert_eq!(towards(Transport::Udp, "198.51.100.1:5060"), "192.0.2.5:5060");
        assert_eq!(towards(Transport::Tcp, "10.0.0.9:5060"), "192.0.2.5:5070");
        assert_eq!(towards(Transport::Udp, "[2001:db8::1]:5060"), "[2001:db8::5]:5060");
        assert_eq!(towards(Transport::Tls, "10.0.0.9:5061"), "10.0.0.5:5061", "nobody listens for TLS");
        let named =
            Destination { local: Some("10.0.0.5:5060".parse().unwrap()), ..to(Transport::Udp, "198.51.100.1:5060") };
        assert_eq!(ours.towards(&named).bound, "10.0.0.5:5060".parse().unwrap());
    }

    #[test]
    fn only_a_large_request_moves_to_tcp_and_it_can_move_back() {
        let udp = Destination { large: Large::Moves, ..to(Transport::Udp, "192.0.2.1:5060") };
        assert_eq!(udp.for_size(1300), udp);
        let moved = udp.for_size(1301);
        assert_eq!((moved.transport, moved.address), (Transport::Tcp, udp.address));
        let back = moved.moved_back().unwrap();
        assert_eq!((back.transport, back.for_size(9000)), (Transport::Udp, back.clone()));
        assert_eq!(udp.moved_back(), None);
        let stays = to(Transport::Udp, "192.0.2.1:5060");
        assert_eq!(stays.for_size(9000), stays);
    }
}
