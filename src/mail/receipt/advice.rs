//! What the sender can do after a failure, by cause. One sentence or two, no blame, no jargon.

use crate::model::{Cause, Outcome, Phase, Sound};

/// The next step for the sender.
pub(super) fn next_step(outcome: &Outcome) -> String {
    let step = step(&outcome.cause);
    let Outcome { pages_confirmed, pages_total, .. } = outcome;
    if *pages_confirmed == 0 || pages_confirmed >= pages_total {
        return step.into();
    }
    let first = pages_confirmed.saturating_add(1);
    if first == *pages_total {
        format!("{step} Only page {first} is missing at the recipient; you need not send the others again.")
    } else {
        format!(
            "{step} Pages {first} to {pages_total} are missing at the recipient; you need not send the others again."
        )
    }
}

const fn step(cause: &Cause) -> &'static str {
    match cause {
        Cause::Busy => {
            "The machine may be in use for longer, or its line may be off the hook. Send the fax again later, or ask the recipient \
             for another fax number."
        }
        Cause::NoAnswer => {
            "The machine may be switched off. Check the number, or ask the recipient to switch the machine on, and send the fax \
             again."
        }
        Cause::Unallocated => "Check the number, with country and area code, and send the fax again to the right one.",
        Cause::Rejected => {
            "Check the number. If it is right, the recipient's line does not take our calls: tell your administrator."
        }
        Cause::Congestion { .. } | Cause::TrunkDown => {
            "This is not the recipient's fault. Send the fax again later; if it goes on, tell your administrator."
        }
        Cause::TrunkAuthentication | Cause::TrunkEncryption => {
            "This is a fault of the fax server's set-up: tell your administrator."
        }
        Cause::Heard(sound) => heard(*sound),
        Cause::NoFaxHeard => {
            "Check the number: a person or a voice system may have answered. If it is right, ask the recipient to \
             switch the machine to receive by itself."
        }
        Cause::NoCommonTransport => "The recipient's line cannot be reached with fax over IP: tell your administrator.",
        Cause::Incompatible(_) => "Ask the recipient for another fax machine or another way to send the document.",
        Cause::TrainingFailed | Cause::MediaLost | Cause::PageRejected => {
            "The connection was bad. Send the fax again; if it fails again, tell your administrator."
        }
        Cause::NoResponse(phase) | Cause::Disconnected(phase) => match phase {
            Phase::A | Phase::B => "Check the number. If it is right, send the fax again later.",
            Phase::C | Phase::D | Phase::E => {
                "The machine may be out of paper or memory. Ask the recipient to look at it, and send the fax again."
            }
        },
        Cause::NothingToPoll => "Ask the recipient to make the document ready, and fetch it again.",
        Cause::PollPassword | Cause::PollRefused => "Check the password and the selective address of the document.",
        Cause::ProtocolError(_) => "Send the fax again; if it fails again, tell your administrator.",
        Cause::TooLong => "Send fewer pages at a time, or at a lower resolution.",
        Cause::Interrupted | Cause::Local(_) => "Send the fax again; if it fails again, tell your administrator.",
        Cause::CannotRender(_) => "Send the document in another format, best as PDF.",
        Cause::TooManyPages { .. } => {
            "Send fewer pages at a time, or ask your administrator for a higher limit (max_pages of your rule in [[allow]])."
        }
        Cause::Expired => "Check the number, and send the fax again if it still matters.",
        Cause::Cancelled | Cause::Sent | Cause::LastConfirmationLost => {
            "Ask the recipient what arrived before sending anything again."
        }
    }
}

const fn heard(sound: Sound) -> &'static str {
    match sound {
        Sound::Voice | Sound::AnsweringMachine => {
            "Check the number: it is most likely a telephone. If it is right, ask the recipient to switch the machine to receive by \
             itself."
        }
        Sound::DataModem => "Check the number: what answers there is no fax machine.",
        Sound::DialTone => "Check whether the number is complete, and send the fax again to the right one.",
        Sound::BusyTone => {
            "The machine may be in use for longer, or its line may be off the hook. Send the fax again later, or ask the recipient \
             for another fax number."
        }
        Sound::CongestionTone => {
            "This is not the recipient's fault. Send the fax again later; if it goes on, tell your administrator."
        }
        Sound::InformationTone => {
            "Check the number, with country and area code, and send the fax again to the right one."
        }
        Sound::Silence => "Check the number, and send the fax again later; if it fails again, tell your administrator.",
    }
}
