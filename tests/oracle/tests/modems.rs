//! The fast modems beside SpanDSP's, on the same signals: bit error rate against noise on telephone lines.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use faxramp::dsp::fast::{Mode, Training};
use faxramp::dsp::g711::Law;
use faxramp_oracle::ber::{self, Curve, Effort, READ_AT};
use faxramp_oracle::line::{self, Attenuation, Concealment, Delay, Filter, Line, Loss, Noise, Packets, Trunk};
use faxramp_oracle::modem::{Carrier, Maker, Receiver, bit_errors, random_bits};
use faxramp_oracle::plot::{self, Panel, PlotCurve};
use faxramp_oracle::table::Table;
use faxramp_oracle::theirs::real_time;

/// How much worse than SpanDSP's receiver ours may be anywhere, in dB.
const MOST_BEHIND_DB: f64 = 0.5;
/// How far above the measured figure a threshold is written.
const THRESHOLD_MARGIN_DB: f64 = 0.5;

/// `ORACLE_BITS=4` measures four times as many bits.
fn effort() -> Effort {
    let many = std::env::var("ORACLE_BITS").ok().and_then(|many| many.parse().ok()).unwrap_or(1);
    Effort { carriers: 8 * many, bits: 25_000, step_db: 1.0, noise_before: false }
}

/// A mode on a line, and what came of it.
struct Measured {
    mode: Mode,
    line: &'static str,
    curves: Vec<Curve>,
}

impl Measured {
    fn snr(&self, sender: Maker, receiver: Maker) -> Option<f64> {
        let curve = self.curves.iter().find(|curve| curve.sender == sender && curve.receiver == receiver)?;
        curve.snr_at(READ_AT)
    }
}

