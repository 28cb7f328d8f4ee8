//! The vectors of the RFCs, and what holds for every packet whichever way the network treats it.

use ctr::cipher::{KeyIvInit as _, StreamCipher as _};
use proptest::prelude::*;

use super::cipher::Cipher;
use super::derivation::{Counter, Label, derive};
use super::{MasterKey, Receiver, SALT_OCTETS, STREAMS_MAX, Sender, SrtpError, Suite, control, rtp_cipher};

fn octets(hexadecimal: &str) -> Vec<u8> {
    let digits: Vec<u8> = hexadecimal.bytes().filter(u8::is_ascii_hexdigit).collect();
    let pair = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
    digits.chunks(2).map(pair).collect()
}

fn array<const N: usize>(hexadecimal: &str) -> [u8; N] {
    octets(hexadecimal).try_into().unwrap()
}

// RFC 3711 Appendix B.2
#[test]
fn the_key_stream_is_that_of_the_rfc_from_its_first_block_to_its_last() {
    let counter = array::<16>("F0F1F2F3F4F5F6F7F8F9FAFBFCFD0000");
    let key = array::<16>("2B7E151628AED2A6ABF7158809CF4F3C");
    let mut stream = vec![0; 1_044_512];
    Counter::new(&key.into(), &counter.into()).apply_keystream(&mut stream);
    for (block, expected) in [
        (0, "E03EAD0935C95E80E166B16DD92B4EB4"),
        (1, "D23513162B02D0F72A43A2FE4A5F97AB"),
        (2, "41E95B3BB0A2E8DD477901E4FCA894C0"),
        (0xFEFF, "EC8CDF7398607CB0F2D21675EA9EA1E4"),
        (0xFF00, "362B7C3C6773516318A077D7FC5073AE"),
        (0xFF01, "6A2CC3787889374FBEB4C81B17BA6C44"),
    ] {
        assert_eq!(stream[block * 16..][..16], octets(expected), "{block}");
    }
}

// RFC 3711 Appendix B.3
#[test]
fn session_keys_are_those_of_the_rfc() {
    let key_and_salt = octets("E1F97A0D3E018BE0D64FA32C06DE4139 0EC675AD498AFEEBB6960B3AABE6");
    let master = MasterKey::new(Suite::AesCm128HmacSha1Tag80, &key_and_salt).unwrap();
    for (label, expected) in [
        (Label::Encryption, "C61E7A93744F39EE10734AFE3FF7A087"),
        (Label::Salt, "30CBBC08863D8C85D49DB34A9AE1"),
        (
            Label::Authentication,
            "CEBE321F6FF7716B6FD4AB49AF256A156D38BAA48F0A0ACF3C34E2359E6CDBCE\
             E049646C43D9327AD175578EF72270986371C10C9A369AC2F94A8C5FBCDDDC25\
             6D6E919A48B610EF17C2041E474035766B68642C59BBFC2F34DB60DBDFB2",
        ),
    ] {
        let expected = octets(expected);
        let mut derived = vec![0; expected.len()];
        derive(&master, label, &mut derived);
        assert_eq!(derived, expected, "{label:?}");
    }
}

// RFC 7714 §16.1
#[test]
fn a_packet_in_galois_counter_mode_is_that_of_the_rfc() {
    let plain = octets(
        "8040f17b 8041f8d3 5501a0b2 47616c6c 69612065 7374206f 6d6e6973 20646976 69736120 696e2070 61727465 73207472 6573",
    );
    let sealed = octets(
        "8040f17b 8041f8d3 5501a0b2 f24de3a3 fb34de6c acba861c 9d7e4bca be633bd5 0d294e6f 42a5f47a 51c7d19b 36de3adf \
         8833899d 7f27beb1 6a9152cf 765ee439 0cce",
    );
    let mut salt = [0; SALT_OCTETS];
    salt[..12].copy_from_slice(b"Quid pro quo");
    // The RFC gives the keys of the session.
    let cipher = Cipher::galois(array("000102030405060708090a0b0c0d0e0f"), salt);
    let mut packet = plain.clone();
    cipher.seal(&mut packet, 12, 0x5501_a0b2, 0xf17b);
    assert_eq!(packet, sealed);
    cipher.open(&mut packet, 12, 0x5501_a0b2, 0xf17b).unwrap();
    assert_eq!(packet, plain);
}

