//! Our own pacing measured, packet by packet.

use super::*;

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
