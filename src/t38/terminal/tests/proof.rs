//! When the pace may be fast: what proves that no modem is between the ends, and what does not.

use super::*;

/// A terminal that finds out by itself, and a scripted far end.
struct Bench {
    terminal: Terminal,
    start: Instant,
    now: Instant,
    sequence: u16,
    said: Vec<(Duration, Output)>,
}

const RATE: Modulation = Modulation::V17At14400;

impl Bench {
    fn new() -> Self {
        let start = base();
        let settings = Settings { pacing: Pacing::Auto, max_datagram_octets: 1400, ..Settings::default() };
        Self { terminal: Terminal::new(settings, start), start, now: start, sequence: 0, said: Vec::new() }
    }

    fn wait_until(&mut self, at: Duration) {
        let until = self.start + at;
        for (since, output) in run(&mut self.terminal, self.now, until) {
            self.said.push((self.now - self.start + since, output));
        }
        self.now = until;
    }

    fn send(&mut self, burst: Burst) {
        self.terminal.handle(Input::Send(burst), self.now);
    }

    fn hears(&mut self, packet: &Packet) {
        let primary = packet.encode(Grammar::Version0);
        let recovery = Recovery::Secondaries(Vec::new());
        let datagram = Datagram { sequence: self.sequence, primary: &primary, recovery };
        self.sequence += 1;
        self.terminal.handle(Input::Datagram(&datagram.encode()), self.now);
    }

    fn hears_frames(&mut self, frames: &[&str]) {
        self.hears(&Packet::Indicator(Indicator::V21Preamble));
        for frame in frames {
            let fields = vec![
                Field::with(FieldKind::HdlcData, hex(frame)),
                Field::bare(if Some(frame) == frames.last() {
                    FieldKind::HdlcFcsOkSigEnd
                } else {
                    FieldKind::HdlcFcsOk
                }),
            ];
            self.hears(&Packet::Data { kind: DataKind::V21, fields });
        }
        self.hears(&Packet::Indicator(Indicator::NoSignal));
    }

    fn hears_check(&mut self) {
        self.hears(&Packet::Indicator(Indicator::Training(RATE, Training::Long)));
        for _ in 0..10 {
            self.hears(&Packet::data(V17, Field::with(FieldKind::T4NonEcmData, vec![0; 270])));
        }
        self.hears(&bare(V17, FieldKind::T4NonEcmSigEnd));
    }

    /// Sends DCS and check as T.30 does; T.30 hears that they have left as often as given.
    fn trains(&mut self) {
        self.send(Burst::Control(vec![hex("ffc0c29c9c9c9c04"), hex("ffc8c100461f22")]));
        self.send(Burst::Silence(ms(75)));
        self.send(Burst::TrainingCheck { modulation: RATE });
    }

    fn sent(&self) -> usize {
        self.said.iter().filter(|(_, output)| *output == Output::Sent).count()
    }

    fn heard(&self) -> Vec<Heard> {
        let heard = self.said.iter().filter_map(|(_, output)| match output {
            Output::Heard(heard) => Some(heard.clone()),
            Output::Datagram(_) | Output::Sent => None,
        });
        heard.collect()
    }

    /// When each control signal of ours began and how long its preamble was.
    fn preambles(&self) -> Vec<(Duration, Duration)> {
        let is_datagram = |said: &&(Duration, Output)| matches!(said.1, Output::Datagram(_));
        let datagrams: Vec<_> = self.said.iter().filter(is_datagram).cloned().collect();
        let (packets, _) = packets(&datagrams);
        let mut found = Vec::new();
        for pair in packets.windows(2) {
            if let [(began, Packet::Indicator(Indicator::V21Preamble)), (data, Packet::Data { .. })] = pair {
                found.push((*began, *data - *began));
            }
        }
        found
    }

    /// The pace of the next control signal, by its preamble.
    fn is_fast_now(&mut self) -> bool {
        let before = self.preambles().len();
        self.send(Burst::Control(vec![hex("ffc8f4")]));
        self.wait_until(self.now - self.start + ms(3000));
        self.preambles()[before].1 < ms(100)
    }
}