/// A packet that libsrtp makes of the master key of RFC 3711 Appendix B.3, as its own tests have it.
#[test]
fn a_packet_in_counter_mode_is_that_of_another_implementation() {
    let key_and_salt = octets("E1F97A0D3E018BE0D64FA32C06DE4139 0EC675AD498AFEEBB6960B3AABE6");
    let master = MasterKey::new(Suite::AesCm128HmacSha1Tag80, &key_and_salt).unwrap();
    let plain = octets("800f1234decafbadcafebabe abababababababababababababababab");
    let sealed = octets("800f1234decafbadcafebabe 4e55dc4ce79978d88ca4d215949d2402 b78d6acc99ea179b8dbb");
    let mut packet = plain.clone();
    Sender::new(&master).protect(&mut packet).unwrap();
    assert_eq!(packet, sealed);
    Receiver::new(&master).unprotect(&mut packet).unwrap();
    assert_eq!(packet, plain);
}

// RFC 7714 §17.1
#[test]
fn a_report_in_galois_counter_mode_is_that_of_the_rfc() {
    let plain = octets(
        "81c8000d 4d617273 4e545031 4e545032 52545020 0000042a 0000e930 4c756e61 deadbeef deadbeef deadbeef deadbeef deadbeef",
    );
    let sealed = octets(
        "81c8000d 4d617273 63e94885 dcdab67c a727d766 2f6b7e99 7ff5c0f7 6c06f32d c676a5f1 730d6fda 4ce09b46 86303ded \
         0bb9275b c84aa458 96cf4d2f c5abf872 45d9eade 800005d4",
    );
    let mut salt = [0; SALT_OCTETS];
    salt[..12].copy_from_slice(b"Quid pro quo");
    let cipher = Cipher::galois(array("000102030405060708090a0b0c0d0e0f"), salt);
    let mut packet = plain.clone();
    cipher.seal_control(&mut packet, 0x4d61_7273, 0x5d4);
    assert_eq!(packet, sealed);
    assert_eq!(cipher.control_index(&packet), Ok(0x5d4));
    cipher.open_control(&mut packet, 0x4d61_7273, 0x5d4).unwrap();
    assert_eq!(packet, plain);
}

/// A report that libsrtp makes of the master key of RFC 3711 Appendix B.3, as its own tests have it. It counts from 1.
#[test]
fn a_report_in_counter_mode_is_that_of_another_implementation() {
    let key_and_salt = octets("E1F97A0D3E018BE0D64FA32C06DE4139 0EC675AD498AFEEBB6960B3AABE6");
    let plain = octets("81c8000bcafebabe abababababababababababababababab");
    let sealed = octets("81c8000bcafebabe 7128035be487b9bdbef89041f977a5a8 80000001 993e08cd54d6c1230798");
    for suite in [Suite::AesCm128HmacSha1Tag80, Suite::AesCm128HmacSha1Tag32] {
        let master = MasterKey::new(suite, &key_and_salt).unwrap();
        let mut sender = control::Sender::new(&master);
        let mut packet = plain.clone();
        sender.protect(&mut packet.clone()).unwrap();
        sender.protect(&mut packet).unwrap();
        assert_eq!(packet, sealed, "{suite:?}");
        control::Receiver::new(&master).unprotect(&mut packet).unwrap();
        assert_eq!(packet, plain);
    }
}

#[test]
fn a_report_is_taken_once_whole_and_under_its_key_only() {
    let report = |ssrc: u32| [&[0x81, 201, 0, 7][..], &ssrc.to_be_bytes(), &[5; 24]].concat();
    for suite in Suite::ALL {
        let mut sender = control::Sender::new(&key(suite));
        let mut receiver = control::Receiver::new(&key(suite));
        for _ in 0..3 {
            let mut sealed = report(7);
            sender.protect(&mut sealed).unwrap();
            for at in 0..sealed.len() {
                let mut changed = sealed.clone();
                changed[at] ^= 0x40;
                assert!(receiver.unprotect(&mut changed).is_err(), "{suite:?} {at}");
                assert!(receiver.unprotect(&mut sealed[..at].to_vec()).is_err(), "{suite:?} {at}");
            }
            let mut opened = sealed.clone();
            assert_eq!(receiver.unprotect(&mut opened), Ok(()));
            assert_eq!(opened, report(7));
            assert_eq!(receiver.unprotect(&mut sealed), Err(SrtpError::Replayed));
        }
        for ssrc in 8..7 + STREAMS_MAX as u32 {
            let mut sealed = report(ssrc);
            sender.protect(&mut sealed).unwrap();
            assert_eq!(receiver.unprotect(&mut sealed), Ok(()));
        }
        let mut sealed = report(99);
        sender.protect(&mut sealed).unwrap();
        assert_eq!(receiver.unprotect(&mut sealed), Err(SrtpError::TooManyStreams));
        assert_eq!(sender.protect(&mut vec![0x81; 7]), Err(SrtpError::Malformed));
    }
}

