//! Every way a call ends before its time: refused, unanswered, no fax there, hung up by either side in each phase.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use super::network::{Action, Callee, DELAY, Kind, Network, Watch};
use super::party::{CALLEE, CALLER, Party, inbound, outbound};
use super::peer::{Answer, OnOffer, Peer, Sound, audio_description};
use super::transport::{assert_sent, network};
use crate::call::offer::What;
use crate::call::timer::{FAREWELL_LIMIT, PARTING};
use crate::call::{OutboundSettings, Output, Progress};
use crate::model::{Cause, Phase};
use crate::sip::Event;

/// Plays a call to a scripted far end.
fn call(caller: OutboundSettings, peer: Peer) -> Network {
    let mut network = Network::new(What::Audio, caller, Callee::Scripted(Box::new(peer)), 42);
    network.play();
    network
}

fn cause(network: &Network) -> Cause {
    let outcome = &network.caller().ended().outcome;
    assert_eq!((outcome.pages_confirmed, outcome.pages_total), (0, 3));
    outcome.cause.clone()
}

fn took(network: &Network) -> Duration {
    network.caller().free_at.unwrap() - network.base
}

fn answering(on_offer: OnOffer, sound: Sound) -> Peer {
    Peer::new(Answer::After(Duration::from_secs(2), audio_description()), on_offer, sound)
}

fn peer_heard_the_end(network: &Network) -> bool {
    let Callee::Scripted(peer) = &network.callee else { return false };
    peer.told.iter().any(|event| matches!(event, Event::Ended { .. }))
}

#[test]
fn refusals_are_told_apart() {
    for (status, reason, expected) in [
        (486, None, Cause::Busy),
        (600, None, Cause::Busy),
        (404, None, Cause::Unallocated),
        (603, None, Cause::Rejected),
        (503, None, Cause::Congestion { status: 503 }),
        (503, Some("Q.850;cause=17"), Cause::Busy),
        (480, Some("Q.850;cause=1"), Cause::Unallocated),
        (488, None, Cause::NoCommonTransport),
    ] {
        let network = call(outbound(), Peer::new(Answer::Refuse(status, reason), OnOffer::Nothing, Sound::None));
        assert_eq!(cause(&network), expected, "{status} {reason:?}");
        assert_eq!(network.caller().ended().record.sip_status, Some(status));
        assert!(took(&network) < Duration::from_secs(6), "{:?}", took(&network));
        let free = network.caller().free_at.unwrap() - network.base;
        assert!(free < Duration::from_millis(200), "nobody waits for repeats that may come: {free:?}");
        assert_eq!(network.said(CALLER, "ACK"), 1);
    }
}

#[test]
fn ringing_out_is_no_answer_and_the_call_is_cancelled() {
    let network = call(outbound(), Peer::new(Answer::Ring, OnOffer::Nothing, Sound::None));
    assert_eq!(cause(&network), Cause::NoAnswer);
    assert_eq!((network.said(CALLER, "CANCEL"), network.said(CALLEE, "SIP/2.0 487")), (1, 1));
    assert!(peer_heard_the_end(&network));
    assert_eq!(took(&network).as_secs(), 60);
}

#[test]
fn no_response_at_all_is_a_dead_trunk_whichever_limit_comes_first() {
    for (response, answer, expected) in [(6, 60, 6), (100, 5, 5), (100, 100, 32)] {
        let seconds = Duration::from_secs;
        let caller =
            OutboundSettings { response_timeout: seconds(response), answer_timeout: seconds(answer), ..outbound() };
        let network = call(caller, Peer::new(Answer::Nothing, OnOffer::Nothing, Sound::None));
        assert_eq!(cause(&network), Cause::TrunkDown);
        let free_after = network.caller().free_at.expect("free") - network.base;
        assert_eq!(free_after.as_secs(), expected, "the line is free at once: another trunk may have the call");
    }
}

#[test]
fn an_answer_that_crosses_the_cancel_is_acknowledged_and_hung_up() {
    // It rings from 30 ms on and answers within the 30 ms that the CANCEL takes.
    let answer = Answer::After(Duration::from_millis(59_985), audio_description());
    let network = call(outbound(), Peer::new(answer, OnOffer::Nothing, Sound::None));
    assert_eq!(cause(&network), Cause::NoAnswer);
    let said = |line| network.said(CALLER, line);
    assert_eq!((said("CANCEL"), said("ACK"), said("BYE")), (1, 1, 1), "{:?}", network.sip);
    assert!(peer_heard_the_end(&network));
}

