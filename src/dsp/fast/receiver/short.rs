//! V.17's short training: what the long one found is kept, and only the clock's and the carrier's phases have to be found again.

use super::super::{Complex, Mode, Training};
use super::carrier::Carrier;
use super::decoder::Decoder;
use super::equaliser::{AFTER, BEFORE, Equaliser};
use super::line::Line;
use super::recovery;
use super::search::{BLOCK, Tones, conditioning};

/// What a long training has found.
#[derive(Clone, Debug)]
pub(super) struct Kept {
    pub(super) equaliser: Equaliser,
    /// The carrier's offset in radians a symbol.
    pub(super) offset: f32,
    /// The phase of the upper edge of the band against the lower one at even half symbols, if symbols are there.
    pub(super) timing: Complex,
}

/// A short training that the line has been set right by.
#[derive(Clone, Copy, Debug)]
pub(super) struct Begun {
    /// The half symbol of the next symbol.
    pub(super) at: u64,
    /// The number of that symbol in the conditioning; none if the conditioning was missed, and data have begun.
    pub(super) symbol: Option<usize>,
    /// The mean error of the symbols before, as a share of their power.
    pub(super) error: f32,
    /// The phase of the band's edges, as a long training found it.
    pub(super) timing: Complex,
}

/// Waits for a short training.
#[derive(Clone, Debug)]
pub(super) struct Short {
    kept: Kept,
    tones: Tones,
    points: [Complex; LOOKED_FOR],
    energy: f32,
    timing: Complex,
    blocks: u32,
    carrier: Carrier,
    /// The last symbols, once the clock is right.
    heard: [Complex; HEARD],
    /// Symbols since it is.
    held: usize,
    aligned: bool,
    best: Best,
    /// Symbols since there were alternations.
    alone: usize,
    most_error: f32,
    decoder: Decoder,
}

/// Where the symbols were most like the conditioning.
#[derive(Clone, Copy, Default, Debug)]
struct Best {
    likeness: f32,
    /// Symbols since.
    symbols: usize,
}

/// How well the conditioning fits an equaliser.
#[derive(Clone, Debug)]
struct Fit {
    equaliser: Equaliser,
    /// By how much of a symbol the clock is taken for late.
    late: f32,
    /// The likeness, squared.
    likeness: f32,
    /// The sum of products of what was heard and the conjugate of what was to be.
    sum: Complex,
}

/// Symbols of the conditioning that are looked for; it has 38.
// V.17 §5.2, Table 3
const LOOKED_FOR: usize = 32;
/// Blocks of alternations after which the clock is set right.
const BLOCKS: u32 = 4;
/// Symbols to wait for a greater likeness.
const PATIENCE: usize = 3;
/// The least likeness, squared.
const LEAST_LIKENESS: f32 = 0.7;
/// Symbols that are kept: those that data are recognised by.
const HEARD: usize = 64;
/// Symbols after the alternations when data can be there, if the conditioning and the last segment have been missed.
const DATA_FROM: usize = 38 + 48 + HEARD;
/// Shares of a symbol that the clock is tried earlier and later by, one after the other. The alternations set it wrong by no more than all of them.
const STEPS: [f32; 3] = [0.15, 0.08, 0.03];
/// From one look for data to the next.
const DATA_EVERY: usize = 32;
/// The share of the error that nonsense has at its best phase, below which it is data.
const MOST_NONSENSE: f32 = 0.55;

impl Short {
    /// Waits for one that is received with no more than an error, as a share of the power.
    pub(super) fn new(mode: Mode, kept: Kept, most_error: f32) -> Self {
        let mut points = [Complex::ZERO; LOOKED_FOR];
        for (place, point) in points.iter_mut().zip(conditioning(mode, Training::Short)) {
            *place = point;
        }
        let energy = points.iter().map(|point| point.power()).sum();
        let mut carrier = Carrier::new(mode);
        carrier.set(0.0, kept.offset);
        Self {
            tones: Tones::new(mode),
            points,
            energy,
            timing: Complex::ZERO,
            blocks: 0,
            carrier,
            heard: [Complex::ZERO; HEARD],
            held: 0,
            aligned: false,
            best: Best::default(),
            alone: 0,
            most_error,
            decoder: Decoder::new(mode, 0),
            kept,
        }
    }

    /// Looks at the newest half symbol. When the conditioning is recognised, sets the line right.
    pub(super) fn look(&mut self, line: &mut Line) -> Option<Begun> {
        let end = line.window.end();
        if end.is_multiple_of(BLOCK as u64) {
            self.measure(line, end);
        }
        let at = end - 1 - AFTER;
        if !self.aligned || !at.is_multiple_of(2) {
            return None;
        }
        let symbol = self.kept.equaliser.output(Equaliser::run(&line.window, at)) * self.carrier.rotor().conjugate();
        self.carrier.advance(0.0, 0.0);
        self.heard.copy_within(1.., 0);
        self.heard[HEARD - 1] = symbol;
        self.held += 1;
        self.alone += 1;
        if self.held < LOOKED_FOR {
            return None;
        }
        self.recognise(line, at).or_else(|| self.find_data(line, at))
    }

