//! Recorded calls heard, our own pacing measured, and two terminals joined by a path that loses, swaps and repeats.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::signal::{Modulation, Tone, Training};
use crate::t38::ifp::{DataKind, Field, FieldKind, Indicator};
use crate::t38::udptl::{Datagram, Recovery};

mod parting;
mod proof;
mod quirks;

#[expect(clippy::disallowed_methods, reason = "a base for virtual time")]
fn base() -> Instant {
    Instant::now()
}

const fn ms(count: u64) -> Duration {
    Duration::from_millis(count)
}

/// Runs a terminal's own timers up to `until` and gives what it said with the time since `start`.
fn run(terminal: &mut Terminal, start: Instant, until: Instant) -> Vec<(Duration, Output)> {
    let mut said = Vec::new();
    let mut now = start;
    loop {
        while let Some(output) = terminal.poll() {
            said.push((now - start, output));
        }
        match terminal.deadline().filter(|at| *at <= until) {
            Some(at) => now = now.max(at),
            None => return said,
        }
        terminal.handle(Input::Timeout, now);
    }
}

/// The packets sent for the first time, with their times, and the time of `Sent`.
fn packets(said: &[(Duration, Output)]) -> (Vec<(Duration, Packet)>, Option<Duration>) {
    let mut seen = Vec::new();
    let mut packets = Vec::new();
    let mut sent = None;
    for (at, output) in said {
        match output {
            Output::Datagram(octets) => {
                let datagram = Datagram::decode(octets).unwrap();
                if !seen.contains(&datagram.sequence) {
                    seen.push(datagram.sequence);
                    packets.push((*at, Packet::decode(datagram.primary, Grammar::Version0).unwrap()));
                }
            }
            Output::Sent => sent = Some(*at),
            Output::Heard(heard) => panic!("{heard:?}"),
        }
    }
    (packets, sent)
}

fn play(settings: Settings, burst: Burst) -> (Vec<(Duration, Packet)>, Option<Duration>) {
    let start = base();
    let mut terminal = Terminal::new(settings, start);
    terminal.handle(Input::Send(burst), start);
    packets(&run(&mut terminal, start, start + ms(9000)))
}

fn hex(octets: &str) -> Vec<u8> {
    (0..octets.len()).step_by(2).map(|at| u8::from_str_radix(&octets[at..at + 2], 16).unwrap()).collect()
}

fn hdlc(kind: DataKind, data: &[u8]) -> Packet {
    Packet::data(kind, Field::with(FieldKind::HdlcData, data.to_vec()))
}

fn bare(kind: DataKind, field: FieldKind) -> Packet {
    Packet::data(kind, Field::bare(field))
}

/// What was heard in the words of the files beside the recordings, which were made from Wireshark's dissection:
/// streams of bits are joined.
fn describe(heard: &[Heard]) -> String {
    let mut text = String::new();
    let mut bits: Vec<u8> = Vec::new();
    for event in heard {
        if let Heard::Bits(more) = event {
            bits.extend(more);
            continue;
        }
        if !bits.is_empty() {
            let stream = std::mem::take(&mut bits);
            let sum = if stream.iter().all(|octet| *octet == 0) {
                "zeros".into()
            } else {
                format!("crc {:08x}", crc32(&stream))
            };
            writeln!(text, "bits {} {sum}", stream.len()).unwrap();
        }
        match event {
            Heard::Tone(Tone::Cng) => text.push_str("tone cng\n"),
            Heard::Tone(Tone::Ced) => text.push_str("tone ced\n"),
            Heard::Preamble => text.push_str("preamble\n"),
            Heard::Carrier { modulation, training } => writeln!(text, "carrier {modulation:?} {training:?}").unwrap(),
            Heard::Frame(frame) => {
                let frame: String = frame.iter().map(|octet| format!("{octet:02x}")).collect();
                writeln!(text, "frame {frame}").unwrap();
            }
            Heard::DamagedFrame => text.push_str("damaged frame\n"),
            Heard::Bits(_) => {}
            Heard::End => text.push_str("end\n"),
        }
    }
    text
}

fn crc32(octets: &[u8]) -> u32 {
    !octets.iter().fold(!0_u32, |sum, octet| {
        (0..8).fold(sum ^ u32::from(*octet), |sum, _| sum >> 1 ^ if sum & 1 == 1 { 0xEDB8_8320 } else { 0 })
    })
}

