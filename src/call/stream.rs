//! RTP of one call, both ways: the one place where sound becomes packets and packets are believed to be the far end's. Its reports go beside.
//!
//! Not here: when a packet is played ([`crate::rtp::playout`]), and what is said in it.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use super::interface::Output;
use super::offer::FarAudio;
use super::remote::Remote;
use super::reports::Reports;
use crate::dsp::FRAME_SAMPLES;
use crate::dsp::g711::Law;
use crate::rtp;
use crate::rtp::playout::Statistics;
use crate::rtp::rtcp::Told;
use crate::sdp::{Direction, Keys};
use crate::srtp::{self, control};

/// Sound is made and heard in frames of 20 ms, whatever packets hold.
const FRAME_TIME: Duration = Duration::from_millis(20);
/// A driver that was held up does not send more than this many frames in a row to catch up; beyond, the far end's playout has long
/// given up on them.
const LATE_FRAMES: u32 = 10;
/// Samples in a millisecond.
const SAMPLES_PER_MS: usize = 8;
/// Buffers of sent packets that are kept to be filled again.
const SPARE_BUFFERS: usize = 4;

/// The audio of one call as packets.
pub(super) struct Stream {
    far: FarAudio,
    remote: Remote,
    /// The stream that came last.
    heard: Option<u32>,
    sender: rtp::Sender,
    /// Codes that do not fill a packet yet.
    gathered: Vec<u8>,
    /// When the next frame is due.
    next: Instant,
    spare: Vec<Vec<u8>>,
    protection: Option<Box<Protection>>,
    reports: Reports,
    /// The far end hears nothing now, and says so.
    is_on_hold: bool,
}

/// SRTP, both ways.
struct Protection {
    keys: Keys,
    sender: srtp::Sender,
    receiver: srtp::Receiver,
    /// The far end's key before this one, until the first packet under this one: what is on its way does not know of the change.
    before: Option<srtp::Receiver>,
    /// For reports, which nobody misses in a change of keys.
    report_sender: control::Sender,
    report_receiver: control::Receiver,
    /// The packet that came last, decrypted.
    opened: Vec<u8>,
}

impl Protection {
    fn new(keys: Keys) -> Box<Self> {
        let (sender, receiver) = (srtp::Sender::new(&keys.ours), srtp::Receiver::new(&keys.theirs));
        let (report_sender, report_receiver) = (control::Sender::new(&keys.ours), control::Receiver::new(&keys.theirs));
        Box::new(Self { keys, sender, receiver, before: None, report_sender, report_receiver, opened: Vec::new() })
    }

    /// Other keys; a side whose key stays goes on counting.
    // RFC 4568 §7.1.4
    fn change(&mut self, keys: Keys) {
        if keys.ours != self.keys.ours {
            self.sender = srtp::Sender::new(&keys.ours);
            self.report_sender = control::Sender::new(&keys.ours);
        }
        if keys.theirs != self.keys.theirs {
            let receiver = self.receiver.succeeding(&keys.theirs);
            self.before = Some(std::mem::replace(&mut self.receiver, receiver));
            self.report_receiver = control::Receiver::new(&keys.theirs);
        }
        self.keys = keys;
    }

    /// What is in a packet, if it was made with the far end's key.
    fn open(&mut self, datagram: &[u8]) -> Option<&[u8]> {
        let fill = |opened: &mut Vec<u8>| {
            opened.clear();
            opened.extend_from_slice(datagram);
        };
        fill(&mut self.opened);
        if self.receiver.unprotect(&mut self.opened).is_ok() {
            self.before = None;
            return Some(&self.opened);
        }
        let before = self.before.as_mut()?;
        fill(&mut self.opened);
        before.unprotect(&mut self.opened).ok()?;
        Some(&self.opened)
    }
}

