//! TCP → the SIP messages in it.
//!
//! A stream is looked at from a segment on that begins with a SIP message. Segments are put in their order; what never comes is left out, and
//! the next message is looked for behind it.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use crate::sip::frame::{Frame, Framer};

/// The streams of a capture that carry SIP, each in one direction.
#[derive(Debug, Default)]
pub(super) struct Streams {
    known: BTreeMap<(SocketAddr, SocketAddr), Stream>,
}

#[derive(Debug)]
struct Stream {
    /// The number of the next octet.
    next: u32,
    /// Cuts it into messages, unless it has lost its place.
    framer: Option<Framer>,
    /// Segments that came before their turn.
    early: BTreeMap<u32, Vec<u8>>,
}

/// Streams looked at.
const STREAMS_MAX: usize = 1000;
/// Segments that wait for one before them; with more waiting it was not captured.
const EARLY_MAX: usize = 32;
/// What lies further from its turn is of another stream between the same ends.
const WINDOW: u32 = 1 << 24;

impl Streams {
    /// Takes a segment; the messages that end in it. None where it is of no stream of SIP.
    pub(super) fn take(
        &mut self,
        ends: (SocketAddr, SocketAddr),
        sequence: u32,
        begins: bool,
        octets: &[u8],
    ) -> Option<Vec<Vec<u8>>> {
        if begins {
            self.known.remove(&ends);
            return None;
        }
        if octets.is_empty() {
            return None;
        }
        if !self.known.contains_key(&ends) {
            if !begins_message(octets) || self.known.len() >= STREAMS_MAX {
                return None;
            }
            self.known.insert(ends, Stream { next: sequence, framer: None, early: BTreeMap::new() });
        }
        self.known.get_mut(&ends).map(|stream| stream.take(sequence, octets))
    }
}

impl Stream {
    fn take(&mut self, sequence: u32, octets: &[u8]) -> Vec<Vec<u8>> {
        let mut messages = Vec::new();
        let ahead = sequence.wrapping_sub(self.next);
        if (WINDOW..WINDOW.wrapping_neg()).contains(&ahead) {
            *self = Self { next: sequence, framer: None, early: BTreeMap::new() };
        }
        self.early.entry(sequence).or_insert_with(|| octets.to_vec());
        if self.early.len() > EARLY_MAX
            && let Some(first) = self.early.keys().copied().min_by_key(|at| at.wrapping_sub(self.next))
        {
            (self.next, self.framer) = (first, None);
        }
        while let Some((at, octets)) = self.due() {
            let known = self.next.wrapping_sub(at) as usize;
            let Some(new @ [_, ..]) = octets.get(known..) else { continue };
            self.next = self.next.wrapping_add(u32::try_from(new.len()).unwrap_or_default());
            self.read(new, &mut messages);
        }
        messages
    }

    /// A segment that begins at or before the next octet.
    fn due(&mut self) -> Option<(u32, Vec<u8>)> {
        let at = *self.early.keys().find(|at| self.next.wrapping_sub(**at) < WINDOW)?;
        self.early.remove_entry(&at)
    }

    fn read(&mut self, octets: &[u8], messages: &mut Vec<Vec<u8>>) {
        if self.framer.is_none() && begins_message(octets) {
            self.framer = Some(Framer::new());
        }
        let Some(framer) = &mut self.framer else { return };
        framer.push(octets);
        loop {
            match framer.poll() {
                Ok(Some(Frame::Message(message))) => messages.push(message),
                Ok(Some(Frame::Ping)) => {}
                Ok(None) => return,
                Err(_) => {
                    self.framer = None;
                    return;
                }
            }
        }
    }
}

/// Whether octets begin with the first line of a SIP message.
// RFC 3261 §7.1, §7.2
fn begins_message(octets: &[u8]) -> bool {
    let octets = octets.trim_ascii_start();
    let line = octets.split(|octet| *octet == b'\n').next().unwrap_or_default().trim_ascii_end();
    line.starts_with(b"SIP/2.0 ") || line.ends_with(b" SIP/2.0")
}

#[cfg(test)]
mod tests;
