//! A sender, a path and the playout in virtual time. Every sample of a signal says where it belongs, so that a frame out of place is seen.

use std::time::{Duration, Instant};

use super::*;

/// How packets travel.
#[derive(Clone, Copy, Debug)]
struct Path {
    /// Packets lost, overtaken by `overtaken_ms`, and doubled; each in a thousand.
    lost: u64,
    overtaken: u64,
    overtaken_ms: u64,
    doubled: u64,
    jitter_ms: u64,
    /// How much faster the sender's clock runs.
    drift: f64,
    packet_ms: u64,
}

const STRAIGHT: Path =
    Path { lost: 0, overtaken: 0, overtaken_ms: 45, doubled: 0, jitter_ms: 0, drift: 0.0, packet_ms: 20 };

/// What the far end says: signals of `signal_ms` with silence of `silence_ms` between.
#[derive(Clone, Copy, Debug)]
struct Speech {
    seconds: u64,
    signal_ms: u64,
    silence_ms: u64,
}

const CALL: Speech = Speech { seconds: 120, signal_ms: 8000, silence_ms: 1500 };

/// What was delivered.
#[derive(Default, Debug)]
struct Delivered {
    /// Frames of signals, each sample at its place; filled in; and of neither.
    exact: u64,
    concealed: u64,
    silent: u64,
    /// Frames marked as received that are neither silence nor the samples of one time.
    wrong: u64,
    /// Moves of time within a signal, seen from outside.
    moves: u64,
    statistics: Statistics,
}

struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit.max(1)
    }
}

/// Codes of a signal, by the time modulo its length: no two places of 32 samples are alike.
fn pattern() -> Vec<u8> {
    let mut chance = Chance(99);
    // No code of a small sample, so that signals are never taken for silence.
    (0..PATTERN).map(|_| chance.below(64) as u8 | if chance.below(2) == 0 { 0x80 } else { 0 }).collect()
}

const PATTERN: usize = 16_384;
const FIRST_SEQUENCE: u16 = 65_000;
const FIRST_TIMESTAMP: u32 = u32::MAX - 400_000;

fn at(base: Instant, micros: f64) -> Instant {
    base + Duration::from_nanos((micros * 1000.0) as u64)
}

fn base() -> Instant {
    #[expect(clippy::disallowed_methods, reason = "a base for virtual time")]
    Instant::now()
}

/// Arrivals in order: when, in microseconds, and the packet's number.
fn arrivals(path: Path, packets: u64, chance: &mut Chance) -> Vec<(u64, u64)> {
    let mut arrivals = Vec::new();
    for number in 0..packets {
        let sent = (number as f64 * path.packet_ms as f64 * 1000.0 / (1.0 + path.drift * 1e-6)) as u64;
        let jitter = chance.below(path.jitter_ms * 1000 + 1);
        let overtaken = if chance.below(1000) < path.overtaken { path.overtaken_ms * 1000 } else { 0 };
        let (lost, doubled) = (chance.below(1000) < path.lost, chance.below(1000) < path.doubled);
        if !lost {
            arrivals.push((sent + 20_000 + jitter + overtaken, number));
        }
        if doubled {
            arrivals.push((sent + 20_000 + chance.below(path.jitter_ms * 1000 + 1), number));
        }
    }
    arrivals.sort_unstable();
    arrivals
}

