//! The sequence of points that opens a carrier, segment by segment. The transmitter sends it, a receiver compares with it.

use super::{Complex, Encoder, Family, Mode, Training, constellation};

/// A segment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Segment {
    /// An unmodulated carrier, which turns echo suppressors round. Only where asked for; before V.27ter a fax always asks (T.4 §5.1).
    EchoProtection,
    /// Nothing.
    Silence,
    /// Two points in turns.
    Alternations,
    /// A pseudo-random sequence of two points, V.17's of four, for the equaliser.
    Conditioning,
    /// V.17's bridge.
    Bridge,
    /// Ones, scrambled, as data.
    Ones,
}

/// The sequence. An iterator of points; then [`Sequence::encoder`] is what data go on with.
#[derive(Clone, Debug)]
pub struct Sequence {
    mode: Mode,
    segments: [(Segment, u32); SEGMENTS],
    /// The segment, and the symbols of it that are out.
    at: usize,
    step: u32,
    /// V.29's generator of the conditioning.
    noise: u32,
    /// V.17's last point, A to D.
    place: u32,
    encoder: Encoder,
}

const SEGMENTS: usize = 6;

/// 185 ms to 200 ms.
// V.27ter §2.5.1, Table 3, segments 1 and 2; V.17 has the same
const ECHO_PROTECTION_MILLISECONDS: u32 = 192;
/// 20 ms to 25 ms.
const ECHO_SILENCE_MILLISECONDS: u32 = 22;

impl Sequence {
    /// The sequence of a mode from its beginning.
    #[must_use]
    pub const fn new(mode: Mode, training: Training, talker_echo_protection: bool) -> Self {
        Self {
            mode,
            segments: segments(mode, training, talker_echo_protection),
            at: 0,
            step: 0,
            noise: NOISE_START,
            place: 0,
            encoder: Encoder::new(mode, training),
        }
    }

    /// What goes on with data, when the sequence is out.
    #[must_use]
    pub fn encoder(&self) -> Encoder {
        self.encoder.clone()
    }

    /// The segment that the next point belongs to; nothing when the sequence is out.
    #[must_use]
    pub fn segment(&self) -> Option<Segment> {
        let (segment, length) = self.segments.get(self.at)?;
        let later = || self.segments[self.at + 1..].iter().find(|(_, length)| *length > 0).map(|(segment, _)| *segment);
        if self.step < *length { Some(*segment) } else { later() }
    }

    fn point(&mut self, segment: Segment) -> Complex {
        match segment {
            Segment::EchoProtection => self.carrier(),
            Segment::Silence => Complex::ZERO,
            Segment::Alternations => self.alternation(),
            Segment::Conditioning => self.conditioning(),
            Segment::Bridge => self.bridge(),
            Segment::Ones => self.encoder.encode(u32::MAX),
        }
    }

    /// The point that stands for an unmodulated carrier.
    const fn carrier(&self) -> Complex {
        match self.mode.family() {
            Family::V27ter => Complex::new(1.0, 0.0),
            Family::V29 => Complex::new(3.0, 0.0),
            Family::V17 => constellation::TRAINING_V17[0],
        }
    }

    fn alternation(&mut self) -> Complex {
        match self.mode.family() {
            // V.27ter §2.5.1: reversals of 180°
            Family::V27ter => self.encoder.turn(4),
            // V.29, segment 2: A at 180°, then B at 315°
            Family::V29 if self.step.is_multiple_of(2) => constellation::points(self.mode)[4],
            Family::V29 => constellation::points(self.mode)[self.amplitude() + 7],
            // V.17, segment 1: A, B
            Family::V17 => constellation::TRAINING_V17[(self.step & 1) as usize],
        }
    }

