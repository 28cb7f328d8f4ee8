//! Datagrams against bytes of recorded Asterisk calls, and the receiver against loss, reordering and repeats.

use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::*;

#[expect(clippy::disallowed_methods, reason = "a base for virtual time")]
fn base() -> Instant {
    Instant::now()
}

/// Packets as themselves, losses as `None`.
fn drain(receiver: &mut Receiver) -> Vec<Option<Vec<u8>>> {
    std::iter::from_fn(|| receiver.poll())
        .map(|delivery| match delivery {
            Delivery::Packet(ifp) => Some(ifp),
            Delivery::Lost => None,
        })
        .collect()
}

fn plain(sequence: u16, primary: &[u8]) -> Vec<u8> {
    Datagram { sequence, primary, recovery: Recovery::Secondaries(Vec::new()) }.encode()
}

fn packet(number: usize) -> Vec<u8> {
    let mut ifp = vec![0xC0, 0x01];
    ifp.extend(number.to_be_bytes());
    ifp.resize(10 + number % 5, 0x55);
    ifp
}

#[test]
fn a_recorded_datagram_with_redundancy_reads_and_writes_the_same() {
    let octets = [0x00, 0x03, 0x01, 0x06, 0x00, 0x03, 0x01, 0x00, 0x01, 0x04, 0x01, 0x00];
    let datagram = Datagram::decode(&octets).unwrap();
    let secondaries: Vec<&[u8]> = vec![&[0x00], &[0x04], &[0x00]];
    assert_eq!(datagram, Datagram { sequence: 3, primary: &[0x06], recovery: Recovery::Secondaries(secondaries) });
    assert_eq!(datagram.encode(), octets);
}

#[test]
fn a_recorded_datagram_with_parity_reads_and_writes_the_same() {
    let octets = [
        0x00, 0x07, 0x06, 0xC0, 0x01, 0x80, 0x00, 0x00, 0x0C, 0x80, 0x01, 0x03, 0x02, 0x06, 0xC2, 0x01, 0x80, 0x00,
        0x00, 0xC0, 0x06, 0x00, 0x00, 0x00, 0x00, 0x00, 0xFD,
    ];
    let datagram = Datagram::decode(&octets).unwrap();
    let Recovery::Parity { span: 3, entries } = &datagram.recovery else { panic!("{datagram:?}") };
    assert_eq!(entries.len(), 2);
    assert_eq!(datagram.encode(), octets);
}

#[test]
fn our_parity_is_byte_for_byte_that_of_asterisk() {
    // The answerer's first eleven packets: silence, CED, silence, preamble, then octets of a CSI.
    let data = |octet| vec![0xC0, 0x01, 0x80, 0x00, 0x00, octet];
    let packets = [vec![0x00], vec![0x04], vec![0x00], vec![0x06]]
        .into_iter()
        .chain([0xFF, 0xC0, 0x02, 0x0C, 0x0C, 0x0C, 0x2C].map(data));
    let mut sender = Sender::new(400);
    let sent: Vec<_> = packets.map(|ifp| sender.send(ifp, Correction::Parity { span: 3, entries: 3 })).collect();
    assert_eq!(sent[4][9..], [0x80, 0x01, 0x03, 0x01, 0x01, 0x02]);
    #[rustfmt::skip]
    assert_eq!(sent[6][9..], [
        0x80, 0x01, 0x03, 0x02,
        0x06, 0xC0, 0x01, 0x80, 0x00, 0x00, 0xFF,
        0x06, 0xC2, 0x01, 0x80, 0x00, 0x00, 0xC0,
    ]);
    #[rustfmt::skip]
    assert_eq!(sent[10][9..], [
        0x80, 0x01, 0x03, 0x03,
        0x06, 0x04, 0x00, 0x00, 0x00, 0x00, 0xF3,
        0x06, 0x00, 0x00, 0x00, 0x00, 0x00, 0xCC,
        0x06, 0x06, 0x00, 0x00, 0x00, 0x00, 0x0E,
    ]);
}

#[test]
fn long_lengths_take_two_octets() {
    let octets = plain(1, &[7; 300]);
    assert_eq!(octets[2..4], [0x81, 0x2C]);
    assert_eq!(Datagram::decode(&octets).unwrap().primary.len(), 300);
}

