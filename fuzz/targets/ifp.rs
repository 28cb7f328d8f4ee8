//! One IFP packet, in both grammars. Holds: what was read is written so that it reads the same.
#![no_main]

use faxramp::t38::ifp::{Grammar, Packet};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|octets: &[u8]| {
    for grammar in [Grammar::Version0, Grammar::Extended] {
        if let Ok(packet) = Packet::decode(octets, grammar) {
            let written = packet.encode(grammar);
            assert_eq!(Packet::decode(&written, grammar).as_ref(), Ok(&packet));
        }
        if let Ok((packet, spoken)) = Packet::decode_tolerantly(octets, grammar) {
            assert_eq!(Packet::decode(octets, spoken), Ok(packet));
        }
    }
});
