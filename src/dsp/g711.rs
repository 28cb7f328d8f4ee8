//! G.711: eight bits a sample, µ-law or A-law.
//!
//! Linear samples have 16 bits, full scale being the coder's overload point. Serves ITU-T G.711 (11/1988).

/// Which of the two laws.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Law {
    /// µ-law: North America, Japan.
    Mu,
    /// A-law: the rest of the world.
    A,
}

impl Law {
    /// The code word of silence.
    #[must_use]
    pub const fn silence(self) -> u8 {
        match self {
            Self::Mu => 0xFF,
            Self::A => 0xD5,
        }
    }

    /// Codes a sample.
    #[must_use]
    pub fn encode(self, sample: i16) -> u8 {
        match self {
            Self::Mu => encode_mu(sample),
            Self::A => encode_a(sample),
        }
    }

    /// Decodes a code word to the middle of its interval.
    #[must_use]
    pub fn decode(self, code: u8) -> i16 {
        match self {
            Self::Mu => decode_mu(code),
            Self::A => decode_a(code),
        }
    }
}

// G.711 (11/1988) Table 2: eight segments, each twice as wide as the one before, all bits inverted
fn encode_mu(sample: i16) -> u8 {
    let magnitude = i32::from(sample).abs().min(MU_CLIP) + MU_BIAS;
    let segment = 24 - magnitude.leading_zeros();
    let code = (segment << 4 | magnitude.cast_unsigned() >> (segment + 3) & 0x0F) as u8;
    !if sample < 0 { code | 0x80 } else { code }
}

fn decode_mu(code: u8) -> i16 {
    let code = !code;
    let segment = code >> 4 & 7;
    let magnitude = ((i16::from(code & 0x0F) << 3) + MU_BIAS as i16) << segment;
    let magnitude = magnitude - MU_BIAS as i16;
    if code & 0x80 != 0 { -magnitude } else { magnitude }
}

// G.711 (11/1988) Table 1: as above, but the first two segments are equally wide, and the even bits are inverted
fn encode_a(sample: i16) -> u8 {
    // Negative intervals begin just below zero, so that both signs have the same widths.
    let (sign, magnitude) = if sample < 0 { (0, !sample) } else { (0x80, sample) };
    let magnitude = magnitude.cast_unsigned() >> 4;
    let segment = 12_u32.saturating_sub(magnitude.leading_zeros());
    let mantissa = magnitude >> segment.saturating_sub(1) & 0x0F;
    (sign | (segment as u8) << 4 | mantissa as u8) ^ 0x55
}

fn decode_a(code: u8) -> i16 {
    let code = code ^ 0x55;
    let segment = code >> 4 & 7;
    let step = i16::from(code & 0x0F) << 4 | 8;
    let magnitude = if segment == 0 { step } else { (step + 0x100) << (segment - 1) };
    if code & 0x80 == 0 { -magnitude } else { magnitude }
}

/// What is added so that segments begin at powers of two.
const MU_BIAS: i32 = 0x84;
/// The overload point with 16 bits.
const MU_CLIP: i32 = 32_635;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ends_of_the_scales_are_those_of_the_tables() {
        assert_eq!([0xFF, 0x7F, 0x80, 0x00].map(|code| Law::Mu.decode(code)), [0, 0, 32_124, -32_124]);
        assert_eq!([0xD5, 0x55, 0xAA, 0x2A].map(|code| Law::A.decode(code)), [8, -8, 32_256, -32_256]);
        assert_eq!([0, 32_767, -32_768].map(|sample| Law::Mu.encode(sample)), [0xFF, 0x80, 0x00]);
        assert_eq!([0, -1, 32_767, -32_768].map(|sample| Law::A.encode(sample)), [0xD5, 0x55, 0xAA, 0x2A]);
    }

    /// Values of CPython's `audioop.lin2ulaw` and `lin2alaw`, which drop the lowest bits first: negative
    /// samples are multiples of four.
    #[test]
    fn samples_between_are_coded_as_others_code_them() {
        for (sample, mu, a) in MIDDLE {
            assert_eq!((Law::Mu.encode(sample), Law::A.encode(sample)), (mu, a), "{sample}");
        }
    }

    #[test]
    fn every_code_word_survives() {
        for code in 0..=255 {
            assert_eq!(Law::A.encode(Law::A.decode(code)), code);
            // µ-law has two zeros.
            let expected = if code == 0x7F { 0xFF } else { code };
            assert_eq!(Law::Mu.encode(Law::Mu.decode(code)), expected);
        }
    }

    #[test]
    fn the_error_stays_below_a_half_step() {
        for sample in i16::MIN..=i16::MAX {
            let magnitude = i32::from(sample).abs();
            for law in [Law::Mu, Law::A] {
                let error = (i32::from(law.decode(law.encode(sample))) - i32::from(sample)).abs();
                assert!(error <= (magnitude + 132) / 32 + 16 || magnitude > 31_600, "{law:?} {sample}");
            }
        }
    }

    #[rustfmt::skip]
    const MIDDLE: [(i16, u8, u8); 28] = [
        (1, 0xFF, 0xD5), (7, 0xFE, 0xD5), (15, 0xFD, 0xD5), (16, 0xFD, 0xD4),
        (-16, 0x7D, 0x55), (31, 0xFB, 0xD4), (33, 0xFB, 0xD7), (100, 0xF2, 0xD3),
        (-100, 0x72, 0x53), (255, 0xE7, 0xDA), (256, 0xE7, 0xC5), (-256, 0x67, 0x5A),
        (500, 0xDC, 0xCA), (-776, 0x53, 0x7D), (1000, 0xCE, 0xFA), (-1000, 0x4E, 0x7A),
        (2047, 0xBE, 0xEA), (2048, 0xBE, 0x95), (-4096, 0x2F, 0x1A), (5110, 0xAB, 0x86),
        (-5112, 0x2B, 0x06), (8031, 0xA0, 0x8A), (-9996, 0x1C, 0x36), (12_345, 0x97, 0xBD),
        (-16_384, 0x0F, 0x3A), (20_000, 0x8C, 0xA6), (-27_000, 0x05, 0x2F), (31_000, 0x81, 0xAB),
    ];
}
