//! What gateways and far terminals in the field really send, each test named for what it stands in for, and what they need of us.

use super::*;

/// Feeds octets of primary packets as they are.
fn hear_octets(primaries: &[&[u8]]) -> Vec<Heard> {
    let start = base();
    let mut terminal = Terminal::new(Settings { keep_alive: None, ..Settings::default() }, start);
    let mut said = Vec::new();
    for (number, primary) in (0..).zip(primaries) {
        let datagram = Datagram { sequence: number, primary, recovery: Recovery::Secondaries(Vec::new()) };
        terminal.handle(Input::Datagram(&datagram.encode()), start);
    }
    said.extend(run(&mut terminal, start, start + ms(400)));
    let heard = said.into_iter().filter_map(|(_, output)| match output {
        Output::Heard(heard) => Some(heard),
        Output::Datagram(_) | Output::Sent => None,
    });
    heard.collect()
}

fn fast_data(data: &[u8]) -> Option<Packet> {
    Some(Packet::data(V17, Field::with(FieldKind::T4NonEcmData, data.to_vec())))
}

fn long_v17() -> Option<Packet> {
    indicator(Indicator::Training(Modulation::V17At14400, Training::Long))
}

const CARRIER: Heard = Heard::Carrier { modulation: Modulation::V17At14400, training: Training::Long };

/// An indicator with the bit for data set, and a data field behind it.
#[test]
fn cisco_puts_data_into_indicator_packets() {
    // 1 0 0 0011 0: data follows, indicator, no extension, V.21 preamble; then one field with an octet.
    let preamble = [0x86, 0x01, 0x80, 0x00, 0x00, 0x7E];
    let end = [0xC0, 0x01, 0x40];
    let heard = hear_octets(&[&preamble, &[0xC0, 0x01, 0x80, 0x00, 0x02, 0xFF, 0xC8, 0x21], &end]);
    assert_eq!(heard.first(), Some(&Heard::Preamble));
    assert_eq!(heard.iter().filter(|heard| **heard == Heard::Preamble).count(), 1);
}

/// SpanDSP names it: the end of a signal three times under three numbers, the last data in each of them.
#[test]
fn repeated_ends_under_new_numbers_carry_their_data_once() {
    let end = Some(Packet::data(V17, Field::with(FieldKind::T4NonEcmSigEnd, vec![7, 8])));
    let heard = hear(&[long_v17(), fast_data(&[1, 2]), end.clone(), end.clone(), end], ms(400));
    assert_eq!(heard, [CARRIER, Heard::Bits(vec![1, 2]), Heard::Bits(vec![7, 8]), Heard::End]);
    let frame = Some(Packet::data(DataKind::V21, Field::with(FieldKind::HdlcFcsOkSigEnd, hex("ffc821"))));
    let heard = hear(&[indicator(Indicator::V21Preamble), frame.clone(), frame.clone(), frame], ms(400));
    assert_eq!(heard, [Heard::Preamble, Heard::Frame(hex("ffc821")), Heard::End]);
}

/// The same answer to the next command is no repetition.
#[test]
fn the_same_frame_in_a_new_signal_is_heard_again() {
    let frame = Some(Packet::data(DataKind::V21, Field::with(FieldKind::HdlcFcsOkSigEnd, hex("ffc831"))));
    let preamble = || indicator(Indicator::V21Preamble);
    let heard = hear(&[preamble(), frame.clone(), preamble(), frame], ms(400));
    assert_eq!(heard.iter().filter(|heard| matches!(heard, Heard::Frame(_))).count(), 2);
}

/// Networks that swap packets under new numbers, and gateways whose two tasks race: data first, its indicator behind.
#[test]
fn data_before_its_indicator_is_one_signal() {
    let heard = hear(
        &[v21("ff"), indicator(Indicator::V21Preamble), v21("c821"), v21_end(FieldKind::HdlcFcsOkSigEnd)],
        ms(400),
    );
    assert_eq!(heard, [Heard::Preamble, Heard::Frame(hex("ffc821")), Heard::End]);
    let end = Some(bare(V17, FieldKind::T4NonEcmSigEnd));
    let heard = hear(&[fast_data(&[0; 9]), long_v17(), fast_data(&[0; 9]), end], ms(400));
    assert_eq!(heard, [CARRIER, Heard::Bits(vec![0; 9]), Heard::Bits(vec![0; 9]), Heard::End]);
}

