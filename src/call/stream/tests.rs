//! Packets of one stream: how long they are, whose they are, and what protects them.

use super::*;
use crate::sdp::{Codec, Coding};

fn far(packet_ms: u32) -> FarAudio {
    FarAudio {
        address: SocketAddr::from(([192, 0, 2, 2], 4000)),
        coding: Coding::usual(Codec::Pcma),
        payload_types: rtp::PayloadTypes::default(),
        packet_ms,
        direction: Direction::SendReceive,
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

#[test]
fn a_goodbye_is_protected_as_the_audio_is_and_noted_by_who_has_the_keys() {
    let now = base();
    let source = |port| SocketAddr::from(([192, 0, 2, 2], port));
    for (near, away, stranger) in [(far(20), far(20), None), (secure(1, 2), secure(2, 1), Some(secure(2, 9)))] {
        let reports = Some(source(4001));
        let mut caller = Stream::new(FarAudio { reports, ..near }, 7, now);
        let mut called = Stream::new(away, 9, now);
        let sent = datagrams(&mut caller).remove(0);
        assert!(called.packet(&sent, source(4000)).is_some());
        let mut outputs = VecDeque::new();
        caller.leave(&Statistics::default(), now, &mut outputs);
        let [Output::Report { to, datagram }] = outputs.make_contiguous() else { panic!("{outputs:?}") };
        assert_eq!((*to, called.goodbye()), (source(4001), None));
        if let Some(stranger) = stranger {
            let mut stranger = Stream::new(stranger, 9, now);
            assert!(stranger.packet(&sent, source(4000)).is_none());
            stranger.reported(datagram, source(4001), now);
            assert_eq!(stranger.goodbye(), None);
            assert_eq!(datagram.len(), 28 + 20 + 8 + 4 + 10, "its index and its tag");
        }
        called.reported(datagram, source(4001), now);
        assert_eq!(called.goodbye(), Some(""));
    }
}

#[test]
fn a_stream_on_hold_sends_nothing_and_its_time_goes_on() {
    let stamp = |datagram: &[u8]| {
        let packet = rtp::Packet::decode(datagram).expect("RTP");
        (packet.sequence, packet.timestamp, packet.marker)
    };
    let held = |direction| FarAudio { direction, ..far(20) };
    let mut stream = Stream::new(far(20), 7, base());
    let (sequence, timestamp, _) = stamp(&datagrams(&mut stream)[0]);
    for direction in [Direction::SendOnly, Direction::Inactive] {
        stream.described(held(direction));
        assert_eq!(datagrams(&mut stream), [] as [Vec<u8>; 0]);
    }
    stream.described(held(Direction::ReceiveOnly));
    let next = (sequence.wrapping_add(1), timestamp.wrapping_add(3 * 160), true);
    assert_eq!(stamp(&datagrams(&mut stream)[0]), next);
    stream.hold();
    assert_eq!(datagrams(&mut stream), [] as [Vec<u8>; 0]);
    // Said again it means the same, whatever it meant before.
    let mut mistaken = Stream::new(held(Direction::SendOnly), 7, base());
    mistaken.described(held(Direction::SendOnly));
    assert_eq!(datagrams(&mut mistaken).len(), 1);
    for direction in [Direction::Inactive, Direction::SendOnly, Direction::SendOnly] {
        mistaken.described(held(direction));
        assert_eq!(datagrams(&mut mistaken).len(), 0, "{direction:?}");
    }
    // At the beginning only who says that it does nothing at all is believed.
    for (direction, packets) in [(Direction::SendOnly, 1), (Direction::ReceiveOnly, 1), (Direction::Inactive, 0)] {
        assert_eq!(datagrams(&mut Stream::new(held(direction), 7, base())).len(), packets, "{direction:?}");
    }
}
