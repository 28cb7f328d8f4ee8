//! Training: from where the conditioning sequence begins to an equaliser, a carrier and a clock.

use super::super::{Complex, Mode, Segment, Sequence, Training, constellation};
use super::carrier::Carrier;
use super::data::Data;
use super::equaliser::{AFTER, BEFORE, Equaliser};
use super::line::{Line, Loops};
use super::normal::Normal;
use super::presence::Signal;
use super::recovery::Recovery;
use super::search::{BLOCK, Place, Tones, carrier_within, conditioning};
use super::short::{Begun, Kept};
use super::window::Window;

/// Symbols of the conditioning that the first equaliser is found from.
pub(super) const FIRST_SYMBOLS: usize = 112;
/// Added noise when an equaliser is found, as a share of the signal.
const LOAD: f64 = 3e-4;
/// Parts of those symbols, between which the carrier's turning is seen, and a click is told.
const PARTS: usize = 4;

/// The error, as a share of the power, above which it was not the conditioning: any signal can be fitted this well.
const MOST_MISFIT: f32 = 0.3;

/// The error of the worst part of them, and how many times that of the best it is, above which it was a click: noise is more even.
const CLICK_MISFIT: f32 = 0.01;
const UNEVEN: f32 = 6.0;

/// What the first symbols gave.
pub(super) struct First {
    pub(super) equaliser: Equaliser,
    pub(super) carrier: Carrier,
    /// The sums so far.
    pub(super) normal: Box<Normal>,
}

/// Why there is no equaliser.
pub(super) enum Misfit {
    /// It was not the conditioning.
    Wholly,
    /// A click was in it: other symbols of it may do.
    Partly,
}

/// Finds an equaliser and a carrier from some symbols of the conditioning. The carrier is that of the symbol after them.
fn first(window: &Window, mode: Mode, place: Place) -> Result<First, Misfit> {
    let origin = place.at;
    let points: Vec<Complex> = conditioning(mode, Training::Long).skip(place.symbol).take(FIRST_SYMBOLS).collect();
    if points.len() < FIRST_SYMBOLS {
        return Err(Misfit::Wholly);
    }
    let mut carrier = Carrier::new(mode);
    let mut offset = coarse(window, mode, &points, &carrier, origin);
    let mut normal = Box::new(Normal::new());
    let run = |at: usize| Equaliser::run(window, origin + 2 * at as u64);
    for at in 0..points.len() {
        normal.add_signal(run(at));
    }
    let mut equaliser = None;
    let mut misfits = [1.0; PARTS];
    for _ in 0..3 {
        let aim =
            |at: usize| points[at] * Complex::at_angle(((carrier.turn() + offset) * at as f32) % std::f32::consts::TAU);
        normal.forget_aims();
        for at in 0..points.len() {
            normal.add_aim(run(at), aim(at));
        }
        let found = normal.solve(run(points.len()), LOAD).ok_or(Misfit::Wholly)?;
        // What the carrier has turned more from the first half to the second.
        let mut halves = [Complex::ZERO; 2];
        let (mut errors, mut powers) = ([0.0; PARTS], [0.0; PARTS]);
        for at in 0..points.len() {
            let symbol = found.output(run(at));
            halves[2 * at / points.len()] += symbol * aim(at).conjugate();
            errors[PARTS * at / points.len()] += (symbol - aim(at)).power();
            powers[PARTS * at / points.len()] += aim(at).power();
        }
        misfits = std::array::from_fn(|part| errors[part] / powers[part]);
        equaliser = Some(found);
        offset += (halves[1] * halves[0].conjugate()).angle() / (points.len() / 2) as f32;
    }
    let (least, most) =
        misfits.iter().fold((f32::MAX, 0.0), |(least, most), misfit| (misfit.min(least), misfit.max(most)));
    if most > CLICK_MISFIT && most > UNEVEN * least {
        return Err(Misfit::Partly);
    }
    if misfits.iter().sum::<f32>() > MOST_MISFIT * PARTS as f32 {
        return Err(Misfit::Wholly);
    }
    carrier.set((carrier.turn() + offset) * points.len() as f32, offset);
    Ok(First { equaliser: equaliser.ok_or(Misfit::Wholly)?, carrier, normal })
}