/// Gateways that fill a packet with whatever they have: frames, checks and ends in one.
#[test]
fn several_fields_of_several_kinds_in_one_packet_are_taken_in_order() {
    let fields = vec![
        Field::with(FieldKind::HdlcData, hex("ffc0c2")),
        Field::bare(FieldKind::HdlcData),
        Field::bare(FieldKind::HdlcFcsOk),
        Field::with(FieldKind::HdlcData, hex("ffc8")),
        Field::with(FieldKind::HdlcFcsOk, hex("c1")),
        Field::bare(FieldKind::HdlcSigEnd),
    ];
    let packet = Packet::Data { kind: DataKind::V21, fields };
    let heard = hear(&[indicator(Indicator::V21Preamble), Some(packet)], ms(400));
    let frames = [Heard::Frame(hex("ffc0c2")), Heard::Frame(hex("ffc8c1"))];
    assert_eq!(heard, [&[Heard::Preamble][..], &frames, &[Heard::End]].concat());
}

/// Data elements without data, with and without the bit that says so.
#[test]
fn empty_fields_say_nothing_and_harm_nothing() {
    let empty = Some(bare(DataKind::V21, FieldKind::HdlcData));
    let none = Some(Packet::Data { kind: DataKind::V21, fields: Vec::new() });
    let heard = hear(
        &[
            empty.clone(),
            none.clone(),
            indicator(Indicator::V21Preamble),
            empty,
            v21("ffc821"),
            none,
            v21_end(FieldKind::HdlcFcsOkSigEnd),
        ],
        ms(400),
    );
    assert_eq!(heard, [Heard::Preamble, Heard::Frame(hex("ffc821")), Heard::End]);
}

/// Gateways that never say no-signal: the next indicator is the end.
#[test]
fn a_missing_no_signal_does_not_join_two_signals() {
    let heard = hear(
        &[
            indicator(Indicator::V21Preamble),
            v21("ffc8c1"),
            v21_end(FieldKind::HdlcFcsOk),
            long_v17(),
            fast_data(&[0; 9]),
            indicator(Indicator::V21Preamble),
        ],
        ms(400),
    );
    let first = [Heard::Preamble, Heard::Frame(hex("ffc8c1")), Heard::End];
    let second = [CARRIER, Heard::Bits(vec![0; 9]), Heard::End, Heard::Preamble];
    assert_eq!(heard, [&first[..], &second].concat());
}

/// V.34 machines behind a gateway of version 3 begin with V.8; to us they are machines that answer.
#[test]
fn indicators_of_version_3_do_no_harm() {
    let heard = hear(
        &[
            indicator(Indicator::V8Ansam),
            indicator(Indicator::V8Signal),
            indicator(Indicator::V34ControlChannel1200),
            indicator(Indicator::V34PrimaryChannel),
            indicator(Indicator::V34ControlRetrain),
            indicator(Indicator::V33Training14400),
            Some(Packet::data(DataKind::V8, Field::with(FieldKind::CmMessage, vec![1]))),
            indicator(Indicator::NoSignal),
            indicator(Indicator::V21Preamble),
            v21("ffc821"),
            v21_end(FieldKind::HdlcFcsOkSigEnd),
        ],
        ms(400),
    );
    assert_eq!(heard, [Heard::Tone(Tone::Ced), Heard::Preamble, Heard::Frame(hex("ffc821")), Heard::End]);
}

/// A training check of which only the end was lost: waiting for it as for a page would outlast the caller's T4.
#[test]
fn a_whole_training_check_without_an_end_is_over_soon() {
    let check: Vec<_> = (0..50).map(|_| fast_data(&[0; 54])).collect();
    let packets = [&[long_v17()][..], &check].concat();
    assert_eq!(hear(&packets, ms(700)).last(), Some(&Heard::Bits(vec![0; 54])));
    assert_eq!(hear(&packets, ms(900)).last(), Some(&Heard::End));
    // But a page that stops is waited for.
    let packets = [&packets[..], &[fast_data(&[0x35])]].concat();
    assert_eq!(hear(&packets, ms(4000)).last(), Some(&Heard::Bits(vec![0x35])));
}

/// Some gateways abort the signal at an HDLC end that follows a frame's end with one.
#[test]
fn a_signal_is_ended_once() {
    let (packets, _) = play(Settings::default(), Burst::Control(vec![hex("ffc021"), hex("ffc822")]));
    let ends = |kind: FieldKind| packets.iter().filter(|(_, packet)| *packet == bare(DataKind::V21, kind)).count();
    assert_eq!((ends(FieldKind::HdlcFcsOkSigEnd), ends(FieldKind::HdlcSigEnd)), (1, 0));
    assert_eq!(packets.last().unwrap().1, Packet::Indicator(Indicator::NoSignal));
}

