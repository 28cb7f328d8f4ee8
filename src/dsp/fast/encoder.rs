//! Bits to points.

use super::scrambler::Scrambler;
use super::{Complex, Family, Mode, Training, constellation, trellis};

/// Scrambles, codes and maps the bits of a mode.
#[derive(Clone, Debug)]
pub struct Encoder {
    mode: Mode,
    points: &'static [Complex],
    pub(super) scrambler: Scrambler,
    coding: Coding,
}

#[derive(Clone, Copy, Debug)]
enum Coding {
    /// V.27ter and V.29: the phase of the last symbol in steps of 45°.
    Phase(u32),
    /// V.17: the last differential bits and the state of the convolutional encoder.
    Trellis { differential: u32, state: u32 },
}

/// Phase change in steps of 45° by two bits, the first the least significant.
// V.27ter §2.4, Table 2
const TURNS_OF_TWO: [u32; 4] = turns(&[(0b00, 0), (0b01, 2), (0b11, 4), (0b10, 6)]);
/// Phase change by three bits.
// V.27ter §2.3, Table 1; V.29 §2 has the same
const TURNS_OF_THREE: [u32; 8] =
    turns(&[(0b001, 0), (0b000, 1), (0b010, 2), (0b011, 3), (0b111, 4), (0b110, 5), (0b100, 6), (0b101, 7)]);

/// The Recommendations write the first bit leftmost; here it is the least significant.
const fn turns<const COUNT: usize>(table: &[(usize, u32); COUNT]) -> [u32; COUNT] {
    let mut turns = [0; COUNT];
    let width = COUNT.trailing_zeros();
    let mut at = 0;
    while at < COUNT {
        let (bits, turn) = table[at];
        turns[bits.reverse_bits() >> (usize::BITS - width)] = turn;
        at += 1;
    }
    turns
}

impl Encoder {
    /// The encoder of a mode at the beginning of its training.
    pub(super) const fn new(mode: Mode, training: Training) -> Self {
        let coding = match (mode.family(), training) {
            (Family::V27ter | Family::V29, _) => Coding::Phase(0),
            // Which differential bits come before the first: what follows is told from differences, so it only has to be settled.
            (Family::V17, Training::Long) => Coding::Trellis { differential: 1, state: 0 },
            (Family::V17, Training::Short) => Coding::Trellis { differential: 0, state: 0 },
        };
        Self { mode, points: constellation::points(mode), scrambler: Scrambler::new(mode), coding }
    }

    /// The point after a change of phase in steps of 45°. Not for V.17.
    pub(super) fn turn(&mut self, turn: u32) -> Complex {
        let Coding::Phase(phase) = &mut self.coding else { return Complex::ZERO };
        *phase = (*phase + turn) & 7;
        self.points[*phase as usize]
    }

    /// The point of the next symbol; as many bits as a symbol carries, the first the least significant.
    pub fn encode(&mut self, bits: u32) -> Complex {
        let bits = self.scrambler.scramble_bits(bits, self.mode.bits_per_symbol());
        let index = match &mut self.coding {
            Coding::Phase(phase) => {
                let (amplitude, turn) = match self.mode {
                    Mode::V27ter2400 => (0, TURNS_OF_TWO[(bits & 3) as usize]),
                    // V.29 §2: the first bit of four chooses the amplitude
                    Mode::V29At9600 => (bits & 1, TURNS_OF_THREE[(bits >> 1 & 7) as usize]),
                    Mode::V27ter4800
                    | Mode::V29At7200
                    | Mode::V17At7200
                    | Mode::V17At9600
                    | Mode::V17At12000
                    | Mode::V17At14400 => (0, TURNS_OF_THREE[(bits & 7) as usize]),
                };
                *phase = (*phase + turn) & 7;
                amplitude << 3 | *phase
            }
            Coding::Trellis { differential, state } => {
                *differential = trellis::differential(*differential, bits);
                *state = trellis::next_state(*state, *differential);
                bits >> 2 << 3 | *differential << 1 | trellis::redundant(*state)
            }
        };
        self.points[index as usize]
    }
}
