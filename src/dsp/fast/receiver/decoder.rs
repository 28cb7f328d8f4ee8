//! Symbols to bits: the decision, what undoes the coding, and the descrambler.

use super::super::scrambler::Scrambler;
use super::super::{Complex, Mode, constellation};
use super::Bits;
use super::viterbi::Viterbi;

/// Decides on symbols and gives the bits of them.
#[derive(Clone, Debug)]
pub(super) struct Decoder {
    mode: Mode,
    coding: Coding,
    outlet: Outlet,
}

#[derive(Clone, Debug)]
enum Coding {
    /// V.27ter and V.29: the phase of the last symbol in steps of 45°.
    Phase { points: Box<Points>, phase: usize },
    /// V.17: the last differential bits.
    Trellis { viterbi: Box<Viterbi>, differential: u32 },
}

/// Where decoded symbols wait while it is not known whether the signal has ended, and are descrambled.
#[derive(Clone, Debug)]
struct Outlet {
    scrambler: Scrambler,
    bits_per_symbol: u32,
    /// Symbols that are still training's.
    skipped: u32,
    waiting: [u8; ROOM],
    held: usize,
    is_open: bool,
}

/// Symbols that can wait: those of the longest silence that may be a hole, and what a trellis holds back.
const ROOM: usize = 256;

/// Bits by phase change in steps of 45°, the first the least significant.
// V.27ter §2.5.2, Table 2
const TWO_BY_TURN: [u8; 8] = [0b00, 0, 0b10, 0, 0b11, 0, 0b01, 0];
// V.27ter §2.5.1, Table 1; V.29 §2.2, Table 1
const THREE_BY_TURN: [u8; 8] = [0b100, 0b000, 0b010, 0b110, 0b111, 0b011, 0b001, 0b101];

impl Decoder {
    /// A decoder that begins with the last segment of training, which lasts so many symbols.
    pub(super) fn new(mode: Mode, training_symbols: u32) -> Self {
        let coding = match mode {
            Mode::V27ter2400 | Mode::V27ter4800 | Mode::V29At7200 | Mode::V29At9600 => {
                Coding::Phase { points: Box::new(Points::of(mode)), phase: 0 }
            }
            Mode::V17At7200 | Mode::V17At9600 | Mode::V17At12000 | Mode::V17At14400 => {
                Coding::Trellis { viterbi: Box::new(Viterbi::new(mode)), differential: 0 }
            }
        };
        let outlet = Outlet {
            scrambler: Scrambler::new(mode),
            bits_per_symbol: mode.bits_per_symbol(),
            skipped: training_symbols,
            waiting: [0; ROOM],
            held: 0,
            is_open: true,
        };
        Self { mode, coding, outlet }
    }

    /// Takes a symbol as heard; the point it seems to be. Gives bits, V.17's some symbols later.
    pub(super) fn take(&mut self, heard: Complex, give: &mut dyn FnMut(Bits)) -> Complex {
        let (mode, outlet) = (self.mode, &mut self.outlet);
        match &mut self.coding {
            Coding::Phase { points, phase } => {
                let index = points.nearest(heard);
                let turn = (index + 8 - *phase) & 7;
                let bits = match mode {
                    Mode::V27ter2400 => TWO_BY_TURN[turn],
                    // V.29 §2.2: the first bit of four chooses the amplitude
                    Mode::V29At9600 => THREE_BY_TURN[turn] << 1 | (index >> 3) as u8,
                    Mode::V27ter4800
                    | Mode::V29At7200
                    | Mode::V17At7200
                    | Mode::V17At9600
                    | Mode::V17At12000
                    | Mode::V17At14400 => THREE_BY_TURN[turn],
                };
                *phase = index & 7;
                outlet.take(bits, give);
                points.point(index)
            }
            Coding::Trellis { viterbi, differential } => {
                viterbi.take(heard, &mut |point| outlet.take(untangle(differential, point), give))
            }
        }
    }

    /// The square of the distance to the nearest point.
    pub(super) fn apart(&self, heard: Complex) -> f32 {
        match &self.coding {
            Coding::Phase { points, .. } => (points.point(points.nearest(heard)) - heard).power(),
            Coding::Trellis { viterbi, .. } => viterbi.nearest_apart(heard),
        }
    }

    /// How far from the nearest point a signal lies that has nothing to do with points, as a share of their power: as in a square between
    /// neighbours.
    pub(super) fn nonsense(&self) -> f32 {
        let points = constellation::points(self.mode);
        let neighbours = points[1..].iter().map(|point| (*point - points[0]).power()).fold(f32::MAX, f32::min);
        neighbours / 6.0 / constellation::mean_power(self.mode)
    }

