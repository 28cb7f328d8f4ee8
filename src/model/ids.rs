//! Names of rows, each a type of its own so that one cannot stand for another.

use std::fmt;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub struct $name(pub i64);

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(formatter)
            }
        }
    };
}

id!(
    /// An accepted mail, with one job per recipient.
    MessageId
);
id!(
    /// One fax to one number.
    JobId
);
id!(
    /// One call made for a job.
    AttemptId
);
id!(
    /// A fax received.
    ReceivedId
);
id!(
    /// A mail on its way out: a receipt or a received fax.
    MailId
);
id!(
    /// A document that others may fetch from us.
    OfferId
);
id!(
    /// One fetching of such a document by somebody who called.
    FetchingId
);

/// One call, either way: an attempt of ours, or a call that came in. Written `17` and `r5`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum CallId {
    /// We called.
    Out(AttemptId),
    /// We were called.
    In(ReceivedId),
}

impl fmt::Display for CallId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Out(attempt) => attempt.fmt(formatter),
            Self::In(received) => write!(formatter, "r{received}"),
        }
    }
}

/// A text that names no call.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("write the number of a call of ours, or r and the number of a received fax")]
pub struct NoCallId;

impl std::str::FromStr for CallId {
    type Err = NoCallId;

    fn from_str(text: &str) -> Result<Self, NoCallId> {
        let number = |digits: &str| digits.parse().ok().filter(|number: &i64| *number >= 0).ok_or(NoCallId);
        match text.strip_prefix('r') {
            Some(digits) => Ok(Self::In(ReceivedId(number(digits)?))),
            None => Ok(Self::Out(AttemptId(number(text)?))),
        }
    }
}
