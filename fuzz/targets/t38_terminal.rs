//! A terminal hears arbitrary datagrams while it sends, in virtual time.
//!
//! Input: version and correction, then moves: an octet (low bits the move, high bits a wait), for a datagram a count and
//! its octets. Holds: frames and bits are heard only between a carrier's begin and its end; our datagrams can be read and
//! keep to the agreed size; each burst is told as sent at most once; nothing waits for ever.
#![no_main]

use faxramp::signal::{Burst, Heard, Modulation, Tone, Training};
use faxramp::t38::udptl::Datagram;
use faxramp::t38::{ErrorCorrection, Input, Output, Pacing, Settings, Terminal};
use faxramp_fuzz::{Feed, base};
use libfuzzer_sys::fuzz_target;
use std::time::{Duration, Instant};

const LARGEST_DATAGRAM: usize = 200;
const MOST_WAKES: u32 = 100_000;

struct Ear {
    now: Instant,
    asked: u32,
    sent: u32,
    carrier: bool,
}

impl Ear {
    fn drain(&mut self, terminal: &mut Terminal) {
        while let Some(output) = terminal.poll() {
            match output {
                Output::Datagram(octets) => {
                    assert!(octets.len() <= LARGEST_DATAGRAM, "{} octets", octets.len());
                    Datagram::decode(&octets).expect("we read what we write");
                }
                Output::Sent => self.sent += 1,
                Output::Heard(heard) => self.hear(&heard),
            }
        }
        assert!(self.sent <= self.asked);
    }

    fn hear(&mut self, heard: &Heard) {
        match heard {
            Heard::Tone(_) => assert!(!self.carrier, "a tone within a carrier"),
            Heard::Preamble | Heard::Carrier { .. } => self.carrier = true,
            Heard::Frame(_) | Heard::DamagedFrame | Heard::Bits(_) => {
                assert!(self.carrier, "{heard:?} without a carrier")
            }
            Heard::End => assert!(std::mem::replace(&mut self.carrier, false), "an end without a carrier"),
        }
    }

    fn wait(&mut self, terminal: &mut Terminal, time: Duration) {
        let until = self.now + time;
        for wake in 0.. {
            let Some(deadline) = terminal.deadline().filter(|at| *at <= until) else { break };
            assert!(wake < MOST_WAKES, "a deadline that stays");
            self.now = self.now.max(deadline);
            terminal.handle(Input::Timeout, self.now);
            self.drain(terminal);
        }
        self.now = until;
    }
}

fn burst(feed: &mut Feed<'_>) -> Burst {
    let modulation = Modulation::ALL[usize::from(feed.octet() % 8)];
    let (training, octets) = (Training::Short, feed.counted());
    match feed.octet() % 6 {
        0 => Burst::Tone(Tone::Cng),
        1 => Burst::Tone(Tone::Ced),
        2 => Burst::Silence(Duration::from_millis(75)),
        3 => Burst::Control(octets.chunks(20).map(<[u8]>::to_vec).collect()),
        4 => Burst::Page { modulation, training, bits: octets.into() },
        _ => Burst::Block { modulation, training, frames: octets.chunks(60).map(<[u8]>::to_vec).collect() },
    }
}

fuzz_target!(|octets: &[u8]| {
    let mut feed = Feed::new(octets);
    let chosen = feed.octet();
    let settings = Settings {
        version: chosen & 3,
        max_datagram_octets: LARGEST_DATAGRAM,
        error_correction: match chosen >> 2 & 3 {
            0 => ErrorCorrection::None,
            1 => ErrorCorrection::Fec,
            _ => ErrorCorrection::Redundancy,
        },
        pacing: match chosen >> 4 & 3 {
            0 => Pacing::Modem,
            1 => Pacing::Fast,
            _ => Pacing::Auto,
        },
        ..Settings::default()
    };
    let mut ear = Ear { now: base(), asked: 0, sent: 0, carrier: false };
    let mut terminal = Terminal::new(settings, ear.now);
    while !feed.is_empty() {
        let choice = feed.octet();
        ear.wait(&mut terminal, Duration::from_millis(u64::from(choice / 16) * 25));
        match choice % 8 {
            0 if ear.asked - ear.sent < 3 => {
                ear.asked += 1;
                terminal.handle(Input::Send(burst(&mut feed)), ear.now);
            }
            1 => terminal.handle(Input::StopSending, ear.now),
            _ => terminal.handle(Input::Datagram(feed.counted()), ear.now),
        }
        ear.drain(&mut terminal);
    }
    ear.wait(&mut terminal, Duration::from_secs(60));
    assert!(!ear.carrier, "a carrier without end");
});
