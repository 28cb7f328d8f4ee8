//! Several faxes in one call: what its end means for those that were not on the line, and what it teaches of the number.
//!
//! A fax whose DCS was sent has an outcome of its own, and it counts. Of the others nothing was sent. Where the call never came to a fax
//! at all, what went wrong is the number's or the trunk's, and each of them would have met it in a call of its own: it is the outcome of
//! all, so that a busy number is not dialled once more for each. In every other case they go back to the queue and lose no try.

use crate::model::{Cause, Phase};

/// Whether a call that ended so before any fax of it had begun says the same of every fax to that number.
#[must_use]
pub const fn concerns_the_number(cause: &Cause) -> bool {
    match cause {
        Cause::Busy
        | Cause::NoAnswer
        | Cause::Unallocated
        | Cause::Rejected
        | Cause::Congestion { .. }
        | Cause::TrunkDown
        | Cause::TrunkAuthentication
        | Cause::TrunkEncryption
        | Cause::NoFaxHeard
        | Cause::Heard(_)
        | Cause::NoCommonTransport
        | Cause::NoResponse(_)
        | Cause::Disconnected(_)
        | Cause::ProtocolError(_)
        | Cause::MediaLost => true,
        // The page, a person, or we.
        Cause::Sent
        | Cause::LastConfirmationLost
        | Cause::Incompatible(_)
        | Cause::TrainingFailed
        | Cause::PageRejected
        | Cause::NothingToPoll
        | Cause::PollPassword
        | Cause::PollRefused
        | Cause::TooLong
        | Cause::Interrupted
        | Cause::Cancelled
        | Cause::CannotRender(_)
        | Cause::TooManyPages { .. }
        | Cause::Expired
        | Cause::Local(_) => false,
    }
}

/// How a call for several faxes went.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BatchCall {
    /// Faxes of which a page was confirmed in it.
    pub faxes: u32,
    /// Pages of the last fax begun, or to be begun, that are not confirmed.
    pub pages_missing: u32,
    /// Whether a page of that one was confirmed in this call.
    pub has_pages: bool,
    /// Whether others were to follow.
    pub others_follow: bool,
}

/// What the call teaches: that the number takes one fax a call (true), that it takes several (false), or nothing.
///
/// A machine that does not know EOM does not answer it, hangs up on it, or does not come back with a DIS.
// T.30 (09/2005) §5.3.6.1.6
#[must_use]
pub const fn takes_one_fax(call: BatchCall, cause: &Cause) -> Option<bool> {
    let is_silence = matches!(
        cause,
        Cause::NoResponse(_)
            | Cause::Disconnected(_)
            | Cause::MediaLost
            | Cause::LastConfirmationLost
            | Cause::ProtocolError(_)
    );
    let at_the_end =
        matches!(cause, Cause::LastConfirmationLost | Cause::NoResponse(Phase::D) | Cause::Disconnected(Phase::D));
    match call.faxes {
        2.. => Some(false),
        1 if !call.has_pages && is_silence => Some(true),
        0 | 1 if call.others_follow && call.pages_missing == 1 && at_the_end => Some(true),
        0 | 1 => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{BatchCall, concerns_the_number, takes_one_fax};
    use crate::model::{Cause, Phase};

    #[test]
    fn a_busy_number_is_busy_for_all_and_a_page_that_does_not_fit_is_one_fax_s_matter() {
        assert!(concerns_the_number(&Cause::Busy) && concerns_the_number(&Cause::TrunkDown));
        assert!(!concerns_the_number(&Cause::Incompatible("it is too wide")));
        assert!(!concerns_the_number(&Cause::Cancelled) && !concerns_the_number(&Cause::Interrupted));
    }

    #[test]
    fn a_machine_that_does_not_come_back_after_eom_takes_one_fax_a_call() {
        let gone = BatchCall { faxes: 1, pages_missing: 2, has_pages: false, others_follow: false };
        assert_eq!(takes_one_fax(gone, &Cause::NoResponse(Phase::B)), Some(true));
        assert_eq!(takes_one_fax(gone, &Cause::Disconnected(Phase::B)), Some(true));
        assert_eq!(takes_one_fax(gone, &Cause::Cancelled), None, "a person did that");
        assert_eq!(takes_one_fax(gone, &Cause::TrainingFailed), None, "that is the line");
        let unanswered = BatchCall { faxes: 0, pages_missing: 1, has_pages: false, others_follow: true };
        assert_eq!(takes_one_fax(unanswered, &Cause::LastConfirmationLost), Some(true), "no answer to EOM");
        assert_eq!(takes_one_fax(BatchCall { others_follow: false, ..unanswered }, &Cause::LastConfirmationLost), None);
        assert_eq!(takes_one_fax(BatchCall { pages_missing: 2, ..unanswered }, &Cause::Disconnected(Phase::D)), None);
    }

    #[test]
    fn a_number_that_took_two_takes_several() {
        let both = BatchCall { faxes: 2, pages_missing: 0, has_pages: true, others_follow: false };
        assert_eq!(takes_one_fax(both, &Cause::Sent), Some(false));
        assert_eq!(takes_one_fax(BatchCall { faxes: 1, ..both }, &Cause::Sent), None);
    }
}