fn key(suite: Suite) -> MasterKey {
    let octets: Vec<u8> = (0..suite.key_and_salt_octets()).map(|octet| u8::try_from(octet).unwrap()).collect();
    MasterKey::new(suite, &octets).unwrap()
}

/// A packet with two sources and an extension of one word.
fn packet(ssrc: u32, sequence: u16, payload: &[u8]) -> Vec<u8> {
    let mut packet = vec![0x92, 0];
    packet.extend(sequence.to_be_bytes());
    packet.extend([0, 0, 0, 1]);
    packet.extend(ssrc.to_be_bytes());
    packet.extend([1; 8]);
    packet.extend([0xBE, 0xDE, 0, 1, 9, 9, 9, 9]);
    packet.extend(payload);
    packet
}

#[test]
fn names_and_lengths_are_those_of_the_rfcs_and_keys_of_other_lengths_are_none() {
    for suite in Suite::ALL {
        assert_eq!(Suite::named(&suite.name().to_lowercase()), Some(suite));
        let key = key(suite);
        assert_eq!(MasterKey::new(suite, &key.octets()), Some(key));
        assert_eq!(MasterKey::new(suite, &key.octets()[1..]), None);
        assert_eq!(MasterKey::new(suite, &[key.octets(), vec![0]].concat()), None);
        assert!(!format!("{key:?}{:?}", Sender::new(&key)).contains("[0, 1"), "keys are not told");
    }
    assert_eq!(Suite::ALL.map(Suite::key_and_salt_octets), [28, 30, 30]);
    assert_eq!(Suite::named("F8_128_HMAC_SHA1_80"), None);
}

#[test]
fn header_sources_and_extension_stay_readable_and_nothing_can_be_changed() {
    for suite in Suite::ALL {
        let plain = packet(7, 100, b"words");
        let mut sealed = plain.clone();
        Sender::new(&key(suite)).protect(&mut sealed).unwrap();
        assert_eq!(sealed[..28], plain[..28]);
        assert_ne!(sealed[28..33], plain[28..33]);
        assert_eq!(sealed.len(), plain.len() + suite.tag_octets());
        for place in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[place] ^= 0x40;
            let refused = Receiver::new(&key(suite)).unprotect(&mut changed).unwrap_err();
            assert!(matches!(refused, SrtpError::Authentication | SrtpError::Malformed), "{place} {refused}");
        }
        let other = MasterKey::new(suite, &vec![9; suite.key_and_salt_octets()]).unwrap();
        assert_eq!(Receiver::new(&other).unprotect(&mut sealed), Err(SrtpError::Authentication));
    }
}

#[test]
fn a_packet_is_taken_once_and_not_when_it_is_too_late_to_tell() {
    let suite = Suite::AesCm128HmacSha1Tag80;
    let (mut sender, mut receiver) = (Sender::new(&key(suite)), Receiver::new(&key(suite)));
    let sealed: Vec<Vec<u8>> = (0..200)
        .map(|number| {
            let mut packet = packet(7, 65_500_u16.wrapping_add(number), b"x");
            sender.protect(&mut packet).unwrap();
            packet
        })
        .collect();
    let mut take = |index: usize| receiver.unprotect(&mut sealed[index].clone());
    assert_eq!(take(0), Ok(()));
    assert_eq!(take(0), Err(SrtpError::Replayed));
    assert_eq!(take(150), Ok(()), "the counter goes on over a gap and the wrap");
    assert_eq!(take(23), Ok(()), "late, 127 behind");
    assert_eq!(take(23), Err(SrtpError::Replayed));
    assert_eq!(take(22), Err(SrtpError::Replayed), "so late that nobody knows");
    assert_eq!(take(151), Ok(()));
}