#[test]
fn a_fax_that_takes_no_t38_is_told_from_a_person_by_its_tone() {
    // 2 s of ringing, 8 s for the far end's re-INVITE (its tone makes that 4.5 s and a bit), 5 s after our own was refused.
    for (sound, expected, seconds) in [
        (Sound::Ced, Cause::NoCommonTransport, 12),
        (Sound::Silence, Cause::NoFaxHeard, 15),
        (Sound::None, Cause::NoFaxHeard, 15),
    ] {
        let network = call(outbound(), answering(OnOffer::Refuse(488), sound));
        assert_eq!(cause(&network), expected, "{sound:?}");
        assert_eq!(took(&network).as_secs(), seconds, "{sound:?}");
        assert!(peer_heard_the_end(&network));
    }
}

#[test]
fn t38_that_is_agreed_on_but_stays_silent_is_given_up_within_two_minutes() {
    let t38 = audio_description().replace("audio 4000 RTP/AVP 8", "image 4002 udptl t38").replace("a=rtpmap", "a=x");
    let network = call(outbound(), answering(OnOffer::Accept(t38), Sound::None));
    assert_eq!(cause(&network), Cause::NoFaxHeard);
    assert!(took(&network) < Duration::from_secs(120), "{:?}", took(&network));
}

#[test]
fn a_re_invite_without_an_answer_ends_the_call() {
    let network = call(outbound(), answering(OnOffer::Nothing, Sound::Ced));
    assert!(took(&network) < Duration::from_secs(120), "{:?}", took(&network));
    assert!(matches!(cause(&network), Cause::NoResponse(Phase::A) | Cause::NoCommonTransport));
}

#[test]
fn an_answer_without_a_medium_ends_the_call_at_once() {
    for body in ["", "nonsense", "v=0\r\no=- 1 1 IN IP4 192.0.2.2\r\ns=-\r\nt=0 0\r\nm=audio 0 RTP/AVP 8\r\n"] {
        let answer = Answer::After(Duration::from_secs(1), body.into());
        let network = call(outbound(), Peer::new(answer, OnOffer::Nothing, Sound::None));
        assert_eq!(cause(&network), Cause::NoCommonTransport, "{body}");
        assert!(peer_heard_the_end(&network));
    }
}

#[test]
fn a_person_who_hangs_up_is_no_fax_but_a_fax_that_does_is_disconnected() {
    for (sound, expected) in [(Sound::Silence, Cause::NoFaxHeard), (Sound::Ced, Cause::Disconnected(Phase::A))] {
        let mut peer = answering(OnOffer::Refuse(488), sound);
        peer.hang_up_after = Some(Duration::from_secs(3));
        let network = call(outbound(), peer);
        assert_eq!(cause(&network), expected);
        assert!(took(&network) < Duration::from_secs(6));
    }
}

/// Where a call is cut.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Moment {
    Ringing,
    Audio,
    Switched,
    Identified,
    InPage(u32),
    /// The called side has the page; its confirmation is not out.
    Judging(u32),
}

const MOMENTS: [Moment; 9] = [
    Moment::Ringing,
    Moment::Audio,
    Moment::Switched,
    Moment::Identified,
    Moment::InPage(0),
    Moment::InPage(2),
    Moment::Judging(0),
    Moment::Judging(1),
    Moment::Judging(2),
];

/// Whether this output of a side marks the moment.
fn marks(moment: Moment, side: usize, output: &Output) -> bool {
    match (moment, output) {
        (Moment::Ringing, Output::Sip { bytes, .. }) => side == CALLEE && bytes.starts_with(b"SIP/2.0 100"),
        (Moment::Audio, Output::Progress(Progress::Answered)) => side == CALLEE,
        (Moment::Switched, Output::Progress(Progress::Switched)) => side == CALLEE,
        (Moment::Identified, Output::Progress(Progress::Fax(fax))) => {
            side == CALLEE && fax.phase == Phase::B && fax.remote_id.is_some()
        }
        (Moment::InPage(index), Output::Progress(Progress::Fax(fax))) => {
            side == CALLER && fax.phase == Phase::C && fax.page == index
        }
        (Moment::Judging(index), Output::PageReceived(page)) => side == CALLEE && page.index == index,
        _ => false,
    }
}

