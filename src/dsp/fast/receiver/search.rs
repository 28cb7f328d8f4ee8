//! Finds a carrier: the alternations that open it, and where the conditioning sequence begins.
//!
//! The conditioning is known, so the last symbols are compared with its beginning at every half symbol; noise, speech and other modems are
//! never like it. For when a packet was lost just there, a second stretch of V.17's is looked for as well; those of the others repeat themselves.

use super::super::{Complex, Family, Mode, Segment, Sequence, Training};
use super::window::{Half, Run, Window, whole};
use std::f32::consts::TAU;

/// Looks for the beginning of a conditioning sequence.
#[derive(Clone, Debug)]
pub(super) struct Search {
    mode: Mode,
    stretches: Vec<Stretch>,
    /// Even and odd half symbols apart, as many as a stretch has, and room.
    halves: [Halves; 2],
    /// Where the signal was most like the sequence, and the half symbol at which that was seen.
    best: Option<(Place, u64)>,
    tones: Tones,
    /// Blocks in a row that alternated.
    alternating: u32,
    is_present: bool,
    /// When alternations were first heard.
    alternating_since: Option<u64>,
}

/// Some symbols of the conditioning.
#[derive(Clone, Debug)]
struct Stretch {
    /// The number of the first one.
    first: usize,
    /// The conjugate of each, in whole numbers.
    re: [i16; LOOKED_FOR],
    im: [i16; LOOKED_FOR],
    energy: f32,
}

#[derive(Clone, Copy, Debug)]
struct Halves {
    re: [i16; ROOM],
    im: [i16; ROOM],
    held: usize,
    /// The sum of the powers of the last ones.
    energy: i64,
}

/// A place in the conditioning.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Place {
    /// The half symbol of a symbol.
    pub(super) at: u64,
    /// The number of that symbol in the conditioning.
    pub(super) symbol: usize,
    /// How sure it is: the likeness of signal and sequence, squared.
    pub(super) likeness: f32,
}

/// What a search has found.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum Found {
    /// Nothing yet.
    Nothing,
    /// Alternations.
    Alternations,
    /// The conditioning.
    Conditioning(Place),
}

/// Symbols of the conditioning that are looked for.
const LOOKED_FOR: usize = 64;
const ROOM: usize = 4 * LOOKED_FOR;
/// Where the stretches of V.17's conditioning begin that are least like any other; its first symbols are very like others some symbols on.
const STRETCHES_V17: [usize; 2] = [88, 320];
/// The least likeness of signal and sequence, squared: 1 is the same, 1/64 is what noise gives.
const LEAST_LIKENESS: f32 = 0.3;
/// Half symbols to wait for a greater likeness.
const PATIENCE: u64 = 8;
/// The least power of a half symbol that may be a signal: that of −49 dBm0. A sine at 3.17 dBm0 has the peak 32124, and a quarter of its square in
/// the half symbols, which hold the positive frequencies alone.
// V.17 §3.2, V.29 §4.2: a receiver detects −43 dBm and not −48 dBm
pub(super) const LEAST_POWER: f32 = 32_124.0 * 32_124.0 / 4.0 / 164_800.0;
/// Blocks of alternations that are no chance.
const ALTERNATING_BLOCKS: u32 = 2;
/// Symbols after which the conditioning of V.27ter and V.29 repeats itself.
// V.27ter §3.1, V.29 §8.3: 1 + x⁻⁶ + x⁻⁷
const PERIOD: u64 = 127;
/// Symbols of V.29's alternations.
// V.29 §8, Table 4
const ALTERNATIONS_V29: u64 = 128;
/// Symbols of V.27ter's.
// V.27ter §3.1, Table 3
const ALTERNATIONS_V27TER: u64 = 50;

/// The symbols of a mode's training from its conditioning on.
pub(super) fn conditioning(mode: Mode, training: Training) -> Sequence {
    let mut sequence = Sequence::new(mode, training, false);
    while sequence.segment().is_some_and(|segment| segment != Segment::Conditioning) {
        sequence.next();
    }
    sequence
}

