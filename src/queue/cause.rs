//! A [`Cause`] as two columns, its word and what else it carries, and back.

use crate::model::{Cause, Phase, Sound};
use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

/// Different texts kept for causes that carry a text of the program's own. There are a few dozen in the code.
const MAX_KEPT_TEXTS: usize = 512;
/// What stands for a text when the limit is reached.
const UNKNOWN_TEXT: &str = "an unknown fault";

/// What the cause carries beside its word.
pub(super) fn detail(cause: &Cause) -> Option<String> {
    match cause {
        Cause::Congestion { status } => Some(status.to_string()),
        Cause::Incompatible(text) | Cause::ProtocolError(text) => Some((*text).to_owned()),
        Cause::NoResponse(phase) | Cause::Disconnected(phase) => Some(letter(*phase).to_owned()),
        Cause::CannotRender(text) | Cause::Local(text) => Some(text.clone()),
        Cause::TooManyPages { pages, most } => Some(format!("{pages}/{most}")),
        Cause::Sent
        | Cause::LastConfirmationLost
        | Cause::Busy
        | Cause::NoAnswer
        | Cause::Unallocated
        | Cause::Rejected
        | Cause::TrunkDown
        | Cause::TrunkAuthentication
        | Cause::TrunkEncryption
        | Cause::NoFaxHeard
        | Cause::Heard(_)
        | Cause::NoCommonTransport
        | Cause::TrainingFailed
        | Cause::PageRejected
        | Cause::NothingToPoll
        | Cause::PollPassword
        | Cause::PollRefused
        | Cause::MediaLost
        | Cause::TooLong
        | Cause::Interrupted
        | Cause::Cancelled
        | Cause::Expired => None,
    }
}

/// The cause that a row names.
pub(super) fn cause(word: &str, detail: Option<&str>) -> Option<Cause> {
    let text = || detail.unwrap_or_default();
    Some(match word {
        "sent" => Cause::Sent,
        "last-confirmation-lost" => Cause::LastConfirmationLost,
        "busy" => Cause::Busy,
        "no-answer" => Cause::NoAnswer,
        "unallocated" => Cause::Unallocated,
        "rejected" => Cause::Rejected,
        "congestion" => Cause::Congestion { status: text().parse().ok()? },
        "trunk-down" => Cause::TrunkDown,
        "trunk-authentication" => Cause::TrunkAuthentication,
        "trunk-encryption" => Cause::TrunkEncryption,
        "no-fax-heard" => Cause::NoFaxHeard,
        "no-common-transport" => Cause::NoCommonTransport,
        "incompatible" => Cause::Incompatible(kept(text())),
        "training-failed" => Cause::TrainingFailed,
        "no-response" => Cause::NoResponse(phase(text())?),
        "disconnected" => Cause::Disconnected(phase(text())?),
        "page-rejected" => Cause::PageRejected,
        "nothing-to-poll" => Cause::NothingToPoll,
        "poll-password" => Cause::PollPassword,
        "poll-refused" => Cause::PollRefused,
        "protocol-error" => Cause::ProtocolError(kept(text())),
        "media-lost" => Cause::MediaLost,
        "too-long" => Cause::TooLong,
        "interrupted" => Cause::Interrupted,
        "cancelled" => Cause::Cancelled,
        "cannot-render" => Cause::CannotRender(text().to_owned()),
        "too-many-pages" => {
            let (pages, most) = text().split_once('/')?;
            Cause::TooManyPages { pages: pages.parse().ok()?, most: most.parse().ok()? }
        }
        "expired" => Cause::Expired,
        "local-fault" => Cause::Local(text().to_owned()),
        _ => Cause::Heard(Sound::ALL.into_iter().find(|sound| sound.word() == word)?),
    })
}

const fn letter(phase: Phase) -> &'static str {
    match phase {
        Phase::A => "A",
        Phase::B => "B",
        Phase::C => "C",
        Phase::D => "D",
        Phase::E => "E",
    }
}

fn phase(text: &str) -> Option<Phase> {
    Phase::ALL.into_iter().find(|phase| letter(*phase) == text)
}

/// These texts are literals in the code that wrote the row, so there are few; each is kept once and for ever.
fn kept(text: &str) -> &'static str {
    static KEPT: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());
    let mut texts = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(found) = texts.get(text) {
        return found;
    }
    if texts.len() >= MAX_KEPT_TEXTS {
        return UNKNOWN_TEXT;
    }
    let text: &'static str = Box::leak(text.into());
    texts.insert(text);
    text
}

#[cfg(test)]
mod tests {
    use super::{cause, detail};
    use crate::model::Cause;

    #[test]
    fn every_cause_comes_back_from_its_row_as_it_went_in() {
        for original in Cause::examples() {
            assert_eq!(cause(original.word(), detail(&original).as_deref()), Some(original));
        }
    }

    #[test]
    fn a_word_or_detail_nobody_wrote_is_no_cause() {
        assert_eq!(cause("lost", None), None);
        assert_eq!(cause("congestion", Some("x")), None);
        assert_eq!(cause("disconnected", None), None);
        assert_eq!(cause("too-many-pages", Some("31")), None);
    }
}