fn run(path: Path, speech: Speech, seed: u64) -> Delivered {
    let (codes, began) = (pattern().repeat(2), base());
    let decoded: Vec<i16> = codes.iter().map(|code| Law::Mu.decode(*code)).collect();
    let length = path.packet_ms as usize * 8;
    let turn = (speech.signal_ms + speech.silence_ms) * 8;
    let is_signal = |sample: u64| sample % turn < speech.signal_ms * 8;
    let is_mixed = |first: u64| !is_signal(first) || !is_signal(first + length as u64 - 1);
    let arrivals = arrivals(path, speech.seconds * 1000 / path.packet_ms, &mut Chance(seed));
    let (mut playout, mut delivered, mut next) = (Playout::new(), Delivered::default(), 0);
    // From a place in what is played to the sender's time, where it is known.
    let mut offset: Option<i64> = None;
    let mut payload = vec![0; length];
    // A fast clock has said all in less than the time.
    for tick in 0..(speech.seconds - 1) * 50 {
        // Ticks have a phase of their own.
        let due = tick as f64 * 20_000.0 + 7_300.0;
        while let Some((time, number)) = arrivals.get(next).filter(|(time, _)| *time as f64 <= due) {
            next += 1;
            let first = number * length as u64;
            let place = first as usize % PATTERN;
            payload.copy_from_slice(&codes[place..place + length]);
            for (index, code) in payload.iter_mut().enumerate().filter(|_| is_mixed(first)) {
                *code = if is_signal(first + index as u64) { *code } else { 0xFF };
            }
            let packet = Packet {
                marker: *number == 0,
                payload_type: 0,
                sequence: FIRST_SEQUENCE.wrapping_add(*number as u16),
                timestamp: FIRST_TIMESTAMP.wrapping_add(first as u32),
                ssrc: 1,
                payload: &payload,
            };
            playout.receive(&packet, at(began, *time as f64));
        }
        let frame = playout.play(at(began, due));
        let played = tick as i64 * FRAME;
        match frame.mark {
            Mark::Silence => delivered.silent += 1,
            Mark::Concealed => delivered.concealed += 1,
            Mark::Received if frame.samples[40] == 0 && frame.samples[120] == 0 => delivered.silent += 1,
            Mark::Received => {
                let fits = |offset: i64| {
                    let place = (played + offset).rem_euclid(PATTERN as i64) as usize;
                    let expected = &decoded[place..place + FRAME_SAMPLES];
                    frame.samples == expected
                        || frame.samples.iter().zip(expected).all(|(sample, other)| *sample == 0 || sample == other)
                };
                let found = offset.filter(|offset| fits(*offset)).or_else(|| {
                    let found = (0..PATTERN as i64).find(|offset| fits(*offset));
                    delivered.moves += u64::from(offset.is_some() && found.is_some());
                    found
                });
                match found {
                    Some(found) => (offset, delivered.exact) = (Some(found), delivered.exact + 1),
                    None => delivered.wrong += 1,
                }
            }
        }
    }
    delivered.statistics = playout.statistics();
    println!(
        "loss {:4.1} % overtaken {:3.1} % jitter {:3} ms drift {:5.0} ppm packets {:2} ms: {:6} exact {:5} concealed {:6} silent {} wrong, \
         {:3} corrections {:2} slips {:4} late, jitter {:5.1?} drift {:?} delay {:?}",
        path.lost as f64 / 10.0,
        path.overtaken as f64 / 10.0,
        path.jitter_ms,
        path.drift,
        path.packet_ms,
        delivered.exact,
        delivered.concealed,
        delivered.silent,
        delivered.wrong,
        delivered.statistics.corrections,
        delivered.statistics.slips,
        delivered.statistics.late,
        delivered.statistics.jitter,
        delivered.statistics.drift_parts_per_million.map(f64::round),
        delivered.statistics.delay,
    );
    delivered
}

#[test]
fn jitter_of_60_ms_and_packets_overtaken_cost_nothing() {
    for packet_ms in [10, 20, 30, 40] {
        for seed in 1..5 {
            let path = Path { jitter_ms: 60, overtaken: 10, packet_ms, ..STRAIGHT };
            let delivered = run(path, CALL, seed);
            assert_eq!((delivered.concealed, delivered.wrong, delivered.statistics.late), (0, 0, 0));
            assert_eq!(delivered.statistics.slips, 0);
            assert!(delivered.exact > 4800, "{}", delivered.exact);
        }
    }
}

