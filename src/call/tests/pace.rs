//! How long a fax takes: the account of a call at the modem's pace, and when it may go faster.

use std::time::Duration;

use super::gateway::Gateway;
use super::network::{Kind, Network};
use super::party::{CALLEE, CALLER, inbound, outbound};
use super::transport::{assert_sent, network};
use crate::t38::Pacing;

fn paced(caller: Pacing, callee: Pacing) -> Network {
    let (mut calling, mut called) = (outbound(), inbound());
    (calling.line.pacing, called.line.pacing) = (caller, callee);
    // The caller has heard our tone in the audio, as in the daemon.
    called.fax.receive.send_ced = false;
    network(calling, called)
}

/// When something of a side's timeline happened, since the switch to T.38.
fn since_switch(network: &Network, side: usize, what: &str) -> Duration {
    let timeline = &network.parties[side].as_ref().unwrap().timeline;
    let at = |what: &str| {
        let found = timeline.iter().find(|(_, said)| said.starts_with(what));
        found.unwrap_or_else(|| panic!("no {what:?} in {timeline:#?}")).0
    };
    at(what) - at("Switched")
}

fn print_account(title: &str, network: &Network) {
    println!("{title}");
    for (side, name) in [(CALLER, "caller"), (CALLEE, "called")] {
        for (at, what) in &network.parties[side].as_ref().unwrap().timeline {
            println!("  {name} {:8.3} s  {what}", (*at - network.base).as_secs_f32());
        }
    }
    println!("  {} T.38 datagrams", network.count(Kind::T38));
}

#[test]
fn two_of_ours_find_out_that_no_modem_is_between_them() {
    let mut network = paced(Pacing::Auto, Pacing::Auto);
    network.play();
    print_account("automatic pace, no gateway", &network);
    assert_sent(&network);
    let took = since_switch(&network, CALLER, "ended");
    assert!(took < Duration::from_millis(3500), "{took:?}");
    assert_eq!(network.caller().ended().record.retrains, 0);
}

#[test]
fn a_modem_between_two_of_ours_is_played_to() {
    let mut modem = paced(Pacing::Modem, Pacing::Modem);
    modem.gateways = Some([Gateway::new(4000, modem.base), Gateway::new(4000, modem.base)]);
    modem.play();
    assert_sent(&modem);
    for buffer_octets in [20_000, 700] {
        let mut network = paced(Pacing::Auto, Pacing::Auto);
        network.gateways = Some([Gateway::new(buffer_octets, network.base), Gateway::new(buffer_octets, network.base)]);
        network.play();
        print_account(&format!("automatic pace, gateways that buffer {buffer_octets} octets"), &network);
        assert_sent(&network);
        let record = &network.caller().ended().record;
        // Neither T.30's tries nor its rates were spent on the trial.
        assert_eq!((record.retrains, record.rate), (0, Some(14_400)));
        let more = since_switch(&network, CALLER, "ended").saturating_sub(since_switch(&modem, CALLER, "ended"));
        assert!(more < Duration::from_secs(8), "{more:?}");
    }
}

/// Milliseconds that a modem cannot do without, from T.30 and the modems' Recommendations: each signal with its frames' octets.
fn control_ms(octets: u64) -> u64 {
    // Silence before, preamble, octets with check sequence and flag at 300 bit/s.
    75 + 1000 + octets * 8 * 1000 / 300
}

/// Every second of a call at the modem's pace is one the Recommendations ask for: what is more is the way there and back, the
/// owner's time with a page, stuffed bits and a closing flag.
#[test]
fn the_account_of_a_call_at_the_modems_pace() {
    let mut network = paced(Pacing::Modem, Pacing::Modem);
    network.play();
    print_account("modem pace", &network);
    assert_sent(&network);
    let frame = |octets: u64| octets + 3;
    // CSI and DIS; TSI and DCS; V.17's long training and 1.5 s; CFR.
    let (dis, dcs) = (control_ms(frame(23) + frame(12)), control_ms(frame(23) + frame(7)));
    let training = 75 + 1393 + 1500;
    let first_page = dis + dcs + training + control_ms(frame(3));
    // Short training and flags; sixteen frames and three RCP; PPS; MCF.
    let image = 75 + 142 + 200 + (16 * frame(260) + 3 * frame(3)) * 8 * 1000 / 14_400;
    let page = image + control_ms(frame(7)) + control_ms(frame(3));
    let at = |what| since_switch(&network, CALLER, what).as_millis() as u64;
    let account = [
        ("until the first page", first_page, at("page 1 begins")),
        ("the second page", page, at("page 2 is confirmed") - at("page 1 is confirmed")),
        ("the last page", page, at("page 3 is confirmed") - at("page 2 is confirmed")),
        ("DCN", control_ms(frame(3)), at("ended") - at("page 3 is confirmed")),
    ];
    for (what, least, took) in account {
        println!("  {what:22} {took:6} ms, the least is {least:6} ms");
        assert!(took <= least + least / 12 + 200, "{what} took {took} ms of {least}");
    }
    // Asterisk needs 15.5 s from its answer to the first page, and 3.1 s between pages.
    let between = page - image + 75 + 142 + 200;
    assert!(at("page 1 begins") < 9000 && between < 3100, "{between}");
}
