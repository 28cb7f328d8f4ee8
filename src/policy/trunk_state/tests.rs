//! What each piece of news makes of a trunk.

use super::*;
use crate::model::Sound;
use proptest::prelude::*;

const SECOND_MS: i64 = 1000;

fn failed(fault: TrunkFault, retry_after: Option<u64>) -> TrunkEvent {
    let retry_after = retry_after.map(Duration::from_secs);
    TrunkEvent::Failed { fault, reason: "no".into(), retry_after }
}

const UNREACHABLE: TrunkFault = TrunkFault::Unreachable;
const OVERLOADED: TrunkFault = TrunkFault::Congested { status: 503 };
const BROKEN: TrunkFault = TrunkFault::Congested { status: 500 };

/// Seconds until it can be used again.
fn rest(state: &TrunkState, now_ms: i64) -> i64 {
    state.wakes_ms(now_ms).map_or(0, |until_ms| (until_ms - now_ms) / SECOND_MS)
}

#[test]
fn a_trunk_that_does_not_answer_is_left_at_once_and_longer_each_time() {
    let mut state = TrunkState::new(false, 0);
    assert_eq!(state.standing(0), Standing::Up);
    let (mut now_ms, mut rests) = (0, Vec::new());
    for _ in 0..7 {
        state.learn(failed(UNREACHABLE, None), now_ms, 0);
        assert_eq!(state.open_channels(4, 0, now_ms), None);
        rests.push(rest(&state, now_ms));
        now_ms = state.wakes_ms(now_ms).expect("rests");
    }
    assert_eq!(rests, [30, 60, 120, 240, 480, 600, 600]);
}

#[test]
fn after_a_rest_one_call_at_a_time_finds_out_and_success_opens_all_channels() {
    let mut state = TrunkState::new(false, 0);
    state.learn(failed(UNREACHABLE, None), 0, 0);
    let later_ms = 31 * SECOND_MS;
    assert_eq!(state.open_channels(4, 0, later_ms), Some(1));
    assert_eq!(state.open_channels(3, 1, later_ms), Some(0));
    state.learn(TrunkEvent::Placed, later_ms, 0);
    assert_eq!(state.open_channels(4, 0, later_ms), Some(4));
    state.learn(failed(UNREACHABLE, None), later_ms, 0);
    assert_eq!(rest(&state, later_ms), 30, "failures are counted anew");
}

#[test]
fn retry_after_is_honoured_within_limits_and_never_shortened() {
    for (said, kept) in [(120, 120), (0, 1), (1_000_000, 3600)] {
        let mut state = TrunkState::new(false, 0);
        state.learn(failed(OVERLOADED, Some(said)), 0, 0);
        assert_eq!(rest(&state, 0), kept);
    }
    let mut state = TrunkState::new(false, 0);
    state.learn(failed(OVERLOADED, Some(100)), 0, u64::MAX);
    assert!((100..=110).contains(&rest(&state, 0)));
}

#[test]
fn an_overloaded_trunk_rests_shortly_and_a_server_failure_only_counts_when_it_comes_again() {
    let mut state = TrunkState::new(false, 0);
    state.learn(failed(OVERLOADED, None), 0, 0);
    assert_eq!(rest(&state, 0), 5);
    let mut state = TrunkState::new(false, 0);
    for expected in [0, 0, 5] {
        state.learn(failed(BROKEN, None), 0, 0);
        assert_eq!(rest(&state, 0), expected);
    }
    let mut state = TrunkState::new(false, 0);
    for _ in 0..10 {
        state.learn(failed(BROKEN, None), 0, 0);
        state.learn(TrunkEvent::Placed, 0, 0);
    }
    assert_eq!(state.standing(0), Standing::Up, "failures between calls that work are about numbers");
}

#[test]
fn calls_that_fail_together_count_as_one() {
    let mut state = TrunkState::new(false, 0);
    for _ in 0..20 {
        state.learn(failed(UNREACHABLE, None), 0, 0);
    }
    assert_eq!((rest(&state, 0), state.report(0).failures), (30, 1));
    state.learn(failed(OVERLOADED, Some(90)), 0, 0);
    assert_eq!(rest(&state, 0), 90, "but what the trunk itself asks for counts");
}

