//! After the last word of T.30: it is repeated until the far end has it, and the line is not held for nothing.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use super::network::{DELAY, Kind, Network};
use super::party::{CALLEE, CALLER, PAGES, inbound, outbound};
use super::transport::{assert_sent, network};
use crate::call::Output;
use crate::call::timer::PARTING;
use crate::t38::udptl::Datagram;
use crate::t38::{ErrorCorrection, Pacing};

/// V.21 data of both versions' grammars.
// T.38 (09/2010) Table 3: bits 7 and 6 are "data, with fields", the next five the modem
const V21_DATA: [u8; 2] = [0xC0, 0xC1];

/// A call whose caller is not heard for so long from the first octet of its DCN on.
fn call(correction: ErrorCorrection, pacing: Pacing, burst: Duration) -> Network {
    let (mut caller, mut called) = (outbound(), inbound());
    (caller.line.error_correction, called.line.error_correction) = (correction, correction);
    (caller.line.pacing, called.line.pacing) = (pacing, pacing);
    let mut network = network(caller, called);
    let all_confirmed = Rc::new(Cell::new(false));
    let confirmed = Rc::clone(&all_confirmed);
    network.watch = Box::new(move |side, output| {
        confirmed.set(confirmed.get() || side == CALLER && matches!(output, Output::Confirmed { pages: PAGES, .. }));
        Vec::new()
    });
    let mut begun = None;
    network.path = Box::new(move |flight| {
        if flight.kind != Kind::T38 || flight.from != CALLER || !all_confirmed.get() {
            return vec![DELAY];
        }
        let is_dcn =
            Datagram::decode(&flight.bytes).unwrap().primary.first().is_some_and(|head| V21_DATA.contains(head));
        if begun.is_none() && is_dcn {
            begun = Some(flight.at);
        }
        let is_lost = begun.is_some_and(|begun| flight.at < begun + burst);
        if is_lost { Vec::new() } else { vec![DELAY] }
    });
    network.play();
    network
}

/// From the outcome of the caller until it is done with the call.
fn parting(network: &Network) -> Duration {
    let caller = network.caller();
    let (told, _) = caller.timeline.iter().find(|(_, what)| what.starts_with("ended")).expect("an outcome");
    caller.free_at.unwrap() - *told
}

const CORRECTIONS: [ErrorCorrection; 3] = [ErrorCorrection::None, ErrorCorrection::Redundancy, ErrorCorrection::Fec];

#[test]
fn a_dcn_lost_from_end_to_end_reaches_the_far_end_which_then_hangs_up() {
    for correction in CORRECTIONS {
        for pacing in [Pacing::Modem, Pacing::Auto] {
            for lost_ms in [0, 300, 500] {
                let network = call(correction, pacing, Duration::from_millis(lost_ms));
                let what = format!("{correction:?}, {pacing:?}, {lost_ms} ms");
                assert_sent(&network);
                assert_eq!((network.said(CALLER, "BYE"), network.said(CALLEE, "BYE")), (0, 1), "{what}");
                assert!(parting(&network) < PARTING, "{what}: {:?}", parting(&network));
                // A far end that has it is not kept waiting.
                assert!(lost_ms > 0 || parting(&network) < 3 * DELAY, "{what}: {:?}", parting(&network));
            }
        }
    }
}

#[test]
fn a_far_end_that_never_hears_the_dcn_is_hung_up_on_in_less_than_a_second() {
    let network = call(ErrorCorrection::Redundancy, Pacing::Modem, Duration::from_secs(60));
    assert_sent(&network);
    assert_eq!((network.said(CALLER, "BYE"), network.said(CALLEE, "BYE")), (1, 0));
    let took = parting(&network);
    assert!((PARTING..PARTING + 3 * DELAY).contains(&took), "{took:?}");
}
