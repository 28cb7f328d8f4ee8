//! V.17's trellis, decoded after Viterbi: of all paths through the code, the one nearest to what was heard.

use super::super::{Complex, Mode, constellation, trellis};
use std::sync::LazyLock;

/// A Viterbi decoder of V.17.
#[derive(Clone, Debug)]
pub(super) struct Viterbi {
    cells: &'static Cells,
    /// The distance of the best path to each state, less that of the best of all.
    distances: [i32; STATES],
    /// How each state was reached, symbol by symbol, in a ring.
    ways: [Ways; RING],
    /// Symbols taken, and symbols given out.
    taken: usize,
    given: usize,
}

const STATES: usize = 8;
const RING: usize = 64;
/// Symbols after which all paths have become one, nearly always: more than five times the memory of the code.
const DEPTH: usize = 32;
/// Symbols given out at once, so that the way back is walked seldom.
const AT_ONCE: usize = 16;
/// Units of a square distance as great as that of neighbours. The two lowest bits tell which way was chosen.
const UNITS: f32 = 4096.0;
const WAY: i32 = 3;
/// The greatest distance: whatever lies further away is no symbol.
const FARTHEST: f32 = 4_000_000.0;

/// The last steps to all states: two bits for each, and the nearest point of each subset.
#[derive(Clone, Copy, Default, Debug)]
struct Ways {
    chosen: i32,
    nearest: [u8; STATES],
}

/// To each state: the four states it is reached from, and the subset of points that leads there.
static STEPS: [[(u8, u8); 4]; STATES] = steps();

const fn steps() -> [[(u8, u8); 4]; STATES] {
    let mut steps = [[(0, 0); 4]; STATES];
    let mut found = [0; STATES];
    let mut from = 0;
    while from < STATES {
        let mut differential = 0;
        while differential < 4 {
            let to = trellis::next_state(from as u32, differential) as usize;
            let subset = differential << 1 | trellis::redundant(to as u32);
            steps[to][found[to]] = (from as u8, subset as u8);
            found[to] += 1;
            differential += 1;
        }
        from += 1;
    }
    steps
}

/// The differential bits on each way to half of the states.
const fn permuted(upper: usize) -> [[usize; 4]; 4] {
    let steps = steps();
    let mut permuted = [[0; 4]; 4];
    let mut at = 0;
    while at < 16 {
        permuted[at / 4][at % 4] = (steps[4 * upper + at % 4][at / 4].1 >> 1) as usize;
        at += 1;
    }
    permuted
}

impl Viterbi {
    pub(super) fn new(mode: Mode) -> Self {
        Self { cells: Cells::of(mode), distances: [0; STATES], ways: [Ways::default(); RING], taken: 0, given: 0 }
    }

    /// Takes a symbol as heard; the point that is most likely so far. Now and then gives the indices of the points of older symbols.
    pub(super) fn take(&mut self, heard: Complex, give: &mut dyn FnMut(u32)) -> Complex {
        let nearest = *self.cells.nearest(heard);
        let apart = self.apart(heard, &nearest);
        let halves = [self.reach::<0>(&apart), self.reach::<1>(&apart)];
        let best = *halves.as_flattened().first_chunk().unwrap_or(&[0; STATES]);
        let mut chosen = 0;
        for (state, best) in best.iter().enumerate() {
            chosen |= (best & WAY) << (2 * state);
        }
        let next = best.map(|best| best & !WAY);
        self.ways[self.taken % RING] = Ways { chosen, nearest };
        let (best, least) = least(&next);
        for (distance, next) in self.distances.iter_mut().zip(next) {
            *distance = next - least;
        }
        self.taken += 1;
        if self.taken - self.given >= DEPTH + AT_ONCE {
            self.give(best, AT_ONCE, give);
        }
        let (_, subset) = STEPS[best][(chosen >> (2 * best) & WAY) as usize];
        self.cells.point(nearest[subset as usize])
    }

    /// The distances to half of the states, and in the lowest bits the ways chosen: the upper half is reached from odd states, the lower one from
    /// even ones, by points whose redundant bit is the same.
    #[inline]
    fn reach<const UPPER: usize>(&self, apart: &[i32; STATES]) -> [i32; 4] {
        let apart: [i32; 4] = std::array::from_fn(|differential| apart[2 * differential + UPPER]);
        let mut best = [i32::MAX; 4];
        for way in 0..4 {
            let distance = self.distances[2 * way + UPPER] + way as i32;
            let subsets = const { permuted(UPPER) }[way];
            for state in 0..4 {
                best[state] = best[state].min(distance + apart[subsets[state]]);
            }
        }
        best
    }

