//! Why a registration failed, as a value and as a sentence.

use crate::sip::{digest::Unanswerable, message::Message};
use std::time::Duration;

/// Why the registrar does not keep us.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum RegistrationTrouble {
    /// No answer at all.
    #[error("the registrar does not answer")]
    Silence,
    /// There is no way to it.
    #[error("the registrar cannot be reached: there is no connection to it")]
    NoWay,
    /// It refused our user name or password, or forbids what we ask.
    #[error("the registrar refused our user name or password (SIP {0})")]
    Credentials(u16),
    /// It asks who we are, and there is nothing to answer with, or not for its realm.
    #[error("the registrar asks for a password, and none is configured for its realm")]
    NoCredentials,
    /// It asks in a way we do not know.
    #[error("the registrar asks for a password in a way that is not known here (no digest with MD5 or SHA-2)")]
    UnknownScheme,
    /// It does not know the address that is to be registered.
    #[error("the registrar does not know the user that is to be registered (SIP {0})")]
    UnknownAddress(u16),
    /// It said yes, and keeps no address of ours.
    #[error("the registrar answered that all is well, but does not list our address")]
    NotKept,
    /// It sends us to a place that cannot be followed.
    #[error("the registrar sends us elsewhere ({0}); name that place in trunk.registrar")]
    Redirected(String),
    /// Any other failure.
    #[error("the registrar refused (SIP {status} {reason})")]
    Refused {
        /// The status.
        status: u16,
        /// Its phrase.
        reason: String,
        /// When to come again, when it told.
        retry_after: Option<Duration>,
    },
}

impl RegistrationTrouble {
    pub(super) fn challenged(status: u16, reason: Unanswerable) -> Self {
        match reason {
            Unanswerable::NoCredentials => Self::NoCredentials,
            Unanswerable::UnknownScheme => Self::UnknownScheme,
            Unanswerable::Refused => Self::Credentials(status),
        }
    }

    /// What a final failure means.
    // RFC 3261 §10.3
    pub(super) fn of(response: &Message) -> Self {
        match response.status().unwrap_or_default() {
            status @ 403 => Self::Credentials(status),
            status @ (404 | 604) => Self::UnknownAddress(status),
            status => Self::Refused {
                status,
                reason: response.reason_phrase().to_owned(),
                retry_after: response.retry_after(),
            },
        }
    }

    /// Whether a person has to mend something before it can work.
    #[must_use]
    pub const fn needs_a_person(&self) -> bool {
        match self {
            Self::Credentials(_) | Self::NoCredentials | Self::UnknownScheme | Self::UnknownAddress(_) => true,
            Self::Silence | Self::NoWay | Self::NotKept | Self::Redirected(_) | Self::Refused { .. } => false,
        }
    }
}
