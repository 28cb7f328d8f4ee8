//! What names a document that is fetched from another machine (polling): its selective address and its password.
//!
//! Not here: whether a machine has documents, and which. T.30 (09/2005) §5.3.6.1.2.

use std::fmt;

/// Longest selective address and password.
// T.30 (09/2005) §5.3.6.2.6, §5.3.6.2.7: the FIF of SEP and of PWD has 20 digits
pub const MAX_DIGITS: usize = 20;

/// A password of T.30 (PWD): digits, `#`, `*` and `+`. Never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(String);

impl Password {
    /// A password, if `text` is one.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        is_password(text).then(|| Self(text.to_owned()))
    }

    /// The password itself, for the frame that carries it and the row that keeps it.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Password(not shown)")
    }
}

/// Which document of the far end is wanted; without any of both, the one it gives to everybody.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct FetchRequest {
    /// Its selective address (SEP).
    pub selective: Option<String>,
    /// Its password (PWD).
    pub password: Option<Password>,
}

/// Whether T.30 can send this text as sub-address, selective address or password.
// T.30 (09/2005) §5.3.6.2.5 to §5.3.6.2.8
#[must_use]
pub fn is_digits(text: &str) -> bool {
    (1..=MAX_DIGITS).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'#' || byte == b'*')
}

/// Whether T.30 can send this text as a password. With `+`: machines whose password is a telephone number have it.
// T.30 (09/2005) Table 3
#[must_use]
pub fn is_password(text: &str) -> bool {
    (1..=MAX_DIGITS).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit() || b"#*+".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::{Password, is_digits, is_password};

    #[test]
    fn a_password_is_never_shown() {
        let password = Password::parse("4711#").expect("a password");
        assert!(!format!("{password:?}").contains("4711"));
        assert_eq!(password.reveal(), "4711#");
    }

    #[test]
    fn only_what_a_frame_can_carry_is_taken() {
        for text in ["", "12a", "12 34", "+39", "123456789012345678901"] {
            assert!(!is_digits(text), "{text}");
        }
        assert!(is_digits("12345678901234567890") && is_digits("*1#"));
        assert!(is_password("+9876543210") && !is_password("12 34") && !is_password(""));
    }
}
