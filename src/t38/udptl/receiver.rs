//! Puts received datagrams in order and rebuilds lost packets.
//!
//! Delivers each IFP packet once and in order. A gap that neither redundancy nor parity fills is waited for, then
//! told as [`Delivery::Lost`]. A far end that starts counting anew is followed. Serves ITU-T T.38 §9.1.

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

use super::{Datagram, Recovery, UdptlError};

/// What comes out, in order.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Delivery {
    /// An IFP packet; one rebuilt from parity may end in zeros that are not its own.
    Packet(Vec<u8>),
    /// One or more packets are lost for good here.
    Lost,
}

/// Counts for the record of a call.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Statistics {
    /// Datagrams that could be read.
    pub datagrams: u64,
    /// Datagrams whose primary packet was already there or too late.
    pub duplicates: u64,
    /// Packets got back from a later datagram's redundancy.
    pub repeated: u64,
    /// Packets got back from parity.
    pub rebuilt: u64,
    /// Packets lost for good.
    pub lost: u64,
    /// Times the far end's numbering jumped.
    pub restarts: u64,
}

/// Orders the datagrams of one far end.
#[derive(Debug, Default)]
pub struct Receiver {
    /// Number of the next packet to deliver, widened so that it does not wrap; none before the first datagram.
    next: Option<u64>,
    /// The first packet of this numbering that was heard, as widened.
    joined: u64,
    /// Packets behind `next`, kept for parity, and ahead of it, kept until the gap closes.
    packets: BTreeMap<u64, Held>,
    parities: VecDeque<Parity>,
    stray: Option<Stray>,
    deliveries: VecDeque<Delivery>,
    statistics: Statistics,
}

#[derive(Debug)]
struct Held {
    ifp: Vec<u8>,
    arrived: Instant,
}

#[derive(Debug)]
struct Parity {
    sequence: u64,
    span: u64,
    entries: Vec<Vec<u8>>,
}

/// A datagram whose number fits nowhere; the numbering has moved if its successor comes too.
// RFC 3550 §A.1 guards RTP in this way
#[derive(Debug)]
struct Stray {
    sequence: u16,
    datagram: Vec<u8>,
}

impl Receiver {
    /// A receiver that has heard nothing; it joins at whatever number comes first.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes a datagram from the network.
    ///
    /// # Errors
    /// [`UdptlError`] when the bytes are no datagram; nothing has changed then.
    pub fn accept(&mut self, octets: &[u8], now: Instant) -> Result<(), UdptlError> {
        let datagram = Datagram::decode(octets)?;
        self.statistics.datagrams += 1;
        self.make_room(datagram.sequence);
        let Some(next) = self.next else {
            self.join(&datagram, now);
            return Ok(());
        };
        let offset = i64::from(datagram.sequence.wrapping_sub(next as u16) as i16);
        let sequence = next.saturating_add_signed(offset);
        let is_before_all = sequence + SWAPPED < self.joined;
        if is_before_all || !(-HISTORY..=WINDOW).contains(&offset) || self.contradicts(sequence, datagram.primary) {
            self.suspect(&datagram, octets, offset, now);
            return Ok(());
        }
        self.stray = None;
        self.store(&datagram, sequence, now);
        Ok(())
    }

    /// Gives up gaps that have been waited for long enough.
    pub fn expire(&mut self, now: Instant) {
        while self.deadline().is_some_and(|deadline| deadline <= now) {
            self.skip_gap();
        }
    }