fn measure_all(modes: &[Mode], effort: Effort) -> Vec<Measured> {
    let lines = line::named();
    let jobs: Vec<(Mode, &'static str, &Line)> =
        modes.iter().flat_map(|mode| lines.iter().map(|(name, line)| (*mode, *name, line))).collect();
    ber::in_parallel(&jobs, |(mode, name, line)| Measured {
        mode: *mode,
        line: name,
        curves: ber::measure(*mode, line, effort),
    })
}

fn decibels(snr: Option<f64>) -> String {
    snr.map_or_else(|| "never".into(), |snr| format!("{snr:.1}"))
}

/// What ours lacks beside theirs, in dB; nothing where theirs never gets there.
fn behind(ours: Option<f64>, theirs: Option<f64>) -> f64 {
    match (ours, theirs) {
        (Some(ours), Some(theirs)) => ours - theirs,
        (None, Some(_)) => f64::INFINITY,
        (_, None) => f64::NEG_INFINITY,
    }
}

fn print(measured: &[Measured]) {
    let columns = [
        "dB for 10⁻⁴",
        "line",
        "SpanDSP sends: SpanDSP",
        "ours",
        "ours behind",
        "faxramp sends: SpanDSP",
        "ours",
        "ours behind",
    ];
    let mut table = Table::new("signal to noise at which one bit in 10 000 is wrong", &columns);
    for one in measured {
        let mut row = vec![format!("{:?}", one.mode), one.line.to_owned()];
        for sender in Maker::ALL {
            let (theirs, ours) = (one.snr(sender, Maker::Spandsp), one.snr(sender, Maker::Faxramp));
            row.extend([decibels(theirs), decibels(ours), format!("{:+.1}", behind(ours, theirs))]);
        }
        table.row(row);
    }
    table.print();
}

/// Every point, for a closer look: `ORACLE_POINTS=1`.
fn print_points(measured: &[Measured]) {
    let mut table = Table::new("bit error rate", &["mode", "line", "from", "to", "dB: rate (carriers trained)"]);
    for one in measured {
        for curve in &one.curves {
            let points = curve.points.iter().map(|point| {
                let (trained, all) = point.trained;
                let note = if trained < all { format!(" ({trained}/{all})") } else { String::new() };
                format!("{}: {:.1e}{note}", point.snr_db, point.rate())
            });
            table.row(vec![
                format!("{:?}", one.mode),
                one.line.to_owned(),
                curve.sender.name().into(),
                curve.receiver.name().into(),
                points.collect::<Vec<_>>().join("  "),
            ]);
        }
    }
    table.print();
}

/// The lines that are in the picture.
const DRAWN: [&str; 4] = ["flat", "AD-1 EDD-1, µ-law", "AD-7 EDD-2, µ-law", "far echo −22 dB"];

fn draw(measured: &[Measured]) -> String {
    let panel = |mode: Mode| {
        let of_mode = measured.iter().filter(|one| one.mode == mode);
        let curves = of_mode.flat_map(|one| {
            let colour = DRAWN.iter().position(|name| *name == one.line);
            let from_theirs = one.curves.iter().filter(|curve| curve.sender == Maker::Spandsp);
            colour.into_iter().flat_map(move |colour| {
                from_theirs.clone().map(move |curve| PlotCurve {
                    colour,
                    dashed: curve.receiver == Maker::Spandsp,
                    points: curve.points.iter().map(|point| (point.snr_db, point.rate())).collect(),
                })
            })
        });
        Panel { title: format!("{mode:?}"), curves: curves.collect() }
    };
    let panels: Vec<Panel> = Mode::ALL.into_iter().map(panel).collect();
    plot::svg(
        "Bit error rate against signal to noise (dB, noise from 0 to 4 kHz); SpanDSP sends",
        &panels,
        &DRAWN,
        ["faxramp receives", "SpanDSP receives"],
    )
}

/// The picture that README.md shows.
const PICTURE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/bit-error-rate.svg");
/// The figures that must not get worse: `mode | line | sender | dB`, one to a line.
const THRESHOLDS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/thresholds.txt");

fn key(mode: Mode, line: &str, sender: Maker) -> String {
    format!("{mode:?} | {line} | {}", sender.name())
}

fn thresholds() -> BTreeMap<String, f64> {
    let text = fs::read_to_string(THRESHOLDS).expect("thresholds.txt is there");
    let lines = text.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    let figures = lines.map(|line| {
        let (key, figure) = line.rsplit_once(" | ").expect("four columns");
        (key.trim().to_owned(), figure.trim().parse().expect("decibels"))
    });
    figures.collect()
}

fn write_thresholds(measured: &[Measured]) {
    let mut text = String::from(
        "# Signal to noise in dB at which one bit in 10 000 is wrong in our receiver, with a little room.\n\
         # ORACLE_THRESHOLDS=1 writes this file anew; lines on which that is never so are left out.\n",
    );
    for one in measured {
        for sender in Maker::ALL {
            if let Some(snr) = one.snr(sender, Maker::Faxramp) {
                text.push_str(&format!("{} | {:.1}\n", key(one.mode, one.line, sender), snr + THRESHOLD_MARGIN_DB));
            }
        }
    }
    fs::write(THRESHOLDS, text).expect("thresholds.txt is written");
}

#[test]
fn noise_does_no_more_harm_than_to_spandsp_on_any_line() {
    let measured = measure_all(&Mode::ALL, effort());
    if std::env::var_os("ORACLE_POINTS").is_some() {
        print_points(&measured);
    }
    print(&measured);
    let picture = Path::new(env!("CARGO_TARGET_TMPDIR")).join("bit-error-rate.svg");
    fs::write(&picture, draw(&measured)).expect("a picture is written");
    eprintln!("curves: {}", picture.display());
    if std::env::var_os("ORACLE_PICTURE").is_some() {
        fs::copy(&picture, PICTURE).expect("the picture is replaced");
    }
    if std::env::var_os("ORACLE_THRESHOLDS").is_some() {
        write_thresholds(&measured);
    }
    let thresholds = thresholds();
    let mut wrong = Vec::new();
    for one in &measured {
        for sender in Maker::ALL {
            let (theirs, ours) = (one.snr(sender, Maker::Spandsp), one.snr(sender, Maker::Faxramp));
            let key = key(one.mode, one.line, sender);
            if behind(ours, theirs) > MOST_BEHIND_DB {
                wrong.push(format!("{key}: {} dB, SpanDSP {} dB", decibels(ours), decibels(theirs)));
            }
            if let Some(threshold) = thresholds.get(&key)
                && ours.is_none_or(|ours| ours > *threshold)
            {
                wrong.push(format!("{key}: {} dB, threshold {threshold} dB", decibels(ours)));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// What one receiver made of a carrier: wrong bits, or nothing where it did not train.
type Wrong = Option<usize>;

/// Sends these bits over a line with as little noise as a good line has, and asks each maker's receiver.
struct Trial {
    carrier: Carrier,
    line: Line,
    bits: Vec<bool>,
    /// Noise over the whole time, silence included, against the data.
    snr_db: f64,
}

impl Trial {
    fn new(mode: Mode, seconds: u32) -> Self {
        let bits = random_bits((mode.bits_per_second() * seconds) as usize, 5);
        let line =
            Line { law: Some(Law::Mu), filter: Some(Filter::new(Attenuation::Ad1, Delay::Edd1)), ..Line::default() };
        Self { carrier: Carrier::new(mode), line, bits, snr_db: 60.0 }
    }

    /// The signal from a maker as it is heard.
    fn heard_from(&self, sender: Maker) -> Vec<i16> {
        let shaped = self.line.shape(&self.carrier.send(sender, &self.bits));
        let data = line::power(&shaped[shaped.len() / 2..shaped.len() * 3 / 4]);
        let mut noise = Noise::of_power(data / 10.0_f64.powf(self.snr_db / 10.0), 3);
        self.line.finish(&shaped, &mut noise, 0..shaped.len())
    }

    fn ask(&self, receiver: &mut Receiver, heard: &[i16]) -> Wrong {
        let hearing = receiver.hear(heard);
        hearing.trained.then(|| bit_errors(&self.bits, &hearing))
    }

    /// What SpanDSP's and ours make of both senders' signals: SpanDSP's first.
    fn run(&self) -> [[Wrong; 2]; 2] {
        Maker::ALL.map(|sender| {
            let heard = self.heard_from(sender);
            Maker::ALL.map(|maker| self.ask(&mut Receiver::new(maker, self.carrier.mode), &heard))
        })
    }
}

fn told(wrong: Wrong) -> String {
    wrong.map_or_else(|| "not trained".into(), |wrong| wrong.to_string())
}

/// Whether ours is all right: not one bit wrong, or no more than in SpanDSP's.
fn is_fine([theirs, ours]: [Wrong; 2]) -> bool {
    ours == Some(0) || ours.unwrap_or(usize::MAX) <= theirs.unwrap_or(usize::MAX) && theirs.is_some()
}

/// Runs trials of all modes side by side, prints them, and fails where ours is not fine.
fn compare(heading: &str, trials: Vec<(String, Trial)>) {
    let done = ber::in_parallel(&trials, |(_, trial)| trial.run());
    let columns = ["wrong bits", "of", "SpanDSP sends: SpanDSP", "ours", "faxramp sends: SpanDSP", "ours"];
    let mut table = Table::new(heading, &columns);
    let mut wrong = Vec::new();
    for ((name, trial), results) in trials.iter().zip(done) {
        let mut row = vec![name.clone(), trial.bits.len().to_string()];
        for (result, sender) in results.into_iter().zip(Maker::ALL) {
            row.extend(result.map(told));
            if !is_fine(result) {
                wrong.push(format!(
                    "{name}, {} sends: ours {}, SpanDSP {}",
                    sender.name(),
                    told(result[1]),
                    told(result[0])
                ));
            }
        }
        table.row(row);
    }
    table.print();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn the_carrier_may_be_off_by_seven_hertz() {
    let trial = |(mode, hertz): (Mode, f64)| {
        let mut trial = Trial::new(mode, 10);
        trial.line.offset_hertz = hertz;
        (format!("{mode:?}, {hertz:+} Hz"), trial)
    };
    let cases = Mode::ALL.into_iter().flat_map(|mode| [-7.0, 7.0].map(|hertz| (mode, hertz)));
    compare("frequency offset, G.711, AD-1 EDD-1", cases.map(trial).collect());
}

#[test]
fn clocks_may_differ_by_200_parts_per_million() {
    let trial = |(mode, ppm): (Mode, f64)| {
        let mut trial = Trial::new(mode, 60);
        trial.line.skew_ppm = ppm;
        (format!("{mode:?}, {ppm:+} ppm"), trial)
    };
    let cases = Mode::ALL.into_iter().flat_map(|mode| [-200.0, 200.0].map(|ppm| (mode, ppm)));
    compare("clock skew over a minute, G.711, AD-1 EDD-1", cases.map(trial).collect());
}

#[test]
fn levels_may_lie_anywhere_down_to_minus_43() {
    let trial = |(mode, dbm0): (Mode, f64)| {
        let mut trial = Trial::new(mode, 5);
        trial.line.gain_db = dbm0 + 13.0;
        (format!("{mode:?}, {dbm0} dBm0"), trial)
    };
    let levels = [-43.0, -36.0, -26.0, -6.0, -3.0];
    let cases = Mode::ALL.into_iter().flat_map(|mode| levels.map(|dbm0| (mode, dbm0)));
    compare("levels, µ-law, AD-1 EDD-1", cases.map(trial).collect());
}

#[test]
fn noise_before_the_carrier_is_not_taken_for_one() {
    let trial = |mode: Mode, echo_protection: bool| {
        let mut trial = Trial::new(mode, 5);
        trial.carrier.talker_echo_protection = echo_protection;
        trial.snr_db = ber::first_snr_db(mode) + 8.0;
        let note = if echo_protection { ", against talker echo" } else { "" };
        (format!("{mode:?}, {} dB{note}", trial.snr_db), trial)
    };
    let trials = Mode::ALL.into_iter().flat_map(|mode| [trial(mode, false), trial(mode, true)]);
    compare("noise before the carrier, within its pause, and behind it", trials.collect());
}

#[test]
fn short_training_is_enough_after_a_long_one() {
    let modes = [Mode::V17At7200, Mode::V17At9600, Mode::V17At12000, Mode::V17At14400];
    let lines = line::named();
    let mut table = Table::new(
        "short training after long, wrong bits of 10 carriers of 1 s, 8 dB above where curves begin",
        &["mode", "line", "SpanDSP sends: SpanDSP", "ours", "faxramp sends: SpanDSP", "ours"],
    );
    let jobs: Vec<_> =
        modes.into_iter().flat_map(|mode| lines.iter().map(move |(name, line)| (mode, *name, line))).collect();
    let done = ber::in_parallel(&jobs, |(mode, _, line)| {
        Maker::ALL.map(|sender| {
            let trial =
                Trial { line: (*line).clone(), snr_db: ber::first_snr_db(*mode) + 12.0, ..Trial::new(*mode, 1) };
            let mut short = Trial { line: trial.line.clone(), ..Trial::new(*mode, 1) };
            short.carrier.training = Training::Short;
            let (long_signal, short_signal) = (quiet_before(&trial, sender), quiet_before(&short, sender));
            Maker::ALL.map(|maker| {
                let mut receiver = Receiver::new(maker, *mode);
                trial.ask(&mut receiver, &long_signal)?;
                let mut all = 0;
                for _ in 0..10 {
                    receiver.restart(*mode, Training::Short);
                    all += short.ask(&mut receiver, &short_signal).unwrap_or(short.bits.len() / 2);
                }
                Some(all)
            })
        })
    });
    let mut wrong = Vec::new();
    for ((mode, name, _), results) in jobs.iter().zip(done) {
        let mut row = vec![format!("{mode:?}"), (*name).to_owned()];
        for result in results {
            row.extend(result.map(told));
            if !is_fine(result) {
                wrong.push(format!("{mode:?}, {name}: ours {}, SpanDSP {}", told(result[1]), told(result[0])));
            }
        }
        table.row(row);
    }
    table.print();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// The signal of a trial, with its noise only while the carrier sounds.
fn quiet_before(trial: &Trial, sender: Maker) -> Vec<i16> {
    let shaped = trial.line.shape(&trial.carrier.send(sender, &trial.bits));
    let data = line::power(&shaped[shaped.len() / 2..shaped.len() * 3 / 4]);
    let mut noise = Noise::of_power(data / 10.0_f64.powf(trial.snr_db / 10.0), 9);
    let sounding = faxramp_oracle::modem::MARGIN + 400..shaped.len() - faxramp_oracle::modem::MARGIN;
    trial.line.finish(&shaped, &mut noise, sounding)
}

#[test]
fn a_lost_packet_costs_its_own_bits_and_few_more() {
    let concealments = [(Concealment::Zeros, "zeros"), (Concealment::Repetition, "repeated")];
    let jobs: Vec<_> = Mode::ALL
        .into_iter()
        .flat_map(|mode| [1, 5, 10, 20].map(|per_mille| (mode, per_mille)))
        .flat_map(|(mode, per_mille)| concealments.map(|(concealment, name)| (mode, per_mille, concealment, name)))
        .collect();
    let done = ber::in_parallel(&jobs, |(mode, per_mille, concealment, _)| {
        let mut trial = Trial::new(*mode, 60);
        let loss = Loss { packets: Packets::PerMille(*per_mille), concealment: *concealment, spared: 90, seed: 4 };
        trial.line.loss = Some(loss);
        let heard = trial.heard_from(Maker::Spandsp);
        let lost = loss.lost(heard.len());
        let many = lost.iter().filter(|lost| **lost).count().max(1);
        let per_packet = |wrong: usize| wrong as f64 / many as f64 / f64::from(mode.bits_per_second() / 50);
        // Both are asked without being told of the loss, and told.
        let blind = Maker::ALL.map(|maker| trial.ask(&mut Receiver::new(maker, *mode), &heard).map(per_packet));
        let told = Maker::ALL.map(|maker| {
            let hearing = Receiver::new(maker, *mode).hear_with_holes(&heard, &lost);
            hearing.trained.then(|| per_packet(bit_errors(&trial.bits, &hearing)))
        });
        (many, blind, told)
    });
    let columns = ["mode", "loss", "packets lost", "not told: SpanDSP", "ours", "told: SpanDSP", "ours"];
    let mut table =
        Table::new("packets of 20 ms lost: wrong bits for each bit in a lost packet (0.5 is the least)", &columns);
    let mut wrong = Vec::new();
    for ((mode, per_mille, _, name), (many, blind, told)) in jobs.iter().zip(done) {
        let figure = |share: Option<f64>| share.map_or_else(|| "not trained".into(), |share| format!("{share:.2}"));
        let mut row =
            vec![format!("{mode:?}"), format!("{} %, {name}", f64::from(*per_mille) / 10.0), many.to_string()];
        row.extend(blind.into_iter().chain(told).map(figure));
        table.row(row);
        for [theirs, ours] in [blind, told] {
            // What a loss alone does, with the bits that filters and decoder smear it over.
            let fine = ours.is_some_and(|ours| ours < 1.5 || theirs.is_some_and(|theirs| ours <= theirs));
            if !fine {
                wrong.push(format!(
                    "{mode:?}, {per_mille} ‰ {name}: ours {}, SpanDSP {}",
                    figure(ours),
                    figure(theirs)
                ));
            }
        }
    }
    table.print();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn a_bad_trunk_does_no_more_harm_than_its_losses() {
    let trunks = [
        (
            "1 % out of order",
            Trunk { lost_per_mille: 0, swapped_per_mille: 10, jitter_milliseconds: 0, spared: 90, seed: 2 },
        ),
        (
            "60 ms of jitter",
            Trunk { lost_per_mille: 0, swapped_per_mille: 0, jitter_milliseconds: 60, spared: 90, seed: 2 },
        ),
        ("2 % lost", Trunk { lost_per_mille: 20, swapped_per_mille: 0, jitter_milliseconds: 0, spared: 90, seed: 2 }),
        (
            "all of it",
            Trunk { lost_per_mille: 20, swapped_per_mille: 10, jitter_milliseconds: 60, spared: 90, seed: 2 },
        ),
    ];
    let start = real_time();
    let jobs: Vec<_> = Mode::ALL.into_iter().flat_map(|mode| trunks.map(|trunk| (mode, trunk))).collect();
    let done = ber::in_parallel(&jobs, |(mode, (_, trunk))| {
        let trial = Trial::new(*mode, 30);
        let (heard, filled) = trunk.carry(&trial.heard_from(Maker::Spandsp), start);
        let many = filled.iter().filter(|filled| **filled).count();
        let results = Maker::ALL.map(|maker| {
            // SpanDSP does better with what is filled in than when it is told.
            let told: &[bool] = if maker == Maker::Faxramp { &filled } else { &[] };
            let hearing = Receiver::new(maker, *mode).hear_with_holes(&heard, told);
            hearing.trained.then(|| bit_errors(&trial.bits, &hearing))
        });
        (many, results)
    });
    let mut table = Table::new(
        "our playout over an IP trunk for 30 s, SpanDSP sends: wrong bits",
        &["mode", "trunk", "frames filled in", "bits in them", "SpanDSP", "ours"],
    );
    let mut wrong = Vec::new();
    for ((mode, (name, trunk)), (many, results)) in jobs.iter().zip(done) {
        // The last ones are behind the end of the stream.
        let bits = many * mode.bits_per_second() as usize / 50;
        let mut row = vec![format!("{mode:?}"), (*name).to_owned(), many.to_string(), bits.to_string()];
        row.extend(results.map(told));
        table.row(row);
        let most = if trunk.lost_per_mille == 0 { 0 } else { bits };
        if results[1].is_none_or(|wrong| wrong > most) {
            wrong.push(format!("{mode:?}, {name}: {} of {bits}", told(results[1])));
        }
    }
    table.print();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}