#[test]
fn a_broken_second_part_costs_only_itself() {
    let octets = [0x00, 0x03, 0x01, 0x06, 0x00, 0x03, 0x01, 0x00, 0x09, 0x04];
    let datagram = Datagram::decode(&octets).unwrap();
    assert_eq!(datagram.recovery, Recovery::Secondaries(vec![&[0x00]]));
    assert_eq!(Datagram::decode(&octets[..4]).unwrap().primary, [0x06]);
    assert_eq!(Datagram::decode(&octets[..3]), Err(UdptlError::Truncated));
    // A span that no octet holds.
    let odd = [0x00, 0x03, 0x01, 0x06, 0x80, 0x02, 0x01, 0x00, 0x01, 0x01, 0x00];
    assert_eq!(Datagram::decode(&odd).unwrap().recovery, Recovery::Secondaries(Vec::new()));
}

#[test]
fn redundancy_is_given_up_before_the_datagram_outgrows_the_far_end() {
    let mut sender = Sender::new(100);
    let mut last = Vec::new();
    for number in 0..6 {
        last = sender.send(vec![number; 40], Correction::Repeat(3));
        assert!(last.len() <= 100, "{}", last.len());
    }
    let datagram = Datagram::decode(&last).unwrap();
    assert_eq!(datagram.recovery, Recovery::Secondaries(vec![&[4; 40]]));
}

#[test]
fn parities_are_given_up_before_the_datagram_outgrows_the_far_end() {
    let mut sender = Sender::new(120);
    let sent: Vec<_> =
        (0..20).map(|number| sender.send(vec![number; 40], Correction::Parity { span: 3, entries: 3 })).collect();
    assert!(sent.iter().all(|datagram| datagram.len() <= 120));
    let Recovery::Parity { span: 3, entries } = Datagram::decode(&sent[19]).unwrap().recovery else { panic!() };
    assert_eq!(entries, [&[18 ^ 17 ^ 16; 40]]);
}

#[test]
fn an_absurd_datagram_size_is_not_believed() {
    let mut sender = Sender::new(3);
    assert_eq!(sender.largest_packet_octets(), SMALLEST_DATAGRAM_OCTETS - 6);
    let octets = sender.send(vec![1; sender.largest_packet_octets()], Correction::Repeat(3));
    assert!(octets.len() <= SMALLEST_DATAGRAM_OCTETS);
}

#[test]
fn a_lost_datagram_comes_back_from_the_next() {
    let start = base();
    let mut sender = Sender::new(1400);
    let mut receiver = Receiver::new();
    for number in 0..30 {
        let datagram = sender.send(packet(number), Correction::Repeat(2));
        if number % 3 == 0 {
            receiver.accept(&datagram, start).unwrap();
        }
    }
    let expected: Vec<_> = (0..28).map(|number| Some(packet(number))).collect();
    assert_eq!(drain(&mut receiver), expected);
    assert_eq!(receiver.statistics().repeated, 18);
}

#[test]
fn parity_brings_back_three_in_a_row() {
    let start = base();
    let mut sender = Sender::new(1400);
    let mut receiver = Receiver::new();
    for number in 0..40 {
        let datagram = sender.send(packet(number), Correction::Parity { span: 3, entries: 3 });
        if !(20..23).contains(&number) {
            receiver.accept(&datagram, start).unwrap();
        }
    }
    let heard = drain(&mut receiver);
    assert_eq!(heard.len(), 40);
    for (number, ifp) in heard.iter().enumerate() {
        // Rebuilt packets may be padded with zeros.
        let ifp = ifp.as_ref().unwrap();
        let (own, padding) = ifp.split_at(packet(number).len());
        assert_eq!(own, packet(number));
        assert!(padding.iter().all(|octet| *octet == 0));
    }
    assert_eq!(receiver.statistics().rebuilt, 3);
}

#[test]
fn a_swapped_pair_is_put_right_without_a_loss() {
    let start = base();
    let mut receiver = Receiver::new();
    for number in [0, 2, 1, 1, 3] {
        receiver.accept(&plain(number, &packet(number.into())), start).unwrap();
    }
    assert_eq!(drain(&mut receiver), (0..4).map(|number| Some(packet(number))).collect::<Vec<_>>());
    assert_eq!(receiver.deadline(), None);
    assert_eq!(receiver.statistics().duplicates, 1);
}

