//! What is remembered of a number over a trunk, so that the next call need not find out again: trouble with T.38, trouble with V.17, and
//! that its machine takes one fax a call.
//!
//! Only trouble is remembered, only once a call has proved it, and only as long as the configuration says: then what was given up is tried
//! again. A call changes one thing: where T.38 is blamed for it, V.17 is not. Error correction is never given up for a number. What would
//! have to be remembered of it (a block that nothing comes of, whatever the rate) looks like a bad line, and pages without it would arrive
//! with errors that nobody is told of.

use super::batch::{BatchCall, takes_one_fax};
use crate::model::{Cause, RetryClass, T38Trial, V17Trial};

/// What is remembered.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Note {
    /// T.38 was refused, and the fax went over audio.
    T38Refused,
    /// T.38 was agreed on, and no page came through.
    T38Failed,
    /// V.17 was trained to, and the call ended there before any page came through. It may have been chance: the next call begins as before.
    V17Suspected,
    /// V.17 fails with this number, and is left out.
    V17Failed,
    /// The machine does not come back for a second fax in a call.
    OneFaxACall,
}

/// What a note is about. Of each there is one note at most.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Topic {
    /// T.38 or audio.
    T38,
    /// The modem.
    V17,
    /// Several faxes in one call.
    FaxesPerCall,
}

impl Topic {
    /// The word stored in rows.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::T38 => "t38",
            Self::V17 => "v17",
            Self::FaxesPerCall => "faxes-per-call",
        }
    }
}

impl Note {
    /// Every note.
    pub const ALL: [Self; 5] =
        [Self::T38Refused, Self::T38Failed, Self::V17Suspected, Self::V17Failed, Self::OneFaxACall];

    /// What it is about.
    #[must_use]
    pub const fn topic(self) -> Topic {
        match self {
            Self::T38Refused | Self::T38Failed => Topic::T38,
            Self::V17Suspected | Self::V17Failed => Topic::V17,
            Self::OneFaxACall => Topic::FaxesPerCall,
        }
    }

    /// The word stored in rows, beside that of its topic.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::T38Refused => "refused",
            Self::T38Failed | Self::V17Failed => "failed",
            Self::V17Suspected => "suspected",
            Self::OneFaxACall => "one-fax-a-call",
        }
    }

    /// The note that [`Topic::word`] and [`Note::word`] name.
    #[must_use]
    pub fn from_words(topic: &str, word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|note| note.topic().word() == topic && note.word() == word)
    }

    /// For people: what it was, and what calls do about it.
    #[must_use]
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::T38Refused => "T.38 was refused, so it is called over audio",
            Self::T38Failed => "T.38 was agreed on, and failed, so it is called over audio",
            Self::V17Suspected => {
                "a call ended over V.17 before a page came through; after another one V.17 is left out"
            }
            Self::V17Failed => "V.17 failed, so it is sent to over V.29 or V.27ter",
            Self::OneFaxACall => "it did not come back for a second fax, so it gets one a call",
        }
    }
}

/// What is known of a number when it is called.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Known(Vec<Note>);

impl Known {
    /// These notes, and no others.
    #[must_use]
    pub const fn new(notes: Vec<Note>) -> Self {
        Self(notes)
    }

    /// Whether this is known.
    #[must_use]
    pub fn has(&self, note: Note) -> bool {
        self.0.contains(&note)
    }

    fn is_about(&self, topic: Topic) -> bool {
        self.0.iter().any(|note| note.topic() == topic)
    }
}

/// What to do about the notes of a number.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Lesson {
    /// Write this, with the time of the call, in place of another note on its topic.
    Remember(Note),
    /// What was given up is worth a try again.
    Forget(Topic),
}

/// A call, as far as it teaches.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Seen<'a> {
    /// How it ended.
    pub cause: &'a Cause,
    /// Pages that came through in it, either way.
    pub pages: u32,
    /// What became of T.38; nothing where the trunk leaves no choice.
    pub t38: Option<T38Trial>,
    /// What became of V.17.
    pub v17: V17Trial,
    /// How the faxes went, where it was for several.
    pub batch: Option<BatchCall>,
}

/// Rates refused that prove something: of one the line may be the cause, a click. T.30 steps down and tries V.17 again.
const REFUSED_BY_V17: u32 = 2;

/// What a call teaches. `known`: what was known before it.
#[must_use]
pub fn lessons(known: &Known, seen: Seen<'_>) -> Vec<Lesson> {
    let of_t38 = seen.t38.and_then(|trial| of_t38(known, trial, seen));
    let is_blamed = of_t38 == Some(Lesson::Remember(Note::T38Failed));
    let of_v17 = of_v17(known, seen).filter(|_| !is_blamed);
    let of_faxes = seen
        .batch
        .and_then(|call| takes_one_fax(call, seen.cause))
        .map(|alone| if alone { Lesson::Remember(Note::OneFaxACall) } else { Lesson::Forget(Topic::FaxesPerCall) });
    // Nothing is written down of what nobody knew.
    let matters = |lesson: &Lesson| match lesson {
        Lesson::Remember(_) => true,
        Lesson::Forget(topic) => known.is_about(*topic),
    };
    [of_t38, of_v17, of_faxes].into_iter().flatten().filter(matters).collect()
}

