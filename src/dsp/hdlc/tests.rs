//! Frames and bits, whole and broken.

use super::*;

#[derive(Clone, PartialEq, Eq, Debug)]
enum Seen {
    Frame(Vec<u8>),
    Damaged,
    Abort,
}

fn bits_of(text: &str) -> Vec<bool> {
    text.chars().filter(|bit| *bit != ' ').map(|bit| bit == '1').collect()
}

fn sent(mut framer: Framer) -> Vec<bool> {
    std::iter::from_fn(|| framer.next_bit()).collect()
}

fn hear(deframer: &mut Deframer, bits: &[bool]) -> (Vec<Seen>, u32) {
    let (mut seen, mut most_flags) = (Vec::new(), 0);
    for bit in bits {
        match deframer.push(*bit) {
            Some(Found::Frame(frame)) => seen.push(Seen::Frame(frame.to_vec())),
            Some(Found::Damaged) => seen.push(Seen::Damaged),
            Some(Found::Abort) => seen.push(Seen::Abort),
            Some(Found::Flag(count)) => most_flags = most_flags.max(count),
            None => {}
        }
    }
    (seen, most_flags)
}

fn heard(bits: &[bool]) -> Vec<Seen> {
    hear(&mut Deframer::new(), bits).0
}

/// The check sequence of `123456789` under this generator and presets is D64E (catalogued as GENIBUS).
#[test]
fn the_check_sequence_is_that_of_t30() {
    let bits = sent(Framer::new([b"123456789".to_vec()], 1, 0));
    // No five ones in a row in these octets: nothing is stuffed, and the check lies before the last flag.
    let check = &bits[8 + 72..8 + 72 + 16];
    assert_eq!(check, bits_of("1101 0110 0100 1110"));
    assert_eq!(bits.len(), 8 + 72 + 16 + 8);
}

#[test]
fn a_zero_is_stuffed_after_five_ones_and_taken_out_again() {
    let bits = sent(Framer::new([vec![0xFF, 0xC8, 0x7E, 0x3F]], 2, 1));
    assert!(!bits[16..bits.len() - 16].windows(6).any(|six| six.iter().all(|bit| *bit)));
    assert_eq!(&bits[16..25], bits_of("11111 0 111"));
    assert_eq!(heard(&bits), [Seen::Frame(vec![0xFF, 0xC8, 0x7E, 0x3F])]);
}

#[test]
fn frames_follow_one_another_with_one_flag_between_or_many() {
    let frames = [vec![0xFF, 0xC0, 0x02, 1, 2, 3], vec![0xFF, 0xC8, 0x01, 0xFF, 0xFF], vec![0xFF, 0xC8, 0x31]];
    let bits = sent(Framer::new(frames.clone(), 38, 2));
    let expected: Vec<_> = frames.iter().cloned().map(Seen::Frame).collect();
    assert_eq!(heard(&bits), expected);
    let mut apart = Vec::new();
    for frame in frames {
        apart.extend(sent(Framer::new([frame], 5, 7)));
    }
    assert_eq!(heard(&apart), expected);
}

#[test]
fn flags_may_share_their_zeros() {
    let mut bits = bits_of("01111110 1111110 1111110");
    let frame = sent(Framer::new([vec![0xFF, 0xC8, 0x31]], 1, 0));
    bits.extend(&frame[1..]);
    bits.extend(bits_of("1111110"));
    let (seen, flags) = hear(&mut Deframer::new(), &bits);
    assert_eq!(seen, [Seen::Frame(vec![0xFF, 0xC8, 0x31])]);
    assert_eq!(flags, 4);
}

#[test]
fn flags_are_counted_in_a_row() {
    let bits = sent(Framer::new([vec![0xFF, 0xC8, 0x31]], 5, 3));
    let mut deframer = Deframer::new();
    assert_eq!(hear(&mut deframer, &bits[..40]).1, 5);
    assert!(deframer.is_between_frames());
    assert_eq!(hear(&mut deframer, &bits[40..]).1, 3, "the flag that ends a frame is not told");
}

#[test]
fn every_single_wrong_bit_is_found() {
    let frame = vec![0xFF, 0xC8, 0x01, 0x00, 0x77, 0x5F];
    let bits = sent(Framer::new([frame.clone()], 2, 2));
    for place in 16..bits.len() - 24 {
        let mut wrong = bits.clone();
        wrong[place] = !wrong[place];
        let seen = heard(&wrong);
        assert!(!seen.iter().any(|seen| matches!(seen, Seen::Frame(_))), "bit {place}: {seen:?}");
        assert!(!seen.is_empty(), "bit {place}");
    }
}