/// T.38 machine, V.17.
const DIS: &str = "ffc801207700";
const CFR: &str = "ffc821";

fn trained_by(dis: &str) -> Bench {
    let mut bench = Bench::new();
    bench.wait_until(ms(100));
    bench.hears_frames(&[dis]);
    bench.trains();
    bench
}

#[test]
fn a_far_end_that_is_no_t38_machine_is_never_tried() {
    let mut bench = trained_by("ffc801007700");
    bench.wait_until(ms(1500));
    assert!(bench.preambles()[0].1 >= ms(1000));
}

#[test]
fn an_answer_sooner_than_any_modem_frees_the_pace() {
    let mut bench = trained_by(DIS);
    bench.wait_until(ms(600));
    assert!(bench.preambles()[0].1 < ms(10));
    // Signal and silence have left; of the check T.30 hears when its answer is here.
    assert_eq!(bench.sent(), 2);
    // A far end that plays its own signals as a modem would is a proof all the same.
    bench.hears(&Packet::Indicator(Indicator::V21Preamble));
    bench.wait_until(ms(1700));
    bench.hears(&hdlc(DataKind::V21, &hex(CFR)));
    bench.hears(&bare(DataKind::V21, FieldKind::HdlcFcsOkSigEnd));
    bench.wait_until(ms(1800));
    assert_eq!(bench.sent(), 3);
    assert_eq!(bench.heard()[3..], [Heard::Preamble, Heard::Frame(hex(CFR)), Heard::End]);
    assert!(bench.is_fast_now());
}

#[test]
fn an_answer_in_a_modems_time_is_taken_and_the_pace_is_a_modems() {
    let mut bench = trained_by(DIS);
    bench.wait_until(ms(5000));
    assert_eq!(bench.sent(), 2);
    bench.hears_frames(&[CFR]);
    bench.wait_until(ms(5100));
    assert_eq!(bench.sent(), 3);
    assert_eq!(bench.preambles().len(), 1, "nothing was said twice");
    assert!(!bench.is_fast_now());
}

#[test]
fn a_gateway_that_cannot_follow_costs_t30_nothing() {
    // FTT, the DIS again, CRP: and nothing at all.
    for answer in [Some("ffc822"), Some(DIS), Some("ffc858"), None] {
        let mut bench = trained_by(DIS);
        bench.wait_until(ms(6000));
        let before = bench.heard().len();
        if let Some(answer) = answer {
            bench.hears_frames(&[answer]);
        }
        bench.wait_until(ms(20_000));
        let frames = |heard: &[Heard]| heard.iter().any(|heard| matches!(heard, Heard::Frame(_)));
        assert!(!frames(&bench.heard()[before..]), "{answer:?} was for the trial only");
        assert_eq!(bench.sent(), 3, "{answer:?}");
        let preambles = bench.preambles();
        assert_eq!(preambles.len(), 2, "{answer:?}");
        assert!(preambles[1].1 >= ms(1000));
        let last = bench.said.iter().rfind(|(_, output)| *output == Output::Sent).unwrap().0;
        // Within T.30's patience with a carrier, 20 s beyond the burst's own time.
        assert!(last > preambles[1].0 + ms(4000) && last < ms(17_000), "{last:?}");
        assert!(!bench.is_fast_now());
    }
}

#[test]
fn a_check_that_the_network_damaged_is_said_again_at_once_and_fast() {
    let mut bench = trained_by(DIS);
    bench.wait_until(ms(600));
    bench.hears_frames(&["ffc822"]);
    bench.wait_until(ms(1500));
    assert_eq!(bench.sent(), 3);
    assert_eq!(bench.preambles().len(), 2);
    assert!(bench.is_fast_now());
}