/// Plays a recording to a terminal; `keep` says which datagrams arrive.
fn replay(recording: &str, keep: impl Fn(usize) -> bool) -> Vec<Heard> {
    let start = base();
    let mut terminal = Terminal::new(Settings { keep_alive: None, ..Settings::default() }, start);
    let mut said = Vec::new();
    let mut now = start;
    for (index, line) in recording.lines().enumerate() {
        let (at, octets) = line.split_once(' ').unwrap();
        let arrival = start + ms(at.parse().unwrap());
        said.extend(run(&mut terminal, now, arrival));
        now = arrival;
        if keep(index) {
            terminal.handle(Input::Datagram(&hex(octets)), now);
        }
    }
    said.extend(run(&mut terminal, now, now + ms(1000)));
    said.into_iter()
        .filter_map(|(_, output)| match output {
            Output::Heard(heard) => Some(heard),
            Output::Datagram(_) | Output::Sent => None,
        })
        .collect()
}

const ECM_CALLER: &str = include_str!("../../testdata/asterisk-ecm-caller.datagrams");
const FEC_CALLER: &str = include_str!("../../testdata/asterisk-fec-caller.datagrams");
const FEC_CALLER_HEARD: &str = include_str!("../../testdata/asterisk-fec-caller.heard");

#[test]
fn recorded_asterisk_calls_are_heard_as_wireshark_dissects_them() {
    let answerer = include_str!("../../testdata/asterisk-ecm-answerer.datagrams");
    let v29_caller = include_str!("../../testdata/asterisk-v29-caller.datagrams");
    for (recording, heard) in [
        (ECM_CALLER, include_str!("../../testdata/asterisk-ecm-caller.heard")),
        (answerer, include_str!("../../testdata/asterisk-ecm-answerer.heard")),
        (v29_caller, include_str!("../../testdata/asterisk-v29-caller.heard")),
        (FEC_CALLER, FEC_CALLER_HEARD),
    ] {
        assert_eq!(describe(&replay(recording, |_| true)), heard);
    }
}

#[test]
fn recorded_redundancy_hides_three_of_four_datagrams_lost() {
    let heard = replay(ECM_CALLER, |index| index % 4 == 3 || index > 190);
    assert_eq!(describe(&heard), include_str!("../../testdata/asterisk-ecm-caller.heard"));
}

#[test]
fn recorded_parity_hides_three_datagrams_lost_in_a_row() {
    let heard = replay(FEC_CALLER, |index| index < 10 || !matches!(index % 20, 7..10) || index > 170);
    assert_eq!(describe(&heard), FEC_CALLER_HEARD);
}

#[test]
fn the_first_datagram_says_silence() {
    let mut terminal = Terminal::new(Settings::default(), base());
    // The same bytes as Asterisk's first.
    assert_eq!(terminal.poll(), Some(Output::Datagram(vec![0, 0, 1, 0, 0, 0])));
    assert_eq!(terminal.poll(), None);
}

#[test]
fn control_signal_is_paced_as_v21_plays_it() {
    let frame = hex("ffc82100");
    let (packets, sent) = play(Settings::default(), Burst::Control(vec![frame]));
    let expected = [
        Packet::Indicator(Indicator::NoSignal),
        Packet::Indicator(Indicator::V21Preamble),
        hdlc(DataKind::V21, &[0xFF]),
        hdlc(DataKind::V21, &[0xC8]),
        hdlc(DataKind::V21, &[0x21]),
        hdlc(DataKind::V21, &[0x00]),
        bare(DataKind::V21, FieldKind::HdlcFcsOkSigEnd),
        Packet::Indicator(Indicator::NoSignal),
    ];
    assert_eq!(packets.iter().map(|(_, packet)| packet.clone()).collect::<Vec<_>>(), expected);
    let times: Vec<_> = packets.iter().map(|(at, _)| at.as_millis()).collect();
    // A stuffed bit each in FF and, with its last ones, C8: 30 ms; 27 ms for the others.
    assert_eq!(times[..7], [0, 0, 1000, 1030, 1060, 1086, 1113]);
    // Check sequence, flag, flag: 32 bits and what is stuffed.
    let tail = sent.unwrap().as_millis() - times[6];
    assert!((106..=116).contains(&tail), "{tail}");
}

#[test]
fn frames_follow_one_another_within_one_signal() {
    let (packets, _) = play(Settings::default(), Burst::Control(vec![hex("ffc021"), hex("ffc822")]));
    let ends: Vec<_> = packets
        .iter()
        .filter(|(_, packet)| {
            *packet == bare(DataKind::V21, FieldKind::HdlcFcsOk)
                || *packet == bare(DataKind::V21, FieldKind::HdlcFcsOkSigEnd)
        })
        .collect();
    assert_eq!(ends.len(), 2);
    assert_eq!(ends[0].1, bare(DataKind::V21, FieldKind::HdlcFcsOk));
}

