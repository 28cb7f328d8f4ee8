//! Vectors of real machines, and what must hold for any octets.

use super::*;
use crate::model::{Compression, Resolution, Width};
use crate::signal::Modulation;
use proptest::prelude::*;

#[test]
fn the_dis_of_asterisk_reads_as_wireshark_shows_it() {
    let octets = [0x20, 0x77, 0x1F, 0x23, 0x01, 0x89, 0x01, 0x01, 0x01, 0x18];
    let dis = Capability::read(&octets);
    assert!(dis.t38() && dis.receiver() && dis.ecm() && !dis.v8() && !dis.prefers_frames_of_64());
    assert!(dis.modems().v17 && dis.modems().v29 && dis.modems().v27ter_4800);
    assert_eq!((dis.finest(), dis.widest(), dis.length()), (Resolution::Superfine, Width::A4, Length::Unlimited));
    assert_eq!(dis.row_times().at(Resolution::Standard), 0);
    assert!(dis.has_compression(Compression::Mmr) && dis.has_compression(Compression::Mr));
    assert_eq!(dis.letter_and_legal(), (true, true));
    assert!(!dis.sub_address() && !dis.internet_aware());
    assert_eq!(dis.write(), octets);
}

#[test]
fn four_real_dcs_command_what_their_calls_then_did() {
    for (octets, modulation, compression, ecm) in [
        (&[0x00, 0x46, 0x1F, 0x22][..], Modulation::V17At14400, Compression::Mmr, true),
        (&[0x00, 0x47, 0x1E][..], Modulation::V17At14400, Compression::Mr, false),
        (&[0x00, 0x63, 0x1E][..], Modulation::V29At9600, Compression::Mr, false),
        (&[0x00, 0x53, 0x1E][..], Modulation::V27ter4800, Compression::Mr, false),
    ] {
        let dcs = Capability::read(octets);
        assert_eq!(dcs.modulation(), Some(modulation), "{dcs:?}");
        assert_eq!((dcs.compression(), dcs.ecm(), dcs.finest()), (Some(compression), ecm, Resolution::Fine));
        assert_eq!(dcs.write(), octets);
    }
}

#[test]
fn bits_without_a_name_survive_and_extension_bits_follow_the_length() {
    let mut capability = Capability::read(&[0x00, 0x40, 0x01, 0x01, 0x01, 0x01, 0x01, 0x01, 0x01, 0x01, 0x01, 0x40]);
    assert!(capability.bit(90));
    capability.set_bit(90, false);
    assert_eq!(capability.write(), [0x00, 0x40, 0x00]);
    capability.set_bit(31, true);
    assert_eq!(capability.write(), [0x00, 0x40, 0x01, 0x02]);
}

#[test]
fn octets_after_a_cleared_extension_bit_do_not_count() {
    assert!(!Capability::read(&[0x00, 0x40, 0x00, 0x20]).ecm());
}

#[test]
fn row_times_halve_as_the_table_says() {
    let mut dis = Capability::of_receiver();
    dis.set_field(field::ROW_TIME, 3, 0b110);
    assert_eq!([dis.row_times().at(Resolution::Standard), dis.row_times().at(Resolution::Fine)], [20, 10]);
    assert_eq!(dis.row_times().at(Resolution::Superfine), 10);
    dis.set_bit(Feature::HalfTimeAtSuperfine.number(), true);
    assert_eq!(dis.row_times().at(Resolution::Superfine), 5);
}

#[test]
fn every_modulation_is_read_back_from_its_dcs() {
    for modulation in Modulation::ALL {
        let mut dcs = Capability::of_receiver();
        dcs.set_modulation(modulation);
        assert_eq!(dcs.modulation(), Some(modulation));
    }
}

#[test]
fn a_machine_of_the_field_is_described_line_by_line() {
    // The example in a service manual, which prints each octet with the bit sent first at its right.
    let dis = Capability::read(&[0x20, 0xEE, 0xFA, 0xC4, 0x80, 0x1F].map(u8::reverse_bits));
    assert_eq!(
        dis.describe(Reading::Dis),
        [
            "V.8 capabilities",
            "receives fax",
            "V.27ter, V.29, V.17",
            "204 × 196 or 200 × 200 dpi",
            "MR coding",
            "lines up to 303 mm wide",
            "pages of any length",
            "no least row time",
            "error correction",
            "MMR coding (T.6)",
            "204 × 391 or 200 × 400 dpi",
            "300 × 300 dpi",
            "408 × 391 or 400 × 400 dpi",
            "resolutions in inches preferred",
            "metric resolutions preferred",
        ]
    );
}

