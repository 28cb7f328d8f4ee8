//! A DIS, DTC or DCS in words, a line for each thing it says: for the record of a call and for displays.
//!
//! Not here: what we do with it. T.30 (09/2005) Table 2.

use super::{Capability, Feature, LEAST_OCTETS, Length, Reading, field};
use crate::model::Width;

impl Capability {
    /// What is said, in the order of Table 2; bits without a name come as `bit 91`.
    #[must_use]
    pub fn describe(&self, reading: Reading) -> Vec<String> {
        let mut lines = Vec::new();
        for number in 1..=self.octets.len() * 8 {
            if let Some(line) = self.describe_field(number, reading) {
                lines.push(line);
            } else if self.bit(number) && !is_extension(number) && !is_in_field(number) {
                let named = Feature::all().find(|feature| feature.number() == number);
                let words = named.and_then(|feature| feature.meaning(reading));
                lines.push(words.map_or_else(|| format!("bit {number}"), str::to_owned));
            }
        }
        lines
    }

    /// The line of a field, at its first bit.
    fn describe_field(&self, number: usize, reading: Reading) -> Option<String> {
        Some(match number {
            field::RATE => self.describe_rate(reading),
            field::WIDTH => self.describe_width(reading),
            field::LENGTH => match self.length() {
                Length::A4 => "pages of 297 mm".to_owned(),
                Length::B4 => "pages of 364 mm".to_owned(),
                Length::Unlimited => "pages of any length".to_owned(),
            },
            field::ROW_TIME => self.describe_row_time(reading),
            field::MIXED_RASTER => match self.field(number, 3) {
                0 => return None,
                mode => format!("mixed raster content (T.44), mode {}", mode.reverse_bits() >> 5),
            },
            field::MEMORY => match self.field(number, 2) {
                0b01 => "shared memory of 1 megabyte".to_owned(),
                0b10 => "shared memory of 2 megabytes".to_owned(),
                0b11 => "shared memory without limit".to_owned(),
                _ => return None,
            },
            field::T88 => match self.field(number, 3) {
                0 => return None,
                0b001 => "JBIG2 coding (T.88), profile 1".to_owned(),
                0b010 => "JBIG2 coding (T.88), profile 2".to_owned(),
                0b011 => "JBIG2 coding (T.88), profile 3".to_owned(),
                0b100 => "JBIG2 coding (T.88), profiles 2 and 3".to_owned(),
                _ => "JBIG2 coding (T.88), unknown profile".to_owned(),
            },
            _ => return None,
        })
    }

    fn describe_rate(&self, reading: Reading) -> String {
        if reading == Reading::Dcs {
            return match self.modulation() {
                Some(modulation) => format!("{} at {} bit/s", modulation.family(), modulation.bits_per_second()),
                None => format!("unknown modem {:04b}", self.field(field::RATE, 4)),
            };
        }
        let modems = self.modems();
        let mut names = Vec::new();
        if modems.v27ter_4800 {
            names.push("V.27ter");
        } else if modems.v27ter_2400 {
            names.push("V.27ter at 2400 bit/s");
        }
        if modems.v29 {
            names.push("V.29");
        }
        if modems.v17 {
            names.push("V.17");
        }
        names.join(", ")
    }

    fn describe_width(&self, reading: Reading) -> String {
        let millimetres = |width| match width {
            Width::A4 => "215 mm",
            Width::B4 => "255 mm",
            Width::A3 => "303 mm",
        };
        let up_to = if reading == Reading::Dcs { "" } else { "up to " };
        format!("lines {up_to}{} wide", millimetres(self.widest()))
    }

    fn describe_row_time(&self, reading: Reading) -> String {
        let times = self.row_times();
        match (times.standard_ms, times.half_at_fine && reading != Reading::Dcs) {
            (0, _) => "no least row time".to_owned(),
            (milliseconds, false) => format!("{milliseconds} ms a row at least"),
            (milliseconds, true) => format!("{milliseconds} ms a row at least, half of it at 7.7 lines/mm"),
        }
    }
}

/// Whether a bit only says that more octets follow.
const fn is_extension(number: usize) -> bool {
    number.is_multiple_of(8) && number >= LEAST_OCTETS * 8
}

/// Whether a bit belongs to a field of several.
const fn is_in_field(number: usize) -> bool {
    matches!(number, 11..=14 | 17..=23 | 92..=94 | 117..=118 | 124..=126)
}