#[test]
fn options_take_a_trunk_down_and_up_again_and_an_answer_ends_the_rest_of_one_that_was_unreachable() {
    let mut state = TrunkState::new(false, 0);
    state.learn(TrunkEvent::Silent("it does not answer OPTIONS".into()), 10, 0);
    assert_eq!(state.standing(20), Standing::Up, "who has never answered may be one that never does");
    assert_eq!(state.report(20).answers, Some(false));
    state.learn(TrunkEvent::Answers, 500, 0);
    state.learn(TrunkEvent::Silent("it does not answer OPTIONS".into()), 1000, 0);
    assert_eq!(state.standing(2000), Standing::Down { reason: "it does not answer OPTIONS".into() });
    assert_eq!(state.report(2000).since_ms, 1000);
    state.learn(TrunkEvent::Answers, 3000, 0);
    assert_eq!((state.standing(3000), state.report(3000).since_ms), (Standing::Up, 3000));
    state.learn(failed(UNREACHABLE, None), 4000, 0);
    state.learn(TrunkEvent::Answers, 5000, 0);
    assert_eq!(state.standing(5000), Standing::Up);
    for other in [failed(OVERLOADED, Some(60)), failed(TrunkFault::Credentials, None)] {
        state.learn(other, 6000, 0);
        state.learn(TrunkEvent::Answers, 7000, 0);
        assert_eq!(state.standing(7000).word(), "resting", "that it answers OPTIONS is not that it takes calls");
        state.learn(TrunkEvent::Placed, 7000, 0);
    }
}

#[test]
fn a_trunk_that_registers_is_used_only_while_it_is_registered() {
    let mut state = TrunkState::new(true, 0);
    assert_eq!(state.standing(0).word(), "unregistered");
    state.learn(TrunkEvent::Registered { until_ms: 60_000 }, 100, 0);
    assert_eq!((state.standing(200), state.report(200).registered_until_ms), (Standing::Up, Some(60_000)));
    state.learn(TrunkEvent::RegistrationFailed("the registrar does not answer".into()), 30_000, 0);
    assert_eq!(state.standing(30_000), Standing::Up, "the old binding holds");
    let lapsed = Standing::Unregistered { reason: "the registrar does not answer".into() };
    assert_eq!(state.standing(60_000), lapsed, "even if nobody said so");
    state.learn(TrunkEvent::Unregistered, 60_001, 0);
    assert_eq!(state.standing(60_001), lapsed);
    state.learn(TrunkEvent::Registered { until_ms: 120_000 }, 70_000, 0);
    assert_eq!(state.report(70_000).registration_trouble, None);
}

#[test]
fn only_what_lies_with_the_trunk_is_its_fault() {
    for cause in [
        Cause::TrunkDown,
        Cause::TrunkAuthentication,
        Cause::Congestion { status: 500 },
        Cause::Congestion { status: 503 },
        Cause::Congestion { status: 504 },
        Cause::Congestion { status: 402 },
    ] {
        assert!(matches!(TrunkProof::of(&cause), TrunkProof::Fails(_)), "{cause:?}");
    }
    for cause in [
        Cause::Busy,
        Cause::NoAnswer,
        Cause::Unallocated,
        Cause::Rejected,
        Cause::Congestion { status: 606 },
        Cause::NoFaxHeard,
        Cause::Heard(Sound::CongestionTone),
        Cause::MediaLost,
        Cause::Interrupted,
        Cause::Local("disk".into()),
    ] {
        assert!(!matches!(TrunkProof::of(&cause), TrunkProof::Fails(_)), "{cause:?}");
    }
}

#[test]
fn a_trunk_that_never_took_us_forbids_us_and_one_that_did_forbids_a_number() {
    let mut state = TrunkState::new(false, 0);
    assert!(state.forbids_us(), "nothing is known of the password");
    state.learn(TrunkEvent::Placed, 0, 0);
    assert_eq!([(); 4].map(|()| state.forbids_us()), [false, false, true, true], "one number or another, then all");
    state.learn(TrunkEvent::Placed, 1, 0);
    assert!(!state.forbids_us());
    let mut state = TrunkState::new(true, 0);
    state.learn(TrunkEvent::Registered { until_ms: 60_000 }, 0, 0);
    assert!(!state.forbids_us(), "the registrar took the password");
}

proptest! {
    #[test]
    fn whatever_happens_a_trunk_without_registrar_comes_back_within_an_hour_and_a_bit(
        events in proptest::collection::vec((0u8..6, 0i64..100_000, proptest::option::of(0u64..100_000), any::<u64>()), 0..50),
    ) {
        let mut state = TrunkState::new(false, 0);
        let mut now_ms = 0;
        for (kind, passed_ms, retry_after, chance) in events {
            now_ms += passed_ms;
            let event = match kind {
                0 => TrunkEvent::Answers,
                1 => TrunkEvent::Placed,
                2 => failed(UNREACHABLE, retry_after),
                3 => failed(OVERLOADED, retry_after),
                4 => failed(BROKEN, retry_after),
                _ => failed(TrunkFault::Credentials, retry_after),
            };
            state.learn(event, now_ms, chance);
            prop_assert!(state.report(now_ms).since_ms <= now_ms);
        }
        prop_assert_eq!(state.standing(now_ms + 3_960_001), Standing::Up);
    }
}