impl Stream {
    /// `seed` is chance: source, sequence and time begin by it.
    pub(super) fn new(far: FarAudio, seed: u64, now: Instant) -> Self {
        // RFC 3550 §5.1: source, sequence and time start anywhere; three parts of one number of chance.
        let [a, b, c, d, e, f, g, h] = seed.to_le_bytes();
        let sender = rtp::Sender::new(
            u32::from_le_bytes([a, b, c, d]),
            // In the lower half, so that a far end that misses the first packets does not miss a wrap. RFC 3711 §3.3.1
            u16::from_le_bytes([e, f]) >> 1,
            u32::from_le_bytes([g, h, a, c]),
        );
        let remote = Remote::new(Some(far.address));
        let protection = far.keys.map(Protection::new);
        let reports = Reports::new(sender.ssrc(), seed, now);
        // An end that from the beginning says to send only is believed to err: a fax that is not answered is none.
        let is_on_hold = far.direction == Direction::Inactive;
        let (gathered, spare) = (Vec::new(), Vec::new());
        Self { far, remote, heard: None, sender, gathered, next: now, spare, protection, reports, is_on_hold }
    }

    /// A later description of the same audio: it may have moved, or speak the other law. The stream goes on.
    pub(super) fn described(&mut self, far: FarAudio) {
        self.remote.described(Some(far.address));
        match (&mut self.protection, far.keys) {
            (Some(protection), Some(keys)) => protection.change(keys),
            (protection, keys) => *protection = keys.map(Protection::new),
        }
        // RFC 3264 §8.4
        self.is_on_hold = match far.direction {
            // Said again it changes nothing, as where it was said from the beginning.
            Direction::SendOnly if self.far.direction == Direction::SendOnly => self.is_on_hold,
            Direction::SendOnly | Direction::Inactive => true,
            Direction::SendReceive | Direction::ReceiveOnly => false,
        };
        self.far = far;
    }

    /// The far end hears nothing until it describes its audio again. Time goes on, and the reports.
    // RFC 3264 §8.4
    pub(super) const fn hold(&mut self) {
        self.is_on_hold = true;
    }

    /// The law that we send.
    pub(super) const fn law(&self) -> Law {
        self.far.coding.codec.law()
    }

    /// The payload type of the far end's telephone events.
    pub(super) const fn events(&self) -> Option<u8> {
        self.far.events
    }

    /// What the far end's packets carry.
    pub(super) const fn payload_types(&self) -> rtp::PayloadTypes {
        self.far.payload_types
    }