impl Search {
    pub(super) fn new(mode: Mode) -> Self {
        let firsts: &[usize] = match mode.family() {
            Family::V27ter | Family::V29 => &[0],
            Family::V17 => &STRETCHES_V17,
        };
        let stretches = firsts.iter().map(|first| Stretch::new(mode, *first)).collect();
        Self {
            mode,
            stretches,
            halves: [Halves { re: [0; ROOM], im: [0; ROOM], held: LOOKED_FOR, energy: 0 }; 2],
            best: None,
            tones: Tones::new(mode),
            alternating: 0,
            is_present: false,
            alternating_since: None,
        }
    }

    /// Whether there was any signal in the last block.
    pub(super) const fn is_present(&self) -> bool {
        self.is_present
    }

    /// Looks at the newest half symbol.
    pub(super) fn look(&mut self, window: &Window) -> Found {
        let last = window.end() - 1;
        let newest = window.run(last, 1).first();
        self.halves[(last & 1) as usize].push(newest);
        let mut found = Found::Nothing;
        if window.end().is_multiple_of(BLOCK as u64) && self.judge_block(window) {
            found = Found::Alternations;
        }
        if !self.is_present {
            self.best = None;
            return found;
        }
        let halves = &self.halves[(last & 1) as usize];
        let (heard, energy) = (halves.last(), halves.energy as f32 + 1.0);
        for stretch in &self.stretches {
            let likeness = heard.dot(&stretch.re, &stretch.im).power() / (stretch.energy * energy);
            if likeness > self.best.map_or(LEAST_LIKENESS, |(best, _)| best.likeness) {
                let at = last - 2 * (LOOKED_FOR as u64 - 1);
                self.best = Some((Place { at, symbol: stretch.first, likeness }, last));
            }
        }
        match self.best {
            Some((best, seen)) if last >= seen + PATIENCE => {
                self.best = None;
                Found::Conditioning(self.placed(best))
            }
            Some(_) | None => found,
        }
    }

    /// Tells the repetitions of a sequence apart, by how long ago the alternations began.
    fn placed(&self, place: Place) -> Place {
        let alternations = match self.mode.family() {
            Family::V27ter => ALTERNATIONS_V27TER,
            Family::V29 => ALTERNATIONS_V29,
            Family::V17 => return place,
        };
        let late = self.alternating_since.map_or(0, |since| place.at.saturating_sub(since + 2 * alternations) / 2);
        let missed = (late + PERIOD / 2) / PERIOD * PERIOD;
        Place { symbol: place.symbol + missed as usize, ..place }
    }

    /// Whether alternations have just been recognised in the last block.
    fn judge_block(&mut self, window: &Window) -> bool {
        let end = window.end();
        let shares = self.tones.shares(window, end);
        self.is_present = shares.power > LEAST_POWER;
        self.alternating = if self.is_present && shares.is_alternating() { self.alternating + 1 } else { 0 };
        if self.alternating == ALTERNATING_BLOCKS {
            self.alternating_since = Some(end - 2 * BLOCK as u64);
        }
        self.alternating == ALTERNATING_BLOCKS
    }
}

impl Place {
    /// Goes on to the symbol so many symbols later.
    pub(super) const fn pass_over(&mut self, symbols: usize) {
        self.at += 2 * symbols as u64;
        self.symbol += symbols;
    }
}

impl Stretch {
    fn new(mode: Mode, first: usize) -> Self {
        let points: Vec<Complex> = conditioning(mode, Training::Long).skip(first).take(LOOKED_FOR).collect();
        let turn = TAU * (mode.carrier_hertz() as f32 / mode.symbols_per_second() as f32).fract();
        let mean = carrier_within(mode, &points);
        let (mut re, mut im, mut energy) = ([0.0; LOOKED_FOR], [0.0; LOOKED_FOR], 0.0);
        for (at, point) in points.into_iter().enumerate() {
            let aim = (point - mean) * Complex::at_angle(turn * at as f32 % TAU);
            (re[at], im[at]) = (aim.re, -aim.im);
            energy += aim.power();
        }
        let (re, im, unit) = whole(&re, &im);
        Self { first, re, im, energy: energy / (unit * unit) }
    }
}

