//! V.21, channel 2: 300 bit/s by two tones, the modem of T.30's control signals. Sent with continuous phase; received without a
//! reference phase, three bits at a time.
//!
//! A bit is correlated with both tones. As the sender's phase is continuous, the correlations of neighbouring bits add up in phase
//! under the right guess of the three, so a bit is decided together with the two around it: some 2 dB better than alone.
//!
//! Not here: flags and frames ([`super::hdlc`]). Serves ITU-T V.21 (11/1988), as T.30 (09/2005) §5.1 uses it.

use std::f32::consts::TAU;
use std::sync::LazyLock;

use super::{PEAK_AT_0_DBM0, SAMPLES_PER_SECOND};

/// Bits in a second.
pub const BITS_PER_SECOND: u32 = 300;
/// The tone of a one.
// V.21 (11/1988) §4: channel 2; the lower frequency is binary 1
pub const MARK_HERTZ: u32 = 1650;
/// The tone of a zero.
pub const SPACE_HERTZ: u32 = 1850;

/// Sends bits.
#[derive(Clone, Debug)]
pub struct Transmitter {
    peak: f32,
    /// A turning pointer of length one, whose imaginary part is the signal.
    pointer: [f32; 2],
    /// Turn per sample for a zero and for a one.
    turns: [[f32; 2]; 2],
    bit: Option<bool>,
    /// Progress within the bit, in parts of [`SAMPLES_PER_SECOND`].
    progress: u32,
    is_over: bool,
}

impl Transmitter {
    /// A transmitter at a level in dBm0.
    #[must_use]
    pub fn new(level_dbm0: f32) -> Self {
        let turn = |hertz: u32| {
            let angle = TAU * hertz as f32 / SAMPLES_PER_SECOND as f32;
            [angle.cos(), angle.sin()]
        };
        Self {
            peak: PEAK_AT_0_DBM0 * 10_f32.powf(level_dbm0 / 20.0),
            pointer: [1.0, 0.0],
            turns: [turn(SPACE_HERTZ), turn(MARK_HERTZ)],
            bit: None,
            progress: 0,
            is_over: false,
        }
    }

    /// Fills as much of `samples` as the signal lasts and says how much. `next_bit` is asked when a bit is due; `None` is the end, after
    /// which nothing more is sent.
    pub fn transmit(&mut self, samples: &mut [i16], next_bit: &mut dyn FnMut() -> Option<bool>) -> usize {
        for (index, sample) in samples.iter_mut().enumerate() {
            if self.bit.is_none() && !self.is_over {
                self.bit = next_bit();
                self.is_over = self.bit.is_none();
                // Rounding shortens or lengthens the pointer by parts in a million each time.
                let [re, im] = self.pointer;
                let correction = 1.5 - 0.5 * (re * re + im * im);
                self.pointer = [re * correction, im * correction];
            }
            let Some(bit) = self.bit else { return index };
            *sample = (self.pointer[1] * self.peak) as i16;
            self.pointer = multiply(self.pointer, self.turns[usize::from(bit)]);
            self.progress += BITS_PER_SECOND;
            if self.progress >= SAMPLES_PER_SECOND {
                self.progress -= SAMPLES_PER_SECOND;
                self.bit = None;
            }
        }
        samples.len()
    }
}

/// What the receiver notices.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Event {
    /// The two tones make up the signal now. Bits follow.
    CarrierUp,
    /// They are gone. Bits go on for a moment, all of them doubtful, so that a short hole in the signal loses none.
    CarrierDown,
    /// A bit.
    Bit {
        /// Which.
        bit: bool,
        /// Whether there was enough of it to tell; otherwise it is a guess.
        is_sure: bool,
    },
}

/// Receives bits. It looks at the signal every `STEP` samples.
#[derive(Clone, Debug)]
pub struct Receiver {
    /// Correlations of the last steps.
    steps: [Sums; WINDOW_STEPS],
    place: usize,
    /// Steps since the tables began anew.
    table_place: usize,
    /// The step under way: its correlations, its energy, its samples and those of them that were made up.
    sums: Sums,
    energy: f32,
    filled: usize,
    made_up: usize,
    /// Steps in a row that were far too loud.
    hit: u32,
    /// The correlations over the last bit, as amplitudes of a sine.
    correlation: Correlation,
    /// Mean power of the signal, and of the stronger tone in it; both as squares of samples.
    power: f32,
    tone_power: f32,
    carrier: Carrier,
    /// Whether the mark was stronger a step ago, and by how much.
    balance: f32,
    /// Place within a bit, a bit being the whole range. At zero the correlations are those of exactly one bit.
    phase: u32,
    /// Changes of the tone seen since the carrier came up, as far as they count.
    changes: u32,
    /// The last three bits' correlations, oldest first.
    bits: [Correlation; 3],
    /// Turns between the tones' references at the two boundaries between these bits.
    boundaries: [[f32; 2]; 2],
}