    /// The name of the law that we send.
    pub(super) const fn codec_name(&self) -> &'static str {
        self.far.coding.codec.name()
    }

    /// The suite of SRTP, where packets are encrypted.
    pub(super) fn suite_name(&self) -> Option<&'static str> {
        self.protection.as_ref().map(|protection| protection.keys.ours.suite().name())
    }

    /// Packets that were sent.
    pub(super) const fn sent_packets(&self) -> u32 {
        self.sender.sent().packets
    }

    /// Where the far end is.
    fn far(&self) -> SocketAddr {
        self.remote.address().unwrap_or(self.far.address)
    }

    /// Where the far end takes reports: where it says, or the next port of where it really is.
    fn reports_at(&self) -> Option<SocketAddr> {
        let far = self.far();
        if far == self.far.address {
            return self.far.reports;
        }
        far.port().checked_add(1).map(|port| SocketAddr::new(far.ip(), port))
    }

    /// Says what came of the far end's packets, now and then; only then they are asked for.
    pub(super) fn report(
        &mut self,
        received: impl FnOnce() -> Statistics,
        now: Instant,
        outputs: &mut VecDeque<Output>,
    ) {
        if self.reports.is_due(now) {
            let report = self.reports.next(self.reports_at(), self.sender.sent(), &received(), now);
            self.send_report(report, outputs);
        }
    }

    /// Says that nothing more comes of this stream. To be called once, and nothing after it.
    pub(super) fn leave(&mut self, received: &Statistics, now: Instant, outputs: &mut VecDeque<Output>) {
        let report = self.reports.last(self.reports_at(), self.sender.sent(), received, now);
        self.send_report(report, outputs);
    }

    /// Sends a report, protected as the audio is; not where the key is used up.
    // RFC 3711 §3.4: reports must be, where the audio is
    fn send_report(&mut self, report: Option<(SocketAddr, Vec<u8>)>, outputs: &mut VecDeque<Output>) {
        let Some((to, mut datagram)) = report else { return };
        let is_ready = match &mut self.protection {
            Some(protection) => protection.report_sender.protect(&mut datagram).is_ok(),
            None => true,
        };
        if is_ready {
            outputs.push_back(Output::Report { to, datagram });
        }
    }

    /// Takes a report of the far end; not where it is not protected as the audio is.
    pub(super) fn reported(&mut self, datagram: &[u8], source: SocketAddr, now: Instant) {
        let far = self.far();
        let report = match &mut self.protection {
            Some(protection) => {
                protection.opened.clear();
                protection.opened.extend_from_slice(datagram);
                protection.report_receiver.unprotect(&mut protection.opened).ok().map(|()| &protection.opened[..])
            }
            None => Some(datagram),
        };
        if let Some(report) = report {
            self.reports.datagram(report, source, far, now);
        }
    }

    /// What the far end said last of our packets.
    pub(super) const fn told(&self) -> Option<Told> {
        self.reports.told()
    }

    /// What the far end said when it left, where it did.
    pub(super) fn goodbye(&self) -> Option<&str> {
        self.reports.goodbye(self.heard)
    }

    /// When the next frame is due.
    pub(super) const fn deadline(&self) -> Instant {
        self.next
    }

    /// Takes the turn of the next frame, if it has come: the time at which it was due.
    pub(super) fn turn(&mut self, now: Instant) -> Option<Instant> {
        if now > self.next + FRAME_TIME * LATE_FRAMES {
            let missed = (now - self.next).as_millis() as u32 * SAMPLES_PER_MS as u32;
            self.gathered.clear();
            self.sender.pause(missed);
            self.next = now;
        }
        (self.next <= now).then(|| {
            let due = self.next;
            self.next += FRAME_TIME;
            due
        })
    }

    /// A packet of the far end; nothing where it is somebody else's, or none.
    pub(super) fn packet<'a>(&'a mut self, datagram: &'a [u8], source: SocketAddr) -> Option<rtp::Packet<'a>> {
        // Only what has the key can be the far end's, wherever it comes from.
        let (octets, is_genuine) = match &mut self.protection {
            Some(protection) => (protection.open(datagram)?, true),
            None => (datagram, false),
        };
        let packet = rtp::Packet::decode(octets).ok()?;
        if is_genuine || self.heard == Some(packet.ssrc) {
            self.remote.moved(source);
        } else if !self.remote.believes(source) {
            return None;
        }
        self.heard = Some(packet.ssrc);
        Some(packet)
    }

    /// Says a frame of linear samples.
    pub(super) fn say(&mut self, samples: &[i16; FRAME_SAMPLES], outputs: &mut VecDeque<Output>) {
        let law = self.law();
        self.gathered.extend(samples.iter().map(|sample| law.encode(*sample)));
        self.send_gathered(outputs);
    }

    /// Says a frame that is coded already.
    pub(super) fn say_codes(&mut self, codes: &[u8; FRAME_SAMPLES], outputs: &mut VecDeque<Output>) {
        self.gathered.extend_from_slice(codes);
        self.send_gathered(outputs);
    }

    /// A buffer that was sent may be filled again.
    pub(super) fn give_back(&mut self, buffer: Vec<u8>) {
        if self.spare.len() < SPARE_BUFFERS {
            self.spare.push(buffer);
        }
    }

    fn send_gathered(&mut self, outputs: &mut VecDeque<Output>) {
        let length = self.far.packet_ms as usize * SAMPLES_PER_MS;
        let to = self.far();
        let mut rest = &self.gathered[..];
        while let Some((codes, behind)) = rest.split_at_checked(length) {
            rest = behind;
            if self.is_on_hold {
                self.sender.pause(codes.len() as u32);
                continue;
            }
            let mut datagram = self.spare.pop().unwrap_or_default();
            self.sender.send_into(self.far.coding.payload_type, codes, codes.len() as u32, &mut datagram);
            let is_ready = match &mut self.protection {
                Some(protection) => protection.sender.protect(&mut datagram).is_ok(),
                None => true,
            };
            // A key that is used up, after years, sends no more.
            if is_ready {
                outputs.push_back(Output::Audio { to, datagram });
            }
        }
        let sent = self.gathered.len() - rest.len();
        self.gathered.drain(..sent);
    }
}

#[cfg(test)]
mod tests;
