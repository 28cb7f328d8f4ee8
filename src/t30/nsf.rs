//! NSF, NSS and NSC: who made the machine at the far end, and often which machine it is.
//!
//! The frame begins with a T.35 country code and a maker's code that the country gave out; what follows is the maker's own.
//! Before 2003 T.30 did not say in which order the bits of it go, and half of the makers took the other one, so a country code
//! stands for its mirror image where that is the likelier country. Some put their name, their model or the name of the machine
//! in clear text, some of these backwards.
//!
//! Not here: doing anything non-standard. T.30 (09/2005) §5.3.6.2.7, T.35 (02/2000) §3.

use super::makers::{self, Maker};

/// Octets of an NSF that are looked at; T.30 sets no limit.
const MAX_OCTETS: usize = 256;
/// Characters in a row that make a text.
const LEAST_TEXT: usize = 4;

/// What an NSF, NSS or NSC tells.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct NonStandard {
    /// The country that gave out the maker's code, in English.
    pub country: Option<&'static str>,
    /// The maker.
    pub maker: Option<&'static str>,
    /// The model, where its octets are known.
    pub model: Option<&'static str>,
    /// The longest printable text in it: a model or what its owner called the machine.
    pub text: Option<String>,
}

impl NonStandard {
    /// Reads the information field of an NSF, NSS or NSC, its octets as T.30 prints them: the bit sent first is the highest.
    #[must_use]
    pub fn read(information: &[u8]) -> Self {
        let information = &information[..information.len().min(MAX_OCTETS)];
        let Some((&code, rest)) = information.split_first() else {
            return Self::default();
        };
        let country = makers::country(code).or_else(|| makers::country(code.reverse_bits()));
        let Some((maker, body)) = makers::find(code, rest) else {
            // The maker's code has two octets in nearly every country.
            return Self { country, text: longest_text(rest.get(2..).unwrap_or_default(), false), ..Self::default() };
        };
        Self { country, maker: Some(maker.name), model: maker.model(body), text: longest_text(body, maker.backwards) }
    }

    /// The machine for people: `Canon Laser Class 9000 Series`, `Ricoh "Front desk"`; nothing when nothing is known.
    #[must_use]
    pub fn machine(&self) -> Option<String> {
        let known: Vec<&str> = self.maker.into_iter().chain(self.model).collect();
        let known = known.join(" ");
        match &self.text {
            // The text often is the model.
            Some(text) if !known.contains(text.as_str()) => Some(format!("{known} \"{text}\"").trim_start().to_owned()),
            _ => (!known.is_empty()).then_some(known),
        }
    }
}

impl Maker {
    fn model(&self, body: &[u8]) -> Option<&'static str> {
        let known = self.models.iter().filter(|(octets, _)| body.starts_with(octets));
        known.max_by_key(|(octets, _)| octets.len()).map(|(_, model)| *model)
    }
}

/// The longest run of printable characters, in whichever order of bits it is longer.
fn longest_text(octets: &[u8], backwards: bool) -> Option<String> {
    let turned: Vec<u8> = octets.iter().map(|octet| octet.reverse_bits()).collect();
    let best = [octets, &turned]
        .into_iter()
        .flat_map(|octets| octets.split(|octet| !matches!(octet, b' '..=b'~')))
        .map(<[u8]>::trim_ascii)
        .filter(|text| is_text(text))
        // The first of equals: the order of the standard.
        .reduce(|best, text| if text.len() > best.len() { text } else { best })?;
    let mut text = String::from_utf8_lossy(best).into_owned();
    if backwards {
        text = text.chars().rev().collect();
    }
    Some(text)
}

/// Whether it is likely to be meant as a text: mostly letters and digits, not one of them over and over.
fn is_text(text: &[u8]) -> bool {
    let words = text.iter().filter(|octet| octet.is_ascii_alphanumeric() || **octet == b' ').count();
    text.len() >= LEAST_TEXT && words * 4 >= text.len() * 3 && text.iter().any(|octet| octet != &text[0])
}