#[test]
fn behind_a_new_key_the_counter_may_go_on_or_begin_anew() {
    for suite in Suite::ALL {
        let other = MasterKey::new(suite, &vec![9; suite.key_and_salt_octets()]).unwrap();
        let (mut sender, mut receiver) = (Sender::new(&key(suite)), Receiver::new(&key(suite)));
        // Over the wrap, so that the counter is 1.
        for sequence in [65_000, 65_535, 20] {
            let mut packet = packet(7, sequence, b"x");
            sender.protect(&mut packet).unwrap();
            assert_eq!(receiver.unprotect(&mut packet), Ok(()));
        }
        let plain = packet(7, 22, b"y");
        let mut anew = plain.clone();
        Sender::new(&other).protect(&mut anew).unwrap();
        let mut went_on = plain.clone();
        rtp_cipher(&other).seal(&mut went_on, 28, 7, (1 << 16) + 22);
        assert_ne!(anew, went_on);
        for mut sealed in [anew, went_on] {
            let mut successor = receiver.succeeding(&other);
            let repeated = sealed.clone();
            assert_eq!(successor.unprotect(&mut sealed), Ok(()));
            assert_eq!(sealed, plain);
            assert_eq!(successor.unprotect(&mut repeated.clone()), Err(SrtpError::Replayed));
        }
    }
}

#[test]
fn a_stream_whose_number_wrapped_before_we_listened_is_heard() {
    for suite in Suite::ALL {
        let (mut sender, mut receiver) = (Sender::new(&key(suite)), Receiver::new(&key(suite)));
        for sequence in [65_535, 3] {
            let mut packet = packet(7, sequence, b"x");
            sender.protect(&mut packet).unwrap();
            assert!(sequence != 3 || receiver.unprotect(&mut packet).is_ok());
        }
    }
}

#[test]
fn a_second_stream_begins_anew_and_there_are_not_many() {
    let suite = Suite::AeadAes128Gcm;
    let mut receiver = Receiver::new(&key(suite));
    for ssrc in 0..=u32::try_from(STREAMS_MAX).unwrap() {
        let mut packet = packet(ssrc, 9, b"x");
        Sender::new(&key(suite)).protect(&mut packet).unwrap();
        let expected = if ssrc as usize == STREAMS_MAX { Err(SrtpError::TooManyStreams) } else { Ok(()) };
        assert_eq!(receiver.unprotect(&mut packet), expected);
    }
}

proptest! {
    #[test]
    fn packets_come_out_as_they_went_in_whatever_the_network_does(
        suite in prop::sample::select(Suite::ALL.to_vec()),
        first: u16,
        // How far ahead each next one goes, and whether it is lost.
        steps in prop::collection::vec((1u16..20_000, any::<bool>(), prop::collection::vec(any::<u8>(), 0..40)), 1..200),
    ) {
        let (mut sender, mut receiver) = (Sender::new(&key(suite)), Receiver::new(&key(suite)));
        let mut sequence = first;
        let mut silent = 0u32;
        for (index, (step, lost, payload)) in steps.into_iter().enumerate() {
            sequence = sequence.wrapping_add(step);
            let plain = packet(7, sequence, &payload);
            let mut sealed = plain.clone();
            sender.protect(&mut sealed).unwrap();
            silent += u32::from(step);
            // Half a round unheard, and nobody can know how often the number wrapped.
            if index > 0 && lost && silent < 12_000 {
                continue;
            }
            prop_assert_eq!(receiver.unprotect(&mut sealed), Ok(()));
            prop_assert_eq!(sealed, plain);
            silent = 0;
        }
    }

    #[test]
    fn no_octets_make_it_panic_and_none_but_genuine_ones_are_taken(
        suite in prop::sample::select(Suite::ALL.to_vec()),
        mut octets in prop::collection::vec(any::<u8>(), 0..80),
    ) {
        prop_assert!(Receiver::new(&key(suite)).unprotect(&mut octets.clone()).is_err());
        let _ = Sender::new(&key(suite)).protect(&mut octets);
    }
}