/// V.29's two points have a carrier in their middle, which tells nothing.
pub(super) fn carrier_within(mode: Mode, points: &[Complex]) -> Complex {
    match mode.family() {
        Family::V29 => points.iter().fold(Complex::ZERO, |sum, point| sum + *point) * (1.0 / points.len() as f32),
        Family::V27ter | Family::V17 => Complex::ZERO,
    }
}

impl Halves {
    fn push(&mut self, half: Half) {
        if self.held == ROOM {
            self.re.copy_within(ROOM - LOOKED_FOR.., 0);
            self.im.copy_within(ROOM - LOOKED_FOR.., 0);
            self.held = LOOKED_FOR;
        }
        (self.re[self.held], self.im[self.held]) = (half.re, half.im);
        self.held += 1;
        let oldest = self.held - 1 - LOOKED_FOR;
        let power = |re: i16, im: i16| i64::from(re) * i64::from(re) + i64::from(im) * i64::from(im);
        self.energy += power(half.re, half.im) - power(self.re[oldest], self.im[oldest]);
    }

    fn last(&self) -> Run<'_> {
        let from = self.held - LOOKED_FOR;
        Run { re: &self.re[from..self.held], im: &self.im[from..self.held] }
    }
}

/// Half symbols that tones are measured over. An even number, so that the phase between the outer tones means the same in each block.
pub(super) const BLOCK: usize = 32;

/// Measures the carrier, and what is half a symbol rate below and above it.
#[derive(Clone, Debug)]
pub(super) struct Tones([Tone; 3]);

/// A tone in whole numbers, and what one of them is.
type Tone = ([i16; BLOCK], [i16; BLOCK], f32);

/// What was measured over a block.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shares {
    /// The mean power of a half symbol.
    power: f32,
    carrier: f32,
    lower: f32,
    upper: f32,
    /// The upper tone against the lower one: its phase is that of the symbols in the half symbols, a turn for a symbol.
    pub(super) timing: Complex,
}

impl Tones {
    pub(super) fn new(mode: Mode) -> Self {
        let carrier = mode.carrier_hertz() as f32;
        let half = mode.symbols_per_second() as f32 / 2.0;
        let tone = |hertz: f32| {
            let factor = |at: usize| Complex::at_angle(-TAU * (hertz * at as f32 / (4.0 * half)).fract());
            whole(&std::array::from_fn(|at| factor(at).re), &std::array::from_fn(|at| factor(at).im))
        };
        Self([tone(carrier), tone(carrier - half), tone(carrier + half)])
    }

    /// Measures the block before a half symbol.
    pub(super) fn shares(&self, window: &Window, end: u64) -> Shares {
        let run = window.run(end - BLOCK as u64, BLOCK);
        let energy = run.energy::<BLOCK>();
        let [carrier, lower, upper] = &self.0;
        let of = |(re, im, unit): &Tone| run.dot(re, im) * *unit;
        let share = |tone: Complex| tone.power() / (energy * BLOCK as f32 + 1.0);
        let (lower, upper) = (of(lower), of(upper));
        Shares {
            power: energy / BLOCK as f32,
            carrier: share(of(carrier)),
            lower: share(lower),
            upper: share(upper),
            timing: upper * lower.conjugate() * (1.0 / (energy + 1.0)),
        }
    }
}

impl Shares {
    /// Whether there was hardly anything but the three tones, and both of the outer ones.
    pub(super) fn is_alternating(&self) -> bool {
        let outer = self.lower + self.upper;
        self.carrier + outer > 0.7 && self.lower.min(self.upper) > 0.01 && outer > 0.15
    }
}