/// Hangs up a side, for a reason, so long after the moment.
fn cut(moment: Moment, wait: Duration, side: usize, reason: Cause) -> Watch {
    let done = Cell::new(false);
    Box::new(move |from, output| {
        if !marks(moment, from, output) || done.replace(true) {
            return Vec::new();
        }
        vec![(wait, side, Action::HangUp(reason.clone()))]
    })
}

/// A hang-up without a word of T.30, as when a handset is put down.
const HANDSET: Cause = Cause::Disconnected(Phase::A);

#[test]
fn a_far_end_that_hangs_up_is_told_by_the_phase_it_did_so_in() {
    for (moment, wait_ms, expected, pages) in [
        (Moment::Audio, 100, Cause::NoFaxHeard, 0),
        (Moment::Identified, 0, Cause::Disconnected(Phase::B), 0),
        (Moment::InPage(0), 1500, Cause::Disconnected(Phase::C), 0),
        (Moment::InPage(1), 1500, Cause::Disconnected(Phase::C), 1),
        (Moment::Judging(0), 0, Cause::Disconnected(Phase::D), 0),
        (Moment::Judging(1), 0, Cause::Disconnected(Phase::D), 1),
        // Its command has not quite left, so the far end cannot have taken the page.
        (Moment::Judging(2), 0, Cause::Disconnected(Phase::D), 2),
        (Moment::Judging(2), 300, Cause::LastConfirmationLost, 2),
    ] {
        let mut network = network(outbound(), inbound());
        network.watch = cut(moment, Duration::from_millis(wait_ms), CALLEE, HANDSET);
        network.play();
        let outcome = &network.caller().ended().outcome;
        assert_eq!(outcome.cause, expected, "{moment:?} + {wait_ms} ms:\n{}", network.story());
        assert_eq!(outcome.pages_confirmed, pages, "{moment:?}");
    }
}

#[test]
fn a_caller_that_hangs_up_leaves_the_pages_before_and_the_rest_of_the_one_under_way() {
    let mut network = network(outbound(), inbound());
    network.watch = cut(Moment::InPage(1), Duration::from_secs(2), CALLER, HANDSET);
    network.play();
    let called = network.called();
    assert_eq!(called.ended().outcome.cause, Cause::Disconnected(Phase::C), "{}", network.story());
    assert_eq!(called.ended().outcome.pages_confirmed, 1);
    assert_eq!(called.received.len(), 2, "the rest of page 2 is handed over");
    assert!(!called.received[1].wants_verdict);
    let apart = took(&network).abs_diff(called.free_at.unwrap() - network.base);
    assert!(apart < Duration::from_millis(100), "nobody waits for the half page: {apart:?}");
    let (caller, called) = (network.caller().free_at, called.free_at);
    assert!(called <= caller.map(|at| at + Duration::from_secs(1)), "nobody waits for a verdict that is not wanted");
}

#[test]
fn either_side_can_hang_up_at_any_moment_and_both_ends_finish() {
    let reasons = [Cause::Cancelled, Cause::Interrupted, HANDSET, Cause::Local("disk full".into())];
    for moment in MOMENTS {
        for side in [CALLER, CALLEE] {
            for reason in &reasons {
                for wait_ms in [0, 45, 2500] {
                    let mut network = network(outbound(), inbound());
                    network.watch = cut(moment, Duration::from_millis(wait_ms), side, reason.clone());
                    network.play();
                    let what = format!("{moment:?} + {wait_ms} ms, side {side}, {reason:?}:\n{}", network.story());
                    let ended = [network.caller().ended(), network.called().ended()];
                    assert!(took(&network) < Duration::from_secs(100), "{what}");
                    let cause = &ended[side].outcome.cause;
                    // The reason stands unless the outcome was there before, or T.30 knows a better name for it.
                    let known = matches!(cause, Cause::Sent | Cause::Disconnected(_) | Cause::LastConfirmationLost);
                    assert!(cause == reason || known || *reason == HANDSET, "{cause:?} {what}");
                    if ended[1 - side].outcome.cause == Cause::Sent && side == CALLEE {
                        assert_eq!(ended[CALLEE].outcome.pages_confirmed, 3, "{what}");
                    }
                }
            }
        }
    }
}

