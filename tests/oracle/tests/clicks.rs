//! The fast modems beside SpanDSP's on lines with clicks, and where G.711 clips them.

use faxramp::dsp::fast::{Mode, Training};
use faxramp::dsp::g711::Law;
use faxramp_oracle::ber;
use faxramp_oracle::chance::Chance;
use faxramp_oracle::line::{self, Attenuation, Delay, Filter, Line, Noise};
use faxramp_oracle::modem::{Carrier, Hearing, MARGIN, Maker, Receiver, bit_errors, random_bits};
use faxramp_oracle::table::Table;

/// What a click is: steps, or noise, as loud as G.711 allows.
#[derive(Clone, Copy, Debug)]
enum Click {
    Step(usize),
    Noise(usize),
}

/// Of 1 and 5 ms.
const CLICKS: [Click; 4] = [Click::Step(8), Click::Step(40), Click::Noise(8), Click::Noise(40)];

impl Click {
    fn add(self, heard: &mut [i16], place: usize, chance: &mut Chance) {
        let (Self::Step(length) | Self::Noise(length)) = self;
        let step = if chance.below(2) == 0 { 32_767 } else { -32_767 };
        for sample in &mut heard[place..place + length] {
            let size = match self {
                Self::Step(_) => step,
                Self::Noise(_) => (chance.below(65_535).cast_signed() - 32_767) as i16,
            };
            *sample = Law::Mu.decode(Law::Mu.encode(sample.saturating_add(size)));
        }
    }
}

/// A carrier of SpanDSP's behind a good line.
fn heard_at(mode: Mode, training: Training, bits: &[bool], dbm0: f64) -> Vec<i16> {
    let line = Line {
        law: Some(Law::Mu),
        filter: Some(Filter::new(Attenuation::Ad1, Delay::Edd1)),
        gain_db: dbm0 + 13.0,
        ..Line::default()
    };
    let shaped = line.shape(&Carrier { training, ..Carrier::new(mode) }.send(Maker::Spandsp, bits));
    let data = line::power(&shaped[shaped.len() / 2..shaped.len() * 3 / 4]);
    let mut noise = Noise::of_power(data / 10.0_f64.powf(4.5), 9);
    line.finish(&shaped, &mut noise, MARGIN + 400..shaped.len() - MARGIN)
}

/// Whether the last half of the bits arrived.
fn is_received(bits: &[bool], hearing: &Hearing) -> bool {
    let last = &bits[bits.len() / 2..];
    hearing.trained && hearing.bits.windows(last.len()).any(|bits| bits == last)
}

/// Places of a click within a training.
const PLACES: usize = 40;

