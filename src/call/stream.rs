//! RTP of one call, both ways: the one place where sound becomes packets and packets are believed to be the far end's.
//!
//! Not here: when a packet is played ([`crate::rtp::playout`]), and what is said in it.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use super::interface::Output;
use super::offer::FarAudio;
use super::remote::Remote;
use crate::dsp::FRAME_SAMPLES;
use crate::dsp::g711::Law;
use crate::rtp;
use crate::sdp::{Codec, Keys};
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
        Self { far, remote, heard: None, sender, gathered: Vec::new(), next: now, spare: Vec::new(), protection }
    }

    /// A later description of the same audio: it may have moved, or speak the other law. The stream goes on.
    pub(super) fn described(&mut self, far: FarAudio) {
        self.remote.described(Some(far.address));
        match (&mut self.protection, far.keys) {
            (Some(protection), Some(keys)) => protection.change(keys),
            (protection, keys) => *protection = keys.map(Protection::new),
        }
        self.far = far;
    }

    /// The law that we send.
    pub(super) const fn law(&self) -> Law {
        law(self.far.coding.codec)
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

    /// Our source, and what was sent of it.
    pub(super) const fn sent(&self) -> (u32, rtp::Sent) {
        (self.sender.ssrc(), self.sender.sent())
    }

    /// Where the far end is.
    pub(super) fn far(&self) -> SocketAddr {
        self.remote.address().unwrap_or(self.far.address)
    }

    /// Where the far end takes reports: where it says, or the next port of where it really is.
    pub(super) fn reports(&self) -> Option<SocketAddr> {
        let far = self.far();
        if far == self.far.address {
            return self.far.reports;
        }
        far.port().checked_add(1).map(|port| SocketAddr::new(far.ip(), port))
    }

    /// Protects a report of ours as the audio is; nothing where the key is used up.
    // RFC 3711 §3.4: reports must be, where the audio is
    pub(super) fn seal_report(&mut self, mut report: Vec<u8>) -> Option<Vec<u8>> {
        match &mut self.protection {
            Some(protection) => protection.report_sender.protect(&mut report).ok().map(|()| report),
            None => Some(report),
        }
    }

    /// What is in a report of the far end; nothing where it is not protected as the audio is.
    pub(super) fn open_report<'a>(&'a mut self, datagram: &'a [u8]) -> Option<&'a [u8]> {
        let Some(protection) = &mut self.protection else { return Some(datagram) };
        protection.opened.clear();
        protection.opened.extend_from_slice(datagram);
        protection.report_receiver.unprotect(&mut protection.opened).ok()?;
        Some(&protection.opened)
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

/// How a codec writes a sample.
pub(super) const fn law(codec: Codec) -> Law {
    match codec {
        Codec::Pcmu => Law::Mu,
        Codec::Pcma => Law::A,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sdp::Coding;

    fn far(packet_ms: u32) -> FarAudio {
        FarAudio {
            address: SocketAddr::from(([192, 0, 2, 2], 4000)),
            coding: Coding::usual(Codec::Pcma),
            payload_types: rtp::PayloadTypes::default(),
            packet_ms,
            reports: None,
            events: None,
            keys: None,
        }
    }

    /// Lengths of the payloads of the packets of so many frames.
    fn packets(stream: &mut Stream, frames: usize) -> Vec<usize> {
        let mut outputs = VecDeque::new();
        for _ in 0..frames {
            stream.say(&[0; FRAME_SAMPLES], &mut outputs);
        }
        let length = |output: &Output| {
            let Output::Audio { datagram, .. } = output else { panic!("{output:?}") };
            rtp::Packet::decode(datagram).expect("RTP").payload.len()
        };
        outputs.iter().map(length).collect()
    }

    fn base() -> Instant {
        #[expect(clippy::disallowed_methods, reason = "the one base of this test's virtual time")]
        Instant::now()
    }

    #[test]
    fn packets_hold_what_the_far_end_asked_for() {
        for (ms, frames, expected) in
            [(20, 3, vec![160; 3]), (10, 2, vec![80; 4]), (30, 3, vec![240; 2]), (60, 4, vec![480])]
        {
            assert_eq!(packets(&mut Stream::new(far(ms), 7, base()), frames), expected, "{ms} ms");
        }
    }

    #[test]
    fn a_late_driver_gets_what_is_due_and_after_long_only_the_present() {
        let now = base();
        let mut stream = Stream::new(far(20), 7, now);
        let turns = |stream: &mut Stream, at| std::iter::from_fn(|| stream.turn(at)).count();
        assert_eq!(turns(&mut stream, now), 1);
        assert_eq!(turns(&mut stream, now + Duration::from_millis(100)), 5);
        assert_eq!(turns(&mut stream, now + Duration::from_secs(9)), 1, "a burst would be of no use");
        assert_eq!(stream.deadline(), now + Duration::from_millis(9020));
    }

    fn secure(ours: u8, theirs: u8) -> FarAudio {
        let key = |chance: u8| srtp::MasterKey::drawn(srtp::Suite::AesCm128HmacSha1Tag80, &[chance; 32], 1);
        FarAudio { keys: Some(Keys { ours: key(ours), theirs: key(theirs) }), ..far(20) }
    }

    fn datagrams(stream: &mut Stream) -> Vec<Vec<u8>> {
        let mut outputs = VecDeque::new();
        stream.say(&[0; FRAME_SAMPLES], &mut outputs);
        let datagram = |output| {
            let Output::Audio { datagram, .. } = output else { panic!("{output:?}") };
            datagram
        };
        outputs.into_iter().map(datagram).collect()
    }

    #[test]
    fn protected_audio_is_heard_by_who_has_the_keys_and_plain_audio_is_not() {
        let source = SocketAddr::from(([192, 0, 2, 2], 4000));
        let mut caller = Stream::new(secure(1, 2), 7, base());
        let mut called = Stream::new(secure(2, 1), 9, base());
        let sent = datagrams(&mut caller).remove(0);
        assert_eq!(sent.len(), 12 + 160 + 10);
        assert_eq!(called.packet(&sent, source).map(|packet| packet.payload.len()), Some(160));
        assert_eq!(called.packet(&sent, source), None, "once");
        let plain = datagrams(&mut Stream::new(far(20), 7, base())).remove(0);
        assert_eq!(called.packet(&plain, source), None);
        // A new key for one direction; the other goes on.
        caller.described(secure(3, 2));
        called.described(secure(2, 3));
        let sent = datagrams(&mut caller).remove(0);
        assert!(called.packet(&sent, source).is_some());
        let back = datagrams(&mut called).remove(0);
        assert!(caller.packet(&back, source).is_some());
        caller.described(far(20));
        assert_eq!(datagrams(&mut caller)[0].len(), 12 + 160);
    }

    #[test]
    fn a_stream_that_comes_from_another_port_is_followed_and_another_stream_is_not() {
        let at = |port| SocketAddr::from(([192, 0, 2, 2], port));
        let mut senders = [Stream::new(far(20), 7, base()), Stream::new(far(20), 8, base())];
        let (caller, stranger) = (0, 1);
        let mut called = Stream::new(far(20), 9, base());
        let to = |called: &mut Stream| {
            let mut outputs = VecDeque::new();
            called.say(&[0; FRAME_SAMPLES], &mut outputs);
            outputs.into_iter().find_map(|output| if let Output::Audio { to, .. } = output { Some(to) } else { None })
        };
        for (sender, port, is_heard, answered) in [
            (caller, 4000, true, 4000),
            (stranger, 4001, false, 4000),
            (caller, 5000, true, 5000),
            (stranger, 4001, false, 5000),
            // Where it was described to be anybody is it.
            (stranger, 4000, true, 4000),
        ] {
            let sent = datagrams(&mut senders[sender]).remove(0);
            assert_eq!(called.packet(&sent, at(port)).is_some(), is_heard, "{port}");
            assert_eq!(to(&mut called), Some(at(answered)));
        }
    }

    #[test]
    fn packets_that_were_on_their_way_when_the_key_changed_are_still_heard() {
        let source = SocketAddr::from(([192, 0, 2, 2], 4000));
        let (mut caller, mut called) = (Stream::new(secure(1, 2), 7, base()), Stream::new(secure(2, 1), 9, base()));
        let first = datagrams(&mut caller).remove(0);
        assert!(called.packet(&first, source).is_some());
        let late = datagrams(&mut caller).remove(0);
        called.described(secure(2, 3));
        assert!(called.packet(&late, source).is_some(), "under the key of before");
        assert!(called.packet(&first, source).is_none(), "which takes nothing twice either");
        let last = datagrams(&mut caller).remove(0);
        caller.described(secure(3, 2));
        let sent = datagrams(&mut caller).remove(0);
        assert!(called.packet(&sent, source).is_some());
        assert!(called.packet(&last, source).is_none(), "once the new key was heard the old one is no more");
    }
}
