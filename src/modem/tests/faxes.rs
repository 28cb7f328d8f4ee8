//! Whole faxes between two of our ends.

use super::world::{Outcome, PAGE_OCTETS, Wire, World, page_bits, poll, receiver, sender, with_document};
use crate::model::Cause;
use crate::modem::Settings;
use crate::signal::Modulation;
use crate::t30::{AnswererSettings, Errand};

fn assert_sent(outcome: &Outcome, pages: usize) {
    let log = || outcome.log.join("\n");
    assert_eq!((&outcome.caller.cause, &outcome.answerer.cause), (&Cause::Sent, &Cause::Sent), "{}", log());
    assert_eq!(outcome.pages.len(), pages, "{}", log());
    for (index, page) in outcome.pages.iter().enumerate() {
        let sent = page_bits(u32::try_from(index).unwrap(), PAGE_OCTETS);
        let format = outcome.formats[index];
        let first = if format.ecm { difference(&page.bits, &sent) } else { shifted_difference(&page.bits, &sent) };
        assert_eq!(first, None, "page {index}, {} octets for {}\n{}", page.bits.len(), sent.len(), log());
    }
}

/// The first bit in which what came differs from what was sent.
fn difference(came: &[u8], sent: &[u8]) -> Option<usize> {
    (0..sent.len() * 8).find(|place| bit(came, *place) != bit(sent, *place))
}

/// The same where bits of the training may come before.
fn shifted_difference(came: &[u8], sent: &[u8]) -> Option<usize> {
    let differences: Vec<_> =
        (0..64).map(|shift| (0..sent.len() * 8).find(|place| bit(came, place + shift) != bit(sent, *place))).collect();
    if differences.contains(&None) { None } else { differences.into_iter().flatten().max() }
}

fn bit(octets: &[u8], place: usize) -> Option<bool> {
    octets.get(place / 8).map(|octet| octet >> (7 - place % 8) & 1 == 1)
}

#[test]
fn every_modulation_with_error_correction() {
    for modulation in Modulation::ALL {
        let outcome = World::sending(sender(2, true, modulation)).run();
        assert_sent(&outcome, 2);
        let heard = outcome.caller.record.remote_capability.as_ref().unwrap();
        assert!(!heard.internet_aware(), "it is no T.38 that talks");
        assert_eq!(outcome.caller.record.modulation, Some(modulation), "{}", outcome.log.join("\n"));
    }
}

#[test]
fn every_modulation_without_error_correction() {
    for modulation in Modulation::ALL {
        let outcome = World::sending(sender(2, false, modulation)).run();
        assert_sent(&outcome, 2);
        assert_eq!(outcome.caller.record.modulation, Some(modulation), "{}", outcome.log.join("\n"));
    }
}

#[test]
fn noise_makes_it_step_down_until_pages_pass() {
    for (level, slowest) in [(-45.0, 14_400), (-36.0, 9600), (-32.0, 7200), (-28.0, 2400)] {
        let mut world = World::sending(sender(1, true, Modulation::V17At14400));
        for wire in &mut world.wires {
            wire.noise_dbm0 = Some(level);
        }
        let outcome = world.run();
        assert_sent(&outcome, 1);
        let rate = outcome.caller.record.modulation.map(Modulation::bits_per_second);
        assert!(rate >= Some(slowest), "{level} dBm0: {rate:?} bit/s");
    }
}

fn with_losses(lost_per_mille: u64, is_told: bool, seed: u64) -> Outcome {
    let mut world = World::sending(sender(1, true, Modulation::V17At14400));
    for (index, wire) in world.wires.iter_mut().enumerate() {
        wire.lost_per_mille = lost_per_mille;
        wire.is_told = is_told;
        wire.chance = (seed * 2 + index as u64).wrapping_mul(0x2545_F491_4F6C_DD1D);
    }
    world.run()
}