#[test]
fn training_check_is_trained_for_and_lasts_a_second_and_a_half() {
    for (modulation, training) in [
        (Modulation::V27ter2400, 943),
        (Modulation::V27ter4800, 708),
        (Modulation::V29At9600, 234),
        (Modulation::V17At14400, 1393),
    ] {
        let (packets, sent) = play(Settings::default(), Burst::TrainingCheck { modulation });
        assert_eq!(packets[1].1, Packet::Indicator(Indicator::Training(modulation, Training::Long)));
        assert_eq!(packets[2].0, ms(training));
        let mut zeros = 0;
        for (_, packet) in &packets {
            if let Packet::Data { kind, fields } = packet {
                assert_eq!(*kind, DataKind::Fast(modulation));
                assert!(fields.iter().all(|field| field.data.iter().all(|octet| *octet == 0)));
                zeros += fields[0].data.len();
            }
        }
        assert_eq!(zeros as u32, modulation.bits_per_second() * 3 / 2 / 8);
        let end =
            packets.iter().find(|(_, packet)| *packet == bare(DataKind::Fast(modulation), FieldKind::T4NonEcmSigEnd));
        let end = end.expect("the check ends").0;
        assert!(end.abs_diff(ms(training + 1500)) < ms(1), "{end:?}");
        assert_eq!(sent, Some(end));
    }
}

#[test]
fn talker_echo_protection_takes_its_time() {
    let settings = Settings { talker_echo_protection: true, ..Settings::default() };
    let (packets, _) = play(settings, Burst::TrainingCheck { modulation: Modulation::V29At9600 });
    assert_eq!(packets[2].0, ms(234 + 215));
}

#[test]
fn page_keeps_the_rate_and_every_octet() {
    let bits: Arc<[u8]> = (0..5000_u32).map(|number| (number * 7) as u8).collect();
    let burst = Burst::Page { modulation: Modulation::V29At9600, training: Training::Long, bits: bits.clone() };
    let (packets, sent) = play(Settings::default(), burst);
    let mut octets: Vec<u8> = Vec::new();
    for (at, packet) in &packets[2..] {
        if let Packet::Data { fields, .. } = packet {
            // Never behind the modem that plays it, never more than a packet ahead.
            assert!(at.abs_diff(ms(234) + timing::bits(octets.len() as u64 * 8, 9600)) < ms(1));
            octets.extend(&fields[0].data);
        }
    }
    assert_eq!(octets[..5000], *bits);
    assert!(octets[5000..].iter().all(|octet| *octet == 0));
    assert_eq!(octets.len(), 5072);
    // 00 07 looks like an end of line every 256 octets: a gateway may be so far behind, of which 60 ms are zeros.
    let behind = timing::bits(256 * 8, 9600) - ms(60);
    assert!(sent.unwrap().abs_diff(ms(234) + timing::bits(5072 * 8, 9600) + behind) < ms(1));
}

#[test]
fn block_counts_stuffed_bits_and_begins_after_flags() {
    let frame: Vec<u8> = [0xFF, 0xC0, 0x60, 0x00].into_iter().chain([0xFF; 256]).collect();
    let burst = Burst::Block { modulation: Modulation::V17At14400, training: Training::Short, frames: vec![frame; 10] };
    let (packets, sent) = play(Settings::default(), burst);
    assert_eq!(packets[1].1, Packet::Indicator(Indicator::Training(Modulation::V17At14400, Training::Short)));
    assert_eq!(packets[2].0, ms(142 + 200));
    // 260 octets and the check sequence with a fifth of 256 octets stuffed, and a flag, ten times over.
    let took = sent.unwrap() - packets[2].0;
    let bits = (took.as_micros() * 144 / 10_000) as u64;
    assert!((10 * (262 * 8 + 409 + 8)..10 * (262 * 8 + 409 + 20)).contains(&bits), "{bits}");
}

#[test]
fn seventy_five_milliseconds_lie_between_signals() {
    let start = base();
    let mut terminal = Terminal::new(Settings::default(), start);
    let control = || Burst::Control(vec![hex("ffc821")]);
    terminal.handle(Input::Send(control()), start);
    terminal.handle(Input::Send(Burst::TrainingCheck { modulation: Modulation::V29At9600 }), start);
    let said = run(&mut terminal, start, start + ms(9000));
    let first = said.iter().find(|(_, output)| *output == Output::Sent).unwrap().0;
    let (sent, _) = packets(&said);
    let training =
        sent.iter().find(|(_, packet)| matches!(packet, Packet::Indicator(Indicator::Training(..)))).unwrap();
    assert_eq!(training.0, first + ms(75));
    // And after one of the far end.
    let now = start + ms(9000);
    for (number, octets) in [[0x06].as_slice(), &[0xC0, 1, 0x40], &[0x00]].into_iter().enumerate() {
        let recovery = Recovery::Secondaries(Vec::new());
        terminal
            .handle(Input::Datagram(&Datagram { sequence: number as u16, primary: octets, recovery }.encode()), now);
    }
    terminal.handle(Input::Send(control()), now);
    let preamble =
        run(&mut terminal, now, now + ms(200)).into_iter().find(|(_, output)| matches!(output, Output::Datagram(_)));
    assert_eq!(preamble.unwrap().0, ms(75));
}

