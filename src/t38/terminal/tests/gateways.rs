//! What gateways really send, heard.

use super::*;

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
