//! Why a call ended as it did and what somebody can do about it, from its cause and from what was seen on the wire.

use super::dissect::Findings;
use super::step::{Loss, Side};
use crate::model::{Cause, Sound};

/// Packets lost of a hundred from which the network is worth a word.
const LOSS_WORTH_A_WORD: u64 = 2;

/// Packets of audio lost of a thousand from which the network is worth a word: each costs frames of a page, or a signal.
const AUDIO_LOSS_WORTH_A_WORD: u64 = 5;

/// Sentences for the administrator, the likeliest first. Of a call that ended well, only what the network did. `audio` is what became of our
/// packets and of the far end's, where the fax went over audio.
#[must_use]
pub fn advice(cause: &Cause, findings: Option<&Findings>, audio: [Loss; 2]) -> Vec<String> {
    let mut advice = Vec::new();
    if let Some(findings) = findings {
        advice.extend(seen(cause, findings));
    }
    if advice.is_empty() {
        advice.extend(known(cause).map(str::to_owned));
    }
    advice.extend(findings.and_then(losses));
    let ways = [(Side::Near, "to the far end, as it says"), (Side::Far, "to us")];
    advice.extend(ways.into_iter().filter_map(|(side, way)| audio_losses(audio[side.index()], way)));
    advice
}

/// What the packets prove.
fn seen(cause: &Cause, findings: &Findings) -> Option<String> {
    let [near, far] = findings.fax;
    let failed = !matches!(cause, Cause::Sent | Cause::Cancelled | Cause::Interrupted);
    if !failed {
        return None;
    }
    if !findings.heard_back && *cause == Cause::TrunkDown {
        return Some(
            "No answer came to any of our INVITEs. Is trunk.proxy right, is the trunk up, and do its answers reach sip.listen \
             through firewall and NAT (sip.public_address)? faxramp trunk test tries it."
                .into(),
        );
    }
    if let (Some(status), false, Cause::NoCommonTransport) = (findings.t38_refused, findings.t38_agreed, cause) {
        let whom = match findings.t38_asked_by {
            Some(Side::Near) => "The far end refused our T.38",
            Some(Side::Far) | None => "T.38 was asked of us and refused",
        };
        return Some(format!(
            "{whom} with {status}. Ask whoever runs the trunk to allow T.38 on it, or let its faxes go over \
             audio (fax = \"auto\")."
        ));
    }
    if findings.t38_agreed && far.arrived == 0 && near.arrived > 0 {
        return Some(
            "T.38 was agreed on, but no packet of it came. A firewall or NAT is in the way: let UDP to sip.media_ports through, \
             and set sip.public_address to the address the trunk can reach."
                .into(),
        );
    }
    if findings.answered && findings.t38_asked_by.is_none() && *cause == Cause::NoFaxHeard {
        return Some(
            "The call was answered, and nobody asked for T.38. A person or an answering machine may have taken it: call the number \
             from a telephone and listen."
                .into(),
        );
    }
    None
}

