//! Recorded calls heard.

use super::*;

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