/// Gateways that cut short what they have not played yet when silence is said: it is said after the modem's time, not before.
#[test]
fn silence_is_said_when_the_modem_has_played_everything() {
    let frame = hex("ffc82100");
    let (packets, sent) = play(Settings::default(), Burst::Control(vec![frame]));
    let (said, last) = packets.last().unwrap();
    assert_eq!(*last, Packet::Indicator(Indicator::NoSignal));
    assert_eq!(Some(*said), sent);
    // Preamble, four octets with two stuffed bits, check sequence and two flags, at 300 bit/s.
    assert!(*said >= ms(1000) + timing::bits(4 * 8 + 2 + 16 + 8, 300), "{said:?}");
}

/// Gateways without the end of a page in their buffer: decoders behind them need room after six EOL.
#[test]
fn zeros_follow_a_page_to_flush_what_is_behind() {
    let bits: Arc<[u8]> = Arc::from(vec![0xFF; 100]);
    let (packets, _) =
        play(Settings::default(), Burst::Page { modulation: Modulation::V29At9600, training: Training::Long, bits });
    let data: Vec<u8> = packets
        .iter()
        .flat_map(|(_, packet)| match packet {
            Packet::Data { fields, .. } => fields.iter().flat_map(|field| field.data.clone()).collect(),
            Packet::Indicator(_) => Vec::new(),
        })
        .collect();
    assert_eq!(data[..100], [0xFF; 100]);
    assert!(data.len() > 150 && data[100..].iter().all(|octet| *octet == 0));
}

/// A far end that answers in another grammar than was agreed on is answered in its own.
#[test]
fn the_grammar_that_is_heard_is_spoken() {
    let start = base();
    for (agreed, theirs) in [(0, Grammar::Extended), (3, Grammar::Version0)] {
        let mut terminal = Terminal::new(Settings { version: agreed, ..Settings::default() }, start);
        let octets: Vec<Option<Packet>> = "ffc0c29c9c9c9cffc8c1004600"
            .as_bytes()
            .chunks(2)
            .map(|pair| v21(std::str::from_utf8(pair).unwrap()))
            .collect();
        let packets = [&[indicator(Indicator::V21Preamble)][..], &octets, &[v21_end(FieldKind::HdlcFcsOkSigEnd)]];
        for (number, packet) in (0..).zip(packets.concat()) {
            let primary = packet.unwrap().encode(theirs);
            let datagram =
                Datagram { sequence: number, primary: &primary, recovery: Recovery::Secondaries(Vec::new()) };
            terminal.handle(Input::Datagram(&datagram.encode()), start);
        }
        while terminal.poll().is_some() {}
        terminal.handle(Input::Send(Burst::Control(vec![hex("ffc821")])), start + ms(200));
        let said = run(&mut terminal, start + ms(200), start + ms(3000));
        let wanted = hdlc(DataKind::V21, &[0xFF]).encode(theirs);
        let is_there = said.iter().any(|(_, output)| match output {
            Output::Datagram(octets) => Datagram::decode(octets).unwrap().primary == wanted,
            Output::Heard(_) | Output::Sent => false,
        });
        assert!(is_there, "agreed {agreed}");
    }
}

/// A home's line does not take a page at once, and a far end with a small buffer not even that.
#[test]
fn the_fast_pace_has_its_bounds() {
    let frames = vec![vec![0x5A; 260]; 256];
    let block =
        || Burst::Block { modulation: Modulation::V17At14400, training: Training::Short, frames: frames.clone() };
    let settings = Settings { pacing: Pacing::Fast, max_datagram_octets: 1400, ..Settings::default() };
    let start = base();
    let mut terminal = Terminal::new(settings.clone(), start);
    terminal.handle(Input::Send(block()), start);
    let said = run(&mut terminal, start, start + ms(9000));
    let sent = said.iter().find(|(_, output)| *output == Output::Sent).unwrap().0;
    let octets: usize = said
        .iter()
        .filter(|(at, _)| *at <= sent)
        .map(|(_, output)| if let Output::Datagram(octets) = output { octets.len() + 42 } else { 0 })
        .sum();
    // The most that anybody needs for a block of 64 KiB with everything three times over again.
    assert!(sent < ms(1500), "{sent:?}");
    assert!(octets as u128 * 8 <= u128::from(FAST_BITS_PER_SECOND) * sent.as_millis() / 1000 * 105 / 100, "{octets}");
    assert!(said.iter().all(|(_, output)| !matches!(output, Output::Datagram(octets) if octets.len() > 1400)));
    let mut terminal = Terminal::new(Settings { far_buffer_octets: Some(2000), ..settings }, start);
    terminal.handle(Input::Send(block()), start);
    let said = run(&mut terminal, start, start + ms(60_000));
    let sent = said.iter().find(|(_, output)| *output == Output::Sent).unwrap().0;
    let modem = timing::bits(256 * 260 * 8, 14_400);
    assert!(sent > modem - timing::bits(3000 * 8, 14_400), "{sent:?}");
}
