//! Why a fax ended: for each cause a sentence, an enhanced status code, a retry class and a word.

use super::{Phase, RetryClass, Sound};

/// Why a call or a job ended.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Cause {
    /// Every page was confirmed.
    Sent,
    /// Every page was sent, and all but the last confirmed; the confirmation of the last was lost.
    LastConfirmationLost,
    /// The line was engaged (SIP 486, 600).
    Busy,
    /// It rang, but nobody answered (SIP 408, 480, our own ringing limit).
    NoAnswer,
    /// The number does not exist (SIP 404, 410, 484, 604).
    Unallocated,
    /// The called side refused the call (SIP 403, 603).
    Rejected,
    /// The network had no way through (SIP 5xx, 6xx).
    Congestion {
        /// The final SIP status.
        status: u16,
    },
    /// The trunk did not answer at all or could not be reached.
    TrunkDown,
    /// The trunk refused our credentials (401, 407 after an answer).
    TrunkAuthentication,
    /// The trunk does not encrypt audio as its settings require (SRTP).
    TrunkEncryption,
    /// The call was answered, but no fax signal came.
    NoFaxHeard,
    /// The call was answered, and in place of a fax this was heard.
    Heard(Sound),
    /// The far end offers no fax transport that we have.
    NoCommonTransport,
    /// The far end cannot receive: what it lacks, in words.
    Incompatible(&'static str),
    /// No speed at all passed the training check.
    TrainingFailed,
    /// The far end did not answer a command after all repeats.
    NoResponse(Phase),
    /// The far end sent DCN, or hung up, before the end.
    Disconnected(Phase),
    /// The far end rejected a page after all repeats at all speeds.
    PageRejected,
    /// Polling: there was no document to be fetched, at the far end when we asked, or here when it asked.
    NothingToPoll,
    /// Polling: the far end asked for a document of ours without its password, or with a wrong one.
    PollPassword,
    /// Polling: the far end had a document and hung up when we asked for it.
    PollRefused,
    /// The far end broke the procedure: what it did, in words.
    ProtocolError(&'static str),
    /// No packet came for too long.
    MediaLost,
    /// The call took longer than the limit for one call.
    TooLong,
    /// Our side ended in the middle of the call (crash or shut-down).
    Interrupted,
    /// A person cancelled the job.
    Cancelled,
    /// The document could not be turned into pages: the reason, in words.
    CannotRender(String),
    /// The fax has more pages than the rule allows by which its sender may dial.
    TooManyPages {
        /// Pages there are.
        pages: u32,
        /// Pages that are allowed.
        most: u32,
    },
    /// The job's lifetime is over.
    Expired,
    /// A disk, socket or other local fault: the reason, in words.
    Local(String),
}

impl Cause {
    /// One sentence for people, without a full stop.
    #[must_use]
    pub fn sentence(&self) -> String {
        match self {
            Self::Sent => "all pages were confirmed by the receiving machine".into(),
            Self::LastConfirmationLost => {
                "all pages were sent, but the confirmation of the last one did not arrive; it was most likely received"
                    .into()
            }
            Self::Busy => "the line was busy".into(),
            Self::NoAnswer => "nobody answered".into(),
            Self::Unallocated => "the number does not exist or is not in service".into(),
            Self::Rejected => "the called side refused the call".into(),
            Self::Congestion { status } => format!("the telephone network could not place the call (SIP {status})"),
            Self::TrunkDown => "the telephone trunk could not be reached".into(),
            Self::TrunkAuthentication => "the telephone trunk refused our user name or password".into(),
            Self::TrunkEncryption => {
                "the telephone trunk does not encrypt the call (SRTP), as its settings require".into()
            }
            Self::NoFaxHeard => "the call was answered, but no fax machine was heard".into(),
            Self::Heard(sound) => sound.sentence().into(),
            Self::NoCommonTransport => "the called side takes no fax transport that we can offer".into(),
            Self::Incompatible(what) => format!("the receiving machine cannot take this fax: {what}"),
            Self::TrainingFailed => "the line was too bad for every speed".into(),
            Self::NoResponse(phase) => format!("the receiving machine stopped answering {}", phase.words()),
            Self::Disconnected(phase) => format!("the receiving machine hung up {}", phase.words()),
            Self::PageRejected => "the receiving machine rejected a page as unreadable, again and again".into(),
            Self::NothingToPoll => "there was no document to be fetched".into(),
            Self::PollPassword => "the document was asked for without its password or with a wrong one".into(),
            Self::PollRefused => {
                "the machine did not hand out its document; it may want another password or selective address".into()
            }
            Self::ProtocolError(what) => format!("the receiving machine broke the fax procedure: {what}"),
            Self::MediaLost => "the connection went silent in the middle of the call".into(),
            Self::TooLong => "the call took longer than allowed".into(),
            Self::Interrupted => "the fax server was stopped in the middle of the call".into(),
            Self::Cancelled => "the fax was cancelled".into(),
            Self::CannotRender(reason) => format!("the document could not be turned into pages: {reason}"),
            Self::TooManyPages { pages, most } => {
                format!("the fax has {pages} pages, and its sender may send {most} at most to this number")
            }
            Self::Expired => "the fax could not be sent within its lifetime".into(),
            Self::Local(reason) => format!("the fax server had a fault of its own: {reason}"),
        }
    }

    /// The sentence where the pages come from the far end: a fax received, or a document fetched.
    #[must_use]
    pub fn sentence_when_receiving(&self) -> String {
        match self {
            Self::Sent => "all pages were received".into(),
            Self::Expired => "the document could not be fetched within its lifetime".into(),
            Self::Incompatible(what) => format!("the two machines do not fit together: {what}"),
            other @ (Self::LastConfirmationLost
            | Self::Busy
            | Self::NoAnswer
            | Self::Unallocated
            | Self::Rejected
            | Self::Congestion { .. }
            | Self::TrunkDown
            | Self::TrunkAuthentication
            | Self::TrunkEncryption
            | Self::NoFaxHeard
            | Self::Heard(_)
            | Self::NoCommonTransport
            | Self::TrainingFailed
            | Self::NoResponse(_)
            | Self::Disconnected(_)
            | Self::PageRejected
            | Self::NothingToPoll
            | Self::PollPassword
            | Self::PollRefused
            | Self::ProtocolError(_)
            | Self::MediaLost
            | Self::TooLong
            | Self::Interrupted
            | Self::Cancelled
            | Self::CannotRender(_)
            | Self::TooManyPages { .. }
            | Self::Local(_)) => other.sentence().replace("receiving machine", "sending machine"),
        }
    }

    /// The enhanced status code for reports.
    // RFC 3463 §3
    #[must_use]
    pub const fn enhanced_code(&self) -> &'static str {
        match self {
            Self::Sent | Self::LastConfirmationLost => "2.1.5",
            Self::Busy | Self::NoAnswer => "4.4.1",
            Self::Heard(sound) => sound.enhanced_code(),
            Self::Unallocated => "5.1.2",
            Self::Rejected => "5.7.1",
            Self::Congestion { .. }
            | Self::TrunkDown
            | Self::TrunkAuthentication
            | Self::TrunkEncryption
            | Self::Interrupted => "4.4.2",
            Self::NoFaxHeard | Self::NoCommonTransport | Self::Incompatible(_) => "5.4.4",
            Self::TrainingFailed
            | Self::NoResponse(_)
            | Self::Disconnected(_)
            | Self::PageRejected
            | Self::ProtocolError(_)
            | Self::MediaLost
            | Self::TooLong => "5.4.0",
            Self::NothingToPoll => "5.6.0",
            Self::Cancelled => "5.7.0",
            Self::PollPassword | Self::PollRefused => "5.7.8",
            Self::CannotRender(_) => "5.6.1",
            Self::TooManyPages { .. } => "5.3.4",
            Self::Expired => "5.4.7",
            Self::Local(_) => "4.3.0",
        }
    }

    /// What may be done next.
    #[must_use]
    pub const fn retry_class(&self) -> RetryClass {
        match self {
            Self::Sent => RetryClass::Delivered,
            Self::LastConfirmationLost => RetryClass::DoNotRepeat,
            Self::Busy => RetryClass::Busy,
            Self::NoAnswer => RetryClass::NoAnswer,
            Self::Congestion { .. }
            | Self::TrunkDown
            | Self::TrunkAuthentication
            | Self::TrunkEncryption
            | Self::Local(_) => RetryClass::Trunk,
            Self::NoFaxHeard => RetryClass::NotAFax,
            Self::Heard(sound) => sound.retry_class(),
            Self::TrainingFailed
            | Self::NoCommonTransport
            | Self::NoResponse(_)
            | Self::Disconnected(_)
            | Self::PageRejected
            | Self::ProtocolError(_)
            | Self::MediaLost => RetryClass::Fax,
            Self::Unallocated
            | Self::Rejected
            | Self::Incompatible(_)
            | Self::TooLong
            | Self::NothingToPoll
            | Self::PollPassword
            | Self::PollRefused
            | Self::Cancelled
            | Self::CannotRender(_)
            | Self::TooManyPages { .. }
            | Self::Expired => RetryClass::Never,
            Self::Interrupted => RetryClass::Resume,
        }
    }

    /// A short word for rows, logs and programs: `busy`, `no-answer`.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::LastConfirmationLost => "last-confirmation-lost",
            Self::Busy => "busy",
            Self::NoAnswer => "no-answer",
            Self::Unallocated => "unallocated",
            Self::Rejected => "rejected",
            Self::Congestion { .. } => "congestion",
            Self::TrunkDown => "trunk-down",
            Self::TrunkAuthentication => "trunk-authentication",
            Self::TrunkEncryption => "trunk-encryption",
            Self::NoFaxHeard => "no-fax-heard",
            Self::Heard(sound) => sound.word(),
            Self::NoCommonTransport => "no-common-transport",
            Self::Incompatible(_) => "incompatible",
            Self::TrainingFailed => "training-failed",
            Self::NoResponse(_) => "no-response",
            Self::Disconnected(_) => "disconnected",
            Self::PageRejected => "page-rejected",
            Self::NothingToPoll => "nothing-to-poll",
            Self::PollPassword => "poll-password",
            Self::PollRefused => "poll-refused",
            Self::ProtocolError(_) => "protocol-error",
            Self::MediaLost => "media-lost",
            Self::TooLong => "too-long",
            Self::Interrupted => "interrupted",
            Self::Cancelled => "cancelled",
            Self::CannotRender(_) => "cannot-render",
            Self::TooManyPages { .. } => "too-many-pages",
            Self::Expired => "expired",
            Self::Local(_) => "local-fault",
        }
    }
}

