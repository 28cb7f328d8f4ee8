//! One datagram as a SIP message.
//!
//! Holds: what was read is written in a form that reads and writes the same again; a URI likewise.
#![no_main]

use faxramp::sip::{Message, Method, ParseError, Uri};
use libfuzzer_sys::fuzz_target;

fn look_at(message: &Message) {
    let _ = (message.method().cloned().map(|method: Method| method.to_string()), message.status());
    let _ = (message.via(), message.from(), message.to(), message.address("Contact"), message.address("Record-Route"));
    let _ = (message.from_tag(), message.to_tag(), message.call_id(), message.cseq(), message.branch());
    let _ = (message.content_type(), message.reason(), message.retry_after(), message.check(), message.reason_phrase());
    if let Some(uri) = message.uri() {
        let text = uri.to_string();
        let again = Uri::parse(&text).unwrap_or_else(|error| panic!("{text:?}: {error}"));
        assert_eq!(again.to_string(), text);
        let _ = (uri.user_decoded(), uri.socket_address());
    }
}

fuzz_target!(|datagram: &[u8]| {
    let Ok(message) = Message::parse(datagram) else { return };
    look_at(&message);
    let written = message.to_bytes();
    let again = match Message::parse(&written) {
        // A Content-Length that was missing, and an octet that is no UTF-8 and becomes three, may lead a message at a limit beyond it.
        Err(ParseError::TooLarge) => return,
        again => again.expect("we read what we write"),
    };
    assert_eq!(again.body, message.body);
    assert_eq!(
        (again.method(), again.status(), again.request_uri()),
        (message.method(), message.status(), message.request_uri())
    );
    // Control characters become blanks, and blanks at an end go; after that nothing changes any more.
    let settled = again.to_bytes();
    assert_eq!(Message::parse(&settled).expect("we read what we write").to_bytes(), settled);
});
