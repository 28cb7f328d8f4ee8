//! Patterns of telephone numbers, with one syntax wherever numbers are chosen by rules: who may dial what, which trunk serves a
//! number, where a received fax goes, who may fetch a document.
//!
//! ```text
//! +390612345   this number            4???   any four digits that begin with 4
//! +39*         what begins with +39   *      every number; "any" is the same
//! ```
//!
//! The form compared is that of [`Number`]: international numbers begin with `+`, extensions do not, so `39*` fits no number of Italy.

use std::fmt;
use std::str::FromStr;

use super::Number;

/// Most digits and question marks of a pattern.
const MAX_PLACES: usize = 20;
/// Characters of a faulty text that are told back.
const MAX_SHOWN: usize = 64;

/// A number, a beginning of numbers, or all.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct NumberPattern {
    /// Without the `*`: an optional `+`, then digits and `?`.
    body: String,
    /// Whether anything may follow.
    open: bool,
}

/// Why a text is no pattern, and what to write.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{text:?} {reason}; {hint}")]
pub struct PatternError {
    /// The text, made fit to be shown.
    pub text: String,
    /// What is wrong with it.
    pub reason: String,
    /// What to do.
    pub hint: String,
}

impl PatternError {
    /// For a text that is told back only as far as it can be shown.
    #[must_use]
    pub fn new(text: &str, reason: impl Into<String>, hint: impl Into<String>) -> Self {
        let text = text.chars().filter(|character| !character.is_control()).take(MAX_SHOWN).collect();
        Self { text, reason: reason.into(), hint: hint.into() }
    }
}

/// How well a pattern fits, the best greatest: a whole number before a beginning, then by how many characters it fixes, then by how
/// many it asks for.
pub type Rank = (bool, usize, usize);

impl NumberPattern {
    /// Every number.
    #[must_use]
    pub const fn any() -> Self {
        Self { body: String::new(), open: true }
    }

    /// Whether `number` fits.
    #[must_use]
    pub fn matches(&self, number: &Number) -> bool {
        self.matches_text(number.as_str())
    }

    /// Whether a number fits as a peer wrote it.
    #[must_use]
    pub fn matches_text(&self, text: &str) -> bool {
        let fits = |(wanted, found): (u8, u8)| wanted == found || (wanted == b'?' && found.is_ascii_digit());
        let length_fits = if self.open { text.len() >= self.body.len() } else { text.len() == self.body.len() };
        length_fits && self.body.bytes().zip(text.bytes()).all(fits)
    }

    /// Whether every number, or every international one, fits.
    #[must_use]
    pub fn is_every_number(&self) -> bool {
        self.open && matches!(self.body.as_str(), "" | "+")
    }

    /// How well it fits what it fits.
    #[must_use]
    pub fn rank(&self) -> Rank {
        let fixed = self.body.bytes().filter(|byte| *byte != b'?').count();
        (!self.open && fixed == self.body.len(), fixed, self.body.len())
    }
}

impl FromStr for NumberPattern {
    type Err = PatternError;

    fn from_str(text: &str) -> Result<Self, PatternError> {
        if text.eq_ignore_ascii_case("any") {
            return Ok(Self::any());
        }
        let (body, open) = text.strip_suffix('*').map_or((text, false), |body| (body, true));
        let places = body.strip_prefix('+').unwrap_or(body);
        let sound = places.bytes().all(|byte| byte.is_ascii_digit() || byte == b'?')
            && places.len() <= MAX_PLACES
            && (open || !places.is_empty());
        if sound {
            return Ok(Self { body: body.into(), open });
        }
        let hint = "write \"+39*\", \"4???\", \"+390612345\" or \"*\"";
        Err(PatternError::new(text, "is no pattern for telephone numbers", hint))
    }
}

impl fmt::Display for NumberPattern {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}{}", self.body, if self.open { "*" } else { "" })
    }
}

#[cfg(test)]
mod tests {
    use super::NumberPattern;
    use crate::model::{Number, NumberPlan};

    fn pattern(text: &str) -> NumberPattern {
        text.parse().unwrap_or_else(|error| panic!("{error}"))
    }

    #[test]
    fn number_patterns_count_their_digits() {
        let plan = NumberPlan { extension_digits: 4, ..NumberPlan::default() };
        let fits = |text: &str, number: &str| pattern(text).matches(&Number::parse(number, &plan).expect("a number"));
        assert!(fits("4???", "4711") && !fits("4???", "471") && !fits("4???", "5711"));
        assert!(fits("+39*", "+39061234") && !fits("+39*", "+49891234") && !fits("39*", "+39061234"));
        assert!(fits("+39?6*", "+39061234") && fits("+*", "+39061234") && !fits("+*", "4711"));
        assert!(fits("any", "4711") && fits("*", "+39061234") && !fits("??????", "+39061"));
    }

    #[test]
    fn a_pattern_is_written_as_it_is_read() {
        for text in ["*", "+39*", "4???", "+390612345", "+*", "0", "???*", "?"] {
            assert_eq!(pattern(text).to_string(), text);
        }
        assert_eq!(pattern("Any").to_string(), "*");
        assert!(pattern("any").is_every_number() && pattern("+*").is_every_number());
        assert!(!pattern("?*").is_every_number() && !pattern("+39*").is_every_number());
    }

    #[test]
    fn what_is_no_pattern_is_refused_with_what_to_write() {
        for wrong in ["", "+", "39 06", "39 06*", "+39*1", "3*9", "a", "a*", "**", "39+", "123456789012345678901"] {
            let error = wrong.parse::<NumberPattern>().expect_err(wrong);
            assert!(error.to_string().contains("write \"+39*\""), "{error}");
        }
        let error = "x\r\n".repeat(100).parse::<NumberPattern>().expect_err("no pattern");
        assert!(error.text.len() <= 64 && !error.text.contains(['\r', '\n']));
    }

    #[test]
    fn a_number_outranks_a_beginning_and_more_digits_outrank_fewer() {
        let ranked =
            ["*", "???*", "+*", "+39*", "+3902123???", "+39021234*", "+39021234567"].map(|text| pattern(text).rank());
        assert!(ranked.is_sorted(), "{ranked:?}");
    }
}
