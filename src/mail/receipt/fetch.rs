//! The words of a receipt about a document that was to be fetched, where they differ from those about a fax that was sent.

use super::{NEVER_CALLED, Verdict, pages};
use crate::mail::header::clean;
use crate::model::{Cause, Number, Outcome, Phase};

/// The heading.
pub(super) const fn title(verdict: Verdict, outcome: &Outcome) -> &'static str {
    match verdict {
        Verdict::Sent => "Document fetched",
        Verdict::Delayed => "Document not fetched yet",
        Verdict::Cancelled => "Fetch cancelled",
        Verdict::LastUnconfirmed | Verdict::Failed if outcome.pages_confirmed > 0 => "Document fetched only in part",
        Verdict::LastUnconfirmed | Verdict::Failed => "Document NOT fetched",
    }
}

/// The subject of the mail.
pub(super) fn subject(verdict: Verdict, number: &Number, outcome: &Outcome) -> String {
    let came = outcome.pages_confirmed;
    match verdict {
        Verdict::Sent => format!("Document fetched: {number} ({})", pages(came)),
        Verdict::Delayed => format!("Document not fetched yet: {number} ({})", failure(&outcome.cause)),
        Verdict::Cancelled => format!("Fetch cancelled: {number}"),
        Verdict::LastUnconfirmed | Verdict::Failed if came > 0 => {
            format!("Fetch FAILED: {number} (only {} came)", pages(came))
        }
        Verdict::LastUnconfirmed | Verdict::Failed => format!("Fetch FAILED: {number} ({})", failure(&outcome.cause)),
    }
}

/// What happened, in a paragraph or two. `mailboxes` got what came; `was_called`: at least one call was tried.
pub(in crate::mail) fn summary(
    verdict: Verdict,
    outcome: &Outcome,
    mailboxes: &[String],
    was_called: bool,
) -> Vec<String> {
    let cause = failure(&outcome.cause);
    let to = clean(&mailboxes.join(", "));
    let came = match outcome.pages_confirmed {
        0 if !was_called => NEVER_CALLED.to_owned(),
        0 => "No page came.".to_owned(),
        1 => format!("1 page came. It was mailed to {to}."),
        count => format!("{count} pages came. They were mailed to {to}."),
    };
    match verdict {
        Verdict::Sent => {
            let whole = if outcome.pages_confirmed == 1 { "The page was" } else { "All pages were" };
            vec![format!("{whole} received and mailed to {to}.")]
        }
        Verdict::Delayed => vec![format!("The document could not be fetched yet: {cause}."), came],
        Verdict::Cancelled => vec!["The fetch was cancelled by a person.".into(), came],
        Verdict::LastUnconfirmed | Verdict::Failed if outcome.pages_confirmed > 0 => {
            vec![format!("The document was not fetched completely: {cause}."), came]
        }
        Verdict::LastUnconfirmed | Verdict::Failed => vec![format!("The document was not fetched: {cause}."), came],
    }
}

/// The cause of a failure as words; one that means success proves nothing here.
pub(in crate::mail) fn failure(cause: &Cause) -> String {
    if matches!(cause, Cause::Sent | Cause::LastConfirmationLost) {
        "not all pages came".into()
    } else {
        clean(&cause.sentence_when_receiving())
    }
}

/// What can be done after a failure.
pub(super) const fn next_step(cause: &Cause) -> &'static str {
    match cause {
        Cause::NothingToPoll => {
            "Check the number. If it is right, ask whoever has the machine to make the document ready to be fetched, and \
             fetch it again."
        }
        Cause::PollPassword | Cause::PollRefused => {
            "Check the password and the selective address with whoever has the machine, and fetch the document again."
        }
        Cause::Incompatible(_) => {
            "The machine takes no selective address. If it has only one document, fetch it without one; else ask for another way to \
             get it."
        }
        Cause::Busy => {
            "The machine may be in use for longer, or its line may be off the hook. Fetch the document later."
        }
        Cause::NoAnswer | Cause::NoFaxHeard | Cause::Heard(_) => {
            "Check the number: the machine may be switched off, or a person may have answered. Then fetch the document again."
        }
        Cause::Unallocated => {
            "Check the number, with country and area code, and fetch the document from the right one."
        }
        Cause::Rejected => {
            "Check the number. If it is right, that line does not take our calls: tell your administrator."
        }
        Cause::Congestion { .. } | Cause::TrunkDown => {
            "This is not the other side's fault. Fetch the document later; if it goes on, tell your administrator."
        }
        Cause::TrunkAuthentication | Cause::TrunkEncryption => {
            "This is a fault of the fax server's set-up: tell your administrator."
        }
        Cause::NoCommonTransport => "That line cannot be reached with fax over IP: tell your administrator.",
        Cause::NoResponse(Phase::A | Phase::B) | Cause::Disconnected(Phase::A | Phase::B) => {
            "Check the number, and that the machine lets documents be fetched. Then fetch the document again."
        }
        Cause::NoResponse(Phase::C | Phase::D | Phase::E)
        | Cause::Disconnected(Phase::C | Phase::D | Phase::E)
        | Cause::TrainingFailed
        | Cause::MediaLost
        | Cause::PageRejected
        | Cause::ProtocolError(_)
        | Cause::Interrupted
        | Cause::Local(_) => "Fetch the document again; if it fails again, tell your administrator.",
        Cause::TooLong => "The document is too long for one call. Ask for another way to get it.",
        Cause::Expired => "Check the number, and fetch the document again if it still matters.",
        Cause::CannotRender(_)
        | Cause::TooManyPages { .. }
        | Cause::Cancelled
        | Cause::Sent
        | Cause::LastConfirmationLost => "Fetch the document again if it still matters.",
    }
}