/// SpanDSP, once it has said CFR, gives the page seven seconds.
#[test]
fn an_answer_of_which_the_network_left_little_is_asked_for_again_before_the_far_end_gives_up() {
    for (octets, is_ended) in [("", false), ("ff", false), ("ffc8", true)] {
        let mut bench = trained_by(DIS);
        bench.wait_until(ms(600));
        bench.hears(&Packet::Indicator(Indicator::V21Preamble));
        bench.wait_until(ms(1600));
        if !octets.is_empty() {
            bench.hears(&hdlc(DataKind::V21, &hex(octets)));
        }
        if is_ended {
            bench.hears(&bare(DataKind::V21, FieldKind::HdlcFcsBadSigEnd));
        }
        bench.wait_until(ms(25_000));
        let preambles = bench.preambles();
        assert_eq!(preambles.len(), 2, "{octets:?}");
        // It is not known that no modem is there.
        assert!(preambles[1].1 >= ms(1000));
        let most = if octets.is_empty() {
            16_000
        } else if is_ended {
            1800
        } else {
            8000
        };
        assert!(preambles[1].0 < ms(most), "{octets:?}: {:?}", preambles[1].0);
        assert_eq!(bench.sent(), 3, "T.30 hears of one check");
    }
}

#[test]
fn dropping_the_check_ends_the_trial() {
    let mut bench = trained_by(DIS);
    bench.wait_until(ms(600));
    bench.terminal.handle(Input::StopSending, bench.now);
    assert!(bench.terminal.is_idle());
    bench.wait_until(ms(20_000));
    assert_eq!((bench.sent(), bench.preambles().len()), (2, 1));
    assert!(!bench.is_fast_now());
}

/// An answerer that has sent its DIS, and a far end whose DCS and check come together, so long after it.
fn answered_after(wait: Duration) -> Bench {
    let mut bench = Bench::new();
    bench.send(Burst::Control(vec![hex(DIS)]));
    let mut left = None;
    while left.is_none() {
        bench.wait_until(bench.now - bench.start + ms(20));
        left = bench.said.iter().find(|(_, output)| *output == Output::Sent).map(|(at, _)| *at);
    }
    bench.wait_until(left.unwrap() + wait);
    bench.hears_frames(&["ffc0c29c9c9c9c04", "ffc8c100461f22"]);
    bench.hears_check();
    bench
}

#[test]
fn a_command_sooner_than_any_modem_is_answered_fast() {
    for wait in [60, 500, 2000] {
        assert!(answered_after(ms(wait)).is_fast_now(), "{wait} ms");
    }
}

/// A network that holds back what a modem sent and lets it through at once makes it later, not sooner.
#[test]
fn a_stall_that_ends_at_once_proves_nothing() {
    for wait in [4500, 6000, 9000] {
        assert!(!answered_after(ms(wait)).is_fast_now(), "{wait} ms");
    }
}

#[test]
fn answers_that_nobody_seems_to_hear_bring_the_modems_pace_back() {
    let mut bench = answered_after(ms(100));
    for again in 0..3 {
        bench.send(Burst::Control(vec![hex(CFR)]));
        bench.wait_until(bench.now - bench.start + ms(3000));
        let is_fast = bench.preambles().last().unwrap().1 < ms(100);
        assert_eq!(is_fast, again < 2, "{again}");
        bench.hears_frames(&["ffc0c29c9c9c9c04", "ffc8c100461f22"]);
        bench.hears_check();
    }
}

#[test]
fn blocks_with_many_holes_slow_the_pace_down_to_the_modems() {
    let mut bench = trained_by(DIS);
    bench.wait_until(ms(600));
    bench.hears_frames(&[CFR]);
    let block = || Burst::Block { modulation: RATE, training: Training::Short, frames: vec![vec![0x5A; 260]; 64] };
    let mut took = Vec::new();
    for _ in 0..5 {
        let began = bench.now - bench.start;
        bench.send(block());
        bench.wait_until(began + ms(15_000));
        took.push(bench.said.iter().rfind(|(_, output)| *output == Output::Sent).unwrap().0 - began);
        bench.hears_frames(&[&format!("ffc83d{}", "ff".repeat(32))]);
    }
    assert!(took.windows(2).all(|pair| pair[0] < pair[1]), "{took:?}");
    assert!(took[0] < ms(500) && took[4] > ms(9000), "{took:?}");
}