#[test]
fn calling_tone_goes_on_until_the_next_burst() {
    let start = base();
    let mut terminal = Terminal::new(Settings::default(), start);
    terminal.handle(Input::Send(Burst::Tone(Tone::Cng)), start);
    let mut said = run(&mut terminal, start, start + ms(8000));
    terminal.handle(Input::Send(Burst::Control(vec![hex("ffc821")])), start + ms(8000));
    said.extend(run(&mut terminal, start + ms(8000), start + ms(12_000)));
    let (packets, sent) = packets(&said);
    let indicators: Vec<_> = packets
        .iter()
        .filter_map(|(_, packet)| match packet {
            Packet::Indicator(indicator) => Some(*indicator),
            Packet::Data { .. } => None,
        })
        .collect();
    let (silent, tone) = (Indicator::NoSignal, Indicator::Cng);
    assert_eq!(indicators, [silent, tone, tone, tone, silent, Indicator::V21Preamble, silent]);
    assert!(sent.is_some());
}

#[test]
fn stopping_ends_the_carrier_and_says_nothing_more() {
    let start = base();
    let mut terminal = Terminal::new(Settings { keep_alive: None, ..Settings::default() }, start);
    let bits: Arc<[u8]> = Arc::from(vec![1; 9000]);
    let page = Burst::Page { modulation: Modulation::V29At9600, training: Training::Long, bits };
    terminal.handle(Input::Send(page), start);
    run(&mut terminal, start, start + ms(1000));
    terminal.handle(Input::StopSending, start + ms(1000));
    let (packets, sent) = packets(&run(&mut terminal, start + ms(1000), start + ms(60_000)));
    let v29 = DataKind::Fast(Modulation::V29At9600);
    let ends: Vec<_> = packets.into_iter().map(|(_, packet)| packet).collect();
    assert_eq!(ends, [bare(v29, FieldKind::T4NonEcmSigEnd), Packet::Indicator(Indicator::NoSignal)]);
    assert_eq!(sent, None);
    assert!(terminal.is_idle());
}

#[test]
fn silence_sends_nothing_and_answers_in_time() {
    let (packets, sent) = play(Settings::default(), Burst::Silence(ms(700)));
    assert_eq!(packets.len(), 1);
    assert_eq!(sent, Some(ms(700)));
}

#[test]
fn an_indicator_is_sent_three_times_under_one_number() {
    let start = base();
    let mut terminal = Terminal::new(Settings::default(), start);
    let said = run(&mut terminal, start, start + ms(500));
    let times: Vec<_> = said.iter().map(|(at, _)| at.as_millis()).collect();
    // And then ever later, as long as nothing is heard.
    assert_eq!(times, [0, 20, 40, 100, 180, 300, 460]);
    assert!(said.windows(2).all(|pair| pair[0].1 == pair[1].1));
}

#[test]
fn an_idle_terminal_keeps_the_way_open() {
    let start = base();
    let mut terminal = Terminal::new(Settings::default(), start);
    let said = run(&mut terminal, start, start + ms(35_000));
    assert_eq!(said.iter().filter(|(at, _)| *at > ms(2500)).count(), 3);
}

#[test]
fn a_machine_that_slept_does_not_flood_the_far_end() {
    let start = base();
    let mut terminal = Terminal::new(Settings::default(), start);
    let bits: Arc<[u8]> = Arc::from(vec![1; 90_000]);
    terminal
        .handle(Input::Send(Burst::Page { modulation: Modulation::V29At9600, training: Training::Long, bits }), start);
    run(&mut terminal, start, start + ms(1000));
    terminal.handle(Input::Timeout, start + ms(31_000));
    assert!(std::iter::from_fn(|| terminal.poll()).count() < 5);
}