#[derive(Clone, Copy, PartialEq, Debug)]
enum Carrier {
    /// For so many steps bits still go on, at the usual power of what was there.
    Down { lingers: u32, usual: f32 },
    /// The usual power of the tones in it.
    Up { usual: f32 },
}

/// Real and imaginary part of the correlation with the space, and with the mark.
type Sums = [f32; 4];
/// The same, apart.
type Correlation = [[f32; 2]; 2];

impl Default for Receiver {
    fn default() -> Self {
        Self::new()
    }
}

impl Receiver {
    /// A receiver that has heard nothing.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            steps: [[0.0; 4]; WINDOW_STEPS],
            place: 0,
            table_place: 0,
            sums: [0.0; 4],
            energy: 0.0,
            filled: 0,
            made_up: 0,
            hit: 0,
            correlation: [[0.0; 2]; 2],
            power: 0.0,
            tone_power: 0.0,
            carrier: Carrier::Down { lingers: 0, usual: 0.0 },
            balance: 0.0,
            phase: 0,
            changes: 0,
            bits: [[[0.0; 2]; 2]; 3],
            boundaries: [[1.0, 0.0]; 2],
        }
    }

    /// Whether the tones are there.
    #[must_use]
    pub const fn is_up(&self) -> bool {
        matches!(self.carrier, Carrier::Up { .. })
    }

    /// Takes samples; `event` is told what happens, and the place of the sample at which it did.
    pub fn receive(&mut self, samples: &[i16], event: &mut dyn FnMut(usize, Event)) {
        let references = &*REFERENCES;
        for (index, sample) in samples.iter().enumerate() {
            let (sample, reference) = (f32::from(*sample), &references[self.table_place][self.filled]);
            for (sum, reference) in self.sums.iter_mut().zip(reference) {
                *sum += sample * reference;
            }
            self.energy += sample * sample;
            self.filled += 1;
            if self.filled == STEP {
                self.step(&mut |found| event(index, found));
            }
        }
    }

    /// Takes samples that were made up for lost ones: time passes, and bits are guessed.
    pub fn receive_concealed(&mut self, samples: &[i16], event: &mut dyn FnMut(usize, Event)) {
        for index in 0..samples.len() {
            self.filled += 1;
            self.made_up += 1;
            if self.filled == STEP {
                self.step(&mut |found| event(index, found));
            }
        }
    }

    /// A step is full.
    fn step(&mut self, event: &mut dyn FnMut(Event)) {
        let power = std::mem::take(&mut self.energy) / STEP as f32;
        let is_hit = self.is_hit(power);
        let sums = std::mem::take(&mut self.sums);
        self.steps[self.place] = if is_hit { [0.0; 4] } else { sums };
        self.place = if self.place + 1 == WINDOW_STEPS { 0 } else { self.place + 1 };
        self.table_place = if self.table_place + 1 == TABLE_STEPS { 0 } else { self.table_place + 1 };
        self.filled = 0;
        let is_made_up = std::mem::take(&mut self.made_up) > STEP / 2 || is_hit;
        let mut sums = [0.0; 4];
        for step in &self.steps {
            for (sum, part) in sums.iter_mut().zip(step) {
                *sum += part;
            }
        }
        let [a, b, c, d] = sums;
        self.correlation = [[a, b], [c, d]];
        let mut balance = self.balance;
        if !is_made_up {
            let (space, mark) = (a * a + b * b, c * c + d * d);
            balance = mark - space;
            self.power += (power - self.power) * SMOOTHING;
            let tone = space.max(mark);
            self.tone_power += (tone - self.tone_power) * SMOOTHING;
            if let Some(change) = self.watch(tone) {
                event(change);
            }
        }
        self.go_on(balance, event);
    }

    /// Whether a click has covered the step: what is in it says nothing, and is like a short hole. What goes on is the signal itself.
    const fn is_hit(&mut self, power: f32) -> bool {
        let Carrier::Up { usual } = self.carrier else { return false };
        self.hit = if power > usual * HIT_SHARE { self.hit.saturating_add(1) } else { 0 };
        self.hit > 0 && self.hit <= LONGEST_HIT
    }

    /// Goes on within a bit by a step.
    fn go_on(&mut self, balance: f32, event: &mut dyn FnMut(Event)) {
        let usual = match &mut self.carrier {
            Carrier::Down { lingers: 0, .. } => {
                self.balance = balance;
                return;
            }
            Carrier::Down { lingers, usual } => {
                *lingers -= 1;
                *usual
            }
            Carrier::Up { usual } => *usual,
        };
        self.follow(balance);
        self.balance = balance;
        let before = self.phase;
        self.phase = self.phase.wrapping_add(PHASE_STEP);
        if self.phase < before {
            let (bit, power) = self.decide();
            event(Event::Bit { bit, is_sure: power > usual * SURE_SHARE });
        }
    }

    fn watch(&mut self, tone: f32) -> Option<Event> {
        match &mut self.carrier {
            Carrier::Down { lingers, .. } => {
                let is_loud = self.tone_power > UP_POWER && self.tone_power > self.power * UP_SHARE;
                // Behind a carrier the mean is still fading.
                if !is_loud || tone < self.tone_power {
                    return None;
                }
                if *lingers == 0 {
                    (self.phase, self.changes) = (0, 0);
                }
                self.carrier = Carrier::Up { usual: self.tone_power };
                Some(Event::CarrierUp)
            }
            Carrier::Up { usual } => {
                *usual += (tone - *usual) * USUAL_SMOOTHING;
                let floor = (*usual * DOWN_SHARE_OF_USUAL).max(DOWN_POWER);
                if self.tone_power > floor && self.tone_power > self.power * DOWN_SHARE {
                    return None;
                }
                self.carrier = Carrier::Down { lingers: LINGERING, usual: *usual };
                Some(Event::CarrierDown)
            }
        }
    }

    /// Bit timing: the tones change their order half a bit after the bit began.
    fn follow(&mut self, balance: f32) {
        if (balance > 0.0) == (self.balance > 0.0) || balance == self.balance {
            return;
        }
        // How long ago it was, in steps.
        let ago = balance / (balance - self.balance);
        let at = self.phase.wrapping_sub((ago * PHASE_STEP as f32) as u32);
        if at > self.phase {
            // As far off as can be; moved now, this bit would come twice.
            return;
        }
        let error = at.wrapping_sub(HALF_BIT).cast_signed();
        self.changes = (self.changes + 1).min(MOST_CHANGES);
        // Noise makes changes of its own, anywhere; they must not move what is known.
        let error = if self.changes > FREE_CHANGES { error.clamp(-MOST_ERROR, MOST_ERROR) } else { error };
        let correction = error / (self.changes + 1).cast_signed();
        self.phase = self.phase.wrapping_sub(correction.cast_unsigned());
    }

    /// The bit before the one that has just ended, with regard to both of its neighbours, and the power of its tone.
    fn decide(&mut self) -> (bool, f32) {
        self.bits = [self.bits[1], self.bits[2], self.correlation];
        // The boundary behind this bit, from which the phase of the next one is counted. The references' difference turns once in
        // 40 samples.
        let part = self.phase as f32 / PHASE_STEP as f32;
        let angle = TAU * (self.table_place as f32 - part) / DIFFERENCE_PERIOD_STEPS;
        let boundary = [angle.cos(), angle.sin()];
        let turns = self.boundaries;
        self.boundaries = [turns[1], boundary];
        let mut best = [0.0_f32; 2];
        for guess in 0..8 {
            let [first, middle, last] = [guess >> 2 & 1, guess >> 1 & 1, guess & 1];
            // Backwards and forwards from the middle bit, which needs no turn.
            let before = turned(self.bits[0][first], turns[0], middle, first);
            let after = turned(self.bits[2][last], turns[1], middle, last);
            let [re, im] = self.bits[1][middle];
            let sum = [re + before[0] + after[0], im + before[1] + after[1]];
            let power = sum[0] * sum[0] + sum[1] * sum[1];
            best[middle] = best[middle].max(power);
        }
        let bit = best[1] > best[0];
        let [re, im] = self.bits[1][usize::from(bit)];
        (bit, re * re + im * im)
    }
}