/// What is commonly so.
const fn known(cause: &Cause) -> Option<&'static str> {
    Some(match cause {
        Cause::Sent | Cause::Cancelled | Cause::Interrupted | Cause::Expired | Cause::CannotRender(_) => return None,
        Cause::LastConfirmationLost => {
            "All pages went out. Ask the recipient before sending again: he most likely has the fax."
        }
        Cause::Busy => {
            "It is dialled again by queue.retry.busy. A number that is busy at every hour may be no fax line: call it from a telephone."
        }
        Cause::NoAnswer => {
            "The machine may be switched off or out of paper. It is dialled again by queue.retry.no_answer."
        }
        Cause::Unallocated => {
            "Check the number. If it can be called from a telephone, the trunk wants it written in another way: see number_format, \
             strip and prepend of its [[trunk]]."
        }
        Cause::Rejected => {
            "Trunks often refuse calls that show a number that is not theirs: see caller_number of the [[trunk]]. Else the called \
             side does not want our calls."
        }
        Cause::Congestion { .. } => {
            "The network had no way through. If it happens at every hour, ask whoever runs the trunk, with the Call-ID below."
        }
        Cause::TrunkDown => "Is the trunk up and its proxy right? faxramp trunk test tries it.",
        Cause::TrunkAuthentication => "Check username and password of the [[trunk]].",
        Cause::TrunkEncryption => {
            "Whoever runs the trunk must let its calls use SRTP with keys in SDP (SDES). With srtp = \"offer\" in the [[trunk]] calls go \
             on without."
        }
        Cause::Heard(sound) => heard(*sound),
        Cause::NoFaxHeard => "A person or an answering machine may have taken the call: call the number and listen.",
        Cause::NoCommonTransport => {
            "The far end takes neither T.38 nor anything else that the trunk may use. Ask whoever runs the trunk to allow T.38 on it, or \
             let its faxes go over audio (fax = \"auto\")."
        }
        Cause::Incompatible(_) => "The machine there lacks something. Its abilities stand in the ladder beside DIS.",
        Cause::TrainingFailed => {
            "No speed was good enough. A gateway on the way may play tones badly: try a lower fax.max_rate, or another trunk."
        }
        Cause::NoResponse(_) | Cause::Disconnected(_) => {
            "The far end went away. If it does so with every fax at the same step, the ladder shows what it did not like."
        }
        Cause::PageRejected => "The line damages pages. Error correction (fax.ecm) or a lower fax.max_rate helps.",
        Cause::NothingToPoll => {
            "Ask the owner of the machine whether the document is ready, and under which selective address."
        }
        Cause::PollPassword | Cause::PollRefused => {
            "Ask the owner of the document for its selective address and password."
        }
        Cause::ProtocolError(_) => "The ladder shows the step. Please report it with the capture.",
        Cause::MediaLost => {
            "Packets stopped coming in the middle. A firewall that forgets connections, or a trunk that hung up without a word."
        }
        Cause::TooManyPages { .. } => "Raise max_pages of the [[allow]], or send the fax in parts.",
        Cause::TooLong => "Raise max_call of the [[trunk]], or send the fax in parts.",
        Cause::Local(_) => "The log of the server tells more.",
    })
}

const fn heard(sound: Sound) -> &'static str {
    match sound {
        Sound::Voice | Sound::AnsweringMachine => {
            "It is most likely a telephone and no fax. It is rung once more by queue.retry.not_a_fax."
        }
        Sound::DialTone => {
            "Somebody waits for more digits. Is the number complete, and does the trunk want it in another way (prepend, strip)?"
        }
        Sound::BusyTone => {
            "The trunk answers calls to busy numbers and plays the tone. It is dialled again by queue.retry.busy."
        }
        Sound::CongestionTone => {
            "The trunk answers and plays the tone of a network without a way through. If it happens at every hour, ask whoever runs \
             the trunk."
        }
        Sound::DataModem => "What answers there is a modem for data. Ask the recipient for the number of the fax.",
        Sound::InformationTone => "Check the number: the network announces that it cannot be reached.",
        Sound::Silence => {
            "Not one sound came. A firewall or NAT may hold back audio: let UDP to sip.media_ports through, and set \
             sip.public_address to the address the trunk can reach."
        }
    }
}

/// A word about the audio that was lost on one way.
fn audio_losses(loss: Loss, way: &str) -> Option<String> {
    let thousandths = (loss.lost * 1000).checked_div(loss.arrived + loss.lost).unwrap_or(0);
    (thousandths >= AUDIO_LOSS_WORTH_A_WORD).then(|| {
        format!(
            "The network lost {}.{} % of the audio on its way {way}. Faxes over audio bear little of that: let it go first there (QoS), or ask \
             for T.38.",
            thousandths / 10,
            thousandths % 10
        )
    })
}

/// A word about the network, if it lost much.
fn losses(findings: &Findings) -> Option<String> {
    let far = findings.fax[Side::Far.index()];
    (far.percent() >= LOSS_WORTH_A_WORD).then(|| {
        format!(
            "The network lost {} of 100 packets on their way to us: {} came back by repetition, {} did not.",
            far.percent(),
            far.rebuilt,
            far.lost
        )
    })
}
