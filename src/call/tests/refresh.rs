//! Faxes that outlast the session interval: the session is refreshed in their midst, and they do not notice.
// RFC 4028

use std::time::Duration;

use super::network::Network;
use super::party::{CALLEE, CALLER, inbound, outbound};
use super::transport::{assert_sent, network};
use crate::sip::Method;

/// A fax at the lowest rate over a line whose sessions last 90 seconds, with these methods allowed by both.
fn slow_fax(allow: &'static str, refresher: Option<&'static str>) -> Network {
    let (mut caller, mut callee) = (outbound(), inbound());
    for (line, endpoint) in [(&mut caller.line, &mut caller.endpoint), (&mut callee.line, &mut callee.endpoint)] {
        line.max_rate = 2400;
        endpoint.calls.session_interval = Some(Duration::from_secs(90));
    }
    let mut network = network(caller, callee);
    network.edit = Box::new(move |message, from| {
        if message.headers.first("Allow").is_some() {
            message.headers.set("Allow", allow);
        }
        let asks = from == CALLER && message.method() == Some(&Method::Invite) && message.to_tag().is_none();
        if let Some(refresher) = refresher.filter(|_| asks) {
            message.headers.set("Session-Expires", format!("90;refresher={refresher}"));
        }
    });
    network.play();
    assert_sent(&network);
    network
}

/// The descriptions that a side sent in re-INVITEs, by their media lines.
fn media(network: &Network, side: usize) -> Vec<String> {
    let bodies = network.bodies.iter().filter(|(from, body)| *from == side && !body.is_empty());
    let line = |body: &String| body.lines().find(|line| line.starts_with("m=")).unwrap_or_default().to_owned();
    bodies.map(|(_, body)| line(body)).collect()
}

#[test]
fn a_long_fax_is_refreshed_by_update_without_a_description() {
    let network = slow_fax("INVITE, ACK, BYE, CANCEL, UPDATE", None);
    assert!(network.said(CALLER, "UPDATE") >= 1, "{}", network.story());
    assert_eq!((network.said(CALLER, "INVITE"), network.said(CALLEE, "INVITE")), (1, 1), "{}", network.story());
}

#[test]
fn without_update_a_long_fax_is_refreshed_with_the_t38_description_in_force_by_either_side() {
    for (refresher, side) in [("uac", CALLER), ("uas", CALLEE)] {
        let network = slow_fax("INVITE, ACK, BYE, CANCEL", Some(refresher));
        assert_eq!(network.said(CALLER, "UPDATE") + network.said(CALLEE, "UPDATE"), 0);
        // Its own first one, the call or the switch, and at least one more.
        assert!(network.said(side, "INVITE") >= 2, "{}", network.story());
        // After the switch nobody speaks of audio again.
        for side in [CALLER, CALLEE] {
            let media = media(&network, side);
            let switch = media.iter().position(|line| line.starts_with("m=image")).unwrap();
            assert!(media[switch..].iter().all(|line| line.starts_with("m=image")), "{media:?}");
            assert!(media.len() > 2, "no refresh at all: {}", network.story());
        }
    }
}
