//! Bytes against values. The bytes are those of recorded Asterisk calls and bytes written by hand from the grammar;
//! Wireshark's dissector reads each of them as the value beside it, with and without its setting for the grammar of
//! 1998.

use proptest::prelude::*;

use super::*;

fn bare(kind: FieldKind) -> Field {
    Field::bare(kind)
}

fn check(octets: &[u8], grammar: Grammar, packet: &Packet) {
    assert_eq!(Packet::decode(octets, grammar).as_ref(), Ok(packet), "{octets:02x?}");
    assert_eq!(packet.encode(grammar), octets, "{packet:?}");
}

#[test]
fn indicators_are_those_of_the_standard() {
    let cases: [(&[u8], Indicator); 9] = [
        (&[0x00], Indicator::NoSignal),
        (&[0x02], Indicator::Cng),
        (&[0x04], Indicator::Ced),
        (&[0x06], Indicator::V21Preamble),
        (&[0x0E], Indicator::Training(Modulation::V29At9600, Training::Long)),
        (&[0x1C], Indicator::Training(Modulation::V17At14400, Training::Short)),
        (&[0x1E], Indicator::Training(Modulation::V17At14400, Training::Long)),
        (&[0x20, 0x00], Indicator::V8Ansam),
        (&[0x21, 0x80], Indicator::V33Training14400),
    ];
    for (octets, indicator) in cases {
        check(octets, Grammar::Version0, &Packet::Indicator(indicator));
        check(octets, Grammar::Extended, &Packet::Indicator(indicator));
    }
}

#[test]
fn one_octet_of_v21_is_as_asterisk_sends_it() {
    let packet = Packet::data(DataKind::V21, Field::with(FieldKind::HdlcData, vec![0xFF]));
    check(&[0xC0, 0x01, 0x80, 0x00, 0x00, 0xFF], Grammar::Version0, &packet);
    check(&[0xC0, 0x01, 0x80, 0x00, 0x00, 0xFF], Grammar::Extended, &packet);
}

#[test]
fn every_field_kind_of_1998_has_its_byte() {
    let v29 = DataKind::Fast(Modulation::V29At9600);
    let v17 = DataKind::Fast(Modulation::V17At14400);
    let cases: [(&[u8], DataKind, Field); 8] = [
        (&[0xC0, 0x01, 0x10], DataKind::V21, bare(FieldKind::HdlcSigEnd)),
        (&[0xC0, 0x01, 0x20], DataKind::V21, bare(FieldKind::HdlcFcsOk)),
        (&[0xC0, 0x01, 0x30], DataKind::V21, bare(FieldKind::HdlcFcsBad)),
        (&[0xD0, 0x01, 0x40], v17, bare(FieldKind::HdlcFcsOkSigEnd)),
        (&[0xD0, 0x01, 0x50], v17, bare(FieldKind::HdlcFcsBadSigEnd)),
        (&[0xC8, 0x01, 0xE0, 0x00, 0x01, 0x1A, 0x6C], v29, Field::with(FieldKind::T4NonEcmData, vec![0x1A, 0x6C])),
        (&[0xC8, 0x01, 0x70], v29, bare(FieldKind::T4NonEcmSigEnd)),
        (&[0xC8, 0x01, 0xF0, 0x00, 0x00, 0x00], v29, Field::with(FieldKind::T4NonEcmSigEnd, vec![0])),
    ];
    for (octets, kind, field) in cases {
        check(octets, Grammar::Version0, &Packet::data(kind, field));
    }
}

#[test]
fn every_field_kind_of_the_later_grammar_has_its_byte() {
    let cases: [(&[u8], DataKind, FieldKind, &[u8]); 8] = [
        (&[0xC0, 0x01, 0x08], DataKind::V21, FieldKind::HdlcSigEnd, &[]),
        (&[0xC0, 0x01, 0x10], DataKind::V21, FieldKind::HdlcFcsOk, &[]),
        (&[0xC0, 0x01, 0x18], DataKind::V21, FieldKind::HdlcFcsBad, &[]),
        (&[0xC0, 0x01, 0x20], DataKind::V21, FieldKind::HdlcFcsOkSigEnd, &[]),
        (&[0xC0, 0x01, 0x28], DataKind::V21, FieldKind::HdlcFcsBadSigEnd, &[]),
        (&[0xC0, 0x01, 0xB0, 0x00, 0x02, 1, 2, 3], DataKind::V21, FieldKind::T4NonEcmData, &[1, 2, 3]),
        (&[0xC0, 0x01, 0x38], DataKind::V21, FieldKind::T4NonEcmSigEnd, &[]),
        (&[0xE1, 0x00, 0x01, 0xB0, 0x00, 0x00, 0xAA], DataKind::V33At12000, FieldKind::T4NonEcmData, &[0xAA]),
    ];
    for (octets, kind, field, data) in cases {
        check(octets, Grammar::Extended, &Packet::data(kind, Field::with(field, data.to_vec())));
    }
    let menu =
        Packet::Data { kind: DataKind::V21, fields: vec![bare(FieldKind::CmMessage), bare(FieldKind::HdlcData)] };
    check(&[0xC0, 0x02, 0x40, 0x00], Grammar::Extended, &menu);
}

