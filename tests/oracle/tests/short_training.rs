//! V.17's short training: what one long training found must serve for the carriers of a whole fax, whatever the line does to them.

use faxramp::dsp::fast::{Mode, Training};
use faxramp::dsp::g711::Law;
use faxramp_oracle::ber;
use faxramp_oracle::line::{self, Attenuation, Delay, Filter, Line, Noise};
use faxramp_oracle::modem::{Carrier, Maker, Receiver, bit_errors, random_bits};
use faxramp_oracle::table::Table;

const MODES: [Mode; 4] = [Mode::V17At7200, Mode::V17At9600, Mode::V17At12000, Mode::V17At14400];
/// Carriers with short training after the one with long training. Each pause is a sample longer than the last, so that they begin at every tenth
/// of a symbol of 10/3 samples.
const SHORTS: usize = 10;
const PAUSE: usize = 800;
/// No carrier has quite its nominal frequency, so that each begins at another phase.
const OFFSET_HERTZ: f64 = 0.3;

/// What the line does.
#[derive(Clone, Debug)]
struct Condition {
    name: String,
    line: Line,
    /// By how much more the clocks differ when the short trainings come.
    drift_ppm: f64,
    /// Noise over the whole time, pauses included, against the data.
    snr_db: f64,
    echo_protection: bool,
    /// Whether G.711 cuts off so much that not every bit can be had.
    is_clipped: bool,
}

/// What a receiver made of the carriers with short training.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
struct Outcome {
    untrained: usize,
    wrong_bits: usize,
}

impl Condition {
    fn new(name: String, mut line: Line) -> Self {
        line.offset_hertz += OFFSET_HERTZ;
        Self { name, line, drift_ppm: 0.0, snr_db: 60.0, echo_protection: false, is_clipped: false }
    }

    /// The carriers as they are heard, each with the pause behind it.
    fn heard_from(&self, sender: Maker, mode: Mode, bits: &[bool]) -> Vec<Vec<i16>> {
        let send = |training: Training| {
            let echo_protection = self.echo_protection;
            Carrier { training, talker_echo_protection: echo_protection, ..Carrier::new(mode) }.send(sender, bits)
        };
        let long = send(Training::Long);
        let (mut shorts, mut ends) = (Vec::new(), Vec::new());
        for place in 0..SHORTS {
            shorts.extend(send(Training::Short));
            shorts.resize(shorts.len() + PAUSE + place, 0);
            ends.push(shorts.len());
        }
        let shaped = self.line.shape(&long);
        let data = line::power(&shaped[shaped.len() / 2..shaped.len() * 3 / 4]);
        let mut noise = Noise::of_power(data / 10.0_f64.powf(self.snr_db / 10.0), 3);
        let mut heard = vec![self.line.finish(&shaped, &mut noise, 0..shaped.len())];
        let later = Line { skew_ppm: self.line.skew_ppm + self.drift_ppm, ..self.line.clone() };
        let shaped = later.shape(&shorts);
        let all = later.finish(&shaped, &mut noise, 0..shaped.len());
        let mut from = 0;
        for end in ends {
            let to = ((end as f64 / (1.0 + later.skew_ppm / 1e6)) as usize).min(all.len());
            heard.push(all[from..to].to_vec());
            from = to;
        }
        heard
    }
}

/// What a maker's receiver makes of carriers, the first of which has long training. None if it does not train at that.
fn hear(maker: Maker, mode: Mode, carriers: &[Vec<i16>], bits: &[bool]) -> Option<Outcome> {
    let mut receiver = Receiver::new(maker, mode);
    let (long, shorts) = carriers.split_first()?;
    if !receiver.hear(long).trained {
        return None;
    }
    let mut outcome = Outcome::default();
    for short in shorts {
        receiver.restart(mode, Training::Short);
        let hearing = receiver.hear(short);
        if hearing.trained {
            outcome.wrong_bits += bit_errors(bits, &hearing);
        } else {
            outcome.untrained += 1;
        }
    }
    Some(outcome)
}

/// Whether our receiver's outcome is all right: not one bit wrong, and where G.711 clips no more than a tenth as many as in SpanDSP's.
fn is_fine(condition: &Condition, theirs: Option<Outcome>, ours: Option<Outcome>) -> bool {
    let borne = theirs.filter(|_| condition.is_clipped).map_or(0, |theirs| theirs.wrong_bits / 10);
    ours.is_some_and(|ours| ours.untrained == 0 && ours.wrong_bits <= borne)
}

