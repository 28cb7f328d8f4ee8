//! What is heard, and what is not: cut-off signals, our own voice, other sounds.

use std::time::Instant;

use crate::dsp::FRAME_SAMPLES;
use crate::modem::{Input, Output, Settings, Terminal};
use crate::signal::{Burst, Heard, Listen, Modulation, Tone, Training};

const MCF: [u8; 3] = [0xFF, 0xC8, 0x31];

fn now() -> Instant {
    #[expect(clippy::disallowed_methods, reason = "a base for virtual time; the terminal does not look at it")]
    Instant::now()
}

/// The samples of a burst, and a second of silence.
fn samples_of(burst: Burst) -> Vec<i16> {
    let mut terminal = Terminal::new(&Settings::default(), now());
    terminal.handle(Input::Send(burst), now());
    let mut samples = Vec::new();
    while !terminal.is_idle() {
        let mut frame = [0; FRAME_SAMPLES];
        terminal.play(&mut frame, now());
        samples.extend(frame);
    }
    samples.extend([0; 8000]);
    samples
}

fn hear(terminal: &mut Terminal, samples: &[i16]) -> Vec<Heard> {
    let mut heard = Vec::new();
    for frame in samples.chunks(FRAME_SAMPLES) {
        terminal.play(&mut [0; FRAME_SAMPLES], now());
        terminal.handle(Input::Samples(frame), now());
        while let Some(output) = terminal.poll() {
            if let Output::Heard(what) = output {
                heard.push(what);
            }
        }
    }
    heard
}

fn heard(samples: &[i16]) -> Vec<Heard> {
    hear(&mut Terminal::new(&Settings::default(), now()), samples)
}

fn mcf() -> Burst {
    Burst::Control(vec![MCF.to_vec()])
}

#[test]
fn a_control_signal_is_a_preamble_frames_and_an_end() {
    let expected = [Heard::Preamble, Heard::Frame(MCF.to_vec()), Heard::End];
    let samples = samples_of(mcf());
    assert_eq!(heard(&samples), expected);
    // A jitter buffer that starts late, or a switch in the network, takes the first flags away.
    assert_eq!(heard(&samples[6400..]), expected);
}

#[test]
fn a_signal_that_breaks_off_has_a_damaged_frame_and_an_end() {
    let mut samples = samples_of(Burst::Control(vec![[&MCF[..], &[0; 20]].concat()]));
    samples.truncate(11_500);
    samples.extend([0; 8000]);
    assert_eq!(heard(&samples), [Heard::Preamble, Heard::DamagedFrame, Heard::End]);
}

#[test]
fn our_own_frame_that_comes_back_is_nothing() {
    let mut terminal = Terminal::new(&Settings::default(), now());
    terminal.handle(Input::Send(mcf()), now());
    let own = samples_of(mcf());
    // All of it late, as if by satellite: the echo begins when we have ended.
    hear(&mut terminal, &vec![0; own.len() - 8000]);
    assert!(terminal.has_last_word());
    let echo: Vec<i16> = own.iter().map(|sample| sample / 4).collect();
    let heard_back = hear(&mut terminal, &echo[6000..]);
    assert!(!heard_back.iter().any(|heard| matches!(heard, Heard::Frame(_))), "{heard_back:?}");
    let other = samples_of(Burst::Control(vec![vec![0xFF, 0xC8, 0xDF]]));
    let heard_then = hear(&mut terminal, &other);
    assert_eq!(heard_then, [Heard::Preamble, Heard::Frame(vec![0xFF, 0xC8, 0xDF]), Heard::End]);
    assert!(!terminal.has_last_word());
}

#[test]
fn tones_are_heard_until_a_modem_speaks() {
    let ced = samples_of(Burst::Tone(Tone::Ced));
    let mut terminal = Terminal::new(&Settings::default(), now());
    assert_eq!(hear(&mut terminal, &ced), [Heard::Tone(Tone::Ced)]);
    hear(&mut terminal, &samples_of(mcf()));
    assert_eq!(hear(&mut terminal, &ced), []);
}

#[test]
fn v21_is_heard_instead_of_the_fast_carrier_that_is_expected() {
    for modulation in Modulation::ALL {
        let mut terminal = Terminal::new(&Settings::default(), now());
        let listen = Listen::Fast { modulation, training: Training::Long, framed: true };
        terminal.handle(Input::Listen(listen), now());
        let expected = [Heard::Preamble, Heard::Frame(MCF.to_vec()), Heard::End];
        assert_eq!(hear(&mut terminal, &samples_of(mcf())), expected, "{modulation:?}");
    }
}

/// T.30 may need its time: what came since the end of the command is not lost.
#[test]
fn a_carrier_that_began_before_it_was_expected_is_trained_to() {
    let modulation = Modulation::V17At14400;
    let check = samples_of(Burst::TrainingCheck { modulation });
    let command = samples_of(mcf());
    let end = command.len() - 8000;
    let line = [&command[..end], &[0; 600], &check].concat();
    let mut terminal = Terminal::new(&Settings::default(), now());
    let late = (end + 600 + 2400).next_multiple_of(FRAME_SAMPLES);
    hear(&mut terminal, &line[..late]);
    terminal.handle(Input::Listen(Listen::Fast { modulation, training: Training::Long, framed: false }), now());
    let heard = hear(&mut terminal, &line[late..]);
    assert_eq!(heard.first(), Some(&Heard::Carrier { modulation, training: Training::Long }));
    assert_eq!(heard.last(), Some(&Heard::End));
}

#[test]
fn a_carrier_of_another_modem_is_told_with_its_end_and_without_bits() {
    let mut terminal = Terminal::new(&Settings::default(), now());
    let expected = Modulation::V29At9600;
    terminal
        .handle(Input::Listen(Listen::Fast { modulation: expected, training: Training::Long, framed: false }), now());
    let samples = samples_of(Burst::TrainingCheck { modulation: Modulation::V17At14400 });
    let heard = hear(&mut terminal, &samples);
    assert!(!heard.iter().any(|heard| matches!(heard, Heard::Preamble | Heard::Frame(_))), "{heard:?}");
    let carriers = heard.iter().filter(|heard| matches!(heard, Heard::Carrier { .. })).count();
    let ends = heard.iter().filter(|heard| **heard == Heard::End).count();
    assert_eq!(carriers, ends, "{heard:?}");
}
