//! Bits to samples.

use super::pulse::{PULSE_SAMPLES, Pulse};
use super::{Complex, Encoder, Family, Mode, Sequence, Training, constellation};

/// A fast modem's transmitter, for one carrier from its first sample to its last.
#[derive(Clone, Debug)]
pub struct Transmitter {
    mode: Mode,
    stage: Stage,
    pulse: &'static Pulse,
    /// What a point is multiplied with.
    gain: f32,
    /// Sums of pulses: `ready` and `next_symbol` bound what no later symbol adds to.
    sums: [f32; SUMS],
    ready: usize,
    next_symbol: usize,
    /// Thirds of a sample that the next symbol lies behind its sample.
    third: u32,
    /// Where the carrier is at the next symbol.
    turn: usize,
}

/// Where in its life a carrier is.
#[derive(Clone, Debug)]
enum Stage {
    Training(Sequence),
    Data(Encoder),
    /// The data are over; so many symbols of ones are left.
    Ones(Encoder, u32),
    /// So many symbols of nothing are left.
    Silence(u32),
    /// The end of the last pulses is ready.
    Over,
}

/// Room for sums: what a packet of 20 ms takes, and a pulse.
const SUMS: usize = 256;
/// Most samples from a symbol to the next.
const MOST_STEP: usize = 7;

/// The power of a sine at 0 dBm0 as the mean square of linear samples: the load capacity of µ-law, 3.17 dBm0, is a sine whose peak is the
/// highest sample, 32124.
// G.711 §4
const ZERO_DBM0: f64 = 32_124.0 * 32_124.0 / 2.0 / 2.074_914;

/// The level a transmitter has when nobody chose one.
const DEFAULT_DBM0: f32 = -13.0;

impl Transmitter {
    /// A transmitter that is about to send training, at −13 dBm0.
    #[must_use]
    pub fn new(mode: Mode, training: Training, talker_echo_protection: bool) -> Self {
        let mut transmitter = Self {
            mode,
            stage: Stage::Training(Sequence::new(mode, training, talker_echo_protection)),
            pulse: Pulse::of(mode),
            gain: 0.0,
            sums: [0.0; SUMS],
            ready: 0,
            next_symbol: 0,
            third: 0,
            turn: 0,
        };
        transmitter.set_level(DEFAULT_DBM0);
        transmitter
    }

    /// Chooses the mean power of data, in dBm0.
    pub fn set_level(&mut self, dbm0: f32) {
        let power = ZERO_DBM0 * 10.0_f64.powf(f64::from(dbm0) / 10.0);
        self.gain = (power / f64::from(constellation::mean_power(self.mode))).sqrt() as f32;
    }

    /// Fills as much of `samples` as the signal lasts and says how many they are: fewer than asked for, and it is over. `next_bit` is asked
    /// once training is out; nothing from it begins the turn-off.
    pub fn transmit<Bits: FnMut() -> Option<bool> + ?Sized>(
        &mut self,
        samples: &mut [i16],
        next_bit: &mut Bits,
    ) -> usize {
        let mut written = 0;
        while written < samples.len() {
            self.make_room();
            let wanted = samples.len() - written;
            while self.next_symbol - self.ready < wanted && self.has_room() && self.advance(next_bit) {}
            let count = (self.next_symbol - self.ready).min(wanted);
            if count == 0 {
                break;
            }
            let sums = &self.sums[self.ready..self.ready + count];
            for (sample, sum) in samples[written..written + count].iter_mut().zip(sums) {
                *sample = rounded(*sum);
            }
            self.ready += count;
            written += count;
        }
        written
    }

    /// Moves what is still to come to the front.
    fn make_room(&mut self) {
        let end = (self.next_symbol + PULSE_SAMPLES).min(SUMS);
        self.sums.copy_within(self.ready..end, 0);
        self.sums[end - self.ready..end].fill(0.0);
        (self.ready, self.next_symbol) = (0, self.next_symbol - self.ready);
    }