/// By how much more than nominally the carrier turns from symbol to symbol, from the signal as it is.
fn coarse(window: &Window, mode: Mode, points: &[Complex], carrier: &Carrier, origin: u64) -> f32 {
    let mean = carrier_within(mode, points);
    let length = points.len() / PARTS;
    let mut last = Complex::ZERO;
    let mut turned = Complex::ZERO;
    for part in 0..PARTS {
        let mut sum = Complex::ZERO;
        for (at, point) in points.iter().enumerate().skip(part * length).take(length) {
            let aim = (*point - mean) * Complex::at_angle((carrier.turn() * at as f32) % std::f32::consts::TAU);
            sum += window.run(origin + 2 * at as u64, 1).first().complex() * aim.conjugate();
        }
        turned += sum * last.conjugate();
        last = sum;
    }
    turned.angle() / length as f32
}

/// The conditioning from where an equaliser is there, and V.17's bridge.
#[derive(Clone, Debug)]
pub(super) struct Conditioning {
    mode: Mode,
    sequence: Sequence,
    /// The half symbol of the next symbol.
    at: u64,
    /// Symbols of the conditioning that are left.
    left: usize,
    /// Sums for a better equaliser; a short training has none.
    normal: Option<Box<Normal>>,
    tones: Tones,
    timing: Complex,
    /// The mean error.
    error: f32,
    /// Symbols in a row that lay far from what they should be.
    outliers: u32,
}

/// What a half symbol led to.
pub(super) enum Step {
    On,
    Failed,
    /// The conditioning is over. What is to be kept for short trainings.
    Over(Box<Data>, Option<Box<Kept>>),
}

/// Symbols that the last equaliser is found from, at most: longer ago the clock was not yet right.
const MOST_SUMMED: usize = 1500;
/// Symbols that are enough for a better equaliser than the one there is.
const LEAST_SUMMED: u32 = 200;
/// Symbols at the end of the conditioning that are not used; some modems do not end it properly.
const UNUSED: usize = 8;

/// How many times the mean error a known symbol's is that noise does not make: a click's.
const OUTLIER: f32 = 16.0;
/// The mean error is taken for no less, as a share of the power.
const LEAST_ERROR: f32 = 0.01;
/// After so many in a row it was no click.
const MOST_OUTLIERS: u32 = 64;

/// Whether the first symbols are all there. If there was a hole in them, others are taken.
pub(super) fn gathered(line: &Line, place: &mut Place) -> bool {
    if line.had_hole_since(place.at - BEFORE) {
        let at = line.window.end() + BEFORE;
        place.pass_over((at - place.at).div_ceil(2) as usize);
    }
    line.window.end() > place.at + 2 * FIRST_SYMBOLS as u64 + AFTER
}

impl Conditioning {
    /// From the first symbols of a long training.
    pub(super) fn long(mode: Mode, line: &mut Line, place: Place) -> Result<Self, Misfit> {
        let first = first(&line.window, mode, place)?;
        line.equaliser = first.equaliser;
        line.carrier = first.carrier;
        let at = place.at + 2 * FIRST_SYMBOLS as u64;
        Ok(Self::new(mode, Training::Long, at, place.symbol + FIRST_SYMBOLS, Some(first.normal)))
    }

    /// From what was recognised of a short training; the next symbol has a number.
    pub(super) fn short(mode: Mode, line: &mut Line, begun: Begun, symbol: usize) -> Self {
        line.watch(begun.at - Line::WATCHED);
        let conditioning = Self::new(mode, Training::Short, begun.at, symbol, None);
        Self { error: begun.error, timing: begun.timing, ..conditioning }
    }

    fn new(mode: Mode, training: Training, at: u64, passed: usize, normal: Option<Box<Normal>>) -> Self {
        let mut sequence = conditioning(mode, training);
        let mut all = sequence.clone();
        let mut left = 0;
        while all.segment() == Some(Segment::Conditioning) {
            all.next();
            left += 1;
        }
        for _ in 0..passed.min(left) {
            sequence.next();
        }
        let left = left.saturating_sub(passed);
        Self {
            mode,
            sequence,
            at,
            left,
            normal,
            tones: Tones::new(mode),
            timing: Complex::ZERO,
            error: 0.05,
            outliers: 0,
        }
    }

