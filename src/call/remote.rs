//! Where the packets of a medium go, and whose packets are believed.
//!
//! Behind an address translator packets come from elsewhere than the description says, so the first sender is followed. A
//! stranger who is faster than the far end loses the place as soon as a packet comes from where the description points. A translator
//! may give the far end another port in the middle of a call: who goes on with its packets is it, wherever they come from.

use std::net::SocketAddr;

/// The far end of one medium.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Remote {
    /// As the far end's description has it; unknown while it names none.
    described: Option<SocketAddr>,
    /// Where packets come from.
    latched: Option<SocketAddr>,
}

impl Remote {
    pub(super) const fn new(described: Option<SocketAddr>) -> Self {
        Self { described, latched: None }
    }

    /// Where to send; nothing while nobody has said so.
    pub(super) fn address(&self) -> Option<SocketAddr> {
        self.latched.or(self.described)
    }

    /// A later description. The same one again (a session refresh) changes nothing; another one is followed.
    // RFC 3264 §8.3.1
    pub(super) fn described(&mut self, address: Option<SocketAddr>) {
        if address.is_some() && address != self.described {
            *self = Self::new(address);
        }
    }

    /// The far end is there now, as what it sent shows.
    pub(super) const fn moved(&mut self, source: SocketAddr) {
        self.latched = Some(source);
    }

    /// Takes note of the sender of a packet; whether the packet is the far end's.
    pub(super) fn believes(&mut self, source: SocketAddr) -> bool {
        if self.described == Some(source) {
            self.latched = Some(source);
        }
        *self.latched.get_or_insert(source) == source
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(last: u8, port: u16) -> SocketAddr {
        SocketAddr::from(([192, 0, 2, last], port))
    }

    #[test]
    fn the_first_sender_is_followed_and_others_are_not_believed() {
        let mut remote = Remote::new(Some(at(1, 4000)));
        assert_eq!(remote.address(), Some(at(1, 4000)));
        assert!(remote.believes(at(9, 5000)));
        assert_eq!(remote.address(), Some(at(9, 5000)));
        assert!(!remote.believes(at(8, 4000)));
        assert_eq!(remote.address(), Some(at(9, 5000)));
    }

    #[test]
    fn a_stranger_who_was_faster_loses_to_the_described_address() {
        let mut remote = Remote::new(Some(at(1, 4000)));
        assert!(remote.believes(at(9, 5000)));
        assert!(remote.believes(at(1, 4000)));
        assert!(!remote.believes(at(9, 5000)));
        assert_eq!(remote.address(), Some(at(1, 4000)));
    }

    #[test]
    fn a_refresh_keeps_the_latch_and_a_new_description_moves_it() {
        let mut remote = Remote::new(Some(at(1, 4000)));
        assert!(remote.believes(at(9, 5000)));
        remote.described(Some(at(1, 4000)));
        remote.described(None);
        assert_eq!(remote.address(), Some(at(9, 5000)));
        remote.described(Some(at(1, 4002)));
        assert_eq!(remote.address(), Some(at(1, 4002)));
        assert!(remote.believes(at(1, 4002)));
        assert!(!remote.believes(at(9, 5000)));
    }
}