    /// Whether another symbol finds room.
    const fn has_room(&self) -> bool {
        self.next_symbol + PULSE_SAMPLES + MOST_STEP <= SUMS
    }

    /// Adds the next symbol; false when all is out.
    fn advance<Bits: FnMut() -> Option<bool> + ?Sized>(&mut self, next_bit: &mut Bits) -> bool {
        if matches!(self.stage, Stage::Over) {
            return false;
        }
        if let Some(point) = self.next_point(next_bit) {
            self.add(point);
            let thirds = self.third + self.pulse.symbol_thirds;
            (self.next_symbol, self.third) = (self.next_symbol + (thirds / 3) as usize, thirds % 3);
        } else {
            self.stage = Stage::Over;
            self.next_symbol += PULSE_SAMPLES;
        }
        true
    }

    /// The point of the next symbol.
    fn next_point<Bits: FnMut() -> Option<bool> + ?Sized>(&mut self, next_bit: &mut Bits) -> Option<Complex> {
        loop {
            match &mut self.stage {
                Stage::Training(sequence) => {
                    if let Some(point) = sequence.next() {
                        return Some(point);
                    }
                    self.stage = Stage::Data(sequence.encoder());
                }
                Stage::Data(encoder) => {
                    let (bits, is_last) = gather(self.mode.bits_per_symbol(), next_bit);
                    let point = encoder.encode(bits);
                    if is_last {
                        self.stage = Stage::Ones(encoder.clone(), turn_off_symbols(self.mode));
                    }
                    return Some(point);
                }
                Stage::Ones(_, 0) => self.stage = Stage::Silence(silent_symbols(self.mode)),
                Stage::Ones(encoder, left) => {
                    *left -= 1;
                    return Some(encoder.encode(u32::MAX));
                }
                Stage::Silence(0) | Stage::Over => return None,
                Stage::Silence(left) => {
                    *left -= 1;
                    return Some(Complex::ZERO);
                }
            }
        }
    }

    /// Adds a symbol's pulse to the sums.
    fn add(&mut self, point: Complex) {
        let (turned, turn) = self.pulse.turned(point * self.gain, self.turn);
        self.turn = turn;
        let [cosine, sine] = &self.pulse.shapes[self.third as usize];
        let sums = &mut self.sums[self.next_symbol..self.next_symbol + PULSE_SAMPLES];
        for ((sum, cosine), sine) in sums.iter_mut().zip(cosine).zip(sine) {
            *sum += turned.re * cosine - turned.im * sine;
        }
    }
}

/// The bits of a symbol, filled up with ones where the data end, and whether they do.
fn gather<Bits: FnMut() -> Option<bool> + ?Sized>(count: u32, next_bit: &mut Bits) -> (u32, bool) {
    let mut bits = 0;
    for at in 0..count {
        match next_bit() {
            Some(bit) => bits |= u32::from(bit) << at,
            None => return (bits | u32::MAX << at, true),
        }
    }
    (bits, false)
}

/// Symbols of scrambled ones after the data.
// V.27ter §2.5.2: 5 ms to 10 ms; V.17, turn-off: 32 symbols. V.29 leaves it open: as V.17, so that the last data pass through all filters.
const fn turn_off_symbols(mode: Mode) -> u32 {
    match mode.family() {
        Family::V27ter => mode.symbols_per_second() * 3 / 400,
        Family::V29 | Family::V17 => 32,
    }
}

/// Symbols of nothing after those.
// V.27ter §2.5.2: 20 ms; V.17, turn-off: 48 symbols
const fn silent_symbols(mode: Mode) -> u32 {
    match mode.family() {
        Family::V27ter => mode.symbols_per_second() / 50,
        Family::V29 => 0,
        Family::V17 => 48,
    }
}

/// To the nearest sample, and no further than the highest.
fn rounded(sum: f32) -> i16 {
    // A sum that is made positive is rounded by cutting it off, which takes one instruction.
    ((sum.clamp(-32_768.0, 32_767.0) + 32_768.5) as i32 - 32_768) as i16
}
