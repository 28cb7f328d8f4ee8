//! The UDPTL side of what SpanDSP makes and takes as IFP packets: it has none of its own, so it is faxramp's.

use std::collections::VecDeque;
use std::time::Instant;

use faxramp::t38::udptl::{Correction, Delivery, Receiver, Sender};

/// Numbers and protects packets on their way out, orders and rebuilds them on their way in.
pub(crate) struct Link {
    sender: Sender,
    receiver: Receiver,
    correction: Correction,
    /// Send each packet once, whatever SpanDSP asks for.
    one_copy: bool,
    /// The number of the next packet for SpanDSP, which counts itself what is missing.
    number: u16,
    lost_before: u64,
    outgoing: VecDeque<Vec<u8>>,
}

impl Link {
    pub(crate) fn new(max_datagram_octets: usize, correction: Correction, one_copy: bool) -> Self {
        Self {
            sender: Sender::new(max_datagram_octets),
            receiver: Receiver::new(),
            correction,
            one_copy,
            number: 0,
            lost_before: 0,
            outgoing: VecDeque::new(),
        }
    }

    /// A packet to the far end, wanted so many times.
    pub(crate) fn send(&mut self, ifp: Vec<u8>, times: usize) {
        assert!(ifp.len() <= self.sender.largest_packet_octets(), "this test needs longer datagrams");
        let datagram = self.sender.send(ifp, self.correction);
        let times = if self.one_copy { 1 } else { times.max(1) };
        for _ in 0..times {
            self.outgoing.push_back(datagram.clone());
        }
    }

    /// The next datagram for the network.
    pub(crate) fn sent(&mut self) -> Option<Vec<u8>> {
        self.outgoing.pop_front()
    }

    /// What waits to be sent will never be.
    pub(crate) fn go_silent(&mut self) {
        self.outgoing.clear();
    }

    /// A datagram from the network.
    pub(crate) fn accept(&mut self, octets: &[u8], now: Instant) {
        self.receiver.accept(octets, now).expect("faxramp writes good datagrams");
    }

    /// Gives up waiting for what is due.
    pub(crate) fn expire(&mut self, now: Instant) {
        if self.deadline().is_some_and(|deadline| deadline <= now) {
            self.receiver.expire(now);
        }
    }

    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.receiver.deadline()
    }

    /// The next packet for SpanDSP, with its number.
    pub(crate) fn received(&mut self) -> Option<(Vec<u8>, u16)> {
        loop {
            let delivery = self.receiver.poll()?;
            let lost = self.receiver.statistics().lost;
            let missing = u16::try_from(lost - self.lost_before).unwrap_or(u16::MAX);
            self.number = self.number.wrapping_add(missing);
            self.lost_before = lost;
            if let Delivery::Packet(octets) = delivery {
                let number = self.number;
                self.number = number.wrapping_add(1);
                return Some((octets, number));
            }
        }
    }
}