    /// Goes on when the half symbols for the next symbol are there.
    pub(super) fn half_symbol(&mut self, line: &mut Line) -> Step {
        let end = line.window.end();
        if end <= self.at + AFTER {
            return Step::On;
        }
        let here = self.at;
        self.at += 2;
        let bad = line.had_hole_since(here - BEFORE);
        let heard = line.heard(here);
        match self.sequence.segment() {
            Some(Segment::Conditioning) => {
                let Some(aim) = self.sequence.next() else { return Step::Failed };
                self.known(line, here, heard, aim, bad);
            }
            Some(Segment::Bridge) => {
                self.sequence.next();
                if bad {
                    line.coast();
                } else {
                    line.follow(here, heard, nearest(&constellation::TRAINING_V17, heard), Loops::DECIDED);
                }
            }
            _ => return Step::Failed,
        }
        if let Signal::Gone(_) = line.presence.judge(&line.window, self.error) {
            return Step::Failed;
        }
        if self.sequence.segment() == Some(Segment::Ones) { self.over(line) } else { Step::On }
    }

    /// A symbol that is known.
    fn known(&mut self, line: &mut Line, here: u64, heard: Complex, aim: Complex, bad: bool) {
        let share = line.share(aim - heard);
        let is_outlier = share > OUTLIER * self.error.max(LEAST_ERROR) && self.outliers < MOST_OUTLIERS;
        self.outliers = if is_outlier { self.outliers + 1 } else { 0 };
        let bad = bad || is_outlier;
        self.left -= 1;
        if self.left == MOST_SUMMED || bad || self.left == UNUSED {
            self.improve(line, here);
        }
        if bad {
            return line.coast();
        }
        self.error += 0.02 * (share - self.error);
        let Some(normal) = &mut self.normal else {
            return line.follow(here, heard, aim, Loops::SHORT);
        };
        let run = Equaliser::run(&line.window, here);
        if self.left > UNUSED {
            normal.add_signal(run);
            normal.add_aim(run, aim * line.carrier.rotor());
        }
        let end = line.window.end();
        if end.is_multiple_of(BLOCK as u64) || (end + 1).is_multiple_of(BLOCK as u64) {
            let timing = self.tones.shares(&line.window, end & !1).timing;
            self.timing += if here.is_multiple_of(2) { timing } else { -timing };
        }
        line.follow(here, heard, aim, Loops::known(self.error));
    }

    /// Takes the equaliser that fits best all symbols since the last hole, up to one at a half symbol, and begins anew.
    fn improve(&mut self, line: &mut Line, here: u64) {
        let Some(normal) = &mut self.normal else { return };
        if normal.symbols() >= LEAST_SUMMED
            && let Some(better) = normal.solve(Equaliser::run(&line.window, here), LOAD)
        {
            line.equaliser = better;
        }
        if normal.symbols() > 0 {
            **normal = Normal::new();
        }
    }

    fn over(&mut self, line: &Line) -> Step {
        let ones = self.sequence.clone().count() as u32;
        let kept = self.normal.as_ref().filter(|_| self.mode.has_short_training()).map(|_| {
            Box::new(Kept { equaliser: line.equaliser.clone(), offset: line.carrier.offset(), timing: self.timing })
        });
        let training = if self.normal.is_some() { Training::Long } else { Training::Short };
        if self.error > worst_error(self.mode, training) {
            return Step::Failed;
        }
        let recovery = Recovery::new(self.tones.clone(), self.timing);
        Step::Over(Box::new(Data::new(self.mode, self.at, ones, self.error, recovery)), kept)
    }
}

/// The error with known symbols, as a share of the power, at which one bit in ten would be wrong. A short training's is that of few symbols, so twice
/// as much is borne.
pub(super) const fn worst_error(mode: Mode, training: Training) -> f32 {
    let worst = match mode {
        Mode::V27ter2400 => 0.5,
        Mode::V27ter4800 => 0.25,
        Mode::V29At7200 => 0.16,
        Mode::V29At9600 => 0.1,
        Mode::V17At7200 => 0.25,
        Mode::V17At9600 => 0.125,
        Mode::V17At12000 => 0.06,
        Mode::V17At14400 => 0.03,
    };
    match training {
        Training::Long => worst,
        Training::Short => 2.0 * worst,
    }
}

fn nearest(points: &[Complex], heard: Complex) -> Complex {
    let apart = |point: &Complex| (*point - heard).power();
    points.iter().copied().min_by(|one, other| apart(one).total_cmp(&apart(other))).unwrap_or(heard)
}
