//! Messages of a real call, cut into segments in every way that a network does.

use std::net::SocketAddr;

use proptest::prelude::*;

use super::{EARLY_MAX, Streams};
use crate::trace::pcap;

/// SIP over TCP of two Asterisks, turned into pcapng by Wireshark's editcap.
const CALL: &[u8] = include_bytes!("../../testdata/asterisk-sip-over-tcp.pcapng");

/// What one end of that call says, whole.
fn messages() -> Vec<Vec<u8>> {
    let packets = pcap::read(CALL).unwrap().packets;
    let speaker = packets[0].from.ip();
    packets.into_iter().filter(|packet| packet.from.ip() == speaker).map(|packet| packet.octets).collect()
}

fn ends() -> (SocketAddr, SocketAddr) {
    ("192.0.2.1:5060".parse().unwrap(), "192.0.2.2:5060".parse().unwrap())
}

/// Segments of at most so many octets, numbered from near the end of the numbers, so that they begin again.
fn segments(octets: &[u8], length: usize) -> Vec<(u32, &[u8])> {
    let number = |index: usize| (u32::MAX - 700).wrapping_add(u32::try_from(index * length).unwrap());
    octets.chunks(length).enumerate().map(|(index, piece)| (number(index), piece)).collect()
}

fn read(segments: &[(u32, &[u8])]) -> Vec<Vec<u8>> {
    let mut streams = Streams::default();
    segments
        .iter()
        .flat_map(|(number, piece)| streams.take(ends(), *number, false, piece).unwrap_or_default())
        .collect()
}

#[test]
fn a_message_that_was_not_captured_whole_costs_itself_only() {
    let messages = messages();
    assert!(messages.len() >= 4, "{}", messages.len());
    // A segment each: the second one never comes, and enough come behind it.
    let (mut number, mut all) = (1000_u32, Vec::new());
    for message in messages.iter().chain(&messages).cycle().take(EARLY_MAX + 4) {
        all.push((number, &message[..]));
        number += u32::try_from(message.len()).unwrap();
    }
    let lost = all.remove(1);
    let told = read(&all);
    assert_eq!(told.len(), all.len());
    assert!(told.iter().zip(&all).all(|(told, (_, said))| told == said), "{} octets lost", lost.1.len());
}

#[test]
fn a_stream_of_something_else_is_none_of_sip_and_a_new_one_between_the_same_ends_is() {
    let messages = messages();
    let mut streams = Streams::default();
    assert_eq!(streams.take(ends(), 1, false, b"EHLO mail.example.com\r\n"), None);
    assert_eq!(streams.take(ends(), 24, false, b"MAIL FROM:<>\r\n"), None);
    assert_eq!(streams.take(ends(), 500, false, &messages[0]), Some(vec![messages[0].clone()]));
    // Begun again with other numbers, once seen to begin and once not.
    assert_eq!(streams.take(ends(), 0x9000_0000, true, b""), None);
    assert_eq!(streams.take(ends(), 0x9000_0001, false, &messages[1]), Some(vec![messages[1].clone()]));
    assert_eq!(streams.take(ends(), 77, false, &messages[0]), Some(vec![messages[0].clone()]));
}

proptest! {
    #[test]
    fn segments_out_of_order_or_twice_or_across_each_other_make_the_same_messages(
        length in 40_usize..2000,
        swaps in prop::collection::vec(any::<prop::sample::Index>(), 0..12),
        again in prop::collection::vec((any::<prop::sample::Index>(), 1_usize..4), 0..6),
    ) {
        let messages = messages();
        let octets = messages.concat();
        let mut all = segments(&octets, length);
        for (place, more) in again {
            // What was not acknowledged goes again, in larger pieces than before.
            let place = place.index(all.len());
            let from = (all[place].0.wrapping_sub(u32::MAX - 700)) as usize;
            let piece = &octets[from..octets.len().min(from + more * length)];
            all.insert(place + 1, (all[place].0, piece));
        }
        for place in swaps {
            let place = place.index(all.len());
            // The first one must come first: what a stream is shows there.
            if place > 0 && place + 1 < all.len() {
                all.swap(place, place + 1);
            }
        }
        prop_assert_eq!(read(&all), messages);
    }

    #[test]
    fn noise_in_segments_never_panics(
        all in prop::collection::vec((any::<u32>(), any::<bool>(), "(INVITE sip:a SIP/2.0\r\n)?[a-z:0-9\r\n]{0,60}"), 0..60)
    ) {
        let mut streams = Streams::default();
        for (number, begins, piece) in &all {
            let _ = streams.take(ends(), *number % 500, *begins, piece.as_bytes());
        }
    }
}
