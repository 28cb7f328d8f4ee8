//! Octets of strangers as SRTP and SRTCP: none makes a receiver panic or is taken, and whatever a sender protects comes out as it was.
#![no_main]

use faxramp::srtp::{MasterKey, Receiver, Sender, Suite, control};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some((choice, rest)) = data.split_first() else { return };
    let suite = Suite::ALL[usize::from(*choice) % Suite::ALL.len()];
    let key = MasterKey::drawn(suite, &[7; 32], 1);
    let mut receiver = Receiver::new(&key);
    let mut sender = Sender::new(&key);
    let (mut reported, mut reports) = (control::Receiver::new(&key), control::Sender::new(&key));
    // Packets of the length that their first octet says, so that one input is a stream.
    let mut left = rest;
    while let Some((length, behind)) = left.split_first() {
        let (packet, behind) = behind.split_at(usize::from(*length).min(behind.len()));
        assert!(receiver.unprotect(&mut packet.to_vec()).is_err(), "nobody can make a packet without the key");
        let mut sealed = packet.to_vec();
        if sender.protect(&mut sealed).is_ok() {
            assert_eq!(sealed.len(), packet.len() + suite.tag_octets());
            let mut opened = sealed.clone();
            if Receiver::new(&key).unprotect(&mut opened).is_ok() {
                assert_eq!(opened, packet);
            }
        }
        assert!(reported.unprotect(&mut packet.to_vec()).is_err(), "nor a report");
        let mut sealed = packet.to_vec();
        if reports.protect(&mut sealed).is_ok() {
            assert_eq!(control::Receiver::new(&key).unprotect(&mut sealed), Ok(()));
            assert_eq!(sealed, packet);
        }
        left = behind;
    }
});