/// Whether the far end and we could not get on with one another.
const fn fax_failed(cause: &Cause) -> bool {
    matches!(cause.retry_class(), RetryClass::Fax) && !matches!(cause, Cause::NoCommonTransport)
}

fn of_t38(known: &Known, trial: T38Trial, Seen { cause, pages, .. }: Seen<'_>) -> Option<Lesson> {
    match (trial, pages > 0) {
        (T38Trial::Agreed, true) => Some(Lesson::Forget(Topic::T38)),
        (T38Trial::Agreed, false) if fax_failed(cause) => Some(Lesson::Remember(Note::T38Failed)),
        (T38Trial::Refused, true) => Some(Lesson::Remember(Note::T38Refused)),
        // Audio did no better.
        (T38Trial::NotTried, false) if fax_failed(cause) && known.has(Note::T38Failed) => {
            Some(Lesson::Forget(Topic::T38))
        }
        (T38Trial::Agreed | T38Trial::Refused, false) | (T38Trial::NotTried, _) => None,
    }
}

/// Machines and gateways that say they have V.17 and cannot use it: every training check over it is refused, or it passes and no page gets
/// through, which takes minutes of each call, and many hang up before V.29 has its turn.
fn of_v17(known: &Known, Seen { cause, pages, v17, .. }: Seen<'_>) -> Option<Lesson> {
    if known.has(Note::V17Failed) {
        // Without it, it went no better.
        return (pages == 0 && fax_failed(cause)).then_some(Lesson::Forget(Topic::V17));
    }
    if v17.pages > 0 {
        return Some(Lesson::Forget(Topic::V17));
    }
    if v17.amid_damage {
        return None;
    }
    let was_given_up = v17.refused + v17.passed > 0 && v17.left;
    if was_given_up && pages > 0 {
        return Some(Lesson::Remember(Note::V17Failed));
    }
    // Where another modem did no better it is the line.
    if !fax_failed(cause) || was_given_up || matches!(cause, Cause::TrainingFailed) {
        return None;
    }
    match (v17.passed, v17.refused) {
        (0, REFUSED_BY_V17..) => Some(Lesson::Remember(Note::V17Failed)),
        (0, _) => None,
        (1.., _) if known.has(Note::V17Suspected) => Some(Lesson::Remember(Note::V17Failed)),
        (1.., _) => Some(Lesson::Remember(Note::V17Suspected)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Phase, Sound};

    fn call(cause: &Cause, pages: u32) -> Seen<'_> {
        Seen { cause, pages, t38: None, v17: V17Trial::default(), batch: None }
    }

    fn after_t38(known: &[Note], trial: T38Trial, pages: u32, cause: &Cause) -> Vec<Lesson> {
        lessons(&Known::new(known.to_vec()), Seen { t38: Some(trial), ..call(cause, pages) })
    }

    fn after_v17(known: &[Note], v17: V17Trial, pages: u32, cause: &Cause) -> Vec<Lesson> {
        lessons(&Known::new(known.to_vec()), Seen { v17, ..call(cause, pages) })
    }

    const REFUSED: V17Trial = V17Trial { refused: 3, passed: 0, pages: 0, left: false, amid_damage: false };
    const DIED: V17Trial = V17Trial { passed: 1, refused: 0, ..REFUSED };

    #[test]
    fn trouble_with_t38_is_remembered_once_it_is_proved() {
        let refused = [Lesson::Remember(Note::T38Refused)];
        assert_eq!(after_t38(&[], T38Trial::Refused, 3, &Cause::Sent), refused);
        assert_eq!(after_t38(&[], T38Trial::Refused, 0, &Cause::NoResponse(Phase::B)), [], "it may be the line");
        let failed = [Lesson::Remember(Note::T38Failed)];
        for cause in
            [Cause::NoResponse(Phase::B), Cause::TrainingFailed, Cause::MediaLost, Cause::Disconnected(Phase::B)]
        {
            assert_eq!(after_t38(&[], T38Trial::Agreed, 0, &cause), failed, "{cause:?}");
        }
        let through = |known: &[Note]| after_t38(known, T38Trial::Agreed, 2, &Cause::MediaLost);
        assert_eq!(through(&[Note::T38Refused]), [Lesson::Forget(Topic::T38)], "pages came through");
        assert_eq!(through(&[]), [], "there is nothing to forget");
    }

    #[test]
    fn what_is_not_about_the_fax_teaches_nothing() {
        for cause in [Cause::Cancelled, Cause::Heard(Sound::Voice), Cause::Busy, Cause::Interrupted] {
            assert_eq!(after_t38(&[], T38Trial::Agreed, 0, &cause), [], "{cause:?}");
            assert_eq!(after_v17(&[], REFUSED, 0, &cause), [], "{cause:?}");
            assert_eq!(after_v17(&[], DIED, 0, &cause), [], "{cause:?}");
        }
    }

    #[test]
    fn where_audio_does_no_better_t38_is_tried_again() {
        let (failed, refused) = ([Note::T38Failed], [Note::T38Refused]);
        let forget = [Lesson::Forget(Topic::T38)];
        assert_eq!(after_t38(&failed, T38Trial::NotTried, 0, &Cause::TrainingFailed), forget);
        assert_eq!(after_t38(&failed, T38Trial::NotTried, 1, &Cause::Sent), [], "it stays until it expires");
        assert_eq!(after_t38(&refused, T38Trial::NotTried, 0, &Cause::TrainingFailed), []);
        assert_eq!(after_t38(&refused, T38Trial::Agreed, 1, &Cause::Sent), forget, "the far end asked itself");
    }

    #[test]
    fn v17_that_was_refused_again_and_again_is_left_out_of_the_next_call() {
        let failed = [Lesson::Remember(Note::V17Failed)];
        let given_up = V17Trial { left: true, ..REFUSED };
        assert_eq!(after_v17(&[], given_up, 1, &Cause::Sent), failed, "V.29 brought the page");
        assert_eq!(after_v17(&[], given_up, 1, &Cause::Disconnected(Phase::C)), failed, "a page of it");
        for cause in [Cause::Disconnected(Phase::B), Cause::NoResponse(Phase::B), Cause::MediaLost] {
            assert_eq!(after_v17(&[], REFUSED, 0, &cause), failed, "{cause:?}: it did not wait for V.29");
            assert_eq!(after_v17(&[], V17Trial { refused: 1, ..REFUSED }, 0, &cause), [], "{cause:?}: a click");
        }
    }

    #[test]
    fn a_line_that_takes_no_modem_says_nothing_about_v17() {
        let given_up = V17Trial { left: true, ..REFUSED };
        assert_eq!(after_v17(&[], given_up, 0, &Cause::TrainingFailed), []);
        assert_eq!(after_v17(&[], given_up, 0, &Cause::Disconnected(Phase::B)), []);
        assert_eq!(after_v17(&[], V17Trial { left: true, ..DIED }, 0, &Cause::PageRejected), []);
        assert_eq!(after_v17(&[], V17Trial::default(), 1, &Cause::Sent), [], "it was not tried");
        for trial in [REFUSED, DIED, given_up] {
            let trial = V17Trial { amid_damage: true, ..trial };
            assert_eq!(after_v17(&[Note::V17Suspected], trial, 0, &Cause::Disconnected(Phase::B)), []);
            assert_eq!(after_v17(&[], trial, 1, &Cause::Sent), [], "V.29 bears more");
        }
        let known = [Note::V17Failed];
        assert_eq!(after_v17(&known, V17Trial::default(), 0, &Cause::TrainingFailed), [Lesson::Forget(Topic::V17)]);
        assert_eq!(after_v17(&known, V17Trial::default(), 1, &Cause::Sent), [], "it stays until it expires");
        assert_eq!(after_v17(&known, V17Trial::default(), 0, &Cause::Busy), []);
    }

    #[test]
    fn a_call_that_dies_over_v17_may_do_so_once_by_chance_and_not_twice() {
        for cause in [Cause::Disconnected(Phase::C), Cause::NoResponse(Phase::D), Cause::PageRejected] {
            assert_eq!(after_v17(&[], DIED, 0, &cause), [Lesson::Remember(Note::V17Suspected)], "{cause:?}");
            assert_eq!(after_v17(&[Note::V17Suspected], DIED, 0, &cause), [Lesson::Remember(Note::V17Failed)]);
        }
        let brought = V17Trial { pages: 1, ..DIED };
        let forget = [Lesson::Forget(Topic::V17)];
        assert_eq!(after_v17(&[Note::V17Suspected], brought, 1, &Cause::Disconnected(Phase::C)), forget);
        assert_eq!(
            after_v17(&[], V17Trial { left: true, ..DIED }, 1, &Cause::Sent),
            [Lesson::Remember(Note::V17Failed)]
        );
    }

    #[test]
    fn where_t38_is_blamed_v17_is_not() {
        let seen = Seen { t38: Some(T38Trial::Agreed), v17: REFUSED, ..call(&Cause::Disconnected(Phase::B), 0) };
        assert_eq!(lessons(&Known::default(), seen), [Lesson::Remember(Note::T38Failed)]);
        let seen = Seen { t38: Some(T38Trial::NotTried), ..seen };
        let known = Known::new(vec![Note::T38Failed]);
        let both = [Lesson::Forget(Topic::T38), Lesson::Remember(Note::V17Failed)];
        assert_eq!(lessons(&known, seen), both, "over audio it is V.17 again: T.38 was not the trouble");
    }

    #[test]
    fn words_come_back() {
        for note in Note::ALL {
            assert_eq!(Note::from_words(note.topic().word(), note.word()), Some(note));
        }
        assert_eq!(Note::from_words("t38", "suspected"), None);
    }
}
