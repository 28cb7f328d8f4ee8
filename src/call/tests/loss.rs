//! How much loss a fax bears: three pages over paths that lose, swap, repeat and delay T.38 packets. SIP is spared, it has its own
//! repetitions.

use std::time::Duration;

use super::network::{DELAY, Kind, Network, Path, chance};
use super::party::{PAGES, inbound, outbound};
use super::transport::{assert_sent, network};
use crate::model::Cause;
use crate::t38::Pacing;

/// What a path does to T.38 packets.
#[derive(Clone, Copy, Default, Debug)]
struct Mischief {
    /// Of a hundred.
    lost: u64,
    /// Losses come in rows of so many.
    burst: u64,
    /// Of a hundred, 70 ms late.
    late: u64,
    /// Of a hundred.
    doubled: u64,
    jitter_ms: u64,
    /// One way, beyond [`DELAY`].
    delay_ms: u64,
}

fn path(mischief: Mischief, seed: u64) -> Path {
    let mut chance = chance(seed);
    let mut losing = [0, 0];
    Box::new(move |flight| {
        let mut delay = DELAY + Duration::from_millis(mischief.delay_ms);
        if flight.kind != Kind::T38 {
            return vec![delay];
        }
        let losing = &mut losing[flight.from];
        if *losing > 0 {
            *losing -= 1;
            return Vec::new();
        }
        let burst = mischief.burst.max(1);
        if chance(10_000) < mischief.lost * 100 / burst {
            *losing = burst - 1;
            return Vec::new();
        }
        delay += Duration::from_millis(chance(mischief.jitter_ms + 1));
        if chance(100) < mischief.late {
            delay += Duration::from_millis(70);
        }
        let copies = 1 + usize::from(chance(100) < mischief.doubled);
        (0..copies).map(|copy| delay + Duration::from_millis(5 * copy as u64)).collect()
    })
}

fn play(mischief: Mischief, pacing: Pacing, seed: u64) -> Network {
    let (mut caller, mut called) = (outbound(), inbound());
    (caller.line.pacing, called.line.pacing) = (pacing, pacing);
    called.fax.receive.send_ced = false;
    let mut network = network(caller, called);
    network.path = path(mischief, seed);
    network.play();
    network
}

/// Prints a row and gives the number of calls that were complete.
fn row(name: &str, mischief: Mischief, pacing: Pacing, calls: u64) -> u64 {
    let (mut complete, mut seconds, mut repairs, mut retrains) = (0, 0.0, 0, 0);
    let mut others = Vec::new();
    for seed in 1..=calls {
        let network = play(mischief, pacing, seed);
        let ending = network.caller().ended();
        if ending.outcome.cause == Cause::Sent && ending.outcome.pages_confirmed == PAGES {
            assert_sent(&network);
            complete += 1;
            let ended = network.caller().free_at.unwrap();
            seconds += (ended - network.base).as_secs_f32();
        } else {
            others.push(format!("{:?}", ending.outcome.cause));
        }
        repairs += ending.record.partial_page_requests;
        retrains += ending.record.retrains;
    }
    let mean = seconds / complete.max(1) as f32;
    println!(
        "{name:34} {pacing:?}: {complete} of {calls}, {mean:.1} s, {repairs} repairs, {retrains} retrainings {others:?}"
    );
    complete
}

/// Asterisk, which has SpanDSP's engine, carries three pages up to 15 % and fails at 20 %.
#[test]
fn three_pages_arrive_whole_wherever_packets_get_through_at_all() {
    const CALLS: u64 = 4;
    let random = |lost| Mischief { lost, ..Mischief::default() };
    for pacing in [Pacing::Modem, Pacing::Auto] {
        let complete = |name: &str, mischief| assert_eq!(row(name, mischief, pacing, CALLS), CALLS, "{name}");
        for lost in [5, 15, 20, 25, 30] {
            complete(&format!("{lost} % lost"), random(lost));
        }
        for (lost, burst) in [(5, 4), (5, 8), (10, 8), (20, 4)] {
            complete(&format!("{lost} % lost in rows of {burst}"), Mischief { burst, ..random(lost) });
        }
        complete("5 % 70 ms late, 5 % doubled", Mischief { late: 5, doubled: 5, ..Mischief::default() });
        complete("jitter of 60 ms", Mischief { jitter_ms: 60, ..Mischief::default() });
        for delay_ms in [250, 500, 1000] {
            complete(&format!("{delay_ms} ms one way, 5 % lost"), Mischief { delay_ms, ..random(5) });
        }
    }
}