/// A neighbour's correlation as it would be if its tone were the middle one's, seen across a boundary.
fn turned(value: [f32; 2], boundary: [f32; 2], middle: usize, neighbour: usize) -> [f32; 2] {
    match (middle, neighbour) {
        (0, 1) => multiply(value, [boundary[0], -boundary[1]]),
        (1, 0) => multiply(value, boundary),
        (_, _) => value,
    }
}

fn multiply(left: [f32; 2], right: [f32; 2]) -> [f32; 2] {
    [left[0] * right[0] - left[1] * right[1], left[0] * right[1] + left[1] * right[0]]
}

/// Samples after which the signal is looked at; a bit has 26⅔.
const STEP: usize = 4;
/// Steps in a correlation: a bit and a little.
const WINDOW_STEPS: usize = 7;
/// Steps after which both tones begin anew: 33 and 37 turns.
const TABLE_STEPS: usize = 40;
/// Steps in which one tone gains a turn on the other.
const DIFFERENCE_PERIOD_STEPS: f32 = SAMPLES_PER_SECOND as f32 / (SPACE_HERTZ - MARK_HERTZ) as f32 / STEP as f32;
/// Scale of the references: the sum over a window is the root mean square of a sine that would give it.
const REFERENCE_PEAK: f64 = std::f64::consts::SQRT_2 / (WINDOW_STEPS * STEP) as f64;
/// A bit with less of the usual power is a guess: more than a third of it was lost.
const SURE_SHARE: f32 = 0.4;
/// 10 dB above what is usual is a click.
const HIT_SHARE: f32 = 10.0;
/// In steps: 8 ms.
const LONGEST_HIT: u32 = 16;
/// How long bits go on when the carrier is gone, in steps: a packet of 30 ms and a little.
const LINGERING: u32 = 80;
/// A step of the phase; a bit is 2³².
const PHASE_STEP: u32 = ((1_u64 << 32) * (BITS_PER_SECOND as u64 * STEP as u64) / SAMPLES_PER_SECOND as u64) as u32;
const HALF_BIT: u32 = 1 << 31;
/// Changes that are averaged.
const MOST_CHANGES: u32 = 63;
/// Changes that may move the timing by any amount.
const FREE_CHANGES: u32 = 6;
/// A tenth of a bit.
const MOST_ERROR: i32 = (HALF_BIT / 5).cast_signed();
/// Of the powers, per step: 4 ms.
const SMOOTHING: f32 = 1.0 / 8.0;
/// Of what is usual, per step: 64 ms.
const USUAL_SMOOTHING: f32 = 1.0 / 128.0;
/// Power of the tones, as the square of a sample, for −47 dBm0.
// T.30 does not say; the range of V.27ter, V.29 and V.17 ends at −43 dBm0, with "off" at −48
const UP_POWER: f32 = (PEAK_AT_0_DBM0 * PEAK_AT_0_DBM0 / 2.0) * 2.0e-5;
/// The same for −50 dBm0.
const DOWN_POWER: f32 = (PEAK_AT_0_DBM0 * PEAK_AT_0_DBM0 / 2.0) * 1.0e-5;
/// Share of the signal's power that the tones must have: noise has a tenth, V.17 a fifth.
const UP_SHARE: f32 = 0.32;
const DOWN_SHARE: f32 = 0.15;
/// 10 dB below what it was, the carrier is gone.
const DOWN_SHARE_OF_USUAL: f32 = 0.1;

/// Cosine and negative sine of both tones, space first, by step and sample.
static REFERENCES: LazyLock<[[Sums; STEP]; TABLE_STEPS]> = LazyLock::new(|| {
    let reference = |place: usize| {
        let angle = |hertz: u32| {
            let turns = (place as u64 * u64::from(hertz)) % u64::from(SAMPLES_PER_SECOND);
            std::f64::consts::TAU * turns as f64 / f64::from(SAMPLES_PER_SECOND)
        };
        let part = |value: f64| (value * REFERENCE_PEAK) as f32;
        let (space, mark) = (angle(SPACE_HERTZ), angle(MARK_HERTZ));
        [part(space.cos()), part(-space.sin()), part(mark.cos()), part(-mark.sin())]
    };
    std::array::from_fn(|step| std::array::from_fn(|sample| reference(step * STEP + sample)))
});

#[cfg(test)]
mod tests;
