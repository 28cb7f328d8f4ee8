//! What is played, to the sample: lengths, gaps, and when it is told that a burst has left.

use std::time::{Duration, Instant};

use crate::dsp::FRAME_SAMPLES;
use crate::dsp::hdlc::{Deframer, Found};
use crate::dsp::v21::{Event, Receiver};
use crate::modem::{Input, Output, Settings, Terminal};
use crate::signal::{Burst, Modulation, Tone, Training};

const PAUSE: Burst = Burst::Silence(Duration::from_millis(75));

fn now() -> Instant {
    #[expect(clippy::disallowed_methods, reason = "a base for virtual time; the terminal does not look at it")]
    Instant::now()
}

fn terminal() -> Terminal {
    Terminal::new(&Settings::default(), now())
}

/// Plays bursts as T.30 asks for them: the next one when it is told that the one before has left. Half a second of silence follows.
fn played(bursts: &[Burst], frame: usize) -> Vec<i16> {
    let mut terminal = terminal();
    let mut bursts = bursts.iter().cloned();
    let mut samples = Vec::new();
    let mut rest = 4000 / frame;
    terminal.handle(Input::Send(bursts.next().unwrap()), now());
    while rest > 0 {
        let mut some = vec![1; frame];
        terminal.play(&mut some, now());
        samples.extend(some);
        while let Some(output) = terminal.poll() {
            assert_eq!(output, Output::Sent);
            if let Some(burst) = bursts.next() {
                terminal.handle(Input::Send(burst), now());
            }
        }
        if terminal.is_idle() {
            rest -= 1;
        }
    }
    assert!(bursts.next().is_none());
    samples
}

/// Beginning and end of every stretch of sound; so many samples of zeros are silence.
fn sounds(samples: &[i16], silence: usize) -> Vec<std::ops::Range<usize>> {
    let mut sounds: Vec<std::ops::Range<usize>> = Vec::new();
    for (place, _) in samples.iter().enumerate().filter(|(_, sample)| **sample != 0) {
        match sounds.last_mut() {
            Some(last) if place < last.end + silence => last.end = place + 1,
            Some(_) | None => sounds.push(place..place + 1),
        }
    }
    sounds
}

#[test]
fn gaps_between_v21_and_fast_carriers_are_75_ms_whatever_the_packets() {
    let control = Burst::Control(vec![vec![0xFF, 0xC8, 0xC1, 0x00, 0x46, 0x1F]]);
    let page =
        Burst::Page { modulation: Modulation::V17At14400, training: Training::Short, bits: vec![0x55; 1000].into() };
    for frame in [160, 80, 240, 37] {
        let bursts = [control.clone(), PAUSE, page.clone(), PAUSE, control.clone()];
        let sounds = sounds(&played(&bursts, frame), 200);
        assert_eq!(sounds.len(), 3, "{sounds:?}");
        // V.17 fades in and out within its pulses, and its turn-off ends with 20 ms of nothing.
        let gaps = [sounds[1].start - sounds[0].end, sounds[2].start - sounds[1].end].map(|gap| gap / 8);
        assert!((70..=80).contains(&gaps[0]), "{gaps:?} ms with {frame} samples");
        assert!((70..=98).contains(&gaps[1]), "{gaps:?} ms with {frame} samples");
    }
}

#[test]
fn a_control_signal_has_a_second_of_flags_and_its_frames() {
    let frames = vec![vec![0xFF, 0xC0, 0x02, 1, 2, 3], vec![0xFF, 0xC8, 0x01, 4, 5]];
    let samples = played(&[Burst::Control(frames.clone())], FRAME_SAMPLES);
    let (mut receiver, mut deframer) = (Receiver::new(), Deframer::new());
    let (mut flags, mut heard) = (0, Vec::new());
    receiver.receive(&samples, &mut |_, event| {
        if let Event::Bit { bit, .. } = event {
            match deframer.push(bit) {
                Some(Found::Flag(count)) if heard.is_empty() => flags = count,
                Some(Found::Frame(frame)) => heard.push(frame.to_vec()),
                Some(Found::Flag(_) | Found::Abort) | None => {}
                Some(Found::Damaged) => panic!("nothing disturbs it"),
            }
        }
    });
    assert_eq!(heard, frames);
    // T.30 (09/2005) §5.3.1: 1 s ± 15 %; a flag is 26.7 ms, the receiver may miss the first one.
    assert!((32..=43).contains(&flags), "{flags} flags");
}

#[test]
fn a_training_check_lasts_as_its_training_and_a_second_and_a_half() {
    for (modulation, training_ms) in [
        (Modulation::V27ter2400, 943),
        (Modulation::V27ter4800, 708),
        (Modulation::V29At9600, 253),
        (Modulation::V17At14400, 1393),
    ] {
        let samples = played(&[Burst::TrainingCheck { modulation }], FRAME_SAMPLES);
        let sounds = sounds(&samples, 400);
        let lasts = sounds[0].len() / 8;
        assert_eq!(sounds.len(), 1);
        assert!((training_ms + 1480..training_ms + 1560).contains(&lasts), "{modulation:?}: {lasts} ms");
    }
}

#[test]
fn calling_tone_goes_on_until_something_else_is_sent_or_it_is_stopped() {
    let mut terminal = terminal();
    terminal.handle(Input::Send(Burst::Tone(Tone::Cng)), now());
    let mut samples = vec![0; 8 * 7500];
    terminal.play(&mut samples, now());
    let stretches = sounds(&samples, 100);
    assert_eq!(stretches.len(), 3, "{stretches:?}");
    assert!(stretches[..2].iter().all(|sound| (3990..=4000).contains(&sound.len())), "{stretches:?}");
    assert_eq!(stretches[1].start - stretches[0].start, 28_000);
    assert_eq!(terminal.poll(), None);
    let mut stopped = terminal;
    stopped.handle(Input::StopSending, now());
    stopped.play(&mut samples, now());
    assert!(stopped.is_idle() && samples.iter().all(|sample| *sample == 0));
    stopped.handle(Input::Send(Burst::Tone(Tone::Cng)), now());
    stopped.handle(Input::Send(Burst::Control(vec![vec![0xFF, 0xC8, 0x5F]])), now());
    stopped.play(&mut samples, now());
    assert_eq!(stopped.poll(), Some(Output::Sent));
    assert!(stopped.has_last_word());
}

#[test]
fn what_is_stopped_is_not_told_to_have_left() {
    let mut terminal = terminal();
    terminal.handle(Input::Send(Burst::Control(vec![vec![0xFF, 0xC8, 0x31]])), now());
    terminal.handle(Input::Send(PAUSE), now());
    let mut samples = vec![0; 800];
    terminal.play(&mut samples, now());
    assert!(!terminal.is_idle());
    terminal.handle(Input::StopSending, now());
    terminal.play(&mut samples, now());
    assert!(samples.iter().all(|sample| *sample == 0));
    assert_eq!(terminal.poll(), None);
    assert!(terminal.is_idle());
}

#[test]
fn within_a_calling_tone_and_a_pause_the_far_end_may_begin() {
    let speaks_in = |burst: Burst| {
        let mut terminal = terminal();
        terminal.handle(Input::Send(burst), now());
        let mut samples = vec![0; 160];
        terminal.play(&mut samples, now());
        assert!(!terminal.is_idle());
        terminal.is_speaking()
    };
    assert!(!speaks_in(Burst::Tone(Tone::Cng)) && !speaks_in(PAUSE));
    assert!(speaks_in(Burst::Tone(Tone::Ced)) && speaks_in(Burst::Control(vec![vec![0xFF, 0xC8, 0x31]])));
}