    /// Holds bits back until it is known whether the signal has ended.
    pub(super) const fn hold(&mut self) {
        self.outlet.is_open = false;
    }

    /// Gives what was held back.
    pub(super) fn release(&mut self, give: &mut dyn FnMut(Bits)) {
        if !self.outlet.is_open {
            self.outlet.is_open = true;
            self.outlet.empty(0, give);
        }
    }

    /// Gives what is left but for the last symbols, so many, which were none.
    pub(super) fn finish(&mut self, none: usize, give: &mut dyn FnMut(Bits)) {
        self.hold();
        let outlet = &mut self.outlet;
        if let Coding::Trellis { viterbi, differential } = &mut self.coding {
            viterbi.finish(&mut |point| outlet.take(untangle(differential, point), give));
        }
        self.outlet.empty(none, give);
    }
}

/// The bits of a point of V.17.
// V.17 §2.3, Table 1
const fn untangle(last: &mut u32, point: u32) -> u8 {
    let differential = point >> 1 & 3;
    let bits = point >> 3 << 2 | (differential + 4 - *last) & 3;
    *last = differential;
    bits as u8
}

impl Outlet {
    fn take(&mut self, bits: u8, give: &mut dyn FnMut(Bits)) {
        if self.is_open {
            self.give(bits, give);
            return;
        }
        if self.held == ROOM {
            let oldest = self.waiting[0];
            self.waiting.copy_within(1.., 0);
            self.held -= 1;
            self.give(oldest, give);
        }
        self.waiting[self.held] = bits;
        self.held += 1;
    }

    /// Gives all that wait but for the last ones.
    fn empty(&mut self, none: usize, give: &mut dyn FnMut(Bits)) {
        for at in 0..self.held.saturating_sub(none) {
            self.give(self.waiting[at], give);
        }
        self.held = 0;
    }

    fn give(&mut self, bits: u8, give: &mut dyn FnMut(Bits)) {
        let bits = self.scrambler.descramble_bits(u32::from(bits), self.bits_per_symbol) as u8;
        if self.skipped == 0 {
            give(Bits { bits, count: self.bits_per_symbol as u8 });
        } else {
            self.skipped -= 1;
        }
    }
}

/// The points of a mode without a trellis, so laid out that several are compared at once.
#[derive(Clone, Debug)]
struct Points {
    re: [f32; MOST_POINTS],
    im: [f32; MOST_POINTS],
    /// Whether there are but [`FEW_POINTS`].
    is_few: bool,
}

const MOST_POINTS: usize = 16;
/// V.27ter's, and V.29's at 7200 bit/s.
const FEW_POINTS: usize = 8;
/// Where there is no point.
const NOWHERE: f32 = 1e6;
/// The bits of a distance that make room for an index.
const INDEX: u32 = MOST_POINTS as u32 - 1;
/// Points compared at once.
const LANES: usize = 4;

impl Points {
    fn of(mode: Mode) -> Self {
        let step = if mode == Mode::V27ter2400 { 2 } else { 1 };
        let known = constellation::points(mode);
        let is_few = known.len() <= FEW_POINTS;
        let mut points = Self { re: [NOWHERE; MOST_POINTS], im: [NOWHERE; MOST_POINTS], is_few };
        for (at, point) in known.iter().enumerate().step_by(step).take(MOST_POINTS) {
            (points.re[at], points.im[at]) = (point.re, point.im);
        }
        points
    }

    /// The index of the nearest point.
    fn nearest(&self, heard: Complex) -> usize {
        if self.is_few {
            self.nearest_of::<{ FEW_POINTS / LANES }>(heard)
        } else {
            self.nearest_of::<{ MOST_POINTS / LANES }>(heard)
        }
    }

    #[inline]
    fn nearest_of<const PARTS: usize>(&self, heard: Complex) -> usize {
        let mut best = [f32::MAX; LANES];
        for part in 0..PARTS {
            for (lane, best) in best.iter_mut().enumerate() {
                let at = LANES * part + lane;
                let (re, im) = (self.re[at] - heard.re, self.im[at] - heard.im);
                // The index stands in the last bits, and makes hardly any difference to the distance.
                let key = f32::from_bits((re * re + im * im).to_bits() & !INDEX | at as u32);
                *best = if key < *best { key } else { *best };
            }
        }
        let pair = |one: f32, other: f32| if one < other { one } else { other };
        let least = pair(pair(best[0], best[1]), pair(best[2], best[3]));
        (least.to_bits() & INDEX) as usize
    }

    fn point(&self, index: usize) -> Complex {
        Complex::new(self.re[index % MOST_POINTS], self.im[index % MOST_POINTS])
    }
}
