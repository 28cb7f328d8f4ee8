//! What is said last is repeated as a whole when T.30 is over.

use super::*;

const DCN: [u8; 3] = [0xFF, 0xC8, 0x5F];

/// A terminal that has said DCN, and when.
fn parting(settings: Settings) -> (Terminal, Instant) {
    let start = base();
    let burst = Burst::Control(vec![DCN.to_vec()]);
    let (_, sent) = play(settings.clone(), burst.clone());
    let now = start + sent.expect("a DCN takes little more than a second");
    let mut terminal = Terminal::new(settings, start);
    terminal.handle(Input::Send(burst), start);
    run(&mut terminal, start, now);
    assert!(terminal.has_last_word());
    terminal.handle(Input::Part, now);
    (terminal, now)
}

fn plain(sequence: u16, indicator: Indicator) -> Vec<u8> {
    let primary = Packet::Indicator(indicator).encode(Grammar::Version0);
    Datagram { sequence, primary: &primary, recovery: Recovery::Secondaries(Vec::new()) }.encode()
}

/// What is heard by a terminal that has missed everything between the silence at the beginning and this datagram.
fn heard_after_a_gap(datagram: &[u8]) -> Vec<Heard> {
    let now = base();
    let mut terminal = Terminal::new(Settings::default(), now);
    terminal.handle(Input::Datagram(&plain(0, Indicator::NoSignal)), now);
    terminal.handle(Input::Datagram(datagram), now);
    std::iter::from_fn(|| terminal.poll())
        .filter_map(|output| match output {
            Output::Heard(heard) => Some(heard),
            Output::Datagram(_) | Output::Sent => None,
        })
        .collect()
}

#[test]
fn each_repetition_alone_holds_the_whole_dcn_whatever_protection_was_agreed_on() {
    for error_correction in [ErrorCorrection::None, ErrorCorrection::Redundancy, ErrorCorrection::Fec] {
        for max_datagram_octets in [72, 400] {
            let settings = Settings { error_correction, max_datagram_octets, ..Settings::default() };
            let (mut terminal, now) = parting(settings);
            let said = run(&mut terminal, now, now + ms(900));
            let repeated: Vec<_> = said
                .iter()
                .filter_map(|(at, output)| match output {
                    Output::Datagram(datagram) => Some((at.as_millis(), datagram)),
                    Output::Heard(_) | Output::Sent => None,
                })
                .collect();
            let times: Vec<_> = repeated.iter().map(|(at, _)| *at).collect();
            // Two copies of the silence behind it, then ever later.
            assert_eq!(times, [20, 40, 100, 180, 300, 460, 700], "{error_correction:?}");
            for (at, datagram) in &repeated[2..] {
                assert!(datagram.len() <= max_datagram_octets, "{at}: {datagram:02x?}");
                let heard = heard_after_a_gap(datagram);
                assert_eq!(
                    heard,
                    [Heard::Preamble, Heard::Frame(DCN.to_vec()), Heard::End],
                    "{error_correction:?} at {at}"
                );
            }
        }
    }
}

#[test]
fn a_far_end_that_spoke_after_us_has_the_last_word() {
    let (mut terminal, now) = parting(Settings::default());
    terminal.handle(Input::Datagram(&plain(0, Indicator::V21Preamble)), now);
    assert!(!terminal.has_last_word());
    let said = run(&mut terminal, now, now + ms(900));
    assert_eq!(said.iter().filter(|(at, _)| *at > ms(50)).count(), 5, "who parts does not listen any more: {said:?}");
}
