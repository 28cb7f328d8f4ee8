//! What is taken together, against what is taken one by one.

use super::two_dimensional::decode_modes;
use super::*;
use crate::image::bits::BitWriter;
use crate::image::codes::BLACK_RUNS_FIRST;
use crate::image::runs::{A4_PLACES, Changes, FIRST, NARROW_PLACES, WIDEST_A4, push};
use crate::image::write_lines::encode_one_dimensional;
use proptest::prelude::*;

proptest! {
    /// What is taken together is what is taken one by one, for what nobody would write too.
    #[test]
    fn modes_taken_together_are_the_same_modes(
        octets in proptest::collection::vec(any::<u8>(), 0..60),
        steps in proptest::collection::vec(prop_oneof![6 => 1..4_u16, 2 => 1..40_u16, 1 => 1..400_u16], 0..60),
        width in 1..3000_u16)
    {
        let mut above = Changes::white(width.into());
        let mut place = steps.len() as u16 % 2;
        for step in steps {
            above.push(i32::from(place).min(i32::from(width)));
            place += step;
        }
        above.close();
        let read = |places: usize| {
            let mut row = Changes::white(width.into());
            let mut reader = BitReader::new(&octets, 0);
            let (guarded, width) = (above.guarded_places(), i32::from(width));
            let end = match places {
                A4_PLACES => decode_modes::<A4_PLACES>(&mut reader, guarded, row.new_places(), width),
                NARROW_PLACES => decode_modes::<NARROW_PLACES>(&mut reader, guarded, row.new_places(), width),
                _ => decode_modes::<0>(&mut reader, guarded, row.new_places(), width),
            };
            let places = end.map(|end| {
                row.close_at(end);
                row.places().to_vec()
            });
            (places, reader.position())
        };
        prop_assert_eq!(read(if width <= WIDEST_A4 as u16 { A4_PLACES } else { NARROW_PLACES }), read(0));
    }

    /// The same for runs.
    #[test]
    fn runs_taken_together_are_the_same_runs(octets in proptest::collection::vec(any::<u8>(), 0..60), width in 1..3000_u16) {
        let mut row = Changes::white(width.into());
        let mut reader = BitReader::new(&octets, 0);
        let found = decode_one_dimensional(&mut reader, &mut row).map(|()| row.places().to_vec());
        let found = (found, reader.position());
        let mut reader = BitReader::new(&octets, 0);
        prop_assert_eq!(found, (one_by_one(&mut reader, width), reader.position()));
    }
}

#[test]
fn a_white_row_is_told_by_the_codes_the_encoder_writes() {
    for width in [1, 63, 64, 1000, 1728, 2048, 2432, 2559, 2560, 2561, 2592, 3456, 3648, 4864, 8176] {
        let mut writer = BitWriter::with_capacity(0);
        encode_one_dimensional(&mut writer, &Changes::white(width));
        let bits = writer.bits();
        let octets = writer.finish();
        let reader = BitReader::new(&octets, 0);
        assert_eq!(u64::from(WhiteCode::new(width).length_if_next(&reader)), bits, "{width}");
        assert_eq!(WhiteCode::new(width + 1).length_if_next(&reader), 0, "{width}");
    }
}

fn one_by_one(reader: &mut BitReader<'_>, width: u16) -> Result<Vec<u16>, Damaged> {
    let mut row = Changes::white(width.into());
    let (mut place, mut end, mut colour) = (0, FIRST, 0);
    while place < i32::from(width) {
        reader.refill();
        place = run(reader, single_runs(colour), place, width.into())?;
        push(row.new_places(), &mut end, place as u16, width);
        colour ^= BLACK_RUNS_FIRST;
    }
    row.close_at(end);
    Ok(row.places().to_vec())
}