#[test]
fn small_far_datagrams_bound_every_datagram() {
    let start = base();
    for error_correction in [ErrorCorrection::None, ErrorCorrection::Redundancy, ErrorCorrection::Fec] {
        for (given, bound) in [(0, 72), (72, 72), (176, 176), (320, 320), (60_000, 1400)] {
            let settings =
                Settings { max_datagram_octets: given, error_correction, chunk: ms(40), ..Settings::default() };
            let mut terminal = Terminal::new(settings, start);
            let frames = vec![vec![0x5A; 260]; 20];
            let block = Burst::Block { modulation: Modulation::V17At14400, training: Training::Short, frames };
            terminal.handle(Input::Send(block), start);
            for (_, output) in run(&mut terminal, start, start + ms(9000)) {
                if let Output::Datagram(octets) = output {
                    assert!(octets.len() <= bound, "{} octets for {given}", octets.len());
                }
            }
        }
    }
}

// ---- Hearing what gateways really send ----

/// Feeds packets, none being a loss, a millisecond apart, then time.
fn hear(packets: &[Option<Packet>], then: Duration) -> Vec<Heard> {
    let start = base();
    let mut terminal = Terminal::new(Settings::default(), start);
    let mut now = start;
    let mut said = Vec::new();
    for (number, packet) in (0..).zip(packets) {
        if let Some(packet) = packet {
            let primary = packet.encode(Grammar::Version0);
            let datagram =
                Datagram { sequence: number, primary: &primary, recovery: Recovery::Secondaries(Vec::new()) };
            terminal.handle(Input::Datagram(&datagram.encode()), now);
        }
        said.extend(run(&mut terminal, now, now + ms(1)));
        now += ms(1);
    }
    said.extend(run(&mut terminal, now, now + then));
    said.into_iter()
        .filter_map(|(_, output)| match output {
            Output::Heard(heard) => Some(heard),
            Output::Datagram(_) | Output::Sent => None,
        })
        .collect()
}

fn indicator(indicator: Indicator) -> Option<Packet> {
    Some(Packet::Indicator(indicator))
}

fn v21(octets: &str) -> Option<Packet> {
    Some(hdlc(DataKind::V21, &hex(octets)))
}

fn v21_end(field: FieldKind) -> Option<Packet> {
    Some(bare(DataKind::V21, field))
}

const V17: DataKind = DataKind::Fast(Modulation::V17At14400);

fn carrier(modulation: Modulation, training: Training) -> Heard {
    Heard::Carrier { modulation, training }
}

#[test]
fn repeated_indicators_and_ends_are_heard_once() {
    let heard = hear(
        &[
            indicator(Indicator::Ced),
            indicator(Indicator::Ced),
            indicator(Indicator::V21Preamble),
            indicator(Indicator::V21Preamble),
            v21("ffc821"),
            v21_end(FieldKind::HdlcFcsOkSigEnd),
            v21_end(FieldKind::HdlcFcsOkSigEnd),
            v21_end(FieldKind::HdlcSigEnd),
            indicator(Indicator::NoSignal),
            indicator(Indicator::NoSignal),
        ],
        ms(400),
    );
    assert_eq!(heard, [Heard::Tone(Tone::Ced), Heard::Preamble, Heard::Frame(hex("ffc821")), Heard::End]);
}

#[test]
fn a_hole_in_a_frame_makes_it_damaged_and_spares_the_next() {
    let heard = hear(
        &[
            indicator(Indicator::V21Preamble),
            v21("ffc0"),
            None,
            v21("21"),
            v21_end(FieldKind::HdlcFcsOk),
            v21("ffc822"),
            v21_end(FieldKind::HdlcFcsOkSigEnd),
        ],
        ms(400),
    );
    assert_eq!(heard, [Heard::Preamble, Heard::DamagedFrame, Heard::Frame(hex("ffc822")), Heard::End]);
}

#[test]
fn a_frame_whose_beginning_was_lost_is_not_taken_for_whole() {
    let heard = hear(
        &[
            indicator(Indicator::V21Preamble),
            None,
            v21("c821"),
            v21_end(FieldKind::HdlcFcsOk),
            None,
            v21("ffc822"),
            v21_end(FieldKind::HdlcFcsOkSigEnd),
        ],
        ms(900),
    );
    assert_eq!(heard, [Heard::Preamble, Heard::DamagedFrame, Heard::Frame(hex("ffc822")), Heard::End]);
}

#[test]
fn data_without_its_indicator_opens_the_carrier() {
    let heard = hear(&[v21("ffc821"), v21_end(FieldKind::HdlcFcsOkSigEnd)], ms(400));
    assert_eq!(heard, [Heard::Preamble, Heard::Frame(hex("ffc821")), Heard::End]);
    let bits = Packet::data(V17, Field::with(FieldKind::T4NonEcmData, vec![0; 9]));
    let heard = hear(&[Some(bits), Some(bare(V17, FieldKind::T4NonEcmSigEnd))], ms(400));
    assert_eq!(heard, [carrier(Modulation::V17At14400, Training::Long), Heard::Bits(vec![0; 9]), Heard::End]);
}