    /// Compares the last symbols with the conditioning.
    fn recognise(&mut self, line: &mut Line, at: u64) -> Option<Begun> {
        let mut sum = Complex::ZERO;
        let mut energy = 1e-9;
        for (heard, point) in self.heard[HEARD - LOOKED_FOR..].iter().zip(&self.points) {
            sum += *heard * point.conjugate();
            energy += heard.power();
        }
        let likeness = sum.power() / (energy * self.energy);
        self.best.symbols += 1;
        if likeness > self.best.likeness {
            self.best = Best { likeness, symbols: 0 };
        }
        // A hole in it makes it unlike itself; then data are waited for.
        if self.best.likeness < LEAST_LIKENESS || self.best.symbols != PATIENCE {
            return None;
        }
        let fit = self.best_fit(line, at);
        let error = 1.0 - fit.likeness;
        if error > self.most_error {
            return None;
        }
        self.set_right(line, fit.equaliser, fit.sum.angle(), self.energy / fit.sum.power().sqrt());
        Some(Begun { at: at + 2, symbol: Some(LOOKED_FOR + PATIENCE), error, timing: self.kept.timing })
    }

    /// The conditioning, whose last symbol but some patience was at a half symbol, with the equaliser moved to where they fit best. On a line
    /// that delays the edges of the band much, the alternations alone set the clock a little wrong.
    fn best_fit(&self, line: &Line, at: u64) -> Fit {
        let mut best = self.fit(line, at, 0.0);
        for step in STEPS {
            let (before, after) = (self.fit(line, at, best.late - step), self.fit(line, at, best.late + step));
            // The greatest value of the parabola through the three.
            let curve = (2.0 * best.likeness - before.likeness - after.likeness).max(1e-9);
            let late = 0.5 * step * (after.likeness - before.likeness) / curve;
            let fit = self.fit(line, at, best.late + late.clamp(-step, step));
            if fit.likeness > best.likeness {
                best = fit;
            }
        }
        best
    }

    /// The same with the equaliser moved by a share of a symbol.
    fn fit(&self, line: &Line, at: u64, late: f32) -> Fit {
        let mut equaliser = self.kept.equaliser.clone();
        equaliser.hasten(late, line.carrier.half());
        let (mut sum, mut energy) = (Complex::ZERO, 1e-9);
        for (place, point) in self.points.iter().enumerate() {
            let back = (LOOKED_FOR + PATIENCE - place) as u64;
            let run = Equaliser::run(&line.window, at + 2 - 2 * back);
            let heard = equaliser.output(run) * self.carrier.rotor_before(back).conjugate();
            sum += heard * point.conjugate();
            energy += heard.power();
        }
        Fit { late, likeness: sum.power() / (energy * self.energy), sum, equaliser }
    }

    /// When a packet was lost with the conditioning: the phase at which the symbols lie near points. V.17's data do not mind a quarter of a turn.
    fn find_data(&self, line: &mut Line, at: u64) -> Option<Begun> {
        if self.alone < DATA_FROM || !(self.alone - DATA_FROM).is_multiple_of(DATA_EVERY) || !is_whole(line, at) {
            return None;
        }
        let (share, angle, gain) = recovery::best_phase(&self.heard, &self.decoder, line.mean());
        (share < MOST_NONSENSE * self.decoder.nonsense()).then(|| {
            self.set_right(line, self.kept.equaliser.clone(), angle, gain);
            Begun { at: at + 2, symbol: None, error: share, timing: self.kept.timing }
        })
    }

    /// Sets the line right.
    fn set_right(&self, line: &mut Line, equaliser: Equaliser, angle: f32, gain: f32) {
        line.carrier = self.carrier;
        line.carrier.turn_by(angle);
        line.equaliser = equaliser;
        // The level may have changed.
        line.equaliser.scale(gain.clamp(0.25, 4.0));
    }

    /// Sets the clock right by the alternations.
    fn measure(&mut self, line: &mut Line, end: u64) {
        let shares = self.tones.shares(&line.window, end);
        if !shares.is_alternating() {
            return;
        }
        self.alone = 0;
        self.timing += shares.timing;
        self.blocks += 1;
        if self.blocks.is_multiple_of(BLOCKS) {
            let late = (self.timing * self.kept.timing.conjugate()).angle() / std::f32::consts::TAU;
            line.front.shift(-late);
            self.timing = Complex::ZERO;
            self.aligned = true;
        }
    }
}

/// Whether there was no hole in the last symbols before a half symbol.
fn is_whole(line: &mut Line, at: u64) -> bool {
    let since = at - 2 * HEARD as u64 - BEFORE;
    line.watch(since);
    !line.had_hole_since(since)
}
