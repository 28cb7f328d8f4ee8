//! UDPTL: arbitrary datagrams, or our own on a path that loses, repeats and delays them.
//!
//! Input: an octet that chooses. Arbitrary: pieces with a count before each. A bad path: the way of protection, then for each packet
//! its fate and its octets. Holds: datagrams read write and read the same; on a bad path packets come in order, once, and
//! none that was not sent.
#![no_main]

use faxramp::t38::udptl::{Correction, Datagram, Delivery, Receiver, Sender};
use faxramp_fuzz::{Feed, base};
use libfuzzer_sys::fuzz_target;
use std::time::{Duration, Instant};

/// Packets that may be lost in a row, and how late one may come. Beyond some 64 a receiver has to think that the far end
/// counts anew.
const LATEST: usize = 30;

fn arbitrary(mut feed: Feed<'_>, mut now: Instant) {
    let mut receiver = Receiver::new();
    let mut fed = 0;
    let mut delivered = 0;
    while !feed.is_empty() {
        let wait = feed.octet();
        let octets = feed.counted();
        if let Ok(datagram) = Datagram::decode(octets) {
            let written = datagram.encode();
            assert_eq!(Datagram::decode(&written).as_ref(), Ok(&datagram));
        }
        now += Duration::from_millis(u64::from(wait));
        let _ = receiver.accept(octets, now);
        receiver.expire(now);
        assert!(receiver.deadline().is_none_or(|deadline| deadline > now), "a deadline that stays");
        fed += octets.len();
        while let Some(delivery) = receiver.poll() {
            if let Delivery::Packet(packet) = delivery {
                delivered += 1;
                assert!(packet.len() <= fed);
            }
        }
    }
    assert!(delivered <= fed);
}

/// A packet rebuilt from parity may end in zeros that are not its own.
fn is_same(delivered: &[u8], sent: &[u8]) -> bool {
    delivered.strip_prefix(sent).is_some_and(|more| more.iter().all(|octet| *octet == 0))
}

fn bad_path(mut feed: Feed<'_>, mut now: Instant) {
    let correction = match feed.octet() {
        0 => Correction::None,
        kind @ 1..=127 => Correction::Repeat(kind % 8),
        kind => Correction::Parity { span: kind % 6, entries: kind / 8 % 5 },
    };
    let (mut sender, mut receiver) = (Sender::new(400), Receiver::new());
    let mut sent: Vec<Vec<u8>> = Vec::new();
    let mut late: Vec<(usize, Vec<u8>)> = Vec::new();
    let mut arrived = 0;
    let mut delivered = Vec::new();
    while !feed.is_empty() {
        let fate = feed.octet();
        // Its number makes each packet different from all others.
        let mut packet = u16::try_from(sent.len()).unwrap_or(0).to_be_bytes().to_vec();
        packet.extend_from_slice(feed.piece(usize::from(fate / 4 % 16)));
        packet.push(1);
        let datagram = sender.send(packet.clone(), correction);
        sent.push(packet);
        let number = sent.len();
        late.retain(|(from, _)| number - from < LATEST);
        match fate % 4 {
            0 if number - arrived < LATEST => {}
            // Before the first arrival there is nothing to be late for: a receiver cannot tell two datagrams from before it joined from
            // a far end that counts anew.
            1 if arrived > 0 && number - arrived < LATEST => late.push((number, datagram)),
            kind => {
                arrived = number;
                for _ in 0..kind % 2 + 1 {
                    receiver.accept(&datagram, now).expect("we read what we write");
                }
                let due = if kind == 3 { std::mem::take(&mut late) } else { Vec::new() };
                due.iter().for_each(|(_, octets)| receiver.accept(octets, now).expect("we read what we write"));
            }
        }
        now += Duration::from_millis(u64::from(fate / 64) * 20);
        receiver.expire(now);
        delivered.extend(std::iter::from_fn(|| receiver.poll()));
    }
    let mut rest = sent.iter();
    for delivery in delivered {
        if let Delivery::Packet(packet) = delivery {
            assert!(rest.any(|sent| is_same(&packet, sent)), "{packet:02x?} twice, out of order or never sent");
        }
    }
}

fuzz_target!(|octets: &[u8]| {
    let mut feed = Feed::new(octets);
    if feed.octet() % 2 == 0 { arbitrary(feed, base()) } else { bad_path(feed, base()) }
});