    /// How far the nearest point of each subset lies.
    fn apart(&self, heard: Complex, nearest: &[u8; STATES]) -> [i32; STATES] {
        let mut re = [0.0; STATES];
        let mut im = [0.0; STATES];
        for (at, point) in nearest.iter().enumerate() {
            let point = self.cells.point(*point);
            (re[at], im[at]) = (point.re, point.im);
        }
        std::array::from_fn(|at| {
            let (re, im) = (re[at] - heard.re, im[at] - heard.im);
            whole((self.cells.scale * (re * re + im * im)).min(FARTHEST)) & !WAY
        })
    }

    /// The square of the distance to the nearest point, whatever the code says.
    pub(super) fn nearest_apart(&self, heard: Complex) -> f32 {
        let nearest = self.cells.nearest(heard).iter();
        nearest.map(|point| (self.cells.point(*point) - heard).power()).fold(f32::MAX, f32::min)
    }

    /// Gives all that is left.
    pub(super) fn finish(&mut self, give: &mut dyn FnMut(u32)) {
        let (best, _) = least(&self.distances);
        self.give(best, self.taken - self.given, give);
    }

    /// Walks back from a state and gives the oldest symbols.
    fn give(&mut self, state: usize, count: usize, give: &mut dyn FnMut(u32)) {
        let mut points = [0_u8; RING];
        let mut state = state;
        for at in (self.given..self.taken).rev() {
            let ways = &self.ways[at % RING];
            let (from, subset) = STEPS[state][(ways.chosen >> (2 * state) & WAY) as usize];
            points[at - self.given] = ways.nearest[subset as usize];
            state = usize::from(from);
        }
        for point in &points[..count] {
            give(u32::from(*point));
        }
        self.given += count;
    }
}

fn least(distances: &[i32; STATES]) -> (usize, i32) {
    let mut best = (0, distances[0]);
    for (state, distance) in distances.iter().enumerate() {
        if *distance < best.1 {
            best = (state, *distance);
        }
    }
    best
}

/// The whole number nearest to one from 0 to 2²². Added to 2²³ it stands in the last bits of the sum, which is cheaper than a conversion that minds
/// everything else a float may be.
#[inline]
fn whole(number: f32) -> i32 {
    const SHIFTER: f32 = 8_388_608.0;
    ((number + SHIFTER).to_bits() & 0x7F_FFFF).cast_signed()
}

/// The points of a mode, and the nearest of each subset for each little square of the plane.
#[derive(Debug)]
struct Cells {
    points: [Complex; MOST_POINTS],
    /// Square distances to units.
    scale: f32,
    nearest: Vec<[u8; STATES]>,
}

const MOST_POINTS: usize = 128;
/// Squares to each side of the middle, and squares in one unit of the figures.
const REACH: i32 = 22;
const FINENESS: f32 = 2.0;

impl Cells {
    fn of(mode: Mode) -> &'static Self {
        match mode {
            Mode::V17At7200 => &AT_7200,
            Mode::V17At9600 => &AT_9600,
            Mode::V17At12000 => &AT_12000,
            Mode::V17At14400 | Mode::V27ter2400 | Mode::V27ter4800 | Mode::V29At7200 | Mode::V29At9600 => &AT_14400,
        }
    }

    fn new(mode: Mode) -> Self {
        let known = constellation::points(mode);
        let mut points = [Complex::ZERO; MOST_POINTS];
        points[..known.len()].copy_from_slice(known);
        let neighbours = known[1..].iter().map(|point| (*point - known[0]).power()).fold(f32::MAX, f32::min);
        let nearest = |subset: usize, place: Complex| {
            let mine = (subset..known.len()).step_by(STATES);
            let apart = |at: &usize| (known[*at] - place).power();
            mine.min_by(|one, other| apart(one).total_cmp(&apart(other))).unwrap_or(subset) as u8
        };
        let middle = |at: i32| (at as f32 + 0.5) / FINENESS;
        let cells = (-REACH..REACH).flat_map(|im| (-REACH..REACH).map(move |re| Complex::new(middle(re), middle(im))));
        let nearest = cells.map(|place| std::array::from_fn(|subset| nearest(subset, place))).collect();
        Self { points, scale: UNITS / neighbours, nearest }
    }

    fn point(&self, index: u8) -> Complex {
        self.points[usize::from(index) % MOST_POINTS]
    }

    fn nearest(&self, heard: Complex) -> &[u8; STATES] {
        let row = 2 * REACH;
        let place = |part: f32| whole((part * FINENESS + REACH as f32 - 0.5).clamp(0.0, (row - 1) as f32));
        &self.nearest[(place(heard.im) * row + place(heard.re)) as usize]
    }
}

static AT_7200: LazyLock<Cells> = LazyLock::new(|| Cells::new(Mode::V17At7200));
static AT_9600: LazyLock<Cells> = LazyLock::new(|| Cells::new(Mode::V17At9600));
static AT_12000: LazyLock<Cells> = LazyLock::new(|| Cells::new(Mode::V17At12000));
static AT_14400: LazyLock<Cells> = LazyLock::new(|| Cells::new(Mode::V17At14400));
