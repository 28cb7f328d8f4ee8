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
    pub const fn decode(self, code: u8) -> i16 {
        self.table()[code as usize]
    }

    /// What every code word decodes to; for loops that would choose the law again for each sample.
    #[must_use]
    pub const fn table(self) -> &'static [i16; 256] {
        match self {
            Self::Mu => &MU_TABLE,
            Self::A => &A_TABLE,
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

const fn decode_mu(code: u8) -> i16 {
    let code = !code;
    let segment = code >> 4 & 7;
    let magnitude = ((((code & 0x0F) as i16) << 3) + MU_BIAS as i16) << segment;
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

const fn decode_a(code: u8) -> i16 {
    let code = code ^ 0x55;
    let segment = code >> 4 & 7;
    let step = ((code & 0x0F) as i16) << 4 | 8;
    let magnitude = if segment == 0 { step } else { (step + 0x100) << (segment - 1) };
    if code & 0x80 == 0 { -magnitude } else { magnitude }
}

static MU_TABLE: [i16; 256] = {
    let mut table = [0; 256];
    let mut code = 0;
    while code < table.len() {
        table[code] = decode_mu(code as u8);
        code += 1;
    }
    table
};

static A_TABLE: [i16; 256] = {
    let mut table = [0; 256];
    let mut code = 0;
    while code < table.len() {
        table[code] = decode_a(code as u8);
        code += 1;
    }
    table
};

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

    /// The quantised values of the Recommendation at the ends of the segments, of 13 and 14 bits, and the decision values between.
    // G.711 (11/1988) Tables 1a and 2a, columns 6 to 8; A-law's even bits are inverted after
    #[test]
    fn segments_begin_and_end_where_the_tables_say() {
        let mu =
            [(0x80, 8031), (0x8F, 4191), (0x9F, 2079), (0xAF, 1023), (0xBF, 495), (0xCF, 231), (0xDF, 99), (0xEF, 33)];
        for (code, value) in mu.into_iter().chain([(0xFE, 2), (0xFF, 0)]) {
            assert_eq!(Law::Mu.decode(code), value * 4, "{code:x}");
            assert_eq!(Law::Mu.decode(code & 0x7F), -value * 4, "{code:x}");
        }
        let a =
            [(0xFF, 4032), (0xF0, 2112), (0xE0, 1056), (0xD0, 528), (0xC0, 264), (0xB0, 132), (0xA0, 66), (0x80, 1)];
        for (code, value) in a {
            assert_eq!(Law::A.decode(code ^ 0x55), value * 8, "{code:x}");
            assert_eq!(Law::A.decode(code ^ 0xD5), -value * 8, "{code:x}");
        }
        let decisions =
            [(4063, 0x8F), (2015, 0x9F), (991, 0xAF), (479, 0xBF), (223, 0xCF), (95, 0xDF), (31, 0xEF), (1, 0xFE)];
        for (decision, code) in decisions {
            assert_eq!(
                (Law::Mu.encode(decision * 4), Law::Mu.encode(decision * 4 - 1)),
                (code, code + 1),
                "{decision}"
            );
        }
        for (decision, code) in [(2048, 0xF0_u8), (1024, 0xE0), (512, 0xD0), (256, 0xC0), (128, 0xB0), (64, 0xA0)] {
            let codes = [decision * 8, decision * 8 - 1].map(|sample| Law::A.encode(sample) ^ 0x55);
            assert_eq!(codes, [code, code - 1], "{decision}");
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
