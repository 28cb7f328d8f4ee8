//! What is remembered of T.38 with a number over a trunk, so that the next call need not find out again.
//!
//! Only trouble is remembered, and only as long as the configuration says: then T.38 is tried again.

use crate::model::{Cause, RetryClass, T38Trial};

/// What became of T.38 in earlier calls.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum T38Trouble {
    /// It was refused, and the fax went over audio.
    Refused,
    /// It was agreed on, and no page came through.
    Failed,
}

impl T38Trouble {
    /// Every trouble.
    pub const ALL: [Self; 2] = [Self::Refused, Self::Failed];

    /// The word stored in rows.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::Failed => "failed",
        }
    }

    /// The trouble that [`T38Trouble::word`] names.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|trouble| trouble.word() == word)
    }
}

/// What to do about the row of a number.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Lesson {
    /// Leave what there is.
    Nothing,
    /// Write this, with the time of the call.
    Remember(T38Trouble),
    /// T.38 is worth a try again.
    Forget,
}

/// What a call teaches. `known`: what was known before it; `pages`: pages that came through in it, either way.
#[must_use]
pub const fn lesson(known: Option<T38Trouble>, trial: T38Trial, pages: u32, cause: &Cause) -> Lesson {
    let fax_failed = matches!(cause.retry_class(), RetryClass::Fax) && !matches!(cause, Cause::NoCommonTransport);
    match (trial, pages > 0) {
        (T38Trial::Agreed, true) => Lesson::Forget,
        (T38Trial::Agreed, false) if fax_failed => Lesson::Remember(T38Trouble::Failed),
        (T38Trial::Refused, true) => Lesson::Remember(T38Trouble::Refused),
        // Audio did no better.
        (T38Trial::NotTried, false) if fax_failed && matches!(known, Some(T38Trouble::Failed)) => Lesson::Forget,
        (T38Trial::Agreed | T38Trial::Refused, false) | (T38Trial::NotTried, _) => Lesson::Nothing,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Phase, Sound};

    #[test]
    fn trouble_with_t38_is_remembered_once_it_is_proved() {
        let none = None;
        assert_eq!(lesson(none, T38Trial::Refused, 3, &Cause::Sent), Lesson::Remember(T38Trouble::Refused));
        assert_eq!(
            lesson(none, T38Trial::Refused, 0, &Cause::NoResponse(Phase::B)),
            Lesson::Nothing,
            "it may be the line"
        );
        let failed = Lesson::Remember(T38Trouble::Failed);
        for cause in
            [Cause::NoResponse(Phase::B), Cause::TrainingFailed, Cause::MediaLost, Cause::Disconnected(Phase::B)]
        {
            assert_eq!(lesson(none, T38Trial::Agreed, 0, &cause), failed, "{cause:?}");
        }
        assert_eq!(lesson(none, T38Trial::Agreed, 2, &Cause::MediaLost), Lesson::Forget, "pages came through");
    }

    #[test]
    fn what_is_not_about_t38_teaches_nothing_of_it() {
        for cause in [Cause::Cancelled, Cause::Heard(Sound::Voice), Cause::Busy, Cause::Interrupted] {
            assert_eq!(lesson(None, T38Trial::Agreed, 0, &cause), Lesson::Nothing, "{cause:?}");
        }
    }

    #[test]
    fn where_audio_does_no_better_t38_is_tried_again() {
        let (failed, refused) = (Some(T38Trouble::Failed), Some(T38Trouble::Refused));
        assert_eq!(lesson(failed, T38Trial::NotTried, 0, &Cause::TrainingFailed), Lesson::Forget);
        assert_eq!(lesson(failed, T38Trial::NotTried, 1, &Cause::Sent), Lesson::Nothing, "it stays until it expires");
        assert_eq!(lesson(refused, T38Trial::NotTried, 0, &Cause::TrainingFailed), Lesson::Nothing);
        assert_eq!(lesson(refused, T38Trial::Agreed, 1, &Cause::Sent), Lesson::Forget, "the far end asked itself");
    }

    #[test]
    fn words_come_back() {
        for trouble in T38Trouble::ALL {
            assert_eq!(T38Trouble::from_word(trouble.word()), Some(trouble));
        }
    }
}