#[test]
fn a_gap_is_given_up_after_its_wait() {
    let start = base();
    let mut receiver = Receiver::new();
    receiver.accept(&plain(65_534, &[1]), start).unwrap();
    receiver.accept(&plain(1, &[4]), start).unwrap();
    assert_eq!(receiver.deadline(), Some(start + GAP_WAIT));
    receiver.expire(start + GAP_WAIT - Duration::from_millis(1));
    assert_eq!(drain(&mut receiver), [Some(vec![1])]);
    receiver.expire(start + GAP_WAIT);
    assert_eq!(drain(&mut receiver), [None, Some(vec![4])]);
    assert_eq!(receiver.statistics().lost, 2);
    assert_eq!(receiver.deadline(), None);
}

#[test]
fn numbers_wrap_without_notice() {
    let start = base();
    let mut receiver = Receiver::new();
    for number in 65_530..65_550_u32 {
        receiver.accept(&plain(number as u16, &packet(number as usize)), start).unwrap();
    }
    assert_eq!(drain(&mut receiver), (65_530..65_550).map(|number| Some(packet(number))).collect::<Vec<_>>());
}

#[test]
fn joining_late_takes_what_is_repeated() {
    let mut receiver = Receiver::new();
    let octets = [0x00, 0x03, 0x01, 0x06, 0x00, 0x03, 0x01, 0x00, 0x01, 0x04, 0x01, 0x00];
    receiver.accept(&octets, base()).unwrap();
    assert_eq!(drain(&mut receiver), [Some(vec![0]), Some(vec![4]), Some(vec![0]), Some(vec![6])]);
}

/// After a re-INVITE some far ends count from zero again on the same port.
#[test]
fn a_far_end_that_counts_anew_is_followed() {
    let start = base();
    for before in [3_u16, 500, 40_000] {
        let mut receiver = Receiver::new();
        for number in 0..=before {
            receiver.accept(&plain(number, &packet(number.into())), start).unwrap();
        }
        drain(&mut receiver);
        for number in 0..3 {
            receiver.accept(&plain(number, &packet(10_000 + usize::from(number))), start).unwrap();
        }
        let expected = [None, Some(packet(10_000)), Some(packet(10_001)), Some(packet(10_002))];
        assert_eq!(drain(&mut receiver), expected, "after {before}");
    }
}

/// A burst of more packets than the window holds came within the wait for a gap, was taken for a new numbering, and the packets
/// that the datagrams of its beginning repeat were delivered twice.
/// A path that is down for seconds: the far end counts on, and so do we.
#[test]
fn more_packets_lost_in_a_row_than_are_kept_cost_only_themselves() {
    for lost in [63_u16, 64, 65, 200, 5000, 40_000] {
        let mut receiver = Receiver::new();
        let now = base();
        for number in 0..10 {
            receiver.accept(&plain(number, &packet(usize::from(number))), now).unwrap();
        }
        let later = now + Duration::from_secs(3);
        for number in 10 + lost..20 + lost {
            // Each of them twice, as turns of the line are sent.
            for _ in 0..2 {
                receiver.accept(&plain(number, &packet(usize::from(number))), later).unwrap();
            }
        }
        receiver.expire(later + GAP_WAIT);
        let wanted = (0..10).map(|number| Some(packet(number))).chain([None]);
        let wanted = wanted.chain((10 + lost..20 + lost).map(|number| Some(packet(usize::from(number)))));
        assert_eq!(drain(&mut receiver), wanted.collect::<Vec<_>>(), "{lost} lost");
    }
}

/// A far end that begins to count at zero again in the middle of a call, near or far from where it was.
#[test]
fn a_far_end_that_restarts_its_count_loses_nothing_of_what_follows() {
    for before in [5_u16, 30, 100, 60_000] {
        let mut receiver = Receiver::new();
        let now = base();
        for number in before - 5..before {
            receiver.accept(&plain(number, &packet(usize::from(number))), now).unwrap();
        }
        drain(&mut receiver);
        for number in 0..8_u16 {
            receiver.accept(&plain(number, &packet(1000 + usize::from(number))), now).unwrap();
        }
        receiver.expire(now + GAP_WAIT);
        let after: Vec<_> = drain(&mut receiver).into_iter().flatten().collect();
        assert_eq!(after, (1000..1008).map(packet).collect::<Vec<_>>(), "restart at {before}");
        assert_eq!(receiver.statistics().restarts, 1);
    }
}

