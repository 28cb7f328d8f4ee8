//! Digest, both ways: credentials that a stranger shows us, and a challenge of a server that we answer.
//!
//! Input (its length says which algorithms are asked for): an octet with how the request is changed, one with its length, the Authorization that is shown, then the response with challenges.
//! Holds: nobody is let in without the password, whatever is shown; whoever has it is let in once for each answer; an answer to a challenge
//! is one line.
#![no_main]

use std::net::IpAddr;

use faxramp::sip::digest::server::Asked;
use faxramp::sip::digest::{Authenticator, Subject};
use faxramp::sip::{Credentials, Gatekeeper, Judgement, Message, Method};
use faxramp_fuzz::{Feed, base};
use libfuzzer_sys::fuzz_target;

fn credentials() -> Credentials {
    Credentials { user: "pbx".into(), password: "a password nobody guesses: 8f2e".into(), realm: None }
}

fn invite() -> Message {
    let mut invite = Message::request(Method::Invite, "sip:+39021111@192.0.2.1");
    invite.headers.push("Call-ID", "c");
    invite.set_body("application/sdp", b"v=0\r\n".to_vec());
    invite
}

fuzz_target!(|octets: &[u8]| {
    let mut feed = Feed::new(octets);
    let (source, now) = (IpAddr::from([192, 0, 2, 9]), base());
    let mut gatekeeper = Gatekeeper::new("fax.test", [7; 32], now);
    let mut request = invite();
    request.headers.push("Authorization", feed.counted());
    let asked_for = if octets.len().is_multiple_of(2) { Asked::Any } else { Asked::Sha256 };
    let Judgement::Challenge(challenges) = gatekeeper.judge(&request, source, (&credentials(), asked_for), now) else {
        panic!("let in without the password: {:?}", request.headers.first("Authorization"));
    };
    // The challenges of a stranger, then our own.
    let mut authenticator = Authenticator::new(Some(credentials()));
    if let Ok(response) = Message::parse(feed.rest()) {
        let _ = authenticator.learn(&response);
        let mut headers = invite().headers;
        let subject = Subject { method: "INVITE", uri: "sip:+39021111@192.0.2.1", body: b"v=0\r\n" };
        authenticator.authorize(&mut headers, subject, "0a4f113b");
        for name in ["Authorization", "Proxy-Authorization"] {
            for value in headers.all(name) {
                assert!(!value.contains(&b'\r') && !value.contains(&b'\n'));
            }
        }
        authenticator.take_next_nonce(&response);
    }
    let mut asked = Message::response(&invite(), 401, "", "t", (source, 5060).into());
    for challenge in challenges {
        asked.headers.push("WWW-Authenticate", challenge);
    }
    let mut knowing = Authenticator::new(Some(credentials()));
    assert!(knowing.learn(&asked).is_ok());
    let mut request = invite();
    let (uri, body) = (request.request_uri().unwrap_or_default().to_owned(), request.body.clone());
    knowing.authorize(&mut request.headers, Subject { method: "INVITE", uri: &uri, body: &body }, "0a4f113b");
    assert!(matches!(gatekeeper.judge(&request, source, (&credentials(), asked_for), now), Judgement::Granted));
    assert!(
        matches!(gatekeeper.judge(&request, source, (&credentials(), asked_for), now), Judgement::Challenge(_)),
        "once"
    );
});