    /// When [`Receiver::expire`] has something to do.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        let next = self.next?;
        self.packets.range(next..).map(|(_, held)| held.arrived).min().map(|arrived| arrived + GAP_WAIT)
    }

    /// The next packet in order.
    pub fn poll(&mut self) -> Option<Delivery> {
        self.deliveries.pop_front()
    }

    /// Counts so far.
    #[must_use]
    pub const fn statistics(&self) -> Statistics {
        self.statistics
    }

    /// Begins at a datagram, together with the packets it repeats.
    fn join(&mut self, datagram: &Datagram<'_>, now: Instant) {
        let sequence = FIRST + u64::from(datagram.sequence);
        let repeated = match &datagram.recovery {
            Recovery::Secondaries(secondaries) => secondaries.iter().take_while(|packet| !packet.is_empty()).count(),
            Recovery::Parity { .. } => 0,
        };
        // Numbers before zero were never sent.
        let repeated = (repeated as u64).min(u64::from(datagram.sequence));
        self.next = Some(sequence - repeated);
        self.joined = sequence - repeated;
        self.packets.clear();
        self.parities.clear();
        self.stray = None;
        self.store(datagram, sequence, now);
    }

    /// Keeps everything new in a datagram and delivers what is in order.
    fn store(&mut self, datagram: &Datagram<'_>, sequence: u64, now: Instant) {
        let next = self.next.unwrap_or(sequence);
        if !self.insert(sequence, datagram.primary, now) || sequence < next {
            self.statistics.duplicates += 1;
        }
        match &datagram.recovery {
            Recovery::Secondaries(secondaries) => {
                for (distance, packet) in (1..).zip(secondaries) {
                    let earlier = sequence - distance;
                    if earlier >= next && !packet.is_empty() && self.insert(earlier, packet, now) {
                        self.statistics.repeated += 1;
                    }
                }
            }
            Recovery::Parity { span, entries } => self.keep_parity(sequence, *span, entries),
        }
        self.rebuild(now);
        self.deliver();
    }

    fn insert(&mut self, sequence: u64, ifp: &[u8], now: Instant) -> bool {
        if self.packets.contains_key(&sequence) {
            return false;
        }
        self.packets.insert(sequence, Held { ifp: ifp.to_vec(), arrived: now });
        true
    }

    fn keep_parity(&mut self, sequence: u64, span: u8, entries: &[&[u8]]) {
        let covered = i64::from(span) * entries.len() as i64;
        if covered == 0 || covered > HISTORY {
            return;
        }
        if self.parities.len() == MOST_KEPT_PARITIES {
            self.parities.pop_front();
        }
        let entries = entries.iter().map(|entry| entry.to_vec()).collect();
        self.parities.push_back(Parity { sequence, span: u64::from(span), entries });
    }

    /// Rebuilds packets until no parity helps any more; each round rebuilds one, and a window holds few.
    fn rebuild(&mut self, now: Instant) {
        while let Some((sequence, ifp)) = self.parities.iter().find_map(|parity| self.solve(parity)) {
            self.packets.insert(sequence, Held { ifp, arrived: now });
            self.statistics.rebuilt += 1;
        }
    }

    /// A packet still wanted that one entry of this parity yields, if one does.
    fn solve(&self, parity: &Parity) -> Option<(u64, Vec<u8>)> {
        let next = self.next?;
        let count = parity.entries.len() as u64;
        (0..).zip(&parity.entries).find_map(|(index, entry)| {
            let members = (1..=parity.span).map(|step| parity.sequence + index - count * step);
            let mut missing = members.clone().filter(|member| !self.packets.contains_key(member));
            let wanted = missing.next().filter(|wanted| *wanted >= next && !entry.is_empty())?;
            if missing.next().is_some() {
                return None;
            }
            let mut rebuilt = entry.clone();
            for held in members.filter_map(|member| self.packets.get(&member)) {
                for (octet, other) in rebuilt.iter_mut().zip(&held.ifp) {
                    *octet ^= other;
                }
            }
            Some((wanted, rebuilt))
        })
    }

    /// Delivers up to the first gap and forgets what no parity can need.
    fn deliver(&mut self) {
        let Some(mut next) = self.next else { return };
        while let Some(held) = self.packets.get(&next) {
            if !held.ifp.is_empty() {
                self.deliveries.push_back(Delivery::Packet(held.ifp.clone()));
            }
            next += 1;
        }
        self.next = Some(next);
        let oldest = next.saturating_add_signed(-HISTORY);
        while self.packets.first_key_value().is_some_and(|(sequence, _)| *sequence < oldest) {
            self.packets.pop_first();
        }
        self.parities.retain(|parity| parity.sequence > next);
    }

    /// Moves over the gap at `next` to the first packet that is there.
    fn skip_gap(&mut self) {
        let Some(next) = self.next else { return };
        let Some(&found) = self.packets.range(next..).next().map(|(sequence, _)| sequence) else { return };
        self.next = Some(found);
        if found > next {
            self.lose(found - next);
        }
        self.deliver();
    }

    fn lose(&mut self, count: u64) {
        self.statistics.lost += count;
        self.deliveries.push_back(Delivery::Lost);
    }

    /// Gives up gaps early when the window behind them is full: a packet that is ahead of the window, but follows what is in
    /// it, belongs to the same numbering.
    fn make_room(&mut self, sequence: u16) {
        let Some((&newest, _)) = self.packets.last_key_value() else { return };
        let ahead = sequence.wrapping_sub(newest as u16);
        if !(1..=WINDOW).contains(&i64::from(ahead)) {
            return;
        }
        let sequence = newest + u64::from(ahead);
        while self.next.is_some_and(|next| sequence.saturating_sub(next) > WINDOW as u64) && self.deadline().is_some() {
            self.skip_gap();
        }
    }

    /// Whether another packet of this number was here: then the far end counts anew.
    fn contradicts(&self, sequence: u64, primary: &[u8]) -> bool {
        self.packets.get(&sequence).is_some_and(|held| {
            // One of the two may have been padded by parity.
            held.ifp.iter().zip(primary).any(|(one, other)| one != other)
        })
    }

    /// Keeps a datagram that fits nowhere, or follows the new numbering if it continues one kept before.
    fn suspect(&mut self, datagram: &Datagram<'_>, octets: &[u8], offset: i64, now: Instant) {
        let continues = self
            .stray
            .as_ref()
            .is_some_and(|stray| (1..=STRAY_REACH).contains(&datagram.sequence.wrapping_sub(stray.sequence)));
        if !continues {
            if self.stray.as_ref().is_none_or(|stray| stray.sequence != datagram.sequence) {
                self.stray = Some(Stray { sequence: datagram.sequence, datagram: octets.to_vec() });
            }
            return;
        }
        while self.deadline().is_some() {
            self.skip_gap();
        }
        self.statistics.restarts += 1;
        self.lose(u64::try_from(offset).unwrap_or(1));
        if let Some(stray) = self.stray.take()
            && let Ok(stray) = Datagram::decode(&stray.datagram)
        {
            self.join(&stray, now);
        }
        // The pair lies close together, so this cannot come here again.
        let next = self.next.unwrap_or(FIRST);
        let offset = i64::from(datagram.sequence.wrapping_sub(next as u16) as i16);
        self.store(datagram, next.saturating_add_signed(offset), now);
    }
}

/// How long a gap is waited for: reordering in the network, and parity that comes up to nine packets of 30 ms later.
pub const GAP_WAIT: Duration = Duration::from_millis(300);

/// Packets kept behind the next one, for parity.
const HISTORY: i64 = 64;
/// How far ahead of the next packet a datagram may be; beyond, the numbering is thought to have moved.
const WINDOW: i64 = 64;
/// How far before the first packet heard one may lie that was only overtaken by it.
const SWAPPED: u64 = 16;
/// Parities kept, one datagram's each.
const MOST_KEPT_PARITIES: usize = 32;
/// How far behind a stray datagram its successor may be.
const STRAY_REACH: u16 = 4;
/// Where widened numbers begin, so that nothing lies before zero.
const FIRST: u64 = 1 << 32;