#[test]
fn an_abort_inside_a_frame_damages_it_and_the_next_one_is_good() {
    let mut bits = sent(Framer::new([vec![0xFF, 0xC8, 1, 2, 3, 4, 5, 6]], 2, 0));
    bits.truncate(60);
    bits.extend([true; 20]);
    bits.extend(sent(Framer::new([vec![0xFF, 0xC8, 0x31]], 1, 0)));
    assert_eq!(heard(&bits), [Seen::Damaged, Seen::Frame(vec![0xFF, 0xC8, 0x31])]);
}

#[test]
fn ones_are_no_hdlc_and_told_once() {
    assert_eq!(heard(&[true; 300]), [Seen::Abort]);
    assert_eq!(heard(&[false; 300]), []);
}

#[test]
fn a_frame_without_end_is_damaged_once_and_bounded() {
    let mut deframer = Deframer::new();
    let mut bits = bits_of("01111110");
    bits.extend(bits_of("10100101").repeat(5000));
    assert_eq!(hear(&mut deframer, &bits).0, [Seen::Damaged]);
    assert!(deframer.octets.capacity() <= MOST_OCTETS);
    let longest = vec![0x55; MOST_OCTETS - CHECK_OCTETS];
    assert_eq!(hear(&mut deframer, &sent(Framer::new([longest.clone()], 1, 0))).0, [Seen::Frame(longest)]);
}

#[test]
fn a_frame_that_is_cut_off_was_under_way() {
    let bits = sent(Framer::new([vec![0xFF, 0xC8, 1, 2, 3, 4]], 1, 0));
    let mut deframer = Deframer::new();
    assert_eq!(hear(&mut deframer, &bits[..50]).0, []);
    assert!(deframer.end());
    assert!(!deframer.end());
    assert_eq!(hear(&mut deframer, &bits[8..]).0, [], "nothing without a flag before");
}

#[test]
fn no_frame_at_all_is_flags() {
    let bits = sent(Framer::new(Vec::new(), 3, 2));
    assert_eq!(bits, bits_of(&"01111110".repeat(5)));
}

fn mended(bits: &[bool], hole: std::ops::Range<usize>) -> Vec<Vec<u8>> {
    mended_by(&mut Mender::new(), bits, &[hole])
}

fn mended_by(mender: &mut Mender, bits: &[bool], holes: &[std::ops::Range<usize>]) -> Vec<Vec<u8>> {
    let mut frames = Vec::new();
    for (place, bit) in bits.iter().enumerate() {
        let is_hole = holes.iter().any(|hole| hole.contains(&place));
        let found = mender.push(*bit && !is_hole, !is_hole, |frame| frame[0] == 0xFF);
        frames.extend(found.into_iter().flatten());
    }
    frames
}

#[test]
fn a_hole_of_eight_bits_is_mended_wherever_it_is() {
    let frames = [vec![0xFF, 0xC0, 0x02, 1, 2, 0xFC], vec![0xFF, 0xC8, 0x01, 0xFF, 0xFF, 0x77, 0x5F]];
    let bits = sent(Framer::new(frames.clone(), 3, 3));
    let (mut whole, mut none) = (0, 0);
    for start in 16..bits.len() - 16 {
        let found = mended(&bits, start..start + 8);
        for frame in &found {
            assert!(frames.contains(frame), "hole at {start}: {found:02x?}");
        }
        whole += usize::from(!found.is_empty());
        none += usize::from(found.is_empty());
    }
    // Between the flags, where nothing need be mended, none is given.
    assert!(none < 24, "{none} of {} holes are not mended", whole + none);
}

#[test]
fn what_has_no_hole_or_two_is_left_alone() {
    let bits = sent(Framer::new([vec![0xFF, 0xC8, 0x01, 5, 6, 7, 8, 9]], 2, 2));
    assert!(mended(&bits, 0..0).is_empty());
    let mut wrong = bits.clone();
    wrong[70] = !wrong[70];
    assert!(mended(&wrong, 30..38).is_empty(), "an error elsewhere is no hole");
    assert!(mended(&bits, 30..60).is_empty());
}

#[test]
fn a_frame_with_many_holes_is_put_together_from_its_repetitions() {
    let frame: Vec<u8> = [0xFF, 0xC8, 0x3D].into_iter().chain((0..32_u8).map(|octet| octet.wrapping_mul(37))).collect();
    let bits = sent(Framer::new([frame.clone()], 2, 2));
    let mut mender = Mender::new();
    let other = sent(Framer::new([vec![0xFF, 0xC0, 0x02, 9, 9, 9, 9, 9, 9]], 2, 2));
    assert!(mended_by(&mut mender, &bits, &[40..48, 100..107, 250..258]).is_empty());
    mender.restart();
    assert!(mended_by(&mut mender, &other, &[30..40, 60..70]).is_empty(), "something else between");
    assert_eq!(mended_by(&mut mender, &bits, &[60..68, 103..111, 200..208]), [frame]);
}
