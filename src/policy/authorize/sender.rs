//! Patterns of envelope senders.

use std::str::FromStr;

use crate::model::PatternError;

/// Envelope senders: `any`, `*@company.com`, `jane@company.com`. Case does not matter. The null sender fits none.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SenderPattern {
    /// Every sender.
    Any,
    /// Every sender at this domain, not at those below it.
    Domain(String),
    /// This one.
    Exact(String),
}

impl SenderPattern {
    /// Whether the envelope sender fits. The domain is what follows the last `@`, whatever is quoted before it.
    #[must_use]
    pub fn fits(&self, sender: &str) -> bool {
        match self {
            Self::Any => !sender.is_empty(),
            Self::Exact(exact) => exact.eq_ignore_ascii_case(sender),
            Self::Domain(domain) => sender
                .rsplit_once('@')
                .is_some_and(|(local, own)| !local.is_empty() && own.eq_ignore_ascii_case(domain)),
        }
    }
}

impl FromStr for SenderPattern {
    type Err = PatternError;

    fn from_str(text: &str) -> Result<Self, PatternError> {
        let hint = "write \"user@example.com\", \"*@example.com\" or \"*\"";
        let error = || PatternError::new(text, "is no pattern for senders", hint);
        if text == "*" || text.eq_ignore_ascii_case("any") {
            return Ok(Self::Any);
        }
        let (local, domain) = text.rsplit_once('@').ok_or_else(error)?;
        let sound = !local.is_empty()
            && !domain.is_empty()
            && !domain.contains(['*', '?'])
            && (local == "*" || !local.contains('*'))
            && !text.contains(char::is_whitespace);
        match (sound, local) {
            (false, _) => Err(error()),
            (true, "*") => Ok(Self::Domain(domain.to_owned())),
            (true, _) => Ok(Self::Exact(text.to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::SenderPattern;

    #[test]
    fn sender_patterns_with_a_star_elsewhere_are_slips() {
        for wrong in ["company.example", "*@*.example", "j*@company.example", "@company.example", "*@", "a b@c", ""] {
            assert!(wrong.parse::<SenderPattern>().is_err(), "{wrong}");
        }
    }
}
