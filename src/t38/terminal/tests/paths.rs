//! Two terminals joined by a path that loses, swaps and repeats, and datagrams of strangers.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

/// A seeded path: loss in percent, mean length of a burst of losses, swaps and repeats in percent.
struct Path {
    state: u64,
    loss: u64,
    burst: u64,
    mischief: u64,
    losing: u64,
}

impl Path {
    /// A number below `bound`, by the splitmix64 generator.
    const fn chance(&mut self, bound: u64) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.state ^ self.state >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ mixed >> 31) % bound
    }

    /// After what delays a datagram arrives.
    fn carry(&mut self) -> Vec<Duration> {
        if self.losing > 0 {
            self.losing -= 1;
            return Vec::new();
        }
        if self.loss > 0 && self.chance(100 * self.burst) < self.loss {
            self.losing = self.burst - 1;
            return Vec::new();
        }
        let delay = if self.chance(100) < self.mischief { ms(90) } else { ms(20) };
        let mut arrivals = vec![delay];
        if self.chance(100) < self.mischief {
            arrivals.push(ms(45));
        }
        arrivals
    }
}

/// A short call's worth of one side's bursts.
fn bursts() -> Vec<Burst> {
    let frames: Vec<_> = (0..40_u8)
        .map(|number| {
            let mut frame = vec![0xFF, 0xC0, 0x60, number];
            frame.extend((0..256_u32).map(|at| (at * u32::from(number)) as u8));
            frame
        })
        .chain(vec![hex("ffc061"); 3])
        .collect();
    let modulation = Modulation::V17At14400;
    vec![
        Burst::Control(vec![hex("ffc0c29c9c9c9c04"), hex("ffc8c100461f22")]),
        Burst::TrainingCheck { modulation },
        Burst::Block { modulation, training: Training::Short, frames },
        Burst::Control(vec![hex("ffc8fdf2000027")]),
        Burst::Page { modulation: Modulation::V29At7200, training: Training::Long, bits: Arc::from(vec![0x35; 4000]) },
        Burst::Control(vec![hex("ffc8df")]),
    ]
}

/// What the far terminal hears of [`bursts`].
fn converse(settings: &Settings, path: &mut Path) -> Vec<Heard> {
    let start = base();
    let mut near = Terminal::new(settings.clone(), start);
    let mut far = Terminal::new(settings.clone(), start);
    for burst in bursts() {
        near.handle(Input::Send(burst), start);
    }
    let said = run(&mut near, start, start + ms(60_000));
    let sent = said.iter().filter(|(_, output)| *output == Output::Sent).count();
    assert_eq!(sent, bursts().len());
    let mut arrivals: BTreeMap<(Duration, usize), Vec<u8>> = BTreeMap::new();
    for (at, output) in said {
        if let Output::Datagram(octets) = output {
            for delay in path.carry() {
                arrivals.insert((at + delay, arrivals.len()), octets.clone());
            }
        }
    }
    let mut heard = Vec::new();
    let mut now = start;
    let mut listen = |far: &mut Terminal, now: &mut Instant, until: Instant| {
        for (_, output) in run(far, *now, until) {
            if let Output::Heard(event) = output {
                heard.push(event);
            }
        }
        *now = until;
    };
    for ((at, _), octets) in arrivals {
        listen(&mut far, &mut now, start + at);
        far.handle(Input::Datagram(&octets), now);
    }
    let end = now + ms(20_000);
    listen(&mut far, &mut now, end);
    heard
}

fn good_path() -> Path {
    Path { state: 1, loss: 0, burst: 1, mischief: 0, losing: 0 }
}