#[test]
fn the_next_indicator_ends_a_signal_whose_end_was_lost() {
    let heard = hear(&[indicator(Indicator::V21Preamble), v21("ffc8"), None, indicator(Indicator::NoSignal)], ms(400));
    assert_eq!(heard, [Heard::Preamble, Heard::DamagedFrame, Heard::End]);
    let training = indicator(Indicator::Training(Modulation::V29At9600, Training::Long));
    let heard = hear(&[indicator(Indicator::V21Preamble), v21("ffc8"), training], ms(400));
    let expected = [Heard::Preamble, Heard::DamagedFrame, Heard::End, carrier(Modulation::V29At9600, Training::Long)];
    assert_eq!(heard, expected);
}

#[test]
fn a_signal_that_falls_silent_ends_by_itself() {
    let preamble = [indicator(Indicator::V21Preamble)];
    assert_eq!(hear(&preamble, hearing::SIGNAL_WAIT - ms(10)), [Heard::Preamble]);
    assert_eq!(hear(&preamble, hearing::SIGNAL_WAIT + ms(10)), [Heard::Preamble, Heard::End]);
    let data = [indicator(Indicator::V21Preamble), v21("ffc8")];
    assert_eq!(hear(&data, hearing::DATA_WAIT - ms(10)), [Heard::Preamble]);
    assert_eq!(hear(&data, hearing::DATA_WAIT + ms(10)), [Heard::Preamble, Heard::DamagedFrame, Heard::End]);
}

/// Mediatrix gateways end the training check with the end of an HDLC carrier.
#[test]
fn mediatrix_ends_a_training_check_with_hdlc_sig_end() {
    let heard = hear(
        &[
            indicator(Indicator::Training(Modulation::V17At14400, Training::Long)),
            Some(Packet::data(V17, Field::with(FieldKind::T4NonEcmData, vec![0; 4]))),
            Some(bare(V17, FieldKind::HdlcSigEnd)),
        ],
        ms(400),
    );
    assert_eq!(heard, [carrier(Modulation::V17At14400, Training::Long), Heard::Bits(vec![0; 4]), Heard::End]);
}

#[test]
fn an_indicator_of_another_fast_modem_than_the_data_is_forgiven() {
    let heard = hear(
        &[
            indicator(Indicator::Training(Modulation::V17At12000, Training::Long)),
            Some(hdlc(V17, &hex("ffc06000"))),
            Some(bare(V17, FieldKind::HdlcFcsOkSigEnd)),
        ],
        ms(400),
    );
    let expected = [carrier(Modulation::V17At12000, Training::Long), Heard::Frame(hex("ffc06000")), Heard::End];
    assert_eq!(heard, expected);
}

#[test]
fn another_modems_data_after_data_is_another_signal() {
    let heard = hear(
        &[
            indicator(Indicator::V21Preamble),
            v21("ffc821"),
            v21_end(FieldKind::HdlcFcsOk),
            Some(Packet::data(V17, Field::with(FieldKind::T4NonEcmData, vec![0; 4]))),
        ],
        ms(400),
    );
    let expected = [
        Heard::Preamble,
        Heard::Frame(hex("ffc821")),
        Heard::End,
        carrier(Modulation::V17At14400, Training::Long),
        Heard::Bits(vec![0; 4]),
    ];
    assert_eq!(heard, expected);
}

#[test]
fn bad_check_sequences_and_endless_frames_are_damaged() {
    let mut packets = vec![
        indicator(Indicator::V21Preamble),
        v21("ffc821"),
        v21_end(FieldKind::HdlcFcsBad),
        v21("ffc8"),
        v21_end(FieldKind::HdlcFcsBadSigEnd),
        indicator(Indicator::V21Preamble),
    ];
    packets.extend(vec![v21("5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a"); 200]);
    packets.push(v21_end(FieldKind::HdlcFcsOkSigEnd));
    let expected = [
        Heard::Preamble,
        Heard::DamagedFrame,
        Heard::DamagedFrame,
        Heard::End,
        Heard::Preamble,
        Heard::DamagedFrame,
        Heard::End,
    ];
    assert_eq!(hear(&packets, ms(400)), expected);
}

#[test]
fn big_streams_are_cut_into_bounded_pieces() {
    let packet = Packet::data(V17, Field::with(FieldKind::T4NonEcmData, vec![1; 5000]));
    let heard = hear(&[Some(packet)], ms(400));
    assert!(heard.len() > 4);
    assert!(heard.iter().all(|heard| !matches!(heard, Heard::Bits(bits) if bits.len() > 1024)));
}