#[test]
fn a_call_that_lasts_too_long_is_ended_by_whoever_notices() {
    for side in [CALLER, CALLEE] {
        let (mut caller, mut callee) = (outbound(), inbound());
        let limit = if side == CALLER { &mut caller.line.call_limit } else { &mut callee.line.call_limit };
        *limit = Duration::from_secs(20);
        let mut network = network(caller, callee);
        network.play();
        let ended = [network.caller().ended(), network.called().ended()];
        assert_eq!(ended[side].outcome.cause, Cause::TooLong, "{}", network.story());
        assert!(matches!(ended[1 - side].outcome.cause, Cause::Disconnected(_)), "{}", network.story());
        assert!(took(&network) < Duration::from_secs(25), "{:?}", took(&network));
    }
}

#[test]
fn media_that_stops_in_mid_page_ends_both_calls_in_bounded_time() {
    for deaf in [[true, true], [true, false], [false, true]] {
        for page in [0, 1] {
            let mut network = network(outbound(), inbound());
            let silent = Rc::new(Cell::new(false));
            let heard = Rc::clone(&silent);
            network.path = Box::new(move |flight| {
                let lost = flight.kind == Kind::T38 && heard.get() && deaf[flight.from];
                if lost { Vec::new() } else { vec![DELAY] }
            });
            let moment = Moment::InPage(page);
            network.watch = Box::new(move |side, output| {
                silent.set(silent.get() || marks(moment, side, output));
                Vec::new()
            });
            network.play();
            let cause = &network.caller().ended().outcome.cause;
            assert!(
                matches!(cause, Cause::NoResponse(_) | Cause::MediaLost | Cause::Disconnected(_)),
                "{cause:?}\n{}",
                network.story()
            );
            assert_eq!(network.caller().ended().outcome.pages_confirmed, page);
            assert!(took(&network) < Duration::from_secs(180), "{:?}", took(&network));
        }
    }
}

#[test]
fn nothing_has_any_effect_after_the_end() {
    let mut network = network(outbound(), inbound());
    network.play();
    assert_sent(&network);
    let now = network.now;
    for side in [CALLER, CALLEE] {
        let party = network.parties[side].as_mut().unwrap();
        for input in [crate::call::Input::Timeout, crate::call::Input::HangUp(Cause::Cancelled)] {
            assert!(party.handle(input, now).is_empty());
        }
        assert_eq!(party.call.deadline(), None);
    }
}

#[test]
fn a_farewell_whose_answer_was_lost_is_answered_again_and_holds_no_line() {
    let mut network = Network::new(What::Audio, outbound(), Callee::Ours(Box::new(inbound())), 42);
    let mut lost = 0;
    network.path = Box::new(move |flight| {
        let text = String::from_utf8_lossy(&flight.bytes);
        let is_answer = flight.kind == Kind::Sip && text.starts_with("SIP/2.0 200") && text.contains(" BYE\r\n");
        lost += u32::from(is_answer);
        if is_answer && lost < 4 { Vec::new() } else { vec![DELAY] }
    });
    network.play();
    for side in [CALLER, CALLEE] {
        assert_eq!(network.said(side, "SIP/2.0 481"), 0, "{}", network.story());
    }
    let byes = network.said(CALLER, "BYE") + network.said(CALLEE, "BYE");
    assert_eq!(byes, 4, "{}", network.story());
    // Who heard the first farewell is free at once; who waits for its answer is so after some seconds.
    let held = |party: &Party| party.free_at.unwrap() - party.ended_at().unwrap();
    let (caller, called) = (network.caller(), network.called());
    let (first, last) = (held(caller).min(held(called)), held(caller).max(held(called)));
    assert!(first < Duration::from_secs(2) && last <= FAREWELL_LIMIT + PARTING, "{first:?} {last:?}");
}