#[test]
fn a_burst_longer_than_the_window_behind_a_gap_is_delivered_once() {
    let start = base();
    let (mut sender, mut receiver) = (Sender::new(400), Receiver::new());
    for number in 0..200 {
        let datagram = sender.send(packet(number), Correction::Repeat(3));
        if !(2..9).contains(&number) {
            receiver.accept(&datagram, start).unwrap();
        }
    }
    receiver.expire(start + GAP_WAIT);
    let whole = (0..2).map(|number| Some(packet(number)));
    let expected: Vec<_> = whole.chain([None]).chain((6..200).map(|number| Some(packet(number)))).collect();
    assert_eq!(drain(&mut receiver), expected);
    assert_eq!((receiver.statistics().restarts, receiver.statistics().lost), (0, 4));
}

#[test]
fn one_stray_datagram_moves_nothing() {
    let start = base();
    let mut receiver = Receiver::new();
    for number in [0, 1, 30_000, 2, 30_000, 3] {
        receiver.accept(&plain(number, &packet(number.into())), start).unwrap();
    }
    assert_eq!(drain(&mut receiver), (0..4).map(|number| Some(packet(number))).collect::<Vec<_>>());
}

#[test]
fn an_empty_primary_is_stepped_over() {
    let start = base();
    let mut receiver = Receiver::new();
    for (number, ifp) in [(0, &[1][..]), (1, &[]), (2, &[3])] {
        receiver.accept(&plain(number, ifp), start).unwrap();
    }
    assert_eq!(drain(&mut receiver), [Some(vec![1]), Some(vec![3])]);
}

proptest! {
    #[test]
    fn strangers_datagrams_never_panic(datagrams in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..80), 0..60)) {
        let start = base();
        let mut receiver = Receiver::new();
        for (number, datagram) in (0_u64..).zip(&datagrams) {
            let now = start + Duration::from_millis(number * 20);
            let _ = receiver.accept(datagram, now);
            receiver.expire(now);
            while receiver.poll().is_some() {}
        }
    }

    #[test]
    fn strangers_parities_never_panic(
        steps in prop::collection::vec((0..40_u16, any::<u8>(), 0..6_usize, prop::collection::vec(any::<u8>(), 0..9)), 0..80),
        origin in any::<u16>(),
    ) {
        let start = base();
        let mut receiver = Receiver::new();
        for (offset, span, count, octets) in &steps {
            let entries = vec![octets.as_slice(); *count];
            let recovery = Recovery::Parity { span: span % 24, entries };
            let datagram = Datagram { sequence: origin.wrapping_add(*offset), primary: octets, recovery };
            let _ = receiver.accept(&datagram.encode(), start);
            while receiver.poll().is_some() {}
        }
    }

    /// Whatever is lost, repeated or swapped: what comes out is in order, once, and only what was sent.
    #[test]
    fn delivery_is_in_order_and_once(
        seed in prop::collection::vec((0..100_u8, 0..4_u8), 200),
        origin in any::<u16>(),
        scheme in 0..3_u8,
    ) {
        let start = base();
        let correction = match scheme {
            0 => Correction::None,
            1 => Correction::Repeat(2),
            _ => Correction::Parity { span: 3, entries: 3 },
        };
        let mut sender = Sender::new(1400);
        let mut datagrams: Vec<(usize, Vec<u8>)> = Vec::new();
        for (number, (chance, delay)) in seed.iter().enumerate() {
            let mut datagram = sender.send(packet(number), correction);
            let sequence = u16::from_be_bytes([datagram[0], datagram[1]]).wrapping_add(origin);
            datagram[..2].copy_from_slice(&sequence.to_be_bytes());
            if *chance >= 20 || number == 0 {
                datagrams.push((number + usize::from(*delay), datagram.clone()));
            }
            if *chance > 90 {
                datagrams.push((number + 3, datagram));
            }
        }
        datagrams.sort_by_key(|(at, _)| *at);
        let mut receiver = Receiver::new();
        let mut heard = Vec::new();
        for (at, datagram) in &datagrams {
            let now = start + Duration::from_millis(*at as u64 * 30);
            receiver.expire(now);
            receiver.accept(datagram, now).unwrap();
            heard.extend(drain(&mut receiver));
        }
        receiver.expire(start + Duration::from_secs(60));
        heard.extend(drain(&mut receiver));
        let mut expected = (0..200).map(packet);
        for ifp in heard.iter().flatten() {
            prop_assert!(expected.any(|sent| ifp.starts_with(&sent)), "{ifp:02x?} twice or out of order");
        }
    }
}