#[cfg(test)]
impl Cause {
    /// Each cause, with what it may carry, for tests of what has to hold of all.
    pub(crate) fn examples() -> Vec<Self> {
        let mut all = vec![
            Self::Sent,
            Self::LastConfirmationLost,
            Self::Busy,
            Self::NoAnswer,
            Self::Unallocated,
            Self::Rejected,
            Self::Congestion { status: 503 },
            Self::TrunkDown,
            Self::TrunkAuthentication,
            Self::TrunkEncryption,
            Self::NoFaxHeard,
            Self::NoCommonTransport,
            Self::Incompatible("it cannot receive"),
            Self::TrainingFailed,
            Self::PageRejected,
            Self::NothingToPoll,
            Self::PollPassword,
            Self::PollRefused,
            Self::ProtocolError("a DCS from the receiver"),
            Self::MediaLost,
            Self::TooLong,
            Self::Interrupted,
            Self::Cancelled,
            Self::CannotRender("report.docx is locked\0'--".into()),
            Self::TooManyPages { pages: 31, most: 20 },
            Self::Expired,
            Self::Local("no space".into()),
        ];
        all.extend(Sound::ALL.map(Self::Heard));
        all.extend(Phase::ALL.map(Self::NoResponse));
        all.extend(Phase::ALL.map(Self::Disconnected));
        all
    }
}