#[test]
fn a_good_path_carries_every_signal_exactly() {
    for version in [0, 3] {
        for pacing in [Pacing::Modem, Pacing::Fast] {
            let heard = converse(&Settings { version, pacing, ..Settings::default() }, &mut good_path());
            let mut expected = String::from("preamble\nframe ffc0c29c9c9c9c04\nframe ffc8c100461f22\nend\n");
            expected.push_str("carrier V17At14400 Long\nbits 2700 zeros\nend\ncarrier V17At14400 Short\n");
            let text = describe(&heard);
            assert!(text.starts_with(&expected), "{text}");
            assert_eq!(text.matches("frame ffc060").count(), 40);
            assert_eq!(text.matches("frame ffc061\n").count(), 3);
            assert!(
                text.contains("preamble\nframe ffc8fdf2000027\nend\ncarrier V29At7200 Long\nbits 4054 crc "),
                "{text}"
            );
            assert!(text.ends_with("end\npreamble\nframe ffc8df\nend\n"), "{text}");
        }
    }
}

#[test]
fn redundancy_and_parity_hide_random_loss() {
    let clean = converse(&Settings::default(), &mut good_path());
    for (error_correction, loss) in
        [(ErrorCorrection::Redundancy, 5), (ErrorCorrection::Redundancy, 10), (ErrorCorrection::Fec, 5)]
    {
        for seed in 1..=5 {
            let settings = Settings { error_correction, max_datagram_octets: 1400, ..Settings::default() };
            let mut path = Path { state: seed, loss, burst: 1, mischief: 10, losing: 0 };
            let (heard, clean) = (describe(&converse(&settings, &mut path)), describe(&clean));
            let differs = heard.lines().zip(clean.lines()).find(|(one, other)| one != other);
            assert_eq!(differs, None, "{error_correction:?} {loss} % seed {seed}");
            assert_eq!(heard.len(), clean.len());
        }
    }
}

/// However bad the path: no frame is heard that was not sent, frames keep their order, every signal that begins
/// also ends.
#[test]
fn no_path_makes_up_a_frame_or_leaves_a_signal_open() {
    let sent: Vec<Vec<u8>> = bursts()
        .into_iter()
        .flat_map(|burst| match burst {
            Burst::Control(frames) | Burst::Block { frames, .. } => frames,
            Burst::Tone(_) | Burst::Silence(_) | Burst::TrainingCheck { .. } | Burst::Page { .. } => Vec::new(),
        })
        .collect();
    for error_correction in [ErrorCorrection::None, ErrorCorrection::Redundancy, ErrorCorrection::Fec] {
        for (loss, burst) in [(1, 1), (5, 4), (15, 1), (15, 8), (25, 1), (25, 3)] {
            for pacing in [Pacing::Modem, Pacing::Fast] {
                let settings = Settings { error_correction, pacing, ..Settings::default() };
                let mut path = Path { state: 77 + loss * burst, loss, burst, mischief: 10, losing: 0 };
                let mut left = sent.iter();
                let mut is_open = false;
                for event in converse(&settings, &mut path) {
                    match event {
                        Heard::Preamble | Heard::Carrier { .. } => {
                            assert!(!is_open);
                            is_open = true;
                        }
                        Heard::End => {
                            assert!(is_open);
                            is_open = false;
                        }
                        Heard::Frame(frame) => {
                            assert!(is_open);
                            assert!(left.any(|known| *known == frame), "{frame:02x?} was not sent");
                        }
                        Heard::DamagedFrame | Heard::Bits(_) => assert!(is_open),
                        Heard::Tone(_) => panic!("no tone was sent"),
                    }
                }
                assert!(!is_open, "{error_correction:?} {loss} % in bursts of {burst}");
            }
        }
    }
}

proptest! {
    #[test]
    fn strangers_datagrams_never_panic_a_terminal(
        packets in prop::collection::vec((prop::collection::vec(any::<u8>(), 1..12), 0..3_u16), 0..80),
    ) {
        let start = base();
        let mut terminal = Terminal::new(Settings::default(), start);
        let mut sequence = 65_500_u16;
        let mut now = start;
        for (primary, skip) in &packets {
            sequence = sequence.wrapping_add(skip + 1);
            let datagram = Datagram { sequence, primary, recovery: Recovery::Secondaries(Vec::new()) };
            terminal.handle(Input::Datagram(&datagram.encode()), now);
            terminal.handle(Input::Datagram(primary), now);
            now += ms(200);
            terminal.handle(Input::Timeout, now);
            while terminal.poll().is_some() {}
        }
    }
}
