//! Anything at all from the far end: the engine ends by itself.

use proptest::prelude::*;

use super::*;
use crate::t30::frame::{Name, build};

/// Anything the far end could send, sensible or not.
fn heard() -> impl Strategy<Value = Heard> {
    let known = prop::sample::select(vec![
        (Name::Dis, &DIS[3..]),
        (Name::Dcs, &DCS[3..]),
        (Name::Cfr, &[]),
        (Name::Ftt, &[]),
        (Name::Mcf, &[]),
        (Name::Rtn, &[]),
        (Name::Ppr, &[0xFF; 32]),
        (Name::Rnr, &[]),
        (Name::Ctr, &[]),
        (Name::Err, &[]),
        (Name::Pps, &[0xF4, 0, 0, 0]),
        (Name::Pps, &[0, 0, 0, 0xFF]),
        (Name::Eor, &[0xF1]),
        (Name::Ctc, &[0, 0x47]),
        (Name::Mps, &[]),
        (Name::Eom, &[]),
        (Name::Eop, &[]),
        (Name::Rr, &[]),
        (Name::Crp, &[]),
        (Name::Fcd, &[0, 1, 2, 3]),
        (Name::Rcp, &[]),
    ]);
    let carrier = Heard::Carrier { modulation: Modulation::V17At14400, training: Training::Long };
    prop_oneof![
        6 => known.prop_map(|(name, information)| Heard::Frame(build(name, false, true, information))),
        1 => prop::collection::vec(any::<u8>(), 0..300).prop_map(Heard::Frame),
        1 => prop::collection::vec(any::<u8>(), 0..3000).prop_map(Heard::Bits),
        2 => Just(Heard::Bits(vec![0; 2700])),
        2 => prop::sample::select(vec![Heard::Preamble, Heard::DamagedFrame, carrier]),
        4 => Just(Heard::End),
    ]
}

/// Plays a stranger's signals; afterwards the line falls silent, and the engine has to end by itself.
fn play<E>(bench: &mut Bench<E>, script: Vec<(Heard, u16)>) {
    bench.give(Input::Start);
    for (heard, wait) in script {
        bench.let_send();
        if !bench.needs.is_empty() {
            bench.needs.clear();
            bench.give(Input::Page(page_bits(0, 70_000)));
        }
        while bench.pages.pop().is_some() {
            bench.give(Input::PageVerdict(Verdict::Good));
        }
        bench.give(Input::Heard(heard));
        bench.wait(Duration::from_millis(u64::from(wait) % 5000));
    }
    for _ in 0..400 {
        bench.let_send();
        bench.wait(Duration::from_secs(2));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn whatever_a_stranger_sends_a_caller_ends(script in prop::collection::vec((heard(), any::<u16>()), 0..60)) {
        let mut bench = caller(2, Transport::Audio);
        play(&mut bench, script);
        prop_assert!(bench.ending.is_some());
        prop_assert!((bench.deadline)(&bench.engine).is_none());
    }

    #[test]
    fn whatever_a_stranger_sends_an_answerer_ends(script in prop::collection::vec((heard(), any::<u16>()), 0..60)) {
        let mut bench = answerer();
        play(&mut bench, script);
        prop_assert!(bench.ending.is_some());
        prop_assert!((bench.deadline)(&bench.engine).is_none());
    }
}