#[test]
fn a_click_does_not_spoil_a_training() {
    let trainings = |mode: Mode| {
        let short = mode.has_short_training().then_some(Training::Short);
        [Some(Training::Long), short].into_iter().flatten()
    };
    let jobs: Vec<(Mode, Training, Click)> = Mode::ALL
        .into_iter()
        .flat_map(|mode| trainings(mode).map(move |training| (mode, training)))
        .flat_map(|(mode, training)| CLICKS.map(|click| (mode, training, click)))
        .collect();
    let done = ber::in_parallel(&jobs, |(mode, training, click)| {
        let bits = random_bits(mode.bits_per_second() as usize / 2, 5);
        let long = heard_at(*mode, Training::Long, &bits, -13.0);
        let clean = heard_at(*mode, *training, &bits, -13.0);
        let begin = clean.iter().position(|sample| sample.unsigned_abs() > 100).unwrap_or(0);
        let lasting = clean.len() - MARGIN - 4000 - begin;
        Maker::ALL.map(|maker| {
            let spoilt = (0..PLACES).filter(|place| {
                let mut heard = clean.clone();
                click.add(&mut heard, begin + lasting * place / PLACES, &mut Chance::new(*place as u64));
                let mut receiver = Receiver::new(maker, *mode);
                if *training == Training::Short {
                    receiver.hear(&long);
                    receiver.restart(*mode, Training::Short);
                }
                !is_received(&bits, &receiver.hear(&heard))
            });
            spoilt.count()
        })
    });
    let mut table = Table::new(
        "a click in training, at each of 40 places: carriers whose data are not received",
        &["mode", "training", "click (samples)", "SpanDSP", "ours"],
    );
    let mut wrong = Vec::new();
    for ((mode, training, click), [theirs, ours]) in jobs.iter().zip(done) {
        let row = vec![format!("{mode:?}"), format!("{training:?}"), format!("{click:?}")];
        table.row(row.into_iter().chain([theirs, ours].map(|count| count.to_string())).collect());
        if ours > 0 {
            wrong.push(format!("{mode:?} {training:?} {click:?}: {ours} of {PLACES}"));
        }
    }
    table.print();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// Seconds of data with clicks in them.
const SECONDS: usize = 20;
/// Bits of a frame of 256 octets, and what goes with it.
const FRAME_BITS: usize = 2100;

#[test]
fn clicks_twice_a_second_cost_the_frames_they_hit() {
    let jobs: Vec<(Mode, Click)> = Mode::ALL.into_iter().flat_map(|mode| CLICKS.map(|click| (mode, click))).collect();
    let done = ber::in_parallel(&jobs, |(mode, click)| {
        let rate = mode.bits_per_second() as usize;
        let bits = random_bits(SECONDS * rate, 5);
        let mut heard = heard_at(*mode, Training::Long, &bits, -13.0);
        let begin = heard.len() - MARGIN - 8000 * SECONDS;
        let mut chance = Chance::new(7);
        for turn in 0..2 * SECONDS - 1 {
            let place = begin + 4000 * turn + 1000 + chance.below(2000) as usize;
            click.add(&mut heard, place, &mut chance);
        }
        let results = Maker::ALL.map(|maker| {
            let hearing = Receiver::new(maker, *mode).hear(&heard);
            let frames = bits.chunks(FRAME_BITS).enumerate();
            let is_lost = |(at, frame): &(usize, &[bool])| {
                hearing.bits.get(at * FRAME_BITS..at * FRAME_BITS + frame.len()) != Some(frame)
            };
            (bit_errors(&bits, &hearing), frames.filter(is_lost).count())
        });
        (bits.len() / FRAME_BITS, results)
    });
    let mut table = Table::new(
        "clicks twice a second, 39 in all: wrong bits, and frames of 256 octets lost",
        &["mode", "click (samples)", "frames", "SpanDSP: bits", "frames", "ours: bits", "frames"],
    );
    let mut wrong = Vec::new();
    for ((mode, click), (frames, [theirs, ours])) in jobs.iter().zip(done) {
        let mut row = vec![format!("{mode:?}"), format!("{click:?}"), frames.to_string()];
        row.extend([theirs.0, theirs.1, ours.0, ours.1].map(|count| count.to_string()));
        table.row(row);
        // One for each click, and a second one where a click lies on the border of two.
        let clicks = 2 * SECONDS - 1;
        if ours.1 > clicks + clicks / 5 {
            wrong.push(format!("{mode:?} {click:?}: {} of {frames} frames", ours.1));
        }
    }
    table.print();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn g711_may_clip_the_peaks() {
    let levels = [-3.0, -2.0, -1.0, 0.0, 1.0];
    let jobs: Vec<(Mode, f64)> = Mode::ALL.into_iter().flat_map(|mode| levels.map(|dbm0| (mode, dbm0))).collect();
    let done = ber::in_parallel(&jobs, |(mode, dbm0)| {
        let bits = random_bits(10 * mode.bits_per_second() as usize, 5);
        let heard = heard_at(*mode, Training::Long, &bits, *dbm0);
        let clipped = heard.iter().filter(|sample| sample.unsigned_abs() >= 32_124).count();
        let results = Maker::ALL.map(|maker| bit_errors(&bits, &Receiver::new(maker, *mode).hear(&heard)));
        (bits.len(), clipped as f64 / heard.len() as f64, results)
    });
    let mut table =
        Table::new("peaks clipped by µ-law: wrong bits", &["mode", "dBm0", "samples clipped", "of", "SpanDSP", "ours"]);
    let mut wrong = Vec::new();
    for ((mode, dbm0), (bits, clipped, [theirs, ours])) in jobs.iter().zip(done) {
        let mut row = vec![format!("{mode:?}"), dbm0.to_string(), format!("{:.2} %", 100.0 * clipped)];
        row.extend([bits, theirs, ours].map(|count| count.to_string()));
        table.row(row);
        if ours > 0 && (*dbm0 <= 0.0 || ours > theirs) {
            wrong.push(format!("{mode:?} at {dbm0} dBm0: {ours} wrong bits, SpanDSP {theirs}"));
        }
    }
    table.print();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}