/// Runs all modes under these conditions, and fails where our receiver's outcome is not fine.
fn check(heading: &str, conditions: impl Fn(Mode) -> Vec<Condition>) {
    let jobs: Vec<(Mode, Condition)> = MODES
        .into_iter()
        .flat_map(|mode| conditions(mode).into_iter().map(move |condition| (mode, condition)))
        .collect();
    let done = ber::in_parallel(&jobs, |(mode, condition)| {
        let bits = random_bits(mode.bits_per_second() as usize / 2, 5);
        Maker::ALL.map(|sender| {
            let carriers = condition.heard_from(sender, *mode, &bits);
            Maker::ALL.map(|maker| hear(maker, *mode, &carriers, &bits))
        })
    });
    let columns = ["mode", "line", "SpanDSP sends: SpanDSP", "ours", "faxramp sends: SpanDSP", "ours"];
    let mut table = Table::new(heading, &columns);
    let told = |outcome: Option<Outcome>| {
        outcome.map_or_else(
            || "no long training".into(),
            |Outcome { untrained, wrong_bits }| format!("{untrained} untrained, {wrong_bits} bits"),
        )
    };
    let mut wrong = Vec::new();
    for ((mode, condition), results) in jobs.iter().zip(done) {
        let mut row = vec![format!("{mode:?}"), condition.name.clone()];
        for ([theirs, ours], sender) in results.into_iter().zip(Maker::ALL) {
            row.extend([told(theirs), told(ours)]);
            if !is_fine(condition, theirs, ours) {
                wrong.push(format!("{mode:?}, {}, {} sends: ours {}", condition.name, sender.name(), told(ours)));
            }
        }
        table.row(row);
    }
    table.print();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// The lines that most of this is tried on: a good one, and the one that delays the edges of the band the most.
fn lines() -> [(&'static str, Line); 2] {
    let with = |attenuation, delay| Line {
        law: Some(Law::Mu),
        filter: Some(Filter::new(attenuation, delay)),
        ..Line::default()
    };
    [("AD-1 EDD-1", with(Attenuation::Ad1, Delay::Edd1)), ("AD-7 EDD-3", with(Attenuation::Ad7, Delay::Edd3))]
}

#[test]
fn a_short_training_may_come_at_any_level() {
    check("short training at levels, µ-law, AD-1 EDD-1: 10 carriers of half a second", |_| {
        let [(_, line), _] = lines();
        let at = |dbm0: f64| {
            let condition = Condition::new(format!("{dbm0} dBm0"), Line { gain_db: dbm0 + 13.0, ..line.clone() });
            Condition { is_clipped: dbm0 >= 0.0, ..condition }
        };
        [-43.0, -40.0, -36.0, -26.0, -6.0, -3.0, -1.0, 0.0].map(at).into()
    });
}

#[test]
fn a_short_training_may_be_off_in_frequency_and_clock() {
    check("short training off in frequency and clock, µ-law: 10 carriers of half a second", |_| {
        let off = [(-7.0, 0.0), (7.0, 0.0), (0.0, -200.0), (0.0, 200.0), (7.0, 200.0), (7.0, -200.0), (-7.0, 200.0)];
        let conditions = lines().into_iter().flat_map(|(name, line)| {
            off.map(|(hertz, ppm)| {
                let line = Line { offset_hertz: hertz, skew_ppm: ppm, ..line.clone() };
                Condition::new(format!("{name}, {hertz:+} Hz, {ppm:+} ppm"), line)
            })
        });
        conditions.collect()
    });
}

#[test]
fn clocks_may_drift_between_long_and_short_training() {
    check("clocks that drift between the trainings, µ-law: 10 carriers of half a second", |_| {
        let drifts = [(0.0, 5.0), (200.0, 5.0), (-200.0, -5.0)];
        let conditions = lines().into_iter().flat_map(|(name, line)| {
            drifts.map(|(skew_ppm, drift_ppm)| {
                let line = Line { skew_ppm, ..line.clone() };
                Condition { drift_ppm, ..Condition::new(format!("{name}, {skew_ppm:+} ppm, then {drift_ppm:+}"), line) }
            })
        });
        conditions.collect()
    });
}

/// How far above where its curve of bit errors begins a mode is tried: on the good line, and where the edges are delayed the most.
const ABOVE_DB: [f64; 2] = [7.0, 12.0];

#[test]
fn a_short_training_may_lie_in_noise() {
    check("short training in noise, µ-law: 10 carriers of half a second", |mode| {
        let conditions = lines().into_iter().zip(ABOVE_DB).flat_map(|((name, line), above)| {
            let snr_db = ber::first_snr_db(mode) + above;
            let name = format!("{name}, {snr_db} dB");
            let off = Line { offset_hertz: 7.0, skew_ppm: 200.0, ..line.clone() };
            let faint = Line { offset_hertz: -7.0, skew_ppm: -200.0, gain_db: -23.0, ..line.clone() };
            let conditions = [
                Condition::new(name.clone(), line.clone()),
                Condition { echo_protection: true, ..Condition::new(format!("{name}, against talker echo"), line) },
                Condition::new(format!("{name}, +7 Hz, +200 ppm"), off),
                Condition::new(format!("{name}, −7 Hz, −200 ppm, −36 dBm0"), faint),
            ];
            conditions.map(|condition| Condition { snr_db, ..condition })
        });
        conditions.collect()
    });
}