#[test]
fn a_field_without_data_lets_the_next_begin_inside_its_octet() {
    let fields = vec![bare(FieldKind::HdlcData), bare(FieldKind::HdlcFcsOkSigEnd)];
    check(&[0xC0, 0x02, 0x04], Grammar::Version0, &Packet::Data { kind: DataKind::V21, fields });
    let fields = vec![Field::with(FieldKind::HdlcData, vec![0xFF]), bare(FieldKind::HdlcFcsOk)];
    let packet = Packet::Data { kind: DataKind::V21, fields };
    check(&[0xC0, 0x02, 0x80, 0x00, 0x00, 0xFF, 0x20], Grammar::Version0, &packet);
    check(&[0xC0, 0x02, 0x80, 0x00, 0x00, 0xFF, 0x10], Grammar::Extended, &packet);
}

#[test]
fn junk_behind_the_packet_is_ignored() {
    let good = Packet::data(DataKind::V21, bare(FieldKind::HdlcFcsOk));
    assert_eq!(Packet::decode(&[0xC0, 0x01, 0x20, 0x00, 0x00, 0x5A], Grammar::Version0), Ok(good));
    // An indicator that claims data, as some gateways send.
    let odd = Packet::decode(&[0x86, 0x01, 0x80, 0x00, 0x00, 0xFF], Grammar::Version0);
    assert_eq!(odd, Ok(Packet::Indicator(Indicator::V21Preamble)));
}

#[test]
fn cut_and_unknown_packets_are_refused() {
    assert_eq!(Packet::decode(&[], Grammar::Version0), Err(IfpError::Truncated));
    assert_eq!(Packet::decode(&[0xC0, 0x01, 0x80, 0x00, 0x05, 0xFF], Grammar::Version0), Err(IfpError::Truncated));
    assert_eq!(Packet::decode(&[0xC0, 0x7F, 0x20], Grammar::Version0), Err(IfpError::Truncated));
    assert_eq!(Packet::decode(&[0xD2, 0x00], Grammar::Version0), Err(IfpError::UnknownData(9)));
    assert_eq!(Packet::decode(&[0x2F, 0xC0], Grammar::Version0), Err(IfpError::UnknownIndicator(16 + 0x3F)));
    assert_eq!(Packet::decode(&[0xC0, 0x01, 0x5F, 0xFF], Grammar::Extended), Err(IfpError::UnknownField(8 + 0x3F)));
}

#[test]
fn image_data_tells_which_grammar_is_spoken() {
    let image = Packet::data(DataKind::Fast(Modulation::V29At9600), Field::with(FieldKind::T4NonEcmData, vec![7; 3]));
    for spoken in [Grammar::Version0, Grammar::Extended] {
        let octets = image.encode(spoken);
        for expected in [Grammar::Version0, Grammar::Extended] {
            assert_eq!(Packet::decode_tolerantly(&octets, expected), Ok((image.clone(), spoken)));
        }
    }
}

#[test]
fn short_training_of_a_modem_without_one_is_sent_as_long() {
    let odd = Packet::Indicator(Indicator::Training(Modulation::V29At7200, Training::Short));
    assert_eq!(odd.encode(Grammar::Version0), [0x0C]);
}

fn any_packet() -> impl Strategy<Value = Packet> {
    let field = (0..8_usize, prop::collection::vec(any::<u8>(), 0..300))
        .prop_map(|(kind, data)| Field::with(FIELD_KINDS[kind], data));
    prop_oneof![
        (0..INDICATORS.len()).prop_map(|index| Packet::Indicator(INDICATORS[index])),
        (0..DATA_KINDS.len(), prop::collection::vec(field, 0..200))
            .prop_map(|(kind, fields)| Packet::Data { kind: DATA_KINDS[kind], fields }),
    ]
}

proptest! {
    #[test]
    fn packets_survive_either_grammar(packet in any_packet()) {
        for grammar in [Grammar::Version0, Grammar::Extended] {
            let octets = packet.encode(grammar);
            prop_assert_eq!(Packet::decode(&octets, grammar), Ok(packet.clone()));
        }
    }

    #[test]
    fn strangers_bytes_never_panic(octets in prop::collection::vec(any::<u8>(), 0..400)) {
        for grammar in [Grammar::Version0, Grammar::Extended] {
            let _ = Packet::decode_tolerantly(&octets, grammar);
        }
    }

    #[test]
    fn strangers_data_packets_never_panic(kind in 0..9_u8, rest in prop::collection::vec(any::<u8>(), 0..100)) {
        let mut octets = vec![0xC0 | kind << 1];
        octets.extend(rest);
        for grammar in [Grammar::Version0, Grammar::Extended] {
            let _ = Packet::decode_tolerantly(&octets, grammar);
        }
    }
}