#[test]
fn a_far_end_of_the_other_version_is_understood() {
    let start = base();
    for (ours, theirs) in [(0, 3), (3, 0)] {
        let mut terminal = Terminal::new(Settings { version: ours, ..Settings::default() }, start);
        let mut other = Terminal::new(Settings { version: theirs, ..Settings::default() }, start);
        other.handle(Input::Send(Burst::Control(vec![hex("ffc021"), hex("ffc822")])), start);
        other.handle(Input::Send(Burst::Control(vec![hex("ffc023"), hex("ffc824")])), start);
        let mut frames = Vec::new();
        for (at, output) in run(&mut other, start, start + ms(9000)) {
            if let Output::Datagram(octets) = output {
                terminal.handle(Input::Datagram(&octets), start + at);
            }
            while let Some(output) = terminal.poll() {
                if let Output::Heard(Heard::Frame(frame)) = output {
                    frames.push(frame);
                }
            }
        }
        // With the first end of a signal the grammar is known; what goes before may cost a frame of the first signal.
        assert!(
            frames.ends_with(&[hex("ffc822"), hex("ffc023"), hex("ffc824")]),
            "{ours} hears {theirs}: {frames:02x?}"
        );
    }
}

// ---- Two terminals and a bad path ----

/// A seeded path: loss in percent, mean length of a burst of losses, swaps and repeats in percent.
struct Path {
    state: u64,
    loss: u64,
    burst: u64,
    mischief: u64,
    losing: u64,
}

impl Path {
    /// A number below `bound`, by the splitmix64 generator.
    const fn chance(&mut self, bound: u64) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.state ^ self.state >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ mixed >> 31) % bound
    }

    /// After what delays a datagram arrives.
    fn carry(&mut self) -> Vec<Duration> {
        if self.losing > 0 {
            self.losing -= 1;
            return Vec::new();
        }
        if self.loss > 0 && self.chance(100 * self.burst) < self.loss {
            self.losing = self.burst - 1;
            return Vec::new();
        }
        let delay = if self.chance(100) < self.mischief { ms(90) } else { ms(20) };
        let mut arrivals = vec![delay];
        if self.chance(100) < self.mischief {
            arrivals.push(ms(45));
        }
        arrivals
    }
}

/// A short call's worth of one side's bursts.
fn bursts() -> Vec<Burst> {
    let frames: Vec<_> = (0..40_u8)
        .map(|number| {
            let mut frame = vec![0xFF, 0xC0, 0x60, number];
            frame.extend((0..256_u32).map(|at| (at * u32::from(number)) as u8));
            frame
        })
        .chain(vec![hex("ffc061"); 3])
        .collect();
    let modulation = Modulation::V17At14400;
    vec![
        Burst::Control(vec![hex("ffc0c29c9c9c9c04"), hex("ffc8c100461f22")]),
        Burst::TrainingCheck { modulation },
        Burst::Block { modulation, training: Training::Short, frames },
        Burst::Control(vec![hex("ffc8fdf2000027")]),
        Burst::Page { modulation: Modulation::V29At7200, training: Training::Long, bits: Arc::from(vec![0x35; 4000]) },
        Burst::Control(vec![hex("ffc8df")]),
    ]
}

/// What the far terminal hears of [`bursts`].
fn converse(settings: &Settings, path: &mut Path) -> Vec<Heard> {
    let start = base();
    let mut near = Terminal::new(settings.clone(), start);
    let mut far = Terminal::new(settings.clone(), start);
    for burst in bursts() {
        near.handle(Input::Send(burst), start);
    }
    let said = run(&mut near, start, start + ms(60_000));
    let sent = said.iter().filter(|(_, output)| *output == Output::Sent).count();
    assert_eq!(sent, bursts().len());
    let mut arrivals: BTreeMap<(Duration, usize), Vec<u8>> = BTreeMap::new();
    for (at, output) in said {
        if let Output::Datagram(octets) = output {
            for delay in path.carry() {
                arrivals.insert((at + delay, arrivals.len()), octets.clone());
            }
        }
    }
    let mut heard = Vec::new();
    let mut now = start;
    let mut listen = |far: &mut Terminal, now: &mut Instant, until: Instant| {
        for (_, output) in run(far, *now, until) {
            if let Output::Heard(event) = output {
                heard.push(event);
            }
        }
        *now = until;
    };
    for ((at, _), octets) in arrivals {
        listen(&mut far, &mut now, start + at);
        far.handle(Input::Datagram(&octets), now);
    }
    let end = now + ms(20_000);
    listen(&mut far, &mut now, end);
    heard
}