#[test]
fn a_command_is_described_as_what_is_done_and_unknown_bits_by_number() {
    let mut dcs = Capability::read(&[0x00, 0x46, 0x1F, 0x33, 0x01, 0x41]);
    dcs.set_bit(2, true);
    dcs.set_bit(91, true);
    dcs.set_bit(201, true);
    assert_eq!(
        dcs.describe(Reading::Dcs),
        [
            "bit 2",
            "receive",
            "V.17 at 14400 bit/s",
            "204 × 196 or 200 × 200 dpi",
            "lines 215 mm wide",
            "pages of any length",
            "no least row time",
            "error correction",
            "frames of 64 octets",
            "MMR coding (T.6)",
            "300 × 300 dpi",
            "bit 91",
            "bit 201",
        ]
    );
}

#[test]
fn the_fields_at_the_end_of_the_table_are_read_in_their_own_orders() {
    let described = |bits: &[usize]| {
        let mut dis = Capability::default();
        bits.iter().for_each(|bit| dis.set_bit(*bit, true));
        dis.describe(Reading::Dis).pop().unwrap()
    };
    assert_eq!(described(&[92]), "mixed raster content (T.44), mode 1");
    assert_eq!(described(&[93, 94]), "mixed raster content (T.44), mode 6");
    assert_eq!(described(&[117]), "shared memory of 2 megabytes");
    assert_eq!(described(&[118]), "shared memory of 1 megabyte");
    assert_eq!(described(&[125, 126]), "JBIG2 coding (T.88), profile 3");
    assert_eq!(described(&[127]), "sYCC JPEG coding");
}

#[test]
fn every_feature_has_its_own_bit_and_a_meaning_somewhere() {
    let mut numbers: Vec<usize> = Feature::all().map(Feature::number).collect();
    assert!(numbers.is_sorted());
    numbers.dedup();
    assert_eq!(numbers.len(), Feature::all().count());
    for feature in Feature::all() {
        assert!([Reading::Dis, Reading::Dcs].iter().any(|reading| feature.meaning(*reading).is_some()));
        assert!(feature.number() < 24 || !feature.number().is_multiple_of(8), "{feature:?} is no extension bit");
    }
    assert_eq!(Feature::Password.meaning(Reading::Dcs), Some("sender identification (SID)"));
    assert_eq!(Feature::PolledDocument.meaning(Reading::Dcs), None);
}

#[test]
fn octets_of_a_stranger_are_written_as_they_came_also_empty_ones_at_the_end() {
    for octets in [
        &[0x00, 0x46, 0x1F, 0x03, 0x00][..],
        &[0x20, 0x77, 0x1F, 0x23, 0x01, 0x89, 0x01, 0x01, 0x01, 0x18],
        &[0x80, 0xCE, 0xF9, 0xC5, 0x81, 0xF1, 0x81, 0x81, 0x01, 0x01, 0x01, 0x01, 0x01, 0x01, 0x01, 0x01, 0x01, 0x02],
    ] {
        assert_eq!(Capability::read(octets).write(), octets);
    }
}

#[test]
fn the_bits_of_polling_are_set_where_the_table_has_them() {
    let mut dtc = Capability::default();
    dtc.set_polled_document(true);
    dtc.set_receiver(true);
    dtc.set_polled_sub_address(true);
    dtc.set_selective_polling(true);
    dtc.set_password(true);
    assert_eq!(dtc.write(), [0x00, 0xC0, 0x01, 0x01, 0x21, 0x03, 0x40]);
    dtc.set_password(false);
    dtc.set_polled_document(false);
    assert_eq!(dtc.write(), [0x00, 0x40, 0x01, 0x01, 0x21, 0x02]);
}

proptest! {
    #[test]
    fn reading_any_octets_is_bounded_and_writing_them_again_reads_the_same(
        octets in proptest::collection::vec(any::<u8>(), 0..64),
    ) {
        let first = Capability::read(&octets);
        let written = first.write();
        prop_assert!(written.len() <= MAX_OCTETS);
        prop_assert_eq!(Capability::read(&written).write(), written);
        prop_assert!(first.describe(Reading::Dis).len() + first.describe(Reading::Dcs).len() <= MAX_OCTETS * 16);
    }

    #[test]
    fn what_has_its_extension_bits_right_is_written_as_it_was_read(
        mut octets in proptest::collection::vec(any::<u8>(), 3..=MAX_OCTETS),
    ) {
        let last = octets.len() - 1;
        octets[2..last].iter_mut().for_each(|octet| *octet |= 1);
        octets[last] &= !1;
        prop_assert_eq!(Capability::read(&octets).write(), octets);
    }
}
