//! Packets and ticks of the playout, in any order. Input: moves, one octet each with what they need.
//!
//! Holds: one frame at each tick, whose mark and samples agree; the counters never say more than came; what lies in wait is played or
//! forgotten within seconds of the last packet.
#![no_main]

use faxramp::rtp::Packet;
use faxramp::rtp::playout::{Mark, Playout};
use faxramp_fuzz::{Feed, base};
use libfuzzer_sys::fuzz_target;
use std::time::{Duration, Instant};

/// No code word of G.711 decodes to less.
const LEAST_SAMPLE: i16 = -32_256;
/// All that can wait, the longest delay and what is repeated after it, in frames.
const LONGEST_WAIT: u32 = 52 + 20 + 10;

fuzz_target!(|octets: &[u8]| {
    let mut feed = Feed::new(octets);
    let (mut playout, mut now) = (Playout::new(), base());
    let (mut sequence, mut timestamp, mut ssrc, mut came) = (feed.number(), u32::from(feed.number()) << 16, 1, 0);
    while !feed.is_empty() {
        let choice = feed.octet();
        now += Duration::from_micros(u64::from(choice / 16) * 2500);
        match choice % 16 {
            0..=5 => _ = tick(&mut playout, now),
            6 => playout.set_line_is_silent(choice & 16 != 0),
            7 => sequence = sequence.wrapping_add(feed.number()),
            8 => timestamp = timestamp.wrapping_add(u32::from(feed.number())),
            9 => timestamp = timestamp.wrapping_sub(u32::from(feed.number()) << (choice / 16)),
            10 => ssrc ^= u32::from(feed.octet() & 1),
            11 => {
                // A datagram of a stranger.
                if let Ok(packet) = Packet::decode(feed.counted()) {
                    playout.receive(&packet, now);
                    came += 1;
                }
            }
            kind => {
                let length = usize::from(feed.octet()) * if choice & 16 == 0 { 1 } else { 8 };
                let payload = vec![feed.octet(); length];
                let payload_type = [0, 8, 13, 101][usize::from(kind) - 12];
                let packet =
                    Packet { marker: choice & 32 != 0, payload_type, sequence, timestamp, ssrc, payload: &payload };
                playout.receive(&packet, now);
                came += 1;
                sequence = sequence.wrapping_add(1);
                timestamp = timestamp.wrapping_add(u32::try_from(length).unwrap_or(0));
            }
        }
    }
    let counts = playout.statistics();
    assert!(counts.received + counts.duplicates <= came, "{counts:?}");
    let mut marks = Vec::new();
    for _ in 0..LONGEST_WAIT {
        now += Duration::from_millis(20);
        marks.push(tick(&mut playout, now));
    }
    assert_eq!(marks.last(), Some(&Mark::Silence), "{counts:?}");
});

fn tick(playout: &mut Playout, now: Instant) -> Mark {
    let frame = playout.play(now);
    assert!(frame.samples.iter().all(|sample| *sample >= LEAST_SAMPLE), "{frame:?}");
    match frame.mark {
        Mark::Received => assert!(frame.missing.is_empty()),
        Mark::Concealed => assert!(!frame.missing.is_empty() && frame.missing.end <= frame.samples.len()),
        Mark::Silence => assert!(frame.missing.is_empty() && frame.samples.iter().all(|sample| *sample == 0)),
    }
    frame.mark
}