#[test]
fn a_loss_costs_its_own_samples_and_moves_nothing() {
    for lost in [1, 5, 10, 20, 50] {
        let path = Path { lost, jitter_ms: 20, doubled: 5, ..STRAIGHT };
        let delivered = run(path, CALL, 7 + lost);
        assert_eq!((delivered.wrong, delivered.statistics.slips, delivered.statistics.late), (0, 0, 0));
        assert!(delivered.concealed <= delivered.statistics.lost + 1, "{delivered:?}");
        assert!(delivered.moves <= delivered.statistics.corrections, "{delivered:?}");
    }
}

#[test]
fn clocks_that_drift_for_an_hour_are_corrected_in_silence_only() {
    let hour = Speech { seconds: 3600, signal_ms: 40_000, silence_ms: 1500 };
    for drift in [-200.0, 200.0] {
        let delivered = run(Path { drift, jitter_ms: 10, ..STRAIGHT }, hour, 3);
        assert_eq!((delivered.concealed, delivered.wrong, delivered.statistics.slips), (0, 0, 0));
        assert_eq!(delivered.statistics.late, 0);
        // 720 ms in an hour.
        assert!((34..=37).contains(&delivered.statistics.corrections), "{delivered:?}");
        let told = delivered.statistics.drift_parts_per_million.unwrap();
        assert!((told - drift).abs() < 5.0, "{told}");
    }
}

#[test]
fn a_signal_without_end_slips_by_single_frames_and_stays_bounded() {
    let page = Speech { seconds: 2400, signal_ms: 4_000_000, silence_ms: 0 };
    for (drift, slips) in [(-200.0, 15..=21), (200.0, 8..=16)] {
        let delivered = run(Path { drift, jitter_ms: 10, ..STRAIGHT }, page, 3);
        assert_eq!((delivered.wrong, delivered.statistics.corrections), (0, 0));
        assert!(slips.contains(&delivered.statistics.slips), "{delivered:?}");
        assert_eq!(delivered.statistics.late, 0);
        assert!(delivered.statistics.delay < Duration::from_millis(500), "{delivered:?}");
    }
}

/// A playout with its own time; packets carry 20 ms of one code.
struct Ends {
    playout: Playout,
    now: Instant,
    packet: (u32, u16, u32),
}

impl Ends {
    fn new() -> Self {
        Self { playout: Playout::new(), now: base(), packet: (7, 100, 5000) }
    }

    /// Sends the next packet of this type and code, and plays a frame.
    fn turn(&mut self, payload_type: u8, code: u8) -> (Mark, i16) {
        self.send(payload_type, code, false);
        self.play()
    }

    fn send(&mut self, payload_type: u8, code: u8, marker: bool) {
        let (ssrc, sequence, timestamp) = self.packet;
        let payload = [code; FRAME_SAMPLES];
        let payload = if payload_type == 13 { &payload[..1] } else { &payload[..] };
        self.playout.receive(&Packet { marker, payload_type, sequence, timestamp, ssrc, payload }, self.now);
        self.packet = (ssrc, sequence.wrapping_add(1), timestamp.wrapping_add(160));
    }

    fn play(&mut self) -> (Mark, i16) {
        self.now += Duration::from_millis(20);
        let frame = self.playout.play(self.now);
        (frame.mark, frame.samples[80])
    }

    fn turns(&mut self, count: usize, code: u8) -> Vec<(Mark, i16)> {
        (0..count).map(|_| self.turn(0, code)).collect()
    }
}

/// Decoded values of two codes of µ-law and of one of A-law.
const LOUD: u8 = 0x80;
const OTHER: u8 = 0x90;
const LOUD_SAMPLE: i16 = 32_124;
const OTHER_SAMPLE: i16 = 15_996;

#[test]
fn a_frame_of_silence_comes_at_each_tick_before_anything_was_received() {
    let mut ends = Ends::new();
    assert!((0..100).all(|_| ends.play() == (Mark::Silence, 0)));
    assert_eq!(ends.playout.statistics(), Statistics::default());
}

