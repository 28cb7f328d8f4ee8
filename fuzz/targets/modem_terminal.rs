//! Arbitrary samples into a fax modem terminal that sends and listens for whatever T.30 might ask.
//!
//! Input: pairs of a choice and what it needs. `0` sends a burst, `1` stops, `2` listens for something, `3` gives samples as made up for
//! lost ones, all others give samples: a count, and so many µ-law codes, repeated to fill a packet if there are few. Holds: what begins
//! ends, `End` comes only where something began, no frame is longer than the deframer keeps, `Sent` comes for bursts only.
#![no_main]

use std::time::{Duration, Instant};

use faxramp::dsp::FRAME_SAMPLES;
use faxramp::dsp::g711::Law;
use faxramp::dsp::hdlc::MOST_OCTETS;
use faxramp::modem::{Input, Output, Settings, Terminal};
use faxramp::signal::{Burst, Heard, Listen, Modulation, Tone, Training};
use faxramp_fuzz::{Feed, base};
use libfuzzer_sys::fuzz_target;

struct Ear {
    now: Instant,
    asked: u32,
    sent: u32,
    is_open: bool,
}

impl Ear {
    fn drain(&mut self, terminal: &mut Terminal) {
        while let Some(output) = terminal.poll() {
            match output {
                Output::Sent => self.sent += 1,
                Output::Heard(Heard::Preamble | Heard::Carrier { .. }) => self.is_open = true,
                Output::Heard(Heard::End) => assert!(std::mem::take(&mut self.is_open), "an end of nothing"),
                Output::Heard(Heard::Frame(frame)) => assert!(self.is_open && frame.len() <= MOST_OCTETS),
                Output::Heard(Heard::DamagedFrame | Heard::Bits(_)) => assert!(self.is_open),
                Output::Heard(Heard::Tone(_)) => {}
            }
        }
        assert!(self.sent <= self.asked);
    }

    fn turn(&mut self, terminal: &mut Terminal, samples: &[i16], are_real: bool) {
        let mut played = vec![0; samples.len()];
        terminal.play(&mut played, self.now);
        self.drain(terminal);
        let input = if are_real { Input::Samples(samples) } else { Input::Concealed(samples) };
        terminal.handle(input, self.now);
        self.drain(terminal);
        self.now += Duration::from_micros(125 * samples.len() as u64);
    }
}

fn modulation(feed: &mut Feed<'_>) -> (Modulation, Training) {
    let chosen = feed.octet();
    let training = if chosen & 8 == 0 { Training::Long } else { Training::Short };
    (Modulation::ALL[usize::from(chosen % 8)], training)
}

fn burst(feed: &mut Feed<'_>) -> Burst {
    let (modulation, training) = modulation(feed);
    let octets = feed.counted();
    match feed.octet() % 7 {
        0 => Burst::Tone(Tone::Cng),
        1 => Burst::Tone(Tone::Ced),
        2 => Burst::Silence(Duration::from_millis(75)),
        3 => Burst::Control(octets.chunks(20).map(<[u8]>::to_vec).collect()),
        4 => Burst::Page { modulation, training, bits: octets.into() },
        5 => Burst::TrainingCheck { modulation },
        _ => Burst::Block { modulation, training, frames: octets.chunks(60).map(<[u8]>::to_vec).collect() },
    }
}

fuzz_target!(|octets: &[u8]| {
    let mut feed = Feed::new(octets);
    let mut ear = Ear { now: base(), asked: 0, sent: 0, is_open: false };
    let mut terminal = Terminal::new(&Settings::default(), ear.now);
    while !feed.is_empty() {
        match feed.octet() % 8 {
            0 if ear.asked - ear.sent < 3 => {
                ear.asked += 1;
                terminal.handle(Input::Send(burst(&mut feed)), ear.now);
            }
            1 => terminal.handle(Input::StopSending, ear.now),
            2 => {
                let (modulation, training) = modulation(&mut feed);
                let chosen = feed.octet();
                let listen = match chosen % 3 {
                    0 => Listen::Control,
                    kind => Listen::Fast { modulation, training, framed: kind == 1 },
                };
                terminal.handle(Input::Listen(listen), ear.now);
            }
            choice => {
                let codes = feed.counted();
                let samples: Vec<i16> = codes
                    .iter()
                    .cycle()
                    .take(codes.len().max(FRAME_SAMPLES))
                    .map(|code| Law::Mu.decode(*code))
                    .collect();
                ear.turn(&mut terminal, &samples, choice != 3);
            }
        }
        ear.drain(&mut terminal);
    }
    terminal.handle(Input::StopSending, ear.now);
    for _ in 0..100 {
        ear.turn(&mut terminal, &[0; FRAME_SAMPLES], true);
    }
    assert!(!ear.is_open, "a signal without end");
});