#[cfg(test)]
mod tests {
    use super::NonStandard;
    use proptest::prelude::*;

    #[test]
    fn makers_are_known_whatever_order_their_bits_have() {
        for (octets, country, machine) in [
            (&[0x00, 0x00, 0x11, 0x80, 0x00, 0x8A, 0x49, 0x10][..], "Japan", "Canon Laser Class 9000 Series"),
            (&[0x00, 0x00, 0x25, 0x00, 0x00, 0x00, 0x12], "Japan", "Ricoh"),
            (&[0xAD, 0x00, 0x36, 0xC0, 0x00, 0x00, 0x00, 0x00], "United States", "HP OfficeJet 500"),
            (&[0xB5, 0x00, 0xAA], "United States", "HylaFAX"),
            (&[0xAD, 0x00, 0x55], "United States", "HylaFAX"),
            (&[0x20, 0x41, 0x59], "Germany", "Siemens"),
            (&[0x86, 0x00, 0x8C, 0x00, 0x00, 0x01, 0x00], "Korea", "Samsung SF-2010"),
            (&[0x04, 0x88], "Germany", "Dr. Neuhaus"),
        ] {
            let read = NonStandard::read(octets);
            assert_eq!((read.country, read.machine().as_deref()), (Some(country), Some(machine)), "{octets:02x?}");
        }
    }

    #[test]
    fn the_longest_of_the_models_that_fit_is_taken() {
        let machine = |octets: &[u8]| NonStandard::read(octets).machine();
        assert_eq!(machine(b"\xAD\x00\x36\xC0\x00\x00\x00\x00\x8B").as_deref(), Some("HP Fax-920"));
        assert_eq!(
            machine(b"\x00\x00\x0E\x00\x00\x00\x16\x0F\x01\x03\x00\x10\x05\x02").as_deref(),
            Some("Panasonic KX-F780")
        );
    }

    #[test]
    fn a_text_in_it_is_read_forwards_backwards_and_with_its_bits_turned() {
        let text = |octets: &[u8]| NonStandard::read(octets).text;
        assert_eq!(text(b"\x00\x00\x11\x01\x02iR-ADV C3330\x00\x01").as_deref(), Some("iR-ADV C3330"));
        assert_eq!(text(b"\x00\x00\x25\x01 0092 oicifA \x00").as_deref(), Some("Aficio 2900"));
        let ricoh = NonStandard::read(b"\x00\x00\x25\x01 0092 oicifA \x00");
        assert_eq!(ricoh.machine().as_deref(), Some("Ricoh \"Aficio 2900\""));
        let turned: Vec<u8> = b"Front desk".iter().map(|octet: &u8| octet.reverse_bits()).collect();
        assert_eq!(text(&[&[0xAD, 0x00, 0x77][..], &turned].concat()).as_deref(), Some("Front desk"));
        assert_eq!(
            text(b"\x00\x00\x51\xFF\xFF\x04\x04\x04\x04UUUUUUUU\x01"),
            None,
            "one character over and over is none"
        );
    }

    #[test]
    fn what_nobody_knows_has_a_country_at_most() {
        assert_eq!(NonStandard::read(&[]), NonStandard::default());
        let unknown = NonStandard::read(&[0xA6, 0x12, 0x34]);
        assert_eq!((unknown.country, unknown.machine()), (Some("Switzerland"), None));
        assert_eq!(NonStandard::read(&[0xFF, 0x01]).country, None);
    }

    proptest! {
        #[test]
        fn any_octets_are_read(octets in prop::collection::vec(any::<u8>(), 0..300)) {
            let read = NonStandard::read(&octets);
            prop_assert!(read.text.is_none_or(|text| text.len() >= 4 && text.len() <= octets.len()));
        }
    }
}
