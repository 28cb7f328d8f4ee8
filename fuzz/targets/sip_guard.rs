//! Datagrams of strangers, known peers and floods before the guard, in virtual time.
//!
//! Input: datagrams, each behind an octet with who sends it and how much later, and an octet with its length.
//! Holds: only an INVITE is ever refused or dropped; no more than a peer's tokens get through as new calls; what is refused is refused
//! with a message we read, to whoever sent it; a stranger hears nothing.
#![no_main]

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use faxramp::sip::guard::{Admission, Dropped, REFUSALS_PER_SECOND};
use faxramp::sip::{Guard, Message, Rate, Source, Transport};
use faxramp_fuzz::{Feed, base};
use libfuzzer_sys::fuzz_target;

const RATE: Rate = Rate { per_second: 2, burst: 4 };

fn known(address: IpAddr) -> bool {
    matches!(address, IpAddr::V4(v4) if v4.octets()[3] < 4)
}

fuzz_target!(|octets: &[u8]| {
    let mut feed = Feed::new(octets);
    let mut guard = Guard::new("fuzz", Box::new(|address, _| known(address).then_some(RATE)));
    let (start, mut now) = (base(), base());
    let mut refused = 0;
    while !feed.is_empty() {
        let head = feed.octet();
        let address = IpAddr::from([192, 0, 2, head & 7]);
        now += Duration::from_millis(u64::from(head >> 3) * 10);
        let datagram = feed.counted();
        let source = Source { address: SocketAddr::new(address, 5060), ..Source::udp(SocketAddr::new(address, 5060)) };
        let is_invite = datagram.trim_ascii_start().starts_with(b"INVITE ");
        match guard.judge(datagram, source, &[], now) {
            Admission::Pass => {}
            Admission::Refuse(bytes, to) => {
                refused += 1;
                assert!(is_invite && known(address));
                assert_eq!((to.address.ip(), to.transport), (address, Transport::Udp));
                assert_eq!(Message::parse(&bytes).expect("we read what we write").status(), Some(503));
            }
            Admission::Drop(Dropped::Stranger) => assert!(is_invite && !known(address)),
            Admission::Drop(Dropped::Flood) => assert!(is_invite && known(address)),
        }
    }
    let seconds = (now - start).as_secs() + 1;
    assert!(refused <= 4 * u64::from(REFUSALS_PER_SECOND) * (seconds + 1), "{refused} refusals in {seconds} s");
    let counts = guard.counts();
    assert_eq!(counts.refused, refused);
});