#[test]
fn the_law_may_change_within_a_stream() {
    let mut ends = Ends::new();
    let mut heard = ends.turns(20, LOUD);
    // The loudest word of A-law.
    heard.extend((0..20).map(|_| ends.turn(8, 0xAA)));
    let signal: Vec<_> = heard.iter().skip_while(|(mark, _)| *mark == Mark::Silence).collect();
    assert!(signal.iter().all(|(mark, _)| *mark == Mark::Received));
    assert_eq!(signal.iter().filter(|(_, sample)| *sample == LOUD_SAMPLE).count(), 20);
    assert_eq!(signal.last().map(|(_, sample)| *sample), Some(32_256));
}

#[test]
fn a_lost_packet_is_filled_with_the_one_before_and_a_long_hole_becomes_silence() {
    let mut ends = Ends::new();
    ends.turns(20, LOUD);
    ends.packet.1 += 1;
    ends.packet.2 += 160;
    let marks: Vec<_> = (0..20).map(|_| ends.turn(0, OTHER)).collect();
    let concealed: Vec<_> = marks.iter().filter(|(mark, _)| *mark == Mark::Concealed).collect();
    assert_eq!(concealed, [&(Mark::Concealed, LOUD_SAMPLE)]);
    let hole: Vec<_> = (0..40).map(|_| ends.play()).skip_while(|(mark, _)| *mark == Mark::Received).collect();
    assert!(hole[..10].iter().all(|frame| *frame == (Mark::Concealed, OTHER_SAMPLE)));
    assert!(hole[10..].iter().all(|frame| *frame == (Mark::Silence, 0)));
}

/// A sender that leaves silence out goes on with the next number, at a later time.
#[test]
fn a_pause_of_the_sender_is_silence_and_no_loss() {
    for pause in [2, 10, 45, 500] {
        let mut ends = Ends::new();
        ends.turns(30, LOUD);
        ends.turn(13, 60);
        let mut heard: Vec<_> = (0..pause).map(|_| ends.play()).collect();
        ends.packet.2 += 160 * pause;
        ends.send(0, OTHER, true);
        heard.push(ends.play());
        heard.extend(ends.turns(20, OTHER));
        assert!(heard.iter().all(|(mark, _)| *mark != Mark::Concealed), "{pause}: {heard:?}");
        assert_eq!(heard.iter().filter(|(mark, _)| *mark == Mark::Silence).count(), pause as usize + 1);
        assert_eq!((ends.playout.statistics().lost, ends.playout.statistics().restarts), (0, 0));
    }
}

#[test]
fn a_clock_that_stood_still_or_leapt_while_the_sender_paused_is_set_anew() {
    for leap in [0_u32, 160 * 50 * 60, 0x8000_0000, 0_u32.wrapping_sub(160 * 5000)] {
        let mut ends = Ends::new();
        ends.turns(30, LOUD);
        for _ in 0..150 {
            ends.play();
        }
        ends.packet.2 = ends.packet.2.wrapping_add(leap);
        ends.send(0, OTHER, true);
        let mut heard = vec![ends.play()];
        heard.extend(ends.turns(39, OTHER));
        let received = heard.iter().filter(|frame| **frame == (Mark::Received, OTHER_SAMPLE)).count();
        // All but the delay.
        assert!((34..=36).contains(&received), "{leap}: {received} {heard:?}");
        assert_eq!(ends.playout.statistics().restarts, 1);
    }
}

#[test]
fn a_path_that_becomes_longer_costs_the_time_until_that_is_known() {
    let mut ends = Ends::new();
    ends.turns(50, LOUD);
    // 200 ms more from here on.
    for _ in 0..10 {
        ends.play();
    }
    let heard = ends.turns(100, OTHER);
    let received = heard.iter().filter(|frame| **frame == (Mark::Received, OTHER_SAMPLE)).count();
    assert!((85..=90).contains(&received), "{received}");
    assert_eq!(ends.playout.statistics().restarts, 1);
}