#[test]
fn a_page_survives_the_loss_of_packets_whether_it_is_told_or_not() {
    // More of it is in the oracle, whose build is optimised.
    for is_told in [true, false] {
        for (lost_per_mille, seed) in [(10, 1), (20, 2), (20, 3), (20, 4)] {
            assert_sent(&with_losses(lost_per_mille, is_told, seed), 1);
        }
    }
}

#[test]
fn our_own_late_echo_is_not_taken_for_the_far_end() {
    for (db, delay_ms) in [(20.0, 40), (12.0, 300), (10.0, 500)] {
        let mut world = World::sending(sender(2, true, Modulation::V17At14400));
        world.wires = [Wire::new(delay_ms / 2), Wire::new(delay_ms / 2)];
        for wire in &mut world.wires {
            wire.echo = Some((10_f32.powf(-db / 20.0), vec![0; delay_ms * 8].into()));
        }
        let outcome = world.run();
        assert_sent(&outcome, 2);
        let repeats = outcome.caller.record.command_repeats + outcome.caller.record.retrains;
        assert_eq!(repeats, 0, "{delay_ms} ms\n{}", outcome.log.join("\n"));
    }
}

#[test]
fn the_tone_against_talker_echo_is_no_carrier() {
    for modulation in [Modulation::V27ter4800, Modulation::V29At9600, Modulation::V17At14400] {
        let settings = Settings { talker_echo_protection: true, ..Settings::default() };
        let errand = Errand::Send(sender(1, true, modulation));
        let answerer = AnswererSettings { receive: receiver(), documents: Vec::new() };
        let outcome = World::with(errand, answerer, &settings).run();
        assert_sent(&outcome, 1);
        assert_eq!(outcome.counts[1].failed_trainings, 0, "{}", outcome.log.join("\n"));
    }
}

#[test]
fn a_document_is_fetched() {
    for ecm in [true, false] {
        let mut fetch = poll();
        fetch.receive.ecm = ecm;
        let outcome = World::new(Errand::Poll(fetch), with_document(2)).run();
        assert_sent(&outcome, 2);
        assert_eq!(outcome.caller.record.received, 2);
    }
}

#[test]
fn pages_go_and_a_document_comes_back_in_one_call() {
    let errand = Errand::SendThenPoll(sender(1, true, Modulation::V17At14400), poll());
    let outcome = World::new(errand, with_document(1)).run();
    let log = || outcome.log.join("\n");
    assert_eq!((&outcome.caller.cause, &outcome.answerer.cause), (&Cause::Sent, &Cause::Sent), "{}", log());
    assert_eq!((outcome.caller.record.sent, outcome.caller.record.received), (1, 1), "{}", log());
}

/// A rate that the answerer does not take is answered FTT, until one is slow enough.
#[test]
fn a_failed_training_check_is_trained_for_again() {
    let mut receive = receiver();
    receive.max_modulation = Modulation::V17At7200;
    let errand = Errand::Send(sender(1, true, Modulation::V17At14400));
    let outcome = World::new(errand, AnswererSettings { receive, documents: Vec::new() }).run();
    assert_sent(&outcome, 1);
    let rate = outcome.caller.record.modulation.map(Modulation::bits_per_second);
    assert_eq!((rate, outcome.caller.record.retrains), (Some(7200), 4), "{}", outcome.log.join("\n"));
}

/// Nothing but noise at either end: each gives up when its time is over.
#[test]
fn a_call_of_pure_noise_ends_by_its_timers() {
    for level in [-40.0, -20.0, -6.0] {
        let mut world = World::sending(sender(1, true, Modulation::V17At14400));
        for wire in &mut world.wires {
            wire.gain = 0.0;
            wire.noise_dbm0 = Some(level);
        }
        let outcome = world.run();
        assert_eq!((&outcome.caller.cause, &outcome.answerer.cause), (&Cause::NoFaxHeard, &Cause::NoFaxHeard));
        assert!((30..70).contains(&outcome.took.as_secs()), "{:?}", outcome.took);
    }
}
