//! Audio that is encrypted: what is offered and taken by each policy, and a fax over it.
// RFC 3711, RFC 4568

use super::network::{Callee, Kind, Network};
use super::party::{CALLEE, CALLER, inbound, outbound};
use super::peer::{Answer, OnOffer, Peer, Sound, audio_description};
use super::transport::{assert_sent, network};
use crate::call::offer::What;
use crate::call::{InboundSettings, OurProtection, OutboundSettings, T38Policy};
use crate::model::Cause;
use std::time::Duration;

fn protection(required: bool, chance: u8) -> Option<OurProtection> {
    Some(OurProtection { required, chance: [chance; 32], number: 0 })
}

fn play(caller: Option<OurProtection>, called: Option<OurProtection>) -> Network {
    let (mut out, mut back): (OutboundSettings, InboundSettings) = (outbound(), inbound());
    (out.line.srtp, back.line.srtp) = (caller, called);
    let mut network = network(out, back);
    network.play();
    network
}

#[test]
fn each_pair_of_policies_comes_to_the_audio_that_both_want_or_to_no_call() {
    for (caller, called, invites) in [
        (protection(true, 1), protection(true, 2), Some(1)),
        (protection(true, 1), protection(false, 2), Some(1)),
        (protection(false, 1), protection(true, 2), Some(1)),
        (None, protection(false, 2), Some(1)),
        (None, protection(true, 2), None),
        (protection(true, 1), None, None),
    ] {
        let network = play(caller, called);
        let Some(invites) = invites else {
            assert_eq!(network.caller().ended().outcome.cause, Cause::NoCommonTransport, "{}", network.story());
            continue;
        };
        assert_sent(&network);
        assert_eq!(network.said(CALLER, "INVITE"), invites, "{}", network.story());
        assert_eq!(network.caller().ended().record.carrier.as_deref(), Some("T.38"), "T.38 follows as ever");
    }
}

#[test]
fn where_encrypted_audio_is_refused_plain_audio_follows_in_the_same_call_unless_it_must_be() {
    for (required, invites) in [(false, 2), (true, 1)] {
        let mut caller = outbound();
        caller.line.srtp = protection(required, 1);
        let answer = Answer::After(Duration::from_secs(1), audio_description());
        let mut peer = Peer::new(answer, OnOffer::Refuse(488), Sound::None);
        peer.refuse_image = Some(488);
        let mut network = Network::new(What::Audio, caller, Callee::Scripted(Box::new(peer)), 42);
        network.play();
        assert_eq!(network.said(CALLER, "INVITE") >= 2, invites == 2, "{}", network.story());
        let cause = &network.caller().ended().outcome.cause;
        assert_eq!(*cause == Cause::NoCommonTransport, required, "{cause:?}");
    }
}

#[test]
fn a_fax_goes_over_encrypted_audio() {
    let (mut caller, mut called) = (outbound(), inbound());
    (caller.t38, called.t38) = (T38Policy::audio_only(), T38Policy::audio_only());
    (caller.line.srtp, called.line.srtp) = (protection(true, 1), protection(true, 2));
    let mut network = network(caller, called);
    network.play();
    assert_sent(&network);
    assert_eq!((network.said(CALLER, "INVITE"), network.said(CALLEE, "INVITE"), network.count(Kind::T38)), (1, 0, 0));
}