fn good_path() -> Path {
    Path { state: 1, loss: 0, burst: 1, mischief: 0, losing: 0 }
}

#[test]
fn a_good_path_carries_every_signal_exactly() {
    for version in [0, 3] {
        for pacing in [Pacing::Modem, Pacing::Fast] {
            let heard = converse(&Settings { version, pacing, ..Settings::default() }, &mut good_path());
            let mut expected = String::from("preamble\nframe ffc0c29c9c9c9c04\nframe ffc8c100461f22\nend\n");
            expected.push_str("carrier V17At14400 Long\nbits 2700 zeros\nend\ncarrier V17At14400 Short\n");
            let text = describe(&heard);
            assert!(text.starts_with(&expected), "{text}");
            assert_eq!(text.matches("frame ffc060").count(), 40);
            assert_eq!(text.matches("frame ffc061\n").count(), 3);
            assert!(
                text.contains("preamble\nframe ffc8fdf2000027\nend\ncarrier V29At7200 Long\nbits 4054 crc "),
                "{text}"
            );
            assert!(text.ends_with("end\npreamble\nframe ffc8df\nend\n"), "{text}");
        }
    }
}

#[test]
fn redundancy_and_parity_hide_random_loss() {
    let clean = converse(&Settings::default(), &mut good_path());
    for (error_correction, loss) in
        [(ErrorCorrection::Redundancy, 5), (ErrorCorrection::Redundancy, 10), (ErrorCorrection::Fec, 5)]
    {
        for seed in 1..=5 {
            let settings = Settings { error_correction, max_datagram_octets: 1400, ..Settings::default() };
            let mut path = Path { state: seed, loss, burst: 1, mischief: 10, losing: 0 };
            let (heard, clean) = (describe(&converse(&settings, &mut path)), describe(&clean));
            let differs = heard.lines().zip(clean.lines()).find(|(one, other)| one != other);
            assert_eq!(differs, None, "{error_correction:?} {loss} % seed {seed}");
            assert_eq!(heard.len(), clean.len());
        }
    }
}

/// However bad the path: no frame is heard that was not sent, frames keep their order, every signal that begins
/// also ends.
#[test]
fn no_path_makes_up_a_frame_or_leaves_a_signal_open() {
    let sent: Vec<Vec<u8>> = bursts()
        .into_iter()
        .flat_map(|burst| match burst {
            Burst::Control(frames) | Burst::Block { frames, .. } => frames,
            Burst::Tone(_) | Burst::Silence(_) | Burst::TrainingCheck { .. } | Burst::Page { .. } => Vec::new(),
        })
        .collect();
    for error_correction in [ErrorCorrection::None, ErrorCorrection::Redundancy, ErrorCorrection::Fec] {
        for (loss, burst) in [(1, 1), (5, 4), (15, 1), (15, 8), (25, 1), (25, 3)] {
            for pacing in [Pacing::Modem, Pacing::Fast] {
                let settings = Settings { error_correction, pacing, ..Settings::default() };
                let mut path = Path { state: 77 + loss * burst, loss, burst, mischief: 10, losing: 0 };
                let mut left = sent.iter();
                let mut is_open = false;
                for event in converse(&settings, &mut path) {
                    match event {
                        Heard::Preamble | Heard::Carrier { .. } => {
                            assert!(!is_open);
                            is_open = true;
                        }
                        Heard::End => {
                            assert!(is_open);
                            is_open = false;
                        }
                        Heard::Frame(frame) => {
                            assert!(is_open);
                            assert!(left.any(|known| *known == frame), "{frame:02x?} was not sent");
                        }
                        Heard::DamagedFrame | Heard::Bits(_) => assert!(is_open),
                        Heard::Tone(_) => panic!("no tone was sent"),
                    }
                }
                assert!(!is_open, "{error_correction:?} {loss} % in bursts of {burst}");
            }
        }
    }
}

proptest! {
    #[test]
    fn strangers_datagrams_never_panic_a_terminal(
        packets in prop::collection::vec((prop::collection::vec(any::<u8>(), 1..12), 0..3_u16), 0..80),
    ) {
        let start = base();
        let mut terminal = Terminal::new(Settings::default(), start);
        let mut sequence = 65_500_u16;
        let mut now = start;
        for (primary, skip) in &packets {
            sequence = sequence.wrapping_add(skip + 1);
            let datagram = Datagram { sequence, primary, recovery: Recovery::Secondaries(Vec::new()) };
            terminal.handle(Input::Datagram(&datagram.encode()), now);
            terminal.handle(Input::Datagram(primary), now);
            now += ms(200);
            terminal.handle(Input::Timeout, now);
            while terminal.poll().is_some() {}
        }
    }
}
