//! An INVITE from a trunk: who is called and who calls.
//!
//! Holds: what is kept is bounded, of one line, and without control characters; whoever withholds himself is not told.
#![no_main]

use faxramp::sip::Message;
use faxramp::sip::parties::{CalledFrom, PARTY_MAX, called_number, caller};
use libfuzzer_sys::fuzz_target;

fn is_plain(text: &str) -> bool {
    text.len() <= PARTY_MAX && !text.chars().any(char::is_control)
}

fuzz_target!(|datagram: &[u8]| {
    let Ok(message) = Message::parse(datagram) else { return };
    let places = [
        CalledFrom::RequestUri,
        CalledFrom::To,
        CalledFrom::Diversion,
        CalledFrom::HistoryInfo,
        CalledFrom::CalledParty,
    ];
    for place in places {
        let number = called_number(&message, place);
        assert!(is_plain(&number), "{number:?}");
    }
    let caller = caller(&message);
    assert!(caller.number.as_deref().is_none_or(is_plain) && caller.name.as_deref().is_none_or(is_plain), "{caller:?}");
    assert!(!caller.withheld || caller.number.is_none() && caller.name.is_none());
});