#[test]
fn another_source_needs_two_packets_and_a_stray_one_does_nothing() {
    let mut ends = Ends::new();
    ends.turns(20, LOUD);
    let own = ends.packet;
    ends.packet = (8, 1, 1);
    ends.send(0, OTHER, false);
    ends.packet = own;
    assert!(ends.turns(20, LOUD).iter().all(|frame| *frame == (Mark::Received, LOUD_SAMPLE)));
    ends.packet = (8, 40_000, 77);
    let heard = ends.turns(30, OTHER);
    assert_eq!(heard.iter().filter(|(_, sample)| *sample == OTHER_SAMPLE).count(), 24, "{heard:?}");
    let statistics = ends.playout.statistics();
    assert_eq!((statistics.ssrc, statistics.refused, statistics.restarts, statistics.lost), (Some(8), 2, 1, 0));
}

#[test]
fn a_hint_of_silence_lets_the_delay_be_corrected_under_an_echo() {
    // Decodes to 244, −36 dBm0: louder than silence.
    const FAINT: u8 = 0xE8;
    for hint in [false, true] {
        let mut ends = Ends::new();
        ends.turns(50, FAINT);
        ends.playout.set_line_is_silent(hint);
        // The clock has leapt by 200 ms and packets come that much too early from now on.
        for _ in 0..10 {
            ends.send(0, FAINT, false);
        }
        ends.turns(200, FAINT);
        let statistics = ends.playout.statistics();
        assert_eq!((statistics.corrections >= 8, statistics.slips), (hint, 0), "{statistics:?}");
    }
}

#[test]
fn too_long_a_packet_is_refused() {
    let mut playout = Playout::new();
    let payload = [LOUD; MOST_PACKET_SAMPLES + 1];
    playout.receive(
        &Packet { marker: true, payload_type: 0, sequence: 1, timestamp: 1, ssrc: 1, payload: &payload },
        base(),
    );
    assert_eq!(playout.statistics(), Statistics { refused: 1, ..Statistics::default() });
}

/// An event, and audio of nearly a second before it; then the sender stops. Found by fuzzing as seventy repeated frames.
#[test]
fn packets_that_are_all_late_insert_nothing() {
    let mut ends = Ends::new();
    ends.turn(101, 0);
    ends.packet.2 = ends.packet.2.wrapping_sub(7000);
    for _ in 0..4 {
        ends.send(0, LOUD, false);
    }
    let heard: Vec<_> = (0..40).map(|_| ends.play().0).collect();
    assert!(heard.iter().filter(|mark| **mark == Mark::Concealed).count() <= 10, "{heard:?}");
    assert_eq!(ends.playout.statistics().slips, 0);
}

/// A path that becomes longer in the middle of a page moves its symbols by whole frames, whatever the packets' length.
#[test]
fn a_new_beginning_keeps_the_phase_of_the_samples() {
    let (mut playout, began) = (Playout::new(), base());
    let codes: Vec<u8> = pattern();
    let mut heard = Vec::new();
    // Packets of 30 ms; those from the 42nd on take 330 ms more.
    for tick in 0..130_u64 {
        let now = began + Duration::from_millis(tick * 20);
        for number in 0..65_u16 {
            let sent = u64::from(number) * 30 + if number < 41 { 0 } else { 330 };
            if (tick * 20..tick * 20 + 20).contains(&sent) {
                let first = usize::from(number) * 240;
                let packet = Packet {
                    marker: false,
                    payload_type: 0,
                    sequence: number,
                    timestamp: u32::from(number) * 240,
                    ssrc: 1,
                    payload: &codes[first..first + 240],
                };
                playout.receive(&packet, began + Duration::from_millis(sent));
            }
        }
        heard.push(*playout.play(now).samples);
    }
    let decoded: Vec<i16> = codes.iter().map(|code| Law::Mu.decode(*code)).collect();
    let place = |frame: &[i16; FRAME_SAMPLES]| decoded.windows(FRAME_SAMPLES).position(|window| window == frame);
    let places: Vec<_> = heard.iter().filter_map(place).collect();
    assert!(places.len() > 80, "{}", places.len());
    assert!(places.iter().all(|found| found % FRAME_SAMPLES == places[0] % FRAME_SAMPLES), "{places:?}");
    assert_eq!(playout.statistics().restarts, 1);
}
