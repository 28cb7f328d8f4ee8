//! A number that can be dialled: read from what people write, kept in one form.
//!
//! A number is either international (E.164, shown with `+`) or local (an extension of the PBX, dialled as written).
//! Which spelling means what depends on where the server stands: its [`NumberPlan`].

use std::fmt;

/// Digits of E.164 without the plus: at most 15, at least 4 that we believe.
// E.164 (11/2010) §6.2
pub const MAX_DIGITS: usize = 15;
/// Fewer digits than this are no international number.
pub const MIN_INTERNATIONAL_DIGITS: usize = 5;

/// A number in the one form the program uses: `+390212345` or, for an extension, `4711`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Number(String);

/// How numbers are written where the server stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NumberPlan {
    /// Our country's code without the plus: `39`.
    pub country_code: String,
    /// What is dialled before a foreign country's code: `00`.
    pub international_prefix: String,
    /// What is dialled before a national number and dropped behind the country code: `0`; empty where there is none or
    /// where it stays (Italy).
    pub national_prefix: String,
    /// Numbers with at most this many digits are extensions, dialled as written; 0 when there are none.
    pub extension_digits: usize,
}

impl Default for NumberPlan {
    fn default() -> Self {
        Self {
            country_code: String::new(),
            international_prefix: "00".into(),
            national_prefix: "0".into(),
            extension_digits: 0,
        }
    }
}

/// Why a spelling is no number.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, thiserror::Error)]
pub enum NumberError {
    /// No digit in it.
    #[error("there is no digit in it")]
    Empty,
    /// A character that has no place in a number.
    #[error("{0:?} has no place in a telephone number")]
    Character(char),
    /// Longer than E.164 allows.
    #[error("it has more than {MAX_DIGITS} digits")]
    TooLong,
    /// Too short for an international number and no extension.
    #[error("it is too short")]
    TooShort,
    /// A national number, but the plan has no country code.
    #[error("it is a national number, and numbers.country_code is not set; write it with + and the country code")]
    NoCountryCode,
}

impl Number {
    /// Reads the usual spellings: `+39 02 123-45`, `0039(02)12345`, `02.12345`, `4711`.
    ///
    /// # Errors
    /// When it is no number, or a national one while the plan knows no country.
    pub fn parse(text: &str, plan: &NumberPlan) -> Result<Self, NumberError> {
        let (international, digits) = Self::strip(text)?;
        if international {
            return Self::international(&digits);
        }
        if let Some(rest) = strip_some(&digits, &plan.international_prefix) {
            return Self::international(rest);
        }
        if digits.len() <= plan.extension_digits {
            return Ok(Self(digits));
        }
        if plan.country_code.is_empty() {
            return Err(NumberError::NoCountryCode);
        }
        let national = strip_some(&digits, &plan.national_prefix).unwrap_or(&digits);
        Self::international(&format!("{}{national}", plan.country_code))
    }

    /// Takes back the form [`Number::as_str`] gives, as rows keep it.
    #[must_use]
    pub fn from_stored(text: &str) -> Option<Self> {
        let digits = text.strip_prefix('+').unwrap_or(text);
        let sound =
            !digits.is_empty() && digits.len() <= MAX_DIGITS && digits.bytes().all(|byte| byte.is_ascii_digit());
        sound.then(|| Self(text.to_owned()))
    }

    fn strip(text: &str) -> Result<(bool, String), NumberError> {
        let text = text.trim();
        let (international, rest) = text.strip_prefix('+').map_or((false, text), |rest| (true, rest));
        // "+49 (0) 89": the national prefix in brackets is not dialled behind a country code.
        let rest = if international { rest.replacen("(0)", "", 1) } else { rest.to_owned() };
        let mut digits = String::with_capacity(rest.len());
        for character in rest.chars() {
            match character {
                '0'..='9' => digits.push(character),
                ' ' | '-' | '.' | '(' | ')' | '/' | '\u{a0}' => {}
                other => return Err(NumberError::Character(other)),
            }
            if digits.len() > MAX_DIGITS + 5 {
                return Err(NumberError::TooLong);
            }
        }
        if digits.is_empty() { Err(NumberError::Empty) } else { Ok((international, digits)) }
    }

    fn international(digits: &str) -> Result<Self, NumberError> {
        match digits.len() {
            0..MIN_INTERNATIONAL_DIGITS => Err(NumberError::TooShort),
            MIN_INTERNATIONAL_DIGITS..=MAX_DIGITS => Ok(Self(format!("+{digits}"))),
            _ => Err(NumberError::TooLong),
        }
    }

    /// `+390212345`, or `4711` for an extension.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The digits without the plus.
    #[must_use]
    pub fn digits(&self) -> &str {
        self.0.strip_prefix('+').unwrap_or(&self.0)
    }

    /// Whether it is an E.164 number, not an extension.
    #[must_use]
    pub fn is_international(&self) -> bool {
        self.0.starts_with('+')
    }

    /// For logs: all but the last three digits hidden after the first four characters.
    #[must_use]
    pub fn redacted(&self) -> String {
        let length = self.0.len();
        if length <= 7 {
            return self.0.clone();
        }
        format!("{}{}{}", &self.0[..4], "*".repeat(length - 7), &self.0[length - 3..])
    }
}

fn strip_some<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    if prefix.is_empty() { None } else { text.strip_prefix(prefix) }
}

impl fmt::Display for Number {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::{Number, NumberError, NumberPlan};

    fn germany() -> NumberPlan {
        NumberPlan { country_code: "49".into(), extension_digits: 4, ..NumberPlan::default() }
    }

    #[test]
    fn the_usual_spellings_of_one_number_become_one_number() {
        for spelling in [
            "+49 89 1234567",
            "+49(89)1234567",
            "+49 (0) 89 1234567",
            "0049-89-123.4567",
            "089/1234567",
            "+49891234567",
        ] {
            assert_eq!(
                Number::parse(spelling, &germany()).map(|n| n.to_string()),
                Ok("+49891234567".into()),
                "{spelling}"
            );
        }
    }

    #[test]
    fn short_numbers_are_extensions_only_where_the_plan_has_them() {
        assert_eq!(Number::parse("4711", &germany()).map(|n| n.to_string()), Ok("4711".into()));
        assert_eq!(Number::parse("4711", &NumberPlan::default()), Err(NumberError::NoCountryCode));
    }

    #[test]
    fn what_is_no_number_is_refused_with_its_reason() {
        assert_eq!(Number::parse("", &germany()), Err(NumberError::Empty));
        assert_eq!(Number::parse("+", &germany()), Err(NumberError::Empty));
        assert_eq!(Number::parse("+49x1", &germany()), Err(NumberError::Character('x')));
        assert_eq!(Number::parse("+1234567890123456", &germany()), Err(NumberError::TooLong));
        assert_eq!(Number::parse("+49", &germany()), Err(NumberError::TooShort));
    }

    #[test]
    fn the_middle_of_a_number_stays_out_of_logs() {
        let number = Number::parse("+49891234567", &germany()).expect("a number");
        assert_eq!(number.redacted(), "+498*****567");
    }
}