    fn conditioning(&mut self) -> Complex {
        match self.mode.family() {
            // V.27ter §2.5.1: every third bit of scrambled ones, 0 for no change and 1 for a reversal
            Family::V27ter => {
                let reversed = self.encoder.scrambler.scramble(true);
                self.encoder.scrambler.scramble(true);
                self.encoder.scrambler.scramble(true);
                self.encoder.turn(if reversed { 4 } else { 0 })
            }
            // V.29, segment 3: C at 0° for 0, D at 135° for 1
            Family::V29 => {
                let bit = self.noise & 1;
                self.noise >>= 1;
                self.noise |= ((bit ^ self.noise) & 1) << 6;
                constellation::points(self.mode)[if bit == 0 { 0 } else { self.amplitude() + 3 }]
            }
            // V.17, segment 2: scrambled ones two by two, 00 for C, 01 for D, 10 for B, 11 for A
            Family::V17 => {
                let first = self.encoder.scrambler.scramble(true);
                self.place = match (first, self.encoder.scrambler.scramble(true)) {
                    (false, false) => 2,
                    (false, true) => 3,
                    (true, false) => 1,
                    (true, true) => 0,
                };
                constellation::TRAINING_V17[self.place as usize]
            }
        }
    }

    /// V.17's bridge: sixteen bits over and over, scrambled, as changes of phase.
    // V.17, segment 3
    fn bridge(&mut self) -> Complex {
        let at = (self.step & 7) << 1;
        let first = self.encoder.scrambler.scramble(BRIDGE >> at & 1 == 1);
        let turns = match (first, self.encoder.scrambler.scramble(BRIDGE >> (at + 1) & 1 == 1)) {
            (false, false) => 1,
            (false, true) => 0,
            (true, false) => 2,
            (true, true) => 3,
        };
        self.place = (self.place + turns) & 3;
        constellation::TRAINING_V17[self.place as usize]
    }

    /// Where V.29's points on the diagonals are that training uses: the greater ones at 9600 bit/s.
    const fn amplitude(&self) -> usize {
        match self.mode {
            Mode::V29At9600 => 8,
            Mode::V27ter2400
            | Mode::V27ter4800
            | Mode::V29At7200
            | Mode::V17At7200
            | Mode::V17At9600
            | Mode::V17At12000
            | Mode::V17At14400 => 0,
        }
    }
}

/// The first bit is the least significant.
// V.17, segment 3
const BRIDGE: u32 = 0x8880;
/// 0101010, so that conditioning begins with C, D.
// V.29, segment 3: generated by 1 + x⁻⁶ + x⁻⁷
const NOISE_START: u32 = 0b010_1010;

impl Iterator for Sequence {
    type Item = Complex;

    fn next(&mut self) -> Option<Complex> {
        loop {
            let (segment, length) = *self.segments.get(self.at)?;
            if self.step < length {
                let point = self.point(segment);
                self.step += 1;
                return Some(point);
            }
            (self.at, self.step) = (self.at + 1, 0);
        }
    }
}

/// The segments and their lengths in symbols; one of length 0 is not there.
const fn segments(mode: Mode, training: Training, talker_echo_protection: bool) -> [(Segment, u32); SEGMENTS] {
    let (carrier, pause) = if talker_echo_protection {
        let symbols = mode.symbols_per_second();
        (ECHO_PROTECTION_MILLISECONDS * symbols / 1000, ECHO_SILENCE_MILLISECONDS * symbols / 1000)
    } else {
        (0, 0)
    };
    let (silence, alternations, conditioning, bridge, ones) = match (mode.family(), training) {
        // V.27ter §2.5.1, Table 3: segments 3 to 5
        (Family::V27ter, _) => (pause, 50, 1074, 0, 8),
        // V.29, synchronizing signals: segments 1 to 4
        (Family::V29, _) => (48, 128, 384, 0, 48),
        // V.17, long train: segments 1 to 4
        (Family::V17, Training::Long) => (pause, 256, 2976, 64, 48),
        // V.17, resync
        (Family::V17, Training::Short) => (pause, 256, 38, 0, 48),
    };
    [
        (Segment::EchoProtection, carrier),
        (Segment::Silence, silence),
        (Segment::Alternations, alternations),
        (Segment::Conditioning, conditioning),
        (Segment::Bridge, bridge),
        (Segment::Ones, ones),
    ]
}
